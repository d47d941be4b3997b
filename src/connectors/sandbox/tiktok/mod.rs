//! TikTok Ads: the API for Business. It answers 200 whatever happens, with a code.

mod gmv;
mod lists;
mod report;

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use http::Method;
use serde_json::{Value, json};

use super::ads::{Account, Platform};
use super::draw::mix;
use super::exchange::{Asked, Reply};
use super::text;
use super::world::World;

pub const APP_ID: &str = "7000000000000000001";
pub const SECRET: &str = "tiktok_sandbox_secret";
/// A long-lived token.
pub const TOKEN: &str = "tiktok_sandbox_token";

/// What TikTok remembers.
#[derive(Debug, Default)]
pub struct TikTok {
    used_codes: Mutex<HashSet<String>>,
    revoked: Mutex<bool>,
    rows: report::Kept,
}

impl TikTok {
    /// Makes the token worthless, or good again.
    pub fn revoke(&self, revoked: bool) {
        *self.revoked.lock().unwrap_or_else(PoisonError::into_inner) = revoked;
    }
}

/// A code and its message.
pub type Failure = (i64, String);
pub type Answer = Result<Value, Failure>;

/// A refused parameter.
pub fn invalid(message: impl Into<String>) -> Failure {
    (40_002, message.into())
}

/// The envelope of every answer.
pub fn enveloped(world: &World, code: i64, message: &str, data: &Value) -> Reply {
    let id = mix(world.request_number());
    let request = format!("{}{:016X}", text::day(world.now().div_euclid(text::DAY)).as_str().replace('-', ""), id);
    Reply::json(200, &json!({"code": code, "message": message, "request_id": request, "data": data}))
}

/// Answers a request below `/tiktok/`. Without the slash at the end there is no such page.
pub fn answer(world: &Arc<World>, path: &str, asked: &Asked) -> Reply {
    let Some(path) = path.strip_prefix("open_api/v1.3/").and_then(|path| path.strip_suffix('/')) else {
        return Reply::text(404, "404 page not found");
    };
    if path == "report/integrated/get" {
        return match allowed(world, asked).and_then(|()| report::page(world, asked)) {
            Ok(reply) => reply,
            Err((code, message)) => enveloped(world, code, &message, &json!({})),
        };
    }
    match respond(world, path, asked) {
        Ok(Some(data)) => enveloped(world, 0, "OK", &data),
        Ok(None) => Reply::text(404, "404 page not found"),
        Err((code, message)) => enveloped(world, code, &message, &json!({})),
    }
}

fn respond(world: &Arc<World>, path: &str, asked: &Asked) -> Result<Option<Value>, Failure> {
    if path == "oauth2/access_token" && asked.method == Method::POST {
        return token(world, &asked.fields()).map(Some);
    }
    allowed(world, asked)?;
    let data = match path {
        "oauth2/advertiser/get" => advertisers(world, asked),
        "advertiser/info" => info(world, asked),
        "campaign/get" | "adgroup/get" | "ad/get" => lists::page(account(world, asked)?, path, asked),
        "gmv_max/store/list" => Ok(gmv::stores(account(world, asked)?)),
        "gmv_max/report/get" => gmv::report(world, account(world, asked)?, asked),
        _ => return Ok(None),
    };
    data.map(Some)
}

fn allowed(world: &World, asked: &Asked) -> Result<(), Failure> {
    let revoked = *world.tiktok.revoked.lock().unwrap_or_else(PoisonError::into_inner);
    match asked.header("access-token") {
        None | Some("") => Err((40_104, "Access token is null. Please add it to the header.".to_owned())),
        Some(TOKEN) if !revoked => Ok(()),
        Some(_) => Err((40_105, "Access token is incorrect or has been revoked.".to_owned())),
    }
}

/// The advertiser that a request names.
pub fn account<'a>(world: &'a World, asked: &Asked) -> Result<&'a Account, Failure> {
    let id = asked.param("advertiser_id").ok_or_else(|| invalid("advertiser_id: Missing data for required field."))?;
    let found = id.parse().ok().and_then(|id| world.ads.find(Platform::TikTok, id));
    found.ok_or_else(|| (40_001, format!("No permission to operate advertiser {id}.")))
}

fn token(world: &World, body: &Value) -> Answer {
    if body["app_id"] != APP_ID || body["secret"] != SECRET {
        return Err((40_002, "app_id or secret is wrong".to_owned()));
    }
    let code =
        body["auth_code"].as_str().filter(|code| !code.is_empty()).ok_or_else(|| invalid("auth_code is missing"))?;
    let mut used = world.tiktok.used_codes.lock().unwrap_or_else(PoisonError::into_inner);
    if !used.insert(code.to_owned()) {
        return Err((40_110, "Auth_code is used or expired.".to_owned()));
    }
    let ids: Vec<String> = world.ads.of(Platform::TikTok).map(|account| account.id.to_string()).collect();
    Ok(json!({"access_token": TOKEN, "advertiser_ids": ids, "scope": [4, 5, 15]}))
}

fn advertisers(world: &World, asked: &Asked) -> Answer {
    if asked.param("app_id") != Some(APP_ID) || asked.param("secret") != Some(SECRET) {
        return Err((40_002, "app_id or secret is wrong".to_owned()));
    }
    let all = world.ads.of(Platform::TikTok);
    let list: Vec<Value> =
        all.map(|account| json!({"advertiser_id": account.id.to_string(), "advertiser_name": account.name})).collect();
    Ok(json!({ "list": list }))
}

fn info(world: &World, asked: &Asked) -> Answer {
    let ids: Vec<String> = asked
        .param("advertiser_ids")
        .and_then(|ids| serde_json::from_str(ids).ok())
        .ok_or_else(|| invalid("advertiser_ids: Not a valid list."))?;
    let mut list = Vec::new();
    for id in ids {
        let found = id.parse().ok().and_then(|id| world.ads.find(Platform::TikTok, id));
        let account = found.ok_or_else(|| (40_001, format!("No permission to operate advertiser {id}.")))?;
        list.push(json!({
            "advertiser_id": id, "name": account.name, "currency": account.currency, "status": "STATUS_ENABLE",
            "timezone": posix(account, world.now()), "display_timezone": account.zone, "create_time": 1_600_000_000,
            "country": "US", "company": "Sandbox", "role": "ROLE_ADVERTISER",
        }));
    }
    Ok(json!({ "list": list }))
}

/// The zone as POSIX writes it, the sign turned round, without summer time.
fn posix(account: &Account, now: i64) -> String {
    // Summer time only ever adds: the smallest offset of a year is that of winter.
    let winter = (0..12).map(|month| account.offset_hours(now - month * 30 * text::DAY)).min().unwrap_or(0);
    match winter {
        0 => "Etc/GMT".to_owned(),
        west if west < 0 => format!("Etc/GMT+{}", -west),
        east => format!("Etc/GMT-{east}"),
    }
}

/// The page that a request asks for: its number and size.
pub fn paged(asked: &Asked) -> Result<(usize, usize), Failure> {
    let number = |name: &str, default: usize| match asked.param(name) {
        None => Ok(default),
        Some(text) => text.parse::<usize>().map_err(|_| invalid(format!("{name}: Not a valid integer."))),
    };
    let (page, size) = (number("page", 1)?, number("page_size", 10)?);
    if page == 0 || !(1..=1000).contains(&size) {
        return Err(invalid("page_size: Must be between 1 and 1000."));
    }
    Ok((page, size))
}

/// `page_info` of `total` rows.
pub fn page_info((page, size): (usize, usize), total: usize) -> Value {
    json!({"page": page, "page_size": size, "total_number": total, "total_page": total.div_ceil(size)})
}

/// A list that is written as JSON in the query string.
pub fn list(asked: &Asked, name: &str) -> Result<Vec<String>, Failure> {
    let text = asked.param(name).ok_or_else(|| invalid(format!("{name}: Missing data for required field.")))?;
    serde_json::from_str(text).map_err(|_| invalid(format!("{name}: Not a valid list.")))
}
