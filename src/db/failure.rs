//! What can be wrong with a file, at opening and later.

use std::path::PathBuf;

use rusqlite::ErrorCode;

use crate::error::Error;

/// Why a file was not opened. Nothing was changed in it.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// No such file.
    #[error("{} is missing", .0.display())]
    Missing(PathBuf),
    /// The file has no bytes; SQLite alone would take it for a new database.
    #[error("{} is empty: its contents are lost, restore it from a backup", .0.display())]
    Empty(PathBuf),
    /// The key does not belong to this file, or the file's first bytes are damaged.
    #[error("{} does not open with this key: the key or the file is another. Nothing was changed", .0.display())]
    WrongKey(PathBuf),
    /// Not a file that Pulsepoint made, or not of this kind.
    #[error("{} is not a file of Pulsepoint's ({what})", .path.display())]
    NotOurs { path: PathBuf, what: String },
    /// Another owner's file.
    #[error("{} belongs to {found}, not to {expected}", .path.display())]
    WrongOwner { path: PathBuf, expected: String, found: String },
    /// An older copy than the one last seen, or its log was lost.
    #[error("{} is older than it was: it holds {found} commits, {remembered} were seen", .path.display())]
    OlderThanRemembered { path: PathBuf, found: i64, remembered: i64 },
    /// Made by a newer version of Pulsepoint.
    #[error("{} was written by a newer version (schema {found}, known {known}): install that, or go back with it: \
             `pulsepoint upgrade rollback`", .path.display())]
    NewerSchema { path: PathBuf, found: i64, known: i64 },
    /// The key fits but the contents do not hold together.
    #[error("{} is damaged: {reason}", .path.display())]
    Corrupt { path: PathBuf, reason: String },
    /// The linked SQLite can corrupt a WAL database.
    #[error("SQLite {found} is linked; 3.51.3 or newer is needed (older ones can corrupt a database at a checkpoint)")]
    OldSqlite { found: String },
    /// The file system said no.
    #[error("cannot open {}: {reason}", .path.display())]
    Io { path: PathBuf, reason: String },
}

impl OpenError {
    /// Sorts SQLite's error: damage, or the file system.
    pub(super) fn from_sqlite(path: &std::path::Path, error: &rusqlite::Error) -> Self {
        let (path, reason) = (path.to_owned(), error.to_string());
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::Corrupt { path, reason },
            _ => Self::Io { path, reason },
        }
    }

    /// The file system's error.
    pub(super) fn from_io(path: &std::path::Path, error: &std::io::Error) -> Self {
        Self::Io { path: path.to_owned(), reason: error.to_string() }
    }
}

/// Why the file must not be used on, if this error says so, and whether that is the disk's doing. A failed sync is final too: what the kernel dropped, a
/// second sync would not write, so the file has to be opened anew.
pub(super) fn ends_use(error: &Error) -> Option<(&'static str, bool)> {
    let cause = sqlite_error(error)?;
    match cause.code {
        ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => Some(("its contents are damaged", false)),
        ErrorCode::SystemIoFailure => Some(("the disk failed to read or write it", true)),
        _ => None,
    }
}

/// A full disk is the operator's to mend, not a defect.
pub(super) fn for_the_caller(error: Error) -> Error {
    match sqlite_error(&error) {
        Some(cause) if cause.code == ErrorCode::DiskFull => Error::Unavailable {
            code: "storage_full",
            reason: "The disk is full: nothing was written. Reading goes on; free some space and try again.".to_owned(),
            retry_after_secs: 30,
        },
        _ => error,
    }
}

/// What a caller of a file out of use is told.
pub(super) fn unusable(why: &str) -> Error {
    Error::Unavailable {
        code: "store_unusable",
        reason: format!("The store is out of use for now: {why}."),
        retry_after_secs: 30,
    }
}

fn sqlite_error(error: &Error) -> Option<rusqlite::ffi::Error> {
    let cause = match error {
        Error::Database(cause) => cause,
        Error::Internal(chain) => chain.downcast_ref::<rusqlite::Error>()?,
        _ => return None,
    };
    cause.sqlite_error().copied()
}
