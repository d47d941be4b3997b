//! Runs a compiled statement and reads its sums.

use std::collections::BTreeMap;

use anyhow::Context as _;
use duckdb::types::{TimeUnit, Value, ValueRef};

use crate::error::Result;
use crate::metrics::facts::Measure;
use crate::metrics::sql::{Param, Role, Statement};

/// The sums of one row, in the order of their measures. A handful: looked through faster than looked up.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sums(Vec<(Measure, i128)>);

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
    /// 0 where nothing was read; nothing for what may be unknown, as the median of nothing.
    pub fn get(&self, measure: Measure) -> Option<i128> {
        match self.0.iter().find(|(known, _)| *known == measure) {
            Some((_, value)) => Some(*value),
            None if measure.may_be_unknown() => None,
            None => Some(0),
        }
    }

    /// For totals computed from rows.
    pub fn add(&mut self, other: &Self) {
        if self.0.is_empty() {
            self.0.clone_from(&other.0);
            return;
        }
        for (measure, value) in &other.0 {
            match self.0.binary_search_by_key(measure, |(known, _)| *known) {
                Ok(at) => self.0[at].1 += value,
                Err(at) => self.0.insert(at, (*measure, *value)),
            }
        }
    }
}

impl FromIterator<(Measure, i128)> for Sums {
    fn from_iter<T: IntoIterator<Item = (Measure, i128)>>(iter: T) -> Self {
        let mut sums: Vec<_> = iter.into_iter().collect();
        sums.sort_unstable_by_key(|(measure, _)| *measure);
        Self(sums)
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
        let mut cells = Cells { row, column: 0 };
        let total = match statement.role {
            Role::Page { .. } => whole(cells.next()?) == Some(1),
            Role::Part { .. } => statement.keys == 0,
            Role::Totals { .. } => true,
        };
        let keys = (0..statement.keys).map(|_| cells.next().map(key)).collect::<Result<Vec<_>>>()?;
        let first = cells.sums(&statement.measures)?;
        let (now, before) = match statement.role {
            Role::Page { compared: true } => (first, cells.sums(&statement.measures)?),
            Role::Part { previous: true, .. } | Role::Totals { previous: true } => (Sums::default(), first),
            _ => (first, Sums::default()),
        };
        if total {
            (found.now, found.before) = (now, before);
        } else {
            found.rows.push(Row { keys, now, before });
        }
    }
    Ok(found)
}

/// Puts what the statements of one plan found together.
pub fn gather(roles: &[Role], found: Vec<Found>) -> Found {
    let mut whole = Found::default();
    let mut rows: BTreeMap<Vec<KeyValue>, (Sums, Sums)> = BTreeMap::new();
    for (role, part) in roles.iter().zip(found) {
        if matches!(role, Role::Page { .. }) {
            return part;
        }
        whole.now.add(&part.now);
        whole.before.add(&part.before);
        for row in part.rows {
            if matches!(role, Role::Part { adds_up: true, .. }) {
                whole.now.add(&row.now);
                whole.before.add(&row.before);
            }
            let joined = rows.entry(row.keys).or_default();
            joined.0.add(&row.now);
            joined.1.add(&row.before);
        }
    }
    whole.rows = rows.into_iter().map(|(keys, (now, before))| Row { keys, now, before }).collect();
    whole
}

/// The cells of a row, from left to right.
struct Cells<'a> {
    row: &'a duckdb::Row<'a>,
    column: usize,
}

impl<'a> Cells<'a> {
    fn next(&mut self) -> Result<ValueRef<'a>> {
        let cell = self.row.get_ref(self.column).context("reading a metric query")?;
        self.column += 1;
        Ok(cell)
    }

    fn sums(&mut self, measures: &[Measure]) -> Result<Sums> {
        let mut sums = Vec::with_capacity(measures.len());
        for measure in measures {
            if let Some(value) = whole(self.next()?) {
                sums.push((*measure, value));
            }
        }
        Ok(sums.into_iter().collect())
    }
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
