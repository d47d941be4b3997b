//! Markov: what would be lost if a channel led nowhere.

use super::chain::Chain;
use super::paths::{Mixed, Paths};

/// What removing each channel takes away, as a fraction of all.
#[derive(Debug, Clone, PartialEq)]
pub struct Effects {
    /// How likely a journey converts: conversions ÷ journeys, at any order.
    pub probability: f64,
    /// Of conversions, by channel.
    pub conversions: Vec<f64>,
    /// Of their worth, by channel; the worth of a conversion is the mean of those that ended in the same state.
    pub values: Vec<f64>,
}

impl Effects {
    /// Shares of the conversions, adding up to 1; all 0 where nothing converts.
    pub fn shares(&self) -> Vec<f64> {
        normalised(&self.conversions)
    }

    /// Shares of the worth, adding up to 1; those of the conversions where nothing is worth anything.
    pub fn value_shares(&self) -> Vec<f64> {
        let shares = normalised(&self.values);
        if shares.iter().all(|share| *share == 0.0) { self.shares() } else { shares }
    }
}

fn normalised(effects: &[f64]) -> Vec<f64> {
    let sum: f64 = effects.iter().sum();
    effects.iter().map(|effect| if sum == 0.0 { 0.0 } else { effect / sum }).collect()
}

/// Removal effects in a chain whose states are the last `order` touches (1 to 3; a shorter journey is one state). The first state
/// is the first full window; equal states in a row are one; a channel is visited where it stands anywhere in the window.
pub fn markov(paths: &Paths, order: usize) -> Effects {
    let order = order.clamp(1, 3);
    let channels = paths.channel_count();
    let (chain, held) = Counts::of(paths, order).into_chain();
    let whole = chain.solve(&vec![false; held.len()]);
    let mut effects = Effects { probability: whole.probability, conversions: Vec::new(), values: Vec::new() };
    for channel in 0..channels {
        let gone: Vec<bool> = held.iter().map(|window| window.contains(&(channel as u32))).collect();
        // A channel that no journey has takes nothing away.
        let left = if gone.iter().any(|gone| *gone) { chain.solve(&gone) } else { whole };
        let lost = |left: f64, whole: f64| if whole == 0.0 { 0.0 } else { 1.0 - left / whole };
        effects.conversions.push(lost(left.probability, whole.probability));
        effects.values.push(lost(left.value, whole.value));
    }
    effects
}

#[cfg(test)]
pub(super) fn chain_of(paths: &Paths, order: usize) -> (Chain, Vec<Vec<u32>>) {
    Counts::of(paths, order).into_chain()
}

/// What was seen: how often each state followed each other.
#[derive(Default)]
struct Counts {
    /// The channels of a state, packed: 32 bits each, plus one, so that a shorter window is another state.
    states: Mixed<u128, u32>,
    /// The state of each channel alone, plus one; 0 where there is none yet. Most chains know no others.
    alone: Vec<u32>,
    windows: Vec<Vec<u32>>,
    starts: Vec<f64>,
    next: Mixed<u64, f64>,
    converted: Vec<f64>,
    failed: Vec<f64>,
    earned: Vec<f64>,
}

impl Counts {
    fn of(paths: &Paths, order: usize) -> Self {
        let mut counts = Self::default();
        for path in paths.iter() {
            let journeys = path.conversions + path.nulls;
            let length = order.min(path.channels.len());
            let mut last: Option<u32> = None;
            for window in path.channels.windows(length) {
                let state = counts.state(window);
                match last {
                    None => counts.starts[state as usize] += journeys,
                    Some(before) if before == state => continue,
                    Some(before) => {
                        *counts.next.entry(u64::from(before) << 32 | u64::from(state)).or_default() += journeys;
                    }
                }
                last = Some(state);
            }
            if let Some(state) = last {
                counts.converted[state as usize] += path.conversions;
                counts.failed[state as usize] += path.nulls;
                counts.earned[state as usize] += path.value;
            }
        }
        counts
    }

    fn state(&mut self, window: &[u32]) -> u32 {
        let new = self.windows.len() as u32;
        let state = match *window {
            [channel] => {
                let at = channel as usize;
                if at >= self.alone.len() {
                    self.alone.resize(at + 1, 0);
                }
                if self.alone[at] == 0 {
                    self.alone[at] = new + 1;
                }
                self.alone[at] - 1
            }
            _ => {
                let packed = window.iter().fold(0_u128, |packed, channel| packed << 32 | (u128::from(*channel) + 1));
                *self.states.entry(packed).or_insert(new)
            }
        };
        if state == new {
            self.windows.push(window.to_vec());
            for column in [&mut self.starts, &mut self.converted, &mut self.failed, &mut self.earned] {
                column.push(0.0);
            }
        }
        state
    }

    /// The chain, and the channels of each state.
    fn into_chain(self) -> (Chain, Vec<Vec<u32>>) {
        let mut leaves: Vec<f64> = self.converted.iter().zip(&self.failed).map(|(a, b)| a + b).collect();
        for (pair, seen) in &self.next {
            leaves[(pair >> 32) as usize] += seen;
        }
        let mut next = vec![Vec::new(); leaves.len()];
        for (pair, seen) in &self.next {
            let (from, to) = ((pair >> 32) as usize, *pair as u32);
            next[from].push((to, seen / leaves[from]));
        }
        // The order of a hash map must not show in the last digit.
        next.iter_mut().for_each(|row| row.sort_unstable_by_key(|(to, _)| *to));
        let per = |column: Vec<f64>| column.iter().zip(&leaves).map(|(seen, all)| seen / all).collect::<Vec<f64>>();
        let journeys: f64 = self.starts.iter().sum();
        let chain = Chain {
            starts: self.starts.iter().map(|seen| seen / journeys).collect(),
            next,
            converts: per(self.converted),
            fails: per(self.failed),
            earns: per(self.earned),
        };
        (chain, self.windows)
    }
}
