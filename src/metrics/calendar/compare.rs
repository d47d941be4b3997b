//! What a window is compared with: the period before, the year before, or a window of one's own.

use jiff::{Timestamp, ToSpan};

use super::{Calendar, Resolved, Window, bad_time, days_between, shift_days};
use crate::error::{Error, Result};
use crate::metrics::query::{Compare, CompareTo, Grain, Matching};

impl Calendar {
    /// The window to compare with. A running window is compared up to the same time of day.
    pub fn compared(&self, current: &Resolved, compare: &Compare) -> Result<Window> {
        let explicit = compare.to == CompareTo::Explicit;
        if !explicit && (compare.start.is_some() || compare.end.is_some()) {
            return Err(bad_time("compare", "A start and an end belong to an explicit comparison."));
        }
        let matching = compare.matching.unwrap_or_default();
        match compare.to {
            CompareTo::PreviousPeriod if current.instants => Ok(self.earlier_instants(current, matching)),
            CompareTo::PreviousPeriod => Ok(self.matched(current, self.previous_period(current, matching))),
            CompareTo::PreviousYear if current.instants => Ok(self.shifted_instants(current, -364)),
            CompareTo::PreviousYear => Ok(self.matched(current, self.previous_year(current, matching))),
            CompareTo::Explicit => match (&compare.start, &compare.end) {
                (Some(start), Some(end)) => {
                    let other = self.explicit(start, end, "compare")?;
                    Ok(if other.instants { other.window } else { self.matched(current, other.window) })
                }
                _ => Err(bad_time("compare", "An explicit comparison needs a start and an end.")),
            },
            _ => Err(Error::invalid_code(
                "comparison_not_available",
                Some("compare.to"),
                "A query compares with previous_period, previous_year, or an explicit window with start and end.",
            )),
        }
    }

    fn previous_period(&self, current: &Resolved, matching: Matching) -> Window {
        let Window { first, after, .. } = current.window;
        let days = current.window.day_count();
        if let Some(grain) = current.to_date {
            return self.same_days_before(first, self.covered_days(current), grain);
        }
        let shift = match matching {
            Matching::Dow => (days + 6).div_euclid(7) * 7,
            Matching::Date => days,
        };
        Window::days(shift_days(first, -shift), shift_days(after, -shift))
    }

    /// The first days of the bucket before, as many as the running one has; moved back where that bucket is too short.
    fn same_days_before(&self, first: jiff::civil::Date, days: i64, grain: Grain) -> Window {
        let start = self.bucket_start(shift_days(first, -1), grain);
        let start = start.min(shift_days(first, -days));
        Window::days(start, shift_days(start, days))
    }

    fn previous_year(&self, current: &Resolved, matching: Matching) -> Window {
        let Window { first, after, .. } = current.window;
        if matching == Matching::Dow {
            return Window::days(shift_days(first, -364), shift_days(after, -364));
        }
        let year_before = |day: jiff::civil::Date| day.checked_sub(1.year()).unwrap_or(day);
        let start = year_before(first);
        if current.to_date.is_some() {
            return Window::days(start, shift_days(start, self.covered_days(current)));
        }
        // The 28th of February of a leap year, alone, would come out empty.
        let end = year_before(after);
        Window::days(start, if end > start { end } else { shift_days(start, 1) })
    }

    /// Days of a running window that have begun.
    fn covered_days(&self, current: &Resolved) -> i64 {
        let Window { first, after, .. } = current.window;
        if current.partial {
            days_between(first, shift_days(self.today(), 1)).min(days_between(first, after))
        } else {
            days_between(first, after)
        }
    }

    /// Ends `other` at the day and time of day that face now, if `current` is still running.
    fn matched(&self, current: &Resolved, other: Window) -> Window {
        let Some(cut) = current.window.until.filter(|_| current.partial) else { return other };
        let local = self.local(cut);
        let midnight = self.midnight(local.date()) == cut;
        // A cut at midnight closes the day before.
        let last = if midnight { shift_days(local.date(), -1) } else { local.date() };
        let facing = shift_days(other.first, days_between(current.window.first, last));
        if facing >= other.after {
            return other;
        }
        let until = if midnight { None } else { local.with().date(facing).build().ok().map(|zoned| zoned.timestamp()) };
        Window { after: shift_days(facing, 1), until, ..other }
    }

    fn earlier_instants(&self, current: &Resolved, matching: Matching) -> Window {
        let (start, end) = (self.start(&current.window), self.end(&current.window));
        let seconds = end.as_second() - start.as_second();
        match matching {
            Matching::Dow => {
                let days = (seconds + 7 * 86_400 - 1).div_euclid(7 * 86_400) * 7;
                self.shifted_instants(current, -days)
            }
            Matching::Date => {
                let first = Timestamp::from_second(start.as_second() - seconds).unwrap_or(start);
                self.instants(first, start)
            }
        }
    }

    /// The same wall-clock times `days` later.
    fn shifted_instants(&self, current: &Resolved, days: i64) -> Window {
        let moved =
            |at: Timestamp| self.local(at).checked_add(days.days()).map(|zoned| zoned.timestamp()).unwrap_or(at);
        self.instants(moved(self.start(&current.window)), moved(self.end(&current.window)))
    }

    fn instants(&self, start: Timestamp, end: Timestamp) -> Window {
        let (first, last) = (self.local(start).date(), self.local(end).date());
        let ends_at_midnight = self.midnight(last) == end;
        Window {
            first,
            after: if ends_at_midnight { last } else { shift_days(last, 1) },
            since: (self.midnight(first) != start).then_some(start),
            until: (!ends_at_midnight).then_some(end),
        }
    }
}
