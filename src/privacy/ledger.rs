//! Who was erased, outside the stores: `control.db` remembers the keyed hashes, so that an archive older than an erasure does not
//! bring anybody back. A hash is made with the tenant's own key, which an archive carries; without that key and the address it says
//! nothing.

use std::collections::{BTreeMap, HashMap, HashSet};

use jiff::Timestamp;
use rusqlite::{Connection, Transaction, params};
use serde_json::json;

use super::erase::overwriting;
use super::receipt::Removed;
use super::{Privacy, sweep};
use crate::auth::Author;
use crate::brands;
use crate::commerce::privacy::{self, CustomerKey, Finder, NamedBy};
use crate::error::Result;
use crate::imports;
use crate::secrets::TenantKey;
use crate::sync::{self, privacy::Wanted};
use crate::tenants::{Tenant, TenantId, Tenants};

/// One customer of one brand who was erased.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The brand's id as users see it.
    pub brand: String,
    /// What they were named by.
    pub by: NamedBy,
    /// The hash they were known by.
    pub key: CustomerKey,
    /// What they did up to then stays without them: milliseconds of unix time.
    pub until_ms: i64,
}

/// Notes entries of a tenant in `control.db`. Noting them again changes nothing.
///
/// # Errors
/// Whatever SQLite says.
pub async fn note(tenants: &Tenants, tenant: &TenantId, entries: Vec<Entry>) -> Result<()> {
    let tenant = tenant.clone();
    tenants.control().write(move |tx| insert(tx, &tenant, &entries)).await
}

fn insert(tx: &Transaction, tenant: &TenantId, entries: &[Entry]) -> Result<()> {
    let mut add = tx.prepare_cached(
        "insert into erased_customers (tenant_id, brand, key, kind, until_ms) values (?, ?, ?, ?, ?)
         on conflict do update set until_ms = excluded.until_ms where excluded.until_ms > until_ms",
    )?;
    for entry in entries {
        add.execute(params![tenant.as_str(), entry.brand, entry.key.0, entry.by.name(), entry.until_ms])?;
    }
    Ok(())
}

/// What `control.db` knows of a tenant.
///
/// # Errors
/// Whatever SQLite says.
pub async fn of(tenants: &Tenants, tenant: &TenantId) -> Result<Vec<Entry>> {
    let tenant = tenant.clone();
    tenants.control().read(move |conn| noted(conn, &tenant)).await
}

fn noted(conn: &Connection, tenant: &TenantId) -> Result<Vec<Entry>> {
    let mut all = conn
        .prepare("select brand, kind, key, until_ms from erased_customers where tenant_id = ? order by brand, key")?;
    let entries = all.query_map([tenant.as_str()], |row| {
        let by = NamedBy::parse(row.get_ref(1)?.as_str()?).unwrap_or(NamedBy::Email);
        Ok(Entry { brand: row.get(0)?, by, key: CustomerKey(row.get(2)?), until_ms: row.get(3)? })
    })?;
    Ok(entries.collect::<rusqlite::Result<_>>()?)
}

/// What a tenant's own store knows.
///
/// # Errors
/// Whatever SQLite says.
pub fn of_store(conn: &Connection) -> Result<Vec<Entry>> {
    let uids: HashMap<i64, String> = brands::list(conn)?.into_iter().map(|brand| (brand.id, brand.uid)).collect();
    let all = privacy::erased(conn)?.into_iter();
    Ok(all
        .filter_map(|(brand, by, key, until_ms)| Some(Entry { brand: uids.get(&brand)?.clone(), by, key, until_ms }))
        .collect())
}

/// Erases in a store whom `entries` name and its own ledger does not: what an older archive has brought back. Tells the store's
/// events so and returns the change-log entries to announce, by row id of the brand. Entries of brands that the store does not have
/// are passed over.
///
/// # Errors
/// Whatever SQLite says.
pub fn reapply(
    tx: &Transaction,
    key: &TenantKey,
    entries: &[Entry],
    by: &Author,
    now: Timestamp,
) -> Result<Vec<(i64, i64)>> {
    let known: HashMap<(String, CustomerKey), i64> =
        of_store(tx)?.into_iter().map(|entry| ((entry.brand, entry.key), entry.until_ms)).collect();
    let is_news =
        |entry: &&Entry| known.get(&(entry.brand.clone(), entry.key)).is_none_or(|until_ms| *until_ms < entry.until_ms);
    let mut news: BTreeMap<&str, Vec<&Entry>> = BTreeMap::new();
    for entry in entries.iter().filter(is_news) {
        news.entry(&entry.brand).or_default().push(entry);
    }
    if news.is_empty() {
        return Ok(Vec::new());
    }
    overwriting(tx, || {
        let (finder, mut removed, mut announced, mut customers) = (Finder::new(key), Removed::default(), Vec::new(), 0);
        for brand in brands::list(tx)? {
            let Some(entries) = news.get(brand.uid.as_str()) else { continue };
            let seq = privacy::begin_cut(tx)?;
            let mut all = privacy::Cut::default();
            for entry in entries {
                let cut = privacy::cut_off(tx, brand.id, (entry.by, &entry.key), entry.until_ms, seq)?;
                all.customers += cut.customers;
                all.orders += cut.orders;
                all.refunds += cut.refunds;
                all.visitors += cut.visitors;
            }
            privacy::end_cut(tx, seq, brand.id, &all, now)?;
            announced.push((brand.id, seq));
            customers += entries.len();
            let wanted: HashSet<_> = entries.iter().map(|entry| (entry.by, entry.key)).collect();
            let blanked = imports::privacy::blank(tx, brand.id, &|text| finder.is_in(text, &wanted))?;
            removed.add(&all, &blanked, &sync::privacy::cut_off(tx, brand.id, &Wanted::new(&finder, &wanted))?);
        }
        if customers > 0 {
            sweep::note(tx, now)?;
            let told = json!({ "entries": customers, "removed": removed });
            by.tell(tx, now, "customer.erased_again", "erasures", told)?;
        }
        Ok(announced)
    })
}

impl Privacy {
    /// Makes a tenant's store and `control.db` know the same: what a crash left undone is done, and what only the store knows, which
    /// may have come from another machine, is noted.
    ///
    /// # Errors
    /// Whatever SQLite says.
    pub async fn reconcile(&self, tenant: &Tenant) -> Result<()> {
        let own = tenant.db().read(of_store).await?;
        let noted = of(&self.0.tenants, tenant.id()).await?;
        let unknown = |all: &[Entry], entry: &Entry| {
            !all.iter().any(|one| one.brand == entry.brand && one.key == entry.key && one.until_ms >= entry.until_ms)
        };
        let missing: Vec<Entry> = own.iter().filter(|entry| unknown(&noted, entry)).cloned().collect();
        if !missing.is_empty() {
            note(&self.0.tenants, tenant.id(), missing).await?;
        }
        if !noted.iter().any(|entry| unknown(&own, entry)) {
            return Ok(());
        }
        let (of, now) = (tenant.clone(), self.0.clock.system_time());
        let by = Author::without_request("system");
        let announced = tenant.db().write(move |tx| reapply(tx, &of.key(), &noted, &by, now)).await?;
        for (brand, seq) in announced {
            tenant.announce(brand, seq);
        }
        Ok(())
    }
}
