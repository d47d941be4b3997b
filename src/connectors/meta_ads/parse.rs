//! What a row of Insights says: figures as text, zeros not there, one purchase under many names.

use jiff::civil::Date;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::connectors::ads::{self, About, Figures, Path};
use crate::connectors::{Parsed, Raw};

/// What ad accounts are landed under.
const CHANNEL: &str = "meta";
/// The action types that say how many purchases there were, the most complete first. They repeat each other: one counts.
const PURCHASES: [&str; 3] = ["omni_purchase", "purchase", "offsite_conversion.fb_pixel_purchase"];

/// See [`crate::connectors::Connector::parse`].
pub fn parse(raw: &Raw) -> Parsed {
    ads::parse(raw, CHANNEL, |body: Body<'_>, gathered| {
        for (day, row) in gathered.each(&body.rows, day, read) {
            let [campaign, adset, ad] = &row.names;
            let path = Path { campaign: pair(campaign), adset: Some(pair(adset)), ad: Some(pair(ad)) };
            gathered.add(day, &path, row.figures);
        }
    })
}

#[derive(Deserialize)]
struct Body<'raw> {
    #[serde(borrow, default)]
    rows: Vec<&'raw RawValue>,
}

struct Row {
    names: [(String, String); 3],
    figures: Figures,
}

fn pair((id, name): &(String, String)) -> (&str, &str) {
    (id, name)
}

fn day(row: &Value) -> Option<Date> {
    row["date_start"].as_str()?.parse().ok()
}

fn read(row: &Value, about: &About) -> Result<Row, String> {
    if row["date_stop"] != row["date_start"] {
        return Err("It covers more than one day.".to_owned());
    }
    if let Some(currency) = row["account_currency"].as_str()
        && currency != about.account.currency
    {
        return Err(format!("Its money is in {currency}, the account's in {}.", about.account.currency));
    }
    let mut names = [const { (String::new(), String::new()) }; 3];
    for (pair, level) in names.iter_mut().zip(["campaign", "adset", "ad"]) {
        let text = |what: &str| row[format!("{level}_{what}")].as_str().unwrap_or_default().to_owned();
        *pair = (text("id"), text("name"));
        if pair.0.is_empty() {
            return Err(format!("It has no {level}_id."));
        }
    }
    Ok(Row { names, figures: figures(row)? })
}

/// What a row counts. A metric that is zero is not there at all.
pub fn figures(row: &Value) -> Result<Figures, String> {
    Figures {
        spend_micros: ads::micros(&row["spend"])?,
        impressions: ads::count(&row["impressions"])?,
        clicks: ads::count(&row["inline_link_clicks"])?,
        conversions_micros: purchases(&row["actions"])?,
        revenue_micros: purchases(&row["action_values"])?,
    }
    .sound()
}

/// The value of the one action type that counts.
fn purchases(actions: &Value) -> Result<i64, String> {
    let actions = actions.as_array().map(Vec::as_slice).unwrap_or_default();
    let named = |name: &&str| actions.iter().find(|action| action["action_type"].as_str() == Some(name));
    PURCHASES.iter().find_map(named).map_or(Ok(0), |action| ads::micros(&action["value"]))
}

/// A row as it is kept: of the many actions, those that are purchases by any name.
pub fn slim(mut row: Value) -> Value {
    for list in ["actions", "action_values"] {
        if let Some(actions) = row.get_mut(list).and_then(Value::as_array_mut) {
            actions.retain(|action| action["action_type"].as_str().is_some_and(|name| name.contains("purchase")));
        }
    }
    row
}

#[cfg(test)]
#[path = "parse_tests.rs"]
mod tests;
