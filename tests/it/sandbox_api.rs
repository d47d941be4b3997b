//! The simulator's Shopify beside its rows: tokens, scopes, cost, bulk results, webhooks, and the shapes of recorded answers.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::Path;

use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::sandbox::{SHOPS, Sim, TOKEN, cents};

const SECRET: &str = "shpss_sandbox";

/// A recorded answer; none, with a sentence, where the folder is missing.
fn fixture(name: &str) -> Option<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/fixtures").join(name);
    match std::fs::read_to_string(&path) {
        Ok(text) => Some(serde_json::from_str(&text).unwrap()),
        Err(_) => {
            eprintln!("skipped: there is no recorded {name} beside the checkout");
            None
        }
    }
}

/// Every path of a value with the kinds of value found there; list places are one path.
fn shape(value: &Value, path: &str, into: &mut BTreeMap<String, BTreeSet<&'static str>>) {
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(items) => {
            for item in items {
                shape(item, &format!("{path}[]"), into);
            }
            "list"
        }
        Value::Object(fields) => {
            for (name, field) in fields {
                shape(field, &format!("{path}.{name}"), into);
            }
            "object"
        }
    };
    into.entry(path.to_owned()).or_default().insert(kind);
}

fn shapes(value: &Value) -> BTreeMap<String, BTreeSet<&'static str>> {
    let mut into = BTreeMap::new();
    shape(value, "", &mut into);
    into
}

/// Says where ours is not as recorded: another path, or another kind at a path, null apart.
fn assert_same_shape(recorded: &Value, ours: &Value) {
    let (recorded, ours) = (shapes(recorded), shapes(ours));
    for (path, kinds) in &recorded {
        let Some(own) = ours.get(path) else {
            // Below what is null or empty with us nothing can be seen.
            let above = path.rfind(['.', '[']).map(|at| &path[..at]);
            assert!(
                above.is_some_and(|above| !ours.contains_key(above)
                    || ours[above].contains("null")
                    || path.ends_with("[]")),
                "{path} is missing"
            );
            continue;
        };
        let solid = |kinds: &BTreeSet<&'static str>| {
            kinds.iter().copied().filter(|kind| *kind != "null").collect::<BTreeSet<_>>()
        };
        let (theirs, own) = (solid(kinds), solid(own));
        assert!(theirs.is_empty() || own.is_empty() || theirs == own, "{path}: {theirs:?} recorded, {own:?} here");
    }
    let strange: Vec<&String> = ours.keys().filter(|path| !recorded.contains_key(*path)).collect();
    let explained = |path: &&String| {
        let above = path.rfind(['.', '[']).map_or("", |at| &path[..at]);
        recorded.get(above).is_none_or(|kinds| kinds.contains("null") || path.ends_with("[]"))
    };
    assert!(strange.iter().all(explained), "not recorded: {strange:?}");
}

#[tokio::test]
async fn recorded_errors_of_documents_are_answered_word_for_word() {
    let Some(recorded) = fixture("shopify/live_graphql_errors.json") else { return };
    let sim = Sim::start(|_| {}).await;
    // The rest are about mutations that a reader never sends.
    for name in [
        "invalidSyntax",
        "missingSubselection",
        "unknownQueryRoot",
        "unknownMutationRoot",
        "unknownProductField",
        "unknownOrderField",
    ] {
        let case = &recorded["cases"][name];
        let query = case["request"]["query"].as_str().unwrap();
        let ours = sim.query(SHOPS[0], query, case["request"]["variables"].clone()).await;
        assert_eq!(ours, case["response"]["payload"], "{name}");
    }
}

#[tokio::test]
async fn recorded_answers_have_our_shape() {
    let sim = Sim::start(|_| {}).await;
    if let Some(recorded) = fixture("shopify/live_locations.json") {
        let call = &recorded["upstreamCalls"][0];
        let ours = sim.query(SHOPS[0], call["query"].as_str().unwrap(), call["variables"].clone()).await;
        assert_same_shape(&call["response"]["body"], &ours);
    }
    if let Some(recorded) = fixture("shopify/live_refund_partial_with_shipping.json") {
        let read = &recorded["downstreamRead"]["response"];
        let orders = sim.pages(SHOPS[0], "orders", "query($after:String){orders(first:100,after:$after){pageInfo{hasNextPage endCursor} nodes{id refunds{id}}}}", &json!({})).await;
        let refunded = orders.iter().find(|order| !order["refunds"].as_array().unwrap().is_empty()).unwrap();
        let query = "query($id:ID!){order(id:$id){id name displayFinancialStatus displayFulfillmentStatus refunds{id note totalRefundedSet{shopMoney{amount currencyCode}}}
            transactions{id kind status gateway amountSet{shopMoney{amount currencyCode}}} totalRefundedSet{shopMoney{amount currencyCode}}}}";
        let ours = sim.query(SHOPS[0], query, json!({"id": refunded["id"]})).await;
        let mut recorded = read.clone();
        recorded["data"]["order"].as_object_mut().unwrap().remove("returns");
        assert_same_shape(&recorded, &ours);
    }
}

#[tokio::test]
async fn tokens_are_given_expire_and_are_refreshed() {
    let sim = Sim::start(|_| {}).await;
    let url = |shop: &str| format!("{}/shopify/{shop}/admin/oauth/access_token", sim.sandbox.url);
    let post = |shop: &'static str, body: Value| {
        let request = sim.client.post(url(shop)).json(&body);
        async move {
            let answer = request.send().await.unwrap();
            (answer.status().as_u16(), answer.json::<Value>().await.unwrap())
        }
    };
    let app = |more: Value| {
        let mut body = json!({"client_id": "sandbox-client", "client_secret": SECRET});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    let (status, given) = post(SHOPS[0], app(json!({"grant_type": "client_credentials"}))).await;
    assert_eq!((status, given["expires_in"].as_i64()), (200, Some(86_399)));
    let token = given["access_token"].as_str().unwrap();
    let name = "{shop{myshopifyDomain}}";
    assert_eq!(sim.ask(SHOPS[0], token, name, json!({})).await["data"]["shop"]["myshopifyDomain"], SHOPS[0]);
    assert!(sim.ask(SHOPS[1], token, name, json!({})).await["errors"].is_string(), "another shop's token");
    sim.hands.forward(86_401);
    assert!(sim.ask(SHOPS[0], token, name, json!({})).await["errors"].is_string(), "it expired");
    let wrong = json!({"client_id": "sandbox-client", "client_secret": "guess", "grant_type": "client_credentials"});
    assert_eq!(post(SHOPS[0], wrong).await.0, 400);

    let query = "client_id=sandbox-client&scope=read_orders&redirect_uri=http%3A%2F%2F127.0.0.1%3A9%2Fback&state=nonce";
    let agreed = sim
        .client
        .get(format!("{}/shopify/{}/admin/oauth/authorize?{query}", sim.sandbox.url, SHOPS[0]))
        .send()
        .await
        .unwrap();
    let back = url::Url::parse(agreed.headers()["location"].to_str().unwrap()).unwrap();
    let mut pairs: Vec<(String, String)> = back.query_pairs().into_owned().collect();
    let hmac = pairs.remove(pairs.iter().position(|(key, _)| key == "hmac").unwrap()).1;
    pairs.sort();
    let signed: Vec<String> = pairs.iter().map(|(key, value)| format!("{key}={value}")).collect();
    assert_eq!(hmac, hex(&sign(signed.join("&").as_bytes())));
    let code = pairs.iter().find(|(key, _)| key == "code").unwrap().1.clone();
    let (_, given) = post(SHOPS[0], app(json!({"code": code, "expiring": 1}))).await;
    assert_eq!(given["expires_in"], 3599);
    assert_eq!(post(SHOPS[0], app(json!({"code": code}))).await.0, 400, "a code is good once");
    let renew = |token: &Value| app(json!({"grant_type": "refresh_token", "refresh_token": token}));
    let (_, second) = post(SHOPS[0], renew(&given["refresh_token"])).await;
    let (status, third) = post(SHOPS[0], renew(&given["refresh_token"])).await;
    assert_eq!(status, 200, "the old one is good until the new one is used");
    assert_eq!(post(SHOPS[0], renew(&third["refresh_token"])).await.0, 200);
    assert_eq!(post(SHOPS[0], renew(&given["refresh_token"])).await.0, 400);
    assert!(second["access_token"].is_string());
}

fn sign(message: &[u8]) -> Vec<u8> {
    let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(message);
    mac.finalize().into_bytes().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[tokio::test]
async fn scopes_hide_and_versions_fall_forward() {
    let sim = Sim::start(|_| {}).await;
    let products = "shpat_sandbox_products";
    let denied = sim.ask(SHOPS[0], products, "{orders(first:1){nodes{id}}}", json!({})).await;
    assert_eq!(denied["errors"][0]["extensions"]["code"], "ACCESS_DENIED");
    assert!(denied["data"].is_null());
    let allowed = sim.ask(SHOPS[0], products, "{products(first:1){nodes{id}}}", json!({})).await;
    assert!(allowed["errors"].is_null() && allowed["data"]["products"]["nodes"][0]["id"].is_string());
    let count = "{orders(first:250,sortKey:CREATED_AT){nodes{createdAt}}}";
    let all = sim.query(SHOPS[0], count, json!({})).await;
    let wall = sim.ask(SHOPS[0], "shpat_sandbox_60_days", count, json!({})).await;
    let oldest = |answer: &Value| answer["data"]["orders"]["nodes"][0]["createdAt"].as_str().unwrap().to_owned();
    assert!(oldest(&all).as_str() < "2026-08-26" && oldest(&wall).as_str() > "2026-09-23");
    let scopes = sim.query(SHOPS[0], "{currentAppInstallation{accessScopes{handle}}}", json!({})).await;
    let handles = scopes["data"]["currentAppInstallation"]["accessScopes"].as_array().unwrap();
    assert!(handles.contains(&json!({"handle": "read_all_orders"})));
    for (asked, served) in [("2024-01", "2026-01"), ("2026-07", "2026-07")] {
        let url = format!("{}/shopify/{}/admin/api/{asked}/graphql.json", sim.sandbox.url, SHOPS[0]);
        let answer = sim
            .client
            .post(url)
            .header("X-Shopify-Access-Token", TOKEN)
            .json(&json!({"query": "{shop{id}}"}))
            .send()
            .await
            .unwrap();
        assert_eq!(answer.headers()["x-shopify-api-version"], served);
    }
}

#[tokio::test]
async fn an_unknown_search_field_brings_everything_and_a_warning() {
    let sim = Sim::start(|_| {}).await;
    let query = "query($q:String){orders(first:250,query:$q){nodes{id}}}";
    let all = sim.query(SHOPS[0], query, json!({"q": null})).await;
    let wrong = sim.query(SHOPS[0], query, json!({"q": "updatd_at:>'2026-11-22'"})).await;
    assert_eq!(wrong["data"], all["data"]);
    assert_eq!(wrong["extensions"]["search"][0]["warnings"][0]["code"], "invalid_field");
    assert!(all["extensions"]["search"].is_null());
}

#[tokio::test]
async fn queries_cost_and_too_many_are_throttled() {
    let sim = Sim::start(|options| options.throttle = true).await;
    let query = "{orders(first:100){nodes{id lineItems(first:50){nodes{id}}}}}";
    let mut throttled = Value::Null;
    for _ in 0..200 {
        let answer = sim.query(SHOPS[0], query, json!({})).await;
        if answer["data"].is_null() {
            throttled = answer;
            break;
        }
        let cost = &answer["extensions"]["cost"];
        assert!(cost["actualQueryCost"].as_i64() <= cost["requestedQueryCost"].as_i64());
    }
    assert_eq!(throttled["errors"][0]["extensions"]["code"], "THROTTLED");
    assert!(throttled["extensions"]["cost"]["actualQueryCost"].is_null());
    assert!(!sim.query(SHOPS[1], query, json!({})).await["data"].is_null(), "the other shop has its own");
    sim.hands.forward(20);
    assert!(!sim.query(SHOPS[0], query, json!({})).await["data"].is_null(), "time gives points back");
    let dear = "{orders(first:250){nodes{id refunds(first:50){id refundLineItems(first:50){nodes{id lineItem{id}}}}}}}";
    let answer = sim.query(SHOPS[0], dear, json!({})).await;
    assert_eq!(answer["errors"][0]["extensions"]["code"], "MAX_COST_EXCEEDED");
}

/// Runs a bulk query to its end: the operation and its lines.
pub async fn bulk(sim: &Sim, shop: &str, query: &str, grouped: bool) -> (Value, Vec<Value>) {
    let run = "mutation($q:String!,$g:Boolean!){bulkOperationRunQuery(query:$q,groupObjects:$g){bulkOperation{id status} userErrors{field message code}}}";
    let started = sim.query(shop, run, json!({"q": query, "g": grouped})).await;
    let started = &started["data"]["bulkOperationRunQuery"];
    assert_eq!((&started["userErrors"], &started["bulkOperation"]["status"]), (&json!([]), &json!("CREATED")));
    let poll = "query($id:ID!){bulkOperation(id:$id){id status errorCode objectCount url partialDataUrl}}";
    loop {
        let answer = sim.query(shop, poll, json!({"id": started["bulkOperation"]["id"]})).await;
        let operation = answer["data"]["bulkOperation"].clone();
        if operation["status"] == "RUNNING" {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            continue;
        }
        let url = operation["url"].as_str().or(operation["partialDataUrl"].as_str());
        let Some(url) = url else { return (operation, Vec::new()) };
        let text = sim.client.get(url).send().await.unwrap().text().await.unwrap();
        return (operation, text.lines().map(|line| serde_json::from_str(line).unwrap()).collect());
    }
}

#[tokio::test]
async fn a_bulk_result_has_every_order_and_line_once() {
    let sim = Sim::start(|options| options.orders = 1000).await;
    let query =
        "{orders{edges{node{id test totalPriceSet{shopMoney{amount}} refunds{id totalRefundedSet{shopMoney{amount}}}
        lineItems{edges{node{id quantity}}}}}}}";
    for (at, shop) in SHOPS.into_iter().enumerate() {
        let totals = &sim.sandbox.totals()["shopify"][at];
        let mut answers = Vec::new();
        for grouped in [false, true] {
            let (operation, mut lines) = bulk(&sim, shop, query, grouped).await;
            assert_eq!(
                (operation["status"].as_str(), operation["objectCount"].as_str()),
                (Some("COMPLETED"), Some(lines.len().to_string().as_str()))
            );
            let place: HashMap<&str, usize> =
                lines.iter().enumerate().map(|(at, line)| (line["id"].as_str().unwrap(), at)).collect();
            assert_eq!(place.len(), lines.len(), "every object once");
            let before = lines
                .iter()
                .enumerate()
                .any(|(at, line)| line["__parentId"].as_str().is_some_and(|parent| place[parent] > at));
            assert_eq!(before, !grouped, "children stand before their parents only where nothing is grouped");
            let orders = || lines.iter().filter(|line| line["__parentId"].is_null() && line["test"] == false);
            assert_eq!(Some(orders().count() as i64), totals["orders"].as_i64());
            let total: i64 = orders().map(|order| cents(&order["totalPriceSet"]["shopMoney"]["amount"])).sum();
            assert_eq!(total, cents(&totals["total_price"]));
            lines.sort_by_key(Value::to_string);
            answers.push(lines);
        }
        assert_eq!(answers[0], answers[1]);
    }
}

#[tokio::test]
async fn bulk_operations_are_checked_counted_and_cancelled() {
    let sim = Sim::start(|_| {}).await;
    let none = "{orders(query:\"id:1\"){edges{node{id}}}}";
    let (operation, lines) = bulk(&sim, SHOPS[0], none, false).await;
    assert_eq!((operation["status"].as_str(), &operation["url"], lines.len()), (Some("COMPLETED"), &Value::Null, 0));
    let run = "mutation($q:String!){bulkOperationRunQuery(query:$q){bulkOperation{id} userErrors{code message}}}";
    let refused = sim
        .query(SHOPS[0], run, json!({"q": "{orders{edges{node{id refunds{id refundLineItems{edges{node{id}}}}}}}}"}))
        .await;
    assert!(
        refused["data"]["bulkOperationRunQuery"]["userErrors"][0]["message"]
            .as_str()
            .unwrap()
            .contains("within a list")
    );
    let stuck =
        json!({"fault": [{"platform": "shopify", "body": "bulkOperationRunQuery", "then": {"kind": "bulk_stuck"}}]});
    sim.control("faults", stuck).await;
    let mut ids = Vec::new();
    for _ in 0..5 {
        let answer = sim.query(SHOPS[0], run, json!({ "q": none })).await;
        ids.push(answer["data"]["bulkOperationRunQuery"]["bulkOperation"]["id"].clone());
    }
    let sixth = sim.query(SHOPS[0], run, json!({ "q": none })).await;
    assert_eq!(sixth["data"]["bulkOperationRunQuery"]["userErrors"][0]["code"], "OPERATION_IN_PROGRESS");
    assert!(
        sim.query(SHOPS[1], run, json!({ "q": none })).await["data"]["bulkOperationRunQuery"]["bulkOperation"]
            .is_object()
    );
    let running = "{bulkOperations(first:10,query:\"status:running operation_type:query\"){nodes{id status}}}";
    let own = sim.query(SHOPS[0], running, json!({})).await;
    let own: HashSet<&Value> =
        own["data"]["bulkOperations"]["nodes"].as_array().unwrap().iter().map(|job| &job["id"]).collect();
    assert_eq!(own, ids.iter().collect());
    let cancel = "mutation($id:ID!){bulkOperationCancel(id:$id){bulkOperation{status} userErrors{message}}}";
    let answer = sim.query(SHOPS[0], cancel, json!({"id": ids[0]})).await;
    assert_eq!(answer["data"]["bulkOperationCancel"]["bulkOperation"]["status"], "CANCELING");
    let poll = "query($id:ID!){bulkOperation(id:$id){status}}";
    sim.query(SHOPS[0], poll, json!({"id": ids[0]})).await;
    assert_eq!(sim.query(SHOPS[0], poll, json!({"id": ids[0]})).await["data"]["bulkOperation"]["status"], "CANCELED");
}

#[tokio::test]
async fn webhooks_are_signed_and_go_to_this_machine_alone() {
    let sim = Sim::start(|_| {}).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let heard = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut bytes = vec![0; 64 << 10];
        let mut length = 0;
        loop {
            length += stream.read(&mut bytes[length..]).await.unwrap();
            let text = String::from_utf8_lossy(&bytes[..length]).into_owned();
            let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
            let wanted =
                head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ").map(str::to_owned));
            if body.len() == wanted.unwrap().parse::<usize>().unwrap() {
                stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await.unwrap();
                return (head.to_lowercase(), head.to_owned(), body.to_owned());
            }
        }
    });
    let sent = sim.control("webhook", json!({"shop": SHOPS[1], "topic": "orders/updated", "url": url})).await;
    assert_eq!(sent["status"], 200);
    let (lower, head, body) = heard.await.unwrap();
    assert!(
        lower.contains("x-shopify-topic: orders/updated")
            && lower.contains(&format!("x-shopify-shop-domain: {}", SHOPS[1]))
    );
    let signature = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, sign(body.as_bytes()));
    assert!(head.contains(&signature), "base64 of the raw body's HMAC");
    assert!(
        serde_json::from_str::<Value>(&body).unwrap()["current_total_price_set"]["shop_money"]["amount"].is_string()
    );
    let elsewhere =
        sim.sandbox.control("webhook", json!({"topic": "orders/updated", "url": "http://192.0.2.1/hook"})).await;
    assert!(elsewhere.unwrap_err().contains("this machine"));
}
