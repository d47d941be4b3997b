//! The demo's days: where each begins, and how much is bought on it through the week, the year and the sales.

use anyhow::Context;
use jiff::{
    Timestamp,
    civil::{Date, Weekday},
    tz::TimeZone,
};

use super::shop::{Growth, Period, Season};
use crate::error::Result;

/// Days simulated beyond today: stock is ordered for what will be sold, so today's deliveries need the weeks to come.
const AHEAD: i64 = 92;
/// After so many days nothing changes about an order any more: it is shipped, and what comes back has come back.
pub(super) const OPEN_DAYS: i64 = 60;

/// The shop's local days from its first, numbered from 0, up to some weeks after `now`.
pub(super) struct Calendar {
    /// Unix seconds of `now`: nothing after it is told.
    pub now: i64,
    /// Number of the day that `now` is in; negative before the shop opened.
    pub today: i64,
    // One more than there are days, hence never empty.
    dates: Vec<Date>,
    starts: Vec<i64>,
}

impl Calendar {
    pub(super) fn new(first: Date, zone: &str, now: Timestamp) -> Result<Self> {
        let zone = TimeZone::get(zone).context("the demo's time zone")?;
        let today = days_between(first, zone.to_datetime(now).date());
        let mut dates = Vec::new();
        let mut starts = Vec::new();
        let mut date = first;
        for _ in 0..=(today + AHEAD).max(0) {
            starts.push(date.to_zoned(zone.clone()).context("a day of the demo")?.timestamp().as_second());
            dates.push(date);
            date = date.tomorrow().context("a day of the demo")?;
        }
        Ok(Self { now: now.as_second(), today, dates, starts })
    }

    /// How many days are simulated, those after today included.
    pub(super) fn len(&self) -> usize {
        self.dates.len() - 1
    }

    /// The day's date; past the end, the days are counted on.
    pub(super) fn date(&self, day: i64) -> Date {
        match usize::try_from(day).ok().and_then(|d| self.dates.get(d)) {
            Some(date) => *date,
            None => self.dates[0].saturating_add(jiff::Span::new().days(day)),
        }
    }

    /// Number of a date.
    pub(super) fn day(&self, date: Date) -> i64 {
        days_between(self.dates[0], date)
    }

    /// Number of the day that a moment lies in; -1 for one before the first.
    pub(super) fn day_at(&self, at: i64) -> i64 {
        self.starts.partition_point(|start| *start <= at) as i64 - 1
    }

    /// Unix seconds where the day begins.
    pub(super) fn start(&self, day: usize) -> i64 {
        self.starts[day.min(self.starts.len() - 1)]
    }
}

/// Whole days from `a` to `b`.
pub(super) fn days_between(a: Date, b: Date) -> i64 {
    i64::from((b - a).get_days())
}

/// New customers per 1,000 days at the date, in an ordinary season.
pub(super) fn growth(knots: &[Growth], date: Date) -> i64 {
    let after = knots.iter().position(|k| k.day > date);
    match after {
        Some(0) => knots[0].per_1000_days,
        Some(i) => {
            let (a, b) = (&knots[i - 1], &knots[i]);
            let (passed, all) = (days_between(a.day, date), days_between(a.day, b.day));
            a.per_1000_days + (b.per_1000_days - a.per_1000_days) * passed / all.max(1)
        }
        None => knots.last().map_or(0, |k| k.per_1000_days),
    }
}

// Thousandths of an ordinary month, at the middle of each month.
const YEAR: [i64; 12] = [800, 830, 900, 990, 950, 900, 840, 860, 960, 1080, 1300, 1380];
const WINTER: [i64; 12] = [1150, 1050, 850, 650, 500, 450, 450, 600, 950, 1300, 1550, 1600];
const SUMMER: [i64; 12] = [700, 800, 1000, 1200, 1350, 1400, 1350, 1150, 950, 800, 800, 850];
const GIFT: [i64; 12] = [700, 800, 850, 900, 1000, 800, 750, 800, 950, 1100, 1500, 1800];

/// Demand for all goods at that time of the year, without the sales days.
pub(super) fn year_milli(date: Date) -> i64 {
    along(&YEAR, date)
}

/// Demand for one kind of product beside the others.
pub(super) fn season_milli(season: Season, date: Date) -> i64 {
    match season {
        Season::Winter => along(&WINTER, date),
        Season::Summer => along(&SUMMER, date),
        Season::Gift => along(&GIFT, date),
        Season::Even => 1_000,
    }
}

// A straight line between the middles of the months.
fn along(months: &[i64; 12], date: Date) -> i64 {
    let (month, day) = (usize::from(date.month().unsigned_abs()) - 1, i64::from(date.day()));
    let (from, passed, length) = if day >= 15 {
        (month, day - 15, i64::from(date.days_in_month()))
    } else {
        let before = date.first_of_month().yesterday().map_or(30, |d| i64::from(d.days_in_month()));
        ((month + 11) % 12, day + before - 15, before)
    };
    months[from] + (months[(from + 1) % 12] - months[from]) * passed / length
}

/// Demand of the weekday beside an ordinary one.
pub(super) fn weekday_milli(date: Date) -> i64 {
    match date.weekday() {
        Weekday::Monday => 1050,
        Weekday::Tuesday => 980,
        Weekday::Wednesday => 955,
        Weekday::Thursday => 970,
        Weekday::Friday => 930,
        Weekday::Saturday => 975,
        Weekday::Sunday => 1140,
    }
}

/// Demand of the sales days, Christmas and the year's turn beside an ordinary day.
pub(super) fn event_milli(date: Date) -> i64 {
    match days_between(thanksgiving(date.year()), date) {
        -10..=-4 => return 1120,
        -3 => return 1400,
        -2 => return 1500,
        -1 => return 1700,
        0 => return 2200,
        1 => return 3700,
        2 => return 2300,
        3 => return 2100,
        4 => return 3100,
        5 => return 1400,
        _ => {}
    }
    let spring = days_between(spring_sale(date.year()), date);
    match (date.month(), date.day()) {
        (12, 6..=15) => 1260,
        (12, 16..=19) => 1080,
        (12, 20..=23) => 780,
        (12, 24..=25) => 430,
        (12, 26..=31) => 880,
        (1, 1) => 640,
        (7, 4) => 840,
        _ if spring == 0 || spring == 10 => 1850,
        _ if (0..11).contains(&spring) => 1450,
        _ => 1000,
    }
}

/// Whether a period contains the date.
pub(super) fn within(period: Period, date: Date) -> bool {
    match period {
        Period::Always => true,
        Period::BlackFriday => (-3..=5).contains(&days_between(thanksgiving(date.year()), date)),
        Period::SpringSale => (0..11).contains(&days_between(spring_sale(date.year()), date)),
        Period::Autumn => matches!((date.month(), date.day()), (10..=11, _) | (12, 1..=5)),
    }
}

/// The fourth Thursday of November.
pub(super) fn thanksgiving(year: i16) -> Date {
    Date::new(year, 11, 1).and_then(|d| d.nth_weekday_of_month(4, Weekday::Thursday)).unwrap_or_default()
}

// The second Thursday of April.
fn spring_sale(year: i16) -> Date {
    Date::new(year, 4, 1).and_then(|d| d.nth_weekday_of_month(2, Weekday::Thursday)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn knows_the_sales_days() {
        assert_eq!(thanksgiving(2026), date(2026, 11, 26));
        assert!(within(Period::BlackFriday, date(2025, 12, 2)) && !within(Period::BlackFriday, date(2025, 12, 3)));
        assert!(within(Period::SpringSale, date(2026, 4, 9)) && !within(Period::SpringSale, date(2026, 4, 20)));
        assert!(event_milli(date(2025, 11, 28)) > 3 * event_milli(date(2025, 10, 28)));
    }

    #[test]
    fn the_year_has_no_steps() {
        let mut day = date(2024, 1, 1);
        for _ in 0..800 {
            let next = day.tomorrow().expect("in range");
            assert!((year_milli(next) - year_milli(day)).abs() < 20, "{day}");
            day = next;
        }
    }

    #[test]
    fn growth_is_a_line_between_its_knots() {
        let knots = [
            Growth { day: date(2024, 1, 1), per_1000_days: 1000 },
            Growth { day: date(2024, 1, 11), per_1000_days: 2000 },
        ];
        assert_eq!(growth(&knots, date(2023, 5, 5)), 1000);
        assert_eq!(growth(&knots, date(2024, 1, 6)), 1500);
        assert_eq!(growth(&knots, date(2030, 1, 1)), 2000);
    }

    #[test]
    fn days_have_the_lengths_of_the_zone() {
        let now = "2024-03-15T12:00:00Z".parse().expect("an instant");
        let calendar = Calendar::new(date(2024, 3, 1), "America/New_York", now).expect("a calendar");
        assert_eq!(calendar.today, 14);
        assert_eq!(calendar.start(10) - calendar.start(9), 23 * 3600);
        assert_eq!(calendar.day(calendar.date(40)), 40);
    }
}
