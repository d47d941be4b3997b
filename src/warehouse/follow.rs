//! Applies what changed since the watermark: in one DuckDB transaction, together with the new watermark.

use anyhow::Context as _;
use rusqlite::Connection;

use super::brands::Brands;
use super::changes::Changes;
use super::orders::OrderSinks;
use super::reading::parse_day;
use super::recent::Moved;
use super::{ads, dimensions, journeys, refunds, rollups, stock};
use crate::duck::{self, Sink};
use crate::error::Result;

const TEMPORARY: &str = "create or replace temp table dirty_orders (id bigint); \
    create or replace temp table dirty_refunds (id bigint); \
    create or replace temp table dirty_ads (ad_id integer, day date); \
    create or replace temp table dirty_stock (variant_id integer, warehouse_id integer, day date); \
    create or replace temp table dirty_touches (id bigint); \
    create or replace temp table dirty_visits (id bigint); \
    create or replace temp table touched_days (brand_id integer, day date); \
    create or replace temp table touched_ad_days (brand_id integer, day date); \
    create or replace temp table old_firsts (customer_id integer, first_order_id bigint); \
    create or replace temp table touched_customers (customer_id integer);";

/// Run before the dirty rows leave and again after their new versions came.
const NOTE_SALES: &str = "insert into touched_days \
    select distinct brand_id, day from fact_orders where order_id in (select id from dirty_orders) \
    union select distinct brand_id, day from fact_refund_lines where refund_id in (select id from dirty_refunds); \
    insert into touched_customers select distinct customer_id from fact_orders \
    where customer_id is not null and order_id in (select id from dirty_orders);";

const NOTE_ADS: &str = "insert into touched_ad_days select distinct brand_id, day from fact_ad_days \
    where (ad_id, day) in (select ad_id, day from dirty_ads);";

const DROP_SALES: [&str; 3] = [
    "delete from fact_order_lines where order_id in (select id from dirty_orders)",
    "delete from fact_orders where order_id in (select id from dirty_orders)",
    "delete from fact_refund_lines where refund_id in (select id from dirty_refunds)",
];

const DROP_ADS: &str = "delete from fact_ad_days where (ad_id, day) in (select ad_id, day from dirty_ads)";

const DROP_STOCK: &str = "delete from fact_stock \
    where (variant_id, warehouse_id, day) in (select variant_id, warehouse_id, day from dirty_stock)";

const DROP_JOURNEYS: [&str; 2] = [
    "delete from fact_touches where touch_id in (select id from dirty_touches)",
    "delete from fact_sessions where session_id in (select id from dirty_visits)",
];

/// What became of it.
pub(super) enum Outcome {
    /// The warehouse has everything up to entry `seq`; `deleted` rows gave way.
    Applied { seq: i64, deleted: usize, moved: Moved },
    /// Too much changed: fill it anew.
    Rebuild,
}

/// Brings the warehouse from entry `since` to the last one. On an error the connection must not be used again: the
/// transaction ends with it.
pub(super) fn follow(conn: &Connection, duck: &duck::Connection, since: i64) -> Result<Outcome> {
    let changes = Changes::since(conn, since, duck)?;
    if changes.rebuild {
        return Ok(Outcome::Rebuild);
    }
    if changes.seq == since {
        return Ok(Outcome::Applied { seq: since, deleted: 0, moved: Moved::default() });
    }
    run(duck, "begin")?;
    run(duck, TEMPORARY)?;
    let mut brands = Brands::load(conn)?;
    let mut deleted = apply_sales(conn, duck, &mut brands, &changes)?;
    deleted += apply_ads(conn, duck, &mut brands, &changes)?;
    deleted += apply_stock(conn, duck, &changes)?;
    deleted += apply_journeys(conn, duck, &mut brands, &changes)?;
    dimensions::feed(conn, &mut brands, duck, Some(since))?;
    mark(duck, changes.seq)?;
    run(duck, "commit")?;
    let moved = Moved { orders: changes.orders, refunds: changes.refunds, touches: changes.touches };
    Ok(Outcome::Applied { seq: changes.seq, deleted, moved })
}

/// Writes the watermark.
pub(super) fn mark(duck: &duck::Connection, seq: i64) -> Result<()> {
    run(duck, "delete from feed_state")?;
    duck.execute("insert into feed_state values (?)", [seq]).context("marking how far the feed is")?;
    Ok(())
}

fn apply_sales(conn: &Connection, duck: &duck::Connection, brands: &mut Brands, changes: &Changes) -> Result<usize> {
    if changes.orders.is_empty() && changes.refunds.is_empty() {
        return Ok(0);
    }
    note_ids(duck, "dirty_orders", &changes.orders)?;
    note_ids(duck, "dirty_refunds", &changes.refunds)?;
    run(duck, NOTE_SALES)?;
    let mut deleted = 0;
    for drop in DROP_SALES {
        deleted += delete(duck, drop)?;
    }
    let mut sinks = OrderSinks::new(duck)?;
    let runs = changes.orders.chunk_by(|a, b| a + 1 == *b).map(|run| [run[0], run[run.len() - 1]]);
    sinks.feed(conn, brands, runs)?;
    sinks.finish()?;
    refunds::feed_some(conn, brands, duck, &changes.refunds)?;
    run(duck, NOTE_SALES)?;
    Ok(deleted + rollups::refill_sales(duck)?)
}

fn apply_ads(conn: &Connection, duck: &duck::Connection, brands: &mut Brands, changes: &Changes) -> Result<usize> {
    if changes.ads.is_empty() {
        return Ok(0);
    }
    let mut sink = Sink::new(duck, "dirty_ads")?;
    for (ad_id, day) in &changes.ads {
        sink.int(*ad_id);
        sink.day(parse_day(day)?);
        sink.end()?;
    }
    sink.finish()?;
    run(duck, NOTE_ADS)?;
    let deleted = delete(duck, DROP_ADS)?;
    ads::feed_some(conn, brands, duck, &changes.ads)?;
    run(duck, NOTE_ADS)?;
    Ok(deleted + rollups::refill_ads(duck)?)
}

fn apply_stock(conn: &Connection, duck: &duck::Connection, changes: &Changes) -> Result<usize> {
    if changes.stock.is_empty() {
        return Ok(0);
    }
    let mut sink = Sink::new(duck, "dirty_stock")?;
    for (variant_id, warehouse_id, day) in &changes.stock {
        sink.int(*variant_id);
        sink.int(*warehouse_id);
        sink.day(parse_day(day)?);
        sink.end()?;
    }
    sink.finish()?;
    let deleted = delete(duck, DROP_STOCK)?;
    stock::feed_some(conn, duck, &changes.stock)?;
    Ok(deleted)
}

fn apply_journeys(conn: &Connection, duck: &duck::Connection, brands: &mut Brands, changes: &Changes) -> Result<usize> {
    if changes.touches.is_empty() && changes.visits.is_empty() {
        return Ok(0);
    }
    note_ids(duck, "dirty_touches", &changes.touches)?;
    note_ids(duck, "dirty_visits", &changes.visits)?;
    let mut deleted = 0;
    for drop in DROP_JOURNEYS {
        deleted += delete(duck, drop)?;
    }
    journeys::feed_some(conn, brands, duck, (&changes.touches, &changes.visits))?;
    Ok(deleted)
}

fn note_ids(duck: &duck::Connection, table: &'static str, ids: &[i64]) -> Result<()> {
    let mut sink = Sink::new(duck, table)?;
    for id in ids {
        sink.int(*id);
        sink.end()?;
    }
    sink.finish()?;
    Ok(())
}

fn run(duck: &duck::Connection, sql: &str) -> Result<()> {
    duck.execute_batch(sql).with_context(|| format!("feeding the warehouse with {sql}"))?;
    Ok(())
}

fn delete(duck: &duck::Connection, sql: &str) -> Result<usize> {
    Ok(duck.execute(sql, []).with_context(|| format!("feeding the warehouse with {sql}"))?)
}
