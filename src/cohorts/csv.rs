//! A grid as a CSV file: one row a cohort and age.

use super::grid::Grid;
use crate::http::push_row;

const COLUMNS: [&str; 17] = [
    "cohort",
    "age",
    "complete",
    "cohort_customers",
    "customers",
    "orders",
    "net_sales",
    "gross_profit",
    "value",
    "ltv",
    "retention",
    "ltv_cac",
    "ad_spend",
    "cac",
    "payback_age",
    "contribution_margin",
    "payback_periods",
];

/// Raw decimals with a dot; nothing in it comes from outside. Without the totals: a file is for adding up.
pub(super) fn write(grid: &Grid) -> (Vec<u8>, usize) {
    let mut text = String::new();
    push_row(&mut text, COLUMNS.iter().map(|name| (*name).to_owned()));
    let mut rows = 0;
    for row in &grid.cohorts {
        for cell in &row.cells {
            let known = |value: &Option<String>| value.clone().unwrap_or_default();
            let cells = [
                row.cohort.clone(),
                cell.age.to_string(),
                cell.complete.to_string(),
                row.customers.to_string(),
                cell.customers.to_string(),
                cell.orders.to_string(),
                known(&cell.net_sales),
                known(&cell.gross_profit),
                known(&cell.value),
                known(&cell.ltv),
                known(&cell.retention),
                known(&cell.ltv_cac),
                known(&row.ad_spend),
                known(&row.cac),
                row.payback_age.map(|age| age.to_string()).unwrap_or_default(),
                known(&cell.contribution_margin),
                row.payback.periods.map(|periods| periods.to_string()).unwrap_or_default(),
            ];
            push_row(&mut text, cells.into_iter());
            rows += 1;
        }
    }
    (text.into_bytes(), rows)
}
