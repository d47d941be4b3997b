//! Who is active in an open tenant and which API keys hold, in memory: what every request asks. Changed together with the rows,
//! so it is never behind.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use tokio::sync::watch;

use super::keys::{self, KeyEntry};
use super::member::User;
use super::permission::Permissions;
use super::reach::Reach;
use super::store::{self, PersonRow};
use crate::error::Result;
use crate::tenants::Tenant;

/// The people of a tenant who have been asked for, and its keys.
#[derive(Default)]
pub struct Roster {
    known: RwLock<Known>,
    moved: watch::Sender<()>,
}

#[derive(Default)]
struct Known {
    people: HashMap<String, Entry>,
    keys: Option<Keys>,
    /// Moves with every change, so that a row read before a change is not kept after it.
    changes: u64,
}

type Keys = Arc<HashMap<String, Arc<KeyEntry>>>;

/// An active person.
#[derive(Clone)]
pub struct Entry {
    /// Who.
    pub user: Arc<User>,
    /// The version that access tokens must have.
    pub version: i64,
    /// What the person may do at the moment, in a session without a second factor and in one with it.
    permissions: [Permissions; 2],
    /// The brands the person may know of.
    pub reach: Reach,
}

impl From<PersonRow> for Entry {
    fn from(row: PersonRow) -> Self {
        let permissions = [row.permissions(false), row.permissions(true)];
        Self { version: row.token_version, permissions, reach: row.reach, user: Arc::new(row.user) }
    }
}

impl Entry {
    /// What the person may do at the moment, in a session that passed a second factor or did not.
    pub fn permissions(&self, strong: bool) -> Permissions {
        self.permissions[usize::from(strong)]
    }
}

impl Roster {
    /// The tenant's own.
    pub fn of(tenant: &Tenant) -> Arc<Self> {
        tenant.slot(Self::default)
    }

    /// The person of an id, if active.
    pub async fn get(&self, tenant: &Tenant, id: &str) -> Result<Option<Entry>> {
        let seen = {
            let known = self.read();
            if let Some(entry) = known.people.get(id) {
                return Ok(Some(entry.clone()));
            }
            known.changes
        };
        let wanted = id.to_owned();
        let row = tenant.db().read(move |conn| store::find(conn, &wanted)).await?;
        let entry = row.filter(|row| row.active).map(Entry::from);
        let mut known = self.write();
        if let Some(entry) = entry.as_ref().filter(|_| known.changes == seen) {
            known.people.insert(id.to_owned(), entry.clone());
        }
        Ok(entry)
    }

    /// The key of an id, whether its time is over or not. All of a tenant's keys are read at once, so that a guess asks no
    /// database.
    pub async fn key(&self, tenant: &Tenant, id: &str) -> Result<Option<Arc<KeyEntry>>> {
        let seen = {
            let known = self.read();
            if let Some(keys) = &known.keys {
                return Ok(keys.get(id).cloned());
            }
            known.changes
        };
        let rows = tenant.db().read(keys::store::list).await?;
        let keys: Keys = Arc::new(rows.into_iter().map(|row| (row.id.clone(), Arc::new(KeyEntry::of(row)))).collect());
        let found = keys.get(id).cloned();
        let mut known = self.write();
        if known.changes == seen {
            known.keys = Some(keys);
        }
        Ok(found)
    }

    /// Forgets a person whose row has changed. To be called after the commit, before anybody is told of it.
    pub fn forget(&self, id: &str) {
        self.change(|known| drop(known.people.remove(id)));
    }

    /// Forgets the keys, some of which have changed.
    pub fn forget_keys(&self) {
        self.change(|known| known.keys = None);
    }

    /// Forgets everybody: what holds for all has changed.
    pub fn forget_all(&self) {
        self.change(|known| known.people.clear());
    }

    /// Moves whenever a person's row or a key has changed.
    pub fn moved(&self) -> watch::Receiver<()> {
        self.moved.subscribe()
    }

    fn change(&self, what: impl FnOnce(&mut Known)) {
        let mut known = self.write();
        known.changes += 1;
        what(&mut known);
        drop(known);
        self.moved.send_replace(());
    }

    fn read(&self) -> RwLockReadGuard<'_, Known> {
        self.known.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Known> {
        self.known.write().unwrap_or_else(PoisonError::into_inner)
    }
}
