//! What is summed in memory against the same question as SQL.

use jiff::civil::date;
use jiff::tz::TimeZone;
use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::{Held, Task};
use crate::metrics::calendar::Calendar;
use crate::metrics::plan::{Frame, Plan};
use crate::metrics::run::{KeyValue, Sums, gather, run};
use crate::metrics::sql::steps;
use crate::metrics::sql::tests::warehouse;
use crate::money::Currency;

fn frame(brand_id: i64) -> Frame {
    let zone = TimeZone::get("America/New_York").expect("a zone");
    let now = "2026-03-20T15:30:20Z".parse().expect("an instant");
    Frame {
        brand_id,
        currency: Currency::parse("USD").expect("a currency"),
        calendar: Calendar::new(zone, 7, now),
        complete_until: date(2026, 3, 20),
        journeys: false,
    }
}

fn plan(query: Json, brand_id: i64) -> Plan {
    let query = serde_json::from_value(query).expect("a query");
    Plan::new(&query, frame(brand_id)).expect("a plan").of_few_groups()
}

type Rows = Vec<(Vec<KeyValue>, Sums, Sums)>;

/// Rows and totals, found in memory and by SQL; and how many tasks were done in memory.
fn both_ways(conn: &duckdb::Connection, held: &Held, plan: &Plan) -> ([(Rows, Sums, Sums); 2], usize) {
    let steps = steps(plan).expect("a plan of steps");
    let tasks: Vec<Task> = steps.iter().map(Task::of).collect();
    let in_memory = tasks.iter().filter(|task| !matches!(task, Task::Sql(_))).count();
    let roles: Vec<_> = steps.iter().map(|step| step.role).collect();
    let one = tasks.iter().map(|task| held.find_with(conn, task, (0, 1)).expect("found")).collect();
    let other = steps.iter().map(|step| run(conn, &step.statement()).expect("rows")).collect();
    let shown = |found| {
        let found = gather(&roles, found);
        (found.rows.into_iter().map(|row| (row.keys, row.now, row.before)).collect(), found.now, found.before)
    };
    ([shown(one), shown(other)], in_memory)
}

#[test]
fn what_memory_cannot_know_takes_sql() {
    let window = json!({"start": "2026-01-05", "end": "2026-03-01"});
    let in_sql = |query| {
        let plan = plan(query, 1);
        matches!(Task::of(&steps(&plan).expect("steps")[0]), Task::Sql(_))
    };
    assert!(in_sql(json!({"metrics": ["net_sales"], "dimensions": ["city"], "time": window})));
    assert!(in_sql(json!({"metrics": ["units_sold"], "dimensions": ["collection"], "time": window})));
    assert!(in_sql(json!({"metrics": ["orders"], "time": {"range": "today"}})));
    let filtered = json!([{"dim": "country", "op": "contains", "value": "u"}]);
    assert!(in_sql(json!({"metrics": ["orders"], "time": window, "filters": filtered})));
    assert!(!in_sql(json!({"metrics": ["orders"], "time": window})));
}

#[test]
fn a_younger_version_is_read_anew() {
    let conn = warehouse();
    let held = Held::default();
    let plan = plan(json!({"metrics": ["orders"], "time": {"start": "2026-01-05", "end": "2026-03-01"}}), 1);
    let task = Task::of(&steps(&plan).expect("steps")[0]);
    assert!(held.find(&task, (0, 1)).is_none(), "nothing is held before it was read");
    let before = held.find_with(&conn, &task, (0, 1)).expect("found");
    assert_eq!(held.find(&task, (0, 1)), Some(before.clone()));
    conn.execute_batch("delete from daily_sales where day = date '2026-02-01'").expect("a change");
    assert_eq!(held.find_with(&conn, &task, (0, 1)).expect("found"), before, "the version that is held");
    let after = held.find_with(&conn, &task, (0, 2)).expect("found");
    assert_ne!(after, before);
    assert!(held.find(&task, (0, 1)).is_none());
    assert_eq!(held.find_with(&conn, &task, (0, 1)).expect("an old reader"), after, "reads for itself");
    assert!(held.find(&task, (0, 2)).is_some(), "and leaves the younger version where it is");
    assert!(held.find(&task, (1, 2)).is_none(), "a warehouse that was filled anew is read anew");
}

/// A question that memory can answer, or most of it.
fn question() -> impl Strategy<Value = Json> {
    let sales = ["net_sales", "gross_sales", "discounts", "refunds", "orders", "aov", "units_sold", "new_customers"];
    let more = ["contribution_margin", "gross_margin", "refund_rate", "total_sales", "ncac", "mer_ratio", "customers"];
    let ads = ["ad_spend", "impressions", "clicks", "platform_roas", "cpc", "platform_conversions"];
    let about_sales = (
        proptest::sample::subsequence([sales.as_slice(), &more[..4]].concat(), 1..5),
        proptest::sample::subsequence(vec!["store", "connector", "country", "customer_type", "day_of_week"], 0..3),
    );
    let about_products = (
        proptest::sample::subsequence(vec!["net_sales", "units_sold", "gross_margin", "refunds", "discounts"], 1..4),
        proptest::sample::subsequence(vec!["product", "category", "vendor", "sku", "size", "day_of_week"], 0..4),
    );
    let about_ads = (
        proptest::sample::subsequence(ads.to_vec(), 1..4),
        proptest::sample::subsequence(vec!["channel", "campaign", "connector"], 0..3),
    );
    let about_people = (Just(vec!["customers", "returning_customers", "ncac", "mer_ratio"]), Just(Vec::new()));
    let asked = prop_oneof![about_sales.boxed(), about_products.boxed(), about_ads.boxed(), about_people.boxed()];
    let grain = proptest::option::of(proptest::sample::select(vec!["day", "week", "month", "quarter", "year"]));
    let time = (0_i32..120, 1_i32..90);
    let compare = proptest::sample::select(vec![
        json!(null),
        json!({"to": "previous_period"}),
        json!({"to": "previous_year"}),
        json!({"to": "explicit", "start": "2025-12-01", "end": "2026-01-20"}),
    ]);
    let filter = proptest::option::of(proptest::sample::select(vec![
        json!({"dim": "country", "op": "in", "value": ["US", "DE", "nowhere"]}),
        json!({"dim": "country", "op": "is_null", "value": true}),
        json!({"dim": "customer_type", "op": "neq", "value": "new"}),
        json!({"dim": "month", "op": "eq", "value": "2026-02"}),
        json!({"dim": "day_of_week", "op": "not_in", "value": ["monday", "sunday"]}),
        json!({"dim": "product", "op": "eq", "value": "Product 3"}),
        json!({"dim": "category", "op": "is_null", "value": false}),
        json!({"dim": "channel", "op": "not_in", "value": ["meta"]}),
    ]));
    (asked, grain, time, compare, filter).prop_map(|((metrics, dims), grain, (from, days), compare, filter)| {
        let first = crate::metrics::calendar::shift_days(jiff::civil::date(2025, 11, 15), from.into());
        let after = crate::metrics::calendar::shift_days(first, days.into());
        json!({"metrics": metrics, "dimensions": dims, "grain": grain, "compare": compare,
            "filters": filter.into_iter().collect::<Vec<_>>(), "time": {"start": first, "end": after}})
    })
}

#[test]
fn memory_and_sql_find_the_same() {
    let conn = warehouse();
    let held = Held::default();
    let in_memory = std::cell::Cell::new(0);
    let asked = std::cell::Cell::new(0);
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig { cases: 400, ..ProptestConfig::default() });
    let all = runner.run(&(question(), 1_i64..=2), |(query, brand_id)| {
        let parsed = serde_json::from_value(query.clone()).expect("a query");
        // Not every metric knows every dimension.
        let Ok(plan) = Plan::new(&parsed, frame(brand_id)) else { return Ok(()) };
        let ([one, other], count) = both_ways(&conn, &held, &plan.of_few_groups());
        prop_assert_eq!(one, other, "{}", query);
        in_memory.set(in_memory.get() + count);
        asked.set(asked.get() + 1);
        Ok(())
    });
    all.unwrap_or_else(|error| panic!("{error}"));
    assert!(in_memory.get() > asked.get() && asked.get() > 100, "{} tasks of {}", in_memory.get(), asked.get());
}
