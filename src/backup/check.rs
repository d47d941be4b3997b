//! Whether an archive is what it says: unpacked beside everything, opened, checked row by row against its manifest.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, anyhow};
use rusqlite::Connection;

use super::archive::Opened;
use super::manifest::{FileSum, Manifest};
use super::{refused, tables};
use crate::db::Db;
use crate::error::{Error, Result};
use crate::events::{self, Archives, Head};
use crate::tenants;

/// Unpacks an archive's store into a folder of its own in `scratch`, under the name that a tenant's store has, and checks all of
/// it. The folder it returns holds the store as it was when it was copied with the archives of its older events, and nothing else.
///
/// # Errors
/// `Invalid` with code `archive_refused` when anything is not as it should be.
pub(super) fn unpack(archive: Opened, scratch: &Path) -> Result<(Manifest, PathBuf)> {
    let (folder, blank) = (scratch.join("unpacked"), scratch.join("blank.db"));
    std::fs::create_dir(&folder).context("unpacking an archive")?;
    let store = folder.join(tenants::STORE);
    let manifest = archive.unpack(&store)?;
    let checked = open(&manifest, &store).and_then(|db| {
        let outcome = db.read_blocking(|conn| examine(conn, &manifest, &archives_of(&manifest, &folder)?, &blank));
        outcome.and_then(|()| db.close())
    });
    match checked {
        Ok(()) => Ok((manifest, folder)),
        // SQLite's words for a store that does not hold together.
        Err(Error::Database(error)) => Err(refused(format!("its store is damaged: {error}"))),
        Err(error) => Err(error),
    }
}

fn open(manifest: &Manifest, store: &Path) -> Result<Db> {
    let known = manifest.schema >= 1;
    if !known {
        return Err(refused(format!("its store has the schema {}", manifest.schema)));
    }
    let opened = match &manifest.tenant {
        Some(_) => {
            let (id, _) = manifest.tenant_id()?;
            tenants::open_copy(store, &manifest.key.of_tenant()?, id.as_str(), Some(manifest.schema))
        }
        None => tenants::open_control_copy(store, manifest.key.of_instance()?, manifest.schema),
    };
    opened.map_err(|error| match error {
        crate::db::OpenError::Io { .. } | crate::db::OpenError::OldSqlite { .. } => anyhow!(error).into(),
        crate::db::OpenError::NewerSchema { found, known, .. } => {
            refused(format!("a newer version made it (schema {found}, known {known}): install that"))
        }
        _ => refused("its store does not open with its key, or is not the one that its manifest tells of".to_owned()),
    })
}

/// The archives of older events beside a store that was unpacked.
pub(super) fn archives_of(manifest: &Manifest, folder: &Path) -> Result<Archives> {
    Ok(Archives::new(folder.join(events::ARCHIVES), Arc::new(manifest.key.of_tenant()?)))
}

fn examine(conn: &Connection, manifest: &Manifest, archives: &Archives, blank: &Path) -> Result<()> {
    let schema: i64 = conn.query_row("pragma user_version", [], |row| row.get(0))?;
    if schema != manifest.schema {
        return Err(refused(format!("its store has the schema {schema}, and {} in its manifest", manifest.schema)));
    }
    sound(conn, manifest.tenant.is_some(), blank)?;
    let found = tables::sums(conn)?;
    let differs = |name: &str| refused(format!("its table \"{name}\" is not the one that was copied"));
    if let Some((found, _)) = found.iter().zip(&manifest.tables).find(|(found, told)| found != told) {
        return Err(differs(&found.name));
    }
    if found.len() != manifest.tables.len() {
        return Err(refused("its tables are not those that were copied".to_owned()));
    }
    if events::archives(conn)?.iter().map(FileSum::from).ne(manifest.event_archives.iter().cloned()) {
        return Err(refused("its archives of events are not those that its store tells of".to_owned()));
    }
    let verdict = events::verify_all(conn, archives, &[Head::from(&manifest.chain)])?;
    if let Some(fault) = verdict.fault {
        return Err(refused(format!("its event chain is broken at entry {}: {}", fault.seq, fault.kind)));
    }
    Ok(())
}

/// Whether a store has our schema and holds together. `blank` is a new file's path.
pub(super) fn sound(conn: &Connection, of_tenant: bool, blank: &Path) -> Result<()> {
    let schema: i64 = conn.query_row("pragma user_version", [], |row| row.get(0))?;
    tables::check_schema(conn, blank, of_tenant, schema)?;
    whole(conn)
}

/// SQLite's own check of the whole file, and that no row points nowhere.
fn whole(conn: &Connection) -> Result<()> {
    let said: String = conn.query_row("pragma integrity_check(1)", [], |row| row.get(0))?;
    if said != "ok" {
        return Err(refused(format!("its store does not hold together: {said}")));
    }
    let mut orphans = conn.prepare("pragma foreign_key_check")?;
    let mut orphans = orphans.query([])?;
    match orphans.next()? {
        Some(row) => Err(refused(format!("its table \"{}\" has a row that points nowhere", row.get::<_, String>(0)?))),
        None => Ok(()),
    }
}
