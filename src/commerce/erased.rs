//! Customers who were erased, as landings meet them: an older file brings their orders again, but not them.

use std::collections::HashMap;
use std::hash::BuildHasherDefault;

use rusqlite::OptionalExtension;

use super::customers::Key;
use super::digest::{Digest, Fields};
use super::known::{AsItIs, Found};
use super::lander::Work;
use super::marks::Mark;
use super::rows::{Order, Refund};
use super::{orders, refunds};
use crate::error::Result;

type ByKey = HashMap<Key, i64, BuildHasherDefault<AsItIs>>;

/// The brand's erased customers as far as they were needed.
#[derive(Default)]
pub(super) struct Erased {
    /// Until when what they did stays without them, seconds of unix time.
    until: Option<ByKey>,
    /// Who stands for them in rows that are new: one for each in a source, and another the next time.
    stand_ins: ByKey,
}

impl Erased {
    fn until(&mut self, work: &Work) -> Result<&ByKey> {
        let loaded = match self.until.take() {
            Some(loaded) => loaded,
            None => {
                let mut all =
                    work.tx.prepare_cached("select key, until_ms / 1000 from erased_customers where brand_id = ?")?;
                let rows = all.query_map([work.brand_id], |row| Ok((row.get(0)?, row.get(1)?)))?;
                rows.collect::<rusqlite::Result<_>>()?
            }
        };
        Ok(self.until.insert(loaded))
    }

    /// The orders among these that stay without their customer, by place, as they land: with their new digests.
    pub(super) fn of_orders(
        &mut self,
        work: &Work,
        all: &[Order],
        marks: &[Mark],
    ) -> Result<HashMap<usize, (Order, Digest)>> {
        let until = self.until(work)?;
        let mut unnamed = HashMap::new();
        if until.is_empty() {
            return Ok(unnamed);
        }
        let mut fields = Fields::default();
        for (at, (order, mark)) in all.iter().zip(marks).enumerate() {
            let until = mark.customer.as_ref().and_then(|key| until.get(key));
            if until.is_some_and(|until| order.placed_at <= *until) {
                let order = Order { customer: None, name: None, city: None, ..order.clone() };
                orders::digest(&mut fields, &order, None);
                unnamed.insert(at, (order, fields.digest()));
            }
        }
        Ok(unnamed)
    }

    /// For a refund of a customer who was erased at any time: until when, seconds of unix time, and its digest without them.
    pub(super) fn of_refund(&mut self, work: &Work, refund: &Refund, mark: &Mark) -> Result<Option<(i64, Digest)>> {
        let until = self.until(work)?;
        let Some(until) = mark.customer.as_ref().and_then(|key| until.get(key)).copied() else { return Ok(None) };
        let mut fields = Fields::default();
        refunds::digest(&mut fields, refund, None);
        Ok(Some((until, fields.digest())))
    }

    /// The customer's row id that stands for an erased one: whom the stored row of `table` has, if it is there, else a new one
    /// with a random key, so that nothing leads back to them.
    pub(super) fn stand_in(&mut self, work: &mut Work, table: &str, found: &Found, key: &Key) -> Result<i64> {
        if let Some(kept) = stored_customer(work, table, found)? {
            return Ok(kept);
        }
        if let Some(id) = self.stand_ins.get(key) {
            return Ok(*id);
        }
        let id = super::privacy::new_stand_in(work.tx, work.brand_id)?;
        work.changed = true;
        self.stand_ins.insert(*key, id);
        Ok(id)
    }
}

/// Whom the stored row of `table` has, if it is there.
pub(super) fn stored_customer(work: &Work, table: &str, found: &Found) -> Result<Option<i64>> {
    let Found::Changed(id) = found else { return Ok(None) };
    let mut whose = work.tx.prepare_cached(&format!("select customer_id from {table} where id = ?"))?;
    let kept: Option<Option<i64>> = whose.query_row([id], |row| row.get(0)).optional()?;
    Ok(kept.flatten())
}
