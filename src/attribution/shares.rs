//! What every order of a window brought in and gave back, shared out among the touches that a model credits: the rows behind a figure
//! by channel.

use super::credits::credits;
use super::ledger::Ledger;
use super::model::Spec;
use super::models::Mixed;
use crate::money::allocate;

/// A part of what an order, or refunds of it, came to on one day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share {
    /// In `Ledger::orders`; nothing where the order of a refund is not known.
    pub order: Option<u32>,
    /// In `Ledger::tags`; nothing where no touch explains it.
    pub tag: Option<u32>,
    /// The brand's local day that it counts on: the order's, or the refund's own.
    pub day: i32,
    /// In micros of the reporting currency; of refunds negative.
    pub amount: i64,
}

/// Every share of a window, for a model that looks at one order at a time: those of an order add up to what it came to. Of a fitted
/// model, whose parts belong to the window and not to the order, nothing.
pub fn shares(ledger: &Ledger, spec: &Spec) -> Option<Vec<Share>> {
    if spec.model.is_fitted() {
        return None;
    }
    let spec = Spec { by_touch: false, refunds_by_order: false, every_touch: false, ..*spec };
    let mut parts: Mixed<u32, (Vec<u32>, Vec<i64>)> = Mixed::default();
    for credit in credits(ledger, &spec) {
        let Some(touch) = credit.touch else { continue };
        let (tags, weights) = parts.entry(credit.order).or_default();
        tags.push(ledger.touches[touch as usize].tag);
        weights.push(credit.orders);
    }
    let mut shares = Vec::new();
    let mut add = |order: Option<u32>, day: i32, amount: i64| {
        if amount == 0 {
            return;
        }
        match order.and_then(|order| parts.get(&order)) {
            None => shares.push(Share { order, tag: None, day, amount }),
            Some((tags, weights)) => {
                let split = tags.iter().zip(allocate(amount, weights));
                shares.extend(split.map(|(tag, amount)| Share { order, tag: Some(*tag), day, amount }));
            }
        }
    };
    for (at, order) in (0_u32..).zip(&ledger.orders).filter(|(_, order)| spec.window.holds(order.day, order.at)) {
        add(Some(at), order.day, order.net);
    }
    for refund in ledger.refunds.iter().filter(|refund| spec.window.holds(refund.day, refund.at)) {
        add(refund.order, refund.day, -refund.goods);
    }
    Some(shares)
}
