//! The one stream of TikTok: the auction's ads by day, and GMV Max by campaign and day.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::ask::Asking;
use super::errors::Fault;
use super::parse;
use crate::connectors::ads::{self, About, Account, Days, Found, Halt, LeftOut, Platform, Read, Rule, Work};
use crate::connectors::{Call, Parsed, Pass, Quota, Raw, Stream, Trouble};

pub const STREAMS: [Stream; 1] = [Stream {
    name: ads::STREAM,
    label: "Ad performance",
    scope: Some("Reporting"),
    restates: true,
    history_days: Some(1_096),
}];

/// Attribution looks back 28 days at most.
const RULE: Rule = Rule { restates_days: 28, kept_months: None };
/// A report by day covers no more days.
const SPAN: i32 = 30;
/// A report has no more ads.
const MOST_ADS: usize = 10_000;
/// A filter names no more ids.
const MOST_IDS: usize = 100;
/// What is asked of each ad and day; [`ESSENTIAL`] of them cannot be done without.
const METRICS: [&str; 11] = [
    "spend",
    "campaign_id",
    "adgroup_id",
    "campaign_name",
    "adgroup_name",
    "ad_name",
    "impressions",
    "clicks",
    "complete_payment",
    "total_complete_payment_rate",
    "currency",
];
const ESSENTIAL: usize = 3;
/// How GMV Max campaigns are divided.
const PROMOTIONS: [&str; 2] = ["PRODUCT", "LIVE"];

/// See the module's text.
pub struct Reports;

/// What is known of an advertiser while it is read.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct State {
    /// Metrics that TikTok does not know.
    dropped: Vec<String>,
    /// Its shops with GMV Max; none until asked.
    stores: Option<Vec<String>>,
    /// Why its shops may not be read, until it was said.
    denied: Option<String>,
}

/// The advertisers that the token reaches: those of the app, else those of the settings.
pub async fn accounts(asking: &Asking<'_>, call: &Call<'_>) -> Result<Found, Trouble> {
    let app = ["app_id", "app_secret"].map(|name| call.credentials.get(name));
    let ids: Vec<String> = match app {
        [Some(app_id), Some(secret)] => {
            let query = [("app_id", app_id.to_owned()), ("secret", secret.to_owned())];
            let list = asking.listed("oauth2/advertiser/get", &query, "list").await?;
            list.iter().filter_map(|one| id_of(&one["advertiser_id"])).collect()
        }
        _ => ads::account_ids(call.settings),
    };
    let mut found = Found::default();
    let mut parts: Vec<Vec<String>> = ids.chunks(MOST_IDS).map(<[String]>::to_vec).collect();
    while let Some(part) = parts.pop() {
        match asking.listed("advertiser/info", &[("advertiser_ids", json!(part).to_string())], "list").await {
            Ok(list) => list.iter().for_each(|one| take(&mut found, one, asking)),
            // One of them is denied: which one is found by asking for each.
            Err(Fault::Denied(_)) if part.len() > 1 => parts.extend(part.into_iter().map(|id| vec![id])),
            Err(Fault::Denied(trouble)) if ids.len() > 1 => {
                let id = part.into_iter().next().unwrap_or_default();
                found.left_out.push(LeftOut { id, reason: trouble.to_string() });
            }
            Err(fault) => return Err(fault.into()),
        }
    }
    found.accounts.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(found)
}

fn take(found: &mut Found, one: &Value, asking: &Asking<'_>) {
    let Some(id) = id_of(&one["advertiser_id"]) else { return };
    let text = |name: &str| one[name].as_str().unwrap_or_default();
    // `display_timezone` is the place; `timezone` is an offset written the other way round, without summer time.
    let zone = if text("display_timezone").is_empty() { text("timezone") } else { text("display_timezone") };
    match Account::new(&id, text("name"), text("currency"), zone, asking.brand()) {
        Ok(mut account) => {
            account.posix_zone = Some(text("timezone").to_owned()).filter(|zone| !zone.is_empty());
            found.accounts.push(account);
        }
        Err(left_out) => found.left_out.push(left_out),
    }
}

/// Ids are beyond what a JSON number of other languages holds, so they come as text; a number is taken too.
fn id_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()).filter(|text| !text.is_empty()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// The auction's ads on these days, without the metrics that were dropped.
pub async fn auction(
    asking: &Asking<'_>,
    advertiser: &str,
    days: Days,
    dropped: &[String],
) -> Result<Vec<Value>, Fault> {
    match asking.list("report/integrated/get", &query(advertiser, days, dropped, &[]), MOST_ADS).await {
        Err(Fault::TooMany) if days.len() == 1 => by_campaigns(asking, advertiser, days, dropped).await,
        rows => rows,
    }
}

/// A day with more ads than a report has, campaign by campaign.
async fn by_campaigns(
    asking: &Asking<'_>,
    advertiser: &str,
    days: Days,
    dropped: &[String],
) -> Result<Vec<Value>, Fault> {
    let mut all = query(advertiser, days, &[], &[]);
    all.retain(|(name, _)| !matches!(*name, "data_level" | "dimensions" | "metrics"));
    all.extend([
        ("data_level", "AUCTION_CAMPAIGN".to_owned()),
        ("dimensions", json!(["campaign_id", "stat_time_day"]).to_string()),
        ("metrics", json!(["spend"]).to_string()),
    ]);
    let campaigns = asking.list("report/integrated/get", &all, MOST_ADS).await?;
    let mut ids: Vec<String> = campaigns.iter().filter_map(|row| id_of(&row["dimensions"]["campaign_id"])).collect();
    ids.sort();
    ids.dedup();
    let mut parts: Vec<Vec<String>> = ids.chunks(MOST_IDS).map(<[String]>::to_vec).collect();
    let mut rows = Vec::new();
    while let Some(mut part) = parts.pop() {
        match asking.list("report/integrated/get", &query(advertiser, days, dropped, &part), MOST_ADS).await {
            Ok(more) => rows.extend(more),
            Err(Fault::TooMany) if part.len() > 1 => {
                let half = part.split_off(part.len() / 2);
                parts.extend([part, half]);
            }
            Err(fault) => return Err(fault),
        }
    }
    Ok(rows)
}

fn query(advertiser: &str, days: Days, dropped: &[String], campaigns: &[String]) -> Vec<(&'static str, String)> {
    let metrics: Vec<&str> = METRICS.into_iter().filter(|name| !dropped.iter().any(|other| other == name)).collect();
    let mut query = vec![
        ("advertiser_id", advertiser.to_owned()),
        ("service_type", "AUCTION".to_owned()),
        ("report_type", "BASIC".to_owned()),
        ("data_level", "AUCTION_AD".to_owned()),
        ("dimensions", json!(["ad_id", "stat_time_day"]).to_string()),
        ("metrics", json!(metrics).to_string()),
        ("start_date", days.first.to_string()),
        ("end_date", days.last.to_string()),
        ("order_field", "spend".to_owned()),
        ("order_type", "DESC".to_owned()),
    ];
    if !campaigns.is_empty() {
        let ids = json!(campaigns).to_string();
        let filter = json!([{ "field_name": "campaign_ids", "filter_type": "IN", "filter_value": ids }]);
        query.push(("filtering", filter.to_string()));
    }
    query
}

/// The shops of an advertiser that have GMV Max.
pub async fn stores(asking: &Asking<'_>, advertiser: &str) -> Result<Vec<String>, Fault> {
    let query = [("advertiser_id", advertiser.to_owned())];
    let list = asking.listed("gmv_max/store/list", &query, "store_list").await?;
    let open = list.iter().filter(|store| store["is_gmv_max_available"] != Value::Bool(false));
    Ok(open.filter_map(|store| id_of(&store["store_id"])).collect())
}

/// GMV Max of these shops on these days.
async fn gmv_max(asking: &Asking<'_>, advertiser: &str, days: Days, stores: &[String]) -> Result<Vec<Value>, Fault> {
    let mut rows = Vec::new();
    for store in stores {
        for promotion in PROMOTIONS {
            let query = [
                ("advertiser_id", advertiser.to_owned()),
                ("store_ids", json!([store]).to_string()),
                ("dimensions", json!(["campaign_id", "stat_time_day"]).to_string()),
                ("metrics", json!(["cost", "orders", "gross_revenue"]).to_string()),
                ("filtering", json!({ "gmv_max_promotion_types": [promotion] }).to_string()),
                ("start_date", days.first.to_string()),
                ("end_date", days.last.to_string()),
            ];
            rows.extend(asking.list("gmv_max/report/get", &query, MOST_ADS).await?);
        }
    }
    Ok(rows)
}

/// Both reports of a slice.
async fn reports(
    asking: &Asking<'_>,
    advertiser: &str,
    days: Days,
    state: &mut State,
) -> Result<(Vec<Value>, Vec<Value>), Fault> {
    if state.stores.is_none() {
        match stores(asking, advertiser).await {
            Ok(stores) => state.stores = Some(stores),
            Err(Fault::Denied(trouble)) => {
                state.stores = Some(Vec::new());
                state.denied = Some(format!("Spend of GMV Max (TikTok Shop) is not read. {trouble}"));
            }
            Err(fault) => return Err(fault),
        }
    }
    let ads = match auction(asking, advertiser, days, &state.dropped).await {
        // Once: what is still unknown then is no matter of a field.
        Err(Fault::Metrics(names, trouble)) => {
            if names.iter().any(|name| METRICS[..ESSENTIAL].contains(&name.as_str())) {
                return Err(trouble.into());
            }
            state.dropped.extend(names);
            auction(asking, advertiser, days, &state.dropped).await?
        }
        rows => rows?,
    };
    let shops = gmv_max(asking, advertiser, days, state.stores.as_deref().unwrap_or_default()).await?;
    Ok((ads, shops))
}

#[async_trait]
impl Platform for Reports {
    type State = State;

    fn rule(&self) -> Rule {
        RULE
    }

    fn begin(&self, _pass: &Pass) -> (i32, State) {
        (SPAN, State::default())
    }

    async fn accounts(&self, call: &Call<'_>) -> Result<Found, Trouble> {
        accounts(&Asking::new(call)?, call).await
    }

    async fn read(
        &self,
        call: &Call<'_>,
        work: &mut Work<State>,
        days: Days,
        // TikTok says nothing of it.
        _quota: &mut Option<Quota>,
    ) -> Result<Read, Halt> {
        let asking = Asking::new(call)?;
        match reports(&asking, &work.account.id, days, &mut work.state).await {
            Ok((ads, shops)) => {
                let mut lacks: Vec<String> = work.state.denied.take().into_iter().collect();
                if !work.state.dropped.is_empty() {
                    lacks.push(format!("TikTok does not know the metrics {}.", work.state.dropped.join(", ")));
                }
                let about = About { account: work.account.clone(), days, lacks };
                let body = json!({ "ads": ads, "gmv_max": shops });
                Ok(Read::Whole(ads::answer("report", &about, &body, call.redactor)))
            }
            Err(Fault::TooMany) if days.len() > 1 => {
                work.span = days.len() / 2;
                Ok(Read::Again)
            }
            Err(fault) => Err(fault.into()),
        }
    }

    fn rows(&self, raw: &Raw) -> Parsed {
        parse::parse(raw)
    }
}

#[cfg(test)]
#[path = "streams_tests.rs"]
mod tests;
