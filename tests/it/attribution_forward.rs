//! Attribution as data comes in, and on the dashboard: figures worked out by hand, two tenants.

use axum::http::StatusCode;
use pulsepoint::attribution::AttributionModel;
use pulsepoint::auth::Role;
use pulsepoint::commerce::rows::Batch;
use serde_json::{Value, json};

use crate::attribution::{by_channel, journeys, pairs, refund, shop};
use crate::metrics::{land, order};
use crate::support::app::TestApp;
use crate::support::touches::{before, touch};

#[tokio::test]
async fn what_lands_is_brought_forward_and_the_rest_not_read_again() {
    let app = TestApp::start().await;
    let (shop, other) = (shop(&app, "juniper-oak").await, shop(&app, "northwind-demo").await);
    for shop in [&shop, &other] {
        touch(&shop.tenant, &shop.brand, 1, &journeys()).await;
    }
    let linear = |shop| by_channel(shop, "attributed_revenue", "linear", json!({}));
    let first = pairs(&[
        ("direct", "10.00"),
        ("email", "50.00"),
        ("google", "10.00"),
        ("meta", "10.00"),
        ("unattributed", "30.00"),
    ]);
    assert_eq!((linear(&shop).await, linear(&other).await), (first.clone(), first.clone()));
    // The first customer comes back; of the second order something goes back.
    let orders = vec![order("4", "2026-11-05T15:00:00Z", "a", "H1", 1, 30)];
    let refunds = vec![refund("r2", "2", "2026-11-08T15:00:00Z", "B1", 20)];
    land(&shop.tenant, &shop.brand, "shopify", Batch { orders, refunds, ..Batch::default() }).await;
    let mut wanted = first.clone();
    (wanted[1].1, wanted[4].1) = ("30.00".to_owned(), "60.00".to_owned());
    assert_eq!(linear(&shop).await, wanted);
    // Without the first order, and what went back of it, its touches led to the fourth.
    let gone = Batch { deleted_orders: vec!["1".to_owned()], ..Batch::default() };
    land(&shop.tenant, &shop.brand, "shopify", gone).await;
    wanted[4].1 = "30.00".to_owned();
    assert_eq!(linear(&shop).await, wanted);
    // The second order was somebody else's, who never came by a mail.
    land(
        &shop.tenant,
        &shop.brand,
        "shopify",
        Batch { orders: vec![order("2", "2026-11-03T15:00:00Z", "z", "B1", 1, 50)], ..Batch::default() },
    )
    .await;
    wanted[4].1 = "60.00".to_owned();
    wanted.remove(1);
    let found: Vec<_> = linear(&shop).await.into_iter().filter(|(_, value)| value != "0.00").collect();
    assert_eq!(found, wanted);
    // A touch that the feed says nothing of is not there: what did not move was not read again.
    touch(&shop.tenant, &shop.brand, 900, &[before("2", 60, "sms")]).await;
    let orders = vec![order("5", "2026-11-06T15:00:00Z", "e", "H1", 1, 1)];
    land(&shop.tenant, &shop.brand, "shopify", Batch { orders, ..Batch::default() }).await;
    let found = linear(&shop).await;
    assert!(!found.iter().any(|(channel, _)| channel == "sms"), "{found:?}");
    assert!(found.contains(&("unattributed".to_owned(), "61.00".to_owned())), "{found:?}");
    assert_eq!(linear(&other).await, first, "another tenant's stays");
}

#[tokio::test]
async fn a_dashboard_has_claimed_and_attributed_beside_each_other() {
    let app = TestApp::start().await;
    let shop = shop(&app, "juniper-oak").await;
    let token = app.token(&shop, Role::Viewer);
    let path = "/api/brands/juniper-oak/dashboard?from=2026-11-01&to=2026-11-15";
    let without = app.get(path, &token).await.json();
    assert_eq!(without["channels"][0]["attributed_revenue"], Value::Null, "no journeys, nothing attributed");
    assert_eq!(without["channels"].as_array().unwrap().len(), 1);
    touch(&shop.tenant, &shop.brand, 1, &journeys()).await;
    // What lands next makes the page stale.
    let orders = vec![order("4", "2026-11-05T15:00:00Z", "d", "H1", 1, 1)];
    land(&shop.tenant, &shop.brand, "shopify", Batch { orders, ..Batch::default() }).await;
    for (model, meta) in [("first_touch", "30.00"), ("last_touch", "0.00"), ("linear", "10.00")] {
        let page = app.get(&format!("{path}&model={model}"), &token).await.json();
        let first = &page["channels"][0];
        assert_eq!((&first["channel"], &first["platform_reported_revenue"]), (&json!("meta"), &json!("130.00")));
        assert_eq!(first["attributed_revenue"], json!(meta), "{model}");
        assert_eq!(page["channels_total"]["attributed_revenue"], page["kpis"][0]["value"], "{model}");
        let notes = page["notes"].as_array().unwrap();
        let note = notes.iter().find(|note| note["code"] == "attribution").unwrap()["text"].as_str().unwrap();
        assert!(note.contains(AttributionModel::parse(model).unwrap().label()) && !note.contains('_'), "{note}");
    }
    // What models are told, and the day that counts.
    let meta =
        async |told: &str| app.get(&format!("{path}&model=linear&{told}"), &token).await.json()["channels"][0].clone();
    assert_eq!(meta("window_days=7").await["attributed_revenue"], json!("0.00"));
    assert_eq!(meta("lifetime=true").await["attributed_revenue"], json!("10.00"));
    assert_eq!(meta("basis=order_date").await["attributed_revenue"], json!("10.00"));
    let weighted = app.get(&format!("{path}&model=position_based&position_weights=100,0,0"), &token).await.json();
    assert_eq!(weighted["channels"][0]["attributed_revenue"], json!("30.00"));
    let by_touch = app
        .get(
            &format!("{}&model=linear&basis=touch_date", path.replace("11-01", "10-19").replace("11-15", "10-20")),
            &token,
        )
        .await
        .json();
    assert_eq!(by_touch["channels_total"]["attributed_revenue"], json!("30.00"), "{by_touch}");
    for bad in ["window_days=30", "position_weights=1,2", "basis=someday"] {
        assert_eq!(app.get(&format!("{path}&{bad}"), &token).await.status, StatusCode::UNPROCESSABLE_ENTITY, "{bad}");
    }
}

#[tokio::test]
async fn models_are_told_their_parameters_over_rest() {
    let app = TestApp::start().await;
    let shop = shop(&app, "juniper-oak").await;
    touch(&shop.tenant, &shop.brand, 1, &journeys()).await;
    let token = app.token(&shop, Role::Viewer);
    let path = "/api/brands/juniper-oak/attribution?from=2026-11-01&to=2026-11-15";
    // All to the middle one; nearly the same to each where a year halves it.
    let told = "model=position_based&model=time_decay&position_weights=0,100,0&half_life_days=365";
    let page = app.get(&format!("{path}&{told}"), &token).await.json();
    let google = page["channels"].as_array().unwrap().iter().find(|channel| channel["channel"] == "google").unwrap();
    let given = &google["by_model"];
    assert_eq!((&given[0]["revenue"], &given[1]["revenue"]), (&json!("30.00"), &json!("10.00")));
    for bad in ["basis=touch_date", "position_weights=50,50", "position_weights=50,50,50"] {
        let answer = app.get(&format!("{path}&{bad}"), &token).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{bad}");
    }
}
