//! Journeys of a simulated shop as it tells of them, two tenants at a time; and what becomes of a customer's visits who asks for a copy or
//! to be erased.

use std::time::Duration;

use axum::http::{Method, StatusCode};
use pulsepoint::auth::Role;
use pulsepoint::commerce::rows::{Batch, Journey, Touch};
use pulsepoint::commerce::visits::{self, Hit, Kind};
use pulsepoint::commerce::{Arrival, CustomerHash};
use pulsepoint::secrets::Purpose;
use pulsepoint::tenants::Tenant;
use pulsepoint::warehouse;
use serde_json::json;

use crate::metrics::{land, order};
use crate::support::app::{Shop, TestApp, now};
use crate::support::simulated::{CASES, Connected, Simulated};
use crate::support::touches::ledgers_agree;

fn one<T: rusqlite::types::FromSql>(tenant: &Tenant, sql: &str) -> T {
    tenant.db().read_blocking(|conn| Ok(conn.query_row(sql, [], |row| row.get(0))?)).unwrap()
}

async fn fact(tenant: &Tenant, sql: &'static str) -> i64 {
    warehouse::of(tenant).caught_up(tenant).await.unwrap();
    warehouse::of(tenant).query(|conn| Ok(conn.query_row(sql, [], |row| row.get(0)).unwrap())).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_shop_knows_of_its_orders_lands_with_them_and_again_changes_nothing() {
    let case = CASES.into_iter().find(|case| case.platform == "shopify").unwrap();
    let sim = Simulated::start(|_| ()).await;
    let shops = [sim.connect(case, 0).await, sim.connect(case, 1).await];
    for shop in &shops {
        sim.until_healthy(shop).await;
        // Journeys take the platform a while.
        sim.pulled.hands.forward(Duration::from_secs(3_600));
        sim.settle(shop).await;
        let tenant = &shop.tenant;
        let known: i64 = one(tenant, "select count(*) from touches");
        assert!(known > 300, "{known} touches of 300 orders");
        let wrong = "select count(*) from touches t left join orders o on o.id = t.order_id \
                     where t.source <> 'shopify' or o.id is null or t.at_ms > o.placed_at * 1000 or t.landing_page like '%?%'";
        assert_eq!(one::<i64>(tenant, wrong), 0);
        assert!(one::<i64>(tenant, "select count(distinct click_id) from touches") > 0);
        assert_eq!(fact(tenant, "select count(*) from fact_touches where channel = ''").await, 0);
        assert!(fact(tenant, "select count(distinct channel) from fact_touches").await > 2);
        // Nothing of what was not ready at first is lost, though nobody asked for two days: every visit is here, once.
        sim.pulled.hands.forward(Duration::from_secs(50 * 3_600));
        settle_twice(&sim, shop).await;
        assert_eq!(all_visits(&sim, shop), one::<i64>(tenant, "select count(*) from touches"));
        assert!(one::<i64>(tenant, "select max(n) from (select count(*) n from touches group by order_id)") > 9);
        let known = one::<i64>(tenant, "select count(*) from touches");
        let before: (i64, i64) = (known, one(tenant, "select coalesce(max(rev), 0) from touches"));
        sim.settle(shop).await;
        let after =
            (one(tenant, "select count(*) from touches"), one(tenant, "select coalesce(max(rev), 0) from touches"));
        assert_eq!(before, after);
    }
    let shared = "select min(external_id) from touches";
    assert_ne!(one::<String>(&shops[0].tenant, shared), one::<String>(&shops[1].tenant, shared));
}

/// The first look after a day is for what is gone, the next for what is new.
async fn settle_twice(sim: &Simulated, of: &Connected) {
    sim.settle(of).await;
    sim.settle(of).await;
}

/// How many visits the simulated shop tells of by now.
fn all_visits(sim: &Simulated, of: &Connected) -> i64 {
    sim.sandbox.totals()["shopify"][of.number]["visits"].as_i64().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_journey_that_grows_is_read_to_its_bound_and_takes_the_place_of_what_was_known() {
    let case = CASES.into_iter().find(|case| case.platform == "shopify").unwrap();
    let sim = Simulated::start(|options| options.orders = 60).await;
    let shops = [sim.connect(case, 0).await, sim.connect(case, 1).await];
    for shop in &shops {
        sim.until_healthy(shop).await;
    }
    // Later the journeys of some orders are told anew, and have become long.
    sim.pulled.hands.forward(Duration::from_secs(40 * 3_600));
    let shop = json!({ "shop": "juniper-oak.myshopify.com", "swells": 4 });
    sim.control("advance", shop).await;
    sim.pulled.hands.forward(Duration::from_secs(600));
    for shop in &shops {
        settle_twice(&sim, shop).await;
    }
    let longest = "select count(*) from (select count(*) n from touches group by order_id having n = 100)";
    let (grown, other) = (one::<i64>(&shops[0].tenant, longest), one::<i64>(&shops[1].tenant, longest));
    assert!((1..=4).contains(&grown) && other == 0, "{grown} {other} {:?}", sim.view(&shops[0]).await);
    for (shop, long) in [(&shops[0], grown), (&shops[1], 0)] {
        let kept = one::<i64>(&shop.tenant, "select count(*) from touches");
        assert_eq!(kept + 30 * long, all_visits(&sim, shop), "thirty of each are beyond what is kept");
        let twice = "select count(*) from touches t join touches u on u.external_id = t.external_id and u.id <> t.id";
        assert_eq!(one::<i64>(&shop.tenant, twice), 0);
        // The visit that the platform itself calls the last is among them.
        let early = "select count(*) from orders o where o.sales_source = 'web' and o.test = 0 and exists \
                     (select 1 from touches t where t.order_id = o.id) and not exists (select 1 from touches t \
                     where t.order_id = o.id and t.at_ms >= (o.placed_at - 86400) * 1000)";
        assert_eq!(one::<i64>(&shop.tenant, early), 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn where_no_file_may_hold_the_visits_between_orders_are_asked_for_them() {
    let case = CASES.into_iter().find(|case| case.platform == "shopify").unwrap();
    let sim = Simulated::start(|options| options.orders = 60).await;
    let refused = json!({ "kind": "error", "code": "BAD_REQUEST" });
    sim.faults(json!([{ "platform": "shopify", "body": "moments{edges", "then": refused }])).await;
    for number in [0, 1] {
        let shop = sim.connect(case, number).await;
        sim.until_healthy(&shop).await;
        assert_eq!(all_visits(&sim, &shop), one::<i64>(&shop.tenant, "select count(*) from touches"));
        let facts: String = one(&shop.tenant, "select facts from integrations");
        assert!(facts.contains("bulk_without_moments"), "{facts}");
    }
}

/// A shop where ann came by a mail and bought, as its page and its platform tell.
async fn visited(app: &TestApp, slug: &str) -> Shop {
    let shop = app.shop(slug).await;
    let (brand, now_ms) = (shop.brand.id, now().as_millisecond());
    let hash = CustomerHash::new(&shop.tenant.key().derive(Purpose::CustomerIdentity));
    let hit = |who: &str, kind, page: &str, order: Option<&str>| Hit {
        visitor: hash.of_visitor(brand, who),
        at_ms: now_ms - 60_000,
        kind,
        device: Some("mobile"),
        arrival: Arrival::of(page, None),
        order: order.map(str::to_owned),
    };
    let hits = [
        hit("ann", Kind::Page, "/products/secret-gift?utm_source=klaviyo&utm_medium=email", None),
        hit("ann", Kind::Purchase, "/thanks", Some("id:1")),
        hit("bob", Kind::Page, "/products/tote", None),
    ];
    shop.tenant.db().write(move |tx| visits::land(tx, brand, &hits, now_ms)).await.unwrap();
    let touch =
        Touch { id: "9".into(), at_ms: now_ms - 9_000_000, arrival: Arrival::of("/pages/hidden?fbclid=1", None) };
    let batch = Batch {
        orders: vec![order("1", "2026-11-22T14:59:00Z", "ann", "H1", 1, 50)],
        journeys: vec![Journey { order: "1".into(), touches: vec![touch] }],
        ..Batch::default()
    };
    land(&shop.tenant, &shop.brand, "shopify", batch).await;
    shop
}

#[tokio::test]
async fn a_customer_has_a_copy_of_their_visits_and_may_have_them_cut_off() {
    let app = TestApp::start().await;
    let (shop, other) = (visited(&app, "juniper-oak").await, visited(&app, "northwind-demo").await);
    let token = app.token(&shop, Role::Owner);
    let body = || Some(json!({ "email": "ann@shop.example" }));
    let copy = app.ask(Method::POST, "/api/customers/export", Some(&token), body()).await.json();
    let copy = &copy["brands"][0];
    assert_eq!(copy["visits"].as_array().unwrap().len(), 1, "{copy}");
    assert_eq!(copy["visits"][0]["landing_page"], "/products/secret-gift");
    let told: Vec<&str> = copy["touches"].as_array().unwrap().iter().map(|t| t["told_by"].as_str().unwrap()).collect();
    assert_eq!(told, ["shopify", "pixel"]);
    let figures = "select count(*) * 100 + count(distinct channel) from fact_touches";
    let before = (fact(&shop.tenant, figures).await, fact(&shop.tenant, "select count(*) from fact_sessions").await);
    let key: Vec<u8> = one(&shop.tenant, "select key from visitors where customer_id is not null");
    let brands = std::slice::from_ref(&shop.brand);
    ledgers_agree(&shop.tenant, brands, "before").await;
    let erased = app.ask(Method::POST, "/api/customers/erase", Some(&token), body()).await;
    assert_eq!((erased.status, erased.json()["removed"]["visitors"].as_i64()), (StatusCode::OK, Some(1)), "{erased:?}");
    let left = "select count(*) from touches where landing_page like '%hidden%' or landing_page like '%secret%'";
    assert_eq!(one::<i64>(&shop.tenant, left), 0);
    assert_eq!(one::<i64>(&shop.tenant, "select count(*) from visits where landing_page like '%secret%'"), 0);
    assert_ne!(one::<Vec<u8>>(&shop.tenant, "select key from visitors where customer_id is not null"), key);
    let after = (fact(&shop.tenant, figures).await, fact(&shop.tenant, "select count(*) from fact_sessions").await);
    assert_eq!(after, before, "sums and counts of past days stay");
    ledgers_agree(&shop.tenant, brands, "erased").await;
    let copy = app.ask(Method::POST, "/api/customers/export", Some(&token), body()).await.json();
    assert_eq!(copy["brands"][0]["touches"], json!([]));
    // Told again by the platform, the pages stay away; the other tenant's ann is another.
    let touch = Touch {
        id: "9".into(),
        at_ms: now().as_millisecond() - 9_000_000,
        arrival: Arrival::of("/pages/hidden?fbclid=1", None),
    };
    let again = Batch { journeys: vec![Journey { order: "1".into(), touches: vec![touch] }], ..Batch::default() };
    land(&shop.tenant, &shop.brand, "shopify", again).await;
    assert_eq!(one::<i64>(&shop.tenant, left), 0);
    ledgers_agree(&shop.tenant, brands, "told again").await;
    assert_eq!(one::<i64>(&other.tenant, left), 2);
}

#[tokio::test]
async fn visits_go_when_their_time_is_over_and_what_a_shop_tells_of_orders_stays() {
    let app = TestApp::start().await;
    let shop = visited(&app, "juniper-oak").await;
    assert_eq!(fact(&shop.tenant, "select count(*) from fact_sessions").await, 2);
    let rules = pulsepoint::privacy::Settings { visits_days: 30, ..Default::default() };
    let privacy = app.app.privacy.with_retention(rules);
    let days = |days: i64| now() + jiff::SignedDuration::from_hours(24 * days);
    privacy.run_daily(days(29), || false).await.unwrap();
    assert_eq!(one::<i64>(&shop.tenant, "select count(*) from visits"), 2);
    privacy.run_daily(days(31), || false).await.unwrap();
    for (table, left) in [("visits", 0), ("visitors", 0), ("visit_orders", 0), ("touches", 1)] {
        let sql = format!("select count(*) from {table}");
        assert_eq!(one::<i64>(&shop.tenant, &sql), left, "{table}");
    }
    assert_eq!(fact(&shop.tenant, "select count(*) from fact_sessions").await, 0);
    assert_eq!(fact(&shop.tenant, "select count(*) from fact_touches").await, 1);
}
