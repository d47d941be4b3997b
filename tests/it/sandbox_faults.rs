//! Faults on demand: each happens as its script says, and only then.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::sandbox::{SHOPS, Sim, TOKEN};
use crate::sandbox_api::bulk;

const PRODUCTS: &str = "{products(first:40){nodes{id title handle status vendor}}}";

async fn arm(sim: &Sim, faults: Value) {
    sim.control("faults", json!({ "fault": faults })).await;
}

async fn send(sim: &Sim) -> Result<reqwest::Response, reqwest::Error> {
    let url = format!("{}/shopify/{}/admin/api/2026-10/graphql.json", sim.sandbox.url, SHOPS[0]);
    sim.client.post(url).header("X-Shopify-Access-Token", TOKEN).json(&json!({"query": PRODUCTS})).send().await
}

#[tokio::test]
async fn the_third_and_fourth_request_go_wrong_and_no_other() {
    let sim = Sim::start(|_| {}).await;
    arm(&sim, json!([{"platform": "shopify", "path": "graphql.json", "body": "products", "skip": 2, "times": 2, "then": {"kind": "status", "status": 500}}])).await;
    let mut seen = Vec::new();
    for _ in 0..6 {
        seen.push(send(&sim).await.unwrap().status().as_u16());
        // Does not match, and so does not count.
        assert!(sim.query(SHOPS[1], "{shop{id}}", json!({})).await["data"]["shop"].is_object());
    }
    assert_eq!(seen, [200, 200, 500, 500, 200, 200]);
    assert_eq!(sim.get("/_control/faults").await, json!([{"matched": 6, "fired": 2}]));
    arm(&sim, json!([])).await;
    assert_eq!(send(&sim).await.unwrap().status(), 200);
}

#[tokio::test]
async fn chance_comes_from_the_seed() {
    let mut runs = Vec::new();
    for seed in [3, 3, 4] {
        let sim = Sim::start(|options| options.seed = seed).await;
        arm(&sim, json!([{"per_mille": 300, "then": {"kind": "status", "status": 503}}])).await;
        let mut run = Vec::new();
        for _ in 0..40 {
            run.push(send(&sim).await.unwrap().status().as_u16() == 503);
        }
        runs.push(run);
    }
    assert_eq!(runs[0], runs[1]);
    assert_ne!(runs[0], runs[2]);
    assert!((5..25).contains(&runs[0].iter().filter(|failed| **failed).count()));
}

#[tokio::test]
async fn retry_after_comes_in_every_form() {
    let sim = Sim::start(|_| {}).await;
    for (given, wanted) in [
        (json!("2"), Some("2")),
        (json!("2.0"), Some("2.0")),
        (json!("date+30"), Some("Sun, 22 Nov 2026 15:04:35 GMT")),
        (Value::Null, None),
    ] {
        arm(&sim, json!([{"then": {"kind": "status", "status": 429, "retry_after": given}}])).await;
        let answer = send(&sim).await.unwrap();
        assert_eq!(
            (answer.status().as_u16(), answer.headers().get("retry-after").map(|value| value.to_str().unwrap())),
            (429, wanted)
        );
    }
}

#[tokio::test]
async fn the_wire_breaks_as_told() {
    let sim = Sim::start(|_| {}).await;
    let whole = send(&sim).await.unwrap().text().await.unwrap();
    arm(&sim, json!([{"then": {"kind": "truncate", "bytes": 100}}])).await;
    assert!(send(&sim).await.unwrap().text().await.is_err(), "the body ends early");
    arm(&sim, json!([{"then": {"kind": "reset"}}])).await;
    let error = send(&sim).await.unwrap_err();
    assert!(format!("{error:?}").contains("reset"), "{error:?}");
    arm(&sim, json!([{"then": {"kind": "timeout"}}])).await;
    assert!(tokio::time::timeout(Duration::from_millis(400), send(&sim)).await.is_err(), "it never answers");
    arm(&sim, json!([{"then": {"kind": "drip", "millis": 5}}])).await;
    let begun = Instant::now();
    assert_eq!(send(&sim).await.unwrap().text().await.unwrap().len(), whole.len());
    assert!(begun.elapsed() > Duration::from_millis(5 * (whole.len() as u64 / 64)));
    arm(&sim, json!([{"then": {"kind": "garbage"}}])).await;
    let body = send(&sim).await.unwrap().text().await.unwrap();
    assert!(serde_json::from_str::<Value>(&body).is_err());
    arm(&sim, json!([{"then": {"kind": "html"}}])).await;
    let answer = send(&sim).await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.headers()["content-type"].to_str().unwrap()), (502, "text/html"));
    arm(&sim, json!([{"then": {"kind": "content_type", "value": "text/plain"}}])).await;
    let answer = send(&sim).await.unwrap();
    assert_eq!(answer.headers()["content-type"], "text/plain");
    assert_eq!(answer.text().await.unwrap(), whole);
}

#[tokio::test]
async fn every_platform_has_its_own_words() {
    let sim = Sim::start(|_| {}).await;
    let shop = || sim.query(SHOPS[0], PRODUCTS, json!({}));
    let meta = || sim.get("/meta/v26.0/act_522606278080331/insights?access_token=EAAsandbox");
    let tiktok = || sim.get("/tiktok/open_api/v1.3/advertiser/info/");
    let google = || async {
        sim.client
            .post(format!("{}/google/v25/customers/1/googleAds:searchStream", sim.sandbox.url))
            .send()
            .await
            .unwrap()
            .json::<Value>()
            .await
            .unwrap()
    };
    let errors = |answer: &Value| answer[0]["error"]["details"][0]["errors"][0].clone();
    arm(&sim, json!([{"then": {"kind": "throttled", "retry_delay": 40591}}])).await;
    assert_eq!(shop().await["errors"][0]["extensions"]["code"], "THROTTLED");
    assert_eq!(meta().await["error"]["code"], 80_000);
    assert_eq!(tiktok().await["code"], 40_100);
    assert_eq!(errors(&google().await)["details"]["quotaErrorDetails"]["retryDelay"], "40591s");
    arm(&sim, json!([{"then": {"kind": "revoked"}}])).await;
    assert!(shop().await["errors"].is_string());
    assert_eq!(meta().await["error"]["code"], 190);
    assert_eq!(tiktok().await["code"], 40_105);
    assert_eq!(errors(&google().await)["errorCode"]["authenticationError"], "OAUTH_TOKEN_REVOKED");
    arm(&sim, json!([{"then": {"kind": "missing_scope"}}])).await;
    assert_eq!(shop().await["errors"][0]["extensions"]["code"], "ACCESS_DENIED");
    assert_eq!(meta().await["error"]["code"], 200);
    assert_eq!(tiktok().await["code"], 40_001);
    assert_eq!(errors(&google().await)["errorCode"]["authorizationError"], "USER_PERMISSION_DENIED");
    arm(&sim, json!([{"platform": "meta", "then": {"kind": "error", "code": "1", "subcode": 99, "message": "Please reduce the amount of data", "status": 500}},
        {"platform": "google", "then": {"kind": "error", "code": "internalError.TRANSIENT_ERROR", "status": 503}},
        {"platform": "tiktok", "then": {"kind": "error", "code": "50002"}},
        {"platform": "shopify", "then": {"kind": "partial"}}])).await;
    assert_eq!(meta().await["error"]["error_subcode"], 99);
    assert_eq!(errors(&google().await)["errorCode"]["internalError"], "TRANSIENT_ERROR");
    assert_eq!(tiktok().await["code"], 50_002);
    let both = shop().await;
    assert!(both["data"]["products"].is_object() && both["errors"][0]["extensions"]["code"] == "INTERNAL_SERVER_ERROR");
}

#[tokio::test]
async fn jobs_fail_stick_and_leave_a_part() {
    let sim = Sim::start(|_| {}).await;
    let orders = "{orders{edges{node{id lineItems{edges{node{id}}}}}}}";
    let (_, whole) = bulk(&sim, SHOPS[0], orders, false).await;
    arm(&sim, json!([{"body": "bulkOperationRunQuery", "times": 1, "then": {"kind": "bulk_failed", "partial": 400}}]))
        .await;
    let (failed, part) = bulk(&sim, SHOPS[0], orders, false).await;
    assert_eq!(
        (failed["status"].as_str(), failed["errorCode"].as_str()),
        (Some("FAILED"), Some("INTERNAL_SERVER_ERROR"))
    );
    assert!(failed["url"].is_null() && failed["partialDataUrl"].is_string());
    assert_eq!(part.len(), whole.len() * 400 / 1000);
    assert_eq!(part, whole[..part.len()]);
    assert_eq!(bulk(&sim, SHOPS[0], orders, false).await.0["status"], "COMPLETED");
    for (kind, end) in
        [("async_failed", "Job Failed"), ("async_skipped", "Job Skipped"), ("async_stuck", "Job Running")]
    {
        arm(&sim, json!([{"method": "POST", "then": {"kind": kind}}])).await;
        let url =
            format!("{}/meta/v26.0/act_522606278080331/insights?level=ad&access_token=EAAsandbox", sim.sandbox.url);
        // The control itself is not a platform.
        let run: Value = sim.client.post(url).send().await.unwrap().json().await.unwrap();
        let mut status = Value::Null;
        for _ in 0..8 {
            status = sim
                .get(&format!("/meta/v26.0/{}?access_token=EAAsandbox", run["report_run_id"].as_str().unwrap()))
                .await;
        }
        assert_eq!(status["async_status"], end);
    }
    let refused = sim.sandbox.control("faults", json!({"toml": "[[fault]]\nthen = { kind = 'flood' }"})).await;
    assert!(refused.unwrap_err().contains("flood"));
}
