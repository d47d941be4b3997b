//! The quarterly review as it is typed, and what strangers send kept out of the lines of it, of the log and of the entries.

use axum::body::Body;
use axum::http::{Method, Request, header};
use pulsepoint::auth::Role;
use pulsepoint::events;
use serde_json::json;

use crate::support::app::{PASSWORD, TestApp};
use crate::support::binary::Home;

#[test]
fn a_review_is_printed_or_written_and_says_what_is_wrong() {
    let home = Home::new();
    home.run(&["tenant", "add", "acme"]).ok();
    home.run(&["tenant", "add", "zenith"]).ok();
    let add = ["user", "add", "owner@acme.example", "--tenant", "acme", "--role", "owner", "--password-stdin"];
    home.run_with(&add, "correct horse battery\n").ok();
    let text = home.run(&["audit", "review", "--tenant", "acme"]).ok().out;
    for line in [
        "# Access review, ",
        "- acme: ",
        "- (instance): ",
        "- 1 people without a second factor",
        "- no backup was restored for a rehearsal yet",
        "| owner | view, ask, act, connect, manage, operate | 1 |",
        "| owner@acme.example | owner | yes | no | never | no |",
    ] {
        assert!(text.contains(line), "{line} is not in {text}");
    }
    assert!(!text.contains("zenith"));
    home.run(&["backup"]).ok();
    let json = home.run(&["audit", "review", "--json"]).ok().json();
    assert_eq!((json["ok"].as_bool(), json["tenants"].as_array().unwrap().len()), (Some(true), 2));
    home.run(&["audit", "review", "--out", "review.md"]).ok();
    assert!(std::fs::read_to_string(home.path().join("review.md")).unwrap().contains("## Tenant zenith"));
    home.run(&["audit", "review", "--tenant", "nobody"]).failed(1);
}

#[tokio::test]
async fn who_and_what_was_not_used_for_ninety_days_is_dormant() {
    let app = TestApp::start().await;
    let shop = app.shop("juniper-oak").await;
    let owner = app.token(&shop, Role::Owner);
    for name in ["fresh", "old", "| <b>x</b>"] {
        let body = json!({ "name": name, "permissions": ["view"] });
        assert_eq!(app.ask(Method::POST, "/api/keys", Some(&owner), Some(body)).await.status, 201);
    }
    app.login(&shop.person(Role::Owner).email, PASSWORD).await;
    app.login(&shop.person(Role::Viewer).email, "wrong").await;
    let age = "update users set created_at_ms = created_at_ms - 91 * 86400000; \
        update users set last_login_ms = last_login_ms - 89 * 86400000; \
        update api_keys set created_at_ms = created_at_ms - 91 * 86400000 where name = 'old'";
    shop.tenant.db().write(move |tx| Ok(tx.execute_batch(age)?)).await.unwrap();
    let review = app.app.audit.review(app.app.tenants.list().await.unwrap()).await.unwrap();
    assert!(review.is_sound());
    let text = review.markdown();
    assert!(text.contains("- 5 of 6 people and 1 of 3 keys are dormant"), "{text}");
    assert!(text.contains("| owner@juniper-oak.example | owner | yes | no | 89 days ago | no |"), "{text}");
    assert!(text.contains("| old | owner@juniper-oak.example | view | 91 | 90 | never | yes |"), "{text}");
    assert!(text.contains("- login.failed: refused 1 times in 90 days"), "{text}");
    assert!(text.contains("| \\| \\<b\\>x\\</b\\> | owner"), "a name is no cell and no tag: {text}");
    shop.tenant.db().write(|tx| Ok(tx.execute("update events set actor = 'x' where seq = 2", [])?)).await.unwrap();
    let review = app.app.audit.review(app.app.tenants.list().await.unwrap()).await.unwrap();
    assert!(!review.is_sound() && review.markdown().contains("juniper-oak: BROKEN at entry 2"));
}

/// CR, LF and other control characters in what strangers send: entries keep them as data, which is JSON, and no file of lines
/// gains one.
#[tokio::test]
async fn what_strangers_send_begins_no_line_of_its_own() {
    let app = TestApp::start().await;
    let shop = app.shop("juniper-oak").await;
    let forged = "x\r\n2026-11-22 login user:owner\u{1b}[2K\0";
    app.login(forged, forged).await;
    app.login(&format!("{forged}@juniper-oak.example"), "x").await;
    let body = json!({ "email": shop.people[0].email, "password": PASSWORD }).to_string();
    // A header cannot hold CR or LF at all; a tab and bytes beyond ASCII are as far as one gets.
    let agent = axum::http::HeaderValue::from_bytes(b"agent\tlogin \xe2\x80\xa8 forged \x85").unwrap();
    let request = Request::builder().method(Method::POST).uri("/api/auth/login");
    let request = request.header(header::CONTENT_TYPE, "application/json").header(header::USER_AGENT, agent);
    let signed_in = app.send(request.body(Body::from(body)).unwrap()).await;
    assert_eq!(signed_in.status, 200, "{signed_in:?}");
    app.get("/api/users/%0d%0aforged/sessions", &app.token(&shop, Role::Viewer)).await;
    let path = "/api/brands/%0d%0a2026%20login%1b";
    app.ask(Method::PATCH, path, Some(&app.token(&shop, Role::Viewer)), Some(json!({ "name": "x" }))).await;
    let owner = app.token(&shop, Role::Owner);
    let key = json!({ "name": "a\r\nforged", "permissions": ["view"] });
    app.ask(Method::POST, "/api/keys", Some(&owner), Some(key)).await;
    app.app.auth.denials().flush().await.unwrap();

    for db in [shop.tenant.db(), app.app.tenants.control()] {
        for event in db.read(|conn| events::read_from(conn, "test", 1000)).await.unwrap() {
            let fields = [
                Some(&event.kind),
                Some(&event.actor),
                event.subject.as_ref(),
                event.ip.as_ref(),
                event.request_id.as_ref(),
            ];
            for text in fields.into_iter().flatten() {
                assert!(!text.chars().any(char::is_control), "{event:?}");
            }
            let text = event.data.to_string();
            assert!(!text.chars().any(char::is_control), "{text:?}");
        }
    }
    let file = app.get("/api/audit?format=csv", &owner).await;
    let text = String::from_utf8(file.body.to_vec()).unwrap();
    let entries = app.get("/api/audit?limit=200", &owner).await.json()["entries"].as_array().unwrap().len();
    // The heading and each entry, but the one that tells of the file.
    assert_eq!(text.split("\r\n").filter(|line| !line.is_empty()).count(), entries, "{text}");
    assert!(!text.replace("\r\n", "").chars().any(char::is_control), "{text:?}");
    let review = app.app.audit.review(app.app.tenants.list().await.unwrap()).await.unwrap().markdown();
    assert!(!review.lines().any(|line| line.starts_with("forged")), "{review}");
}
