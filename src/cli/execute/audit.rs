//! `audit …`.

use serde_json::{Value, json};

use super::{missing, said};
use crate::app::App;
use crate::cli::command::Outcome;
use crate::error::Result;
use crate::events::{self, Verdict};

/// Checks one tenant's event chain, or everybody's and the instance's. A chain that cannot be read is as bad as a broken one.
pub(super) async fn verify(app: &App, tenant: Option<&str>) -> Result<Outcome> {
    let (mut lines, mut chains) = (Vec::new(), Vec::new());
    let all = app.tenants.list().await?;
    let chosen: Vec<_> = all.into_iter().filter(|info| tenant.is_none_or(|slug| slug == info.slug)).collect();
    if let (true, Some(slug)) = (chosen.is_empty(), tenant) {
        return Err(missing(format!("there is no tenant \"{slug}\": see `pulsepoint tenant list`")));
    }
    for info in chosen {
        let verdict = match app.tenants.open(&info.id).await {
            Ok(tenant) => app.tenants.verify_events(&tenant).await,
            Err(error) => Err(error),
        };
        note(&info.slug, verdict, (&mut lines, &mut chains));
    }
    if tenant.is_none() {
        // What was refused within the last second belongs to the chain, too.
        app.tenants.denials().flush().await?;
        let verdict = app.tenants.control().read(events::verify).await;
        note("(instance)", verdict, (&mut lines, &mut chains));
    }
    let ok = chains.iter().all(|chain| chain["ok"] == true);
    said(lines.join("\n"), json!({ "ok": ok, "chains": chains }))
}

fn note(name: &str, verdict: Result<Verdict>, (lines, chains): (&mut Vec<String>, &mut Vec<Value>)) {
    match verdict {
        Ok(Verdict { entries, fault: None }) => {
            lines.push(format!("{name}: {entries} entries, unbroken"));
            chains.push(json!({ "chain": name, "ok": true, "entries": entries }));
        }
        Ok(Verdict { entries, fault: Some(fault) }) => {
            lines.push(format!(
                "{name}: BROKEN at entry {}: {}; what comes after proves nothing",
                fault.seq, fault.kind
            ));
            chains.push(json!({
                "chain": name, "ok": false, "entries": entries, "bad_index": fault.seq, "reason": fault.kind.to_string(),
            }));
        }
        Err(error) => {
            lines.push(format!("{name}: CANNOT BE READ: {error}"));
            chains.push(json!({ "chain": name, "ok": false, "reason": error.to_string() }));
        }
    }
}
