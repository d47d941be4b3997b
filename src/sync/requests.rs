//! Requests of customers that a platform passes on: a copy of what is kept of one, their erasure, the end of a shop. They are noted here
//! and answered by `privacy`, for the platform wants its answer at once.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Transaction, params};
use serde::{Deserialize, Serialize};

use super::store;
use super::{Sync, index};
use crate::error::Result;
use crate::tenants::{Tenant, TenantId};

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A copy of what is kept of a customer.
    DataRequest,
    /// The erasure of a customer.
    Redact,
    /// The erasure of everything of a shop that has left.
    ShopRedact,
}

impl Kind {
    pub(super) const ALL: [Self; 3] = [Self::DataRequest, Self::Redact, Self::ShopRedact];

    /// The name in the store.
    pub fn name(self) -> &'static str {
        match self {
            Self::DataRequest => "data_request",
            Self::Redact => "redact",
            Self::ShopRedact => "shop_redact",
        }
    }
}

/// Whom it is about, as the platform names them.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Customer {
    /// Their e-mail address, where the platform knows it.
    pub email: Option<String>,
    /// The platform's id of them.
    pub id: Option<String>,
}

/// A request that waits.
#[derive(Debug, Clone)]
pub struct Request {
    /// UUID.
    pub id: String,
    /// The integration it came by.
    pub integration: String,
    /// Row id of the brand.
    pub brand_id: i64,
    /// What is asked.
    pub kind: Kind,
    /// Whom it is about.
    pub customer: Customer,
}

/// Notes one.
pub(super) fn insert(
    tx: &Transaction<'_>,
    (integration, brand_id): (&str, i64),
    kind: Kind,
    (reference, customer): (Option<&str>, &Customer),
    now: Timestamp,
) -> Result<()> {
    tx.execute(
        "insert into privacy_requests (id, integration_uid, brand_id, kind, reference, customer, asked_at_ms)
         values (?, ?, ?, ?, ?, ?, ?)",
        params![
            uuid::Uuid::now_v7().to_string(),
            integration,
            brand_id,
            kind.name(),
            reference,
            store::text(customer)?,
            now.as_millisecond()
        ],
    )?;
    Ok(())
}

/// Whether a request that came by an integration waits.
pub(super) fn any_open(conn: &Connection, integration: &str) -> Result<bool> {
    let sql = "select 1 from privacy_requests where integration_uid = ? and answered_at_ms is null";
    Ok(conn.prepare_cached(sql)?.exists([integration])?)
}

/// The requests of a tenant that wait, the oldest first.
///
/// # Errors
/// Whatever SQLite says.
pub fn open(conn: &Connection) -> Result<Vec<Request>> {
    let mut all = conn.prepare(
        "select id, integration_uid, brand_id, kind, coalesce(customer, '{}') from privacy_requests
         where answered_at_ms is null order by asked_at_ms, id",
    )?;
    let mut rows = all.query([])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let kind = row.get_ref(3)?.as_str().unwrap_or_default();
        let Some(kind) = Kind::ALL.into_iter().find(|one| one.name() == kind) else { continue };
        found.push(Request {
            id: row.get(0)?,
            integration: row.get(1)?,
            brand_id: row.get(2)?,
            kind,
            customer: store::read(row.get_ref(4)?.as_str().unwrap_or_default())?,
        });
    }
    Ok(found)
}

/// Notes that one was answered. Whom it was about is kept no longer; the copy, where one was asked for, is.
///
/// # Errors
/// Whatever SQLite says.
pub fn close(tx: &Transaction<'_>, id: &str, answer: Option<&str>, now: Timestamp) -> Result<()> {
    let sql = "update privacy_requests set customer = null, answered_at_ms = ?2, answer = ?3 where id = ?1";
    tx.execute(sql, params![id, now.as_millisecond(), answer])?;
    Ok(())
}

/// A request as people see it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct RequestView {
    /// UUID.
    id: String,
    /// The integration it came by.
    integration: String,
    /// The brand's id.
    brand: String,
    /// `data_request`, `redact` or `shop_redact`.
    kind: String,
    /// The platform's own number of it.
    reference: Option<String>,
    #[schema(value_type = String, format = DateTime)]
    asked_at: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    answered_at: Option<Timestamp>,
    /// Of a `data_request`: the copy to hand to the customer, kept for 30 days.
    answer: Option<serde_json::Value>,
}

/// The requests of a tenant's brands within reach, the newest first.
///
/// # Errors
/// Whatever SQLite says.
pub fn list(conn: &Connection, within: impl Fn(i64) -> bool) -> Result<Vec<RequestView>> {
    let mut all = conn.prepare(
        "select p.id, p.integration_uid, b.uid, p.kind, p.reference, p.asked_at_ms, p.answered_at_ms, p.answer, p.brand_id
         from privacy_requests p join brands b on b.id = p.brand_id order by p.asked_at_ms desc, p.id limit 500",
    )?;
    let mut rows = all.query([])?;
    let at = |ms: i64| Timestamp::from_millisecond(ms).unwrap_or_default();
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        if !within(row.get(8)?) {
            continue;
        }
        let answer: Option<String> = row.get(7)?;
        found.push(RequestView {
            id: row.get(0)?,
            integration: row.get(1)?,
            brand: row.get(2)?,
            kind: row.get(3)?,
            reference: row.get(4)?,
            asked_at: at(row.get(5)?),
            answered_at: row.get::<_, Option<i64>>(6)?.map(at),
            answer: answer.map(|text| store::read(&text)).transpose()?,
        });
    }
    Ok(found)
}

impl Sync {
    /// Tenants with requests that wait.
    ///
    /// # Errors
    /// Whatever SQLite says of `control.db`.
    pub async fn tenants_asked(&self) -> Result<Vec<TenantId>> {
        let mut ids: Vec<TenantId> =
            index::asked(&self.0.tenants).await?.into_iter().map(|entry| entry.tenant).collect();
        ids.sort();
        ids.dedup();
        Ok(ids)
    }

    /// Notes that the requests which came by an integration were answered.
    ///
    /// # Errors
    /// Whatever SQLite says.
    pub async fn settle(&self, tenant: &Tenant, integration: &str) -> Result<()> {
        let uid = integration.to_owned();
        let open = tenant.db().read(move |conn| any_open(conn, &uid)).await?;
        index::set_asked(&self.0.tenants, integration, open).await
    }

    /// The integration of an id, if it is still there: whether it is this tenant's.
    ///
    /// # Errors
    /// Whatever SQLite says.
    pub async fn is_there(&self, tenant: &Tenant, integration: &str) -> Result<bool> {
        let uid = integration.to_owned();
        let sql = "select 1 from integrations where uid = ?";
        let found = tenant.db().read(move |conn| Ok(conn.query_row(sql, [uid], |_| Ok(())).optional()?));
        Ok(found.await?.is_some())
    }
}
