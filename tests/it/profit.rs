//! Costs that people enter and what they leave of sales: by hand, by SQL written by hand, and the same figures everywhere.

use axum::http::{Method, StatusCode};
use pulsepoint::auth::Role;
use pulsepoint::commerce::rows::Batch;
use serde_json::{Value, json};

use crate::metrics::{ads, cost, land, order};
use crate::support::app::{Shop, TestApp};
use crate::support::shop::{Dice, currency, order as random_order};

const NOVEMBER: &str = "from=2026-11-01&to=2026-12-01";

async fn enter(app: &TestApp, shop: &Shop, cost: Value) -> Value {
    let path = format!("/api/brands/{}/costs", shop.brand.slug);
    let made = app.ask(Method::POST, &path, Some(&app.token(shop, Role::Owner)), Some(cost)).await;
    assert_eq!(made.status, StatusCode::CREATED, "{made:?}");
    made.json()
}

async fn statement(app: &TestApp, shop: &Shop, params: &str) -> Value {
    let path = format!("/api/brands/{}/profit?{params}", shop.brand.slug);
    let answer = app.get(&path, &app.token(shop, Role::Viewer)).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    answer.json()
}

async fn query(app: &TestApp, shop: &Shop, query: Value) -> Value {
    let path = format!("/api/brands/{}/query", shop.brand.slug);
    app.ask(Method::POST, &path, Some(&app.token(shop, Role::Viewer)), Some(query)).await.json()
}

fn total<'a>(statement: &'a Value, id: &str) -> &'a Value {
    let lines = statement["lines"].as_array().unwrap();
    &lines.iter().find(|line| line["id"] == id).unwrap_or_else(|| panic!("no line {id}"))["total"]
}

fn micros(value: &Value) -> i64 {
    pulsepoint::money::parse_micros(value.as_str().unwrap_or_else(|| panic!("{value}"))).unwrap()
}

/// Three orders of November, one cancelled, one of a unit without a cost; and ads for 30.00.
async fn november(app: &TestApp, slug: &str) -> Shop {
    let shop = app.shop(slug).await;
    let mut paypal = order("2", "2026-11-11T14:00:00Z", "b", "X1", 1, 30);
    (paypal.gateway, paypal.country) = (Some("paypal".to_owned()), Some("DE".to_owned()));
    let mut cancelled = order("3", "2026-11-12T14:00:00Z", "c", "H1", 1, 50);
    cancelled.cancelled_at = Some(cancelled.placed_at + 3_600);
    let orders = vec![order("1", "2026-11-10T14:00:00Z", "a", "H1", 2, 50), paypal, cancelled];
    land(&shop.tenant, &shop.brand, "shopify", Batch { orders, costs: vec![cost("H1", 20)], ..Batch::default() }).await;
    land(&shop.tenant, &shop.brand, "meta_ads", Batch { ads: vec![ads(20, 5)], ..Batch::default() }).await;
    shop
}

async fn enter_all(app: &TestApp, shop: &Shop) {
    for entry in [
        json!({"kind": "default_cost", "rate": "0.4", "from": "2026-01-01"}),
        json!({"kind": "shipping", "amount": "5.00", "from": "2026-01-01"}),
        json!({"kind": "shipping", "amount": "9.00", "applies_to": "de", "from": "2026-01-01"}),
        json!({"kind": "handling", "amount": "1", "from": "2026-01-01"}),
        json!({"kind": "payment_fee", "rate": "0.03", "amount": "0.30", "from": "2026-01-01"}),
        json!({"kind": "payment_fee", "rate": "0.05", "applies_to": "PayPal", "from": "2026-01-01"}),
        json!({"kind": "fixed", "name": "Rent", "amount": "300.00", "period": "month", "from": "2026-11-16"}),
    ] {
        enter(app, shop, entry).await;
    }
}

#[tokio::test]
async fn november_from_gross_sales_to_net_profit_by_hand() {
    let app = TestApp::start().await;
    let (shop, other) = (november(&app, "juniper-oak").await, november(&app, "northwind-demo").await);
    let before = statement(&app, &other, NOVEMBER).await;
    enter_all(&app, &shop).await;
    let found = statement(&app, &shop, NOVEMBER).await;
    for (id, value) in [
        ("gross_sales", "180.00"),
        ("net_sales", "180.00"),
        // 3 × 20.00, and 0.4 × 30.00 where nothing is known.
        ("cost_of_goods", "72.00"),
        ("sales_without_cost", "0.00"),
        ("cm1", "108.00"),
        // 5.00 and 9.00 to Germany; nothing is sent of what was cancelled.
        ("shipping_cost", "14.00"),
        ("handling_cost", "2.00"),
        // 3.30, 1.50 by PayPal, 1.80: a fee does not come back.
        ("payment_fees", "6.60"),
        ("cm2", "85.40"),
        ("ad_spend", "30.00"),
        ("cm3", "55.40"),
        ("shipping_income", "0.00"),
        // Half of November.
        ("fixed_costs", "150.00"),
        ("net_profit", "-94.60"),
        ("poas", "3.600000"),
        ("break_even_roas", "2.107728"),
    ] {
        assert_eq!(*total(&found, id), json!(value), "{id}");
    }
    let codes: Vec<&str> = found["notes"].as_array().unwrap().iter().map(|n| n["code"].as_str().unwrap()).collect();
    assert!(codes.contains(&"costs_estimated") && !codes.contains(&"costs_not_entered"), "{codes:?}");
    // The other tenant's figures are what they were: nothing entered, one unit left out and named.
    let after = statement(&app, &other, NOVEMBER).await;
    assert_eq!(before["lines"], after["lines"]);
    for (id, value) in [("cm1", "90.00"), ("sales_without_cost", "30.00"), ("cm3", "60.00"), ("net_profit", "60.00")] {
        assert_eq!(*total(&after, id), json!(value), "{id}");
    }
    let notes = after["notes"].to_string();
    assert!(notes.contains("shipping costs, handling, payment fees, fixed costs"), "{notes}");
    assert!(notes.contains("lines_without_cost"), "{notes}");
}

#[tokio::test]
async fn the_statement_is_the_typed_query_and_its_parts_add_up() {
    let app = TestApp::start().await;
    let shop = november(&app, "juniper-oak").await;
    enter_all(&app, &shop).await;
    let whole = statement(&app, &shop, NOVEMBER).await;
    let asked = query(&app, &shop, whole["query"].clone()).await;
    for (column, value) in asked["columns"].as_array().unwrap().iter().zip(asked["totals"].as_array().unwrap()) {
        assert_eq!(total(&whole, column.as_str().unwrap()), value, "{column}");
    }
    for grain in ["day", "week", "month"] {
        let split = statement(&app, &shop, &format!("{NOVEMBER}&grain={grain}")).await;
        for line in split["lines"].as_array().unwrap().iter().filter(|line| line["role"] != "ratio") {
            let sum: i64 = line["values"].as_array().unwrap().iter().filter(|v| !v.is_null()).map(micros).sum();
            // Days that are not over yet have no row, but fixed costs run on to the window's end.
            if line["id"] != "fixed_costs" && line["id"] != "net_profit" {
                assert_eq!(sum, micros(&line["total"]), "{} by {grain}", line["id"]);
            }
        }
    }
    let by_product = statement(&app, &shop, &format!("{NOVEMBER}&by=product")).await;
    for id in ["cm1", "cm2", "payment_fees", "shipping_cost"] {
        assert_eq!(total(&by_product, id), total(&whole, id), "{id}");
    }
    let lines = by_product["lines"].as_array().unwrap();
    let cm2 = lines.iter().find(|line| line["id"] == "cm2").unwrap();
    assert_eq!(cm2["values"].as_array().unwrap().iter().map(micros).sum::<i64>(), micros(&cm2["total"]));
    assert!(by_product["not_split"].as_array().unwrap().contains(&json!("net_profit")));
    // Where a split makes no sense, that is said.
    let owner = app.token(&shop, Role::Owner);
    let path = format!("/api/brands/{}/profit?{NOVEMBER}&by=channel", shop.brand.slug);
    assert_eq!(app.get(&path, &owner).await.code(), "dimension_not_available");
    for (metric, dim) in [("cm3", "product"), ("net_profit", "country"), ("fixed_costs", "store"), ("cm2", "channel")] {
        let answer = query(
            &app,
            &shop,
            json!({"metrics": [metric], "dimensions": [dim], "time": {"start": "2026-11-01", "end": "2026-12-01"}}),
        );
        assert_eq!(answer.await["code"], "dimension_not_available", "{metric} by {dim}");
    }
}

#[tokio::test]
async fn costs_are_entered_ended_and_removed_and_the_figures_follow() {
    let app = TestApp::start().await;
    let (shop, other) = (november(&app, "juniper-oak").await, app.shop("northwind-demo").await);
    let owner = app.token(&shop, Role::Owner);
    let rent = enter(
        &app,
        &shop,
        json!({"kind": "fixed", "name": "Rent", "amount": "30", "period": "day", "from": "2026-11-20"}),
    );
    let id = rent.await["id"].as_str().unwrap().to_owned();
    assert_eq!(*total(&statement(&app, &shop, NOVEMBER).await, "fixed_costs"), json!("330.00"));
    let path = format!("/api/brands/{}/costs/{id}", shop.brand.slug);
    let ended = app.ask(Method::PATCH, &path, Some(&owner), Some(json!({"until": "2026-11-22"}))).await;
    assert_eq!((ended.status, &ended.json()["until"]), (StatusCode::OK, &json!("2026-11-22")));
    assert_eq!(*total(&statement(&app, &shop, NOVEMBER).await, "fixed_costs"), json!("60.00"));
    // By name, as the typed query has it.
    let by_name = json!({"metrics": ["fixed_costs"], "dimensions": ["cost"], "time": {"start": "2026-11-01", "end": "2026-12-01"}});
    assert_eq!(query(&app, &shop, by_name).await["rows"], json!([["Rent", "60.00"]]));
    for (field, body) in
        [("until", json!({"until": "2026-11-20"})), ("until", json!({"until": "tomorrow"})), ("until", json!({}))]
    {
        let refused = app.ask(Method::PATCH, &path, Some(&owner), Some(body.clone())).await;
        assert_eq!(
            (refused.status, refused.field().as_deref()),
            (StatusCode::UNPROCESSABLE_ENTITY, Some(field)),
            "{body}"
        );
    }
    // Another tenant's owner cannot name it.
    let stranger = app.token(&other, Role::Owner);
    let theirs = format!("/api/brands/{}/costs/{id}", other.brand.slug);
    for address in [&path, &theirs] {
        assert_eq!(app.ask(Method::DELETE, address, Some(&stranger), None).await.status, StatusCode::NOT_FOUND);
    }
    assert_eq!(app.ask(Method::DELETE, &path, Some(&owner), None).await.status, StatusCode::NO_CONTENT);
    assert_eq!(*total(&statement(&app, &shop, NOVEMBER).await, "fixed_costs"), json!("0.00"));
    let left = app.get(&format!("/api/brands/{}/costs", shop.brand.slug), &owner).await.json();
    assert_eq!(left, json!({"costs": []}));
}

#[tokio::test]
async fn what_cannot_be_a_cost_is_refused_with_the_field() {
    let app = TestApp::start().await;
    let shop = app.shop("juniper-oak").await;
    let owner = app.token(&shop, Role::Owner);
    let path = format!("/api/brands/{}/costs", shop.brand.slug);
    for (field, entry) in [
        ("rate", json!({"kind": "default_cost", "from": "2026-01-01"})),
        ("rate", json!({"kind": "default_cost", "rate": "1.5", "from": "2026-01-01"})),
        ("rate", json!({"kind": "shipping", "rate": "0.1", "amount": "1", "from": "2026-01-01"})),
        ("amount", json!({"kind": "default_cost", "rate": "0.1", "amount": "1", "from": "2026-01-01"})),
        ("amount", json!({"kind": "handling", "from": "2026-01-01"})),
        ("amount", json!({"kind": "handling", "amount": "-1", "from": "2026-01-01"})),
        ("amount", json!({"kind": "handling", "amount": "1e3", "from": "2026-01-01"})),
        ("rate", json!({"kind": "payment_fee", "from": "2026-01-01"})),
        ("period", json!({"kind": "fixed", "amount": "1", "from": "2026-01-01"})),
        ("period", json!({"kind": "handling", "amount": "1", "period": "day", "from": "2026-01-01"})),
        ("applies_to", json!({"kind": "shipping", "amount": "1", "applies_to": "Germany", "from": "2026-01-01"})),
        ("applies_to", json!({"kind": "handling", "amount": "1", "applies_to": "US", "from": "2026-01-01"})),
        ("from", json!({"kind": "handling", "amount": "1", "from": "2026-02-30"})),
        ("from", json!({"kind": "handling", "amount": "1", "from": "1999-12-31"})),
        ("until", json!({"kind": "handling", "amount": "1", "from": "2026-02-02", "until": "2026-02-02"})),
        ("currency", json!({"kind": "handling", "amount": "1", "currency": "XXX", "from": "2026-02-02"})),
        ("name", json!({"kind": "handling", "amount": "1", "name": "a\u{7}b", "from": "2026-02-02"})),
    ] {
        let refused = app.ask(Method::POST, &path, Some(&owner), Some(entry.clone())).await;
        assert_eq!(
            (refused.status, refused.field().as_deref()),
            (StatusCode::UNPROCESSABLE_ENTITY, Some(field)),
            "{entry}"
        );
    }
}

/// What orders of a day bear, from SQLite by a statement that shares nothing with the feed.
const BY_HAND: &str = "with paid as (select o.id, o.cancelled_at, o.country, o.gateway, o.shipping_micros - o.shipping_discount_micros + o.tax_micros
        + (select sum(price_micros * quantity - discount_micros) from order_lines l where l.order_id = o.id and l.gift_card = 0) as charged
        from orders o where o.test = 0 and o.brand_id = 1
        and exists (select 1 from order_lines l where l.order_id = o.id and l.gift_card = 0))
    select sum(case when cancelled_at is null then case when country = 'DE' then 9000000 else 5000000 end else 0 end),
        sum(case when cancelled_at is null then 1000000 else 0 end),
        sum(case when charged <= 0 then 0 when gateway = 'paypal' then charged / 20 else charged * 3 / 100 + 300000 end) from paid";

#[tokio::test(flavor = "multi_thread")]
async fn what_orders_bear_equals_sql_by_hand() {
    let app = TestApp::start().await;
    let (shop, other) = (app.shop("juniper-oak").await, app.shop("northwind-demo").await);
    enter_all(&app, &other).await;
    enter_all(&app, &shop).await;
    let mut dice = Dice::new(11);
    for _ in 0..6 {
        let orders = (0..40).map(|_| {
            let mut order = random_order(&mut dice, "USD");
            (order.currency, order.store) = (currency("USD"), None);
            order.gateway = dice.chance(3).then(|| "paypal".to_owned());
            order
        });
        let batch = Batch { orders: orders.collect(), ..Batch::default() };
        land(&shop.tenant, &shop.brand, "shopify", batch).await;
        let by_hand = shop.tenant.db().read_blocking(|conn| {
            Ok(conn.query_row(BY_HAND, [], |row| Ok([row.get::<_, i64>(0)?, row.get(1)?, row.get(2)?]))?)
        });
        let asked = json!({"metrics": ["shipping_cost", "handling_cost", "payment_fees"],
            "time": {"start": "2026-01-01", "end": "2027-01-01"}});
        let found = query(&app, &shop, asked.clone()).await;
        let cents = |amount: i64| pulsepoint::money::format_micros(amount.into(), 2);
        assert_eq!(found["totals"], json!(by_hand.unwrap().map(cents)));
        // However it is split, it comes to the same.
        for dim in ["product", "country", "customer_type", "store", "day_of_week", "order"] {
            let mut split = asked.clone();
            (split["dimensions"], split["limit"]) = (json!([dim]), json!(1000));
            let split = query(&app, &shop, split).await;
            assert_eq!(split["totals"].as_array().unwrap()[1..], found["totals"].as_array().unwrap()[..], "{dim}");
        }
    }
}
