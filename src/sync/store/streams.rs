//! The streams of integrations: what is read at present, where it goes on, how far it is.

use anyhow::Context;
use jiff::Timestamp;
use jiff::civil::Date;
use rusqlite::{Connection, Row, Transaction, params};
use serde_json::Value;

use super::{maybe, read, text};
use crate::connectors::{Pass, Progress, Source};
use crate::error::Result;

/// How a stream is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sync) enum State {
    /// Its first pass has not begun.
    Waiting,
    /// Its first pass runs.
    Backfilling,
    /// Read as planned.
    Healthy,
    /// Failed so often that it counts; tried on.
    Degraded,
    /// The platform does not let us: tried once a day.
    Blocked,
}

impl State {
    const ALL: [Self; 5] = [Self::Waiting, Self::Backfilling, Self::Healthy, Self::Degraded, Self::Blocked];

    /// The name in the store and in the API.
    pub(in crate::sync) fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Backfilling => "backfilling",
            Self::Healthy => "healthy",
            Self::Degraded => "degraded",
            Self::Blocked => "blocked",
        }
    }
}

/// A stream as it is stored.
#[derive(Debug, Clone)]
pub(in crate::sync) struct Stream {
    pub id: i64,
    pub name: String,
    pub state: State,
    pub pass: Option<Pass>,
    /// When the pass began, in business time.
    pub begun: Option<Timestamp>,
    pub position: Option<Value>,
    pub staged: bool,
    /// Passes that people asked for, the next one first.
    pub asked: Vec<Pass>,
    /// When it is to be read again after the pass that runs or comes next.
    pub again_at_ms: Option<i64>,
    /// Up to when everything is there.
    pub through: Option<Timestamp>,
    pub restated_at_ms: Option<i64>,
    /// The oldest day of which it has brought anything.
    pub oldest: Option<Date>,
    pub rows: i64,
    pub progress: Option<Progress>,
    pub last_error: Option<String>,
    pub failures: u32,
    pub next_at_ms: i64,
}

pub(in crate::sync) fn insert(tx: &Transaction<'_>, integration: i64, name: &str) -> Result<()> {
    let sql = "insert into integration_streams (integration_id, name) values (?, ?) on conflict do nothing";
    tx.execute(sql, params![integration, name])?;
    Ok(())
}

/// The streams of an integration, in the order in which they were added.
pub(in crate::sync) fn list(conn: &Connection, integration: i64) -> Result<Vec<Stream>> {
    let mut all = conn.prepare_cached(
        "select id, name, state, pass, begun_ms, position, staged, asked, again_at_ms, through_ms, restated_at_ms, rows, progress,
         last_error, failures, next_at_ms, oldest_day from integration_streams where integration_id = ? order by id",
    )?;
    let mut rows = all.query([integration])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(stream(row)?);
    }
    Ok(found)
}

fn stream(row: &Row<'_>) -> Result<Stream> {
    let state: String = row.get(2)?;
    Ok(Stream {
        id: row.get(0)?,
        name: row.get(1)?,
        state: State::ALL.into_iter().find(|one| one.name() == state).context("reading a stream's state")?,
        pass: maybe(row.get(3)?)?,
        begun: row.get::<_, Option<i64>>(4)?.map(at),
        position: maybe(row.get(5)?)?,
        staged: row.get(6)?,
        asked: read(row.get_ref(7)?.as_str().unwrap_or_default())?,
        again_at_ms: row.get(8)?,
        through: row.get::<_, Option<i64>>(9)?.map(at),
        restated_at_ms: row.get(10)?,
        rows: row.get(11)?,
        progress: maybe(row.get(12)?)?,
        last_error: row.get(13)?,
        failures: row.get(14)?,
        next_at_ms: row.get(15)?,
        oldest: row.get::<_, Option<String>>(16)?.and_then(|day| day.parse().ok()),
    })
}

fn at(ms: i64) -> Timestamp {
    Timestamp::from_millisecond(ms).unwrap_or_default()
}

/// Up to when all of a brand's integrations of a source have read a stream; nothing while one has not been through.
pub(in crate::sync) fn all_through(
    conn: &Connection,
    (brand_id, source, name): (i64, Source, &str),
) -> Result<Option<Timestamp>> {
    let sql = "select case when count(*) = count(s.through_ms) then min(s.through_ms) end from integration_streams s
               join integrations i on i.id = s.integration_id where i.brand_id = ? and i.source = ? and s.name = ?";
    let mut find = conn.prepare_cached(sql)?;
    Ok(find.query_row(params![brand_id, source.name(), name], |row| row.get::<_, Option<i64>>(0))?.map(at))
}

/// Writes a stream back.
pub(in crate::sync) fn save(tx: &Transaction<'_>, stream: &Stream) -> Result<()> {
    tx.prepare_cached(
        "update integration_streams set state = ?2, pass = ?3, begun_ms = ?4, position = ?5, staged = ?6, asked = ?7, again_at_ms = ?8,
         through_ms = ?9, restated_at_ms = ?10, rows = ?11, progress = ?12, last_error = ?13, failures = ?14, next_at_ms = ?15,
         oldest_day = ?16 where id = ?1",
    )?
    .execute(params![
        stream.id,
        stream.state.name(),
        stream.pass.as_ref().map(text).transpose()?,
        stream.begun.map(Timestamp::as_millisecond),
        stream.position.as_ref().map(text).transpose()?,
        stream.staged,
        text(&stream.asked)?,
        stream.again_at_ms,
        stream.through.map(Timestamp::as_millisecond),
        stream.restated_at_ms,
        stream.rows,
        stream.progress.as_ref().map(text).transpose()?,
        stream.last_error,
        stream.failures,
        stream.next_at_ms,
        stream.oldest.map(|day| day.to_string()),
    ])?;
    Ok(())
}
