//! Opening a file: making it whole or not at all, and refusing, untouched, what is not the file that is meant.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rusqlite::Connection;

use super::{FileSpec, OpenError, file, migrate, pool, upgrade};

/// A connection to a file that passed every check, its schema up to date.
pub(super) struct Opened {
    pub(super) conn: Connection,
    pub(super) commits: i64,
}

/// What becomes of an older schema.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Older {
    /// It is brought up to date.
    Upgraded,
    /// It is brought up to date once a copy of the file lies beside it.
    Kept,
    /// It stays.
    AsItIs,
}

/// Opens the file, after making it if `spec` says so.
pub(super) fn open(path: &Path, key: &[u8; 32], spec: &FileSpec<'_>, older: Older) -> Result<Opened, OpenError> {
    if rusqlite::version_number() < 3_051_003 {
        return Err(OpenError::OldSqlite { found: rusqlite::version().to_owned() });
    }
    match file::check_outside(path, key) {
        // A log without its file: to put a new file before it would mix the two.
        Err(OpenError::Missing(_)) if spec.create && !beside(path, "-wal").exists() => create(path, key, spec)?,
        outside => outside?,
    }
    let mut conn = pool::connect(path, key).map_err(|error| OpenError::from_sqlite(path, &error))?;
    check_inside(&conn, path, spec)?;
    renew_log(path).map_err(|error| OpenError::from_io(path, &error))?;
    if older == Older::Kept {
        upgrade::keep(&conn, path, key, migrate::newest(spec.migrations))?;
    }
    let commits = ready(&mut conn, spec, older).map_err(|error| OpenError::from_sqlite(path, &error))?;
    Ok(Opened { conn, commits })
}

fn ready(conn: &mut Connection, spec: &FileSpec<'_>, older: Older) -> rusqlite::Result<i64> {
    pool::trust(conn, spec.secure_delete)?;
    if older != Older::AsItIs {
        migrate::run(conn, spec.migrations)?;
    }
    Ok(file::identity(conn)?.map_or(0, |(_, commits)| commits))
}

/// Writes the log again, byte for byte, and syncs it. After a failed sync the kernel takes for written what the disk never saw: a
/// commit that nobody acknowledged then stands in the log as long as the machine has power, what is acknowledged later stands
/// behind it, and all of that is lost with the power. Logs are empty unless the last
/// process was killed or they are kept to be copied elsewhere.
fn renew_log(path: &Path) -> std::io::Result<()> {
    let log = match OpenOptions::new().read(true).write(true).open(beside(path, "-wal")) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        log => log?,
    };
    let length = log.metadata()?.len();
    if length == 0 {
        return Ok(());
    }
    let (mut at, mut buffer) = (0, vec![0; 1 << 20]);
    while at < length {
        let read = log.read_at(&mut buffer, at)?;
        if read == 0 {
            break;
        }
        log.write_all_at(&buffer[..read], at)?;
        at += read as u64;
    }
    log.sync_all()
}

/// What the file says of itself must be what is meant.
fn check_inside(conn: &Connection, path: &Path, spec: &FileSpec<'_>) -> Result<(), OpenError> {
    let path = || path.to_owned();
    let failed = |error: rusqlite::Error| OpenError::from_sqlite(&path(), &error);
    let identity = file::identity(conn).map_err(failed)?;
    let application_id: i32 = conn.query_row("pragma application_id", [], |row| row.get(0)).map_err(failed)?;
    if application_id != spec.application_id {
        return Err(OpenError::NotOurs { path: path(), what: format!("application id {application_id:#x}") });
    }
    let Some((owner, commits)) = identity else {
        return Err(OpenError::Corrupt { path: path(), reason: "it does not say whose it is".to_owned() });
    };
    if owner != spec.owner {
        return Err(OpenError::WrongOwner { path: path(), expected: spec.owner.to_owned(), found: owner });
    }
    if commits < spec.least_commits {
        return Err(OpenError::OlderThanRemembered { path: path(), found: commits, remembered: spec.least_commits });
    }
    let (found, known) = (migrate::current(conn).map_err(failed)?, migrate::newest(spec.migrations));
    if found > known {
        return Err(OpenError::NewerSchema { path: path(), found, known });
    }
    Ok(())
}

/// Makes the file under another name, complete and synced, and only then gives it its own: a crash leaves no half file.
fn create(path: &Path, key: &[u8; 32], spec: &FileSpec<'_>) -> Result<(), OpenError> {
    let draft = beside(path, ".draft");
    let io = |error: std::io::Error| OpenError::from_io(path, &error);
    for leftover in [draft.clone(), beside(&draft, "-wal"), beside(&draft, "-shm")] {
        match std::fs::remove_file(&leftover) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(io(error)),
            _ => {}
        }
    }
    // SQLite gives its log the mode of the file.
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft).map_err(io)?;
    fill(&draft, key, spec).map_err(|error| OpenError::from_sqlite(path, &error))?;
    File::open(&draft).and_then(|file| file.sync_all()).map_err(io)?;
    std::fs::rename(&draft, path).map_err(io)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(io)
}

fn fill(draft: &Path, key: &[u8; 32], spec: &FileSpec<'_>) -> rusqlite::Result<()> {
    let mut conn = pool::connect(draft, key)?;
    pool::trust(&conn, spec.secure_delete)?;
    let tx = conn.transaction()?;
    tx.pragma_update(None, "application_id", spec.application_id)?;
    tx.execute_batch(file::TABLE)?;
    tx.execute("insert into file_identity (id, owner, commits) values (1, ?1, 0)", [spec.owner])?;
    tx.commit()?;
    migrate::run(&mut conn, spec.migrations)?;
    conn.close().map_err(|(_, error)| error)
}

pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}
