//! What is done once a day in whatever process the day is over: when each was done last is in `control.db`, so that a server that is
//! started anew each day comes to it, too.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use rusqlite::{OptionalExtension, Transaction};

use super::Tenants;
use crate::error::Result;

impl Tenants {
    /// Does `work` if it was not done yet on this day, UTC; first on the day after it was first asked for, and not while the clock is
    /// in doubt. What fails is due still.
    ///
    /// # Errors
    /// Those of `work`, and whatever SQLite says.
    pub async fn once_a_day(&self, job: &'static str, work: impl Future<Output = Result<()>>) -> Result<()> {
        if !self.clock_is_steady().await? {
            return Ok(());
        }
        let now = self.clock().system_time();
        if !self.control().write(move |tx| is_due(tx, job, now)).await? {
            return Ok(());
        }
        work.await?;
        self.control().write(move |tx| note(tx, job, now)).await
    }
}

fn is_due(tx: &Transaction<'_>, job: &str, now: Timestamp) -> Result<bool> {
    let sql = "select last_ms from daily_jobs where job = ?1";
    let last: Option<i64> = tx.query_row(sql, [job], |row| row.get(0)).optional()?;
    let Some(last) = last.and_then(|ms| Timestamp::from_millisecond(ms).ok()) else {
        // A new instance has nothing old.
        note(tx, job, now)?;
        return Ok(false);
    };
    let day = |at: Timestamp| at.to_zoned(TimeZone::UTC).date();
    Ok(day(last) != day(now))
}

fn note(tx: &Transaction<'_>, job: &str, now: Timestamp) -> Result<()> {
    tx.execute(
        "insert into daily_jobs (job, last_ms) values (?1, ?2) on conflict (job) do update set last_ms = excluded.last_ms",
        (job, now.as_millisecond()),
    )?;
    Ok(())
}
