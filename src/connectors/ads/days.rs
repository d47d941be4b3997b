//! Which days of an account a pass reads, in the account's own zone.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

use crate::connectors::Pass;

/// Where nobody says how far back the first pass goes, and the platform has no end of its own.
const FIRST_MONTHS: i32 = 36;

/// Days, both inclusive, the account's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Days {
    /// The first.
    pub first: Date,
    /// The last, not before the first.
    pub last: Date,
}

/// What a platform keeps and still changes.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// So many days before today may still change.
    pub restates_days: i32,
    /// So many months are kept; none is no end that one would meet.
    pub kept_months: Option<i32>,
}

impl Days {
    /// How many.
    pub fn len(self) -> i32 {
        self.first.until(self.last).map_or(0, |span| span.get_days()) + 1
    }

    /// The last `most` of them, and those before, if any are left: the newest are read first, for they are looked at first.
    pub fn newest(self, most: i32) -> (Self, Option<Self>) {
        let first = self.last.saturating_sub((most.max(1) - 1).days()).max(self.first);
        let rest = (first > self.first).then(|| Self { first: self.first, last: first.saturating_sub(1.day()) });
        (Self { first, last: self.last }, rest)
    }

    /// Whether it is one of them.
    pub fn has(self, day: Date) -> bool {
        self.first <= day && day <= self.last
    }
}

impl Rule {
    /// The first day that is kept, if today is this one.
    pub fn oldest(self, today: Date) -> Option<Date> {
        // Some days less than the months, which are of different lengths and counted from the platform's own today.
        self.kept_months.map(|months| today.saturating_sub(months.months()).saturating_add(3.days()))
    }

    /// The days of a pass that began at `begun` for an account in `zone`, where the last [`Pass::Restate`] was on day `restated`;
    /// none where it wants nothing up to today.
    pub fn days(self, pass: &Pass, begun: Timestamp, zone: &TimeZone, restated: Option<Date>) -> Option<Days> {
        let today = begun.to_zoned(zone.clone()).date();
        let yesterday = today.saturating_sub(1.day());
        let (first, last) = match pass {
            Pass::Backfill { from } => (from.unwrap_or_else(|| self.first_of_all(today)), today),
            Pass::Recent { since } => {
                // After a pause everything since then is due, not just the last two days.
                let since = since.map_or(yesterday, |since| since.to_zoned(zone.clone()).date());
                (since.min(yesterday), today)
            }
            // After a pause also what could still change when it began, and no longer can.
            Pass::Restate => {
                let since = restated.map_or(today, |restated| restated.min(today));
                (since.saturating_sub(self.restates_days.days()), today)
            }
            Pass::Range { from, to } => (*from, to.saturating_sub(1.day()).min(today)),
        };
        let first = self.oldest(today).map_or(first, |oldest| first.max(oldest));
        (first <= last).then_some(Days { first, last })
    }

    fn first_of_all(self, today: Date) -> Date {
        self.oldest(today).unwrap_or_else(|| today.saturating_sub(FIRST_MONTHS.months()))
    }
}

#[cfg(test)]
#[path = "days_tests.rs"]
mod tests;
