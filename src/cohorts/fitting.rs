//! Fits the models to a brand's customers, checks them against what happened, and says why where they cannot be trusted.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use super::models::{BgNbd, GammaGamma, History};
use super::purchases::{Buyer, histories, history};

/// Fewer customers who came back say nothing about who comes back.
const FEWEST_REPEATERS: usize = 100;
/// Half a year: less holds no rhythm of buying.
const SHORTEST_DAYS: i32 = 182;
/// The end of the history that is predicted from what lies before it: at most so many days, at most a third of it.
const HELD_OUT_DAYS: i32 = 90;
/// Fewer purchases held out are too few to judge by.
const FEWEST_HELD_OUT: usize = 50;
/// Distinct histories that a fit looks at; of more, every so manieth.
const MOST_HISTORIES: usize = 60_000;
/// Beyond this correlation, how often and for how much cannot be taken for independent.
const MOST_CORRELATED: f64 = 0.3;

/// Why nothing is predicted.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = ForecastRefusal)]
pub struct Refusal {
    /// `too_few_repeat_customers`, `too_short_history`, `fit_not_converged`, `prediction_missed`.
    pub code: &'static str,
    pub text: String,
}

/// A test that a model was put to.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = ForecastCheck)]
pub struct Check {
    /// `repeat_customers`, `history`, `held_out`, `independence`.
    pub code: &'static str,
    pub passed: bool,
    pub text: String,
}

/// What the models say of a brand's customers.
#[derive(Debug, Clone)]
pub(super) struct Fitted {
    pub buying: BgNbd,
    pub log_likelihood: f64,
    /// Nothing where the values of purchases hold no such model.
    pub spending: Option<GammaGamma>,
}

/// The fit, or why there is none; the checks either way, as far as they came.
pub(super) struct Judged {
    pub fitted: Result<Fitted, Refusal>,
    pub checks: Vec<Check>,
    /// Customers with at least two purchases.
    pub repeaters: usize,
    /// Days from the first purchase of all to now.
    pub days: i32,
}

/// Fits and judges as of `now`, a number of days since 1970-01-01.
pub(super) fn judge(buyers: &[Buyer], now: i32) -> Judged {
    let repeaters = buyers.iter().filter(|buyer| buyer.purchases.len() > 1).count();
    let days = buyers.iter().map(Buyer::first).min().map_or(0, |first| now - first);
    let mut checks = vec![
        Check {
            code: "repeat_customers",
            passed: repeaters >= FEWEST_REPEATERS,
            text: format!("Customers who have bought on two days or more: {repeaters}; {FEWEST_REPEATERS} are needed."),
        },
        Check {
            code: "history",
            passed: days >= SHORTEST_DAYS,
            text: format!("The first purchase was {days} days ago; {SHORTEST_DAYS} days are needed."),
        },
    ];
    let fitted = fit(buyers, now, repeaters, days, &mut checks);
    Judged { fitted, checks, repeaters, days }
}

fn fit(buyers: &[Buyer], now: i32, repeaters: usize, days: i32, checks: &mut Vec<Check>) -> Result<Fitted, Refusal> {
    if repeaters < FEWEST_REPEATERS {
        let text = format!(
            "Customers who have come back so far: {repeaters}. With fewer than {FEWEST_REPEATERS} a prediction would be a guess."
        );
        return Err(Refusal { code: "too_few_repeat_customers", text });
    }
    if days < SHORTEST_DAYS {
        let text = format!(
            "The history is {days} days long. A prediction needs at least {SHORTEST_DAYS}, for who has not come back yet may \
             still do so."
        );
        return Err(Refusal { code: "too_short_history", text });
    }
    let fit = BgNbd::fit(&sampled(histories(buyers, now)));
    if !fit.converged {
        let text =
            "The purchases do not settle on one model: customers come back too seldom, too regularly or all at once.";
        return Err(Refusal { code: "fit_not_converged", text: text.to_owned() });
    }
    let held_out = held_out(buyers, now, days);
    let refusal = (!held_out.passed).then(|| Refusal { code: "prediction_missed", text: held_out.text.clone() });
    checks.push(held_out);
    if let Some(refusal) = refusal {
        return Err(refusal);
    }
    let spending = spending(buyers, checks);
    Ok(Fitted { buying: fit.model, log_likelihood: fit.log_likelihood, spending })
}

/// Of very many histories a part, evenly over all of them, stands for the whole.
fn sampled(counted: BTreeMap<(u32, i32, i32), usize>) -> Vec<(History, f64)> {
    let step = counted.len().div_ceil(MOST_HISTORIES).max(1);
    counted.into_iter().step_by(step).map(|(days, count)| (history(days), count as f64)).collect()
}

/// Predicts the last days from what was before them.
fn held_out(buyers: &[Buyer], now: i32, days: i32) -> Check {
    let length = HELD_OUT_DAYS.min(days / 3);
    let before = now - length;
    let known = histories(buyers, before);
    let actual: usize =
        buyers.iter().filter(|buyer| buyer.first() <= before).map(|buyer| buyer.bought_between(before, now)).sum();
    let code = "held_out";
    if actual < FEWEST_HELD_OUT {
        let text =
            format!("Only {actual} repeat purchases in the last {length} days: too few to test a prediction on.");
        return Check { code, passed: true, text };
    }
    let fit = BgNbd::fit(&sampled(known.clone()));
    let weeks = f64::from(length) / 7.0;
    let one =
        |(days, count): (&(u32, i32, i32), &usize)| Some(fit.model.expected(&history(*days), weeks)? * *count as f64);
    let Some(predicted) = known.iter().map(one).sum::<Option<f64>>().filter(|_| fit.converged) else {
        let text = format!("Without the last {length} days the purchases do not settle on one model.");
        return Check { code, passed: false, text };
    };
    let ratio = predicted / actual as f64;
    let text = format!(
        "From what was known {length} days ago, {predicted:.0} repeat purchases were to be expected since; {actual} were made."
    );
    Check { code, passed: (0.5..=2.0).contains(&ratio), text }
}

/// Fits the value of purchases, and tests that it does not depend on how many there are.
fn spending(buyers: &[Buyer], checks: &mut Vec<Check>) -> Option<GammaGamma> {
    let spent: Vec<_> = buyers.iter().filter_map(Buyer::spent).collect();
    let pairs: Vec<(f64, f64)> = spent.iter().map(|s| (f64::from(s.repeats), s.mean)).collect();
    let correlation = correlation(&pairs).unwrap_or(0.0);
    let independent = correlation.abs() < MOST_CORRELATED;
    let text = format!(
        "The correlation of how often and for how much customers come back is {correlation:.4}; the value of purchases is \
         predicted where it is below {MOST_CORRELATED}."
    );
    checks.push(Check { code: "independence", passed: independent, text });
    if !independent || spent.len() < FEWEST_REPEATERS {
        return None;
    }
    let (model, converged) = GammaGamma::fit(&spent);
    converged.then_some(model)
}

/// Pearson's; nothing where one of the two does not vary.
fn correlation(pairs: &[(f64, f64)]) -> Option<f64> {
    let count = pairs.len() as f64;
    let (sum_x, sum_y) = pairs.iter().fold((0.0, 0.0), |(x, y), pair| (x + pair.0, y + pair.1));
    let (mean_x, mean_y) = (sum_x / count, sum_y / count);
    let (mut xx, mut yy, mut xy) = (0.0, 0.0, 0.0);
    for (x, y) in pairs {
        xx += (x - mean_x).powi(2);
        yy += (y - mean_y).powi(2);
        xy += (x - mean_x) * (y - mean_y);
    }
    let found = xy / (xx * yy).sqrt();
    found.is_finite().then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_little_is_refused_in_words() {
        let few: Vec<Buyer> = (0..99).map(|id| Buyer { id, purchases: vec![(0, 1), (30, 1)] }).collect();
        let judged = judge(&few, 400);
        assert_eq!(judged.fitted.err().map(|refusal| refusal.code), Some("too_few_repeat_customers"));
        assert_eq!(judged.checks.iter().map(|check| check.passed).collect::<Vec<_>>(), [false, true]);
        let young: Vec<Buyer> = (0..200).map(|id| Buyer { id, purchases: vec![(0, 1), (30, 1)] }).collect();
        assert_eq!(judge(&young, 181).fitted.err().map(|refusal| refusal.code), Some("too_short_history"));
        assert_eq!(judge(&[], 400).fitted.err().map(|refusal| refusal.code), Some("too_few_repeat_customers"));
    }

    #[test]
    fn a_shop_that_stopped_selling_is_not_predicted() {
        // Everybody comes every week until day 300, and then nobody for 90 days but a few.
        let buyer = |id: i64| {
            let step = 5 + i32::try_from(id % 9).unwrap();
            let mut purchases: Vec<(i32, i64)> =
                (0..300 / step).map(|n| (n * step + i32::try_from(id % 50).unwrap(), 10_000_000)).collect();
            if id % 5 == 0 {
                purchases.push((380, 10_000_000));
            }
            Buyer { id, purchases }
        };
        let buyers: Vec<Buyer> = (0..400).map(buyer).collect();
        let judged = judge(&buyers, 391);
        let refusal = judged.fitted.expect_err("refused");
        assert!(["prediction_missed", "fit_not_converged"].contains(&refusal.code), "{refusal:?}");
    }

    #[test]
    fn correlation_is_pearsons() {
        assert_eq!(correlation(&[(1.0, 1.0), (1.0, 2.0)]), None);
        assert!((correlation(&[(1.0, 2.0), (2.0, 4.0), (3.0, 6.0)]).unwrap() - 1.0).abs() < 1e-12);
        let found = correlation(&[(1.0, 1.0), (2.0, 3.0), (3.0, 2.0)]).unwrap();
        assert!((found - 0.5).abs() < 1e-12, "{found}");
    }
}
