//! `pulsepoint user` as it is typed.

use clap::Subcommand;

use super::args::Plain;

#[derive(Debug, Subcommand)]
pub enum User {
    /// Add a person; the password is asked for, or read from standard input
    #[command(after_help = "Examples:
  pulsepoint user add ada@acme.example --tenant acme --role owner
  pulsepoint user add ada@acme.example --tenant acme --role analyst < password.txt")]
    Add {
        email: String,
        #[arg(long)]
        tenant: String,
        /// What others read (default: the part of the e-mail before the @)
        #[arg(long)]
        name: Option<String>,
        /// owner, admin, marketer, analyst, viewer or operator
        #[arg(long)]
        role: String,
        /// Read the password from standard input even if that is a terminal
        #[arg(long)]
        password_stdin: bool,
        #[command(flatten)]
        plain: Plain,
    },
    /// List a tenant's people
    List {
        #[arg(long)]
        tenant: String,
        #[command(flatten)]
        plain: Plain,
    },
    /// Set a new password and end every session; asked for, or read from standard input
    Password {
        email: String,
        /// Read the password from standard input even if that is a terminal
        #[arg(long)]
        password_stdin: bool,
        #[command(flatten)]
        plain: Plain,
    },
    /// Make a link by which somebody new sets their name and password; it is good once, for seven days
    #[command(after_help = "Example:
  pulsepoint user invite ada@acme.example --tenant acme --role analyst --brand acme")]
    Invite {
        email: String,
        #[arg(long)]
        tenant: String,
        /// owner, admin, marketer, analyst, viewer or operator
        #[arg(long)]
        role: String,
        /// A brand they may know of, by slug; may be given again [default: all]
        #[arg(long = "brand", value_name = "BRAND")]
        brands: Vec<String>,
        #[command(flatten)]
        plain: Plain,
    },
    /// Make a link by which somebody sets a new password; it is good once, for a day
    Reset {
        email: String,
        #[command(flatten)]
        plain: Plain,
    },
    /// Take somebody's second factor away, when their phone and recovery codes are gone
    ResetTotp {
        email: String,
        #[command(flatten)]
        plain: Plain,
    },
    /// Change somebody's role
    Role {
        email: String,
        /// owner, admin, marketer, analyst, viewer or operator
        role: String,
        #[command(flatten)]
        plain: Plain,
    },
    /// Remove a person; their e-mail may be used again
    Remove {
        email: String,
        #[command(flatten)]
        plain: Plain,
    },
}
