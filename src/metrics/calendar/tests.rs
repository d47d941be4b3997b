//! Windows, buckets and comparisons, also across changes of the clock.

use jiff::civil::{Date, date};
use jiff::tz::TimeZone;
use proptest::prelude::*;

use super::*;
use crate::metrics::query::{Compare, CompareTo, Matching};

fn calendar(zone: &str, now: &str) -> Calendar {
    Calendar::new(TimeZone::get(zone).expect("a zone"), 1, now.parse().expect("an instant"))
}

fn new_york(now: &str) -> Calendar {
    calendar("America/New_York", now)
}

fn compare(to: CompareTo, matching: Matching) -> Compare {
    Compare { to, matching: Some(matching), start: None, end: None, model: None }
}

fn days(window: &Window) -> (String, String) {
    (window.first.to_string(), window.after.to_string())
}

fn range(calendar: &Calendar, name: &str) -> Resolved {
    calendar.resolve(&Time::range(name)).expect(name)
}

#[test]
fn ranges_by_name() {
    // A Sunday afternoon in New York.
    let calendar = new_york("2026-11-22T20:30:00Z");
    for (name, first, after, partial) in [
        ("today", "2026-11-22", "2026-11-23", true),
        ("yesterday", "2026-11-21", "2026-11-22", false),
        ("30d", "2026-10-23", "2026-11-22", false),
        ("wtd", "2026-11-16", "2026-11-23", true),
        ("mtd", "2026-11-01", "2026-11-23", true),
        ("qtd", "2026-10-01", "2026-11-23", true),
        ("ytd", "2026-01-01", "2026-11-23", true),
        ("last_week", "2026-11-09", "2026-11-16", false),
        ("last_month", "2026-10-01", "2026-11-01", false),
        ("last_quarter", "2026-07-01", "2026-10-01", false),
        ("last_year", "2025-01-01", "2026-01-01", false),
        ("4w", "2026-10-19", "2026-11-16", false),
        ("12m", "2025-11-01", "2026-11-01", false),
    ] {
        let resolved = range(&calendar, name);
        assert_eq!(days(&resolved.window), (first.into(), after.into()), "{name}");
        assert_eq!(resolved.partial, partial, "{name}");
    }
    for name in ["", "d", "0d", "4000d", "-3d", "99999d", "seven days", "7D", "1e3d"] {
        assert!(calendar.resolve(&Time::range(name)).is_err(), "{name}");
    }
}

#[test]
fn the_day_is_the_brands_not_utc() {
    // 04:30 UTC is still yesterday in New York.
    assert_eq!(new_york("2026-11-22T04:30:00Z").today(), date(2026, 11, 21));
    assert_eq!(calendar("Pacific/Auckland", "2026-11-21T12:00:00Z").today(), date(2026, 11, 22));
}

#[test]
fn weeks_start_when_the_brand_says() {
    let zone = TimeZone::get("America/New_York").expect("a zone");
    let now = "2026-11-22T20:30:00Z".parse().expect("an instant");
    for (start, first) in [(1, "2026-11-16"), (7, "2026-11-22"), (6, "2026-11-21"), (2, "2026-11-17")] {
        let calendar = Calendar::new(zone.clone(), start, now);
        assert_eq!(range(&calendar, "wtd").window.first.to_string(), first, "week start {start}");
    }
}

#[test]
fn days_with_a_change_of_the_clock_have_their_own_number_of_hours() {
    let calendar = new_york("2026-11-22T20:30:00Z");
    for (day, hours) in [("2026-03-08", 23), ("2026-11-01", 25), ("2026-11-02", 24)] {
        let first: Date = day.parse().expect("a day");
        let buckets = calendar.buckets(&Window::days(first, shift_days(first, 1)), Grain::Hour).expect("hours");
        assert_eq!(buckets.all.len(), hours, "{day}");
    }
    let fall = calendar.buckets(&Window::days(date(2026, 11, 1), date(2026, 11, 2)), Grain::Hour).expect("hours");
    assert_eq!(fall.all[1].label, "2026-11-01T01:00:00-04:00");
    assert_eq!(fall.all[2].label, "2026-11-01T01:00:00-05:00");
}

#[test]
fn a_day_without_a_midnight_starts_when_it_starts() {
    // Beirut, 2022: the clock went from 00:00 to 01:00.
    let calendar = calendar("Asia/Beirut", "2022-04-01T00:00:00Z");
    assert_eq!(calendar.midnight(date(2022, 3, 27)).to_string(), "2022-03-26T22:00:00Z");
}

#[test]
fn the_running_day_compares_with_the_same_time_of_day() {
    let calendar = new_york("2026-11-22T20:30:20Z");
    let today = range(&calendar, "today");
    assert_eq!(calendar.shown(calendar.end(&today.window)), "2026-11-22T15:31:00-05:00");
    let before = calendar.compared(&today, &compare(CompareTo::PreviousPeriod, Matching::Dow)).expect("a window");
    assert_eq!(days(&before), ("2026-11-15".into(), "2026-11-16".into()));
    assert_eq!(calendar.shown(calendar.end(&before)), "2026-11-15T15:31:00-05:00");
    // Over the end of summer time the wall clock counts, not the seconds.
    let early = new_york("2026-11-03T20:30:20Z");
    let before =
        early.compared(&range(&early, "today"), &compare(CompareTo::PreviousPeriod, Matching::Dow)).expect("a window");
    assert_eq!(early.shown(early.end(&before)), "2026-10-27T15:31:00-04:00");
}

#[test]
fn to_date_ranges_compare_with_the_same_number_of_days() {
    let calendar = new_york("2026-03-30T16:00:00Z");
    let before = |name: &str, to, matching| {
        let window = calendar.compared(&range(&calendar, name), &compare(to, matching)).expect("a window");
        days(&window)
    };
    let (period, year) = (CompareTo::PreviousPeriod, CompareTo::PreviousYear);
    // February has too few days: the window moves back rather than into March.
    assert_eq!(before("mtd", period, Matching::Date), ("2026-01-30".into(), "2026-03-01".into()));
    assert_eq!(before("qtd", period, Matching::Dow), ("2025-10-01".into(), "2025-12-29".into()));
    assert_eq!(before("ytd", year, Matching::Date), ("2025-01-01".into(), "2025-03-31".into()));
    assert_eq!(before("mtd", year, Matching::Dow), ("2025-03-02".into(), "2025-04-01".into()));
}

#[test]
fn a_year_before_with_a_leap_day() {
    let calendar = new_york("2024-06-01T16:00:00Z");
    let before = |start: &str, end: &str| {
        let resolved = calendar.resolve(&Time::between(start, end)).expect("a window");
        days(&calendar.compared(&resolved, &compare(CompareTo::PreviousYear, Matching::Date)).expect("a window"))
    };
    assert_eq!(before("2024-02-01", "2024-03-01"), ("2023-02-01".into(), "2023-03-01".into()));
    assert_eq!(before("2024-02-29", "2024-03-01"), ("2023-02-28".into(), "2023-03-01".into()));
    assert_eq!(before("2024-02-28", "2024-02-29"), ("2023-02-28".into(), "2023-03-01".into()));
}

#[test]
fn refuses_what_is_no_window() {
    let calendar = new_york("2026-11-22T20:30:00Z");
    for (start, end) in [
        ("2026-11-02", "2026-11-02"),
        ("2026-11-02", "2026-11-01"),
        ("2026-02-30", "2026-03-01"),
        ("1812-01-01", "1813-01-01"),
        ("2026-01-01", "9999-01-01"),
        ("1970-01-01", "2199-01-01"),
        ("2026-11-02", "2026-11-03T00:00:00Z"),
        ("tomorrow", "2026-11-03"),
        ("", ""),
        ("2026-11-02'; drop table fact_orders; --", "2026-11-03"),
    ] {
        assert!(calendar.resolve(&Time::between(start, end)).is_err(), "{start} {end}");
    }
    assert!(calendar.resolve(&Time::default()).is_err());
    let long = Window::days(date(2000, 1, 1), date(2030, 1, 1));
    assert!(calendar.buckets(&long, Grain::Day).is_err(), "more buckets than anybody reads");
}

#[test]
fn instants_keep_their_edges() {
    let calendar = new_york("2026-11-22T20:30:00Z");
    let resolved = calendar.resolve(&Time::between("2026-10-05T13:30:00Z", "2026-10-06T04:00:00Z")).expect("a window");
    assert_eq!(days(&resolved.window), ("2026-10-05".into(), "2026-10-06".into()));
    assert_eq!(resolved.window.since.map(|at| at.to_string()), Some("2026-10-05T13:30:00Z".into()));
    assert_eq!(resolved.window.until, None, "04:00 UTC is midnight in New York");
    let hours = calendar.buckets(&resolved.window, Grain::Hour).expect("hours");
    assert_eq!((hours.all.len(), hours.all[0].label.as_str()), (15, "2026-10-05T09:00:00-04:00"));
}

fn any_day() -> impl Strategy<Value = Date> {
    (0_i64..20_000).prop_map(|n| shift_days(date(1990, 1, 1), n))
}

proptest! {
    #[test]
    fn the_previous_period_never_overlaps_and_matches(first in any_day(), length in 1_i64..800, dow in any::<bool>()) {
        let calendar = new_york("2026-11-22T20:30:00Z");
        let after = shift_days(first, length);
        let resolved = calendar.resolve(&Time::between(first, after)).expect("a window");
        let matching = if dow { Matching::Dow } else { Matching::Date };
        let before = calendar.compared(&resolved, &compare(CompareTo::PreviousPeriod, matching)).expect("a window");
        prop_assert!(before.after <= first);
        if !resolved.partial {
            prop_assert_eq!(before.day_count(), length);
        }
        if dow {
            prop_assert_eq!(before.first.weekday(), first.weekday());
            prop_assert!(days_between(before.first, first) - length < 7);
        } else if !resolved.partial {
            prop_assert_eq!(before.after, first);
        }
    }

    #[test]
    fn to_date_never_overlaps(today in any_day(), name in prop::sample::select(vec!["wtd", "mtd", "qtd", "ytd"])) {
        let zone = TimeZone::get("Europe/London").expect("a zone");
        let noon = today.at(12, 0, 0, 0).to_zoned(zone.clone()).expect("a noon").timestamp();
        let calendar = Calendar::new(zone, 1, noon);
        let resolved = range(&calendar, name);
        let before = calendar.compared(&resolved, &compare(CompareTo::PreviousPeriod, Matching::Dow)).expect("a window");
        prop_assert!(before.after <= resolved.window.first);
        prop_assert_eq!(before.day_count(), resolved.window.day_count());
        prop_assert!(before.until.is_some());
    }

    #[test]
    fn buckets_cover_the_window_once(first in any_day(), length in 1_i64..500, start in 1_u8..=7,
        grain in prop::sample::select(vec![Grain::Day, Grain::Week, Grain::Month, Grain::Quarter, Grain::Year])) {
        let zone = TimeZone::get("America/New_York").expect("a zone");
        let calendar = Calendar::new(zone, start, "2060-01-01T00:00:00Z".parse().expect("an instant"));
        let window = Window::days(first, shift_days(first, length));
        let buckets = calendar.buckets(&window, grain).expect("buckets");
        prop_assert_eq!(buckets.all.iter().map(|b| b.days).sum::<i64>(), length);
        prop_assert!(buckets.all.windows(2).all(|pair| pair[0].end == pair[1].start && pair[0].label < pair[1].label));
        prop_assert_eq!(buckets.all[0].start, calendar.start(&window));
        prop_assert_eq!(buckets.all[buckets.all.len() - 1].end, calendar.end(&window));
    }

    #[test]
    fn hours_cover_the_window_once(first in any_day(), length in 1_i64..8) {
        let calendar = new_york("2060-01-01T00:00:00Z");
        let window = Window::days(first, shift_days(first, length));
        let hours = calendar.buckets(&window, Grain::Hour).expect("hours");
        let seconds: i64 = hours.all.iter().map(|h| h.end.as_second() - h.start.as_second()).sum();
        prop_assert_eq!(seconds, calendar.end(&window).as_second() - calendar.start(&window).as_second());
    }
}
