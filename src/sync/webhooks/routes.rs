//! Webhooks over HTTP: answered at once, whatever follows.

use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::{HeaderMap, StatusCode};

use super::super::Sync;
use super::Delivery;
use crate::error::{Error, Result};
use crate::http::{Path, Problem};

/// Takes a webhook of a shop. The path, not a header, says whose; it must be signed with the secret of that integration.
#[utoipa::path(post, path = "/api/webhooks/shopify/{integration}", tag = "integrations", security(()),
    params(("integration" = String, Path)), request_body(content = String, content_type = "application/json"), responses(
    (status = 200), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub async fn shopify(
    State(sync): State<Sync>,
    Path(integration): Path<String>,
    headers: HeaderMap,
    body: std::result::Result<Bytes, BytesRejection>,
) -> Result<StatusCode> {
    let body = body.map_err(unread)?;
    let delivery = Delivery {
        id: header(&headers, "webhook-id"),
        topic: header(&headers, "topic"),
        signature: header(&headers, "hmac-sha256"),
        body: &body,
    };
    sync.take_webhook(&integration, delivery).await?;
    Ok(StatusCode::OK)
}

/// A header with Shopify's prefix, of which there are two. Two of one name are none.
fn header<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    let of = |prefix: &str| {
        let mut all = headers.get_all(format!("{prefix}{name}")).iter();
        match (all.next(), all.next()) {
            (Some(one), None) => one.to_str().ok(),
            _ => None,
        }
    };
    of("x-shopify-").or_else(|| of("shopify-")).unwrap_or_default()
}

fn unread(rejection: BytesRejection) -> Error {
    if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
        return Error::TooLarge { reason: "The body is larger than accepted here.".into() };
    }
    Error::invalid_code("bad_request", None, "The body could not be read to its end.")
}
