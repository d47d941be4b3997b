//! Feeds fact_touches and fact_sessions: how people came, as whom, and what their visits counted.

use rusqlite::{Connection, Row};

use super::brands::Brands;
use super::reading::maybe_text;
use crate::commerce::touches::{ARRIVAL_COLUMNS, read_arrival};
use crate::duck::{self, Sink};
use crate::error::Result;

/// A coming that the shop told of and its own page too counts once, as the page told it: within half an hour it is the same. A visitor
/// who is nobody known is, up to each order without a customer that it placed, that order.
const TOUCHES: &str = "select t.id, t.brand_id, t.at_ms, t.order_id, coalesce(o.customer_id, v.customer_id), v.id, \
    (select g.id from visit_orders c join orders g on g.id = c.order_id where c.visitor_id = v.id and g.customer_id is null \
    and not g.test and g.placed_at * 1000 + 999 >= t.at_ms order by g.placed_at, g.id limit 1), @ARRIVAL \
    from touches t left join orders o on o.id = t.order_id left join visitors v on v.id = t.visitor_id \
    where coalesce(o.test, 0) = 0 and not (t.visitor_id is null and exists (select 1 from visit_orders c \
    join touches p on p.visitor_id = c.visitor_id where c.order_id = t.order_id and abs(p.at_ms - t.at_ms) <= 1800000))";

/// A visit with its first coming and the order that it placed.
const VISITS: &str = "select s.id, s.brand_id, s.visitor_id, s.started_ms, s.landing_page, s.device, s.pages + s.products, s.adds > 0, \
    s.checkouts > 0, (select max(c.order_id) from visit_orders c join orders o on o.id = c.order_id \
    where c.visitor_id = s.visitor_id and c.visit_id = s.id and not o.test) as placed, \
    (select country from orders where id = (select max(c.order_id) from visit_orders c \
    where c.visitor_id = s.visitor_id and c.visit_id = s.id)), @ARRIVAL \
    from visits s left join touches t on t.id = (select id from touches where visit_id = s.id order by at_ms, id limit 1)";

/// Reads everything.
pub(super) fn feed_all(conn: &Connection, brands: &mut Brands, duck: &duck::Connection) -> Result<()> {
    let mut sink = Sink::new(duck, "fact_touches")?;
    let mut all = conn.prepare(&format!("{} order by t.id", filled(TOUCHES)))?;
    let mut rows = all.query([])?;
    while let Some(row) = rows.next()? {
        touch(row, brands, &mut sink)?;
    }
    sink.finish()?;
    let mut sink = Sink::new(duck, "fact_sessions")?;
    let mut all = conn.prepare(&format!("{} order by s.id", filled(VISITS)))?;
    let mut rows = all.query([])?;
    while let Some(row) = rows.next()? {
        visit(row, brands, &mut sink)?;
    }
    sink.finish()?;
    Ok(())
}

/// Reads these touches and visits; what is gone is passed over.
pub(super) fn feed_some(
    conn: &Connection,
    brands: &mut Brands,
    duck: &duck::Connection,
    (touches, visits): (&[i64], &[i64]),
) -> Result<()> {
    let mut sink = Sink::new(duck, "fact_touches")?;
    let mut one = conn.prepare(&format!("{} and t.id = ?", filled(TOUCHES)))?;
    for id in touches {
        let mut rows = one.query([id])?;
        if let Some(row) = rows.next()? {
            touch(row, brands, &mut sink)?;
        }
    }
    sink.finish()?;
    let mut sink = Sink::new(duck, "fact_sessions")?;
    let mut one = conn.prepare(&format!("{} where s.id = ?", filled(VISITS)))?;
    for id in visits {
        let mut rows = one.query([id])?;
        if let Some(row) = rows.next()? {
            visit(row, brands, &mut sink)?;
        }
    }
    sink.finish()?;
    Ok(())
}

fn filled(select: &str) -> String {
    let columns: Vec<String> = ARRIVAL_COLUMNS.split(", ").map(|column| format!("t.{column}")).collect();
    select.replace("@ARRIVAL", &columns.join(", "))
}

fn touch(row: &Row, brands: &mut Brands, sink: &mut Sink) -> Result<()> {
    let brand = brands.get(row.get(1)?)?;
    let (id, at_ms, order): (i64, i64, Option<i64>) = (row.get(0)?, row.get(2)?, row.get(3)?);
    let (customer, visitor): (Option<i64>, Option<i64>) = (row.get(4)?, row.get(5)?);
    let guest: Option<i64> = row.get(6)?;
    let person = match (customer, visitor, order.or(guest)) {
        (Some(customer), ..) => customer * 4,
        (None, _, Some(order)) => order * 4 + 2,
        (None, Some(visitor), None) => visitor * 4 + 1,
        // Every touch is of an order or of a visitor.
        (None, None, None) => return Ok(()),
    };
    let arrival = read_arrival(row, 7)?;
    let (day, _) = brand.clock.at(at_ms.div_euclid(1_000));
    sink.int(brand.id);
    sink.int(id);
    sink.int(person);
    sink.int(at_ms);
    sink.day(day);
    sink.text(brand.channels.channel(&arrival));
    sink.maybe_text(arrival.source.as_deref().or(arrival.referrer.as_deref()));
    sink.maybe_text(arrival.medium.as_deref());
    sink.maybe_text(arrival.campaign.as_deref());
    sink.maybe_text(arrival.term.as_deref());
    sink.maybe_text(arrival.content.as_deref());
    sink.maybe_text(arrival.landing_page.as_deref());
    sink.maybe_int(order);
    sink.end()
}

fn visit(row: &Row, brands: &mut Brands, sink: &mut Sink) -> Result<()> {
    let brand = brands.get(row.get(1)?)?;
    let started: i64 = row.get::<_, i64>(3)?.div_euclid(1_000);
    let placed: Option<i64> = row.get(9)?;
    let arrival = read_arrival(row, 11)?;
    let (day, hour) = brand.clock.at(started);
    sink.int(brand.id);
    sink.int(row.get(0)?);
    sink.int(row.get(2)?);
    sink.day(day);
    sink.int(hour);
    sink.int(started);
    sink.text(brand.channels.channel(&arrival));
    sink.maybe_text(arrival.source.as_deref().or(arrival.referrer.as_deref()));
    sink.maybe_text(arrival.medium.as_deref());
    sink.maybe_text(arrival.campaign.as_deref());
    sink.maybe_text(arrival.term.as_deref());
    sink.maybe_text(arrival.content.as_deref());
    sink.maybe_text(maybe_text(row, 4)?);
    sink.maybe_text(maybe_text(row, 5)?);
    sink.maybe_text(maybe_text(row, 10)?);
    sink.int(row.get(6)?);
    sink.flag(row.get(7)?);
    sink.flag(row.get(8)?);
    sink.flag(placed.is_some());
    sink.end()
}
