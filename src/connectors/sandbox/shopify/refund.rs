//! What was given back of an order, and the states that follow from it.

use super::ledger::View;
use super::order::{Change, Order};
use super::shop::Shop;

/// Where the ids of refunds begin.
const REFUNDS: u64 = 1_028_000_000_000;
/// Where those of the orders begin that have many, and how many the control makes of one.
const MANY_REFUNDS: u64 = 90_028_000_000_000;
const MANY: usize = 130;
/// Refunds of an order that have a place among all others.
const FEW: u64 = 8;

/// A part of a refund: pieces of one line. Amounts are hundredths of the shop's currency.
#[derive(Debug, Clone)]
pub struct RefundLine {
    pub id: u64,
    /// Place in the order's lines.
    pub line: usize,
    pub quantity: i64,
    pub restock: &'static str,
    pub subtotal: i64,
    pub tax: i64,
}

/// A refund. `total` is what was paid back: goods, shipping, taxes that came on top, less adjustments.
#[derive(Debug, Clone)]
pub struct Refund {
    pub id: u64,
    pub at: i64,
    /// None where nothing was processed.
    pub processed: Option<i64>,
    pub lines: Vec<RefundLine>,
    /// Price and tax.
    pub shipping: Option<(i64, i64)>,
    /// Negative where more was paid back than the goods account for.
    pub adjustment: i64,
    pub total: i64,
}

/// What a refund is about.
enum Scope {
    /// One piece of the first line that has any left.
    Piece,
    /// Everything that is left, and shipping.
    Rest(&'static str),
    /// Money without goods.
    Money,
    /// An edit took the last line off: no money moves.
    Edit,
}

/// Adds the refunds that happened by `now` and sets the states.
pub fn settle(shop: &Shop, order: &mut Order, now: i64, change: Option<&Change>) {
    let mut due: Vec<(i64, Scope)> = Vec::new();
    let line = order.line;
    let mut add = |at: Option<i64>, scope: Scope| {
        if let Some(at) = at.filter(|at| *at <= now) {
            due.push((at, scope));
        }
    };
    let whole = order.index.is_multiple_of(3);
    add(line.edited, Scope::Edit);
    add(line.refunded, if whole { Scope::Rest("RETURN") } else { Scope::Piece });
    add(line.refunded_again, if whole { Scope::Money } else { Scope::Piece });
    add(line.overpaid_back, Scope::Money);
    let cancelled = [line.cancelled, change.and_then(|change| change.cancelled)].into_iter().flatten().min();
    add(cancelled, Scope::Rest("CANCEL"));
    for (at, all) in change.map(|change| change.refunds.as_slice()).unwrap_or_default() {
        add(Some(*at), if *all { Scope::Rest("RETURN") } else { Scope::Piece });
    }
    if let Some(at) = change.and_then(|change| change.swollen).filter(|at| *at <= now) {
        due.extend(std::iter::repeat_n(at, MANY).map(|at| (at, Scope::Money)));
    }
    due.sort_by_key(|(at, _)| *at);
    for (number, (at, scope)) in due.into_iter().enumerate() {
        let refund = one(shop, order, number as u64, at, scope);
        order.refunds.extend(refund);
        order.updated = order.updated.max(at);
    }
    order.updated = order.updated.max(change.and_then(|change| change.touched).filter(|at| *at <= now).unwrap_or(0));
    order.cancelled = cancelled.filter(|at| *at <= now).map(|at| (at, reason(order.index)));
    order.financial = financial(shop, order);
}

/// The order and the place in it of the refund with this id.
pub fn place_of(view: &View<'_>, id: &str) -> Option<(Order, usize)> {
    let id: u64 = id.strip_prefix("gid://shopify/Refund/")?.parse().ok()?;
    let index = match id.checked_sub(view.shop.part_id(MANY_REFUNDS, 0, 0)) {
        Some(beyond) => beyond / 1024,
        None => id.checked_sub(view.shop.part_id(REFUNDS, 0, 0))? / 32,
    };
    let order = view.order(index)?;
    let at = order.refunds.iter().position(|refund| refund.id == id)?;
    Some((order, at))
}

fn reason(index: u64) -> &'static str {
    ["CUSTOMER", "INVENTORY", "FRAUD", "OTHER"][(index % 4) as usize]
}

fn financial(shop: &Shop, order: &Order) -> Option<&'static str> {
    let refunded = order.refunded();
    match order.index % 500 {
        7 => None,
        8..16 if order.refunds.is_empty() => Some("PENDING"),
        _ if refunded == 0 && order.cancelled.is_some() => Some("VOIDED"),
        _ if refunded == 0 => Some("PAID"),
        _ if refunded >= order.total(shop.taxes_included) => Some("REFUNDED"),
        _ => Some("PARTIALLY_REFUNDED"),
    }
}

/// Makes a refund and takes its goods off what is left; none where there is nothing to refund.
fn one(shop: &Shop, order: &mut Order, number: u64, at: i64, scope: Scope) -> Option<Refund> {
    let mut refund = Refund {
        id: match number < FEW {
            true => shop.part_id(REFUNDS, order.index, number * 4),
            false => shop.part_id(MANY_REFUNDS, order.index * 32, number * 4),
        },
        at,
        processed: (order.index % 10 != 4).then_some(at),
        lines: Vec::new(),
        shipping: None,
        adjustment: 0,
        total: 0,
    };
    match scope {
        Scope::Piece => {
            let line = order.lines.iter().position(|line| line.current > 0)?;
            take(shop, order, &mut refund, line, (1, restock(order.index)));
        }
        Scope::Rest(restock) => {
            for line in 0..order.lines.len() {
                let left = order.lines[line].current;
                take(shop, order, &mut refund, line, (left, restock));
            }
            let given = order.refunds.iter().any(|refund| refund.shipping.is_some());
            refund.shipping =
                Some((order.shipping_price(), order.shipping_tax())).filter(|(price, _)| *price > 0 && !given);
        }
        Scope::Money => refund.adjustment = -500,
        Scope::Edit => {
            let line = order.lines.len().checked_sub(2)?;
            let left = order.lines[line].current;
            take(shop, order, &mut refund, line, (left, "CANCEL"));
        }
    }
    let shipping = refund.shipping.map_or(0, |(price, tax)| if shop.taxes_included { price } else { price + tax });
    let goods =
        refund.lines.iter().map(|line| if shop.taxes_included { line.subtotal } else { line.subtotal + line.tax });
    let all = goods.sum::<i64>() + shipping - refund.adjustment;
    refund.total = if matches!(scope, Scope::Edit) { 0 } else { all };
    (all != 0).then_some(refund)
}

fn restock(index: u64) -> &'static str {
    ["RETURN", "RETURN", "RETURN", "NO_RESTOCK", "LEGACY_RESTOCK"][(index % 5) as usize]
}

/// Moves pieces of a line from the order to the refund.
fn take(shop: &Shop, order: &mut Order, refund: &mut Refund, at: usize, (pieces, restock): (i64, &'static str)) {
    if pieces <= 0 {
        return;
    }
    let before: i64 = order.lines[at].quantity - order.lines[at].current;
    let line = &mut order.lines[at];
    // The difference of two parts of the whole: however it is cut, the parts add up to the line.
    let share = |whole: i64| line.part(whole, before + pieces) - line.part(whole, before);
    let (subtotal, tax) = (share(line.net()), share(line.tax()));
    line.current -= pieces;
    let number = order.refunds.iter().map(|refund| refund.lines.len()).sum::<usize>() + refund.lines.len();
    refund.lines.push(RefundLine {
        id: shop.part_id(654_000_000_000, order.index, number as u64 % 32),
        line: at,
        quantity: pieces,
        restock,
        subtotal,
        tax,
    });
}
