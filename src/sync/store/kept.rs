//! Answers that are kept, packed; and the lines of downloads that wait.

use std::collections::HashSet;
use std::io::{Read, Write};

use anyhow::Context;
use bytes::Bytes;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use rusqlite::{Connection, Transaction, params};

use super::{signed, text};
use crate::connectors::{Group, Raw};
use crate::error::Result;

/// Bytes of an unpacked answer; what was packed was never larger.
const UNPACKED: u64 = 256 << 20;

/// An answer packed, so that packing does not hold up who writes.
pub(in crate::sync) struct Packed {
    kind: &'static str,
    about: String,
    body: Vec<u8>,
}

/// Packs an answer.
pub(in crate::sync) fn pack(raw: &Raw) -> Result<Packed> {
    Ok(Packed { kind: raw.kind, about: text(&raw.about)?, body: zip(&raw.body)? })
}

/// Packs bytes.
pub(in crate::sync) fn zip(body: &[u8]) -> Result<Vec<u8>> {
    let mut packer = GzEncoder::new(Vec::with_capacity(body.len() / 8), Compression::fast());
    packer.write_all(body).context("packing an answer")?;
    Ok(packer.finish().context("packing an answer")?)
}

/// Unpacks what [`zip`] packed.
pub(in crate::sync) fn unzip(body: &[u8]) -> Result<Vec<u8>> {
    let mut unpacked = Vec::new();
    GzDecoder::new(body).take(UNPACKED).read_to_end(&mut unpacked).context("unpacking an answer")?;
    Ok(unpacked)
}

pub(in crate::sync) fn add_raw(
    tx: &Transaction<'_>,
    integration: i64,
    stream: &str,
    all: &[Packed],
    now_ms: i64,
) -> Result<()> {
    let mut add = tx.prepare_cached(
        "insert into sync_raw (integration_id, stream, kind, about, body, at_ms) values (?, ?, ?, ?, ?, ?)",
    )?;
    for raw in all {
        add.execute(params![integration, stream, raw.kind, raw.about, raw.body, now_ms])?;
    }
    Ok(())
}

/// Notes of whom rows were landed, once each.
pub(in crate::sync) fn add_landed(
    tx: &Transaction<'_>,
    integration: i64,
    all: &[(&'static str, String)],
) -> Result<()> {
    let sql = "insert into integration_landed (integration_id, kind, key) values (?, ?, ?) on conflict do nothing";
    let mut add = tx.prepare_cached(sql)?;
    for (kind, key) in all {
        add.execute(params![integration, kind, key])?;
    }
    Ok(())
}

/// What is kept of an integration, each a few rows at a time: answers are large.
const SOME_KEPT: [&str; 5] = [
    "delete from sync_raw where id in (select id from sync_raw where integration_id = ? limit 20)",
    "delete from sync_staged where (stream_id, group_key, line_no) in (select g.stream_id, g.group_key, g.line_no
     from sync_staged g join integration_streams s on s.id = g.stream_id where s.integration_id = ? limit 200)",
    "delete from sync_rejects where id in (select id from sync_rejects where integration_id = ? limit 500)",
    "delete from sync_runs where id in (select id from sync_runs where integration_id = ? limit 500)",
    "delete from webhook_ids where (integration_id, id) in
     (select integration_id, id from webhook_ids where integration_id = ? limit 500)",
];

/// Deletes a piece of what is kept of an integration; false where nothing is left.
pub(in crate::sync) fn remove_some(tx: &Transaction<'_>, integration: i64) -> Result<bool> {
    for delete in SOME_KEPT {
        if tx.prepare_cached(delete)?.execute([integration])? > 0 {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether anything is kept of an integration that [`remove_some`] deletes.
pub(in crate::sync) fn any(conn: &Connection, integration: i64) -> Result<bool> {
    let sql = "select exists (select 1 from sync_raw where integration_id = ?1)
               or exists (select 1 from sync_staged g join integration_streams s on s.id = g.stream_id where s.integration_id = ?1)
               or exists (select 1 from sync_rejects where integration_id = ?1)
               or exists (select 1 from sync_runs where integration_id = ?1)
               or exists (select 1 from webhook_ids where integration_id = ?1)";
    Ok(conn.prepare_cached(sql)?.query_row([integration], |row| row.get(0))?)
}

/// Warehouses of which an integration alone landed levels.
pub(in crate::sync) fn own_warehouses(conn: &Connection, integration: i64) -> Result<HashSet<String>> {
    let sql = "select key from integration_landed l where integration_id = ?1 and kind = 'warehouse' and not exists (
                 select 1 from integration_landed o join integrations i on i.id = o.integration_id
                 join integrations mine on mine.id = ?1 and mine.brand_id = i.brand_id
                 where o.kind = l.kind and o.key = l.key and o.integration_id <> ?1)";
    let mut all = conn.prepare_cached(sql)?;
    Ok(all.query_map([integration], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?)
}

/// Lines that came together and belong together.
pub(in crate::sync) struct Piece {
    pub key: String,
    pub line_no: u64,
    /// Joined by line ends.
    pub body: Vec<u8>,
}

impl Piece {
    /// Packs the lines: quickly, for they are written, read and removed once within minutes, each time through a cipher.
    pub(in crate::sync) fn packed(self) -> Self {
        Self { body: lz4_flex::compress_prepend_size(&self.body), ..self }
    }
}

/// Lines of a staged piece.
pub(in crate::sync) fn unpack(body: &[u8]) -> Result<Vec<u8>> {
    let (size, rest) = lz4_flex::block::uncompressed_size(body).context("unpacking staged lines")?;
    if size as u64 > UNPACKED {
        return Err(anyhow::anyhow!("staged lines are larger than any that were staged").into());
    }
    Ok(lz4_flex::decompress(rest, size).context("unpacking staged lines")?)
}

pub(in crate::sync) fn stage(tx: &Transaction<'_>, stream: i64, pieces: &[Piece]) -> Result<()> {
    let sql = "insert into sync_staged (stream_id, group_key, line_no, body) values (?, ?, ?, ?)";
    let mut add = tx.prepare_cached(sql)?;
    for piece in pieces {
        add.execute(params![stream, piece.key, signed(piece.line_no), piece.body])?;
    }
    Ok(())
}

/// Clears what is staged of a stream.
pub(in crate::sync) fn unstage(tx: &Transaction<'_>, stream: i64) -> Result<()> {
    tx.prepare_cached("delete from sync_staged where stream_id = ?")?.execute([stream])?;
    Ok(())
}

/// Removes the groups up to a key.
pub(in crate::sync) fn unstage_to(tx: &Transaction<'_>, stream: i64, last: &str) -> Result<()> {
    let sql = "delete from sync_staged where stream_id = ? and group_key <= ?";
    tx.prepare_cached(sql)?.execute(params![stream, last])?;
    Ok(())
}

/// The next whole groups after a key, in the order of their keys: about as many as `groups`, or `bytes`, at least one.
pub(in crate::sync) fn groups(
    conn: &Connection,
    stream: i64,
    after: &str,
    (groups, bytes): (usize, usize),
) -> Result<Vec<Group>> {
    let sql =
        "select group_key, body from sync_staged where stream_id = ? and group_key > ? order by group_key, line_no";
    let mut all = conn.prepare_cached(sql)?;
    let mut rows = all.query(params![stream, after])?;
    let (mut found, mut size) = (Vec::<Group>::new(), 0);
    while let Some(row) = rows.next()? {
        let key = row.get_ref(0)?.as_str().unwrap_or_default();
        let is_new = found.last().is_none_or(|group| group.key != key);
        if is_new && (found.len() >= groups || size >= bytes) {
            break;
        }
        let body = Bytes::from(unpack(row.get_ref(1)?.as_blob().unwrap_or_default())?);
        if is_new {
            found.push(Group { key: key.to_owned(), lines: Vec::new() });
        }
        size += body.len();
        if let Some(group) = found.last_mut() {
            group.lines.extend(body.split(|byte| *byte == b'\n').map(|line| body.slice_ref(line)));
        }
    }
    Ok(found)
}
