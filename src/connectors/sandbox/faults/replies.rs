//! Wrong answers in each platform's own words.

use http::StatusCode;
use jiff::fmt::rfc2822::DateTimePrinter;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::super::exchange::Reply;
use super::super::google::Failure as GoogleFailure;
use super::super::meta::{Failure as MetaFailure, failed};
use super::super::world::World;
use super::super::{shopify, tiktok};
use super::Then;

/// The answer of a fault that needs no right answer.
pub fn of(world: &World, platform: &str, rest: &str, then: &Then) -> Reply {
    match then {
        Then::Status { status, retry_after, body } => {
            let reply = match body {
                Some(body) => Reply::text(*status, body),
                None => bare(platform, *status),
            };
            match retry_after {
                Some(after) => reply.with("retry-after", after_text(world, after)),
                None => reply,
            }
        }
        Then::Html { status } => html(*status),
        Then::Throttled { retry_delay } => throttled(world, platform, rest, *retry_delay),
        Then::Error { code, subcode, message, status } => error(
            world,
            platform,
            rest,
            (code.as_str(), *subcode, message.as_deref().unwrap_or("The simulator was told to say this."), *status),
        ),
        Then::Revoked => revoked(world, platform, rest),
        Then::MissingScope => missing_scope(world, platform, rest),
        _ => Reply::new(200, super::super::exchange::JSON, b"{\"data\": {\"orders\": ]".to_vec()),
    }
}

/// `Retry-After`: as it is written, or a date.
fn after_text(world: &World, after: &str) -> String {
    let Some(seconds) = after.strip_prefix("date+").and_then(|seconds| seconds.parse().ok()) else {
        return after.to_owned();
    };
    let at: Timestamp = world.clock.now().saturating_add(SignedDuration::from_secs(seconds)).unwrap_or(Timestamp::MAX);
    DateTimePrinter::new().timestamp_to_rfc9110_string(&at).unwrap_or_default()
}

fn html(status: u16) -> Reply {
    let reason = StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason()).unwrap_or("Error");
    let page = format!(
        "<html>\r\n<head><title>{status} {reason}</title></head>\r\n<body>\r\n<center><h1>{status} {reason}</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
    );
    Reply::new(status, "text/html", page.into_bytes())
}

/// A status with what the platform says beside it.
fn bare(platform: &str, status: u16) -> Reply {
    match (platform, status) {
        ("shopify", 429) => {
            let why =
                "Exceeded 2 calls per second for api client. Reduce request rates to resume uninterrupted service.";
            Reply::json(status, &json!({ "errors": why }))
        }
        ("shopify", 402) => Reply::json(status, &json!({"errors": "Unavailable Shop"})),
        ("shopify", 423) => Reply::json(status, &json!({"errors": "Locked"})),
        ("shopify", _) => Reply::json(status, &json!({"errors": "Internal Server Error"})),
        ("meta", _) => Reply::json(
            status,
            &json!({"error": {"message": "An unknown error has occurred.", "type": "OAuthException", "code": 1}}),
        ),
        ("google", 500..) => Reply::json(
            status,
            &json!({"error": {"code": status, "message": "Internal error encountered.", "status": "INTERNAL"}}),
        ),
        _ => html(status),
    }
}

fn throttled(world: &World, platform: &str, rest: &str, delay: Option<u64>) -> Reply {
    match platform {
        "shopify" => shopify::throttled(777, 12),
        "meta" => {
            let insights = rest.contains("insights");
            let (code, message) = match insights {
                true => {
                    (80_000, "(#80000) There have been too many calls from this ad-account. Wait a bit and try again.")
                }
                false => {
                    (80_004, "(#80004) There have been too many calls to this ad-account. Wait a bit and try again.")
                }
            };
            let failure = MetaFailure { transient: true, ..MetaFailure::new(code, message).sub(2_446_079) };
            let usage = json!({"1": [{"type": "ads_insights", "call_count": 101, "total_cputime": 60, "total_time": 60,
                "estimated_time_to_regain_access": 7, "ads_api_access_tier": "development_access"}]});
            failed(world, &failure).with("x-business-use-case-usage", usage.to_string())
        }
        "tiktok" => tiktok::enveloped(world, 40_100, "Too many requests. Please retry in some time.", &json!({})),
        _ => {
            let mut failure =
                GoogleFailure::new(429, "quotaError", "RESOURCE_EXHAUSTED", "Too many requests. Retry in a while.");
            failure.details = Some(json!({"quotaErrorDetails": {"rateScope": "DEVELOPER",
                "rateName": "Number of operations for explorer access", "retryDelay": format!("{}s", delay.unwrap_or(30))}}));
            google(rest, &failure)
        }
    }
}

fn google(rest: &str, failure: &GoogleFailure) -> Reply {
    let version = rest.split('/').next().unwrap_or("v25");
    failure.reply(version, rest.ends_with(":searchStream"))
}

fn error(
    world: &World,
    platform: &str,
    rest: &str,
    (code, subcode, message, status): (&str, Option<i64>, &str, Option<u16>),
) -> Reply {
    let number = code.parse().unwrap_or(0);
    match platform {
        "shopify" => {
            let errors = json!([{"message": message, "extensions": {"code": code}}]);
            Reply::json(status.unwrap_or(200), &json!({ "errors": errors }))
        }
        "meta" => {
            let mut failure = MetaFailure::new(number, message);
            failure.subcode = subcode;
            failure.status = status.unwrap_or(400);
            failure.transient = matches!(number, 1 | 2);
            failed(world, &failure)
        }
        "tiktok" => tiktok::enveloped(world, number, message, &json!({})),
        _ => {
            let (family, code) = code.split_once('.').unwrap_or(("internalError", code));
            google(rest, &GoogleFailure::new(status.unwrap_or(400), family, code, message))
        }
    }
}

fn revoked(world: &World, platform: &str, rest: &str) -> Reply {
    match platform {
        "shopify" => {
            let why = "[API] Invalid API key or access token (unrecognized login or wrong password)";
            Reply::json(401, &json!({ "errors": why }))
        }
        "meta" => {
            let why = "Error validating access token: The session has been invalidated because the user changed their password or Facebook has changed the session for security reasons.";
            failed(world, &MetaFailure::new(190, why).sub(460))
        }
        "tiktok" => tiktok::enveloped(world, 40_105, "Access token is incorrect or has been revoked.", &json!({})),
        _ if rest == "token" => Reply::json(
            400,
            &json!({"error": "invalid_grant", "error_description": "Token has been expired or revoked."}),
        ),
        _ => google(
            rest,
            &GoogleFailure::new(401, "authenticationError", "OAUTH_TOKEN_REVOKED", "The OAuth token was revoked."),
        ),
    }
}

fn missing_scope(world: &World, platform: &str, rest: &str) -> Reply {
    match platform {
        "shopify" => {
            let denied: Value = shopify::denied("orders", "read_orders");
            Reply::json(200, &json!({"errors": [denied], "data": null}))
        }
        "meta" => {
            let why = "(#200) Ad account owner has NOT grant ads_management or ads_read permission";
            failed(world, &MetaFailure { status: 403, ..MetaFailure::new(200, why) })
        }
        "tiktok" => tiktok::enveloped(world, 40_001, "No permission to operate advertiser.", &json!({})),
        _ => {
            let why = "User doesn't have permission to access customer.";
            google(rest, &GoogleFailure::new(403, "authorizationError", "USER_PERMISSION_DENIED", why))
        }
    }
}
