//! The change log: one entry a batch, written in the transaction of the rows it tells of. The data version is its last `seq`.

use jiff::Timestamp;
use jiff::civil::Date;
use rusqlite::{OptionalExtension, Transaction, params};

use crate::error::Result;

/// What a reader of the log does about an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Read the rows whose `rev` is this entry.
    Rows,
    /// Read everything again.
    Rebuild,
}

/// An entry by which a lander knows whether anybody else wrote since: its number and its random mark.
pub(super) type Mark = (i64, i64);

/// The number the next entry will have. It is taken only when the batch turns out to change something.
pub(super) fn next_seq(tx: &Transaction) -> Result<i64> {
    Ok(tx.prepare_cached("select coalesce(max(seq), 0) + 1 from change_log")?.query_row([], |row| row.get(0))?)
}

/// The brand's last entry, but for visits, which touch nothing that a lander holds.
pub(super) fn last_mark(tx: &Transaction, brand_id: i64) -> Result<Option<Mark>> {
    Ok(tx
        .prepare_cached(
            "select seq, batch from change_log where brand_id = ? and (batch <> 0 or kind = 'rebuild') order by seq desc limit 1",
        )?
        .query_row([brand_id], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?)
}

/// Writes entry `seq` and returns its mark.
pub(super) fn write(
    tx: &Transaction,
    seq: i64,
    brand_id: Option<i64>,
    at_ms: i64,
    kind: Kind,
    detail: &serde_json::Value,
) -> Result<Mark> {
    // Random, not counted: after a rollback another lander may take the same `seq`.
    let batch: i64 = rand::random();
    let kind = match kind {
        Kind::Rows => "rows",
        Kind::Rebuild => "rebuild",
    };
    tx.prepare_cached("insert into change_log (seq, brand_id, at_ms, kind, batch, detail) values (?, ?, ?, ?, ?, ?)")?
        .execute(params![seq, brand_id, at_ms, kind, batch, detail.to_string()])?;
    Ok((seq, batch))
}

/// Enters what visits wrote under `seq`. It takes the place of the last entry where that was of the same brand's visits, for they come
/// several times a second: whoever reads the log looks for rows after the entry it has, and finds those of both.
pub(super) fn write_visits(tx: &Transaction, seq: i64, brand_id: i64, at_ms: i64) -> Result<()> {
    tx.prepare_cached("delete from change_log where seq = ?1 - 1 and brand_id = ?2 and detail = '{\"visits\":true}'")?
        .execute(params![seq, brand_id])?;
    tx.prepare_cached(
        "insert into change_log (seq, brand_id, at_ms, kind, batch, detail) values (?, ?, ?, 'rows', 0, '{\"visits\":true}')",
    )?
    .execute(params![seq, brand_id, at_ms])?;
    Ok(())
}

/// Tells that everything is to be read again, with a data version that is `gap` above the last one.
pub fn begin_anew(tx: &Transaction, gap: i64, at: Timestamp, why: &serde_json::Value) -> Result<()> {
    let seq = next_seq(tx)? + gap;
    write(tx, seq, None, at.as_millisecond(), Kind::Rebuild, why).map(drop)
}

/// Tells that everything of a brand is to be read again; returns the entry to announce.
///
/// # Errors
/// Whatever SQLite says.
pub fn read_anew(tx: &Transaction, brand_id: i64, at: Timestamp, why: &serde_json::Value) -> Result<i64> {
    let seq = next_seq(tx)?;
    write(tx, seq, Some(brand_id), at.as_millisecond(), Kind::Rebuild, why)?;
    Ok(seq)
}

/// Notes that row `id` of `tab` is gone, for readers of the log.
pub(super) fn note_deleted(tx: &Transaction, rev: i64, brand_id: i64, tab: &str, id: i64) -> Result<()> {
    tx.prepare_cached("insert or ignore into deleted_rows (rev, brand_id, tab, id) values (?, ?, ?, ?)")?
        .execute(params![rev, brand_id, tab, id])?;
    Ok(())
}

/// Days since 1970-01-01.
pub fn day_number(day: Date) -> i32 {
    // A civil date lies between the years -9999 and 9999, so the difference fits.
    (day - EPOCH).get_days()
}

/// The id under which `deleted_rows` knows an ad's day.
pub fn ad_row_id(ad_id: i64, day_number: i32) -> i64 {
    (ad_id << 20) | i64::from(day_number)
}

const EPOCH: Date = jiff::civil::date(1970, 1, 1);
