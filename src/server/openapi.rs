//! The OpenAPI 3.1 document, generated from the handlers that the table of routes names.

use std::sync::OnceLock;

use axum::http::header;
use axum::response::{IntoResponse, Response};
use utoipa::OpenApi;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme};

use crate::routes::Described;

/// The document as the code has it.
pub fn generate() -> utoipa::openapi::OpenApi {
    let mut document = Described::openapi();
    document.info.title = "Pulsepoint".to_owned();
    document.info.description = Some("A brand's own commerce analytics. Decimals are strings, times RFC 3339, days YYYY-MM-DD.".to_owned());
    document.info.license = None;
    document.info.contact = None;
    document.security = Some(vec![SecurityRequirement::new("bearer", Vec::<String>::new())]);
    let bearer = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
    document.components.get_or_insert_default().add_security_scheme("bearer", bearer);
    document
}

/// This document.
#[utoipa::path(get, path = "/api/openapi.json", tag = "operation", security(()), responses((status = 200, body = serde_json::Value)))]
pub async fn document() -> Response {
    static TEXT: OnceLock<String> = OnceLock::new();
    // The document is made of strings and numbers, which always serialise; the test of it would tell otherwise.
    let text = TEXT.get_or_init(|| generate().to_json().unwrap_or_default());
    ([(header::CONTENT_TYPE, "application/json")], text.as_str()).into_response()
}
