//! The only "what time is it": business time, which `--now` may fix, and system time, which nothing fixes.

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;

/// Hands out the time. Cheap to clone.
#[derive(Clone)]
pub struct Clock {
    business: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    system: Arc<dyn Fn() -> (Timestamp, Duration) + Send + Sync>,
}

impl Clock {
    /// Business time runs with the system's clock.
    pub fn system() -> Self {
        Self { business: Arc::new(system_now), system: system() }
    }

    /// Business time stands still at `at`; system time goes on.
    pub fn fixed(at: Timestamp) -> Self {
        Self { business: Arc::new(move || at), system: system() }
    }

    /// The system's time and [`Self::running`] are what `system` says, and business time goes with them: for a test of a clock
    /// that jumps.
    pub fn driven(system: impl Fn() -> (Timestamp, Duration) + Send + Sync + 'static) -> Self {
        let system: Arc<dyn Fn() -> (Timestamp, Duration) + Send + Sync> = Arc::new(system);
        let business = Arc::clone(&system);
        Self { business: Arc::new(move || business().0), system }
    }

    /// Business time: what "today" is for figures. `--now` fixes it.
    pub fn now(&self) -> Timestamp {
        (self.business)()
    }

    /// System time: tokens, limits and audit. `--now` does not fix it, so that a demo set in the past still logs people out.
    pub fn system_time(&self) -> Timestamp {
        (self.system)().0
    }

    /// How long it has run, by a count that setting the system's clock does not touch.
    pub fn running(&self) -> Duration {
        (self.system)().1
    }
}

fn system() -> Arc<dyn Fn() -> (Timestamp, Duration) + Send + Sync> {
    let begun = Instant::now();
    Arc::new(move || (system_now(), begun.elapsed()))
}

impl std::fmt::Debug for Clock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Clock({})", self.now())
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place that asks the system")]
fn system_now() -> Timestamp {
    Timestamp::now()
}
