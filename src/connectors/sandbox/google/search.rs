//! `googleAds:searchStream`, an array of chunks, and `googleAds:search`, pages.

use std::sync::Arc;

use serde_json::{Value, json};

use super::super::ads::{Account, Figures, Kind, Platform, Today};
use super::super::exchange::{Asked, Demand, JSON, Reply, pieces};
use super::super::world::World;
use super::errors::Failure;
use super::fields::{self, Resource};
use super::gaql::{self, Query};
use super::rows::{Row, Tree, Written, camel, status};
use super::{CLOSED, MANAGER, request_id};

/// Rows of a chunk and of a page.
const CHUNK: usize = 10_000;

/// A query that may be answered.
struct Ready {
    query: Query,
    resource: Resource,
    /// Days, both included.
    days: (i64, i64),
    by_day: bool,
    metrics: bool,
}

fn read(world: &World, customer: u64, asked: &Asked) -> Result<Ready, Failure> {
    let body = asked.fields();
    let text = body["query"].as_str().unwrap_or_default();
    if !body["pageSize"].is_null() {
        let why = "Setting the page size is not supported. Search Responses will have fixed page size of '10000' rows.";
        return Err(Failure::new(400, "requestError", "PAGE_SIZE_NOT_SUPPORTED", why));
    }
    let query = gaql::read(text)?;
    let resource = fields::check(&query)?;
    let metrics = query.select.iter().any(|field| field.starts_with("metrics."));
    if customer == MANAGER && metrics {
        let why = "Metrics cannot be requested for a manager account. To retrieve metrics, issue separate requests against each client account under the manager account.";
        return Err(Failure::query("REQUESTED_METRICS_FOR_MANAGER", why));
    }
    let account = world.ads.find(Platform::Google, customer);
    let today = account.map_or(0, |account| account.today(world.now()).day);
    let first = account.map_or(0, |account| account.first_day);
    let (from, to) = query.days(today)?.unwrap_or((first, today));
    let by_day = query.select.iter().any(|field| field == "segments.date");
    Ok(Ready { query, resource, days: (from.max(first), to.min(today)), by_day, metrics })
}

/// Whole answers of what has few rows: nothing below a manager but its clients.
fn clients(world: &World, customer: u64, ready: &Ready) -> Vec<Value> {
    let mut all = vec![json!({"customer_client.id": MANAGER.to_string(), "customer_client.manager": true,
        "customer_client.level": "0", "customer_client.status": "ENABLED", "customer_client.currency_code": "USD",
        "customer_client.time_zone": "America/New_York", "customer_client.descriptive_name": "Sandbox manager"})];
    if customer == MANAGER {
        all.extend(
            world
                .ads
                .of(Platform::Google)
                .map(|account| client(account.id, account.currency, account.zone, &account.name, "ENABLED")),
        );
        all.push(client(CLOSED, "USD", "America/New_York", "Closed account", "CANCELED"));
    } else if let Some(account) = world.ads.find(Platform::Google, customer) {
        all = vec![client(account.id, account.currency, account.zone, &account.name, "ENABLED")];
        all[0]["customer_client.level"] = json!("0");
    }
    let fits = |row: &Value| {
        let text = |field: &str| row[field].as_str().map_or_else(|| row[field].to_string(), str::to_owned);
        ready.query.conditions.iter().all(|condition| ready.query.allows(&condition.field, &text(&condition.field)))
    };
    all.retain(fits);
    let rows = all.iter().map(|row| {
        let mut nested = json!({"resourceName": format!("customers/{customer}/customerClients/{}",
            row["customer_client.id"].as_str().unwrap_or_default())});
        for field in &ready.query.select {
            let name = camel(field.split('.').nth(1).unwrap_or_default());
            if !row[field].is_null() {
                nested[name] = row[field].clone();
            }
        }
        json!({"customerClient": nested})
    });
    rows.collect()
}

fn client(id: u64, currency: &str, zone: &str, name: &str, status: &str) -> Value {
    json!({"customer_client.id": id.to_string(), "customer_client.manager": false, "customer_client.level": "1",
        "customer_client.status": status, "customer_client.currency_code": currency, "customer_client.time_zone": zone,
        "customer_client.descriptive_name": name, "customer_client.client_customer": format!("customers/{id}")})
}

/// The manager's own row.
fn manager(ready: &Ready) -> Vec<Value> {
    let mut row = json!({"resourceName": format!("customers/{MANAGER}")});
    for field in &ready.query.select {
        let name = field.split('.').nth(1).unwrap_or_default();
        let value = match name {
            "id" => json!(MANAGER.to_string()),
            "currency_code" => json!("USD"),
            "time_zone" => json!("America/New_York"),
            "manager" => json!(true),
            "descriptive_name" => json!("Sandbox manager"),
            _ => continue,
        };
        row[camel(name)] = value;
    }
    vec![json!({ "customer": row })]
}

/// Places of the rows, one after the other: thing and day.
struct Places {
    things: usize,
    days: i64,
}

impl Places {
    fn of(account: &Account, ready: &Ready) -> Self {
        let things = match ready.resource {
            Resource::Campaign => account.campaigns.len(),
            Resource::Group => account.groups.len(),
            Resource::Ad => account.ads.len(),
            _ => 1,
        };
        let days = if ready.by_day { (ready.days.1 - ready.days.0 + 1).max(0) } else { 1 };
        Self { things, days }
    }

    fn count(&self) -> usize {
        self.things * usize::try_from(self.days).unwrap_or(0)
    }

    fn at(&self, place: usize, ready: &Ready) -> (usize, i64) {
        let days = usize::try_from(self.days).unwrap_or(1).max(1);
        match ready.query.by_date {
            true => (place % self.things.max(1), ready.days.0 + (place / self.things.max(1)) as i64),
            false => (place / days, ready.days.0 + (place % days) as i64),
        }
    }
}

/// The row at a place; none where there is none.
fn row<'a>(world: &World, account: &'a Account, ready: &Ready, at: usize, day: i64, today: Today) -> Option<Row<'a>> {
    let campaign = match ready.resource {
        Resource::Campaign => Some(at),
        Resource::Group => Some(account.groups[at].campaign),
        Resource::Ad => Some(account.ads[at].campaign),
        _ => None,
    };
    let query = &ready.query;
    if let Some(campaign) = campaign.map(|at| &account.campaigns[at]) {
        let inner = ready.resource != Resource::Campaign;
        // Performance Max has neither groups nor ads.
        if inner && campaign.kind == Kind::PerformanceMax {
            return None;
        }
        if !query.allows("campaign.status", status(campaign.state))
            || !query.allows("campaign.id", &campaign.id.to_string())
        {
            return None;
        }
    }
    if ready.resource == Resource::Ad && !query.allows("ad_group_ad.status", status(account.ads[at].state)) {
        return None;
    }
    let days = if ready.by_day { (day, day) } else { ready.days };
    let mut figures: Option<Figures> = None;
    if ready.metrics {
        let belongs = |place: &usize| match ready.resource {
            Resource::Campaign => account.ads[*place].campaign == at,
            Resource::Group => account.ads[*place].group == at,
            _ => true,
        };
        let ads = if ready.resource == Resource::Ad { at..at + 1 } else { 0..account.ads.len() };
        for place in ads.filter(belongs) {
            for day in days.0..=days.1 {
                if let Some(one) = world.ads.figures(account, place, day, today) {
                    *figures.get_or_insert_default() += one;
                }
            }
        }
        figures?;
    }
    let day = ready.by_day.then_some(day);
    Some(Row { account, resource: ready.resource, at, day, figures: figures.unwrap_or_default() })
}

fn mask(ready: &Ready) -> String {
    let paths = ready.query.select.iter().map(|field| field.split('.').map(camel).collect::<Vec<_>>().join("."));
    paths.collect::<Vec<_>>().join(",")
}

/// What has few rows is answered whole.
fn few(world: &World, customer: u64, ready: &Ready) -> Option<Vec<Value>> {
    match (ready.resource, customer) {
        (Resource::Client, _) => Some(clients(world, customer, ready)),
        (Resource::Customer, MANAGER) => Some(manager(ready)),
        (_, MANAGER) => Some(Vec::new()),
        _ => None,
    }
}

/// `googleAds:searchStream`.
pub fn stream(world: &Arc<World>, customer: u64, asked: &Asked) -> Result<Reply, Failure> {
    let ready = read(world, customer, asked)?;
    let (mask, id) = (mask(&ready), request_id(world));
    if let Some(rows) = few(world, customer, &ready) {
        let mut chunk = json!({"fieldMask": mask, "requestId": id, "queryResourceConsumption": "12"});
        if !rows.is_empty() {
            chunk["results"] = json!(rows);
        }
        return Ok(Reply::json(200, &json!([chunk])));
    }
    let broken = (asked.demand == Some(Demand::BreakMidStream)).then(|| {
        Failure::new(500, "internalError", "INTERNAL_ERROR", "An internal error has occurred.").body("v25").to_string()
    });
    let world = Arc::clone(world);
    let tail = format!("\"fieldMask\":\"{mask}\",\"requestId\":\"{id}\",\"queryResourceConsumption\":\"322\"}}");
    Ok(Reply::stream(JSON, pieces(move |send| chunks(&world, customer, &ready, (&tail, broken), send))))
}

/// The chunks of a stream; behind the first one an error, where that is wanted.
fn chunks(
    world: &World,
    customer: u64,
    ready: &Ready,
    (tail, broken): (&str, Option<String>),
    send: &mut dyn FnMut(Vec<u8>) -> bool,
) {
    let Some(account) = world.ads.find(Platform::Google, customer) else { return };
    let today = account.today(world.now());
    let (places, tree) = (Places::of(account, ready), Tree::of(&ready.query.select));
    let most = ready.query.limit.unwrap_or(usize::MAX).min(if broken.is_some() { CHUNK / 100 } else { usize::MAX });
    let mut piece = b"[{".to_vec();
    let (mut count, mut all) = (0, 0);
    for place in 0..places.count() {
        let (at, day) = places.at(place, ready);
        let Some(row) = row(world, account, ready, at, day, today) else { continue };
        if all >= most {
            break;
        }
        if count == CHUNK {
            piece.extend_from_slice(format!("],{tail}\n,\n{{").as_bytes());
            count = 0;
            if !send(std::mem::take(&mut piece)) {
                return;
            }
        }
        piece.extend_from_slice(if count == 0 { b"\"results\":[" } else { b"," });
        if serde_json::to_writer(&mut piece, &Written { row: &row, tree: &tree }).is_err() {
            return;
        }
        (count, all) = (count + 1, all + 1);
    }
    let close = if count > 0 { "]," } else { "" };
    let error = broken.map_or_else(String::new, |error| format!("\n,\n{error}"));
    piece.extend_from_slice(format!("{close}{tail}{error}]").as_bytes());
    send(piece);
}

/// `googleAds:search`. The token of a page is the place it begins at.
pub fn page(world: &Arc<World>, customer: u64, asked: &Asked) -> Result<Reply, Failure> {
    let ready = read(world, customer, asked)?;
    let mut answer =
        json!({"fieldMask": mask(&ready), "requestId": request_id(world), "queryResourceConsumption": "322"});
    if let Some(rows) = few(world, customer, &ready) {
        if !rows.is_empty() {
            answer["results"] = json!(rows);
        }
        return Ok(Reply::json(200, &answer));
    }
    let account = world.ads.find(Platform::Google, customer).ok_or_else(Failure::not_found)?;
    let today = account.today(world.now());
    let (places, tree) = (Places::of(account, &ready), Tree::of(&ready.query.select));
    let token = asked.fields()["pageToken"].as_str().unwrap_or_default().to_owned();
    let invalid = || Failure::new(400, "requestError", "INVALID_PAGE_TOKEN", "Page token is not valid.");
    let begin = match token.strip_prefix("sandbox-") {
        None if token.is_empty() => 0,
        place => place.and_then(|place| place.parse().ok()).ok_or_else(invalid)?,
    };
    let most = ready.query.limit.unwrap_or(usize::MAX).min(CHUNK);
    let mut rows = Vec::new();
    for place in begin..places.count() {
        let (at, day) = places.at(place, &ready);
        let Some(row) = row(world, account, &ready, at, day, today) else { continue };
        if rows.len() == most {
            if ready.query.limit.is_none() {
                answer["nextPageToken"] = json!(format!("sandbox-{place}"));
            }
            break;
        }
        let row = serde_json::to_value(Written { row: &row, tree: &tree });
        rows.push(row.map_err(|error| Failure::new(500, "internalError", "INTERNAL_ERROR", &error.to_string()))?);
    }
    if !rows.is_empty() {
        answer["results"] = json!(rows);
    }
    Ok(Reply::json(200, &answer))
}
