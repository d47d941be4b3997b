//! `tenant …`, and whether every tenant's store opens.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{listed, no_tenant, operator, said};
use crate::app::App;
use crate::cli::command::Outcome;
use crate::error::Result;
use crate::tenants::{Standing, TenantId, TenantInfo};

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

pub(super) async fn suspend(app: &App, slug: &str) -> Result<Outcome> {
    let changed = app.tenants.suspend(&id_of(app, slug).await?, operator()).await?;
    let text = match changed {
        true => format!("Suspended tenant {slug}: its people and keys are refused, its data stays."),
        false => format!("Tenant {slug} is suspended already."),
    };
    shown(app, slug, text, changed).await
}

pub(super) async fn resume(app: &App, slug: &str) -> Result<Outcome> {
    let changed = app.tenants.resume(&id_of(app, slug).await?, operator()).await?;
    let text = match changed {
        true => format!("Tenant {slug} is no longer suspended."),
        false => format!("Tenant {slug} was not suspended."),
    };
    shown(app, slug, text, changed).await
}

pub(super) async fn delete(app: &App, slug: &str, at_once: bool) -> Result<Outcome> {
    let id = id_of(app, slug).await?;
    if at_once {
        app.tenants.delete(&id).await?;
        let text = format!("Deleted tenant {slug}: its key is destroyed and its data with it.");
        return said(text, json!({ "slug": slug, "state": "deleted", "changed": true }));
    }
    let changed = app.tenants.plan_deletion(&id, app.clock.system_time(), operator()).await?;
    let text = match changed {
        true => format!(
            "Tenant {slug} is closed and will be destroyed in 7 days. Until then: pulsepoint tenant restore {slug}"
        ),
        false => format!("Tenant {slug} is to be destroyed already; the date stays."),
    };
    shown(app, slug, text, changed).await
}

pub(super) async fn restore(app: &App, slug: &str) -> Result<Outcome> {
    let changed = app.tenants.undelete(&id_of(app, slug).await?, app.clock.system_time(), operator()).await?;
    let text = match changed {
        true => format!("Restored tenant {slug}: it is no longer to be deleted."),
        false => format!("Tenant {slug} was not to be deleted."),
    };
    shown(app, slug, text, changed).await
}

/// The sentence, with how the tenant stands now.
async fn shown(app: &App, slug: &str, text: String, changed: bool) -> Result<Outcome> {
    let tenant = info_of(app, slug).await?;
    let mut json = json!(tenant);
    json["changed"] = changed.into();
    said(text, json)
}

/// A tenant's id, whether its store opens or not.
pub(super) async fn id_of(app: &App, slug: &str) -> Result<TenantId> {
    Ok(info_of(app, slug).await?.id)
}

async fn info_of(app: &App, slug: &str) -> Result<TenantInfo> {
    let all = app.tenants.list().await?;
    all.into_iter().find(|tenant| tenant.slug == slug).ok_or_else(|| no_tenant(slug))
}

/// Opens every tenant once and says which do not open, and why.
pub(super) async fn state(app: &App) -> Result<Value> {
    for tenant in app.tenants.list().await? {
        // The reason is asked for below, for all of them.
        let _ = app.tenants.open_even_closed(&tenant.id).await;
    }
    let tenants = app.tenants.list().await?;
    let aside: Vec<Value> = tenants
        .iter()
        .filter_map(|tenant| Some(json!({ "tenant": tenant.slug, "reason": tenant.set_aside.as_ref()? })))
        .collect();
    Ok(json!({ "tenants": tenants.len(), "set_aside": aside }))
}

fn state_of(tenant: &TenantInfo) -> String {
    let stands = match tenant.standing {
        Standing::Active => "active".to_owned(),
        Standing::Suspended => "suspended".to_owned(),
        Standing::Deleting { delete_after_ms } => match Timestamp::from_millisecond(delete_after_ms) {
            Ok(at) => format!("will be deleted after {}", at.strftime("%Y-%m-%d %H:%M UTC")),
            Err(_) => "will be deleted".to_owned(),
        },
    };
    tenant.set_aside.as_ref().map_or(stands.clone(), |reason| format!("{stands}, set aside: {reason}"))
}
