//! The server on a real socket: slow clients, ambiguous requests, what the HTTP library refuses by itself, a polite stop.

use std::time::{Duration, Instant};

use pulsepoint::auth::Role;
use pulsepoint::commerce::rows::Batch;
use pulsepoint::http::Settings;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use crate::metrics::{land, order};
use crate::support::wire::{Both, Running, quick, read_answer, read_to_close, serve, serve_tls};

/// The same server on both kinds of wire.
async fn both() -> [(&'static str, Running); 2] {
    [("plain", serve(quick()).await), ("tls", serve_tls(quick(), |_| {}).await)]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slow_clients_are_let_go() {
    for (kind, running) in both().await {
        let_slow_clients_go(kind, &running).await;
        running.stop.cancel();
    }
}

async fn let_slow_clients_go(kind: &str, running: &Running) {
    let post =
        "POST /api/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n";
    let shapes = [
        ("silent", ""),
        ("partial line", "GET /heal"),
        ("partial head", "GET /healthz HTTP/1.1\r\nHost: x\r\n"),
        ("stalled body", post),
        ("h2 preface then silence", "PRI * HTTP/2.0\r\n"),
    ];
    let slow = shapes.map(|(name, start)| async move {
        let from = Instant::now();
        let mut stream = running.connect().await;
        stream.write_all(start.as_bytes()).await.unwrap();
        stream.flush().await.unwrap();
        let answer = read_to_close(&mut stream).await;
        (name, from.elapsed(), answer)
    });
    let drips = [("head drip", "GET /healthz HTTP/1.1\r\nX: "), ("body drip", post)].map(|(name, start)| {
        async move {
            let from = Instant::now();
            let (mut reader, mut writer) = tokio::io::split(running.connect().await);
            let drip = tokio::spawn(async move {
                writer.write_all(start.as_bytes()).await.unwrap();
                while writer.write_all(b"a").await.is_ok() && writer.flush().await.is_ok() {
                    tokio::time::sleep(Duration::from_millis(200)).await;
                }
            });
            let mut answer = Vec::new();
            // A reset is an end too.
            let _ = timeout(Duration::from_secs(60), reader.read_to_end(&mut answer)).await.expect("still open");
            drip.abort();
            (name, from.elapsed(), String::from_utf8_lossy(&answer).into_owned())
        }
    });
    let (slow, drips) = tokio::join!(futures_util::future::join_all(slow), futures_util::future::join_all(drips));
    for (name, took, answer) in slow.into_iter().chain(drips) {
        assert!(took < Duration::from_secs(30), "{kind}: {name} took {took:?}");
        if name == "body drip" {
            assert!(answer.starts_with("HTTP/1.1 408"), "{kind}: {name}: {answer}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn idle_connections_stay_and_cost_nobody_time() {
    let running = serve(quick()).await;
    let get = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
    let mut idle = Vec::new();
    for _ in 0..300 {
        let mut stream = running.connect().await;
        stream.write_all(get).await.unwrap();
        read_answer(&mut stream).await;
        idle.push(stream);
    }
    tokio::time::sleep(Duration::from_millis(1500)).await;
    for stream in &mut idle {
        stream.write_all(get).await.unwrap();
        assert!(
            read_answer(stream).await.starts_with("HTTP/1.1 200"),
            "longer idle than a head may take, and still there"
        );
    }
    running.stop.cancel();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_under_way_is_no_idle_connection() {
    let impatient = Settings { idle_timeout_secs: 1, ..quick() };
    for running in [serve(impatient.clone()).await, serve_tls(impatient, |_| {}).await] {
        let shop = running.app.shop("juniper-oak").await;
        let token = running.app.token(&shop, Role::Viewer);
        let ask = format!("GET /api/stream HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n");
        let mut stream = running.connect().await;
        stream.write_all(ask.as_bytes()).await.unwrap();
        stream.flush().await.unwrap();
        read_until(&mut stream, "event: data").await;
        let quiet = timeout(Duration::from_secs(3), stream.read(&mut [0; 64])).await;
        assert!(quiet.is_err(), "the stream was cut: {quiet:?}");
        let orders = vec![order("9", "2026-11-11T14:00:00Z", "c", "H1", 1, 50)];
        land(&shop.tenant, &shop.brand, "shopify", Batch { orders, ..Batch::default() }).await;
        read_until(&mut stream, &shop.brand.uid).await;

        let mut idle = running.connect().await;
        idle.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
        idle.flush().await.unwrap();
        read_answer(&mut idle).await;
        assert_eq!(read_to_close(&mut idle).await, "", "whose answer is over is let go");
        running.stop.cancel();
    }
}

async fn read_until(stream: &mut Box<dyn Both>, wanted: &str) {
    let (mut text, mut bytes) = (String::new(), [0; 4096]);
    while !text.contains(wanted) {
        let n = timeout(Duration::from_secs(30), stream.read(&mut bytes)).await.unwrap().unwrap();
        assert!(n > 0, "closed after {text:?}");
        text.push_str(&String::from_utf8_lossy(&bytes[..n]));
    }
}

#[tokio::test]
async fn what_two_readers_could_read_differently_is_refused() {
    for (kind, running) in both().await {
        for (name, request) in AMBIGUOUS {
            let name = &format!("{kind}: {name}");
            let answer = running.exchange(request.as_bytes()).await;
            assert!(answer.starts_with("HTTP/1.1 400") || answer.starts_with("HTTP/1.0 400"), "{name}: {answer}");
            assert!(!answer[10..].contains("HTTP/1.1 "), "{name} got two answers: {answer}");
            assert_dressed(&answer, name);
        }
        for (name, request) in ENDING {
            // A handler may have answered before the bytes came that make no sense; nothing after them is a request.
            let answer = running.exchange(request.as_bytes()).await;
            assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{kind}: {name}: {answer}");
            assert!(!answer.contains("{\"status\":\"ok\""), "{kind}: {name}: {answer}");
        }
        let chunked = "POST /api/auth/logout HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
        let mut stream = running.connect().await;
        for _ in 0..2 {
            stream.write_all(chunked.as_bytes()).await.unwrap();
            stream.flush().await.unwrap();
            assert!(read_answer(&mut stream).await.starts_with("HTTP/1.1 204"));
        }
    }
}

/// Refused whole.
const AMBIGUOUS: [(&str, &str); 19] = [
    ("no host", "GET /healthz HTTP/1.1\r\n\r\n"),
    ("two hosts", "GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"),
    ("two hosts in 1.0", "GET /healthz HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n"),
    (
        "length then encoding",
        "POST /api/auth/logout HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ),
    (
        "encoding then length",
        "POST /api/auth/logout HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\ncontent-length: 4\r\n\r\n0\r\n\r\n",
    ),
    ("two lengths", "POST /api/auth/logout HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\n1234"),
    ("chunked in 1.0", "POST /api/auth/logout HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    ("space in a name", "GET /healthz HTTP/1.1\r\nHost : x\r\n\r\n"),
    (
        "two equal lengths",
        "POST /api/auth/logout HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nContent-Length: 4\r\n\r\n1234",
    ),
    ("a list of lengths", "POST /api/auth/logout HTTP/1.1\r\nHost: x\r\nContent-Length: 4, 4\r\n\r\n1234"),
    ("a signed length", "POST /api/auth/logout HTTP/1.1\r\nHost: x\r\nContent-Length: +4\r\n\r\n1234"),
    (
        "an encoding that does not end in chunked",
        "POST /api/auth/logout HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n",
    ),
    (
        "two encodings",
        "POST /api/auth/logout HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ),
    ("a folded header", "GET /healthz HTTP/1.1\r\nHost: x\r\nX: a\r\n b\r\n\r\n"),
    ("a folded length", "POST /api/auth/logout HTTP/1.1\r\nHost: x\r\nContent-Length:\r\n 4\r\n\r\n1234"),
    ("line feeds alone", "GET /healthz HTTP/1.1\nHost: x\n\n"),
    ("one line feed alone", "GET /healthz HTTP/1.1\r\nHost: x\nX: y\r\n\r\n"),
    ("a line feed alone at the end", "GET /healthz HTTP/1.1\r\nHost: x\r\n\n"),
    ("a carriage return alone", "GET /healthz HTTP/1.1\r\nHost: x\r\nX: a\rb\r\n\r\n"),
];

/// Bodies that make no sense, with a request hidden behind them.
const ENDING: [(&str, &str); 6] = [
    (
        "no chunk size",
        "POST /api/auth/logout HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nGET /healthz HTTP/1.1\r\nHost: x\r\n\r\n",
    ),
    (
        "a chunk size too large",
        "POST /api/auth/logout HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\nGET /healthz HTTP/1.1\r\nHost: x\r\n\r\n",
    ),
    (
        "a chunk size with a sign",
        "POST /api/auth/logout HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n+0\r\n\r\nGET /healthz HTTP/1.1\r\nHost: x\r\n\r\n",
    ),
    (
        "a chunk size with 0x",
        "POST /api/auth/logout HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0x0\r\n\r\nGET /healthz HTTP/1.1\r\nHost: x\r\n\r\n",
    ),
    (
        "a line feed alone after a chunk size",
        "POST /api/auth/logout HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\n\nGET /healthz HTTP/1.1\r\nHost: x\r\n\r\n",
    ),
    (
        "a chunk longer than it said",
        "POST /api/auth/logout HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\nGET /healthz HTTP/1.1\r\nHost: x\r\n\r\n",
    ),
];

fn assert_dressed(answer: &str, name: &str) {
    let lower = answer.to_lowercase();
    let is_tls = name.starts_with("tls");
    assert_eq!(lower.contains("strict-transport-security: "), is_tls, "{name}: {answer}");
    for header in [
        "x-content-type-options: nosniff",
        "x-frame-options: deny",
        "x-xss-protection: 1",
        "content-security-policy: ",
        "x-request-id: ",
        "cache-control: no-store",
        "application/problem+json",
    ] {
        assert!(lower.contains(header), "{header} is missing for {name}: {answer}");
    }
}

#[tokio::test]
async fn even_what_is_no_request_gets_an_answer_of_ours() {
    for (kind, running) in both().await {
        refuse_what_is_no_request(kind, &running).await;
    }
}

async fn refuse_what_is_no_request(kind: &str, running: &Running) {
    let headers: String = (0..120).map(|n| format!("X-{n}: 1\r\n")).collect();
    for (name, request, status) in [
        ("garbage", "\u{1}\u{2}\u{3} nonsense\r\n\r\n".to_owned(), "400"),
        ("many headers", format!("GET /healthz HTTP/1.1\r\nHost: x\r\n{headers}\r\n"), "431"),
        ("a large header", format!("GET /healthz HTTP/1.1\r\nHost: x\r\nX: {}\r\n\r\n", "y".repeat(512 << 10)), "431"),
        ("a long address", format!("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", "y".repeat(70 << 10)), "4"),
    ] {
        let answer = running.exchange(request.as_bytes()).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{kind}: {name}: {answer:.200}");
        assert_dressed(&answer, &format!("{kind}: {name}"));
    }
}

#[tokio::test]
async fn http_2_is_spoken() {
    let running = serve(quick()).await;
    let client = crate::support::client::builder().http2_prior_knowledge().build().unwrap();
    for _ in 0..3 {
        let answer = client.get(format!("http://{}/healthz", running.address)).send().await.unwrap();
        assert_eq!((answer.status().as_u16(), answer.version()), (200, reqwest::Version::HTTP_2));
        assert_eq!(answer.headers()["x-frame-options"], "DENY");
    }
}

#[tokio::test]
async fn a_stop_lets_idle_connections_go_at_once() {
    for (_, running) in both().await {
        stop_with_idle_connections(running).await;
    }
}

async fn stop_with_idle_connections(running: Running) {
    let mut idle = running.connect().await;
    idle.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    read_answer(&mut idle).await;
    let _silent = running.connect_plain().await;
    let from = Instant::now();
    running.stop.cancel();
    running.task.await.unwrap();
    assert!(from.elapsed() < Duration::from_secs(20), "{:?}", from.elapsed());
    assert_eq!(idle.read(&mut [0; 16]).await.unwrap(), 0);
}
