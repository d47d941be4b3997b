//! Invitations and links to a new password over HTTP: made and taken back by managers, opened and used by whoever holds one.

use axum::extract::State;
use axum::http::StatusCode;
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use super::super::member::Member;
use super::super::permission::Role;
use super::super::session::Auth;
use super::super::store::{BrandRow, brand_uids, brands_within};
use super::store::LinkRow;
use super::{LinkKind, Made, NewInvitation, store};
use crate::error::Result;
use crate::http::{Json, Path, Problem, Scope};

/// An open invitation.
#[derive(Serialize, utoipa::ToSchema)]
pub struct InvitationView {
    /// UUID.
    id: String,
    email: String,
    role: Role,
    /// Ids; null for all.
    brands: Option<Vec<String>>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
}

/// Open invitations, the newest first.
#[derive(Serialize, utoipa::ToSchema)]
pub struct Invitations {
    invitations: Vec<InvitationView>,
}

/// A link that was just made. It is shown this once and is good once.
#[derive(Serialize, utoipa::ToSchema)]
pub struct LinkMade {
    /// UUID.
    id: String,
    /// The address on this instance, from `/` on.
    link: String,
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
}

/// The body of `POST /api/users/invitations`.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct InvitationInput {
    email: String,
    role: Role,
    /// Ids or slugs of the brands they may know of; all where absent.
    brands: Option<Vec<String>>,
}

/// The body of `POST /api/auth/links`.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LinkToken {
    /// What stands behind the # of the link.
    #[schema(value_type = String)]
    token: SecretString,
}

/// What a link is good for.
#[derive(Serialize, utoipa::ToSchema)]
pub struct LinkView {
    kind: LinkKind,
    /// Whose sign-in.
    email: String,
    /// The name of the company.
    tenant: String,
    role: Role,
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
}

/// The body of `POST /api/auth/links/accept`.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LinkUse {
    /// What stands behind the # of the link.
    #[schema(value_type = String)]
    token: SecretString,
    /// Of the invited; a link to a new password needs none.
    name: Option<String>,
    /// 12 characters or more, none of the common ones.
    #[schema(value_type = String, format = Password)]
    password: SecretString,
}

/// Who may sign in now.
#[derive(Serialize, utoipa::ToSchema)]
pub struct LinkUsed {
    email: String,
}

impl From<Made> for LinkMade {
    fn from(made: Made) -> Self {
        Self { id: made.id, link: made.path.expose_secret().to_owned(), expires_at: made.expires_at }
    }
}

fn time(ms: i64) -> Timestamp {
    Timestamp::from_millisecond(ms).unwrap_or_default()
}

fn view(row: LinkRow, brands: &[BrandRow]) -> InvitationView {
    InvitationView {
        brands: brand_uids(brands, &row.reach),
        created_at: time(row.created_at_ms),
        expires_at: time(row.expires_at_ms),
        id: row.id,
        email: row.email,
        role: row.role,
    }
}

/// Open invitations.
#[utoipa::path(get, path = "/api/users/invitations", tag = "invitations", responses(
    (status = 200, body = Invitations), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub async fn list(State(auth): State<Auth>, member: Member) -> Result<Json<Invitations>> {
    let (now, reach) = (auth.clock().system_time(), member.reach);
    let read = member.tenant.db().read(move |conn| Ok((store::invitations(conn, now)?, brands_within(conn, &reach)?)));
    let (rows, brands) = read.await?;
    Ok(Json(Invitations { invitations: rows.into_iter().map(|row| view(row, &brands)).collect() }))
}

/// Invites somebody: the answer holds the link to hand over. An earlier invitation of the same e-mail is good no more.
#[utoipa::path(post, path = "/api/users/invitations", tag = "invitations", request_body = InvitationInput, responses(
    (status = 201, body = LinkMade), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub async fn invite(
    State(auth): State<Auth>,
    member: Member,
    Json(body): Json<InvitationInput>,
) -> Result<(StatusCode, Json<LinkMade>)> {
    let new = NewInvitation { email: body.email, role: body.role, brands: body.brands };
    let by = (member.author(), Some(member.power()));
    let made = super::invite(&member.tenant, new, by, auth.clock().system_time()).await?;
    Ok((StatusCode::CREATED, Json(made.into())))
}

/// Takes an open invitation back.
#[utoipa::path(delete, path = "/api/users/invitations/{id}", tag = "invitations", params(("id" = String, Path)), responses(
    (status = 204), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub async fn revoke(State(auth): State<Auth>, member: Member, Path(id): Path<String>) -> Result<StatusCode> {
    let by = (member.author(), Some(member.power()));
    super::revoke(&member.tenant, &id, by, auth.clock().system_time()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Makes a link by which a person sets a new password. The second factor stays.
#[utoipa::path(post, path = "/api/users/{id}/reset", tag = "links", params(("id" = String, Path)), responses(
    (status = 201, body = LinkMade), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub async fn reset(
    State(auth): State<Auth>,
    member: Member,
    Path(id): Path<String>,
) -> Result<(StatusCode, Json<LinkMade>)> {
    let by = (member.author(), Some(member.power()));
    let made = super::reset(&member.tenant, &id, by, auth.clock().system_time()).await?;
    Ok((StatusCode::CREATED, Json(made.into())))
}

/// What a link is good for. Whatever is wrong with one, the answer is 404.
#[utoipa::path(post, path = "/api/auth/links", tag = "links", security(()), request_body = LinkToken, responses(
    (status = 200, body = LinkView), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub async fn show(State(auth): State<Auth>, scope: Scope, Json(body): Json<LinkToken>) -> Result<Json<LinkView>> {
    let opened = super::open(&auth, body.token.expose_secret(), &scope).await?;
    let (tenant, row) = (opened.tenant.name().to_owned(), opened.row);
    let expires_at = time(row.expires_at_ms);
    Ok(Json(LinkView { kind: row.kind, email: row.email, tenant, role: row.role, expires_at }))
}

/// Uses a link up: the invited may sign in from now on, or the person has a new password.
#[utoipa::path(post, path = "/api/auth/links/accept", tag = "links", security(()), request_body = LinkUse, responses(
    (status = 200, body = LinkUsed), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub async fn accept(State(auth): State<Auth>, scope: Scope, Json(body): Json<LinkUse>) -> Result<Json<LinkUsed>> {
    let email = super::accept(&auth, &body.token, body.name.as_deref(), body.password, &scope).await?;
    Ok(Json(LinkUsed { email }))
}
