//! Lands ad performance: one row per ad and local day of its account. What a source names (whole days, or the campaign's days
//! that a file has) is replaced by what it lands, so that a row which vanished at the platform vanishes here.

mod vanished;

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use rusqlite::{CachedStatement, OptionalExtension, params};

use super::bulk::{Bulk, Target};
use super::change_log::{ad_row_id, day_number};
use super::day_set::DaySet;
use super::freshness::end_of_day;
use super::lander::Work;
use super::rows::{AdAccount, AdDay, AdScope, AdWindow};
use crate::error::Result;

const FIND_DAY: &str = "select from_api, spend_micros, impressions, clicks, conversions_micros, revenue_micros, connector \
    from ad_days where ad_id = ? and day = ?";
const DAYS: Target = Target {
    into: "insert or replace into ad_days",
    shared: "connector, from_api, rev",
    own: "ad_id, day, spend_micros, impressions, clicks, conversions_micros, revenue_micros",
};

/// The accounts this lander has met.
#[derive(Default)]
pub(super) struct AdAccounts {
    accounts: HashMap<AdAccount, Account>,
}

/// One account: what is stored of it, and what this source has landed of it so far.
#[derive(Default)]
struct Account {
    /// `None` until looked up in this transaction's store.
    id: Option<i64>,
    /// It had no rows when this lander met it, so only rows of this lander can be there.
    fresh: bool,
    /// Days on which an API has landed rows; `None` until needed.
    api_days: Option<HashSet<i32>>,
    ads: HashMap<Box<str>, Ad>,
    /// The days of each campaign that a file has.
    campaigns: HashMap<Box<str>, DaySet>,
    /// An API's rows are among those that `campaigns` names.
    from_api: bool,
}

#[derive(Default)]
struct Ad {
    id: Option<i64>,
    campaign: Box<str>,
    adset: Option<Box<str>>,
    ad: Option<Box<str>>,
    seen: DaySet,
}

/// Writes the days of one window.
struct Writer<'tx, 'b> {
    find: CachedStatement<'tx>,
    days: Bulk<'tx>,
    waiting: Vec<Waiting<'b>>,
}

struct Waiting<'b> {
    ad_id: i64,
    day: Rc<str>,
    row: &'b AdDay,
}

impl<'tx> Writer<'tx, '_> {
    fn new(work: &Work<'tx>, from_api: bool) -> Result<Self> {
        let shared = vec![work.connector.to_owned().into(), i64::from(from_api).into(), work.rev.into()];
        let find = work.tx.prepare_cached(FIND_DAY)?;
        Ok(Self { find, days: Bulk::new(work.tx, &DAYS, shared), waiting: Vec::new() })
    }

    /// Writes what waits, in the order in which it is stored: a report comes by day, and there is a place for each ad.
    fn write(&mut self) -> Result<()> {
        self.waiting.sort_unstable_by(|a, b| (a.ad_id, &a.day).cmp(&(b.ad_id, &b.day)));
        self.days.insert(&self.waiting, |slots, Waiting { ad_id, day, row }| {
            slots.number(*ad_id)?;
            slots.text(day)?;
            slots.numbers(&values(row))
        })?;
        self.waiting.clear();
        Ok(())
    }
}

fn values(row: &AdDay) -> [i64; 5] {
    [row.spend_micros, row.impressions, row.clicks, row.conversions_micros, row.revenue_micros]
}

impl AdAccounts {
    /// Forgets ids, which the lost transaction may have given; keeps what the source has landed, which decides what
    /// `finish` drops.
    pub(super) fn forget(&mut self) {
        for account in self.accounts.values_mut() {
            account.id = None;
            account.fresh = false;
            account.api_days = None;
            for ad in account.ads.values_mut() {
                ad.id = None;
            }
        }
    }

    pub(super) fn land(&mut self, work: &mut Work, windows: &[AdWindow]) -> Result<()> {
        for window in windows {
            if !self.accounts.contains_key(&window.account) {
                self.accounts.insert(window.account.clone(), Account::default());
            }
            let Some(account) = self.accounts.get_mut(&window.account) else { continue };
            account.open(work, &window.account)?;
            account.land(work, window)?;
            reach(work, window);
        }
        Ok(())
    }

    /// Drops the rows of the (campaign, day) pairs the source had that the source no longer names.
    pub(super) fn finish(&mut self, work: &mut Work) -> Result<()> {
        for (named, account) in &mut self.accounts {
            if !account.campaigns.is_empty() && !account.fresh {
                account.open(work, named)?;
                account.drop_vanished(work)?;
            }
        }
        self.accounts.clear();
        Ok(())
    }
}

impl Account {
    /// Finds or adds the account's row; a changed currency or zone concerns every row it has.
    fn open(&mut self, work: &mut Work, named: &AdAccount) -> Result<i64> {
        if let Some(id) = self.id {
            return Ok(id);
        }
        let stored: Option<(i64, bool, bool)> = work
            .tx
            .prepare_cached(
                "select id, name = ?4, currency = ?5 and timezone = ?6 from ad_accounts \
                 where brand_id = ?1 and channel = ?2 and external_id = ?3",
            )?
            .query_row(
                params![
                    work.brand_id,
                    named.channel,
                    named.external_id,
                    named.name,
                    named.currency.code(),
                    named.timezone
                ],
                |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
            )
            .optional()?;
        let id = match stored {
            Some((id, true, true)) => id,
            Some((id, _, same_money)) => {
                work.tx
                    .prepare_cached(
                        "update ad_accounts set name = ?, currency = ?, timezone = ?, rev = ? where id = ?",
                    )?
                    .execute(params![named.name, named.currency.code(), named.timezone, work.rev, id])?;
                work.changed = true;
                work.rebuild |= !same_money;
                id
            }
            None => {
                self.fresh = true;
                add_account(work, named)?
            }
        };
        self.id = Some(id);
        Ok(id)
    }

    fn land(&mut self, work: &mut Work, window: &AdWindow) -> Result<()> {
        let mut writer = Writer::new(work, window.from_api)?;
        self.permit(work, window.from_api)?;
        let mut landed_in_window = HashSet::new();
        let mut day = DayText::default();
        for row in &window.rows {
            day.set(row.day);
            if !window.from_api && self.api_days.as_ref().is_some_and(|days| days.contains(&day.number)) {
                work.landed.ads.count(1, false);
                continue;
            }
            let ad_id = self.ad(work, row)?;
            let changed = self.land_day(work, &mut writer, (ad_id, row, &day), window.from_api)?;
            work.landed.ads.count(1, changed);
            work.changed |= changed;
            if let Some(ad) = self.ads.get_mut(row.key.as_str()) {
                ad.seen.insert(day.number);
            }
            match window.replaces {
                AdScope::CampaignDays => self.cover(&row.campaign, day.number),
                AdScope::Days { .. } => {
                    landed_in_window.insert(ad_row_id(ad_id, day.number));
                }
            }
        }
        writer.write()?;
        if let AdScope::Days { first, last } = window.replaces {
            self.replace_days(work, (first, last), &landed_in_window, window.from_api)?;
        }
        Ok(())
    }

    /// Learns on which days an API's rows keep a file's out, or notes that an API lands here.
    fn permit(&mut self, work: &mut Work, from_api: bool) -> Result<()> {
        let Some(id) = self.id else { return Ok(()) };
        if from_api {
            self.from_api = true;
            let noted = work
                .tx
                .prepare_cached("update ad_accounts set has_api = 1, rev = ? where id = ? and has_api = 0")?
                .execute(params![work.rev, id])?;
            work.changed |= noted > 0;
        } else if self.api_days.is_none() && !self.fresh {
            let mut days = work.tx.prepare_cached(
                "select distinct d.day from ad_accounts c join ads a on a.account_id = c.id \
                 join ad_days d on d.ad_id = a.id where c.id = ? and c.has_api = 1 and d.from_api = 1",
            )?;
            let days = days.query_map([id], |row| row.get(0))?.collect::<rusqlite::Result<Vec<String>>>()?;
            self.api_days = Some(days.iter().filter_map(|day| day.parse().ok()).map(day_number).collect());
        }
        Ok(())
    }

    /// The id of the row's ad, added where unknown and renamed where its names changed.
    fn ad(&mut self, work: &mut Work, row: &AdDay) -> Result<i64> {
        if let Some(Ad { id: Some(id), campaign, adset, ad, .. }) = self.ads.get(row.key.as_str())
            && **campaign == *row.campaign
            && adset.as_deref() == row.adset.as_deref()
            && ad.as_deref() == row.ad.as_deref()
        {
            return Ok(*id);
        }
        let Some(account_id) = self.id else { return Ok(0) };
        let stored: Option<(i64, bool)> = work
            .tx
            .prepare_cached(
                "select id, campaign = ?3 and adset is ?4 and ad is ?5 from ads where account_id = ?1 and key = ?2",
            )?
            .query_row(params![account_id, row.key, row.campaign, row.adset, row.ad], |found| {
                Ok((found.get(0)?, found.get(1)?))
            })
            .optional()?;
        let id = match stored {
            Some((id, true)) => id,
            Some((id, false)) => {
                work.tx
                    .prepare_cached("update ads set campaign = ?, adset = ?, ad = ?, rev = ? where id = ?")?
                    .execute(params![row.campaign, row.adset, row.ad, work.rev, id])?;
                work.changed = true;
                id
            }
            None => {
                work.tx
                    .prepare_cached(
                        "insert into ads (account_id, key, campaign, adset, ad, rev) values (?, ?, ?, ?, ?, ?)",
                    )?
                    .execute(params![account_id, row.key, row.campaign, row.adset, row.ad, work.rev])?;
                work.changed = true;
                work.tx.last_insert_rowid()
            }
        };
        let known = self.ads.entry(row.key.as_str().into()).or_default();
        known.id = Some(id);
        known.campaign = row.campaign.as_str().into();
        known.adset = row.adset.as_deref().map(Into::into);
        known.ad = row.ad.as_deref().map(Into::into);
        Ok(id)
    }

    /// Has one day of an ad written unless it is there as it is; says whether it will be.
    fn land_day<'b>(
        &self,
        work: &Work,
        writer: &mut Writer<'_, 'b>,
        (ad_id, row, day): (i64, &'b AdDay, &DayText),
        from_api: bool,
    ) -> Result<bool> {
        let again = self.ads.get(row.key.as_str()).is_some_and(|ad| ad.seen.contains(day.number));
        if again || !self.fresh {
            if again {
                // It may be among those that wait.
                writer.write()?;
            }
            let stored: Option<(bool, [i64; 5], bool)> = writer
                .find
                .query_row(params![ad_id, day.text], |found| {
                    let values = [found.get(1)?, found.get(2)?, found.get(3)?, found.get(4)?, found.get(5)?];
                    Ok((found.get(0)?, values, found.get_ref(6)?.as_str() == Ok(work.connector)))
                })
                .optional()?;
            if let Some((stored_api, stored_values, same_connector)) = stored {
                let same = stored_api == from_api && stored_values == values(row) && same_connector;
                if same || stored_api && !from_api {
                    return Ok(false);
                }
            }
        }
        writer.waiting.push(Waiting { ad_id, day: Rc::clone(&day.text), row });
        Ok(true)
    }

    /// Notes that the source has this campaign on this day.
    fn cover(&mut self, campaign: &str, day: i32) {
        match self.campaigns.get_mut(campaign) {
            Some(days) => days.insert(day),
            None => self.campaigns.entry(campaign.into()).or_default().insert(day),
        }
    }
}

fn add_account(work: &mut Work, named: &AdAccount) -> Result<i64> {
    work.tx
        .prepare_cached(
            "insert into ad_accounts (brand_id, channel, external_id, name, currency, timezone, rev) \
             values (?, ?, ?, ?, ?, ?, ?)",
        )?
        .execute(params![
            work.brand_id,
            named.channel,
            named.external_id,
            named.name,
            named.currency.code(),
            named.timezone,
            work.rev
        ])?;
    work.changed = true;
    Ok(work.tx.last_insert_rowid())
}

fn reach(work: &mut Work, window: &AdWindow) {
    let last = match window.replaces {
        AdScope::Days { last, .. } => Some(last),
        AdScope::CampaignDays => window.rows.iter().map(|row| row.day).max(),
    };
    let zone = TimeZone::get(&window.account.timezone).unwrap_or(TimeZone::UTC);
    if let Some(through) = last.and_then(|day| end_of_day(day, &zone, work.now.as_second())) {
        work.reach.ads(through);
    }
}

/// A day as number and text, made once for a run of rows of one day.
#[derive(Default)]
struct DayText {
    day: Option<Date>,
    number: i32,
    text: Rc<str>,
}

impl DayText {
    fn set(&mut self, day: Date) {
        if self.day != Some(day) {
            *self = Self { day: Some(day), number: day_number(day), text: day.to_string().into() };
        }
    }
}
