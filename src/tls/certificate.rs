//! A certificate and its key in two PEM files: what can be served, and a sentence on what cannot.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::anyhow;
use sha2::{Digest, Sha256};
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::sign::CertifiedKey;
use tokio_rustls::rustls::{Error as TlsError, InconsistentKeys};
use zeroize::Zeroizing;

use super::settings::Settings;
use super::{About, provider, validity};
use crate::error::Result;

/// No certificate with all those above it is larger.
const MOST_BYTES: u64 = 1 << 20;

/// Where a certificate and its key lie.
#[derive(Clone, Debug)]
pub(super) struct Files {
    pub(super) certificate: PathBuf,
    pub(super) key: PathBuf,
}

/// A certificate that can be served.
#[derive(Clone, Debug)]
pub(super) struct Loaded {
    pub(super) key: Arc<CertifiedKey>,
    pub(super) about: About,
    /// Of the files' bytes.
    pub(super) fingerprint: [u8; 32],
}

impl Files {
    /// Those the settings name: both, or none.
    pub(super) fn of(settings: &Settings) -> Result<Option<Self>> {
        let (certificate, key) = (settings.certificate.clone(), settings.key.clone());
        match (certificate.as_os_str().is_empty(), key.as_os_str().is_empty()) {
            (true, true) => Ok(None),
            (false, false) => Ok(Some(Self { certificate, key })),
            (true, false) => Err(anyhow!("tls.key is set, but not tls.certificate: name the certificate too").into()),
            (false, true) => Err(anyhow!("tls.certificate is set, but not tls.key: name its private key too").into()),
        }
    }

    /// Tells whether they are still the same files inside. What cannot be read counts as empty.
    pub(super) fn fingerprint(&self) -> [u8; 32] {
        let read = |path: &Path| read(path).unwrap_or_default();
        fingerprint(&read(&self.certificate), &read(&self.key))
    }

    /// Reads both.
    pub(super) fn load(&self) -> Result<Loaded> {
        let (shown, key_shown) = (self.certificate.display(), self.key.display());
        let certificate = read(&self.certificate).map_err(|reason| anyhow!("the certificate {shown} {reason}"))?;
        let key = read(&self.key).map_err(|reason| anyhow!("the private key {key_shown} {reason}"))?;
        self.refuse_open_key()?;
        let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(&certificate)
            .collect::<Result<_, _>>()
            .map_err(|error| anyhow!("the certificate {shown} is not sound PEM: {error}"))?;
        let Some(leaf) = chain.first() else {
            return Err(anyhow!("the certificate {shown} holds no BEGIN CERTIFICATE block").into());
        };
        let (not_before, not_after) = validity::of(leaf)
            .ok_or_else(|| anyhow!("the first block of {shown} is not a certificate that can be read"))?;
        let private = PrivateKeyDer::from_pem_slice(&key).map_err(|_| {
            let locked = key.windows(9).any(|part| part == b"ENCRYPTED");
            let hint = if locked { "is locked by a passphrase: save it without one, mode 0600" } else { NO_KEY };
            anyhow!("the private key {key_shown} {hint}")
        })?;
        let certified = CertifiedKey::from_der(chain, private, &provider()).map_err(|error| match error {
            TlsError::InconsistentKeys(InconsistentKeys::KeyMismatch) => anyhow!(
                "the private key {key_shown} is not that of the first certificate in {shown}: \
                 the files are of two pairs, or the chain does not begin with the server's own"
            ),
            error => anyhow!("the certificate {shown} and the key {key_shown} cannot be used: {error}"),
        })?;
        let about = About { path: self.certificate.clone(), not_before, not_after };
        Ok(Loaded { key: Arc::new(certified), about, fingerprint: fingerprint(&certificate, &key) })
    }

    /// A group may read it, as packages of some systems arrange; everybody may not.
    fn refuse_open_key(&self) -> Result<()> {
        let mode = std::fs::metadata(&self.key).map_or(0, |meta| meta.permissions().mode() & 0o777);
        match mode & 0o007 {
            0 => Ok(()),
            _ => {
                let key = self.key.display();
                let said =
                    format!("the private key {key} can be read by everybody (mode {mode:04o}): run `chmod 600 {key}`");
                Err(anyhow!(said).into())
            }
        }
    }
}

const NO_KEY: &str = "holds no private key: a BEGIN PRIVATE KEY block is expected";

fn fingerprint(certificate: &[u8], key: &[u8]) -> [u8; 32] {
    Sha256::new().chain_update(Sha256::digest(certificate)).chain_update(Sha256::digest(key)).finalize().into()
}

fn read(path: &Path) -> std::result::Result<Zeroizing<Vec<u8>>, String> {
    let refused = |error: std::io::Error| format!("cannot be read: {error}");
    let meta = std::fs::metadata(path).map_err(refused)?;
    if !meta.is_file() || meta.len() > MOST_BYTES {
        return Err("is no PEM file".to_owned());
    }
    std::fs::read(path).map(Zeroizing::new).map_err(refused)
}
