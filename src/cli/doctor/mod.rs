//! `doctor`: looks at an instance without changing it and says what is not as it should be, and what to do.

mod machine;
mod stores;

use std::path::Path;

use serde::Serialize;
use serde_json::{Value, json};

use super::args::Plain;
use super::command::Outcome;
use super::lock::{Asked, DataLock};
use super::settings;
use crate::config::Settings;
use crate::error::Result;

/// How a check went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum State {
    Good,
    /// It works, but somebody should look.
    Warning,
    /// It does not work.
    Bad,
}

/// One check.
#[derive(Clone, Debug, Serialize)]
struct Check {
    name: &'static str,
    state: State,
    /// What was found, and what to do about it.
    found: String,
}

impl Check {
    fn new(name: &'static str, state: State, found: impl Into<String>) -> Self {
        Self { name, state, found: found.into() }
    }
}

/// Who has the data folder.
enum Holder {
    /// Nobody; it is ours while this lives.
    Nobody(#[expect(dead_code, reason = "it is held, not read")] DataLock),
    /// There is no folder yet.
    NoFolder,
    /// A server, or a command that runs right now.
    Process(Option<u32>),
}

impl Holder {
    fn of(data: &Path) -> Result<Self> {
        if !data.is_dir() {
            return Ok(Self::NoFolder);
        }
        Ok(match DataLock::ask(data)? {
            Asked::Ours(lock) => Self::Nobody(lock),
            Asked::Taken(pid) => Self::Process(pid),
        })
    }
}

/// Every check, in the order in which their causes stand; whether all are well.
pub async fn examine(plain: &Plain) -> (Outcome, bool) {
    let mut checks = Vec::new();
    let mut server = Value::Null;
    match settings::of(&plain.place, None) {
        Err(error) => checks.push(Check::new("settings", State::Bad, format!("{error}; see pulsepoint config check"))),
        Ok(resolved) => {
            checks.push(match resolved.strays.as_slice() {
                [] => Check::new("settings", State::Good, "all are right"),
                [stray, ..] => Check::new("settings", State::Warning, stray.to_string()),
            });
            match Holder::of(&resolved.settings.data) {
                Ok(holder) => server = of_instance(&resolved.settings, &holder, &mut checks).await,
                Err(error) => checks.push(Check::new("data folder", State::Bad, error.to_string())),
            }
        }
    }
    let ok = checks.iter().all(|check| check.state != State::Bad);
    (report(&checks, &server, ok), ok)
}

async fn of_instance(settings: &Settings, holder: &Holder, checks: &mut Vec<Check>) -> Value {
    checks.push(machine::data_folder(&settings.data));
    checks.push(machine::keys(&settings.data));
    checks.push(machine::disk(&settings.data));
    checks.push(machine::port(settings.listen, holder));
    checks.push(machine::certificate(settings));
    checks.push(machine::clock(&settings.data));
    checks.push(machine::versions());
    checks.extend(machine::store(settings).await);
    let (of_stores, server) = stores::check(settings, holder).await;
    checks.extend(of_stores);
    server
}

fn report(checks: &[Check], server: &Value, ok: bool) -> Outcome {
    let mark = |state| match state {
        State::Good => "ok  ",
        State::Warning => "look",
        State::Bad => "BAD ",
    };
    let mut lines: Vec<String> = checks
        .iter()
        .map(|check| {
            format!("{}  {:<12} {}", mark(check.state), check.name, check.found.replace('\n', "\n                    "))
        })
        .collect();
    lines.extend(server["jobs"].as_array().into_iter().flatten().map(job_line));
    lines.push(if ok {
        "Nothing is broken.".to_owned()
    } else {
        "Something is broken: see the lines marked BAD.".to_owned()
    });
    Outcome { text: lines.join("\n"), json: json!({ "ok": ok, "checks": checks, "server": server }) }
}

fn job_line(job: &Value) -> String {
    let mark = if job["failures"] == 0 { "ok  " } else { "look" };
    let name = job["name"].as_str().unwrap_or_default();
    let last = job["last"][0]["reason"].as_str().map_or_else(String::new, |reason| format!(", last: {reason}"));
    format!("{mark}  job          {name}: {} runs, {} failures{last}", job["runs"], job["failures"])
}
