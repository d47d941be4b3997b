//! What answers hold: nothing secret, nobody else's address, nothing of the inside of the server, not even when something fails.

use std::collections::BTreeSet;

use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use pulsepoint::auth::{Permission, Role};
use pulsepoint::routes::table;
use serde_json::json;

use crate::access::{ask, invitation, key};
use crate::access_admin::credential;
use crate::second_factor::enrolled;
use crate::support::app::{Answer, PASSWORD, Shop, TestApp};

/// A tenant in which everything secret exists, and all of it in clear or as it is stored.
async fn secrets(app: &TestApp, shop: &Shop) -> Vec<String> {
    let (phone, codes) = enrolled(app, shop, Role::Analyst).await;
    let made = key(app, shop, &[Permission::View], &json!({})).await;
    let (_, link) = invitation(app, shop).await;
    let cookie = app.login("owner@juniper-oak.example", PASSWORD).await.cookie();
    let mut all = vec![PASSWORD.to_owned(), "$argon2".to_owned(), phone.code(0)];
    all.extend(codes);
    all.push(made["key"].as_str().unwrap()[17..].to_owned());
    all.push(link.split_once('.').unwrap().1.to_owned());
    all.push(cookie.split_once('.').unwrap().1.to_owned());
    let stored: Vec<Vec<u8>> = shop
        .tenant
        .db()
        .read(|conn| {
            let columns = [
                "select mac from api_keys",
                "select sealed from second_factors",
                "select token_hash from links",
                "select token_hash from refresh_tokens",
                "select mac from recovery_codes",
            ];
            let mut all = Vec::new();
            for sql in columns {
                let mut query = conn.prepare(sql)?;
                let rows = query.query_map([], |row| row.get::<_, Vec<u8>>(0))?;
                all.extend(rows.collect::<Result<Vec<_>, _>>()?);
            }
            Ok(all)
        })
        .await
        .unwrap();
    assert!(stored.len() > 12, "each kind of secret is there");
    all.extend(stored.iter().map(|bytes| bytes.iter().take(16).map(|byte| format!("{byte:02x}")).collect()));
    all
}

#[tokio::test]
async fn no_answer_holds_more_than_it_should() {
    let app = TestApp::start().await;
    let shop = app.shop("juniper-oak").await;
    let secrets = secrets(&app, &shop).await;
    let mut answers = 0;
    for route in table().iter().filter(|route| route.method == Method::GET) {
        let asked = ask(&app, &shop, route, Role::Owner).await.unwrap();
        for role in Role::ALL {
            let answer = asked.send(&app, &route.method, Some(&app.token(&shop, role))).await;
            let said = String::from_utf8_lossy(&answer.body).into_owned();
            // The document names fields; it holds nobody's.
            let found = secrets.iter().find(|secret| said.contains(secret.as_str()));
            assert_eq!(found, None, "{} tells the {role} a secret: {said}", route.path);
            if role == Role::Viewer && answer.status == StatusCode::OK {
                let others = Role::ALL.into_iter().filter(|other| *other != role);
                let met = others.map(|other| shop.person(other).email.clone()).find(|email| said.contains(email));
                assert_eq!(met, None, "{} tells the viewer who else there is", route.path);
            }
            answers += 1;
        }
        let right = credential(&app, &shop, route, Role::Owner).await;
        let said = String::from_utf8_lossy(&asked.send(&app, &route.method, Some(&right)).await.body).into_owned();
        let found = secrets.iter().find(|secret| said.contains(secret.as_str()));
        assert_eq!(found, None, "{} tells a secret: {said}", route.path);
    }
    assert!(answers > 100, "{answers}");
}

/// Refusals of bodies that nobody can read.
async fn unreadable(app: &TestApp, owner: &str) -> Vec<Answer> {
    let mut all = Vec::new();
    for (kind, body) in [
        ("application/json", &b"{"[..]),
        ("application/json", b"\xff\xfe"),
        ("application/json", b"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["),
        ("application/xml", b"<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><x>&e;</x>"),
        ("text/plain", b"x"),
        ("multipart/form-data", b"x"),
        ("multipart/form-data; boundary=x", b"--x\r\n\r\n"),
    ] {
        for path in
            ["/api/brands", "/api/auth/login", "/api/brands/juniper-oak/imports", "/api/brands/juniper-oak/query"]
        {
            let asked = Request::post(path).header(header::AUTHORIZATION, format!("Bearer {owner}"));
            all.push(app.send(asked.header(header::CONTENT_TYPE, kind).body(Body::from(body)).unwrap()).await);
        }
    }
    all
}

/// One refusal of every kind that can be provoked from outside.
async fn provoked(app: &TestApp, shop: &Shop) -> Vec<Answer> {
    let owner = app.token(shop, Role::Owner);
    let mut all = Vec::new();
    for (method, path, token, body) in [
        (Method::GET, "/api/brands", None, None),
        (Method::GET, "/api/brands", Some("x"), None),
        (Method::GET, "/api/nowhere", Some(owner.as_str()), None),
        (Method::PUT, "/api/brands", Some(&owner), None),
        (Method::GET, "/api/brands/%ff", Some(&owner), None),
        (Method::GET, "/api/brands/%00", Some(&owner), None),
        (Method::GET, "/api/brands/juniper-oak/dashboard?range=x", Some(&owner), None),
        (Method::GET, "/api/brands/juniper-oak/dashboard?range=7d&range=7d", Some(&owner), None),
        (Method::GET, "/api/brands/juniper-oak/dashboard?metric=password_hash", Some(&owner), None),
        (Method::GET, "/api/brands/juniper-oak/dashboard?f=password:eq:%27", Some(&owner), None),
        (Method::GET, "/api/brands/juniper-oak/imports/x", Some(&owner), None),
        (Method::GET, "/trust/root.crt", None, None),
        (Method::POST, "/api/auth/refresh", None, None),
        (Method::POST, "/api/backups", Some("pp_live_x"), None),
        (Method::POST, "/api/setup", None, Some(json!({}))),
        (Method::POST, "/api/auth/login", None, Some(json!({ "email": 1 }))),
        (Method::POST, "/api/auth/login", None, Some(json!({ "email": "x", "password": "x", "x": 1 }))),
        (Method::POST, "/api/auth/links", None, Some(json!({ "token": "x" }))),
        (
            Method::POST,
            "/api/brands",
            Some(&owner),
            Some(json!({ "name": "x", "currency": "XXX1", "timezone": "UTC" })),
        ),
        (
            Method::POST,
            "/api/brands",
            Some(&owner),
            Some(json!({ "name": "x", "currency": "EUR", "timezone": "Mars" })),
        ),
        (Method::POST, "/api/keys", Some(&owner), Some(json!({ "name": "x", "permissions": ["root"] }))),
        (Method::POST, "/api/auth/password", Some(&owner), Some(json!({ "current": "x", "new": "y" }))),
        (Method::POST, "/api/auth/totp/confirm", Some(&owner), Some(json!({ "code": "000000" }))),
        (
            Method::POST,
            "/api/brands/juniper-oak/query",
            Some(&owner),
            Some(json!({ "metrics": ["nonsense"], "time": {} })),
        ),
        (
            Method::POST,
            "/api/brands/juniper-oak/query",
            Some(&owner),
            Some(json!({ "metrics": [], "time": { "range": "9999d" } })),
        ),
    ] {
        all.push(app.ask(method, path, token, body).await);
    }
    all.extend(unreadable(app, &owner).await);
    // A control file that cannot be read any more.
    app.app.tenants.control().retire("the disk at /var/lib/pulsepoint is gone: SQLITE_IOERR");
    all.push(app.ask(Method::GET, "/readyz", None, None).await);
    all
}

#[tokio::test]
async fn refusals_tell_nothing_of_the_inside() {
    let app = TestApp::start().await;
    let shop = app.shop("juniper-oak").await;
    let folder = app.folder().to_string_lossy().into_owned();
    let mut ids = BTreeSet::new();
    let answers = provoked(&app, &shop).await;
    assert!(answers.len() >= 50, "{}", answers.len());
    for answer in answers {
        let body = String::from_utf8_lossy(&answer.body[..answer.body.len().min(2000)]).into_owned();
        let refused = answer.status.is_client_error() || answer.status == StatusCode::SERVICE_UNAVAILABLE;
        assert!(refused, "{} {body}", answer.status);
        let headers: String = answer.headers.iter().map(|(name, value)| format!("{name}: {value:?}\n")).collect();
        for told in [
            "/var/",
            "/tmp",
            "/src/",
            ".rs",
            "select ",
            "SQLITE",
            "sqlite",
            "rusqlite",
            "duckdb",
            "panicked",
            "unwrap",
            "backtrace",
            "$argon2",
            "axum",
            "hyper",
            "serde",
            "root:x:",
            &folder,
            &shop.tenant.id().to_string(),
            env!("CARGO_PKG_VERSION"),
        ] {
            assert!(!body.contains(told) && !headers.contains(told), "{told:?} in {headers}{body}");
        }
        assert!(!answer.headers.contains_key("server") && !answer.headers.contains_key("x-powered-by"), "{headers}");
        let id = answer.json()["request_id"].as_str().unwrap().to_owned();
        assert_eq!(answer.headers["x-request-id"], id.as_str());
        assert!(ids.insert(id), "an id is one request's");
    }
}
