//! Signing in and out, sessions, setup, people.

use std::time::{Duration, Instant};

use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use futures_util::StreamExt;
use pulsepoint::auth::Role;
use pulsepoint::events;
use pulsepoint::http::Peer;
use serde_json::{Value, json};
use tokio::time::timeout;
use tower::ServiceExt;

use crate::support::app::{Answer, PASSWORD, Shop, TestApp, request};

async fn with_cookie(app: &TestApp, path: &str, cookie: &str) -> Answer {
    let mut request = request(Method::POST, path, None, None);
    request.headers_mut().insert(header::COOKIE, cookie.parse().unwrap());
    app.send(request).await
}

async fn kinds(shop: &Shop) -> Vec<String> {
    let events = shop.tenant.db().read(|conn| events::read_from(conn, "test", 1000)).await.unwrap();
    events.into_iter().map(|event| event.kind).collect()
}

#[tokio::test]
async fn a_login_answers_as_the_contract_says() {
    let app = TestApp::start().await;
    let shop = app.shop("juniper-oak").await;
    let answer = app.login(" Owner@juniper-oak.example", PASSWORD).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    let body = answer.json();
    assert_eq!((&body["token_type"], &body["expires_in"]), (&json!("Bearer"), &json!(28800)));
    assert_eq!(body["user"]["permissions"], json!(["view", "ask", "act", "connect", "manage", "operate"]));
    assert_eq!(body["tenant"]["id"], shop.tenant.id().as_str());
    let cookie = answer.headers[header::SET_COOKIE].to_str().unwrap();
    for part in ["pp_refresh=", "; Path=/api/auth;", "; HttpOnly", "; SameSite=Strict", "Max-Age=2592000"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    assert_eq!(answer.headers[header::CACHE_CONTROL], "no-store");
    let me = app.get("/api/auth/me", body["access_token"].as_str().unwrap()).await.json();
    assert_eq!(
        (&me["user"]["email"], &me["brands"][0]["slug"]),
        (&json!("owner@juniper-oak.example"), &json!("juniper-oak"))
    );
    assert!(kinds(&shop).await.contains(&"login".to_owned()));
}

#[tokio::test]
async fn whoever_cannot_sign_in_is_told_one_thing() {
    let app = TestApp::start().await;
    let shop = app.shop("juniper-oak").await;
    let owner = app.token(&shop, Role::Owner);
    let viewer = format!("/api/users/{}", shop.person(Role::Viewer).id);
    app.ask(Method::PATCH, &viewer, Some(&owner), Some(json!({ "state": "disabled" }))).await;
    let mut bodies = Vec::new();
    for (email, password) in [
        ("owner@juniper-oak.example", "not the password"),
        ("nobody@juniper-oak.example", PASSWORD),
        ("viewer@juniper-oak.example", PASSWORD),
        ("owner@elsewhere.example", ""),
    ] {
        let answer = app.login(email, password).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{email}");
        assert!(!answer.headers.contains_key(header::SET_COOKIE));
        bodies.push(answer.comparable());
    }
    assert!(bodies.windows(2).all(|pair| pair[0] == pair[1]), "{bodies:?}");
    assert_eq!(bodies[0]["code"], "wrong_credentials");
    app.app.auth.denials().flush().await.unwrap();
    let denied = app.app.tenants.control().read(|conn| events::read_from(conn, "test", 100)).await.unwrap();
    assert!(
        denied.iter().any(|event| event.kind == "login.failed" && event.ip.as_deref() == Some("203.0.113.7")),
        "{denied:?}"
    );
}

#[tokio::test]
async fn an_unknown_person_costs_as_much_time_as_a_known_one() {
    let app = TestApp::start().await;
    app.shop("juniper-oak").await;
    let mut ratios = Vec::new();
    // A busy machine disturbs a measurement, and no measurement is undisturbed twice alike; a real difference shows in each.
    for attempt in 0..12 {
        let ratio = known_over_unknown(&app, attempt).await;
        if (0.7..1.4).contains(&ratio) {
            return;
        }
        ratios.push(ratio);
    }
    panic!("known people cost another time than unknown ones: {ratios:?}");
}

async fn known_over_unknown(app: &TestApp, attempt: u8) -> f64 {
    let mut times = [Vec::new(), Vec::new()];
    for round in 0..7 {
        for (which, email) in ["owner@juniper-oak.example", "nobody@juniper-oak.example"].into_iter().enumerate() {
            let mut request =
                request(Method::POST, "/api/auth/login", None, Some(json!({ "email": email, "password": "wrong" })));
            request.extensions_mut().insert(Peer(format!("198.51.{attempt}.{round}:1").parse().unwrap()));
            let from = Instant::now();
            app.send(request).await;
            times[which].push(from.elapsed());
        }
    }
    // The quickest of each, for the machine is shared: both pay for one Argon2id, and nothing else weighs.
    let [known, unknown] = times.map(|times| times.into_iter().min().unwrap().as_secs_f64());
    known / unknown
}

#[tokio::test]
async fn wrong_passwords_stop_an_address_but_not_the_owner() {
    let app = TestApp::start().await;
    app.shop("juniper-oak").await;
    for _ in 0..10 {
        assert_eq!(app.login("owner@juniper-oak.example", "wrong").await.status, StatusCode::UNAUTHORIZED);
    }
    let stopped = app.login("owner@juniper-oak.example", PASSWORD).await;
    assert_eq!(stopped.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(stopped.headers[header::RETRY_AFTER].to_str().unwrap().parse::<u64>().unwrap() > 800);
    let body = json!({ "email": "owner@juniper-oak.example", "password": PASSWORD });
    let mut elsewhere = request(Method::POST, "/api/auth/login", None, Some(body));
    elsewhere.extensions_mut().insert(Peer("198.51.100.9:1".parse().unwrap()));
    assert_eq!(app.send(elsewhere).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_refresh_rotates_and_reuse_ends_the_session() {
    let app = TestApp::start().await;
    let shop = app.shop("juniper-oak").await;
    let first = app.login("analyst@juniper-oak.example", PASSWORD).await;
    let second = with_cookie(&app, "/api/auth/refresh", &first.cookie()).await;
    assert_eq!(second.status, StatusCode::OK);
    assert_ne!(first.cookie(), second.cookie());
    let token = second.json()["access_token"].as_str().unwrap().to_owned();
    assert_eq!(app.get("/api/auth/me", &token).await.status, StatusCode::OK);

    let reused = with_cookie(&app, "/api/auth/refresh", &first.cookie()).await;
    assert_eq!((reused.status, reused.cookie().as_str()), (StatusCode::UNAUTHORIZED, "pp_refresh="));
    let after = with_cookie(&app, "/api/auth/refresh", &second.cookie()).await;
    assert_eq!(after.status, StatusCode::UNAUTHORIZED, "the thief's or the person's, nobody knows: both are out");
    assert_eq!(app.get("/api/auth/me", &token).await.status, StatusCode::UNAUTHORIZED);
    assert!(kinds(&shop).await.contains(&"session.reused".to_owned()));
}

#[tokio::test]
async fn refresh_tokens_that_are_none_are_refused() {
    let app = TestApp::start().await;
    let (shop, other) = (app.shop("juniper-oak").await, app.shop("northwind-demo").await);
    let sound = app.login("owner@juniper-oak.example", PASSWORD).await.cookie();
    let secret = sound.split_once('.').unwrap().1;
    for bad in [
        String::new(),
        "pp_refresh=".into(),
        format!("pp_refresh={secret}"),
        format!("pp_refresh={}.{}", shop.tenant.id(), "A".repeat(43)),
        format!("pp_refresh={}.{secret}", other.tenant.id()),
        format!("pp_refresh={}.{secret}", uuid::Uuid::new_v4()),
        format!("pp_refresh=../../etc.{secret}"),
        format!("{sound}; {sound}"),
        format!("{sound}x"),
    ] {
        let answer = with_cookie(&app, "/api/auth/refresh", &bad).await;
        assert_eq!((answer.status, answer.code().as_str()), (StatusCode::UNAUTHORIZED, "sign_in_required"), "{bad}");
    }
    let mut foreign = request(Method::POST, "/api/auth/refresh", None, None);
    foreign.headers_mut().insert(header::COOKIE, sound.parse().unwrap());
    foreign.headers_mut().insert("sec-fetch-site", "cross-site".parse().unwrap());
    assert_eq!(app.send(foreign).await.status, StatusCode::FORBIDDEN);
    assert_eq!(with_cookie(&app, "/api/auth/refresh", &sound).await.status, StatusCode::OK);
}

#[tokio::test]
async fn signing_out_holds_from_the_next_request() {
    let app = TestApp::start().await;
    app.shop("juniper-oak").await;
    let login = app.login("owner@juniper-oak.example", PASSWORD).await;
    let other = app.login("owner@juniper-oak.example", PASSWORD).await;
    let token = login.json()["access_token"].as_str().unwrap().to_owned();
    assert_eq!(app.get("/api/brands", &token).await.status, StatusCode::OK);
    let out = with_cookie(&app, "/api/auth/logout", &login.cookie()).await;
    assert_eq!((out.status, out.cookie().as_str()), (StatusCode::NO_CONTENT, "pp_refresh="));
    assert_eq!(app.get("/api/brands", &token).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(with_cookie(&app, "/api/auth/refresh", &login.cookie()).await.status, StatusCode::UNAUTHORIZED);
    let again = with_cookie(&app, "/api/auth/refresh", &other.cookie()).await;
    assert_eq!(again.status, StatusCode::OK, "another session of the person goes on");

    let token = again.json()["access_token"].as_str().unwrap().to_owned();
    let bearer_only = app.ask(Method::POST, "/api/auth/logout", Some(&token), None).await;
    assert_eq!(bearer_only.status, StatusCode::NO_CONTENT);
    assert_eq!(app.get("/api/brands", &token).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(app.ask(Method::POST, "/api/auth/logout", None, None).await.status, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn a_stream_ends_with_its_session() {
    let app = TestApp::start().await;
    app.shop("juniper-oak").await;
    let login = app.login("viewer@juniper-oak.example", PASSWORD).await;
    let token = login.json()["access_token"].as_str().unwrap().to_owned();
    let mut asked = request(Method::GET, "/api/stream", Some(&token), None);
    asked.extensions_mut().insert(Peer("203.0.113.7:40000".parse().unwrap()));
    let answer = pulsepoint::server::router(&app.app).unwrap().oneshot(asked).await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    let mut lines = answer.into_body().into_data_stream();
    assert!(lines.next().await.is_some(), "the brands as they are");
    assert!(timeout(Duration::from_millis(100), lines.next()).await.is_err(), "then it waits");
    with_cookie(&app, "/api/auth/logout", &login.cookie()).await;
    let end = timeout(Duration::from_secs(60), lines.next()).await;
    assert!(matches!(end, Ok(None)), "{end:?}");
}

#[tokio::test]
async fn another_role_a_new_password_and_disabling_hold_from_the_next_request() {
    let app = TestApp::start().await;
    let shop = app.shop("juniper-oak").await;
    let owner = app.token(&shop, Role::Owner);
    let marketer = shop.person(Role::Marketer).clone();
    let path = format!("/api/users/{}", marketer.id);
    for change in
        [json!({ "role": "viewer" }), json!({ "password": "another sound one" }), json!({ "state": "disabled" })]
    {
        let login = app.login(&marketer.email, PASSWORD).await;
        let login =
            if login.status == StatusCode::OK { login } else { app.login(&marketer.email, "another sound one").await };
        let token = login.json()["access_token"].as_str().unwrap().to_owned();
        assert_eq!(app.get("/api/brands", &token).await.status, StatusCode::OK);
        let changed = app.ask(Method::PATCH, &path, Some(&owner), Some(change.clone())).await;
        assert_eq!(changed.status, StatusCode::OK, "{changed:?}");
        assert_eq!(app.get("/api/brands", &token).await.status, StatusCode::UNAUTHORIZED, "{change}");
    }
    assert_eq!(app.ask(Method::DELETE, &path, Some(&owner), None).await.status, StatusCode::NO_CONTENT);
    assert_eq!(app.ask(Method::DELETE, &path, Some(&owner), None).await.status, StatusCode::NOT_FOUND);
    assert_eq!(app.login(&marketer.email, "another sound one").await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn somebody_stays_owner_and_only_owners_touch_owners() {
    let app = TestApp::start().await;
    let shop = app.shop("juniper-oak").await;
    let (owner, admin) = (app.token(&shop, Role::Owner), app.token(&shop, Role::Admin));
    let owner_path = format!("/api/users/{}", shop.person(Role::Owner).id);
    for change in [json!({ "role": "admin" }), json!({ "state": "disabled" })] {
        let answer = app.ask(Method::PATCH, &owner_path, Some(&owner), Some(change)).await;
        assert_eq!((answer.status, answer.code().as_str()), (StatusCode::CONFLICT, "last_owner"));
    }
    let answer = app.ask(Method::DELETE, &owner_path, Some(&owner), None).await;
    assert_eq!((answer.status, answer.code().as_str()), (StatusCode::CONFLICT, "last_owner"));

    let admin_path = format!("/api/users/{}", shop.person(Role::Admin).id);
    for (method, path, body) in [
        (Method::PATCH, &owner_path, Some(json!({ "password": "taken over by admin" }))),
        (Method::PATCH, &owner_path, Some(json!({ "name": "Somebody else" }))),
        (Method::DELETE, &owner_path, None),
        (Method::PATCH, &admin_path, Some(json!({ "role": "owner" }))),
    ] {
        assert_eq!(app.ask(method, path, Some(&admin), body).await.status, StatusCode::FORBIDDEN);
    }
    let new = json!({ "email": "second@juniper-oak.example", "name": "Second", "role": "owner", "password": "a sound password" });
    assert_eq!(
        app.ask(Method::POST, "/api/users", Some(&admin), Some(new.clone())).await.status,
        StatusCode::FORBIDDEN
    );
    assert_eq!(app.ask(Method::POST, "/api/users", Some(&owner), Some(new.clone())).await.status, StatusCode::CREATED);
    let answer = app.ask(Method::POST, "/api/users", Some(&owner), Some(new)).await;
    assert_eq!((answer.status, answer.code().as_str()), (StatusCode::CONFLICT, "email_taken"));
    let demoted = app.ask(Method::PATCH, &owner_path, Some(&owner), Some(json!({ "role": "viewer" }))).await;
    assert_eq!(demoted.status, StatusCode::OK, "there is a second owner now");
}

#[tokio::test]
async fn people_that_cannot_be_are_told_which_field() {
    let app = TestApp::start().await;
    let (shop, _other) = (app.shop("juniper-oak").await, app.shop("northwind-demo").await);
    let owner = app.token(&shop, Role::Owner);
    let sound =
        json!({ "email": "new@juniper-oak.example", "name": "New", "role": "viewer", "password": "a sound password" });
    for (field, value, status) in [
        ("email", json!("no-at-sign"), 422),
        ("email", json!("owner@northwind-demo.example"), 409),
        ("name", json!(" "), 422),
        ("name", json!("x".repeat(101)), 422),
        ("role", json!("god"), 422),
        ("password", json!("short"), 422),
        ("password", json!("password1234"), 422),
    ] {
        let mut body = sound.clone();
        body[field] = value.clone();
        let answer = app.ask(Method::POST, "/api/users", Some(&owner), Some(body)).await;
        assert_eq!(answer.status.as_u16(), status, "{field} {value}: {answer:?}");
        if status == 422 {
            assert_eq!(answer.field().as_deref(), Some(field), "{answer:?}");
        }
    }
    let list = app.get("/api/users", &owner).await.json();
    assert_eq!(list["users"].as_array().unwrap().len(), Role::ALL.len());
    assert!(!list.to_string().contains("argon2"), "no hash ever leaves");
}

fn owner_of(token: &str, tenant: &str) -> Value {
    json!({ "token": token, "tenant_name": tenant, "email": format!("owner@{}.example", tenant.to_lowercase()),
        "name": "Owner", "password": "a sound password" })
}

#[tokio::test]
async fn of_many_set_ups_at_once_exactly_one_wins() {
    let app = TestApp::start().await;
    assert_eq!(app.ask(Method::GET, "/api/setup", None, None).await.json(), json!({ "needed": true }));
    assert_ne!(app.ask(Method::GET, "/setup", None, None).await.status, StatusCode::NOT_FOUND);
    let token = app.app.auth.setup_token().unwrap();
    let tries = (0..4).map(|n| app.ask(Method::POST, "/api/setup", None, Some(owner_of(&token, &format!("Shop{n}")))));
    let answers = futures_util::future::join_all(tries).await;
    let created: Vec<_> = answers.iter().filter(|answer| answer.status == StatusCode::CREATED).collect();
    assert_eq!(created.len(), 1, "{answers:?}");
    assert!(answers.iter().filter(|a| a.status != StatusCode::CREATED).all(|a| a.status == StatusCode::NOT_FOUND));
    assert_eq!(app.app.tenants.list().await.unwrap().len(), 1);
    let token = created[0].json()["access_token"].as_str().unwrap().to_owned();
    assert_eq!(app.get("/api/auth/me", &token).await.json()["user"]["role"], "owner");
    assert_eq!(app.ask(Method::GET, "/api/setup", None, None).await.json(), json!({ "needed": false }));
    assert_eq!(app.app.auth.setup_token(), None);
}

#[tokio::test]
async fn a_wrong_setup_token_makes_nothing_and_is_throttled() {
    let app = TestApp::start().await;
    let token = app.app.auth.setup_token().unwrap();
    for wrong in ["", "x", &token[..token.len() - 1], &token.to_uppercase(), "wrong"] {
        let answer = app.ask(Method::POST, "/api/setup", None, Some(owner_of(wrong, "Shop"))).await;
        assert_eq!((answer.status, answer.code().as_str()), (StatusCode::UNAUTHORIZED, "wrong_setup_token"), "{wrong}");
    }
    let answer = app.ask(Method::POST, "/api/setup", None, Some(owner_of(&token, "Shop"))).await;
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS, "after five wrong ones even the right one has to wait");
    let mut elsewhere = request(Method::POST, "/api/setup", None, Some(owner_of(&token, "Shop")));
    elsewhere.extensions_mut().insert(Peer("198.51.100.9:1".parse().unwrap()));
    assert_eq!(app.send(elsewhere).await.status, StatusCode::CREATED);
}

#[tokio::test]
async fn a_set_up_with_a_bad_password_can_be_tried_again() {
    let app = TestApp::start().await;
    let token = app.app.auth.setup_token().unwrap();
    let mut body = owner_of(&token, "Juniper & Oak");
    body["password"] = json!("password1234");
    body["email"] = json!("owner@juniper-oak.example");
    let refused = app.ask(Method::POST, "/api/setup", None, Some(body.clone())).await;
    assert_eq!((refused.status, refused.field().as_deref()), (StatusCode::UNPROCESSABLE_ENTITY, Some("password")));
    assert!(app.app.tenants.list().await.unwrap().is_empty());
    body["password"] = json!("a sound password");
    let done = app.ask(Method::POST, "/api/setup", None, Some(body)).await;
    assert_eq!((done.status, &done.json()["tenant"]["slug"]), (StatusCode::CREATED, &json!("juniper-oak")));
}

#[tokio::test]
async fn no_secret_of_a_person_lies_in_clear() {
    let app = TestApp::start().await;
    app.shop("juniper-oak").await;
    let login = app.login("owner@juniper-oak.example", PASSWORD).await;
    let secret = login.cookie().split_once('.').unwrap().1.to_owned();
    let token = login.json()["access_token"].as_str().unwrap().to_owned();
    let needles = [PASSWORD.to_owned(), secret, token, "owner@juniper-oak.example".to_owned()];
    let mut folders = vec![app.folder().to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
            if entry.file_type().unwrap().is_dir() {
                folders.push(entry.path());
                continue;
            }
            let bytes = std::fs::read(entry.path()).unwrap();
            for needle in &needles {
                assert!(!bytes.windows(needle.len()).any(|w| w == needle.as_bytes()), "{needle} in {:?}", entry.path());
            }
        }
    }
}

#[tokio::test]
async fn two_authorization_headers_are_none() {
    let app = TestApp::start().await;
    let shop = app.shop("juniper-oak").await;
    let line = format!("Bearer {}", app.token(&shop, Role::Owner));
    let request = Request::get("/api/brands").header("authorization", &line).header("authorization", &line);
    assert_eq!(app.send(request.body(Body::empty()).unwrap()).await.status, StatusCode::UNAUTHORIZED);
}
