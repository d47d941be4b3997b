//! The second factor: set up, asked for, used once, recovered, taken away, asked of everybody. And a phone, for other tests too.

use std::collections::HashSet;

use axum::http::{Method, StatusCode, header};
use hmac::{Hmac, KeyInit, Mac};
use pulsepoint::auth::Role;
use pulsepoint::clock::Clock;
use pulsepoint::events;
use pulsepoint::http::Peer;
use serde_json::{Value, json};
use sha1::Sha1;

use crate::support::app::{Answer, PASSWORD, Shop, TestApp, request};

/// A phone with an authenticator app.
pub struct Phone {
    secret: Vec<u8>,
    /// The time step in which it was set up: the clock runs on.
    set_up: i64,
}

impl Phone {
    /// With the secret as it was shown.
    fn with(base32: &str, clock: &Clock) -> Self {
        let letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
        let bits: String = base32.chars().map(|c| format!("{:05b}", letters.find(c).unwrap())).collect();
        let byte = |bits: &[u8]| u8::from_str_radix(std::str::from_utf8(bits).unwrap(), 2).unwrap();
        let secret = bits.as_bytes().chunks_exact(8).map(byte).collect();
        Self { secret, set_up: clock.system_time().as_second() / 30 }
    }

    /// Its code, so many steps after it was set up.
    pub fn code(&self, steps: i64) -> String {
        let mut mac = <Hmac<Sha1>>::new_from_slice(&self.secret).unwrap();
        mac.update(&(self.set_up + steps).to_be_bytes());
        let hash = mac.finalize().into_bytes();
        let at = usize::from(hash[19] & 15);
        let word = u32::from_be_bytes(hash[at..at + 4].try_into().unwrap()) & 0x7fff_ffff;
        format!("{:06}", word % 1_000_000)
    }
}

/// Takes the second factor of a role's person away, as if there had never been one.
pub async fn forget(shop: &Shop, who: Role) {
    let id = shop.person(who).id.clone();
    let wipe = move |tx: &rusqlite::Transaction| {
        tx.execute("delete from recovery_codes where user_id = ?1", [&id])?;
        Ok(tx.execute("delete from second_factors where user_id = ?1", [&id])?)
    };
    shop.tenant.db().write(wipe).await.unwrap();
}

/// A phone whose secret waits for its first code.
pub async fn begun(app: &TestApp, shop: &Shop, who: Role) -> Phone {
    forget(shop, who).await;
    let token = app.token(shop, who);
    let answer = app.ask(Method::POST, "/api/auth/totp", Some(&token), Some(json!({ "password": PASSWORD }))).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    Phone::with(answer.json()["secret"].as_str().unwrap(), &app.app.clock)
}

/// A phone in force, of which the present code is used up, and the recovery codes.
pub async fn enrolled(app: &TestApp, shop: &Shop, who: Role) -> (Phone, Vec<String>) {
    let phone = begun(app, shop, who).await;
    let body = json!({ "code": phone.code(0) });
    let answer = app.ask(Method::POST, "/api/auth/totp/confirm", Some(&app.token(shop, who)), Some(body)).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    let codes = answer.json()["recovery_codes"].as_array().unwrap().clone();
    (phone, codes.iter().map(|code| code.as_str().unwrap().to_owned()).collect())
}

async fn login(app: &TestApp, email: &str, code: &str) -> Answer {
    let body = json!({ "email": email, "password": PASSWORD, "totp": code });
    app.ask(Method::POST, "/api/auth/login", None, Some(body)).await
}

async fn me(app: &TestApp, shop: &Shop, who: Role) -> Value {
    app.get("/api/auth/me", &app.token(shop, who)).await.json()
}

#[tokio::test]
async fn a_sign_in_asks_for_the_second_step_and_takes_each_code_once() {
    let app = TestApp::start().await;
    let (shop, other) = (app.shop("juniper-oak").await, app.shop("northwind-demo").await);
    let email = "analyst@juniper-oak.example";
    let (phone, codes) = enrolled(&app, &shop, Role::Analyst).await;
    assert_eq!(codes.iter().collect::<HashSet<_>>().len(), 10);
    assert_eq!(
        me(&app, &shop, Role::Analyst).await["second_factor"],
        json!({ "enrolled": true, "required": false, "passed": false })
    );

    let first = app.login(email, PASSWORD).await;
    assert_eq!((first.status, first.code().as_str()), (StatusCode::UNAUTHORIZED, "totp_required"));
    assert!(!first.headers.contains_key(header::SET_COOKIE));
    let wrong = app.login(email, "not the password").await;
    assert_eq!(wrong.code(), "wrong_credentials", "who has not the password is not told of the second step");

    for used in [phone.code(0), phone.code(-1), phone.code(-2), phone.code(9), "000000".into(), "x".into(), " ".into()]
    {
        let answer = login(&app, email, &used).await;
        assert_eq!((answer.status, answer.code().as_str()), (StatusCode::UNAUTHORIZED, "wrong_totp"), "{used}");
    }
    assert_eq!(login(&app, email, &format!(" {} ", phone.code(1))).await.status, StatusCode::OK);
    assert_eq!(login(&app, email, &phone.code(1)).await.code(), "wrong_totp", "a code is good once");
    let elsewhere = login(&app, "analyst@northwind-demo.example", &phone.code(1)).await;
    assert_eq!(elsewhere.status, StatusCode::OK, "who has none is not asked, whatever comes along: {elsewhere:?}");
    assert!(other.tenant.id() != shop.tenant.id());
}

#[tokio::test]
async fn a_recovery_code_is_good_once_and_only_its_person_s() {
    let app = TestApp::start().await;
    let (shop, other) = (app.shop("juniper-oak").await, app.shop("northwind-demo").await);
    let (_, codes) = enrolled(&app, &shop, Role::Owner).await;
    let (_, theirs) = enrolled(&app, &other, Role::Owner).await;
    let email = "owner@juniper-oak.example";
    assert_eq!(login(&app, email, &theirs[0]).await.code(), "wrong_totp");
    assert_eq!(login(&app, email, &codes[0].to_uppercase().replace('-', " ")).await.status, StatusCode::OK);
    assert_eq!(login(&app, email, &codes[0]).await.code(), "wrong_totp");
    let left = app.get("/api/auth/totp", &app.token(&shop, Role::Owner)).await.json();
    assert_eq!(left, json!({ "enrolled": true, "required": false, "recovery_codes_left": 9 }));

    let proof = json!({ "password": PASSWORD, "code": codes[1] });
    let path = "/api/auth/totp/recovery";
    let renewed = app.ask(Method::POST, path, Some(&app.token(&shop, Role::Owner)), Some(proof)).await;
    let fresh = renewed.json()["recovery_codes"][3].as_str().unwrap().to_owned();
    assert_eq!(login(&app, email, &codes[2]).await.code(), "wrong_totp", "old ones are good no more");
    assert_eq!(login(&app, email, &fresh).await.status, StatusCode::OK);
}

#[tokio::test]
async fn codes_cannot_be_guessed_not_from_many_addresses_either() {
    let app = TestApp::start().await;
    let shop = app.shop("juniper-oak").await;
    let (phone, _) = enrolled(&app, &shop, Role::Owner).await;
    let from = async |host: u8, code: String| {
        let body = json!({ "email": "owner@juniper-oak.example", "password": PASSWORD, "totp": code });
        let mut request = request(Method::POST, "/api/auth/login", None, Some(body));
        request.extensions_mut().insert(Peer(format!("198.51.100.{host}:1").parse().unwrap()));
        app.send(request).await
    };
    for host in 0..10 {
        assert_eq!(from(host, "000000".into()).await.status, StatusCode::UNAUTHORIZED);
    }
    let stopped = from(200, phone.code(1)).await;
    assert_eq!(stopped.status, StatusCode::TOO_MANY_REQUESTS, "even the right one has to wait");
    assert!(stopped.headers.contains_key(header::RETRY_AFTER));
    app.app.auth.denials().flush().await.unwrap();
    let denied = app.app.tenants.control().read(|conn| events::read_from(conn, "test", 100)).await.unwrap();
    let told = denied.iter().filter(|event| event.kind == "second_factor.failed").count();
    assert_eq!(told, 10, "one address each: {denied:?}");
}

#[tokio::test]
async fn setting_up_and_taking_away_need_the_password_and_a_code() {
    let app = TestApp::start().await;
    let (shop, _other) = (app.shop("juniper-oak").await, app.shop("northwind-demo").await);
    let token = || app.token(&shop, Role::Marketer);
    let post = async |path: &str, body: Value| app.ask(Method::POST, path, Some(&token()), Some(body)).await;
    let refused = post("/api/auth/totp", json!({ "password": "wrong" })).await;
    assert_eq!((refused.code().as_str(), refused.field().as_deref()), ("wrong_password", Some("password")));
    let early = post("/api/auth/totp/confirm", json!({ "code": "123456" })).await;
    assert_eq!((early.status, early.code().as_str()), (StatusCode::CONFLICT, "not_begun"));

    let phone = begun(&app, &shop, Role::Marketer).await;
    assert_eq!(app.login("marketer@juniper-oak.example", PASSWORD).await.status, StatusCode::OK, "not in force yet");
    let wrong = post("/api/auth/totp/confirm", json!({ "code": "000000" })).await;
    assert_eq!((wrong.status.as_u16(), wrong.code().as_str()), (422, "wrong_code"));
    assert_eq!(post("/api/auth/totp/confirm", json!({ "code": phone.code(0) })).await.status, StatusCode::OK);
    assert_eq!(post("/api/auth/totp", json!({ "password": PASSWORD })).await.code(), "already_enrolled");

    for (password, code, expected) in [
        ("wrong", phone.code(1), "wrong_password"),
        (PASSWORD, phone.code(0), "wrong_code"),
        (PASSWORD, String::new(), "wrong_code"),
    ] {
        let answer = post("/api/auth/totp/remove", json!({ "password": password, "code": code })).await;
        assert_eq!(answer.code(), expected);
    }
    app.app.auth.denials().flush().await.unwrap();
    let denied = app.app.tenants.control().read(|conn| events::read_from(conn, "test", 100)).await.unwrap();
    for (kind, route) in [
        ("password.refused", "POST /api/auth/totp"),
        ("second_factor.failed", "POST /api/auth/totp/confirm"),
        ("password.refused", "POST /api/auth/totp/remove"),
        ("second_factor.failed", "POST /api/auth/totp/remove"),
    ] {
        assert!(denied.iter().any(|one| one.kind == kind && one.data["route"] == route), "{kind} {route}: {denied:?}");
    }
    let gone = post("/api/auth/totp/remove", json!({ "password": PASSWORD, "code": phone.code(1) })).await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT);
    assert_eq!(app.login("marketer@juniper-oak.example", PASSWORD).await.status, StatusCode::OK);
}

#[tokio::test]
async fn where_it_is_asked_of_all_who_has_none_may_only_set_one_up() {
    let app = TestApp::start().await;
    let (shop, other) = (app.shop("juniper-oak").await, app.shop("northwind-demo").await);
    let rule = async |who: Role, required: bool| {
        let body = json!({ "second_factor_required": required });
        app.ask(Method::PUT, "/api/users/policy", Some(&app.token(&shop, who)), Some(body)).await
    };
    assert_eq!(rule(Role::Owner, true).await.code(), "enrol_first", "an owner would lock themselves out");
    enrolled(&app, &shop, Role::Owner).await;
    assert_eq!(rule(Role::Admin, true).await.status, StatusCode::FORBIDDEN);
    let before = app.token(&shop, Role::Analyst);
    assert_eq!(app.get("/api/brands", &before).await.status, StatusCode::OK);
    assert_eq!(rule(Role::Owner, true).await.status, StatusCode::NO_CONTENT);

    assert_eq!(app.get("/api/brands", &before).await.status, StatusCode::FORBIDDEN, "from the next request on");
    let login = app.login("analyst@juniper-oak.example", PASSWORD).await;
    assert_eq!((login.status, &login.json()["user"]["permissions"]), (StatusCode::OK, &json!([])));
    let mine = me(&app, &shop, Role::Analyst).await;
    assert_eq!(mine["second_factor"], json!({ "enrolled": false, "required": true, "passed": false }));
    assert_eq!(mine["brands"], json!([]));
    let theirs = app.token(&other, Role::Analyst);
    assert_eq!(app.get("/api/brands", &theirs).await.status, StatusCode::OK, "another tenant's rule is its own");

    let (phone, _) = enrolled(&app, &shop, Role::Analyst).await;
    assert_eq!(app.get("/api/brands", &app.token(&shop, Role::Analyst)).await.status, StatusCode::OK);
    let proof = json!({ "password": PASSWORD, "code": phone.code(1) });
    let token = app.token(&shop, Role::Analyst);
    let kept = app.ask(Method::POST, "/api/auth/totp/remove", Some(&token), Some(proof)).await;
    assert_eq!((kept.status, kept.code().as_str()), (StatusCode::CONFLICT, "second_factor_required"));
}

#[tokio::test]
async fn a_manager_takes_a_lost_one_away_but_not_from_above_and_not_their_own() {
    let app = TestApp::start().await;
    let (shop, other) = (app.shop("juniper-oak").await, app.shop("northwind-demo").await);
    let reset = async |by: &str, whose: Role| {
        let path = format!("/api/users/{}/totp", shop.person(whose).id);
        app.ask(Method::DELETE, &path, Some(by), None).await
    };
    for who in [Role::Owner, Role::Admin, Role::Viewer] {
        enrolled(&app, &shop, who).await;
    }
    let admin = app.token(&shop, Role::Admin);
    assert_eq!(reset(&admin, Role::Owner).await.status, StatusCode::FORBIDDEN);
    assert_eq!(reset(&admin, Role::Admin).await.code(), "own_account");
    assert_eq!(reset(&app.token(&other, Role::Owner), Role::Viewer).await.status, StatusCode::NOT_FOUND);
    assert_eq!(app.login("viewer@juniper-oak.example", PASSWORD).await.code(), "totp_required");
    assert_eq!(reset(&admin, Role::Viewer).await.status, StatusCode::NO_CONTENT);
    assert_eq!(reset(&admin, Role::Viewer).await.code(), "not_enrolled");
    assert_eq!(app.login("viewer@juniper-oak.example", PASSWORD).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_sealed_secret_opens_for_its_person_alone_and_nothing_tells_it() {
    let app = TestApp::start().await;
    let (shop, other) = (app.shop("juniper-oak").await, app.shop("northwind-demo").await);
    let (phone, codes) = enrolled(&app, &shop, Role::Owner).await;
    enrolled(&app, &other, Role::Owner).await;
    enrolled(&app, &shop, Role::Viewer).await;
    let sealed = |shop: &Shop, who: Role| {
        let id = shop.person(who).id.clone();
        let sql = "select sealed from second_factors where user_id = ?1";
        shop.tenant.db().read_blocking(|conn| Ok(conn.query_row(sql, [&id], |row| row.get::<_, Vec<u8>>(0))?)).unwrap()
    };
    // The owner's secret in the viewer's row, and in the other tenant's.
    let stolen = sealed(&shop, Role::Owner);
    for (shop, who) in [(&shop, Role::Viewer), (&other, Role::Owner)] {
        let (id, stolen) = (shop.person(who).id.clone(), stolen.clone());
        let swap = move |tx: &rusqlite::Transaction| {
            Ok(tx.execute("update second_factors set sealed = ?2, last_step = 0 where user_id = ?1", (id, stolen))?)
        };
        shop.tenant.db().write(swap).await.unwrap();
        let answer = login(&app, &shop.person(who).email, &phone.code(1)).await;
        assert_ne!(answer.status, StatusCode::OK);
    }
    let told = shop.tenant.db().read(|conn| events::read_from(conn, "test", 1000)).await.unwrap();
    let told = format!("{told:?}");
    assert!(codes.iter().all(|code| !told.contains(code.as_str())));
    let plain = |bytes: &[u8]| stolen.windows(bytes.len()).any(|window| window == bytes);
    assert!(!plain(&phone.secret) && !told.contains("secret"));
}
