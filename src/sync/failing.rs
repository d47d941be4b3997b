//! What becomes of an integration when its platform gives nothing: waits, a dead letter, an event, or a person who has to act.

use jiff::Timestamp;
use rusqlite::Transaction;
use serde_json::json;

use super::landing::is_at_rest;
use super::planning::{self, backoff_ms};
use super::session::{Session, Turn};
use super::store::runs::Added;
use super::store::streams::{self, State, Stream};
use super::store::{self, Hindrance, Integration, kept, runs};
use super::telling::{self, News};
use super::{Settings, State as Overall};
use crate::auth::Author;
use crate::connectors::{Raw, Reject, Trouble};
use crate::error::Result;

/// A failure about to be noted.
struct Failure {
    uid: String,
    lease: String,
    lease_until_ms: i64,
    now_ms: i64,
    settings: Settings,
    /// The stream that was asked; none where the platform was not reached at all.
    stream: Option<i64>,
    trouble: Trouble,
    chance: u32,
    traffic: (u64, u64),
    packed: Option<kept::Packed>,
}

impl Session {
    /// Notes that a stream's step failed.
    pub(super) async fn failed(&mut self, turn: &Turn, trouble: Trouble) -> Result<()> {
        let keeps = self.sync.settings().raw_days > 0;
        let packed = match &trouble {
            Trouble::Unreadable { answer, .. } if keeps && !answer.is_empty() => {
                let about = json!({ "pass": turn.pass, "position": turn.stream.position });
                Some(kept::pack(&Raw { stream: "", kind: UNREADABLE, about, body: answer.clone() })?)
            }
            _ => None,
        };
        self.note(Some(turn.stream.id), trouble, packed).await
    }

    /// Notes that the platform was not reached at all.
    pub(super) async fn not_reached(&mut self, trouble: Trouble) -> Result<()> {
        self.note(None, trouble, None).await
    }

    async fn note(&mut self, stream: Option<i64>, trouble: Trouble, packed: Option<kept::Packed>) -> Result<()> {
        let source = self.asking().map(|asking| asking.connector.source());
        let now_ms = self.sync.now_ms();
        match (&source, &trouble) {
            (Ok(source), Trouble::Later { throttled: false, .. }) => {
                if self.sync.0.circuits.failed(*source, now_ms) {
                    tracing::warn!("{source} has trouble: nobody asks it for a while");
                }
            }
            // It answered, if not what was wanted.
            (Ok(source), _) => self.sync.0.circuits.answered(*source),
            (Err(_), _) => {}
        }
        tracing::info!(integration = self.uid, reason = %trouble, "a sync got no answer that it can use");
        let failure = Failure {
            uid: self.uid.clone(),
            lease: self.lease.clone(),
            lease_until_ms: self.lease_until_ms(),
            now_ms,
            settings: self.sync.settings().clone(),
            stream,
            trouble,
            chance: rand::random(),
            traffic: self.traffic(),
            packed,
        };
        let brand = (self.brand.id, self.brand.uid.clone());
        let noted = self.tenant.db().write(move |tx| failure.commit(tx, &brand)).await?;
        if let Some(news) = noted {
            telling::tell(&self.tenant, news);
        }
        self.sync.step_done("failed");
        Ok(())
    }

    /// Notes that the integration is long behind, once.
    pub(super) async fn tell_overdue(&self) -> Result<()> {
        let (uid, lease, until, now_ms) =
            (self.uid.clone(), self.lease.clone(), self.lease_until_ms(), self.sync.now_ms());
        let write = self.tenant.db().write(move |tx| {
            let mut it = store::get(tx, &uid)?;
            if it.overdue_told || !store::keep_lease(tx, it.id, &lease, until)? {
                return Ok(());
            }
            it.overdue_told = true;
            store::save(tx, &it)?;
            let since = it.synced_at_ms.and_then(|ms| Timestamp::from_millisecond(ms).ok());
            tell(tx, &it, now_ms, "sync.overdue", json!({ "source": it.source.name(), "last_complete": since }))
        });
        write.await
    }
}

/// How a kept answer that could not be read at all is named.
pub(super) const UNREADABLE: &str = "unreadable";

impl Failure {
    fn commit(self, tx: &Transaction<'_>, brand: &(i64, String)) -> Result<Option<News>> {
        let Some(mut it) = store::find(tx, &self.uid)? else { return Ok(None) };
        if !store::keep_lease(tx, it.id, &self.lease, self.lease_until_ms)? {
            return Ok(None);
        }
        let was = it.state;
        let mut all = streams::list(tx, it.id)?;
        let told = match all.iter_mut().find(|stream| Some(stream.id) == self.stream) {
            Some(stream) => {
                let told = self.of_stream(tx, &mut it, stream)?;
                streams::save(tx, stream)?;
                told
            }
            None => self.of_all(&mut it),
        };
        it.state = planning::state_of(&it, &all);
        store::save(tx, &it)?;
        self.end_run(tx, &it, &all)?;
        let name = all.iter().find(|stream| Some(stream.id) == self.stream).map(|stream| stream.name.clone());
        let data = json!({ "source": it.source.name(), "stream": name, "reason": self.trouble.to_string() });
        if it.state == Overall::NeedsSignIn && was != it.state {
            tell(tx, &it, self.now_ms, "integration.needs_sign_in", data)?;
        } else if told {
            tell(tx, &it, self.now_ms, "sync.failed", data)?;
        }
        let stream = all.iter().find(|stream| Some(stream.id) == self.stream);
        Ok(Some(News::of(&it.uid, (brand.0, &brand.1), it.state, stream)))
    }

    /// What it means for the stream that was asked. True where people should be told.
    fn of_stream(&self, tx: &Transaction<'_>, it: &mut Integration, stream: &mut Stream) -> Result<bool> {
        let reason = self.trouble.to_string();
        let first = stream.failures == 0;
        stream.failures = stream.failures.saturating_add(1);
        stream.last_error = Some(reason.clone());
        match &self.trouble {
            Trouble::Later { after, throttled, .. } => {
                let next = self.now_ms.saturating_add(backoff_ms(stream.failures, *after, self.chance));
                if *throttled {
                    it.not_before_ms = it.not_before_ms.max(next);
                }
                return Ok(self.put_off(&it.uid, stream, next));
            }
            Trouble::Unreadable { answer, .. } => {
                if first {
                    self.dead_letter(tx, it, stream, &reason, answer)?;
                }
                let next = self.now_ms.saturating_add(backoff_ms(stream.failures, None, self.chance));
                return Ok(self.put_off(&it.uid, stream, next));
            }
            Trouble::Scope { .. } | Trouble::Refused(_) => {
                let news = stream.state != State::Blocked;
                (stream.state, stream.next_at_ms) = (State::Blocked, planning::next_day(self.now_ms));
                return Ok(news);
            }
            Trouble::Expired(_) | Trouble::SignIn(_) => it.hindrance = Some(Hindrance::SignIn),
            Trouble::NotAllowed(_) => self.not_allowed(it),
        }
        it.error = Some(reason);
        Ok(first)
    }

    /// When a stream is tried next: soon, and after too many failures in a row at its usual time. True when it has just become too many.
    fn put_off(&self, uid: &str, stream: &mut Stream, next: i64) -> bool {
        let tries = self.settings.tries.max(1);
        stream.next_at_ms = next;
        if stream.failures < tries {
            return false;
        }
        stream.state = State::Degraded;
        stream.next_at_ms = next.max(planning::next_slot(uid, self.settings.every_ms(), self.now_ms));
        stream.failures == tries
    }

    /// What it means for the integration, whose platform was not reached.
    fn of_all(&self, it: &mut Integration) -> bool {
        let first = it.hindrance.is_none() && it.failures == 0;
        it.failures = it.failures.saturating_add(1);
        it.error = Some(self.trouble.to_string());
        let slot = planning::next_slot(&it.uid, self.settings.every_ms(), self.now_ms);
        match &self.trouble {
            Trouble::Later { after, .. } => {
                let next = self.now_ms.saturating_add(backoff_ms(it.failures, *after, self.chance));
                let tries = self.settings.tries.max(1);
                it.not_before_ms = if it.failures < tries { next } else { next.max(slot) };
                it.failures == tries
            }
            Trouble::Expired(_) | Trouble::SignIn(_) => {
                it.hindrance = Some(Hindrance::SignIn);
                first
            }
            Trouble::NotAllowed(_) => {
                self.not_allowed(it);
                first
            }
            Trouble::Scope { .. } | Trouble::Refused(_) | Trouble::Unreadable { .. } => {
                (it.hindrance, it.not_before_ms) = (Some(Hindrance::Refused), slot);
                first
            }
        }
    }

    fn not_allowed(&self, it: &mut Integration) {
        let slot = planning::next_slot(&it.uid, self.settings.every_ms(), self.now_ms);
        (it.hindrance, it.not_before_ms) = (Some(Hindrance::NotAllowed), slot);
    }

    /// An answer that could not be read at all is kept for whoever looks into it.
    fn dead_letter(
        &self,
        tx: &Transaction<'_>,
        it: &Integration,
        stream: &Stream,
        reason: &str,
        answer: &[u8],
    ) -> Result<()> {
        if let Some(packed) = &self.packed {
            kept::add_raw(tx, it.id, &stream.name, std::slice::from_ref(packed), self.now_ms)?;
        }
        let position = stream.position.as_ref().map(|position| format!(" at {position}")).unwrap_or_default();
        let reject = Reject {
            key: format!("an answer{position}"),
            reason: reason.to_owned(),
            text: String::from_utf8_lossy(answer).into_owned(),
        };
        runs::add_rejects(tx, it.id, &stream.name, &[reject], self.now_ms)
    }

    fn end_run(&self, tx: &Transaction<'_>, it: &Integration, all: &[Stream]) -> Result<()> {
        let run = match runs::open(tx, it.id)? {
            Some(run) => run,
            None => runs::begin(tx, it.id, "schedule", self.now_ms)?,
        };
        let rejected = u64::from(matches!(self.trouble, Trouble::Unreadable { .. }));
        let added = Added {
            rejected,
            requests: self.traffic.0,
            bytes: self.traffic.1,
            error: Some(self.trouble.to_string()),
            ..Added::default()
        };
        runs::add(tx, run, &added)?;
        let given_up = all.iter().any(|stream| stream.state == State::Degraded) && next_is_usual(all, self.now_ms);
        if it.hindrance.is_some() || given_up || is_at_rest(all, self.now_ms) && self.stream.is_some() {
            runs::end(tx, run, "failed", self.now_ms)?;
        }
        Ok(())
    }
}

/// Whether nothing but what has failed for now is under way.
fn next_is_usual(all: &[Stream], now_ms: i64) -> bool {
    all.iter().all(|stream| stream.next_at_ms > now_ms && (stream.pass.is_none() || stream.state == State::Degraded))
}

fn tell(tx: &Transaction<'_>, it: &Integration, now_ms: i64, kind: &str, data: serde_json::Value) -> Result<()> {
    let at = Timestamp::from_millisecond(now_ms).unwrap_or_default();
    Author::without_request("system").tell(tx, at, kind, &format!("integration:{}", it.uid), data).map(drop)
}
