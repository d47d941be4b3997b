//! Fills an empty warehouse from SQLite: sales on one thread, the rest on another, each from a snapshot of its own. The
//! watermark is the older snapshot's, and comes last: a warehouse without one is not used.

use std::sync::Arc;

use anyhow::{Context as _, anyhow};
use rusqlite::Connection;

use super::brands::Brands;
use super::follow::mark;
use super::orders::OrderSinks;
use super::{ads, dimensions, refunds, rollups, stock};
use crate::db::Db;
use crate::duck::{self, Duck};
use crate::error::Result;

/// Fills the instance and returns the change-log entry it has.
pub(super) fn fill(db: &Db, duck: &Arc<Duck>) -> Result<i64> {
    let (sales, rest) = std::thread::scope(|scope| {
        let rest = scope.spawn(|| part(db, duck, fill_rest));
        let sales = part(db, duck, fill_sales);
        (sales, rest.join().unwrap_or_else(|_| Err(anyhow!("filling the warehouse stopped half-way").into())))
    });
    let seq = sales?.min(rest?);
    let lent = duck.lend()?;
    mark(lent.get()?, seq)?;
    lent.give_back();
    Ok(seq)
}

type Part = fn(&Connection, &mut Brands, &duck::Connection) -> Result<()>;

fn part(db: &Db, duck: &Arc<Duck>, part: Part) -> Result<i64> {
    let lent = duck.lend()?;
    let duck = lent.get()?;
    db.read_blocking(|conn| {
        let seq = conn.query_row("select coalesce(max(seq), 0) from change_log", [], |row| row.get(0))?;
        duck.execute_batch("begin").context("beginning to fill the warehouse")?;
        part(conn, &mut Brands::load(conn)?, duck)?;
        duck.execute_batch("commit").context("filling the warehouse")?;
        Ok(seq)
    })
}

fn fill_sales(conn: &Connection, brands: &mut Brands, duck: &duck::Connection) -> Result<()> {
    let mut sinks = OrderSinks::new(duck)?;
    sinks.feed_all(conn, brands)?;
    sinks.finish()?;
    refunds::feed_all(conn, brands, duck)?;
    rollups::fill_sales(duck)
}

fn fill_rest(conn: &Connection, brands: &mut Brands, duck: &duck::Connection) -> Result<()> {
    dimensions::feed(conn, brands, duck, None)?;
    stock::feed_all(conn, duck)?;
    ads::feed_all(conn, brands, duck)?;
    rollups::fill_ads(duck)
}
