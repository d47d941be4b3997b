//! Settings: flags over `PULSEPOINT_*` over `pulsepoint.toml` over defaults, each key checked by itself, so that a mistake is
//! named with its place and the nearest right key. Every module owns its own small `Settings`; this puts them together.

mod keys;
mod sources;

use std::collections::BTreeMap;
use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use toml::Value;

pub use sources::{Sources, data_home, master_key_from_environment, oidc_secret_from_environment};

use crate::auth::oidc;
use crate::{backup, connectors, http, privacy, sync, tenants, tls, warehouse};

/// The environment variable of the master key. It is no setting: it is never in a file, and never shown.
pub const MASTER_KEY_VARIABLE: &str = "PULSEPOINT_MASTER_KEY";

/// The environment variable of the secret that the provider of single sign-on knows this installation by. No setting either.
pub const OIDC_SECRET_VARIABLE: &str = "PULSEPOINT_OIDC_CLIENT_SECRET";

/// Everything that can be set. A field is a key; a nested struct is a table of the file and a word in the variable.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// The data folder. Default: `pulsepoint` in the user's XDG data folder.
    pub data: PathBuf,
    /// Where to listen.
    pub listen: SocketAddr,
    /// How requests are treated; its keys stand at the top.
    #[serde(flatten)]
    pub http: http::Settings,
    /// Where people sign in besides here.
    pub oidc: oidc::Settings,
    /// Whose certificate is served.
    pub tls: tls::Settings,
    /// How many tenants stay open.
    pub tenants: tenants::Settings,
    /// How much memory figures take.
    pub warehouse: warehouse::Settings,
    /// Where backups go, and which are kept.
    pub backup: backup::Settings,
    /// What is kept how long.
    pub retention: privacy::Settings,
    /// How sources are pulled.
    pub sync: sync::Settings,
    /// Where platforms are asked, and in which versions.
    pub connectors: connectors::Settings,
    /// The simulator's address, which stands in for every platform without an address of its own. None by default.
    pub sandbox_url: String,
    /// Asks nothing but this machine.
    pub offline: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            data: data_home().join("pulsepoint"),
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)),
            http: http::Settings::default(),
            oidc: oidc::Settings::default(),
            tls: tls::Settings::default(),
            tenants: tenants::Settings::default(),
            warehouse: warehouse::Settings::default(),
            backup: backup::Settings::default(),
            retention: privacy::Settings::default(),
            sync: sync::Settings::default(),
            connectors: connectors::Settings::default(),
            sandbox_url: String::new(),
            offline: false,
        }
    }
}

impl Settings {
    /// The platforms' settings with what holds for all of them.
    pub fn platforms(&self) -> connectors::Settings {
        let (sandbox_url, offline) = (self.sandbox_url.clone(), self.offline);
        connectors::Settings { sandbox_url, offline, ..self.connectors.clone() }
    }
}

/// Where a setting's value comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "from", content = "name")]
pub enum Origin {
    /// Nobody set it.
    Default,
    /// The configuration file.
    File(PathBuf),
    /// This environment variable.
    Environment(String),
    /// This flag of the command line.
    Flag(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Environment(variable) => f.write_str(variable),
            Self::Flag(flag) => f.write_str(flag),
        }
    }
}

/// One setting that cannot be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// The key as it was written; empty where a whole file is at fault.
    pub key: String,
    /// Where it was written.
    pub origin: Origin,
    /// What is wrong with it.
    pub reason: String,
    /// The key that was probably meant.
    pub nearest: Option<String>,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.origin, self.key.is_empty()) {
            (Origin::File(path), false) => write!(f, "{}: {}: {}", path.display(), self.key, self.reason)?,
            (origin, _) => write!(f, "{origin}: {}", self.reason)?,
        }
        match &self.nearest {
            Some(nearest) => write!(f, "; did you mean {nearest}?"),
            None => Ok(()),
        }
    }
}

/// The settings of this process, and where each came from.
#[derive(Clone, Debug)]
pub struct Resolved {
    /// What the program uses.
    pub settings: Settings,
    /// By key: the value as the file would have it, and its origin.
    pub keys: Keys,
    /// Variables that look like settings but are none. They do not stop a start: another release may know them.
    pub strays: Vec<Problem>,
}

/// Every key with its value and where that comes from.
pub type Keys = BTreeMap<String, (Value, Origin)>;

/// One layer over the defaults: key, value, origin.
type Given = (String, Value, Origin);

/// Puts the layers together; what is wrong is listed in full, not one at a time.
pub fn resolve(sources: &Sources) -> Result<Resolved, Vec<Problem>> {
    let defaults = Settings::default();
    let table = keys::table_of(&defaults);
    let mut known: Keys =
        keys::flatten(&table).into_iter().map(|(key, value)| (key, (value, Origin::Default))).collect();

    let mut problems = Vec::new();
    let mut given = sources.by_file(&known, &mut problems);
    let mut strays = Vec::new();
    given.extend(sources.by_environment(&known, &mut problems, &mut strays));
    given.extend(sources.by_flags());

    let mut settings = defaults;
    let mut accepted = table;
    for (key, value, origin) in given {
        match keys::with(&accepted, &key, &value) {
            Ok((table, checked)) => {
                (accepted, settings) = (table, checked);
                known.insert(key, (value, origin));
            }
            Err(reason) => problems.push(Problem { key, origin, reason, nearest: None }),
        }
    }
    match problems.is_empty() {
        true => Ok(Resolved { settings, keys: known, strays }),
        false => Err(problems),
    }
}

#[cfg(test)]
mod tests;
