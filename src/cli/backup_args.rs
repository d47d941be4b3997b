//! `backup`, `restore` and `audit` as they are typed.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueHint};

use super::args::Plain;
use crate::backup::Moment;

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
#[command(after_help = "Examples:
  pulsepoint backup                       every tenant, and the instance's own records
  pulsepoint backup --tenant acme --to /mnt/usb
  pulsepoint backup list
  pulsepoint backup verify --identity backup-identity.txt

Archives are sealed for `backup.recipient`, an age public key. Without one, the first backup makes a key pair and says where
its private half lies: keep that elsewhere, for no archive can be opened without it.
Works with and without a running server, whose readers and writers go on.")]
pub struct Backup {
    #[command(subcommand)]
    pub verb: Option<BackupVerb>,
    /// Only this tenant
    #[arg(long)]
    pub tenant: Option<String>,
    /// Put the archives here [default: the setting backup.folder]
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub to: Option<PathBuf>,
    #[command(flatten)]
    pub plain: Plain,
}

#[derive(Debug, Subcommand)]
pub enum BackupVerb {
    /// List the archives, newest first
    List {
        /// Only this tenant's
        #[arg(long)]
        tenant: Option<String>,
        /// Look here [default: the setting backup.folder]
        #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
        to: Option<PathBuf>,
        #[command(flatten)]
        plain: Plain,
    },
    /// Restore archives into a scratch folder and check every row; nothing else happens
    Verify {
        /// This archive: a file, or one of the store by its address or name [default: the newest of every tenant and of the instance]
        #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
        file: Option<PathBuf>,
        /// Only this tenant's newest
        #[arg(long, conflicts_with = "file")]
        tenant: Option<String>,
        /// Look here [default: the setting backup.folder]
        #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, conflicts_with = "file")]
        to: Option<PathBuf>,
        /// The private half of the key pair [default: backup-identity.txt in the data folder]
        #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
        identity: Option<PathBuf>,
        #[command(flatten)]
        plain: Plain,
    },
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  pulsepoint restore --tenant acme --from 20261123T020000.000Z.backup.age --identity backup-identity.txt
  pulsepoint restore --tenant acme --from … --identity … --as acme-rehearsal
  pulsepoint restore --tenant acme --from … --identity … --overwrite
  pulsepoint restore --instance --from … --identity … --data /srv/new
  pulsepoint restore --tenant acme --at 2026-11-23T14:05:09Z --identity … --dry-run
  pulsepoint restore --tenant acme --at 2026-11-23T14:05:09Z --identity … --overwrite
  pulsepoint restore --tenant acme --at latest --identity …     after the loss of the machine

An archive is restored --from its file or its place in the store; what was shipped to `backup.folder` is restored as it was --at a moment. Nothing changes
unless all that is needed is sound. Everybody has to sign in again afterwards.")]
pub struct Restore {
    /// The tenant whose archive it is, by slug
    #[arg(long, required_unless_present = "instance")]
    pub tenant: Option<String>,
    /// Restore the instance's own records instead, into an empty data folder and before any tenant
    #[arg(long, conflicts_with_all = ["tenant", "slug", "overwrite"])]
    pub instance: bool,
    /// The archive: a file, or one of the store by its address (s3://…) or name
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, required_unless_present = "at")]
    pub from: Option<PathBuf>,
    /// As it was then, out of what was shipped: a time as in 2026-11-23T14:05:09Z, or latest
    #[arg(long, value_name = "TIME", conflicts_with = "from", value_parser = moment)]
    pub at: Option<Moment>,
    /// Read and check everything that leads to the moment, and change nothing
    #[arg(long, requires = "at", conflicts_with_all = ["overwrite", "slug", "to", "instance"])]
    pub dry_run: bool,
    /// Make an archive of the moment in this folder instead
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, requires = "at", conflicts_with_all = ["overwrite", "slug", "instance"])]
    pub to: Option<PathBuf>,
    /// Where the log is damaged or has a gap before the moment, take the last one before that
    #[arg(long, requires = "at")]
    pub last_good: bool,
    /// The private half of the key pair that it is sealed for
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub identity: PathBuf,
    /// The slug it gets [default: its own]
    #[arg(long = "as", value_name = "SLUG")]
    pub slug: Option<String>,
    /// Replace all data of the tenant of that slug
    #[arg(long)]
    pub overwrite: bool,
    #[command(flatten)]
    pub plain: Plain,
}

#[derive(Debug, Subcommand)]
pub enum Audit {
    /// Check that no entry of the event chains was edited, moved or removed; names the first that was
    Verify {
        /// Only this tenant's chain [default: every tenant's, and the instance's]
        #[arg(long)]
        tenant: Option<String>,
        #[command(flatten)]
        plain: Plain,
    },
    /// Write the quarterly review: dormant people and keys, the roles, ages of keys, the chains, the last restore rehearsal
    Review {
        /// Only this tenant [default: all]
        #[arg(long)]
        tenant: Option<String>,
        /// Write it here [default: standard output]
        #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
        out: Option<PathBuf>,
        #[command(flatten)]
        plain: Plain,
    },
}

fn moment(text: &str) -> Result<Moment, String> {
    match text {
        "latest" => Ok(Moment::Latest),
        text => text.parse().map(Moment::At).map_err(|error: jiff::Error| error.to_string()),
    }
}
