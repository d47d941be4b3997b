//! What each number means: the catalogue, the typed query, its compiler to SQL, comparisons, the dashboard and their cache.

mod adding_up;
mod aggregates;
pub mod answer;
pub mod attributed;
pub mod cache;
pub mod calendar;
pub mod catalogue;
mod columns;
mod credited;
mod csv;
mod daily;
pub mod dashboard;
mod exact;
mod facts;
mod figure;
mod known;
pub mod notes;
pub mod plan;
pub mod query;
mod reading;
pub mod routes;
mod run;
pub mod sheets;
mod sorting;
mod sql;
mod stream;
mod tables;
pub mod written;

use std::sync::Arc;
use std::time::Instant;

use anyhow::Context as _;
use jiff::Timestamp;
use sha2::{Digest, Sha256};

use crate::attribution;
use crate::auth::{Reach, Scope};
use crate::brands::Brand;
use crate::error::Result;
use crate::tenants::Tenant;

pub use answer::Answer;
pub use cache::{Origin, Page, Pages};
pub use dashboard::shape::BrandShown;
pub use dashboard::{Ask, Dashboard};
pub use exact::Exact;
pub use query::Query;

use answer::{About, CompareShown, Table, answer};
use catalogue::Catalogue;
use credited::Single;
use dashboard::{Board, Scene};
use known::{Known, known};
use plan::Plan;
use sql::{Param, compile, roles};

/// Answers a typed query of a brand, at `now`.
///
/// # Errors
/// `Invalid` with a stable code and the field at fault where the query cannot be answered; `Unavailable` when too much is asked
/// at once.
pub async fn run(tenant: &Tenant, brand: &Brand, query: &Query, now: Timestamp) -> Result<Answer> {
    answer_query(tenant, &*known(tenant, &Reach::All, &brand.uid).await?, query, now).await
}

async fn answer_query(tenant: &Tenant, known: &Known, query: &Query, now: Timestamp) -> Result<Answer> {
    let begun = Instant::now();
    let mut frame = known.frame(now);
    if names_roas(query) {
        frame.journeys = attribution::has_journeys(tenant, known.brand.id).await?;
    }
    let mut asked = Single(Plan::new(query, frame)?);
    let (found, version) = credited::read(tenant, &mut asked).await?;
    let Single(plan) = asked;
    let statements = compile(&plan);
    let sql = statements.iter().map(|s| s.text.as_str()).collect::<Vec<_>>().join(";\n\n");
    let parameters = statements.iter().map(|s| s.params.iter().map(Param::shown).collect()).collect();
    let table = Table::new(&plan, run::gather(&roles(&plan), found));
    let asked = serde_json::to_string(query).context("writing a query")?;
    let compare = query.compare.as_ref().zip(plan.previous.as_ref());
    let about = About {
        query_id: digest(&[&known.brand.uid, &asked, &version.to_string(), &format!("{:?}", plan.resolved.window)]),
        compare: compare.map(|(asked, span)| CompareShown::of(asked, &span.window, &plan.frame.calendar)),
        freshness: known.freshness(version),
        sql,
        parameters,
        elapsed_ms: begun.elapsed().as_secs_f64() * 1_000.0,
    };
    Ok(answer(&plan, &table, about))
}

/// Whether a metric of the query is another figure where the brand has journeys.
fn names_roas(query: &Query) -> bool {
    let named = query.metrics.iter().chain(query.filters.iter().map(|filter| &filter.dim));
    named.filter_map(|id| Catalogue::get().metric(id)).any(catalogue::Metric::depends_on_journeys)
}

fn digest(parts: &[&str]) -> String {
    let hash = parts.iter().fold(Sha256::new(), |hash, part| hash.chain_update(part.as_bytes()).chain_update([0]));
    hash.finalize().iter().take(12).map(|byte| format!("{byte:02x}")).collect()
}

/// A brand's dashboard, at `now`.
///
/// # Errors
/// As [`run()`].
pub async fn build(tenant: &Tenant, brand: &Brand, ask: Ask, now: Timestamp) -> Result<Dashboard> {
    lay_out(tenant, &*known(tenant, &Reach::All, &brand.uid).await?, ask, now).await
}

async fn lay_out(tenant: &Tenant, known: &Known, ask: Ask, now: Timestamp) -> Result<Dashboard> {
    let mut frame = known.frame(now);
    frame.journeys = attribution::has_journeys(tenant, known.brand.id).await?;
    let mut board = Board::new(ask, &frame, known.has_stock())?;
    let (found, version) = credited::read(tenant, &mut board).await?;
    let scene = Scene { brand: known.shown(), freshness: known.freshness(version) };
    Ok(board.lay_out(found, scene, &frame))
}

/// Who asks for a dashboard, and how.
pub struct Asker<'a> {
    /// Whose data.
    pub tenant: &'a Tenant,
    /// The brands that the asker may know of.
    pub reach: &'a Reach,
    /// What the answer may be shared by.
    pub scope: Scope,
    /// Computes even if the page is there.
    pub fresh: bool,
}

/// A brand's dashboard, ready to send, from the cache where it is there.
///
/// # Errors
/// As [`run()`], and `NotFound` where the tenant has no such brand.
pub async fn page(
    pages: &Pages,
    asker: &Asker<'_>,
    brand: &str,
    ask: Ask,
    now: Timestamp,
) -> Result<(Arc<Page>, Origin)> {
    let known = known(asker.tenant, asker.reach, brand).await?;
    let key = cache::Key::new(asker.tenant.id(), &everything(asker, &known, &ask, now)?);
    let compute = async {
        let dashboard = lay_out(asker.tenant, &known, ask, now).await?;
        Ok(Page::new(serde_json::to_vec(&dashboard).context("writing a dashboard")?))
    };
    if asker.fresh { pages.renew(key, compute).await } else { pages.get(key, compute).await }
}

/// Everything that a dashboard depends on: windows as days and instants, never as "today".
fn everything(asker: &Asker<'_>, known: &Known, ask: &Ask, now: Timestamp) -> Result<String> {
    let calendar = known.frame(now).calendar;
    let resolved = calendar.resolve(&ask.time)?;
    let compared = ask.compare.as_ref().map(|c| calendar.compared(&resolved, c)).transpose()?;
    // Of a window that reaches beyond today, the days that have begun are shown.
    let today = (resolved.window.after > calendar.today()).then(|| calendar.today());
    let filters = serde_json::to_string(&ask.filters).context("writing filters")?;
    let catalogue = &Catalogue::get().version;
    let version = asker.tenant.data_version();
    Ok(format!(
        "{:?}|{}|{version}|{catalogue}|{}|{:?}|{compared:?}|{today:?}|{:?}|{:?}|{}|{:?}|{filters}",
        asker.scope,
        known.fingerprint(),
        ask.range,
        resolved.window,
        ask.compare,
        ask.grain,
        ask.metric,
        (ask.model, &ask.params)
    ))
}
