//! A ledger brought forward is the ledger read anew, whatever moved in between, and so is what its models give.

use proptest::prelude::*;

use super::model::{AttributionModel, Spec, Tuning, Window};
use super::{Kept, Ledger};
use crate::duck::{Connection, Duck, Limits};
use crate::warehouse::Moved;

const SCHEMA: [&str; 2] = [
    include_str!("../../assets/migrations/warehouse/0001_star.sql"),
    include_str!("../../assets/migrations/warehouse/0003_journeys.sql"),
];
/// Rows of both lie in the same tables, by turns.
const BRANDS: [i64; 2] = [1, 2];
/// 2026-01-01.
const BEGIN: i64 = 1_767_225_600;
const HOUR: i64 = 3_600;

/// What happens to the facts; numbers are taken small.
#[derive(Debug, Clone, Copy)]
enum Event {
    /// An order lands, or again as another: its customer (0: a guest), hour, net sales.
    Order(i64, i64, i64, i64),
    OrderGone(i64),
    /// A refund of so many lines lands, or again, of an order (0: of none).
    Refund(i64, i64, i64),
    RefundGone(i64),
    /// A touch lands, or again as another: its person, hour, channel, and the order it is bound to (0: none).
    Touch(i64, i64, i64, i64, i64),
    TouchGone(i64),
    /// Two customers are one.
    Merge(i64, i64),
    /// Where a person came from is known otherwise, or forgotten.
    Renamed(i64, i64),
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        4 => (1_i64..14, 0_i64..6, 0_i64..2_000, 1_i64..90).prop_map(|(id, who, at, net)| Event::Order(id, who, at, net)),
        2 => (1_i64..14).prop_map(Event::OrderGone),
        2 => (1_i64..8, 0_i64..14, 1_i64..3).prop_map(|(id, order, lines)| Event::Refund(id, order, lines)),
        1 => (1_i64..8).prop_map(Event::RefundGone),
        6 => (1_i64..30, 4_i64..26, 0_i64..2_000, 0_i64..4, 0_i64..20)
            .prop_map(|(id, who, at, channel, order)| Event::Touch(id, who, at, channel, if order < 14 { 0 } else { order - 6 })),
        2 => (1_i64..30).prop_map(Event::TouchGone),
        1 => (1_i64..6, 1_i64..6).prop_map(|(from, into)| Event::Merge(from, into)),
        1 => (4_i64..26, 0_i64..4).prop_map(|(who, channel)| Event::Renamed(who, channel)),
    ]
}

fn brand(id: i64) -> i64 {
    BRANDS[(id % 2) as usize]
}

fn write(conn: &Connection, sql: &str) {
    conn.execute_batch(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
}

fn ids(conn: &Connection, sql: &str) -> Vec<i64> {
    let mut select = conn.prepare(sql).expect("a select");
    let rows = select.query_map([], |row| row.get(0)).expect("rows");
    rows.collect::<Result<_, _>>().expect("ids")
}

/// Writes what happens and notes which rows moved.
fn happen(conn: &Connection, event: Event, moved: &mut Moved) {
    match event {
        Event::Order(id, who, at, net) => {
            order(conn, id, who, at, net);
            moved.orders.push(id);
        }
        Event::OrderGone(id) => {
            write(conn, &format!("delete from fact_orders where order_id = {id}"));
            moved.orders.push(id);
        }
        Event::Refund(id, order, lines) => {
            refund(conn, id, order, lines);
            moved.refunds.push(id);
        }
        Event::RefundGone(id) => {
            write(conn, &format!("delete from fact_refund_lines where refund_id = {id}"));
            moved.refunds.push(id);
        }
        Event::Touch(id, who, at, channel, order) => {
            touch(conn, id, who, at, channel, order);
            moved.touches.push(id);
        }
        Event::TouchGone(id) => {
            write(conn, &format!("delete from fact_touches where touch_id = {id}"));
            moved.touches.push(id);
        }
        Event::Merge(from, into) => {
            moved.orders.extend(ids(conn, &format!("select order_id from fact_orders where customer_id = {from}")));
            moved.touches.extend(ids(conn, &format!("select touch_id from fact_touches where person = 4 * {from}")));
            write(
                conn,
                &format!(
                    "update fact_orders set customer_id = {into} where customer_id = {from}; \
                     update fact_touches set person = 4 * {into} where person = 4 * {from}"
                ),
            );
        }
        Event::Renamed(who, channel) => {
            let these = format!("where person = {who} and touch_id < 1000");
            moved.touches.extend(ids(conn, &format!("select touch_id from fact_touches {these}")));
            write(conn, &format!("update fact_touches set channel = 'c{channel}', landing_page = null {these}"));
        }
    }
}

fn order(conn: &Connection, id: i64, who: i64, at: i64, net: i64) {
    let (at, brand) = (BEGIN + at * HOUR, brand(id));
    write(
        conn,
        &format!(
            "delete from fact_orders where order_id = {id}; insert into fact_orders by name select {brand} as brand_id, \
             {id} as order_id, '' as external_id, make_timestamp({at}000000)::date as day, 12 as hour, {at} as placed_at, \
             1 as store_id, nullif({who}, 0) as customer_id, 'file' as connector, []::varchar[] as discount_codes, 1 as units, \
             1 as fulfilled, false as cancelled, {net}000000 as gross, 0 as discount, 0 as units_without_cost, \
             'USD' as currency, 0 as gross_native, 0 as discount_native, 0 as shipping_native, 0 as tax_native"
        ),
    );
}

fn refund(conn: &Connection, id: i64, order: i64, lines: i64) {
    let (at, brand) = (BEGIN + (900 + order * 13) * HOUR, brand(id + order));
    write(
        conn,
        &format!(
            "delete from fact_refund_lines where refund_id = {id}; insert into fact_refund_lines by name \
             select {brand} as brand_id, {id} as refund_id, n as line_no, nullif({order}, 0) as order_id, \
             make_timestamp({at}000000)::date as day, 12 as hour, {at} as refunded_at, 1 as store_id, \
             'file' as connector, false as day_estimated, 1 as quantity, 1000000 + n as goods, 'USD' as currency, \
             0 as goods_native from range({lines}) r(n)"
        ),
    );
}

fn touch(conn: &Connection, id: i64, who: i64, at: i64, channel: i64, order: i64) {
    let at = BEGIN + at * HOUR;
    write(
        conn,
        &format!(
            "delete from fact_touches where touch_id = {id}; insert into fact_touches select {brand}, {id}, {who}, {at}000 + {id}, \
             make_timestamp({at}000000)::date, 'c{channel}', null, null, null, null, null, '/{channel}', nullif({order}, 0)",
            brand = brand(id)
        ),
    );
}

/// A ledger in words, so that two that number them differently can be compared.
fn told(ledger: &Ledger) -> Vec<String> {
    let order = |at: Option<u32>| at.map(|at| ledger.orders[at as usize].id);
    let refunds = ledger.refunds.iter();
    let mut refunds: Vec<String> = refunds
        .map(|of| format!("refund {} of {:?}: {} {} {}", of.id, order(of.order), of.at, of.day, of.goods))
        .collect();
    refunds.sort_unstable();
    let mut channels = ledger.channels.clone();
    channels.sort();
    let orders = ledger.orders.iter().map(|order| format!("{order:?}"));
    let touches = ledger.touches.iter().map(|touch| {
        let came = ledger.tags[touch.tag as usize].map(|word| word.map(|word| &ledger.words[word as usize]));
        format!("touch {} {} {} {} {} {came:?}", touch.person, touch.at_ms, touch.id, touch.order, touch.day)
    });
    orders.chain(refunds).chain(touches).chain(channels).collect()
}

fn spec() -> Spec {
    let first = i32::try_from(BEGIN / 86_400).expect("a day");
    Spec {
        brand_id: 1,
        model: AttributionModel::default(),
        tuning: Tuning::default(),
        window: Window { first: first + 10, after: first + 70, since: None, until: None },
        by_touch: false,
        refunds_by_order: false,
        every_touch: false,
        today: first + 200,
    }
}

fn assert_same(kept: &mut Kept, conn: &Connection, brand: i64) {
    let mut fresh = Kept::read(conn, brand).expect("a ledger");
    assert_eq!(told(kept.ledger()), told(fresh.ledger()), "brand {brand}");
    // Two questions, one of them never asked before.
    for spec in
        [spec(), Spec { refunds_by_order: true, tuning: Tuning { half_life_days: 3, ..Tuning::default() }, ..spec() }]
    {
        let found = kept.side_by_side(&spec, &AttributionModel::ALL);
        let wanted = fresh.side_by_side(&spec, &AttributionModel::ALL);
        let places: Vec<usize> = kept
            .ledger()
            .channels
            .iter()
            .map(|name| {
                fresh.ledger().channels.iter().position(|known| known == name).expect("the channels were compared")
            })
            .collect();
        for (model, (found, wanted)) in AttributionModel::ALL.iter().zip(found.iter().zip(&wanted)) {
            assert_eq!(found.last(), wanted.last(), "{model:?}");
            for (at, place) in places.iter().enumerate() {
                let (found, wanted) = (found[at], wanted[*place]);
                if model.is_fitted() {
                    // A millionth of an order, of a unit of money: the last digits know in which order channels were numbered.
                    assert!((found.orders - wanted.orders).abs() < 1_000_000, "{model:?}");
                    assert!((found.sales - wanted.sales).abs() < 1_000_000_000_000, "{model:?}");
                    assert!((found.refunds - wanted.refunds).abs() < 1_000_000_000_000, "{model:?}");
                } else {
                    assert_eq!(found, wanted, "{model:?}");
                }
            }
        }
    }
}

fn warehouse() -> std::sync::Arc<Duck> {
    Duck::open(Limits::default(), &SCHEMA).expect("a warehouse")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_ledger_brought_forward_is_one_read_anew(
        hours in prop::collection::vec(prop::collection::vec(event(), 1..12), 2..6),
    ) {
        let duck = warehouse();
        let lent = duck.lend().expect("a connection");
        let conn = lent.get().expect("a connection");
        // Of two channels a touch always stays: only of the others a tag can be left that no touch has.
        (1_000..1_004).for_each(|id| touch(conn, id, 4 * id + 1, id - 1_000, id / 2 % 2, 0));
        let mut kept = BRANDS.map(|brand| Some(Kept::read(conn, brand).expect("a ledger")));
        for events in hours {
            let mut moved = Moved::default();
            events.into_iter().for_each(|event| happen(conn, event, &mut moved));
            for ids in [&mut moved.orders, &mut moved.refunds, &mut moved.touches] {
                ids.sort_unstable();
                ids.dedup();
            }
            for (brand, kept) in BRANDS.into_iter().zip(&mut kept) {
                let mut now = kept.take().expect("kept").forward(conn, brand, &moved).expect("brought forward");
                assert_same(&mut now, conn, brand);
                *kept = Some(now);
            }
        }
    }
}

#[test]
fn only_what_moved_is_read_unless_something_must_be_forgotten() {
    let duck = warehouse();
    let lent = duck.lend().expect("a connection");
    let conn = lent.get().expect("a connection");
    [2, 4, 6].into_iter().for_each(|id| touch(conn, id, 5, id, id % 4, 0));
    let mut kept = Kept::read(conn, brand(2)).expect("a ledger");
    kept.side_by_side(&spec(), &AttributionModel::ALL);
    // Nobody says so of the 8th.
    touch(conn, 8, 5, 8, 0, 0);
    touch(conn, 10, 5, 9, 1, 0);
    let ids = |kept: &Kept| kept.ledger().touches.iter().map(|touch| touch.id).collect::<Vec<_>>();
    let kept = kept.forward(conn, brand(2), &Moved { touches: vec![10], ..Moved::default() }).expect("forward");
    assert_eq!(ids(&kept), [2, 4, 6, 10]);
    assert_eq!(kept.ledger().channels.len(), 3);
    // The last touch of its channel goes: the channel and its landing page are not kept.
    write(conn, "delete from fact_touches where touch_id = 10");
    let kept = kept.forward(conn, brand(2), &Moved { touches: vec![10], ..Moved::default() }).expect("forward");
    assert_eq!((ids(&kept), kept.ledger().channels.len()), (vec![2, 4, 6, 8], 2));
    assert!(!kept.ledger().words.contains(&"/1".to_owned()));
}
