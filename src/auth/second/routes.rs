//! The second factor over HTTP: one's own, and what managers do for others.

use axum::extract::State;
use axum::http::StatusCode;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use super::super::member::Member;
use super::super::session::Auth;
use super::{Proof, store};
use crate::error::Result;
use crate::http::{Json, Path, Problem, Scope};

/// How it stands with one's second factor.
#[derive(Serialize, utoipa::ToSchema)]
pub struct SecondFactor {
    /// Whether a code is asked for at the sign-in.
    enrolled: bool,
    /// Whether it is asked of everybody.
    required: bool,
    /// Recovery codes that were not used yet.
    recovery_codes_left: i64,
}

/// A secret that waits for its first code. It is shown this once.
#[derive(Serialize, utoipa::ToSchema)]
pub struct Enrolment {
    /// Base32, to be typed into an app.
    secret: String,
    /// `otpauth://…`, for an app on the same device.
    uri: String,
    /// The same as a QR code: rows of dark (1) and light (0) modules, without a margin.
    qr: Vec<String>,
}

/// Recovery codes. They are shown this once; each is good once.
#[derive(Serialize, utoipa::ToSchema)]
pub struct RecoveryCodes {
    recovery_codes: Vec<String>,
}

/// The body of `POST /api/auth/totp`.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasswordOnly {
    #[schema(value_type = String, format = Password)]
    password: SecretString,
}

/// The body of `POST /api/auth/totp/confirm`.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CodeOnly {
    /// Six digits.
    #[schema(value_type = String)]
    code: SecretString,
}

/// What shows that it is the person.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProofInput {
    #[schema(value_type = String, format = Password)]
    password: SecretString,
    /// Six digits, or a recovery code.
    #[schema(value_type = String)]
    code: SecretString,
}

/// The body of `PUT /api/users/policy`.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// Whether a second factor is asked of everybody: whoever has none can do nothing but set one up.
    second_factor_required: bool,
}

impl From<Vec<SecretString>> for RecoveryCodes {
    fn from(codes: Vec<SecretString>) -> Self {
        Self { recovery_codes: codes.iter().map(|code| code.expose_secret().to_owned()).collect() }
    }
}

impl From<ProofInput> for Proof {
    fn from(body: ProofInput) -> Self {
        Self { password: body.password, code: body.code }
    }
}

/// How it stands with one's second factor.
#[utoipa::path(get, path = "/api/auth/totp", tag = "second_factor", responses(
    (status = 200, body = SecondFactor), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub async fn show(member: Member) -> Result<Json<SecondFactor>> {
    let id = member.user.id.clone();
    let read = member.tenant.db().read(move |conn| {
        let enrolled = store::find(conn, &id)?.is_some_and(|row| row.confirmed);
        let recovery_codes_left = store::recovery_left(conn, &id)?;
        Ok(SecondFactor { enrolled, required: store::required(conn)?, recovery_codes_left })
    });
    Ok(Json(read.await?))
}

/// Begins to set up a second factor. Nothing changes until a code of it is confirmed.
#[utoipa::path(post, path = "/api/auth/totp", tag = "second_factor", request_body = PasswordOnly, responses(
    (status = 200, body = Enrolment), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub async fn begin(
    State(auth): State<Auth>,
    member: Member,
    scope: Scope,
    Json(body): Json<PasswordOnly>,
) -> Result<Json<Enrolment>> {
    let begun = super::begin(&auth, &member, body.password, &scope).await?;
    let (secret, uri) = (begun.secret.expose_secret().to_owned(), begun.uri.expose_secret().to_owned());
    Ok(Json(Enrolment { secret, uri, qr: begun.qr }))
}

/// Puts the second factor in force, with a first code of it.
#[utoipa::path(post, path = "/api/auth/totp/confirm", tag = "second_factor", request_body = CodeOnly, responses(
    (status = 200, body = RecoveryCodes), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub async fn confirm(
    State(auth): State<Auth>,
    member: Member,
    scope: Scope,
    Json(body): Json<CodeOnly>,
) -> Result<Json<RecoveryCodes>> {
    Ok(Json(super::confirm(&auth, &member, body.code, &scope).await?.into()))
}

/// Makes new recovery codes; the old ones are good no more.
#[utoipa::path(post, path = "/api/auth/totp/recovery", tag = "second_factor", request_body = ProofInput, responses(
    (status = 200, body = RecoveryCodes), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub async fn renew(
    State(auth): State<Auth>,
    member: Member,
    scope: Scope,
    Json(body): Json<ProofInput>,
) -> Result<Json<RecoveryCodes>> {
    Ok(Json(super::renew(&auth, &member, body.into(), &scope).await?.into()))
}

/// Removes the second factor.
#[utoipa::path(post, path = "/api/auth/totp/remove", tag = "second_factor", request_body = ProofInput, responses(
    (status = 204), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub async fn remove(
    State(auth): State<Auth>,
    member: Member,
    scope: Scope,
    Json(body): Json<ProofInput>,
) -> Result<StatusCode> {
    super::remove(&auth, &member, body.into(), &scope).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Removes somebody else's second factor, when their phone and their recovery codes are gone.
#[utoipa::path(delete, path = "/api/users/{id}/totp", tag = "second_factor", params(("id" = String, Path)), responses(
    (status = 204), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub async fn reset(State(auth): State<Auth>, member: Member, Path(id): Path<String>) -> Result<StatusCode> {
    let by = (member.author(), Some(member.power()));
    super::reset(&member.tenant, &id, by, auth.clock().system_time()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Asks a second factor of everybody, or no more. Owners only, in person.
#[utoipa::path(put, path = "/api/users/policy", tag = "second_factor", request_body = Policy, responses(
    (status = 204), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub async fn require(State(auth): State<Auth>, member: Member, Json(body): Json<Policy>) -> Result<StatusCode> {
    super::require(&member, body.second_factor_required, auth.clock().system_time()).await?;
    Ok(StatusCode::NO_CONTENT)
}
