//! `upgrade rollback`: without a server, for it would bring the stores up to date again.

use clap::Subcommand;
use serde_json::json;

use super::args::Plain;
use super::command::Outcome;
use super::lock::DataLock;
use super::settings;
use crate::clock::Clock;
use crate::config;
use crate::error::Result;
use crate::secrets::MasterKey;
use crate::tenants;

#[derive(Debug, Subcommand)]
pub enum Upgrade {
    /// Put back the stores as they were before the last upgrade; then install the version before
    #[command(after_help = "Examples:
  pulsepoint upgrade rollback
  pulsepoint upgrade rollback --tenant acme --discard-newer

Before a new version changes a store, it copies it beside itself; copies are kept for 14 days. Stop the server first, and start
the version before afterwards: the new one would bring the stores up to date again.")]
    Rollback {
        /// Only this tenant's store
        #[arg(long)]
        tenant: Option<String>,
        /// Give up what was written since the upgrade
        #[arg(long)]
        discard_newer: bool,
        #[command(flatten)]
        plain: Plain,
    },
}

/// `upgrade …`.
pub fn run(verb: Upgrade) -> Result<(bool, Outcome)> {
    let Upgrade::Rollback { tenant, discard_newer, plain } = verb;
    let data = settings::of(&plain.place, None)?.settings.data;
    let lock = DataLock::take(&data)?;
    let (master, _) = MasterKey::load(&data, config::master_key_from_environment(), false)?;
    let now = Clock::system().system_time();
    let done = tenants::roll_back(&data, &master, tenant.as_deref(), discard_newer, now)?;
    drop(lock);
    let lines = done.iter().map(|step| {
        let lost = if step.lost > 0 { format!(", {} later writes given up", step.lost) } else { String::new() };
        format!("{}: back from schema {} to {}{lost}", step.name, step.from, step.to)
    });
    let text = lines.chain(["Install the version before now.".to_owned()]).collect::<Vec<_>>().join("\n");
    Ok((plain.json, Outcome { text, json: json!({ "rolled_back": done }) }))
}
