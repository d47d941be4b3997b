//! API keys over HTTP.

use std::collections::HashMap;

use axum::extract::State;
use axum::http::StatusCode;
use jiff::Timestamp;
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};

use super::super::member::Member;
use super::super::permission::Permission;
use super::super::session::Auth;
use super::super::store::{BrandRow, brand_uids, brands_within, list as people};
use super::store::KeyRow;
use super::{KeyToken, NewKey};
use crate::error::Result;
use crate::http::{Json, Path, Problem};

/// A key, without what makes it one.
#[derive(Serialize, utoipa::ToSchema)]
pub struct KeyView {
    /// Eight letters.
    id: String,
    name: String,
    /// What the key begins with.
    prefix: String,
    /// At most these; less as soon as its maker may less.
    permissions: Vec<Permission>,
    /// Ids; null for all brands of its maker.
    brands: Option<Vec<String>>,
    /// The name of its maker, with whom it falls.
    made_by: String,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
    /// Whether its time is over.
    expired: bool,
    /// To a minute; null for a key that was never used.
    #[schema(value_type = Option<String>, format = DateTime)]
    last_used_at: Option<Timestamp>,
}

/// Every key of the tenant, the newest first.
#[derive(Serialize, utoipa::ToSchema)]
pub struct Keys {
    keys: Vec<KeyView>,
}

/// A key that was just made.
#[derive(Serialize, utoipa::ToSchema)]
pub struct MadeKey {
    #[serde(flatten)]
    view: KeyView,
    /// The key itself, to be sent as `Authorization: Bearer`. It is shown this once.
    key: String,
}

/// The body of `POST /api/keys`.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct KeyInput {
    /// What it is for.
    name: String,
    /// At most what its maker may.
    permissions: Vec<Permission>,
    /// Ids or slugs; all brands of its maker where absent.
    brands: Option<Vec<String>>,
    /// 1 to 365; 90 where absent.
    expires_in_days: Option<u16>,
}

fn view(row: KeyRow, maker: Option<&String>, brands: &[BrandRow], now: Timestamp) -> KeyView {
    let time = |ms| Timestamp::from_millisecond(ms).unwrap_or_default();
    KeyView {
        prefix: KeyToken::prefix(&row.id),
        permissions: row.permissions.iter().collect(),
        brands: brand_uids(brands, &row.reach),
        made_by: maker.cloned().unwrap_or_default(),
        created_at: time(row.created_at_ms),
        expires_at: time(row.expires_at_ms),
        expired: row.expires_at_ms <= now.as_millisecond(),
        last_used_at: row.last_used_ms.map(time),
        id: row.id,
        name: row.name,
    }
}

/// Every key.
#[utoipa::path(get, path = "/api/keys", tag = "keys", responses(
    (status = 200, body = Keys), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub async fn list(State(auth): State<Auth>, member: Member) -> Result<Json<Keys>> {
    let now = auth.clock().system_time();
    let reach = member.reach;
    let read = member
        .tenant
        .db()
        .read(move |conn| Ok((super::store::list(conn)?, people(conn)?, brands_within(conn, &reach)?)));
    let (rows, people, brands) = read.await?;
    let names: HashMap<String, String> = people.into_iter().map(|row| (row.user.id, row.user.name)).collect();
    let keys = rows.into_iter().map(|row| {
        let maker = names.get(&row.maker);
        view(row, maker, &brands, now)
    });
    Ok(Json(Keys { keys: keys.collect() }))
}

/// Makes a key. The answer alone holds it.
#[utoipa::path(post, path = "/api/keys", tag = "keys", request_body = KeyInput, responses(
    (status = 201, body = MadeKey), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub async fn create(
    State(auth): State<Auth>,
    member: Member,
    Json(body): Json<KeyInput>,
) -> Result<(StatusCode, Json<MadeKey>)> {
    let now = auth.clock().system_time();
    let permissions = body.permissions.into_iter().collect();
    let new = NewKey { name: body.name, permissions, brands: body.brands, days: body.expires_in_days };
    let (row, key) = super::create(&member, new, now).await?;
    let reach = member.reach;
    let brands = member.tenant.db().read(move |conn| brands_within(conn, &reach)).await?;
    let view = view(row, Some(&member.user.name), &brands, now);
    Ok((StatusCode::CREATED, Json(MadeKey { view, key: key.expose_secret().to_owned() })))
}

/// Revokes a key; it is refused from the next request on.
#[utoipa::path(delete, path = "/api/keys/{id}", tag = "keys", params(("id" = String, Path)), responses(
    (status = 204), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub async fn revoke(State(auth): State<Auth>, member: Member, Path(id): Path<String>) -> Result<StatusCode> {
    super::revoke(&member.tenant, &id, member.author(), auth.clock().system_time()).await?;
    Ok(StatusCode::NO_CONTENT)
}
