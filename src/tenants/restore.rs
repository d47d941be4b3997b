//! A store out of an archive becomes a tenant's, or takes the place of one: in steps of which each can be the last before a
//! crash. Before the step that `control.db` notes, nothing has changed; after it, the next start goes on to the end.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use anyhow::Context;

use super::lifecycle::{check_name, check_slug, remove_folder, sync_folder, told};
use super::registry::blocking;
use super::{TenantId, TenantInfo, Tenants, directory, schema};
use crate::db::{Db, FileSpec, OpenError};
use crate::error::Result;
use crate::events::Head;
use crate::secrets::{Purpose, TenantKey};

/// Where work lies that a crash may leave: emptied at every start.
const SCRATCH: &str = "scratch";

/// A store that came out of an archive, checked, and made the tenant's whose id is given.
#[derive(Debug)]
pub struct Restored {
    /// The tenant's id.
    pub id: TenantId,
    /// The name used in commands.
    pub slug: String,
    /// The name for people.
    pub name: String,
    /// The store's key, and of all else that is derived from it.
    pub key: TenantKey,
    /// Holds the store and the archives of its older events, and nothing else; on the data folder's file system.
    pub folder: PathBuf,
    /// Commits of the store.
    pub commits: i64,
    /// The newest entry of its event chain.
    pub head: Head,
    /// E-mails of its people.
    pub emails: Vec<String>,
    /// What the instance's own events tell of it.
    pub told: serde_json::Value,
}

impl Tenants {
    /// Makes a tenant of a store that came out of an archive: a new one, or with `replace` in the place of the tenant of that
    /// id. Returns the e-mails that lead to it; those missing belong to people of other tenants. Whoever holds the old store can
    /// do nothing with it any more. `Conflict` when the slug is taken.
    pub async fn restore(&self, restored: Restored, replace: bool) -> Result<Vec<String>> {
        let (tenants, id) = (self.clone(), restored.id.clone());
        let _turn = self.turn_at_files().await;
        self.begin_replacing(&id).await;
        let outcome = blocking(move || {
            match replace {
                true => take_the_place(&tenants, &restored)?,
                false => begin_anew(&tenants, &restored)?,
            }
            tenants.control().read_blocking(|conn| directory::emails_of(conn, &restored.id))
        })
        .await;
        self.end_replacing(&id);
        outcome
    }

    /// The tenant of that slug as it is listed, whether its store opens or not.
    pub async fn find(&self, slug: &str) -> Result<Option<TenantInfo>> {
        Ok(self.list().await?.into_iter().find(|tenant| tenant.slug == slug))
    }

    /// A folder for work on this file system. It goes when dropped, or at the next start.
    pub fn scratch(&self) -> Result<tempfile::TempDir> {
        let folder = self.data_folder().join(SCRATCH);
        let making = || format!("making a folder in {}", folder.display());
        DirBuilder::new().recursive(true).mode(0o700).create(&folder).with_context(making)?;
        Ok(tempfile::tempdir_in(&folder).with_context(making)?)
    }
}

/// Opens a copy of a tenant's store that lies outside its folder. With a `schema`, as it is: a copy of another schema is refused;
/// without, brought up to date.
pub fn open_copy(path: &Path, key: &TenantKey, owner: &str, schema: Option<i64>) -> Result<Db, OpenError> {
    open_as(path, &key.derive(Purpose::Store), (schema::TENANT_ID, owner), schema::TENANT, schema)
}

/// [`open_copy`] of a copy of `control.db`.
pub fn open_control_copy(path: &Path, key: &[u8; 32], schema: i64) -> Result<Db, OpenError> {
    open_as(path, key, (schema::CONTROL_ID, schema::CONTROL_OWNER), schema::CONTROL, Some(schema))
}

/// A new, empty file of a schema, to compare with: of a tenant's store, or of `control.db`.
pub fn make_blank(path: &Path, of_tenant: bool, schema: i64) -> Result<Db, OpenError> {
    let (kind, owner, migrations) = match of_tenant {
        true => (schema::TENANT_ID, "blank", schema::TENANT),
        false => (schema::CONTROL_ID, schema::CONTROL_OWNER, schema::CONTROL),
    };
    let migrations = up_to(migrations, Some(schema));
    let key = TenantKey::random().derive(Purpose::Snapshots);
    Db::open(path, &key, &spec((kind, owner), migrations, true))
}

fn open_as(
    path: &Path,
    key: &[u8; 32],
    whose: (i32, &str),
    migrations: &'static [crate::db::Migration],
    schema: Option<i64>,
) -> Result<Db, OpenError> {
    Db::open(path, key, &spec(whose, up_to(migrations, schema), false))
}

fn up_to(migrations: &'static [crate::db::Migration], schema: Option<i64>) -> &'static [crate::db::Migration] {
    let wanted = schema.and_then(|schema| usize::try_from(schema).ok());
    wanted.and_then(|wanted| migrations.get(..wanted)).unwrap_or(migrations)
}

fn spec<'a>(
    (application_id, owner): (i32, &'a str),
    migrations: &'static [crate::db::Migration],
    create: bool,
) -> FileSpec<'a> {
    FileSpec { application_id, owner, migrations, create, least_commits: 0, secure_delete: false }
}

/// A new tenant: its row, its folder, the row's state, as when one is made.
fn begin_anew(tenants: &Tenants, new: &Restored) -> Result<()> {
    check_slug(&new.slug)?;
    check_name(&new.name)?;
    let now = tenants.clock().system_time();
    let control = tenants.control();
    control.write_blocking(|tx| {
        let wrapped = tenants.master().wrap(new.id.as_str(), &new.key);
        directory::begin_restored(tx, new, &wrapped, now.as_millisecond())
    })?;
    let folder = tenants.folder().join(new.id.as_str());
    let moved = std::fs::rename(&new.folder, &folder).with_context(|| format!("making {}", folder.display()));
    if let Err(error) = moved {
        control.write_blocking(|tx| directory::forget(tx, &new.id))?;
        return Err(error.into());
    }
    sync_folder(tenants.folder())?;
    control.write_blocking(|tx| {
        directory::activate(tx, &new.id)?;
        told(tx, now, "tenant.restored", &new.id, new.told.clone())
    })
}

/// The store beside the tenant's, the note, the exchange.
fn take_the_place(tenants: &Tenants, new: &Restored) -> Result<()> {
    check_name(&new.name)?;
    let staged = staged(tenants, &new.id);
    remove_folder(&staged)?;
    std::fs::rename(&new.folder, &staged).with_context(|| format!("making {}", staged.display()))?;
    sync_folder(tenants.folder())?;
    let now = tenants.clock().system_time();
    let noted = tenants.control().write_blocking(|tx| {
        let wrapped = tenants.master().wrap(new.id.as_str(), &new.key);
        directory::begin_replacing(tx, new, &wrapped)?;
        told(tx, now, "tenant.restored", &new.id, new.told.clone())
    });
    if let Err(error) = noted {
        remove_folder(&staged)?;
        return Err(error);
    }
    exchange(tenants, &new.id)
}

/// From the note to the end; may be begun again at any point.
fn exchange(tenants: &Tenants, id: &TenantId) -> Result<()> {
    swap(tenants, &staged(tenants, id), id)?;
    tenants.control().write_blocking(|tx| directory::end_replacing(tx, id))?;
    // The old key goes from the log, too.
    tenants.control().checkpoint()?;
    remove_folder(&replaced(tenants, id))
}

/// Puts a staged folder in the place of the tenant's, which is set aside; does nothing where it lies there already.
pub(super) fn swap(tenants: &Tenants, staged: &Path, id: &TenantId) -> Result<()> {
    let (replaced, current) = (replaced(tenants, id), tenants.folder().join(id.as_str()));
    let moving = || format!("exchanging {}", current.display());
    if !staged.exists() {
        return Ok(());
    }
    if current.exists() {
        remove_folder(&replaced)?;
        std::fs::rename(&current, &replaced).with_context(moving)?;
    }
    std::fs::rename(staged, &current).with_context(moving)?;
    sync_folder(tenants.folder())
}

/// Finishes, at start, the exchanges that were noted, and removes what the others left.
pub(super) fn recover(tenants: &Tenants) -> Result<()> {
    remove_folder(&tenants.data_folder().join(SCRATCH))?;
    for id in tenants.control().read_blocking(directory::replacing)? {
        tracing::info!(tenant = %id, "finishing a restore that a crash interrupted");
        exchange(tenants, &id)?;
    }
    for entry in std::fs::read_dir(tenants.folder()).context("looking for what a crash left")? {
        let path = entry.context("looking for what a crash left")?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with(STAGED) || name.starts_with(REPLACED) {
            remove_folder(&path)?;
        }
    }
    Ok(())
}

const STAGED: &str = ".restored-";
const REPLACED: &str = ".replaced-";

fn staged(tenants: &Tenants, id: &TenantId) -> PathBuf {
    tenants.folder().join(format!("{STAGED}{id}"))
}

pub(super) fn replaced(tenants: &Tenants, id: &TenantId) -> PathBuf {
    tenants.folder().join(format!("{REPLACED}{id}"))
}
