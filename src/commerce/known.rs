//! Which rows of one natural key are there already, and with which digest: by look-ups for a small landing, from memory for
//! an import.

use std::collections::HashMap;
use std::hash::{BuildHasher, BuildHasherDefault, Hasher, RandomState};

use rusqlite::{OptionalExtension, Transaction, params};

use super::digest::Digest;
use crate::error::Result;

/// Look-ups after which it pays to read all digests at once.
const LOOKUPS_BEFORE_LOADING: u32 = 2_000;
/// Most digests held in memory: about 50 MB. A larger brand is looked up row by row.
const MOST_IN_MEMORY: usize = 1_500_000;

/// What is known of a row that is about to land.
pub(super) enum Found {
    New,
    Unchanged,
    /// There, with this id and another digest.
    Changed(i64),
}

/// The SQL of one table: how to find one row, and all.
pub(super) struct Source {
    /// Takes brand, connector, external id; gives id, digest.
    pub one: &'static str,
    /// Takes brand, connector; gives external id, digest.
    pub all: &'static str,
}

/// An external id with its hash.
pub(super) struct Named<'a> {
    pub external_id: &'a str,
    pub hash: u64,
}

/// The rows of one brand and connector in one table.
#[derive(Default)]
pub(super) struct Known {
    hasher: RandomState,
    digests: HashMap<u64, Digest, BuildHasherDefault<AsItIs>>,
    /// `digests` has every row there is.
    complete: bool,
    too_many: bool,
    begun: bool,
    lookups: u32,
}

impl Known {
    /// The id with its hash, for the functions below.
    pub(super) fn named<'a>(&self, external_id: &'a str) -> Named<'a> {
        Named { external_id, hash: self.hasher.hash_one(external_id) }
    }

    /// What there is under the external id. The id's hash may collide, so only equal digests are believed from memory.
    pub(super) fn find(
        &mut self,
        tx: &Transaction,
        source: &Source,
        owner: (i64, &str),
        named: &Named,
        digest: &Digest,
    ) -> Result<Found> {
        self.prepare(tx, source, owner)?;
        if self.complete {
            match self.digests.get(&named.hash) {
                None => return Ok(Found::New),
                Some(known) if known == digest => return Ok(Found::Unchanged),
                Some(_) => {}
            }
        }
        self.lookups = self.lookups.saturating_add(1);
        let stored: Option<(i64, Digest)> = tx
            .prepare_cached(source.one)?
            .query_row(params![owner.0, owner.1, named.external_id], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        Ok(match stored {
            None => Found::New,
            Some((_, known)) if known == *digest => Found::Unchanged,
            Some((id, _)) => Found::Changed(id),
        })
    }

    /// Forgets a row that has just been deleted.
    pub(super) fn forget(&mut self, external_id: &str) {
        self.digests.remove(&self.hasher.hash_one(external_id));
    }

    /// Remembers a row that has just been written.
    pub(super) fn remember(&mut self, named: &Named, digest: &Digest) {
        if self.complete {
            self.digests.insert(named.hash, *digest);
        }
    }

    fn prepare(&mut self, tx: &Transaction, source: &Source, owner: (i64, &str)) -> Result<()> {
        let first = !std::mem::replace(&mut self.begun, true);
        if self.complete || self.too_many || !(first || self.lookups >= LOOKUPS_BEFORE_LOADING) {
            return Ok(());
        }
        // At first only an empty table is worth knowing; it costs one step.
        let most = if first { 0 } else { MOST_IN_MEMORY };
        let mut all = tx.prepare_cached(source.all)?;
        let mut rows = all.query(params![owner.0, owner.1])?;
        while let Some(row) = rows.next()? {
            if self.digests.len() >= most {
                self.digests = HashMap::default();
                self.too_many = !first;
                return Ok(());
            }
            let external_id = row.get_ref(0)?.as_str().map_err(|_| rusqlite::Error::InvalidQuery)?;
            self.digests.insert(self.hasher.hash_one(external_id), row.get(1)?);
        }
        self.complete = true;
        Ok(())
    }
}

/// For keys that are keyed hashes already, so that nobody can choose them to collide: takes the first eight bytes.
#[derive(Default)]
pub(super) struct AsItIs(u64);

impl Hasher for AsItIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        if let Some(first) = bytes.first_chunk() {
            self.0 = u64::from_le_bytes(*first);
        }
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }

    // A length says nothing.
    fn write_usize(&mut self, _: usize) {}
}
