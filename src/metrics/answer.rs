//! What a query answers: columns, rows, totals, and everything one needs to judge them.

use serde::Serialize;
use serde_json::Value as Json;
use utoipa::ToSchema;

use crate::metrics::adding_up::add_up;
use crate::metrics::calendar::{Bucket, Calendar, Resolved, Window, shift_days};
use crate::metrics::catalogue::{GoodWhen, Metric, Unit};
use crate::metrics::columns::KEY_SEPARATOR;
use crate::metrics::facts::Dim;
use crate::metrics::figure::{figure, holds, json, step};
use crate::metrics::notes::{Note, notes};
use crate::metrics::plan::{Asked, Key, Plan, Sort, SortBy, Span, What};
use crate::metrics::query::{Compare, CompareTo};
use crate::metrics::run::{Found, KeyValue, Row, Sums};
use crate::metrics::sorting::sort;
use crate::metrics::sql::days_by_key;
use crate::metrics::written::{Cell, Figure};
use crate::money::Currency;

/// The answer to a typed query.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Answer {
    /// The same for the same question to the same data.
    pub query_id: String,
    /// The grain, the dimensions, then per metric `x` and, with a comparison, `x.previous`, `x.change`, `x.change_pct`.
    pub columns: Vec<String>,
    /// In the order that `order` states; one row where neither a grain nor a dimension is asked for.
    #[schema(value_type = Vec<Vec<Cell>>)]
    pub rows: Vec<Vec<Json>>,
    /// One row for everything in the window, its ratios the ratios of the sums. Filters on dimensions apply, those on metrics
    /// and the limit do not.
    #[schema(value_type = Vec<Figure>)]
    pub totals: Vec<Json>,
    /// Absent for snapshot and cohort metrics asked without a time.
    pub window: Option<WindowShown>,
    pub compare: Option<CompareShown>,
    /// The bucket that is not over.
    pub partial_bucket: Option<String>,
    /// By which columns the rows are sorted; nulls last.
    pub order: Vec<OrderShown>,
    pub definitions: Vec<Definition>,
    pub notes: Vec<Note>,
    pub freshness: Freshness,
    /// The statements that were run, with a semicolon and an empty line between them.
    pub sql: String,
    /// The values of each, `$1` first.
    pub parameters: Vec<Vec<String>>,
    pub elapsed_ms: f64,
    /// There are more rows than the page has.
    pub truncated: bool,
}

/// A window, half open.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct WindowShown {
    /// The first day, or instant.
    pub start: String,
    /// The day, or instant, after the last.
    pub end: String,
    pub timezone: String,
    /// Contains now.
    pub partial: bool,
    /// Until when it was read, where it contains now.
    pub partial_until: Option<String>,
}

/// The window compared with, half open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct CompareShown {
    /// As asked.
    pub to: String,
    pub r#match: String,
    pub start: String,
    pub end: String,
    /// Where the last day of it ends early, because the window's last day is not over.
    pub until: Option<String>,
}

/// A sort column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct OrderShown {
    pub by: String,
    pub dir: String,
}

/// What a metric of the answer means.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Definition {
    pub id: String,
    pub label: String,
    pub formula: String,
    pub unit: Unit,
    pub good_when: GoodWhen,
    /// Of money.
    pub currency: Option<String>,
}

/// How far the figures' data reaches.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Freshness {
    /// The data version: grows with every landing.
    pub version: i64,
    /// RFC 3339; nothing where nothing has landed.
    pub data_through: Option<String>,
    pub sources: Vec<SourceFreshness>,
}

/// How far one source's data reaches.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct SourceFreshness {
    pub connector: String,
    pub kind: String,
    pub data_through: String,
    pub landed_at: String,
}

impl Definition {
    /// Of a metric, in a brand's currency.
    pub fn of(metric: &Metric, currency: Currency) -> Self {
        Self {
            id: metric.id.clone(),
            label: metric.label.clone(),
            formula: metric.formula.clone(),
            unit: metric.unit,
            good_when: metric.good_when,
            currency: (metric.unit == Unit::Money).then(|| currency.to_string()),
        }
    }
}

impl WindowShown {
    /// Of a window as asked for.
    pub fn of(resolved: &Resolved, calendar: &Calendar) -> Self {
        let Window { first, after, .. } = resolved.window;
        let instant = |at| calendar.shown(at);
        let (start, end) = if resolved.instants {
            let end = resolved.asked_until.unwrap_or_else(|| calendar.midnight(after));
            (instant(calendar.start(&resolved.window)), instant(end))
        } else {
            (first.to_string(), after.to_string())
        };
        let partial_until =
            resolved.partial.then(|| instant(calendar.end(&resolved.window).min(calendar.coming_minute())));
        Self { start, end, timezone: calendar.zone_name(), partial: resolved.partial, partial_until }
    }
}

impl CompareShown {
    /// Of a comparison and the window it came to.
    pub fn of(asked: &Compare, window: &Window, calendar: &Calendar) -> Self {
        let to = match asked.to {
            CompareTo::PreviousYear => "previous_year",
            CompareTo::Explicit => "explicit",
            CompareTo::AttributionModel => "attribution_model",
            _ => "previous_period",
        };
        Self {
            to: to.to_owned(),
            r#match: asked.matching.unwrap_or_default().id().to_owned(),
            start: window.since.map_or_else(|| window.first.to_string(), |at| calendar.shown(at)),
            end: window.after.to_string(),
            until: window.until.map(|at| calendar.shown(at)),
        }
    }
}

/// Rows and totals of a plan, before they become an answer or a dashboard.
pub struct Table<'a> {
    plan: &'a Plan,
    found: Found,
    /// There are more rows than the page has.
    pub truncated: bool,
}

/// A row of a table with its figures at hand.
pub struct Line<'a> {
    plan: &'a Plan,
    keys: &'a [KeyValue],
    now: &'a Sums,
    before: &'a Sums,
}

impl<'a> Table<'a> {
    /// Fills up buckets without rows, and cuts the page.
    pub fn new(plan: &'a Plan, mut found: Found) -> Self {
        let limit = plan.limit as usize;
        if plan.fills_buckets() {
            fill(plan, &mut found);
        } else if plan.few {
            sort(plan, &mut found.rows);
        }
        if plan.fills_buckets() || plan.few {
            found.rows = found.rows.into_iter().skip(plan.offset as usize).take(limit + 1).collect();
        }
        let truncated = found.rows.len() > limit;
        found.rows.truncate(limit);
        Self { plan, found, truncated }
    }

    /// What was asked.
    pub fn plan(&self) -> &'a Plan {
        self.plan
    }

    /// The rows of an answer. Without a grain or dimension the totals are the one row there is.
    fn cells(&self) -> Vec<Vec<Json>> {
        if !self.plan.keys.is_empty() {
            let mut rows: Vec<Vec<Json>> = self.lines().map(|line| line.cells()).collect();
            add_up(self, &mut rows);
            return rows;
        }
        let days = self.plan.current.window.day_count();
        let passes = self.plan.having.iter().all(|having| holds(having, &self.found.now, days));
        if passes && self.plan.offset == 0 { vec![self.totals().cells()] } else { Vec::new() }
    }

    /// In order.
    pub fn lines(&self) -> impl Iterator<Item = Line<'_>> {
        let plan = self.plan;
        self.found.rows.iter().map(move |row| Line { plan, keys: &row.keys, now: &row.now, before: &row.before })
    }

    /// Everything in the window.
    pub fn totals(&self) -> Line<'_> {
        Line { plan: self.plan, keys: &[], now: &self.found.now, before: &self.found.before }
    }

    /// What has to be said about the figures.
    pub fn notes(&self) -> Vec<Note> {
        notes(self.plan, &self.found.now)
    }
}

impl<'a> Line<'a> {
    /// Its sums.
    pub fn sums(&self) -> (&'a Sums, &'a Sums) {
        (self.now, self.before)
    }

    /// Figures of the metric at `index`: now and before.
    pub fn figures(&self, index: usize) -> (Option<super::exact::Exact>, Option<super::exact::Exact>) {
        self.figures_of(&self.plan.metrics[index])
    }

    fn figures_of(&self, asked: &Asked) -> (Option<super::exact::Exact>, Option<super::exact::Exact>) {
        let now = figure(asked, self.now, self.days(Some(&self.plan.current)));
        let previous = self.plan.previous.as_ref();
        let before = previous.and_then(|span| figure(asked, self.before, self.days(Some(span))));
        (now, before)
    }

    fn days(&self, span: Option<&Span>) -> i64 {
        let Some(span) = span else { return 0 };
        for (key, value) in self.plan.keys.iter().zip(self.keys) {
            let (KeyValue::Int(at), Some(days)) =
                (value, days_by_key(*key, span, self.plan.frame.calendar.week_start()))
            else {
                continue;
            };
            return usize::try_from(*at).ok().and_then(|at| days.get(at).copied()).unwrap_or(0);
        }
        span.window.day_count()
    }

    /// The key at `index`, as an answer shows it.
    pub fn key(&self, index: usize) -> Json {
        self.keys.get(index).map_or(Json::Null, |value| shown(self.plan, self.plan.keys[index], value))
    }

    /// The row of an answer.
    fn cells(&self) -> Vec<Json> {
        let mut cells: Vec<Json> = (0..self.plan.keys.len()).map(|i| self.key(i)).collect();
        let currency = self.plan.frame.currency;
        for asked in &self.plan.metrics {
            let (now, before) = self.figures_of(asked);
            cells.push(json(asked, now, currency));
            if self.plan.previous.is_some() {
                let step = step(now, before);
                cells.push(json(asked, before, currency));
                cells.push(json(asked, step.change, currency));
                cells.push(step.change_pct.map_or(Json::Null, |pct| Json::from(pct.text(6))));
            }
        }
        cells
    }
}

/// A key as an answer shows it.
fn shown(plan: &Plan, key: Key, value: &KeyValue) -> Json {
    match (key, value) {
        (_, KeyValue::Missing) => Json::Null,
        (Key::Bucket(grain), KeyValue::Int(at)) => {
            let buckets = plan.current.buckets.get(&grain);
            let bucket = usize::try_from(*at).ok().and_then(|at| buckets.and_then(|b| b.all.get(at)));
            bucket.map_or(Json::Null, |b: &Bucket| Json::from(b.label.as_str()))
        }
        (Key::Dim(Dim::DayOfWeek), KeyValue::Int(at)) => {
            const DAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
            let monday_based = (at + i64::from(plan.frame.calendar.week_start()) - 1).rem_euclid(7);
            usize::try_from(monday_based).map_or(Json::Null, |i| Json::from(DAYS[i]))
        }
        (Key::Dim(Dim::Order), KeyValue::Text(text)) => match text.split_once(KEY_SEPARATOR) {
            Some(("", id)) => Json::from(id),
            Some((name, _)) => Json::from(name),
            None => Json::from(text.as_str()),
        },
        (_, KeyValue::Bool(is)) => Json::from(*is),
        (_, KeyValue::Int(n)) => Json::from(*n),
        (_, KeyValue::Text(text)) => Json::from(text.as_str()),
        (_, KeyValue::Day(days)) => Json::from(shift_days(jiff::civil::date(1970, 1, 1), i64::from(*days)).to_string()),
    }
}

/// A row for every bucket that has begun.
fn fill(plan: &Plan, found: &mut Found) {
    let Some(buckets) = plan.only_bucket() else { return };
    let mut by_number: std::collections::BTreeMap<i64, Row> = std::mem::take(&mut found.rows)
        .into_iter()
        .filter_map(|row| match row.keys.first() {
            Some(KeyValue::Int(at)) => Some((*at, row)),
            _ => None,
        })
        .collect();
    let now = plan.frame.calendar.now();
    for (number, bucket) in (0_i64..).zip(&buckets.all) {
        let empty = || Row { keys: vec![KeyValue::Int(number)], now: Sums::default(), before: Sums::default() };
        match by_number.remove(&number) {
            Some(row) => found.rows.push(row),
            None if bucket.start <= now => found.rows.push(empty()),
            None => {}
        }
    }
    if matches!(plan.order.first(), Some(Sort { descending: true, .. })) {
        found.rows.reverse();
    }
}

/// Puts an answer together; what depends on when and where it was asked comes with `about`.
pub fn answer(plan: &Plan, table: &Table<'_>, about: About) -> Answer {
    let calendar = &plan.frame.calendar;
    let mut columns: Vec<String> = plan.keys.iter().map(|k| k.id().to_owned()).collect();
    for asked in &plan.metrics {
        columns.push(asked.metric.id.clone());
        if plan.previous.is_some() {
            columns.extend(["previous", "change", "change_pct"].map(|what| format!("{}.{what}", asked.metric.id)));
        }
    }
    let partial = plan.current.buckets.values().next().and_then(|b| b.all.iter().find(|bucket| bucket.partial));
    Answer {
        query_id: about.query_id,
        columns,
        rows: table.cells(),
        totals: table.totals().cells(),
        window: (!plan.timeless).then(|| WindowShown::of(&plan.resolved, calendar)),
        compare: about.compare,
        partial_bucket: partial.map(|b| b.label.clone()),
        order: plan.order.iter().map(|sort| order_shown(plan, sort)).collect(),
        definitions: plan.metrics.iter().map(|a| Definition::of(a.metric, plan.frame.currency)).collect(),
        notes: table.notes(),
        freshness: about.freshness,
        sql: about.sql,
        parameters: about.parameters,
        elapsed_ms: about.elapsed_ms,
        truncated: table.truncated,
    }
}

/// What an answer says besides its figures.
pub struct About {
    pub query_id: String,
    pub compare: Option<CompareShown>,
    pub freshness: Freshness,
    pub sql: String,
    pub parameters: Vec<Vec<String>>,
    pub elapsed_ms: f64,
}

fn order_shown(plan: &Plan, sort: &Sort) -> OrderShown {
    let by = match sort.by {
        SortBy::Key(i) => plan.keys[i].id().to_owned(),
        SortBy::Metric(i, what) => {
            let suffix = match what {
                What::Value => "",
                What::Previous => ".previous",
                What::Change => ".change",
                What::ChangePct => ".change_pct",
            };
            format!("{}{suffix}", plan.metrics[i].metric.id)
        }
    };
    OrderShown { by, dir: if sort.descending { "desc" } else { "asc" }.to_owned() }
}
