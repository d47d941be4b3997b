//! What signs in to a platform. Held in memory for as long as it is used, never printed.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// One of them.
#[derive(Clone)]
pub struct Credential {
    /// The text itself.
    pub secret: SecretString,
    /// When it ends, if it says so.
    pub expires_at: Option<Timestamp>,
}

/// All of one integration, by name: `access_token`, `client_secret`, `refresh_token`.
#[derive(Clone, Default)]
pub struct Credentials(BTreeMap<String, Credential>);

#[derive(Serialize, Deserialize)]
struct Stored {
    secret: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    expires_at: Option<Timestamp>,
}

impl Credentials {
    /// The text of one; none where it is absent or empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(|one| one.secret.expose_secret().trim()).filter(|text| !text.is_empty())
    }

    /// When one ends, if it does.
    pub fn expires_at(&self, name: &str) -> Option<Timestamp> {
        self.0.get(name)?.expires_at
    }

    /// The same with one set or replaced.
    #[must_use]
    pub fn with(mut self, name: &str, secret: impl Into<String>, expires_at: Option<Timestamp>) -> Self {
        self.0.insert(name.to_owned(), Credential { secret: SecretString::from(secret.into()), expires_at });
        self
    }

    /// The same without one.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.0.remove(name);
        self
    }

    /// The names of those that are there.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// As they are sealed.
    pub fn to_json(&self) -> Zeroizing<Vec<u8>> {
        let stored: BTreeMap<&str, Stored> = self
            .0
            .iter()
            .map(|(name, one)| {
                let secret = one.secret.expose_secret().to_owned();
                (name.as_str(), Stored { secret, expires_at: one.expires_at })
            })
            .collect();
        // Strings and times, which always serialise.
        Zeroizing::new(serde_json::to_vec(&stored).unwrap_or_default())
    }

    /// What [`Self::to_json`] made.
    ///
    /// # Errors
    /// Where it is something else; the text is not repeated.
    pub fn from_json(bytes: &[u8]) -> Result<Self, &'static str> {
        let stored: BTreeMap<String, Stored> =
            serde_json::from_slice(bytes).map_err(|_| "the credentials are not what was stored")?;
        let all = stored.into_iter().map(|(name, one)| {
            (name, Credential { secret: SecretString::from(one.secret), expires_at: one.expires_at })
        });
        Ok(Self(all.collect()))
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.keys()).finish()
    }
}
