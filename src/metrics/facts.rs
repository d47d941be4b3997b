//! What can be read where: the measures and dimensions of every fact table and rollup. All SQL that names a column of the
//! warehouse is in `aggregates`, `columns` and `sql`; none of it comes from a user.

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
        LandingPage = "landing_page",
        UtmSource = "utm_source",
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
        CohortWeek = "cohort_week",
        /// Months, or weeks, from the customer's first order to the row.
        AgeMonths = "age_months",
        AgeWeeks = "age_weeks",
        /// Of the customer's first order.
        FirstCountry = "first_country",
        FirstStore = "first_store",
        FirstSource = "first_source",
        FirstCode = "first_code",
        /// The channel of the first touch that led to it.
        FirstChannel = "first_channel",
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
        Cost = "cost",
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
        /// Of `cost`, what stands for units without a cost of their own.
        EstimatedCost = "estimated_cost",
        EstimatedUnits = "estimated_units",
        ShippingCost = "shipping_cost",
        HandlingCost = "handling_cost",
        PaymentFees = "payment_fees",
        /// Rows with a cost in a currency without a rate.
        CostsUnrated = "costs_unrated",
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
        /// Costs that no order causes.
        Fixed = "fixed",
        FixedUnrated = "fixed_unrated",
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
        /// Customers of a cohort whose age is complete.
        CohortCustomers = "cohort_customers",
        /// Those of them who ordered at that age.
        CohortActive = "cohort_active",
        /// What they brought in up to that age.
        CohortValue = "cohort_value",
        /// Ad spend of the days whose cohorts have the age.
        CohortSpend = "cohort_spend",
        /// What attributed sales the credits of a model come to, in billionths: parts of a cent add up to the order.
        CreditedSales = "credited_sales",
        /// The same of refunds.
        CreditedRefunds = "credited_refunds",
        /// Orders shared out among their touches, in billionths.
        CreditedOrders = "credited_orders",
        /// Orders in which a channel has a touch, but not the last one.
        AssistedOrders = "assisted_orders",
        /// Touches of orders.
        Touches = "touches",
        /// Orders with a touch.
        TouchedOrders = "touched_orders",
        /// Days of the window, or of the bucket.
        Days = "days",
        Sessions = "sessions",
        /// Sessions that placed an order.
        OrderedSessions = "ordered_sessions",
        /// Sessions that put something into the cart.
        CartSessions = "cart_sessions",
        /// Of these, those that placed no order.
        AbandonedCarts = "abandoned_carts",
        /// Sessions that began to check out.
        CheckoutSessions = "checkout_sessions",
        /// Of these, those that placed an order.
        CompletedCheckouts = "completed_checkouts",
    }
}

names! {
    /// Where measures are read. Earlier is cheaper.
    Source {
        /// Rollup by day, store, connector, country and customer type.
        DailySales = "daily_sales",
        /// Rollup by day and SKU.
        DailyProducts = "daily_products",
        Orders = "fact_orders",
        Lines = "fact_order_lines",
        Refunds = "fact_refund_lines",
        /// Rollup by day, account, channel, campaign and connector.
        DailyAds = "daily_ads",
        Ads = "fact_ad_days",
        /// Costs that no order causes, by day and name.
        DailyCosts = "daily_costs",
        /// Stock by SKU and warehouse at the end of a window.
        StockLevels = "stock_levels",
        /// Stock by SKU with what it sold lately.
        StockRates = "stock_rates",
        /// Customers with their first and second order.
        Cohorts = "dim_customer",
        /// Visits that the shop's pages told of.
        Sessions = "fact_sessions",
        /// Customers with every complete age they have.
        CohortAges = "cohort_ages",
        /// Orders with the credits of their touches.
        Credits = "credits",
        /// Their lines.
        CreditLines = "credit_lines",
        /// Lines of refunds with the credits of their order's touches.
        CreditRefunds = "credit_refunds",
    }
}

/// Measures that come from the same rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Family {
    Sales,
    /// Distinct customers: apart from sales, whose rollups cannot know them.
    Buyers,
    Refunds,
    Ads,
    /// Costs of days.
    Costs,
    Stock,
    Cohorts,
    Sessions,
    /// Sales and orders, by the touches that led to them.
    Credits,
    /// Refunds, by the touches that led to their order.
    CreditRefunds,
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
            Self::AdsUnrated | Self::AdsForeign | Self::CohortSpend => Family::Ads,
            Self::Fixed | Self::FixedUnrated => Family::Costs,
            Self::OnHand | Self::StockValue | Self::StockPriced | Self::StockUnvalued => Family::Stock,
            Self::DailyRate | Self::Reorder => Family::Stock,
            Self::EverCustomers | Self::Repeaters | Self::SecondGap => Family::Cohorts,
            Self::CohortCustomers | Self::CohortActive | Self::CohortValue => Family::Cohorts,
            Self::CreditedSales | Self::CreditedOrders | Self::AssistedOrders | Self::Touches | Self::TouchedOrders => {
                Family::Credits
            }
            Self::CreditedRefunds => Family::CreditRefunds,
            Self::Days => Family::Calendar,
            Self::Customers => Family::Buyers,
            Self::Sessions | Self::OrderedSessions | Self::CartSessions | Self::AbandonedCarts => Family::Sessions,
            Self::CheckoutSessions | Self::CompletedCheckouts => Family::Sessions,
            _ => Family::Sales,
        }
    }

    /// Held in millionths; credits in billionths, which their formulas divide by 1,000.
    pub fn in_micros(self) -> bool {
        matches!(self, Self::Gross | Self::Discount | Self::Cost | Self::UncostedSales | Self::Shipping | Self::Tax)
            || matches!(
                self,
                Self::RefundGoods | Self::RefundCost | Self::UncostedRefunds | Self::RefundTax | Self::RefundShipping
            )
            || matches!(
                self,
                Self::EstimatedCost | Self::ShippingCost | Self::HandlingCost | Self::PaymentFees | Self::Fixed
            )
            || matches!(self, Self::Spend | Self::Conversions | Self::Claimed | Self::StockValue)
            || matches!(self, Self::CohortValue | Self::CohortSpend)
            || matches!(self, Self::CreditedSales | Self::CreditedRefunds | Self::CreditedOrders)
    }

    /// About the customers whose first order lies in the window, where other measures of customers look back further.
    pub fn is_of_those_won(self) -> bool {
        matches!(self, Self::CohortCustomers | Self::CohortValue)
    }

    /// Nothing rather than 0 where nothing is known.
    pub fn may_be_unknown(self) -> bool {
        matches!(self, Self::SecondGap | Self::CohortValue)
    }

    /// Groups add up to the whole.
    pub fn is_additive(self, source: Source) -> bool {
        match self {
            Self::Customers | Self::SecondGap | Self::AssistedOrders | Self::TouchedOrders => false,
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

    /// An age of cohorts.
    pub fn is_age(self) -> bool {
        matches!(self, Self::AgeMonths | Self::AgeWeeks)
    }

    /// Several values a row: the groups may add up to more than the total.
    pub fn is_list(self) -> bool {
        matches!(self, Self::Collection | Self::DiscountCode | Self::FirstCode)
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
            Self::Buyers => &[Source::Orders, Source::Lines],
            Self::Refunds => &[Source::DailySales, Source::DailyProducts, Source::Refunds],
            Self::Ads => &[Source::DailyAds, Source::Ads],
            Self::Costs => &[Source::DailyCosts],
            Self::Stock => &[Source::StockLevels, Source::StockRates],
            Self::Cohorts => &[Source::Cohorts, Source::CohortAges],
            Self::Sessions => &[Source::Sessions],
            Self::Credits => &[Source::Credits, Source::CreditLines],
            Self::CreditRefunds => &[Source::CreditRefunds],
            Self::Calendar => &[],
        }
    }
}
