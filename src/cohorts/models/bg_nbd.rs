//! BG/NBD (Fader, Hardie, Lee 2005): how often customers buy while they are customers, and when they stop being.

use super::nelder_mead::minimize;
use super::special::{hyp2f1, ln_gamma};

/// What the model knows of a customer: nothing but these three.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct History {
    /// Purchases after the first; several on one day are one.
    pub repeats: u32,
    /// Weeks from the first purchase to the last; 0 without a repeat.
    pub last: f64,
    /// Weeks from the first purchase to now.
    pub age: f64,
}

/// The model's four parameters: purchases while alive are Poisson with rates Gamma(r, alpha), and after each the customer is
/// gone with a probability Beta(a, b). Time in weeks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BgNbd {
    pub r: f64,
    pub alpha: f64,
    pub a: f64,
    pub b: f64,
}

/// A fit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fit {
    pub model: BgNbd,
    /// Of all customers together.
    pub log_likelihood: f64,
    /// The search ended, and not at a parameter that runs away.
    pub converged: bool,
}

/// Logarithms of parameters beyond this mean that the data does not hold them.
const RUNS_AWAY: f64 = 12.0;

impl BgNbd {
    /// The parameters under which these histories, each as often as its weight says, are likeliest.
    pub fn fit(histories: &[(History, f64)]) -> Fit {
        let total: f64 = histories.iter().map(|(_, weight)| weight).sum();
        let mean_age = histories.iter().map(|(h, w)| h.age * w).sum::<f64>() / total.max(1.0);
        let loss = |logs: &[f64; 4]| {
            if logs.iter().any(|log| log.abs() > 20.0) {
                return f64::INFINITY;
            }
            -Self::of_logs(logs).log_likelihood(histories) / total.max(1.0)
        };
        let start = [0.0, mean_age.max(0.1).ln(), 0.0, 0.0];
        let lowest = minimize(loss, start, 0.5);
        Fit {
            model: Self::of_logs(&lowest.at),
            log_likelihood: -lowest.value * total,
            converged: lowest.converged && lowest.at.iter().all(|log| log.abs() < RUNS_AWAY),
        }
    }

    fn of_logs(logs: &[f64; 4]) -> Self {
        let [r, alpha, a, b] = logs.map(f64::exp);
        Self { r, alpha, a, b }
    }

    /// Of all these histories together. What depends on the number of purchases alone is computed once for each number.
    pub fn log_likelihood(&self, histories: &[(History, f64)]) -> f64 {
        let Self { r, alpha, a, b } = *self;
        let most = histories.iter().map(|(history, _)| history.repeats).max().unwrap_or(0);
        let constant = r * alpha.ln() - ln_gamma(r) + ln_gamma(a + b) - ln_gamma(b);
        let by_repeats: Vec<(f64, f64)> = (0..=most)
            .map(|repeats| {
                let x = f64::from(repeats);
                let shared = constant + ln_gamma(r + x) + ln_gamma(b + x) - ln_gamma(a + b + x);
                (shared, if repeats == 0 { f64::NEG_INFINITY } else { a.ln() - (b + x - 1.0).ln() })
            })
            .collect();
        let one = |history: &History| {
            let (shared, gone) = by_repeats[history.repeats as usize];
            let power = r + f64::from(history.repeats);
            let alive = -power * (alpha + history.age).ln();
            if history.repeats == 0 {
                return shared + alive;
            }
            let gone = gone - power * (alpha + history.last).ln();
            let (high, low) = if alive > gone { (alive, gone) } else { (gone, alive) };
            shared + high + (low - high).exp().ln_1p()
        };
        histories.iter().map(|(history, weight)| weight * one(history)).sum()
    }

    /// Purchases after the first that a new customer makes in `weeks`. `None` where the series does not converge.
    pub fn expected_of_new(&self, weeks: f64) -> Option<f64> {
        let Self { r, alpha, b, .. } = *self;
        let a = self.a_off_one();
        let series = hyp2f1(r, b, a + b - 1.0, weeks / (alpha + weeks))?;
        Some((a + b - 1.0) / (a - 1.0) * (1.0 - (alpha / (alpha + weeks)).powf(r) * series))
    }

    /// Purchases that a customer with this history makes in the next `weeks`.
    pub fn expected(&self, history: &History, weeks: f64) -> Option<f64> {
        if weeks <= 0.0 {
            return Some(0.0);
        }
        let Self { r, alpha, b, .. } = *self;
        let a = self.a_off_one();
        let x = f64::from(history.repeats);
        let until = alpha + history.age;
        let series = hyp2f1(r + x, b + x, a + b + x - 1.0, weeks / (until + weeks))?;
        let made = (a + b + x - 1.0) / (a - 1.0) * (1.0 - (until / (until + weeks)).powf(r + x) * series);
        let expected = made * self.alive(history);
        expected.is_finite().then_some(expected.max(0.0))
    }

    /// How likely a customer with this history still is one. 1 for who bought once, by the model's construction.
    pub fn alive(&self, history: &History) -> f64 {
        if history.repeats == 0 {
            return 1.0;
        }
        let x = f64::from(history.repeats);
        let odds = (self.r + x) * ((self.alpha + history.age) / (self.alpha + history.last)).ln();
        1.0 / (1.0 + self.a / (self.b + x - 1.0) * odds.exp())
    }

    /// The expectation has a removable pole at a = 1.
    fn a_off_one(&self) -> f64 {
        if (self.a - 1.0).abs() < 1e-7 { 1.0 + 1e-7 } else { self.a }
    }
}
