//! What a query may ask, and what it is told when it may not.

use jiff::tz::TimeZone;
use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::*;

fn frame() -> Frame {
    let now = "2026-11-22T20:30:00Z".parse().expect("an instant");
    let zone = TimeZone::get("America/New_York").expect("a zone");
    Frame {
        brand_id: 1,
        currency: Currency::parse("USD").expect("USD"),
        calendar: Calendar::new(zone, 1, now),
        complete_until: date(2026, 11, 22),
        journeys: false,
    }
}

fn plan(value: Json) -> Result<Plan> {
    let query: Query = serde_json::from_value(value).expect("the shape of a query");
    Plan::new(&query, frame())
}

fn code(value: Json) -> (String, String) {
    match plan(value.clone()) {
        Err(Error::Invalid { code, reason, .. }) => (code.to_owned(), reason),
        other => panic!("{value}: {other:?}"),
    }
}

/// A query of the last week's net sales with something else.
fn with(extra: Json) -> Json {
    let mut query = json!({"metrics": ["net_sales"], "time": {"range": "7d"}});
    query.as_object_mut().expect("an object").extend(extra.as_object().expect("an object").clone());
    query
}

#[test]
fn says_which_code_is_at_fault() {
    let time = json!({"range": "7d"});
    let many: Vec<String> = (0..30).map(|_| "net_sales".to_owned()).collect();
    for (query, expected) in [
        (json!({"metrics": [], "time": time}), "no_metric"),
        (json!({"metrics": many, "time": time}), "too_many"),
        (json!({"metrics": ["net_sales"]}), "time_required"),
        (with(json!({"metrics": ["revenue"]})), "unknown_metric"),
        (with(json!({"metrics": ["net_sales", "net_sales"]})), "repeated_metric"),
        (with(json!({"dimensions": ["shoe_size"]})), "unknown_dimension"),
        (with(json!({"dimensions": ["country", "country"]})), "repeated_dimension"),
        (with(json!({"grain": "hour", "dimensions": ["hour"]})), "repeated_dimension"),
        (with(json!({"dimensions": ["channel"]})), "dimension_not_available"),
        (with(json!({"metrics": ["ad_spend"], "dimensions": ["product"]})), "dimension_not_available"),
        (with(json!({"metrics": ["mer_ratio"], "grain": "hour"})), "dimension_not_available"),
        (with(json!({"metrics": ["total_sales"], "dimensions": ["sku"]})), "dimension_not_available"),
        (with(json!({"metrics": ["days_of_cover"], "dimensions": ["warehouse"]})), "dimension_not_available"),
        (with(json!({"metrics": ["order_value"]})), "dimension_not_available"),
        (
            with(json!({"metrics": ["ad_spend"], "filters": [{"dim": "order_value", "op": "gt", "value": 5}]})),
            "dimension_not_available",
        ),
        (
            with(
                json!({"metrics": ["ad_spend"], "time": {"start": "2026-10-01T09:30:00Z", "end": "2026-10-02T09:30:00Z"}}),
            ),
            "bad_time",
        ),
        (with(json!({"order": {"by": "orders"}})), "bad_order"),
        (with(json!({"order": {"by": "net_sales.previous"}})), "bad_order"),
        (with(json!({"limit": 0})), "bad_limit"),
        (with(json!({"limit": 1_000_000})), "bad_limit"),
        (with(json!({"offset": 4_000_000_000_u32})), "bad_limit"),
        (with(json!({"params": {"window_days": 0}})), "bad_params"),
        (with(json!({"params": {"currency": "EUR"}})), "currency_not_available"),
        (with(json!({"compare": {"to": "target"}})), "comparison_not_available"),
        (with(json!({"compare": {"to": "explicit"}})), "bad_time"),
        (with(json!({"compare": {"to": "previous_period", "start": "2026-01-01", "end": "2026-01-02"}})), "bad_time"),
        (
            with(json!({"grain": "hour", "time": {"range": "ytd"}, "metrics": ["orders", "ad_spend"]})),
            "dimension_not_available",
        ),
    ] {
        assert_eq!(code(query.clone()).0, expected, "{query}");
    }
}

#[test]
fn filters_take_what_fits_their_kind() {
    for (query, expected) in [
        (with(json!({"filters": [{"dim": "country", "op": "gt", "value": "US"}]})), "bad_filter"),
        (with(json!({"filters": [{"dim": "country", "op": "eq"}]})), "bad_filter"),
        (with(json!({"filters": [{"dim": "country", "op": "in", "value": []}]})), "bad_filter"),
        (with(json!({"filters": [{"dim": "country", "op": "eq", "value": {"a": 1}}]})), "bad_filter"),
        (with(json!({"filters": [{"dim": "discounted", "op": "eq", "value": "maybe"}]})), "bad_filter"),
        (with(json!({"filters": [{"dim": "hour", "op": "between", "value": [1]}]})), "bad_filter"),
        (with(json!({"filters": [{"dim": "day_of_week", "op": "eq", "value": "caturday"}]})), "bad_filter"),
        (with(json!({"filters": [{"dim": "day", "op": "gte", "value": "yesterday"}]})), "bad_filter"),
        (with(json!({"filters": [{"dim": "net_sales", "op": "contains", "value": "1"}]})), "bad_filter"),
        (with(json!({"filters": [{"dim": "net_sales", "op": "gt", "value": "1e400"}]})), "bad_filter"),
        (with(json!({"filters": [{"dim": "1; drop table fact_orders", "op": "eq", "value": 1}]})), "unknown_dimension"),
    ] {
        assert_eq!(code(query.clone()).0, expected, "{query}");
    }
}

#[test]
fn names_the_nearest_right_one() {
    let time = json!({"range": "7d"});
    let (_, reason) = code(json!({"metrics": ["net_slaes"], "time": time}));
    assert!(reason.contains("Did you mean \"net_sales\"?"), "{reason}");
    let (_, reason) = code(json!({"metrics": ["ad_spend"], "dimensions": ["product"], "time": time}));
    assert!(reason.contains("has no product") && reason.contains("campaign"), "{reason}");
}

#[test]
fn unknown_keys_are_an_error() {
    for text in [
        r#"{"metrics":["orders"],"time":{"range":"7d"},"sql":"select 1"}"#,
        r#"{"metrics":["orders"],"time":{"range":"7d","zone":"UTC"}}"#,
        r#"{"metrics":["orders"],"time":{"range":"7d"},"params":{"direction":"up"}}"#,
        r#"{"metrics":["orders"],"time":{"range":"7d"},"compare":{"to":"previous_period","by":"x"}}"#,
        r#"{"metrics":["orders"],"time":{"range":"7d"},"filters":[{"dim":"country","op":"eq","value":"US","or":1}]}"#,
        r#"{"metrics":["orders"],"time":{"range":"7d"},"grain":"fortnight"}"#,
        r#"{"metrics":["orders"],"time":{"range":"7d"},"limit":-1}"#,
        r#"{"metrics":"orders","time":{"range":"7d"}}"#,
    ] {
        assert!(serde_json::from_str::<Query>(text).is_err(), "{text}");
    }
}

#[test]
fn snapshots_and_cohorts_need_no_time() {
    for metric in ["inventory_on_hand", "days_of_cover", "repeat_rate", "time_to_second_order"] {
        assert!(plan(json!({"metrics": [metric]})).expect(metric).timeless);
    }
}

#[test]
fn reads_rollups_where_they_know_enough() {
    let reads = |query: Json| plan(query).expect("a plan").reads.into_keys().map(Source::id).collect::<Vec<_>>();
    let time = json!({"range": "30d"});
    assert_eq!(reads(json!({"metrics": ["net_sales"], "grain": "day", "time": time})), ["daily_sales"]);
    assert_eq!(reads(json!({"metrics": ["net_sales"], "dimensions": ["sku"], "time": time})), ["daily_products"]);
    assert_eq!(reads(json!({"metrics": ["ncac"], "grain": "day", "time": time})), ["daily_sales", "daily_ads"]);
    assert_eq!(reads(json!({"metrics": ["ad_spend"], "dimensions": ["ad"], "time": time})), ["fact_ad_days"]);
    assert_eq!(reads(json!({"metrics": ["orders"], "dimensions": ["city"], "time": time})), ["fact_orders"]);
    // A running day is cut at a time of day, which sums by day cannot be.
    assert_eq!(reads(json!({"metrics": ["orders"], "time": {"range": "today"}})), ["fact_orders"]);
    // Orders know what their lines cost.
    let both = json!({"metrics": ["total_sales", "gross_profit"], "dimensions": ["city"], "time": time});
    assert_eq!(reads(both), ["fact_orders", "fact_refund_lines"]);
}

fn any_query() -> impl Strategy<Value = Query> {
    let ids: Vec<String> = Catalogue::get().metrics.iter().map(|m| m.id.clone()).collect();
    let dims: Vec<String> = Catalogue::get().dimensions.iter().map(|d| d.id.id().to_owned()).collect();
    let ops = ["eq", "neq", "in", "not_in", "gt", "gte", "lt", "lte", "between", "contains", "not_contains", "is_null"];
    let value = prop_oneof![
        Just(json!("US")),
        Just(json!("'; drop table x; --")),
        Just(json!(["a", "b"])),
        Just(json!(3)),
        Just(json!("2026-11-01")),
        Just(json!(true)),
        Just(json!([1, 2])),
        Just(json!(["2026-10-01", "2026-11-01"])),
        ".*".prop_map(Json::from)
    ];
    let filter = (prop::sample::select(dims.clone()), prop::sample::select(ops.to_vec()), prop::option::of(value));
    let grain = prop::option::of(prop::sample::select(vec!["hour", "day", "week", "month", "quarter", "year"]));
    let compare = prop::option::of(prop::sample::select(vec!["previous_period", "previous_year"]));
    (
        prop::collection::vec(prop::sample::select(ids), 1..4),
        prop::collection::vec(prop::sample::select(dims), 0..3),
        prop::collection::vec(filter, 0..3),
        prop::sample::select(vec!["today", "7d", "mtd", "12m"]),
        grain,
        compare,
        prop::option::of(1_u32..10_000),
    )
        .prop_map(|(metrics, dimensions, filters, range, grain, compare, limit)| {
            let filters: Vec<Json> =
                filters.into_iter().map(|(dim, op, value)| json!({"dim": dim, "op": op, "value": value})).collect();
            let compare = compare.map(|to| json!({"to": to, "match": "dow"}));
            serde_json::from_value(json!({"metrics": metrics, "dimensions": dimensions, "filters": filters,
                "time": {"range": range}, "grain": grain, "compare": compare, "limit": limit}))
            .expect("the shape of a query")
        })
}

proptest! {
    #[test]
    fn queries_survive_their_json(query in any_query()) {
        let text = serde_json::to_string(&query).expect("JSON");
        prop_assert_eq!(serde_json::from_str::<Query>(&text).expect("the same"), query);
    }

    #[test]
    fn plans_never_carry_a_users_text_into_sql(query in any_query()) {
        if let Ok(plan) = Plan::new(&query, frame()) {
            for statement in crate::metrics::sql::compile(&plan) {
                prop_assert!(!statement.text.contains("drop table"));
                let unfilled = statement.text.contains('{');
                prop_assert!(!unfilled, "{}", statement.text);
                let beyond = format!("${} ", statement.params.len() + 1);
                let has_beyond = statement.text.contains(&beyond);
                prop_assert!(!has_beyond);
            }
        }
    }
}
