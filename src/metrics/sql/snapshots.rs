//! States at the end of a window: stock. One row a bucket and SKU.

use super::Writer;
use crate::metrics::calendar::Buckets;
use crate::metrics::facts::Measure;
use crate::metrics::plan::{Key, Span};

/// The last level of each SKU in each warehouse.
const LEVELS: &str = "last as (select {k} as k, s.variant_id, s.warehouse_id, max(s.day) as day from {b}fact_stock s \
where s.brand_id = {brand} and s.day <= {as_of} group by 1, 2, 3), \
levels as (select t.k, s.variant_id, s.product_id, s.warehouse_id, s.on_hand, s.incoming from last t \
join fact_stock s on s.variant_id = t.variant_id and s.warehouse_id = t.warehouse_id and s.day = t.day)";

/// What a unit is worth: its last cost, else its price.
const WORTH: &str = ", costs as (select {k} as k, dc.variant_id, arg_max(dc.cost, dc.from_day) as cost from {b}dim_cost dc \
where dc.brand_id = {brand} and dc.from_day <= {as_of} and dc.cost is not null group by 1, 2)";

/// Units sold, and days without stock, of the last days. A day counts as one without stock where the level is known to be 0 and
/// nothing was sold; a day before the first known level counts as one with stock.
const RATES: &str = ", skus as (select k, variant_id, any_value(product_id) as product_id, sum(on_hand) as on_hand, \
sum(incoming) as incoming from levels group by 1, 2), \
sold as materialized (select {k} as k, l.variant_id, l.day, sum(l.quantity) as units from {b}fact_order_lines l \
where l.brand_id = {brand} and l.day > {as_of} - {window} and l.day <= {as_of} group by 1, 2, 3), \
recent as (select k, variant_id, sum(units) as units from sold group by 1, 2), \
old as (select {k} as k, s.variant_id, s.warehouse_id, max(s.day) as day from {b}fact_stock s \
where s.brand_id = {brand} and s.day <= {as_of} - {window} + 1 group by 1, 2, 3), \
marks as (select o.k, s.variant_id, s.warehouse_id, 1 - {window} as ago, s.on_hand from old o \
join fact_stock s on s.variant_id = o.variant_id and s.warehouse_id = o.warehouse_id and s.day = o.day \
union all select {k} as k, s.variant_id, s.warehouse_id, cast(s.day - {as_of} as integer), s.on_hand from {b}fact_stock s \
where s.brand_id = {brand} and s.day > {as_of} - {window} + 1 and s.day <= {as_of}), \
spans as (select k, variant_id, on_hand, ago, \
lead(ago, 1, 1) over (partition by k, variant_id, warehouse_id order by ago) as until from marks), \
daily as (select k, variant_id, ago, sum(on_hand) as on_hand from (select k, variant_id, on_hand, unnest(range(ago, until)) as ago \
from spans) x group by 1, 2, 3), \
gone as (select d.k, d.variant_id, count(*) as days from daily d left join sold on sold.k = d.k \
and sold.variant_id = d.variant_id and sold.day = {as_of_of_d} + cast(d.ago as integer) \
where d.on_hand <= 0 and sold.units is null group by 1, 2), \
rates as (select s.*, {as_of_of_s} as as_of, coalesce(r.units, 0) as units, {window} - coalesce(g.days, 0) as days from skus s \
left join recent r on r.k = s.k and r.variant_id = s.variant_id \
left join gone g on g.k = s.k and g.variant_id = s.variant_id)";

/// What follows from them. The rate is scaled by a number that every count of days up to 28 divides, so that rates add up
/// exactly; a stock that lasts a century has no day to run out on.
const FOLLOWS: &str = "r.*, case when r.units > 0 then r.units * 80313433200 // r.days else 0 end as daily_rate, \
case when r.units > 0 then greatest(0, (r.units * {ahead} + r.days - 1) // r.days - greatest(r.on_hand, 0) - r.incoming) \
else 0 end as reorder, \
(r.units > 0 and (r.on_hand <= 0 or r.on_hand * r.days < r.units * {lead})) as low_stock, \
case when r.units > 0 and greatest(r.on_hand, 0) * r.days // r.units < 36500 \
then r.as_of + cast(greatest(r.on_hand, 0) * r.days // r.units as integer) end as stockout";

impl Writer<'_> {
    /// The level of each SKU in each warehouse.
    pub(super) fn stock_levels(&mut self, span: &Span, keys: &[Key], measures: &[Measure]) -> String {
        let (worth, columns, joins) = worth(measures);
        let text = format!("(with {{with_b}}{LEVELS}{worth} select r.*{columns} from levels r{joins}) st");
        self.as_of(&text, span, keys)
    }

    /// The level of each SKU with what it sold in the last days, and what follows from it.
    pub(super) fn stock_rates(&mut self, span: &Span, keys: &[Key], measures: &[Measure]) -> String {
        let (worth, columns, joins) = worth(measures);
        let text = format!("(with {{with_b}}{LEVELS}{worth}{RATES} select {FOLLOWS}{columns} from rates r{joins}) st");
        let settings = self.plan.settings;
        let window = format!("cast({} as integer)", self.params.int(settings.window_days));
        let lead = self.params.int(settings.lead_time_days);
        let ahead = self.params.int(settings.lead_time_days + settings.cover_days);
        let text = text.replace("{window}", &window).replace("{lead}", &lead).replace("{ahead}", &ahead);
        self.as_of(&text, span, keys)
    }

    /// Fills in the days to look at: one for each bucket, or the window's last, which SQL then sees as a constant.
    fn as_of(&mut self, text: &str, span: &Span, keys: &[Key]) -> String {
        let brand = self.params.int(self.plan.frame.brand_id);
        let text = text.replace("{brand}", &brand);
        let Some(buckets) = buckets(span, keys) else {
            let day = self.params.day(self.plan.frame.calendar.last_day(&span.window));
            let filled = text.replace("{as_of_of_d}", &day).replace("{as_of_of_s}", &day).replace("{as_of}", &day);
            return filled.replace("{with_b}", "").replace("{b}", "").replace("{k}", "0");
        };
        let rows = buckets.all.iter().enumerate().map(|(k, b)| format!("({k}, {})", self.params.day(b.last_day)));
        let with = format!("b(k, as_of) as (values {}), ", rows.collect::<Vec<_>>().join(", "));
        text.replace("{as_of_of_d}", "(select b.as_of from b where b.k = d.k)")
            .replace("{as_of_of_s}", "(select b.as_of from b where b.k = s.k)")
            .replace("{as_of}", "b.as_of")
            .replace("{with_b}", &with)
            .replace("{b}", "b cross join ")
            .replace("{k}", "b.k")
    }
}

/// What a unit is worth, only where it is asked for: a table, columns and joins.
fn worth(measures: &[Measure]) -> (&'static str, &'static str, &'static str) {
    if !measures.iter().any(|m| matches!(m, Measure::StockValue | Measure::StockPriced | Measure::StockUnvalued)) {
        return ("", "", "");
    }
    (
        WORTH,
        ", coalesce(co.cost, v.price) as value, (co.cost is null and v.price is not null) as priced",
        " left join costs co on co.k = r.k and co.variant_id = r.variant_id \
         left join dim_variant v on v.variant_id = r.variant_id",
    )
}

pub(super) fn buckets<'a>(span: &'a Span, keys: &[Key]) -> Option<&'a Buckets> {
    keys.iter().find_map(|key| match key {
        Key::Bucket(grain) => span.buckets.get(grain),
        Key::Dim(_) => None,
    })
}
