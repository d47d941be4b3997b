//! What lies between our net sales and the platforms' claims, over HTTP: claims beside credits, and the orders that are credited.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::bridge::Days;
use super::claims::{self, ClaimRow, exact};
use super::credited::{Listed, Part, Parts, Pick, listed};
use super::routes::{OrderView, days, model, page_of, rows};
use crate::attribution::{self, AttributionModel};
use crate::auth::Member;
use crate::error::Result;
use crate::http::{Json, Path, Problem, Query};
use crate::money::Currency;

/// Which claims to list. `from` and `to` are needed.
#[derive(Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct ClaimsParams {
    /// The first day, YYYY-MM-DD.
    from: Option<String>,
    /// The day after the last.
    to: Option<String>,
    /// As of the bridge.
    model: Option<String>,
    /// Rows to leave out at the start.
    offset: u32,
    /// Rows of the page, 1 to 1,000; 100 where it is absent.
    limit: Option<u32>,
}

/// The platforms' claims by day and campaign, each beside what the model credits: what differs most first.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = ClaimsBeside)]
pub struct ClaimList {
    claims: Vec<ClaimRow>,
    /// There are more.
    truncated: bool,
}

/// The rows behind the double claims. They add up to the step.
#[utoipa::path(get, path = "/api/brands/{brand}/bridge/claims", tag = "bridge",
    params(("brand" = String, Path, description = "Id or slug"), ClaimsParams), responses(
    (status = 200, body = ClaimList), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub async fn claims(
    member: Member,
    Path(key): Path<String>,
    Query(params): Query<ClaimsParams>,
) -> Result<Json<ClaimList>> {
    let text = |given: &Option<String>| given.clone().unwrap_or_default();
    let days = days(&member, key, &text(&params.from), &text(&params.to)).await?;
    let limit = rows(params.limit)?;
    let spec = claims::spec(&days, model(params.model.as_deref())?);
    let read = attribution::with_ledger(&member.tenant, spec.brand_id, move |reading, conn| {
        Parts::of(conn, reading.ledger(), &spec, &Pick::default())
    });
    let (parts, _) = read.await?;
    let mut claims = claims::rows(&parts, page_of(params.offset, limit), days.brand.currency);
    let truncated = claims.len() > limit as usize;
    claims.truncate(limit as usize);
    Ok(Json(ClaimList { claims, truncated }))
}

/// The orders of a part, the largest first.
pub(super) async fn credited(
    member: &Member,
    days: &Days,
    (model, part, pick): (AttributionModel, Part, Pick),
    page: (usize, usize),
) -> Result<Vec<OrderView>> {
    let spec = claims::spec(days, model);
    let read = attribution::with_ledger(&member.tenant, spec.brand_id, move |reading, conn| {
        let parts = Parts::of(conn, reading.ledger(), &spec, &pick)?;
        listed(conn, parts.group(part), page)
    });
    let (found, _) = read.await?;
    Ok(found.into_iter().map(|one| view(one, days.brand.currency)).collect())
}

fn view(one: Listed, currency: Currency) -> OrderView {
    OrderView {
        order: one.order,
        external_id: one.external_id,
        refund: one.day.map(|day| day.to_string()),
        placed_at: one.placed_at.and_then(|at| Timestamp::from_second(at).ok()),
        amount: exact(one.came.amount.into(), currency),
        converted: None,
        channels: one.came.channels.into_iter().collect(),
    }
}
