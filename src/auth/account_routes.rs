//! One's own account over HTTP: the password and the sessions.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use super::account::{self, Change};
use super::cookie::RefreshToken;
use super::login::SignedIn;
use super::member::Member;
use super::session::Auth;
use crate::error::Result;
use crate::http::{Json, Path, Problem, Scope};

/// The body of `POST /api/auth/password`.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasswordChange {
    /// The password that holds.
    #[schema(value_type = String, format = Password)]
    current: SecretString,
    /// 12 characters or more, none of the common ones.
    #[schema(value_type = String, format = Password)]
    new: SecretString,
}

/// A session.
#[derive(Serialize, utoipa::ToSchema)]
pub struct SessionView {
    /// UUID.
    id: String,
    /// Browser and system, in short; empty where the client did not say.
    device: String,
    /// The address last seen.
    ip: String,
    /// The sign-in.
    #[schema(value_type = String, format = DateTime)]
    first_seen_at: Timestamp,
    /// When it last fetched an access token, which a page does when it is opened.
    #[schema(value_type = String, format = DateTime)]
    last_seen_at: Timestamp,
    /// Whether it is the one that asks; known by its refresh cookie.
    current: bool,
}

/// One's sessions, the one seen last first.
#[derive(Serialize, utoipa::ToSchema)]
pub struct Sessions {
    sessions: Vec<SessionView>,
}

/// Changes one's own password. Every other session ends; the answer holds the new access token of this one.
#[utoipa::path(post, path = "/api/auth/password", tag = "account", request_body = PasswordChange, responses(
    (status = 200, body = SignedIn), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub async fn change_password(
    State(auth): State<Auth>,
    member: Member,
    scope: Scope,
    headers: HeaderMap,
    Json(body): Json<PasswordChange>,
) -> Result<Json<SignedIn>> {
    let change = Change { current: body.current, new: body.new };
    Ok(Json(account::change_password(&auth, &member, change, RefreshToken::read(&headers), &scope).await?))
}

/// One's sessions.
#[utoipa::path(get, path = "/api/auth/sessions", tag = "account", responses(
    (status = 200, body = Sessions), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub async fn sessions(State(auth): State<Auth>, member: Member, headers: HeaderMap) -> Result<Json<Sessions>> {
    let now = auth.clock().system_time();
    let rows = account::list_sessions(&member, RefreshToken::read(&headers), now).await?;
    let time = |ms| Timestamp::from_millisecond(ms).unwrap_or_default();
    let sessions = rows.into_iter().map(|(row, current)| SessionView {
        first_seen_at: time(row.first_seen_ms),
        last_seen_at: time(row.last_seen_ms),
        id: row.family,
        device: row.device,
        ip: row.ip,
        current,
    });
    Ok(Json(Sessions { sessions: sessions.collect() }))
}

/// Ends one of one's sessions. Access tokens of the others are renewed by their refresh cookies.
#[utoipa::path(delete, path = "/api/auth/sessions/{id}", tag = "account", params(("id" = String, Path)), responses(
    (status = 204), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub async fn end_session(State(auth): State<Auth>, member: Member, Path(id): Path<String>) -> Result<StatusCode> {
    account::end_session(&auth, &member, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Ends one's sessions but the one whose refresh cookie comes along.
#[utoipa::path(delete, path = "/api/auth/sessions", tag = "account", responses(
    (status = 204), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub async fn end_other_sessions(State(auth): State<Auth>, member: Member, headers: HeaderMap) -> Result<StatusCode> {
    account::end_other_sessions(&auth, &member, RefreshToken::read(&headers)).await?;
    Ok(StatusCode::NO_CONTENT)
}
