//! `instance-token …`: credentials of programs that run this installation.

use clap::Subcommand;

use super::args::Plain;
use super::command::Command;
use crate::error::Result;

#[derive(Debug, Subcommand)]
pub enum InstanceToken {
    /// Make a token; it is shown this once
    #[command(after_help = "Examples:
  pulsepoint instance-token add billing
  pulsepoint instance-token add billing --days 7 --json

With it a program lists, adds, suspends, resumes, deletes and restores tenants at /mcp/admin/tenants of the server. It opens no
tenant's data.")]
    Add {
        /// What it is for, in your words
        name: String,
        /// Days that it is good for, 1 to 365
        #[arg(long, value_name = "N", default_value_t = crate::auth::instance::USUAL_DAYS)]
        days: u16,
        #[command(flatten)]
        plain: Plain,
    },
    /// List the tokens; none is ever shown again
    List(Plain),
    /// Revoke a token; it is refused from the next request on
    Revoke {
        /// Its id, as in the list
        id: String,
        #[command(flatten)]
        plain: Plain,
    },
}

/// Runs it.
pub fn run(verb: InstanceToken) -> Result<bool> {
    match verb {
        InstanceToken::Add { name, days, plain } => super::answer(&plain, Command::InstanceTokenAdd { name, days }),
        InstanceToken::List(plain) => super::answer(&plain, Command::InstanceTokenList),
        InstanceToken::Revoke { id, plain } => super::answer(&plain, Command::InstanceTokenRevoke { id }),
    }
}
