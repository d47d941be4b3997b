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
use crate::backup::{self, Destination, Identity, Manifest, Moment, read_key_file};
use crate::clock::Clock;
use crate::config::{self, Settings};
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
                    let name = file.display().to_string();
                    ask_with_archive(&plain, &file, |stored| Command::BackupVerifyFile {
                        name,
                        stored: stored.is_some(),
                        identity,
                    })
                    .await?
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
            let restore = |stored| Command::Restore { tenant, slug, overwrite, stored, identity };
            ask_with_archive(&plain, &from, restore).await?
        }
        (Some(tenant), None, Some(moment)) => {
            let (at, to) = (RestoreAt::of(moment), to.map(whole).transpose()?);
            let wanted = RestoreWanted { tenant, slug, overwrite };
            instance::run(&settings, Command::RestoreAt { wanted, at, last_good, dry_run, to, identity }).await?
        }
        (None, Some(from), _) => {
            let opened = Opened::instance(&settings.data, &identity)?;
            let scratch = tempfile::tempdir_in(&settings.data).context("making a folder for the archive")?;
            let file = match stored(&settings, &from) {
                Some(name) => backup::fetch(&settings.backup, &name, scratch.path()).await?,
                None => from,
            };
            let done = backup::restore_instance(&settings.data, &opened.master, &file, &opened.identity, opened.now)?;
            told(&done, &[])
        }
        (None, None, Some(Moment::At(_))) => {
            return Err(anyhow::anyhow!("the instance's own records come back as they were last: --at latest").into());
        }
        (None, None, _) => {
            let opened = Opened::instance(&settings.data, &identity)?;
            let (from, wanted) = ((&settings.backup, None), (&opened.identity, last_good));
            let shipped =
                backup::restore_shipped_instance(&settings.data, &opened.master, from, wanted, opened.now).await?;
            told(&shipped.0, &shipped.1.remarks)
        }
        (Some(_), None, None) => {
            return Err(anyhow::anyhow!("name an archive with --from, or a moment with --at").into());
        }
    };
    Ok((plain.json, outcome))
}

/// What restores an instance before there is one to ask: the folder is empty, and ours meanwhile.
struct Opened {
    master: MasterKey,
    identity: Identity,
    now: Timestamp,
    _lock: DataLock,
}

impl Opened {
    fn instance(data: &Path, identity: &Password) -> Result<Self> {
        let lock = DataLock::take(data)?;
        let (master, _) = MasterKey::load(data, config::master_key_from_environment(), true)?;
        let identity = Identity::parse(identity.0.expose_secret())?;
        Ok(Self { master, identity, now: Clock::system().system_time(), _lock: lock })
    }
}

fn told(done: &Manifest, remarks: &[String]) -> Outcome {
    let (at, events) = (done.made_at, done.chain.seq);
    let mut text = format!(
        "Restored the instance's own records as of {at}: {events} events. \
         Next, for every tenant: pulsepoint restore --tenant … --from … (or --at latest) --identity …"
    );
    remarks.iter().for_each(|remark| text.push_str(&format!("\nNote: {remark}.")));
    Outcome { text, json: json!({ "instance": true, "at": at, "events": events, "remarks": remarks }) }
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

/// The archive may be readable by whoever types and by no server, so its bytes travel; one of the store is fetched by who has it.
async fn ask_with_archive(
    plain: &Plain,
    file: &Path,
    command: impl FnOnce(Option<String>) -> Command,
) -> Result<Outcome> {
    let settings = settings::of(&plain.place, None)?.settings;
    if let Some(name) = stored(&settings, file) {
        return instance::run(&settings, command(Some(name))).await;
    }
    let opening = || format!("opening the archive {}", file.display());
    let opened = tokio::fs::File::open(file).await.with_context(opening)?;
    if !opened.metadata().await.with_context(opening)?.is_file() {
        return Err(anyhow::anyhow!("{} is not a file", file.display()).into());
    }
    instance::run_with_file(&settings, command(None), opened, |_| Ok(())).await
}

/// The address or name of an archive in the store of the settings, where it is no file here.
fn stored(settings: &Settings, file: &Path) -> Option<String> {
    let is_store = matches!(settings.backup.folder, Destination::S3 { .. });
    file.to_str().filter(|_| is_store && !file.exists()).map(str::to_owned)
}

/// A server has another working folder.
fn whole(folder: PathBuf) -> Result<PathBuf> {
    if folder.starts_with("s3:") {
        return Err(anyhow::anyhow!("--to takes a folder: without it the store of backup.folder is used").into());
    }
    Ok(std::path::absolute(&folder).with_context(|| format!("finding {}", folder.display()))?)
}

fn read_identity(path: &Path) -> Result<Password> {
    Ok(Password(read_key_file(path)?.as_str().into()))
}
