//! `audit …`.

use serde_json::{Value, json};

use super::{missing, said};
use crate::app::App;
use crate::cli::command::Outcome;
use crate::error::Result;
use crate::events::Verdict;

/// Checks one tenant's event chain, or everybody's and the instance's, against every signed head. A chain that cannot be read is as
/// bad as a broken one.
pub(super) async fn verify(app: &App, tenant: Option<&str>) -> Result<Outcome> {
    let (mut lines, mut chains) = (Vec::new(), Vec::new());
    let all = app.tenants.list().await?;
    let chosen: Vec<_> = all.into_iter().filter(|info| tenant.is_none_or(|slug| slug == info.slug)).collect();
    if let (true, Some(slug)) = (chosen.is_empty(), tenant) {
        return Err(missing(format!("there is no tenant \"{slug}\": see `pulsepoint tenant list`")));
    }
    let report = app.audit.verify(chosen, tenant.is_none()).await?;
    for chain in report.chains {
        note(&chain.name, chain.verdict, (&mut lines, &mut chains));
    }
    let sound = report.head_faults.is_empty();
    lines.push(match sound {
        true => format!("signed heads: {} days, unbroken", report.heads),
        false => format!("signed heads: BROKEN, {} days are sound", report.heads),
    });
    lines.extend(report.head_faults.iter().map(|fault| format!("signed heads: {}: {}", fault.file, fault.reason)));
    let ok = sound && chains.iter().all(|chain| chain["ok"] == true);
    let heads = json!({ "ok": sound, "days": report.heads, "faults": report.head_faults });
    said(lines.join("\n"), json!({ "ok": ok, "chains": chains, "heads": heads }))
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
