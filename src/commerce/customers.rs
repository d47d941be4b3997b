//! Who ordered, as a keyed hash: the same person has the same id, and nobody can be found by address without the key.

use std::collections::HashMap;
use std::hash::BuildHasherDefault;

use hmac::{Hmac, KeyInit, Mac};
use rusqlite::{OptionalExtension, Transaction, params};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::known::AsItIs;
use super::lander::Work;
use super::rows::CustomerRef;
use crate::error::Result;

/// The kept part of the hash: 128 bits.
pub(super) type Key = [u8; 16];

const LOOKUPS_BEFORE_LOADING: u32 = 2_000;
/// Most customers held in memory: about 40 MB.
const MOST_IN_MEMORY: usize = 1_000_000;

/// Makes keys. Holds the hash's keyed state, not the key.
#[derive(Clone)]
pub(super) struct Identity {
    keyed: Hmac<Sha256>,
}

impl Identity {
    pub(super) fn new(key: &[u8; 32]) -> Self {
        // HMAC pads a shorter key with zeros to its block.
        let mut block = Zeroizing::new([0; 64]);
        block[..32].copy_from_slice(key);
        Self { keyed: Hmac::<Sha256>::new((&*block).into()) }
    }

    /// Lower case and trimmed for an e-mail; a source's own id counts within its connector only.
    pub(super) fn key(&self, customer: &CustomerRef, connector: &str) -> Key {
        let mut mac = self.keyed.clone();
        match customer {
            CustomerRef::Email(address) => {
                mac.update(b"email\0");
                let address = address.trim();
                if address.bytes().any(|b| b.is_ascii_uppercase() || !b.is_ascii()) {
                    mac.update(address.to_lowercase().as_bytes());
                } else {
                    mac.update(address.as_bytes());
                }
            }
            CustomerRef::SourceId(id) => {
                mac.update(b"id\0");
                mac.update(connector.as_bytes());
                mac.update(b"\0");
                mac.update(id.trim().as_bytes());
            }
            CustomerRef::Hashed(key) => return *key,
        }
        let mut key = [0; 16];
        key.copy_from_slice(&mac.finalize().into_bytes()[..16]);
        key
    }
}

/// Hashes addresses before they are landed, for whoever must not hold them. Cheap to clone.
#[derive(Clone)]
pub struct CustomerHash(Identity);

impl CustomerHash {
    /// One under the tenant's key for customer identities.
    pub fn new(identity_key: &[u8; 32]) -> Self {
        Self(Identity::new(identity_key))
    }

    /// What [`CustomerRef::Hashed`] takes: the same customer as [`CustomerRef::Email`] of this address.
    pub fn of_email(&self, address: &str) -> [u8; 16] {
        self.0.key(&CustomerRef::Email(address.to_owned()), "")
    }

    /// What a browser of a brand is recognised by, of the random id that the shop's own page gave it: no customer's hash.
    pub fn of_visitor(&self, brand_id: i64, id: &str) -> [u8; 16] {
        let mut mac = self.0.keyed.clone();
        mac.update(b"visitor\0");
        mac.update(&brand_id.to_le_bytes());
        mac.update(id.as_bytes());
        let mut key = [0; 16];
        key.copy_from_slice(&mac.finalize().into_bytes()[..16]);
        key
    }
}

/// The brand's customers as far as they were needed.
#[derive(Default)]
pub(super) struct Customers {
    ids: HashMap<Key, i64, BuildHasherDefault<AsItIs>>,
    complete: bool,
    too_many: bool,
    begun: bool,
    lookups: u32,
}

impl Customers {
    /// The id of the customer with `key`, who is added where unknown.
    pub(super) fn id(&mut self, work: &mut Work, key: &Key) -> Result<i64> {
        self.prepare(work.tx, work.brand_id)?;
        if let Some(id) = self.ids.get(key) {
            return Ok(*id);
        }
        if !self.complete {
            self.lookups = self.lookups.saturating_add(1);
            let stored = work
                .tx
                .prepare_cached("select id from customers where brand_id = ? and key = ?")?
                .query_row(params![work.brand_id, key], |row| row.get(0))
                .optional()?;
            if let Some(id) = stored {
                return Ok(self.remember(key, id));
            }
        }
        work.tx
            .prepare_cached("insert into customers (brand_id, key) values (?, ?)")?
            .execute(params![work.brand_id, key])?;
        work.changed = true;
        Ok(self.remember(key, work.tx.last_insert_rowid()))
    }

    fn remember(&mut self, key: &Key, id: i64) -> i64 {
        if self.ids.len() >= MOST_IN_MEMORY {
            self.ids = HashMap::default();
            self.complete = false;
            self.too_many = true;
        }
        self.ids.insert(*key, id);
        id
    }

    fn prepare(&mut self, tx: &Transaction, brand_id: i64) -> Result<()> {
        let first = !std::mem::replace(&mut self.begun, true);
        if self.complete || self.too_many || !(first || self.lookups >= LOOKUPS_BEFORE_LOADING) {
            return Ok(());
        }
        let most = if first { 0 } else { MOST_IN_MEMORY };
        let mut loaded = HashMap::default();
        let mut all = tx.prepare_cached("select key, id from customers where brand_id = ?")?;
        let mut rows = all.query([brand_id])?;
        while let Some(row) = rows.next()? {
            if loaded.len() >= most {
                self.too_many = !first;
                return Ok(());
            }
            loaded.insert(row.get(0)?, row.get(1)?);
        }
        self.ids = loaded;
        self.complete = true;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_person_has_one_key_however_the_address_is_written() {
        let identity = Identity::new(&[7; 32]);
        let key = |text: &str| identity.key(&CustomerRef::Email(text.into()), "shopify");
        assert_eq!(key("ann@example.com"), key("  Ann@Example.COM "));
        assert_ne!(key("ann@example.com"), key("bob@example.com"));
        assert_ne!(
            key("ann@example.com"),
            Identity::new(&[8; 32]).key(&CustomerRef::Email("ann@example.com".into()), "shopify")
        );
    }

    #[test]
    fn a_source_id_counts_within_its_connector() {
        let identity = Identity::new(&[7; 32]);
        let id = CustomerRef::SourceId("17850".into());
        assert_ne!(identity.key(&id, "file"), identity.key(&id, "shopify"));
        assert_ne!(identity.key(&id, "file"), identity.key(&CustomerRef::Email("17850".into()), "file"));
    }
}
