//! All tenants: who there is, who is open, and who cannot be.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::Duration;

use anyhow::Context;
use moka::future::Cache;
use moka::policy::EvictionPolicy;

use super::closing::Closed;
use super::keys::Keyring;
use super::logs::Keepers;
use super::refusal::Refusal;
use super::remember::Memory;
use super::steady::Steady;
use super::{Tenant, TenantId, TenantInfo, control, directory, keys, lifecycle, master, schema, tenant};
use crate::clock::Clock;
use crate::db::{Db, FileSpec, OpenError};
use crate::error::{Error, Result};
use crate::events::{self, Author, Denials, Head, Verdict};
use crate::secrets::{MasterKey, Purpose};

/// How many tenants stay open, and for how long.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Tenants kept open at most; beyond it the one unused for longest closes.
    pub max_open: u64,
    /// Minutes after which an unused tenant closes.
    pub idle_minutes: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self { max_open: 256, idle_minutes: 30 }
    }
}

/// What holders of a store are told that another took the place of.
const REPLACED: &str = "the tenant was restored from a backup";

/// All tenants of this instance. Cheap to clone.
#[derive(Clone)]
pub struct Tenants(Arc<Inner>);

struct Inner {
    folder: PathBuf,
    clock: Clock,
    control: Db,
    denials: Denials,
    keyring: Keyring,
    memory: Memory,
    open: Cache<TenantId, Tenant>,
    /// Every tenant somebody still holds, evicted or not: a tenant is open once or not at all.
    held: Mutex<HashMap<TenantId, Weak<tenant::Inner>>>,
    aside: Mutex<BTreeMap<TenantId, String>>,
    /// Tenants whose store is being replaced: nobody opens them meanwhile.
    replacing: Mutex<HashSet<TenantId>>,
    closed: Closed,
    /// Held by whoever puts files in the place of others or takes them away: one at a time.
    turn: tokio::sync::Mutex<()>,
    steady: Steady,
    keepers: OnceLock<Keepers>,
}

impl Tenants {
    /// Opens `control.db` in the data folder, making both on first start, and finishes what a crash interrupted. No
    /// tenant is opened. Blocks; to be called before serving.
    pub fn start(data: &Path, master: MasterKey, clock: Clock, settings: &Settings) -> Result<Self> {
        let folder = data.join("tenants");
        let master = master::settle(data, master)?;
        let control = control::open(data, &folder, &master)?;
        let now_ms = clock.system_time().as_millisecond();
        let signing_keys = control.write_blocking(|tx| keys::at_start(tx, now_ms))?;
        let closed = Closed::load(&control)?;
        let open = Cache::builder()
            .max_capacity(settings.max_open.max(1))
            .eviction_policy(EvictionPolicy::lru())
            .time_to_idle(Duration::from_secs(60 * settings.idle_minutes.max(1)))
            .build();
        let tenants = Self(Arc::new(Inner {
            folder,
            denials: Denials::new(control.clone(), clock.clone()),
            memory: Memory::new(control.clone()),
            clock,
            control,
            keyring: Keyring::new(master, signing_keys),
            turn: tokio::sync::Mutex::default(),
            open,
            held: Mutex::default(),
            aside: Mutex::default(),
            replacing: Mutex::default(),
            closed,
            steady: Steady::default(),
            keepers: OnceLock::new(),
        }));
        lifecycle::recover(&tenants)?;
        Ok(tenants)
    }

    /// Makes a tenant and opens it, in the name of whoever can read the data folder. `Conflict` when the slug is taken.
    pub async fn create(&self, slug: &str, name: &str) -> Result<Tenant> {
        self.create_by(slug, name, lifecycle::operator()).await
    }

    /// [`Self::create`] in somebody's name.
    pub async fn create_by(&self, slug: &str, name: &str, by: Author) -> Result<Tenant> {
        let (tenants, slug, name) = (self.clone(), slug.to_owned(), name.to_owned());
        let id = blocking(move || lifecycle::create(&tenants, &slug, &name, &by)).await?;
        self.open(&id).await
    }

    /// The tenant, opened if it was not. `NotFound` if there is none; `Unavailable` with code `tenant_set_aside` if its
    /// store is missing, damaged, another's or older than it was: the reason is in the log and in [`Self::list`]; `Closed` as
    /// [`Self::check_open`] says.
    pub async fn open(&self, id: &TenantId) -> Result<Tenant> {
        self.check_open(id)?;
        self.open_even_closed(id).await
    }

    /// As [`Self::open`], also one that is closed: for what whoever runs the installation does with its data.
    pub async fn open_even_closed(&self, id: &TenantId) -> Result<Tenant> {
        if let Some(tenant) = self.0.open.get(id).await {
            if tenant.db().damage().is_none() {
                return Ok(tenant);
            }
            self.0.open.invalidate(id).await;
        }
        let opening = async {
            let (tenants, id) = (self.clone(), id.clone());
            let opened = tokio::task::spawn_blocking(move || tenants.open_blocking(&id)).await;
            opened.unwrap_or_else(|error| Err(Refusal::Failed(error.to_string())))
        };
        self.0.open.try_get_with_by_ref(id, opening).await.map_err(|refusal| refusal.as_error())
    }

    /// The tenant of that slug.
    pub async fn by_slug(&self, slug: &str) -> Result<Tenant> {
        let slug = slug.to_owned();
        let id = self.0.control.read(move |conn| directory::find_slug(conn, &slug)).await?;
        self.open(&id.ok_or(Error::NotFound)?).await
    }

    /// All tenants by slug, with what is wrong with those that were refused since the start. Opens none.
    pub async fn list(&self) -> Result<Vec<TenantInfo>> {
        let mut tenants = self.0.control.read(directory::list).await?;
        let aside = self.aside();
        for tenant in &mut tenants {
            tenant.set_aside = aside.get(&tenant.id).cloned();
        }
        Ok(tenants)
    }

    /// Deletes a tenant for good: its key, then its folder. Whoever still holds it can do nothing with it.
    pub async fn delete(&self, id: &TenantId) -> Result<()> {
        self.delete_if_due(id, None).await
    }

    pub(super) async fn delete_if_due(&self, id: &TenantId, due_by: Option<i64>) -> Result<()> {
        let _turn = self.turn_at_files().await;
        let held = self.held_now(id);
        self.0.open.invalidate(id).await;
        if let Some(tenant) = held {
            tenant.db().retire("the tenant was deleted");
        }
        let (tenants, id) = (self.clone(), id.clone());
        blocking(move || {
            lifecycle::delete(&tenants, &id, due_by)?;
            tenants.aside().remove(&id);
            tenants.look_again(&id)
        })
        .await
    }

    /// Whose e-mail it is. Case and surrounding blanks do not count.
    pub async fn by_email(&self, email: &str) -> Result<Option<TenantId>> {
        let email = email.to_owned();
        self.0.control.read(move |conn| directory::by_email(conn, &email)).await
    }

    /// Takes an e-mail for a tenant; `Conflict` with code `email_taken` when another tenant has it. Taking it twice is
    /// fine.
    pub async fn register_email(&self, email: &str, tenant: &TenantId) -> Result<()> {
        let (email, tenant) = (email.to_owned(), tenant.clone());
        self.0.control.write(move |tx| directory::register_email(tx, &email, &tenant)).await
    }

    /// Gives a tenant's e-mail back; nothing happens if it is not the tenant's.
    pub async fn release_email(&self, email: &str, tenant: &TenantId) -> Result<()> {
        let (email, tenant) = (email.to_owned(), tenant.clone());
        self.0.control.write(move |tx| directory::release_email(tx, &email, &tenant)).await
    }

    /// `control.db`.
    pub fn control(&self) -> &Db {
        &self.0.control
    }

    /// Where refusals are noted.
    pub fn denials(&self) -> &Denials {
        &self.0.denials
    }

    /// [`Self::verify_events`], also against entries that were once the newest as others remember.
    pub async fn verify_events_against(&self, tenant: &Tenant, mut seen: Vec<Head>) -> Result<Verdict> {
        let (tenants, tenant) = (self.clone(), tenant.clone());
        blocking(move || {
            seen.extend(tenants.0.memory.seen(tenant.id())?);
            tenant.db().read_blocking(|conn| events::verify_all(conn, &tenant.archives(), &seen))
        })
        .await
    }

    /// Lets go of every tenant and writes down what is still in memory. For a polite stop.
    pub async fn close_all(&self) -> Result<()> {
        // One by one, because `invalidate_all` spares what came in at the same instant.
        let ids: Vec<TenantId> = self.held().keys().cloned().collect();
        for id in &ids {
            self.0.open.invalidate(id).await;
        }
        self.0.open.run_pending_tasks().await;
        let tenants = self.clone();
        blocking(move || {
            tenants.0.denials.flush_blocking()?;
            tenants.0.memory.gather()?;
            tenants.0.control.checkpoint()
        })
        .await
    }

    pub(super) fn keepers_slot(&self) -> &OnceLock<Keepers> {
        &self.0.keepers
    }

    pub(super) fn closed(&self) -> &Closed {
        &self.0.closed
    }

    /// The tenant, if somebody holds it.
    pub(super) fn held_now(&self, id: &TenantId) -> Option<Tenant> {
        self.held().get(id).and_then(Tenant::upgrade)
    }

    pub(super) fn folder(&self) -> &Path {
        &self.0.folder
    }

    pub(super) fn keyring(&self) -> &Keyring {
        &self.0.keyring
    }

    /// Waits until nobody else exchanges or removes files.
    pub(super) async fn turn_at_files(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.0.turn.lock().await
    }

    /// How many tenants are set aside, or could not be read when they were last asked for.
    pub fn out_of_use(&self) -> usize {
        self.aside().len()
    }

    pub(super) fn clock(&self) -> &Clock {
        &self.0.clock
    }

    pub(super) fn steady(&self) -> &Steady {
        &self.0.steady
    }

    /// Nobody opens the tenant until [`Self::end_replacing`], and who holds it can do nothing with it any more.
    pub(super) async fn begin_replacing(&self, id: &TenantId) {
        self.replacing().insert(id.clone());
        let held = self.held().get(id).and_then(Tenant::upgrade);
        if let Some(tenant) = held {
            tenant.db().retire(REPLACED);
        }
        self.0.open.invalidate(id).await;
        let memory = self.0.memory.clone();
        // It only waits for a lock: nothing in it fails.
        let _ = tokio::task::spawn_blocking(move || memory.let_go()).await;
    }

    pub(super) fn end_replacing(&self, id: &TenantId) {
        self.aside().remove(id);
        self.replacing().remove(id);
    }

    pub(super) fn store_spec<'a>(&self, id: &'a TenantId, least_commits: i64, create: bool) -> FileSpec<'a> {
        FileSpec {
            application_id: schema::TENANT_ID,
            owner: id.as_str(),
            migrations: schema::TENANT,
            create,
            least_commits,
            secure_delete: false,
        }
    }

    fn open_blocking(&self, id: &TenantId) -> Result<Tenant, Refusal> {
        if self.replacing().contains(id) {
            return Err(Refusal::Replacing);
        }
        let held = self.held_now(id);
        if let Some(tenant) = held.filter(|tenant| tenant.db().damage().is_none()) {
            return Ok(tenant);
        }
        let found = self.unwrapped(id).map_err(|error| Refusal::Failed(format!("{error:#}")))?;
        let (record, key) = found.ok_or(Refusal::NotFound)?;
        let path = self.0.folder.join(id.as_str()).join(lifecycle::STORE);
        let db = Db::open_keeping(&path, &key.derive(Purpose::Store), &self.store_spec(id, record.commits, false))
            .map_err(|error| self.refuse(id, &error))?;
        let version = db.read_blocking(|conn| {
            Ok(conn.query_row("select coalesce(max(seq), 0) from change_log", [], |row| row.get(0))?)
        });
        let version = version.map_err(|error| self.set_aside(id, format!("{error:#}")))?;
        self.aside().remove(id);
        self.keep_log(Some(id), &db).map_err(|error| Refusal::Failed(format!("{error:#}")))?;
        self.0.memory.follow(id, &db);
        let tenant = Tenant::new(id.clone(), (record.slug, record.name), db, key, version, self.0.memory.clone());
        let mut held = self.held();
        // Looked at under the lock under which a replacement looks for whoever holds the old store.
        if self.replacing().contains(id) {
            tenant.db().retire(REPLACED);
            return Err(Refusal::Replacing);
        }
        held.retain(|_, tenant| tenant.strong_count() > 0);
        held.insert(id.clone(), tenant.downgrade());
        drop(held);
        // Only now: whoever closes it meanwhile finds it held, or is seen here.
        tenant.set_closed(self.check_open(id).is_err());
        Ok(tenant)
    }

    /// The store is not what it should be, or the file system failed; only the former sets the tenant aside.
    fn refuse(&self, id: &TenantId, error: &OpenError) -> Refusal {
        match error {
            // Shown as set aside too, until it opens: it is tried again each time somebody asks for it.
            OpenError::Io { .. } => {
                self.set_aside(id, error.to_string());
                Refusal::Unreadable
            }
            OpenError::OldSqlite { .. } => {
                tracing::error!(tenant = %id, %error, "a tenant's store did not open");
                Refusal::Failed(error.to_string())
            }
            OpenError::WrongKey(path) => match self.whose(path) {
                Some(other) => self.set_aside(id, format!("{} is the store of tenant \"{other}\"", path.display())),
                None => self.set_aside(id, format!("{error}. Its beginning may be damaged")),
            },
            _ => self.set_aside(id, error.to_string()),
        }
    }

    fn set_aside(&self, id: &TenantId, reason: String) -> Refusal {
        let mut aside = self.aside();
        if aside.get(id) != Some(&reason) {
            tracing::error!(tenant = %id, "set aside: {reason}");
            aside.insert(id.clone(), reason);
        }
        Refusal::SetAside
    }

    fn held(&self) -> MutexGuard<'_, HashMap<TenantId, Weak<tenant::Inner>>> {
        self.0.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn replacing(&self) -> MutexGuard<'_, HashSet<TenantId>> {
        self.0.replacing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn aside(&self) -> MutexGuard<'_, BTreeMap<TenantId, String>> {
        self.0.aside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Tenants {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Tenants({})", self.0.folder.display())
    }
}

pub(super) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.context("working on a tenant")?
}
