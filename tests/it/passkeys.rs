//! Passkeys with a device of the tests' own: made, used, removed, and everything that must not work.

use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use pulsepoint::auth::Role;
use pulsepoint::events;
use pulsepoint::http::{PerMinute, Settings};
use serde_json::{Value, json};

use crate::second_factor;
use crate::support::app::{Answer, PASSWORD, Shop, TestApp, operator};
use crate::support::device::Device;

pub const ORIGIN: &str = "https://figures.example.com";

/// A Pulsepoint at an address.
pub async fn app_at(public_url: &str) -> TestApp {
    let public_url = public_url.parse().unwrap();
    TestApp::with(Settings { rate_limit_per_minute: PerMinute::Of(0), public_url, ..Settings::default() }).await
}

pub async fn world() -> (TestApp, Shop, Shop) {
    let app = app_at(ORIGIN).await;
    let (shop, other) = (app.shop("juniper-oak").await, app.shop("northwind-demo").await);
    (app, shop, other)
}

/// What somebody is asked who makes a passkey.
pub async fn asked(app: &TestApp, token: &str) -> Value {
    let path = "/api/auth/passkeys";
    let answer = app.ask(Method::POST, path, Some(token), Some(json!({ "password": PASSWORD }))).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    answer.json()
}

pub async fn confirm(app: &TestApp, token: &str, ceremony: &Value, credential: Value) -> Answer {
    let body = json!({ "ceremony": ceremony, "name": "My phone", "credential": credential });
    app.ask(Method::POST, "/api/auth/passkeys/confirm", Some(token), Some(body)).await
}

/// The body that ends the making of a passkey.
pub async fn made(app: &TestApp, token: &str, device: &mut Device) -> Value {
    let asked = asked(app, token).await;
    let credential = device.create(&asked["options"]);
    json!({ "ceremony": asked["ceremony"], "name": "My phone", "credential": credential })
}

/// Takes the passkeys of a role's person away, as if there had never been one.
pub async fn forget(shop: &Shop, who: Role) {
    let id = shop.person(who).id.clone();
    let wipe = move |tx: &rusqlite::Transaction| Ok(tx.execute("delete from passkeys where user_id = ?1", [&id])?);
    shop.tenant.db().write(wipe).await.unwrap();
}

/// Adds a passkey of the device; its id.
pub async fn added(app: &TestApp, token: &str, device: &mut Device) -> String {
    let body = made(app, token, device).await;
    let answer = app.ask(Method::POST, "/api/auth/passkeys/confirm", Some(token), Some(body)).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
    answer.json()["id"].as_str().unwrap().to_owned()
}

/// What somebody is asked who signs in with a passkey.
pub async fn challenged(app: &TestApp) -> Value {
    app.ask(Method::POST, "/api/auth/passkeys/login", None, None).await.json()
}

pub async fn show(app: &TestApp, ceremony: &Value, credential: &Value) -> Answer {
    let body = json!({ "ceremony": ceremony, "credential": credential });
    app.ask(Method::POST, "/api/auth/passkeys/login/confirm", None, Some(body)).await
}

/// Signs in with the device's newest key.
pub async fn sign_in(app: &TestApp, device: &mut Device) -> Answer {
    let asked = challenged(app).await;
    let credential = device.get(&asked["options"]);
    show(app, &asked["ceremony"], &credential).await
}

async fn told(shop: &Shop, kind: &str) -> Vec<events::Event> {
    let all = shop.tenant.db().read(|conn| events::read_from(conn, "test", 1000)).await.unwrap();
    all.into_iter().filter(|event| event.kind == kind).collect()
}

#[tokio::test]
async fn a_passkey_is_made_named_used_and_removed() {
    let (app, shop, other) = world().await;
    let token = app.token(&shop, Role::Analyst);
    let options = asked(&app, &token).await["options"].clone();
    assert_eq!(
        (&options["rp"]["id"], &options["user"]["name"]),
        (&json!("figures.example.com"), &json!("analyst@juniper-oak.example"))
    );
    let selection = &options["authenticatorSelection"];
    assert_eq!((&selection["userVerification"], &selection["residentKey"]), (&json!("required"), &json!("required")));

    let mut device = Device::at(ORIGIN);
    let id = added(&app, &token, &mut device).await;
    let again = asked(&app, &token).await;
    assert_eq!(again["options"]["excludeCredentials"].as_array().unwrap().len(), 1, "a device is not set up twice");
    let list = app.get("/api/auth/passkeys", &token).await.json();
    assert_eq!((&list["host"], &list["passkeys"][0]["name"]), (&json!("figures.example.com"), &json!("My phone")));
    assert_eq!(list["passkeys"][0]["last_used_at"], Value::Null);

    let challenge = challenged(&app).await;
    assert!(challenge["options"]["allowCredentials"].as_array().unwrap().is_empty(), "nobody is named");
    assert_eq!(challenge["options"]["userVerification"], "required");
    let answer = sign_in(&app, &mut device).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    assert!(answer.cookie().starts_with("pp_refresh="));
    assert_eq!(answer.json()["user"]["email"], "analyst@juniper-oak.example");
    assert_eq!(answer.json()["tenant"]["id"], shop.tenant.id().to_string());
    let list = app.get("/api/auth/passkeys", &token).await.json();
    assert!(list["passkeys"][0]["last_used_at"].is_string());
    let login = told(&shop, "login").await.pop().unwrap();
    assert_eq!(login.data, json!({ "with": "passkey", "second_factor": "passkey" }));

    let path = format!("/api/auth/passkeys/{id}/remove");
    let body = json!({ "password": PASSWORD });
    for foreign in [app.token(&shop, Role::Owner), app.token(&other, Role::Analyst)] {
        let answer = app.ask(Method::POST, &path, Some(&foreign), Some(body.clone())).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND);
    }
    let removed = app.ask(Method::POST, &path, Some(&token), Some(body)).await;
    assert_eq!(removed.status, StatusCode::NO_CONTENT, "{removed:?}");
    assert_eq!(sign_in(&app, &mut device).await.code(), "wrong_passkey", "a removed one lets nobody in");
    assert_eq!((told(&shop, "passkey.added").await.len(), told(&shop, "passkey.removed").await.len()), (1, 1));
}

#[tokio::test]
async fn making_one_takes_the_password_or_a_new_session() {
    let (app, shop, _) = world().await;
    let token = app.token(&shop, Role::Analyst);
    let begin = async |token: &str, cookie: Option<&str>, body: Value| {
        let mut request = Request::post("/api/auth/passkeys").header(header::CONTENT_TYPE, "application/json");
        request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        if let Some(cookie) = cookie {
            request = request.header(header::COOKIE, cookie);
        }
        app.send(request.body(Body::from(body.to_string())).unwrap()).await
    };
    assert_eq!(begin(&token, None, json!({})).await.code(), "confirm_yourself");
    assert_eq!(begin(&token, None, json!({ "password": "wrong" })).await.code(), "wrong_password");
    let mine = app.login("analyst@juniper-oak.example", PASSWORD).await.cookie();
    let theirs = app.login("owner@juniper-oak.example", PASSWORD).await.cookie();
    assert_eq!(begin(&token, Some(&theirs), json!({})).await.code(), "confirm_yourself", "somebody else's session");
    assert_eq!(begin(&token, Some(&mine), json!({})).await.status, StatusCode::OK);
    let age =
        |tx: &rusqlite::Transaction| Ok(tx.execute("update sessions set first_seen_ms = first_seen_ms - 601000", [])?);
    shop.tenant.db().write(age).await.unwrap();
    assert_eq!(begin(&token, Some(&mine), json!({})).await.code(), "confirm_yourself", "ten minutes later");
}

#[tokio::test]
async fn it_counts_as_a_second_factor_and_the_password_alone_does_not() {
    let (app, shop, _) = world().await;
    let token = app.token(&shop, Role::Analyst);
    let mut device = Device::at(ORIGIN);
    added(&app, &token, &mut device).await;
    second_factor::enrolled(&app, &shop, Role::Owner).await;
    let body = json!({ "second_factor_required": true });
    app.ask(Method::PUT, "/api/users/policy", Some(&app.token(&shop, Role::Owner)), Some(body)).await;
    let password = app.login("analyst@juniper-oak.example", PASSWORD).await.json();
    assert_eq!(password["user"]["permissions"], json!([]));
    let answer = sign_in(&app, &mut device).await;
    assert_eq!(answer.json()["user"]["permissions"], json!(["view", "ask", "act"]));
    let access = answer.json()["access_token"].as_str().unwrap().to_owned();
    assert_eq!(app.get("/api/brands", &access).await.status, StatusCode::OK);
    assert_eq!(app.get("/api/brands", &app.token(&shop, Role::Analyst)).await.status, StatusCode::FORBIDDEN);

    // A new password goes on with the session's strength.
    let body = json!({ "current": PASSWORD, "new": "quite another passphrase" });
    let mut request = Request::post("/api/auth/password").header(header::CONTENT_TYPE, "application/json");
    request = request.header(header::AUTHORIZATION, format!("Bearer {access}")).header(header::COOKIE, answer.cookie());
    let changed = app.send(request.body(Body::from(body.to_string())).unwrap()).await;
    assert_eq!(changed.json()["user"]["permissions"], json!(["view", "ask", "act"]), "{changed:?}");
    // A person with a code of their own is not asked for it after the passkey.
    second_factor::enrolled(&app, &shop, Role::Viewer).await;
    let body = json!({ "password": PASSWORD });
    let viewer = app.token(&shop, Role::Viewer);
    let asked = app.ask(Method::POST, "/api/auth/passkeys", Some(&viewer), Some(body)).await.json();
    let mut second = Device::at(ORIGIN);
    let credential = second.create(&asked["options"]);
    assert_eq!(confirm(&app, &viewer, &asked["ceremony"], credential).await.status, StatusCode::CREATED);
    assert_eq!(sign_in(&app, &mut second).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_closed_company_a_disabled_person_and_a_reset_shut_it_out() {
    let (app, shop, other) = world().await;
    let mut device = Device::at(ORIGIN);
    added(&app, &app.token(&shop, Role::Analyst), &mut device).await;
    app.app.tenants.suspend(shop.tenant.id(), operator()).await.unwrap();
    assert_eq!(sign_in(&app, &mut device).await.status, StatusCode::FORBIDDEN);
    app.app.tenants.resume(shop.tenant.id(), operator()).await.unwrap();
    let id = &shop.person(Role::Analyst).id;
    let owner = app.token(&shop, Role::Owner);
    for (state, status) in [("disabled", StatusCode::UNAUTHORIZED), ("active", StatusCode::OK)] {
        let path = format!("/api/users/{id}");
        app.ask(Method::PATCH, &path, Some(&owner), Some(json!({ "state": state }))).await;
        assert_eq!(sign_in(&app, &mut device).await.status, status, "{state}");
    }
    let path = format!("/api/users/{id}/passkeys");
    let foreign = app.ask(Method::DELETE, &path, Some(&app.token(&other, Role::Owner)), None).await;
    assert_eq!(foreign.status, StatusCode::NOT_FOUND);
    let reset = app.ask(Method::DELETE, &path, Some(&owner), None).await;
    assert_eq!(reset.status, StatusCode::NO_CONTENT, "{reset:?}");
    assert_eq!(app.ask(Method::DELETE, &path, Some(&owner), None).await.code(), "no_passkeys");
    assert_eq!(sign_in(&app, &mut device).await.code(), "wrong_passkey");
}

#[tokio::test]
async fn there_are_none_where_browsers_have_none() {
    for address in ["", "https://203.0.113.7", "http://figures.example.com", "http://192.168.1.7:8080"] {
        let app = app_at(address).await;
        let shop = app.shop("juniper-oak").await;
        let shown = app.ask(Method::GET, "/api/auth/passkeys/login", None, None).await.json();
        assert_eq!(shown, json!({ "enabled": false, "host": null }), "{address}");
        let token = app.token(&shop, Role::Owner);
        assert_eq!(
            app.get("/api/auth/passkeys", &token).await.json(),
            json!({ "enabled": false, "host": null, "passkeys": [] })
        );
        for (path, token) in [("/api/auth/passkeys", Some(token.as_str())), ("/api/auth/passkeys/login", None)] {
            let answer = app.ask(Method::POST, path, token, token.map(|_| json!({ "password": PASSWORD }))).await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{address} {path}");
        }
    }
    for address in ["https://figures.example.com:8443", "http://localhost:8080"] {
        let app = app_at(address).await;
        let shop = app.shop("juniper-oak").await;
        let mut device = Device::at(address);
        added(&app, &app.token(&shop, Role::Owner), &mut device).await;
        assert_eq!(sign_in(&app, &mut device).await.status, StatusCode::OK, "{address}");
    }
}
