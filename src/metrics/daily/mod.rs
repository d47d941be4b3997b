//! Sums by day without SQL: the warehouse's rollups of a brand, held in memory as the compiler reads them, and summed here. A
//! dashboard asks a dozen small questions of them, and planning each as SQL costs more than answering it. What this cannot do
//! (facts, lists, parts of a day, text filters by part) is left to `sql`; that both find the same is what the tests are about.

mod adding;
mod held;
mod load;
mod people;
#[cfg(test)]
mod tests;

use crate::metrics::calendar::{Buckets, days_between};
use crate::metrics::facts::{Dim, Family, Measure, Source};
use crate::metrics::plan::{Key, On, RowFilter, Span, Test, Value};
use crate::metrics::query::Grain;
use crate::metrics::sql::{Param, Role, Statement, Step, only_family};
use crate::money::Currency;

pub use held::Held;

/// One step of a query, by itself: it holds everything it needs.
#[derive(Debug, Clone)]
pub enum Task {
    /// Left to DuckDB.
    Sql(Statement),
    /// Summed from a rollup in memory.
    Sum(Sum),
    /// Distinct customers, counted in memory.
    People(People),
}

/// A sum over rows of a rollup.
#[derive(Debug, Clone)]
pub struct Sum {
    whose: Whose,
    source: Source,
    days: Days,
    measures: Vec<Measure>,
    /// Only rows that have something of it.
    family: Option<Family>,
    keys: Vec<SumKey>,
    filters: Vec<Filter>,
    role: Role,
}

/// How many customers bought, in each bucket or in all.
#[derive(Debug, Clone)]
pub struct People {
    whose: Whose,
    days: Days,
    /// The bucket of each day.
    buckets: Option<Vec<u32>>,
    role: Role,
}

/// Whose figures: the row id of the brand, and its reporting currency.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Whose {
    brand_id: i64,
    currency: Currency,
}

/// Days since 1970-01-01, half open.
#[derive(Debug, Clone, Copy)]
struct Days {
    first: i32,
    after: i32,
}

#[derive(Debug, Clone)]
enum SumKey {
    /// The bucket of each day, and how many there are.
    Bucket(Vec<u32>, usize),
    /// Days of the week, counted from this one (1 = Monday).
    Weekday(i8),
    Dim(Dim),
}

#[derive(Debug, Clone)]
enum Filter {
    /// On the values of a dimension.
    Dim(Dim, Test),
    /// On days, one by one.
    Days(Vec<bool>),
}

impl Task {
    /// The cheapest way to take a step.
    pub fn of(step: &Step<'_>) -> Self {
        if let Some(people) = People::of(step) {
            return Self::People(people);
        }
        Sum::of(step).map_or_else(|| Self::Sql(step.statement()), Self::Sum)
    }
}

impl Sum {
    /// Nothing where it takes SQL.
    fn of(step: &Step<'_>) -> Option<Self> {
        let (span, source) = (step.span(), step.source);
        let readable = step.measures.iter().all(|measure| source.knows(*measure));
        if !source.is_rollup() || !span.window.is_whole_days() || !readable {
            return None;
        }
        let days = Days::of(span)?;
        let keys = step.keys.iter().map(|key| sum_key(step, *key, span, days)).collect::<Option<_>>()?;
        let filters = step.plan.filters.iter().map(|f| filter(source, f, days)).collect::<Option<_>>()?;
        let family = only_family(step.measures);
        let measures = step.measures.to_vec();
        Some(Self { whose: Whose::of(step), source, days, measures, family, keys, filters, role: step.role })
    }
}

impl People {
    /// Nothing where it is another question, or takes SQL.
    fn of(step: &Step<'_>) -> Option<Self> {
        let span = step.span();
        let asked =
            step.source == Source::Orders && step.measures == [Measure::Customers] && step.plan.filters.is_empty();
        if !asked || !span.window.is_whole_days() {
            return None;
        }
        let days = Days::of(span)?;
        let buckets = match step.keys {
            [] => None,
            [Key::Bucket(grain)] if *grain != Grain::Hour => Some(bucket_of_each_day(span.buckets.get(grain)?, days)?),
            _ => return None,
        };
        Some(Self { whose: Whose::of(step), days, buckets, role: step.role })
    }
}

impl Whose {
    fn of(step: &Step<'_>) -> Self {
        Self { brand_id: step.plan.frame.brand_id, currency: step.plan.frame.currency }
    }
}

impl Days {
    fn of(span: &Span) -> Option<Self> {
        let (first, after) = (Param::day_number(span.window.first), Param::day_number(span.window.after));
        (first < after).then_some(Self { first, after })
    }

    fn count(self) -> usize {
        usize::try_from(self.after - self.first).unwrap_or(0)
    }

    fn all(self) -> impl Iterator<Item = i32> {
        self.first..self.after
    }
}

/// 1 = Monday to 7 = Sunday; 1970-01-01 was a Thursday.
fn weekday(day: i32) -> i64 {
    i64::from((day + 3).rem_euclid(7)) + 1
}

/// Buckets lie one behind the other and know how many days of the window they have.
fn bucket_of_each_day(buckets: &Buckets, days: Days) -> Option<Vec<u32>> {
    let mut of_day = Vec::with_capacity(days.count());
    for (number, bucket) in (0_u32..).zip(&buckets.all) {
        of_day.extend(std::iter::repeat_n(number, usize::try_from(bucket.days).ok()?));
    }
    (of_day.len() == days.count()).then_some(of_day)
}

fn sum_key(step: &Step<'_>, key: Key, span: &Span, days: Days) -> Option<SumKey> {
    match key {
        Key::Bucket(Grain::Hour) => None,
        Key::Bucket(grain) => {
            let buckets = span.buckets.get(&grain)?;
            Some(SumKey::Bucket(bucket_of_each_day(buckets, days)?, buckets.all.len()))
        }
        Key::Dim(Dim::DayOfWeek) => Some(SumKey::Weekday(step.plan.frame.calendar.week_start())),
        Key::Dim(dim) => held_dims(step.source).contains(&dim).then_some(SumKey::Dim(dim)),
    }
}

fn filter(source: Source, filter: &RowFilter, days: Days) -> Option<Filter> {
    let On::Dim(dim) = filter.on else { return None };
    match (&filter.test, dim) {
        (Test::Null(is), Dim::DayOfWeek) => Some(Filter::Days(vec![!is; days.count()])),
        (Test::OneOf { values, not }, Dim::DayOfWeek) => {
            let passes = |day| values.contains(&Value::Int(weekday(day))) != *not;
            Some(Filter::Days(days.all().map(passes).collect()))
        }
        (Test::Null(is), _) if dim.grain().is_some() => Some(Filter::Days(vec![!is; days.count()])),
        (Test::Days { stretches, not }, _) if dim.grain().is_some() => {
            let epoch = jiff::civil::date(1970, 1, 1);
            let number = |day| days_between(epoch, day);
            let stretches: Vec<_> = stretches.iter().map(|(a, b)| (a.map(number), b.map(number))).collect();
            let lies_in = |day: i32| {
                let day = i64::from(day);
                stretches.iter().any(|(from, to)| from.is_none_or(|from| day >= from) && to.is_none_or(|to| day < to))
            };
            Some(Filter::Days(days.all().map(|day| lies_in(day) != *not).collect()))
        }
        // Lower case is DuckDB's own; it need not be Rust's.
        (Test::OneOf { values, .. }, _) if !values.iter().all(|v| matches!(v, Value::Text(_))) => None,
        (Test::Null(_) | Test::OneOf { .. }, _) if held_dims(source).contains(&dim) => {
            Some(Filter::Dim(dim, filter.test.clone()))
        }
        _ => None,
    }
}

/// The dimensions that a rollup is held by: all of one value a row.
fn held_dims(source: Source) -> &'static [Dim] {
    match source {
        Source::DailySales => &[Dim::Store, Dim::Connector, Dim::Country, Dim::CustomerType],
        Source::DailyProducts => &[Dim::Product, Dim::Category, Dim::Vendor, Dim::Sku, Dim::Size],
        Source::DailyCosts => &[Dim::Cost],
        Source::DailyAds => &[Dim::Channel, Dim::Campaign, Dim::Connector],
        _ => &[],
    }
}
