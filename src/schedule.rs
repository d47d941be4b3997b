//! What Pulsepoint does by itself: every job, when it runs, what it does.
//!
//! Not here, because they wait for something and not for a time: a store's log moves into its file when it is long (`db`),
//! refusals reach the disk within a second (`events`), a warehouse follows its store's landings (`warehouse`), and what a crash
//! left of an import is marked when its tenant is next asked for imports (`imports`).

use std::time::Duration;

use crate::app::App;
use crate::auth;
use crate::error::Result;
use crate::jobs::{Nudge, When};
use crate::tenants::Standing;

/// How often a job that is due at an hour looks whether it is.
const OFTEN: Duration = Duration::from_secs(5 * 60);
const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);
/// How soon changed files of a certificate are noticed without a signal.
const CERTIFICATE: Duration = Duration::from_secs(10);

/// Ties every job to its time. They end when the process stops.
pub fn start(app: &App) {
    let all = app.clone();
    app.jobs.start("clear old sessions", When::every(DAY), move || clear_old_sessions(all.clone()));
    let all = app.clone();
    app.jobs.start("daily backup", When::every(OFTEN), move || back_up(all.clone()));
    if app.backups.is_shipping() {
        let all = app.clone();
        app.jobs.start("ship logs", When::every(SECOND).and_at_start(), move || {
            let app = all.clone();
            async move { app.backups.ship().await }
        });
        let all = app.clone();
        app.jobs.start("gather logs", When::every(HOUR), move || {
            let app = all.clone();
            async move { app.backups.gather_logs().await }
        });
    }
    let all = app.clone();
    app.jobs.start("delete tenants", When::every(HOUR).and_at_start(), move || delete_tenants(all.clone()));
}

async fn back_up(app: App) -> Result<()> {
    let stopping = app.jobs.stopping();
    app.backups.run_daily(|| stopping.is_cancelled()).await
}

/// Destroys the tenants whose days to undo their deletion are over.
async fn delete_tenants(app: App) -> Result<()> {
    for slug in app.tenants.delete_due(app.clock.system_time()).await? {
        tracing::info!(tenant = slug, "deleted a tenant: the time to restore it is over");
    }
    Ok(())
}

/// Looks after the certificate, if there is one: changed files are taken, and a leaf of our own is made anew before it ends.
/// Sooner when nudged.
pub fn watch_certificate(app: &App, now: &Nudge) {
    if !app.tls.is_on() {
        return;
    }
    let all = app.clone();
    app.jobs.start("renew the certificate", When::every(CERTIFICATE).or_nudged(now), move || {
        let app = all.clone();
        async move { app.tls.refresh(app.clock.system_time()).map(|_| ()) }
    });
}

/// Goes through the tenants one after the other; stops between two of them when the process does. A tenant that fails does not
/// keep the others from it: the last failure is the job's.
async fn clear_old_sessions(app: App) -> Result<()> {
    let stopping = app.jobs.stopping();
    let mut outcome = Ok(());
    for info in app.tenants.list().await?.into_iter().filter(|info| info.standing == Standing::Active) {
        if stopping.is_cancelled() {
            break;
        }
        let cleared = async {
            let tenant = app.tenants.open(&info.id).await?;
            auth::clear_old_sessions(&tenant, app.clock.system_time()).await
        };
        match cleared.await {
            Ok(0) => {}
            Ok(tokens) => tracing::info!(tenant = info.slug, tokens, "cleared old sessions"),
            Err(error) => outcome = Err(error),
        }
    }
    outcome
}
