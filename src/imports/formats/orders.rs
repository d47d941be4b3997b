//! A generic orders file, one row a line, read through a mapping.
//!
//! Exactly which lines count as what, because figures hang on it (UCI "Online Retail" must give the figures of metrics.md):
//! - a line whose order number starts with the mapping's prefix is a return, whatever its quantity: a refund of minus its
//!   quantity and minus quantity × price, on its own date, of no known order;
//! - every other line is a line ordered with the sign it has. Negative quantities at price 0 (stock written off) and negative
//!   prices ("Adjust bad debt") therefore count as they stand, and their order numbers are orders;
//! - a line without a customer is an order without one: it counts everywhere but in customers;
//! - the first line of an order in the file says its time, customer and place; lines keep the file's order, equal ones both stay.

use super::orders_map::OrdersMap;
use super::{Cells, Key, Output, Reading, Reject, Setting, Slots, Style, bad_date, clip, money, not_a, text, whole};
use crate::commerce::rows::{CustomerRef, Order, OrderLine, Refund, RefundLine, VariantRef};
use crate::imports::text::header::{Header, fold};
use crate::imports::text::records::Record;
use crate::imports::text::{countries, dates};
use crate::money::Currency;

struct Columns {
    order: usize,
    quantity: usize,
    unit_price: usize,
    placed_at: usize,
    sku: Option<usize>,
    title: Option<usize>,
    customer: Option<usize>,
    country: Option<usize>,
    region: Option<usize>,
    city: Option<usize>,
    discount: Option<usize>,
    tax: Option<usize>,
    shipping: Option<usize>,
    tip: Option<usize>,
    duties: Option<usize>,
    total: Option<usize>,
    currency: Option<usize>,
    code: Option<usize>,
    store: Option<usize>,
    source: Option<usize>,
}

/// See the module's text.
pub struct Orders {
    columns: Columns,
    prefix: Option<String>,
    currency: Currency,
    zone: jiff::tz::TimeZone,
    store: Option<String>,
    style: Style,
    /// Lines of an order have one time, neighbours often the same.
    last_time: (String, Option<i64>),
    drafts: Slots<Order>,
}

impl Orders {
    /// Finds the mapping's columns. The mapping's currency and zone are already in `setting`.
    pub fn new(header: &Header, setting: &Setting) -> Result<Self, String> {
        let map: &OrdersMap =
            setting.map.as_ref().ok_or("An orders file needs a mapping file that says which column is what.")?;
        let missing = map.missing(header);
        if !missing.is_empty() {
            return Err(format!(
                "The file lacks the column{} {} that the mapping names.",
                if missing.len() > 1 { "s" } else { "" },
                missing.join(", ")
            ));
        }
        let at = |name: &str| header.find(&[&fold(name)]);
        let may = |name: &Option<String>| name.as_deref().and_then(at);
        let c = &map.columns;
        let columns = Columns {
            order: at(&c.order).unwrap_or_default(),
            quantity: at(&c.quantity).unwrap_or_default(),
            unit_price: at(&c.unit_price).unwrap_or_default(),
            placed_at: at(&c.placed_at).unwrap_or_default(),
            sku: may(&c.sku),
            title: may(&c.title),
            customer: may(&c.customer),
            country: may(&c.country),
            region: may(&c.region),
            city: may(&c.city),
            discount: may(&c.discount),
            tax: may(&c.tax),
            shipping: may(&c.shipping),
            tip: may(&c.tip),
            duties: may(&c.duties),
            total: may(&c.total),
            currency: may(&c.currency),
            code: may(&c.discount_code),
            store: may(&c.store),
            source: may(&c.source),
        };
        Ok(Self {
            columns,
            prefix: map.returns.as_ref().map(|r| r.order_prefix.clone()),
            currency: setting.currency,
            zone: setting.zone.clone(),
            store: setting.account.clone(),
            style: Style::default(),
            last_time: Default::default(),
            drafts: Slots::new(),
        })
    }

    fn time(&mut self, text: &str) -> Option<i64> {
        if self.last_time.0 != text {
            self.last_time = (text.to_owned(), dates::instant(text, self.style.order, &self.zone));
        }
        self.last_time.1
    }

    fn start(&self, record: &Record, placed_at: i64) -> Result<Order, Reject> {
        let c = &self.columns;
        let currency = match record.some(c.currency) {
            Some(code) => Currency::parse(code).ok_or_else(|| not_a("currency code", "The currency", code))?,
            None => self.currency,
        };
        let number = clip(record.get(c.order), 100).to_owned();
        let customer = record.some(c.customer).map(|id| clip(id, 320).to_owned());
        Ok(Order {
            name: Some(number.clone()),
            external_id: number,
            store: text(record, c.store).or_else(|| self.store.clone()),
            customer: customer
                .map(|id| if id.contains('@') { CustomerRef::Email(id) } else { CustomerRef::SourceId(id) }),
            currency,
            placed_at,
            cancelled_at: None,
            test: false,
            financial_status: None,
            fulfillment_status: None,
            sales_source: text(record, c.source),
            device: None,
            country: record.some(c.country).and_then(countries::code).map(str::to_owned),
            region: text(record, c.region),
            city: text(record, c.city),
            discount_codes: text(record, c.code).into_iter().collect(),
            shipping_micros: money(record, c.shipping, self.style, "The shipping")?.unwrap_or_default(),
            shipping_discount_micros: 0,
            tip_micros: money(record, c.tip, self.style, "The tip")?.unwrap_or_default(),
            duty_micros: money(record, c.duties, self.style, "The duties")?.unwrap_or_default(),
            total_micros: money(record, c.total, self.style, "The total")?,
            gateway: None,
            tax_micros: 0,
            lines: Vec::with_capacity(4),
        })
    }

    fn line(&self, record: &Record) -> Result<OrderLine, Reject> {
        let (c, style) = (&self.columns, self.style);
        let quantity = whole(record, Some(c.quantity), style, "The quantity")?
            .ok_or(Reject::Borrowed("The line has no quantity."))?;
        let price =
            money(record, Some(c.unit_price), style, "The price")?.ok_or(Reject::Borrowed("The line has no price."))?;
        let (sku, title) = (text(record, c.sku), text(record, c.title));
        if sku.is_none() && title.is_none() {
            return Err("The line has neither SKU nor title.".into());
        }
        if price.checked_mul(quantity).is_none() {
            return Err("Quantity times price is too large.".into());
        }
        Ok(OrderLine {
            variant: VariantRef { sku, title: title.unwrap_or_default() },
            quantity,
            fulfilled_quantity: 0,
            price_micros: price,
            discount_micros: money(record, c.discount, style, "The discount")?.unwrap_or_default(),
            tax_micros: money(record, c.tax, style, "The tax")?.unwrap_or_default(),
            gift_card: false,
        })
    }

    fn is_return(&self, order: &str) -> bool {
        self.prefix.as_deref().is_some_and(|prefix| order.starts_with(prefix))
    }
}

impl Reading for Orders {
    fn cells(&self) -> Cells {
        let c = &self.columns;
        let money = [Some(c.unit_price), c.discount, c.tax, c.shipping, c.tip, c.duties, c.total]
            .into_iter()
            .flatten()
            .collect();
        Cells { money, whole: vec![c.quantity], dates: vec![c.placed_at] }
    }

    fn set_style(&mut self, style: Style) {
        self.style = style;
    }

    fn key<'r>(&self, record: &'r Record) -> Key<'r> {
        match record.get(self.columns.order) {
            "" => Key::Alone,
            order => Key::Of(order, ""),
        }
    }

    fn add(&mut self, slot: usize, record: &Record) -> Result<(), Reject> {
        if record.get(self.columns.order).is_empty() {
            return Err("The line has no order number.".into());
        }
        let line = self.line(record)?;
        let text = record.get(self.columns.placed_at);
        let placed_at = self.time(text).ok_or_else(|| bad_date("The date", text))?;
        if self.drafts.at(slot).is_none() {
            let order = self.start(record, placed_at)?;
            *self.drafts.at(slot) = Some(order);
        }
        if let Some(order) = self.drafts.at(slot) {
            order.tax_micros = order.tax_micros.saturating_add(line.tax_micros);
            order.lines.push(line);
        }
        Ok(())
    }

    fn finish(&mut self, slot: usize, out: &mut Output) -> Result<(), Reject> {
        let Some(order) = self.drafts.take(slot) else { return Ok(()) };
        if !self.is_return(&order.external_id) {
            out.batch.orders.push(order);
            return Ok(());
        }
        let lines = order.lines.into_iter().map(|line| RefundLine {
            goods_micros: -(line.price_micros * line.quantity - line.discount_micros),
            variant: Some(line.variant),
            quantity: -line.quantity,
        });
        out.batch.refunds.push(Refund {
            lines: lines.collect(),
            external_id: order.external_id,
            order: None,
            store: order.store,
            customer: order.customer,
            currency: order.currency,
            refunded_at: order.placed_at,
            day_estimated: false,
            reason: None,
            country: order.country,
            shipping_micros: -order.shipping_micros,
            tax_micros: -order.tax_micros,
        });
        Ok(())
    }

    fn forget(&mut self, slot: usize) {
        self.drafts.take(slot);
    }
}

#[cfg(test)]
#[path = "orders_tests.rs"]
mod tests;
