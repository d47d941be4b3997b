//! Erasing one customer: noted in `control.db`, done in the store, out of its log, told with a receipt.

use jiff::Timestamp;
use rusqlite::Transaction;
use serde_json::json;

use super::ledger::{self, Entry};
use super::receipt::{self, Receipt, Removed};
use super::{Asked, Privacy, sweep};
use crate::auth::{Author, Reach};
use crate::brands::Brand;
use crate::commerce::privacy::{self, Finder};
use crate::error::Result;
use crate::imports;
use crate::sync::{self, privacy::Wanted};
use crate::tenants::Tenant;

impl Privacy {
    /// Erases a customer of one brand or of all within `reach`, whether they are known or not: what files or archives bring of them
    /// later is cut off, too. Doing it again is harmless and has a receipt of its own.
    ///
    /// # Errors
    /// `NotFound` for a brand that is not there or beyond `reach`; whatever SQLite says. After an error nothing is erased, or
    /// all of it will be by the next daily run.
    pub async fn erase(&self, tenant: &Tenant, asked: Asked, reach: Reach, by: Author) -> Result<Receipt> {
        let now = self.0.clock.system_time();
        let (of, keys) = (asked.clone(), asked.keys(tenant));
        let brands = tenant.db().read(move |conn| {
            let brands = of.brands(conn, &reach)?;
            let mut until = now.as_millisecond();
            for (brand, key) in brands.iter().flat_map(|brand| keys.iter().map(move |key| (brand, key))) {
                until = until.max(privacy::reaches(conn, brand.id, key)?.unwrap_or(until));
            }
            Ok((brands, until))
        });
        let (brands, until_ms) = brands.await?;
        let entries: Vec<Entry> = brands
            .iter()
            .flat_map(|brand| asked.keys(tenant).into_iter().map(|key| (brand.uid.clone(), key)))
            .map(|(brand, key)| Entry { brand, by: asked.by, key, until_ms })
            .collect();
        ledger::note(&self.0.tenants, tenant.id(), entries).await?;
        let (of, kept) = (tenant.clone(), self.0.backups_kept);
        let write = tenant.db().write(move |tx| erase(tx, &of, (&asked, &brands, until_ms), kept, (&by, now)));
        let (receipt, announced) = write.await?;
        for (brand, seq) in announced {
            tenant.announce(brand, seq);
        }
        empty_log(tenant).await;
        Ok(receipt)
    }

    /// A tenant's receipts, the newest first; of those that concern brands beyond `reach` none.
    ///
    /// # Errors
    /// Whatever SQLite says.
    pub async fn receipts(&self, tenant: &Tenant, reach: Reach) -> Result<Vec<Receipt>> {
        tenant.db().read(move |conn| receipt::list(conn, &reach)).await
    }
}

/// The old pages go from the store's log, too, as far as readers of this moment allow; else with the next time it is emptied.
async fn empty_log(tenant: &Tenant) {
    let db = tenant.db().clone();
    let emptied = tokio::task::spawn_blocking(move || db.checkpoint()).await;
    if !matches!(emptied, Ok(Ok(()))) {
        tracing::warn!(tenant = tenant.slug(), "the log could not be emptied after an erasure; it will be later");
    }
}

fn erase(
    tx: &Transaction,
    tenant: &Tenant,
    (asked, brands, until_ms): (&Asked, &[Brand], i64),
    kept: Option<jiff::SignedDuration>,
    (by, now): (&Author, Timestamp),
) -> Result<(Receipt, Vec<(i64, i64)>)> {
    overwriting(tx, || {
        let finder = Finder::new(&tenant.key());
        let wanted = asked.wanted(&finder);
        let (mut removed, mut announced) = (Removed::default(), Vec::new());
        for brand in brands {
            let seq = privacy::begin_cut(tx)?;
            let mut all = privacy::Cut::default();
            for key in asked.keys(tenant) {
                let cut = privacy::cut_off(tx, brand.id, (asked.by, &key), until_ms, seq)?;
                all.customers += cut.customers;
                all.orders += cut.orders;
                all.refunds += cut.refunds;
                all.visitors += cut.visitors;
            }
            privacy::end_cut(tx, seq, brand.id, &all, now)?;
            announced.push((brand.id, seq));
            let blanked = imports::privacy::blank(tx, brand.id, &|text| finder.is_in(text, &wanted))?;
            removed.add(&all, &blanked, &sync::privacy::cut_off(tx, brand.id, &Wanted::new(&finder, &wanted))?);
        }
        let until = kept.and_then(|kept| now.checked_add(kept).ok());
        let receipt = Receipt::new(now, asked.by, brands, removed, until);
        let ids: Vec<i64> = brands.iter().map(|brand| brand.id).collect();
        receipt::insert(tx, &receipt, &by.actor, &ids)?;
        sweep::note(tx, now)?;
        let told = json!({ "named_by": asked.by, "brands": receipt.brands, "removed": receipt.removed });
        by.tell(tx, now, "customer.erased", &format!("erasure:{}", receipt.id), told)?;
        Ok((receipt, announced))
    })
}

/// Has SQLite overwrite what is deleted meanwhile, which is slower. Where so much goes that it merges pages, it leaves bytes in their
/// gaps until it uses them again; like all of the file they are sealed, and `sweep` writes the file anew without them.
pub(super) fn overwriting<T>(tx: &Transaction, work: impl FnOnce() -> Result<T>) -> Result<T> {
    let was: i64 = tx.query_row("pragma secure_delete", [], |row| row.get(0))?;
    tx.execute_batch("pragma secure_delete = on")?;
    let done = work();
    if was == 0 {
        tx.execute_batch("pragma secure_delete = off")?;
    }
    done
}
