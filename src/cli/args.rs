//! The command line as it is typed: every command, flag and example.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueHint};
use clap_complete::Shell;
use jiff::Timestamp;

use super::backup_args::{Audit, Backup, Restore};
use super::customer::Customer;
use super::keys_args::Keys;
use super::sandbox::Sandbox;
use super::sync_args::Sync;
use super::upgrade::Upgrade;
use super::user_args::User;

/// Commerce analytics of your own: orders, products, stock and ad spend in one place, on your machine.
#[derive(Debug, Parser)]
#[command(name = "pulsepoint", version, propagate_version = true, arg_required_else_help = true, max_term_width = 100)]
#[command(after_help = "Examples:
  pulsepoint demo                       a made-up shop, to look around
  pulsepoint serve                      your own data; the log shows how to set it up
  pulsepoint import --tenant acme --brand acme orders_export.csv
  pulsepoint doctor                     what is not as it should be

Settings: flags over PULSEPOINT_* variables over pulsepoint.toml over defaults; see `pulsepoint config check`.
Exit codes: 0 done, 1 failed, 2 wrong use.")]
pub struct Cli {
    #[command(subcommand)]
    pub verb: Verb,
}

#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Start a made-up shop with orders, ads and stock from 2024-01-01 to now
    Demo(Demo),
    /// Start the server
    Serve(Serve),
    /// Import export files of Shopify, Meta Ads, Google Ads or TikTok Ads, or a plain orders file
    Import(Import),
    /// Start a simulator of Shopify, Meta Ads, TikTok Ads and Google Ads
    Sandbox(Sandbox),
    /// Tenants: each a folder with its own encrypted store
    #[command(subcommand)]
    Tenant(Tenant),
    /// Brands of a tenant
    #[command(subcommand)]
    Brand(Brand),
    /// One customer of a brand: a copy of what is kept of them, and erasure
    #[command(subcommand)]
    Customer(Customer),
    /// People of a tenant
    #[command(subcommand)]
    User(User),
    /// Show the token that the first setup in the browser asks for
    SetupToken(Plain),
    /// The warehouse that figures are read from
    #[command(subcommand)]
    Warehouse(Warehouse),
    /// Back up every tenant, or one; list and check the archives
    Backup(Backup),
    /// Restore a tenant from an archive
    Restore(Restore),
    /// The event chains: who did what, when
    #[command(subcommand)]
    Audit(Audit),
    /// Sources that are pulled: how they are, looking for what is new now, reading kept answers again
    #[command(subcommand)]
    Sync(Sync),
    /// Keys: how old each is, and making them anew
    #[command(subcommand)]
    Keys(Keys),
    /// The way back from an upgrade
    #[command(subcommand)]
    Upgrade(Upgrade),
    /// Settings
    #[command(subcommand)]
    Config(Config),
    /// Check data folder, permissions, keys, disk, port, clock, versions and every store
    Doctor(Plain),
    /// Show the versions of Pulsepoint and of the engines inside
    Version(Version),
    /// Print a completion script for a shell
    #[command(after_help = "Example:
  pulsepoint completions bash > ~/.local/share/bash-completion/completions/pulsepoint")]
    Completions {
        /// The shell to complete in
        shell: Shell,
    },
}

/// Which instance a command is about.
#[derive(Debug, Clone, Args)]
pub struct Place {
    /// Configuration file [default: pulsepoint.toml here, else in the XDG configuration folder]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub config: Option<PathBuf>,
    /// Data folder [default: pulsepoint in the XDG data folder]
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub data: Option<PathBuf>,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  pulsepoint demo
  pulsepoint demo --seed 7 --reset        another shop
  pulsepoint demo --stories --json        what is hidden in the data
  pulsepoint demo --now 2026-11-20T12:00:00Z")]
pub struct Demo {
    /// Which shop to make up
    #[arg(long, value_name = "N", default_value_t = crate::commerce::demo::DEFAULT_SEED)]
    pub seed: u64,
    /// Print the stories hidden in the data of this seed, and stop
    #[arg(long)]
    pub stories: bool,
    /// Print the stories as JSON
    #[arg(long, requires = "stories")]
    pub json: bool,
    /// Take this for the present time
    #[arg(long, value_name = "RFC3339")]
    pub now: Option<Timestamp>,
    /// Listen here [default: 127.0.0.1, the next free port from 8080 on]
    #[arg(long, value_name = "ADDR:PORT")]
    pub listen: Option<String>,
    /// Data folder [default: pulsepoint-demo in the XDG data folder]
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub data: Option<PathBuf>,
    /// Delete the demo's data first
    #[arg(long)]
    pub reset: bool,
}

/// Where the certificate comes from.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub enum TlsMode {
    Auto,
    Acme,
    Files,
}

impl std::fmt::Display for TlsMode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Auto => "auto",
            Self::Acme => "acme",
            Self::Files => "files",
        })
    }
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  pulsepoint serve
  pulsepoint serve --tls auto
  pulsepoint serve --data /srv/pulsepoint --listen 127.0.0.1:9000
  RUST_LOG=pulsepoint=debug pulsepoint serve")]
pub struct Serve {
    #[command(flatten)]
    pub place: Place,
    /// Listen here [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDR:PORT")]
    pub listen: Option<String>,
    /// Encrypt: by an authority of this machine's own (auto), by one that speaks ACME (acme), or with tls.certificate and tls.key (files)
    #[arg(long, value_name = "auto|acme|files", value_enum)]
    pub tls: Option<TlsMode>,
    /// Take this for the present time, in figures only
    #[arg(long, value_name = "RFC3339")]
    pub now: Option<Timestamp>,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  pulsepoint import --tenant acme --brand acme orders_export_1.csv products_export.csv
  pulsepoint import --tenant acme --brand acme --map columns.toml orders.csv.gz
  pulsepoint import --tenant acme --brand acme --account 'Main' --currency EUR --timezone Europe/Berlin meta.csv

Importing a file again changes nothing. Works with and without a running server.")]
pub struct Import {
    /// The tenant, by slug
    #[arg(long)]
    pub tenant: String,
    /// The brand, by slug
    #[arg(long)]
    pub brand: String,
    /// Files to import, one after the other; may be gzipped
    #[arg(required = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub files: Vec<PathBuf>,
    /// The format, where the header alone does not tell
    #[arg(long, value_name = "NAME")]
    pub format: Option<String>,
    /// Mapping file of a plain orders file
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub map: Option<PathBuf>,
    /// The ad account a file belongs to, where it has no ids
    #[arg(long)]
    pub account: Option<String>,
    /// The currency of an ad file that does not name it
    #[arg(long, value_name = "CODE")]
    pub currency: Option<String>,
    /// The time zone of an ad account that a file does not name
    #[arg(long, value_name = "ZONE")]
    pub timezone: Option<String>,
    /// How the file writes dates, where it leaves room for doubt
    #[arg(long, value_name = "FORMAT")]
    pub date_format: Option<String>,
    #[command(flatten)]
    pub plain: Plain,
}

/// What every command that answers takes.
#[derive(Debug, Clone, Args)]
pub struct Plain {
    #[command(flatten)]
    pub place: Place,
    /// Answer as JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Subcommand)]
pub enum Tenant {
    /// Add a tenant
    #[command(after_help = "Example:\n  pulsepoint tenant add acme --name 'Acme Trading'")]
    Add {
        /// Its name in commands and addresses: a-z, 0-9 and -
        slug: String,
        /// What people read [default: the slug]
        #[arg(long)]
        name: Option<String>,
        #[command(flatten)]
        plain: Plain,
    },
    /// List the tenants
    List(Plain),
    /// Close a tenant: its people and keys are refused, nothing is imported, its data stays
    Suspend {
        slug: String,
        #[command(flatten)]
        plain: Plain,
    },
    /// Open a suspended tenant again
    Resume {
        slug: String,
        #[command(flatten)]
        plain: Plain,
    },
    /// Close a tenant now and destroy its key and data in 7 days; `tenant restore` undoes it until then
    #[command(after_help = "Examples:
  pulsepoint tenant delete acme               7 days to undo it
  pulsepoint tenant delete acme --now --yes   at once and for good")]
    Delete {
        slug: String,
        /// At once: its data cannot be read again by anybody
        #[arg(long)]
        now: bool,
        /// Do not ask for the slug once more
        #[arg(long, requires = "now")]
        yes: bool,
        #[command(flatten)]
        plain: Plain,
    },
    /// Write everything of a tenant into one file that other programs can read
    #[command(after_help = "Example:
  pulsepoint tenant export acme --to acme.tar

The file is a tar of newline-delimited JSON with a README. It is not encrypted.")]
    Export {
        slug: String,
        /// The file to make; there must be none yet
        #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
        to: PathBuf,
        #[command(flatten)]
        plain: Plain,
    },
    /// Take the deletion of a tenant back, within its 7 days
    Restore {
        slug: String,
        #[command(flatten)]
        plain: Plain,
    },
}

#[derive(Debug, Subcommand)]
pub enum Brand {
    /// Add a brand
    #[command(
        after_help = "Example:\n  pulsepoint brand add acme --tenant acme --currency EUR --timezone Europe/Berlin"
    )]
    Add {
        /// Its name in commands and addresses: a-z, 0-9 and -
        slug: String,
        #[arg(long)]
        tenant: String,
        /// What people read [default: the slug]
        #[arg(long)]
        name: Option<String>,
        /// The currency its figures are in
        #[arg(long, value_name = "CODE")]
        currency: String,
        /// The time zone its days are in
        #[arg(long, value_name = "ZONE")]
        timezone: String,
        /// The day its weeks begin with: 1 is Monday, 7 Sunday
        #[arg(long, value_name = "DAY", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=7))]
        week_start: u8,
        #[command(flatten)]
        plain: Plain,
    },
    /// List a tenant's brands
    List {
        #[arg(long)]
        tenant: String,
        #[command(flatten)]
        plain: Plain,
    },
    /// Remove the demo's data from a brand
    RemoveDemo {
        /// The brand, by slug
        slug: String,
        #[arg(long)]
        tenant: String,
        #[command(flatten)]
        plain: Plain,
    },
}

#[derive(Debug, Subcommand)]
pub enum Warehouse {
    /// Build the warehouse anew from the stores; figures do not change
    Rebuild {
        /// Only this tenant's
        #[arg(long)]
        tenant: Option<String>,
        #[command(flatten)]
        plain: Plain,
    },
}

#[derive(Debug, Subcommand)]
pub enum Config {
    /// Check every setting and show what is in force and where it comes from
    Check(Plain),
}

#[derive(Debug, Args)]
pub struct Version {
    /// Answer as JSON
    #[arg(long)]
    pub json: bool,
}
