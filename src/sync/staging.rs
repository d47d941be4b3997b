//! Lines of a download on their way into the store, from which they land in groups: a download of any size takes no more memory than a
//! batch of it.

use bytes::Bytes;
use futures_util::StreamExt;
use rusqlite::Transaction;
use url::Url;

use super::session::{Session, Turn};
use super::store::{self, kept, kept::Piece, runs};
use crate::connectors::{Next, Reject, Step};
use crate::error::{Error, Result};

/// Rows and bytes of one batch.
const PIECES: usize = 5_000;
const BYTES: usize = 4 << 20;

/// What waits to be written.
#[derive(Default)]
struct Batch {
    pieces: Vec<Piece>,
    bytes: usize,
    rejects: Vec<Reject>,
    /// Lines read so far.
    lines: u64,
}

impl Session {
    /// Stages the lines behind an address, then lands the step that named it. Broken off, it begins anew.
    pub(super) async fn stage(&mut self, turn: Turn, step: Step, (url, then): (Url, serde_json::Value)) -> Result<()> {
        let stream = turn.stream.id;
        self.write_staged(stream, move |tx| kept::unstage(tx, stream)).await?;
        let lines = self.asking()?.client.lines(&url).await;
        let mut lines = match lines {
            Ok(lines) => lines,
            Err(trouble) => return self.failed(&turn, trouble).await,
        };
        let mut batch = Batch::default();
        let stop = self.sync.0.stop.clone();
        loop {
            let next = tokio::select! {
                biased;
                () = stop.cancelled() => return Ok(()),
                next = lines.next() => next,
            };
            match next {
                Some(Ok(line)) => self.take(&mut batch, &turn.stream.name, &line)?,
                Some(Err(trouble)) => return self.failed(&turn, trouble).await,
                None => break,
            }
            if batch.is_full() {
                self.write_batch(&turn, &mut batch).await?;
            }
        }
        self.write_batch(&turn, &mut batch).await?;
        let step = Step { next: Next::Stage { lines: url, then }, ..step };
        self.land(turn, step).await
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

    async fn write_batch(&mut self, turn: &Turn, batch: &mut Batch) -> Result<()> {
        let (stream, name, now_ms) = (turn.stream.id, turn.stream.name.clone(), self.sync.now_ms());
        let (pieces, rejects) = (std::mem::take(&mut batch.pieces), std::mem::take(&mut batch.rejects));
        batch.bytes = 0;
        let id = self.id;
        let write = move |tx: &Transaction<'_>| {
            kept::stage(tx, stream, &pieces)?;
            runs::add_rejects(tx, id, &name, &rejects, now_ms)
        };
        self.write_staged(stream, write).await?;
        self.sync.step_done("staged");
        Ok(())
    }

    /// Writes under the lease.
    async fn write_staged(
        &self,
        stream: i64,
        write: impl FnOnce(&Transaction<'_>) -> Result<()> + Send + 'static,
    ) -> Result<()> {
        let (id, lease, until) = (self.id, self.lease.clone(), self.lease_until_ms());
        let write = self.tenant.db().write(move |tx| {
            let sql = "select exists (select 1 from integration_streams where id = ?)";
            let there: bool = tx.prepare_cached(sql)?.query_row([stream], |row| row.get(0))?;
            if !there || !store::keep_lease(tx, id, &lease, until)? {
                return Err(Error::conflict("lease_lost", "another works on this integration"));
            }
            write(tx)
        });
        write.await
    }
}

impl Batch {
    fn is_full(&self) -> bool {
        self.pieces.len() >= PIECES || self.bytes >= BYTES || self.rejects.len() >= PIECES
    }
}
