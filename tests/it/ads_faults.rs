//! Ad connectors when their platforms answer badly: what waits, what is left out, what is refused; nothing half read ever lands,
//! and when it is over the figures are the platform's.

use std::time::Duration;

use jiff::ToSpan;
use jiff::tz::TimeZone;
use pulsepoint::connectors::{Pass, Trouble};
use serde_json::{Value, json};

use crate::support::ads::{Rig, Shop, assert_equal};

const SOURCES: [(&str, &str); 3] =
    [("meta", "/insights"), ("tiktok", "report/integrated"), ("google", "googleAds:searchStream")];

fn last_days(rig: &Rig, days: i64) -> Pass {
    Pass::Backfill { from: Some(rig.now().to_zoned(TimeZone::UTC).date().saturating_sub(days.days())) }
}

/// Every answer with figures goes wrong like this.
async fn every(rig: &Rig, (source, path): (&str, &str), then: Value) {
    rig.faults(json!([{ "platform": source, "path": path, "then": then }])).await;
}

/// A shop whose accounts are known, so that only figures are asked for.
async fn known(rig: &Rig, source: &str) -> Shop {
    let mut shop = rig.shop(source, source, json!({})).await;
    shop.test(rig).await.unwrap();
    shop
}

async fn recent(rig: &Rig, shop: &mut Shop) -> Result<usize, Trouble> {
    shop.pass(rig, Pass::Recent { since: None }).await.map(|run| run.windows)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_may_work_later_lands_nothing_and_works_later() {
    let rig = Rig::start(|_| ()).await;
    for (source, path) in SOURCES {
        let mut shop = known(&rig, source).await;
        let later = |trouble: &Trouble| matches!(trouble, Trouble::Later { throttled: false, .. });
        for then in [
            json!({ "kind": "partial" }),
            json!({ "kind": "reset" }),
            json!({ "kind": "truncate", "bytes": 40 }),
            json!({ "kind": "html" }),
            json!({ "kind": "status", "status": 503 }),
        ] {
            every(&rig, (source, path), then.clone()).await;
            let trouble = recent(&rig, &mut shop).await.unwrap_err();
            assert!(later(&trouble), "{source} {then}: {trouble:?}");
            assert!(shop.landed().is_empty(), "{source} {then}: something landed");
        }
        every(&rig, (source, path), json!({ "kind": "garbage" })).await;
        assert!(recent(&rig, &mut shop).await.is_err());
        assert!(shop.landed().is_empty(), "{source}");
        rig.faults(json!([])).await;
        assert!(recent(&rig, &mut shop).await.unwrap() >= 2, "{source}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_slice_that_breaks_leaves_the_first_whole() {
    let rig = Rig::start(|_| ()).await;
    for (source, path) in SOURCES {
        let mut shop = known(&rig, source).await;
        // Meta's report, TikTok's two of the shop beside the auction's, Google's two levels.
        let skip = if source == "google" { 2 } else { 1 };
        let path = if source == "meta" { "act_" } else { path };
        let then = json!({ "kind": "partial" });
        rig.faults(json!([{ "platform": source, "path": path, "skip": skip * 2, "then": then }])).await;
        assert!(shop.pass(&rig, last_days(&rig, 80)).await.is_err(), "{source}");
        let (landed, mut expected) = (shop.landed(), rig.expected(source, None));
        expected.retain(|key, _| landed.contains_key(key));
        if !landed.is_empty() {
            assert_equal(&landed, &expected, source);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_last_as_long_as_the_platform_says() {
    let rig = Rig::start(|_| ()).await;
    // Meta's account rests while the other is read, and is read after.
    let mut meta = known(&rig, "meta").await;
    rig.faults(json!([{ "platform": "meta", "path": "/insights", "times": 1, "then": { "kind": "throttled" } }])).await;
    let run = meta.pass(&rig, Pass::Recent { since: None }).await.unwrap();
    assert_eq!(run.waits, [Duration::from_secs(420)]);
    assert!(run.quotas.iter().any(|quota| quota.left_percent == 0.0 && quota.text.contains("Meta account 1")));
    assert_eq!(run.windows, 2);
    let mut tiktok = known(&rig, "tiktok").await;
    every(&rig, SOURCES[1], json!({ "kind": "throttled" })).await;
    assert!(matches!(recent(&rig, &mut tiktok).await, Err(Trouble::Later { throttled: true, .. })));
    let mut google = known(&rig, "google").await;
    every(&rig, SOURCES[2], json!({ "kind": "throttled", "retry_delay": 40_591 })).await;
    let trouble = recent(&rig, &mut google).await.unwrap_err();
    let hours = Duration::from_secs(40_591);
    assert!(matches!(trouble, Trouble::Later { after: Some(after), throttled: true, .. } if after == hours));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quota_that_is_nearly_used_up_rests_whom_it_is_of() {
    let rig = Rig::start(|_| ()).await;
    let mut meta = known(&rig, "meta").await;
    let totals = rig.sandbox.totals();
    let [one, other] = [0, 1].map(|at| totals["meta"][at]["account"].as_str().unwrap().to_owned());
    let used = |account: u64, app: u64| {
        json!([{ "platform": "meta", "path": format!("act_{one}/insights"), "times": 1,
            "then": { "kind": "used", "account": account, "minutes": 7, "app": app } }])
    };
    rig.faults(used(97, 3)).await;
    let run = meta.pass(&rig, Pass::Recent { since: None }).await.unwrap();
    assert_eq!((run.windows, run.waits.len()), (2, 0), "the other account is read at once");
    assert!(run.quotas.iter().all(|quota| quota.wait.is_none()), "nothing rests for all: {:?}", run.quotas);
    assert!(run.quotas.iter().any(|quota| quota.text.starts_with("97 %")));
    // The next pass remembers it: the other first, then a rest, then this one.
    let run = meta.pass(&rig, Pass::Recent { since: None }).await.unwrap();
    assert_eq!((run.windows, run.waits.as_slice()), (2, [Duration::from_secs(420)].as_slice()));
    let accounts: Vec<String> = run.raw.iter().map(|raw| raw.about.to_string()).collect();
    assert!(accounts[0].contains(&other) && accounts[1].contains(&one), "{accounts:?}");
    // What the app has used up is everybody's.
    rig.faults(used(3, 97)).await;
    let run = meta.pass(&rig, Pass::Recent { since: None }).await.unwrap();
    assert!(run.quotas.iter().any(|quota| quota.wait == Some(Duration::from_secs(600))), "{:?}", run.quotas);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_that_ended_is_a_person_s_matter() {
    let rig = Rig::start(|_| ()).await;
    for (source, _) in SOURCES {
        let mut shop = known(&rig, source).await;
        rig.control("revoke", json!({ "platform": source })).await;
        let trouble = recent(&rig, &mut shop).await.unwrap_err();
        assert!(matches!(trouble, Trouble::SignIn(_)), "{source}: {trouble:?}");
        assert!(matches!(shop.test(&rig).await, Err(Trouble::SignIn(_) | Trouble::Expired(_))), "{source}");
        rig.control("forgive", json!({ "platform": source })).await;
    }
    // A code is good once.
    let mut first = rig.shop("first", "tiktok", json!({})).await;
    let code = first.credentials.get("auth_code").unwrap().to_owned();
    first.renew(&rig).await.unwrap();
    assert_eq!(first.credentials.get("auth_code"), None);
    let mut second = rig.shop("second", "tiktok", json!({})).await;
    second.credentials = second.credentials.clone().with("auth_code", code, None);
    assert!(matches!(second.renew(&rig).await, Err(Trouble::SignIn(_))));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_may_not_be_read_is_left_out_with_a_sentence() {
    let rig = Rig::start(|_| ()).await;
    for (source, path) in SOURCES {
        let mut shop = known(&rig, source).await;
        let totals = rig.sandbox.totals();
        let [one, other] = [0, 1].map(|at| totals[source][at]["account"].as_str().unwrap().to_owned());
        let mut fault = json!({ "platform": source, "path": path, "then": { "kind": "missing_scope" } });
        match source {
            "meta" => fault["path"] = json!(format!("act_{one}/insights")),
            "tiktok" => fault["body"] = json!(format!("advertiser_id={one}")),
            _ => fault["path"] = json!(format!("customers/{one}/")),
        }
        rig.faults(json!([fault])).await;
        let run = shop.pass(&rig, last_days(&rig, 20)).await.unwrap();
        let [reject] = &run.rejects[..] else { panic!("{source}: {:?}", run.rejects) };
        assert!(reject.key == one && reject.reason.starts_with("This ad account is left out."), "{reject:?}");
        let landed = shop.landed();
        assert!(!landed.is_empty() && landed.keys().all(|(account, _)| account.starts_with(&other)), "{source}");
        // Where none can be read, that is what is said.
        every(&rig, (source, path), json!({ "kind": "missing_scope" })).await;
        let trouble = recent(&rig, &mut shop).await.unwrap_err();
        assert!(matches!(trouble, Trouble::Scope { .. } | Trouble::Refused(_)), "{source}: {trouble:?}");
        rig.faults(json!([])).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn reports_that_fail_are_skipped_or_hang_are_ordered_again() {
    let rig = Rig::start(|_| ()).await;
    let mut shop = known(&rig, "meta").await;
    for (kind, times) in [("async_failed", 1), ("async_skipped", 3), ("async_stuck", 1)] {
        let fault = json!({ "platform": "meta", "method": "POST", "times": times, "then": { "kind": kind } });
        rig.faults(json!([fault])).await;
        shop.pass(&rig, last_days(&rig, 40)).await.unwrap();
        let mut expected = rig.expected("meta", None);
        let landed = shop.landed();
        expected.retain(|key, _| landed.contains_key(key));
        assert_equal(&landed, &expected, kind);
        assert!(expected.len() >= 2 * 40, "{kind}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn too_much_data_is_asked_for_in_less_at_once() {
    let rig = Rig::start(|_| ()).await;
    let mut shop = known(&rig, "meta").await;
    let much = json!({ "kind": "error", "code": "1", "status": 500,
        "message": "Please reduce the amount of data you're asking for, then retry your request" });
    let job = json!({ "kind": "error", "code": "100", "subcode": 1_487_534, "message": "Too many rows" });
    // Every page is too large but those of a day's parts, of which the first is too large as well.
    let large = ["limit=500", "limit=250", "limit=125", "limit=62", "limit=50"];
    let mut faults: Vec<Value> = large
        .iter()
        .map(|limit| json!({ "platform": "meta", "path": "/insights", "body": limit, "then": much }))
        .collect();
    faults.push(json!({ "platform": "meta", "method": "POST", "then": job }));
    faults.push(json!({ "platform": "meta", "body": "filtering=", "times": 2, "then": much }));
    rig.faults(json!(faults)).await;
    shop.pass(&rig, Pass::Recent { since: None }).await.unwrap();
    let (landed, mut expected) = (shop.landed(), rig.expected("meta", None));
    expected.retain(|key, _| landed.contains_key(key));
    assert_equal(&landed, &expected, "in parts");
    assert_eq!(expected.len(), 4, "two days of two accounts");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_metric_that_tiktok_does_not_know_is_dropped_once() {
    let rig = Rig::start(|_| ()).await;
    let mut shop = known(&rig, "tiktok").await;
    let unknown = |names: &str| json!({ "kind": "error", "code": "40002", "message": format!("Invalid metric fields: [{names}]") });
    let fault = json!({ "platform": "tiktok", "body": "ad_name", "then": unknown("'ad_name'") });
    rig.faults(json!([fault])).await;
    let run = shop.pass(&rig, last_days(&rig, 20)).await.unwrap();
    assert_eq!(run.rejects.len(), 2, "once for each account's slice: {:?}", run.rejects);
    assert!(run.rejects[0].reason.contains("ad_name"));
    let (landed, mut expected) = (shop.landed(), rig.expected("tiktok", None));
    expected.retain(|key, _| landed.contains_key(key));
    assert_equal(&landed, &expected, "without names");
    every(&rig, SOURCES[1], unknown("'spend'")).await;
    assert!(matches!(recent(&rig, &mut shop).await, Err(Trouble::Refused(_))));
}

#[tokio::test(flavor = "multi_thread")]
async fn meta_s_proof_is_sent_where_a_secret_is_known() {
    let rig = Rig::start(|options| options.appsecret_proof = true).await;
    let mut shop = known(&rig, "meta").await;
    assert_eq!(recent(&rig, &mut shop).await, Ok(2));
    shop.credentials = shop.credentials.clone().without("app_secret");
    let Err(Trouble::SignIn(reason)) = recent(&rig, &mut shop).await else { panic!("it is needed") };
    assert!(reason.contains("secret"), "{reason}");
}
