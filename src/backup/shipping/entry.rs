//! An entry of a shipped log: some frames of a store, sealed under the tenant's key, and bound to its store, its generation, its
//! number and the entry before it, so that one that is missing, moved, another's or changed shows, and is named.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::super::manifest::Sum;
use crate::db::{FRAME, LogPlace};
use crate::error::Result;
use crate::secrets::{Purpose, TenantKey};

const MAGIC: &[u8; 8] = b"PPLOG\x00\x001";
/// Longer texts name no store and no generation.
const NAME_BYTES: usize = 100;

/// A snapshot that belongs to the log: an archive beside it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::backup) struct Base {
    /// Its file's name in the generation's folder.
    pub(in crate::backup) file: String,
    /// Commits of the store that it holds.
    pub(in crate::backup) commits: i64,
    /// Just before it was copied, milliseconds of unix time.
    pub(in crate::backup) at_ms: i64,
    /// Bytes of the archive.
    pub(in crate::backup) bytes: u64,
    /// Bytes of the store.
    pub(in crate::backup) store_bytes: u64,
    /// SHA-256 of the archive.
    pub(in crate::backup) sha256: Sum,
}

/// What an entry tells beside its frames.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::backup) struct About {
    /// When it was sealed, milliseconds of unix time.
    pub(in crate::backup) at_ms: i64,
    /// Where its frames end in their log.
    pub(in crate::backup) to: LogPlace,
    /// Its frames.
    pub(in crate::backup) frames: u64,
    /// Commits of the store behind it.
    pub(in crate::backup) commits: i64,
    /// Of every commit in it: how many of its frames are before its end, and when it was acknowledged.
    pub(in crate::backup) ends: Vec<(u64, i64)>,
    /// Why the generation began, in its first entry.
    pub(in crate::backup) begun: Option<String>,
    /// A snapshot that was made meanwhile.
    pub(in crate::backup) base: Option<Base>,
}

/// Which entry of which log.
#[derive(Debug, Clone, Copy)]
pub(in crate::backup) struct Which<'a> {
    /// Whose store: the owner written in it.
    pub(in crate::backup) owner: &'a str,
    /// The generation's name.
    pub(in crate::backup) generation: &'a str,
    /// Its number, from 0.
    pub(in crate::backup) number: u64,
}

/// An entry that was opened.
#[derive(Debug)]
pub(in crate::backup) struct Entry {
    /// What it tells.
    pub(in crate::backup) about: About,
    /// Its frames.
    pub(in crate::backup) frames: Vec<u8>,
    /// The hash that the next one names.
    pub(in crate::backup) hash: Sum,
}

/// What the first entry of a generation names in the place of one before it.
pub(in crate::backup) fn origin(generation: &str) -> Sum {
    Sum(Sha256::digest(format!("pulsepoint log {generation}")).into())
}

/// Seals an entry. Returns its bytes and its hash.
pub(in crate::backup) fn seal(
    key: &TenantKey,
    which: Which<'_>,
    before: Sum,
    about: &About,
    frames: &[u8],
) -> Result<(Vec<u8>, Sum)> {
    let head = head(which, before);
    let told = serde_json::to_vec(about).map_err(anyhow::Error::from)?;
    let length = u32::try_from(told.len()).map_err(anyhow::Error::from)?;
    let body = [&length.to_be_bytes()[..], &told, frames].concat();
    let sealed = key.seal(Purpose::Log, &bound(&head), &body);
    let bytes = [head, sealed].concat();
    let hash = Sum(Sha256::digest(&bytes).into());
    Ok((bytes, hash))
}

/// Opens the entry `which`, which follows the one with the hash `before`; with none, whichever it follows.
///
/// # Errors
/// The sentence that says what is wrong with it.
pub(in crate::backup) fn open(
    key: &TenantKey,
    which: Which<'_>,
    before: Option<Sum>,
    bytes: &[u8],
) -> Result<Entry, String> {
    let (found, rest) = parse(bytes)?;
    if found.owner != which.owner {
        return Err(format!("is of another store, {}", found.owner));
    }
    if found.generation != which.generation {
        return Err(format!("is of another generation, {}", found.generation));
    }
    if found.number != which.number {
        return Err(format!("is entry {} in its place", found.number));
    }
    if before.is_some_and(|before| before != found.before) {
        return Err("does not follow the entry before it".to_owned());
    }
    let head = head(which, found.before);
    let body =
        key.open(Purpose::Log, &bound(&head), rest).map_err(|_| "is damaged, or under another key".to_owned())?;
    let (length, rest) = body.split_first_chunk::<4>().ok_or("is damaged")?;
    let length = usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX);
    let (told, frames) = rest.split_at_checked(length).ok_or("is damaged")?;
    let about: About = serde_json::from_slice(told).map_err(|_| "is of another format")?;
    if frames.len() as u64 != about.frames.saturating_mul(FRAME as u64) {
        return Err("has not the frames that it tells of".to_owned());
    }
    Ok(Entry { about, frames: frames.to_vec(), hash: Sum(Sha256::digest(bytes).into()) })
}

struct Found<'a> {
    owner: &'a str,
    generation: &'a str,
    number: u64,
    before: Sum,
}

fn parse(bytes: &[u8]) -> Result<(Found<'_>, &[u8]), String> {
    let none = || "is no entry of a log".to_owned();
    if bytes.is_empty() {
        return Err("is empty".to_owned());
    }
    let rest = bytes.strip_prefix(MAGIC).ok_or_else(none)?;
    let (owner, rest) = name(rest).ok_or_else(none)?;
    let (generation, rest) = name(rest).ok_or_else(none)?;
    let (number, rest) = rest.split_first_chunk::<8>().ok_or_else(none)?;
    let (before, rest) = rest.split_first_chunk::<32>().ok_or_else(none)?;
    Ok((Found { owner, generation, number: u64::from_be_bytes(*number), before: Sum(*before) }, rest))
}

fn name(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let (length, rest) = bytes.split_first()?;
    let (name, rest) = rest.split_at_checked(usize::from(*length)).filter(|(name, _)| name.len() <= NAME_BYTES)?;
    Some((std::str::from_utf8(name).ok()?, rest))
}

fn head(which: Which<'_>, before: Sum) -> Vec<u8> {
    let mut head = MAGIC.to_vec();
    for name in [which.owner, which.generation] {
        head.push(u8::try_from(name.len()).unwrap_or(u8::MAX));
        head.extend(name.as_bytes());
    }
    head.extend(which.number.to_be_bytes());
    head.extend(before.0);
    head
}

/// What the seal is bound to: all that stands before it.
fn bound(head: &[u8]) -> String {
    Sum(Sha256::digest(head).into()).to_string()
}

/// Several entries as one thing: each with its length before it.
pub(in crate::backup) fn bundle(entries: &[&[u8]]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(entries.iter().map(|entry| entry.len() + 4).sum());
    for entry in entries {
        bytes.extend(u32::try_from(entry.len()).unwrap_or(u32::MAX).to_be_bytes());
        bytes.extend(*entry);
    }
    bytes
}

/// The entries of a bundle.
///
/// # Errors
/// The sentence that says what is wrong with it.
pub(in crate::backup) fn unbundle(mut bytes: &[u8]) -> Result<Vec<&[u8]>, String> {
    if bytes.is_empty() {
        return Err("is empty".to_owned());
    }
    let mut entries = Vec::new();
    while !bytes.is_empty() {
        let (length, rest) = bytes.split_first_chunk::<4>().ok_or("is cut short")?;
        let length = usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX);
        let (entry, rest) = rest.split_at_checked(length).ok_or("is cut short")?;
        entries.push(entry);
        bytes = rest;
    }
    Ok(entries)
}
