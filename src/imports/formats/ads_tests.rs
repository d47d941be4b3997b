//! Ad reports of three platforms in four languages.

use super::super::detect::detect;
use super::super::{read_all, test_setting};
use super::*;
use crate::imports::text::dates::Order;
use crate::imports::text::numbers::Decimal;

const COMMA: Style = Style { decimal: Decimal::Comma, order: Order::DayFirst };
const POINT: Style = Style { decimal: Decimal::Point, order: Order::MonthFirst };

macro_rules! fixture {
    ($name:literal) => {
        include_str!(concat!("../../../tests/fixtures/imports/", $name))
    };
}

/// Drops title lines and makes commas of the file's delimiter, as the driver does through its records.
fn read(format: Format, text: &str, style: Style) -> (Vec<AdWindow>, Vec<(u64, String)>) {
    let layout = detect(text.as_bytes(), None, None).unwrap();
    assert_eq!(layout.format, format);
    let mut writer = csv::Writer::from_writer(Vec::new());
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(layout.delimiter)
        .from_reader(text.as_bytes());
    for row in reader.records().skip(layout.skip - 1) {
        writer.write_record(&row.unwrap()).unwrap();
    }
    let plain = String::from_utf8(writer.into_inner().unwrap()).unwrap();
    let (out, rejects) = read_all(format, &plain, &test_setting(), style);
    (out.batch.ads, rejects)
}

type Figures<'a> = (&'a str, i64, i64, i64, i64, i64);

fn figures(window: &AdWindow) -> Vec<Figures<'_>> {
    let row = |r: &'_ AdDay| (r.spend_micros, r.impressions, r.clicks, r.conversions_micros, r.revenue_micros);
    window.rows.iter().map(|r| (r.campaign.as_str(), row(r))).map(|(c, (a, b, d, e, f))| (c, a, b, d, e, f)).collect()
}

#[test]
fn meta_with_ids_and_a_summary_row() {
    let (ads, rejects) = read(Format::MetaAds, fixture!("meta_ads_en.csv"), POINT);
    assert_eq!(rejects, vec![]);
    assert_eq!(ads.len(), 1);
    let account = &ads[0].account;
    assert_eq!(
        (account.external_id.as_str(), account.name.as_str(), account.currency.code()),
        ("1234567890", "Juniper US", "USD")
    );
    assert_eq!(ads[0].rows[0].key, "2385\u{1f}2386\u{1f}2387");
    assert_eq!(
        figures(&ads[0]),
        vec![
            ("BFCM Prospecting", 41_730_000, 2100, 30, 2_000_000, 211_500_000),
            ("BFCM Prospecting", 20_000_000, 1000, 15, 1_000_000, 100_000_000),
            ("BFCM Prospecting", 21_730_000, 1100, 12, 0, 0),
        ]
    );
}

#[test]
fn meta_in_german_french_and_spanish() {
    let (ads, _) = read(Format::MetaAds, fixture!("meta_ads_de.csv").trim_start_matches('\u{feff}'), COMMA);
    assert_eq!(ads[0].account.currency.code(), "EUR");
    assert_eq!(ads[0].rows[0].key, "BFCM Prospecting\u{1f}Breit\u{1f}Video Ä");
    assert_eq!(figures(&ads[0])[0], ("BFCM Prospecting", 1_041_730_000, 12_100, 30, 2_000_000, 211_500_000));
    assert_eq!(figures(&ads[0])[1].1, 21_700_000);
    let (ads, _) = read(Format::MetaAds, fixture!("meta_ads_fr.csv"), COMMA);
    assert_eq!(figures(&ads[0]), vec![("Reciblage", 1_041_730_000, 12_100, 30, 2_000_000, 211_500_000)]);
}

#[test]
fn google_with_titles_and_totals() {
    let (ads, rejects) = read(Format::GoogleAds, fixture!("google_ads_en.csv"), POINT);
    assert_eq!(rejects, vec![]);
    assert_eq!(
        figures(&ads[0]),
        vec![
            ("Brand Search", 1_069_270_000, 6234, 74, 2_500_000, 125_000_000),
            ("PMax - Bestsellers", 50_000_000, 5000, 10, 0, 0),
            ("Brand Search", 12_000_000, 600, 7, 0, 0),
        ]
    );
    for text in [fixture!("google_ads_fr.csv"), fixture!("google_ads_es.csv")] {
        let (ads, rejects) = read(Format::GoogleAds, text, COMMA);
        assert_eq!(rejects, vec![]);
        let (_, spend, impressions, clicks, conversions, revenue) = figures(&ads[0])[0];
        assert_eq!(
            (spend, impressions, clicks, conversions, revenue),
            (1_069_270_000, 6234, 74, 2_500_000, 125_000_000)
        );
        assert_eq!(ads[0].rows[0].day.to_string(), "2026-10-01");
    }
}

#[test]
fn tiktok_with_dashes_and_totals() {
    let (ads, rejects) = read(Format::TiktokAds, fixture!("tiktok_ads_en.csv"), POINT);
    assert_eq!(rejects, vec![]);
    assert_eq!(figures(&ads[0])[0], ("TikTok Spark - Hoodie", 62_720_000, 5645, 67, 2_000_000, 125_000_000));
    assert_eq!(figures(&ads[0])[1], ("TikTok UGC - Beanie", 0, 0, 0, 0, 0));
    let (ads, rejects) = read(Format::TiktokAds, fixture!("tiktok_ads_older.csv"), POINT);
    assert_eq!(rejects, vec![]);
    assert_eq!(figures(&ads[0]), vec![("TikTok Spark - Hoodie", 1_062_720_000, 5645, 67, 2_000_000, 125_000_000)]);
}

#[test]
fn rows_that_a_breakdown_splits_are_added_up_and_longer_spans_refused() {
    let file = "Reporting starts,Reporting ends,Campaign name,Age,Amount spent (USD),Impressions,Link clicks\n\
        2026-10-01,2026-10-01,A,18-24,1.50,10,1\n2026-10-01,2026-10-01,A,25-34,2.25,20,2\n2026-10-01,2026-10-31,B,,9,9,9\n\
        2026-10-02,2026-10-02,A,18-24,-1,1,1\nsoon,,A,,1,1,1\n";
    let (ads, rejects) = read(Format::MetaAds, file, POINT);
    assert_eq!(figures(&ads[0]), vec![("A", 3_750_000, 30, 3, 0, 0)]);
    assert_eq!(rejects.iter().map(|r| r.0).collect::<Vec<_>>(), vec![4, 5, 6]);
    assert!(rejects[0].1.contains("more than one day"));
}

#[test]
fn a_file_without_ids_belongs_to_the_account_that_was_named() {
    let setting = Setting { account: Some("US account".into()), ..test_setting() };
    let file = "Day,Campaign,Cost,Impr.,Clicks\n2026-10-01,Brand,1.00,10,1\n";
    let (out, _) = read_all(Format::GoogleAds, file, &setting, POINT);
    let account = &out.batch.ads[0].account;
    assert_eq!(
        (account.external_id.as_str(), account.channel.as_str(), account.timezone.as_str()),
        ("US account", "google", "America/New_York")
    );
    assert_eq!(out.batch.ads[0].rows[0].key, "Brand");
}
