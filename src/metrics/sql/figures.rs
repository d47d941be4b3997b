//! Figures in SQL: only to sort and to pick rows by them. What an answer shows is computed from the sums, exactly.

use super::{Period, Writer};
use crate::metrics::catalogue::{Formula, Metric, Term};
use crate::metrics::facts::{Dim, Measure};
use crate::metrics::plan::{Asked, Bound, Having, Key, Span, What};
use crate::metrics::query::Op;

impl Writer<'_> {
    /// A column of a metric, to sort by. Sums are whole numbers, ratios floating: two that differ by less than one part in
    /// 10^15 may change places.
    pub(super) fn figure(&self, asked: &Asked, what: What) -> String {
        let value = |period| self.value(asked.metric, &asked.formula, period);
        match what {
            What::Value => value(Period::Current),
            What::Previous => value(Period::Previous),
            What::Change => format!("({} - {})", value(Period::Current), value(Period::Previous)),
            What::ChangePct => {
                let (now, before) = (value(Period::Current), value(Period::Previous));
                format!("(cast({now} - {before} as double) / nullif(abs(cast({before} as double)), 0))")
            }
        }
    }

    fn value(&self, metric: &Metric, formula: &Formula, period: Period) -> String {
        let top = self.sum(&formula.top, period);
        let value = if formula.bottom.is_empty() {
            top
        } else {
            let bottom = self.sum(&formula.bottom, period);
            format!("(cast({top} as double) / nullif(cast({bottom} as double), 0))")
        };
        if metric.needs_cost { format!("(case when {} then null else {value} end)", no_cost(period)) } else { value }
    }

    fn sum(&self, terms: &[Term], period: Period) -> String {
        let mut text = String::from("(");
        for (i, term) in terms.iter().enumerate() {
            match (i, term.minus) {
                (0, false) => {}
                (0, true) => text.push('-'),
                (_, false) => text.push_str(" + "),
                (_, true) => text.push_str(" - "),
            }
            if term.measure == Measure::Days {
                text.push_str(&self.days(period));
            } else {
                text.push_str(&format!("{}_{}", period.prefix(), term.measure.id()));
            }
        }
        text.push(')');
        text
    }

    /// Days of the window, of the row's bucket, or of the row's weekday.
    fn days(&self, period: Period) -> String {
        let span = match period {
            Period::Current => Some(&self.plan.current),
            Period::Previous => self.plan.previous.as_ref(),
        };
        let Some(span) = span else { return "0".to_owned() };
        let week_start = self.plan.frame.calendar.week_start();
        for (i, key) in self.plan.keys.iter().enumerate() {
            if let Some(days) = days_by_key(*key, span, week_start) {
                let list = days.iter().map(i64::to_string).collect::<Vec<_>>().join(", ");
                return format!("coalesce([{list}][k{i} + 1], 0)");
            }
        }
        span.window.day_count().to_string()
    }

    /// A condition on a metric, in whole numbers throughout: `top × scale` against `bound × bottom`.
    pub(super) fn having(&mut self, having: &Having) -> String {
        let formula = &having.formula;
        let top = self.sum(&formula.top, Period::Current);
        let bottom =
            if formula.bottom.is_empty() { "1".to_owned() } else { self.sum(&formula.bottom, Period::Current) };
        let scale = i128::from(formula.times) * 10_i128.pow(exponent(formula));
        let per = formula.per;
        let missing = {
            let empty = format!("({bottom} = 0 or {top} is null)");
            if having.metric.needs_cost { format!("({empty} or {})", no_cost(Period::Current)) } else { empty }
        };
        // Positive where the figure is above the bound, whatever the sign of the bottom.
        let mut distance = |bound: i64| {
            let bound = self.params.int(bound);
            format!(
                "(cast({top} as hugeint) * {scale} - cast({bound} as hugeint) * cast({bottom} as hugeint) * {per}) \
                 * sign(cast({bottom} as double))"
            )
        };
        let test = match &having.test {
            Bound::Null(true) => return missing,
            Bound::Null(false) => return format!("not {missing}"),
            Bound::Compare { op, value } => format!("{} {} 0", distance(*value), comparison(*op)),
            Bound::Between { low, high } => format!("{} >= 0 and {} <= 0", distance(*low), distance(*high)),
            Bound::OneOf { values, not } => {
                let any = values.iter().map(|v| format!("{} = 0", distance(*v))).collect::<Vec<_>>().join(" or ");
                if *not {
                    return format!("({missing} or not ({any}))");
                }
                format!("({any})")
            }
        };
        format!("(not {missing} and {test})")
    }
}

/// Days of the window by the numbers of a key, for keys that are parts of the calendar.
pub fn days_by_key(key: Key, span: &Span, week_start: i8) -> Option<Vec<i64>> {
    match key {
        Key::Bucket(grain) => span.buckets.get(&grain).map(|b| b.all.iter().map(|bucket| bucket.days).collect()),
        Key::Dim(Dim::DayOfWeek) => {
            let total = span.window.day_count();
            let first = span.window.first.weekday().to_monday_one_offset();
            let first = i64::from((first - week_start).rem_euclid(7));
            Some((0..7).map(|day| (total + 6 - (day - first).rem_euclid(7)).div_euclid(7)).collect())
        }
        Key::Dim(_) => None,
    }
}

/// Money over counts is in millionths already; counts have to be made so; money over money too.
fn exponent(formula: &Formula) -> u32 {
    let micros = |terms: &[Term]| terms.first().is_some_and(|t| t.measure.in_micros());
    match (micros(&formula.top), micros(&formula.bottom)) {
        (true, false) => 0,
        (false, false) | (true, true) => 6,
        (false, true) => 12,
    }
}

/// Nothing that was sold has a cost.
fn no_cost(period: Period) -> String {
    let p = period.prefix();
    format!("({p}_uncosted_units > 0 and {p}_uncosted_units = {p}_units)")
}

/// The operator's sign.
pub(super) fn comparison(op: Op) -> &'static str {
    match op {
        Op::Gt => ">",
        Op::Gte => ">=",
        Op::Lt => "<",
        _ => "<=",
    }
}
