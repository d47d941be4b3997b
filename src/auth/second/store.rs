//! Second factors in a tenant's SQLite.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

use crate::error::Result;

/// A person's second factor.
pub struct Row {
    /// The shared secret, sealed.
    pub sealed: Vec<u8>,
    /// Whether it is in force.
    pub confirmed: bool,
    /// Milliseconds of unix time.
    pub begun_at_ms: i64,
    /// The newest time step whose code was used.
    pub last_step: i64,
}

/// The second factor of a person, in force or not.
pub fn find(conn: &Connection, user_id: &str) -> Result<Option<Row>> {
    let mut query = conn.prepare_cached(
        "select sealed, confirmed_at_ms is not null, begun_at_ms, last_step from second_factors where user_id = ?1",
    )?;
    let row = query.query_row([user_id], |row| {
        Ok(Row { sealed: row.get(0)?, confirmed: row.get(1)?, begun_at_ms: row.get(2)?, last_step: row.get(3)? })
    });
    Ok(row.optional()?)
}

/// Every sealed secret, in force or not, with its person.
pub fn all(conn: &Connection) -> Result<Vec<(String, Vec<u8>)>> {
    let mut query = conn.prepare("select user_id, sealed from second_factors")?;
    let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// The same secret, sealed anew.
pub fn reseal(conn: &Connection, user_id: &str, sealed: &[u8]) -> Result<()> {
    conn.execute("update second_factors set sealed = ?2 where user_id = ?1", (user_id, sealed))?;
    Ok(())
}

/// Puts a secret there that is not in force yet.
pub fn begin(conn: &Connection, user_id: &str, sealed: &[u8], now: Timestamp) -> Result<()> {
    conn.execute(
        "insert into second_factors (user_id, sealed, begun_at_ms) values (?1, ?2, ?3)
         on conflict (user_id) do update set sealed = excluded.sealed, begun_at_ms = excluded.begun_at_ms",
        params![user_id, sealed, now.as_millisecond()],
    )?;
    Ok(())
}

/// Puts a secret in force; the code of `step` is used up.
pub fn confirm(conn: &Connection, user_id: &str, step: i64, now: Timestamp) -> Result<()> {
    conn.execute(
        "update second_factors set confirmed_at_ms = ?2, last_step = ?3 where user_id = ?1",
        params![user_id, now.as_millisecond(), step],
    )?;
    Ok(())
}

/// Uses the codes up to that of `step` up.
pub fn note_step(conn: &Connection, user_id: &str, step: i64) -> Result<()> {
    conn.execute("update second_factors set last_step = ?2 where user_id = ?1", (user_id, step))?;
    Ok(())
}

/// Removes a second factor with its recovery codes; false where none is in force.
pub fn delete(conn: &Connection, user_id: &str) -> Result<bool> {
    let sql = "delete from second_factors where user_id = ?1 and confirmed_at_ms is not null";
    let found = conn.execute(sql, [user_id])? > 0;
    if found {
        conn.execute("delete from recovery_codes where user_id = ?1", [user_id])?;
    }
    Ok(found)
}

/// Replaces a person's recovery codes.
pub fn replace_recovery(conn: &Connection, user_id: &str, macs: &[[u8; 32]]) -> Result<()> {
    conn.execute("delete from recovery_codes where user_id = ?1", [user_id])?;
    for mac in macs {
        conn.execute("insert into recovery_codes (user_id, mac) values (?1, ?2)", params![user_id, mac])?;
    }
    Ok(())
}

/// Uses a recovery code up; false where it is none.
pub fn use_recovery(conn: &Connection, user_id: &str, mac: &[u8; 32]) -> Result<bool> {
    Ok(conn.execute("delete from recovery_codes where user_id = ?1 and mac = ?2", params![user_id, mac])? > 0)
}

/// How many recovery codes a person has left.
pub fn recovery_left(conn: &Connection, user_id: &str) -> Result<i64> {
    let sql = "select count(*) from recovery_codes where user_id = ?1";
    Ok(conn.query_row(sql, [user_id], |row| row.get(0))?)
}

/// Whether a second factor is asked of everybody.
pub fn required(conn: &Connection) -> Result<bool> {
    Ok(conn.query_row("select second_factor from sign_in_rules", [], |row| row.get(0))?)
}

/// Asks a second factor of everybody, or no more.
pub fn require(conn: &Connection, required: bool) -> Result<()> {
    conn.execute("update sign_in_rules set second_factor = ?1", [required])?;
    Ok(())
}
