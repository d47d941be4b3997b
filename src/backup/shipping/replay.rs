//! A store as it was at a moment: a snapshot, and over it the pages of every commit up to then.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use anyhow::Context;
use jiff::Timestamp;
use rusqlite::Connection;

use super::super::keys::Identity;
use super::super::manifest::{FileSum, Manifest};
use super::super::restore::{Done, Wanted, adopt_instance};
use super::super::target::{Folder, Target};
use super::super::{Backups, Settings, archive, check, folder, tables};
use super::entry::Entry;
use super::names;
use super::read::{Moment, Source, Way, cache_in, log_refused};
use crate::auth::Author;
use crate::db::{Db, FRAME, FRAME_HEAD, OpenError, PAGE, frame_of};
use crate::error::{Error, Result};
use crate::events::{self, Archives};
use crate::secrets::MasterKey;
use crate::tenants::{self, TenantId};

/// What leads to a moment, and what it cost to see.
#[derive(Debug, Clone)]
pub struct Reached {
    /// When the last commit was acknowledged that it holds; the moment of the snapshot where none follows it.
    pub at: Timestamp,
    /// Commits of the store then.
    pub commits: i64,
    /// The moment of the snapshot that it begins with.
    pub snapshot: Timestamp,
    /// Bundles of the log that follow it.
    pub bundles: usize,
    /// Their bytes.
    pub bytes: u64,
    /// What is to be known: where the log ends or ceases, what was gone around.
    pub remarks: Vec<String>,
}

impl Reached {
    fn by(way: &Way) -> Self {
        let (bundles, bytes, remarks) = (way.bundles.len(), way.bytes, way.remarks.clone());
        Self { at: way.at, commits: way.commits, snapshot: way.manifest.made_at, bundles, bytes, remarks }
    }
}

/// Which moment, and whether the last sound one before it will do.
#[derive(Debug, Clone, Copy)]
pub struct When {
    /// The moment.
    pub moment: Moment,
    /// Whether to stop where the log ceases to be sound.
    pub last_good: bool,
}

impl Backups {
    /// Restores a tenant as it was at a moment, out of what was shipped. Nothing is changed unless all of it is sound.
    ///
    /// # Errors
    /// As [`Self::restore`]; `Invalid` with code `log_refused` where what was shipped does not lead to the moment.
    pub async fn restore_at(
        &self,
        when: When,
        identity: Identity,
        wanted: Wanted,
        by: Author,
    ) -> Result<(Done, Reached)> {
        let (shelf, _turn) = (self.shelf_named(&wanted.tenant, when, &identity).await?, self.turn().await);
        let scratch = self.tenants().scratch().map_err(super::super::for_the_caller)?;
        let way = self.find_way(shelf.clone(), when, identity, scratch.path()).await?;
        let (reached, mut manifest) = (Reached::by(&way), way.manifest.clone());
        manifest.made_at = reached.at;
        let mut wanted = wanted;
        if TenantId::parse(&wanted.tenant).is_none() {
            // It may have had another slug then.
            wanted.slug = Some(wanted.slug.unwrap_or_else(|| wanted.tenant.clone()));
            wanted.tenant.clone_from(&shelf);
        }
        let place = self.whither(&manifest, &wanted).await?;
        let (target, work) = (self.target(None), scratch.path().to_owned());
        let make = move || make(&*target, &shelf, &way, &work);
        let done = self.put_in_place(place, wanted, manifest, by, make).await?;
        Ok((done, reached))
    }

    /// What [`Self::restore_at`] would do: everything on the way is read and checked, and nothing is changed.
    pub async fn plan_restore(&self, when: When, identity: Identity, tenant: &str) -> Result<Reached> {
        let (shelf, _turn) = (self.shelf_named(tenant, when, &identity).await?, self.turn().await);
        let scratch = self.tenants().scratch().map_err(super::super::for_the_caller)?;
        Ok(Reached::by(&self.find_way(shelf, when, identity, scratch.path()).await?))
    }

    /// Makes an archive of a tenant as it was at a moment, in a folder. Nothing else is changed.
    pub async fn archive_at(
        &self,
        when: When,
        identity: Identity,
        tenant: &str,
        to: PathBuf,
    ) -> Result<(PathBuf, Reached)> {
        let (shelf, _turn) = (self.shelf_named(tenant, when, &identity).await?, self.turn().await);
        let scratch = self.tenants().scratch().map_err(super::super::for_the_caller)?;
        let way = self.find_way(shelf.clone(), when, identity.clone(), scratch.path()).await?;
        let (reached, target, work) = (Reached::by(&way), self.target(None), scratch.path().to_owned());
        let path = super::super::unhurried(move || {
            let (manifest, unpacked) = make(&*target, &shelf, &way, &work)?;
            let sealed = work.join("sealed");
            let mut file = File::create_new(&sealed).context("making an archive")?;
            archive::write(&mut file, &identity.recipient(), &manifest, &unpacked.join(tenants::STORE))?;
            let name = folder::name_of(manifest.made_at)?;
            Folder(to.clone()).put_file(&name, &sealed)?;
            Ok(to.join(name))
        })
        .await?;
        Ok((path, reached))
    }

    async fn find_way(&self, shelf: String, when: When, identity: Identity, scratch: &Path) -> Result<Way> {
        let (target, cache) = (self.target(None), cache_in(scratch));
        let find =
            move || Source { target: &*target, shelf: &shelf, cache }.way(when.moment, &identity, when.last_good);
        super::super::blocking(find).await
    }

    /// The shelf of a tenant by slug or id: of one that is here, else of the one at the target whose newest snapshot has that slug.
    async fn shelf_named(&self, tenant: &str, when: When, identity: &Identity) -> Result<String> {
        // Before the turn is taken, for a snapshot takes it, too.
        if when.is_near(self.clock().system_time()) {
            // What was acknowledged before the question belongs to the answer. A target that is away says so later.
            let _ = self.ship_all().await;
        }
        if TenantId::parse(tenant).is_some() {
            return Ok(tenant.to_owned());
        }
        if let Some(here) = self.tenants().find(tenant).await? {
            return Ok(here.id.to_string());
        }
        let (target, identity, slug) = (self.target(None), identity.clone(), tenant.to_owned());
        let scratch = self.tenants().scratch().map_err(super::super::for_the_caller)?;
        super::super::blocking(move || {
            for shelf in target.folders("")?.into_iter().filter(|name| TenantId::parse(name).is_some()) {
                let source = Source { target: &*target, shelf: &shelf, cache: cache_in(scratch.path()) };
                if source.slug(&identity)? == Some(slug.clone()) {
                    return Ok(shelf);
                }
            }
            Err(log_refused(format!("no log of a tenant \"{slug}\" is in {}", target.describe())))
        })
        .await
    }
}

impl When {
    /// Whether it may be in what was not shipped yet.
    fn is_near(self, now: Timestamp) -> bool {
        match self.moment {
            Moment::Latest => true,
            Moment::At(moment) => now.duration_since(moment) < jiff::SignedDuration::from_mins(1),
        }
    }
}

/// Restores the instance's own records, as they were shipped last, into an empty data folder; as `restore_instance` does from an
/// archive. `name` is needed where the target of the settings holds more than one instance.
pub async fn restore_shipped_instance(
    data: &Path,
    master: &MasterKey,
    (from, name): (&Settings, Option<&str>),
    (identity, last_good): (&Identity, bool),
    now: Timestamp,
) -> Result<(Manifest, Reached)> {
    let scratch = tempfile::tempdir_in(data).context("making a folder to unpack into")?;
    let (target, name, identity) = (from.target(data)?, name.map(str::to_owned), identity.clone());
    let work = scratch.path().to_owned();
    let unpack = move || {
        let shelf = instance_of(&*target, name.as_deref())?;
        let source = Source { target: &*target, shelf: &shelf, cache: cache_in(&work) };
        let way = source.way(Moment::Latest, &identity, last_good)?;
        let (manifest, folder) = make(&*target, &shelf, &way, &work)?;
        Ok((manifest, folder, Reached::by(&way)))
    };
    let (manifest, folder, reached) = super::super::blocking(unpack).await?;
    Ok((adopt_instance(data, master, manifest, &folder, now)?, reached))
}

/// The shelf of the instance at a target that is named, or of the only one.
fn instance_of(target: &dyn Target, name: Option<&str>) -> Result<String> {
    let mut shelves = target.folders("")?;
    shelves.retain(|shelf| shelf.starts_with("instance-") && name.is_none_or(|name| shelf.ends_with(name)));
    match &shelves[..] {
        [one] => Ok(one.clone()),
        [] => Err(log_refused(format!("no log of an instance is in {}", target.describe()))),
        more => Err(log_refused(format!("there are several instances: {}", more.join(", ")))),
    }
}

/// Makes the store of a way's end in a folder of its own in `work`, checked, with what is to be said of it.
pub(in crate::backup) fn make(target: &dyn Target, shelf: &str, way: &Way, work: &Path) -> Result<(Manifest, PathBuf)> {
    let (unpacked, blank) = (work.join("unpacked"), work.join("blank.db"));
    std::fs::create_dir(&unpacked).context("unpacking a snapshot")?;
    let store = unpacked.join(tenants::STORE);
    unpack_blind(way, &store)?;
    let key = way.manifest.key.of_tenant()?;
    let file = OpenOptions::new().write(true).mode(0o600).open(&store).context("writing a store")?;
    let source = Source { target, shelf, cache: cache_in(work) };
    source
        .each(&way.generation, &key, &way.bundles, |entry| apply(entry, &file, (way.manifest.commits, way.commits)))?;
    file.sync_all().context("writing a store")?;
    drop(file);
    let db = open(&way.manifest, &store)?;
    let mut manifest = way.manifest.clone();
    let of_tenant = manifest.tenant.is_some();
    let archives = check::archives_of(&manifest, &unpacked)?;
    let told = db.read_blocking(|conn| {
        check::sound(conn, of_tenant, &blank)?;
        let files = fetch_archives(target, shelf, conn, &archives)?;
        let verdict = events::verify_all(conn, &archives, &[])?;
        if let Some(fault) = verdict.fault {
            return Err(log_refused(format!("the event chain is broken at entry {}: {}", fault.seq, fault.kind)));
        }
        let version = match of_tenant {
            true => conn.query_row("select coalesce(max(seq), 0) from change_log", [], |row| row.get(0))?,
            false => 0,
        };
        Ok((tables::sums(conn)?, events::head(conn)?.into(), version, files))
    });
    (manifest.tables, manifest.chain, manifest.data_version, manifest.event_archives) = told.map_err(damaged)?;
    (manifest.commits, manifest.schema, manifest.made_at) = (db.commits(), db.schema()?, way.at);
    db.close()?;
    if manifest.commits > way.commits || manifest.commits < way.manifest.commits {
        return Err(log_refused(format!("it leads to commit {}, not to {}", manifest.commits, way.commits)));
    }
    (manifest.bytes, manifest.sha256) = archive::measure(&store)?;
    Ok((manifest, unpacked))
}

/// Fetches the archives of older events that were made since the snapshot.
fn fetch_archives(target: &dyn Target, shelf: &str, conn: &Connection, archives: &Archives) -> Result<Vec<FileSum>> {
    let known = events::archives(conn)?;
    if !known.is_empty() {
        std::fs::create_dir_all(archives.folder()).context("fetching archives of events")?;
    }
    for archive in known.iter().filter(|archive| !archives.path(archive).exists()) {
        target.get_file(&names::events_of(shelf, &archive.name), &archives.path(archive))?;
    }
    archives.tidy(conn)?;
    Ok(known.iter().map(FileSum::from).collect())
}

/// The snapshot's store. It is checked when the log is applied.
fn unpack_blind(way: &Way, store: &Path) -> Result<()> {
    // The way was found with the identity; the archive has to be opened with it once more.
    archive::open(&way.snapshot, &way.identity)?.unpack(store).map(drop)
}

/// Writes the pages of the commits after `after` and up to `until`.
fn apply(entry: &Entry, store: &File, (after, until): (i64, i64)) -> Result<()> {
    let writing = "writing a store";
    let about = &entry.about;
    let mut commit = about.commits - i64::try_from(about.ends.len()).unwrap_or(0) + 1;
    let mut ends = about.ends.iter().map(|(frames, _)| *frames).peekable();
    for (number, frame) in (1..).zip(entry.frames.chunks_exact(FRAME)) {
        let (page, pages) = frame_of(frame);
        let ends_here = ends.next_if_eq(&number).is_some();
        if commit > after && commit <= until {
            let place = u64::from(page).saturating_sub(1) * PAGE as u64;
            store.write_all_at(&frame[FRAME_HEAD..], place).context(writing)?;
            if let Some(pages) = pages.filter(|_| ends_here) {
                store.set_len(u64::from(pages) * PAGE as u64).context(writing)?;
            }
        }
        commit += i64::from(ends_here);
    }
    Ok(())
}

/// Opens a replayed store as it is: the log may have brought it a newer schema than the snapshot's.
fn open(manifest: &Manifest, store: &Path) -> Result<Db> {
    let key = manifest.key.of_tenant()?;
    let of_instance = manifest.tenant.is_none().then(|| manifest.key.of_instance()).transpose()?;
    let attempt = |schema: i64| match (&manifest.tenant, of_instance) {
        (Some(whose), _) => tenants::open_copy(store, &key, &whose.id, Some(schema)),
        (None, Some(key)) => tenants::open_control_copy(store, key, schema),
        (None, None) => unreachable!("it is a tenant's or the instance's"),
    };
    let opened = match attempt(manifest.schema) {
        Err(OpenError::NewerSchema { found, .. }) => attempt(found),
        opened => opened,
    };
    opened.map_err(|error| log_refused(format!("the store that it leads to does not open: {error}")))
}

/// SQLite's words for a store that does not hold together.
fn damaged(error: Error) -> Error {
    match error {
        Error::Database(error) => log_refused(format!("the store that it leads to is damaged: {error}")),
        error => error,
    }
}

impl Source<'_> {
    /// The slug of the tenant in the newest snapshot that opens.
    fn slug(&self, identity: &Identity) -> Result<Option<String>> {
        for generation in names::generations(self.target, self.shelf)?.iter().rev() {
            let listing = names::list(self.target, self.shelf, generation)?;
            for snapshot in listing.snapshots.iter().rev() {
                if let Ok((_, manifest)) = self.open(snapshot, identity) {
                    return Ok(manifest.tenant.map(|whose| whose.slug));
                }
            }
        }
        Ok(None)
    }
}
