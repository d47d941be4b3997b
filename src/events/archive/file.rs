//! An archive's file: a heading, and its entries as lines of JSON, sealed as one and bound to the file's name.

use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::path::Path;

use anyhow::Context;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rusqlite::Row;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::super::chain;
use super::{Archive, ArchiveFault, make_folder, sync};
use crate::error::Result;
use crate::secrets::{Purpose, TenantKey, random_bytes};

/// The format is stored history: a change needs another heading.
const HEADING: &[u8] = b"pulsepoint events 1\n";
const SUFFIX: &str = ".events";
/// A file that is being written.
pub(super) const PART: &str = ".part-";

/// An entry as it is archived. What it says is the text that was hashed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::events) struct Stored {
    pub(in crate::events) seq: i64,
    pub(in crate::events) at_ms: i64,
    kind: String,
    actor: String,
    subject: Option<String>,
    request_id: Option<String>,
    ip: Option<String>,
    data: String,
    /// Base64.
    hash: String,
}

/// The columns of an entry, in the order of [`Stored::read`].
pub(super) const COLUMNS: &str = "seq, at_ms, kind, actor, subject, request_id, ip, data, hash";

impl Stored {
    pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        let hash: Vec<u8> = row.get(8)?;
        Ok(Self {
            seq: row.get(0)?,
            at_ms: row.get(1)?,
            kind: row.get(2)?,
            actor: row.get(3)?,
            subject: row.get(4)?,
            request_id: row.get(5)?,
            ip: row.get(6)?,
            data: row.get(7)?,
            hash: STANDARD.encode(hash),
        })
    }

    /// About how many bytes it takes.
    pub(super) fn size(&self) -> usize {
        let texts = [&self.subject, &self.request_id, &self.ip].into_iter().flatten().map(String::len).sum::<usize>();
        150 + self.kind.len() + self.actor.len() + self.data.len() + texts
    }

    /// What is hashed of it.
    pub(in crate::events) fn row(&self) -> chain::Row<'_> {
        chain::Row {
            seq: self.seq,
            at_ms: self.at_ms,
            kind: &self.kind,
            actor: &self.actor,
            subject: self.subject.as_deref(),
            request_id: self.request_id.as_deref(),
            ip: self.ip.as_deref(),
            data: &self.data,
        }
    }

    /// The hash that was kept with it.
    pub(in crate::events) fn hash(&self) -> Option<[u8; 32]> {
        STANDARD.decode(&self.hash).ok()?.try_into().ok()
    }

    pub(super) fn columns(&self) -> impl rusqlite::Params + '_ {
        (self.seq, self.at_ms, &self.kind, &self.actor, &self.subject, &self.request_id, &self.ip, &self.data)
    }
}

/// A new name for an archive of these entries. The chance in it tells it from one that a crash left.
pub(super) fn new_name(first: i64, last: i64) -> String {
    let chance: [u8; 4] = random_bytes();
    name_of(first, last, u32::from_be_bytes(chance))
}

fn name_of(first: i64, last: i64, chance: u32) -> String {
    format!("{first:012}-{last:012}-{chance:08x}{SUFFIX}")
}

/// Whether an archive may be called so: names come out of backups, too.
pub fn is_name(name: &str) -> bool {
    let parse = || {
        let (first, rest) = name.strip_suffix(SUFFIX)?.split_once('-')?;
        let (last, chance) = rest.split_once('-')?;
        Some(name_of(first.parse().ok()?, last.parse().ok()?, u32::from_str_radix(chance, 16).ok()?))
    };
    parse().as_deref() == Some(name)
}

/// Writes a new archive, synced, and returns its bytes and their SHA-256.
pub(super) fn write(folder: &Path, name: &str, entries: &[Stored], key: &TenantKey) -> Result<(u64, [u8; 32])> {
    let making = || format!("making {}", folder.join(name).display());
    let mut body = Zeroizing::new(Vec::new());
    for entry in entries {
        serde_json::to_writer(&mut *body, entry).with_context(making)?;
        body.push(b'\n');
    }
    let bytes = [HEADING, &key.seal(Purpose::Events, name, &body)].concat();
    make_folder(folder)?;
    let mut file = tempfile::Builder::new().prefix(PART).tempfile_in(folder).with_context(making)?;
    file.write_all(&bytes).and_then(|()| file.as_file().sync_all()).with_context(making)?;
    file.persist_noclobber(folder.join(name)).map_err(|error| error.error).with_context(making)?;
    sync(folder)?;
    Ok((bytes.len() as u64, Sha256::digest(&bytes).into()))
}

/// The entries of the archive at `path`.
pub(super) fn read(path: &Path, known: &Archive, key: &TenantKey) -> Result<Vec<Stored>, ArchiveFault> {
    let of_disk = |error: std::io::Error| match error.kind() {
        ErrorKind::NotFound => ArchiveFault::Missing,
        _ => ArchiveFault::Unreadable,
    };
    let file = File::open(path).map_err(of_disk)?;
    let about = file.metadata().map_err(of_disk)?;
    if about.len() != known.bytes || !about.is_file() {
        return Err(ArchiveFault::Changed);
    }
    let mut bytes = Vec::new();
    file.take(known.bytes).read_to_end(&mut bytes).map_err(of_disk)?;
    if Sha256::digest(&bytes)[..] != known.sha256 {
        return Err(ArchiveFault::Changed);
    }
    let sealed = bytes.strip_prefix(HEADING).ok_or(ArchiveFault::Unknown)?;
    let body = key.open(Purpose::Events, &known.name, sealed).map_err(|_| ArchiveFault::Unknown)?;
    let entries: Result<Vec<Stored>, _> = serde_json::Deserializer::from_slice(&body).into_iter().collect();
    entries.map_err(|_| ArchiveFault::Unknown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_leads_out_of_the_folder() {
        assert!(is_name(&new_name(1, 500)));
        assert!(is_name("000000000001-000000000500-0a1b2c3d.events"));
        for other in [
            "000000000001-000000000500-0A1b2c3d.events",
            "1-500-0a1b2c3d.events",
            "../000000000001-000000000500-0a1b2c3d.events",
            "000000000001-000000000500-0a1b2c3d.events/..",
            "000000000001-000000000500.events",
            ".part-x",
            "",
        ] {
            assert!(!is_name(other), "{other}");
        }
    }
}
