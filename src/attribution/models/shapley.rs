//! Shapley: what each channel adds to the conversion rate of the journeys within a coalition, averaged over all orders of joining.

use std::collections::BTreeMap;

use super::paths::{Mixed, Path, Paths};
use super::random::Random;

/// Up to so many channels every coalition is looked at.
const EXACT: usize = 16;
/// Beyond, so many orders of joining are drawn, each of them also backwards.
const DRAWN: usize = 1_000;
/// Where the drawing begins: the same journeys give the same values.
const SEED: u64 = 0x5048_4150_4c45_5931;

/// Values by channel, not yet scaled; they may be negative.
#[derive(Debug, Clone, PartialEq)]
pub struct Values {
    /// Of the conversion rate.
    pub conversions: Vec<f64>,
    /// Of the worth of a journey.
    pub values: Vec<f64>,
    /// The standard errors of `conversions` where coalitions were drawn; nothing where all were looked at.
    pub errors: Option<Vec<f64>>,
}

impl Values {
    /// Shares of the conversions, adding up to 1; all 0 where nothing converts.
    pub fn shares(&self) -> Vec<f64> {
        scaled(&self.conversions)
    }

    /// Shares of the worth, adding up to 1; those of the conversions where nothing is worth anything.
    pub fn value_shares(&self) -> Vec<f64> {
        let shares = scaled(&self.values);
        if shares.iter().all(|share| *share == 0.0) { self.shares() } else { shares }
    }
}

/// By their sum, which is the worth of all channels together, and so 0 only where nothing converts.
fn scaled(values: &[f64]) -> Vec<f64> {
    let sum: f64 = values.iter().sum();
    let size: f64 = values.iter().map(|value| value.abs()).sum();
    values.iter().map(|value| if sum.abs() <= size * 1e-12 { 0.0 } else { value / sum }).collect()
}

/// Journeys, conversions and worth of those with one set of channels.
#[derive(Debug, Clone, Copy, Default)]
struct Seen {
    journeys: f64,
    conversions: f64,
    value: f64,
}

impl Seen {
    fn add(&mut self, other: Self) {
        self.journeys += other.journeys;
        self.conversions += other.conversions;
        self.value += other.value;
    }

    /// Conversions and worth per journey.
    fn rates(self) -> [f64; 2] {
        if self.journeys == 0.0 { [0.0; 2] } else { [self.conversions / self.journeys, self.value / self.journeys] }
    }
}

/// The Shapley value of every channel. Channels that no journey has are worth nothing and join no coalition.
pub fn shapley(paths: &Paths) -> Values {
    let sets = sets(paths);
    let mut present: Vec<u32> = sets.keys().flatten().copied().collect();
    present.sort_unstable();
    present.dedup();
    // Channels by their place among those present.
    let sets: Vec<(Vec<usize>, Seen)> = sets
        .into_iter()
        .map(|(set, seen)| (set.iter().filter_map(|channel| present.binary_search(channel).ok()).collect(), seen))
        .collect();
    let found = if present.len() <= EXACT { exact(&sets, present.len()) } else { drawn(&sets, present.len()) };
    let spread = |column: &[f64]| {
        let mut all = vec![0.0; paths.channel_count()];
        for (channel, value) in present.iter().zip(column) {
            all[*channel as usize] = *value;
        }
        all
    };
    Values {
        conversions: spread(&found.conversions),
        values: spread(&found.values),
        errors: found.errors.as_deref().map(spread),
    }
}

/// The sets of channels that journeys have, in order.
fn sets(paths: &Paths) -> BTreeMap<Vec<u32>, Seen> {
    let seen = |path: &Path<'_>| Seen {
        journeys: path.conversions + path.nulls,
        conversions: path.conversions,
        value: path.value,
    };
    if paths.channel_count() <= 64 {
        let mut masks: Mixed<u64, Seen> = Mixed::default();
        for path in paths.iter() {
            let mask = path.channels.iter().fold(0, |mask, channel| mask | 1_u64 << channel);
            masks.entry(mask).or_default().add(seen(&path));
        }
        let set = |mask: u64| (0..64).filter(|channel| mask >> channel & 1 == 1).collect();
        return masks.into_iter().map(|(mask, seen)| (set(mask), seen)).collect();
    }
    let mut sets: BTreeMap<Vec<u32>, Seen> = BTreeMap::new();
    for path in paths.iter() {
        let mut set = path.channels.to_vec();
        set.sort_unstable();
        set.dedup();
        sets.entry(set).or_default().add(seen(&path));
    }
    sets
}

fn exact(sets: &[(Vec<usize>, Seen)], count: usize) -> Values {
    let mut within = vec![Seen::default(); 1 << count];
    for (set, seen) in sets {
        within[set.iter().fold(0, |mask, channel| mask | 1 << channel)].add(*seen);
    }
    // Every coalition gets what its subsets have, one channel after the other.
    for channel in 0..count {
        for mask in 0..within.len() {
            if mask >> channel & 1 == 1 {
                let without = within[mask ^ 1 << channel];
                within[mask].add(without);
            }
        }
    }
    let rates: Vec<[f64; 2]> = within.into_iter().map(Seen::rates).collect();
    // s! (n − s − 1)! ÷ n! by the size s of the coalition joined.
    let mut weights = vec![0.0; count];
    for (size, weight) in weights.iter_mut().enumerate() {
        let choose = (0..size).fold(1.0, |choose, k| choose * (count - 1 - k) as f64 / (k + 1) as f64);
        *weight = 1.0 / (count as f64 * choose);
    }
    let mut found = Values { conversions: vec![0.0; count], values: vec![0.0; count], errors: None };
    for (mask, without) in rates.iter().enumerate() {
        let size = mask.count_ones() as usize;
        for channel in (0..count).filter(|channel| mask >> channel & 1 == 0) {
            let with = rates[mask | 1 << channel];
            found.conversions[channel] += weights[size] * (with[0] - without[0]);
            found.values[channel] += weights[size] * (with[1] - without[1]);
        }
    }
    found
}

fn drawn(sets: &[(Vec<usize>, Seen)], count: usize) -> Values {
    let mut random = Random::new(SEED);
    let mut order: Vec<usize> = (0..count).collect();
    let (mut sums, mut squares) = (vec![[0.0; 2]; count], vec![0.0; count]);
    for _ in 0..DRAWN {
        for at in (1..count).rev() {
            order.swap(at, random.below(at + 1));
        }
        let mut pair = vec![[0.0; 2]; count];
        for _ in 0..2 {
            added(sets, &order, &mut pair);
            order.reverse();
        }
        for ((pair, sums), squares) in pair.iter().zip(&mut sums).zip(&mut squares) {
            let mean = pair.map(|both: f64| both / 2.0);
            sums[0] += mean[0];
            sums[1] += mean[1];
            *squares += mean[0] * mean[0];
        }
    }
    let drawn = DRAWN as f64;
    let error = |sum: &[f64; 2], squares: &f64| {
        let variance = (squares - sum[0] * sum[0] / drawn) / (drawn - 1.0);
        (variance.max(0.0) / drawn).sqrt()
    };
    Values {
        conversions: sums.iter().map(|sum| sum[0] / drawn).collect(),
        values: sums.iter().map(|sum| sum[1] / drawn).collect(),
        errors: Some(sums.iter().zip(&squares).map(|(sum, squares)| error(sum, squares)).collect()),
    }
}

/// What each channel adds when they join in this order.
fn added(sets: &[(Vec<usize>, Seen)], order: &[usize], to: &mut [[f64; 2]]) {
    let mut place = vec![0; order.len()];
    for (at, channel) in order.iter().enumerate() {
        place[*channel] = at;
    }
    // A set belongs to the coalition once its last channel has joined.
    let mut joins = vec![Seen::default(); order.len()];
    for (set, seen) in sets {
        if let Some(last) = set.iter().map(|channel| place[*channel]).max() {
            joins[last].add(*seen);
        }
    }
    let (mut within, mut before) = (Seen::default(), [0.0; 2]);
    for (joins, channel) in joins.into_iter().zip(order) {
        within.add(joins);
        let now = within.rates();
        to[*channel][0] += now[0] - before[0];
        to[*channel][1] += now[1] - before[1];
        before = now;
    }
}
