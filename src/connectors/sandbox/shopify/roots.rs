//! The root fields: which objects a query is about, page by page.

use std::cell::Cell;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::{Value, json};

use super::access::Grant;
use super::answer::{Cx, Page, Paged, Shaped, read_cursor};
use super::bulk::{self, Jobs};
use super::graphql::{Plan, Step};
use super::ledger::{Key, View};
use super::node::Node;
use super::order::Order;
use super::refund;
use super::search::{self, Search};
use super::shop::Shop;

/// Orders are hidden that are older than this, without `read_all_orders`.
const WALL: i64 = 60 * 86_400;

/// What a root field holds.
enum Held {
    Orders(Vec<(Order, i64)>, bool, bool),
    Nodes(Vec<(Node<'static>, i64)>, bool, bool),
    Order(Option<Box<Order>>),
    Node(Option<Node<'static>>),
    /// What was named by an id, or by several.
    One(Found),
    Many(Vec<Found>),
    Value(Value),
}

/// What an id names.
enum Found {
    Nothing,
    Order(Box<Order>),
    Refund(Box<Order>, usize),
    Node(Node<'static>),
}

impl Found {
    fn node(&self) -> Option<Node<'_>> {
        match self {
            Self::Nothing => None,
            Self::Order(order) => Some(Node::Order(order)),
            Self::Refund(order, at) => Some(Node::Refund(order, &order.refunds[*at])),
            Self::Node(node) => Some(*node),
        }
    }
}

/// Who asks for what.
pub struct Asking<'a> {
    pub view: &'a View<'a>,
    pub grant: &'a Grant,
    pub jobs: &'a Jobs,
    pub url: &'a str,
}

/// An answer to a whole query.
pub struct Answer<'a> {
    cx: Cx<'a>,
    plan: &'a Plan,
    held: Vec<Held>,
    pub warnings: Vec<Value>,
}

/// Looks up everything that the plan asks for.
///
/// # Errors
/// An entry of `errors`.
pub fn answer<'a>(asking: &Asking<'a>, plan: &'a Plan) -> Result<Answer<'a>, Value> {
    let mut held = Vec::new();
    let mut warnings = Vec::new();
    for step in &plan.steps {
        let query = step.args.text("query").unwrap_or_default();
        let search = search::read(query, fields(step.name));
        if !search.warnings.is_empty() {
            warnings.push(json!({"path": [step.key], "query": query, "parsed": {}, "warnings": search.warnings}));
        }
        held.push(hold(asking, step, &search)?);
    }
    Ok(Answer { cx: Cx { view: asking.view, cost: Cell::new(0) }, plan, held, warnings })
}

/// What a root field can be searched by.
pub fn fields(root: &str) -> &'static [&'static str] {
    match root {
        "orders" | "ordersCount" => &[
            "id",
            "created_at",
            "updated_at",
            "processed_at",
            "status",
            "financial_status",
            "fulfillment_status",
            "name",
            "test",
            "source_name",
        ],
        "products" | "productsCount" => {
            &["id", "created_at", "updated_at", "status", "title", "vendor", "product_type"]
        }
        "productVariants" => &["id", "updated_at", "sku", "product_id"],
        "inventoryItems" => &["id", "created_at", "updated_at", "sku"],
        "events" => &["id", "action", "subject_type", "created_at"],
        "bulkOperations" => &["id", "status", "operation_type", "created_at"],
        _ => &["id", "created_at", "name"],
    }
}

fn bad(step: &Step, message: &str) -> Value {
    json!({"message": message, "path": [step.key],
        "locations": [{"line": step.at.line, "column": step.at.column}], "extensions": {"code": "BAD_REQUEST"}})
}

fn hold(asking: &Asking<'_>, step: &Step, search: &Search) -> Result<Held, Value> {
    let view = asking.view;
    if matches!(step.kind, super::graphql::schema::Kind::Connection(_)) {
        let size = step.args.number("first").or_else(|| step.args.number("last"));
        match size {
            None => return Err(bad(step, "you must provide one of first or last")),
            Some(size) if size < 0 => return Err(bad(step, "first cannot be less than zero")),
            Some(size) if size > 250 => return Err(bad(step, "first cannot exceed 250")),
            Some(_) => {}
        }
    }
    Ok(match step.name {
        "shop" => Held::Node(Some(Node::Shop)),
        "orders" => orders(asking, step, search),
        "ordersCount" => {
            let count = |(_, index): &Key| view.order(*index).is_some_and(|order| fits(asking, &order, search));
            let (from, to) = search.range("created_at");
            let count = view.placed_between(from, to).filter(count).count();
            Held::Node(Some(Node::Count(i64::try_from(count).unwrap_or(i64::MAX))))
        }
        "productsCount" => Held::Node(Some(Node::Count(i64::try_from(view.products().len()).unwrap_or(i64::MAX)))),
        "nodes" => Held::Many(step.args.texts("ids").into_iter().map(|id| found(asking, id)).collect()),
        "order" => Held::Order(by_id(asking, step.args.text("id")).map(Box::new)),
        "node" if step.args.text("id").is_some_and(|id| id.contains("/BulkOperation/")) => {
            Held::Value(asking.jobs.by_id(step, asking))
        }
        "node" => Held::One(found(asking, step.args.text("id").unwrap_or_default())),
        "product" | "productVariant" | "inventoryItem" | "location" => Held::Node(thing(view, step.args.text("id"))),
        "events" => page(step, events(view, search)),
        "bulkOperation" | "bulkOperations" | "currentBulkOperation" => {
            Held::Value(asking.jobs.read(step, search, asking))
        }
        "currentAppInstallation" => Held::Value(installation(asking.grant, &step.sub)),
        _ => page(step, things(view, step, search)),
    })
}

fn found(asking: &Asking<'_>, id: &str) -> Found {
    match (by_id(asking, Some(id)), refund::place_of(asking.view, id), thing(asking.view, Some(id))) {
        (Some(order), ..) => Found::Order(Box::new(order)),
        (_, Some((order, at)), _) if visible(asking, &order) => Found::Refund(Box::new(order), at),
        (.., Some(node)) => Found::Node(node),
        _ => Found::Nothing,
    }
}

fn installation(grant: &Grant, plan: &Plan) -> Value {
    let scopes = grant.scopes.iter().map(|scope| json!({"handle": scope, "description": format!("May {scope}")}));
    let all = json!({"id": "gid://shopify/AppInstallation/1", "accessScopes": scopes.collect::<Vec<_>>()});
    bulk::shaped(&all, plan)
}

fn by_id(asking: &Asking<'_>, id: Option<&str>) -> Option<Order> {
    let id = id?.strip_prefix("gid://shopify/Order/")?.parse().ok()?;
    let order = asking.view.order(asking.view.shop.order_index(id)?)?;
    visible(asking, &order).then_some(order)
}

fn visible(asking: &Asking<'_>, order: &Order) -> bool {
    asking.grant.has("read_all_orders") || order.line.created >= asking.view.now - WALL
}

/// Whether an order may be seen and fits a search.
pub fn fits(asking: &Asking<'_>, order: &Order, search: &Search) -> bool {
    let inside = |field: &str, at: i64| {
        let (from, to) = search.range(field);
        at >= from && at < to
    };
    let status = match (order.cancelled.is_some(), order.fulfilled && order.index.is_multiple_of(3)) {
        (true, _) => "cancelled",
        (_, true) => "closed",
        _ => "open",
    };
    visible(asking, order)
        && inside("created_at", order.line.created)
        && inside("processed_at", order.line.created)
        && inside("updated_at", order.updated)
        && search.allows("id", &order.id.to_string())
        && (search.allows("status", status) || search.allows("status", "any"))
        && search.allows("financial_status", order.financial.unwrap_or_default())
        && search.allows("fulfillment_status", if order.fulfilled { "fulfilled" } else { "unfulfilled" })
        && search.allows("test", if order.test { "true" } else { "false" })
        && search.allows("source_name", order.source)
        && (search.allows("name", &format!("#{}", order.index + 1001))
            || search.allows("name", &(order.index + 1001).to_string()))
}

/// When orders that fit may have been placed. What changed may have been placed long before.
pub fn placed(search: &Search) -> (i64, i64) {
    let ranges = ["created_at", "processed_at", "updated_at"].map(|field| search.range(field));
    (ranges[0].0.max(ranges[1].0), ranges.iter().map(|range| range.1).fold(i64::MAX, i64::min))
}

/// A page of orders, sorted as asked; by when they were processed unless asked otherwise.
fn orders(asking: &Asking<'_>, step: &Step, search: &Search) -> Held {
    let view = asking.view;
    let most = usize::try_from(step.args.number("first").or(step.args.number("last")).unwrap_or(0)).unwrap_or(0);
    let reverse = step.args.flag("reverse");
    let cursor = step.args.text("after").and_then(read_cursor);
    let after = cursor.and_then(|(id, value)| Some((value / 1000, view.shop.order_index(id)?)));
    let mut found: Vec<(Order, i64)> = Vec::new();
    let mut take = |(at, index): Key| {
        let order = view.order(index).filter(|order| fits(asking, order, search));
        found.extend(order.map(|order| (order, at * 1000)));
        found.len() <= most
    };
    if let Some(ids) = search.ids() {
        let mut keys: Vec<Key> = ids
            .iter()
            .filter_map(|id| view.shop.order_index(*id))
            .filter_map(|index| Some((view.placed(index)?, index)))
            .collect();
        keys.sort_unstable();
        keys.into_iter().filter(|key| after.is_none_or(|after| *key > after)).all(&mut take);
    } else if step.args.text("sortKey") == Some("UPDATED_AT") {
        let mut last = after;
        loop {
            let keys = view.updated_between(search.range("updated_at"), last, reverse, most + 1);
            last = keys.last().copied();
            if keys.is_empty() || !keys.into_iter().all(&mut take) {
                break;
            }
        }
    } else {
        let (mut from, mut to) = placed(search);
        match after {
            Some((at, _)) if reverse => to = to.min(at + 1),
            Some((at, _)) => from = from.max(at),
            None => {}
        }
        let keys = view.placed_between(from, to);
        let beyond = |key: &Key| after.is_none_or(|after| if reverse { *key < after } else { *key > after });
        if reverse {
            let keys: Vec<Key> = keys.collect();
            keys.into_iter().rev().filter(beyond).all(&mut take);
        } else {
            keys.filter(beyond).all(&mut take);
        }
    }
    let next = found.len() > most;
    found.truncate(most);
    Held::Orders(found, next, after.is_some())
}

/// A page of a list that fits into memory.
fn page(step: &Step, mut all: Vec<(Node<'static>, i64)>) -> Held {
    let key = |(node, value): &(Node<'static>, i64)| (*value, node.id());
    all.sort_by_key(key);
    if step.args.flag("reverse") {
        all.reverse();
    }
    let place = |name: &str| {
        let (id, value) = step.args.text(name).and_then(read_cursor)?;
        all.iter().position(|row| key(row) == (value, id))
    };
    let begin = place("after").map_or(0, |at| at + 1);
    let size = |name: &str| step.args.number(name).and_then(|size| usize::try_from(size).ok());
    let end = match (size("first"), size("last")) {
        (Some(first), _) => (begin + first).min(all.len()),
        _ => place("before").unwrap_or(all.len()),
    };
    let begin = size("last").map_or(begin, |last| begin.max(end.saturating_sub(last)));
    let next = end < all.len();
    Held::Nodes(all[begin..end.max(begin)].to_vec(), next, begin > 0)
}

fn thing(view: &View<'_>, id: Option<&str>) -> Option<Node<'static>> {
    let (kind, number) = id?.strip_prefix("gid://shopify/")?.split_once('/')?;
    let number: u64 = number.parse().ok()?;
    let catalogue = &view.shop.catalogue;
    match kind {
        "Product" => view.products().into_iter().find(|at| catalogue.products[*at].id == number).map(Node::Product),
        "ProductVariant" => {
            view.variants().into_iter().find(|at| catalogue.variants[*at].id == number).map(Node::Variant)
        }
        "InventoryItem" => {
            view.variants().into_iter().find(|at| catalogue.variants[*at].item == number).map(Node::Item)
        }
        "Location" => catalogue.locations.iter().position(|location| location.id == number).map(Node::Location),
        _ => None,
    }
}

/// Products, variants, items of stock or locations that fit, each with the milliseconds it is sorted by.
pub fn things(view: &View<'_>, step: &Step, search: &Search) -> Vec<(Node<'static>, i64)> {
    let shop: &Shop = view.shop;
    let inside = |field: &str, at: i64| {
        let (from, to) = search.range(field);
        at >= from && at < to
    };
    let sorted = |created: i64, updated: i64| match step.args.text("sortKey") {
        Some("UPDATED_AT") => updated * 1000,
        Some("CREATED_AT") => created * 1000,
        _ => 0,
    };
    let fits = |product: usize, id: u64, sku: &str| {
        let product = &shop.catalogue.products[product];
        inside("created_at", product.created)
            && inside("updated_at", product.updated(view.now))
            && search.allows("id", &id.to_string())
            && search.allows("status", product.status)
            && search.allows("vendor", product.vendor)
            && search.allows("product_id", &product.id.to_string())
            && search.allows("sku", sku)
    };
    let order = |product: usize| {
        let product = &shop.catalogue.products[product];
        sorted(product.created, product.updated(view.now))
    };
    let variants = || view.variants().into_iter().map(|at| (at, &shop.catalogue.variants[at]));
    match step.name {
        "products" => {
            let all = view.products().into_iter().filter(|at| fits(*at, shop.catalogue.products[*at].id, ""));
            all.map(|at| (Node::Product(at), order(at))).collect()
        }
        "productVariants" => variants()
            .filter(|(_, variant)| fits(variant.product, variant.id, &variant.sku))
            .map(|(at, variant)| (Node::Variant(at), order(variant.product)))
            .collect(),
        "inventoryItems" => variants()
            .filter(|(_, variant)| fits(variant.product, variant.item, &variant.sku))
            .map(|(at, variant)| (Node::Item(at), order(variant.product)))
            .collect(),
        _ => (0..shop.catalogue.locations.len()).map(|at| (Node::Location(at), 0)).collect(),
    }
}

/// Deletions, the only events that the simulator keeps, for a year.
fn events(view: &View<'_>, search: &Search) -> Vec<(Node<'static>, i64)> {
    let (from, to) = search.range("created_at");
    let products = 0..view.shop.catalogue.products.len();
    let products =
        products.filter_map(|at| Some(("PRODUCT", view.shop.catalogue.products[at].id, view.product_deleted(at)?)));
    let orders = view.destroyed().into_iter().map(|(at, index)| ("ORDER", view.shop.order_id(index), at));
    orders
        .chain(products)
        .filter(|(kind, _, at)| {
            let kept = *at >= from.max(view.now - 365 * 86_400) && *at < to;
            kept && search.allows("subject_type", kind) && search.allows("action", "destroy")
        })
        .map(|(kind, id, at)| (Node::Event(kind, id, at), at * 1000))
        .collect()
}

impl Answer<'_> {
    /// What it cost, known once it was written.
    pub fn cost(&self) -> i64 {
        self.cx.cost.get()
    }
}

impl Serialize for Answer<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.plan.steps.len()))?;
        for (step, held) in self.plan.steps.iter().zip(&self.held) {
            let (plan, cx) = (&step.sub, &self.cx);
            let shaped = |node| Shaped { node, plan, cx, flat: false, parent: None };
            let paged = |nodes, values, next, previous| Page { nodes, values: Some(values), next, previous };
            match held {
                Held::Value(value) => map.serialize_entry(&step.key, value)?,
                Held::Node(node) => map.serialize_entry(&step.key, &node.map(shaped))?,
                Held::One(found) => map.serialize_entry(&step.key, &found.node().map(shaped))?,
                Held::Many(all) => {
                    let nodes: Vec<_> = all.iter().map(|found| found.node().map(shaped)).collect();
                    map.serialize_entry(&step.key, &nodes)?;
                }
                Held::Order(order) => map.serialize_entry(&step.key, &order.as_deref().map(Node::Order).map(shaped))?,
                Held::Orders(orders, next, previous) => {
                    let (nodes, values) = orders.iter().map(|(order, value)| (Node::Order(order), *value)).unzip();
                    let page = paged(nodes, values, *next, *previous);
                    map.serialize_entry(&step.key, &Paged { page: &page, plan, cx })?;
                }
                Held::Nodes(all, next, previous) => {
                    let (nodes, values) = all.iter().copied().unzip();
                    let page = paged(nodes, values, *next, *previous);
                    map.serialize_entry(&step.key, &Paged { page: &page, plan, cx })?;
                }
            }
        }
        map.end()
    }
}
