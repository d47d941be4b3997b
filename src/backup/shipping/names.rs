//! How a shipped log lies at the target: a folder per generation, in it bundles of entries and the snapshots they follow.

use jiff::Timestamp;

use super::super::folder::{self, stamp};
use super::super::target::{Item, Target};
use crate::error::Result;
use crate::secrets::random_bytes;

const LOGS: &str = "log";
const EVENTS: &str = "events";
const SUFFIX: &str = ".log";

/// A bundle as it lies there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::backup) struct Bundle {
    /// Its name under the target.
    pub(in crate::backup) name: String,
    /// The number of its first entry.
    pub(in crate::backup) first: u64,
    /// The number of its last.
    pub(in crate::backup) last: u64,
    /// Commits of the store behind it.
    pub(in crate::backup) commits: i64,
    /// Its size.
    pub(in crate::backup) bytes: u64,
}

/// A snapshot as it lies there, unopened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::backup) struct Snapshot {
    /// Its name under the target.
    pub(in crate::backup) name: String,
    /// Just before it was copied.
    pub(in crate::backup) at: Timestamp,
    /// Commits of the store that it holds.
    pub(in crate::backup) commits: i64,
}

/// What there is of a generation.
#[derive(Debug, Clone, Default)]
pub(in crate::backup) struct Listing {
    /// By number. Where a bundle replaced others that are still there, the longer stands alone.
    pub(in crate::backup) bundles: Vec<Bundle>,
    /// Bundles of which others hold all entries.
    pub(in crate::backup) spare: Vec<Bundle>,
    /// Oldest first.
    pub(in crate::backup) snapshots: Vec<Snapshot>,
}

/// The folder of the logs of a shelf.
fn logs(shelf: &str) -> String {
    format!("{shelf}/{LOGS}")
}

/// A name for a generation that begins now. Names sort by time.
pub(in crate::backup) fn new_generation(now: Timestamp) -> String {
    let random: [u8; 4] = random_bytes();
    format!("{}-{:08x}", stamp(now), u32::from_be_bytes(random))
}

/// When a generation began, as its name tells.
pub(in crate::backup) fn begun_at(generation: &str) -> Option<Timestamp> {
    folder::moment_of(&folder::named(generation.rsplit_once('-')?.0))
}

/// The generations of a shelf, oldest first.
pub(in crate::backup) fn generations(target: &dyn Target, shelf: &str) -> Result<Vec<String>> {
    target.folders(&logs(shelf))
}

/// The name under the target of something in a generation.
pub(in crate::backup) fn within(shelf: &str, generation: &str, name: &str) -> String {
    format!("{}/{generation}/{name}", logs(shelf))
}

/// The name of a bundle in its generation.
pub(in crate::backup) fn bundle(first: u64, last: u64, commits: i64) -> String {
    format!("{first:010}-{last:010}.{commits:012}{SUFFIX}")
}

/// The name of a snapshot in its generation: as an archive's, with its commits.
pub(in crate::backup) fn snapshot(at: Timestamp, commits: i64) -> Result<String> {
    Ok(format!("{commits:012}.{}", folder::name_of(at)?))
}

/// The name under the target of an archive of older events: all generations of a shelf may need it.
pub(in crate::backup) fn events_of(shelf: &str, name: &str) -> String {
    format!("{shelf}/{EVENTS}/{name}")
}

/// The archives of older events of a shelf.
pub(in crate::backup) fn all_events(target: &dyn Target, shelf: &str) -> Result<Vec<Item>> {
    target.list(&format!("{shelf}/{EVENTS}"))
}

fn parse_snapshot(file: &str) -> Option<(Timestamp, i64)> {
    let (commits, archive) = file.split_once('.')?;
    let found = (folder::moment_of(archive)?, commits.parse().ok()?);
    (snapshot(found.0, found.1).ok()? == file).then_some(found)
}

/// Everything of a generation.
pub(in crate::backup) fn list(target: &dyn Target, shelf: &str, generation: &str) -> Result<Listing> {
    let mut listing = Listing::default();
    let mut bundles = Vec::new();
    for Item { name, bytes } in target.list(&format!("{}/{generation}", logs(shelf)))? {
        let file = name.rsplit('/').next().unwrap_or_default().to_owned();
        if let Some((first, last, commits)) = parse(&file) {
            bundles.push(Bundle { name, first, last, commits, bytes });
        } else if let Some((at, commits)) = parse_snapshot(&file) {
            listing.snapshots.push(Snapshot { name, at, commits });
        }
    }
    bundles.sort_by_key(|bundle| (bundle.first, std::cmp::Reverse(bundle.last)));
    for bundle in bundles {
        match listing.bundles.last() {
            Some(longer) if bundle.last <= longer.last => listing.spare.push(bundle),
            _ => listing.bundles.push(bundle),
        }
    }
    listing.snapshots.sort_by_key(|snapshot| snapshot.commits);
    Ok(listing)
}

fn parse(file: &str) -> Option<(u64, u64, i64)> {
    let (numbers, commits) = file.strip_suffix(SUFFIX)?.split_once('.')?;
    let (first, last) = numbers.split_once('-')?;
    let found = (first.parse().ok()?, last.parse().ok()?, commits.parse().ok()?);
    (bundle(found.0, found.1, found.2) == file && found.0 <= found.1).then_some(found)
}
