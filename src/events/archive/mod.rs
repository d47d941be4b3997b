//! Older entries of a chain in sealed files beside its store. The store knows each file by name, size and hash, and what it ends with;
//! the chain goes on from the last one's end. A file opens with a key of its own, which the store keeps sealed under its owner's key:
//! so a new key of the owner leaves the files as they are, and a deleted owner's open with nothing.
//!
//! Moving goes: seal, sync, read back, compare; then, in one transaction, the store takes the file up and lets the entries go. A file
//! that no store took up is what a crash left: the next moving removes it.

mod file;
mod moving;

use std::collections::HashSet;
use std::fs::{DirBuilder, File};
use std::io::ErrorKind;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, anyhow};
use rusqlite::{Connection, Transaction};

use crate::db;
use crate::error::{Error, Result};
use crate::secrets::{Purpose, TenantKey};

pub(super) use file::Stored;
pub use file::is_name;
pub use moving::{Due, Sealed, due};

/// The folder of archives, beside the store.
pub const FOLDER: &str = "events";

/// An archive as its store knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Archive {
    /// Place of its first entry in the chain.
    pub first: i64,
    /// Place of its last.
    pub last: i64,
    /// Hash of its last entry.
    pub hash: [u8; 32],
    /// The earliest time of an entry, milliseconds of unix time.
    pub from_ms: i64,
    /// The latest.
    pub to_ms: i64,
    /// The file's name in its folder.
    pub name: String,
    /// Bytes of the file.
    pub bytes: u64,
    /// SHA-256 of the file.
    pub sha256: [u8; 32],
    wrapped_key: Vec<u8>,
}

/// Why an archive cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ArchiveFault {
    /// There is no such file.
    Missing,
    /// The file is not the one that was sealed.
    Changed,
    /// It is the one that was sealed, and what the store knows of it is not.
    Unknown,
    /// The disk does not give it.
    Unreadable,
}

impl std::fmt::Display for ArchiveFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Missing => "is missing",
            Self::Changed => "is not the one that was sealed: it was changed, cut or exchanged",
            Self::Unknown => "is not what the store remembers of it",
            Self::Unreadable => "cannot be read from the disk",
        })
    }
}

/// Where a chain's archives lie, and what opens them. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Archives {
    folder: PathBuf,
    key: Arc<TenantKey>,
}

impl Archives {
    /// In this folder, of the owner of this key.
    pub fn new(folder: PathBuf, key: Arc<TenantKey>) -> Self {
        Self { folder, key }
    }

    /// Where they lie.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where an archive lies.
    pub fn path(&self, archive: &Archive) -> PathBuf {
        self.folder.join(&archive.name)
    }

    /// The entries of an archive, the oldest first.
    pub(super) fn read(&self, archive: &Archive) -> Result<Vec<Stored>, ArchiveFault> {
        let key = self.key.open(Purpose::Events, &archive.name, &archive.wrapped_key).ok();
        let key = key.and_then(|key| TenantKey::from_bytes(&key)).ok_or(ArchiveFault::Unknown)?;
        file::read(&self.path(archive), archive, &key)
    }

    /// The entries of an archive as a table `events` in memory, to be asked as the store is.
    ///
    /// # Errors
    /// `Unavailable` with code `archive_unreadable` where the file is not what was sealed.
    pub fn table(&self, archive: &Archive) -> Result<Connection> {
        let entries = self.read(archive).map_err(|fault| {
            tracing::error!(archive = archive.name, "an archive of events {fault}");
            Error::Unavailable {
                code: "archive_unreadable",
                reason: format!(
                    "Older entries cannot be read: the archive {} {fault}. `pulsepoint audit verify` tells more.",
                    archive.name
                ),
                retry_after_secs: 3600,
            }
        })?;
        let conn = db::in_memory()?;
        conn.execute_batch(
            "create table events (seq integer primary key, at_ms integer not null, kind text not null, actor text not null,
                 subject text, request_id text, ip text, data text not null) strict",
        )?;
        let mut insert = conn.prepare("insert into events values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)")?;
        for entry in &entries {
            insert.execute(entry.columns())?;
        }
        drop(insert);
        Ok(conn)
    }

    /// Puts every archive that the store knows into another folder, too; what is not there is for a check to find. Synced.
    pub fn put_into(&self, conn: &Connection, folder: &Path) -> Result<()> {
        let known = list(conn)?;
        if known.is_empty() {
            return Ok(());
        }
        make_folder(folder)?;
        for archive in known {
            let (from, to) = (self.path(&archive), folder.join(&archive.name));
            let putting = || format!("putting {} into {}", from.display(), folder.display());
            match std::fs::hard_link(&from, &to) {
                Ok(()) => {}
                Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::AlreadyExists) => {}
                // Another file system, or one without links.
                Err(_) => {
                    std::fs::copy(&from, &to).with_context(putting)?;
                    File::open(&to).and_then(|file| file.sync_all()).with_context(putting)?;
                }
            }
        }
        sync(folder)
    }

    /// Removes files that the store does not know.
    pub fn tidy(&self, conn: &Connection) -> Result<()> {
        let known: HashSet<String> = list(conn)?.into_iter().map(|archive| archive.name).collect();
        let reading = || format!("reading {}", self.folder.display());
        let entries = match std::fs::read_dir(&self.folder) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            entries => entries.with_context(reading)?,
        };
        for entry in entries {
            let path = entry.with_context(reading)?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if !known.contains(name.as_ref()) && (is_name(&name) || name.starts_with(file::PART)) {
                std::fs::remove_file(&path).with_context(|| format!("removing {}", path.display()))?;
            }
        }
        Ok(())
    }
}

/// The archives of a chain, the oldest first. A store of before there were any has none.
pub fn list(conn: &Connection) -> Result<Vec<Archive>> {
    let known: bool =
        conn.query_row("select count(*) > 0 from sqlite_schema where name = 'event_archives'", [], |row| row.get(0))?;
    if !known {
        return Ok(Vec::new());
    }
    let mut query = conn.prepare(
        "select first_seq, last_seq, hash, from_ms, to_ms, name, bytes, sha256, wrapped_key from event_archives
         order by first_seq",
    )?;
    let rows = query.query_map([], |row| {
        let bytes: i64 = row.get(6)?;
        Ok(Archive {
            first: row.get(0)?,
            last: row.get(1)?,
            hash: row.get(2)?,
            from_ms: row.get(3)?,
            to_ms: row.get(4)?,
            name: row.get(5)?,
            bytes: u64::try_from(bytes).unwrap_or(0),
            sha256: row.get(7)?,
            wrapped_key: row.get(8)?,
        })
    })?;
    let all = rows.collect::<rusqlite::Result<Vec<Archive>>>()?;
    // A store may come out of a backup that somebody else made.
    match all.iter().find(|archive| !is_name(&archive.name)) {
        Some(archive) => Err(anyhow!("{:?} is no name of an archive of events", archive.name).into()),
        None => Ok(all),
    }
}

/// Seals the keys of all archives under another key of their owner.
pub fn rewrap(tx: &Transaction<'_>, old: &TenantKey, new: &TenantKey) -> Result<()> {
    let mut update = tx.prepare("update event_archives set wrapped_key = ?2 where name = ?1")?;
    for archive in list(tx)? {
        // One that does not open is a fault already, which a check names and a new key does not mend.
        if let Ok(key) = old.open(Purpose::Events, &archive.name, &archive.wrapped_key) {
            update.execute((&archive.name, new.seal(Purpose::Events, &archive.name, &key)))?;
        }
    }
    Ok(())
}

fn make_folder(folder: &Path) -> Result<()> {
    let making = || format!("making the folder {}", folder.display());
    DirBuilder::new().recursive(true).mode(0o700).create(folder).with_context(making)?;
    match folder.parent() {
        Some(above) => sync(above),
        None => Ok(()),
    }
}

fn sync(folder: &Path) -> Result<()> {
    File::open(folder).and_then(|file| file.sync_all()).with_context(|| format!("syncing {}", folder.display()))?;
    Ok(())
}
