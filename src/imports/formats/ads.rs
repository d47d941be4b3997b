//! The ad platforms' reports: one row an ad (or ad set, or campaign) and day of the account. Rows that a breakdown splits are
//! added up; title and total lines are passed over; what a file replaces are its own (campaign, day) pairs.

use super::ads_columns::{self, Columns};
use super::{
    Cells, Format, Key, Output, Reading, Reject, Setting, Slots, Style, bad_date, clip, lacking, money, not_a, whole,
};
use crate::commerce::rows::{AdAccount, AdDay, AdScope, AdWindow};
use crate::imports::text::header::Header;
use crate::imports::text::records::Record;
use crate::imports::text::{dates, numbers};
use crate::money::Currency;

/// Joins names or ids down the path.
const PATH: char = '\u{1f}';

/// See the module's text.
pub struct Ads {
    columns: Columns,
    campaign: usize,
    day: usize,
    channel: &'static str,
    currency: Currency,
    timezone: String,
    account: Option<String>,
    style: Style,
    last_day: (String, Option<jiff::civil::Date>),
    drafts: Slots<Vec<(AdAccount, AdDay)>>,
}

impl Ads {
    /// Finds the columns in the platform's languages.
    pub fn new(format: Format, header: &Header, setting: &Setting) -> Result<Self, String> {
        let found = ads_columns::find(format, header).unwrap_or_default();
        let there = [
            ("\"Campaign\"", found.campaign.is_some()),
            ("\"Amount spent\" or \"Cost\"", found.spend.is_some()),
            ("\"Day\" (export the report broken down by day)", found.day.is_some()),
        ];
        lacking(format, &there)?;
        let channel = match format {
            Format::MetaAds => "meta",
            Format::GoogleAds => "google",
            _ => "tiktok",
        };
        let currency = found.spend_unit.as_deref().and_then(Currency::parse).unwrap_or(setting.currency);
        Ok(Self {
            campaign: found.campaign.unwrap_or_default(),
            day: found.day.unwrap_or_default(),
            columns: found,
            channel,
            currency,
            timezone: setting.zone_name.clone(),
            account: setting.account.clone(),
            style: Style::default(),
            last_day: Default::default(),
            drafts: Slots::new(),
        })
    }

    fn day(&mut self, text: &str) -> Option<jiff::civil::Date> {
        if self.last_day.0 != text {
            self.last_day = (text.to_owned(), dates::day(text, self.style.order));
        }
        self.last_day.1
    }

    fn account_of(&self, record: &Record) -> Result<AdAccount, Reject> {
        let currency = match record.some(self.columns.currency) {
            Some(code) => Currency::parse(code).ok_or_else(|| not_a("currency code", "The currency", code))?,
            None => self.currency,
        };
        let id = record.some(self.columns.account_id).map(|id| id.trim_start_matches("act_").replace('-', ""));
        let name = record.some(self.columns.account).or(self.account.as_deref());
        let external_id = id.or_else(|| name.map(str::to_owned)).unwrap_or_else(|| self.channel.to_owned());
        Ok(AdAccount {
            channel: self.channel.to_owned(),
            name: clip(name.unwrap_or(&external_id), 200).to_owned(),
            external_id: clip(&external_id, 200).to_owned(),
            currency,
            timezone: self.timezone.clone(),
        })
    }

    /// Ids where the file has them for every level it names, else names.
    fn path(&self, record: &Record, names: [Option<&str>; 3]) -> String {
        let ids = self.columns.ids.map(|at| record.some(at));
        let all = names.iter().zip(&ids).all(|(name, id)| name.is_none() || id.is_some());
        let parts = if all { ids } else { names };
        let mut key = String::with_capacity(parts.iter().flatten().map(|p| p.len() + 1).sum());
        for (i, part) in parts.iter().enumerate() {
            if i > 0 && parts[i..].iter().any(Option::is_some) {
                key.push(PATH);
            }
            key.push_str(part.unwrap_or_default());
        }
        key
    }

    fn row(&mut self, record: &Record) -> Result<(AdAccount, AdDay), Reject> {
        let text = record.get(self.day);
        let day = self.day(text).ok_or_else(|| bad_date("The day", text))?;
        if let Some(end) = record.some(self.columns.day_end)
            && dates::day(end, self.style.order) != Some(day)
        {
            return Err("The row covers more than one day: export the report broken down by day.".into());
        }
        let c = &self.columns;
        let campaign = record.get(self.campaign);
        let names = [Some(campaign), record.some(c.adset), record.some(c.ad)];
        let style = self.style;
        let amount = |column, what| money(record, column, style, what).map(Option::unwrap_or_default);
        let count = |column, what| whole(record, column, style, what).map(Option::unwrap_or_default);
        let row = AdDay {
            key: self.path(record, names),
            campaign: clip(campaign, 500).to_owned(),
            adset: names[1].map(|n| clip(n, 500).to_owned()),
            ad: names[2].map(|n| clip(n, 500).to_owned()),
            day,
            spend_micros: amount(c.spend, "The amount spent")?,
            impressions: count(c.impressions, "The impressions")?,
            clicks: count(c.clicks, "The clicks")?,
            conversions_micros: amount(c.conversions, "The conversions")?,
            revenue_micros: amount(c.revenue, "The conversion value")?,
        };
        if [row.spend_micros, row.impressions, row.clicks].iter().any(|n| *n < 0) {
            return Err("The amount spent, the impressions or the clicks are negative.".into());
        }
        Ok((self.account_of(record)?, row))
    }
}

impl Reading for Ads {
    fn cells(&self) -> Cells {
        let c = &self.columns;
        Cells {
            money: [c.spend, c.conversions, c.revenue].into_iter().flatten().collect(),
            whole: [c.impressions, c.clicks].into_iter().flatten().collect(),
            dates: vec![self.day],
        }
    }

    fn set_style(&mut self, style: Style) {
        self.style = style;
    }

    fn key<'r>(&self, record: &'r Record) -> Key<'r> {
        let (campaign, day) = (record.get(self.campaign), record.get(self.day));
        if campaign.is_empty()
            || (!day.bytes().any(|b| b.is_ascii_digit()) || is_total(day)) && names_total(record, day)
        {
            return Key::Skip;
        }
        Key::Of(campaign, day)
    }

    fn add(&mut self, slot: usize, record: &Record) -> Result<(), Reject> {
        let row = self.row(record)?;
        self.drafts.at(slot).get_or_insert_with(Vec::new).push(row);
        Ok(())
    }

    fn finish(&mut self, slot: usize, out: &mut Output) -> Result<(), Reject> {
        let mut rows = self.drafts.take(slot).unwrap_or_default();
        rows.sort_by(|(a, x), (b, y)| (&a.external_id, &x.key).cmp(&(&b.external_id, &y.key)));
        let mut merged: Vec<(AdAccount, AdDay)> = Vec::with_capacity(rows.len());
        for (account, row) in rows {
            match merged.last_mut() {
                Some((last, sum)) if *last == account && sum.key == row.key => {
                    add_up(sum, &row).ok_or(Reject::Borrowed("The figures of the campaign's day are too large."))?;
                }
                _ => merged.push((account, row)),
            }
        }
        for (account, row) in merged {
            match out.batch.ads.iter_mut().find(|window| window.account == account) {
                Some(window) => window.rows.push(row),
                None => out.batch.ads.push(AdWindow {
                    account,
                    replaces: AdScope::CampaignDays,
                    from_api: false,
                    rows: vec![row],
                }),
            }
        }
        Ok(())
    }

    fn forget(&mut self, slot: usize) {
        self.drafts.take(slot);
    }
}

fn add_up(sum: &mut AdDay, row: &AdDay) -> Option<()> {
    sum.spend_micros = sum.spend_micros.checked_add(row.spend_micros)?;
    sum.impressions = sum.impressions.checked_add(row.impressions)?;
    sum.clicks = sum.clicks.checked_add(row.clicks)?;
    sum.conversions_micros = sum.conversions_micros.checked_add(row.conversions_micros)?;
    sum.revenue_micros = sum.revenue_micros.checked_add(row.revenue_micros)?;
    Some(())
}

/// A line of totals has no day of its own and says "Total" somewhere at its beginning, or says nothing but figures.
fn names_total(record: &Record, day: &str) -> bool {
    numbers::is_nothing(day) || record.fields().take(6).any(is_total)
}

fn is_total(text: &str) -> bool {
    let text = text.trim().to_lowercase();
    ["total", "gesamt", "totaux", "totales", "résultats", "resultados", "ergebnisse", "results from"]
        .iter()
        .any(|w| text.starts_with(w))
}

#[cfg(test)]
#[path = "ads_tests.rs"]
mod tests;
