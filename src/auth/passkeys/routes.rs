//! Passkeys over HTTP: one's own, signing in with one, and what managers do for others.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use jiff::Timestamp;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use webauthn_rs::prelude::{PublicKeyCredential, RegisterPublicKeyCredential};

use super::super::cookie::RefreshToken;
use super::super::login::SignedIn;
use super::super::member::Member;
use super::super::routes::{device, with_cookie};
use super::super::session::Auth;
use super::store::{self, PasskeyRow};
use super::{Asked, log_in};
use crate::error::{Error, Result};
use crate::http::{Json, Path, Problem, Scope};

/// A passkey.
#[derive(Serialize, utoipa::ToSchema)]
pub struct PasskeyView {
    /// UUID.
    id: String,
    /// As the person named it.
    name: String,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// Null if never.
    #[schema(value_type = Option<String>, format = DateTime)]
    last_used_at: Option<Timestamp>,
}

/// One's passkeys, the oldest first.
#[derive(Serialize, utoipa::ToSchema)]
pub struct PasskeyList {
    /// Whether passkeys can be made here: `public_url` is set, and is https or localhost.
    enabled: bool,
    /// The host that they are made for: browsers have them on its pages alone. Null where there are none.
    host: Option<String>,
    passkeys: Vec<PasskeyView>,
}

/// Whether one can sign in with a passkey.
#[derive(Serialize, utoipa::ToSchema)]
pub struct PasskeyLogin {
    enabled: bool,
    /// The host that they are made for; null where there are none.
    host: Option<String>,
}

/// What a browser is asked for.
#[derive(Serialize, utoipa::ToSchema)]
pub struct PasskeyOptions {
    /// To be sent back with the answer; good once, for five minutes.
    ceremony: String,
    /// What `parseCreationOptionsFromJSON` or `parseRequestOptionsFromJSON` of `PublicKeyCredential` take.
    #[schema(value_type = std::collections::HashMap<String, Value>)]
    options: Value,
}

/// What shows that it is the person: the password, or, without one, a session of the last ten minutes.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PersonProof {
    #[serde(default)]
    #[schema(value_type = Option<String>, format = Password)]
    password: Option<SecretString>,
}

/// The body of `POST /api/auth/passkeys/confirm`.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasskeyMade {
    ceremony: String,
    /// For the person: 1 to 100 characters.
    name: String,
    /// What the browser gave, as its `toJSON` writes it.
    #[schema(value_type = std::collections::HashMap<String, Value>)]
    credential: Value,
}

/// The body of `POST /api/auth/passkeys/login/confirm`.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasskeyShown {
    ceremony: String,
    /// What the browser gave, as its `toJSON` writes it.
    #[schema(value_type = std::collections::HashMap<String, Value>)]
    credential: Value,
}

impl From<PasskeyRow> for PasskeyView {
    fn from(row: PasskeyRow) -> Self {
        let time = |ms| Timestamp::from_millisecond(ms).unwrap_or_default();
        Self {
            id: row.id,
            name: row.name,
            created_at: time(row.created_at_ms),
            last_used_at: row.last_used_ms.map(time),
        }
    }
}

/// One's passkeys.
#[utoipa::path(get, path = "/api/auth/passkeys", tag = "passkeys", responses(
    (status = 200, body = PasskeyList), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub async fn list(State(auth): State<Auth>, member: Member) -> Result<Json<PasskeyList>> {
    let id = member.user.id.clone();
    let rows = member.tenant.db().read(move |conn| store::list(conn, &id)).await?;
    let passkeys = rows.into_iter().map(PasskeyView::from).collect();
    let host = host(&auth);
    Ok(Json(PasskeyList { enabled: host.is_some(), host, passkeys }))
}

/// Begins to make a passkey: what to hand to `navigator.credentials.create`. 404 where there are none.
#[utoipa::path(post, path = "/api/auth/passkeys", tag = "passkeys", request_body = PersonProof, responses(
    (status = 200, body = PasskeyOptions), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub async fn begin(
    State(auth): State<Auth>,
    member: Member,
    scope: Scope,
    headers: HeaderMap,
    Json(body): Json<PersonProof>,
) -> Result<Json<PasskeyOptions>> {
    let asked = super::begin(&auth, &member, (body.password, RefreshToken::read(&headers)), &scope).await?;
    options(asked.ceremony, &asked.options.public_key)
}

/// Ends it with what the browser gave.
#[utoipa::path(post, path = "/api/auth/passkeys/confirm", tag = "passkeys", request_body = PasskeyMade, responses(
    (status = 201, body = PasskeyView), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub async fn confirm(
    State(auth): State<Auth>,
    member: Member,
    Json(body): Json<PasskeyMade>,
) -> Result<(StatusCode, Json<PasskeyView>)> {
    auth.passkeys()?;
    let given: RegisterPublicKeyCredential = credential(body.credential)?;
    let row = super::confirm(&auth, &member, (&body.ceremony, &body.name), &given).await?;
    Ok((StatusCode::CREATED, Json(row.into())))
}

/// Removes one of one's passkeys.
#[utoipa::path(post, path = "/api/auth/passkeys/{id}/remove", tag = "passkeys", params(("id" = String, Path)),
    request_body = PersonProof, responses(
    (status = 204), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub async fn remove(
    State(auth): State<Auth>,
    member: Member,
    scope: Scope,
    headers: HeaderMap,
    Path(id): Path<String>,
    Json(body): Json<PersonProof>,
) -> Result<StatusCode> {
    super::remove(&auth, &member, (id, (body.password, RefreshToken::read(&headers))), &scope).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Whether one can sign in with a passkey.
#[utoipa::path(get, path = "/api/auth/passkeys/login", tag = "passkeys", security(()), responses(
    (status = 200, body = PasskeyLogin)))]
pub async fn can_log_in(State(auth): State<Auth>) -> Json<PasskeyLogin> {
    let host = host(&auth);
    Json(PasskeyLogin { enabled: host.is_some(), host })
}

/// Begins a sign-in with a passkey: what to hand to `navigator.credentials.get`. 404 where there are none.
#[utoipa::path(post, path = "/api/auth/passkeys/login", tag = "passkeys", security(()), responses(
    (status = 200, body = PasskeyOptions), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub async fn ask(State(auth): State<Auth>) -> Result<Json<PasskeyOptions>> {
    let Asked { ceremony, options: asked } = auth.passkeys()?.ask_for_one()?;
    options(ceremony, &asked.public_key)
}

/// Signs in with what the browser gave. The device has verified the person, so no code is asked for.
#[utoipa::path(post, path = "/api/auth/passkeys/login/confirm", tag = "passkeys", security(()), request_body = PasskeyShown, responses(
    (status = 200, body = SignedIn), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub async fn sign_in(
    State(auth): State<Auth>,
    scope: Scope,
    headers: HeaderMap,
    Json(body): Json<PasskeyShown>,
) -> Result<Response> {
    auth.passkeys()?;
    let given: PublicKeyCredential = credential(body.credential)?;
    let (answer, token) = log_in(&auth, (&body.ceremony, &given), device(&headers), &scope).await?;
    with_cookie(StatusCode::OK, answer, &token, &scope)
}

/// Removes all passkeys of somebody, as when a device was lost.
#[utoipa::path(delete, path = "/api/users/{id}/passkeys", tag = "passkeys", params(("id" = String, Path)), responses(
    (status = 204), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub async fn reset(State(auth): State<Auth>, member: Member, Path(id): Path<String>) -> Result<StatusCode> {
    let by = (member.author(), member.power());
    super::reset(&member.tenant, &id, by, auth.clock().system_time()).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn host(auth: &Auth) -> Option<String> {
    auth.passkeys().ok().map(|passkeys| passkeys.0.host.clone())
}

fn options(ceremony: String, options: &impl Serialize) -> Result<Json<PasskeyOptions>> {
    let options = serde_json::to_value(options).map_err(|error| Error::Internal(error.into()))?;
    Ok(Json(PasskeyOptions { ceremony, options }))
}

/// What a browser gave. What it is not, the library does not tell in words for people.
fn credential<T: serde::de::DeserializeOwned>(given: Value) -> Result<T> {
    serde_json::from_value(given).map_err(|_| Error::invalid("credential", "This is not what a browser gives."))
}
