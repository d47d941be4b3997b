//! Every route that changes something, counted: what succeeds leaves exactly one entry of its own request, what is refused
//! exactly one denial, what only reads none; and where the entry cannot be written, nothing is changed.
//!
//! A new route is covered as soon as `ask` of `access` knows it; one that is not known fails here as there.

use axum::http::{Method, StatusCode};
use pulsepoint::auth::{Access, Role};
use pulsepoint::backup::{self, TableSum};
use pulsepoint::events::{self, Event};
use pulsepoint::routes::{Route, table};
use rusqlite::Transaction;

use crate::access::{app, ask};
use crate::access_admin::{canonical, credential};
use crate::support::app::{Answer, PASSWORD, Shop, TestApp};
use crate::support::ask::Ask;

/// Not `GET`, and yet it changes nothing: why.
const READS: [(&str, &str); 9] = [
    ("POST /api/auth/oidc/start", "sends to the provider; who comes back signs in"),
    ("POST /api/auth/passkeys", "a challenge, kept in memory"),
    ("POST /api/auth/passkeys/login", "a challenge, kept in memory"),
    ("POST /api/auth/links", "shows what a link is for; the token is a secret, so it travels in a body"),
    ("POST /api/brands/{brand}/query", "a question that is too long for an address"),
    ("POST /api/brands/{brand}/channels/try", "a question with rules that are not kept"),
    ("POST /api/webhooks/shopify/{integration}", "a nudge; the run that follows has its own history"),
    ("POST /px/{site}", "a visit: data that lands, many a second"),
    ("POST /api/setup", "the instance is set up already: the route is not there"),
];

/// A browser follows a link to it, and it signs in.
const BACK: &str = "GET /api/auth/oidc/callback";

/// What one request begins and a job ends has an entry of each.
const MORE: [(&str, &[&str]); 1] = [("POST /api/brands/{brand}/imports", &["import.finished", "import.started"])];

fn line(route: &Route) -> String {
    format!("{} {}", route.method, route.path)
}

/// What to ask, where the table of `access` would ask for what changes nothing.
async fn changing(app: &TestApp, shop: &Shop, route: &Route) -> Ask {
    let mut asked = ask(app, shop, route, Role::Owner).await.unwrap_or_else(|| panic!("no request to {}", line(route)));
    if line(route) == "POST /api/auth/logout" {
        asked.cookie = Some(app.login(&shop.people[0].email, PASSWORD).await.cookie());
    }
    asked
}

/// The kinds of the entries of one request in both chains, in the order of the alphabet.
async fn entries_of(app: &TestApp, shop: &Shop, answer: &Answer) -> Vec<String> {
    app.app.auth.denials().flush().await.unwrap();
    let id = answer.headers["x-request-id"].to_str().unwrap();
    let mut kinds = Vec::new();
    for db in [shop.tenant.db(), app.app.tenants.control()] {
        let all: Vec<Event> = db.read(|conn| events::read_from(conn, "test", 100_000)).await.unwrap();
        kinds.extend(all.into_iter().filter(|event| event.request_id.as_deref() == Some(id)).map(|event| event.kind));
    }
    kinds.sort();
    kinds
}

/// Waits until nothing runs that a request began.
async fn at_rest(app: &TestApp, shop: &Shop) {
    let busy = "select count(*) from imports where state in ('queued', 'running')";
    loop {
        let imports: i64 =
            shop.tenant.db().read(move |conn| Ok(conn.query_row(busy, [], |row| row.get(0))?)).await.unwrap();
        if imports == 0 && !app.app.backups.state(shop.tenant.id()).running {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn every_change_leaves_one_entry_and_every_reading_none() {
    let app = app().await;
    let shop = app.shop("juniper-oak").await;
    let (mut changes, mut readings) = (0, 0);
    for route in table() {
        let line = line(&route);
        let asked = changing(&app, &shop, &route).await;
        let token = credential(&app, &shop, &route, Role::Owner).await;
        let answer = asked.send(&app, &route.method, Some(&token)).await;
        assert_eq!(answer.status, asked.expected, "{line}: {answer:?}");
        at_rest(&app, &shop).await;
        let found = entries_of(&app, &shop, &answer).await;
        let reads = (route.method == Method::GET && line != BACK) || READS.iter().any(|(known, _)| *known == line);
        if reads {
            assert!(found.is_empty(), "{line} only reads, and left {found:?}");
            readings += 1;
        } else if let Some((_, more)) = MORE.iter().find(|(known, _)| *known == line) {
            assert_eq!(&found, more, "{line}");
            changes += 1;
        } else {
            assert_eq!(found.len(), 1, "{line} left {found:?}");
            changes += 1;
        }
    }
    assert_eq!(changes + readings, table().len());
    for known in READS.iter().map(|(known, _)| known).chain(MORE.iter().map(|(known, _)| known)) {
        assert!(table().iter().any(|route| line(route) == *known), "{known} is no route any more");
    }
    let verdict = app.app.tenants.verify_events(&shop.tenant).await.unwrap();
    assert_eq!(verdict.fault, None);
}

#[tokio::test]
async fn every_refusal_leaves_one_denial_and_nothing_else() {
    let app = app().await;
    let shop = app.shop("juniper-oak").await;
    let mut refused = 0;
    for route in table() {
        let role = match route.access {
            Access::Needs(permission) => Role::ALL.into_iter().find(|role| !role.permissions().has(permission)),
            Access::Instance => Some(Role::Owner),
            Access::Public | Access::SignedIn | Access::Person => None,
        };
        let Some(role) = role else { continue };
        let asked = changing(&app, &shop, &route).await;
        at_rest(&app, &shop).await;
        let before = sums(&app, &shop).await;
        let answer = asked.send(&app, &route.method, Some(&app.token(&shop, role))).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{}: {answer:?}", line(&route));
        assert_eq!(entries_of(&app, &shop, &answer).await, ["access.denied"], "{}", line(&route));
        assert_eq!(sums(&app, &shop).await, before, "{} was refused and changed something", line(&route));
        refused += 1;
    }
    assert!(refused > 20, "{refused}");
    let tried = app.login(&shop.people[0].email, "not the password").await;
    assert_eq!(entries_of(&app, &shop, &tried).await, ["login.failed"]);
}

/// What all tables hold, without the chains and what control notes of them.
async fn sums(app: &TestApp, shop: &Shop) -> Vec<TableSum> {
    let mut all = Vec::new();
    for db in [shop.tenant.db(), app.app.tenants.control()] {
        let found = db.read(backup::sums).await.unwrap();
        let told = |name: &String| !["events", "file_identity", "tenants"].contains(&name.as_str());
        all.extend(found.into_iter().filter(|sum| told(&sum.name)));
    }
    all
}

#[tokio::test]
async fn what_cannot_be_told_is_not_done() {
    let app = app().await;
    let shop = app.shop("juniper-oak").await;
    let lock = "create trigger no_entry before insert on events begin select raise(abort, 'the log is full'); end";
    let mut failed = 0;
    for route in table() {
        let line = line(&route);
        if route.method == Method::GET || READS.iter().any(|(known, _)| *known == line) {
            continue;
        }
        let asked = changing(&app, &shop, &route).await;
        if asked.expected == StatusCode::UNAUTHORIZED {
            // Nobody came back from a provider: refused, which the other test counts.
            continue;
        }
        at_rest(&app, &shop).await;
        let token = credential(&app, &shop, &route, Role::Owner).await;
        let chain = if route.access == Access::Instance { app.app.tenants.control() } else { shop.tenant.db() };
        let before = sums(&app, &shop).await;
        chain.write(move |tx: &Transaction| Ok(tx.execute_batch(lock)?)).await.unwrap();
        let answer = asked.send(&app, &route.method, Some(&token)).await;
        at_rest(&app, &shop).await;
        chain.write(|tx| Ok(tx.execute_batch("drop trigger no_entry")?)).await.unwrap();
        // A backup is told of by the job, once there is one.
        let began = canonical(&line) == "POST /api/backups";
        let expected = if began { asked.expected } else { StatusCode::INTERNAL_SERVER_ERROR };
        assert_eq!(answer.status, expected, "{line}: {answer:?}");
        let (mut before, mut after) = (before, sums(&app, &shop).await);
        // These lie in another file and come first. An e-mail without a person is harmless, and an erasure that was noted is done by
        // the daily job, with its entry.
        for sums in [&mut before, &mut after] {
            sums.retain(|sum| !["emails", "erased_customers"].contains(&sum.name.as_str()));
        }
        let differing: Vec<_> = before.iter().zip(&after).filter(|(one, other)| one != other).collect();
        assert!(before.len() == after.len() && differing.is_empty(), "{line} changed {differing:?} without an entry");
        failed += 1;
    }
    assert!(failed > 20, "{failed}");
}
