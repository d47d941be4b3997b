//! Profit over HTTP: the statement, and the costs it is made of.

use axum::extract::State;
use axum::http::StatusCode;
use rusqlite::Transaction;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::statement::{Asked, Statement};
use super::{Cost, CostInput, Kind, NewCost, Period, statement as profit, store};
use crate::auth::Member;
use crate::brands::{self, Altered, Brand};
use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::http::{Json, Path, Problem, Query};
use crate::metrics::query::Grain;
use crate::money::format_micros;

/// The window of a statement and how it is split.
#[derive(Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct StatementParams {
    /// The first day, YYYY-MM-DD, in the brand's zone. Without `from` and `to`: the last 30 days.
    from: Option<String>,
    /// The day after the last.
    to: Option<String>,
    /// day, week, month, quarter, year
    grain: Option<String>,
    /// A dimension of sales: product, country, store, source, …
    by: Option<String>,
}

/// Costs of a brand.
#[derive(Serialize, utoipa::ToSchema)]
pub struct CostList {
    costs: Vec<CostView>,
}

/// A cost. Days are the brand's own, half open.
#[derive(Serialize, utoipa::ToSchema)]
pub struct CostView {
    id: String,
    kind: Kind,
    name: String,
    applies_to: Option<String>,
    /// A fraction as decimal text.
    rate: Option<String>,
    /// Decimal text in `currency`.
    amount: Option<String>,
    currency: String,
    period: Option<Period>,
    from: String,
    /// The day after the last; null while it goes on.
    until: Option<String>,
}

/// The body of `PATCH /api/brands/{brand}/costs/{id}`.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CostEnd {
    /// The day after the last; null lets it go on.
    #[serde(deserialize_with = "Option::deserialize")]
    until: Option<String>,
}

fn view(Cost { uid, cost }: Cost) -> CostView {
    let with_rate = matches!(cost.kind, Kind::DefaultCost | Kind::PaymentFee);
    let decimals = if cost.amount_micros % 10_000 == 0 { cost.currency.decimals() } else { 6 };
    CostView {
        id: uid,
        kind: cost.kind,
        name: cost.name,
        applies_to: cost.applies_to,
        rate: with_rate.then(|| format_micros(cost.rate_ppm.into(), 6)),
        amount: (cost.kind != Kind::DefaultCost).then(|| format_micros(cost.amount_micros.into(), decimals)),
        currency: cost.currency.to_string(),
        period: cost.period,
        from: cost.from.to_string(),
        until: cost.until.map(|day| day.to_string()),
    }
}

/// Profit of a window, from gross sales to what is left.
#[utoipa::path(get, path = "/api/brands/{brand}/profit", tag = "profit",
    params(("brand" = String, Path, description = "Id or slug"), StatementParams), responses(
    (status = 200, body = Statement), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub async fn statement(
    member: Member,
    State(clock): State<Clock>,
    Path(key): Path<String>,
    Query(params): Query<StatementParams>,
) -> Result<Json<Statement>> {
    let grain = match params.grain.as_deref() {
        None => None,
        Some(text) => Some(
            Grain::parse(text)
                .filter(|grain| *grain != Grain::Hour)
                .ok_or_else(|| Error::invalid("grain", "A grain is day, week, month, quarter or year."))?,
        ),
    };
    let reach = member.reach.clone();
    let brand = member.tenant.db().read(move |conn| brands::get(conn, &reach, &key)).await?;
    let asked = Asked { from: params.from, to: params.to, grain, by: params.by };
    Ok(Json(profit::statement(&member.tenant, &brand, asked, clock.now()).await?))
}

/// What is entered of costs.
#[utoipa::path(get, path = "/api/brands/{brand}/costs", tag = "profit", params(("brand" = String, Path, description = "Id or slug")),
    responses((status = 200, body = CostList), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub async fn list(member: Member, Path(key): Path<String>) -> Result<Json<CostList>> {
    let reach = member.reach;
    let read = member.tenant.db().read(move |conn| {
        let brand = brands::get(conn, &reach, &key)?;
        store::list(conn, brand.id)
    });
    Ok(Json(CostList { costs: read.await?.into_iter().map(view).collect() }))
}

/// Enters a cost. The brand's figures are made anew with it.
#[utoipa::path(post, path = "/api/brands/{brand}/costs", tag = "profit", params(("brand" = String, Path, description = "Id or slug")),
    request_body = CostInput,
    responses((status = 201, body = CostView), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub async fn create(
    member: Member,
    State(clock): State<Clock>,
    Path(key): Path<String>,
    Json(body): Json<CostInput>,
) -> Result<(StatusCode, Json<CostView>)> {
    let now = clock.now();
    let write = move |tx: &Transaction<'_>, brand: &Brand| {
        let (cost, seq) = store::add(tx, brand.id, NewCost::parse(&body, brand)?, now)?;
        let data = told(&cost);
        Ok(Altered::told(cost, "cost.added", data).announced(seq))
    };
    let cost = brands::alter(&member, clock.system_time(), key, write).await?;
    Ok((StatusCode::CREATED, Json(view(cost))))
}

/// Ends a cost, or lets it go on.
#[utoipa::path(patch, path = "/api/brands/{brand}/costs/{id}", tag = "profit",
    params(("brand" = String, Path, description = "Id or slug"), ("id" = String, Path)), request_body = CostEnd,
    responses((status = 200, body = CostView), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub async fn end(
    member: Member,
    State(clock): State<Clock>,
    Path((key, id)): Path<(String, String)>,
    Json(body): Json<CostEnd>,
) -> Result<Json<CostView>> {
    let now = clock.now();
    let write = move |tx: &Transaction<'_>, brand: &Brand| {
        let (cost, seq) = store::end(tx, brand.id, &id, body.until.as_deref(), now)?;
        let data = told(&cost);
        Ok(Altered::told(cost, "cost.ended", data).announced(seq))
    };
    Ok(Json(view(brands::alter(&member, clock.system_time(), key, write).await?)))
}

/// Takes a cost away: the past is reckoned without it too.
#[utoipa::path(delete, path = "/api/brands/{brand}/costs/{id}", tag = "profit",
    params(("brand" = String, Path, description = "Id or slug"), ("id" = String, Path)),
    responses((status = 204), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub async fn remove(
    member: Member,
    State(clock): State<Clock>,
    Path((key, id)): Path<(String, String)>,
) -> Result<StatusCode> {
    let now = clock.now();
    let write = move |tx: &Transaction<'_>, brand: &Brand| {
        let (cost, seq) = store::remove(tx, brand.id, &id, now)?;
        Ok(Altered::told((), "cost.removed", told(&cost)).announced(seq))
    };
    brands::alter(&member, clock.system_time(), key, write).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What an event says of a cost.
pub(super) fn told(Cost { uid, cost }: &Cost) -> serde_json::Value {
    json!({ "cost": uid, "kind": cost.kind.id(), "name": cost.name, "rate_ppm": cost.rate_ppm,
        "amount_micros": cost.amount_micros, "currency": cost.currency.code(), "from": cost.from.to_string(),
        "until": cost.until.map(|day| day.to_string()) })
}
