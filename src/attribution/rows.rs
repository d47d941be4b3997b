//! Reads orders, refunds and touches out of the warehouse, all of a brand or those that moved, and numbers what touches came from.

use std::collections::HashMap;
use std::sync::mpsc::sync_channel;

use anyhow::{Context as _, anyhow};

use super::ledger::{Order, Refund, Touch};
use super::models::Mixed;
use crate::duck::arrow::array::{Array as _, AsArray as _, StringArray};
use crate::duck::arrow::datatypes::{Int32Type, Int64Type};
use crate::duck::arrow::record_batch::RecordBatch;
use crate::duck::{Connection, Sink};
use crate::error::Result;
use crate::warehouse::Moved;

/// What a touch came from: places in `Ledger::words`.
pub type Tag = [Option<u32>; 6];
/// Its parts: channel, source, campaign, adset, ad, landing page.
pub const CHANNEL: usize = 0;
/// Where the campaign stands in a tag.
pub const CAMPAIGN: usize = 2;

const ORDERS: &str = "select order_id, coalesce(4 * customer_id::bigint, 4 * order_id + 2), placed_at, \
    (day - date '1970-01-01')::integer, coalesce(gross, 0) - coalesce(discount, 0) from fact_orders where brand_id = ?";

const REFUNDS: &str = "select refund_id, coalesce(order_id, 0), refunded_at, (day - date '1970-01-01')::integer, \
    coalesce(goods, 0) from fact_refund_lines where brand_id = ?";

const TOUCHES: &str = "select person, at_ms, touch_id, coalesce(order_id, 0), (day - date '1970-01-01')::integer, channel, \
    source, campaign, adset, ad, landing_page from fact_touches where brand_id = ?";

const TEMPORARY: &str = "create or replace temp table moved_orders (id bigint); \
    create or replace temp table moved_refunds (id bigint); \
    create or replace temp table moved_touches (id bigint)";

/// Batches that wait to be taken.
const BATCHES: usize = 4;

/// Which rows are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    All,
    /// Those that [`note`] named, and refunds and touches of the orders among them. What two of these say comes twice.
    Moved,
}

impl Which {
    /// The conditions, one select for each.
    fn conditions(self, moved: &'static [&'static str]) -> &'static [&'static str] {
        if self == Self::All { &[""] } else { moved }
    }
}

/// Names the rows that [`Which::Moved`] reads.
///
/// # Errors
/// `Internal` when DuckDB refuses.
pub fn note(conn: &Connection, moved: &Moved) -> Result<()> {
    conn.execute_batch(TEMPORARY).context("noting what moved")?;
    for (table, ids) in
        [("moved_orders", &moved.orders), ("moved_refunds", &moved.refunds), ("moved_touches", &moved.touches)]
    {
        let mut sink = Sink::new(conn, table)?;
        for id in ids {
            sink.int(*id);
            sink.end()?;
        }
        sink.finish()?;
    }
    Ok(())
}

/// Orders, in no order.
///
/// # Errors
/// `Internal` when DuckDB refuses.
pub fn orders(conn: &Connection, brand_id: i64, which: Which) -> Result<Vec<Order>> {
    let mut orders = Vec::new();
    for more in which.conditions(&[" and order_id in (select id from moved_orders)"]) {
        each(conn, &format!("{ORDERS}{more}"), brand_id, |batch| {
            let [id, person, at, net] = [0, 1, 2, 4].map(|column| big(batch, column));
            let day = days(batch, 3);
            for ((((id, person), at), day), net) in id.iter().zip(person).zip(at).zip(day).zip(net) {
                orders.push(Order { id: *id, person: *person, at: *at, day: *day, net: *net });
            }
        })?;
    }
    Ok(orders)
}

/// Lines of refunds, each with the id of its order or 0, in no order; none has its place yet.
///
/// # Errors
/// `Internal` when DuckDB refuses.
pub fn refunds(conn: &Connection, brand_id: i64, which: Which) -> Result<Vec<(i64, Refund)>> {
    let mut refunds = Vec::new();
    let moved: &[&str] =
        &[" and (refund_id in (select id from moved_refunds) or order_id in (select id from moved_orders))"];
    for more in which.conditions(moved) {
        each(conn, &format!("{REFUNDS}{more}"), brand_id, |batch| {
            let [id, order, at, goods] = [0, 1, 2, 4].map(|column| big(batch, column));
            let day = days(batch, 3);
            for ((((id, order), at), day), goods) in id.iter().zip(order).zip(at).zip(day).zip(goods) {
                refunds.push((*order, Refund { id: *id, order: None, at: *at, day: *day, goods: *goods }));
            }
        })?;
    }
    Ok(refunds)
}

/// Touches, in no order, each of the person that the warehouse knows.
///
/// # Errors
/// `Internal` when DuckDB refuses.
pub fn touches(conn: &Connection, brand_id: i64, which: Which, names: &mut Names) -> Result<Vec<Touch>> {
    let mut touches = Vec::new();
    if which == Which::All {
        let count = "select count(*) from fact_touches where brand_id = ?";
        let count: i64 = conn.query_row(count, [brand_id], |row| row.get(0)).context("counting touches")?;
        // With room for what is brought forward later: growing at the end would double what is by far the largest.
        touches.reserve_exact(usize::try_from(count + count / 32).unwrap_or(0));
    }
    // Each by itself, so that DuckDB passes over the blocks without any.
    let moved: &[&str] =
        &[" and touch_id in (select id from moved_touches)", " and order_id in (select id from moved_orders)"];
    for more in which.conditions(moved) {
        each(conn, &format!("{TOUCHES}{more}"), brand_id, |batch| {
            let [person, at_ms, id, order] = [0, 1, 2, 3].map(|column| big(batch, column));
            let day = days(batch, 4);
            let parts: [&StringArray; 6] = [5, 6, 7, 8, 9, 10].map(|column| batch.column(column).as_string());
            let rows = person.iter().zip(at_ms).zip(id).zip(order).zip(day).enumerate();
            for (i, ((((person, at_ms), id), order), day)) in rows {
                let tag = names.tag(parts.map(|part| part.is_valid(i).then(|| part.value(i))));
                touches.push(Touch { person: *person, at_ms: *at_ms, id: *id, order: *order, day: *day, tag });
            }
        })?;
    }
    Ok(touches)
}

/// Texts and tags seen so far; whole texts, so that no name is taken for part of another.
#[derive(Default)]
pub struct Names {
    words: Vec<String>,
    places: HashMap<String, u32>,
    tags: Vec<Tag>,
    known: Mixed<[u32; 6], u32>,
}

impl Names {
    /// Goes on from what [`Names::into_parts`] gave.
    pub fn again(tags: Vec<Tag>, words: Vec<String>) -> Self {
        let places = (0..).zip(&words).map(|(at, word)| (word.clone(), at)).collect();
        let known = (0..).zip(&tags).map(|(at, tag)| (key(*tag), at)).collect();
        Self { words, places, tags, known }
    }

    /// Tags and words, each at its number.
    pub fn into_parts(self) -> (Vec<Tag>, Vec<String>) {
        (self.tags, self.words)
    }

    fn tag(&mut self, parts: [Option<&str>; 6]) -> u32 {
        let tag = parts.map(|part| part.map(|word| self.word(word)));
        let new = self.tags.len() as u32;
        let at = *self.known.entry(key(tag)).or_insert(new);
        if at == new {
            self.tags.push(tag);
        }
        at
    }

    fn word(&mut self, word: &str) -> u32 {
        if let Some(at) = self.places.get(word) {
            return *at;
        }
        let at = self.words.len() as u32;
        self.words.push(word.to_owned());
        self.places.insert(word.to_owned(), at);
        at
    }
}

fn key(tag: Tag) -> [u32; 6] {
    tag.map(|word| word.unwrap_or(u32::MAX))
}

/// Takes the rows in batches on a thread of its own, while DuckDB gathers the next; few of them are in memory at once.
fn each(conn: &Connection, sql: &str, brand_id: i64, mut take: impl FnMut(&RecordBatch) + Send) -> Result<()> {
    let mut select = conn.prepare(sql).context("reading what credits are computed from")?;
    let batches = select.stream_arrow([brand_id]).context("reading what credits are computed from")?;
    std::thread::scope(|scope| {
        let (hand_over, taken) = sync_channel::<RecordBatch>(BATCHES);
        let taker = scope.spawn(move || taken.iter().for_each(|batch| take(&batch)));
        for batch in batches {
            let batch = batch.context("reading what credits are computed from")?;
            if hand_over.send(batch).is_err() {
                break;
            }
        }
        drop(hand_over);
        taker.join().map_err(|_| anyhow!("reading what credits are computed from stopped half-way"))?;
        Ok(())
    })
}

fn big(batch: &RecordBatch, column: usize) -> &[i64] {
    batch.column(column).as_primitive::<Int64Type>().values()
}

fn days(batch: &RecordBatch, column: usize) -> &[i32] {
    batch.column(column).as_primitive::<Int32Type>().values()
}
