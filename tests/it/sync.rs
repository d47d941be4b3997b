//! Pulling a small platform over real HTTP: to the end, once in effect, stream by stream, for several tenants side by side.

use std::time::Duration;

use jiff::civil::date;
use pulsepoint::connectors::Source;
use pulsepoint::sync::{Settings, State};

use crate::support::plain::{DAYS, LINES, ORDERS, Plain};
use crate::support::platform::{Platform, order};
use crate::support::pulled::{Given, Pulled, json_of, me, one, told};

const HOUR: Duration = Duration::from_secs(3600);

fn orders_only() -> Given {
    Given { connectors: vec![Plain::shop(&[ORDERS])], ..Given::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn reads_a_source_to_its_end_and_then_what_is_new() {
    let platform = Platform::start().await.with_orders(95);
    let pulled = Pulled::start(orders_only()).await;
    let (tenant, brand) = pulled.shop("juniper").await;
    let made = pulled.connect((&tenant, &brand), Source::Shopify, &platform).await;
    assert_eq!(made.state, State::Connecting);
    pulled.run().await;

    let view = pulled.view(&tenant, &made.id).await;
    assert_eq!((view.state, view.account.as_deref()), (State::Healthy, Some("Canary Shop")));
    assert_eq!(view.data_through, Some(pulled.hands.now()));
    assert_eq!((view.streams[0].rows, view.streams[0].state.as_str()), (95, "healthy"));
    assert_eq!(one::<i64>(&tenant, "select count(*) from orders"), 95);
    assert_eq!(platform.asked("/orders"), 10, "a page at a time");
    let runs = json_of_runs(&pulled, &tenant, &made.id).await;
    assert_eq!(runs[0]["state"], "done");
    assert_eq!((runs[0]["rows_landed"].as_u64(), runs[0]["requests"].as_u64()), (Some(95), Some(11)));
    assert!(runs[0]["bytes"].as_u64() > Some(1_000) && runs[0]["quota"] == "many of many");
    assert_eq!(told(&tenant, "integration.created").len(), 1);
    assert_eq!(told(&tenant, "sync.first_pass_done").len(), 1);

    // Nothing new: asked once, nothing written twice.
    let version = tenant.data_version();
    pulled.pass(HOUR).await;
    assert_eq!(platform.asked("/orders"), 11);
    assert_eq!((tenant.data_version(), one::<i64>(&tenant, "select count(*) from orders")), (version, 95));

    let mut changed = order(3);
    changed["cents"] = 777.into();
    changed["updated"] = pulled.hands.now().to_string().into();
    platform.world().orders[3] = changed;
    pulled.pass(HOUR).await;
    let sum = "select price_micros / 10000 from order_lines l join orders o on o.id = l.order_id where o.external_id = '000004'";
    assert_eq!(one::<i64>(&tenant, sum), 777);
    assert!(tenant.data_version() > version);
}

async fn json_of_runs(pulled: &Pulled, tenant: &pulsepoint::tenants::Tenant, id: &str) -> serde_json::Value {
    serde_json::to_value(pulled.app.sync.runs(tenant, id, pulsepoint::auth::Reach::All).await.unwrap()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_tenants_side_by_side_within_the_limits() {
    let platform = Platform::start().await.with_orders(60);
    platform.world().slow = Duration::from_millis(15);
    let settings = Settings { at_once: 4, ..Settings::default() };
    let pulled = Pulled::start(Given { settings, ..orders_only() }).await;
    let mut all = Vec::new();
    for number in 0..10 {
        let (tenant, brand) = pulled.shop(&format!("shop-{number}")).await;
        let made = pulled.connect((&tenant, &brand), Source::Shopify, &platform).await;
        all.push((tenant, made.id));
    }
    let begun = std::time::Instant::now();
    pulled.run().await;
    let took = begun.elapsed();
    for (tenant, id) in &all {
        assert_eq!(pulled.view(tenant, id).await.state, State::Healthy);
        assert_eq!(one::<i64>(tenant, "select count(*) from orders"), 60);
    }
    // 70 answers of 15 ms each: one after the other they take more than a second.
    assert!(took < Duration::from_millis(70 * 15), "{took:?}: they waited for each other");
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_become_usable_one_by_one_and_a_permission_that_is_missing_blocks_its_own() {
    let platform = Platform::start().await.with_orders(20);
    platform.world().missing = vec!["read_ads"];
    platform.world().spend = vec![(date(2026, 11, 20), 500)];
    let pulled = Pulled::start(Given { connectors: vec![Plain::shop(&[ORDERS, DAYS])], ..Given::default() }).await;
    let (tenant, brand) = pulled.shop("juniper").await;
    let made = pulled.connect((&tenant, &brand), Source::Shopify, &platform).await;
    pulled.run().await;
    let view = json_of(&pulled.view(&tenant, &made.id).await);
    assert_eq!((&view["state"], &view["streams"][0]["state"]), (&"degraded".into(), &"healthy".into()));
    assert_eq!(view["streams"][1]["state"], "blocked");
    assert!(view["error"].as_str().unwrap().contains("Without it"), "{view}");
    assert_eq!(platform.asked("/days"), 0);

    platform.world().missing.clear();
    pulled.app.sync.test(&tenant, &made.id, me()).await.unwrap();
    pulled.run().await;
    assert_eq!(pulled.view(&tenant, &made.id).await.state, State::Healthy);
    assert_eq!(one::<i64>(&tenant, "select count(*) from ad_days"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn days_that_still_change_are_read_again_once_a_day() {
    let platform = Platform::start().await;
    platform.world().spend = vec![(date(2026, 11, 10), 100), (date(2026, 11, 11), 100), (date(2026, 11, 22), 100)];
    let pulled = Pulled::start(Given { connectors: vec![Plain::ads()], ..Given::default() }).await;
    let (tenant, brand) = pulled.shop("juniper").await;
    pulled.connect((&tenant, &brand), Source::MetaAds, &platform).await;
    pulled.run().await;
    assert_eq!(one::<i64>(&tenant, "select sum(spend_micros) from ad_days"), 3_000_000);
    // One day is restated and one vanishes; only the daily pass goes so far back.
    platform.world().spend = vec![(date(2026, 11, 10), 250), (date(2026, 11, 22), 100)];
    pulled.pass(2 * HOUR).await;
    assert_eq!(one::<i64>(&tenant, "select sum(spend_micros) from ad_days"), 3_000_000);
    pulled.pass(23 * HOUR).await;
    assert_eq!(one::<i64>(&tenant, "select sum(spend_micros) from ad_days"), 3_500_000);
    let restated = platform.world().asked.iter().filter(|(path, _)| path.contains("from=2026-10-2")).count();
    assert_eq!(restated, 2, "the first pass, and one restatement");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_download_is_staged_and_lands_in_groups_however_its_lines_are_mixed() {
    let platform = Platform::start().await;
    let mut lines = Vec::new();
    for number in 0..5_000 {
        lines.push(format!(r#"{{"id":"o{number:05}","email":"canary{}@shop.example"}}"#, number % 40));
        lines.push(format!(r#"{{"id":"a{number}","__parentId":"o{number:05}","cents":100}}"#));
    }
    // Children that come long after their parents.
    lines.extend((0..5_000).map(|number| format!(r#"{{"id":"b{number}","__parentId":"o{number:05}","cents":23}}"#)));
    lines.push("no JSON".to_owned());
    platform.world().lines = lines;
    platform.world().break_at = Some(7_000);
    let pulled = Pulled::start(Given { connectors: vec![Plain::shop(&[LINES])], ..Given::default() }).await;
    let (tenant, brand) = pulled.shop("juniper").await;
    let made = pulled.connect((&tenant, &brand), Source::Shopify, &platform).await;
    pulled.run().await;
    assert_eq!(one::<i64>(&tenant, "select count(*) from orders"), 0, "half a download lands nothing");
    assert!(pulled.view(&tenant, &made.id).await.streams[0].last_error.as_deref().unwrap().contains("broke off"));

    platform.world().break_at = None;
    pulled.pass(Duration::from_secs(60)).await;
    assert_eq!(one::<i64>(&tenant, "select count(*) from orders"), 5_000);
    assert_eq!(one::<i64>(&tenant, "select sum(price_micros) from order_lines"), 5_000 * 123 * 10_000);
    assert_eq!(one::<i64>(&tenant, "select count(*) from sync_staged"), 0);
    assert_eq!(one::<i64>(&tenant, "select count(*) from customers"), 40);
    let rejects =
        serde_json::to_value(pulled.app.sync.rejects(&tenant, &made.id, pulsepoint::auth::Reach::All).await.unwrap())
            .unwrap();
    assert_eq!((rejects.as_array().unwrap().len(), &rejects[0]["key"]), (1, &"line 15001".into()));
}
