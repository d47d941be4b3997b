//! The outermost layer: id, span, panics, error mapping, headers, timing and counters wrap all the rest, so that a refusal by an
//! inner layer is answered, told and counted like everything else.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::{Body, HttpBody};
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use tokio::sync::Semaphore;
use tower_http::cors::{AllowOrigin, CorsLayer};
use tower_http::timeout::TimeoutBody;
use tracing::Instrument;

use super::bans::Bans;
use super::client_ip::{ClientIp, Encrypted, Peer, TrustedProxies};
use super::counters::Counters;
use super::headers::dress;
use super::problem::render;
use super::scope::{RequestId, Scope};
use super::settings::{Settings, secs};
use crate::error::{Error, Result};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");

/// Put by the accept loop on a request that must not be answered, with the reason.
#[derive(Clone, Copy)]
pub struct Unsound(pub &'static str);

/// What the outermost layer needs.
#[derive(Clone)]
pub struct Edge(Arc<Inner>);

struct Inner {
    proxies: TrustedProxies,
    body_idle: Duration,
    counters: Counters,
    bans: Bans,
    places: Semaphore,
}

impl Edge {
    /// An edge that counts into `counters` and refuses who is banned.
    pub fn new(settings: &Settings, counters: Counters, bans: Bans) -> Result<Self> {
        let proxies = TrustedProxies::parse(settings.trusted_proxies.iter().map(String::as_str)).map_err(|text| {
            Error::invalid("trusted_proxies", format!("\u{201c}{text}\u{201d} is neither an address nor a network."))
        })?;
        let (places, body_idle) = (Semaphore::new(settings.max_requests), secs(settings.body_idle_timeout_secs));
        Ok(Self(Arc::new(Inner { proxies, body_idle, counters, bans, places })))
    }

    fn scope(&self, request: &Request) -> Scope {
        let peer = request.extensions().get::<Peer>().map(|peer| peer.0.ip());
        let Some(peer) = peer else { return Scope::begin(RequestId::generate(), ClientIp::unknown()) };
        let proxies = &self.0.proxies;
        let ip = proxies.client(peer, request.headers());
        let sent = request.headers().get(REQUEST_ID).and_then(|id| id.to_str().ok());
        let id = sent.filter(|_| proxies.contains(peer)).and_then(RequestId::accept);
        let proto = request.headers().get("x-forwarded-proto").map(HeaderValue::as_bytes);
        // A trusted proxy knows better than we how the client reached it; whether it came to us by TLS is another matter.
        let told = proto.filter(|_| proxies.contains(peer));
        let secure = told.map_or(request.extensions().get::<Encrypted>().is_some(), |proto| proto == b"https");
        Scope::begin(id.unwrap_or_else(RequestId::generate), ip).over_tls(secure)
    }
}

/// The layer itself.
pub async fn edge(State(edge): State<Edge>, mut request: Request, next: Next) -> Response {
    let scope = edge.scope(&request);
    request.extensions_mut().insert(scope.clone());
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let route = route.as_ref().map(MatchedPath::as_str);
    let span = tracing::info_span!("request", id = %scope.id(), %method, path = request.uri().path());

    let unsound = request.extensions().get::<Unsound>().copied();
    let outcome = match (unsound, edge.0.places.try_acquire()) {
        (Some(Unsound(reason)), _) => Ok(refuse(reason)),
        (None, _) if let Some(wait) = edge.0.bans.left(scope.ip(), Instant::now()) => Ok(banned(wait)),
        (None, Ok(_place)) => {
            let answer = AssertUnwindSafe(next.run(bounded(request, edge.0.body_idle)));
            answer.catch_unwind().instrument(span.clone()).await
        }
        (None, Err(_)) => Ok(overloaded().into_response()),
    };
    let response = outcome.unwrap_or_else(|panic| {
        edge.0.counters.count_panic(route, &method);
        Error::Internal(anyhow::anyhow!("a handler panicked: {}", panic_text(&*panic))).into_response()
    });

    let _in_span = span.enter();
    let mut response = render(response, scope.id());
    let took = scope.elapsed();
    finish(response.headers_mut(), &scope, took);
    edge.0.counters.count(route, &method, response.status(), took);
    log(response.status(), took);
    response
}

/// The `Access-Control-*` answers for the origins that may read ours; `None` where there are none, the default.
pub fn cors(settings: &Settings) -> Option<CorsLayer> {
    let origins: Vec<HeaderValue> = settings.cors_origins.iter().filter_map(|o| o.parse().ok()).collect();
    let exposed = [header::ETAG, header::RETRY_AFTER, REQUEST_ID, SERVER_TIMING, HeaderName::from_static("ratelimit")];
    (!origins.is_empty()).then(|| {
        CorsLayer::new()
            .allow_origin(AllowOrigin::list(origins))
            .allow_methods(["GET", "POST", "PATCH", "DELETE"].map(|m| m.parse().unwrap_or_default()))
            .allow_headers([header::AUTHORIZATION, header::CONTENT_TYPE, header::IF_NONE_MATCH, header::CACHE_CONTROL])
            .expose_headers(exposed)
            .max_age(Duration::from_secs(600))
    })
}

/// A body that stands still for too long ends in an error.
fn bounded(request: Request, idle: Duration) -> Request {
    if request.body().is_end_stream() {
        return request;
    }
    request.map(|body| Body::new(TimeoutBody::new(idle, body)))
}

fn finish(headers: &mut HeaderMap, scope: &Scope, took: Duration) {
    dress(headers, scope.is_over_tls());
    if let Ok(id) = HeaderValue::try_from(scope.id().as_str()) {
        headers.insert(REQUEST_ID, id);
    }
    if let Ok(stages) = HeaderValue::try_from(scope.server_timing(took)) {
        headers.insert(SERVER_TIMING, stages);
    }
}

fn refuse(reason: &str) -> Response {
    let mut response = Error::invalid_code("bad_request", None, reason).into_response();
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}

/// Told when it ends, for behind the address may stand somebody who guessed nothing.
fn banned(wait: u64) -> Response {
    let mut response = Error::TooMany { retry_after_secs: wait }.into_response();
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}

fn overloaded() -> Error {
    Error::Unavailable {
        code: "overloaded",
        reason: "Too many requests are being worked on.".into(),
        retry_after_secs: 1,
    }
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message")
}

fn log(status: StatusCode, took: Duration) {
    let (status, took_ms) = (status.as_u16(), took.as_secs_f64() * 1000.0);
    match status {
        500.. => tracing::warn!(status, took_ms, "answered"),
        400.. => tracing::info!(status, took_ms, "answered"),
        _ => tracing::debug!(status, took_ms, "answered"),
    }
}

/// Gives up on an answer that takes too long: 408.
pub async fn within(limit: Duration, answer: impl Future<Output = Response>) -> Response {
    let from = Instant::now();
    match tokio::time::timeout(limit, answer).await {
        Ok(response) => response,
        Err(_) => {
            tracing::warn!(waited_ms = from.elapsed().as_millis() as u64, "gave up on a request");
            StatusCode::REQUEST_TIMEOUT.into_response()
        }
    }
}
