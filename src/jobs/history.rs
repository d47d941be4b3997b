//! What a job did: its last runs, kept in memory only.

use std::collections::VecDeque;
use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;

/// Runs kept per job.
const KEPT: usize = 20;

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "outcome", content = "reason")]
pub enum Outcome {
    /// As it should.
    Done,
    /// With an error, whose sentence this is.
    Failed(String),
    /// By a panic, whose message this is. The job goes on with its next run.
    Panicked(String),
}

/// One finished run; times are the system's.
#[derive(Clone, Debug, Serialize)]
pub struct Run {
    /// When it began.
    pub started: Timestamp,
    /// How long it took, in milliseconds.
    pub took_ms: i64,
    /// How it ended.
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// A job as it stands.
#[derive(Clone, Debug, Serialize)]
pub struct Status {
    /// The name it has in `schedule.rs`.
    pub name: &'static str,
    /// Seconds between two runs; none for a job that is only nudged.
    pub every_secs: Option<u64>,
    /// Whether it runs now.
    pub running: bool,
    /// Finished runs since the process started.
    pub runs: u64,
    /// How many of them failed or panicked.
    pub failures: u64,
    /// The last runs, newest first.
    pub last: Vec<Run>,
}

/// The memory of one job.
pub(super) struct History {
    name: &'static str,
    every: Option<Duration>,
    running: bool,
    runs: u64,
    failures: u64,
    last: VecDeque<Run>,
}

impl History {
    pub(super) fn new(name: &'static str, every: Option<Duration>) -> Self {
        Self { name, every, running: false, runs: 0, failures: 0, last: VecDeque::new() }
    }

    pub(super) fn name(&self) -> &'static str {
        self.name
    }

    pub(super) fn begin(&mut self) {
        self.running = true;
    }

    pub(super) fn end(&mut self, started: Timestamp, ended: Timestamp, outcome: Outcome) {
        self.running = false;
        self.runs += 1;
        self.failures += u64::from(outcome != Outcome::Done);
        self.last.truncate(KEPT - 1);
        self.last.push_front(Run { started, took_ms: ended.as_millisecond() - started.as_millisecond(), outcome });
    }

    pub(super) fn status(&self) -> Status {
        Status {
            name: self.name,
            every_secs: self.every.map(|period| period.as_secs()),
            running: self.running,
            runs: self.runs,
            failures: self.failures,
            last: self.last.iter().cloned().collect(),
        }
    }
}
