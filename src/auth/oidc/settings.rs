//! The settings of single sign-on, with their defaults.

use std::path::PathBuf;

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use crate::error::Result;

/// Where people sign in besides here. Off without an issuer.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// The provider's address, exactly as its discovery document names it. Empty is off.
    pub issuer: String,
    /// What the provider calls this installation.
    pub client_id: String,
    /// A file that holds the client's secret alone; `PULSEPOINT_OIDC_CLIENT_SECRET` is asked first.
    pub client_secret_file: PathBuf,
    /// What the button on the sign-in page says: "Sign in with …".
    pub name: String,
}

impl Default for Settings {
    fn default() -> Self {
        let (issuer, client_id, client_secret_file) = Default::default();
        Self { issuer, client_id, client_secret_file, name: "single sign-on".to_owned() }
    }
}

impl Settings {
    /// The client's secret: the environment's, else the file's, else none, as a client without one is told apart by PKCE alone.
    pub(super) fn secret(&self, environment: Option<SecretString>) -> Result<Option<SecretString>> {
        if environment.is_some() || self.client_secret_file.as_os_str().is_empty() {
            return Ok(environment);
        }
        let path = self.client_secret_file.display();
        let text = std::fs::read_to_string(&self.client_secret_file)
            .map_err(|error| anyhow::anyhow!("oidc.client_secret_file: reading {path}: {error}"))?;
        let secret = SecretString::from(text.trim());
        match secret.expose_secret().is_empty() {
            true => Err(anyhow::anyhow!("oidc.client_secret_file: {path} is empty").into()),
            false => Ok(Some(secret)),
        }
    }
}
