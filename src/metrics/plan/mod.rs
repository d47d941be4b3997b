//! A query checked against the catalogue, the calendar and the facts: everything `sql` needs, nothing a user wrote.

mod credits;
mod filters;
mod order;
mod sources;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use jiff::civil::{Date, date};

use crate::attribution::{AttributionModel, Tuning};
use crate::error::{Error, Result};
use crate::metrics::calendar::{Buckets, Calendar, Resolved, Window, shift_days};
use crate::metrics::catalogue::{Catalogue, Formula, Metric};
use crate::metrics::facts::{Dim, Family, Measure, Source};
use crate::metrics::query::{Basis, Grain, Query, ValueBasis};
use crate::money::Currency;

pub use credits::{check_lookback, shown as window_in_numbers, tuning};
pub use filters::{Bound, Having, On, RowFilter, Test, Value};
pub use order::{Sort, SortBy, What};
pub use sources::{dimensions, has};

/// Most metrics, dimensions, filters of a query.
const MOST_METRICS: usize = 20;
const MOST_DIMENSIONS: usize = 6;
const MOST_ROWS: u32 = 10_000;
const ROWS_UNLESS_ASKED: u32 = 1_000;
/// Deeper pages are a matter of filters: skipping rows costs sorting them.
const MOST_SKIPPED: u32 = 10_000_000;

/// Whose figures, seen from when.
#[derive(Debug, Clone)]
pub struct Frame {
    /// Row id of the brand.
    pub brand_id: i64,
    /// The brand's reporting currency.
    pub currency: Currency,
    /// The brand's zone and week, and now.
    pub calendar: Calendar,
    /// The first day that is not over, or of which orders may not have landed yet: ages of cohorts are complete before it.
    pub complete_until: Date,
    /// Touches of the brand are known.
    pub journeys: bool,
}

/// A query that can be computed.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Metrics of the answer, in its order.
    pub metrics: Vec<Asked>,
    /// Columns to group by: the grain first, then the dimensions.
    pub keys: Vec<Key>,
    /// Conditions on rows.
    pub filters: Vec<RowFilter>,
    /// Conditions on sums.
    pub having: Vec<Having>,
    /// The window.
    pub current: Span,
    /// As asked.
    pub resolved: Resolved,
    /// What it is compared with.
    pub previous: Option<Span>,
    /// How rows are sorted, the keys behind.
    pub order: Vec<Sort>,
    /// Rows of a page.
    pub limit: u32,
    /// Rows before it.
    pub offset: u32,
    /// Every measure that is read, by where it is read.
    pub reads: BTreeMap<Source, Vec<Measure>>,
    /// Where the comparison is read: a window cut within a day cannot use rollups.
    pub previous_reads: BTreeMap<Source, Vec<Measure>>,
    /// Settings of single metrics.
    pub settings: Settings,
    /// The attribution models of the window and of the comparison.
    pub models: [AttributionModel; 2],
    /// The numbers of the tables that hold their credits.
    pub slots: [usize; 2],
    /// The same of the first touches of first orders.
    pub first_slot: usize,
    /// Shared with everything below.
    pub frame: Frame,
    /// No window was given, and none is needed.
    pub timeless: bool,
    /// Sums by day may be read instead of facts.
    rollups: bool,
    /// What the notes need is read too.
    noted: bool,
    /// There are few groups: all are read and sorted here, which is cheaper than one statement that picks the page.
    pub few: bool,
}

/// A metric of the query with its formula.
#[derive(Debug, Clone)]
pub struct Asked {
    pub metric: &'static Metric,
    pub formula: Formula,
}

/// What rows are grouped by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    /// A bucket of the window; faces the bucket of the same number in the comparison.
    Bucket(Grain),
    /// A dimension of the rows.
    Dim(Dim),
}

/// A window with its buckets, by grain.
#[derive(Debug, Clone)]
pub struct Span {
    pub window: Window,
    pub buckets: BTreeMap<Grain, Buckets>,
}

/// `params` with their defaults.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    pub window_days: i64,
    /// Seconds; the longest there is where none was asked for.
    pub horizon_seconds: i64,
    /// The same in days, where one was asked for.
    pub horizon_days: Option<i64>,
    pub basis: Basis,
    pub value_basis: ValueBasis,
    pub lead_time_days: i64,
    pub cover_days: i64,
    pub tuning: Tuning,
}

impl Key {
    /// The name of its column.
    pub fn id(self) -> &'static str {
        match self {
            Self::Bucket(grain) => grain.id(),
            Self::Dim(dim) => dim.id(),
        }
    }
}

impl Plan {
    /// Checks a query. Every error is the caller's, with a code and the field at fault.
    pub fn new(query: &Query, frame: Frame) -> Result<Self> {
        let catalogue = Catalogue::get();
        limits(query)?;
        let settings = settings(query, &frame)?;
        let keys = keys(query, catalogue)?;
        let (filters, having) = filters::read(query, catalogue, &frame.calendar)?;
        let by_ads = keys.iter().any(|k| matches!(k, Key::Dim(d) if d.is_of_ads()))
            || filters.iter().any(|f| matches!(f.on, On::Dim(d) if d.is_of_ads()));
        let metrics = metrics(query, catalogue, by_ads, frame.journeys)?;
        let having = having.into_iter().map(|h| h.resolve(by_ads, frame.journeys)).collect::<Vec<_>>();
        let models = credits::models(query, &metrics)?;
        let timeless = query.time.is_none();
        let resolved = window(query, &metrics, &frame.calendar)?;
        let compare = query.compare.as_ref().map(|c| credits::compared(&frame.calendar, &resolved, c)).transpose()?;
        let span = |window: Window| Span::new(window, &keys, &frame.calendar);
        let (current, previous) = (span(resolved.window)?, compare.map(span).transpose()?);
        let order = order::read(query, &keys, &metrics)?;
        let mut plan = Self {
            metrics,
            keys,
            filters,
            having,
            current,
            resolved,
            previous,
            order,
            limit: query.limit.unwrap_or(ROWS_UNLESS_ASKED),
            offset: query.offset.unwrap_or(0),
            reads: BTreeMap::new(),
            previous_reads: BTreeMap::new(),
            settings,
            models,
            slots: [0; 2],
            first_slot: 0,
            frame,
            timeless,
            rollups: true,
            noted: true,
            few: false,
        };
        plan.choose_sources()?;
        credits::check(&plan, query)?;
        Ok(plan)
    }

    /// The bucket that rows are listed by, where they are listed by nothing else.
    pub fn only_bucket(&self) -> Option<&Buckets> {
        match self.keys.as_slice() {
            [Key::Bucket(grain)] => self.current.buckets.get(grain),
            _ => None,
        }
    }

    /// Every bucket gets a row, also without a sale: what a chart needs. Not where rows are picked by their figures.
    pub fn fills_buckets(&self) -> bool {
        self.only_bucket().is_some() && self.having.is_empty() && self.order.iter().all(|s| s.by_key())
    }

    /// The same plan, of which all groups are read and sorted here.
    pub fn of_few_groups(self) -> Self {
        Self { few: self.having.is_empty(), ..self }
    }

    /// All measures that are read.
    pub fn measures(&self) -> impl Iterator<Item = Measure> {
        self.reads.values().flatten().copied()
    }
}

impl Span {
    fn new(window: Window, keys: &[Key], calendar: &Calendar) -> Result<Self> {
        let mut buckets = BTreeMap::new();
        for key in keys {
            if let Key::Bucket(grain) = *key {
                buckets.insert(grain, calendar.buckets(&window, grain)?);
            }
        }
        Ok(Self { window, buckets })
    }
}

fn limits(query: &Query) -> Result<()> {
    let too_many = |field: &'static str, most: usize| {
        Err(Error::invalid_code("too_many", Some(field), format!("A query has at most {most} {field}.")))
    };
    match query {
        q if q.metrics.is_empty() => {
            Err(Error::invalid_code("no_metric", Some("metrics"), "Ask for at least one metric."))
        }
        q if q.metrics.len() > MOST_METRICS => too_many("metrics", MOST_METRICS),
        q if q.dimensions.len() > MOST_DIMENSIONS => too_many("dimensions", MOST_DIMENSIONS),
        q if q.limit.is_some_and(|n| n == 0 || n > MOST_ROWS) => {
            Err(Error::invalid_code("bad_limit", Some("limit"), format!("A page has 1 to {MOST_ROWS} rows.")))
        }
        q if q.offset.is_some_and(|n| n > MOST_SKIPPED) => Err(Error::invalid_code(
            "bad_limit",
            Some("offset"),
            format!("At most {MOST_SKIPPED} rows can be skipped."),
        )),
        _ => Ok(()),
    }
}

fn settings(query: &Query, frame: &Frame) -> Result<Settings> {
    let params = &query.params;
    let within = |name: &'static str, value: Option<u16>, low: u16, high: u16, unless: i64| match value {
        None => Ok(unless),
        Some(days) if (low..=high).contains(&days) => Ok(i64::from(days)),
        Some(_) => {
            let field = format!("params.{name}");
            Err(Error::invalid_code("bad_params", Some(&field), format!("{name} lies between {low} and {high}.")))
        }
    };
    if let Some(code) = &params.currency
        && Currency::parse(code) != Some(frame.currency)
    {
        let reason = format!("Figures of this brand are in {}.", frame.currency);
        return Err(Error::invalid_code("currency_not_available", Some("params.currency"), reason));
    }
    // Ten thousand years: no second order is later than that.
    const EVER: i64 = 3_652_425;
    Ok(Settings {
        window_days: within("window_days", params.window_days, 1, 365, 28)?,
        horizon_seconds: within("horizon_days", params.horizon_days, 1, 3_650, EVER)? * 86_400,
        horizon_days: params.horizon_days.map(i64::from),
        basis: params.basis.unwrap_or_default(),
        value_basis: params.value_basis.unwrap_or_default(),
        lead_time_days: within("lead_time_days", params.lead_time_days, 0, 365, 14)?,
        cover_days: within("cover_days", params.cover_days, 0, 365, 28)?,
        tuning: credits::tuning(params)?,
    })
}

fn keys(query: &Query, catalogue: &Catalogue) -> Result<Vec<Key>> {
    let mut keys: Vec<Key> = query.grain.map(Key::Bucket).into_iter().collect();
    for id in &query.dimensions {
        let Some(dimension) = catalogue.dimension(id) else {
            return Err(unknown_dimension("dimensions", id, catalogue));
        };
        let key = dimension.id.grain().map_or(Key::Dim(dimension.id), Key::Bucket);
        let twice = keys.iter().any(|k| k.id() == key.id());
        // `grain: day` with the dimension `day` is one wish said twice; any other repetition is a slip.
        if twice && query.grain.map(Key::Bucket) != Some(key) {
            let reason = format!("\"{id}\" is asked for twice.");
            return Err(Error::invalid_code("repeated_dimension", Some("dimensions"), reason));
        }
        if !twice {
            keys.push(key);
        }
    }
    Ok(keys)
}

fn metrics(query: &Query, catalogue: &'static Catalogue, by_ads: bool, journeys: bool) -> Result<Vec<Asked>> {
    let mut asked: Vec<Asked> = Vec::with_capacity(query.metrics.len());
    for id in &query.metrics {
        let metric = catalogue.metric(id).ok_or_else(|| unknown_metric("metrics", id, catalogue))?;
        if asked.iter().any(|a| a.metric.id == *id) {
            return Err(Error::invalid_code(
                "repeated_metric",
                Some("metrics"),
                format!("\"{id}\" is asked for twice."),
            ));
        }
        asked.push(Asked { metric, formula: metric.formula_for(by_ads, journeys) });
    }
    Ok(asked)
}

/// The window, or, for metrics that need none, all time up to now.
fn window(query: &Query, metrics: &[Asked], calendar: &Calendar) -> Result<Resolved> {
    if let Some(time) = &query.time {
        return calendar.resolve(time);
    }
    let needs_time =
        metrics.iter().find(|a| a.formula.measures().any(|m| !matches!(m.family(), Family::Stock | Family::Cohorts)));
    if let Some(asked) = needs_time {
        let reason = format!("\"{}\" needs a time: a range, or a start and an end.", asked.metric.id);
        return Err(Error::invalid_code("time_required", Some("time"), reason));
    }
    if query.grain.is_some() || query.compare.is_some() || query.dimensions.iter().any(|d| Grain::parse(d).is_some()) {
        let reason = "A grain or a comparison needs a time: a range, or a start and an end.";
        return Err(Error::invalid_code("time_required", Some("time"), reason));
    }
    let after = shift_days(calendar.today(), 1);
    let window = Window { until: Some(calendar.coming_minute()), ..Window::days(date(1970, 1, 1), after) };
    Ok(Resolved { window, to_date: None, partial: false, instants: false, asked_until: None })
}

/// A name that is in no catalogue, with the nearest that is.
pub(super) fn unknown_metric(field: &str, id: &str, catalogue: &Catalogue) -> Error {
    let hint = catalogue.nearest_metric(id).map(|near| format!(" Did you mean \"{near}\"?")).unwrap_or_default();
    Error::invalid_code("unknown_metric", Some(field), format!("There is no metric \"{}\".{hint}", shortened(id)))
}

/// A name that is in no catalogue, with the nearest that is.
pub(super) fn unknown_dimension(field: &str, id: &str, catalogue: &Catalogue) -> Error {
    let hint = catalogue.nearest_dimension(id).map(|near| format!(" Did you mean \"{near}\"?")).unwrap_or_default();
    Error::invalid_code("unknown_dimension", Some(field), format!("There is no dimension \"{}\".{hint}", shortened(id)))
}

/// Enough of what somebody sent to recognise it in an error.
fn shortened(text: &str) -> String {
    text.chars().take(60).filter(|c| !c.is_control()).collect()
}
