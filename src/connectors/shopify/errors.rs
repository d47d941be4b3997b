//! What Shopify's answers mean when they are not what was asked for. A status of 200 says little: errors come in the body, as a
//! text, an object or a list, and beside data that is then incomplete.

use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use crate::connectors::{Answer, Trouble};

/// Why a question was not answered.
#[derive(Debug)]
pub(super) enum Refusal {
    /// It asks for more than one answer may cost: ask for less at a time.
    TooCostly,
    /// It asks for more of the customers than the app may know.
    People(Trouble),
    /// Anything else.
    Trouble(Trouble),
}

impl From<Trouble> for Refusal {
    fn from(trouble: Trouble) -> Self {
        Self::Trouble(trouble)
    }
}

impl From<Refusal> for Trouble {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::TooCostly => Self::Refused("Shopify finds even the smallest page too costly".to_owned()),
            Refusal::People(trouble) | Refusal::Trouble(trouble) => trouble,
        }
    }
}

/// What an answer cost, and what is left. Shops without a plan are not told.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Cost {
    pub requested_query_cost: Option<f64>,
    pub throttle_status: Option<Throttle>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Throttle {
    pub maximum_available: f64,
    pub currently_available: f64,
    pub restore_rate: f64,
}

impl Cost {
    pub(super) fn of(body: &Value) -> Option<Self> {
        Self::deserialize(body.pointer("/extensions/cost")?).ok()
    }

    /// How long until the same question can be asked (again): whole seconds; none where it can be now, or is not told.
    pub(super) fn wait(&self) -> Option<Duration> {
        let (wanted, throttle) = (self.requested_query_cost?, self.throttle_status.as_ref()?);
        let lacking = wanted - throttle.currently_available;
        if lacking <= 0.0 || throttle.restore_rate <= 0.0 {
            return None;
        }
        Duration::try_from_secs_f64((lacking / throttle.restore_rate).ceil()).ok()
    }

    /// It can never be asked, however long one waits.
    fn is_beyond(&self) -> bool {
        let most = self.throttle_status.as_ref().map(|throttle| throttle.maximum_available);
        self.requested_query_cost.zip(most).is_some_and(|(wanted, most)| wanted > most)
    }
}

/// The answer's JSON where it is a whole and right one.
pub(super) fn understand(answer: &Answer, now: Timestamp) -> Result<Value, Refusal> {
    by_status(answer, now)?;
    let unreadable = || Trouble::Unreadable {
        reason: format!("Shopify answered with something that is no JSON ({})", answer.status.as_u16()),
        // People cannot be cut out of what cannot be read.
        answer: Bytes::new(),
    };
    let body: Value = serde_json::from_slice(&answer.body).map_err(|_| unreadable())?;
    match body.get("errors") {
        None | Some(Value::Null) => {}
        Some(Value::Array(errors)) if errors.is_empty() => {}
        Some(Value::Array(errors)) => return Err(of_errors(errors, &body)),
        Some(Value::String(text)) => return Err(of_text(text).into()),
        Some(other) => return Err(of_text(&other.to_string()).into()),
    }
    if !answer.status.is_success() {
        return Err(answer.trouble(now, "Shopify").into());
    }
    if let Some(warning) = search_warning(&body) {
        return Err(
            Trouble::Refused(format!("Shopify did not understand a search and found everything: {warning}")).into()
        );
    }
    if !body.get("data").is_some_and(Value::is_object) {
        let reason = "Shopify's answer holds no data".to_owned();
        return Err(Trouble::Unreadable { reason, answer: Bytes::new() }.into());
    }
    Ok(body)
}

/// Statuses that say enough by themselves.
fn by_status(answer: &Answer, now: Timestamp) -> Result<(), Trouble> {
    let after = answer.retry_after(now);
    let refused = |text: &str| Err(Trouble::Refused(text.to_owned()));
    match answer.status.as_u16() {
        401 => Err(Trouble::Expired("Shopify does not accept the access token.".to_owned())),
        402 => refused("Shopify has frozen the shop until its bill is paid."),
        403 => refused(
            "Shopify forbids this app to ask the shop. Look at the app's permissions and whether the shop is open.",
        ),
        404 => refused("Shopify knows no such shop or API version."),
        423 => refused("Shopify has locked the shop."),
        429 | 430 => Err(Trouble::throttled("Shopify asks for fewer requests", after)),
        _ if answer.status.is_server_error() || answer.status == StatusCode::REQUEST_TIMEOUT => {
            Err(answer.trouble(now, "Shopify"))
        }
        _ => Ok(()),
    }
}

fn of_errors(errors: &[Value], body: &Value) -> Refusal {
    let code = |error: &Value| error.pointer("/extensions/code").and_then(Value::as_str).unwrap_or_default().to_owned();
    let with = |wanted: &str| errors.iter().find(|error| code(error) == wanted);
    let cost = Cost::of(body);
    if with("MAX_COST_EXCEEDED").is_some() || cost.as_ref().is_some_and(Cost::is_beyond) {
        return Refusal::TooCostly;
    }
    let throttled = |error: &&Value| code(error) == "THROTTLED" || error["message"].as_str() == Some("Throttled");
    if errors.iter().any(|error| throttled(&error)) {
        return Trouble::throttled("Shopify asks for fewer requests", cost.and_then(|cost| cost.wait())).into();
    }
    if with("INTERNAL_SERVER_ERROR").is_some() || with("TIMEOUT").is_some() {
        return Trouble::broken("Shopify has trouble of its own").into();
    }
    if with("SHOP_INACTIVE").is_some() {
        return Trouble::Refused("The shop is closed at Shopify.".to_owned()).into();
    }
    if let Some(denied) = with("ACCESS_DENIED") {
        let trouble = of_denied(denied);
        return if is_about_people(denied) { Refusal::People(trouble) } else { trouble.into() };
    }
    let message = errors.iter().find_map(|error| error["message"].as_str()).unwrap_or("without a word");
    of_text(message).into()
}

fn of_denied(error: &Value) -> Trouble {
    let message = error["message"].as_str().unwrap_or_default();
    let wanted = error.pointer("/extensions/requiredAccess").and_then(Value::as_str).unwrap_or(message);
    // "`read_orders` access scope. Also: …"
    let missing = wanted.split('`').filter(|part| is_scope(part)).map(str::to_owned).collect();
    Trouble::Scope { missing, reason: format!("Shopify denies access: {}", clipped(message)) }
}

fn is_scope(part: &str) -> bool {
    let is_read = part.starts_with("read_") || part.starts_with("write_");
    is_read && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}

/// Whether what was denied is the customer or the address, which Shopify guards apart from scopes.
fn is_about_people(error: &Value) -> bool {
    let message = error["message"].as_str().unwrap_or_default().to_lowercase();
    let path = error["path"].as_array().map(Vec::as_slice).unwrap_or_default();
    let named = |part: &Value| matches!(part.as_str(), Some("customer" | "email" | "shippingAddress" | "city"));
    path.iter().any(named)
        || ["protected-customer-data", "customer object", "for customer field", "for email field", "shippingaddress"]
            .iter()
            .any(|words| message.contains(words))
}

fn of_text(text: &str) -> Trouble {
    let lower = text.to_lowercase();
    if lower.contains("invalid api key") || lower.contains("unrecognized login") {
        return Trouble::Expired("Shopify does not accept the access token.".to_owned());
    }
    if lower.contains("throttled") || lower.contains("exceeded") && lower.contains("per second") {
        return Trouble::throttled("Shopify asks for fewer requests", None);
    }
    if lower.contains("unavailable shop") {
        return Trouble::Refused("The shop is closed at Shopify.".to_owned());
    }
    Trouble::Refused(format!("Shopify refuses the question: {}", clipped(text)))
}

fn clipped(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(300).collect()
}

/// A search that Shopify passed over finds everything, which looks like success.
fn search_warning(body: &Value) -> Option<String> {
    let searches = body.pointer("/extensions/search")?.as_array()?;
    let warnings = searches.iter().filter_map(|search| search["warnings"].as_array()).flatten();
    let told =
        |warning: &Value| warning["message"].as_str().or(warning["code"].as_str()).unwrap_or("a warning").to_owned();
    warnings.map(told).next().map(|text| clipped(&text))
}
