//! What customers may be expected to do: CDNOW's published numbers over REST, and refusals where there is too little.

use axum::http::StatusCode;
use jiff::civil::{Date, date};
use jiff::{Timestamp, ToSpan};
use pulsepoint::auth::Role;
use pulsepoint::clock::Clock;
use pulsepoint::commerce::{self, rows::Batch, rows::Order};
use pulsepoint::http::{PerMinute, Settings};
use serde_json::{Value, json};

use crate::imports::shared;
use crate::metrics::{land, order};
use crate::support::app::TestApp;

const END: Date = date(1997, 9, 30);

fn placed(id: String, day: Date, customer: &str, micros: i64) -> Order {
    let mut order = order(&id, &format!("{day}T17:00:00Z"), customer, "CD", 1, 0);
    order.lines[0].price_micros = micros;
    order
}

/// Orders that come to a customer's line: so many repeats, the last of them and today so many days after the first, those between
/// them evenly spread, each worth the mean. The first costs something else, and the last comes as two orders of one day.
fn orders_of(line: &str) -> Vec<Order> {
    let cells: Vec<f64> = line.split(',').map(|cell| cell.parse().unwrap()).collect();
    let days = |weeks: f64| (weeks * 7.0).round() as i64;
    let (repeats, last, age) = (cells[1] as i64, days(cells[2]), days(cells[3]));
    let customer = format!("c{}", cells[0]);
    let first = END.checked_sub(age.days()).unwrap();
    let mut orders = vec![placed(format!("{customer}-0"), first, &customer, 9_990_000)];
    for repeat in 1..=repeats {
        let day = first.checked_add((last * repeat / repeats).days()).unwrap();
        let micros = (cells[4] * 1e6).round() as i64;
        let half = if repeat == repeats { micros / 2 } else { 0 };
        orders.push(placed(format!("{customer}-{repeat}"), day, &customer, micros - half));
        if half > 0 {
            orders.push(placed(format!("{customer}-{repeat}b"), day, &customer, half));
        }
    }
    orders
}

async fn at(now: &str) -> TestApp {
    let settings = Settings { rate_limit_per_minute: PerMinute::Of(0), ban_failures: 0, ..Settings::default() };
    TestApp::at(settings, Clock::fixed(now.parse().unwrap())).await
}

fn number(value: &Value) -> f64 {
    value.as_str().unwrap_or_else(|| panic!("{value}")).parse().unwrap()
}

fn close(found: &Value, expected: f64, within: f64, what: &str) {
    let found = number(found);
    assert!((found - expected).abs() <= within * expected.abs(), "{what}: {found}, not {expected}");
}

#[tokio::test]
async fn cdnow_over_rest_gives_the_published_numbers() {
    let Some(path) = shared("cdnow_customers_summary_with_transactions.csv") else { return };
    let text = std::fs::read_to_string(path).unwrap();
    let app = at("1997-10-01T16:00:00Z").await;
    let shop = app.shop("cdnow").await;
    let now: Timestamp = "1997-10-01T16:00:00Z".parse().unwrap();
    let mut orders: Vec<Order> = text.lines().skip(1).flat_map(orders_of).collect();
    // The data reaches to the end of September: somebody without a name bought then.
    orders.push(Order { customer: None, ..placed("guest".to_owned(), END, "x", 5_000_000) });
    for part in orders.chunks(2_000) {
        let batch = Batch { orders: part.to_vec(), ..Batch::default() };
        commerce::land(&shop.tenant, &shop.brand, "shopify", batch, now).await.unwrap();
    }
    let viewer = app.token(&shop, Role::Viewer);
    let answer = app.get("/api/brands/cdnow/customers/forecast?days=273&days=365&customers=3", &viewer).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    let found = answer.json();
    assert_eq!((&found["refusal"], &found["as_of"]), (&Value::Null, &json!("1997-09-30")), "{found}");
    assert_eq!((&found["customers"], &found["repeat_customers"]), (&json!(2_357), &json!(946)));
    let prediction = &found["prediction"];
    for (name, expected) in [("r", 0.243), ("alpha", 4.414), ("a", 0.793), ("b", 2.426)] {
        close(&prediction["model"]["buying"][name], expected, 0.01, name);
    }
    close(&prediction["model"]["log_likelihood"], -9_582.4, 0.001, "log-likelihood");
    for (name, expected) in [("p", 6.25), ("q", 3.74), ("v", 15.44)] {
        close(&prediction["model"]["spending"][name], expected, 0.01, name);
    }
    close(&prediction["totals"][0]["orders"], 1_653.423, 0.001, "purchases of 39 weeks");
    close(&prediction["of_a_new_customer"][0]["orders"], 1.195_016, 0.001, "E[X(39)]");
    close(&prediction["of_a_new_customer"][1]["orders"], 1.444_021, 0.01, "E[X(52)]");
    close(&prediction["clv_12_months"], 71_509.90, 0.001, "lifetime value");
    let cohorts = prediction["cohorts"].as_array().unwrap();
    assert_eq!(cohorts.iter().map(|c| c["customers"].as_u64().unwrap()).sum::<u64>(), 2_357);
    let sum: f64 = cohorts.iter().map(|c| number(&c["expected"][0]["orders"])).sum();
    assert!((sum - number(&prediction["totals"][0]["orders"])).abs() < 0.05, "cohorts add up: {sum}");
    let alive: f64 = cohorts.iter().map(|c| number(&c["alive"]) * c["customers"].as_f64().unwrap()).sum();
    assert!((alive / 2_357.0 - 0.813439).abs() < 1e-3, "{alive}");
    let listed = prediction["listed"].as_array().unwrap();
    assert!(listed.len() == 3 && listed.iter().all(|one| one["customer"].as_str().unwrap().parse::<i64>().is_ok()));
    let independence = found["checks"].as_array().unwrap().iter().find(|c| c["code"] == "independence").unwrap();
    assert!(independence["text"].as_str().unwrap().contains("0.1139"), "{independence}");
}

#[tokio::test]
async fn too_little_is_refused_in_words_and_strangers_see_nothing() {
    let app = TestApp::start().await;
    let (shop, other) = (app.shop("small").await, app.shop("other").await);
    let orders = vec![
        order("1", "2026-01-10T14:00:00Z", "a", "H1", 1, 50),
        order("2", "2026-03-10T14:00:00Z", "a", "H1", 1, 50),
        order("3", "2026-11-20T14:00:00Z", "b", "H1", 1, 50),
    ];
    land(&shop.tenant, &shop.brand, "shopify", Batch { orders, ..Batch::default() }).await;
    let viewer = app.token(&shop, Role::Viewer);
    let found = app.get("/api/brands/small/customers/forecast", &viewer).await.json();
    assert_eq!(
        (&found["prediction"], &found["customers"], &found["repeat_customers"]),
        (&Value::Null, &json!(2), &json!(1))
    );
    assert_eq!(found["refusal"]["code"], "too_few_repeat_customers");
    assert!(
        found["refusal"]["text"].as_str().unwrap().starts_with("Customers who have come back so far: 1."),
        "{found}"
    );
    let empty = app.get("/api/brands/other/customers/forecast", &app.token(&other, Role::Owner)).await.json();
    assert_eq!((&empty["customers"], &empty["refusal"]["code"]), (&json!(0), &json!("too_few_repeat_customers")));
    let stranger = app.get("/api/brands/small/customers/forecast", &app.token(&other, Role::Owner)).await;
    assert_eq!(stranger.status, StatusCode::NOT_FOUND);
    for (query, field) in [
        ("days=0", "days"),
        ("days=731", "days"),
        ("days=1&days=2&days=3&days=4&days=5", "days"),
        ("customers=1001", "customers"),
    ] {
        let answer = app.get(&format!("/api/brands/small/customers/forecast?{query}"), &viewer).await;
        assert_eq!(
            (answer.status, answer.field().as_deref()),
            (StatusCode::UNPROCESSABLE_ENTITY, Some(field)),
            "{query}"
        );
    }
}
