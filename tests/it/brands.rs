//! Brands over HTTP: made, changed, refused.

use axum::http::{Method, StatusCode};
use pulsepoint::auth::Role;
use pulsepoint::events;
use serde_json::json;

use crate::support::app::TestApp;

#[tokio::test]
async fn a_brand_is_made_found_and_changed() {
    let app = TestApp::start().await;
    let shop = app.shop("juniper-oak").await;
    let owner = app.token(&shop, Role::Owner);
    let body = json!({ "name": "Café & Söhne", "currency": "eur", "timezone": "europe/berlin", "week_start": 7 });
    let made = app.ask(Method::POST, "/api/brands", Some(&owner), Some(body)).await;
    assert_eq!(made.status, StatusCode::CREATED, "{made:?}");
    let brand = made.json();
    assert_eq!(brand["slug"], "caf-s-hne");
    assert_eq!(
        (&brand["currency"], &brand["timezone"], &brand["week_start"]),
        (&json!("EUR"), &json!("Europe/Berlin"), &json!(7))
    );
    assert_eq!((&brand["demo"], &brand["has_data"]), (&json!(false), &json!(false)));
    for key in [brand["id"].as_str().unwrap(), "caf-s-hne"] {
        assert_eq!(app.get(&format!("/api/brands/{key}"), &owner).await.json(), brand, "{key}");
    }
    let list = app.get("/api/brands", &owner).await.json();
    assert_eq!(list["brands"].as_array().unwrap().len(), 2);

    let path = "/api/brands/caf-s-hne";
    let renamed = app.ask(Method::PATCH, path, Some(&owner), Some(json!({ "name": "Söhne", "slug": "soehne" }))).await;
    assert_eq!((renamed.status, &renamed.json()["slug"]), (StatusCode::OK, &json!("soehne")));
    assert_eq!(app.get(path, &owner).await.status, StatusCode::NOT_FOUND);
    let kinds: Vec<String> = shop
        .tenant
        .db()
        .read(|conn| events::read_from(conn, "test", 100))
        .await
        .unwrap()
        .into_iter()
        .map(|event| event.kind)
        .collect();
    assert!(kinds.ends_with(&["brand.created".into(), "brand.updated".into()]), "{kinds:?}");
}

#[tokio::test]
async fn another_zone_or_currency_has_the_figures_rebuilt() {
    let app = TestApp::start().await;
    let shop = app.shop("juniper-oak").await;
    let owner = app.token(&shop, Role::Owner);
    let mut changes = shop.tenant.changes();
    let version = shop.tenant.data_version();
    for (change, rebuilds) in [
        (json!({ "week_start": 1 }), false),
        (json!({ "timezone": "America/New_York" }), false),
        (json!({ "timezone": "Asia/Tokyo" }), true),
        (json!({ "currency": "JPY", "name": "Juniper" }), true),
    ] {
        let before = shop.tenant.data_version();
        let answer = app.ask(Method::PATCH, "/api/brands/juniper-oak", Some(&owner), Some(change.clone())).await;
        assert_eq!(answer.status, StatusCode::OK, "{change}: {answer:?}");
        assert_eq!(shop.tenant.data_version() > before, rebuilds, "{change}");
        assert_eq!(changes.try_recv().is_ok(), rebuilds, "{change}");
    }
    assert_eq!(shop.tenant.data_version(), version + 2);
}

#[tokio::test]
async fn brands_that_cannot_be_are_told_which_field() {
    let app = TestApp::start().await;
    let shop = app.shop("juniper-oak").await;
    let owner = app.token(&shop, Role::Owner);
    let sound = json!({ "name": "New", "currency": "USD", "timezone": "Europe/London" });
    for (field, value) in [
        ("name", json!("")),
        ("name", json!("tab\there")),
        ("name", json!(7)),
        ("slug", json!("Not A Slug")),
        ("slug", json!("../x")),
        ("currency", json!("DOGE")),
        ("currency", json!("XXX")),
        ("timezone", json!("Mars/Olympus")),
        ("timezone", json!("../../etc/passwd")),
        ("timezone", json!("+02:00")),
        ("week_start", json!(0)),
        ("week_start", json!(8)),
        ("week_start", json!(-1)),
        ("week_start", json!(1e308)),
        ("fiscal", json!(1)),
    ] {
        let mut body = sound.clone();
        body[field] = value.clone();
        let answer = app.ask(Method::POST, "/api/brands", Some(&owner), Some(body)).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{field} {value}");
        assert_eq!(answer.field().as_deref(), Some(field), "{field} {value}");
    }
    let taken = json!({ "name": "Juniper Oak", "currency": "USD", "timezone": "Europe/London" });
    let answer = app.ask(Method::POST, "/api/brands", Some(&owner), Some(taken)).await;
    assert_eq!((answer.status, answer.code().as_str()), (StatusCode::CONFLICT, "slug_taken"));
    let list = app.get("/api/brands", &owner).await.json();
    assert_eq!(list["brands"].as_array().unwrap().len(), 1, "nothing half-made is left");
}

#[tokio::test]
async fn only_demo_data_can_be_taken_away() {
    let app = TestApp::start().await;
    let shop = app.shop("juniper-oak").await;
    let owner = app.token(&shop, Role::Owner);
    let path = "/api/brands/juniper-oak/demo";
    let real = app.ask(Method::DELETE, path, Some(&owner), None).await;
    assert_eq!((real.status, real.code().as_str()), (StatusCode::CONFLICT, "not_a_demo_brand"));
    shop.tenant.db().write(|tx| Ok(tx.execute("update brands set demo = 1", [])?)).await.unwrap();
    assert_eq!(app.get("/api/auth/me", &owner).await.json()["demo"], true);
    let version = shop.tenant.data_version();
    assert_eq!(app.ask(Method::DELETE, path, Some(&owner), None).await.status, StatusCode::NO_CONTENT);
    assert!(shop.tenant.data_version() > version);
    assert_eq!(app.get("/api/auth/me", &owner).await.json()["demo"], false);
}
