//! Texts that trip programs, as names of brands, people, orders and products: read back to the letter, or refused in a sentence.

use std::collections::{BTreeMap, BTreeSet};

use axum::http::Method;
use pulsepoint::auth::Role;
use serde_json::{Value, json};

use crate::imports::imported;
use crate::support::app::{Answer, Shop, TestApp};

/// Written for this test. None begins or ends with a space, which would be trimmed.
const TEXTS: &[&str] = &[
    // Words that programs take for values.
    "null",
    "NULL",
    "undefined",
    "true",
    "NaN",
    "-Infinity",
    "0",
    "-0",
    "1e400",
    "00123",
    "0x1F",
    "N/A",
    "(null)",
    "[object Object]",
    "{}",
    "[]",
    "None",
    "__proto__",
    "constructor",
    "toString",
    "CON",
    "nul.txt",
    ".",
    "..",
    "~",
    "-",
    "--help",
    // Paths, commands, markup, queries, templates.
    "../../../etc/passwd",
    "..\\..\\windows\\system.ini",
    "/dev/null",
    "C:\\con\\con",
    "%2e%2e%2f",
    "file:///etc/shadow",
    "a/b?c=d&e=f#g",
    "%00",
    "%s%n%x",
    "{0}",
    "{{7*7}}",
    "${jndi:ldap://x.example/a}",
    "$(touch x)",
    "`id`",
    "; rm -rf x",
    "| cat x",
    "'; drop table orders; --",
    "\" or \"\"=\"",
    "1' union select null--",
    "\\'; select 1",
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "\"><svg onload=alert(1)>",
    "javascript:alert(1)",
    "<!-- x -->",
    "]]>",
    "&lt;b&gt;&amp;&#0;",
    "=1+1",
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-1+1",
    "@SUM(A1)",
    "'quoted'",
    "\"quoted\"",
    "a,b;c\td",
    "a\\nb",
    "a\\",
    // Letters beyond ASCII, composed and not, wide and high.
    "Zażółć gęślą jaźń",
    "Straße",
    "İstanbul ı",
    "ﬁn",
    "e\u{301}\u{302}\u{323}",
    "\u{e9}",
    "ﷺ",
    "ｆｕｌｌ",
    "日本語テキスト",
    "한국어",
    "ภาษาไทย",
    "नमस्ते",
    "𝒳𝓎𝓏",
    "𠜎𠜱",
    "𐌰𐌱",
    "\u{1f469}\u{1f3fd}\u{200d}\u{1f4bb}",
    "\u{1f3f3}\u{fe0f}\u{200d}\u{1f308}",
    "\u{1f1e9}\u{1f1ea}",
    "1\u{fe0f}\u{20e3}",
    "Z\u{351}\u{36b}\u{343}a\u{325}\u{302}l\u{34d}g\u{31a}o",
    // What one does not see: directions, joiners, marks, fillers, private, unassigned, last.
    "\u{202e}evil\u{202c}",
    "a\u{202e}gpj.exe",
    "\u{2066}x\u{2069}",
    "\u{200f}עברית\u{200e}",
    "العربية",
    "a\u{200b}b",
    "a\u{200d}b",
    "a\u{2060}b",
    "a\u{ad}b",
    "a\u{feff}b",
    "\u{feff}a",
    "\u{200b}",
    "\u{3164}",
    "a\u{a0}b",
    "a\u{3000}b",
    "a\u{2028}b",
    "a\u{2029}b",
    "a\u{85}b",
    "\u{e000}",
    "\u{f8ff}",
    "\u{fffd}",
    "\u{ffff}",
    "\u{fdd0}",
    "\u{378}",
    "\u{e0041}",
    "\u{10fffe}",
    "\u{10ffff}",
    // Controls.
    "a\0b",
    "\0",
    "a\nb",
    "a\r\nb",
    "a\tb",
    "a\u{7}b",
    "a\u{8}b",
    "a\u{1b}[31mb",
    "a\u{1f}b",
    "a\u{1c}b",
    "a\u{7f}b",
    "a\u{9b}b",
];

/// A refusal that says why.
fn is_refused(answer: &Answer, text: &str) {
    assert!(answer.status.is_client_error(), "{text:?}: {answer:?}");
    let said = answer.json()["detail"].as_str().unwrap().to_owned();
    assert!(said.len() > 10 && said.ends_with('.'), "{text:?}: {said:?}");
    assert_eq!(answer.field().as_deref(), Some("name"), "{text:?}: {said}");
}

/// Such as nobody can see or type, and as a terminal obeys.
fn has_control(text: &str) -> bool {
    text.chars().any(char::is_control)
}

#[tokio::test]
async fn as_names_of_brands() {
    let app = TestApp::start().await;
    let shop = app.shop("juniper-oak").await;
    let owner = app.token(&shop, Role::Owner);
    let mut slugs = BTreeSet::new();
    for text in TEXTS {
        // Each in its own brand, whose short name is made of it; should another brand have that, with one given.
        let mut body = json!({ "name": text, "currency": "EUR", "timezone": "Europe/Berlin" });
        let mut made = app.ask(Method::POST, "/api/brands", Some(&owner), Some(body.clone())).await;
        if made.status == 409 || (made.status == 422 && made.field().as_deref() == Some("slug")) {
            body["slug"] = json!(format!("brand-{}", slugs.len()));
            made = app.ask(Method::POST, "/api/brands", Some(&owner), Some(body)).await;
        }
        if has_control(text) {
            is_refused(&made, text);
            continue;
        }
        assert_eq!(made.status, 201, "{text:?}: {made:?}");
        let made = made.json();
        assert_eq!(made["name"], *text);
        let slug = made["slug"].as_str().unwrap();
        assert!(
            !slug.is_empty() && slug.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-'),
            "{text:?} made {slug:?}"
        );
        assert!(slugs.insert(slug.to_owned()), "{slug} twice");
        for key in [slug, made["id"].as_str().unwrap()] {
            assert_eq!(app.get(&format!("/api/brands/{key}"), &owner).await.json()["name"], *text);
        }
        let page = app.get(&format!("/api/brands/{slug}/dashboard"), &owner).await;
        assert_eq!(page.json()["brand"]["name"], *text);
    }
    let listed = app.get("/api/brands", &owner).await.json();
    let names: BTreeSet<&str> =
        listed["brands"].as_array().unwrap().iter().map(|b| b["name"].as_str().unwrap()).collect();
    assert!(TEXTS.iter().all(|text| names.contains(text) != has_control(text)));
}

#[tokio::test]
async fn as_names_of_people() {
    let app = TestApp::start().await;
    let shop = app.shop("juniper-oak").await;
    let (owner, path) = (app.token(&shop, Role::Owner), format!("/api/users/{}", shop.person(Role::Viewer).id));
    let viewer = app.token(&shop, Role::Viewer);
    for text in TEXTS {
        let before = app.get("/api/auth/me", &viewer).await.json();
        let changed = app.ask(Method::PATCH, &path, Some(&owner), Some(json!({ "name": text }))).await;
        let me = app.get("/api/auth/me", &viewer).await.json();
        if has_control(text) {
            is_refused(&changed, text);
            assert_eq!(me, before);
            continue;
        }
        assert_eq!((changed.status.as_u16(), &changed.json()["name"]), (200, &json!(text)), "{changed:?}");
        assert_eq!(me["user"]["name"], *text);
        let people = app.get("/api/users", &owner).await.json();
        assert!(people["users"].as_array().unwrap().iter().any(|one| one["name"] == *text), "{text:?}");
    }
}

/// Everything that a query by one dimension names, with its figure.
async fn by(app: &TestApp, shop: &Shop, dimension: &str) -> BTreeMap<String, i64> {
    let query = json!({ "metrics": ["units_sold"], "dimensions": [dimension], "limit": 10_000,
        "time": { "start": "2026-11-01", "end": "2026-11-02" } });
    let path = format!("/api/brands/{}/query", shop.brand.slug);
    let answer = app.ask(Method::POST, &path, Some(&app.token(shop, Role::Owner)), Some(query)).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let rows = answer.json()["rows"].as_array().unwrap().clone();
    let named = rows.iter().map(|row| (row[0].as_str().unwrap_or("(none)").to_owned(), row[1].as_i64().unwrap()));
    named.collect()
}

/// Texts that one import of all of them refused, by line, with the reason.
async fn refused(app: &TestApp, shop: &Shop, done: &Value) -> BTreeMap<usize, String> {
    let Some(url) = done["rejects_url"].as_str() else { return BTreeMap::new() };
    let csv = app.get(url, &app.token(shop, Role::Owner)).await;
    let mut rows = csv::Reader::from_reader(&csv.body[..]);
    let rows = rows.records().map(|row| row.unwrap());
    rows.map(|row| (row[0].parse().unwrap(), row[1].to_owned())).collect()
}

/// One line each, 1, 2, 3 … units; the physical line on which each begins.
fn file(column: &str) -> (String, Vec<usize>) {
    let (mut text, mut lines) = (String::from("order,sku,title,quantity,unit_price,placed_at\n"), Vec::new());
    for (at, name) in TEXTS.iter().enumerate() {
        lines.push(text.matches('\n').count() + 1);
        let quoted = format!("\"{}\"", name.replace('"', "\"\""));
        let (order, title) = if column == "order" { (quoted, "Mug".to_owned()) } else { (format!("o{at}"), quoted) };
        text.push_str(&format!("{order},,{title},{},1.00,2026-11-01 12:00:00\n", at + 1));
    }
    (text, lines)
}

#[tokio::test]
async fn as_numbers_of_orders_and_titles_of_products() {
    let app = TestApp::start().await;
    for (column, dimension) in [("order", "order"), ("title", "product")] {
        let shop = app.shop(&format!("by-{column}")).await;
        let (text, lines) = file(column);
        let done = imported(&app, &shop, ("orders.csv", text.as_bytes()), &[]).await;
        assert_eq!(
            (done["state"].as_str(), done["rows_read"].as_u64()),
            (Some("done"), Some(TEXTS.len() as u64)),
            "{done}"
        );
        let (refused, found) = (refused(&app, &shop, &done).await, by(&app, &shop, dimension).await);
        for (at, name) in TEXTS.iter().enumerate() {
            match refused.get(&lines[at]) {
                Some(reason) => {
                    assert!(reason.len() > 10 && reason.ends_with('.'), "{name:?}: {reason:?}");
                    assert!(has_control(name), "{name:?} is refused as {column}: {reason}");
                }
                None => assert_eq!(found.get(*name), Some(&(at as i64 + 1)), "{name:?} as {column}: {found:?}"),
            }
        }
        assert_eq!(refused.len() + found.len(), TEXTS.len(), "{column}: {refused:?}");
    }
}
