//! Invitations and links to a new password: good once, for a time, for one thing, and only while whoever made them could.

use axum::http::{Method, StatusCode};
use pulsepoint::auth::Role;
use pulsepoint::events;
use pulsepoint::http::Peer;
use serde_json::{Value, json};

use crate::second_factor;
use crate::support::app::{Answer, PASSWORD, Shop, TestApp, request};
use crate::support::binary::Home;

const NEW: &str = "a new and sound one";

async fn invite(app: &TestApp, token: &str, body: Value) -> Answer {
    app.ask(Method::POST, "/api/users/invitations", Some(token), Some(body)).await
}

/// The token of a link that was made.
fn token_of(made: &Answer) -> String {
    assert_eq!(made.status, StatusCode::CREATED, "{made:?}");
    made.json()["link"].as_str().unwrap().split_once('#').unwrap().1.to_owned()
}

/// How many days something holds.
pub fn days(row: &Value) -> i64 {
    let at = |name: &str| row[name].as_str().unwrap().parse::<jiff::Timestamp>().unwrap().as_second();
    (at("expires_at") - at("created_at")) / 86_400
}

async fn open(app: &TestApp, token: &str) -> Answer {
    app.ask(Method::POST, "/api/auth/links", None, Some(json!({ "token": token }))).await
}

async fn accept(app: &TestApp, token: &str) -> Answer {
    let body = json!({ "token": token, "name": "Ada", "password": NEW });
    app.ask(Method::POST, "/api/auth/links/accept", None, Some(body)).await
}

/// Makes what every link of the tenant was made at lie so many hours back.
async fn age(shop: &Shop, hours: i64) {
    let sql = "update links set created_at_ms = created_at_ms - ?1, expires_at_ms = expires_at_ms - ?1";
    shop.tenant.db().write(move |tx| Ok(tx.execute(sql, [hours * 3_600_000])?)).await.unwrap();
}

#[tokio::test]
async fn an_invited_person_comes_in_once_as_what_they_were_invited() {
    let app = TestApp::start().await;
    let (shop, other) = (app.shop("juniper-oak").await, app.shop("northwind-demo").await);
    let owner = app.token(&shop, Role::Owner);
    let body = json!({ "email": " Ada@juniper-oak.example", "role": "analyst", "brands": ["juniper-oak"] });
    let made = invite(&app, &owner, body).await;
    let token = token_of(&made);
    assert!(made.json()["link"].as_str().unwrap().starts_with("/join#"));
    let list = app.get("/api/users/invitations", &owner).await.json();
    let row = &list["invitations"][0];
    assert_eq!((&row["email"], days(row)), (&json!("ada@juniper-oak.example"), 7));
    assert!(!list.to_string().contains(token.split_once('.').unwrap().1), "shown once");
    let theirs = app.get("/api/users/invitations", &app.token(&other, Role::Owner)).await.json();
    assert_eq!(theirs["invitations"], json!([]));

    let seen = open(&app, &token).await;
    assert_eq!((&seen.json()["kind"], &seen.json()["tenant"]), (&json!("invitation"), &json!("juniper-oak")));
    for (field, value) in [("name", " "), ("password", "short"), ("password", "password1234")] {
        let mut body = json!({ "token": token, "name": "Ada", "password": NEW });
        body[field] = json!(value);
        let refused = app.ask(Method::POST, "/api/auth/links/accept", None, Some(body)).await;
        assert_eq!((refused.status.as_u16(), refused.field().as_deref()), (422, Some(field)), "{value}");
    }
    let came = accept(&app, &token).await;
    assert_eq!((came.status, came.json()), (StatusCode::OK, json!({ "email": "ada@juniper-oak.example" })));
    assert_eq!(accept(&app, &token).await.status, StatusCode::NOT_FOUND, "good once");
    let login = app.login("ada@juniper-oak.example", NEW).await;
    let me = app.get("/api/auth/me", login.json()["access_token"].as_str().unwrap()).await.json();
    assert_eq!((&me["user"]["role"], &me["user"]["name"]), (&json!("analyst"), &json!("Ada")));
    assert_eq!(app.get("/api/users/invitations", &owner).await.json()["invitations"], json!([]));
    let told = shop.tenant.db().read(|conn| events::read_from(conn, "test", 1000)).await.unwrap();
    let kinds: Vec<_> =
        told.iter().map(|event| event.kind.as_str()).filter(|kind| kind.contains("invitation")).collect();
    assert_eq!(kinds, ["invitation.created", "invitation.accepted"]);
    let told = format!("{told:?}");
    assert!(!told.contains("ada@") && !told.contains(&token) && !told.contains(NEW));
}

#[tokio::test]
async fn of_many_who_use_a_link_at_once_one_comes_in() {
    let app = TestApp::start().await;
    let shop = app.shop("juniper-oak").await;
    let body = json!({ "email": "ada@juniper-oak.example", "role": "viewer" });
    let token = token_of(&invite(&app, &app.token(&shop, Role::Owner), body).await);
    let answers = futures_util::future::join_all((0..4).map(|_| accept(&app, &token))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == StatusCode::OK).count(), 1, "{answers:?}");
}

#[tokio::test]
async fn whatever_is_wrong_with_a_link_the_answer_is_one() {
    let app = TestApp::start().await;
    let (shop, other) = (app.shop("juniper-oak").await, app.shop("northwind-demo").await);
    let owner = app.token(&shop, Role::Owner);
    let body = |n: u8| json!({ "email": format!("n{n}@juniper-oak.example"), "role": "viewer" });
    let made = invite(&app, &owner, body(1)).await;
    let (revoked, id) = (token_of(&made), made.json()["id"].as_str().unwrap().to_owned());
    let path = format!("/api/users/invitations/{id}");
    assert_eq!(app.ask(Method::DELETE, &path, Some(&owner), None).await.status, StatusCode::NO_CONTENT);
    let replaced = token_of(&invite(&app, &owner, body(2)).await);
    let expired = token_of(&invite(&app, &owner, body(2)).await);
    age(&shop, 7 * 24).await;
    let sound = token_of(&invite(&app, &owner, body(3)).await);
    let (tenant, secret) = sound.split_once('.').unwrap();
    let mut bodies = Vec::new();
    for bad in [
        String::new(),
        "x".into(),
        revoked,
        replaced,
        expired,
        format!("{tenant}.{}", "A".repeat(43)),
        format!("{}.{secret}", other.tenant.id()),
        format!("{}.{secret}", uuid::Uuid::new_v4()),
        format!("{sound}x"),
    ] {
        let (seen, used) = (open(&app, &bad).await, accept(&app, &bad).await);
        assert_eq!((seen.status, used.status), (StatusCode::NOT_FOUND, StatusCode::NOT_FOUND), "{bad}");
        bodies.push(seen.comparable());
        bodies.push(used.comparable());
    }
    assert!(bodies.windows(2).all(|pair| pair[0] == pair[1]), "{bodies:?}");
    for _ in 0..2 {
        open(&app, "x").await;
    }
    assert_eq!(open(&app, &sound).await.status, StatusCode::TOO_MANY_REQUESTS, "guesses are counted");
    let mut elsewhere = request(Method::POST, "/api/auth/links", None, Some(json!({ "token": sound })));
    elsewhere.extensions_mut().insert(Peer("198.51.100.9:1".parse().unwrap()));
    assert_eq!(app.send(elsewhere).await.status, StatusCode::OK);
    app.app.auth.denials().flush().await.unwrap();
    let denied = app.app.tenants.control().read(|conn| events::read_from(conn, "test", 100)).await.unwrap();
    assert!(denied.iter().any(|event| event.kind == "link.refused"), "{denied:?}");
}

#[tokio::test]
async fn nobody_invites_above_themselves_and_a_fallen_inviter_s_links_fall_too() {
    let app = TestApp::start().await;
    let (shop, _other) = (app.shop("juniper-oak").await, app.shop("northwind-demo").await);
    let (owner, admin) = (app.token(&shop, Role::Owner), app.token(&shop, Role::Admin));
    let body = |role: &str| json!({ "email": format!("{role}2@juniper-oak.example"), "role": role });
    assert_eq!(invite(&app, &admin, body("owner")).await.status, StatusCode::FORBIDDEN);
    let known = json!({ "email": "viewer@juniper-oak.example", "role": "viewer" });
    assert_eq!(invite(&app, &admin, known).await.code(), "email_taken");
    let foreign = json!({ "email": "viewer@northwind-demo.example", "role": "viewer" });
    let foreign = token_of(&invite(&app, &admin, foreign).await);
    assert_eq!(accept(&app, &foreign).await.code(), "email_taken", "told to whoever has the link, not to whoever asks");

    let second = token_of(&invite(&app, &owner, body("owner")).await);
    let by_admin = token_of(&invite(&app, &admin, body("admin")).await);
    let made = app.get("/api/users/invitations", &owner).await.json();
    let of_owner = made["invitations"].as_array().unwrap().iter().find(|one| one["role"] == "owner").unwrap().clone();
    let path = format!("/api/users/invitations/{}", of_owner["id"].as_str().unwrap());
    assert_eq!(app.ask(Method::DELETE, &path, Some(&admin), None).await.status, StatusCode::FORBIDDEN);
    let fallen = format!("/api/users/{}", shop.person(Role::Admin).id);
    app.ask(Method::PATCH, &fallen, Some(&owner), Some(json!({ "role": "viewer" }))).await;
    assert_eq!(accept(&app, &by_admin).await.status, StatusCode::NOT_FOUND);
    assert_eq!(accept(&app, &second).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_reset_link_sets_a_password_once_and_leaves_the_second_factor() {
    let app = TestApp::start().await;
    let (shop, other) = (app.shop("juniper-oak").await, app.shop("northwind-demo").await);
    let reset = async |by: &str, whose: Role| {
        let path = format!("/api/users/{}/reset", shop.person(whose).id);
        app.ask(Method::POST, &path, Some(by), None).await
    };
    let admin = app.token(&shop, Role::Admin);
    assert_eq!(reset(&admin, Role::Owner).await.status, StatusCode::FORBIDDEN);
    assert_eq!(reset(&admin, Role::Admin).await.code(), "own_account");
    assert_eq!(reset(&app.token(&other, Role::Owner), Role::Viewer).await.status, StatusCode::NOT_FOUND);

    let (phone, _) = second_factor::enrolled(&app, &shop, Role::Viewer).await;
    let email = &shop.person(Role::Viewer).email;
    let old = app.token(&shop, Role::Viewer);
    let (first, link) = (token_of(&reset(&admin, Role::Viewer).await), reset(&admin, Role::Viewer).await);
    assert!(link.json()["link"].as_str().unwrap().starts_with("/reset#"));
    let token = token_of(&link);
    assert_eq!(open(&app, &first).await.status, StatusCode::NOT_FOUND, "the newer one replaces it");
    let seen = open(&app, &token).await.json();
    assert_eq!((&seen["kind"], &seen["email"]), (&json!("reset"), &json!(email)));
    assert_eq!(accept(&app, &token).await.status, StatusCode::OK);
    assert_eq!(accept(&app, &token).await.status, StatusCode::NOT_FOUND);
    assert_eq!(app.get("/api/brands", &old).await.status, StatusCode::UNAUTHORIZED, "every session has ended");
    assert_eq!(app.login(email, PASSWORD).await.code(), "wrong_credentials");
    assert_eq!(app.login(email, NEW).await.code(), "totp_required");
    let body = json!({ "email": email, "password": NEW, "totp": phone.code(1) });
    assert_eq!(app.ask(Method::POST, "/api/auth/login", None, Some(body)).await.status, StatusCode::OK);

    let token = token_of(&reset(&admin, Role::Analyst).await);
    let path = format!("/api/users/{}", shop.person(Role::Analyst).id);
    app.ask(Method::PATCH, &path, Some(&admin), Some(json!({ "state": "disabled" }))).await;
    assert_eq!(accept(&app, &token).await.status, StatusCode::NOT_FOUND, "a disabled person does not come back by it");
    assert_eq!(reset(&admin, Role::Analyst).await.code(), "disabled");
    let late = token_of(&reset(&admin, Role::Marketer).await);
    age(&shop, 24).await;
    assert_eq!(accept(&app, &late).await.status, StatusCode::NOT_FOUND);
}

#[test]
fn commands_make_links_too() {
    let home = Home::new();
    home.run(&["tenant", "add", "acme"]).ok();
    home.run(&["brand", "add", "acme", "--tenant", "acme", "--currency", "EUR", "--timezone", "Europe/Berlin"]).ok();
    let invite = ["user", "invite", "ada@acme.example", "--tenant", "acme", "--role", "analyst", "--brand", "acme"];
    let text = home.run(&invite).ok().out;
    assert!(text.starts_with("/join#") && text.contains("shown this once"), "{text}");
    let again = home.run(&[&invite[..], &["--json"]].concat()).ok().json();
    assert!(again["link"].as_str().unwrap().starts_with("/join#") && again["expires_at"].is_string());
    let nowhere = [&invite[..8], &["nowhere"]].concat();
    assert!(home.run(&nowhere).failed(1).contains("brands: There is no brand"));
    assert!(home.run(&["user", "reset", "ada@acme.example"]).failed(1).contains("nobody has the e-mail"));
    assert!(home.run(&["user", "reset-totp", "ada@acme.example"]).failed(1).contains("nobody has the e-mail"));
}
