//! Addresses that guess and guess: refused at the door for a while, whatever they ask for. Kept in memory, so a restart lifts them.
//!
//! An address is one IPv4 address or one IPv6 /64, and nobody else: whoever is locked out of an account by somebody's guesses comes
//! in from anywhere else. This machine itself and trusted proxies are never banned: behind them stands everybody, and the one way
//! in that always works must stay.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use moka::sync::Cache;

use super::client_ip::{AddressKey, ClientIp, TrustedProxies};
use super::settings::{Settings, secs};

/// Addresses remembered; the least used are forgotten first.
const REMEMBERED: u64 = 200_000;

/// Counts failures and refuses who made too many. Cheap to clone.
#[derive(Clone)]
pub struct Bans(Arc<Inner>);

struct Inner {
    /// How many failures within `window` are too many; 0 is never.
    most: u32,
    window: Duration,
    length: Duration,
    exempt: TrustedProxies,
    failures: Cache<AddressKey, Arc<Mutex<Failures>>>,
    /// Until when.
    banned: Cache<AddressKey, Instant>,
    /// Whether there ever was a ban: most servers need not look.
    any: AtomicBool,
}

#[derive(Clone, Copy)]
struct Failures {
    count: u32,
    since: Instant,
}

impl Bans {
    /// As the settings ask for.
    pub fn new(settings: &Settings) -> Self {
        let (window, length) = (secs(settings.ban_window_secs), secs(settings.ban_secs));
        // What is no network is refused by the edge, which needs the same list.
        let exempt = TrustedProxies::parse(settings.trusted_proxies.iter().map(String::as_str)).unwrap_or_default();
        Self(Arc::new(Inner {
            most: if length.is_zero() { 0 } else { settings.ban_failures },
            window,
            length,
            exempt,
            failures: Cache::builder().max_capacity(REMEMBERED).time_to_live(window.max(secs(1))).build(),
            banned: Cache::builder().max_capacity(REMEMBERED).time_to_live(length.max(secs(1))).build(),
            any: AtomicBool::new(false),
        }))
    }

    /// Counts a failure of an address. True for the one that bans it, and for no other.
    pub fn failed(&self, address: ClientIp, now: Instant) -> bool {
        if self.0.most == 0 || self.is_exempt(address) {
            return false;
        }
        let key = address.key();
        let entry = self.0.failures.get_with(key, || Arc::new(Mutex::new(Failures { count: 0, since: now })));
        let is_last = {
            let mut failures = entry.lock().unwrap_or_else(PoisonError::into_inner);
            if now.saturating_duration_since(failures.since) >= self.0.window {
                *failures = Failures { count: 0, since: now };
            }
            failures.count = failures.count.saturating_add(1);
            failures.count == self.0.most
        };
        if is_last {
            self.0.banned.insert(key, now + self.0.length);
            self.0.any.store(true, Ordering::Release);
            // What it did before is paid for: after the ban it begins anew.
            self.0.failures.invalidate(&key);
        }
        is_last
    }

    /// Seconds for which an address is still refused, if it is.
    pub fn left(&self, address: ClientIp, now: Instant) -> Option<u64> {
        if !self.0.any.load(Ordering::Acquire) {
            return None;
        }
        let until = self.0.banned.get(&address.key())?;
        let left = until.saturating_duration_since(now);
        (!left.is_zero()).then(|| left.as_millis().div_ceil(1000).try_into().unwrap_or(u64::MAX))
    }

    fn is_exempt(&self, address: ClientIp) -> bool {
        let ip = address.0.to_canonical();
        ip.is_loopback() || ip.is_unspecified() || self.0.exempt.contains(ip)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bans() -> Bans {
        let trusted_proxies = vec!["10.0.0.0/8".to_owned()];
        Bans::new(&Settings {
            ban_failures: 5,
            ban_window_secs: 60,
            ban_secs: 600,
            trusted_proxies,
            ..Settings::default()
        })
    }

    fn ip(text: &str) -> ClientIp {
        ClientIp(text.parse().unwrap())
    }

    #[test]
    fn the_last_of_too_many_bans_once_and_the_ban_ends() {
        let (bans, now, from) = (bans(), Instant::now(), ip("203.0.113.7"));
        assert_eq!((0..5).map(|_| bans.failed(from, now)).collect::<Vec<_>>(), [false, false, false, false, true]);
        assert_eq!((bans.left(from, now), bans.left(ip("203.0.113.8"), now)), (Some(600), None));
        assert_eq!(bans.left(from, now + secs(599)), Some(1));
        let after = now + secs(600);
        assert_eq!(bans.left(from, after), None);
        assert_eq!((0..5).map(|_| bans.failed(from, after)).filter(|last| *last).count(), 1, "it begins anew");
        assert_eq!(bans.left(from, after), Some(600));
    }

    #[test]
    fn failures_far_apart_do_not_add_up() {
        let (bans, now) = (bans(), Instant::now());
        for n in 0..100 {
            assert!(!bans.failed(ip("203.0.113.7"), now + secs(n * 20)), "{n}");
        }
    }

    #[test]
    fn a_slash_64_is_one_and_this_machine_and_proxies_are_none() {
        let (bans, now) = (bans(), Instant::now());
        let all: Vec<bool> = (0..5).map(|n| bans.failed(ip(&format!("2001:db8::{n:x}:1")), now)).collect();
        assert_eq!((all.last().copied(), bans.left(ip("2001:db8::ffff"), now)), (Some(true), Some(600)));
        assert_eq!(bans.left(ip("2001:db8:0:1::1"), now), None);
        for exempt in ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1", "10.2.3.4", "0.0.0.0"] {
            assert!((0..100).all(|_| !bans.failed(ip(exempt), now)), "{exempt}");
            assert_eq!(bans.left(ip(exempt), now), None, "{exempt}");
        }
    }

    #[test]
    fn nought_is_never() {
        for (ban_failures, ban_secs) in [(0, 600), (5, 0)] {
            let bans = Bans::new(&Settings { ban_failures, ban_secs, ..Settings::default() });
            assert!((0..1000).all(|_| !bans.failed(ip("203.0.113.7"), Instant::now())));
        }
    }
}
