//! The one stream of Meta: Insights by ad and day.
//!
//! A first pass has Meta make reports, which may take long; the others ask directly. What is too much for an answer is asked for
//! in smaller pages, then as a report, then day by day, then in parts of a day.

use std::time::Duration;

use async_trait::async_trait;
use http::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::ask::{Asking, List};
use super::errors::Fault;
use super::usage::Usage;
use super::{parse, parts};
use crate::connectors::ads::{self, About, Account, Days, Found, Halt, Platform, Read, Rule, Work};
use crate::connectors::{Call, Parsed, Pass, Quota, Raw, Stream, Trouble};

pub const STREAMS: [Stream; 1] = [Stream {
    name: ads::STREAM,
    label: "Ad performance",
    scope: Some("ads_read"),
    restates: true,
    history_days: Some(1_125),
}];

/// Meta changes figures for 28 days, and keeps them for 37 months.
const RULE: Rule = Rule { restates_days: 28, kept_months: Some(37) };
/// What is asked of each ad and day.
pub const FIELDS: &str = "account_id,account_currency,campaign_id,campaign_name,adset_id,adset_name,ad_id,ad_name,date_start,\
    date_stop,impressions,clicks,inline_link_clicks,spend,actions,action_values";
/// More rows than these are not held at once: then it is fewer days.
const MOST_ROWS: usize = 20_000;
/// More rows than these are not held even of one day.
pub const MOST_OF_A_DAY: usize = 200_000;
/// Rows a page, at first and at least.
const LIMITS: (u32, u32) = (500, 50);
/// Days at once: of a report, of a direct question.
const SPANS: (i32, i32) = (30, 7);
/// How often a report is looked at before it counts as stuck: about an hour.
const LOOKS: u32 = 65;

/// See the module's text.
pub struct Insights;

/// How an account is read.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct State {
    way: Way,
    limit: u32,
    report: Option<Report>,
    /// Reports in a row that came to nothing.
    failed: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
enum Way {
    Direct,
    Report,
    Parts,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Report {
    id: String,
    looks: u32,
}

/// What is asked: an account's days.
pub struct Question<'a> {
    pub account: &'a str,
    pub days: Days,
}

impl Question<'_> {
    /// Behind the version.
    pub fn path(&self) -> String {
        format!("act_{}/insights", self.account)
    }

    fn most(&self) -> usize {
        if self.days.len() > 1 { MOST_ROWS } else { MOST_OF_A_DAY }
    }

    /// One row a day of everything at a level.
    pub fn query<'q>(&self, level: &str, fields: &str) -> Vec<(&'q str, String)> {
        let Days { first, last } = self.days;
        vec![
            ("level", level.to_owned()),
            ("time_increment", "1".to_owned()),
            ("time_range", json!({ "since": first, "until": last }).to_string()),
            ("fields", fields.to_owned()),
        ]
    }
}

/// The accounts that the token reaches.
pub async fn accounts(asking: &Asking<'_>, usage: &mut Usage) -> Result<Found, Trouble> {
    let query = vec![("fields", "account_id,name,currency,timezone_name,account_status".to_owned())];
    let list = List { path: "me/adaccounts".to_owned(), query, limit: 100, most: MOST_ROWS };
    let mut found = Found::default();
    for row in asking.list(&list, usage).await? {
        let text = |name: &str| row[name].as_str().unwrap_or_default();
        let id = if text("account_id").is_empty() { text("id") } else { text("account_id") };
        match Account::new(id, text("name"), text("currency"), text("timezone_name"), asking.brand()) {
            Ok(account) => found.accounts.push(account),
            Err(left_out) => found.left_out.push(left_out),
        }
    }
    Ok(found)
}

#[async_trait]
impl Platform for Insights {
    type State = State;

    fn rule(&self) -> Rule {
        RULE
    }

    fn begin(&self, pass: &Pass) -> (i32, State) {
        let (span, way) = match pass {
            Pass::Backfill { .. } => (SPANS.0, Way::Report),
            _ => (SPANS.1, Way::Direct),
        };
        (span, State { way, limit: LIMITS.0, report: None, failed: 0 })
    }

    async fn accounts(&self, call: &Call<'_>) -> Result<Found, Trouble> {
        accounts(&Asking::new(call)?, &mut Usage::default()).await
    }

    async fn read(
        &self,
        call: &Call<'_>,
        work: &mut Work<State>,
        days: Days,
        quota: &mut Option<Quota>,
    ) -> Result<Read, Halt> {
        let asking = Asking::new(call)?;
        let mut usage = Usage::default();
        let account = work.account.id.clone();
        let question = Question { account: &account, days };
        let rows = match work.state.way {
            Way::Direct => asking.list(&direct(&question, work.state.limit), &mut usage).await.map(Ok),
            Way::Report => report(&asking, &question, work, &mut usage).await,
            Way::Parts => parts::read(&asking, &question, &mut usage).await.map(Ok),
        };
        *quota = usage.quota();
        work.spare = usage.account_wait();
        match rows {
            Ok(Ok(rows)) => {
                // What was too much once need not be again; how many days and which way is the account's size.
                (work.state.limit, work.state.report, work.state.failed) = (LIMITS.0, None, 0);
                let about = About { account: work.account.clone(), days, lacks: Vec::new() };
                Ok(Read::Whole(ads::answer("insights", &about, &json!({ "rows": rows }), call.redactor)))
            }
            Ok(Err(read)) => Ok(read),
            Err(Fault::TooMany) if days.len() > 1 => {
                work.span = days.len() / 2;
                Ok(Read::Again)
            }
            Err(Fault::TooMuch(reason)) => less(work, days, reason),
            Err(fault) => Err(fault.into()),
        }
    }

    fn rows(&self, raw: &Raw) -> Parsed {
        parse::parse(raw)
    }
}

fn direct<'a>(question: &Question<'_>, limit: u32) -> List<'a> {
    List { path: question.path(), query: question.query("ad", FIELDS), limit, most: question.most() }
}

/// Has a report made, looks at it, and reads it when it is there.
async fn report(
    asking: &Asking<'_>,
    question: &Question<'_>,
    work: &mut Work<State>,
    usage: &mut Usage,
) -> Result<Result<Vec<Value>, Read>, Fault> {
    let Some(Report { id, looks }) = work.state.report.clone() else {
        let made = asking.ask(Method::POST, &question.path(), &question.query("ad", FIELDS), usage).await?;
        let Some(id) = made["report_run_id"].as_str().filter(|id| id.bytes().all(|byte| byte.is_ascii_digit())) else {
            return Err(Trouble::broken("Meta took the order of a report without naming it").into());
        };
        work.state.report = Some(Report { id: id.to_owned(), looks: 0 });
        return Ok(Err(Read::NotYet(pause(0))));
    };
    let run = match asking.ask(Method::GET, &id, &[], usage).await {
        // It was forgotten.
        Err(Fault::Gone(_)) => return Ok(Err(failed(work, question.days))),
        run => run?,
    };
    // A hundred per cent may still be running: the words count.
    match run["async_status"].as_str().unwrap_or_default() {
        "Job Completed" => {
            let list = List {
                path: format!("{id}/insights"),
                query: Vec::new(),
                limit: work.state.limit,
                most: question.most(),
            };
            Ok(Ok(asking.list(&list, usage).await?))
        }
        "Job Failed" | "Job Skipped" => match asking.run_fault(&run, usage) {
            Some(fault @ (Fault::TooMuch(_) | Fault::Halt(Halt::Rest { .. }))) => {
                work.state.report = None;
                Err(fault)
            }
            _ => Ok(Err(failed(work, question.days))),
        },
        _ if looks >= LOOKS => Ok(Err(failed(work, question.days))),
        _ => {
            work.state.report = Some(Report { id, looks: looks + 1 });
            Ok(Err(Read::NotYet(pause(looks + 1))))
        }
    }
}

/// How long until a report is looked at again.
fn pause(looks: u32) -> Duration {
    Duration::from_secs(match looks {
        0 => 5,
        1 => 10,
        2..=5 => 30,
        _ => 60,
    })
}

/// A report came to nothing: it is ordered once more, then for fewer days, at last the day is read in parts.
fn failed(work: &mut Work<State>, days: Days) -> Read {
    work.state.report = None;
    work.state.failed += 1;
    if work.state.failed > 1 {
        work.state.failed = 0;
        match days.len() {
            1 => work.state.way = Way::Parts,
            many => work.span = many / 2,
        }
    }
    Read::NotYet(pause(2))
}

/// It was too much: smaller pages, a report, one day, parts of it.
fn less(work: &mut Work<State>, days: Days, reason: String) -> Result<Read, Halt> {
    let state = &mut work.state;
    if state.limit > LIMITS.1 {
        state.limit = (state.limit / 2).max(LIMITS.1);
        return Ok(Read::Again);
    }
    (state.limit, state.report) = (LIMITS.0, None);
    match state.way {
        Way::Direct => state.way = Way::Report,
        Way::Report if days.len() > 1 => work.span = 1,
        Way::Report => state.way = Way::Parts,
        Way::Parts => return Err(Trouble::broken(reason).into()),
    }
    Ok(Read::Again)
}

#[cfg(test)]
#[path = "streams_tests.rs"]
mod tests;
