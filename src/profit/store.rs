//! Costs in a tenant's SQLite. Every change tells the warehouse to read the brand anew.

use anyhow::Context as _;
use jiff::Timestamp;
use jiff::civil::Date;
use rusqlite::{Connection, Row, Transaction, params};
use serde_json::json;

use super::{Kind, MOST_COSTS, NewCost, Period, until_after};
use crate::commerce;
use crate::error::{Error, Result};
use crate::money::Currency;

/// A cost as it is stored. Amounts are micros of `currency`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cost {
    pub uid: String,
    pub cost: NewCost,
}

const COLUMNS: &str = "uid, kind, name, applies_to, percent_ppm, amount_micros, currency, period, from_day, until_day";

/// A brand's costs, by kind and day.
pub fn list(conn: &Connection, brand_id: i64) -> Result<Vec<Cost>> {
    let sql = format!("select {COLUMNS} from costs where brand_id = ?1 order by kind, from_day desc, id");
    let mut all = conn.prepare_cached(&sql)?;
    let rows = all.query_map([brand_id], raw)?.collect::<rusqlite::Result<Vec<_>>>()?;
    rows.into_iter().map(read).collect()
}

/// One of a brand's costs.
pub fn get(conn: &Connection, brand_id: i64, uid: &str) -> Result<Cost> {
    let sql = format!("select {COLUMNS} from costs where brand_id = ?1 and uid = ?2");
    let mut one = conn.prepare_cached(&sql)?;
    let mut rows = one.query_map(params![brand_id, uid], raw)?;
    read(rows.next().ok_or(Error::NotFound)??)
}

/// Adds a cost; returns it and the change-log entry to announce.
pub fn add(tx: &Transaction<'_>, brand_id: i64, cost: NewCost, now: Timestamp) -> Result<(Cost, i64)> {
    let count: i64 = tx.query_row("select count(*) from costs where brand_id = ?1", [brand_id], |row| row.get(0))?;
    if count >= MOST_COSTS {
        return Err(Error::conflict("too_many_costs", format!("A brand has at most {MOST_COSTS} costs.")));
    }
    let uid = uuid::Uuid::new_v4().to_string();
    tx.execute(
        "insert into costs (uid, brand_id, kind, name, applies_to, percent_ppm, amount_micros, currency, period, from_day, \
         until_day, created_at_ms) values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
        params![
            uid,
            brand_id,
            cost.kind.id(),
            cost.name,
            cost.applies_to,
            cost.rate_ppm,
            cost.amount_micros,
            cost.currency.code(),
            cost.period.map(Period::id),
            cost.from.to_string(),
            cost.until.map(|day| day.to_string()),
            now.as_millisecond()
        ],
    )?;
    let seq = commerce::read_anew(tx, brand_id, now, &json!({ "cost": "added" }))?;
    Ok((Cost { uid, cost }, seq))
}

/// Ends a cost on a day, or lets it go on without an end.
pub fn end(tx: &Transaction<'_>, brand_id: i64, uid: &str, until: Option<&str>, now: Timestamp) -> Result<(Cost, i64)> {
    let old = get(tx, brand_id, uid)?;
    let until = until.map(|text| until_after(old.cost.from, text)).transpose()?;
    tx.execute(
        "update costs set until_day = ?3 where brand_id = ?1 and uid = ?2",
        params![brand_id, uid, until.map(|day| day.to_string())],
    )?;
    let seq = commerce::read_anew(tx, brand_id, now, &json!({ "cost": "ended" }))?;
    Ok((Cost { cost: NewCost { until, ..old.cost }, ..old }, seq))
}

/// Takes a cost away, as if it had never been entered.
pub fn remove(tx: &Transaction<'_>, brand_id: i64, uid: &str, now: Timestamp) -> Result<(Cost, i64)> {
    let old = get(tx, brand_id, uid)?;
    tx.execute("delete from costs where brand_id = ?1 and uid = ?2", params![brand_id, uid])?;
    Ok((old, commerce::read_anew(tx, brand_id, now, &json!({ "cost": "removed" }))?))
}

struct Raw {
    uid: String,
    kind: String,
    name: String,
    applies_to: Option<String>,
    numbers: [i64; 2],
    currency: String,
    period: Option<String>,
    from: String,
    until: Option<String>,
}

fn raw(row: &Row<'_>) -> rusqlite::Result<Raw> {
    Ok(Raw {
        uid: row.get(0)?,
        kind: row.get(1)?,
        name: row.get(2)?,
        applies_to: row.get(3)?,
        numbers: [row.get(4)?, row.get(5)?],
        currency: row.get(6)?,
        period: row.get(7)?,
        from: row.get(8)?,
        until: row.get(9)?,
    })
}

fn read(raw: Raw) -> Result<Cost> {
    let day = |text: &str| text.parse::<Date>().context("reading a cost's day");
    let period = raw.period.map(|id| Period::parse(&id).context("reading a cost's period")).transpose()?;
    let cost = NewCost {
        kind: Kind::parse(&raw.kind).context("reading a cost's kind")?,
        name: raw.name,
        applies_to: raw.applies_to,
        rate_ppm: raw.numbers[0],
        amount_micros: raw.numbers[1],
        currency: Currency::parse(&raw.currency).context("reading a cost's currency")?,
        period,
        from: day(&raw.from)?,
        until: raw.until.as_deref().map(day).transpose()?,
    };
    Ok(Cost { uid: raw.uid, cost })
}
