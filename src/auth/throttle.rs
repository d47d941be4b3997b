//! Wrong guesses: counted per address and account, so that an attacker cannot lock the owner out, and per address over all accounts.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use moka::sync::Cache;
use sha2::{Digest, Sha256};

use crate::error::{Error, Result};
use crate::http::AddressKey;

/// How long wrong guesses are remembered, from the first.
const WINDOW: Duration = Duration::from_secs(15 * 60);
/// Wrong guesses of one address at all accounts together.
const PER_ADDRESS: u32 = 50;
/// Addresses and accounts remembered; the least used are forgotten first.
const REMEMBERED: u64 = 200_000;

/// Remembers wrong guesses.
#[derive(Clone)]
pub struct Throttle {
    pairs: Cache<(AddressKey, [u8; 16]), Arc<Guesses>>,
    addresses: Cache<AddressKey, Arc<Guesses>>,
    accounts: Cache<[u8; 16], Arc<Guesses>>,
}

struct Guesses {
    wrong: AtomicU32,
    since: Instant,
}

/// Wrong guesses at one account from all addresses together, of what is short enough to be guessed.
const FROM_ANYWHERE: u32 = 10;

/// A guess under way; it counts as wrong unless it is taken back.
pub struct Attempt {
    pair: Arc<Guesses>,
    address: Arc<Guesses>,
}

/// A guess at a short code; it counts as wrong unless it is taken back.
pub struct CodeAttempt(Arc<Guesses>);

impl Throttle {
    /// Remembers nothing yet.
    pub fn new() -> Self {
        let (pairs, addresses, accounts) = (Cache::builder(), Cache::builder(), Cache::builder());
        Self {
            pairs: pairs.max_capacity(REMEMBERED).time_to_live(WINDOW).build(),
            addresses: addresses.max_capacity(REMEMBERED).time_to_live(WINDOW).build(),
            accounts: accounts.max_capacity(REMEMBERED).time_to_live(WINDOW).build(),
        }
    }

    /// Begins a guess at the code of `account`. A code has six digits, so many addresses could guess it together; whoever gets
    /// to guess has shown the password already, so a stranger cannot lock the person out this way.
    pub fn begin_code(&self, account: &str) -> Result<CodeAttempt> {
        let attempt = CodeAttempt(self.accounts.get_with(short(account), fresh));
        if attempt.0.wrong.fetch_add(1, Ordering::Relaxed) < FROM_ANYWHERE {
            return Ok(attempt);
        }
        let since = attempt.0.since;
        attempt.undo();
        Err(wait(since))
    }

    /// Begins a guess at `account`, of which `allowed` may be wrong. Counted before it is checked, so that a hundred at once are
    /// a hundred.
    pub fn begin(&self, address: AddressKey, account: &str, allowed: u32) -> Result<Attempt> {
        let attempt = Attempt {
            pair: self.pairs.get_with((address, short(account)), fresh),
            address: self.addresses.get_with(address, fresh),
        };
        let pair = attempt.pair.wrong.fetch_add(1, Ordering::Relaxed);
        let all = attempt.address.wrong.fetch_add(1, Ordering::Relaxed);
        if pair < allowed && all < PER_ADDRESS {
            return Ok(attempt);
        }
        let since = if pair >= allowed { attempt.pair.since } else { attempt.address.since };
        attempt.undo();
        Err(wait(since))
    }
}

fn fresh() -> Arc<Guesses> {
    Arc::new(Guesses { wrong: AtomicU32::new(0), since: Instant::now() })
}

fn short(account: &str) -> [u8; 16] {
    let digest: [u8; 32] = Sha256::digest(account.as_bytes()).into();
    let mut short = [0; 16];
    short.copy_from_slice(&digest[..16]);
    short
}

fn wait(since: Instant) -> Error {
    Error::TooMany { retry_after_secs: WINDOW.saturating_sub(since.elapsed()).as_secs().max(1) }
}

impl Default for Throttle {
    fn default() -> Self {
        Self::new()
    }
}

impl Attempt {
    /// The guess was right: earlier wrong ones at this account are forgiven.
    pub fn right(self) {
        self.pair.wrong.store(0, Ordering::Relaxed);
        take_back(&self.address.wrong);
    }

    /// The guess was not checked after all.
    pub fn undo(self) {
        take_back(&self.pair.wrong);
        take_back(&self.address.wrong);
    }
}

impl CodeAttempt {
    /// The code was right: earlier wrong ones are forgiven.
    pub fn right(self) {
        self.0.wrong.store(0, Ordering::Relaxed);
    }

    /// The code was not checked after all.
    pub fn undo(self) {
        take_back(&self.0.wrong);
    }
}

/// One less, but never below none: a right guess may have forgiven this one meanwhile.
fn take_back(wrong: &AtomicU32) {
    // The closure always gives a value, so this always succeeds.
    let _ = wrong.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| Some(n.saturating_sub(1)));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> AddressKey {
        crate::http::ClientIp(text.parse().unwrap()).key()
    }

    #[test]
    fn one_address_is_stopped_and_another_is_not() {
        let throttle = Throttle::new();
        for _ in 0..10 {
            throttle.begin(address("203.0.113.7"), "o@x.example", 10).unwrap();
        }
        let Err(Error::TooMany { retry_after_secs }) =
            throttle.begin(address("203.0.113.7"), "o@x.example", 10).map(|_| ())
        else {
            panic!("the eleventh guess went through")
        };
        assert!((890..=900).contains(&retry_after_secs));
        throttle.begin(address("203.0.113.8"), "o@x.example", 10).unwrap().right();
        throttle.begin(address("203.0.113.7"), "p@x.example", 10).unwrap();
    }

    #[test]
    fn good_logins_are_never_stopped() {
        let throttle = Throttle::new();
        for _ in 0..1000 {
            throttle.begin(address("203.0.113.7"), "o@x.example", 10).unwrap().right();
        }
    }

    #[test]
    fn one_password_at_many_accounts_is_stopped() {
        let throttle = Throttle::new();
        let stopped =
            (0..100).filter(|n| throttle.begin(address("::1"), &format!("{n}@x.example"), 10).is_err()).count();
        assert_eq!(stopped, 50);
    }
}
