//! The way down when Meta has too much data.

use jiff::civil::date;

use super::*;
use crate::connectors::ads::Account;

fn work(pass: &Pass) -> (Work<State>, Days) {
    let days = Days { first: date(2026, 11, 1), last: date(2026, 11, 8) };
    let (span, state) = Insights.begin(pass);
    let account = json!({ "id": "1", "name": "A", "currency": "USD", "timezone": "UTC" });
    let account: Account = serde_json::from_value(account).unwrap();
    let state = json!({ "account": account, "days": days, "span": span, "state": state });
    (serde_json::from_value(state).unwrap(), days)
}

#[test]
fn smaller_pages_then_a_report_then_a_day_then_parts() {
    let (mut work, mut days) = work(&Pass::Restate);
    let mut seen = Vec::new();
    while let Ok(Read::Again) = less(&mut work, days, "too much".to_owned()) {
        days = work.days.newest(work.span).0;
        seen.push((work.state.way, work.state.limit, days.len()));
    }
    let steps: Vec<_> = seen.iter().filter(|(_, limit, _)| *limit == 500).collect();
    assert_eq!(steps, [&(Way::Report, 500, 7), &(Way::Report, 500, 1), &(Way::Parts, 500, 1)]);
    assert_eq!(seen[..4].iter().map(|(_, limit, _)| *limit).collect::<Vec<_>>(), [250, 125, 62, 50]);
    assert_eq!(seen.len(), 4 * 4 + 3);
}

#[test]
fn a_report_that_fails_is_ordered_again_then_split() {
    let (mut work, days) = work(&Pass::Backfill { from: None });
    work.state.report = Some(Report { id: "9".to_owned(), looks: 3 });
    assert!(matches!(failed(&mut work, days), Read::NotYet(_)));
    assert!(work.state.report.is_none() && work.span == 30 && work.state.way == Way::Report);
    failed(&mut work, days);
    assert_eq!((work.span, work.state.way), (4, Way::Report));
    let day = Days { first: days.last, last: days.last };
    failed(&mut work, day);
    failed(&mut work, day);
    assert_eq!(work.state.way, Way::Parts);
}
