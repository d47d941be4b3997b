//! Finds what a question asks of a tenant, all of it in the same state of the data.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::Context as _;

use crate::error::{Error, Result};
use crate::metrics::daily::{Held, Task};
use crate::metrics::run::Found;
use crate::tenants::Tenant;
use crate::warehouse;

/// Tries to read one state on two connections before one connection reads alone.
const TRIES: usize = 3;

/// What the tasks find, in their order, and the data version they were read at.
///
/// # Errors
/// `Unavailable` when the warehouse is busy; `Internal` when it fails.
pub async fn read(tenant: &Tenant, tasks: Vec<Task>) -> Result<(Vec<Found>, i64)> {
    let warehouse = warehouse::of(tenant);
    let version = warehouse.caught_up(tenant).await?;
    let (held, tasks) = (tenant.slot(Held::default), Arc::new(tasks));
    if !tasks.iter().any(|task| matches!(task, Task::Sql(_))) {
        let (held, tasks) = (Arc::clone(&held), Arc::clone(&tasks));
        let all = warehouse.compute(move || tasks.iter().map(|task| held.find(task, version)).collect::<Option<Vec<_>>>());
        if let Some(found) = all.await? {
            return Ok((found, version));
        }
    }
    let work = || Work { held: Arc::clone(&held), tasks: Arc::clone(&tasks), next: Arc::default() };
    for _ in 0..TRIES {
        let (one, other) = {
            let work = work();
            (work.clone(), work)
        };
        if tasks.len() < 2 {
            break;
        }
        let both =
            tokio::try_join!(warehouse.query(move |conn| one.run(conn)), warehouse.query(move |conn| other.run(conn)))?;
        // A landing between the two would give a page of two states.
        if both.0.version == both.1.version {
            return sorted(vec![both.0, both.1], tasks.len());
        }
    }
    let alone = work();
    sorted(vec![warehouse.query(move |conn| alone.run(conn)).await?], tasks.len())
}

/// Tasks that connections take from one another, so that none waits while another has some left.
#[derive(Clone)]
struct Work {
    held: Arc<Held>,
    tasks: Arc<Vec<Task>>,
    next: Arc<AtomicUsize>,
}

struct Done {
    version: i64,
    found: Vec<(usize, Found)>,
}

impl Work {
    /// Does what is left, in one transaction: a landing meanwhile is not seen.
    fn run(&self, conn: &crate::duck::Connection) -> Result<Done> {
        conn.execute_batch("begin transaction").context("beginning to read the warehouse")?;
        let done = self.run_inside(conn);
        // Nothing was written; a failed rollback shows in the next use of the connection, which failed reads do not get back.
        let ended = conn.execute_batch("rollback").context("ending to read the warehouse");
        let done = done?;
        ended?;
        Ok(done)
    }

    fn run_inside(&self, conn: &crate::duck::Connection) -> Result<Done> {
        let mut state = conn.prepare_cached("select max(seq) from feed_state").context("reading the data version")?;
        let version: Option<i64> = state.query_row([], |row| row.get(0)).context("reading the data version")?;
        let version = version.unwrap_or(0);
        let mut found = Vec::new();
        loop {
            let at = self.next.fetch_add(1, Ordering::Relaxed);
            let Some(task) = self.tasks.get(at) else { break };
            found.push((at, self.held.find_with(conn, task, version)?));
        }
        Ok(Done { version, found })
    }
}

fn sorted(parts: Vec<Done>, count: usize) -> Result<(Vec<Found>, i64)> {
    let version = parts.first().map_or(0, |part| part.version);
    let mut found: Vec<(usize, Found)> = parts.into_iter().flat_map(|part| part.found).collect();
    found.sort_unstable_by_key(|(at, _)| *at);
    if found.len() != count {
        return Err(Error::Internal(anyhow::anyhow!("{} of {count} tasks were done", found.len())));
    }
    Ok((found.into_iter().map(|(_, found)| found).collect(), version))
}
