//! Brands over HTTP.

use axum::extract::State;
use axum::http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Brand, BrandChange, NewBrand, create as insert, freshest, get, list as all, update as change};
use crate::auth::{Member, Reach};
use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::http::{Json, Path, Problem, Timings};

/// A brand as its people see it.
#[derive(Serialize, utoipa::ToSchema)]
pub struct BrandView {
    /// UUID; addresses take it or the slug.
    id: String,
    /// The name in addresses and commands.
    slug: String,
    name: String,
    /// ISO 4217.
    currency: String,
    /// IANA.
    timezone: String,
    /// 1 is Monday, 7 Sunday.
    week_start: u8,
    /// Whether it holds demo data.
    demo: bool,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// Whether anything has landed yet.
    has_data: bool,
}

/// All brands of the tenant, by name.
#[derive(Serialize, utoipa::ToSchema)]
pub struct Brands {
    brands: Vec<BrandView>,
}

/// The body of `POST /api/brands`.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BrandInput {
    name: String,
    /// Made of the name where it is absent.
    slug: Option<String>,
    /// ISO 4217, like `USD`.
    currency: String,
    /// IANA, like `America/New_York`.
    timezone: String,
    /// 1 is Monday (the default), 7 Sunday.
    week_start: Option<u8>,
}

/// The body of `PATCH /api/brands/{brand}`: what is absent stays. Another currency or time zone rebuilds the figures.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BrandPatch {
    name: Option<String>,
    slug: Option<String>,
    currency: Option<String>,
    timezone: Option<String>,
    week_start: Option<u8>,
}

fn view(brand: &Brand, has_data: bool) -> BrandView {
    BrandView {
        id: brand.uid.clone(),
        slug: brand.slug.clone(),
        name: brand.name.clone(),
        currency: brand.currency.to_string(),
        timezone: brand.timezone_name.clone(),
        week_start: brand.week_start,
        demo: brand.demo,
        created_at: brand.created_at,
        has_data,
    }
}

/// All brands.
#[utoipa::path(get, path = "/api/brands", tag = "brands", responses(
    (status = 200, body = Brands), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub async fn list(member: Member, timings: Timings) -> Result<Json<Brands>> {
    let reach = member.reach;
    let read = member.tenant.db().read(move |conn| {
        let brands = all(conn)?;
        let brands = brands.iter().filter(|brand| reach.holds(brand.id));
        brands.map(|brand| Ok(view(brand, freshest(conn, brand.id)?.is_some()))).collect::<Result<_>>()
    });
    Ok(Json(Brands { brands: timings.time("sqlite", read).await? }))
}

/// One brand.
#[utoipa::path(get, path = "/api/brands/{brand}", tag = "brands", params(("brand" = String, Path, description = "Id or slug")),
    responses((status = 200, body = BrandView), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub async fn show(member: Member, timings: Timings, Path(key): Path<String>) -> Result<Json<BrandView>> {
    let reach = member.reach;
    let read = member.tenant.db().read(move |conn| {
        let brand = get(conn, &reach, &key)?;
        Ok(view(&brand, freshest(conn, brand.id)?.is_some()))
    });
    Ok(Json(timings.time("sqlite", read).await?))
}

/// Adds a brand.
#[utoipa::path(post, path = "/api/brands", tag = "brands", request_body = BrandInput, responses(
    (status = 201, body = BrandView), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub async fn create(
    member: Member,
    State(clock): State<Clock>,
    Json(body): Json<BrandInput>,
) -> Result<(StatusCode, Json<BrandView>)> {
    if member.reach != Reach::All {
        // It would be beyond the reach of who made it.
        return Err(Error::Forbidden { permission: "all brands" });
    }
    let new = NewBrand::parse(&body.name, body.slug.as_deref(), &body.currency, &body.timezone, body.week_start)?;
    let (by, now) = (member.author(), clock.system_time());
    let write = member.tenant.db().write(move |tx| {
        let brand = insert(tx, &new, now)?;
        let data = json!({ "slug": brand.slug, "currency": brand.currency.code(), "timezone": brand.timezone_name });
        by.tell(tx, now, "brand.created", &format!("brand:{}", brand.uid), data)?;
        Ok(brand)
    });
    Ok((StatusCode::CREATED, Json(view(&write.await?, false))))
}

/// Changes a brand. Another currency or time zone rebuilds its figures.
#[utoipa::path(patch, path = "/api/brands/{brand}", tag = "brands", params(("brand" = String, Path, description = "Id or slug")),
    request_body = BrandPatch,
    responses((status = 200, body = BrandView), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub async fn update(
    member: Member,
    State(clock): State<Clock>,
    Path(key): Path<String>,
    Json(body): Json<BrandPatch>,
) -> Result<Json<BrandView>> {
    let (by, now, reach) = (member.author(), clock.system_time(), member.reach.clone());
    let asked = BrandChange {
        name: body.name,
        slug: body.slug,
        currency: body.currency,
        timezone: body.timezone,
        week_start: body.week_start,
    };
    let (brand, has_data, seq) = member
        .tenant
        .db()
        .write(move |tx| {
            let old = get(tx, &reach, &key)?;
            let (new, seq) = change(tx, &old, &asked, now)?;
            let data = json!({ "slug": new.slug, "currency": new.currency.code(), "timezone": new.timezone_name,
            "week_start": new.week_start, "rebuilds": seq.is_some() });
            by.tell(tx, now, "brand.updated", &format!("brand:{}", new.uid), data)?;
            let has_data = freshest(tx, new.id)?.is_some();
            Ok((new, has_data, seq))
        })
        .await?;
    if let Some(seq) = seq {
        member.tenant.announce(brand.id, seq);
    }
    Ok(Json(view(&brand, has_data)))
}
