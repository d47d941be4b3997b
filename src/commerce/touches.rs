//! Lands how those came who ordered, beside their orders; and ties visits to the orders that they say they placed.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use super::arrival::Arrival;
use super::change_log::note_deleted;
use super::lander::Work;
use super::rows::{Journey, Touch};
use crate::error::Result;

/// Touches of one order that are kept: of more, the first, which brought somebody, and those nearest to the order.
const MOST_TOUCHES: usize = 100;
/// A page that thanks for an order is shown after the order was placed: not much earlier by any clock, and not days later.
const EARLY_MS: i64 = 300_000;
const LATE_MS: i64 = 86_400_000;

/// What a row of `touches` says of the coming itself, in the order of [`read_arrival`].
pub const ARRIVAL_COLUMNS: &str =
    "utm_source, utm_medium, utm_campaign, utm_term, utm_content, click_id, referrer, landing_page";

/// The coming in the columns of [`ARRIVAL_COLUMNS`], the first of which is column `at`.
///
/// # Errors
/// Whatever SQLite says.
pub fn read_arrival(row: &Row, at: usize) -> rusqlite::Result<Arrival> {
    Ok(Arrival {
        source: row.get(at)?,
        medium: row.get(at + 1)?,
        campaign: row.get(at + 2)?,
        term: row.get(at + 3)?,
        content: row.get(at + 4)?,
        click_id: row.get(at + 5)?,
        referrer: row.get(at + 6)?,
        landing_page: row.get(at + 7)?,
    })
}

/// A row of `touches` to be written.
#[derive(Debug, Clone, Copy)]
pub struct NewTouch<'a> {
    pub brand_id: i64,
    /// `shopify`, `pixel` or `file`.
    pub source: &'a str,
    pub external_id: &'a str,
    pub at_ms: i64,
    pub order_id: Option<i64>,
    /// Visitor and visit.
    pub visit: Option<(i64, i64)>,
    pub rev: i64,
}

/// Writes one; returns its id.
///
/// # Errors
/// Whatever SQLite says.
pub fn insert(tx: &Transaction, new: &NewTouch, arrival: &Arrival) -> Result<i64> {
    let sql = format!(
        "insert into touches (brand_id, source, external_id, at_ms, order_id, visitor_id, visit_id, rev, {ARRIVAL_COLUMNS}) \
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)"
    );
    tx.prepare_cached(&sql)?.execute(params![
        new.brand_id,
        new.source,
        new.external_id,
        new.at_ms,
        new.order_id,
        new.visit.map(|(visitor, _)| visitor),
        new.visit.map(|(_, visit)| visit),
        new.rev,
        arrival.source,
        arrival.medium,
        arrival.campaign,
        arrival.term,
        arrival.content,
        arrival.click_id,
        arrival.referrer,
        arrival.landing_page,
    ])?;
    Ok(tx.last_insert_rowid())
}

/// Writes what is new of journeys, each as a whole. Of an order that is not there nothing lands.
pub(super) fn land(work: &mut Work, journeys: &[Journey]) -> Result<()> {
    for journey in journeys {
        let mut order =
            work.tx.prepare_cached("select id from orders where brand_id = ? and connector = ? and external_id = ?")?;
        let id: Option<i64> =
            order.query_row(params![work.brand_id, work.connector, journey.order], |row| row.get(0)).optional()?;
        if let Some(id) = id {
            land_one(work, id, journey)?;
        }
    }
    Ok(())
}

fn land_one(work: &mut Work, order: i64, journey: &Journey) -> Result<()> {
    let source = if work.connector == "shopify" { "shopify" } else { "file" };
    let mut stored = work.tx.prepare_cached(&format!(
        "select id, external_id, at_ms, {ARRIVAL_COLUMNS} from touches where order_id = ? and source = ?"
    ))?;
    let stored = stored
        .query_map(params![order, source], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, read_arrival(row, 3)?)))?
        .collect::<rusqlite::Result<Vec<(i64, String, i64, Arrival)>>>()?;
    let latest = work.now.as_millisecond();
    let wanted: Vec<(String, i64, &Touch)> = kept(&journey.touches)
        .into_iter()
        .map(|touch| (format!("{}/{}", journey.order, touch.id), touch.at_ms.min(latest), touch))
        .collect();
    for (id, external_id, at_ms, arrival) in &stored {
        let stays = wanted
            .iter()
            .any(|(name, at, touch)| name == external_id && at == at_ms && is_as_kept(&touch.arrival, arrival));
        if !stays {
            work.tx.prepare_cached("delete from touches where id = ?")?.execute([id])?;
            note_deleted(work.tx, work.rev, work.brand_id, "touches", *id)?;
            work.changed = true;
        }
    }
    let mut written: Vec<&str> = Vec::new();
    for (name, at_ms, touch) in &wanted {
        let is_there = stored
            .iter()
            .any(|(_, known, at, arrival)| known == name && at == at_ms && is_as_kept(&touch.arrival, arrival));
        if is_there || written.contains(&name.as_str()) {
            continue;
        }
        let (brand_id, rev) = (work.brand_id, work.rev);
        let new =
            NewTouch { brand_id, source, external_id: name, at_ms: *at_ms, order_id: Some(order), visit: None, rev };
        insert(work.tx, &new, &touch.arrival)?;
        written.push(name);
        work.changed = true;
    }
    Ok(())
}

fn kept(all: &[Touch]) -> Vec<&Touch> {
    let mut kept: Vec<&Touch> = all.iter().collect();
    if let Some(many) = kept.len().checked_sub(MOST_TOUCHES).filter(|many| *many > 0) {
        kept.sort_by_key(|touch| (touch.at_ms, &touch.id));
        kept.drain(1..=many);
    }
    kept
}

/// A path that an erasure took stays away.
fn is_as_kept(new: &Arrival, kept: &Arrival) -> bool {
    new == kept || kept.landing_page.is_none() && new.is_like(kept)
}

/// Takes away what belongs to an order that is gone, and unties the visit that placed it.
pub(super) fn forget_order(work: &mut Work, order: i64) -> Result<()> {
    let mut of_order = work.tx.prepare_cached("select id from touches where order_id = ?")?;
    let ids = of_order.query_map([order], |row| row.get(0))?.collect::<rusqlite::Result<Vec<i64>>>()?;
    for id in ids {
        work.tx.prepare_cached("delete from touches where id = ?")?.execute([id])?;
        note_deleted(work.tx, work.rev, work.brand_id, "touches", id)?;
    }
    let mut visitor = work.tx.prepare_cached("select visitor_id from visit_orders where order_id = ?")?;
    let visitor: Option<i64> = visitor.query_row([order], |row| row.get(0)).optional()?;
    if let Some(visitor) = visitor {
        work.tx.prepare_cached("update visit_orders set order_id = null where order_id = ?")?.execute([order])?;
        know_again(work.tx, visitor, work.rev)?;
    }
    Ok(())
}

/// Ties the orders that the batch wrote to the visits that said they placed them, and follows orders that changed hands.
pub(super) fn bind_landed(work: &mut Work) -> Result<()> {
    let any: bool = work
        .tx
        .prepare_cached("select exists (select 1 from visit_orders where brand_id = ?)")?
        .query_row([work.brand_id], |row| row.get(0))?;
    if !any {
        return Ok(());
    }
    let mut claims = work.tx.prepare_cached(
        "select o.id, c.ref, c.visitor_id from orders o join visit_orders c on c.brand_id = o.brand_id \
         and c.ref in ('id:' || o.external_id, 'name:' || coalesce(o.name, '')) \
         where o.rev = ?1 and o.brand_id = ?2 and c.order_id is null \
         and c.at_ms between o.placed_at * 1000 - ?3 and o.placed_at * 1000 + ?4 \
         order by o.id, c.at_ms, c.visitor_id",
    )?;
    let claims = claims
        .query_map(params![work.rev, work.brand_id, EARLY_MS, LATE_MS], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })?
        .collect::<rusqlite::Result<Vec<(i64, String, i64)>>>()?;
    for (order, reference, visitor) in claims {
        tie(work.tx, work.brand_id, order, (&reference, visitor))?;
    }
    let mut touched = work.tx.prepare_cached(
        "select distinct c.visitor_id from orders o join visit_orders c on c.order_id = o.id where o.rev = ? and o.brand_id = ?",
    )?;
    let touched =
        touched.query_map([work.rev, work.brand_id], |row| row.get(0))?.collect::<rusqlite::Result<Vec<i64>>>()?;
    for visitor in touched {
        know_again(work.tx, visitor, work.rev)?;
    }
    Ok(())
}

/// Ties what a visitor says it ordered to the order, where that is there already.
pub(super) fn bind_said(tx: &Transaction, brand_id: i64, reference: &str, visitor: i64, at_ms: i64) -> Result<bool> {
    let within = "placed_at between (?3 - ?5) / 1000 - 1 and (?3 + ?4) / 1000 + 1";
    let sql = match reference.split_once(':') {
        Some(("id", _)) => format!(
            "select id from orders where brand_id = ?1 and connector in ('shopify', 'file') and external_id = ?2 and {within}"
        ),
        // Names have no index: an order that is there already landed a short while ago.
        _ => format!(
            "select id from orders where id > (select max(id) - 5000 from orders) and brand_id = ?1 and name = ?2 and {within} \
             order by id desc limit 1"
        ),
    };
    let name = reference.split_once(':').map_or("", |(_, name)| name);
    let order: Option<i64> = tx
        .prepare_cached(&sql)?
        .query_row(params![brand_id, name, at_ms, EARLY_MS, LATE_MS], |row| row.get(0))
        .optional()?;
    match order {
        Some(order) => tie(tx, brand_id, order, (reference, visitor)),
        None => Ok(false),
    }
}

/// One order is one visit's, the first that said so.
fn tie(tx: &Transaction, brand_id: i64, order: i64, (reference, visitor): (&str, i64)) -> Result<bool> {
    let tied = tx
        .prepare_cached(
            "update visit_orders set order_id = ?1 where brand_id = ?2 and ref = ?3 and visitor_id = ?4 and order_id is null \
             and not exists (select 1 from visit_orders where order_id = ?1)",
        )?
        .execute(params![order, brand_id, reference, visitor])?;
    Ok(tied > 0)
}

/// Says anew whose a visitor is: of the last of its orders that has a customer.
pub(super) fn know_again(tx: &Transaction, visitor: i64, rev: i64) -> Result<()> {
    tx.prepare_cached(
        "update visitors set rev = ?2, customer_id = (select o.customer_id from visit_orders c join orders o on o.id = c.order_id \
         where c.visitor_id = ?1 and o.customer_id is not null order by o.placed_at desc, o.id desc limit 1) where id = ?1",
    )?
    .execute([visitor, rev])?;
    Ok(())
}

/// How a customer came to their orders.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub struct CustomerTouch {
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// Who told: `shopify`, `pixel` or `file`.
    told_by: String,
    utm_source: Option<String>,
    utm_medium: Option<String>,
    utm_campaign: Option<String>,
    utm_term: Option<String>,
    utm_content: Option<String>,
    /// The kind of a platform's click id; the id itself is not kept.
    click_id: Option<String>,
    /// Host of the page before.
    referrer: Option<String>,
    /// Path of the page.
    landing_page: Option<String>,
}

/// All comings of a customer that are kept, the oldest first.
///
/// # Errors
/// Whatever SQLite says.
pub(super) fn of_customer(conn: &Connection, customer: i64) -> Result<Vec<CustomerTouch>> {
    let mut all = conn.prepare(&format!(
        "select at_ms, source, {ARRIVAL_COLUMNS} from touches where order_id in (select id from orders where customer_id = ?1) \
         or visitor_id in (select id from visitors where customer_id = ?1) order by at_ms, id"
    ))?;
    let rows = all.query_map([customer], |row| {
        let arrival = read_arrival(row, 2)?;
        Ok(CustomerTouch {
            at: Timestamp::from_millisecond(row.get(0)?).unwrap_or_default(),
            told_by: row.get(1)?,
            utm_source: arrival.source,
            utm_medium: arrival.medium,
            utm_campaign: arrival.campaign,
            utm_term: arrival.term,
            utm_content: arrival.content,
            click_id: arrival.click_id,
            referrer: arrival.referrer,
            landing_page: arrival.landing_page,
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}
