//! The cohort grid: customers by the month or week of their first order ever, against their age.

use std::collections::HashMap;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value as Json;
use utoipa::ToSchema;

use super::calendar::{Grain, Span};
use super::cells::{Filled, Sums};
use crate::auth::Reach;
use crate::error::{Error, Result};
use crate::metrics::answer::Freshness;
use crate::metrics::calendar::shift_days;
use crate::metrics::notes::Note;
use crate::metrics::query::{Filter, Op, Query, Time, ValueBasis};
use crate::metrics::sheets::{Book, Sheet};
use crate::metrics::written::Decimal;
use crate::metrics::{BrandShown, Exact};
use crate::money::Currency;
use crate::tenants::Tenant;

/// What customers may be picked by: what is known of their first order.
pub const PICKED_BY: [&str; 6] =
    ["first_product", "first_country", "first_store", "first_source", "first_code", FIRST_CHANNEL];
/// The one of them that ad spend is known by, too.
const FIRST_CHANNEL: &str = "first_channel";
/// Rows that one query brings.
const MOST_ROWS: u32 = 10_000;
/// The metrics of each cohort and age, in the order of [`Sums`].
const FIGURES: [&str; 5] = ["customers", "orders", "net_sales", "gross_profit", "cm2"];
/// Cells of a grid that nobody asked to be narrower: beyond them the last ages are left out, and named.
const MOST_CELLS: usize = 20_000;

/// A grid as asked for.
#[derive(Debug, Clone, Default)]
pub struct Ask {
    pub from: Option<String>,
    pub to: Option<String>,
    pub grain: Grain,
    pub basis: ValueBasis,
    /// Columns at most; every age until today where absent.
    pub ages: Option<usize>,
    pub filters: Vec<Filter>,
}

/// The grid.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CohortGrid)]
pub struct Grid {
    pub brand: BrandShown,
    pub grain: Grain,
    /// What a customer's value is: of `value`, `ltv`, `ltv_cac` and `payback_age`.
    pub basis: ValueBasis,
    pub currency: String,
    pub window: GridWindow,
    /// In order; cohorts without a customer too.
    pub cohorts: Vec<CohortRow>,
    /// All cohorts together.
    pub totals: Totals,
    pub notes: Vec<Note>,
    pub freshness: Freshness,
}

/// The cohorts' days, half open.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CohortWindow)]
pub struct GridWindow {
    pub start: String,
    pub end: String,
    pub timezone: String,
    /// The first day that is not over, or lies behind the last order there is: ages that end later are not complete.
    pub complete_until: String,
}

/// One cohort.
#[derive(Debug, Serialize, ToSchema)]
pub struct CohortRow {
    /// `2026-11`, or the first day of the week.
    pub cohort: String,
    pub start: String,
    pub end: String,
    /// Customers whose first order ever lies in it.
    pub customers: i64,
    /// What was spent on ads in its month or week; under filters on first_channel alone, on that channel; null under others, which
    /// spend does not know.
    #[schema(value_type = Option<Decimal>)]
    pub ad_spend: Option<String>,
    /// Ad spend ÷ customers.
    #[schema(value_type = Option<Decimal>)]
    pub cac: Option<String>,
    /// The first age at which its value has reached its ad spend; null where it has not yet, or nothing was spent.
    pub payback_age: Option<usize>,
    pub payback: Payback,
    /// Every age that has begun, from 0 on.
    pub cells: Vec<AgeCell>,
}

/// A cohort, or all of them, at one age.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CohortCell)]
pub struct AgeCell {
    pub age: usize,
    /// The age is over. Where it is not, figures are those so far; in the totals every age counts only cohorts that have
    /// completed it.
    pub complete: bool,
    /// Of the cohorts counted: their customers at the start. What ratios divide by.
    pub of_customers: i64,
    /// Customers with an order at this age.
    pub customers: i64,
    pub orders: i64,
    /// Of this age alone, refunds on their own day.
    #[schema(value_type = Option<Decimal>)]
    pub net_sales: Option<String>,
    /// Of this age alone; null where no cost is known.
    #[schema(value_type = Option<Decimal>)]
    pub gross_profit: Option<String>,
    /// Of this age alone: gross profit less shipping, handling and payment fees; null where no cost is known.
    #[schema(value_type = Option<Decimal>)]
    pub contribution_margin: Option<String>,
    /// Net sales, gross profit or contribution margin, as `basis` says, from age 0 through this one.
    #[schema(value_type = Option<Decimal>)]
    pub value: Option<String>,
    /// `value` a customer.
    #[schema(value_type = Option<Decimal>)]
    pub ltv: Option<String>,
    /// Customers with an order at this age ÷ customers at the start.
    #[schema(value_type = Option<Decimal>)]
    pub retention: Option<String>,
    /// `value` ÷ ad spend.
    #[schema(value_type = Option<Decimal>)]
    pub ltv_cac: Option<String>,
}

/// All cohorts together. At each age only those that have completed it are counted, above and below the line.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CohortTotals)]
pub struct Totals {
    pub customers: i64,
    #[schema(value_type = Option<Decimal>)]
    pub ad_spend: Option<String>,
    #[schema(value_type = Option<Decimal>)]
    pub cac: Option<String>,
    pub payback_age: Option<usize>,
    pub payback: Payback,
    pub cells: Vec<AgeCell>,
}

/// How long until customers have paid for being won: until the contribution margin that one of them has brought in, before ads,
/// reaches the CAC. Whatever `basis` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct Payback {
    pub state: PaybackState,
    /// Months or weeks, as the grain says, the one of the first order among them: 1 is within it. Null unless paid back.
    pub periods: Option<usize>,
}

/// Whether customers have paid for being won.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PaybackState {
    PaidBack,
    NotYet,
    /// There is nothing to pay back.
    NothingSpent,
    /// What was spent, or what came in, is not known.
    Unknown,
}

/// Computes a brand's grid.
///
/// # Errors
/// `Invalid` where the window or a filter is none; `NotFound` where there is no such brand within `reach`; what the query says.
pub async fn grid(tenant: &Tenant, reach: &Reach, brand: &str, ask: &Ask, now: Timestamp) -> Result<Grid> {
    let book = Book::of(tenant, reach, brand, now).await?;
    let span = Span::new(book.calendar(), ask.grain, (ask.from.as_deref(), ask.to.as_deref()), book.complete_until())?;
    check(&ask.filters)?;
    let (first, after) = span.days().ok_or(Error::NotFound)?;
    let queries = queries(ask, &span, &book)?;
    let (sheets, version) = book.ask(&queries).await?;
    let mut notes: Vec<Note> = Vec::new();
    for note in sheets.iter().flat_map(|sheet| &sheet.notes).filter(|note| note.code != "overlapping_groups") {
        if !notes.iter().any(|known| known.code == note.code) {
            notes.push(note.clone());
        }
    }
    if queries.len() == 1 {
        let text =
            "Ad spend is not known by what customers bought first: CAC and payback are those of all customers only.";
        notes.insert(0, Note { code: "spend_not_split".to_owned(), text: text.to_owned() });
    }
    let most = ask.ages.unwrap_or(MOST_CELLS / span.cohorts.len().max(1));
    if ask.ages.is_none() && span.cohorts.iter().any(|cohort| cohort.begun > most) {
        let text = format!("Only the first {most} ages are shown: take fewer cohorts to see them all.");
        notes.push(Note { code: "ages_cut".to_owned(), text });
    }
    let filled = filled(&span, (ask.basis, most), &sheets);
    let window = GridWindow {
        start: first.to_string(),
        end: after.to_string(),
        timezone: book.calendar().zone_name(),
        complete_until: book.complete_until().to_string(),
    };
    let currency = book.currency();
    Ok(Grid {
        brand: book.brand(),
        grain: ask.grain,
        basis: ask.basis,
        currency: currency.to_string(),
        window,
        cohorts: filled.rows(&span, currency),
        totals: filled.totals(currency),
        notes,
        freshness: book.freshness(version),
    })
}

/// Customers are picked by their first order; anything else would pick orders.
fn check(filters: &[Filter]) -> Result<()> {
    let Some(stranger) = filters.iter().find(|filter| !PICKED_BY.contains(&filter.dim.as_str())) else { return Ok(()) };
    let reason = format!(
        "A cohort is not picked by \"{}\": customers are picked by what is known of their first order: {}.",
        stranger.dim,
        PICKED_BY.join(", ")
    );
    Err(Error::invalid_code("dimension_not_available", Some("f"), reason))
}

/// The figures of each cohort and age, and, where nothing picks customers that spend does not know, the ad spend of each cohort's days.
fn queries(ask: &Ask, span: &Span, book: &Book<'_>) -> Result<Vec<Query>> {
    let (first, after) = span.days().ok_or(Error::NotFound)?;
    let [cohort, age] = ask.grain.dimensions();
    let tomorrow = shift_days(book.calendar().today(), 1).max(after);
    let names: Vec<Json> = span.cohorts.iter().map(|cohort| Json::from(cohort.name.as_str())).collect();
    let mut filters = ask.filters.clone();
    filters.push(Filter { dim: cohort.to_owned(), op: Op::In, value: Some(names.into()) });
    let figures = Query {
        dimensions: vec![cohort.to_owned(), age.to_owned()],
        filters,
        limit: Some(MOST_ROWS),
        ..Query::of(&FIGURES, Time::between(first, tomorrow))
    };
    let mut queries = vec![figures];
    // Ads know their channel: who is picked by the channel that won them is held against what was spent on it.
    if ask.filters.iter().all(|filter| filter.dim == FIRST_CHANNEL) {
        let of_ads = |filter: &Filter| Filter { dim: "channel".to_owned(), ..filter.clone() };
        queries.push(Query {
            dimensions: vec![cohort.to_owned()],
            filters: ask.filters.iter().map(of_ads).collect(),
            limit: Some(MOST_ROWS),
            ..Query::of(&["ad_spend"], Time::between(first, after))
        });
    }
    Ok(queries)
}

fn filled(span: &Span, (basis, most): (ValueBasis, usize), sheets: &[Sheet]) -> Filled {
    let mut spend: HashMap<&str, Exact> = HashMap::new();
    if let Some(sheet) = sheets.get(1) {
        for (keys, figures) in &sheet.rows {
            if let (Some(Json::String(name)), Some(Some(sum))) = (keys.first(), figures.first()) {
                spend.insert(name, *sum);
            }
        }
    }
    let rows = sheets.first().map(|sheet| sheet.rows.as_slice()).unwrap_or_default();
    // Lines without a cost are left out, as everywhere; only where there is no cost at all is there no profit.
    let knows_profit = rows.iter().any(|(_, figures)| figures.get(3).is_some_and(Option::is_some));
    let unknown = knows_profit.then(Exact::zero);
    let mut sums: HashMap<(&str, u64), Sums> = HashMap::new();
    for (keys, figures) in rows {
        if let [Json::String(name), age] = keys.as_slice()
            && let (Some(age), [customers, orders, net, profit, contribution]) = (age.as_u64(), figures.as_slice())
        {
            let count = |figure: &Option<Exact>| figure.map_or(0, |f| i64::try_from(f.rounded()).unwrap_or(i64::MAX));
            let (customers, orders) = (count(customers), count(orders));
            let (gross_profit, contribution) = (profit.or(unknown), contribution.or(unknown));
            sums.insert((name, age), Sums { customers, orders, net_sales: *net, gross_profit, contribution });
        }
    }
    let known_spend = sheets.len() > 1;
    Filled::new(
        span,
        basis,
        most,
        |cohort, age| {
            let empty = Sums { gross_profit: unknown, contribution: unknown, ..Sums::default() };
            sums.get(&(cohort, age as u64)).copied().unwrap_or(empty)
        },
        |cohort| known_spend.then(|| spend.get(cohort).copied().unwrap_or_else(Exact::zero)),
    )
}

/// Money as an answer shows it.
pub(super) fn money(value: Option<Exact>, currency: Currency) -> Option<String> {
    value.map(|value| value.text(currency.decimals()))
}
