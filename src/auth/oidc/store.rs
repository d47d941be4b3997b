//! Who a person is at the provider, in a tenant's SQLite.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

use crate::error::Result;

/// How a provider's subject stands to a person.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Bond {
    /// Neither is bound.
    None,
    /// To each other.
    Theirs,
    /// One of them to another.
    Other,
}

/// How a subject stands to a person.
pub fn bond(conn: &Connection, user_id: &str, (issuer, subject): (&str, &str)) -> Result<Bond> {
    let mut query = conn.prepare_cached(
        "select user_id = ?1 and issuer = ?2 and subject = ?3 from oidc_subjects
         where user_id = ?1 or (issuer = ?2 and subject = ?3) order by 1 limit 1",
    )?;
    let theirs: Option<bool> = query.query_row((user_id, issuer, subject), |row| row.get(0)).optional()?;
    Ok(match theirs {
        None => Bond::None,
        Some(true) => Bond::Theirs,
        Some(false) => Bond::Other,
    })
}

/// Binds a subject to a person.
pub fn bind(conn: &Connection, user_id: &str, (issuer, subject): (&str, &str), now: Timestamp) -> Result<()> {
    conn.execute(
        "insert into oidc_subjects (user_id, issuer, subject, bound_at_ms) values (?1, ?2, ?3, ?4)",
        params![user_id, issuer, subject, now.as_millisecond()],
    )?;
    Ok(())
}

/// Lets a person's subject go; false where none is bound.
pub fn unbind(conn: &Connection, user_id: &str) -> Result<bool> {
    Ok(conn.execute("delete from oidc_subjects where user_id = ?1", [user_id])? > 0)
}
