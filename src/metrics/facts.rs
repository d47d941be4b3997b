//! What can be read where: the measures and dimensions of every fact table and rollup. All SQL that names a column of the
//! warehouse is here, in `stock` and in `cohorts`; none of it comes from a user.

use serde::Deserialize;

macro_rules! names {
    ($(#[$about:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $id:literal,)+ }) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
        pub enum $name { $($(#[$doc])* #[serde(rename = $id)] $variant,)+ }

        impl $name {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// As it is written in the catalogue and in queries.
            pub fn id(self) -> &'static str {
                match self { $(Self::$variant => $id,)+ }
            }

            /// Reads what `id` writes.
            pub fn parse(id: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|it| it.id() == id)
            }
        }
    };
}

names! {
    /// What rows can be split and filtered by.
    Dim {
        Channel = "channel",
        Source = "source",
        Campaign = "campaign",
        Adset = "adset",
        Ad = "ad",
        Product = "product",
        Sku = "sku",
        Size = "size",
        Category = "category",
        Collection = "collection",
        Vendor = "vendor",
        Country = "country",
        Region = "region",
        City = "city",
        Device = "device",
        Customer = "customer",
        CustomerType = "customer_type",
        FirstProduct = "first_product",
        CohortMonth = "cohort_month",
        DiscountCode = "discount_code",
        Discounted = "discounted",
        Warehouse = "warehouse",
        Store = "store",
        Order = "order",
        RefundReason = "refund_reason",
        Hour = "hour",
        Day = "day",
        Week = "week",
        Month = "month",
        Quarter = "quarter",
        Year = "year",
        DayOfWeek = "day_of_week",
        LowStock = "low_stock",
        StockoutDate = "projected_stockout_date",
        Connector = "connector",
    }
}

names! {
    /// What is summed. Money is in micros of the reporting currency.
    Measure {
        Gross = "gross",
        Discount = "discount",
        Orders = "orders",
        Units = "units",
        Fulfilled = "fulfilled",
        /// Cost of the units ordered, of lines whose cost is known.
        Cost = "cost",
        /// Units of lines whose cost is not known.
        UncostedUnits = "uncosted_units",
        /// Gross − discount of lines whose cost is not known.
        UncostedSales = "uncosted_sales",
        Shipping = "shipping",
        Tax = "tax",
        /// Distinct customers.
        Customers = "customers",
        /// Orders that are their customer's first ever.
        FirstOrders = "first_orders",
        /// Rows without a rate into the reporting currency.
        Unrated = "unrated",
        /// Rows in another currency: only whether there are any.
        Foreign = "foreign",
        RefundGoods = "refund_goods",
        RefundUnits = "refund_units",
        RefundCost = "refund_cost",
        /// Refunded goods whose cost is not known.
        UncostedRefunds = "uncosted_refunds",
        RefundTax = "refund_tax",
        RefundShipping = "refund_shipping",
        RefundUnrated = "refund_unrated",
        RefundForeign = "refund_foreign",
        Spend = "spend",
        Impressions = "impressions",
        Clicks = "clicks",
        /// In millionths: platforms claim fractions.
        Conversions = "conversions",
        /// Revenue that the platforms claim.
        Claimed = "claimed",
        AdsUnrated = "ads_unrated",
        AdsForeign = "ads_foreign",
        OnHand = "on_hand",
        StockValue = "stock_value",
        /// Units valued at their price, for want of a cost.
        StockPriced = "stock_priced",
        /// Units with neither cost nor price.
        StockUnvalued = "stock_unvalued",
        /// Mean units a day, in 80,313,433,200ths (divisible by every number of days up to 28).
        DailyRate = "daily_rate",
        Reorder = "reorder",
        EverCustomers = "ever_customers",
        Repeaters = "repeaters",
        /// Twice the median seconds between first and second order: a median of whole numbers may end in a half.
        SecondGap = "second_gap",
        /// Days of the window, or of the bucket.
        Days = "days",
    }
}

names! {
    /// Where measures are read. Earlier is cheaper.
    Source {
        /// Rollup by day, store, connector and country.
        DailySales = "daily_sales",
        /// Rollup by day and SKU.
        DailyProducts = "daily_products",
        /// Rollup by day: customers by the day of their first order.
        DailyNewCustomers = "daily_new_customers",
        Orders = "fact_orders",
        Lines = "fact_order_lines",
        Refunds = "fact_refund_lines",
        /// Rollup by day, account, channel, campaign and connector.
        DailyAds = "daily_ads",
        Ads = "fact_ad_days",
        /// Stock by SKU and warehouse at the end of a window.
        StockLevels = "stock_levels",
        /// Stock by SKU with what it sold lately.
        StockRates = "stock_rates",
        /// Customers with their first and second order.
        Cohorts = "dim_customer",
    }
}

/// Measures that come from the same rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Family {
    Sales,
    /// First orders: apart from sales, for they have a rollup of their own.
    Acquired,
    Refunds,
    Ads,
    Stock,
    Cohorts,
    /// Not read at all: the window's own days.
    Calendar,
}

impl Measure {
    /// Where it belongs.
    pub fn family(self) -> Family {
        match self {
            Self::RefundGoods | Self::RefundUnits | Self::RefundCost | Self::UncostedRefunds | Self::RefundTax => {
                Family::Refunds
            }
            Self::RefundShipping | Self::RefundUnrated | Self::RefundForeign => Family::Refunds,
            Self::Spend | Self::Impressions | Self::Clicks | Self::Conversions | Self::Claimed => Family::Ads,
            Self::AdsUnrated | Self::AdsForeign => Family::Ads,
            Self::OnHand | Self::StockValue | Self::StockPriced | Self::StockUnvalued => Family::Stock,
            Self::DailyRate | Self::Reorder => Family::Stock,
            Self::EverCustomers | Self::Repeaters | Self::SecondGap => Family::Cohorts,
            Self::Days => Family::Calendar,
            Self::FirstOrders => Family::Acquired,
            _ => Family::Sales,
        }
    }

    /// Held in millionths.
    pub fn in_micros(self) -> bool {
        matches!(
            self,
            Self::Gross | Self::Discount | Self::Cost | Self::UncostedSales | Self::Shipping | Self::Tax
        ) || matches!(
            self,
            Self::RefundGoods | Self::RefundCost | Self::UncostedRefunds | Self::RefundTax | Self::RefundShipping
        ) || matches!(self, Self::Spend | Self::Conversions | Self::Claimed | Self::StockValue)
    }

    /// Groups add up to the whole.
    pub fn is_additive(self, source: Source) -> bool {
        match self {
            Self::Customers | Self::SecondGap => false,
            Self::Orders | Self::FirstOrders | Self::Unrated => source != Source::Lines,
            _ => true,
        }
    }
}

impl Dim {
    /// A bucket of the calendar.
    pub fn grain(self) -> Option<crate::metrics::query::Grain> {
        use crate::metrics::query::Grain;
        match self {
            Self::Day => Some(Grain::Day),
            Self::Week => Some(Grain::Week),
            Self::Month => Some(Grain::Month),
            Self::Quarter => Some(Grain::Quarter),
            Self::Year => Some(Grain::Year),
            _ => None,
        }
    }

    /// A part of the platforms' own tree.
    pub fn is_of_ads(self) -> bool {
        matches!(self, Self::Channel | Self::Campaign | Self::Adset | Self::Ad)
    }
}

impl Family {
    /// Where its measures can be read, the cheapest first.
    pub fn sources(self) -> &'static [Source] {
        match self {
            Self::Sales => &[Source::DailySales, Source::DailyProducts, Source::Orders, Source::Lines],
            Self::Acquired => &[Source::DailyNewCustomers, Source::Orders, Source::Lines],
            Self::Refunds => &[Source::DailySales, Source::DailyProducts, Source::Refunds],
            Self::Ads => &[Source::DailyAds, Source::Ads],
            Self::Stock => &[Source::StockLevels, Source::StockRates],
            Self::Cohorts => &[Source::Cohorts],
            Self::Calendar => &[],
        }
    }
}

impl Source {
    /// Sums of whole days: cannot be cut within a day.
    pub fn is_rollup(self) -> bool {
        matches!(self, Self::DailySales | Self::DailyProducts | Self::DailyNewCustomers | Self::DailyAds)
    }

    /// Rows know their instant.
    pub fn has_instants(self) -> bool {
        matches!(self, Self::Orders | Self::Lines | Self::Refunds | Self::Cohorts)
    }

    /// The state at the end of a window, rather than a sum over it.
    pub fn is_snapshot(self) -> bool {
        matches!(self, Self::StockLevels | Self::StockRates | Self::Cohorts)
    }

    /// Stands for the table in SQL.
    pub fn alias(self) -> &'static str {
        match self {
            Self::DailySales | Self::DailyProducts | Self::DailyNewCustomers => "d",
            Self::Orders => "o",
            Self::Lines => "l",
            Self::Refunds => "r",
            Self::DailyAds | Self::Ads => "a",
            Self::StockLevels | Self::StockRates => "st",
            Self::Cohorts => "c",
        }
    }

    /// The aggregate of a measure, or nothing where it cannot be read here. `$currency` stands for the reporting currency.
    pub fn measure(self, measure: Measure) -> Option<&'static str> {
        match self {
            Self::DailySales => daily_sales(measure),
            Self::DailyProducts => daily_products(measure),
            Self::DailyNewCustomers => (measure == Measure::FirstOrders).then_some("sum(d.customers)"),
            Self::Orders => orders(measure),
            Self::Lines => lines(measure),
            Self::Refunds => refunds(measure),
            Self::DailyAds => daily_ads(measure).or_else(|| ads(measure)),
            Self::Ads => match measure {
                Measure::AdsUnrated => Some("count(*) filter (a.spend is null)"),
                Measure::AdsForeign => Some("count(*) filter (a.currency <> $currency)"),
                _ => ads(measure),
            },
            Self::StockLevels | Self::StockRates => stock(self, measure),
            Self::Cohorts => cohorts(measure),
        }
    }
}

fn daily_sales(measure: Measure) -> Option<&'static str> {
    Some(match measure {
        Measure::Gross => "sum(d.gross)",
        Measure::Discount => "sum(d.discount)",
        Measure::Orders => "sum(d.orders)",
        Measure::Units => "sum(d.units)",
        Measure::Fulfilled => "sum(d.fulfilled)",
        Measure::Cost => "sum(d.cost)",
        Measure::UncostedUnits => "sum(d.units_without_cost)",
        Measure::Shipping => "sum(d.shipping)",
        Measure::Tax => "sum(d.tax)",
        Measure::Unrated => "sum(d.unconverted_orders)",
        Measure::Foreign => "count(*) filter (s.currency <> $currency and d.orders > 0)",
        Measure::RefundGoods => "sum(d.refunds)",
        Measure::RefundUnits => "sum(d.refunded_units)",
        Measure::RefundCost => "sum(d.refund_cost)",
        Measure::RefundTax => "sum(d.refund_tax)",
        Measure::RefundShipping => "sum(d.refund_shipping)",
        Measure::RefundUnrated => "sum(d.unconverted_refunds)",
        Measure::RefundForeign => "count(*) filter (s.currency <> $currency and d.refunds <> 0)",
        _ => return None,
    })
}

fn daily_products(measure: Measure) -> Option<&'static str> {
    match measure {
        // An order has several products, and its shipping none.
        Measure::Orders | Measure::Shipping | Measure::Tax | Measure::Foreign => None,
        Measure::RefundTax | Measure::RefundShipping | Measure::RefundForeign => None,
        Measure::Unrated => Some("sum(d.unconverted_lines)"),
        _ => daily_sales(measure),
    }
}

fn orders(measure: Measure) -> Option<&'static str> {
    Some(match measure {
        Measure::Gross => "sum(o.gross)",
        Measure::Discount => "sum(o.discount)",
        Measure::Orders => "count(*)",
        Measure::Units => "sum(o.units)",
        Measure::Fulfilled => "sum(o.fulfilled)",
        Measure::Cost => "sum(o.cost)",
        Measure::UncostedUnits => "sum(o.units_without_cost)",
        Measure::Shipping => "sum(o.shipping)",
        Measure::Tax => "sum(o.tax)",
        Measure::Customers => "count(distinct o.customer_id)",
        Measure::FirstOrders => "count(*) filter (o.order_id = cu.first_order_id)",
        Measure::Unrated => "count(*) filter (o.gross is null)",
        Measure::Foreign => "count(*) filter (o.currency <> $currency)",
        _ => return None,
    })
}

fn lines(measure: Measure) -> Option<&'static str> {
    Some(match measure {
        Measure::Gross => "sum(l.gross)",
        Measure::Discount => "sum(l.discount)",
        Measure::Orders => "count(distinct l.order_id)",
        Measure::Units => "sum(l.quantity)",
        Measure::Fulfilled => "sum(l.fulfilled)",
        Measure::Cost => "sum(l.cost)",
        Measure::UncostedUnits => "sum(l.quantity) filter (l.cost is null)",
        Measure::UncostedSales => "sum(l.gross - l.discount) filter (l.cost is null)",
        Measure::Customers => "count(distinct l.customer_id)",
        Measure::FirstOrders => "count(distinct l.order_id) filter (l.order_id = cu.first_order_id)",
        Measure::Unrated => "count(distinct l.order_id) filter (l.gross is null)",
        Measure::Foreign => "count(*) filter (s.currency <> $currency)",
        _ => return None,
    })
}

fn refunds(measure: Measure) -> Option<&'static str> {
    Some(match measure {
        Measure::RefundGoods => "sum(r.goods)",
        Measure::RefundUnits => "sum(r.quantity)",
        Measure::RefundCost => "sum(r.cost)",
        Measure::UncostedRefunds => {
            "sum(r.goods) filter (r.cost is null and r.variant_id is not null and r.quantity > 0)"
        }
        Measure::RefundTax => "sum(r.tax)",
        Measure::RefundShipping => "sum(r.shipping)",
        Measure::RefundUnrated => "count(*) filter (r.goods is null)",
        Measure::RefundForeign => "count(*) filter (r.currency <> $currency)",
        _ => return None,
    })
}

fn ads(measure: Measure) -> Option<&'static str> {
    Some(match measure {
        Measure::Spend => "sum(a.spend)",
        Measure::Impressions => "sum(a.impressions)",
        Measure::Clicks => "sum(a.clicks)",
        Measure::Conversions => "sum(a.conversions_micros)",
        Measure::Claimed => "sum(a.revenue)",
        _ => return None,
    })
}

fn daily_ads(measure: Measure) -> Option<&'static str> {
    match measure {
        Measure::AdsUnrated => Some("sum(a.unconverted)"),
        Measure::AdsForeign => Some("count(*) filter (ac.currency <> $currency)"),
        _ => None,
    }
}

fn stock(source: Source, measure: Measure) -> Option<&'static str> {
    Some(match measure {
        Measure::OnHand => "sum(st.on_hand)",
        Measure::StockValue => "sum(st.on_hand * st.value)",
        Measure::StockPriced => "sum(st.on_hand) filter (st.priced)",
        Measure::StockUnvalued => "sum(st.on_hand) filter (st.value is null)",
        Measure::DailyRate if source == Source::StockRates => "sum(st.daily_rate)",
        Measure::Reorder if source == Source::StockRates => "sum(st.reorder)",
        _ => return None,
    })
}

fn cohorts(measure: Measure) -> Option<&'static str> {
    Some(match measure {
        Measure::EverCustomers => "count(*) filter (c.first_order_at < b.end_at)",
        Measure::Repeaters => {
            "count(*) filter (c.second_order_at < b.end_at and c.second_order_at - c.first_order_at <= $horizon)"
        }
        Measure::SecondGap => {
            "cast(2 * median(c.second_order_at - c.first_order_at) \
             filter (c.second_order_at >= b.start_at and c.second_order_at < b.end_at) as bigint)"
        }
        _ => return None,
    })
}
