//! The one stream of Google: campaigns and ads by day, two queries a slice, each one operation whatever it brings.

use std::collections::BTreeMap;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use super::ask::Asking;
use super::parse;
use crate::connectors::ads::{self, About, Account, Days, Found, Halt, LeftOut, Platform, Read, Rule, Work};
use crate::connectors::{Call, Parsed, Pass, Quota, Raw, Stream, Trouble};

pub const STREAMS: [Stream; 1] = [Stream {
    name: ads::STREAM,
    label: "Ad performance",
    scope: Some(super::errors::SCOPE),
    restates: true,
    history_days: Some(1_096),
}];

/// Conversions are dated by their click, up to 90 days back.
const RULE: Rule = Rule { restates_days: 90, kept_months: None };
/// Days at once, as long as they are not too much.
const SPAN: i32 = 30;
/// Answers larger than this make the next slices smaller.
const LARGE: usize = 8 << 20;
/// The figures of both levels.
const FIGURES: &str =
    "metrics.cost_micros, metrics.impressions, metrics.clicks, metrics.conversions, metrics.conversions_value";

/// See the module's text.
pub struct Searches;

/// A slice as it is kept.
#[derive(Serialize)]
struct Slice {
    campaigns: Vec<Box<RawValue>>,
    ads: Vec<Box<RawValue>>,
}

/// Nothing has to be remembered but the days.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct State {}

/// The accounts with figures under the manager of the settings, else under each that the sign-in reaches.
pub async fn accounts(asking: &Asking<'_>, call: &Call<'_>) -> Result<Found, Trouble> {
    let login = call.settings.get("login_customer_id").and_then(Value::as_str).filter(|id| !id.is_empty());
    let roots = match login {
        Some(login) => vec![ads::bare(login)],
        None => asking.accessible().await.map_err(trouble)?,
    };
    let mut accounts: BTreeMap<String, Account> = BTreeMap::new();
    let mut left_out = Vec::new();
    for root in &roots {
        let query = "SELECT customer_client.id, customer_client.manager, customer_client.level, customer_client.status, \
            customer_client.currency_code, customer_client.time_zone, customer_client.descriptive_name \
            FROM customer_client WHERE customer_client.status = 'ENABLED'";
        let clients = match asking.search(root, root, query).await {
            Ok(clients) => clients,
            Err(Halt::LeaveOut(trouble)) if roots.len() > 1 => {
                left_out.push(LeftOut { id: root.clone(), reason: trouble.to_string() });
                continue;
            }
            Err(halt) => return Err(trouble(halt)),
        };
        for row in &clients.rows {
            let row: Value = serde_json::from_str(row.get()).unwrap_or_default();
            let client = &row["customerClient"];
            // A manager has no figures.
            if client["manager"] == Value::Bool(true) {
                continue;
            }
            let text = |name: &str| client[name].as_str().unwrap_or_default();
            let id = client["id"].as_u64().map_or_else(|| text("id").to_owned(), |id| id.to_string());
            match Account::new(&id, text("descriptiveName"), text("currencyCode"), text("timeZone"), asking.brand()) {
                Ok(mut account) => {
                    account.login = Some(root.clone());
                    accounts.entry(account.id.clone()).or_insert(account);
                }
                Err(one) => left_out.push(one),
            }
        }
    }
    left_out.retain(|one| !accounts.contains_key(&one.id));
    Ok(Found { accounts: accounts.into_values().collect(), left_out })
}

fn trouble(halt: Halt) -> Trouble {
    match halt {
        Halt::All(trouble) | Halt::LeaveOut(trouble) => trouble,
        Halt::Rest { reason, after } => Trouble::throttled(reason, Some(after)),
    }
}

fn queries(days: Days) -> [String; 2] {
    let within = format!("WHERE segments.date BETWEEN '{}' AND '{}'", days.first, days.last);
    // Whatever was removed has figures still, so no status is filtered.
    [
        format!("SELECT segments.date, campaign.id, campaign.name, {FIGURES} FROM campaign {within}"),
        format!(
            "SELECT segments.date, campaign.id, ad_group.id, ad_group.name, ad_group_ad.ad.id, ad_group_ad.ad.name, {FIGURES} \
             FROM ad_group_ad {within}"
        ),
    ]
}

#[async_trait]
impl Platform for Searches {
    type State = State;

    fn rule(&self) -> Rule {
        RULE
    }

    fn begin(&self, _pass: &Pass) -> (i32, State) {
        (SPAN, State {})
    }

    async fn accounts(&self, call: &Call<'_>) -> Result<Found, Trouble> {
        accounts(&Asking::new(call)?, call).await
    }

    async fn read(
        &self,
        call: &Call<'_>,
        work: &mut Work<State>,
        days: Days,
        // Google says nothing of it before it is used up.
        _quota: &mut Option<Quota>,
    ) -> Result<Read, Halt> {
        let asking = Asking::new(call)?;
        let login = work.account.login.clone().unwrap_or_else(|| work.account.id.clone());
        let mut levels = Vec::new();
        for query in queries(days) {
            match asking.search(&work.account.id, &login, &query).await {
                Ok(level) => levels.push(level),
                // An answer that is too large to be taken is kept by nobody: fewer days.
                Err(Halt::All(Trouble::Unreadable { answer, .. })) if answer.is_empty() && days.len() > 1 => {
                    work.span = days.len() / 2;
                    return Ok(Read::Again);
                }
                Err(halt) => return Err(halt),
            }
        }
        if levels.iter().map(|level| level.bytes).sum::<usize>() > LARGE {
            work.span = (days.len() / 2).max(1);
        }
        let about = About { account: work.account.clone(), days, lacks: Vec::new() };
        let mut rows = levels.into_iter().map(|level| level.rows);
        let body = Slice { campaigns: rows.next().unwrap_or_default(), ads: rows.next().unwrap_or_default() };
        Ok(Read::Whole(ads::answer("search", &about, &body, call.redactor)))
    }

    fn rows(&self, raw: &Raw) -> Parsed {
        parse::parse(raw)
    }
}
