//! `control.db`'s rows: tenants and the login directory. SQL only, in the caller's transaction.

use rusqlite::{Connection, OptionalExtension, Transaction};

use super::{Standing, TenantId};
use crate::error::{Error, Result};

/// A tenant as it is listed; opening it is another matter.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct TenantInfo {
    /// The tenant's id.
    pub id: TenantId,
    /// The name used in commands.
    pub slug: String,
    /// The name for people.
    pub name: String,
    /// When it was made, milliseconds of unix time.
    pub created_at_ms: i64,
    /// Whether its people get in.
    #[serde(flatten)]
    pub standing: Standing,
    /// Why its store was refused when it was last asked for, if it was.
    pub set_aside: Option<String>,
}

/// What is needed to open a tenant.
pub(super) struct Record {
    pub(super) slug: String,
    pub(super) name: String,
    pub(super) wrapped_key: Vec<u8>,
    pub(super) commits: i64,
}

pub(super) fn list(conn: &Connection) -> Result<Vec<TenantInfo>> {
    let mut query = conn.prepare_cached(
        "select id, slug, name, created_at_ms, suspended_at_ms, delete_after_ms from tenants
         where state = 'active' order by slug",
    )?;
    let mut rows = query.query([])?;
    let mut tenants = Vec::new();
    while let Some(row) = rows.next()? {
        tenants.push(TenantInfo {
            id: id(row.get(0)?)?,
            slug: row.get(1)?,
            name: row.get(2)?,
            created_at_ms: row.get(3)?,
            standing: Standing::of(row.get(4)?, row.get(5)?),
            set_aside: None,
        });
    }
    Ok(tenants)
}

pub(super) fn record(conn: &Connection, id: &TenantId) -> Result<Option<Record>> {
    let record = conn
        .prepare_cached("select slug, name, wrapped_key, commits from tenants where id = ?1 and state = 'active'")?
        .query_row([id.as_str()], |row| {
            Ok(Record { slug: row.get(0)?, name: row.get(1)?, wrapped_key: row.get(2)?, commits: row.get(3)? })
        })
        .optional()?;
    Ok(record)
}

pub(super) fn find_slug(conn: &Connection, slug: &str) -> Result<Option<TenantId>> {
    let found: Option<String> = conn
        .prepare_cached("select id from tenants where slug = ?1 and state = 'active'")?
        .query_row([slug], |row| row.get(0))
        .optional()?;
    found.map(id).transpose()
}

/// Tenants whose making or deleting was begun and not finished.
pub(super) fn unfinished(conn: &Connection) -> Result<Vec<(TenantId, bool)>> {
    let mut query = conn.prepare("select id, state = 'creating' from tenants where state <> 'active'")?;
    let mut rows = query.query([])?;
    let mut tenants = Vec::new();
    while let Some(row) = rows.next()? {
        tenants.push((id(row.get(0)?)?, row.get(1)?));
    }
    Ok(tenants)
}

pub(super) fn begin(
    tx: &Transaction<'_>,
    id: &TenantId,
    names: (&str, &str),
    wrapped: &[u8],
    now_ms: i64,
) -> Result<()> {
    let added = tx.execute(
        "insert into tenants (id, slug, name, state, wrapped_key, created_at_ms) values (?1, ?2, ?3, 'creating', ?4, ?5)
         on conflict (slug) do nothing",
        (id.as_str(), names.0, names.1, wrapped, now_ms),
    )?;
    match added {
        0 => Err(Error::conflict("slug_taken", format!("There is a tenant \"{}\" already.", names.0))),
        _ => Ok(()),
    }
}

pub(super) fn activate(tx: &Transaction<'_>, id: &TenantId) -> Result<()> {
    tx.execute("update tenants set state = 'active' where id = ?1", [id.as_str()])?;
    Ok(())
}

/// How a tenant stands; none where there is no such tenant, or it is not whole.
pub(super) fn standing(conn: &Connection, id: &TenantId) -> Result<Option<Standing>> {
    let standing = conn
        .prepare_cached("select suspended_at_ms, delete_after_ms from tenants where id = ?1 and state = 'active'")?
        .query_row([id.as_str()], |row| Ok(Standing::of(row.get(0)?, row.get(1)?)))
        .optional()?;
    Ok(standing)
}

/// Suspends a tenant, or not any more. False if it was so already.
pub(super) fn set_suspended(tx: &Transaction<'_>, id: &TenantId, at_ms: Option<i64>) -> Result<bool> {
    let sql = "update tenants set suspended_at_ms = ?2 where id = ?1 and (suspended_at_ms is null) <> (?2 is null)";
    Ok(tx.execute(sql, (id.as_str(), at_ms))? > 0)
}

/// Plans a tenant's deletion, or not any more. False if it was so already.
pub(super) fn set_delete_after(tx: &Transaction<'_>, id: &TenantId, at_ms: Option<i64>) -> Result<bool> {
    let sql = "update tenants set delete_after_ms = ?2 where id = ?1 and (delete_after_ms is null) <> (?2 is null)";
    Ok(tx.execute(sql, (id.as_str(), at_ms))? > 0)
}

/// Destroys the key: from here on the folder is noise, whatever becomes of it. The slug is free again. With `due_by`, milliseconds
/// of unix time, only where the deletion was planned for then or before.
pub(super) fn begin_delete(tx: &Transaction<'_>, id: &TenantId, due_by: Option<i64>) -> Result<()> {
    let found = tx.execute(
        "update tenants set state = 'deleting', slug = id, wrapped_key = zeroblob(length(wrapped_key))
         where id = ?1 and (?2 is null or delete_after_ms <= ?2)",
        (id.as_str(), due_by),
    )?;
    if found == 0 {
        return Err(Error::NotFound);
    }
    tx.execute("delete from emails where tenant_id = ?1", [id.as_str()])?;
    Ok(())
}

pub(super) fn forget(tx: &Transaction<'_>, id: &TenantId) -> Result<()> {
    tx.execute("delete from tenants where id = ?1", [id.as_str()])?;
    Ok(())
}

pub(super) fn by_email(conn: &Connection, email: &str) -> Result<Option<TenantId>> {
    let found: Option<String> = conn
        .prepare_cached("select tenant_id from emails where email = ?1")?
        .query_row([normal(email)], |row| row.get(0))
        .optional()?;
    found.map(id).transpose()
}

pub(super) fn register_email(tx: &Transaction<'_>, email: &str, tenant: &TenantId) -> Result<()> {
    match by_email(tx, email)? {
        Some(holder) if holder == *tenant => Ok(()),
        Some(_) => Err(Error::conflict("email_taken", "This e-mail address is in use already.")),
        None => {
            tx.prepare_cached("insert into emails (email, tenant_id) values (?1, ?2)")?
                .execute((normal(email), tenant.as_str()))?;
            Ok(())
        }
    }
}

pub(super) fn release_email(tx: &Transaction<'_>, email: &str, tenant: &TenantId) -> Result<()> {
    tx.prepare_cached("delete from emails where email = ?1 and tenant_id = ?2")?
        .execute((normal(email), tenant.as_str()))?;
    Ok(())
}

fn normal(email: &str) -> String {
    email.trim().to_lowercase()
}

fn id(text: String) -> Result<TenantId> {
    TenantId::parse(&text).ok_or_else(|| anyhow::anyhow!("control.db holds the id {text:?}, which is none").into())
}
