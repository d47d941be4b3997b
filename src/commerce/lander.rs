//! Lands batches: finds what changed, writes only that, and enters it in the change log.

use std::collections::HashSet;
use std::ops::AddAssign;

use jiff::Timestamp;
use rusqlite::Transaction;
use serde_json::json;

use super::ads::AdAccounts;
use super::catalogue::Catalogue;
use super::change_log::{self, Kind, Mark};
use super::customers::Customers;
use super::erased::Erased;
use super::freshness::Reach;
use super::known::Known;
use super::marks::{Marker, Marks};
use super::orders::Stores;
use super::rows::Batch;
use super::stock::Warehouses;
use super::touches;
use crate::brands::Brand;
use crate::error::Result;
use crate::money::Currency;

/// How many rows of one kind were written, and how many were there already as they are.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Tally {
    pub landed: u64,
    pub unchanged: u64,
}

impl Tally {
    pub(super) fn count(&mut self, rows: usize, changed: bool) {
        let rows = rows as u64;
        if changed {
            self.landed += rows;
        } else {
            self.unchanged += rows;
        }
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.landed += other.landed;
        self.unchanged += other.unchanged;
    }
}

/// What a landing did.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Landed {
    /// The sum of the tallies below.
    pub rows_landed: u64,
    /// The sum of the tallies below.
    pub rows_unchanged: u64,
    /// The entry in the change log; `None` when nothing changed.
    pub seq: Option<i64>,
    /// Variants of the catalogue.
    pub products: Tally,
    pub costs: Tally,
    /// Order lines; an order without lines counts one.
    pub orders: Tally,
    /// Refund lines; a refund without lines counts one.
    pub refunds: Tally,
    pub stock: Tally,
    /// Ad rows; a row that an API's row keeps out counts as unchanged.
    pub ads: Tally,
    /// Orders and products that went because their source no longer has them.
    pub deleted: u64,
}

impl Landed {
    fn total(mut self) -> Self {
        let all = [self.products, self.costs, self.orders, self.refunds, self.stock, self.ads];
        self.rows_landed = all.iter().map(|t| t.landed).sum();
        self.rows_unchanged = all.iter().map(|t| t.unchanged).sum();
        self
    }
}

impl AddAssign for Landed {
    /// Adds the counts; `seq` becomes the later one.
    fn add_assign(&mut self, other: Self) {
        self.products += other.products;
        self.costs += other.costs;
        self.orders += other.orders;
        self.refunds += other.refunds;
        self.stock += other.stock;
        self.ads += other.ads;
        self.deleted += other.deleted;
        self.seq = self.seq.max(other.seq);
        *self = self.total();
    }
}

/// Lands the batches of one source of one brand, holding what it has learned about the store between them. What it holds is
/// dropped as soon as the change log shows that its last transaction was lost or somebody else wrote.
pub struct Lander {
    brand_id: i64,
    brand_name: Box<str>,
    currency: Currency,
    connector: Box<str>,
    now: Timestamp,
    marker: Marker,
    last: Option<Mark>,
    /// Warehouses that nobody but the source counts.
    pub(super) own_warehouses: HashSet<String>,
    pub(super) known: Caches,
    pub(super) ads: AdAccounts,
}

/// What was learned about the store.
#[derive(Default)]
pub(super) struct Caches {
    pub stores: Stores,
    pub customers: Customers,
    pub erased: Erased,
    pub catalogue: Catalogue,
    pub orders: Known,
    pub refunds: Known,
    pub warehouses: Warehouses,
}

/// One batch on its way: the transaction, the number its rows get, and what came of it so far.
pub(super) struct Work<'a> {
    pub tx: &'a Transaction<'a>,
    pub rev: i64,
    pub brand_id: i64,
    pub brand_name: &'a str,
    pub currency: Currency,
    pub connector: &'a str,
    pub now: Timestamp,
    /// Something was written.
    pub changed: bool,
    /// What changed reaches further than the rows that carry `rev`.
    pub rebuild: bool,
    pub landed: Landed,
    pub reach: Reach,
}

impl Lander {
    /// `identity_key` is the tenant's key for customer identities, `connector` one of the contract's names (`shopify`,
    /// `meta_ads`, `google_ads`, `tiktok_ads`, `file`).
    pub fn new(identity_key: &[u8; 32], brand: &Brand, connector: &str, now: Timestamp) -> Self {
        Self {
            brand_id: brand.id,
            brand_name: brand.name.as_str().into(),
            currency: brand.currency,
            connector: connector.into(),
            now,
            marker: Marker::new(identity_key, connector),
            last: None,
            own_warehouses: HashSet::new(),
            known: Caches::default(),
            ads: AdAccounts::default(),
        }
    }

    /// Lands one batch of several. Landing the same rows again changes nothing.
    ///
    /// # Errors
    /// Whatever SQLite says. The transaction must be rolled back then; the lander may go on with another.
    pub fn land(&mut self, tx: &Transaction, batch: &Batch) -> Result<Landed> {
        self.run(tx, batch, &self.marker.mark(batch), false)
    }

    /// What computes the marks that [`Lander::land_marked`] takes, for another thread.
    pub fn marker(&self) -> Marker {
        self.marker.clone()
    }

    /// As [`Lander::land`], with the marks of the batch.
    ///
    /// # Errors
    /// As [`Lander::land`], or an internal error for the marks of another batch.
    pub fn land_marked(&mut self, tx: &Transaction, batch: &Batch, marks: &Marks) -> Result<Landed> {
        if !marks.fit(batch) {
            return Err(anyhow::anyhow!("the marks are of another batch").into());
        }
        self.run(tx, batch, marks, false)
    }

    /// Ends a source: ad rows that a file's (campaign, day) pairs no longer have are dropped.
    ///
    /// # Errors
    /// As [`Lander::land`].
    pub fn finish(&mut self, tx: &Transaction) -> Result<Landed> {
        self.run(tx, &Batch::default(), &Marks::default(), true)
    }

    /// Lands a batch that is the whole source.
    ///
    /// # Errors
    /// As [`Lander::land`].
    pub fn land_whole(&mut self, tx: &Transaction, batch: &Batch) -> Result<Landed> {
        self.run(tx, batch, &self.marker.mark(batch), true)
    }

    fn run(&mut self, tx: &Transaction, batch: &Batch, marks: &Marks, finish: bool) -> Result<Landed> {
        let done = self.try_run(tx, batch, marks, finish);
        if done.is_err() {
            self.forget();
        }
        done
    }

    fn try_run(&mut self, tx: &Transaction, batch: &Batch, marks: &Marks, finish: bool) -> Result<Landed> {
        let mark = change_log::last_mark(tx, self.brand_id)?;
        if mark != self.last {
            self.forget();
            self.last = mark;
        }
        // The lander's own parts are borrowed beside `work`, so its names are copied.
        let (name, connector) = (self.brand_name.clone(), self.connector.clone());
        let mut work = Work {
            tx,
            rev: change_log::next_seq(tx)?,
            brand_id: self.brand_id,
            brand_name: &name,
            currency: self.currency,
            connector: &connector,
            now: self.now,
            changed: false,
            rebuild: false,
            landed: Landed::default(),
            reach: Reach::default(),
        };
        self.land_products(&mut work, &batch.products)?;
        self.land_costs(&mut work, &batch.costs)?;
        self.land_costs_now(&mut work, &batch.costs_now)?;
        self.land_orders(&mut work, &batch.orders, &marks.orders)?;
        self.land_refunds(&mut work, &batch.refunds, &marks.refunds)?;
        touches::land(&mut work, &batch.journeys)?;
        self.land_stock(&mut work, &batch.stock)?;
        self.land_stock_places(&mut work, &batch.stock_places)?;
        self.ads.land(&mut work, &batch.ads)?;
        self.land_deleted(&mut work, batch)?;
        if finish {
            self.ads.finish(&mut work)?;
        }
        self.close(work)
    }

    fn close(&mut self, mut work: Work) -> Result<Landed> {
        work.landed = work.landed.total();
        if !work.changed {
            return Ok(work.landed);
        }
        work.reach.store(&work)?;
        let landed = &work.landed;
        let detail = json!({
            "connector": work.connector, "products": landed.products.landed, "costs": landed.costs.landed,
            "orders": landed.orders.landed, "refunds": landed.refunds.landed, "stock": landed.stock.landed,
            "ads": landed.ads.landed, "deleted": landed.deleted,
        });
        let kind = if work.rebuild { Kind::Rebuild } else { Kind::Rows };
        let at_ms = self.now.as_millisecond();
        self.last = Some(change_log::write(work.tx, work.rev, Some(self.brand_id), at_ms, kind, &detail)?);
        work.landed.seq = Some(work.rev);
        Ok(work.landed)
    }

    fn forget(&mut self) {
        self.last = None;
        self.known = Caches::default();
        self.ads.forget();
    }
}
