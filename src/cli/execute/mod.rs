//! Runs commands with the parts of an instance: the one place where they do what they do, with a server or without.

mod audit;
mod backup;
mod brands;
mod customers;
mod export;
mod import;
mod keys;
mod moment;
mod people;
mod sync;
mod tenants;
mod warehouse;

use serde::Serialize;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::command::{Command, Outcome, Report, Upload};
use crate::app::App;
use crate::auth::Author;
use crate::backup::Wanted;
use crate::error::{Error, Result};
use crate::tenants::Tenant;

/// Runs one command.
pub async fn execute(app: &App, command: Command, file: Upload, progress: mpsc::Sender<Report>) -> Result<Outcome> {
    match command {
        Command::TenantAdd { slug, name } => tenants::add(app, &slug, &name).await,
        Command::TenantList => tenants::list(app).await,
        Command::TenantSuspend { slug } => tenants::suspend(app, &slug).await,
        Command::TenantResume { slug } => tenants::resume(app, &slug).await,
        Command::TenantDelete { slug, now } => tenants::delete(app, &slug, now).await,
        Command::TenantExport { slug } => export::run(app, &slug, progress).await,
        Command::TenantRestore { slug } => tenants::restore(app, &slug).await,
        Command::BrandAdd { tenant, new } => brands::add(app, &tenant, new).await,
        Command::BrandList { tenant } => brands::list(app, &tenant).await,
        Command::BrandRemoveDemo { tenant, slug } => brands::remove_demo(app, &tenant, &slug).await,
        Command::CustomerExport(of) => customers::export(app, of).await,
        Command::CustomerErase(of) => customers::erase(app, of).await,
        Command::UserAdd { tenant, new } => people::add(app, &tenant, new).await,
        Command::UserList { tenant } => people::list(app, &tenant).await,
        Command::UserPassword { email, password } => people::set_password(app, &email, password).await,
        Command::UserRole { email, role } => people::set_role(app, &email, &role).await,
        Command::UserRemove { email } => people::remove(app, &email).await,
        Command::UserInvite { tenant, email, role, brands } => people::invite(app, &tenant, email, &role, brands).await,
        Command::UserReset { email } => people::reset(app, &email).await,
        Command::UserResetTotp { email } => people::reset_totp(app, &email).await,
        Command::SetupToken => setup_token(app).await,
        Command::WarehouseRebuild { tenant } => warehouse::rebuild(app, tenant.as_deref()).await,
        Command::Import(import) => import::run(app, import, file, progress).await,
        Command::Backup { tenant, to } => backup::make(app, tenant.as_deref(), to.as_deref()).await,
        Command::BackupList { tenant, to } => backup::list(app, tenant.as_deref(), to.as_deref()).await,
        Command::BackupVerify { tenant, to, identity } => {
            backup::verify(app, tenant.as_deref(), to.as_deref(), identity).await
        }
        Command::BackupVerifyFile { name, identity } => backup::verify_file(app, name, identity, file).await,
        Command::Restore { tenant, slug, overwrite, identity } => {
            backup::restore(app, Wanted { tenant, slug, overwrite }, identity, file).await
        }
        Command::RestoreAt { wanted, at, last_good, dry_run, to, identity } => {
            moment::restore(app, wanted, moment::Asked { at, last_good, dry_run, to }, identity).await
        }
        Command::AuditVerify { tenant } => audit::verify(app, tenant.as_deref()).await,
        Command::Sync(of) => sync::run(app, of).await,
        Command::KeysList => keys::list(app).await,
        Command::KeysRotate { which, tenant, new_master } => {
            keys::rotate(app, which, tenant.as_deref(), new_master).await
        }
        Command::AuditReview { tenant } => audit::review(app, tenant.as_deref()).await,
        Command::Status => status(app).await,
    }
}

/// Who stands in the event log for what a command did: whoever could read the data folder.
fn author() -> Author {
    Author::without_request("command")
}

/// The tenant of a slug, or a sentence that says how to find it.
async fn tenant_of(app: &App, slug: &str) -> Result<Tenant> {
    match app.tenants.by_slug(slug).await {
        Err(Error::NotFound) => Err(no_tenant(slug)),
        found => found,
    }
}

fn no_tenant(slug: &str) -> Error {
    missing(format!("there is no tenant \"{slug}\": see `pulsepoint tenant list`"))
}

/// Something that was named is not there.
fn missing(sentence: String) -> Error {
    Error::invalid_code("not_found", None, sentence)
}

/// An answer whose text is a sentence.
fn said(text: impl Into<String>, json: impl Serialize) -> Result<Outcome> {
    let json = serde_json::to_value(json).map_err(anyhow::Error::from)?;
    Ok(Outcome { text: text.into(), json })
}

async fn setup_token(app: &App) -> Result<Outcome> {
    match app.auth.setup_token() {
        Some(token) if app.auth.setup_is_needed().await? => said(token.clone(), json!({ "token": token })),
        _ => Err(Error::conflict(
            "set_up",
            "this instance is set up already: sign in, or see `pulsepoint user add --help`",
        )),
    }
}

/// What a running server says of itself to the doctor.
async fn status(app: &App) -> Result<Outcome> {
    let stores = tenants::state(app).await?;
    let keys = keys::state(app).await?;
    let json = json!({ "pid": std::process::id(), "jobs": app.jobs.report(), "stores": stores, "keys": keys });
    Ok(Outcome { text: String::new(), json })
}

/// A list under a heading, and what to do when it is empty.
fn listed(heading: &[&str], rows: &[Vec<String>], none: &str, json: Value) -> Result<Outcome> {
    let text = if rows.is_empty() { none.to_owned() } else { super::output::table(heading, rows) };
    Ok(Outcome { text, json })
}
