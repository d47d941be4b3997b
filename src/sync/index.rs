//! Which integration is whose and when it is due, in `control.db`, so that no tenant is opened for nothing. It follows from the tenants'
//! stores: what a crash leaves behind is made good when the tenant is next looked through.

use anyhow::Context;
use rusqlite::{Connection, OptionalExtension, params};

use super::store::{self, streams};
use super::{Settings, planning};
use crate::connectors::Source;
use crate::error::Result;
use crate::tenants::{Tenant, TenantId, Tenants};

/// One integration of the index.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub uid: String,
    pub tenant: TenantId,
    pub source: Source,
}

/// Integrations that are due, the longest first.
pub(super) async fn due(tenants: &Tenants, now_ms: i64) -> Result<Vec<Entry>> {
    tenants.control().read(move |conn| all(conn, "where due_ms <= ? order by due_ms, uid limit 2000", now_ms)).await
}

/// Integrations with a request of a customer that waits.
pub(super) async fn asked(tenants: &Tenants) -> Result<Vec<Entry>> {
    tenants.control().read(move |conn| all(conn, "where asked = ? order by uid", 1)).await
}

/// Every tenant that has integrations.
pub(super) async fn whose(tenants: &Tenants) -> Result<Vec<TenantId>> {
    let all = tenants.control().read(move |conn| all(conn, "where ? order by tenant_id", 1)).await?;
    let mut ids: Vec<TenantId> = all.into_iter().map(|entry| entry.tenant).collect();
    ids.dedup();
    Ok(ids)
}

/// The integration of an id.
pub(super) async fn find(tenants: &Tenants, uid: &str) -> Result<Option<Entry>> {
    let uid = uid.to_owned();
    tenants.control().read(move |conn| one(conn, &uid)).await
}

fn one(conn: &Connection, uid: &str) -> Result<Option<Entry>> {
    let sql = "select uid, tenant_id, source from integrations where uid = ?";
    let row = conn.prepare_cached(sql)?.query_row([uid], texts).optional()?;
    row.map(entry).transpose()
}

fn all(conn: &Connection, which: &str, at: i64) -> Result<Vec<Entry>> {
    let mut found = conn.prepare_cached(&format!("select uid, tenant_id, source from integrations {which}"))?;
    let rows = found.query_map([at], texts)?.collect::<rusqlite::Result<Vec<_>>>()?;
    rows.into_iter().map(entry).collect()
}

fn texts(row: &rusqlite::Row<'_>) -> rusqlite::Result<[String; 3]> {
    Ok([row.get(0)?, row.get(1)?, row.get(2)?])
}

fn entry([uid, tenant, source]: [String; 3]) -> Result<Entry> {
    let reading = || format!("reading the index entry of integration {uid}");
    let tenant = TenantId::parse(&tenant).with_context(reading)?;
    let source = Source::parse(&source).with_context(reading)?;
    Ok(Entry { uid, tenant, source })
}

/// Notes when an integration is due. One that another tenant has already stays that one's: a copy of a tenant asks nothing by itself.
pub(super) async fn put(tenants: &Tenants, entry: Entry, due_ms: Option<i64>) -> Result<()> {
    let write = tenants.control().write(move |tx| {
        tx.prepare_cached(
            "insert into integrations (uid, tenant_id, source, due_ms) values (?1, ?2, ?3, ?4)
             on conflict (uid) do update set due_ms = excluded.due_ms
             where tenant_id = excluded.tenant_id and due_ms is not excluded.due_ms",
        )?
        .execute(params![entry.uid, entry.tenant.as_str(), entry.source.name(), due_ms])?;
        Ok(())
    });
    write.await
}

/// Notes that a request of a customer waits, or was answered.
pub(super) async fn set_asked(tenants: &Tenants, uid: &str, asked: bool) -> Result<()> {
    let uid = uid.to_owned();
    let sql = "update integrations set asked = ?2 where uid = ?1 and asked <> ?2";
    tenants.control().write(move |tx| Ok(tx.execute(sql, params![uid, asked])?)).await.map(drop)
}

/// Forgets an integration of a tenant.
pub(super) async fn remove(tenants: &Tenants, tenant: &TenantId, uid: &str) -> Result<()> {
    let (tenant, uid) = (tenant.clone(), uid.to_owned());
    let sql = "delete from integrations where uid = ?1 and tenant_id = ?2";
    tenants.control().write(move |tx| Ok(tx.execute(sql, params![uid, tenant.as_str()])?)).await.map(drop)
}

/// Makes the index say of a tenant what its store says.
///
/// # Errors
/// Whatever SQLite says.
pub async fn look_through(tenants: &Tenants, tenant: &Tenant, settings: &Settings) -> Result<()> {
    let settings = settings.clone();
    let read = tenant.db().read(move |conn| {
        let mut found = Vec::new();
        for it in store::list(conn)? {
            let due = planning::due_ms(&it, &streams::list(conn, it.id)?, &settings);
            let asked = super::requests::any_open(conn, &it.uid)?;
            found.push((it.uid, it.source, due, asked));
        }
        found.extend(store::all_removing(conn)?.into_iter().map(|(uid, source, _)| (uid, source, Some(0), false)));
        Ok(found)
    });
    let found = read.await?;
    let (id, known) = (tenant.id().clone(), found.iter().map(|(uid, ..)| uid.clone()).collect::<Vec<_>>());
    let gone = tenants.control().read(move |conn| {
        let mut of = conn.prepare("select uid from integrations where tenant_id = ?")?;
        let uids = of.query_map([id.as_str()], |row| row.get(0))?.collect::<rusqlite::Result<Vec<String>>>()?;
        Ok(uids.into_iter().filter(|uid| !known.contains(uid)).collect::<Vec<_>>())
    });
    for uid in gone.await? {
        remove(tenants, tenant.id(), &uid).await?;
    }
    for (uid, source, due_ms, asked) in found {
        put(tenants, Entry { uid: uid.clone(), tenant: tenant.id().clone(), source }, due_ms).await?;
        set_asked(tenants, &uid, asked).await?;
    }
    Ok(())
}
