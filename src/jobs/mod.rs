//! Work that Pulsepoint does by itself: named jobs that run on a period or a nudge, one run at a time, whose history can be
//! read and whose panics are seen. A job takes no input: it looks up what is due, so that both ways to start it are one.

mod history;

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::clock::Clock;
use crate::error::Result;

use history::History;
pub use history::{Outcome, Run, Status};

/// Asks a job to run soon. Nudges that come while it runs become one more run. Cheap to clone.
#[derive(Clone, Default, Debug)]
pub struct Nudge(Arc<Notify>);

impl Nudge {
    /// A nudge not tied to a job yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks for a run; returns at once.
    pub fn send(&self) {
        self.0.notify_one();
    }
}

/// What starts a job.
#[derive(Clone, Debug)]
pub struct When {
    every: Option<Duration>,
    nudge: Nudge,
    at_start: bool,
}

impl When {
    /// Runs each time `period` has passed since its last run.
    pub fn every(period: Duration) -> Self {
        Self { every: Some(period), nudge: Nudge::new(), at_start: false }
    }

    /// Runs only when nudged.
    pub fn nudged(nudge: &Nudge) -> Self {
        Self { every: None, nudge: nudge.clone(), at_start: false }
    }

    /// Runs when nudged as well.
    pub fn or_nudged(mut self, nudge: &Nudge) -> Self {
        self.nudge = nudge.clone();
        self
    }

    /// Runs once at the start, too.
    pub fn and_at_start(mut self) -> Self {
        self.at_start = true;
        self
    }
}

/// All jobs of one process. Cheap to clone.
#[derive(Clone)]
pub struct Jobs {
    clock: Clock,
    tracker: TaskTracker,
    stop: CancellationToken,
    histories: Arc<Mutex<Vec<Arc<Mutex<History>>>>>,
}

impl Jobs {
    /// No job yet. Runs are dated by the system's time.
    pub fn new(clock: Clock) -> Self {
        Self { clock, tracker: TaskTracker::new(), stop: CancellationToken::new(), histories: Arc::default() }
    }

    /// Ends when the process stops: a long run looks at it between its steps.
    pub fn stopping(&self) -> CancellationToken {
        self.stop.clone()
    }

    /// Ties `run` to `when` under a name of its own. Returns at once.
    pub fn start<F, Fut>(&self, name: &'static str, when: When, run: F)
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<()>> + Send + 'static,
    {
        let history = Arc::new(Mutex::new(History::new(name, when.every)));
        self.histories.lock().unwrap_or_else(PoisonError::into_inner).push(history.clone());
        let jobs = self.clone();
        self.tracker.spawn(async move {
            if when.at_start {
                jobs.run_once(&history, run()).await;
            }
            while jobs.due(&when).await {
                jobs.run_once(&history, run()).await;
            }
        });
    }

    /// Waits for the next start; false when the process stops.
    async fn due(&self, when: &When) -> bool {
        let period = async {
            match when.every {
                Some(period) => tokio::time::sleep(period).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            () = self.stop.cancelled() => false,
            () = when.nudge.0.notified() => true,
            () = period => true,
        }
    }

    async fn run_once(&self, history: &Mutex<History>, run: impl Future<Output = Result<()>> + Send + 'static) {
        let edit = || history.lock().unwrap_or_else(PoisonError::into_inner);
        let started = self.clock.system_time();
        edit().begin();
        let outcome = match self.tracker.spawn(run).await {
            Ok(Ok(())) => Outcome::Done,
            Ok(Err(error)) => Outcome::Failed(error.to_string()),
            Err(panic) => Outcome::Panicked(text_of(panic)),
        };
        let name = edit().name();
        match &outcome {
            Outcome::Done => tracing::debug!(job = name, "job done"),
            Outcome::Failed(reason) => tracing::error!(job = name, reason, "job failed"),
            Outcome::Panicked(reason) => tracing::error!(job = name, reason, "job panicked"),
        }
        edit().end(started, self.clock.system_time(), outcome);
    }

    /// What every job did last, in the order they were started.
    pub fn report(&self) -> Vec<Status> {
        let histories = self.histories.lock().unwrap_or_else(PoisonError::into_inner);
        histories.iter().map(|history| history.lock().unwrap_or_else(PoisonError::into_inner).status()).collect()
    }

    /// Lets running jobs finish and starts no further one; false if some still ran after `patience`.
    pub async fn stop(&self, patience: Duration) -> bool {
        self.stop.cancel();
        self.tracker.close();
        tokio::time::timeout(patience, self.tracker.wait()).await.is_ok()
    }
}

/// The words of a panic, as far as it had any.
fn text_of(panic: tokio::task::JoinError) -> String {
    match panic.try_into_panic() {
        Ok(payload) => {
            let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
            text.or_else(|| payload.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no message".to_owned())
        }
        Err(_) => "stopped before its end".to_owned(),
    }
}

#[cfg(test)]
mod tests;
