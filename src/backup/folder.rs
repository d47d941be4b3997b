//! Where archives lie: a folder per tenant, a file per moment. Names tell whose and when, and nothing else.

use std::fs::{DirBuilder, File};
use std::io::ErrorKind;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::error::Result;

const SUFFIX: &str = ".backup.age";
const STAMP: &str = "%Y%m%dT%H%M%S";
/// A file that is being written.
const PART: &str = ".part-";

/// An archive as it lies there, unopened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Archive {
    /// When its store was copied, to the millisecond.
    pub at: Timestamp,
    /// Bytes of the file.
    pub bytes: u64,
    /// Where it lies.
    pub path: PathBuf,
}

/// The folder of one tenant's archives, or of an instance's.
#[derive(Debug, Clone)]
pub(super) struct Shelf(PathBuf);

impl Shelf {
    /// The shelf named `name`, which is a tenant's id or an instance's name.
    pub(super) fn of(folder: &Path, name: &str) -> Self {
        Self(folder.join(name))
    }

    /// A new file that is not an archive yet; what crashes left of earlier ones is removed first.
    pub(super) fn begin(&self) -> Result<tempfile::NamedTempFile> {
        let making = || format!("making a file in the backup folder {}", self.0.display());
        DirBuilder::new().recursive(true).mode(0o700).create(&self.0).with_context(making)?;
        for entry in std::fs::read_dir(&self.0).with_context(making)? {
            let path = entry.with_context(making)?.path();
            if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(PART)) {
                std::fs::remove_file(&path).with_context(making)?;
            }
        }
        Ok(tempfile::Builder::new().prefix(PART).tempfile_in(&self.0).with_context(making)?)
    }

    /// Gives a written and synced file the name of its moment. Never replaces one that is there.
    pub(super) fn place(&self, file: tempfile::NamedTempFile, at: Timestamp) -> Result<Archive> {
        let path = self.0.join(name_of(at)?);
        let keeping = || format!("keeping the archive {}", path.display());
        let bytes = file.as_file().metadata().with_context(keeping)?.len();
        file.persist_noclobber(&path).map_err(|error| anyhow!(error.error)).with_context(keeping)?;
        File::open(&self.0).and_then(|folder| folder.sync_all()).with_context(keeping)?;
        Ok(Archive { at, bytes, path })
    }

    /// All archives, newest first. Files of other names are no archives.
    pub(super) fn list(&self) -> Result<Vec<Archive>> {
        let reading = || format!("reading the backup folder {}", self.0.display());
        let entries = match std::fs::read_dir(&self.0) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.with_context(reading)?,
        };
        let mut archives = Vec::new();
        for entry in entries {
            let entry = entry.with_context(reading)?;
            let about = entry.metadata().with_context(reading)?;
            let at = entry.file_name().to_str().and_then(moment_of);
            if let Some(at) = at.filter(|_| about.is_file()) {
                archives.push(Archive { at, bytes: about.len(), path: entry.path() });
            }
        }
        archives.sort_by_key(|archive| std::cmp::Reverse(archive.at));
        Ok(archives)
    }

    /// Removes an archive for good.
    pub(super) fn remove(&self, archive: &Archive) -> Result<()> {
        let removing = || format!("removing the archive {}", archive.path.display());
        std::fs::remove_file(&archive.path).with_context(removing)?;
        File::open(&self.0).and_then(|folder| folder.sync_all()).with_context(removing)?;
        Ok(())
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
