//! Signing in to a shop in each of its ways, against the simulator, and what a test of the connection tells.

use jiff::{SignedDuration, Timestamp};
use pulsepoint::connectors::shopify::{Shopify, auth, signed};
use pulsepoint::connectors::{Connector, Credentials, Pass, Renewal, Settings, Trouble};
use serde_json::json;

use crate::shopify_sandbox::{SHOPS, TOKEN, World};

const CLIENT: (&str, &str) = ("sandbox-client", "shpss_sandbox");

fn app(secret: &str) -> Credentials {
    Credentials::default().with(auth::CLIENT_ID, CLIENT.0, None).with(auth::CLIENT_SECRET, secret, None)
}

#[test]
fn only_a_shop_of_shopifys_is_ever_asked() {
    let shared = Settings::default();
    let token = Credentials::default().with(auth::ACCESS_TOKEN, "shpat_x", None);
    let check = |shop: &str| {
        let settings = json!({ "shop": shop }).as_object().cloned().unwrap();
        Shopify.check(&settings, &token, &shared)
    };
    for shop in ["juniper-oak.myshopify.com", " Juniper-Oak.MyShopify.com ", "https://juniper-oak.myshopify.com/"] {
        assert_eq!(check(shop).unwrap()["shop"], "juniper-oak.myshopify.com", "{shop}");
    }
    for shop in [
        "",
        "juniper-oak",
        "juniper-oak.com",
        "myshopify.com",
        ".myshopify.com",
        "-a.myshopify.com",
        "a.b.myshopify.com",
        "a.myshopify.com.evil.example",
        "a.myshopify.com@evil.example",
        "evil.example/a.myshopify.com",
        "evil.example#.myshopify.com",
        "evil.example?.myshopify.com",
        "a.myshopify.com:8443",
        "http://a.myshopify.com",
        "10.0.0.1",
        "ä.myshopify.com",
    ] {
        let unfit = check(shop).unwrap_err();
        assert_eq!(unfit.field, "settings.shop", "{shop}");
    }
    let of = |credentials: &Credentials, more: serde_json::Value| {
        let mut settings = json!({ "shop": SHOPS[0] }).as_object().cloned().unwrap();
        settings.extend(more.as_object().cloned().unwrap());
        Shopify.check(&settings, credentials, &shared).map_err(|unfit| unfit.field)
    };
    assert_eq!(of(&Credentials::default(), json!({})).unwrap_err(), "credentials.access_token");
    let half = Credentials::default().with(auth::CLIENT_ID, "x", None).with(auth::ACCESS_TOKEN, "shpat_x", None);
    assert_eq!(of(&half, json!({})).unwrap_err(), "credentials.client_secret");
    assert!(of(&app("s"), json!({})).is_ok());
    for version in ["2026", "2026-13", "26-07", "latest", "2026-07/../x"] {
        assert_eq!(of(&token, json!({ "api_version": version })).unwrap_err(), "settings.api_version", "{version}");
    }
    let settings = json!({ "api_version": "2026-10" }).as_object().cloned().unwrap();
    let version = Shopify.version(&settings, &shared);
    assert_eq!((version.name.as_str(), version.expires_on.unwrap().to_string().as_str()), ("2026-10", "2027-10-01"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_of_the_shops_own_gets_a_token_for_a_day_and_a_new_one_before_it_ends() {
    let world = World::start(|options| options.orders = 40).await;
    let mut puller = world.puller(0, "");
    puller.credentials = app(CLIENT.1);
    assert_eq!(Shopify.renewal(&puller.credentials, world.now()), Renewal::Due, "there is none yet");
    assert_eq!(puller.test().await.unwrap().account, "juniper oak");
    let first = puller.credentials.get(auth::ACCESS_TOKEN).unwrap().to_owned();
    let end = puller.credentials.expires_at(auth::ACCESS_TOKEN).unwrap();
    let is_day = |end: Timestamp| end.duration_since(world.now()) > SignedDuration::from_hours(23);
    assert!(is_day(end));
    let at = |minutes: i64| end.checked_sub(SignedDuration::from_mins(minutes)).unwrap();
    assert_eq!(Shopify.renewal(&puller.credentials, at(6)), Renewal::Fresh);
    assert_eq!(Shopify.renewal(&puller.credentials, at(4)), Renewal::Due);
    // The shop's clock is ahead of ours: the token has ended, and nobody told us before.
    world.pass(25);
    let pulled = puller.pull("products", &Pass::Backfill { from: None }).await.unwrap();
    assert!(!pulled.batches.is_empty());
    assert_ne!(puller.credentials.get(auth::ACCESS_TOKEN).unwrap(), first);

    let mut wrong = world.puller(0, "");
    wrong.credentials = app("shpss_wrong");
    assert!(matches!(wrong.test().await, Err(Trouble::SignIn(_))));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pasted_token_that_is_taken_away_needs_a_person() {
    let world = World::start(|options| options.orders = 40).await;
    for token in ["shpat_wrong", "shpat_\nx", ""] {
        let mut puller = world.puller(0, token);
        assert_eq!(Shopify.renewal(&puller.credentials, world.now()), Renewal::Fresh);
        let trouble = puller.test().await.unwrap_err();
        assert!(matches!(trouble, Trouble::Expired(_) | Trouble::SignIn(_)), "{trouble:?}");
        assert!(!trouble.to_string().contains("shpat"), "{trouble}");
        assert!(matches!(puller.renew().await, Err(Trouble::SignIn(_))));
    }
    let mut puller = world.puller(0, TOKEN);
    puller.settings.insert("shop".to_owned(), "somebody-else.myshopify.com".into());
    assert!(matches!(puller.test().await, Err(Trouble::Refused(_))));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_allows_the_app_and_its_token_is_renewed_by_one_that_is_good_once() {
    let world = World::start(|options| options.orders = 40).await;
    let mut puller = world.puller(1, "");
    puller.credentials = app(CLIENT.1);
    let client = puller.client();
    let back = "https://figures.example.com/api/oauth/shopify/callback";
    let url = auth::authorize_url(&client.address(""), CLIENT.0, back, "a-state").unwrap();
    let asker = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let answer = asker.get(url.as_str()).send().await.unwrap();
    let location = answer.headers()["location"].to_str().unwrap().to_owned();
    let (to, query) = location.split_once('?').unwrap();
    assert_eq!(to, back);
    assert!(signed::callback_is_genuine(query, &[CLIENT.1]), "{query}");
    assert!(!signed::callback_is_genuine(&query.replace("a-state", "b-state"), &[CLIENT.1]));
    let of = |name: &str| {
        url::form_urlencoded::parse(query.as_bytes())
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.into_owned())
            .unwrap()
    };
    assert!(signed::is_same_state("a-state", &of("state")));
    assert_eq!(auth::shop_domain(&of("shop")).as_deref(), Some(SHOPS[1]));

    let granted = auth::exchange(&client, &puller.credentials, &of("code"), world.now()).await.unwrap();
    let end = granted.expires_at(auth::ACCESS_TOKEN).unwrap();
    assert!(end.duration_since(world.now()) <= SignedDuration::from_hours(1));
    assert_eq!(granted.names().count(), 4);
    assert!(auth::exchange(&client, &puller.credentials, &of("code"), world.now()).await.is_err(), "good once");

    puller.credentials = granted.clone();
    puller.test().await.unwrap();
    puller.renew().await.unwrap();
    let renewed = puller.credentials.clone();
    assert_ne!(renewed.get(auth::REFRESH_TOKEN), granted.get(auth::REFRESH_TOKEN));
    assert_ne!(renewed.get(auth::ACCESS_TOKEN), granted.get(auth::ACCESS_TOKEN));
    puller.renew().await.unwrap();
    puller.test().await.unwrap();
    // The one before the last is gone once the last was used.
    puller.credentials = granted;
    assert!(matches!(puller.renew().await, Err(Trouble::SignIn(_))));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_names_what_is_missing_and_what_stays_empty() {
    let world = World::start(|options| options.days = 120).await;
    let mut wall = world.puller(0, "shpat_sandbox_60_days");
    let tested = wall.test().await.unwrap();
    assert!(tested.missing.is_empty() && tested.warnings.iter().any(|warning| warning.contains("60 days")));
    assert_eq!(
        (tested.facts["currency"].as_str(), tested.facts["zone"].as_str()),
        (Some("USD"), Some("America/New_York"))
    );
    assert_eq!((tested.facts["plan"].as_str(), tested.facts["all_orders"].as_bool()), (Some("Basic"), Some(false)));
    let all = world.puller(0, TOKEN).pull("orders", &Pass::Backfill { from: None }).await.unwrap();
    let some = wall.pull("orders", &Pass::Backfill { from: None }).await.unwrap();
    let count =
        |pulled: &crate::support::pull::Pulled| pulled.batches.iter().map(|batch| batch.orders.len()).sum::<usize>();
    assert!(count(&some) < count(&all) && count(&some) > 0);

    let mut products = world.puller(0, "shpat_sandbox_products");
    let tested = products.test().await.unwrap();
    let missing: Vec<&str> = tested.missing.iter().map(|missing| missing.scope.as_str()).collect();
    assert_eq!(missing, ["read_orders"]);
    assert!(tested.missing[0].why.contains("stay empty"));
    match products.pull("orders", &Pass::Backfill { from: None }).await {
        Err(Trouble::Scope { missing, .. }) => assert_eq!(missing, ["read_orders"]),
        other => panic!("{:?}", other.map(|pulled| pulled.steps)),
    }
    assert!(products.pull("products", &Pass::Backfill { from: None }).await.is_ok());

    let mut old = world.puller(0, TOKEN);
    old.settings.insert("api_version".to_owned(), "2024-07".into());
    let tested = old.test().await.unwrap();
    assert_eq!(tested.served_version.as_deref(), Some("2026-01"));
    assert!(tested.warnings.iter().any(|warning| warning.contains("2024-07")));
}
