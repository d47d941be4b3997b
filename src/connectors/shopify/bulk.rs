//! The first reading of all orders: Shopify writes them into a file, which is staged and read order by order. The lines of refunds
//! are not in it, so orders with refunds are asked for once more. Where Shopify refuses to write a file, pages have to do.

use std::borrow::Cow;
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use url::Url;

use super::ask::ask;
use super::errors::Refusal;
use super::orders::{PAGE, Waits, by_id, note_journeys, note_people};
use super::parse;
use super::queries::{self, People};
use super::streams::{At, By, Pages, done, on, position, take, take_text, until};
use crate::connectors::{Call, Group, Next, Pass, Progress, Reject, Step, Task, Trouble};

/// How long to wait where another operation is in the way.
const BUSY: Duration = Duration::from_secs(30);
/// How often one is begun before pages have to do.
const MOST_TRIES: u32 = 20;
/// What is remembered where Shopify writes no file with the visits between the first and the last.
const NO_MOMENTS: &str = "bulk_without_moments";
/// How often is looked for the beginning of a file that broke.
const MOST_LOOKS_AT_BROKEN: u32 = 3;

/// An operation that runs.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Poll {
    id: String,
    looks: u32,
    /// How often it was found broken without its beginning.
    broken: u32,
    /// How many orders there are, if that was told.
    total: Option<u64>,
}

/// How far the lines of a file are read.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Lines {
    /// Of an operation that broke they are the beginning, up to `newest`.
    partial: bool,
    newest: Option<Timestamp>,
    done: u64,
    total: Option<u64>,
}

/// Begins an operation, or takes over the same one that an earlier run began.
pub(super) async fn submit(call: &Call<'_>, task: &Task<'_>, tries: u32) -> Result<Step, Trouble> {
    let people = People::parse(call.facts.get("people").and_then(Value::as_str));
    let moments = call.facts.get(NO_MOMENTS) != Some(&Value::Bool(true));
    let query = queries::orders_in_bulk(people, &search(call, task), moments);
    let refused = || if moments { without_moments() } else { by_pages(call, task, None) };
    if let Some(id) = leftover(call, &query).await? {
        let total = count(call, task).await;
        return Ok(on(&At::Poll(Poll { id, looks: 0, broken: 0, total })));
    }
    let reply = match ask(call, queries::BULK_RUN, json!({ "q": query })).await {
        Ok(reply) => reply,
        Err(Refusal::People(trouble)) => {
            let Some(less) = people.less() else { return Err(trouble) };
            let mut step = on(&At::Submit { tries });
            note_people(&mut step, Some(less));
            return Ok(step);
        }
        Err(Refusal::TooCostly | Refusal::Trouble(Trouble::Refused(_))) => return Ok(refused()),
        Err(refusal) => return Err(refusal.into()),
    };
    let errors = reply.data("/bulkOperationRunQuery/userErrors").as_array().cloned().unwrap_or_default();
    let is_busy =
        errors.iter().any(|error| matches!(error["code"].as_str(), Some("OPERATION_IN_PROGRESS" | "LIMIT_REACHED")));
    let id = reply.data("/bulkOperationRunQuery/bulkOperation/id").as_str();
    Ok(match id {
        Some(id) if errors.is_empty() => {
            let poll = Poll { id: id.to_owned(), looks: 0, broken: 0, total: count(call, task).await };
            Step::on(Next::Wait(position(&At::Poll(poll)), Duration::from_secs(2)))
        }
        _ if is_busy && tries < MOST_TRIES => Step::on(Next::Wait(position(&At::Submit { tries: tries + 1 }), BUSY)),
        _ if is_busy => by_pages(call, task, None),
        _ => refused(),
    })
}

/// The same operation once more without the visits between: orders that have any are asked for one by one.
fn without_moments() -> Step {
    let mut step = on(&At::Submit { tries: 0 });
    step.facts.insert(NO_MOMENTS.to_owned(), Value::Bool(true));
    step
}

/// How many orders the file will have; only for the bar that people watch.
async fn count(call: &Call<'_>, task: &Task<'_>) -> Option<u64> {
    let reply = ask(call, queries::ORDERS_COUNT, json!({ "q": search(call, task) })).await.ok()?;
    reply.data("/ordersCount/count").as_u64()
}

/// All that is wanted, as a search. It holds nothing of the moment, so that the same pass asks the same again.
fn search(call: &Call, task: &Task) -> String {
    start(call, task).map(|from| format!("created_at:>='{from}'")).unwrap_or_default()
}

fn start(call: &Call, task: &Task) -> Option<Timestamp> {
    let Pass::Backfill { from: Some(from) } = task.pass else { return None };
    let start = |day: Date| day.to_zoned(call.brand.timezone.clone()).ok();
    start(*from).map(|start| start.timestamp())
}

/// The operation of an earlier run that asks just this; others of ours are ended, for nobody waits for them.
async fn leftover(call: &Call<'_>, query: &str) -> Result<Option<String>, Trouble> {
    let running = json!({ "q": "status:running operation_type:query" });
    let reply = match ask(call, queries::BULK_RUNNING, running).await {
        Ok(reply) => reply,
        // Older versions have no such list; the operation is refused if one is in the way.
        Err(Refusal::Trouble(Trouble::Refused(_))) => return Ok(None),
        Err(refusal) => return Err(refusal.into()),
    };
    let mut same = None;
    for operation in reply.data("/bulkOperations/nodes").as_array().into_iter().flatten() {
        let (Some(id), Some(asks)) = (operation["id"].as_str(), operation["query"].as_str()) else { continue };
        if same.is_none() && is_same(asks, query) {
            same = Some(id.to_owned());
        } else if asks.contains(queries::BULK_NAME) {
            ask(call, queries::BULK_CANCEL, json!({ "id": id })).await?;
        }
    }
    Ok(same)
}

fn is_same(one: &str, other: &str) -> bool {
    one.split_whitespace().eq(other.split_whitespace())
}

/// Looks how the operation is.
pub(super) async fn look(call: &Call<'_>, task: &Task<'_>, poll: Poll) -> Result<Step, Trouble> {
    let reply = ask(call, queries::BULK_LOOK, json!({ "id": poll.id })).await?;
    let operation = reply.data("/bulkOperation");
    let total = poll.total;
    let url = |field: &str| operation[field].as_str().and_then(|text| Url::parse(text).ok());
    let mut step = match operation["status"].as_str().unwrap_or_default() {
        "COMPLETED" => match url("url") {
            Some(lines) => staged(lines, &poll, false),
            None if operation["url"].is_null() => done(call, task),
            None => return Err(Trouble::Refused("Shopify's file has no address.".to_owned())),
        },
        "FAILED" if operation["errorCode"].as_str() == Some("ACCESS_DENIED") => {
            let people = People::parse(call.facts.get("people").and_then(Value::as_str));
            let Some(less) = people.less() else {
                let reason = "Shopify denies access to the orders.".to_owned();
                return Err(Trouble::Scope { missing: vec!["read_orders".to_owned()], reason });
            };
            let mut step = on(&At::Submit { tries: 0 });
            note_people(&mut step, Some(less));
            step
        }
        "FAILED" => match url("partialDataUrl") {
            Some(lines) => staged(lines, &poll, true),
            None if poll.broken < MOST_LOOKS_AT_BROKEN => {
                let poll = Poll { broken: poll.broken + 1, ..poll };
                Step::on(Next::Wait(position(&At::Poll(poll)), Duration::from_secs(10)))
            }
            None => by_pages(call, task, None),
        },
        "CANCELED" | "EXPIRED" => by_pages(call, task, None),
        "CREATED" | "RUNNING" | "CANCELING" => {
            let patience = Duration::from_secs(if poll.looks < 10 { 3 } else { 20 });
            let poll = Poll { looks: poll.looks.saturating_add(1), ..poll };
            Step::on(Next::Wait(position(&At::Poll(poll)), patience))
        }
        other => return Err(Trouble::Refused(format!("Shopify's operation is \"{other}\", which nobody knows."))),
    };
    step.progress =
        total.and_then(|total| progress(reply.data("/bulkOperation/rootObjectCount").as_str()?.parse().ok()?, total));
    step.quota = reply.quota();
    Ok(step)
}

fn staged(lines: Url, poll: &Poll, partial: bool) -> Step {
    let then = position(&At::Lines(Lines { partial, newest: None, done: 0, total: poll.total }));
    Step::on(Next::Stage { lines, then })
}

/// Each order is written by Shopify and then read by us.
fn progress(done: u64, total: u64) -> Option<Progress> {
    let all = total.saturating_mul(2);
    (all > 0).then(|| Progress { done: done.min(all), total: all })
}

/// Orders page by page instead, from `from` on.
fn by_pages(call: &Call, task: &Task, from: Option<Timestamp>) -> Step {
    on(&At::Orders(Pages::new(By::Created, from.or_else(|| start(call, task)), until(task), PAGE)))
}

/// The next orders of the file.
pub(super) async fn lines(
    call: &Call<'_>,
    task: &Task<'_>,
    Lines { partial, newest, done: before, total }: Lines,
) -> Result<Step, Trouble> {
    let groups = task.staged.as_deref().unwrap_or_default();
    if groups.is_empty() {
        // The file has the orders by when they were placed, so the rest of a broken one begins with the last that is there.
        return Ok(if partial { by_pages(call, task, newest) } else { done(call, task) });
    }
    let mut rejects = Vec::new();
    let (mut nodes, mut again, mut waits) = (Vec::new(), Vec::new(), Vec::new());
    let mut last = newest;
    for group in groups {
        let (order, text, visits) = match assembled(group) {
            Ok(assembled) => assembled,
            // The last line of a broken file may be half of one.
            Err(_) if partial => continue,
            Err(reason) => {
                let text = group.lines.iter().map(|line| String::from_utf8_lossy(line)).collect::<Vec<_>>().join("\n");
                rejects.push(Reject { key: group.key.clone(), reason, text });
                continue;
            }
        };
        last = last.max(order.created_at.as_deref().and_then(|at| at.parse().ok()));
        let journey = order.journey.unwrap_or_default();
        if let (Some(id), Some(placed)) = (&order.id, &order.created_at) {
            waits.push((id.clone().into_owned(), placed.clone().into_owned(), journey.ready == Some(false)));
        }
        let has_refunds = order.refunds.is_some_and(|refunds| !refunds.is_empty());
        match order.id {
            Some(id) if has_refunds || journey.has_more_than(visits) => again.push(id.into_owned()),
            _ => nodes.push(text),
        }
    }
    let read = before + groups.len() as u64;
    let mut step = on(&At::Lines(Lines { partial, newest: last, done: read, total }));
    step.progress = total.and_then(|total| progress(total.saturating_add(read), total));
    let body = [br#"{"data":{"orders":{"nodes":["#, nodes.join(&b',').as_slice(), b"]}}}"].concat();
    drop(nodes);
    take_text(&mut step, call, task, ("orders", parse::ORDERS, body.into()), Value::Null);
    let (bodies, quota, people) = by_id(call, &again).await?;
    for body in &bodies {
        take(&mut step, call, task, "orders", parse::ORDERS, body);
    }
    step.quota = quota;
    let waits = waits.iter().map(|(id, placed, waits)| Waits { id, placed, waits: *waits });
    note_journeys(&mut step, call, task, &[], waits);
    note_people(&mut step, people);
    step.parsed.rejects.append(&mut rejects);
    Ok(step)
}

/// What is looked at in a line before its order is read.
#[derive(Deserialize)]
struct Line<'a> {
    #[serde(borrow)]
    id: Option<Cow<'a, str>>,
    #[serde(borrow, rename = "__parentId")]
    parent: Option<Cow<'a, str>>,
    #[serde(borrow, rename = "createdAt")]
    created_at: Option<Cow<'a, str>>,
    refunds: Option<Vec<IgnoredAny>>,
    #[serde(rename = "customerJourneySummary")]
    journey: Option<Way>,
}

/// How much is known of the visits before an order.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Way {
    ready: Option<bool>,
    moments_count: Option<Counted>,
}

#[derive(Deserialize)]
struct Counted {
    count: usize,
}

impl Way {
    /// Whether there are more than these and the two that every order tells.
    fn has_more_than(&self, visits: usize) -> bool {
        let count = self.moments_count.as_ref().map_or(0, |counted| counted.count);
        self.ready == Some(true) && count > visits.max(2)
    }
}

impl<'a> Line<'a> {
    fn read(line: &'a [u8]) -> Result<Self, String> {
        if line.trim_ascii_start().first() != Some(&b'{') {
            return Err("A line is no JSON object.".to_owned());
        }
        serde_json::from_slice(line).map_err(|error| format!("A line is no JSON: {error}."))
    }
}

/// To which order a line belongs: its own id, or its parent's. Two levels are all a bulk operation of ours has.
pub(super) fn group_of(line: &[u8]) -> Result<String, String> {
    let line = Line::read(line)?;
    let key = line.parent.or(line.id).ok_or("A line has neither an id nor a parent's.")?;
    Ok(key.into_owned())
}

/// An order as a page has it, put together from its lines in whatever order they came, each a JSON object; and how much of what came
/// before it is among them.
fn assembled(group: &Group) -> Result<(Line<'_>, Vec<u8>, usize), String> {
    let mut root = None;
    let (mut items, mut shipping, mut visits, mut others) = (Vec::new(), Vec::new(), Vec::new(), 0);
    for text in &group.lines {
        let line = Line::read(text)?;
        let id = line.id.as_deref().unwrap_or_default();
        if line.parent.is_none() {
            root = Some((line, text));
        } else if id.contains("/LineItem/") {
            items.push(text.as_ref());
        } else if id.contains("/ShippingLine/") {
            shipping.push(text.as_ref());
        } else if id.contains("/CustomerVisit/") {
            visits.push(text.as_ref());
        } else if id.is_empty() {
            // A moment that is no visit has no name.
            others += 1;
        } else {
            return Err(format!("\"{id}\" is nothing that was asked for."));
        }
    }
    let (root, text) = root.ok_or("Its lines came without the order itself.")?;
    let open = text.trim_ascii_end().strip_suffix(b"}").unwrap_or_default();
    let moments = visits.len() + others;
    let (items, shipping, visits) = (items.join(&b','), shipping.join(&b','), visits.join(&b','));
    let parts: [&[u8]; 8] = [
        open,
        br#","lineItems":{"nodes":["#,
        &items,
        br#"]},"shippingLines":{"nodes":["#,
        &shipping,
        br#"]},"moments":{"nodes":["#,
        &visits,
        b"]}}",
    ];
    Ok((root, parts.concat(), moments))
}
