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
use super::job::{Job, Live, ended};
use super::preparing::{Asked, Early, Prepared, prepare};
use super::reading::interrupted;
use super::store::{self, Counts, New, State};
use super::{Limits, Options};
use crate::auth::Author;
use crate::brands::Brand;
use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::tenants::Tenant;

/// Imports of one tenant that may wait.
const QUEUE: usize = 20;
/// Imports of all tenants that work at once; each holds two threads and some tens of megabytes. Also the files that are
/// surveyed while they come, and wait surveyed; the others are surveyed when it is their turn.
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
    surveys: Arc<Semaphore>,
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
        let (places, surveys) = (Semaphore::new(AT_ONCE), Arc::new(Semaphore::new(AT_ONCE)));
        Self(Arc::new(Inner { clock, limits, stop: Arc::default(), tasks: TaskTracker::new(), places, surveys }))
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
        // Few at once: a survey holds what it found until the import has run.
        let place = self.0.surveys.clone().try_acquire_owned().ok();
        let mut early = place.map(|place| Early::new(self.asked(brand, &options), place));
        let upload = self.keep(tenant, file, early.as_mut()).await?;
        let prepared = match early {
            Some(early) => early.found().await?,
            None => None,
        };
        self.start((tenant, brand), options, by, upload, prepared).await
    }

    fn asked(&self, brand: &Brand, options: &Options) -> Asked {
        let Inner { clock, limits, stop, .. } = &*self.0;
        Asked {
            brand: brand.clone(),
            options: options.clone(),
            clock: clock.clone(),
            limits: limits.clone(),
            stop: stop.clone(),
        }
    }

    /// The first half of [`Imports::accept`]: keeps an upload whose options are not known yet.
    ///
    /// # Errors
    /// `TooLarge`, or `Unavailable` where too many wait or the disk is full.
    pub async fn receive(&self, tenant: &Tenant, file: impl AsyncRead + Send + Unpin) -> Result<Upload> {
        self.keep(tenant, file, None).await
    }

    async fn keep(
        &self,
        tenant: &Tenant,
        file: impl AsyncRead + Send + Unpin,
        early: Option<&mut Early>,
    ) -> Result<Upload> {
        let lane = self.lane(tenant).await?;
        let place = enter(&lane)?;
        let source = self.spool(tenant, file, early).await?;
        Ok(Upload { source, lane, place })
    }

    /// Keeps an upload sealed in the tenant's folder until it is imported.
    async fn spool(
        &self,
        tenant: &Tenant,
        mut file: impl AsyncRead + Send + Unpin,
        mut early: Option<&mut Early>,
    ) -> Result<Spool> {
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
            let chunk = Arc::new(chunk);
            if let Some(early) = &mut early {
                early.give(&chunk).await;
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
        self.start(to, options, by, upload, None).await
    }

    async fn start(
        &self,
        to: (&Tenant, &Brand),
        options: Options,
        by: Author,
        upload: Upload,
        prepared: Option<Prepared>,
    ) -> Result<Accepted> {
        let (Upload { source, lane, place }, (tenant, brand)) = (upload, to);
        let asked = self.asked(brand, &options);
        let (prepared, source) = match prepared {
            Some(prepared) => (prepared, source),
            None => spawn_blocking(move || prepare(&asked, &source).map(|prepared| (prepared, source)))
                .await
                .context("recognising the file")??,
        };
        let id = uuid::Uuid::now_v7().to_string();
        let live = Arc::new(Live::default());
        let bytes_total = source.len();
        live.bytes_total.store(bytes_total, Ordering::Relaxed);
        if prepared.plan.is_some() {
            live.bytes_read.store(bytes_total, Ordering::Relaxed);
        }
        let (clock, limits, stop) = (self.0.clock.clone(), self.0.limits.clone(), self.0.stop.clone());
        let job = Job {
            tenant: tenant.clone(),
            brand: brand.clone(),
            id: id.clone(),
            source,
            prepared,
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
    if job.stop.load(Ordering::Relaxed) || job.tenant.is_closed() {
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
                format: job.prepared.layout.format.name(),
                options: &told,
                bytes_total,
                started_by: &job.by.actor,
                now,
            },
        )?;
        let data = json!({ "brand": job.brand.uid, "format": job.prepared.layout.format.name(), "bytes": bytes_total });
        job.by.tell(tx, now, "import.started", &format!("import:{}", job.id), data)?;
        Ok(())
    })
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
