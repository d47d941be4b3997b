//! Passkeys in a tenant's SQLite.

use anyhow::Context;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};
use webauthn_rs::prelude::Passkey;

use crate::error::{Error, Result};

/// A passkey's row.
pub struct PasskeyRow {
    /// UUID.
    pub id: String,
    /// As the person named it.
    pub name: String,
    /// Milliseconds of unix time.
    pub created_at_ms: i64,
    /// Milliseconds of unix time.
    pub last_used_ms: Option<i64>,
    /// What the device gave.
    pub passkey: Passkey,
    /// How often the device had signed.
    pub counter: i64,
}

fn read(row: &Row<'_>) -> rusqlite::Result<(PasskeyParts, String)> {
    let parts = (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?);
    Ok((parts, row.get(5)?))
}

type PasskeyParts = (String, String, i64, Option<i64>, i64);

const COLUMNS: &str = "id, name, created_at_ms, last_used_ms, counter, credential";

fn row(((id, name, created_at_ms, last_used_ms, counter), credential): (PasskeyParts, String)) -> Result<PasskeyRow> {
    let passkey = serde_json::from_str(&credential).context("reading a passkey")?;
    Ok(PasskeyRow { id, name, created_at_ms, last_used_ms, passkey, counter })
}

/// A person's passkeys, the oldest first.
pub fn list(conn: &Connection, user_id: &str) -> Result<Vec<PasskeyRow>> {
    let sql = format!("select {COLUMNS} from passkeys where user_id = ?1 order by created_at_ms, id");
    let mut query = conn.prepare_cached(&sql)?;
    let rows = query.query_map([user_id], read)?.collect::<rusqlite::Result<Vec<_>>>()?;
    rows.into_iter().map(row).collect()
}

/// The passkey of a credential, if it is that person's.
pub fn find(conn: &Connection, user_id: &str, credential_id: &[u8]) -> Result<Option<PasskeyRow>> {
    let sql = format!("select {COLUMNS} from passkeys where user_id = ?1 and credential_id = ?2");
    let found = conn.prepare_cached(&sql)?.query_row(params![user_id, credential_id], read).optional()?;
    found.map(row).transpose()
}

/// Adds a passkey. One whose credential is there already, whoever's, is a conflict.
pub fn insert(conn: &Connection, user_id: &str, new: &PasskeyRow) -> Result<()> {
    let added = conn.execute(
        "insert into passkeys (id, user_id, name, credential_id, credential, counter, created_at_ms)
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7) on conflict (credential_id) do nothing",
        params![
            new.id,
            user_id,
            new.name,
            new.passkey.cred_id().as_ref() as &[u8],
            text(&new.passkey)?,
            new.counter,
            new.created_at_ms
        ],
    )?;
    match added {
        0 => Err(Error::conflict("passkey_taken", "This passkey is set up already.")),
        _ => Ok(()),
    }
}

/// Notes that a passkey was used, as it is from now on; false where its row is no longer the one that was checked.
pub fn note_use(conn: &Connection, row: &PasskeyRow, counter: i64, now: Timestamp) -> Result<bool> {
    let changed = conn.execute(
        "update passkeys set credential = ?3, counter = ?4, last_used_ms = ?5 where id = ?1 and counter = ?2",
        params![row.id, row.counter, text(&row.passkey)?, counter, now.as_millisecond()],
    )?;
    Ok(changed > 0)
}

/// Removes one of a person's passkeys; false where they have no such one.
pub fn delete(conn: &Connection, user_id: &str, id: &str) -> Result<bool> {
    Ok(conn.execute("delete from passkeys where user_id = ?1 and id = ?2", (user_id, id))? > 0)
}

/// Removes all of a person's passkeys; returns how many that was.
pub fn delete_all(conn: &Connection, user_id: &str) -> Result<usize> {
    Ok(conn.execute("delete from passkeys where user_id = ?1", [user_id])?)
}

fn text(passkey: &Passkey) -> Result<String> {
    Ok(serde_json::to_string(passkey).context("writing a passkey")?)
}
