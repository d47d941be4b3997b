//! How archives lie at a target: a shelf per tenant, a thing per moment. Names tell whose and when, and nothing else.

use std::fs::{DirBuilder, File};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, anyhow};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use tempfile::NamedTempFile;

use super::target::{Item, PART, Put, Target};
use crate::error::Result;

const SUFFIX: &str = ".backup.age";
const STAMP: &str = "%Y%m%dT%H%M%S";

/// An archive as it lies there, unopened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Archive {
    /// When its store was copied, to the millisecond.
    pub at: Timestamp,
    /// Its size.
    pub bytes: u64,
    /// Its name under the target.
    pub name: String,
    /// Where it lies: a file of this machine, or an address such as `s3://bucket/prefix/…`. A restore and a rehearsal take either.
    pub path: PathBuf,
}

/// The archives of one tenant, or of an instance.
#[derive(Clone)]
pub(super) struct Shelf {
    target: Arc<dyn Target>,
    name: String,
}

impl Shelf {
    /// The shelf named `name`, which is a tenant's id or an instance's name.
    pub(super) fn of(target: Arc<dyn Target>, name: &str) -> Self {
        Self { target, name: name.to_owned() }
    }

    /// A new file that is not an archive yet. Where archives are files it is beside them, so that it need not be copied; what crashes
    /// left of earlier ones is removed first. Else it is in `scratch`.
    pub(super) fn begin(&self, scratch: &Path) -> Result<NamedTempFile> {
        let Some(folder) = self.target.local(&self.name) else {
            return Ok(NamedTempFile::new_in(scratch).context("making a file for an archive")?);
        };
        let making = || format!("making a file in the backup folder {}", folder.display());
        DirBuilder::new().recursive(true).mode(0o700).create(&folder).with_context(making)?;
        for entry in std::fs::read_dir(&folder).with_context(making)? {
            let path = entry.with_context(making)?.path();
            if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(PART)) {
                std::fs::remove_file(&path).with_context(making)?;
            }
        }
        Ok(tempfile::Builder::new().prefix(PART).tempfile_in(&folder).with_context(making)?)
    }

    /// Gives a written and synced file the name of its moment. Never replaces one that is there.
    pub(super) fn place(&self, file: NamedTempFile, at: Timestamp) -> Result<Archive> {
        let archive = self.archive(at, file.as_file().metadata().context("keeping an archive")?.len())?;
        let keeping = || format!("keeping the archive {}", archive.path.display());
        match self.target.local(&self.name) {
            Some(folder) => {
                file.persist_noclobber(&archive.path).map_err(|error| anyhow!(error.error)).with_context(keeping)?;
                File::open(folder).and_then(|folder| folder.sync_all()).with_context(keeping)?;
            }
            None if self.target.put_file(&archive.name, file.path())? == Put::Taken => {
                return Err(anyhow!("there is one of that name").context(keeping()).into());
            }
            None => {}
        }
        Ok(archive)
    }

    /// All archives, newest first. Things of other names are no archives.
    pub(super) fn list(&self) -> Result<Vec<Archive>> {
        let mut archives = Vec::new();
        for Item { name, bytes } in self.target.list(&self.name)? {
            if let Some(at) = name.rsplit('/').next().and_then(moment_of) {
                archives.push(self.archive(at, bytes)?);
            }
        }
        archives.sort_by_key(|archive| std::cmp::Reverse(archive.at));
        Ok(archives)
    }

    /// Removes an archive for good.
    pub(super) fn remove(&self, archive: &Archive) -> Result<()> {
        self.target.remove(&archive.name)
    }

    fn archive(&self, at: Timestamp, bytes: u64) -> Result<Archive> {
        let name = format!("{}/{}", self.name, name_of(at)?);
        Ok(Archive { at, bytes, path: self.target.address(&name), name })
    }
}

/// The id by which an archive is named among those of its tenant: its moment.
pub(super) fn stamp(at: Timestamp) -> String {
    let millis = at.as_millisecond().rem_euclid(1000);
    format!("{}.{millis:03}Z", at.to_zoned(TimeZone::UTC).strftime(STAMP))
}

/// What an archive of this stamp is called.
pub(super) fn named(stamp: &str) -> String {
    format!("{stamp}{SUFFIX}")
}

pub(super) fn name_of(at: Timestamp) -> Result<String> {
    let name = named(&stamp(at));
    // A year beyond 9999 would not be read back.
    moment_of(&name).context("naming an archive: the clock is not right")?;
    Ok(name)
}

pub(super) fn moment_of(name: &str) -> Option<Timestamp> {
    let (seconds, millis) = name.strip_suffix(SUFFIX)?.strip_suffix('Z')?.split_once('.')?;
    if seconds.len() != 15 || millis.len() != 3 {
        return None;
    }
    let at = jiff::civil::DateTime::strptime(STAMP, seconds).ok()?.to_zoned(TimeZone::UTC).ok()?.timestamp();
    let at = Timestamp::from_millisecond(at.as_millisecond() + millis.parse::<i64>().ok()?).ok()?;
    (format!("{}{SUFFIX}", stamp(at)) == name).then_some(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_tells_the_moment_and_other_names_are_no_archives() {
        let at: Timestamp = "2026-11-23T03:43:11.007Z".parse().unwrap();
        assert_eq!(name_of(at).unwrap(), "20261123T034311.007Z.backup.age");
        assert_eq!(moment_of("20261123T034311.007Z.backup.age"), Some(at));
        for other in [
            "20261123T034311.7Z.backup.age",
            "20261123T034311.007Z.age",
            "20261399T034311.007Z.backup.age",
            "../20261123T034311.007Z.backup.age",
            "20261123T034311.+07Z.backup.age",
            ".part-x",
            "",
        ] {
            assert_eq!(moment_of(other), None, "{other}");
        }
    }
}
