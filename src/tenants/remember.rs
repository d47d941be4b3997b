//! What `control.db` remembers of each store, so that an older copy or a cut event chain shows: the commit counter and
//! the newest event. Written within a second of a commit, for all tenants at once, and when a tenant closes.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::OptionalExtension;

use super::TenantId;
use crate::db::Db;
use crate::error::Result;
use crate::events::{self, Head};

/// How long commits are gathered.
const GATHER: Duration = Duration::from_secs(1);

/// Remembers. Cheap to clone.
#[derive(Clone)]
pub(super) struct Memory(Arc<Inner>);

struct Inner {
    control: Db,
    state: Mutex<State>,
    /// Held while a gathering is written down.
    taking_down: Mutex<()>,
}

#[derive(Default)]
struct State {
    /// Open stores, so that a gathering can ask them. Weak in effect: an entry leaves when its tenant closes.
    stores: HashMap<TenantId, crate::db::WeakDb>,
    /// Stores with commits that are not remembered yet.
    changed: HashSet<TenantId>,
    /// Stores that were written to at the last gathering.
    cooling: HashSet<TenantId>,
    gathering: bool,
}

impl Memory {
    pub(super) fn new(control: Db) -> Self {
        Self(Arc::new(Inner { control, state: Mutex::default(), taking_down: Mutex::default() }))
    }

    /// Follows the store's commits from now on.
    pub(super) fn follow(&self, id: &TenantId, db: &Db) {
        self.state().stores.insert(id.clone(), db.downgrade());
        let (memory, id) = (Arc::downgrade(&self.0), id.clone());
        db.on_commit(move || {
            if let Some(inner) = memory.upgrade() {
                Self(inner).changed(&id);
            }
        });
    }

    fn changed(&self, id: &TenantId) {
        let mut state = self.state();
        if !state.changed.contains(id) {
            state.changed.insert(id.clone());
        }
        if !state.gathering
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            state.gathering = true;
            drop(state);
            runtime.spawn(self.clone().gather_until_quiet());
        }
    }

    async fn gather_until_quiet(self) {
        loop {
            tokio::time::sleep(GATHER).await;
            let memory = self.clone();
            match tokio::task::spawn_blocking(move || memory.gather()).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::error!(%error, "control.db could not take down how far the stores are"),
                Err(error) => tracing::error!(%error, "taking down how far the stores are"),
            }
            let mut state = self.state();
            if state.changed.is_empty() && state.cooling.is_empty() {
                state.gathering = false;
                return;
            }
        }
    }

    /// Takes down how far every changed store is, and lets those that came to rest tidy up.
    pub(super) fn gather(&self) -> Result<()> {
        let (changed, rested) = {
            let mut state = self.state();
            let changed = std::mem::take(&mut state.changed);
            let was = std::mem::replace(&mut state.cooling, changed.clone());
            let find = |id: TenantId| state.stores.get(&id).and_then(crate::db::WeakDb::upgrade).map(|db| (id, db));
            let rested: Vec<_> = was.into_iter().filter(|id| !changed.contains(id)).filter_map(find).collect();
            (changed.into_iter().filter_map(find).collect::<Vec<_>>(), rested)
        };
        for (id, db) in rested {
            if let Err(error) = db.settle() {
                tracing::warn!(tenant = %id, %error, "a store could not tidy up");
            }
        }
        self.take_down(&changed)
    }

    /// The tenant closes: what it reached is taken down now.
    pub(super) fn closing(&self, id: &TenantId, db: &Db) {
        let changed = {
            let mut state = self.state();
            // The tenant may have been opened anew meanwhile: then the marks are the new one's.
            if state.stores.get(id).is_none_or(|store| store.is_of(db)) {
                state.stores.remove(id);
                state.cooling.remove(id);
                state.changed.remove(id)
            } else {
                true
            }
        };
        if changed && let Err(error) = self.take_down(&[(id.clone(), db.clone())]) {
            tracing::error!(tenant = %id, %error, "control.db could not take down how far a closing store is");
        }
    }

    /// Returns once nothing is remembered any more of a store that was retired before.
    pub(super) fn let_go(&self) {
        drop(self.0.taking_down.lock().unwrap_or_else(PoisonError::into_inner));
    }

    fn take_down(&self, stores: &[(TenantId, Db)]) -> Result<()> {
        let _taking = self.0.taking_down.lock().unwrap_or_else(PoisonError::into_inner);
        let mut reached = Vec::new();
        for (id, db) in stores.iter().filter(|(_, db)| db.damage().is_none()) {
            let seen = self.seen(id)?;
            // The counter is read before the head: both may only be remembered lower than they are.
            let commits = db.commits();
            let head = db.read_blocking(|conn| next_head(conn, id, seen))?;
            reached.push((id, commits, head));
        }
        if reached.is_empty() {
            return Ok(());
        }
        self.0.control.write_blocking(|tx| {
            let mut update = tx.prepare_cached(
                "update tenants set commits = max(commits, ?2), event_seq = ?3, event_hash = ?4 where id = ?1",
            )?;
            for (id, commits, head) in &reached {
                update.execute((id.as_str(), commits, head.map_or(0, |head| head.seq), head.map(|head| head.hash)))?;
            }
            Ok(())
        })
    }

    /// The newest event of the tenant that was ever taken down.
    pub(super) fn seen(&self, id: &TenantId) -> Result<Option<Head>> {
        self.0.control.read_blocking(|conn| {
            let seen = conn
                .prepare_cached("select event_seq, event_hash from tenants where id = ?1 and event_hash is not null")?
                .query_row([id.as_str()], |row| Ok(Head { seq: row.get(0)?, hash: row.get(1)? }))
                .optional()?;
            Ok(seen)
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What to remember next: the newest event, unless the one remembered is gone or another. That stays, as the proof.
fn next_head(conn: &rusqlite::Connection, id: &TenantId, seen: Option<Head>) -> Result<Option<Head>> {
    if let Some(seen) = seen
        && !events::holds(conn, &seen)?
    {
        tracing::error!(tenant = %id, seq = seen.seq, "the event chain was tampered with: an entry once seen is gone");
        return Ok(Some(seen));
    }
    let head = events::head(conn)?;
    Ok((head.seq > 0).then_some(head))
}
