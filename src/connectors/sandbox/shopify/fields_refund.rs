//! Fields of refunds, their parts, and transactions.

use super::super::text;
use super::answer::{Cx, Got, Page};
use super::graphql::Step;
use super::node::Node;
use super::order::Order;
use super::refund::{Refund, RefundLine};

/// A field of a refund or of a part of one.
pub fn part<'a>(node: Node<'a>, step: &Step, cx: &'a Cx<'a>) -> Got<'a> {
    match node {
        Node::Refund(order, refund) => self::refund(order, refund, step, cx),
        Node::RefundLine(order, line) => refund_line(order, line, step, cx),
        Node::RefundShipping(order, refund) => match (step.name, refund.shipping) {
            ("id", _) => Got::id("RefundShippingLine", refund.id),
            ("shippingLine", _) => Got::node(order.shipping.as_ref().map(|shipping| Node::Shipping(order, shipping))),
            ("subtotalAmountSet", shipping) => Node::bag(order, shipping.map_or(0, |(price, _)| price), cx),
            (_, shipping) => Node::bag(order, shipping.map_or(0, |(_, tax)| tax), cx),
        },
        Node::Adjustment(order, refund) => match step.name {
            "id" => Got::id("OrderAdjustment", refund.id),
            "reason" => Got::Text("REFUND_DISCREPANCY"),
            "amountSet" => Node::bag(order, refund.adjustment, cx),
            _ => Node::bag(order, 0, cx),
        },
        Node::Transaction(order, refund) => transaction(order, refund, step, cx),
        Node::Rounding(order) => Node::bag(order, 0, cx),
        _ => Got::Null,
    }
}

fn refund<'a>(order: &'a Order, refund: &'a Refund, step: &Step, cx: &'a Cx<'a>) -> Got<'a> {
    match step.name {
        "id" => Got::id("Refund", refund.id),
        "legacyResourceId" => Got::Short(text::whole(refund.id.cast_signed())),
        "createdAt" | "updatedAt" => Got::Time(refund.at),
        "processedAt" => Got::time(refund.processed),
        "totalRefundedSet" => Node::bag(order, refund.total, cx),
        "refundLineItems" => {
            let lines = refund.lines.iter().map(|line| Node::RefundLine(order, line)).collect();
            Got::Page(Page::cut(lines, &step.args))
        }
        "refundShippingLines" => {
            let lines = refund.shipping.iter().map(|_| Node::RefundShipping(order, refund)).collect();
            Got::Page(Page::cut(lines, &step.args))
        }
        "orderAdjustments" => {
            let all = (refund.adjustment != 0).then_some(Node::Adjustment(order, refund)).into_iter().collect();
            Got::Page(Page::cut(all, &step.args))
        }
        "transactions" => {
            let all = (refund.total != 0).then_some(Node::Transaction(order, Some(refund))).into_iter().collect();
            Got::Page(Page::cut(all, &step.args))
        }
        "order" => Got::Node(Node::Order(order)),
        _ => Got::Null,
    }
}

fn refund_line<'a>(order: &'a Order, line: &'a RefundLine, step: &Step, cx: &'a Cx<'a>) -> Got<'a> {
    match step.name {
        "id" => Got::id("RefundLineItem", line.id),
        "quantity" => Got::Number(line.quantity),
        "restockType" => Got::Text(line.restock),
        "restocked" => Got::Flag(line.restock != "NO_RESTOCK"),
        "lineItem" => Got::Node(Node::Line(order, &order.lines[line.line])),
        "priceSet" => Node::bag(order, line.subtotal / line.quantity.max(1), cx),
        "subtotalSet" => Node::bag(order, line.subtotal, cx),
        "totalTaxSet" => Node::bag(order, line.tax, cx),
        _ => Got::node((line.restock == "RETURN").then_some(Node::Location(0))),
    }
}

fn transaction<'a>(order: &'a Order, refund: Option<&'a Refund>, step: &Step, cx: &'a Cx<'a>) -> Got<'a> {
    match step.name {
        "id" => Got::id("OrderTransaction", Node::Transaction(order, refund).id() + 1_500_000_000_000),
        "kind" => Got::Text(if refund.is_some() { "REFUND" } else { "SALE" }),
        "status" => Got::Text(if order.financial == Some("PENDING") { "PENDING" } else { "SUCCESS" }),
        "gateway" => Got::Text("shopify_payments"),
        "createdAt" | "processedAt" => Got::Time(refund.map_or(order.line.created, |refund| refund.at)),
        "test" => Got::Flag(order.test),
        _ => Node::bag(order, refund.map_or(order.total(cx.view.shop.taxes_included), |refund| refund.total), cx),
    }
}
