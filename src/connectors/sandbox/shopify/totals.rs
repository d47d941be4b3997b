//! A shop's own figures, from its model and not from its answers.

use serde::Serialize;

use super::super::text;
use super::ledger::View;
use super::order::Line;

/// Sums over every order that is there, test orders apart. Amounts are the shop's currency.
#[derive(Debug, Default)]
struct Sums {
    orders: i64,
    test_orders: i64,
    cancelled: i64,
    customers: std::collections::HashSet<u64>,
    lines: i64,
    units: i64,
    gross_listed: i64,
    gift_cards: i64,
    discounts: i64,
    line_tax: i64,
    shipping: i64,
    shipping_tax: i64,
    tips: i64,
    refund_count: i64,
    refunded_units: i64,
    refunds_listed: i64,
    refunds_tax: i64,
    refunds_shipping: i64,
    refunds_shipping_tax: i64,
    refund_discrepancies: i64,
    refunded_total: i64,
    total_price: i64,
    visits: i64,
}

/// The figures as they are answered. Money is decimal text in the shop's currency.
#[derive(Debug, Serialize)]
pub struct Totals {
    shop: String,
    currency: &'static str,
    timezone: &'static str,
    taxes_included: bool,
    /// Orders that are there, cancelled ones included, test and deleted ones not.
    orders: i64,
    test_orders: i64,
    cancelled_orders: i64,
    deleted_orders: usize,
    customers: usize,
    lines: i64,
    /// Without gift cards.
    units: i64,
    /// Σ price × quantity as listed, without gift cards.
    gross_listed: String,
    /// The same without the tax that listed prices contain.
    gross_sales: String,
    gift_cards: String,
    discounts: String,
    /// On goods; within listed prices where taxes are included.
    line_tax: String,
    shipping: String,
    shipping_tax: String,
    tips: String,
    refunds: i64,
    refunded_units: i64,
    /// Goods given back, as listed and without the tax that listed prices contain; without gift cards.
    refunds_listed: String,
    refunds_goods: String,
    refunds_tax: String,
    refunds_shipping: String,
    refunds_shipping_tax: String,
    /// Paid back without goods.
    refund_discrepancies: String,
    refunded_total: String,
    net_sales: String,
    /// Σ totalPrice.
    total_price: String,
    /// What is told of the ways to these orders by now.
    visits: i64,
    products: usize,
    variants: usize,
    /// Available over all locations, now.
    available: i64,
}

/// The figures of a shop at a moment.
pub fn of(view: &View<'_>) -> Totals {
    let mut sums = Sums::default();
    for (_, index) in view.placed_between(i64::MIN / 4, i64::MAX / 4) {
        if let Some(order) = view.order(index) {
            add(&mut sums, &order, view.shop.taxes_included);
        }
    }
    let shop = view.shop;
    let within = |tax: i64| if shop.taxes_included { tax } else { 0 };
    let gross = sums.gross_listed - within(sums.line_tax);
    let goods = sums.refunds_listed - within(sums.refunds_tax);
    let money = |value: i64| text::price(value).to_string();
    Totals {
        shop: shop.domain.clone(),
        currency: shop.currency,
        timezone: shop.zone,
        taxes_included: shop.taxes_included,
        orders: sums.orders,
        test_orders: sums.test_orders,
        cancelled_orders: sums.cancelled,
        deleted_orders: view.destroyed().len(),
        customers: sums.customers.len(),
        lines: sums.lines,
        units: sums.units,
        gross_listed: money(sums.gross_listed),
        gross_sales: money(gross),
        gift_cards: money(sums.gift_cards),
        discounts: money(sums.discounts),
        line_tax: money(sums.line_tax),
        shipping: money(sums.shipping),
        shipping_tax: money(sums.shipping_tax),
        tips: money(sums.tips),
        refunds: sums.refund_count,
        refunded_units: sums.refunded_units,
        refunds_listed: money(sums.refunds_listed),
        refunds_goods: money(goods),
        refunds_tax: money(sums.refunds_tax),
        refunds_shipping: money(sums.refunds_shipping),
        refunds_shipping_tax: money(sums.refunds_shipping_tax),
        refund_discrepancies: money(sums.refund_discrepancies),
        refunded_total: money(sums.refunded_total),
        net_sales: money(gross - sums.discounts - goods),
        total_price: money(sums.total_price),
        visits: sums.visits,
        products: view.products().len(),
        variants: view.variants().len(),
        available: view.available(),
    }
}

fn add(sums: &mut Sums, order: &super::order::Order, included: bool) {
    if order.test {
        sums.test_orders += 1;
        return;
    }
    sums.orders += 1;
    sums.cancelled += i64::from(order.cancelled.is_some());
    sums.customers.extend(order.customer);
    sums.lines += order.lines.len() as i64;
    let goods = |of: fn(&Line) -> i64| -> i64 { order.lines.iter().filter(|line| !line.gift_card).map(of).sum() };
    sums.units += goods(|line| line.quantity);
    sums.gross_listed += goods(Line::list);
    sums.discounts += goods(|line| line.own_discount + line.code_discount);
    sums.line_tax += goods(Line::tax);
    sums.gift_cards += order.lines.iter().filter(|line| line.gift_card).map(Line::list).sum::<i64>();
    sums.shipping += order.shipping_price();
    sums.shipping_tax += order.shipping_tax();
    sums.tips += order.tip;
    sums.total_price += order.total(included);
    sums.visits += if order.ready { order.visits.len() as i64 } else { 0 };
    for refund in &order.refunds {
        sums.refund_count += 1;
        for line in refund.lines.iter().filter(|line| !order.lines[line.line].gift_card) {
            sums.refunded_units += line.quantity;
            sums.refunds_listed += line.subtotal;
            sums.refunds_tax += line.tax;
        }
        let (price, tax) = refund.shipping.unwrap_or_default();
        sums.refunds_shipping += price;
        sums.refunds_shipping_tax += tax;
        sums.refund_discrepancies -= refund.adjustment;
        sums.refunded_total += refund.total;
    }
}
