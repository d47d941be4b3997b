//! Taking an integration away, with what it landed or without.

use rusqlite::{Connection, Transaction, params};
use serde_json::json;

use super::store::{self, Integration, kept};
use super::telling::{self, News};
use super::{Sync, index};
use crate::auth::{Author, Reach};
use crate::commerce::{LandedOf, Picked, pick_landed, remove_landed, remove_picked};
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

/// What became of a piece of a removal.
enum Piece {
    /// There is more.
    Taken,
    /// It was the last: the brand, and the entry of the change log to announce.
    Last(i64, Option<i64>),
    /// The integration is not there at all.
    Gone,
    /// It is not being removed.
    Nothing,
}

impl Sync {
    /// Takes an integration away: what signs in is destroyed at once, and nobody sees it any more. Whoever works on it at the moment lands
    /// nothing more. The rest goes in pieces, between which others write; what a crash leaves of it goes as soon as something is due.
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
            store::begin_removal(tx, it.id, data == Data::Delete)?;
            let told =
                json!({ "source": it.source.name(), "data": if data == Data::Keep { "kept" } else { "deleted" } });
            by.tell(tx, now, "integration.deleted", &format!("integration:{}", it.uid), told)?;
            let brand: String = tx.query_row("select uid from brands where id = ?", [it.brand_id], |row| row.get(0))?;
            Ok((it, brand))
        });
        let (it, brand) = write.await?;
        let entry = index::Entry { uid: uid.to_owned(), tenant: tenant.id().clone(), source: it.source };
        index::put(&self.0.tenants, entry, Some(now.as_millisecond())).await?;
        telling::tell(tenant, News::of(uid, (it.brand_id, &brand), super::State::Paused, None));
        self.clear_away(tenant, uid).await
    }

    /// Deletes what is left of an integration that was taken away, piece by piece; nothing for any other.
    pub(super) async fn clear_away(&self, tenant: &Tenant, uid: &str) -> Result<()> {
        while !self.0.stop.is_cancelled() {
            let name = uid.to_owned();
            let picked = tenant.db().read(move |conn| pick(conn, &name)).await?;
            let (name, now_ms) = (uid.to_owned(), self.now_ms());
            match tenant.db().write(move |tx| take(tx, &name, &picked, now_ms)).await? {
                Piece::Taken => self.step_done("cleared"),
                Piece::Last(brand_id, seq) => {
                    index::remove(&self.0.tenants, tenant.id(), uid).await?;
                    if let Some(seq) = seq {
                        tenant.announce(brand_id, seq);
                    }
                    return Ok(());
                }
                Piece::Gone => return index::remove(&self.0.tenants, tenant.id(), uid).await,
                Piece::Nothing => return Ok(()),
            }
        }
        Ok(())
    }
}

/// The next piece of what is kept of an integration and of what it landed, looked for while others may write.
fn pick(conn: &Connection, uid: &str) -> Result<Picked> {
    let Some((it, with_rows)) = store::removing(conn, uid)? else { return Ok(Picked::default()) };
    if !with_rows || kept::any(conn, it.id)? {
        return Ok(Picked::default());
    }
    pick_landed(conn, it.brand_id, it.source.name(), &landed_of(conn, &it)?)
}

/// Deletes a piece.
fn take(tx: &Transaction<'_>, uid: &str, picked: &Picked, now_ms: i64) -> Result<Piece> {
    let Some((it, with_rows)) = store::removing(tx, uid)? else {
        return Ok(if store::find(tx, uid)?.is_some() { Piece::Nothing } else { Piece::Gone });
    };
    let taken = kept::remove_some(tx, it.id)? || remove_picked(tx, picked, (it.brand_id, now_ms))?;
    if taken || with_rows && !picked.none_left() {
        return Ok(Piece::Taken);
    }
    let seq = match with_rows {
        false => None,
        true => {
            let of = landed_of(tx, &it)?;
            Some(remove_landed(tx, it.brand_id, it.source.name(), &of, now_ms)?)
        }
    };
    tx.execute("delete from integrations where id = ?", [it.id])?;
    Ok(Piece::Last(it.brand_id, seq))
}

/// What an integration landed that no other one of its brand landed, too.
fn landed_of(tx: &Connection, it: &Integration) -> Result<LandedOf> {
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
