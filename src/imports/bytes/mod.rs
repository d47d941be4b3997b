//! Where a file's bytes come from: a path, or an upload kept sealed on disk; unpacked on the way, counted and bounded.

pub mod spool;
pub mod unpack;

use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use spool::Spool;

/// A file that can be read more than once.
#[derive(Debug)]
pub enum Source {
    Path(PathBuf),
    Spool(Spool),
}

impl Source {
    /// Its bytes as they are.
    pub fn open(&self) -> io::Result<Box<dyn Read + Send + '_>> {
        Ok(match self {
            Self::Path(path) => Box::new(File::open(path)?),
            Self::Spool(spool) => Box::new(spool.open()),
        })
    }

    /// How many bytes there are, packed as they are.
    pub fn len(&self) -> io::Result<u64> {
        match self {
            Self::Path(path) => Ok(std::fs::metadata(path)?.len()),
            Self::Spool(spool) => Ok(spool.len()),
        }
    }
}

/// Counts the bytes that pass.
pub struct Counted<R> {
    input: R,
    count: Arc<AtomicU64>,
}

impl<R: Read> Counted<R> {
    /// Adds to `count` whatever is read.
    pub fn new(input: R, count: Arc<AtomicU64>) -> Self {
        Self { input, count }
    }
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let n = self.input.read(out)?;
        self.count.fetch_add(n as u64, Ordering::Relaxed);
        Ok(n)
    }
}
