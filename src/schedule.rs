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

const DAY: Duration = Duration::from_secs(24 * 3600);
/// How soon changed files of a certificate are noticed without a signal.
const CERTIFICATE: Duration = Duration::from_secs(10);

/// Ties every job to its time. They end when the process stops.
pub fn start(app: &App) {
    let all = app.clone();
    app.jobs.start("clear old sessions", When::every(DAY), move || clear_old_sessions(all.clone()));
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
    for info in app.tenants.list().await? {
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
