//! One table's sums over one window.

use super::{Period, Writer};
use crate::attribution::tables;
use crate::metrics::calendar::Base;
use crate::metrics::columns::{self, Join};
use crate::metrics::facts::{Dim, Family, Measure, Source};
use crate::metrics::plan::{Key, On, Span, Test};
use crate::metrics::query::{Basis, Grain};

/// Rollups hold sales and refunds side by side: a question about one of them must not find groups that only have the other.
pub fn own_rows(source: Source, family: Family) -> Option<&'static str> {
    Some(match (source, family) {
        (Source::DailySales, Family::Sales) => "d.orders > 0",
        (Source::DailyProducts, Family::Sales) => "(d.units <> 0 or d.gross is not null)",
        (Source::DailySales | Source::DailyProducts, Family::Refunds) => {
            "(d.refunded_units <> 0 or d.refunds is not null)"
        }
        _ => return None,
    })
}

/// The family that all of these are of, where rows may have another one too.
pub fn only_family(measures: &[Measure]) -> Option<Family> {
    let of = |family| measures.iter().any(|m| m.family() == family);
    match (of(Family::Sales), of(Family::Refunds)) {
        (true, false) => Some(Family::Sales),
        (false, true) => Some(Family::Refunds),
        _ => None,
    }
}

/// The clauses of a select, as they grow.
#[derive(Default)]
struct Clauses {
    keys: Vec<String>,
    joins: Vec<Join>,
    unnests: Vec<String>,
    conditions: Vec<String>,
}

impl Clauses {
    fn join(&mut self, joins: &[Join]) {
        for join in joins {
            if !self.joins.contains(join) {
                self.joins.push(*join);
            }
        }
    }
}

impl Writer<'_> {
    pub(super) fn branch(&mut self, period: Period, source: Source, measures: &[Measure], keys: &[Key]) -> String {
        let plan = self.plan;
        let span = match (period, &plan.previous) {
            (Period::Previous, Some(previous)) => previous,
            _ => &plan.current,
        };
        let mut clauses = Clauses::default();
        if self.by_order_date(source) {
            clauses.join(&[Join::Order]);
        }
        for (i, key) in keys.iter().enumerate() {
            let text = self.key(*key, i, source, span, &mut clauses);
            clauses.keys.push(text);
        }
        self.time(source, span, &mut clauses);
        if source == Source::Cohorts && measures.iter().all(|m| m.is_of_those_won()) {
            clauses.conditions.push("c.first_order_at >= b.start_at".to_owned());
        }
        let own = only_family(measures).and_then(|family| own_rows(source, family));
        clauses.conditions.extend(own.map(str::to_owned));
        for filter in &plan.filters {
            self.filter(filter.on, &filter.test, source, keys, &mut clauses);
        }
        let from = self.from((period, source), span, keys, measures);
        self.select(period, source, measures, clauses, &from)
    }

    fn select(
        &mut self,
        period: Period,
        source: Source,
        measures: &[Measure],
        mut clauses: Clauses,
        from: &str,
    ) -> String {
        let named = clauses.keys.iter().enumerate().map(|(i, key)| format!("{key} as k{i}"));
        let mut columns: Vec<String> = named.collect();
        for measure in measures {
            let Some(aggregate) = source.measure(*measure) else { continue };
            clauses.join(columns::measure_joins(source, *measure));
            let mut aggregate = aggregate.into_owned();
            if aggregate.contains("$currency") {
                aggregate = aggregate.replace("$currency", &self.params.text(self.plan.frame.currency.code()));
            }
            if aggregate.contains("$matured") {
                let matured = self.matured();
                aggregate = aggregate.replace("$matured", &self.params.day(matured));
            }
            if aggregate.contains("$horizon") {
                aggregate = aggregate.replace("$horizon", &self.params.int(self.plan.settings.horizon_seconds));
            }
            let name = format!("{}_{}", period.prefix(), measure.id());
            // A median of nothing is nothing, a sum of nothing is 0.
            let whole = if measure.may_be_unknown() { aggregate } else { format!("coalesce({aggregate}, 0)") };
            columns.push(format!("{whole} as {name}"));
        }
        clauses.joins.sort_unstable();
        let mut joins: String = clauses.joins.iter().map(|join| columns::join(source, *join)).collect();
        if clauses.joins.contains(&Join::FirstChannel) {
            let (credits, tags) = tables(self.plan.first_slot);
            joins = joins.replace("$first_credits", credits).replace("$first_tags", tags);
        }
        let unnests = clauses.unnests.concat();
        let conditions = if clauses.conditions.is_empty() {
            String::new()
        } else {
            format!(" where {}", clauses.conditions.join(" and "))
        };
        let grouped = match clauses.keys.len() {
            0 => String::new(),
            count => format!(" group by {}", (1..=count).map(|i| i.to_string()).collect::<Vec<_>>().join(", ")),
        };
        format!("select {} from {from}{joins}{unnests}{conditions}{grouped}", columns.join(", "))
    }

    fn from(&mut self, (period, source): (Period, Source), span: &Span, keys: &[Key], measures: &[Measure]) -> String {
        match source {
            Source::StockLevels => self.stock_levels(span, keys, measures),
            Source::StockRates => self.stock_rates(span, keys, measures),
            Source::Cohorts => self.cohorts(span, keys, measures),
            Source::CohortAges => self.cohort_ages(span, keys),
            _ if source.is_credited() => {
                let (credits, tags) = tables(self.plan.slots[usize::from(period == Period::Previous)]);
                let (table, alias) = (source.base().id(), source.alias());
                format!(
                    "{table} {alias} left join {credits} cr on cr.order_id = {alias}.order_id \
                     left join {tags} g on g.tag = cr.tag"
                )
            }
            _ => format!("{} {}", source.id(), source.alias()),
        }
    }

    /// Refunds counted on the day of their order.
    fn by_order_date(&self, source: Source) -> bool {
        source.base() == Source::Refunds && self.plan.settings.basis == Basis::OrderDate
    }

    fn day(&self, source: Source) -> String {
        if self.plan.settings.basis == Basis::TouchDate && matches!(source, Source::Credits | Source::CreditLines) {
            return format!("coalesce(date '1970-01-01' + cr.touch_day, {}.day)", source.alias());
        }
        match source {
            _ if self.by_order_date(source) => "coalesce(o.day, r.day)".to_owned(),
            _ if source.is_of_customers() => "c.first_day".to_owned(),
            _ => format!("{}.day", source.alias()),
        }
    }

    fn instant(&self, source: Source) -> String {
        match source.base() {
            Source::Refunds if self.by_order_date(source) => "coalesce(o.placed_at, r.refunded_at)".to_owned(),
            Source::Refunds => "r.refunded_at".to_owned(),
            Source::Sessions => "se.started_at".to_owned(),
            Source::Cohorts | Source::CohortAges => "c.first_order_at".to_owned(),
            _ => format!("{}.placed_at", source.alias()),
        }
    }

    fn hour(&self, source: Source) -> String {
        match source {
            _ if self.by_order_date(source) => "coalesce(o.hour, r.hour)".to_owned(),
            _ => format!("{}.hour", source.alias()),
        }
    }

    fn key(&mut self, key: Key, number: usize, source: Source, span: &Span, clauses: &mut Clauses) -> String {
        match key {
            Key::Bucket(_) if source.is_of_customers() => "b.k".to_owned(),
            Key::Bucket(_) if source.is_snapshot() => "st.k".to_owned(),
            Key::Bucket(grain) => self.bucket(grain, source, span),
            Key::Dim(Dim::Hour) => self.hour(source),
            Key::Dim(Dim::DayOfWeek) => {
                let start = self.params.int(i64::from(self.plan.frame.calendar.week_start()));
                format!("((isodow({}) - {start} + 7) % 7)", self.day(source))
            }
            Key::Dim(dim) => {
                let Some(column) = columns::column(source, dim) else { return "null".to_owned() };
                clauses.join(&column.joins);
                let key = self.filled(column.key, source);
                if !column.list {
                    return key;
                }
                // A row without a value stays, in a group of its own.
                let list = &key;
                clauses.unnests.push(format!(
                    " cross join unnest(case when len(coalesce({list}, [])) = 0 then [null] else {list} end) as u{number}(v)"
                ));
                format!("u{number}.v")
            }
        }
    }

    /// A column with what depends on the brand and on the question filled in.
    fn filled(&mut self, column: String, source: Source) -> String {
        let column = if column.contains("$day") { column.replace("$day", &self.day(source)) } else { column };
        self.with_week_start(column)
    }

    pub(super) fn with_week_start(&mut self, text: String) -> String {
        if !text.contains("$week_start") {
            return text;
        }
        let start = self.params.int(i64::from(self.plan.frame.calendar.week_start()));
        text.replace("$week_start", &start)
    }

    /// The number of the bucket that a row lies in.
    fn bucket(&mut self, grain: Grain, source: Source, span: &Span) -> String {
        let day = self.day(source);
        let Some(buckets) = span.buckets.get(&grain) else { return "null".to_owned() };
        match (buckets.base, grain) {
            (Base::Second(second), _) => format!("(({} - {}) // 3600)", self.instant(source), self.params.int(second)),
            (Base::Day(first), Grain::Week) => format!("(({day} - {}) // 7)", self.params.day(first)),
            (Base::Day(first), _) => format!("({day} - {})", self.params.day(first)),
            (Base::Ordinal(base), Grain::Quarter) => {
                format!("(year({day}) * 4 + quarter({day}) - {})", self.params.int(base))
            }
            (Base::Ordinal(base), Grain::Year) => format!("(year({day}) - {})", self.params.int(base)),
            (Base::Ordinal(base), _) => format!("(year({day}) * 12 + month({day}) - {})", self.params.int(base)),
        }
    }

    /// The brand and the window.
    fn time(&mut self, source: Source, span: &Span, clauses: &mut Clauses) {
        if matches!(source, Source::StockLevels | Source::StockRates) {
            return;
        }
        let brand = self.params.int(self.plan.frame.brand_id);
        clauses.conditions.push(format!("{}.brand_id = {brand}", source.alias()));
        if source.is_of_customers() {
            clauses.conditions.push("c.first_order_at < b.end_at".to_owned());
            if source == Source::CohortAges {
                clauses.conditions.push("c.first_order_at >= b.start_at".to_owned());
            }
            return;
        }
        let day = self.day(source);
        clauses.conditions.push(format!("{day} >= {}", self.params.day(span.window.first)));
        clauses.conditions.push(format!("{day} < {}", self.params.day(span.window.after)));
        if source.has_instants() {
            let instant = self.instant(source);
            if let Some(since) = span.window.since {
                clauses.conditions.push(format!("{instant} >= {}", self.params.int(since.as_second())));
            }
            if let Some(until) = span.window.until {
                clauses.conditions.push(format!("{instant} < {}", self.params.int(until.as_second())));
            }
        }
    }

    fn filter(&mut self, on: On, test: &Test, source: Source, keys: &[Key], clauses: &mut Clauses) {
        let dim = match on {
            On::OrderValue => {
                clauses.join(&[Join::Order]);
                let condition = self.condition("(o.gross - o.discount)", false, test);
                clauses.conditions.push(condition);
                return;
            }
            On::Dim(dim) => dim,
        };
        let (expression, list) = match dim {
            Dim::Day | Dim::Week | Dim::Month | Dim::Quarter | Dim::Year => (self.day(source), false),
            Dim::Hour => (self.hour(source), false),
            Dim::DayOfWeek => (format!("isodow({})", self.day(source)), false),
            _ => {
                let Some(column) = columns::column(source, dim) else { return };
                clauses.join(&column.joins);
                // Split by the same list: each value answers for itself.
                match keys.iter().position(|k| *k == Key::Dim(dim)).filter(|_| column.list) {
                    Some(i) => (format!("u{i}.v"), false),
                    None => {
                        let key = self.filled(column.key, source);
                        (column.shown.map_or(key, str::to_owned), column.list)
                    }
                }
            }
        };
        let condition = self.condition(&expression, list, test);
        clauses.conditions.push(condition);
    }
}
