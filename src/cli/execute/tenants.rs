//! `tenant …`, and whether every tenant's store opens.

use serde_json::{Value, json};

use super::{listed, said, tenant_of};
use crate::app::App;
use crate::cli::command::Outcome;
use crate::error::Result;
use crate::tenants::TenantInfo;

pub(super) async fn add(app: &App, slug: &str, name: &str) -> Result<Outcome> {
    let tenant = app.tenants.create(slug, name).await?;
    let text = format!(
        "Added tenant {slug}. Next: pulsepoint brand add … --tenant {slug}, pulsepoint user add … --tenant {slug}"
    );
    said(text, json!({ "id": tenant.id(), "slug": tenant.slug(), "name": tenant.name() }))
}

pub(super) async fn list(app: &App) -> Result<Outcome> {
    let tenants = app.tenants.list().await?;
    let rows: Vec<Vec<String>> = tenants
        .iter()
        .map(|tenant| vec![tenant.slug.clone(), tenant.name.clone(), tenant.id.to_string(), state_of(tenant)])
        .collect();
    let none = "There is no tenant yet. Next: pulsepoint tenant add <slug>";
    listed(&["slug", "name", "id", "state"], &rows, none, json!({ "tenants": tenants }))
}

pub(super) async fn remove(app: &App, slug: &str) -> Result<Outcome> {
    let all = app.tenants.list().await?;
    // A tenant whose store does not open can be removed all the same.
    let id = match all.into_iter().find(|tenant| tenant.slug == slug) {
        Some(tenant) => tenant.id,
        None => tenant_of(app, slug).await?.id().clone(),
    };
    app.tenants.delete(&id).await?;
    said(format!("Removed tenant {slug}: its key is destroyed and its data with it."), json!({ "removed": slug }))
}

/// Opens every tenant once and says which do not open, and why.
pub(super) async fn state(app: &App) -> Result<Value> {
    for tenant in app.tenants.list().await? {
        // The reason is asked for below, for all of them.
        let _ = app.tenants.open(&tenant.id).await;
    }
    let tenants = app.tenants.list().await?;
    let aside: Vec<Value> = tenants
        .iter()
        .filter_map(|tenant| Some(json!({ "tenant": tenant.slug, "reason": tenant.set_aside.as_ref()? })))
        .collect();
    Ok(json!({ "tenants": tenants.len(), "set_aside": aside }))
}

fn state_of(tenant: &TenantInfo) -> String {
    tenant.set_aside.as_ref().map_or_else(|| "active".to_owned(), |reason| format!("set aside: {reason}"))
}
