//! A tenant's random key, how it is wrapped under the master key, and the keys of single purposes derived from either.

use anyhow::anyhow;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use hkdf::Hkdf;
use hmac::{Hmac, Mac};
use secrecy::{ExposeSecret, SecretBox};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::error::Result;

/// Layout of a wrapped key: one byte of format, the nonce, the sealed key with its tag.
const FORMAT: u8 = 1;
const NONCE_LEN: usize = 24;

/// What a key derived from a tenant's key is good for. One key per purpose, so that one kind of ciphertext never opens
/// as another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// The tenant's SQLCipher store.
    Store,
    /// Credentials of sources.
    Tokens,
    /// Snapshots of the store.
    Snapshots,
    /// Backups that leave the machine.
    Backup,
    /// The keyed hash by which a customer is recognised.
    CustomerIdentity,
    /// A warehouse kept on disk.
    Warehouse,
    /// The keyed hashes of API keys.
    ApiKeys,
    /// Secrets of second factors, and the keyed hashes of their recovery codes.
    SecondFactor,
    /// The store's log as it is shipped.
    Log,
    /// Archives of older events, and the keys they open with.
    Events,
}

impl Purpose {
    /// The text HKDF binds the key to. Stored data depends on it: never change one.
    fn info(self) -> &'static [u8] {
        match self {
            Self::Store => b"pulsepoint/tenant/store/v1",
            Self::Tokens => b"pulsepoint/tenant/tokens/v1",
            Self::Snapshots => b"pulsepoint/tenant/snapshots/v1",
            Self::Backup => b"pulsepoint/tenant/backup/v1",
            Self::CustomerIdentity => b"pulsepoint/tenant/customer-identity/v1",
            Self::Warehouse => b"pulsepoint/tenant/warehouse/v1",
            Self::ApiKeys => b"pulsepoint/tenant/api-keys/v1",
            Self::SecondFactor => b"pulsepoint/tenant/second-factor/v1",
            Self::Log => b"pulsepoint/tenant/log/v1",
            Self::Events => b"pulsepoint/tenant/events/v1",
        }
    }
}

/// Bytes of one part.
const PART: usize = 32;

/// A tenant's own random key, in three parts of which two can be made anew. It exists in clear in memory alone; destroying
/// its wrapped form destroys the tenant's data. Until a part is made anew all three are the same.
pub struct TenantKey {
    /// For keyed hashes: what they hash is not kept, so this part lives as long as the tenant. It opens nothing.
    root: SecretBox<[u8; PART]>,
    /// For the store and all copies of it.
    store: SecretBox<[u8; PART]>,
    /// For secrets that are sealed within the store.
    tokens: SecretBox<[u8; PART]>,
}

impl TenantKey {
    /// A new key.
    pub fn random() -> Self {
        Self::of_one(&Zeroizing::new(super::random_bytes()))
    }

    /// The same key with a new part for the store, and with `tokens` a new one for the secrets within.
    pub fn renewed(&self, tokens: bool) -> Self {
        let same = |part: &SecretBox<[u8; PART]>| SecretBox::init_with(|| *part.expose_secret());
        let tokens = if tokens { SecretBox::init_with(super::random_bytes) } else { same(&self.tokens) };
        Self { root: same(&self.root), store: SecretBox::init_with(super::random_bytes), tokens }
    }

    /// The key as it is wrapped or put into a sealed archive: one part where all are the same, else all three.
    pub(crate) fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let parts = [&self.root, &self.store, &self.tokens].map(|part| part.expose_secret());
        let is_one = parts.iter().all(|part| *part == parts[0]);
        let mut bytes = Zeroizing::new(Vec::with_capacity(3 * PART));
        parts.iter().take(if is_one { 1 } else { 3 }).for_each(|part| bytes.extend_from_slice(*part));
        bytes
    }

    /// What [`Self::to_bytes`] made; none for bytes of another length.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (parts, []) = bytes.as_chunks::<PART>() else { return None };
        let boxed = |part: &[u8; PART]| SecretBox::init_with(|| *part);
        match parts {
            [one] => Some(Self::of_one(one)),
            [root, store, tokens] => Some(Self { root: boxed(root), store: boxed(store), tokens: boxed(tokens) }),
            _ => None,
        }
    }

    fn of_one(key: &[u8; PART]) -> Self {
        let part = || SecretBox::init_with(|| *key);
        Self { root: part(), store: part(), tokens: part() }
    }

    /// The key of one purpose (HKDF-SHA256).
    pub fn derive(&self, purpose: Purpose) -> Zeroizing<[u8; 32]> {
        let part = match purpose {
            Purpose::Store
            | Purpose::Snapshots
            | Purpose::Backup
            | Purpose::Warehouse
            | Purpose::Log
            | Purpose::Events => &self.store,
            Purpose::Tokens | Purpose::SecondFactor => &self.tokens,
            Purpose::CustomerIdentity | Purpose::ApiKeys => &self.root,
        };
        hkdf(part.expose_secret(), purpose.info())
    }

    /// Seals a short secret under the key of `purpose`. It opens with the same `bound_to` alone, the name of its row.
    pub fn seal(&self, purpose: Purpose, bound_to: &str, secret: &[u8]) -> Vec<u8> {
        seal(&self.derive(purpose), bound_to.as_bytes(), secret)
    }

    /// Opens what [`Self::seal`] sealed.
    ///
    /// # Errors
    /// `Internal` for another tenant's, another purpose's, another row's or a damaged one.
    pub fn open(&self, purpose: Purpose, bound_to: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
        unseal_bytes(&self.derive(purpose), bound_to.as_bytes(), sealed)
    }

    /// A keyed hash (HMAC-SHA-256) of `text` for `purpose`. No rotation changes it.
    pub fn mac(&self, purpose: Purpose, text: &[u8]) -> [u8; 32] {
        let key = hkdf(self.root.expose_secret(), purpose.info());
        let Ok(mut mac) = <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(key.as_slice()) else {
            unreachable!("HMAC takes keys of any length");
        };
        mac.update(text);
        mac.finalize().into_bytes().into()
    }
}

impl std::fmt::Debug for TenantKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TenantKey(hidden)")
    }
}

/// Seals a short `secret` under `wrapping`; `bound_to` must be the same at unsealing, so a row copied elsewhere does not open.
pub(super) fn seal(wrapping: &[u8; 32], bound_to: &[u8], secret: &[u8]) -> Vec<u8> {
    let nonce: [u8; NONCE_LEN] = super::random_bytes();
    let payload = Payload { msg: secret, aad: bound_to };
    let Ok(sealed) = XChaCha20Poly1305::new(wrapping.into()).encrypt(&XNonce::from(nonce), payload) else {
        unreachable!("a short secret is within the cipher's limit");
    };
    [&[FORMAT][..], &nonce, &sealed].concat()
}

/// Opens a key that [`seal`] sealed with the same `wrapping` and `bound_to`.
pub(super) fn unseal(wrapping: &[u8; 32], bound_to: &[u8], sealed: &[u8]) -> Result<TenantKey> {
    let plain = unseal_bytes(wrapping, bound_to, sealed)?;
    Ok(TenantKey::from_bytes(&plain).ok_or_else(|| anyhow!("the wrapped key has another length"))?)
}

fn unseal_bytes(wrapping: &[u8; 32], bound_to: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
    let refused = || {
        anyhow!("the wrapped key does not open: it was made under another master key, for another owner, or is damaged")
    };
    let (format, rest) = sealed.split_first().ok_or_else(refused)?;
    let (nonce, body) = rest.split_first_chunk::<NONCE_LEN>().ok_or_else(refused)?;
    if *format != FORMAT {
        return Err(anyhow!("the wrapped key has format {format}, which this version does not know").into());
    }
    let payload = Payload { msg: body, aad: bound_to };
    let plain =
        XChaCha20Poly1305::new(wrapping.into()).decrypt(&XNonce::from(*nonce), payload).map_err(|_| refused())?;
    Ok(Zeroizing::new(plain))
}

/// HKDF-SHA256 without salt: the input keys are uniformly random already.
pub(super) fn hkdf(key: &[u8; 32], info: &[u8]) -> Zeroizing<[u8; 32]> {
    let mut out = Zeroizing::new([0; 32]);
    if Hkdf::<Sha256>::new(None, key).expand(info, out.as_mut_slice()).is_err() {
        unreachable!("32 bytes are within HKDF's limit");
    }
    out
}
