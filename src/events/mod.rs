//! What happened, in order: entries that commit with the change they tell of, each sealed to the one before by its
//! hash, and subscribers that read on from where they were.

mod archive;
mod author;
mod chain;
mod denials;
mod reading;

pub use archive::{
    Archive, ArchiveFault, Archives, Due, FOLDER as ARCHIVES, Sealed, due, is_name as is_archive_name,
    list as archives, rewrap,
};
pub use author::Author;
pub use chain::{Fault, FaultKind, Head, Verdict, head, holds, keep_origin, verify, verify_against, verify_all};
pub use denials::{Denial, Denials};
pub use reading::{Filter, Known, Newest, Outcome, each_archived, known, newest, newest_of_all, oldest};

use anyhow::Context;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, Transaction};

use crate::error::Result;

/// What is told of something that happened.
#[derive(Debug)]
pub struct Entry<'a> {
    /// What, as `thing.happened`: `brand.created`.
    pub kind: &'a str,
    /// Who, as [`Author::actor`].
    pub actor: &'a str,
    /// To what, as `thing:<id>`.
    pub subject: Option<&'a str>,
    /// In which request.
    pub request_id: Option<&'a str>,
    /// From which address.
    pub ip: Option<&'a str>,
    /// The rest. Never a secret, never a person's data.
    pub data: serde_json::Value,
}

/// An entry as it is stored.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Place in the chain, from 1, without gaps.
    pub seq: i64,
    /// Milliseconds of unix time, UTC.
    pub at_ms: i64,
    /// What, as `thing.happened`.
    pub kind: String,
    /// Who.
    pub actor: String,
    /// To what.
    pub subject: Option<String>,
    /// In which request.
    pub request_id: Option<String>,
    /// From which address.
    pub ip: Option<String>,
    /// The rest.
    pub data: serde_json::Value,
}

/// Adds an entry to the chain, in the caller's transaction. Returns its place.
pub fn append(tx: &Transaction<'_>, at: Timestamp, entry: &Entry<'_>) -> Result<i64> {
    let last = head(tx)?;
    let data = serde_json::to_string(&entry.data).context("writing an event")?;
    let row = chain::Row {
        seq: last.seq + 1,
        at_ms: at.as_millisecond(),
        kind: entry.kind,
        actor: entry.actor,
        subject: entry.subject,
        request_id: entry.request_id,
        ip: entry.ip,
        data: &data,
    };
    let hash = row.hash(&last.hash);
    tx.prepare_cached(
        "insert into events (seq, at_ms, kind, actor, subject, request_id, ip, data, prev_hash, hash)
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    )?
    .execute(rusqlite::params![
        row.seq,
        row.at_ms,
        row.kind,
        row.actor,
        row.subject,
        row.request_id,
        row.ip,
        row.data,
        last.hash,
        hash
    ])?;
    Ok(row.seq)
}

/// The entries after what `subscriber` has read, oldest first, at most `limit`. What a subscriber has not read yet is not archived;
/// one that begins later begins with what lies in the store.
pub fn read_from(conn: &Connection, subscriber: &str, limit: usize) -> Result<Vec<Event>> {
    let after = watermark(conn, subscriber)?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut query = conn.prepare_cached(
        "select seq, at_ms, kind, actor, subject, request_id, ip, data from events
         where seq > ?1 order by seq limit ?2",
    )?;
    let mut rows = query.query((after, limit))?;
    let mut events = Vec::new();
    while let Some(row) = rows.next()? {
        events.push(event(row)?);
    }
    Ok(events)
}

/// How far `subscriber` has read: 0 at first.
pub fn watermark(conn: &Connection, subscriber: &str) -> Result<i64> {
    let seq = conn
        .prepare_cached("select seq from event_watermarks where subscriber = ?1")?
        .query_row([subscriber], |row| row.get(0))
        .optional()?;
    Ok(seq.unwrap_or(0))
}

/// `subscriber` has dealt with everything up to `seq`; in the same transaction as what it did. Never goes back.
pub fn advance(tx: &Transaction<'_>, subscriber: &str, seq: i64) -> Result<()> {
    tx.prepare_cached(
        "insert into event_watermarks (subscriber, seq) values (?1, ?2)
         on conflict (subscriber) do update set seq = excluded.seq where excluded.seq > seq",
    )?
    .execute((subscriber, seq))?;
    Ok(())
}

fn event(row: &Row<'_>) -> Result<Event> {
    let data: String = row.get(7)?;
    Ok(Event {
        seq: row.get(0)?,
        at_ms: row.get(1)?,
        kind: row.get(2)?,
        actor: row.get(3)?,
        subject: row.get(4)?,
        request_id: row.get(5)?,
        ip: row.get(6)?,
        data: serde_json::from_str(&data).context("reading an event")?,
    })
}
