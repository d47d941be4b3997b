//! The lines of an order, without tax. `quantity` is what was ordered; an edit that took units off before anybody paid for them
//! shows in `currentQuantity` alone, so what was sold is what is there now and what came back by refunds.

use std::collections::HashMap;

use serde::Deserialize;

use super::parse::{Bag, Named, line_title, minus, pieces, sum, text, too_large};
use crate::commerce::rows::{OrderLine, VariantRef};
use crate::money::{Currency, allocate, div_half_even};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct LineNode {
    pub id: Option<String>,
    quantity: i64,
    current_quantity: Option<i64>,
    unfulfilled_quantity: Option<i64>,
    sku: Option<String>,
    /// The product's title with the variant's.
    name: Option<String>,
    title: Option<String>,
    variant_title: Option<String>,
    #[serde(default)]
    is_gift_card: bool,
    /// Both are gone once the product is deleted; sku and title stay.
    variant: Option<Named>,
    product: Option<Named>,
    original_unit_price_set: Bag,
    discount_allocations: Option<Vec<Allocation>>,
    pub tax_lines: Option<Vec<TaxLine>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Allocation {
    allocated_amount_set: Bag,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct TaxLine {
    price_set: Bag,
}

/// What the order says of all its lines.
pub(super) struct Terms {
    pub currency: Currency,
    pub taxes_included: bool,
    /// After discounts.
    pub subtotal: Option<i64>,
    pub tip: i64,
    pub fulfilled: bool,
}

/// Units that refunds brought back, by the line's id: all of them, and those that had not been sent.
pub(super) type Back<'a> = HashMap<&'a str, (i64, i64)>;

/// A line that was sold.
#[derive(Debug)]
pub(super) struct Sold {
    pub id: Option<String>,
    pub row: OrderLine,
}

/// The lines, with what was taken off and the tax of each.
pub(super) fn sold(nodes: &[LineNode], terms: &Terms, back: &Back) -> Result<Vec<Sold>, String> {
    let nodes: Vec<&LineNode> = nodes.iter().filter(|node| !is_tip(node, terms)).collect();
    let prices = nodes.iter().map(|node| node.original_unit_price_set.micros(terms.currency));
    let prices = prices.collect::<Result<Vec<i64>, String>>()?;
    for (node, price) in nodes.iter().zip(&prices) {
        if pieces(node.quantity)? < 0 || *price < 0 {
            return Err("A quantity or a price of a line is negative.".to_owned());
        }
    }
    let gross = nodes.iter().zip(&prices).map(|(node, price)| price.checked_mul(node.quantity));
    let gross = gross.collect::<Option<Vec<i64>>>().ok_or_else(too_large)?;
    let discounts = discounts(&nodes, &gross, terms)?;
    let mut sold = Vec::with_capacity(nodes.len());
    for (at, node) in nodes.iter().enumerate() {
        let tax = tax(node.tax_lines.as_deref(), terms.currency)?;
        let units = units(node, back);
        let part = |whole: i64| share(whole, units, node.quantity);
        let line = Line { quantity: units, price: prices[at], discount: part(discounts[at]), tax: part(tax) };
        let net = line.without_tax(terms.taxes_included).ok_or_else(too_large)?;
        sold.push(Sold { id: node.id.clone(), row: row(node, terms, back, &net)? });
    }
    Ok(sold)
}

/// The sum of a line's taxes.
pub(super) fn tax(lines: Option<&[TaxLine]>, currency: Currency) -> Result<i64, String> {
    sum(lines.unwrap_or_default().iter().map(|line| line.price_set.micros(currency)))
}

/// What was allocated to each line; where lines do not tell, what the subtotal leaves of the prices, by value. A code does not pay
/// for gift cards while there is anything else.
fn discounts(nodes: &[&LineNode], gross: &[i64], terms: &Terms) -> Result<Vec<i64>, String> {
    if nodes.iter().any(|node| node.discount_allocations.is_some()) {
        let of = |node: &&LineNode| {
            let all = node.discount_allocations.as_deref().unwrap_or_default().iter();
            sum(all.map(|one| one.allocated_amount_set.micros(terms.currency)))
        };
        return nodes.iter().map(of).collect();
    }
    let all: i128 = gross.iter().map(|value| i128::from(*value)).sum();
    let off = terms.subtotal.map_or(0, |subtotal| all - i128::from(subtotal));
    let off = i64::try_from(off.max(0)).map_err(|_| too_large())?;
    let weight = |cards: bool| {
        let pairs = nodes.iter().zip(gross);
        pairs.map(|(node, value)| if cards || !node.is_gift_card { *value } else { 0 }).collect::<Vec<i64>>()
    };
    let bought = weight(false);
    let weights = if bought.iter().any(|value| *value > 0) { bought } else { weight(true) };
    Ok(allocate(off, &weights))
}

/// A tip comes as a line of its own that no product stands behind.
fn is_tip(node: &LineNode, terms: &Terms) -> bool {
    let bare = node.product.is_none() && node.variant.is_none() && node.sku.as_deref().unwrap_or_default().is_empty();
    let price = node.original_unit_price_set.shop_money.micros().unwrap_or_default();
    terms.tip > 0 && bare && price.checked_mul(node.quantity) == Some(terms.tip)
}

/// Units that were sold: those that are there and those that came back, at most those that were ordered.
fn units(node: &LineNode, back: &Back) -> i64 {
    let Some(current) = node.current_quantity else { return node.quantity };
    let back = back_of(node, back).0;
    current.max(0).saturating_add(back).clamp(0, node.quantity)
}

fn back_of(node: &LineNode, back: &Back) -> (i64, i64) {
    node.id.as_deref().and_then(|id| back.get(id)).copied().unwrap_or_default()
}

/// `whole` × `units` ÷ `of`.
fn share(whole: i64, units: i64, of: i64) -> i64 {
    if of <= 0 || units == of {
        return if of <= 0 { 0 } else { whole };
    }
    // No larger than `whole`.
    i64::try_from(div_half_even(i128::from(whole) * i128::from(units), i128::from(of))).unwrap_or(whole)
}

/// One line's figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Line {
    pub quantity: i64,
    pub price: i64,
    pub discount: i64,
    pub tax: i64,
}

impl Line {
    /// The same without the tax that the price contains. Price × quantity − discount is then exactly what was paid for it without
    /// tax, as with the export files; none where the figures do not fit into 64 bits.
    pub(super) fn without_tax(self, included: bool) -> Option<Self> {
        let gross = self.price.checked_mul(self.quantity)?;
        let paid = gross.checked_sub(self.discount)?;
        if !included || paid <= 0 || self.quantity == 0 || self.tax <= 0 {
            return Some(self);
        }
        let net_paid = paid - self.tax.min(paid);
        let net_gross = div_half_even(i128::from(gross) * i128::from(net_paid), i128::from(paid));
        let price = i64::try_from(div_half_even(net_gross, i128::from(self.quantity))).ok()?;
        let discount = price.checked_mul(self.quantity)?.checked_sub(net_paid)?;
        Some(Self { price, discount, ..self })
    }
}

fn row(node: &LineNode, terms: &Terms, back: &Back, net: &Line) -> Result<OrderLine, String> {
    let sku = text(node.sku.as_deref(), 200);
    let title = text(node.name.as_deref(), 500)
        .or_else(|| Some(line_title(&text(node.title.as_deref(), 400)?, node.variant_title.as_deref())));
    if sku.is_none() && title.is_none() {
        return Err("A line has neither a title nor a SKU.".to_owned());
    }
    let fulfilled = match node.unfulfilled_quantity {
        // Of what was sold: neither waiting nor come back before it was sent.
        Some(waiting) => minus(minus(net.quantity, waiting.max(0))?, back_of(node, back).1)?,
        None if terms.fulfilled => net.quantity,
        None => 0,
    };
    Ok(OrderLine {
        variant: VariantRef { sku, title: title.unwrap_or_default() },
        quantity: net.quantity,
        fulfilled_quantity: fulfilled.clamp(0, net.quantity),
        price_micros: net.price,
        discount_micros: net.discount,
        tax_micros: net.tax,
        gift_card: node.is_gift_card,
    })
}
