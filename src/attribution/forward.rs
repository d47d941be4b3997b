//! Brings a ledger forward by what moved, so that an hour's new data does not cost reading everything again.

use super::ledger::{Ledger, Order, Refund, Touch, order_key, touch_key};
use super::models::Mixed;
use super::rows::{self, Names, Which};
use crate::duck::Connection;
use crate::error::Result;
use crate::warehouse::Moved;

/// What becomes of a ledger: which rows leave it, and which come.
pub struct Step {
    /// Places in `Ledger::orders`, ascending.
    gone_orders: Vec<usize>,
    /// Places in `Ledger::touches`, ascending.
    gone_touches: Vec<usize>,
    /// Ids; lines of gone orders go too.
    gone_refunds: Ids,
    orders: Vec<Order>,
    touches: Vec<Touch>,
    /// Each with the id of its order.
    refunds: Vec<(i64, Refund)>,
    /// Everybody whose journeys may be others afterwards, ascending, each once.
    pub persons: Vec<i64>,
}

type Ids = Mixed<i64, ()>;

impl Step {
    /// Reads what moved. Nothing where something that touches came from would be left without a touch: a ledger read anew knows
    /// nothing of it, which is what whoever had it erased wants.
    ///
    /// # Errors
    /// `Internal` when DuckDB refuses.
    pub fn read(ledger: &mut Ledger, conn: &Connection, brand_id: i64, moved: &Moved) -> Result<Option<Self>> {
        rows::note(conn, moved)?;
        let mut orders = rows::orders(conn, brand_id, Which::Moved)?;
        orders.sort_unstable_by_key(order_key);
        let refunds = rows::refunds(conn, brand_id, Which::Moved)?;
        let mut names = Names::again(std::mem::take(&mut ledger.tags), std::mem::take(&mut ledger.words));
        let touches = rows::touches(conn, brand_id, Which::Moved, &mut names);
        ledger.name(names);
        let mut step = Self {
            gone_orders: Vec::new(),
            gone_touches: Vec::new(),
            gone_refunds: ids(&moved.refunds),
            orders,
            touches: touches?,
            refunds,
            persons: Vec::new(),
        };
        step.gone_refunds.extend(step.refunds.iter().map(|(_, refund)| (refund.id, ())));
        step.find_orders(ledger, &ids(&moved.orders));
        step.find_touches(ledger, moved);
        step.find_persons(ledger);
        Ok((!step.leaves_tags(ledger)).then_some(step))
    }

    /// The orders that leave, and who placed those that touches are bound to or that something came back of.
    fn find_orders(&mut self, ledger: &Ledger, moved: &Ids) {
        let bound = self.touches.iter().map(|touch| touch.order).filter(|order| *order != 0);
        let named: Ids = bound.chain(self.refunds.iter().map(|(order, _)| *order)).map(|order| (order, ())).collect();
        let mut persons: Mixed<i64, i64> = self.orders.iter().map(|order| (order.id, order.person)).collect();
        for (at, order) in ledger.orders.iter().enumerate() {
            if moved.contains_key(&order.id) {
                self.gone_orders.push(at);
            } else if named.contains_key(&order.id) {
                persons.insert(order.id, order.person);
            }
        }
        for touch in self.touches.iter_mut().filter(|touch| touch.order != 0) {
            touch.person = persons.get(&touch.order).copied().unwrap_or(touch.person);
        }
        self.touches.sort_unstable_by_key(touch_key);
        self.touches.dedup_by_key(|touch| touch.id);
        self.persons.extend(self.refunds.iter().filter_map(|(order, _)| persons.get(order)));
    }

    fn find_touches(&mut self, ledger: &Ledger, moved: &Moved) {
        let (orders, touches) = (ids(&moved.orders), ids(&moved.touches));
        // Most that moves is new: its ids are higher than any that is known.
        let first = moved.touches.first().copied().unwrap_or(i64::MAX);
        let gone = |touch: &Touch| {
            touch.id >= first && touches.contains_key(&touch.id)
                || touch.order != 0 && orders.contains_key(&touch.order)
        };
        let rows = ledger.touches.iter().enumerate();
        self.gone_touches.extend(rows.filter(|(_, touch)| gone(touch)).map(|(at, _)| at));
    }

    fn find_persons(&mut self, ledger: &Ledger) {
        let persons = &mut self.persons;
        persons.extend(self.gone_orders.iter().map(|at| ledger.orders[*at].person));
        persons.extend(self.gone_touches.iter().map(|at| ledger.touches[*at].person));
        persons.extend(self.orders.iter().map(|order| order.person));
        persons.extend(self.touches.iter().map(|touch| touch.person));
        let gone = ledger.refunds.iter().filter(|refund| self.gone_refunds.contains_key(&refund.id));
        persons.extend(gone.filter_map(|refund| Some(ledger.orders[refund.order? as usize].person)));
        persons.sort_unstable();
        persons.dedup();
    }

    /// Whether a tag would be left that no touch has.
    fn leaves_tags(&self, ledger: &Ledger) -> bool {
        let mut left: Vec<u32> = self.gone_touches.iter().map(|at| ledger.touches[*at].tag).collect();
        left.sort_unstable();
        left.dedup();
        let mut used = vec![false; ledger.tags.len()];
        self.touches.iter().for_each(|touch| used[touch.tag as usize] = true);
        left.retain(|tag| !used[*tag as usize]);
        if left.is_empty() {
            return false;
        }
        let mut gone = self.gone_touches.iter().peekable();
        for (at, touch) in ledger.touches.iter().enumerate() {
            if gone.next_if(|gone| **gone == at).is_none() {
                used[touch.tag as usize] = true;
            }
        }
        left.iter().any(|tag| !used[*tag as usize])
    }

    /// Changes the ledger.
    pub fn apply(self, ledger: &mut Ledger) {
        let gone = &self.gone_orders;
        let before = splice(&mut ledger.orders, gone, &self.orders, order_key);
        splice(&mut ledger.touches, &self.gone_touches, &self.touches, touch_key);
        let stays = |refund: &Refund| {
            let order_is_gone = refund.order.is_some_and(|at| gone.binary_search(&(at as usize)).is_ok());
            !order_is_gone && !self.gone_refunds.contains_key(&refund.id)
        };
        ledger.refunds.retain(stays);
        for at in ledger.refunds.iter_mut().filter_map(|refund| refund.order.as_mut()) {
            let stayed = *at as usize - gone.partition_point(|gone| *gone < *at as usize);
            *at = (stayed + before.partition_point(|before| *before <= stayed)) as u32;
        }
        if self.refunds.is_empty() {
            return;
        }
        let mut places: Mixed<i64, Option<u32>> = self.refunds.iter().map(|(order, _)| (*order, None)).collect();
        for (at, order) in (0_u32..).zip(&ledger.orders) {
            if let Some(place) = places.get_mut(&order.id) {
                *place = Some(at);
            }
        }
        let placed = |(order, refund)| Refund { order: places.get(&order).copied().flatten(), ..refund };
        ledger.refunds.extend(self.refunds.into_iter().map(placed));
    }
}

fn ids(of: &[i64]) -> Ids {
    of.iter().map(|id| (*id, ())).collect()
}

/// In rows that stand in the order of a key: takes those at `gone` out and puts `new` in. Returns how many of those that stayed
/// stand before each new one.
fn splice<T: Copy, K: Ord>(rows: &mut Vec<T>, gone: &[usize], new: &[T], key: impl Fn(&T) -> K) -> Vec<usize> {
    let mut end = gone.first().copied().unwrap_or(rows.len());
    for (i, at) in gone.iter().enumerate() {
        let next = gone.get(i + 1).copied().unwrap_or(rows.len());
        rows.copy_within(at + 1..next, end);
        end += next - at - 1;
    }
    rows.truncate(end);
    let before: Vec<usize> = new.iter().map(|row| rows.partition_point(|known| key(known) < key(row))).collect();
    let Some(any) = new.first() else { return before };
    if rows.capacity() - rows.len() < new.len() {
        rows.reserve_exact(new.len() + rows.len() / 32);
    }
    rows.resize(end + new.len(), *any);
    for (i, at) in before.iter().enumerate().rev() {
        rows.copy_within(*at..end, at + i + 1);
        rows[at + i] = new[i];
        end = *at;
    }
    before
}
