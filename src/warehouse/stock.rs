//! Feeds fact_stock: levels as they were landed.

use rusqlite::{Connection, Row, params};

use super::reading::day_of;
use super::variants::Variants;
use crate::duck::{self, Sink};
use crate::error::Result;

const LEVELS: &str = "select brand_id, variant_id, warehouse_id, day, on_hand, incoming from stock_levels";

/// Which level: variant, warehouse, day.
pub(super) type Key = (i64, i64, String);

/// Reads every level.
pub(super) fn feed_all(conn: &Connection, duck: &duck::Connection) -> Result<()> {
    let mut all = conn.prepare(&format!("{LEVELS} order by variant_id, warehouse_id, day"))?;
    let mut rows = all.query([])?;
    let (mut variants, mut sink) = (Variants::new(conn), Sink::new(duck, "fact_stock")?);
    while let Some(row) = rows.next()? {
        level(row, &mut variants, &mut sink)?;
    }
    sink.finish()?;
    Ok(())
}

/// Reads these levels; what is gone is passed over.
pub(super) fn feed_some(conn: &Connection, duck: &duck::Connection, keys: &[Key]) -> Result<()> {
    let mut one = conn.prepare(&format!("{LEVELS} where variant_id = ? and warehouse_id = ? and day = ?"))?;
    let (mut variants, mut sink) = (Variants::new(conn), Sink::new(duck, "fact_stock")?);
    for (variant_id, warehouse_id, day) in keys {
        let mut rows = one.query(params![variant_id, warehouse_id, day])?;
        if let Some(row) = rows.next()? {
            level(row, &mut variants, &mut sink)?;
        }
    }
    sink.finish()?;
    Ok(())
}

fn level(row: &Row, variants: &mut Variants, sink: &mut Sink) -> Result<()> {
    let variant_id = row.get(1)?;
    let product_id = variants.get(variant_id)?.product_id;
    sink.int(row.get(0)?);
    sink.int(variant_id);
    sink.int(product_id);
    sink.int(row.get(2)?);
    sink.day(day_of(row, 3)?);
    sink.int(row.get(4)?);
    sink.int(row.get(5)?);
    sink.end()
}
