//! What credits are computed from, read from the warehouse into columns: a brand's orders, refunds and touches.

use super::models::Mixed;
use super::rows::{self, CHANNEL, Names, Tag, Which};
use crate::duck::Connection;
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
    /// The refund's; its lines share it.
    pub id: i64,
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

/// The order of `Ledger::orders`.
pub fn order_key(order: &Order) -> (i64, i64, i64) {
    (order.person, order.at, order.id)
}

/// The order of `Ledger::touches`.
pub fn touch_key(touch: &Touch) -> (i64, i64, i64) {
    (touch.person, touch.at_ms, touch.id)
}

impl Ledger {
    /// Reads a brand's.
    ///
    /// # Errors
    /// `Internal` when DuckDB refuses.
    pub fn read(conn: &Connection, brand_id: i64) -> Result<Self> {
        let mut ledger = Self { orders: rows::orders(conn, brand_id, Which::All)?, ..Self::default() };
        ledger.orders.sort_unstable_by_key(order_key);
        let places: Mixed<i64, u32> = (0_u32..).zip(&ledger.orders).map(|(at, order)| (order.id, at)).collect();
        let refunds = rows::refunds(conn, brand_id, Which::All)?.into_iter();
        ledger.refunds =
            refunds.map(|(order, refund)| Refund { order: places.get(&order).copied(), ..refund }).collect();
        let mut names = Names::default();
        ledger.touches = rows::touches(conn, brand_id, Which::All, &mut names)?;
        for touch in ledger.touches.iter_mut().filter(|touch| touch.order != 0) {
            // A touch that only an order knows belongs to whoever placed the order.
            if let Some(at) = places.get(&touch.order) {
                touch.person = ledger.orders[*at as usize].person;
            }
        }
        ledger.touches.sort_unstable_by_key(touch_key);
        ledger.name(names);
        Ok(ledger)
    }

    /// Takes over what was named, and numbers the channels of what is new.
    pub(super) fn name(&mut self, names: Names) {
        (self.tags, self.words) = names.into_parts();
        let mut numbers: Mixed<u32, u32> =
            self.tags.iter().zip(&self.channel_of).map(|(tag, number)| (tag[CHANNEL].unwrap_or(0), *number)).collect();
        for tag in &self.tags[self.channel_of.len()..] {
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
