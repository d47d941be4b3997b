//! Links in a tenant's SQLite.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::super::permission::Role;
use super::super::reach::Reach;
use crate::error::Result;

/// What a link is good for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum LinkKind {
    /// To come in as somebody new.
    Invitation,
    /// To set a new password.
    Reset,
}

impl LinkKind {
    fn name(self) -> &'static str {
        match self {
            Self::Invitation => "invitation",
            Self::Reset => "reset",
        }
    }
}

/// A link's row.
#[derive(Clone)]
pub struct LinkRow {
    /// UUID.
    pub id: String,
    /// What it is good for.
    pub kind: LinkKind,
    /// Whose password; none for an invitation.
    pub user_id: Option<String>,
    /// Lower case.
    pub email: String,
    /// What the new person shall be.
    pub role: Role,
    /// The brands that the new person may know of.
    pub reach: Reach,
    /// The person who made it; none for a command.
    pub made_by: Option<String>,
    /// Milliseconds of unix time.
    pub created_at_ms: i64,
    /// Milliseconds of unix time.
    pub expires_at_ms: i64,
}

fn read(row: &Row<'_>) -> rusqlite::Result<LinkRow> {
    let (kind, role): (String, String) = (row.get("kind")?, row.get("role")?);
    let brands: Option<String> = row.get("brands")?;
    Ok(LinkRow {
        id: row.get("id")?,
        kind: if kind == "reset" { LinkKind::Reset } else { LinkKind::Invitation },
        user_id: row.get("user_id")?,
        email: row.get("email")?,
        role: Role::parse(&role).unwrap_or(Role::Viewer),
        reach: Reach::read(brands.as_deref()).unwrap_or(Reach::of(Vec::new())),
        made_by: row.get("made_by")?,
        created_at_ms: row.get("created_at_ms")?,
        expires_at_ms: row.get("expires_at_ms")?,
    })
}

/// The link of a token's hash, if its time is not over.
pub fn find(conn: &Connection, hash: &[u8; 32], now: Timestamp) -> Result<Option<LinkRow>> {
    let mut query = conn.prepare_cached("select * from links where token_hash = ?1 and expires_at_ms > ?2")?;
    Ok(query.query_row(params![hash, now.as_millisecond()], read).optional()?)
}

/// Open invitations, the newest first.
pub fn invitations(conn: &Connection, now: Timestamp) -> Result<Vec<LinkRow>> {
    let mut query = conn.prepare_cached(
        "select * from links where kind = 'invitation' and expires_at_ms > ?1 order by created_at_ms desc, id",
    )?;
    Ok(query.query_map([now.as_millisecond()], read)?.collect::<Result<_, _>>()?)
}

/// The open invitation of an id.
pub fn invitation(conn: &Connection, id: &str, now: Timestamp) -> Result<Option<LinkRow>> {
    let sql = "select * from links where id = ?1 and kind = 'invitation' and expires_at_ms > ?2";
    Ok(conn.prepare_cached(sql)?.query_row((id, now.as_millisecond()), read).optional()?)
}

/// Adds a link in place of an earlier one of its kind for the same e-mail, and clears away those whose time is over.
pub fn insert(conn: &Connection, row: &LinkRow, hash: &[u8; 32]) -> Result<()> {
    conn.execute(
        "delete from links where expires_at_ms <= ?1 or (kind = ?2 and email = ?3)",
        (row.created_at_ms, row.kind.name(), &row.email),
    )?;
    conn.execute(
        "insert into links (id, token_hash, kind, user_id, email, role, brands, made_by, created_at_ms, expires_at_ms)
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        params![
            row.id,
            hash,
            row.kind.name(),
            row.user_id,
            row.email,
            row.role.name(),
            row.reach.text(),
            row.made_by,
            row.created_at_ms,
            row.expires_at_ms
        ],
    )?;
    Ok(())
}

/// Removes a link: used, revoked.
pub fn delete(conn: &Connection, id: &str) -> Result<()> {
    conn.execute("delete from links where id = ?1", [id])?;
    Ok(())
}

/// Removes the links to a new password of a person, who has one.
pub fn drop_resets(conn: &Connection, user_id: &str) -> Result<()> {
    conn.execute("delete from links where user_id = ?1", [user_id])?;
    Ok(())
}
