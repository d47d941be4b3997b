//! `warehouse …`.

use std::time::Instant;

use serde_json::{Value, json};

use super::{said, tenant_of};
use crate::app::App;
use crate::cli::command::Outcome;
use crate::error::Result;
use crate::tenants::{Standing, Tenant};
use crate::warehouse;

/// Builds one tenant's warehouse anew, or everybody's.
pub(super) async fn rebuild(app: &App, tenant: Option<&str>) -> Result<Outcome> {
    let tenants = match tenant {
        Some(slug) => vec![tenant_of(app, slug).await?],
        None => all(app).await?,
    };
    let (mut lines, mut rebuilt) = (Vec::new(), Vec::new());
    for tenant in tenants {
        let begun = Instant::now();
        let version = warehouse::of(&tenant).rebuild(&tenant).await?;
        let took_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        lines.push(format!("{}: rebuilt to data version {version} in {took_ms} ms", tenant.slug()));
        rebuilt.push(json!({ "tenant": tenant.slug(), "version": version, "took_ms": took_ms }));
    }
    if lines.is_empty() {
        lines.push("There is no tenant yet, so nothing to rebuild.".to_owned());
    }
    said(lines.join("\n"), json!({ "rebuilt": Value::from(rebuilt) }))
}

async fn all(app: &App) -> Result<Vec<Tenant>> {
    let mut open = Vec::new();
    for info in app.tenants.list().await?.into_iter().filter(|info| info.standing == Standing::Active) {
        open.push(app.tenants.open(&info.id).await?);
    }
    Ok(open)
}
