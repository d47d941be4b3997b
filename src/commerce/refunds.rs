//! Lands refunds, each on its own day. A refund that a file put on its order's day gives way to the source's dated ones.

use rusqlite::{CachedStatement, OptionalExtension, Transaction, params};

use super::change_log::note_deleted;
use super::customers;
use super::digest::{Digest, Fields};
use super::erased;
use super::known::{Found, Source};
use super::lander::{Lander, Work};
use super::marks::Mark;
use super::rows::Refund;
use crate::error::Result;

const KNOWN: Source = Source {
    one: "select id, digest from refunds where brand_id = ? and connector = ? and external_id = ?",
    all: "select external_id, digest from refunds where brand_id = ? and connector = ?",
};

const INSERT: &str = "insert into refunds (id, brand_id, connector, external_id, order_ref, order_id, store_id, \
    customer_id, currency, refunded_at, day_estimated, reason, country, shipping_micros, tax_micros, digest, rev) \
    values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";

const INSERT_LINE: &str = "insert into refund_lines (refund_id, line_no, variant_id, quantity, goods_micros) \
    values (?, ?, ?, ?, ?)";

/// The order that a refund names, where it has landed.
struct RefundedOrder {
    id: i64,
    store: i64,
    customer: Option<i64>,
}

/// The statements that one batch runs many times.
struct Statements<'tx> {
    order: CachedStatement<'tx>,
    insert: CachedStatement<'tx>,
    insert_line: CachedStatement<'tx>,
}

impl<'tx> Statements<'tx> {
    fn new(tx: &'tx Transaction) -> Result<Self> {
        let order =
            "select id, store_id, customer_id from orders where brand_id = ? and connector = ? and external_id = ?";
        Ok(Self {
            order: tx.prepare_cached(order)?,
            insert: tx.prepare_cached(INSERT)?,
            insert_line: tx.prepare_cached(INSERT_LINE)?,
        })
    }

    fn order(&mut self, work: &Work, named: Option<&str>) -> Result<Option<RefundedOrder>> {
        let Some(external_id) = named else { return Ok(None) };
        let found = self.order.query_row(params![work.brand_id, work.connector, external_id], |row| {
            Ok(RefundedOrder { id: row.get(0)?, store: row.get(1)?, customer: row.get(2)? })
        });
        Ok(found.optional()?)
    }
}

impl Lander {
    pub(super) fn land_refunds(&mut self, work: &mut Work, refunds: &[Refund], marks: &[Mark]) -> Result<()> {
        if refunds.is_empty() {
            return Ok(());
        }
        let tx = work.tx;
        let mut statements = Statements::new(tx)?;
        for (refund, mark) in refunds.iter().zip(marks) {
            let erased = self.known.erased.of_refund(work, refund, mark)?;
            let digest = erased.as_ref().map_or(&mark.digest, |(_, digest)| digest);
            let named = self.known.refunds.named(&refund.external_id);
            let owner = (work.brand_id, work.connector);
            let found = self.known.refunds.find(tx, &KNOWN, owner, &named, digest)?;
            let order = match found {
                Found::Unchanged => None,
                _ => statements.order(work, refund.order.as_deref())?,
            };
            let kept_out = refund.day_estimated && order.as_ref().map_or(Ok(false), |o| has_dated(work, o.id))?;
            let changed = !matches!(found, Found::Unchanged) && !kept_out;
            work.landed.refunds.count(refund.lines.len().max(1), changed);
            if !changed {
                continue;
            }
            let customer = match (&mark.customer, erased) {
                (Some(key), Some((until, _))) => {
                    self.customer_of_erased(work, refund, (order.as_ref(), &found), (key, until))?
                }
                (Some(key), None) => Some(self.known.customers.id(work, key)?),
                (None, _) => order.as_ref().and_then(|order| order.customer),
            };
            if let Found::Changed(id) = found {
                delete(work, id)?;
            }
            self.write_refund(work, &mut statements, refund, (order.as_ref(), customer), (&found, digest))?;
            self.known.refunds.remember(&named, digest);
            work.changed = true;
        }
        Ok(())
    }

    /// Whose a refund is that names an erased customer: whoever its order has, or will have once it lands; of no known order,
    /// somebody who stands for them, or the customer they have become again.
    fn customer_of_erased(
        &mut self,
        work: &mut Work,
        refund: &Refund,
        (order, found): (Option<&RefundedOrder>, &Found),
        (key, until): (&customers::Key, i64),
    ) -> Result<Option<i64>> {
        if let Some(order) = order {
            return Ok(order.customer);
        }
        if refund.order.is_some() {
            return erased::stored_customer(work, "refunds", found);
        }
        let id = if refund.refunded_at <= until {
            self.known.erased.stand_in(work, "refunds", found, key)?
        } else {
            self.known.customers.id(work, key)?
        };
        Ok(Some(id))
    }

    fn write_refund(
        &mut self,
        work: &mut Work,
        statements: &mut Statements,
        refund: &Refund,
        (order, customer): (Option<&RefundedOrder>, Option<i64>),
        (found, digest): (&Found, &Digest),
    ) -> Result<()> {
        if let (Some(order), false) = (order, refund.day_estimated) {
            drop_estimated(work, order.id)?;
        }
        let store = match (order, &refund.store) {
            (Some(order), None) => order.store,
            (_, named) => self.known.stores.id(work, named.as_deref(), refund.currency)?,
        };
        let id = if let Found::Changed(id) = found { Some(*id) } else { None };
        statements.insert.execute(params![
            id,
            work.brand_id,
            work.connector,
            refund.external_id,
            refund.order,
            order.map(|order| order.id),
            store,
            customer,
            refund.currency.code(),
            refund.refunded_at,
            refund.day_estimated,
            refund.reason,
            refund.country,
            refund.shipping_micros,
            refund.tax_micros,
            digest,
            work.rev,
        ])?;
        let id = id.unwrap_or_else(|| work.tx.last_insert_rowid());
        for (line_no, line) in (0_i64..).zip(&refund.lines) {
            let variant = match &line.variant {
                Some(named) => Some(self.known.catalogue.variant(work, named)?),
                None => None,
            };
            statements.insert_line.execute(params![id, line_no, variant, line.quantity, line.goods_micros])?;
        }
        work.reach.orders(refund.refunded_at);
        Ok(())
    }
}

pub(super) fn digest(fields: &mut Fields, refund: &Refund, customer: Option<&customers::Key>) {
    fields.clear().text(&refund.external_id).maybe(refund.order.as_deref()).maybe(refund.store.as_deref());
    fields.bytes(customer.map_or(&[], |key| key.as_slice())).text(refund.currency.code());
    fields.numbers(&[refund.refunded_at, i64::from(refund.day_estimated), refund.shipping_micros, refund.tax_micros]);
    fields.maybe(refund.reason.as_deref()).maybe(refund.country.as_deref());
    for line in &refund.lines {
        match &line.variant {
            Some(variant) => {
                fields.maybe(variant.sku.as_deref());
                if variant.sku.is_none() {
                    fields.text(&variant.title);
                }
            }
            None => {
                fields.number(-2);
            }
        }
        fields.numbers(&[line.quantity, line.goods_micros]);
    }
}

/// Whether the order has refunds with a date of their own.
fn has_dated(work: &Work, order_id: i64) -> Result<bool> {
    let mut dated = work.tx.prepare_cached("select 1 from refunds where order_id = ? and day_estimated = 0")?;
    Ok(dated.exists([order_id])?)
}

fn drop_estimated(work: &Work, order_id: i64) -> Result<()> {
    let mut estimated = work.tx.prepare_cached("select id from refunds where order_id = ? and day_estimated = 1")?;
    let ids = estimated.query_map([order_id], |row| row.get(0))?.collect::<rusqlite::Result<Vec<i64>>>()?;
    for id in ids {
        delete(work, id)?;
        note_deleted(work.tx, work.rev, work.brand_id, "refunds", id)?;
    }
    Ok(())
}

pub(super) fn delete(work: &Work, id: i64) -> Result<()> {
    work.tx.prepare_cached("delete from refunds where id = ?")?.execute([id])?;
    work.tx.prepare_cached("delete from refund_lines where refund_id = ?")?.execute([id])?;
    Ok(())
}

/// Ties refunds that came before their orders to them, now that orders have landed; dated ones replace estimated ones.
pub(super) fn resolve(work: &mut Work) -> Result<()> {
    let tied = work
        .tx
        .prepare_cached(
            "update refunds set order_id = o.id, store_id = o.store_id, \
             customer_id = coalesce(refunds.customer_id, o.customer_id), rev = ?3 \
             from orders o where refunds.brand_id = ?1 and refunds.connector = ?2 and refunds.order_id is null \
             and refunds.order_ref is not null and o.brand_id = ?1 and o.connector = ?2 \
             and o.external_id = refunds.order_ref",
        )?
        .execute(params![work.brand_id, work.connector, work.rev])?;
    if tied == 0 {
        return Ok(());
    }
    work.changed = true;
    let mut dated =
        work.tx.prepare_cached("select distinct order_id from refunds where rev = ? and order_id is not null")?;
    let orders = dated.query_map([work.rev], |row| row.get(0))?.collect::<rusqlite::Result<Vec<i64>>>()?;
    for order in orders {
        if has_dated(work, order)? {
            drop_estimated(work, order)?;
        }
    }
    Ok(())
}
