//! The audit log over HTTP: what it shows, to whom, and as a file.

use axum::http::{Method, StatusCode, header};
use pulsepoint::auth::Role;
use pulsepoint::events::{self, Entry};
use serde_json::{Value, json};

use crate::support::app::{Answer, Shop, TestApp};

/// Adds an entry by hand.
async fn told(shop: &Shop, kind: &'static str, actor: &str, at: &str, data: Value) {
    let (actor, at) = (actor.to_owned(), at.parse().unwrap());
    let write = move |tx: &rusqlite::Transaction| {
        let entry = Entry { kind, actor: &actor, subject: Some("thing:1"), request_id: None, ip: None, data };
        events::append(tx, at, &entry)
    };
    shop.tenant.db().write(write).await.unwrap();
}

fn kinds(answer: &Answer) -> Vec<String> {
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    let page = answer.json();
    page["entries"].as_array().unwrap().iter().map(|entry| entry["kind"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn shows_who_did_what_newest_first_and_in_pages() {
    let app = TestApp::start().await;
    let shop = app.shop("juniper-oak").await;
    let owner = app.token(&shop, Role::Owner);
    let body = json!({ "name": "Second", "currency": "EUR", "timezone": "Europe/Berlin" });
    let made = app.ask(Method::POST, "/api/brands", Some(&owner), Some(body)).await;
    let before = app.get("/api/audit", &owner).await.json();
    let first = &before["entries"][0];
    let person = shop.person(Role::Owner);
    assert_eq!(first["kind"], "brand.created");
    assert_eq!(first["actor"], json!({ "kind": "user", "id": person.id, "name": person.name }));
    assert_eq!(first["subject"], format!("brand:{}", made.json()["id"].as_str().unwrap()));
    assert_eq!(first["request_id"], made.headers["x-request-id"].to_str().unwrap());
    assert_eq!((&first["result"], &first["ip"]), (&json!("done"), &json!("203.0.113.7")));
    assert!(first["at"].as_str().unwrap().parse::<jiff::Timestamp>().is_ok() && first["data"]["currency"] == "EUR");

    let chain = &before["chain"];
    let head = shop.tenant.db().read(events::head).await.unwrap();
    assert_eq!(chain["entries"], head.seq);
    assert_eq!(chain["head"], head.hash.iter().map(|byte| format!("{byte:02x}")).collect::<String>());
    assert_eq!(first["seq"], head.seq);

    let (mut next, mut seen) = (None::<i64>, Vec::new());
    loop {
        let before = next.map(|seq| format!("&before={seq}")).unwrap_or_default();
        let page = app.get(&format!("/api/audit?limit=2{before}"), &owner).await.json();
        seen.extend(page["entries"].as_array().unwrap().iter().map(|entry| entry["seq"].as_i64().unwrap()));
        next = page["next_before"].as_i64();
        if next.is_none() {
            break;
        }
    }
    // Reading leaves nothing behind.
    assert_eq!(seen, (1..=head.seq).rev().collect::<Vec<_>>());
}

#[tokio::test]
async fn is_chosen_by_kind_actor_result_and_time() {
    let app = TestApp::start().await;
    let shop = app.shop("juniper-oak").await;
    told(&shop, "import.failed", "key:abcdefgh", "2026-11-01T12:00:00Z", json!({})).await;
    told(&shop, "session.reused", "stranger", "2026-11-02T00:00:00Z", json!({})).await;
    told(&shop, "import.finished", "user:x", "2026-11-02T12:00:00Z", json!({})).await;
    told(&shop, "important.thing", "user:xy", "2026-11-03T00:00:00Z", json!({})).await;
    let owner = app.token(&shop, Role::Owner);
    for (query, expected) in [
        ("kind=import", vec!["import.finished", "import.failed"]),
        ("kind=import.failed", vec!["import.failed"]),
        ("kind=import%25", vec![]),
        ("actor=user:x", vec!["import.finished"]),
        ("actor=key", vec!["import.failed"]),
        ("result=denied", vec!["session.reused"]),
        ("result=failed", vec!["import.failed"]),
        ("from=2026-11-02&to=2026-11-03", vec!["import.finished", "session.reused"]),
        ("from=2026-11-02T00:00:00.001Z&to=2026-11-03T00:00:00Z", vec!["import.finished"]),
        ("kind=import&result=done&actor=user", vec!["import.finished"]),
    ] {
        assert_eq!(kinds(&app.get(&format!("/api/audit?{query}"), &owner).await), expected, "{query}");
    }
    for (query, field) in [
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("result=maybe", "result"),
        ("from=yesterday", "from"),
        ("to=2026-13-01", "to"),
        ("format=xml", "format"),
        ("kinds=import", "kinds"),
    ] {
        let answer = app.get(&format!("/api/audit?{query}"), &owner).await;
        assert_eq!(
            (answer.status, answer.field().as_deref()),
            (StatusCode::UNPROCESSABLE_ENTITY, Some(field)),
            "{query}"
        );
    }
}

#[tokio::test]
async fn each_tenant_sees_its_own_and_only_who_operates_all_of_it() {
    let app = TestApp::start().await;
    let (shop, other) = (app.shop("juniper-oak").await, app.shop("northwind-demo").await);
    told(&shop, "brand.updated", "user:x", "2026-11-01T12:00:00Z", json!({ "slug": "canary-7f3a" })).await;
    let answer = app.get("/api/audit", &app.token(&other, Role::Owner)).await;
    assert!(!String::from_utf8_lossy(&answer.body).contains("canary-7f3a"));
    assert_eq!(app.get("/api/audit", &app.token(&shop, Role::Analyst)).await.status, StatusCode::FORBIDDEN);

    let path = format!("/api/users/{}", shop.person(Role::Operator).id);
    let body = json!({ "brands": [shop.brand.uid] });
    let narrowed = app.ask(Method::PATCH, &path, Some(&app.token(&shop, Role::Owner)), Some(body)).await;
    assert_eq!(narrowed.status, StatusCode::OK, "{narrowed:?}");
    assert_eq!(app.get("/api/audit", &app.token(&shop, Role::Operator)).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_file_runs_nothing_and_is_an_entry_itself() {
    let app = TestApp::start().await;
    let shop = app.shop("juniper-oak").await;
    let owner = app.token(&shop, Role::Owner);
    let body = json!({ "name": "=cmd|' /C calc'!A0", "permissions": ["operate"] });
    let key = app.ask(Method::POST, "/api/keys", Some(&owner), Some(body)).await.json();
    let actor = format!("key:{}", key["id"].as_str().unwrap());
    told(&shop, "brand.updated", &actor, "2026-11-22T15:00:00Z", json!({ "note": "a,\"b\"\r\nc" })).await;
    let before = shop.tenant.db().read(events::head).await.unwrap().seq;

    let answer = app.get("/api/audit?format=csv&kind=brand", &owner).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    assert_eq!(answer.headers[header::CONTENT_TYPE], "text/csv; charset=utf-8");
    let text = String::from_utf8(answer.body.to_vec()).unwrap();
    let lines: Vec<&str> = text.trim_end().split("\r\n").collect();
    assert_eq!(lines[0], "seq,at,kind,actor,actor_name,subject,result,ip,request_id,data");
    assert_eq!(lines.len(), 2, "{text}");
    assert!(lines[1].contains(&format!("brand.updated,{actor},'=cmd|' /C calc'!A0,thing:1,done,,,")), "{text}");
    assert!(lines[1].ends_with(r#""{""note"":""a,\""b\""\r\nc""}""#), "{text}");

    let after = app.get("/api/audit?limit=1", &owner).await.json();
    let newest = &after["entries"][0];
    assert_eq!((&newest["kind"], &newest["seq"]), (&json!("audit.exported"), &json!(before + 1)));
    assert_eq!(newest["data"], json!({ "format": "csv", "entries": 1, "complete": true }));
}
