//! Gamma-Gamma (Fader, Hardie 2013): what a customer's purchase is worth on average, from the few that there were.

use super::nelder_mead::minimize;
use super::special::ln_gamma;

/// Repeat purchases and their mean value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spent {
    /// Purchases after the first, at least one.
    pub repeats: u32,
    /// Their mean value, more than 0.
    pub mean: f64,
}

/// The model's three parameters.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GammaGamma {
    pub p: f64,
    pub q: f64,
    pub v: f64,
}

impl GammaGamma {
    /// The parameters under which these purchases are likeliest, and whether the search ended.
    pub fn fit(spent: &[Spent]) -> (Self, bool) {
        let count = spent.len().max(1) as f64;
        let mean = spent.iter().map(|s| s.mean).sum::<f64>() / count;
        let loss = |logs: &[f64; 3]| {
            if logs.iter().any(|log| log.abs() > 25.0) {
                return f64::INFINITY;
            }
            -Self::of_logs(logs).log_likelihood(spent) / count
        };
        let lowest = minimize(loss, [1.0, 1.0, mean.max(1e-6).ln()], 0.5);
        let model = Self::of_logs(&lowest.at);
        // Below 1 the mean over all customers does not exist.
        (model, lowest.converged && model.q > 1.0)
    }

    fn of_logs(logs: &[f64; 3]) -> Self {
        let [p, q, v] = logs.map(f64::exp);
        Self { p, q, v }
    }

    fn log_likelihood(&self, spent: &[Spent]) -> f64 {
        let Self { p, q, v } = *self;
        let constant = q * v.ln() - ln_gamma(q);
        let one = |s: &Spent| {
            let x = f64::from(s.repeats);
            let px = p * x;
            constant + ln_gamma(px + q) - ln_gamma(px) + (px - 1.0) * s.mean.ln() + px * x.ln()
                - (px + q) * (x * s.mean + v).ln()
        };
        spent.iter().map(one).sum()
    }

    /// The mean value of a purchase of a customer: drawn towards everybody's, the more so the fewer there were.
    pub fn expected(&self, spent: Option<Spent>) -> f64 {
        let Self { p, q, v } = *self;
        match spent {
            Some(s) => {
                let x = f64::from(s.repeats);
                p * (v + s.mean * x) / (p * x + q - 1.0)
            }
            None => p * v / (q - 1.0),
        }
    }
}
