//! Signing in on the platform's own page, over HTTP: the way there, and the way back.

use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use url::Url;

use super::super::Sync;
use super::super::manage::Who;
use super::{Back, PATIENCE};
use crate::auth::Member;
use crate::connectors::Source;
use crate::error::{Error, Result};
use crate::http::{self, Json, Path, Problem, Query, Scope};

/// Whom to sign in.
#[derive(Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct StartParams {
    /// The integration's id. It has the app's client id and secret.
    #[param(required)]
    integration: Option<String>,
}

/// Where to go on.
#[derive(Serialize, utoipa::ToSchema)]
pub struct Start {
    /// At the platform.
    location: String,
}

/// Says where a person allows access to an integration's shop. The browser that asks is the one that must come back.
#[utoipa::path(get, path = "/api/oauth/{source}/start", tag = "integrations", params(("source" = String, Path), StartParams), responses(
    (status = 200, body = Start), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub async fn start(
    member: Member,
    State(sync): State<Sync>,
    State(settings): State<http::Settings>,
    scope: Scope,
    Path(source): Path<String>,
    Query(params): Query<StartParams>,
) -> Result<Response> {
    let who = Who { reach: member.reach.clone(), by: member.author() };
    if Source::parse(&source) != Some(Source::Shopify) {
        return Err(Error::NotFound);
    }
    let integration = params.integration.ok_or_else(|| Error::invalid("integration", "Say which integration."))?;
    let back = back_address(&settings)?;
    let sent = sync.begin_sign_in(&member.tenant, &integration, &back, who).await?;
    let mut response = Json(Start { location: sent.to.into() }).into_response();
    response.headers_mut().append(header::SET_COOKIE, set_cookie(Some(&sent.cookie), scope.is_over_tls())?);
    Ok(response)
}

/// Where the platform sends a browser back to. Always on to the page, which learns by the word behind `#connect=` how it ended: `done`,
/// `expired`, `refused`, `down`.
#[utoipa::path(get, path = "/api/oauth/{source}/callback", tag = "integrations", security(()), params(("source" = String, Path)), responses(
    (status = 303), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub async fn callback(
    State(sync): State<Sync>,
    scope: Scope,
    headers: HeaderMap,
    Path(source): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response> {
    if Source::parse(&source) != Some(Source::Shopify) {
        return Err(Error::NotFound);
    }
    let query = query.unwrap_or_default();
    let (word, brand) = match sync.end_sign_in(Back { query: &query, cookie: cookie(&headers) }).await {
        Ok(brand) => ("done", brand),
        Err(Error::SignInRequired { code: "sign_in_expired", .. }) => ("expired", String::new()),
        Err(Error::Unavailable { .. }) => ("down", String::new()),
        Err(error) => {
            tracing::warn!(%error, "a sign-in on the platform's page came to nothing");
            ("refused", String::new())
        }
    };
    let to =
        if brand.is_empty() { format!("/#connect={word}") } else { format!("/b/{brand}/integrations#connect={word}") };
    let mut response = StatusCode::SEE_OTHER.into_response();
    let to = HeaderValue::try_from(to).map_err(|error| Error::Internal(error.into()))?;
    response.headers_mut().insert(header::LOCATION, to);
    response.headers_mut().append(header::SET_COOKIE, set_cookie(None, scope.is_over_tls())?);
    Ok(response)
}

/// The address that the platform sends browsers back to.
fn back_address(settings: &http::Settings) -> Result<Url> {
    let missing = || Error::conflict("no_public_url", "Set public_url first: the platform sends people back there.");
    let public = settings.public_url.get().ok_or_else(missing)?;
    Ok(public.join("/api/oauth/shopify/callback").map_err(anyhow::Error::from)?)
}

/// Over TLS the name says that no other host and no plain page wrote it.
fn name(over_tls: bool) -> &'static str {
    if over_tls { "__Host-pp_connect" } else { "pp_connect" }
}

/// One alone: two of the name are none.
fn cookie(headers: &HeaderMap) -> Option<&str> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    let pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let mut ours = pairs.filter(|(given, _)| *given == name(true) || *given == name(false)).map(|(_, value)| value);
    match (ours.next(), ours.next()) {
        (Some(value), None) => Some(value),
        _ => None,
    }
}

fn set_cookie(value: Option<&str>, over_tls: bool) -> Result<HeaderValue> {
    let (name, secure) = (name(over_tls), if over_tls { "; Secure" } else { "" });
    let age = value.map_or(0, |_| PATIENCE.as_secs());
    let value = value.unwrap_or_default();
    let text = format!("{name}={value}; Path=/; Max-Age={age}; HttpOnly; SameSite=Lax{secure}");
    let mut header = HeaderValue::try_from(text).map_err(|error| Error::Internal(error.into()))?;
    header.set_sensitive(true);
    Ok(header)
}
