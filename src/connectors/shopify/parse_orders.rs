//! An order as rows. Only the shop's currency is read. What is sold are the lines: price × quantity, discounts by what was
//! allocated to each line, taxes taken out where prices contain them. Tips and duties are kept apart; fees for
//! bringing something and the rounding of cash are not asked for. None of them is in a line or a tax, so they are in no figure.

use serde::Deserialize;

use super::lines::{self, Sold, Terms};
use super::parse::{About, Bag, Many, currency, instant, micros_or_zero, minus, number, plus, sum, text};
use super::parse_journeys;
use super::parse_refunds::{self, RefundNode};
use crate::commerce::rows::{Batch, CustomerRef, Order};
use crate::connectors::hash_of;
use crate::money::div_half_even;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct OrderNode {
    id: String,
    name: Option<String>,
    created_at: String,
    cancelled_at: Option<String>,
    pub cancel_reason: Option<String>,
    #[serde(default)]
    test: bool,
    currency_code: String,
    #[serde(default)]
    pub taxes_included: bool,
    display_financial_status: Option<String>,
    display_fulfillment_status: Option<String>,
    source_name: Option<String>,
    #[serde(default)]
    payment_gateway_names: Vec<String>,
    #[serde(default)]
    discount_codes: Vec<String>,
    customer: Option<Person>,
    customer_journey_summary: Option<parse_journeys::Summary>,
    /// Of a bulk operation they are lines of their own.
    moments: Option<Many<parse_journeys::Moment>>,
    shipping_address: Option<Place>,
    total_price_set: Option<Bag>,
    subtotal_price_set: Option<Bag>,
    total_shipping_price_set: Option<Bag>,
    total_tax_set: Option<Bag>,
    total_tip_received_set: Option<Bag>,
    /// Null where the shop collects none.
    original_total_duties_set: Option<Bag>,
    pub line_items: Many<lines::LineNode>,
    shipping_lines: Option<Many<ShippingNode>>,
    /// Of a bulk operation these have no lines, and are read another way.
    #[serde(default)]
    pub refunds: Vec<RefundNode>,
}

#[derive(Debug, Deserialize)]
struct Person {
    id: String,
    /// A hash by now.
    email: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Place {
    country_code_v2: Option<String>,
    province_code: Option<String>,
    city: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ShippingNode {
    original_price_set: Bag,
    discounted_price_set: Option<Bag>,
    #[serde(default)]
    tax_lines: Option<Vec<lines::TaxLine>>,
}

/// An order and its refunds.
pub(super) fn order(mut node: OrderNode, about: &About) -> Result<Batch, String> {
    // A bulk operation's lines come in any order: the same order must be the same rows.
    node.line_items.nodes.sort_by_key(|line| line.id.as_deref().and_then(|id| number(id).ok()?.parse::<u64>().ok()));
    let currency = currency(&node.currency_code)?;
    let refunded = parse_refunds::units(&node.refunds);
    let terms = Terms {
        currency,
        taxes_included: node.taxes_included,
        subtotal: node.subtotal_price_set.as_ref().map(|bag| bag.micros(currency)).transpose()?,
        tip: micros_or_zero(node.total_tip_received_set.as_ref(), currency)?,
        fulfilled: node.display_fulfillment_status.as_deref() == Some("FULFILLED"),
    };
    let sold = lines::sold(&node.line_items.nodes, &terms, &refunded)?;
    let shipping = shipping(&node, &terms)?;
    let customer = customer(node.customer.as_ref())?;
    let place = node.shipping_address.as_ref();
    let place = |field: fn(&Place) -> &Option<String>| text(place.and_then(|p| field(p).as_deref()), 200);
    let row = Order {
        external_id: number(&node.id)?,
        name: text(node.name.as_deref(), 100),
        store: about.store.clone(),
        customer,
        currency,
        placed_at: instant(&node.created_at)?.as_second(),
        cancelled_at: node.cancelled_at.as_deref().map(instant).transpose()?.map(|at| at.as_second()),
        test: node.test,
        financial_status: text(node.display_financial_status.as_deref(), 60).map(|status| status.to_lowercase()),
        fulfillment_status: node.display_fulfillment_status.as_deref().map(fulfilment),
        sales_source: node.source_name.as_deref().and_then(source_name),
        device: None,
        country: place(|p| &p.country_code_v2),
        region: place(|p| &p.province_code),
        city: place(|p| &p.city),
        discount_codes: node.discount_codes.iter().take(20).filter_map(|code| text(Some(code), 100)).collect(),
        shipping_micros: shipping.price,
        shipping_discount_micros: shipping.discount,
        tax_micros: tax(&node, &terms, &sold, shipping.tax)?,
        tip_micros: terms.tip,
        duty_micros: micros_or_zero(node.original_total_duties_set.as_ref(), currency)?,
        total_micros: node.total_price_set.as_ref().map(|bag| bag.micros(currency)).transpose()?,
        gateway: gateway(&node.payment_gateway_names),
        lines: sold.iter().map(|one| one.row.clone()).collect(),
    };
    let mut batch = Batch::default();
    for refund in &node.refunds {
        batch.refunds.extend(parse_refunds::refund(refund, &node, &row, &sold)?);
    }
    let journey = node.customer_journey_summary.as_ref();
    batch.journeys.extend(parse_journeys::journey(&row.external_id, journey, node.moments.as_ref())?);
    batch.orders.push(row);
    Ok(batch)
}

/// The hash of the address, else the number; a guest has neither.
fn customer(person: Option<&Person>) -> Result<Option<CustomerRef>, String> {
    let Some(person) = person else { return Ok(None) };
    if let Some(hash) = person.email.as_deref().and_then(hash_of) {
        return Ok(Some(CustomerRef::Hashed(hash)));
    }
    Ok(Some(CustomerRef::SourceId(number(&person.id)?)))
}

struct Shipping {
    price: i64,
    discount: i64,
    tax: i64,
}

/// What was charged for bringing it, without tax.
fn shipping(node: &OrderNode, terms: &Terms) -> Result<Shipping, String> {
    let mut sum = Shipping { price: 0, discount: 0, tax: 0 };
    let Some(all) = &node.shipping_lines else {
        sum.price = micros_or_zero(node.total_shipping_price_set.as_ref(), terms.currency)?;
        return Ok(sum);
    };
    for line in &all.nodes {
        let full = line.original_price_set.micros(terms.currency)?;
        let paid = line.discounted_price_set.as_ref().map_or(Ok(full), |bag| bag.micros(terms.currency))?;
        let tax = lines::tax(line.tax_lines.as_deref(), terms.currency)?;
        let inside = if terms.taxes_included { tax.clamp(0, paid.max(0)) } else { 0 };
        let price = without(full, paid, inside);
        sum.price = plus(sum.price, price)?;
        sum.discount = plus(sum.discount, minus(price, minus(paid, inside)?)?)?;
        sum.tax = plus(sum.tax, tax)?;
    }
    Ok(sum)
}

/// `full` without its share of the tax that is in `paid`.
fn without(full: i64, paid: i64, tax: i64) -> i64 {
    if tax == 0 || paid <= 0 {
        return full;
    }
    let net = div_half_even(i128::from(full) * i128::from(paid - tax), i128::from(paid));
    i64::try_from(net).unwrap_or(full)
}

/// The tax of what was sold and brought; the order's own figure where its lines do not tell theirs.
fn tax(node: &OrderNode, terms: &Terms, sold: &[Sold], shipping: i64) -> Result<i64, String> {
    let is_told = node.line_items.nodes.iter().any(|line| line.tax_lines.is_some());
    match &node.total_tax_set {
        Some(total) if !is_told => total.micros(terms.currency),
        _ => plus(sum(sold.iter().map(|one| Ok(one.row.tax_micros)))?, shipping),
    }
}

/// Who took the money; a gift card took it once already.
fn gateway(names: &[String]) -> Option<String> {
    let name = names.iter().find(|name| *name != "gift_card").or_else(|| names.first())?;
    text(Some(name), 100).map(|name| name.to_lowercase())
}

/// As the export files write it.
fn fulfilment(status: &str) -> String {
    match status {
        "PARTIALLY_FULFILLED" => "partial".to_owned(),
        other => other.chars().take(60).collect::<String>().to_lowercase(),
    }
}

/// As the export files write it.
fn source_name(source: &str) -> Option<String> {
    match text(Some(source), 60)?.as_str() {
        "shopify_draft_order" => Some("draft".to_owned()),
        other => Some(other.to_lowercase()),
    }
}
