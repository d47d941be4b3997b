//! How touches become journeys, and that credits add up, whatever the journeys.

use proptest::prelude::*;

use super::journeys::{Lookback, MOST_TOUCHES, Wanted, cut};
use super::ledger::{Ledger, Order, Refund, Touch};
use super::model::{AttributionModel, Spec, Tuning, Window};
use super::models::SCALE;
use super::{credits, intervals, side_by_side, ways};

const DAY: i64 = 86_400;

fn order(id: i64, person: i64, at: i64, net: i64) -> Order {
    Order { id, person, at, day: i32::try_from(at.div_euclid(DAY)).expect("a day"), net }
}

fn touch(id: i64, person: i64, at_ms: i64, tag: u32) -> Touch {
    let day = i32::try_from(at_ms.div_euclid(DAY * 1_000)).expect("a day");
    Touch { person, at_ms, id, order: 0, day, tag }
}

/// As many channels as tags.
fn ledger(mut orders: Vec<Order>, mut touches: Vec<Touch>, refunds: Vec<Refund>) -> Ledger {
    orders.sort_by_key(|order| (order.person, order.at, order.id));
    touches.sort_by_key(|touch| (touch.person, touch.at_ms, touch.id));
    let channels = ["direct", "eta", "theta", "a > b"].map(str::to_owned).to_vec();
    Ledger {
        orders,
        touches,
        refunds,
        tags: vec![[None; 6]; 4],
        channel_of: vec![0, 1, 2, 3],
        channels,
        words: Vec::new(),
    }
}

/// The touches of every order, and of what came to nothing, by their ids.
fn cuts(ledger: &Ledger, lookback: Lookback, today: i32) -> Vec<(Option<i64>, Vec<i64>)> {
    let found = cut(ledger, &Wanted { lookback, orders: |_, _: &Order| true, nulls: Some((0, 10_000)), today });
    let ids = |journey| found.touches(journey).iter().map(|at| ledger.touches[*at as usize].id).collect();
    let order = |at: Option<u32>| at.map(|at| ledger.orders[at as usize].id);
    found.journeys.iter().map(|journey| (order(journey.order), ids(journey))).collect()
}

#[test]
fn touches_are_cut_by_orders_and_by_the_lookback() {
    let at = |days: i64| days * DAY * 1_000;
    let touches = vec![
        touch(1, 4, at(1), 1),
        touch(2, 4, at(10), 1),
        touch(3, 4, at(11), 2),
        // Of one second, the order among them: both before it, the higher number later.
        touch(5, 4, at(12), 0),
        touch(4, 4, at(12) + 999, 3),
        touch(6, 4, at(12) + 1_000, 1),
        touch(7, 4, at(40), 2),
        touch(8, 9, at(12), 1),
    ];
    let orders = vec![order(1, 4, 12 * DAY, 5), order(2, 4, 12 * DAY, 5), order(3, 4, 13 * DAY, 5)];
    let ledger = ledger(orders, touches, Vec::new());
    assert_eq!(
        cuts(&ledger, Lookback::Days(7), 50),
        [
            (Some(1), vec![2, 3, 5, 4]),
            // Nine days before the next: by itself for longer than the lookback.
            (None, vec![1]),
            (Some(3), vec![6]),
            (None, vec![7]),
            (None, vec![8])
        ]
    );
    assert_eq!(
        cuts(&ledger, Lookback::Lifetime, 50),
        [(Some(1), vec![1, 2, 3, 5, 4]), (Some(3), vec![6])],
        "of a lifetime nothing has come to nothing yet"
    );
    // The lookback of the last touches has not passed on the 47th day.
    let fresh = cuts(&ledger, Lookback::Days(7), 47);
    assert!(!fresh.contains(&(None, vec![7])) && fresh.contains(&(None, vec![8])), "{fresh:?}");
}

#[test]
fn bound_touches_and_endless_journeys() {
    let mut touches: Vec<Touch> = (0..12_000).map(|at| touch(at + 1, 4, at, 1)).collect();
    touches.push(Touch { order: 7, ..touch(20_000, 4, 12_001, 2) });
    touches.push(Touch { order: 1, ..touch(20_001, 4, 12_002, 2) });
    let ledger = ledger(vec![order(1, 4, 100, 5)], touches, Vec::new());
    let found = cuts(&ledger, Lookback::Days(1), 50);
    let (order, touches) = &found[0];
    assert_eq!((*order, touches.len()), (Some(1), MOST_TOUCHES));
    assert_eq!(touches[MOST_TOUCHES - 1], 20_001, "bound to this order");
    assert!(!touches.contains(&20_000), "bound to another");
    assert_eq!(touches[0], 12_000 - i64::try_from(MOST_TOUCHES).expect("few") + 2, "the oldest are left out");
}

#[test]
fn an_interval_is_as_wide_as_chance_is() {
    // 400 orders of 10, half of them after either channel: what either gets has a standard deviation of 10 × √200.
    let orders = (1..=400).map(|n| order(n, 4 * n, 30 * DAY, 10)).collect();
    let touches =
        (1..=400).map(|n| touch(n, 4 * n, 30 * DAY * 1_000 - 1, u32::try_from(n % 2).expect("0 or 1"))).collect();
    let ledger = ledger(orders, touches, Vec::new());
    let found = intervals(&ledger, &spec(AttributionModel::default()), &[AttributionModel::LastTouch]).expect("few");
    for (low, high) in &found[0][..2] {
        assert!((1_690.0..1_840.0).contains(low) && (2_160.0..2_310.0).contains(high), "{low} to {high}");
    }
    assert_eq!(found[0][2..], [(0.0, 0.0); 2]);
}

fn spec(model: AttributionModel) -> Spec {
    Spec {
        brand_id: 1,
        model,
        tuning: Tuning::default(),
        window: Window { first: 20, after: 80, since: None, until: None },
        by_touch: false,
        refunds_by_order: false,
        every_touch: false,
        today: 200,
    }
}

prop_compose! {
    fn any_ledger()(
        orders in prop::collection::vec((0_i64..12, 0_i64..100, 0_i64..90_000_000), 0..40),
        touches in prop::collection::vec((0_i64..12, 0_i64..8_640_000, 0_u32..4), 0..120),
        refunds in prop::collection::vec((0_u32..60, 0_i32..100, 0_i64..30_000_000), 0..20),
    ) -> Ledger {
        let orders: Vec<Order> =
            (1_i64..).zip(orders).map(|(id, (person, day, net))| order(id, person * 4, day * DAY + 7_000, net)).collect();
        let count = u32::try_from(orders.len()).expect("few");
        let touches = (1_i64..).zip(touches).map(|(id, (person, at, tag))| touch(id, person * 4, at * 1_000, tag)).collect();
        let refunds = (1_i64..).zip(refunds).map(|(id, (order, day, goods))| {
            Refund { id, order: (order < count).then_some(order), at: i64::from(day) * DAY, day, goods }
        });
        ledger(orders, touches, refunds.collect())
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_model_shares_out_exactly_what_was_sold_and_what_went_back(
        ledger in any_ledger(), first in 0_i32..90, days in 1_i32..60,
    ) {
        let mut spec = spec(AttributionModel::default());
        (spec.window.first, spec.window.after) = (first, first + days);
        let within = |day| (first..first + days).contains(&day);
        let sold = ledger.orders.iter().filter(|order| within(order.day));
        let (count, sales) = sold.fold((0_i128, 0_i128), |(count, sum), order| (count + 1, sum + i128::from(order.net)));
        let gone = ledger.refunds.iter().filter(|refund| within(refund.day));
        let refunds: i128 = gone.map(|refund| i128::from(refund.goods)).sum();
        let scale = i128::from(SCALE);
        let mut rests = Vec::new();
        for (model, column) in AttributionModel::ALL.iter().zip(side_by_side(&ledger, &spec, &AttributionModel::ALL)) {
            let sum = |pick: fn(&super::Given) -> i128| column.iter().map(pick).sum::<i128>();
            let [o, s, r] = [sum(|g| g.orders) - count * scale, sum(|g| g.sales) - sales * scale, sum(|g| g.refunds) - refunds * scale];
            if model.is_fitted() {
                // Each part is rounded to 10^-12 of its order: nothing that a cent could show.
                prop_assert!(o.abs() < 1_000_000 && s.abs() < scale && r.abs() < scale, "{:?}: {} {} {}", model, o, s, r);
            } else {
                prop_assert_eq!([o, s, r], [0, 0, 0], "{:?}", model);
            }
            rests.push(column[4]);
        }
        prop_assert!(rests.windows(2).all(|pair| pair[0] == pair[1]), "what no touch explains is the same for all");
    }

    #[test]
    fn rules_share_out_every_order_by_itself(ledger in any_ledger()) {
        for model in AttributionModel::ALL.into_iter().filter(|model| !model.is_fitted()) {
            let mut parts = std::collections::BTreeMap::new();
            for credit in credits(&ledger, &Spec { every_touch: true, ..spec(model) }) {
                prop_assert!(credit.orders == credit.sales && credit.sales == credit.refunds && credit.orders >= 0);
                *parts.entry(credit.order).or_insert(0) += credit.orders;
            }
            prop_assert!(parts.values().all(|sum| *sum == SCALE), "{:?}: {:?}", model, parts);
        }
    }

    #[test]
    fn intervals_hold_together_with_what_they_are_of(ledger in any_ledger()) {
        let spec = spec(AttributionModel::default());
        let found = intervals(&ledger, &spec, &AttributionModel::ALL).expect("few touches");
        prop_assert_eq!(&found, &intervals(&ledger, &spec, &AttributionModel::ALL).expect("few touches"), "the same each time");
        let columns = side_by_side(&ledger, &spec, &AttributionModel::ALL);
        for (model, (channels, column)) in AttributionModel::ALL.iter().zip(found.iter().zip(&columns)) {
            for ((low, high), given) in channels.iter().zip(column) {
                prop_assert!(low <= high);
                // What was given nothing is given nothing in any draw.
                let nothing = !model.is_fitted() && given.sales == 0 && given.refunds == 0;
                prop_assert!(!nothing || (*low, *high) == (0.0, 0.0));
            }
        }
    }

    #[test]
    fn ways_count_every_order_once(ledger in any_ledger()) {
        let found = ways(&ledger, &spec(AttributionModel::default()), 1_000);
        let sold = ledger.orders.iter().filter(|order| (20..80).contains(&order.day)).count() as u64;
        prop_assert_eq!(found.top.iter().map(|way| way.orders).sum::<u64>() + found.unattributed, sold);
        prop_assert_eq!(found.touches.values().sum::<u64>(), found.days.values().sum::<u64>());
    }
}
