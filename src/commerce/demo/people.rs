//! Who orders when: how many new customers a day brings, and when each of them comes back.

use super::{
    basket::{Sale, TodaysShelf, fill},
    calendar::{self, Calendar},
    draw::{Draw, Stream},
    plan::Plan,
    shop::{Period, Shop},
};

/// The shop, its days and what happens to it: all that the simulation reads.
pub(super) struct World<'a> {
    pub shop: &'a Shop,
    pub seed: u64,
    pub calendar: Calendar,
    pub plan: Plan,
    pub places: Vec<Place<'a>>,
    place_weights: Vec<i64>,
}

/// A city where customers live.
pub(super) struct Place<'a> {
    pub store: usize,
    pub country: &'a str,
    pub region: &'a str,
    pub city: &'a str,
    pub tax_ppm: i64,
}

/// What never changes about a customer.
pub(super) struct Customer {
    pub place: usize,
    pub device: &'static str,
}

// Someone expected back on a day.
struct Due {
    customer: u64,
    order: u32,
    readiness_ppm: i64,
}

const DEVICES: [&str; 3] = ["mobile", "desktop", "tablet"];
// Millionths of the customers with n orders who place another.
const COMES_BACK: [i64; 5] = [340_000, 490_000, 560_000, 600_000, 620_000];
// Days until the next order: from, to, weight.
const PAUSES: [(i64, i64, i64); 6] =
    [(6, 20, 12), (21, 45, 25), (46, 75, 21), (76, 120, 18), (121, 200, 13), (201, 400, 11)];
// A customer's number holds the day that won them, this many numbers a day.
const A_DAY: u64 = 10_000;

impl<'a> World<'a> {
    /// The shop as the seed makes it, up to `calendar`'s end.
    pub(super) fn new(shop: &'a Shop, seed: u64, calendar: Calendar) -> Self {
        let plan = Plan::draw(shop, seed, &calendar);
        let mut places = Vec::new();
        let mut place_weights = Vec::new();
        for group in &shop.places {
            for city in &group.cities {
                let store = shop.store_of(group);
                let (country, region, name) = (&group.country, &city.region, &city.city);
                places.push(Place { store, country, region, city: name, tax_ppm: city.tax_ppm });
                place_weights.push(city.weight);
            }
        }
        Self { shop, seed, calendar, plan, places, place_weights }
    }

    pub(super) fn customer(&self, number: u64) -> Customer {
        let mut draw = Draw::new(self.seed, Stream::Customer, number);
        Customer { place: draw.weighted(&self.place_weights), device: DEVICES[draw.weighted(&[640, 310, 50])] }
    }

    /// Every order up to the calendar's end, by time.
    pub(super) fn sales(&self) -> Vec<Sale> {
        let days = self.calendar.len();
        let mut due: Vec<Vec<Due>> = std::iter::repeat_with(Vec::new).take(days).collect();
        let mut sales = Vec::new();
        let mut shelf = TodaysShelf::new(self);
        for day in 0..days {
            shelf.turn_to(self, day);
            let from = sales.len();
            let newcomers = Draw::new(self.seed, Stream::Newcomers, day as u64).count(self.newcomers_milli(day));
            let new = (0..newcomers.unsigned_abs().min(A_DAY - 1)).map(|i| Due {
                customer: day as u64 * A_DAY + i,
                order: 1,
                readiness_ppm: 1_000_000,
            });
            for who in new.chain(std::mem::take(&mut due[day])) {
                let mut draw = Draw::new(self.seed, Stream::Order, who.customer * 64 + u64::from(who.order));
                let Some(sale) = fill(self, &shelf, day, who.customer, who.order, &mut draw) else { continue };
                if let Some((when, next)) = self.next_visit(day, &who, &sale, &mut draw) {
                    due[when].push(next);
                }
                sales.push(sale);
            }
            sales.extend(self.test_order(&shelf, day));
            sales[from..].sort_by_key(|sale| (sale.at, sale.customer));
        }
        self.number(&mut sales);
        sales
    }

    // Expected newcomers of a day in thousandths: growth, season, weekday and sales, less those that a stopped account brings.
    fn newcomers_milli(&self, day: usize) -> i64 {
        let date = self.calendar.date(day as i64);
        let ordinary = calendar::growth(&self.shop.growth, date) * calendar::year_milli(date) / 1_000;
        let milli = ordinary * calendar::weekday_milli(date) / 1_000 * calendar::event_milli(date) / 1_000;
        let lost: i64 = (0..self.shop.accounts.len())
            .filter(|a| self.plan.is_stopped(*a, day as i64))
            .map(|a| self.shop.accounts[a].order_share_ppm)
            .sum();
        milli * (1_000_000 - lost) / 1_000_000
    }

    fn next_visit(&self, day: usize, who: &Due, sale: &Sale, draw: &mut Draw) -> Option<(usize, Due)> {
        let mut readiness = who.readiness_ppm;
        if who.order == 1 {
            readiness = sale.lines.first().map_or(1_000_000, |line| self.shop.products[line.product].loyalty_ppm);
            if calendar::within(Period::BlackFriday, self.calendar.date(day as i64)) {
                readiness = readiness * 72 / 100;
            }
        }
        let usual = COMES_BACK[(who.order as usize - 1).min(COMES_BACK.len() - 1)];
        if who.order >= 40 || !draw.chance(usual * readiness / 1_000_000) {
            return None;
        }
        let (low, high, _) = PAUSES[draw.weighted(&PAUSES.map(|(_, _, weight)| weight))];
        let pause = draw.between(low, high) * if who.order == 1 { 5 } else { 4 } / 5;
        let when = usize::try_from(self.favourable(day as i64 + pause.max(2), draw)).ok()?;
        let next = Due { customer: who.customer, order: who.order + 1, readiness_ppm: 1_000_000 };
        (when < self.calendar.len()).then_some((when, next))
    }

    // Moves a visit to days on which people buy: out of slack weeks, and in autumn often into the sale.
    fn favourable(&self, mut day: i64, draw: &mut Draw) -> i64 {
        for _ in 0..4 {
            let date = self.calendar.date(day);
            let pull = calendar::year_milli(date) * calendar::event_milli(date) / 1_000;
            if draw.chance(pull * 1_000_000 / 1_450) {
                break;
            }
            day += draw.between(1, 9);
        }
        let date = self.calendar.date(day);
        let sale = self.calendar.day(calendar::thanksgiving(date.year()));
        if (1..30).contains(&(sale - day)) && draw.chance(330_000) {
            return sale + [0, 1, 1, 1, 2, 3, 4, 4][draw.below(8) as usize];
        }
        day
    }

    // Now and then somebody of the shop tries the checkout.
    fn test_order(&self, shelf: &TodaysShelf, day: usize) -> Option<Sale> {
        let mut draw = Draw::new(self.seed, Stream::TestOrders, day as u64);
        if !draw.chance(24_000) {
            return None;
        }
        let sale = fill(self, shelf, day, day as u64 * A_DAY + A_DAY - 1, 1, &mut draw)?;
        Some(Sale { test: true, cancelled_at: None, back: None, ..sale })
    }

    // Order numbers run through the brand for ids, and per store for names.
    fn number(&self, sales: &mut [Sale]) {
        let mut by_store = vec![1_000; self.shop.stores.len()];
        for (i, sale) in sales.iter_mut().enumerate() {
            let store = self.places[sale.place].store;
            by_store[store] += 1;
            (sale.id, sale.number) = (self.shop.first_order_id + i as i64 * 1_000, by_store[store]);
        }
    }
}
