//! Meta Ads: the Marketing API's accounts, objects and insights.

mod access;
mod errors;
mod insights;
mod lists;
mod paging;
mod rows;
mod runs;

use std::sync::Arc;

use http::Method;
use serde_json::json;

use super::ads::Platform;
use super::exchange::{Asked, Demand, Reply};
use super::world::World;
pub use access::TOKEN;
pub use errors::Failure;
pub use errors::reply as failed;

/// What Meta remembers.
#[derive(Debug, Default)]
pub struct Meta {
    runs: runs::Runs,
    pub access: access::Access,
}

/// The newest version; it answers those that are no more, too, and says so.
const NEWEST: u64 = 26;
const OLDEST: u64 = 23;

/// A request with the parameters of address and body in one list.
pub struct Call<'a> {
    pub world: &'a Arc<World>,
    pub version: String,
    /// After the version.
    pub path: &'a str,
    pub params: Vec<(String, String)>,
    pub token: String,
    pub post: bool,
    pub demand: Option<Demand>,
}

impl Call<'_> {
    pub fn param(&self, name: &str) -> Option<&str> {
        self.params.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// Answers a request below `/meta/`.
pub fn answer(world: &Arc<World>, path: &str, asked: &Asked) -> Reply {
    let (first, rest) = path.split_once('/').unwrap_or((path, ""));
    let named = first.strip_prefix('v').and_then(|version| version.strip_suffix(".0")?.parse::<u64>().ok());
    let (version, rest) = match named {
        Some(version) => (version, rest),
        None => (NEWEST, path),
    };
    let served = format!("v{}.0", version.clamp(OLDEST, NEWEST));
    let mut params = asked.query.clone();
    if asked.method == Method::POST
        && let Some(fields) = asked.fields().as_object()
    {
        let text = |value: &serde_json::Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        params.extend(fields.iter().map(|(key, value)| (key.clone(), text(value))));
    }
    let given = params.iter().find(|(key, _)| key == "access_token").map(|(_, value)| value.as_str());
    let token = given.or_else(|| asked.bearer()).unwrap_or_default().to_owned();
    let post = asked.method == Method::POST;
    let call = Call {
        world,
        version: served.clone(),
        path: rest.trim_matches('/'),
        params,
        token,
        post,
        demand: asked.demand.clone(),
    };
    let reply = if version > NEWEST {
        errors::reply(world, &Failure::new(2500, "Unknown path components: /".to_owned() + first))
    } else {
        respond(&call).unwrap_or_else(|failure| errors::reply(world, &failure))
    };
    usage(reply, call.path, (1, 0, 1)).with("facebook-api-version", served)
}

fn respond(call: &Call<'_>) -> Result<Reply, Failure> {
    if call.path == "oauth/access_token" {
        return access::exchange(call);
    }
    call.world.meta.access.check(call)?;
    let (object, edge) = call.path.split_once('/').unwrap_or((call.path, ""));
    match (object, edge) {
        ("debug_token", "") => access::debug(call),
        ("me", "") => Ok(Reply::json(200, &serde_json::json!({"id": "1000", "name": "Sandbox system user"}))),
        ("me", "adaccounts") => lists::accounts(call),
        (run, "") if call.world.meta.runs.has(run) => runs::poll(call, run),
        (run, "insights") if call.world.meta.runs.has(run) => runs::result(call, run),
        (account, edge) => {
            let id = account.strip_prefix("act_").and_then(|id| id.parse().ok());
            let account =
                id.and_then(|id| call.world.ads.find(Platform::Meta, id)).ok_or_else(|| Failure::missing(object))?;
            match edge {
                "" => lists::account(call, account),
                "insights" if call.post => runs::start(call, account),
                "insights" => insights::page(call, account, &call.params),
                "campaigns" | "adsets" | "ads" => lists::objects(call, account, edge),
                _ => Err(Failure::new(2500, format!("Unknown path components: /{edge}"))),
            }
        }
    }
}

/// The headers that tell how many per cent are used: of an ad account, with the minutes until it is all there again, and of the app.
pub fn usage(mut reply: Reply, path: &str, (account, minutes, app): (u64, u64, u64)) -> Reply {
    let tier = "development_access";
    let id = path.split('/').find_map(|part| part.strip_prefix("act_")).unwrap_or("1000");
    let business = json!({id: [{"type": "ads_insights", "call_count": account, "total_cputime": 1, "total_time": 1,
        "estimated_time_to_regain_access": minutes, "ads_api_access_tier": tier}]});
    let insights = json!({"app_id_util_pct": app, "acc_id_util_pct": account, "ads_api_access_tier": tier});
    let of_account =
        json!({"acc_id_util_pct": account, "reset_time_duration": minutes * 60, "ads_api_access_tier": tier});
    let of_app = json!({"call_count": app, "total_time": 1, "total_cputime": 1});
    let all = [
        ("x-business-use-case-usage", business),
        ("x-fb-ads-insights-throttle", insights),
        ("x-ad-account-usage", of_account),
        ("x-app-usage", of_app),
    ];
    reply.headers.retain(|(name, _)| all.iter().all(|(other, _)| name != other));
    all.into_iter().fold(reply, |reply, (name, value)| reply.with(name, value.to_string()))
}
