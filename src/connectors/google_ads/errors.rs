//! What Google's errors mean for what happens next. A failure names a family and a value in it; the status alone says little.

use std::time::Duration;

use http::StatusCode;
use serde_json::Value;

use crate::connectors::ads::{Halt, scrubbed};
use crate::connectors::{Credentials, Trouble};

/// The permission that everything needs.
pub const SCOPE: &str = "https://www.googleapis.com/auth/adwords";
/// How long a heavy query's limit lasts, where no delay is named.
const MINUTES: Duration = Duration::from_secs(300);

/// What an `error` means, which came with this status or in the middle of a stream.
pub fn halt(error: &Value, status: StatusCode, credentials: &Credentials) -> Halt {
    let failure = Failure::read(error);
    let reason = |what: &str| {
        let message = scrubbed(failure.message, credentials);
        let request = failure.request.map(|id| format!(", request {}", scrubbed(id, credentials))).unwrap_or_default();
        let code = if failure.value.is_empty() { error["status"].as_str().unwrap_or("no code") } else { failure.value };
        format!("{what} {message} ({code}{request})")
    };
    let busy = |what: &str| Halt::All(Trouble::Later { reason: reason(what), after: failure.delay, throttled: false });
    let refused = |what: &str| Halt::All(Trouble::Refused(reason(what)));
    match (failure.family, failure.value) {
        ("quotaError", _) => limited(&failure, reason("Google asks for fewer requests.")),
        ("internalError", "INTERNAL_ERROR" | "TRANSIENT_ERROR" | "DEADLINE_EXCEEDED") | ("databaseError", _) => {
            busy("Google has trouble of its own.")
        }
        ("authenticationError", value) => authentication(value, reason),
        ("authorizationError", value) => authorization(value, reason),
        ("queryError" | "requestError", "REQUESTED_METRICS_FOR_MANAGER") => {
            Halt::LeaveOut(Trouble::Refused(reason("It is a manager account, which has no figures of its own.")))
        }
        ("requestError", "UNSUPPORTED_VERSION") => refused("This version of Google's API has ended: set a newer one."),
        ("", _) => by_status(error, status, &failure, reason),
        _ => refused("Google refuses the request."),
    }
}

/// The first error of a failure.
struct Failure<'e> {
    family: &'e str,
    value: &'e str,
    message: &'e str,
    request: Option<&'e str>,
    /// How long to wait, where it says so.
    delay: Option<Duration>,
    /// Whose limit it is: `DEVELOPER`, `ACCOUNT`.
    scope: &'e str,
    /// Google's own word in an answer that no service of the ads gave.
    word: &'e str,
}

impl<'e> Failure<'e> {
    fn read(error: &'e Value) -> Self {
        let details = || error["details"].as_array().into_iter().flatten();
        let failure = details().find(|detail| detail["errors"].is_array());
        let first = failure.map_or(&Value::Null, |failure| &failure["errors"][0]);
        let code = first["errorCode"].as_object().and_then(|code| code.iter().next());
        let quota = &first["details"]["quotaErrorDetails"];
        let text = |value: &'e Value| value.as_str().filter(|text| !text.is_empty());
        let delays = || details().chain([quota]).filter_map(|detail| detail["retryDelay"].as_str());
        Self {
            family: code.map_or("", |(family, _)| family.as_str()),
            value: code.and_then(|(_, value)| value.as_str()).unwrap_or_default(),
            message: text(&first["message"]).or_else(|| text(&error["message"])).unwrap_or_default(),
            request: failure.and_then(|failure| failure["requestId"].as_str()),
            delay: delays().filter_map(seconds).max(),
            scope: quota["rateScope"].as_str().unwrap_or_default(),
            word: details().find_map(|detail| detail["reason"].as_str()).unwrap_or_default(),
        }
    }
}

/// `40591s`.
fn seconds(text: &str) -> Option<Duration> {
    Duration::try_from_secs_f64(text.strip_suffix('s')?.parse().ok()?).ok()
}

/// A limit: of the developer token, which stops everything, or of one account. A day's is waited for, not tried again and again.
fn limited(failure: &Failure<'_>, reason: String) -> Halt {
    let heavy = matches!(
        failure.value,
        "RESOURCE_TEMPORARILY_EXHAUSTED"
            | "EXCESSIVE_SHORT_TERM_QUERY_RESOURCE_CONSUMPTION"
            | "EXCESSIVE_LONG_TERM_QUERY_RESOURCE_CONSUMPTION"
    );
    match (failure.scope, failure.delay) {
        ("ACCOUNT", delay) => Halt::Rest { reason, after: delay.unwrap_or(MINUTES) },
        (_, None) if heavy => Halt::All(Trouble::throttled(reason, Some(MINUTES))),
        (_, delay) => Halt::All(Trouble::throttled(reason, delay)),
    }
}

fn authentication(value: &str, reason: impl Fn(&str) -> String) -> Halt {
    Halt::All(match value {
        "OAUTH_TOKEN_EXPIRED" | "OAUTH_TOKEN_INVALID" | "OAUTH_TOKEN_HEADER_INVALID" => {
            Trouble::Expired(reason("The access token has ended."))
        }
        "CUSTOMER_NOT_FOUND" => return Halt::LeaveOut(Trouble::Refused(reason("There is no such account."))),
        "TWO_STEP_VERIFICATION_NOT_ENROLLED" | "ADVANCED_PROTECTION_NOT_ENROLLED" => {
            Trouble::SignIn(reason("The Google account has to turn on a second factor for its sign-in."))
        }
        _ => Trouble::SignIn(reason("Google does not accept the sign-in.")),
    })
}

fn authorization(value: &str, reason: impl Fn(&str) -> String) -> Halt {
    match value {
        "DEVELOPER_TOKEN_NOT_APPROVED" | "DEVELOPER_TOKEN_PROHIBITED" | "DEVELOPER_TOKEN_NOT_ON_ALLOWLIST" => {
            Halt::All(Trouble::Refused(reason("The developer token is not approved for this.")))
        }
        "PROJECT_DISABLED" | "MISSING_TOS" => Halt::All(Trouble::Refused(reason("Google has closed this access."))),
        "USER_PERMISSION_DENIED" => Halt::LeaveOut(Trouble::Refused(reason(
            "The sign-in may not read this account; a manager through which it is reached belongs into login_customer_id.",
        ))),
        "CUSTOMER_NOT_ENABLED" => Halt::LeaveOut(Trouble::Refused(reason("The account is closed or not yet open."))),
        _ => Halt::LeaveOut(Trouble::Refused(reason("The sign-in may not read this account."))),
    }
}

/// Where no failure names a family.
fn by_status(error: &Value, status: StatusCode, failure: &Failure<'_>, reason: impl Fn(&str) -> String) -> Halt {
    let scope = || Trouble::Scope { missing: vec![SCOPE.to_owned()], reason: reason("A permission is missing.") };
    Halt::All(match error["status"].as_str().unwrap_or_default() {
        "RESOURCE_EXHAUSTED" => return limited(failure, reason("Google asks for fewer requests.")),
        "UNAUTHENTICATED" => Trouble::Expired(reason("Google does not accept the access token.")),
        "PERMISSION_DENIED" if failure.word == "ACCESS_TOKEN_SCOPE_INSUFFICIENT" => scope(),
        "UNAVAILABLE" | "INTERNAL" | "DEADLINE_EXCEEDED" | "ABORTED" | "UNKNOWN" => {
            Trouble::Later { reason: reason("Google has trouble of its own."), after: failure.delay, throttled: false }
        }
        _ if status.is_server_error() => Trouble::broken(reason("Google has trouble of its own.")),
        _ => Trouble::Refused(reason("Google refuses the request.")),
    })
}

#[cfg(test)]
#[path = "errors_tests.rs"]
mod tests;
