//! One open tenant: its store, its key, what has changed, and the state that modules above keep per tenant.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock, Weak};

use tokio::sync::{broadcast, watch};

use super::TenantId;
use super::remember::Memory;
use crate::db::Db;
use crate::secrets::TenantKey;

/// Changes a slow listener may be behind before it is told that it missed some.
const BUS: usize = 64;

/// A tenant's data has a new version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    /// Row id of the brand whose data changed.
    pub brand_id: i64,
    /// The data version, as [`Tenant::data_version`].
    pub version: i64,
}

/// An open tenant. Cheap to clone; its store closes when the last clone is dropped. Having one is the right to its
/// data.
#[derive(Clone)]
pub struct Tenant(Arc<Inner>);

pub(super) struct Inner {
    id: TenantId,
    slug: String,
    name: String,
    db: Db,
    key: RwLock<Arc<TenantKey>>,
    data_version: AtomicI64,
    changes: broadcast::Sender<Change>,
    slots: Mutex<HashMap<TypeId, Slot>>,
    closed: watch::Sender<bool>,
    memory: Memory,
}

type Slot = Arc<OnceLock<Arc<dyn Any + Send + Sync>>>;

impl Tenant {
    pub(super) fn new(
        id: TenantId,
        names: (String, String),
        db: Db,
        key: TenantKey,
        version: i64,
        memory: Memory,
    ) -> Self {
        let (slug, name) = names;
        let (data_version, key) = (AtomicI64::new(version), RwLock::new(Arc::new(key)));
        let changes = broadcast::Sender::new(BUS);
        let (slots, closed) = (Mutex::default(), watch::Sender::new(false));
        Self(Arc::new(Inner { id, slug, name, db, key, data_version, changes, slots, closed, memory }))
    }

    /// The tenant's id.
    pub fn id(&self) -> &TenantId {
        &self.0.id
    }

    /// The name used in commands.
    pub fn slug(&self) -> &str {
        &self.0.slug
    }

    /// The name for people.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// The tenant's store.
    pub fn db(&self) -> &Db {
        &self.0.db
    }

    /// The tenant's key as it is now, to derive keys of single purposes from. What is sealed with it is sealed within the write
    /// that stores it: between two writes the key may be made anew, and all that is stored with it.
    pub fn key(&self) -> Arc<TenantKey> {
        Arc::clone(&self.0.key.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn set_key(&self, key: Arc<TenantKey>) {
        *self.0.key.write().unwrap_or_else(PoisonError::into_inner) = key;
    }

    /// The newest data version announced: the last change-log entry. Read from the store at opening.
    pub fn data_version(&self) -> i64 {
        self.0.data_version.load(Ordering::Acquire)
    }

    /// Says that `brand`'s data has a new version; to be called after the commit by whoever landed it.
    pub fn announce(&self, brand: i64, version: i64) {
        self.0.data_version.fetch_max(version, Ordering::AcqRel);
        // Nobody listening is fine: the version is what counts.
        let _ = self.0.changes.send(Change { brand_id: brand, version });
    }

    /// Changes from now on. Whoever falls behind gets `Lagged` and should look at [`Self::data_version`].
    pub fn changes(&self) -> broadcast::Receiver<Change> {
        self.0.changes.subscribe()
    }

    /// The tenant's one `T`, made by `init` the first time: where modules above keep what they hold per tenant. It dies
    /// with the open tenant, so it must not hold a `Tenant` itself. `init` runs once and must not ask for the same `T`.
    pub fn slot<T: Send + Sync + 'static>(&self, init: impl FnOnce() -> T) -> Arc<T> {
        let slot = {
            let mut slots = self.0.slots.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(slots.entry(TypeId::of::<T>()).or_default())
        };
        let value = Arc::clone(slot.get_or_init(|| Arc::new(init())));
        match value.downcast::<T>() {
            Ok(value) => value,
            Err(_) => unreachable!("a slot holds the type it is filed under"),
        }
    }

    /// Whether it is suspended or will be deleted: what still runs for it stops.
    pub fn is_closed(&self) -> bool {
        *self.0.closed.borrow()
    }

    /// Done when [`Self::is_closed`].
    pub fn closing(&self) -> impl Future<Output = ()> + Send + use<> {
        let mut closed = self.0.closed.subscribe();
        async move {
            // It ends with the tenant, which is as good as closed.
            let _ = closed.wait_for(|closed| *closed).await;
        }
    }

    pub(super) fn set_closed(&self, closed: bool) {
        self.0.closed.send_replace(closed);
    }

    pub(super) fn downgrade(&self) -> Weak<Inner> {
        Arc::downgrade(&self.0)
    }

    pub(super) fn upgrade(weak: &Weak<Inner>) -> Option<Self> {
        weak.upgrade().map(Self)
    }
}

impl Drop for Inner {
    /// Closing a store syncs and takes a moment, so it happens off the async threads.
    fn drop(&mut self) {
        let (memory, id, db) = (self.memory.clone(), self.id.clone(), self.db.clone());
        let close = move || memory.closing(&id, &db);
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn_blocking(close)),
            Err(_) => close(),
        }
    }
}

impl std::fmt::Debug for Tenant {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Tenant({}, {})", self.0.slug, self.0.id)
    }
}
