//! One simulated shop: its settings, and when each of its orders is placed and changes. Order `i` depends on the seed and `i` alone.

use super::super::draw::Draw;
use super::super::text::DAY;
use super::catalogue::{self, Catalogue};

/// Orders that the control made have indexes from here on.
pub const MADE: u64 = 1 << 30;
/// Nothing happens to an order later than this after it was placed.
pub const SETTLED: i64 = 46 * DAY;
const HOUR: i64 = 3600;

/// What a shop is made of.
#[derive(Debug, Clone)]
pub struct Setup {
    pub number: u64,
    pub seed: u64,
    /// Orders placed over `span`; the same pace goes on after it.
    pub orders: u64,
    /// Seconds from the first order to the moment the sandbox was started at.
    pub span: i64,
}

/// A shop.
#[derive(Debug)]
pub struct Shop {
    pub setup: Setup,
    pub domain: String,
    pub name: String,
    pub currency: &'static str,
    pub zone: &'static str,
    pub country: &'static str,
    /// Whether prices contain tax.
    pub taxes_included: bool,
    /// What other currencies customers pay in, with the rate from the shop's, in millionths.
    pub presentments: &'static [(&'static str, i64)],
    /// Parts of the tax, in hundredths of a percent.
    pub taxes: &'static [(&'static str, i64)],
    pub start: i64,
    pub catalogue: Catalogue,
}

/// When what happens to an order, whether it lies in the future or not.
#[derive(Debug, Clone, Copy, Default)]
pub struct Timeline {
    pub created: i64,
    pub fulfilled: Option<i64>,
    pub edited: Option<i64>,
    pub refunded: Option<i64>,
    pub refunded_again: Option<i64>,
    pub overpaid_back: Option<i64>,
    pub cancelled: Option<i64>,
    pub deleted: Option<i64>,
    /// When attribution is ready; does not count as a change.
    pub ready: i64,
}

impl Timeline {
    fn changes(&self) -> [Option<i64>; 6] {
        [self.fulfilled, self.edited, self.refunded, self.refunded_again, self.overpaid_back, self.cancelled]
    }

    /// When it changed last, at `now`.
    pub fn updated(&self, now: i64) -> i64 {
        self.changes().into_iter().flatten().filter(|at| *at <= now).fold(self.created, i64::max)
    }

    /// Whether it changes after `from`, at `to` at the latest.
    pub fn stirs(&self, from: i64, to: i64) -> bool {
        let inside = |at: i64| at > from && at <= to;
        inside(self.created) || self.deleted.is_some_and(inside) || self.changes().into_iter().flatten().any(inside)
    }
}

const KINDS: [(&str, &str, &str, &str, bool); 4] = [
    ("juniper-oak", "USD", "America/New_York", "US", false),
    ("juniper-oak-eu", "EUR", "Europe/Berlin", "DE", true),
    ("northwind", "GBP", "Europe/London", "GB", true),
    ("harbour", "AUD", "Australia/Sydney", "AU", true),
];

impl Shop {
    /// Shop `number` of a sandbox that was started at `now` with `orders` orders in `days` days.
    pub fn make(seed: u64, number: u64, orders: u64, days: i64, now: i64) -> Self {
        let (stem, currency, zone, country, taxes_included) = KINDS[(number % KINDS.len() as u64) as usize];
        let round = number / KINDS.len() as u64;
        let stem = if round == 0 { stem.to_owned() } else { format!("{stem}-{}", round + 1) };
        let span = days.max(1) * DAY;
        let setup =
            Setup { number, seed: super::super::draw::mix(seed ^ ((number + 1) << 40)), orders: orders.max(1), span };
        let start = now - span;
        Self {
            domain: format!("{stem}.myshopify.com"),
            name: stem.replace('-', " "),
            currency,
            zone,
            country,
            taxes_included,
            presentments: match currency {
                "USD" => &[("CAD", 1_370_000), ("GBP", 760_000)],
                "EUR" => &[("GBP", 860_000), ("USD", 1_090_000)],
                _ => &[("EUR", 1_170_000)],
            },
            taxes: match country {
                "US" => &[("State Tax", 600), ("County Tax", 225)],
                "DE" => &[("MwSt", 1900)],
                "GB" => &[("VAT", 2000)],
                _ => &[("GST", 1000)],
            },
            catalogue: catalogue::make(&setup, start),
            start,
            setup,
        }
    }

    /// When order `index` is placed. Later orders are not placed earlier.
    pub fn placed(&self, index: u64) -> i64 {
        let (span, orders) = (i128::from(self.setup.span), i128::from(self.setup.orders));
        let begin = i128::from(index) * span / orders;
        let width = (i128::from(index) + 1) * span / orders - begin;
        let jitter = match width {
            0 | 1 => 0,
            width => Draw::of(self.setup.seed, 1, index).below(u64::try_from(width).unwrap_or(1)),
        };
        self.start + i64::try_from(begin).unwrap_or(i64::MAX / 4) + jitter.cast_signed()
    }

    /// How many orders are placed up to and including `at`.
    pub fn placed_until(&self, at: i64) -> u64 {
        if at < self.start {
            return 0;
        }
        let guess = i128::from(at - self.start) * i128::from(self.setup.orders) / i128::from(self.setup.span);
        let mut count = u64::try_from(guess).unwrap_or(0);
        while self.placed(count) <= at {
            count += 1;
        }
        while count > 0 && self.placed(count - 1) > at {
            count -= 1;
        }
        count
    }

    /// When what happens to order `index`, placed at `created`.
    pub fn timeline(&self, index: u64, created: i64) -> Timeline {
        let mut draw = Draw::of(self.setup.seed, 2, index);
        let fate = draw.below(1000);
        let mut line = Timeline { created, ready: created + draw.between(HOUR, 36 * HOUR), ..Timeline::default() };
        if fate < 20 {
            line.cancelled = Some(created + draw.between(HOUR, 48 * HOUR));
        } else {
            line.fulfilled = (fate < 980).then(|| created + draw.between(6 * HOUR, 72 * HOUR));
        }
        if (20..90).contains(&fate) {
            let at = created + draw.between(3 * DAY, 30 * DAY);
            line.refunded = Some(at);
            line.refunded_again = (fate < 30).then(|| at + draw.between(HOUR, 5 * DAY));
        }
        line.overpaid_back = (90..96).contains(&fate).then(|| created + draw.between(10 * DAY, 40 * DAY));
        line.edited = (100..112).contains(&fate).then(|| created + draw.between(HOUR, 6 * HOUR));
        line.deleted = (120..122).contains(&fate).then(|| created + draw.between(DAY, 20 * DAY));
        line
    }

    pub fn order_id(&self, index: u64) -> u64 {
        8_800_000_000_000 + self.setup.number * 100_000_000_000 + index
    }

    /// The index of an order's id; none for another shop's.
    pub fn order_index(&self, id: u64) -> Option<u64> {
        let index = id.checked_sub(self.order_id(0))?;
        (index < 100_000_000_000).then_some(index)
    }

    /// What belongs to an order: up to 32 of a kind.
    pub fn part_id(&self, base: u64, index: u64, part: u64) -> u64 {
        base + self.setup.number * 100_000_000_000 + index * 32 + part
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_are_placed_in_order_and_counted() {
        for orders in [1, 7, 1000, 900_000] {
            let shop = Shop::make(1, 0, orders, 3, 1_800_000_000);
            assert!((1..200.min(orders)).all(|index| shop.placed(index - 1) <= shop.placed(index)));
            let count = shop.placed_until(1_800_000_000);
            // Those of the second that is now are there, too.
            let a_second = orders / (3 * 86_400) + 1;
            assert!((orders..=orders + a_second).contains(&count), "{count} of {orders}");
            let at = shop.placed(orders / 2);
            let until = shop.placed_until(at);
            assert!(shop.placed(until) > at && shop.placed(until - 1) <= at);
        }
    }

    #[test]
    fn nothing_happens_to_a_settled_order() {
        let shop = Shop::make(3, 1, 5000, 90, 1_800_000_000);
        for index in 0..5000 {
            let line = shop.timeline(index, shop.placed(index));
            assert!(line.updated(i64::MAX) <= line.created + SETTLED);
            assert!(line.deleted.is_none_or(|at| at <= line.created + SETTLED));
        }
    }
}
