//! Who signs in to Google: a refresh token of a person, the app it was given to, and the manager's developer token.

use jiff::{SignedDuration, Timestamp, Unit};
use serde_json::{Map, Value};

use super::ask::{Asking, token};
use super::errors::SCOPE;
use super::streams;
use crate::connectors::{Call, Credentials, Renewal, Tested, Trouble, Unfit, ads};

/// An access token that ends so soon is made anew.
const SOON: SignedDuration = SignedDuration::from_mins(5);

/// Settings and credentials, without asking.
pub fn check(settings: &Map<String, Value>, credentials: &Credentials) -> Result<Map<String, Value>, Unfit> {
    ads::needed(credentials, "client_id", "The OAuth client's id")?;
    ads::needed(credentials, "client_secret", "The OAuth client's secret")?;
    ads::needed(credentials, "refresh_token", "The refresh token")?;
    ads::needed(credentials, "developer_token", "The developer token")?;
    let mut kept = ads::checked(settings)?;
    let login = match settings.get("login_customer_id") {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => ads::bare(text),
        Some(other) => other.to_string(),
    };
    if login.is_empty() {
        kept.remove("login_customer_id");
    } else if login.len() == 10 && login.bytes().all(|byte| byte.is_ascii_digit()) {
        kept.insert("login_customer_id".to_owned(), login.into());
    } else {
        let reason = "A manager account's id has ten digits.".to_owned();
        return Err(Unfit { field: "settings.login_customer_id".to_owned(), reason });
    }
    Ok(kept)
}

/// Due where there is no access token, or one that ends soon.
pub fn renewal(credentials: &Credentials, now: Timestamp) -> Renewal {
    let fresh = credentials.get("access_token").is_some()
        && credentials.expires_at("access_token").is_none_or(|at| at.duration_since(now) > SOON);
    if fresh { Renewal::Fresh } else { Renewal::Due }
}

/// Makes an access token. The refresh token stays, unless Google gives another.
pub async fn renew(call: &Call<'_>) -> Result<Credentials, Trouble> {
    let get = |name: &str| call.credentials.get(name).unwrap_or_default();
    let refresh = get("refresh_token");
    let form = [
        ("client_id", get("client_id")),
        ("client_secret", get("client_secret")),
        ("refresh_token", refresh),
        ("grant_type", "refresh_token"),
    ];
    renewed(call.credentials, &token(call, &form).await?, call.now)
}

/// The credentials with what the maker of tokens answered.
fn renewed(credentials: &Credentials, answer: &Value, now: Timestamp) -> Result<Credentials, Trouble> {
    if let Some(error) = answer["error"].as_str() {
        return Err(refused(
            error,
            &ads::scrubbed(answer["error_description"].as_str().unwrap_or_default(), credentials),
        ));
    }
    let Some(access) = answer["access_token"].as_str().filter(|token| !token.is_empty()) else {
        return Err(Trouble::broken("Google made no access token"));
    };
    if let Some(scopes) = answer["scope"].as_str()
        && !scopes.split_whitespace().any(|scope| scope == SCOPE)
    {
        let reason =
            "The refresh token was given without the permission to read Google Ads: sign in anew and grant it.";
        return Err(Trouble::Scope { missing: vec![SCOPE.to_owned()], reason: reason.to_owned() });
    }
    let ends =
        |name: &str| answer[name].as_i64().and_then(|seconds| now.checked_add(SignedDuration::from_secs(seconds)).ok());
    let mut credentials = credentials.clone().with("access_token", access, ends("expires_in"));
    // Only while the app's consent screen is in testing does the refresh token end by itself, after seven days.
    let refresh = answer["refresh_token"].as_str().or_else(|| credentials.get("refresh_token")).map(str::to_owned);
    if let Some(refresh) = refresh {
        credentials = credentials.with("refresh_token", refresh, ends("refresh_token_expires_in"));
    }
    Ok(credentials)
}

fn refused(error: &str, told: &str) -> Trouble {
    Trouble::SignIn(match error {
        "invalid_grant" => format!(
            "Google no longer accepts the refresh token: sign in anew. It ends after seven days while the app's consent screen is \
             in testing, after six months without use, with a new password, and when access is withdrawn. {told}"
        ),
        "invalid_client" | "unauthorized_client" => format!("Google does not know the OAuth client. {told}"),
        _ => format!("Google gives no access token. {told}"),
    })
}

/// Which accounts are reached, and when the sign-in ends.
pub async fn test(call: &Call<'_>) -> Result<Tested, Trouble> {
    let asking = Asking::new(call)?;
    let found = streams::accounts(&asking, call).await?;
    let mut tested = ads::tested(call, found);
    tested.granted.push(SCOPE.to_owned());
    tested.expires_at = call.credentials.expires_at("refresh_token");
    if let Some(at) = tested.expires_at {
        let hours = at.since(call.now).ok().and_then(|span| span.total(Unit::Hour).ok()).unwrap_or_default();
        tested.warnings.push(format!(
            "The sign-in ends in {:.0} days, because the app's consent screen is in testing. Publish it and sign in anew.",
            (hours / 24.0).max(0.0)
        ));
    }
    Ok(tested)
}

#[cfg(test)]
#[path = "auth_tests.rs"]
mod tests;
