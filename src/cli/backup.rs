//! `backup`, `restore` and `audit`: reads what lies with whoever types, and hands it over.

use std::path::{Path, PathBuf};

use anyhow::Context;
use jiff::Timestamp;
use secrecy::ExposeSecret;
use serde_json::json;

use super::args::Plain;
use super::backup_args::{Audit, Backup, BackupVerb, Restore};
use super::command::{Command, Outcome, Password, RestoreAt, RestoreWanted};
use super::lock::DataLock;
use super::{instance, settings};
use crate::backup::{self, Identity, Manifest, Moment, read_key_file};
use crate::clock::Clock;
use crate::config;
use crate::error::Result;
use crate::secrets::MasterKey;

/// `backup …`.
pub async fn run(args: Backup) -> Result<(bool, Outcome)> {
    match args.verb {
        None => {
            let command = Command::Backup { tenant: args.tenant, to: args.to.map(whole).transpose()? };
            ask(&args.plain, command).await.map(|outcome| (args.plain.json, outcome))
        }
        Some(BackupVerb::List { tenant, to, plain }) => {
            let command = Command::BackupList { tenant, to: to.map(whole).transpose()? };
            ask(&plain, command).await.map(|outcome| (plain.json, outcome))
        }
        Some(BackupVerb::Verify { file, tenant, to, identity, plain }) => {
            let identity = identity.as_deref().map(read_identity).transpose()?;
            let outcome = match file {
                Some(file) => {
                    let command = Command::BackupVerifyFile { name: file.display().to_string(), identity };
                    ask_with_file(&plain, command, &file).await?
                }
                None => ask(&plain, Command::BackupVerify { tenant, to: to.map(whole).transpose()?, identity }).await?,
            };
            Ok((plain.json, outcome))
        }
    }
}

/// `restore`.
pub async fn restore(args: Restore) -> Result<(bool, Outcome)> {
    let identity = read_identity(&args.identity)?;
    let Restore { tenant, from, slug, overwrite, plain, at, dry_run, to, last_good, .. } = args;
    let settings = settings::of(&plain.place, None)?.settings;
    let outcome = match (tenant, from, at) {
        (Some(tenant), Some(from), _) => {
            ask_with_file(&plain, Command::Restore { tenant, slug, overwrite, identity }, &from).await?
        }
        (Some(tenant), None, Some(moment)) => {
            let (at, to) = (RestoreAt::of(moment), to.map(whole).transpose()?);
            let wanted = RestoreWanted { tenant, slug, overwrite };
            instance::run(&settings, Command::RestoreAt { wanted, at, last_good, dry_run, to, identity }).await?
        }
        (None, Some(from), _) => restore_instance(&settings.data, &identity, |data, master, identity, now| {
            backup::restore_instance(data, master, &from, identity, now).map(|done| (done, Vec::new()))
        })?,
        (None, None, Some(Moment::At(_))) => {
            return Err(anyhow::anyhow!("the instance's own records come back as they were last: --at latest").into());
        }
        (None, None, _) => restore_instance(&settings.data, &identity, |data, master, identity, now| {
            let from = &settings.backup.folder;
            let (done, reached) =
                backup::restore_shipped_instance(data, master, (from, None), (identity, last_good), now)?;
            Ok((done, reached.remarks))
        })?,
        (Some(_), None, None) => {
            return Err(anyhow::anyhow!("name an archive with --from, or a moment with --at").into());
        }
    };
    Ok((plain.json, outcome))
}

/// Before there is an instance to ask: the folder is empty, and ours meanwhile.
fn restore_instance(
    data: &Path,
    identity: &Password,
    restore: impl FnOnce(&Path, &MasterKey, &Identity, Timestamp) -> Result<(Manifest, Vec<String>)>,
) -> Result<Outcome> {
    let lock = DataLock::take(data)?;
    let (master, _) = MasterKey::load(data, config::master_key_from_environment(), true)?;
    let identity = Identity::parse(identity.0.expose_secret())?;
    let (done, remarks) = restore(data, &master, &identity, Clock::system().system_time())?;
    drop(lock);
    let (at, events) = (done.made_at, done.chain.seq);
    let mut text = format!(
        "Restored the instance's own records as of {at}: {events} events. \
         Next, for every tenant: pulsepoint restore --tenant … --from … (or --at latest) --identity …"
    );
    remarks.iter().for_each(|remark| text.push_str(&format!("\nNote: {remark}.")));
    Ok(Outcome { text, json: json!({ "instance": true, "at": at, "events": events, "remarks": remarks }) })
}

/// `audit …`.
pub async fn audit(verb: Audit) -> Result<(bool, Outcome)> {
    let (tenant, out, plain) = match verb {
        Audit::Verify { tenant, plain } => {
            return ask(&plain, Command::AuditVerify { tenant }).await.map(|outcome| (plain.json, outcome));
        }
        Audit::Review { tenant, out, plain } => (tenant, out, plain),
    };
    let outcome = ask(&plain, Command::AuditReview { tenant }).await?;
    let Some(out) = out else { return Ok((plain.json, outcome)) };
    let json = format!("{:#}\n", outcome.json);
    let written = if plain.json { json.as_bytes() } else { outcome.text.as_bytes() };
    std::fs::write(&out, written).with_context(|| format!("writing {}", out.display()))?;
    let told = json!({ "ok": outcome.json["ok"], "file": out });
    Ok((plain.json, Outcome { text: format!("Wrote the review to {}.", out.display()), json: told }))
}

async fn ask(plain: &Plain, command: Command) -> Result<Outcome> {
    instance::run(&settings::of(&plain.place, None)?.settings, command).await
}

/// The archive may be readable by whoever types and by no server, so its bytes travel.
async fn ask_with_file(plain: &Plain, command: Command, file: &Path) -> Result<Outcome> {
    let settings = settings::of(&plain.place, None)?.settings;
    let opening = || format!("opening the archive {}", file.display());
    let opened = tokio::fs::File::open(file).await.with_context(opening)?;
    if !opened.metadata().await.with_context(opening)?.is_file() {
        return Err(anyhow::anyhow!("{} is not a file", file.display()).into());
    }
    instance::run_with_file(&settings, command, opened, |_| Ok(())).await
}

/// A server has another working folder.
fn whole(folder: PathBuf) -> Result<PathBuf> {
    Ok(std::path::absolute(&folder).with_context(|| format!("finding {}", folder.display()))?)
}

fn read_identity(path: &Path) -> Result<Password> {
    Ok(Password(read_key_file(path)?.as_str().into()))
}
