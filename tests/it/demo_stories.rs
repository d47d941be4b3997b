//! The stories that `demo --stories` prints are in the rows: same dates, same strength, found without their help.

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use pulsepoint::commerce::{
    demo::{Event, Landing, Shop, StorePrice, Story, TOLD_DAYS, stories},
    rows::{Order, OrderLine},
};

use crate::demo::{NOW, instant, orders, refunds, rows};

struct Shown {
    all: Vec<Landing>,
    zone: TimeZone,
    today: Date,
}

impl Shown {
    fn new(seed: u64, now: &str) -> (Self, Vec<Story>) {
        let shop = Shop::juniper_oak().expect("reads");
        let zone = TimeZone::get(&shop.timezone).expect("a zone");
        let today = instant(now).to_zoned(zone.clone()).date();
        let told = stories(&shop, seed, instant(now)).expect("told");
        (Self { all: rows(&shop, seed, now), zone, today }, told)
    }

    fn day(&self, at: i64) -> Date {
        Timestamp::from_second(at).expect("in range").to_zoned(self.zone.clone()).date()
    }

    // Lines of a product ordered on `start..end`.
    fn lines(&self, product: &str, start: Date, end: Date) -> Vec<(&Order, &OrderLine)> {
        let mut found = Vec::new();
        for order in orders(&self.all).filter(|o| !o.test && (start..end).contains(&self.day(o.placed_at))) {
            let prefix = format!("{product} - ");
            found.extend(order.lines.iter().filter(|l| l.variant.title.starts_with(&prefix)).map(|l| (order, l)));
        }
        found
    }

    fn units(&self, product: &str, start: Date, end: Date) -> f64 {
        self.lines(product, start, end).iter().map(|(_, l)| l.quantity as f64).sum()
    }

    fn spend(&self, matches: impl Fn(&str, &str) -> bool, start: Date, end: Date) -> f64 {
        let windows = self.all.iter().flat_map(|l| &l.batch.ads);
        let rows = windows.flat_map(|w| w.rows.iter().filter(|r| matches(&w.account.name, &r.campaign)));
        rows.filter(|r| (start..end).contains(&r.day)).map(|r| r.spend_micros as f64 / 1e6).sum()
    }

    fn check(&self, story: &Story) {
        let end = story.end.unwrap_or(self.today).min(self.today);
        let days = f64::from((end - story.start).get_days());
        if days < 3.0 {
            return;
        }
        match &story.event {
            Event::StockOut { product, units_per_day_before, campaigns } => {
                let before = self.units(product, plus(story.start, -28), story.start) / 28.0;
                assert!((before - number(units_per_day_before)).abs() < 0.06, "{before}: {story:?}");
                assert!(before > 3.0, "a best seller sells: {story:?}");
                assert_eq!(self.units(product, story.start, end), 0.0, "{story:?}");
                assert!(self.units(product, plus(story.start, -1), story.start) > 0.0, "{story:?}");
                for campaign in campaigns {
                    assert!(self.spend(|_, c| c == campaign, story.start, end) > 20.0 * days, "{campaign}: {story:?}");
                }
                self.is_bare(product, story.start, end);
                assert!(story.ongoing || self.units(product, end, plus(end, 3)) > 0.0, "it comes back: {story:?}");
            }
            Event::AdStop { account, spend_per_day_before, .. } => {
                let before = self.spend(|a, _| a == account, plus(story.start, -14), story.start) / 14.0;
                assert!((before - number(spend_per_day_before)).abs() < 0.01 && before > 50.0, "{before}: {story:?}");
                assert_eq!(self.spend(|a, _| a == account, story.start, end), 0.0, "{story:?}");
                let others = self.spend(|a, _| a != account, story.start, end);
                assert!(others > 100.0 * days, "the others go on: {story:?}");
            }
            // What comes back comes back by its end.
            Event::RefundWave { .. } if story.ongoing => {}
            Event::RefundWave { product, reason, share, usual_share, sold_start, sold_end } => {
                let sold = self.units(product, *sold_start, *sold_end);
                let back = self.units_back(product, reason, story.start, end);
                let (share, usual) = (number(share), number(usual_share));
                let tolerance = 3.5 * (share * (1.0 - share) / sold * 1.4).sqrt() + 0.02;
                assert!((back / sold - share).abs() < tolerance, "{back} of {sold}: {story:?}");
                assert!(share > 3.0 * usual, "{story:?}");
            }
            Event::PriceChange { product, prices, change } => {
                for price in prices {
                    self.costs(product, price, &price.before, (plus(story.start, -10), story.start));
                    self.costs(product, price, &price.after, (story.start, end));
                }
                let first = &prices[0];
                let seen = number(&first.after) / number(&first.before) - 1.0;
                assert!((seen - number(change)).abs() < 0.0001 && seen.abs() > 0.08, "{story:?}");
            }
        }
    }

    // Units of a product that came back for a reason on `start..end`.
    fn units_back(&self, product: &str, reason: &str, start: Date, end: Date) -> f64 {
        refunds(&self.all)
            .filter(|r| r.reason.as_deref() == Some(reason) && (start..end).contains(&self.day(r.refunded_at)))
            .flat_map(|r| &r.lines)
            .filter(|l| l.variant.as_ref().is_some_and(|v| v.title.starts_with(product)))
            .map(|l| l.quantity as f64)
            .sum()
    }

    // Every unit of the product that the store sold on these days had that price, and there were some.
    fn costs(&self, product: &str, price: &StorePrice, expected: &str, (start, end): (Date, Date)) {
        let lines = self.lines(product, start, end);
        let mut seen = lines.iter().filter(|(o, _)| o.store.as_deref() == Some(&price.store)).peekable();
        assert!(seen.peek().is_some(), "{product} is sold in {}", price.store);
        assert!(seen.all(|(_, l)| l.price_micros as f64 / 1e6 == number(expected)), "{product}: {price:?}");
    }

    // No warehouse has any of it on these days, each day ending at zero since the day before the first.
    fn is_bare(&self, product: &str, start: Date, end: Date) {
        let mut last = std::collections::HashMap::new();
        for level in self.all.iter().flat_map(|l| &l.batch.stock).filter(|s| s.day < end) {
            if level.variant.title.starts_with(product) {
                let key = (&level.warehouse, &level.variant.sku);
                assert!(level.day < start || level.on_hand == 0, "{level:?}");
                last.insert(key, level.on_hand);
            }
        }
        assert!(last.len() >= 4 && last.values().all(|on_hand| *on_hand == 0), "{last:?}");
    }
}

fn plus(day: Date, days: i64) -> Date {
    day.saturating_add(jiff::Span::new().days(days))
}

fn number(text: &str) -> f64 {
    text.parse().expect("a decimal")
}

fn kind(story: &Story) -> &'static str {
    match story.event {
        Event::StockOut { .. } => "stock_out",
        Event::AdStop { .. } => "ad_stop",
        Event::RefundWave { .. } => "refund_wave",
        Event::PriceChange { .. } => "price_change",
    }
}

fn check_all(seed: u64, now: &str) {
    let (shown, told) = Shown::new(seed, now);
    for story in &told {
        shown.check(story);
    }
}

#[test]
fn every_story_is_in_the_rows() {
    for seed in [1, 2, 3, 42, 7_000_000_000] {
        check_all(seed, NOW);
    }
}

#[test]
fn whenever_now_is_each_kind_was_told_of_late_and_none_at_the_same_time() {
    let shop = Shop::juniper_oak().expect("reads");
    for (seed, now) in [(1, NOW), (5, "2026-03-03T12:00:00Z"), (6, "2025-07-30T03:00:00Z"), (9, "2027-01-02T18:00:00Z")]
    {
        let told = stories(&shop, seed, instant(now)).expect("told");
        let today = instant(now).to_zoned(TimeZone::get(&shop.timezone).expect("a zone")).date();
        let mut kinds: Vec<_> = told.iter().map(kind).collect();
        kinds.sort_unstable();
        kinds.dedup();
        assert_eq!(kinds.len(), 4, "{told:#?}");
        assert!(told.iter().all(|s| s.start > plus(today, -TOLD_DAYS) && s.start <= today));
        for pair in told.windows(2) {
            assert!(pair[0].end.is_none_or(|end| end <= pair[1].start), "{pair:#?}");
        }
    }
}

#[test]
fn the_seed_draws_the_stories_and_a_later_now_keeps_them() {
    let shop = Shop::juniper_oak().expect("reads");
    let tell = |seed, now| stories(&shop, seed, instant(now)).expect("told");
    let one = tell(1, NOW);
    assert_eq!(one, tell(1, NOW));
    let others: Vec<_> = (2..8).map(|seed| tell(seed, NOW)).collect();
    assert!(others.iter().all(|other| *other != one));
    let subjects: std::collections::BTreeSet<String> = others
        .iter()
        .flatten()
        .map(|s| match &s.event {
            Event::StockOut { product, .. } => format!("out {product}"),
            Event::AdStop { account, .. } => format!("stop {account}"),
            Event::RefundWave { product, .. } => format!("refunds {product}"),
            Event::PriceChange { product, .. } => format!("price {product}"),
        })
        .collect();
    assert!(subjects.len() > 9, "{subjects:?}");
    let later = tell(1, "2026-12-20T12:00:00Z");
    for story in one.iter().filter(|s| s.start > Date::constant(2026, 9, 1) && !s.ongoing) {
        assert!(later.contains(story), "{story:?}");
    }
}

#[test]
fn the_second_tenant_has_none() {
    let shop = Shop::northwind().expect("reads");
    assert_eq!(stories(&shop, 1, instant(NOW)).expect("told"), Vec::new());
}

#[test]
fn a_story_reads_as_a_sentence_and_as_json() {
    let shop = Shop::juniper_oak().expect("reads");
    for story in stories(&shop, 1, instant(NOW)).expect("told") {
        let json = serde_json::to_value(&story).expect("JSON");
        assert_eq!(json["kind"], kind(&story));
        assert_eq!(json["start"], story.start.to_string());
        assert!(story.text.contains(&story.start.to_string()) && story.text.ends_with('.'), "{}", story.text);
    }
}
