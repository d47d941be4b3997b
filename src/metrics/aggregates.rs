//! How each measure is summed in each table of the warehouse.

use crate::metrics::facts::{Measure, Source};

impl Source {
    /// The aggregate of a measure, or nothing where it cannot be read here. `$currency` stands for the reporting currency.
    pub fn measure(self, measure: Measure) -> Option<&'static str> {
        match self {
            Self::DailySales => daily_sales(measure),
            Self::DailyProducts => daily_products(measure),
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
        Measure::UncostedSales => "sum(d.sales_without_cost)",
        Measure::FirstOrders => "sum(d.orders) filter (d.customer_type = 'new')",
        Measure::Shipping => "sum(d.shipping)",
        Measure::Tax => "sum(d.tax)",
        Measure::Unrated => "sum(d.unconverted_orders)",
        Measure::Foreign => "count(*) filter (s.currency <> $currency and d.orders > 0)",
        Measure::RefundGoods => "sum(d.refunds)",
        Measure::RefundUnits => "sum(d.refunded_units)",
        Measure::RefundCost => "sum(d.refund_cost)",
        Measure::UncostedRefunds => "sum(d.refunds_without_cost)",
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
        Measure::Orders | Measure::FirstOrders | Measure::Shipping | Measure::Tax | Measure::Foreign => None,
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
        Measure::UncostedSales => "sum(o.sales_without_cost)",
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
