//! Asks one question and reads its answer, without people in it.

use http::Request;
use serde_json::{Value, json};

use super::errors::{Cost, Refusal, understand};
use super::queries::People;
use super::{VERSION, auth};
use crate::connectors::{Answer, Call, Quota, Source, Trouble};

/// An answer that is whole and right.
pub(super) struct Reply {
    /// The body, redacted.
    pub body: Value,
    /// The version that answered.
    pub served: Option<String>,
    cost: Option<Cost>,
}

impl Reply {
    /// What is left of the shop's points, and how long to wait until the same question can be asked again.
    pub(super) fn quota(&self) -> Option<Quota> {
        let cost = self.cost.as_ref()?;
        let throttle = cost.throttle_status.as_ref()?;
        let (left, most) = (throttle.currently_available.max(0.0), throttle.maximum_available);
        let text = format!("{left:.0} of {most:.0} points");
        let left_percent = if most > 0.0 { (left / most * 100.0).min(100.0) } else { 0.0 };
        Some(Quota { text, left_percent, wait: cost.wait() })
    }

    /// What stands at a JSON pointer under `data`.
    pub(super) fn data(&self, pointer: &str) -> &Value {
        self.body.pointer(&format!("/data{pointer}")).unwrap_or(&Value::Null)
    }
}

/// Asks.
///
/// # Errors
/// See [`Refusal`].
pub(super) async fn ask(call: &Call<'_>, query: &str, variables: Value) -> Result<Reply, Refusal> {
    let version = call.shared.version(Source::Shopify, call.settings, VERSION);
    let token = call.credentials.get(auth::ACCESS_TOKEN).unwrap_or_default();
    let body = json!({ "query": query, "variables": variables });
    let request = Request::post(call.client.address(&format!("/admin/api/{version}/graphql.json")))
        .header("content-type", "application/json")
        .header("accept", "application/json")
        .header("x-shopify-access-token", token)
        .body(body.to_string().into_bytes());
    // A token with a line break in it is refused here, before anything is sent.
    let request = request.map_err(|_| Trouble::SignIn("The access token cannot be one of Shopify's.".to_owned()))?;
    let answer = call.client.send(request).await?;
    let understood = understand(&answer, call.now);
    tell(&answer, understood.as_ref().err());
    let mut body = understood?;
    call.redactor.value(&mut body);
    let served = answer.header("x-shopify-api-version").map(str::to_owned);
    Ok(Reply { cost: Cost::of(&body), body, served })
}

/// Asks with as much of the customers as the app may know; returns how much that was.
///
/// # Errors
/// As [`ask`].
pub(super) async fn ask_of_people(
    call: &Call<'_>,
    query: impl Fn(People) -> String,
    variables: Value,
) -> Result<(Reply, People), Refusal> {
    let mut people = People::parse(call.facts.get("people").and_then(Value::as_str));
    loop {
        match ask(call, &query(people), variables.clone()).await {
            Err(Refusal::People(trouble)) => match people.less() {
                Some(less) => people = less,
                None => return Err(trouble.into()),
            },
            other => return Ok((other?, people)),
        }
    }
}

fn tell(answer: &Answer, refusal: Option<&Refusal>) {
    let request_id = answer.header("x-request-id").unwrap_or_default();
    let status = answer.status.as_u16();
    match refusal {
        Some(refusal) => tracing::warn!(request_id, status, ?refusal, "Shopify did not answer a question"),
        None => tracing::trace!(request_id, status, "Shopify answered"),
    }
}
