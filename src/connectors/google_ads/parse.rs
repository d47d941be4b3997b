//! What Google's rows say, and how the two levels become rows of which nothing is counted twice.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::connectors::ads::{self, About, Figures, Path};
use crate::connectors::{Parsed, Raw};

/// What ad accounts are landed under.
const CHANNEL: &str = "google";

/// See [`crate::connectors::Connector::parse`].
pub fn parse(raw: &Raw) -> Parsed {
    ads::parse(raw, CHANNEL, |body: Body<'_>, gathered| {
        let campaigns = gathered.each(&body.campaigns.unwrap_or_default(), day, campaign);
        let mut ads: BTreeMap<(Date, String), Vec<Ad>> = BTreeMap::new();
        for (day, ad) in gathered.each(&body.ads.unwrap_or_default(), day, ad) {
            ads.entry((day, ad.campaign.clone())).or_default().push(ad);
        }
        for (day, Named { id, name, figures }) in campaigns {
            let campaign = (id.as_str(), name.as_str());
            let mut ads = ads.remove(&(day, id.clone())).unwrap_or_default();
            let rest = divide(&mut ads, figures);
            for ad in &ads {
                let path = Path { campaign, adset: Some(pair(&ad.group)), ad: Some(pair(&ad.ad)) };
                gathered.add(day, &path, ad.figures);
            }
            if rest != Figures::default() {
                gathered.add(day, &Path { campaign, adset: None, ad: None }, rest);
            }
        }
    })
}

#[derive(Deserialize)]
struct Body<'raw> {
    #[serde(borrow)]
    campaigns: Option<Vec<&'raw RawValue>>,
    #[serde(borrow)]
    ads: Option<Vec<&'raw RawValue>>,
}

/// A row as Google writes it; its figures and names may be of any form, or not be there.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Row {
    segments: Segments,
    campaign: Thing,
    ad_group: Thing,
    ad_group_ad: AdGroupAd,
    metrics: Metrics,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Segments {
    date: Value,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Thing {
    id: Value,
    name: Value,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct AdGroupAd {
    ad: Thing,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Metrics {
    cost_micros: Value,
    impressions: Value,
    clicks: Value,
    conversions: Value,
    conversions_value: Value,
}

struct Named {
    id: String,
    name: String,
    figures: Figures,
}

struct Ad {
    campaign: String,
    group: (String, String),
    ad: (String, String),
    figures: Figures,
}

fn pair((id, name): &(String, String)) -> (&str, &str) {
    (id, name)
}

/// What its ads leave of a campaign's figures. Where they have more of anything than the campaign, they are dropped.
fn divide(ads: &mut Vec<Ad>, total: Figures) -> Figures {
    let sum = |of: fn(&Figures) -> i64| ads.iter().try_fold(0_i64, |sum, ad| sum.checked_add(of(&ad.figures)));
    let left = |of: fn(&Figures) -> i64| of(&total).checked_sub(sum(of)?);
    let rest = (|| {
        Some(Figures {
            spend_micros: left(|f| f.spend_micros)?,
            impressions: left(|f| f.impressions)?,
            clicks: left(|f| f.clicks)?,
            conversions_micros: left(|f| f.conversions_micros)?,
            revenue_micros: left(|f| f.revenue_micros)?,
        })
    })();
    let Some(mut rest) = rest else {
        ads.clear();
        return total;
    };
    // Fractions were cut at the sixth decimal for each ad: what that leaves belongs to the ad that has the most.
    let crumbs = ads.len() as u64;
    let crumb = |rest: i64| rest.unsigned_abs() <= crumbs;
    if let Some(most) = ads.iter_mut().max_by_key(|ad| ad.figures.conversions_micros)
        && crumb(rest.conversions_micros)
        && let Some(all) = most.figures.conversions_micros.checked_add(rest.conversions_micros)
    {
        (most.figures.conversions_micros, rest.conversions_micros) = (all, 0);
    }
    if let Some(most) = ads.iter_mut().max_by_key(|ad| ad.figures.revenue_micros)
        && crumb(rest.revenue_micros)
        && let Some(all) = most.figures.revenue_micros.checked_add(rest.revenue_micros)
    {
        (most.figures.revenue_micros, rest.revenue_micros) = (all, 0);
    }
    let parts = [rest.spend_micros, rest.impressions, rest.clicks, rest.conversions_micros, rest.revenue_micros];
    if parts.iter().any(|part| *part < 0) {
        ads.clear();
        return total;
    }
    rest
}

fn day(row: &Row) -> Option<Date> {
    row.segments.date.as_str()?.parse().ok()
}

fn campaign(row: &Row, _about: &About) -> Result<Named, String> {
    let (id, name) = named(&row.campaign, "campaign")?;
    Ok(Named { id, name, figures: figures(&row.metrics)? })
}

fn ad(row: &Row, _about: &About) -> Result<Ad, String> {
    Ok(Ad {
        campaign: named(&row.campaign, "campaign")?.0,
        group: named(&row.ad_group, "ad group")?,
        ad: named(&row.ad_group_ad.ad, "ad")?,
        figures: figures(&row.metrics)?,
    })
}

/// Ids are whole numbers as text. An ad need not have a name.
fn named(of: &Thing, what: &str) -> Result<(String, String), String> {
    let id = match &of.id {
        Value::String(id) if !id.is_empty() => id.clone(),
        Value::Number(id) => id.to_string(),
        _ => return Err(format!("Its {what} has no id.")),
    };
    Ok((id, of.name.as_str().unwrap_or_default().to_owned()))
}

/// Whole numbers are text, fractions are numbers, zeros are not there.
fn figures(metrics: &Metrics) -> Result<Figures, String> {
    Figures {
        spend_micros: ads::whole_micros(&metrics.cost_micros)?,
        impressions: ads::count(&metrics.impressions)?,
        clicks: ads::count(&metrics.clicks)?,
        conversions_micros: ads::micros(&metrics.conversions)?,
        revenue_micros: ads::micros(&metrics.conversions_value)?,
    }
    .sound()
}

#[cfg(test)]
#[path = "parse_tests.rs"]
mod tests;
