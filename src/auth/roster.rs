//! Who is active in an open tenant, in memory: what every request asks. Changed together with the rows, so it is never behind.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use tokio::sync::watch;

use super::member::User;
use super::store;
use crate::error::Result;
use crate::tenants::Tenant;

/// The people of a tenant who have been asked for.
#[derive(Default)]
pub struct Roster {
    known: RwLock<Known>,
    moved: watch::Sender<()>,
}

#[derive(Default)]
struct Known {
    people: HashMap<String, Entry>,
    /// Moves with every change, so that a row read before a change is not kept after it.
    changes: u64,
}

/// An active person.
#[derive(Clone)]
pub struct Entry {
    /// Who.
    pub user: Arc<User>,
    /// The version that access tokens must have.
    pub version: i64,
}

impl Roster {
    /// The tenant's own.
    pub fn of(tenant: &Tenant) -> Arc<Self> {
        tenant.slot(Self::default)
    }

    /// The person of an id, if active.
    pub async fn get(&self, tenant: &Tenant, id: &str) -> Result<Option<Entry>> {
        let seen = {
            let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
            if let Some(entry) = known.people.get(id) {
                return Ok(Some(entry.clone()));
            }
            known.changes
        };
        let wanted = id.to_owned();
        let row = tenant.db().read(move |conn| store::find(conn, &wanted)).await?;
        let entry =
            row.filter(|row| row.active).map(|row| Entry { version: row.token_version, user: Arc::new(row.user) });
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(entry) = entry.as_ref().filter(|_| known.changes == seen) {
            known.people.insert(id.to_owned(), entry.clone());
        }
        Ok(entry)
    }

    /// Forgets a person whose row has changed. To be called after the commit, before anybody is told of it.
    pub fn forget(&self, id: &str) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        known.changes += 1;
        known.people.remove(id);
        drop(known);
        self.moved.send_replace(());
    }

    /// Moves whenever a person's row has changed.
    pub fn moved(&self) -> watch::Receiver<()> {
        self.moved.subscribe()
    }
}
