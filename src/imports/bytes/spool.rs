//! An upload on disk that nobody can read: sealed chunk by chunk under a key that only this process has, in a file without a
//! name. When the process ends, however it ends, the file is gone and the key with it; nothing needs to be swept up.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::unix::fs::FileExt;
use std::path::Path;

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

const CHUNK: usize = 64 * 1024;
const TAG: usize = 16;

/// A sealed upload. Reads as often as wanted.
pub struct Spool {
    file: File,
    cipher: XChaCha20Poly1305,
    len: u64,
}

impl std::fmt::Debug for Spool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Spool({} bytes)", self.len)
    }
}

/// Takes an upload in.
pub struct SpoolWriter {
    spool: Spool,
    pending: Zeroizing<Vec<u8>>,
    chunks: u64,
}

impl SpoolWriter {
    /// Begins a nameless file in `folder`.
    pub fn new(folder: &Path) -> io::Result<Self> {
        let key = Zeroizing::new(rand::random::<[u8; 32]>());
        let cipher = XChaCha20Poly1305::new(&Key::from(*key));
        let spool = Spool { file: tempfile::tempfile_in(folder)?, cipher, len: 0 };
        Ok(Self { spool, pending: Zeroizing::new(Vec::with_capacity(CHUNK)), chunks: 0 })
    }

    /// Bytes taken in so far.
    pub fn len(&self) -> u64 {
        self.spool.len
    }

    /// Seals the last chunk.
    pub fn finish(mut self) -> io::Result<Spool> {
        self.seal()?;
        Ok(self.spool)
    }

    fn seal(&mut self) -> io::Result<()> {
        if self.pending.is_empty() {
            return Ok(());
        }
        let sealed = self
            .spool
            .cipher
            .encrypt(&nonce(self.chunks), Payload::from(self.pending.as_slice()))
            .map_err(|_| broken())?;
        self.spool.file.write_all(&sealed)?;
        self.chunks += 1;
        self.pending.clear();
        Ok(())
    }
}

impl Write for SpoolWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n = bytes.len().min(CHUNK - self.pending.len());
        self.pending.extend_from_slice(&bytes[..n]);
        self.spool.len += n as u64;
        if self.pending.len() == CHUNK {
            self.seal()?;
        }
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Spool {
    /// How many bytes were taken in.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Reads from the start.
    pub fn open(&self) -> SpoolReader<'_> {
        SpoolReader { spool: self, chunk: 0, plain: Zeroizing::new(Vec::new()), at: 0 }
    }
}

/// Unseals chunk by chunk.
pub struct SpoolReader<'a> {
    spool: &'a Spool,
    chunk: u64,
    plain: Zeroizing<Vec<u8>>,
    at: usize,
}

impl Read for SpoolReader<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.at == self.plain.len() {
            let done = self.chunk * CHUNK as u64;
            let left = usize::try_from(self.spool.len.saturating_sub(done)).unwrap_or(CHUNK).min(CHUNK);
            if left == 0 {
                return Ok(0);
            }
            let mut sealed = vec![0; left + TAG];
            self.spool.file.read_exact_at(&mut sealed, self.chunk * (CHUNK + TAG) as u64)?;
            let plain = self.spool.cipher.decrypt(&nonce(self.chunk), sealed.as_slice()).map_err(|_| broken())?;
            self.plain = Zeroizing::new(plain);
            self.chunk += 1;
            self.at = 0;
        }
        let n = out.len().min(self.plain.len() - self.at);
        out[..n].copy_from_slice(&self.plain[self.at..self.at + n]);
        self.at += n;
        Ok(n)
    }
}

/// The key is of one file, so that the chunk's number is enough.
fn nonce(chunk: u64) -> XNonce {
    let mut bytes = [0; 24];
    bytes[..8].copy_from_slice(&chunk.to_le_bytes());
    XNonce::from(bytes)
}

fn broken() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "the upload kept on disk was changed")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_back_twice_and_leaves_nothing_in_clear() {
        let folder = tempfile::tempdir().unwrap();
        let mut writer = SpoolWriter::new(folder.path()).unwrap();
        let bytes: Vec<u8> = b"canary@example.com,".iter().copied().cycle().take(200_001).collect();
        writer.write_all(&bytes).unwrap();
        let spool = writer.finish().unwrap();
        assert_eq!(spool.len(), 200_001);
        for _ in 0..2 {
            let mut back = Vec::new();
            spool.open().read_to_end(&mut back).unwrap();
            assert_eq!(back, bytes);
        }
        let mut stored = vec![0; usize::try_from(spool.file.metadata().unwrap().len()).unwrap()];
        spool.file.read_exact_at(&mut stored, 0).unwrap();
        assert!(!stored.windows(6).any(|w| w == b"canary"));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn an_empty_upload_is_empty() {
        let folder = tempfile::tempdir().unwrap();
        let spool = SpoolWriter::new(folder.path()).unwrap().finish().unwrap();
        assert_eq!(spool.open().read(&mut [0; 8]).unwrap(), 0);
    }
}
