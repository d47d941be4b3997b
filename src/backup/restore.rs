//! A tenant out of an archive. Everything happens beside what is there, until the one step that puts it in its place.

use std::path::{Path, PathBuf};

use anyhow::Context;
use jiff::Timestamp;
use serde_json::json;

use super::keys::Identity;
use super::manifest::Manifest;
use super::{Backups, archive, check, refused};
use crate::auth::{self, Author};
use crate::commerce;
use crate::db;
use crate::error::{Error, Result};
use crate::events;
use crate::privacy::{self, ledger};
use crate::secrets::MasterKey;
use crate::sync;
use crate::tenants::{self, Restored, TenantId, TenantInfo};

/// Commits and data versions of a store that is replaced are never used again: whoever remembers one knows it is gone.
const GAP: i64 = 1_000_000;

/// What is wanted of a restore.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// The tenant whose archive it must be: its slug or id at the time.
    pub tenant: String,
    /// The slug it gets; its own where absent.
    pub slug: Option<String>,
    /// Whether a tenant of that slug may be replaced.
    pub overwrite: bool,
}

/// What became of a restore.
#[derive(Debug)]
pub struct Done {
    /// The tenant's id.
    pub id: TenantId,
    /// The name used in commands.
    pub slug: String,
    /// Whether it took the place of another store.
    pub replaced: bool,
    /// What the archive says of itself.
    pub manifest: Manifest,
    /// People whose e-mail belongs to another tenant here: they cannot sign in to this one.
    pub elsewhere: Vec<String>,
}

/// Where a restored store goes.
pub(super) struct Target {
    id: TenantId,
    slug: String,
    existing: Option<TenantInfo>,
}

impl Backups {
    /// Restores a tenant from the archive at `file`. Nothing is changed unless all of it is sound.
    ///
    /// # Errors
    /// `Conflict` with code `tenant_exists` when there is a tenant of that slug and it may not be replaced; `Invalid` with code
    /// `archive_refused`, `wrong_identity` or `another_tenant` for the archive.
    pub async fn restore(&self, file: PathBuf, identity: Identity, wanted: Wanted, by: Author) -> Result<Done> {
        let _turn = self.turn().await;
        let (path, key) = (file.clone(), identity.clone());
        let manifest = super::blocking(move || Ok(archive::open(&path, &key)?.manifest().clone())).await?;
        let target = self.whither(&manifest, &wanted).await?;
        let scratch = self.tenants().scratch().map_err(super::for_the_caller)?;
        let work = scratch.path().to_owned();
        let unpack = move || check::unpack(archive::open(&file, &identity)?, &work);
        self.put_in_place(target, wanted, manifest, by, unpack).await
    }

    /// Takes the store that `unpack` makes: checked, in a folder of its own. Whoever was erased since stays so.
    pub(super) async fn put_in_place(
        &self,
        target: Target,
        wanted: Wanted,
        manifest: Manifest,
        by: Author,
        unpack: impl FnOnce() -> Result<(Manifest, PathBuf)> + Send + 'static,
    ) -> Result<Done> {
        let now = self.clock().system_time();
        let (from, replaced) = (manifest.tenant.clone(), target.existing.is_some());
        let (id, replaces) = (target.id.clone(), target.existing.is_some());
        let (own, _) = manifest.tenant_id()?;
        let mut erased = ledger::of(self.tenants(), &own).await?;
        erased.extend(ledger::of(self.tenants(), &target.id).await?);
        let (prepared, erased) = super::blocking(move || {
            let (unpacked, folder) = unpack()?;
            // Not before: a log may lead on from the snapshot that the manifest was of.
            let told = json!({ "made_at": unpacked.made_at, "from": from, "replaced": replaced,
                "entries": unpacked.chain.seq });
            let gap = if replaces { GAP } else { 0 };
            prepare(&unpacked, folder, &id, gap, (&by, told, now), &erased)
        })
        .await?;
        let restored = Restored {
            id: target.id.clone(),
            slug: target.slug.clone(),
            name: match &target.existing {
                Some(existing) if wanted.slug.is_some() => existing.name.clone(),
                _ => manifest.tenant_id()?.1.name.clone(),
            },
            ..prepared
        };
        let all = restored.emails.clone();
        // Before the store is there: an older archive of either may be the next.
        for id in [&own, &target.id] {
            ledger::note(self.tenants(), id, erased.clone()).await?;
        }
        let here = self.tenants().restore(restored, replaces).await?;
        let indexed = async {
            let tenant = self.tenants().open_even_closed(&target.id).await?;
            sync::look_through(self.tenants(), &tenant, &sync::Settings::default()).await
        };
        if let Err(error) = indexed.await {
            tracing::warn!(tenant = %target.id, %error, "what it pulls could not be looked up; the daily run will");
        }
        let elsewhere = all.into_iter().filter(|email| !here.contains(&email.to_lowercase())).collect();
        Ok(Done { id: target.id, slug: target.slug, replaced: replaces, manifest, elsewhere })
    }

    /// Where a restored store goes; nowhere if what is there may not be replaced.
    pub(super) async fn whither(&self, manifest: &Manifest, wanted: &Wanted) -> Result<Target> {
        let (own, whose) = manifest.tenant_id()?;
        if wanted.tenant != whose.slug && wanted.tenant != whose.id {
            let reason = format!("the archive is of tenant \"{}\", not of \"{}\"", whose.slug, wanted.tenant);
            return Err(Error::invalid_code("another_tenant", Some("tenant"), reason));
        }
        let slug = wanted.slug.as_ref().unwrap_or(&whose.slug).clone();
        let existing = self.tenants().find(&slug).await?;
        if existing.is_some() && !wanted.overwrite {
            return Err(Error::conflict(
                "tenant_exists",
                format!(
                    "there is a tenant \"{slug}\" already, and nothing was changed: --overwrite replaces all of its data, \
                     --as SLUG restores beside it"
                ),
            ));
        }
        let taken = self.tenants().list().await?.iter().any(|tenant| tenant.id == own);
        let id = match &existing {
            Some(tenant) => tenant.id.clone(),
            None if taken => TenantId::random(),
            None => own,
        };
        Ok(Target { id, slug, existing })
    }
}

/// Restores `control.db` into an empty data folder: the instance's own events and its name. Its tenants come with archives of
/// their own. Blocks; nothing else may use the folder.
///
/// # Errors
/// `Conflict` with code `instance_exists` when the folder holds an instance; `Invalid` with code `archive_refused` or
/// `wrong_identity` for the archive.
pub fn restore_instance(
    data: &Path,
    master: &MasterKey,
    file: &Path,
    identity: &Identity,
    now: Timestamp,
) -> Result<Manifest> {
    let opened = archive::open(file, identity)?;
    if opened.manifest().tenant.is_some() {
        return Err(refused(format!(
            "it holds {}, not the instance: name it with --tenant",
            opened.manifest().subject()
        )));
    }
    let scratch = tempfile::tempdir_in(data).context("making a folder to unpack into")?;
    let (manifest, folder) = check::unpack(opened, scratch.path())?;
    adopt_instance(data, master, manifest, &folder, now)
}

/// Makes the instance's records in `folder` those of an empty data folder.
pub(super) fn adopt_instance(
    data: &Path,
    master: &MasterKey,
    manifest: Manifest,
    folder: &Path,
    now: Timestamp,
) -> Result<Manifest> {
    let copy = tenants::open_control_copy(&folder.join(tenants::STORE), manifest.key.of_instance()?, manifest.schema);
    let copy = copy.map_err(|error| refused(format!("its store does not open: {error}")))?;
    tenants::adopt_control(data, master, &copy, now, json!({ "made_at": manifest.made_at }))?;
    Ok(manifest)
}

/// Makes an unpacked store the target's: up to date, in its name, nobody signed in, nobody back who was `erased`, to be read anew,
/// and with an entry that tells of it. Returns with it who was erased of it by now.
fn prepare(
    manifest: &Manifest,
    folder: PathBuf,
    id: &TenantId,
    gap: i64,
    (by, told, now): (&Author, serde_json::Value, Timestamp),
    erased: &[ledger::Entry],
) -> Result<(Restored, Vec<ledger::Entry>)> {
    let (own, whose) = manifest.tenant_id()?;
    let key = manifest.key.of_tenant()?;
    let opened = tenants::open_copy(&folder.join(tenants::STORE), &key, own.as_str(), None);
    let db = opened.map_err(|error| refused(format!("its store cannot be brought up to date: {error}")))?;
    db.write_blocking(|tx| {
        if *id != own {
            events::keep_origin(tx)?;
        }
        db::reassign(tx, id.as_str(), manifest.commits + gap)?;
        auth::end_all(tx, now)?;
        privacy::reapply(tx, &key, erased, by, now)?;
        commerce::begin_anew(tx, gap, now, &json!({ "restored": manifest.made_at }))?;
        by.tell(tx, now, "tenant.restored", &format!("tenant:{id}"), told.clone()).map(drop)
    })?;
    let (head, emails, erased) =
        db.read_blocking(|conn| Ok((events::head(conn)?, auth::emails(conn)?, ledger::of_store(conn)?)))?;
    let commits = db.commits();
    db.close()?;
    let restored = Restored {
        id: id.clone(),
        slug: whose.slug.clone(),
        name: whose.name.clone(),
        key,
        folder,
        commits,
        head,
        emails,
        told,
    };
    Ok((restored, erased))
}
