//! Making an archive: copy, count, seal, keep.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use anyhow::Context;
use jiff::Timestamp;
use rusqlite::Connection;
use serde_json::json;
use zeroize::Zeroizing;

use super::folder::Shelf;
use super::keys::Seal;
use super::manifest::{FORMAT, FileSum, Manifest, StoreKey, Whose};
use super::target::Target;
use super::{Archive, Backups, archive, tables};
use crate::auth::Author;
use crate::db::Db;
use crate::error::{Error, Result};
use crate::events;
use crate::secrets::{Purpose, TenantKey};
use crate::tenants::{self, Tenant, TenantId, Tenants};

/// A backup that was made.
#[derive(Debug)]
pub struct Made {
    /// Where it lies.
    pub archive: Archive,
    /// What it says of itself.
    pub manifest: Manifest,
    /// For whom it is sealed.
    pub seal: Seal,
    /// How long it took.
    pub took_ms: u64,
}

/// Whose store is copied.
#[derive(Clone)]
pub(super) enum Source {
    Tenant(Tenant),
    Control,
}

impl Source {
    /// The store.
    pub(super) fn db<'a>(&'a self, tenants: &'a Tenants) -> &'a Db {
        match self {
            Self::Tenant(tenant) => tenant.db(),
            Self::Control => tenants.control(),
        }
    }

    /// What tells the file that lies there now from others, and the key that an archive of it carries.
    pub(super) fn file_and_key(&self, tenants: &Tenants) -> Result<([u8; 16], Arc<TenantKey>)> {
        loop {
            let file = self.db(tenants).generation();
            let key = match self {
                Self::Tenant(tenant) => tenant.key(),
                Self::Control => {
                    let key = TenantKey::from_bytes(&tenants.control_key()[..]);
                    Arc::new(key.context("the key of control.db has another length")?)
                }
            };
            if file == self.db(tenants).generation() {
                return Ok((file, key));
            }
        }
    }

    /// Whose store; none for `control.db`.
    pub(super) fn tenant(&self) -> Option<&TenantId> {
        match self {
            Self::Tenant(tenant) => Some(tenant.id()),
            Self::Control => None,
        }
    }

    /// What events call it.
    pub(super) fn subject(&self) -> String {
        match self {
            Self::Tenant(tenant) => format!("tenant:{}", tenant.id()),
            Self::Control => "instance".to_owned(),
        }
    }
}

impl Backups {
    /// Backs a tenant up, into the folder `to` or where the settings say, and tells its events so. Its readers and writers go on.
    pub async fn make(&self, tenant: &Tenant, to: Option<&Path>, by: Author) -> Result<Made> {
        let _turn = self.turn().await;
        self.states().entry(tenant.id().clone()).or_default().running = true;
        let (source, target) = (Source::Tenant(tenant.clone()), self.target(to));
        let all = self.clone();
        let outcome = super::unhurried(move || all.make_blocking(source, target, &by)).await;
        let mut states = self.states();
        let state = states.entry(tenant.id().clone()).or_default();
        state.running = false;
        state.failure = outcome.as_ref().err().map(Error::to_string);
        outcome
    }

    /// Backs `control.db` up: the instance's own events, its tenants and its signing keys. Tenants are restored without it.
    pub async fn make_of_instance(&self, to: Option<&Path>, by: Author) -> Result<Made> {
        let _turn = self.turn().await;
        let (all, target) = (self.clone(), self.target(to));
        super::unhurried(move || all.make_blocking(Source::Control, target, &by)).await
    }

    fn make_blocking(&self, source: Source, target: Arc<dyn Target>, by: &Author) -> Result<Made> {
        let begun = Instant::now();
        let seal = self.seal_to_make()?;
        let scratch = self.tenants().scratch()?;
        let (db, shelf) = (source.db(self.tenants()), Shelf::of(target, &self.shelf_of(&source)?));
        let mut file = shelf.begin(scratch.path())?;
        let at = millis(self.clock().system_time())?;
        let (manifest, store) = self.copy(&source, db, scratch.path(), at)?;
        archive::write(file.as_file_mut(), &seal.recipient, &manifest, &store)?;
        let archive = shelf.place(file, at)?;
        let told = json!({
            "archive": super::folder::stamp(at), "bytes": archive.bytes, "rows": manifest.rows(),
            "data_version": manifest.data_version, "sealed_for": seal.recipient.to_string(),
        });
        let subject = source.subject();
        let now = self.clock().system_time();
        db.write_blocking(|tx| by.tell(tx, now, "backup.made", &subject, told))?;
        let took_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        Ok(Made { archive, manifest, seal, took_ms })
    }

    /// For whom archives are sealed; makes a pair where there is none.
    pub(super) fn seal_to_make(&self) -> Result<Seal> {
        let seal = Seal::load(self.tenants().data_folder(), &self.0.settings.recipient, true)?;
        Ok(seal.ok_or_else(|| anyhow::anyhow!("there is nobody to seal a backup for"))?)
    }

    /// The name of the shelf of a store's archives.
    pub(super) fn shelf_of(&self, source: &Source) -> Result<String> {
        match source {
            Source::Tenant(tenant) => Ok(tenant.id().to_string()),
            Source::Control => self.instance_shelf(),
        }
    }

    /// The store as it is now, in `scratch`, and what is to be said of it.
    pub(super) fn copy(&self, source: &Source, db: &Db, scratch: &Path, at: Timestamp) -> Result<(Manifest, PathBuf)> {
        let store = scratch.join(tenants::STORE);
        let key = match source {
            Source::Tenant(tenant) => copy_with_key(tenant, &store)?,
            Source::Control => {
                let key = self.tenants().control_key();
                db.copy_for(&store, &key)?;
                StoreKey(Zeroizing::new(key.to_vec()))
            }
        };
        let schema = db.schema()?;
        let failed = |error: crate::db::OpenError| Error::from(anyhow::Error::from(error).context("opening the copy"));
        let (copy, tenant) = match source {
            Source::Tenant(tenant) => {
                let copy = tenants::open_copy(&store, &key.of_tenant()?, tenant.id().as_str(), Some(schema));
                let whose = Whose {
                    id: tenant.id().to_string(),
                    slug: tenant.slug().to_owned(),
                    name: tenant.name().to_owned(),
                };
                (copy.map_err(failed)?, Some(whose))
            }
            Source::Control => (tenants::open_control_copy(&store, key.of_instance()?, schema).map_err(failed)?, None),
        };
        let is_tenant = tenant.is_some();
        let (tables, chain, data_version, event_archives) = copy.read_blocking(|conn| {
            let version = match is_tenant {
                true => conn.query_row("select coalesce(max(seq), 0) from change_log", [], |row| row.get(0))?,
                false => 0,
            };
            let files = self.take_archives(source, conn, &store.with_file_name(events::ARCHIVES))?;
            Ok((tables::sums(conn)?, events::head(conn)?.into(), version, files))
        })?;
        let commits = copy.commits();
        copy.close()?;
        let (bytes, sha256) = archive::measure(&store)?;
        let (format, made_by) = (FORMAT, env!("CARGO_PKG_VERSION").to_owned());
        let about = Manifest {
            format,
            made_by,
            made_at: at,
            tenant,
            key,
            schema,
            commits,
            data_version,
            chain,
            bytes,
            sha256,
            tables,
            event_archives,
        };
        Ok((about, store))
    }

    /// Puts the archives of older events that a copy knows beside it. Each must be the one that was sealed.
    fn take_archives(&self, source: &Source, copy: &Connection, folder: &Path) -> Result<Vec<FileSum>> {
        let archives = match source {
            Source::Tenant(tenant) => tenant.archives(),
            Source::Control => self.tenants().control_archives()?,
        };
        archives.put_into(copy, folder)?;
        let known: Vec<FileSum> = events::archives(copy)?.iter().map(FileSum::from).collect();
        for file in &known {
            let found = archive::measure(&folder.join(&file.name));
            if !found.is_ok_and(|found| found == (file.bytes, file.sha256)) {
                let name = &file.name;
                return Err(anyhow::anyhow!(
                    "the archive of events {name} is missing or is not the one that was sealed"
                )
                .into());
            }
        }
        Ok(known)
    }
}

/// The tenant's store as it is now, and the key of that store: not that of a moment before.
fn copy_with_key(tenant: &Tenant, store: &Path) -> Result<StoreKey> {
    loop {
        let key = tenant.key();
        tenant.db().copy_for(store, &key.derive(Purpose::Store))?;
        if Arc::ptr_eq(&key, &tenant.key()) {
            return Ok(StoreKey(key.to_bytes()));
        }
        std::fs::remove_file(store).with_context(|| format!("copying the store anew to {}", store.display()))?;
    }
}

/// The moment as an archive's name can tell it.
pub(super) fn millis(at: Timestamp) -> Result<Timestamp> {
    Ok(Timestamp::from_millisecond(at.as_millisecond()).map_err(anyhow::Error::from)?)
}
