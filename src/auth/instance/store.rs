//! Instance tokens in `control.db`.

use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::error::Result;

/// A token's row.
#[derive(Clone, Debug)]
pub struct TokenRow {
    /// The part of the token that everybody may see.
    pub id: String,
    /// What it is for.
    pub name: String,
    /// The hash of the whole token.
    pub(super) hash: [u8; 32],
    /// Milliseconds of unix time.
    pub created_at_ms: i64,
    /// Milliseconds of unix time.
    pub expires_at_ms: i64,
    /// Milliseconds of unix time, to a minute.
    pub last_used_ms: Option<i64>,
}

fn read(row: &Row<'_>) -> rusqlite::Result<TokenRow> {
    Ok(TokenRow {
        id: row.get("id")?,
        name: row.get("name")?,
        hash: row.get("hash")?,
        created_at_ms: row.get("created_at_ms")?,
        expires_at_ms: row.get("expires_at_ms")?,
        last_used_ms: row.get("last_used_ms")?,
    })
}

/// Every token, the newest first.
pub fn list(conn: &Connection) -> Result<Vec<TokenRow>> {
    let mut query = conn.prepare_cached("select * from instance_tokens order by created_at_ms desc, id")?;
    Ok(query.query_map([], read)?.collect::<Result<_, _>>()?)
}

/// The token of an id.
pub fn find(conn: &Connection, id: &str) -> Result<Option<TokenRow>> {
    let mut query = conn.prepare_cached("select * from instance_tokens where id = ?1")?;
    Ok(query.query_row([id], read).optional()?)
}

/// How many there are.
pub fn count(conn: &Connection) -> Result<i64> {
    Ok(conn.query_row("select count(*) from instance_tokens", [], |row| row.get(0))?)
}

/// Adds one.
pub fn insert(conn: &Connection, row: &TokenRow) -> Result<()> {
    conn.execute(
        "insert into instance_tokens (id, name, hash, created_at_ms, expires_at_ms) values (?1, ?2, ?3, ?4, ?5)",
        params![row.id, row.name, row.hash, row.created_at_ms, row.expires_at_ms],
    )?;
    Ok(())
}

/// Removes one; false where there is none.
pub fn delete(conn: &Connection, id: &str) -> Result<bool> {
    Ok(conn.execute("delete from instance_tokens where id = ?1", [id])? > 0)
}

/// Notes that a token was used.
pub fn note_use(conn: &Connection, id: &str, now_ms: i64) -> Result<()> {
    conn.prepare_cached("update instance_tokens set last_used_ms = ?2 where id = ?1")?.execute((id, now_ms))?;
    Ok(())
}
