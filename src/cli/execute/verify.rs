//! `backup verify`: archives restored into a scratch folder and checked, and every entry of the logs read.

use std::path::Path;

use serde_json::{Value, json};

use super::backup::{Given, chosen, identity, receive};
use super::said;
use crate::app::App;
use crate::backup::{Archive, Identity, LogChecked, LogState, Manifest, Verdict};
use crate::cli::command::{Outcome, Password};
use crate::error::Result;
use crate::tenants::TenantId;

/// What was found of one store.
struct Checked {
    name: String,
    /// None where there is no archive.
    archive: Option<Verdict>,
    log: Log,
}

/// What was found of a store's log.
enum Log {
    /// It is not copied, or an archive alone was asked for.
    None,
    /// Its first entry is still to come.
    NotYet,
    Unsound(String),
    Sound(Box<LogChecked>, Box<LogState>),
}

/// Checks the newest archive and the log of one tenant, or of each and of the instance.
pub(super) async fn newest(
    app: &App,
    tenant: Option<&str>,
    to: Option<&Path>,
    key: Option<Password>,
) -> Result<Outcome> {
    let identity = identity(app, key)?;
    let mut found = Vec::new();
    for info in chosen(app, tenant).await? {
        let newest = app.backups.list(&info.id, to).await?.into_iter().next();
        let archive = verdict(app, newest, &identity).await?;
        found.push(Checked { name: info.slug, archive, log: log(app, Some(&info.id), to).await });
    }
    if tenant.is_none() {
        let newest = app.backups.list_of_instance(to).await?.into_iter().next();
        let archive = verdict(app, newest, &identity).await?;
        found.push(Checked { name: "(instance)".to_owned(), archive, log: log(app, None, to).await });
    }
    report(&found)
}

/// Checks the archive that is given.
pub(super) async fn file(app: &App, name: String, key: Option<Password>, given: Given) -> Result<Outcome> {
    let identity = identity(app, key)?;
    let (_scratch, path) = receive(app, given).await?;
    let found = app.backups.verify(path, identity).await?;
    let subject = found.outcome.as_ref().map_or_else(|_| "?".to_owned(), Manifest::subject);
    report(&[Checked { name: subject, archive: Some(Verdict { file: name.into(), ..found }), log: Log::None }])
}

async fn verdict(app: &App, newest: Option<Archive>, identity: &Identity) -> Result<Option<Verdict>> {
    match newest {
        Some(archive) => app.backups.verify(archive.path, identity.clone()).await.map(Some),
        None => Ok(None),
    }
}

/// Reads the log that a store is shipped to now, where it is shipped and no other folder was asked for.
async fn log(app: &App, id: Option<&TenantId>, to: Option<&Path>) -> Log {
    let Some(state) = app.backups.log_state(id).filter(|_| to.is_none()) else { return Log::None };
    match app.backups.check_log(id).await {
        Ok(Some(checked)) => Log::Sound(Box::new(checked), Box::new(state)),
        Ok(None) => Log::NotYet,
        Err(error) => Log::Unsound(error.to_string()),
    }
}

fn report(found: &[Checked]) -> Result<Outcome> {
    let (mut lines, mut checked) = (Vec::new(), Vec::new());
    for one in found {
        let mut json = of_archive(one, &mut lines);
        if let Some(log) = of_log(one, &mut lines) {
            json["ok"] = (json["ok"] == true && log["ok"] == true).into();
            json["log"] = log;
        }
        checked.push(json);
    }
    let ok = checked.iter().all(|one| one["ok"] == true);
    said(lines.join("\n"), json!({ "ok": ok, "checked": checked }))
}

fn of_archive(one: &Checked, lines: &mut Vec<String>) -> Value {
    let name = &one.name;
    let Some(verdict) = &one.archive else {
        lines.push(format!("{name}: NO BACKUP"));
        return json!({ "tenant": name, "ok": false, "error": "there is no backup" });
    };
    let (file, took_ms) = (verdict.file.display(), verdict.took_ms);
    match &verdict.outcome {
        Ok(manifest) => {
            let (tables, rows, entries) = (manifest.tables.len(), manifest.rows(), manifest.chain.seq);
            lines.push(format!(
                "{name}: sound: as of {}, {rows} rows in {tables} tables, {entries} events, {took_ms} ms: {file}",
                manifest.made_at
            ));
            json!({
                "tenant": name, "ok": true, "file": verdict.file, "at": manifest.made_at, "rows": rows,
                "tables": manifest.tables, "events": entries, "took_ms": took_ms, "of": manifest.tenant,
            })
        }
        Err(reason) => {
            lines.push(format!("{name}: NOT SOUND: {reason}: {file}"));
            json!({ "tenant": name, "ok": false, "file": verdict.file, "error": reason, "took_ms": took_ms })
        }
    }
}

fn of_log(one: &Checked, lines: &mut Vec<String>) -> Option<Value> {
    let name = &one.name;
    let (checked, state) = match &one.log {
        Log::None => return None,
        Log::NotYet => {
            lines.push(format!("{name}: log: nothing was copied yet"));
            return Some(json!({ "ok": true, "entries": 0 }));
        }
        Log::Unsound(reason) => {
            lines.push(format!("{name}: LOG NOT SOUND: {reason}"));
            return Some(json!({ "ok": false, "error": reason }));
        }
        Log::Sound(checked, state) => (checked, state),
    };
    let LogChecked { entries, bytes, until, behind, beginning } = &**checked;
    let behind_text = if *behind == 0 { String::new() } else { format!(", {behind} commits wait") };
    lines.push(format!("{name}: log sound: {entries} entries, {bytes} bytes, until {until}{behind_text}"));
    if let Some((why, since)) = &state.failure {
        lines.push(format!("{name}: NOTHING IS COPIED since {since}: {why}"));
    }
    if let Some(from) = &beginning.gap_from {
        let to = beginning.first_snapshot.map_or_else(|| "its first snapshot".to_owned(), |at| at.to_string());
        let why = beginning.because.as_deref().unwrap_or("nobody knows why");
        lines.push(format!("{name}: GAP: nothing between {from} and {to} can be restored: {why}"));
    }
    Some(json!({
        "ok": true, "entries": entries, "bytes": bytes, "until": until, "waiting_commits": behind,
        "waiting_bytes": state.waiting.bytes, "began_at": beginning.at, "began_because": beginning.because,
        "first_snapshot_at": beginning.first_snapshot, "last_snapshot_at": state.snapshot,
        "gap_from": beginning.gap_from, "failure": state.failure.as_ref().map(|(why, _)| why),
    }))
}
