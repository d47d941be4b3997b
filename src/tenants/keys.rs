//! The keys of the instance as they are now: the master key in memory, and the keys that sign access tokens, random, named, kept
//! in `control.db`, never printed.

use std::sync::{Arc, PoisonError, RwLock};

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, Transaction};
use secrecy::{ExposeSecret, SecretBox};
use serde_json::json;

use super::registry::blocking;
use super::{TenantId, Tenants, directory, lifecycle};
use crate::error::Result;
use crate::secrets::{MasterKey, TenantKey, random_bytes};

/// What a rotation puts other keys into while everybody reads them.
pub(super) struct Keyring {
    master: RwLock<Arc<MasterKey>>,
    signing: RwLock<Arc<[SigningKey]>>,
}

impl Keyring {
    pub(super) fn new(master: MasterKey, signing: Vec<SigningKey>) -> Self {
        Self { master: RwLock::new(Arc::new(master)), signing: RwLock::new(signing.into()) }
    }
}

/// One signing key. The newest signs; all verify.
pub struct SigningKey {
    kid: String,
    secret: SecretBox<[u8; 32]>,
    made_at_ms: i64,
    until: Option<Timestamp>,
}

impl SigningKey {
    /// The key's name, as it stands in a token's header.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The key itself.
    pub fn secret(&self) -> &[u8; 32] {
        self.secret.expose_secret()
    }

    /// When it was made, milliseconds of unix time.
    pub fn made_at_ms(&self) -> i64 {
        self.made_at_ms
    }

    /// When it stops verifying, where another took its place.
    pub fn until(&self) -> Option<Timestamp> {
        self.until
    }
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SigningKey({})", self.kid)
    }
}

impl Tenants {
    /// The keys that sign access tokens: the first signs, all verify.
    pub fn jwt_keys(&self) -> Arc<[SigningKey]> {
        Arc::clone(&self.keyring().signing.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Makes a new key for signing. Those before verify for `keep` from `now` on.
    pub async fn rotate_signing(&self, now: Timestamp, keep: SignedDuration) -> Result<()> {
        let _turn = self.turn_at_files().await;
        let tenants = self.clone();
        blocking(move || {
            let until_ms = now.as_millisecond() + i64::try_from(keep.as_millis()).unwrap_or(i64::MAX / 2);
            let keys = tenants.control().write_blocking(|tx| {
                tx.execute("update signing_keys set until_ms = ?1 where until_ms is null", [until_ms])?;
                forget_old(tx, now.as_millisecond())?;
                add(tx, now.as_millisecond())?;
                lifecycle::told_of_instance(tx, now, "keys.rotated", json!({ "keys": ["signing"] }))?;
                list(tx)
            })?;
            tenants.set_jwt_keys(keys);
            Ok(())
        })
        .await
    }

    /// Forgets the signing keys whose last token has ended; whether there were any.
    pub async fn forget_old_signing(&self, now: Timestamp) -> Result<bool> {
        let _turn = self.turn_at_files().await;
        let tenants = self.clone();
        blocking(move || {
            let over = |key: &SigningKey| key.until.is_some_and(|until| until <= now);
            if !tenants.jwt_keys().iter().any(over) {
                return Ok(false);
            }
            let keys = tenants.control().write_blocking(|tx| {
                forget_old(tx, now.as_millisecond())?;
                list(tx)
            })?;
            tenants.set_jwt_keys(keys);
            // They go from the log, too.
            tenants.control().checkpoint()?;
            Ok(true)
        })
        .await
    }

    /// The master key as it is now. What is wrapped with it is wrapped within the write that stores it.
    pub(super) fn master(&self) -> Arc<MasterKey> {
        Arc::clone(&self.keyring().master.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn set_master(&self, master: Arc<MasterKey>) {
        *self.keyring().master.write().unwrap_or_else(PoisonError::into_inner) = master;
    }

    /// What is needed to open a tenant. Tried again where the master key was made anew in between.
    pub(super) fn unwrapped(&self, id: &TenantId) -> Result<Option<(directory::Record, TenantKey)>> {
        loop {
            let master = self.master();
            let record = self.control().read_blocking(|conn| directory::record(conn, id))?;
            let Some(record) = record else { return Ok(None) };
            match master.unwrap(id.as_str(), &record.wrapped_key) {
                Ok(key) => return Ok(Some((record, key))),
                Err(_) if !Arc::ptr_eq(&master, &self.master()) => {}
                Err(error) => return Err(error),
            }
        }
    }

    fn set_jwt_keys(&self, keys: Vec<SigningKey>) {
        *self.keyring().signing.write().unwrap_or_else(PoisonError::into_inner) = keys.into();
    }
}

/// All keys, newest first, with one made where there is none yet; and when the master key was made, where that is not noted.
pub(super) fn at_start(tx: &Transaction<'_>, now_ms: i64) -> Result<Vec<SigningKey>> {
    forget_old(tx, now_ms)?;
    let mut keys = list(tx)?;
    if keys.iter().all(|key| key.until.is_some()) {
        add(tx, now_ms)?;
        keys = list(tx)?;
    }
    tx.execute(
        "update instance set master_key_at_ms = (select min(created_at_ms) from signing_keys)
         where master_key_at_ms is null",
        [],
    )?;
    Ok(keys)
}

fn list(conn: &Connection) -> Result<Vec<SigningKey>> {
    let mut query = conn.prepare(
        "select kid, secret, created_at_ms, until_ms from signing_keys
         order by until_ms is not null, created_at_ms desc, kid",
    )?;
    let mut rows = query.query([])?;
    let mut keys = Vec::new();
    while let Some(row) = rows.next()? {
        let (kid, secret, made_at_ms): (String, [u8; 32], i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let until = row.get::<_, Option<i64>>(3)?.and_then(|until_ms| Timestamp::from_millisecond(until_ms).ok());
        keys.push(SigningKey { kid, secret: SecretBox::init_with(|| secret), made_at_ms, until });
    }
    Ok(keys)
}

fn forget_old(tx: &Transaction<'_>, now_ms: i64) -> Result<()> {
    tx.execute("delete from signing_keys where until_ms <= ?1", [now_ms])?;
    Ok(())
}

fn add(tx: &Transaction<'_>, now_ms: i64) -> Result<()> {
    let kid = uuid::Uuid::new_v4().simple().to_string();
    let secret = SecretBox::<[u8; 32]>::init_with(random_bytes);
    tx.execute(
        "insert into signing_keys (kid, secret, created_at_ms) values (?1, ?2, ?3)",
        (kid, secret.expose_secret(), now_ms),
    )?;
    Ok(())
}
