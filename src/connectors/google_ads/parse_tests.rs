//! Two levels become rows of which nothing is counted twice.

use bytes::Bytes;
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::commerce::rows::AdDay;

fn parsed(campaigns: Value, ads: Value) -> Parsed {
    let account = json!({ "id": "7", "name": "Shop", "currency": "JPY", "timezone": "Asia/Tokyo", "login": "1" });
    parse(&Raw {
        stream: "ads",
        kind: "search",
        about: json!({ "account": account, "days": { "first": "2026-09-01", "last": "2026-09-01" } }),
        body: Bytes::from(json!({ "campaigns": campaigns, "ads": ads }).to_string()),
    })
}

fn campaign(id: &str, metrics: Value) -> Value {
    let name = format!("Campaign {id}");
    json!({ "campaign": { "id": id, "name": name }, "segments": { "date": "2026-09-01" }, "metrics": metrics })
}

fn ad(campaign: &str, ad: &str, metrics: Value) -> Value {
    json!({
        "campaign": { "id": campaign }, "adGroup": { "id": "5", "name": "Group" }, "adGroupAd": { "ad": { "id": ad } },
        "segments": { "date": "2026-09-01" }, "metrics": metrics,
    })
}

fn rows(parsed: &Parsed) -> Vec<(&str, i64, i64, i64, i64)> {
    let row = |row: &'_ AdDay| (row.spend_micros, row.clicks, row.conversions_micros, row.revenue_micros);
    let rows = parsed.batch.ads[0].rows.iter();
    rows.map(|one| (one.key.as_str(), row(one))).map(|(key, (a, b, c, d))| (key, a, b, c, d)).collect()
}

#[test]
fn ads_and_what_they_leave_of_their_campaign() {
    let parsed = parsed(
        json!([
            campaign(
                "1",
                json!({ "costMicros": "1000000", "clicks": "10", "conversions": 3.5, "conversionsValue": 180.7 })
            ),
            campaign("2", json!({ "costMicros": "500000", "clicks": "4" })),
        ]),
        json!([
            ad(
                "1",
                "11",
                json!({ "costMicros": "600000", "clicks": "6", "conversions": 2.0, "conversionsValue": 100.7 })
            ),
            ad("1", "12", json!({ "costMicros": "300000", "clicks": "4", "conversions": 1.5, "conversionsValue": 80 })),
            ad("3", "31", json!({ "costMicros": "900000" })),
        ]),
    );
    assert_eq!(parsed.rejects, []);
    assert_eq!(
        rows(&parsed),
        [
            ("1", 100_000, 0, 0, 0),
            ("1\u{1f}5\u{1f}11", 600_000, 6, 2_000_000, 100_700_000),
            ("1\u{1f}5\u{1f}12", 300_000, 4, 1_500_000, 80_000_000),
            ("2", 500_000, 4, 0, 0),
        ]
    );
    let named =
        |at: usize| (parsed.batch.ads[0].rows[at].campaign.as_str(), parsed.batch.ads[0].rows[at].ad.as_deref());
    assert_eq!((named(1), named(3)), (("Campaign 1", Some("11")), ("Campaign 2", None)));
}

#[test]
fn ads_that_claim_more_than_their_campaign_are_dropped() {
    let parsed = parsed(
        json!([campaign("1", json!({ "costMicros": "1000000", "clicks": "5" }))]),
        json!([ad("1", "11", json!({ "costMicros": "900000", "clicks": "6" }))]),
    );
    assert_eq!(rows(&parsed), [("1", 1_000_000, 5, 0, 0)]);
}

#[test]
fn a_crumb_of_a_fraction_is_no_row() {
    let third = 1.0 / 3.0;
    let parsed = parsed(
        json!([campaign("1", json!({ "conversions": 1.0 }))]),
        json!([
            ad("1", "11", json!({ "conversions": third })),
            ad("1", "12", json!({ "conversions": third })),
            ad("1", "13", json!({ "conversions": third })),
        ]),
    );
    let found: Vec<i64> = rows(&parsed).iter().map(|row| row.3).collect();
    assert_eq!((found.len(), found.iter().sum::<i64>()), (3, 1_000_000));
}

#[test]
fn what_cannot_be_a_row_is_rejected() {
    for (campaigns, ads) in [
        (json!([campaign("", json!({}))]), json!([])),
        (json!([campaign("1", json!({ "costMicros": "1.5" }))]), json!([])),
        (json!([]), json!([ad("1", "", json!({}))])),
        (json!([]), json!([ad("1", "2", json!({ "clicks": "x" }))])),
    ] {
        let parsed = parsed(campaigns, ads);
        assert_eq!((parsed.rejects.len(), parsed.batch.ads.len()), (1, 0));
    }
    let empty = parsed(json!(null), json!([]));
    assert_eq!((empty.rejects.len(), empty.batch.ads[0].rows.len()), (0, 0), "a day on which nothing ran is empty");
}

proptest! {
    #[test]
    fn sums_are_those_of_the_campaigns(
        total in prop::array::uniform5(0_i64..2_000),
        ads in prop::collection::vec(prop::array::uniform5(0_i64..1_000), 0..5),
    ) {
        let metrics = |of: [i64; 5]| json!({
            "costMicros": of[0].to_string(), "impressions": of[1].to_string(), "clicks": of[2].to_string(),
            "conversions": of[3] as f64 / 1_000.0, "conversionsValue": of[4] as f64 / 100.0,
        });
        let rows: Vec<Value> = ads.iter().enumerate().map(|(at, of)| ad("1", &format!("{at}9"), metrics(*of))).collect();
        let parsed = parsed(json!([campaign("1", metrics(total))]), json!(rows));
        let rows = &parsed.batch.ads[0].rows;
        let sum = |of: fn(&AdDay) -> i64| rows.iter().map(of).sum::<i64>();
        prop_assert_eq!(sum(|row| row.spend_micros), total[0]);
        prop_assert_eq!(sum(|row| row.impressions), total[1]);
        prop_assert_eq!(sum(|row| row.clicks), total[2]);
        prop_assert_eq!(sum(|row| row.conversions_micros), total[3] * 1_000);
        prop_assert_eq!(sum(|row| row.revenue_micros), total[4] * 10_000);
        prop_assert!(rows.iter().all(|row| row.spend_micros >= 0 && row.clicks >= 0));
    }
}
