//! The one place that knows status codes: an `Error` becomes an RFC 9457 problem answer, and its internal cause a log line.

use std::borrow::Cow;
use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::headers::dress;
use super::scope::RequestId;
use crate::error::Error;

/// The body of every answer that is not a success. `code` is stable, `detail` is for a person.
#[derive(Serialize, utoipa::ToSchema, Debug)]
pub struct Problem {
    /// Names the kind of problem: `urn:pulsepoint:problem:` and the code.
    #[serde(rename = "type")]
    pub kind: String,
    /// The status in words.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What is wrong, as a sentence.
    pub detail: String,
    /// Stable, for programs.
    pub code: String,
    /// Names this request in logs and events.
    pub request_id: String,
    /// The field at fault, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
}

/// Codes that this layer itself gives out; features add their own through `Error`.
pub const CODES: [&str; 21] = [
    "sign_in_required",
    "forbidden",
    "not_found",
    "method_not_allowed",
    "too_large",
    "unsupported_media_type",
    "too_many_requests",
    "internal",
    "storage_full",
    "busy",
    "timeout",
    "overloaded",
    "malformed_json",
    "too_deep",
    "duplicate_key",
    "invalid_input",
    "bad_request",
    "https_required",
    "uri_too_long",
    "not_acceptable",
    "headers_too_large",
];

/// Codes of `Error::Invalid` that say the message could not even be read, or not there: 400 rather than 422.
const UNREADABLE: [&str; 5] = ["malformed_json", "too_deep", "duplicate_key", "bad_request", "https_required"];

/// The error of a failed answer, kept beside it until the edge renders it with the request's id.
#[derive(Clone)]
pub(super) struct Failure(pub Arc<Error>);

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = describe(&self).status;
        response.extensions_mut().insert(Failure(Arc::new(self)));
        response
    }
}

struct Description<'a> {
    status: StatusCode,
    code: &'a str,
    detail: Cow<'a, str>,
    field: Option<&'a str>,
    retry_after_secs: Option<u64>,
}

fn describe(error: &Error) -> Description<'_> {
    let plain = |status, code, detail: &'static str| Description {
        status,
        code,
        detail: Cow::Borrowed(detail),
        field: None,
        retry_after_secs: None,
    };
    match error {
        Error::NotFound => plain(StatusCode::NOT_FOUND, "not_found", "There is nothing here, or it is not yours."),
        Error::Invalid { code, field, reason } => {
            let status =
                if UNREADABLE.contains(code) { StatusCode::BAD_REQUEST } else { StatusCode::UNPROCESSABLE_ENTITY };
            Description { status, code, detail: reason.into(), field: field.as_deref(), retry_after_secs: None }
        }
        Error::Conflict { code, reason } => {
            Description { detail: reason.into(), ..plain(StatusCode::CONFLICT, code, "") }
        }
        Error::SignInRequired { code, reason } => {
            Description { detail: reason.into(), ..plain(StatusCode::UNAUTHORIZED, code, "") }
        }
        Error::Forbidden { permission } => Description {
            detail: Cow::Owned(format!("This needs the permission \u{201c}{permission}\u{201d}.")),
            ..plain(StatusCode::FORBIDDEN, "forbidden", "")
        },
        Error::Closed { code, reason } => {
            Description { detail: reason.into(), ..plain(StatusCode::FORBIDDEN, code, "") }
        }
        Error::TooLarge { reason } => {
            Description { detail: reason.into(), ..plain(StatusCode::PAYLOAD_TOO_LARGE, "too_large", "") }
        }
        Error::Unsupported { reason } => Description {
            detail: reason.into(),
            ..plain(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", "")
        },
        Error::TooMany { retry_after_secs } => Description {
            retry_after_secs: Some(*retry_after_secs),
            ..plain(StatusCode::TOO_MANY_REQUESTS, "too_many_requests", "Too many requests. Wait, then try again.")
        },
        Error::Unavailable { code, reason, retry_after_secs } => Description {
            detail: reason.into(),
            retry_after_secs: Some(*retry_after_secs),
            ..plain(StatusCode::SERVICE_UNAVAILABLE, code, "")
        },
        Error::Database(cause) => database(cause),
        Error::Internal(_) => plain(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "Something went wrong on our side. The request id names it in the log.",
        ),
    }
}

fn database(cause: &rusqlite::Error) -> Description<'static> {
    let unavailable = |code, detail: &'static str, wait| Description {
        status: StatusCode::SERVICE_UNAVAILABLE,
        code,
        detail: Cow::Borrowed(detail),
        field: None,
        retry_after_secs: Some(wait),
    };
    match cause.sqlite_error_code() {
        Some(rusqlite::ErrorCode::DiskFull) => {
            unavailable("storage_full", "The disk is full. Nothing was written; free some space and try again.", 10)
        }
        Some(rusqlite::ErrorCode::DatabaseBusy | rusqlite::ErrorCode::DatabaseLocked) => {
            unavailable("busy", "The store is busy. Try again in a moment.", 1)
        }
        _ => Description {
            status: StatusCode::INTERNAL_SERVER_ERROR,
            code: "internal",
            detail: Cow::Borrowed("Something went wrong on our side. The request id names it in the log."),
            field: None,
            retry_after_secs: None,
        },
    }
}

/// Gives an answer that failed its body: from its error, or from its bare status where a library answered.
pub(super) fn render(mut response: Response, id: &RequestId) -> Response {
    if let Some(Failure(error)) = response.extensions_mut().remove::<Failure>() {
        log_cause(&error, id);
        return write(response, &describe(&error), id);
    }
    let status = response.status();
    if !status.is_client_error() && !status.is_server_error() || is_finished(&response) {
        return response;
    }
    let detail = Cow::Borrowed(sentence(status));
    write(response, &Description { status, code: bare_code(status), detail, field: None, retry_after_secs: None }, id)
}

/// A whole answer as bytes, for a connection whose bytes never became a request.
pub(crate) fn bare_answer(status: StatusCode, over_tls: bool) -> Vec<u8> {
    let id = RequestId::generate();
    let detail = Cow::Borrowed(sentence(status));
    let body =
        to_bytes(&Description { status, code: bare_code(status), detail, field: None, retry_after_secs: None }, &id);
    let mut headers = HeaderMap::new();
    dress(&mut headers, over_tls);
    let mut answer = format!("HTTP/1.1 {status}\r\nconnection: close\r\n").into_bytes();
    let length = body.len().to_string();
    let own =
        [("content-type", "application/problem+json"), ("content-length", &length), ("x-request-id", id.as_str())];
    let all =
        own.into_iter().chain(headers.iter().filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?))));
    for (name, value) in all {
        answer.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
    }
    answer.extend_from_slice(b"\r\n");
    answer.extend_from_slice(&body);
    answer
}

fn is_finished(response: &Response) -> bool {
    let kind = response.headers().get(header::CONTENT_TYPE).map(HeaderValue::as_bytes);
    kind.is_some_and(|kind| kind.starts_with(b"application/problem+json") || kind.starts_with(b"text/html"))
}

fn log_cause(error: &Error, id: &RequestId) {
    match error {
        Error::Internal(cause) => {
            tracing::error!(request_id = %id, error = %format_args!("{cause:#}"), "a request failed")
        }
        Error::Database(cause) => tracing::error!(request_id = %id, error = %cause, "the database failed a request"),
        _ => {}
    }
}

fn write(mut response: Response, described: &Description<'_>, id: &RequestId) -> Response {
    *response.status_mut() = described.status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    headers.remove(header::CONTENT_LENGTH);
    headers.remove(header::ETAG);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(seconds) = described.retry_after_secs {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds.max(1)));
    }
    if described.status == StatusCode::UNAUTHORIZED {
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    *response.body_mut() = Body::from(to_bytes(described, id));
    response
}

fn to_bytes(described: &Description<'_>, id: &RequestId) -> Vec<u8> {
    let problem = Problem {
        kind: format!("urn:pulsepoint:problem:{}", described.code),
        title: described.status.canonical_reason().unwrap_or("Error").to_owned(),
        status: described.status.as_u16(),
        detail: described.detail.clone().into_owned(),
        code: described.code.to_owned(),
        request_id: id.to_string(),
        field: described.field.map(str::to_owned),
    };
    // Plain strings and a number always serialise.
    serde_json::to_vec(&problem).unwrap_or_default()
}

fn bare_code(status: StatusCode) -> &'static str {
    match status {
        StatusCode::UNAUTHORIZED => "sign_in_required",
        StatusCode::FORBIDDEN => "forbidden",
        StatusCode::NOT_FOUND => "not_found",
        StatusCode::METHOD_NOT_ALLOWED => "method_not_allowed",
        StatusCode::NOT_ACCEPTABLE => "not_acceptable",
        StatusCode::REQUEST_TIMEOUT => "timeout",
        StatusCode::PAYLOAD_TOO_LARGE => "too_large",
        StatusCode::URI_TOO_LONG => "uri_too_long",
        StatusCode::UNSUPPORTED_MEDIA_TYPE => "unsupported_media_type",
        StatusCode::UNPROCESSABLE_ENTITY => "invalid_input",
        StatusCode::TOO_MANY_REQUESTS => "too_many_requests",
        StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE => "headers_too_large",
        status if status.is_server_error() => "internal",
        _ => "bad_request",
    }
}

fn sentence(status: StatusCode) -> &'static str {
    match status {
        StatusCode::UNAUTHORIZED => "Sign in to continue.",
        StatusCode::NOT_FOUND => "There is nothing here, or it is not yours.",
        StatusCode::METHOD_NOT_ALLOWED => {
            "This address does not take that method; the Allow header names those it takes."
        }
        StatusCode::REQUEST_TIMEOUT => "The request took too long.",
        StatusCode::PAYLOAD_TOO_LARGE => "The request is larger than accepted here.",
        StatusCode::URI_TOO_LONG => "The address is longer than accepted here.",
        StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE => "The request's headers are larger than accepted here.",
        status if status.is_server_error() => "Something went wrong on our side. The request id names it in the log.",
        _ => "The request could not be understood.",
    }
}
