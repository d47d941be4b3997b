//! The compiler against DuckDB: every metric by every dimension runs, rollups equal facts, totals equal hand-written SQL.

use jiff::Timestamp;
use jiff::civil::date;
use jiff::tz::TimeZone;
use serde_json::json;

use crate::metrics::answer::{About, Answer, Freshness, Table, answer};
use crate::metrics::calendar::Calendar;
use crate::metrics::catalogue::{Catalogue, Metric};
use crate::metrics::facts::Dim;
use crate::metrics::plan::{Frame, Plan, dimensions};
use crate::metrics::query::Query;
use crate::metrics::run::{gather, run};
use crate::metrics::sql::{compile, roles};
use crate::money::Currency;

const FIXTURE: &str = include_str!("fixture.sql");

pub fn warehouse() -> duckdb::Connection {
    let conn = duckdb::Connection::open_in_memory().expect("DuckDB");
    crate::warehouse::derived_from(&conn, FIXTURE).expect("fixture.sql");
    conn
}

fn frame() -> Frame {
    let now: Timestamp = "2026-03-20T15:30:20Z".parse().expect("an instant");
    let zone = TimeZone::get("America/New_York").expect("a zone");
    Frame {
        brand_id: 1,
        currency: Currency::parse("USD").expect("a currency"),
        calendar: Calendar::new(zone, 1, now),
        complete_until: date(2026, 3, 20),
        journeys: false,
    }
}

fn query(value: serde_json::Value) -> Query {
    serde_json::from_value(value).expect("a query")
}

fn ask(conn: &duckdb::Connection, value: serde_json::Value) -> Answer {
    ask_in(conn, &frame(), value)
}

/// Answers a query as JSON, seen from `frame`.
pub fn ask_in(conn: &duckdb::Connection, frame: &Frame, value: serde_json::Value) -> Answer {
    let plan = Plan::new(&query(value.clone()), frame.clone()).unwrap_or_else(|e| panic!("{value}: {e}"));
    ask_plan(conn, &plan)
}

fn ask_plan(conn: &duckdb::Connection, plan: &Plan) -> Answer {
    let statements = compile(plan);
    let found = statements.iter().map(|s| run(conn, s).unwrap_or_else(|e| panic!("{e:#}\n{}", s.text))).collect();
    let found = gather(&roles(plan), found);
    let about = About {
        query_id: String::new(),
        compare: None,
        freshness: Freshness::default(),
        sql: String::new(),
        parameters: Vec::new(),
        elapsed_ms: 0.0,
    };
    answer(plan, &Table::new(plan, found), about)
}

fn single(conn: &duckdb::Connection, sql: &str) -> i128 {
    conn.query_row(sql, [], |row| row.get(0)).unwrap_or_else(|e| panic!("{e}\n{sql}"))
}

/// Every dimension with the metrics that have it, as many at once as a query takes.
fn splits() -> Vec<(Dim, Vec<&'static str>)> {
    let mut splits = Vec::new();
    for dim in Dim::ALL {
        let has = |m: &&Metric| dimensions(m).contains(dim) && m.each.is_none_or(|each| each == *dim);
        let metrics: Vec<&str> = Catalogue::get().metrics.iter().filter(has).map(|m| m.id.as_str()).collect();
        splits.extend(metrics.chunks(20).map(|chunk| (*dim, chunk.to_vec())));
    }
    splits
}

#[test]
fn every_metric_by_every_dimension_it_has() {
    let conn = warehouse();
    for (dim, metrics) in splits() {
        for compare in [json!(null), json!({"to": "previous_period"})] {
            let q = json!({"metrics": metrics, "dimensions": [dim.id()], "compare": compare,
                "time": {"start": "2026-02-01", "end": "2026-03-15"}});
            let answer = ask(&conn, q);
            let width = 1 + metrics.len() * if compare.is_null() { 1 } else { 4 };
            assert!(answer.rows.iter().all(|row| row.len() == width), "{metrics:?} by {}", dim.id());
            assert_eq!((answer.columns.len(), answer.totals.len()), (width, width));
        }
    }
}

#[test]
fn totals_equal_sql_by_hand() {
    let conn = warehouse();
    let window = "day >= date '2026-02-01' and day < date '2026-03-15' and brand_id = 1";
    let gross = single(&conn, &format!("select sum(gross)::hugeint from fact_order_lines where {window}"));
    let discount = single(&conn, &format!("select sum(discount)::hugeint from fact_order_lines where {window}"));
    let refunds = single(&conn, &format!("select sum(goods)::hugeint from fact_refund_lines where {window}"));
    let spend = single(&conn, &format!("select sum(spend)::hugeint from fact_ad_days where {window}"));
    let orders = single(&conn, &format!("select count(*)::hugeint from fact_orders where {window}"));
    let q = json!({"metrics": ["net_sales", "orders", "aov", "ad_spend", "mer_ratio"],
        "time": {"start": "2026-02-01", "end": "2026-03-15"}});
    let answer = ask(&conn, q);
    let net = gross - discount - refunds;
    let money = |micros: i128| crate::money::format_micros(micros, 2);
    assert_eq!(answer.totals[0], json!(money(net)));
    assert_eq!(answer.totals[1], json!(i64::try_from(orders).expect("small")));
    assert_eq!(
        answer.totals[2],
        json!(crate::money::format_micros(crate::money::div_half_even(gross - discount, orders), 2))
    );
    assert_eq!(answer.totals[3], json!(money(spend)));
    let mer = crate::money::div_half_even(net * 1_000_000, spend);
    assert_eq!(answer.totals[4], json!(crate::money::format_micros(mer, 6)));
}

#[test]
fn rollups_equal_facts() {
    let conn = warehouse();
    let mut compared = 0;
    for (dim, metrics) in splits() {
        let by_day = json!({"metrics": metrics, "dimensions": [dim.id()],
            "time": {"start": "2026-01-10", "end": "2026-03-15"}, "compare": {"to": "previous_period"}});
        let plan = Plan::new(&query(by_day), frame()).expect("a plan");
        let facts = plan.clone().without_rollups().expect("a plan");
        if plan.reads == facts.reads {
            continue;
        }
        compared += 1;
        let (a, b) = (ask_plan(&conn, &plan), ask_plan(&conn, &facts));
        assert_eq!(a.totals, b.totals, "{metrics:?} by {}", dim.id());
        assert_eq!(a.rows, b.rows, "{metrics:?} by {}", dim.id());
    }
    assert!(compared > 10, "only {compared}");
}

#[test]
fn a_users_text_stays_a_value() {
    let conn = warehouse();
    for text in
        ["'; drop table fact_orders; --", "\" or 1=1", "$1", "%", "\u{1f}", "{brand}", "\\", "' || (select 1) || '"]
    {
        for op in ["eq", "neq", "contains", "not_contains"] {
            let filters = json!([{"dim": "product", "op": op, "value": text}, {"dim": "discount_code", "op": op, "value": text},
                {"dim": "order", "op": op, "value": text}]);
            let q = json!({"metrics": ["orders", "refunds"], "filters": filters, "time": {"range": "30d"}});
            let kept = ask(&conn, q).totals[0].as_i64().expect("a count");
            assert_eq!(kept > 0, op.starts_with('n'), "{op} {text}");
        }
    }
    assert!(single(&conn, "select count(*)::hugeint from fact_orders") > 0);
}

#[test]
fn filters_split_the_whole() {
    let conn = warehouse();
    let time = json!({"start": "2026-01-01", "end": "2026-03-01"});
    let net = |filters: serde_json::Value| {
        let answer = ask(&conn, json!({"metrics": ["net_sales"], "filters": filters, "time": time}));
        crate::money::parse_micros(answer.totals[0].as_str().expect("money")).expect("decimal")
    };
    let all = net(json!([]));
    for (dim, value) in [
        ("country", json!("US")),
        ("store", json!("EU")),
        ("product", json!("Product 1")),
        ("collection", json!("Gifts")),
        ("discount_code", json!("A")),
        ("discounted", json!(true)),
        ("customer_type", json!("new")),
        ("day_of_week", json!("sunday")),
        ("hour", json!(4)),
        ("month", json!("2026-02")),
        ("cohort_month", json!("2026-01")),
        ("connector", json!("file")),
    ] {
        let (with, without) = (
            net(json!([{"dim": dim, "op": "eq", "value": value}])),
            net(json!([{"dim": dim, "op": "neq", "value": value}])),
        );
        // Each side is rounded once: a cent may be lost between them.
        assert!((with + without - all).abs() <= 10_000, "{dim}: {with} + {without} <> {all}");
        assert!(with != 0 && with != all, "{dim}: {with}");
    }
}

#[test]
fn bounds_on_metrics_and_pages() {
    let conn = warehouse();
    let time = json!({"start": "2026-01-01", "end": "2026-03-01"});
    let all = ask(&conn, json!({"metrics": ["aov", "orders"], "dimensions": ["country"], "time": time}));
    let second = all.rows[1][0].clone();
    let bound = all.rows[1][1].clone();
    let q = |op: &str| {
        json!({"metrics": ["aov", "orders"], "dimensions": ["country"], "time": time,
        "filters": [{"dim": "orders", "op": op, "value": all.rows[1][2]}]})
    };
    let equal = ask(&conn, q("eq"));
    assert!(equal.rows.iter().any(|r| r[0] == second && r[1] == bound), "{:?}", equal.rows);
    assert_eq!(equal.totals, all.totals, "a bound picks rows, not the totals");
    assert_eq!(ask(&conn, q("gt")).rows.len() + ask(&conn, q("lte")).rows.len(), all.rows.len());
    let mut paged = Vec::new();
    for offset in 0..all.rows.len() {
        let page = ask(
            &conn,
            json!({"metrics": ["aov", "orders"], "dimensions": ["country"], "time": time, "limit": 1, "offset": offset}),
        );
        assert_eq!(page.truncated, offset + 1 < all.rows.len());
        paged.extend(page.rows);
    }
    assert_eq!(paged, all.rows);
}

#[test]
fn a_bound_on_the_only_row() {
    let conn = warehouse();
    let rows = |op: &str, value: serde_json::Value| {
        let filters = json!([{"dim": "orders", "op": op, "value": value}]);
        ask(&conn, json!({"metrics": ["orders"], "filters": filters, "time": {"range": "30d"}})).rows.len()
    };
    let count = ask(&conn, json!({"metrics": ["orders"], "time": {"range": "30d"}})).totals[0].clone();
    for (op, kept) in [("eq", 1), ("neq", 0), ("gt", 0), ("gte", 1), ("lt", 0), ("lte", 1)] {
        assert_eq!(rows(op, count.clone()), kept, "{op}");
    }
    assert_eq!((rows("between", json!([0, 1_000_000])), rows("is_null", json!(true))), (1, 0));
}

#[test]
fn orders_by_their_value() {
    let conn = warehouse();
    let time = json!({"start": "2026-01-01", "end": "2026-03-01"});
    let top = ask(&conn, json!({"metrics": ["order_value"], "dimensions": ["order"], "time": time, "limit": 3}));
    assert_eq!(top.rows.len(), 3);
    let bound = top.rows[2][1].clone();
    let q =
        json!({"metrics": ["orders"], "time": time, "filters": [{"dim": "order_value", "op": "gte", "value": bound}]});
    let count = ask(&conn, q).totals[0].as_i64().expect("a count");
    assert!(count >= 3, "{count}");
    let by_hand = single(
        &conn,
        &format!(
            "select count(*)::hugeint from fact_orders where brand_id = 1 and day >= date '2026-01-01' \
        and day < date '2026-03-01' and gross - discount >= {}",
            crate::money::parse_micros(bound.as_str().expect("money")).expect("decimal")
        ),
    );
    assert_eq!(i128::from(count), by_hand);
}

#[test]
fn ratios_are_of_sums_and_empty_ones_null() {
    let conn = warehouse();
    let q = json!({"metrics": ["aov", "refund_rate", "mer_ratio"], "grain": "week", "time": {"start": "2026-01-01", "end": "2026-03-01"}});
    let weeks = ask(&conn, q);
    let values: Vec<f64> = weeks.rows.iter().filter_map(|r| r[1].as_str()?.parse().ok()).collect();
    let average = values.iter().sum::<f64>() / f64::from(u32::try_from(values.len()).expect("few"));
    let true_one: f64 = weeks.totals[1].as_str().expect("money").parse().expect("decimal");
    assert!((average - true_one).abs() > 0.01, "the trap needs unequal weeks");
    let empty = ask(
        &conn,
        json!({"metrics": ["aov", "refund_rate", "cpc", "orders"], "time": {"start": "2020-01-01", "end": "2020-02-01"}}),
    );
    assert_eq!(empty.totals, [json!(null), json!(null), json!(null), json!(0)]);
}

#[test]
fn stock_by_hand() {
    let conn = warehouse();
    let q = json!({"metrics": ["inventory_on_hand", "inventory_value", "days_of_cover", "reorder_quantity"], "dimensions": ["sku", "low_stock"],
        "time": {"start": "2026-01-01", "end": "2026-02-15"}, "order": {"by": "sku"}});
    let answer = ask(&conn, q);
    assert_eq!(answer.rows.len(), 18);
    let row = answer.rows.iter().find(|r| r[0] == json!("SKU-1")).expect("SKU-1");
    let on_hand = single(
        &conn,
        "select sum(h)::hugeint from (select arg_max(on_hand, day) as h from fact_stock \
        where variant_id = 1 and day <= date '2026-02-14' group by warehouse_id)",
    );
    assert_eq!(row[2].as_i64().map(i128::from), Some(on_hand));
    let sold = single(
        &conn,
        "select sum(quantity)::hugeint from fact_order_lines where brand_id = 1 and variant_id = 1 \
        and day > date '2026-01-17' and day <= date '2026-02-14'",
    );
    assert!(sold > 0);
    // SKU-1 costs 7.01 and was never out of stock in these days.
    assert_eq!(row[3], json!(crate::money::format_micros(on_hand * 7_010_000, 2)));
    let cover = crate::money::div_half_even(on_hand * 28 * 1_000_000, sold);
    assert_eq!(row[4], json!(crate::money::format_micros(cover, 6)));
    let whole = ask(
        &conn,
        json!({"metrics": ["inventory_on_hand"], "dimensions": ["warehouse"], "time": {"start": "2026-01-01", "end": "2026-02-15"}}),
    );
    let sum: i64 = whole.rows.iter().filter_map(|r| r[1].as_i64()).sum();
    assert_eq!(json!(sum), answer.totals[2]);
}

#[test]
fn customers_by_hand() {
    let conn = warehouse();
    let time = json!({"start": "2026-01-01", "end": "2026-02-01"});
    let q = json!({"metrics": ["customers", "new_customers", "returning_customers", "repeat_rate", "time_to_second_order"], "time": time});
    let answer = ask(&conn, q);
    let window = "brand_id = 1 and day >= date '2026-01-01' and day < date '2026-02-01'";
    let customers =
        single(&conn, &format!("select count(distinct customer_id)::hugeint from fact_orders where {window}"));
    let new = single(
        &conn,
        &format!(
            "select count(*)::hugeint from dim_customer where {}",
            window.replace("day", "first_day").replace("first_first_day", "first_day")
        ),
    );
    assert_eq!(
        answer.totals[..3],
        [
            json!(i64::try_from(customers).expect("few")),
            json!(i64::try_from(new).expect("few")),
            json!(i64::try_from(customers - new).expect("few"))
        ]
    );
    let days = ask(&conn, json!({"metrics": ["new_customers"], "grain": "day", "time": time}));
    let sum: i64 = days.rows.iter().filter_map(|r| r[1].as_i64()).sum();
    assert_eq!(i128::from(sum), new, "each customer is new once");
    let end = "1769922000";
    let ever = single(
        &conn,
        &format!("select count(*)::hugeint from dim_customer where brand_id = 1 and first_order_at < {end}"),
    );
    let twice = single(
        &conn,
        &format!("select count(*)::hugeint from dim_customer where brand_id = 1 and second_order_at < {end}"),
    );
    let rate = crate::money::div_half_even(twice * 1_000_000, ever);
    assert_eq!(answer.totals[3], json!(crate::money::format_micros(rate, 6)));
    assert!(answer.totals[4].is_string());
}

#[test]
fn refunds_on_their_own_day_or_their_orders() {
    let conn = warehouse();
    let time = json!({"start": "2026-01-01", "end": "2026-02-01"});
    let refunds = |basis: &str| {
        let answer = ask(&conn, json!({"metrics": ["refunds"], "time": time, "params": {"basis": basis}}));
        answer.totals[0].clone()
    };
    let own = single(
        &conn,
        "select sum(goods)::hugeint from fact_refund_lines where brand_id = 1 and day >= date '2026-01-01' and day < date '2026-02-01'",
    );
    let orders = single(
        &conn,
        "select sum(r.goods)::hugeint from fact_refund_lines r left join fact_orders o using (order_id) \
        where r.brand_id = 1 and coalesce(o.day, r.day) >= date '2026-01-01' and coalesce(o.day, r.day) < date '2026-02-01'",
    );
    assert_ne!(own, orders);
    assert_eq!(refunds("refund_date"), json!(crate::money::format_micros(own, 2)));
    assert_eq!(refunds("order_date"), json!(crate::money::format_micros(orders, 2)));
}

#[test]
fn weekdays_and_days_of_them() {
    let conn = warehouse();
    let q = json!({"metrics": ["units_per_day", "units_sold"], "dimensions": ["day_of_week"], "order": {"by": "day_of_week"},
        "time": {"start": "2026-01-05", "end": "2026-01-20"}});
    let answer = ask(&conn, q);
    assert_eq!(answer.rows[0][0], json!("monday"));
    for row in &answer.rows {
        // From Monday the 5th to Monday the 19th: three Mondays, two of every other day.
        let days = if row[0] == json!("monday") { 3 } else { 2 };
        let units = i128::from(row[2].as_i64().expect("a count"));
        assert_eq!(row[1], json!(crate::money::format_micros(crate::money::div_half_even(units * 1_000_000, days), 6)));
    }
}
