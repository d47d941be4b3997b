//! Requests and answers of the ad platforms, and what of their words may be repeated.

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use http::{Method, Request};
use serde::Deserialize;

use super::account::clip;
use crate::connectors::{Answer, Credentials, Trouble};

/// The most that is repeated of a platform's words.
const MOST_WORDS: usize = 300;
/// No word is longer; a token is.
const LONGEST_WORD: usize = 40;

/// A request to `address` with this query; headers beyond those of the body come as name and value. Values of headers are marked
/// as secrets.
///
/// # Errors
/// Where a header cannot hold its value.
pub fn request(
    method: Method,
    address: &str,
    query: &[(&str, &str)],
    headers: &[(&'static str, &str)],
    body: Option<(&'static str, Vec<u8>)>,
) -> Result<Request<Vec<u8>>, Trouble> {
    let mut text = address.to_owned();
    if !query.is_empty() {
        text.push('?');
        text.push_str(&form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish());
    }
    let mut builder = Request::builder().method(method).uri(text);
    for (name, value) in headers {
        let value = HeaderValue::from_str(value).map(|mut value| {
            value.set_sensitive(true);
            value
        });
        let value = value.map_err(|_| Trouble::SignIn("a credential has characters that none has".to_owned()))?;
        builder = builder.header(*name, value);
    }
    if let Some((kind, _)) = &body {
        builder = builder.header(CONTENT_TYPE, *kind);
    }
    let body = body.map(|(_, body)| body).unwrap_or_default();
    builder.body(body).map_err(|_| Trouble::Refused("a request's address is no address".to_owned()))
}

/// `Authorization: Bearer …` as a header of [`request`].
pub fn bearer(token: &str) -> (&'static str, String) {
    (AUTHORIZATION.as_str(), format!("Bearer {token}"))
}

/// The answer as JSON. What is none says so by its status; where that says nothing either, it broke off or is unreadable.
///
/// # Errors
/// [`Trouble`] as said. An unreadable answer is not kept: what is no JSON cannot be redacted.
pub fn json<'a, T: Deserialize<'a>>(answer: &'a Answer, now: jiff::Timestamp, who: &str) -> Result<T, Trouble> {
    match serde_json::from_slice(&answer.body) {
        Ok(value) => Ok(value),
        Err(_) if !answer.status.is_success() => Err(answer.trouble(now, who)),
        Err(error) if error.is_eof() => Err(Trouble::broken(format!("an answer of {who} broke off"))),
        Err(error) => {
            Err(Trouble::Unreadable { reason: format!("an answer of {who} is no JSON: {error}"), answer: Bytes::new() })
        }
    }
}

/// A platform's words without what signs in: its messages repeat tokens now and then.
pub fn scrubbed(words: &str, credentials: &Credentials) -> String {
    let mut words = words.replace(['\r', '\n'], " ");
    for secret in credentials.names().filter_map(|name| credentials.get(name)).filter(|secret| secret.len() >= 6) {
        words = words.replace(secret, "…");
    }
    let kept: Vec<&str> = words
        .split(' ')
        .map(|word| if word.len() > LONGEST_WORD { "…" } else { word })
        .filter(|w| !w.is_empty())
        .collect();
    clip(&kept.join(" "), MOST_WORDS).to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn what_signs_in_is_not_repeated() {
        let credentials = Credentials::default().with("access_token", "EAAB12345", None);
        let long = "A".repeat(60);
        let said = scrubbed(&format!("Malformed access token EAAB12345\n{long} (see help)"), &credentials);
        assert_eq!(said, "Malformed access token … … (see help)");
        assert_eq!(scrubbed(&"ab ".repeat(200), &credentials).len(), MOST_WORDS);
    }

    #[test]
    fn what_is_no_json_is_told_by_its_status() {
        let answer = |status: u16, body: &'static str| Answer {
            status: http::StatusCode::from_u16(status).unwrap(),
            headers: http::HeaderMap::new(),
            body: Bytes::from_static(body.as_bytes()),
        };
        let now = jiff::Timestamp::UNIX_EPOCH;
        assert!(matches!(
            json::<Value>(&answer(502, "<html>"), now, "x"),
            Err(Trouble::Later { throttled: false, .. })
        ));
        assert!(matches!(json::<Value>(&answer(404, "no such page"), now, "x"), Err(Trouble::Refused(_))));
        assert!(matches!(json::<Value>(&answer(200, "[{\"a\":"), now, "x"), Err(Trouble::Later { .. })));
        assert!(matches!(json::<Value>(&answer(200, "<html>"), now, "x"), Err(Trouble::Unreadable { .. })));
        assert_eq!(json::<Value>(&answer(400, "{}"), now, "x"), Ok(serde_json::json!({})));
    }
}
