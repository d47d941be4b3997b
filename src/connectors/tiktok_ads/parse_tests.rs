//! Rows of TikTok's reports.

use bytes::Bytes;
use serde_json::json;

use super::*;

fn parsed(body: Value) -> Parsed {
    let account = json!({ "id": "7", "name": "Shop", "currency": "EUR", "timezone": "Europe/Berlin" });
    parse(&Raw {
        stream: "ads",
        kind: "report",
        about: json!({ "account": account, "days": { "first": "2026-09-01", "last": "2026-09-02" } }),
        body: Bytes::from(body.to_string()),
    })
}

fn row(dimensions: Value, metrics: Value) -> Value {
    let mut dimensions = dimensions;
    dimensions["stat_time_day"] = json!("2026-09-01 00:00:00");
    json!({ "dimensions": dimensions, "metrics": metrics })
}

#[test]
fn payments_count_and_the_goal_s_conversions_do_not() {
    let metrics = json!({
        "campaign_id": "1801", "campaign_name": "Spark", "adgroup_id": "1802", "adgroup_name": "Broad", "ad_name": "Video",
        "spend": "20.05", "impressions": "100", "clicks": "7", "conversion": "50", "complete_payment": "2",
        "total_complete_payment_rate": "99.98", "currency": "EUR",
    });
    let parsed = parsed(json!({ "ads": [row(json!({ "ad_id": "1803" }), metrics)], "gmv_max": [] }));
    assert_eq!(parsed.rejects, []);
    let one = &parsed.batch.ads[0].rows[0];
    assert_eq!((one.key.as_str(), one.campaign.as_str()), ("1801\u{1f}1802\u{1f}1803", "Spark"));
    assert_eq!((one.spend_micros, one.impressions, one.clicks), (20_050_000, 100, 7));
    assert_eq!((one.conversions_micros, one.revenue_micros), (2_000_000, 99_980_000));
    assert_eq!(one.day.to_string(), "2026-09-01");
}

#[test]
fn a_dash_is_none_and_what_was_deleted_keeps_its_figures() {
    let metrics = json!({
        "campaign_id": "-", "campaign_name": "-", "adgroup_id": "-", "adgroup_name": "-", "ad_name": "-", "spend": "1.00",
        "impressions": "-", "clicks": "-", "complete_payment": "-", "total_complete_payment_rate": "-", "currency": "-",
    });
    let parsed = parsed(json!({ "ads": [row(json!({ "ad_id": "1803" }), metrics)], "gmv_max": [] }));
    let one = &parsed.batch.ads[0].rows[0];
    assert_eq!((one.campaign.as_str(), one.ad.as_deref()), ("Deleted", Some("1803")));
    assert_eq!((one.spend_micros, one.impressions, one.conversions_micros, one.revenue_micros), (1_000_000, 0, 0, 0));
}

#[test]
fn gmv_max_is_a_row_of_its_campaign() {
    let gmv = row(json!({ "campaign_id": "9" }), json!({ "cost": "12.50", "orders": "3", "gross_revenue": "150.00" }));
    let parsed = parsed(json!({ "ads": [], "gmv_max": [gmv.clone(), gmv] }));
    let rows = &parsed.batch.ads[0].rows;
    assert_eq!(rows.len(), 1, "the same campaign by two promotions is one");
    let one = &rows[0];
    assert_eq!((one.key.as_str(), one.campaign.as_str(), &one.adset), ("9", "GMV Max 9", &None));
    let figures = (one.spend_micros, one.conversions_micros, one.revenue_micros);
    assert_eq!(figures, (12_500_000, 3_000_000, 150_000_000));
}

#[test]
fn what_cannot_be_a_row_is_rejected() {
    for (dimensions, metrics, reason) in [
        (json!({}), json!({}), "ad_id"),
        (json!({ "ad_id": "1" }), json!({ "currency": "USD" }), "USD"),
        (json!({ "ad_id": "1" }), json!({ "spend": "1,5" }), "figure"),
        (json!({ "ad_id": "1" }), json!({ "clicks": "-2" }), "negative"),
    ] {
        let parsed = parsed(json!({ "ads": [row(dimensions, metrics)] }));
        assert!(parsed.rejects[0].reason.contains(reason), "{:?}", parsed.rejects);
        assert_eq!(parsed.batch.ads.len(), 1, "the other day");
    }
}
