//! `keys` as it is typed.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum, ValueHint};
use serde::{Deserialize, Serialize};

use super::args::Plain;

/// Which keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Which {
    /// The master key, under which all others lie
    Master,
    /// Every tenant's store, copied under a new key
    Database,
    /// What seals secrets within a tenant's store; its store gets a new key, too
    Tokens,
    /// What signs access tokens; those that are out stay good
    Signing,
    /// What archives are sealed for; the old private half is kept for old archives
    Backup,
    /// All of them
    All,
}

#[derive(Debug, Subcommand)]
pub enum Keys {
    /// List every key with its age; no key is ever shown
    List(Plain),
    /// Make keys anew, while people work
    Rotate(Rotate),
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  pulsepoint keys rotate
  pulsepoint keys rotate database --tenant acme
  pulsepoint keys rotate master --new-key-file new.key

A master key in the data folder's own file is replaced there. One from PULSEPOINT_MASTER_KEY or a systemd credential only you
can replace: hand the new one over with PULSEPOINT_NEW_MASTER_KEY or --new-key-file, and put it there afterwards.
Works with and without a running server, which goes on answering. Killed at any step, the next start finishes it or takes it back.")]
pub struct Rotate {
    /// Which keys
    #[arg(value_enum, default_value_t = Which::All)]
    pub which: Which,
    /// Only this tenant's, of the keys that tenants have
    #[arg(long)]
    pub tenant: Option<String>,
    /// The new master key: a file with 64 hex digits or base64 that nobody else can read
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub new_key_file: Option<PathBuf>,
    #[command(flatten)]
    pub plain: Plain,
}
