//! What is asked of TikTok.

use jiff::civil::date;

use super::*;

#[test]
fn lists_go_as_json_text_and_dropped_metrics_not_at_all() {
    let days = Days { first: date(2026, 9, 1), last: date(2026, 9, 30) };
    let dropped = ["ad_name".to_owned(), "complete_payment".to_owned()];
    let query = query("7", days, &dropped, &["18".to_owned()]);
    let of = |name: &str| query.iter().find(|(n, _)| *n == name).unwrap().1.clone();
    assert_eq!(of("dimensions"), r#"["ad_id","stat_time_day"]"#);
    assert!(!of("metrics").contains("ad_name") && !of("metrics").contains("\"complete_payment\""));
    assert!(of("metrics").contains("total_complete_payment_rate"));
    assert_eq!(of("filtering"), r#"[{"field_name":"campaign_ids","filter_type":"IN","filter_value":"[\"18\"]"}]"#);
    assert_eq!((of("start_date"), of("end_date")), ("2026-09-01".to_owned(), "2026-09-30".to_owned()));
}
