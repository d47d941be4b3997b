//! The only "what time is it": business time, which `--now` may fix, and system time, which nothing fixes.

use std::sync::Arc;

use jiff::Timestamp;

/// Hands out the time. Cheap to clone.
#[derive(Clone)]
pub struct Clock {
    business: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    system: Arc<dyn Fn() -> Timestamp + Send + Sync>,
}

impl Clock {
    /// Business time runs with the system's clock.
    pub fn system() -> Self {
        Self { business: Arc::new(system_now), system: Arc::new(system_now) }
    }

    /// Business time stands still at `at`; system time goes on.
    pub fn fixed(at: Timestamp) -> Self {
        Self { business: Arc::new(move || at), system: Arc::new(system_now) }
    }

    /// Both times are what `now` says: for whoever lives through weeks in a moment, such as a test of what is kept for how long.
    pub fn driven(now: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        let now: Arc<dyn Fn() -> Timestamp + Send + Sync> = Arc::new(now);
        Self { business: now.clone(), system: now }
    }

    /// Business time: what "today" is for figures. `--now` fixes it.
    pub fn now(&self) -> Timestamp {
        (self.business)()
    }

    /// System time: tokens, limits and audit. `--now` does not fix it, so that a demo set in the past still logs people out.
    pub fn system_time(&self) -> Timestamp {
        (self.system)()
    }
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
