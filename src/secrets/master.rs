//! The master key: where it comes from, how it is made on first start, and what it wraps and derives.

use std::fmt;
use std::fs::{DirBuilder, File};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use secrecy::{ExposeSecret, SecretBox, SecretString};
use zeroize::Zeroizing;

use super::keys::{TenantKey, hkdf, seal, unseal};
use crate::error::Result;

/// Name of the key file in the data folder.
pub(super) const FILE_NAME: &str = "master.key";
/// Name of the systemd credential (`LoadCredential=` or `LoadCredentialEncrypted=`).
const CREDENTIAL: &str = "pulsepoint-master-key";
pub(super) const WHAT_A_KEY_IS: &str =
    "a master key is 32 random bytes as 64 hex digits or as base64; `openssl rand -hex 32` makes one";

/// The key over all keys. Whoever holds it and the data folder holds the data.
pub struct MasterKey {
    key: SecretBox<[u8; 32]>,
    source: KeySource,
    /// One that was about to take its place when it was loaded.
    beside: Option<Box<Self>>,
}

/// Where the master key was found; `doctor` says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeySource {
    /// The variable `PULSEPOINT_MASTER_KEY`.
    Environment,
    /// A systemd credential.
    Credential(PathBuf),
    /// The key file in the data folder.
    File(PathBuf),
    /// The key file, which did not exist and was made just now.
    NewFile(PathBuf),
}

impl fmt::Display for KeySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Environment => f.write_str("the environment variable PULSEPOINT_MASTER_KEY"),
            Self::Credential(path) => write!(f, "the systemd credential {}", path.display()),
            Self::File(path) => write!(f, "the key file {}", path.display()),
            Self::NewFile(path) => write!(f, "the key file {}, made just now", path.display()),
        }
    }
}

impl MasterKey {
    /// Looks for the key in `env` (the value of `PULSEPOINT_MASTER_KEY`), then in systemd's credentials, then in the
    /// data folder. Where there is none, makes a key file if `create` says so and the folder holds no store that an
    /// older key has sealed.
    pub fn load(data: &Path, env: Option<SecretString>, create: bool) -> Result<(Self, KeySource)> {
        if let Some(text) = env {
            let key = Self::parse(text.expose_secret()).context("PULSEPOINT_MASTER_KEY is not a master key")?;
            return Ok(key.found(data, KeySource::Environment));
        }
        if let Some(folder) = std::env::var_os("CREDENTIALS_DIRECTORY") {
            let path = Path::new(&folder).join(CREDENTIAL);
            // systemd shows a credential's group bits as the mask of an access list, so only strangers count here.
            if let Some(key) = Self::read(&path, 0o007)? {
                return Ok(key.found(data, KeySource::Credential(path)));
            }
        }
        let path = data.join(FILE_NAME);
        if let Some(key) = Self::read(&path, 0o077)? {
            return Ok(key.found(data, KeySource::File(path)));
        }
        if data.join("control.db").exists() {
            let path = path.display();
            return Err(anyhow!(
                "the master key is missing: put {path} back, or set PULSEPOINT_MASTER_KEY to what it held. \
                 The stores in this folder open with no other key"
            )
            .into());
        }
        if !create {
            return Err(
                anyhow!("there is no master key in {} yet: `pulsepoint serve` makes one", data.display()).into()
            );
        }
        let key = Self::make_file(data, &path)?;
        Ok((key.with_source(KeySource::NewFile(path.clone())), KeySource::NewFile(path)))
    }

    pub(super) fn of(key: SecretBox<[u8; 32]>) -> Self {
        Self { key, source: KeySource::Environment, beside: None }
    }

    pub(super) fn with_source(self, source: KeySource) -> Self {
        Self { source, ..self }
    }

    fn found(self, data: &Path, source: KeySource) -> (Self, KeySource) {
        let beside = Self::beside(data, &source).map(Box::new);
        (Self { key: self.key, source: source.clone(), beside }, source)
    }

    /// Where it was found.
    pub fn source(&self) -> &KeySource {
        &self.source
    }

    /// The key that was about to take its place when it was loaded: an exchange was interrupted.
    pub fn take_beside(&mut self) -> Option<Self> {
        self.beside.take().map(|beside| *beside)
    }

    /// A tenant's key, sealed for that tenant alone (XChaCha20-Poly1305 with the tenant's id as associated data).
    pub fn wrap(&self, tenant: &str, key: &TenantKey) -> Vec<u8> {
        seal(&self.derive("tenant-keys/v1"), tenant.as_bytes(), &key.to_bytes())
    }

    /// Opens what [`Self::wrap`] made for the same tenant.
    pub fn unwrap(&self, tenant: &str, wrapped: &[u8]) -> Result<TenantKey> {
        unseal(&self.derive("tenant-keys/v1"), tenant.as_bytes(), wrapped)
    }

    /// The key of one of the instance's own purposes (HKDF-SHA256), such as `control.db`.
    pub fn derive(&self, purpose: &str) -> Zeroizing<[u8; 32]> {
        hkdf(self.key.expose_secret(), &[b"pulsepoint/master/", purpose.as_bytes()].concat())
    }

    pub(super) fn parse(text: &str) -> Result<Self> {
        let text = text.trim();
        let mut key = Zeroizing::new([0; 32]);
        if text.len() == 64 && decode_hex(text, &mut key) {
            return Ok(Self::of(SecretBox::init_with(|| *key)));
        }
        let bare = text.trim_end_matches('=');
        let bytes = STANDARD_NO_PAD.decode(bare).or_else(|_| URL_SAFE_NO_PAD.decode(bare)).map(Zeroizing::new);
        match bytes.ok().and_then(|bytes| <[u8; 32]>::try_from(bytes.as_slice()).ok().map(Zeroizing::new)) {
            Some(key) => Ok(Self::of(SecretBox::init_with(|| *key))),
            None => Err(anyhow!(WHAT_A_KEY_IS).into()),
        }
    }

    /// The key in a file; `None` where there is no such file. `forbidden` are the mode bits it may not have.
    pub(super) fn read(path: &Path, forbidden: u32) -> Result<Option<Self>> {
        let shown = path.display();
        let meta = match std::fs::metadata(path) {
            Ok(meta) => meta,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(anyhow!("cannot look at the key file {shown}: {error}").into()),
        };
        let mode = meta.permissions().mode() & 0o777;
        if mode & forbidden != 0 {
            return Err(anyhow!(
                "the key file {shown} can be read by others (mode {mode:04o}): run `chmod 600 {shown}`"
            )
            .into());
        }
        if !meta.is_file() || meta.len() > 4096 {
            return Err(anyhow!("the key file {shown} is not a key file: {WHAT_A_KEY_IS}").into());
        }
        let text = std::fs::read_to_string(path)
            .map(Zeroizing::new)
            .with_context(|| format!("reading the key file {shown}"))?;
        Ok(Some(Self::parse(&text).with_context(|| format!("the key file {shown} holds no master key"))?))
    }

    /// Makes the key file: whole and synced under another name first, so that a crash leaves a key or no key.
    fn make_file(data: &Path, path: &Path) -> Result<Self> {
        let making = || format!("making the key file {}", path.display());
        DirBuilder::new().recursive(true).mode(0o700).create(data).with_context(making)?;
        let key = Self::of(SecretBox::init_with(super::random_bytes));
        let mut file = tempfile::Builder::new().prefix(".master-key-").tempfile_in(data).with_context(making)?;
        file.write_all(key.as_text().as_bytes()).and_then(|()| file.as_file().sync_all()).with_context(making)?;
        file.persist_noclobber(path).with_context(making)?;
        File::open(data).and_then(|folder| folder.sync_all()).with_context(making)?;
        Ok(key)
    }

    /// What a key file holds.
    pub(super) fn as_text(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(65));
        for byte in self.key.expose_secret() {
            text.push(char::from(HEX[usize::from(byte >> 4)]));
            text.push(char::from(HEX[usize::from(byte & 15)]));
        }
        text.push('\n');
        text
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKey(hidden)")
    }
}

const HEX: &[u8; 16] = b"0123456789abcdef";

fn decode_hex(text: &str, out: &mut [u8; 32]) -> bool {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|value| u8::try_from(value).ok());
    text.as_bytes().chunks_exact(2).zip(out).all(|(pair, byte)| match (digit(pair[0]), digit(pair[1])) {
        (Some(high), Some(low)) => {
            *byte = high << 4 | low;
            true
        }
        _ => false,
    })
}
