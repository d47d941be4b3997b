//! The daily backup and what is kept: what is due is read off the archives that are there.

use std::collections::BTreeSet;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::folder::{Archive, Shelf, stamp};
use super::{Backups, Identity, Made, Settings};
use crate::auth::Author;
use crate::error::Result;
use crate::tenants::{Tenant, TenantId, TenantInfo};

/// Archives of a tenant that was deleted stay this long: its data must be gone within thirty days.
pub(super) const DELETED: SignedDuration = SignedDuration::from_hours(28 * 24);
/// What a tenant's events call a rehearsal.
pub(super) const VERIFIED: &str = "backup.verified";

impl Backups {
    /// Backs up what is due, and thins out what is there. A tenant that fails does not keep the others from it: the last failure
    /// is the run's. Stops between two of them when `stop` says so.
    pub async fn run_daily(&self, stop: impl Fn() -> bool) -> Result<()> {
        if !self.0.settings.daily {
            return Ok(());
        }
        let due_since = last_due(self.clock().system_time(), self.0.settings.hour)?;
        let mut outcome = Ok(());
        for info in self.tenants().list().await? {
            if stop() {
                return outcome;
            }
            if let Err(error) = self.daily_of(&info, due_since).await {
                tracing::error!(tenant = info.slug, %error, "a tenant could not be backed up");
                outcome = Err(error);
            }
        }
        let of_instance = self.list_of_instance(None).await?;
        if is_due(&of_instance, due_since, self.clock().system_time()) {
            let made = self.make_of_instance(None, by()).await.map(drop);
            outcome = outcome.and(made);
            self.thin(self.instance_shelf()?).await?;
        }
        outcome.and(self.expire_deleted().await).and(self.prune_logs().await)
    }

    async fn daily_of(&self, info: &TenantInfo, due_since: Timestamp) -> Result<()> {
        let archives = self.list(&info.id, None).await?;
        let is_new = archives.is_empty() && info.created_at_ms >= due_since.as_millisecond();
        if is_new || !is_due(&archives, due_since, self.clock().system_time()) {
            return Ok(());
        }
        let before = self.states().get(&info.id).and_then(|state| state.failure.clone());
        let outcome = match self.tenants().open_even_closed(&info.id).await {
            Ok(tenant) => self.make(&tenant, None, by()).await.map(|made| (tenant, made)),
            Err(error) => Err(error),
        };
        match outcome {
            Ok((tenant, made)) => {
                // What is not sound is no reason to let go of an older one.
                self.rehearse(&tenant, &made).await?;
                self.thin(info.id.to_string()).await
            }
            Err(error) => {
                let told = error.to_string();
                // Tried again every few minutes; told once.
                if before.as_ref() != Some(&told) {
                    self.tell_failure(&info.id, &told).await?;
                }
                Err(error)
            }
        }
    }

    /// Restores a new archive into a scratch folder, if the private half lies on this machine; tells the tenant's events how it
    /// went.
    async fn rehearse(&self, tenant: &Tenant, made: &Made) -> Result<()> {
        // The log opens with the store's own key, the archive with the private half alone.
        let log = if self.is_shipping() { self.check_log(Some(tenant.id())).await.err() } else { None };
        let archive = match &made.seal.identity {
            Some(path) => self.verify(made.archive.path.clone(), Identity::read(path)?).await?.outcome.err(),
            // No archive was rehearsed, so nothing is said of one.
            None => return log.map_or(Ok(()), Err),
        };
        let (now, reason) = (self.clock().system_time(), archive.or(log.map(|error| error.to_string())));
        let data =
            serde_json::json!({ "archive": stamp(made.archive.at), "sound": reason.is_none(), "reason": reason });
        let subject = format!("tenant:{}", tenant.id());
        tenant.db().write(move |tx| by().tell(tx, now, VERIFIED, &subject, data).map(drop)).await?;
        match reason {
            Some(reason) => Err(anyhow::anyhow!("the backup that was just made is not sound: {reason}").into()),
            None => Ok(()),
        }
    }

    async fn tell_failure(&self, id: &TenantId, reason: &str) -> Result<()> {
        self.states().entry(id.clone()).or_default().failure = Some(reason.to_owned());
        let (now, subject, data) =
            (self.clock().system_time(), format!("tenant:{id}"), serde_json::json!({ "reason": reason }));
        self.tenants().control().write(move |tx| by().tell(tx, now, "backup.failed", &subject, data).map(drop)).await
    }

    /// Removes the archives of a shelf that no rule keeps.
    pub(super) async fn thin(&self, shelf: String) -> Result<()> {
        let (shelf, settings) = (Shelf::of(self.target(None), &shelf), self.0.settings.clone());
        super::blocking(move || {
            let archives = shelf.list()?;
            for archive in superfluous(&archives, &settings) {
                tracing::info!(archive = %archive.path.display(), "a backup is older than is kept");
                shelf.remove(archive)?;
            }
            Ok(())
        })
        .await
    }

    /// Removes old archives of tenants that were deleted here. Folders of others are left alone: another instance may use them.
    async fn expire_deleted(&self) -> Result<()> {
        if !self.tenants().clock_is_steady().await? {
            return Ok(());
        }
        let living: BTreeSet<TenantId> = self.tenants().list().await?.into_iter().map(|tenant| tenant.id).collect();
        let now = self.clock().system_time();
        for id in self.tenants().deleted().await?.into_iter().filter(|id| !living.contains(id)) {
            let shelf = Shelf::of(self.target(None), id.as_str());
            super::blocking(move || {
                let archives = shelf.list()?;
                archives.iter().filter(|archive| is_expired(archive, now)).try_for_each(|archive| shelf.remove(archive))
            })
            .await?;
        }
        Ok(())
    }
}

fn by() -> Author {
    Author::without_request("system")
}

fn is_expired(archive: &Archive, now: Timestamp) -> bool {
    now.duration_since(archive.at) > DELETED
}

/// When the last daily backup was due: today at that hour, or yesterday.
fn last_due(now: Timestamp, hour: u8) -> Result<Timestamp> {
    let zoned = now.to_zoned(TimeZone::UTC);
    let at = |date: Date| {
        let at = date.at(i8::try_from(hour).unwrap_or(0), 0, 0, 0).to_zoned(TimeZone::UTC);
        at.map(|at| at.timestamp()).map_err(|error| anyhow::anyhow!(error).context("reckoning when a backup is due"))
    };
    let today = at(zoned.date())?;
    if today <= now {
        return Ok(today);
    }
    Ok(at(zoned.date().yesterday().map_err(anyhow::Error::from)?)?)
}

/// Whether none was made since. One that is dated later than now was made while the clock was wrong and does not count.
pub(super) fn is_due(archives: &[Archive], since: Timestamp, now: Timestamp) -> bool {
    !archives.iter().any(|archive| archive.at >= since && archive.at <= now)
}

/// The archives that no rule keeps. Days, weeks and months are counted where there are archives, so that neither a pause nor a
/// clock that jumps ahead removes what is there.
fn superfluous<'a>(newest_first: &'a [Archive], settings: &Settings) -> Vec<&'a Archive> {
    let (mut days, mut weeks, mut months) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    let mut removed = Vec::new();
    for (place, archive) in newest_first.iter().enumerate() {
        let date = archive.at.to_zoned(TimeZone::UTC).date();
        let week = date.iso_week_date();
        let mut kept = place == 0;
        kept |= takes(&mut days, date, settings.keep_daily);
        kept |= takes(&mut weeks, (week.year(), week.week()), settings.keep_weekly);
        kept |= takes(&mut months, (date.year(), date.month()), settings.keep_monthly);
        if !kept {
            removed.push(archive);
        }
    }
    removed
}

/// Whether it is the first of its kind, and there is room for one more kind.
fn takes<T: Ord>(seen: &mut BTreeSet<T>, kind: T, most: usize) -> bool {
    seen.len() < most && seen.insert(kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn archives(stamps: &[&str]) -> Vec<Archive> {
        let archive = |at: &&str| Archive { at: at.parse().unwrap(), bytes: 1, name: String::new(), path: at.into() };
        let mut all: Vec<Archive> = stamps.iter().map(archive).collect();
        all.sort_by_key(|archive| std::cmp::Reverse(archive.at));
        all
    }

    fn kept(all: &[Archive], settings: &Settings) -> Vec<String> {
        let gone = superfluous(all, settings);
        all.iter().filter(|one| !gone.contains(one)).map(|one| one.path.display().to_string()).collect()
    }

    #[test]
    fn keeps_the_newest_of_each_day_week_and_month_and_never_removes_the_last() {
        let rule = |keep_daily, keep_weekly, keep_monthly| Settings {
            keep_daily,
            keep_weekly,
            keep_monthly,
            ..Settings::default()
        };
        let all = archives(&[
            "2026-11-23T10:00:00Z",
            "2026-11-23T02:00:00Z",
            "2026-11-22T02:00:00Z",
            "2026-11-21T02:00:00Z",
            "2026-11-15T02:00:00Z",
            "2026-11-08T02:00:00Z",
            "2026-10-31T02:00:00Z",
        ]);
        assert_eq!(kept(&all, &rule(2, 0, 0)), ["2026-11-23T10:00:00Z", "2026-11-22T02:00:00Z"]);
        let weekly = ["2026-11-23T10:00:00Z", "2026-11-22T02:00:00Z", "2026-11-15T02:00:00Z"];
        assert_eq!(kept(&all, &rule(0, 3, 0)), weekly, "weeks end on Sundays");
        assert_eq!(kept(&all, &rule(0, 0, 2)), ["2026-11-23T10:00:00Z", "2026-10-31T02:00:00Z"]);
        assert_eq!(kept(&all, &rule(0, 0, 0)), ["2026-11-23T10:00:00Z"]);
        assert_eq!(kept(&all, &rule(1, 1, 1)), ["2026-11-23T10:00:00Z"], "one archive may stand for all three");
    }

    #[test]
    fn a_clock_that_jumps_ahead_removes_one_day_at_most() {
        let days = ["2026-11-17", "2026-11-18", "2026-11-19", "2026-11-20", "2026-11-21", "2026-11-22", "2026-11-23"];
        let mut stamps: Vec<String> = days.iter().map(|day| format!("{day}T02:00:00Z")).collect();
        stamps.push("2027-01-02T02:00:00Z".to_owned());
        let all = archives(&stamps.iter().map(String::as_str).collect::<Vec<_>>());
        let settings = Settings { keep_weekly: 0, ..Settings::default() };
        assert_eq!(kept(&all, &settings).len(), 7);
    }

    #[test]
    fn is_due_once_a_day_from_its_hour_on_whatever_the_clock_did() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let since = |now: &str| last_due(at(now), 2).unwrap();
        assert_eq!(since("2026-11-23T01:59:59Z"), at("2026-11-22T02:00:00Z"));
        assert_eq!(since("2026-11-23T02:00:00Z"), at("2026-11-23T02:00:00Z"));
        let one = archives(&["2026-11-23T02:03:00Z"]);
        assert!(!is_due(&one, since("2026-11-23T23:00:00Z"), at("2026-11-23T23:00:00Z")));
        assert!(!is_due(&one, since("2026-11-24T01:00:00Z"), at("2026-11-24T01:00:00Z")));
        assert!(is_due(&one, since("2026-11-24T02:00:00Z"), at("2026-11-24T02:00:00Z")));
        assert!(is_due(&[], since("2026-11-24T02:00:00Z"), at("2026-11-24T02:00:00Z")));
        let ahead = archives(&["2027-01-02T02:00:00Z"]);
        assert!(is_due(&ahead, since("2026-11-24T02:00:00Z"), at("2026-11-24T02:00:00Z")), "the clock was set back");
    }
}
