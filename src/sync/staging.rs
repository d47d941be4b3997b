//! Lines of a download on their way into the store, from which they land in groups: a download of any size takes no more memory than
//! two batches of it, one that is read and one that is written.

use std::time::{Duration, Instant};

use anyhow::Context;
use bytes::Bytes;
use futures_util::StreamExt;
use rusqlite::Transaction;
use tokio::task::JoinHandle;
use url::Url;

use super::landing;
use super::session::{Session, Turn};
use super::store::streams::Stream;
use super::store::{self, Integration, kept, kept::Piece, runs};
use crate::connectors::{Group, Next, Reject, Step, Trouble};
use crate::error::{Error, Result};
use crate::tenants::Tenant;

/// Rows and bytes of one batch.
const PIECES: usize = 5_000;
const BYTES: usize = 4 << 20;

/// Groups, and bytes of them, that a step gets of what is staged.
const GROUPS: usize = 2_000;
const GROUP_BYTES: usize = 4 << 20;
/// How long is landed before anybody looks what else is due.
const DRAIN: Duration = Duration::from_secs(1);

/// What waits to be written.
#[derive(Default)]
struct Batch {
    pieces: Vec<Piece>,
    bytes: usize,
    rejects: Vec<Reject>,
    /// Lines read so far.
    lines: u64,
    /// The batch before it, which is written while this one is read.
    written: Option<JoinHandle<Result<()>>>,
}

/// How a download ended.
enum Ended {
    Whole,
    Stopped,
    By(Trouble),
}

impl Turn {
    /// The turn after a step that brought the groups which this one was given, if nothing but the next groups comes then.
    fn after(&self, step: &Step) -> Option<Self> {
        let (Next::More(position), true) = (&step.next, self.last_group.is_some() && landing::wait_ms(step) == 0)
        else {
            return None;
        };
        let (position, pass) = (Some(position.clone()), Some(self.pass.clone()));
        let stream = Stream { position, pass, begun: Some(self.begun), ..self.stream.clone() };
        Some(Self { stream, pass: self.pass.clone(), begun: self.begun, last_group: None })
    }
}

impl Session {
    /// Stages the lines behind an address, then lands the step that named it. Broken off, it begins anew.
    pub(super) async fn stage(&mut self, turn: Turn, step: Step, (url, then): (Url, serde_json::Value)) -> Result<()> {
        let stream = turn.stream.id;
        self.writing(stream).write(move |tx| kept::unstage(tx, stream)).await?;
        let mut batch = Batch::default();
        let ended = self.read_lines(&turn, &mut batch, &url).await;
        // Nothing of it may be under way when somebody begins anew.
        batch.finish().await?;
        match ended? {
            Ended::Stopped => return Ok(()),
            Ended::By(trouble) => return self.failed(&turn, trouble).await,
            Ended::Whole => {}
        }
        let step = Step { next: Next::Stage { lines: url, then }, ..step };
        self.land(turn, step).await
    }

    async fn read_lines(&mut self, turn: &Turn, batch: &mut Batch, url: &Url) -> Result<Ended> {
        let lines = self.asking()?.client.lines(url).await;
        let mut lines = match lines {
            Ok(lines) => lines,
            Err(trouble) => return Ok(Ended::By(trouble)),
        };
        let stop = self.sync.0.stop.clone();
        loop {
            let next = tokio::select! {
                biased;
                () = stop.cancelled() => return Ok(Ended::Stopped),
                next = lines.next() => next,
            };
            match next {
                Some(Ok(line)) => self.take(batch, &turn.stream.name, &line)?,
                Some(Err(trouble)) => return Ok(Ended::By(trouble)),
                None => break,
            }
            if batch.is_full() {
                self.write_batch(turn, batch).await?;
            }
        }
        self.write_batch(turn, batch).await?;
        Ok(Ended::Whole)
    }

    /// Lands what is staged, group after group: while one step lands, the next is read. Goes back to who looks what is due after a
    /// while, and wherever it is not just the next groups.
    pub(super) async fn drain(&mut self, mut it: Integration, mut turn: Turn) -> Result<()> {
        let (began, mut after, mut underway) = (Instant::now(), String::new(), None);
        while underway.is_none() || began.elapsed() < DRAIN && !self.gives_way() {
            let groups = self.groups(turn.stream.id, after.clone()).await?;
            turn.last_group = groups.last().map(|group| group.key.clone());
            let asked = self.step(&it, &turn, Some(groups)).await;
            if let Some(landing) = underway.take() {
                self.landed(landing).await?;
            }
            let (step, next) = match asked.map(|step| (turn.after(&step), step)) {
                Ok((Some(next), step)) => (step, next),
                other => return self.take_in(turn, other.map(|(_, step)| step)).await,
            };
            it.facts.extend(step.facts.clone());
            after = turn.last_group.clone().unwrap_or_default();
            underway = Some(self.begin_landing(std::mem::replace(&mut turn, next), step)?);
        }
        match underway {
            Some(landing) => self.landed(landing).await,
            None => Ok(()),
        }
    }

    async fn groups(&self, stream: i64, after: String) -> Result<Vec<Group>> {
        self.tenant.db().read(move |conn| kept::groups(conn, stream, &after, (GROUPS, GROUP_BYTES))).await
    }

    /// Adds a line, without people, to what waits.
    fn take(&self, batch: &mut Batch, stream: &str, line: &Bytes) -> Result<()> {
        let asking = self.asking()?;
        batch.lines += 1;
        let redacted = asking.redactor.line(line);
        let grouped = redacted.and_then(|line| Ok((asking.connector.group_of(stream, &line)?, line)));
        let (key, line) = match grouped {
            Ok(grouped) => grouped,
            Err(reason) => {
                // What could not be read as a whole may hold people, so nothing of it is kept.
                let key = format!("line {}", batch.lines);
                batch.rejects.push(Reject { key, reason, text: String::new() });
                return Ok(());
            }
        };
        batch.bytes += line.len();
        match batch.pieces.last_mut().filter(|piece| piece.key == key && piece.body.len() < BYTES) {
            Some(piece) => {
                piece.body.push(b'\n');
                piece.body.extend_from_slice(&line);
            }
            None => batch.pieces.push(Piece { key, line_no: batch.lines, body: line.to_vec() }),
        }
        Ok(())
    }

    /// Has a batch written, once the one before it is.
    async fn write_batch(&mut self, turn: &Turn, batch: &mut Batch) -> Result<()> {
        batch.finish().await?;
        let (stream, name, now_ms) = (turn.stream.id, turn.stream.name.clone(), self.sync.now_ms());
        let (pieces, rejects) = (std::mem::take(&mut batch.pieces), std::mem::take(&mut batch.rejects));
        batch.bytes = 0;
        let (id, sync, writing) = (self.id, self.sync.clone(), self.writing(stream));
        batch.written = Some(tokio::spawn(async move {
            let pieces: Vec<Piece> = pieces.into_iter().map(Piece::packed).collect();
            let write = writing.write(move |tx| {
                kept::stage(tx, stream, &pieces)?;
                runs::add_rejects(tx, id, &name, &rejects, now_ms)
            });
            write.await?;
            sync.step_done("staged");
            Ok(())
        }));
        Ok(())
    }

    fn writing(&self, stream: i64) -> Writing {
        let (tenant, lease) = (self.tenant.clone(), self.lease.clone());
        Writing { tenant, stream, integration: self.id, lease, until_ms: self.lease_until_ms() }
    }
}

/// Writes of one stream under the lease.
struct Writing {
    tenant: Tenant,
    stream: i64,
    integration: i64,
    lease: String,
    until_ms: i64,
}

impl Writing {
    async fn write(self, write: impl FnOnce(&Transaction<'_>) -> Result<()> + Send + 'static) -> Result<()> {
        let Self { tenant, stream, integration, lease, until_ms } = self;
        let write = tenant.db().write(move |tx| {
            let sql = "select exists (select 1 from integration_streams where id = ?)";
            let there: bool = tx.prepare_cached(sql)?.query_row([stream], |row| row.get(0))?;
            if !there || !store::keep_lease(tx, integration, &lease, until_ms)? {
                return Err(Error::conflict("lease_lost", "another works on this integration"));
            }
            write(tx)
        });
        write.await
    }
}

impl Batch {
    /// Waits until what was read is written.
    async fn finish(&mut self) -> Result<()> {
        match self.written.take() {
            Some(written) => written.await.context("writing what was read")?,
            None => Ok(()),
        }
    }

    fn is_full(&self) -> bool {
        self.pieces.len() >= PIECES || self.bytes >= BYTES || self.rejects.len() >= PIECES
    }
}
