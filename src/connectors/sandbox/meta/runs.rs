//! Asynchronous insights: a run is started, looked at until it is completed, and read.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use serde_json::json;

use super::super::ads::{Account, Platform};
use super::super::exchange::{Demand, Reply};
use super::super::text;
use super::Call;
use super::errors::Failure;
use super::insights;

/// How a run goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Course {
    Well,
    Failed,
    Skipped,
    /// It stays at 100 % and running.
    Stuck,
}

#[derive(Debug, Clone)]
struct Run {
    account: u64,
    params: Vec<(String, String)>,
    started: i64,
    /// How often it was looked at.
    looks: u64,
    course: Course,
}

/// All runs.
#[derive(Debug, Default)]
pub struct Runs {
    all: Mutex<HashMap<String, Run>>,
}

const FIRST: u64 = 192_025_512_975_195;

impl Runs {
    pub fn has(&self, id: &str) -> bool {
        self.all.lock().unwrap_or_else(PoisonError::into_inner).contains_key(id)
    }
}

/// `POST /act_{id}/insights`.
pub fn start(call: &Call<'_>, account: &Account) -> Result<Reply, Failure> {
    insights::read(&call.params, account.today(call.world.now()))?;
    let mut all = call.world.meta.runs.all.lock().unwrap_or_else(PoisonError::into_inner);
    let id = (FIRST + all.len() as u64).to_string();
    let (params, started) = (call.params.clone(), call.world.now());
    let course = match call.demand {
        Some(Demand::RunFails) => Course::Failed,
        Some(Demand::RunIsSkipped) => Course::Skipped,
        Some(Demand::RunSticks) => Course::Stuck,
        _ => Course::Well,
    };
    all.insert(id.clone(), Run { account: account.id, params, started, looks: 0, course });
    Ok(Reply::json(200, &json!({"report_run_id": id})))
}

/// `GET /{run}`: each look moves it on. It reaches 100 % one look before it is completed.
pub fn poll(call: &Call<'_>, id: &str) -> Result<Reply, Failure> {
    let mut all = call.world.meta.runs.all.lock().unwrap_or_else(PoisonError::into_inner);
    let run = all.get_mut(id).ok_or_else(|| Failure::missing(id))?;
    run.looks += 1;
    let (status, percent) = state(run);
    let account = call.world.ads.find(Platform::Meta, run.account).ok_or_else(|| Failure::missing(id))?;
    let days = insights::read(&run.params, account.today(call.world.now()))?.days;
    let mut answer = json!({
        "id": id,
        "account_id": run.account.to_string(),
        "time_ref": run.started,
        "async_status": status,
        "async_percent_completion": percent,
        "date_start": text::day(days.0),
        "date_stop": text::day(days.1),
    });
    if status == "Job Completed" {
        answer["time_completed"] = json!(call.world.now().max(run.started + 1));
    }
    if status == "Job Failed" {
        answer["error_code"] = json!(2);
        answer["error_subcode"] = json!(1_504_044);
        answer["error_message"] = json!("An unexpected error occurred.");
        answer["error_user_title"] = json!("Report failed");
        answer["error_user_msg"] = json!("Please try again.");
    }
    Ok(Reply::json(200, &answer))
}

fn state(run: &Run) -> (&'static str, i64) {
    match (run.looks, run.course) {
        (0 | 1, _) => ("Job Not Started", 0),
        (2, _) => ("Job Running", 55),
        (_, Course::Failed) => ("Job Failed", 55),
        (_, Course::Skipped) => ("Job Skipped", 0),
        (3, _) | (_, Course::Stuck) => ("Job Running", 100),
        _ => ("Job Completed", 100),
    }
}

/// `GET /{run}/insights`.
pub fn result(call: &Call<'_>, id: &str) -> Result<Reply, Failure> {
    let all = call.world.meta.runs.all.lock().unwrap_or_else(PoisonError::into_inner);
    let run = all.get(id).cloned().ok_or_else(|| Failure::missing(id))?;
    drop(all);
    if state(&run).0 != "Job Completed" {
        return Err(Failure::new(2601, "(#2601) Error accessing adreport job.").sub(1_815_107));
    }
    let account = call.world.ads.find(Platform::Meta, run.account).ok_or_else(|| Failure::missing(id))?;
    insights::page(call, account, &run.params)
}
