//! The layers every request passes: headers, problems, strict bodies, limits, counters.

use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use axum::middleware::from_fn_with_state;
use axum::routing::get;
use pulsepoint::auth::Role;
use pulsepoint::http::{Bans, Counters, Edge, PAGE_POLICY, Peer, PerMinute, Settings, edge, within};
use pulsepoint::routes::table;
use serde_json::json;
use tower::ServiceExt;

use crate::support::app::{Answer, PASSWORD, TestApp, request};

fn assert_dressed(headers: &HeaderMap, what: &str) {
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("x-xss-protection", "1"),
        ("referrer-policy", "no-referrer"),
        ("cross-origin-opener-policy", "same-origin"),
    ] {
        assert_eq!(headers.get(name).map(|v| v.to_str().unwrap()), Some(value), "{name} of {what}");
    }
    for name in ["permissions-policy", "content-security-policy", "cache-control", "x-request-id", "server-timing"] {
        assert!(headers.contains_key(name), "{name} of {what}");
    }
    assert!(!headers.contains_key("access-control-allow-origin"), "{what}");
    assert!(!headers.contains_key("strict-transport-security"), "{what} came in clear");
}

async fn post(app: &TestApp, path: &str, token: &str, kind: &str, body: impl Into<Body>) -> Answer {
    let request = Request::post(path).header("content-type", kind).header("authorization", format!("Bearer {token}"));
    app.send(request.body(body.into()).unwrap()).await
}

#[tokio::test]
async fn every_route_and_status_has_the_headers() {
    let app = TestApp::start().await;
    let shop = app.shop("juniper-oak").await;
    let (owner, viewer) = (app.token(&shop, Role::Owner), app.token(&shop, Role::Viewer));
    let mut answers = 0;
    for route in table() {
        let path = route.path.replace("{brand}", "juniper-oak").replace("{id}", "0");
        for token in [None, Some("garbage"), Some(owner.as_str()), Some(viewer.as_str())] {
            for method in [&route.method, &Method::TRACE] {
                // A log-out would void the tokens of those that follow.
                if route.path == "/api/auth/logout" && token.is_some_and(|token| token != "garbage") {
                    continue;
                }
                let answer = app.ask(method.clone(), &path, token, None).await;
                assert_dressed(&answer.headers, &format!("{method} {path} {}", answer.status));
                answers += 1;
            }
        }
    }
    assert!(answers > table().len() * 7);
    for (method, path) in [
        (Method::GET, "/"),
        (Method::GET, "/login"),
        (Method::GET, "/nowhere"),
        (Method::POST, "/"),
        (Method::GET, "/api/nowhere"),
        (Method::OPTIONS, "/api/brands"),
        (Method::GET, "/assets/none.js"),
        (Method::GET, "/.git/config"),
        (Method::GET, "/api/brands/%00"),
        (Method::GET, "/api/brands/%ff"),
    ] {
        let answer = app.ask(method.clone(), path, None, None).await;
        assert_dressed(&answer.headers, &format!("{method} {path} {}", answer.status));
    }
}

#[tokio::test]
async fn outside_the_table_is_nothing() {
    let app = TestApp::start().await;
    let shop = app.shop("juniper-oak").await;
    let viewer = app.token(&shop, Role::Viewer);
    for path in
        ["/api/nowhere", "/api/", "/api", "/metrics", "/debug", "/.git/config", "/api-docs", "/graphql", "/api/brands/"]
    {
        assert_eq!(app.ask(Method::GET, path, None, None).await.status, StatusCode::UNAUTHORIZED, "{path}");
        assert_eq!(app.get(path, &viewer).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    for page in ["/", "/login", "/b/juniper-oak", "/settings/brand"] {
        let answer = app.ask(Method::GET, page, None, None).await;
        assert!(answer.headers["content-type"].to_str().unwrap().starts_with("text/html"), "{page}");
        assert_eq!(answer.headers["content-security-policy"], PAGE_POLICY, "{page}");
    }
    let lost = Request::get("/no/such/page").header("accept", "text/html,*/*").body(Body::empty()).unwrap();
    let lost = app.send(lost).await;
    assert!(lost.headers["content-type"].to_str().unwrap().starts_with("text/html") && lost.status != StatusCode::OK);
}

#[tokio::test]
async fn other_methods_follow_the_table() {
    let app = TestApp::start().await;
    let shop = app.shop("juniper-oak").await;
    let viewer = app.token(&shop, Role::Viewer);
    let answer = app.ask(Method::DELETE, "/api/brands", Some(&viewer), None).await;
    assert_eq!((answer.status, answer.code().as_str()), (StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed"));
    let mut allowed: Vec<_> = answer.headers[header::ALLOW].to_str().unwrap().split(',').collect();
    allowed.sort_unstable();
    assert_eq!(allowed, ["GET", "HEAD", "POST"]);
    let stranger = app.ask(Method::DELETE, "/api/brands", None, None).await;
    assert_eq!((stranger.status, stranger.code().as_str()), (StatusCode::UNAUTHORIZED, "sign_in_required"));
    let public = app.ask(Method::DELETE, "/api/auth/login", None, None).await;
    assert_eq!(public.status, StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn a_problem_has_its_seven_fields_and_an_id_of_ours() {
    let app = TestApp::start().await;
    let mut request = request(Method::GET, "/api/brands", None, None);
    request.headers_mut().insert("x-request-id", "chosen-by-a-stranger".parse().unwrap());
    let answer = app.send(request).await;
    let body = answer.json();
    let keys: Vec<_> = body.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys.len(), 6, "{keys:?}");
    assert_eq!(
        (&body["type"], &body["title"]),
        (&json!("urn:pulsepoint:problem:sign_in_required"), &json!("Unauthorized"))
    );
    assert_eq!(body["status"], 401);
    assert_eq!(answer.headers["x-request-id"], body["request_id"].as_str().unwrap());
    assert_ne!(body["request_id"], "chosen-by-a-stranger");
    assert_eq!(answer.headers["www-authenticate"], "Bearer");
}

#[tokio::test]
async fn behind_a_trusted_proxy_its_word_counts() {
    let settings = Settings { trusted_proxies: vec!["203.0.113.0/24".into()], ..Settings::default() };
    let app = TestApp::with(settings).await;
    app.shop("juniper-oak").await;
    let body = json!({ "email": "owner@juniper-oak.example", "password": PASSWORD });
    let mut request = request(Method::POST, "/api/auth/login", None, Some(body));
    for (name, value) in
        [("x-request-id", "given-by-proxy-1"), ("x-forwarded-proto", "https"), ("x-forwarded-for", "198.51.100.1")]
    {
        request.headers_mut().insert(name, value.parse().unwrap());
    }
    let answer = app.send(request).await;
    assert_eq!(answer.headers["x-request-id"], "given-by-proxy-1");
    assert!(answer.headers[header::SET_COOKIE].to_str().unwrap().ends_with("; Secure"));
    assert_eq!(answer.headers["strict-transport-security"], "max-age=31536000; includeSubDomains");
}

#[tokio::test]
async fn bodies_that_cannot_be_read_are_told_why() {
    let app = TestApp::start().await;
    let shop = app.shop("juniper-oak").await;
    let owner = app.token(&shop, Role::Owner);
    let sound = r#"{"name":"N","currency":"USD","timezone":"UTC"}"#;
    let deep = format!("{{\"name\":{}{}}}", "[".repeat(200), "]".repeat(200));
    let many = format!("{{\"name\":[{}1]}}", "1,".repeat(400_000));
    for (kind, body, status, code) in [
        ("text/plain", sound.to_owned(), 415, "unsupported_media_type"),
        ("application/x-www-form-urlencoded", "name=N".to_owned(), 415, "unsupported_media_type"),
        ("application/json", String::new(), 400, "malformed_json"),
        ("application/json", "{\"name\":".to_owned(), 400, "malformed_json"),
        ("application/json", format!("{sound} {sound}"), 400, "malformed_json"),
        ("application/json", sound.replace("\"N\"", "\"\\ud800\""), 400, "malformed_json"),
        ("application/json", sound.replace("\"N\"", "1e400"), 400, "malformed_json"),
        ("application/json", format!("\u{feff}{sound}"), 400, "malformed_json"),
        ("application/json", deep, 400, "too_deep"),
        ("application/json", sound.replacen('{', "{\"name\":\"M\",", 1), 400, "duplicate_key"),
        ("application/json", sound.replacen('{', "{\"__proto__\":{\"x\":1},", 1), 422, "invalid_input"),
        ("application/json", "[]".to_owned(), 422, "invalid_input"),
        ("application/json", "null".to_owned(), 422, "invalid_input"),
        ("application/json", many, 422, "invalid_input"),
        ("application/json", " ".repeat((1 << 20) + 1), 413, "too_large"),
    ] {
        let answer = post(&app, "/api/brands", &owner, kind, body.clone()).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (status, code), "{:.60}", body);
    }
    let answer = post(&app, "/api/brands", &owner, "application/json; charset=utf-8", sound).await;
    assert_eq!(answer.status, StatusCode::CREATED);
    assert_eq!(app.get("/api/brands", &owner).await.json()["brands"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn the_hundred_and_first_request_waits_whoever_it_claims_to_be() {
    let app = TestApp::with(Settings::default()).await;
    for n in 0..100 {
        let answer = app.ask(Method::GET, "/api/setup", None, None).await;
        assert_eq!(answer.status, StatusCode::OK, "request {n}");
        assert!(answer.headers["ratelimit-policy"] == "\"stranger\";q=100;w=60");
    }
    let refused = app.ask(Method::GET, "/api/setup", None, None).await;
    assert_eq!((refused.status, refused.code().as_str()), (StatusCode::TOO_MANY_REQUESTS, "too_many_requests"));
    assert_eq!(
        (&refused.headers["retry-after"], &refused.headers["ratelimit-remaining"]),
        (&"1".parse().unwrap(), &"0".parse().unwrap())
    );
    assert_dressed(&refused.headers, "a 429");
    for (name, value) in [
        ("x-forwarded-for", "198.51.100.77"),
        ("X-Real-IP", "198.51.100.78"),
        ("forwarded", "for=198.51.100.79"),
        ("cf-connecting-ip", "198.51.100.80"),
        ("true-client-ip", "198.51.100.81"),
        ("authorization", "Bearer x.y.z"),
    ] {
        let mut request = request(Method::GET, "/api/setup", None, None);
        request.headers_mut().insert(header::HeaderName::from_bytes(name.as_bytes()).unwrap(), value.parse().unwrap());
        assert_eq!(app.send(request).await.status, StatusCode::TOO_MANY_REQUESTS, "{name}");
    }
    let mut elsewhere = request(Method::GET, "/api/setup", None, None);
    elsewhere.extensions_mut().insert(Peer("198.51.100.1:1".parse().unwrap()));
    assert_eq!(app.send(elsewhere).await.status, StatusCode::OK);
    for page in ["/", "/healthz"] {
        assert_ne!(
            app.ask(Method::GET, page, None, None).await.status,
            StatusCode::TOO_MANY_REQUESTS,
            "{page} is exempt"
        );
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(
        app.ask(Method::GET, "/api/setup", None, None).await.status,
        StatusCode::OK,
        "after exactly what it said"
    );
}

#[tokio::test]
async fn one_slash_64_is_one_caller_and_a_person_has_a_quota_of_its_own() {
    let app = TestApp::with(Settings { rate_limit_per_minute: PerMinute::Of(20), ..Settings::default() }).await;
    let shop = app.shop("juniper-oak").await;
    let spread = |n: u32| {
        let mut request = request(Method::GET, "/api/setup", None, None);
        request.extensions_mut().insert(Peer(format!("[2001:db8::{n:x}:1]:1").parse().unwrap()));
        request
    };
    let mut refused = 0;
    for n in 0..50 {
        refused += u32::from(app.send(spread(n)).await.status == StatusCode::TOO_MANY_REQUESTS);
    }
    assert!((29..=30).contains(&refused), "{refused}");
    let token = app.token(&shop, Role::Viewer);
    let mut statuses = Vec::new();
    for _ in 0..21 {
        statuses.push(app.get("/api/auth/me", &token).await.status);
    }
    assert!(statuses[..20].iter().all(|status| *status == StatusCode::OK), "the address's quota is another's");
    assert_eq!(statuses[20], StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn only_an_allowed_origin_is_echoed() {
    let origin = "https://partner.example";
    let closed = TestApp::start().await;
    let settings =
        Settings { cors_origins: vec![origin.into()], rate_limit_per_minute: PerMinute::Of(0), ..Settings::default() };
    let open = TestApp::with(settings).await;
    for (asked, allowed) in [
        (origin, true),
        ("null", false),
        ("http://partner.example", false),
        ("https://partner.example:8443", false),
        ("https://partner.example.", false),
        ("https://PARTNER.example", false),
        ("https://evil-partner.example", false),
        ("https://partner.example.evil.example", false),
        ("https://sub.partner.example", false),
        ("https://partner.exampl", false),
        ("*", false),
        ("https://partner.example, https://evil.example", false),
    ] {
        for app in [&open, &closed] {
            let mut request = request(Method::GET, "/api/brands", None, None);
            request.headers_mut().insert("origin", asked.parse().unwrap());
            let answer = app.send(request).await;
            let echoed = answer.headers.get("access-control-allow-origin").map(|v| v.to_str().unwrap().to_owned());
            let expected = (allowed && std::ptr::eq(app, &open)).then(|| origin.to_owned());
            assert_eq!(echoed, expected, "{asked}");
            assert!(!answer.headers.contains_key("access-control-allow-credentials"));
        }
    }
    let preflight =
        Request::options("/api/brands").header("origin", origin).header("access-control-request-method", "POST");
    let answer = open.send(preflight.body(Body::empty()).unwrap()).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(answer.headers["vary"].to_str().unwrap().to_lowercase().contains("origin"));
}

#[tokio::test]
async fn a_panic_is_one_500_and_is_counted() {
    let counters = Counters::default();
    counters.expect(["/boom"]);
    let state = Edge::new(&Settings::default(), counters.clone(), Bans::new(&Settings::default())).unwrap();
    let boom = get(|| async { if true { panic!("a secret cause") } else { "never" } });
    let router: Router = Router::new().route("/boom", boom).layer(from_fn_with_state(state, edge));
    let answer = router.oneshot(request(Method::GET, "/boom", None, None)).await.unwrap();
    assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert_dressed(answer.headers(), "a panic");
    let body = axum::body::to_bytes(answer.into_body(), 10_000).await.unwrap();
    let text = String::from_utf8_lossy(&body);
    assert!(text.contains("\"code\":\"internal\"") && !text.contains("secret"), "{text}");
    let figures = counters.figures();
    assert_eq!((figures[0].path.as_str(), figures[0].classes, figures[0].panics), ("/boom", [0, 0, 0, 0, 1], 1));
}

#[tokio::test]
async fn refusals_are_counted_under_their_route() {
    let app = TestApp::with(Settings { rate_limit_per_minute: PerMinute::Of(3), ..Settings::default() }).await;
    for _ in 0..5 {
        app.ask(Method::GET, "/api/brands/x", None, None).await;
    }
    let figures = app.app.counters.figures();
    let brand = figures.iter().find(|f| f.path == "/api/brands/{brand}").unwrap();
    assert_eq!((brand.method, brand.classes), (Some("GET"), [0, 0, 0, 5, 0]), "3 × 401 and 2 × 429");
}

#[tokio::test]
async fn a_handler_that_takes_too_long_is_given_up() {
    let state = Edge::new(&Settings::default(), Counters::default(), Bans::new(&Settings::default())).unwrap();
    let forever = get(|| within(Duration::from_millis(20), std::future::pending()));
    let router: Router = Router::new().route("/slow", forever).layer(from_fn_with_state(state, edge));
    let answer = router.oneshot(request(Method::GET, "/slow", None, None)).await.unwrap();
    assert_eq!(answer.status(), StatusCode::REQUEST_TIMEOUT);
    assert_dressed(answer.headers(), "a timeout");
    let body = axum::body::to_bytes(answer.into_body(), 10_000).await.unwrap();
    assert!(String::from_utf8_lossy(&body).contains("\"code\":\"timeout\""));
}

#[tokio::test]
async fn too_much_at_once_is_refused_rather_than_queued() {
    let app = TestApp::with(Settings { max_requests: 0, ..Settings::default() }).await;
    let answer = app.ask(Method::GET, "/healthz", None, None).await;
    assert_eq!((answer.status, answer.code().as_str()), (StatusCode::SERVICE_UNAVAILABLE, "overloaded"));
    assert_eq!(answer.headers["retry-after"], "1");
}

#[tokio::test]
async fn stages_are_named() {
    let app = TestApp::start().await;
    let shop = app.shop("juniper-oak").await;
    let answer = app.get("/api/brands", &app.token(&shop, Role::Owner)).await;
    let timing = answer.headers["server-timing"].to_str().unwrap();
    for stage in ["middleware;dur=", "auth;dur=", "sqlite;dur=", "handler;dur=", "total;dur="] {
        assert!(timing.contains(stage), "{timing}");
    }
}

#[tokio::test]
async fn ready_means_the_store_can_be_read() {
    let app = TestApp::start().await;
    assert_eq!(app.ask(Method::GET, "/readyz", None, None).await.status, StatusCode::OK);
    app.app.tenants.control().retire("the disk is gone");
    let answer = app.ask(Method::GET, "/readyz", None, None).await;
    assert_eq!((answer.status, answer.code().as_str()), (StatusCode::SERVICE_UNAVAILABLE, "not_ready"));
    assert_eq!(app.ask(Method::GET, "/healthz", None, None).await.status, StatusCode::OK);
}
