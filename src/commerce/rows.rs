//! The rows that every source lands: what a file or an API says, before it has a key of ours.
//! Money is i64 micros of the row's own currency; instants are unix seconds, UTC.

use jiff::civil::Date;

use super::arrival::Arrival;
use crate::money::Currency;

/// Rows of one brand from one source that land in one transaction.
#[derive(Debug, Default, Clone)]
pub struct Batch {
    pub products: Vec<Product>,
    pub costs: Vec<UnitCost>,
    /// What units cost on the day they were looked at, `from_day`. Where nothing was known it counts from the beginning, where
    /// another cost was known from that day on; the same cost once more is nothing new.
    pub costs_now: Vec<UnitCost>,
    pub orders: Vec<Order>,
    pub refunds: Vec<Refund>,
    pub stock: Vec<StockLevel>,
    /// Of each variant all places of the source that have any: those of its own that are not among them have none from that day on.
    pub stock_places: Vec<StockPlaces>,
    pub ads: Vec<AdWindow>,
    /// External ids of orders that the source no longer has. They go, and their refunds with them.
    pub deleted_orders: Vec<String>,
    /// Spans of which the source has told all orders: what else is there goes.
    pub order_spans: Vec<OrderSpan>,
    pub deleted_products: Vec<DeletedProduct>,
    /// How those who ordered came, as far as the source knows by now. An order that is not among them keeps what it has.
    pub journeys: Vec<Journey>,
}

/// How somebody came to an order: all the source knows, so that it takes the place of what it said before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Journey {
    /// The order's `external_id` of the same connector.
    pub order: String,
    pub touches: Vec<Touch>,
}

/// One coming to the shop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Touch {
    /// The source's own id, unique within the order.
    pub id: String,
    /// Milliseconds of unix time. What lies after the landing's own time counts as of that.
    pub at_ms: i64,
    pub arrival: Arrival,
}

/// All orders of one store that the source has among those numbered above `after` up to `upto`, for sources whose ids are growing
/// numbers. Orders with another kind of id are left alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderSpan {
    /// As of [`Order::store`].
    pub store: Option<String>,
    pub after: u64,
    /// None for no end.
    pub upto: Option<u64>,
    /// Orders placed from this moment on are not judged: the source may not have told of them yet.
    pub placed_before: i64,
    /// External ids.
    pub ids: Vec<String>,
}

/// A product that the source no longer has. What was sold keeps its name; its stock is nothing from `day` on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeletedProduct {
    /// As of [`Product::source_id`].
    pub source_id: String,
    pub day: Date,
}

/// Names a variant: by SKU where there is one, else by title.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct VariantRef {
    pub sku: Option<String>,
    pub title: String,
}

/// One product of the catalogue with its variants.
#[derive(Debug, Clone)]
pub struct Product {
    /// The source's own key (a Shopify handle), stable across exports.
    pub key: String,
    /// The source's number of it, where it has one besides the key: tells a product with a new key from a new product.
    pub source_id: Option<String>,
    pub title: String,
    pub category: Option<String>,
    pub vendor: Option<String>,
    pub collections: Vec<String>,
    pub variants: Vec<Variant>,
}

#[derive(Debug, Clone)]
pub struct Variant {
    pub sku: Option<String>,
    pub title: Option<String>,
    pub size: Option<String>,
    pub price: Option<(i64, Currency)>,
}

/// What a unit costs from a day on.
#[derive(Debug, Clone)]
pub struct UnitCost {
    pub variant: VariantRef,
    pub from_day: Date,
    pub cost_micros: i64,
    pub currency: Currency,
}

#[derive(Debug, Clone)]
pub struct Order {
    /// The source's id, else the order's name: the natural key together with brand and connector.
    pub external_id: String,
    pub name: Option<String>,
    /// Name of the store (a Shopify shop); the brand's only store where a file does not say.
    pub store: Option<String>,
    pub customer: Option<CustomerRef>,
    pub currency: Currency,
    pub placed_at: i64,
    pub cancelled_at: Option<i64>,
    pub test: bool,
    pub financial_status: Option<String>,
    pub fulfillment_status: Option<String>,
    /// Where in the shop it was placed: `web`, `pos`, `draft`.
    pub sales_source: Option<String>,
    pub device: Option<String>,
    /// ISO 3166-1 alpha-2.
    pub country: Option<String>,
    pub region: Option<String>,
    pub city: Option<String>,
    pub discount_codes: Vec<String>,
    pub shipping_micros: i64,
    pub shipping_discount_micros: i64,
    pub tax_micros: i64,
    /// What the customer gave on top, for nobody's goods.
    pub tip_micros: i64,
    /// What the customer paid for bringing the goods over a border, for nobody's goods either.
    pub duty_micros: i64,
    /// What the source itself says the order came to, before anything was given back: goods after discounts, gift cards,
    /// shipping, taxes, tips and duties. Nothing of ours is made of it; it is what our sums are held against.
    pub total_micros: Option<i64>,
    /// Who took the money, in the source's own words and small letters: `shopify_payments`, `paypal`.
    pub gateway: Option<String>,
    pub lines: Vec<OrderLine>,
}

/// Whose order it is. Only a keyed hash of it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CustomerRef {
    Email(String),
    SourceId(String),
    /// Hashed already, by [`super::CustomerHash`].
    Hashed([u8; 16]),
}

#[derive(Debug, Clone)]
pub struct OrderLine {
    pub variant: VariantRef,
    pub quantity: i64,
    pub fulfilled_quantity: i64,
    pub price_micros: i64,
    /// The line's own discount and its share of the order's.
    pub discount_micros: i64,
    pub tax_micros: i64,
    pub gift_card: bool,
}

#[derive(Debug, Clone)]
pub struct Refund {
    pub external_id: String,
    /// The order's `external_id` of the same connector, where known.
    pub order: Option<String>,
    pub store: Option<String>,
    pub customer: Option<CustomerRef>,
    pub currency: Currency,
    pub refunded_at: i64,
    /// The source gave no date: this is the order's.
    pub day_estimated: bool,
    pub reason: Option<String>,
    pub country: Option<String>,
    pub shipping_micros: i64,
    pub tax_micros: i64,
    pub lines: Vec<RefundLine>,
}

#[derive(Debug, Clone)]
pub struct RefundLine {
    pub variant: Option<VariantRef>,
    pub quantity: i64,
    pub goods_micros: i64,
}

#[derive(Debug, Clone)]
pub struct StockLevel {
    pub variant: VariantRef,
    pub warehouse: String,
    pub day: Date,
    pub on_hand: i64,
    pub incoming: i64,
}

/// Where a source has a variant on a day: there and nowhere else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StockPlaces {
    pub variant: VariantRef,
    pub day: Date,
    /// As of [`StockLevel::warehouse`].
    pub warehouses: Vec<String>,
}

/// All ad rows of one account for some (campaign, day) pairs, or for whole days: what it names is replaced by `rows`,
/// so that a row that vanished at the platform vanishes here.
#[derive(Debug, Clone)]
pub struct AdWindow {
    pub account: AdAccount,
    pub replaces: AdScope,
    /// Rows of an API win over rows of a file for the same ad and day.
    pub from_api: bool,
    pub rows: Vec<AdDay>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AdAccount {
    /// `meta`, `google` or `tiktok`.
    pub channel: String,
    pub external_id: String,
    pub name: String,
    pub currency: Currency,
    /// IANA name; its local days are the days of its rows.
    pub timezone: String,
}

#[derive(Debug, Clone)]
pub enum AdScope {
    /// Every row of the account on these days (inclusive).
    Days { first: Date, last: Date },
    /// Only the (campaign, day) pairs that `rows` has: what a file may replace.
    CampaignDays,
}

#[derive(Debug, Clone)]
pub struct AdDay {
    /// Ids down the path, else names joined by U+001F.
    pub key: String,
    pub campaign: String,
    pub adset: Option<String>,
    pub ad: Option<String>,
    pub day: Date,
    pub spend_micros: i64,
    pub impressions: i64,
    pub clicks: i64,
    /// Platforms report fractions of a conversion.
    pub conversions_micros: i64,
    pub revenue_micros: i64,
}
