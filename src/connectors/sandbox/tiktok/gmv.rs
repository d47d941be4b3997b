//! GMV Max: spend that the auction report does not have.

use std::collections::HashSet;

use serde_json::{Map, Value, json};

use super::super::ads::{Account, Figures, Kind};
use super::super::exchange::Asked;
use super::super::text;
use super::super::world::World;
use super::{Answer, invalid, list, page_info, paged};

fn store_id(account: &Account) -> String {
    (7_490_000_000_000_000_001 + account.number).to_string()
}

/// `/gmv_max/store/list/`.
pub fn stores(account: &Account) -> Value {
    json!({"store_list": [{
        "store_id": store_id(account), "store_name": "Sandbox store", "is_gmv_max_available": true,
        "store_status": "ACTIVE", "targeting_region_codes": ["US"],
    }]})
}

const METRICS: [&str; 8] =
    ["cost", "net_cost", "orders", "cost_per_order", "gross_revenue", "roi", "campaign_name", "currency"];

/// `/gmv_max/report/get/`.
pub fn report(world: &World, account: &Account, asked: &Asked) -> Answer {
    let stores = list(asked, "store_ids")?;
    let (dimensions, metrics) = (list(asked, "dimensions")?, list(asked, "metrics")?);
    let wrong: Vec<String> =
        metrics.iter().filter(|name| !METRICS.contains(&name.as_str())).map(|name| format!("'{name}'")).collect();
    if !wrong.is_empty() {
        return Err(invalid(format!("Invalid metric fields: [{}]", wrong.join(", "))));
    }
    let named: HashSet<&str> = dimensions.iter().map(String::as_str).collect();
    if !named.contains("campaign_id") || !named.contains("stat_time_day") {
        return Err(invalid("dimensions: the simulator has campaign_id with stat_time_day"));
    }
    let day = |name: &str| {
        asked.param(name).and_then(text::read_day).ok_or_else(|| invalid(format!("{name}: Not a valid date.")))
    };
    let (from, to) = (day("start_date")?, day("end_date")?);
    if to - from > 29 {
        return Err(invalid("max time span is 30 days when use stat_time_day"));
    }
    let filter: Value =
        asked.param("filtering").and_then(|text| serde_json::from_str(text).ok()).unwrap_or(Value::Null);
    let kinds = filter["gmv_max_promotion_types"].as_array();
    let products = kinds.is_none_or(|kinds| kinds.iter().any(|kind| kind == "PRODUCT"));
    let today = account.today(world.now());
    let mut rows = Vec::new();
    for day in from..=to.min(today.day) {
        for (at, ad) in account.ads.iter().enumerate() {
            let campaign = &account.campaigns[ad.campaign];
            let here = campaign.kind == Kind::GmvMax && products && stores.contains(&store_id(account));
            if let Some(figures) = world.ads.figures(account, at, day, today).filter(|_| here) {
                let mut time = text::day(day);
                let dimensions =
                    json!({"campaign_id": campaign.id.to_string(), "stat_time_day": time.push(" 00:00:00")});
                let metric = |name: &String| (name.clone(), json!(metric(account, name, &figures)));
                let metrics: Map<String, Value> = metrics.iter().map(metric).collect();
                rows.push(json!({"dimensions": dimensions, "metrics": metrics}));
            }
        }
    }
    let at = paged(asked)?;
    let shown: Vec<&Value> = rows.iter().skip((at.0 - 1) * at.1).take(at.1).collect();
    Ok(json!({"list": shown, "page_info": page_info(at, rows.len())}))
}

fn metric(account: &Account, name: &str, of: &Figures) -> String {
    let money = |value: i64| text::price(value / 10_000).to_string();
    let orders = of.conversions / 1000;
    match name {
        "cost" => money(of.spend),
        "net_cost" => money(of.spend / 10_000 * 97 / 100 * 10_000),
        "orders" => orders.to_string(),
        "cost_per_order" => {
            if orders == 0 {
                "-".to_owned()
            } else {
                money(of.spend / orders)
            }
        }
        "gross_revenue" => money(of.value),
        "roi" => {
            if of.spend == 0 {
                "-".to_owned()
            } else {
                text::price(of.value / (of.spend / 100).max(1)).to_string()
            }
        }
        "currency" => account.currency.to_owned(),
        _ => account.campaigns[4].name.clone(),
    }
}
