//! The statement of profit: the lines of one typed query in the order in which they follow from one another.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value as Json;

use crate::brands::Brand;
use crate::error::{Error, Result};
use crate::metrics::answer::{Answer, WindowShown};
use crate::metrics::catalogue::{Catalogue, Unit};
use crate::metrics::notes::Note;
use crate::metrics::query::{Grain, Query, Time};
use crate::metrics::{self, plan};
use crate::tenants::Tenant;

/// What a line does to the one that follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = StatementRole)]
pub enum Role {
    /// Added.
    Plus,
    /// Taken off.
    Minus,
    /// What the lines above come to.
    Sum,
    /// Beside the sum.
    Ratio,
}

/// The lines, by the ids of their metrics. Between two sums, the parts lead from one to the other.
const LINES: [(&str, Role); 19] = [
    ("gross_sales", Role::Plus),
    ("discounts", Role::Minus),
    ("refunds", Role::Minus),
    ("net_sales", Role::Sum),
    ("sales_without_cost", Role::Minus),
    ("cost_of_goods", Role::Minus),
    ("cm1", Role::Sum),
    ("shipping_cost", Role::Minus),
    ("handling_cost", Role::Minus),
    ("payment_fees", Role::Minus),
    ("cm2", Role::Sum),
    ("ad_spend", Role::Minus),
    ("cm3", Role::Sum),
    ("shipping_income", Role::Plus),
    ("fixed_costs", Role::Minus),
    ("net_profit", Role::Sum),
    ("gross_margin", Role::Ratio),
    ("poas", Role::Ratio),
    ("break_even_roas", Role::Ratio),
];

/// What is asked for.
#[derive(Debug, Default)]
pub struct Asked {
    /// Half open, days of the brand's zone; the last 30 whole days where neither is given.
    pub from: Option<String>,
    pub to: Option<String>,
    pub grain: Option<Grain>,
    /// A dimension: only the lines that have it are split.
    pub by: Option<String>,
}

/// A line of the statement.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = StatementLine)]
pub struct Line {
    /// The metric's id.
    id: String,
    label: String,
    formula: String,
    unit: Unit,
    role: Role,
    /// Decimal text; nothing where it cannot be told (no unit has a cost, or there is nothing to divide by).
    total: Option<String>,
    /// One a column.
    values: Vec<Option<String>>,
}

/// Profit of a window, line by line.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = ProfitStatement)]
pub struct Statement {
    currency: String,
    window: Option<WindowShown>,
    /// The buckets of the grain, or the values of the dimension; a missing value is null.
    columns: Vec<Option<String>>,
    lines: Vec<Line>,
    /// Metrics that `by` cannot split.
    not_split: Vec<String>,
    notes: Vec<Note>,
    /// The question behind it: asked over `…/query` it answers the same figures.
    query: Query,
    /// There are more columns than shown.
    truncated: bool,
}

/// Most values of a dimension side by side.
const MOST_COLUMNS: u32 = 500;

/// The statement of a brand, at `now`.
///
/// # Errors
/// `Invalid` as the typed query has it, and `dimension_not_available` where nothing of the statement can be split so.
pub async fn statement(tenant: &Tenant, brand: &Brand, asked: Asked, now: Timestamp) -> Result<Statement> {
    let (lines, not_split) = lines_of(asked.by.as_deref())?;
    let query = query(&lines, asked)?;
    let answer = metrics::run(tenant, brand, &query, now).await?;
    Ok(lay_out(brand, &lines, not_split, query, answer))
}

/// A line's metric and what it does.
type Wanted = (&'static str, Role);

/// The lines that a dimension can split, and the ids of the others.
fn lines_of(by: Option<&str>) -> Result<(Vec<Wanted>, Vec<String>)> {
    let Some(by) = by else { return Ok((LINES.to_vec(), Vec::new())) };
    let has = |id: &str| {
        let metric = Catalogue::get().metric(id);
        metric.is_some_and(|metric| plan::dimensions(metric).iter().any(|dim| dim.id() == by))
    };
    let (split, whole): (Vec<Wanted>, Vec<Wanted>) = LINES.into_iter().partition(|(id, _)| has(id));
    if Catalogue::get().dimension(by).is_some() && !split.iter().any(|(id, _)| *id == "net_sales") {
        let reason = format!("Sales cannot be split by \"{by}\", so there is no profit of it.");
        return Err(Error::invalid_code("dimension_not_available", Some("by"), reason));
    }
    if split.is_empty() {
        // The query says that there is no such dimension.
        return Ok((LINES.to_vec(), Vec::new()));
    }
    Ok((split, whole.into_iter().map(|(id, _)| id.to_owned()).collect()))
}

fn query(lines: &[Wanted], asked: Asked) -> Result<Query> {
    if asked.by.is_some() && asked.grain.is_some() {
        let reason = "Ask for a grain or for a dimension, not for both.";
        return Err(Error::invalid("by", reason));
    }
    let time = match (asked.from, asked.to) {
        (None, None) => Time { range: Some("30d".to_owned()), ..Time::default() },
        (start, end) => Time { start, end, ..Time::default() },
    };
    Ok(Query {
        metrics: lines.iter().map(|(id, _)| (*id).to_owned()).collect(),
        limit: asked.by.is_some().then_some(MOST_COLUMNS),
        dimensions: asked.by.into_iter().collect(),
        filters: Vec::new(),
        time: Some(time),
        grain: asked.grain,
        compare: None,
        order: None,
        offset: None,
        attribution_model: None,
        params: Default::default(),
    })
}

fn lay_out(brand: &Brand, wanted: &[Wanted], not_split: Vec<String>, query: Query, answer: Answer) -> Statement {
    let keys = answer.columns.len() - wanted.len();
    let text = |cell: &Json| cell.as_str().map(str::to_owned);
    let columns = if keys == 0 { Vec::new() } else { answer.rows.iter().map(|row| text(&row[0])).collect() };
    let lines = wanted.iter().enumerate().filter_map(|(at, (id, role))| {
        let metric = Catalogue::get().metric(id)?;
        let values = answer.rows.iter().filter(|_| keys > 0).map(|row| text(&row[keys + at]));
        Some(Line {
            id: metric.id.clone(),
            label: metric.label.clone(),
            formula: metric.formula.clone(),
            unit: metric.unit,
            role: *role,
            total: text(&answer.totals[keys + at]),
            values: values.collect(),
        })
    });
    Statement {
        currency: brand.currency.to_string(),
        lines: lines.collect(),
        columns,
        window: answer.window,
        not_split,
        notes: answer.notes,
        query,
        truncated: answer.truncated,
    }
}
