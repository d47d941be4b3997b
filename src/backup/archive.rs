//! The archive: one `age` file that holds a heading, the manifest, the store, and the archives of its older events. Nothing is packed,
//! and files that follow the store may have one kind of name alone, so there is no path to leave a folder by and no size that is not
//! there in bytes. Every 64 KiB are authenticated, and so is the end.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use age::stream::{StreamReader, StreamWriter};
use age::{DecryptError, Decryptor, Encryptor};
use anyhow::Context;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::keys::{Identity, Recipient};
use super::manifest::{Manifest, Sum};
use super::refused;
use crate::error::{Error, Result};
use crate::events;

const HEADING: &[u8] = b"pulsepoint backup\n";
/// A manifest is a few KiB.
const MANIFEST_BYTES: u32 = 4 << 20;
/// Where the age header must have ended: one recipient takes some 200 bytes.
const HEADER_BYTES: usize = 64 << 10;
/// Bytes that travel at once.
const PIECE: usize = 256 << 10;
/// Synced piece by piece, so that a store that is written meanwhile does not wait for all of it.
const SYNC_BYTES: u64 = 8 << 20;

/// Seals `manifest`, the store at `store` and the archives beside it for `recipient` into `file`, and syncs it.
pub(super) fn write(file: &mut File, recipient: &Recipient, manifest: &Manifest, store: &Path) -> Result<()> {
    Ok(try_write(file, recipient, manifest, store).context("writing an archive")?)
}

fn try_write(file: &mut File, recipient: &Recipient, manifest: &Manifest, store: &Path) -> io::Result<()> {
    let encryptor = Encryptor::with_recipients(std::iter::once(recipient.as_age())).map_err(io::Error::other)?;
    let mut sealed = encryptor.wrap_output(BufWriter::with_capacity(PIECE, Synced { file, unsynced: 0 }))?;
    let about = Zeroizing::new(serde_json::to_vec(manifest)?);
    sealed.write_all(HEADING)?;
    sealed.write_all(&u32::try_from(about.len()).map_err(io::Error::other)?.to_be_bytes())?;
    sealed.write_all(&about)?;
    copy_file(&mut sealed, store, manifest.bytes)?;
    for file in &manifest.event_archives {
        copy_file(&mut sealed, &beside(store, &file.name), file.bytes)?;
    }
    let mut synced = sealed.finish()?.into_inner().map_err(io::IntoInnerError::into_error)?;
    synced.flush()?;
    synced.file.sync_all()
}

/// Where an archive of older events lies beside its store.
fn beside(store: &Path, name: &str) -> PathBuf {
    store.with_file_name(events::ARCHIVES).join(name)
}

fn copy_file(sealed: &mut StreamWriter<impl Write>, from: &Path, bytes: u64) -> io::Result<()> {
    let mut source = File::open(from)?;
    let mut piece = vec![0; PIECE];
    let mut left = bytes;
    while left > 0 {
        let wanted = usize::try_from(left).unwrap_or(PIECE).min(PIECE);
        source.read_exact(&mut piece[..wanted])?;
        sealed.write_all(&piece[..wanted])?;
        left -= wanted as u64;
    }
    Ok(())
}

struct Synced<'a> {
    file: &'a mut File,
    unsynced: u64,
}

impl Write for Synced<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.unsynced += written as u64;
        if self.unsynced >= SYNC_BYTES {
            self.file.sync_data()?;
            self.unsynced = 0;
        }
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Bytes and SHA-256 of a file.
pub(super) fn measure(path: &Path) -> Result<(u64, Sum)> {
    let reading = || format!("reading {}", path.display());
    let mut file = File::open(path).with_context(reading)?;
    let (mut hasher, mut bytes, mut piece) = (Sha256::new(), 0, vec![0; PIECE]);
    loop {
        let read = file.read(&mut piece).with_context(reading)?;
        if read == 0 {
            return Ok((bytes, Sum(hasher.finalize().into())));
        }
        hasher.update(&piece[..read]);
        bytes += read as u64;
    }
}

/// An opened archive, its manifest read.
pub(super) struct Opened {
    manifest: Manifest,
    store: StreamReader<BufReader<File>>,
}

/// Opens an archive as far as its manifest.
///
/// # Errors
/// `Invalid` with code `archive_refused` when it is none, is damaged, of another format, or not for this identity.
pub(super) fn open(path: &Path, identity: &Identity) -> Result<Opened> {
    let opening = || format!("opening the archive {}", path.display());
    let about = std::fs::metadata(path).with_context(opening)?;
    if !about.is_file() {
        return Err(refused("it is not a file".to_owned()));
    }
    check_header(path)?;
    let file = BufReader::with_capacity(PIECE, File::open(path).with_context(opening)?);
    let decryptor = Decryptor::new(file).map_err(no_archive)?;
    let mut store = decryptor.decrypt(std::iter::once(identity.as_age())).map_err(no_archive)?;
    let mut heading = [0; HEADING.len() + 4];
    store.read_exact(&mut heading).map_err(broken)?;
    let (heading, length) = heading.split_at(HEADING.len());
    if heading != HEADING {
        return Err(refused("it was not made by Pulsepoint".to_owned()));
    }
    let length = length.try_into().map_or(u32::MAX, u32::from_be_bytes);
    if length > MANIFEST_BYTES {
        return Err(refused("its manifest is too long".to_owned()));
    }
    let mut text = Zeroizing::new(vec![0; usize::try_from(length).unwrap_or(0)]);
    store.read_exact(&mut text).map_err(broken)?;
    let manifest = Manifest::parse(&text)?;
    // What it says it holds must be there in bytes: nothing is packed.
    if manifest.all_bytes() >= about.len() {
        let bytes = manifest.all_bytes();
        return Err(refused(format!("it says that it holds {bytes} bytes and has {}", about.len())));
    }
    Ok(Opened { manifest, store })
}

/// `age` reads its header line by line, however long a line is: so it must be seen to end.
fn check_header(path: &Path) -> Result<()> {
    let mut head = Vec::with_capacity(HEADER_BYTES);
    let reading = || format!("reading the archive {}", path.display());
    let file = File::open(path).with_context(reading)?;
    file.take(HEADER_BYTES as u64).read_to_end(&mut head).with_context(reading)?;
    if !head.starts_with(b"age-encryption.org/v1\n") {
        return Err(refused("it is no sealed archive".to_owned()));
    }
    let ends = head.windows(5).position(|window| window == b"\n--- ").is_some_and(|at| head[at + 5..].contains(&b'\n'));
    if ends { Ok(()) } else { Err(refused("its header has no end".to_owned())) }
}

impl Opened {
    /// What the archive says of itself.
    pub(super) fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Writes the store to `to`, a new file, and the archives of its older events beside it, if they are those that the manifest
    /// tells of, and the archive ends with them.
    pub(super) fn unpack(mut self, to: &Path) -> Result<Manifest> {
        if self.write_next(to, self.manifest.bytes)? != self.manifest.sha256 {
            return Err(refused("its store is not the one that its manifest tells of".to_owned()));
        }
        let files = std::mem::take(&mut self.manifest.event_archives);
        let folder = to.with_file_name(events::ARCHIVES);
        if !files.is_empty() {
            DirBuilder::new()
                .mode(0o700)
                .create(&folder)
                .with_context(|| format!("unpacking to {}", folder.display()))?;
        }
        for file in &files {
            if self.write_next(&folder.join(&file.name), file.bytes)? != file.sha256 {
                let name = &file.name;
                return Err(refused(format!("its file {name} is not the one that its manifest tells of")));
            }
        }
        if !files.is_empty() {
            File::open(&folder).and_then(|folder| folder.sync_all()).context("unpacking an archive")?;
        }
        self.manifest.event_archives = files;
        // Nothing more, and the seal of the end.
        if self.store.read(&mut [0]).map_err(broken)? > 0 {
            return Err(refused("more follows where it should end".to_owned()));
        }
        Ok(self.manifest)
    }

    /// Writes the next bytes to a new file, synced, and returns their SHA-256.
    fn write_next(&mut self, to: &Path, bytes: u64) -> Result<Sum> {
        let making = || format!("unpacking to {}", to.display());
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(to).with_context(making)?;
        let (mut hasher, mut left, mut piece) = (Sha256::new(), bytes, vec![0; PIECE]);
        while left > 0 {
            let wanted = usize::try_from(left).unwrap_or(PIECE).min(PIECE);
            self.store.read_exact(&mut piece[..wanted]).map_err(broken)?;
            hasher.update(&piece[..wanted]);
            file.write_all(&piece[..wanted]).with_context(making)?;
            left -= wanted as u64;
        }
        file.sync_all().with_context(making)?;
        Ok(Sum(hasher.finalize().into()))
    }
}

/// Bytes that do not hold together, or end too early; or a disk that cannot be read.
fn broken(error: io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => refused("it is cut short".to_owned()),
        io::ErrorKind::InvalidData => refused("it is damaged".to_owned()),
        _ => anyhow::Error::from(error).context("reading an archive").into(),
    }
}

fn no_archive(error: DecryptError) -> Error {
    match error {
        DecryptError::NoMatchingKeys => Error::invalid_code(
            "wrong_identity",
            Some("identity"),
            "this identity does not open the archive: it was sealed for another recipient",
        ),
        DecryptError::Io(error) => broken(error),
        _ => refused("its header is damaged".to_owned()),
    }
}
