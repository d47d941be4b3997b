//! One request to the GraphQL endpoint.

use std::sync::Arc;

use serde_json::{Value, json};

use super::super::exchange::{Asked, Demand, JSON, Reply};
use super::super::text;
use super::super::world::World;
use super::access::{self, Grant};
use super::bulk::Job;
use super::bulk_file::{self, Count};
use super::graphql::check::{self, Checked};
use super::graphql::parse;
use super::roots::{self, Asking};
use super::{Store, bucket};

/// The most a single query may cost.
const MOST_COST: i64 = 1000;

/// A request whose token is good.
struct Call<'a> {
    world: &'a Arc<World>,
    at: usize,
    store: &'a Store,
    grant: &'a Grant,
    version: &'a str,
    demand: Option<&'a Demand>,
}

/// Answers a query of shop `at`.
pub fn answer(world: &Arc<World>, at: usize, version: &str, asked: &Asked) -> Reply {
    let store = &world.shopify.shops[at];
    let Some(version) = served(version, world.now()) else { return Reply::json(404, &json!({"errors": "Not Found"})) };
    let token = asked.header("x-shopify-access-token").unwrap_or_default();
    let reply = match world.shopify.access.grant(token, &store.ledger.shop.domain, world.now()) {
        None => {
            let why = "[API] Invalid API key or access token (unrecognized login or wrong password)";
            Reply::json(401, &json!({"errors": why}))
        }
        Some(_) if asked.method != http::Method::POST => Reply::json(404, &json!({"errors": "Not Found"})),
        Some(grant) => {
            let demand = asked.demand.as_ref();
            Call { world, at, store, grant: &grant, version: &version, demand }.read(&asked.body)
        }
    };
    reply.with("x-shopify-api-version", version)
}

/// The version that answers: the one asked for, or the oldest that is still supported.
fn served(version: &str, now: i64) -> Option<String> {
    if version == "unstable" {
        return Some(version.to_owned());
    }
    let (year, month) = version.split_once('-')?;
    let (year, month): (i64, i64) = (year.parse().ok()?, month.parse().ok()?);
    if !matches!(month, 1 | 4 | 7 | 10) || version.len() != 7 {
        return None;
    }
    let today = text::day(now.div_euclid(text::DAY)).to_string();
    let this: Vec<i64> = today.split('-').filter_map(|part| part.parse().ok()).collect();
    let newest = this[0] * 4 + (this[1] - 1) / 3;
    let asked = year * 4 + (month - 1) / 3;
    // The four newest, and the next one as a release candidate.
    match asked {
        later if later > newest + 1 => None,
        _ => {
            let served = asked.max(newest - 3);
            Some(format!("{}-{:02}", served.div_euclid(4), served.rem_euclid(4) * 3 + 1))
        }
    }
}

impl Call<'_> {
    fn read(&self, body: &[u8]) -> Reply {
        let body: Value = serde_json::from_slice(body).unwrap_or(Value::Null);
        let Some(query) = body["query"].as_str() else {
            return Reply::json(400, &json!({"errors": {"query": "Required parameter missing or invalid"}}));
        };
        let document = match parse::parse(query) {
            Ok(document) => document,
            Err(fault) => return Reply::json(200, &json!({"errors": [fault.0]})),
        };
        let variables = body.get("variables").cloned().unwrap_or(Value::Null);
        match check::check(&document, body["operationName"].as_str(), &variables) {
            Ok(checked) => self.costed(&checked),
            Err(errors) => Reply::json(200, &json!({"errors": errors})),
        }
    }

    fn costed(&self, checked: &Checked) -> Reply {
        let requested = if checked.mutation { 10 } else { checked.plan.cost() };
        if requested > MOST_COST {
            let message =
                format!("Query cost is {requested}, which exceeds the single query max cost limit ({MOST_COST}).");
            let extensions = json!({"code": "MAX_COST_EXCEEDED", "cost": requested, "maxCost": MOST_COST,
                "documentation": "https://shopify.dev/api/usage/rate-limits"});
            return Reply::json(200, &json!({"errors": [{"message": message, "extensions": extensions}]}));
        }
        let there = match self.world.options.throttle {
            true => self.store.bucket.take(requested, self.world.clock.running()),
            false => Ok(bucket::MOST),
        };
        match there {
            Err(there) => throttled(requested, there),
            Ok(there) => self.granted(checked, requested, there),
        }
    }

    fn granted(&self, checked: &Checked, requested: i64, there: i64) -> Reply {
        let fail = |error: Value| {
            let cost = bucket::cost(requested, Some(requested), there);
            Reply::json(200, &json!({"errors": [error], "data": null, "extensions": {"cost": cost}}))
        };
        if let Some((field, scope)) = access::missing(self.grant, &checked.plan) {
            return fail(denied(&field, scope));
        }
        let view = self.store.ledger.at(self.world.now());
        let asking = Asking { view: &view, grant: self.grant, jobs: &self.store.jobs, url: &self.world.url };
        if checked.mutation {
            let data = self.mutate(&asking, checked);
            let cost = bucket::cost(requested, Some(requested), there);
            return Reply::json(200, &json!({"data": data, "extensions": {"cost": cost}}));
        }
        let answer = match roots::answer(&asking, &checked.plan) {
            Ok(answer) => answer,
            Err(error) => return fail(error),
        };
        let mut body = b"{\"data\":".to_vec();
        if serde_json::to_writer(&mut body, &answer).is_err() {
            return Reply::text(500, "the simulator could not write its answer");
        }
        let actual = answer.cost().min(requested);
        let there = if self.world.options.throttle { settle(self.store, requested, actual, there) } else { there };
        let mut extensions = json!({"cost": bucket::cost(requested, Some(actual), there)});
        if !answer.warnings.is_empty() {
            extensions["search"] = json!(answer.warnings);
        }
        body.extend_from_slice(format!(",\"extensions\":{extensions}}}").as_bytes());
        Reply::new(200, JSON, body)
    }

    fn mutate(&self, asking: &Asking<'_>, checked: &Checked) -> Value {
        let most = if self.version >= "2026-01" { 5 } else { 1 };
        let one = |step: &super::graphql::Step| match step.name {
            "bulkOperationRunQuery" => {
                let (answer, job) = asking.jobs.submit(step, asking, most, self.demand);
                if let Some(job) = job {
                    count(self.world, self.at, job);
                }
                answer
            }
            _ => asking.jobs.cancel(step, asking),
        };
        checked.plan.steps.iter().map(|step| (step.key.clone(), one(step))).collect()
    }
}

/// What a shop says that has no points left.
pub fn throttled(requested: i64, there: i64) -> Reply {
    let errors = json!([{"message": "Throttled", "extensions":
        {"code": "THROTTLED", "documentation": "https://shopify.dev/api/usage/rate-limits"}}]);
    Reply::json(200, &json!({"errors": errors, "extensions": {"cost": bucket::cost(requested, None, there)}}))
}

/// What an app hears that lacks a scope.
pub fn denied(field: &str, scope: &str) -> Value {
    let access = format!("`{scope}` access scope.");
    json!({"message": format!("Access denied for {field} field. Required access: {access}"),
        "locations": [{"line": 1, "column": 2}], "path": [field],
        "extensions": {"code": "ACCESS_DENIED", "documentation": "https://shopify.dev/api/usage/access-scopes",
            "requiredAccess": access}})
}

fn settle(store: &Store, requested: i64, actual: i64, there: i64) -> i64 {
    store.bucket.give_back(requested - actual);
    (there + requested - actual).min(bucket::MOST)
}

/// Counts the lines of a job beside everything else; it is over when they are counted.
fn count(world: &Arc<World>, at: usize, job: Arc<Job>) {
    let world = Arc::clone(world);
    tokio::task::spawn_blocking(move || {
        let mut count = Count::default();
        bulk_file::walk(&job, &world.shopify.shops[at].ledger, &mut count);
        job.finish(count.lines, count.roots);
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_versions_fall_forward_and_what_never_was_is_not_found() {
        let now = text::read_instant("2026-11-22").unwrap();
        let served = |version| served(version, now);
        assert_eq!(served("2026-10").as_deref(), Some("2026-10"));
        assert_eq!(served("2026-01").as_deref(), Some("2026-01"));
        assert_eq!(served("2024-07").as_deref(), Some("2026-01"));
        assert_eq!(served("2027-01").as_deref(), Some("2027-01"));
        assert_eq!((served("2027-04"), served("2026-02"), served("latest")), (None, None, None));
    }
}
