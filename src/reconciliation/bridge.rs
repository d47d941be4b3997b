//! The bridge: each shop from its own total to our net sales, all shops to the brand's figure, and the platforms' claims beside it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use rusqlite::{Connection, params};
use serde::Serialize;
use serde_json::Value as Json;

use super::claims::{Claims, claims};
use super::items::{Scope, instants};
use super::presets::{PresetShown, presets, question};
use super::sections::{self, Net};
use super::statements::{self, Statement};
use super::steps::{self, StepId};
use super::{Definition, Report};
use crate::attribution::AttributionModel;
use crate::brands::Brand;
use crate::error::{Error, Result};
use crate::metrics;
use crate::metrics::query::{Params, Time};
use crate::money::{Currency, format_micros, parse_micros};
use crate::tenants::Tenant;
use crate::warehouse;

/// A landing between two readings would look like a difference: so often everything is read again.
const TRIES: usize = 3;
const LONGEST_DAYS: i32 = 3_700;
const HOW: &str = "Enter the total that the shop's own report shows for these days, or connect the shop so that its orders bring \
    their totals.";

/// From each shop's own total to our net sales.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Bridge {
    /// The brand's.
    currency: String,
    /// The first day, in the brand's zone.
    from: String,
    /// The day after the last.
    to: String,
    timezone: String,
    shops: Vec<ShopBridge>,
    /// As every page and query has it.
    net_sales: String,
    /// Net sales less what the shops come to. Anything but 0 is a defect.
    residual: String,
    claims: Claims,
    presets: Vec<PresetShown>,
}

/// One shop: a store and the currency it sells in. Money is decimal text in that currency.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ShopBridge {
    store: String,
    currency: String,
    /// What the shop itself says; null where nobody told.
    total: Option<ShopTotal>,
    /// How to tell it, where nobody did.
    how: Option<String>,
    /// From the total to our net sales, in order. Where nobody told a total, from what the orders' own totals would be.
    steps: Vec<StepShown>,
    /// Ours, in the shop's currency.
    net_sales: String,
    /// Ours less the total and all steps: anything but 0 is a defect, in the rows or in the report. Null without a total.
    residual: Option<String>,
    /// The last step, where the shop's currency is not the brand's.
    converted: Option<ConvertedStep>,
}

/// What a shop's net sales became in the brand's currency, each order and refund at the rate of its day.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ConvertedStep {
    amount: String,
    currency: String,
    /// Orders and refunds that no rate converts: they are in no figure.
    unrated: i64,
}

/// Where a total comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = TotalOrigin)]
pub enum Origin {
    /// A person read it in the shop's report.
    Person,
    /// The platform said it of each order.
    Platform,
}

/// A shop's own total.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ShopTotal {
    amount: String,
    origin: Origin,
    /// Of an entered total.
    id: Option<String>,
    timezone: String,
    counts: Definition,
}

/// A step: added to what is above it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct StepShown {
    step: StepId,
    amount: String,
    /// How many orders are behind it.
    orders: i64,
}

/// A brand, and a window of its days.
#[derive(Debug, Clone)]
pub struct Days {
    pub brand: Brand,
    pub from: Date,
    pub until: Date,
}

/// A shop as its rows and its total are asked for.
pub struct Shop {
    pub scope: Scope,
    pub store: String,
    pub definition: Definition,
    total: Option<(i64, Origin, Option<Statement>)>,
}

impl Days {
    /// Reads a window.
    ///
    /// # Errors
    /// `Invalid` where it is none.
    pub fn read(brand: Brand, from: &str, until: &str) -> Result<Self> {
        let day = |field: &str, text: &str| {
            let read = text.parse::<Date>().ok().filter(|day| day.to_string() == text);
            read.ok_or_else(|| Error::invalid(field, "A day is written YYYY-MM-DD."))
        };
        let (from, until) = (day("from", from)?, day("to", until)?);
        if until <= from || (until - from).get_days() > LONGEST_DAYS {
            return Err(Error::invalid("to", "The day after the last lies behind the first, at most ten years."));
        }
        Ok(Self { brand, from, until })
    }

    /// For a typed query.
    pub(super) fn time(&self) -> Time {
        Time { start: Some(self.from.to_string()), end: Some(self.until.to_string()), ..Time::default() }
    }

    /// The shops that sold or refunded anything in the window, or have a total of it.
    pub fn shops(&self, conn: &Connection) -> Result<Vec<Shop>> {
        let ours = instants(&self.brand.timezone, self.from, self.until);
        let mut stores = conn.prepare_cached("select id, name from stores where brand_id = ?1 order by id")?;
        let stores = stores.query_map([self.brand.id], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let stores: Vec<(i64, String)> = stores.collect::<rusqlite::Result<_>>()?;
        let told = statements::list(conn, self.brand.id)?;
        let told: Vec<Statement> =
            told.into_iter().filter(|one| (one.from, one.until) == (self.from, self.until)).collect();
        let mut sold = conn.prepare_cached(
            "select currency from orders where brand_id = ?1 and store_id = ?2 and placed_at >= ?3 and placed_at < ?4 \
             union select currency from refunds where brand_id = ?1 and store_id = ?2 and refunded_at >= ?3 and refunded_at < ?4",
        )?;
        let mut shops = Vec::new();
        for (store_id, store) in &stores {
            let of_store = |one: &&Statement| one.store.as_ref().is_none_or(|name| name == store);
            let rows = sold.query_map(params![self.brand.id, store_id, ours[0], ours[1]], |row| row.get(0))?;
            let mut currencies = rows.collect::<rusqlite::Result<Vec<String>>>()?;
            currencies.extend(told.iter().filter(of_store).map(|one| one.currency.code().to_owned()));
            currencies.sort_unstable();
            currencies.dedup();
            for currency in currencies {
                let theirs = ours;
                let scope = Scope { brand_id: self.brand.id, store_id: *store_id, currency, ours, theirs };
                let stated = told.iter().filter(of_store).find(|one| one.currency.code() == scope.currency);
                shops.push(self.shop(conn, (scope, store.clone()), stated.cloned())?);
            }
        }
        Ok(shops)
    }

    /// A person's total comes before the platform's: it is the one that is asked about.
    fn shop(&self, conn: &Connection, (mut scope, store): (Scope, String), stated: Option<Statement>) -> Result<Shop> {
        if let Some(stated) = stated {
            let zone = TimeZone::get(&stated.timezone).map_err(anyhow::Error::from)?;
            scope.theirs = instants(&zone, self.from, self.until);
            let (definition, amount) = (stated.definition, stated.amount_micros);
            return Ok(Shop { scope, store, definition, total: Some((amount, Origin::Person, Some(stated))) });
        }
        let (sum, told, all) = steps::told_totals(conn, &scope)?;
        let total = (told == all).then_some((sum, Origin::Platform, None));
        Ok(Shop { scope, store, definition: Report::OrderTotals.definition(), total })
    }
}

/// Everything, as of one state of the data; `model` says who is credited with an order.
///
/// # Errors
/// What the stores say; as the typed query. `Invalid` for a model that does not look at one order at a time.
pub async fn bridge(tenant: &Tenant, days: &Days, model: AttributionModel, now: Timestamp) -> Result<Bridge> {
    let mut tries = 0;
    loop {
        let version = tenant.data_version();
        let found = read(tenant, days, model, now).await?;
        tries += 1;
        if tries == TRIES || tenant.data_version() == version {
            return Ok(found);
        }
    }
}

async fn read(tenant: &Tenant, days: &Days, model: AttributionModel, now: Timestamp) -> Result<Bridge> {
    let asked = days.clone();
    let walked = tenant.db().read(move |conn| {
        let shops = asked.shops(conn)?;
        shops
            .into_iter()
            .map(|shop| Ok((steps::steps(conn, &shop.definition, &shop.scope)?, shop)))
            .collect::<Result<Vec<_>>>()
    });
    let walked = walked.await?;
    let duck = warehouse::of(tenant);
    duck.caught_up(tenant).await?;
    let (brand_id, from, until) = (days.brand.id, days.from, days.until);
    let nets = duck.query(move |conn| sections::nets(conn, brand_id, from, until)).await?;
    let query = question(vec!["net_sales".to_owned()], Vec::new(), days.time(), Params::default());
    let answer = metrics::run(tenant, &days.brand, &query, now).await?;
    let net_sales = micros(answer.totals.first());
    let currency = days.brand.currency;
    let money = |amount: i128| format_micros(amount, currency.decimals());
    let all: i128 = nets.values().map(|net| i128::from(net.converted)).sum();
    let left = i128::from(net_sales) - i128::from(parse_micros(&money(all)).unwrap_or(0));
    Ok(Bridge {
        currency: currency.to_string(),
        from: days.from.to_string(),
        to: days.until.to_string(),
        timezone: days.brand.timezone_name.clone(),
        shops: walked.into_iter().map(|(steps, shop)| shop.shown(&steps, &nets, days)).collect(),
        net_sales: money(net_sales.into()),
        residual: money(left),
        claims: claims(tenant, days, (net_sales, model), now).await?,
        presets: presets(tenant, &days.brand, (&days.time(), net_sales), now).await?,
    })
}

/// Micros of a cell of an answer; nothing counts as 0.
pub(super) fn micros(cell: Option<&Json>) -> i64 {
    cell.and_then(Json::as_str).and_then(parse_micros).unwrap_or(0)
}

impl Shop {
    fn shown(self, steps: &[steps::Step], nets: &BTreeMap<(i64, String), Net>, days: &Days) -> ShopBridge {
        let net = nets.get(&(self.scope.store_id, self.scope.currency.clone())).copied().unwrap_or_default();
        let home = days.brand.currency;
        let currency = Currency::parse(&self.scope.currency).unwrap_or(home);
        let money = |amount: i128| format_micros(amount, currency.decimals());
        let walked: i128 = steps.iter().map(|step| i128::from(step.amount)).sum();
        let residual =
            self.total.as_ref().map(|(total, _, _)| money(i128::from(net.native) - i128::from(*total) - walked));
        let total = self.total.map(|(amount, origin, stated)| ShopTotal {
            amount: money(amount.into()),
            origin,
            timezone: stated.as_ref().map_or(&days.brand.timezone_name, |one| &one.timezone).clone(),
            id: stated.map(|one| one.uid),
            counts: self.definition,
        });
        ShopBridge {
            store: self.store,
            how: total.is_none().then(|| HOW.to_owned()),
            total,
            steps: steps
                .iter()
                .map(|step| StepShown { step: step.id, amount: money(step.amount.into()), orders: step.orders })
                .collect(),
            net_sales: money(net.native.into()),
            residual,
            converted: (currency != home).then(|| ConvertedStep {
                amount: format_micros(net.converted.into(), home.decimals()),
                currency: home.to_string(),
                unrated: net.unrated,
            }),
            currency: self.scope.currency,
        }
    }
}
