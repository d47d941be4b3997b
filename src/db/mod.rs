//! One SQLCipher file: one writer, a few readers, WAL, every acknowledged write on disk. Knows nothing of what is
//! stored.
//!
//! A file tells what it is: its first 16 bytes (SQLCipher's salt) follow from its key, so a wrong key is told from
//! damage without touching anything; inside lie the application id, the owner, and a counter that every commit raises,
//! so that a swapped or an older file is refused. Checkpoints have one owner: the writer, after a commit, once the log
//! is long.

mod copy;
mod exchange;
mod failure;
mod file;
mod keeper;
mod log;
mod migrate;
mod open;
mod pool;
mod upgrade;

pub use exchange::{Broken, Held, remove_log};
pub use failure::OpenError;
pub use keeper::{LogKeeper, PIECE_HEADER, Piece, Waiting};
pub use log::{FRAME, FRAME_HEAD, LOG_HEADER, LogPlace, PAGE, Walk, frame_of, log_header};
pub use migrate::Migration;
pub use upgrade::{BeforeUpgrade, before_upgrades, put_back};

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock, Weak};

use anyhow::Context;
use rusqlite::{Connection, Transaction, TransactionBehavior};
use tokio::sync::Semaphore;

use crate::error::Result;
use pool::{Readers, Writer, lock};

/// Readers that may run at once from async code. Blocking callers are not counted.
const READERS: usize = 8;

/// The versions of SQLite and of SQLCipher inside.
pub fn engine_versions() -> Result<(String, String)> {
    let conn = Connection::open_in_memory()?;
    let text = |sql: &str| conn.query_row(sql, [], |row| row.get(0));
    Ok((text("select sqlite_version()")?, text("pragma cipher_version")?))
}

/// A database of the caller's own in memory, for what is to be asked with SQL and is no file.
pub fn in_memory() -> Result<Connection> {
    let conn = Connection::open_in_memory()?;
    conn.execute_batch("pragma temp_store = memory")?;
    Ok(conn)
}

/// What a file must be to be opened.
#[derive(Debug, Clone, Copy)]
pub struct FileSpec<'a> {
    /// Written into the file's header; tells our kinds of files apart.
    pub application_id: i32,
    /// Whom the file belongs to, written inside.
    pub owner: &'a str,
    /// The schema, in order.
    pub migrations: &'static [Migration],
    /// Make the file if it is not there. A file that is there but empty is refused all the same.
    pub create: bool,
    /// A file with fewer commits than this is an older copy.
    pub least_commits: i64,
    /// Overwrite what is deleted: for files that hold keys.
    pub secure_delete: bool,
}

/// Makes the file another owner's, and lifts its commit counter to at least `commits`, so that no older file passes for it. The
/// open [`Db`] does not learn of it: close it afterwards.
pub fn reassign(tx: &Transaction<'_>, owner: &str, commits: i64) -> Result<()> {
    tx.execute("update file_identity set owner = ?1, commits = max(commits, ?2) where id = 1", (owner, commits))?;
    Ok(())
}

/// The end of a log.
#[derive(Debug, Clone, Copy)]
pub struct LogEnd {
    /// Frames of it.
    pub frames: u64,
    /// Commits of the file.
    pub commits: i64,
}

/// An open file. Cheap to clone; it closes when the last clone is dropped.
#[derive(Clone)]
pub struct Db(Arc<Inner>);

/// A [`Db`] that does not keep its file open.
#[derive(Clone)]
pub struct WeakDb(Weak<Inner>);

impl WeakDb {
    /// The file, if somebody still has it open.
    pub fn upgrade(&self) -> Option<Db> {
        self.0.upgrade().map(Db)
    }

    /// Whether it is this one.
    pub fn is_of(&self, db: &Db) -> bool {
        self.0.as_ptr() == Arc::as_ptr(&db.0)
    }
}

/// Why a file is out of use.
struct Damage {
    why: String,
    /// The disk failed it; opened anew, it may be as good as before.
    by_disk: bool,
}

struct Inner {
    path: PathBuf,
    owner: String,
    // Before the writer: the last connection to close cleans up the log, and that must be the writer.
    readers: Readers,
    writer: Mutex<Writer>,
    read_turns: Semaphore,
    write_turn: Semaphore,
    commits: AtomicI64,
    damage: RwLock<Option<Damage>>,
    spec: FileSpec<'static>,
    after_commit: OnceLock<Box<dyn Fn() + Send + Sync>>,
}

impl Db {
    /// Opens the file at `path` and brings its schema up to date; makes it first if `spec` says so. Refuses, before
    /// changing a byte, whatever does not match `key` and `spec`.
    pub fn open(path: &Path, key: &[u8; 32], spec: &FileSpec<'_>) -> Result<Self, OpenError> {
        Self::open_with(path, key, spec, open::Older::Upgraded)
    }

    /// [`Self::open`], with a copy of the file as it was beside it before its schema is brought up to date: see
    /// [`before_upgrades`].
    pub fn open_keeping(path: &Path, key: &[u8; 32], spec: &FileSpec<'_>) -> Result<Self, OpenError> {
        Self::open_with(path, key, spec, open::Older::Kept)
    }

    /// [`Self::open`], with the schema that the file has.
    pub fn open_as_is(path: &Path, key: &[u8; 32], spec: &FileSpec<'_>) -> Result<Self, OpenError> {
        Self::open_with(path, key, spec, open::Older::AsItIs)
    }

    fn open_with(path: &Path, key: &[u8; 32], spec: &FileSpec<'_>, older: open::Older) -> Result<Self, OpenError> {
        let opened = open::open(path, key, spec, older)?;
        Ok(Self(Arc::new(Inner {
            path: path.to_owned(),
            owner: spec.owner.to_owned(),
            readers: Readers::new(path, key),
            writer: Mutex::new(Writer::new(opened.conn, path, opened.commits)),
            read_turns: Semaphore::new(READERS),
            write_turn: Semaphore::new(1),
            commits: AtomicI64::new(opened.commits),
            damage: RwLock::default(),
            spec: FileSpec { owner: "", create: false, ..*spec },
            after_commit: OnceLock::new(),
        })))
    }

    /// Reads on a blocking thread. All that `f` reads is of one moment.
    pub async fn read<T, F>(&self, f: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T> + Send + 'static,
    {
        let _turn = self.0.read_turns.acquire().await.context("waiting to read")?;
        let db = self.clone();
        tokio::task::spawn_blocking(move || db.read_blocking(f)).await.context("reading a store")?
    }

    /// Writes on a blocking thread: commits when `f` succeeds, rolls back when it fails. Writers take turns.
    pub async fn write<T, F>(&self, f: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Transaction<'_>) -> Result<T> + Send + 'static,
    {
        let _turn = self.0.write_turn.acquire().await.context("waiting to write")?;
        let db = self.clone();
        tokio::task::spawn_blocking(move || db.write_blocking(f)).await.context("writing a store")?
    }

    /// [`Self::read`] on this thread; not for async code.
    pub fn read_blocking<T>(&self, f: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        self.usable()?;
        let outcome = self.0.readers.with(|conn| {
            let snapshot = conn.unchecked_transaction()?;
            f(&snapshot)
        });
        self.watched(outcome)
    }

    /// [`Self::write`] on this thread; not for async code, and not from inside another write.
    pub fn write_blocking<T>(&self, f: impl FnOnce(&Transaction<'_>) -> Result<T>) -> Result<T> {
        self.usable()?;
        let outcome = self.commit(f);
        self.watched(outcome)
    }

    fn commit<T>(&self, f: impl FnOnce(&Transaction<'_>) -> Result<T>) -> Result<T> {
        let mut writer = lock(&self.0.writer);
        // It may have been retired while this waited, and what is written to it then is lost.
        self.usable()?;
        let before = writer.conn.total_changes();
        let tx = writer.conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let value = f(&tx)?;
        if tx.total_changes() == before {
            // Nothing was written, so there is nothing to acknowledge: no sync, no new commit number.
            tx.commit()?;
            return Ok(value);
        }
        let commits = file::count_commit(&tx)?;
        tx.commit()?;
        self.0.commits.store(commits, Ordering::Release);
        writer.committed(commits);
        if let Err(error) = self.watched(writer.checkpoint_if_long()) {
            // The commit stands; the log is only longer than it should be, and the next commit tries again.
            tracing::warn!(path = %self.0.path.display(), %error, "the log of a store could not be checkpointed");
        }
        drop(writer);
        if let Some(hook) = self.0.after_commit.get() {
            hook();
        }
        Ok(value)
    }

    /// Moves the log into the file, as far as readers of this moment allow, and empties it. Nobody needs to call it: long
    /// logs are seen to.
    pub fn checkpoint(&self) -> Result<()> {
        self.usable()?;
        let outcome = lock(&self.0.writer).checkpoint();
        self.watched(outcome)
    }

    /// From now on `keeper` gets whatever a checkpoint removes from the log. The log stays when the file closes.
    pub fn keep_log(&self, keeper: Arc<LogKeeper>) -> Result<()> {
        self.usable()?;
        lock(&self.0.writer).keep_log(keeper)
    }

    /// Where the log ends now, and how many commits the file has then. With `anew`, that keeper forgets what it kept, in the same
    /// moment. Waits for whoever writes.
    pub fn log_end(&self, anew: Option<&LogKeeper>) -> Result<LogEnd> {
        self.usable()?;
        let writer = lock(&self.0.writer);
        let end = LogEnd { frames: writer.frames()?, commits: writer.commits };
        if let Some(keeper) = anew {
            keeper.begin_anew().context("beginning a log's copy anew")?;
        }
        Ok(end)
    }

    /// Where the log lies.
    pub fn log_path(&self) -> PathBuf {
        let mut log = self.0.path.as_os_str().to_owned();
        log.push("-wal");
        log.into()
    }

    /// How many write transactions the file has seen since it was made. Kept in the file.
    pub fn commits(&self) -> i64 {
        self.0.commits.load(Ordering::Acquire)
    }

    /// The schema the file has: how many migrations it has seen.
    pub fn schema(&self) -> Result<i64> {
        self.read_blocking(|conn| Ok(migrate::current(conn)?))
    }

    /// Whom the file belongs to.
    pub fn owner(&self) -> &str {
        &self.0.owner
    }

    /// Where the file lies.
    pub fn path(&self) -> &Path {
        &self.0.path
    }

    /// Whether the file at `path` is one under `key`, judged by its first bytes.
    pub fn is_under(path: &Path, key: &[u8; 32]) -> bool {
        file::check_outside(path, key).is_ok()
    }

    /// For a pause after writing: gives the writer's cache back, and moves the log into the file if it is worth it.
    pub fn settle(&self) -> Result<()> {
        self.usable()?;
        let outcome = lock(&self.0.writer).settle();
        self.watched(outcome)
    }

    /// A handle that does not keep the file open.
    pub fn downgrade(&self) -> WeakDb {
        WeakDb(Arc::downgrade(&self.0))
    }

    /// Calls `hook` after every commit, on the thread that committed. The first hook stays.
    pub fn on_commit(&self, hook: impl Fn() + Send + Sync + 'static) {
        // A second hook is a mistake in the program that no file should suffer for.
        let _ = self.0.after_commit.set(Box::new(hook));
    }

    /// Why the file can no longer be used, if so: it proved corrupt, a sync failed, or it was retired.
    pub fn damage(&self) -> Option<String> {
        let damage = self.0.damage.read().unwrap_or_else(PoisonError::into_inner);
        damage.as_ref().map(|damage| damage.why.clone())
    }

    /// Refuses all use from now on; `why` is what callers are told.
    pub fn retire(&self, why: &str) {
        self.note(Damage { why: why.to_owned(), by_disk: false });
    }

    fn note(&self, found: Damage) {
        let mut damage = self.0.damage.write().unwrap_or_else(PoisonError::into_inner);
        // The first reason stays, for it is the cause; but what could be mended gives way to what cannot.
        if damage.as_ref().is_none_or(|known| known.by_disk && !found.by_disk) {
            *damage = Some(found);
        }
    }

    /// Opens a file anew that the disk failed, for one that nobody can let go of. True when it is in use again, false when
    /// it was not out of use for that reason. What was acknowledged must be there, or it stays out of use. Blocks.
    pub fn mend(&self) -> Result<bool, OpenError> {
        let by_disk = |damage: &Option<Damage>| damage.as_ref().is_some_and(|damage| damage.by_disk);
        if !by_disk(&self.0.damage.read().unwrap_or_else(PoisonError::into_inner)) {
            return Ok(false);
        }
        let mut writer = lock(&self.0.writer);
        let spec = FileSpec { owner: &self.0.owner, least_commits: self.commits(), ..self.0.spec };
        let opened = open::open(&self.0.path, &self.0.readers.begin_anew(), &spec, open::Older::AsItIs)?;
        *writer = writer
            .followed_by(opened.conn, &self.0.path, opened.commits)
            .map_err(|error| OpenError::Io { path: self.0.path.clone(), reason: error.to_string() })?;
        self.0.commits.store(opened.commits, Ordering::Release);
        let mut damage = self.0.damage.write().unwrap_or_else(PoisonError::into_inner);
        let mended = by_disk(&damage);
        if mended {
            *damage = None;
        }
        Ok(mended)
    }

    /// Empties the log into the file and lets go of it; it closes once no other clone is left.
    pub fn close(self) -> Result<()> {
        self.checkpoint()
    }

    fn usable(&self) -> Result<()> {
        self.damage().map_or(Ok(()), |why| Err(failure::unusable(&why)))
    }

    /// Notes a failure after which the file must not be used as it is, and says a full disk in the caller's terms.
    fn watched<T>(&self, outcome: Result<T>) -> Result<T> {
        outcome.map_err(|error| {
            if let Some((why, by_disk)) = failure::ends_use(&error) {
                tracing::error!(path = %self.0.path.display(), %error, "a store is out of use: {why}");
                self.note(Damage { why: why.to_owned(), by_disk });
            }
            failure::for_the_caller(error)
        })
    }
}

impl std::fmt::Debug for Db {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Db").field("path", &self.0.path).field("commits", &self.commits()).finish_non_exhaustive()
    }
}
