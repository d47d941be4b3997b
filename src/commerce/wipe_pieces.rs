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
    /// What nothing needed up to this entry of the change log.
    seen: i64,
    customers: Vec<i64>,
    stores: Vec<i64>,
    /// Everything was looked through and nothing found.
    none_left: bool,
}

impl Picked {
    /// Whether there was nothing to delete any more.
    pub fn none_left(&self) -> bool {
        self.none_left
    }
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
/// Each takes its order's id.
const OF_ORDER: [&str; 4] = [
    "delete from touches where order_id = ? and visitor_id is null",
    "update visit_orders set order_id = null where order_id = ?",
    "delete from order_lines where order_id = ?",
    "delete from orders where id = ?",
];
const OF_REFUND: [&str; 2] = ["delete from refund_lines where refund_id = ?", "delete from refunds where id = ?"];

const CUSTOMERS: &str = "select id from customers where brand_id = ?1
     and id not in (select customer_id from orders where brand_id = ?1 and customer_id is not null)
     and id not in (select customer_id from refunds where brand_id = ?1 and customer_id is not null) limit ?2";
const STORES: &str = "select id from stores where brand_id = ?1
     and id not in (select store_id from orders where brand_id = ?1)
     and id not in (select store_id from refunds where brand_id = ?1) limit ?2";
/// What came after they were looked for may need them.
const CUSTOMER: [&str; 2] = [
    "delete from customers where id = ?1 and not exists (select 1 from orders where rev > ?2 and customer_id = ?1)
     and not exists (select 1 from refunds where rev > ?2 and customer_id = ?1)",
    "update visitors set customer_id = null where customer_id = ?1
     and not exists (select 1 from customers where id = ?1 and ?2 is not null)",
];
const STORE: &str =
    "delete from stores where id = ?1 and not exists (select 1 from orders where rev > ?2 and store_id = ?1)
     and not exists (select 1 from refunds where rev > ?2 and store_id = ?1)";

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
    pick_unneeded(conn, brand_id, &mut picked)?;
    Ok(picked)
}

fn pick_unneeded(conn: &Connection, brand_id: i64, picked: &mut Picked) -> Result<()> {
    let ids = |sql: &str| -> Result<Vec<i64>> {
        let mut some = conn.prepare_cached(sql)?;
        let rows = some.query_map([brand_id, SMALL], |row| row.get(0))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    };
    // Before they are looked for: what is written meanwhile counts as later.
    picked.seen = conn.query_row("select coalesce(max(seq), 0) from change_log", [], |row| row.get(0))?;
    picked.customers = ids(CUSTOMERS)?;
    if picked.customers.is_empty() {
        picked.stores = ids(STORES)?;
    }
    picked.none_left = picked.customers.is_empty() && picked.stores.is_empty();
    Ok(())
}

/// Deletes them; false where there are none. Whoever lands rows at the moment learns of it; figures follow when all is gone and
/// [`super::remove_landed`] has them read again.
///
/// # Errors
/// Whatever SQLite says.
pub fn remove_picked(tx: &Transaction, picked: &Picked, (brand_id, at_ms): (i64, i64)) -> Result<bool> {
    let mut gone = 0;
    for (ids, deletes) in [(&picked.refunds, &OF_REFUND[..]), (&picked.orders, &OF_ORDER[..])] {
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
    for (ids, statements) in [(&picked.customers, &CUSTOMER[..]), (&picked.stores, &[STORE][..])] {
        for id in ids {
            for statement in statements {
                gone += tx.prepare_cached(statement)?.execute([*id, picked.seen])?;
            }
        }
    }
    if gone > 0 {
        let seq = change_log::next_seq(tx)?;
        change_log::write(tx, seq, Some(brand_id), at_ms, Kind::Rows, &json!({ "removing": gone }))?;
    }
    Ok(gone > 0)
}
