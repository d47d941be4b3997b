//! Integrations over HTTP: what is answered, what never is, webhooks as strangers send them, the way back from a shop's page.

use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use pulsepoint::auth::{Reach, Role};
use pulsepoint::http::{PerMinute, Settings};
use pulsepoint::secrets::Purpose;
use serde_json::{Value, json};
use sha2::Sha256;

use crate::metrics::{land, order};
use crate::support::app::{Answer, Shop, TestApp};
use crate::support::pulled::{one, told};

const SECRET: &str = "app-secret";

/// A shop of Shopify that nobody has connected yet.
pub fn shop_to_connect(brand: &str) -> Value {
    let shop = format!("{}.myshopify.com", uuid::Uuid::new_v4().simple());
    json!({ "source": "shopify", "brand": brand, "credentials": { "access_token": "shpat_1", "client_id": "app",
        "client_secret": "app-secret" }, "settings": { "shop": shop } })
}

/// The id of a shop that is connected and never answers.
pub async fn integration(app: &TestApp, shop: &Shop) -> String {
    // There may only be so many.
    shop.tenant.db().write(|tx| Ok(tx.execute("delete from integrations", [])?)).await.unwrap();
    let (owner, body) = (app.token(shop, Role::Owner), shop_to_connect(&shop.brand.uid));
    let made = app.ask(Method::POST, "/api/integrations", Some(&owner), Some(body)).await;
    assert_eq!(made.status, StatusCode::CREATED, "{made:?}");
    made.json()["id"].as_str().unwrap().to_owned()
}

fn signed(secret: &str, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(body);
    BASE64_STANDARD.encode(mac.finalize().into_bytes())
}

async fn webhook(
    app: &TestApp,
    id: &str,
    (topic, delivery): (&str, &str),
    body: &Value,
    signature: Option<String>,
) -> Answer {
    let body = body.to_string();
    let signature = signature.unwrap_or_else(|| signed(SECRET, body.as_bytes()));
    let request = Request::post(format!("/api/webhooks/shopify/{id}"))
        .header(header::CONTENT_TYPE, "application/json")
        .header("x-shopify-topic", topic)
        .header("x-shopify-webhook-id", delivery)
        .header("x-shopify-hmac-sha256", signature);
    app.send(request.body(Body::from(body)).unwrap()).await
}

/// Makes the streams of a shop as they are after their first pass.
fn settled(shop: &Shop) {
    let put = |tx: &rusqlite::Transaction<'_>| {
        tx.execute("update integrations set tested = '{}', state = 'healthy', synced_at_ms = 0, overdue_told = 1", [])?;
        Ok(tx.execute(
            "update integration_streams set state = 'healthy', through_ms = 0, next_at_ms = 9000000000000",
            [],
        )?)
    };
    shop.tenant.db().write_blocking(put).unwrap();
}

fn next_at(shop: &Shop, stream: &str) -> i64 {
    one(&shop.tenant, &format!("select next_at_ms from integration_streams where name = '{stream}'"))
}

#[tokio::test]
async fn what_signs_in_never_comes_back_and_a_mistake_names_its_field() {
    let app = TestApp::start().await;
    let shop = app.shop("juniper-oak").await;
    let owner = app.token(&shop, Role::Owner);
    let sources = app.get("/api/integrations/sources", &owner).await.json();
    assert_eq!(sources.as_array().unwrap().len(), 4);
    for source in sources.as_array().unwrap() {
        assert!(source["steps"].as_array().unwrap().len() > 2 && !source["permissions"].as_array().unwrap().is_empty());
        assert!(source["unreachable"].is_null(), "the simulator stands in");
    }
    let post = |body: Value| app.ask(Method::POST, "/api/integrations", Some(&owner), Some(body));
    let made = |shop: &str, token: &str| {
        json!({ "source": "shopify", "brand": "juniper-oak", "credentials": { "access_token": token },
            "settings": { "shop": shop, "history_days": 90 } })
    };
    let first = post(made("acme.myshopify.com", "shpat_canary")).await;
    assert_eq!(first.status, StatusCode::CREATED, "{first:?}");
    assert!(!String::from_utf8_lossy(&first.body).contains("canary"));
    assert_eq!(first.json()["settings"], json!({ "shop": "acme.myshopify.com" }));
    assert_eq!(post(made("acme.myshopify.com", "x")).await.code(), "already_connected");
    for (body, field) in [
        (made("evil.example/?.myshopify.com", "x"), "settings.shop"),
        (made("b.myshopify.com", ""), "credentials.access_token"),
        (
            json!({ "source": "shopify", "brand": "juniper-oak", "credentials": { "access_token": "x" },
            "settings": { "shop": "b.myshopify.com", "history_days": -1 } }),
            "settings.history_days",
        ),
        (
            json!({ "source": "shopify", "brand": "juniper-oak", "credentials": { "access_token": "x" },
            "settings": { "shop": "b.myshopify.com", "api_base": "https://10.0.0.7" } }),
            "settings.api_base",
        ),
    ] {
        let refused = post(body.clone()).await;
        assert_eq!(
            (refused.status, refused.field().as_deref()),
            (StatusCode::UNPROCESSABLE_ENTITY, Some(field)),
            "{body}"
        );
    }
    let listed = app.get("/api/integrations?brand=juniper-oak", &owner).await.json();
    assert_eq!(listed["integrations"].as_array().unwrap().len(), 1);
    assert!(!listed.to_string().contains("canary"));
    let id = listed["integrations"][0]["id"].as_str().unwrap().to_owned();
    let tested = app.ask(Method::POST, &format!("/api/integrations/{id}/test"), Some(&owner), None).await.json();
    assert_eq!((&tested["ok"], &tested["code"]), (&json!(false), &json!("later")), "nobody answers: {tested}");
}

#[tokio::test]
async fn a_webhook_is_a_nudge_that_counts_once_and_is_believed_by_its_own_secret_alone() {
    let app = TestApp::start().await;
    let (shop, other) = (app.shop("juniper-oak").await, app.shop("northwind-demo").await);
    let (id, others) = (integration(&app, &shop).await, integration(&app, &other).await);
    settled(&shop);
    settled(&other);
    let body = json!({ "id": 820_982_911, "total_price": "9.99" });
    for (why, answer) in [
        ("no signature", webhook(&app, &id, ("orders/updated", "d1"), &body, Some(String::new())).await),
        (
            "another secret",
            webhook(&app, &id, ("orders/updated", "d1"), &body, Some(signed("x", body.to_string().as_bytes()))).await,
        ),
        ("another body", webhook(&app, &id, ("orders/updated", "d1"), &body, Some(signed(SECRET, b"{}"))).await),
        ("hexadecimal", webhook(&app, &id, ("orders/updated", "d1"), &body, Some("ab".repeat(32))).await),
    ] {
        assert_eq!((answer.status, answer.code().as_str()), (StatusCode::UNAUTHORIZED, "bad_signature"), "{why}");
    }
    assert_eq!(next_at(&shop, "orders"), 9_000_000_000_000, "nothing was changed");
    let nobody = webhook(&app, &uuid::Uuid::new_v4().to_string(), ("orders/updated", "d1"), &body, None).await;
    assert_eq!(nobody.status, StatusCode::NOT_FOUND);

    let before = app.app.clock.system_time().as_millisecond();
    assert_eq!(webhook(&app, &id, ("orders/updated", "d1"), &body, None).await.status, StatusCode::OK);
    let soon = next_at(&shop, "orders");
    assert!((before..before + 120_000).contains(&soon), "{soon}");
    assert_eq!(next_at(&shop, "products"), 9_000_000_000_000);
    assert_eq!(next_at(&other, "orders"), 9_000_000_000_000, "of another shop nothing");
    settled(&shop);
    assert_eq!(webhook(&app, &id, ("orders/updated", "d1"), &body, None).await.status, StatusCode::OK);
    assert_eq!(next_at(&shop, "orders"), 9_000_000_000_000, "the same delivery once more");
    assert_eq!(one::<i64>(&shop.tenant, "select count(*) from orders"), 0, "its body is not believed");
    assert_eq!(webhook(&app, &id, ("inventory_levels/update", "d2"), &body, None).await.status, StatusCode::OK);
    assert!(next_at(&shop, "inventory") < 9_000_000_000_000);
    assert_eq!(webhook(&app, &id, ("themes/publish", "d3"), &body, None).await.status, StatusCode::OK);

    assert_eq!(webhook(&app, &id, ("app/uninstalled", "d4"), &json!({}), None).await.status, StatusCode::OK);
    assert_eq!(one::<String>(&shop.tenant, "select state from integrations"), "needs_sign_in");
    assert_eq!(told(&shop.tenant, "integration.needs_sign_in").len(), 1);
    // One app in two shops has one secret: what is about people must name this shop.
    let redact =
        json!({ "shop_domain": "another.myshopify.com", "customer": { "id": 1, "email": "ann@shop.example" } });
    assert_eq!(
        webhook(&app, &others, ("customers/redact", "d5"), &redact, None).await.status,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(one::<i64>(&other.tenant, "select count(*) from privacy_requests"), 0);
}

#[tokio::test]
async fn what_shopify_passes_on_of_its_customers_rights_is_done() {
    let app = TestApp::start().await;
    let (shop, other) = (app.shop("juniper-oak").await, app.shop("northwind-demo").await);
    let id = integration(&app, &shop).await;
    let domain: String = one(&shop.tenant, "select json_extract(settings, '$.shop') from integrations");
    for shop in [&shop, &other] {
        let orders = vec![
            order("1", "2026-11-10T14:00:00Z", "ann@shop.example", "H1", 2, 50),
            order("2", "2026-10-10T14:00:00Z", "bob@shop.example", "B1", 1, 30),
        ];
        land(&shop.tenant, &shop.brand, "shopify", pulsepoint::commerce::rows::Batch { orders, ..Default::default() })
            .await;
    }
    let about = |email: &str| json!({ "shop_domain": domain, "customer": { "id": 77, "email": email }, "data_request": { "id": 9 } });
    let named = |shop: &Shop| -> i64 {
        let hash = pulsepoint::commerce::CustomerHash::new(&shop.tenant.key().derive(Purpose::CustomerIdentity));
        let key = hash.of_email("ann@shop.example");
        let sql = "select count(*) from customers where key = ?";
        shop.tenant.db().read_blocking(|conn| Ok(conn.query_row(sql, [key], |row| row.get(0))?)).unwrap()
    };
    assert_eq!((named(&shop), named(&other)), (1, 1));

    assert_eq!(
        webhook(&app, &id, ("customers/data_request", "d1"), &about("ann@shop.example"), None).await.status,
        StatusCode::OK
    );
    app.app.privacy.answer_requests(&app.app.sync).await.unwrap();
    let owner = app.token(&shop, Role::Owner);
    let requests = app.get("/api/customers/requests", &owner).await.json();
    let copy = &requests["requests"][0];
    assert_eq!((&copy["kind"], &copy["reference"]), (&json!("data_request"), &json!("9")));
    assert_eq!(copy["answer"]["by_email"]["brands"][0]["orders"].as_array().unwrap().len(), 1, "{copy}");
    let seen = app.get("/api/customers/requests", &app.token(&other, Role::Owner)).await.json();
    assert_eq!(seen["requests"], json!([]));

    assert_eq!(
        webhook(&app, &id, ("customers/redact", "d2"), &about("ann@shop.example"), None).await.status,
        StatusCode::OK
    );
    app.app.privacy.answer_requests(&app.app.sync).await.unwrap();
    assert_eq!((named(&shop), named(&other)), (0, 1), "erased here, and nowhere else");
    assert_eq!(one::<i64>(&shop.tenant, "select count(*) from orders"), 2, "the sums stay");
    let left = "select count(*) from privacy_requests where customer is not null or answered_at_ms is null";
    assert_eq!(one::<i64>(&shop.tenant, left), 0, "whom it was about is kept no longer");

    let gone = json!({ "shop_domain": domain });
    assert_eq!(webhook(&app, &id, ("shop/redact", "d3"), &gone, None).await.status, StatusCode::OK);
    app.app.privacy.answer_requests(&app.app.sync).await.unwrap();
    assert_eq!(one::<i64>(&shop.tenant, "select count(*) from integrations"), 0);
    assert!(app.app.sync.show(&shop.tenant, &id, Reach::All).await.is_err());
    assert_eq!(told(&shop.tenant, "integration.deleted").len(), 1);
}

#[tokio::test]
async fn the_way_back_from_a_shop_s_page_is_for_the_browser_that_left() {
    let settings = Settings {
        public_url: "https://figures.example".parse().unwrap(),
        rate_limit_per_minute: PerMinute::Of(0),
        ban_failures: 0,
        ..Settings::default()
    };
    let app = TestApp::with(settings).await;
    let shop = app.shop("juniper-oak").await;
    let (id, owner) = (integration(&app, &shop).await, app.token(&shop, Role::Owner));
    let path = format!("/api/oauth/shopify/start?integration={id}");
    let started = app.get(&path, &owner).await;
    assert_eq!(started.status, StatusCode::OK, "{started:?}");
    let cookie = started.cookie();
    let location: url::Url = started.json()["location"].as_str().unwrap().parse().unwrap();
    let asked: std::collections::HashMap<_, _> = location.query_pairs().into_owned().collect();
    assert_eq!(asked["redirect_uri"], "https://figures.example/api/oauth/shopify/callback");
    assert!(asked["scope"].contains("read_all_orders") && asked["client_id"] == "app");
    let domain: String = one(&shop.tenant, "select json_extract(settings, '$.shop') from integrations");
    let query = |state: &str, shop: &str, secret: &str| {
        let message = format!("code=c1&host=h&shop={shop}&state={state}&timestamp=1");
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
        mac.update(message.as_bytes());
        let hex: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        format!("{message}&hmac={hex}")
    };
    let back = async |query: String, cookie: Option<&str>| {
        let mut request = Request::get(format!("/api/oauth/shopify/callback?{query}"));
        if let Some(cookie) = cookie {
            request = request.header(header::COOKIE, cookie);
        }
        let answer = app.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{answer:?}");
        answer.headers[header::LOCATION].to_str().unwrap().to_owned()
    };
    assert_eq!(back(query("made-up", &domain, SECRET), Some(&cookie)).await, "/#connect=expired");
    // Another browser, and with it the state is used up.
    assert_eq!(back(query(&asked["state"], &domain, SECRET), None).await, "/#connect=expired");
    assert_eq!(back(query(&asked["state"], &domain, SECRET), Some(&cookie)).await, "/#connect=expired");
    for (shop, secret) in [(domain.as_str(), "wrong"), ("evil.example", SECRET), ("another.myshopify.com", SECRET)] {
        let again = app.get(&path, &owner).await;
        let location: url::Url = again.json()["location"].as_str().unwrap().parse().unwrap();
        let state = location.query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned();
        assert_eq!(back(query(&state, shop, secret), Some(&again.cookie())).await, "/#connect=expired", "{shop}");
    }
    // Everything is right, but nobody answers at the shop's address.
    let again = app.get(&path, &owner).await;
    let location: url::Url = again.json()["location"].as_str().unwrap().parse().unwrap();
    let state = location.query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned();
    assert_eq!(back(query(&state, &domain, SECRET), Some(&again.cookie())).await, "/#connect=down");
    assert_eq!(app.get("/api/oauth/meta_ads/start?integration=x", &owner).await.status, StatusCode::NOT_FOUND);
}
