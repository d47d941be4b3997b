//! What TikTok's codes mean for what happens next. The status is 200 always.

use std::time::Duration;

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde_json::Value;

use crate::connectors::ads::{Halt, scrubbed};
use crate::connectors::{Credentials, Trouble};

/// How long its own trouble lasts at least.
const OUTAGE: Duration = Duration::from_secs(300);

/// Why a request brought nothing.
#[derive(Debug)]
pub enum Fault {
    /// See [`Halt`].
    Halt(Halt),
    /// These metrics are none that it knows.
    Metrics(Vec<String>, Trouble),
    /// It brings more rows than are held or given at once.
    TooMany,
    /// The advertiser does not let us.
    Denied(Trouble),
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
            Fault::Metrics(_, trouble) => Self::All(trouble),
            Fault::Denied(trouble) => Self::LeaveOut(trouble),
            Fault::TooMany => Self::All(Trouble::Refused("these are more ads than TikTok gives".to_owned())),
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

/// What an answer whose code is not 0 means.
pub fn fault(answer: &Value, credentials: &Credentials, now: Timestamp) -> Fault {
    let code = answer["code"].as_i64().unwrap_or(-1);
    let message = answer["message"].as_str().unwrap_or_default();
    let request = answer["request_id"].as_str().map(|id| format!(", request {}", scrubbed(id, credentials)));
    let request = request.unwrap_or_default();
    let reason = |what: &str| format!("{what} {} (code {code}{request})", scrubbed(message, credentials));
    let busy = "TikTok has trouble of its own.";
    let halt = match code {
        40_100 | 40_016 => {
            let limit = limit(message, now);
            Halt::All(Trouble::throttled(reason("TikTok asks for fewer requests."), limit))
        }
        40_133 => Halt::Rest {
            reason: reason("TikTok asks for fewer requests of this advertiser."),
            after: limit(message, now).unwrap_or(Duration::from_secs(1)),
        },
        40_001 => {
            let missing = vec!["Reporting".to_owned()];
            let reason = reason("The advertiser is gone, or does not let this sign-in read it.");
            return Fault::Denied(Trouble::Scope { missing, reason });
        }
        40_002 => {
            let trouble = Trouble::Refused(reason("TikTok refuses the request."));
            return match unknown_metrics(message) {
                names if names.is_empty() => Fault::Halt(Halt::All(trouble)),
                names => Fault::Metrics(names, trouble),
            };
        }
        40_102 | 40_104 | 40_105 | 40_106 => {
            Halt::All(Trouble::SignIn(reason("TikTok no longer accepts the access token.")))
        }
        40_113 => Halt::All(Trouble::SignIn(reason("TikTok does not accept the app."))),
        // What is partial is never taken for all of it.
        20_001 | 40_200 | 40_201 | 40_202 | 40_700 | 51_305 => Halt::All(Trouble::broken(reason(busy))),
        50_000 | 50_002 | 60_001 => {
            Halt::All(Trouble::Later { reason: reason(busy), after: Some(OUTAGE), throttled: false })
        }
        _ => Halt::All(Trouble::Refused(reason("TikTok refuses the request."))),
    };
    Fault::Halt(halt)
}

/// How long a limit lasts, by which one the message says it is: a second's, a minute's, which blocks for five, or a day's, which
/// ends at midnight UTC. None where it says nothing.
fn limit(message: &str, now: Timestamp) -> Option<Duration> {
    let message = message.to_uppercase();
    let says = |words: &[&str]| words.iter().any(|word| message.contains(word));
    if says(&["QPD", "DAILY", "PER DAY"]) {
        let midnight = now.to_zoned(TimeZone::UTC).date().saturating_add(1.day()).to_zoned(TimeZone::UTC).ok()?;
        return Duration::try_from(midnight.timestamp().duration_since(now)).ok();
    }
    if says(&["QPM", "MINUTE"]) {
        return Some(Duration::from_secs(300));
    }
    says(&["QPS", "SECOND"]).then_some(Duration::from_secs(1))
}

/// The names in `Invalid metric fields: ['a', 'b']`.
fn unknown_metrics(message: &str) -> Vec<String> {
    let Some((_, names)) = message.split_once("Invalid metric fields") else { return Vec::new() };
    let names = names.split(['\'', '"']).skip(1).step_by(2);
    names.filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

#[cfg(test)]
#[path = "errors_tests.rs"]
mod tests;
