//! Rows of Insights.

use bytes::Bytes;
use serde_json::json;

use super::*;
use crate::commerce::rows::AdScope;

fn raw(rows: Value) -> Raw {
    let account = json!({ "id": "12", "name": "Shop", "currency": "USD", "timezone": "America/New_York" });
    Raw {
        stream: "ads",
        kind: "insights",
        about: json!({ "account": account, "days": { "first": "2026-11-01", "last": "2026-11-04" } }),
        body: Bytes::from(json!({ "rows": rows }).to_string()),
    }
}

fn row(ad: &str, day: &str, more: Value) -> Value {
    let mut row = json!({
        "campaign_id": "1", "campaign_name": "Autumn", "adset_id": "2", "adset_name": "Broad", "ad_id": ad,
        "ad_name": format!("Ad {ad}"), "date_start": day, "date_stop": day,
    });
    row.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    row
}

fn spans(parsed: &Parsed) -> Vec<(String, String, usize)> {
    let span = |window: &crate::commerce::rows::AdWindow| match window.replaces {
        AdScope::Days { first, last } => (first.to_string(), last.to_string(), window.rows.len()),
        AdScope::CampaignDays => panic!("whole days"),
    };
    parsed.batch.ads.iter().map(span).collect()
}

#[test]
fn exactly_one_action_type_counts() {
    let actions = |types: &[(&str, &str)]| -> Value {
        types.iter().map(|(name, value)| json!({ "action_type": name, "value": value, "7d_click": "99" })).collect()
    };
    let all = [
        ("purchase", "4"),
        ("offsite_conversion.fb_pixel_purchase", "3"),
        ("omni_purchase", "5"),
        ("link_click", "50"),
    ];
    for (types, conversions) in [
        (&all[..], 5_000_000),
        (&all[..2], 4_000_000),
        (&all[1..2], 3_000_000),
        (&all[3..], 0),
        (&[], 0),
        (&[("onsite_web_purchase", "9")], 0),
    ] {
        let read = figures(&json!({ "actions": actions(types), "action_values": actions(types) })).unwrap();
        assert_eq!((read.conversions_micros, read.revenue_micros), (conversions, conversions), "{types:?}");
    }
}

#[test]
fn keys_names_and_figures() {
    let figures = json!({ "spend": "7.348789", "impressions": "300", "clicks": "20", "inline_link_clicks": "15" });
    let parsed = parse(&raw(json!([row("3", "2026-11-02", figures), row("4", "2026-11-02", json!({}))])));
    assert_eq!(parsed.rejects, []);
    assert_eq!(spans(&parsed), [("2026-11-01".to_owned(), "2026-11-04".to_owned(), 2)]);
    let window = &parsed.batch.ads[0];
    assert!(window.from_api);
    let account =
        (window.account.channel.as_str(), window.account.external_id.as_str(), window.account.currency.code());
    assert_eq!(account, ("meta", "12", "USD"));
    let first = &window.rows[0];
    assert_eq!((first.key.as_str(), first.ad.as_deref()), ("1\u{1f}2\u{1f}3", Some("Ad 3")));
    assert_eq!((first.spend_micros, first.impressions, first.clicks), (7_348_789, 300, 15));
    let second = &window.rows[1];
    assert_eq!((second.spend_micros, second.impressions, second.clicks, second.conversions_micros), (0, 0, 0, 0));
}

#[test]
fn a_day_with_a_row_that_cannot_be_read_stays_as_it_was() {
    let good = |day| row("3", day, json!({ "spend": "1" }));
    let bad = row("4", "2026-11-03", json!({ "spend": "a lot" }));
    let all = json!([good("2026-11-01"), good("2026-11-02"), good("2026-11-03"), bad, good("2026-11-04")]);
    let parsed = parse(&raw(all));
    let span = |first: &str, last: &str, rows| (first.to_owned(), last.to_owned(), rows);
    assert_eq!(spans(&parsed), [span("2026-11-01", "2026-11-02", 2), span("2026-11-04", "2026-11-04", 1)]);
    assert_eq!(parsed.rejects.len(), 1);
    assert_eq!(parsed.rejects[0].key, "12, row 4");
    assert!(parsed.rejects[0].text.contains("a lot"));
}

#[test]
fn a_row_without_a_day_spoils_all_and_one_of_another_day_none() {
    let parsed = parse(&raw(json!([row("3", "soon", json!({}))])));
    assert_eq!((spans(&parsed).len(), parsed.rejects.len()), (0, 1));
    let parsed = parse(&raw(json!([row("3", "2026-10-31", json!({}))])));
    assert_eq!((spans(&parsed).len(), parsed.rejects.len()), (1, 1));
}

#[test]
fn what_cannot_be_a_row_is_rejected() {
    for (more, reason) in [
        (json!({ "date_stop": "2026-11-03" }), "more than one day"),
        (json!({ "account_currency": "EUR" }), "EUR"),
        (json!({ "adset_id": "" }), "adset_id"),
        (json!({ "spend": "-1" }), "negative"),
        (json!({ "impressions": "1.5" }), "whole"),
        (json!({ "actions": [{ "action_type": "purchase", "value": {} }] }), "neither"),
    ] {
        let parsed = parse(&raw(json!([row("3", "2026-11-02", more)])));
        assert!(parsed.rejects[0].reason.contains(reason), "{:?}", parsed.rejects);
        assert_eq!(spans(&parsed).len(), 2);
    }
}

#[test]
fn the_same_row_on_two_pages_is_one() {
    let one = |spend: &str| row("3", "2026-11-02", json!({ "spend": spend }));
    let parsed = parse(&raw(json!([one("1"), one("2")])));
    let rows = &parsed.batch.ads[0].rows;
    assert_eq!((rows.len(), rows[0].spend_micros), (1, 2_000_000));
}

#[test]
fn an_answer_that_is_none_gives_nothing() {
    let broken = Raw { body: Bytes::from_static(b"<html>"), ..raw(json!([])) };
    let unknown = Raw { about: json!({}), ..raw(json!([])) };
    let money = Raw {
        about: json!({ "account": { "id": "1", "name": "", "currency": "XXX", "timezone": "UTC" },
            "days": { "first": "2026-11-01", "last": "2026-11-01" } }),
        ..raw(json!([]))
    };
    for raw in [broken, unknown, money] {
        let parsed = parse(&raw);
        assert_eq!((parsed.batch.ads.len(), parsed.rejects.len()), (0, 1));
    }
}

#[test]
fn of_the_actions_only_purchases_are_kept() {
    let row =
        slim(json!({ "actions": [{ "action_type": "link_click" }, { "action_type": "omni_purchase" }], "spend": "1" }));
    assert_eq!(row, json!({ "actions": [{ "action_type": "omni_purchase" }], "spend": "1" }));
}
