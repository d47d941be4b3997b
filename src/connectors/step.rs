//! What a step is asked for and what it brings.

use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use url::Url;

use crate::commerce::rows::Batch;

/// Why a stream is read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "pass")]
pub enum Pass {
    /// For the first time: everything from `from` on.
    Backfill {
        /// The first day that is wanted, in the account's zone; none is all there is.
        from: Option<Date>,
    },
    /// What changed since the last pass that ended, with the source's own overlap; for ads, today and yesterday.
    Recent {
        /// Up to when the pass before covered everything; none if there was none.
        since: Option<Timestamp>,
    },
    /// The days whose figures a platform still changes; a full picture where a source does not tell of deletions.
    Restate,
    /// These days once more because a person asked for them.
    Range {
        /// The first day.
        from: Date,
        /// The day after the last.
        to: Date,
    },
}

/// One step of a pass over a stream.
#[derive(Debug)]
pub struct Task<'a> {
    /// The stream's name.
    pub stream: &'a str,
    /// Why it is read.
    pub pass: &'a Pass,
    /// Where the step before left off; none at the beginning of the pass. The connector's own, opaque to others.
    pub position: Option<&'a Value>,
    /// When the pass began: an upper bound that stays the same for all its steps.
    pub begun: Timestamp,
    /// The next groups of a staged download, as many as are wanted at once, in the order of their keys; empty when all were
    /// taken, none where nothing was staged.
    pub staged: Option<Vec<Group>>,
}

/// Lines of a staged download that belong together.
#[derive(Debug, Clone)]
pub struct Group {
    /// What [`super::Connector::group_of`] said.
    pub key: String,
    /// The lines as they came, redacted, in the order they came.
    pub lines: Vec<Bytes>,
}

/// What a step brought.
#[derive(Debug)]
pub struct Step {
    /// The answers that hold data, redacted; each was parsed into `parsed`.
    pub raw: Vec<Raw>,
    /// All their rows.
    pub parsed: Parsed,
    /// Where it goes on.
    pub next: Next,
    /// How far the pass is, if that can be told.
    pub progress: Option<Progress>,
    /// What is left of the platform's quota, as it said.
    pub quota: Option<Quota>,
    /// Facts to be remembered (see [`super::Call::facts`]); merged key by key.
    pub facts: Map<String, Value>,
}

impl Step {
    /// A step that brought nothing but where to go on.
    pub fn on(next: Next) -> Self {
        Self { raw: Vec::new(), parsed: Parsed::default(), next, progress: None, quota: None, facts: Map::new() }
    }
}

/// Where a pass goes on.
#[derive(Debug, Clone, PartialEq)]
pub enum Next {
    /// At this position, at once.
    More(Value),
    /// At this position, not before so long: the platform is still at work.
    Wait(Value, Duration),
    /// The lines behind this address are to be staged first, then it goes on at `then`. Broken off, the step is asked again at
    /// the position before and may name another address.
    Stage {
        /// Where the lines are. May hold a signature: never logged.
        lines: Url,
        /// The position once all are staged.
        then: Value,
    },
    /// Nowhere: the pass is complete.
    Done {
        /// Everything up to this moment is there. The next [`Pass::Recent`] begins with it.
        through: Timestamp,
    },
}

/// How far a pass is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// So many of `total` are done, in any unit.
    pub done: u64,
    /// Of so many.
    pub total: u64,
}

/// What a platform said of its quota.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Quota {
    /// In its own terms, for people: `1,840 of 2,000 points`.
    pub text: String,
    /// What is left, 0 to 100 per cent.
    pub left_percent: f64,
    /// How long to wait before the next step, so that nothing is refused.
    #[serde(skip)]
    pub wait: Option<Duration>,
}

/// An answer that is kept for a while, so that figures can be explained and parsers run again. People are cut out of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Raw {
    /// The stream it belongs to.
    pub stream: &'static str,
    /// What it is, for the parser: `orders.page`, `insights`.
    pub kind: &'static str,
    /// What the parser needs besides: the account, its currency and zone, the days that were asked for.
    pub about: Value,
    /// The body, redacted.
    pub body: Bytes,
}

/// What an answer says.
#[derive(Debug, Default, Clone)]
pub struct Parsed {
    /// Rows that can land.
    pub batch: Batch,
    /// What could not be understood; the rest lands.
    pub rejects: Vec<Reject>,
}

/// One thing of an answer that could not be understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reject {
    /// Which, as the platform names it; else where in the answer.
    pub key: String,
    /// Why, as a sentence.
    pub reason: String,
    /// It, redacted.
    pub text: String,
}
