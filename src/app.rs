//! The long-lived parts, built once and cheap to clone. A handler asks for the part it needs.

use axum::extract::FromRef;

use crate::auth::Auth;
use crate::clock::Clock;
use crate::error::Result;
use crate::http::{self, Assets, Counters};
use crate::imports::{self, Imports};
use crate::tenants::Tenants;

/// Everything a running Pulsepoint holds.
#[derive(Clone)]
pub struct App {
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
    /// Takes files in and runs them.
    pub imports: Imports,
}

impl App {
    /// Puts the parts together over open tenants.
    pub async fn start(tenants: Tenants, clock: Clock, http: http::Settings) -> Result<Self> {
        let auth = Auth::start(tenants.clone(), clock.clone(), &http).await?;
        let limits = imports::Limits { upload_bytes: http.upload_bytes as u64, ..imports::Limits::default() };
        let imports = Imports::new(clock.clone(), limits);
        Ok(Self { clock, tenants, auth, http, counters: Counters::default(), assets: Assets::embedded(), imports })
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

parts!(clock: Clock, tenants: Tenants, auth: Auth, http: http::Settings, counters: Counters, assets: Assets, imports: Imports);
