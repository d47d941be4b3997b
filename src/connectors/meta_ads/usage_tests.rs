//! Headers of Meta's quota.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode};

use super::*;

fn usage(headers: &[(&'static str, &'static str)]) -> Usage {
    let headers: HeaderMap = headers.iter().map(|(n, v)| (n.parse().unwrap(), HeaderValue::from_static(v))).collect();
    let mut usage = Usage::default();
    usage.note(&Answer { status: StatusCode::OK, headers, body: Bytes::new() });
    usage
}

#[test]
fn the_most_of_all_entries_counts_and_minutes_are_minutes() {
    let quota = usage(&[
        (
            "x-business-use-case-usage",
            r#"{"1":[{"call_count":1,"total_cputime":86,"total_time":1,"estimated_time_to_regain_access":0},{"call_count":2}],"2":[{"call_count":90,"estimated_time_to_regain_access":7}]}"#,
        ),
        ("x-fb-ads-insights-throttle", r#"{"app_id_util_pct":0.01,"acc_id_util_pct":0}"#),
        ("x-ad-account-usage", r#"{"acc_id_util_pct":9.67,"reset_time_duration":100}"#),
    ]);
    assert_eq!(quota.account_wait(), Some(Duration::from_secs(420)));
    let quota = quota.quota().unwrap();
    assert_eq!((quota.left_percent, quota.wait), (10.0, None), "other accounts have quotas of their own");
}

#[test]
fn below_enough_nothing_waits() {
    let quota = usage(&[("x-app-usage", r#"{"call_count":84,"total_time":3,"total_cputime":0}"#)]).quota().unwrap();
    assert_eq!((quota.left_percent, quota.wait), (16.0, None));
    assert_eq!(usage(&[]).quota(), None);
    assert_eq!(usage(&[("x-app-usage", "not json")]).quota(), None);
}

#[test]
fn an_account_s_own_seconds_the_app_s_and_the_usual_waits() {
    let waits = |header, value| {
        let usage = usage(&[(header, value)]);
        (usage.account_wait(), usage.quota().unwrap().wait)
    };
    let account = "x-ad-account-usage";
    let of = |seconds| Some(Duration::from_secs(seconds));
    assert_eq!(waits(account, r#"{"acc_id_util_pct":88,"reset_time_duration":100}"#), (of(100), None));
    assert_eq!(waits("x-fb-ads-insights-throttle", r#"{"acc_id_util_pct":85}"#), (of(120), None));
    assert_eq!(waits("x-fb-ads-insights-throttle", r#"{"app_id_util_pct":100}"#), (None, of(600)));
    assert_eq!(waits("x-app-usage", r#"{"total_cputime":90}"#), (None, of(120)), "the app's is everybody's");
}
