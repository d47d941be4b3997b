//! Shopify: the Admin GraphQL API, its tokens and its bulk results.

mod access;
mod answer;
mod bucket;
mod bulk;
mod bulk_file;
mod bulk_rules;
mod catalogue;
mod fields_order;
mod fields_refund;
mod fields_stock;
mod graphql;
pub mod intervene;
mod ledger;
mod node;
mod oauth;
mod order;
mod query;
mod refund;
mod roots;
mod search;
mod shop;
pub mod totals;
pub mod webhook;

use std::sync::Arc;

use serde_json::json;

use super::Options;
use super::exchange::{Asked, Reply, pieces};
use super::text;
use super::world::World;
pub use access::hmac_hex;
use bulk_file::Written;
use ledger::Ledger;
pub use query::{denied, throttled};

/// All shops, and what they remember.
#[derive(Debug)]
pub struct Shopify {
    pub shops: Vec<Store>,
    pub access: access::Access,
}

/// A shop and what its API remembers.
#[derive(Debug)]
pub struct Store {
    pub ledger: Ledger,
    jobs: bulk::Jobs,
    bucket: bucket::Bucket,
}

impl Shopify {
    pub fn new(options: &Options, now: i64) -> Self {
        let make = |number| shop::Shop::make(options.seed, number, options.orders, options.days, now);
        let store = |number| Store {
            ledger: Ledger::new(make(number)),
            jobs: bulk::Jobs::default(),
            bucket: bucket::Bucket::default(),
        };
        Self { shops: (0..options.shops).map(store).collect(), access: access::Access::default() }
    }

    /// The shop with this domain.
    pub fn store(&self, domain: &str) -> Option<&Store> {
        self.shops.iter().find(|store| store.ledger.shop.domain == domain)
    }
}

/// The shop's place in the list.
fn place(world: &World, domain: &str) -> Option<usize> {
    world.shopify.shops.iter().position(|store| store.ledger.shop.domain == domain)
}

/// Answers a request below `/shopify/`.
pub fn answer(world: &Arc<World>, path: &str, asked: &Asked) -> Reply {
    let not_found = || Reply::json(404, &json!({"errors": "Not Found"}));
    let Some((domain, rest)) = path.split_once('/') else { return not_found() };
    let Some(at) = place(world, domain) else { return not_found() };
    let parts: Vec<&str> = rest.split('/').collect();
    let reply = match parts.as_slice() {
        ["admin", "api", version, "graphql.json"] => query::answer(world, at, version, asked),
        ["admin", "oauth", "access_token"] => oauth::token(world, domain, asked),
        ["admin", "oauth", "authorize"] => oauth::authorize(world, domain, asked),
        ["bulk", file] => bulk_result(world, at, file, asked),
        _ => not_found(),
    };
    reply.with("x-request-id", format!("{:08x}-sandbox", world.request_number()))
}

/// The file of a bulk operation, for whoever has its signed address.
fn bulk_result(world: &Arc<World>, at: usize, file: &str, asked: &Asked) -> Reply {
    let store = &world.shopify.shops[at];
    let xml = |status, code: &str| {
        let body = format!("<?xml version='1.0' encoding='UTF-8'?><Error><Code>{code}</Code></Error>");
        Reply::new(status, "application/xml; charset=UTF-8", body.into_bytes())
    };
    let job = file.strip_suffix(".jsonl").and_then(|id| id.parse().ok()).and_then(|id| store.jobs.find(id));
    let Some(job) = job else { return xml(404, "NoSuchKey") };
    let expires: i64 = asked.param("X-Goog-Expires").and_then(|at| at.parse().ok()).unwrap_or(0);
    let signature = access::signature(store.ledger.shop.setup.seed, job.id, expires);
    if asked.param("X-Goog-Signature") != Some(&signature) {
        return xml(403, "SignatureDoesNotMatch");
    }
    if expires < world.now() {
        return xml(400, "ExpiredToken");
    }
    let Some(left) = job.file() else { return xml(404, "NoSuchKey") };
    let world = Arc::clone(world);
    let lines = pieces(move |send| {
        let mut written = Written { buffer: Vec::new(), left, send };
        bulk_file::walk(&job, &world.shopify.shops[at].ledger, &mut written);
        let rest = std::mem::take(&mut written.buffer);
        (written.send)(rest);
    });
    Reply::stream("application/jsonl", lines)
}

/// Seconds since 1970 as the platform writes them, for the control.
pub fn written(at: i64) -> String {
    text::instant(at).to_string()
}
