//! The history of runs, and what could not be understood.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Transaction, params};
use serde::Serialize;

use super::{signed, unsigned};
use crate::connectors::Reject;
use crate::error::Result;

/// What one step, or one wait, adds to a run.
#[derive(Debug, Default, Clone)]
pub(in crate::sync) struct Added {
    pub landed: u64,
    pub unchanged: u64,
    pub rejected: u64,
    pub requests: u64,
    pub bytes: u64,
    pub waited_ms: i64,
    pub quota: Option<String>,
    pub error: Option<String>,
}

/// A run as people see it.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct RunView {
    /// Grows with every run.
    id: i64,
    /// `schedule`, or who asked for it.
    asked_by: String,
    /// `running`, `done`, `failed` or `stopped`.
    state: String,
    #[schema(value_type = String, format = DateTime)]
    started_at: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    ended_at: Option<Timestamp>,
    rows_landed: u64,
    rows_unchanged: u64,
    rows_rejected: u64,
    /// Requests sent to the platform.
    requests: u64,
    /// Bytes it answered with, unpacked.
    bytes: u64,
    /// Milliseconds that the platform, or a limit of it, had us wait.
    waited_ms: u64,
    /// What the platform last said of its quota.
    quota: Option<String>,
    /// The last thing that went wrong.
    error: Option<String>,
}

/// Something that could not be understood.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct RejectView {
    stream: String,
    /// As the platform names it, else where it stood.
    key: String,
    reason: String,
    /// It, without people, at most 64 kB.
    text: String,
    #[schema(value_type = String, format = DateTime)]
    first_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    last_at: Timestamp,
    /// How often it was met.
    times: u64,
}

/// Bytes kept of what could not be understood.
const KEPT: usize = 64 << 10;

/// The run that has not ended, if there is one.
pub(in crate::sync) fn open(conn: &Connection, integration: i64) -> Result<Option<i64>> {
    let sql = "select id from sync_runs where integration_id = ? and state = 'running' order by id desc limit 1";
    Ok(conn.prepare_cached(sql)?.query_row([integration], |row| row.get(0)).optional()?)
}

pub(in crate::sync) fn begin(tx: &Transaction<'_>, integration: i64, by: &str, now_ms: i64) -> Result<i64> {
    tx.prepare_cached(
        "insert into sync_runs (integration_id, asked_by, state, started_at_ms) values (?, ?, 'running', ?)",
    )?
    .execute(params![integration, by, now_ms])?;
    Ok(tx.last_insert_rowid())
}

pub(in crate::sync) fn add(tx: &Transaction<'_>, run: i64, added: &Added) -> Result<()> {
    tx.prepare_cached(
        "update sync_runs set rows_landed = rows_landed + ?2, rows_unchanged = rows_unchanged + ?3,
         rows_rejected = rows_rejected + ?4, requests = requests + ?5, bytes = bytes + ?6, waited_ms = waited_ms + ?7,
         quota = coalesce(?8, quota), error = coalesce(?9, error) where id = ?1",
    )?
    .execute(params![
        run,
        signed(added.landed),
        signed(added.unchanged),
        signed(added.rejected),
        signed(added.requests),
        signed(added.bytes),
        added.waited_ms,
        added.quota,
        added.error,
    ])?;
    Ok(())
}

pub(in crate::sync) fn end(tx: &Transaction<'_>, run: i64, state: &str, now_ms: i64) -> Result<()> {
    let sql = "update sync_runs set state = ?2, ended_at_ms = ?3 where id = ?1";
    tx.prepare_cached(sql)?.execute(params![run, state, now_ms])?;
    Ok(())
}

/// The last runs of an integration, the newest first.
pub(in crate::sync) fn list(conn: &Connection, integration: i64) -> Result<Vec<RunView>> {
    let mut all = conn.prepare_cached(
        "select id, asked_by, state, started_at_ms, ended_at_ms, rows_landed, rows_unchanged, rows_rejected, requests, bytes,
         waited_ms, quota, error from sync_runs where integration_id = ? order by id desc limit 200",
    )?;
    let rows = all.query_map([integration], |row| {
        Ok(RunView {
            id: row.get(0)?,
            asked_by: row.get(1)?,
            state: row.get(2)?,
            started_at: at(row.get(3)?),
            ended_at: row.get::<_, Option<i64>>(4)?.map(at),
            rows_landed: unsigned(row.get(5)?),
            rows_unchanged: unsigned(row.get(6)?),
            rows_rejected: unsigned(row.get(7)?),
            requests: unsigned(row.get(8)?),
            bytes: unsigned(row.get(9)?),
            waited_ms: unsigned(row.get(10)?),
            quota: row.get(11)?,
            error: row.get(12)?,
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn at(ms: i64) -> Timestamp {
    Timestamp::from_millisecond(ms).unwrap_or_default()
}

pub(in crate::sync) fn add_rejects(
    tx: &Transaction<'_>,
    integration: i64,
    stream: &str,
    rejects: &[Reject],
    now_ms: i64,
) -> Result<()> {
    let mut add = tx.prepare_cached(
        "insert into sync_rejects (integration_id, stream, key, reason, text, first_at_ms, last_at_ms)
         values (?1, ?2, ?3, ?4, ?5, ?6, ?6) on conflict (integration_id, stream, key) do update set
         reason = excluded.reason, text = excluded.text, last_at_ms = excluded.last_at_ms, times = times + 1",
    )?;
    for reject in rejects {
        let text = &reject.text[..reject.text.floor_char_boundary(KEPT)];
        add.execute(params![integration, stream, reject.key, reject.reason, text, now_ms])?;
    }
    Ok(())
}

/// What could not be understood, the newest first.
pub(in crate::sync) fn rejects(conn: &Connection, integration: i64) -> Result<Vec<RejectView>> {
    let mut all = conn.prepare_cached(
        "select stream, key, reason, text, first_at_ms, last_at_ms, times from sync_rejects where integration_id = ?
         order by last_at_ms desc, id desc limit 500",
    )?;
    let rows = all.query_map([integration], |row| {
        Ok(RejectView {
            stream: row.get(0)?,
            key: row.get(1)?,
            reason: row.get(2)?,
            text: row.get(3)?,
            first_at: at(row.get(4)?),
            last_at: at(row.get(5)?),
            times: unsigned(row.get(6)?),
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}
