//! What a step brought, landed: its rows, what is kept of its answers, and where it goes on, in one transaction.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use rusqlite::Transaction;
use serde_json::json;

use super::planning::{self, millis};
use super::session::{Session, Turn};
use super::store::runs::Added;
use super::store::streams::{self, State, Stream};
use super::store::{self, Integration, kept, runs};
use super::telling::News;
use super::{Settings, State as Overall};
use crate::auth::Author;
use crate::commerce::rows::{AdScope, Batch};
use crate::commerce::{self, Landed, Lander, Marks};
use crate::connectors::{Next, Pass, Step};
use crate::error::Result;

/// A step ready to land.
pub(super) struct Landing {
    pub connector: &'static str,
    uid: String,
    brand: (i64, String),
    zone: TimeZone,
    lease: String,
    lease_until_ms: i64,
    now_ms: i64,
    settings: Settings,
    turn: Turn,
    step: Step,
    packed: Vec<kept::Packed>,
    marks: Option<Marks>,
    traffic: (u64, u64),
}

/// What became of it.
pub(super) struct Done {
    /// The change-log entry to announce.
    pub seq: Option<i64>,
    /// The run, unless it ended with this.
    pub run: Option<i64>,
    pub news: News,
}

/// How long the next step has to wait, as the platform says.
pub(super) fn wait_ms(step: &Step) -> i64 {
    let quota = step.quota.as_ref().and_then(|quota| quota.wait).map_or(0, millis);
    match step.next {
        Next::Wait(_, wait) => millis(wait).max(quota),
        _ => quota,
    }
}

impl Landing {
    /// One of a session.
    pub(super) fn new(session: &Session, turn: Turn, step: Step, traffic: (u64, u64)) -> Result<Self> {
        Ok(Self {
            connector: session.asking()?.connector.source().name(),
            uid: session.uid.clone(),
            brand: (session.brand.id, session.brand.uid.clone()),
            zone: session.brand.timezone.clone(),
            lease: session.lease.clone(),
            lease_until_ms: session.lease_until_ms(),
            now_ms: session.sync.now_ms(),
            settings: session.sync.settings().clone(),
            turn,
            step,
            packed: Vec::new(),
            marks: None,
            traffic,
        })
    }

    /// Packs its answers and computes the marks of its rows.
    pub(super) fn prepare(&mut self, lander: &Lander) -> Result<()> {
        let raw = if self.settings.raw_days > 0 { std::mem::take(&mut self.step.raw) } else { Vec::new() };
        self.packed = raw.iter().map(kept::pack).collect::<Result<_>>()?;
        self.marks = Some(lander.marker().mark(&self.step.parsed.batch));
        Ok(())
    }

    /// Lands it; nothing where the lease is another's by now.
    pub(super) fn commit(&mut self, tx: &Transaction<'_>, lander: &mut Lander) -> Result<Option<Done>> {
        let Some(mut it) = store::find(tx, &self.uid)? else { return Ok(None) };
        if !store::keep_lease(tx, it.id, &self.lease, self.lease_until_ms)? {
            return Ok(None);
        }
        if !self.step.parsed.batch.stock_places.is_empty() {
            lander.own_warehouses(kept::own_warehouses(tx, it.id)?);
        }
        let marks = self.marks.take().unwrap_or_else(|| lander.marker().mark(&self.step.parsed.batch));
        let landed = lander.land_marked(tx, &self.step.parsed.batch, &marks)?;
        self.keep(tx, &it)?;
        let was = it.state;
        let mut all = streams::list(tx, it.id)?;
        let run = self.run(tx, it.id)?;
        self.count(tx, run, &landed)?;
        it.facts.extend(std::mem::take(&mut self.step.facts));
        if let Some(quota) = &self.step.quota {
            it.quota = Some(json!({ "text": quota.text, "left_percent": quota.left_percent }));
            it.not_before_ms = self.now_ms.saturating_add(quota.wait.map_or(0, millis));
        }
        let mut first_through = false;
        if let Some(stream) = all.iter_mut().find(|stream| stream.id == self.turn.stream.id) {
            stream.rows = stream.rows.saturating_add(store::signed(landed.rows_landed));
            stream.oldest = oldest(&self.step.parsed.batch, &self.zone).into_iter().chain(stream.oldest).min();
            first_through = self.go_on(tx, &it.uid, stream)?;
            streams::save(tx, stream)?;
            self.freshen(tx, &it)?;
        }
        let ended = is_at_rest(&all, self.now_ms);
        if ended {
            let failing = all.iter().any(|stream| stream.failures > 0);
            runs::end(tx, run, if failing { "failed" } else { "done" }, self.now_ms)?;
        }
        if all.iter().all(|stream| stream.state == State::Blocked || stream.pass.is_none() && stream.through.is_some())
        {
            (it.synced_at_ms, it.overdue_told) = (Some(self.now_ms), false);
        }
        (it.error, it.failures) = (None, 0);
        it.state = planning::state_of(&it, &all);
        store::save(tx, &it)?;
        self.tell(tx, &it, was, first_through)?;
        let stream = all.iter().find(|stream| stream.id == self.turn.stream.id);
        let news = News::of(&it.uid, (self.brand.0, &self.brand.1), it.state, stream);
        Ok(Some(Done { seq: landed.seq, run: (!ended).then_some(run), news }))
    }

    fn run(&self, tx: &Transaction<'_>, integration: i64) -> Result<i64> {
        match runs::open(tx, integration)? {
            Some(run) => Ok(run),
            None => runs::begin(tx, integration, "schedule", self.now_ms),
        }
    }

    fn count(&self, tx: &Transaction<'_>, run: i64, landed: &Landed) -> Result<()> {
        let added = Added {
            landed: landed.rows_landed,
            unchanged: landed.rows_unchanged,
            rejected: self.step.parsed.rejects.len() as u64,
            requests: self.traffic.0,
            bytes: self.traffic.1,
            waited_ms: wait_ms(&self.step),
            quota: self.step.quota.as_ref().map(|quota| quota.text.clone()),
            error: None,
        };
        runs::add(tx, run, &added)
    }

    fn keep(&mut self, tx: &Transaction<'_>, it: &Integration) -> Result<()> {
        let stream = &self.turn.stream;
        kept::add_raw(tx, it.id, &stream.name, &self.packed, self.now_ms)?;
        runs::add_rejects(tx, it.id, &stream.name, &self.step.parsed.rejects, self.now_ms)?;
        kept::add_landed(tx, it.id, &named(&self.step.parsed.batch))?;
        if let Some(last) = &self.turn.last_group {
            kept::unstage_to(tx, stream.id, last)?;
        }
        Ok(())
    }

    /// Notes where the stream goes on. True when its first pass ended with this.
    fn go_on(&self, tx: &Transaction<'_>, uid: &str, stream: &mut Stream) -> Result<bool> {
        (stream.failures, stream.last_error) = (0, None);
        stream.progress = self.step.progress;
        (stream.pass, stream.begun) = (Some(self.turn.pass.clone()), Some(self.turn.begun));
        let first = stream.through.is_none();
        stream.state = if first { State::Backfilling } else { State::Healthy };
        match &self.step.next {
            Next::More(position) => {
                (stream.position, stream.next_at_ms) = (Some(position.clone()), self.now_ms);
            }
            Next::Wait(position, wait) => {
                let next = self.now_ms.saturating_add(millis(*wait));
                (stream.position, stream.next_at_ms) = (Some(position.clone()), next);
            }
            // Its lines are staged by now.
            Next::Stage { then, .. } => {
                (stream.position, stream.next_at_ms, stream.staged) = (Some(then.clone()), self.now_ms, true);
            }
            Next::Done { through } => {
                self.complete(stream, *through, uid);
                kept::unstage(tx, stream.id)?;
                return Ok(first && stream.through.is_some());
            }
        }
        Ok(false)
    }

    /// Has figures say how far they reach once a pass is complete, even where it brought nothing.
    fn freshen(&self, tx: &Transaction<'_>, it: &Integration) -> Result<()> {
        let name = self.turn.stream.name.as_str();
        let kind = match name {
            "inventory" => "stock",
            "orders" | "products" | "ads" => name,
            _ => return Ok(()),
        };
        if let Next::Done { .. } = self.step.next
            && let Some(through) = streams::all_through(tx, (it.brand_id, it.source, name))?
        {
            commerce::reached(tx, (it.brand_id, it.source.name(), kind), through)?;
        }
        Ok(())
    }

    fn complete(&self, stream: &mut Stream, through: Timestamp, uid: &str) {
        (stream.pass, stream.begun, stream.position, stream.staged) = (None, None, None, false);
        stream.progress = None;
        stream.state = State::Healthy;
        match &self.turn.pass {
            Pass::Range { .. } => stream.asked.retain(|asked| *asked != self.turn.pass),
            Pass::Restate => {
                stream.restated_at_ms = Some(self.now_ms);
                stream.through = stream.through.max(Some(through));
            }
            Pass::Backfill { .. } => {
                stream.restated_at_ms = Some(self.now_ms);
                stream.through = Some(through);
            }
            Pass::Recent { .. } => stream.through = stream.through.max(Some(through)),
        }
        let slot = planning::next_slot(uid, self.settings.every_ms(), self.now_ms);
        let again = stream.again_at_ms.take().map_or(slot, |at| at.clamp(self.now_ms, slot));
        stream.next_at_ms = if stream.asked.is_empty() { again } else { self.now_ms };
    }

    fn tell(&self, tx: &Transaction<'_>, it: &Integration, was: Overall, first_through: bool) -> Result<()> {
        let (by, at, subject) = (Author::without_request("system"), self.now_ms, format!("integration:{}", it.uid));
        let at = Timestamp::from_millisecond(at).unwrap_or_default();
        if first_through {
            let data = json!({ "source": it.source.name(), "stream": self.turn.stream.name });
            by.tell(tx, at, "sync.first_pass_done", &subject, data)?;
        }
        if was == Overall::Degraded && it.state != Overall::Degraded {
            by.tell(tx, at, "sync.recovered", &subject, json!({ "source": it.source.name() }))?;
        }
        Ok(())
    }
}

/// Whether every stream waits for its next time.
pub(super) fn is_at_rest(all: &[Stream], now_ms: i64) -> bool {
    all.iter().all(|stream| stream.next_at_ms > now_ms && (stream.pass.is_none() || stream.state == State::Blocked))
}

/// The oldest day that a batch tells of, where its rows have days.
fn oldest(batch: &Batch, zone: &TimeZone) -> Option<Date> {
    let moments =
        batch.orders.iter().map(|order| order.placed_at).chain(batch.refunds.iter().map(|one| one.refunded_at));
    let moment = moments.min().and_then(|at| Timestamp::from_second(at).ok());
    let ads = batch.ads.iter().filter_map(|window| match window.replaces {
        AdScope::Days { first, .. } => Some(first),
        AdScope::CampaignDays => window.rows.iter().map(|row| row.day).min(),
    });
    let days = batch.stock.iter().map(|level| level.day).chain(ads);
    days.chain(moment.map(|at| planning::day_of(at, zone))).min()
}

/// Whose rows a batch has, for [`kept::add_landed`].
pub(super) fn named(batch: &Batch) -> Vec<(&'static str, String)> {
    let orders = batch.orders.iter().filter_map(|order| order.store.as_deref());
    let refunds = batch.refunds.iter().filter_map(|refund| refund.store.as_deref());
    let stores: BTreeSet<&str> = orders.chain(refunds).collect();
    let warehouses: BTreeSet<&str> = batch.stock.iter().map(|level| level.warehouse.as_str()).collect();
    let accounts: BTreeSet<String> = batch
        .ads
        .iter()
        .map(|window| format!("{}\u{1f}{}", window.account.channel, window.account.external_id))
        .collect();
    let stores = stores.into_iter().map(|name| ("store", name.to_owned()));
    let warehouses = warehouses.into_iter().map(|name| ("warehouse", name.to_owned()));
    stores.chain(warehouses).chain(accounts.into_iter().map(|account| ("ad_account", account))).collect()
}
