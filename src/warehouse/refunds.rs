//! Feeds fact_refund_lines: refunds on their own day, without those of test orders and of gift cards.

use rusqlite::{CachedStatement, Connection, Row, params};

use super::brands::{Brand, Brands, Conversion};
use super::reading::{maybe_text, text};
use super::variants::Variants;
use crate::duck::{self, Sink};
use crate::error::Result;

const REFUNDS: &str = "select r.id, r.brand_id, r.connector, r.order_id, r.store_id, r.customer_id, r.currency, \
    r.refunded_at, r.day_estimated, r.reason, coalesce(r.country, o.country), r.shipping_micros, r.tax_micros, o.placed_at, \
    coalesce(o.test, 0) from refunds r left join orders o on o.id = r.order_id";
const LINES: &str = "select l.line_no, l.variant_id, l.quantity, l.goods_micros, \
    exists (select 1 from order_lines o where o.order_id = ?2 and o.variant_id = l.variant_id and o.gift_card = 1) \
    from refund_lines l where l.refund_id = ?1 order by l.line_no";

/// Reads every refund.
pub(super) fn feed_all(conn: &Connection, brands: &mut Brands, duck: &duck::Connection) -> Result<()> {
    let mut all = conn.prepare(&format!("{REFUNDS} order by r.id"))?;
    let mut rows = all.query([])?;
    let mut feed = Feed::new(conn, duck)?;
    while let Some(refund) = rows.next()? {
        feed.refund(refund, brands)?;
    }
    feed.finish()
}

/// Reads the refunds with these ids; ids that are gone are passed over.
pub(super) fn feed_some(conn: &Connection, brands: &mut Brands, duck: &duck::Connection, ids: &[i64]) -> Result<()> {
    let mut one = conn.prepare(&format!("{REFUNDS} where r.id = ?"))?;
    let mut feed = Feed::new(conn, duck)?;
    for id in ids {
        let mut rows = one.query([id])?;
        if let Some(refund) = rows.next()? {
            feed.refund(refund, brands)?;
        }
    }
    feed.finish()
}

struct Feed<'c, 'd> {
    lines: CachedStatement<'c>,
    variants: Variants<'c>,
    sink: Sink<'d>,
}

/// What each line takes from its refund.
struct Head {
    day: i32,
    hour: i64,
    /// The day whose cost is given back: the order's, where it is known.
    cost_day: i32,
    conversion: Conversion,
    /// As of `cost_day`.
    cost_conversion: Conversion,
}

/// One row of the table, as far as it differs between the lines of a refund.
#[derive(Default)]
struct Part {
    line_no: i64,
    variant_id: Option<i64>,
    quantity: i64,
    goods: i64,
    tax: i64,
    shipping: i64,
}

impl<'c, 'd> Feed<'c, 'd> {
    fn new(conn: &'c Connection, duck: &'d duck::Connection) -> Result<Self> {
        let lines = conn.prepare_cached(LINES)?;
        Ok(Self { lines, variants: Variants::new(conn), sink: Sink::new(duck, "fact_refund_lines")? })
    }

    fn finish(self) -> Result<()> {
        self.sink.finish()?;
        Ok(())
    }

    fn refund(&mut self, refund: &Row, brands: &mut Brands) -> Result<()> {
        if refund.get(14)? {
            return Ok(());
        }
        let brand = brands.get(refund.get(1)?)?;
        let (day, hour) = brand.clock.at(refund.get(7)?);
        let placed_at: Option<i64> = refund.get(13)?;
        let cost_day = placed_at.map_or(day, |at| brand.clock.at(at).0);
        let currency = text(refund, 6)?;
        let head = Head {
            day,
            hour,
            cost_day,
            conversion: brand.conversion(currency, day),
            cost_conversion: brand.conversion(currency, cost_day),
        };
        for part in self.parts(refund)? {
            self.part(refund, &head, brand, &part)?;
        }
        Ok(())
    }

    /// The rows a refund becomes: tax and shipping are on the first.
    fn parts(&mut self, refund: &Row) -> Result<Vec<Part>> {
        let (id, order_id): (i64, Option<i64>) = (refund.get(0)?, refund.get(3)?);
        let mut parts = Vec::new();
        let mut lines = self.lines.query(params![id, order_id])?;
        while let Some(line) = lines.next()? {
            let gift_card: bool = line.get(4)?;
            if !gift_card {
                parts.push(Part {
                    line_no: line.get(0)?,
                    variant_id: line.get(1)?,
                    quantity: line.get(2)?,
                    goods: line.get(3)?,
                    ..Part::default()
                });
            }
        }
        if parts.is_empty() {
            parts.push(Part::default());
        }
        parts[0].shipping = refund.get(11)?;
        parts[0].tax = refund.get(12)?;
        Ok(parts)
    }

    fn part(&mut self, refund: &Row, head: &Head, brand: &mut Brand, part: &Part) -> Result<()> {
        let (product_id, cost) = match part.variant_id {
            Some(id) => {
                let variant = self.variants.get(id)?;
                let cost = variant.cost(brand, head.cost_day, part.quantity);
                let paid = head.cost_conversion.apply(Some(part.goods));
                let cost = cost.or_else(|| brand.estimated_cost(head.cost_day, paid));
                (Some(variant.product_id), if part.quantity == 0 { Some(0) } else { cost })
            }
            None => (None, Some(0)),
        };
        let sink = &mut self.sink;
        sink.int(brand.id);
        sink.int(refund.get(0)?);
        sink.int(part.line_no);
        sink.maybe_int(refund.get(3)?);
        sink.day(head.day);
        sink.int(head.hour);
        sink.int(refund.get(7)?);
        sink.int(refund.get(4)?);
        sink.maybe_int(refund.get(5)?);
        sink.maybe_int(part.variant_id);
        sink.maybe_int(product_id);
        sink.text(text(refund, 2)?);
        sink.maybe_text(maybe_text(refund, 9)?);
        sink.maybe_text(maybe_text(refund, 10)?);
        sink.flag(refund.get(8)?);
        sink.int(part.quantity);
        for money in [part.goods, part.tax, part.shipping] {
            sink.maybe_int(head.conversion.apply(Some(money)));
        }
        sink.maybe_int(cost);
        sink.text(text(refund, 6)?);
        sink.int(part.goods);
        sink.end()
    }
}
