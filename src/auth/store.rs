//! People and refresh tokens in a tenant's SQLite.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::member::User;
use super::permission::Role;
use crate::error::{Error, Result};

/// A person's row.
pub struct PersonRow {
    /// Who.
    pub user: User,
    /// PHC text.
    pub password_hash: String,
    /// Whether the person may sign in.
    pub active: bool,
    /// The version that access tokens must have.
    pub token_version: i64,
    /// Milliseconds of unix time.
    pub last_login_ms: Option<i64>,
}

const COLUMNS: &str = "id, email, name, role, password_hash, state, token_version, last_login_ms";

fn read(row: &Row<'_>) -> rusqlite::Result<PersonRow> {
    let role: String = row.get("role")?;
    let state: String = row.get("state")?;
    Ok(PersonRow {
        // The table's check keeps the role one of ours; the least of them stands in for what cannot be.
        user: User {
            id: row.get("id")?,
            email: row.get("email")?,
            name: row.get("name")?,
            role: Role::parse(&role).unwrap_or(Role::Viewer),
        },
        password_hash: row.get("password_hash")?,
        active: state == "active",
        token_version: row.get("token_version")?,
        last_login_ms: row.get("last_login_ms")?,
    })
}

/// The person of an id.
pub fn find(conn: &Connection, id: &str) -> Result<Option<PersonRow>> {
    let mut query = conn.prepare_cached(&format!("select {COLUMNS} from users where id = ?1"))?;
    Ok(query.query_row([id], read).optional()?)
}

/// The person of an e-mail, lower case.
pub fn find_by_email(conn: &Connection, email: &str) -> Result<Option<PersonRow>> {
    let mut query = conn.prepare_cached(&format!("select {COLUMNS} from users where email = ?1"))?;
    Ok(query.query_row([email], read).optional()?)
}

/// Everybody, by e-mail.
pub fn list(conn: &Connection) -> Result<Vec<PersonRow>> {
    let mut query = conn.prepare_cached(&format!("select {COLUMNS} from users order by email"))?;
    let rows = query.query_map([], read)?.collect::<Result<_, _>>()?;
    Ok(rows)
}

/// Adds a person. An e-mail that is there already is a conflict.
pub fn insert(conn: &Connection, user: &User, password_hash: &str, now: Timestamp) -> Result<()> {
    let added = conn.execute(
        "insert into users (id, email, name, role, password_hash, created_at_ms) values (?1, ?2, ?3, ?4, ?5, ?6)
         on conflict (email) do nothing",
        params![user.id, user.email, user.name, user.role.name(), password_hash, now.as_millisecond()],
    )?;
    match added {
        0 => Err(Error::conflict("email_taken", "This e-mail address is in use already.")),
        _ => Ok(()),
    }
}

/// Writes a person's row as it shall be. `void_tokens` ends all access tokens.
pub fn update(conn: &Connection, row: &PersonRow, void_tokens: bool) -> Result<()> {
    conn.execute(
        "update users set name = ?2, role = ?3, password_hash = ?4, state = ?5, token_version = token_version + ?6 where id = ?1",
        params![
            row.user.id,
            row.user.name,
            row.user.role.name(),
            row.password_hash,
            if row.active { "active" } else { "disabled" },
            i64::from(void_tokens)
        ],
    )?;
    Ok(())
}

/// Removes a person with all refresh tokens.
pub fn delete(conn: &Connection, id: &str) -> Result<()> {
    conn.execute("delete from users where id = ?1", [id])?;
    Ok(())
}

/// How many owners can sign in.
pub fn active_owners(conn: &Connection) -> Result<i64> {
    let mut query = conn.prepare_cached("select count(*) from users where role = 'owner' and state = 'active'")?;
    Ok(query.query_row([], |row| row.get(0))?)
}

/// Ends all access tokens of a person.
pub fn void_tokens(conn: &Connection, id: &str) -> Result<()> {
    conn.prepare_cached("update users set token_version = token_version + 1 where id = ?1")?.execute([id])?;
    Ok(())
}

/// Notes that a person signed in.
pub fn note_login(conn: &Connection, id: &str, now: Timestamp) -> Result<()> {
    conn.prepare_cached("update users set last_login_ms = ?2 where id = ?1")?.execute((id, now.as_millisecond()))?;
    Ok(())
}

/// A refresh token's row.
pub struct RefreshRow {
    /// Shared by all tokens that one sign-in led to.
    pub family: String,
    /// Whose.
    pub user_id: String,
    /// Milliseconds of unix time; the same for the whole family.
    pub expires_at_ms: i64,
    /// Whether it was used up.
    pub used: bool,
}

/// The refresh token of a hash.
pub fn find_refresh(conn: &Connection, hash: &[u8; 32]) -> Result<Option<RefreshRow>> {
    let mut query = conn.prepare_cached(
        "select family, user_id, expires_at_ms, used_at_ms from refresh_tokens where token_hash = ?1",
    )?;
    let row = query.query_row([hash], |row| {
        let used: Option<i64> = row.get(3)?;
        Ok(RefreshRow { family: row.get(0)?, user_id: row.get(1)?, expires_at_ms: row.get(2)?, used: used.is_some() })
    });
    Ok(row.optional()?)
}

/// Adds a refresh token, and clears away those whose time is over.
pub fn insert_refresh(conn: &Connection, hash: &[u8; 32], row: &RefreshRow, now: Timestamp) -> Result<()> {
    let now_ms = now.as_millisecond();
    conn.prepare_cached("delete from refresh_tokens where user_id = ?1 and expires_at_ms <= ?2")?
        .execute((&row.user_id, now_ms))?;
    conn.prepare_cached(
        "insert into refresh_tokens (token_hash, family, user_id, issued_at_ms, expires_at_ms) values (?1, ?2, ?3, ?4, ?5)",
    )?
    .execute(params![hash, row.family, row.user_id, now_ms, row.expires_at_ms])?;
    Ok(())
}

/// Uses a refresh token up.
pub fn use_refresh(conn: &Connection, hash: &[u8; 32], now: Timestamp) -> Result<()> {
    conn.prepare_cached("update refresh_tokens set used_at_ms = ?2 where token_hash = ?1")?
        .execute((hash, now.as_millisecond()))?;
    Ok(())
}

/// Clears away what can be used no more; returns how much that was.
pub fn delete_old_refresh(conn: &Connection, now: Timestamp) -> Result<usize> {
    Ok(conn.execute("delete from refresh_tokens where expires_at_ms <= ?1", [now.as_millisecond()])?)
}

/// Ends one session.
pub fn end_family(conn: &Connection, family: &str) -> Result<()> {
    conn.prepare_cached("delete from refresh_tokens where family = ?1")?.execute([family])?;
    Ok(())
}

/// Ends all sessions of a person.
pub fn end_sessions(conn: &Connection, user_id: &str) -> Result<()> {
    conn.prepare_cached("delete from refresh_tokens where user_id = ?1")?.execute([user_id])?;
    Ok(())
}

/// Ends every session there is, and voids every access token that any version of this store has issued before `now`.
pub fn end_all(conn: &Connection, now: Timestamp) -> Result<()> {
    conn.execute("delete from refresh_tokens", [])?;
    conn.execute("update users set token_version = max(token_version + 1, ?1)", [now.as_second()])?;
    Ok(())
}

/// Everybody's e-mail.
pub fn emails(conn: &Connection) -> Result<Vec<String>> {
    let mut query = conn.prepare("select email from users order by email")?;
    let emails = query.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    Ok(emails)
}

/// Id, slug, name and whether it is a demo of every brand, by name. The brands themselves are another module's; a session is told
/// no more of them than this.
pub fn brands_in_short(conn: &Connection) -> Result<Vec<(String, String, String, bool)>> {
    let mut query = conn.prepare_cached("select uid, slug, name, demo from brands order by name, id")?;
    let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}
