//! Feeds fact_orders and fact_order_lines: each order of SQLite becomes one row of the first and its lines rows of the second.

use rusqlite::fallible_streaming_iterator::FallibleStreamingIterator as _;
use rusqlite::{Connection, Row, Rows};

use super::brands::{Brand, Brands, Conversion};
use super::reading::{maybe_text, text};
use super::variants::Variants;
use crate::duck::{self, Sink};
use crate::error::Result;

const ORDERS: &str = "select id, brand_id, connector, external_id, name, store_id, customer_id, currency, placed_at, \
    cancelled_at is not null, sales_source, device, country, region, city, discount_codes, \
    shipping_micros - shipping_discount_micros, tax_micros, test from orders";
const LINES: &str = "select order_id, line_no, variant_id, quantity, fulfilled_quantity, price_micros, discount_micros, \
    tax_micros, gift_card from order_lines";

/// The two tables being filled.
pub(super) struct OrderSinks<'d> {
    orders: Sink<'d>,
    lines: Sink<'d>,
}

/// What the lines of an order add up to. Converted sums are `None` once a part is; `cost` skips lines without.
struct Sums {
    units: i64,
    fulfilled: i64,
    gross: Option<i64>,
    discount: Option<i64>,
    cost: Option<i64>,
    units_without_cost: i64,
    sales_without_cost: Option<i64>,
    gross_native: i64,
    discount_native: i64,
    first_product: Option<i64>,
}

/// What a line takes from its order.
struct Head {
    id: i64,
    placed_at: i64,
    store_id: i64,
    customer_id: Option<i64>,
    day: i32,
    hour: i64,
    conversion: Conversion,
}

impl<'d> OrderSinks<'d> {
    pub(super) fn new(conn: &'d duck::Connection) -> Result<Self> {
        Ok(Self { orders: Sink::new(conn, "fact_orders")?, lines: Sink::new(conn, "fact_order_lines")? })
    }

    /// Reads the orders of these ranges of ids, both ends included; ids that are not there are passed over. Orders and lines
    /// are walked side by side in the order they are stored in.
    pub(super) fn feed(
        &mut self,
        conn: &Connection,
        brands: &mut Brands,
        ranges: impl IntoIterator<Item = [i64; 2]>,
    ) -> Result<()> {
        let mut variants = Variants::new(conn);
        let mut orders = conn.prepare(&format!("{ORDERS} where id between ? and ? order by id"))?;
        let mut lines = conn.prepare(&format!("{LINES} where order_id between ? and ? order by order_id, line_no"))?;
        for range in ranges {
            let mut orders = orders.query(range)?;
            let mut lines = Lines { rows: lines.query(range)?, held: false };
            while let Some(order) = orders.next()? {
                self.feed_one(order, &mut lines, brands, &mut variants)?;
            }
        }
        Ok(())
    }

    /// Hands over what is left.
    pub(super) fn finish(self) -> Result<()> {
        self.orders.finish()?;
        self.lines.finish()?;
        Ok(())
    }

    fn feed_one(&mut self, order: &Row, lines: &mut Lines, brands: &mut Brands, variants: &mut Variants) -> Result<()> {
        let id = order.get(0)?;
        if order.get(18)? {
            return lines.skip(id);
        }
        let brand = brands.get(order.get(1)?)?;
        let placed_at = order.get(8)?;
        let (day, hour) = brand.clock.at(placed_at);
        let conversion = brand.conversion(text(order, 7)?, day);
        let head = Head { id, placed_at, store_id: order.get(5)?, customer_id: order.get(6)?, day, hour, conversion };
        let mut sums = Sums::new(conversion);
        while let Some(line) = lines.next_of(id)? {
            self.feed_line((order, line), &head, brand, variants, &mut sums)?;
        }
        self.feed_order(order, &head, brand, &sums)
    }

    fn feed_line(
        &mut self,
        (order, line): (&Row, &Row),
        head: &Head,
        brand: &mut Brand,
        variants: &mut Variants,
        sums: &mut Sums,
    ) -> Result<()> {
        let gift_card: bool = line.get(8)?;
        if gift_card {
            return Ok(());
        }
        let (variant_id, quantity, fulfilled): (i64, i64, i64) = (line.get(2)?, line.get(3)?, line.get(4)?);
        let (price, discount, tax): (i64, i64, i64) = (line.get(5)?, line.get(6)?, line.get(7)?);
        let gross_native = price.checked_mul(quantity);
        let gross = head.conversion.apply(gross_native);
        let discount_converted = head.conversion.apply(Some(discount));
        let variant = variants.get(variant_id)?;
        let cost = variant.cost(brand, head.day, quantity);
        sums.add_units(quantity, fulfilled, cost);
        if cost.is_none() {
            sums.add_uncosted(gross.zip(discount_converted).map(|(gross, discount)| gross.saturating_sub(discount)));
        }
        sums.add_money((gross, gross_native), (discount_converted, discount));
        sums.first_product.get_or_insert(variant.product_id);
        let sink = &mut self.lines;
        sink.int(brand.id);
        sink.int(head.id);
        sink.int(line.get(1)?);
        sink.day(head.day);
        sink.int(head.hour);
        sink.int(head.placed_at);
        sink.int(head.store_id);
        sink.maybe_int(head.customer_id);
        sink.int(variant_id);
        sink.int(variant.product_id);
        sink.text(text(order, 2)?);
        sink.int(quantity);
        sink.int(fulfilled);
        sink.maybe_int(gross);
        sink.maybe_int(discount_converted);
        sink.maybe_int(head.conversion.apply(Some(tax)));
        sink.maybe_int(cost);
        sink.end()
    }

    fn feed_order(&mut self, order: &Row, head: &Head, brand: &Brand, sums: &Sums) -> Result<()> {
        let (shipping, tax): (i64, i64) = (order.get(16)?, order.get(17)?);
        let sink = &mut self.orders;
        sink.int(brand.id);
        sink.int(head.id);
        sink.maybe_text(maybe_text(order, 4)?);
        sink.text(text(order, 3)?);
        sink.day(head.day);
        sink.int(head.hour);
        sink.int(head.placed_at);
        sink.int(head.store_id);
        sink.maybe_int(head.customer_id);
        sink.text(text(order, 2)?);
        for at in 10..=14 {
            sink.maybe_text(maybe_text(order, at)?);
        }
        sink.texts(&json_list(maybe_text(order, 15)?));
        sink.int(sums.units);
        sink.int(sums.fulfilled);
        sink.flag(order.get(9)?);
        sink.maybe_int(sums.gross);
        sink.maybe_int(sums.discount);
        sink.maybe_int(head.conversion.apply(Some(shipping)));
        sink.maybe_int(head.conversion.apply(Some(tax)));
        sink.maybe_int(sums.cost);
        sink.int(sums.units_without_cost);
        sink.maybe_int(sums.sales_without_cost);
        sink.text(text(order, 7)?);
        sink.int(sums.gross_native);
        sink.int(sums.discount_native);
        sink.int(shipping);
        sink.int(tax);
        sink.maybe_int(sums.first_product);
        sink.end()
    }
}

impl Sums {
    /// An order without lines sells nothing; it is unconverted all the same where there is no rate.
    fn new(conversion: Conversion) -> Self {
        Self {
            units: 0,
            fulfilled: 0,
            gross: conversion.apply(Some(0)),
            discount: conversion.apply(Some(0)),
            cost: None,
            units_without_cost: 0,
            sales_without_cost: None,
            gross_native: 0,
            discount_native: 0,
            first_product: None,
        }
    }

    fn add_units(&mut self, quantity: i64, fulfilled: i64, cost: Option<i64>) {
        self.units += quantity;
        self.fulfilled += fulfilled;
        match cost {
            Some(cost) => self.cost = Some(self.cost.unwrap_or(0).saturating_add(cost)),
            None => self.units_without_cost += quantity,
        }
    }

    fn add_uncosted(&mut self, sales: Option<i64>) {
        if let Some(sales) = sales {
            self.sales_without_cost = Some(self.sales_without_cost.unwrap_or(0).saturating_add(sales));
        }
    }

    fn add_money(&mut self, gross: (Option<i64>, Option<i64>), discount: (Option<i64>, i64)) {
        let add = |sum: Option<i64>, part: Option<i64>| sum.zip(part).and_then(|(sum, part)| sum.checked_add(part));
        self.gross = add(self.gross, gross.0);
        self.discount = add(self.discount, discount.0);
        self.gross_native = self.gross_native.saturating_add(gross.1.unwrap_or(0));
        self.discount_native = self.discount_native.saturating_add(discount.1);
    }
}

/// Lines in the order of their orders, taken order by order.
struct Lines<'s> {
    rows: Rows<'s>,
    /// The current row belongs to a later order and has not been taken.
    held: bool,
}

impl Lines<'_> {
    /// The next line of order `id`, if it has one more. Lines of earlier orders are passed over.
    fn next_of(&mut self, id: i64) -> Result<Option<&Row<'_>>> {
        loop {
            if !std::mem::take(&mut self.held) {
                self.rows.advance()?;
            }
            let Some(row) = self.rows.get() else { return Ok(None) };
            let order_id: i64 = row.get(0)?;
            if order_id > id {
                self.held = true;
                return Ok(None);
            }
            if order_id == id {
                break;
            }
        }
        Ok(self.rows.get())
    }

    fn skip(&mut self, id: i64) -> Result<()> {
        while self.next_of(id)?.is_some() {}
        Ok(())
    }
}

/// The texts of a JSON array; none where there is no array.
pub(super) fn json_list(json: Option<&str>) -> Vec<String> {
    json.and_then(|json| serde_json::from_str(json).ok()).unwrap_or_default()
}
