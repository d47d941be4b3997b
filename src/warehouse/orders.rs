//! Feeds fact_orders and fact_order_lines: each order of SQLite becomes one row of the first and its lines rows of the second.

use rusqlite::fallible_streaming_iterator::FallibleStreamingIterator as _;
use rusqlite::{Connection, Row, Rows};

use super::brands::{Brand, Brands, Conversion};
use super::costs::{Charged, OrderCosts, on_lines};
use super::reading::{maybe_text, text};
use super::variants::Variants;
use crate::duck::{self, Sink};
use crate::error::Result;

const ORDERS: &str = "select id, brand_id, connector, external_id, name, store_id, customer_id, currency, placed_at, \
    cancelled_at is not null, sales_source, device, country, region, city, discount_codes, \
    shipping_micros - shipping_discount_micros, tax_micros, test, gateway from orders";
const LINES: &str = "select order_id, line_no, variant_id, quantity, fulfilled_quantity, price_micros, discount_micros, \
    tax_micros, gift_card from order_lines";

/// The two tables being filled.
pub(super) struct OrderSinks<'d> {
    orders: Sink<'d>,
    lines: Sink<'d>,
    /// The lines of one order: what each bears of it is known once all are read.
    waiting: Vec<SoldLine>,
}

/// A line, before its order's costs are shared out.
struct SoldLine {
    line_no: i64,
    variant_id: i64,
    product_id: i64,
    quantity: i64,
    fulfilled: i64,
    gross: Option<i64>,
    discount: Option<i64>,
    tax: Option<i64>,
    cost: Option<i64>,
    estimated: Option<i64>,
    /// In the order's currency.
    paid_native: i64,
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
    estimated_units: i64,
    estimated_cost: Option<i64>,
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
        Ok(Self {
            orders: Sink::new(conn, "fact_orders")?,
            lines: Sink::new(conn, "fact_order_lines")?,
            waiting: Vec::new(),
        })
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
        self.waiting.clear();
        while let Some(line) = lines.next_of(id)? {
            let gift_card: bool = line.get(8)?;
            if !gift_card {
                self.read_line(line, &head, (brand, variants), &mut sums)?;
            }
        }
        let costs = self.costs(order, &head, brand)?;
        self.feed_lines(text(order, 2)?, &head, brand, costs)?;
        self.feed_order(order, &head, brand, &sums, costs)
    }

    /// What the order bears.
    fn costs(&self, order: &Row, head: &Head, brand: &mut Brand) -> Result<OrderCosts> {
        if self.waiting.is_empty() {
            return Ok(OrderCosts::NONE);
        }
        let (shipping, tax): (i64, i64) = (order.get(16)?, order.get(17)?);
        let goods = self.waiting.iter().fold(0_i64, |sum, line| sum.saturating_add(line.paid_native));
        Ok(brand.order_costs(&Charged {
            day: head.day,
            cancelled: order.get(9)?,
            country: maybe_text(order, 12)?,
            gateway: maybe_text(order, 19)?,
            source: maybe_text(order, 10)?,
            amount: goods.saturating_add(shipping).saturating_add(tax),
            currency: text(order, 7)?,
        }))
    }

    fn read_line(
        &mut self,
        line: &Row,
        head: &Head,
        (brand, variants): (&mut Brand, &mut Variants),
        sums: &mut Sums,
    ) -> Result<()> {
        let (variant_id, quantity, fulfilled): (i64, i64, i64) = (line.get(2)?, line.get(3)?, line.get(4)?);
        let (price, discount, tax): (i64, i64, i64) = (line.get(5)?, line.get(6)?, line.get(7)?);
        let gross_native = price.checked_mul(quantity);
        let gross = head.conversion.apply(gross_native);
        let discount_converted = head.conversion.apply(Some(discount));
        let variant = variants.get(variant_id)?;
        let paid = gross.zip(discount_converted).map(|(gross, discount)| gross.saturating_sub(discount));
        let known = variant.cost(brand, head.day, quantity);
        let estimated = if known.is_some() { None } else { brand.estimated_cost(head.day, paid) };
        let cost = known.or(estimated);
        sums.add_units(quantity, fulfilled, cost);
        if cost.is_none() {
            sums.add_uncosted(paid);
        }
        if let Some(estimated) = estimated {
            sums.estimated_units += quantity;
            sums.estimated_cost = Some(sums.estimated_cost.unwrap_or(0).saturating_add(estimated));
        }
        sums.add_money((gross, gross_native), (discount_converted, discount));
        sums.first_product.get_or_insert(variant.product_id);
        self.waiting.push(SoldLine {
            line_no: line.get(1)?,
            variant_id,
            product_id: variant.product_id,
            quantity,
            fulfilled,
            gross,
            discount: discount_converted,
            tax: head.conversion.apply(Some(tax)),
            cost,
            estimated,
            paid_native: gross_native.unwrap_or(0).saturating_sub(discount),
        });
        Ok(())
    }

    /// Hands the waiting lines over, each with its part of the order's costs.
    fn feed_lines(&mut self, connector: &str, head: &Head, brand: &Brand, costs: OrderCosts) -> Result<()> {
        let paid: Vec<i64> = self.waiting.iter().map(|line| line.paid_native.max(0)).collect();
        let parts = [costs.shipping, costs.handling, costs.fee].map(|whole| on_lines(whole, &paid));
        let sink = &mut self.lines;
        for (at, line) in self.waiting.iter().enumerate() {
            sink.int(brand.id);
            sink.int(head.id);
            sink.int(line.line_no);
            sink.day(head.day);
            sink.int(head.hour);
            sink.int(head.placed_at);
            sink.int(head.store_id);
            sink.maybe_int(head.customer_id);
            sink.int(line.variant_id);
            sink.int(line.product_id);
            sink.text(connector);
            sink.int(line.quantity);
            sink.int(line.fulfilled);
            sink.maybe_int(line.gross);
            sink.maybe_int(line.discount);
            sink.maybe_int(line.tax);
            sink.maybe_int(line.cost);
            sink.maybe_int(line.estimated);
            for part in &parts {
                sink.maybe_int(part[at]);
            }
            sink.end()?;
        }
        Ok(())
    }

    fn feed_order(&mut self, order: &Row, head: &Head, brand: &Brand, sums: &Sums, costs: OrderCosts) -> Result<()> {
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
        sink.int(sums.estimated_units);
        sink.maybe_int(sums.estimated_cost);
        for cost in [costs.shipping, costs.handling, costs.fee] {
            sink.maybe_int(cost);
        }
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
            estimated_units: 0,
            estimated_cost: None,
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
