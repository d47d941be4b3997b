//! Takes away what a source no longer has, and says so in the change log. Of a deleted product the names of what was sold stay.

use std::collections::HashSet;

use rusqlite::{OptionalExtension, params};

use super::catalogue::{Catalogue, forget_source};
use super::change_log::note_deleted;
use super::lander::{Lander, Work};
use super::rows::{Batch, DeletedProduct, OrderSpan};
use super::{refunds, touches};
use crate::error::Result;

impl Lander {
    pub(super) fn land_deleted(&mut self, work: &mut Work, batch: &Batch) -> Result<()> {
        for external_id in &batch.deleted_orders {
            let id: Option<i64> = work
                .tx
                .prepare_cached("select id from orders where brand_id = ? and connector = ? and external_id = ?")?
                .query_row(params![work.brand_id, work.connector, external_id], |row| row.get(0))
                .optional()?;
            if let Some(id) = id {
                self.delete_order(work, id, external_id)?;
            }
        }
        for span in &batch.order_spans {
            for (id, external_id) in self.missing(work, span)? {
                self.delete_order(work, id, &external_id)?;
            }
        }
        for product in &batch.deleted_products {
            if delete_product(work, product)? {
                self.known.catalogue = Catalogue::default();
            }
        }
        Ok(())
    }

    fn delete_order(&mut self, work: &mut Work, id: i64, external_id: &str) -> Result<()> {
        let mut of_order = work.tx.prepare_cached("select id, external_id from refunds where order_id = ?")?;
        let back = of_order.query_map([id], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let back = back.collect::<rusqlite::Result<Vec<(i64, String)>>>()?;
        for (refund, external_id) in back {
            refunds::delete(work, refund)?;
            note_deleted(work.tx, work.rev, work.brand_id, "refunds", refund)?;
            self.known.refunds.forget(&external_id);
        }
        work.tx.prepare_cached("delete from order_lines where order_id = ?")?.execute([id])?;
        work.tx.prepare_cached("delete from orders where id = ?")?.execute([id])?;
        note_deleted(work.tx, work.rev, work.brand_id, "orders", id)?;
        touches::forget_order(work, id)?;
        self.known.orders.forget(external_id);
        work.landed.deleted += 1;
        work.changed = true;
        Ok(())
    }

    /// Orders of the span's store that the source did not name. Ids of one length sort as numbers do.
    fn missing(&self, work: &Work, span: &OrderSpan) -> Result<Vec<(i64, String)>> {
        let Some(store) = known_store(work, span.store.as_deref())? else { return Ok(Vec::new()) };
        let named: HashSet<&str> = span.ids.iter().map(String::as_str).collect();
        let mut between = work.tx.prepare_cached(
            "select id, external_id from orders where brand_id = ?1 and connector = ?2 and external_id >= ?3 \
             and external_id <= ?4 and length(external_id) = ?5 and external_id not glob '*[^0-9]*' \
             and store_id = ?6 and placed_at < ?7",
        )?;
        let mut missing = Vec::new();
        let last = span.upto.unwrap_or(u64::MAX);
        let mut first = span.after.saturating_add(1);
        while first <= last {
            let length = first.to_string().len();
            let end = "9".repeat(length).parse::<u64>().unwrap_or(u64::MAX).min(last);
            let rows = between.query_map(
                params![
                    work.brand_id,
                    work.connector,
                    first.to_string(),
                    end.to_string(),
                    i64::try_from(length).unwrap_or(i64::MAX),
                    store,
                    span.placed_before
                ],
                |row| Ok((row.get(0)?, row.get::<_, String>(1)?)),
            )?;
            for row in rows {
                let row = row?;
                if !named.contains(row.1.as_str()) {
                    missing.push(row);
                }
            }
            let Some(next) = end.checked_add(1) else { break };
            first = next;
        }
        Ok(missing)
    }
}

/// The store of a name, where there is one; never made here.
fn known_store(work: &Work, name: Option<&str>) -> Result<Option<i64>> {
    let mut stored = work.tx.prepare_cached("select id from stores where brand_id = ? and name = ?")?;
    let name = name.unwrap_or(work.brand_name);
    Ok(stored.query_row(params![work.brand_id, name], |row| row.get(0)).optional()?)
}

fn delete_product(work: &mut Work, gone: &DeletedProduct) -> Result<bool> {
    let product: Option<i64> = work
        .tx
        .prepare_cached("select product_id from product_sources where brand_id = ? and source_id = ?")?
        .query_row(params![work.brand_id, gone.source_id], |row| row.get(0))
        .optional()?;
    let Some(product) = product else { return Ok(false) };
    forget_source(work, &gone.source_id)?;
    let mut others = work.tx.prepare_cached("select exists (select 1 from product_sources where product_id = ?)")?;
    if others.query_row([product], |row| row.get(0))? {
        // Another shop of the brand has it still.
        return Ok(false);
    }
    empty_stock(work, product, gone)?;
    // One look through the lines for all variants: there is no index by variant.
    let unused = "from variants where product_id = ?1 and id not in ( \
         select variant_id from order_lines where variant_id in (select id from variants where product_id = ?1) \
         union select variant_id from refund_lines where variant_id in (select id from variants where product_id = ?1) \
         union select variant_id from stock_levels where variant_id in (select id from variants where product_id = ?1))";
    work.tx.execute(&format!("delete from unit_costs where variant_id in (select id {unused})"), [product])?;
    work.tx.execute(&format!("delete {unused}"), [product])?;
    work.tx.execute(
        "update variants set from_catalogue = 0, price_micros = null, price_currency = null, rev = ? where product_id = ?",
        params![work.rev, product],
    )?;
    work.tx.execute("update products set from_catalogue = 0, rev = ? where id = ?", params![work.rev, product])?;
    super::catalogue::drop_if_childless(work, product)?;
    work.landed.deleted += 1;
    work.changed = true;
    Ok(true)
}

/// A level of nothing for every place whose last level is something.
fn empty_stock(work: &mut Work, product: i64, gone: &DeletedProduct) -> Result<()> {
    let day = gone.day.to_string();
    let emptied = work.tx.execute(
        "insert into stock_levels (brand_id, variant_id, warehouse_id, day, on_hand, incoming, rev) \
         select ?1, l.variant_id, l.warehouse_id, ?2, 0, 0, ?3 from stock_levels l \
         where l.variant_id in (select id from variants where product_id = ?4) and (l.on_hand <> 0 or l.incoming <> 0) \
         and l.day = (select max(day) from stock_levels m where m.variant_id = l.variant_id \
            and m.warehouse_id = l.warehouse_id and m.day <= ?2) \
         on conflict (variant_id, warehouse_id, day) do update set on_hand = 0, incoming = 0, rev = excluded.rev",
        params![work.brand_id, day, work.rev, product],
    )?;
    if emptied > 0 {
        work.reach.stock(gone.day);
    }
    Ok(())
}
