//! Pages that no simulator makes at will: they shift while they are read, are empty in the middle, or point elsewhere.

use std::sync::{Arc, Mutex};

use pulsepoint::connectors::{Pass, Trouble};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::support::ads::{Rig, Shop};

/// What is answered: to requests whose target has this in it, one after the other, the last one again and again.
type Script = Vec<(&'static str, Vec<Value>)>;

/// A server of these answers, its address, and the heads of the requests it got.
async fn serve(mut script: Script) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let heads = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&heads);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut head = Vec::new();
            let mut buffer = [0; 4096];
            while !head.windows(4).any(|four| four == b"\r\n\r\n") {
                let read = stream.read(&mut buffer).await.unwrap();
                head.extend_from_slice(&buffer[..read]);
            }
            let head = String::from_utf8(head).unwrap();
            let target = head.split(' ').nth(1).unwrap().to_owned();
            let answers = script.iter_mut().find(|(part, _)| target.contains(part));
            let (_, answers) = answers.unwrap_or_else(|| panic!("{target} is not in the script"));
            let answer = if answers.len() > 1 { answers.remove(0) } else { answers[0].clone() }.to_string();
            seen.lock().unwrap().push(head);
            let length = answer.len();
            let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{answer}");
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    (url, heads)
}

async fn shop(source: &str, script: Script) -> (Rig, Shop, Arc<Mutex<Vec<String>>>) {
    let (url, heads) = serve(script).await;
    let mut rig = Rig::start(|_| ()).await;
    rig.url = url;
    let mut shop = rig.shop(source, source, json!({})).await;
    if source == "tiktok" {
        shop.credentials = shop.credentials.clone().with("access_token", "pasted-token", None).without("auth_code");
    }
    (rig, shop, heads)
}

fn tiktok(rows: &[(&str, &str)], (total, pages): (u64, u64)) -> Value {
    let row = |(ad, spend): &(&str, &str)| {
        json!({ "dimensions": { "ad_id": ad, "stat_time_day": "2026-11-25 00:00:00" },
            "metrics": { "spend": spend, "campaign_id": "1", "adgroup_id": "2", "currency": "EUR" } })
    };
    let rows: Vec<Value> = rows.iter().map(row).collect();
    json!({ "code": 0, "message": "OK", "data": { "list": rows,
        "page_info": { "page": 1, "page_size": 1000, "total_number": total, "total_page": pages } } })
}

fn tiktok_script(reports: Vec<Value>) -> Script {
    let ok = |data: Value| vec![json!({ "code": 0, "message": "OK", "data": data })];
    let one = json!({ "advertiser_id": "7", "name": "Shop", "currency": "EUR", "timezone": "Etc/GMT-1",
        "display_timezone": "Europe/Berlin" });
    vec![
        ("advertiser/get", ok(json!({ "list": [{ "advertiser_id": "7" }] }))),
        ("advertiser/info", ok(json!({ "list": [one] }))),
        ("store/list", ok(json!({ "store_list": [] }))),
        ("report/integrated", reports),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_that_shifts_while_it_is_read_is_read_anew() {
    let reports = vec![
        tiktok(&[("a", "1"), ("b", "2")], (3, 2)),
        // One more by now: the pages no longer fit together.
        tiktok(&[("b", "2"), ("c", "3")], (4, 2)),
        // The same number, but a row that was seen before stands in the place of another.
        tiktok(&[("a", "1"), ("b", "2")], (3, 2)),
        tiktok(&[("b", "2")], (3, 2)),
        tiktok(&[("a", "1"), ("b", "2")], (3, 2)),
        tiktok(&[("c", "3")], (3, 2)),
    ];
    let (rig, mut shop, heads) = shop("tiktok", tiktok_script(reports)).await;
    let run = shop.pass(&rig, Pass::Recent { since: None }).await.unwrap();
    assert_eq!((run.windows, run.rejects.len()), (1, 0));
    let landed: Vec<_> = shop.landed().into_iter().map(|((_, day), sums)| (day, sums[0])).collect();
    assert_eq!(landed, [("2026-11-25".to_owned(), 6_000_000)]);
    let heads = heads.lock().unwrap();
    assert!(heads.iter().all(|head| head.to_lowercase().contains("access-token: pasted-token")));
    assert_eq!(heads.iter().filter(|head| head.contains("report/integrated")).count(), 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_that_never_holds_still_lands_nothing() {
    let reports = vec![tiktok(&[("a", "1")], (2, 1))];
    let (rig, mut shop, _) = shop("tiktok", tiktok_script(reports)).await;
    let trouble = shop.pass(&rig, Pass::Recent { since: None }).await.unwrap_err();
    assert!(matches!(trouble, Trouble::Later { throttled: false, .. }), "{trouble:?}");
    assert!(shop.landed().is_empty());
}

fn meta_row(ad: &str) -> Value {
    json!({ "campaign_id": "1", "adset_id": "2", "ad_id": ad, "spend": "0.50", "inline_link_clicks": "2",
        "date_start": "2026-11-25", "date_stop": "2026-11-25" })
}

#[tokio::test(flavor = "multi_thread")]
async fn the_address_of_the_next_page_is_never_used() {
    // It points to nowhere and holds the token; only its cursor counts, where there is no other.
    let next = "https://elsewhere.example/v25.0/act_9/insights?access_token=EAAsandbox&after=TWO";
    let account = json!({ "account_id": "9", "name": "Shop", "currency": "GBP", "timezone_name": "Europe/London" });
    let pages = vec![
        json!({ "data": [meta_row("a")], "paging": { "cursors": { "before": "x", "after": "ONE" }, "next": next } }),
        // A page without rows is not the end.
        json!({ "data": [], "paging": { "next": next } }),
        json!({ "data": [meta_row("b")], "paging": { "cursors": { "before": "x", "after": "END" } } }),
    ];
    let script = vec![("adaccounts", vec![json!({ "data": [account] })]), ("/insights", pages)];
    let (rig, mut shop, heads) = shop("meta", script).await;
    let run = shop.pass(&rig, Pass::Recent { since: None }).await.unwrap();
    assert_eq!(run.windows, 1);
    let landed: Vec<_> = shop.landed().into_iter().collect();
    assert_eq!(landed[0].1, [1_000_000, 0, 4, 0, 0]);
    assert_eq!(landed[0].0.0, "9 GBP Europe/London");
    let heads = heads.lock().unwrap();
    let asked: Vec<&String> = heads.iter().filter(|head| head.contains("/insights")).collect();
    assert!(asked[1].contains("after=ONE") && asked[2].contains("after=TWO"), "{asked:?}");
    for head in heads.iter() {
        assert!(!head.contains("access_token=") && head.contains("authorization: Bearer EAAsandbox"), "{head}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_of_another_shape_land_nothing_and_stop_nobody() {
    let shapes = [
        json!(null),
        json!([]),
        json!([[]]),
        json!("text"),
        json!(5),
        json!({}),
        json!({ "data": "text", "code": 0 }),
        json!({ "data": [1, "x", null, []], "code": 0 }),
        json!({ "data": { "list": "x", "page_info": [] }, "code": 0 }),
        json!({ "error": "text", "code": "x" }),
        json!([{ "results": 5 }, 7]),
        json!([{ "results": [1, "x", null] }]),
    ];
    for source in ["meta", "tiktok", "google"] {
        let mut rig = Rig::start(|_| ()).await;
        let mut shop = rig.shop(source, source, json!({})).await;
        shop.test(&rig).await.unwrap();
        for shape in &shapes {
            (rig.url, _) = serve(vec![("/", vec![shape.clone()])]).await;
            let mut other =
                rig.shop(&format!("{source}-{}", rig.url.rsplit(':').next().unwrap()), source, json!({})).await;
            other.facts.clone_from(&shop.facts);
            other.credentials.clone_from(&shop.credentials);
            let outcome = other.pass(&rig, Pass::Recent { since: None }).await;
            assert!(other.landed().is_empty(), "{source} {shape}: {outcome:?}");
            if let Ok(tested) = other.test(&rig).await {
                assert_eq!(tested.account, "no ad account", "{source} {shape}");
            }
        }
    }
}
