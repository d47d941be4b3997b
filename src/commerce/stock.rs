//! Lands stock levels: by (variant, warehouse, day).

use std::collections::{HashMap, HashSet};

use rusqlite::{OptionalExtension, params};

use super::lander::{Lander, Work};
use super::rows::{StockLevel, StockPlaces};
use crate::error::Result;

/// The brand's warehouses by name.
#[derive(Default)]
pub(super) struct Warehouses {
    ids: HashMap<Box<str>, i64>,
}

impl Warehouses {
    fn id(&mut self, work: &mut Work, name: &str) -> Result<i64> {
        if let Some(id) = self.ids.get(name) {
            return Ok(*id);
        }
        let stored = work
            .tx
            .prepare_cached("select id from warehouses where brand_id = ? and name = ?")?
            .query_row(params![work.brand_id, name], |row| row.get(0))
            .optional()?;
        let id = match stored {
            Some(id) => id,
            None => {
                work.tx
                    .prepare_cached("insert into warehouses (brand_id, name, rev) values (?, ?, ?)")?
                    .execute(params![work.brand_id, name, work.rev])?;
                work.changed = true;
                work.tx.last_insert_rowid()
            }
        };
        self.ids.insert(name.into(), id);
        Ok(id)
    }
}

impl Lander {
    /// From now on these warehouses are the source's own: what it does not tell of there is not there.
    pub fn own_warehouses(&mut self, names: HashSet<String>) {
        self.own_warehouses = names;
    }

    /// A level of nothing wherever there was something and the source has none any more.
    pub(super) fn land_stock_places(&mut self, work: &mut Work, all: &[StockPlaces]) -> Result<()> {
        if all.is_empty() || self.own_warehouses.is_empty() {
            return Ok(());
        }
        let tx = work.tx;
        let mut last = tx.prepare_cached(
            "select l.warehouse_id, w.name from stock_levels l join warehouses w on w.id = l.warehouse_id \
             where l.variant_id = ?1 and (l.on_hand <> 0 or l.incoming <> 0) and l.day = (select max(m.day) from stock_levels m \
             where m.variant_id = l.variant_id and m.warehouse_id = l.warehouse_id and m.day <= ?2)",
        )?;
        let mut empty = tx.prepare_cached(
            "insert into stock_levels (brand_id, variant_id, warehouse_id, day, on_hand, incoming, rev) \
             values (?, ?, ?, ?, 0, 0, ?) on conflict (variant_id, warehouse_id, day) do update set on_hand = 0, \
             incoming = 0, rev = excluded.rev",
        )?;
        for places in all {
            let Some(variant) = self.known.catalogue.known(work, &places.variant)? else { continue };
            let day = places.day.to_string();
            let rows = last.query_map(params![variant, day], |row| Ok((row.get(0)?, row.get(1)?)))?;
            for (warehouse, name) in rows.collect::<rusqlite::Result<Vec<(i64, String)>>>()? {
                if !self.own_warehouses.contains(&name) || places.warehouses.contains(&name) {
                    continue;
                }
                empty.execute(params![work.brand_id, variant, warehouse, day, work.rev])?;
                work.landed.stock.count(1, true);
                work.changed = true;
                work.reach.stock(places.day);
            }
        }
        Ok(())
    }

    pub(super) fn land_stock(&mut self, work: &mut Work, levels: &[StockLevel]) -> Result<()> {
        if levels.is_empty() {
            return Ok(());
        }
        let tx = work.tx;
        let mut upsert = tx.prepare_cached(
            "insert into stock_levels (brand_id, variant_id, warehouse_id, day, on_hand, incoming, rev) \
             values (?, ?, ?, ?, ?, ?, ?) \
             on conflict (variant_id, warehouse_id, day) do update set on_hand = excluded.on_hand, \
             incoming = excluded.incoming, rev = excluded.rev \
             where on_hand <> excluded.on_hand or incoming <> excluded.incoming",
        )?;
        let mut text = (None, String::new());
        for level in levels {
            if text.0 != Some(level.day) {
                text = (Some(level.day), level.day.to_string());
            }
            let variant = self.known.catalogue.variant(work, &level.variant)?;
            let warehouse = self.known.warehouses.id(work, &level.warehouse)?;
            let changed = upsert.execute(params![
                work.brand_id,
                variant,
                warehouse,
                text.1,
                level.on_hand,
                level.incoming,
                work.rev
            ])?;
            work.landed.stock.count(1, changed > 0);
            work.changed |= changed > 0;
            work.reach.stock(level.day);
        }
        Ok(())
    }
}
