//! Accounts, campaigns, ad sets and ads.

use serde_json::{Map, Value, json};

use super::super::ads::{Account, State};
use super::super::exchange::Reply;
use super::super::text::{self, DAY};
use super::Call;
use super::errors::Failure;
use super::paging::{begin, limit, names, paging};

/// What an object is called by Meta.
fn status(state: State) -> &'static str {
    match state {
        State::Active => "ACTIVE",
        State::Paused => "PAUSED",
        State::Removed => "DELETED",
    }
}

fn account_fields(call: &Call<'_>, account: &Account) -> Value {
    json!({
        "id": format!("act_{}", account.id),
        "account_id": account.id.to_string(),
        "name": account.name,
        "currency": account.currency,
        "timezone_name": account.zone,
        "timezone_id": 7,
        "timezone_offset_hours_utc": account.offset_hours(call.world.now()),
        "account_status": 1,
        "business_name": "Sandbox",
        "created_time": stamp(account.first_day * DAY),
    })
}

fn stamp(at: i64) -> String {
    text::instant(at).as_str().replace('Z', "+0000")
}

/// The fields that were asked for, and always the id.
fn picked(call: &Call<'_>, all: &Value) -> Result<Value, Failure> {
    let mut picked = Map::new();
    for name in names(call.param("fields").unwrap_or("id")) {
        let bare = name.split(['{', '.']).next().unwrap_or_default();
        match all.get(bare) {
            Some(Value::Null) => {}
            Some(value) => {
                picked.insert(bare.to_owned(), value.clone());
            }
            None => {
                let message = format!("(#100) Tried accessing nonexisting field ({bare})");
                return Err(Failure::new(100, message));
            }
        }
    }
    picked.insert("id".to_owned(), all["id"].clone());
    Ok(Value::Object(picked))
}

/// `GET /act_{id}`.
pub fn account(call: &Call<'_>, account: &Account) -> Result<Reply, Failure> {
    Ok(Reply::json(200, &picked(call, &account_fields(call, account))?))
}

/// `GET /me/adaccounts`.
pub fn accounts(call: &Call<'_>) -> Result<Reply, Failure> {
    let all = call.world.ads.of(super::Platform::Meta).map(|account| account_fields(call, account)).collect();
    listed(call, all)
}

/// `GET /act_{id}/campaigns`, `/adsets`, `/ads`. Deleted ones are hidden unless asked for.
pub fn objects(call: &Call<'_>, account: &Account, edge: &str) -> Result<Reply, Failure> {
    let states = wanted(call)?;
    let all: Vec<(Value, State)> = match edge {
        "campaigns" => account.campaigns.iter().map(|campaign| {
            (json!({"id": campaign.id.to_string(), "name": campaign.name, "objective": "OUTCOME_SALES"}), campaign.state)
        }).collect(),
        "adsets" => account.groups.iter().map(|group| {
            let campaign = &account.campaigns[group.campaign];
            let fields = json!({"id": group.id.to_string(), "name": group.name, "campaign_id": campaign.id.to_string(),
                "attribution_spec": [{"event_type": "CLICK_THROUGH", "window_days": 7}]});
            (fields, campaign.state)
        }).collect(),
        _ => account.ads.iter().map(|ad| {
            let tags = format!("utm_source=facebook&utm_medium=paid_social&utm_campaign=campaign-{}", ad.campaign);
            let fields = json!({"id": ad.id.to_string(), "name": ad.name,
                "campaign_id": account.campaigns[ad.campaign].id.to_string(), "adset_id": account.groups[ad.group].id.to_string(),
                "creative": {"id": (ad.id + 500_000).to_string(), "url_tags": tags}});
            (fields, ad.state)
        }).collect(),
    };
    let shown = all.into_iter().filter(|(_, state)| states.iter().any(|wanted| wanted == status(*state)));
    let full = shown.map(|(mut fields, state)| {
        fields["account_id"] = json!(account.id.to_string());
        fields["status"] = json!(status(state));
        fields["effective_status"] = json!(status(state));
        fields["created_time"] = json!(stamp(account.first_day * DAY));
        fields["start_time"] = json!(stamp(account.first_day * DAY));
        fields["updated_time"] = json!(stamp(account.first_day * DAY + 3 * DAY));
        fields
    });
    listed(call, full.collect())
}

/// The states that `filtering` asks for.
fn wanted(call: &Call<'_>) -> Result<Vec<String>, Failure> {
    let visible = || vec!["ACTIVE".to_owned(), "PAUSED".to_owned()];
    let Some(text) = call.param("filtering") else {
        let direct = call.param("effective_status").map(names);
        return Ok(direct.unwrap_or_else(visible));
    };
    let invalid = || Failure::new(100, "(#100) param filtering must be an array.");
    let filters: Vec<Value> = serde_json::from_str(text).map_err(|_| invalid())?;
    let states =
        filters.iter().find(|filter| filter["field"].as_str().is_some_and(|field| field.ends_with("effective_status")));
    match states.map(|filter| &filter["value"]) {
        Some(Value::Array(values)) => Ok(values.iter().filter_map(|value| value.as_str().map(str::to_owned)).collect()),
        _ => Ok(visible()),
    }
}

fn listed(call: &Call<'_>, all: Vec<Value>) -> Result<Reply, Failure> {
    let first = begin(&call.params)?;
    let skip = usize::try_from(first).unwrap_or(usize::MAX);
    let end = skip.saturating_add(limit(&call.params)).min(all.len());
    let rows =
        all.get(skip..end).unwrap_or_default().iter().map(|row| picked(call, row)).collect::<Result<Vec<_>, _>>()?;
    let mut answer = json!({"data": rows});
    if !rows.is_empty() {
        answer["paging"] = paging(call, &call.params, (first, end as u64 - 1), end < all.len());
    }
    Ok(Reply::json(200, &answer))
}
