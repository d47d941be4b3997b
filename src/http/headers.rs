//! The headers of every answer there is, and those of pages.

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};

/// The policy of every page: nothing but our own files, no inline style or script, no frames.
pub const PAGE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; \
     font-src 'self'; connect-src 'self'; manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'self'; \
     frame-ancestors 'none'";

/// The policy of everything that is not a page.
const DATA_POLICY: &str = "default-src 'none'; frame-ancestors 'none'";

/// On every answer: the document's four first. HSTS goes out on plain HTTP too, where browsers disregard it, so that a proxy
/// that ends TLS in front needs no rule of its own.
static EVERYWHERE: [(HeaderName, HeaderValue); 8] = [
    (header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000; includeSubDomains")),
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (header::X_XSS_PROTECTION, HeaderValue::from_static("1")),
    (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
    (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
    (HeaderName::from_static("permissions-policy"), HeaderValue::from_static(PERMISSIONS)),
];

const PERMISSIONS: &str = "accelerometer=(), autoplay=(), camera=(), display-capture=(), encrypted-media=(), fullscreen=(), \
     geolocation=(), gyroscope=(), magnetometer=(), microphone=(), midi=(), payment=(), publickey-credentials-get=(), \
     usb=(), xr-spatial-tracking=()";

/// Puts the headers on that every answer has; a handler's own `Cache-Control` and policy stay.
pub(super) fn dress(headers: &mut HeaderMap) {
    headers.reserve(EVERYWHERE.len() + 8);
    for (name, value) in &EVERYWHERE {
        headers.insert(name, value.clone());
    }
    let is_page = headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    let policy = if is_page { PAGE_POLICY } else { DATA_POLICY };
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static(policy));
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
}
