//! `import`: opens the files, shows how far they are, prints what became of them.

use std::path::{Path, PathBuf};

use anyhow::Context;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::{Value, json};

use super::command::{Command, Import, Outcome, Progress, Report};
use super::{args, instance, output, settings};
use crate::config::Settings;
use crate::error::Result;

/// Imports one file after the other; false if one of them failed. A failure does not keep the rest from being imported.
pub async fn run(args: args::Import) -> Result<bool> {
    let settings = settings::of(&args.plain.place, None)?.settings;
    let map = args.map.as_deref().map(read_map).transpose()?;
    let mut answers = Vec::new();
    for file in &args.files {
        let outcome = one(&settings, &args, map.clone(), file).await;
        let shown = file.display();
        match (&outcome, args.plain.json) {
            (Ok(outcome), false) => output::line(&format!("{shown}: {}", outcome.text)),
            (Err(error), _) => output::complain(&format!("pulsepoint: {shown}: {}", output::sentence(error))),
            (Ok(_), true) => {}
        }
        answers.push(match outcome {
            Ok(outcome) => answer(file, outcome.json),
            Err(error) => json!({ "file": file, "error": output::sentence(&error) }),
        });
    }
    let ok = answers.iter().all(|answer| answer["error"].is_null());
    if args.plain.json {
        output::answer(true, "", &json!({ "ok": ok, "imports": answers }));
    }
    Ok(ok)
}

fn answer(file: &Path, mut json: Value) -> Value {
    json["file"] = json!(file);
    json
}

async fn one(settings: &Settings, args: &args::Import, map: Option<String>, file: &PathBuf) -> Result<Outcome> {
    let opened = tokio::fs::File::open(file).await.context("cannot be opened")?;
    let about = opened.metadata().await.context("cannot be looked at")?;
    if about.is_dir() {
        return Err(anyhow::anyhow!("is a folder: name the files in it").into());
    }
    let bytes = about.is_file().then_some(about.len());
    let import = Import {
        tenant: args.tenant.clone(),
        brand: args.brand.clone(),
        file_name: file.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        bytes,
        format: args.format.clone(),
        map,
        account: args.account.clone(),
        currency: args.currency.clone(),
        timezone: args.timezone.clone(),
        date_format: args.date_format.clone(),
    };
    let bar = bar(&import.file_name, bytes, args.plain.json);
    let tell = |report| {
        if let Report::Progress(now) = report {
            show(&bar, &now);
        }
        Ok(())
    };
    let outcome = instance::run_with_file(settings, Command::Import(import), opened, tell).await;
    bar.finish_and_clear();
    outcome
}

fn read_map(path: &Path) -> Result<String> {
    Ok(std::fs::read_to_string(path).with_context(|| format!("reading the mapping {}", path.display()))?)
}

/// A bar on standard error if that is a terminal, else nothing.
fn bar(name: &str, bytes: Option<u64>, hidden: bool) -> ProgressBar {
    let target = if hidden { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
    let bar = ProgressBar::with_draw_target(bytes, target).with_prefix(name.to_owned());
    // A template that is wrong leaves the plain bar.
    match ProgressStyle::with_template("{prefix}  {wide_bar} {percent}%  {msg}") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

fn show(bar: &ProgressBar, now: &Progress) {
    if let Some(total) = now.bytes_total {
        bar.set_length(total);
    }
    bar.set_position(now.bytes_done);
    bar.set_message(format!("{} rows", now.rows_read));
}
