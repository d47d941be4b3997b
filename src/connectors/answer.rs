//! What a platform answered, and what its headers say about when to ask again.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use jiff::fmt::rfc2822;

use super::Trouble;

/// An answer, read whole.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status, which on most platforms is not where errors are told.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body as it came, unpacked, not yet redacted.
    pub body: Bytes,
}

impl Answer {
    /// A header's text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// `Retry-After` in any of its forms: whole or broken seconds, or a date.
    pub fn retry_after(&self, now: Timestamp) -> Option<Duration> {
        let text = self.header("retry-after")?.trim();
        if let Ok(seconds) = text.parse::<f64>() {
            return Duration::try_from_secs_f64(seconds).ok();
        }
        let at = rfc2822::parse(text).ok()?.timestamp();
        Some(Duration::try_from(at.duration_since(now)).unwrap_or_default())
    }

    /// What an error status means where the body says nothing better: 429 and 5xx are for later, all else is refused.
    pub fn trouble(&self, now: Timestamp, who: &str) -> Trouble {
        let after = self.retry_after(now);
        match self.status {
            StatusCode::TOO_MANY_REQUESTS => Trouble::throttled(format!("{who} asks for fewer requests"), after),
            StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY => Trouble::broken(format!("{who} took too long")),
            StatusCode::UNAUTHORIZED => Trouble::Expired(format!("{who} does not accept the sign-in")),
            status if status.is_server_error() => {
                let reason = format!("{who} has trouble of its own ({})", status.as_u16());
                Trouble::Later { reason, after, throttled: false }
            }
            status => Trouble::Refused(format!("{who} refuses the request ({})", status.as_u16())),
        }
    }
}
