//! What a row of TikTok's reports says: figures as text, `-` for none, days with a time behind them.

use jiff::civil::Date;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::connectors::ads::{self, About, Figures, Path};
use crate::connectors::{Parsed, Raw};

/// What ad accounts are landed under.
const CHANNEL: &str = "tiktok";

/// See [`crate::connectors::Connector::parse`].
pub fn parse(raw: &Raw) -> Parsed {
    ads::parse(raw, CHANNEL, |body: Body<'_>, gathered| {
        for (day, row) in gathered.each(&body.ads, day, auction) {
            let [campaign, adset, ad] = &row.names;
            let path = Path { campaign: pair(campaign), adset: Some(pair(adset)), ad: Some(pair(ad)) };
            gathered.add(day, &path, row.figures);
        }
        for (day, row) in gathered.each(&body.gmv_max, day, gmv_max) {
            let path = Path { campaign: pair(&row.names[0]), adset: None, ad: None };
            gathered.add(day, &path, row.figures);
        }
    })
}

#[derive(Deserialize)]
struct Body<'raw> {
    #[serde(borrow, default)]
    ads: Vec<&'raw RawValue>,
    #[serde(borrow, default)]
    gmv_max: Vec<&'raw RawValue>,
}

struct Row {
    names: [(String, String); 3],
    figures: Figures,
}

fn pair((id, name): &(String, String)) -> (&str, &str) {
    (id, name)
}

/// `2026-09-01 00:00:00`, in the advertiser's own zone.
fn day(row: &Value) -> Option<Date> {
    let text = row["dimensions"]["stat_time_day"].as_str()?;
    let day = text.strip_suffix(" 00:00:00").unwrap_or(text);
    day.parse().ok()
}

fn text<'r>(of: &'r Value, name: &str) -> &'r str {
    of[name].as_str().map(str::trim).filter(|text| *text != "-").unwrap_or_default()
}

fn auction(row: &Value, about: &About) -> Result<Row, String> {
    let metrics = &row["metrics"];
    let ad = text(&row["dimensions"], "ad_id");
    if ad.is_empty() {
        return Err("It has no ad_id.".to_owned());
    }
    same_money(text(metrics, "currency"), about)?;
    // What an old ad belonged to may be gone; its figures are not.
    let of = |id: &str, name: &str| {
        let (id, name) = (text(metrics, id), text(metrics, name));
        (id.to_owned(), if id.is_empty() && name.is_empty() { "Deleted" } else { name }.to_owned())
    };
    let names = [
        of("campaign_id", "campaign_name"),
        of("adgroup_id", "adgroup_name"),
        (ad.to_owned(), text(metrics, "ad_name").to_owned()),
    ];
    let figures = Figures {
        spend_micros: ads::micros(&metrics["spend"])?,
        impressions: ads::count(&metrics["impressions"])?,
        clicks: ads::count(&metrics["clicks"])?,
        conversions_micros: ads::micros(&metrics["complete_payment"])?,
        revenue_micros: ads::micros(&metrics["total_complete_payment_rate"])?,
    };
    Ok(Row { names, figures: figures.sound()? })
}

fn gmv_max(row: &Value, about: &About) -> Result<Row, String> {
    let metrics = &row["metrics"];
    let campaign = text(&row["dimensions"], "campaign_id");
    if campaign.is_empty() {
        return Err("It has no campaign_id.".to_owned());
    }
    same_money(text(metrics, "currency"), about)?;
    let none = || (String::new(), String::new());
    let figures = Figures {
        spend_micros: ads::micros(&metrics["cost"])?,
        conversions_micros: ads::micros(&metrics["orders"])?,
        revenue_micros: ads::micros(&metrics["gross_revenue"])?,
        ..Figures::default()
    };
    // This report knows no names.
    let names = [(campaign.to_owned(), format!("GMV Max {campaign}")), none(), none()];
    Ok(Row { names, figures: figures.sound()? })
}

fn same_money(currency: &str, about: &About) -> Result<(), String> {
    if currency.is_empty() || currency == about.account.currency {
        return Ok(());
    }
    Err(format!("Its money is in {currency}, the account's in {}.", about.account.currency))
}

#[cfg(test)]
#[path = "parse_tests.rs"]
mod tests;
