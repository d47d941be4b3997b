//! `control.db`'s rows: tenants and the login directory. SQL only, in the caller's transaction.

use anyhow::Context;
use rusqlite::{Connection, OptionalExtension, Transaction, params};

use super::{Restored, Standing, TenantId};
use crate::error::{Error, Result};
use crate::events::Head;

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
    for table in ["emails", "restores", "rekeyings"] {
        tx.execute(&format!("delete from {table} where tenant_id = ?1"), [id.as_str()])?;
    }
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

/// A tenant out of an archive: its row with what its store has reached, in the state `creating`.
pub(super) fn begin_restored(tx: &Transaction<'_>, new: &Restored, wrapped: &[u8], now_ms: i64) -> Result<()> {
    begin(tx, &new.id, (&new.slug, &new.name), wrapped, now_ms)?;
    remember(tx, new.id.as_str(), new.commits, &new.head)?;
    take_emails(tx, &new.id, &new.emails)
}

/// Notes, before any folder moves, what is to take the place of a tenant's store.
pub(super) fn begin_replacing(tx: &Transaction<'_>, new: &Restored, wrapped: &[u8]) -> Result<()> {
    let emails = serde_json::to_string(&new.emails).context("noting a restore")?;
    tx.execute(
        "insert or replace into restores (tenant_id, name, wrapped_key, commits, event_seq, event_hash, emails)
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        params![new.id.as_str(), new.name, wrapped, new.commits, new.head.seq, new.head.hash, emails],
    )?;
    Ok(())
}

/// Tenants whose store was about to be replaced.
pub(super) fn replacing(conn: &Connection) -> Result<Vec<TenantId>> {
    let mut query = conn.prepare("select tenant_id from restores")?;
    let ids = query.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<Vec<String>>>()?;
    ids.into_iter().map(id).collect()
}

/// The restored store lies in its place: from now on its key opens it.
pub(super) fn end_replacing(tx: &Transaction<'_>, tenant: &TenantId) -> Result<()> {
    let (emails, commits, head): (String, i64, Head) = tx.query_row(
        "select emails, commits, event_seq, event_hash from restores where tenant_id = ?1",
        [tenant.as_str()],
        |row| Ok((row.get(0)?, row.get(1)?, Head { seq: row.get(2)?, hash: row.get(3)? })),
    )?;
    tx.execute(
        "update tenants set (name, wrapped_key) = (select name, wrapped_key from restores where tenant_id = ?1),
                store_key_at_ms = null, tokens_key_at_ms = null where id = ?1",
        [tenant.as_str()],
    )?;
    remember(tx, tenant.as_str(), commits, &head)?;
    let emails: Vec<String> = serde_json::from_str(&emails).context("reading a noted restore")?;
    tx.execute("delete from emails where tenant_id = ?1", [tenant.as_str()])?;
    take_emails(tx, tenant, &emails)?;
    tx.execute("delete from restores where tenant_id = ?1", [tenant.as_str()])?;
    Ok(())
}

fn remember(tx: &Transaction<'_>, tenant: &str, commits: i64, head: &Head) -> Result<()> {
    tx.execute(
        "update tenants set commits = ?2, event_seq = ?3, event_hash = ?4 where id = ?1",
        params![tenant, commits, head.seq, head.hash],
    )?;
    Ok(())
}

/// What another tenant has stays there: those people cannot sign in to this one.
fn take_emails(tx: &Transaction<'_>, tenant: &TenantId, emails: &[String]) -> Result<()> {
    let mut take = tx.prepare("insert or ignore into emails (email, tenant_id) values (?1, ?2)")?;
    for email in emails {
        take.execute((normal(email), tenant.as_str()))?;
    }
    Ok(())
}

/// The e-mails of a tenant's people that lead to it.
pub(super) fn emails_of(conn: &Connection, tenant: &TenantId) -> Result<Vec<String>> {
    let mut query = conn.prepare("select email from emails where tenant_id = ?1 order by email")?;
    let emails = query.query_map([tenant.as_str()], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    Ok(emails)
}

/// Tenants that were deleted.
pub(super) fn deleted(conn: &Connection) -> Result<Vec<TenantId>> {
    let mut query =
        conn.prepare("select distinct substr(subject, 8) from events_known where kind = 'tenant.deleted'")?;
    let ids = query.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<Vec<String>>>()?;
    ids.into_iter().map(id).collect()
}

/// The instance's own name.
pub(super) fn instance(conn: &Connection) -> Result<String> {
    Ok(conn.query_row("select uid from instance where id = 1", [], |row| row.get(0))?)
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

pub(super) fn id(text: String) -> Result<TenantId> {
    TenantId::parse(&text).ok_or_else(|| anyhow::anyhow!("control.db holds the id {text:?}, which is none").into())
}
