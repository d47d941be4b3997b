//! How each measure is summed in each table of the warehouse.

use std::borrow::Cow;

use crate::metrics::facts::{Measure, Source};

impl Source {
    /// The aggregate of a measure, or nothing where it cannot be read here. `$currency` stands for the reporting currency.
    pub fn measure(self, measure: Measure) -> Option<Cow<'static, str>> {
        match self {
            _ if self.is_rollup() => self.row(measure).map(|row| Cow::Owned(format!("sum({row})"))),
            Self::Orders => orders(measure).map(Cow::Borrowed),
            Self::Lines => lines(measure).map(Cow::Borrowed),
            Self::Refunds => refunds(measure).map(Cow::Borrowed),
            Self::Ads => match measure {
                Measure::AdsUnrated => Some(Cow::Borrowed("count(*) filter (a.spend is null)")),
                Measure::AdsForeign => Some(Cow::Borrowed("count(*) filter (a.currency <> $currency)")),
                Measure::CohortSpend => Some(Cow::Borrowed("sum(a.spend) filter (a.day <= $matured)")),
                _ => ads(measure).map(|row| Cow::Owned(format!("sum({row})"))),
            },
            Self::StockLevels | Self::StockRates => stock(self, measure).map(Cow::Borrowed),
            Self::Sessions => sessions(measure).map(Cow::Borrowed),
            Self::CohortAges => cohort_ages(measure).map(Cow::Borrowed),
            Self::Credits | Self::CreditLines | Self::CreditRefunds => credits(self, measure).map(Cow::Owned),
            _ => cohorts(measure).map(Cow::Borrowed),
        }
    }

    /// What one row of a rollup adds to a measure.
    pub fn row(self, measure: Measure) -> Option<&'static str> {
        match self {
            Self::DailySales => daily_sales(measure),
            Self::DailyProducts => daily_products(measure),
            Self::DailyAds => daily_ads(measure).or_else(|| ads(measure)),
            Self::DailyCosts => daily_costs(measure),
            _ => None,
        }
    }

    /// Whether a measure can be read here.
    pub fn knows(self, measure: Measure) -> bool {
        self.measure(measure).is_some()
    }
}

fn daily_sales(measure: Measure) -> Option<&'static str> {
    Some(match measure {
        Measure::Gross => "d.gross",
        Measure::Discount => "d.discount",
        Measure::Orders => "d.orders",
        Measure::Units => "d.units",
        Measure::Fulfilled => "d.fulfilled",
        Measure::Cost => "d.cost",
        Measure::UncostedUnits => "d.units_without_cost",
        Measure::UncostedSales => "d.sales_without_cost",
        Measure::EstimatedUnits => "d.estimated_units",
        Measure::EstimatedCost => "d.estimated_cost",
        Measure::ShippingCost => "d.shipping_cost",
        Measure::HandlingCost => "d.handling_cost",
        Measure::PaymentFees => "d.payment_fees",
        Measure::CostsUnrated => "d.unconverted_costs",
        Measure::FirstOrders => "case when d.customer_type = 'new' then d.orders end",
        Measure::Shipping => "d.shipping",
        Measure::Tax => "d.tax",
        Measure::Unrated => "d.unconverted_orders",
        Measure::Foreign => "(s.currency <> $currency and d.orders > 0)::int",
        Measure::RefundGoods => "d.refunds",
        Measure::RefundUnits => "d.refunded_units",
        Measure::RefundCost => "d.refund_cost",
        Measure::UncostedRefunds => "d.refunds_without_cost",
        Measure::RefundTax => "d.refund_tax",
        Measure::RefundShipping => "d.refund_shipping",
        Measure::RefundUnrated => "d.unconverted_refunds",
        Measure::RefundForeign => "(s.currency <> $currency and d.refunds <> 0)::int",
        _ => return None,
    })
}

fn daily_products(measure: Measure) -> Option<&'static str> {
    match measure {
        // An order has several products, and its shipping none.
        Measure::Orders | Measure::FirstOrders | Measure::Shipping | Measure::Tax | Measure::Foreign => None,
        Measure::RefundTax | Measure::RefundShipping | Measure::RefundForeign => None,
        Measure::Unrated => Some("d.unconverted_lines"),
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
        Measure::UncostedSales => "sum(o.sales_without_cost)",
        Measure::EstimatedUnits => "sum(o.estimated_units)",
        Measure::EstimatedCost => "sum(o.estimated_cost)",
        Measure::ShippingCost => "sum(o.shipping_cost)",
        Measure::HandlingCost => "sum(o.handling_cost)",
        Measure::PaymentFees => "sum(o.payment_fee)",
        Measure::CostsUnrated => {
            "count(*) filter (o.shipping_cost is null or o.handling_cost is null or o.payment_fee is null)"
        }
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
        Measure::EstimatedUnits => "sum(l.quantity) filter (l.estimated_cost is not null)",
        Measure::EstimatedCost => "sum(l.estimated_cost)",
        Measure::ShippingCost => "sum(l.shipping_cost)",
        Measure::HandlingCost => "sum(l.handling_cost)",
        Measure::PaymentFees => "sum(l.payment_fee)",
        Measure::CostsUnrated => {
            "count(*) filter (l.shipping_cost is null or l.handling_cost is null or l.payment_fee is null)"
        }
        Measure::Customers => "count(distinct l.customer_id)",
        Measure::FirstOrders => "count(distinct l.order_id) filter (l.order_id = cu.first_order_id)",
        // Hardly ever a row: a distinct count would hash all the others for them.
        Measure::Unrated => "list_unique(list(l.order_id) filter (l.gross is null))",
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
        Measure::Spend => "a.spend",
        Measure::Impressions => "a.impressions",
        Measure::Clicks => "a.clicks",
        Measure::Conversions => "a.conversions_micros",
        Measure::Claimed => "a.revenue",
        _ => return None,
    })
}

fn daily_ads(measure: Measure) -> Option<&'static str> {
    match measure {
        Measure::AdsUnrated => Some("a.unconverted"),
        Measure::AdsForeign => Some("(ac.currency <> $currency)::int"),
        _ => None,
    }
}

fn daily_costs(measure: Measure) -> Option<&'static str> {
    match measure {
        Measure::Fixed => Some("x.amount"),
        Measure::FixedUnrated => Some("(x.amount is null)::int"),
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

/// Orders without a touch count as a whole, for the channel "unattributed". Money times parts of 10^12 is summed before it is
/// rounded, once, to billionths.
fn credits(source: Source, measure: Measure) -> Option<String> {
    let rounded = |sum: &str, down: i64| format!("(({sum}) + {}) // {down}", down / 2);
    let sold = |amount: &str| format!("sum(({amount})::hugeint * coalesce(cr.sales, 1000000000000))");
    let orders = |filter: &str| format!("count(distinct {}.order_id) filter ({filter})", source.alias());
    Some(match (source, measure) {
        (Source::Credits, Measure::CreditedSales) => rounded(&sold("o.gross - o.discount"), 1_000_000_000),
        (Source::CreditLines, Measure::CreditedSales) => rounded(&sold("l.gross - l.discount"), 1_000_000_000),
        (Source::CreditRefunds, Measure::CreditedRefunds) => {
            rounded("sum(r.goods::hugeint * coalesce(cr.refunds, 1000000000000))", 1_000_000_000)
        }
        (Source::Credits, Measure::CreditedOrders) => {
            rounded("sum(coalesce(cr.orders, 1000000000000)::hugeint)", 1_000)
        }
        (Source::CreditRefunds, _) => return None,
        (_, Measure::AssistedOrders) => orders("cr.assists"),
        (_, Measure::TouchedOrders) => orders("cr.touch_day is not null"),
        (Source::Credits, Measure::Touches) => "count(cr.touch_day)".to_owned(),
        _ => return None,
    })
}

fn cohorts(measure: Measure) -> Option<&'static str> {
    Some(match measure {
        Measure::EverCustomers => "count(*) filter (c.first_order_at < b.end_at)",
        Measure::Repeaters => {
            "count(*) filter (c.second_order_at < b.end_at and c.second_order_at - c.first_order_at <= $horizon)"
        }
        Measure::CohortCustomers => "count(*) filter (c.first_order_at >= b.start_at and c.first_day <= $matured)",
        Measure::CohortValue => {
            "case when bool_or(v.known) filter (c.first_order_at >= b.start_at and c.first_day <= $matured) \
             then sum(v.value) filter (c.first_order_at >= b.start_at and c.first_day <= $matured) end"
        }
        Measure::SecondGap => {
            "cast(2 * median(c.second_order_at - c.first_order_at) \
             filter (c.second_order_at >= b.start_at and c.second_order_at < b.end_at) as bigint)"
        }
        _ => return None,
    })
}

fn sessions(measure: Measure) -> Option<&'static str> {
    Some(match measure {
        Measure::Sessions => "count(*)",
        Measure::OrderedSessions => "count(*) filter (se.ordered)",
        Measure::CartSessions => "count(*) filter (se.added)",
        Measure::AbandonedCarts => "count(*) filter (se.added and not se.ordered)",
        Measure::CheckoutSessions => "count(*) filter (se.checked_out)",
        Measure::CompletedCheckouts => "count(*) filter (se.checked_out and se.ordered)",
        _ => return None,
    })
}

fn cohort_ages(measure: Measure) -> Option<&'static str> {
    Some(match measure {
        Measure::CohortCustomers => "sum(ca.customers)",
        Measure::CohortActive => "sum(ca.active)",
        Measure::CohortValue => "case when bool_or(ca.known) then sum(ca.value) end",
        _ => return None,
    })
}
