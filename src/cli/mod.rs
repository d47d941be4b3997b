//! The command line: parses, runs one command, says how it went.

mod args;
mod backup;
mod backup_args;
mod command;
mod control;
mod customer;
mod demo;
mod doctor;
mod execute;
mod export;
mod import;
mod instance;
mod instance_token;
mod keys_args;
mod lock;
mod log_lines;
mod output;
mod password;
mod quiet;
mod sandbox;
mod serve;
mod settings;
mod sync_args;
mod upgrade;
mod user_args;
mod versions;

use std::ffi::OsString;
use std::future::Future;
use std::io::{BufRead, IsTerminal};
use std::process::ExitCode;

use anyhow::{Context, anyhow};
use clap::{CommandFactory, Parser};
use serde_json::json;
use tracing_subscriber::EnvFilter;

use crate::error::Result;
use crate::secrets::new_master_key;
use args::{Brand, Cli, Config, Plain, Tenant, Verb, Warehouse};
use command::{Command, NewBrand, NewUser, Outcome, Password};
use keys_args::{Keys, Rotate, Which};
use user_args::User;
use versions::Versions;

/// Runs what the arguments say: 0 done, 1 failed, 2 wrong use.
pub fn run(arguments: impl Iterator<Item = OsString>) -> ExitCode {
    quiet::leave_no_image();
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(told) => {
            // Nobody can be told when the terminal is gone.
            let _ = told.print();
            return if told.use_stderr() { ExitCode::from(2) } else { ExitCode::SUCCESS };
        }
    };
    match dispatch(cli.verb) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            output::complain(&format!("pulsepoint: {}", output::sentence(&error)));
            ExitCode::FAILURE
        }
    }
}

/// Runs a server until it ends.
fn served(server: impl Future<Output = Result<()>>) -> Result<bool> {
    quiet::give_no_image();
    logged("info", server).map(|()| true)
}

/// Runs one command; false when it worked but found something broken.
fn dispatch(verb: Verb) -> Result<bool> {
    match verb {
        Verb::Serve(args) => served(serve::run(args)),
        Verb::Demo(args) => served(demo::run(args)),
        Verb::Import(args) => logged("warn", import::run(args)),
        Verb::Sandbox(args) => logged("info", sandbox::run(args)).map(|()| true),
        Verb::Tenant(verb) => tenant(verb),
        Verb::Brand(verb) => brand(verb),
        Verb::Customer(verb) => customer::run(verb),
        Verb::User(verb) => user(verb),
        Verb::SetupToken(plain) => answer(&plain, Command::SetupToken),
        Verb::Warehouse(Warehouse::Rebuild { tenant, plain }) => answer(&plain, Command::WarehouseRebuild { tenant }),
        Verb::Backup(args) => judged(logged("warn", backup::run(args))),
        Verb::Restore(args) => judged(logged("warn", backup::restore(args))),
        Verb::Audit(verb) => judged(logged("warn", backup::audit(verb))),
        Verb::Sync(verb) => sync_args::run(verb),
        Verb::Keys(verb) => keys(verb),
        Verb::InstanceToken(verb) => instance_token::run(verb),
        Verb::Upgrade(verb) => judged(upgrade::run(verb)),
        Verb::Config(Config::Check(plain)) => print(plain.json, &settings::check(&plain)?),
        Verb::Doctor(plain) => {
            let (outcome, ok) = logged("off", async { Ok(doctor::examine(&plain).await) })?;
            print(plain.json, &outcome).map(|_| ok)
        }
        Verb::Version(args) => {
            let versions = Versions::read()?;
            print(args.json, &Outcome { text: versions.line(), json: json!(versions) })
        }
        Verb::Completions { shell } => {
            clap_complete::generate(shell, &mut Cli::command(), "pulsepoint", &mut std::io::stdout().lock());
            Ok(true)
        }
    }
}

fn tenant(verb: Tenant) -> Result<bool> {
    match verb {
        Tenant::Add { slug, name, plain } => {
            let name = name.unwrap_or_else(|| slug.clone());
            answer(&plain, Command::TenantAdd { slug, name })
        }
        Tenant::List(plain) => answer(&plain, Command::TenantList),
        Tenant::Suspend { slug, plain } => answer(&plain, Command::TenantSuspend { slug }),
        Tenant::Resume { slug, plain } => answer(&plain, Command::TenantResume { slug }),
        Tenant::Delete { slug, now, yes, plain } => {
            if now && !yes {
                confirm(&slug)?;
            }
            answer(&plain, Command::TenantDelete { slug, now })
        }
        Tenant::Export { slug, to, plain } => logged("warn", export::run(slug, &to, &plain)),
        Tenant::Restore { slug, plain } => answer(&plain, Command::TenantRestore { slug }),
    }
}

/// Has the slug typed once more before what cannot be undone.
fn confirm(slug: &str) -> Result<()> {
    output::complain(&format!(
        "This destroys the key of {slug}: nobody can read its data again. Type {slug} to go on:"
    ));
    let mut typed = String::new();
    std::io::stdin().lock().read_line(&mut typed).context("reading the answer")?;
    if typed.trim() == slug {
        return Ok(());
    }
    Err(anyhow!("nothing was deleted: that was not {slug}. Without a terminal, add --yes").into())
}

fn brand(verb: Brand) -> Result<bool> {
    match verb {
        Brand::Add { slug, tenant, name, currency, timezone, week_start, plain } => {
            let name = name.unwrap_or_else(|| slug.clone());
            let new = NewBrand { slug, name, currency, timezone, week_start };
            answer(&plain, Command::BrandAdd { tenant, new })
        }
        Brand::List { tenant, plain } => answer(&plain, Command::BrandList { tenant }),
        Brand::RemoveDemo { slug, tenant, plain } => answer(&plain, Command::BrandRemoveDemo { tenant, slug }),
    }
}

fn user(verb: User) -> Result<bool> {
    match verb {
        User::Add { email, tenant, name, role, password_stdin, plain } => {
            let name = name.unwrap_or_else(|| email.split('@').next().unwrap_or_default().to_owned());
            let password = Password(password::ask(&email, password_stdin)?);
            answer(&plain, Command::UserAdd { tenant, new: NewUser { email, name, role, password } })
        }
        User::List { tenant, plain } => answer(&plain, Command::UserList { tenant }),
        User::Password { email, password_stdin, plain } => {
            let password = Password(password::ask(&email, password_stdin)?);
            answer(&plain, Command::UserPassword { email, password })
        }
        User::Role { email, role, plain } => answer(&plain, Command::UserRole { email, role }),
        User::Invite { email, tenant, role, brands, plain } => {
            let brands = (!brands.is_empty()).then_some(brands);
            answer(&plain, Command::UserInvite { tenant, email, role, brands })
        }
        User::Reset { email, plain } => answer(&plain, Command::UserReset { email }),
        User::ResetTotp { email, plain } => answer(&plain, Command::UserResetTotp { email }),
        User::Remove { email, plain } => answer(&plain, Command::UserRemove { email }),
    }
}

fn keys(verb: Keys) -> Result<bool> {
    match verb {
        Keys::List(plain) => answer(&plain, Command::KeysList),
        Keys::Rotate(Rotate { which, tenant, new_key_file, plain }) => {
            let new_master = match which {
                Which::Master | Which::All => new_master_key(new_key_file.as_deref())?.map(Password),
                _ => None,
            };
            let settings = settings::of(&plain.place, None)?.settings;
            let command = Command::KeysRotate { which, tenant, new_master };
            judged(logged("warn", async { Ok((plain.json, instance::run(&settings, command).await?)) }))
        }
    }
}

/// Runs a command on the instance and prints its answer.
fn answer(plain: &Plain, command: Command) -> Result<bool> {
    let settings = settings::of(&plain.place, None)?.settings;
    let outcome = logged("warn", async { instance::run(&settings, command).await })?;
    print(plain.json, &outcome)
}

/// Prints an answer that may say that something is not as it should be.
fn judged(answered: Result<(bool, Outcome)>) -> Result<bool> {
    let (json, outcome) = answered?;
    print(json, &outcome)?;
    Ok(outcome.json["ok"] != false)
}

fn print(json: bool, outcome: &Outcome) -> Result<bool> {
    output::answer(json, &outcome.text, &outcome.json);
    Ok(true)
}

/// Runs to the end, with a log on standard error: of this level, or as `RUST_LOG` says.
fn logged<T>(level: &str, run: impl Future<Output = Result<T>>) -> Result<T> {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(level));
    let is_terminal = std::io::stderr().is_terminal();
    let errors = || log_lines::Lines(std::io::stderr());
    // Whoever read the log may be gone. By default the library says so there, and a task that wanted to log ends in a panic.
    let log = tracing_subscriber::fmt().log_internal_errors(false);
    log.with_env_filter(filter).with_writer(errors).with_ansi(is_terminal).init();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("starting the runtime")?;
    runtime.block_on(run)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }
}
