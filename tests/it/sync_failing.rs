//! What happens when a platform gives nothing: waits, an event in time, a circuit, a sign-in that ends, an answer nobody understands.

use std::time::Duration;

use pulsepoint::auth::Reach;
use pulsepoint::connectors::Source;
use pulsepoint::jobs::When;
use pulsepoint::sync::{Settings, State};
use pulsepoint::tenants::Steps;
use serde_json::{Value, json};

use crate::support::plain::{DAYS, ORDERS, Plain};
use crate::support::platform::Platform;
use crate::support::pulled::{Given, Pulled, connect, credentials, me, one, told};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);

fn given() -> Given {
    Given { connectors: vec![Plain::shop(&[ORDERS])], ..Given::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_wait_longer_and_longer_then_are_told_once_and_recover() {
    let platform = Platform::start().await.with_orders(20);
    let pulled = Pulled::start(Given { settings: Settings { tries: 3, ..Settings::default() }, ..given() }).await;
    let (tenant, brand) = pulled.shop("juniper").await;
    let made = pulled.connect((&tenant, &brand), Source::Shopify, &platform).await;
    pulled.run().await;
    platform.world().always = Some((503, vec![], "down".into()));
    pulled.app.sync.sync_now(&tenant, &made.id, me()).await.unwrap();
    pulled.run().await;
    let view = pulled.view(&tenant, &made.id).await;
    assert_eq!(view.state, State::Healthy, "one failure is none yet");
    assert!(view.streams[0].last_error.as_deref().unwrap().contains("trouble of its own (503)"));
    assert!(view.streams[0].next_at > pulled.hands.now());

    while told(&tenant, "sync.failed").is_empty() {
        pulled.pass(Duration::from_secs(1)).await;
    }
    let event = &told(&tenant, "sync.failed")[0];
    assert_eq!(event.at_ms, pulled.hands.now().as_millisecond(), "in the moment of the last try");
    assert_eq!(event.data["stream"], "orders");
    let view = pulled.view(&tenant, &made.id).await;
    assert_eq!(view.state, State::Degraded);
    let asked = platform.asked("/orders");
    assert_eq!(asked, 2 + 3);
    // From now on at its usual time, and not told again.
    pulled.pass(3 * HOUR).await;
    assert!((1..=4).contains(&(platform.asked("/orders") - asked)), "{}", platform.asked("/orders"));
    assert_eq!(told(&tenant, "sync.failed").len(), 1);
    assert_eq!(told(&tenant, "sync.overdue").len(), 1, "and that it is long behind, once");

    platform.world().always = None;
    pulled.pass(HOUR + MINUTE).await;
    assert_eq!(pulled.view(&tenant, &made.id).await.state, State::Healthy);
    assert_eq!(told(&tenant, "sync.recovered").len(), 1);
    let runs = pulled.app.sync.runs(&tenant, &made.id, Reach::All).await.unwrap();
    let states: Vec<Value> = runs.iter().map(|run| serde_json::to_value(run).unwrap()["state"].clone()).collect();
    assert!(states.contains(&"failed".into()) && states[0] == "done", "{states:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_is_waited_out_as_long_as_it_says_for_every_stream() {
    let platform = Platform::start().await.with_orders(20);
    let pulled = Pulled::start(Given { connectors: vec![Plain::shop(&[ORDERS, DAYS])], ..Given::default() }).await;
    let (tenant, brand) = pulled.shop("juniper").await;
    let made = pulled.connect((&tenant, &brand), Source::Shopify, &platform).await;
    pulled.app.sync.test(&tenant, &made.id, me()).await.unwrap();
    platform.world().instead.push_back((429, vec![("retry-after", "120".into())], String::new()));
    pulled.run().await;
    assert_eq!((platform.asked("/orders"), platform.asked("/days")), (1, 0), "the other stream has the same limit");
    pulled.hands.forward(Duration::from_secs(119));
    pulled.run().await;
    assert_eq!(platform.asked("/orders"), 1);
    pulled.hands.forward(Duration::from_secs(16));
    pulled.run().await;
    assert_eq!(pulled.view(&tenant, &made.id).await.state, State::Healthy);
    assert!(told(&tenant, "sync.failed").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_is_down_is_left_alone_by_all() {
    let platform = Platform::start().await.with_orders(5);
    let pulled = Pulled::start(given()).await;
    let mut all = Vec::new();
    for number in 0..20 {
        let (tenant, brand) = pulled.shop(&format!("shop-{number}")).await;
        all.push((pulled.connect((&tenant, &brand), Source::Shopify, &platform).await.id, tenant));
    }
    platform.world().always = Some((500, vec![], String::new()));
    pulled.run().await;
    let asked = platform.world().asked.len();
    assert!((8..20).contains(&asked), "{asked}: the circuit opens after eight failures in a row");
    pulled.hands.forward(Duration::from_secs(29));
    pulled.run().await;
    assert_eq!(platform.world().asked.len(), asked, "it is open");
    pulled.hands.forward(Duration::from_secs(2));
    pulled.run().await;
    assert_eq!(platform.world().asked.len(), asked + 1, "one asks for all");
    platform.world().always = None;
    pulled.pass(5 * MINUTE).await;
    for (id, tenant) in &all {
        assert_eq!(pulled.view(tenant, id).await.state, State::Healthy);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_ends_is_made_anew_once_and_stored_before_it_is_used() {
    let platform = Platform::start().await.with_orders(95);
    let seen = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let (world, noted) = (platform.clone(), seen.clone());
    let steps = Steps::watched(move |step| {
        if step == "renewed" {
            let used = world.world().asked.iter().filter(|(_, token)| token == "token-2").count();
            noted.lock().unwrap().push(used);
        }
    });
    let pulled = Pulled::start(Given { steps, ..given() }).await;
    let (tenant, brand) = pulled.shop("juniper").await;
    let made = pulled.connect((&tenant, &brand), Source::Shopify, &platform).await;
    pulled.app.sync.test(&tenant, &made.id, me()).await.unwrap();
    platform.world().token = "token-2".into();
    // A test and the sync find out at the same time.
    let (tested, ran) = tokio::join!(pulled.app.sync.test(&tenant, &made.id, me()), pulled.app.sync.run_due());
    assert!(tested.is_ok() && ran.is_ok());
    assert_eq!(platform.world().renewals, 1);
    assert_eq!(*seen.lock().unwrap(), [0], "stored before anything was asked with it");
    assert_eq!(one::<i64>(&tenant, "select count(*) from orders"), 95);
    assert_eq!(one::<i64>(&tenant, "select credentials_rev from integrations"), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_that_were_made_anew_are_told_of_once_a_day() {
    let platform = Platform::start().await.with_orders(5);
    let pulled = Pulled::start(given()).await;
    let (tenant, brand) = pulled.shop("juniper").await;
    let made = pulled.connect((&tenant, &brand), Source::Shopify, &platform).await;
    pulled.run().await;
    let renew = async |token: &str| {
        platform.world().token = token.to_owned();
        pulled.app.sync.test(&tenant, &made.id, me()).await.unwrap();
        let all = told(&tenant, "integration.credentials_renewed").into_iter();
        all.map(|event| event.data["renewals"].as_i64().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(renew("token-2").await, [1]);
    pulled.hands.forward(HOUR);
    assert_eq!((renew("token-3").await, renew("token-4").await), (vec![1], vec![1]));
    pulled.hands.forward(24 * HOUR);
    assert_eq!(renew("token-5").await, [1, 3]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_that_is_over_waits_for_a_person() {
    let platform = Platform::start().await.with_orders(25);
    let pulled = Pulled::start(given()).await;
    let (tenant, brand) = pulled.shop("juniper").await;
    let made = pulled.connect((&tenant, &brand), Source::Shopify, &platform).await;
    pulled.run().await;
    (platform.world().token, platform.world().refresh) = ("token-9".into(), "refresh-9".into());
    pulled.pass(HOUR).await;
    let view = pulled.view(&tenant, &made.id).await;
    assert_eq!((view.state, view.next_at), (State::NeedsSignIn, None));
    assert_eq!(told(&tenant, "integration.needs_sign_in").len(), 1);
    let asked = platform.world().asked.len();
    pulled.pass(3 * HOUR).await;
    assert_eq!(platform.world().asked.len(), asked, "nobody is asked meanwhile");
    let refused = pulled.app.sync.sync_now(&tenant, &made.id, me()).await.unwrap_err();
    assert!(refused.to_string().contains("signed in to anew"), "{refused}");

    let given = (credentials("token-9"), None);
    pulled.app.sync.reconnect(&tenant, &made.id, given, me()).await.unwrap();
    pulled.run().await;
    assert_eq!(pulled.view(&tenant, &made.id).await.state, State::Healthy);
    assert_eq!(told(&tenant, "integration.credentials_replaced").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_understood_is_kept_and_the_rest_lands() {
    let platform = Platform::start().await.with_orders(30);
    platform.world().orders[7]["cents"] = json!("many");
    let pulled = Pulled::start(given()).await;
    let (tenant, brand) = pulled.shop("juniper").await;
    let made = pulled.connect((&tenant, &brand), Source::Shopify, &platform).await;
    pulled.run().await;
    assert_eq!(one::<i64>(&tenant, "select count(*) from orders"), 29);
    let rejects = || async {
        serde_json::to_value(pulled.app.sync.rejects(&tenant, &made.id, Reach::All).await.unwrap()).unwrap()
    };
    let first = rejects().await;
    assert_eq!((&first[0]["key"], &first[0]["reason"]), (&"000008".into(), &"It has no amount.".into()));
    assert!(!first.to_string().contains("canary7@"), "{first}");

    // An answer that is no answer at all: kept once, tried again, and nothing is lost.
    platform.world().orders.push(crate::support::platform::order(30));
    platform.world().orders[30]["updated"] = pulled.hands.now().to_string().into();
    platform.world().instead.push_back((200, vec![], "<html>".into()));
    pulled.pass(HOUR + MINUTE).await;
    assert_eq!(one::<i64>(&tenant, "select count(*) from orders"), 30);
    assert_eq!(one::<i64>(&tenant, "select count(*) from sync_raw where kind = 'unreadable'"), 1);
    let all = rejects().await;
    assert!(all.as_array().unwrap().iter().any(|reject| reject["text"] == "redacted answer"), "{all}");

    // The parser understands it now: what was kept is read again.
    let replayed = pulled.app.sync.replay(&tenant, &made.id, me().by).await.unwrap();
    assert_eq!((replayed.rows_landed, replayed.rows_rejected), (0, 1));
    assert!(replayed.answers >= 4 && replayed.rows_unchanged >= 29);
}

#[tokio::test(flavor = "multi_thread")]
async fn offline_nobody_but_this_machine_is_asked() {
    let pulled = Pulled::start(Given { offline: true, ..given() }).await;
    let (tenant, brand) = pulled.shop("juniper").await;
    let wanted = pulsepoint::sync::manage::Wanted {
        source: Source::Shopify,
        brand: brand.slug.clone(),
        credentials: credentials("token-1"),
        settings: Default::default(),
    };
    let refused = pulled.app.sync.connect(&tenant, wanted, me()).await.err().unwrap();
    assert!(refused.to_string().contains("offline"), "{refused}");

    // Connected before it went offline.
    let platform = Platform::start().await.with_orders(5);
    let made = connect(&pulled.app, (&tenant, &brand), Source::Shopify, &platform.url()).await;
    tenant.db().write(|tx| Ok(tx.execute("update integrations set settings = '{}'", [])?)).await.unwrap();
    pulled.run().await;
    let view = pulled.view(&tenant, &made.id).await;
    assert_eq!(view.state, State::Degraded);
    assert!(view.error.as_deref().unwrap().contains("offline"), "{:?}", view.error);
    assert_eq!(told(&tenant, "sync.failed").len(), 1);
    pulled.pass(5 * HOUR).await;
    assert_eq!(told(&tenant, "sync.failed").len(), 1, "said once");
}

#[tokio::test(flavor = "multi_thread")]
async fn work_that_ends_in_a_panic_is_put_off_and_begun_again_and_others_go_on() {
    let platform = Platform::start().await.with_orders(45);
    let falls = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(true));
    let first = falls.clone();
    let steps = Steps::watched(move |step| {
        if step == "landed" && first.swap(false, std::sync::atomic::Ordering::SeqCst) {
            panic!("as a defect would");
        }
    });
    let pulled = Pulled::start(Given { steps, ..given() }).await;
    let (juniper, northwind) = (pulled.shop("juniper").await, pulled.shop("northwind").await);
    let one_of = pulled.connect((&juniper.0, &juniper.1), Source::Shopify, &platform).await;
    let other = pulled.connect((&northwind.0, &northwind.1), Source::Shopify, &platform).await;
    // Does not end where an integration stays due and cannot be worked on.
    tokio::time::timeout(Duration::from_secs(20), pulled.run()).await.unwrap();
    let landed = |tenant| one::<i64>(tenant, "select count(*) from orders");
    let mut both = [landed(&juniper.0), landed(&northwind.0)];
    both.sort_unstable();
    assert_eq!(both, [10, 45], "one fell after its first step");
    pulled.hands.forward(MINUTE + Duration::from_secs(1));
    pulled.run().await;
    assert_eq!((landed(&juniper.0), landed(&northwind.0)), (45, 45));
    assert_eq!(pulled.view(&juniper.0, &one_of.id).await.state, State::Healthy);
    assert_eq!(pulled.view(&northwind.0, &other.id).await.state, State::Healthy);
}

#[tokio::test(flavor = "multi_thread")]
async fn while_one_asks_for_all_the_others_wait_without_being_begun_again_and_again() {
    let platform = Platform::start().await.with_orders(20);
    let asked = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let pulled = Pulled::start(given()).await;
    let (tenant, brand) = pulled.shop("juniper").await;
    platform.world().always = Some((503, vec![], "down".into()));
    for _ in 0..9 {
        pulled.connect((&tenant, &brand), Source::Shopify, &platform).await;
    }
    pulled.pass(Duration::from_secs(40)).await;
    // The circuit is open by now. Once it may be probed, the probe hangs.
    platform.world().slow = Duration::from_secs(3);
    pulled.hands.forward(Duration::from_secs(600));
    let (counted, sync) = (asked.clone(), pulled.app.sync.clone());
    pulled.app.jobs.start("pull sources", When::nudged(pulled.app.sync.nudge()), move || {
        counted.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        let sync = sync.clone();
        async move { sync.begin_due().await }
    });
    pulled.app.sync.begin_due().await.unwrap();
    tokio::time::sleep(Duration::from_secs(2)).await;
    let times = asked.load(std::sync::atomic::Ordering::SeqCst);
    assert!(times <= 3, "begun {times} times in two seconds");
    platform.world().slow = Duration::ZERO;
    pulled.app.sync.close().await;
}
