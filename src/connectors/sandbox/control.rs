//! What tests and developers do to the world from outside: `/_control`, for this machine alone.

use std::sync::Arc;

use http::Method;
use serde_json::{Value, json};

use super::ads::Platform;
use super::exchange::{Asked, Reply};
use super::faults::Script;
use super::world::World;
use super::{shopify, text, totals};

/// Answers a request below `/_control/`.
pub async fn answer(world: &Arc<World>, what: &str, asked: &Asked) -> Reply {
    if !asked.loopback {
        return Reply::json(403, &json!({"error": "the control answers this machine alone"}));
    }
    if asked.method == Method::GET && what == "totals" {
        return Reply::json(200, &totals::all(world));
    }
    if asked.method == Method::GET && what == "faults" {
        return Reply::json(200, &world.faults.report());
    }
    if asked.method != Method::POST {
        return Reply::json(405, &json!({"error": "POST, or GET totals or faults"}));
    }
    let body = if asked.body.is_empty() { Value::Null } else { asked.fields() };
    match act(world, what, &body).await {
        Ok(done) => Reply::json(200, &done),
        Err(error) => Reply::json(422, &json!({ "error": error })),
    }
}

/// Does one thing.
///
/// # Errors
/// A sentence, where it cannot be done.
pub async fn act(world: &Arc<World>, what: &str, body: &Value) -> Result<Value, String> {
    match what {
        "advance" => shopify::intervene::advance(world, body),
        "delete" => shopify::intervene::delete(world, body),
        "webhook" => shopify::webhook::send(world, body).await,
        "restate" => restate(world, body),
        "revoke" => revoke(world, body, true),
        "forgive" => revoke(world, body, false),
        "faults" => arm(world, body),
        other => Err(format!("there is no /_control/{other}")),
    }
}

/// A script, in JSON or as `{"toml": "…"}`, in the place of the last one.
fn arm(world: &World, body: &Value) -> Result<Value, String> {
    let script = match body["toml"].as_str() {
        Some(text) => Script::read(text)?,
        None => serde_json::from_value(body.clone()).map_err(|error| error.to_string())?,
    };
    let count = script.fault.len();
    world.faults.arm(script);
    Ok(json!({"armed": count}))
}

/// The platform that a body names.
fn platform(body: &Value) -> Result<Platform, String> {
    match body["platform"].as_str() {
        Some("meta") => Ok(Platform::Meta),
        Some("tiktok") => Ok(Platform::TikTok),
        Some("google") => Ok(Platform::Google),
        _ => Err("platform: meta, tiktok or google".to_owned()),
    }
}

/// `{platform, account, day, per_mille}`: multiplies the conversions of an account's day.
fn restate(world: &World, body: &Value) -> Result<Value, String> {
    let platform = platform(body)?;
    let id = body["account"].as_str().and_then(|id| id.parse().ok());
    let account = id.and_then(|id| world.ads.find(platform, id)).ok_or("account: an id of that platform's accounts")?;
    let day = body["day"].as_str().and_then(text::read_day).ok_or("day: YYYY-MM-DD")?;
    let factor =
        body["per_mille"].as_i64().filter(|factor| (0..=10_000).contains(factor)).ok_or("per_mille: 0 to 10000")?;
    world.ads.restate(account.id, day, factor);
    Ok(json!({"account": account.id.to_string(), "day": text::day(day), "per_mille": factor}))
}

/// `{platform, token?}`: makes a platform's tokens worthless, or good again.
fn revoke(world: &World, body: &Value, revoked: bool) -> Result<Value, String> {
    match (body["platform"].as_str(), revoked) {
        (Some("shopify"), true) => {
            let token = body["token"].as_str().ok_or("token: which one")?;
            world.shopify.access.revoke(token);
        }
        (Some("shopify"), false) => world.shopify.access.forgive(),
        (Some("meta"), true) => world.meta.access.revoke(super::meta::TOKEN),
        (Some("meta"), false) => world.meta.access.forgive(),
        (Some("tiktok"), _) => world.tiktok.revoke(revoked),
        (Some("google"), _) => world.google.revoke(revoked),
        _ => return Err("platform: shopify, meta, tiktok or google".to_owned()),
    }
    Ok(json!({"revoked": revoked}))
}
