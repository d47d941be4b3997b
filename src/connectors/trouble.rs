//! Why a platform gave nothing, in terms of what happens next.

use std::time::Duration;

use bytes::Bytes;

/// What went wrong. No text of it holds a secret or a person.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Trouble {
    /// It may work later: a limit, an outage, a broken connection.
    #[error("{reason}")]
    Later {
        /// A sentence.
        reason: String,
        /// The platform says not before so long.
        after: Option<Duration>,
        /// It was a limit: no sign of anything broken.
        throttled: bool,
    },
    /// The short-lived sign-in is no longer good: renew once, then try again.
    #[error("{0}")]
    Expired(String),
    /// A person has to sign in anew; the sentence says why.
    #[error("{0}")]
    SignIn(String),
    /// A permission is missing at the platform.
    #[error("{reason}")]
    Scope {
        /// As the platform names it.
        missing: Vec<String>,
        /// A sentence.
        reason: String,
    },
    /// It will not work however often it is tried: a version that ended, a shop that is closed, a query that is wrong.
    #[error("{0}")]
    Refused(String),
    /// The answer cannot be understood as a whole. It is kept, redacted, for whoever looks into it.
    #[error("{reason}")]
    Unreadable {
        /// A sentence.
        reason: String,
        /// The answer.
        answer: Bytes,
    },
    /// The address may not be asked from here: a private network, or this installation is offline.
    #[error("{0}")]
    NotAllowed(String),
}

impl Trouble {
    /// An outage or a broken connection.
    pub fn broken(reason: impl Into<String>) -> Self {
        Self::Later { reason: reason.into(), after: None, throttled: false }
    }

    /// A limit of the platform.
    pub fn throttled(reason: impl Into<String>, after: Option<Duration>) -> Self {
        Self::Later { reason: reason.into(), after, throttled: true }
    }
}
