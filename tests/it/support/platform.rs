//! A small platform over real HTTP.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{Response, StatusCode};
use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::{Value, json};

/// An answer: status, headers, body.
pub type Given = (u16, Vec<(&'static str, String)>, String);

/// What the platform has, and what it was asked.
#[derive(Default)]
pub struct World {
    /// `{id, cents, email, customer, updated}`.
    pub orders: Vec<Value>,
    /// Orders of a page.
    pub page: usize,
    /// The token that is good.
    pub token: String,
    /// The token that renews.
    pub refresh: String,
    /// Answered to what is asked next, instead of what is true.
    pub instead: VecDeque<Given>,
    /// Answered to everything as long as it is there.
    pub always: Option<Given>,
    /// Method, path with query, and token of every request.
    pub asked: Vec<(String, String)>,
    /// Lines of the download.
    pub lines: Vec<String>,
    /// The download breaks off within the line of this number.
    pub break_at: Option<usize>,
    /// Permissions that are missing.
    pub missing: Vec<&'static str>,
    /// Spend of each day, in cents.
    pub spend: Vec<(Date, i64)>,
    /// How long an answer takes.
    pub slow: Duration,
    /// Requests that it works on, and the most there ever were.
    pub open: usize,
    pub most_open: usize,
    /// Renewals so far.
    pub renewals: u32,
}

/// It, serving.
#[derive(Clone)]
pub struct Platform {
    pub address: SocketAddr,
    world: Arc<Mutex<World>>,
}

impl Platform {
    pub async fn start() -> Self {
        let world = World { page: 10, token: "token-1".into(), refresh: "refresh-1".into(), ..World::default() };
        let world = Arc::new(Mutex::new(world));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().fallback(answer).with_state(Arc::clone(&world));
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { address, world }
    }

    pub fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// With so many orders, the first in `number` 0.
    pub fn with_orders(self, count: usize) -> Self {
        self.world().orders = (0..count).map(order).collect();
        self
    }

    /// How often a path was asked for.
    pub fn asked(&self, path: &str) -> usize {
        self.world().asked.iter().filter(|(asked, _)| asked.starts_with(path)).count()
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

/// Order `number` of the platform.
pub fn order(number: usize) -> Value {
    json!({ "id": format!("{:06}", number + 1), "cents": 1_000 + number % 97, "customer": 500 + number % 40,
        "email": format!("canary{}@shop.example", number % 40), "updated": "2026-11-01T00:00:00Z" })
}

async fn answer(State(world): State<Arc<Mutex<World>>>, request: Request) -> Response<Body> {
    let path = request.uri().path_and_query().unwrap().to_string();
    let token = request.headers().get("authorization").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let token = token.trim_start_matches("Bearer ").to_owned();
    let body = axum::body::to_bytes(request.into_body(), 1 << 20).await.unwrap();
    let (slow, (status, headers, text)) = {
        let mut world = world.lock().unwrap_or_else(PoisonError::into_inner);
        world.asked.push((path.clone(), token.clone()));
        world.open += 1;
        world.most_open = world.most_open.max(world.open);
        (world.slow, world.answer(&path, &token, &body))
    };
    if slow > Duration::ZERO {
        tokio::time::sleep(slow).await;
    }
    world.lock().unwrap_or_else(PoisonError::into_inner).open -= 1;
    let mut response = Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(name, value);
    }
    response.body(Body::from(text)).unwrap()
}

type Said = (StatusCode, Vec<(&'static str, String)>, String);

impl World {
    fn answer(&mut self, path: &str, token: &str, body: &[u8]) -> Said {
        let instead = self.instead.pop_front().or_else(|| self.always.clone());
        if let Some((status, headers, text)) = instead {
            return (StatusCode::from_u16(status).unwrap(), headers, text);
        }
        let ok = |text: String| (StatusCode::OK, Vec::new(), text);
        let no = || (StatusCode::UNAUTHORIZED, Vec::new(), "{}".to_owned());
        if path == "/token" {
            self.renewals += 1;
            return match body == self.refresh.as_bytes() {
                true => ok(json!({ "token": self.token }).to_string()),
                false => no(),
            };
        }
        // A download's address is signed: whoever has it may.
        if token != self.token && path != "/lines" {
            return no();
        }
        let query = |name: &str| {
            let query = path.split_once('?').map_or("", |(_, query)| query);
            form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
        };
        match path.split('?').next().unwrap() {
            "/me" => ok(json!({ "account": "Canary Shop", "missing": self.missing }).to_string()),
            "/orders" => {
                let after: usize = query("after").unwrap().parse().unwrap();
                let since: Timestamp = query("since").map_or(Timestamp::MIN, |since| since.parse().unwrap());
                let updated = |order: &Value| order["updated"].as_str().unwrap().parse::<Timestamp>().unwrap();
                let all: Vec<&Value> = self.orders.iter().filter(|order| updated(order) >= since).collect();
                let page: Vec<&&Value> = all.iter().skip(after).take(self.page).collect();
                let next = (after + page.len() < all.len()).then_some(after + page.len());
                ok(json!({ "orders": page, "next": next, "total": all.len() }).to_string())
            }
            "/lines" => {
                let mut text = String::new();
                for (number, line) in self.lines.iter().enumerate() {
                    if self.break_at == Some(number) {
                        text.push_str(&line[..line.len() / 2]);
                        return ok(text);
                    }
                    text.push_str(line);
                    text.push('\n');
                }
                ok(text)
            }
            "/days" => {
                let (from, to): (Date, Date) =
                    (query("from").unwrap().parse().unwrap(), query("to").unwrap().parse().unwrap());
                let days: Vec<Value> = self
                    .spend
                    .iter()
                    .filter(|(day, _)| (from..=to).contains(day))
                    .map(|(day, cents)| json!({ "day": day, "cents": cents }))
                    .collect();
                ok(json!({ "days": days, "from": from, "to": to }).to_string())
            }
            other => panic!("nobody answers {other}"),
        }
    }
}
