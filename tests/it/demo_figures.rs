//! The demo's figures are those of a brand of its size, and its rows agree with one another.

use std::collections::{BTreeMap, HashMap, HashSet};

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use pulsepoint::commerce::{
    demo::{Landing, Shop, daily_rates},
    rows::Order,
};

use crate::demo::{NOW, instant, orders, refunds, rows};

/// One month of a shop in dollars or pounds as floats: these are checks of plausibility, not figures.
#[derive(Default, Debug)]
struct Month {
    orders: f64,
    gross: f64,
    discounts: f64,
    refunds: f64,
    cost: f64,
    new: f64,
    spend: f64,
    claimed: f64,
}

fn months(shop: &Shop, all: &[Landing]) -> BTreeMap<String, Month> {
    let zone = TimeZone::get(&shop.timezone).expect("a zone");
    let month =
        |at: i64| Timestamp::from_second(at).expect("in range").to_zoned(zone.clone()).strftime("%Y-%m").to_string();
    let dollars = |micros: i64, currency: &str| micros as f64 / 1e6 * if currency == "EUR" { 1.095 } else { 1.0 };
    let costs: HashMap<_, _> =
        all.iter().flat_map(|l| &l.batch.costs).map(|c| (&c.variant.sku, c.cost_micros)).collect();
    let mut months: BTreeMap<String, Month> = BTreeMap::new();
    let mut known = HashSet::new();
    for order in orders(all).filter(|o| !o.test) {
        let entry = months.entry(month(order.placed_at)).or_default();
        entry.orders += 1.0;
        entry.new += f64::from(u8::from(known.insert(format!("{:?}", order.customer))));
        for line in order.lines.iter().filter(|l| !l.gift_card) {
            entry.gross += dollars(line.price_micros * line.quantity, order.currency.code());
            entry.discounts += dollars(line.discount_micros, order.currency.code());
            entry.cost += (costs[&line.variant.sku] * line.quantity) as f64 / 1e6;
        }
    }
    for refund in refunds(all) {
        let goods: i64 = refund.lines.iter().map(|l| l.goods_micros).sum();
        months.entry(month(refund.refunded_at)).or_default().refunds += dollars(goods, refund.currency.code());
    }
    for window in all.iter().flat_map(|l| &l.batch.ads) {
        for row in &window.rows {
            let entry = months.entry(row.day.strftime("%Y-%m").to_string()).or_default();
            entry.spend += dollars(row.spend_micros, window.account.currency.code());
            entry.claimed += dollars(row.revenue_micros, window.account.currency.code());
        }
    }
    months
}

#[test]
fn the_figures_are_those_of_a_brand_that_grows() {
    for seed in [1, 2, 99] {
        let shop = Shop::juniper_oak().expect("reads");
        let all = rows(&shop, seed, NOW);
        let months = months(&shop, &all);
        assert_eq!(months.len(), 35, "January 2024 to November 2026");
        let net = |m: &Month| m.gross - m.discounts - m.refunds;
        let year: f64 = months.iter().rev().skip(1).take(12).map(|(_, m)| net(m)).sum();
        let before: f64 = months.iter().rev().skip(13).take(12).map(|(_, m)| net(m)).sum();
        assert!((4.5e6..9e6).contains(&year), "{year}");
        assert!(year / before > 1.25 && year / before < 2.0, "growth {}", year / before);
        for (name, m) in months.iter().skip(6) {
            let said = |what: &str, value: f64, low: f64, high: f64| {
                assert!((low..high).contains(&value), "seed {seed}, {name}: {what} is {value}");
            };
            said("AOV", (m.gross - m.discounts) / m.orders, 90.0, 150.0);
            said("refund rate", m.refunds / (m.gross - m.discounts), 0.03, 0.105);
            said("discount share", m.discounts / m.gross, 0.01, 0.15);
            said("gross margin before refunds", 1.0 - m.cost / (m.gross - m.discounts), 0.5, 0.72);
            said("share of new customers", m.new / m.orders, 0.4, 0.8);
            said("MER", net(m) / m.spend, 1.7, 5.2);
            said("claimed ROAS", m.claimed / m.spend, 2.0, 4.0);
        }
        let refunds: f64 = months.values().map(|m| m.refunds).sum();
        let sales: f64 = months.values().map(|m| m.gross - m.discounts).sum();
        assert!((0.03..0.08).contains(&(refunds / sales)), "{}", refunds / sales);
        let (best, ordinary) = (&months["2025-11"], &months["2025-08"]);
        assert!(best.orders > 1.4 * ordinary.orders, "the autumn sale stands out");
    }
}

#[test]
fn platforms_claim_more_than_their_ads_can_have_done() {
    let shop = Shop::juniper_oak().expect("reads");
    let all = rows(&shop, 1, NOW);
    let claimed: f64 = months(&shop, &all).values().map(|m| m.claimed).sum();
    let mut known = HashSet::new();
    let first_orders: f64 = orders(&all)
        .filter(|o| !o.test && known.insert(format!("{:?}", o.customer)))
        .map(|o| goods(o) as f64 / 1e6)
        .sum();
    assert!(claimed > 1.2 * first_orders, "{claimed} claimed, first orders are worth {first_orders}");
    for window in all.iter().flat_map(|l| &l.batch.ads) {
        for row in &window.rows {
            assert!(row.clicks <= row.impressions && row.conversions_micros <= row.clicks * 1_000_000, "{row:?}");
            assert!(row.spend_micros > 0 && row.spend_micros % 10_000 == 0, "{row:?}");
            assert_eq!(row.conversions_micros == 0, row.revenue_micros == 0, "{row:?}");
        }
    }
}

fn goods(order: &Order) -> i64 {
    order.lines.iter().filter(|l| !l.gift_card).map(|l| l.price_micros * l.quantity - l.discount_micros).sum()
}

#[test]
fn orders_and_refunds_agree() {
    let shop = Shop::juniper_oak().expect("reads");
    let all = rows(&shop, 5, NOW);
    let by_id: HashMap<&str, &Order> = orders(&all).map(|o| (o.external_id.as_str(), o)).collect();
    assert_eq!(by_id.len(), orders(&all).count(), "ids are unique");
    assert_eq!(orders(&all).map(|o| &o.name).collect::<HashSet<_>>().len(), by_id.len(), "names are unique");
    let mut seen = HashSet::new();
    for refund in refunds(&all) {
        assert!(seen.insert(&refund.external_id));
        let order = by_id[refund.order.as_deref().expect("an order")];
        assert!(refund.refunded_at > order.placed_at && !order.test);
        assert_eq!((refund.currency, &refund.customer), (order.currency, &order.customer));
        let value: i64 = refund.lines.iter().map(|l| l.goods_micros).sum();
        assert!(value > 0 && value <= goods(order), "{refund:?}");
        assert!(refund.shipping_micros <= order.shipping_micros && refund.tax_micros <= order.tax_micros);
        assert!(order.financial_status.as_deref().is_some_and(|s| s.ends_with("refunded")));
    }
    for order in orders(&all) {
        assert_eq!(order.tax_micros, order.lines.iter().map(|l| l.tax_micros).sum::<i64>());
        assert!(order.lines.iter().all(|l| l.price_micros % 10_000 == 0 && l.discount_micros % 10_000 == 0));
        let variants: HashSet<_> = order.lines.iter().map(|l| &l.variant).collect();
        assert_eq!(variants.len(), order.lines.len());
    }
    let tests = orders(&all).filter(|o| o.test).count();
    let cancelled = orders(&all).filter(|o| o.cancelled_at.is_some()).count();
    let gift_cards = orders(&all).flat_map(|o| &o.lines).filter(|l| l.gift_card).count();
    assert!((5..60).contains(&tests) && (500..1_600).contains(&cancelled) && gift_cards > 100);
}

#[test]
fn codes_are_used_when_they_are_valid() {
    let shop = Shop::juniper_oak().expect("reads");
    let all = rows(&shop, 1, NOW);
    let mut orders_of: HashMap<String, usize> = HashMap::new();
    let mut used: BTreeMap<&str, Vec<(Date, usize)>> = BTreeMap::new();
    for order in orders(&all).filter(|o| !o.test) {
        let nth = orders_of.entry(format!("{:?}", order.customer)).or_default();
        *nth += 1;
        let zone = TimeZone::get(&shop.timezone).expect("a zone");
        let day = Timestamp::from_second(order.placed_at).expect("in range").to_zoned(zone).date();
        for code in &order.discount_codes {
            used.entry(code).or_default().push((day, *nth));
        }
    }
    assert!(used["WELCOME10"].iter().all(|(_, nth)| *nth == 1));
    assert!(used["VIP15"].iter().all(|(_, nth)| *nth >= 3));
    assert!(used["BFCM25"].iter().all(|(day, _)| matches!(day.month(), 11 | 12)));
    assert!(used["SPRING20"].iter().all(|(day, _)| day.month() == 4));
    assert!(used.values().all(|uses| uses.len() > 400), "each is used");
}

#[test]
fn stock_is_what_was_there_plus_deliveries_less_sales() {
    let shop = Shop::juniper_oak().expect("reads");
    let all = rows(&shop, 1, NOW);
    let zone = TimeZone::get(&shop.timezone).expect("a zone");
    let today = instant(NOW).to_zoned(zone.clone()).date();
    let mut sold: HashMap<(String, String, Date), i64> = HashMap::new();
    for order in orders(&all).filter(|o| !o.test) {
        let day = Timestamp::from_second(order.placed_at).expect("in range").to_zoned(zone.clone()).date();
        let warehouse = if order.store.as_deref() == Some("EU") { "Rotterdam" } else { "Reno" };
        for line in &order.lines {
            if let Some(sku) = &line.variant.sku {
                *sold.entry((warehouse.to_owned(), sku.clone(), day)).or_default() += line.quantity;
            }
        }
    }
    let mut levels: BTreeMap<(String, String), BTreeMap<Date, (i64, i64)>> = BTreeMap::new();
    for level in all.iter().flat_map(|l| &l.batch.stock) {
        let key = (level.warehouse.clone(), level.variant.sku.clone().expect("a SKU"));
        levels.entry(key).or_default().insert(level.day, (level.on_hand, level.incoming));
    }
    for ((warehouse, sku), days) in levels {
        let mut deliveries = 0;
        let (mut day, mut before) = (*days.keys().next().expect("a level"), None);
        while day <= today {
            let level = days.get(&day).copied().or(before).expect("a level");
            let gone = sold.get(&(warehouse.clone(), sku.clone(), day)).copied().unwrap_or_default();
            if let Some((on_hand, incoming)) = before {
                let delivered = level.0 - on_hand + gone;
                assert!(delivered >= 0 && delivered <= incoming, "{sku} {day}: {delivered} of {incoming} announced");
                deliveries += i64::from(delivered > 0);
            }
            before = Some(level);
            day = day.tomorrow().expect("in range");
        }
        assert!(deliveries > 100, "{sku}: {deliveries} deliveries");
    }
}

#[test]
fn unit_costs_change_and_rates_cover_every_day() {
    for shop in [Shop::juniper_oak().expect("reads"), Shop::northwind().expect("reads")] {
        let all = rows(&shop, 1, NOW);
        let mut costs: HashMap<_, Vec<_>> = HashMap::new();
        for cost in all.iter().flat_map(|l| &l.batch.costs) {
            costs.entry(cost.variant.clone()).or_default().push(cost.from_day);
        }
        assert!(costs.values().all(|days| days.len() >= 2 && days[0] == shop.first_day && days.is_sorted()));
        let sold = orders(&all).flat_map(|o| &o.lines).filter(|l| !l.gift_card);
        assert!(sold.into_iter().all(|l| costs.contains_key(&l.variant)));
        let last = instant(NOW).to_zoned(TimeZone::get(&shop.timezone).expect("a zone")).date();
        let days = daily_rates(shop.currency, shop.first_day, last).into_iter().filter(|r| r.base.code() == "EUR");
        assert_eq!(days.count(), 1_057);
    }
}
