//! The whole parts that touches get, with what depends on the length of a journey alone computed once.

use super::models::{Rule, SCALE, fractions, whole};

/// Lengths up to which parts are remembered.
const REMEMBERED: usize = 256;

/// The parts of a model that looks at one journey at a time.
pub struct Parts {
    rule: Rule,
    by_length: Vec<Vec<i64>>,
    fractions: Vec<f64>,
    whole: Vec<i64>,
}

impl Parts {
    pub fn of(rule: Rule) -> Self {
        Self { rule, by_length: vec![Vec::new(); REMEMBERED], fractions: Vec::new(), whole: Vec::new() }
    }

    /// The touch that gets everything, where one does.
    pub fn single(&self, channels: &[u32]) -> Option<usize> {
        let last = channels.len().checked_sub(1)?;
        match self.rule {
            Rule::First => Some(0),
            Rule::Last => Some(last),
            Rule::LastNonDirect { direct } => {
                Some(channels.iter().rposition(|channel| Some(*channel) != direct).unwrap_or(last))
            }
            Rule::Linear | Rule::TimeDecay { .. } | Rule::Position { .. } => None,
        }
    }

    /// What each touch gets of [`SCALE`]; `hours` are asked for by time decay alone.
    pub fn each(&mut self, channels: &[u32], hours: &[f64]) -> &[i64] {
        if let Some(single) = self.single(channels) {
            self.whole.clear();
            self.whole.resize(channels.len(), 0);
            self.whole[single] = SCALE;
            return &self.whole;
        }
        let by_length = matches!(self.rule, Rule::Linear | Rule::Position { .. });
        if !by_length || channels.len() >= REMEMBERED {
            fractions(self.rule, channels, hours, &mut self.fractions);
            whole(&self.fractions, &mut self.whole);
            return &self.whole;
        }
        let known = &mut self.by_length[channels.len()];
        if known.is_empty() {
            fractions(self.rule, channels, hours, &mut self.fractions);
            whole(&self.fractions, known);
        }
        known
    }
}

/// What a fitted model gives the touches of a channel: a factor on their linear share, or, where it has none to carry it, a part
/// that every order gives it. Of orders, sales and refunds.
pub struct Spread {
    factors: Vec<[(f64, f64); 3]>,
    by_length: Vec<Vec<[i64; 3]>>,
    /// By channel, what every attributed order gives it.
    pub given: Vec<[i64; 3]>,
}

impl Spread {
    pub fn of(factors: Vec<[(f64, f64); 3]>) -> Self {
        let given = factors.iter().map(|kinds| kinds.map(|(_, given)| (given * SCALE as f64).round() as i64)).collect();
        Self { factors, by_length: vec![Vec::new(); REMEMBERED], given }
    }

    /// By channel, what one touch of a journey of this length gets.
    pub fn each(&mut self, length: usize) -> &[[i64; 3]] {
        let part = SCALE as f64 / length as f64;
        let known = &mut self.by_length[length.min(REMEMBERED) % REMEMBERED];
        if known.is_empty() || length >= REMEMBERED {
            *known = self.factors.iter().map(|kinds| kinds.map(|(times, _)| (part * times).round() as i64)).collect();
        }
        known
    }
}
