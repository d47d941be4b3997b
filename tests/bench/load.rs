//! `make bench`'s own client and floor: an open-loop mix over many tenants, a burst, idle connections, and an axum server that
//! answers one recorded response. Plain HTTP/1.1 over TCP, so that the client costs as little as it can beside the server.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a measuring program stops at the first surprise")]

mod beacons;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use serde::Deserialize;
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

#[derive(Deserialize, Clone)]
struct Tenant {
    token: String,
    brand: String,
    email: String,
    password: String,
}

#[derive(Deserialize)]
struct Plan {
    addr: String,
    tenants: Vec<Tenant>,
    #[serde(default)]
    rate: f64,
    #[serde(default)]
    seconds: f64,
    #[serde(default)]
    idle: usize,
    #[serde(default)]
    fresh_every: u64,
    #[serde(default)]
    landings_per_second: f64,
    #[serde(default)]
    logins_per_second: f64,
    #[serde(default)]
    burst: usize,
}

#[derive(Deserialize)]
struct Recorded {
    headers: Vec<(String, String)>,
    body: String,
}

#[tokio::main]
async fn main() {
    let mut args = std::env::args().skip(1);
    let (mode, file) = (args.next().expect("mixed|burst|floor|pixel"), args.next().expect("a JSON file"));
    let text = std::fs::read_to_string(file).unwrap();
    match mode.as_str() {
        "floor" => floor(serde_json::from_str(&text).unwrap()).await,
        "pixel" => beacons::run(&text).await,
        "burst" => burst(serde_json::from_str(&text).unwrap()).await,
        _ => mixed(serde_json::from_str(&text).unwrap()).await,
    }
}

/// axum with the same bytes and headers as the recorded answer, and nothing else.
async fn floor(recorded: Recorded) {
    let body = bytes::Bytes::from(recorded.body);
    let headers: axum::http::HeaderMap = recorded
        .headers
        .iter()
        .filter(|(name, _)| !["content-length", "date", "transfer-encoding", "connection"].contains(&name.as_str()))
        .map(|(name, value)| (name.parse::<axum::http::HeaderName>().unwrap(), value.parse().unwrap()))
        .collect();
    let app = axum::Router::new().fallback(move || {
        let answer = (headers.clone(), body.clone());
        async move { answer }
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    report(&json!({ "listening": listener.local_addr().unwrap().to_string() }));
    axum::serve(listener, app).await.unwrap();
}

/// One keep-alive connection.
struct Connection {
    addr: String,
    stream: Option<TcpStream>,
    buffer: Vec<u8>,
}

impl Connection {
    fn new(addr: &str) -> Self {
        Self { addr: addr.to_owned(), stream: None, buffer: Vec::with_capacity(64 * 1024) }
    }

    /// Sends one request and returns its status; 0 where the connection broke.
    async fn ask(&mut self, request: &[u8]) -> u16 {
        match self.try_ask(request).await {
            Ok(status) => status,
            Err(_) => {
                self.stream = None;
                0
            }
        }
    }

    async fn try_ask(&mut self, request: &[u8]) -> std::io::Result<u16> {
        if self.stream.is_none() {
            let stream = TcpStream::connect(&self.addr).await?;
            stream.set_nodelay(true)?;
            self.stream = Some(stream);
        }
        let stream = self.stream.as_mut().unwrap();
        stream.write_all(request).await?;
        self.buffer.clear();
        let broken = || std::io::Error::from(std::io::ErrorKind::UnexpectedEof);
        let end = loop {
            if stream.read_buf(&mut self.buffer).await? == 0 {
                return Err(broken());
            }
            if let Some(at) = self.buffer.windows(4).position(|w| w == b"\r\n\r\n") {
                break at + 4;
            }
        };
        let head = String::from_utf8_lossy(&self.buffer[..end]).to_ascii_lowercase();
        let status = head.get(9..12).and_then(|s| s.parse().ok()).unwrap_or(0);
        let length: Option<usize> =
            head.lines().find_map(|l| l.strip_prefix("content-length:")).and_then(|v| v.trim().parse().ok());
        let whole = |buffer: &[u8]| match length {
            Some(n) => buffer.len() >= end + n,
            None => status == 204 || status == 304 || buffer.ends_with(b"0\r\n\r\n"),
        };
        while !whole(&self.buffer) {
            if stream.read_buf(&mut self.buffer).await? == 0 {
                return Err(broken());
            }
        }
        Ok(status)
    }
}

fn get(tenant: &Tenant, fresh: bool) -> Vec<u8> {
    let extra = if fresh { "Cache-Control: no-cache\r\n" } else { "" };
    format!(
        "GET /api/brands/{}/dashboard HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\n{extra}\r\n",
        tenant.brand, tenant.token
    )
    .into_bytes()
}

fn login(tenant: &Tenant) -> Vec<u8> {
    let body = json!({ "email": tenant.email, "password": tenant.password }).to_string();
    format!(
        "POST /api/auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// A landing of one new order, as a Shopify export of one line.
fn landing(tenant: &Tenant, n: u64) -> Vec<u8> {
    let csv = format!(
        "Name,Email,Financial Status,Currency,Subtotal,Shipping,Taxes,Total,Created at,Lineitem quantity,Lineitem name,Lineitem \
         price,Lineitem sku,Id\n#B{n},load{n}@example.com,paid,USD,10.00,0.00,0.00,10.00,2026-11-20 10:00:00 +0000,1,Thing,10.00,\
         THING,{}\n",
        9_000_000_000 + n
    );
    let body = format!(
        "--pp\r\nContent-Disposition: form-data; name=\"file\"; filename=\"orders.csv\"\r\nContent-Type: text/csv\r\n\r\n{csv}\r\n--pp--\r\n"
    );
    format!(
        "POST /api/brands/{}/imports HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\nContent-Type: \
         multipart/form-data; boundary=pp\r\nContent-Length: {}\r\n\r\n{body}",
        tenant.brand,
        tenant.token,
        body.len()
    )
    .into_bytes()
}

#[derive(Default)]
struct Seen {
    latency_us: BTreeMap<&'static str, Vec<u64>>,
    errors: BTreeMap<String, u64>,
}

impl Seen {
    fn note(&mut self, class: &'static str, status: u16, took: Duration) {
        if (200..400).contains(&status) {
            self.latency_us.entry(class).or_default().push(u64::try_from(took.as_micros()).unwrap());
        } else {
            *self.errors.entry(format!("{class} {status}")).or_default() += 1;
        }
    }

    fn summary(mut self) -> serde_json::Value {
        let mut classes = serde_json::Map::new();
        let mut all = Vec::new();
        for (class, values) in &mut self.latency_us {
            all.extend_from_slice(values);
            classes.insert((*class).to_owned(), percentiles(values));
        }
        classes.insert("all".to_owned(), percentiles(&mut all));
        json!({ "classes": classes, "errors": self.errors })
    }
}

fn percentiles(values: &mut [u64]) -> serde_json::Value {
    values.sort_unstable();
    let at = |q: f64| {
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a rank"
        )]
        let i = ((values.len() as f64 * q) as usize).min(values.len().saturating_sub(1));
        #[expect(clippy::cast_precision_loss, reason = "microseconds")]
        values.get(i).map_or(0.0, |v| *v as f64 / 1000.0)
    };
    json!({ "n": values.len(), "p50_ms": at(0.5), "p95_ms": at(0.95), "p99_ms": at(0.99), "max_ms": at(1.0) })
}

/// A small generator of its own, so that every run asks the same.
fn next(state: &mut u64) -> f64 {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    #[expect(clippy::cast_precision_loss, reason = "53 bits")]
    let unit = (*state >> 11) as f64 / (1_u64 << 53) as f64;
    unit
}

fn zipf(tenants: usize) -> Vec<f64> {
    #[expect(clippy::cast_precision_loss, reason = "few tenants")]
    let weights: Vec<f64> = (1..=tenants).map(|k| 1.0 / k as f64).collect();
    let sum: f64 = weights.iter().sum();
    weights
        .iter()
        .scan(0.0, |acc, w| {
            *acc += w / sum;
            Some(*acc)
        })
        .collect()
}

/// Requests leave at their own time whether or not earlier ones have come back, and latency counts from that time.
async fn mixed(plan: Plan) {
    let plan = Arc::new(plan);
    let mut idle = Vec::new();
    for _ in 0..plan.idle {
        let mut c = Connection::new(&plan.addr);
        assert_eq!(
            c.ask(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").await,
            200,
            "an idle connection is served once"
        );
        idle.push(c);
    }
    let seen = Arc::new(Mutex::new(Seen::default()));
    let (send, receive) = async_queue::<(Instant, &'static str, Vec<u8>)>();
    let workers: Vec<_> = (0..96)
        .map(|_| {
            let (receive, seen, addr) = (receive.clone(), seen.clone(), plan.addr.clone());
            tokio::spawn(async move {
                let mut c = Connection::new(&addr);
                loop {
                    // A statement of its own: as the condition of a loop it would hold the queue until the answer is there.
                    let next = receive.lock().await.recv().await;
                    let Some((due, class, request)) = next else { break };
                    let status = c.ask(&request).await;
                    seen.lock().unwrap().note(class, status, due.elapsed());
                }
            })
        })
        .collect();
    schedule(&plan, &send).await;
    drop(send);
    for w in workers {
        w.await.unwrap();
    }
    let summary = Arc::into_inner(seen).unwrap().into_inner().unwrap().summary();
    report(&json!({ "mixed": summary, "idle_open": idle.len(), "rate": plan.rate, "seconds": plan.seconds }));
}

type Receiver<T> = Arc<tokio::sync::Mutex<tokio::sync::mpsc::UnboundedReceiver<T>>>;

fn async_queue<T>() -> (tokio::sync::mpsc::UnboundedSender<T>, Receiver<T>) {
    let (send, receive) = tokio::sync::mpsc::unbounded_channel();
    (send, Arc::new(tokio::sync::Mutex::new(receive)))
}

async fn schedule(plan: &Plan, send: &tokio::sync::mpsc::UnboundedSender<(Instant, &'static str, Vec<u8>)>) {
    let begin = Instant::now();
    let (cumulative, mut state) = (zipf(plan.tenants.len()), 7);
    let (mut landings, mut logins) = (0_u64, 0_u64);
    let mut n = 0_u64;
    loop {
        #[expect(clippy::cast_precision_loss, reason = "a count of requests")]
        let offset = n as f64 / plan.rate;
        if offset >= plan.seconds {
            return;
        }
        let due = begin + Duration::from_secs_f64(offset);
        tokio::time::sleep_until(due.into()).await;
        let draw = next(&mut state);
        let who = &plan.tenants[cumulative.iter().position(|c| draw < *c).unwrap_or(0)];
        #[expect(clippy::cast_precision_loss, reason = "small counts")]
        let item = if (landings as f64) < offset * plan.landings_per_second {
            landings += 1;
            ("landing", landing(who, landings))
        } else if (logins as f64) < offset * plan.logins_per_second {
            logins += 1;
            ("login", login(who))
        } else if n.is_multiple_of(plan.fresh_every.max(1)) {
            ("fresh", get(who, true))
        } else {
            ("cached", get(who, false))
        };
        send.send((due, item.0, item.1)).unwrap();
        n += 1;
    }
}

/// All at once: `burst` fresh dashboards spread over the tenants; reports each tenant's slowest.
async fn burst(plan: Plan) {
    let begin = Instant::now();
    let tasks: Vec<_> = (0..plan.burst)
        .map(|i| {
            let who = i % plan.tenants.len();
            let (request, addr) = (get(&plan.tenants[who], true), plan.addr.clone());
            tokio::spawn(async move { (who, Connection::new(&addr).ask(&request).await, begin.elapsed()) })
        })
        .collect();
    let mut slowest = BTreeMap::new();
    let mut errors = 0;
    for t in tasks {
        let (who, status, took) = t.await.unwrap();
        errors += u32::from(status != 200);
        let worst: &mut Duration = slowest.entry(who).or_default();
        *worst = took.max(*worst);
    }
    let worst: Vec<_> = slowest.values().map(Duration::as_millis).collect();
    report(
        &json!({ "burst": plan.burst, "errors": errors, "all_ms": begin.elapsed().as_millis(), "slowest_by_tenant_ms": worst }),
    );
}

#[expect(clippy::print_stdout, reason = "its output is what it is for")]
fn report(value: &serde_json::Value) {
    println!("{value}");
}
