//! What credits are computed from, read from the warehouse into columns: a brand's orders, refunds and touches.

use std::collections::HashMap;

use anyhow::Context as _;

use super::models::Mixed;
use crate::duck::Connection;
use crate::duck::arrow::array::{Array as _, AsArray as _, StringArray};
use crate::duck::arrow::datatypes::{Int32Type, Int64Type};
use crate::duck::arrow::record_batch::RecordBatch;
use crate::error::Result;

/// An order of the warehouse.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Order {
    pub id: i64,
    /// 4 × customer, or 4 × order + 2 of a guest.
    pub person: i64,
    /// Unix seconds.
    pub at: i64,
    /// The brand's local day.
    pub day: i32,
    /// Gross − discount, in micros of the reporting currency; 0 where there is no rate.
    pub net: i64,
}

/// A line of a refund.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refund {
    /// In `Ledger::orders`; nothing where the order is not known.
    pub order: Option<u32>,
    /// Unix seconds.
    pub at: i64,
    /// The brand's local day.
    pub day: i32,
    /// In micros of the reporting currency.
    pub goods: i64,
}

/// A touch of the warehouse.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Touch {
    pub person: i64,
    /// Unix milliseconds.
    pub at_ms: i64,
    pub id: i64,
    /// The order it is bound to, or 0.
    pub order: i64,
    /// The brand's local day.
    pub day: i32,
    /// In `Ledger::tags`.
    pub tag: u32,
}

/// What a touch came from: places in `Ledger::words`.
pub type Tag = [Option<u32>; 6];
/// Its parts: channel, source, campaign, adset, ad, landing page.
pub const CHANNEL: usize = 0;
/// Where the campaign stands in a tag.
pub const CAMPAIGN: usize = 2;

/// All of one brand, in the order of persons and times.
#[derive(Debug, Clone, Default)]
pub struct Ledger {
    /// By person, time and id.
    pub orders: Vec<Order>,
    pub refunds: Vec<Refund>,
    /// By person, time and id.
    pub touches: Vec<Touch>,
    pub tags: Vec<Tag>,
    /// The number of each tag's channel.
    pub channel_of: Vec<u32>,
    /// Names of the channels, by their numbers.
    pub channels: Vec<String>,
    /// Every text of the tags, once.
    pub words: Vec<String>,
}

const ORDERS: &str = "select order_id, coalesce(4 * customer_id::bigint, 4 * order_id + 2), placed_at, \
    (day - date '1970-01-01')::integer, coalesce(gross, 0) - coalesce(discount, 0) from fact_orders where brand_id = ?";

const REFUNDS: &str = "select coalesce(order_id, 0), refunded_at, (day - date '1970-01-01')::integer, coalesce(goods, 0) \
    from fact_refund_lines where brand_id = ?";

const TOUCHES: &str = "select person, at_ms, touch_id, coalesce(order_id, 0), (day - date '1970-01-01')::integer, channel, \
    source, campaign, adset, ad, landing_page from fact_touches where brand_id = ?";

impl Ledger {
    /// Reads a brand's.
    ///
    /// # Errors
    /// `Internal` when DuckDB refuses.
    pub fn read(conn: &Connection, brand_id: i64) -> Result<Self> {
        let mut ledger = Self::default();
        each(conn, ORDERS, brand_id, |batch| {
            let [id, person, at, net] = [0, 1, 2, 4].map(|column| big(batch, column));
            let day = days(batch, 3);
            for ((((id, person), at), day), net) in id.iter().zip(person).zip(at).zip(day).zip(net) {
                ledger.orders.push(Order { id: *id, person: *person, at: *at, day: *day, net: *net });
            }
        })?;
        ledger.orders.sort_unstable_by_key(|order| (order.person, order.at, order.id));
        let places: Mixed<i64, u32> = (0_u32..).zip(&ledger.orders).map(|(at, order)| (order.id, at)).collect();
        each(conn, REFUNDS, brand_id, |batch| {
            let [order, at, goods] = [0, 1, 3].map(|column| big(batch, column));
            let day = days(batch, 2);
            for (((order, at), day), goods) in order.iter().zip(at).zip(day).zip(goods) {
                let order = places.get(order).copied();
                ledger.refunds.push(Refund { order, at: *at, day: *day, goods: *goods });
            }
        })?;
        ledger.read_touches(conn, brand_id, &places)?;
        Ok(ledger)
    }

    fn read_touches(&mut self, conn: &Connection, brand_id: i64, orders: &Mixed<i64, u32>) -> Result<()> {
        let mut names = Names::default();
        let mut touches = Vec::new();
        each(conn, TOUCHES, brand_id, |batch| {
            let [person, at_ms, id, order] = [0, 1, 2, 3].map(|column| big(batch, column));
            let day = days(batch, 4);
            let parts: [&StringArray; 6] = [5, 6, 7, 8, 9, 10].map(|column| batch.column(column).as_string());
            let rows = person.iter().zip(at_ms).zip(id).zip(order).zip(day).enumerate();
            for (i, ((((person, at_ms), id), order), day)) in rows {
                // A touch that only an order knows belongs to whoever placed the order.
                let bound = orders.get(order).map(|at| self.orders[*at as usize].person);
                let tag = names.tag(parts.map(|part| part.is_valid(i).then(|| part.value(i))));
                let person = bound.unwrap_or(*person);
                touches.push(Touch { person, at_ms: *at_ms, id: *id, order: *order, day: *day, tag });
            }
        })?;
        touches.sort_unstable_by_key(|touch: &Touch| (touch.person, touch.at_ms, touch.id));
        self.touches = touches;
        self.number_channels(names);
        Ok(())
    }

    fn number_channels(&mut self, names: Names) {
        (self.tags, self.words) = (names.tags, names.words);
        let mut numbers: Mixed<u32, u32> = Mixed::default();
        for tag in &self.tags {
            let word = tag[CHANNEL].unwrap_or(0);
            let number = *numbers.entry(word).or_insert(self.channels.len() as u32);
            if number as usize == self.channels.len() {
                self.channels.push(self.words[word as usize].clone());
            }
            self.channel_of.push(number);
        }
    }

    /// The number of a channel.
    pub fn channel(&self, name: &str) -> Option<u32> {
        (0_u32..).zip(&self.channels).find(|(_, known)| *known == name).map(|(number, _)| number)
    }

    /// The channel of the touch at a place.
    pub fn channel_at(&self, touch: u32) -> u32 {
        self.channel_of[self.touches[touch as usize].tag as usize]
    }
}

/// Texts and tags seen so far; whole texts, so that no name is taken for part of another.
#[derive(Default)]
struct Names {
    words: Vec<String>,
    places: HashMap<String, u32>,
    tags: Vec<Tag>,
    known: Mixed<[u32; 6], u32>,
}

impl Names {
    fn tag(&mut self, parts: [Option<&str>; 6]) -> u32 {
        let tag = parts.map(|part| part.map(|word| self.word(word)));
        let new = self.tags.len() as u32;
        let at = *self.known.entry(tag.map(|word| word.unwrap_or(u32::MAX))).or_insert(new);
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

/// Takes the rows in batches, of which only one is in memory.
fn each(conn: &Connection, sql: &str, brand_id: i64, mut take: impl FnMut(&RecordBatch)) -> Result<()> {
    let mut select = conn.prepare(sql).context("reading what credits are computed from")?;
    for batch in select.stream_arrow([brand_id]).context("reading what credits are computed from")? {
        take(&batch.context("reading what credits are computed from")?);
    }
    Ok(())
}

fn big(batch: &RecordBatch, column: usize) -> &[i64] {
    batch.column(column).as_primitive::<Int64Type>().values()
}

fn days(batch: &RecordBatch, column: usize) -> &[i32] {
    batch.column(column).as_primitive::<Int32Type>().values()
}
