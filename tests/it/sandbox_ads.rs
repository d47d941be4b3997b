//! The simulator's Meta and TikTok over real HTTP, against its own totals.

use std::collections::{BTreeMap, HashSet};

use serde_json::{Value, json};

use crate::sandbox::Sim;

const META: &str = "EAAsandbox";
const TIKTOK: &str = "tiktok_sandbox_token";
const DAY: i64 = 86_400;

/// Millionths of a decimal text.
pub fn micros(text: &str) -> i64 {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    whole.parse::<i64>().unwrap() * 1_000_000 + format!("{part:0<6}").parse::<i64>().unwrap()
}

pub fn number(value: &Value) -> i64 {
    value.as_str().map_or(0, |text| text.parse().unwrap())
}

/// Spend, impressions, clicks, conversions and value, in millionths where they are not whole.
pub type Sums = BTreeMap<String, [i64; 5]>;

pub fn told(account: &Value) -> Sums {
    let days = account["days"].as_array().unwrap().iter().filter(|day| day["rows"].as_i64() != Some(0));
    days.map(|day| {
        let money = |name: &str| micros(day[name].as_str().unwrap());
        let whole = |name: &str| day[name].as_i64().unwrap();
        (
            day["day"].as_str().unwrap().to_owned(),
            [money("spend"), whole("impressions"), whole("clicks"), money("conversions"), money("value")],
        )
    })
    .collect()
}

pub fn add(sums: &mut Sums, day: &str, row: [i64; 5]) {
    let sum = sums.entry(day.to_owned()).or_default();
    for (sum, value) in sum.iter_mut().zip(row) {
        *sum += value;
    }
}

fn action(row: &Value, list: &str, kind: &str) -> i64 {
    let all = row[list].as_array().into_iter().flatten();
    all.filter(|action| action["action_type"] == kind).map(|action| micros(action["value"].as_str().unwrap())).sum()
}

fn meta_row(row: &Value) -> [i64; 5] {
    let spend = row["spend"].as_str().map_or(0, micros);
    [
        spend,
        number(&row["impressions"]),
        number(&row["clicks"]),
        action(row, "actions", "omni_purchase"),
        action(row, "action_values", "omni_purchase"),
    ]
}

const FIELDS: &str = "account_id,account_currency,campaign_id,campaign_name,adset_id,adset_name,ad_id,ad_name,date_start,date_stop,impressions,clicks,inline_link_clicks,spend,actions,action_values,attribution_setting";

fn insights(since: &str, until: &str) -> String {
    let range = json!({"since": since, "until": until}).to_string();
    let query = [
        ("level", "ad"),
        ("time_increment", "1"),
        ("time_range", range.as_str()),
        ("fields", FIELDS),
        ("limit", "37"),
        ("action_attribution_windows", r#"["7d_click","1d_view","7d_view"]"#),
    ];
    serde_html_form::to_string(query).unwrap()
}

/// Follows `paging.next` to its end.
async fn followed(sim: &Sim, first: String) -> Vec<Value> {
    let (mut rows, mut next) = (Vec::new(), Some(first));
    while let Some(url) = next {
        let page: Value = sim.client.get(url).send().await.unwrap().json().await.unwrap();
        assert!(page["error"].is_null(), "{page}");
        rows.extend(page["data"].as_array().unwrap().iter().cloned());
        next = page["paging"]["next"].as_str().map(str::to_owned);
    }
    rows
}

#[tokio::test]
async fn insights_of_meta_add_up_whether_at_once_or_by_a_run() {
    let sim = Sim::start(|_| {}).await;
    let accounts =
        sim.get(&format!("/meta/v26.0/me/adaccounts?fields=id,currency,timezone_name&access_token={META}")).await;
    let currencies: HashSet<&Value> =
        accounts["data"].as_array().unwrap().iter().map(|account| &account["currency"]).collect();
    assert_eq!(currencies.len(), 2, "two accounts, two currencies");
    // To twelve minutes after midnight in New York, then in Berlin: what that day's ads did so far has led to no action yet.
    for (at, seconds) in [50_875, 64_800].into_iter().enumerate() {
        sim.hands.forward(seconds);
        let totals = sim.sandbox.totals();
        let account = &totals["meta"][at];
        let act = format!("act_{}", account["account"].as_str().unwrap());
        let query = insights("2026-08-01", "2026-11-30");
        let rows =
            followed(&sim, format!("{}/meta/v26.0/{act}/insights?{query}&access_token={META}", sim.sandbox.url)).await;
        let keys: HashSet<String> = rows.iter().map(|row| format!("{} {}", row["ad_id"], row["date_start"])).collect();
        assert_eq!(keys.len(), rows.len(), "every row once");
        let mut sums = Sums::new();
        rows.iter().for_each(|row| add(&mut sums, row["date_start"].as_str().unwrap(), meta_row(row)));
        assert_eq!(sums, told(account), "{act}");
        let bought = rows.iter().find(|row| action(row, "actions", "purchase") > 0).unwrap();
        assert_eq!(
            action(bought, "actions", "purchase"),
            action(bought, "actions", "offsite_conversion.fb_pixel_purchase")
        );
        assert!(
            rows.iter().any(|row| row.get("actions").is_none()) && rows.iter().any(|row| row.get("spend").is_none())
        );
        assert!(!rows.iter().any(|row| row.to_string().contains("7d_view")), "windows that are gone hold nothing");

        let run = sim.client.post(format!("{}/meta/v26.0/{act}/insights?{query}", sim.sandbox.url)).bearer_auth(META);
        let run: Value = run.send().await.unwrap().json().await.unwrap();
        let id = run["report_run_id"].as_str().unwrap();
        let early = sim.get(&format!("/meta/v26.0/{id}/insights?access_token={META}")).await;
        assert!(early["error"]["code"].is_number());
        let mut seen = Vec::new();
        while seen.last().is_none_or(|(status, _)| status != "Job Completed") {
            let state = sim.get(&format!("/meta/v26.0/{id}?access_token={META}")).await;
            seen.push((
                state["async_status"].as_str().unwrap().to_owned(),
                state["async_percent_completion"].as_i64().unwrap(),
            ));
        }
        assert!(seen.contains(&("Job Running".to_owned(), 100)), "100 % comes before the end");
        let by_run =
            followed(&sim, format!("{}/meta/v26.0/{id}/insights?limit=500&access_token={META}", sim.sandbox.url)).await;
        assert_eq!(by_run, rows);
    }
}

#[tokio::test]
async fn young_days_of_meta_change_and_old_ones_do_not() {
    let sim = Sim::start(|_| {}).await;
    let account = |totals: &Value| told(&totals["meta"][1]);
    let before = account(&sim.sandbox.totals());
    sim.hands.forward(DAY * 2);
    let after = account(&sim.sandbox.totals());
    let changed: Vec<&String> =
        before.iter().filter(|(day, sums)| after.get(*day) != Some(*sums)).map(|(day, _)| day).collect();
    assert!(changed.iter().all(|day| day.as_str() >= "2026-10-24"), "{changed:?}");
    assert!(changed.len() > 10, "{changed:?}");
    sim.control(
        "restate",
        json!({"platform": "meta", "account": "522606278081332", "day": "2026-09-01", "per_mille": 500}),
    )
    .await;
    let restated = account(&sim.sandbox.totals());
    assert!(restated["2026-09-01"][3] < after["2026-09-01"][3]);
}

#[tokio::test]
async fn meta_says_what_is_wrong() {
    let sim = Sim::start(|options| options.appsecret_proof = true).await;
    let path = "/meta/v26.0/me/adaccounts";
    let code = |answer: &Value| answer["error"]["code"].as_i64().unwrap();
    assert_eq!(code(&sim.get(&format!("{path}?access_token={META}")).await), 100);
    let wrong = sim.get(&format!("{path}?access_token=EAAother&appsecret_proof=x")).await;
    assert_eq!((code(&wrong), wrong["error"]["error_subcode"].as_i64()), (190, Some(460)));
    let sim = Sim::start(|_| {}).await;
    let old = sim
        .client
        .get(format!("{}/meta/v20.0/me/adaccounts?access_token={META}", sim.sandbox.url))
        .send()
        .await
        .unwrap();
    assert_eq!(old.headers()["facebook-api-version"], "v23.0");
    let ancient = insights("2020-01-01", "2020-01-02");
    assert_eq!(
        code(&sim.get(&format!("/meta/v26.0/act_522606278080331/insights?{ancient}&access_token={META}")).await),
        3018
    );
    let debug = sim.get(&format!("/meta/v26.0/debug_token?input_token={META}&access_token={META}")).await;
    assert_eq!(debug["data"]["is_valid"], true);
    let deleted = r#"[{"field":"effective_status","operator":"IN","value":["ACTIVE","PAUSED","DELETED","ARCHIVED"]}]"#;
    let query = serde_html_form::to_string([
        ("filtering", deleted),
        ("fields", "id,name,effective_status"),
        ("access_token", META),
    ])
    .unwrap();
    let all = sim.get(&format!("/meta/v26.0/act_522606278080331/campaigns?{query}")).await;
    let shown = sim.get(&format!("/meta/v26.0/act_522606278080331/campaigns?fields=id,name&access_token={META}")).await;
    assert_eq!((all["data"].as_array().unwrap().len(), shown["data"].as_array().unwrap().len()), (5, 4));
}

/// Asks TikTok.
async fn tiktok(sim: &Sim, path: &str, query: &[(&str, &str)]) -> Value {
    let query = serde_html_form::to_string(query).unwrap();
    let url = format!("{}/tiktok/open_api/v1.3/{path}/?{query}", sim.sandbox.url);
    let answer = sim.client.get(url).header("Access-Token", TIKTOK).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    answer.json().await.unwrap()
}

/// Days in windows of at most 30, the last one of today.
const WINDOWS: [(&str, &str); 4] = [
    ("2026-08-20", "2026-09-18"),
    ("2026-09-19", "2026-10-18"),
    ("2026-10-19", "2026-11-17"),
    ("2026-11-18", "2026-11-23"),
];

const METRICS: &str = r#"["campaign_id","campaign_name","adgroup_id","adgroup_name","ad_name","spend","impressions","clicks","conversion","complete_payment","total_complete_payment_rate","complete_payment_roas","currency"]"#;

/// Every row of a window, page by page; as many as the first page said.
async fn tiktok_rows(sim: &Sim, id: &str, start: &str, end: &str) -> Vec<Value> {
    let window = [
        ("advertiser_id", id),
        ("start_date", start),
        ("end_date", end),
        ("dimensions", r#"["ad_id","stat_time_day"]"#),
        ("metrics", METRICS),
        ("service_type", "AUCTION"),
        ("report_type", "BASIC"),
        ("data_level", "AUCTION_AD"),
        ("page_size", "100"),
    ];
    let (mut page, mut rows) = (1, Vec::new());
    loop {
        let number = page.to_string();
        let query = [window.as_slice(), &[("page", number.as_str())]].concat();
        let answer = tiktok(sim, "report/integrated/get", &query).await;
        assert_eq!(answer["code"], 0, "{answer}");
        rows.extend(answer["data"]["list"].as_array().unwrap().iter().cloned());
        if page >= answer["data"]["page_info"]["total_page"].as_i64().unwrap() {
            assert_eq!(Some(rows.len() as i64), answer["data"]["page_info"]["total_number"].as_i64());
            return rows;
        }
        page += 1;
    }
}

/// What GMV Max cost in a window, in millionths.
async fn gmv_cost(sim: &Sim, id: &str, start: &str, end: &str) -> i64 {
    let stores = tiktok(sim, "gmv_max/store/list", &[("advertiser_id", id)]).await;
    let store = json!([stores["data"]["store_list"][0]["store_id"]]).to_string();
    let query = [
        ("advertiser_id", id),
        ("store_ids", store.as_str()),
        ("start_date", start),
        ("end_date", end),
        ("dimensions", r#"["campaign_id","stat_time_day"]"#),
        ("metrics", r#"["cost","orders","gross_revenue"]"#),
        ("page_size", "1000"),
    ];
    let report = tiktok(sim, "gmv_max/report/get", &query).await;
    report["data"]["list"].as_array().unwrap().iter().map(|row| micros(row["metrics"]["cost"].as_str().unwrap())).sum()
}

#[tokio::test]
async fn reports_of_tiktok_add_up_and_gmv_max_stands_apart() {
    let sim = Sim::start(|_| {}).await;
    for account in sim.sandbox.totals()["tiktok"].as_array().unwrap() {
        let id = account["account"].as_str().unwrap();
        let (mut sums, mut gmv, mut absent) = (Sums::new(), 0, false);
        for (start, end) in WINDOWS {
            for row in tiktok_rows(&sim, id, start, end).await {
                let metrics = &row["metrics"];
                let money = |name: &str| micros(metrics[name].as_str().unwrap());
                let day = row["dimensions"]["stat_time_day"].as_str().unwrap();
                let value = [
                    money("spend"),
                    number_of(&metrics["impressions"]),
                    number_of(&metrics["clicks"]),
                    number_of(&metrics["complete_payment"]) * 1_000_000,
                    money("total_complete_payment_rate"),
                ];
                add(&mut sums, day.strip_suffix(" 00:00:00").unwrap(), value);
                absent |= metrics["complete_payment_roas"] == "-";
            }
            gmv += gmv_cost(&sim, id, start, end).await;
        }
        assert_eq!(sums, told(account), "{id}");
        assert!(absent, "some values are not available");
        assert_eq!(gmv, micros(account["total"]["gmv_max"]["spend"].as_str().unwrap()));
    }
}

fn number_of(value: &Value) -> i64 {
    value.as_str().unwrap().parse().unwrap()
}

#[tokio::test]
async fn tiktok_keeps_its_rules() {
    let sim = Sim::start(|_| {}).await;
    let id = sim.sandbox.totals()["tiktok"][0]["account"].as_str().unwrap().to_owned();
    let no_page =
        sim.client.get(format!("{}/tiktok/open_api/v1.3/advertiser/info", sim.sandbox.url)).send().await.unwrap();
    assert_eq!(no_page.status(), 404);
    let base = [
        ("advertiser_id", id.as_str()),
        ("report_type", "BASIC"),
        ("data_level", "AUCTION_AD"),
        ("metrics", r#"["spend"]"#),
    ];
    let report = |more: [(&'static str, &'static str); 3]| {
        let query = [base.as_slice(), &more].concat();
        let sim = &sim;
        async move { tiktok(sim, "report/integrated/get", &query).await }
    };
    let day = r#"["ad_id","stat_time_day"]"#;
    let long = report([("dimensions", day), ("start_date", "2026-10-01"), ("end_date", "2026-10-31")]).await;
    assert_eq!((long["code"].as_i64(), long["data"].is_object()), (Some(40_002), true));
    let two = report([
        ("dimensions", r#"["ad_id","campaign_id"]"#),
        ("start_date", "2026-10-01"),
        ("end_date", "2026-10-02"),
    ])
    .await;
    assert_eq!(two["code"], 40_002);
    let ten = report([("dimensions", day), ("start_date", "2026-10-01"), ("end_date", "2026-10-30")]).await;
    assert_eq!(ten["data"]["list"].as_array().unwrap().len(), 10, "a page has ten rows unless asked otherwise");
    let unknown = tiktok(
        &sim,
        "report/integrated/get",
        &[
            ("advertiser_id", id.as_str()),
            ("data_level", "AUCTION_AD"),
            ("dimensions", day),
            ("metrics", r#"["spend","voucher_spend","cash_spend"]"#),
            ("start_date", "2026-10-01"),
            ("end_date", "2026-10-02"),
        ],
    )
    .await;
    assert!(unknown["message"].as_str().unwrap().contains("Invalid metric fields: ['voucher_spend', 'cash_spend']"));
    let ids = json!([id]).to_string();
    let info = tiktok(&sim, "advertiser/info", &[("advertiser_ids", ids.as_str())]).await;
    let info = &info["data"]["list"][0];
    assert_eq!((&info["timezone"], &info["display_timezone"]), (&json!("Etc/GMT+8"), &json!("America/Los_Angeles")));
    let url = format!("{}/tiktok/open_api/v1.3/oauth2/access_token/", sim.sandbox.url);
    let body = json!({"app_id": "7000000000000000001", "secret": "tiktok_sandbox_secret", "auth_code": "one"});
    for wanted in [0, 40_110] {
        let answer: Value = sim.client.post(&url).json(&body).send().await.unwrap().json().await.unwrap();
        assert_eq!(answer["code"], wanted, "an auth_code is good once");
    }
}
