//! What the feed knows of each variant while it reads: its product, and what a unit cost from which day on.

use std::collections::HashMap;

use rusqlite::Connection;

use super::brands::Brand;
use super::reading::day_of;
use crate::error::Result;

/// One variant.
pub(super) struct Variant {
    pub product_id: i64,
    /// By day, ascending.
    costs: Vec<Cost>,
}

struct Cost {
    from_day: i32,
    micros: i64,
    currency: String,
}

impl Variant {
    /// What `quantity` units cost at the cost of `day`, in the brand's currency; `None` where no cost reaches that day, or no
    /// rate converts it.
    pub(super) fn cost(&self, brand: &mut Brand, day: i32, quantity: i64) -> Option<i64> {
        let after = self.costs.partition_point(|cost| cost.from_day <= day);
        let cost = self.costs.get(after.checked_sub(1)?)?;
        brand.conversion(&cost.currency, day).apply(cost.micros.checked_mul(quantity))
    }
}

/// Variants as they are met.
pub(super) struct Variants<'c> {
    conn: &'c Connection,
    met: HashMap<i64, Variant>,
}

impl<'c> Variants<'c> {
    pub(super) fn new(conn: &'c Connection) -> Self {
        Self { conn, met: HashMap::new() }
    }

    pub(super) fn get(&mut self, id: i64) -> Result<&Variant> {
        if !self.met.contains_key(&id) {
            let product_id = self
                .conn
                .prepare_cached("select product_id from variants where id = ?")?
                .query_row([id], |row| row.get(0))?;
            let mut costs = self.conn.prepare_cached(
                "select from_day, cost_micros, currency from unit_costs where variant_id = ? order by from_day",
            )?;
            let mut rows = costs.query([id])?;
            let mut costs = Vec::new();
            while let Some(row) = rows.next()? {
                costs.push(Cost { from_day: day_of(row, 0)?, micros: row.get(1)?, currency: row.get(2)? });
            }
            self.met.insert(id, Variant { product_id, costs });
        }
        Ok(&self.met[&id])
    }
}
