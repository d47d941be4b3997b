//! Totals that people read in a shop's own report and entered here.

use anyhow::Context as _;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use rusqlite::{Connection, Row, Transaction, params};
use serde::Deserialize;

use super::{Definition, Refunds, Report};
use crate::brands::Brand;
use crate::error::{Error, Result};
use crate::money::{Currency, parse_micros};

/// Totals of one brand.
const MOST_STATEMENTS: i64 = 1_000;

/// The body of `POST /api/brands/{brand}/bridge/totals`.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = TotalInput)]
pub struct StatementInput {
    /// The store's name; may be absent where the brand has one.
    store: Option<String>,
    /// The report's first day, YYYY-MM-DD.
    from: String,
    /// The day after its last.
    to: String,
    /// Decimal text, as the report has it.
    amount: String,
    /// ISO 4217; the brand's where it is absent.
    currency: Option<String>,
    /// IANA name of the zone that the report's days are in; the brand's where it is absent.
    timezone: Option<String>,
    /// Which figure of which report it is.
    report: Report,
    /// What the report counts where it differs from what the shop's reports count.
    #[serde(default)]
    counts: Counts,
}

/// What a total counts, as far as it differs.
#[derive(Debug, Clone, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = TotalCounts)]
pub struct Counts {
    test_orders: Option<bool>,
    cancelled: Option<bool>,
    taxes: Option<bool>,
    shipping: Option<bool>,
    tips: Option<bool>,
    duties: Option<bool>,
    gift_cards: Option<bool>,
    discounts: Option<bool>,
    refunds: Option<Refunds>,
}

/// A total as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    pub uid: String,
    pub store: Option<String>,
    pub from: Date,
    pub until: Date,
    pub amount_micros: i64,
    pub currency: Currency,
    pub timezone: String,
    pub definition: Definition,
}

impl Statement {
    /// Checks what a person entered; `uid` is empty.
    ///
    /// # Errors
    /// `Invalid` with the field at fault.
    pub fn parse(input: &StatementInput, brand: &Brand) -> Result<Self> {
        let day = |field: &str, text: &str| {
            let read = text.parse::<Date>().ok().filter(|day| day.to_string() == text);
            read.ok_or_else(|| Error::invalid(field, "A day is written YYYY-MM-DD."))
        };
        let (from, until) = (day("from", &input.from)?, day("to", &input.to)?);
        if until <= from {
            return Err(Error::invalid("to", "The day after the last lies behind the first."));
        }
        let amount_micros = parse_micros(&input.amount)
            .ok_or_else(|| Error::invalid("amount", "The amount is a decimal number, as 128400.12."))?;
        let currency = match &input.currency {
            Some(code) => {
                Currency::parse(code).ok_or_else(|| Error::invalid("currency", "That is no ISO 4217 currency code."))?
            }
            None => brand.currency,
        };
        let timezone = input.timezone.clone().unwrap_or_else(|| brand.timezone_name.clone());
        TimeZone::get(&timezone)
            .map_err(|_| Error::invalid("timezone", "That is no IANA zone, as America/New_York."))?;
        let definition = input.counts.over(input.report.definition());
        let store = input.store.clone();
        Ok(Self { uid: String::new(), store, from, until, amount_micros, currency, timezone, definition })
    }
}

impl Counts {
    fn over(&self, of: Definition) -> Definition {
        Definition {
            test_orders: self.test_orders.unwrap_or(of.test_orders),
            cancelled: self.cancelled.unwrap_or(of.cancelled),
            taxes: self.taxes.unwrap_or(of.taxes),
            shipping: self.shipping.unwrap_or(of.shipping),
            tips: self.tips.unwrap_or(of.tips),
            duties: self.duties.unwrap_or(of.duties),
            gift_cards: self.gift_cards.unwrap_or(of.gift_cards),
            discounts: self.discounts.unwrap_or(of.discounts),
            refunds: self.refunds.unwrap_or(of.refunds),
        }
    }
}

const COLUMNS: &str = "uid, store, from_day, until_day, amount_micros, currency, timezone, definition";

/// A brand's totals, the latest entered first.
pub fn list(conn: &Connection, brand_id: i64) -> Result<Vec<Statement>> {
    let sql = format!("select {COLUMNS} from shop_statements where brand_id = ?1 order by id desc");
    let mut all = conn.prepare_cached(&sql)?;
    let rows = all.query_map([brand_id], raw)?.collect::<rusqlite::Result<Vec<_>>>()?;
    rows.into_iter().map(read).collect()
}

/// Adds a total. The store is one of the brand's.
pub fn add(tx: &Transaction<'_>, brand_id: i64, new: Statement, now: Timestamp) -> Result<Statement> {
    let mut stores = tx.prepare_cached("select name from stores where brand_id = ?1 order by id")?;
    let stores = stores.query_map([brand_id], |row| row.get(0))?.collect::<rusqlite::Result<Vec<String>>>()?;
    match &new.store {
        Some(name) if !stores.contains(name) => {
            return Err(Error::invalid("store", format!("The brand has no such store; it has {}.", stores.join(", "))));
        }
        None if stores.len() > 1 => {
            let reason = format!("Say which store it is of: {}.", stores.join(", "));
            return Err(Error::invalid("store", reason));
        }
        _ => {}
    }
    let count: i64 =
        tx.query_row("select count(*) from shop_statements where brand_id = ?1", [brand_id], |row| row.get(0))?;
    if count >= MOST_STATEMENTS {
        let reason = format!("A brand has at most {MOST_STATEMENTS} totals: remove some.");
        return Err(Error::conflict("too_many_totals", reason));
    }
    let uid = uuid::Uuid::new_v4().to_string();
    let definition = serde_json::to_string(&new.definition).context("writing a definition")?;
    tx.execute(
        &format!("insert into shop_statements ({COLUMNS}, brand_id, created_at_ms) values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)"),
        params![
            uid,
            new.store,
            new.from.to_string(),
            new.until.to_string(),
            new.amount_micros,
            new.currency.code(),
            new.timezone,
            definition,
            brand_id,
            now.as_millisecond()
        ],
    )?;
    Ok(Statement { uid, ..new })
}

/// Takes a total away.
pub fn remove(tx: &Transaction<'_>, brand_id: i64, uid: &str) -> Result<()> {
    let gone = tx.execute("delete from shop_statements where brand_id = ?1 and uid = ?2", params![brand_id, uid])?;
    if gone == 0 { Err(Error::NotFound) } else { Ok(()) }
}

type Raw = ([String; 6], Option<String>, i64);

fn raw(row: &Row<'_>) -> rusqlite::Result<Raw> {
    let texts = [row.get(0)?, row.get(2)?, row.get(3)?, row.get(5)?, row.get(6)?, row.get(7)?];
    Ok((texts, row.get(1)?, row.get(4)?))
}

fn read(([uid, from, until, currency, timezone, definition], store, amount_micros): Raw) -> Result<Statement> {
    let day = |text: &str| text.parse::<Date>().context("reading a total's day");
    Ok(Statement {
        uid,
        store,
        from: day(&from)?,
        until: day(&until)?,
        amount_micros,
        currency: Currency::parse(&currency).context("reading a total's currency")?,
        timezone,
        definition: serde_json::from_str(&definition).context("reading what a total counts")?,
    })
}
