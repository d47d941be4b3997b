//! Who signs in to Meta: a system user's token, with a proof of the app's secret where there is one.

use hmac::{Hmac, KeyInit, Mac};
use jiff::{Timestamp, Unit};
use serde_json::{Map, Value};
use sha2::Sha256;

use super::ask::Asking;
use super::streams;
use super::usage::Usage;
use crate::connectors::{Call, Credentials, Missing, Tested, Trouble, Unfit, ads};

/// The permission without which there are no figures; the second includes it.
const NEEDED: [&str; 2] = ["ads_read", "ads_management"];

/// Settings and credentials, without asking.
pub fn check(settings: &Map<String, Value>, credentials: &Credentials) -> Result<Map<String, Value>, Unfit> {
    ads::needed(credentials, "access_token", "The system user's access token")?;
    if credentials.get("app_secret").is_some() {
        ads::needed(credentials, "app_secret", "The app's secret")?;
    }
    ads::checked(settings)
}

/// What shows that whoever uses the token also knows the app's secret.
pub fn proof(app_secret: &str, access_token: &str) -> String {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(app_secret.as_bytes()) else { return String::new() };
    mac.update(access_token.as_bytes());
    mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The token, what it may, and which accounts it reaches.
pub async fn test(call: &Call<'_>) -> Result<Tested, Trouble> {
    let asking = Asking::new(call)?;
    let token = asking.token_told().await?;
    let found = streams::accounts(&asking, &mut Usage::default()).await?;
    let mut tested = ads::tested(call, found);
    tested.granted = token.scopes;
    if !NEEDED.iter().any(|scope| tested.granted.iter().any(|granted| granted == scope)) {
        let why = "Without it no figures of the ads can be read.".to_owned();
        tested.missing.push(Missing { scope: NEEDED[0].to_owned(), why });
    }
    tested.expires_at = token.expires_at;
    tested.served_version = token.served_version;
    if let Some(at) = token.expires_at {
        tested.warnings.push(ending(at, call.now));
    }
    Ok(tested)
}

fn ending(at: Timestamp, now: Timestamp) -> String {
    let days = at.since(now).ok().and_then(|span| span.total(Unit::Hour).ok()).map_or(0, |hours| (hours / 24.0) as i64);
    format!("The access token ends in {} days. A system user's token can be made so that it does not end.", days.max(0))
}

/// What Meta says of the token.
#[derive(Debug, Default)]
pub struct Token {
    /// Granted permissions.
    pub scopes: Vec<String>,
    /// When it, or its access to data, ends.
    pub expires_at: Option<Timestamp>,
    /// The version that answered, where it was another than asked for.
    pub served_version: Option<String>,
}

impl Token {
    /// From the `data` of `debug_token`.
    ///
    /// # Errors
    /// [`Trouble::SignIn`] for a token that is not good.
    pub fn read(data: &Value, said: impl Fn(&str) -> String) -> Result<Self, Trouble> {
        if data["is_valid"] == Value::Bool(false) {
            let why = data["error"]["message"].as_str().unwrap_or("It was revoked or has ended.");
            return Err(Trouble::SignIn(format!("Meta does not accept the access token. {}", said(why))));
        }
        let scopes = data["scopes"].as_array().into_iter().flatten();
        let scopes = scopes.filter_map(|scope| scope.as_str().map(str::to_owned)).collect();
        let at = |name: &str| data[name].as_i64().filter(|at| *at > 0).and_then(|at| Timestamp::from_second(at).ok());
        let ends = [at("expires_at"), at("data_access_expires_at")];
        Ok(Self { scopes, expires_at: ends.into_iter().flatten().min(), served_version: None })
    }
}

#[cfg(test)]
#[path = "auth_tests.rs"]
mod tests;
