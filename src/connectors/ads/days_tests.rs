//! Days of passes: the account's own, newest first, never older than what is kept.

use jiff::civil::date;

use super::*;

const RULE: Rule = Rule { restates_days: 28, kept_months: Some(37) };

fn zone(name: &str) -> TimeZone {
    TimeZone::get(name).unwrap()
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn days(first: Date, last: Date) -> Option<Days> {
    Some(Days { first, last })
}

#[test]
fn today_and_yesterday_are_those_of_the_account() {
    let begun = at("2026-11-30T03:00:00Z");
    let recent = Pass::Recent { since: Some(at("2026-11-30T02:00:00Z")) };
    let of = |name: &str| RULE.days(&recent, begun, &zone(name), None);
    assert_eq!(of("America/Los_Angeles"), days(date(2026, 11, 28), date(2026, 11, 29)));
    assert_eq!(of("UTC"), days(date(2026, 11, 29), date(2026, 11, 30)));
    assert_eq!(of("Asia/Tokyo"), days(date(2026, 11, 29), date(2026, 11, 30)));
    // A plus in these names means west of Greenwich.
    assert_eq!(of("Etc/GMT+8"), days(date(2026, 11, 28), date(2026, 11, 29)));
    assert_eq!(of("Etc/GMT-8"), days(date(2026, 11, 29), date(2026, 11, 30)));
}

#[test]
fn after_a_pause_everything_since_is_read() {
    let begun = at("2026-11-30T12:00:00Z");
    let recent = Pass::Recent { since: Some(at("2026-11-20T23:30:00Z")) };
    assert_eq!(RULE.days(&recent, begun, &zone("Europe/Berlin"), None), days(date(2026, 11, 21), date(2026, 11, 30)));
    let first = Pass::Recent { since: None };
    assert_eq!(RULE.days(&first, begun, &TimeZone::UTC, None), days(date(2026, 11, 29), date(2026, 11, 30)));
}

#[test]
fn nothing_older_than_what_is_kept_is_asked_for() {
    let begun = at("2026-11-30T12:00:00Z");
    let all = Pass::Backfill { from: None };
    assert_eq!(RULE.days(&all, begun, &TimeZone::UTC, None), days(date(2023, 11, 2), date(2026, 11, 30)));
    let long_ago = Pass::Range { from: date(2020, 1, 1), to: date(2023, 11, 6) };
    assert_eq!(RULE.days(&long_ago, begun, &TimeZone::UTC, None), days(date(2023, 11, 2), date(2023, 11, 5)));
    let too_long_ago = Pass::Range { from: date(2020, 1, 1), to: date(2021, 1, 1) };
    assert_eq!(RULE.days(&too_long_ago, begun, &TimeZone::UTC, None), None);
    let unlimited = Rule { restates_days: 90, kept_months: None };
    assert_eq!(unlimited.days(&long_ago, begun, &TimeZone::UTC, None), days(date(2020, 1, 1), date(2023, 11, 5)));
    assert_eq!(unlimited.days(&Pass::Restate, begun, &TimeZone::UTC, None), days(date(2026, 9, 1), date(2026, 11, 30)));
}

#[test]
fn after_a_pause_what_could_change_when_it_began_is_read_again() {
    let begun = at("2026-11-30T12:00:00Z");
    let restated = |day| RULE.days(&Pass::Restate, begun, &TimeZone::UTC, Some(day));
    assert_eq!(restated(date(2026, 11, 30)), days(date(2026, 11, 2), date(2026, 11, 30)));
    assert_eq!(restated(date(2026, 11, 20)), days(date(2026, 10, 23), date(2026, 11, 30)));
    assert_eq!(restated(date(2027, 1, 1)), days(date(2026, 11, 2), date(2026, 11, 30)), "a clock that was ahead");
    assert_eq!(restated(date(2020, 1, 1)), days(date(2023, 11, 2), date(2026, 11, 30)), "not older than what is kept");
}

#[test]
fn a_range_ends_today_and_an_empty_one_is_nothing() {
    let begun = at("2026-11-30T12:00:00Z");
    let range = |from, to| RULE.days(&Pass::Range { from, to }, begun, &TimeZone::UTC, None);
    assert_eq!(range(date(2026, 11, 29), date(2027, 1, 1)), days(date(2026, 11, 29), date(2026, 11, 30)));
    assert_eq!(range(date(2026, 11, 1), date(2026, 11, 2)), days(date(2026, 11, 1), date(2026, 11, 1)));
    assert_eq!(range(date(2026, 11, 1), date(2026, 11, 1)), None);
    assert_eq!(range(date(2026, 12, 1), date(2026, 12, 2)), None);
}

#[test]
fn slices_are_all_the_days_once() {
    let all = Days { first: date(2024, 1, 30), last: date(2024, 3, 5) };
    assert_eq!(all.len(), 36);
    for span in [1, 7, 30, 36, 100] {
        let (mut rest, mut found) = (Some(all), Vec::new());
        while let Some(days) = rest {
            let (slice, before) = days.newest(span);
            assert!(slice.len() <= span && slice.last == days.last);
            found.push(slice);
            rest = before;
        }
        assert_eq!(found.iter().map(|slice| slice.len()).sum::<i32>(), 36, "{span}");
        assert!(found.windows(2).all(|two| two[1].last.tomorrow().unwrap() == two[0].first), "{span}");
        assert_eq!(found.last().unwrap().first, all.first);
    }
}
