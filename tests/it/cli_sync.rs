//! `sync` with the real binary, beside a server and alone, and what the stream of a page is told meanwhile.

use std::time::Duration;

use futures_util::StreamExt as _;
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::support::binary::{Home, Running};

const TENANTS: [(&str, &str); 2] = [("north", "juniper-oak.myshopify.com"), ("south", "juniper-oak-eu.myshopify.com")];
const PASSWORD: &str = "correct horse battery";

/// A simulator, an instance that asks it, and two tenants with a brand and an owner each.
fn prepared() -> (Running, Home) {
    let home = Home::new();
    let simulator =
        home.start(&["sandbox", "--listen", "127.0.0.1:0", "--orders", "60", "--days", "20", "--no-throttle"]);
    let settings = format!("sandbox_url = \"{}\"\noffline = true\n", simulator.url);
    std::fs::write(home.path().join("pulsepoint.toml"), settings).unwrap();
    for (tenant, _) in TENANTS {
        home.run(&["tenant", "add", tenant]).ok();
        home.run(&["brand", "add", tenant, "--tenant", tenant, "--currency", "USD", "--timezone", "America/New_York"])
            .ok();
        let owner = format!("owner@{tenant}.example");
        home.run_with(&["user", "add", &owner, "--tenant", tenant, "--role", "owner"], &format!("{PASSWORD}\n")).ok();
    }
    (simulator, home)
}

async fn post(server: &Running, path: &str, token: Option<&str>, body: Value) -> Value {
    let mut request = crate::support::client::client().post(format!("{}{path}", server.url)).json(&body);
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    let answer = request.send().await.unwrap();
    assert!(answer.status().is_success(), "{path}: {answer:?}");
    answer.json().await.unwrap_or_default()
}

async fn sign_in(server: &Running, tenant: &str) -> String {
    let body = json!({ "email": format!("owner@{tenant}.example"), "password": PASSWORD });
    post(server, "/api/auth/login", None, body).await["access_token"].as_str().unwrap().to_owned()
}

async fn connect(server: &Running, token: &str, (tenant, shop): (&str, &str)) -> String {
    let credentials = json!({ "client_id": "sandbox-client", "client_secret": "shpss_sandbox" });
    let body =
        json!({ "source": "shopify", "brand": tenant, "credentials": credentials, "settings": { "shop": shop } });
    post(server, "/api/integrations", Some(token), body).await["id"].as_str().unwrap().to_owned()
}

/// What a stream tells of integrations, as it comes.
async fn listen(server: &Running, token: &str) -> tokio::sync::mpsc::UnboundedReceiver<Value> {
    let request = crate::support::client::client().get(format!("{}/api/stream", server.url)).bearer_auth(token);
    let answer = request.send().await.unwrap();
    assert_eq!(answer.headers()["content-type"], "text/event-stream");
    let (told, heard) = tokio::sync::mpsc::unbounded_channel();
    tokio::spawn(async move {
        let (mut bytes, mut text) = (answer.bytes_stream(), String::new());
        while let Some(Ok(more)) = bytes.next().await {
            text.push_str(&String::from_utf8_lossy(&more));
            while let Some((block, rest)) = text.split_once("\n\n") {
                if let Some(data) = block.strip_prefix("event: sync\ndata: ") {
                    told.send(serde_json::from_str(data).unwrap()).unwrap();
                }
                text = rest.to_owned();
            }
        }
    });
    heard
}

/// Everything that is heard until an integration is healthy.
async fn until_healthy(heard: &mut tokio::sync::mpsc::UnboundedReceiver<Value>) -> Vec<Value> {
    let mut all: Vec<Value> = Vec::new();
    while all.last().is_none_or(|last| last["state"] != "healthy") {
        let next = tokio::time::timeout(Duration::from_secs(120), heard.recv()).await;
        all.push(next.unwrap_or_else(|_| panic!("nothing more after {all:?}")).unwrap());
    }
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_is_told_of_its_own_integrations_as_they_move_on() {
    let (_simulator, home) = prepared();
    let server = home.serve(&[]);
    let (north, south) = (sign_in(&server, "north").await, sign_in(&server, "south").await);
    let (mut of_north, mut of_south) = (listen(&server, &north).await, listen(&server, &south).await);
    let id = connect(&server, &north, TENANTS[0]).await;
    let told = until_healthy(&mut of_north).await;
    assert!(told.iter().all(|news| news["integration"] == id.as_str() && news["brand"].is_string()), "{told:?}");
    for stream in ["orders", "products", "inventory"] {
        let of: Vec<&Value> = told.iter().filter(|news| news["stream"] == stream).collect();
        assert!(of.last().is_some_and(|news| news["rows"].as_u64() > Some(0)), "{stream}: {told:?}");
    }
    assert!(told.iter().any(|news| news["state"] == "backfilling"), "{told:?}");
    let other = connect(&server, &south, TENANTS[1]).await;
    let told = until_healthy(&mut of_south).await;
    assert!(told.iter().all(|news| news["integration"] == other.as_str()), "of the other tenant's: {told:?}");
    while let Ok(news) = of_north.try_recv() {
        assert_eq!(news["integration"], id.as_str());
    }
}

fn sync(home: &Home, verb: &str, tenant: &str, more: &[&str]) -> crate::support::binary::Finished {
    home.run(&[&["sync", verb, "--tenant", tenant], more].concat())
}

/// The only integration of a tenant, as `sync status` shows it.
fn status(home: &Home, tenant: &str) -> Value {
    let shown = sync(home, "status", tenant, &["--json"]).ok().json();
    assert_eq!(shown["integrations"].as_array().map(Vec::len), Some(1), "{shown}");
    shown["integrations"][0].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn syncs_are_shown_run_and_replayed_beside_a_server_and_alone() {
    let (simulator, home) = prepared();
    assert!(sync(&home, "status", "north", &[]).ok().out.contains("No source is connected"));
    let server = home.serve(&[]);
    let mut ids = Vec::new();
    for tenant in TENANTS {
        let token = sign_in(&server, tenant.0).await;
        ids.push((connect(&server, &token, tenant).await, token));
    }
    let now = sync(&home, "now", "north", &["--json"]).ok().json();
    assert_eq!((&now["ok"], &now["integrations"][0]["id"]), (&json!(true), &json!(ids[0].0)), "{now}");
    assert_eq!(now["integrations"][0]["state"], "healthy", "it waits for all of it: {now}");
    let again = sync(&home, "now", "south", &[]).ok().out;
    assert!(again.contains(&ids[1].0) && !again.contains(&ids[0].0) && again.contains("healthy"), "{again}");
    whatever_is_run(&home, &ids);

    post(&server, &format!("/api/integrations/{}/pause", ids[0].0), Some(&ids[0].1), json!({})).await;
    let paused = sync(&home, "now", "north", &[]);
    assert!(paused.code == 1 && paused.out.contains("paused: resume it first"), "{paused:?}");
    post(&server, &format!("/api/integrations/{}/resume", ids[0].0), Some(&ids[0].1), json!({})).await;
    let (stopped, _, log) = server.stop(Signal::TERM);
    assert_eq!(stopped.code(), Some(0), "{log}");

    let before = status(&home, "south");
    let now = sync(&home, "now", "north", &["--brand", "north", "--json"]).ok().json();
    assert_eq!((&now["ok"], &now["integrations"][0]["state"]), (&json!(true), &json!("healthy")), "{now}");
    assert_eq!(status(&home, "south")["synced_at"], before["synced_at"], "another tenant's is left alone");
    whatever_is_run(&home, &ids);
    drop(simulator);
    let failed = sync(&home, "now", "north", &["--json"]);
    assert_eq!((failed.code, failed.json()["ok"].clone()), (1, json!(false)), "nobody answers: {failed:?}");
}

/// What is the same with a server and without: what is kept is read again, and nobody reaches another's.
fn whatever_is_run(home: &Home, ids: &[(String, String)]) {
    let replayed = sync(home, "replay", "north", &["--json"]).ok().json();
    let [replayed] = replayed["replayed"].as_array().unwrap().as_slice() else { panic!("{replayed}") };
    assert_eq!((&replayed["integration"], &replayed["rows_rejected"]), (&json!(ids[0].0), &json!(0)));
    assert!(replayed["answers"].as_u64() > Some(2) && replayed["rows_landed"] == 0, "{replayed}");
    let text = sync(home, "replay", "north", &["--integration", &ids[0].0]).ok().out;
    assert!(text.contains("answers read again, 0 rows landed"), "{text}");
    for (tenant, (id, _)) in TENANTS.iter().zip(ids) {
        let shown = status(home, tenant.0);
        assert_eq!((&shown["id"], &shown["source"]), (&json!(id), &json!("shopify")));
        assert!(shown["streams"].as_array().unwrap().iter().all(|stream| stream["rows"].as_u64() > Some(0)), "{shown}");
    }
    for verb in ["status", "now", "replay"] {
        let others = sync(home, verb, "north", &["--integration", &ids[1].0]).failed(1);
        assert!(others.contains("there is no integration"), "{verb}: {others}");
        assert!(sync(home, verb, "west", &[]).failed(1).contains("there is no tenant \"west\""));
        assert!(sync(home, verb, "north", &["--brand", "south"]).failed(1).contains("south"));
    }
}
