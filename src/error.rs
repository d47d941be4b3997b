//! Errors in the caller's terms. Knows no status codes: `http::problem` maps it.

/// What every fallible function of Pulsepoint returns.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Named after what the caller should understand, not after what failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Not there, or not the caller's.
    #[error("not found")]
    NotFound,
    /// The caller sent something that cannot be: `code` is stable, `reason` a sentence for a person.
    #[error("{reason}")]
    Invalid { code: &'static str, field: Option<String>, reason: String },
    /// It clashes with what is there.
    #[error("{reason}")]
    Conflict { code: &'static str, reason: String },
    /// No credentials, or bad ones. `code` says which, in terms that tell an attacker nothing.
    #[error("{reason}")]
    SignInRequired { code: &'static str, reason: String },
    /// Known, but not permitted: names the permission that is missing.
    #[error("this needs the permission \"{permission}\"")]
    Forbidden { permission: &'static str },
    /// The caller's tenant is closed: `code` is stable, `reason` says until when and who can open it.
    #[error("{reason}")]
    Closed { code: &'static str, reason: String },
    /// Larger than accepted.
    #[error("{reason}")]
    TooLarge { reason: String },
    /// A media type or format that is not understood.
    #[error("{reason}")]
    Unsupported { reason: String },
    /// Too many requests; how long to wait.
    #[error("too many requests")]
    TooMany { retry_after_secs: u64 },
    /// Cannot answer now, may later.
    #[error("{reason}")]
    Unavailable { code: &'static str, reason: String, retry_after_secs: u64 },
    /// SQLite failed.
    #[error("database: {0}")]
    Database(#[from] rusqlite::Error),
    /// Our fault.
    #[error("{0:#}")]
    Internal(#[from] anyhow::Error),
}

impl Error {
    /// Input that cannot be, with the field at fault.
    pub fn invalid(field: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::Invalid { code: "invalid_input", field: Some(field.into()), reason: reason.into() }
    }
    /// Input that cannot be, with a stable code of its own.
    pub fn invalid_code(code: &'static str, field: Option<&str>, reason: impl Into<String>) -> Self {
        Self::Invalid { code, field: field.map(str::to_owned), reason: reason.into() }
    }
    /// Clashes with what is there.
    pub fn conflict(code: &'static str, reason: impl Into<String>) -> Self {
        Self::Conflict { code, reason: reason.into() }
    }
}
