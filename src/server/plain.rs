//! What whoever comes without TLS gets while there is TLS: pages lead to the encrypted address, everything else is refused. A
//! program that was redirected would send its token in clear every time and nobody would notice.

use axum::Router;
use axum::extract::{Request, State};
use axum::http::uri::Authority;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};

use crate::app::App;
use crate::error::{Error, Result};
use crate::http::{Edge, edge};
use crate::routes;

/// Answers everything; `port` is where TLS is spoken.
pub(super) fn router(app: &App, port: u16) -> Result<Router> {
    let edge_state = Edge::new(&app.http, app.counters.clone(), app.auth.bans().clone())?;
    Ok(Router::new().fallback(answer).with_state(port).layer(from_fn_with_state(edge_state, edge)))
}

async fn answer(State(port): State<u16>, request: Request) -> Response {
    match routes::asks_for_page(&request).then(|| encrypted(&request, port)).flatten() {
        Some(address) => (StatusCode::PERMANENT_REDIRECT, [(header::LOCATION, address)]).into_response(),
        None => Error::invalid_code(
            "https_required",
            None,
            "This address is answered over HTTPS alone. What was sent came in clear: a password or a key in it should be changed.",
        )
        .into_response(),
    }
}

/// The same address, encrypted. Only of a host that is one: what else a request may call itself leads nowhere.
fn encrypted(request: &Request, port: u16) -> Option<HeaderValue> {
    let named = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    let host: Authority = named.or_else(|| request.uri().authority().map(Authority::as_str))?.parse().ok()?;
    if host.as_str().contains('@') || host.host().is_empty() {
        return None;
    }
    let port = if port == 443 { String::new() } else { format!(":{port}") };
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
    HeaderValue::try_from(format!("https://{}{port}{path}", host.host())).ok()
}
