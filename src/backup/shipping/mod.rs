//! Continuous backup: every second, what was committed to a store leaves the machine, sealed and chained. A log is shipped in
//! generations: each begins with a snapshot and goes on for as long as no commit was missed; when one was, or the store was
//! exchanged, the next one begins by itself.

mod archives;
mod chain;
pub(super) mod entry;
pub(super) mod names;
mod prune;
pub(super) mod read;
pub(super) mod replay;
pub(super) mod state;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::{Duration, Instant};

use anyhow::Context;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

use super::make::Source;
use super::target::Target;
use super::{Backups, archive};
use crate::auth::Author;
use crate::db::{Db, LogKeeper};
use crate::error::{Error, Result};
use crate::tenants::{Tenant, TenantId};
use chain::{Chain, Stop, Work};
use entry::Base;
use state::Told;

/// Stores that are shipped at once.
const AT_ONCE: usize = 4;
/// How long a round waits for the slowest store; it goes on beside the next round.
const ROUND: Duration = Duration::from_secs(1);
/// How soon a snapshot that failed is tried again.
const PAUSE: Duration = Duration::from_secs(60);
/// How long shipping may fail before the events tell.
const PATIENCE: SignedDuration = SignedDuration::from_secs(30);
/// A snapshot is followed by the next when the log since is so many times the store.
const TIMES_THE_STORE: u64 = 4;
/// But not before the log has so many bytes.
const LEAST_LOG: u64 = 64 << 20;
/// Nor is it later than this, where anything was written.
pub(super) const SNAPSHOT_AGE: SignedDuration = SignedDuration::from_hours(7 * 24);

/// What ships the logs of an instance.
pub(super) struct Shipping {
    pub(super) target: Arc<dyn Target>,
    ships: Mutex<BTreeMap<Option<TenantId>, Arc<Berth>>>,
    told: Mutex<BTreeMap<Option<TenantId>, Told>>,
    turns: Semaphore,
}

/// Where one store's log is shipped from.
#[derive(Default)]
struct Berth {
    ship: Mutex<Ship>,
    /// Whether a round waits for its turn here, or is at it: a target that hangs must not gather rounds.
    taken: AtomicBool,
}

/// Until it is dropped no other round comes.
struct Taken(Arc<Berth>);

impl Taken {
    fn of(berth: &Arc<Berth>) -> Option<Self> {
        (!berth.taken.swap(true, Ordering::AcqRel)).then(|| Self(berth.clone()))
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        self.0.taken.store(false, Ordering::Release);
    }
}

/// One store's log.
#[derive(Default)]
struct Ship {
    chain: Option<Chain>,
    job: Option<(String, JoinHandle<Result<Base>>)>,
    not_before: Option<Instant>,
    failing: Option<Failing>,
}

struct Failing {
    since: Timestamp,
    why: String,
    told: bool,
}

impl Shipping {
    pub(super) fn new(target: Arc<dyn Target>) -> Self {
        Self { target, ships: Mutex::default(), told: Mutex::default(), turns: Semaphore::new(AT_ONCE) }
    }

    fn ships(&self) -> MutexGuard<'_, BTreeMap<Option<TenantId>, Arc<Berth>>> {
        self.ships.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn told(&self) -> MutexGuard<'_, BTreeMap<Option<TenantId>, Told>> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn of(&self, id: &Option<TenantId>) -> Arc<Berth> {
        self.ships().entry(id.clone()).or_default().clone()
    }
}

impl Ship {
    /// Whether a snapshot is being made, or is due.
    fn is_busy(&self) -> bool {
        self.job.is_some() || self.chain.as_ref().is_some_and(|chain| chain.base.is_none())
    }
}

fn locked(ship: &Mutex<Ship>) -> MutexGuard<'_, Ship> {
    ship.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Backups {
    /// Whether logs are shipped.
    pub fn is_shipping(&self) -> bool {
        self.0.shipping.is_some()
    }

    /// Ships what was committed since the last round. What fails is told and tried again at the next one.
    pub async fn ship(&self) -> Result<()> {
        let Some(shipping) = &self.0.shipping else { return Ok(()) };
        let mut running = Vec::new();
        for (id, keeper) in self.tenants().log_keepers() {
            let berth = shipping.of(&id);
            let busy = match berth.ship.try_lock() {
                Ok(ship) => ship.is_busy(),
                Err(TryLockError::Poisoned(_)) => true,
                // The last round is at it still.
                Err(TryLockError::WouldBlock) => continue,
            };
            if (busy || keeper.is_dirty())
                && let Some(taken) = Taken::of(&berth)
            {
                let all = self.clone();
                running.push(tokio::spawn(async move {
                    let _taken = taken;
                    all.ship_one(id, keeper, berth).await
                }));
            }
        }
        let all = async {
            for one in running {
                // A panic in it was told already.
                let _ = one.await;
            }
        };
        // The rest goes on by itself.
        let _ = tokio::time::timeout(ROUND, all).await;
        Ok(())
    }

    /// Ships until nothing is left to ship, snapshots included, or something fails. For a polite stop, and before a restore to a
    /// moment that is just over.
    pub async fn ship_all(&self) -> Result<()> {
        let Some(shipping) = &self.0.shipping else { return Ok(()) };
        loop {
            let mut waits = false;
            for (id, keeper) in self.tenants().log_keepers() {
                let berth = shipping.of(&id);
                let busy = match berth.ship.try_lock() {
                    Ok(ship) => ship.is_busy() || ship.failing.is_some(),
                    Err(_) => true,
                };
                if busy || keeper.is_dirty() {
                    waits = true;
                    self.clone().ship_one(id, keeper, berth).await?;
                }
            }
            if !waits {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Ships what is left of a store before another file takes its place. A target that is away does not keep that from happening.
    /// Blocks.
    pub(super) fn ship_before_exchange(&self, tenant: &Tenant) {
        let Some(shipping) = &self.0.shipping else { return };
        let id = Some(tenant.id().clone());
        let Some((_, keeper)) = self.tenants().log_keepers().into_iter().find(|(of, _)| *of == id) else { return };
        let berth = shipping.of(&id);
        if let Err(error) = self.ship_blocking(Source::Tenant(tenant.clone()), &keeper, &mut locked(&berth.ship)) {
            tracing::warn!(tenant = tenant.slug(), %error, "what was committed last could not be shipped before a store is exchanged");
        }
    }

    async fn ship_one(self, id: Option<TenantId>, keeper: Arc<LogKeeper>, berth: Arc<Berth>) -> Result<()> {
        let Some(shipping) = &self.0.shipping else { return Ok(()) };
        let _turn = shipping.turns.acquire().await.context("waiting to ship")?;
        let source = match &id {
            None => Source::Control,
            Some(id) => match self.tenants().open_even_closed(id).await {
                Ok(tenant) => Source::Tenant(tenant),
                Err(Error::NotFound) => {
                    shipping.ships().remove(&Some(id.clone()));
                    shipping.told().remove(&Some(id.clone()));
                    let (tenants, id) = (self.tenants().clone(), id.clone());
                    return super::blocking(move || tenants.forget_log(&id)).await;
                }
                // Set aside, or being restored: what it committed before stays where it is.
                Err(_) => return Ok(()),
            },
        };
        let all = self.clone();
        super::blocking(move || all.ship_blocking(source, &keeper, &mut locked(&berth.ship))).await
    }

    fn ship_blocking(&self, source: Source, keeper: &LogKeeper, ship: &mut Ship) -> Result<()> {
        let Some(shipping) = &self.0.shipping else { return Ok(()) };
        let (shelf, db) = (self.shelf_of(&source)?, source.db(self.tenants()));
        let (file, key) = source.file_and_key(self.tenants())?;
        let with = Work { target: &*shipping.target, shelf: &shelf, db, file, key, keeper };
        keeper.take_dirty();
        let outcome = advance(ship, &with).and_then(|()| self.see_to_snapshot(&source, ship, &with));
        let outcome = self.settle(&source, ship, (db, keeper), outcome);
        self.note_state(shipping, &with, source.tenant().cloned(), ship);
        outcome
    }

    /// Tells how shipping went, where it has to be told.
    fn settle(
        &self,
        source: &Source,
        ship: &mut Ship,
        (db, keeper): (&Db, &LogKeeper),
        outcome: Result<(), Stop>,
    ) -> Result<()> {
        match outcome {
            Ok(()) => self.tell_recovered(source, ship),
            // An exchange retired the store under our hands: the next round meets the new one.
            Err(Stop::Failed(_)) if db.damage().is_some() => {
                keeper.set_dirty();
                Ok(())
            }
            Err(stop) => {
                keeper.set_dirty();
                let error = match stop {
                    Stop::Failed(error) => error,
                    Stop::Broken(why) => anyhow::anyhow!("the log cannot go on: {why}").into(),
                };
                self.tell_failing(source, ship, &error)?;
                Err(error)
            }
        }
    }

    /// Notes a snapshot that was made, or begins one that is due.
    fn see_to_snapshot(&self, source: &Source, ship: &mut Ship, with: &Work<'_>) -> Result<(), Stop> {
        let Some(chain) = &mut ship.chain else { return Ok(()) };
        if let Some((generation, job)) = ship.job.take_if(|(_, job)| job.is_finished()) {
            match tokio::runtime::Handle::current().block_on(job).context("making a snapshot") {
                Ok(Ok(base)) if generation == chain.generation => {
                    let first = chain.base.is_none();
                    chain.note(with, base)?;
                    if first {
                        self.tell_begun(source, &generation)?;
                    }
                }
                // Of a generation that is over.
                Ok(Ok(_)) => {}
                Ok(Err(error)) => {
                    ship.not_before = Some(Instant::now() + PAUSE);
                    return Err(Stop::Failed(error));
                }
                Err(error) => return Err(error.into()),
            }
        }
        let now = self.clock().system_time();
        let waits = ship.not_before.is_some_and(|at| Instant::now() < at);
        if ship.job.is_none() && !waits && is_due(chain, now) {
            let (all, source, generation, file) = (self.clone(), source.clone(), chain.generation.clone(), with.file);
            let making = async move {
                let _turn = all.turn().await;
                let of = all.clone();
                super::unhurried(move || of.make_base(&source, &generation, file)).await
            };
            ship.job = Some((chain.generation.clone(), tokio::runtime::Handle::current().spawn(making)));
        }
        Ok(())
    }

    /// A snapshot of a store, beside its log.
    fn make_base(&self, source: &Source, generation: &str, of: [u8; 16]) -> Result<Base> {
        let Some(shipping) = &self.0.shipping else { return Err(anyhow::anyhow!("nothing is shipped").into()) };
        let scratch = self.tenants().scratch()?;
        let (at, seal) = (super::make::millis(self.clock().system_time())?, self.seal_to_make()?);
        let (manifest, store) = self.copy(source, source.db(self.tenants()), scratch.path(), at)?;
        if source.db(self.tenants()).generation() != of {
            return Err(anyhow::anyhow!("another file took the store's place meanwhile").into());
        }
        let sealed = scratch.path().join("sealed");
        let mut file = std::fs::File::create_new(&sealed).context("making a snapshot")?;
        archive::write(&mut file, &seal.recipient, &manifest, &store)?;
        let (bytes, sha256) = archive::measure(&sealed)?;
        let file = names::snapshot(at, manifest.commits)?;
        let name = names::within(&self.shelf_of(source)?, generation, &file);
        shipping.target.put_file(&name, &sealed)?;
        let (commits, at_ms, store_bytes) = (manifest.commits, at.as_millisecond(), manifest.bytes);
        Ok(Base { file, commits, at_ms, bytes, store_bytes, sha256 })
    }

    fn tell_begun(&self, source: &Source, generation: &str) -> Result<()> {
        let (now, data) = (self.clock().system_time(), json!({ "log": generation }));
        let db = source.db(self.tenants());
        db.write_blocking(|tx| by().tell(tx, now, "backup.log_begun", &source.subject(), data).map(drop))
    }

    fn tell_failing(&self, source: &Source, ship: &mut Ship, error: &Error) -> Result<()> {
        let now = self.clock().system_time();
        let failing = ship.failing.get_or_insert_with(|| {
            tracing::error!(store = source.subject(), %error, "what was committed could not be shipped");
            Failing { since: now, why: String::new(), told: false }
        });
        failing.why = error.to_string();
        if failing.told || now.duration_since(failing.since) < PATIENCE {
            return Ok(());
        }
        failing.told = true;
        let data = json!({ "reason": error.to_string(), "since": failing.since });
        self.tell_control(now, "backup.shipping_failed", source, data)
    }

    fn tell_recovered(&self, source: &Source, ship: &mut Ship) -> Result<()> {
        match ship.failing.take() {
            Some(failing) if failing.told => {
                let now = self.clock().system_time();
                self.tell_control(now, "backup.shipping_resumed", source, json!({ "since": failing.since }))
            }
            _ => Ok(()),
        }
    }

    fn tell_control(&self, now: Timestamp, kind: &str, source: &Source, data: serde_json::Value) -> Result<()> {
        self.tenants().control().write_blocking(|tx| by().tell(tx, now, kind, &source.subject(), data).map(drop))
    }
}

fn by() -> Author {
    Author::without_request("system")
}

/// As far as the log is now; in a new generation where the old one cannot go on.
fn advance(ship: &mut Ship, with: &Work<'_>) -> Result<(), Stop> {
    let broken = match go_on(ship, with) {
        Err(Stop::Broken(why)) => why,
        outcome => return outcome,
    };
    tracing::info!(store = with.shelf, "a new log begins: {broken}");
    if let Some(mut chain) = ship.chain.take() {
        chain.end(with)?;
    }
    let mut chain = Chain::begin(with, &broken)?;
    let outcome = chain.ship(with).map(drop);
    ship.chain = Some(chain);
    outcome
}

fn go_on(ship: &mut Ship, with: &Work<'_>) -> Result<(), Stop> {
    if let Some(why) = with.keeper.lost() {
        return Err(Stop::Broken(why));
    }
    let open = ship.chain.take().filter(|chain| chain.is_of(with.db));
    let chain = match open {
        Some(chain) => Some(chain),
        None => Chain::load(with)?,
    };
    let chain = ship.chain.insert(chain.ok_or_else(|| Stop::Broken("it is the first".to_owned()))?);
    chain.ship(with).map(drop)
}

/// Whether it is time for a snapshot.
fn is_due(chain: &Chain, now: Timestamp) -> bool {
    let Some(base) = &chain.base else { return true };
    let long = chain.since_base > LEAST_LOG.max(TIMES_THE_STORE * base.store_bytes);
    let old = now.as_millisecond() - base.at_ms > i64::try_from(SNAPSHOT_AGE.as_millis()).unwrap_or(i64::MAX);
    long || (old && chain.commits > base.commits + 1)
}
