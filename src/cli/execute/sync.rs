//! `sync …`.

use std::fmt::Display;

use serde_json::json;

use super::{author, brands, missing, said, tenant_of};
use crate::app::App;
use crate::auth::Reach;
use crate::cli::command::{Outcome, SyncVerb, Synced};
use crate::cli::output;
use crate::error::{Error, Result};
use crate::sync::manage::Who;
use crate::sync::{IntegrationView, State};
use crate::tenants::Tenant;

pub(super) async fn run(app: &App, of: Synced) -> Result<Outcome> {
    let tenant = tenant_of(app, &of.tenant).await?;
    let all = chosen(app, &tenant, &of).await?;
    match of.verb {
        SyncVerb::Status => shown(&all),
        SyncVerb::Now => now(app, &tenant, &of, all).await,
        SyncVerb::Replay => replay(app, &tenant, all).await,
    }
}

async fn chosen(app: &App, tenant: &Tenant, of: &Synced) -> Result<Vec<IntegrationView>> {
    let brand = match &of.brand {
        Some(slug) => Some(brands::brand_of(tenant, slug).await?.uid),
        None => None,
    };
    let mut all = app.sync.list(tenant, brand, Reach::All).await?;
    if let Some(id) = &of.integration {
        all.retain(|one| one.id == *id);
        if all.is_empty() {
            return Err(missing(format!("there is no integration \"{id}\": see `pulsepoint sync status`")));
        }
    }
    Ok(all)
}

fn shown(all: &[IntegrationView]) -> Result<Outcome> {
    let text = |value: Option<&dyn Display>| value.map_or_else(|| "-".to_owned(), ToString::to_string);
    let mut rows = Vec::new();
    for one in all {
        let through = one.data_through.as_ref().map(|at| format!("{at:.0}"));
        let next = one.next_at.as_ref().map(|at| format!("{at:.0}"));
        rows.push(vec![
            one.id.clone(),
            one.source.name().to_owned(),
            one.state.name().to_owned(),
            text(through.as_ref().map(|at| at as &dyn Display)),
            text(next.as_ref().map(|at| at as &dyn Display)),
            one.error.clone().unwrap_or_default(),
        ]);
        for stream in &one.streams {
            let through = stream.cursor.as_ref().map(|at| format!("{at:.0}"));
            rows.push(vec![
                format!("  {}", stream.name),
                format!("{} rows", stream.rows),
                stream.state.clone(),
                text(through.as_ref().map(|at| at as &dyn Display)),
                format!("{:.0}", stream.next_at),
                stream.last_error.clone().unwrap_or_default(),
            ]);
        }
    }
    let none = "No source is connected: see the page \"Integrations\".".to_owned();
    let heading = ["integration", "source", "state", "data through", "next", "error"];
    let text = if rows.is_empty() { none } else { output::table(&heading, &rows) };
    said(text, json!({ "ok": true, "integrations": all }))
}

/// Looks for what is new and waits. What waits for a person is said and makes the command fail.
async fn now(app: &App, tenant: &Tenant, of: &Synced, all: Vec<IntegrationView>) -> Result<Outcome> {
    let mut waiting = Vec::new();
    for one in &all {
        let who = Who { reach: Reach::All, by: author() };
        match app.sync.sync_now(tenant, &one.id, who).await {
            Ok(_) => {}
            Err(Error::Conflict { reason, .. }) => waiting.push(format!("{}: {reason}", one.id)),
            Err(error) => return Err(error),
        }
    }
    let uids: Vec<String> = all.into_iter().map(|one| one.id).collect();
    app.sync.finish(tenant, &uids).await?;
    let after = chosen(app, tenant, of).await?;
    let sound = |one: &IntegrationView| {
        matches!(one.state, State::Healthy | State::Backfilling)
            && one.streams.iter().all(|stream| stream.last_error.is_none())
    };
    let mut outcome = shown(&after)?;
    outcome.json["ok"] = (waiting.is_empty() && after.iter().all(sound)).into();
    outcome.text = [waiting.join("\n"), outcome.text].join("\n").trim_start().to_owned();
    Ok(outcome)
}

async fn replay(app: &App, tenant: &Tenant, all: Vec<IntegrationView>) -> Result<Outcome> {
    let (mut lines, mut done) = (Vec::new(), Vec::new());
    for one in all {
        let replayed = app.sync.replay(tenant, &one.id, author()).await?;
        lines.push(format!(
            "{}: {} answers read again, {} rows landed, {} unchanged, {} rejected",
            one.source, replayed.answers, replayed.rows_landed, replayed.rows_unchanged, replayed.rows_rejected
        ));
        done.push(replayed);
    }
    if lines.is_empty() {
        lines.push("No source is connected, so nothing to read again.".to_owned());
    }
    said(lines.join("\n"), json!({ "replayed": done }))
}
