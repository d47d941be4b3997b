//! Takes away what an integration landed piece by piece, so that nobody who writes waits for long: rows are looked for while others may
//! write, and deleted by their keys.

use rusqlite::{Connection, Row, Transaction, params};
use serde_json::json;

use super::change_log::{self, Kind};
use super::wipe::LandedOf;
use crate::error::Result;

/// Orders or refunds of a piece, and smaller rows of one.
const LARGE: i64 = 200;
const SMALL: i64 = 1_000;

/// Rows of a piece, by their keys. At most one kind at a time.
#[derive(Debug, Default)]
pub struct Picked {
    refunds: Vec<i64>,
    orders: Vec<i64>,
    /// Variant, warehouse, day.
    stock: Vec<(i64, i64, String)>,
    /// Ad, day.
    ad_days: Vec<(i64, String)>,
}

const REFUNDS: &str = "select r.id from refunds r join stores s on s.id = r.store_id
     where r.brand_id = ?1 and r.connector = ?2 and s.name = ?3 limit ?4";
const ORDERS: &str = "select o.id from orders o join stores s on s.id = o.store_id
     where o.brand_id = ?1 and o.connector = ?2 and s.name = ?3 limit ?4";
const STOCK: &str =
    "select l.variant_id, l.warehouse_id, l.day from stock_levels l join warehouses w on w.id = l.warehouse_id
     where w.brand_id = ?1 and w.name = ?2 limit ?3";
const AD_DAYS: &str =
    "select d.ad_id, d.day from ad_days d join ads a on a.id = d.ad_id join ad_accounts c on c.id = a.account_id
     where c.brand_id = ?1 and d.connector = ?2 and c.channel = ?3 and c.external_id = ?4 limit ?5";

/// The next rows of a brand that were landed through `connector` of these.
///
/// # Errors
/// Whatever SQLite says.
pub fn pick_landed(conn: &Connection, brand_id: i64, connector: &str, of: &LandedOf) -> Result<Picked> {
    let mut picked = Picked::default();
    for store in &of.stores {
        let ids = |sql: &str| -> Result<Vec<i64>> {
            let mut some = conn.prepare_cached(sql)?;
            let rows = some.query_map(params![brand_id, connector, store, LARGE], |row| row.get(0))?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        };
        picked.refunds = ids(REFUNDS)?;
        if picked.refunds.is_empty() {
            picked.orders = ids(ORDERS)?;
        }
        if !picked.refunds.is_empty() || !picked.orders.is_empty() {
            return Ok(picked);
        }
    }
    for warehouse in &of.warehouses {
        let mut some = conn.prepare_cached(STOCK)?;
        let row = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
        let rows = some.query_map(params![brand_id, warehouse, SMALL], row)?;
        picked.stock = rows.collect::<rusqlite::Result<_>>()?;
        if !picked.stock.is_empty() {
            return Ok(picked);
        }
    }
    for (channel, account) in &of.ad_accounts {
        let mut some = conn.prepare_cached(AD_DAYS)?;
        let row = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?));
        let rows = some.query_map(params![brand_id, connector, channel, account, SMALL], row)?;
        picked.ad_days = rows.collect::<rusqlite::Result<_>>()?;
        if !picked.ad_days.is_empty() {
            return Ok(picked);
        }
    }
    Ok(picked)
}

/// Deletes them; false where there are none. Whoever lands rows at the moment learns of it; figures follow when all is gone and
/// [`super::remove_landed`] has them read again.
///
/// # Errors
/// Whatever SQLite says.
pub fn remove_picked(tx: &Transaction, picked: &Picked, (brand_id, at_ms): (i64, i64)) -> Result<bool> {
    let mut gone = 0;
    for (ids, deletes) in [
        (&picked.refunds, ["delete from refund_lines where refund_id = ?", "delete from refunds where id = ?"]),
        (&picked.orders, ["delete from order_lines where order_id = ?", "delete from orders where id = ?"]),
    ] {
        for id in ids {
            for delete in deletes {
                gone += tx.prepare_cached(delete)?.execute([id])?;
            }
        }
    }
    let mut level =
        tx.prepare_cached("delete from stock_levels where variant_id = ? and warehouse_id = ? and day = ?")?;
    for (variant, warehouse, day) in &picked.stock {
        gone += level.execute(params![variant, warehouse, day])?;
    }
    let mut ad_day = tx.prepare_cached("delete from ad_days where ad_id = ? and day = ?")?;
    for (ad, day) in &picked.ad_days {
        gone += ad_day.execute(params![ad, day])?;
    }
    if gone > 0 {
        let seq = change_log::next_seq(tx)?;
        change_log::write(tx, seq, Some(brand_id), at_ms, Kind::Rows, &json!({ "removing": gone }))?;
    }
    Ok(gone > 0)
}
