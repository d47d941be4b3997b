//! Who signs in to TikTok: a token that does not end, pasted or exchanged once for the code of a sign-in.

use serde_json::{Map, Value};

use super::ask::{Asking, exchange};
use super::errors::Fault;
use super::streams;
use crate::connectors::{Call, Credentials, Missing, Renewal, Tested, Trouble, Unfit, ads};

/// Settings and credentials, without asking.
pub fn check(settings: &Map<String, Value>, credentials: &Credentials) -> Result<Map<String, Value>, Unfit> {
    let kept = ads::checked(settings)?;
    let app = credentials.get("app_id").is_some() || credentials.get("app_secret").is_some();
    let token = credentials.get("access_token").is_some();
    if token {
        ads::needed(credentials, "access_token", "The access token")?;
    }
    if app || !token {
        ads::needed(credentials, "app_id", "The app's id")?;
        ads::needed(credentials, "app_secret", "The app's secret")?;
    }
    if !token {
        ads::needed(credentials, "auth_code", "The code of the sign-in (or an access token)")?;
    }
    if !app && ads::account_ids(&kept).is_empty() {
        let reason = "Name the advertisers, or give the app's id and secret, by which they are found.".to_owned();
        return Err(Unfit { field: "settings.account_ids".to_owned(), reason });
    }
    Ok(kept)
}

/// Due as long as there is a code and no token: another code is a new sign-in, which replaces both.
pub fn renewal(credentials: &Credentials) -> Renewal {
    let due = credentials.get("access_token").is_none() && credentials.get("auth_code").is_some();
    if due { Renewal::Due } else { Renewal::Fresh }
}

/// Exchanges the code. It is good once, so that it goes with what it brought.
pub async fn renew(call: &Call<'_>) -> Result<Credentials, Trouble> {
    let all = ["app_id", "app_secret", "auth_code"].map(|name| call.credentials.get(name));
    let [Some(app_id), Some(secret), Some(code)] = all else {
        let reason = "TikTok no longer accepts the access token, and there is no code to get another: sign in anew.";
        return Err(Trouble::SignIn(reason.to_owned()));
    };
    let data = exchange(call, app_id, secret, code).await.map_err(|fault| match Trouble::from(fault) {
        // A code that is used or too old is a wrong parameter to TikTok.
        Trouble::Refused(reason) | Trouble::Scope { reason, .. } => Trouble::SignIn(reason),
        other => other,
    })?;
    let token = data["access_token"].as_str().filter(|token| !token.is_empty());
    let token =
        token.ok_or_else(|| Trouble::SignIn("TikTok took the code and gave no token: sign in anew.".to_owned()))?;
    Ok(call.credentials.clone().with("access_token", token, None).without("auth_code"))
}

/// Which advertisers the token reaches, and whether their reports may be read.
pub async fn test(call: &Call<'_>) -> Result<Tested, Trouble> {
    let asking = Asking::new(call)?;
    let found = streams::accounts(&asking, call).await?;
    let first = found.accounts.first().cloned();
    let mut tested = ads::tested(call, found);
    let Some(first) = first else { return Ok(tested) };
    let today = call.now.to_zoned(first.zone()).date();
    match streams::auction(&asking, &first.id, ads::Days { first: today, last: today }, &[]).await {
        Ok(_) | Err(Fault::TooMany) => tested.granted.push("Reporting".to_owned()),
        Err(Fault::Denied(trouble)) => tested.missing.push(Missing {
            scope: "Reporting".to_owned(),
            why: format!("Without it no figures of the ads can be read. {trouble}"),
        }),
        Err(fault) => return Err(fault.into()),
    }
    match streams::stores(&asking, &first.id).await {
        Ok(_) => tested.granted.push("GMV Max".to_owned()),
        Err(Fault::Denied(trouble)) => {
            tested.warnings.push(format!("Spend of GMV Max (TikTok Shop) cannot be read. {trouble}"));
        }
        Err(fault) => return Err(fault.into()),
    }
    Ok(tested)
}

#[cfg(test)]
#[path = "auth_tests.rs"]
mod tests;
