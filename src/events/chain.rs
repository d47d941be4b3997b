//! The chain itself: how an entry is hashed, and how a tampered chain is found and the place named.

use std::collections::VecDeque;

use rusqlite::{Connection, OptionalExtension, Transaction};
use sha2::{Digest, Sha256};

use super::archive::{self, Archive, ArchiveFault, Archives, Stored};
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
#[derive(Debug, Clone, PartialEq, Eq)]
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
    /// It lies in an archive that is not as it should be.
    Archive {
        /// The file's name.
        name: String,
        /// What is wrong with it.
        why: ArchiveFault,
    },
}

impl std::fmt::Display for FaultKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Archive { name, why } => return write!(f, "its archive {name} {why}"),
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
    newest.map_or_else(|| checkpoint(conn), Ok)
}

/// What the first entry in the store follows from: the end of the last archive, or the beginning of the chain.
fn checkpoint(conn: &Connection) -> Result<Head> {
    match archive::list(conn)?.last() {
        Some(archive) => Ok(Head { seq: archive.last, hash: archive.hash }),
        None => Ok(Head { seq: 0, hash: beginning(conn)? }),
    }
}

/// Whether an entry seen before is still there, unchanged. What was archived is not looked into; [`verify_all`] does.
pub fn holds(conn: &Connection, seen: &Head) -> Result<bool> {
    let mut query = conn.prepare_cached("select hash from events where seq = ?1")?;
    let hash: Option<[u8; 32]> = query.query_row([seen.seq], |row| row.get(0)).optional()?;
    match hash {
        Some(hash) => Ok(hash == seen.hash),
        None => Ok(archive::list(conn)?.iter().any(|archive| (archive.first..=archive.last).contains(&seen.seq))),
    }
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

/// Walks what lies in the store, from the end of the last archive on. A tail cut off cannot show here, nor a chain written anew: see
/// [`verify_against`].
pub fn verify(conn: &Connection) -> Result<Verdict> {
    verify_against(conn, &[])
}

/// [`verify`], and the entries that were once the newest must still be there, unchanged.
pub fn verify_against(conn: &Connection, seen: &[Head]) -> Result<Verdict> {
    let from = checkpoint(conn)?;
    let mut walk = Walk::new(from, seen.iter().filter(|head| head.seq > from.seq));
    let fault = walk.store(conn)?;
    Ok(walk.verdict(fault))
}

/// Walks the whole chain: the archives, each of which must be the file that was sealed, and what follows from them in the store. The
/// entries that were once the newest must still be there, unchanged.
pub fn verify_all(conn: &Connection, archives: &Archives, seen: &[Head]) -> Result<Verdict> {
    let mut walk = Walk::new(Head { seq: 0, hash: beginning(conn)? }, seen.iter());
    for archive in archive::list(conn)? {
        if let Some(fault) = walk.archive(&archive, archives.read(&archive)) {
            return Ok(walk.verdict(Some(fault)));
        }
    }
    let fault = walk.store(conn)?;
    Ok(walk.verdict(fault))
}

/// How far a check has come.
struct Walk {
    before: Head,
    seen: VecDeque<Head>,
}

impl Walk {
    fn new<'a>(before: Head, seen: impl Iterator<Item = &'a Head>) -> Self {
        let mut seen: Vec<Head> = seen.filter(|head| head.seq > 0).copied().collect();
        seen.sort_by_key(|head| head.seq);
        Self { before, seen: seen.into() }
    }

    /// The next entry, with the hashes that were kept with it.
    fn step(&mut self, entry: &Row<'_>, prev: Option<&[u8]>, kept: Option<&[u8]>) -> Option<Fault> {
        let expected = entry.hash(&self.before.hash);
        if entry.seq != self.before.seq + 1 {
            return Some(Fault { seq: self.before.seq + 1, kind: FaultKind::Missing });
        }
        let kind = if prev != Some(self.before.hash.as_slice()) {
            Some(FaultKind::OutOfOrder)
        } else if kept != Some(expected.as_slice()) {
            Some(FaultKind::Edited)
        } else {
            let mut replaced = false;
            while let Some(head) = self.seen.pop_front_if(|head| head.seq == entry.seq) {
                replaced |= head.hash != expected;
            }
            replaced.then_some(FaultKind::Replaced)
        };
        if let Some(kind) = kind {
            return Some(Fault { seq: entry.seq, kind });
        }
        self.before = Head { seq: entry.seq, hash: expected };
        None
    }

    /// The next archive.
    fn archive(&mut self, archive: &Archive, read: Result<Vec<Stored>, ArchiveFault>) -> Option<Fault> {
        if archive.first != self.before.seq + 1 {
            return Some(Fault { seq: self.before.seq + 1, kind: FaultKind::Missing });
        }
        let of_file = |seq, why| Some(Fault { seq, kind: FaultKind::Archive { name: archive.name.clone(), why } });
        let entries = match read {
            Ok(entries) => entries,
            Err(why) => return of_file(archive.first, why),
        };
        for entry in &entries {
            let before = self.before.hash;
            if let Some(fault) = self.step(&entry.row(), Some(&before), entry.hash().as_ref().map(<[u8; 32]>::as_slice))
            {
                return Some(fault);
            }
        }
        let ends = Head { seq: archive.last, hash: archive.hash };
        if self.before == ends { None } else { of_file(archive.last.min(self.before.seq + 1), ArchiveFault::Unknown) }
    }

    /// What lies in the store.
    fn store(&mut self, conn: &Connection) -> Result<Option<Fault>> {
        let mut query = conn.prepare(
            "select seq, at_ms, kind, actor, subject, request_id, ip, data, prev_hash, hash from events order by seq",
        )?;
        let mut rows = query.query([])?;
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
            if let Some(fault) = self.step(&entry, bytes(8)?, bytes(9)?) {
                return Ok(Some(fault));
            }
        }
        let cut = Fault { seq: self.before.seq + 1, kind: FaultKind::CutOff };
        Ok(self.seen.front().map(|_| cut))
    }

    fn verdict(&self, fault: Option<Fault>) -> Verdict {
        Verdict { entries: self.before.seq, fault }
    }
}
