//! What goes wrong in the demo shop and when, drawn from the seed: the only place that knows before it happens.

use super::{
    calendar::{Calendar, days_between},
    draw::{Draw, Stream},
    shop::Shop,
};

// One story a slot, the four kinds in turn, so that any 120 days hold each kind at least once, whenever "now" is. A story's
// dates depend on its slot alone and never on "now": yesterday's rows stay what they were.
const SLOT_DAYS: i64 = 24;
const KINDS: usize = 4;

/// All that happens to the shop, in days since its first; `until` is the first day after.
#[derive(Debug, Default)]
pub(super) struct Plan {
    pub outages: Vec<Outage>,
    pub ad_stops: Vec<AdStop>,
    pub waves: Vec<RefundWave>,
    pub prices: Vec<PriceChange>,
}

/// A product that none of the warehouses has.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Outage {
    pub product: usize,
    pub first: i64,
    pub until: i64,
}

/// An ad account that spends nothing.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct AdStop {
    pub account: usize,
    pub first: i64,
    pub until: i64,
}

/// Of the units sold on `sold_first..sold_until`, so many come back between `first` and `until`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct RefundWave {
    pub product: usize,
    pub first: i64,
    pub until: i64,
    pub sold_first: i64,
    pub sold_until: i64,
    pub share_ppm: i64,
    pub reason: usize,
}

/// Prices (cents, one a store) from a day on.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct PriceChange {
    pub product: usize,
    pub first: i64,
    pub before: Vec<i64>,
    pub after: Vec<i64>,
}

impl Plan {
    /// What the seed holds for the shop up to a while after the calendar's last day.
    pub(super) fn draw(shop: &Shop, seed: u64, calendar: &Calendar) -> Self {
        let mut plan = Self::default();
        if !shop.stories {
            return plan;
        }
        let mut order = Draw::new(seed, Stream::Stories, 0);
        let offset = order.below(SLOT_DAYS);
        let mut kinds: Vec<usize> = (0..KINDS).collect();
        for i in (1..KINDS).rev() {
            kinds.swap(i, order.below(i as i64 + 1) as usize);
        }
        let mut recent = Vec::new();
        for slot in 2_i64.. {
            let start = slot * SLOT_DAYS - offset;
            if start > calendar.len() as i64 {
                break;
            }
            let mut draw = Draw::new(seed, Stream::Stories, slot.unsigned_abs());
            let product = match kinds[slot as usize % KINDS] {
                0 => plan.add_outage(shop, &mut draw, start, &recent),
                1 => plan.add_ad_stop(shop, &mut draw, start, calendar),
                2 => plan.add_wave(shop, &mut draw, start, &recent),
                _ => plan.add_price(shop, &mut draw, start, &recent),
            };
            recent.extend(product);
            recent.drain(..recent.len().saturating_sub(KINDS - 1));
        }
        plan
    }

    fn add_outage(&mut self, shop: &Shop, draw: &mut Draw, start: i64, recent: &[usize]) -> Option<usize> {
        let product = *draw.pick(&candidates(shop, recent, |p| shop.products[p].best_seller))?;
        let first = start + draw.between(4, 8);
        self.outages.push(Outage { product, first, until: first + draw.between(7, 12) });
        Some(product)
    }

    fn add_ad_stop(&mut self, shop: &Shop, draw: &mut Draw, start: i64, calendar: &Calendar) -> Option<usize> {
        let last = self.ad_stops.last().map(|stop| stop.account);
        let ready: Vec<usize> = (0..shop.accounts.len())
            .filter(|a| {
                let account = &shop.accounts[*a];
                let running = |from| days_between(from, calendar.date(start)) > 40;
                account.can_stop && Some(*a) != last && account.campaigns.iter().any(|c| c.from.is_none_or(running))
            })
            .collect();
        let first = start + draw.between(4, 9);
        self.ad_stops.push(AdStop { account: *draw.pick(&ready)?, first, until: first + draw.between(6, 11) });
        None
    }

    fn add_wave(&mut self, shop: &Shop, draw: &mut Draw, start: i64, recent: &[usize]) -> Option<usize> {
        // Not the one that carries the shop: its refunds would drown all else.
        let demand: i64 = shop.products.iter().map(|p| p.weight).sum();
        let product = *draw.pick(&candidates(shop, recent, |p| shop.products[p].weight * 5 < demand))?;
        let first = start + draw.between(4, 8);
        let until = first + draw.between(8, 12);
        self.waves.push(RefundWave {
            product,
            first,
            until,
            sold_first: first - 14,
            sold_until: until - 4,
            share_ppm: draw.between(28, 44) * 10_000,
            reason: draw.below(shop.refund_reasons.wave.len() as i64) as usize,
        });
        Some(product)
    }

    fn add_price(&mut self, shop: &Shop, draw: &mut Draw, start: i64, recent: &[usize]) -> Option<usize> {
        let product = *draw.pick(&candidates(shop, recent, |_| true))?;
        let before = self.prices_on(shop, product, start);
        let usual = &shop.products[product].prices;
        let percent = match before[0] * 100 / usual[0].max(1) {
            ..=95 => draw.between(12, 18),
            105.. => -draw.between(12, 18),
            _ if draw.chance(500_000) => draw.between(10, 16),
            _ => -draw.between(10, 16),
        };
        let after = before.iter().map(|cents| (cents * (100 + percent) + 5_000) / 10_000 * 100).collect();
        self.prices.push(PriceChange { product, first: start + draw.between(4, 14), before, after });
        Some(product)
    }

    /// Prices of a product on a day: cents, one a store.
    pub(super) fn prices_on(&self, shop: &Shop, product: usize, day: i64) -> Vec<i64> {
        let change = self.prices.iter().rev().find(|c| c.product == product && c.first <= day);
        change.map_or_else(|| shop.products[product].prices.clone(), |c| c.after.clone())
    }

    /// Whether no warehouse has the product on the day.
    pub(super) fn is_out(&self, product: usize, day: i64) -> bool {
        self.outages.iter().any(|o| o.product == product && (o.first..o.until).contains(&day))
    }

    /// Whether the account spends nothing on the day.
    pub(super) fn is_stopped(&self, account: usize, day: i64) -> bool {
        self.ad_stops.iter().any(|s| s.account == account && (s.first..s.until).contains(&day))
    }

    /// The wave that takes in a unit of the product sold on the day.
    pub(super) fn wave(&self, product: usize, sold: i64) -> Option<&RefundWave> {
        self.waves.iter().find(|w| w.product == product && (w.sold_first..w.sold_until).contains(&sold))
    }
}

// Products that fit and that no story of the last weeks was about.
fn candidates(shop: &Shop, recent: &[usize], fits: impl Fn(usize) -> bool) -> Vec<usize> {
    (0..shop.products.len()).filter(|p| !recent.contains(p) && fits(*p)).collect()
}
