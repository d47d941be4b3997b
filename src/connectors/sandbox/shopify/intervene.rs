//! What the control does to a shop: new orders, refunds, cancellations, deletions.

use std::sync::Arc;

use serde_json::{Value, json};

use super::super::world::World;
use super::Store;
use super::ledger::{Key, View};
use super::order::Order;
use super::shop::MADE;

/// Refunds that the control may add to an order.
const MOST_REFUNDS: usize = 3;

/// The shop that a body names; the first where it names none.
pub fn store<'a>(world: &'a World, body: &Value) -> Result<&'a Store, String> {
    let first = || world.shopify.shops.first();
    let found = match body["shop"].as_str() {
        Some(domain) => world.shopify.store(domain),
        None => first(),
    };
    found.ok_or_else(|| "shop: a domain of the simulator's shops".to_owned())
}

fn count(body: &Value, name: &str) -> Result<usize, String> {
    match &body[name] {
        Value::Null => Ok(0),
        value => value
            .as_u64()
            .and_then(|count| usize::try_from(count).ok())
            .filter(|count| *count <= 100_000)
            .ok_or_else(|| format!("{name}: a number up to 100000")),
    }
}

/// The newest orders that fit, newest first.
fn newest(view: &View<'_>, most: usize, fits: impl Fn(&Order) -> bool) -> Vec<u64> {
    let keys: Vec<Key> = view.placed_between(i64::MIN / 4, i64::MAX / 4).collect();
    let orders = keys.into_iter().rev().filter(|(_, index)| view.order(*index).is_some_and(|order| fits(&order)));
    orders.map(|(_, index)| index).take(most).collect()
}

/// `{shop?, orders, refunds, full_refunds, cancels, touches, swells}`: so many of each happen now, to the newest orders that allow it. Answers
/// with the ids.
pub fn advance(world: &Arc<World>, body: &Value) -> Result<Value, String> {
    let store = store(world, body)?;
    let now = world.now();
    let view = store.ledger.at(now);
    let room = |order: &Order| {
        let change = view.overlay.changes.get(&order.index);
        change.is_none_or(|change| change.refunds.len() < MOST_REFUNDS)
            && order.lines.iter().any(|line| line.current > 0)
    };
    let (partial, full) = (count(body, "refunds")?, count(body, "full_refunds")?);
    let refunded = newest(&view, partial + full, room);
    let cancelled =
        newest(&view, count(body, "cancels")?, |order| order.cancelled.is_none() && !refunded.contains(&order.index));
    let touched = newest(&view, count(body, "touches")?, |_| true);
    let has_parts = |order: &Order| order.index < MADE && order.shipping.as_ref().is_some_and(|one| one.discounted > 0);
    let swollen = newest(&view, count(body, "swells")?, has_parts);
    let orders = count(body, "orders")?;
    let made: Vec<u64> = store.ledger.change(|overlay| {
        for (at, index) in refunded.iter().enumerate() {
            overlay.changes.entry(*index).or_default().refunds.push((now, at >= partial));
        }
        for index in &cancelled {
            overlay.changes.entry(*index).or_default().cancelled = Some(now);
        }
        for index in &touched {
            overlay.changes.entry(*index).or_default().touched = Some(now);
        }
        for index in &swollen {
            overlay.changes.entry(*index).or_default().swollen = Some(now);
        }
        let first = overlay.made.len() as u64;
        // Orders stand in the order they were placed, even where the clock went back.
        let at = overlay.made.last().copied().unwrap_or(now).max(now);
        overlay.made.extend(std::iter::repeat_n(at, orders));
        (first..first + orders as u64).map(|place| MADE + place).collect()
    });
    let gids = |indexes: &[u64]| -> Vec<String> {
        indexes.iter().map(|index| super::text::gid("Order", store.ledger.shop.order_id(*index)).to_string()).collect()
    };
    Ok(
        json!({"orders": gids(&made), "refunds": gids(&refunded), "cancels": gids(&cancelled), "touches": gids(&touched),
        "swells": gids(&swollen)}),
    )
}

/// `{shop?, orders, products}`: so many of the newest orders and of the first products are deleted now.
pub fn delete(world: &Arc<World>, body: &Value) -> Result<Value, String> {
    let store = store(world, body)?;
    let now = world.now();
    let view = store.ledger.at(now);
    let orders = newest(&view, count(body, "orders")?, |_| true);
    let products: Vec<usize> = view.products().into_iter().take(count(body, "products")?).collect();
    store.ledger.change(|overlay| {
        for index in &orders {
            overlay.changes.entry(*index).or_default().deleted = Some(now);
        }
        overlay.gone.extend(products.iter().map(|place| (*place, now)));
    });
    let shop = &store.ledger.shop;
    let orders: Vec<String> =
        orders.iter().map(|at| super::text::gid("Order", shop.order_id(*at)).to_string()).collect();
    let ids = products.iter().map(|at| shop.catalogue.products[*at].id);
    let products: Vec<String> = ids.map(|id| super::text::gid("Product", id).to_string()).collect();
    Ok(json!({"orders": orders, "products": products}))
}
