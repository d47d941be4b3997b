//! Backups: a tenant's store as it was at one moment, sealed for a recipient whose private half need not be on the machine, with
//! a manifest by which every row can be checked; and the way back. The archive carries the store's key, so it needs no master
//! key of the machine it was made on, and shows nothing to whoever has not the private half.
//!
//! A backup never stops writers: the store is copied within one read transaction. A restore happens beside what is there, is
//! checked whole, and is put in its place in one step that a crash either has done or has not.

mod archive;
mod check;
mod daily;
mod fetch;
mod folder;
mod keys;
mod make;
mod manifest;
mod renew;
mod restore;
pub mod routes;
mod s3;
mod settings;
mod shipping;
mod tables;
mod target;
mod verify;

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::Context;

use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::tenants::{TenantId, Tenants};
use shipping::Shipping;
use target::Folder;

pub use fetch::fetch;
pub use folder::Archive;
pub use keys::{IDENTITY_FILE, Identity, Recipient, RecipientSetting, Seal, read_key_file};
pub use make::Made;
pub use manifest::{FileSum, Manifest, Sum, TableSum};
pub use renew::Renewed;
pub use restore::{Done, Wanted, restore_instance};
pub use settings::{Destination, Settings, Store};
pub use shipping::read::Moment;
pub use shipping::replay::{Reached, When, restore_shipped_instance};
pub use shipping::state::{Beginning, LogChecked, LogState};
pub use tables::sums;
pub use target::{Item, Put, Target};
pub use verify::Verdict;

/// Makes, lists, checks and restores backups. Cheap to clone.
#[derive(Clone)]
pub struct Backups(Arc<Inner>);

struct Inner {
    tenants: Tenants,
    clock: Clock,
    settings: Settings,
    target: Arc<dyn Target>,
    /// One backup or restore at a time: each takes a disk and a core.
    turn: tokio::sync::Mutex<()>,
    states: Mutex<BTreeMap<TenantId, State>>,
    shipping: Option<Shipping>,
}

/// What this process knows of a tenant's backups beside the archives.
#[derive(Debug, Clone, Default)]
pub struct State {
    /// Whether one is being made.
    pub running: bool,
    /// Why the last one failed, if it did.
    pub failure: Option<String>,
}

impl Backups {
    /// Of these tenants. To be called on the runtime that a store is asked on, if the settings name one; asks nobody.
    ///
    /// # Errors
    /// A sentence where a store cannot be as the settings say.
    pub fn new(tenants: Tenants, clock: Clock, settings: Settings) -> Result<Self> {
        Self::with(tenants, clock, settings, |_| Ok(None))
    }

    /// The same, and from now on nothing leaves a store's log before it was shipped, if the settings say so. Blocks for a moment;
    /// to be called before any tenant is opened.
    pub fn shipping(tenants: Tenants, clock: Clock, settings: Settings) -> Result<Self> {
        let backlog = settings.ships().then_some(settings.continuous_backlog_mb << 20);
        let keeping = tenants.clone();
        Self::with(tenants, clock, settings, move |target| {
            backlog.map(|bytes| keeping.keep_logs(bytes).map(|()| Shipping::new(target.clone()))).transpose()
        })
    }

    fn with(
        tenants: Tenants,
        clock: Clock,
        settings: Settings,
        shipping: impl FnOnce(&Arc<dyn Target>) -> Result<Option<Shipping>>,
    ) -> Result<Self> {
        if let Err(error) = renew::settle(tenants.data_folder(), tenants.control()) {
            tracing::error!(%error, "an exchange of the backup key that was interrupted could not be finished");
        }
        let target = settings.target(tenants.data_folder())?;
        let shipping = shipping(&target)?;
        let (turn, states) = (tokio::sync::Mutex::default(), Mutex::default());
        let all = Self(Arc::new(Inner { tenants, clock, settings, target, turn, states, shipping }));
        let of = Arc::downgrade(&all.0);
        all.tenants().before_exchanges(move |tenant| {
            if let Some(inner) = of.upgrade() {
                Self(inner).ship_before_exchange(tenant);
            }
        });
        Ok(all)
    }

    /// Where sealed things go: where the settings say, or into the folder that is asked for.
    pub fn target(&self, asked: Option<&Path>) -> Arc<dyn Target> {
        match asked {
            Some(folder) => Arc::new(Folder(folder.to_owned())),
            None => self.0.target.clone(),
        }
    }

    /// For whom archives are sealed; none before the first backup, where no recipient is configured.
    pub fn seal(&self) -> Result<Option<Seal>> {
        Seal::load(self.tenants().data_folder(), &self.0.settings.recipient, false)
    }

    /// A tenant's archives, newest first.
    pub async fn list(&self, tenant: &TenantId, folder: Option<&Path>) -> Result<Vec<Archive>> {
        let shelf = folder::Shelf::of(self.target(folder), tenant.as_str());
        blocking(move || shelf.list()).await
    }

    /// Archives of `control.db`, newest first.
    pub async fn list_of_instance(&self, folder: Option<&Path>) -> Result<Vec<Archive>> {
        let (all, target) = (self.clone(), self.target(folder));
        blocking(move || folder::Shelf::of(target, &all.instance_shelf()?).list()).await
    }

    /// What this process knows of a tenant's backups.
    pub fn state(&self, tenant: &TenantId) -> State {
        self.states().get(tenant).cloned().unwrap_or_default()
    }

    /// Notes that a backup of the tenant is about to be made; false when one is already.
    fn claim(&self, tenant: &TenantId) -> bool {
        let mut states = self.states();
        let state = states.entry(tenant.clone()).or_default();
        !std::mem::replace(&mut state.running, true)
    }

    fn instance_shelf(&self) -> Result<String> {
        Ok(format!("instance-{}", self.tenants().instance()?))
    }

    fn tenants(&self) -> &Tenants {
        &self.0.tenants
    }

    fn clock(&self) -> &Clock {
        &self.0.clock
    }

    async fn turn(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.0.turn.lock().await
    }

    fn states(&self) -> MutexGuard<'_, BTreeMap<TenantId, State>> {
        self.0.states.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Backups {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Backups").field("settings", &self.0.settings).finish_non_exhaustive()
    }
}

/// An archive that is not taken, and why.
fn refused(why: String) -> Error {
    Error::invalid_code("archive_refused", None, format!("the archive is refused: {why}"))
}

/// How far a backup stands back for people, as `nice` counts it.
const NICE: i32 = 10;

/// [`blocking`] on a thread of its own that gives way to those who answer people.
async fn unhurried<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    let (done, waiting) = tokio::sync::oneshot::channel();
    let begun = std::thread::Builder::new().name("backup".to_owned()).spawn(move || {
        // A system that does not allow it only makes it hurry.
        let _ = rustix::process::nice(NICE);
        // Nobody may be waiting any more.
        let _ = done.send(work());
    });
    begun.context("beginning a backup")?;
    waiting.await.context("a backup broke off")?.map_err(for_the_caller)
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.context("working on a backup")?.map_err(for_the_caller)
}

/// A full disk is the operator's to mend, not a defect.
fn for_the_caller(error: Error) -> Error {
    let is_full = |cause: &(dyn std::error::Error + 'static)| {
        let kind = cause.downcast_ref::<std::io::Error>().map(std::io::Error::kind);
        matches!(kind, Some(ErrorKind::StorageFull | ErrorKind::QuotaExceeded))
    };
    match &error {
        Error::Internal(chain) if chain.chain().any(is_full) => Error::Unavailable {
            code: "storage_full",
            reason: "The disk is full: nothing was kept of it and nothing was changed. Free some space and try again."
                .to_owned(),
            retry_after_secs: 300,
        },
        _ => error,
    }
}
