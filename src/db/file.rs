//! What lies in every file beside its schema: the salt that tells its key, the application id, the owner, the commit
//! counter.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use hkdf::Hkdf;
use rusqlite::{Connection, OptionalExtension};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::OpenError;

/// SQLCipher's salt: the first bytes of the file, in clear.
pub(super) const SALT_LEN: usize = 16;

/// The table every file has.
pub(super) const TABLE: &str = "create table file_identity (
    id      integer primary key check (id = 1),
    owner   text not null,
    commits integer not null
) strict";

/// The salt of the file with this key. It follows from the key, so that the key can be checked before the file is
/// touched.
pub(super) fn salt(key: &[u8; 32]) -> [u8; SALT_LEN] {
    let mut salt = [0; SALT_LEN];
    if Hkdf::<Sha256>::new(None, key).expand(b"pulsepoint/file-salt/v1", &mut salt).is_err() {
        unreachable!("16 bytes are within HKDF's limit");
    }
    salt
}

/// `x'key and salt'`: a raw key, which opens in a fraction of a millisecond.
pub(super) fn raw_key(key: &[u8; 32]) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::with_capacity(3 + 2 * (key.len() + SALT_LEN)));
    text.push_str("x'");
    for byte in key.iter().chain(&salt(key)) {
        for nibble in [byte >> 4, byte & 15] {
            text.push(char::from_digit(u32::from(nibble), 16).unwrap_or('0'));
        }
    }
    text.push('\'');
    text
}

/// Looks at a file from outside: there, not empty, encrypted, and under this key.
pub(super) fn check_outside(path: &Path, key: &[u8; 32]) -> Result<(), OpenError> {
    let meta = match std::fs::metadata(path) {
        Ok(meta) => meta,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Err(OpenError::Missing(path.to_owned())),
        Err(error) => return Err(OpenError::from_io(path, &error)),
    };
    let not_ours = |what: &str| OpenError::NotOurs { path: path.to_owned(), what: what.to_owned() };
    if !meta.is_file() {
        return Err(not_ours("it is not a file"));
    }
    if meta.len() == 0 {
        return Err(OpenError::Empty(path.to_owned()));
    }
    let mut head = [0; SALT_LEN];
    let read = File::open(path).and_then(|mut file| file.read_exact(&mut head));
    match read {
        Ok(()) if head == salt(key) => Ok(()),
        Ok(()) if head == [0; SALT_LEN] => {
            Err(OpenError::Corrupt { path: path.to_owned(), reason: "it begins with zeros".to_owned() })
        }
        Ok(()) if &head == b"SQLite format 3\0" => Err(not_ours("it is not encrypted")),
        Ok(()) => Err(OpenError::WrongKey(path.to_owned())),
        Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
            Err(OpenError::Corrupt { path: path.to_owned(), reason: "it is cut short".to_owned() })
        }
        Err(error) => Err(OpenError::from_io(path, &error)),
    }
}

/// Owner and commits as the file says; `None` where it says nothing.
pub(super) fn identity(conn: &Connection) -> rusqlite::Result<Option<(String, i64)>> {
    let known: bool =
        conn.query_row("select count(*) > 0 from sqlite_master where name = 'file_identity'", [], |row| row.get(0))?;
    if !known {
        return Ok(None);
    }
    conn.query_row("select owner, commits from file_identity where id = 1", [], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()
}

/// Raises the counter; part of every write transaction.
pub(super) fn count_commit(conn: &Connection) -> rusqlite::Result<i64> {
    conn.prepare_cached("update file_identity set commits = commits + 1 where id = 1 returning commits")?
        .query_row([], |row| row.get(0))
}
