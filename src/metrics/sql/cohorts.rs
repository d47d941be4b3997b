//! Customers by their first order: one row a customer, or one a customer and age, with what they brought in since.

use jiff::civil::{Date, date};

use super::Writer;
use crate::metrics::calendar::shift_days;
use crate::metrics::columns::age;
use crate::metrics::facts::{Dim, Measure};
use crate::metrics::plan::{Key, On, Span};
use crate::metrics::query::ValueBasis;

/// What each order and refund of a customer adds, on its own day. Of gross profit, lines without a cost are left out, and an
/// order counts as known where some of its lines have one.
const FLOWS: &str = "select f.customer_id, f.day, {sale} as value, {known} as known from fact_orders f \
    where f.brand_id = {brand} and f.customer_id is not null \
    union all select r.customer_id, r.day, {refund}, false from fact_refund_lines r \
    where r.brand_id = {brand} and r.customer_id is not null";

const PROFIT: &str = "f.gross - f.discount - coalesce(f.sales_without_cost, 0) - coalesce(f.cost, 0)";
/// What is entered of costs in a currency without a rate that day counts 0, as everywhere.
const CONTRIBUTION: &str = "f.gross - f.discount - coalesce(f.sales_without_cost, 0) - coalesce(f.cost, 0) \
    - coalesce(f.shipping_cost, 0) - coalesce(f.handling_cost, 0) - coalesce(f.payment_fee, 0)";
const HAS_COST: &str = "(f.units = 0 or f.units_without_cost < f.units)";
const REFUNDED_PROFIT: &str = "case when r.cost is null and r.variant_id is not null and r.quantity > 0 then 0 \
    else -r.goods end + coalesce(r.cost, 0)";

/// Of each customer: every complete age, the ages with an order, and what came in from its age on.
const AGES: &str = "(with whose as (select d.customer_id, d.first_day, {complete} as ages from dim_customer d \
    where d.brand_id = {brand}), flows as ({flows}) \
    select customer_id, unnest(range(0, ages)) as age, 1 as customers, 0 as active, null as value, false as known from whose \
    union all select distinct w.customer_id, {age_of_order} as age, 0, 1, null, false from whose w \
    join fact_orders f on f.customer_id = w.customer_id where age < w.ages \
    union all select customer_id, unnest(range(age, ages)), 0, 0, value, known from (select w.customer_id, w.ages, \
    {age_of_flow} as age, f.value, f.known from whose w join flows f on f.customer_id = w.customer_id) x where age < ages) ca";

/// Later than every day there is.
const FOREVER: Date = date(2999, 12, 31);

impl Writer<'_> {
    /// Customers with their first order; `b` says from when and until when orders count.
    pub(super) fn cohorts(&mut self, span: &Span, keys: &[Key], measures: &[Measure]) -> String {
        let mut text = self.firsts(span, keys);
        if measures.contains(&Measure::CohortValue) {
            let flows = self.flows();
            let within = match self.plan.settings.horizon_days {
                Some(days) => format!(" where f.day < d.first_day + cast({} as integer)", self.params.int(days)),
                None => String::new(),
            };
            text.push_str(&format!(
                " left join (select f.customer_id, sum(f.value) as value, bool_or(f.known) as known from ({flows}) f \
                 join dim_customer d on d.customer_id = f.customer_id{within} group by 1) v on v.customer_id = c.customer_id"
            ));
        }
        text
    }

    /// The same with every complete age of each.
    pub(super) fn cohort_ages(&mut self, span: &Span, keys: &[Key]) -> String {
        let firsts = self.firsts(span, keys);
        let flows = self.flows();
        let unit = self.age_unit();
        let until = self.params.day(self.plan.frame.complete_until);
        let brand = self.params.int(self.plan.frame.brand_id);
        let ages = AGES
            .replace("{complete}", &age(unit, &until, "d.first_day"))
            .replace("{age_of_order}", &age(unit, "f.day", "w.first_day"))
            .replace("{age_of_flow}", &age(unit, "f.day", "w.first_day"))
            .replace("{flows}", &flows)
            .replace("{brand}", &brand);
        let ages = self.with_week_start(ages);
        format!("{firsts} join {ages} on ca.customer_id = c.customer_id")
    }

    /// The last first day whose customers have reached the horizon.
    pub(super) fn matured(&self) -> Date {
        let until = self.plan.frame.complete_until;
        self.plan.settings.horizon_days.map_or(FOREVER, |days| shift_days(until, -days))
    }

    /// The unit that the query counts ages in.
    fn age_unit(&self) -> Dim {
        let keys = self.plan.keys.contains(&Key::Dim(Dim::AgeWeeks));
        let filters = self.plan.filters.iter().any(|filter| filter.on == On::Dim(Dim::AgeWeeks));
        if keys || filters { Dim::AgeWeeks } else { Dim::AgeMonths }
    }

    fn flows(&mut self) -> String {
        let (sale, known, refund) = match self.plan.settings.value_basis {
            ValueBasis::NetSales => ("f.gross - f.discount", "true", "-r.goods"),
            ValueBasis::GrossProfit => (PROFIT, HAS_COST, REFUNDED_PROFIT),
            ValueBasis::ContributionMargin => (CONTRIBUTION, HAS_COST, REFUNDED_PROFIT),
        };
        let brand = self.params.int(self.plan.frame.brand_id);
        FLOWS.replace("{sale}", sale).replace("{known}", known).replace("{refund}", refund).replace("{brand}", &brand)
    }

    fn firsts(&mut self, span: &Span, keys: &[Key]) -> String {
        let calendar = &self.plan.frame.calendar;
        let stretches: Vec<(i64, i64)> = match super::snapshots::buckets(span, keys) {
            Some(buckets) => buckets.all.iter().map(|b| (b.start.as_second(), b.end.as_second())).collect(),
            None => vec![(calendar.start(&span.window).as_second(), calendar.end(&span.window).as_second())],
        };
        let rows = stretches.into_iter().enumerate().map(|(k, (start, end))| {
            let (start, end) = (self.params.int(start), self.params.int(end));
            format!("({k}, {start}, {end})")
        });
        let rows = rows.collect::<Vec<_>>().join(", ");
        format!(
            "dim_customer c join fact_orders o on o.order_id = c.first_order_id \
             cross join (values {rows}) b(k, start_at, end_at)"
        )
    }
}
