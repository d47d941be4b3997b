//! What attribution costs: a million journeys of five touches, all models over 90 days, and again after an hour's new data. Markov
//! is checked against the chain solved here once more, from transitions that SQL counts.
#![expect(clippy::unwrap_used, reason = "a measuring program stops at the first surprise")]

use std::time::Instant;

use pulsepoint::attribution::{AttributionModel, Column, Kept, Spec, Tuning, Window};
use pulsepoint::duck::{Connection, Duck, Limits};
use pulsepoint::warehouse::Moved;
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
/// The day the question is asked on: the lookback of the last journeys has passed.
const TODAY: i64 = BEGIN + SPAN + 60 * 86_400;

/// Whose journey the n-th is: nobody comes in the order of customer numbers.
const PERSON: &str = "n * 618033 % 1000000";

/// Journeys `from` to `to` of a million, one after the other over 90 days, each of its own person with five touches. Every tenth
/// comes to nothing, of every twentieth order a third goes back.
fn land(conn: &Connection, from: i64, to: i64) -> Moved {
    let channels = "['meta', 'google', 'tiktok', 'email', 'sms', 'organic', 'direct', 'affiliate', 'referral']";
    let at = format!("({BEGIN} + n * {SPAN} // {JOURNEYS})");
    conn.execute_batch(&format!(
        "insert into fact_orders by name select 1 as brand_id, n as order_id, n::varchar as external_id, \
         make_timestamp({at} * 1000000)::date as day, 12 as hour, {at} as placed_at, 1 as store_id, {PERSON} as customer_id, \
         'file' as connector, []::varchar[] as discount_codes, 1 as units, 1 as fulfilled, false as cancelled, \
         10000000 + n % 977 * 10000 as gross, 0 as discount, 0 as units_without_cost, 'USD' as currency, 0 as gross_native, \
         0 as discount_native, 0 as shipping_native, 0 as tax_native from range({from}, {to}) r(n) where n % 10 <> 0; \
         insert into fact_refund_lines by name select 1 as brand_id, n as refund_id, 0 as line_no, n as order_id, \
         make_timestamp({at} * 1000000)::date as day, 12 as hour, {at} as refunded_at, 1 as store_id, 'file' as connector, \
         false as day_estimated, 1 as quantity, 3333333 as goods, 'USD' as currency, 0 as goods_native \
         from range({from}, {to}) r(n) where n % 20 = 1; \
         insert into fact_touches select 1, n * 5 + s, 4 * ({PERSON}), ({at} - (5 - s) * 7200) * 1000, \
         make_timestamp(({at} - (5 - s) * 7200) * 1000000)::date, \
         {channels}[(hash(n * 5 + s) % (5 + s)::ubigint + 1)::bigint], null, null, \
         'Campaign ' || hash(n + s) % 40, null, null, '/products/' || n % 500, null \
         from range({from}, {to}) r(n), range(0, 5) q(s)"
    ))
    .unwrap();
    let numbers: Vec<i64> = (from..to).collect();
    let orders: Vec<i64> = numbers.iter().copied().filter(|n| n % 10 != 0).collect();
    let refunds = numbers.iter().copied().filter(|n| n % 20 == 1).collect();
    Moved { orders, refunds, touches: (from * 5..to * 5).collect() }
}

fn day(second: i64) -> i32 {
    i32::try_from(second / 86_400).unwrap()
}

/// Conversions by channel from the absorbing chain, as dense as it is: transitions counted by SQL, (I − Q) solved by elimination
/// with pivots, a removed channel's row and column left out.
fn exact(conn: &Connection) -> Vec<(String, f64)> {
    let journeys = "with steps as (select person, channel, at_ms, lag(channel) over w as before, lead(channel) over w as after, \
        exists (select 1 from fact_orders o where 4 * o.customer_id = t.person) as converts \
        from fact_touches t window w as (partition by person order by at_ms, touch_id))";
    let counted = |sql: &str| -> Vec<(String, String, f64)> {
        let mut select = conn.prepare(&format!("{journeys} {sql}")).unwrap();
        let rows = select.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap();
        rows.collect::<Result<_, _>>().unwrap()
    };
    let starts = counted("select channel, '', count(*)::double from steps where before is null group by 1");
    let next = counted(
        "select channel, coalesce(after, if(converts, '+', '-')), count(*)::double from steps \
         where after is distinct from channel group by 1, 2",
    );
    let mut names: Vec<String> = starts.iter().chain(&next).map(|(name, ..)| name.clone()).collect();
    names.sort();
    names.dedup();
    let place = |name: &str| names.iter().position(|known| known == name);
    let count = names.len();
    let mut leads = vec![vec![0.0; count + 1]; count];
    let mut all = vec![0.0; count];
    for (from, to, seen) in &next {
        let from = place(from).unwrap();
        all[from] += seen;
        if let Some(to) = place(to).or((to == "+").then_some(count)) {
            leads[from][to] += seen;
        }
    }
    leads.iter_mut().zip(&all).for_each(|(row, all)| row.iter_mut().for_each(|cell| *cell /= all));
    let begun: f64 = starts.iter().map(|(.., seen)| seen).sum();
    let converts = |gone: Option<usize>| -> f64 {
        let found = solved(&leads, gone);
        starts.iter().map(|(name, _, seen)| seen / begun * found[place(name).unwrap()]).sum()
    };
    let whole = converts(None);
    let effects: Vec<f64> = (0..count).map(|channel| 1.0 - converts(Some(channel)) / whole).collect();
    let sum: f64 = effects.iter().sum();
    names.iter().cloned().zip(effects.iter().map(|effect| effect / sum)).collect()
}

/// How likely each state converts with one gone: Gauss–Jordan on (I − Q | r).
fn solved(leads: &[Vec<f64>], gone: Option<usize>) -> Vec<f64> {
    let count = leads.len();
    let mut rows: Vec<Vec<f64>> = (0..count)
        .map(|from| {
            let mut row: Vec<f64> = (0..count)
                .map(|to| f64::from(u8::from(from == to)) - if Some(to) == gone { 0.0 } else { leads[from][to] })
                .collect();
            row.push(leads[from][count]);
            if Some(from) == gone {
                row = (0..=count).map(|to| f64::from(u8::from(to == from))).collect();
                row[count] = 0.0;
            }
            row
        })
        .collect();
    for at in 0..count {
        let pivot = (at..count).max_by(|a, b| rows[*a][at].abs().total_cmp(&rows[*b][at].abs())).unwrap();
        rows.swap(at, pivot);
        let row: Vec<f64> = rows[at].iter().map(|cell| cell / rows[at][at]).collect();
        for (_, cells) in rows.iter_mut().enumerate().filter(|(other, _)| *other != at) {
            let times = cells[at];
            cells.iter_mut().zip(&row).for_each(|(cell, part)| *cell -= times * part);
        }
        rows[at] = row;
    }
    rows.iter().map(|row| row[count]).collect()
}

/// How far the shares of a column lie from these, at most.
fn off(kept: &Kept, column: &Column, exact: &[(String, f64)]) -> f64 {
    let channels = &kept.ledger().channels;
    let all: i128 = column[..channels.len()].iter().map(|given| given.orders).sum();
    let share = |name: &String| {
        let at = channels.iter().position(|known| known == name).unwrap();
        column[at].orders as f64 / all as f64
    };
    exact.iter().map(|(name, wanted)| (share(name) - wanted).abs()).fold(0.0, f64::max)
}

/// Megabytes, at their highest so far, or with `VmRSS` now.
fn memory(field: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with(field)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1_024
}

#[expect(clippy::print_stdout, reason = "its output is what it is for")]
fn main() {
    let duck = Duck::open(Limits { threads: 2, memory_mb: 8_192, ..Limits::default() }, &SCHEMA).unwrap();
    let lent = duck.lend().unwrap();
    let conn = lent.get().unwrap();
    let hour = JOURNEYS * 3_600 / SPAN;
    land(conn, 0, JOURNEYS - hour);
    let spec = Spec {
        brand_id: 1,
        model: AttributionModel::default(),
        tuning: Tuning::default(),
        window: Window { first: day(BEGIN - 86_400), after: day(BEGIN + SPAN), since: None, until: None },
        by_touch: false,
        refunds_by_order: false,
        every_touch: false,
        today: day(TODAY),
    };
    let landed = memory("VmRSS");
    let measure = |bring: &dyn Fn() -> Kept| {
        let from = Instant::now();
        let mut kept = bring();
        let brought = from.elapsed().as_secs_f64() * 1_000.0;
        let columns = kept.side_by_side(&spec, &AttributionModel::ALL);
        let all = from.elapsed().as_secs_f64() * 1_000.0;
        let markov = AttributionModel::ALL.iter().position(|model| *model == AttributionModel::Markov).unwrap();
        let told = json!({ "ledger_ms": brought, "ms": all, "orders": kept.ledger().orders.len(),
            "touches": kept.ledger().touches.len(), "markov_off": off(&kept, &columns[markov], &exact(conn)) });
        (kept, columns, told)
    };
    let (kept, _, cold) = measure(&|| Kept::read(conn, 1).unwrap());
    let peak = memory("VmHWM");
    let moved = land(conn, JOURNEYS - hour, JOURNEYS);
    let held = std::cell::Cell::new(Some(kept));
    let (kept, columns, again) = measure(&|| held.take().unwrap().forward(conn, 1, &moved).unwrap());
    let brought = kept.ledger().channels.clone();
    drop(kept);
    // Read anew, every rule gives the same to the last digit.
    let mut fresh = Kept::read(conn, 1).unwrap();
    let wanted = fresh.side_by_side(&spec, &AttributionModel::ALL);
    let place = |name: &String| fresh.ledger().channels.iter().position(|known| known == name).unwrap();
    let same = AttributionModel::ALL.iter().zip(columns.iter().zip(&wanted)).filter(|(model, _)| !model.is_fitted());
    let same = same.map(|(_, columns)| columns).all(|(found, wanted)| {
        brought.iter().enumerate().all(|(at, name)| found[at] == wanted[place(name)]) && found.last() == wanted.last()
    });
    let told = json!({ "models": AttributionModel::ALL.len(), "cold": cold, "again": again, "same_as_read_anew": same,
        "warehouse_mb": landed, "peak_mb": peak });
    println!("{told}");
}
