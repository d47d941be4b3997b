//! What Pulsepoint does by itself: every job, when it runs, what it does.

use std::time::Duration;

use crate::app::App;
use crate::jobs::When;

/// Ties every job to its time. They end when the process stops.
pub fn start(app: &App) {
    let (jobs, tenants) = (&app.jobs, &app.tenants);

    let denials = tenants.denials().clone();
    jobs.start("write down denials", When::every(Duration::from_secs(1)), move || {
        let denials = denials.clone();
        async move { denials.flush().await }
    });
}
