//! From a shop's own total to ours: by hand, against totals that come from elsewhere, and with an order that was tampered with.

use axum::http::{Method, StatusCode};
use pulsepoint::attribution::AttributionModel;
use pulsepoint::auth::{Reach, Role};
use pulsepoint::brands;
use pulsepoint::clock::Clock;
use pulsepoint::commerce::demo::install;
use pulsepoint::commerce::rows::{Batch, Order, Refund, RefundLine};
use pulsepoint::money::{format_micros, parse_micros};
use pulsepoint::reconciliation::bridge::{Days, bridge};
use pulsepoint::tenants::Tenant;
use pulsepoint::warehouse;
use serde_json::{Value, json};

use crate::demo::{NOW, instant};
use crate::demo_install::start;
use crate::imports::imported;
use crate::metrics::{ads, land, order, variant, whole};
use crate::support::app::{Shop, TestApp};
use crate::support::simulated::{CASES, Simulated};

pub const NOVEMBER: &str = "from=2026-11-01&to=2026-12-01";

pub async fn get(app: &TestApp, shop: &Shop, path: &str) -> Value {
    let answer = app.get(&format!("/api/brands/{}/{path}", shop.brand.slug), &app.token(shop, Role::Viewer)).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    answer.json()
}

async fn state(app: &TestApp, shop: &Shop, total: Value) -> Value {
    let path = format!("/api/brands/{}/bridge/totals", shop.brand.slug);
    let made = app.ask(Method::POST, &path, Some(&app.token(shop, Role::Owner)), Some(total)).await;
    assert_eq!(made.status, StatusCode::CREATED, "{made:?}");
    made.json()
}

/// An order with everything that totals differ about: 100.00 of goods less 20.00, 8.00 tax, 5.00 shipping, a gift card of 25.00 and
/// a tip of 3.00: 121.00 in all.
fn rich(id: &str, at: &str) -> Order {
    let mut order = order(id, at, id, "H1", 2, 50);
    order.lines[0].discount_micros = whole(20);
    let mut card = order.lines[0].clone();
    (card.variant, card.quantity, card.price_micros, card.discount_micros) = (variant("GIFT"), 1, whole(25), 0);
    card.gift_card = true;
    order.lines.push(card);
    (order.tax_micros, order.shipping_micros, order.tip_micros) = (whole(8), whole(5), whole(3));
    order.total_micros = Some(whole(121));
    order
}

fn refund(id: &str, of: &str, at: &str, goods: i64) -> Refund {
    Refund {
        external_id: id.to_owned(),
        order: Some(of.to_owned()),
        store: None,
        customer: None,
        currency: pulsepoint::money::Currency::parse("USD").unwrap(),
        refunded_at: instant(at).as_second(),
        day_estimated: false,
        reason: None,
        country: None,
        shipping_micros: whole(5),
        tax_micros: whole(4),
        lines: vec![RefundLine { variant: Some(variant("H1")), quantity: 1, goods_micros: whole(goods) }],
    }
}

/// November: two rich orders, one of them cancelled, a test order, a refund of October's and one in December of November's.
async fn november(app: &TestApp, slug: &str) -> Shop {
    let shop = app.shop(slug).await;
    let mut cancelled = rich("2", "2026-11-12T12:00:00Z");
    cancelled.cancelled_at = Some(cancelled.placed_at + 60);
    let mut test = rich("3", "2026-11-13T12:00:00Z");
    test.test = true;
    // 19:30 in New York on the last of October, November in UTC.
    let late = rich("4", "2026-10-31T23:30:00Z");
    let edge = rich("5", "2026-11-01T03:30:00Z");
    let orders = vec![rich("1", "2026-11-10T12:00:00Z"), cancelled, test, late, edge];
    let refunds = vec![refund("R1", "4", "2026-11-15T12:00:00Z", 40), refund("R2", "1", "2026-12-02T12:00:00Z", 10)];
    land(&shop.tenant, &shop.brand, "shopify", Batch { orders, refunds, ..Batch::default() }).await;
    land(&shop.tenant, &shop.brand, "meta_ads", Batch { ads: vec![ads(20, 5)], ..Batch::default() }).await;
    shop
}

pub fn steps(shop: &Value) -> Vec<(String, String)> {
    let all = shop["steps"].as_array().unwrap().iter();
    all.map(|s| (s["step"].as_str().unwrap().to_owned(), s["amount"].as_str().unwrap().to_owned())).collect()
}

/// The total, all steps and the residual come to our net sales; and each step's orders come to the step.
pub async fn assert_walks(app: &TestApp, shop: &Shop, window: &str) -> Value {
    let found = get(app, shop, &format!("bridge?{window}")).await;
    let micros = |value: &Value| parse_micros(value.as_str().unwrap()).unwrap();
    for one in found["shops"].as_array().unwrap() {
        for step in one["steps"].as_array().unwrap() {
            let (store, currency) = (one["store"].as_str().unwrap(), one["currency"].as_str().unwrap());
            let id = step["step"].as_str().unwrap();
            let (mut sum, mut count) = (0, 0);
            loop {
                let page = format!(
                    "bridge/orders?{window}&store={store}&currency={currency}&step={id}&limit=1&offset={count}"
                );
                let page = get(app, shop, &page).await;
                let orders = page["orders"].as_array().unwrap();
                sum += orders.iter().map(|order| micros(&order["amount"])).sum::<i64>();
                count += orders.len();
                if page["truncated"] == false {
                    break;
                }
            }
            assert_eq!((sum, json!(count)), (micros(&step["amount"]), step["orders"].clone()), "{id}");
        }
    }
    found
}

#[tokio::test]
async fn every_step_by_hand_and_each_equals_its_orders() {
    let app = TestApp::start().await;
    let (shop, other) = (november(&app, "juniper-oak").await, november(&app, "northwind-demo").await);
    // The platform says what each order came to: three of November, 121.00 each.
    let found = assert_walks(&app, &shop, NOVEMBER).await;
    let us = &found["shops"][0];
    assert_eq!((&us["total"]["amount"], &us["total"]["origin"]), (&json!("363.00"), &json!("platform")));
    let pair = |id: &str, amount: &str| (id.to_owned(), amount.to_owned());
    let expected = [
        pair("test_orders", "-121.00"),
        pair("taxes", "-16.00"),
        pair("shipping", "-10.00"),
        pair("tips", "-6.00"),
        pair("duties", "0.00"),
        pair("gift_cards", "-50.00"),
        pair("refund_date", "-40.00"),
    ];
    assert_eq!(steps(us), expected);
    assert_eq!((&us["net_sales"], &us["residual"]), (&json!("120.00"), &json!("0.00")));
    assert_eq!((&found["net_sales"], &found["residual"]), (&json!("120.00"), &json!("0.00")));
    assert_eq!(found["claims"]["total"], "130.00");
    assert_eq!(found["claims"]["beyond_sales"], "10.00");

    // A person read "Total sales" in a report whose days are UTC's, without cancelled orders, refunds on the order's day:
    // orders 1, 4 (no: 23:30Z is still October) and 5 (November in both). 2 is cancelled.
    let total = json!({"from": "2026-11-01", "to": "2026-12-01", "amount": "74.00", "timezone": "UTC", "report": "total_sales",
        "counts": {"cancelled": false, "refunds": "order_date"}});
    let stated = state(&app, &shop, total).await;
    let found = assert_walks(&app, &shop, NOVEMBER).await;
    let us = &found["shops"][0];
    assert_eq!((&us["total"]["amount"], &us["total"]["origin"]), (&json!("74.00"), &json!("person")));
    // In UTC order 5 is November's too (03:30Z), in New York it is October's: it leaves with its tax and shipping.
    let expected = [
        pair("zone", "-93.00"),
        pair("cancelled", "93.00"),
        pair("taxes", "-12.00"),
        pair("shipping", "-5.00"),
        pair("duties", "0.00"),
        pair("refund_date", "-30.00"),
    ];
    assert_eq!(steps(us), expected);
    // 93 + 93 − 19 (10.00 goods, 5.00 shipping, 4.00 tax of the refund in December) = 167.00 is what such a report shows.
    assert_eq!(us["residual"], "93.00", "the total was misread by 93.00, and that is what is left");
    let path = format!("/api/brands/{}/bridge/totals/{}", shop.brand.slug, stated["id"].as_str().unwrap());
    let owner = app.token(&shop, Role::Owner);
    let stranger = app.token(&other, Role::Owner);
    assert_eq!(app.ask(Method::DELETE, &path, Some(&stranger), None).await.status, StatusCode::NOT_FOUND);
    assert_eq!(app.ask(Method::DELETE, &path, Some(&owner), None).await.status, StatusCode::NO_CONTENT);
    let total = json!({"from": "2026-11-01", "to": "2026-12-01", "amount": "167.00", "timezone": "UTC",
        "report": "total_sales", "counts": {"cancelled": false, "refunds": "order_date"}});
    state(&app, &shop, total).await;
    assert_eq!(get(&app, &shop, &format!("bridge?{NOVEMBER}")).await["shops"][0]["residual"], "0.00");
    // What one tenant entered is not the other's.
    assert_eq!(get(&app, &other, &format!("bridge?{NOVEMBER}")).await["shops"][0]["total"]["origin"], "platform");
    assert_eq!(get(&app, &other, "bridge/totals").await, json!({"totals": []}));
}

#[tokio::test]
async fn an_order_that_was_tampered_with_shows_and_is_named() {
    let app = TestApp::start().await;
    let (shop, other) = (november(&app, "juniper-oak").await, november(&app, "northwind-demo").await);
    let spoil = |tx: &rusqlite::Transaction| {
        Ok(tx.execute(
            "update order_lines set price_micros = price_micros + 3500000 where gift_card = 0
             and order_id = (select id from orders where external_id = '1')",
            [],
        )?)
    };
    assert_eq!(shop.tenant.db().write(spoil).await.unwrap(), 1);
    warehouse::of(&shop.tenant).rebuild(&shop.tenant).await.unwrap();
    let found = get(&app, &shop, &format!("bridge?{NOVEMBER}")).await;
    assert_eq!(found["shops"][0]["residual"], "7.00");
    let page = get(&app, &shop, &format!("bridge/orders?{NOVEMBER}&store=US&currency=USD&step=residual")).await;
    assert_eq!(page["orders"].as_array().unwrap().len(), 1);
    assert_eq!((&page["orders"][0]["order"], &page["orders"][0]["amount"]), (&json!("#1"), &json!("-7.00")));
    assert_eq!(get(&app, &other, &format!("bridge?{NOVEMBER}")).await["shops"][0]["residual"], "0.00");
}

#[tokio::test]
async fn without_a_total_the_bridge_says_how_to_give_one() {
    let app = TestApp::start().await;
    let shop = app.shop("juniper-oak").await;
    let orders = vec![order("1", "2026-11-10T14:00:00Z", "a", "H1", 2, 50)];
    land(&shop.tenant, &shop.brand, "shopify", Batch { orders, ..Batch::default() }).await;
    let found = get(&app, &shop, &format!("bridge?{NOVEMBER}")).await;
    let us = &found["shops"][0];
    assert!(
        us["total"].is_null() && us["residual"].is_null() && us["how"].as_str().unwrap().contains("report"),
        "{us}"
    );
    let owner = app.token(&shop, Role::Owner);
    let path = format!("/api/brands/{}/bridge/totals", shop.brand.slug);
    let good = json!({"from": "2026-11-01", "to": "2026-12-01", "amount": "1", "report": "net_sales"});
    for (field, value) in [
        ("store", json!("Elsewhere")),
        ("to", json!("2026-11-01")),
        ("from", json!("november")),
        ("amount", json!("much")),
        ("currency", json!("XYZ")),
        ("timezone", json!("Mars/Olympus")),
        ("report", json!("gut_feeling")),
    ] {
        let mut bad = good.clone();
        bad[field] = value;
        let refused = app.ask(Method::POST, &path, Some(&owner), Some(bad)).await;
        assert_eq!((refused.status, refused.field().as_deref()), (StatusCode::UNPROCESSABLE_ENTITY, Some(field)));
    }
    for path in ["bridge?from=2026-11-02&to=2026-11-01", "bridge?from=1900-01-01&to=2026-11-01"] {
        let refused = app.get(&format!("/api/brands/{}/{path}", shop.brand.slug), &owner).await;
        assert_eq!((refused.status, refused.field().as_deref()), (StatusCode::UNPROCESSABLE_ENTITY, Some("to")));
    }
}

async fn walk(tenant: &Tenant, slug: &'static str, window: [&str; 2], now: &str) -> Value {
    let brand = tenant.db().read(move |conn| brands::get(conn, &Reach::All, slug)).await.unwrap();
    let days = Days::read(brand, window[0], window[1]).unwrap();
    serde_json::to_value(bridge(tenant, &days, AttributionModel::default(), instant(now)).await.unwrap()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_adds_up_to_the_cent_in_both_tenants() {
    let data = tempfile::tempdir().unwrap();
    let tenants = start(data.path());
    install(&tenants, 42, &Clock::fixed(instant(NOW))).await.unwrap();
    for (tenant, slug, shops) in [("juniper-oak", "juniper-oak", 2), ("northwind-demo", "northwind", 1)] {
        let tenant = tenants.by_slug(tenant).await.unwrap();
        for window in [["2026-10-01", "2026-11-01"], ["2025-11-01", "2026-11-01"]] {
            let found = walk(&tenant, slug, window, NOW).await;
            assert_eq!(found["residual"], "0.00", "{slug} {window:?}: {found}");
            assert_eq!(found["shops"].as_array().unwrap().len(), shops);
            for shop in found["shops"].as_array().unwrap() {
                assert_eq!(
                    (&shop["residual"], &shop["total"]["origin"]),
                    (&json!("0.00"), &json!("platform")),
                    "{shop}"
                );
                assert!(steps(shop).iter().any(|(_, amount)| amount != "0.00"), "{shop}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_simulated_shops_own_totals_are_reached() {
    let world = Simulated::start(|_| ()).await;
    for number in 0..2 {
        let of = world.connect(CASES[0], number).await;
        world.until_healthy(&of).await;
        world.settle(&of).await;
        let totals = world.sandbox.totals()["shopify"][number].clone();
        let slug: &'static str = ["shopify-0", "shopify-1"][number];
        let now = world.pulled.hands.now().to_string();
        let window = ["2020-01-01", "2027-01-01"];
        // As the connector tells each order's total, test orders among them.
        let told = walk(&of.tenant, slug, window, &now).await;
        assert_eq!(
            (&told["shops"][0]["residual"], &told["shops"][0]["total"]["origin"]),
            (&json!("0.00"), &json!("platform")),
            "{told}"
        );
        // As the simulator adds its model up by itself.
        for (report, amount, counts) in [
            ("order_totals", totals["total_price"].as_str().unwrap().to_owned(), json!({"test_orders": false})),
            ("net_sales", net_of(&totals), json!({})),
        ] {
            let body = json!({"from": window[0], "to": window[1], "amount": amount, "report": report, "counts": counts,
                "currency": totals["currency"], "timezone": "America/New_York"});
            state_in(&of.tenant, slug, body).await;
            let found = walk(&of.tenant, slug, window, &now).await;
            assert_eq!(found["shops"][0]["total"]["origin"], "person");
            let shop = &found["shops"][0];
            assert_eq!(shop["residual"], "0.00", "{report}: {shop}");
        }
    }
}

/// Goods, less what was paid back without any.
fn net_of(totals: &Value) -> String {
    let micros = |field: &str| parse_micros(totals[field].as_str().unwrap()).unwrap();
    format_micros((micros("net_sales") - micros("refund_discrepancies")).into(), 2)
}

/// Writes a total as the route does.
async fn state_in(tenant: &Tenant, slug: &'static str, body: Value) {
    let input = serde_json::from_value(body).unwrap();
    let write = move |tx: &rusqlite::Transaction| {
        let brand = brands::get(tx, &Reach::All, slug)?;
        pulsepoint::reconciliation::enter(tx, &brand, &input, instant(NOW))
    };
    tenant.db().write(write).await.unwrap();
}

#[tokio::test]
async fn an_imported_file_s_own_sums_are_reached() {
    let app = TestApp::start().await;
    let (shop, other) = (app.shop("acme").await, app.shop("northwind-demo").await);
    let file = include_bytes!("../fixtures/imports/shopify_orders.csv");
    imported(&app, &shop, ("shopify_orders.csv", file.as_slice()), &[]).await;
    let found = assert_walks(&app, &shop, "from=2026-10-01&to=2026-12-01").await;
    assert!(!found["shops"].as_array().unwrap().is_empty());
    for one in found["shops"].as_array().unwrap() {
        assert_eq!((&one["residual"], &one["total"]["origin"]), (&json!("0.00"), &json!("platform")), "{one}");
    }
    assert_eq!(found["residual"], "0.00");
    assert_eq!(get(&app, &other, &format!("bridge?{NOVEMBER}")).await["shops"], json!([]));
}
