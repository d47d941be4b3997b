//! Another key pair for archives in the place of the one that an earlier backup made. The old private half stays under a name of
//! its own: archives of before open with it alone.

use std::fs::File;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::Context;
use rusqlite::{Connection, OptionalExtension};
use serde_json::json;

use super::keys::{IDENTITY_FILE, Identity, RECIPIENT_FILE, Recipient, Seal, identity_text, write_new};
use super::{Backups, blocking};
use crate::auth::Author;
use crate::db::Db;
use crate::error::{Error, Result};
use crate::tenants::Steps;

/// The new private half until the new public one is in force.
const BESIDE: &str = "backup-identity.new.txt";

/// A key pair that is in force now.
#[derive(Debug, Clone)]
pub struct Renewed {
    /// Whom archives are sealed for from now on.
    pub recipient: Recipient,
    /// Where the new private half lies.
    pub identity: PathBuf,
    /// Where the private half of before lies, if it was on this machine.
    pub kept: Option<PathBuf>,
}

impl Backups {
    /// Whom archives are sealed for, and when that key was made, milliseconds of unix time; unknown where the settings name it.
    pub async fn key_age(&self) -> Result<Option<(Recipient, Option<i64>)>> {
        let all = self.clone();
        blocking(move || {
            let Some(seal) = all.seal()? else { return Ok(None) };
            if all.is_configured() {
                return Ok(Some((seal.recipient, None)));
            }
            let noted = all.tenants().control().read_blocking(|conn| made_at(conn, &seal.recipient))?;
            let at = noted.or_else(|| modified_ms(&all.tenants().data_folder().join(RECIPIENT_FILE)));
            Ok(Some((seal.recipient, at)))
        })
        .await
    }

    /// Makes another key pair, for archives from now on.
    ///
    /// # Errors
    /// `Conflict` with code `recipient_configured` where the settings name the recipient: nothing was changed.
    pub async fn rotate_key(&self, steps: Steps) -> Result<Renewed> {
        let _turn = self.turn().await;
        if self.is_configured() {
            return Err(Error::conflict(
                "recipient_configured",
                "backup.recipient names whom backups are sealed for: make a pair with `age-keygen`, keep the old private \
                 half for the archives of before, and set the new public one",
            ));
        }
        let all = self.clone();
        blocking(move || all.rotate_blocking(&steps)).await
    }

    fn rotate_blocking(&self, steps: &Steps) -> Result<Renewed> {
        let (data, control) = (self.tenants().data_folder(), self.tenants().control());
        settle(data, control)?;
        let (identity, before) = (data.join(IDENTITY_FILE), Seal::load(data, &Default::default(), false)?);
        let kept = keep(data)?;
        steps.done("old kept");
        let new = Identity::random();
        let recipient = new.recipient();
        write_new(data, BESIDE, identity_text(&new).as_bytes())?;
        steps.done("new written");
        let now = self.clock().system_time();
        control.write_blocking(|tx| {
            let added = "insert into backup_keys values (?1, ?2)";
            tx.execute(added, (recipient.to_string(), now.as_millisecond()))?;
            let told = json!({ "keys": ["backup"], "sealed_for": recipient.to_string(),
                "before": before.map(|before| before.recipient.to_string()) });
            Author::without_request("operator").tell(tx, now, "keys.rotated", "instance", told).map(drop)
        })?;
        steps.done("noted");
        put_in_force(data, &recipient, steps)?;
        Ok(Renewed { recipient, identity, kept })
    }

    fn is_configured(&self) -> bool {
        self.0.settings.recipient != Default::default()
    }
}

/// Finishes an exchange of key pairs that a crash interrupted after it was noted, or takes it back.
pub(super) fn settle(data: &Path, control: &Db) -> Result<()> {
    let beside = data.join(BESIDE);
    if !beside.exists() {
        return Ok(());
    }
    let recipient = Identity::read(&beside)?.recipient();
    if control.read_blocking(|conn| made_at(conn, &recipient))?.is_some() {
        tracing::info!("finishing an exchange of the backup key that was interrupted");
        return put_in_force(data, &recipient, &Steps::default());
    }
    Ok(std::fs::remove_file(&beside).with_context(|| format!("removing {}", beside.display()))?)
}

/// From the note to the end; may be begun again at any point.
fn put_in_force(data: &Path, recipient: &Recipient, steps: &Steps) -> Result<()> {
    let moving = || format!("putting a new backup key into {}", data.display());
    let draft = "backup-recipient.new.txt";
    remove(&data.join(draft))?;
    write_new(data, draft, format!("{recipient}\n").as_bytes())?;
    std::fs::rename(data.join(draft), data.join(RECIPIENT_FILE)).with_context(moving)?;
    steps.done("recipient replaced");
    std::fs::rename(data.join(BESIDE), data.join(IDENTITY_FILE)).with_context(moving)?;
    File::open(data).and_then(|folder| folder.sync_all()).with_context(moving)?;
    steps.done("identity replaced");
    Ok(())
}

/// Gives the private half that lies here a name of its own beside the one that the next will take.
fn keep(data: &Path) -> Result<Option<PathBuf>> {
    let identity = data.join(IDENTITY_FILE);
    if !identity.exists() {
        return Ok(None);
    }
    // It may be another one's than archives are sealed for now: somebody put it there to read old ones.
    let text = Identity::read(&identity)?.recipient().to_string();
    let kept = data.join(format!("backup-identity.{}.txt", text.get(4..16).unwrap_or(&text)));
    let keeping = || format!("keeping the private half of before as {}", kept.display());
    match std::fs::hard_link(&identity, &kept) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
        linked => linked.with_context(keeping)?,
    }
    File::open(data).and_then(|folder| folder.sync_all()).with_context(keeping)?;
    Ok(Some(kept))
}

fn made_at(conn: &Connection, recipient: &Recipient) -> Result<Option<i64>> {
    let mut query = conn.prepare("select made_at_ms from backup_keys where recipient = ?1")?;
    Ok(query.query_row([recipient.to_string()], |row| row.get(0)).optional()?)
}

fn modified_ms(path: &Path) -> Option<i64> {
    let modified = std::fs::metadata(path).and_then(|about| about.modified()).ok()?;
    Some(jiff::Timestamp::try_from(modified).ok()?.as_millisecond())
}

fn remove(path: &Path) -> Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(error).with_context(|| format!("removing {}", path.display()))?
        }
        _ => Ok(()),
    }
}
