//! Who may run how many queries at once: each core runs one, each tenant at most a few, in the order they came.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};

use anyhow::Context as _;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::error::{Error, Result};

/// The cores of the machine are one resource however many servers a process (a test) holds, hence the statics.
static RUNNING: LazyLock<Arc<Semaphore>> = LazyLock::new(|| Arc::new(Semaphore::new(cores())));
static FILLING: LazyLock<Arc<Semaphore>> = LazyLock::new(|| Arc::new(Semaphore::new(cores())));
static WAITING: AtomicUsize = AtomicUsize::new(0);

/// Queries that may wait in the whole process; more are turned away.
const MOST_WAITING: usize = 1_024;

fn cores() -> usize {
    std::thread::available_parallelism().map_or(2, usize::from)
}

/// One tenant's share. Waiting for it first keeps a busy tenant from filling the common queue.
#[derive(Debug, Clone)]
pub struct Gate {
    tenant: Arc<Semaphore>,
}

impl Default for Gate {
    /// Half the cores, at least two.
    fn default() -> Self {
        Self { tenant: Arc::new(Semaphore::new((cores() / 2).max(2))) }
    }
}

/// Leave to run one query; ends when dropped.
pub struct Permit {
    _tenant: OwnedSemaphorePermit,
    _process: OwnedSemaphorePermit,
}

impl Gate {
    /// Waits for its turn.
    ///
    /// # Errors
    /// `Unavailable` when too many wait already.
    pub async fn enter(&self) -> Result<Permit> {
        let _place = Place::take()?;
        let tenant = Arc::clone(&self.tenant).acquire_owned().await.context("waiting for the tenant's turn")?;
        let process = Arc::clone(&RUNNING).acquire_owned().await.context("waiting for a core")?;
        Ok(Permit { _tenant: tenant, _process: process })
    }
}

/// Leave to fill one tenant's warehouse: as many at once as there are cores, for each takes memory and time.
///
/// # Errors
/// Never while the process runs.
pub async fn fill_permit() -> Result<OwnedSemaphorePermit> {
    Ok(Arc::clone(&FILLING).acquire_owned().await.context("waiting to fill a warehouse")?)
}

/// A place in the queue.
struct Place;

impl Place {
    fn take() -> Result<Self> {
        let place = Self;
        if WAITING.fetch_add(1, Ordering::Relaxed) >= MOST_WAITING {
            return Err(Error::Unavailable {
                code: "busy",
                reason: "too many queries are waiting".into(),
                retry_after_secs: 1,
            });
        }
        Ok(place)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        WAITING.fetch_sub(1, Ordering::Relaxed);
    }
}
