//! One import at work: a thread reads, this one writes, at most two batches lie between them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel, sync_channel};
use std::time::{Duration, Instant};

use serde_json::json;

use super::Limits;
use super::batches::{self, Piece};
use super::bytes::spool::Spool;
use super::formats::Format;
use super::preparing::Prepared;
use super::reading::{Reader, interrupted};
use super::store::{self, Counts, State};
use crate::auth::Author;
use crate::brands::Brand;
use crate::clock::Clock;
use crate::commerce::{Landed, Lander, Marks, rates};
use crate::error::{Error, Result};
use crate::secrets::Purpose;
use crate::tenants::Tenant;

/// While batches land, a new data version is announced this often: each one empties caches and redraws pages.
const ANNOUNCE_EVERY: Duration = Duration::from_millis(700);

/// What can be seen of an import while it runs.
#[derive(Debug, Default)]
pub struct Live {
    pub bytes_total: AtomicU64,
    /// Bytes read by both readings; half of it is how far the import is.
    pub bytes_read: Arc<AtomicU64>,
    pub rows_read: AtomicU64,
}

/// All that an import needs.
pub(super) struct Job {
    pub tenant: Tenant,
    pub brand: Brand,
    pub id: String,
    pub source: Spool,
    pub prepared: Prepared,
    pub by: Author,
    pub clock: Clock,
    pub limits: Limits,
    pub live: Arc<Live>,
    pub stop: Arc<AtomicBool>,
}

impl Job {
    /// Runs to the end and records how it ended. The result is the error that ended it early.
    pub fn run(self) -> Result<Counts> {
        let mut writer = Writer::new(&self);
        let done = self
            .tenant
            .db()
            .write_blocking(|tx| store::set_running(tx, &self.id))
            .and_then(|()| self.read(&mut writer));
        let done = done.and_then(|()| writer.finish());
        match done {
            Ok(()) => Ok(writer.counts),
            Err(error) => {
                writer.announce(true);
                let state = match &error {
                    Error::Unavailable { code: "import_interrupted", .. } => State::Interrupted,
                    _ => State::Failed,
                };
                if let Err(second) =
                    ended(&self.tenant, &self.id, &self.by, &self.clock, (state, &error, writer.counts))
                {
                    tracing::error!(error = %second, "could not record how an import ended");
                }
                Err(error)
            }
        }
    }

    fn read(&self, writer: &mut Writer) -> Result<()> {
        let reader = Reader {
            source: &self.source,
            limits: &self.limits,
            bytes: self.live.bytes_read.clone(),
            stop: self.stop.clone(),
        };
        let Prepared { layout, setting, order, plan } = &self.prepared;
        let surveyed;
        let plan = match plan {
            Some((plan, _)) => plan,
            None => {
                surveyed = reader.survey(layout.clone(), setting, *order)?;
                &surveyed
            }
        };
        let marker = writer.lander.marker();
        let (send, receive) = sync_channel::<(Piece, Marks)>(2);
        // Landed pieces go back to the thread that made them: writing is the longer work, and freeing takes a tenth of it.
        let (done, landed) = channel::<Piece>();
        std::thread::scope(|threads| {
            let reading = threads.spawn(move || {
                let read = batches::read(&reader, plan, setting, |piece| {
                    landed.try_iter().for_each(drop);
                    let marks = marker.mark(&piece.output.batch);
                    // A closed channel means that the writer has failed; its error is the one to tell.
                    send.send((piece, marks)).map_err(|_| stopped())
                });
                drop(send);
                landed.iter().for_each(drop);
                read
            });
            let written = writer.write_all(&receive, &done);
            drop((receive, done));
            let read = reading.join().unwrap_or_else(|_| Err(anyhow::anyhow!("the reading thread broke").into()));
            written.and(read)
        })
    }
}

fn stopped() -> Error {
    anyhow::anyhow!("writing stopped").into()
}

/// Records an end that is not a good one.
pub(super) fn ended(tenant: &Tenant, id: &str, by: &Author, clock: &Clock, how: (State, &Error, Counts)) -> Result<()> {
    let (state, error, counts) = how;
    let now = clock.system_time();
    let told = match error {
        Error::Internal(_) | Error::Database(_) => {
            tracing::error!(import = id, %error, "an import failed");
            "The import failed for a reason of our own; the log says which. Import the same file again.".to_owned()
        }
        error => error.to_string(),
    };
    tenant.db().write_blocking(|tx| {
        store::end(tx, id, state, Some(&told), now)?;
        let kind = if state == State::Interrupted { "import.interrupted" } else { "import.failed" };
        let data = json!({ "error": told, "rows_read": counts.read, "rows_landed": counts.landed });
        by.tell(tx, now, kind, &format!("import:{id}"), data)?;
        Ok(())
    })
}

struct Writer<'j> {
    job: &'j Job,
    lander: Lander,
    counts: Counts,
    /// Landed, not yet announced.
    version: Option<i64>,
    announced: Instant,
}

impl<'j> Writer<'j> {
    fn new(job: &'j Job) -> Self {
        let identity = job.tenant.key().derive(Purpose::CustomerIdentity);
        let lander = Lander::new(&identity, &job.brand, job.prepared.layout.format.connector(), job.clock.now());
        Self { job, lander, counts: Counts::default(), version: None, announced: Instant::now() }
    }

    fn write_all(&mut self, pieces: &Receiver<(Piece, Marks)>, done: &Sender<Piece>) -> Result<()> {
        for (mut piece, marks) in pieces {
            self.write(&mut piece, &marks)?;
            // Nobody takes it: it is dropped here.
            let _ = done.send(piece);
            self.announce(false);
        }
        Ok(())
    }

    fn write(&mut self, piece: &mut Piece, marks: &Marks) -> Result<()> {
        let (job, lander, before) = (self.job, &mut self.lander, self.counts);
        if job.tenant.is_closed() {
            return Err(interrupted());
        }
        let (counts, seq) = job.tenant.db().write_blocking(|tx| {
            let landed = lander.land_marked(tx, &piece.output.batch, marks)?;
            let rates = match piece.output.rates.as_slice() {
                [] => None,
                rates => rates::land(tx, rates, "file", job.clock.now().as_millisecond())?,
            };
            let (fresh, unchanged) =
                tally(job.prepared.layout.format, &landed, (piece.output.rates.len() as u64, rates.is_some()));
            let counts = Counts {
                read: before.read + piece.rows,
                landed: before.landed + fresh,
                unchanged: before.unchanged + unchanged,
                rejected: before.rejected + piece.rejected,
            };
            store::add_rejects(tx, &job.id, &piece.rejects)?;
            store::set_counts(tx, &job.id, counts)?;
            Ok((counts, landed.seq.max(rates)))
        })?;
        self.counts = counts;
        self.version = self.version.max(seq);
        job.live.rows_read.store(counts.read, Ordering::Relaxed);
        Ok(())
    }

    /// Ends the source, the import and the events of it in one transaction.
    fn finish(&mut self) -> Result<()> {
        let (job, lander, counts) = (self.job, &mut self.lander, self.counts);
        let now = job.clock.system_time();
        let seq = job.tenant.db().write_blocking(|tx| {
            let landed = lander.finish(tx)?;
            store::end(tx, &job.id, State::Done, None, now)?;
            let data = json!({
                "rows_read": counts.read, "rows_landed": counts.landed, "rows_unchanged": counts.unchanged,
                "rows_rejected": counts.rejected,
            });
            job.by.tell(tx, now, "import.finished", &format!("import:{}", job.id), data)?;
            Ok(landed.seq)
        })?;
        self.version = self.version.max(seq);
        self.announce(true);
        Ok(())
    }

    fn announce(&mut self, at_once: bool) {
        if at_once || self.announced.elapsed() >= ANNOUNCE_EVERY {
            if let Some(version) = self.version.take() {
                self.job.tenant.announce(self.job.brand.id, version);
            }
            self.announced = Instant::now();
        }
    }
}

/// Rows landed and unchanged as a person counts the file's rows: what the format is about, without what comes along (the
/// refunds that Shopify's orders carry, the costs on its products).
fn tally(format: Format, landed: &Landed, rates: (u64, bool)) -> (u64, u64) {
    let one = match format {
        Format::ShopifyOrders => landed.orders,
        Format::Orders => {
            let mut both = landed.orders;
            both += landed.refunds;
            both
        }
        Format::ShopifyProducts => landed.products,
        Format::ShopifyInventory => landed.stock,
        Format::MetaAds | Format::GoogleAds | Format::TiktokAds => landed.ads,
        Format::Costs => landed.costs,
        Format::Rates if rates.1 => return (rates.0, 0),
        Format::Rates => return (0, rates.0),
    };
    (one.landed, one.unchanged)
}
