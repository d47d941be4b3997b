//! What an archive says of itself, before the store that it holds.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::Zeroizing;

use super::refused;
use crate::error::Result;
use crate::events::{self, Head};
use crate::secrets::TenantKey;
use crate::tenants::TenantId;

/// The archive format that is written, and the only one that is read.
pub const FORMAT: u32 = 1;

/// What an archive holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The archive's format.
    pub format: u32,
    /// The release that made it.
    pub made_by: String,
    /// When its store was copied.
    pub made_at: Timestamp,
    /// Whose store it is; none for `control.db`.
    pub tenant: Option<Whose>,
    /// Opens the store: the tenant's key, or that of `control.db`. The archive's own seal keeps it.
    pub key: StoreKey,
    /// The store's schema.
    pub schema: i64,
    /// Write transactions that the store had seen.
    pub commits: i64,
    /// Its data version; 0 for `control.db`.
    pub data_version: i64,
    /// The newest entry of its event chain.
    pub chain: ChainHead,
    /// Bytes of the store.
    pub bytes: u64,
    /// SHA-256 of the store as it lies in the archive.
    pub sha256: Sum,
    /// Every table.
    pub tables: Vec<TableSum>,
    /// The archives of older events that follow the store, in their order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub event_archives: Vec<FileSum>,
}

/// A file beside the store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileSum {
    /// Its name.
    pub name: String,
    /// Its bytes.
    pub bytes: u64,
    /// Its SHA-256.
    pub sha256: Sum,
}

impl From<&events::Archive> for FileSum {
    fn from(archive: &events::Archive) -> Self {
        Self { name: archive.name.clone(), bytes: archive.bytes, sha256: Sum(archive.sha256) }
    }
}

/// A tenant as the archive knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Whose {
    /// The tenant's id.
    pub id: String,
    /// The name used in commands.
    pub slug: String,
    /// The name for people.
    pub name: String,
}

/// The newest entry of an event chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChainHead {
    /// Its place; 0 while there is none.
    pub seq: i64,
    /// Its hash.
    pub hash: Sum,
}

impl From<Head> for ChainHead {
    fn from(head: Head) -> Self {
        Self { seq: head.seq, hash: Sum(head.hash) }
    }
}

impl From<&ChainHead> for Head {
    fn from(head: &ChainHead) -> Self {
        Self { seq: head.seq, hash: head.hash.0 }
    }
}

/// What a table held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TableSum {
    /// Its name.
    pub name: String,
    /// Its rows.
    pub rows: u64,
    /// SHA-256 over all of them, in the order of their keys.
    pub sha256: Sum,
}

/// A SHA-256, as hex digits.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Sum(pub [u8; 32]);

impl std::fmt::Display for Sum {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl std::fmt::Debug for Sum {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{self}")
    }
}

impl Serialize for Sum {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Sum {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        let digit = |at: usize| text.as_bytes().get(at).and_then(|byte| char::from(*byte).to_digit(16));
        let mut sum = [0; 32];
        for (at, byte) in sum.iter_mut().enumerate() {
            let both = digit(2 * at).zip(digit(2 * at + 1)).and_then(|(high, low)| u8::try_from(high << 4 | low).ok());
            *byte = both.ok_or_else(|| serde::de::Error::custom("a SHA-256 is 64 hex digits"))?;
        }
        if text.len() == 64 { Ok(Self(sum)) } else { Err(serde::de::Error::custom("a SHA-256 is 64 hex digits")) }
    }
}

/// The key of a store. Shown nowhere but in the sealed archive.
#[derive(Clone, PartialEq, Eq)]
pub struct StoreKey(pub Zeroizing<Vec<u8>>);

impl StoreKey {
    /// The key of a tenant.
    pub(super) fn of_tenant(&self) -> Result<TenantKey> {
        TenantKey::from_bytes(&self.0).ok_or_else(|| refused("its key is none of a tenant".to_owned()))
    }

    /// The key of `control.db`.
    pub(super) fn of_instance(&self) -> Result<&[u8; 32]> {
        self.0.as_slice().try_into().map_err(|_| refused("its key is none of an instance".to_owned()))
    }
}

impl std::fmt::Debug for StoreKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("StoreKey(hidden)")
    }
}

impl Serialize for StoreKey {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&Zeroizing::new(STANDARD.encode(self.0.as_slice())))
    }
}

impl<'de> Deserialize<'de> for StoreKey {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = Zeroizing::new(String::deserialize(from)?);
        let bytes = STANDARD.decode(text.as_bytes()).map(Zeroizing::new).ok();
        let key = bytes.filter(|bytes| TenantKey::from_bytes(bytes).is_some());
        key.map(Self).ok_or_else(|| serde::de::Error::custom("a key is 32 or 96 bytes in base64"))
    }
}

impl Manifest {
    /// The manifest in these bytes. Says which format it is if it is another than ours.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self> {
        #[derive(Deserialize)]
        struct Format {
            format: u32,
        }
        let format: Format =
            serde_json::from_slice(bytes).map_err(|_| refused("its manifest cannot be read".to_owned()))?;
        if format.format != FORMAT {
            let found = format.format;
            return Err(refused(format!("it has format {found}, and this version reads {FORMAT} alone")));
        }
        let manifest: Self =
            serde_json::from_slice(bytes).map_err(|error| refused(format!("its manifest cannot be: {error}")))?;
        match manifest.event_archives.iter().find(|file| !events::is_archive_name(&file.name)) {
            Some(file) => Err(refused(format!("it holds a file {:?}, which is no archive of events", file.name))),
            None => Ok(manifest),
        }
    }

    /// Whose store it holds, for a sentence.
    pub fn subject(&self) -> String {
        self.tenant.as_ref().map_or_else(|| "the instance".to_owned(), |whose| format!("tenant \"{}\"", whose.slug))
    }

    /// Bytes of the store and of what follows it.
    pub(super) fn all_bytes(&self) -> u64 {
        self.event_archives.iter().map(|file| file.bytes).fold(self.bytes, u64::saturating_add)
    }

    /// Rows of all tables.
    pub fn rows(&self) -> u64 {
        self.tables.iter().map(|table| table.rows).fold(0, u64::saturating_add)
    }

    /// The tenant's id, if it holds a tenant's store and names it properly.
    pub(super) fn tenant_id(&self) -> Result<(TenantId, &Whose)> {
        let whose = self.tenant.as_ref().ok_or_else(|| refused("it holds control.db and no tenant".to_owned()))?;
        let id = TenantId::parse(&whose.id).ok_or_else(|| refused("its tenant's id is none".to_owned()))?;
        Ok((id, whose))
    }
}
