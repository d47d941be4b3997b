//! Lands what browsers did in the shop: visitors, their visits, where they came from, and which orders they say they placed. Many at a
//! time, in one transaction; told twice or out of order, it comes to the same.

pub mod cut;
pub mod privacy;

use std::collections::BTreeMap;

use rusqlite::{OptionalExtension, Transaction, params};

use self::cut::{Cut, IDLE_MS, Seen, Visit};
use super::arrival::Arrival;
use super::change_log;
use super::touches::{self, ARRIVAL_COLUMNS, NewTouch, read_arrival};
use crate::error::Result;

/// Orders that one visitor may say to have placed.
const MOST_ORDERS: i64 = 100;

/// Something that a browser did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// Keyed hash of the browser's own random id.
    pub visitor: [u8; 16],
    /// Milliseconds of unix time, never after the landing.
    pub at_ms: i64,
    pub kind: Kind,
    /// `mobile`, `desktop` or `tablet`.
    pub device: Option<&'static str>,
    pub arrival: Arrival,
    /// Of a purchase: `id:` or `name:` and the order's.
    pub order: Option<String>,
}

/// What it did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Page,
    Product,
    AddToCart,
    Checkout,
    Purchase,
}

/// Lands hits of one brand. Returns the change-log entry to announce, if there was anything.
///
/// # Errors
/// Whatever SQLite says; nothing is left then.
pub fn land(tx: &Transaction, brand_id: i64, hits: &[Hit], now_ms: i64) -> Result<Option<i64>> {
    if hits.is_empty() {
        return Ok(None);
    }
    let rev = change_log::next_seq(tx)?;
    let mut by_visitor: BTreeMap<[u8; 16], Vec<&Hit>> = BTreeMap::new();
    for hit in hits {
        by_visitor.entry(hit.visitor).or_default().push(hit);
    }
    for (key, hits) in by_visitor {
        Browser::of(tx, (brand_id, rev), &key, &hits)?.take(&hits)?;
    }
    change_log::write_visits(tx, rev, brand_id, now_ms)?;
    Ok(Some(rev))
}

/// One visitor on the way to its rows.
struct Browser<'t> {
    tx: &'t Transaction<'t>,
    brand_id: i64,
    rev: i64,
    id: i64,
    cut: Cut,
    /// Its touches or orders changed.
    changed: bool,
}

impl<'t> Browser<'t> {
    /// The visitor of a key, with the visits that the hits may belong to.
    fn of(tx: &'t Transaction, (brand_id, rev): (i64, i64), key: &[u8; 16], hits: &[&Hit]) -> Result<Self> {
        let first = hits.iter().map(|hit| hit.at_ms).min().unwrap_or(0);
        let last = hits.iter().map(|hit| hit.at_ms).max().unwrap_or(0);
        let known: Option<i64> = tx
            .prepare_cached("select id from visitors where brand_id = ? and key = ?")?
            .query_row(params![brand_id, key], |row| row.get(0))
            .optional()?;
        let id = match known {
            Some(id) => {
                tx.prepare_cached(
                    "update visitors set first_at_ms = min(first_at_ms, ?2), last_at_ms = max(last_at_ms, ?3) where id = ?1",
                )?
                .execute([id, first, last])?;
                id
            }
            None => {
                tx.prepare_cached(
                    "insert into visitors (brand_id, key, first_at_ms, last_at_ms, rev) values (?, ?, ?, ?, ?)",
                )?
                .execute(params![brand_id, key, first, last, rev])?;
                tx.last_insert_rowid()
            }
        };
        let mut browser = Self { tx, brand_id, rev, id, cut: Cut::default(), changed: false };
        if known.is_some() {
            browser.load(first.saturating_sub(IDLE_MS), last.saturating_add(IDLE_MS))?;
        }
        Ok(browser)
    }

    fn load(&mut self, from: i64, until: i64) -> Result<()> {
        let mut visits = self.tx.prepare_cached(
            "select id, started_ms, last_ms, landing_page, device, pages, products, adds, checkouts from visits \
             where visitor_id = ?1 and started_ms <= ?3 and last_ms >= ?2 order by started_ms, id",
        )?;
        let rows = visits.query_map([self.id, from, until], |row| {
            let (started_ms, page): (i64, Option<String>) = (row.get(1)?, row.get(3)?);
            Ok(Visit {
                id: row.get(0)?,
                started_ms,
                last_ms: row.get(2)?,
                landing: page.map(|page| (started_ms, page)),
                device: row.get(4)?,
                pages: row.get(5)?,
                products: row.get(6)?,
                adds: row.get(7)?,
                checkouts: row.get(8)?,
                arrivals: Vec::new(),
                changed: false,
            })
        })?;
        self.cut.visits = rows.collect::<rusqlite::Result<_>>()?;
        let mut touches = self.tx.prepare_cached(&format!(
            "select id, at_ms, {ARRIVAL_COLUMNS} from touches where visit_id = ? order by at_ms, id"
        ))?;
        for visit in &mut self.cut.visits {
            let rows = touches.query_map([visit.id], |row| {
                Ok(Seen { id: row.get(0)?, at_ms: row.get(1)?, arrival: read_arrival(row, 2)?, changed: false })
            })?;
            visit.arrivals = rows.collect::<rusqlite::Result<_>>()?;
        }
        Ok(())
    }

    fn take(mut self, hits: &[&Hit]) -> Result<()> {
        let mut orders: Vec<(&str, i64)> = Vec::new();
        for hit in hits {
            self.cut.add(hit);
            orders.extend(hit.order.as_deref().map(|order| (order, hit.at_ms)));
        }
        let visits = std::mem::take(&mut self.cut.visits);
        let mut written = Vec::new();
        for visit in &visits {
            let id = self.write(visit)?;
            written.push((id, visit.started_ms, visit.last_ms));
        }
        self.remove_gone(&written)?;
        for (order, at_ms) in orders {
            let visit = written.iter().find(|(_, started, last)| (*started..=*last).contains(&at_ms));
            if let Some((visit, ..)) = visit {
                self.order(order, *visit, at_ms)?;
            }
        }
        if self.changed {
            touches::know_again(self.tx, self.id, self.rev)?;
        }
        Ok(())
    }

    fn write(&mut self, visit: &Visit) -> Result<i64> {
        let id = match visit.id {
            Some(id) if !visit.changed => return Ok(id),
            Some(id) => {
                self.tx
                    .prepare_cached(
                        "update visits set started_ms = ?2, last_ms = ?3, landing_page = ?4, device = ?5, pages = ?6, \
                         products = ?7, adds = ?8, checkouts = ?9, rev = ?10 where id = ?1",
                    )?
                    .execute(params![
                        id,
                        visit.started_ms,
                        visit.last_ms,
                        visit.landing.as_ref().map(|(_, page)| page),
                        visit.device,
                        visit.pages,
                        visit.products,
                        visit.adds,
                        visit.checkouts,
                        self.rev
                    ])?;
                id
            }
            None => {
                self.tx
                    .prepare_cached(
                        "insert into visits (brand_id, visitor_id, started_ms, last_ms, landing_page, device, pages, products, \
                         adds, checkouts, rev) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    )?
                    .execute(params![
                        self.brand_id,
                        self.id,
                        visit.started_ms,
                        visit.last_ms,
                        visit.landing.as_ref().map(|(_, page)| page),
                        visit.device,
                        visit.pages,
                        visit.products,
                        visit.adds,
                        visit.checkouts,
                        self.rev
                    ])?;
                self.tx.last_insert_rowid()
            }
        };
        for seen in visit.arrivals.iter().filter(|seen| seen.changed || seen.id.is_none()) {
            self.touch(id, seen)?;
        }
        Ok(id)
    }

    fn touch(&mut self, visit: i64, seen: &Seen) -> Result<()> {
        self.changed = true;
        let Some(id) = seen.id else {
            let new = NewTouch {
                brand_id: self.brand_id,
                source: "pixel",
                external_id: &format!("{:032x}", rand::random::<u128>()),
                at_ms: seen.at_ms,
                order_id: None,
                visit: Some((self.id, visit)),
                rev: self.rev,
            };
            return touches::insert(self.tx, &new, &seen.arrival).map(drop);
        };
        self.tx
            .prepare_cached("update touches set at_ms = ?2, landing_page = ?3, visit_id = ?4, rev = ?5 where id = ?1")?
            .execute(params![id, seen.at_ms, seen.arrival.landing_page, visit, self.rev])?;
        Ok(())
    }

    /// Takes away what was joined with another visit, whose orders become that one's.
    fn remove_gone(&mut self, written: &[(i64, i64, i64)]) -> Result<()> {
        for touch in std::mem::take(&mut self.cut.gone_touches) {
            self.changed = true;
            self.tx.prepare_cached("delete from touches where id = ?")?.execute([touch])?;
            change_log::note_deleted(self.tx, self.rev, self.brand_id, "touches", touch)?;
        }
        for gone in std::mem::take(&mut self.cut.gone) {
            let began: i64 = self
                .tx
                .prepare_cached("delete from visits where id = ? returning started_ms")?
                .query_row([gone], |row| row.get(0))?;
            change_log::note_deleted(self.tx, self.rev, self.brand_id, "visits", gone)?;
            let into = written.iter().find(|(_, started, last)| (*started..=*last).contains(&began));
            if let Some((into, ..)) = into {
                let moved = self
                    .tx
                    .prepare_cached("update visit_orders set visit_id = ?1 where visitor_id = ?2 and visit_id = ?3")?
                    .execute([*into, self.id, gone])?;
                self.changed |= moved > 0;
            }
        }
        Ok(())
    }

    fn order(&mut self, order: &str, visit: i64, at_ms: i64) -> Result<()> {
        let new = self
            .tx
            .prepare_cached(
                "insert into visit_orders (brand_id, ref, visitor_id, visit_id, at_ms) select ?1, ?2, ?3, ?4, ?5 \
                 where (select count(*) from visit_orders where visitor_id = ?3) < ?6 on conflict do nothing",
            )?
            .execute(params![self.brand_id, order, self.id, visit, at_ms, MOST_ORDERS])?;
        if new > 0 {
            self.changed |= touches::bind_said(self.tx, self.brand_id, order, self.id, at_ms)?;
        }
        Ok(())
    }
}
