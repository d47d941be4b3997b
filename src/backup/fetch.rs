//! Archives that lie in a store, brought to this machine: what opens them reads files.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, anyhow};

use super::s3::S3;
use super::settings::{Destination, SCHEME, Settings};
use super::target::{Folder, Target};
use super::{Backups, blocking};
use crate::error::{Error, Result};

/// A file of this machine. What was fetched goes with it.
pub(super) enum AtHand {
    File(PathBuf),
    Fetched(PathBuf, #[expect(dead_code, reason = "it is held, not read")] tempfile::TempDir),
}

impl AtHand {
    pub(super) fn path(&self) -> &Path {
        match self {
            Self::File(path) | Self::Fetched(path, _) => path,
        }
    }
}

impl Settings {
    /// Where sealed things go. To be called on the runtime that a store is asked on; asks nobody.
    pub(super) fn target(&self, data: &Path) -> Result<Arc<dyn Target>> {
        Ok(match &self.folder {
            Destination::Beside => Arc::new(Folder(data.join("backups"))),
            Destination::Folder(folder) => Arc::new(Folder(folder.clone())),
            Destination::S3 { .. } => Arc::new(S3::open(&self.folder, &self.s3)?),
        })
    }

    /// Whether everything is there that these settings need. Asks nobody.
    ///
    /// # Errors
    /// A sentence that names the setting that is wrong.
    pub fn look(&self) -> Result<()> {
        match self.folder {
            Destination::S3 { .. } => S3::look(&self.folder, &self.s3),
            Destination::Beside | Destination::Folder(_) => Ok(()),
        }
    }

    /// Lists what lies right under the target. For whoever wants to know whether it answers.
    pub async fn ask(&self) -> Result<()> {
        let target = self.target(Path::new(""))?;
        blocking(move || target.folders("").map(drop)).await
    }
}

impl Backups {
    /// An archive that is named by a path, or by its address in the store.
    pub(super) async fn at_hand(&self, asked: PathBuf) -> Result<AtHand> {
        match asked.to_str().filter(|text| text.starts_with(SCHEME)) {
            None => Ok(AtHand::File(asked)),
            Some(address) => {
                let (scratch, path) = self.fetch(address).await?;
                Ok(AtHand::Fetched(path, scratch))
            }
        }
    }

    /// Fetches an archive out of the store, by its address or its name there, into a folder that goes with the guard.
    ///
    /// # Errors
    /// `Invalid` with code `not_in_store` where the settings name no store, or another.
    pub async fn fetch(&self, asked: &str) -> Result<(tempfile::TempDir, PathBuf)> {
        let scratch = self.tenants().scratch().map_err(super::for_the_caller)?;
        let path = into(self.target(None), asked, scratch.path()).await?;
        Ok((scratch, path))
    }
}

/// Fetches an archive out of the store that the settings name, by its address or its name there, into a folder. For whoever has no
/// instance yet.
///
/// # Errors
/// As [`Backups::fetch`].
pub async fn fetch(settings: &Settings, asked: &str, folder: &Path) -> Result<PathBuf> {
    into(settings.target(folder)?, asked, folder).await
}

async fn into(target: Arc<dyn Target>, asked: &str, folder: &Path) -> Result<PathBuf> {
    let Some(name) = target.name_of(asked) else {
        let reason = format!("{asked} does not lie in {}, which is where backup.folder points", target.describe());
        return Err(Error::invalid_code("not_in_store", Some("from"), reason));
    };
    let (asked, path) = (asked.to_owned(), folder.join("archive"));
    let to = path.clone();
    blocking(move || {
        let folder = name.rsplit_once('/').map_or("", |(folder, _)| folder);
        if !target.list(folder)?.iter().any(|item| item.name == name) {
            return Err(Error::invalid_code("not_found", Some("from"), format!("there is no {asked}")));
        }
        target.get_file(&name, &to)?;
        let synced = std::fs::File::open(&to).and_then(|file| file.sync_all());
        Ok(synced.map_err(|error| anyhow!(error)).context("fetching an archive")?)
    })
    .await?;
    Ok(path)
}
