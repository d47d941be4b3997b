//! Runs a compiled statement and reads its sums.

use std::collections::BTreeMap;

use anyhow::Context as _;
use duckdb::types::{TimeUnit, Value, ValueRef};

use crate::error::Result;
use crate::metrics::facts::Measure;
use crate::metrics::sql::{Param, Statement};

/// The sums of one row, by measure.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sums(BTreeMap<Measure, i128>);

/// A key of a row, as SQL computed it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum KeyValue {
    Missing,
    Bool(bool),
    Int(i64),
    Text(String),
    /// Days since 1970-01-01.
    Day(i32),
}

/// One row of sums.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    pub keys: Vec<KeyValue>,
    pub now: Sums,
    pub before: Sums,
}

/// What a statement found.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Found {
    /// Of everything in the window, whatever rows were picked.
    pub now: Sums,
    /// The same of the comparison.
    pub before: Sums,
    /// In order; one more than asked for where there are more.
    pub rows: Vec<Row>,
}

impl Sums {
    /// 0 where nothing was read; nothing for the median of nothing.
    pub fn get(&self, measure: Measure) -> Option<i128> {
        match self.0.get(&measure) {
            Some(value) => Some(*value),
            None if measure == Measure::SecondGap => None,
            None => Some(0),
        }
    }

    /// For totals computed from rows.
    pub fn add(&mut self, other: &Self) {
        for (measure, value) in &other.0 {
            *self.0.entry(*measure).or_insert(0) += value;
        }
    }

    fn set(&mut self, measure: Measure, value: i128) {
        self.0.insert(measure, value);
    }
}

#[cfg(test)]
impl FromIterator<(Measure, i128)> for Sums {
    fn from_iter<T: IntoIterator<Item = (Measure, i128)>>(iter: T) -> Self {
        Self(iter.into_iter().collect())
    }
}

/// Runs a statement on a connection of the tenant's warehouse.
///
/// # Errors
/// `Internal` when DuckDB refuses: every value was checked before.
pub fn run(conn: &duckdb::Connection, statement: &Statement) -> Result<Found> {
    let mut prepared = conn.prepare_cached(&statement.text).context("preparing a metric query")?;
    let params: Vec<Value> = statement.params.iter().map(bound).collect();
    let mut rows = prepared.query(duckdb::params_from_iter(params)).context("running a metric query")?;
    let mut found = Found::default();
    while let Some(row) = rows.next().context("reading a metric query")? {
        let mut column = 0;
        let total = whole(row.get_ref(column).context("reading a metric query")?) == Some(1);
        column += 1;
        let mut keys = Vec::with_capacity(statement.keys);
        for _ in 0..statement.keys {
            keys.push(key(row.get_ref(column).context("reading a metric query")?));
            column += 1;
        }
        let periods = if statement.compared { 2 } else { 1 };
        let mut sums = [Sums::default(), Sums::default()];
        for period in sums.iter_mut().take(periods) {
            for measure in &statement.measures {
                if let Some(value) = whole(row.get_ref(column).context("reading a metric query")?) {
                    period.set(*measure, value);
                }
                column += 1;
            }
        }
        let [now, before] = sums;
        if total {
            (found.now, found.before) = (now, before);
        } else {
            found.rows.push(Row { keys, now, before });
        }
    }
    Ok(found)
}

fn bound(param: &Param) -> Value {
    match param {
        Param::Int(n) => Value::BigInt(*n),
        Param::Text(text) => Value::Text(text.clone()),
        Param::Bool(is) => Value::Boolean(*is),
        Param::Day(day) => Value::Date32(Param::day_number(*day)),
    }
}

fn whole(value: ValueRef<'_>) -> Option<i128> {
    Some(match value {
        ValueRef::TinyInt(n) => n.into(),
        ValueRef::SmallInt(n) => n.into(),
        ValueRef::Int(n) => n.into(),
        ValueRef::BigInt(n) => n.into(),
        ValueRef::HugeInt(n) => n,
        ValueRef::UTinyInt(n) => n.into(),
        ValueRef::USmallInt(n) => n.into(),
        ValueRef::UInt(n) => n.into(),
        ValueRef::UBigInt(n) => n.into(),
        ValueRef::Boolean(is) => is.into(),
        _ => return None,
    })
}

fn key(value: ValueRef<'_>) -> KeyValue {
    match value {
        ValueRef::Boolean(is) => KeyValue::Bool(is),
        ValueRef::Text(text) => KeyValue::Text(String::from_utf8_lossy(text).into_owned()),
        ValueRef::Date32(days) => KeyValue::Day(days),
        ValueRef::Timestamp(TimeUnit::Second, seconds) => KeyValue::Int(seconds),
        other => whole(other).and_then(|n| i64::try_from(n).ok()).map_or(KeyValue::Missing, KeyValue::Int),
    }
}
