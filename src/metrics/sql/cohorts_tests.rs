//! Cohort metrics and ages against SQL written by hand, and ages against the calendar itself.

use jiff::civil::{Date, date};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::tests::{ask_in, warehouse};
use crate::error::Error;
use crate::metrics::answer::Answer;
use crate::metrics::calendar::{Calendar, days_between};
use crate::metrics::columns::age;
use crate::metrics::facts::Dim;
use crate::metrics::plan::{Frame, Plan};
use crate::metrics::query::{Grain, Query};
use crate::money::{Currency, div_half_even, format_micros};

const UNTIL: Date = date(2026, 3, 20);

fn calendar(week_start: u8) -> Calendar {
    let now: Timestamp = "2026-03-20T15:30:20Z".parse().expect("an instant");
    Calendar::new(TimeZone::get("America/New_York").expect("a zone"), week_start, now)
}

fn frame() -> Frame {
    let currency = Currency::parse("USD").expect("a currency");
    Frame { brand_id: 1, currency, calendar: calendar(1), complete_until: UNTIL, journeys: false }
}

fn ask(conn: &duckdb::Connection, value: Json) -> Answer {
    ask_in(conn, &frame(), value)
}

fn pair(conn: &duckdb::Connection, sql: &str) -> (i128, i128) {
    conn.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?))).unwrap_or_else(|e| panic!("{e}\n{sql}"))
}

/// What came in of customers of brand 1, by their first day and the day of the row.
const CAME_IN: &str = "firsts as (select customer_id, min(day) as first from fact_orders where brand_id = 1 \
    and customer_id is not null group by 1), \
    came as (select customer_id, day, gross - discount as net from fact_orders where brand_id = 1 \
    union all select customer_id, day, -goods from fact_refund_lines where brand_id = 1)";

fn money(sum: i128, count: i128) -> Json {
    json!(format_micros(div_half_even(sum, count), 2))
}

#[test]
fn ltv_by_hand() {
    let conn = warehouse();
    let (sum, count) = pair(
        &conn,
        &format!(
            "with {CAME_IN} select (select sum(net)::hugeint from came join firsts using (customer_id)), count(*)::hugeint from firsts"
        ),
    );
    let query = json!({"metrics": ["ltv"], "params": {"value_basis": "net_sales"}});
    assert_eq!(ask(&conn, query).totals, [money(sum, count)]);

    // Within 30 days of the first order, of those who won in January and have them behind them.
    let (sum, count) = pair(
        &conn,
        &format!(
            "with {CAME_IN}, ripe as (select * from firsts where first >= date '2026-01-01' and first < date '2026-03-15' \
             and first + 30 <= date '2026-03-20') select (select sum(net)::hugeint from came join ripe using (customer_id) \
             where day < first + 30), count(*)::hugeint from ripe"
        ),
    );
    let query = json!({"metrics": ["ltv"], "time": {"start": "2026-01-01", "end": "2026-03-15"},
        "params": {"value_basis": "net_sales", "horizon_days": 30}});
    assert_eq!(ask(&conn, query).totals, [money(sum, count)]);

    let (profit, count) = pair(
        &conn,
        "with firsts as (select customer_id, min(day) as first from fact_orders where brand_id = 1 \
         and customer_id is not null group by 1), \
         came as (select o.customer_id, l.gross - l.discount - l.cost as profit from fact_order_lines l \
         join fact_orders o using (order_id) where o.brand_id = 1 and l.cost is not null \
         union all select customer_id, cost - goods from fact_refund_lines \
         where brand_id = 1 and not (cost is null and variant_id is not null)) \
         select (select sum(profit)::hugeint from came where customer_id is not null), count(*)::hugeint from firsts",
    );
    assert_eq!(ask(&conn, json!({"metrics": ["ltv"]})).totals, [money(profit, count)]);
}

#[test]
fn ltv_over_cac_by_hand() {
    let conn = warehouse();
    let query = json!({"metrics": ["ltv_cac_ratio", "ncac", "ltv"], "grain": "month",
        "time": {"start": "2026-01-01", "end": "2026-03-01"}, "params": {"value_basis": "net_sales"}});
    let answer = ask(&conn, query);
    let (value, spend) = pair(
        &conn,
        &format!(
            "with {CAME_IN} select (select sum(net)::hugeint from came join firsts using (customer_id) \
             where first >= date '2026-02-01' and first < date '2026-03-01'), (select sum(spend)::hugeint from fact_ad_days \
             where brand_id = 1 and day >= date '2026-02-01' and day < date '2026-03-01')"
        ),
    );
    assert_eq!(answer.rows[1][1], json!(format_micros(div_half_even(value * 1_000_000, spend), 6)));
    let by_month = json!({"metrics": ["ltv_cac_ratio", "ad_spend"], "dimensions": ["cohort_month"],
        "time": {"start": "2026-01-01", "end": "2026-03-01"}, "params": {"value_basis": "net_sales"}, "order": {"by": "cohort_month"}});
    let by_month = ask(&conn, by_month);
    assert_eq!((&by_month.rows[1][0], &by_month.rows[1][1]), (&json!("2026-02"), &answer.rows[1][1]));
}

#[test]
fn retention_by_hand() {
    let conn = warehouse();
    let query = json!({"metrics": ["cohort_retention"], "dimensions": ["age_weeks"], "order": {"by": "age_weeks"},
        "filters": [{"dim": "age_weeks", "op": "lte", "value": 6}]});
    let answer = ask(&conn, query);
    assert_eq!(answer.rows.len(), 7);
    for row in &answer.rows {
        let age = row[0].as_i64().expect("an age");
        let week = |day: &str| format!("date_trunc('week', {day})::date");
        let (active, exposed) = pair(
            &conn,
            &format!(
                "with {CAME_IN}, ripe as (select * from firsts where {} + 7 * ({age} + 1) <= date '2026-03-20') \
                 select (select count(distinct o.customer_id)::hugeint from fact_orders o join ripe r using (customer_id) \
                 where ({} - {}) // 7 = {age}), count(*)::hugeint from ripe",
                week("first"),
                week("o.day"),
                week("r.first")
            ),
        );
        assert_eq!(row[1], json!(format_micros(div_half_even(active * 1_000_000, exposed), 6)), "age {age}");
    }
    assert_eq!(answer.rows[0][1], json!("1.000000"), "everybody orders in the week of the first order");
    // An order of A's code is no order of A's customers.
    let filtered = |filter: Json| json!({"metrics": ["cohort_retention"], "dimensions": ["age_months"], "order": {"by": "age_months"}, "filters": [filter]});
    let by_first = ask(&conn, filtered(json!({"dim": "first_code", "op": "eq", "value": "A"})));
    let by_code = ask(&conn, filtered(json!({"dim": "discount_code", "op": "eq", "value": "A"})));
    assert_eq!(by_first.rows, by_code.rows, "of cohort metrics, both mean the first order");
}

#[test]
fn what_is_of_the_first_order_stays_with_the_customer() {
    let conn = warehouse();
    let time = json!({"start": "2026-01-01", "end": "2026-03-15"});
    for (dim, column) in [
        ("first_country", "f.country = 'GB'"),
        ("first_source", "f.sales_source = 'GB'"),
        ("first_store", "f.store_id = 2"),
        ("first_code", "list_contains(f.discount_codes, 'B')"),
    ] {
        let value = match dim {
            "first_store" => "EU",
            "first_code" => "B",
            _ => "GB",
        };
        let query = json!({"metrics": ["orders", "refunds"], "time": time,
            "filters": [{"dim": dim, "op": "eq", "value": value}]});
        let (orders, goods) = pair(
            &conn,
            &format!(
                "with f as (select c.customer_id, o.* exclude (customer_id) from dim_customer c \
                 join fact_orders o on o.order_id = c.first_order_id where c.brand_id = 1) \
                 select (select count(*)::hugeint from fact_orders o join f using (customer_id) where {column} \
                 and o.day >= date '2026-01-01' and o.day < date '2026-03-15'), \
                 (select coalesce(sum(goods), 0)::hugeint from fact_refund_lines r join f using (customer_id) where {column} \
                 and r.day >= date '2026-01-01' and r.day < date '2026-03-15')"
            ),
        );
        let expected = [json!(i64::try_from(orders).expect("few")), json!(format_micros(goods, 2))];
        assert_eq!(ask(&conn, query).totals, expected, "{dim}");
        assert_eq!(orders == 0, dim == "first_source", "{dim} finds {orders} orders");
    }
}

#[test]
fn ages_do_not_mix() {
    for query in [
        json!({"metrics": ["ltv"], "dimensions": ["age_months", "age_weeks"]}),
        json!({"metrics": ["ltv"], "dimensions": ["age_months"], "params": {"horizon_days": 30}}),
        json!({"metrics": ["cohort_retention"], "dimensions": ["cohort_month"]}),
        json!({"metrics": ["ltv_cac_ratio"], "dimensions": ["first_product"], "time": {"range": "90d"}}),
    ] {
        let asked: Query = serde_json::from_value(query.clone()).expect("a query");
        let refused = Plan::new(&asked, frame()).expect_err("refused");
        assert!(
            matches!(&refused, Error::Invalid { code, .. } if *code == "dimension_not_available"),
            "{query}: {refused}"
        );
    }
}

/// The age in SQL, for days given as their distance from 2020-01-01.
fn in_sql(conn: &duckdb::Connection, unit: Dim, week_start: u8, first: i64, day: i64) -> i64 {
    let expression = age(unit, "a", "b").replace("$week_start", &week_start.to_string());
    let sql = format!(
        "select ({expression})::bigint from (select date '2020-01-01' + {day}::integer as a, date '2020-01-01' + {first}::integer as b)"
    );
    conn.query_row(&sql, [], |row| row.get(0)).unwrap_or_else(|e| panic!("{e}\n{sql}"))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn ages_are_the_calendar_s(first in 0_i64..3_000, after in -10_i64..900, week_start in 1_u8..=7) {
        let conn = duckdb::Connection::open_in_memory().expect("DuckDB");
        let calendar = calendar(week_start);
        let day = |n: i64| date(2020, 1, 1).checked_add(n.days()).expect("in range");
        let (from, to) = (day(first), day(first + after));
        let weeks = days_between(calendar.bucket_start(from, Grain::Week), calendar.bucket_start(to, Grain::Week)) / 7;
        prop_assert_eq!(in_sql(&conn, Dim::AgeWeeks, week_start, first, first + after), weeks.max(0));
        let mut months = 0;
        let mut start = calendar.bucket_start(from, Grain::Month);
        while calendar.next_bucket(start, Grain::Month) <= to {
            start = calendar.next_bucket(start, Grain::Month);
            months += 1;
        }
        prop_assert_eq!(in_sql(&conn, Dim::AgeMonths, week_start, first, first + after), months);
    }
}
