//! JSON in and out. In: strict, so that a typo is told and not swallowed. Out: what axum does.

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::nesting::{self, Fault, MAX_DEPTH};
use crate::error::{Error, Result};

/// Characters of what came in that an answer says again.
const MOST_NAMED: usize = 400;

/// A body of JSON. As an argument it refuses another media type (415), too much (413), text that is not JSON, a key twice, too
/// deep a nesting (400), and what the type does not take, naming the field (422).
pub struct Json<T>(pub T);

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        axum::Json(self.0).into_response()
    }
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = Error;

    async fn from_request(request: Request, state: &S) -> Result<Self> {
        if !says_json(request.headers()) {
            return Err(Error::Unsupported { reason: "Send the body as application/json.".into() });
        }
        let bytes = Bytes::from_request(request, state).await.map_err(unread)?;
        parse(&bytes).map(Self)
    }
}

fn says_json(headers: &HeaderMap) -> bool {
    let mut kinds = headers.get_all(header::CONTENT_TYPE).iter();
    let (Some(kind), None) = (kinds.next().and_then(|k| k.to_str().ok()), kinds.next()) else { return false };
    let media = kind.split(';').next().unwrap_or("").trim();
    media.eq_ignore_ascii_case("application/json")
}

fn unread(rejection: BytesRejection) -> Error {
    if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
        return Error::TooLarge { reason: "The body is larger than accepted here.".into() };
    }
    Error::invalid_code("bad_request", None, "The body could not be read to its end.")
}

/// Reads a JSON text as strictly as the extractor does.
pub(crate) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T> {
    nesting::check(bytes).map_err(|fault| match fault {
        Fault::Malformed(reason) => Error::invalid_code("malformed_json", None, format!("This is not JSON: {reason}.")),
        Fault::TooDeep => {
            Error::invalid_code("too_deep", None, format!("The JSON is nested deeper than {MAX_DEPTH} levels."))
        }
        Fault::Duplicate(key) => {
            let key = clipped(key);
            Error::invalid_code("duplicate_key", Some(&key), format!("The key \u{201c}{key}\u{201d} stands twice."))
        }
    })?;
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let path = error.path().to_string();
        mistyped(&path, &error.into_inner().to_string())
    })
}

/// A value of the wrong type or a field that is not known, in a sentence, with the field at fault.
pub(super) fn mistyped(path: &str, message: &str) -> Error {
    let message = message.rsplit_once(" at line ").map_or(message, |(m, _)| m);
    let named = ["unknown field `", "missing field `", "duplicate field `"].iter().find_map(|start| {
        let rest = message.strip_prefix(start)?;
        rest.split_once('`').map(|(name, _)| name)
    });
    let field = match (path, named) {
        ("." | "", named) => named.map(str::to_owned),
        (path, Some(name)) if path.rsplit('.').next() != Some(name) => Some(format!("{path}.{name}")),
        (path, _) => Some(path.to_owned()),
    };
    let (field, message) = (field.map(clipped), clipped(message.to_owned()));
    let mut letters = message.chars();
    let sentence = letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect());
    Error::Invalid { code: "invalid_input", field, reason: format!("{sentence}.") }
}

/// What came in is named again in an answer, but an answer does not grow with it.
fn clipped(mut text: String) -> String {
    if let Some((at, _)) = text.char_indices().nth(MOST_NAMED) {
        text.truncate(at);
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize, Debug)]
    #[serde(deny_unknown_fields)]
    struct Outer {
        #[expect(dead_code, reason = "only its type matters here")]
        name: String,
        #[serde(default)]
        #[expect(dead_code, reason = "only its type matters here")]
        parts: Vec<Part>,
    }

    #[derive(Deserialize, Debug)]
    #[serde(deny_unknown_fields)]
    struct Part {
        #[expect(dead_code, reason = "only its type matters here")]
        count: u32,
    }

    fn fault(text: &str) -> (&'static str, Option<String>) {
        match parse::<Outer>(text.as_bytes()) {
            Err(Error::Invalid { code, field, .. }) => (code, field),
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn names_the_field_at_fault() {
        for (text, field) in [
            (r#"{"name":"x","nmae":1}"#, "nmae"),
            (r#"{}"#, "name"),
            (r#"{"name":7}"#, "name"),
            (r#"{"name":"x","parts":[{"count":1},{"count":-1}]}"#, "parts[1].count"),
            (r#"{"name":"x","parts":[{"count":1,"more":2}]}"#, "parts[0].more"),
            (r#"{"name":"x","parts":[{}]}"#, "parts[0].count"),
            (r#"{"name":"x","__proto__":{}}"#, "__proto__"),
        ] {
            assert_eq!(fault(text), ("invalid_input", Some(field.into())), "{text}");
        }
    }

    #[test]
    fn what_is_named_again_is_short() {
        let key = "k".repeat(100_000);
        for text in [
            format!("{{\"{key}\":1}}"),
            format!("{{\"{key}\":1,\"{key}\":1}}"),
            format!("{{\"name\":\"x\",\"parts\":\"{key}\"}}"),
        ] {
            let Err(Error::Invalid { field, reason, .. }) = parse::<Outer>(text.as_bytes()) else {
                panic!("it was taken")
            };
            assert!(field.is_some_and(|field| field.chars().count() <= MOST_NAMED + 1));
            assert!(reason.chars().count() < 2 * MOST_NAMED && reason.ends_with('.'), "{reason}");
        }
    }

    #[test]
    fn unreadable_texts_have_their_own_codes() {
        assert_eq!(fault(r#"{"name":"x","name":"y"}"#), ("duplicate_key", Some("name".into())));
        assert_eq!(fault("{").0, "malformed_json");
        assert_eq!(fault(&"[".repeat(200)).0, "too_deep");
    }
}
