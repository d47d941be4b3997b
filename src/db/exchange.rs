//! Another file in the place of an open one, such as a copy under another key, while people read and write: writers wait for as
//! long as it takes, readers for the last moment, and nobody is refused.

use std::path::Path;
use std::sync::MutexGuard;
use std::sync::atomic::Ordering;

use anyhow::anyhow;

use super::pool::{Writer, lock};
use super::{Db, FileSpec, failure, file, open};
use crate::error::{Error, Result};

/// A file that nobody writes to while this lives; reading goes on.
pub struct Held<'db> {
    db: &'db Db,
    writer: MutexGuard<'db, Writer>,
}

/// How an exchange ended that did not succeed.
#[derive(Debug)]
pub enum Broken {
    /// Before anything was changed: the file of before goes on.
    Before(Error),
    /// After the other file was put there: it has to be opened anew, and this [`Db`] refuses all use.
    After(Error),
}

impl From<Broken> for Error {
    fn from(broken: Broken) -> Self {
        match broken {
            Broken::Before(error) | Broken::After(error) => error,
        }
    }
}

impl Db {
    /// Waits for the writer of this moment and lets no other begin. Blocks; not from inside a write.
    pub fn hold(&self) -> Result<Held<'_>> {
        let writer = lock(&self.0.writer);
        self.usable()?;
        Ok(Held { db: self, writer })
    }

    /// What tells the file that lies there from every other that ever lay there: its first 16 bytes, which follow from its key.
    /// Whoever follows the file's log begins anew when it changes.
    pub fn generation(&self) -> [u8; 16] {
        file::salt(&self.0.readers.current().key)
    }
}

impl Held<'_> {
    /// Write transactions that the file has seen.
    pub fn commits(&self) -> i64 {
        self.db.commits()
    }

    /// Has `put` put another file, which is under `key` and as `spec` says, in the place of this one; from then on it is the one
    /// that is read and written. What was written to this one since the other was copied is lost, which is for the caller to rule
    /// out. `put` returns whether it changed nothing when it fails.
    ///
    /// # Errors
    /// [`Broken`], which says whether anything was changed.
    pub fn exchange(
        mut self,
        key: &[u8; 32],
        spec: &FileSpec<'_>,
        put: impl FnOnce() -> Result<(), Broken>,
    ) -> Result<(), Broken> {
        let inner = &self.db.0;
        // Once another file lies there, this connection must not empty or remove a log of that name.
        self.writer.leave_alone(true).and_then(|()| self.writer.hand_over()).map_err(Broken::Before)?;
        let mut broken = None;
        let opened = inner.readers.exchange(key, || {
            put().map_err(|cause| note(&mut broken, cause))?;
            let opened = open::open(&inner.path, key, spec, open::Older::AsItIs);
            opened.map_err(|cause| note(&mut broken, Broken::After(anyhow!(cause).into())))
        });
        match (opened, broken) {
            (Ok(opened), _) => {
                inner.commits.store(opened.commits, Ordering::Release);
                self.writer.exchanged();
                match self.writer.followed_by(opened.conn, &inner.path, opened.commits) {
                    Ok(next) => *self.writer = next,
                    Err(error) => {
                        self.db.retire("its place was taken, and its log would not be kept");
                        return Err(Broken::After(error));
                    }
                }
                Ok(())
            }
            (Err(_), Some(Broken::After(cause))) => {
                self.db.retire("its place was taken, and what lies there now did not open");
                Err(Broken::After(cause))
            }
            (Err(error), broken) => {
                if let Err(error) = self.writer.leave_alone(false) {
                    tracing::warn!(path = %inner.path.display(), %error, "a store will not tidy up when it closes");
                }
                Err(broken.unwrap_or(Broken::Before(error)))
            }
        }
    }

    /// Empties the log and removes it, so that the file is whole without it; waits for whoever reads from it. For a file that
    /// shares its folder with others: the one to take its place must not find the log.
    ///
    /// # Errors
    /// `Unavailable` with code `store_read` where somebody goes on reading from the log.
    pub fn drop_log(&self) -> Result<()> {
        let emptied = self.writer.empty_log().map_err(failure::for_the_caller)?;
        if !emptied {
            return Err(Error::Unavailable {
                code: "store_read",
                reason: "Somebody reads the store for long: nothing was changed, try again in a moment.".to_owned(),
                retry_after_secs: 10,
            });
        }
        Ok(())
    }
}

/// Removes the log and its index beside a file that is whole without them and that nobody opens meanwhile.
pub fn remove_log(path: &Path) -> std::io::Result<()> {
    for suffix in ["-wal", "-shm"] {
        match std::fs::remove_file(open::beside(path, suffix)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

/// Keeps how it broke, and gives an error to break off with.
fn note(kept: &mut Option<Broken>, cause: Broken) -> Error {
    *kept = Some(cause);
    anyhow!("an exchange broke off").into()
}
