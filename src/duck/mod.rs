//! DuckDB: sealed, bounded instances in memory, one per tenant, its connections, and who may run how much at once. Knows nothing of
//! Pulsepoint; SQL that a person or a model wrote never comes here.

mod gate;
mod sink;
#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context as _;

pub use duckdb::{CachedStatement, Connection, Row, Rows, Statement, ToSql, arrow, params, params_from_iter, types};
pub use gate::{Gate, fill_permit};
pub use sink::Sink;

use crate::error::{Error, Result};

/// The version of DuckDB inside.
///
/// # Errors
/// What DuckDB says.
pub fn engine_version() -> Result<String> {
    let version = Connection::open_in_memory().and_then(|conn| conn.version());
    Ok(version.context("asking DuckDB for its version")?)
}

/// What one instance may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// DuckDB's own accounting; a query that needs more fails.
    pub memory_mb: u32,
    /// Threads of one query. More than one costs each instance a pool of its own.
    pub threads: u32,
    /// A query that runs longer is interrupted.
    pub query_time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { memory_mb: 2_048, threads: 1, query_time: Duration::from_secs(20) }
    }
}

/// One instance. Connections are lent and come back with their prepared statements.
pub struct Duck {
    root: Mutex<Connection>,
    idle: Mutex<Vec<Connection>>,
    limits: Limits,
}

/// Connections kept for reuse.
const IDLE_CONNECTIONS: usize = 4;
/// Prepared statements each of them keeps.
const STATEMENTS: usize = 128;

impl Duck {
    /// Opens an empty instance in memory that reaches neither files nor network, and runs `schema` in it.
    ///
    /// # Errors
    /// `Internal`, whatever DuckDB says.
    pub fn open(limits: Limits, schema: &[&str]) -> Result<Arc<Self>> {
        let config = duckdb::Config::default()
            .enable_autoload_extension(false)
            .and_then(|c| c.max_memory(&format!("{}MB", limits.memory_mb)))
            .and_then(|c| c.threads(i64::from(limits.threads)))
            .and_then(|c| c.with("temp_directory", ""))
            .and_then(|c| c.with("enable_external_access", "false"))
            .context("configuring the warehouse")?;
        let root = Connection::open_in_memory_with_flags(config).context("opening the warehouse")?;
        for statements in schema {
            root.execute_batch(statements).context("creating the warehouse's tables")?;
        }
        root.execute_batch("set lock_configuration = true").context("locking the warehouse's settings")?;
        Ok(Arc::new(Self { root: Mutex::new(root), idle: Mutex::new(Vec::new()), limits }))
    }

    /// Lends a connection.
    ///
    /// # Errors
    /// `Internal` when the instance gives none.
    pub fn lend(self: &Arc<Self>) -> Result<Lent> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let connection = match idle {
            Some(connection) => connection,
            None => {
                let root = self.root.lock().unwrap_or_else(PoisonError::into_inner);
                let connection = root.try_clone().context("connecting to the warehouse")?;
                connection.set_prepared_statement_cache_capacity(STATEMENTS);
                connection
            }
        };
        Ok(Lent { connection: Some(connection), duck: Arc::clone(self) })
    }

    /// Whether the instance still answers. A fatal error (a full disk, a broken invariant) kills it for good.
    pub fn is_alive(self: &Arc<Self>) -> bool {
        let probe = || -> Result<i64> {
            let lent = self.lend()?;
            let one = lent.get()?.query_row("select 1", [], |row| row.get(0)).context("probing the warehouse")?;
            Ok(one)
        };
        probe().is_ok()
    }

    /// Runs `read` on a blocking thread with a lent connection, as long as the time limit allows. A caller who goes away
    /// interrupts it.
    ///
    /// # Errors
    /// `Unavailable` when it took too long or too many wait already; otherwise what `read` says.
    pub async fn run<T, F>(self: &Arc<Self>, gate: &Gate, read: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T> + Send + 'static,
    {
        let permit = gate.enter().await?;
        let lent = self.lend()?;
        let guard = Interrupt { handle: lent.get()?.interrupt_handle(), done: Arc::default() };
        let done = Arc::clone(&guard.done);
        let task = tokio::task::spawn_blocking(move || {
            let answer = lent.get().and_then(read);
            // Before the connection goes back, so that the guard cannot interrupt its next user.
            *done.lock().unwrap_or_else(PoisonError::into_inner) = true;
            if answer.is_ok() {
                lent.give_back();
            }
            drop(permit);
            answer
        });
        match tokio::time::timeout(self.limits.query_time, task).await {
            Ok(joined) => joined.context("running a warehouse query").map_err(Error::from)?,
            Err(_) => Err(Error::Unavailable {
                code: "query_too_long",
                reason: format!("the query took longer than {} s", self.limits.query_time.as_secs()),
                retry_after_secs: 5,
            }),
        }
    }
}

/// A connection on loan. Give it back when all went well.
pub struct Lent {
    connection: Option<Connection>,
    duck: Arc<Duck>,
}

impl Lent {
    /// The connection.
    ///
    /// # Errors
    /// Never while it is lent.
    pub fn get(&self) -> Result<&Connection> {
        Ok(self.connection.as_ref().context("using a warehouse connection that went back")?)
    }

    /// Gives the connection back for reuse. One that is merely dropped closes, and what it had not committed is undone: right
    /// for whoever failed half-way.
    pub fn give_back(mut self) {
        let Some(connection) = self.connection.take() else { return };
        let mut idle = self.duck.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < IDLE_CONNECTIONS {
            idle.push(connection);
        }
    }
}

/// Interrupts a query whose caller no longer waits.
struct Interrupt {
    handle: Arc<duckdb::InterruptHandle>,
    done: Arc<Mutex<bool>>,
}

impl Drop for Interrupt {
    fn drop(&mut self) {
        let done = self.done.lock().unwrap_or_else(PoisonError::into_inner);
        if !*done {
            self.handle.interrupt();
        }
    }
}
