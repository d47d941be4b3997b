//! Closing a tenant while its data stays: suspended until it is resumed, or marked for deletion with days to undo it. Whether
//! one is closed is kept in memory beside `control.db`, so that every request is told at once and none waits for it.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use jiff::{SignedDuration, Timestamp};
use rusqlite::Transaction;
use serde::Serialize;
use serde_json::{Value, json};

use super::registry::{Tenants, blocking};
use super::{TenantId, TenantInfo, directory, lifecycle};
use crate::db::Db;
use crate::error::{Error, Result};
use crate::events::Author;

/// How long a deletion can be taken back.
pub const TIME_TO_UNDO: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Whether a tenant's people and keys get in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Standing {
    /// They do.
    Active,
    /// Nobody does until it is resumed.
    Suspended,
    /// Nobody does, and it will be destroyed.
    Deleting {
        /// From when on, milliseconds of unix time.
        delete_after_ms: i64,
    },
}

impl Standing {
    pub(super) fn of(suspended_at_ms: Option<i64>, delete_after_ms: Option<i64>) -> Self {
        match (delete_after_ms, suspended_at_ms) {
            (Some(delete_after_ms), _) => Self::Deleting { delete_after_ms },
            (None, Some(_)) => Self::Suspended,
            (None, None) => Self::Active,
        }
    }

    fn refusal(self) -> Option<Error> {
        let (code, reason) = match self {
            Self::Active => return None,
            Self::Suspended => (
                "tenant_suspended",
                "This tenant is suspended: nobody can use it until whoever runs this installation resumes it. Its data is kept."
                    .to_owned(),
            ),
            Self::Deleting { delete_after_ms } => (
                "tenant_deleted",
                format!(
                    "This tenant will be deleted on {}. Until then whoever runs this installation can restore it.",
                    day(delete_after_ms)
                ),
            ),
        };
        Some(Error::Closed { code, reason })
    }
}

/// The day of an instant, UTC.
fn day(at_ms: i64) -> String {
    Timestamp::from_millisecond(at_ms)
        .map_or_else(|_| "a day unknown".to_owned(), |at| at.strftime("%Y-%m-%d").to_string())
}

/// The tenants that are closed now.
#[derive(Default)]
pub(super) struct Closed(RwLock<HashMap<TenantId, Standing>>);

impl Closed {
    pub(super) fn load(control: &Db) -> Result<Self> {
        let listed = control.read_blocking(directory::list)?;
        let closed = listed.into_iter().filter(|tenant| tenant.standing != Standing::Active);
        Ok(Self(RwLock::new(closed.map(|tenant| (tenant.id, tenant.standing)).collect())))
    }

    pub(super) fn standing(&self, id: &TenantId) -> Standing {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(id).copied().unwrap_or(Standing::Active)
    }

    /// Reads again how a tenant stands, and hands it on before anybody else can.
    fn refresh(&self, control: &Db, id: &TenantId, then: impl FnOnce(Standing)) -> Result<()> {
        let mut closed = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let standing = control.read_blocking(|conn| directory::standing(conn, id))?;
        match standing {
            None | Some(Standing::Active) => closed.remove(id),
            Some(standing) => closed.insert(id.clone(), standing),
        };
        then(standing.unwrap_or(Standing::Active));
        Ok(())
    }
}

impl Tenants {
    /// `Closed` with code `tenant_suspended` or `tenant_deleted` for a tenant that is closed.
    pub fn check_open(&self, id: &TenantId) -> Result<()> {
        self.closed().standing(id).refusal().map_or(Ok(()), Err)
    }

    /// Closes a tenant to its people, keys and imports until [`Self::resume`]; its data stays. False if it was already.
    pub async fn suspend(&self, id: &TenantId, by: Author) -> Result<bool> {
        let at = self.clock().system_time();
        self.turn(id, (at, by), ("tenant.suspended", json!({})), move |tx, id| {
            directory::set_suspended(tx, id, Some(at.as_millisecond()))
        })
        .await
    }

    /// Opens a suspended tenant again. False if it was not suspended.
    pub async fn resume(&self, id: &TenantId, by: Author) -> Result<bool> {
        let at = self.clock().system_time();
        self.turn(id, (at, by), ("tenant.resumed", json!({})), |tx, id| directory::set_suspended(tx, id, None)).await
    }

    /// Closes a tenant and has it destroyed after [`TIME_TO_UNDO`]. False if that was planned already: the date stays.
    pub async fn plan_deletion(&self, id: &TenantId, now: Timestamp, by: Author) -> Result<bool> {
        let after = now.as_millisecond() + i64::try_from(TIME_TO_UNDO.as_millis()).unwrap_or(i64::MAX);
        let told = json!({ "delete_after_ms": after });
        self.turn(id, (now, by), ("tenant.deletion_planned", told), move |tx, id| {
            directory::set_delete_after(tx, id, Some(after))
        })
        .await
    }

    /// Takes a planned deletion back. False if none was planned.
    ///
    /// # Errors
    /// `Conflict` with code `too_late` once the time is over, even if the tenant is still there.
    pub async fn undelete(&self, id: &TenantId, now: Timestamp, by: Author) -> Result<bool> {
        self.turn(id, (now, by), ("tenant.restored", json!({})), move |tx, id| {
            if let Some(Standing::Deleting { delete_after_ms }) = directory::standing(tx, id)?
                && delete_after_ms <= now.as_millisecond()
            {
                return Err(Error::conflict(
                    "too_late",
                    "The time to restore this tenant is over: it is being deleted.",
                ));
            }
            directory::set_delete_after(tx, id, None)
        })
        .await
    }

    /// Destroys every tenant whose time to be restored is over. One that fails does not keep the others; the last failure is
    /// the answer then. Returns the slugs of those destroyed.
    pub async fn delete_due(&self, now: Timestamp) -> Result<Vec<String>> {
        let now_ms = now.as_millisecond();
        let (mut gone, mut outcome) = (Vec::new(), Ok(()));
        let due = |tenant: &TenantInfo| matches!(tenant.standing, Standing::Deleting { delete_after_ms } if delete_after_ms <= now_ms);
        for tenant in self.list().await?.into_iter().filter(due) {
            match self.delete_if_due(&tenant.id, Some(now_ms)).await {
                Ok(()) => gone.push(tenant.slug),
                // Restored a moment ago.
                Err(Error::NotFound) => {}
                Err(error) => outcome = Err(error),
            }
        }
        outcome.map(|()| gone)
    }

    /// Forgets how a tenant stood that is gone, or looks again.
    pub(super) fn look_again(&self, id: &TenantId) -> Result<()> {
        self.closed().refresh(self.control(), id, |standing| {
            if let Some(tenant) = self.held_now(id) {
                tenant.set_closed(standing != Standing::Active);
            }
        })
    }

    /// Changes how a tenant stands, told in `control.db` in the same transaction and then in the tenant's own chain: that is
    /// another file, and a store that does not open must not keep its tenant from being closed.
    async fn turn(
        &self,
        id: &TenantId,
        (at, by): (Timestamp, Author),
        (kind, data): (&'static str, Value),
        change: impl FnOnce(&Transaction<'_>, &TenantId) -> Result<bool> + Send + 'static,
    ) -> Result<bool> {
        let (tenants, of, told, teller) = (self.clone(), id.clone(), data.clone(), by.clone());
        let changed = blocking(move || {
            let changed = tenants.control().write_blocking(|tx| {
                if directory::standing(tx, &of)?.is_none() {
                    return Err(Error::NotFound);
                }
                let changed = change(tx, &of)?;
                if changed {
                    teller.tell(tx, at, kind, &lifecycle::subject(&of), told)?;
                }
                Ok(changed)
            })?;
            tenants.look_again(&of)?;
            Ok(changed)
        })
        .await?;
        if changed && let Err(error) = self.tell_tenant(id, (at, by), kind, data).await {
            tracing::warn!(tenant = %id, %error, kind, "a closed or opened tenant could not be told in its own chain");
        }
        Ok(changed)
    }

    async fn tell_tenant(
        &self,
        id: &TenantId,
        (at, by): (Timestamp, Author),
        kind: &'static str,
        data: Value,
    ) -> Result<()> {
        let subject = lifecycle::subject(id);
        let tenant = self.open_even_closed(id).await?;
        tenant.db().write(move |tx| by.tell(tx, at, kind, &subject, data).map(drop)).await
    }
}
