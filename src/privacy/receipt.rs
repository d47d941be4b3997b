//! What an erasure did, in numbers and without anything of whom; and what it could not do.

use anyhow::Context;
use jiff::Timestamp;
use rusqlite::{Connection, Row, Transaction, params};
use serde::{Deserialize, Serialize};

use crate::auth::Reach;
use crate::brands::Brand;
use crate::commerce::privacy::{Cut, NamedBy};
use crate::error::Result;
use crate::imports::privacy::Blanked;
use crate::sync;

/// What an erasure did.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Receipt {
    /// UUID.
    pub id: String,
    #[schema(value_type = String, format = DateTime)]
    pub erased_at: Timestamp,
    /// What the customer was named by; orders that name them otherwise are another customer's here.
    pub named_by: NamedBy,
    /// Ids of the brands that it was done for.
    pub brands: Vec<String>,
    /// By table.
    pub removed: Removed,
    /// What stays, and why.
    pub stays: Vec<Stays>,
    /// Until when backups may still hold the customer; null where no rule removes backups.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub backups_until: Option<Timestamp>,
    /// A sentence about backups.
    pub backups: String,
}

/// How many rows of each table lost what they held of the customer.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Removed {
    /// Keyed hashes that the customer was known by.
    pub customers: i64,
    /// Orders that lost their customer, their name and their city.
    pub orders: i64,
    /// Refunds that lost their customer.
    pub refunds: i64,
    /// Browsers that lead to nobody any more, and whose visits lost the pages that they saw.
    #[serde(default)]
    pub visitors: i64,
    /// Refused rows of imported files that were blanked.
    pub import_rejects: i64,
    /// Imports whose file's name, options or error were blanked.
    pub imports: i64,
    /// Answers of platforms, kept for a while, that the customer was cut out of.
    #[serde(default)]
    pub sync_answers: i64,
    /// Things of such answers that could not be understood.
    #[serde(default)]
    pub sync_rejects: i64,
}

/// Something that an erasure leaves.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Stays {
    what: String,
    why: String,
}

const STAYS: [(&str, &str); 5] = [
    (
        "Orders and refunds with their times, products, amounts, region, country, codes and reasons, and the source's order ids, \
         of a customer without a name",
        "Sums and counts of past days must not change, and the same file imported again must find its orders",
    ),
    (
        "When and from which channel, campaign or site a browser came to the shop, and what its visits counted",
        "Sums and counts of past days must not change; the browser's own id is replaced by one that no browser has",
    ),
    (
        "A keyed hash of what the customer was named by",
        "What an older file or an older archive brings back of them is cut off again; it leads to no order",
    ),
    ("The event log, which names who worked here and never a customer, and this receipt", "Both prove what was done"),
    (
        "Files that were exported or copied out before, and the source's own data",
        "They are outside: erase there, too, and in the source first, or what is ordered later lands again",
    ),
];

const REMOVED_BY_RULE: &str = "Sealed archives in the backup folder may hold the customer until then; a restore from one of them cuts them off again. \
     Archives elsewhere stay until somebody removes them.";
const REMOVED_BY_NOBODY: &str = "No rule removes backups here: sealed archives hold the customer until somebody removes them. A restore from one of them cuts \
     them off again.";

impl Receipt {
    pub(super) fn new(
        at: Timestamp,
        named_by: NamedBy,
        brands: &[Brand],
        removed: Removed,
        until: Option<Timestamp>,
    ) -> Self {
        let brands = brands.iter().map(|brand| brand.uid.clone()).collect();
        // As the store has it.
        let whole = |at: Timestamp| Timestamp::from_millisecond(at.as_millisecond()).unwrap_or(at);
        Self::told(uuid::Uuid::new_v4().to_string(), whole(at), named_by, brands, removed, until.map(whole))
    }

    fn told(
        id: String,
        erased_at: Timestamp,
        named_by: NamedBy,
        brands: Vec<String>,
        removed: Removed,
        backups_until: Option<Timestamp>,
    ) -> Self {
        let stays = STAYS.map(|(what, why)| Stays { what: what.to_owned(), why: why.to_owned() }).to_vec();
        let backups = if backups_until.is_some() { REMOVED_BY_RULE } else { REMOVED_BY_NOBODY }.to_owned();
        Self { id, erased_at, named_by, brands, removed, stays, backups_until, backups }
    }
}

impl Removed {
    pub(super) fn add(&mut self, cut: &Cut, blanked: &Blanked, synced: &sync::privacy::Cut) {
        self.customers += cut.customers;
        self.orders += cut.orders;
        self.refunds += cut.refunds;
        self.visitors += cut.visitors;
        self.import_rejects += blanked.rows;
        self.imports += blanked.imports;
        self.sync_answers += synced.answers;
        self.sync_rejects += synced.rejects;
    }
}

pub(super) fn insert(tx: &Transaction, receipt: &Receipt, asked_by: &str, brands: &[i64]) -> Result<()> {
    let text = |value: serde_json::Result<String>| value.context("writing a receipt");
    tx.execute(
        "insert into erasures (id, at_ms, named_by, asked_by, brands, removed, backups_until_ms) values (?, ?, ?, ?, ?, ?, ?)",
        params![
            receipt.id,
            receipt.erased_at.as_millisecond(),
            receipt.named_by.name(),
            asked_by,
            text(serde_json::to_string(brands))?,
            text(serde_json::to_string(&receipt.removed))?,
            receipt.backups_until.map(Timestamp::as_millisecond),
        ],
    )?;
    Ok(())
}

pub(super) fn list(conn: &Connection, reach: &Reach) -> Result<Vec<Receipt>> {
    let mut known = conn.prepare("select id, uid from brands")?;
    let known = known.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let known = known.collect::<rusqlite::Result<Vec<(i64, String)>>>()?;
    let mut all = conn.prepare(
        "select id, at_ms, named_by, brands, removed, backups_until_ms from erasures order by at_ms desc, id limit 1000",
    )?;
    let mut rows = all.query([])?;
    let mut receipts = Vec::new();
    while let Some(row) = rows.next()? {
        let brands: Vec<i64> = serde_json::from_str(row.get_ref(3)?.as_str().unwrap_or("[]")).unwrap_or_default();
        if brands.iter().all(|brand| reach.holds(*brand)) {
            let uids = known.iter().filter(|(id, _)| brands.contains(id)).map(|(_, uid)| uid.clone()).collect();
            receipts.push(receipt(row, uids)?);
        }
    }
    Ok(receipts)
}

fn receipt(row: &Row, brands: Vec<String>) -> Result<Receipt> {
    let at = |ms: i64| Timestamp::from_millisecond(ms).unwrap_or_default();
    let named_by = NamedBy::parse(row.get_ref(2)?.as_str().unwrap_or_default()).unwrap_or(NamedBy::Email);
    let removed = serde_json::from_str(row.get_ref(4)?.as_str().unwrap_or_default()).context("reading a receipt")?;
    let until = row.get::<_, Option<i64>>(5)?.map(at);
    Ok(Receipt::told(row.get(0)?, at(row.get(1)?), named_by, brands, removed, until))
}
