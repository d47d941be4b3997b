//! What Pulsepoint does by itself: every job, when it runs, what it does.
//!
//! Not here, because they wait for something and not for a time: a store's log moves into its file when it is long (`db`),
//! refusals reach the disk within a second (`events`), a warehouse follows its store's landings (`warehouse`), and what a crash
//! left of an import is marked when its tenant is next asked for imports (`imports`).

use std::time::Duration;

use crate::app::App;
use crate::error::Result;
use crate::jobs::{Nudge, When};
use crate::rotation;

/// How often a job that is due at an hour looks whether it is.
const OFTEN: Duration = Duration::from_secs(5 * 60);
const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);
/// How soon a control store that the disk failed is tried again.
const MENDING: Duration = Duration::from_secs(10);
/// How soon changed files of a certificate are noticed without a signal.
const CERTIFICATE: Duration = Duration::from_secs(10);

/// Ties every job to its time. They end when the process stops.
pub fn start(app: &App) {
    let all = app.clone();
    app.jobs.start("remove what is old", When::every(DAY), move || remove_what_is_old(all.clone()));
    let all = app.clone();
    app.jobs
        .start("remove copies of before upgrades", When::every(DAY).and_at_start(), move || forget_copies(all.clone()));
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
    app.jobs.start("forget old keys", When::every(HOUR), move || forget_old_keys(all.clone()));
    let all = app.clone();
    app.jobs.start("remind of old keys", When::every(DAY).and_at_start(), move || remind_of_keys(all.clone()));
    let all = app.clone();
    app.jobs.start("mend the control store", When::every(MENDING), move || {
        let app = all.clone();
        async move { app.tenants.mend_control().await }
    });
    let all = app.clone();
    app.jobs.start("pull sources", When::every(SECOND).or_nudged(app.sync.nudge()).and_at_start(), move || {
        let app = all.clone();
        async move { app.sync.begin_due().await }
    });
    let all = app.clone();
    app.jobs.start(
        "answer customers",
        When::every(HOUR).or_nudged(app.sync.requests_nudge()).and_at_start(),
        move || {
            let app = all.clone();
            async move { app.privacy.answer_requests(&app.sync).await }
        },
    );
    let all = app.clone();
    app.jobs
        .start("sign the heads of event chains", When::every(OFTEN).and_at_start(), move || sign_heads(all.clone()));
    let all = app.clone();
    app.jobs.start("delete tenants", When::every(HOUR).and_at_start(), move || delete_tenants(all.clone()));
}

async fn back_up(app: App) -> Result<()> {
    let stopping = app.jobs.stopping();
    app.backups.run_daily(|| stopping.is_cancelled()).await
}

/// Forgets the keys of before whose last token has ended.
async fn forget_old_keys(app: App) -> Result<()> {
    app.auth.forget_old_signing().await
}

/// Warns of keys that should be made anew.
async fn remind_of_keys(app: App) -> Result<()> {
    let old = rotation::remind(&app.tenants, &app.backups, app.clock.system_time()).await?;
    if !old.is_empty() {
        let names: Vec<String> = old.iter().map(rotation::Key::name).collect();
        let days = rotation::OLD.as_hours() / 24;
        tracing::warn!("keys are older than {days} days: {}. Make them anew: pulsepoint keys rotate", names.join(", "));
    }
    Ok(())
}

/// Removes the copies of before an upgrade whose days are over.
async fn forget_copies(app: App) -> Result<()> {
    if !app.tenants.clock_is_steady().await? {
        return Ok(());
    }
    app.tenants.forget_old_copies(app.clock.system_time().into()).await
}

async fn sign_heads(app: App) -> Result<()> {
    let stopping = app.jobs.stopping();
    app.audit.run_daily(app.clock.system_time(), || stopping.is_cancelled()).await
}

/// Destroys the tenants whose days to undo their deletion are over.
pub async fn delete_tenants(app: App) -> Result<()> {
    if !app.tenants.clock_is_steady().await? {
        return Ok(());
    }
    for slug in app.tenants.delete_due(app.clock.system_time()).await? {
        tracing::info!(tenant = slug, "deleted a tenant: the time to restore it is over");
    }
    Ok(())
}

/// Looks after the certificate, if there is one: changed files are taken, a leaf of our own is made anew before it ends,
/// and one from elsewhere is fetched. Sooner when nudged.
pub fn watch_certificate(app: &App, now: &Nudge) {
    if !app.tls.is_on() {
        return;
    }
    let all = app.clone();
    app.jobs.start("renew the certificate", When::every(CERTIFICATE).or_nudged(now), move || {
        let app = all.clone();
        async move {
            let (now, stopping) = (app.clock.system_time(), app.jobs.stopping());
            app.tls.refresh(now)?;
            tokio::select! {
                fetched = app.tls.fetch(now) => fetched.map(drop),
                () = stopping.cancelled() => Ok(()),
            }
        }
    });
}

/// Holds to the rules of `retention`: refused rows, the history of imports, sessions and links whose time is over.
pub async fn remove_what_is_old(app: App) -> Result<()> {
    if !app.tenants.clock_is_steady().await? {
        return Ok(());
    }
    let stopping = app.jobs.stopping();
    app.privacy.run_daily(app.clock.system_time(), || stopping.is_cancelled()).await?;
    app.sync.run_daily(|| stopping.is_cancelled()).await
}
