//! How far each source's data reaches.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use rusqlite::{Connection, params};

use super::lander::Work;
use crate::error::Result;

/// How far one kind of data of one source reaches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Freshness {
    pub connector: String,
    /// `orders`, `ads`, `stock` or `products`.
    pub kind: String,
    /// Unix seconds: up to when a source that is pulled was read; else the last order or refund, the end of the last ad or stock day.
    pub data_through: i64,
    /// When rows of it last changed.
    pub landed_at_ms: i64,
}

/// Every source of the brand, in the order of connector and kind.
///
/// # Errors
/// Whatever SQLite says.
pub fn freshness(conn: &Connection, brand_id: i64) -> Result<Vec<Freshness>> {
    let mut all = conn.prepare_cached(
        "select connector, kind, data_through, landed_at_ms from source_freshness where brand_id = ? \
         order by connector, kind",
    )?;
    let rows = all.query_map([brand_id], |row| {
        Ok(Freshness {
            connector: row.get(0)?,
            kind: row.get(1)?,
            data_through: row.get(2)?,
            landed_at_ms: row.get(3)?,
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Notes that one kind of data of a source is there up to a moment, whether or not any of it is so young. Of what never landed nothing
/// is noted.
///
/// # Errors
/// Whatever SQLite says.
pub fn reached(conn: &Connection, (brand_id, connector, kind): (i64, &str, &str), through: Timestamp) -> Result<()> {
    let sql = "update source_freshness set data_through = ?4 where brand_id = ?1 and connector = ?2 and kind = ?3 and data_through < ?4";
    conn.prepare_cached(sql)?.execute(params![brand_id, connector, kind, through.as_second()])?;
    Ok(())
}

/// How far the rows of one batch reach.
#[derive(Debug, Default)]
pub(super) struct Reach {
    orders: Option<i64>,
    products: Option<i64>,
    ads: Option<i64>,
    stock: Option<Date>,
}

impl Reach {
    pub(super) fn orders(&mut self, at: i64) {
        self.orders = self.orders.max(Some(at));
    }

    pub(super) fn products(&mut self, at: i64) {
        self.products = Some(at);
    }

    pub(super) fn stock(&mut self, day: Date) {
        self.stock = self.stock.max(Some(day));
    }

    pub(super) fn ads(&mut self, through: i64) {
        self.ads = self.ads.max(Some(through));
    }

    /// Writes what the batch moved forward. Called only when the batch changed something.
    pub(super) fn store(&self, work: &Work) -> Result<()> {
        let now = work.now.as_second();
        let stock = self.stock.and_then(|day| end_of_day(day, &TimeZone::UTC, now));
        for (kind, through) in
            [("orders", self.orders), ("products", self.products), ("ads", self.ads), ("stock", stock)]
        {
            let Some(through) = through else { continue };
            work.tx
                .prepare_cached(
                    "insert into source_freshness (brand_id, connector, kind, data_through, landed_at_ms) \
                     values (?, ?, ?, ?, ?) on conflict (brand_id, connector, kind) do update set \
                     data_through = max(data_through, excluded.data_through), landed_at_ms = excluded.landed_at_ms",
                )?
                .execute(params![work.brand_id, work.connector, kind, through, work.now.as_millisecond()])?;
        }
        Ok(())
    }
}

/// The end of a local day in unix seconds; the running day reaches to `now` only.
pub(super) fn end_of_day(day: Date, zone: &TimeZone, now: i64) -> Option<i64> {
    let start = day.to_zoned(zone.clone()).ok()?.timestamp().as_second();
    let end = day.tomorrow().ok()?.to_zoned(zone.clone()).ok()?.timestamp().as_second();
    Some(if start <= now && now < end { now } else { end })
}
