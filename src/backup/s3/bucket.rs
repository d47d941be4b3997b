//! What is done in a bucket: put where a name is free, read whole or not at all, list, remove.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use anyhow::Context;
use bytes::Bytes;
use futures_util::StreamExt;
use object_store::aws::AmazonS3;
use object_store::path::Path as Key;
use object_store::{MultipartUpload, ObjectMeta, ObjectStore, ObjectStoreExt, PutMode, PutOptions, PutPayload};
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::super::target::{Item, Put};
use super::trouble::{broke_off, cut, failed, is_bare, is_not_implemented, unavailable};
use crate::error::Result;

/// Larger files travel in parts of so many bytes, one in memory at a time.
const PART: u64 = 8 << 20;
/// Parts of one file at most; S3 takes 10,000.
const PARTS: u64 = 9_000;
/// What is read into memory at most: bundles have 16 MB and one entry more.
const IN_MEMORY: u64 = 64 << 20;

/// Whether the store heeds `If-None-Match: *`, as far as anybody has seen. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub(super) struct Conditions(Arc<AtomicU8>);

const UNKNOWN: u8 = 0;
const HEEDED: u8 = 1;
const NOT_HEEDED: u8 = 2;

impl Conditions {
    /// Whether it was seen that it does.
    pub(super) fn are_heeded(&self) -> bool {
        self.0.load(Ordering::Relaxed) == HEEDED
    }
}

/// A bucket and what every name in it begins with. Cheap to clone.
#[derive(Clone)]
pub(super) struct Bucket {
    store: AmazonS3,
    prefix: String,
    conditions: Conditions,
}

impl Bucket {
    pub(super) fn new(store: AmazonS3, prefix: &str, conditions: Conditions) -> Self {
        Self { store, prefix: prefix.to_owned(), conditions }
    }

    pub(super) fn key(&self, name: &str) -> Result<Key> {
        let whole = match (self.prefix.as_str(), name) {
            ("", name) => name.to_owned(),
            (prefix, "") => prefix.to_owned(),
            (prefix, name) => format!("{prefix}/{name}"),
        };
        Ok(Key::parse(whole).context("naming a thing in the store of the backups")?)
    }

    /// The name under the prefix.
    fn name(&self, key: &Key) -> Option<String> {
        let key = key.as_ref();
        let name = if self.prefix.is_empty() { Some(key) } else { key.strip_prefix(&self.prefix)?.strip_prefix('/') };
        name.map(str::to_owned)
    }

    async fn exists(&self, key: &Key) -> Result<bool> {
        let found = match self.store.head(key).await {
            // What refuses a HEAD has no body to say why: asked so, it has.
            Err(error) if is_bare(&error) => self.store.get(key).await.map(drop),
            found => found.map(drop),
        };
        match found {
            Ok(()) => Ok(true),
            Err(object_store::Error::NotFound { .. }) => Ok(false),
            Err(error) => Err(failed(&error)),
        }
    }

    /// Puts bytes under a name that is free. The store itself sees to that where it can; where it cannot, it is looked first, and
    /// two who put at the same moment could replace each other's.
    pub(super) async fn put(&self, key: &Key, bytes: Bytes) -> Result<Put> {
        let known = self.conditions.0.load(Ordering::Relaxed);
        if known != HEEDED && self.exists(key).await? {
            return Ok(Put::Taken);
        }
        if known != NOT_HEEDED {
            let put = self.put_once(key, bytes.clone(), PutMode::Create).await;
            match put {
                Err(error) if is_not_implemented(&error) => self.note(NOT_HEEDED),
                // Who refuses before all was sent hangs up, and is often not heard.
                Err(error) if broke_off(&error) && self.exists(key).await? => return Ok(Put::Taken),
                Err(error) => return Err(failed(&error)),
                Ok(Put::Taken) => return Ok(Put::Taken),
                Ok(Put::Done) => {
                    if known == UNKNOWN {
                        // The same once more: who does not heed a condition does not refuse it either.
                        match self.put_once(key, bytes, PutMode::Create).await {
                            Ok(Put::Taken) => self.note(HEEDED),
                            Ok(Put::Done) => self.note(NOT_HEEDED),
                            // Most likely a refusal that was not heard. What was to be put is there: the next one asks again.
                            Err(error) if broke_off(&error) => {}
                            Err(error) => return Err(failed(&error)),
                        }
                    }
                    return Ok(Put::Done);
                }
            }
        }
        self.put_once(key, bytes, PutMode::Overwrite).await.map_err(|error| failed(&error))
    }

    async fn put_once(&self, key: &Key, bytes: Bytes, mode: PutMode) -> object_store::Result<Put> {
        let options = PutOptions { mode, ..PutOptions::default() };
        match self.store.put_opts(key, PutPayload::from(bytes), options).await {
            Ok(_) => Ok(Put::Done),
            Err(object_store::Error::AlreadyExists { .. }) => Ok(Put::Taken),
            Err(error) => Err(error),
        }
    }

    fn note(&self, heeded: u8) {
        self.conditions.0.store(heeded, Ordering::Relaxed);
        if heeded == NOT_HEEDED {
            tracing::warn!(
                "the store of the backups does not heed If-None-Match: two instances that ship to the same place would replace \
                 each other's things, which only a restore would notice"
            );
        }
    }

    /// Puts a file under a name that is free, read part by part. Whether it is free is looked before and after the parts were sent; and
    /// where the store heeds conditions, the sender has it join them under a name that is still free, or not at all.
    pub(super) async fn put_file(&self, key: &Key, from: PathBuf) -> Result<Put> {
        let reading = || format!("reading {}", from.display());
        let mut file = File::open(&from).await.with_context(reading)?;
        let size = file.metadata().await.with_context(reading)?.len();
        if size <= PART {
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes).await.with_context(reading)?;
            return self.put(key, bytes.into()).await;
        }
        if self.exists(key).await? {
            return Ok(Put::Taken);
        }
        let mut upload = self.store.put_multipart(key).await.map_err(|error| failed(&error))?;
        let outcome = async {
            send_parts(&mut *upload, file, size).await?;
            if self.exists(key).await? {
                return Ok(Put::Taken);
            }
            match upload.complete().await {
                Ok(_) => Ok(Put::Done),
                Err(object_store::Error::Precondition { .. } | object_store::Error::AlreadyExists { .. }) => {
                    Ok(Put::Taken)
                }
                Err(error) => Err(failed(&error)),
            }
        };
        let outcome = outcome.await;
        if !matches!(outcome, Ok(Put::Done)) {
            // What stays of it the bucket's own rule for unfinished uploads removes.
            let _ = upload.abort().await;
        }
        outcome
    }

    pub(super) async fn get(&self, key: &Key) -> Result<Option<Vec<u8>>> {
        let found = match self.store.get(key).await {
            Err(object_store::Error::NotFound { .. }) => return Ok(None),
            found => found.map_err(|error| failed(&error))?,
        };
        let size = found.meta.size;
        if size > IN_MEMORY {
            return Err(unavailable(format!("has {size} bytes where at most {IN_MEMORY} are expected")));
        }
        let (mut bytes, mut pieces) = (Vec::new(), found.into_stream());
        while let Some(piece) = pieces.next().await {
            bytes.extend_from_slice(&piece.map_err(|error| failed(&error))?);
        }
        if bytes.len() as u64 == size { Ok(Some(bytes)) } else { Err(cut(bytes.len() as u64, size)) }
    }

    pub(super) async fn get_file(&self, key: &Key, to: &Path) -> Result<()> {
        let writing = || format!("writing {}", to.display());
        let found = match self.store.get(key).await {
            Err(object_store::Error::NotFound { .. }) => return Err(unavailable("has no such thing".to_owned())),
            found => found.map_err(|error| failed(&error))?,
        };
        let (size, mut so_far, mut pieces) = (found.meta.size, 0, found.into_stream());
        let mut file = File::create(to).await.with_context(writing)?;
        while let Some(piece) = pieces.next().await {
            let piece = piece.map_err(|error| failed(&error))?;
            so_far += piece.len() as u64;
            file.write_all(&piece).await.with_context(writing)?;
        }
        file.flush().await.with_context(writing)?;
        if so_far == size { Ok(()) } else { Err(cut(so_far, size)) }
    }

    /// What lies right under a key, and the names that have more under them, each by name.
    pub(super) async fn list(&self, folder: &Key) -> Result<(Vec<Item>, Vec<String>)> {
        let listed = self.store.list_with_delimiter(Some(folder)).await.map_err(|error| failed(&error))?;
        let item = |meta: ObjectMeta| Some(Item { name: self.name(&meta.location)?, bytes: meta.size });
        let mut items: Vec<Item> = listed.objects.into_iter().filter_map(item).collect();
        let last = |key: &Key| key.filename().map(str::to_owned);
        let mut folders: Vec<String> = listed.common_prefixes.iter().filter_map(last).collect();
        items.sort();
        folders.sort();
        Ok((items, folders))
    }

    pub(super) async fn remove(&self, key: &Key) -> Result<()> {
        match self.store.delete(key).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(failed(&error)),
        }
    }
}

async fn send_parts(upload: &mut dyn MultipartUpload, mut file: File, size: u64) -> Result<()> {
    let part = PART.max(size.div_ceil(PARTS));
    let mut left = size;
    while left > 0 {
        let wanted = left.min(part);
        let mut bytes = vec![0; usize::try_from(wanted).context("a part is larger than memory")?];
        file.read_exact(&mut bytes).await.context("reading what is to be sent")?;
        upload.put_part(bytes.into()).await.map_err(|error| failed(&error))?;
        left -= wanted;
    }
    Ok(())
}
