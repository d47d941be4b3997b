//! How rows are sorted. The keys always stand at the end, so that the order is the same each time.

use super::{Asked, Key};
use crate::error::{Error, Result};
use crate::metrics::query::{Dir, Query};

/// One sort column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sort {
    pub by: SortBy,
    pub descending: bool,
}

/// What is sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SortBy {
    /// A key, by its position.
    Key(usize),
    /// A metric, by its position, and which of its columns.
    Metric(usize, What),
}

/// The columns of a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    Value,
    Previous,
    Change,
    ChangePct,
}

impl Sort {
    /// By a key rather than a figure.
    pub fn by_key(&self) -> bool {
        matches!(self.by, SortBy::Key(_))
    }
}

/// The order asked for, or: time forwards where rows are buckets, else the first metric, largest first.
pub(super) fn read(query: &Query, keys: &[Key], metrics: &[Asked]) -> Result<Vec<Sort>> {
    let first = match &query.order {
        Some(order) => {
            let by = wanted(&order.by, keys, metrics, query.compare.is_some())?;
            let unless = if matches!(by, SortBy::Key(_)) { Dir::Asc } else { Dir::Desc };
            Some(Sort { by, descending: order.dir.unwrap_or(unless) == Dir::Desc })
        }
        None if keys.iter().any(|k| matches!(k, Key::Bucket(_))) || keys.is_empty() => None,
        None => Some(Sort { by: SortBy::Metric(0, What::Value), descending: true }),
    };
    // Buckets before the rest: rows of one day stay together.
    let buckets = keys.iter().enumerate().filter(|(_, k)| matches!(k, Key::Bucket(_)));
    let others = keys.iter().enumerate().filter(|(_, k)| !matches!(k, Key::Bucket(_)));
    let ties = buckets.chain(others).map(|(i, _)| Sort { by: SortBy::Key(i), descending: false });
    let mut order: Vec<Sort> = first.into_iter().collect();
    for tie in ties {
        if !order.iter().any(|s| s.by == tie.by) {
            order.push(tie);
        }
    }
    Ok(order)
}

fn wanted(by: &str, keys: &[Key], metrics: &[Asked], compared: bool) -> Result<SortBy> {
    if let Some(i) = keys.iter().position(|k| k.id() == by) {
        return Ok(SortBy::Key(i));
    }
    let (id, what) = match by.split_once('.') {
        None => (by, What::Value),
        Some((id, "previous")) if compared => (id, What::Previous),
        Some((id, "change")) if compared => (id, What::Change),
        Some((id, "change_pct")) if compared => (id, What::ChangePct),
        Some(_) => return Err(bad()),
    };
    metrics.iter().position(|a| a.metric.id == id).map(|i| SortBy::Metric(i, what)).ok_or_else(bad)
}

fn bad() -> Error {
    let reason = "Rows are sorted by a dimension or metric of the query, or, with a comparison, by x.previous, x.change or x.change_pct.";
    Error::invalid_code("bad_order", Some("order.by"), reason)
}
