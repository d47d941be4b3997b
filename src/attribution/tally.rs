//! What the journeys of a question add up to, path by path and in whole numbers: what some persons did can be taken out and counted
//! again, and all is exactly as if everybody had been counted anew.

use std::collections::HashMap;

use super::credits::{Rows, Steps, Worth};
use super::journeys::{Cut, Journey, cut_of};
use super::ledger::Ledger;
use super::model::{AttributionModel, Spec, Tuning};
use super::models::Paths;
use super::parts::Parts;
use super::side::Given;

/// The journeys that went through the same channels one after the other.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Group {
    /// How many there are.
    journeys: i64,
    /// Those that came to nothing.
    pub nulls: i64,
    /// Those that led to an order of the window.
    pub orders: i64,
    /// What these brought in, in micros.
    pub sales: i128,
    /// What went back in the window, in micros.
    pub refunds: i128,
    /// The sizes, each without its sign, of what orders brought in and of what went back.
    pub sizes: [i128; 2],
}

impl Group {
    /// Orders, sales and refunds.
    pub fn worth(&self) -> [i128; 3] {
        [self.orders.into(), self.sales, self.refunds]
    }

    pub fn add(&mut self, worth: &Worth, sign: i64) {
        self.orders += sign * worth.orders;
        self.sales += i128::from(sign) * i128::from(worth.sales);
        self.refunds += i128::from(sign) * i128::from(worth.refunds);
        for (size, of) in self.sizes.iter_mut().zip([worth.sales, worth.refunds]) {
            *size += i128::from(sign) * i128::from(of).abs();
        }
    }
}

/// Journeys of a question, added up.
#[derive(Debug, Clone, PartialEq)]
pub struct Tally {
    spec: Spec,
    /// By the numbers of the channels. They are chosen by those who come: hence the hash that nobody can foresee.
    groups: HashMap<Vec<u32>, Group>,
    /// By channel, what time decay gives: it alone looks at more of a journey than the path. Nothing where it is not wanted.
    decay: Option<Vec<Given>>,
}

/// A path with what is known of it.
pub type Way<'a> = (&'a [u32], &'a Group);

impl Tally {
    /// Of every journey of the question, with those that came to nothing, and with what time decay gives.
    pub fn of(ledger: &Ledger, spec: &Spec) -> Self {
        let spec = Self::question(spec);
        let rows = Rows::of(ledger, &spec);
        let mut tally = Self { decay: Some(Vec::new()), ..Self::empty(&spec) };
        tally.count(ledger, &rows, &rows.journeys(ledger, true), 1);
        tally
    }

    /// Of these journeys, without what time decay gives.
    pub fn of_cut(ledger: &Ledger, rows: &Rows<'_>, cut: &Cut) -> Self {
        let mut tally = Self::empty(rows.spec);
        tally.count(ledger, rows, cut, 1);
        tally
    }

    fn empty(spec: &Spec) -> Self {
        Self { spec: *spec, groups: HashMap::new(), decay: None }
    }

    /// What of a question makes a difference here: neither the models nor, for them, more than the half-life.
    fn question(spec: &Spec) -> Spec {
        let Tuning { lookback, half_life_days, .. } = spec.tuning;
        Spec {
            model: AttributionModel::TimeDecay,
            tuning: Tuning { lookback, half_life_days, ..Tuning::default() },
            by_touch: false,
            every_touch: true,
            ..*spec
        }
    }

    /// Whether it holds the answer to this question.
    pub fn answers(&self, spec: &Spec) -> bool {
        self.spec == Self::question(spec)
    }

    /// Adds the journeys of these persons as the ledger has them, or takes them out with the sign −1.
    pub fn count_persons(&mut self, ledger: &Ledger, persons: &[i64], sign: i64) {
        let spec = self.spec;
        let rows = Rows::of(ledger, &spec);
        self.count(ledger, &rows, &cut_of(ledger, &rows.wanted(true), persons), sign);
    }

    fn count(&mut self, ledger: &Ledger, rows: &Rows<'_>, cut: &Cut, sign: i64) {
        let mut steps = Steps::default();
        let mut parts = Parts::of(self.spec.rule(None));
        for journey in &cut.journeys {
            let touches = cut.touches(journey);
            steps.read(ledger, touches);
            let worth = journey.order.map_or_else(Worth::default, |order| Worth::of(ledger, rows, order));
            self.count_one(&steps.channels, &worth, journey, sign);
            let Some((decay, order)) = self.decay.as_mut().zip(journey.order) else { continue };
            steps.read_hours(ledger, touches, order);
            let worth = [worth.orders, worth.sales, worth.refunds].map(|of| i128::from(sign) * i128::from(of));
            decay.resize(decay.len().max(ledger.channels.len()), Given::default());
            for (channel, part) in steps.channels.iter().zip(parts.each(&steps.channels, &steps.hours)) {
                decay[*channel as usize].add(worth, [*part; 3]);
            }
        }
    }

    fn count_one(&mut self, path: &[u32], worth: &Worth, journey: &Journey, sign: i64) {
        let group = match self.groups.get_mut(path) {
            Some(known) => known,
            None => self.groups.entry(path.to_vec()).or_default(),
        };
        group.journeys += sign;
        group.nulls += if journey.order.is_none() { sign } else { 0 };
        group.add(worth, sign);
        if group.journeys == 0 {
            self.groups.remove(path);
        }
    }

    /// The paths in an order that depends on nothing but them: sums of floats show the order in their last digits.
    pub fn ways(&self) -> Vec<Way<'_>> {
        let mut ways: Vec<Way<'_>> = self.groups.iter().map(|(path, group)| (path.as_slice(), group)).collect();
        ways.sort_unstable_by_key(|(path, _)| *path);
        ways
    }

    /// What time decay gives every channel of so many.
    pub fn decayed(&self, channels: usize) -> Vec<Given> {
        let mut column = self.decay.clone().unwrap_or_default();
        column.resize(channels, Given::default());
        column
    }
}

/// The journeys that a model is fitted to: to the orders of the window, and to none.
pub fn paths(ways: &[Way<'_>]) -> Paths {
    let mut paths = Paths::default();
    for (path, group) in ways {
        paths.push(path.iter().copied(), group.orders as f64, group.nulls as f64, group.sales as f64);
    }
    paths
}
