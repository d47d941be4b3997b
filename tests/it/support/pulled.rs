//! A Pulsepoint whose clock the test drives, and that pulls a small platform.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use pulsepoint::app::App;
use pulsepoint::auth::{Author, Reach};
use pulsepoint::brands::Brand;
use pulsepoint::clock::Clock;
use pulsepoint::connectors::{self, Connector, Credentials, Source};
use pulsepoint::events::{self, Event};
use pulsepoint::secrets::MasterKey;
use pulsepoint::sync::manage::{Wanted, Who};
use pulsepoint::sync::{IntegrationView, Parts, Settings};
use pulsepoint::tenants::{Steps, Tenant, Tenants};
use rusqlite::types::FromSql;
use serde_json::{Value, json};

use super::platform::Platform;
use super::stores::brand;

/// A clock that stands where it was put.
#[derive(Clone)]
pub struct Hands(Arc<Mutex<(Timestamp, Duration)>>);

impl Hands {
    pub fn at(text: &str) -> Self {
        Self(Arc::new(Mutex::new((text.parse().unwrap(), Duration::ZERO))))
    }

    pub fn clock(&self) -> Clock {
        let hands = Arc::clone(&self.0);
        Clock::driven(move || *hands.lock().unwrap())
    }

    pub fn now(&self) -> Timestamp {
        self.0.lock().unwrap().0
    }

    pub fn forward(&self, by: Duration) {
        let mut hands = self.0.lock().unwrap();
        hands.0 = hands.0.checked_add(SignedDuration::try_from(by).unwrap()).unwrap();
        hands.1 += by;
    }
}

/// It.
pub struct Pulled {
    pub app: App,
    pub hands: Hands,
    pub folder: tempfile::TempDir,
}

/// What a test changes of the usual.
#[derive(Default)]
pub struct Given {
    pub settings: Settings,
    pub connectors: Vec<Arc<dyn Connector>>,
    pub steps: Steps,
    pub offline: bool,
}

pub fn parts(given: Given) -> Parts {
    let shared = connectors::Settings {
        allowed_hosts: vec!["127.0.0.1".to_owned()],
        offline: given.offline,
        ..connectors::Settings::default()
    };
    Parts { settings: given.settings, shared, connectors: given.connectors, steps: given.steps }
}

/// An instance over a folder.
pub async fn app(data: &Path, clock: Clock, given: Given) -> App {
    let (master, _) = MasterKey::load(data, None, true).unwrap();
    let tenants = Tenants::start(data, master, clock.clone(), &Default::default()).unwrap();
    App::start(tenants, clock, Default::default()).await.unwrap().with_sync(parts(given))
}

impl Pulled {
    pub async fn start(given: Given) -> Self {
        let (folder, hands) = (tempfile::tempdir().unwrap(), Hands::at("2026-11-22T12:00:00Z"));
        let app = app(folder.path(), hands.clock(), given).await;
        Self { app, hands, folder }
    }

    pub async fn shop(&self, slug: &str) -> (Tenant, Brand) {
        let tenant = self.app.tenants.create(slug, slug).await.unwrap();
        let brand = brand(&tenant, slug, "USD", "America/New_York").await;
        (tenant, brand)
    }

    /// Connects a brand to a platform.
    pub async fn connect(&self, to: (&Tenant, &Brand), source: Source, platform: &Platform) -> IntegrationView {
        connect(&self.app, to, source, &platform.url()).await
    }

    /// Lets everything that is due run to its end.
    pub async fn run(&self) {
        self.app.sync.run_due().await.unwrap();
    }

    /// Lets so many minutes pass, a second at a time where something may be due, and everything run that becomes due.
    pub async fn pass(&self, by: Duration) {
        let mut left = by;
        while left > Duration::ZERO {
            let step = left.min(Duration::from_secs(20));
            self.hands.forward(step);
            self.run().await;
            left -= step;
        }
    }

    pub async fn view(&self, tenant: &Tenant, id: &str) -> IntegrationView {
        self.app.sync.show(tenant, id, Reach::All).await.unwrap()
    }
}

pub async fn connect(app: &App, (tenant, brand): (&Tenant, &Brand), source: Source, url: &str) -> IntegrationView {
    let settings = json!({ "api_base": url });
    let wanted = Wanted {
        source,
        brand: brand.slug.clone(),
        credentials: credentials("token-1"),
        settings: settings.as_object().unwrap().clone(),
    };
    app.sync.connect(tenant, wanted, me()).await.unwrap()
}

pub fn credentials(token: &str) -> Credentials {
    Credentials::default().with("access_token", token, None).with("refresh_token", "refresh-1", None)
}

pub fn me() -> Who {
    Who { reach: Reach::All, by: Author::without_request("test") }
}

/// One value of a tenant's store.
pub fn one<T: FromSql>(tenant: &Tenant, sql: &str) -> T {
    tenant.db().read_blocking(|conn| Ok(conn.query_row(sql, [], |row| row.get(0))?)).unwrap()
}

/// What was told of a kind.
pub fn told(tenant: &Tenant, kind: &str) -> Vec<Event> {
    let all = tenant.db().read_blocking(|conn| events::read_from(conn, "test", 100_000)).unwrap();
    all.into_iter().filter(|event| event.kind == kind).collect()
}

/// A view as people see it.
pub fn json_of(view: &IntegrationView) -> Value {
    serde_json::to_value(view).unwrap()
}
