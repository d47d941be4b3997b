//! What an erasure leaves in the room of a store that is free: SQLite overwrites what is deleted where it lay, and not what it had
//! moved before, when pages were split or merged, or had let go of long ago. So once a day the store of a tenant in which somebody was
//! erased is written anew without any of it, under a new key, and the old file goes with its key.

use jiff::Timestamp;
use rusqlite::{Connection, Transaction};

use super::Privacy;
use crate::error::{Error, Result};
use crate::tenants::{Steps, Tenant};

/// Notes that something was erased.
pub(super) fn note(tx: &Transaction<'_>, now: Timestamp) -> Result<()> {
    tx.execute("insert or ignore into unswept (id, since_ms) values (1, ?1)", [now.as_millisecond()])?;
    Ok(())
}

fn is_due(conn: &Connection) -> Result<bool> {
    Ok(conn.query_row("select exists (select 1 from unswept)", [], |row| row.get(0))?)
}

fn swept(tx: &Transaction<'_>) -> Result<()> {
    tx.execute("delete from unswept", [])?;
    Ok(())
}

impl Privacy {
    /// Writes a tenant's store anew if somebody was erased since it was. People go on using it meanwhile.
    ///
    /// # Errors
    /// As `Tenants::rewrite`; a store that is never at rest is tried again the next day.
    pub async fn sweep(&self, tenant: &Tenant) -> Result<()> {
        if !tenant.db().read(is_due).await? {
            return Ok(());
        }
        match self.0.tenants.rewrite(tenant.id(), swept, Steps::default()).await {
            Ok(()) => {
                tracing::info!(tenant = tenant.slug(), "wrote a store anew, without what was left of erased customers");
                Ok(())
            }
            Err(Error::Unavailable { code: "store_busy", .. }) => {
                tracing::warn!(tenant = tenant.slug(), "a store is never at rest: it is written anew another day");
                Ok(())
            }
            Err(error) => Err(error),
        }
    }
}
