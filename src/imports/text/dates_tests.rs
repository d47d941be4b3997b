//! Days and instants in many dresses.

use jiff::civil::date;
use proptest::prelude::*;

use super::*;

fn zone(name: &str) -> TimeZone {
    TimeZone::get(name).unwrap()
}

#[test]
fn reads_days_of_many_locales() {
    let expected = Some(date(2026, 11, 5));
    for (text, order) in [
        ("2026-11-05", Order::DayFirst),
        ("2026/11/05", Order::MonthFirst),
        ("2026.11.5", Order::MonthFirst),
        ("20261105", Order::DayFirst),
        ("2026-11-05 00:00:00", Order::DayFirst),
        ("2026-11-05T10:00:00Z", Order::DayFirst),
        ("05.11.2026", Order::DayFirst),
        ("5/11/2026", Order::DayFirst),
        ("11/5/2026", Order::MonthFirst),
        ("11-05-26", Order::MonthFirst),
        ("Nov 5, 2026", Order::DayFirst),
        ("November 5, 2026", Order::MonthFirst),
        ("5 nov. 2026", Order::DayFirst),
        ("5. November 2026", Order::DayFirst),
        ("5 de noviembre de 2026", Order::DayFirst),
    ] {
        assert_eq!(day(text, order), expected, "{text}");
    }
    assert_eq!(day("1 août 2026", Order::DayFirst), Some(date(2026, 8, 1)));
    assert_eq!(day("3. März 2026", Order::DayFirst), Some(date(2026, 3, 3)));
    for text in [
        "",
        "2026-13-01",
        "2026-02-30",
        "0001-01-01",
        "9999-12-31",
        "31/11/2026",
        "45987",
        "tomorrow",
        "=NOW()",
        "2026-11-05x",
    ] {
        assert_eq!(day(text, Order::DayFirst), None, "{text}");
    }
}

#[test]
fn reads_instants_with_and_without_offsets() {
    let utc = |text: &str| text.parse::<jiff::Timestamp>().unwrap().as_second();
    let ny = zone("America/New_York");
    for (text, expected) in [
        ("2026-11-21 10:15:00 +0000", "2026-11-21T10:15:00Z"),
        ("2026-11-21 10:15:00 -0500", "2026-11-21T15:15:00Z"),
        ("2026-11-21T10:15:00+01:00", "2026-11-21T09:15:00Z"),
        ("2026-11-21 10:15:00", "2026-11-21T15:15:00Z"),
        ("2026-11-21", "2026-11-21T05:00:00Z"),
        ("2026-11-21 10:15:00.123 UTC", "2026-11-21T10:15:00Z"),
        ("11/21/2026 8:26 PM", "2026-11-22T01:26:00Z"),
        ("11/21/26 12:05 am", "2026-11-21T05:05:00Z"),
        ("Nov 21, 2026, 3:00:05\u{202f}PM", "2026-11-21T20:00:05Z"),
        // The hour that a clock change skips is read an hour later, the one it repeats the first time.
        ("2026-03-08 02:30:00", "2026-03-08T07:30:00Z"),
        ("2026-11-01 01:30:00", "2026-11-01T05:30:00Z"),
    ] {
        assert_eq!(instant(text, Order::MonthFirst, &ny), Some(utc(expected)), "{text}");
    }
    for text in
        ["2026-11-21 25:00", "2026-11-21 10", "2026-11-21 10:15 +99:00", "2026-11-21 10:15 noon", "2026-11-21 13:00 pm"]
    {
        assert_eq!(instant(text, Order::MonthFirst, &ny), None, "{text}");
    }
}

#[test]
fn learns_the_order_or_says_it_cannot() {
    let order = |cells: &[&str]| {
        let mut evidence = Evidence::default();
        cells.iter().for_each(|text| evidence.observe(text));
        evidence.decide()
    };
    assert_eq!(order(&["01/02/2026", "13/02/2026"]), Some(Order::DayFirst));
    assert_eq!(order(&["01/02/2026", "01/13/2026 10:00"]), Some(Order::MonthFirst));
    assert_eq!(order(&["01.02.2026"]), Some(Order::DayFirst));
    assert_eq!(order(&["01/02/2026", "03/04/2026"]), None);
    assert_eq!(order(&["13/01/2026", "01/13/2026"]), None);
    assert_eq!(order(&["2026-01-02", "Nov 5, 2026"]), Some(Order::DayFirst));
}

#[test]
fn an_order_can_be_said_in_many_ways() {
    for text in ["dmy", "DD/MM/YYYY", "%d/%m/%Y", "%d.%m.%y %H:%M", "dd-MM-yyyy hh:mm"] {
        assert_eq!(order_of(text), Some(Order::DayFirst), "{text}");
    }
    for text in ["mdy", "MM/DD/YYYY", "%m/%d/%Y %H:%M:%S", "%Y-%m-%d %H:%M:%S", "ymd"] {
        assert_eq!(order_of(text), Some(Order::MonthFirst), "{text}");
    }
    assert_eq!(order_of("whenever"), None);
}

proptest! {
    #[test]
    fn any_day_reads_back(days in 0_i64..40_000, pick in 0_usize..6) {
        let at = date(1990, 1, 1).checked_add(jiff::Span::new().days(days)).unwrap();
        let (y, m, d) = (at.year(), at.month(), at.day());
        let (text, order) = [
            (format!("{y}-{m:02}-{d:02}"), Order::DayFirst),
            (format!("{d}/{m}/{y}"), Order::DayFirst),
            (format!("{m:02}/{d:02}/{y}"), Order::MonthFirst),
            (format!("{d:02}.{m:02}.{y}"), Order::DayFirst),
            (format!("{y}{m:02}{d:02}"), Order::MonthFirst),
            (at.strftime("%b %-d, %Y").to_string(), Order::DayFirst),
        ][pick].clone();
        prop_assert_eq!(day(&text, order), Some(at), "{}", text);
    }

    #[test]
    fn never_fails_on_any_text(text in "\\PC{0,30}") {
        let _ = day(&text, Order::DayFirst);
        let _ = instant(&text, Order::MonthFirst, &TimeZone::UTC);
        let _ = order_of(&text);
        Evidence::default().observe(&text);
    }
}
