//! Settings of a command, and `config check`.

use std::path::PathBuf;

use anyhow::anyhow;
use serde_json::json;

use super::args::{Place, Plain, Serve};
use super::command::Outcome;
use super::output;
use crate::config::{self, MASTER_KEY_VARIABLE, Origin, Problem, Resolved, Sources};
use crate::error::Result;
use crate::tls;

/// The settings that hold for a command; every mistake in them is named.
pub fn of(place: &Place, listen: Option<String>) -> Result<Resolved> {
    config::resolve(&sources(place, listen)).map_err(|problems| anyhow!(sentence(&problems)).into())
}

/// The settings of a server: its flags are more.
pub fn of_server(args: &Serve) -> Result<Resolved> {
    let mode = args.tls.map(|mode| mode.to_string());
    let sources = sources(&args.place, args.listen.clone()).flag("tls.mode", mode, "--tls");
    config::resolve(&sources).map_err(|problems| anyhow!(sentence(&problems)).into())
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
    let mut resolved = config::resolve(&sources).map_err(|problems| anyhow!(sentence(&problems)))?;
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
        Ok(resolved) => resolved,
        Err(problems) if plain.json => {
            output::answer(true, "", &json!({ "ok": false, "problems": problems }));
            return Err(anyhow!(sentence(&problems)).into());
        }
        Err(problems) => return Err(anyhow!(sentence(&problems)).into()),
    };
    // A setting may be well formed and its files not.
    let certificate = match tls::look(&resolved.settings.tls, &resolved.settings.data) {
        Ok(certificate) => certificate,
        Err(error) => {
            let reason = error.to_string();
            if plain.json {
                output::answer(true, "", &json!({ "ok": false, "problems": [{ "key": "tls", "reason": reason }] }));
            }
            return Err(anyhow!("a setting is wrong: {reason}").into());
        }
    };
    let master = config::master_key_from_environment().map(|_| Origin::Environment(MASTER_KEY_VARIABLE.to_owned()));
    let mut rows: Vec<Vec<String>> = resolved
        .keys
        .iter()
        .map(|(key, (value, origin))| vec![key.clone(), value.to_string(), origin.to_string()])
        .collect();
    rows.extend(master.iter().map(|origin| vec!["(master key)".to_owned(), "hidden".to_owned(), origin.to_string()]));
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
        "unused_variables": resolved.strays,
    });
    Ok(Outcome { text, json })
}
