//! Fields of orders and of what hangs on them, refunds apart.

use super::super::text;
use super::answer::{Cx, Got, Page};
use super::graphql::Step;
use super::node::Node;
use super::order::{Line, Order, Shipping, Visit};

/// A field of an order.
pub fn order<'a>(order: &'a Order, step: &Step, cx: &'a Cx<'a>) -> Got<'a> {
    let shop = cx.view.shop;
    match step.name {
        "id" => Got::id("Order", order.id),
        "legacyResourceId" => Got::Short(text::whole(order.id.cast_signed())),
        "name" => Got::Owned(format!("#{}", order.index + 1001)),
        "email" => order.customer.map_or(Got::Null, |customer| Got::Owned(email(shop.setup.number, customer))),
        "createdAt" | "processedAt" => Got::Time(order.line.created),
        "updatedAt" => Got::Time(order.updated),
        "cancelledAt" => Got::time(order.cancelled.map(|(at, _)| at)),
        "cancelReason" => Got::text(order.cancelled.map(|(_, reason)| reason)),
        "closedAt" => Got::time(order.line.fulfilled.filter(|_| order.fulfilled && order.index.is_multiple_of(3))),
        "closed" => Got::Flag(order.fulfilled && order.index.is_multiple_of(3)),
        "test" => Got::Flag(order.test),
        "edited" => Got::Flag(order.lines.iter().any(|line| line.added)),
        "currencyCode" => Got::Text(shop.currency),
        "presentmentCurrencyCode" => Got::Text(order.presentment.0),
        "taxesIncluded" => Got::Flag(shop.taxes_included),
        "displayFinancialStatus" => Got::text(order.financial),
        "displayFulfillmentStatus" => Got::Text(if order.fulfilled { "FULFILLED" } else { "UNFULFILLED" }),
        "sourceName" => Got::Text(order.source),
        "paymentGatewayNames" => Got::Texts(order.gateways()),
        "discountCodes" => Got::Texts(order.code.into_iter().collect()),
        "discountCode" => Got::text(order.code),
        "tags" => Got::Texts(Vec::new()),
        "subtotalLineItemsQuantity" => Got::Number(order.lines.iter().map(|line| line.quantity).sum()),
        "currentSubtotalLineItemsQuantity" => Got::Number(order.lines.iter().map(|line| line.current).sum()),
        "customer" => Got::node(order.customer.map(Node::Customer)),
        "shippingAddress" | "billingAddress" => Got::Node(Node::Address(order)),
        "channelInformation" => Got::Node(Node::Channel(order)),
        "customerJourneySummary" => Got::Node(Node::Journey(order)),
        "lineItems" => Got::Page(Page::cut(lines(order), &step.args)),
        "shippingLines" => Got::Page(Page::cut(shipping_lines(order), &step.args)),
        "refunds" => {
            let most = step.args.number("first").and_then(|first| usize::try_from(first).ok()).unwrap_or(usize::MAX);
            Got::List(order.refunds.iter().take(most).map(|refund| Node::Refund(order, refund)).collect())
        }
        "transactions" => Got::List(transactions(order)),
        "taxLines" => Got::List(tax_lines(order)),
        "totalCashRoundingAdjustment" => Got::Node(Node::Rounding(order)),
        "currentTotalDutiesSet" | "originalTotalDutiesSet" => Got::Null,
        "currentTotalAdditionalFeesSet" | "originalTotalAdditionalFeesSet" => Got::Null,
        _ => Node::bag(order, money(order, step.name, shop.taxes_included), cx),
    }
}

/// The order's sums. `total…` is as ordered, `current…` after everything that was given back.
fn money(order: &Order, name: &str, included: bool) -> i64 {
    let given = |of: fn(&super::refund::RefundLine) -> i64| -> i64 {
        order.refunds.iter().flat_map(|refund| &refund.lines).map(of).sum()
    };
    let shipping_given = |of: fn(&(i64, i64)) -> i64| -> i64 {
        order.refunds.iter().filter_map(|refund| refund.shipping.as_ref()).map(of).sum()
    };
    let goods_given = || given(|line| line.subtotal);
    let tax_given = || given(|line| line.tax) + shipping_given(|(_, tax)| *tax);
    let discount_left = |line: &Line| line.part(line.own_discount + line.code_discount, line.current);
    match name {
        "totalPriceSet" | "originalTotalPriceSet" => order.total(included),
        "totalReceivedSet" if order.financial != Some("PENDING") => order.total(included),
        "totalOutstandingSet" if order.financial == Some("PENDING") => order.total(included),
        "subtotalPriceSet" => order.subtotal(),
        "totalDiscountsSet" => order.discounts(),
        "totalShippingPriceSet" => order.shipping_price(),
        "totalTaxSet" => order.tax(),
        "totalRefundedSet" => order.refunded(),
        "totalRefundedShippingSet" => shipping_given(|(price, _)| *price),
        "totalTipReceivedSet" => order.tip,
        "currentTotalPriceSet" => {
            let tax = if included { 0 } else { tax_given() };
            order.total(included) - goods_given() - shipping_given(|(price, _)| *price) - tax
        }
        "currentSubtotalPriceSet" => order.subtotal() - goods_given(),
        "currentTotalTaxSet" => order.tax() - tax_given(),
        "currentTotalDiscountsSet" => order.lines.iter().map(discount_left).sum(),
        "currentShippingPriceSet" => order.shipping_price() - shipping_given(|(price, _)| *price),
        "netPaymentSet" => order.total(included) - order.refunded(),
        _ => 0,
    }
}

/// The lines of an order.
pub fn lines(order: &Order) -> Vec<Node<'_>> {
    order.lines.iter().map(|line| Node::Line(order, line)).collect()
}

/// What shipping an order has.
pub fn shipping_lines(order: &Order) -> Vec<Node<'_>> {
    let whole = order.shipping.as_ref().filter(|_| order.parcels.is_empty());
    whole.into_iter().chain(&order.parcels).map(|shipping| Node::Shipping(order, shipping)).collect()
}

fn transactions(order: &Order) -> Vec<Node<'_>> {
    let paid =
        order.refunds.iter().filter(|refund| refund.total != 0).map(|refund| Node::Transaction(order, Some(refund)));
    std::iter::once(Node::Transaction(order, None)).chain(paid).collect()
}

fn tax_lines(order: &Order) -> Vec<Node<'_>> {
    let sum = |part: usize| order.lines.iter().map(|line| line.taxes[part]).sum::<i64>();
    (0..2).filter(|part| sum(*part) != 0).map(|part| Node::Tax(order, part, sum(part))).collect()
}

/// The address of a customer: names nobody.
pub fn email(shop: u64, customer: u64) -> String {
    format!("customer{customer}@shop{shop}.example")
}

/// A field of a line.
pub fn line<'a>(order: &'a Order, line: &'a Line, step: &Step, cx: &'a Cx<'a>) -> Got<'a> {
    let shop = cx.view.shop;
    let variant = line.variant.map(|at| &shop.catalogue.variants[at]);
    let product = variant.map(|variant| &shop.catalogue.products[variant.product]);
    let bag = |value| Node::bag(order, value, cx);
    match step.name {
        "id" => Got::id("LineItem", line.id),
        "quantity" => Got::Number(line.quantity),
        "currentQuantity" | "refundableQuantity" => Got::Number(line.current),
        "unfulfilledQuantity" => Got::Number(if order.fulfilled { 0 } else { line.current }),
        "sku" => Got::text(variant.map(|variant| variant.sku.as_str())),
        "title" | "name" => Got::Text(product.map_or("Gift wrapping", |product| product.title.as_str())),
        "variantTitle" => Got::text(variant.map(|variant| variant.title)),
        "vendor" => Got::text(product.map(|product| product.vendor)),
        "isGiftCard" => Got::Flag(line.gift_card),
        "requiresShipping" | "taxable" => Got::Flag(!line.gift_card),
        "variant" => Got::node(line.variant.filter(|_| line.there).map(Node::Variant)),
        "product" => Got::node(variant.filter(|_| line.there).map(|variant| Node::Product(variant.product))),
        "originalUnitPriceSet" => bag(line.price),
        "originalTotalSet" => bag(line.list()),
        "discountedUnitPriceSet" => bag(line.price - line.part(line.own_discount, 1)),
        "discountedTotalSet" => bag(line.list() - line.own_discount),
        "totalDiscountSet" => bag(line.own_discount),
        "discountAllocations" => {
            let both = [line.own_discount, line.code_discount];
            Got::List(
                both.into_iter().filter(|value| *value != 0).map(|value| Node::Allocation(order, value)).collect(),
            )
        }
        _ => {
            let taxes = line.taxes.iter().enumerate().take(shop.taxes.len()).filter(|_| !line.gift_card);
            Got::List(taxes.map(|(part, tax)| Node::Tax(order, part, *tax)).collect())
        }
    }
}

/// A field of one of the smaller parts of an order.
pub fn part<'a>(node: Node<'a>, step: &Step, cx: &'a Cx<'a>) -> Got<'a> {
    match node {
        Node::Customer(customer) => match step.name {
            "id" => Got::id("Customer", customer_id(cx, customer)),
            "legacyResourceId" => Got::Short(text::whole(customer_id(cx, customer).cast_signed())),
            "email" => Got::Owned(email(cx.view.shop.setup.number, customer)),
            "numberOfOrders" => Got::Owned("2".to_owned()),
            _ => Got::Time(cx.view.shop.start),
        },
        Node::Address(order) => match step.name {
            "countryCodeV2" | "country" => Got::Text(order.place.0),
            "provinceCode" | "province" => Got::Text(order.place.1),
            _ => Got::Text(order.place.2),
        },
        Node::Journey(order) => journey(order, step),
        Node::Visit(of) => visit(of, step, cx),
        Node::Campaign(visit) => match (visit.campaign, step.name) {
            (Some((source, _, _)), "source") => Got::Text(source),
            (Some((_, medium, _)), "medium") => Got::Text(medium),
            (Some((_, _, campaign)), "campaign") => Got::Owned(format!("campaign-{campaign}")),
            _ => Got::Null,
        },
        Node::Count(count) => match step.name {
            "count" => Got::Number(count),
            _ => Got::Text("EXACT"),
        },
        Node::Allocation(order, value) => Node::bag(order, value, cx),
        Node::Tax(order, which, value) => {
            let (title, rate) = cx.view.shop.taxes[which];
            match step.name {
                "title" => Got::Text(title),
                "rate" => Got::Fraction(rate as f64 / 10_000.0),
                "ratePercentage" => Got::Fraction(rate as f64 / 100.0),
                _ => Node::bag(order, value, cx),
            }
        }
        Node::Shipping(order, shipping) => self::shipping(order, shipping, step, cx),
        Node::Channel(order) => match step.name {
            "id" => Got::id("ChannelInformation", order.id),
            _ => Got::Text(order.source),
        },
        _ => Got::Null,
    }
}

fn shipping<'a>(order: &'a Order, shipping: &'a Shipping, step: &Step, cx: &'a Cx<'a>) -> Got<'a> {
    match step.name {
        "id" => Got::id("ShippingLine", shipping.id),
        "title" | "code" => Got::Text(shipping.title),
        "originalPriceSet" => Node::bag(order, shipping.original, cx),
        "taxLines" => Got::List((shipping.tax != 0).then_some(Node::Tax(order, 0, shipping.tax)).into_iter().collect()),
        "discountAllocations" => {
            let off = shipping.original - shipping.discounted;
            Got::List((off != 0).then_some(Node::Allocation(order, off)).into_iter().collect())
        }
        _ => Node::bag(order, shipping.discounted, cx),
    }
}

/// The id of a customer of this shop.
fn customer_id(cx: &Cx<'_>, customer: u64) -> u64 {
    7_100_000_000_000 + cx.view.shop.setup.number * 10_000_000_000 + customer
}

fn journey<'a>(order: &'a Order, step: &Step) -> Got<'a> {
    let nodes = |all: &'a [Visit]| all.iter().map(Node::Visit);
    match step.name {
        "ready" => Got::Flag(order.ready),
        _ if !order.ready => Got::Null,
        "daysToConversion" => match order.visits.first() {
            Some(first) => Got::Number((order.line.created - first.at) / text::DAY),
            None => Got::Null,
        },
        "customerOrderIndex" => Got::Number(order.returning - 1),
        "momentsCount" => Got::Node(Node::Count(order.visits.len() as i64)),
        "moments" => Got::Page(Page::cut(nodes(&order.visits).collect(), &step.args)),
        "firstVisit" => Got::node(nodes(&order.visits).next()),
        _ => Got::node(nodes(&order.visits).next_back()),
    }
}

fn visit<'a>(visit: &'a Visit, step: &Step, cx: &'a Cx<'a>) -> Got<'a> {
    match step.name {
        "id" => Got::id("CustomerVisit", visit.id),
        "occurredAt" => Got::Time(visit.at),
        "landingPage" => Got::Owned(landing(visit, cx)),
        "referrerUrl" => Got::text(visit.referrer),
        "source" => Got::Text(visit.source),
        "sourceType" => Got::text(visit.source_type),
        "utmParameters" => Got::node(visit.campaign.map(|_| Node::Campaign(visit))),
        _ => Got::Null,
    }
}

fn landing(visit: &Visit, cx: &Cx<'_>) -> String {
    let mut url = format!("https://{}/", cx.view.shop.domain.replace(".myshopify.com", ".example"));
    if let Some((source, medium, campaign)) = visit.campaign {
        url += &format!("?utm_source={source}&utm_medium={medium}&utm_campaign=campaign-{campaign}");
        if let Some(click) = visit.click {
            url += &format!("&{click}=click{}", visit.id);
        }
    }
    url
}
