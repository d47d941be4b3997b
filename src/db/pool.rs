//! Connections: how each is set up, the writer with its checkpoints, the readers that come and go.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};
use zeroize::Zeroizing;

use super::file::raw_key;
use super::keeper::LogKeeper;
use crate::error::Result;

/// Page cache of the writer, filled only by large writes.
const WRITER_CACHE_KIB: i64 = 64 * 1024;
/// Page cache of one reader. Small, for many tenants are open: a scan gains nothing from more, a point read little.
const READER_CACHE_KIB: i64 = 2 * 1024;
/// Readers kept open when nobody reads.
const IDLE_READERS: usize = 2;
/// A log below this is left alone when writing pauses.
const WORTHWHILE_LOG_BYTES: u64 = 2 * 1024 * 1024;
/// The log is moved into the file beyond this.
const LONG_LOG_BYTES: u64 = 32 * 1024 * 1024;
/// Beyond this a commit waits for readers, so that they cannot make the log grow for ever.
const VERY_LONG_LOG_BYTES: u64 = 256 * 1024 * 1024;
/// How long a statement waits for another connection's lock.
const PATIENCE: Duration = Duration::from_secs(10);
/// Size of a page. Measured with 400,000 orders and 800,000 lines in large batches: 8 KiB takes 6 to 13 % less CPU to write
/// than SQLCipher's 4 KiB. Stored files depend on it: never change it.
pub(super) const PAGE_BYTES: u32 = 8192;

/// Opens a connection to an existing file. It reads nothing yet and, until [`trust`], leaves the log alone when it
/// closes.
pub(super) fn connect(path: &Path, key: &[u8; 32]) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(path, flags)?;
    // A log that belongs to another file must not be copied into this one by a connection that only came to look.
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    let statement = Zeroizing::new(format!(
        "pragma cipher_log_level = none; pragma key = \"{}\"; pragma cipher_page_size = {PAGE_BYTES};",
        *raw_key(key)
    ));
    conn.execute_batch(&statement)?;
    conn.busy_timeout(PATIENCE)?;
    Ok(conn)
}

/// Settings of every connection, once the file is known to be the right one.
fn set_up(conn: &Connection, cache_kib: i64, statements: usize) -> rusqlite::Result<()> {
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    conn.execute_batch(&format!(
        "pragma journal_mode = wal; pragma synchronous = full; pragma wal_autocheckpoint = 0; \
         pragma foreign_keys = on; \
         pragma temp_store = memory; pragma cache_size = -{cache_kib};"
    ))?;
    conn.set_prepared_statement_cache_capacity(statements);
    Ok(())
}

/// Makes a checked connection the writer's.
pub(super) fn trust(conn: &Connection, secure_delete: bool) -> rusqlite::Result<()> {
    set_up(conn, WRITER_CACHE_KIB, 256)?;
    conn.execute_batch(if secure_delete { "pragma secure_delete = on" } else { "pragma secure_delete = off" })?;
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false)?;
    Ok(())
}

/// A lock that survives a panic of its holder: the transaction was rolled back as the panic passed.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The one connection that writes.
pub(super) struct Writer {
    pub(super) conn: Connection,
    /// Commits of the store.
    pub(super) commits: i64,
    /// Who gets what a checkpoint removes.
    keeper: Option<Arc<LogKeeper>>,
    pub(super) log: PathBuf,
}

impl Writer {
    pub(super) fn new(conn: Connection, path: &Path, commits: i64) -> Self {
        let mut log = path.as_os_str().to_owned();
        log.push("-wal");
        Self { conn, commits, keeper: None, log: log.into() }
    }

    /// Another file's, in the place of this one's; who gets what a checkpoint removes goes on to get it.
    pub(super) fn followed_by(&self, conn: Connection, path: &Path, commits: i64) -> Result<Self> {
        let mut next = Self::new(conn, path, commits);
        if let Some(keeper) = &self.keeper {
            next.keep_log(keeper.clone())?;
            keeper.set_dirty();
        }
        Ok(next)
    }

    /// From now on nothing leaves the log unseen: not at a checkpoint, and not at closing.
    pub(super) fn keep_log(&mut self, keeper: Arc<LogKeeper>) -> Result<()> {
        self.conn.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
        self.keeper = Some(keeper);
        Ok(())
    }

    /// After a commit.
    pub(super) fn committed(&mut self, commits: i64) {
        self.commits = commits;
        if let Some(keeper) = &self.keeper {
            keeper.committed(commits);
        }
    }

    /// Frames of the log that hold transactions.
    pub(super) fn frames(&self) -> Result<u64> {
        let frames: i64 = self.conn.query_row("pragma wal_checkpoint(noop)", [], |row| row.get(1))?;
        Ok(u64::try_from(frames).unwrap_or(0))
    }

    /// After a commit: a log that is long is emptied if no reader needs it, one that is very long even if that takes a
    /// wait.
    pub(super) fn checkpoint_if_long(&self) -> Result<()> {
        let long = self.log_bytes();
        if long >= VERY_LONG_LOG_BYTES {
            return self.checkpoint();
        }
        if long >= LONG_LOG_BYTES {
            self.conn.busy_timeout(Duration::ZERO)?;
            let outcome = self.checkpoint();
            self.conn.busy_timeout(PATIENCE)?;
            return outcome;
        }
        Ok(())
    }

    /// For a pause: what a large write filled the page cache with is of no use to the next small one.
    pub(super) fn settle(&self) -> Result<()> {
        self.conn.execute_batch("pragma shrink_memory")?;
        if self.log_bytes() < WORTHWHILE_LOG_BYTES {
            return Ok(());
        }
        self.checkpoint()
    }

    /// Whether the log holds nothing, after it was emptied.
    pub(super) fn empty_log(&self) -> Result<bool> {
        self.checkpoint()?;
        Ok(self.log_bytes() == 0)
    }

    /// Lets the file and its log be as they are when it closes, or not: another may lie in their place by then.
    pub(super) fn leave_alone(&self, leave: bool) -> Result<()> {
        let leave = leave || self.keeper.is_some();
        self.conn.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, leave)?;
        Ok(())
    }

    /// Another file lies in the place of this one.
    pub(super) fn exchanged(&self) {
        if let Some(keeper) = &self.keeper {
            keeper.exchanged(self.commits);
        }
    }

    /// Before the log is emptied, or goes with its file: what nobody has yet of it is kept.
    pub(super) fn hand_over(&self) -> Result<()> {
        if let Some(keeper) = &self.keeper {
            keeper.hand_over(&self.log, self.frames()?, self.commits);
        }
        Ok(())
    }

    fn log_bytes(&self) -> u64 {
        std::fs::metadata(&self.log).map_or(0, |meta| meta.len())
    }

    /// Moves the log into the file and cuts it to nothing, as far as readers allow.
    pub(super) fn checkpoint(&self) -> Result<()> {
        self.hand_over()?;
        Ok(self.conn.query_row("pragma wal_checkpoint(truncate)", [], |_| Ok(()))?)
    }
}

/// Connections that only read, opened when needed.
pub(super) struct Readers {
    path: PathBuf,
    current: RwLock<Current>,
    idle: Mutex<Vec<Connection>>,
}

/// What opens the file that lies at the path now.
pub(super) struct Current {
    pub(super) key: Zeroizing<[u8; 32]>,
    /// Files that lay there before, since it was opened.
    before: u64,
}

impl Readers {
    pub(super) fn new(path: &Path, key: &[u8; 32]) -> Self {
        let current = RwLock::new(Current { key: Zeroizing::new(*key), before: 0 });
        Self { path: path.to_owned(), current, idle: Mutex::default() }
    }

    /// Runs `f` on a reader of its own. One that an exchange overtakes reads the file of before to its end.
    pub(super) fn with<T>(&self, f: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        let (conn, before) = {
            let current = self.current();
            let idle = lock(&self.idle).pop();
            let conn = match idle {
                Some(conn) => conn,
                None => self.connect(&current.key)?,
            };
            (conn, current.before)
        };
        let value = f(&conn);
        let current = self.current();
        let mut idle = lock(&self.idle);
        if current.before == before && idle.len() < IDLE_READERS {
            idle.push(conn);
        }
        value
    }

    /// Lets go of the readers that rest, and says under which key new ones open.
    pub(super) fn begin_anew(&self) -> Zeroizing<[u8; 32]> {
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        current.before += 1;
        lock(&self.idle).clear();
        current.key.clone()
    }

    /// A connection to another file under the same key, as it is.
    pub(super) fn beside(&self, path: &Path) -> Result<Connection> {
        Ok(connect(path, &self.current().key)?)
    }

    /// Nobody opens a reader while `put` puts another file in the place of this one, which is under `key`. Where it fails, the
    /// file of before is read on.
    pub(super) fn exchange<T>(&self, key: &[u8; 32], put: impl FnOnce() -> Result<T>) -> Result<T> {
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        let value = put()?;
        *current = Current { key: Zeroizing::new(*key), before: current.before + 1 };
        lock(&self.idle).clear();
        Ok(value)
    }

    /// What opens the file now.
    pub(super) fn current(&self) -> RwLockReadGuard<'_, Current> {
        self.current.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn connect(&self, key: &[u8; 32]) -> Result<Connection> {
        let conn = connect(&self.path, key)?;
        set_up(&conn, READER_CACHE_KIB, 64)?;
        conn.execute_batch("pragma query_only = on")?;
        Ok(conn)
    }
}
