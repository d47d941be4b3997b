//! Bulk operations: a query over everything, whose result is a file of lines.

use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Value, json};

use super::super::exchange::Demand;
use super::super::text;
use super::access::Grant;
use super::bulk_rules;
use super::graphql::{Plan, Step};
use super::ledger::Overlay;
use super::roots::Asking;
use super::search::Search;

/// How an operation ends other than well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failing {
    pub code: String,
    /// Thousandths of the lines that `partialDataUrl` has; 0 for none.
    pub partial: u64,
}

/// Where an operation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
enum Stage {
    Created = 0,
    Running = 1,
    Completed = 2,
    Failed = 3,
    Canceling = 4,
    Canceled = 5,
    /// Never goes on.
    Stuck = 6,
}

const STAGES: [(Stage, &str); 7] = [
    (Stage::Created, "CREATED"),
    (Stage::Running, "RUNNING"),
    (Stage::Completed, "COMPLETED"),
    (Stage::Failed, "FAILED"),
    (Stage::Canceling, "CANCELING"),
    (Stage::Canceled, "CANCELED"),
    (Stage::Stuck, "RUNNING"),
];

/// An operation.
#[derive(Debug)]
pub struct Job {
    pub id: u64,
    pub created: i64,
    pub query: String,
    /// The root field.
    pub step: Step,
    pub grouped: bool,
    pub grant: Grant,
    pub overlay: Arc<Overlay>,
    pub failing: Option<Failing>,
    stage: AtomicU8,
    /// Lines of the result; the roots among them.
    pub lines: AtomicU64,
    pub roots: AtomicU64,
}

/// The operations of one shop.
#[derive(Debug, Default)]
pub struct Jobs {
    all: Mutex<Vec<Arc<Job>>>,
}

/// The fields of `value` that the plan asks for.
pub fn shaped(value: &Value, plan: &Plan) -> Value {
    match value {
        Value::Array(items) => items.iter().map(|item| shaped(item, plan)).collect(),
        Value::Object(fields) => {
            let pick = |step: &Step| {
                let field = fields.get(step.name).unwrap_or(&Value::Null);
                (step.key.clone(), if step.sub.steps.is_empty() { field.clone() } else { shaped(field, &step.sub) })
            };
            plan.steps.iter().map(pick).collect()
        }
        other => other.clone(),
    }
}

impl Job {
    fn stage(&self) -> Stage {
        let stage = self.stage.load(Ordering::SeqCst);
        STAGES[usize::from(stage).min(STAGES.len() - 1)].0
    }

    fn set(&self, stage: Stage) {
        self.stage.store(stage as u8, Ordering::SeqCst);
    }

    /// The lines are counted: it is over, unless somebody stopped it.
    pub fn finish(&self, lines: u64, roots: u64) {
        self.lines.store(lines, Ordering::SeqCst);
        self.roots.store(roots, Ordering::SeqCst);
        let end = if self.failing.is_some() { Stage::Failed } else { Stage::Completed };
        let _ = self.stage.compare_exchange(Stage::Running as u8, end as u8, Ordering::SeqCst, Ordering::SeqCst);
    }

    fn is_open(&self) -> bool {
        matches!(self.stage(), Stage::Created | Stage::Running | Stage::Stuck | Stage::Canceling)
    }

    /// How many lines its file has; none while it has no file.
    pub fn file(&self) -> Option<u64> {
        let lines = self.lines.load(Ordering::SeqCst);
        let lines = match (self.stage(), &self.failing) {
            (Stage::Completed, _) => lines,
            (Stage::Failed, Some(failing)) => lines * failing.partial / 1000,
            _ => 0,
        };
        (lines > 0).then_some(lines)
    }

    fn json(&self, asking: &Asking<'_>) -> Value {
        let stage = self.stage();
        let over = matches!(stage, Stage::Completed | Stage::Failed | Stage::Canceled);
        let url = self.file().map(|_| asking.jobs.signed(self, asking));
        let (url, partial) = if stage == Stage::Failed { (None, url) } else { (url, None) };
        json!({
            "__typename": "BulkOperation",
            "id": text::gid("BulkOperation", self.id),
            "status": STAGES[stage as usize].1,
            "errorCode": self.failing.as_ref().filter(|_| stage == Stage::Failed).map(|failing| &failing.code),
            "createdAt": text::instant(self.created),
            "completedAt": over.then(|| text::instant(asking.view.now.max(self.created))),
            "objectCount": self.lines.load(Ordering::SeqCst).to_string(),
            "rootObjectCount": self.roots.load(Ordering::SeqCst).to_string(),
            "fileSize": null,
            "url": url,
            "partialDataUrl": partial,
            "query": self.query,
            "type": "QUERY",
        })
    }
}

impl Jobs {
    fn list(&self) -> Vec<Arc<Job>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// An operation by its number.
    pub fn find(&self, id: u64) -> Option<Arc<Job>> {
        self.list().into_iter().find(|job| job.id == id)
    }

    fn signed(&self, job: &Job, asking: &Asking<'_>) -> String {
        let domain = &asking.view.shop.domain;
        let expires = asking.view.now + 7 * text::DAY;
        let signature = super::access::signature(asking.view.shop.setup.seed, job.id, expires);
        let base = asking.url;
        format!("{base}/shopify/{domain}/bulk/{}.jsonl?X-Goog-Expires={expires}&X-Goog-Signature={signature}", job.id)
    }

    /// `bulkOperation(id:)`, `currentBulkOperation` and `bulkOperations`. Looking moves what waits one stage on.
    pub fn read(&self, step: &Step, search: &Search, asking: &Asking<'_>) -> Value {
        match step.name {
            "bulkOperation" => self.by_id(step, asking),
            "currentBulkOperation" => match self.list().last() {
                Some(job) => shaped(&self.look(job, asking), &step.sub),
                None => Value::Null,
            },
            _ => {
                let mut jobs = self.list();
                jobs.retain(|job| {
                    search.allows("status", STAGES[job.stage() as usize].1) && search.allows("operation_type", "QUERY")
                });
                let jobs: Vec<Value> = jobs.iter().rev().map(|job| job.json(asking)).collect();
                let edges: Vec<Value> = jobs.iter().map(|job| json!({"node": job, "cursor": job["id"]})).collect();
                let info = json!({"hasNextPage": false, "hasPreviousPage": false,
                    "startCursor": jobs.first().map(|job| &job["id"]), "endCursor": jobs.last().map(|job| &job["id"])});
                shaped(&json!({"nodes": jobs, "edges": edges, "pageInfo": info}), &step.sub)
            }
        }
    }

    /// The operation that the step's `id` names, or null.
    pub fn by_id(&self, step: &Step, asking: &Asking<'_>) -> Value {
        let id = step.args.text("id").and_then(|id| id.rsplit('/').next()?.parse().ok());
        match id.and_then(|id| self.find(id)) {
            Some(job) => shaped(&self.look(&job, asking), &step.sub),
            None => Value::Null,
        }
    }

    fn look(&self, job: &Arc<Job>, asking: &Asking<'_>) -> Value {
        let answer = job.json(asking);
        if job.stage() == Stage::Canceling {
            job.set(Stage::Canceled);
        }
        answer
    }

    /// `bulkOperationRunQuery`: the payload, and the job to run if there is one.
    pub fn submit(
        &self,
        step: &Step,
        asking: &Asking<'_>,
        most: usize,
        demand: Option<&Demand>,
    ) -> (Value, Option<Arc<Job>>) {
        let query = step.args.text("query").unwrap_or_default();
        let refused = |message: String, code: &str| {
            let error = json!({"field": ["query"], "message": message, "code": code});
            (shaped(&json!({"bulkOperation": null, "userErrors": [error]}), &step.sub), None)
        };
        let root = match bulk_rules::check(query) {
            Ok(root) => root,
            Err(message) => return refused(message, "INVALID"),
        };
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        let open: Vec<&Arc<Job>> = all.iter().filter(|job| job.is_open()).collect();
        if let Some(first) = open.first().filter(|_| open.len() >= most) {
            let id = text::gid("BulkOperation", first.id);
            let message = format!("A bulk query operation for this app and shop is already in progress: {id}.");
            return refused(message, "OPERATION_IN_PROGRESS");
        }
        let denied = super::access::missing(asking.grant, &Plan { steps: vec![root.clone()] });
        let failing = match (denied, demand) {
            (Some(_), _) => Some(Failing { code: "ACCESS_DENIED".to_owned(), partial: 0 }),
            (None, Some(Demand::BulkFails { code, partial })) => {
                Some(Failing { code: code.clone(), partial: *partial })
            }
            _ => None,
        };
        let job = Arc::new(Job {
            id: 7_400_000_000_000 + asking.view.shop.setup.number * 1_000_000 + all.len() as u64,
            created: asking.view.now,
            query: query.to_owned(),
            step: root,
            grouped: step.args.flag("groupObjects"),
            grant: asking.grant.clone(),
            overlay: Arc::clone(&asking.view.overlay),
            failing,
            stage: AtomicU8::new(Stage::Created as u8),
            lines: AtomicU64::new(0),
            roots: AtomicU64::new(0),
        });
        all.push(Arc::clone(&job));
        let answer = json!({"bulkOperation": job.json(asking), "userErrors": []});
        job.set(if demand == Some(&Demand::BulkSticks) { Stage::Stuck } else { Stage::Running });
        (shaped(&answer, &step.sub), Some(job))
    }

    /// `bulkOperationCancel`.
    pub fn cancel(&self, step: &Step, asking: &Asking<'_>) -> Value {
        let id = step.args.text("id").and_then(|id| id.rsplit('/').next()?.parse().ok());
        let Some(job) = id.and_then(|id| self.find(id)) else {
            let error = json!({"field": ["id"], "message": "Bulk operation does not exist", "code": null});
            return shaped(&json!({"bulkOperation": null, "userErrors": [error]}), &step.sub);
        };
        let mut errors = Vec::new();
        match job.is_open() {
            true => job.set(Stage::Canceling),
            false => {
                let message = "A bulk operation cannot be canceled when it is completed";
                errors.push(json!({"field": null, "message": message, "code": null}));
            }
        }
        shaped(&json!({"bulkOperation": job.json(asking), "userErrors": errors}), &step.sub)
    }
}
