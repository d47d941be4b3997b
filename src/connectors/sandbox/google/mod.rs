//! Google Ads: tokens, accounts, and GAQL over REST.

mod errors;
mod fields;
mod gaql;
mod rows;
mod search;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use http::Method;
use serde_json::json;

use super::draw::mix;
use super::exchange::{Asked, Reply};
use super::text;
use super::world::World;
pub use errors::Failure;

pub const CLIENT_ID: &str = "sandbox.apps.googleusercontent.com";
pub const CLIENT_SECRET: &str = "GOCSPX-sandbox";
pub const REFRESH_TOKEN: &str = "1//sandbox-refresh";
pub const DEVELOPER_TOKEN: &str = "sandbox-developer-token";
/// The manager above all accounts.
pub const MANAGER: u64 = 9_000_000_001;
/// An account that was closed.
pub const CLOSED: u64 = 9_000_000_099;
/// Seconds that an access token lasts.
const LASTS: i64 = 3599;
const NEWEST: u64 = 26;
const OLDEST: u64 = 23;

/// What Google remembers.
#[derive(Debug, Default)]
pub struct Google {
    tokens: Mutex<HashMap<String, i64>>,
    revoked: Mutex<bool>,
}

impl Google {
    /// Makes the refresh token and every access token worthless, or the refresh token good again.
    pub fn revoke(&self, revoked: bool) {
        *self.revoked.lock().unwrap_or_else(PoisonError::into_inner) = revoked;
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

/// Answers a request below `/google/`.
pub fn answer(world: &Arc<World>, path: &str, asked: &Asked) -> Reply {
    if path == "token" {
        return token(world, asked);
    }
    let (version, rest) = path.split_once('/').unwrap_or((path, ""));
    let number: Option<u64> = version.strip_prefix('v').and_then(|number| number.parse().ok());
    match number {
        Some(number) if (OLDEST..=NEWEST).contains(&number) => {
            let stream = rest.ends_with(":searchStream");
            call(world, rest, asked).unwrap_or_else(|failure| failure.reply(version, stream))
        }
        Some(number) if number < OLDEST => {
            let why = format!("Version {version} is deprecated. Requests to this version will be blocked.");
            Failure::new(400, "requestError", "UNSUPPORTED_VERSION", &why)
                .reply(version, rest.ends_with(":searchStream"))
        }
        _ => Reply::new(
            404,
            "text/html; charset=UTF-8",
            b"<!DOCTYPE html><title>Error 404 (Not Found)!!1</title>".to_vec(),
        ),
    }
}

/// `POST /token`: an access token for the refresh token, or both for a code.
fn token(world: &World, asked: &Asked) -> Reply {
    let fields = asked.fields();
    let refused = |error: &str, why: &str| Reply::json(400, &json!({"error": error, "error_description": why}));
    if fields["client_id"] != CLIENT_ID || fields["client_secret"] != CLIENT_SECRET {
        return Reply::json(
            401,
            &json!({"error": "invalid_client", "error_description": "The OAuth client was not found."}),
        );
    }
    let revoked = *world.google.revoked.lock().unwrap_or_else(PoisonError::into_inner);
    let by_code = match fields["grant_type"].as_str() {
        Some("refresh_token") if fields["refresh_token"] == REFRESH_TOKEN && !revoked => false,
        Some("refresh_token") => return refused("invalid_grant", "Token has been expired or revoked."),
        Some("authorization_code") if fields["code"].as_str().is_some_and(|code| !code.is_empty()) => true,
        _ => return refused("unsupported_grant_type", "Invalid grant_type"),
    };
    let token = format!("ya29.{:016x}", mix(world.request_number()));
    world.google.tokens.lock().unwrap_or_else(PoisonError::into_inner).insert(token.clone(), world.now() + LASTS);
    let mut answer = json!({"access_token": token, "expires_in": LASTS, "token_type": "Bearer",
        "scope": "https://www.googleapis.com/auth/adwords"});
    if by_code {
        answer["refresh_token"] = json!(REFRESH_TOKEN);
    }
    Reply::json(200, &answer)
}

fn call(world: &Arc<World>, path: &str, asked: &Asked) -> Result<Reply, Failure> {
    allowed(world, asked)?;
    if path == "customers:listAccessibleCustomers" && asked.method == Method::GET {
        return Ok(Reply::json(200, &json!({"resourceNames": [format!("customers/{MANAGER}")]})));
    }
    let named = path.strip_prefix("customers/").and_then(|path| path.split_once('/'));
    let Some((customer, action)) = named else { return Err(Failure::not_found()) };
    let customer: u64 = customer
        .parse()
        .map_err(|_| Failure::new(400, "requestError", "INVALID_CUSTOMER_ID", "Invalid customer ID."))?;
    reachable(world, customer, asked)?;
    match action {
        "googleAds:searchStream" => search::stream(world, customer, asked),
        "googleAds:search" => search::page(world, customer, asked),
        _ => Err(Failure::not_found()),
    }
}

/// Whether the token and the developer's token are good.
fn allowed(world: &World, asked: &Asked) -> Result<(), Failure> {
    let token = asked.bearer().unwrap_or_default();
    let until = world.google.tokens.lock().unwrap_or_else(PoisonError::into_inner).get(token).copied();
    match until {
        None => {
            return Err(Failure::new(
                401,
                "authenticationError",
                "OAUTH_TOKEN_INVALID",
                "The OAuth access token is invalid.",
            ));
        }
        Some(until) if until <= world.now() => {
            return Err(Failure::new(
                401,
                "authenticationError",
                "OAUTH_TOKEN_EXPIRED",
                "The OAuth access token expired.",
            ));
        }
        Some(_) => {}
    }
    match asked.header("developer-token") {
        Some(DEVELOPER_TOKEN) => Ok(()),
        Some(_) => Err(Failure::new(
            401,
            "authenticationError",
            "DEVELOPER_TOKEN_INVALID",
            "The developer token is not valid.",
        )),
        None => Err(Failure::new(
            401,
            "authenticationError",
            "DEVELOPER_TOKEN_PARAMETER_MISSING",
            "The required developer token is missing.",
        )),
    }
}

/// Whether the customer may be asked: leaves only through their manager.
fn reachable(world: &World, customer: u64, asked: &Asked) -> Result<(), Failure> {
    let through = asked.header("login-customer-id").and_then(|id| id.parse::<u64>().ok());
    let known =
        customer == MANAGER || customer == CLOSED || world.ads.find(super::ads::Platform::Google, customer).is_some();
    let by_manager = customer == MANAGER || through == Some(MANAGER);
    if !known || !by_manager {
        let why = "User doesn't have permission to access customer. Note: If you're accessing a client customer, the manager's \
                   customer id must be set in the 'login-customer-id' header. See \
                   https://developers.google.com/google-ads/api/docs/concepts/call-structure#cid";
        return Err(Failure::new(403, "authorizationError", "USER_PERMISSION_DENIED", why));
    }
    if customer == CLOSED {
        let why = "The customer account can't be accessed because it is not yet enabled or has been deactivated.";
        return Err(Failure::new(403, "authorizationError", "CUSTOMER_NOT_ENABLED", why));
    }
    Ok(())
}

/// An id of a request.
pub fn request_id(world: &World) -> String {
    let mut id = text::Short::default();
    id.number(mix(world.request_number()), 20);
    id.to_string()
}
