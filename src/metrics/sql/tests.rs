//! The compiler against DuckDB: every metric by every dimension runs, rollups equal facts, totals equal hand-written SQL.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::json;

use crate::metrics::answer::{About, Answer, Freshness, Table, answer};
use crate::metrics::calendar::Calendar;
use crate::metrics::catalogue::{Catalogue, Metric};
use crate::metrics::facts::Dim;
use crate::metrics::plan::{Frame, Plan, dimensions};
use crate::metrics::query::Query;
use crate::metrics::run::run;
use crate::metrics::sql::compile;
use crate::money::Currency;

const FIXTURE: &str = include_str!("fixture.sql");

fn warehouse() -> duckdb::Connection {
    let conn = duckdb::Connection::open_in_memory().expect("DuckDB");
    conn.execute_batch(FIXTURE).expect("fixture.sql");
    conn
}

fn frame() -> Frame {
    let now: Timestamp = "2026-03-20T15:30:20Z".parse().expect("an instant");
    let zone = TimeZone::get("America/New_York").expect("a zone");
    Frame { brand_id: 1, currency: Currency::parse("USD").expect("a currency"), calendar: Calendar::new(zone, 1, now) }
}

fn query(value: serde_json::Value) -> Query {
    serde_json::from_value(value).expect("a query")
}

fn ask(conn: &duckdb::Connection, value: serde_json::Value) -> Answer {
    let plan = Plan::new(&query(value.clone()), frame()).unwrap_or_else(|e| panic!("{value}: {e}"));
    ask_plan(conn, &plan)
}

fn ask_plan(conn: &duckdb::Connection, plan: &Plan) -> Answer {
    let statement = compile(plan);
    let found = run(conn, &statement).unwrap_or_else(|e| panic!("{e:#}\n{}", statement.text));
    let about = About {
        query_id: String::new(),
        compare: None,
        freshness: Freshness::default(),
        sql: statement.text.clone(),
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
    assert_eq!(answer.totals[2], json!(crate::money::format_micros(crate::money::div_half_even(gross - discount, orders), 2)));
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
