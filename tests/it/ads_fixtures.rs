//! Meta's answers as others recorded them, against figures added up by hand.

use bytes::Bytes;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use pulsepoint::brands::Brand;
use pulsepoint::connectors::meta_ads::MetaAds;
use pulsepoint::connectors::{Connector, Parsed, Raw};
use pulsepoint::money::Currency;
use serde_json::{Value, json};

/// A recording, where there are any.
fn recorded(name: &str) -> Option<String> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/fixtures/meta").join(name);
    let text = std::fs::read_to_string(path).ok();
    if text.is_none() {
        eprintln!("skipped: ../shared/fixtures/meta/{name} is not there");
    }
    text
}

fn parsed(account: &str, (first, last): (&str, &str), rows: &[Value]) -> Parsed {
    let brand = Brand {
        id: 1,
        uid: "b".to_owned(),
        slug: "b".to_owned(),
        name: "B".to_owned(),
        currency: Currency::parse("USD").unwrap(),
        timezone: TimeZone::UTC,
        timezone_name: "UTC".to_owned(),
        week_start: 1,
        demo: false,
        settings: Value::Null,
        created_at: Timestamp::UNIX_EPOCH,
    };
    let account = json!({ "id": account, "name": account, "currency": "EUR", "timezone": "Europe/Prague" });
    let raw = Raw {
        stream: "ads",
        kind: "insights",
        about: json!({ "account": account, "days": { "first": first, "last": last } }),
        body: Bytes::from(json!({ "rows": rows }).to_string()),
    };
    MetaAds.parse(&brand, &raw)
}

/// What the recordings lack, for they were not made by ad.
fn with_ids(mut row: Value, ad: &str) -> Value {
    for (name, value) in [("campaign_id", "1"), ("adset_id", "2"), ("ad_id", ad)] {
        row[name] = value.into();
    }
    row
}

#[test]
fn purchases_of_a_recorded_report_count_once() {
    let Some(text) = recorded("keboola_recorded_asyncinisghtscampaigns.json") else { return };
    let exchanges: Vec<Value> = serde_json::from_str(&text).unwrap();
    let body = |at: usize| -> Value { serde_json::from_str(exchanges[at]["body"].as_str().unwrap()).unwrap() };
    assert_eq!(body(1)["async_status"], "Job Completed");
    assert_eq!(body(2)["report_run_id"], "192025512975195");
    let rows: Vec<Value> = body(0)["data"].as_array().unwrap().iter().map(|row| with_ids(row.clone(), "3")).collect();
    let parsed = parsed("522606278080331", ("2021-08-07", "2021-08-09"), &rows);
    assert_eq!(parsed.rejects, []);
    let found: Vec<_> =
        parsed.batch.ads[0].rows.iter().map(|row| (row.day.to_string(), row.conversions_micros)).collect();
    // Each under three names: omni_purchase, purchase, offsite_conversion.fb_pixel_purchase.
    let expected = [("2021-08-07", 1_000_000), ("2021-08-08", 1_000_000), ("2021-08-09", 11_000_000)];
    assert_eq!(found, expected.map(|(day, count)| (day.to_owned(), count)));
    // The recording asked for neither spend nor values: what is not there is none.
    assert!(parsed.batch.ads[0].rows.iter().all(|row| row.spend_micros == 0 && row.revenue_micros == 0));
}

#[test]
fn spend_of_a_recorded_breakdown_adds_up_to_the_micro() {
    let Some(text) = recorded("keboola_v25_insights_query_112.csv") else { return };
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let names = reader.headers().unwrap().clone();
    let rows: Vec<Value> = reader
        .records()
        .map(|record| {
            let record = record.unwrap();
            let row: Value =
                names.iter().zip(record.iter()).map(|(name, text)| (name.to_owned(), Value::from(text))).collect();
            let ad = row["country"].as_str().unwrap().to_owned();
            with_ids(row, &ad)
        })
        .collect();
    let parsed = parsed("361744628296290", ("2026-06-02", "2026-06-02"), &rows);
    assert_eq!(parsed.rejects, []);
    let rows = &parsed.batch.ads[0].rows;
    let of = |ad: &str| rows.iter().find(|row| row.ad.as_deref() == Some(ad)).unwrap().spend_micros;
    assert_eq!((rows.len(), of("DK"), of("FI"), of("MX")), (8, 7_348_789, 3_462_410, 999_355));
    assert_eq!(rows.iter().map(|row| row.spend_micros).sum::<i64>(), 138_880_000);
}
