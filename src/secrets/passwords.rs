//! Passwords: Argon2id off the async threads, two at a time, with a bounded queue in front.

use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context, anyhow};
use argon2::password_hash::PasswordHasher;
use argon2::{Algorithm, Argon2, Params, PasswordHash, PasswordVerifier, Version};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Semaphore;

use crate::error::{Error, Result};

/// OWASP's floor: 19 MiB, two passes, one lane; about 70 ms of one core.
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
/// How many may wait or run at once; beyond that the caller is asked to come back.
const QUEUE: usize = 50;

/// The process's one queue: what it bounds, memory and cores, is the process's too.
static LINE: Line = Line::new();

/// The hash of nobody's password: checked where the user is unknown, so that the answer takes as long.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$cHVsc2Vwb2ludC1ub2JvZHk$\
                      AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Hashes a password with a fresh salt, as a PHC string. `Unavailable` when too many wait already.
pub async fn hash_password(password: SecretString) -> Result<String> {
    LINE.run(move || {
        let salt: [u8; 16] = super::random_bytes();
        let hash = argon2()?
            .hash_password_with_salt(password.expose_secret().as_bytes(), &salt)
            .map_err(|error| anyhow!("{error}"))
            .context("hashing a password")?;
        Ok(hash.to_string())
    })
    .await
}

/// Whether the password is the one behind `hash`. `None` stands for an unknown user: false, after the same time.
pub async fn verify_password(password: SecretString, hash: Option<String>) -> Result<bool> {
    LINE.run(move || {
        let known = hash.is_some();
        let text = hash.unwrap_or_else(|| NOBODY.to_owned());
        let hash = PasswordHash::new(&text).map_err(|error| anyhow!("{error}")).context("reading a password hash")?;
        let matches = argon2()?.verify_password(password.expose_secret().as_bytes(), &hash).is_ok();
        Ok(known && matches)
    })
    .await
}

fn argon2() -> Result<Argon2<'static>> {
    let params =
        Params::new(MEMORY_KIB, PASSES, 1, None).map_err(|error| anyhow!("{error}")).context("setting up Argon2")?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

/// Two at a time, a bounded number waiting.
pub(super) struct Line {
    running: Semaphore,
    queued: AtomicUsize,
}

impl Line {
    pub(super) const fn new() -> Self {
        Self { running: Semaphore::const_new(2), queued: AtomicUsize::new(0) }
    }

    /// Runs `work` on a blocking thread when it is its turn.
    pub(super) async fn run<T: Send + 'static>(
        &'static self,
        work: impl FnOnce() -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let place = Place::take(&self.queued)?;
        let turn = self.running.acquire().await.context("waiting to hash a password")?;
        // The turn goes along: a caller who hangs up frees it only when the work is really over.
        tokio::task::spawn_blocking(move || {
            let _held = (place, turn);
            work()
        })
        .await
        .context("hashing a password")?
    }
}

/// Leaves the queue when the wait ends, also when the caller hangs up.
struct Place(&'static AtomicUsize);

impl Place {
    fn take(queued: &'static AtomicUsize) -> Result<Self> {
        if queued.fetch_add(1, Ordering::Relaxed) >= QUEUE {
            queued.fetch_sub(1, Ordering::Relaxed);
            return Err(Error::Unavailable {
                code: "sign_in_busy",
                reason: "Too many sign-ins are being checked. Try again in a few seconds.".to_owned(),
                retry_after_secs: 3,
            });
        }
        Ok(Self(queued))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
