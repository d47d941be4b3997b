//! A tenant's store under a new key, while people use it: a copy under the new key beside it, the note, the exchange. Before the
//! step that `control.db` notes nothing has changed; after it, the next start goes on to the end.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context;
use rusqlite::{Connection, Transaction};
use serde_json::json;

use super::lifecycle::{self, STORE, remove_folder, sync_folder, told};
use super::registry::blocking;
use super::restore::{open_copy, replaced, swap};
use super::{Tenant, TenantId, Tenants, directory};
use crate::db::{Broken, Held, remove_log};
use crate::error::{Error, Result};
use crate::events;
use crate::secrets::{Purpose, TenantKey};

/// Copies that are made while writers go on. A store that was written to during each of them is copied once more while its writers
/// wait.
const TRIES: usize = 3;
/// Writers wait for a copy if the one before took no longer; requests end after 30 seconds.
const LONGEST_WAIT: Duration = Duration::from_secs(15);
const STAGED: &str = ".rekeyed-";

/// Seals anew, under the second key, what is sealed under the first within a store.
pub type Reseal = fn(&Transaction<'_>, &TenantKey, &TenantKey) -> Result<()>;

/// Says in a store that it was written anew.
pub type Swept = fn(&Transaction<'_>) -> Result<()>;

/// Told of every step of a rotation once it is done, so that a test can end there.
#[derive(Clone, Default)]
pub struct Steps(Option<Arc<dyn Fn(&'static str) + Send + Sync>>);

impl Steps {
    /// Steps that `watch` is told of.
    pub fn watched(watch: impl Fn(&'static str) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(watch)))
    }

    /// A step is done.
    pub fn done(&self, step: &'static str) {
        if let Some(watch) = &self.0 {
            watch(step);
        }
    }
}

impl std::fmt::Debug for Steps {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Steps")
    }
}

impl Tenants {
    /// Makes the key of a tenant's store anew, and with `reseal` that of the secrets within. Who uses the tenant goes on: readers
    /// wait for the exchange of two files, writers for that and, where the store is never at rest, for one copy of it.
    ///
    /// # Errors
    /// `Unavailable` with code `storage_full` where there is no room for the copy, `store_busy` where its writers would have to wait
    /// for too long: nothing was changed.
    pub async fn rekey(&self, id: &TenantId, reseal: Option<Reseal>, steps: Steps) -> Result<()> {
        let _turn = self.turn_at_files().await;
        let (tenants, tenant) = (self.clone(), self.open_even_closed(id).await?);
        blocking(move || Rekeying::of(&tenants, &tenant, (reseal, None), &steps).run()).await
    }

    /// [`Self::rekey`], with a copy that holds what the tables hold and nothing else: what was deleted and lies in room that is free
    /// stays in the old file, which goes with its key. `swept` is called in the copy.
    ///
    /// # Errors
    /// As [`Self::rekey`].
    pub async fn rewrite(&self, id: &TenantId, swept: Swept, steps: Steps) -> Result<()> {
        let _turn = self.turn_at_files().await;
        let (tenants, tenant) = (self.clone(), self.open_even_closed(id).await?);
        blocking(move || Rekeying::of(&tenants, &tenant, (None, Some(swept)), &steps).run()).await
    }
}

struct Rekeying<'a> {
    tenants: &'a Tenants,
    tenant: &'a Tenant,
    old: Arc<TenantKey>,
    new: Arc<TenantKey>,
    reseal: Option<Reseal>,
    swept: Option<Swept>,
    now: jiff::Timestamp,
    steps: &'a Steps,
}

/// The store under its new key, whole and on disk.
struct Copy {
    folder: PathBuf,
    /// Commits of the store it was made of.
    of: i64,
    /// Its own.
    commits: i64,
}

impl<'a> Rekeying<'a> {
    fn of(
        tenants: &'a Tenants,
        tenant: &'a Tenant,
        (reseal, swept): (Option<Reseal>, Option<Swept>),
        steps: &'a Steps,
    ) -> Self {
        let (old, now) = (tenant.key(), tenants.clock().system_time());
        let new = Arc::new(old.renewed(reseal.is_some()));
        Self { tenants, tenant, old, new, reseal, swept, now, steps }
    }

    fn run(&self) -> Result<()> {
        let (db, scratch) = (self.tenant.db(), self.tenants.scratch()?);
        let mut took = Duration::ZERO;
        for _ in 0..TRIES {
            let begun = Instant::now();
            let copy = self.copy(scratch.path())?;
            took = begun.elapsed();
            // What nobody shipped of the old file is under the old key, which a crash after the exchange loses. Where nothing is
            // written until the store is held, nothing is left to ship.
            self.tenants.about_to_exchange(self.tenant);
            let held = db.hold()?;
            if held.commits() == copy.of {
                return self.put(held, &copy);
            }
            drop(held);
            remove_folder(&copy.folder)?;
        }
        if took > LONGEST_WAIT {
            return Err(Error::Unavailable {
                code: "store_busy",
                reason:
                    "The store is large and never at rest: requests would fail. Nothing was changed; try again when \
                         less is written."
                        .to_owned(),
                retry_after_secs: 600,
            });
        }
        let held = db.hold()?;
        let copy = self.copy(scratch.path())?;
        self.put(held, &copy)
    }

    fn copy(&self, scratch: &Path) -> Result<Copy> {
        let (id, folder) = (self.tenant.id(), scratch.join("rekeyed"));
        let copying = || format!("copying the store of tenant {id}");
        std::fs::create_dir(&folder).with_context(copying)?;
        let store = folder.join(STORE);
        self.tenant.db().copy_for(&store, &self.new.derive(Purpose::Store))?;
        let copy =
            open_copy(&store, &self.new, id.as_str(), None).map_err(anyhow::Error::from).with_context(copying)?;
        let of = copy.commits();
        copy.write_blocking(|tx| {
            events::rewrap(tx, &self.old, &self.new)?;
            if let Some(reseal) = self.reseal {
                reseal(tx, &self.old, &self.new)?;
            }
            if let Some(swept) = self.swept {
                swept(tx)?;
            }
            self.tell(tx)
        })?;
        let commits = copy.commits();
        let anew = folder.join("anew.db");
        if self.swept.is_some() {
            copy.rewrite_to(&anew)?;
        }
        copy.close()?;
        if self.swept.is_some() {
            remove_log(&store).and_then(|()| std::fs::rename(&anew, &store)).with_context(copying)?;
        }
        File::open(&store).and_then(|file| file.sync_all()).with_context(copying)?;
        sync_folder(&folder)?;
        self.steps.done("copied");
        Ok(Copy { folder, of, commits })
    }

    /// The copy beside the store, the note, the exchange. Nobody writes to the store meanwhile.
    fn put(&self, held: Held<'_>, copy: &Copy) -> Result<()> {
        let (tenants, id) = (self.tenants, self.tenant.id());
        let staged = staged(tenants, id);
        remove_folder(&staged)?;
        // As they are: they open with keys of their own, which the copy has sealed anew.
        let archives = self.tenant.archives();
        self.tenant.db().read_blocking(|conn| archives.put_into(conn, &copy.folder.join(events::ARCHIVES)))?;
        std::fs::rename(&copy.folder, &staged).with_context(|| format!("making {}", staged.display()))?;
        sync_folder(tenants.folder())?;
        self.steps.done("staged");
        if let Err(error) = self.note() {
            remove_folder(&staged)?;
            return Err(error);
        }
        self.steps.done("noted");
        let spec = tenants.store_spec(id, copy.commits, false);
        let exchanged = held.exchange(&self.new.derive(Purpose::Store), &spec, || {
            swap(tenants, &staged, id).map_err(Broken::After)?;
            self.steps.done("exchanged");
            tenants.control().write_blocking(|tx| end(tx, id)).map_err(Broken::After)?;
            self.steps.done("ended");
            self.tenant.set_key(Arc::clone(&self.new));
            Ok(())
        });
        match exchanged {
            Ok(()) => {}
            Err(Broken::Before(error)) => {
                tenants.control().write_blocking(|tx| forget(tx, id))?;
                remove_folder(&staged)?;
                return Err(error);
            }
            Err(Broken::After(error)) => {
                tracing::error!(tenant = %id, %error, "an exchange of keys broke off: the next start finishes it");
                return Err(error);
            }
        }
        clean_up(tenants, id)?;
        self.steps.done("cleaned up");
        Ok(())
    }

    fn note(&self) -> Result<()> {
        let (id, now_ms) = (self.tenant.id(), self.now.as_millisecond());
        self.tenants.control().write_blocking(|tx| {
            let wrapped = self.tenants.master().wrap(id.as_str(), &self.new);
            let tokens = self.reseal.is_some().then_some(now_ms);
            let noted = tx.execute(
                "insert into rekeyings select id, ?2, ?3, ?4 from tenants where id = ?1 and state = 'active'",
                (id.as_str(), wrapped, now_ms, tokens),
            )?;
            if noted == 0 {
                return Err(Error::NotFound);
            }
            told(tx, self.now, "keys.rotated", id, self.told())
        })
    }

    /// The tenant's own entry, in the copy: it is there if and only if the copy is.
    fn tell(&self, tx: &Transaction<'_>) -> Result<()> {
        lifecycle::told(tx, self.now, "keys.rotated", self.tenant.id(), self.told())
    }

    fn told(&self) -> serde_json::Value {
        let keys: &[&str] = if self.reseal.is_some() { &["database", "tokens"] } else { &["database"] };
        match self.swept {
            Some(_) => json!({ "keys": keys, "because": "customers were erased" }),
            None => json!({ "keys": keys }),
        }
    }
}

/// The copy lies in its place: from now on its key opens it.
fn end(tx: &Transaction<'_>, id: &TenantId) -> Result<()> {
    tx.execute(
        "update tenants set (wrapped_key, store_key_at_ms, tokens_key_at_ms) =
             (select wrapped_key, store_key_at_ms, coalesce(rekeyings.tokens_key_at_ms, tenants.tokens_key_at_ms)
              from rekeyings where tenant_id = tenants.id)
         where id = ?1",
        [id.as_str()],
    )?;
    forget(tx, id)
}

fn forget(tx: &Transaction<'_>, id: &TenantId) -> Result<()> {
    tx.execute("delete from rekeyings where tenant_id = ?1", [id.as_str()])?;
    Ok(())
}

/// The old key goes from the log of `control.db`, and the old store from the disk.
fn clean_up(tenants: &Tenants, id: &TenantId) -> Result<()> {
    tenants.control().checkpoint()?;
    remove_folder(&replaced(tenants, id))
}

/// Finishes, at start, the exchanges that were noted, and removes what the others left.
pub(super) fn recover(tenants: &Tenants) -> Result<()> {
    for id in tenants.control().read_blocking(noted)? {
        tracing::info!(tenant = %id, "finishing an exchange of keys that a crash interrupted");
        swap(tenants, &staged(tenants, &id), &id)?;
        tenants.control().write_blocking(|tx| end(tx, &id))?;
        clean_up(tenants, &id)?;
    }
    for entry in std::fs::read_dir(tenants.folder()).context("looking for what a crash left")? {
        let path = entry.context("looking for what a crash left")?.path();
        if path.file_name().unwrap_or_default().to_string_lossy().starts_with(STAGED) {
            remove_folder(&path)?;
        }
    }
    Ok(())
}

fn noted(conn: &Connection) -> Result<Vec<TenantId>> {
    let mut query = conn.prepare("select tenant_id from rekeyings")?;
    let ids = query.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<Vec<String>>>()?;
    ids.into_iter().map(directory::id).collect()
}

fn staged(tenants: &Tenants, id: &TenantId) -> PathBuf {
    tenants.folder().join(format!("{STAGED}{id}"))
}
