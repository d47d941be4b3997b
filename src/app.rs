//! The long-lived parts, built once and cheap to clone. A handler asks for the part it needs.

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::FromRef;

use crate::audit::{self, Audit};
use crate::auth::Auth;
use crate::backup::{self, Backups};
use crate::clock::Clock;
use crate::connectors;
use crate::error::Result;
use crate::http::{self, Assets, Counters};
use crate::imports::{self, Imports};
use crate::jobs::Jobs;
use crate::metrics::Pages;
use crate::pixel::Pixel;
use crate::privacy::{self, Privacy};
use crate::sync::{self, Sync};
use crate::tenants::Tenants;
use crate::tls::Tls;

/// How long the end waits for what is still to be shipped.
const LAST_SHIPPING: Duration = Duration::from_secs(10);

/// Everything a running Pulsepoint holds. Every request clones it a few times, so that is one count and no more.
#[derive(Clone)]
pub struct App(Arc<Parts>);

/// What an [`App`] holds.
#[derive(Clone)]
pub struct Parts {
    /// Business and system time.
    pub clock: Clock,
    /// The tenants of this instance.
    pub tenants: Tenants,
    /// Signing in, and the limits of callers.
    pub auth: Auth,
    /// How requests are treated.
    pub http: http::Settings,
    /// What was asked, how long it took, how it ended.
    pub counters: Counters,
    /// The embedded page.
    pub assets: Assets,
    /// Takes files in.
    pub imports: Imports,
    /// Pulls sources.
    pub sync: Sync,
    /// Takes visits in.
    pub pixel: Pixel,
    /// Dashboards, ready to send.
    pub pages: Pages,
    /// Copies and erases customers, and forgets what is old.
    pub privacy: Privacy,
    /// Backups and restores.
    pub backups: Backups,
    /// What proves the event chains.
    pub audit: Audit,
    /// What runs by itself.
    pub jobs: Jobs,
    /// Whose certificate is served; off unless whoever serves sets it.
    pub tls: Tls,
}

impl App {
    /// Puts the parts together over open tenants.
    pub async fn start(tenants: Tenants, clock: Clock, http: http::Settings) -> Result<Self> {
        let auth = Auth::start(tenants.clone(), clock.clone(), &http).await?;
        let (jobs, counters, assets) = (Jobs::new(clock.clone()), Counters::default(), Assets::embedded());
        let imports = Imports::new(
            clock.clone(),
            imports::Limits { upload_bytes: http.upload_bytes as u64, ..Default::default() },
        );
        let parts = sync::Parts { connectors: connectors::all(), ..sync::Parts::default() };
        let sync = Sync::new(tenants.clone(), clock.clone(), parts);
        let pixel = Pixel::new(tenants.clone(), clock.clone());
        let kept = backup::Settings::default().kept_for();
        let privacy = Privacy::new(tenants.clone(), clock.clone()).with_backups_kept(kept);
        let (pages, backups) = (Pages::default(), Backups::new(tenants.clone(), clock.clone(), Default::default())?);
        let (audit, tls) = (Audit::new(tenants.clone(), clock.clone(), backups.target(None)), Tls::off());
        Ok(Self(Arc::new(Parts {
            clock,
            tenants,
            auth,
            http,
            counters,
            assets,
            imports,
            sync,
            pixel,
            pages,
            privacy,
            backups,
            audit,
            tls,
            jobs,
        })))
    }

    /// The same, with backups as these settings say. To be called before any tenant is opened.
    pub fn with_backups(self, settings: backup::Settings) -> Result<Self> {
        let privacy = self.privacy.with_backups_kept(settings.kept_for());
        let backups = Backups::shipping(self.tenants.clone(), self.clock.clone(), settings)?;
        let audit = Audit::new(self.tenants.clone(), self.clock.clone(), backups.target(None));
        Ok(Self(Arc::new(Parts { privacy, backups, audit, ..Parts::clone(&self.0) })))
    }

    /// The same, with these rules of what is kept how long.
    pub fn with_retention(self, rules: privacy::Settings) -> Self {
        let privacy = self.privacy.with_retention(rules);
        Self(Arc::new(Parts { privacy, ..Parts::clone(&self.0) }))
    }

    /// The same, with older entries of the event chains archived as these settings say. To be called after [`Self::with_backups`].
    pub fn with_audit(self, settings: audit::Settings) -> Self {
        let audit = self.audit.with_settings(settings);
        Self(Arc::new(Parts { audit, ..Parts::clone(&self.0) }))
    }

    /// The same, pulling sources like this.
    pub fn with_sync(self, parts: sync::Parts) -> Self {
        let sync = Sync::new(self.tenants.clone(), self.clock.clone(), parts);
        Self(Arc::new(Parts { sync, ..Parts::clone(&self.0) }))
    }

    /// The same, served with this certificate.
    pub fn with_tls(self, tls: Tls) -> Self {
        Self(Arc::new(Parts { tls, ..Parts::clone(&self.0) }))
    }

    /// Lets go of what is open and writes down what is still in memory.
    pub async fn close(&self) -> Result<()> {
        self.pixel.close().await;
        self.sync.close().await;
        self.imports.close().await;
        // A target that is away must not keep it from ending: what is left is shipped at the next start.
        if let Ok(Err(error)) = tokio::time::timeout(LAST_SHIPPING, self.backups.ship_all()).await {
            tracing::warn!(%error, "not all that was committed could be shipped before the end");
        }
        self.tenants.close_all().await
    }
}

impl Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

macro_rules! parts {
    ($($field:ident: $part:ty),*) => {$(
        impl FromRef<App> for $part {
            fn from_ref(app: &App) -> Self {
                app.$field.clone()
            }
        }
    )*};
}

parts!(clock: Clock, tenants: Tenants, auth: Auth, http: http::Settings, counters: Counters, assets: Assets, imports: Imports,
    sync: Sync, pixel: Pixel, pages: Pages, privacy: Privacy, backups: Backups, audit: Audit, tls: Tls);
