//! What attribution costs: a million journeys of five touches, all models over 90 days, and again after an hour's new data.
#![expect(clippy::unwrap_used, reason = "a measuring program stops at the first surprise")]

use std::time::Instant;

use pulsepoint::attribution::{AttributionModel, Ledger, Spec, Tuning, Window, side_by_side};
use pulsepoint::duck::{Connection, Duck, Limits};
use serde_json::json;

const SCHEMA: [&str; 3] = [
    include_str!("../../assets/migrations/warehouse/0001_star.sql"),
    include_str!("../../assets/migrations/warehouse/0003_journeys.sql"),
    include_str!("../../assets/migrations/warehouse/0004_credits.sql"),
];
const JOURNEYS: i64 = 1_000_000;
/// 2026-07-01, and the seconds of 90 days.
const BEGIN: i64 = 1_782_864_000;
const SPAN: i64 = 90 * 86_400;

/// Orders `from` to `to` of a million, one after the other over 90 days, each of its own customer with five touches before.
fn land(conn: &Connection, from: i64, to: i64) {
    let channels = "['meta', 'google', 'tiktok', 'email', 'sms', 'organic', 'direct', 'affiliate', 'referral']";
    let at = format!("({BEGIN} + n * {SPAN} // {JOURNEYS})");
    conn.execute_batch(&format!(
        "insert into fact_orders by name select 1 as brand_id, n as order_id, n::varchar as external_id, \
         make_timestamp({at} * 1000000)::date as day, 12 as hour, {at} as placed_at, 1 as store_id, n as customer_id, \
         'file' as connector, []::varchar[] as discount_codes, 1 as units, 1 as fulfilled, false as cancelled, \
         10000000 + n % 977 * 10000 as gross, 0 as discount, 0 as units_without_cost, 'USD' as currency, 0 as gross_native, \
         0 as discount_native, 0 as shipping_native, 0 as tax_native from range({from}, {to}) r(n); \
         insert into fact_touches select 1, n * 5 + s, 4 * n, ({at} - (5 - s) * 7200) * 1000, \
         make_timestamp(({at} - (5 - s) * 7200) * 1000000)::date, {channels}[hash(n * 5 + s) % 9 + 1], null, null, \
         'Campaign ' || hash(n + s) % 40, null, null, '/products/' || n % 500, null \
         from range({from}, {to}) r(n), range(0, 5) q(s)"
    ))
    .unwrap();
}

#[expect(clippy::print_stdout, reason = "its output is what it is for")]
fn main() {
    let duck = Duck::open(Limits { threads: 2, memory_mb: 8_192, ..Limits::default() }, &SCHEMA).unwrap();
    let lent = duck.lend().unwrap();
    let conn = lent.get().unwrap();
    let hour = JOURNEYS * 3_600 / SPAN;
    land(conn, 0, JOURNEYS - hour);
    let day = |second: i64| i32::try_from(second / 86_400).unwrap();
    let spec = Spec {
        brand_id: 1,
        model: AttributionModel::default(),
        tuning: Tuning::default(),
        window: Window { first: day(BEGIN), after: day(BEGIN + SPAN), since: None, until: None },
        by_touch: false,
        refunds_by_order: false,
        every_touch: false,
        today: day(BEGIN + SPAN),
    };
    let measure = || {
        let from = Instant::now();
        let ledger = Ledger::read(conn, 1).unwrap();
        let read = from.elapsed().as_secs_f64() * 1_000.0;
        let columns = side_by_side(&ledger, &spec, &AttributionModel::ALL);
        let all = from.elapsed().as_secs_f64() * 1_000.0;
        json!({ "read_ms": read, "all_models_ms": all, "models": columns.len(), "orders": ledger.orders.len() })
    };
    let cold = measure();
    land(conn, JOURNEYS - hour, JOURNEYS);
    println!("{}", json!({ "cold": cold, "after_an_hour": measure() }));
}
