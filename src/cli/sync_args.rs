//! `sync …`: what is pulled, as it is typed.

use clap::{Args, Subcommand};

use super::args::Plain;
use super::command::{Command, SyncVerb, Synced};
use crate::error::Result;

#[derive(Debug, Subcommand)]
pub enum Sync {
    /// Show every integration with its state, its streams and when it is next due
    #[command(after_help = "Example:
  pulsepoint sync status --tenant acme")]
    Status(Of),
    /// Look for what is new now, and wait for it
    #[command(after_help = "Example:
  pulsepoint sync now --tenant acme --brand acme")]
    Now(Of),
    /// Read the answers that were kept once more, without asking anybody: what this release understands better lands
    #[command(after_help = "Example:
  pulsepoint sync replay --tenant acme --integration 5f0c3e4e-1a5b-4c0e-9d0e-3f1d5c3f7a10

How long answers are kept says sync.raw_days.")]
    Replay(Of),
}

/// Which integrations.
#[derive(Debug, Args)]
pub struct Of {
    /// The tenant, by slug
    #[arg(long)]
    tenant: String,
    /// The brand, by slug [default: all of the tenant's]
    #[arg(long)]
    brand: Option<String>,
    /// One integration, by id [default: all of them]
    #[arg(long, value_name = "ID")]
    integration: Option<String>,
    #[command(flatten)]
    plain: Plain,
}

/// Runs it.
pub fn run(verb: Sync) -> Result<bool> {
    let (of, verb) = match verb {
        Sync::Status(of) => (of, SyncVerb::Status),
        Sync::Now(of) => (of, SyncVerb::Now),
        Sync::Replay(of) => (of, SyncVerb::Replay),
    };
    let command = Command::Sync(Synced { verb, tenant: of.tenant, brand: of.brand, integration: of.integration });
    super::judged(super::logged("warn", async {
        let settings = super::settings::of(&of.plain.place, None)?.settings;
        Ok((of.plain.json, super::instance::run(&settings, command).await?))
    }))
}
