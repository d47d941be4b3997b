//! A small platform over real HTTP, and the connector that reads it: what `sync` is tried with, whatever the real ones do.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{Response, StatusCode};
use jiff::Timestamp;
use jiff::civil::Date;
use pulsepoint::brands::Brand;
use pulsepoint::commerce::rows::{
    AdAccount, AdDay, AdScope, AdWindow, Batch, CustomerRef, Order, OrderLine, VariantRef,
};
use pulsepoint::connectors::settings::{Base, Version};
use pulsepoint::connectors::{
    Call, Connector, Credentials, Missing, Next, Parsed, Pass, Progress, Quota, Raw, Reject, Renewal, Settings, Source,
    Step, Stream, Task, Tested, Trouble, Unfit, hash_of,
};
use pulsepoint::money::Currency;
use serde_json::{Map, Value, json};

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
    /// Answered to what is asked next, instead of what is true: status, headers, body.
    pub instead: VecDeque<(u16, Vec<(&'static str, String)>, String)>,
    /// Answered to everything as long as it is there.
    pub always: Option<(u16, Vec<(&'static str, String)>, String)>,
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
        (world.slow, world.answer(&path, &token, &body))
    };
    if slow > Duration::ZERO {
        tokio::time::sleep(slow).await;
    }
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
        if token != self.token {
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

/// Reads a [`Platform`].
#[derive(Clone)]
pub struct Plain {
    pub source: Source,
    pub streams: &'static [Stream],
}

pub const ORDERS: Stream =
    Stream { name: "orders", label: "Orders", scope: Some("read_orders"), restates: false, history_days: None };
pub const LINES: Stream = Stream { name: "lines", label: "Lines", scope: None, restates: false, history_days: None };
pub const DAYS: Stream =
    Stream { name: "ads", label: "Ads", scope: Some("read_ads"), restates: true, history_days: Some(30) };

impl Plain {
    pub fn shop(streams: &'static [Stream]) -> Arc<dyn Connector> {
        Arc::new(Self { source: Source::Shopify, streams })
    }

    pub fn ads() -> Arc<dyn Connector> {
        Arc::new(Self { source: Source::MetaAds, streams: &[DAYS] })
    }
}

#[async_trait]
impl Connector for Plain {
    fn source(&self) -> Source {
        self.source
    }

    fn streams(&self) -> &'static [Stream] {
        self.streams
    }

    fn check(
        &self,
        settings: &Map<String, Value>,
        credentials: &Credentials,
        _: &Settings,
    ) -> Result<Map<String, Value>, Unfit> {
        match credentials.get("access_token") {
            Some(_) => Ok(settings.clone()),
            None => {
                Err(Unfit { field: "credentials.access_token".into(), reason: "An access token is missing.".into() })
            }
        }
    }

    fn base(&self, settings: &Map<String, Value>, shared: &Settings) -> Result<Base, Unfit> {
        shared.base(self.source, settings, ("https://platform.invalid", "/shopify"), "")
    }

    fn version(&self, _: &Map<String, Value>, _: &Settings) -> Version {
        Version { name: "1".into(), expires_on: None }
    }

    fn renewal(&self, _: &Credentials, _: Timestamp) -> Renewal {
        Renewal::Fresh
    }

    async fn renew(&self, call: &Call<'_>) -> Result<Credentials, Trouble> {
        let refresh = call.credentials.get("refresh_token").ok_or_else(|| Trouble::SignIn("Sign in anew.".into()))?;
        let request = http::Request::post(call.client.address("/token")).body(refresh.as_bytes().to_vec()).unwrap();
        let answer = call.client.send(request).await?;
        if !answer.status.is_success() {
            return Err(Trouble::SignIn("The platform does not renew the token: sign in anew.".into()));
        }
        let answer: Value = serde_json::from_slice(&answer.body).unwrap();
        Ok(call.credentials.clone().with("access_token", answer["token"].as_str().unwrap(), None))
    }

    async fn test(&self, call: &Call<'_>) -> Result<Tested, Trouble> {
        let me = get(call, "/me").await?;
        let missing = me["missing"]
            .as_array()
            .unwrap()
            .iter()
            .map(|scope| Missing { scope: scope.as_str().unwrap().into(), why: "Without it nothing is read.".into() });
        let facts = Map::from_iter([("currency".to_owned(), json!("USD"))]);
        Ok(Tested {
            account: me["account"].as_str().unwrap().into(),
            missing: missing.collect(),
            facts,
            ..Tested::default()
        })
    }

    async fn step(&self, call: &Call<'_>, task: &Task<'_>) -> Result<Step, Trouble> {
        match task.stream {
            "orders" => self.orders(call, task).await,
            "lines" => self.lines(call, task),
            _ => self.days(call, task).await,
        }
    }

    fn parse(&self, _: &Brand, raw: &Raw) -> Parsed {
        let value: Value = serde_json::from_slice(&raw.body).unwrap();
        match raw.kind {
            "orders.page" => parsed(value["orders"].as_array().unwrap()),
            "lines" => parsed(value.as_array().unwrap()),
            _ => Parsed { batch: Batch { ads: vec![window(&value)], ..Batch::default() }, rejects: Vec::new() },
        }
    }

    fn group_of(&self, _: &str, line: &[u8]) -> Result<String, String> {
        let line: Value = serde_json::from_slice(line).map_err(|error| error.to_string())?;
        let id = line["__parentId"].as_str().or_else(|| line["id"].as_str());
        id.map(str::to_owned).ok_or_else(|| "The line has no id.".to_owned())
    }
}

impl Plain {
    async fn orders(&self, call: &Call<'_>, task: &Task<'_>) -> Result<Step, Trouble> {
        let after = task.position.map_or(0, |position| position["after"].as_u64().unwrap());
        let since = match task.pass {
            Pass::Recent { since: Some(since) } => format!("&since={since}"),
            _ => String::new(),
        };
        let answer = ask(call, &format!("/orders?after={after}{since}")).await?;
        let body = call
            .redactor
            .json(&answer)
            .map_err(|reason| Trouble::Unreadable { reason, answer: Bytes::from_static(b"redacted answer") })?;
        let value: Value = serde_json::from_slice(&body).unwrap();
        let raw = Raw { stream: "orders", kind: "orders.page", about: json!({}), body };
        let parsed = self.parse(call.brand, &raw);
        let next = match value["next"].as_u64() {
            Some(next) => Next::More(json!({ "after": next })),
            None => Next::Done { through: task.begun },
        };
        let progress = Some(Progress { done: after, total: value["total"].as_u64().unwrap() });
        let quota = Some(Quota { text: "many of many".into(), left_percent: 99.5, wait: None });
        Ok(Step { raw: vec![raw], parsed, progress, quota, ..Step::on(next) })
    }

    fn lines(&self, call: &Call<'_>, task: &Task<'_>) -> Result<Step, Trouble> {
        let Some(groups) = &task.staged else {
            let lines = call.client.address("/lines").parse().unwrap();
            return Ok(Step::on(Next::Stage { lines, then: json!("landing") }));
        };
        if groups.is_empty() {
            return Ok(Step::on(Next::Done { through: task.begun }));
        }
        let mut orders = Vec::new();
        for group in groups {
            let mut lines: Vec<Value> = group.lines.iter().map(|line| serde_json::from_slice(line).unwrap()).collect();
            lines.sort_by_key(|line| line.get("__parentId").is_some());
            let mut order = lines.remove(0);
            let cents: i64 = lines.iter().map(|line| line["cents"].as_i64().unwrap()).sum();
            order["cents"] = cents.into();
            orders.push(order);
        }
        Ok(Step { parsed: parsed(&orders), ..Step::on(Next::More(json!("landing"))) })
    }

    async fn days(&self, call: &Call<'_>, task: &Task<'_>) -> Result<Step, Trouble> {
        let today = task.begun.to_zoned(jiff::tz::TimeZone::UTC).date();
        let before = |days: i64| today.checked_sub(jiff::Span::new().days(days)).unwrap();
        let (from, to) = match task.pass {
            Pass::Backfill { from } => (from.unwrap_or(before(30)), today),
            Pass::Recent { .. } => (before(1), today),
            Pass::Restate => (before(28), today),
            Pass::Range { from, to } => (*from, to.yesterday().unwrap()),
        };
        let body = Bytes::from(ask(call, &format!("/days?from={from}&to={to}")).await?);
        let raw = Raw { stream: "ads", kind: "days", about: json!({}), body };
        let parsed = self.parse(call.brand, &raw);
        Ok(Step { raw: vec![raw], parsed, ..Step::on(Next::Done { through: task.begun }) })
    }
}

async fn ask(call: &Call<'_>, path: &str) -> Result<Vec<u8>, Trouble> {
    let token = call.credentials.get("access_token").unwrap_or_default();
    let request = http::Request::get(call.client.address(path)).header("authorization", format!("Bearer {token}"));
    let answer = call.client.send(request.body(Vec::new()).unwrap()).await?;
    match answer.status.is_success() {
        true => Ok(answer.body.to_vec()),
        false => Err(answer.trouble(call.now, "The platform")),
    }
}

async fn get(call: &Call<'_>, path: &str) -> Result<Value, Trouble> {
    let body = ask(call, path).await?;
    serde_json::from_slice(&body)
        .map_err(|_| Trouble::Unreadable { reason: "no JSON".into(), answer: Bytes::from(body) })
}

fn window(value: &Value) -> AdWindow {
    let account = AdAccount {
        channel: "meta".into(),
        external_id: "act_1".into(),
        name: "Canary Ads".into(),
        currency: Currency::parse("USD").unwrap(),
        timezone: "UTC".into(),
    };
    let day = |value: &Value| value.as_str().unwrap().parse::<Date>().unwrap();
    let rows = value["days"].as_array().unwrap().iter().map(|row| AdDay {
        key: "ad-1".into(),
        campaign: "Campaign".into(),
        adset: None,
        ad: None,
        day: day(&row["day"]),
        spend_micros: row["cents"].as_i64().unwrap() * 10_000,
        impressions: 1,
        clicks: 1,
        conversions_micros: 0,
        revenue_micros: 0,
    });
    let replaces = AdScope::Days { first: day(&value["from"]), last: day(&value["to"]) };
    AdWindow { account, replaces, from_api: true, rows: rows.collect() }
}

/// Orders as the platform writes them; one without cents cannot be understood.
fn parsed(all: &[Value]) -> Parsed {
    let mut parsed = Parsed::default();
    for value in all {
        let id = value["id"].as_str().unwrap_or_default().to_owned();
        let Some(cents) = value["cents"].as_i64() else {
            parsed.rejects.push(Reject { key: id, reason: "It has no amount.".into(), text: value.to_string() });
            continue;
        };
        let hashed = value["email"].as_str().and_then(hash_of).map(CustomerRef::Hashed);
        parsed.batch.orders.push(Order {
            external_id: id,
            name: None,
            store: Some("Canary Shop".into()),
            customer: hashed,
            currency: Currency::parse("USD").unwrap(),
            placed_at: 1_790_000_000,
            cancelled_at: None,
            test: false,
            financial_status: None,
            fulfillment_status: None,
            sales_source: None,
            device: None,
            country: None,
            region: None,
            city: None,
            discount_codes: Vec::new(),
            shipping_micros: 0,
            shipping_discount_micros: 0,
            tax_micros: 0,
            lines: vec![OrderLine {
                variant: VariantRef { sku: Some("SKU-1".into()), title: "Thing".into() },
                quantity: 1,
                fulfilled_quantity: 1,
                price_micros: cents * 10_000,
                discount_micros: 0,
                tax_micros: 0,
                gift_card: false,
            }],
        });
    }
    parsed
}
