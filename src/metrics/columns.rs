//! Where each dimension stands in each fact table, and which tables have to be joined for it.

use crate::metrics::facts::{Dim, Measure, Source};

/// A table joined for the sake of a dimension. The order is the order of joining.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Join {
    Order,
    Store,
    Product,
    Variant,
    Customer,
    FirstProduct,
    FirstOrder,
    FirstStore,
    FirstChannel,
    Warehouse,
    Account,
}

/// A dimension of a fact table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// What rows are grouped by.
    pub key: String,
    /// What filters look at, where it is not the key.
    pub shown: Option<&'static str>,
    /// Tables that `key` needs.
    pub joins: Vec<Join>,
    /// Several values a row.
    pub list: bool,
}

impl Column {
    fn new(key: impl Into<String>, joins: &[Join]) -> Self {
        Self { key: key.into(), shown: None, joins: joins.to_vec(), list: false }
    }
}

/// Separates what an answer shows of a key from what makes the key unique.
pub const KEY_SEPARATOR: char = '\u{1f}';

/// Where `dim` stands in `source`; nothing where rows of `source` do not carry it. Parts of the calendar are not here.
pub fn column(source: Source, dim: Dim) -> Option<Column> {
    if source.is_credited()
        && let Some(column) = of_touch(dim)
    {
        return Some(column);
    }
    let source = source.base();
    of_order(source, dim)
        .or_else(|| of_customer(source, dim))
        .or_else(|| of_product(source, dim))
        .or_else(|| of_ads(source, dim))
        .or_else(|| of_session(source, dim))
        .or_else(|| of_row(source, dim))
}

/// Whether rows of `source` can be split by `dim`, parts of the calendar included.
pub fn carries(source: Source, dim: Dim) -> bool {
    match dim {
        Dim::Hour => matches!(source.base(), Source::Orders | Source::Lines | Source::Refunds | Source::Sessions),
        Dim::DayOfWeek => !source.is_snapshot(),
        Dim::Day | Dim::Week | Dim::Month | Dim::Quarter | Dim::Year => true,
        _ => column(source, dim).is_some(),
    }
}

/// What a credited touch came from.
fn of_touch(dim: Dim) -> Option<Column> {
    Some(match dim {
        Dim::Channel => Column::new("coalesce(g.channel, 'unattributed')", &[]),
        Dim::UtmSource => Column::new("g.source", &[]),
        Dim::Campaign => Column::new("g.campaign", &[]),
        Dim::Adset => Column::new("g.adset", &[]),
        Dim::Ad => Column::new("g.ad", &[]),
        Dim::LandingPage => Column::new("g.landing_page", &[]),
        _ => return None,
    })
}

fn of_order(source: Source, dim: Dim) -> Option<Column> {
    let of_customers = source.is_of_customers();
    if !of_customers && !matches!(source, Source::Orders | Source::Lines | Source::Refunds) {
        return None;
    }
    // The feed gives a refund its order's country where it has none of its own.
    if source == Source::Refunds && dim == Dim::Country {
        return Some(Column::new("r.country", &[]));
    }
    let key = match dim {
        Dim::Source => "o.sales_source",
        Dim::Country => "o.country",
        Dim::Region => "o.region",
        Dim::City => "o.city",
        Dim::Device => "o.device",
        Dim::Discounted => "(o.discount <> 0)",
        Dim::DiscountCode => "o.discount_codes",
        // Two stores may use the same order name.
        Dim::Order if !of_customers => "coalesce(o.name, '') || chr(31) || o.order_id",
        _ => return None,
    };
    let mut column = Column::new(key, &[Join::Order]);
    column.list = dim == Dim::DiscountCode;
    column.shown = (dim == Dim::Order).then_some("coalesce(o.name, cast(o.order_id as varchar))");
    Some(column)
}

fn of_customer(source: Source, dim: Dim) -> Option<Column> {
    let (customer, order, joins): (&str, &str, &[Join]) = match source {
        Source::Orders | Source::Lines | Source::Refunds => ("cu", "fo", &[Join::Customer]),
        Source::Cohorts | Source::CohortAges => ("c", "o", &[]),
        // Spend belongs to the cohort that it was to win.
        Source::DailyAds | Source::Ads => {
            let key = match dim {
                Dim::CohortMonth => month_name("a.day"),
                Dim::CohortWeek => week_name("a.day"),
                _ => return None,
            };
            return Some(Column::new(key, &[]));
        }
        _ => return None,
    };
    let with = |key: String, join: Join| Column::new(key, &[joins, &[join]].concat());
    let column = match dim {
        Dim::Customer => Column::new(format!("cast({}.customer_id as varchar)", source.alias()), &[]),
        Dim::CohortMonth => Column::new(month_name(&format!("{customer}.first_day")), joins),
        Dim::CohortWeek => Column::new(week_name(&format!("{customer}.first_day")), joins),
        Dim::AgeMonths | Dim::AgeWeeks if source == Source::CohortAges => Column::new("ca.age", &[]),
        Dim::AgeMonths | Dim::AgeWeeks if source != Source::Cohorts => {
            Column::new(age(dim, "$day", &format!("{customer}.first_day")), joins)
        }
        Dim::FirstProduct => with("fp.title".to_owned(), Join::FirstProduct),
        Dim::FirstCountry => with(format!("{order}.country"), Join::FirstOrder),
        Dim::FirstSource => with(format!("{order}.sales_source"), Join::FirstOrder),
        Dim::FirstCode => Column { list: true, ..with(format!("{order}.discount_codes"), Join::FirstOrder) },
        // Nothing where the customer is not known, as of the others.
        Dim::FirstChannel => with(
            format!("case when {customer}.first_order_id is not null then coalesce(fg.channel, 'unattributed') end"),
            Join::FirstChannel,
        ),
        Dim::FirstStore => Column::new("fs.name", &[joins, &[Join::FirstOrder, Join::FirstStore]].concat()),
        _ => return None,
    };
    Some(column)
}

fn month_name(day: &str) -> String {
    format!("strftime({day}, '%Y-%m')")
}

/// By its first day. `$week_start` stands for the first day of the brand's week.
fn week_name(day: &str) -> String {
    format!("strftime({}, '%Y-%m-%d')", week_of(day))
}

fn week_of(day: &str) -> String {
    format!("({day} - cast((isodow({day}) - $week_start + 7) % 7 as integer))")
}

/// Whole months or weeks of the calendar from the one that `from` lies in to the one of `day`; nothing where there is no `from`.
/// What is dated before the first order (a clock that was wrong) counts at age 0, so that ages add up to the whole.
pub fn age(unit: Dim, day: &str, from: &str) -> String {
    let between = match unit {
        Dim::AgeWeeks => format!("({} - {}) // 7", week_of(day), week_of(from)),
        _ => format!("year({day}) * 12 + month({day}) - year({from}) * 12 - month({from})"),
    };
    format!("case when {from} is not null then greatest(0, {between}) end")
}

fn of_product(source: Source, dim: Dim) -> Option<Column> {
    let by_variant = matches!(
        source,
        Source::DailyProducts | Source::Lines | Source::Refunds | Source::StockLevels | Source::StockRates
    );
    if !by_variant {
        return None;
    }
    let column = match dim {
        Dim::Product => Column::new("p.title", &[Join::Product]),
        Dim::Category => Column::new("p.category", &[Join::Product]),
        Dim::Vendor => Column::new("p.vendor", &[Join::Product]),
        Dim::Collection => Column { list: true, ..Column::new("p.collections", &[Join::Product]) },
        Dim::Sku => Column::new("v.sku", &[Join::Variant]),
        Dim::Size => Column::new("v.size", &[Join::Variant]),
        _ => return None,
    };
    Some(column)
}

fn of_ads(source: Source, dim: Dim) -> Option<Column> {
    let key = match (source, dim) {
        (Source::DailyAds | Source::Ads, Dim::Channel) => "a.channel",
        (Source::DailyAds | Source::Ads, Dim::Campaign) => "a.campaign",
        (Source::Ads, Dim::Adset) => "a.adset",
        (Source::Ads, Dim::Ad) => "a.ad",
        _ => return None,
    };
    Some(Column::new(key, &[]))
}

/// Where the session came from, and what it began with.
fn of_session(source: Source, dim: Dim) -> Option<Column> {
    let key = match (source, dim) {
        (Source::Sessions, Dim::Channel) => "se.channel",
        (Source::Sessions, Dim::Source | Dim::UtmSource) => "se.source",
        (Source::Sessions, Dim::Campaign) => "se.campaign",
        (Source::Sessions, Dim::Adset) => "se.adset",
        (Source::Sessions, Dim::Ad) => "se.ad",
        (Source::Sessions, Dim::LandingPage) => "se.landing_page",
        (Source::Sessions, Dim::Device) => "se.device",
        (Source::Sessions, Dim::Country) => "se.country",
        _ => return None,
    };
    Some(Column::new(key, &[]))
}

fn of_row(source: Source, dim: Dim) -> Option<Column> {
    let alias = source.alias();
    let sells = matches!(source, Source::DailySales | Source::Orders | Source::Lines | Source::Refunds);
    let column = match dim {
        Dim::Store if sells || source.is_of_customers() => Column::new("s.name", &[Join::Store]),
        Dim::Connector if source.is_of_customers() => Column::new("o.connector", &[]),
        Dim::Connector if sells || matches!(source, Source::DailyAds | Source::Ads) => {
            Column::new(format!("{alias}.connector"), &[])
        }
        Dim::Country if source == Source::DailySales => Column::new("d.country", &[]),
        Dim::CustomerType if source == Source::DailySales => Column::new("d.customer_type", &[]),
        // Nothing where the customer, or the refunded order, is not known.
        Dim::CustomerType if sells => {
            let key = format!(
                "case when {alias}.order_id = cu.first_order_id then 'new' when {alias}.order_id <> cu.first_order_id then 'returning' end"
            );
            Column::new(key, &[Join::Customer])
        }
        Dim::RefundReason if source == Source::Refunds => Column::new("r.reason", &[]),
        Dim::Warehouse if source == Source::StockLevels => Column::new("w.name", &[Join::Warehouse]),
        Dim::Cost if source == Source::DailyCosts => Column::new("x.name", &[]),
        Dim::LowStock if source == Source::StockRates => Column::new("st.low_stock", &[]),
        Dim::StockoutDate if source == Source::StockRates => Column::new("st.stockout", &[]),
        _ => return None,
    };
    Some(column)
}

/// Tables that a measure needs.
pub fn measure_joins(source: Source, measure: Measure) -> &'static [Join] {
    match (source, measure) {
        (Source::Orders | Source::Lines, Measure::FirstOrders) => &[Join::Customer],
        (Source::DailySales | Source::Lines, Measure::Foreign) | (Source::DailySales, Measure::RefundForeign) => {
            &[Join::Store]
        }
        (Source::DailyAds, Measure::AdsForeign) => &[Join::Account],
        _ => &[],
    }
}

/// The text of a join.
pub fn join(source: Source, join: Join) -> String {
    let source = source.base();
    let alias = source.alias();
    // The first order stands for the customer; it is joined from the start.
    let (of_order, customer, first) = if source.is_of_customers() { ("o", "c", "o") } else { (alias, "cu", "fo") };
    match join {
        Join::Order if source == Source::Orders || source.is_of_customers() => String::new(),
        Join::FirstOrder if source.is_of_customers() => String::new(),
        Join::Order => format!(" left join fact_orders o on o.order_id = {alias}.order_id"),
        Join::Store => format!(" left join dim_store s on s.store_id = {of_order}.store_id"),
        Join::Product => format!(" left join dim_product p on p.product_id = {alias}.product_id"),
        Join::Variant => format!(" left join dim_variant v on v.variant_id = {alias}.variant_id"),
        Join::Customer => format!(" left join dim_customer cu on cu.customer_id = {alias}.customer_id"),
        Join::FirstProduct => format!(" left join dim_product fp on fp.product_id = {customer}.first_product_id"),
        Join::FirstOrder => " left join fact_orders fo on fo.order_id = cu.first_order_id".to_owned(),
        Join::FirstStore => format!(" left join dim_store fs on fs.store_id = {first}.store_id"),
        Join::FirstChannel => format!(
            " left join $first_credits fc on fc.order_id = {customer}.first_order_id left join $first_tags fg on fg.tag = fc.tag"
        ),
        Join::Account => format!(" left join dim_ad_account ac on ac.account_id = {alias}.account_id"),
        Join::Warehouse => format!(" left join dim_warehouse w on w.warehouse_id = {alias}.warehouse_id"),
    }
}
