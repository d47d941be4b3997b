//! Older events out of the stores into sealed archives: where they lie, and the moving, in steps of which each can be the last before
//! a crash.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use jiff::Timestamp;
use serde_json::json;

use super::registry::blocking;
use super::{Steps, Tenant, TenantId, Tenants};
use crate::db::Db;
use crate::error::Result;
use crate::events::{self, Archives, Entry, Head, Verdict};
use crate::secrets::TenantKey;

/// Where the archives of the instance's own events lie, in the data folder.
const OF_INSTANCE: &str = "audit";

/// What is moved, and where it has to lie before.
pub struct Moving<K> {
    /// Entries that were written before this are old.
    pub before: Timestamp,
    /// The time.
    pub now: Timestamp,
    /// Puts a sealed archive wherever else the store's log goes: called before the store lets its entries go.
    pub keep: K,
    /// Told of each step.
    pub steps: Steps,
}

impl Tenant {
    /// Its archives of older events. To be asked for within the reading that uses them: the key may be made anew between two.
    pub fn archives(&self) -> Archives {
        let folder = self.db().path().parent().unwrap_or(Path::new("."));
        Archives::new(folder.join(events::ARCHIVES), self.key())
    }
}

impl Tenants {
    /// The archives of the instance's own events; as [`Tenant::archives`].
    pub fn control_archives(&self) -> Result<Archives> {
        Ok(of_control(self.data_folder(), Arc::new(control_as_key(&self.control_key())?)))
    }

    /// Moves what is old of a tenant's events into archives, or where there is no id, of the instance's own. Returns how many entries
    /// that was. Stops between two archives when `stop` says so.
    ///
    /// # Errors
    /// Whatever the disk or `keep` says: every entry is in the store or in an archive that the store knows, and in no two places.
    pub async fn archive_events<K>(
        &self,
        id: Option<TenantId>,
        moving: Moving<K>,
        stop: impl Fn() -> bool + Send + 'static,
    ) -> Result<usize>
    where
        K: Fn(&Path) -> Result<()> + Send + 'static,
    {
        let _turn = self.turn_at_files().await;
        let tenant = match &id {
            Some(id) => Some(self.open_even_closed(id).await?),
            None => None,
        };
        let tenants = self.clone();
        blocking(move || match tenant {
            Some(tenant) => {
                let subject = format!("tenant:{}", tenant.id());
                run(tenant.db(), &tenant.archives(), &subject, &moving, &stop)
            }
            None => run(tenants.control(), &tenants.control_archives()?, "instance", &moving, &stop),
        })
        .await
    }

    /// Checks the instance's own event chain, archives and all, against entries that were once the newest. Returns its head, too.
    pub async fn verify_own_events(&self, seen: Vec<Head>) -> Result<(Verdict, Head)> {
        let tenants = self.clone();
        let read = move |conn: &rusqlite::Connection| {
            Ok((events::verify_all(conn, &tenants.control_archives()?, &seen)?, events::head(conn)?))
        };
        self.control().read(read).await
    }
}

/// The archives of `control.db` in a data folder.
pub(super) fn of_control(data: &Path, key: Arc<TenantKey>) -> Archives {
    Archives::new(data.join(OF_INSTANCE).join(events::ARCHIVES), key)
}

/// The key of `control.db`, to derive keys of single purposes from.
pub(super) fn control_as_key(key: &[u8; 32]) -> Result<TenantKey> {
    Ok(TenantKey::from_bytes(key).context("the key of control.db has another length")?)
}

/// Nobody else exchanges files or keys meanwhile.
fn run<K: Fn(&Path) -> Result<()>>(
    db: &Db,
    archives: &Archives,
    subject: &str,
    Moving { before, now, keep, steps }: &Moving<K>,
    stop: &impl Fn() -> bool,
) -> Result<usize> {
    // What the moving itself tells does not make the entry before it one to be moved.
    let newest = db.read_blocking(|conn| {
        archives.tidy(conn)?;
        Ok(events::head(conn)?.seq)
    })?;
    steps.done("tidied up");
    let (times, mut moved) = ((before.as_millisecond(), now.as_millisecond()), 0);
    while !stop() {
        let due = db.read_blocking(|conn| events::due(conn, times, newest))?;
        if due.is_empty() {
            break;
        }
        let sealed = archives.seal(&due)?;
        steps.done("sealed");
        archives.compare(&sealed, &due)?;
        steps.done("compared");
        keep(&archives.path(sealed.about()))?;
        steps.done("kept elsewhere");
        let about = sealed.about();
        let sha256: String = about.sha256.iter().map(|byte| format!("{byte:02x}")).collect();
        let data = json!({ "archive": about.name, "first": about.first, "last": about.last, "sha256": sha256 });
        db.write_blocking(|tx| {
            archives.take_up(tx, &sealed, *now)?;
            let entry = Entry {
                kind: "audit.archived",
                actor: "system",
                subject: Some(subject),
                request_id: None,
                ip: None,
                data: data.clone(),
            };
            events::append(tx, *now, &entry).map(drop)
        })?;
        steps.done("taken up");
        moved += due.len();
    }
    Ok(moved)
}
