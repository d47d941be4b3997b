//! What Shopify's answers mean when they are not what was asked for, and what is asked.

use std::time::Duration;

use http::{HeaderMap, HeaderValue, StatusCode};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::errors::{Cost, Refusal, understand};
use super::lines::Line;
use super::queries::{self, People};
use super::streams::{By, Pages};
use crate::connectors::{Answer, Trouble};

fn now() -> Timestamp {
    "2026-11-22T12:00:00Z".parse().unwrap()
}

fn answer(status: u16, body: &str) -> Answer {
    let status = StatusCode::from_u16(status).unwrap();
    Answer { status, headers: HeaderMap::new(), body: body.to_owned().into() }
}

/// What becomes of an answer, in a word.
fn word(status: u16, body: &str) -> &'static str {
    match understand(&answer(status, body), now()) {
        Ok(_) => "fine",
        Err(Refusal::TooCostly) => "costly",
        Err(Refusal::People(_)) => "people",
        Err(Refusal::Trouble(trouble)) => match trouble {
            Trouble::Later { throttled: true, .. } => "throttled",
            Trouble::Later { .. } => "later",
            Trouble::Expired(_) => "expired",
            Trouble::SignIn(_) => "sign in",
            Trouble::Scope { .. } => "scope",
            Trouble::Refused(_) => "refused",
            Trouble::Unreadable { .. } => "unreadable",
            Trouble::NotAllowed(_) => "not allowed",
        },
    }
}

fn coded(code: &str) -> String {
    json!({ "errors": [{ "message": "m", "extensions": { "code": code } }] }).to_string()
}

#[test]
fn every_shape_of_an_error_is_known() {
    let wrong_key = "[API] Invalid API key or access token (unrecognized login or wrong password)";
    let table = [
        (200, r#"{"data":{"shop":{}}}"#.to_owned(), "fine"),
        (200, r#"{"data":{"shop":{}},"errors":[]}"#.to_owned(), "fine"),
        (200, r#"{"data":{"shop":{}},"errors":null}"#.to_owned(), "fine"),
        // Beside an error data is not whole, however good it looks.
        (200, r#"{"data":{"shop":{"name":"x"}},"errors":[{"message":"no"}]}"#.to_owned(), "refused"),
        (
            200,
            r#"{"data":{"orders":null},"errors":[{"message":"x","extensions":{"code":"INTERNAL_SERVER_ERROR"}}]}"#
                .to_owned(),
            "later",
        ),
        (200, coded("THROTTLED"), "throttled"),
        (200, r#"{"errors":[{"message":"Throttled"}]}"#.to_owned(), "throttled"),
        (200, coded("MAX_COST_EXCEEDED"), "costly"),
        (200, coded("SHOP_INACTIVE"), "refused"),
        (200, coded("ACCESS_DENIED"), "scope"),
        (200, coded("PARSE_ERROR"), "refused"),
        (200, coded("INVALID_VARIABLE"), "refused"),
        (200, coded("BAD_REQUEST"), "refused"),
        (200, json!({ "errors": wrong_key }).to_string(), "expired"),
        (200, json!({ "errors": { "base": [wrong_key] } }).to_string(), "expired"),
        (200, r#"{"errors":"Not Found"}"#.to_owned(), "refused"),
        (200, r#"{"errors":{"shop":["is closed"]}}"#.to_owned(), "refused"),
        (200, r#"{"errors":"Unavailable Shop"}"#.to_owned(), "refused"),
        (200, "{}".to_owned(), "unreadable"),
        (200, r#"{"data":null}"#.to_owned(), "unreadable"),
        (200, "[]".to_owned(), "unreadable"),
        (200, "<html>".to_owned(), "unreadable"),
        (200, String::new(), "unreadable"),
        (401, json!({ "errors": wrong_key }).to_string(), "expired"),
        (401, String::new(), "expired"),
        (402, r#"{"errors":"This shop is unpaid"}"#.to_owned(), "refused"),
        (403, r#"{"errors":"forbidden"}"#.to_owned(), "refused"),
        (404, r#"{"errors":"Not Found"}"#.to_owned(), "refused"),
        (423, r#"{"errors":"locked"}"#.to_owned(), "refused"),
        (429, r#"{"errors":"Exceeded 2 calls per second for api client."}"#.to_owned(), "throttled"),
        (430, String::new(), "throttled"),
        (400, r#"{"errors":{"query":"Required parameter missing"}}"#.to_owned(), "refused"),
        (418, "{}".to_owned(), "refused"),
        (500, "<html>".to_owned(), "later"),
        (502, String::new(), "later"),
        (503, r#"{"errors":"x"}"#.to_owned(), "later"),
    ];
    for (status, body, expected) in table {
        assert_eq!(word(status, &body), expected, "{status} {body}");
    }
}

#[test]
fn a_search_that_was_passed_over_is_an_error() {
    let body = json!({
        "data": { "orders": { "nodes": [{ "id": "gid://shopify/Order/1" }] } },
        "extensions": { "search": [{ "path": ["orders"], "query": "updatd_at:>x",
            "warnings": [{ "field": "updatd_at", "message": "Invalid search field for this query.", "code": "invalid_field" }] }] },
    });
    assert_eq!(word(200, &body.to_string()), "refused");
    let quiet = json!({ "data": {}, "extensions": { "search": [{ "path": ["orders"], "warnings": [] }] } });
    assert_eq!(word(200, &quiet.to_string()), "fine");
}

#[test]
fn a_missing_scope_is_named_and_people_are_told_from_scopes() {
    let denied = |message: &str, wanted: &str, path: Value| {
        json!({ "data": null, "errors": [{ "message": message, "path": path,
            "extensions": { "code": "ACCESS_DENIED", "requiredAccess": wanted } }] })
        .to_string()
    };
    let orders = denied("Access denied for orders field.", "`read_orders` access scope.", json!(["orders"]));
    match understand(&answer(200, &orders), now()) {
        Err(Refusal::Trouble(Trouble::Scope { missing, .. })) => assert_eq!(missing, ["read_orders"]),
        other => panic!("{other:?}"),
    }
    let object = "This app is not approved to access the Customer object. See \
        https://shopify.dev/docs/apps/launch/protected-customer-data for more details.";
    for body in [
        denied(object, "", json!(["orders", "nodes", 0, "customer"])),
        denied("Access denied for email field.", "", json!(["orders", "nodes", 0, "customer", "email"])),
        denied("Access denied for customer field. Required access: `read_customers` access scope.", "", Value::Null),
    ] {
        assert_eq!(word(200, &body), "people", "{body}");
    }
}

#[test]
fn a_limit_says_how_long_it_lasts() {
    let body = |wanted: f64, left: f64, most: f64| {
        json!({ "errors": [{ "message": "Throttled", "extensions": { "code": "THROTTLED" } }],
            "extensions": { "cost": { "requestedQueryCost": wanted, "actualQueryCost": null, "throttleStatus":
            { "maximumAvailable": most, "currentlyAvailable": left, "restoreRate": 100.0 } } } })
        .to_string()
    };
    let after = |answer: &Answer| match understand(answer, now()) {
        Err(Refusal::Trouble(Trouble::Later { after, throttled: true, .. })) => after,
        other => panic!("{other:?}"),
    };
    assert_eq!(after(&answer(200, &body(752.0, 501.0, 2000.0))), Some(Duration::from_secs(3)));
    assert_eq!(after(&answer(200, &body(100.0, 500.0, 2000.0))), None);
    assert_eq!(word(200, &body(3000.0, 2000.0, 2000.0)), "costly", "no waiting makes room for it");
    let mut header = answer(429, "");
    header.headers.insert("retry-after", HeaderValue::from_static("2.0"));
    assert_eq!(after(&header), Some(Duration::from_secs(2)));
    // A shop without a plan is not told.
    for extensions in [json!({}), json!({ "cost": null }), json!({ "cost": { "requestedQueryCost": 3 } })] {
        let cost = Cost::of(&json!({ "extensions": extensions }));
        assert_eq!(cost.and_then(|cost| cost.wait()), None);
    }
}

#[test]
fn questions_are_whole_and_a_bulk_one_is_as_its_validators_want_it() {
    let all = [
        queries::orders(People::Whole, "UPDATED_AT"),
        queries::orders_by_id(People::Number),
        queries::orders_in_bulk(People::None, "created_at:>='2026-01-01T00:00:00Z'", true),
        queries::more_lines(),
        queries::more_moments(),
        queries::more_refund_lines(),
        queries::more_variants(),
        queries::more_levels(),
        queries::more_shipping(),
        queries::more_refund_shipping(),
        queries::more_adjustments(),
        queries::refunds_by_id(),
        queries::products(),
        queries::variants(),
        queries::items(),
    ];
    for text in &all {
        assert!(!text.contains('@'), "a part was not filled in: {text}");
        assert_eq!(text.matches('{').count(), text.matches('}').count(), "{text}");
    }
    let bulk = &all[2];
    assert!(!bulk.contains("nodes") && !bulk.contains("first:") && !bulk.contains("refundLineItems"), "{bulk}");
    assert_eq!(bulk.matches("edges{").count(), 4);
    let without = queries::orders_in_bulk(People::None, "", false);
    assert!(!without.contains("moments{") && without.contains("lastVisit{") && without.contains("momentsCount{"));
    for (people, asked) in [(People::Whole, true), (People::Number, false), (People::None, false)] {
        assert_eq!(queries::orders(people, "UPDATED_AT").contains("email"), asked);
    }
    assert!(!queries::orders(People::None, "UPDATED_AT").contains("customer{"));
}

#[test]
fn a_window_that_is_too_deep_is_cut_where_it_was_read_to() {
    let to = now();
    let mut pages = Pages::new(By::Updated, None, to, 250);
    let page = json!({ "pageInfo": { "hasNextPage": true, "endCursor": "c" } });
    let node = json!({ "updatedAt": "2026-11-01T00:00:00Z" });
    let nodes = vec![node; 250];
    for _ in 1..80 {
        pages = pages.next(&page, &nodes).unwrap().unwrap();
        assert_eq!((pages.after.as_deref(), pages.from), (Some("c"), None));
    }
    pages = pages.next(&page, &nodes).unwrap().unwrap();
    assert_eq!((pages.after.as_deref(), pages.seen), (None, 0));
    assert_eq!(pages.search(), "updated_at:>='2026-11-01T00:00:00Z' AND updated_at:<'2026-11-22T12:00:00Z'");
    let end = json!({ "pageInfo": { "hasNextPage": false, "endCursor": null } });
    assert!(pages.clone().next(&end, &nodes).unwrap().is_none());
    assert!(pages.clone().next(&json!({}), &nodes).is_err(), "no word about a next page is no end");
    let sizes: Vec<u32> = std::iter::successors(Some(pages), |pages| pages.clone().halved()).map(|p| p.size).collect();
    assert_eq!(sizes, [250, 125, 62, 31, 15, 7, 3, 1]);
}

proptest::proptest! {
    #[test]
    fn what_was_paid_for_a_line_stays_exact_without_its_tax(
        quantity in 0_i64..50, cents in 0_i64..1_000_000, off in 0_i64..100, rate in 0_i64..30, included: bool,
    ) {
        let price = cents * 10_000;
        let gross = price * quantity;
        let discount = gross / 100 * off;
        let paid = gross - discount;
        let tax = paid * rate / (100 + rate);
        let net = Line { quantity, price, discount, tax }.without_tax(included).unwrap();
        let expected = if included { paid - tax } else { paid };
        proptest::prop_assert_eq!(net.price * quantity - net.discount, expected);
        proptest::prop_assert_eq!((net.quantity, net.tax), (quantity, tax));
    }
}

/// A recorded file; none where the folder is not there.
fn recorded(name: &str) -> Option<Value> {
    let here = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let places = ["../shared/fixtures/shopify", "../../shared/fixtures/shopify"];
    let found = places.iter().find_map(|place| std::fs::read(here.join(place).join(name)).ok());
    if found.is_none() {
        eprintln!("skipped: ../shared/fixtures/shopify/{name} is not there");
    }
    serde_json::from_slice(&found?).ok()
}

#[test]
fn errors_that_were_recorded_are_errors() {
    if let Some(file) = recorded("live_graphql_errors.json") {
        let cases = file["cases"].as_object().unwrap();
        assert_eq!(cases.len(), 9);
        for (name, case) in cases {
            let response = &case["response"];
            let status = u16::try_from(response["status"].as_u64().unwrap()).unwrap();
            assert_eq!((status, word(status, &response["payload"].to_string())), (200, "refused"), "{name}");
        }
    }
    if let Some(file) = recorded("official_mock_graphql_throttled.json") {
        assert_eq!(word(200, &file.to_string()), "throttled");
    }
    if let Some(file) = recorded("live_locations.json") {
        assert_eq!(word(200, &file.to_string()), "fine");
        let left = Cost::of(&file).and_then(|cost| cost.throttle_status).map(|status| status.currently_available);
        assert_eq!(left, Some(1996.0));
    }
}
