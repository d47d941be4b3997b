//! Pulls sources: stores integrations, decides what is due, has the connectors read it step by step, and lands what they bring.
//!
//! A step's rows, what is kept of its answers, and where it goes on commit together, under a lease. So a step may be repeated at any
//! time, a kill loses nothing and doubles nothing, and two who work on one integration cannot both land. When what is due is looked up
//! in an index of `control.db`, so that no tenant's store is opened for nothing.

mod asking;
mod circuit;
mod failing;
mod index;
mod landing;
pub mod manage;
pub mod oauth;
mod planning;
pub mod privacy;
mod removal;
mod replay;
pub mod requests;
pub mod routes;
mod sealing;
mod session;
mod settings;
mod sources;
mod staging;
mod store;
mod telling;
mod tested;
mod trial;
mod view;
mod waiting;
pub mod webhooks;

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::anyhow;
use futures_util::FutureExt;
use jiff::Timestamp;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::auth::Author;
use crate::clock::Clock;
use crate::connectors::{self, Connector, Source};
use crate::error::{Error, Result};
use crate::jobs::Nudge;
use crate::tenants::{Steps, Tenant, TenantId, Tenants};

use circuit::Circuits;
pub use index::look_through;
use oauth::Ways;
pub use removal::Data;
pub use replay::Replayed;
pub use sealing::reseal;
use session::Session;
pub use settings::Settings;
pub use store::State;
pub use telling::{News, news};
pub use view::{IntegrationView, StreamView};

/// How soon what failed by our own doing is tried again.
const FAILED_MS: i64 = 60_000;

/// What pulls. Cheap to clone.
#[derive(Clone)]
pub struct Sync(Arc<Inner>);

/// What a [`Sync`] is made of.
#[derive(Clone, Default)]
pub struct Parts {
    /// How often, how much at once.
    pub settings: Settings,
    /// Addresses and versions of the platforms.
    pub shared: connectors::Settings,
    /// The platforms that there are.
    pub connectors: Vec<Arc<dyn Connector>>,
    /// Told of every step once it is done, so that a test can end there.
    pub steps: Steps,
}

struct Inner {
    tenants: Tenants,
    clock: Clock,
    parts: Parts,
    nudge: Nudge,
    requests: Nudge,
    stop: CancellationToken,
    tasks: TaskTracker,
    places: Arc<Semaphore>,
    /// Integrations at work, with their tenants.
    working: Mutex<HashMap<String, TenantId>>,
    /// Somebody waits for a place.
    crowded: AtomicBool,
    circuits: Circuits,
    turns: Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>,
    ways: Ways,
}

/// A place among those at work, given back when dropped.
struct Place {
    sync: Sync,
    uid: String,
    _permit: OwnedSemaphorePermit,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.sync.working().remove(&self.uid);
        self.sync.0.nudge.send();
    }
}

impl Sync {
    /// One that nothing has been asked of yet.
    pub fn new(tenants: Tenants, clock: Clock, parts: Parts) -> Self {
        let places = Arc::new(Semaphore::new(parts.settings.at_once.max(1)));
        Self(Arc::new(Inner {
            tenants,
            clock,
            parts,
            nudge: Nudge::new(),
            requests: Nudge::new(),
            stop: CancellationToken::new(),
            tasks: TaskTracker::new(),
            places,
            working: Mutex::default(),
            crowded: AtomicBool::new(false),
            circuits: Circuits::default(),
            turns: Mutex::default(),
            ways: Ways::default(),
        }))
    }

    /// What has [`Self::begin_due`] called sooner than the clock does.
    pub fn nudge(&self) -> &Nudge {
        &self.0.nudge
    }

    /// What has requests of customers answered that a platform passed on.
    pub fn requests_nudge(&self) -> &Nudge {
        &self.0.requests
    }

    /// How it is set.
    pub fn settings(&self) -> &Settings {
        &self.0.parts.settings
    }

    /// Begins whatever is due and finds a place, and returns without waiting for it.
    ///
    /// # Errors
    /// Whatever SQLite says of `control.db`.
    pub async fn begin_due(&self) -> Result<()> {
        let crowded = self.begin(|_| true).await?;
        self.0.crowded.store(crowded, Ordering::Relaxed);
        Ok(())
    }

    /// Begins what is due and wanted. True where something of it found no place.
    async fn begin(&self, wanted: impl Fn(&str) -> bool) -> Result<bool> {
        let now_ms = self.now_ms();
        let mut crowded = false;
        for entry in index::due(&self.0.tenants, now_ms).await?.into_iter().filter(|entry| wanted(&entry.uid)) {
            if self.0.stop.is_cancelled() {
                break;
            }
            if self.0.tenants.check_open(&entry.tenant).is_err() || self.working().contains_key(&entry.uid) {
                continue;
            }
            // Looked at first: a place that is given back has this called again at once.
            if self.0.circuits.rests(entry.source, now_ms) {
                continue;
            }
            let Some(place) = self.place(&entry.uid, &entry.tenant) else {
                crowded = true;
                continue;
            };
            if !self.0.circuits.may_ask(entry.source, now_ms) {
                continue;
            }
            let sync = self.clone();
            self.0.tasks.spawn(async move { sync.work(place, &entry).await });
        }
        Ok(crowded)
    }

    /// [`Self::begin_due`], and waits until all that was begun has ended. For those who drive its clock.
    ///
    /// # Errors
    /// As there.
    pub async fn run_due(&self) -> Result<()> {
        loop {
            self.begin_due().await?;
            if self.working().is_empty() {
                return Ok(());
            }
            while !self.working().is_empty() {
                tokio::time::sleep(std::time::Duration::from_millis(2)).await;
            }
        }
    }

    async fn work(&self, place: Place, entry: &index::Entry) {
        let lease = uuid::Uuid::new_v4().simple().to_string();
        let done = AssertUnwindSafe(async {
            let tenant = self.0.tenants.open(&entry.tenant).await?;
            self.session(&tenant, entry, &lease).await
        });
        let done = match done.catch_unwind().await {
            Ok(done) => done,
            Err(_) => self.after_panic(entry, &lease).await,
        };
        if let Err(error) = done {
            tracing::error!(integration = entry.uid, %error, "an integration could not be worked on");
            self.put_off(entry, FAILED_MS).await;
        }
        drop(place);
    }

    /// Works on one integration until nothing of it is due, and notes when it is next.
    async fn session(&self, tenant: &Tenant, entry: &index::Entry, lease: &str) -> Result<()> {
        let Some(mut session) = Session::begin(self, tenant, &entry.uid, lease).await? else {
            self.put_off(entry, session::IDLE_MS).await;
            return self.clear_away(tenant, &entry.uid).await;
        };
        let worked = session.work().await;
        session.end().await?;
        worked
    }

    /// A panic is ours to mend, and until then must not leave its integration taken, and due all the time.
    async fn after_panic(&self, entry: &index::Entry, lease: &str) -> Result<()> {
        let tenant = self.0.tenants.open(&entry.tenant).await?;
        Session::release(&tenant, &entry.uid, lease).await?;
        Err(anyhow!("the work on it ended in a panic").into())
    }

    async fn put_off(&self, entry: &index::Entry, by_ms: i64) {
        let again = self.now_ms().saturating_add(by_ms);
        if let Err(error) = index::put(&self.0.tenants, entry.clone(), Some(again)).await {
            tracing::error!(integration = entry.uid, %error, "an integration could not be put off");
        }
    }

    /// A place for an integration, if it does not work already and the limits leave one.
    fn place(&self, uid: &str, tenant: &TenantId) -> Option<Place> {
        let mut working = self.working();
        let of_tenant = working.values().filter(|other| *other == tenant).count();
        if working.contains_key(uid) || of_tenant >= self.settings().at_once_per_tenant.max(1) {
            return None;
        }
        let permit = Arc::clone(&self.0.places).try_acquire_owned().ok()?;
        working.insert(uid.to_owned(), tenant.clone());
        Some(Place { sync: self.clone(), uid: uid.to_owned(), _permit: permit })
    }

    /// Removes what is older than the settings say, and makes the index say what the stores say. Stops between two tenants when `stop`
    /// says so.
    ///
    /// # Errors
    /// What one tenant's store says; the others are done all the same.
    pub async fn run_daily(&self, stop: impl Fn() -> bool) -> Result<()> {
        let mut outcome = Ok(());
        for id in index::whose(&self.0.tenants).await? {
            if stop() {
                break;
            }
            let done = async {
                let tenant = self.0.tenants.open_even_closed(&id).await?;
                self.forget_old(&tenant).await?;
                index::look_through(&self.0.tenants, &tenant, self.settings()).await
            };
            if let Err(error) = done.await {
                tracing::error!(tenant = %id, %error, "what syncs keep could not be looked through");
                outcome = Err(error);
            }
        }
        outcome
    }

    async fn forget_old(&self, tenant: &Tenant) -> Result<()> {
        let (settings, now, subject) =
            (self.settings().clone(), self.0.clock.system_time(), format!("tenant:{}", tenant.id()));
        let write = tenant.db().write(move |tx| {
            let gone = privacy::forget_old(tx, &settings, now)?;
            if gone > 0 {
                let told = serde_json::json!({ "sync": gone });
                Author::without_request("system").tell(tx, now, "retention.applied", &subject, told)?;
            }
            Ok(())
        });
        write.await
    }

    /// Asks whatever works to stop after its step, and waits until it has.
    pub async fn close(&self) {
        self.0.stop.cancel();
        self.0.tasks.close();
        self.0.tasks.wait().await;
    }

    fn working(&self) -> MutexGuard<'_, HashMap<String, TenantId>> {
        self.0.working.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The connector of a source.
    ///
    /// # Errors
    /// `Unsupported` where there is none.
    fn connector(&self, source: Source) -> Result<Arc<dyn Connector>> {
        let found = self.0.parts.connectors.iter().find(|connector| connector.source() == source);
        found.cloned().ok_or_else(|| Error::Unsupported { reason: format!("{source} cannot be connected to here.") })
    }

    /// Whoever makes the credentials of an integration anew holds its turn.
    fn turn_of(&self, uid: &str) -> Arc<tokio::sync::Mutex<()>> {
        let mut turns = self.0.turns.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(turns.entry(uid.to_owned()).or_default())
    }

    fn ways(&self) -> &Ways {
        &self.0.ways
    }

    fn shared(&self) -> &connectors::Settings {
        &self.0.parts.shared
    }

    /// Business time.
    fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    /// The system's time, by which things are due.
    fn now_ms(&self) -> i64 {
        self.0.clock.system_time().as_millisecond()
    }

    fn step_done(&self, step: &'static str) {
        self.0.parts.steps.done(step);
    }
}
