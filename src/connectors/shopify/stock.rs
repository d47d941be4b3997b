//! Stock, item by item: what changed every hour, all of it once a day, because a level may change without its item.

use serde_json::{Value, json};

use super::ask::ask;
use super::orders::rest;
use super::streams::{At, Pages, done, on, page_or_less, take};
use super::{parse, queries};
use crate::connectors::{Call, Pass, Step, Task, Trouble};

/// Items of one page.
pub(super) const PAGE: u32 = 50;

/// One page of items.
pub(super) async fn page(call: &Call<'_>, task: &Task<'_>, pages: Pages) -> Result<Step, Trouble> {
    // The picture of a day is of everything there is, whenever it last changed.
    let search = match task.pass {
        Pass::Recent { since: Some(_) } => Some(pages.search()),
        _ => pages.above.map(|above| format!("id:>{above}")),
    };
    let variables = json!({ "q": search, "after": pages.after, "first": pages.size });
    let asked = ask(call, &queries::items(), variables).await;
    let mut reply = match page_or_less(asked, &pages, At::Items)? {
        Ok(reply) => reply,
        Err(smaller) => return Ok(smaller),
    };
    if let Some(Value::Array(items)) = reply.body.pointer_mut("/data/inventoryItems/nodes") {
        for item in items {
            let id = item["id"].as_str().unwrap_or_default().to_owned();
            rest(call, &id, &mut item["inventoryLevels"], (queries::more_levels(), "inventoryLevels")).await?;
        }
    }
    let mut step = match pages.next_by_id(reply.data("/inventoryItems"))? {
        Some(next) => on(&At::Items(next)),
        None => done(call, task),
    };
    take(&mut step, call, task, "inventory", parse::ITEMS, &reply.body);
    step.quota = reply.quota();
    Ok(step)
}
