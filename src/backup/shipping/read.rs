//! Reading a shipped log back: which snapshot and which entries lead to a moment, whether they hold together, and where they
//! cease to.

use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::super::archive;
use super::super::keys::Identity;
use super::super::manifest::{Manifest, Sum};
use super::super::target::Target;
use super::entry::{self, Entry, Which};
use super::names::{self, Bundle, Listing, Snapshot};
use crate::error::{Error, Result};
use crate::secrets::TenantKey;

/// A moment to restore to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// All that was acknowledged up to then.
    At(Timestamp),
    /// All that was shipped.
    Latest,
}

impl Moment {
    fn reaches(self, at_ms: i64) -> bool {
        match self {
            Self::At(moment) => at_ms <= moment.as_millisecond(),
            Self::Latest => true,
        }
    }

    /// Whether it is then or before.
    fn is_by(self, at_ms: i64) -> bool {
        matches!(self, Self::At(moment) if moment.as_millisecond() <= at_ms)
    }
}

/// A log at a target, and where what is fetched of it lies meanwhile.
pub(in crate::backup) struct Source<'a> {
    pub(in crate::backup) target: &'a dyn Target,
    pub(in crate::backup) shelf: &'a str,
    pub(in crate::backup) cache: PathBuf,
}

/// The way to a moment.
#[derive(Debug)]
pub(in crate::backup) struct Way {
    /// The snapshot it begins with, on this machine.
    pub(in crate::backup) snapshot: PathBuf,
    /// What that says of itself.
    pub(in crate::backup) manifest: Manifest,
    /// What opens it.
    pub(in crate::backup) identity: Identity,
    /// The generation that leads on.
    pub(in crate::backup) generation: String,
    /// The bundles that follow it, as far as they are needed.
    pub(in crate::backup) bundles: Vec<Bundle>,
    /// The commit at which it ends.
    pub(in crate::backup) commits: i64,
    /// When that was acknowledged; the snapshot's moment where no entry is needed.
    pub(in crate::backup) at: Timestamp,
    /// Bytes of the entries.
    pub(in crate::backup) bytes: u64,
    /// What was found wrong on the way and gone around, or where the log ceases.
    pub(in crate::backup) remarks: Vec<String>,
}

/// Some of a generation's entries, checked one after the other.
struct Stretch {
    /// Commits with when they were acknowledged, in order.
    ends: Vec<(i64, i64)>,
    /// Commits of the store behind the last entry that is sound.
    commits: i64,
    /// When that was sealed.
    sealed_ms: i64,
    /// What is wrong with the one behind it.
    fault: Option<String>,
}

impl Source<'_> {
    /// The way to a moment, everything on it checked.
    ///
    /// # Errors
    /// `Invalid` with code `log_refused` where a moment cannot be reached; with `last_good`, the last one before what is wrong is
    /// taken in its place.
    pub(in crate::backup) fn way(&self, moment: Moment, identity: &Identity, last_good: bool) -> Result<Way> {
        let generations = names::generations(self.target, self.shelf)?;
        let mut remarks = Vec::new();
        let mut later: Option<&String> = None;
        for generation in generations.iter().rev() {
            let listing = names::list(self.target, self.shelf, generation)?;
            let reached = |snapshot: &&Snapshot| moment.reaches(snapshot.at.as_millisecond());
            for snapshot in listing.snapshots.iter().filter(reached).rev() {
                let (path, manifest) = match self.open(snapshot, identity) {
                    Ok(opened) => opened,
                    Err(error @ Error::Invalid { code: "wrong_identity", .. }) => return Err(error),
                    Err(error) => {
                        remarks.push(format!("the snapshot {} was gone around: {error}", snapshot.name));
                        continue;
                    }
                };
                let key = manifest.key.of_tenant()?;
                let from = listing.bundles.iter().position(|bundle| bundle.commits >= manifest.commits);
                let bundles = &listing.bundles[from.unwrap_or(listing.bundles.len())..];
                let mut stretch = self.read(generation, &key, bundles)?;
                if stretch.sealed_ms == 0 {
                    // The snapshot alone: nothing that follows it was shipped, or all of it is unsound.
                    (stretch.commits, stretch.sealed_ms) = (manifest.commits, snapshot.at.as_millisecond());
                }
                // Copied when the moment was over already: one before it is the right one.
                let own = stretch.ends.iter().find(|(commit, _)| *commit == manifest.commits);
                if own.is_some_and(|(_, at)| !moment.reaches(*at)) {
                    continue;
                }
                let found = (generation.clone(), path, manifest, identity.clone());
                let mut way = way_to(moment, snapshot, found, &stretch, bundles);
                way.remarks.append(&mut remarks);
                self.judge(&mut way, moment, &stretch, later.map(String::as_str), (identity, last_good))?;
                return Ok(way);
            }
            later = Some(generation);
        }
        Err(self.unreachable(&generations, moment, &remarks))
    }

    /// Whether the way ends where it should.
    fn judge(
        &self,
        way: &mut Way,
        moment: Moment,
        stretch: &Stretch,
        later: Option<&str>,
        (identity, last_good): (&Identity, bool),
    ) -> Result<()> {
        let until = time_of(stretch.sealed_ms);
        if moment.is_by(stretch.sealed_ms) {
            // Whatever is wrong lies behind the moment that is wanted.
            return Ok(());
        }
        let ceases = match (&stretch.fault, later) {
            (Some(fault), _) => format!("{fault}; the log is good until {until}"),
            (None, Some(later)) if !self.begins_by(later, stretch.commits, moment, identity) => {
                format!("what was committed between {until} and the first snapshot of the log {later} cannot be had")
            }
            _ => {
                way.remarks.push(format!("the log ends at {until}"));
                return Ok(());
            }
        };
        if !last_good {
            return Err(log_refused(format!("{ceases}. --last-good restores as of {}", way.at)));
        }
        way.remarks.push(ceases);
        Ok(())
    }

    /// Whether a generation begins where `commits` were shipped already, so that nothing lies between, and tells of none that was
    /// acknowledged by the moment.
    fn begins_by(&self, generation: &str, commits: i64, moment: Moment, identity: &Identity) -> bool {
        let follows = || -> Option<bool> {
            let listing = names::list(self.target, self.shelf, generation).ok()?;
            let (_, manifest) = listing.snapshots.iter().find_map(|snapshot| self.open(snapshot, identity).ok())?;
            let key = manifest.key.of_tenant().ok()?;
            let bundle = listing.bundles.first().filter(|bundle| bundle.first == 0)?;
            let bytes = self.fetch(&bundle.name).ok()??;
            let which = Which { owner: self.shelf, generation, number: 0 };
            let entry =
                entry::open(&key, which, Some(entry::origin(generation)), entry::unbundle(&bytes).ok()?.first()?);
            let more = self.read(generation, &key, &listing.bundles).ok()?.ends;
            let none_by_then = !more.iter().any(|(commit, at)| *commit > commits && moment.reaches(*at));
            Some(entry.ok()?.about.commits <= commits && none_by_then)
        };
        follows().unwrap_or(false)
    }

    fn unreachable(&self, generations: &[String], moment: Moment, remarks: &[String]) -> Error {
        let Moment::At(moment) = moment else {
            let said = remarks.first().map_or_else(String::new, |remark| format!(": {remark}"));
            return log_refused(format!("there is no log of {} in {}{said}", self.shelf, self.target.describe()));
        };
        let first = generations.iter().find_map(|generation| {
            let listing = names::list(self.target, self.shelf, generation).ok()?;
            listing.snapshots.first().map(|snapshot| snapshot.at)
        });
        match first {
            Some(first) if first > moment => log_refused(format!("the log begins only at {first}")),
            _ => log_refused(format!("there is no sound snapshot before {moment} {}", remarks.join("; "))),
        }
    }

    /// A snapshot's manifest, and where the snapshot lies on this machine.
    pub(super) fn open(&self, snapshot: &Snapshot, identity: &Identity) -> Result<(PathBuf, Manifest)> {
        let path = match self.target.local(&snapshot.name) {
            Some(path) => path,
            None => {
                let path = self.cached(&snapshot.name)?;
                if !path.exists() {
                    self.target.get_file(&snapshot.name, &path)?;
                }
                path
            }
        };
        let manifest = archive::open(&path, identity)?.manifest().clone();
        Ok((path, manifest))
    }

    /// The bytes of a bundle; fetched once.
    fn fetch(&self, name: &str) -> Result<Option<Vec<u8>>> {
        if self.target.local(name).is_some() {
            return self.target.get(name);
        }
        let path = self.cached(name)?;
        if !path.exists() {
            let Some(bytes) = self.target.get(name)? else { return Ok(None) };
            std::fs::write(&path, &bytes).map_err(anyhow::Error::from)?;
            return Ok(Some(bytes));
        }
        Ok(Some(std::fs::read(&path).map_err(anyhow::Error::from)?))
    }

    fn cached(&self, name: &str) -> Result<PathBuf> {
        std::fs::create_dir_all(&self.cache).map_err(anyhow::Error::from)?;
        Ok(self.cache.join(name.replace('/', "_")))
    }

    /// Checks entries one after the other, up to the first that is not sound.
    fn read(&self, generation: &str, key: &TenantKey, bundles: &[Bundle]) -> Result<Stretch> {
        let mut stretch = Stretch { ends: Vec::new(), commits: i64::MIN, sealed_ms: 0, fault: None };
        let seen = self.each(generation, key, bundles, |entry| {
            let first = entry.about.commits - i64::try_from(entry.about.ends.len()).unwrap_or(0);
            stretch.ends.extend((first + 1..).zip(entry.about.ends.iter().map(|(_, at)| *at)));
            (stretch.commits, stretch.sealed_ms) = (entry.about.commits, entry.about.at_ms);
            Ok(())
        });
        match seen {
            Err(Error::Invalid { code: "log_refused", reason, .. }) => stretch.fault = Some(reason),
            seen => seen?,
        }
        Ok(stretch)
    }

    /// Opens entries one after the other.
    ///
    /// # Errors
    /// `Invalid` with code `log_refused` at the first that is missing, damaged or not the one that should be there.
    pub(in crate::backup) fn each(
        &self,
        generation: &str,
        key: &TenantKey,
        bundles: &[Bundle],
        mut visit: impl FnMut(&Entry) -> Result<()>,
    ) -> Result<()> {
        let mut before: Option<Sum> = None;
        let mut next = bundles.first().map_or(0, |bundle| bundle.first);
        for bundle in bundles {
            if bundle.first > next {
                return Err(log_refused(format!("entry {next} of the log {generation} is missing")));
            }
            let named = |number: u64, why: &str| {
                log_refused(format!("entry {number} of the log {generation} ({}) {why}", bundle.name))
            };
            let bytes = self.fetch(&bundle.name)?.ok_or_else(|| named(bundle.first, "is missing"))?;
            let entries = entry::unbundle(&bytes).map_err(|why| named(bundle.first, &why))?;
            if entries.len() as u64 != bundle.last - bundle.first + 1 {
                return Err(named(bundle.first, "is not the bundle that its name tells of"));
            }
            for (number, bytes) in (bundle.first..).zip(entries) {
                if number < next {
                    continue;
                }
                let which = Which { owner: self.shelf, generation, number };
                let before_it = if number == 0 { Some(entry::origin(generation)) } else { before };
                let entry = entry::open(key, which, before_it, bytes).map_err(|why| named(number, &why))?;
                if number == bundle.last && entry.about.commits != bundle.commits {
                    return Err(named(number, "is under another entry's name"));
                }
                visit(&entry)?;
                before = Some(entry.hash);
                next = number + 1;
            }
        }
        Ok(())
    }

    /// Checks the whole of a generation's log under a key. Returns how many entries and bytes that was, and of the last one when it
    /// was sealed, milliseconds of unix time, and the commits of the store behind it.
    pub(super) fn check(&self, generation: &str, key: &TenantKey) -> Result<(u64, u64, (i64, i64))> {
        let Listing { bundles, snapshots, .. } = names::list(self.target, self.shelf, generation)?;
        let (mut entries, mut bytes, mut last) = (0, 0, None);
        let mut bases = Vec::new();
        self.each(generation, key, &bundles, |entry| {
            entries += 1;
            bytes += entry.frames.len() as u64;
            last = Some((entry.about.at_ms, entry.about.commits));
            bases.extend(entry.about.base.clone().filter(|base| !bases.contains(base)));
            Ok(())
        })?;
        for snapshot in snapshots {
            let Some(base) = bases.iter().find(|base| snapshot.name.ends_with(&base.file)) else { continue };
            let path = self.target.local(&snapshot.name);
            let path = match path {
                Some(path) => path,
                None => {
                    let path = self.cached(&snapshot.name)?;
                    self.target.get_file(&snapshot.name, &path)?;
                    path
                }
            };
            if archive::measure(&path)? != (base.bytes, base.sha256) {
                return Err(log_refused(format!("the snapshot {} is damaged", snapshot.name)));
            }
        }
        let last = last.ok_or_else(|| log_refused(format!("all entries of the log {generation} are missing")))?;
        Ok((entries, bytes, last))
    }
}

fn way_to(
    moment: Moment,
    snapshot: &Snapshot,
    (generation, path, manifest, identity): (String, PathBuf, Manifest, Identity),
    stretch: &Stretch,
    bundles: &[Bundle],
) -> Way {
    let reached = stretch.ends.iter().rev().find(|(_, at)| moment.reaches(*at));
    let (commits, at) = match reached.filter(|(commit, _)| *commit > manifest.commits) {
        Some((commit, at)) => (*commit, time_of(*at)),
        None => (manifest.commits, snapshot.at),
    };
    // Up to the first that holds the commit.
    let needed = bundles.iter().position(|bundle| bundle.commits >= commits).map_or(bundles.len(), |last| last + 1);
    let bundles = if commits > manifest.commits { bundles[..needed].to_vec() } else { Vec::new() };
    let bytes = bundles.iter().map(|bundle| bundle.bytes).sum();
    let remarks = Vec::new();
    Way { snapshot: path, manifest, identity, generation, bundles, commits, at, bytes, remarks }
}

pub(super) fn time_of(at_ms: i64) -> Timestamp {
    Timestamp::from_millisecond(at_ms).unwrap_or(Timestamp::MIN)
}

/// A log that does not lead where it should, and why.
pub(in crate::backup) fn log_refused(why: String) -> Error {
    Error::invalid_code("log_refused", None, why)
}

/// The folder that a work folder's fetched things go to.
pub(in crate::backup) fn cache_in(scratch: &Path) -> PathBuf {
    scratch.join("fetched")
}
