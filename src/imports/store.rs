//! Imports and their refused rows in the tenant's store.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use super::batches::RejectedRow;
use crate::error::{Error, Result};

/// How far an import is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Queued,
    Running,
    Done,
    Failed,
    /// The process ended before the file did. What had landed stays; the same file can be imported again.
    Interrupted,
}

impl State {
    /// The name in the store and in the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Interrupted => "interrupted",
        }
    }
}

/// Rows counted. Read and rejected are rows of the file, landed and unchanged rows of the store (an order line, an ad's day).
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    pub read: u64,
    pub landed: u64,
    pub unchanged: u64,
    pub rejected: u64,
}

/// One import as the store has it.
#[derive(Debug, Clone)]
pub struct Import {
    pub id: String,
    pub file_name: String,
    pub format: String,
    pub state: String,
    pub error: Option<String>,
    pub counts: Counts,
    pub bytes_total: u64,
    pub created_at: Timestamp,
    pub finished_at: Option<Timestamp>,
}

/// An import about to be queued.
pub(super) struct New<'a> {
    pub id: &'a str,
    pub brand_id: i64,
    pub file_name: &'a str,
    pub format: &'a str,
    pub options: &'a str,
    pub bytes_total: u64,
    pub started_by: &'a str,
    pub now: Timestamp,
}

pub(super) fn insert(tx: &Transaction, new: &New) -> Result<()> {
    tx.prepare_cached(
        "insert into imports (id, brand_id, file_name, format, options, state, bytes_total, started_by, created_at_ms)
         values (?, ?, ?, ?, ?, 'queued', ?, ?, ?)",
    )?
    .execute(params![
        new.id,
        new.brand_id,
        new.file_name,
        new.format,
        new.options,
        signed(new.bytes_total),
        new.started_by,
        new.now.as_millisecond()
    ])?;
    Ok(())
}

pub(super) fn set_running(tx: &Transaction, id: &str) -> Result<()> {
    tx.prepare_cached("update imports set state = 'running' where id = ?")?.execute([id])?;
    Ok(())
}

pub(super) fn set_counts(tx: &Transaction, id: &str, counts: Counts) -> Result<()> {
    tx.prepare_cached(
        "update imports set rows_read = ?, rows_landed = ?, rows_unchanged = ?, rows_rejected = ? where id = ?",
    )?
    .execute(params![
        signed(counts.read),
        signed(counts.landed),
        signed(counts.unchanged),
        signed(counts.rejected),
        id
    ])?;
    Ok(())
}

pub(super) fn add_rejects(tx: &Transaction, id: &str, rejects: &[RejectedRow]) -> Result<()> {
    let mut add = tx
        .prepare_cached("insert or ignore into import_rejects (import_id, line_no, reason, row) values (?, ?, ?, ?)")?;
    for reject in rejects {
        add.execute(params![id, signed(reject.line), reject.reason, reject.row])?;
    }
    Ok(())
}

pub(super) fn end(tx: &Transaction, id: &str, state: State, error: Option<&str>, now: Timestamp) -> Result<()> {
    tx.prepare_cached("update imports set state = ?, error = ?, finished_at_ms = ? where id = ?")?.execute(params![
        state.name(),
        error,
        now.as_millisecond(),
        id
    ])?;
    Ok(())
}

/// Imports that a process left behind when it ended.
pub(super) fn left_behind(conn: &Connection) -> Result<Vec<String>> {
    let mut find = conn.prepare("select id from imports where state in ('queued', 'running') order by id")?;
    Ok(find.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?)
}

const COLUMNS: &str = "id, file_name, format, state, error, rows_read, rows_landed, rows_unchanged, rows_rejected, bytes_total, \
    created_at_ms, finished_at_ms";

/// The brand's imports, newest first, at most 200.
///
/// # Errors
/// Whatever SQLite says.
pub fn list(conn: &Connection, brand_id: i64) -> Result<Vec<Import>> {
    let sql =
        format!("select {COLUMNS} from imports where brand_id = ? order by created_at_ms desc, id desc limit 200");
    let mut all = conn.prepare_cached(&sql)?;
    Ok(all.query_map([brand_id], import)?.collect::<rusqlite::Result<_>>()?)
}

/// One import of the brand.
///
/// # Errors
/// `NotFound`, or whatever SQLite says.
pub fn get(conn: &Connection, brand_id: i64, id: &str) -> Result<Import> {
    let sql = format!("select {COLUMNS} from imports where brand_id = ? and id = ?");
    conn.prepare_cached(&sql)?.query_row(params![brand_id, id], import).optional()?.ok_or(Error::NotFound)
}

/// The refused rows that were kept, in the file's order.
///
/// # Errors
/// Whatever SQLite says.
pub fn rejects(conn: &Connection, id: &str) -> Result<Vec<RejectedRow>> {
    let mut all =
        conn.prepare_cached("select line_no, reason, row from import_rejects where import_id = ? order by line_no")?;
    let row = |row: &Row| Ok(RejectedRow { line: unsigned(row.get(0)?), reason: row.get(1)?, row: row.get(2)? });
    Ok(all.query_map([id], row)?.collect::<rusqlite::Result<_>>()?)
}

fn import(row: &Row) -> rusqlite::Result<Import> {
    let at = |ms: i64| Timestamp::from_millisecond(ms).unwrap_or_default();
    let finished: Option<i64> = row.get(11)?;
    Ok(Import {
        id: row.get(0)?,
        file_name: row.get(1)?,
        format: row.get(2)?,
        state: row.get(3)?,
        error: row.get(4)?,
        counts: Counts {
            read: unsigned(row.get(5)?),
            landed: unsigned(row.get(6)?),
            unchanged: unsigned(row.get(7)?),
            rejected: unsigned(row.get(8)?),
        },
        bytes_total: unsigned(row.get(9)?),
        created_at: at(row.get(10)?),
        finished_at: finished.map(at),
    })
}

fn signed(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

fn unsigned(n: i64) -> u64 {
    u64::try_from(n).unwrap_or_default()
}
