//! The connector of [`super::platform`]: what `sync` is tried with, whatever the real ones do.

use std::sync::Arc;

use async_trait::async_trait;
use axum::body::Bytes;
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

/// Reads a [`super::platform::Platform`].
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
            tip_micros: 0,
            duty_micros: 0,
            total_micros: None,
            gateway: None,
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
