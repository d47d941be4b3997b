//! Models side by side: what each gives every channel, over the same journeys.

use super::credits::{Rows, Steps, fit, fitted_to};
use super::journeys::Cut;
use super::ledger::Ledger;
use super::model::{AttributionModel, Spec};
use super::models::SCALE;
use super::parts::{Parts, Spread};

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
    /// Parts of an order, of its sales and of its refunds.
    fn add(&mut self, of: &Worth, [orders, sales, refunds]: [i64; 3]) {
        self.orders += i128::from(of.orders) * i128::from(orders);
        self.sales += i128::from(of.sales) * i128::from(sales);
        self.refunds += i128::from(of.refunds) * i128::from(refunds);
    }
}

/// By channel number; what no touch explains at the end.
pub type Column = Vec<Given>;

/// What the window has of an order.
struct Worth {
    orders: i64,
    sales: i64,
    refunds: i64,
}

impl Worth {
    fn of(ledger: &Ledger, rows: &Rows<'_>, order: u32) -> Self {
        let of = &ledger.orders[order as usize];
        let (orders, sales) = if rows.sells(of) { (1, of.net) } else { (0, 0) };
        Self { orders, sales, refunds: rows.goods[order as usize] }
    }
}

/// The column of each model, for the question of `spec` (its own model is not looked at). Sales count on the day of the order.
pub fn side_by_side(ledger: &Ledger, spec: &Spec, models: &[AttributionModel]) -> Vec<Column> {
    let spec = Spec { by_touch: false, ..*spec };
    let rows = Rows::of(ledger, &spec);
    let fitted = models.iter().any(|model| model.is_fitted());
    let cut = rows.journeys(ledger, fitted);
    let paths = if fitted { fitted_to(ledger, &rows, &cut) } else { Default::default() };
    let shares = |model: &AttributionModel| {
        let spec = Spec { model: *model, ..spec };
        if model.is_fitted() {
            Shares::Fitted(fit(ledger, &spec, &rows, &cut, &paths))
        } else {
            Shares::Rule(Parts::of(spec.rule(ledger.channel("direct"))))
        }
    };
    let mut shares: Vec<Shares> = models.iter().map(shares).collect();
    let hours = models.contains(&AttributionModel::TimeDecay);
    let mut columns = vec![vec![Given::default(); ledger.channels.len()]; models.len()];
    let mut steps = Steps::default();
    for journey in &cut.journeys {
        let Some(order) = journey.order else { continue };
        let touches = cut.touches(journey);
        steps.read(ledger, touches);
        if hours {
            steps.read_hours(ledger, touches, order);
        }
        let worth = Worth::of(ledger, &rows, order);
        for (shares, column) in shares.iter_mut().zip(&mut columns) {
            shares.share_out(&steps, &worth, column);
        }
    }
    let rest = unattributed(ledger, &rows, &cut);
    columns.iter_mut().for_each(|column| column.push(rest));
    columns
}

enum Shares {
    Rule(Parts),
    Fitted(Spread),
}

impl Shares {
    fn share_out(&mut self, steps: &Steps, worth: &Worth, column: &mut [Given]) {
        match self {
            Self::Rule(parts) => {
                if let Some(single) = parts.single(&steps.channels) {
                    column[steps.channels[single] as usize].add(worth, [SCALE; 3]);
                    return;
                }
                for (channel, part) in steps.channels.iter().zip(parts.each(&steps.channels, &steps.hours)) {
                    column[*channel as usize].add(worth, [*part; 3]);
                }
            }
            Self::Fitted(spread) => {
                let each = spread.each(steps.channels.len());
                for channel in &steps.channels {
                    column[*channel as usize].add(worth, each[*channel as usize]);
                }
                for (given, column) in spread.given.iter().zip(column).filter(|(given, _)| **given != [0; 3]) {
                    column.add(worth, *given);
                }
            }
        }
    }
}

fn unattributed(ledger: &Ledger, rows: &Rows<'_>, cut: &Cut) -> Given {
    let mut known = vec![false; ledger.orders.len()];
    cut.journeys.iter().filter_map(|journey| journey.order).for_each(|order| known[order as usize] = true);
    let mut rest = Given { refunds: i128::from(rows.loose) * i128::from(SCALE), ..Given::default() };
    for (order, _) in (0_u32..).zip(known).filter(|(_, known)| !known) {
        rest.add(&Worth::of(ledger, rows, order), [SCALE; 3]);
    }
    rest
}
