//! Attribution in a query: the model, what it is told, and the credits that must be there before the query is run.

use super::{Asked, Plan, Span};
use crate::attribution::{self, AttributionModel, Lookback, Spec, Tuning};
use crate::error::{Error, Result};
use crate::metrics::calendar::{Calendar, Resolved, Window};
use crate::metrics::facts::{Dim, Measure, Source};
use crate::metrics::plan::{Key, On};
use crate::metrics::query::{Basis, Compare, CompareTo, Grain, Params, Query};
use crate::metrics::sql::Param;

/// The models of the window and of the comparison.
pub(super) fn models(query: &Query, metrics: &[Asked]) -> Result<[AttributionModel; 2]> {
    let own = query.attribution_model.unwrap_or_default();
    let Some(compare) = &query.compare else { return Ok([own; 2]) };
    let bad = |reason: &str| Err(Error::invalid_code("bad_comparison", Some("compare.model"), reason));
    match (compare.to == CompareTo::AttributionModel, compare.model) {
        (false, None) => Ok([own; 2]),
        (false, Some(_)) => bad("A model belongs to a comparison with attribution_model."),
        (true, None) => bad("A comparison with attribution_model names the other model."),
        (true, Some(_)) if !metrics.iter().any(|asked| asked.formula.is_credited()) => {
            bad("No metric of the query depends on the attribution model.")
        }
        (true, Some(other)) => Ok([own, other]),
    }
}

/// The window compared with: of another model, the same one.
pub(super) fn compared(calendar: &Calendar, resolved: &Resolved, compare: &Compare) -> Result<Window> {
    if compare.to == CompareTo::AttributionModel && compare.start.is_none() && compare.end.is_none() {
        return Ok(resolved.window);
    }
    calendar.compared(resolved, compare)
}

/// What the models are told.
///
/// # Errors
/// `Invalid`, with the parameter at fault.
pub fn tuning(params: &Params) -> Result<Tuning> {
    let usual = Tuning::default();
    let bad = |name: &str, reason: &str| Error::invalid_code("bad_params", Some(&format!("params.{name}")), reason);
    let half_life_days = params.half_life_days.unwrap_or(usual.half_life_days);
    if !(1..=365).contains(&half_life_days) {
        return Err(bad("half_life_days", "half_life_days lies between 1 and 365."));
    }
    let position = params.position_weights.unwrap_or(usual.position);
    if position.iter().map(|weight| u32::from(*weight)).sum::<u32>() != 100 {
        return Err(bad("position_weights", "The weights of first, middle and last touch are 100 together."));
    }
    let order = params.markov_order.unwrap_or(usual.order);
    if !(1..=3).contains(&order) {
        return Err(bad("markov_order", "markov_order is 1, 2 or 3."));
    }
    let lookback = match (params.lifetime, params.window_days) {
        (Some(true), _) => Lookback::Lifetime,
        (_, Some(days)) => Lookback::Days(days),
        _ => usual.lookback,
    };
    Ok(Tuning { lookback, half_life_days, position, order })
}

/// Whether touches count for as long before an order as there are click windows for.
///
/// # Errors
/// `Invalid` where they do not.
pub fn check_lookback(tuning: Tuning) -> Result<()> {
    match tuning.lookback {
        Lookback::Days(days) if !Lookback::DAYS.contains(&days) => {
            let reason =
                "Touches count 1, 7, 14, 28 or 90 days before an order, or with lifetime as long as they are known.";
            Err(Error::invalid_code("bad_params", Some("params.window_days"), reason))
        }
        _ => Ok(()),
    }
}

/// What only the whole plan knows to be impossible.
pub(super) fn check(plan: &Plan, query: &Query) -> Result<()> {
    if !plan.is_credited() {
        return Ok(());
    }
    check_lookback(plan.settings.tuning)?;
    let within_days = plan.keys.contains(&Key::Bucket(Grain::Hour))
        || plan.keys.contains(&Key::Dim(Dim::Hour))
        || plan.filters.iter().any(|filter| filter.on == On::Dim(Dim::Hour))
        || plan.resolved.instants;
    if query.params.basis == Some(Basis::TouchDate) && within_days {
        let reason = "By the day of the touch, attributed sales are known by whole days.";
        return Err(Error::invalid_code("bad_params", Some("params.basis"), reason));
    }
    Ok(())
}

impl Plan {
    /// Reads credits of touches.
    pub fn is_credited(&self) -> bool {
        self.reads.keys().any(|source| source.is_credited())
    }

    /// The credits that the window and the comparison need.
    pub fn specs(&self) -> [Option<Spec>; 2] {
        let needs = |mut sources: std::collections::btree_map::Keys<'_, Source, Vec<Measure>>| {
            sources.any(|source| source.is_credited())
        };
        let current = needs(self.reads.keys()).then(|| self.spec(&self.current, self.models[0]));
        let previous = self.previous.as_ref().filter(|_| needs(self.previous_reads.keys()));
        [current, previous.map(|span| self.spec(span, self.models[1]))]
    }

    /// The credits that say which channel won a customer: of every order, for the first one may lie anywhere. Winning a customer is
    /// the first touch's doing (the last one is what an e-mail or a search for the name often is), and a customer has one channel,
    /// so no model that shares out. Touches count as long before the order as everywhere, so that first orders by this dimension
    /// are the new customers' orders that `first_touch` credits.
    pub fn first_spec(&self) -> Option<Spec> {
        let all = attribution::Window { first: i32::MIN, after: i32::MAX, since: None, until: None };
        self.dims().any(|dim| dim == Dim::FirstChannel).then(|| Spec {
            brand_id: self.frame.brand_id,
            model: AttributionModel::FirstTouch,
            tuning: Tuning::default(),
            window: all,
            by_touch: false,
            refunds_by_order: false,
            every_touch: false,
            today: 0,
        })
    }

    fn spec(&self, span: &Span, model: AttributionModel) -> Spec {
        let touches = [Measure::AssistedOrders, Measure::Touches, Measure::TouchedOrders];
        Spec {
            brand_id: self.frame.brand_id,
            model,
            tuning: self.settings.tuning,
            window: shown(&span.window),
            by_touch: self.settings.basis == Basis::TouchDate,
            refunds_by_order: self.settings.basis == Basis::OrderDate,
            every_touch: self.measures().any(|measure| touches.contains(&measure)),
            today: Param::day_number(self.frame.calendar.today()),
        }
    }
}

/// A window in the numbers that credits are computed with.
pub fn shown(window: &Window) -> attribution::Window {
    attribution::Window {
        first: Param::day_number(window.first),
        after: Param::day_number(window.after),
        since: window.since.map(|at| at.as_second()),
        until: window.until.map(|at| at.as_second()),
    }
}
