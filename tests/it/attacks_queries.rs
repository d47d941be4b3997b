//! Queries in disguise in every place that takes a text: they stay texts, no answer shows an engine, and nothing is missing after.

use std::collections::BTreeMap;
use std::io::Write;

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, Method, Request, StatusCode, header};
use pulsepoint::auth::{Access, Role};
use pulsepoint::http::Peer;
use pulsepoint::routes::{Route, openapi, table};
use serde_json::{Map, Value, json};

use crate::access::{app, ask};
use crate::access_admin::credential;
use crate::imports::{number, upload};
use crate::support::app::{PASSWORD, Shop, request};
use crate::support::ask::Ask;

/// Queries in disguise: closing quotes, comments, unions, stacked statements, delays, functions of SQLite, DuckDB and others.
const QUERIES: [&str; 40] = [
    "'",
    "''",
    "\"",
    "`",
    "\\",
    "%",
    "' or '1'='1",
    "' or 1=1--",
    "\" or \"\"=\"",
    "') or ('1'='1",
    "1 or 1=1",
    "1; drop table users",
    "'; drop table users; --",
    "'; delete from brands; --",
    "'; update users set role='owner'; --",
    "1' and 1=(select count(*) from users)--",
    "' union select null--",
    "' union select email, password_hash, 3, 4 from users--",
    "' union all select sql, 2 from sqlite_master--",
    "-1 union select 1,2,3,4,5,6,7,8,9,10",
    "' and 1=randomblob(1000000000)--",
    "' and sleep(30)--",
    "'; select pg_sleep(30); --",
    "1 waitfor delay '0:0:30'--",
    "' || (select group_concat(email) from users) || '",
    "'||'a'||'",
    "load_extension('x')",
    "'; attach database '/tmp/x' as x; --",
    "'; copy (select 1) to '/tmp/x'; --",
    "read_csv('/etc/passwd')",
    "' and extractvalue(1,concat(0x7e,version()))--",
    "/**/or/**/1/**/=/**/1",
    "' or 1=1 limit 1 offset 1--",
    "asc; drop table users",
    "1,(select case when (1=1) then 1 else 1*(select 1 union select 2) end)",
    "char(39)||char(39)",
    "0x27",
    "%27%20or%201=1--",
    "\u{2019} or 1=1--",
    "') ; pragma writable_schema=on; --",
];

/// A text as a query's value.
fn escaped(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02x}")).collect()
}

/// The named parameters of a route, by where they stand.
fn parameters(document: &Value, route: &Route, place: &str) -> Vec<String> {
    let operation = &document["paths"][route.path][route.method.as_str().to_lowercase()];
    let all = operation["parameters"].as_array().cloned().unwrap_or_default();
    all.iter().filter(|one| one["in"] == place).map(|one| one["name"].as_str().unwrap().to_owned()).collect()
}

/// Every request that has `text` in one place of a route's sound one.
fn with_text(document: &Value, route: &Route, asked: &Ask, text: &str) -> Vec<(String, Request<Body>)> {
    let build = |path: &str, body: Vec<u8>| {
        let request = Request::builder().method(&route.method).uri(path);
        let request = if asked.kind.is_empty() { request } else { request.header(header::CONTENT_TYPE, &asked.kind) };
        request.body(Body::from(body)).unwrap()
    };
    let mut all = Vec::new();
    for name in parameters(document, route, "path") {
        let path = route.path.replace(&format!("{{{name}}}"), &escaped(text));
        let path = path.replace("{brand}", "juniper-oak").replace("{id}", &uuid::Uuid::new_v4().to_string());
        all.push((format!("path {name}"), build(&path, asked.body.clone())));
    }
    let mut queries = parameters(document, route, "query");
    queries.push("unknown".into());
    for name in queries {
        all.push((
            format!("query {name}"),
            build(&format!("{}?{name}={}", asked.path, escaped(text)), asked.body.clone()),
        ));
    }
    if asked.kind == "application/json" {
        let sound: Map<String, Value> = serde_json::from_slice(&asked.body).unwrap();
        for name in sound.keys() {
            let mut body = sound.clone();
            body[name] = json!(text);
            all.push((format!("field {name}"), build(&asked.path, json!(body).to_string().into_bytes())));
            body[name] = json!([text]);
            all.push((format!("list {name}"), build(&asked.path, json!(body).to_string().into_bytes())));
            let mut body = sound.clone();
            body.insert(text.to_owned(), json!(1));
            all.push(("a field's name".to_owned(), build(&asked.path, json!(body).to_string().into_bytes())));
        }
    }
    all
}

/// How much there is of each thing that a query could take away or change, in a tenant nobody asks for.
async fn untouched(other: &Shop) -> [i64; 5] {
    [
        number(&other.tenant, "select count(*) from users where role = 'owner'").await,
        number(&other.tenant, "select count(*) from users").await,
        number(&other.tenant, "select count(*) from brands").await,
        number(&other.tenant, "select count(*) from events").await,
        number(&other.tenant, "select count(*) from sqlite_schema").await,
    ]
}

/// Whose token. A code can be guessed so often and no more, so each route that takes one has its own person.
fn guesser(route: &Route) -> Role {
    match route.path {
        "/api/auth/totp/confirm" => Role::Analyst,
        "/api/auth/totp/recovery" => Role::Marketer,
        "/api/auth/totp/remove" => Role::Operator,
        // Here a query becomes the password.
        "/api/auth/password" => Role::Admin,
        _ => Role::Owner,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn queries_in_disguise_are_texts_everywhere() {
    let app = app().await;
    let (shop, other) = (app.shop("juniper-oak").await, app.shop("northwind-demo").await);
    let (document, before) = (serde_json::to_value(openapi()).unwrap(), untouched(&other).await);
    let schema = number(&shop.tenant, "select count(*) from sqlite_schema").await;
    let (mut sent, mut statuses) = (0, BTreeMap::<u16, usize>::new());
    // Files are for other tests; a sign-out would end the rest.
    let not = ["POST /api/auth/logout", "POST /api/brands/{brand}/imports"];
    // First what reads: what writes leaves the texts behind, for the lists to show.
    let mut routes = table();
    routes.sort_by_key(|route| route.method != Method::GET);
    for route in routes.iter().filter(|route| !not.contains(&format!("{} {}", route.method, route.path).as_str())) {
        let who = guesser(route);
        let asked = ask(&app, &shop, route, who).await.unwrap();
        for text in QUERIES {
            for (place, mut request) in with_text(&document, route, &asked, text) {
                let token = credential(&app, &shop, route, who).await;
                let token = HeaderValue::try_from(format!("Bearer {token}")).unwrap();
                request.headers_mut().insert(header::AUTHORIZATION, token);
                // Each from an address of its own: who guesses much from one is not looked at any more.
                request.extensions_mut().insert(Peer(format!("[2001:db8:{sent:x}::1]:1").parse().unwrap()));
                let what = format!("{} {} with {text:?} as {place}", route.method, route.path);
                // Not a measure of speed: a query that sleeps or never ends shall have a name.
                let answer = tokio::time::timeout(std::time::Duration::from_secs(60), app.send(request)).await;
                let answer = answer.unwrap_or_else(|_| panic!("{what} hangs"));
                assert!(answer.status.as_u16() < 500, "{what}: {answer:?}");
                let said = String::from_utf8_lossy(&answer.body).to_lowercase();
                let of_engines = ["sqlite", "duckdb", "syntax error", "no such table", "$argon2", "northwind"];
                // An instance token is there to know of all tenants.
                let known = if route.access == Access::Instance { &of_engines[..5] } else { &of_engines[..] };
                assert!(!known.iter().any(|one| said.contains(one) && !text.contains(one)), "{what}: {said}");
                *statuses.entry(answer.status.as_u16()).or_default() += 1;
                sent += 1;
            }
        }
    }
    writeln!(std::io::stderr(), "attacks: {sent} queries in disguise; {statuses:?}").unwrap();
    assert!(sent > 5_000);
    assert_eq!(untouched(&other).await, before);
    assert_eq!(number(&shop.tenant, "select count(*) from sqlite_schema").await, schema);
    assert_eq!(number(&shop.tenant, "select count(*) from users where role = 'owner'").await, 1);
    assert_eq!(app.login("owner@juniper-oak.example", PASSWORD).await.status, StatusCode::OK);
}

#[tokio::test]
async fn queries_in_headers_and_file_names_are_texts() {
    let app = app().await;
    let shop = app.shop("juniper-oak").await;
    let owner = app.token(&shop, Role::Owner);
    for text in QUERIES {
        let Ok(value) = HeaderValue::try_from(text) else { continue };
        for name in
            ["x-request-id", "user-agent", "cookie", "if-none-match", "accept", "accept-language", "x-forwarded-for"]
        {
            for (method, path, body) in [
                (Method::GET, "/api/brands/juniper-oak/dashboard", None),
                (Method::POST, "/api/auth/refresh", None),
                (Method::POST, "/api/auth/login", Some(json!({ "email": "x@x.example", "password": "x" }))),
            ] {
                let is_login = path.ends_with("login");
                if is_login && name != "user-agent" {
                    continue;
                }
                let mut asked = request(method, path, Some(&owner), body);
                asked.headers_mut().insert(HeaderName::from_static(name), value.clone());
                // Each guesses from an address of its own.
                asked.extensions_mut().insert(Peer(format!("[2001:db8:{:x}::1]:1", text.len()).parse().unwrap()));
                let answer = app.send(asked).await;
                assert!(answer.status.as_u16() < 500, "{name}: {text}: {answer:?}");
            }
        }
        for cookie in [format!("pp_refresh={text}"), format!("pp_refresh={}.{text}", shop.tenant.id())] {
            let Ok(value) = HeaderValue::try_from(cookie) else { continue };
            let mut asked = request(Method::POST, "/api/auth/refresh", None, None);
            asked.headers_mut().insert(header::COOKIE, value);
            assert_eq!(app.send(asked).await.status, StatusCode::UNAUTHORIZED, "{text}");
        }
    }
    for text in ["'; drop table imports; --", "x' union select 1--.csv", "../../x.csv", "..\\x.csv", "=1+1.csv"] {
        let answer = upload(&app, &shop, (text, b"Name\n1\n"), &[]).await;
        assert!(answer.status.as_u16() < 500, "{text}: {answer:?}");
    }
    assert_eq!(app.get("/api/brands/juniper-oak/imports", &owner).await.status, StatusCode::OK);
}
