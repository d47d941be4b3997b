//! A demo shop as its data file describes it: what it sells, to whom, from where and with which ads.

use anyhow::Context;
use jiff::civil::Date;
use serde::{Deserialize, Deserializer};

use crate::{
    error::Result,
    money::{Currency, parse_micros},
};

/// One shop of the demo. Read from `data/demo/`; all amounts are cents (hundredths) of the currency beside them.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shop {
    /// Slug of the brand.
    pub slug: String,
    /// The brand's name.
    pub name: String,
    /// Reporting currency.
    #[serde(deserialize_with = "currency")]
    pub currency: Currency,
    /// IANA zone; the shop's days are days there.
    pub timezone: String,
    /// 1 = Monday … 7 = Sunday.
    pub week_start: u8,
    /// The day the shop opened.
    pub first_day: Date,
    pub(super) mail_domain: String,
    pub(super) first_order_id: i64,
    pub(super) stories: bool,
    /// How its buyers came is known.
    #[serde(default)]
    pub(super) journeys: bool,
    pub(super) growth: Vec<Growth>,
    #[serde(deserialize_with = "cents")]
    pub(super) acquisition_cost: i64,
    pub(super) gift_card: Option<String>,
    pub(super) stores: Vec<Store>,
    pub(super) places: Vec<Places>,
    pub(super) products: Vec<Product>,
    pub(super) cost_changes: Vec<CostChange>,
    pub(super) codes: Vec<Code>,
    pub(super) accounts: Vec<Account>,
    pub(super) refund_reasons: RefundReasons,
}

/// New customers per 1,000 days of an ordinary season, from a day on.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Growth {
    pub day: Date,
    pub per_1000_days: i64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Store {
    pub name: String,
    #[serde(deserialize_with = "currency")]
    pub currency: Currency,
    pub warehouse: String,
    pub order_prefix: String,
    #[serde(deserialize_with = "cents")]
    pub shipping: i64,
    #[serde(deserialize_with = "cents")]
    pub free_shipping_from: i64,
    /// How far its buyers' clocks are ahead of the brand's.
    pub hours_ahead: usize,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Places {
    pub store: String,
    pub country: String,
    pub cities: Vec<City>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct City {
    pub region: String,
    pub city: String,
    pub weight: i64,
    pub tax_ppm: i64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Product {
    pub key: String,
    pub title: String,
    pub category: String,
    pub vendor: String,
    pub collections: Vec<String>,
    /// One a store, in the stores' order.
    #[serde(deserialize_with = "cents_list")]
    pub prices: Vec<i64>,
    #[serde(deserialize_with = "cents")]
    pub cost: i64,
    pub weight: i64,
    pub season: Season,
    pub refund_ppm: i64,
    pub loyalty_ppm: i64,
    #[serde(default = "one")]
    pub max_quantity: i64,
    #[serde(default)]
    pub best_seller: bool,
    /// Campaigns that advertise it above all.
    #[serde(default)]
    pub campaigns: Vec<String>,
    pub variants: Vec<Variant>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Variant {
    pub sku: String,
    pub title: String,
    pub size: Option<String>,
    pub weight: i64,
}

/// When in the year a product sells best.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Season {
    Winter,
    Summer,
    Gift,
    Even,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CostChange {
    pub day: Date,
    pub change_ppm: i64,
    /// Keys; empty = every product.
    #[serde(default)]
    pub products: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Code {
    pub code: String,
    pub percent: i64,
    pub period: Period,
    pub audience: Audience,
    pub share_ppm: i64,
    pub from: Option<Date>,
}

/// When a code is valid or a campaign runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub(super) enum Period {
    #[default]
    Always,
    /// Monday of Thanksgiving week to the Tuesday after.
    BlackFriday,
    /// Eleven days from the second Thursday of April.
    SpringSale,
    /// October to 5 December.
    Autumn,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Audience {
    All,
    FirstOrder,
    /// From the third order on.
    Loyal,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Account {
    pub channel: String,
    pub connector: String,
    pub external_id: String,
    pub name: String,
    #[serde(deserialize_with = "currency")]
    pub currency: Currency,
    pub timezone: String,
    pub order_share_ppm: i64,
    /// A story may stop it.
    #[serde(default)]
    pub can_stop: bool,
    pub campaigns: Vec<Campaign>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Campaign {
    pub name: String,
    /// Thousandths of the shop's ordinary ad budget.
    pub share: i64,
    #[serde(default)]
    pub period: Period,
    pub from: Option<Date>,
    #[serde(deserialize_with = "cents")]
    pub cpm: i64,
    pub ctr_ppm: i64,
    pub cvr_ppm: i64,
    #[serde(deserialize_with = "cents")]
    pub basket: i64,
    pub adsets: Vec<AdSet>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AdSet {
    pub name: String,
    /// Empty where the platform shows none below the set (asset groups).
    pub ads: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RefundReasons {
    pub fit: Vec<String>,
    pub other: Vec<String>,
    pub cancelled: String,
    pub wave: Vec<String>,
}

impl Shop {
    /// "Juniper & Oak", the shop that the stories are about.
    pub fn juniper_oak() -> Result<Self> {
        Self::read(include_str!("../../../data/demo/juniper-oak.toml"))
    }

    /// "Northwind Outfitters", the second tenant's shop.
    pub fn northwind() -> Result<Self> {
        Self::read(include_str!("../../../data/demo/northwind.toml"))
    }

    fn read(text: &str) -> Result<Self> {
        let shop: Self = toml::from_str(text).context("reading a demo shop")?;
        for product in &shop.products {
            if product.prices.len() != shop.stores.len() {
                return Err(anyhow::anyhow!("demo product {} needs a price for each store", product.key).into());
            }
        }
        Ok(shop)
    }

    /// Index of the store that sells to these places; the first where the name is unknown.
    pub(super) fn store_of(&self, places: &Places) -> usize {
        self.stores.iter().position(|s| s.name == places.store).unwrap_or(0)
    }
}

fn one() -> i64 {
    1
}

fn currency<'de, D: Deserializer<'de>>(from: D) -> std::result::Result<Currency, D::Error> {
    let code = String::deserialize(from)?;
    Currency::parse(&code).ok_or_else(|| serde::de::Error::custom(format!("{code} is not a currency")))
}

fn cents<'de, D: Deserializer<'de>>(from: D) -> std::result::Result<i64, D::Error> {
    read_cents(&String::deserialize(from)?)
}

fn cents_list<'de, D: Deserializer<'de>>(from: D) -> std::result::Result<Vec<i64>, D::Error> {
    Vec::<String>::deserialize(from)?.iter().map(|text| read_cents(text)).collect()
}

fn read_cents<E: serde::de::Error>(text: &str) -> std::result::Result<i64, E> {
    parse_micros(text).map(|micros| micros / 10_000).ok_or_else(|| E::custom(format!("{text} is not an amount")))
}
