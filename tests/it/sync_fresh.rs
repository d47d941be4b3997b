//! How far figures reach once a source was read: also where nothing of it was new, and never further than all of them were read.

use std::time::Duration;

use jiff::Timestamp;
use pulsepoint::auth::Role;
use pulsepoint::connectors::Source;
use serde_json::Value;

use crate::support::app::{Shop, TestApp};
use crate::support::plain::{ORDERS, Plain};
use crate::support::platform::Platform;
use crate::support::pulled::{Given, Hands, connect, json_of, me, one, parts};
use crate::support::simulated::{CASES, Connected, Simulated};

const TWO_HOURS: Duration = Duration::from_secs(7_200);

async fn started() -> (TestApp, Hands) {
    let hands = Hands::at("2026-11-22T12:00:00Z");
    let given = Given { connectors: vec![Plain::shop(&[ORDERS])], ..Given::default() };
    (TestApp::pulling(hands.clock(), parts(given)).await, hands)
}

/// What a brand's dashboard says of its freshness.
async fn freshness(app: &TestApp, shop: &Shop) -> Value {
    let path = format!("/api/brands/{}/dashboard", shop.brand.slug);
    app.get(&path, &app.token(shop, Role::Viewer)).await.json()["freshness"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pass_with_nothing_new_moves_figures_on_and_a_failed_one_does_not() {
    let (app, hands) = started().await;
    let platform = Platform::start().await.with_orders(5);
    let (shop, other) = (app.shop("juniper-oak").await, app.shop("northwind").await);
    connect(&app.app, (&shop.tenant, &shop.brand), Source::Shopify, &platform.url()).await;
    let others = connect(&app.app, (&other.tenant, &other.brand), Source::Shopify, &platform.url()).await;
    app.app.sync.run_due().await.unwrap();
    app.app.sync.pause(&other.tenant, &others.id, me()).await.unwrap();
    let first = freshness(&app, &shop).await;
    assert_eq!(first["data_through"], "2026-11-22T12:00:00Z", "{first}");

    hands.forward(TWO_HOURS);
    app.app.sync.run_due().await.unwrap();
    let second = freshness(&app, &shop).await;
    assert_eq!(second["data_through"], "2026-11-22T14:00:00Z", "the page that was kept is not shown: {second}");
    assert_eq!(second["version"], first["version"], "no figure is another");
    assert_eq!(second["sources"][0]["landed_at"], first["sources"][0]["landed_at"], "nothing landed");
    assert_eq!(freshness(&app, &other).await["data_through"], "2026-11-22T12:00:00Z");

    platform.world().always = Some((503, vec![], "down".into()));
    hands.forward(TWO_HOURS);
    app.app.sync.run_due().await.unwrap();
    assert_eq!(freshness(&app, &shop).await, second);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_shops_of_a_brand_the_one_that_is_behind_counts() {
    let (app, hands) = started().await;
    let (first, two) = (Platform::start().await.with_orders(5), Platform::start().await.with_orders(3));
    let shop = app.shop("juniper-oak").await;
    let mut ids = Vec::new();
    for platform in [&first, &two] {
        ids.push(connect(&app.app, (&shop.tenant, &shop.brand), Source::Shopify, &platform.url()).await.id);
    }
    app.app.sync.run_due().await.unwrap();
    two.world().always = Some((503, vec![], "down".into()));
    hands.forward(TWO_HOURS);
    app.app.sync.run_due().await.unwrap();
    assert_eq!(freshness(&app, &shop).await["data_through"], "2026-11-22T12:00:00Z");
    two.world().always = None;
    hands.forward(TWO_HOURS);
    app.app.sync.run_due().await.unwrap();
    assert_eq!(freshness(&app, &shop).await["data_through"], "2026-11-22T16:00:00Z");
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_say_the_oldest_day_of_which_they_brought_anything() {
    let world = Simulated::start(|_| ()).await;
    let (shop, ads) = (world.connect(CASES[0], 0).await, world.connect(CASES[1], 1).await);
    let oldest = async |of: &Connected, stream: &str| {
        let view = json_of(&world.view(of).await);
        let streams = view["streams"].as_array().unwrap().clone();
        streams.into_iter().find(|one| one["name"] == stream).unwrap()["oldest"].clone()
    };
    assert_eq!(oldest(&shop, "orders").await, Value::Null, "nothing was read yet");
    world.until_healthy(&shop).await;
    world.until_healthy(&ads).await;
    let first = Timestamp::from_second(one(&shop.tenant, "select min(placed_at) from orders")).unwrap();
    let day = first.in_tz("America/New_York").unwrap().date();
    assert_eq!(oldest(&shop, "orders").await, day.to_string());
    assert_eq!(oldest(&shop, "products").await, Value::Null, "a product has no day");
    assert_eq!(oldest(&ads, "ads").await, "2026-08-14", "a hundred days back");
}
