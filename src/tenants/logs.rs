//! Keepers of the stores' logs, for whoever ships them: one per store for as long as the process runs, whether it is open or not.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::Context;

use super::lifecycle::remove_folder;
use super::{Tenant, TenantId, Tenants, directory};
use crate::db::{Db, LogKeeper};
use crate::error::Result;
use crate::secrets::Purpose;

/// Where logs are kept until they are shipped, in the data folder.
const FOLDER: &str = "shipping";
/// The keeper's folder of `control.db`.
const CONTROL: &str = "control";

/// Told of a store that another file is about to take the place of.
type BeforeExchange = Arc<dyn Fn(&Tenant) + Send + Sync>;

/// The keepers; none for `control.db`'s.
pub(super) struct Keepers {
    folder: PathBuf,
    most: u64,
    before_exchange: Mutex<Option<BeforeExchange>>,
    all: Mutex<BTreeMap<Option<TenantId>, Arc<LogKeeper>>>,
}

impl Keepers {
    fn all(&self) -> MutexGuard<'_, BTreeMap<Option<TenantId>, Arc<LogKeeper>>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn folder_of(&self, id: Option<&TenantId>) -> PathBuf {
        self.folder.join(id.map_or(CONTROL, TenantId::as_str))
    }
}

impl Tenants {
    /// From now on nothing leaves the log of any store before it was copied elsewhere, up to `most` bytes of each. The first call
    /// counts. Blocks.
    pub fn keep_logs(&self, most: u64) -> Result<()> {
        let keepers = Keepers {
            folder: self.data_folder().join(FOLDER),
            most,
            before_exchange: Mutex::default(),
            all: Mutex::default(),
        };
        if self.keepers_slot().set(keepers).is_err() {
            return Ok(());
        }
        self.keep_log(None, self.control())?;
        for info in self.control().read_blocking(directory::list)? {
            match self.held_now(&info.id) {
                Some(tenant) => self.keep_log(Some(&info.id), tenant.db())?,
                None => drop(self.keeper_of(Some(&info.id))),
            }
        }
        Ok(())
    }

    /// The keepers of all stores; none of the id is `control.db`'s. Empty unless logs are kept.
    pub fn log_keepers(&self) -> Vec<(Option<TenantId>, Arc<LogKeeper>)> {
        let Some(keepers) = self.keepers_slot().get() else { return Vec::new() };
        keepers.all().iter().map(|(id, keeper)| (id.clone(), keeper.clone())).collect()
    }

    /// From now on `ship` is called, and waited for, before another file takes the place of a store whose log is kept. The last one
    /// counts.
    pub fn before_exchanges(&self, ship: impl Fn(&Tenant) + Send + Sync + 'static) {
        if let Some(keepers) = self.keepers_slot().get() {
            *keepers.before_exchange.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(ship));
        }
    }

    pub(super) fn about_to_exchange(&self, tenant: &Tenant) {
        let Some(keepers) = self.keepers_slot().get() else { return };
        let ship = keepers.before_exchange.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(ship) = ship {
            ship(tenant);
        }
    }

    /// The tenant is gone: so is what was kept of its log.
    pub fn forget_log(&self, id: &TenantId) -> Result<()> {
        let Some(keepers) = self.keepers_slot().get() else { return Ok(()) };
        keepers.all().remove(&Some(id.clone()));
        remove_folder(&keepers.folder_of(Some(id)))
    }

    /// A store was opened.
    pub(super) fn keep_log(&self, id: Option<&TenantId>, db: &Db) -> Result<()> {
        match self.keeper_of(id) {
            Some(keeper) => Ok(db.keep_log(keeper).context("keeping the log of a store")?),
            None => Ok(()),
        }
    }

    fn keeper_of(&self, id: Option<&TenantId>) -> Option<Arc<LogKeeper>> {
        let keepers = self.keepers_slot().get()?;
        let new = || Arc::new(LogKeeper::new(keepers.folder_of(id), keepers.most, self.clock().clone()));
        Some(keepers.all().entry(id.cloned()).or_insert_with(new).clone())
    }

    /// The slug of the tenant whose store the file at `path` really is.
    pub(super) fn whose(&self, path: &Path) -> Option<String> {
        let tenants = self.control().read_blocking(directory::list).ok()?;
        tenants.into_iter().find_map(|info| {
            let (_, key) = self.unwrapped(&info.id).ok()??;
            Db::is_under(path, &key.derive(Purpose::Store)).then_some(info.slug)
        })
    }
}
