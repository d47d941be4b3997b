//! One's own account: another password, sessions seen and ended; and which brands somebody may know of.

use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use pulsepoint::auth::Role;
use pulsepoint::events;
use serde_json::{Value, json};

use crate::access::invitation;
use crate::passkeys::{self, ORIGIN};
use crate::support::app::{Answer, PASSWORD, Shop, TestApp, request};
use crate::support::device::Device;

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
const NEW: &str = "a new and sound one";

async fn sign_in(app: &TestApp, email: &str, agent: &str) -> (String, String) {
    let mut asked =
        request(Method::POST, "/api/auth/login", None, Some(json!({ "email": email, "password": PASSWORD })));
    asked.headers_mut().insert(header::USER_AGENT, agent.parse().unwrap());
    let answer = app.send(asked).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    (answer.json()["access_token"].as_str().unwrap().to_owned(), answer.cookie())
}

/// As a page asks: with its access token and its cookie.
async fn ask(app: &TestApp, method: Method, path: &str, who: &(String, String), body: Option<Value>) -> Answer {
    let mut asked: Request<Body> = request(method, path, Some(&who.0), body);
    asked.headers_mut().insert(header::COOKIE, who.1.parse().unwrap());
    app.send(asked).await
}

async fn refresh(app: &TestApp, who: &(String, String)) -> Answer {
    let mut asked = request(Method::POST, "/api/auth/refresh", None, None);
    asked.headers_mut().insert(header::COOKIE, who.1.parse().unwrap());
    app.send(asked).await
}

#[tokio::test]
async fn another_password_needs_the_old_one_and_ends_the_other_sessions() {
    let app = TestApp::start().await;
    let (shop, _other) = (app.shop("juniper-oak").await, app.shop("northwind-demo").await);
    let email = &shop.person(Role::Analyst).email;
    let (here, there) = (sign_in(&app, email, FIREFOX).await, sign_in(&app, email, "curl/8").await);
    let change = async |current: &str, new: &str| {
        let body = json!({ "current": current, "new": new });
        ask(&app, Method::POST, "/api/auth/password", &here, Some(body)).await
    };
    for (current, new, code, field) in [
        ("not the password", NEW, "wrong_password", "current"),
        (PASSWORD, "short", "password_too_short", "new"),
        (PASSWORD, "password1234", "password_too_common", "new"),
    ] {
        let answer = change(current, new).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (422, code));
        assert_eq!(answer.field().as_deref(), Some(field));
    }
    let changed = change(PASSWORD, NEW).await;
    assert_eq!(changed.status, StatusCode::OK, "{changed:?}");
    let token = changed.json()["access_token"].as_str().unwrap().to_owned();
    assert_eq!(app.get("/api/brands", &token).await.status, StatusCode::OK, "the answer's token is good");
    for old in [&here.0, &there.0] {
        assert_eq!(app.get("/api/brands", old).await.status, StatusCode::UNAUTHORIZED, "every older one is not");
    }
    assert_eq!(refresh(&app, &there).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(refresh(&app, &here).await.status, StatusCode::OK, "the session that asked goes on");
    assert_eq!(app.login(email, PASSWORD).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(app.login(email, NEW).await.status, StatusCode::OK);
    let told = shop.tenant.db().read(|conn| events::read_from(conn, "test", 1000)).await.unwrap();
    let changes: Vec<_> = told.iter().filter(|event| event.kind == "password.changed").collect();
    assert_eq!((changes.len(), &changes[0].data), (1, &json!({ "sessions_ended": 1 })));
    assert!(!format!("{told:?}").contains(NEW));
}

#[tokio::test]
async fn the_old_password_cannot_be_guessed_by_who_holds_a_token() {
    let app = TestApp::start().await;
    let shop = app.shop("juniper-oak").await;
    let token = app.token(&shop, Role::Viewer);
    let guess = async |current: &str| {
        let body = json!({ "current": current, "new": NEW });
        app.ask(Method::POST, "/api/auth/password", Some(&token), Some(body)).await
    };
    for n in 0..10 {
        assert_eq!(guess(&format!("guess {n}")).await.code(), "wrong_password");
    }
    assert_eq!(guess(PASSWORD).await.status, StatusCode::TOO_MANY_REQUESTS);
    app.app.auth.denials().flush().await.unwrap();
    let denied = app.app.tenants.control().read(|conn| events::read_from(conn, "test", 100)).await.unwrap();
    let told = denied.iter().filter(|event| event.kind == "password.refused");
    assert_eq!(told.map(|event| event.data["count"].as_u64().unwrap()).sum::<u64>(), 10, "{denied:?}");
    let own = format!("/api/users/{}", shop.person(Role::Admin).id);
    let body = json!({ "password": NEW });
    let around = app.ask(Method::PATCH, &own, Some(&app.token(&shop, Role::Admin)), Some(body)).await;
    assert_eq!((around.status, around.code().as_str()), (StatusCode::CONFLICT, "own_account"), "no way around it");
}

#[tokio::test]
async fn sessions_are_seen_with_their_device_and_ended_one_or_all() {
    let app = TestApp::start().await;
    let (shop, other) = (app.shop("juniper-oak").await, app.shop("northwind-demo").await);
    let email = &shop.person(Role::Viewer).email;
    let desk = sign_in(&app, email, FIREFOX).await;
    let lost = sign_in(&app, email, "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Safari/604.1").await;
    let script = sign_in(&app, email, "<b>").await;
    sign_in(&app, &shop.person(Role::Owner).email, FIREFOX).await;
    sign_in(&app, &other.person(Role::Viewer).email, FIREFOX).await;
    let list = ask(&app, Method::GET, "/api/auth/sessions", &desk, None).await.json();
    let list = list["sessions"].as_array().unwrap().clone();
    let mut devices: Vec<_> = list.iter().map(|one| one["device"].as_str().unwrap()).collect();
    devices.sort_unstable();
    assert_eq!(devices, ["", "Firefox on Linux", "Safari on iPhone"], "one's own alone");
    let of = |device: &str| list.iter().find(|one| one["device"] == device).unwrap();
    assert_eq!(list.iter().filter(|one| one["current"] == true).count(), 1);
    assert_eq!(of("Firefox on Linux")["current"], true);
    assert_eq!((&of("")["ip"], &of("")["first_seen_at"]), (&json!("203.0.113.7"), &of("")["last_seen_at"]));

    let path = format!("/api/auth/sessions/{}", of("Safari on iPhone")["id"].as_str().unwrap());
    for foreign in [app.token(&shop, Role::Owner), app.token(&other, Role::Viewer)] {
        assert_eq!(app.ask(Method::DELETE, &path, Some(&foreign), None).await.status, StatusCode::NOT_FOUND);
    }
    assert_eq!(ask(&app, Method::DELETE, &path, &desk, None).await.status, StatusCode::NO_CONTENT);
    assert_eq!(app.get("/api/brands", &lost.0).await.status, StatusCode::UNAUTHORIZED, "from the next request on");
    assert_eq!(refresh(&app, &lost).await.status, StatusCode::UNAUTHORIZED);

    let renewed = refresh(&app, &desk).await;
    let desk = (renewed.json()["access_token"].as_str().unwrap().to_owned(), renewed.cookie());
    assert_eq!(ask(&app, Method::DELETE, "/api/auth/sessions", &desk, None).await.status, StatusCode::NO_CONTENT);
    assert_eq!(refresh(&app, &script).await.status, StatusCode::UNAUTHORIZED);
    let renewed = refresh(&app, &desk).await;
    assert_eq!(renewed.status, StatusCode::OK, "the one that asked goes on");
    let desk = (renewed.json()["access_token"].as_str().unwrap().to_owned(), renewed.cookie());
    let left = ask(&app, Method::GET, "/api/auth/sessions", &desk, None).await.json();
    assert_eq!(left["sessions"].as_array().unwrap().len(), 1);
    ask(&app, Method::POST, "/api/auth/logout", &desk, None).await;
    let none = app.get("/api/auth/sessions", &app.token(&shop, Role::Viewer)).await.json();
    assert_eq!(none["sessions"], json!([]), "signing out ends it");
}

#[tokio::test]
async fn a_manager_ends_somebody_s_sessions_but_not_those_of_somebody_above() {
    let app = TestApp::start().await;
    let shop = app.shop("juniper-oak").await;
    let viewer = sign_in(&app, &shop.person(Role::Viewer).email, FIREFOX).await;
    let owner = sign_in(&app, &shop.person(Role::Owner).email, FIREFOX).await;
    let out = async |whose: Role| {
        let path = format!("/api/users/{}/sessions", shop.person(whose).id);
        app.ask(Method::DELETE, &path, Some(&app.token(&shop, Role::Admin)), None).await.status
    };
    assert_eq!((out(Role::Viewer).await, out(Role::Owner).await), (StatusCode::NO_CONTENT, StatusCode::FORBIDDEN));
    assert_eq!(app.get("/api/brands", &viewer.0).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(refresh(&app, &viewer).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(app.get("/api/brands", &owner.0).await.status, StatusCode::OK);
}

async fn second_brand(app: &TestApp, shop: &Shop) {
    let body = json!({ "name": "Other", "currency": "USD", "timezone": "Europe/London" });
    let made = app.ask(Method::POST, "/api/brands", Some(&app.token(shop, Role::Owner)), Some(body)).await;
    assert_eq!(made.status, StatusCode::CREATED);
}

#[tokio::test]
async fn whose_brands_are_few_can_neither_widen_them_nor_act_on_who_has_more() {
    let app = TestApp::start().await;
    let (shop, other) = (app.shop("juniper-oak").await, app.shop("northwind-demo").await);
    second_brand(&app, &shop).await;
    let owner = app.token(&shop, Role::Owner);
    let path = |who: Role| format!("/api/users/{}", shop.person(who).id);
    let limit = json!({ "brands": ["other"] });
    let before = app.token(&shop, Role::Admin);
    let changed = app.ask(Method::PATCH, &path(Role::Admin), Some(&owner), Some(limit.clone())).await;
    assert_eq!((changed.status, changed.json()["brands"].as_array().unwrap().len()), (StatusCode::OK, 1));
    assert_eq!(app.get("/api/brands", &before).await.status, StatusCode::UNAUTHORIZED, "from the next request on");
    let unknown = json!({ "brands": [other.brand.uid] });
    let refused = app.ask(Method::PATCH, &path(Role::Viewer), Some(&owner), Some(unknown)).await;
    assert_eq!((refused.status.as_u16(), refused.field().as_deref()), (422, Some("brands")), "another tenant's");
    let refused = app.ask(Method::PATCH, &path(Role::Owner), Some(&owner), Some(limit.clone())).await;
    assert_eq!(refused.status.as_u16(), 422, "an owner sees every brand");

    let admin = app.token(&shop, Role::Admin);
    let person = |brands: Value| {
        let email = format!("{}@juniper-oak.example", uuid::Uuid::new_v4().simple());
        let mut body = json!({ "email": email, "name": "New", "role": "viewer", "password": PASSWORD });
        body["brands"] = brands;
        body
    };
    for (method, at, body, status) in [
        (Method::PATCH, path(Role::Admin), json!({ "all_brands": true }), 403),
        (Method::PATCH, path(Role::Viewer), json!({ "password": NEW }), 403),
        (Method::PATCH, path(Role::Viewer), json!({ "name": "Mine" }), 403),
        (Method::DELETE, path(Role::Viewer), json!({}), 403),
        (Method::POST, format!("{}/reset", path(Role::Viewer)), json!({}), 403),
        (Method::POST, "/api/users".into(), person(Value::Null), 403),
        (Method::POST, "/api/users".into(), person(json!(["juniper-oak"])), 422),
        (Method::POST, "/api/users".into(), person(json!(["nowhere"])), 422),
        (Method::POST, "/api/users".into(), person(json!(["other"])), 201),
        (
            Method::POST,
            "/api/keys".into(),
            json!({ "name": "k", "permissions": ["view"], "brands": ["juniper-oak"] }),
            422,
        ),
        (Method::POST, "/api/users/invitations".into(), json!({ "email": "n@x.example", "role": "viewer" }), 403),
        (Method::POST, "/api/brands".into(), json!({ "name": "x", "currency": "USD", "timezone": "UTC" }), 403),
    ] {
        let answer = app.ask(method, &at, Some(&admin), Some(body.clone())).await;
        assert_eq!(answer.status.as_u16(), status, "{at} {body}: {answer:?}");
    }
    let made =
        app.ask(Method::POST, "/api/keys", Some(&admin), Some(json!({ "name": "k", "permissions": ["view"] }))).await;
    assert_eq!(made.json()["brands"].as_array().unwrap().len(), 1, "a key has at most its maker's brands");
}

#[tokio::test]
async fn landings_of_other_brands_are_not_heard() {
    use futures_util::StreamExt;
    use std::time::Duration;
    use tower::ServiceExt;
    let app = TestApp::start().await;
    let shop = app.shop("juniper-oak").await;
    second_brand(&app, &shop).await;
    let path = format!("/api/users/{}", shop.person(Role::Viewer).id);
    let limit = json!({ "brands": ["other"] });
    app.ask(Method::PATCH, &path, Some(&app.token(&shop, Role::Owner)), Some(limit)).await;
    let mut asked = request(Method::GET, "/api/stream", Some(&app.token(&shop, Role::Viewer)), None);
    asked.extensions_mut().insert(pulsepoint::http::Peer("203.0.113.7:40000".parse().unwrap()));
    let answer = pulsepoint::server::router(&app.app).unwrap().oneshot(asked).await.unwrap();
    let mut lines = answer.into_body().into_data_stream();
    let first = lines.next().await.unwrap().unwrap();
    assert!(!String::from_utf8_lossy(&first).contains(&shop.brand.uid), "{first:?}");
    shop.tenant.announce(shop.brand.id, 99);
    let heard = tokio::time::timeout(Duration::from_millis(300), lines.next()).await;
    assert!(heard.is_err(), "{heard:?}");
    shop.tenant.announce(shop.brand.id + 1, 100);
    assert!(lines.next().await.is_some());
}

#[tokio::test]
async fn two_owners_who_demote_each_other_at_once_leave_one() {
    let app = TestApp::start().await;
    let shop = app.shop("juniper-oak").await;
    let owner = app.token(&shop, Role::Owner);
    let admin = format!("/api/users/{}", shop.person(Role::Admin).id);
    let raised = app.ask(Method::PATCH, &admin, Some(&owner), Some(json!({ "role": "owner" }))).await;
    assert_eq!(raised.status, StatusCode::OK);
    let first = format!("/api/users/{}", shop.person(Role::Owner).id);
    let second = app.token(&shop, Role::Admin);
    let demote = |path: String, by: String| {
        let app = &app;
        async move { app.ask(Method::PATCH, &path, Some(&by), Some(json!({ "role": "viewer" }))).await.status }
    };
    let (one, other) = tokio::join!(demote(admin, owner), demote(first, second));
    assert!(one == StatusCode::OK || other == StatusCode::OK, "{one} {other}");
    let sql = "select count(*) from users where role = 'owner' and state = 'active'";
    let left: i64 = shop.tenant.db().read(|conn| Ok(conn.query_row(sql, [], |row| row.get(0))?)).await.unwrap();
    assert_eq!(left, 1);
}

#[test]
fn a_store_from_before_keeps_its_people_and_sessions() {
    let conn = rusqlite::Connection::open_in_memory().unwrap();
    conn.execute_batch(include_str!("../../assets/migrations/tenant/0002_people.sql")).unwrap();
    conn.execute_batch(include_str!("../../assets/migrations/tenant/0003_brands.sql")).unwrap();
    conn.execute_batch(
        "insert into users (id, email, name, role, password_hash, created_at_ms) values ('u', 'u@x.example', 'U', 'owner', 'h', 1);
         insert into refresh_tokens values (x'01', 'f', 'u', 10, 900, 20), (x'02', 'f', 'u', 20, 900, null);",
    )
    .unwrap();
    conn.execute_batch(include_str!("../../assets/migrations/tenant/0006_accounts.sql")).unwrap();
    let all: i64 = conn.query_row("select all_brands from users", [], |row| row.get(0)).unwrap();
    assert_eq!(all, 1, "who was there sees every brand, as before");
    let session: (String, String, i64, i64, i64) = conn
        .query_row("select family, user_id, first_seen_ms, last_seen_ms, expires_at_ms from sessions", [], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?))
        })
        .unwrap();
    assert_eq!(session, ("f".into(), "u".into(), 10, 20, 900));
    let required: i64 = conn.query_row("select second_factor from sign_in_rules", [], |row| row.get(0)).unwrap();
    assert_eq!(required, 0);
}

#[tokio::test]
async fn words_of_the_company_and_of_oneself_are_no_password() {
    let app = TestApp::start().await;
    let (shop, other) = (app.shop("meadowlark").await, app.shop("northwind-demo").await);
    let (word, name) = ("Meadowlark-2026!", "analyst-9999-analyst");
    let change = async |shop: &Shop, new: &str| {
        let who = sign_in(&app, &shop.person(Role::Analyst).email, FIREFOX).await;
        let body = json!({ "current": PASSWORD, "new": new });
        ask(&app, Method::POST, "/api/auth/password", &who, Some(body)).await
    };
    for own in [word, name] {
        let refused = change(&shop, own).await;
        assert_eq!((refused.status.as_u16(), refused.code().as_str()), (422, "password_too_common"), "{own}");
    }
    assert_eq!(change(&other, word).await.status, StatusCode::OK, "another company's name is no word of theirs");
    let add = async |shop: &Shop, email: &str| {
        let body = json!({ "email": email, "name": "Some Body", "role": "viewer", "password": word });
        app.ask(Method::POST, "/api/users", Some(&app.token(shop, Role::Owner)), Some(body)).await
    };
    assert_eq!(add(&shop, "x@shop.example").await.code(), "password_too_common");
    assert_eq!(add(&other, "x@meadowlark.example").await.code(), "password_too_common", "it is in the address");
    assert_eq!(add(&other, "y@shop.example").await.status, StatusCode::CREATED);
    let (_, token) = invitation(&app, &shop).await;
    let body = json!({ "token": token, "name": "New", "password": word });
    let refused = app.ask(Method::POST, "/api/auth/links/accept", None, Some(body)).await;
    assert_eq!(refused.code(), "password_too_common");
}

#[tokio::test]
async fn managers_see_how_people_sign_in_and_take_it_away_but_not_from_above_and_not_their_own() {
    let app = crate::access::app().await;
    let (shop, other) = (app.shop("juniper-oak").await, app.shop("northwind-demo").await);
    let ways = async |shop: &Shop, role: Role| {
        let list = app.get("/api/users", &app.token(shop, Role::Owner)).await.json();
        let id = &shop.person(role).id;
        let found = list["users"].as_array().unwrap().iter().find(|user| user["id"] == id.as_str()).unwrap().clone();
        (found["passkeys"].as_u64().unwrap(), found["single_sign_on"].as_bool().unwrap())
    };
    for role in [Role::Owner, Role::Admin, Role::Viewer] {
        passkeys::added(&app, &app.token(&shop, role), &mut Device::at(ORIGIN)).await;
        let id = shop.person(role).id.clone();
        let bind = move |tx: &rusqlite::Transaction| {
            Ok(tx.execute("insert into oidc_subjects values (?1, 'issuer', ?1, 0)", [&id])?)
        };
        shop.tenant.db().write(bind).await.unwrap();
    }
    passkeys::added(&app, &app.token(&shop, Role::Viewer), &mut Device::at(ORIGIN)).await;
    passkeys::added(&app, &app.token(&other, Role::Viewer), &mut Device::at(ORIGIN)).await;
    assert_eq!((ways(&shop, Role::Viewer).await, ways(&shop, Role::Analyst).await), ((2, true), (0, false)));
    let drop = async |by: Role, of: Role, what: &str| {
        let path = format!("/api/users/{}/{what}", shop.person(of).id);
        app.ask(Method::DELETE, &path, Some(&app.token(&shop, by)), None).await
    };
    assert_eq!(drop(Role::Admin, Role::Owner, "passkeys").await.status, StatusCode::FORBIDDEN, "from above");
    assert_eq!(drop(Role::Admin, Role::Admin, "passkeys").await.code(), "own_account");
    assert_eq!(drop(Role::Admin, Role::Viewer, "oidc").await.status, StatusCode::FORBIDDEN, "that is an owner's");
    assert_eq!(drop(Role::Analyst, Role::Viewer, "passkeys").await.status, StatusCode::FORBIDDEN);
    assert_eq!((ways(&shop, Role::Owner).await, ways(&shop, Role::Viewer).await), ((1, true), (2, true)));
    assert_eq!(drop(Role::Admin, Role::Viewer, "passkeys").await.status, StatusCode::NO_CONTENT);
    assert_eq!(drop(Role::Owner, Role::Viewer, "oidc").await.status, StatusCode::NO_CONTENT);
    assert_eq!((ways(&shop, Role::Viewer).await, ways(&other, Role::Viewer).await), ((0, false), (1, false)));
    assert_eq!(drop(Role::Owner, Role::Viewer, "passkeys").await.code(), "no_passkeys");
    assert_eq!(drop(Role::Owner, Role::Viewer, "oidc").await.code(), "not_bound");
    let told = shop.tenant.db().read(|conn| events::read_from(conn, "test", 1000)).await.unwrap();
    let kinds = ["passkeys.reset", "oidc.unbound"].map(|kind| told.iter().filter(|one| one.kind == kind).count());
    assert_eq!(kinds, [1, 1]);
}
