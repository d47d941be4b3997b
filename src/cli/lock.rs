//! One process at a time owns a data folder. The lock ends with its holder, however that ends.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use anyhow::{Context, anyhow};

use crate::error::Result;

/// Name of the lock file in the data folder.
const FILE_NAME: &str = "pulsepoint.lock";

/// The data folder is ours until this is dropped.
#[derive(Debug)]
pub struct DataLock {
    /// Holds the lock; the system releases it when this closes.
    _file: File,
}

/// What became of asking for the folder.
#[derive(Debug)]
pub enum Asked {
    /// It is ours.
    Ours(DataLock),
    /// The process with this id has it; none if it has not said yet.
    Taken(Option<u32>),
}

impl DataLock {
    /// Asks for the folder, which is made with mode 0700 if it is not there.
    pub fn ask(data: &Path) -> Result<Asked> {
        let shown = data.display();
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(data)
            .with_context(|| format!("making the data folder {shown}"))?;
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(data.join(FILE_NAME))
            .with_context(|| format!("opening the lock of the data folder {shown}"))?;
        match file.try_lock() {
            Ok(()) => {
                file.set_len(0).context("writing the lock of the data folder")?;
                writeln!(file, "{}", std::process::id()).context("writing the lock of the data folder")?;
                Ok(Asked::Ours(Self { _file: file }))
            }
            Err(TryLockError::WouldBlock) => {
                let mut text = String::new();
                // A pid that cannot be read is only missing in the message.
                let _ = file.read_to_string(&mut text);
                Ok(Asked::Taken(text.trim().parse().ok()))
            }
            Err(TryLockError::Error(error)) => Err(anyhow!(error).context(format!("locking {shown}")).into()),
        }
    }

    /// Takes the folder, or says who has it.
    pub fn take(data: &Path) -> Result<Self> {
        match Self::ask(data)? {
            Asked::Ours(lock) => Ok(lock),
            Asked::Taken(pid) => Err(taken(data, pid)),
        }
    }
}

/// The sentence for a folder that another process has.
pub fn taken(data: &Path, pid: Option<u32>) -> crate::error::Error {
    let who = pid.map_or_else(|| "another process".to_owned(), |pid| format!("process {pid}"));
    anyhow!("the data folder {} is in use by {who}: stop it first, or name another folder with --data", data.display())
        .into()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_second_one_is_told_the_pid_and_the_lock_ends_with_its_holder() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("a/b");
        let lock = DataLock::take(&data).unwrap();
        assert_eq!(std::fs::metadata(&data).unwrap().permissions().mode() & 0o777, 0o700);
        let refused = DataLock::take(&data).unwrap_err().to_string();
        assert!(refused.contains(&format!("process {}", std::process::id())), "{refused}");
        drop(lock);
        DataLock::take(&data).unwrap();
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        std::fs::write(&file, "").unwrap();
        let refused = DataLock::take(&file.join("data")).unwrap_err().to_string();
        assert!(refused.contains("making the data folder"), "{refused}");
    }
}
