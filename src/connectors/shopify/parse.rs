//! What kept answers say: the same rows whenever they are read. One thing that cannot be understood is put aside, the rest lands.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::{gone, parse_orders, parse_products, parse_stock};
use crate::commerce::rows::Batch;
use crate::connectors::{Parsed, Raw, Reject};
use crate::money::{Currency, parse_micros};

/// Orders, whole.
pub(super) const ORDERS: &str = "orders";
/// Products with their variants, under `/data/products/nodes`.
pub(super) const PRODUCTS: &str = "products";
/// Variants with their products, under `/data/productVariants/nodes`.
pub(super) const VARIANTS: &str = "variants";
/// Inventory items with their levels, under `/data/inventoryItems/nodes`.
pub(super) const ITEMS: &str = "items";
/// Events of what was destroyed, under `/data/events/nodes`.
pub(super) const EVENTS: &str = "events";
/// Ids of all orders of a span, under `/data/orders/nodes`.
pub(super) const ORDER_IDS: &str = "order_ids";

/// More of a thing than anybody orders or has.
const MOST_PIECES: u64 = 1_000_000_000;

/// What an answer does not say and its reader needs to know.
#[derive(Debug, Clone)]
pub(super) struct About {
    /// The shop's name.
    pub store: Option<String>,
    /// What the shop counts in, where an answer gives amounts without a currency.
    pub currency: Option<Currency>,
    /// The day on which costs and stock were seen, in the brand's zone.
    pub day: Date,
    /// What else the parser of one kind needs.
    pub rest: Value,
}

impl About {
    /// As it is kept beside the answer.
    pub(super) fn to_json(&self) -> Value {
        let currency = self.currency.as_ref().map(Currency::code);
        json!({ "store": self.store, "currency": currency, "day": self.day, "rest": self.rest })
    }

    fn of(about: &Value) -> Option<Self> {
        Some(Self {
            store: about["store"].as_str().map(str::to_owned),
            currency: about["currency"].as_str().and_then(Currency::parse),
            day: about["day"].as_str()?.parse().ok()?,
            rest: about["rest"].clone(),
        })
    }
}

/// The rows of an answer.
pub(super) fn parse(raw: &Raw) -> Parsed {
    let mut parsed = Parsed::default();
    let about = About::of(&raw.about);
    let understood = about.is_some_and(|about| match raw.kind {
        ORDERS => orders(&raw.body, &about, &mut parsed).is_some(),
        kind => others(kind, &raw.body, &about, &mut parsed).is_some(),
    });
    if !understood {
        let reason = "The answer that was kept cannot be read.".to_owned();
        parsed.rejects.push(Reject { key: raw.kind.to_owned(), reason, text: String::new() });
    }
    parsed
}

/// An answer with orders, each as the text that it is: there are up to a million of them in a row.
#[derive(Deserialize)]
struct Orders<'a> {
    #[serde(borrow)]
    data: Option<OrdersOf<'a>>,
}

/// A page has them under `orders`, one that was asked by ids directly.
#[derive(Deserialize)]
struct OrdersOf<'a> {
    #[serde(borrow)]
    orders: Option<OrdersOn<'a>>,
    #[serde(borrow)]
    nodes: Option<Vec<Option<&'a RawValue>>>,
}

#[derive(Deserialize)]
struct OrdersOn<'a> {
    #[serde(borrow)]
    nodes: Option<Vec<Option<&'a RawValue>>>,
}

fn orders(body: &[u8], about: &About, parsed: &mut Parsed) -> Option<()> {
    let body: Orders = serde_json::from_slice(body).ok()?;
    let nodes = body.data.and_then(|data| data.orders.and_then(|orders| orders.nodes).or(data.nodes));
    for node in nodes.into_iter().flatten().flatten() {
        let read = serde_json::from_str(node.get()).map_err(unlike);
        take(parsed, read.and_then(|node| parse_orders::order(node, about)), || {
            let id = serde_json::from_str::<Named>(node.get()).ok().map(|node| node.id);
            (id, node.get().to_owned())
        });
    }
    Some(())
}

fn others(kind: &str, body: &[u8], about: &About, parsed: &mut Parsed) -> Option<()> {
    let body: Value = serde_json::from_slice(body).ok().filter(Value::is_object)?;
    let mut each = |place: &str, read: fn(&Value, &About, &mut Batch) -> Result<(), String>| {
        for node in body.pointer(place).and_then(Value::as_array).into_iter().flatten().filter(|node| !node.is_null()) {
            let mut one = Batch::default();
            let done = read(node, about, &mut one).map(|()| one);
            take(parsed, done, || (node["id"].as_str().map(str::to_owned), node.to_string()));
        }
    };
    match kind {
        PRODUCTS => each("/data/products/nodes", parse_products::product),
        VARIANTS => each("/data/productVariants/nodes", parse_products::variant),
        ITEMS => each("/data/inventoryItems/nodes", parse_stock::item),
        EVENTS => each("/data/events/nodes", gone::event),
        ORDER_IDS => gone::span(&body, about, &mut parsed.batch),
        _ => {}
    }
    Some(())
}

/// Every node is read into a batch of its own first, so that half of one never lands.
fn take(parsed: &mut Parsed, read: Result<Batch, String>, what: impl FnOnce() -> (Option<String>, String)) {
    match read {
        Ok(one) => append(&mut parsed.batch, one),
        Err(reason) => {
            let (id, text) = what();
            parsed.rejects.push(Reject { key: id.unwrap_or_else(|| "without an id".to_owned()), reason, text });
        }
    }
}

pub(super) fn append(all: &mut Batch, one: Batch) {
    all.products.extend(one.products);
    all.costs_now.extend(one.costs_now);
    all.orders.extend(one.orders);
    all.refunds.extend(one.refunds);
    all.journeys.extend(one.journeys);
    all.stock.extend(one.stock);
    all.stock_places.extend(one.stock_places);
    all.deleted_orders.extend(one.deleted_orders);
    all.deleted_products.extend(one.deleted_products);
}

/// A node as what it should be.
pub(super) fn read<T: DeserializeOwned>(node: &Value) -> Result<T, String> {
    T::deserialize(node).map_err(unlike)
}

fn unlike(error: serde_json::Error) -> String {
    format!("It is not as Shopify describes it: {error}.")
}

/// A connection, paged to its end before it was kept.
#[derive(Debug, Deserialize)]
pub(super) struct Many<T> {
    pub nodes: Vec<T>,
}

/// Something that is named by its id alone.
#[derive(Debug, Deserialize)]
pub(super) struct Named {
    pub id: String,
}

/// An amount in both currencies; only the shop's is read.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Bag {
    pub shop_money: Amount,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Amount {
    pub amount: String,
    pub currency_code: String,
}

impl Amount {
    /// Micros, exactly: Shopify's amounts have at most three decimals.
    pub(super) fn micros(&self) -> Result<i64, String> {
        parse_micros(&self.amount).ok_or_else(|| format!("\"{}\" is not an amount.", self.amount))
    }

    pub(super) fn currency(&self) -> Result<Currency, String> {
        currency(&self.currency_code)
    }
}

impl Bag {
    /// Micros of `wanted`, which all amounts of one order are in.
    pub(super) fn micros(&self, wanted: Currency) -> Result<i64, String> {
        let found = self.shop_money.currency()?;
        if found != wanted {
            return Err(format!("It has amounts in {found} and in {wanted}."));
        }
        self.shop_money.micros()
    }
}

/// Micros, 0 where there is no amount.
pub(super) fn micros_or_zero(bag: Option<&Bag>, currency: Currency) -> Result<i64, String> {
    bag.map_or(Ok(0), |bag| bag.micros(currency))
}

/// The sum of amounts; a wrong one among them, or one too many, is told.
pub(super) fn sum(parts: impl IntoIterator<Item = Result<i64, String>>) -> Result<i64, String> {
    parts.into_iter().try_fold(0, |sum, part| plus(sum, part?))
}

pub(super) fn plus(one: i64, other: i64) -> Result<i64, String> {
    one.checked_add(other).ok_or_else(too_large)
}

pub(super) fn minus(one: i64, other: i64) -> Result<i64, String> {
    one.checked_sub(other).ok_or_else(too_large)
}

pub(super) fn too_large() -> String {
    "Its amounts are too large.".to_owned()
}

/// A number of things, if it can be one.
pub(super) fn pieces(number: i64) -> Result<i64, String> {
    let is_sane = number.unsigned_abs() <= MOST_PIECES;
    is_sane.then_some(number).ok_or_else(|| format!("{number} is no number of things."))
}

pub(super) fn currency(code: &str) -> Result<Currency, String> {
    Currency::parse(code).ok_or_else(|| format!("\"{code}\" is not a currency."))
}

pub(super) fn instant(text: &str) -> Result<Timestamp, String> {
    text.parse().map_err(|_| format!("\"{text}\" is not a moment."))
}

/// The number at the end of `gid://shopify/Order/123?…`, which files and webhooks call the id.
pub(super) fn number(gid: &str) -> Result<String, String> {
    let last = gid.rsplit('/').next().unwrap_or_default();
    let digits = last.split('?').next().unwrap_or_default();
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(format!("\"{gid}\" is not an id."));
    }
    Ok(digits.to_owned())
}

/// A text without what surrounds it, if anything is left, of at most so many characters.
pub(super) fn text(text: Option<&str>, most: usize) -> Option<String> {
    let text = text?.trim();
    (!text.is_empty()).then(|| text.chars().take(most).collect())
}

/// `M / Red` of `Hoodie` is `Hoodie - M / Red` wherever Shopify names a line; a product of one variant goes by its own title.
pub(super) fn line_title(product: &str, variant: Option<&str>) -> String {
    match variant.map(str::trim) {
        None | Some("" | "Default Title") => product.trim().to_owned(),
        Some(variant) => format!("{} - {variant}", product.trim()),
    }
}
