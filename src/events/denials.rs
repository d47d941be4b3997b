//! What was refused: it has no transaction to ride on, so it is gathered for a second and written to the chain of
//! `control.db`, told once and then once more with a count, per kind, address, route and minute.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

use super::{Entry, append};
use crate::clock::Clock;
use crate::db::Db;
use crate::error::Result;

/// How long the first refusal may wait for company.
const GATHER: Duration = Duration::from_secs(1);
/// Different refusals held at once; further ones share one line per kind, so that a flood from many addresses stays
/// small.
const HELD: usize = 5_000;
/// The address of that shared line.
const MANY: &str = "many";

/// One refusal.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Denial {
    /// What was refused: `login.failed`, `access.denied`.
    pub kind: &'static str,
    /// From which address.
    pub ip: String,
    /// The route's pattern, never the address as typed: `POST /api/auth/login`.
    pub route: String,
}

/// What is known of one kind of refusal in its minute.
struct Tally {
    first: Timestamp,
    last: Timestamp,
    /// A request it happened in.
    request_id: Option<String>,
    /// The account or person concerned, as an id.
    subject: Option<String>,
    unwritten: u64,
    written: bool,
}

/// Gathers refusals. Cheap to clone.
#[derive(Clone)]
pub struct Denials(Arc<Inner>);

struct Inner {
    db: Db,
    clock: Clock,
    gathered: Mutex<Gathered>,
}

#[derive(Default)]
struct Gathered {
    tallies: BTreeMap<(i64, Denial), Tally>,
    flush_comes: bool,
}

impl Denials {
    /// Writes to the chain of `db`.
    pub fn new(db: Db, clock: Clock) -> Self {
        Self(Arc::new(Inner { db, clock, gathered: Mutex::default() }))
    }

    /// Notes a refusal; returns at once. On disk within a second if a tokio runtime is there, else at [`Self::flush`].
    pub fn note(&self, denial: Denial, subject: Option<&str>, request_id: Option<&str>) {
        let now = self.0.clock.system_time();
        let mut gathered = self.gathered();
        let mut key = (minute(now), denial);
        if gathered.tallies.len() >= HELD && !gathered.tallies.contains_key(&key) {
            MANY.clone_into(&mut key.1.ip);
            MANY.clone_into(&mut key.1.route);
        }
        let tally = gathered.tallies.entry(key).or_insert_with(|| Tally {
            first: now,
            last: now,
            request_id: request_id.map(str::to_owned),
            subject: subject.map(str::to_owned),
            unwritten: 0,
            written: false,
        });
        tally.last = now;
        tally.unwritten += 1;
        if !gathered.flush_comes
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            gathered.flush_comes = true;
            drop(gathered);
            runtime.spawn(self.clone().flush_until_quiet());
        }
    }

    /// Writes out all that is gathered, counts of the running minute too. For shutdown and tests.
    pub async fn flush(&self) -> Result<()> {
        let all = self.clone();
        tokio::task::spawn_blocking(move || all.flush_blocking())
            .await
            .map_err(|error| anyhow::Error::new(error).context("writing denials"))?
    }

    /// [`Self::flush`] on this thread.
    pub fn flush_blocking(&self) -> Result<()> {
        self.write_out(i64::MAX)
    }

    /// Runs while there is something to write: new refusals each second, repeated ones when their minute is over.
    async fn flush_until_quiet(self) {
        loop {
            tokio::time::sleep(GATHER).await;
            let now = minute(self.0.clock.system_time());
            let all = self.clone();
            let outcome = tokio::task::spawn_blocking(move || all.write_out(now)).await;
            if let Ok(Err(error)) = outcome {
                tracing::error!(%error, "denials could not be written; they are kept and tried again");
            }
            let mut gathered = self.gathered();
            if gathered.tallies.is_empty() {
                gathered.flush_comes = false;
                return;
            }
        }
    }

    /// Writes what was never told, and the counts of minutes before `now`; those are then forgotten.
    fn write_out(&self, now: i64) -> Result<()> {
        let due: Vec<(i64, Denial, Line)> = self
            .gathered()
            .tallies
            .iter()
            .filter(|((at, _), tally)| tally.unwritten > 0 && (!tally.written || *at < now))
            .map(|((at, denial), tally)| (*at, denial.clone(), Line::of(tally)))
            .collect();
        if !due.is_empty() {
            self.0.db.write_blocking(|tx| due.iter().try_for_each(|(_, denial, line)| line.append(tx, denial)))?;
        }
        let mut gathered = self.gathered();
        for (at, denial, line) in due {
            if let Some(tally) = gathered.tallies.get_mut(&(at, denial)) {
                tally.unwritten -= line.count;
                tally.written = true;
                tally.first = tally.last;
            }
        }
        gathered.tallies.retain(|(at, _), tally| *at >= now || tally.unwritten > 0);
        Ok(())
    }

    fn gathered(&self) -> MutexGuard<'_, Gathered> {
        self.0.gathered.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A tally as it stood when it was written.
struct Line {
    first: Timestamp,
    last: Timestamp,
    request_id: Option<String>,
    subject: Option<String>,
    count: u64,
}

impl Line {
    fn of(tally: &Tally) -> Self {
        Self {
            first: tally.first,
            last: tally.last,
            request_id: tally.request_id.clone(),
            subject: tally.subject.clone(),
            count: tally.unwritten,
        }
    }

    fn append(&self, tx: &rusqlite::Transaction<'_>, denial: &Denial) -> Result<()> {
        let entry = Entry {
            kind: denial.kind,
            actor: "stranger",
            subject: self.subject.as_deref(),
            request_id: self.request_id.as_deref(),
            ip: Some(&denial.ip),
            data: serde_json::json!({
                "route": denial.route, "count": self.count, "until_ms": self.last.as_millisecond()
            }),
        };
        append(tx, self.first, &entry).map(drop)
    }
}

fn minute(at: Timestamp) -> i64 {
    at.as_second().div_euclid(60)
}

impl std::fmt::Debug for Denials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Denials")
    }
}
