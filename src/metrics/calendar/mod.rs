//! Calendar arithmetic in the brand's zone: windows, their names, and what they are compared with. No clock: `now` comes in.

mod buckets;
mod compare;
mod ranges;
#[cfg(test)]
mod tests;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan, Zoned};

use crate::error::{Error, Result};
use crate::metrics::query::{Grain, Time};

pub use buckets::{Base, Bucket, Buckets};

/// The longest window: forty years.
const MAX_DAYS: i64 = 14_610;

/// The brand's calendar at one moment.
#[derive(Debug, Clone)]
pub struct Calendar {
    zone: TimeZone,
    /// 1 = Monday to 7 = Sunday.
    week_start: i8,
    now: Timestamp,
}

/// A half-open stretch of time: the local days `first..after`, narrowed by instants where it does not begin or end at midnight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Window {
    /// The first local day.
    pub first: Date,
    /// The local day after the last.
    pub after: Date,
    /// Begins here, later than the first day does.
    pub since: Option<Timestamp>,
    /// Ends before here, earlier than the last day does.
    pub until: Option<Timestamp>,
}

/// A window as asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolved {
    /// The days asked for; a window that contains now also ends now (`until`).
    pub window: Window,
    /// Month to date and its like: compared with the same number of days of the month before.
    pub to_date: Option<Grain>,
    /// Contains now: its last bucket is not over.
    pub partial: bool,
    /// Given in instants rather than days.
    pub instants: bool,
    /// The end asked for, where that is not a midnight.
    pub asked_until: Option<Timestamp>,
}

impl Window {
    /// Whole local days, half open.
    pub fn days(first: Date, after: Date) -> Self {
        Self { first, after, since: None, until: None }
    }

    /// How many local days it touches.
    pub fn day_count(&self) -> i64 {
        days_between(self.first, self.after)
    }

    /// Begins and ends at local midnights.
    pub fn is_whole_days(&self) -> bool {
        self.since.is_none() && self.until.is_none()
    }
}

impl Calendar {
    /// `week_start`: 1 = Monday to 7 = Sunday.
    pub fn new(zone: TimeZone, week_start: u8, now: Timestamp) -> Self {
        Self { zone, week_start: i8::try_from(week_start.clamp(1, 7)).unwrap_or(1), now }
    }

    /// Today in the brand's zone.
    pub fn today(&self) -> Date {
        self.local(self.now).date()
    }

    /// A moment in the brand's zone, as RFC 3339.
    pub fn shown(&self, at: Timestamp) -> String {
        self.local(at).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
    }

    /// The zone's name, as `Europe/London`.
    pub fn zone_name(&self) -> String {
        self.zone.iana_name().unwrap_or("UTC").to_owned()
    }

    /// The moment it is.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// 1 = Monday to 7 = Sunday.
    pub fn week_start(&self) -> i8 {
        self.week_start
    }

    /// The moment as the brand's wall clock shows it.
    pub fn local(&self, at: Timestamp) -> Zoned {
        at.to_zoned(self.zone.clone())
    }

    /// The first moment of a local day, also of one whose midnight a change of the clock leaves out.
    pub fn midnight(&self, day: Date) -> Timestamp {
        match day.to_zoned(self.zone.clone()).and_then(|z| z.start_of_day()) {
            Ok(zoned) => zoned.timestamp(),
            // Out of jiff's range, which `check_day` keeps away from here.
            Err(_) => Timestamp::MIN,
        }
    }

    /// The first moment of the window.
    pub fn start(&self, window: &Window) -> Timestamp {
        window.since.unwrap_or_else(|| self.midnight(window.first))
    }

    /// The first moment after the window.
    pub fn end(&self, window: &Window) -> Timestamp {
        window.until.unwrap_or_else(|| self.midnight(window.after))
    }

    /// What snapshot metrics look at: the window's last day, or today where the window reaches beyond.
    pub fn last_day(&self, window: &Window) -> Date {
        let last = shift_days(window.after, -1);
        last.min(self.today()).max(window.first.min(self.today()))
    }

    /// Reads the window of a query.
    pub fn resolve(&self, time: &Time) -> Result<Resolved> {
        match (&time.range, &time.start, &time.end) {
            (Some(name), None, None) => self.named(name),
            (None, Some(start), Some(end)) => self.explicit(start, end, "time"),
            _ => Err(bad_time("time", "Give either a range, or a start and an end.")),
        }
    }

    /// `start` and `end` as days or instants.
    fn explicit(&self, start: &str, end: &str, field: &'static str) -> Result<Resolved> {
        let window = match (read_day(start), read_day(end)) {
            (Some(first), Some(after)) => Window::days(check_day(first, field)?, check_day(after, field)?),
            _ => return self.between_instants(read_instant(start, field)?, read_instant(end, field)?, field),
        };
        self.checked(window, field)
    }

    fn between_instants(&self, start: Timestamp, end: Timestamp, field: &'static str) -> Result<Resolved> {
        let (from, to) = (self.local(start), self.local(end));
        let first = check_day(from.date(), field)?;
        let ends_at_midnight = self.midnight(to.date()) == end;
        let last = check_day(to.date(), field)?;
        let window = Window {
            first,
            after: if ends_at_midnight { last } else { shift_days(last, 1) },
            since: (self.midnight(first) != start).then_some(start),
            until: (!ends_at_midnight).then_some(end),
        };
        if end <= start {
            return Err(bad_time(field, "The window must end after it starts."));
        }
        Ok(Resolved { instants: true, ..self.checked(window, field)? })
    }

    fn checked(&self, window: Window, field: &'static str) -> Result<Resolved> {
        if window.after <= window.first {
            return Err(bad_time(field, "The window must end after it starts; the end is the day after the last."));
        }
        if window.day_count() > MAX_DAYS {
            return Err(bad_time(field, "A window may have at most forty years."));
        }
        Ok(self.cut(window, None))
    }

    /// A window that contains now ends at the coming full minute, so that what it is compared with can end at the same time of day.
    fn cut(&self, mut window: Window, to_date: Option<Grain>) -> Resolved {
        let asked_until = window.until;
        let partial = self.start(&window) <= self.now && self.now < self.end(&window);
        if partial {
            let cut = self.coming_minute();
            if cut < self.end(&window) {
                window.until = Some(cut);
            }
        }
        Resolved { window, to_date, partial, instants: false, asked_until }
    }

    /// The full minute after now: stable for a minute, so that the cache can answer within it.
    pub fn coming_minute(&self) -> Timestamp {
        let second = self.now.as_second().div_euclid(60) * 60 + 60;
        Timestamp::from_second(second).unwrap_or(self.now)
    }

    /// The first day of the bucket that `day` lies in.
    pub fn bucket_start(&self, day: Date, grain: Grain) -> Date {
        match grain {
            Grain::Hour | Grain::Day => day,
            Grain::Week => {
                let back = (day.weekday().to_monday_one_offset() - self.week_start).rem_euclid(7);
                shift_days(day, -i64::from(back))
            }
            Grain::Month => day.first_of_month(),
            Grain::Quarter => {
                let month = (day.month() - 1) / 3 * 3 + 1;
                Date::new(day.year(), month, 1).unwrap_or(day)
            }
            Grain::Year => day.first_of_year(),
        }
    }

    /// The first day of the bucket after the one that starts at `start`.
    pub fn next_bucket(&self, start: Date, grain: Grain) -> Date {
        match grain {
            Grain::Hour | Grain::Day => shift_days(start, 1),
            Grain::Week => shift_days(start, 7),
            Grain::Month => start.checked_add(1.month()).unwrap_or(start),
            Grain::Quarter => start.checked_add(3.months()).unwrap_or(start),
            Grain::Year => start.checked_add(1.year()).unwrap_or(start),
        }
    }
}

/// Whole days from one local day to another.
pub fn days_between(from: Date, to: Date) -> i64 {
    from.until(to).map(|span| i64::from(span.get_days())).unwrap_or(0)
}

/// `days` later, or earlier where negative. Days are checked to lie within two centuries, where this cannot fail.
pub fn shift_days(day: Date, days: i64) -> Date {
    day.checked_add(days.days()).unwrap_or(day)
}

/// `YYYY-MM-DD` and nothing else.
pub fn read_day(text: &str) -> Option<Date> {
    let shaped = text.len() == 10 && text.bytes().all(|b| b.is_ascii_digit() || b == b'-');
    if shaped { text.parse().ok() } else { None }
}

fn read_instant(text: &str, field: &'static str) -> Result<Timestamp> {
    text.parse().map_err(|_| {
        bad_time(field, "Days are written YYYY-MM-DD, instants as RFC 3339 (2026-11-01T09:00:00Z); do not mix the two.")
    })
}

fn check_day(day: Date, field: &'static str) -> Result<Date> {
    if (1970..2200).contains(&day.year()) { Ok(day) } else { Err(bad_time(field, "Days lie between 1970 and 2199.")) }
}

fn bad_time(field: &'static str, reason: &str) -> Error {
    Error::invalid_code("bad_time", Some(field), reason)
}
