//! The star schema in DuckDB, derived from the tenant's SQLite: filled when it is first asked for, kept up by the change log,
//! thrown away and filled again whenever in doubt. It lies in memory, so nothing of it is ever on a disk.

mod ads;
mod brands;
mod budget;
mod changes;
mod costs;
mod dimensions;
mod fill;
mod follow;
mod journeys;
mod local_time;
mod orders;
mod reading;
mod recent;
mod refunds;
mod rollups;
mod stock;
mod variants;

use std::sync::atomic::{AtomicI64, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;

use crate::db::{Db, WeakDb};
use crate::duck::{self, Duck, Gate};
use crate::error::{Error, Result};
use crate::tenants::{Change, Tenant};
use follow::Outcome;

pub use budget::{Settings, limit};
pub use recent::Moved;

const SCHEMA: [&str; 6] = [
    include_str!("../../assets/migrations/warehouse/0001_star.sql"),
    include_str!("../../assets/migrations/warehouse/0002_rollups.sql"),
    include_str!("../../assets/migrations/warehouse/0003_journeys.sql"),
    include_str!("../../assets/migrations/warehouse/0004_credits.sql"),
    include_str!("../../assets/migrations/warehouse/0005_sessions.sql"),
    include_str!("../../assets/migrations/warehouse/0006_costs.sql"),
];

/// An instance that has deleted more rows is filled anew at the next landing.
const MOST_DELETED: usize = 2_000_000;

/// A landing is followed after this long, so that a burst of small ones is followed once.
const PAUSE: Duration = Duration::from_millis(30);
/// And at the latest after this long while an import keeps landing.
const LONGEST_PAUSE: Duration = Duration::from_millis(400);

/// A tenant's warehouse. Cheap to clone.
#[derive(Clone)]
pub struct Warehouse(Arc<Inner>);

struct Inner {
    instance: Mutex<Option<Arc<Duck>>>,
    /// The change-log entry the instance has; meaningless without one.
    applied: AtomicI64,
    /// How often one was filled.
    filling: AtomicU64,
    /// Rows the instance has deleted since it was filled: DuckDB keeps their room.
    deleted: AtomicUsize,
    /// What moved since then, as far as it is remembered.
    recent: Mutex<recent::Recent>,
    /// Held by whoever feeds.
    feeding: Arc<tokio::sync::Mutex<()>>,
    gate: Gate,
    share: budget::Share,
}

/// The tenant's warehouse. It lives as long as the open tenant; nothing is filled before it is asked for.
pub fn of(tenant: &Tenant) -> Arc<Warehouse> {
    tenant.slot(|| {
        let inner = Arc::new(Inner {
            instance: Mutex::default(),
            applied: AtomicI64::new(0),
            filling: AtomicU64::new(0),
            deleted: AtomicUsize::new(0),
            recent: Mutex::default(),
            feeding: Arc::default(),
            gate: Gate::default(),
            share: budget::Share::default(),
        });
        // Without a runtime (a command) nobody waits for figures to follow by themselves.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(follow_landings(Arc::downgrade(&inner), tenant.db().downgrade(), tenant.changes()));
        }
        Warehouse(inner)
    })
}

/// A warehouse of facts that a test writes, with everything derived from them.
#[cfg(test)]
pub fn derived_from(conn: &duck::Connection, facts: &str) -> Result<()> {
    for statements in SCHEMA.into_iter().chain([facts]) {
        conn.execute_batch(statements).context("writing facts")?;
    }
    rollups::fill_sales(conn)?;
    rollups::fill_rest(conn)
}

impl Warehouse {
    /// Makes sure that everything announced so far is in the warehouse; returns the data version it has. One caller feeds, the
    /// others wait for it.
    ///
    /// # Errors
    /// What SQLite or DuckDB says, after a warehouse that could not follow was thrown away and could not be filled either.
    pub async fn caught_up(&self, tenant: &Tenant) -> Result<i64> {
        self.0.share.touch();
        self.0.catch_up(tenant.db().clone(), tenant.data_version()).await
    }

    /// Which filling this is: what was read from an earlier one is not believed any more.
    pub fn filling(&self) -> u64 {
        self.0.filling.load(Ordering::Acquire)
    }

    /// What moved from one data version to another of this filling; nothing where that is not remembered: read everything again.
    pub fn moved(&self, filling: u64, since: i64, until: i64) -> Option<Moved> {
        let recent = self.0.recent();
        (self.filling() == filling).then(|| recent.between(since, until)).flatten()
    }

    /// Runs `read` on the warehouse as it is; call [`Warehouse::caught_up`] first. Blocking threads, the time limit and the
    /// tenant's share of the cores are seen to.
    ///
    /// # Errors
    /// `Unavailable` when there is no instance, it died, it is busy, or the query took too long; else what `read` says.
    pub async fn query<T, F>(&self, read: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&duck::Connection) -> Result<T> + Send + 'static,
    {
        let Some(duck) = self.0.filled().await else {
            return Err(not_filled());
        };
        let answer = duck.run(&self.0.gate, read).await;
        if answer.is_err() && !duck.is_alive() {
            self.0.throw_away(&duck);
            return Err(not_filled());
        }
        answer
    }

    /// Runs `work` on what was read from the warehouse before: a turn like a query's, without a connection.
    ///
    /// # Errors
    /// `Unavailable` when too many wait already.
    pub async fn compute<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce() -> T + Send + 'static,
    {
        let permit = self.0.gate.enter().await?;
        let task = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            work()
        });
        Ok(task.await.context("computing figures")?)
    }

    /// Throws the warehouse away and fills it from SQLite; returns the data version it has.
    ///
    /// # Errors
    /// What SQLite or DuckDB says.
    pub async fn rebuild(&self, tenant: &Tenant) -> Result<i64> {
        let guard = Arc::clone(&self.0.feeding).lock_owned().await;
        let (inner, db) = (Arc::clone(&self.0), tenant.db().clone());
        run_blocking(guard, move || inner.filled_anew(&db)).await
    }
}

fn not_filled() -> Error {
    Error::Unavailable {
        code: "warehouse_filling",
        reason: "the figures are being prepared".into(),
        retry_after_secs: 1,
    }
}

impl Inner {
    fn instance(&self) -> Option<Arc<Duck>> {
        self.instance.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn recent(&self) -> std::sync::MutexGuard<'_, recent::Recent> {
        self.recent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn put(&self, instance: Option<Arc<Duck>>) {
        *self.instance.lock().unwrap_or_else(PoisonError::into_inner) = instance;
    }

    /// The instance; while it is being filled, once that is done.
    async fn filled(&self) -> Option<Arc<Duck>> {
        if let Some(duck) = self.instance() {
            return Some(duck);
        }
        drop(self.feeding.lock().await);
        self.instance()
    }

    /// Forgets the instance if it is still this one.
    fn throw_away(&self, dead: &Arc<Duck>) {
        let mut instance = self.instance.lock().unwrap_or_else(PoisonError::into_inner);
        if instance.as_ref().is_some_and(|current| Arc::ptr_eq(current, dead)) {
            *instance = None;
        }
    }

    /// The applied entry, if there is an instance that has at least `wanted`.
    fn has(&self, wanted: i64) -> Option<i64> {
        self.instance()?;
        let applied = self.applied.load(Ordering::Acquire);
        (applied >= wanted).then_some(applied)
    }

    async fn catch_up(self: &Arc<Self>, db: Db, wanted: i64) -> Result<i64> {
        if let Some(applied) = self.has(wanted) {
            return Ok(applied);
        }
        let guard = Arc::clone(&self.feeding).lock_owned().await;
        if let Some(applied) = self.has(wanted) {
            return Ok(applied);
        }
        let permit = if self.instance().is_none() { Some(duck::fill_permit().await?) } else { None };
        let inner = Arc::clone(self);
        run_blocking((guard, permit), move || inner.feed(&db)).await
    }

    /// Follows the change log, or fills. A warehouse that cannot follow is filled anew.
    fn feed(self: &Arc<Self>, db: &Db) -> Result<i64> {
        let worn = self.deleted.load(Ordering::Relaxed) > MOST_DELETED;
        if let Some(duck) = self.instance().filter(|_| !worn) {
            match self.follow(db, &duck) {
                Ok(Some(seq)) => {
                    budget::settle(self, &duck);
                    return Ok(seq);
                }
                Ok(None) => {}
                Err(error) => tracing::warn!(%error, "the warehouse could not follow and is filled anew"),
            }
        }
        self.filled_anew(db)
    }

    fn filled_anew(self: &Arc<Self>, db: &Db) -> Result<i64> {
        let seq = self.fill(db)?;
        if let Some(duck) = self.instance() {
            budget::settle(self, &duck);
        }
        Ok(seq)
    }

    /// The entry it has then; nothing where it must be filled anew.
    fn follow(&self, db: &Db, duck: &Arc<Duck>) -> Result<Option<i64>> {
        let lent = duck.lend()?;
        let since = self.applied.load(Ordering::Acquire);
        let outcome = db.read_blocking(|conn| follow::follow(conn, lent.get()?, since))?;
        lent.give_back();
        if let Outcome::Applied { seq, deleted, moved } = outcome {
            self.deleted.fetch_add(deleted, Ordering::Relaxed);
            if seq > since {
                self.recent().push(since, seq, moved);
            }
            self.applied.store(seq, Ordering::Release);
            return Ok(Some(seq));
        }
        Ok(None)
    }

    fn fill(&self, db: &Db) -> Result<i64> {
        // The old one goes first: two of a large tenant need not fit in memory.
        self.put(None);
        let duck = Duck::open(budget::limits(), &SCHEMA)?;
        let seq = fill::fill(db, &duck)?;
        self.deleted.store(0, Ordering::Relaxed);
        self.recent().forget();
        self.filling.fetch_add(1, Ordering::AcqRel);
        self.applied.store(seq, Ordering::Release);
        self.put(Some(duck));
        Ok(seq)
    }
}

/// Runs on a blocking thread and holds `held` until it is done, even if the caller goes away.
async fn run_blocking<H: Send + 'static>(held: H, work: impl FnOnce() -> Result<i64> + Send + 'static) -> Result<i64> {
    let task = tokio::task::spawn_blocking(move || {
        let _held = held;
        work()
    });
    task.await.context("feeding the warehouse")?
}

/// Follows landings while the tenant is open, so that the first query after one does not wait. A warehouse that nobody has
/// asked for stays empty.
async fn follow_landings(inner: Weak<Inner>, db: WeakDb, mut landings: broadcast::Receiver<Change>) {
    let mut pause = PAUSE;
    loop {
        let mut wanted = match landings.recv().await {
            Ok(change) => change.version,
            Err(RecvError::Lagged(_)) => continue,
            Err(RecvError::Closed) => return,
        };
        tokio::time::sleep(pause).await;
        while let Ok(change) = landings.try_recv() {
            wanted = wanted.max(change.version);
        }
        let (Some(inner), Some(db)) = (inner.upgrade(), db.upgrade()) else { return };
        if inner.instance().is_none() {
            continue;
        }
        let begun = Instant::now();
        if let Err(error) = inner.catch_up(db, wanted).await {
            tracing::warn!(%error, "the warehouse could not follow a landing");
        }
        pause = begun.elapsed().clamp(PAUSE, LONGEST_PAUSE);
    }
}
