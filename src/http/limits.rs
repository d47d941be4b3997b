//! How many requests a minute: per address for strangers, per person for the signed-in, per API key.
//!
//! The algorithm is GCRA: a burst of the whole quota, then one more every 60/quota seconds. So a caller that has been quiet gets
//! its quota at once, and up to twice the quota (less one) within its first minute; after that, the quota a minute.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use governor::RateLimiter;
use governor::clock::{Clock, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::DashMapStateStore;

use super::client_ip::AddressKey;
use super::settings::Settings;

type Limiter<K> = RateLimiter<K, DashMapStateStore<K>, DefaultClock, StateInformationMiddleware>;

/// Requests a minute of a stranger's address, and of a signed-in person, unless set.
const STRANGER: u32 = 100;
const PERSON: u32 = 1200;
/// Requests a minute of an API key, unless set.
const KEY: u32 = 600;
/// How often callers that have been quiet long enough are forgotten.
const SWEEP: Duration = Duration::from_secs(30);

/// The limits of one server.
#[derive(Clone)]
pub struct RateLimits(Arc<Inner>);

struct Inner {
    strangers: Option<Quota<AddressKey>>,
    people: Option<Quota<u128>>,
    keys: Option<Quota<u128>>,
    started: Instant,
    next_sweep_ms: AtomicU64,
}

/// One quota over many callers.
pub struct Quota<K: std::hash::Hash + Eq + Clone> {
    limiter: Limiter<K>,
    per_minute: u32,
    policy: HeaderValue,
}

/// What a caller has left.
#[derive(Clone, Debug)]
pub struct Allowance {
    per_minute: u32,
    policy: HeaderValue,
    left: u32,
    /// Seconds until the whole quota is there again; for a refused request, until the next one would pass.
    reset_secs: u64,
    refused: bool,
}

impl RateLimits {
    /// The limits that the settings ask for.
    pub fn new(settings: &Settings) -> Self {
        let quota = |usual| settings.rate_limit_per_minute.or(usual);
        Self(Arc::new(Inner {
            strangers: quota(STRANGER).map(|n| Quota::per_minute(n, "stranger")),
            people: quota(PERSON).map(|n| Quota::per_minute(n, "person")),
            keys: quota(KEY).map(|n| Quota::per_minute(n, "key")),
            started: Instant::now(),
            next_sweep_ms: AtomicU64::new(0),
        }))
    }

    /// Takes one request off an address's quota; `None` where there is no limit.
    pub fn stranger(&self, address: AddressKey) -> Option<Allowance> {
        self.sweep();
        self.0.strangers.as_ref().map(|quota| quota.take(&address))
    }

    /// Takes one request off a person's quota; `None` where there is no limit.
    pub fn person(&self, user: u128) -> Option<Allowance> {
        self.sweep();
        self.0.people.as_ref().map(|quota| quota.take(&user))
    }

    /// Takes one request off an API key's quota; `None` where there is no limit.
    pub fn key(&self, key: u128) -> Option<Allowance> {
        self.sweep();
        self.0.keys.as_ref().map(|quota| quota.take(&key))
    }

    /// Callers remembered at the moment.
    pub fn callers(&self) -> usize {
        let strangers = self.0.strangers.as_ref().map_or(0, |quota| quota.limiter.len());
        let signed_in = [&self.0.people, &self.0.keys].into_iter().flatten();
        strangers + signed_in.map(|quota| quota.limiter.len()).sum::<usize>()
    }

    fn sweep(&self) {
        let now = u64::try_from(self.0.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        let due = self.0.next_sweep_ms.load(Ordering::Relaxed);
        let next = now.saturating_add(SWEEP.as_millis() as u64);
        if now < due || self.0.next_sweep_ms.compare_exchange(due, next, Ordering::Relaxed, Ordering::Relaxed).is_err()
        {
            return;
        }
        if let Some(quota) = &self.0.strangers {
            quota.limiter.retain_recent();
        }
        for quota in [&self.0.people, &self.0.keys].into_iter().flatten() {
            quota.limiter.retain_recent();
        }
    }
}

impl<K: std::hash::Hash + Eq + Clone> Quota<K> {
    /// `n` requests a minute for each caller. `name` is what the policy header calls it.
    pub fn per_minute(n: NonZeroU32, name: &str) -> Self {
        let policy = HeaderValue::try_from(format!("\"{name}\";q={n};w=60"));
        Self {
            limiter: RateLimiter::dashmap(governor::Quota::per_minute(n)).with_middleware(),
            per_minute: n.get(),
            policy: policy.unwrap_or(HeaderValue::from_static("\"default\"")),
        }
    }

    /// Forgets callers that have been quiet long enough.
    pub fn forget_quiet(&self) {
        self.limiter.retain_recent();
    }

    /// Takes one request off a caller's quota.
    pub fn take(&self, key: &K) -> Allowance {
        let (left, reset_secs, refused) = match self.limiter.check_key(key) {
            Ok(state) => {
                let left = state.remaining_burst_capacity();
                let used = u64::from(self.per_minute - left.min(self.per_minute));
                (left, (used * 60).div_ceil(u64::from(self.per_minute)), false)
            }
            Err(refusal) => {
                let wait = refusal.wait_time_from(self.limiter.clock().now());
                (0, wait.as_millis().div_ceil(1000).try_into().unwrap_or(60), true)
            }
        };
        Allowance { per_minute: self.per_minute, policy: self.policy.clone(), left, reset_secs, refused }
    }
}

impl Allowance {
    /// How long to wait, if the request is refused.
    pub fn refused(&self) -> Option<u64> {
        self.refused.then_some(self.reset_secs.max(1))
    }

    /// Tells the caller: the draft's two fields, and on a refusal the older three as well.
    pub fn write(&self, headers: &mut HeaderMap) {
        let field = |text: String| HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static(""));
        let name = self.policy.to_str().ok().and_then(|p| p.split(';').next()).unwrap_or("\"default\"");
        headers.insert(HeaderName::from_static("ratelimit-policy"), self.policy.clone());
        let state = format!("{name};r={};t={}", self.left, self.reset_secs);
        headers.insert(HeaderName::from_static("ratelimit"), field(state));
        if self.refused {
            headers.insert(HeaderName::from_static("ratelimit-limit"), HeaderValue::from(self.per_minute));
            headers.insert(HeaderName::from_static("ratelimit-remaining"), HeaderValue::from(self.left));
            headers.insert(HeaderName::from_static("ratelimit-reset"), HeaderValue::from(self.reset_secs.max(1)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::PerMinute;

    #[test]
    fn the_request_after_the_quota_is_refused_and_told_when() {
        let quota = Quota::per_minute(NonZeroU32::new(100).unwrap(), "stranger");
        for _ in 0..100 {
            assert_eq!(quota.take(&1).refused(), None);
        }
        let refused = quota.take(&1);
        assert_eq!(refused.refused(), Some(1));
        assert_eq!(quota.take(&2).refused(), None);
        let mut headers = HeaderMap::new();
        refused.write(&mut headers);
        assert_eq!(headers["ratelimit-policy"], "\"stranger\";q=100;w=60");
        assert_eq!(headers["ratelimit"], "\"stranger\";r=0;t=1");
        assert_eq!(headers["ratelimit-limit"], "100");
    }

    #[test]
    fn zero_is_no_limit_and_a_figure_holds_for_both() {
        let limits = |n| RateLimits::new(&Settings { rate_limit_per_minute: n, ..Settings::default() });
        let (usual, of) = (PerMinute::Usual, PerMinute::Of);
        let key = crate::http::ClientIp::unknown().key();
        assert!(limits(of(0)).stranger(key).is_none());
        assert!(limits(of(0)).person(1).is_none());
        assert_eq!(limits(usual).person(1).unwrap().per_minute, 1200);
        assert_eq!(limits(usual).stranger(key).unwrap().per_minute, 100);
        assert_eq!(limits(of(7)).person(1).unwrap().per_minute, 7);
    }
}
