//! The server on a real socket: slow clients, ambiguous requests, what the HTTP library refuses by itself, a polite stop.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use pulsepoint::http::{PerMinute, Settings};
use pulsepoint::server;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::support::app::TestApp;

struct Running {
    address: SocketAddr,
    stop: CancellationToken,
    task: JoinHandle<()>,
    _app: TestApp,
}

fn quick() -> Settings {
    Settings {
        rate_limit_per_minute: PerMinute::Of(0),
        first_byte_timeout_secs: 1,
        head_timeout_secs: 1,
        body_idle_timeout_secs: 1,
        request_timeout_secs: 2,
        idle_timeout_secs: 60,
        ..Settings::default()
    }
}

async fn serve(settings: Settings) -> Running {
    let app = TestApp::with(settings).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, stop) = (listener.local_addr().unwrap(), CancellationToken::new());
    let (parts, stopped) = (app.app.clone(), stop.clone());
    let task = tokio::spawn(async move { server::run(parts, listener, stopped.cancelled_owned()).await.unwrap() });
    Running { address, stop, task, _app: app }
}

impl Running {
    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// Sends bytes and reads until the server closes.
    async fn exchange(&self, bytes: &[u8]) -> String {
        let mut stream = self.connect().await;
        // The server may have refused and closed before the last byte.
        let _ = stream.write_all(bytes).await;
        read_to_close(&mut stream).await
    }
}

async fn read_to_close(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    let reading = timeout(Duration::from_secs(8), stream.read_to_end(&mut answer)).await;
    assert!(reading.is_ok(), "still open after {:?}", String::from_utf8_lossy(&answer));
    String::from_utf8_lossy(&answer).into_owned()
}

/// Reads one answer with a body of known length.
async fn read_answer(stream: &mut TcpStream) -> String {
    let mut text = String::new();
    let mut bytes = [0; 4096];
    loop {
        let n = timeout(Duration::from_secs(8), stream.read(&mut bytes)).await.unwrap().unwrap();
        assert!(n > 0, "closed after {text:?}");
        text.push_str(&String::from_utf8_lossy(&bytes[..n]));
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length =
                head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ").map(str::to_owned));
            if body.len() >= length.map_or(0, |length| length.parse().unwrap()) {
                return text;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slow_clients_are_let_go() {
    let running = serve(quick()).await;
    let post =
        "POST /api/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n";
    let shapes = [
        ("silent", ""),
        ("partial line", "GET /heal"),
        ("partial head", "GET /healthz HTTP/1.1\r\nHost: x\r\n"),
        ("stalled body", post),
        ("h2 preface then silence", "PRI * HTTP/2.0\r\n"),
    ];
    let slow = shapes.map(|(name, start)| {
        let running = &running;
        async move {
            let from = Instant::now();
            let mut stream = running.connect().await;
            stream.write_all(start.as_bytes()).await.unwrap();
            let answer = read_to_close(&mut stream).await;
            (name, from.elapsed(), answer)
        }
    });
    let drips = [("head drip", "GET /healthz HTTP/1.1\r\nX: "), ("body drip", post)].map(|(name, start)| {
        let running = &running;
        async move {
            let from = Instant::now();
            let (mut reader, mut writer) = running.connect().await.into_split();
            let drip = tokio::spawn(async move {
                writer.write_all(start.as_bytes()).await.unwrap();
                while writer.write_all(b"a").await.is_ok() {
                    tokio::time::sleep(Duration::from_millis(200)).await;
                }
            });
            let mut answer = Vec::new();
            // A reset is an end too.
            let _ = timeout(Duration::from_secs(8), reader.read_to_end(&mut answer)).await.expect("still open");
            drip.abort();
            (name, from.elapsed(), String::from_utf8_lossy(&answer).into_owned())
        }
    });
    let (slow, drips) = tokio::join!(futures_util::future::join_all(slow), futures_util::future::join_all(drips));
    for (name, took, answer) in slow.into_iter().chain(drips) {
        assert!(took < Duration::from_secs(5), "{name} took {took:?}");
        if name == "body drip" {
            assert!(answer.starts_with("HTTP/1.1 408"), "{name}: {answer}");
        }
    }
    running.stop.cancel();
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
    let from = Instant::now();
    for stream in &mut idle {
        stream.write_all(get).await.unwrap();
        assert!(
            read_answer(stream).await.starts_with("HTTP/1.1 200"),
            "longer idle than a head may take, and still there"
        );
    }
    assert!(from.elapsed() < Duration::from_secs(3), "{:?}", from.elapsed());
    running.stop.cancel();
}

#[tokio::test]
async fn what_two_readers_could_read_differently_is_refused() {
    let running = serve(quick()).await;
    for (name, request) in [
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
        (
            "two lengths",
            "POST /api/auth/logout HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\n1234",
        ),
        ("chunked in 1.0", "POST /api/auth/logout HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        ("space in a name", "GET /healthz HTTP/1.1\r\nHost : x\r\n\r\n"),
    ] {
        let answer = running.exchange(request.as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 400") || answer.starts_with("HTTP/1.0 400"), "{name}: {answer}");
        assert!(!answer[10..].contains("HTTP/1.1 "), "{name} got two answers: {answer}");
        assert_dressed(&answer, name);
    }
    let chunked = "POST /api/auth/logout HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
    let mut stream = running.connect().await;
    for _ in 0..2 {
        stream.write_all(chunked.as_bytes()).await.unwrap();
        assert!(read_answer(&mut stream).await.starts_with("HTTP/1.1 204"));
    }
}

fn assert_dressed(answer: &str, name: &str) {
    let lower = answer.to_lowercase();
    for header in [
        "strict-transport-security: ",
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
    let running = serve(quick()).await;
    let headers: String = (0..120).map(|n| format!("X-{n}: 1\r\n")).collect();
    for (name, request, status) in [
        ("garbage", "\u{1}\u{2}\u{3} nonsense\r\n\r\n".to_owned(), "400"),
        ("many headers", format!("GET /healthz HTTP/1.1\r\nHost: x\r\n{headers}\r\n"), "431"),
        ("a large header", format!("GET /healthz HTTP/1.1\r\nHost: x\r\nX: {}\r\n\r\n", "y".repeat(512 << 10)), "431"),
        ("a long address", format!("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", "y".repeat(70 << 10)), "4"),
    ] {
        let answer = running.exchange(request.as_bytes()).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{name}: {answer:.200}");
        assert_dressed(&answer, name);
    }
}

#[tokio::test]
async fn http_2_is_spoken() {
    let running = serve(quick()).await;
    let client = reqwest::Client::builder().http2_prior_knowledge().build().unwrap();
    for _ in 0..3 {
        let answer = client.get(format!("http://{}/healthz", running.address)).send().await.unwrap();
        assert_eq!((answer.status().as_u16(), answer.version()), (200, reqwest::Version::HTTP_2));
        assert_eq!(answer.headers()["x-frame-options"], "DENY");
    }
}

#[tokio::test]
async fn a_stop_lets_idle_connections_go_at_once() {
    let running = serve(quick()).await;
    let mut idle = running.connect().await;
    idle.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    read_answer(&mut idle).await;
    let _silent = running.connect().await;
    let from = Instant::now();
    running.stop.cancel();
    running.task.await.unwrap();
    assert!(from.elapsed() < Duration::from_secs(2), "{:?}", from.elapsed());
    assert_eq!(idle.read(&mut [0; 16]).await.unwrap(), 0);
}
