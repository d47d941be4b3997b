//! A copy of one moment of an open file, made while reading and writing go on.

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyhow::{Context, anyhow};
use rusqlite::Connection;
use rusqlite::backup::{Backup, StepResult};

use super::pool::{self, Readers, lock};
use super::{Db, failure};
use crate::error::Result;

impl Db {
    /// Writes all that is committed now to `to`, a new file under the same key. Readers and writers go on meanwhile: the copy
    /// is one read transaction, and nothing of it is synced. `Unavailable` with code `storage_full` when the disk of `to` is
    /// full; what was written of `to` is then the caller's to remove. Blocks.
    pub fn copy_to(&self, to: &Path) -> Result<()> {
        self.copy_under(to, None)
    }

    /// [`Self::copy_to`] with another key for the copy.
    pub fn copy_for(&self, to: &Path, key: &[u8; 32]) -> Result<()> {
        self.copy_under(to, Some(key))
    }

    /// Writes what the tables hold to `to`, a new file under the same key, and nothing that lies in room that is free. Writers wait.
    /// Nothing of it is synced. Blocks.
    pub fn rewrite_to(&self, to: &Path) -> Result<()> {
        self.usable()?;
        let making = || format!("writing {} anew to {}", self.path().display(), to.display());
        OpenOptions::new().write(true).create_new(true).mode(0o600).open(to).with_context(making)?;
        let path = to.to_str().ok_or_else(|| anyhow!("{} is no text", to.display()))?;
        let writer = lock(&self.0.writer);
        // What a file that is attached without a key of its own gets: this file's key, and pages of the size that is the default.
        writer.conn.execute_batch(&format!("pragma cipher_default_page_size = {}", pool::PAGE_BYTES))?;
        writer.conn.execute("vacuum into ?1", [path]).map_err(anyhow::Error::from).with_context(making)?;
        Ok(())
    }

    fn copy_under(&self, to: &Path, key: Option<&[u8; 32]>) -> Result<()> {
        self.usable()?;
        let making = || format!("copying {} to {}", self.path().display(), to.display());
        OpenOptions::new().write(true).create_new(true).mode(0o600).open(to).with_context(making)?;
        // A failure may be the copy's: it does not take the file itself out of use.
        copy(&self.0.readers, to, key).map_err(failure::for_the_caller)?;
        self.check_pages()
    }

    /// Checks the seal of every page in the file: copying alone takes a page whose seal is broken for an empty one. A page that a
    /// checkpoint is just writing may look broken, so a bad one is looked at again while nobody writes.
    fn check_pages(&self) -> Result<()> {
        if self.0.readers.with(seals_hold)? {
            return Ok(());
        }
        let _nobody_writes = lock(&self.0.writer);
        if self.0.readers.with(seals_hold)? {
            return Ok(());
        }
        Err(anyhow!("{} is damaged: the seal of a page is broken", self.path().display()).into())
    }
}

fn seals_hold(conn: &Connection) -> Result<bool> {
    let mut check = conn.prepare("pragma cipher_integrity_check")?;
    Ok(check.query([])?.next()?.is_none())
}

fn copy(readers: &Readers, to: &Path, key: Option<&[u8; 32]>) -> Result<()> {
    let mut target = match key {
        Some(key) => pool::connect(to, key)?,
        None => readers.beside(to)?,
    };
    readers.with(|source| {
        target.execute_batch("pragma synchronous = off; pragma journal_mode = off")?;
        // All pages in one step: in steps, every commit in between would begin the copy anew.
        let step = Backup::new(source, &mut target)?.step(-1)?;
        match step {
            StepResult::Done => Ok(()),
            other => Err(anyhow!("the store could not be copied: {other:?}").into()),
        }
    })?;
    target.close().map_err(|(_, error)| error)?;
    Ok(())
}
