//! A metric's figure from sums, and how it is written.

use serde_json::Value as Json;

use crate::metrics::catalogue::{Formula, Metric, Term, Unit};
use crate::metrics::exact::Exact;
use crate::metrics::facts::Measure;
use crate::metrics::plan::{Asked, Bound, Having};
use crate::metrics::query::Op;
use crate::metrics::run::Sums;
use crate::money::Currency;

/// A metric's figure in its plain unit; nothing where it divides by 0 or nothing is known.
pub fn figure(asked: &Asked, sums: &Sums, days: i64) -> Option<Exact> {
    let Asked { metric, formula } = asked;
    if metric.needs_cost && no_cost(sums) {
        return None;
    }
    let factor = Exact::new(formula.times.into(), formula.per.into())?;
    let top = total(&formula.top, sums, days)?.times(factor);
    if formula.bottom.is_empty() { Some(top) } else { top.over(total(&formula.bottom, sums, days)?) }
}

/// Things were sold, and none of them has a cost.
fn no_cost(sums: &Sums) -> bool {
    let without = sums.get(Measure::UncostedUnits).unwrap_or(0);
    without > 0 && Some(without) == sums.get(Measure::Units)
}

fn total(terms: &[Term], sums: &Sums, days: i64) -> Option<Exact> {
    let mut total = 0_i128;
    for term in terms {
        let value = if term.measure == Measure::Days { days.into() } else { sums.get(term.measure)? };
        total += if term.minus { -value } else { value };
    }
    let micros = terms.first().is_some_and(|t| t.measure.in_micros());
    Exact::new(total, if micros { 1_000_000 } else { 1 })
}

/// Counted in fractions: what platforms claim, and orders shared out among touches.
fn in_fractions(formula: &Formula) -> bool {
    formula.top.first().is_some_and(|t| matches!(t.measure, Measure::Conversions | Measure::CreditedOrders))
}

/// A figure as an answer carries it: whole counts as numbers, all else as decimal text.
pub fn json(asked: &Asked, value: Option<Exact>, currency: Currency) -> Json {
    let Some(value) = value else { return Json::Null };
    if asked.metric.unit == Unit::Count
        && !in_fractions(&asked.formula)
        && let Ok(count) = i64::try_from(value.rounded())
    {
        return Json::from(count);
    }
    Json::from(text(asked.metric, value, currency))
}

/// A figure as decimal text, rounded half to even here and nowhere else.
pub fn text(metric: &Metric, value: Exact, currency: Currency) -> String {
    match metric.unit {
        Unit::Money => value.text(currency.decimals()),
        Unit::Count => value.text(metric.decimals.unwrap_or(0)),
        Unit::Ratio | Unit::Percent | Unit::Days => value.text(6),
    }
}

/// Whether sums pass a condition on a metric.
pub fn holds(having: &Having, sums: &Sums, days: i64) -> bool {
    let asked = Asked { metric: having.metric, formula: having.formula.clone() };
    let value = figure(&asked, sums, days);
    let bound = |micros: i64| Exact::new(micros.into(), 1_000_000);
    match &having.test {
        Bound::Null(is) => value.is_none() == *is,
        Bound::OneOf { values, not } => {
            let any = value.is_some() && values.iter().any(|v| bound(*v) == value);
            any != *not
        }
        Bound::Compare { op, value: limit } => value.zip(bound(*limit)).is_some_and(|(value, limit)| match op {
            Op::Gt => value > limit,
            Op::Gte => value >= limit,
            Op::Lt => value < limit,
            _ => value <= limit,
        }),
        Bound::Between { low, high } => value.is_some_and(|v| bound(*low) <= Some(v) && Some(v) <= bound(*high)),
    }
}

/// The step from one figure to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    pub change: Option<Exact>,
    /// As a fraction of the earlier one's size; nothing where that is 0.
    pub change_pct: Option<Exact>,
}

/// From `before` to `now`.
pub fn step(now: Option<Exact>, before: Option<Exact>) -> Step {
    let change = now.zip(before).map(|(now, before)| now.minus(before));
    let change_pct = change.zip(before).and_then(|(change, before)| change.over(before.abs()));
    Step { change, change_pct }
}
