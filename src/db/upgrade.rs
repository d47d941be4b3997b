//! The copy of a file as it was before its schema was brought up to date, beside it and under its own key: the way back from an
//! upgrade.

use std::fs::{File, OpenOptions};
use std::io::ErrorKind;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use rusqlite::backup::{Backup, StepResult};

use super::{OpenError, file, migrate, open, pool};

/// What stands between a file's name and the schema of its copy.
const MARK: &str = ".before-";
/// A copy that is being written.
const DRAFT: &str = ".before-draft";

/// A file as it was before an upgrade.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BeforeUpgrade {
    /// The schema it has.
    pub schema: i64,
    /// Where it lies.
    pub path: PathBuf,
}

/// The copies beside the file at `path`, newest schema last.
pub fn before_upgrades(path: &Path) -> std::io::Result<Vec<BeforeUpgrade>> {
    let (folder, name) = (folder_of(path), path.file_name().unwrap_or_default().to_string_lossy().into_owned());
    let mut found = Vec::new();
    let entries = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(found),
        entries => entries?,
    };
    for entry in entries {
        let entry = entry?;
        let schema =
            entry.file_name().to_str().and_then(|text| text.strip_prefix(&name)?.strip_prefix(MARK)?.parse().ok());
        found.extend(schema.map(|schema| BeforeUpgrade { schema, path: entry.path() }));
    }
    found.sort_by_key(|copy| copy.schema);
    Ok(found)
}

/// Puts a copy in the place of the file at `path`, which nobody may have open: one rename, which a crash has done or has not.
pub fn put_back(path: &Path, copy: &BeforeUpgrade) -> std::io::Result<()> {
    // A log beside another file would be taken for its own.
    for log in ["-wal", "-shm"] {
        remove(&open::beside(path, log))?;
        remove(&open::beside(&copy.path, log))?;
    }
    std::fs::rename(&copy.path, path)?;
    File::open(folder_of(path))?.sync_all()
}

/// Copies the file that `conn` has open, if migrations are pending: whole and synced under another name first.
pub(super) fn keep(conn: &Connection, path: &Path, key: &[u8; 32], newest: i64) -> Result<(), OpenError> {
    let sql = |error: rusqlite::Error| OpenError::from_sqlite(path, &error);
    let io = |error: std::io::Error| OpenError::from_io(path, &error);
    let schema = migrate::current(conn).map_err(sql)?;
    if schema >= newest || file::identity(conn).map_err(sql)?.is_none() {
        return Ok(());
    }
    let draft = open::beside(path, DRAFT);
    for leftover in [draft.clone(), open::beside(&draft, "-wal"), open::beside(&draft, "-shm")] {
        remove(&leftover).map_err(io)?;
    }
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft).map_err(io)?;
    let mut target = pool::connect(&draft, key).map_err(sql)?;
    target.execute_batch("pragma synchronous = off; pragma journal_mode = off").map_err(sql)?;
    let step = Backup::new(conn, &mut target).and_then(|backup| backup.step(-1)).map_err(sql)?;
    if step != StepResult::Done {
        let reason = format!("it could not be copied before its upgrade: {step:?}");
        return Err(OpenError::Io { path: path.to_owned(), reason });
    }
    target.close().map_err(|(_, error)| sql(error))?;
    File::open(&draft).and_then(|file| file.sync_all()).map_err(io)?;
    std::fs::rename(&draft, open::beside(path, &format!("{MARK}{schema:04}"))).map_err(io)?;
    File::open(folder_of(path)).and_then(|folder| folder.sync_all()).map_err(io)
}

fn remove(path: &Path) -> std::io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
