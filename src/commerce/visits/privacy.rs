//! One customer's visits: a copy of them, and cutting them off; and how long visits are kept.

use jiff::Timestamp;
use rusqlite::{Connection, Transaction, params};
use serde_json::json;

use crate::commerce::change_log::{self, Kind};
use crate::commerce::privacy::{CustomerKey, customer};
use crate::commerce::touches::{self, CustomerTouch};
use crate::error::Result;

/// A visit of a customer.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub struct CustomerVisit {
    #[schema(value_type = String, format = DateTime)]
    began: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    ended: Timestamp,
    /// Path of the first page.
    landing_page: Option<String>,
    device: Option<String>,
    pages: i64,
    products: i64,
    adds_to_cart: i64,
    checkouts: i64,
}

/// The visits of the customer with this hash and how they came, the oldest first.
///
/// # Errors
/// Whatever SQLite says.
pub fn of(conn: &Connection, brand_id: i64, key: &CustomerKey) -> Result<(Vec<CustomerVisit>, Vec<CustomerTouch>)> {
    let Some(customer) = customer(conn, brand_id, key)? else { return Ok(Default::default()) };
    let mut all = conn.prepare(
        "select started_ms, last_ms, landing_page, device, pages, products, adds, checkouts from visits \
         where visitor_id in (select id from visitors where customer_id = ?) order by started_ms, id",
    )?;
    let at = |ms: i64| Timestamp::from_millisecond(ms).unwrap_or_default();
    let visits = all.query_map([customer], |row| {
        Ok(CustomerVisit {
            began: at(row.get(0)?),
            ended: at(row.get(1)?),
            landing_page: row.get(2)?,
            device: row.get(3)?,
            pages: row.get(4)?,
            products: row.get(5)?,
            adds_to_cart: row.get(6)?,
            checkouts: row.get(7)?,
        })
    })?;
    Ok((visits.collect::<rusqlite::Result<_>>()?, touches::of_customer(conn, customer)?))
}

/// Gives a customer's browsers to whoever stands in for them: by ids that no browser has, and without the pages that they saw. Where
/// from they came stays, for figures of past days must not change. Returns how many browsers.
pub(in crate::commerce) fn cut_off(
    tx: &Transaction,
    brand_id: i64,
    (customer, stand_in): (i64, i64),
    rev: i64,
) -> Result<i64> {
    tx.execute(
        "update touches set landing_page = null, rev = ?3 where landing_page is not null and (visitor_id in \
         (select id from visitors where brand_id = ?1 and customer_id = ?2) \
         or order_id in (select id from orders where brand_id = ?1 and customer_id = ?4))",
        params![brand_id, customer, rev, stand_in],
    )?;
    tx.execute(
        "update visits set landing_page = null, rev = ?3 where visitor_id in \
         (select id from visitors where brand_id = ?1 and customer_id = ?2)",
        params![brand_id, customer, rev],
    )?;
    let cut = tx.execute(
        "update visitors set key = randomblob(16), customer_id = ?3, rev = ?4 where brand_id = ?1 and customer_id = ?2",
        params![brand_id, customer, stand_in, rev],
    )?;
    Ok(i64::try_from(cut).unwrap_or(i64::MAX))
}

/// Forgets visits that ended before a moment, with how they came and whoever has not come since. What a shop tells of its orders stays
/// with them. Returns how many visits.
///
/// # Errors
/// Whatever SQLite says.
pub fn forget_old(tx: &Transaction, before: Timestamp, now: Timestamp) -> Result<usize> {
    let before = before.as_millisecond();
    let gone = tx.execute("delete from visits where last_ms < ?", [before])?;
    if gone == 0 {
        return Ok(0);
    }
    tx.execute(
        "delete from touches where visit_id is not null and not exists (select 1 from visits v where v.id = touches.visit_id)",
        [],
    )?;
    tx.execute(
        "delete from visit_orders where not exists (select 1 from visits v where v.id = visit_orders.visit_id)",
        [],
    )?;
    tx.execute(
        "delete from visitors where last_at_ms < ? and not exists (select 1 from visits v where v.visitor_id = visitors.id)",
        [before],
    )?;
    let seq = change_log::next_seq(tx)?;
    change_log::write(tx, seq, None, now.as_millisecond(), Kind::Rebuild, &json!({ "forgotten_visits": gone }))?;
    Ok(gone)
}
