//! The buckets of a window: hours, days, weeks, months, quarters, years.

use jiff::Timestamp;
use jiff::civil::Date;

use super::{Calendar, Window, bad_time, days_between, shift_days};
use crate::error::Result;
use crate::metrics::query::Grain;

/// The most buckets a window may fall into.
const MAX_BUCKETS: usize = 10_000;

/// A window cut into buckets, numbered from 0. SQL computes the number, `base` tells it from where.
#[derive(Debug, Clone)]
pub struct Buckets {
    /// What they are.
    pub grain: Grain,
    /// What SQL subtracts.
    pub base: Base,
    /// In order.
    pub all: Vec<Bucket>,
}

/// Where the numbering of buckets starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Base {
    /// Days and weeks: the first bucket's first day.
    Day(Date),
    /// Months, quarters, years: year × buckets a year + bucket of the year.
    Ordinal(i64),
    /// Hours: unix seconds of the first bucket.
    Second(i64),
}

/// One bucket, as far as it lies in the window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bucket {
    /// How answers name it: its first day (also where the window starts later), or its first instant.
    pub label: String,
    /// Days of the window in it.
    pub days: i64,
    /// Its last day in the window, today at the latest: what snapshot metrics look at.
    pub last_day: Date,
    /// Its first instant in the window.
    pub start: Timestamp,
    /// The first instant after it, or after the window.
    pub end: Timestamp,
    /// Contains now.
    pub partial: bool,
}

impl Calendar {
    /// Cuts a window into buckets.
    pub fn buckets(&self, window: &Window, grain: Grain) -> Result<Buckets> {
        if grain == Grain::Hour { self.hours(window) } else { self.day_buckets(window, grain) }
    }

    fn hours(&self, window: &Window) -> Result<Buckets> {
        let (start, end) = (self.start(window), self.end(window));
        // Hours of the clock: in a zone with half hours they do not start at full hours of UTC.
        let local = self.local(start);
        let base = start.as_second() - i64::from(local.minute()) * 60 - i64::from(local.second());
        let count = (end.as_second() - base + 3_599).div_euclid(3_600);
        let all = (0..count.min(cap())).map(|i| self.hour(base + i * 3_600, start, end)).collect();
        capped(count)?;
        Ok(Buckets { grain: Grain::Hour, base: Base::Second(base), all })
    }

    fn hour(&self, second: i64, start: Timestamp, end: Timestamp) -> Bucket {
        let at = Timestamp::from_second(second).unwrap_or(start);
        let next = Timestamp::from_second(second + 3_600).unwrap_or(end);
        let local = self.local(at);
        Bucket {
            label: self.shown(at),
            days: 0,
            last_day: local.date().min(self.today()),
            start: at.max(start),
            end: next.min(end),
            partial: at <= self.now() && self.now() < next,
        }
    }

    fn day_buckets(&self, window: &Window, grain: Grain) -> Result<Buckets> {
        let first = self.bucket_start(window.first, grain);
        let today = self.today();
        let mut all = Vec::new();
        let mut start = first;
        while start < window.after {
            let next = self.next_bucket(start, grain);
            let (from, to) = (start.max(window.first), next.min(window.after));
            all.push(Bucket {
                label: start.to_string(),
                days: days_between(from, to),
                last_day: shift_days(to, -1).min(today),
                start: self.midnight(from).max(self.start(window)),
                end: self.midnight(to).min(self.end(window)),
                partial: start <= today && today < next && window.first <= today && today < window.after,
            });
            capped(i64::try_from(all.len()).unwrap_or(i64::MAX))?;
            if next <= start {
                break;
            }
            start = next;
        }
        Ok(Buckets { grain, base: base_of(first, grain), all })
    }
}

fn base_of(first: Date, grain: Grain) -> Base {
    let (year, month) = (i64::from(first.year()), i64::from(first.month()));
    match grain {
        Grain::Hour | Grain::Day | Grain::Week => Base::Day(first),
        Grain::Month => Base::Ordinal(year * 12 + month),
        Grain::Quarter => Base::Ordinal(year * 4 + (month + 2) / 3),
        Grain::Year => Base::Ordinal(year),
    }
}

fn cap() -> i64 {
    i64::try_from(MAX_BUCKETS).unwrap_or(i64::MAX)
}

fn capped(count: i64) -> Result<()> {
    if count <= cap() {
        return Ok(());
    }
    Err(bad_time(
        "grain",
        &format!("The window has more than {MAX_BUCKETS} of them: take a coarser grain or a shorter window."),
    ))
}
