//! `audit …`.

use serde_json::{Value, json};

use super::{missing, said};
use crate::app::App;
use crate::audit::Chain;
use crate::cli::command::Outcome;
use crate::error::Result;
use crate::events::Verdict;
use crate::tenants::TenantInfo;

/// Checks one tenant's event chain, or everybody's and the instance's, against every signed head. A chain that cannot be read is as
/// bad as a broken one.
pub(super) async fn verify(app: &App, tenant: Option<&str>) -> Result<Outcome> {
    let (mut lines, mut chains) = (Vec::new(), Vec::new());
    let report = app.audit.verify(chosen(app, tenant).await?, tenant.is_none()).await?;
    for chain in &report.chains {
        lines.push(chain.sentence());
        chains.push(shown(chain));
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

fn shown(chain: &Chain) -> Value {
    let name = &chain.name;
    match &chain.verdict {
        Ok(Verdict { entries, fault: None }) => json!({ "chain": name, "ok": true, "entries": entries }),
        Ok(Verdict { entries, fault: Some(fault) }) => json!({
            "chain": name, "ok": false, "entries": entries, "bad_index": fault.seq, "reason": fault.kind.to_string(),
        }),
        Err(error) => json!({ "chain": name, "ok": false, "reason": error.to_string() }),
    }
}

/// The quarterly review of one tenant or of all.
pub(super) async fn review(app: &App, tenant: Option<&str>) -> Result<Outcome> {
    let review = app.audit.review(chosen(app, tenant).await?).await?;
    let mut json = serde_json::to_value(&review).map_err(anyhow::Error::from)?;
    json["ok"] = review.is_sound().into();
    said(review.markdown(), json)
}

async fn chosen(app: &App, tenant: Option<&str>) -> Result<Vec<TenantInfo>> {
    let mut all = app.tenants.list().await?;
    all.retain(|info| tenant.is_none_or(|slug| slug == info.slug));
    match tenant {
        Some(slug) if all.is_empty() => {
            Err(missing(format!("there is no tenant \"{slug}\": see `pulsepoint tenant list`")))
        }
        _ => Ok(all),
    }
}
