//! How often, how much at once, and for how long.

use serde::{Deserialize, Serialize};

/// How sources are pulled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Minutes between two looks at what is new. Each integration has a minute of its own.
    pub every_minutes: u32,
    /// Integrations that work at the same time.
    pub at_once: usize,
    /// Integrations of one tenant that work at the same time.
    pub at_once_per_tenant: usize,
    /// Tries in a row after which a stream counts as failed, and an event says so. It is tried on, at the usual times.
    pub tries: u32,
    /// Days of history that are read at first at most; 0 is as far back as each source goes. An integration may ask for its own.
    pub history_days: u32,
    /// Days that answers are kept as they came, without people; 0 keeps none.
    pub raw_days: u32,
    /// Days that the history of runs, and what could not be understood, is kept.
    pub runs_days: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            every_minutes: 60,
            at_once: 8,
            at_once_per_tenant: 3,
            tries: 6,
            history_days: 0,
            raw_days: 30,
            runs_days: 90,
        }
    }
}

impl Settings {
    /// Milliseconds between two looks, at least a minute.
    pub(super) fn every_ms(&self) -> i64 {
        i64::from(self.every_minutes.max(1)) * 60_000
    }
}
