//! The public "Online Retail" file through a running server's front door, to the figures of the page of metrics.

use reqwest::multipart::{Form, Part};
use reqwest::{Client, StatusCode};
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::imports::shared;
use crate::support::app::PASSWORD;
use crate::support::binary::{Home, Running};

/// How the file's columns are named; it belongs to the file.
const MAP: &str = include_str!("../../data/maps/online_retail.toml");
/// All of its days, half open.
const DAYS: [&str; 2] = ["2010-12-01", "2011-12-10"];

/// The figures of the page of metrics.
const FIGURES: [(&str, &str); 5] = [
    ("gross_sales", "\"10644560.42\""),
    ("refunds", "\"896812.49\""),
    ("net_sales", "\"9747747.93\""),
    ("orders", "22064"),
    ("customers", "4339"),
];

/// A person of one tenant, asking a running server.
struct Asker {
    client: Client,
    url: String,
    token: String,
}

impl Asker {
    async fn sign_in(server: &Running, email: &str) -> Self {
        let client = Client::new();
        let body = json!({ "email": email, "password": PASSWORD });
        let answer = client.post(format!("{}/api/auth/login", server.url)).json(&body).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        let token = answer.json::<Value>().await.unwrap()["access_token"].as_str().unwrap().to_owned();
        Self { client, url: server.url.clone(), token }
    }

    async fn get(&self, path: &str) -> reqwest::Response {
        self.client.get(format!("{}{path}", self.url)).bearer_auth(&self.token).send().await.unwrap()
    }

    async fn post(&self, path: &str, body: &Value) -> reqwest::Response {
        let request = self.client.post(format!("{}{path}", self.url)).bearer_auth(&self.token);
        request.json(body).send().await.unwrap()
    }

    /// Sends the file with its mapping and waits until the import has ended.
    async fn import(&self, file: &[u8]) -> Value {
        let form = Form::new()
            .text("format", "orders")
            .text("map", MAP)
            .part("file", Part::bytes(file.to_vec()).file_name("online_retail.csv.gz"));
        let path = "/api/brands/retail/imports";
        let request = self.client.post(format!("{}{path}", self.url)).bearer_auth(&self.token);
        let taken = request.multipart(form).send().await.unwrap();
        assert_eq!(taken.status(), StatusCode::ACCEPTED);
        let id = taken.json::<Value>().await.unwrap()["id"].as_str().unwrap().to_owned();
        loop {
            let shown: Value = self.get(&format!("{path}/{id}")).await.json().await.unwrap();
            if !shown["finished_at"].is_null() {
                return shown;
            }
            tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        }
    }

    /// The figures of all days by the typed query, as they stand in the answer.
    async fn figures(&self) -> Vec<String> {
        let metrics: Vec<&str> = FIGURES.iter().map(|(id, _)| *id).collect();
        let query = json!({ "metrics": metrics, "time": { "start": DAYS[0], "end": DAYS[1] } });
        let answer = self.post("/api/brands/retail/query", &query).await;
        assert_eq!(answer.status(), StatusCode::OK);
        let answer: Value = answer.json().await.unwrap();
        assert_eq!(answer["totals"], answer["rows"][0]);
        answer["totals"].as_array().unwrap().iter().map(Value::to_string).collect()
    }

    /// The dashboard of all days, and its tag.
    async fn dashboard(&self) -> (Value, String) {
        let path = format!("/api/brands/retail/dashboard?range=custom&from={}&to={}", DAYS[0], DAYS[1]);
        let answer = self.get(&path).await;
        assert_eq!(answer.status(), StatusCode::OK);
        let tag = answer.headers()["etag"].to_str().unwrap().to_owned();
        (answer.json().await.unwrap(), tag)
    }
}

fn tile<'a>(page: &'a Value, id: &str) -> &'a Value {
    let tiles = page["kpis"].as_array().unwrap();
    &tiles.iter().find(|kpi| kpi["id"] == id).unwrap_or_else(|| panic!("no tile {id}"))["value"]
}

fn counts(import: &Value) -> [u64; 4] {
    ["rows_read", "rows_landed", "rows_unchanged", "rows_rejected"].map(|name| import[name].as_u64().unwrap())
}

/// Two tenants with an owner and an empty brand of the same name each.
fn two_tenants() -> Home {
    let home = Home::new();
    for tenant in ["acme", "globex"] {
        home.run(&["tenant", "add", tenant]).ok();
        let brand = ["brand", "add", "retail", "--tenant", tenant, "--currency", "GBP", "--timezone", "Europe/London"];
        home.run(&brand).ok();
        let email = format!("owner@{tenant}.example");
        home.run_with(&["user", "add", &email, "--tenant", tenant, "--role", "owner"], PASSWORD).ok();
    }
    home
}

async fn is_empty(other: &Asker) {
    let (page, _) = other.dashboard().await;
    assert_eq!((tile(&page, "net_sales"), tile(&page, "orders")), (&json!("0.00"), &json!(0)));
    assert_eq!((&page["freshness"]["data_through"], &page["freshness"]["version"]), (&Value::Null, &json!(0)));
    assert_eq!(other.figures().await, ["\"0.00\"", "\"0.00\"", "\"0.00\"", "0", "0"]);
    let imports: Value = other.get("/api/brands/retail/imports").await.json().await.unwrap();
    assert_eq!(imports["imports"], json!([]));
}

#[tokio::test]
async fn online_retail_over_rest_gives_the_figures_of_the_page_of_metrics() {
    let Some(path) = shared("online_retail.csv.gz") else { return };
    let file = std::fs::read(path).unwrap();
    let home = two_tenants();
    let server = home.serve(&["--now", "2026-11-22T15:00:00Z"]);
    let owner = Asker::sign_in(&server, "owner@acme.example").await;
    let other = Asker::sign_in(&server, "owner@globex.example").await;
    is_empty(&owner).await;

    let done = owner.import(&file).await;
    assert_eq!((&done["state"], &done["error"], &done["rejects_url"]), (&json!("done"), &Value::Null, &Value::Null));
    assert_eq!(counts(&done), [541_909, 541_909, 0, 0], "{done}");
    assert_eq!(owner.figures().await, FIGURES.map(|(_, figure)| figure));
    let (page, tag) = owner.dashboard().await;
    for (id, figure) in [
        ("net_sales", json!("9747747.93")),
        ("orders", json!(22_064)),
        ("new_customers", json!(4_339)),
        // 10,644,560.42 ÷ 22,064
        ("aov", json!("482.44")),
        ("ad_spend", json!("0.00")),
        ("mer_ratio", Value::Null),
    ] {
        assert_eq!(tile(&page, id), &figure, "{id}");
    }
    let days: Vec<&Value> = ["from", "to", "start", "end"].iter().map(|name| &page["window"][*name]).collect();
    assert_eq!(days, [DAYS[0], DAYS[1], DAYS[0], DAYS[1]]);

    let again = owner.import(&file).await;
    assert_eq!(counts(&again), [541_909, 0, 541_909, 0], "{again}");
    assert_eq!(owner.dashboard().await.1, tag, "the same file again changes nothing");

    is_empty(&other).await;
    let foreign = format!("/api/brands/retail/imports/{}", done["id"].as_str().unwrap());
    assert_eq!(other.get(&foreign).await.status(), StatusCode::NOT_FOUND);
    assert_eq!(server.stop(Signal::TERM).0.code(), Some(0));
}
