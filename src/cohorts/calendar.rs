//! Which cohorts a grid has, and how old each of them is by now.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::error::{Error, Result};
use crate::metrics::calendar::{Calendar, read_day};
use crate::metrics::query;

/// What a cohort's first orders share, and what ages are counted in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = CohortGrain)]
#[serde(rename_all = "snake_case")]
pub enum Grain {
    /// Weeks begin on the brand's day.
    Week,
    /// Months of the calendar.
    #[default]
    Month,
}

/// The cohorts of a grid, in order, none left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    pub grain: Grain,
    pub cohorts: Vec<Cohort>,
}

/// One cohort and its ages that have begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cohort {
    /// As the dimension names it: `2026-11`, or the week's first day.
    pub name: String,
    pub start: Date,
    /// The day after its last.
    pub end: Date,
    /// Ages from 0 on that are over.
    pub complete: usize,
    /// Ages that have begun: as many, or one more.
    pub begun: usize,
}

/// Cohorts besides the running one where no window is asked for.
const BEFORE: usize = 12;

impl Grain {
    /// The dimension of cohorts, and that of their ages.
    pub fn dimensions(self) -> [&'static str; 2] {
        match self {
            Self::Week => ["cohort_week", "age_weeks"],
            Self::Month => ["cohort_month", "age_months"],
        }
    }

    /// More would not fit one answer.
    pub fn most(self) -> usize {
        match self {
            Self::Week => 130,
            Self::Month => 120,
        }
    }

    fn bucket(self) -> query::Grain {
        match self {
            Self::Week => query::Grain::Week,
            Self::Month => query::Grain::Month,
        }
    }

    fn name(self, start: Date) -> String {
        match self {
            Self::Week => start.to_string(),
            Self::Month => start.strftime("%Y-%m").to_string(),
        }
    }
}

impl Span {
    /// The cohorts that `from..to` touches, each whole; without them the running one and the twelve before it. `until`: the
    /// first day that is not over.
    ///
    /// # Errors
    /// `Invalid` where the days are none, or there are too many cohorts between them.
    pub fn new(calendar: &Calendar, grain: Grain, window: (Option<&str>, Option<&str>), until: Date) -> Result<Self> {
        let bucket = grain.bucket();
        let day = |text: &str, field: &str| {
            let day = read_day(text).filter(|day| (1970..2200).contains(&day.year()));
            day.ok_or_else(|| bad_time(field, "Days lie between 1970 and 2199 and are written YYYY-MM-DD."))
        };
        let (first, after) = match window {
            (Some(from), Some(to)) => {
                let (from, to) = (day(from, "from")?, day(to, "to")?);
                if to <= from {
                    return Err(bad_time("to", "The window must end after it starts; to is the day after the last."));
                }
                (calendar.bucket_start(from, bucket), to)
            }
            (None, None) => {
                let running = calendar.bucket_start(until, bucket);
                let back =
                    |start: Date, _| calendar.bucket_start(crate::metrics::calendar::shift_days(start, -1), bucket);
                ((0..BEFORE).fold(running, back), calendar.next_bucket(running, bucket))
            }
            _ => return Err(bad_time("from", "Give both from and to, or neither.")),
        };
        let mut cohorts = Vec::new();
        let mut start = first;
        while start < after {
            if cohorts.len() == grain.most() {
                let reason = format!("There are more than {} cohorts: take a shorter window.", grain.most());
                return Err(bad_time("from", &reason));
            }
            let end = calendar.next_bucket(start, bucket);
            let (complete, begun) = ages(calendar, bucket, start, until);
            cohorts.push(Cohort { name: grain.name(start), start, end, complete, begun });
            start = end;
        }
        Ok(Self { grain, cohorts })
    }

    /// The first day of the first cohort, and the day after the last one's.
    pub fn days(&self) -> Option<(Date, Date)> {
        Some((self.cohorts.first()?.start, self.cohorts.last()?.end))
    }
}

/// How many ages are over, and how many have begun.
fn ages(calendar: &Calendar, bucket: query::Grain, start: Date, until: Date) -> (usize, usize) {
    let (mut complete, mut begun) = (0, 0);
    let mut at = start;
    while at <= until {
        begun += 1;
        let next = calendar.next_bucket(at, bucket);
        if next <= until {
            complete += 1;
        }
        at = next;
    }
    (complete, begun)
}

fn bad_time(field: &str, reason: &str) -> Error {
    Error::invalid_code("bad_time", Some(field), reason)
}

#[cfg(test)]
mod tests {
    use jiff::ToSpan;
    use jiff::civil::{Weekday, date};
    use jiff::tz::TimeZone;
    use proptest::prelude::*;

    use super::*;

    fn calendar(zone: &str, week_start: u8) -> Calendar {
        let now = "2026-11-22T15:00:00Z".parse().unwrap();
        Calendar::new(TimeZone::get(zone).unwrap(), week_start, now)
    }

    #[test]
    fn the_running_cohort_and_the_twelve_before_it() {
        let span = Span::new(&calendar("America/New_York", 1), Grain::Month, (None, None), date(2026, 11, 22)).unwrap();
        assert_eq!(span.cohorts.len(), 13);
        let (first, last) = (&span.cohorts[0], &span.cohorts[12]);
        assert_eq!((first.name.as_str(), first.complete, first.begun), ("2025-11", 12, 13));
        assert_eq!((last.name.as_str(), last.complete, last.begun), ("2026-11", 0, 1));
    }

    #[test]
    fn a_month_is_over_on_the_first_of_the_next() {
        let calendar = calendar("Europe/Berlin", 1);
        let window = (Some("2026-02-10"), Some("2026-02-11"));
        for (until, complete, begun) in [
            (date(2026, 2, 28), 0, 1),
            (date(2026, 3, 1), 1, 2),
            (date(2026, 3, 31), 1, 2),
            (date(2026, 4, 1), 2, 3),
            (date(2026, 1, 31), 0, 0),
        ] {
            let span = Span::new(&calendar, Grain::Month, window, until).unwrap();
            assert_eq!((span.cohorts.len(), span.cohorts[0].complete, span.cohorts[0].begun), (1, complete, begun));
        }
    }

    #[test]
    fn bad_windows_are_refused() {
        let calendar = calendar("UTC", 1);
        for window in [
            (Some("2026-02-30"), Some("2026-03-01")),
            (Some("2026-03-01"), Some("2026-03-01")),
            (Some("2026-03-01"), None),
            (Some("1970-01-01"), Some("2026-01-01")),
        ] {
            assert!(matches!(
                Span::new(&calendar, Grain::Month, window, date(2026, 11, 22)),
                Err(Error::Invalid { .. })
            ));
        }
    }

    proptest! {
        #[test]
        fn cohorts_tile_the_window_and_ages_are_whole(
            from in 0_i64..15_000, length in 1_i64..700, until in 0_i64..20_000, week_start in 1_u8..=7,
            zone in prop::sample::select(vec!["UTC", "America/New_York", "Africa/Cairo", "America/Sao_Paulo", "Asia/Kathmandu"]),
            weekly in any::<bool>(),
        ) {
            let calendar = calendar(zone, week_start);
            let day = |n: i64| date(1980, 1, 1).checked_add(n.days()).unwrap();
            let (first, after, until) = (day(from), day(from + length), day(until));
            let grain = if weekly { Grain::Week } else { Grain::Month };
            let (a, b) = (first.to_string(), after.to_string());
            let span = Span::new(&calendar, grain, (Some(&a), Some(&b)), until).unwrap();
            prop_assert!(span.cohorts[0].start <= first && span.cohorts.last().unwrap().end >= after);
            for pair in span.cohorts.windows(2) {
                prop_assert_eq!(pair[0].end, pair[1].start);
            }
            for cohort in &span.cohorts {
                let expected = Weekday::from_monday_one_offset(i8::try_from(week_start).unwrap()).unwrap();
                match grain {
                    Grain::Week => prop_assert_eq!(cohort.start.weekday(), expected),
                    Grain::Month => prop_assert_eq!(cohort.start.day(), 1),
                }
                prop_assert!(cohort.complete <= cohort.begun && cohort.begun <= cohort.complete + 1);
                // Each month or week between the cohort's and the day it is now counts once.
                let by_hand = match grain {
                    Grain::Week => {
                        let back = (until.weekday().to_monday_one_offset() - i8::try_from(week_start).unwrap()).rem_euclid(7);
                        let week = until.checked_sub(i64::from(back).days()).unwrap();
                        i64::from(cohort.start.until(week).unwrap().get_days()) / 7
                    }
                    Grain::Month => {
                        let number = |d: Date| i64::from(d.year()) * 12 + i64::from(d.month());
                        number(until) - number(cohort.start)
                    }
                };
                prop_assert_eq!(i64::try_from(cohort.complete).unwrap(), by_hand.max(0));
            }
        }
    }
}
