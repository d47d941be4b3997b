//! The settings of TLS, with their defaults.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Whose certificate is served, and how.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// Where the certificate comes from.
    pub mode: Mode,
    /// The certificate and those between it and its root, PEM. Empty is plain HTTP.
    pub certificate: PathBuf,
    /// The certificate's private key, PEM.
    pub key: PathBuf,
    /// The oldest version spoken.
    pub min_version: MinVersion,
    /// Names and addresses of this machine that the certificate of `auto` is good for, besides those it knows; the host names that
    /// one of `acme` is ordered for.
    pub names: Vec<String>,
    /// A second, plain address whose pages lead to the encrypted one. None by default.
    pub plain_listen: OptionalAddress,
    /// Where certificates of `acme` are ordered. Default: Let's Encrypt.
    pub acme_directory: String,
    /// The e-mail address the authority may write to. Empty is none.
    pub acme_contact: String,
    /// Whether the authority's terms are agreed to; without it nothing is ordered.
    pub acme_accept_terms: bool,
    /// The root certificate of the directory's own address, PEM, for an authority within a company. Empty: the system's roots.
    pub acme_root: PathBuf,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            mode: Mode::default(),
            certificate: PathBuf::new(),
            key: PathBuf::new(),
            min_version: MinVersion::default(),
            names: Vec::new(),
            plain_listen: OptionalAddress::default(),
            acme_directory: LETS_ENCRYPT.to_owned(),
            acme_contact: String::new(),
            acme_accept_terms: false,
            acme_root: PathBuf::new(),
        }
    }
}

const LETS_ENCRYPT: &str = "https://acme-v02.api.letsencrypt.org/directory";

/// Where the certificate comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// From `tls.certificate` and `tls.key`; without them, plain HTTP.
    #[default]
    Files,
    /// From a local authority in the data folder.
    Auto,
    /// From an authority that speaks ACME.
    Acme,
}

/// The oldest version of TLS that is spoken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum MinVersion {
    /// 1.3 alone.
    #[default]
    #[serde(rename = "1.3")]
    Tls13,
    /// 1.2 too, for clients that know no better.
    #[serde(rename = "1.2")]
    Tls12,
}

/// An address, or none: written as an empty text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OptionalAddress(pub Option<SocketAddr>);

impl fmt::Display for OptionalAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.map_or(Ok(()), |address| address.fmt(f))
    }
}

impl Serialize for OptionalAddress {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for OptionalAddress {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        if text.trim().is_empty() {
            return Ok(Self(None));
        }
        let address = text.trim().parse();
        address.map(|address| Self(Some(address))).map_err(|_| {
            serde::de::Error::custom(format!("\"{text}\" is no address with a port, such as 127.0.0.1:8081"))
        })
    }
}
