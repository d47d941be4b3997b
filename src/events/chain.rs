//! The chain itself: how an entry is hashed, and how a tampered chain is found and the place named.

use rusqlite::{Connection, OptionalExtension, Transaction};
use sha2::{Digest, Sha256};

use crate::error::Result;

/// An entry's contents in the order in which they are hashed.
pub(super) struct Row<'a> {
    pub(super) seq: i64,
    pub(super) at_ms: i64,
    pub(super) kind: &'a str,
    pub(super) actor: &'a str,
    pub(super) subject: Option<&'a str>,
    pub(super) request_id: Option<&'a str>,
    pub(super) ip: Option<&'a str>,
    pub(super) data: &'a str,
}

impl Row<'_> {
    /// SHA-256 over the hash before and every field. Lengths go in front, so that no two rows are the same bytes. The
    /// format is stored history: a change needs a new first line.
    pub(super) fn hash(&self, before: &[u8; 32]) -> [u8; 32] {
        let mut hasher = Sha256::new();
        hasher.update(b"pulsepoint event v1\n");
        hasher.update(before);
        hasher.update(self.seq.to_be_bytes());
        hasher.update(self.at_ms.to_be_bytes());
        for field in [Some(self.kind), Some(self.actor), self.subject, self.request_id, self.ip, Some(self.data)] {
            match field {
                Some(text) => {
                    hasher.update([1]);
                    hasher.update((text.len() as u64).to_be_bytes());
                    hasher.update(text.as_bytes());
                }
                None => hasher.update([0]),
            }
        }
        hasher.finalize().into()
    }
}

/// The newest entry: what a copy kept elsewhere proves a cut tail with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// Place of the newest entry; 0 while there is none.
    pub seq: i64,
    /// Its hash; before the first entry, the hash of the file's owner, so that no chain continues another's.
    pub hash: [u8; 32],
}

/// What a check of a chain found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// Entries in the chain.
    pub entries: i64,
    /// The first fault, if any. What comes after it proves nothing.
    pub fault: Option<Fault>,
}

/// Where a chain is broken and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Place of the entry at fault.
    pub seq: i64,
    /// What is wrong there.
    pub kind: FaultKind,
}

/// How an entry is at fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultKind {
    /// Its contents are not those that were written.
    Edited,
    /// It is not there though later ones are.
    Missing,
    /// It does not follow from the entry before: it was moved, or another was put before it.
    OutOfOrder,
    /// It was seen once, and the chain now ends before it.
    CutOff,
    /// It was seen once, and another stands in its place.
    Replaced,
}

impl std::fmt::Display for FaultKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Edited => "it was edited",
            Self::Missing => "it is missing",
            Self::OutOfOrder => "it does not follow from the entry before",
            Self::CutOff => "it was seen once, and the chain now ends before it",
            Self::Replaced => "it was seen once, and another stands in its place",
        })
    }
}

/// The newest entry's place and hash.
pub fn head(conn: &Connection) -> Result<Head> {
    let newest = conn
        .prepare_cached("select seq, hash from events order by seq desc limit 1")?
        .query_row([], |row| Ok(Head { seq: row.get(0)?, hash: row.get(1)? }))
        .optional()?;
    newest.map_or_else(|| Ok(Head { seq: 0, hash: beginning(conn)? }), Ok)
}

/// Whether an entry seen before is still there, unchanged.
pub fn holds(conn: &Connection, seen: &Head) -> Result<bool> {
    Ok(hash_at(conn, seen.seq)? == Some(seen.hash))
}

fn hash_at(conn: &Connection, seq: i64) -> Result<Option<[u8; 32]>> {
    Ok(conn.prepare_cached("select hash from events where seq = ?1")?.query_row([seq], |row| row.get(0)).optional()?)
}

/// What the first entry is sealed to.
fn beginning(conn: &Connection) -> Result<[u8; 32]> {
    let owner = match origin(conn)? {
        Some(origin) => origin,
        None => conn.prepare_cached("select owner from file_identity where id = 1")?.query_row([], |row| row.get(0))?,
    };
    Ok(Sha256::new().chain_update(b"pulsepoint event chain of ").chain_update(owner).finalize().into())
}

/// Whom the chain was begun for, where that is not the file's owner.
fn origin(conn: &Connection) -> Result<Option<String>> {
    let known: bool =
        conn.query_row("select count(*) > 0 from sqlite_master where name = 'event_origin'", [], |row| row.get(0))?;
    if !known {
        return Ok(None);
    }
    Ok(conn.query_row("select owner from event_origin where id = 1", [], |row| row.get(0)).optional()?)
}

/// Notes whom the chain was begun for, before the file becomes another owner's: the chain goes on and still verifies.
pub fn keep_origin(tx: &Transaction<'_>) -> Result<()> {
    tx.execute("insert or ignore into event_origin (id, owner) select 1, owner from file_identity where id = 1", [])?;
    Ok(())
}

/// Walks the whole chain. A tail cut off cannot show here, nor a chain written anew: see [`verify_against`].
pub fn verify(conn: &Connection) -> Result<Verdict> {
    verify_against(conn, &[])
}

/// [`verify`], and the entries that were once the newest must still be there, unchanged.
pub fn verify_against(conn: &Connection, seen: &[Head]) -> Result<Verdict> {
    let mut seen: Vec<&Head> = seen.iter().filter(|head| head.seq > 0).collect();
    seen.sort_by_key(|head| head.seq);
    let mut seen = seen.into_iter().peekable();
    let mut query = conn.prepare(
        "select seq, at_ms, kind, actor, subject, request_id, ip, data, prev_hash, hash from events order by seq",
    )?;
    let mut rows = query.query([])?;
    let mut before = Head { seq: 0, hash: beginning(conn)? };
    while let Some(row) = rows.next()? {
        let text = |at: usize| -> rusqlite::Result<Option<&str>> { Ok(row.get_ref(at)?.as_str_or_null()?) };
        let bytes = |at: usize| -> rusqlite::Result<Option<&[u8]>> { Ok(row.get_ref(at)?.as_blob_or_null()?) };
        let entry = Row {
            seq: row.get(0)?,
            at_ms: row.get(1)?,
            kind: text(2)?.unwrap_or_default(),
            actor: text(3)?.unwrap_or_default(),
            subject: text(4)?,
            request_id: text(5)?,
            ip: text(6)?,
            data: text(7)?.unwrap_or_default(),
        };
        let expected = entry.hash(&before.hash);
        let kind = if entry.seq != before.seq + 1 {
            Some((before.seq + 1, FaultKind::Missing))
        } else if bytes(8)? != Some(before.hash.as_slice()) {
            Some((entry.seq, FaultKind::OutOfOrder))
        } else if bytes(9)? != Some(expected.as_slice()) {
            Some((entry.seq, FaultKind::Edited))
        } else {
            let mut replaced = false;
            while let Some(head) = seen.next_if(|head| head.seq == entry.seq) {
                replaced |= head.hash != expected;
            }
            replaced.then_some((entry.seq, FaultKind::Replaced))
        };
        if let Some((seq, kind)) = kind {
            return Ok(Verdict { entries: before.seq, fault: Some(Fault { seq, kind }) });
        }
        before = Head { seq: entry.seq, hash: expected };
    }
    let cut = seen.peek().map(|_| Fault { seq: before.seq + 1, kind: FaultKind::CutOff });
    Ok(Verdict { entries: before.seq, fault: cut })
}
