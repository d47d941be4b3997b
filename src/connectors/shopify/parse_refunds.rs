//! Refunds as rows, each on its own day. Goods are what the refund's lines are worth without tax, more or less what an adjustment
//! says was given back beyond or short of that. Shipping and taxes are told apart. What no part explains (tips, duties, rounding)
//! is left out, as it is of orders. A gift card is no sale, so its return is none either.

use serde::Deserialize;

use super::lines::{Back, Sold};
use super::parse::{Bag, Many, Named, instant, micros_or_zero, minus, number, pieces, plus, text};
use super::parse_orders::OrderNode;
use crate::commerce::rows::{Order, Refund, RefundLine};
use crate::money::Currency;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RefundNode {
    id: String,
    created_at: Option<String>,
    processed_at: Option<String>,
    /// Absent where a bulk operation told of it.
    refund_line_items: Option<Many<BackNode>>,
    refund_shipping_lines: Option<Many<ShippingBack>>,
    order_adjustments: Option<Many<Adjustment>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct BackNode {
    quantity: i64,
    restock_type: Option<String>,
    line_item: Option<Named>,
    subtotal_set: Bag,
    total_tax_set: Option<Bag>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ShippingBack {
    subtotal_amount_set: Bag,
    tax_amount_set: Option<Bag>,
}

/// Negative amounts were given back beyond what the lines are worth.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Adjustment {
    reason: Option<String>,
    amount_set: Bag,
    tax_amount_set: Option<Bag>,
}

/// Units that came back, by the order's line.
pub(super) fn units(refunds: &[RefundNode]) -> Back<'_> {
    let mut back = Back::new();
    for line in refunds.iter().filter_map(|refund| refund.refund_line_items.as_ref()).flat_map(|all| &all.nodes) {
        let Some(named) = &line.line_item else { continue };
        let (all, unsent) = back.entry(named.id.as_str()).or_default();
        *all = all.saturating_add(line.quantity.max(0));
        if line.restock_type.as_deref() == Some("CANCEL") {
            *unsent = unsent.saturating_add(line.quantity.max(0));
        }
    }
    back
}

/// The refund, unless its lines have to be asked for yet.
pub(super) fn refund(
    node: &RefundNode,
    of: &OrderNode,
    order: &Order,
    sold: &[Sold],
) -> Result<Option<Refund>, String> {
    let Some(back) = &node.refund_line_items else { return Ok(None) };
    let at = node.processed_at.as_deref().or(node.created_at.as_deref()).ok_or("A refund has no date.")?;
    let (currency, included) = (order.currency, of.taxes_included);
    let (mut lines, mut tax, mut shipping) = (Vec::new(), 0_i64, 0_i64);
    for one in &back.nodes {
        let line =
            one.line_item.as_ref().and_then(|named| sold.iter().find(|line| line.id.as_ref() == Some(&named.id)));
        if line.is_some_and(|line| line.row.gift_card) {
            continue;
        }
        let part = Part::of(&one.subtotal_set, one.total_tax_set.as_ref(), currency, included)?;
        tax = plus(tax, part.tax)?;
        let variant = line.map(|line| line.row.variant.clone());
        lines.push(RefundLine { variant, quantity: pieces(one.quantity)?, goods_micros: part.net });
    }
    for one in node.refund_shipping_lines.iter().flat_map(|all| &all.nodes) {
        let part = Part::of(&one.subtotal_amount_set, one.tax_amount_set.as_ref(), currency, included)?;
        tax = plus(tax, part.tax)?;
        shipping = plus(shipping, part.net)?;
    }
    for one in node.order_adjustments.iter().flat_map(|all| &all.nodes) {
        let amount = one.amount_set.micros(currency)?;
        tax = minus(tax, micros_or_zero(one.tax_amount_set.as_ref(), currency)?)?;
        // What is still owed moved no money; the goods came back all the same.
        if amount != 0 && one.reason.as_deref() != Some("PENDING_REFUND_DISCREPANCY") {
            lines.push(RefundLine { variant: None, quantity: 0, goods_micros: minus(0, amount)? });
        }
    }
    let cancelled = back.nodes.iter().any(|one| one.restock_type.as_deref() == Some("CANCEL"));
    Ok(Some(Refund {
        external_id: number(&node.id)?,
        order: Some(order.external_id.clone()),
        store: order.store.clone(),
        customer: order.customer.clone(),
        currency,
        refunded_at: instant(at)?.as_second(),
        day_estimated: false,
        reason: text(of.cancel_reason.as_deref().filter(|_| cancelled), 60).map(|reason| reason.to_lowercase()),
        country: order.country.clone(),
        shipping_micros: shipping,
        tax_micros: tax,
        lines,
    }))
}

struct Part {
    net: i64,
    tax: i64,
}

impl Part {
    /// Where prices contain tax, so do the parts of a refund.
    fn of(amount: &Bag, tax: Option<&Bag>, currency: Currency, included: bool) -> Result<Self, String> {
        let (amount, tax) = (amount.micros(currency)?, micros_or_zero(tax, currency)?);
        let net = if included { minus(amount, tax)? } else { amount };
        Ok(Self { net, tax })
    }
}
