//! Why a tenant did not open, and what whoever asked for it is told.

use anyhow::anyhow;

use crate::error::Error;

/// Why a tenant did not open; shared by all who waited for the same opening.
#[derive(Debug, Clone)]
pub(super) enum Refusal {
    NotFound,
    SetAside,
    Replacing,
    /// The disk said no.
    Unreadable,
    Failed(String),
}

impl Refusal {
    pub(super) fn as_error(&self) -> Error {
        match self {
            Self::NotFound => Error::NotFound,
            Self::SetAside => Error::Unavailable {
                code: "tenant_set_aside",
                reason: "This tenant's store is set aside because it is not as it should be. Nothing was changed; \
                         the log and `pulsepoint doctor` say what is wrong with it."
                    .to_owned(),
                retry_after_secs: 300,
            },
            Self::Replacing => Error::Unavailable {
                code: "tenant_restoring",
                reason: "This tenant is being restored from a backup.".to_owned(),
                retry_after_secs: 5,
            },
            Self::Unreadable => Error::Unavailable {
                code: "store_unusable",
                reason:
                    "The disk failed to read or write this tenant's store. Nothing that was confirmed is lost by that; \
                         `pulsepoint doctor` says what the disk said."
                        .to_owned(),
                retry_after_secs: 30,
            },
            Self::Failed(reason) => anyhow!("opening a tenant: {reason}").into(),
        }
    }
}
