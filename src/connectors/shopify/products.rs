//! Products with their variants, page by page, and variants that changed without their products.

use serde_json::{Value, json};

use super::ask::ask;
use super::orders::rest;
use super::streams::{At, By, Pages, done, on, page_or_less, take};
use super::{parse, queries};
use crate::connectors::{Call, Pass, Step, Task, Trouble};

/// Products of one page, and variants of one.
pub(super) const PAGE: u32 = 50;

/// One page of products.
pub(super) async fn page(call: &Call<'_>, task: &Task<'_>, pages: Pages) -> Result<Step, Trouble> {
    let variables = json!({ "q": pages.search(), "after": pages.after, "first": pages.size });
    let asked = ask(call, &queries::products(), variables).await;
    let mut reply = match page_or_less(asked, &pages, At::Products)? {
        Ok(reply) => reply,
        Err(smaller) => return Ok(smaller),
    };
    if let Some(Value::Array(products)) = reply.body.pointer_mut("/data/products/nodes") {
        for product in products {
            let id = product["id"].as_str().unwrap_or_default().to_owned();
            rest(call, &id, &mut product["variants"], (queries::more_variants(), "variants")).await?;
        }
    }
    let nodes = reply.data("/products/nodes").as_array().cloned().unwrap_or_default();
    let (from, to) = (pages.from, pages.to);
    let mut step = match pages.next(reply.data("/products"), &nodes)? {
        Some(next) => on(&At::Products(next)),
        None => match task.pass {
            Pass::Recent { since: Some(_) } => on(&At::Variants(Pages::new(By::Updated, from, to, PAGE))),
            _ => done(call, task),
        },
    };
    take(&mut step, call, task, "products", parse::PRODUCTS, &reply.body);
    step.quota = reply.quota();
    Ok(step)
}

/// One page of variants that changed.
pub(super) async fn variants(call: &Call<'_>, task: &Task<'_>, pages: Pages) -> Result<Step, Trouble> {
    let variables = json!({ "q": pages.search(), "after": pages.after, "first": pages.size });
    let asked = ask(call, &queries::variants(), variables).await;
    let reply = match page_or_less(asked, &pages, At::Variants)? {
        Ok(reply) => reply,
        Err(smaller) => return Ok(smaller),
    };
    let mut step = match pages.next_by_id(reply.data("/productVariants"))? {
        Some(next) => on(&At::Variants(next)),
        None => on(&At::Events { after: None }),
    };
    take(&mut step, call, task, "products", parse::VARIANTS, &reply.body);
    step.quota = reply.quota();
    Ok(step)
}
