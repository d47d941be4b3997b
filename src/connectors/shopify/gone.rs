//! What a shop no longer has: told by its events, which it keeps for a year, and once a week by the list of all its orders.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::ask::ask;
use super::errors::Refusal;
use super::parse::{self, About, instant, number};
use super::queries;
use super::streams::{At, DEEPEST, done, end_of_page, on, take, take_with};
use crate::commerce::rows::{Batch, DeletedProduct, OrderSpan};
use crate::connectors::{Call, Pass, Step, Task, Trouble};

/// Ids of one page.
const PAGE: u32 = 250;
/// How often all ids are compared.
const EVERY: SignedDuration = SignedDuration::from_hours(7 * 24 - 12);
/// A day more than an event may be late.
const OVERLAP: SignedDuration = SignedDuration::from_hours(24);
/// Orders younger than this are not judged: Shopify's search is late.
const LATE: SignedDuration = SignedDuration::from_hours(1);
const CHECKED: &str = "order_ids_checked";

/// How far the list of ids is read.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Ids {
    after: Option<String>,
    /// The last id of the page before.
    above: Option<u64>,
    /// The list was begun anew above this id, because it was too deep.
    floor: Option<u64>,
    seen: u32,
}

/// Whether it is time to compare all ids.
pub(super) fn is_due(call: &Call, task: &Task) -> bool {
    let checked = call.facts.get(CHECKED).and_then(Value::as_str).and_then(|text| text.parse::<Timestamp>().ok());
    checked.is_none_or(|checked| task.begun.duration_since(checked) >= EVERY)
}

/// One page of what was destroyed since the pass before.
pub(super) async fn events(call: &Call<'_>, task: &Task<'_>, after: Option<String>) -> Result<Step, Trouble> {
    let (stream, subject) = if task.stream == "orders" { ("orders", "ORDER") } else { ("products", "PRODUCT") };
    let since = match task.pass {
        Pass::Recent { since: Some(since) } => since.checked_sub(OVERLAP).unwrap_or(*since),
        _ => return Ok(done(call, task)),
    };
    let search = format!("action:destroy AND subject_type:{subject} AND created_at:>'{since}'");
    let reply = match ask(call, queries::EVENTS, json!({ "q": search, "after": after })).await {
        Ok(reply) => reply,
        // Without a scope for it, the list of ids has to do.
        Err(Refusal::Trouble(Trouble::Scope { .. })) => return Ok(done(call, task)),
        Err(refusal) => return Err(refusal.into()),
    };
    let mut step = match end_of_page(reply.data("/events"))? {
        Some(after) => on(&At::Events { after: Some(after) }),
        None => done(call, task),
    };
    take(&mut step, call, task, stream, parse::EVENTS, &reply.body);
    step.quota = reply.quota();
    Ok(step)
}

/// One page of the ids of all orders.
pub(super) async fn ids(call: &Call<'_>, task: &Task<'_>, mut ids: Ids) -> Result<Step, Trouble> {
    let before = task.begun.checked_sub(LATE).unwrap_or(task.begun);
    let floor = ids.floor.map(|floor| format!(" AND id:>{floor}")).unwrap_or_default();
    let variables = json!({ "q": format!("created_at:<'{before}'{floor}"), "after": ids.after, "first": PAGE });
    let reply = ask(call, queries::ORDER_IDS, variables).await?;
    let page = reply.data("/orders");
    let numbers = numbers(page).map_err(|reason| Trouble::Unreadable { reason, answer: bytes::Bytes::new() })?;
    // Below the first id nothing is judged: an app may be shown the last 60 days alone, and files may know older orders.
    let above = ids.above.or_else(|| numbers.first().map(|first| first.saturating_sub(1)));
    let next = end_of_page(page)?;
    let last = numbers.last().copied();
    let mut step = match &next {
        Some(after) => {
            ids.seen = ids.seen.saturating_add(PAGE);
            let is_deep = ids.seen >= DEEPEST;
            on(&At::Ids(Ids {
                after: (!is_deep).then(|| after.clone()),
                above: last.max(above),
                floor: if is_deep { last } else { ids.floor },
                seen: if is_deep { 0 } else { ids.seen },
            }))
        }
        None => {
            let mut step = done(call, task);
            step.facts.insert(CHECKED.to_owned(), task.begun.to_string().into());
            step
        }
    };
    // A list in another order says nothing about what is missing from it.
    let is_ordered = numbers.is_sorted() && numbers.first() > above.as_ref();
    if let Some(above) = above.filter(|_| is_ordered) {
        let upto = next.as_ref().and(last);
        let rest = json!({ "above": above, "upto": upto, "before": before.as_second() });
        take_with(&mut step, call, task, ("orders", parse::ORDER_IDS, &reply.body), rest);
    }
    step.quota = reply.quota();
    Ok(step)
}

fn numbers(page: &Value) -> Result<Vec<u64>, String> {
    let nodes = page["nodes"].as_array().map(Vec::as_slice).unwrap_or_default();
    let numbers = nodes.iter().map(|node| {
        let digits = number(node["id"].as_str().unwrap_or_default())?;
        digits.parse::<u64>().map_err(|_| format!("\"{digits}\" is not an id."))
    });
    numbers.collect()
}

/// What the parser makes of a page of ids.
pub(super) fn span(body: &Value, about: &About, batch: &mut Batch) {
    let page = body.pointer("/data/orders").unwrap_or(&Value::Null);
    let (Ok(ids), Some(after)) = (numbers(page), about.rest["above"].as_u64()) else { return };
    batch.order_spans.push(OrderSpan {
        store: about.store.clone(),
        after,
        upto: about.rest["upto"].as_u64(),
        placed_before: about.rest["before"].as_i64().unwrap_or_default(),
        ids: ids.iter().map(u64::to_string).collect(),
    });
}

/// Adds what an event says was destroyed.
pub(super) fn event(node: &Value, about: &About, batch: &mut Batch) -> Result<(), String> {
    let is_destroyed = node["action"].as_str().is_some_and(|action| action.eq_ignore_ascii_case("destroy"));
    let (Some(id), Some(kind), true) = (subject(node), node["subjectType"].as_str(), is_destroyed) else {
        return Ok(());
    };
    match kind.to_ascii_uppercase().as_str() {
        "ORDER" => batch.deleted_orders.push(id?),
        "PRODUCT" => {
            instant(node["createdAt"].as_str().unwrap_or_default())?;
            batch.deleted_products.push(DeletedProduct { source_id: id?, day: about.day });
        }
        _ => {}
    }
    Ok(())
}

fn subject(node: &Value) -> Option<Result<String, String>> {
    match &node["subjectId"] {
        Value::String(id) if id.contains('/') => Some(number(id)),
        Value::String(id) => Some(number(&format!("/{id}"))),
        Value::Number(id) => Some(Ok(id.to_string())),
        _ => None,
    }
}
