//! The simulator's Google Ads over real HTTP, against its own totals.

use std::collections::HashSet;

use serde_json::{Value, json};

use crate::sandbox::Sim;
use crate::sandbox_ads::{Sums, add, micros, number, told};

const MANAGER: &str = "9000000001";

/// Google's access token.
async fn google_token(sim: &Sim) -> String {
    let form = [
        ("client_id", "sandbox.apps.googleusercontent.com"),
        ("client_secret", "GOCSPX-sandbox"),
        ("refresh_token", "1//sandbox-refresh"),
        ("grant_type", "refresh_token"),
    ];
    let answer = sim.client.post(format!("{}/google/token", sim.sandbox.url)).form(&form).send().await.unwrap();
    answer.json::<Value>().await.unwrap()["access_token"].as_str().unwrap().to_owned()
}

async fn google(sim: &Sim, token: &str, customer: &str, action: &str, body: Value) -> Value {
    let url = format!("{}/google/v25/customers/{customer}/googleAds:{action}", sim.sandbox.url);
    let request = sim.client.post(url).bearer_auth(token).header("developer-token", "sandbox-developer-token");
    request.header("login-customer-id", MANAGER).json(&body).send().await.unwrap().json().await.unwrap()
}

fn google_row(row: &Value) -> [i64; 5] {
    let of = &row["metrics"];
    let float = |name: &str| (of[name].as_f64().unwrap_or(0.0) * 1e6).round() as i64;
    [
        number(&of["costMicros"]),
        number(&of["impressions"]),
        number(&of["clicks"]),
        float("conversions"),
        float("conversionsValue"),
    ]
}

#[tokio::test]
async fn streams_and_pages_of_google_add_up() {
    let sim = Sim::start(|_| {}).await;
    let token = google_token(&sim).await;
    let metrics =
        "metrics.cost_micros, metrics.impressions, metrics.clicks, metrics.conversions, metrics.conversions_value";
    for account in sim.sandbox.totals()["google"].as_array().unwrap() {
        let id = account["account"].as_str().unwrap();
        let mut sums = Sums::new();
        let ads = format!(
            "SELECT segments.date, campaign.id, ad_group_ad.ad.id, {metrics} FROM ad_group_ad WHERE segments.date BETWEEN '2026-08-01' AND '2026-11-30'"
        );
        let answer = google(&sim, &token, id, "searchStream", json!({ "query": ads })).await;
        let rows: Vec<&Value> =
            answer.as_array().unwrap().iter().flat_map(|chunk| chunk["results"].as_array().unwrap()).collect();
        rows.iter().for_each(|row| add(&mut sums, row["segments"]["date"].as_str().unwrap(), google_row(row)));
        assert_eq!(sums, told(account), "{id}");
        let campaigns = format!("SELECT segments.date, campaign.id, campaign.name, campaign.status, campaign.advertising_channel_type, {metrics}
            FROM campaign WHERE segments.date BETWEEN '2026-08-01' AND '2026-11-30' ORDER BY segments.date");
        let answer = google(&sim, &token, id, "searchStream", json!({ "query": campaigns })).await;
        let rows = answer[0]["results"].as_array().unwrap();
        let spend: i64 = rows.iter().map(|row| google_row(row)[0]).sum();
        let total = |at: &Value| micros(at["spend"].as_str().unwrap());
        assert_eq!(
            spend,
            total(&account["total"]) + total(&account["total"]["performance_max"]),
            "campaigns have what ads lack"
        );
        let kinds: HashSet<&str> = rows.iter().map(|row| row["campaign"]["status"].as_str().unwrap()).collect();
        assert!(kinds.contains("REMOVED"));
        assert!(rows.iter().all(|row| row["campaign"]["id"].is_string() && row["metrics"]["impressions"] != "0"));
        let page = google(&sim, &token, id, "search", json!({ "query": campaigns })).await;
        assert_eq!(page["results"].as_array().unwrap(), rows);
    }
}

#[tokio::test]
async fn google_says_what_is_wrong() {
    let sim = Sim::start(|_| {}).await;
    let token = google_token(&sim).await;
    let leaf = sim.sandbox.totals()["google"][0]["account"].as_str().unwrap().to_owned();
    let code = |answer: &Value| {
        answer["error"]["details"][0]["errors"][0]["errorCode"].as_object().unwrap().values().next().unwrap().clone()
    };
    let metrics = json!({"query": "SELECT metrics.clicks FROM customer WHERE segments.date DURING LAST_7_DAYS"});
    let answer = google(&sim, &token, MANAGER, "searchStream", metrics.clone()).await;
    assert_eq!(code(&answer[0]), "REQUESTED_METRICS_FOR_MANAGER", "within an array");
    assert_eq!(code(&google(&sim, &token, MANAGER, "search", metrics).await), "REQUESTED_METRICS_FOR_MANAGER");
    let sized =
        google(&sim, &token, &leaf, "search", json!({"query": "SELECT customer.id FROM customer", "pageSize": 10}))
            .await;
    assert_eq!(code(&sized), "PAGE_SIZE_NOT_SUPPORTED");
    for (query, wanted) in [
        ("SELECT campaign.nonsense FROM campaign", "UNRECOGNIZED_FIELD"),
        ("SELECT segments.date, campaign.id, metrics.clicks FROM campaign", "EXPECTED_FILTERS_ON_DATE_RANGE"),
        ("SELECT campaign.id FROM nothing", "BAD_RESOURCE_TYPE_IN_FROM_CLAUSE"),
        (
            "SELECT segments.conversion_action_name, metrics.clicks FROM campaign",
            "PROHIBITED_SEGMENT_WITH_METRIC_IN_SELECT_OR_WHERE_CLAUSE",
        ),
    ] {
        assert_eq!(code(&google(&sim, &token, &leaf, "search", json!({ "query": query })).await), wanted);
    }
    assert_eq!(
        code(&google(&sim, &token, "9000000099", "search", json!({"query": "SELECT customer.id FROM customer"})).await),
        "CUSTOMER_NOT_ENABLED"
    );
    let url = format!("{}/google/v25/customers/{leaf}/googleAds:search", sim.sandbox.url);
    let direct = sim.client.post(&url).bearer_auth(&token).header("developer-token", "sandbox-developer-token");
    let answer: Value =
        direct.json(&json!({"query": "SELECT customer.id FROM customer"})).send().await.unwrap().json().await.unwrap();
    assert_eq!(code(&answer), "USER_PERMISSION_DENIED", "without the manager's id");
    let clients = "SELECT customer_client.id, customer_client.manager, customer_client.level, customer_client.status, customer_client.currency_code FROM customer_client WHERE customer_client.status = 'ENABLED'";
    let clients = google(&sim, &token, MANAGER, "searchStream", json!({ "query": clients })).await;
    assert_eq!(clients[0]["results"].as_array().unwrap().len(), 3, "the manager and two leaves; not the closed one");
    sim.hands.forward(3600);
    assert_eq!(
        code(&google(&sim, &token, &leaf, "search", json!({"query": "SELECT customer.id FROM customer"})).await),
        "OAUTH_TOKEN_EXPIRED"
    );
}
