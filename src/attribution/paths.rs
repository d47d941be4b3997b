//! The ways that led to orders: which channels one after the other, how many touches, how many days.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::credits::Rows;
use super::ledger::Ledger;
use super::model::Spec;

/// Steps of a way that are told apart; of longer ones the last.
const MOST_STEPS: usize = 20;

/// What is known of the orders of a window.
#[derive(Debug, Clone, Default)]
pub struct Ways {
    /// Those of most orders first, then of most sales, then by the names of their channels.
    pub top: Vec<Way>,
    /// How many there are.
    pub count: usize,
    /// Orders by the number of their touches.
    pub touches: BTreeMap<usize, u64>,
    /// Orders by the whole days from their first touch.
    pub days: BTreeMap<i64, u64>,
    /// Orders without a touch.
    pub unattributed: u64,
}

/// Orders whose touches came in through the same channels one after the other; equal neighbours are one step.
#[derive(Debug, Clone, Default)]
pub struct Way {
    /// Numbers of channels, oldest first, the last 20.
    pub channels: Vec<u32>,
    pub orders: u64,
    /// Gross − discount, in micros of the reporting currency.
    pub sales: i128,
    /// Touches of all its orders.
    pub touches: u64,
    /// Seconds from the first touch to the order, of all its orders.
    pub seconds: i128,
}

/// The ways to the orders of a window, at most `most` of them.
pub fn ways(ledger: &Ledger, spec: &Spec, most: usize) -> Ways {
    let rows = Rows::of(ledger, spec);
    let cut = rows.journeys(ledger, false);
    let mut ways = Ways::default();
    let mut by_channels: BTreeMap<Vec<u32>, Way> = BTreeMap::new();
    let mut attributed = 0;
    for journey in &cut.journeys {
        let Some(order) = journey.order.map(|at| &ledger.orders[at as usize]).filter(|order| rows.sells(order)) else {
            continue;
        };
        let touches = cut.touches(journey);
        let mut channels: Vec<u32> = touches.iter().map(|touch| ledger.channel_at(*touch)).collect();
        channels.dedup();
        channels.drain(..channels.len().saturating_sub(MOST_STEPS));
        let first = touches.first().map_or(order.at, |touch| ledger.touches[*touch as usize].at_ms.div_euclid(1_000));
        let way = by_channels.entry(channels).or_default();
        way.orders += 1;
        way.sales += i128::from(order.net);
        way.touches += touches.len() as u64;
        way.seconds += i128::from(order.at - first);
        *ways.touches.entry(touches.len()).or_default() += 1;
        *ways.days.entry((order.at - first).div_euclid(86_400)).or_default() += 1;
        attributed += 1;
    }
    let all = ledger.orders.iter().filter(|order| rows.sells(order)).count() as u64;
    ways.unattributed = all - attributed;
    ways.count = by_channels.len();
    ways.top = by_channels.into_iter().map(|(channels, way)| Way { channels, ..way }).collect();
    // The numbers of channels are as the rows came.
    let names = |way: &Way| -> Vec<String> {
        way.channels.iter().map(|channel| ledger.channels[*channel as usize].clone()).collect()
    };
    ways.top.sort_by_cached_key(|way| (Reverse((way.orders, way.sales)), names(way)));
    ways.top.truncate(most);
    ways
}
