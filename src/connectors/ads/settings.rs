//! What the settings of an ad integration may say, and what must be there to sign in.

use serde_json::{Map, Value};

use super::account::bare;
use crate::connectors::{Credentials, Unfit};

/// The most accounts that one integration names.
const MOST_ACCOUNTS: usize = 1_000;

/// A credential that has to be there and fit into a request.
///
/// # Errors
/// Names the field.
pub fn needed(credentials: &Credentials, name: &str, what: &str) -> Result<(), Unfit> {
    let field = || format!("credentials.{name}");
    let Some(text) = credentials.get(name) else {
        return Err(Unfit { field: field(), reason: format!("{what} is missing.") });
    };
    if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Unfit { field: field(), reason: format!("{what} has blanks or characters that none has.") });
    }
    Ok(())
}

/// The settings as they are kept: account ids bare and sorted, the version checked.
///
/// # Errors
/// The field at fault.
pub fn checked(settings: &Map<String, Value>) -> Result<Map<String, Value>, Unfit> {
    let mut kept = settings.clone();
    if let Some(version) = settings.get("api_version") {
        let fits = version.as_str().is_some_and(|text| {
            text.is_empty()
                || text.strip_prefix('v').is_some_and(|rest| {
                    rest.len() < 8 && !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_digit() || b == b'.')
                })
        });
        if !fits {
            return Err(unfit("api_version", "A version looks like v25 or v25.0."));
        }
    }
    let ids = wanted(settings).map_err(|reason| unfit("account_ids", reason))?;
    if ids.is_empty() {
        kept.remove("account_ids");
    } else {
        kept.insert("account_ids".to_owned(), ids.into());
    }
    Ok(kept)
}

/// The accounts that the settings limit the integration to; empty is all.
pub fn account_ids(settings: &Map<String, Value>) -> Vec<String> {
    wanted(settings).unwrap_or_default()
}

fn unfit(field: &str, reason: impl Into<String>) -> Unfit {
    Unfit { field: format!("settings.{field}"), reason: reason.into() }
}

fn wanted(settings: &Map<String, Value>) -> Result<Vec<String>, &'static str> {
    let texts: Vec<String> = match settings.get("account_ids") {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::String(text)) => text.split([',', ' ', '\n']).map(str::to_owned).collect(),
        Some(Value::Array(all)) => all
            .iter()
            .map(|one| match one {
                Value::String(text) => Ok(text.clone()),
                Value::Number(number) if number.is_u64() => Ok(number.to_string()),
                _ => Err("Account ids are text."),
            })
            .collect::<Result<_, _>>()?,
        Some(_) => return Err("Account ids are a list of text."),
    };
    let mut ids: Vec<String> = texts.iter().map(|text| bare(text)).filter(|id| !id.is_empty()).collect();
    if ids.iter().any(|id| id.len() > 32 || !id.bytes().all(|byte| byte.is_ascii_digit())) {
        return Err("An account id consists of digits.");
    }
    if ids.len() > MOST_ACCOUNTS {
        return Err("These are too many accounts for one integration.");
    }
    ids.sort();
    ids.dedup();
    Ok(ids)
}
