//! The one compiler: a plan becomes statements with bound values. Each table is summed by itself, by the keys asked for; the sums
//! are laid side by side, so that rows of one table never multiply those of another; ratios are taken at the very end.

mod branch;
mod cohorts;
#[cfg(test)]
mod cohorts_tests;
mod conditions;
mod figures;
mod params;
mod snapshots;
#[cfg(test)]
pub(super) mod tests;

use std::collections::BTreeSet;

use crate::metrics::facts::{Measure, Source};
use crate::metrics::plan::{Key, Plan, Sort, SortBy, Span};

pub use branch::{only_family, own_rows};
pub use figures::days_by_key;
pub use params::Param;
use params::Params;

/// A statement ready to run.
#[derive(Debug, Clone, PartialEq)]
pub struct Statement {
    pub text: String,
    pub params: Vec<Param>,
    /// How many keys its rows have.
    pub keys: usize,
    /// The measures, in the order of their columns.
    pub measures: Vec<Measure>,
    pub role: Role,
}

/// What a statement's rows are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The page: a column that is 1 for the totals, which come first, the keys, the measures of the window, and, where
    /// `compared`, those of the comparison.
    Page { compared: bool },
    /// The keys and measures of one table and window. Rows of several such statements belong together by their keys; the totals
    /// are their sums where the table's rows add up to them.
    Part { previous: bool, adds_up: bool },
    /// The totals of a part whose rows do not add up to them.
    Totals { previous: bool },
}

/// Which of the two windows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Period {
    Current,
    Previous,
}

impl Period {
    const fn prefix(self) -> char {
        match self {
            Self::Current => 'm',
            Self::Previous => 'p',
        }
    }
}

/// Compiles a plan: one statement a table and window where every row is shown, else one that picks the page.
pub fn compile(plan: &Plan) -> Vec<Statement> {
    steps(plan).map_or_else(|| vec![page(plan)], |steps| steps.iter().map(Step::statement).collect())
}

/// What the statements of a plan are, in their order.
pub fn roles(plan: &Plan) -> Vec<Role> {
    let page = || vec![Role::Page { compared: plan.previous.is_some() }];
    steps(plan).map_or_else(page, |steps| steps.iter().map(|step| step.role).collect())
}

/// One table's sums over one window.
#[derive(Debug, Clone, Copy)]
pub struct Step<'p> {
    pub plan: &'p Plan,
    pub source: Source,
    pub measures: &'p [Measure],
    /// Those of the plan, or none for the totals.
    pub keys: &'p [Key],
    pub role: Role,
    period: Period,
}

/// The steps of a plan; nothing where one statement picks the page.
pub fn steps(plan: &Plan) -> Option<Vec<Step<'_>>> {
    if !plan.keys.is_empty() && !plan.few && !plan.fills_buckets() {
        return None;
    }
    let mut steps = Vec::new();
    for (period, reads) in [(Period::Current, &plan.reads), (Period::Previous, &plan.previous_reads)] {
        let previous = period == Period::Previous;
        for (source, measures) in reads {
            let adds_up = adds_up(plan, *source, measures);
            let step = |keys, role| Step { plan, source: *source, measures, keys, role, period };
            steps.push(step(plan.keys.as_slice(), Role::Part { previous, adds_up }));
            if !adds_up {
                steps.push(step(&[], Role::Totals { previous }));
            }
        }
    }
    Some(steps)
}

impl Step<'_> {
    /// The window it is about.
    pub fn span(&self) -> &Span {
        match (self.period, &self.plan.previous) {
            (Period::Previous, Some(previous)) => previous,
            _ => &self.plan.current,
        }
    }

    /// As SQL.
    pub fn statement(&self) -> Statement {
        let measures = self.measures.to_vec();
        let mut writer = Writer { plan: self.plan, params: Params::default(), measures, compared: false };
        let text = writer.branch(self.period, self.source, self.measures, self.keys);
        let params = writer.params.into_values();
        Statement { text, params, keys: self.keys.len(), measures: writer.measures, role: self.role }
    }
}

/// One statement that picks the page.
pub fn page(plan: &Plan) -> Statement {
    let measures: Vec<Measure> = plan.measures().collect::<BTreeSet<_>>().into_iter().collect();
    let compared = plan.previous.is_some();
    let mut writer = Writer { plan, params: Params::default(), measures, compared };
    let text = writer.statement();
    let role = Role::Page { compared };
    Statement { text, params: writer.params.into_values(), keys: plan.keys.len(), measures: writer.measures, role }
}

/// Whether the rows of a table add up to the totals: no distinct counts, no row in several groups, no states in time.
fn adds_up(plan: &Plan, source: Source, measures: &[Measure]) -> bool {
    let lists = plan.keys.iter().any(|k| matches!(k, Key::Dim(dim) if dim.is_list()));
    let state = source.is_snapshot() && plan.keys.iter().any(|k| matches!(k, Key::Bucket(_)));
    plan.keys.is_empty() || !lists && !state && measures.iter().all(|m| m.is_additive(source))
}

struct Writer<'a> {
    plan: &'a Plan,
    params: Params,
    measures: Vec<Measure>,
    compared: bool,
}

impl Writer<'_> {
    fn statement(&mut self) -> String {
        let keys: Vec<Key> = self.plan.keys.clone();
        let rows = self.combined(&keys);
        let totals = if self.adds_up() { self.summed() } else { self.combined(&[]) };
        let columns = self.measure_columns().join(", ");
        let key_names = (0..keys.len()).map(|i| format!("k{i}")).collect::<Vec<_>>().join(", ");
        let page = self.page();
        let order = self.order();
        let nulls = (0..keys.len()).map(|i| format!("null as k{i}")).collect::<Vec<_>>().join(", ");
        format!(
            "with r as materialized ({rows})\nselect * from (\nselect 1 as total, {nulls}, {columns} from ({totals}) t\n\
             union all\n(select 0 as total, {key_names}, {columns} from r{page})) q\norder by total desc, {order}"
        )
    }

    /// Every table's sums side by side, by `keys`.
    fn combined(&mut self, keys: &[Key]) -> String {
        let mut branches = Vec::new();
        for period in [Period::Current, Period::Previous] {
            let reads = match period {
                Period::Current => &self.plan.reads,
                Period::Previous => &self.plan.previous_reads,
            };
            for (source, measures) in reads {
                branches.push(self.branch(period, *source, measures, keys));
            }
        }
        if branches.len() == 1 && !self.compared {
            return branches.remove(0);
        }
        let key_names: Vec<String> = (0..keys.len()).map(|i| format!("k{i}")).collect();
        let sums = self.per_column(|name, measure| {
            if measure.may_be_unknown() {
                return format!("sum({name}) as {name}");
            }
            format!("coalesce(sum({name}), 0) as {name}")
        });
        let selected = key_names.iter().cloned().chain(sums).collect::<Vec<_>>().join(", ");
        let grouped = if keys.is_empty() { String::new() } else { format!(" group by {}", key_names.join(", ")) };
        format!("select {selected} from (\n{}) u{grouped}", branches.join("\nunion all by name\n"))
    }

    /// The totals of rows that add up to them.
    fn summed(&self) -> String {
        let sums = self.per_column(|name, measure| match measure.may_be_unknown() {
            true => format!("sum({name}) as {name}"),
            false => format!("coalesce(sum({name}), 0) as {name}"),
        });
        format!("select {} from r", sums.join(", "))
    }

    fn adds_up(&self) -> bool {
        let reads = self.plan.reads.iter().chain(&self.plan.previous_reads);
        reads.into_iter().all(|(source, measures)| adds_up(self.plan, *source, measures))
    }

    fn measure_columns(&self) -> Vec<String> {
        self.per_column(|name, _| name.to_owned())
    }

    fn per_column(&self, write: impl Fn(&str, Measure) -> String) -> Vec<String> {
        let periods: &[Period] = if self.compared { &[Period::Current, Period::Previous] } else { &[Period::Current] };
        let mut columns = Vec::with_capacity(self.measures.len() * periods.len());
        for period in periods {
            for measure in &self.measures {
                columns.push(write(&format!("{}_{}", period.prefix(), measure.id()), *measure));
            }
        }
        columns
    }

    /// Conditions on sums, order and limits of the rows.
    fn page(&mut self) -> String {
        let mut conditions = self.bucket_bounds();
        for having in &self.plan.having {
            conditions.push(self.having(having));
        }
        let mut text = String::new();
        if !conditions.is_empty() {
            text.push_str(" where ");
            text.push_str(&conditions.join(" and "));
        }
        let limit = self.params.int(i64::from(self.plan.limit) + 1);
        let offset = self.params.int(i64::from(self.plan.offset));
        text.push_str(&format!(" order by {} limit {limit} offset {offset}", self.order()));
        text
    }

    /// A longer comparison has buckets that face nothing: they count in the totals only.
    fn bucket_bounds(&mut self) -> Vec<String> {
        let Some(previous) = &self.plan.previous else { return Vec::new() };
        let mut bounds = Vec::new();
        for (i, key) in self.plan.keys.iter().enumerate() {
            let Key::Bucket(grain) = key else { continue };
            let count = |span: &crate::metrics::plan::Span| span.buckets.get(grain).map_or(0, |b| b.all.len());
            let (own, other) = (count(&self.plan.current), count(previous));
            if other > own {
                bounds.push(format!("k{i} < {}", self.params.int(i64::try_from(own).unwrap_or(i64::MAX))));
            }
        }
        bounds
    }

    fn order(&self) -> String {
        let columns = self.plan.order.iter().map(|Sort { by, descending }| {
            let direction = if *descending { "desc" } else { "asc" };
            let column = match by {
                SortBy::Key(i) => format!("k{i}"),
                SortBy::Metric(i, what) => self.figure(&self.plan.metrics[*i], *what),
            };
            format!("{column} {direction} nulls last")
        });
        columns.collect::<Vec<_>>().join(", ")
    }
}
