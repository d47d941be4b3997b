//! Models side by side: what each gives every channel, over the same journeys.

use super::credits::{Rows, Worth, fit};
use super::ledger::Ledger;
use super::model::{AttributionModel, Spec};
use super::models::{Paths, SCALE};
use super::parts::Parts;
use super::tally::{Group, Tally, Way, paths};

/// What a channel gets.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Given {
    /// Parts of 10^12 of an order.
    pub orders: i128,
    /// Micros of the reporting currency × 10^12: gross − discount.
    pub sales: i128,
    /// The same of refunds.
    pub refunds: i128,
}

impl Given {
    /// Parts of orders, of their sales and of their refunds.
    pub(super) fn add(&mut self, [of_orders, of_sales, of_refunds]: [i128; 3], [orders, sales, refunds]: [i64; 3]) {
        self.orders += of_orders * i128::from(orders);
        self.sales += of_sales * i128::from(sales);
        self.refunds += of_refunds * i128::from(refunds);
    }
}

/// By channel number; what no touch explains at the end.
pub type Column = Vec<Given>;

/// The column of each model, for the question of `spec` (its own model is not looked at). Sales count on the day of the order.
pub fn side_by_side(ledger: &Ledger, spec: &Spec, models: &[AttributionModel]) -> Vec<Column> {
    columns(ledger, spec, models, &Tally::of(ledger, spec))
}

/// The same of journeys that are added up already.
pub(super) fn columns(ledger: &Ledger, spec: &Spec, models: &[AttributionModel], tally: &Tally) -> Vec<Column> {
    let spec = Spec { by_touch: false, ..*spec };
    let ways = tally.ways();
    let fitted_to = if models.iter().any(|model| model.is_fitted()) { paths(&ways) } else { Paths::default() };
    let rest = unattributed(ledger, &Rows::of(ledger, &spec), &ways);
    let column = |model: &AttributionModel| {
        let spec = Spec { model: *model, ..spec };
        let mut column = match model {
            AttributionModel::TimeDecay => tally.decayed(ledger.channels.len()),
            model if model.is_fitted() => fitted(ledger, &spec, &ways, &fitted_to),
            _ => by_rule(ledger, &spec, &ways),
        };
        column.push(rest);
        column
    };
    models.iter().map(column).collect()
}

fn by_rule(ledger: &Ledger, spec: &Spec, ways: &[Way<'_>]) -> Column {
    let mut parts = Parts::of(spec.rule(ledger.channel("direct")));
    let mut column = vec![Given::default(); ledger.channels.len()];
    for (path, group) in ways {
        let worth = group.worth();
        if let Some(single) = parts.single(path) {
            column[path[single] as usize].add(worth, [SCALE; 3]);
            continue;
        }
        for (channel, part) in path.iter().zip(parts.each(path, &[])) {
            column[*channel as usize].add(worth, [*part; 3]);
        }
    }
    column
}

fn fitted(ledger: &Ledger, spec: &Spec, ways: &[Way<'_>], paths: &Paths) -> Column {
    let mut spread = fit(ledger.channels.len(), spec, ways, paths);
    let mut column = vec![Given::default(); ledger.channels.len()];
    for (path, group) in ways {
        let worth = group.worth();
        let each = spread.each(path.len());
        for channel in *path {
            column[*channel as usize].add(worth, each[*channel as usize]);
        }
        for (given, column) in spread.given.iter().zip(&mut column).filter(|(given, _)| **given != [0; 3]) {
            column.add(worth, *given);
        }
    }
    column
}

/// What the window has of orders less what has a journey, and what went back of orders that are not known.
fn unattributed(ledger: &Ledger, rows: &Rows<'_>, ways: &[Way<'_>]) -> Given {
    let mut rest = Group::default();
    for order in 0..ledger.orders.len() {
        rest.add(&Worth::of(ledger, rows, order as u32), 1);
    }
    let [mut orders, mut sales, mut refunds] = rest.worth();
    for (_, group) in ways {
        let worth = group.worth();
        (orders, sales, refunds) = (orders - worth[0], sales - worth[1], refunds - worth[2]);
    }
    let mut given = Given::default();
    given.add([orders, sales, refunds + i128::from(rows.loose)], [SCALE; 3]);
    given
}
