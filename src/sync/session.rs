//! One integration at work: under a lease, stream by stream, step by step, until nothing of it is due.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use anyhow::Context;
use tokio::task::JoinHandle;

use super::asking::{Answered, Asking, Question, Stopped};
use super::landing::{self, Done, Landing};
use super::store::streams::{self, Stream};
use super::store::{self, Integration, runs};
use super::telling::{self, News};
use super::{Sync, index, planning};
use crate::auth::Author;
use crate::brands::{self, Brand};
use crate::commerce::Lander;
use crate::connectors::{Group, Next, Pass, Step, Task, Trouble};
use crate::error::{Error, Result};
use crate::secrets::Purpose;
use crate::tenants::Tenant;

/// How long a lease holds without being renewed: longer than any step takes.
const LEASE_MS: i64 = 600_000;
/// How long one may work while others wait for a place.
const SLICE: Duration = Duration::from_secs(10);
/// While steps land, a new data version is announced this often: each one empties caches and redraws pages.
const ANNOUNCE_EVERY: Duration = Duration::from_millis(700);
/// Waits up to this long are sat out; longer ones give the place back.
const SHORT_WAIT_MS: i64 = 1_500;
/// How soon one that was due, yet had nothing to do, is looked at again.
pub(super) const IDLE_MS: i64 = 1_000;

/// What every lease of this process begins with.
fn ours() -> &'static str {
    static OURS: OnceLock<String> = OnceLock::new();
    OURS.get_or_init(|| format!("{}:", uuid::Uuid::new_v4().simple()))
}

/// An integration at work.
pub(super) struct Session {
    pub sync: Sync,
    pub tenant: Tenant,
    pub id: i64,
    pub uid: String,
    pub lease: String,
    pub brand: Brand,
    asking: Option<Asking>,
    lander: Option<Lander>,
    pub run: Option<i64>,
    /// Anything was asked.
    worked: bool,
    begun: Instant,
    /// Landed, not yet announced.
    version: Option<i64>,
    announced: Instant,
    /// Requests and bytes that a run has been told of.
    counted: (u64, u64),
}

/// A step on its way into the store: what landed it, and what came of it unless the lease was lost.
pub(super) type Underway = JoinHandle<Result<(Lander, Option<Done>)>>;

/// What is known of the integration at the moment.
pub(super) struct Look {
    pub it: Integration,
    pub streams: Vec<Stream>,
}

/// One stream's turn.
pub(super) struct Turn {
    pub stream: Stream,
    pub pass: Pass,
    pub begun: jiff::Timestamp,
    /// The last group that the step was given.
    pub last_group: Option<String>,
}

impl Session {
    /// Takes the lease, `lease` by name. Nothing where the integration is gone, or another works on it.
    pub(super) async fn begin(sync: &Sync, tenant: &Tenant, uid: &str, lease: &str) -> Result<Option<Self>> {
        let lease = format!("{}{lease}", ours());
        let (now_ms, wanted, name) = (sync.now_ms(), lease.clone(), uid.to_owned());
        let begun = tenant.db().write(move |tx| {
            let Some(it) = store::find(tx, &name)? else { return Ok(None) };
            if !store::take_lease(tx, it.id, (&wanted, ours()), (now_ms, now_ms + LEASE_MS))? {
                return Ok(None);
            }
            let brand = brands::list(tx)?.into_iter().find(|brand| brand.id == it.brand_id);
            Ok(Some((it.id, brand.ok_or(Error::NotFound)?, runs::open(tx, it.id)?)))
        });
        let Some((id, brand, run)) = begun.await? else { return Ok(None) };
        Ok(Some(Self {
            sync: sync.clone(),
            tenant: tenant.clone(),
            id,
            uid: uid.to_owned(),
            lease,
            brand,
            asking: None,
            lander: None,
            run,
            worked: false,
            begun: Instant::now(),
            version: None,
            announced: Instant::now(),
            counted: (0, 0),
        }))
    }

    /// Gives back the lease of one that ended in a panic.
    pub(super) async fn release(tenant: &Tenant, uid: &str, lease: &str) -> Result<()> {
        let (uid, lease) = (uid.to_owned(), format!("{}{lease}", ours()));
        let write = tenant.db().write(move |tx| match store::find(tx, &uid)? {
            Some(it) => store::release(tx, it.id, &lease),
            None => Ok(()),
        });
        write.await
    }

    /// Works until nothing is due, somebody else waits for the place, or the process stops.
    pub(super) async fn work(&mut self) -> Result<()> {
        while !self.gives_way()
            && let Some(look) = self.look().await?
            && self.one(look).await?
        {}
        Ok(())
    }

    pub(super) fn gives_way(&self) -> bool {
        let crowded = self.sync.0.crowded.load(std::sync::atomic::Ordering::Relaxed);
        self.sync.0.stop.is_cancelled() || self.tenant.is_closed() || crowded && self.begun.elapsed() > SLICE
    }

    async fn look(&self) -> Result<Option<Look>> {
        let uid = self.uid.clone();
        let read = self.tenant.db().read(move |conn| {
            let Some(it) = store::find(conn, &uid)? else { return Ok(None) };
            let streams = streams::list(conn, it.id)?;
            Ok(Some(Look { it, streams }))
        });
        read.await
    }

    /// Does the next thing that is due; false where there is none.
    async fn one(&mut self, look: Look) -> Result<bool> {
        let (it, now_ms) = (&look.it, self.sync.now_ms());
        if it.paused || it.hindrance == Some(store::Hindrance::SignIn) {
            return Ok(false);
        }
        if !it.overdue_told && planning::overdue_ms(it, self.sync.settings()) <= now_ms {
            self.tell_overdue().await?;
        }
        if it.not_before_ms > now_ms || self.sync.0.circuits.open_until(it.source, now_ms).is_some() {
            return Ok(false);
        }
        if it.tested.is_none() || it.hindrance.is_some() {
            return self.test(it).await;
        }
        let Some(stream) = planning::next_stream(&look.streams, now_ms).cloned() else { return Ok(false) };
        self.advance(it, stream).await?;
        Ok(true)
    }

    async fn test(&mut self, it: &Integration) -> Result<bool> {
        match self.ask(it, &Question::Test).await {
            Ok(answered) => {
                let tested = answered.tested()?;
                self.sync.0.circuits.answered(it.source);
                self.sync.keep_tested(&self.tenant, &self.uid, tested, &Author::without_request("system")).await?;
                self.sync.step_done("tested");
                Ok(true)
            }
            Err(Stopped::By(trouble)) => self.not_reached(trouble).await.map(|()| false),
            Err(Stopped::Failed(error)) => Err(error),
        }
    }

    /// One step of a stream, landed.
    async fn advance(&mut self, it: &Integration, stream: Stream) -> Result<()> {
        let connector = self.sync.connector(it.source)?;
        let Some(what) = connector.streams().iter().find(|what| what.name == stream.name) else {
            return self.retire(stream).await;
        };
        let today = planning::day_of(self.sync.now(), &self.brand.timezone);
        let pass = planning::pass_of(&stream, what, it, self.sync.settings(), (today, self.sync.now_ms()));
        let begun = stream.begun.filter(|_| stream.pass.is_some()).unwrap_or_else(|| self.sync.now());
        let turn = Turn { pass, begun, last_group: None, stream };
        if turn.stream.staged {
            return self.drain(it.clone(), turn).await;
        }
        let asked = self.step(it, &turn, None).await;
        self.take_in(turn, asked).await
    }

    /// One step, asked for.
    pub(super) async fn step(
        &mut self,
        it: &Integration,
        turn: &Turn,
        staged: Option<Vec<Group>>,
    ) -> Result<Step, Stopped> {
        let task = Task {
            stream: &turn.stream.name,
            pass: &turn.pass,
            position: turn.stream.position.as_ref(),
            begun: turn.begun,
            staged,
        };
        self.ask(it, &Question::Step(&task)).await.and_then(|answered| Ok(answered.step()?))
    }

    /// Lands what a step brought, or notes why it brought nothing.
    pub(super) async fn take_in(&mut self, turn: Turn, asked: Result<Step, Stopped>) -> Result<()> {
        match asked {
            Ok(step) => {
                self.sync.0.circuits.answered(self.asking()?.connector.source());
                match step.next.clone() {
                    Next::Stage { lines, then } => self.stage(turn, step, (lines, then)).await,
                    _ => self.land(turn, step).await,
                }
            }
            Err(Stopped::By(_)) if self.sync.0.stop.is_cancelled() => Ok(()),
            Err(Stopped::By(trouble)) => self.failed(&turn, trouble).await,
            Err(Stopped::Failed(error)) => Err(error),
        }
    }

    /// Asks, unless the process stops first: a step that was broken off is asked again.
    async fn ask(&mut self, it: &Integration, question: &Question<'_>) -> Result<Answered, Stopped> {
        self.worked = true;
        if self.asking.is_none() {
            self.asking = Some(Asking::open(&self.sync, &self.tenant, it, self.brand.clone()).await?);
        }
        let Some(asking) = &mut self.asking else { return Err(Trouble::broken("nobody to ask").into()) };
        asking.follow(it).await?;
        let stop = self.sync.0.stop.clone();
        tokio::select! {
            biased;
            () = stop.cancelled() => Err(Trouble::broken("the process stops").into()),
            answered = asking.ask(it, question) => answered,
        }
    }

    pub(super) fn asking(&self) -> Result<&Asking> {
        self.asking.as_ref().ok_or_else(|| anyhow::anyhow!("nobody was asked yet").into())
    }

    /// Requests and bytes since the last time.
    pub(super) fn traffic(&mut self) -> (u64, u64) {
        let Some(asking) = &self.asking else { return (0, 0) };
        let now = (asking.client.traffic().requests(), asking.client.traffic().bytes());
        let before = std::mem::replace(&mut self.counted, now);
        (now.0.saturating_sub(before.0), now.1.saturating_sub(before.1))
    }

    /// Lands what a step brought and notes where it goes on.
    pub(super) async fn land(&mut self, turn: Turn, step: Step) -> Result<()> {
        let wait_ms = landing::wait_ms(&step);
        let landing = self.begin_landing(turn, step)?;
        self.landed(landing).await?;
        if (1..=SHORT_WAIT_MS).contains(&wait_ms) {
            tokio::time::sleep(Duration::from_millis(wait_ms.unsigned_abs())).await;
        }
        Ok(())
    }

    /// Begins to land a step. The one before it must have landed.
    pub(super) fn begin_landing(&mut self, turn: Turn, step: Step) -> Result<Underway> {
        let (requests, bytes) = self.traffic();
        let key = self.tenant.key().derive(Purpose::CustomerIdentity);
        let mut landing = Landing::new(self, turn, step, (requests, bytes))?;
        let (now, brand, tenant) = (self.sync.now(), self.brand.clone(), self.tenant.clone());
        let lander = self.lander.take().unwrap_or_else(|| Lander::new(&key, &brand, landing.connector, now));
        Ok(tokio::spawn(async move {
            // What needs no store is done before anybody who writes has to wait.
            let prepare = move || landing.prepare(&lander).map(|()| (landing, lander));
            let prepared = tokio::task::spawn_blocking(prepare).await.context("preparing a step")?;
            let (mut landing, mut lander) = prepared?;
            let write = tenant.db().write(move |tx| {
                let done = landing.commit(tx, &mut lander)?;
                Ok((lander, done))
            });
            write.await
        }))
    }

    /// Waits until a step has landed.
    pub(super) async fn landed(&mut self, landing: Underway) -> Result<()> {
        let (lander, done) = landing.await.context("landing a step")??;
        self.lander = Some(lander);
        let Some(done) = done else {
            return Err(Error::conflict("lease_lost", "another works on this integration"));
        };
        self.run = done.run;
        self.version = self.version.max(done.seq);
        self.announce(done.run.is_none());
        telling::tell(&self.tenant, done.news);
        self.sync.step_done("landed");
        Ok(())
    }

    fn announce(&mut self, at_once: bool) {
        if at_once || self.announced.elapsed() >= ANNOUNCE_EVERY {
            if let Some(version) = self.version.take() {
                self.tenant.announce(self.brand.id, version);
            }
            self.announced = Instant::now();
        }
    }

    /// A stream that this release does not know any more.
    async fn retire(&self, stream: Stream) -> Result<()> {
        let sql = "delete from integration_streams where id = ?";
        self.tenant.db().write(move |tx| Ok(tx.execute(sql, [stream.id])?)).await.map(drop)
    }

    /// Gives the lease back and notes when the integration is next due.
    pub(super) async fn end(mut self) -> Result<()> {
        self.announce(true);
        let (uid, lease, settings) = (self.uid.clone(), self.lease.clone(), self.sync.settings().clone());
        let not_before = if self.worked { 0 } else { self.sync.now_ms().saturating_add(IDLE_MS) };
        let write = self.tenant.db().write(move |tx| {
            let Some(it) = store::find(tx, &uid)? else { return Ok(None) };
            store::release(tx, it.id, &lease)?;
            let streams = streams::list(tx, it.id)?;
            let due = planning::due_ms(&it, &streams, &settings).map(|due| due.max(not_before));
            Ok(Some((it, due)))
        });
        let Some((it, due)) = write.await? else { return Ok(()) };
        let entry = index::Entry { uid: self.uid.clone(), tenant: self.tenant.id().clone(), source: it.source };
        index::put(&self.sync.0.tenants, entry, due).await?;
        let news = News::of(&self.uid, (self.brand.id, &self.brand.uid), it.state, None);
        telling::tell(&self.tenant, news);
        Ok(())
    }

    pub(super) fn lease_until_ms(&self) -> i64 {
        self.sync.now_ms() + LEASE_MS
    }
}
