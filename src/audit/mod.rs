//! What proves the event chains from outside their files: a signed head a day, and whoever checks them against it. And how long
//! entries stay in the stores before they move into archives.
//!
//! The chains are `events`; here they are looked at as a whole. Whoever holds the keys of the stores alone can rewrite a chain so
//! that it holds together; what it was is told by heads that are signed under a key of its own and lie elsewhere.

mod archiving;
mod heads;
mod review;
pub mod routes;
mod verify;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::Context;
use jiff::Timestamp;

use crate::backup::Target;
use crate::clock::Clock;
use crate::error::Result;
use crate::tenants::{TenantId, Tenants};

pub use archiving::Settings;
pub use heads::HeadFault;
pub use review::Review;
pub use verify::{Chain, Report};

/// The name of the instance's own chain among the tenants' ids.
pub const INSTANCE: &str = "instance";

/// Writes and checks heads. Cheap to clone.
#[derive(Clone)]
pub struct Audit(Arc<Inner>);

struct Inner {
    tenants: Tenants,
    clock: Clock,
    /// Where backups go: heads are kept there, too.
    backups: Arc<dyn Target>,
    /// One writing of heads at a time.
    turn: tokio::sync::Mutex<()>,
    settings: Settings,
    /// When each tenant's chain was last found unbroken; filled from the newest head at first.
    verified: Mutex<Option<BTreeMap<TenantId, Timestamp>>>,
}

impl Audit {
    /// Of these tenants, with copies of the heads where backups go.
    pub fn new(tenants: Tenants, clock: Clock, backups: Arc<dyn Target>) -> Self {
        let (turn, verified, settings) = (tokio::sync::Mutex::default(), Mutex::default(), Settings::default());
        Self(Arc::new(Inner { tenants, clock, backups, turn, settings, verified }))
    }

    /// The same, as these settings say. To be called before anything is checked.
    pub fn with_settings(&self, settings: Settings) -> Self {
        let Inner { tenants, clock, backups, .. } = &*self.0;
        let (turn, verified) = (tokio::sync::Mutex::default(), Mutex::default());
        let (tenants, clock, backups) = (tenants.clone(), clock.clone(), backups.clone());
        Self(Arc::new(Inner { tenants, clock, backups, turn, settings, verified }))
    }

    /// When a tenant's chain was last checked whole and found unbroken.
    pub async fn verified_at(&self, tenant: &TenantId) -> Result<Option<Timestamp>> {
        if let Some(known) = &*self.verified() {
            return Ok(known.get(tenant).copied());
        }
        let all = self.clone();
        let newest = blocking(move || Ok(all.heads()?.read().newest)).await?;
        let mut known = BTreeMap::new();
        for (name, chain) in newest.iter().flat_map(|head| &head.chains) {
            if let Some(id) = TenantId::parse(name).filter(|_| chain.verified) {
                known.insert(id, newest.as_ref().map_or(Timestamp::UNIX_EPOCH, |head| head.at));
            }
        }
        let found = known.get(tenant).copied();
        self.verified().get_or_insert(known);
        Ok(found)
    }

    fn note_verified(&self, tenant: &TenantId, at: Timestamp) {
        if let Some(known) = &mut *self.verified() {
            known.insert(tenant.clone(), at);
        }
    }

    fn verified(&self) -> MutexGuard<'_, Option<BTreeMap<TenantId, Timestamp>>> {
        self.0.verified.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn heads(&self) -> Result<heads::Heads> {
        let tenants = &self.0.tenants;
        heads::Heads::open(tenants.data_folder(), self.0.backups.clone(), &tenants.instance()?, tenants.audit_key()?)
    }

    fn tenants(&self) -> &Tenants {
        &self.0.tenants
    }
}

impl std::fmt::Debug for Audit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Audit")
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.context("checking the event chains")?
}

/// Makes a file whole and synced, or not at all.
fn write_file(folder: &Path, name: &str, bytes: &[u8]) -> Result<()> {
    use std::io::Write;
    use std::os::unix::fs::DirBuilderExt;

    let making = || format!("making {}", folder.join(name).display());
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).with_context(making)?;
    let mut file = tempfile::Builder::new().prefix(".part-").tempfile_in(folder).with_context(making)?;
    file.write_all(bytes).and_then(|()| file.as_file().sync_all()).with_context(making)?;
    file.persist(folder.join(name)).map_err(|error| error.error).with_context(making)?;
    Ok(std::fs::File::open(folder).and_then(|folder| folder.sync_all()).with_context(making)?)
}
