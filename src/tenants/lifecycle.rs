//! Making and deleting tenants, in steps of which each can be the last before a crash, and finishing what a crash left.

use std::fs::{DirBuilder, File};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use anyhow::Context;

use super::registry::Tenants;
use super::{TenantId, directory, rekey, restore};
use crate::db::Db;
use crate::error::{Error, Result};
use crate::events::Author;
use crate::secrets::{Purpose, TenantKey};

/// A tenant's store in its folder.
pub const STORE: &str = "store.db";

/// A new tenant: its row (in the state `creating`) with its key, its folder under another name, the folder's own name,
/// the row's state. A crash between any two is finished or undone by [`recover`].
pub(super) fn create(tenants: &Tenants, slug: &str, name: &str, by: &Author) -> Result<TenantId> {
    check_slug(slug)?;
    let name = check_name(name)?;
    let now = tenants.clock().system_time();
    let (id, key) = (TenantId::random(), TenantKey::random());
    let control = tenants.control();
    control.write_blocking(|tx| {
        let wrapped = tenants.master().wrap(id.as_str(), &key);
        directory::begin(tx, &id, (slug, name), &wrapped, now.as_millisecond())
    })?;
    if let Err(error) = make_folder(tenants, &id, &key) {
        undo(tenants, &id);
        return Err(error);
    }
    control.write_blocking(|tx| {
        directory::activate(tx, &id)?;
        by.tell(tx, now, "tenant.created", &subject(&id), serde_json::json!({ "slug": slug })).map(drop)
    })?;
    Ok(id)
}

fn make_folder(tenants: &Tenants, id: &TenantId, key: &TenantKey) -> Result<()> {
    let (draft, folder) = (draft(tenants.folder(), id), tenants.folder().join(id.as_str()));
    let making = || format!("making the folder {}", folder.display());
    DirBuilder::new().mode(0o700).create(&draft).with_context(making)?;
    let db = Db::open(&draft.join(STORE), &key.derive(Purpose::Store), &tenants.store_spec(id, 0, true))
        .with_context(making)?;
    db.close()?;
    std::fs::rename(&draft, &folder).with_context(making)?;
    sync_folder(tenants.folder())
}

/// Best effort: what is left is finished at the next start.
fn undo(tenants: &Tenants, id: &TenantId) {
    let outcome = remove_folder(&draft(tenants.folder(), id))
        .and_then(|()| tenants.control().write_blocking(|tx| directory::forget(tx, id)));
    if let Err(error) = outcome {
        tracing::warn!(tenant = %id, %error, "a tenant that could not be made left something until the next start");
    }
}

/// Deletes a tenant: its key first, which makes its data unreadable for good, then its folder.
pub(super) fn delete(tenants: &Tenants, id: &TenantId, due_by: Option<i64>) -> Result<()> {
    let now = tenants.clock().system_time();
    tenants.control().write_blocking(|tx| {
        directory::begin_delete(tx, id, due_by)?;
        told(tx, now, "tenant.deleted", id, serde_json::json!({}))
    })?;
    // The log still holds the page with the key: it goes at once.
    tenants.control().checkpoint()?;
    finish_delete(tenants, id)
}

fn finish_delete(tenants: &Tenants, id: &TenantId) -> Result<()> {
    remove_folder(&tenants.folder().join(id.as_str()))?;
    sync_folder(tenants.folder())?;
    tenants.control().write_blocking(|tx| directory::forget(tx, id))
}

/// Finishes, at start, what a crash interrupted: a folder that has its name is a tenant, one that has not never was.
pub(super) fn recover(tenants: &Tenants) -> Result<()> {
    restore::recover(tenants)?;
    rekey::recover(tenants)?;
    for (id, creating) in tenants.control().read_blocking(directory::unfinished)? {
        let complete = tenants.folder().join(id.as_str()).is_dir();
        tracing::info!(tenant = %id, creating, complete, "finishing what a crash interrupted");
        if creating && complete {
            let now = tenants.clock().system_time();
            tenants.control().write_blocking(|tx| {
                directory::activate(tx, &id)?;
                told(tx, now, "tenant.created", &id, serde_json::json!({ "recovered": true }))
            })?;
        } else if creating {
            remove_folder(&draft(tenants.folder(), &id))?;
            tenants.control().write_blocking(|tx| directory::forget(tx, &id))?;
        } else {
            finish_delete(tenants, &id)?;
        }
    }
    Ok(())
}

pub(super) fn told(
    tx: &rusqlite::Transaction<'_>,
    now: jiff::Timestamp,
    kind: &str,
    id: &TenantId,
    data: serde_json::Value,
) -> Result<()> {
    append(tx, now, kind, &subject(id), data)
}

/// What a tenant is called in events.
pub(super) fn subject(id: &TenantId) -> String {
    format!("tenant:{id}")
}

/// [`told`] of the instance as a whole.
pub(super) fn told_of_instance(
    tx: &rusqlite::Transaction<'_>,
    now: jiff::Timestamp,
    kind: &str,
    data: serde_json::Value,
) -> Result<()> {
    append(tx, now, kind, "instance", data)
}

fn append(
    tx: &rusqlite::Transaction<'_>,
    now: jiff::Timestamp,
    kind: &str,
    subject: &str,
    data: serde_json::Value,
) -> Result<()> {
    operator().tell(tx, now, kind, subject, data).map(drop)
}

/// Whoever can read the data folder.
pub(super) fn operator() -> Author {
    Author::without_request("operator")
}

/// Where a tenant's folder is made before it has its name.
fn draft(folder: &Path, id: &TenantId) -> PathBuf {
    folder.join(format!(".new-{id}"))
}

pub(super) fn remove_folder(path: &Path) -> Result<()> {
    match std::fs::remove_dir_all(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("removing {}", path.display()))?
        }
        _ => Ok(()),
    }
}

pub(super) fn sync_folder(path: &Path) -> Result<()> {
    File::open(path).and_then(|folder| folder.sync_all()).with_context(|| format!("syncing {}", path.display()))?;
    Ok(())
}

/// A slug is typed in commands and read in addresses: letters a to z, digits and single hyphens within.
pub(super) fn check_slug(slug: &str) -> Result<()> {
    let plain = slug.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'));
    let framed = !slug.starts_with('-') && !slug.ends_with('-') && !slug.contains("--");
    if plain && framed && (1..=63).contains(&slug.len()) {
        return Ok(());
    }
    Err(Error::invalid("slug", "A slug has 1 to 63 letters a-z, digits and single hyphens, which stand within."))
}

pub(super) fn check_name(name: &str) -> Result<&str> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > 200 || name.chars().any(char::is_control) {
        return Err(Error::invalid("name", "A name has 1 to 200 characters."));
    }
    Ok(name)
}
