//! Models side by side: what each gives every channel, over the same journeys.

use super::credits::{Rows, credits_of};
use super::journeys::Cut;
use super::ledger::Ledger;
use super::model::{AttributionModel, Spec};
use super::models::{Mixed, SCALE};

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
    fn add(&mut self, orders: i64, sales: i128, refunds: i128) {
        self.orders += i128::from(orders);
        self.sales += sales;
        self.refunds += refunds;
    }
}

/// By channel number; what no touch explains at the end.
pub type Column = Vec<Given>;

/// The column of each model, for the question of `spec` (its own model is not looked at). Sales count on the day of the order.
pub fn side_by_side(ledger: &Ledger, spec: &Spec, models: &[AttributionModel]) -> Vec<Column> {
    let spec = Spec { by_touch: false, ..*spec };
    let rows = Rows::of(ledger, &spec);
    let cut = rows.journeys(ledger, models.iter().any(|model| model.is_fitted()));
    let rest = unattributed(ledger, &rows, &cut);
    models.iter().map(|model| column(ledger, &Spec { model: *model, ..spec }, &rows, &cut, rest)).collect()
}

fn column(ledger: &Ledger, spec: &Spec, rows: &Rows<'_>, cut: &Cut, rest: Given) -> Column {
    let mut column = vec![Given::default(); ledger.channels.len()];
    for credit in credits_of(ledger, spec, rows, cut) {
        let order = &ledger.orders[credit.order as usize];
        let given = &mut column[credit.channel as usize];
        if rows.sells(order) {
            given.add(credit.orders, i128::from(order.net) * i128::from(credit.sales), 0);
        }
        let goods = rows.goods[credit.order as usize];
        given.add(0, 0, i128::from(goods) * i128::from(credit.refunds));
    }
    column.push(rest);
    column
}

fn unattributed(ledger: &Ledger, rows: &Rows<'_>, cut: &Cut) -> Given {
    let known: Mixed<u32, ()> = cut.journeys.iter().filter_map(|journey| Some((journey.order?, ()))).collect();
    let mut rest = Given { refunds: i128::from(rows.loose) * i128::from(SCALE), ..Given::default() };
    for (at, order) in (0_u32..).zip(&ledger.orders).filter(|(at, _)| !known.contains_key(at)) {
        if rows.sells(order) {
            rest.add(SCALE, i128::from(order.net) * i128::from(SCALE), 0);
        }
        rest.add(0, 0, i128::from(rows.goods[at as usize]) * i128::from(SCALE));
    }
    rest
}
