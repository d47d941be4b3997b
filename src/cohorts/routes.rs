//! Cohorts over HTTP.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Deserialize;

use super::forecast::{self, Forecast, forecast as forecast_of};
use super::grid::{Ask, Grid, grid as grid_of};
use super::{Grain, csv};
use crate::auth::Member;
use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::http::{self, Json, Path, Problem, Timings};
use crate::metrics::dashboard::filter;
use crate::metrics::query::ValueBasis;
use crate::metrics::routes::{File, answered, wants_csv};

/// The parameters of a grid, all optional.
#[derive(Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct GridParams {
    /// The first day of first orders; the cohorts that the window touches are whole. Without from and to: the running cohort and
    /// the twelve before it.
    from: Option<String>,
    /// The day after the last.
    to: Option<String>,
    /// month (the default) or week
    grain: Option<String>,
    /// What a customer's value is: gross_profit (the default), net_sales or contribution_margin
    basis: Option<String>,
    /// Columns at most, 1 to 130; every age until today where absent.
    ages: Option<usize>,
    /// Filters `dim:op:value` on first_product, first_country, first_store, first_source, first_code,
    /// first_channel; all must hold.
    f: Vec<String>,
    /// json (the default) or csv
    format: Option<String>,
}

impl GridParams {
    fn read(&self) -> Result<Ask> {
        let bad = |field: &str, reason: &str| Error::invalid_code("bad_parameter", Some(field), reason);
        let grain = match self.grain.as_deref() {
            None | Some("month") => Grain::Month,
            Some("week") => Grain::Week,
            Some(_) => return Err(bad("grain", "It is month or week.")),
        };
        let basis = match self.basis.as_deref() {
            None | Some("gross_profit") => ValueBasis::GrossProfit,
            Some("net_sales") => ValueBasis::NetSales,
            Some("contribution_margin") => ValueBasis::ContributionMargin,
            Some(_) => return Err(bad("basis", "It is gross_profit, net_sales or contribution_margin.")),
        };
        if self.ages.is_some_and(|ages| !(1..=Grain::Week.most()).contains(&ages)) {
            return Err(bad("ages", "A grid has 1 to 130 ages."));
        }
        let filters = self.f.iter().map(|text| filter(text)).collect::<Result<_>>()?;
        Ok(Ask { from: self.from.clone(), to: self.to.clone(), grain, basis, ages: self.ages, filters })
    }
}

/// A brand's customers by the month or week of their first order ever, against their age; with `Accept: text/csv` or `format=csv`
/// as a file.
#[utoipa::path(get, path = "/api/brands/{brand}/cohorts", tag = "customers",
    params(("brand" = String, Path, description = "Id or slug"), GridParams), responses(
    (status = 200, content((Grid = "application/json"), (String = "text/csv"))),
    (status = "default", body = Problem, content_type = "application/problem+json")))]
pub async fn grid(
    member: Member,
    timings: Timings,
    State(clock): State<Clock>,
    Path(brand): Path<String>,
    http::Query(params): http::Query<GridParams>,
    headers: HeaderMap,
) -> Result<Response> {
    let as_csv = wants_csv(params.format.as_deref(), &headers)?;
    let ask = params.read()?;
    let found = grid_of(&member.tenant, &member.reach, &brand, &ask, clock.now());
    let grid = timings.time("cohorts", found).await?;
    let file = |grid: &Grid| {
        let (text, rows) = csv::write(grid);
        let (brand, name) = (grid.brand.id.clone(), format!("{}-cohorts", grid.brand.slug));
        File { brand, name, metrics: vec!["cohorts".to_owned()], rows, text }
    };
    answered(&member, clock.system_time(), as_csv, grid, file).await
}

/// The parameters of a forecast, all optional.
#[derive(Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct ForecastParams {
    /// How far ahead, in days, 1 to 730; up to four of them, 90 and 365 where absent.
    days: Vec<u32>,
    /// How many customers to list, the most valuable first, by number only: 0 (the default) to 1,000.
    customers: Option<usize>,
}

/// What a brand's customers may be expected to buy (BG/NBD and Gamma-Gamma), with the checks of the fit; or, where there is too
/// little to go by, why nothing is predicted.
#[utoipa::path(get, path = "/api/brands/{brand}/customers/forecast", tag = "customers",
    params(("brand" = String, Path, description = "Id or slug"), ForecastParams), responses(
    (status = 200, body = Forecast),
    (status = "default", body = Problem, content_type = "application/problem+json")))]
pub async fn forecast(
    member: Member,
    timings: Timings,
    State(clock): State<Clock>,
    Path(brand): Path<String>,
    http::Query(params): http::Query<ForecastParams>,
) -> Result<Json<Forecast>> {
    let days = if params.days.is_empty() { vec![90, 365] } else { params.days };
    if days.len() > 4 || days.iter().any(|days| !(1..=730).contains(days)) {
        let reason = "A forecast looks 1 to 730 days ahead, at most four times at once.";
        return Err(Error::invalid_code("bad_parameter", Some("days"), reason));
    }
    let customers = params.customers.unwrap_or(0);
    if customers > 1_000 {
        return Err(Error::invalid_code("bad_parameter", Some("customers"), "At most 1,000 customers are listed."));
    }
    let ask = forecast::Ask { days, customers };
    let found = forecast_of(&member.tenant, &member.reach, &brand, ask, clock.now());
    Ok(Json(timings.time("forecast", found).await?))
}
