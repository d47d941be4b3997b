//! How long each kind of data is kept, and the daily run that holds to it.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::Privacy;
use crate::auth::{self, Author};
use crate::commerce::visits;
use crate::error::Result;
use crate::imports;
use crate::tenants::Tenant;

/// How long what nobody needs for figures is kept, in days after its end. 0 is until the next daily run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// The text of rows that an import refused; their number stays.
    pub rejected_rows_days: u32,
    /// The history of imports. What landed stays.
    pub imports_days: u32,
    /// Sessions whose time is over, and links that were not used in time.
    pub sessions_days: u32,
    /// Visits that the shop's own pages told of, and how they came. What a shop tells of its orders stays with them.
    pub visits_days: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self { rejected_rows_days: 30, imports_days: 730, sessions_days: 0, visits_days: 760 }
    }
}

impl Privacy {
    /// Holds to the rules as of `now`, tenant by tenant, finishes erasures that a crash interrupted, and writes stores anew in
    /// which somebody was erased. A tenant that fails does not keep the
    /// others from it: the last failure is the run's. Stops between two of them when `stop` says so. A closed tenant's data ages, too.
    ///
    /// # Errors
    /// What one tenant's store says.
    pub async fn run_daily(&self, now: Timestamp, stop: impl Fn() -> bool) -> Result<()> {
        let mut outcome = Ok(());
        for info in self.0.tenants.list().await? {
            if stop() {
                break;
            }
            let done = async {
                let tenant = self.0.tenants.open_even_closed(&info.id).await?;
                self.reconcile(&tenant).await?;
                self.forget_old(&tenant, now).await?;
                self.sweep(&tenant).await
            };
            if let Err(error) = done.await {
                tracing::error!(tenant = info.slug, %error, "what is old could not be removed");
                outcome = Err(error);
            }
        }
        outcome
    }

    async fn forget_old(&self, tenant: &Tenant, now: Timestamp) -> Result<()> {
        let (rules, subject) = (self.0.retention.clone(), format!("tenant:{}", tenant.id()));
        let gone = tenant.db().write(move |tx| {
            let tokens = auth::clear_old(tx, before(now, rules.sessions_days))?;
            let (rows, history) = (before(now, rules.rejected_rows_days), before(now, rules.imports_days));
            let (rows, imports) = imports::privacy::forget_old(tx, rows, history)?;
            let visits = visits::privacy::forget_old(tx, before(now, rules.visits_days), now)?;
            if tokens + rows + imports + visits > 0 {
                let told = json!({ "sign_ins": tokens, "rejected_rows": rows, "imports": imports, "visits": visits });
                Author::without_request("system").tell(tx, now, "retention.applied", &subject, told)?;
            }
            let seq = tx.query_row("select coalesce(max(seq), 0) from change_log", [], |row| row.get(0))?;
            Ok((tokens, rows, imports, visits, seq))
        });
        let (tokens, rows, imports, visits, seq) = gone.await?;
        if visits > 0 {
            tenant.announce(0, seq);
        }
        if tokens + rows + imports + visits > 0 {
            tracing::info!(tenant = tenant.slug(), tokens, rows, imports, visits, "removed what is old");
        }
        Ok(())
    }
}

/// The moment so many days ago; the earliest there is for more days than there were.
fn before(now: Timestamp, days: u32) -> Timestamp {
    now.checked_sub(SignedDuration::from_hours(24 * i64::from(days))).unwrap_or(Timestamp::MIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_number_of_days_is_a_moment() {
        let now: Timestamp = "2026-11-22T15:00:00Z".parse().unwrap();
        assert_eq!(before(now, 0), now);
        assert_eq!(before(now, 30).to_string(), "2026-10-23T15:00:00Z");
        assert_eq!(before(now, u32::MAX), Timestamp::MIN);
    }
}
