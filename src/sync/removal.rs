//! Taking an integration away, with what it landed or without.

use rusqlite::{Connection, Transaction, params};
use serde_json::json;

use super::store::{self, Integration};
use super::telling::{self, News};
use super::{Sync, index};
use crate::auth::{Author, Reach};
use crate::commerce::{LandedOf, remove_landed};
use crate::connectors::Source;
use crate::error::{Error, Result};
use crate::tenants::Tenant;

/// What becomes of the rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = IntegrationData)]
pub enum Data {
    /// They stay.
    #[default]
    Keep,
    /// What only this integration landed goes, and with it kept answers.
    Delete,
}

impl Sync {
    /// Takes an integration away: what signs in is destroyed with it. Whoever works on it at the moment lands nothing more.
    ///
    /// # Errors
    /// `NotFound`, also for one of a brand beyond `reach`; whatever SQLite says.
    pub async fn remove(&self, tenant: &Tenant, uid: &str, data: Data, reach: Reach, by: Author) -> Result<()> {
        let (now, name) = (self.0.clock.system_time(), uid.to_owned());
        let write = tenant.db().write(move |tx| {
            let it = store::get(tx, &name)?;
            if !reach.holds(it.brand_id) {
                return Err(Error::NotFound);
            }
            let seq = match data {
                Data::Keep => None,
                Data::Delete => {
                    let of = landed_of(tx, &it)?;
                    Some(remove_landed(tx, it.brand_id, it.source.name(), &of, now.as_millisecond())?)
                }
            };
            tx.execute("delete from integrations where id = ?", [it.id])?;
            let told =
                json!({ "source": it.source.name(), "data": if data == Data::Keep { "kept" } else { "deleted" } });
            by.tell(tx, now, "integration.deleted", &format!("integration:{}", it.uid), told)?;
            let brand: String = tx.query_row("select uid from brands where id = ?", [it.brand_id], |row| row.get(0))?;
            Ok((it, brand, seq))
        });
        let (it, brand, seq) = write.await?;
        index::remove(&self.0.tenants, tenant.id(), uid).await?;
        if let Some(seq) = seq {
            tenant.announce(it.brand_id, seq);
        }
        telling::tell(tenant, News::of(uid, (it.brand_id, &brand), super::State::Paused, None));
        Ok(())
    }
}

/// What an integration landed that no other one of its brand landed, too.
fn landed_of(tx: &Transaction<'_>, it: &Integration) -> Result<LandedOf> {
    let others = |sql: &str| -> Result<bool> {
        Ok(tx.query_row(sql, params![it.id, it.brand_id, it.source.name()], |row| row.get(0))?)
    };
    let alone = !others("select exists (select 1 from integrations where id <> ?1 and brand_id = ?2 and source = ?3)")?;
    // A catalogue, and costs, may come from files as well: those stay.
    let imported = others("select exists (select 1 from imports where brand_id = ?2 and ?1 <> 0 and ?3 <> '')")?;
    let mut of = LandedOf { catalogue: it.source == Source::Shopify && alone && !imported, ..LandedOf::default() };
    for (kind, key) in own(tx, it)? {
        match (kind.as_str(), key.split_once('\u{1f}')) {
            ("store", _) => of.stores.push(key),
            ("warehouse", _) => of.warehouses.push(key),
            (_, Some((channel, account))) => of.ad_accounts.push((channel.to_owned(), account.to_owned())),
            _ => {}
        }
    }
    Ok(of)
}

fn own(conn: &Connection, it: &Integration) -> Result<Vec<(String, String)>> {
    let mut all = conn.prepare(
        "select kind, key from integration_landed l where integration_id = ?1 and not exists (
           select 1 from integration_landed o join integrations i on i.id = o.integration_id
           where o.kind = l.kind and o.key = l.key and i.id <> ?1 and i.brand_id = ?2)",
    )?;
    let rows = all.query_map(params![it.id, it.brand_id], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}
