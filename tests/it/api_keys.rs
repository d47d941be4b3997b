//! API keys: shown once, kept as a keyed hash, never more than their maker, gone at once.

use axum::http::{Method, StatusCode, header};
use futures_util::StreamExt;
use pulsepoint::auth::{Permission, Role};
use pulsepoint::events;
use pulsepoint::http::{Peer, Settings};
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::access::key;
use crate::links::days;
use crate::support::app::{Answer, Shop, TestApp, request};

fn text(made: &Value) -> String {
    made["key"].as_str().unwrap().to_owned()
}

async fn make(app: &TestApp, token: &str, body: Value) -> Answer {
    app.ask(Method::POST, "/api/keys", Some(token), Some(body)).await
}

#[tokio::test]
async fn a_key_is_shown_once_and_kept_as_a_hash() {
    let app = TestApp::start().await;
    let (shop, other) = (app.shop("juniper-oak").await, app.shop("northwind-demo").await);
    let owner = app.token(&shop, Role::Owner);
    let made = key(&app, &shop, &[Permission::View], &json!({ "name": "Sheet", "expires_in_days": 30 })).await;
    let secret = text(&made);
    assert_eq!(secret.split('_').take(3).collect::<Vec<_>>(), ["pp", "live", made["id"].as_str().unwrap()]);
    assert_eq!((days(&made), &made["last_used_at"]), (30, &Value::Null));
    assert_eq!(app.get("/api/brands", &secret).await.status, StatusCode::OK);
    let list = app.get("/api/keys", &owner).await.json();
    let row = &list["keys"][0];
    assert_eq!((&row["name"], &row["permissions"], &row["brands"]), (&json!("Sheet"), &json!(["view"]), &Value::Null));
    assert_eq!((&row["made_by"], row["last_used_at"].is_string()), (&json!("The owner"), true));
    assert!(secret.starts_with(row["prefix"].as_str().unwrap()));
    let tail = &secret[17..];
    assert!(!list.to_string().contains(tail));
    assert_eq!(app.get("/api/keys", &app.token(&other, Role::Owner)).await.json()["keys"], json!([]));

    let told = shop.tenant.db().read(|conn| events::read_from(conn, "test", 1000)).await.unwrap();
    assert!(told.iter().any(|event| event.kind == "key.created") && !format!("{told:?}").contains(tail));
    let stored: Vec<u8> = shop
        .tenant
        .db()
        .read(|conn| Ok(conn.query_row("select mac from api_keys", [], |row| row.get(0))?))
        .await
        .unwrap();
    use sha2::Digest;
    assert_ne!(stored, sha2::Sha256::digest(secret.as_bytes()).to_vec(), "without the tenant's key it is not found");
}

#[tokio::test]
async fn what_is_no_key_is_refused_and_a_key_in_the_address_is_none() {
    let app = TestApp::start().await;
    let (shop, other) = (app.shop("juniper-oak").await, app.shop("northwind-demo").await);
    let (ours, theirs) = (
        text(&key(&app, &shop, &Permission::ALL, &json!({})).await),
        text(&key(&app, &other, &Permission::ALL, &json!({})).await),
    );
    // A sound check sum over another's body: only the keyed hash tells.
    let graft = format!("{}{}", &ours[..17], &theirs[17..81]);
    let mut crc = flate2::Crc::new();
    crc.update(graft.as_bytes());
    let graft = format!("{graft}_{:08x}", crc.sum());
    assert_eq!(graft.len(), ours.len());
    for bad in ["pp_".to_owned(), "pp_live_".into(), ours[..ours.len() - 1].into(), format!("{ours}a"), graft] {
        let answer = app.get("/api/brands", &bad).await;
        assert_eq!((answer.status, answer.code().as_str()), (StatusCode::UNAUTHORIZED, "sign_in_required"), "{bad}");
    }
    for path in [format!("/api/brands?key={ours}"), format!("/api/brands?access_token={ours}")] {
        assert_eq!(app.ask(Method::GET, &path, None, None).await.status, StatusCode::UNAUTHORIZED);
    }
    let foreign = app.get(&format!("/api/brands/{}", shop.brand.uid), &theirs).await;
    assert_eq!(foreign.status, StatusCode::NOT_FOUND);
    app.app.auth.denials().flush().await.unwrap();
    let denied = app.app.tenants.control().read(|conn| events::read_from(conn, "test", 100)).await.unwrap();
    assert!(denied.iter().any(|event| event.kind == "token.refused"));
    assert!(!format!("{denied:?}").contains(&ours[17..]));
}

#[tokio::test]
async fn keys_that_cannot_be_are_told_why() {
    let app = TestApp::start().await;
    let (shop, other) = (app.shop("juniper-oak").await, app.shop("northwind-demo").await);
    let owner = app.token(&shop, Role::Owner);
    for (field, value) in [
        ("name", json!("")),
        ("permissions", json!([])),
        ("expires_in_days", json!(0)),
        ("expires_in_days", json!(366)),
        ("brands", json!([other.brand.uid])),
    ] {
        let mut body = json!({ "name": "Key", "permissions": ["view"] });
        body[field] = value.clone();
        let answer = make(&app, &owner, body).await;
        assert_eq!((answer.status.as_u16(), answer.field().as_deref()), (422, Some(field)), "{value}");
    }
    let god = make(&app, &owner, json!({ "name": "Key", "permissions": ["god"] })).await;
    assert_eq!(god.status.as_u16(), 422);
}

#[tokio::test]
async fn a_key_makes_no_keys_and_people_unless_it_may_and_then_not_beyond_itself() {
    let app = TestApp::start().await;
    let (shop, _other) = (app.shop("juniper-oak").await, app.shop("northwind-demo").await);
    let all_but: Vec<_> = Permission::ALL.into_iter().filter(|one| *one != Permission::Manage).collect();
    let plain = text(&key(&app, &shop, &all_but, &json!({})).await);
    let person = |role: &str| {
        let email = format!("{}@juniper-oak.example", uuid::Uuid::new_v4().simple());
        json!({ "email": email, "name": "New", "role": role, "password": "a sound password" })
    };
    let few = text(&key(&app, &shop, &[Permission::Manage, Permission::View], &json!({})).await);
    let view = json!({ "name": "k", "permissions": ["view"] });
    let more = json!({ "name": "k", "permissions": ["view", "act"] });
    let owner_path = format!("/api/users/{}", shop.person(Role::Owner).id);
    let admin_path = format!("/api/users/{}", shop.person(Role::Admin).id);
    for (method, path, body, by, status) in [
        (Method::POST, "/api/keys", view.clone(), &plain, 403),
        (Method::POST, "/api/users", person("viewer"), &plain, 403),
        (Method::POST, "/api/keys", view, &few, 201),
        (Method::POST, "/api/keys", more, &few, 403),
        (Method::POST, "/api/users", person("viewer"), &few, 201),
        (Method::POST, "/api/users", person("analyst"), &few, 403),
        (Method::POST, "/api/users", person("owner"), &few, 403),
        (Method::PATCH, &owner_path, json!({ "name": "Taken" }), &few, 403),
        (Method::PATCH, &admin_path, json!({ "password": "taken over by key" }), &few, 403),
        (Method::POST, &format!("{admin_path}/reset"), json!({}), &few, 403),
    ] {
        let answer = app.ask(method, path, Some(by), Some(body.clone())).await;
        assert_eq!(answer.status.as_u16(), status, "{path} {body}: {answer:?}");
    }
    let told = shop.tenant.db().read(|conn| events::read_from(conn, "test", 1000)).await.unwrap();
    let by_key: Vec<_> = told.iter().filter(|event| event.actor.starts_with("key:")).map(|e| e.kind.as_str()).collect();
    assert_eq!(by_key, ["key.created", "user.created"]);
    app.app.auth.denials().flush().await.unwrap();
    let denied = app.app.tenants.control().read(|conn| events::read_from(conn, "test", 100)).await.unwrap();
    let refusals = denied.iter().filter(|event| event.kind == "access.denied");
    let count: u64 = refusals.map(|event| event.data["count"].as_u64().unwrap()).sum();
    assert_eq!(count, 8, "also those that a handler refuses: {denied:?}");
}

#[tokio::test]
async fn a_key_falls_with_what_its_maker_may() {
    let app = TestApp::start().await;
    let (shop, _other) = (app.shop("juniper-oak").await, app.shop("northwind-demo").await);
    let (owner, admin) = (app.token(&shop, Role::Owner), app.token(&shop, Role::Admin));
    let body = json!({ "name": "k", "permissions": ["view", "manage"] });
    let made = text(&make(&app, &admin, body).await.json());
    let path = format!("/api/users/{}", shop.person(Role::Admin).id);
    let change = async |body: Value| {
        let changed = app.ask(Method::PATCH, &path, Some(&owner), Some(body)).await;
        assert_eq!(changed.status, StatusCode::OK, "{changed:?}");
    };
    let status = async |at: &str| app.get(at, &made).await.status;
    assert_eq!((status("/api/users").await, status("/api/brands").await), (StatusCode::OK, StatusCode::OK));
    change(json!({ "role": "viewer" })).await;
    assert_eq!((status("/api/users").await, status("/api/brands").await), (StatusCode::FORBIDDEN, StatusCode::OK));
    change(json!({ "brands": [] })).await;
    assert_eq!(app.get("/api/brands", &made).await.json()["brands"], json!([]));
    change(json!({ "state": "disabled" })).await;
    assert_eq!(status("/api/brands").await, StatusCode::UNAUTHORIZED);
    change(json!({ "state": "active", "all_brands": true })).await;
    assert_eq!(status("/api/brands").await, StatusCode::OK);
    app.ask(Method::DELETE, &path, Some(&owner), None).await;
    assert_eq!(status("/api/brands").await, StatusCode::UNAUTHORIZED);
    assert_eq!(app.get("/api/keys", &owner).await.json()["keys"], json!([]));
}

#[tokio::test]
async fn a_stream_ends_with_its_key() {
    let app = TestApp::start().await;
    let shop = app.shop("juniper-oak").await;
    let made = key(&app, &shop, &[Permission::View], &json!({})).await;
    let mut asked = request(Method::GET, "/api/stream", Some(&text(&made)), None);
    asked.extensions_mut().insert(Peer("203.0.113.7:40000".parse().unwrap()));
    let answer = pulsepoint::server::router(&app.app).unwrap().oneshot(asked).await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    let mut lines = answer.into_body().into_data_stream();
    assert!(lines.next().await.is_some());
    let path = format!("/api/keys/{}", made["id"].as_str().unwrap());
    app.ask(Method::DELETE, &path, Some(&app.token(&shop, Role::Owner)), None).await;
    let end = tokio::time::timeout(std::time::Duration::from_secs(60), lines.next()).await;
    assert!(matches!(end, Ok(None)), "{end:?}");
}

#[tokio::test]
async fn each_key_has_a_quota_of_its_own() {
    let app = TestApp::with(Settings::default()).await;
    let (shop, other): (Shop, Shop) = (app.shop("juniper-oak").await, app.shop("northwind-demo").await);
    let first = text(&key(&app, &shop, &[Permission::View], &json!({})).await);
    let second = text(&key(&app, &shop, &[Permission::View], &json!({})).await);
    let foreign = text(&key(&app, &other, &[Permission::View], &json!({})).await);
    let answer = app.get("/api/brands", &first).await;
    assert_eq!(answer.headers["ratelimit-policy"], "\"key\";q=600;w=60");
    let mut last = answer.status;
    for _ in 0..700 {
        last = app.get("/api/auth/me", &first).await.status;
        if last != StatusCode::OK {
            break;
        }
    }
    assert_eq!(last, StatusCode::TOO_MANY_REQUESTS);
    for key in [&second, &foreign, &app.token(&shop, Role::Owner)] {
        assert_eq!(app.get("/api/brands", key).await.status, StatusCode::OK);
    }
    let bad = app.get("/api/brands", "pp_live_x").await;
    assert_eq!(bad.headers[header::HeaderName::from_static("ratelimit-policy")], "\"stranger\";q=100;w=60");
}
