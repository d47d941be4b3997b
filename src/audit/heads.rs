//! The files of signed heads: one a day, numbered without gaps, each naming the digest of the one before. They lie in the data
//! folder and once more with the backups, wherever those are.
//!
//! A file is two lines: what it says as JSON, and the HMAC-SHA-256 of that line under a key derived from the master key for this
//! alone. Nobody who holds only the keys of stores can make one.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::write_file;
use crate::backup::Target;
use crate::error::Result;
use crate::events::Head;
use crate::secrets::constant_time_eq;

const SUFFIX: &str = ".head";

/// What a file says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct DayHead {
    /// From 1, without gaps.
    pub(super) number: u64,
    /// UTC.
    pub(super) day: Date,
    pub(super) at: Timestamp,
    /// Hex of the SHA-256 of what the file before says.
    pub(super) previous: Option<String>,
    /// By tenant id, and `instance`.
    pub(super) chains: BTreeMap<String, ChainHead>,
}

/// A chain's newest entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ChainHead {
    /// Its place, which is also how many there are.
    pub(super) entries: i64,
    /// Hex.
    pub(super) hash: String,
    /// Whether the whole chain was checked and found unbroken.
    pub(super) verified: bool,
}

impl ChainHead {
    pub(super) fn of(head: &Head, verified: bool) -> Self {
        Self { entries: head.seq, hash: hex(&head.hash), verified }
    }

    pub(super) fn head(&self) -> Option<Head> {
        Some(Head { seq: self.entries, hash: unhex(&self.hash)? })
    }
}

/// What is wrong with a file of heads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HeadFault {
    /// Its name, or as much of it as is known.
    pub file: String,
    /// A sentence without its subject.
    pub reason: String,
}

/// All there is.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Sound ones, oldest first.
    pub(super) days: Vec<DayHead>,
    /// The highest number of any file.
    pub(super) last: u64,
    /// The newest of them.
    pub(super) newest: Option<DayHead>,
    /// What is not as it should be.
    pub(super) faults: Vec<HeadFault>,
}

/// Where heads lie and what signs them.
pub(super) struct Heads {
    own: PathBuf,
    /// Where backups go, and the name that copies have there.
    copies: (Arc<dyn Target>, String),
    key: Zeroizing<[u8; 32]>,
}

impl Heads {
    /// In this data folder, and among these backups under the instance's name and the key's: another key's are another's.
    pub(super) fn open(
        data: &Path,
        backups: Arc<dyn Target>,
        instance: &str,
        key: Zeroizing<[u8; 32]>,
    ) -> Result<Self> {
        let of_key = hex(&mac(&key, b"which key")[..4]);
        let copies = (backups, format!("audit-heads-{instance}-{of_key}"));
        Ok(Self { own: data.join("audit").join("heads"), copies, key })
    }

    /// Writes the next file. It is on the disk before this returns; the copy is [`Self::copy_missing`]'s.
    pub(super) fn write(&self, head: &DayHead) -> Result<()> {
        let body = body(head)?;
        let text = format!("{body}\n{}\n", hex(&mac(&self.key, body.as_bytes())));
        write_file(&self.own, &name_of(head.number, head.day), text.as_bytes())
    }

    /// Puts with the backups what is not there yet. Never replaces one.
    pub(super) fn copy_missing(&self) -> Result<()> {
        let there: Vec<String> = self.copied()?.into_values().collect();
        for name in list(&self.own)?.into_values().filter(|name| !there.contains(name)) {
            let bytes = std::fs::read(self.own.join(&name)).context("reading a signed head")?;
            let (target, folder) = &self.copies;
            target.put(&format!("{folder}/{name}"), &bytes)?;
        }
        Ok(())
    }

    /// The copies, by number.
    fn copied(&self) -> Result<BTreeMap<u64, String>> {
        let (target, folder) = &self.copies;
        let items = target.list(folder)?.into_iter();
        Ok(items.filter_map(|item| numbered(item.name.rsplit('/').next()?.to_owned())).collect())
    }

    /// The bytes of a copy.
    fn copy(&self, name: &str) -> Result<Vec<u8>, String> {
        let (target, folder) = &self.copies;
        let copy = target.get(&format!("{folder}/{name}")).map_err(|error| format!("it cannot be read: {error}"))?;
        copy.ok_or_else(|| "it is missing".to_owned())
    }

    /// Reads and checks all files. Those that cannot be read are faults like others.
    pub(super) fn read(&self) -> Found {
        let mut found = Found::default();
        let place = self.copies.0.address(&self.copies.1);
        let own = names(&self.own, list(&self.own), &mut found.faults);
        let copies = names(&place, self.copied(), &mut found.faults);
        let last = own.keys().chain(copies.keys()).max().copied().unwrap_or(0);
        let mut before: Option<DayHead> = None;
        for number in 1..=last {
            let (mine, copy) = (own.get(&number), copies.get(&number));
            let head = match (mine, copy) {
                (None, None) => {
                    found.fault(&format!("{number:06}{SUFFIX}"), "it is missing");
                    None
                }
                (None, Some(name)) => {
                    let place = place.display();
                    found.fault(name, &format!("it is missing in the data folder; its copy in {place} is there"));
                    self.sound(self.copy(name), name, number, &mut found.faults)
                }
                (Some(name), copy) => {
                    let bytes =
                        std::fs::read(self.own.join(name)).map_err(|error| format!("it cannot be read: {error}"));
                    match copy.map(|copy| self.copy(copy)) {
                        Some(Err(why)) => found.fault(name, &format!("of its copy in {}: {why}", place.display())),
                        Some(copy) if copy != bytes => {
                            found.fault(name, &format!("it differs from its copy in {}", place.display()));
                        }
                        _ => {}
                    }
                    self.sound(bytes, name, number, &mut found.faults)
                }
            };
            if let (Some(head), Some(before)) = (&head, &before)
                && before.number + 1 == head.number
                && digest(before) != head.previous
            {
                found.fault(&name_of(head.number, head.day), "it does not follow from the one before");
            }
            before = head.clone().or(before);
            found.days.extend(head);
        }
        found.last = last;
        found.newest = found.days.last().cloned();
        found
    }

    fn sound(
        &self,
        bytes: Result<Vec<u8>, String>,
        name: &str,
        number: u64,
        faults: &mut Vec<HeadFault>,
    ) -> Option<DayHead> {
        let outcome =
            bytes.and_then(|bytes| self.parse(bytes)).and_then(|head| match name_of(head.number, head.day) == name {
                true if head.number == number => Ok(head),
                _ => Err("it says that it is another".to_owned()),
            });
        outcome.map_err(|reason| faults.push(HeadFault { file: name.to_owned(), reason })).ok()
    }

    fn parse(&self, bytes: Vec<u8>) -> Result<DayHead, String> {
        let text = String::from_utf8(bytes).map_err(|error| format!("it cannot be read: {error}"))?;
        let forged = || "its signature is not this instance's: it was edited, or made by another".to_owned();
        let (body, signature) = text.trim_end().split_once('\n').ok_or_else(forged)?;
        let signature: [u8; 32] = unhex(signature).ok_or_else(forged)?;
        if !constant_time_eq(&signature, &mac(&self.key, body.as_bytes())) {
            return Err(forged());
        }
        serde_json::from_str(body).map_err(|error| format!("it is of another version: {error}"))
    }
}

/// What was found in a place; that it could not be looked at is a fault of it.
fn names(place: &Path, listed: Result<BTreeMap<u64, String>>, faults: &mut Vec<HeadFault>) -> BTreeMap<u64, String> {
    listed.unwrap_or_else(|error| {
        faults.push(HeadFault { file: place.display().to_string(), reason: format!("it cannot be read: {error}") });
        BTreeMap::new()
    })
}

impl Found {
    pub(super) fn fault(&mut self, file: &str, reason: &str) {
        self.faults.push(HeadFault { file: file.to_owned(), reason: reason.to_owned() });
    }

    /// What the next file says that it follows from.
    pub(super) fn next(&self) -> (u64, Option<String>) {
        (self.last + 1, self.newest.as_ref().and_then(digest))
    }
}

/// Hex of the SHA-256 of what a file says.
pub(super) fn digest(head: &DayHead) -> Option<String> {
    body(head).ok().map(|body| hex(&Sha256::digest(body.as_bytes())))
}

fn body(head: &DayHead) -> Result<String> {
    Ok(serde_json::to_string(head).context("writing a signed head")?)
}

pub(super) fn name_of(number: u64, day: Date) -> String {
    format!("{number:06}-{day}{SUFFIX}")
}

/// By number.
fn list(folder: &Path) -> Result<BTreeMap<u64, String>> {
    let entries = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(BTreeMap::new()),
        entries => entries.context("looking for signed heads")?,
    };
    let mut names = BTreeMap::new();
    for entry in entries {
        names.extend(numbered(entry.context("looking for signed heads")?.file_name().to_string_lossy().into_owned()));
    }
    Ok(names)
}

/// A head's name with its number; none for other names.
fn numbered(name: String) -> Option<(u64, String)> {
    let number = name.strip_suffix(SUFFIX)?.split_once('-')?.0.parse().ok()?;
    Some((number, name))
}

fn mac(key: &[u8; 32], text: &[u8]) -> [u8; 32] {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { unreachable!("HMAC takes keys of any length") };
    mac.update(text);
    mac.finalize().into_bytes().into()
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Option<[u8; 32]> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|value| u8::try_from(value).ok());
    let mut bytes = [0; 32];
    if text.len() != 64 {
        return None;
    }
    for (pair, byte) in text.as_bytes().chunks_exact(2).zip(&mut bytes) {
        *byte = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Some(bytes)
}
