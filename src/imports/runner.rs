//! Takes files in and runs them: one import at a time per tenant, a bounded queue, a bounded number at once, and an orderly
//! stop. An upload waits sealed on disk; it dies with the process, so that an import which did not end is marked interrupted
//! and its file asked for again.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context;
use serde::Serialize;
use serde_json::json;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::sync::{OnceCell, Semaphore};
use tokio::task::{JoinHandle, spawn_blocking};
use tokio_util::task::TaskTracker;

use super::bytes::spool::{Spool, SpoolWriter};
use super::formats::{Format, Layout, OrdersMap, Setting, reader};
use super::job::{Job, Live, ended};
use super::reading::{Reader, bad, interrupted};
use super::store::{self, Counts, New, State};
use super::text::dates;
use super::{Limits, Options};
use crate::auth::Author;
use crate::brands::Brand;
use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::money::Currency;
use crate::tenants::Tenant;

/// Imports of one tenant that may wait.
const QUEUE: usize = 20;
/// Imports of all tenants that work at once; each holds two threads and some tens of megabytes.
const AT_ONCE: usize = 2;
const CHUNK: usize = 1 << 20;

/// The runner. Cheap to clone.
#[derive(Clone)]
pub struct Imports(Arc<Inner>);

struct Inner {
    clock: Clock,
    limits: Limits,
    stop: Arc<AtomicBool>,
    tasks: TaskTracker,
    places: Semaphore,
}

/// What a tenant's imports share. Lives and dies with the open tenant.
#[derive(Default)]
struct Lane {
    turn: tokio::sync::Mutex<()>,
    waiting: AtomicUsize,
    live: Mutex<HashMap<String, Arc<Live>>>,
    recovered: OnceCell<()>,
}

/// An import that was taken in and runs, or will.
pub struct Accepted {
    pub id: String,
    pub live: Arc<Live>,
    done: JoinHandle<Result<Counts>>,
}

/// How far an import is.
#[derive(Debug, Default, Clone, Copy, Serialize)]
pub struct Progress {
    pub rows_read: u64,
    pub bytes_done: u64,
    pub bytes_total: u64,
}

impl Live {
    /// A look at it.
    pub fn progress(&self) -> Progress {
        let bytes_total = self.bytes_total.load(Ordering::Relaxed);
        let bytes_done = (self.bytes_read.load(Ordering::Relaxed) / 2).min(bytes_total);
        Progress { rows_read: self.rows_read.load(Ordering::Relaxed), bytes_done, bytes_total }
    }
}

/// A file kept sealed, with its place in the queue.
pub struct Upload {
    source: Spool,
    lane: Arc<Lane>,
    place: Place,
}

/// Leaves the queue when dropped.
struct Place(Arc<Lane>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Imports {
    /// A runner that nothing has been given yet.
    pub fn new(clock: Clock, limits: Limits) -> Self {
        let places = Semaphore::new(AT_ONCE);
        Self(Arc::new(Inner { clock, limits, stop: Arc::default(), tasks: TaskTracker::new(), places }))
    }

    /// Imports a file and waits for its end, telling how far it is. For commands; [`Imports::accept`] does not wait.
    ///
    /// # Errors
    /// What is wrong with the file, its options or the store; what had landed before stays.
    pub async fn run_file(
        &self,
        to: (&Tenant, &Brand),
        options: Options,
        by: Author,
        file: impl AsyncRead + Send + Unpin,
        mut progress: impl FnMut(Progress),
    ) -> Result<store::Import> {
        let (tenant, brand) = to;
        let Accepted { id, live, mut done } = self.accept(tenant, brand, options, by, file).await?;
        let mut ticks = tokio::time::interval(Duration::from_millis(100));
        let ended = loop {
            tokio::select! {
                ended = &mut done => break ended,
                _ = ticks.tick() => progress(live.progress()),
            }
        };
        ended.context("waiting for the import")??;
        progress(live.progress());
        let brand_id = brand.id;
        tenant.db().read(move |conn| store::get(conn, brand_id, &id)).await
    }

    /// Takes a file in whole, recognises it, and queues it. The import then runs by itself.
    ///
    /// # Errors
    /// `Unsupported`/`Invalid` where the file or an option cannot be, `TooLarge`, `Unavailable` where too many wait.
    pub async fn accept(
        &self,
        tenant: &Tenant,
        brand: &Brand,
        options: Options,
        by: Author,
        file: impl AsyncRead + Send + Unpin,
    ) -> Result<Accepted> {
        let upload = self.receive(tenant, file).await?;
        self.begin((tenant, brand), options, by, upload).await
    }

    /// The first half of [`Imports::accept`]: keeps an upload whose options are not known yet.
    ///
    /// # Errors
    /// `TooLarge`, or `Unavailable` where too many wait or the disk is full.
    pub async fn receive(&self, tenant: &Tenant, file: impl AsyncRead + Send + Unpin) -> Result<Upload> {
        let lane = self.lane(tenant).await?;
        let place = enter(&lane)?;
        let source = self.spool(tenant, file).await?;
        Ok(Upload { source, lane, place })
    }

    /// Keeps an upload sealed in the tenant's folder until it is imported.
    async fn spool(&self, tenant: &Tenant, mut file: impl AsyncRead + Send + Unpin) -> Result<Spool> {
        let folder = tenant.db().path().parent().context("finding the tenant's folder")?.to_owned();
        let mut writer =
            spawn_blocking(move || SpoolWriter::new(&folder)).await.context("keeping the upload")?.map_err(kept)?;
        let most = self.0.limits.upload_bytes;
        loop {
            let mut chunk = Vec::with_capacity(CHUNK);
            while chunk.len() < CHUNK {
                if file.read_buf(&mut chunk).await.map_err(cut_off)? == 0 {
                    break;
                }
            }
            if chunk.is_empty() {
                break;
            }
            if writer.len() + chunk.len() as u64 > most {
                return Err(Error::TooLarge { reason: format!("The file is larger than {} MB.", most >> 20) });
            }
            let write = move || std::io::Write::write_all(&mut writer, &chunk).map(|()| writer);
            writer = spawn_blocking(write).await.context("keeping the upload")?.map_err(kept)?;
            if self.0.stop.load(Ordering::Relaxed) {
                return Err(interrupted());
            }
        }
        let spool = spawn_blocking(move || writer.finish()).await.context("keeping the upload")?.map_err(kept)?;
        Ok(spool)
    }

    /// The second half of [`Imports::accept`].
    ///
    /// # Errors
    /// As there.
    pub async fn begin(&self, to: (&Tenant, &Brand), options: Options, by: Author, upload: Upload) -> Result<Accepted> {
        let (Upload { source, lane, place }, (tenant, brand)) = (upload, to);
        let (inner, brand, named) = (Arc::clone(&self.0), brand.clone(), options.clone());
        let prepared = spawn_blocking(move || prepare(&inner, &brand, &named, &source).map(|p| (p, source, brand)));
        let ((layout, setting, order), source, brand) = prepared.await.context("recognising the file")??;
        let id = uuid::Uuid::now_v7().to_string();
        let live = Arc::new(Live::default());
        let bytes_total = source.len();
        live.bytes_total.store(bytes_total, Ordering::Relaxed);
        let (clock, limits, stop) = (self.0.clock.clone(), self.0.limits.clone(), self.0.stop.clone());
        let job = Job {
            tenant: tenant.clone(),
            brand,
            id: id.clone(),
            source,
            layout,
            setting,
            order,
            by,
            clock,
            limits,
            live: live.clone(),
            stop,
        };
        let job = spawn_blocking(move || record(&job, &options, bytes_total).map(|()| job))
            .await
            .context("queueing the import")??;
        lane.live.lock().unwrap_or_else(PoisonError::into_inner).insert(id.clone(), live.clone());
        let inner = Arc::clone(&self.0);
        let done = self.0.tasks.spawn(async move {
            let _place = place;
            let _turn = lane.turn.lock().await;
            let _permit = inner.places.acquire().await.context("waiting for a place")?;
            let id = job.id.clone();
            let ran = spawn_blocking(move || work(job)).await.context("running the import");
            lane.live.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
            ran?
        });
        Ok(Accepted { id, live, done })
    }

    /// How far an import is that waits or runs now.
    pub async fn progress(&self, tenant: &Tenant, id: &str) -> Result<Option<Progress>> {
        let lane = self.lane(tenant).await?;
        let live = lane.live.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(live.get(id).map(|live| live.progress()))
    }

    /// Asks every import to stop after its batch, and waits until they have.
    pub async fn close(&self) {
        self.0.stop.store(true, Ordering::Relaxed);
        self.0.tasks.close();
        self.0.tasks.wait().await;
    }

    /// The tenant's lane; the first look marks what an ended process left behind.
    async fn lane(&self, tenant: &Tenant) -> Result<Arc<Lane>> {
        let lane = tenant.slot(Lane::default);
        let (tenant, clock) = (tenant.clone(), self.0.clock.clone());
        lane.recovered
            .get_or_try_init(|| async move {
                spawn_blocking(move || recover(&tenant, &clock)).await.context("looking for interrupted imports")?
            })
            .await?;
        Ok(lane)
    }
}

fn enter(lane: &Arc<Lane>) -> Result<Place> {
    if lane.waiting.fetch_add(1, Ordering::Relaxed) >= QUEUE {
        lane.waiting.fetch_sub(1, Ordering::Relaxed);
        let reason = format!("{QUEUE} imports wait already. Try again when some of them are done.");
        return Err(Error::Unavailable { code: "import_queue_full", reason, retry_after_secs: 30 });
    }
    Ok(Place(Arc::clone(lane)))
}

fn work(job: Job) -> Result<Counts> {
    if job.stop.load(Ordering::Relaxed) {
        let error = interrupted();
        ended(&job.tenant, &job.id, &job.by, &job.clock, (State::Interrupted, &error, Counts::default()))?;
        return Err(error);
    }
    job.run()
}

fn recover(tenant: &Tenant, clock: &Clock) -> Result<()> {
    let left = tenant.db().read_blocking(store::left_behind)?;
    for id in left {
        ended(
            tenant,
            &id,
            &Author::without_request("system"),
            clock,
            (State::Interrupted, &interrupted(), Counts::default()),
        )?;
    }
    Ok(())
}

fn record(job: &Job, options: &Options, bytes_total: u64) -> Result<()> {
    let now = job.clock.system_time();
    let told = serde_json::to_string(options).context("writing the options down")?;
    job.tenant.db().write_blocking(|tx| {
        store::insert(
            tx,
            &New {
                id: &job.id,
                brand_id: job.brand.id,
                file_name: &options.file_name,
                format: job.layout.format.name(),
                options: &told,
                bytes_total,
                started_by: &job.by.actor,
                now,
            },
        )?;
        let data = json!({ "brand": job.brand.uid, "format": job.layout.format.name(), "bytes": bytes_total });
        job.by.tell(tx, now, "import.started", &format!("import:{}", job.id), data)?;
        Ok(())
    })
}

/// Recognises the file and checks what was said about it, before anything is promised.
fn prepare(
    inner: &Inner,
    brand: &Brand,
    options: &Options,
    source: &Spool,
) -> Result<(Layout, Setting, Option<dates::Order>)> {
    let wanted = match options.format.as_deref() {
        None | Some("" | "auto") => None,
        Some(name) => Some(Format::parse(name).ok_or_else(|| {
            let known = Format::ALL.map(Format::name).join(", ");
            Error::invalid("format", format!("There is no format \"{name}\"; there are {known}."))
        })?),
    };
    let given =
        options.map.as_deref().map(OrdersMap::parse).transpose().map_err(|reason| Error::invalid("map", reason))?;
    let looking = Reader { source, limits: &inner.limits, bytes: Arc::default(), stop: inner.stop.clone() };
    let layout = looking.recognise(wanted, given.as_ref())?;
    let map = layout.map.clone();
    let said = |option: &Option<String>, mapped: Option<&String>| {
        option.clone().filter(|o| !o.trim().is_empty()).or(mapped.cloned())
    };
    let currency = match said(&options.currency, map.as_ref().and_then(|m| m.currency.as_ref())) {
        Some(code) => Currency::parse(&code)
            .ok_or_else(|| Error::invalid("currency", format!("\"{code}\" is not a currency code, like USD.")))?,
        None => brand.currency,
    };
    let (zone, zone_name) = match said(&options.timezone, map.as_ref().and_then(|m| m.timezone.as_ref())) {
        Some(name) => {
            let zone = jiff::tz::TimeZone::get(name.trim());
            let unknown =
                |_| Error::invalid("timezone", format!("\"{name}\" is not an IANA time zone, like Europe/London."));
            (zone.map_err(unknown)?, name.trim().to_owned())
        }
        None => (brand.timezone.clone(), brand.timezone_name.clone()),
    };
    let order = match said(&options.date_format, map.as_ref().and_then(|m| m.date_format.as_ref())) {
        Some(format) => Some(dates::order_of(&format).ok_or_else(|| {
            Error::invalid(
                "date_format",
                format!("\"{format}\" says no order of day, month and year, like DD/MM/YYYY does."),
            )
        })?),
        None => None,
    };
    let account = options.account.clone().map(|a| a.trim().to_owned()).filter(|a| !a.is_empty());
    let today = inner.clock.now().to_zoned(brand.timezone.clone()).date();
    let setting = Setting { currency, zone, zone_name, account, today, map };
    reader(&layout, &setting).map_err(|reason| bad("missing_columns", &reason))?;
    Ok((layout, setting, order))
}

fn kept(error: std::io::Error) -> Error {
    match error.kind() {
        std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => Error::Unavailable {
            code: "storage_full",
            reason: "The disk is full: the upload cannot be kept.".to_owned(),
            retry_after_secs: 60,
        },
        _ => anyhow::Error::new(error).context("keeping the upload").into(),
    }
}

fn cut_off(error: std::io::Error) -> Error {
    match error.kind() {
        std::io::ErrorKind::FileTooLarge => Error::TooLarge { reason: error.to_string() },
        _ => Error::invalid("file", format!("The upload broke off: {error}.")),
    }
}
