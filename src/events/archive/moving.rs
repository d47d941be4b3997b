//! Which entries are old enough, and how they leave the store: all that is due in archives of bounded size, each of which the store
//! takes up in the transaction in which it lets its entries go.

use anyhow::anyhow;
use jiff::Timestamp;
use rusqlite::{Connection, Transaction, params};

use super::file::{self, COLUMNS, Stored};
use super::{Archive, Archives, list};
use crate::error::Result;
use crate::events::chain::head;
use crate::secrets::{Purpose, TenantKey};

/// Entries of an archive at most.
const ENTRIES: usize = 5_000;
/// An archive has no more than about so many bytes: whoever reads in one holds all of it.
const BYTES: usize = 8 << 20;
const DAY_MS: i64 = 24 * 3600 * 1000;
/// Kinds that are looked up for as long as there is a chain: a copy stays in the store.
const KEPT: &str = "'tenant.deleted', 'tenant.restored', 'tenant.rolled_back', 'instance.restored', 'audit.head_written', \
                    'backup.verified'";

/// Entries that are due, from the oldest in the store on.
#[derive(Debug)]
pub struct Due(Vec<Stored>);

impl Due {
    /// Whether nothing is.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }
}

/// An archive that lies there and that no store knows yet.
pub struct Sealed {
    about: Archive,
    key: TenantKey,
}

impl Sealed {
    /// What the store is to know of it.
    pub fn about(&self) -> &Archive {
        &self.about
    }
}

/// The oldest entries, as many as one archive takes, that were written before `before_ms`, have a place below `newest`, and were read by
/// every subscriber. The newest entry always stays: the next one follows from it. An entry that is dated in the future was written by a clock that was
/// wrong, and goes with those around it.
pub fn due(conn: &Connection, (before_ms, now_ms): (i64, i64), newest: i64) -> Result<Due> {
    let read: Option<i64> = conn.query_row("select min(seq) from event_watermarks", [], |row| row.get(0))?;
    let end = (head(conn)?.seq.min(newest) - 1).min(read.unwrap_or(i64::MAX));
    let mut query = conn.prepare(&format!("select {COLUMNS} from events where seq <= ?1 order by seq"))?;
    let mut rows = query.query([end])?;
    let (mut entries, mut bytes, mut old) = (Vec::new(), 0, 0);
    while let Some(row) = rows.next()? {
        let entry = Stored::read(row)?;
        if (before_ms..=now_ms.saturating_add(DAY_MS)).contains(&entry.at_ms) {
            break;
        }
        let is_old = entry.at_ms < before_ms;
        bytes += entry.size();
        entries.push(entry);
        if is_old {
            old = entries.len();
        }
        if entries.len() >= ENTRIES || bytes >= BYTES {
            break;
        }
    }
    entries.truncate(old);
    Ok(Due(entries))
}

impl Archives {
    /// Seals entries into a new file, which is on the disk when this returns, and compares it with them.
    pub fn seal(&self, due: &Due) -> Result<Sealed> {
        let entries = &due.0;
        let (Some(first), Some(last)) = (entries.first(), entries.last()) else {
            return Err(anyhow!("there is nothing to archive").into());
        };
        let (key, name) = (TenantKey::random(), file::new_name(first.seq, last.seq));
        let hash = last.hash().ok_or_else(|| anyhow!("entry {} has no hash", last.seq))?;
        let times = || entries.iter().map(|entry| entry.at_ms);
        let (from_ms, to_ms) = (times().min().unwrap_or(0), times().max().unwrap_or(0));
        let (bytes, sha256) = file::write(&self.folder, &name, entries, &key)?;
        let (first, last, wrapped_key) = (first.seq, last.seq, Vec::new());
        let about = Archive { first, last, hash, from_ms, to_ms, name, bytes, sha256, wrapped_key };
        Ok(Sealed { about, key })
    }

    /// Reads a sealed file back from the disk: it must hold these entries.
    pub fn compare(&self, sealed: &Sealed, due: &Due) -> Result<()> {
        let name = &sealed.about.name;
        let read = file::read(&self.path(&sealed.about), &sealed.about, &sealed.key)
            .map_err(|fault| anyhow!("the archive {name} that was just made {fault}"))?;
        if read != due.0 {
            return Err(anyhow!("the archive {name} that was just made does not hold what it should").into());
        }
        Ok(())
    }

    /// Has the store take a sealed file up and let go of its entries, in the caller's transaction.
    pub fn take_up(&self, tx: &Transaction<'_>, sealed: &Sealed, now: Timestamp) -> Result<()> {
        let about = &sealed.about;
        let before = list(tx)?.last().map_or(0, |archive| archive.last);
        let last: Vec<u8> = tx.query_row("select hash from events where seq = ?1", [about.last], |row| row.get(0))?;
        if about.first != before + 1 || last != about.hash {
            return Err(anyhow!("the archive {} does not follow from what the store has", about.name).into());
        }
        let wrapped = self.key.seal(Purpose::Events, &about.name, &sealed.key.to_bytes());
        tx.execute(
            "insert into event_archives values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
            params![
                about.first,
                about.last,
                about.hash,
                about.from_ms,
                about.to_ms,
                about.name,
                i64::try_from(about.bytes).unwrap_or(i64::MAX),
                about.sha256,
                wrapped,
                now.as_millisecond()
            ],
        )?;
        tx.execute(
            &format!(
                "insert into events_kept select seq, at_ms, kind, subject, data from events
                 where seq between ?1 and ?2 and kind in ({KEPT})"
            ),
            (about.first, about.last),
        )?;
        let gone = tx.execute("delete from events where seq between ?1 and ?2", (about.first, about.last))?;
        if i64::try_from(gone).ok() != Some(about.last - about.first + 1) {
            return Err(anyhow!("the chain has a gap before entry {}: nothing was archived", about.last).into());
        }
        Ok(())
    }
}
