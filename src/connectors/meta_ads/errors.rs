//! What Meta's error codes mean for what happens next. They come with status 400, 500 or 200 alike.

use std::time::Duration;

use http::StatusCode;
use serde_json::Value;

use super::usage::Usage;
use crate::connectors::ads::{Halt, scrubbed};
use crate::connectors::{Credentials, Trouble};

/// How long a limit lasts where no header says so. Asking while it lasts makes it longer.
const LIMIT: Duration = Duration::from_secs(300);

/// Why a request brought nothing.
#[derive(Debug)]
pub enum Fault {
    /// See [`Halt`].
    Halt(Halt),
    /// It asks for more than Meta answers at once.
    TooMuch(String),
    /// It brings more rows than are held at once.
    TooMany,
    /// What it asks for is not there: a report that was forgotten, an account that is not reached.
    Gone(Trouble),
}

impl From<Trouble> for Fault {
    fn from(trouble: Trouble) -> Self {
        Self::Halt(Halt::All(trouble))
    }
}

impl From<Fault> for Halt {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Halt(halt) => halt,
            Fault::TooMany => Self::All(Trouble::Refused("these are more ads than can be read".to_owned())),
            Fault::TooMuch(reason) => Self::All(Trouble::broken(reason)),
            Fault::Gone(trouble) => Self::LeaveOut(trouble),
        }
    }
}

impl From<Fault> for Trouble {
    fn from(fault: Fault) -> Self {
        match Halt::from(fault) {
            Halt::All(trouble) | Halt::LeaveOut(trouble) => trouble,
            Halt::Rest { reason, after } => Self::throttled(reason, Some(after)),
        }
    }
}

/// What an `error` means, which came with this status.
pub fn fault(error: &Value, status: StatusCode, usage: &Usage, credentials: &Credentials) -> Fault {
    let code = error["code"].as_i64().unwrap_or_default();
    let subcode = error["error_subcode"].as_i64().unwrap_or_default();
    let message = error["message"].as_str().unwrap_or_default();
    let told = error["error_user_msg"].as_str().filter(|text| !text.is_empty()).unwrap_or(message);
    let trace =
        error["fbtrace_id"].as_str().map(|id| format!(", trace {}", scrubbed(id, credentials))).unwrap_or_default();
    let reason = |what: &str| format!("{what} {} (code {code}/{subcode}{trace})", scrubbed(told, credentials));
    let after = usage.regain().unwrap_or(LIMIT);
    let lower = message.to_lowercase();
    if too_much(code, subcode, &lower) {
        return Fault::TooMuch(reason("Meta has too much data for one answer."));
    }
    let halt = match (code, subcode) {
        // The app's and the user's limits, and the page's.
        (4 | 17 | 32 | 341, _) => Halt::All(Trouble::throttled(reason("Meta asks for fewer requests."), Some(after))),
        // Those of one ad account.
        (613 | 80_000..=80_014, _) => {
            Halt::Rest { reason: reason("Meta asks for fewer requests of this ad account."), after }
        }
        (1 | 2 | 960, _) | (_, 99 | 1_504_043) => Halt::All(Trouble::broken(reason("Meta has trouble of its own."))),
        _ if error["is_transient"] == Value::Bool(true) || lower.contains("in summary param") => {
            Halt::All(Trouble::broken(reason("Meta has trouble of its own.")))
        }
        (102 | 190, _) => Halt::All(Trouble::SignIn(reason(signed_out(subcode)))),
        (100, _) if lower.contains("appsecret_proof") => {
            let what =
                "Meta wants a proof of the app's secret: enter the secret of the app that made the access token.";
            Halt::All(Trouble::SignIn(reason(what)))
        }
        (100, 33) => {
            return Fault::Gone(Trouble::Refused(reason("It is not there, or this access token does not reach it.")));
        }
        (10, _) => Halt::All(scope(reason("The access token lacks a permission."))),
        (200..=299, _) => Halt::LeaveOut(scope(reason("The access token may not read this ad account."))),
        (2635, _) => Halt::All(Trouble::Refused(reason("This version of Meta's API has ended: set a newer one."))),
        (368, _) => Halt::All(Trouble::Refused(reason("Meta has blocked this for a while."))),
        _ if status.is_server_error() => Halt::All(Trouble::broken(reason("Meta has trouble of its own."))),
        _ => Halt::All(Trouble::Refused(reason("Meta refuses the request."))),
    };
    Fault::Halt(halt)
}

fn too_much(code: i64, subcode: i64, message: &str) -> bool {
    matches!((code, subcode), (1, 99) | (100, 1_487_534 | 1_504_018) | (2, 1_504_038))
        || message.contains("reduce the amount of data")
        || message.contains("cursor exceeds max limit")
}

fn scope(reason: String) -> Trouble {
    Trouble::Scope { missing: vec!["ads_read".to_owned()], reason }
}

fn signed_out(subcode: i64) -> &'static str {
    match subcode {
        463 => "The access token has ended.",
        460 => "The access token ended with a new password.",
        458 => "The app was removed from the account.",
        _ => "Meta no longer accepts the access token.",
    }
}

#[cfg(test)]
#[path = "errors_tests.rs"]
mod tests;
