//! The master key that takes the place of another, and the file in which it waits beside the old one until it does.

use std::fs::File;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use anyhow::{Context, anyhow};
use secrecy::{ExposeSecret, SecretBox, SecretString};
use zeroize::Zeroizing;

use super::master::{FILE_NAME, KeySource, MasterKey, WHAT_A_KEY_IS};
use crate::error::{Error, Result};

/// Name of the file in the data folder in which a new key waits.
const BESIDE: &str = "master.key.new";
/// The variable with the new key, where the old one comes from the environment.
const VARIABLE: &str = "PULSEPOINT_NEW_MASTER_KEY";

fn refused(reason: String) -> Error {
    Error::invalid_code("new_master_key", None, format!("{reason}. Nothing was changed"))
}

impl MasterKey {
    /// The key that is to take this one's place: `given`, or a new one where this one lies in the data folder's file.
    ///
    /// # Errors
    /// `Invalid` with code `new_master_key`, which says why it cannot.
    pub fn successor(&self, data: &Path, given: Option<&SecretString>) -> Result<Self> {
        let in_file = matches!(self.source(), KeySource::File(_) | KeySource::NewFile(_));
        if in_file {
            check_replaceable(&data.join(FILE_NAME))?;
        }
        let new = match given {
            Some(text) => Self::parse(text.expose_secret())
                .map_err(|_| refused(format!("the new master key is none: {WHAT_A_KEY_IS}")))?,
            None if in_file => Self::of(SecretBox::init_with(super::random_bytes)),
            None => {
                let source = self.source();
                return Err(refused(format!(
                    "the master key comes from {source}, where only you can put another: make one with \
                     `openssl rand -hex 32`, give it here with {VARIABLE} or --new-key-file, and put it there afterwards"
                )));
            }
        };
        if *new.derive("same") == *self.derive("same") {
            return Err(refused("the new master key is the one in use".to_owned()));
        }
        let source = if in_file { KeySource::File(data.join(FILE_NAME)) } else { self.source().clone() };
        Ok(new.with_source(source))
    }

    /// Writes a key that will lie in the data folder beside the old one, whole and synced.
    pub fn write_beside(&self, data: &Path) -> Result<()> {
        let KeySource::File(_) = self.source() else { return Ok(()) };
        let path = data.join(BESIDE);
        let making = || format!("making the key file {}", path.display());
        let mut file = tempfile::Builder::new().prefix(".master-key-").tempfile_in(data).with_context(making)?;
        file.write_all(self.as_text().as_bytes()).and_then(|()| file.as_file().sync_all()).with_context(making)?;
        file.persist(&path).map_err(|error| anyhow!(error.error)).with_context(making)?;
        sync(data)
    }

    /// Takes back what [`Self::write_beside`] did.
    pub fn forget_beside(&self, data: &Path) -> Result<()> {
        let path = data.join(BESIDE);
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                Err(error).with_context(|| format!("removing {}", path.display()))?
            }
            _ => Ok(()),
        }
    }

    /// Puts the key file beside the old one in its place. The old key is gone then.
    pub fn take_the_place(&self, data: &Path) -> Result<()> {
        let KeySource::File(to) = self.source() else { return Ok(()) };
        std::fs::rename(data.join(BESIDE), to).with_context(|| {
            format!(
                "the data is under the new master key, but {} cannot be replaced by {BESIDE} beside it",
                to.display()
            )
        })?;
        sync(data)
    }

    /// The key that waits beside the one from `source`, if there is one; what is no key does not count.
    pub(super) fn beside(data: &Path, source: &KeySource) -> Option<Self> {
        let found = match source {
            KeySource::File(_) | KeySource::NewFile(_) => Self::read(&data.join(BESIDE), 0o077).ok().flatten(),
            KeySource::Environment => {
                let text = std::env::var(VARIABLE).map(Zeroizing::new).ok();
                text.and_then(|text| Self::parse(&text).ok())
            }
            KeySource::Credential(path) => {
                let path = path.with_file_name("pulsepoint-new-master-key");
                Self::read(&path, 0o007).ok().flatten()
            }
        };
        found.map(|key| key.with_source(source.clone()))
    }
}

/// A new master key as an operator hands it over: from a file, or from the environment.
pub fn new_master_key(file: Option<&Path>) -> Result<Option<SecretString>> {
    let Some(path) = file else {
        return Ok(std::env::var(VARIABLE).ok().filter(|text| !text.is_empty()).map(SecretString::from));
    };
    let shown = path.display();
    let meta = std::fs::metadata(path).with_context(|| format!("reading the new master key {shown}"))?;
    if !meta.is_file() || meta.len() > 4096 {
        return Err(refused(format!("{shown} is not a key file: {WHAT_A_KEY_IS}")));
    }
    if meta.permissions().mode() & 0o077 != 0 {
        return Err(refused(format!("{shown} can be read by others: run `chmod 600 {shown}`")));
    }
    let text = std::fs::read_to_string(path).with_context(|| format!("reading the new master key {shown}"))?;
    Ok(Some(SecretString::from(text)))
}

/// Whoever made the file read-only, or a link to elsewhere, did not mean it to be replaced.
fn check_replaceable(path: &Path) -> Result<()> {
    let shown = path.display();
    let meta = std::fs::symlink_metadata(path).with_context(|| format!("looking at the key file {shown}"))?;
    if meta.is_symlink() {
        return Err(refused(format!(
            "the key file {shown} is a link: put a file in its place, or rotate where it lies"
        )));
    }
    if meta.permissions().mode() & 0o200 == 0 {
        return Err(refused(format!("the key file {shown} is read-only: run `chmod 600 {shown}` first")));
    }
    Ok(())
}

fn sync(data: &Path) -> Result<()> {
    let syncing = || format!("syncing {}", data.display());
    Ok(File::open(data).and_then(|folder| folder.sync_all()).with_context(syncing)?)
}
