//! What a model's credits say of a window, beside what the platforms claim: orders that no touch explains, orders credited to channels
//! that claim nothing, and, by day, channel and campaign, a platform's claim next to the orders that it is credited with.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use anyhow::Context as _;
use jiff::civil::{Date, date};

use crate::attribution::{self, CAMPAIGN, CHANNEL, Ledger, Share, Spec};
use crate::duck::Connection;
use crate::error::{Error, Result};
use crate::metrics::calendar::{days_between, shift_days};

const EPOCH: Date = date(1970, 1, 1);

/// What the platforms claim, by day and campaign. A claim without a rate into the reporting currency is in no figure.
const CLAIMS: &str = "select (day - date '1970-01-01')::integer, channel, campaign, coalesce(sum(revenue), 0)::bigint, \
    sum(conversions_micros)::bigint from fact_ad_days where brand_id = ? and day >= ?::date and day < ?::date group by all";

/// Who claims anything at all.
const CLAIMANTS: &str = "select distinct channel from dim_ad_account where brand_id = ?";

/// Where an order that is credited belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// No touch explains it.
    Unattributed,
    /// It is credited to a channel that claims nothing.
    OtherChannels,
    /// It is credited to a channel that claims.
    Credited,
}

/// What of a part is wanted; everything where a field is absent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pick {
    pub day: Option<Date>,
    pub channel: Option<String>,
    /// Empty for what names no campaign.
    pub campaign: Option<String>,
}

/// An order, or the refunds of one day whose orders are not known.
pub type Whose = (Option<i64>, Option<i32>);

/// What an order comes to in a part.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Came {
    /// Micros.
    pub amount: i64,
    pub channels: BTreeSet<String>,
}

/// A claim beside the credit: of one day, channel and campaign.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Beside {
    /// Micros, as the platform says.
    pub claimed: i64,
    /// Millionths of conversions, as the platform says.
    pub conversions: i64,
    /// Micros, as the model says.
    pub credited: i64,
    pub orders: BTreeSet<i64>,
}

/// A window in parts.
#[derive(Debug, Default)]
pub struct Parts {
    pub unattributed: BTreeMap<Whose, Came>,
    pub other_channels: BTreeMap<Whose, Came>,
    pub credited: BTreeMap<Whose, Came>,
    /// By day, channel and campaign.
    pub beside: BTreeMap<(i32, String, String), Beside>,
}

/// An order as it is listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    pub order: Option<String>,
    pub external_id: Option<String>,
    pub placed_at: Option<i64>,
    /// Of refunds whose orders are not known.
    pub day: Option<Date>,
    pub came: Came,
}

impl Parts {
    /// Of the window that `spec` looks at.
    pub fn of(conn: &Connection, ledger: &Ledger, spec: &Spec, pick: &Pick) -> Result<Self> {
        let shares = attribution::shares(ledger, spec).ok_or_else(of_the_window)?;
        let claimants = claimants(conn, spec.brand_id)?;
        let mut parts = Self::default();
        parts.claims(conn, spec)?;
        for share in &shares {
            parts.add(ledger, share, &claimants, pick);
        }
        parts.beside.retain(|_, row| row.claimed != 0 || row.credited != 0);
        for group in [&mut parts.unattributed, &mut parts.other_channels, &mut parts.credited] {
            group.retain(|_, came| came.amount != 0);
        }
        Ok(parts)
    }

    fn claims(&mut self, conn: &Connection, spec: &Spec) -> Result<()> {
        let [first, after] = [spec.window.first, spec.window.after].map(|day| day_of(day).to_string());
        let mut select = conn.prepare_cached(CLAIMS).context("reading claims")?;
        let mut rows = select.query((spec.brand_id, first, after)).context("reading claims")?;
        while let Some(row) = rows.next().context("reading claims")? {
            let read = || -> std::result::Result<_, _> {
                let claim = Beside { claimed: row.get(3)?, conversions: row.get(4)?, ..Beside::default() };
                row.get(0).and_then(|day: i32| Ok(((day, row.get(1)?, row.get(2)?), claim)))
            };
            let (key, claim) = read().context("reading claims")?;
            self.beside.insert(key, claim);
        }
        Ok(())
    }

    fn add(&mut self, ledger: &Ledger, share: &Share, claimants: &BTreeSet<String>, pick: &Pick) {
        let order = share.order.map(|at| ledger.orders[at as usize].id);
        let whose = (order, order.is_none().then_some(share.day));
        let Some(tag) = share.tag else {
            self.unattributed.entry(whose).or_default().amount += share.amount;
            return;
        };
        let word = |part: usize| {
            let word = ledger.tags[tag as usize][part].map(|word| ledger.words[word as usize].clone());
            word.unwrap_or_default()
        };
        let (channel, campaign) = (word(CHANNEL), word(CAMPAIGN));
        if !claimants.contains(&channel) {
            self.other_channels.entry(whose).or_default().add(share.amount, channel);
            return;
        }
        let row = self.beside.entry((share.day, channel.clone(), campaign.clone())).or_default();
        row.credited += share.amount;
        row.orders.extend(order);
        if pick.takes(day_of(share.day), &channel, &campaign) {
            self.credited.entry(whose).or_default().add(share.amount, channel);
        }
    }

    /// The orders of a part.
    pub fn group(&self, part: Part) -> &BTreeMap<Whose, Came> {
        match part {
            Part::Unattributed => &self.unattributed,
            Part::OtherChannels => &self.other_channels,
            Part::Credited => &self.credited,
        }
    }
}

impl Came {
    fn add(&mut self, amount: i64, channel: String) {
        self.amount += amount;
        self.channels.insert(channel);
    }
}

impl Pick {
    fn takes(&self, day: Date, channel: &str, campaign: &str) -> bool {
        self.day.is_none_or(|own| own == day)
            && self.channel.as_deref().is_none_or(|own| own == channel)
            && self.campaign.as_deref().is_none_or(|own| own == campaign)
    }
}

/// Rows of a group, the largest first, with the names of their orders.
pub fn listed(
    conn: &Connection,
    group: &BTreeMap<Whose, Came>,
    (offset, limit): (usize, usize),
) -> Result<Vec<Listed>> {
    let mut rows: Vec<(&Whose, &Came)> = group.iter().collect();
    rows.sort_by_key(|(whose, came)| (std::cmp::Reverse(came.amount.unsigned_abs()), **whose));
    let page: Vec<_> = rows.into_iter().skip(offset).take(limit).collect();
    let ids: Vec<String> = page.iter().filter_map(|((order, _), _)| order.map(|id| id.to_string())).collect();
    let known = names(conn, &ids)?;
    let listed = page.into_iter().map(|((order, day), came)| {
        let (name, external_id, placed_at) = order.and_then(|id| known.get(&id).cloned()).unwrap_or_default();
        Listed { order: name, external_id, placed_at, day: day.map(day_of), came: came.clone() }
    });
    Ok(listed.collect())
}

type Named = (Option<String>, Option<String>, Option<i64>);

fn names(conn: &Connection, ids: &[String]) -> Result<HashMap<i64, Named>> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    // Numbers of our own: nothing in them comes from outside.
    let sql = format!(
        "select order_id, name, external_id, placed_at from fact_orders where order_id in ({})",
        ids.join(", ")
    );
    let mut select = conn.prepare(&sql).context("naming orders")?;
    let rows = select.query_map([], |row| Ok((row.get(0)?, (row.get(1)?, row.get(2)?, row.get(3)?))));
    Ok(rows.context("naming orders")?.collect::<std::result::Result<_, _>>().context("naming orders")?)
}

fn claimants(conn: &Connection, brand_id: i64) -> Result<BTreeSet<String>> {
    let mut select = conn.prepare_cached(CLAIMANTS).context("reading who claims")?;
    let rows = select.query_map([brand_id], |row| row.get(0)).context("reading who claims")?;
    Ok(rows.collect::<std::result::Result<_, _>>().context("reading who claims")?)
}

/// Days since 1970-01-01.
pub fn number_of(day: Date) -> i32 {
    i32::try_from(days_between(EPOCH, day)).unwrap_or(0)
}

/// The day of a number.
pub fn day_of(number: i32) -> Date {
    shift_days(EPOCH, number.into())
}

fn of_the_window() -> Error {
    let reason = "Markov and Shapley share out the window as a whole, so there are no orders behind their shares: take a model that \
        looks at one order at a time.";
    Error::invalid_code("model_not_available", Some("model"), reason)
}
