//! `customer …`: what is kept of one customer, and erasure.

use clap::{Args, Subcommand};

use super::args::Plain;
use super::command::{Command, Customer as Asked};
use crate::error::Result;

#[derive(Debug, Subcommand)]
pub enum Customer {
    /// Show everything that is kept of one customer, as JSON
    #[command(after_help = "Example:
  pulsepoint customer export --tenant acme --email ann@example.com > ann.json")]
    Export(Of),
    /// Cut one customer off their orders, for good; figures do not change
    #[command(after_help = "Examples:
  pulsepoint customer erase --tenant acme --email ann@example.com
  pulsepoint customer erase --tenant acme --brand acme --id 17850 --json > receipt.json

What an older file or archive brings back of them is cut off again. The answer is a receipt: what was removed, what stays and why,
and until when backups may hold them.")]
    Erase(Of),
}

/// Which customer.
#[derive(Debug, Args)]
#[group(id = "who", required = true, multiple = false, args = ["email", "id"])]
pub struct Of {
    /// The tenant, by slug
    #[arg(long)]
    tenant: String,
    /// The brand, by slug [default: all of the tenant's]
    #[arg(long)]
    brand: Option<String>,
    /// The customer's e-mail address
    #[arg(long, value_name = "ADDRESS")]
    email: Option<String>,
    /// The id that a source knows the customer by
    #[arg(long)]
    id: Option<String>,
    #[command(flatten)]
    plain: Plain,
}

/// Runs it.
pub fn run(verb: Customer) -> Result<bool> {
    let (of, erase) = match verb {
        Customer::Export(of) => (of, false),
        Customer::Erase(of) => (of, true),
    };
    let asked = Asked { tenant: of.tenant, brand: of.brand, email: of.email, id: of.id };
    let command = if erase { Command::CustomerErase(asked) } else { Command::CustomerExport(asked) };
    super::answer(&of.plain, command)
}
