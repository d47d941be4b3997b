//! Keys that grow old: which there are, how old each is, and the reminder to make it anew. What makes each anew stands where the
//! key does: `tenants`, `auth`, `backup`.

use jiff::{SignedDuration, Timestamp};
use rusqlite::Transaction;
use serde::Serialize;

use crate::backup::Backups;
use crate::error::Result;
use crate::secrets::TenantKey;
use crate::tenants::{KeyAge, Tenants};
use crate::{auth, sync};

/// The age from which on a key should be made anew.
pub const OLD: SignedDuration = SignedDuration::from_hours(90 * 24);

/// A key and its age.
#[derive(Debug, Clone, Serialize)]
pub struct Key {
    /// What it is for: `master`, `signing`, `backup`, `database`, `tokens`.
    pub key: &'static str,
    /// The slug of the tenant whose key it is; none for the instance's.
    pub tenant: Option<String>,
    /// When it was made; unknown for one that the settings name.
    pub made_at: Option<Timestamp>,
    /// Whole days since.
    pub age_days: Option<i64>,
    /// Whether it is older than [`OLD`].
    pub old: bool,
}

impl Key {
    fn of(age: &KeyAge, now: Timestamp) -> Self {
        let made_at = age.made_at_ms.and_then(|ms| Timestamp::from_millisecond(ms).ok());
        let since = made_at.map(|at| now.duration_since(at));
        Self {
            key: age.kind,
            tenant: age.tenant.clone(),
            made_at,
            age_days: since.map(|since| since.as_hours() / 24),
            old: since.is_some_and(|since| since > OLD),
        }
    }

    /// What it is called in a sentence.
    pub fn name(&self) -> String {
        match &self.tenant {
            Some(tenant) => format!("{} of {tenant}", self.key),
            None => self.key.to_owned(),
        }
    }
}

/// Seals anew, under the second key, every secret that a store holds under the first: second factors, and what signs in to sources.
///
/// # Errors
/// Where one does not open, or whatever SQLite says.
pub fn reseal(tx: &Transaction<'_>, old: &TenantKey, new: &TenantKey) -> Result<()> {
    auth::reseal_second_factors(tx, old, new)?;
    sync::reseal(tx, old, new)
}

/// Every key with its age at `now`. The key of backups is there once a backup was made.
pub async fn keys(tenants: &Tenants, backups: &Backups, now: Timestamp) -> Result<Vec<Key>> {
    Ok(ages(tenants, backups).await?.iter().map(|age| Key::of(age, now)).collect())
}

/// The old keys at `now`, told to the instance's events where they were not yet.
pub async fn remind(tenants: &Tenants, backups: &Backups, now: Timestamp) -> Result<Vec<Key>> {
    let mut old = ages(tenants, backups).await?;
    old.retain(|age| Key::of(age, now).old);
    let keys = old.iter().map(|age| Key::of(age, now)).collect();
    tenants.note_old_keys(old, now).await?;
    Ok(keys)
}

async fn ages(tenants: &Tenants, backups: &Backups) -> Result<Vec<KeyAge>> {
    let mut ages = tenants.key_ages().await?;
    if let Some((_, made_at_ms)) = backups.key_age().await? {
        ages.insert(2, KeyAge { kind: "backup", tenant: None, id: "backup".to_owned(), made_at_ms });
    }
    Ok(ages)
}
