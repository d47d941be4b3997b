//! Shares of days add up, whatever the calendar; the entry that counts is the one that was meant.

use jiff::civil::date;
use proptest::prelude::*;

use super::*;

fn fixed(period: Period, amount: i64, from: Date, until: Option<Date>) -> Fixed {
    Fixed { id: 1, name: "Rent".to_owned(), from, until, amount, currency: "USD".to_owned(), period }
}

fn rule(from: i32, until: i32, applies_to: Option<&str>, amount: i64) -> Rule {
    let applies_to = applies_to.map(str::to_owned);
    Rule { from, until, applies_to, percent_ppm: 0, amount, currency: "USD".to_owned() }
}

/// All days of [first, after).
fn sum(fixed: &Fixed, first: Date, after: Date, week_start: i8) -> i64 {
    let mut total = 0;
    let mut day = first;
    while day < after {
        total += fixed.on(day, week_start).unwrap();
        day = day_after(day).unwrap();
    }
    total
}

proptest! {
    #[test]
    fn the_days_of_a_period_add_up_to_its_amount(
        amount in -9_000_000_000_000_i64..9_000_000_000_000, year in 2015_i16..2035, month in 1_i8..=12, day in 1_i8..=28,
        week_start in 1_i8..=7, span in 1_i64..900,
    ) {
        let day = date(year, month, day);
        for period in [Period::Day, Period::Week, Period::Month, Period::Quarter, Period::Year] {
            let fixed = fixed(period, amount, date(2010, 1, 1), None);
            let (first, after) = fixed.period_of(day, week_start).unwrap();
            prop_assert!(first <= day && day < after);
            prop_assert_eq!(sum(&fixed, first, after, week_start), amount, "{:?}", period);
        }
        let until = day.saturating_add(span.days());
        prop_assert_eq!(sum(&fixed(Period::Once, amount, day, Some(until)), day, until, week_start), amount);
    }

    #[test]
    fn no_day_bears_more_than_one_micro_beyond_another(amount in 0_i64..1_000_000_000_000, days in 1_i64..400) {
        let all: Vec<i64> = (0..days).map(|index| share(amount, index, days)).collect();
        prop_assert_eq!(all.iter().sum::<i64>(), amount);
        prop_assert!(all.iter().max().unwrap() - all.iter().min().unwrap() <= 1);
    }

    #[test]
    fn the_lines_of_an_order_add_up_to_it(whole in 0_i64..1_000_000_000, paid in proptest::collection::vec(0_i64..90_000_000, 1..9)) {
        let parts = on_lines(Some(whole), &paid);
        prop_assert_eq!(parts.iter().map(|part| part.unwrap()).sum::<i64>(), whole);
    }
}

#[test]
fn months_of_different_length_bear_different_days() {
    let rent = fixed(Period::Month, 310_000_000, date(2026, 1, 1), None);
    assert_eq!(rent.on(date(2026, 1, 17), 1), Some(10_000_000));
    assert_eq!(rent.on(date(2026, 2, 1), 1), Some(11_071_428));
    assert_eq!(sum(&rent, date(2026, 2, 1), date(2026, 3, 1), 1), 310_000_000);
    assert_eq!(sum(&rent, date(2028, 2, 1), date(2028, 3, 1), 1), 310_000_000);
    // Begun in the middle of a month, it bears the days that are left.
    assert_eq!(sum(&rent, date(2026, 4, 16), date(2026, 5, 1), 1), 155_000_000);
}

#[test]
fn a_single_day_bears_a_single_amount() {
    let shoot = fixed(Period::Once, 99, date(2026, 3, 5), None);
    assert_eq!(shoot.ends(date(2030, 1, 1)), date(2026, 3, 6));
    assert_eq!(shoot.on(date(2026, 3, 5), 1), Some(99));
}

#[test]
fn the_latest_entry_counts_and_a_named_one_before_all() {
    let rules = [rule(0, i32::MAX, None, 1), rule(10, 20, None, 2), rule(5, i32::MAX, Some("paypal"), 3)];
    let amount = |day, what: &[Option<&str>]| in_force(&rules, day, what).map(|rule| rule.amount);
    assert_eq!(amount(-1, &[]), None);
    assert_eq!((amount(9, &[None]), amount(10, &[None]), amount(20, &[None])), (Some(1), Some(2), Some(1)));
    assert_eq!((amount(12, &[Some("paypal")]), amount(4, &[Some("paypal")])), (Some(3), Some(1)));
    assert_eq!(amount(12, &[Some("stripe"), Some("paypal")]), Some(3));
}
