//! No door but those of the document: other methods, addresses nearby, paths that climb, and routes made beside the table.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use axum::http::{Method, StatusCode};
use pulsepoint::auth::{Access, Role};
use pulsepoint::routes::table;

use crate::access::ask;
use crate::access_admin::credential;
use crate::blackbox::{Tester, unlimited};
use crate::support::app::request;
use crate::support::ask::{Ask, with_random_ids};
use crate::support::wire::serve;

const METHODS: [&str; 10] =
    ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "PULSEPOINT"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn other_methods_than_the_document_s_are_refused() {
    let running = serve(unlimited()).await;
    let shop = running.app.shop("juniper-oak").await;
    let (owner, tester) = (running.app.token(&shop, Role::Owner), Tester::of(&running));
    let mut listed: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (method, path) in tester.operations().await {
        listed.entry(path).or_default().insert(method);
    }
    let public: BTreeSet<&str> =
        table().iter().filter(|route| route.access == Access::Public).map(|route| route.path).collect();
    let mut cells = 0;
    for (path, methods) in &listed {
        let mut allowed = methods.clone();
        if methods.contains("GET") {
            allowed.insert("HEAD".into());
        }
        let at = with_random_ids(path);
        for method in METHODS.iter().filter(|method| !allowed.contains(**method)) {
            let method: Method = method.parse().unwrap();
            let refused = tester.bare(&method, &at, Some(&owner)).await;
            assert_eq!(refused.status, StatusCode::METHOD_NOT_ALLOWED, "{method} {path}");
            let told: BTreeSet<String> =
                refused.headers["allow"].to_str().unwrap().split(',').map(|one| one.trim().to_owned()).collect();
            assert_eq!(told, allowed, "{method} {path}");
            let stranger = tester.bare(&method, &at, None).await;
            let wanted = if public.contains(path.as_str()) { 405 } else { 401 };
            assert_eq!(stranger.status.as_u16(), wanted, "{method} {path} for a stranger");
            cells += 2;
        }
    }
    // A question about a page's head is its question.
    for route in table().iter().filter(|route| route.method == Method::GET) {
        let asked = ask(&running.app, &shop, route, Role::Owner).await.unwrap();
        let right = credential(&running.app, &shop, route, Role::Owner).await;
        for token in [None, Some(owner.as_str()), Some(right.as_str())] {
            let full = tester.send(&Method::GET, &asked, token).await;
            let head = tester.send(&Method::HEAD, &asked, token).await;
            assert_eq!((head.status, head.body.len()), (full.status, 0), "HEAD {}", asked.path);
            cells += 1;
        }
    }
    writeln!(std::io::stderr(), "blackbox: {cells} cells of other methods").unwrap();
    running.stop.cancel();
}

/// Addresses that programs like ours often have too, or that a sloppy reader takes for one of ours.
fn nearby(listed: &BTreeSet<String>) -> BTreeSet<String> {
    let ends =
        ["/", "/x", "/export", "/bulk", "/partial", "/purge", "/all", "/count", ".json", ".csv", "%2e", ";x", "/.."];
    let heads = ["/v1", "/api", "/api/v1", "/admin", "/internal", "/debug", "/."];
    let mut near: BTreeSet<String> = [
        "/api",
        "/api/",
        "/api/graphql",
        "/graphql",
        "/mcp",
        "/metrics",
        "/debug/pprof",
        "/api-docs",
        "/swagger",
        "/docs",
        "/openapi.json",
        "/.git/config",
        "/.env",
        "/env",
        "/actuator",
        "/server-status",
        "/console",
        "/backup",
        "/backups",
        "/data",
        "/master.key",
        "/control.db",
        "/api/admin",
        "/api/tenants",
        "/api/events",
        "/api/settings",
        "/api/files",
        "/api/internal",
        "/api/debug",
        "/api/health",
        "/api/webhooks",
        "/api/webhooks/shopify",
        "/assets/",
        "/assets",
        "/trust/",
        "/trust/ca.key",
        "/trust/root.key",
        "/api/users/invitations/all/x",
        "/..%2f..%2fetc/passwd",
    ]
    .map(str::to_owned)
    .into();
    for path in listed {
        let path = with_random_ids(path);
        near.extend(ends.iter().map(|end| format!("{path}{end}")));
        near.extend(heads.iter().map(|head| format!("{head}{path}")));
        near.insert(path.to_uppercase());
        near.insert(path.replacen('/', "//", 1));
        near.insert(path.replace("/api/", "/api//"));
        near.insert(path.replace("/api/", "/api%2f"));
        near.insert(path.replace("/api/", "/x/../api/"));
        near.insert(path.replace("/api/", "/%61pi/"));
    }
    near
}

/// Whether an address is one of a pattern's.
fn fits(pattern: &str, path: &str) -> bool {
    let (wanted, given): (Vec<_>, Vec<_>) = (pattern.split('/').collect(), path.split('/').collect());
    wanted.len() == given.len()
        && wanted.iter().zip(&given).all(|(one, other)| one.starts_with('{') && !other.is_empty() || one == other)
}

#[tokio::test]
async fn nothing_near_the_document_s_addresses_answers() {
    let app = crate::access::app().await;
    let shop = app.shop("juniper-oak").await;
    let owner = app.token(&shop, Role::Owner);
    let listed: BTreeSet<String> = table().iter().map(|route| route.path.to_owned()).collect();
    // Without a client between, which would tidy the addresses up.
    let near: Vec<String> =
        nearby(&listed).into_iter().filter(|path| !listed.iter().any(|one| fits(one, path))).collect();
    for path in &near {
        for method in [Method::GET, Method::POST, Method::DELETE] {
            let Ok(uri) = path.parse::<axum::http::Uri>() else { continue };
            let mut asked = request(method.clone(), "/", Some(&owner), None);
            *asked.uri_mut() = uri.clone();
            let answer = app.send(asked).await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{method} {path} answers: {answer:?}");
            let mut asked = request(method.clone(), "/", None, None);
            *asked.uri_mut() = uri;
            let stranger = app.send(asked).await;
            assert_eq!(stranger.status, StatusCode::UNAUTHORIZED, "{method} {path} for a stranger: {stranger:?}");
        }
    }
    writeln!(std::io::stderr(), "blackbox: {} addresses nearby", near.len()).unwrap();
}

#[tokio::test]
async fn no_header_changes_the_method_or_the_address() {
    let app = crate::access::app().await;
    let shop = app.shop("juniper-oak").await;
    let owner = app.token(&shop, Role::Owner);
    let key = crate::access::key(&app, &shop, &[pulsepoint::auth::Permission::View], &serde_json::json!({})).await;
    let id = key["id"].as_str().unwrap();
    for (name, value) in [
        ("x-http-method-override", "DELETE"),
        ("x-http-method", "DELETE"),
        ("x-method-override", "DELETE"),
        ("x-original-url", "/api/users"),
        ("x-rewrite-url", "/api/users"),
        ("x-forwarded-prefix", "/api/users"),
        ("x-forwarded-host", "evil.example"),
    ] {
        let mut asked = request(Method::POST, &format!("/api/keys/{id}"), Some(&owner), None);
        asked.headers_mut().insert(name, value.parse().unwrap());
        assert_eq!(app.send(asked).await.status, StatusCode::METHOD_NOT_ALLOWED, "{name}");
        let mut asked = request(Method::GET, &format!("/api/keys?_method=DELETE&id={id}"), Some(&owner), None);
        asked.headers_mut().insert(name, value.parse().unwrap());
        let answer = app.send(asked).await;
        assert!(answer.status.is_success() || answer.status.is_client_error());
        assert!(!String::from_utf8_lossy(&answer.body).contains("evil.example"));
        let keys = app.get("/api/keys", &owner).await.json();
        assert_eq!(keys["keys"].as_array().unwrap().len(), 1, "{name} deleted a key");
    }
}

fn sources(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { sources(&path, files) } else { files.push(path) }
    }
}

/// The table is what the router is made of, if nobody makes another. The acceptor of plain connections has one that refuses.
#[test]
fn routes_are_made_in_one_place() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    let mut makers = BTreeSet::new();
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        let code = text.split("#[cfg(test)]").next().unwrap();
        if ["Router::new()", ".route(", ".nest(", ".route_service(", ".nest_service(", ".fallback_service("]
            .iter()
            .any(|maker| code.contains(maker))
        {
            makers.insert(file.strip_prefix(&root).unwrap().to_string_lossy().into_owned());
        }
    }
    assert_eq!(makers, BTreeSet::from(["routes.rs".to_owned(), "server/plain.rs".to_owned()]));
    let plain = fs::read_to_string(root.join("server/plain.rs")).unwrap();
    assert!(!plain.contains(".route("), "who comes without TLS gets one answer");
}

/// Paths that climb out of where they stand, as ids, as brands, as files of the page.
const CLIMBS: [&str; 30] = [
    "..",
    "../",
    "../../etc/passwd",
    "..%2f..%2f..%2fetc%2fpasswd",
    "%2e%2e%2f%2e%2e%2fetc%2fpasswd",
    "%2e%2e/%2e%2e/etc/passwd",
    "..%252f..%252fetc%252fpasswd",
    "%252e%252e%252fetc%252fpasswd",
    "..%c0%af..%c0%afetc%c0%afpasswd",
    "%c0%ae%c0%ae%c0%afetc",
    "..%5c..%5cwindows%5cwin.ini",
    "..\\..\\windows",
    "....//....//etc/passwd",
    "..;/..;/etc/passwd",
    "..%00/",
    "%00",
    "..%0d%0aX:1",
    "%2fetc%2fpasswd",
    "/etc/passwd",
    "file:%2f%2f%2fetc%2fpasswd",
    "..%u2215etc",
    "%ef%bc%8e%ef%bc%8e%ef%bc%8fetc",
    "%e2%80%a5%2fetc",
    "master.key",
    "..%2fmaster.key",
    "..%2f..%2fcontrol.db",
    "..%2ftenants",
    "%2e",
    ".%2e%2fcontrol.db",
    "C:%5cboot.ini",
];

#[tokio::test]
async fn paths_that_climb_lead_nowhere() {
    let app = crate::access::app().await;
    let shop = app.shop("juniper-oak").await;
    let owner = app.token(&shop, Role::Owner);
    let mut asked_for = 0;
    let instance = app.instance_token().await;
    let mut ask_for = async |method: &Method, path: &str, body: &Ask| {
        let Ok(uri) = path.parse::<axum::http::Uri>() else { return };
        let token = if path.starts_with("/mcp/admin/tenants") { &instance } else { &owner };
        let mut asked = request(method.clone(), "/", Some(token), None);
        *asked.uri_mut() = uri;
        *asked.body_mut() = body.body.clone().into();
        if !body.kind.is_empty() {
            asked.headers_mut().insert("content-type", body.kind.parse().unwrap());
        }
        let answer = app.send(asked).await;
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        let page = answer.status == StatusCode::OK && text.contains("<!doctype html>");
        assert!(
            [400, 404, 405, 422].contains(&answer.status.as_u16()) || page,
            "{method} {path}: {} {text}",
            answer.status
        );
        assert!(
            !["root:x:", "SQLite", "[boot", "[fonts]"].iter().any(|one| text.contains(one)),
            "{method} {path}: {text}"
        );
        asked_for += 1;
    };
    for climb in CLIMBS {
        for route in table().iter().filter(|route| route.path.contains('{')) {
            let body = ask(&app, &shop, route, Role::Owner).await.unwrap();
            for name in ["{brand}", "{id}"].into_iter().filter(|name| route.path.contains(name)) {
                let path = route.path.replace(name, climb).replace("{brand}", &shop.brand.uid);
                ask_for(&route.method, &path.replace("{id}", &uuid::Uuid::new_v4().to_string()), &body).await;
            }
        }
        let nothing =
            Ask { path: String::new(), body: vec![], kind: String::new(), cookie: None, expected: StatusCode::OK };
        for base in ["/", "/assets/", "/trust/", "/b/", "/api/", "/assets/../"] {
            ask_for(&Method::GET, &format!("{base}{climb}"), &nothing).await;
        }
    }
    writeln!(std::io::stderr(), "blackbox: {asked_for} paths that climb").unwrap();
    assert!(asked_for > 500);
}
