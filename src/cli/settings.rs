//! Settings of a command, and `config check`.

use std::path::PathBuf;

use anyhow::anyhow;
use serde_json::json;

use super::args::{Place, Plain, Serve};
use super::command::Outcome;
use super::output;
use crate::config::{self, BACKUP_SECRET_VARIABLE, MASTER_KEY_VARIABLE, Origin, Problem, Resolved, Sources};
use crate::error::Result;
use crate::{outgoing, tls};

/// The settings that hold for a command; every mistake in them is named.
pub fn of(place: &Place, listen: Option<String>) -> Result<Resolved> {
    resolve(&sources(place, listen))
}

/// The settings of a server: its flags are more.
pub fn of_server(args: &Serve) -> Result<Resolved> {
    let mode = args.tls.map(|mode| mode.to_string());
    let sources = sources(&args.place, args.listen.clone()).flag("tls.mode", mode, "--tls");
    resolve(&sources)
}

/// The settings, with what is no setting beside them, and in force for the process where they are for all of it.
fn resolve(sources: &Sources) -> Result<Resolved> {
    let mut resolved = config::resolve(sources).map_err(|problems| anyhow!(sentence(&problems)))?;
    enforce(&mut resolved);
    Ok(resolved)
}

fn enforce(resolved: &mut Resolved) {
    resolved.settings.backup.s3.secret = config::backup_secret_from_environment();
    if resolved.settings.offline {
        outgoing::stay_offline();
    }
}

fn sources(place: &Place, listen: Option<String>) -> Sources {
    let data = place.data.as_ref().map(|data| data.to_string_lossy().into_owned());
    Sources::of_process(place.config.clone()).flag("data", data, "--data").flag("listen", listen, "--listen")
}

/// The settings of the demo: those of the environment, but never a folder or a file meant for real data.
pub fn of_demo(data: PathBuf, listen: Option<String>) -> Result<Resolved> {
    let mut sources = Sources::of_process(None);
    sources.file = None;
    let data = data.to_string_lossy().into_owned();
    let sources = sources.flag("data", Some(data), "--data").flag("listen", listen, "--listen");
    let mut resolved = resolve(&sources)?;
    // What is made up can be made up again.
    resolved.settings.backup.daily = false;
    Ok(resolved)
}

fn sentence(problems: &[Problem]) -> String {
    let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
    match lines.as_slice() {
        [one] => format!("a setting is wrong: {one}"),
        many => format!("{} settings are wrong:\n  {}", many.len(), many.join("\n  ")),
    }
}

/// `config check`: what is in force, and where it comes from.
pub fn check(plain: &Plain) -> Result<Outcome> {
    let sources = sources(&plain.place, None);
    let resolved = match config::resolve(&sources) {
        Ok(mut resolved) => {
            enforce(&mut resolved);
            resolved
        }
        Err(problems) if plain.json => {
            output::answer(true, "", &json!({ "ok": false, "problems": problems }));
            return Err(anyhow!(sentence(&problems)).into());
        }
        Err(problems) => return Err(anyhow!(sentence(&problems)).into()),
    };
    // A setting may be well formed and its files not.
    let wrong = |key: &str, reason: String| {
        if plain.json {
            output::answer(true, "", &json!({ "ok": false, "problems": [{ "key": key, "reason": reason }] }));
        }
        anyhow!("a setting is wrong: {reason}")
    };
    let certificate = tls::look(&resolved.settings.tls, &resolved.settings.data);
    let certificate = certificate.map_err(|error| wrong("tls", error.to_string()))?;
    resolved.settings.backup.look().map_err(|error| wrong("backup", error.to_string()))?;
    let master = config::master_key_from_environment().map(|_| Origin::Environment(MASTER_KEY_VARIABLE.to_owned()));
    let mut rows: Vec<Vec<String>> = resolved
        .keys
        .iter()
        .map(|(key, (value, origin))| vec![key.clone(), value.to_string(), origin.to_string()])
        .collect();
    rows.extend(master.iter().map(|origin| vec!["(master key)".to_owned(), "hidden".to_owned(), origin.to_string()]));
    let of_backups = resolved.settings.backup.s3.secret.as_ref();
    let of_backups = of_backups.map(|_| Origin::Environment(BACKUP_SECRET_VARIABLE.to_owned()));
    rows.extend(
        of_backups
            .iter()
            .map(|origin| vec!["(secret of the store)".to_owned(), "hidden".to_owned(), origin.to_string()]),
    );
    let mut text = output::table(&["setting", "value", "from"], &rows);
    for stray in &resolved.strays {
        text.push_str(&format!("\nnot used: {stray}"));
    }
    let settings: serde_json::Map<String, serde_json::Value> = resolved
        .keys
        .iter()
        .map(|(key, (value, origin))| (key.clone(), json!({ "value": value, "origin": origin })))
        .collect();
    if let Some(about) = &certificate {
        text.push_str(&format!("\nthe certificate {} is good until {:.0}", about.path.display(), about.not_after));
    }
    let json = json!({
        "ok": true,
        "certificate": certificate.map(|about| json!({ "path": about.path, "not_after": about.not_after })),
        "file": sources.file,
        "settings": settings,
        "master_key": master.map(|origin| json!({ "value": "hidden", "origin": origin })),
        "backup_secret": of_backups.map(|origin| json!({ "value": "hidden", "origin": origin })),
        "unused_variables": resolved.strays,
    });
    Ok(Outcome { text, json })
}
