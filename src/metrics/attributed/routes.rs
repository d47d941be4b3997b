//! Attribution over HTTP: models side by side, and the ways that led to orders.

use axum::http::HeaderMap;
use axum::response::Response;
use serde::Deserialize;

use super::shape::{Attribution, Journeys};
use super::{Asked, compare, ways};
use crate::attribution::AttributionModel;
use crate::auth::Member;
use crate::error::{Error, Result};
use crate::http::{self, Json, Path, Problem, guarded, push_row};
use crate::metrics::dashboard::Ask;
use crate::metrics::known::known;
use crate::metrics::query::Basis;
use crate::metrics::routes::{Desk, File, answered, wants_csv};

/// Paths shown unless asked.
const USUAL_PATHS: usize = 50;
const MOST_PATHS: usize = 1_000;

/// The window, and what the models are told; all optional.
#[derive(Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct AttributionParams {
    /// As of the dashboard; 30d where absent.
    range: Option<String>,
    /// With custom: the first day.
    from: Option<String>,
    /// With custom: the day after the last.
    to: Option<String>,
    /// first_touch, last_touch, last_non_direct, linear, position_based, time_decay, markov, shapley; all where absent
    model: Vec<String>,
    /// Days before an order in which a touch counts: 1, 7, 14, 28 (the default) or 90.
    window_days: Option<u16>,
    /// A touch counts however long before the order.
    lifetime: Option<bool>,
    /// Of time_decay, 1 to 365 days; 7 where absent.
    half_life_days: Option<u16>,
    /// Of position_based: percent of the first, the middle and the last touch, 100 together; 40,20,40 where absent.
    position_weights: Option<String>,
    /// Of markov, 1 to 3; 1 where absent.
    markov_order: Option<u8>,
    /// Which day a refund counts on: refund_date (the default) or order_date.
    basis: Option<String>,
    /// Adds between which figures nine of ten draws of the journeys give revenue.
    intervals: bool,
    /// json (the default) or csv
    format: Option<String>,
    /// Paths at most, 1 to 1,000; 50 where absent.
    limit: Option<usize>,
}

impl AttributionParams {
    fn asked(&self) -> Result<Asked> {
        let days = |days: Option<u16>| days.map(|days| days.to_string());
        let pairs = [
            ("range", self.range.clone()),
            ("from", self.from.clone()),
            ("to", self.to.clone()),
            ("window_days", days(self.window_days)),
            ("lifetime", self.lifetime.map(|lifetime| lifetime.to_string())),
            ("half_life_days", days(self.half_life_days)),
            ("position_weights", self.position_weights.clone()),
            ("markov_order", self.markov_order.map(|order| order.to_string())),
            ("basis", self.basis.clone()),
        ];
        let pairs: Vec<_> = pairs.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect();
        let ask = Ask::read(&pairs)?;
        if ask.params.basis == Some(Basis::TouchDate) {
            return Err(bad(
                "basis",
                "Side by side, sales count on the day of the order: it is refund_date or order_date.",
            ));
        }
        let mut models = Vec::new();
        for name in &self.model {
            let model = AttributionModel::parse(name).ok_or_else(|| bad("model", "There is no such model."))?;
            if !models.contains(&model) {
                models.push(model);
            }
        }
        if models.is_empty() {
            models.extend(AttributionModel::ALL);
        }
        Ok(Asked { time: ask.time, models, params: ask.params, intervals: self.intervals })
    }
}

fn bad(field: &str, reason: &str) -> Error {
    Error::invalid_code("bad_parameter", Some(field), reason)
}

/// What every model gives every channel, beside what the platforms claim; with `Accept: text/csv` or `format=csv` as a file.
#[utoipa::path(get, path = "/api/brands/{brand}/attribution", tag = "figures",
    params(("brand" = String, Path, description = "Id or slug"), AttributionParams), responses(
    (status = 200, content((Attribution = "application/json"), (String = "text/csv"))),
    (status = "default", body = Problem, content_type = "application/problem+json")))]
pub async fn attribution(
    member: Member,
    desk: Desk,
    Path(brand): Path<String>,
    http::Query(params): http::Query<AttributionParams>,
    headers: HeaderMap,
) -> Result<Response> {
    if params.limit.is_some() {
        return Err(bad("limit", "It belongs to paths."));
    }
    let asked = params.asked()?;
    let as_csv = wants_csv(params.format.as_deref(), &headers)?;
    let known = known(&member.tenant, &member.reach, &brand).await?;
    let found = desk.time(compare::compare(&member.tenant, &known, &asked, desk.now())).await?;
    let file = |found: &Attribution| File {
        brand: known.brand.uid.clone(),
        name: known.brand.slug.clone(),
        metrics: vec!["attribution".to_owned()],
        rows: found.channels.len() * found.models.len(),
        text: csv(found).into_bytes(),
    };
    answered(&member, desk.system_time(), as_csv, found, file).await
}

/// A row for every channel and model.
fn csv(found: &Attribution) -> String {
    let mut text = String::new();
    let columns = ["channel", "model", "orders", "revenue", "ad_spend", "roas", "platform_reported_revenue"];
    push_row(&mut text, columns.into_iter().map(str::to_owned));
    for row in &found.channels {
        let figures = &row.figures;
        for given in &figures.by_model {
            let cells = [
                guarded(row.channel.clone()),
                given.model.id().to_owned(),
                given.orders.clone(),
                given.revenue.clone(),
                figures.ad_spend.clone(),
                given.roas.clone().unwrap_or_default(),
                figures.platform_reported_revenue.clone(),
            ];
            push_row(&mut text, cells.into_iter());
        }
    }
    text
}

/// The ways that led to orders: which channels one after the other, how many touches, how many days.
#[utoipa::path(get, path = "/api/brands/{brand}/attribution/paths", tag = "figures",
    params(("brand" = String, Path, description = "Id or slug"), AttributionParams), responses(
    (status = 200, body = Journeys),
    (status = "default", body = Problem, content_type = "application/problem+json")))]
pub async fn paths(
    member: Member,
    desk: Desk,
    Path(brand): Path<String>,
    http::Query(params): http::Query<AttributionParams>,
) -> Result<Json<Journeys>> {
    let most = params.limit.unwrap_or(USUAL_PATHS);
    if !(1..=MOST_PATHS).contains(&most) {
        return Err(bad("limit", "It lies between 1 and 1,000."));
    }
    if params.format.as_deref().is_some_and(|format| format != "json") || !params.model.is_empty() {
        return Err(bad("format", "Paths come as json, and are the same for every model."));
    }
    let asked = params.asked()?;
    let known = known(&member.tenant, &member.reach, &brand).await?;
    Ok(Json(desk.time(ways::ways(&member.tenant, &known, &asked, most, desk.now())).await?))
}
