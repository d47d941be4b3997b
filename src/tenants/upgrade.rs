//! Back to what there was before an upgrade: the copies that were made of the stores take their places again.
//!
//! Nothing may have the folder open, and nothing here brings a schema up to date. Each file is exchanged by one rename; before
//! the first of them control is told to expect less, so that whatever a crash leaves opens, and a second run goes on to the end.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use anyhow::Context;
use jiff::Timestamp;
use rusqlite::{OptionalExtension, Transaction};
use serde_json::json;

use super::{TenantId, control, lifecycle, schema};
use crate::db::{self, BeforeUpgrade, Db, FileSpec};
use crate::error::{Error, Result};
use crate::events::{self, Entry, Head};
use crate::secrets::{MasterKey, Purpose};

/// How long a copy stays.
const KEPT: Duration = Duration::from_secs(14 * 24 * 3600);

/// A store that was put back.
#[derive(Debug, Clone, serde::Serialize)]
pub struct RolledBack {
    /// The tenant's slug, or `(instance)`.
    pub name: String,
    /// The schema it had.
    pub from: i64,
    /// The schema it has now.
    pub to: i64,
    /// Writes that came after the upgrade and are gone.
    pub lost: i64,
}

/// What is to be done to one file.
struct Step {
    name: String,
    tenant: Option<TenantId>,
    path: PathBuf,
    copy: BeforeUpgrade,
    from: i64,
    commits: i64,
    head: Head,
    lost: i64,
}

/// Puts back what lies before the last upgrade: of one tenant, or of all and the instance's own records. Blocks.
///
/// # Errors
/// `Conflict` with code `newer_writes` when something was written since and `discard` does not say that it may go: nothing is
/// changed then. `Conflict` with code `no_copy` when there is nothing to put back.
pub fn roll_back(
    data: &Path,
    master: &MasterKey,
    tenant: Option<&str>,
    discard: bool,
    now: Timestamp,
) -> Result<Vec<RolledBack>> {
    let control_path = data.join(control::FILE);
    let key = control::key_of(master);
    let control = open(&control_path, &key, control::spec(false))?;
    let mut steps = Vec::new();
    for (id, slug, wrapped) in control.read_blocking(tenants)? {
        if tenant.is_none_or(|wanted| wanted == slug) {
            let id = TenantId::parse(&id).with_context(|| format!("control.db holds the id {id:?}, which is none"))?;
            let key = master.unwrap(id.as_str(), &wrapped)?.derive(Purpose::Store);
            let path = data.join("tenants").join(id.as_str()).join(lifecycle::STORE);
            steps.extend(
                step(slug, path, &key, tenant_spec(&id))?.map(|step| Step { tenant: Some(id.clone()), ..step }),
            );
        }
    }
    let of_control = match tenant {
        None => step("(instance)".to_owned(), control_path.clone(), &key, control::spec(false))?,
        Some(_) => None,
    };
    let all = || steps.iter().chain(&of_control);
    if all().next().is_none() {
        let reason =
            "there is no copy of before an upgrade: nothing was changed. Copies are kept for 14 days".to_owned();
        return Err(Error::conflict("no_copy", reason));
    }
    let written: Vec<String> =
        all().filter(|step| step.lost > 0).map(|step| format!("{}: {}", step.name, step.lost)).collect();
    if !written.is_empty() && !discard {
        let written = written.join(", ");
        let reason = format!(
            "something was written since the upgrade and would be lost ({written}), so nothing was changed: \
             --discard-newer gives it up"
        );
        return Err(Error::conflict("newer_writes", reason));
    }
    control.write_blocking(|tx| expect_less(tx, &steps, now))?;
    control.close()?;
    for step in &steps {
        put_back(step)?;
    }
    if let Some(step) = &of_control {
        // The copy of control may remember more of a store than that store's own copy holds.
        let copy = open(&step.copy.path, &key, control::spec(false))?;
        copy.write_blocking(|tx| expect_less(tx, &steps, now))?;
        copy.close()?;
        put_back(step)?;
    }
    let done =
        |step: &Step| RolledBack { name: step.name.clone(), from: step.from, to: step.copy.schema, lost: step.lost };
    Ok(all().map(done).collect())
}

/// Removes copies of before an upgrade that are older than they are kept.
pub(super) fn forget_old(stores: impl Iterator<Item = PathBuf>, now: SystemTime) -> Result<()> {
    for store in stores {
        for copy in db::before_upgrades(&store).context("looking for copies of before an upgrade")? {
            let removing = || format!("removing {}", copy.path.display());
            let written = std::fs::metadata(&copy.path).and_then(|about| about.modified()).with_context(removing)?;
            if now.duration_since(written).is_ok_and(|age| age > KEPT) {
                std::fs::remove_file(&copy.path).with_context(removing)?;
            }
        }
    }
    Ok(())
}

fn open(path: &Path, key: &[u8; 32], spec: FileSpec<'_>) -> Result<Db> {
    Ok(Db::open_as_is(path, key, &spec).map_err(anyhow::Error::from)?)
}

fn tenants(conn: &rusqlite::Connection) -> Result<Vec<(String, String, Vec<u8>)>> {
    let mut query = conn.prepare("select id, slug, wrapped_key from tenants where state = 'active' order by slug")?;
    Ok(query.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?.collect::<rusqlite::Result<_>>()?)
}

fn tenant_spec(id: &TenantId) -> FileSpec<'_> {
    FileSpec {
        application_id: schema::TENANT_ID,
        owner: id.as_str(),
        migrations: schema::TENANT,
        create: false,
        least_commits: 0,
        secure_delete: false,
    }
}

/// What putting back the newest older copy of a file takes; none where there is none.
fn step(name: String, path: PathBuf, key: &[u8; 32], spec: FileSpec<'_>) -> Result<Option<Step>> {
    let live = open(&path, key, spec)?;
    let (from, commits) = (live.schema()?, live.commits());
    live.close()?;
    let copies = db::before_upgrades(&path).context("looking for copies of before an upgrade")?;
    let Some(copy) = copies.into_iter().rfind(|copy| copy.schema < from) else { return Ok(None) };
    let before = open(&copy.path, key, spec)?;
    let head = before.read_blocking(events::head)?;
    // The upgrade itself is one write.
    let lost = (commits - before.commits() - 1).max(0);
    let commits = before.commits();
    before.close()?;
    Ok(Some(Step { name, tenant: None, path, copy, from, commits, head, lost }))
}

fn put_back(step: &Step) -> Result<()> {
    let putting = || format!("putting back {}", step.copy.path.display());
    Ok(db::put_back(&step.path, &step.copy).with_context(putting)?)
}

/// Has control remember no more of the stores than their copies hold, and tells of it.
fn expect_less(tx: &Transaction<'_>, steps: &[Step], now: Timestamp) -> Result<()> {
    for step in steps {
        let Some(id) = &step.tenant else { continue };
        let sql = "update tenants set commits = min(commits, ?2), event_seq = ?3, event_hash = ?4 where id = ?1
                   returning id";
        let known: Option<String> = tx
            .query_row(sql, (id.as_str(), step.commits, step.head.seq, step.head.hash), |row| row.get(0))
            .optional()?;
        if known.is_none() {
            continue;
        }
        let subject = format!("tenant:{id}");
        let data = json!({ "from": { "id": id.as_str(), "schema": step.from }, "schema": step.copy.schema,
            "entries": step.head.seq, "lost": step.lost });
        let entry = Entry {
            kind: "tenant.rolled_back",
            actor: "operator",
            subject: Some(&subject),
            request_id: None,
            ip: None,
            data,
        };
        events::append(tx, now, &entry)?;
    }
    Ok(())
}
