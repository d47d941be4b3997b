//! Lands orders with their lines: by (brand, connector, external id), lines replaced as a whole.

use std::collections::HashMap;

use rusqlite::{CachedStatement, OptionalExtension, Transaction, params};

use super::catalogue::Catalogue;
use super::digest::Fields;
use super::known::{Found, Source};
use super::lander::{Lander, Work};
use super::rows::{CustomerRef, Order};
use super::{customers, refunds};
use crate::error::Result;
use crate::money::Currency;

const KNOWN: Source = Source {
    one: "select id, digest from orders where brand_id = ? and connector = ? and external_id = ?",
    all: "select external_id, digest from orders where brand_id = ? and connector = ?",
};

const INSERT: &str = "insert into orders (id, brand_id, connector, external_id, name, store_id, customer_id, currency, \
    placed_at, cancelled_at, test, financial_status, fulfillment_status, sales_source, device, country, region, city, \
    discount_codes, shipping_micros, shipping_discount_micros, tax_micros, digest, rev) \
    values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";

const INSERT_LINE: &str = "insert into order_lines (order_id, line_no, variant_id, quantity, fulfilled_quantity, \
    price_micros, discount_micros, tax_micros, gift_card) values (?, ?, ?, ?, ?, ?, ?, ?, ?)";

/// The brand's stores by name.
#[derive(Default)]
pub(super) struct Stores {
    ids: HashMap<Box<str>, i64>,
    unnamed: Option<i64>,
}

impl Stores {
    /// The store called `name`, added where unknown; without a name the brand's only store, else the one that bears the
    /// brand's own name.
    pub(super) fn id(&mut self, work: &mut Work, name: Option<&str>, currency: Currency) -> Result<i64> {
        match (name, self.unnamed) {
            (None, Some(id)) => Ok(id),
            (None, None) => {
                let mut only = work.tx.prepare_cached("select id from stores where brand_id = ? limit 2")?;
                let ids = only.query_map([work.brand_id], |row| row.get(0))?.collect::<rusqlite::Result<Vec<i64>>>()?;
                let brand = work.brand_name;
                let id = if let [id] = ids[..] { id } else { self.named(work, brand, work.currency)? };
                self.unnamed = Some(id);
                Ok(id)
            }
            (Some(name), _) => self.named(work, name, currency),
        }
    }

    fn named(&mut self, work: &mut Work, name: &str, currency: Currency) -> Result<i64> {
        if let Some(id) = self.ids.get(name) {
            return Ok(*id);
        }
        let stored = work
            .tx
            .prepare_cached("select id from stores where brand_id = ? and name = ?")?
            .query_row(params![work.brand_id, name], |row| row.get(0))
            .optional()?;
        let id = match stored {
            Some(id) => id,
            None => {
                work.tx
                    .prepare_cached("insert into stores (brand_id, name, currency, rev) values (?, ?, ?, ?)")?
                    .execute(params![work.brand_id, name, currency.code(), work.rev])?;
                work.changed = true;
                // A second store makes "the only store" wrong.
                self.unnamed = None;
                work.tx.last_insert_rowid()
            }
        };
        self.ids.insert(name.into(), id);
        Ok(id)
    }
}

/// The statements that one batch runs many times.
struct Statements<'tx> {
    insert: CachedStatement<'tx>,
    insert_line: CachedStatement<'tx>,
    delete: CachedStatement<'tx>,
    delete_lines: CachedStatement<'tx>,
}

impl<'tx> Statements<'tx> {
    fn new(tx: &'tx Transaction) -> Result<Self> {
        Ok(Self {
            insert: tx.prepare_cached(INSERT)?,
            insert_line: tx.prepare_cached(INSERT_LINE)?,
            delete: tx.prepare_cached("delete from orders where id = ?")?,
            delete_lines: tx.prepare_cached("delete from order_lines where order_id = ?")?,
        })
    }
}

/// The ids that an order's row and lines refer to.
struct Refs {
    /// `None` takes the next free one.
    id: Option<i64>,
    store: i64,
    customer: Option<i64>,
}

impl Lander {
    pub(super) fn land_orders(&mut self, work: &mut Work, orders: &[Order]) -> Result<()> {
        if orders.is_empty() {
            return Ok(());
        }
        let tx = work.tx;
        let mut statements = Statements::new(tx)?;
        let mut fields = Fields::default();
        let mut landed = false;
        for order in orders {
            let customer = order.customer.as_ref().and_then(|c| self.customer_key(work, c));
            digest(&mut fields, order, customer.as_ref());
            let digest = fields.digest();
            let owner = (work.brand_id, work.connector);
            let found = self.known.orders.find(tx, &KNOWN, owner, &order.external_id, &digest)?;
            work.reach.orders(order.placed_at);
            work.landed.orders.count(order.lines.len().max(1), !matches!(found, Found::Unchanged));
            let id = match found {
                Found::Unchanged => continue,
                Found::New => None,
                Found::Changed(id) => Some(id),
            };
            let customer = match &customer {
                Some(key) => Some(self.known.customers.id(work, key)?),
                None => None,
            };
            let store = self.known.stores.id(work, order.store.as_deref(), order.currency)?;
            write(work, &mut statements, &mut self.known.catalogue, order, &Refs { id, store, customer }, &digest)?;
            self.known.orders.remember(&order.external_id, &digest);
            landed = true;
        }
        if landed {
            work.changed = true;
            refunds::resolve(work)?;
        }
        Ok(())
    }

    /// `None` for an empty address or id: such an order has no customer.
    pub(super) fn customer_key(&self, work: &Work, customer: &CustomerRef) -> Option<customers::Key> {
        let (CustomerRef::Email(text) | CustomerRef::SourceId(text)) = customer;
        (!text.trim().is_empty()).then(|| self.identity.key(customer, work.connector))
    }
}

fn digest(fields: &mut Fields, order: &Order, customer: Option<&customers::Key>) {
    fields.clear().text(&order.external_id).maybe(order.name.as_deref()).maybe(order.store.as_deref());
    fields.bytes(customer.map_or(&[], |key| key.as_slice())).text(order.currency.code());
    fields.numbers(&[
        order.placed_at,
        order.cancelled_at.unwrap_or(i64::MIN),
        i64::from(order.test),
        order.shipping_micros,
        order.shipping_discount_micros,
        order.tax_micros,
    ]);
    for text in [
        &order.financial_status,
        &order.fulfillment_status,
        &order.sales_source,
        &order.device,
        &order.country,
        &order.region,
        &order.city,
    ] {
        fields.maybe(text.as_deref());
    }
    fields.number(i64::try_from(order.discount_codes.len()).unwrap_or(i64::MAX));
    for code in &order.discount_codes {
        fields.text(code);
    }
    for line in &order.lines {
        fields.maybe(line.variant.sku.as_deref());
        if line.variant.sku.is_none() {
            fields.text(&line.variant.title);
        }
        fields.numbers(&[
            line.quantity,
            line.fulfilled_quantity,
            line.price_micros,
            line.discount_micros,
            line.tax_micros,
            i64::from(line.gift_card),
        ]);
    }
}

fn write(
    work: &mut Work,
    statements: &mut Statements,
    catalogue: &mut Catalogue,
    order: &Order,
    refs: &Refs,
    digest: &[u8],
) -> Result<()> {
    if let Some(id) = refs.id {
        statements.delete.execute([id])?;
        statements.delete_lines.execute([id])?;
    }
    let codes = if order.discount_codes.is_empty() { None } else { Some(json_list(&order.discount_codes)) };
    statements.insert.execute(params![
        refs.id,
        work.brand_id,
        work.connector,
        order.external_id,
        order.name,
        refs.store,
        refs.customer,
        order.currency.code(),
        order.placed_at,
        order.cancelled_at,
        order.test,
        order.financial_status,
        order.fulfillment_status,
        order.sales_source,
        order.device,
        order.country,
        order.region,
        order.city,
        codes,
        order.shipping_micros,
        order.shipping_discount_micros,
        order.tax_micros,
        digest,
        work.rev,
    ])?;
    let id = refs.id.unwrap_or_else(|| work.tx.last_insert_rowid());
    for (line_no, line) in (0_i64..).zip(&order.lines) {
        let variant = catalogue.variant(work, &line.variant)?;
        statements.insert_line.execute(params![
            id,
            line_no,
            variant,
            line.quantity,
            line.fulfilled_quantity,
            line.price_micros,
            line.discount_micros,
            line.tax_micros,
            line.gift_card,
        ])?;
    }
    Ok(())
}

/// A list of texts as a JSON array.
pub(super) fn json_list(texts: &[String]) -> String {
    serde_json::Value::from(texts).to_string()
}
