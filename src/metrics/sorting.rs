//! Sorts rows by their exact figures, where all of them are at hand.

use std::cmp::Ordering;

use crate::metrics::exact::Exact;
use crate::metrics::figure::{figure, step};
use crate::metrics::plan::{Plan, Sort, SortBy, What};
use crate::metrics::run::{KeyValue, Row};

/// What a row is compared by in one sort column; nothing comes last either way.
enum Cell {
    Key(Option<KeyValue>),
    Figure(Option<Exact>),
}

/// Sorts rows as the plan says. Only for plans whose figures do not depend on days of the row's own bucket.
pub fn sort(plan: &Plan, rows: &mut Vec<Row>) {
    let mut keyed: Vec<(Vec<Cell>, Row)> = std::mem::take(rows)
        .into_iter()
        .map(|row| (plan.order.iter().map(|sort| cell(plan, sort.by, &row)).collect(), row))
        .collect();
    keyed.sort_by(|(a, _), (b, _)| {
        let columns = a.iter().zip(b).zip(&plan.order);
        columns.map(|((a, b), sort)| compare(a, b, sort)).find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
    });
    *rows = keyed.into_iter().map(|(_, row)| row).collect();
}

fn cell(plan: &Plan, by: SortBy, row: &Row) -> Cell {
    let (index, what) = match by {
        SortBy::Key(i) => return Cell::Key(row.keys.get(i).filter(|key| **key != KeyValue::Missing).cloned()),
        SortBy::Metric(index, what) => (index, what),
    };
    let asked = &plan.metrics[index];
    let days = plan.current.window.day_count();
    let now = figure(asked, &row.now, days);
    let before = plan.previous.as_ref().and_then(|span| figure(asked, &row.before, span.window.day_count()));
    Cell::Figure(match what {
        What::Value => now,
        What::Previous => before,
        What::Change => step(now, before).change,
        What::ChangePct => step(now, before).change_pct,
    })
}

fn compare(a: &Cell, b: &Cell, sort: &Sort) -> Ordering {
    match (a, b) {
        (Cell::Key(a), Cell::Key(b)) => nothing_last(a.as_ref(), b.as_ref(), sort.descending),
        (Cell::Figure(a), Cell::Figure(b)) => nothing_last(a.as_ref(), b.as_ref(), sort.descending),
        _ => Ordering::Equal,
    }
}

fn nothing_last<T: Ord>(a: Option<T>, b: Option<T>, descending: bool) -> Ordering {
    match (a, b) {
        (Some(a), Some(b)) if descending => b.cmp(&a),
        (Some(a), Some(b)) => a.cmp(&b),
        (a, b) => b.is_some().cmp(&a.is_some()),
    }
}
