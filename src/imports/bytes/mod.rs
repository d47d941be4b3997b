//! Where a file's bytes come from: an upload kept sealed on disk; unpacked on the way, counted and bounded.

pub mod spool;
pub mod unpack;

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

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
