//! The server over HTTP, known only by the document it gives away: every operation x every credential, siblings that agree, other
//! tenants' ids that nobody can tell from ids of nothing, and no door that the document does not name.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::sync::Mutex;
use std::time::Duration;

use axum::http::{HeaderMap, Method, StatusCode};
use jiff::SignedDuration;
use pulsepoint::auth::{Access, Claims, Permission, Role};
use pulsepoint::http::{PerMinute, Settings};
use pulsepoint::routes::{Route, table};
use serde_json::{Value, json};

use crate::access::{OWNERS_ONLY, ask, key};
use crate::access_admin::canonical;
use crate::oidc;
use crate::support::app::Shop;
use crate::support::ask::{Ask, with_random_ids};
use crate::support::provider::Provider;
use crate::support::wire::{Running, serve};

/// What a key of `manage` alone is refused by the handler, since nobody hands out or touches more than they hold themselves.
const BEYOND_MANAGE: [&str; 10] = [
    "DELETE /api/users/{id}/passkeys",
    "POST /api/users",
    "PATCH /api/users/{id}",
    "DELETE /api/users/{id}",
    "POST /api/users/{id}/reset",
    "DELETE /api/users/{id}/sessions",
    "DELETE /api/users/{id}/totp",
    "POST /api/users/invitations",
    "DELETE /api/users/invitations/{id}",
    "POST /api/keys",
];

/// Longer than any access token lasts.
const NINE_HOURS: SignedDuration = SignedDuration::from_hours(9);

/// Who asks.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Who {
    Nobody,
    Garbage,
    /// A key of one permission alone.
    Only(usize),
    ExpiredPerson,
    ExpiredKey,
    RevokedPerson,
    RevokedKey,
    /// The owner, and a key of everything, of the other tenant.
    ForeignPerson,
    ForeignKey,
    /// Whoever runs the installation: nobody in any tenant.
    Instance,
}

impl Who {
    /// Refused as if there were no credentials at all.
    fn is_unknown(self) -> bool {
        use Who::{ExpiredKey, ExpiredPerson, Garbage, Nobody, RevokedKey, RevokedPerson};
        matches!(self, Nobody | Garbage | ExpiredPerson | ExpiredKey | RevokedPerson | RevokedKey)
    }

    fn is_foreign(self) -> bool {
        matches!(self, Self::ForeignPerson | Self::ForeignKey)
    }
}

/// Every credential there is.
async fn credentials(running: &Running, shop: &Shop, other: &Shop) -> Vec<(Who, Option<String>)> {
    let app = &running.app;
    let text = |made: &Value| made["key"].as_str().unwrap().to_owned();
    let none = json!({});
    let mut all = vec![(Who::Nobody, None), (Who::Garbage, Some("x.y.z".to_owned()))];
    for (at, permission) in Permission::ALL.into_iter().enumerate() {
        all.push((Who::Only(at), Some(text(&key(app, shop, &[permission], &none).await))));
    }
    let (expired, revoked) =
        (key(app, shop, &Permission::ALL, &none).await, key(app, shop, &Permission::ALL, &none).await);
    let id = expired["id"].as_str().unwrap().to_owned();
    let past =
        move |tx: &rusqlite::Transaction| Ok(tx.execute("update api_keys set expires_at_ms = 1 where id = ?1", [&id])?);
    shop.tenant.db().write(past).await.unwrap();
    let path = format!("/api/keys/{}", revoked["id"].as_str().unwrap());
    let gone = app.ask(Method::DELETE, &path, Some(&app.token(shop, Role::Owner)), None).await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT);
    all.push((Who::ExpiredKey, Some(text(&expired))));
    all.push((Who::RevokedKey, Some(text(&revoked))));

    let now = app.app.clock.system_time();
    let claims = Claims::new(shop.tenant.id().as_str(), &shop.person(Role::Owner).id, Role::Owner, 1, now - NINE_HOURS);
    all.push((Who::ExpiredPerson, Some(app.app.auth.signer().sign(&claims).unwrap())));
    let signed_out = app.token(shop, Role::Marketer);
    let out = app.ask(Method::POST, "/api/auth/logout", Some(&signed_out), None).await;
    assert_eq!(out.status, StatusCode::NO_CONTENT);
    all.push((Who::RevokedPerson, Some(signed_out)));
    all.push((Who::Instance, Some(app.instance_token().await)));
    all.push((Who::ForeignPerson, Some(app.token(other, Role::Owner))));
    all.push((Who::ForeignKey, Some(text(&key(app, other, &Permission::ALL, &none).await))));
    all
}

/// What came over the wire.
pub struct Reply {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Reply {
    /// Everything of it that is not each request's own, as bytes.
    pub fn anonymous(&self) -> (StatusCode, BTreeMap<String, String>, String) {
        let id = self.headers["x-request-id"].to_str().unwrap();
        let own = ["x-request-id", "server-timing", "date"];
        let told = self.headers.iter().filter(|(name, _)| !own.contains(&name.as_str()));
        let told = told.map(|(name, value)| (name.to_string(), format!("{value:?}"))).collect();
        (self.status, told, String::from_utf8_lossy(&self.body).replace(id, ""))
    }
}

/// A client that counts what it is answered.
pub struct Tester<'a> {
    running: &'a Running,
    client: reqwest::Client,
    statuses: Mutex<BTreeMap<u16, usize>>,
    /// What was not as it should be: all of it at once tells more than the first.
    wrong: Mutex<Vec<String>>,
}

impl<'a> Tester<'a> {
    pub fn of(running: &'a Running) -> Self {
        let client = crate::support::client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        Self { running, client, statuses: Default::default(), wrong: Default::default() }
    }

    pub async fn send(&self, method: &Method, asked: &Ask, token: Option<&str>) -> Reply {
        let mut request = self.client.request(method.clone(), format!("http://{}{}", self.running.address, asked.path));
        if !asked.kind.is_empty() {
            request = request.header("content-type", &asked.kind);
        }
        if let Some(cookie) = &asked.cookie {
            request = request.header("cookie", cookie);
        }
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        let answer = request.body(asked.body.clone()).send();
        // Not a measure of speed: a hang shall end as a failure with a name.
        let answer = tokio::time::timeout(Duration::from_secs(60), answer).await;
        let answer = answer.unwrap_or_else(|_| panic!("{method} {} hangs", asked.path)).unwrap();
        let (status, headers) = (answer.status(), answer.headers().clone());
        let endless = headers.get("content-type").is_some_and(|kind| kind == "text/event-stream");
        let body = if endless { Vec::new() } else { answer.bytes().await.unwrap().to_vec() };
        assert!(status.as_u16() < 500, "{method} {}: {status} {}", asked.path, String::from_utf8_lossy(&body));
        *self.statuses.lock().unwrap().entry(status.as_u16()).or_default() += 1;
        Reply { status, headers, body }
    }

    /// Sends nothing but a method and an address.
    pub async fn bare(&self, method: &Method, path: &str, token: Option<&str>) -> Reply {
        let asked =
            Ask { path: path.into(), body: vec![], kind: String::new(), cookie: None, expected: StatusCode::OK };
        self.send(method, &asked, token).await
    }

    /// The operations of the document that the server gives away.
    pub async fn operations(&self) -> BTreeSet<(String, String)> {
        let document: Value =
            serde_json::from_slice(&self.bare(&Method::GET, "/api/openapi.json", None).await.body).unwrap();
        let paths = document["paths"].as_object().unwrap().iter();
        let lines = paths.flat_map(|(path, item)| {
            item.as_object().unwrap().keys().map(move |method| (method.to_uppercase(), path.clone()))
        });
        lines.collect()
    }
}

/// No limit on how often one may ask.
pub fn unlimited() -> Settings {
    Settings { rate_limit_per_minute: PerMinute::Of(0), ..Settings::default() }
}

/// The list and the single, and what can be done with either: `/api/keys` and `/api/keys/{id}`.
fn family(path: &str) -> &str {
    path.split("/{id}").next().unwrap()
}

/// What is right to answer.
fn expected(route: &Route, line: &str, who: Who, asked: &Ask) -> StatusCode {
    // Somebody else's ids are nothing to an owner of another tenant either.
    let theirs = who.is_foreign() && route.path.contains('{');
    let line = canonical(line);
    let in_person = route.access == Access::Person || (OWNERS_ONLY.contains(&line.as_str()) && !theirs);
    match (route.access, who) {
        (Access::Public, _) | (Access::Instance, Who::Instance) => asked.expected,
        (_, Who::Instance) => StatusCode::UNAUTHORIZED,
        (_, who) if who.is_unknown() => StatusCode::UNAUTHORIZED,
        (Access::Instance, _) => StatusCode::FORBIDDEN,
        (_, Who::ForeignKey | Who::Only(_)) if in_person => StatusCode::FORBIDDEN,
        (_, who) if who.is_foreign() => StatusCode::NOT_FOUND,
        (Access::Needs(needed), Who::Only(at)) => {
            let held = Permission::ALL[at];
            let beyond = held == Permission::Manage && BEYOND_MANAGE.contains(&line.as_str());
            if held != needed || beyond { StatusCode::FORBIDDEN } else { asked.expected }
        }
        _ => asked.expected,
    }
}

/// One row of the matrix: an operation, asked by everybody. Gives what each was told.
async fn row(tester: &Tester<'_>, (shop, other): (&Shop, &Shop), route: &Route, all: &[(Who, Option<String>)]) -> Said {
    let (app, line) = (&tester.running.app, format!("{} {}", route.method, route.path));
    let mut asked = ask(app, shop, route, Role::Owner).await.unwrap();
    let mut said = Vec::new();
    for (who, token) in all {
        // The other owner's own sign-out is among what it asks for.
        let token = if *who == Who::ForeignPerson { Some(app.token(other, Role::Owner)) } else { token.clone() };
        let wanted = expected(route, &line, *who, &asked);
        if wanted == asked.expected {
            // What was asked for before may be used up.
            asked = ask(app, shop, route, Role::Owner).await.unwrap();
        }
        let reply = tester.send(&route.method, &asked, token.as_deref()).await;
        let text = String::from_utf8_lossy(&reply.body).into_owned();
        if who.is_foreign() && route.access != Access::Public {
            // What one has just sent may come back.
            let sent = String::from_utf8_lossy(&asked.body).into_owned();
            let ours = [shop.brand.uid.as_str(), shop.tenant.id().as_str(), "juniper-oak"];
            let told = ours.iter().find(|one| text.contains(**one) && !sent.contains(**one));
            assert_eq!(told, None, "{line} tells {who:?} of another tenant: {text}");
        }
        let has_ids = route.path.contains('{');
        if who.is_foreign() && !has_ids && wanted == StatusCode::NOT_FOUND {
            // There is nothing of another tenant to ask for.
            continue;
        }
        if reply.status != wanted {
            tester.wrong.lock().unwrap().push(format!("{line} for {who:?}: {} and not {wanted}: {text}", reply.status));
        }
        if has_ids && who.is_foreign() && route.access != Access::Instance {
            let real = std::mem::replace(&mut asked.path, with_random_ids(route.path));
            let random = tester.send(&route.method, &asked, token.as_deref()).await;
            assert_eq!(random.anonymous(), reply.anonymous(), "{line} tells {who:?} which ids are somebody's");
            asked.path = real;
        }
        said.push((*who, reply.status));
    }
    said
}

/// Who was told what.
type Said = Vec<(Who, StatusCode)>;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_operation_of_the_document_for_every_credential() {
    let running = serve(Settings { public_url: oidc::PUBLIC.parse().unwrap(), ..unlimited() }).await;
    let provider = Provider::of(oidc::ANALYST).await;
    oidc::sign_in_at(&running.app, &provider);
    let (shop, other) = (running.app.shop("juniper-oak").await, running.app.shop("northwind-demo").await);
    let all = credentials(&running, &shop, &other).await;
    let tester = Tester::of(&running);
    let operations = tester.operations().await;
    // By family and access, and by family for what only reads.
    let mut verdicts: BTreeMap<(String, String, Who), BTreeSet<u16>> = BTreeMap::new();
    for route in table() {
        let line = format!("{} {}", route.method, route.path);
        assert!(operations.contains(&(route.method.to_string(), route.path.to_owned())), "{line} is not listed");
        for (who, status) in row(&tester, (&shop, &other), &route, &all).await {
            let verdict = if [401, 403].contains(&status.as_u16()) { status.as_u16() } else { 200 };
            let rule = canonical(&line);
            let own_rule = OWNERS_ONLY.contains(&rule.as_str()) || BEYOND_MANAGE.contains(&rule.as_str());
            if !own_rule && !who.is_foreign() {
                let place = (family(route.path).to_owned(), format!("{:?}", route.access), who);
                verdicts.entry(place).or_default().insert(verdict);
            }
            if route.method == Method::GET && !who.is_foreign() {
                verdicts.entry((family(route.path).to_owned(), "reading".into(), who)).or_default().insert(verdict);
            }
        }
    }
    assert_eq!(*tester.wrong.lock().unwrap(), Vec::<String>::new());
    for (place, said) in &verdicts {
        assert_eq!(said.len(), 1, "siblings do not agree: {place:?} {said:?}");
    }
    assert_eq!(running.app.app.counters.figures().iter().map(|one| one.panics).sum::<u64>(), 0);
    let statuses = tester.statuses.lock().unwrap().clone();
    let cells = operations.len() * all.len();
    // Past the test's own capture: the number belongs in the log.
    writeln!(std::io::stderr(), "blackbox: {cells} cells over {} operations; {statuses:?}", operations.len()).unwrap();
    assert_eq!(operations.len(), table().len(), "the document lists what the table has not");
    running.stop.cancel();
}
