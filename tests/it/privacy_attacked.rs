//! Erasure asked for wrongly, by whom it is not for, and while files land.

use axum::http::{Method, StatusCode};
use pulsepoint::auth::Role;
use pulsepoint::brands::Brand;
use serde_json::{Value, json};

use crate::imports;
use crate::privacy::{ADDRESS, canary_in, dumped, planted, post, shopify_file};
use crate::support::app::{Shop, TestApp};

#[tokio::test]
async fn who_cannot_be_is_refused_in_a_sentence() {
    let app = TestApp::start().await;
    let shop = app.shop("acme").await;
    for (body, field) in [
        (json!({}), "email"),
        (json!({ "email": ADDRESS, "customer_id": "1" }), "email"),
        (json!({ "email": "" }), "email"),
        (json!({ "email": "@" }), "email"),
        (json!({ "email": "ann" }), "email"),
        (json!({ "email": "ann @shop.example" }), "email"),
        (json!({ "email": "a@b\u{0}c" }), "email"),
        (json!({ "email": format!("{}@shop.example", "a".repeat(400)) }), "email"),
        (json!({ "customer_id": " " }), "customer_id"),
        (json!({ "customer_id": "1\n2" }), "customer_id"),
    ] {
        for what in ["export", "erase"] {
            let answer = post(&app, &shop, what, body.clone()).await;
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{body}: {answer:?}");
            assert_eq!(answer.field().as_deref(), Some(field), "{body}");
        }
    }
    for wrong in [json!({ "email": ADDRESS, "brands": [] }), json!({ "email": [ADDRESS] }), json!([])] {
        assert!(post(&app, &shop, "erase", wrong.clone()).await.status.is_client_error(), "{wrong}");
    }
    let unknown = post(&app, &shop, "erase", json!({ "email": ADDRESS, "brand": "nowhere" })).await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
    let listed = app.get("/api/customers/erasures", &app.token(&shop, Role::Owner)).await.json();
    assert_eq!(listed["erasures"], json!([]), "nothing was done");
}

async fn second_brand(app: &TestApp, shop: &Shop) -> Brand {
    let second = imports::brand(&shop.tenant, "second", "USD", "UTC").await;
    let of = Shop { tenant: shop.tenant.clone(), people: shop.people.clone(), brand: second.clone() };
    imports::imported(app, &of, ("orders.csv", shopify_file().as_bytes()), &[]).await;
    second
}

async fn kept(app: &TestApp, shop: &Shop) -> Vec<usize> {
    let kept = post(app, shop, "export", json!({ "email": ADDRESS })).await.json();
    let brands = kept["brands"].as_array().unwrap();
    let mut counts: Vec<(&str, usize)> =
        brands.iter().map(|of| (of["brand"].as_str().unwrap(), of["orders"].as_array().unwrap().len())).collect();
    counts.sort_by_key(|(brand, _)| *brand != shop.brand.uid);
    counts.into_iter().map(|(_, orders)| orders).collect()
}

#[tokio::test]
async fn one_brand_or_all_and_never_one_that_the_caller_may_not_know_of() {
    let app = TestApp::start().await;
    let shop = planted(&app, "acme").await;
    let second = second_brand(&app, &shop).await;
    assert_eq!(kept(&app, &shop).await, [2, 2]);
    // An administrator of the second brand alone.
    let admin = shop.person(Role::Admin);
    let limit = json!({ "brands": [second.slug] });
    let owner = app.token(&shop, Role::Owner);
    let limited = app.ask(Method::PATCH, &format!("/api/users/{}", admin.id), Some(&owner), Some(limit)).await;
    assert_eq!(limited.status, StatusCode::OK, "{limited:?}");
    let token = app.token(&shop, Role::Admin);
    let erase = |body: Value| app.ask(Method::POST, "/api/customers/erase", Some(&token), Some(body));
    let hidden = erase(json!({ "email": ADDRESS, "brand": shop.brand.slug })).await;
    let missing = erase(json!({ "email": ADDRESS, "brand": "nowhere" })).await;
    assert_eq!((hidden.status, hidden.comparable()), (StatusCode::NOT_FOUND, missing.comparable()));
    let done = erase(json!({ "email": ADDRESS })).await.json();
    assert_eq!(done["brands"], json!([second.uid]), "{done}");
    assert_eq!(kept(&app, &shop).await, [2, 0]);
    let all = post(&app, &shop, "erase", json!({ "email": ADDRESS })).await.json();
    assert_eq!(all["brands"].as_array().unwrap().len(), 2, "{all}");
    assert_eq!(kept(&app, &shop).await, [0, 0]);
    let listed = app.get("/api/customers/erasures", &token).await.json();
    assert_eq!(listed["erasures"].as_array().unwrap().len(), 1, "not the one of both brands: {listed}");
    for role in [Role::Marketer, Role::Analyst, Role::Viewer, Role::Operator] {
        let token = app.token(&shop, role);
        for (method, path) in [(Method::POST, "erase"), (Method::POST, "export"), (Method::GET, "erasures")] {
            let body = (method == Method::POST).then(|| json!({ "email": ADDRESS }));
            let answer = app.ask(method, &format!("/api/customers/{path}"), Some(&token), body).await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{role} {path}");
        }
    }
}

/// However the two fall together: rows that landed before are cut off, rows that land after know of the erasure.
#[tokio::test]
async fn a_file_that_lands_at_the_same_time_does_not_keep_the_person() {
    let app = TestApp::start().await;
    let shop = app.shop("acme").await;
    let mut file = "order,sku,quantity,unit_price,placed_at,customer,city\n".to_owned();
    for number in 0..60_000 {
        file.push_str(&format!("G{number},B1,1,7,2026-11-04,{ADDRESS},Canaryville\n"));
    }
    let taken = imports::upload(&app, &shop, ("big.csv", file.as_bytes()), &[]).await;
    assert_eq!(taken.status, StatusCode::ACCEPTED);
    let path = format!("/api/brands/{}/imports/{}", shop.brand.slug, taken.json()["id"].as_str().unwrap());
    let token = app.token(&shop, Role::Owner);
    let mut erasures = 0;
    loop {
        let landed = imports::number(&shop.tenant, "select count(*) from orders").await;
        if erasures == 0 && landed > 0 {
            post(&app, &shop, "erase", json!({ "email": ADDRESS })).await;
            erasures += 1;
        }
        if erasures > 0 && !app.get(&path, &token).await.json()["finished_at"].is_null() {
            break;
        }
        tokio::task::yield_now().await;
    }
    assert_eq!(imports::number(&shop.tenant, "select count(*) from orders").await, 60_000);
    assert_eq!(canary_in(&dumped(&shop.tenant)), None);
    let kept = post(&app, &shop, "export", json!({ "email": ADDRESS })).await.json();
    assert_eq!(kept["brands"][0]["orders"], json!([]));
}
