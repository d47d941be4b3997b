//! Shopify's orders export: one row a line item, the order's own figures on its first row.
//!
//! A row belongs to the order of its "Name"; a row without one continues the order above. The natural key is "Id" where the
//! export has it (the API's key too, so that an API landing replaces the file's order), else the name. The export carries no
//! refund dates, so the refunded amount stands on the order's day, flagged. A tip is a line of its own, called so, without anything that
//! is sold behind it; duties are a column.

use std::collections::HashMap;

use super::shopify_amounts::{Amounts, Line, split};
use super::{
    Cells, Format, Key, Output, Reading, Reject, Setting, Slots, Style, bad_date, clip, lacking, money, not_a, text,
    whole,
};
use crate::commerce::rows::{CustomerRef, Order, OrderLine, Refund, RefundLine, VariantRef};
use crate::imports::text::header::Header;
use crate::imports::text::records::Record;
use crate::imports::text::{countries, dates};
use crate::money::Currency;

struct Columns {
    name: usize,
    id: Option<usize>,
    email: Option<usize>,
    financial: Option<usize>,
    fulfillment: Option<usize>,
    currency: Option<usize>,
    subtotal: Option<usize>,
    shipping: Option<usize>,
    taxes: Option<usize>,
    total: Option<usize>,
    duties: Option<usize>,
    codes: Option<usize>,
    discount: Option<usize>,
    created: usize,
    cancelled: Option<usize>,
    refunded: Option<usize>,
    source: Option<usize>,
    payment: Option<usize>,
    place: [Option<usize>; 6],
    line_quantity: usize,
    line_name: usize,
    line_price: usize,
    line_sku: Option<usize>,
    line_discount: Option<usize>,
    line_ships: Option<usize>,
    line_taxable: Option<usize>,
    line_status: Option<usize>,
}

/// See the module's text.
pub struct ShopifyOrders {
    columns: Columns,
    currency: Currency,
    zone: jiff::tz::TimeZone,
    store: Option<String>,
    style: Style,
    drafts: Slots<Draft>,
    /// Which line names are gift cards: a shop has few names and many lines.
    gift_cards: HashMap<String, bool>,
}

struct Draft {
    order: Order,
    amounts: Amounts,
    fulfilled: bool,
    lines: Vec<Sold>,
}

/// A line, what it is of, and how many units were sent, where the line says so.
type Sold = (Line, VariantRef, i64);

/// What a row of the file has of its order.
enum Row {
    Sold(Sold),
    Tip(i64),
    /// The order's own figures alone.
    Bare,
}

/// What a tip is called in the languages of the shops met so far.
const TIPS: [&str; 5] = ["tip", "trinkgeld", "pourboire", "propina", "fooi"];

impl ShopifyOrders {
    /// Finds the columns; only those without which nothing can be told are required.
    pub fn new(header: &Header, setting: &Setting) -> Result<Self, String> {
        let find = |name: &str| header.find(&[name]);
        let need = ["name", "created at", "lineitem quantity", "lineitem name", "lineitem price"].map(|n| (n, find(n)));
        lacking(Format::ShopifyOrders, &need.map(|(n, at)| (n, at.is_some())))?;
        let at = need.map(|(_, at)| at.unwrap_or_default());
        let columns = Columns {
            name: at[0],
            created: at[1],
            line_quantity: at[2],
            line_name: at[3],
            line_price: at[4],
            id: find("id"),
            email: find("email"),
            financial: find("financial status"),
            fulfillment: find("fulfillment status"),
            currency: find("currency"),
            subtotal: find("subtotal"),
            shipping: find("shipping"),
            taxes: find("taxes"),
            total: find("total"),
            duties: find("duties"),
            codes: find("discount code"),
            discount: find("discount amount"),
            cancelled: find("cancelled at"),
            refunded: find("refunded amount"),
            source: find("source"),
            payment: find("payment method"),
            place: [
                "shipping country",
                "shipping province",
                "shipping city",
                "billing country",
                "billing province",
                "billing city",
            ]
            .map(find),
            line_sku: find("lineitem sku"),
            line_discount: find("lineitem discount"),
            line_ships: find("lineitem requires shipping"),
            line_taxable: find("lineitem taxable"),
            line_status: find("lineitem fulfillment status"),
        };
        let store = setting.account.clone();
        let (currency, zone) = (setting.currency, setting.zone.clone());
        Ok(Self {
            columns,
            currency,
            zone,
            store,
            style: Style::default(),
            drafts: Slots::new(),
            gift_cards: HashMap::new(),
        })
    }

    fn start(&self, record: &Record) -> Result<Draft, Reject> {
        let (c, style) = (&self.columns, self.style);
        let created = record.get(c.created);
        if created.is_empty() {
            return Err("The order has no \"Created at\".".into());
        }
        let when = |text: &str| dates::instant(text, style.order, &self.zone);
        let name = record.get(c.name);
        let currency = match record.some(c.currency) {
            Some(code) => Currency::parse(code).ok_or_else(|| not_a("currency code", "Currency", code))?,
            None => self.currency,
        };
        let amount = |column, what| money(record, column, style, what).map(Option::unwrap_or_default);
        let amounts = Amounts {
            subtotal: money(record, c.subtotal, style, "Subtotal")?,
            shipping: amount(c.shipping, "Shipping")?,
            taxes: amount(c.taxes, "Taxes")?,
            total: money(record, c.total, style, "Total")?,
            discount: amount(c.discount, "Discount Amount")?,
            beside: amount(c.duties, "Duties")?,
            refunded: amount(c.refunded, "Refunded Amount")?,
        };
        if [amounts.shipping, amounts.taxes, amounts.discount, amounts.beside, amounts.refunded].iter().any(|a| *a < 0)
        {
            return Err("An amount of the order is negative.".into());
        }
        let cancelled_at = match record.some(c.cancelled) {
            Some(text) => Some(when(text).ok_or_else(|| bad_date("Cancelled at", text))?),
            None => None,
        };
        let shipped = record.some(c.place[0]).is_some();
        let place = |i: usize| if shipped { c.place[i] } else { c.place[i + 3] };
        let order = Order {
            external_id: order_id(record, c),
            name: (!name.is_empty()).then(|| clip(name, 100).to_owned()),
            store: self.store.clone(),
            customer: record.some(c.email).map(|e| CustomerRef::Email(clip(e, 320).to_owned())),
            currency,
            placed_at: when(created).ok_or_else(|| bad_date("Created at", created))?,
            cancelled_at,
            test: record.some(c.payment).is_some_and(|p| p.to_lowercase().contains("bogus")),
            financial_status: text(record, c.financial),
            fulfillment_status: text(record, c.fulfillment),
            sales_source: record.some(c.source).map(source_name),
            device: None,
            country: record.some(place(0)).and_then(countries::code).map(str::to_owned),
            region: text(record, place(1)),
            city: text(record, place(2)),
            discount_codes: codes(record.some(c.codes)),
            shipping_micros: amounts.shipping,
            shipping_discount_micros: 0,
            tax_micros: amounts.taxes,
            tip_micros: 0,
            duty_micros: amounts.beside,
            total_micros: amounts.total,
            gateway: record.some(c.payment).map(|name| clip(&name.to_lowercase(), 100).to_owned()),
            lines: Vec::new(),
        };
        let fulfilled = record.some(c.fulfillment).is_some_and(|s| s.eq_ignore_ascii_case("fulfilled"));
        Ok(Draft { order, amounts, fulfilled, lines: Vec::with_capacity(2) })
    }

    fn line(&mut self, record: &Record) -> Result<Row, Reject> {
        let (c, style) = (&self.columns, self.style);
        let name = record.get(c.line_name);
        let Some(quantity) = whole(record, Some(c.line_quantity), style, "Lineitem quantity")? else {
            return if name.is_empty() { Ok(Row::Bare) } else { Err("The line has no \"Lineitem quantity\".".into()) };
        };
        let price = money(record, Some(c.line_price), style, "Lineitem price")?
            .ok_or(Reject::Borrowed("The line has no \"Lineitem price\"."))?;
        let discount = money(record, c.line_discount, style, "Lineitem discount")?.unwrap_or_default();
        if quantity < 0 || price < 0 || discount < 0 {
            return Err("A quantity, price or discount of the line is negative.".into());
        }
        let no = |column| record.some(column).is_some_and(|t| t.eq_ignore_ascii_case("false"));
        let yes = |column| record.some(column).is_some_and(|t| t.eq_ignore_ascii_case("true"));
        // The export does not flag gift cards; Shopify neither ships nor taxes them.
        let may_be_card = !yes(c.line_ships) && !yes(c.line_taxable);
        let sku = text(record, c.line_sku);
        if may_be_card && sku.is_none() && TIPS.iter().any(|tip| name.eq_ignore_ascii_case(tip)) {
            let tip = price.checked_mul(quantity).and_then(|tip| tip.checked_sub(discount));
            return tip.map(Row::Tip).ok_or(Reject::Borrowed("The tip is too large."));
        }
        if sku.is_none() && name.is_empty() {
            return Err("The line has neither \"Lineitem name\" nor \"Lineitem sku\".".into());
        }
        // Without a status of the line the order's counts, once the order is complete.
        let fulfilled = match record.some(c.line_status) {
            Some(status) if status.eq_ignore_ascii_case("fulfilled") => quantity,
            Some(_) => 0,
            None => -1,
        };
        let taxable = !no(c.line_taxable);
        let gift_card = may_be_card && self.is_gift_card(name);
        let line = Line { quantity, price, discount, taxable, gift_card };
        Ok(Row::Sold((line, VariantRef { sku, title: clip(name, 500).to_owned() }, fulfilled)))
    }
}

impl ShopifyOrders {
    fn is_gift_card(&mut self, name: &str) -> bool {
        if let Some(known) = self.gift_cards.get(name) {
            return *known;
        }
        let found = names_gift_card(name);
        if self.gift_cards.len() < 50_000 {
            self.gift_cards.insert(name.to_owned(), found);
        }
        found
    }
}

impl Reading for ShopifyOrders {
    fn cells(&self) -> Cells {
        let c = &self.columns;
        let money = [
            c.subtotal,
            c.shipping,
            c.taxes,
            c.total,
            c.duties,
            c.discount,
            c.refunded,
            Some(c.line_price),
            c.line_discount,
        ];
        Cells { money: money.into_iter().flatten().collect(), whole: vec![c.line_quantity], dates: vec![c.created] }
    }

    fn set_style(&mut self, style: Style) {
        self.style = style;
    }

    fn key<'r>(&self, record: &'r Record) -> Key<'r> {
        match record.get(self.columns.name) {
            "" => Key::Above,
            name => Key::Of(name, ""),
        }
    }

    fn add(&mut self, slot: usize, record: &Record) -> Result<(), Reject> {
        let line = self.line(record)?;
        if self.drafts.at(slot).is_none() {
            let draft = self.start(record)?;
            *self.drafts.at(slot) = Some(draft);
        }
        if let Some(draft) = self.drafts.at(slot) {
            match line {
                Row::Sold(line) => draft.lines.push(line),
                Row::Tip(tip) => draft.order.tip_micros = draft.order.tip_micros.saturating_add(tip),
                Row::Bare => {}
            }
        }
        Ok(())
    }

    fn finish(&mut self, slot: usize, out: &mut Output) -> Result<(), Reject> {
        let Some(Draft { mut order, mut amounts, fulfilled, lines }) = self.drafts.take(slot) else { return Ok(()) };
        amounts.beside = amounts.beside.saturating_add(order.tip_micros);
        let figures: Vec<Line> = lines.iter().map(|(line, _, _)| *line).collect();
        let parts = split(&amounts, &figures).ok_or(Reject::Borrowed("The order's amounts are too large."))?;
        order.shipping_micros = parts.shipping;
        if let Some(refund) = parts.refund {
            let back = lines.iter().zip(&refund.goods).filter(|((line, _, _), _)| !line.gift_card);
            let refund_lines = back.map(|((line, variant, _), goods)| RefundLine {
                variant: Some(variant.clone()),
                // How many units a part of the money stands for, the file does not say.
                quantity: if refund.whole { line.quantity } else { 0 },
                goods_micros: *goods,
            });
            let lines: Vec<RefundLine> = refund_lines.filter(|l| l.quantity != 0 || l.goods_micros != 0).collect();
            out.batch.refunds.push(refund_of(&order, refund.shipping, refund.tax, lines));
        }
        order.lines = Vec::with_capacity(lines.len());
        for ((line, variant, done), net) in lines.into_iter().zip(parts.lines) {
            order.lines.push(OrderLine {
                variant,
                quantity: line.quantity,
                fulfilled_quantity: if done >= 0 {
                    done
                } else if fulfilled {
                    line.quantity
                } else {
                    0
                },
                price_micros: net.price,
                discount_micros: net.discount,
                tax_micros: net.tax,
                gift_card: line.gift_card,
            });
        }
        out.batch.orders.push(order);
        Ok(())
    }

    fn forget(&mut self, slot: usize) {
        self.drafts.take(slot);
    }
}

fn refund_of(order: &Order, shipping: i64, tax: i64, lines: Vec<RefundLine>) -> Refund {
    Refund {
        external_id: format!("{}:refunded", order.external_id),
        order: Some(order.external_id.clone()),
        store: order.store.clone(),
        customer: order.customer.clone(),
        currency: order.currency,
        refunded_at: order.placed_at,
        day_estimated: true,
        reason: None,
        country: order.country.clone(),
        shipping_micros: shipping,
        tax_micros: tax,
        lines,
    }
}

/// "Id", unless a spreadsheet has turned it into `5.0E+12`; then the name.
fn order_id(record: &Record, columns: &Columns) -> String {
    let id = record.some(columns.id).map(|id| id.trim_start_matches('\''));
    match id.filter(|id| id.bytes().all(|b| b.is_ascii_digit())) {
        Some(id) => id.to_owned(),
        None => clip(record.get(columns.name), 100).to_owned(),
    }
}

fn source_name(source: &str) -> String {
    match source {
        "shopify_draft_order" => "draft".to_owned(),
        other => clip(&other.to_lowercase(), 60).to_owned(),
    }
}

fn codes(text: Option<&str>) -> Vec<String> {
    let codes = text.into_iter().flat_map(|t| t.split(',')).map(str::trim).filter(|c| !c.is_empty());
    codes.take(20).map(|c| clip(c, 100).to_owned()).collect()
}

/// "Gift card" in the languages of the shops met so far.
fn names_gift_card(name: &str) -> bool {
    const WORDS: [&[u8]; 7] = [
        b"gift card",
        b"e-gift",
        b"geschenkgutschein",
        b"carte cadeau",
        b"tarjeta regalo",
        b"tarjeta de regalo",
        b"cadeaubon",
    ];
    let bytes = name.as_bytes();
    WORDS.iter().any(|word| bytes.windows(word.len()).any(|window| window.eq_ignore_ascii_case(word)))
}

#[cfg(test)]
#[path = "shopify_orders_tests.rs"]
mod tests;
