//! Orders page by page, each with everything that belongs to it, and once more those whose journeys were not ready.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::ask::{Reply, ask, ask_of_people};
use super::errors::Refusal;
use super::parse;
use super::queries::{self, People};
use super::streams::{At, Pages, done, end_of_page, on, page_or_less, take};
use crate::connectors::{Call, Pass, Quota, Step, Task, Trouble};

/// Orders of one page, unless it is too costly.
pub(super) const PAGE: u32 = 25;
/// As many refunds of an order as a page tells.
const REFUNDS: usize = 10;
/// Visits of an order that are asked for: more are not kept.
const MOST_MOMENTS: usize = 100;
/// Where an order has them.
const MOMENTS: &str = "customerJourneySummary/moments";
/// So long Shopify may take to know where an order came from.
const JOURNEY: SignedDuration = SignedDuration::from_hours(48);
/// Most orders whose journeys are waited for.
const MOST_WAITING: usize = 2_000;
const WAITING: &str = "journeys_waiting";

/// One page of the window.
pub(super) async fn page(call: &Call<'_>, task: &Task<'_>, pages: Pages) -> Result<Step, Trouble> {
    let variables = json!({ "q": pages.search(), "after": pages.after, "first": pages.size });
    let sort = pages.by.sort();
    let asked = ask_of_people(call, |people| queries::orders(people, sort), variables).await;
    let (asked, people) = match asked {
        Ok((reply, people)) => (Ok(reply), Some(people)),
        Err(refusal) => (Err(refusal), None),
    };
    let mut reply = match page_or_less(asked, &pages, At::Orders)? {
        Ok(reply) => reply,
        Err(smaller) => return Ok(smaller),
    };
    complete(call, &mut reply, "/data/orders/nodes").await?;
    let nodes = reply.data("/orders/nodes").as_array().cloned().unwrap_or_default();
    let mut step = match pages.next(reply.data("/orders"), &nodes)? {
        Some(next) => on(&At::Orders(next)),
        None => after_pages(call, task),
    };
    take(&mut step, call, task, "orders", parse::ORDERS, &reply.body);
    note_journeys(&mut step, call, task, &[], nodes.iter().filter_map(Waits::of));
    note_people(&mut step, people);
    step.quota = reply.quota();
    Ok(step)
}

/// What follows when all orders of the window are there.
fn after_pages(call: &Call, task: &Task) -> Step {
    match task.pass {
        Pass::Recent { since: Some(_) } => {
            let ids = waiting(call).into_keys().collect();
            on(&At::Journeys { ids })
        }
        _ => done(call, task),
    }
}

/// Orders whose journeys were not ready, some at a time.
pub(super) async fn journeys(call: &Call<'_>, task: &Task<'_>, mut ids: Vec<String>) -> Result<Step, Trouble> {
    let some: Vec<String> = ids.split_off(ids.len().saturating_sub(PAGE as usize));
    if some.is_empty() {
        return Ok(on(&At::Events { after: None }));
    }
    let mut step = on(&At::Journeys { ids });
    let (bodies, quota, people) = by_id(call, &some).await?;
    step.quota = quota;
    note_people(&mut step, people);
    let mut nodes = Vec::new();
    for body in &bodies {
        take(&mut step, call, task, "orders", parse::ORDERS, body);
        nodes.extend(body.pointer("/data/nodes").and_then(Value::as_array).cloned().unwrap_or_default());
    }
    note_journeys(&mut step, call, task, &some, nodes.iter().filter_map(Waits::of));
    Ok(step)
}

/// Orders by their ids, whole; in halves where they are too costly together.
pub(super) async fn by_id(
    call: &Call<'_>,
    ids: &[String],
) -> Result<(Vec<Value>, Option<Quota>, Option<People>), Trouble> {
    let mut bodies = Vec::new();
    let (mut quota, mut known) = (None, None);
    let mut left: Vec<&[String]> = ids.chunks(PAGE as usize).rev().collect();
    while let Some(some) = left.pop() {
        match ask_of_people(call, queries::orders_by_id, json!({ "ids": some })).await {
            Ok((mut reply, people)) => {
                complete(call, &mut reply, "/data/nodes").await?;
                (quota, known) = (reply.quota(), Some(people));
                bodies.push(reply.body);
            }
            Err(Refusal::TooCostly) if some.len() > 1 => {
                let (first, second) = some.split_at(some.len() / 2);
                left.extend([second, first]);
            }
            Err(refusal) => return Err(refusal.into()),
        }
    }
    Ok((bodies, quota, known))
}

/// Asks for what a page did not tell of its orders, so that each is whole before it is kept.
async fn complete(call: &Call<'_>, reply: &mut Reply, place: &str) -> Result<(), Trouble> {
    let Some(Value::Array(orders)) = reply.body.pointer_mut(place) else { return Ok(()) };
    for order in orders.iter_mut().filter(|order| order.is_object()) {
        let id = order["id"].as_str().unwrap_or_default().to_owned();
        rest(call, &id, &mut order["lineItems"], (queries::more_lines(), "lineItems")).await?;
        rest(call, &id, &mut order["shippingLines"], (queries::more_shipping(), "shippingLines")).await?;
        if let Some(moments) = order.pointer_mut(&format!("/{MOMENTS}")) {
            rest_up_to(call, &id, moments, (queries::more_moments(), MOMENTS), MOST_MOMENTS).await?;
        }
        if order["refunds"].as_array().is_some_and(|refunds| refunds.len() >= REFUNDS) {
            order["refunds"] = refunds(call, &id).await?.into();
        }
        let Some(Value::Array(refunds)) = order.get_mut("refunds") else { continue };
        for refund in refunds {
            let id = refund["id"].as_str().unwrap_or_default().to_owned();
            let lines = &mut refund["refundLineItems"];
            rest(call, &id, lines, (queries::more_refund_lines(), "refundLineItems")).await?;
            let shipping = &mut refund["refundShippingLines"];
            rest(call, &id, shipping, (queries::more_refund_shipping(), "refundShippingLines")).await?;
            let adjustments = &mut refund["orderAdjustments"];
            rest(call, &id, adjustments, (queries::more_adjustments(), "orderAdjustments")).await?;
        }
    }
    Ok(())
}

/// The refunds of an order that has more of them than a page tells, a page's worth at a time: all at once they would cost too much.
async fn refunds(call: &Call<'_>, order: &str) -> Result<Vec<Value>, Trouble> {
    let reply = ask(call, queries::REFUND_IDS, json!({ "id": order })).await?;
    let ids: Vec<&Value> = reply.data("/node/refunds").as_array().into_iter().flatten().map(|one| &one["id"]).collect();
    let mut all = Vec::with_capacity(ids.len());
    for some in ids.chunks(REFUNDS) {
        let reply = ask(call, &queries::refunds_by_id(), json!({ "ids": some })).await?;
        all.extend(reply.data("/nodes").as_array().into_iter().flatten().filter(|one| one.is_object()).cloned());
    }
    Ok(all)
}

/// Pages a connection of `id` to its end and puts its nodes behind those that are there.
pub(super) async fn rest(
    call: &Call<'_>,
    id: &str,
    connection: &mut Value,
    what: (String, &str),
) -> Result<(), Trouble> {
    rest_up_to(call, id, connection, what, usize::MAX).await
}

/// [`rest`], until there are so many.
async fn rest_up_to(
    call: &Call<'_>,
    id: &str,
    connection: &mut Value,
    (query, field): (String, &str),
    most: usize,
) -> Result<(), Trouble> {
    let has_room = |connection: &Value| connection["nodes"].as_array().is_none_or(|nodes| nodes.len() < most);
    // Without a word about pages it is whole: a question may leave it out.
    while connection.pointer("/pageInfo/hasNextPage") == Some(&Value::Bool(true)) && has_room(connection) {
        let after = end_of_page(connection)?;
        let reply = ask(call, &query, json!({ "id": id, "after": after })).await?;
        let more = reply.data(&format!("/node/{field}"));
        let next = end_of_page(more)?;
        if next.is_some() && next == after {
            return Err(Trouble::Refused("Shopify turns the same page again and again.".to_owned()));
        }
        let nodes = more["nodes"].as_array().cloned().unwrap_or_default();
        if let Some(Value::Array(all)) = connection.get_mut("nodes") {
            all.extend(nodes);
        }
        connection["pageInfo"] = more["pageInfo"].clone();
    }
    Ok(())
}

/// Orders whose journeys are waited for, with when they were placed.
fn waiting(call: &Call) -> BTreeMap<String, String> {
    let kept = call.facts.get(WAITING).and_then(Value::as_object);
    let kept = kept.into_iter().flatten().filter_map(|(id, at)| Some((id.clone(), at.as_str()?.to_owned())));
    kept.collect()
}

/// Whether an order's journey is still to come.
pub(super) struct Waits<'a> {
    pub id: &'a str,
    pub placed: &'a str,
    pub waits: bool,
}

impl<'a> Waits<'a> {
    fn of(node: &'a Value) -> Option<Self> {
        let waits = node.pointer("/customerJourneySummary/ready") == Some(&Value::Bool(false));
        Some(Self { id: node["id"].as_str()?, placed: node["createdAt"].as_str()?, waits })
    }
}

/// Remembers which journeys are not ready yet, and forgets those that are. Of those that were `asked` for once more, what is still not
/// ready and has taken too long is forgotten too; whoever was away for days asks once before that.
pub(super) fn note_journeys<'a>(
    step: &mut Step,
    call: &Call,
    task: &Task,
    asked: &[String],
    orders: impl Iterator<Item = Waits<'a>>,
) {
    let is_young = |placed: &str| {
        let placed: Option<Timestamp> = placed.parse().ok();
        placed.is_some_and(|placed| task.begun.duration_since(placed) <= JOURNEY)
    };
    let before = waiting(call);
    let mut now = before.clone();
    now.retain(|id, _| !asked.contains(id));
    for Waits { id, placed, waits } in orders {
        if !waits {
            now.remove(id);
        } else if is_young(placed) {
            now.insert(id.to_owned(), placed.to_owned());
        }
    }
    while now.len() > MOST_WAITING {
        now.pop_first();
    }
    if now != before {
        step.facts.insert(WAITING.to_owned(), json!(now));
    }
}

/// Remembers how much of the customers may be asked for.
pub(super) fn note_people(step: &mut Step, people: Option<People>) {
    if let Some(people) = people {
        step.facts.insert("people".to_owned(), people.name().into());
    }
}
