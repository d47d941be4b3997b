//! What keys may do on every route, what is beyond the reach of people and keys of other brands, and what every mutation leaves.

use std::io::Write;

use axum::http::{Method, StatusCode};
use pulsepoint::auth::{Access, Permission, Role};
use pulsepoint::events;
use pulsepoint::routes::table;
use serde_json::{Value, json};

use crate::access::{OWNERS_ONLY, app, ask, key};
use crate::access_admin::{canonical, credential};
use crate::support::app::{Answer, Shop, TestApp};
use crate::support::ask::{Ask, with_random_ids};

/// Whole keys of one tenant and one of another's.
struct Keys {
    /// All six permissions.
    all: String,
    expired: String,
    revoked: String,
    foreign: String,
}

impl Keys {
    async fn of(app: &TestApp, shop: &Shop, other: &Shop) -> Self {
        let text = |made: Value| made["key"].as_str().unwrap().to_owned();
        let none = json!({});
        let all = || key(app, shop, &Permission::ALL, &none);
        let (expired, revoked) = (all().await, all().await);
        let id = expired["id"].as_str().unwrap().to_owned();
        let past = move |tx: &rusqlite::Transaction| {
            Ok(tx.execute("update api_keys set expires_at_ms = 1 where id = ?1", [&id])?)
        };
        shop.tenant.db().write(past).await.unwrap();
        let path = format!("/api/keys/{}", revoked["id"].as_str().unwrap());
        let gone = app.ask(Method::DELETE, &path, Some(&app.token(shop, Role::Owner)), None).await;
        assert_eq!(gone.status, StatusCode::NO_CONTENT);
        let foreign = key(app, other, &Permission::ALL, &json!({})).await;
        Self { all: text(all().await), expired: text(expired), revoked: text(revoked), foreign: text(foreign) }
    }
}

#[tokio::test]
async fn every_route_for_keys() {
    let app = app().await;
    let (shop, other) = (app.shop("juniper-oak").await, app.shop("northwind-demo").await);
    let keys = Keys::of(&app, &shop, &other).await;
    let mut cells = 0;
    for route in table() {
        let line = format!("{} {}", route.method, route.path);
        let send = async |key: &str| {
            let asked = ask(&app, &shop, &route, Role::Owner).await.unwrap();
            (asked.send(&app, &route.method, Some(key)).await, asked)
        };
        let (whole, asked) = send(&keys.all).await;
        let in_person = route.access == Access::Person || OWNERS_ONLY.contains(&canonical(&line).as_str());
        let in_person = in_person || route.access == Access::Instance;
        let expected = if in_person { StatusCode::FORBIDDEN } else { asked.expected };
        assert_eq!(whole.status, expected, "{line} for a key of all permissions: {whole:?}");

        if let Access::Needs(needed) = route.access {
            let rest: Vec<Permission> = Permission::ALL.into_iter().filter(|one| *one != needed).collect();
            let without = key(&app, &shop, &rest, &json!({})).await;
            let (refused, _) = send(without["key"].as_str().unwrap()).await;
            assert_eq!(refused.status, StatusCode::FORBIDDEN, "{line} for a key without {needed:?}: {refused:?}");
            cells += 1;
        }
        for (bad, what) in [(&keys.expired, "an expired"), (&keys.revoked, "a revoked")] {
            let (answer, asked) = send(bad).await;
            let public = route.access == Access::Public;
            let expected = if public { asked.expected } else { StatusCode::UNAUTHORIZED };
            assert_eq!(answer.status, expected, "{line} for {what} key: {answer:?}");
        }
        if route.path.contains('{') && !matches!(route.access, Access::Person | Access::Instance) {
            let (answer, asked) = send(&keys.foreign).await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{line} for another tenant's key: {answer:?}");
            let random = Ask { path: with_random_ids(route.path), ..asked };
            let nowhere = random.send(&app, &route.method, Some(&keys.foreign)).await;
            assert_eq!(nowhere.comparable(), answer.comparable(), "{line}");
        }
        cells += 4;
    }
    writeln!(std::io::stderr(), "access: {cells} cells of keys").unwrap();
    assert!(cells > table().len() * 4, "most routes need a permission");
}

#[tokio::test]
async fn every_route_of_a_brand_beyond_one_s_reach() {
    let app = app().await;
    let shop = app.shop("juniper-oak").await;
    let owner = app.token(&shop, Role::Owner);
    let body = json!({ "name": "Other", "currency": "USD", "timezone": "Europe/London" });
    assert_eq!(app.ask(Method::POST, "/api/brands", Some(&owner), Some(body)).await.status, StatusCode::CREATED);
    let admin = format!("/api/users/{}", shop.person(Role::Admin).id);
    let limited = app.ask(Method::PATCH, &admin, Some(&owner), Some(json!({ "brands": ["other"] }))).await;
    assert_eq!(limited.status, StatusCode::OK, "{limited:?}");
    let key = key(&app, &shop, &Permission::ALL, &json!({ "brands": ["other"] })).await;
    let mut routes = 0;
    for route in table().iter().filter(|route| route.path.contains("{brand}")) {
        routes += 1;
        for credential in [app.token(&shop, Role::Admin), key["key"].as_str().unwrap().to_owned()] {
            let asked = ask(&app, &shop, route, Role::Owner).await.unwrap();
            let answer = asked.send(&app, &route.method, Some(&credential)).await;
            let line = format!("{} {}", route.method, route.path);
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{line}: {answer:?}");
            let random = Ask { path: with_random_ids(route.path), ..asked };
            let nowhere = random.send(&app, &route.method, Some(&credential)).await;
            assert_eq!(nowhere.comparable(), answer.comparable(), "{line}");
        }
    }
    assert!(routes > 8);
    for credential in [app.token(&shop, Role::Admin), key["key"].as_str().unwrap().to_owned()] {
        let list = app.get("/api/brands", &credential).await.json();
        let slugs: Vec<_> = list["brands"].as_array().unwrap().iter().map(|brand| brand["slug"].clone()).collect();
        assert_eq!(slugs, ["other"]);
        let me = app.get("/api/auth/me", &credential).await.json();
        assert_eq!((me["brands"].as_array().unwrap().len(), &me["brands"][0]["slug"]), (1, &json!("other")));
    }
}

/// What a mutation leaves: the events of the tenant and of the instance.
async fn events_of(app: &TestApp, shop: &Shop) -> usize {
    app.app.auth.denials().flush().await.unwrap();
    let own = shop.tenant.db().read(|conn| events::read_from(conn, "test", 100_000)).await.unwrap();
    let all = app.app.tenants.control().read(|conn| events::read_from(conn, "test", 100_000)).await.unwrap();
    own.len() + all.len()
}

#[tokio::test]
async fn every_mutation_leaves_one_event_and_no_question_any() {
    // An import and a backup go on in the background and tell of their end; a set-up is over here; a query asks, and so does who
    // goes to the provider or wants to use a passkey. Who comes back from the provider signs in, though a browser only follows a link.
    const LATER: [&str; 2] = ["POST /api/brands/{brand}/imports", "POST /api/backups"];
    const NOT: [&str; 9] = [
        "POST /api/setup",
        "POST /api/brands/{brand}/query",
        "POST /api/brands/{brand}/channels/try",
        "POST /api/auth/links",
        "POST /api/auth/oidc/start",
        "POST /api/auth/passkeys",
        "POST /api/auth/passkeys/login",
        "POST /px/{site}",
        // A nudge: what the run that follows lands has its own history.
        "POST /api/webhooks/shopify/{integration}",
    ];
    const BACK: &str = "GET /api/auth/oidc/callback";
    let app = app().await;
    let (shop, _other) = (app.shop("juniper-oak").await, app.shop("northwind-demo").await);
    for route in table() {
        let line = format!("{} {}", route.method, route.path);
        let asked = ask(&app, &shop, &route, Role::Owner).await.unwrap();
        let token = credential(&app, &shop, &route, Role::Owner).await;
        let before = events_of(&app, &shop).await;
        let answer = asked.send(&app, &route.method, Some(&token)).await;
        assert_eq!(answer.status, asked.expected, "{line}");
        let left = events_of(&app, &shop).await - before;
        let mutates = (route.method != Method::GET || line == BACK) && !NOT.contains(&line.as_str());
        match LATER.contains(&canonical(&line).as_str()) {
            true => until_over(&app, &shop, &answer).await,
            false => assert_eq!(left, usize::from(mutates), "{line}"),
        }
    }
}

/// Waits for what goes on in the background, or its end would be told during another route.
async fn until_over(app: &TestApp, shop: &Shop, begun: &Answer) {
    let owner = app.token(shop, Role::Owner);
    let answer: Value = serde_json::from_slice(&begun.body).unwrap_or_default();
    let import = answer["id"].as_str().map(|id| format!("/api/brands/{}/imports/{id}", shop.brand.uid));
    loop {
        let importing = match &import {
            Some(path) => {
                let shown = app.get(path, &owner).await;
                shown.status == StatusCode::OK && shown.json()["finished_at"].is_null()
            }
            None => false,
        };
        if !importing && !app.app.backups.state(shop.tenant.id()).running {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
}
