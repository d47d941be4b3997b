//! Addresses that guess too much: refused at the door for a while, told once; the owner comes in from anywhere else.

use std::net::UdpSocket;
use std::time::Duration;

use axum::http::{Method, StatusCode, header};
use jiff::SignedDuration;
use pulsepoint::auth::{Claims, Permission, Role};
use pulsepoint::events::{self, Event};
use pulsepoint::http::{Peer, PerMinute, Settings};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::access::key;
use crate::support::app::{Answer, PASSWORD, TestApp, request};

const OWNER: &str = "owner@juniper-oak.example";

/// Who is wrong thirty times is refused.
fn thirty(change: impl FnOnce(&mut Settings)) -> Settings {
    let mut settings =
        Settings { rate_limit_per_minute: PerMinute::Of(0), ban_failures: 30, ban_secs: 3600, ..Settings::default() };
    change(&mut settings);
    settings
}

/// A request from an address, with a forwarded one where there is any.
async fn ask(app: &TestApp, peer: &str, forwarded: Option<&str>, what: (&str, Option<&str>, Option<Value>)) -> Answer {
    let (path, token, body) = what;
    let method = if body.is_some() { Method::POST } else { Method::GET };
    let mut asked = request(method, path, token, body);
    asked.extensions_mut().insert(Peer(peer.parse().unwrap()));
    if let Some(forwarded) = forwarded {
        asked.headers_mut().insert("x-forwarded-for", forwarded.parse().unwrap());
    }
    app.send(asked).await
}

async fn login(app: &TestApp, peer: &str, email: &str, password: &str) -> Answer {
    let body = json!({ "email": email, "password": password });
    ask(app, peer, None, ("/api/auth/login", None, Some(body))).await
}

async fn told(app: &TestApp) -> Vec<Event> {
    app.app.auth.denials().flush().await.unwrap();
    let all = app.app.tenants.control().read(|conn| events::read_from(conn, "test", 10_000)).await.unwrap();
    all.into_iter().filter(|event| event.kind == "address.banned").collect()
}

#[tokio::test]
async fn who_tries_many_passwords_is_refused_everywhere_and_told_of_once() {
    let app = TestApp::with(thirty(|_| {})).await;
    let shop = app.shop("juniper-oak").await;
    for n in 0..30 {
        // As those do who have a list of pairs: a spread over one /64, never the same account twice.
        let answer = login(&app, &format!("[2001:db8::{n:x}]:1"), &format!("{n}@list.example"), "123456789").await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{n}");
    }
    let viewer = app.token(&shop, Role::Viewer);
    for (path, token) in
        [("/", None), ("/healthz", None), ("/api/setup", None), ("/api/auth/me", Some(viewer.as_str()))]
    {
        let refused = ask(&app, "[2001:db8::fff]:1", None, (path, token, None)).await;
        assert_eq!((refused.status, refused.code().as_str()), (StatusCode::TOO_MANY_REQUESTS, "too_many_requests"));
        let wait: u64 = refused.headers[header::RETRY_AFTER].to_str().unwrap().parse().unwrap();
        assert!((3000..=3600).contains(&wait), "{path}: {wait}");
        assert!(refused.headers.contains_key("content-security-policy") && refused.headers["connection"] == "close");
    }
    let right = login(&app, "[2001:db8::fff]:1", OWNER, PASSWORD).await;
    assert_eq!(right.status, StatusCode::TOO_MANY_REQUESTS, "the right password does not help here");
    for elsewhere in ["[2001:db8:0:1::1]:1", "203.0.113.7:1"] {
        assert_eq!(login(&app, elsewhere, OWNER, PASSWORD).await.status, StatusCode::OK, "the owner from {elsewhere}");
    }
    let told = told(&app).await;
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!((told[0].ip.as_deref(), &told[0].data["count"]), (Some("2001:db8::1d"), &json!(1)));
    assert_eq!(told[0].data["route"], "POST /api/auth/login");
}

#[tokio::test]
async fn a_ban_ends_by_itself() {
    let app = TestApp::with(thirty(|settings| settings.ban_secs = 1)).await;
    app.shop("juniper-oak").await;
    for n in 0..30 {
        login(&app, "203.0.113.7:1", &format!("{n}@list.example"), "123456789").await;
    }
    assert_eq!(told(&app).await.len(), 1);
    // However slow the machine is, the second ends some time.
    let mut answer = login(&app, "203.0.113.7:1", OWNER, PASSWORD).await;
    while answer.status == StatusCode::TOO_MANY_REQUESTS {
        tokio::time::sleep(Duration::from_millis(50)).await;
        answer = login(&app, "203.0.113.7:1", OWNER, PASSWORD).await;
    }
    assert_eq!(answer.status, StatusCode::OK);
}

#[tokio::test]
async fn every_way_to_guess_counts_and_also_what_is_not_looked_at_any_more() {
    let app = TestApp::with(thirty(|_| {})).await;
    let shop = app.shop("juniper-oak").await;
    let owner = app.token(&shop, Role::Owner);
    let link = format!("{}.{}", shop.tenant.id(), "x".repeat(43));
    let wrong = |path, body: Value| (path, Some(body));
    for (n, (path, body)) in [
        // Ten are looked at; the others are told to wait.
        wrong("/api/auth/login", json!({ "email": OWNER, "password": "wrong wrong" })),
        wrong("/api/auth/links", json!({ "token": link })),
        ("/api/brands", None),
    ]
    .into_iter()
    .enumerate()
    {
        let peer = format!("198.51.100.{n}:1");
        let forged = body.is_none().then_some("a.b.c");
        for _ in 0..29 {
            let answer = ask(&app, &peer, None, (path, forged, body.clone())).await;
            assert!([401, 404, 429].contains(&answer.status.as_u16()), "{path}: {answer:?}");
        }
        assert_eq!(
            ask(&app, &peer, None, ("/healthz", None, None)).await.status,
            StatusCode::OK,
            "{path}: one too early"
        );
        ask(&app, &peer, None, (path, forged, body)).await;
        let status = ask(&app, &peer, None, ("/healthz", None, None)).await.status;
        assert_eq!(status, StatusCode::TOO_MANY_REQUESTS, "{path}");
    }
    // Somebody's stolen session guesses the password.
    for _ in 0..30 {
        let body = json!({ "current": "wrong wrong", "new": PASSWORD });
        ask(&app, "198.51.100.99:1", None, ("/api/auth/password", Some(&owner), Some(body))).await;
    }
    assert_eq!(ask(&app, "198.51.100.99:1", None, ("/", None, None)).await.status, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn what_was_good_once_is_no_guess() {
    let app = TestApp::with(thirty(|_| {})).await;
    let shop = app.shop("juniper-oak").await;
    let owner = app.token(&shop, Role::Owner);
    let nine_hours_ago = app.app.clock.system_time() - SignedDuration::from_hours(9);
    let claims = Claims::new(shop.tenant.id().as_str(), &shop.person(Role::Viewer).id, Role::Viewer, 1, nine_hours_ago);
    let expired = app.app.auth.signer().sign(&claims).unwrap();
    let revoked = key(&app, &shop, &[Permission::View], &json!({})).await;
    let path = format!("/api/keys/{}", revoked["id"].as_str().unwrap());
    app.ask(Method::DELETE, &path, Some(&owner), None).await;
    let out = app.token(&shop, Role::Analyst);
    app.ask(Method::POST, "/api/auth/logout", Some(&out), None).await;
    // A page left open over night, a script nobody told, a tab in which somebody else signed out.
    for token in [expired.as_str(), revoked["key"].as_str().unwrap(), out.as_str()] {
        for _ in 0..100 {
            assert_eq!(app.get("/api/brands", token).await.status, StatusCode::UNAUTHORIZED);
        }
    }
    for _ in 0..110 {
        assert_eq!(app.login(OWNER, PASSWORD).await.status, StatusCode::OK, "good logins are not counted");
    }
    for _ in 0..100 {
        // Nor is what one may not do, or what is not there, or what comes without any credentials.
        app.ask(Method::POST, "/api/brands", Some(&app.token(&shop, Role::Viewer)), Some(json!({}))).await;
        app.get("/api/nowhere", &owner).await;
        app.ask(Method::GET, "/api/brands", None, None).await;
    }
    assert_eq!(app.get("/api/brands", &owner).await.status, StatusCode::OK);
    assert_eq!(told(&app).await.len(), 0);
}

#[tokio::test]
async fn behind_a_proxy_the_client_is_banned_and_never_the_proxy() {
    let app = TestApp::with(thirty(|settings| settings.trusted_proxies = vec!["10.0.0.0/8".into()])).await;
    app.shop("juniper-oak").await;
    let wrong = |n: u32| {
        let body = json!({ "email": format!("{n}@list.example"), "password": "123456789" });
        ("/api/auth/login", None, Some(body))
    };
    for n in 0..30 {
        ask(&app, "10.0.0.1:1", Some("9.9.9.9, 203.0.113.50"), wrong(n)).await;
    }
    let from = async |forwarded| ask(&app, "10.0.0.1:1", forwarded, ("/healthz", None, None)).await.status;
    assert_eq!(from(Some("203.0.113.50")).await, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!((from(Some("203.0.113.51")).await, from(Some("9.9.9.9")).await), (StatusCode::OK, StatusCode::OK));
    // Without a word on whom it speaks for, and from this machine itself: never.
    for (peer, forwarded) in [("10.0.0.1:1", None), ("127.0.0.1:1", None), ("[::1]:1", Some("203.0.113.60"))] {
        for n in 0..60 {
            ask(&app, peer, forwarded, wrong(n)).await;
        }
        let after = ask(&app, peer, forwarded, ("/healthz", None, None)).await;
        assert_eq!(after.status, StatusCode::OK, "{peer} {forwarded:?}");
    }
    // Who is no proxy of ours is banned under its own address, whatever it claims.
    for n in 0..30 {
        ask(&app, "198.51.100.1:1", Some(&format!("203.0.113.{}", 100 + n)), wrong(n)).await;
    }
    let liar = ask(&app, "198.51.100.1:1", Some("203.0.113.99"), ("/healthz", None, None)).await;
    assert_eq!(liar.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(from(Some("203.0.113.101")).await, StatusCode::OK, "whom it named is not banned for it");
}

/// An address of this machine that is not loopback, if it has one.
fn outer_address() -> Option<std::net::IpAddr> {
    let socket = UdpSocket::bind("0.0.0.0:0").unwrap();
    // Sends nothing: it asks which address would be used.
    socket.connect("192.0.2.1:9").ok()?;
    let ip = socket.local_addr().unwrap().ip();
    (!ip.is_loopback() && !ip.is_unspecified()).then_some(ip)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_address_has_only_so_many_connections() {
    let Some(ip) = outer_address() else {
        eprintln!("skipped: this machine has no address but its own");
        return;
    };
    let app = TestApp::with(thirty(|settings| settings.max_connections_per_address = 3)).await;
    let listener = TcpListener::bind((ip, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let stop = tokio_util::sync::CancellationToken::new();
    let server = tokio::spawn(pulsepoint::server::run(app.app.clone(), listener, stop.clone().cancelled_owned()));
    /// An open connection that was answered; none if it was closed.
    async fn answered(address: std::net::SocketAddr) -> Option<TcpStream> {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").await.ok()?;
        let n = stream.read(&mut [0; 4096]).await.ok()?;
        (n > 0).then_some(stream)
    }
    let mut open = Vec::new();
    for _ in 0..3 {
        open.push(answered(address).await.expect("a place"));
    }
    assert!(answered(address).await.is_none(), "the fourth is closed");
    drop(open.pop());
    // The server notices in its own time.
    while answered(address).await.is_none() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    stop.cancel();
    server.await.unwrap().unwrap();
}
