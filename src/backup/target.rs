//! Where sealed things go: names with `/`, bytes behind them, nothing else asked of the place. What is put is there whole or not
//! at all, and stays after a power cut. A folder is one such place; a bucket of a store is [`super::s3`]'s.

use std::fs::{DirBuilder, File};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};

use crate::error::Result;

/// A file that is being written.
pub(super) const PART: &str = ".part-";

/// A thing as it lies there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Item {
    /// Its name under the target.
    pub name: String,
    /// Its size.
    pub bytes: u64,
}

/// Whether a put found the name free.
#[derive(Debug, PartialEq, Eq)]
pub enum Put {
    /// It is there now.
    Done,
    /// There is one of that name, which was not touched.
    Taken,
}

/// A place for sealed things. All of it blocks.
pub trait Target: Send + Sync {
    /// Puts bytes under a name that is free.
    fn put(&self, name: &str, bytes: &[u8]) -> Result<Put>;
    /// Puts a file under a name that is free.
    fn put_file(&self, name: &str, from: &Path) -> Result<Put>;
    /// The bytes of a thing; none where there is no such thing.
    fn get(&self, name: &str) -> Result<Option<Vec<u8>>>;
    /// Copies a thing to a new file.
    fn get_file(&self, name: &str, to: &Path) -> Result<()>;
    /// Every thing right under `folder`, by name.
    fn list(&self, folder: &str) -> Result<Vec<Item>>;
    /// The names right under `folder` that have more under them, by name; `folder` is empty for the top.
    fn folders(&self, folder: &str) -> Result<Vec<String>>;
    /// Removes a thing; one that is gone already is fine.
    fn remove(&self, name: &str) -> Result<()>;
    /// Where a thing lies, if on this machine.
    fn local(&self, name: &str) -> Option<PathBuf>;
    /// The name under the target of what people call so: an address or a name; none where it does not lie here, or is a path.
    fn name_of(&self, address: &str) -> Option<String>;
    /// What people call it.
    fn describe(&self) -> String;

    /// What people call a thing: its path, or its address.
    fn address(&self, name: &str) -> PathBuf {
        self.local(name).unwrap_or_else(|| format!("{}/{name}", self.describe()).into())
    }
}

/// A folder of the file system.
#[derive(Debug)]
pub(super) struct Folder(pub(super) PathBuf);

impl Folder {
    fn put_with(&self, name: &str, write: impl FnOnce(&mut File) -> std::io::Result<()>) -> Result<Put> {
        let path = self.0.join(name);
        let putting = || format!("writing {}", path.display());
        let folder = path.parent().unwrap_or(&self.0);
        self.make(folder).with_context(putting)?;
        let mut file = tempfile::Builder::new().prefix(PART).tempfile_in(folder).with_context(putting)?;
        write(file.as_file_mut()).and_then(|()| file.as_file().sync_all()).with_context(putting)?;
        match file.persist_noclobber(&path) {
            Ok(_) => {}
            Err(taken) if taken.error.kind() == ErrorKind::AlreadyExists => return Ok(Put::Taken),
            Err(error) => return Err(anyhow!(error.error).context(putting()).into()),
        }
        File::open(folder).and_then(|folder| folder.sync_all()).with_context(putting)?;
        Ok(Put::Done)
    }

    /// Makes a folder and what is above it, each on disk before the next.
    fn make(&self, folder: &Path) -> std::io::Result<()> {
        if folder.is_dir() {
            return Ok(());
        }
        let above = folder.parent().filter(|above| !above.as_os_str().is_empty()).unwrap_or(Path::new("."));
        self.make(above)?;
        match DirBuilder::new().mode(0o700).create(folder) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
        File::open(above)?.sync_all()
    }
}

impl Target for Folder {
    fn put(&self, name: &str, bytes: &[u8]) -> Result<Put> {
        self.put_with(name, |file| file.write_all(bytes))
    }

    fn put_file(&self, name: &str, from: &Path) -> Result<Put> {
        self.put_with(name, |file| std::io::copy(&mut File::open(from)?, file).map(drop))
    }

    fn get(&self, name: &str) -> Result<Option<Vec<u8>>> {
        match std::fs::read(self.0.join(name)) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            read => Ok(Some(read.with_context(|| format!("reading {name} in {}", self.describe()))?)),
        }
    }

    fn get_file(&self, name: &str, to: &Path) -> Result<()> {
        let copied = std::fs::copy(self.0.join(name), to);
        copied.with_context(|| format!("reading {name} in {}", self.describe()))?;
        Ok(())
    }

    fn list(&self, folder: &str) -> Result<Vec<Item>> {
        let path = self.0.join(folder);
        let listing = || format!("listing {}", path.display());
        let entries = match std::fs::read_dir(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.with_context(listing)?,
        };
        let mut found = Vec::new();
        for entry in entries {
            let entry = entry.with_context(listing)?;
            let about = match entry.metadata() {
                // Removed meanwhile.
                Err(error) if error.kind() == ErrorKind::NotFound => continue,
                about => about.with_context(listing)?,
            };
            let file = entry.file_name();
            if let Some(file) = file.to_str().filter(|file| about.is_file() && !file.starts_with(PART)) {
                let name = if folder.is_empty() { file.to_owned() } else { format!("{folder}/{file}") };
                found.push(Item { name, bytes: about.len() });
            }
        }
        found.sort();
        Ok(found)
    }

    fn folders(&self, folder: &str) -> Result<Vec<String>> {
        let listing = || format!("listing {}", self.describe());
        let entries = match std::fs::read_dir(self.0.join(folder)) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.with_context(listing)?,
        };
        let mut found = Vec::new();
        for entry in entries {
            let entry = entry.with_context(listing)?;
            if entry.file_type().with_context(listing)?.is_dir() {
                found.extend(entry.file_name().into_string());
            }
        }
        found.sort();
        Ok(found)
    }

    fn remove(&self, name: &str) -> Result<()> {
        let path = self.0.join(name);
        let removing = || format!("removing {}", path.display());
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            removed => removed.with_context(removing)?,
        }
        let folder = path.parent().unwrap_or(&self.0);
        File::open(folder).and_then(|folder| folder.sync_all()).with_context(removing)?;
        Ok(())
    }

    fn local(&self, name: &str) -> Option<PathBuf> {
        Some(self.0.join(name))
    }

    fn name_of(&self, _: &str) -> Option<String> {
        None
    }

    fn describe(&self) -> String {
        self.0.display().to_string()
    }
}
