//! The objects of the Admin API over the simulator's own model.

use super::answer::{Cx, Got};
use super::catalogue::Level;
use super::graphql::Step;
use super::order::{Line, Order, Shipping, Visit};
use super::refund::{Refund, RefundLine};
use super::{fields_order, fields_refund, fields_stock};

/// An object. Places point into the shop's catalogue.
#[derive(Clone, Copy)]
pub enum Node<'a> {
    Shop,
    ShopPlan,
    Order(&'a Order),
    Customer(u64),
    Address(&'a Order),
    Journey(&'a Order),
    Visit(&'a Visit),
    Campaign(&'a Visit),
    Count(i64),
    /// Hundredths, and what the customer paid in with its rate in millionths.
    Bag(i64, &'static str, (&'static str, i64)),
    Money(i64, &'static str),
    Line(&'a Order, &'a Line),
    Allocation(&'a Order, i64),
    /// Which part of the shop's tax.
    Tax(&'a Order, usize, i64),
    Shipping(&'a Order, &'a Shipping),
    Refund(&'a Order, &'a Refund),
    RefundLine(&'a Order, &'a RefundLine),
    RefundShipping(&'a Order, &'a Refund),
    Adjustment(&'a Order, &'a Refund),
    /// Of the refund, or the sale.
    Transaction(&'a Order, Option<&'a Refund>),
    Rounding(&'a Order),
    Channel(&'a Order),
    Product(usize),
    Variant(usize),
    /// What a variant is of its only option.
    Choice(usize),
    Item(usize),
    /// Variant and location.
    Level(usize, usize),
    Quantity(usize, usize, &'static str, Level),
    Location(usize),
    /// What was destroyed: kind, id, when.
    Event(&'static str, u64, i64),
}

impl<'a> Node<'a> {
    /// The type's name.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Shop => "Shop",
            Self::ShopPlan => "ShopPlan",
            Self::Order(_) => "Order",
            Self::Customer(_) => "Customer",
            Self::Address(_) => "MailingAddress",
            Self::Journey(_) => "CustomerJourneySummary",
            Self::Visit(_) => "CustomerVisit",
            Self::Campaign(_) => "UTMParameters",
            Self::Count(_) => "Count",
            Self::Bag(..) => "MoneyBag",
            Self::Money(..) => "MoneyV2",
            Self::Line(..) => "LineItem",
            Self::Allocation(..) => "DiscountAllocation",
            Self::Tax(..) => "TaxLine",
            Self::Shipping(..) => "ShippingLine",
            Self::Refund(..) => "Refund",
            Self::RefundLine(..) => "RefundLineItem",
            Self::RefundShipping(..) => "RefundShippingLine",
            Self::Adjustment(..) => "OrderAdjustment",
            Self::Transaction(..) => "OrderTransaction",
            Self::Rounding(_) => "CashRoundingAdjustment",
            Self::Channel(_) => "ChannelInformation",
            Self::Product(_) => "Product",
            Self::Variant(_) => "ProductVariant",
            Self::Choice(_) => "SelectedOption",
            Self::Item(_) => "InventoryItem",
            Self::Level(..) => "InventoryLevel",
            Self::Quantity(..) => "InventoryQuantity",
            Self::Location(_) => "Location",
            Self::Event(..) => "BasicEvent",
        }
    }

    /// The number within its kind, by which cursors point; places for what lies in the catalogue.
    pub fn id(&self) -> u64 {
        match self {
            Self::Order(order) => order.id,
            Self::Visit(visit) => visit.id,
            Self::Line(_, line) => line.id,
            Self::Shipping(_, shipping) => shipping.id,
            Self::Refund(_, refund) => refund.id,
            Self::RefundLine(_, line) => line.id,
            Self::RefundShipping(_, refund) => refund.id + 1,
            Self::Adjustment(_, refund) => refund.id + 2,
            Self::Transaction(_, Some(refund)) => refund.id + 3,
            Self::Transaction(order, None) => order.id,
            Self::Product(at) | Self::Variant(at) | Self::Item(at) | Self::Location(at) => *at as u64 + 1,
            Self::Level(variant, location) => (*variant * 8 + *location) as u64 + 1,
            Self::Event(_, id, _) => *id,
            _ => 0,
        }
    }

    /// A field.
    pub fn get(self, step: &Step, cx: &'a Cx<'a>) -> Got<'a> {
        match self {
            Self::Order(order) => fields_order::order(order, step, cx),
            Self::Bag(value, shop, (paid, rate)) => match step.name {
                "shopMoney" => Got::Node(Node::Money(value, shop)),
                _ => Got::Node(Node::Money(converted(value, rate), paid)),
            },
            Self::Money(value, currency) => match step.name {
                "amount" => Got::Short(super::super::text::amount(value)),
                _ => Got::Text(currency),
            },
            Self::Line(order, line) => fields_order::line(order, line, step, cx),
            Self::Customer(_)
            | Self::Address(_)
            | Self::Journey(_)
            | Self::Visit(_)
            | Self::Campaign(_)
            | Self::Count(_)
            | Self::Allocation(..)
            | Self::Tax(..)
            | Self::Shipping(..)
            | Self::Channel(_) => fields_order::part(self, step, cx),
            Self::Refund(..)
            | Self::RefundLine(..)
            | Self::RefundShipping(..)
            | Self::Adjustment(..)
            | Self::Rounding(_)
            | Self::Transaction(..) => fields_refund::part(self, step, cx),
            _ => fields_stock::part(self, step, cx),
        }
    }

    /// Money of an order, in both currencies.
    pub fn bag(order: &Order, value: i64, cx: &Cx<'_>) -> Got<'a> {
        Got::Node(Node::Bag(value, cx.view.shop.currency, order.presentment))
    }
}

/// Hundredths in another currency.
fn converted(value: i64, rate: i64) -> i64 {
    if rate == 1_000_000 { value } else { (value * rate + 500_000 * value.signum()) / 1_000_000 }
}
