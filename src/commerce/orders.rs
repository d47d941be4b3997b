//! Lands orders with their lines: by (brand, connector, external id), lines replaced as a whole.

use std::collections::HashMap;

use rusqlite::{CachedStatement, OptionalExtension, params};

use super::bulk::{Bulk, Slots, Target};
use super::catalogue::Catalogue;
use super::digest::{Digest, Fields};
use super::known::{Found, Source};
use super::lander::{Lander, Work};
use super::marks::Mark;
use super::rows::{Order, OrderLine};
use super::{customers, refunds, touches};
use crate::error::Result;
use crate::money::Currency;

const KNOWN: Source = Source {
    one: "select id, digest from orders where brand_id = ? and connector = ? and external_id = ?",
    all: "select external_id, digest from orders where brand_id = ? and connector = ?",
};

const ORDERS: Target = Target {
    into: "insert or fail into orders",
    shared: "brand_id, connector, rev",
    own: "id, external_id, name, store_id, customer_id, currency, placed_at, cancelled_at, test, financial_status, \
        fulfillment_status, sales_source, device, country, region, city, discount_codes, shipping_micros, \
        shipping_discount_micros, tax_micros, tip_micros, duty_micros, total_micros, gateway, digest",
};

const LINES: Target = Target {
    into: "insert or fail into order_lines",
    shared: "",
    own: "order_id, line_no, variant_id, quantity, fulfilled_quantity, price_micros, discount_micros, tax_micros, gift_card",
};

/// Orders that are written together.
const TOGETHER: usize = 64;

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

/// Writes the orders of one batch, some at a time.
struct Writer<'tx, 'b> {
    orders: Bulk<'tx>,
    lines: Bulk<'tx>,
    delete: CachedStatement<'tx>,
    delete_lines: CachedStatement<'tx>,
    /// The id of the next new order.
    next_id: i64,
    waiting: Vec<Waiting<'b>>,
    /// Of `waiting`, the hashes of the external ids.
    hashes: Vec<u64>,
    waiting_lines: Vec<WaitingLine<'b>>,
}

struct Waiting<'b> {
    order: &'b Order,
    id: i64,
    store: i64,
    customer: Option<i64>,
    digest: Digest,
}

struct WaitingLine<'b> {
    line: &'b OrderLine,
    order: i64,
    line_no: i64,
    variant: i64,
}

impl<'tx, 'b> Writer<'tx, 'b> {
    fn new(work: &Work<'tx>) -> Result<Self> {
        let tx = work.tx;
        let shared = vec![work.brand_id.into(), work.connector.to_owned().into(), work.rev.into()];
        Ok(Self {
            orders: Bulk::new(tx, &ORDERS, shared),
            lines: Bulk::new(tx, &LINES, Vec::new()),
            delete: tx.prepare_cached("delete from orders where id = ?")?,
            delete_lines: tx.prepare_cached("delete from order_lines where order_id = ?")?,
            next_id: tx
                .prepare_cached("select coalesce(max(id), 0) + 1 from orders")?
                .query_row([], |row| row.get(0))?,
            waiting: Vec::with_capacity(TOGETHER),
            hashes: Vec::with_capacity(TOGETHER),
            waiting_lines: Vec::with_capacity(2 * TOGETHER),
        })
    }

    /// Makes room for the order: the id it has or the next free one.
    fn id(&mut self, found: &Found) -> Result<i64> {
        if let Found::Changed(id) = found {
            self.delete.execute([id])?;
            self.delete_lines.execute([id])?;
            return Ok(*id);
        }
        let id = self.next_id;
        self.next_id += 1;
        Ok(id)
    }

    fn add(&mut self, work: &mut Work, catalogue: &mut Catalogue, waiting: Waiting<'b>, hash: u64) -> Result<()> {
        for (line_no, line) in (0..).zip(&waiting.order.lines) {
            let variant = catalogue.variant(work, &line.variant)?;
            self.waiting_lines.push(WaitingLine { line, order: waiting.id, line_no, variant });
        }
        self.waiting.push(waiting);
        self.hashes.push(hash);
        if self.waiting.len() == TOGETHER { self.write() } else { Ok(()) }
    }

    fn write(&mut self) -> Result<()> {
        self.orders.insert(&self.waiting, bind_order)?;
        self.lines.insert(&self.waiting_lines, bind_line)?;
        self.waiting.clear();
        self.hashes.clear();
        self.waiting_lines.clear();
        Ok(())
    }
}

impl Lander {
    pub(super) fn land_orders(&mut self, work: &mut Work, orders: &[Order], marks: &[Mark]) -> Result<()> {
        if orders.is_empty() {
            return Ok(());
        }
        let erased = self.known.erased.of_orders(work, orders, marks)?;
        let mut writer = Writer::new(work)?;
        let mut landed = false;
        for (at, (order, Mark { customer, digest })) in orders.iter().zip(marks).enumerate() {
            let unnamed = erased.get(&at);
            let (order, digest) = unnamed.map_or((order, digest), |(order, digest)| (order, digest));
            let named = self.known.orders.named(&order.external_id);
            // The same order once more in this batch: what it was must be there to be compared.
            if writer.hashes.contains(&named.hash) {
                writer.write()?;
            }
            let owner = (work.brand_id, work.connector);
            let found = self.known.orders.find(work.tx, &KNOWN, owner, &named, digest)?;
            work.reach.orders(order.placed_at);
            work.landed.orders.count(order.lines.len().max(1), !matches!(found, Found::Unchanged));
            if matches!(found, Found::Unchanged) {
                continue;
            }
            let customer = match customer {
                Some(key) if unnamed.is_some() => Some(self.known.erased.stand_in(work, "orders", &found, key)?),
                Some(key) => Some(self.known.customers.id(work, key)?),
                None => None,
            };
            let id = writer.id(&found)?;
            let store = self.known.stores.id(work, order.store.as_deref(), order.currency)?;
            let waiting = Waiting { order, id, store, customer, digest: *digest };
            writer.add(work, &mut self.known.catalogue, waiting, named.hash)?;
            self.known.orders.remember(&named, digest);
            landed = true;
        }
        writer.write()?;
        if landed {
            work.changed = true;
            refunds::resolve(work)?;
            touches::bind_landed(work)?;
        }
        Ok(())
    }
}

pub(super) fn digest(fields: &mut Fields, order: &Order, customer: Option<&customers::Key>) {
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
    // A source that says none of this keeps the digests that its rows have.
    if order.tip_micros != 0 || order.total_micros.is_some() || order.gateway.is_some() {
        fields.numbers(&[order.tip_micros, order.total_micros.unwrap_or(i64::MIN)]).maybe(order.gateway.as_deref());
    }
    if order.duty_micros != 0 {
        fields.number(order.duty_micros);
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

fn bind_order(slots: &mut Slots, waiting: &Waiting) -> rusqlite::Result<()> {
    let order = waiting.order;
    slots.number(waiting.id)?;
    slots.text(&order.external_id)?;
    slots.maybe_text(order.name.as_deref())?;
    slots.number(waiting.store)?;
    slots.maybe_number(waiting.customer)?;
    slots.text(order.currency.code())?;
    slots.number(order.placed_at)?;
    slots.maybe_number(order.cancelled_at)?;
    slots.number(order.test.into())?;
    for text in [
        &order.financial_status,
        &order.fulfillment_status,
        &order.sales_source,
        &order.device,
        &order.country,
        &order.region,
        &order.city,
    ] {
        slots.maybe_text(text.as_deref())?;
    }
    match order.discount_codes.as_slice() {
        [] => slots.maybe_text(None)?,
        codes => slots.text(&json_list(codes))?,
    }
    slots.numbers(&[order.shipping_micros, order.shipping_discount_micros, order.tax_micros])?;
    slots.numbers(&[order.tip_micros, order.duty_micros])?;
    slots.maybe_number(order.total_micros)?;
    slots.maybe_text(order.gateway.as_deref())?;
    slots.blob(&waiting.digest)
}

fn bind_line(slots: &mut Slots, waiting: &WaitingLine) -> rusqlite::Result<()> {
    let line = waiting.line;
    slots.numbers(&[
        waiting.order,
        waiting.line_no,
        waiting.variant,
        line.quantity,
        line.fulfilled_quantity,
        line.price_micros,
        line.discount_micros,
        line.tax_micros,
        line.gift_card.into(),
    ])
}

/// A list of texts as a JSON array.
pub(super) fn json_list(texts: &[String]) -> String {
    serde_json::Value::from(texts).to_string()
}
