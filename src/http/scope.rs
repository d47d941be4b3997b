//! What belongs to one request: its id, its stage timings and the label it is counted under.

use std::borrow::Cow;
use std::fmt::{self, Write as _};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use super::client_ip::ClientIp;
use crate::error::Error;

/// The id of a request: on every answer as `X-Request-Id`, in every log line and event of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RequestId(Arc<str>);

impl RequestId {
    /// A new id: a random start of this process and a running number.
    pub fn generate() -> Self {
        static START: OnceLock<u64> = OnceLock::new();
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let start = START.get_or_init(|| uuid::Uuid::new_v4().as_u64_pair().0);
        // An odd factor visits every number once before it repeats, and neighbours do not look alike.
        let number = NEXT.fetch_add(1, Ordering::Relaxed).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ start;
        Self(format!("{:08x}{number:016x}", start >> 32).into())
    }

    /// An id that a trusted proxy sent, if it is one: 8 to 64 letters, digits, `-` or `_`.
    pub fn accept(text: &str) -> Option<Self> {
        let sound = (8..=64).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
        sound.then(|| Self(text.into()))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The request's own values, shared by the layers that see it.
#[derive(Clone)]
pub struct Scope {
    inner: Arc<Inner>,
    over_tls: bool,
}

struct Inner {
    id: RequestId,
    ip: ClientIp,
    started: Instant,
    stages: Mutex<Vec<(Cow<'static, str>, Duration)>>,
}

impl Scope {
    /// Begins a request now.
    pub fn begin(id: RequestId, ip: ClientIp) -> Self {
        let stages = Mutex::new(Vec::with_capacity(6));
        Self { inner: Arc::new(Inner { id, ip, started: Instant::now(), stages }), over_tls: false }
    }

    /// Says whether the client's side of the connection is encrypted, so that its cookies may say so.
    pub fn over_tls(self, over_tls: bool) -> Self {
        Self { over_tls, ..self }
    }

    /// Whether the client's side of the connection is encrypted.
    pub fn is_over_tls(&self) -> bool {
        self.over_tls
    }

    /// The request's id.
    pub fn id(&self) -> &RequestId {
        &self.inner.id
    }

    /// Who sent it.
    pub fn ip(&self) -> ClientIp {
        self.inner.ip
    }

    /// Time since the request's head was read.
    pub fn elapsed(&self) -> Duration {
        self.inner.started.elapsed()
    }

    /// The stages so far.
    pub fn timings(&self) -> Timings {
        Timings(self.clone())
    }

    /// The value of `Server-Timing`: the stages named so far, then the total, in milliseconds.
    pub(super) fn server_timing(&self, total: Duration) -> String {
        let stages = self.inner.stages.lock().unwrap_or_else(PoisonError::into_inner);
        let mut text = String::with_capacity(32 * (stages.len() + 1));
        for (name, took) in stages.iter() {
            push_stage(&mut text, name, *took);
            text.push_str(", ");
        }
        push_stage(&mut text, "total", total);
        text
    }
}

fn push_stage(text: &mut String, name: &str, took: Duration) {
    let micros = took.as_micros();
    // Writing into a String cannot fail.
    let _ = write!(text, "{name};dur={}.{:03}", micros / 1000, micros % 1000);
}

/// Names how long the stages of a request took; they travel in `Server-Timing`. A handler takes it as an argument.
#[derive(Clone)]
pub struct Timings(Scope);

impl Timings {
    /// Adds a stage. A stage named again grows.
    pub fn add(&self, stage: impl Into<Cow<'static, str>>, took: Duration) {
        let stage = stage.into();
        let mut stages = self.0.inner.stages.lock().unwrap_or_else(PoisonError::into_inner);
        match stages.iter_mut().find(|(name, _)| *name == stage) {
            Some((_, sum)) => *sum += took,
            None => stages.push((stage, took)),
        }
    }

    /// Times a future as a stage.
    pub async fn time<T>(&self, stage: &'static str, future: impl Future<Output = T>) -> T {
        let from = Instant::now();
        let value = future.await;
        self.add(stage, from.elapsed());
        value
    }

    /// Times a closure as a stage.
    pub fn time_blocking<T>(&self, stage: &'static str, work: impl FnOnce() -> T) -> T {
        let from = Instant::now();
        let value = work();
        self.add(stage, from.elapsed());
        value
    }
}

impl Scope {
    /// The scope that the edge left on the request.
    pub fn of(extensions: &axum::http::Extensions) -> Result<Self, Error> {
        let found = extensions.get::<Self>().cloned();
        found.ok_or_else(|| Error::Internal(anyhow::anyhow!("a request came past the edge")))
    }
}

impl<S: Sync> FromRequestParts<S> for Scope {
    type Rejection = Error;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Error> {
        Self::of(&parts.extensions)
    }
}

impl<S: Sync> FromRequestParts<S> for Timings {
    type Rejection = Error;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Error> {
        Scope::of(&parts.extensions).map(|scope| scope.timings())
    }
}

impl<S: Sync> FromRequestParts<S> for RequestId {
    type Rejection = Error;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Error> {
        Scope::of(&parts.extensions).map(|scope| scope.id().clone())
    }
}

impl<S: Sync> FromRequestParts<S> for ClientIp {
    type Rejection = Error;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Error> {
        Scope::of(&parts.extensions).map(|scope| scope.ip())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_differ_and_only_sound_ones_are_accepted() {
        assert_ne!(RequestId::generate(), RequestId::generate());
        assert_eq!(RequestId::generate().as_str().len(), 24);
        assert!(RequestId::accept("abc-DEF_123").is_some());
        for bad in ["short", "with space", "line\r\nbreak", &"x".repeat(65), "ümlaut-id"] {
            assert!(RequestId::accept(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn a_stage_named_twice_grows() {
        let scope = Scope::begin(RequestId::generate(), ClientIp::unknown());
        scope.timings().add("sqlite", Duration::from_micros(1500));
        scope.timings().add("sqlite", Duration::from_micros(500));
        let text = scope.server_timing(Duration::from_millis(3));
        assert_eq!(text, "sqlite;dur=2.000, total;dur=3.000");
    }
}
