//! The rows that totals are made of, as SQL over SQLite: what landed, with test orders and gift cards, in the orders' own currency.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use rusqlite::types::Value;

use super::{Definition, Refunds};

/// Whose rows, in which window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    pub brand_id: i64,
    pub store_id: i64,
    pub currency: String,
    /// Instants, half open: days of the brand's zone.
    pub ours: [i64; 2],
    /// The same days in the zone of the shop's report.
    pub theirs: [i64; 2],
}

/// The instants at which days begin and end in a zone.
pub fn instants(zone: &TimeZone, from: Date, until: Date) -> [i64; 2] {
    [from, until].map(|day| {
        let start = day.to_zoned(zone.clone()).and_then(|at| at.start_of_day());
        start.map_or(0, |at| at.timestamp().as_second())
    })
}

impl Scope {
    /// What the statements below are bound to, in order.
    pub fn params(&self) -> Vec<Value> {
        vec![
            self.brand_id.into(),
            self.store_id.into(),
            self.currency.clone().into(),
            self.ours[0].into(),
            self.ours[1].into(),
            self.theirs[0].into(),
            self.theirs[1].into(),
        ]
    }
}

/// In either window: what lies in neither is in no step.
const NEAR: &str = "{at} >= min(?4, ?6) and {at} < max(?5, ?7)";

/// One row an order: what it is, when it counts, and its parts. `sales` is price × quantity of what is no gift card.
const ORDERS: &str = "select 'o' || o.id as key, o.id as order_id, null as refund, o.placed_at as at, o.test as test, \
    o.cancelled_at is not null as cancelled, \
    coalesce((select sum(l.price_micros * l.quantity) from order_lines l where l.order_id = o.id and l.gift_card = 0), 0) as sales, \
    coalesce((select sum(l.discount_micros) from order_lines l where l.order_id = o.id and l.gift_card = 0), 0) as discounts, \
    coalesce((select sum(l.price_micros * l.quantity - l.discount_micros) from order_lines l \
    where l.order_id = o.id and l.gift_card = 1), 0) as gift_cards, \
    o.tax_micros as taxes, o.shipping_micros - o.shipping_discount_micros as shipping, o.tip_micros as tips, \
    o.duty_micros as duties \
    from orders o where o.brand_id = ?1 and o.store_id = ?2 and o.currency = ?3 and ";

/// One row a refund, its parts negative. It is its order's where the order is known.
const REFUNDS: &str = "select coalesce('o' || r.order_id, 'r' || r.id) as key, r.order_id as order_id, r.external_id as refund, \
    {at} as at, coalesce(o.test, 0) as test, o.cancelled_at is not null as cancelled, \
    -coalesce((select sum(l.goods_micros) from refund_lines l where l.refund_id = r.id and not {card}), 0) as sales, \
    0 as discounts, \
    -coalesce((select sum(l.goods_micros) from refund_lines l where l.refund_id = r.id and {card}), 0) as gift_cards, \
    -r.tax_micros as taxes, -r.shipping_micros as shipping, 0 as tips, 0 as duties \
    from refunds r left join orders o on o.id = r.order_id \
    where r.brand_id = ?1 and r.store_id = ?2 and r.currency = ?3 and ";

/// As the warehouse has it: what came back of a gift card is no refund of sales.
const CARD: &str = "exists (select 1 from order_lines g where g.order_id = r.order_id and g.variant_id = l.variant_id \
    and g.gift_card = 1)";

/// All orders near the window.
pub fn orders() -> String {
    format!("{ORDERS}{}", NEAR.replace("{at}", "o.placed_at"))
}

/// All refunds near the window, as a definition counts them; nothing where it counts none.
pub fn refunds(mode: Refunds) -> Option<String> {
    let at = match mode {
        Refunds::None => return None,
        Refunds::RefundDate => "r.refunded_at",
        Refunds::OrderDate => "coalesce(o.placed_at, r.refunded_at)",
    };
    Some(format!("{REFUNDS}{NEAR}").replace("{at}", at).replace("{card}", CARD))
}

/// What a definition makes a total of.
pub fn all(definition: &Definition) -> String {
    match refunds(definition.refunds) {
        Some(refunds) => format!("{} union all {refunds}", orders()),
        None => orders(),
    }
}

/// What one of these rows is worth by a definition.
pub fn worth(definition: &Definition) -> String {
    let mut text = "sales".to_owned();
    for (counted, part) in [
        (definition.discounts, " - discounts"),
        (definition.taxes, " + taxes"),
        (definition.shipping, " + shipping"),
        (definition.tips, " + tips"),
        (definition.duties, " + duties"),
        (definition.gift_cards, " + gift_cards"),
    ] {
        if counted {
            text.push_str(part);
        }
    }
    text
}

/// Which rows count by a definition, whatever their time.
pub fn counted(definition: &Definition) -> String {
    let tests = if definition.test_orders { "1" } else { "test = 0" };
    let cancelled = if definition.cancelled { "1" } else { "cancelled = 0" };
    format!("{tests} and {cancelled}")
}

/// The row lies in our window.
pub const IN_OURS: &str = "(at >= ?4 and at < ?5)";
/// The row lies in the report's window.
pub const IN_THEIRS: &str = "(at >= ?6 and at < ?7)";
