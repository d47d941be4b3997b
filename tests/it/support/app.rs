//! A whole Pulsepoint in a temporary folder, its clock standing still, asked without a socket.

use std::net::SocketAddr;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use jiff::Timestamp;
use pulsepoint::app::App;
use pulsepoint::auth::instance;
use pulsepoint::auth::{Author, Claims, NewPerson, Role, User, create_person};
use pulsepoint::backup;
use pulsepoint::brands::{self, Brand, NewBrand};
use pulsepoint::clock::Clock;
use pulsepoint::connectors;
use pulsepoint::http::{Peer, PerMinute, Settings};
use pulsepoint::secrets::MasterKey;
use pulsepoint::sync;
use pulsepoint::tenants::{Tenant, Tenants};
use secrecy::ExposeSecret;
use serde_json::Value;
use tempfile::TempDir;
use tokio::sync::OnceCell;
use tower::ServiceExt;

use super::store::Place;

/// Everybody's password.
pub const PASSWORD: &str = "pulsepoint-demo";
/// Where requests come from unless they say otherwise.
pub const PEER: &str = "203.0.113.7:40000";

/// The time at which the clock stands.
pub fn now() -> Timestamp {
    "2026-11-22T15:00:00Z".parse().unwrap()
}

/// In whose name tests close and open tenants.
pub fn operator() -> Author {
    Author::without_request("operator")
}

/// A running Pulsepoint.
pub struct TestApp {
    /// Its parts.
    pub app: App,
    router: Router,
    folder: TempDir,
    instance_token: OnceCell<String>,
}

/// A tenant with a person of every role and a brand.
pub struct Shop {
    pub tenant: Tenant,
    pub people: Vec<User>,
    pub brand: Brand,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

/// Every platform there is, at a port of this machine where nobody listens.
fn nobody_answers() -> sync::Parts {
    let shared = connectors::Settings {
        sandbox_url: "http://127.0.0.1:9".to_owned(),
        offline: true,
        ..connectors::Settings::default()
    };
    sync::Parts { shared, connectors: connectors::all(), ..sync::Parts::default() }
}

impl TestApp {
    /// Without limits on how often one may ask and how often one may be wrong.
    pub async fn start() -> Self {
        Self::with(Settings { rate_limit_per_minute: PerMinute::Of(0), ban_failures: 0, ..Settings::default() }).await
    }

    /// The same, whose backups go to a place.
    pub async fn backing_up_to(place: &Place) -> Self {
        let mut settings = backup::Settings { continuous: false, ..Default::default() };
        place.configure(&mut settings);
        let mut app = Self::start().await;
        app.app = app.app.with_backups(settings).unwrap();
        app.router = pulsepoint::server::router(&app.app).unwrap();
        app
    }

    /// By this clock, pulling what it is told to.
    pub async fn pulling(clock: Clock, parts: sync::Parts) -> Self {
        let settings = Settings { rate_limit_per_minute: PerMinute::Of(0), ban_failures: 0, ..Settings::default() };
        let mut app = Self::at(settings, clock).await;
        app.app = app.app.with_sync(parts);
        app.router = pulsepoint::server::router(&app.app).unwrap();
        app
    }

    /// With these settings.
    pub async fn with(settings: Settings) -> Self {
        Self::at(settings, Clock::fixed(now())).await
    }

    /// With these settings and this clock.
    pub async fn at(settings: Settings, clock: Clock) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (master, _) = MasterKey::load(folder.path(), None, true).unwrap();
        let tenants = Tenants::start(folder.path(), master, clock.clone(), &Default::default()).unwrap();
        let app = App::start(tenants, clock, settings).await.unwrap().with_sync(nobody_answers());
        let router = pulsepoint::server::router(&app).unwrap();
        Self { app, router, folder, instance_token: OnceCell::new() }
    }

    /// Where its data lies.
    pub fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// A tenant with a person of every role and a brand, both named `slug`.
    pub async fn shop(&self, slug: &str) -> Shop {
        let tenant = self.app.tenants.create(slug, slug).await.unwrap();
        let mut people = Vec::new();
        for role in Role::ALL {
            let email = format!("{role}@{slug}.example");
            let new = NewPerson::parse(&email, &format!("The {role}"), role, PASSWORD.into()).unwrap();
            let by = (Author::without_request("test"), None);
            people.push(create_person((&self.app.tenants, &tenant), new, by, now()).await.unwrap());
        }
        let new = NewBrand::parse(slug, None, "USD", "America/New_York", None).unwrap();
        let brand = tenant.db().write(move |tx| brands::create(tx, &new, now())).await.unwrap();
        Shop { tenant, people, brand }
    }

    /// An access token of the person of a role, good as of now.
    pub fn token(&self, shop: &Shop, role: Role) -> String {
        let user = shop.person(role);
        let now = self.app.clock.system_time();
        let version = shop.tenant.db().read_blocking(|conn| {
            Ok(conn.query_row("select token_version from users where id = ?1", [&user.id], |row| row.get(0))?)
        });
        let claims = Claims::new(shop.tenant.id().as_str(), &user.id, role, version.unwrap(), now);
        self.app.auth.signer().sign(&claims).unwrap()
    }

    /// An instance token that was used already.
    pub async fn instance_token(&self) -> String {
        let made = self.instance_token.get_or_init(|| async {
            let (_, token) =
                instance::create(&self.app.tenants, ("Tests", None), operator(), self.app.clock.system_time())
                    .await
                    .unwrap();
            let token = token.expose_secret().to_owned();
            assert_eq!(self.get("/mcp/admin/tenants", &token).await.status, StatusCode::OK);
            token
        });
        made.await.clone()
    }

    /// Sends a request as it is; without a peer of its own it comes from `PEER`.
    pub async fn send(&self, mut request: Request<Body>) -> Answer {
        if request.extensions().get::<Peer>().is_none() {
            request.extensions_mut().insert(Peer(PEER.parse::<SocketAddr>().unwrap()));
        }
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let endless = parts.headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind == "text/event-stream");
        let body = if endless { Bytes::new() } else { axum::body::to_bytes(body, 64 << 20).await.unwrap() };
        Answer { status: parts.status, headers: parts.headers, body }
    }

    /// Sends a request, with a token and a JSON body where there are any.
    pub async fn ask(&self, method: Method, path: &str, token: Option<&str>, body: Option<Value>) -> Answer {
        self.send(request(method, path, token, body)).await
    }

    /// Gets an address.
    pub async fn get(&self, path: &str, token: &str) -> Answer {
        self.ask(Method::GET, path, Some(token), None).await
    }

    /// Signs in.
    pub async fn login(&self, email: &str, password: &str) -> Answer {
        let body = serde_json::json!({ "email": email, "password": password });
        self.ask(Method::POST, "/api/auth/login", None, Some(body)).await
    }
}

/// A request with a token and a JSON body where there are any.
pub fn request(method: Method, path: &str, token: Option<&str>, body: Option<Value>) -> Request<Body> {
    let mut request = Request::builder().method(method).uri(path);
    if let Some(token) = token {
        request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
    }
    match body {
        Some(body) => {
            request.header(header::CONTENT_TYPE, "application/json").body(Body::from(body.to_string())).unwrap()
        }
        None => request.body(Body::empty()).unwrap(),
    }
}

impl Shop {
    /// The person of a role.
    pub fn person(&self, role: Role) -> &User {
        self.people.iter().find(|user| user.role == role).unwrap()
    }
}

impl Answer {
    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {:?}", self.body))
    }

    /// The `code` of a problem.
    pub fn code(&self) -> String {
        assert_eq!(self.headers[header::CONTENT_TYPE], "application/problem+json", "{self:?}");
        self.json()["code"].as_str().unwrap().to_owned()
    }

    /// The `field` of a problem.
    pub fn field(&self) -> Option<String> {
        self.json()["field"].as_str().map(str::to_owned)
    }

    /// The body without what is each request's own.
    pub fn comparable(&self) -> Value {
        let mut body = self.json();
        if let Some(fields) = body.as_object_mut() {
            fields.remove("request_id");
        }
        body
    }

    /// The value of the refresh cookie that was set.
    pub fn cookie(&self) -> String {
        let line = self.headers[header::SET_COOKIE].to_str().unwrap();
        line.split(';').next().unwrap().to_owned()
    }
}
