//! Older entries out of the stores into sealed archives, once a day, and how long they stay.

use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::Audit;
use crate::backup::Backups;
use crate::error::Result;
use crate::tenants::{Moving, Steps, TenantId};

/// How long entries of the event chains stay in the stores.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Days after which an entry moves into a sealed archive beside its store. It is listed still, and checked.
    pub hot_days: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self { hot_days: 30 }
    }
}

impl Audit {
    /// Moves what is older than the settings say into archives, chain by chain; where logs are shipped, the archives go there first.
    /// Nothing is moved while the clock is in doubt. A chain that fails does not keep the others from it: the last failure is the
    /// run's. Stops between two archives when `stop` says so.
    ///
    /// # Errors
    /// What one store, the disk or the place of the backups says.
    pub async fn archive_old(
        &self,
        backups: &Backups,
        now: Timestamp,
        steps: Steps,
        stop: impl Fn() -> bool + Clone + Send + 'static,
    ) -> Result<()> {
        if !self.tenants().clock_is_steady().await? {
            return Ok(());
        }
        let hot = SignedDuration::from_hours(24 * i64::from(self.0.settings.hot_days));
        let before = now.checked_sub(hot).unwrap_or(Timestamp::MIN);
        self.tenants().denials().flush().await?;
        let mut chains: Vec<(String, Option<TenantId>)> =
            self.tenants().list().await?.into_iter().map(|info| (info.slug, Some(info.id))).collect();
        chains.push(("(instance)".to_owned(), None));
        let mut outcome = Ok(());
        for (name, id) in chains {
            if stop() {
                break;
            }
            let (backups, of) = (backups.clone(), id.clone());
            let keep = move |path: &Path| backups.ship_archive(of.as_ref(), path);
            let moving = Moving { before, now, keep, steps: steps.clone() };
            match self.tenants().archive_events(id, moving, stop.clone()).await {
                Ok(0) => {}
                Ok(moved) => tracing::info!(chain = name, moved, "moved older events into an archive"),
                Err(error) => {
                    tracing::error!(chain = name, %error, "older events could not be archived; they stay where they are");
                    outcome = Err(error);
                }
            }
        }
        outcome
    }
}
