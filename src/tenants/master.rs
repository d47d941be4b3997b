//! Another master key in the place of the one in use, while people work: `control.db` once more under the new key, every tenant's
//! key in it wrapped anew, put into its place in one step. That file is the only one under the master key, and its first bytes tell
//! which key it is under: a start reads off them whether the exchange was done, and finishes it or takes it back.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use rusqlite::Transaction;
use secrecy::SecretString;
use serde_json::json;

use super::archives::control_as_key;
use super::control::{AUDIT_KEY, FILE, KEY, audit_key, spec};
use super::lifecycle::{sync_folder, told_of_instance};
use super::registry::blocking;
use super::{Steps, Tenants};
use crate::db::{Broken, Db, remove_log};
use crate::error::{Error, Result};
use crate::events;
use crate::secrets::{KeySource, MasterKey, TenantKey};

/// The new `control.db` until it has its name.
const DRAFT: &str = ".control-rotated";

impl Tenants {
    /// Where the master key in use comes from.
    pub fn master_source(&self) -> KeySource {
        self.master().source().clone()
    }

    /// Fails as [`Self::rotate_master`] would for the key that is given, and changes nothing.
    pub fn check_new_master(&self, given: Option<&SecretString>) -> Result<()> {
        self.master().successor(self.data_folder(), given).map(drop)
    }

    /// Puts another master key in the place of the one in use: the one that is given, or where the key lies in the data folder's
    /// own file and none is given, a new one. The file then holds the new key; whoever keeps it elsewhere has to put it there.
    ///
    /// # Errors
    /// `Invalid` with code `new_master_key` where none is given and one is needed, or it is no key, or the one in use; the file
    /// system's where the key file cannot be replaced. Nothing was changed then.
    pub async fn rotate_master(&self, given: Option<SecretString>, steps: Steps) -> Result<()> {
        let _turn = self.turn_at_files().await;
        let tenants = self.clone();
        blocking(move || rotate(&tenants, given.as_ref(), &steps)).await
    }
}

fn rotate(tenants: &Tenants, given: Option<&SecretString>, steps: &Steps) -> Result<()> {
    let (data, old) = (tenants.data_folder(), tenants.master());
    let new = Arc::new(old.successor(data, given)?);
    let outcome = new.write_beside(data).and_then(|()| {
        steps.done("key written");
        exchange(tenants, (&old, &new), steps).map_err(Error::from)
    });
    if let Err(error) = outcome {
        if !Db::is_under(&data.join(FILE), &new.derive(KEY)) {
            new.forget_beside(data)?;
            remove_draft(&data.join(DRAFT))?;
        }
        return Err(error);
    }
    new.take_the_place(data)?;
    steps.done("key replaced");
    Ok(())
}

fn exchange(tenants: &Tenants, (old, new): (&MasterKey, &Arc<MasterKey>), steps: &Steps) -> Result<(), Broken> {
    let (data, control) = (tenants.data_folder(), tenants.control());
    let (path, draft, key) = (data.join(FILE), data.join(DRAFT), new.derive(KEY));
    let held = control.hold().map_err(Broken::Before)?;
    // Only now: nobody wraps a key with the old one any more.
    copy(tenants, (old, new), &draft).map_err(Broken::Before)?;
    steps.done("copied");
    held.drop_log().map_err(Broken::Before)?;
    steps.done("log emptied");
    held.exchange(&key, &spec(false), || {
        let moving = || format!("exchanging {}", path.display());
        std::fs::rename(&draft, &path).with_context(moving).map_err(|error| Broken::Before(error.into()))?;
        steps.done("exchanged");
        tenants.set_master(Arc::clone(new));
        // What lies there is the old one's, and empty.
        remove_log(&path).with_context(moving).map_err(|error| Broken::After(error.into()))?;
        sync_folder(data).map_err(Broken::After)?;
        steps.done("log removed");
        Ok(())
    })
}

fn copy(tenants: &Tenants, (old, new): (&MasterKey, &MasterKey), draft: &Path) -> Result<()> {
    let (key, now) = (new.derive(KEY), tenants.clock().system_time());
    let copying = || "copying control.db".to_owned();
    remove_draft(draft)?;
    tenants.control().copy_for(draft, &key)?;
    let db = Db::open(draft, &key, &spec(false)).map_err(anyhow::Error::from).with_context(copying)?;
    db.write_blocking(|tx| {
        for table in ["tenants", "restores", "rekeyings"] {
            rewrap(tx, table, (old, new))?;
        }
        events::rewrap(tx, &control_as_key(&old.derive(KEY))?, &control_as_key(&key)?)?;
        // Heads that were signed hold on.
        let heads = audit_key(tx, old)?;
        let heads = TenantKey::from_bytes(&heads[..]).context("wrapping the key of the heads anew")?;
        tx.execute(
            "update instance set master_key_at_ms = ?1, audit_key = ?2",
            (now.as_millisecond(), new.wrap(AUDIT_KEY, &heads)),
        )?;
        told_of_instance(tx, now, "keys.rotated", json!({ "keys": ["master"] }))
    })?;
    db.close()?;
    File::open(draft).and_then(|file| file.sync_all()).with_context(copying)?;
    Ok(())
}

/// A key that is destroyed stays so.
fn rewrap(tx: &Transaction<'_>, table: &str, (old, new): (&MasterKey, &MasterKey)) -> Result<()> {
    let (id, living) = if table == "tenants" { ("id", "state <> 'deleting'") } else { ("tenant_id", "true") };
    let mut query = tx.prepare(&format!("select {id}, wrapped_key from {table} where {living}"))?;
    let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let wrapped = rows.collect::<rusqlite::Result<Vec<(String, Vec<u8>)>>>()?;
    let mut update = tx.prepare(&format!("update {table} set wrapped_key = ?2 where {id} = ?1"))?;
    for (tenant, key) in wrapped {
        let key = old.unwrap(&tenant, &key).with_context(|| format!("wrapping the key of tenant {tenant} anew"))?;
        update.execute((&tenant, new.wrap(&tenant, &key)))?;
    }
    Ok(())
}

fn remove_draft(draft: &Path) -> Result<()> {
    let removing = || format!("removing {}", draft.display());
    remove_log(draft).with_context(removing)?;
    match std::fs::remove_file(draft) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error).with_context(removing)?,
        _ => Ok(()),
    }
}

/// The master key that `control.db` is under, of the one that was found and the one beside it: finishes, at start, an exchange
/// that a crash interrupted, or takes it back.
pub(super) fn settle(data: &Path, mut found: MasterKey) -> Result<MasterKey> {
    let path = data.join(FILE);
    let Some(beside) = found.take_beside() else { return Ok(found) };
    if Db::is_under(&path, &beside.derive(KEY)) {
        match beside.source() {
            KeySource::File(_) | KeySource::NewFile(_) => {
                tracing::info!("finishing an exchange of the master key that was interrupted");
                if let Err(error) = beside.take_the_place(data) {
                    tracing::error!(%error, "the key file could not be replaced: the next start tries again");
                }
            }
            _ => tracing::warn!("the data is under the new master key already: put it in the place of the old one"),
        }
        return Ok(beside);
    }
    if Db::is_under(&path, &found.derive(KEY)) {
        beside.forget_beside(data)?;
        remove_draft(&data.join(DRAFT))?;
    }
    Ok(found)
}
