//! Whether the stores open: asked of the server that has them, or tried here when nobody has.

use serde_json::Value;

use super::super::command::Command;
use super::super::{control, execute, serve};
use super::{Check, Holder, State};
use crate::clock::Clock;
use crate::config::Settings;
use crate::error::Result;

const NAME: &str = "stores";

/// The checks, and what a running server says of itself.
pub(super) async fn check(settings: &Settings, holder: &Holder) -> (Vec<Check>, Value) {
    if !settings.data.join("control.db").exists() {
        return (vec![Check::new(NAME, State::Good, "none yet")], Value::Null);
    }
    let answered = match holder {
        Holder::Process(_) => asked(settings).await,
        Holder::Nobody(_) | Holder::NoFolder => tried(settings).await.map(Some),
    };
    match answered {
        Ok(Some(said)) => {
            let checks = vec![of(&said["stores"]), age_of(&said["keys"])];
            let server = if matches!(holder, Holder::Process(_)) { said } else { Value::Null };
            (checks, server)
        }
        Ok(None) => {
            let said = "another command has the data folder and cannot be asked: try again when it is done";
            (vec![Check::new(NAME, State::Warning, said)], Value::Null)
        }
        Err(error) => (vec![Check::new(NAME, State::Bad, error.to_string())], Value::Null),
    }
}

async fn asked(settings: &Settings) -> Result<Option<Value>> {
    let asked = control::ask(&settings.data, &Command::Status, tokio::io::empty(), |_| Ok(())).await?;
    Ok(asked.map(|outcome| outcome.json))
}

async fn tried(settings: &Settings) -> Result<Value> {
    let app = serve::build(settings, Clock::system()).await?;
    let (progress, _) = tokio::sync::mpsc::channel(1);
    let said = execute::execute(&app, Command::Status, Box::pin(tokio::io::empty()), progress).await;
    app.close().await?;
    Ok(said?.json)
}

fn age_of(keys: &Value) -> Check {
    const NAME: &str = "key age";
    let days = &keys["old_after_days"];
    let all = keys["keys"].as_array().map_or(&[][..], Vec::as_slice);
    let name = |key: &Value| {
        let of = key["tenant"].as_str().map_or_else(String::new, |tenant| format!(" of {tenant}"));
        format!("{}{of} ({} days)", key["key"].as_str().unwrap_or_default(), key["age_days"])
    };
    let old: Vec<String> = all.iter().filter(|key| key["old"] == true).map(name).collect();
    if old.is_empty() {
        return Check::new(NAME, State::Good, format!("{} keys, none older than {days} days", all.len()));
    }
    let said = format!("older than {days} days: {}. Make them anew: pulsepoint keys rotate", old.join(", "));
    Check::new(NAME, State::Warning, said)
}

fn of(stores: &Value) -> Check {
    let aside: Vec<String> = stores["set_aside"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|store| {
            let text = |name: &str| store[name].as_str().unwrap_or_default().to_owned();
            format!("tenant {} is set aside, the others go on: {}", text("tenant"), text("reason"))
        })
        .collect();
    match aside.is_empty() {
        true => Check::new(NAME, State::Good, format!("{} tenants, every store opens", stores["tenants"])),
        false => Check::new(NAME, State::Bad, aside.join("\n")),
    }
}
