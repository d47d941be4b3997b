//! Fills an empty warehouse from SQLite on two threads, each from a snapshot of its own: first the facts, then what follows
//! from them. The watermark is the older snapshot's, and comes last: a warehouse without one is not used. Following the change
//! log from there reads again whatever the younger snapshot had beyond it, which is harmless.

use std::sync::Arc;

use anyhow::{Context as _, anyhow};
use rusqlite::Connection;

use super::brands::Brands;
use super::follow::mark;
use super::orders::OrderSinks;
use super::{ads, costs, dimensions, journeys, refunds, rollups, stock};
use crate::db::Db;
use crate::duck::{self, Duck};
use crate::error::Result;

/// Where the orders are cut in two: the second thread has the ads besides, so it takes the smaller part.
const CUT: &str = "select coalesce(min(id) + (max(id) - min(id)) * 5 / 8, 0), \
    coalesce(max(id) - min(id), 0) + (select count(*) from (select 1 from ad_days limit 20001)) from orders";
/// Below this many rows, or so, a second thread takes longer to come than to help, and leaves its memory behind.
const FEW_ROWS: i64 = 20_000;

/// Fills the instance and returns the change-log entry it has.
pub(super) fn fill(db: &Db, duck: &Arc<Duck>) -> Result<i64> {
    let (cut, rows): (i64, i64) =
        db.read_blocking(|conn| Ok(conn.query_row(CUT, [], |row| Ok((row.get(0)?, row.get(1)?)))?))?;
    let apart = rows > FEW_ROWS;
    let (first, second) = both(
        apart,
        || facts(db, duck, |conn, brands, duck| fill_first(conn, brands, duck, [i64::MIN, cut])),
        || facts(db, duck, |conn, brands, duck| fill_second(conn, brands, duck, [cut.saturating_add(1), i64::MAX])),
    )?;
    both(apart, || derived(duck, rollups::fill_sales), || derived(duck, rollups::fill_rest))?;
    let seq = first.min(second);
    derived(duck, |conn| mark(conn, seq))?;
    Ok(seq)
}

/// Runs the second on a thread of its own where they are to be `apart`, else after the first.
fn both<T: Send>(
    apart: bool,
    first: impl FnOnce() -> Result<T>,
    second: impl FnOnce() -> Result<T> + Send,
) -> Result<(T, T)> {
    if !apart {
        return Ok((first()?, second()?));
    }
    let (first, second) = std::thread::scope(|scope| {
        let second = scope.spawn(second);
        (first(), second.join().unwrap_or_else(|_| Err(anyhow!("filling the warehouse stopped half-way").into())))
    });
    Ok((first?, second?))
}

/// Reads one part in one snapshot; returns the snapshot's last change-log entry.
fn facts(
    db: &Db,
    duck: &Arc<Duck>,
    part: impl FnOnce(&Connection, &mut Brands, &duck::Connection) -> Result<()>,
) -> Result<i64> {
    let lent = duck.lend()?;
    let duck = lent.get()?;
    let seq = db.read_blocking(|conn| {
        let seq = conn.query_row("select coalesce(max(seq), 0) from change_log", [], |row| row.get(0))?;
        duck.execute_batch("begin").context("beginning to fill the warehouse")?;
        part(conn, &mut Brands::load(conn)?, duck)?;
        duck.execute_batch("commit").context("filling the warehouse")?;
        // Every page went through its cache, and hardly one of them will be read again.
        conn.execute_batch("pragma shrink_memory")?;
        Ok(seq)
    })?;
    lent.give_back();
    Ok(seq)
}

fn derived(duck: &Arc<Duck>, derive: impl FnOnce(&duck::Connection) -> Result<()>) -> Result<()> {
    let lent = duck.lend()?;
    derive(lent.get()?)?;
    lent.give_back();
    Ok(())
}

fn fill_first(conn: &Connection, brands: &mut Brands, duck: &duck::Connection, ids: [i64; 2]) -> Result<()> {
    orders(conn, brands, duck, ids)?;
    refunds::feed_all(conn, brands, duck)?;
    dimensions::feed(conn, brands, duck, None)
}

fn fill_second(conn: &Connection, brands: &mut Brands, duck: &duck::Connection, ids: [i64; 2]) -> Result<()> {
    orders(conn, brands, duck, ids)?;
    stock::feed_all(conn, duck)?;
    costs::feed(conn, brands, duck)?;
    ads::feed_all(conn, brands, duck)?;
    journeys::feed_all(conn, brands, duck)
}

fn orders(conn: &Connection, brands: &mut Brands, duck: &duck::Connection, ids: [i64; 2]) -> Result<()> {
    let mut sinks = OrderSinks::new(duck)?;
    sinks.feed(conn, brands, [ids])?;
    sinks.finish()
}
