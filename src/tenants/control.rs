//! `control.db`: how it is opened, and what is asked of it as a whole.

use std::fs::{DirBuilder, File};
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, anyhow};
use jiff::Timestamp;
use rusqlite::Connection;
use zeroize::Zeroizing;

use super::archives::{control_as_key, of_control};
use super::{Tenant, TenantId, Tenants, directory, schema};
use crate::db::{Db, FileSpec, OpenError};
use crate::error::{Error, Result};
use crate::events::{self, Archives, Entry, Verdict};
use crate::secrets::{MasterKey, TenantKey};

/// Its name in the data folder.
pub(super) const FILE: &str = "control.db";
/// What its key is derived for.
pub(super) const KEY: &str = "control.db";

impl Tenants {
    /// The data folder.
    pub fn data_folder(&self) -> &Path {
        self.folder().parent().unwrap_or(self.folder())
    }

    /// The instance's own name, made at its first start.
    pub fn instance(&self) -> Result<String> {
        self.control().read_blocking(directory::instance)
    }

    /// Removes copies of before an upgrade that have been kept long enough.
    pub async fn forget_old_copies(&self, now: std::time::SystemTime) -> Result<()> {
        let mut stores = vec![self.data_folder().join(FILE)];
        stores.extend(
            self.list().await?.into_iter().map(|tenant| self.folder().join(tenant.id.as_str()).join(super::STORE)),
        );
        super::registry::blocking(move || super::upgrade::forget_old(stores.into_iter(), now)).await
    }

    /// Opens `control.db` anew if the disk failed it. Nobody can let go of it as of a tenant's store, so it is mended in place.
    pub async fn mend_control(&self) -> Result<()> {
        let control = self.control().clone();
        let mended = super::registry::blocking(move || Ok(control.mend().map_err(anyhow::Error::from)?)).await?;
        if mended {
            tracing::info!("the control store is in use again");
        }
        Ok(())
    }

    /// Tenants that were deleted here, as the instance's events tell.
    pub async fn deleted(&self) -> Result<Vec<TenantId>> {
        self.control().read(directory::deleted).await
    }

    /// Checks a tenant's event chain, also against the newest entry that `control.db` remembers.
    pub async fn verify_events(&self, tenant: &Tenant) -> Result<Verdict> {
        self.verify_events_against(tenant, Vec::new()).await
    }

    /// The key that signs the heads of event chains. It opens nothing, and stays when the master key is made anew.
    pub(crate) fn audit_key(&self) -> Result<Zeroizing<[u8; 32]>> {
        self.control().read_blocking(|conn| audit_key(conn, &self.master()))
    }

    /// The key that opens a copy of `control.db`.
    pub(crate) fn control_key(&self) -> Zeroizing<[u8; 32]> {
        self.master().derive(KEY)
    }
}

/// Under what name the key of the heads is wrapped; no tenant is called so.
pub(super) const AUDIT_KEY: &str = "audit-heads";

/// The key of the heads, in a `control.db` under this master key.
pub(super) fn audit_key(conn: &Connection, master: &MasterKey) -> Result<Zeroizing<[u8; 32]>> {
    let kept: Option<Vec<u8>> = conn.query_row("select audit_key from instance", [], |row| row.get(0))?;
    let Some(wrapped) = kept else { return Ok(master.derive("audit-heads/v1")) };
    let key = master.unwrap(AUDIT_KEY, &wrapped)?.to_bytes();
    Ok(Zeroizing::new(<[u8; 32]>::try_from(&key[..]).context("the key of the heads has another length")?))
}

/// Puts a copy of another machine's `control.db` into an empty data folder, sealed under this one's master key: its events and
/// its name go on; its tenants come with archives of their own, and nobody stays signed in. Beside the copy come the archives of its
/// older events and the key that it was under. `Conflict` when the folder has one.
pub(crate) fn adopt(
    data: &Path,
    master: &MasterKey,
    (copy, archives, of): (&Db, &Archives, &TenantKey),
    now: Timestamp,
    told: serde_json::Value,
) -> Result<()> {
    let path = data.join(FILE);
    let occupied = std::fs::read_dir(data.join("tenants")).is_ok_and(|mut entries| entries.next().is_some());
    if path.exists() || occupied {
        let reason =
            format!("{} holds an instance already, and nothing was changed: name an empty folder", data.display());
        return Err(Error::conflict("instance_exists", reason));
    }
    let draft = data.join(".control-restored");
    let making = || format!("making {}", path.display());
    for leftover in ["", "-wal", "-shm"] {
        match std::fs::remove_file(data.join(format!(".control-restored{leftover}"))) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error).with_context(making)?,
            _ => {}
        }
    }
    copy.copy_for(&draft, &master.derive(KEY))?;
    let db = Db::open(&draft, &master.derive(KEY), &spec(false)).map_err(anyhow::Error::from).with_context(making)?;
    let key = Arc::new(control_as_key(&master.derive(KEY))?);
    db.read_blocking(|conn| archives.put_into(conn, of_control(data, Arc::clone(&key)).folder()))?;
    db.write_blocking(|tx| {
        events::rewrap(tx, of, &key)?;
        tx.execute_batch(
            "delete from daily_jobs; delete from restores; delete from rekeyings; delete from tenants;
             delete from signing_keys; delete from backup_keys; delete from key_reminders;
             delete from instance_tokens;
             update instance set master_key_at_ms = null, audit_key = null",
        )?;
        let entry = Entry {
            kind: "instance.restored",
            actor: "operator",
            subject: Some("instance"),
            request_id: None,
            ip: None,
            data: told,
        };
        events::append(tx, now, &entry).map(drop)
    })?;
    db.close()?;
    File::open(&draft).and_then(|file| file.sync_all()).with_context(making)?;
    std::fs::rename(&draft, &path).with_context(making)?;
    Ok(File::open(data).and_then(|folder| folder.sync_all()).with_context(making)?)
}

pub(super) fn spec(create: bool) -> FileSpec<'static> {
    FileSpec {
        application_id: schema::CONTROL_ID,
        owner: schema::CONTROL_OWNER,
        migrations: schema::CONTROL,
        create,
        least_commits: 0,
        secure_delete: true,
    }
}

/// The key of `control.db`.
pub(super) fn key_of(master: &MasterKey) -> Zeroizing<[u8; 32]> {
    master.derive(KEY)
}

/// Opens it in the data folder, making both if nothing is there.
pub(super) fn open(data: &Path, folder: &Path, master: &MasterKey) -> Result<Db> {
    let path = data.join(FILE);
    let making = || format!("making the data folder {}", data.display());
    DirBuilder::new().recursive(true).mode(0o700).create(folder).with_context(making)?;
    let occupied = std::fs::read_dir(folder).with_context(making)?.next().is_some();
    // Without it the tenants' keys are gone: an empty one beside their folders would only hide that.
    Db::open_keeping(&path, &master.derive(KEY), &spec(!occupied)).map_err(|error| match error {
        OpenError::WrongKey(path) => anyhow!(
            "the master key does not open {}: it is another folder's, it was rotated since, or the file's \
             beginning is damaged. \
             Nothing was changed",
            path.display()
        )
        .into(),
        OpenError::Missing(path) => anyhow!(
            "{} is missing although there are tenants beside it: put it back, for it holds their keys",
            path.display()
        )
        .into(),
        other => Error::Internal(other.into()),
    })
}
