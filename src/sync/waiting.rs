//! What commands wait for: that the integrations they name have been through.

use std::time::Duration;

use rusqlite::Connection;

use super::Sync;
use super::store::streams::{self, State};
use super::store::{self, Hindrance, Integration};
use crate::connectors::Source;
use crate::error::Result;
use crate::tenants::Tenant;

/// How often it is looked whether they are.
const LOOK: Duration = Duration::from_millis(50);
/// What rests for longer than this is not waited for.
const LONGEST_REST_MS: i64 = 60_000;

impl Sync {
    /// Has whatever is due of a tenant's integrations begun, and waits until each is through: nothing of it is due any more, it waits for
    /// a person, it failed and is tried again later, or it rests for long because the platform says so. Nobody else's is begun.
    ///
    /// # Errors
    /// Whatever SQLite says.
    pub async fn finish(&self, tenant: &Tenant, uids: &[String]) -> Result<()> {
        loop {
            self.begin(|uid| uids.iter().any(|one| one == uid)).await?;
            let at_work = uids.iter().any(|uid| self.working().contains_key(uid));
            let (names, now_ms) = (uids.to_vec(), self.now_ms());
            let read = tenant.db().read(move |conn| {
                let found = names.iter().map(|uid| store::find(conn, uid)).collect::<Result<Vec<_>>>()?;
                let found = found.into_iter().flatten();
                found.map(|it| Ok((it.source, goes_on(conn, &it, now_ms)?))).collect::<Result<Vec<_>>>()
            });
            let asked = |source: Source| self.0.circuits.open_until(source, now_ms).is_none();
            let goes_on = read.await?.into_iter().any(|(source, goes_on)| goes_on && asked(source));
            if self.0.stop.is_cancelled() || !at_work && !goes_on {
                return Ok(());
            }
            tokio::time::sleep(LOOK).await;
        }
    }
}

/// Whether something of an integration is still to be done soon, and nothing stands in its way.
fn goes_on(conn: &Connection, it: &Integration, now_ms: i64) -> Result<bool> {
    if it.paused || it.hindrance == Some(Hindrance::SignIn) {
        return Ok(false);
    }
    if it.tested.is_none() || it.hindrance.is_some() {
        return Ok(it.error.is_none());
    }
    let soon = now_ms.saturating_add(LONGEST_REST_MS);
    let all = streams::list(conn, it.id)?;
    Ok(all.iter().any(|stream| {
        let begun = stream.pass.is_some() || stream.next_at_ms <= now_ms;
        let fine = stream.failures == 0 && stream.state != State::Blocked;
        begun && fine && stream.next_at_ms.max(it.not_before_ms) <= soon
    }))
}
