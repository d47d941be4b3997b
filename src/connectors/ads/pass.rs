//! A pass over the accounts of a platform: one slice of days of one account a step, the newest first.
//!
//! An account that has to wait (a report that is being made, a limit of its own) stands back while the others are read; one that
//! cannot be read is left out with a sentence. Waiting is counted in seconds that are still to be waited, not in moments, for the
//! business clock may stand still.

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::account::{self, Account, Found, LeftOut, accounts_fact, chosen, remembered};
use super::days::{Days, Rule};
use super::settings::account_ids;
use super::window::left_out;
use crate::connectors::{Call, Next, Parsed, Pass, Progress, Quota, Raw, Step, Task, Tested, Trouble};

/// The fact that remembers from which day on each account is there.
const REACHED: &str = "reached";

/// The fact that remembers on which day everything that may still change was last read.
const RESTATED: &str = "restated";

/// The fact that remembers until when accounts are better left alone that were read to their end.
const SPARED: &str = "spared";

/// What a platform has to be able to do for [`step`].
#[async_trait]
pub trait Platform: Sync {
    /// What it remembers of an account between steps: a report that is being made, how careful it has to be. Never a secret.
    type State: Serialize + DeserializeOwned + Send + Sync;

    /// What it keeps and still changes.
    fn rule(&self) -> Rule;

    /// How many days of an account are read at once at first, and with what in mind.
    fn begin(&self, pass: &Pass) -> (i32, Self::State);

    /// The accounts that the sign-in reaches.
    async fn accounts(&self, call: &Call<'_>) -> Result<Found, Trouble>;

    /// Reads these days of an account, or gets closer to it.
    async fn read(
        &self,
        call: &Call<'_>,
        work: &mut Work<Self::State>,
        days: Days,
        quota: &mut Option<Quota>,
    ) -> Result<Read, Halt>;

    /// [`super::super::Connector::parse`].
    fn rows(&self, raw: &Raw) -> Parsed;
}

/// What came of reading a slice.
#[derive(Debug)]
pub enum Read {
    /// All of it.
    Whole(Raw),
    /// Nothing yet: the platform is at work.
    NotYet(Duration),
    /// Nothing; the next attempt goes another way.
    Again,
}

/// Why nothing came of it.
#[derive(Debug)]
pub enum Halt {
    /// It concerns every account.
    All(Trouble),
    /// This account has to rest, others need not.
    Rest {
        /// A sentence.
        reason: String,
        /// For so long.
        after: Duration,
    },
    /// This account cannot be read, others may.
    LeaveOut(Trouble),
}

impl From<Trouble> for Halt {
    fn from(trouble: Trouble) -> Self {
        Self::All(trouble)
    }
}

/// What is still to be read of an account.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Work<S> {
    /// Which.
    pub account: Account,
    /// The days that are left.
    pub days: Days,
    /// So many are read at once.
    pub span: i32,
    /// Not before so many seconds.
    #[serde(default)]
    rest: u64,
    /// It came later than the others, and with this pass it is there from this day on.
    #[serde(default)]
    reaches: Option<Date>,
    /// The account's quota is nearly used up: it is better not asked of for so long.
    #[serde(skip)]
    pub spare: Option<Duration>,
    /// The platform's own.
    pub state: S,
}

#[derive(Serialize, Deserialize)]
struct Position<S> {
    queue: Vec<Work<S>>,
    /// Days of all accounts at the beginning.
    total: u64,
    /// An account was read.
    read: bool,
}

impl<S: Serialize> Position<S> {
    fn progress(&self) -> Progress {
        let left = self.queue.iter().map(|work| u64::from(work.days.len().unsigned_abs())).sum();
        Progress { done: self.total.saturating_sub(left), total: self.total }
    }

    /// Where the pass goes on.
    fn next(mut self, task: &Task<'_>) -> Result<Next, Trouble> {
        let rest = self.queue.iter().map(|work| work.rest).min();
        for work in &mut self.queue {
            work.rest -= rest.unwrap_or_default();
        }
        let position = serde_json::to_value(&self);
        let position = position.map_err(|error| Trouble::Refused(format!("a position cannot be written: {error}")))?;
        Ok(match rest {
            None => Next::Done { through: task.begun },
            Some(0) => Next::More(position),
            Some(rest) => Next::Wait(position, Duration::from_secs(rest)),
        })
    }
}

/// One step of a pass; [`super::super::Connector::step`] of the ad platforms.
pub async fn step<P: Platform>(platform: &P, call: &Call<'_>, task: &Task<'_>) -> Result<Step, Trouble> {
    // A position that another version wrote and this one cannot read begins anew: days land as often as one likes.
    let position = task.position.and_then(|position| Position::<P::State>::deserialize(position).ok());
    let mut step = match position {
        None => begin(platform, call, task).await?,
        Some(position) => advance(platform, call, task, position).await?,
    };
    if matches!((&step.next, task.pass), (Next::Done { .. }, Pass::Restate | Pass::Backfill { .. })) {
        // The day before: it has ended in every zone, or nearly.
        let day = task.begun.to_zoned(TimeZone::UTC).date().saturating_sub(1.day());
        step.facts.insert(RESTATED.to_owned(), day.to_string().into());
    }
    Ok(step)
}

/// Finds the accounts and what is to be read of each.
async fn begin<P: Platform>(platform: &P, call: &Call<'_>, task: &Task<'_>) -> Result<Step, Trouble> {
    let known = remembered(call.facts);
    // The hourly pass does not pay for finding accounts that the daily one finds anyway.
    let found = match task.pass {
        Pass::Recent { .. } if !known.is_empty() => Found { accounts: known, left_out: Vec::new() },
        _ => platform.accounts(call).await?,
    };
    let fact = accounts_fact(&found.accounts);
    let found = chosen(found, &account_ids(call.settings));
    if found.accounts.is_empty() {
        let why = found.left_out.first().map(|one| one.reason.as_str());
        return Err(Trouble::Refused(format!(
            "no ad account can be read. {}",
            why.unwrap_or("This sign-in reaches none.")
        )));
    }
    let reached = reached(call.facts);
    let restated = call.facts.get(RESTATED).and_then(|day| day.as_str()?.parse().ok());
    let mut begun = reached.clone();
    let mut queue = Vec::new();
    for account in found.accounts {
        // An account that came later is read from where the others begin.
        let first_pass = matches!(task.pass, Pass::Backfill { .. });
        let late = !first_pass && !reached.is_empty() && !reached.contains_key(&account.id);
        let backfill = Pass::Backfill { from: reached.values().min().copied() };
        let pass = if late { &backfill } else { task.pass };
        let zone = account.zone();
        let Some(days) = platform.rule().days(pass, task.begun, &zone, restated) else { continue };
        let reaches = late.then_some(days.first);
        if first_pass {
            begun.entry(account.id.clone()).and_modify(|first| *first = days.first.min(*first)).or_insert(days.first);
        }
        let (span, state) = platform.begin(pass);
        let rest = spared(call.facts).get(&account.id).map_or(0, |until| seconds_until(*until, call.now));
        queue.push(Work { account, days, span, rest, reaches, spare: None, state });
    }
    let mut position = Position { queue, total: 0, read: false };
    position.total = position.queue.iter().map(|work| u64::from(work.days.len().unsigned_abs())).sum();
    let progress = position.progress();
    let mut step = Step::on(position.next(task)?);
    step.progress = Some(progress);
    step.facts.extend([fact, (REACHED.to_owned(), fact_of(&begun))]);
    for one in &found.left_out {
        keep(platform, &mut step, left_out(one));
    }
    Ok(step)
}

/// Reads a slice of the first account that need not wait.
async fn advance<P: Platform>(
    platform: &P,
    call: &Call<'_>,
    task: &Task<'_>,
    mut position: Position<P::State>,
) -> Result<Step, Trouble> {
    let Some(at) = position.queue.iter().position(|work| work.rest == 0) else {
        return Ok(Step::on(position.next(task)?));
    };
    let mut work = position.queue.remove(at);
    let (days, before) = work.days.newest(work.span);
    let mut step = Step::on(Next::Done { through: task.begun });
    let read = platform.read(call, &mut work, days, &mut step.quota).await;
    let spare = work.spare.take().map_or(0, |spare| spare.as_secs().max(1));
    work.rest = spare;
    if read.is_ok() {
        note_spared(&mut step, call, &work.account.id, spare);
    }
    match read {
        Ok(Read::Whole(raw)) => {
            keep(platform, &mut step, raw);
            position.read = true;
            if let Some(before) = before {
                work.days = before;
                position.queue.insert(at, work);
            } else if let Some(first) = work.reaches {
                let mut all = reached(call.facts);
                all.insert(work.account.id, first);
                step.facts.insert(REACHED.to_owned(), fact_of(&all));
            }
        }
        Ok(Read::NotYet(rest)) => {
            work.rest = rest.as_secs().max(1).max(spare);
            position.queue.push(work);
        }
        Ok(Read::Again) => position.queue.insert(at, work),
        Err(Halt::All(trouble)) => return Err(trouble),
        Err(Halt::Rest { reason, after }) => {
            let text = format!("{}: {reason}", work.account.name);
            step.quota = Some(Quota { text, left_percent: 0.0, wait: None });
            work.rest = after.as_secs().max(1);
            position.queue.push(work);
        }
        Err(Halt::LeaveOut(trouble)) if position.queue.is_empty() && !position.read => return Err(trouble),
        Err(Halt::LeaveOut(trouble)) => {
            // Once it can be read, all of it is.
            let mut all = reached(call.facts);
            if all.len() > 1 && all.remove(&work.account.id).is_some() {
                step.facts.insert(REACHED.to_owned(), fact_of(&all));
            }
            keep(platform, &mut step, left_out(&LeftOut { id: work.account.id, reason: trouble.to_string() }));
        }
    }
    step.progress = Some(position.progress());
    step.next = position.next(task)?;
    Ok(step)
}

/// Puts an answer and what it says into a step.
fn keep<P: Platform>(platform: &P, step: &mut Step, raw: Raw) {
    let parsed = platform.rows(&raw);
    step.raw.push(raw);
    step.parsed.batch.ads.extend(parsed.batch.ads);
    step.parsed.rejects.extend(parsed.rejects);
}

fn reached(facts: &Map<String, Value>) -> BTreeMap<String, Date> {
    facts.get(REACHED).and_then(|all| BTreeMap::deserialize(all).ok()).unwrap_or_default()
}

fn spared(facts: &Map<String, Value>) -> BTreeMap<String, Timestamp> {
    facts.get(SPARED).and_then(|all| BTreeMap::deserialize(all).ok()).unwrap_or_default()
}

fn seconds_until(at: Timestamp, now: Timestamp) -> u64 {
    u64::try_from(at.duration_since(now).as_secs()).unwrap_or_default()
}

/// Remembers until when an account is better left alone, and forgets what is over.
fn note_spared(step: &mut Step, call: &Call<'_>, account: &str, seconds: u64) {
    let before = spared(call.facts);
    let mut all = before.clone();
    all.retain(|_, until| *until > call.now);
    let seconds = SignedDuration::from_secs(i64::try_from(seconds).unwrap_or(i64::MAX));
    match call.now.checked_add(seconds) {
        Ok(until) if until > call.now => {
            all.insert(account.to_owned(), until);
        }
        _ => {}
    }
    if all != before {
        step.facts.insert(SPARED.to_owned(), serde_json::to_value(all).unwrap_or_default());
    }
}

fn fact_of(reached: &BTreeMap<String, Date>) -> Value {
    serde_json::to_value(reached).unwrap_or_default()
}

/// What a test says of the accounts, and what is to be remembered of them besides what was.
pub fn tested(call: &Call<'_>, found: Found) -> Tested {
    let (name, value) = accounts_fact(&found.accounts);
    let mut facts = call.facts.clone();
    facts.insert(name, value);
    let found = chosen(found, &account_ids(call.settings));
    let warnings = found.left_out.iter().map(|one| format!("The ad account {} is left out. {}", one.id, one.reason));
    let mut tested = Tested { warnings: warnings.collect(), facts, ..Tested::default() };
    tested.account = account::told(&found.accounts);
    if found.accounts.is_empty() {
        tested.warnings.push("No ad account can be read with this sign-in.".to_owned());
    }
    tested
}
