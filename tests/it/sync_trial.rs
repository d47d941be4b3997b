//! Credentials are tried out before anything is connected: what the platform says is told, and nothing else is left of it.

use axum::http::{Method, StatusCode};
use pulsepoint::auth::Role;
use pulsepoint::connectors::sandbox::{self, Options};
use pulsepoint::connectors::{self, Source};
use pulsepoint::sync::Parts;
use pulsepoint::tenants::Tenant;
use serde_json::{Value, json};

use crate::support::app::{Answer, Shop, TestApp};
use crate::support::pulled::{Hands, one, told};
use crate::support::simulated::CASES;

const PATH: &str = "/api/integrations/test";

async fn tried(app: &TestApp, shop: &Shop, body: Value) -> Answer {
    app.ask(Method::POST, PATH, Some(&app.token(shop, Role::Owner)), Some(body)).await
}

fn shopify(brand: &str, secret: &str) -> Value {
    json!({ "source": "shopify", "brand": brand, "settings": { "shop": "juniper-oak.myshopify.com" },
        "credentials": { "client_id": "sandbox-client", "client_secret": secret } })
}

fn kept(tenant: &Tenant) -> i64 {
    one(tenant, "select (select count(*) from integrations) + (select count(*) from integration_streams)")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_tried_out_is_answered_and_not_kept() {
    let hands = Hands::at("2026-11-22T12:00:00Z");
    let sandbox = sandbox::start(Options { throttle: false, ..Options::new(hands.clock()) }).await.unwrap();
    let shared =
        connectors::Settings { sandbox_url: sandbox.url.clone(), offline: true, ..connectors::Settings::default() };
    let parts = Parts { shared, connectors: connectors::all(), ..Parts::default() };
    let app = TestApp::pulling(hands.clock(), parts).await;
    let (shop, other) = (app.shop("juniper-oak").await, app.shop("northwind").await);

    let good = tried(&app, &shop, shopify("juniper-oak", "shpss_sandbox")).await;
    assert_eq!(good.status, StatusCode::OK, "{good:?}");
    let good = good.json();
    assert_eq!((&good["ok"], &good["found"]["missing"]), (&json!(true), &json!([])), "{good}");
    assert!(good["found"]["account"].as_str().is_some_and(|name| !name.is_empty()), "{good}");
    let wrong = tried(&app, &shop, shopify("juniper-oak", "canary-secret")).await.json();
    assert_eq!((&wrong["ok"], &wrong["code"], &wrong["found"]), (&json!(false), &json!("sign_in"), &Value::Null));

    // A code is good once: had it been tried, nobody could connect with it.
    let tiktok = CASES.into_iter().find(|case| case.source == Source::TiktokAds).unwrap().credentials("tried");
    let code = json!({ "source": "tiktok_ads", "brand": "juniper-oak", "settings": {},
        "credentials": { "app_id": tiktok.get("app_id"), "app_secret": tiktok.get("app_secret"), "auth_code": tiktok.get("auth_code") } });
    assert_eq!(tried(&app, &shop, code.clone()).await.json()["code"], "once");
    assert_eq!((kept(&shop.tenant), kept(&other.tenant)), (0, 0));
    let events = told(&shop.tenant, "integration.tested");
    let reached: Vec<&Value> = events.iter().map(|event| &event.data["found"]["reached"]).collect();
    assert_eq!(reached, [&json!(true), &json!(false), &json!(false)], "each is told of once");
    assert!(events.iter().all(|event| !event.data.to_string().contains("canary") && event.data["connected"] == false));
    assert!(told(&other.tenant, "integration.tested").is_empty());

    // What cannot be connected is not tried either.
    let foreign = tried(&app, &other, shopify("juniper-oak", "shpss_sandbox")).await;
    assert_eq!(foreign.status, StatusCode::NOT_FOUND, "another tenant's brand");
    let misnamed = tried(
        &app,
        &shop,
        json!({ "source": "shopify", "brand": "juniper-oak", "credentials": {},
        "settings": { "shop": "evil.example" } }),
    );
    assert_eq!(misnamed.await.field().as_deref(), Some("settings.shop"));
    let owner = app.token(&shop, Role::Owner);
    for body in [shopify("juniper-oak", "shpss_sandbox"), code] {
        let made = app.ask(Method::POST, "/api/integrations", Some(&owner), Some(body)).await;
        assert_eq!(made.status, StatusCode::CREATED, "{made:?}");
        let id = made.json()["id"].as_str().unwrap().to_owned();
        let tested = app.ask(Method::POST, &format!("/api/integrations/{id}/test"), Some(&owner), None).await.json();
        assert_eq!(tested["ok"], true, "the code was not used up: {tested}");
    }
    assert_eq!(tried(&app, &shop, shopify("juniper-oak", "shpss_sandbox")).await.code(), "already_connected");
}
