//! How old the keys are, as `control.db` notes it. No key's bytes come from here.

use jiff::Timestamp;
use rusqlite::Connection;
use serde_json::json;

use super::{Tenants, lifecycle};
use crate::error::Result;

/// A key, its bytes aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyAge {
    /// What it is for: `master`, `signing`, `database`, `tokens`.
    pub kind: &'static str,
    /// The slug of the tenant whose key it is; none for the instance's.
    pub tenant: Option<String>,
    /// What tells it from every other.
    pub id: String,
    /// When it was made, milliseconds of unix time; unknown for one that the settings name.
    pub made_at_ms: Option<i64>,
}

impl Tenants {
    /// The keys of the instance and of every tenant.
    pub async fn key_ages(&self) -> Result<Vec<KeyAge>> {
        self.control().read(ages).await
    }

    /// Tells the instance's events of old keys, each once until it is another; returns how many were new.
    pub async fn note_old_keys(&self, old: Vec<KeyAge>, now: Timestamp) -> Result<usize> {
        self.control()
            .write(move |tx| {
                let mut told = 0;
                for key in &old {
                    let is_new = tx.execute(
                        "insert into key_reminders values (?1, ?2)
                         on conflict (key) do update set made_at_ms = excluded.made_at_ms
                         where made_at_ms <> excluded.made_at_ms",
                        (&key.id, key.made_at_ms),
                    )?;
                    if is_new > 0 {
                        let data = json!({ "key": key.kind, "tenant": key.tenant, "made_at_ms": key.made_at_ms });
                        lifecycle::told_of_instance(tx, now, "keys.old", data)?;
                        told += 1;
                    }
                }
                Ok(told)
            })
            .await
    }
}

fn ages(conn: &Connection) -> Result<Vec<KeyAge>> {
    let (master, signing) = conn.query_row(
        "select (select master_key_at_ms from instance),
                (select max(created_at_ms) from signing_keys where until_ms is null)",
        [],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    let of_instance = |kind: &'static str, made_at_ms| KeyAge { kind, tenant: None, id: kind.to_owned(), made_at_ms };
    let mut keys = vec![of_instance("master", master), of_instance("signing", signing)];
    let mut query = conn.prepare(
        "select slug, id, coalesce(store_key_at_ms, created_at_ms), coalesce(tokens_key_at_ms, created_at_ms)
         from tenants where state = 'active' order by slug",
    )?;
    let mut rows = query.query([])?;
    while let Some(row) = rows.next()? {
        let (slug, id): (String, String) = (row.get(0)?, row.get(1)?);
        for (kind, column) in [("database", 2), ("tokens", 3)] {
            let (tenant, id) = (Some(slug.clone()), format!("{kind}:{id}"));
            keys.push(KeyAge { kind, tenant, id, made_at_ms: row.get(column)? });
        }
    }
    Ok(keys)
}
