//! API keys in a tenant's SQLite.

use rusqlite::{Connection, Row, params};

use super::super::permission::{Permission, Permissions};
use super::super::reach::Reach;
use crate::error::Result;

/// A key's row.
pub struct KeyRow {
    /// The part of the key that everybody may see.
    pub id: String,
    /// What it is for.
    pub name: String,
    /// The keyed hash of the whole key.
    pub mac: [u8; 32],
    /// The person who made it.
    pub maker: String,
    /// What it was made for.
    pub permissions: Permissions,
    /// The brands it was made for.
    pub reach: Reach,
    /// Milliseconds of unix time.
    pub created_at_ms: i64,
    /// Milliseconds of unix time.
    pub expires_at_ms: i64,
    /// Milliseconds of unix time, to a minute.
    pub last_used_ms: Option<i64>,
}

fn read(row: &Row<'_>) -> rusqlite::Result<KeyRow> {
    let permissions: String = row.get("permissions")?;
    let brands: Option<String> = row.get("brands")?;
    Ok(KeyRow {
        id: row.get("id")?,
        name: row.get("name")?,
        mac: row.get("mac")?,
        maker: row.get("user_id")?,
        permissions: permissions.split(' ').filter_map(Permission::parse).collect(),
        // We wrote the list; should it not be one, the key sees nothing rather than all.
        reach: Reach::read(brands.as_deref()).unwrap_or(Reach::of(Vec::new())),
        created_at_ms: row.get("created_at_ms")?,
        expires_at_ms: row.get("expires_at_ms")?,
        last_used_ms: row.get("last_used_ms")?,
    })
}

/// Every key, the newest first.
pub fn list(conn: &Connection) -> Result<Vec<KeyRow>> {
    let mut query = conn.prepare_cached("select * from api_keys order by created_at_ms desc, id")?;
    Ok(query.query_map([], read)?.collect::<Result<_, _>>()?)
}

/// How many there are.
pub fn count(conn: &Connection) -> Result<i64> {
    Ok(conn.query_row("select count(*) from api_keys", [], |row| row.get(0))?)
}

/// Adds one.
pub fn insert(conn: &Connection, row: &KeyRow) -> Result<()> {
    let permissions: Vec<&str> = row.permissions.iter().map(Permission::name).collect();
    conn.execute(
        "insert into api_keys (id, name, mac, user_id, permissions, brands, created_at_ms, expires_at_ms)
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        params![
            row.id,
            row.name,
            row.mac,
            row.maker,
            permissions.join(" "),
            row.reach.text(),
            row.created_at_ms,
            row.expires_at_ms
        ],
    )?;
    Ok(())
}

/// Removes one; false where there is none.
pub fn delete(conn: &Connection, id: &str) -> Result<bool> {
    Ok(conn.execute("delete from api_keys where id = ?1", [id])? > 0)
}

/// Notes that a key was used.
pub fn note_use(conn: &Connection, id: &str, now_ms: i64) -> Result<()> {
    conn.prepare_cached("update api_keys set last_used_ms = ?2 where id = ?1")?.execute((id, now_ms))?;
    Ok(())
}
