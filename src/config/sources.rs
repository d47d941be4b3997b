//! Where settings are read from. The only place that looks at the process's environment for them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use etcetera::BaseStrategy;
use secrecy::SecretString;
use toml::{Table, Value};

use super::{BACKUP_SECRET_VARIABLE, Given, Keys, MASTER_KEY_VARIABLE, OIDC_SECRET_VARIABLE, Origin, Problem, keys};

/// The variable that names the configuration file.
const FILE_VARIABLE: &str = "PULSEPOINT_CONFIG";

/// Variables that are no settings: what they hold is never shown.
const SECRETS: [&str; 3] = [MASTER_KEY_VARIABLE, OIDC_SECRET_VARIABLE, BACKUP_SECRET_VARIABLE];

/// The layers over the defaults, not yet read.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// The configuration file. It must exist, for somebody named it or it was found.
    pub file: Option<PathBuf>,
    /// `PULSEPOINT_*`, without secrets.
    pub environment: Vec<(String, String)>,
    /// Key, value and name of every flag given.
    pub flags: Vec<(&'static str, String, &'static str)>,
}

impl Sources {
    /// The environment of this process, and the file: the one that `named` says, else `PULSEPOINT_CONFIG`, else
    /// `pulsepoint.toml` here, else the one in the user's XDG configuration folder.
    pub fn of_process(named: Option<PathBuf>) -> Self {
        let environment: Vec<(String, String)> = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.to_string_lossy().into_owned())))
            .filter(|(name, _)| name.starts_with(keys::PREFIX) && !SECRETS.contains(&name.as_str()))
            .collect();
        let by_variable = || environment.iter().find(|(name, _)| name == FILE_VARIABLE).map(|(_, value)| value.into());
        let file = named.or_else(by_variable).or_else(found);
        Self { file, environment, flags: Vec::new() }
    }

    /// Adds a flag, if it was given.
    pub fn flag(mut self, key: &'static str, value: Option<String>, flag: &'static str) -> Self {
        self.flags.extend(value.map(|value| (key, value, flag)));
        self
    }

    pub(super) fn by_file(&self, known: &Keys, problems: &mut Vec<Problem>) -> Vec<Given> {
        let Some(path) = &self.file else { return Vec::new() };
        let origin = || Origin::File(path.clone());
        let table = match read(path) {
            Ok(table) => table,
            Err(reason) => {
                problems.push(Problem { key: String::new(), origin: origin(), reason, nearest: None });
                return Vec::new();
            }
        };
        let mut given = Vec::new();
        for (key, value) in keys::flatten(&table) {
            if known.contains_key(&key) {
                given.push((key, value, origin()));
                continue;
            }
            let secret = "belongs in a key file, not among settings";
            let (reason, nearest) = match key.as_str() {
                "master_key" => (secret.to_owned(), Some(MASTER_KEY_VARIABLE.to_owned())),
                "oidc.client_secret" => (secret.to_owned(), Some("oidc.client_secret_file".to_owned())),
                "backup.s3.secret_access_key" | "backup.s3.secret" => {
                    (secret.to_owned(), Some("backup.s3.secret_access_key_file".to_owned()))
                }
                _ => ("is no setting".to_owned(), keys::nearest(&key, known.keys().map(String::as_str))),
            };
            problems.push(Problem { key, origin: origin(), reason, nearest });
        }
        given
    }

    pub(super) fn by_environment(
        &self,
        known: &Keys,
        problems: &mut Vec<Problem>,
        strays: &mut Vec<Problem>,
    ) -> Vec<Given> {
        let variables: BTreeMap<String, &String> = known.keys().map(|key| (keys::variable(key), key)).collect();
        let mut given = Vec::new();
        for (name, text) in self.environment.iter().filter(|(name, _)| name != FILE_VARIABLE) {
            let origin = Origin::Environment(name.clone());
            let Some(key) = variables.get(name) else {
                let nearest = keys::nearest(name, variables.keys().map(String::as_str));
                strays.push(Problem { key: name.clone(), origin, reason: "is no setting".to_owned(), nearest });
                continue;
            };
            match keys::parse(text, &known[*key].0) {
                Ok(value) => given.push(((*key).clone(), value, origin)),
                Err(reason) => problems.push(Problem { key: (*key).clone(), origin, reason, nearest: None }),
            }
        }
        given
    }

    pub(super) fn by_flags(&self) -> Vec<Given> {
        let flags = self.flags.iter();
        flags
            .map(|(key, value, flag)| {
                ((*key).to_owned(), Value::String(value.clone()), Origin::Flag((*flag).to_owned()))
            })
            .collect()
    }
}

fn read(path: &Path) -> Result<Table, String> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("cannot be read: {error}"))?;
    text.parse::<Table>().map_err(|error| {
        let line = error.span().map_or(1, |span| text[..span.start.min(text.len())].lines().count().max(1));
        format!("line {line}: {}", error.message())
    })
}

fn found() -> Option<PathBuf> {
    let here = PathBuf::from("pulsepoint.toml");
    let of_user = etcetera::choose_base_strategy().ok()?.config_dir().join("pulsepoint/pulsepoint.toml");
    [here, of_user].into_iter().find(|path| path.is_file())
}

/// The user's XDG data folder; the working folder where the process has no home.
pub fn data_home() -> PathBuf {
    etcetera::choose_base_strategy().map_or_else(|_| PathBuf::from("."), |base| base.data_dir())
}

/// The master key of the environment, if it is there.
pub fn master_key_from_environment() -> Option<SecretString> {
    secret(MASTER_KEY_VARIABLE)
}

/// The secret of the provider's client in the environment, if it is there.
pub fn oidc_secret_from_environment() -> Option<SecretString> {
    secret(OIDC_SECRET_VARIABLE)
}

/// The secret of the key at the store of the backups in the environment, if it is there.
pub fn backup_secret_from_environment() -> Option<SecretString> {
    secret(BACKUP_SECRET_VARIABLE)
}

fn secret(variable: &str) -> Option<SecretString> {
    std::env::var(variable).ok().filter(|secret| !secret.is_empty()).map(SecretString::from)
}
