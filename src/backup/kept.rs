//! How long an archive is kept, for whoever must say until when it holds somebody.

use jiff::SignedDuration;

use super::Settings;
use super::shipping::SNAPSHOT_AGE;

impl Settings {
    /// Whether what is committed is shipped: where a folder is set, for one beside the data would be lost with it.
    pub(super) fn ships(&self) -> bool {
        self.continuous && !self.folder.as_os_str().is_empty()
    }

    /// How long the rules keep an archive or a shipped log at most, while an archive is made every day; none where no rule removes
    /// archives.
    pub fn kept_for(&self) -> Option<SignedDuration> {
        let days = self.keep_daily.max(self.keep_weekly.saturating_mul(7)).max(self.keep_monthly.saturating_mul(31));
        // The snapshot of before the days that can be restored stays until the next one is before them.
        let age = usize::try_from(SNAPSHOT_AGE.as_hours() / 24).ok()?;
        let shipped = if self.ships() { usize::try_from(self.continuous_days).ok()?.saturating_add(age) } else { 0 };
        let days = days.max(shipped);
        // The day that the next archive takes, by which the rules count.
        let hours = i64::try_from(days.saturating_add(1)).ok()?.checked_mul(24)?;
        self.daily.then(|| SignedDuration::from_hours(hours.min(24 * 366 * 1000)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_rule_counts_and_without_a_daily_run_there_is_none() {
        let rule = |keep_daily, keep_weekly, keep_monthly| Settings {
            keep_daily,
            keep_weekly,
            keep_monthly,
            ..Settings::default()
        };
        let days = |settings: Settings| settings.kept_for().unwrap().as_hours() / 24;
        assert_eq!(days(Settings::default()), 22, "what is erased is gone from backups within 30 days");
        assert_eq!((days(rule(7, 0, 0)), days(rule(0, 0, 2)), days(rule(0, 0, 0))), (8, 63, 1));
        let continuous = Settings { folder: "/srv/backup".into(), ..Settings::default() };
        assert_eq!(
            days(continuous.clone()),
            38,
            "thirty days to any second of which it can be restored, and their snapshot"
        );
        assert_eq!(days(Settings { continuous: false, ..continuous.clone() }), 22);
        assert_eq!(days(Settings { keep_monthly: 2, ..continuous }), 63);
        assert!(rule(usize::MAX, usize::MAX, usize::MAX).kept_for().is_none());
        assert_eq!(Settings { daily: false, ..Settings::default() }.kept_for(), None);
    }
}
