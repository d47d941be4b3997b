//! The headers of every answer there is, and those of pages.

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};

/// The policy of every page: nothing but our own files, no inline style or script, no frames.
pub const PAGE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; \
     font-src 'self'; connect-src 'self'; manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'self'; \
     frame-ancestors 'none'";

/// The policy of everything that is not a page.
const DATA_POLICY: &str = "default-src 'none'; frame-ancestors 'none'";

/// Only where the client's side is encrypted, by us or by a trusted proxy: RFC 6797 (7.2) forbids it on plain HTTP, where anybody
/// on the way could have written it.
static STRICT_TRANSPORT: HeaderValue = HeaderValue::from_static("max-age=31536000; includeSubDomains");

/// Who may use an answer as a part of a page: ourselves, unless a handler says `cross-origin`.
pub const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// On every answer.
static EVERYWHERE: [(HeaderName, HeaderValue); 7] = [
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (header::X_XSS_PROTECTION, HeaderValue::from_static("1")),
    (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
    (RESOURCE_POLICY, HeaderValue::from_static("same-origin")),
    (HeaderName::from_static("permissions-policy"), HeaderValue::from_static(PERMISSIONS)),
];

const PERMISSIONS: &str = "accelerometer=(), autoplay=(), camera=(), display-capture=(), encrypted-media=(), fullscreen=(), \
     geolocation=(), gyroscope=(), magnetometer=(), microphone=(), midi=(), payment=(), publickey-credentials-create=(self), \
     publickey-credentials-get=(self), usb=(), xr-spatial-tracking=()";

/// Puts the headers on that every answer has; a handler's own `Cache-Control` and policy stay.
pub(super) fn dress(headers: &mut HeaderMap, over_tls: bool) {
    if over_tls {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, STRICT_TRANSPORT.clone());
    }
    headers.reserve(EVERYWHERE.len() + 8);
    let is_for_others = headers.get(RESOURCE_POLICY).is_some_and(|policy| policy == "cross-origin");
    for (name, value) in &EVERYWHERE {
        headers.insert(name, value.clone());
    }
    if is_for_others {
        headers.insert(RESOURCE_POLICY, HeaderValue::from_static("cross-origin"));
    }
    let is_page = headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    let policy = if is_page { PAGE_POLICY } else { DATA_POLICY };
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static(policy));
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
}
