//! Chooses where each measure is read: the cheapest table that carries every dimension asked for.

use std::collections::BTreeMap;

use super::{Key, On, Plan, Span};
use crate::error::{Error, Result};
use crate::metrics::catalogue::{Catalogue, Formula, Metric};
use crate::metrics::columns::carries;
use crate::metrics::facts::{Dim, Family, Measure, Source};
use crate::metrics::query::{Basis, Grain};

impl Plan {
    /// Fills `reads` and `previous_reads`.
    pub(super) fn choose_sources(&mut self) -> Result<()> {
        self.check_each_metric()?;
        let wanted = self.wanted();
        self.reads = self.choose(&wanted, &self.current)?;
        if let Some(previous) = &self.previous {
            self.previous_reads = self.choose(&wanted, previous)?;
            // A measure for the notes that one of the two tables lacks is left out of both.
            let both: Vec<Measure> = {
                let before: Vec<Measure> = self.previous_reads.values().flatten().copied().collect();
                self.measures().filter(|m| before.contains(m)).collect()
            };
            for reads in [&mut self.reads, &mut self.previous_reads] {
                reads.values_mut().for_each(|measures| measures.retain(|m| both.contains(m)));
            }
        }
        Ok(())
    }

    /// The same plan without what only its notes need.
    pub fn without_notes(mut self) -> Result<Self> {
        self.noted = false;
        self.choose_sources()?;
        Ok(self)
    }

    /// The same plan read from facts alone, to be compared with.
    #[cfg(test)]
    pub fn without_rollups(mut self) -> Result<Self> {
        self.rollups = false;
        self.choose_sources()?;
        Ok(self)
    }

    fn formulas(&self) -> impl Iterator<Item = (&'static Metric, &Formula)> {
        let asked = self.metrics.iter().map(|a| (a.metric, &a.formula));
        asked.chain(self.having.iter().map(|h| (h.metric, &h.formula)))
    }

    /// What rows must carry.
    pub(super) fn dims(&self) -> impl Iterator<Item = Dim> {
        let keys = self.keys.iter().filter_map(|k| match k {
            Key::Dim(dim) => Some(*dim),
            Key::Bucket(_) => None,
        });
        let filters = self.filters.iter().filter_map(|f| match f.on {
            On::Dim(dim) => Some(dim),
            On::OrderValue => None,
        });
        keys.chain(filters)
    }

    fn by_hour(&self) -> bool {
        self.keys.contains(&Key::Bucket(Grain::Hour))
    }

    /// Says which metric lacks which dimension, before tables are chosen for all together.
    fn check_each_metric(&self) -> Result<()> {
        for (metric, formula) in self.formulas() {
            let lacking = self.dims().find(|dim| !has(formula, *dim));
            if let Some(dim) = lacking {
                return Err(not_available(metric, dim.id(), formula));
            }
            if self.by_hour() && !formula.measures().all(|m| sources_of(m).any(Source::has_instants)) {
                return Err(not_available(metric, "hour", formula));
            }
            // An age may be of either unit.
            let belongs = |each: Dim| {
                self.keys
                    .iter()
                    .any(|key| matches!(key, Key::Dim(dim) if *dim == each || each.is_age() && dim.is_age()))
            };
            if let Some(each) = metric.each
                && !belongs(each)
            {
                let reason =
                    format!("\"{}\" belongs to one {1}: ask for it by the dimension \"{1}\".", metric.id, each.id());
                return Err(Error::invalid_code("dimension_not_available", Some("metrics"), reason));
            }
            let filtered_by_value = self.filters.iter().any(|f| f.on == On::OrderValue);
            if filtered_by_value && !formula.measures().all(|m| sources_of(m).any(Source::has_orders)) {
                return Err(not_available(metric, "order_value", formula));
            }
            self.check_age(metric, formula)?;
            self.check_time(metric, formula)?;
        }
        Ok(())
    }

    /// Ages are counted in one unit, and are ages of the calendar or days from the first order.
    fn check_age(&self, metric: &Metric, formula: &Formula) -> Result<()> {
        let ages = [Dim::AgeMonths, Dim::AgeWeeks].map(|age| self.dims().any(|dim| dim == age));
        let refused = |reason: String| Err(Error::invalid_code("dimension_not_available", Some("dimensions"), reason));
        let of_cohorts = formula.measures().any(|m| m.family() == Family::Cohorts);
        if of_cohorts && ages == [true, true] {
            return refused(format!("\"{}\" counts ages in months or in weeks, not in both.", metric.id));
        }
        if ages != [false, false] && of_cohorts && self.settings.horizon_days.is_some() {
            return refused(format!("\"{}\" takes horizon_days or an age, not both.", metric.id));
        }
        Ok(())
    }

    fn check_time(&self, metric: &Metric, formula: &Formula) -> Result<()> {
        let cut = self.resolved.instants && !self.resolved.window.is_whole_days();
        if cut && !formula.measures().all(|m| sources_of(m).any(Source::has_instants)) {
            let reason = format!("\"{}\" is known by whole days: give the time as days.", metric.id);
            return Err(Error::invalid_code("bad_time", Some("time"), reason));
        }
        let snapshot = formula.measures().any(|m| sources_of(m).any(Source::is_snapshot));
        let buckets = self.keys.iter().filter(|k| matches!(k, Key::Bucket(_))).count();
        if snapshot && buckets > 1 {
            let reason = format!("\"{}\" is a state, not a sum: ask for it by one bucket of the calendar.", metric.id);
            return Err(Error::invalid_code("dimension_not_available", Some("dimensions"), reason));
        }
        let days = formula.measures().any(|m| m == Measure::Days);
        let parts = buckets + usize::from(self.keys.contains(&Key::Dim(Dim::DayOfWeek)));
        if days && parts > 1 {
            let reason = format!("\"{}\" can be asked by one part of the calendar at a time.", metric.id);
            return Err(Error::invalid_code("dimension_not_available", Some("dimensions"), reason));
        }
        Ok(())
    }

    /// The measures of all formulas, and those that the notes need.
    fn wanted(&self) -> BTreeMap<Family, Wanted> {
        let mut wanted: BTreeMap<Family, Wanted> = BTreeMap::new();
        let mut need = |measure: Measure| {
            let list = &mut wanted.entry(measure.family()).or_default().needed;
            if !list.contains(&measure) {
                list.push(measure);
            }
        };
        for (metric, formula) in self.formulas() {
            formula.measures().for_each(&mut need);
            if metric.needs_cost {
                [Measure::Units, Measure::UncostedUnits].into_iter().for_each(&mut need);
            }
        }
        if self.noted {
            for measure in self.formulas().flat_map(|(_, formula)| formula.measures()).flat_map(companions) {
                let of = wanted.entry(measure.family()).or_default();
                if !of.needed.contains(measure) && !of.noted.contains(measure) {
                    of.noted.push(*measure);
                }
            }
        }
        wanted
    }

    fn choose(&self, wanted: &BTreeMap<Family, Wanted>, span: &Span) -> Result<BTreeMap<Source, Vec<Measure>>> {
        let mut reads: BTreeMap<Source, Vec<Measure>> = BTreeMap::new();
        for (family, Wanted { needed, noted }) in wanted {
            let fitting = |wanted: &[Measure]| family.sources().iter().copied().find(|s| self.fits(*s, wanted, span));
            if *family == Family::Calendar {
                continue;
            }
            let mut chosen = Vec::new();
            match fitting(needed) {
                Some(source) => {
                    reads.entry(source).or_default().extend(needed);
                    chosen.push(source);
                }
                // No table has them all: each comes from the cheapest that has it.
                None => {
                    for measure in needed {
                        let source = fitting(std::slice::from_ref(measure)).ok_or_else(apart)?;
                        reads.entry(source).or_default().push(*measure);
                        chosen.push(source);
                    }
                }
            }
            for measure in noted {
                if let Some(source) = chosen.iter().find(|s| s.knows(*measure)) {
                    reads.entry(*source).or_default().push(*measure);
                }
            }
        }
        Ok(reads)
    }

    fn fits(&self, source: Source, measures: &[Measure], span: &Span) -> bool {
        // The costs of days are no sums of anything else: they are the facts.
        if source.is_rollup() && source != Source::DailyCosts && !self.rollups {
            return false;
        }
        let readable = measures.iter().all(|m| source.knows(*m));
        // Ads and costs are known by day: of a running day they take what there is.
        let by_day = matches!(source, Source::Ads | Source::DailyAds | Source::DailyCosts) && !self.resolved.instants;
        let in_time = span.window.is_whole_days() || source.has_instants() || source.is_snapshot() || by_day;
        let by_value = self.filters.iter().any(|f| f.on == On::OrderValue);
        // The rollups count refunds on their own day.
        let own_day = self.settings.basis == Basis::RefundDate
            || !source.is_rollup()
            || !measures.iter().any(|m| m.family() == Family::Refunds);
        readable
            && in_time
            && own_day
            && self.dims().all(|dim| carries(source, dim))
            && (!self.by_hour() || source.has_instants())
            && (!by_value || source.has_orders())
    }
}

/// The measures of a family: those of the formulas, and those that only feed the notes.
#[derive(Default)]
struct Wanted {
    needed: Vec<Measure>,
    noted: Vec<Measure>,
}

/// What the notes need besides a measure.
fn companions(measure: Measure) -> &'static [Measure] {
    match measure {
        Measure::Gross | Measure::Discount | Measure::Shipping | Measure::Tax => &[Measure::Unrated, Measure::Foreign],
        Measure::Cost => &[
            Measure::UncostedUnits,
            Measure::UncostedSales,
            Measure::Units,
            Measure::EstimatedUnits,
            Measure::EstimatedCost,
        ],
        Measure::ShippingCost | Measure::HandlingCost | Measure::PaymentFees => &[Measure::CostsUnrated],
        Measure::Fixed => &[Measure::FixedUnrated],
        Measure::RefundGoods | Measure::RefundTax | Measure::RefundShipping => {
            &[Measure::RefundUnrated, Measure::RefundForeign]
        }
        Measure::Spend | Measure::Claimed => &[Measure::AdsUnrated, Measure::AdsForeign],
        Measure::StockValue => &[Measure::StockPriced, Measure::StockUnvalued],
        _ => &[],
    }
}

fn sources_of(measure: Measure) -> impl Iterator<Item = Source> {
    // The days of a window are the same for everything that is sold in it.
    let family = if measure == Measure::Days { Family::Sales } else { measure.family() };
    let readable = move |s: &Source| measure == Measure::Days && *s != Source::Orders || s.knows(measure);
    family.sources().iter().copied().filter(readable)
}

/// Whether a metric can be split by a dimension: each of its measures can.
pub fn has(formula: &Formula, dim: Dim) -> bool {
    formula.measures().all(|m| sources_of(m).any(|s| carries(s, dim)))
}

/// The dimensions of a metric, in the order of the catalogue.
pub fn dimensions(metric: &Metric) -> Vec<Dim> {
    let formulas = [metric.formula(false), metric.formula(true)];
    let all = Catalogue::get().dimensions.iter().map(|d| d.id);
    all.filter(|dim| has(&formulas[usize::from(dim.is_of_ads())], *dim)).collect()
}

fn apart() -> Error {
    let reason = "These dimensions and filters do not occur together in the rows of these metrics: ask in two queries.";
    Error::invalid_code("dimension_not_available", Some("dimensions"), reason)
}

fn not_available(metric: &Metric, dim: &str, formula: &Formula) -> Error {
    let have: Vec<&str> =
        Catalogue::get().dimensions.iter().filter(|d| has(formula, d.id)).map(|d| d.id.id()).collect();
    let reason = format!("\"{}\" has no {dim}; it has {}.", metric.id, have.join(", "));
    Error::invalid_code("dimension_not_available", Some("dimensions"), reason)
}
