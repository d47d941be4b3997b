//! Stock per warehouse and day as a ledger: what was there, plus deliveries, less what was sold.

use super::{basket::Sale, people::World};
use crate::commerce::rows::{StockLevel, VariantRef};

// A delivery a week brings each variant to what the coming weeks will sell and a little more; a story's last delivery brings
// exactly what is left to sell, so that the shelf is bare on its first day without anything being written off.
const COVER_DAYS: [usize; 5] = [35, 28, 42, 21, 12];
const MOST_COVER: usize = 49;
const WEEK: usize = 7;
const ANNOUNCED_DAYS: usize = 14;
const LOOK_AHEAD: usize = 70;

/// Stock of one variant in one warehouse.
struct Shelf {
    warehouse: usize,
    product: usize,
    variant: usize,
    sold: Vec<i64>,
    delivered: Vec<i64>,
    on_hand: Vec<i64>,
}

/// All shelves through the days.
pub(super) struct Ledger {
    shelves: Vec<Shelf>,
    sold_today: Vec<i64>,
}

impl Ledger {
    /// Books every sale up to the calendar's end and the deliveries that they need.
    pub(super) fn keep(world: &World, sales: &[Sale]) -> Self {
        let mut shelves = Vec::new();
        let mut first_shelf = vec![Vec::new(); world.shop.stores.len()];
        for (warehouse, firsts) in first_shelf.iter_mut().enumerate() {
            for (product, item) in world.shop.products.iter().enumerate() {
                firsts.push(shelves.len());
                shelves.extend((0..item.variants.len()).map(|variant| Shelf {
                    warehouse,
                    product,
                    variant,
                    sold: vec![0; world.calendar.len()],
                    delivered: Vec::new(),
                    on_hand: Vec::new(),
                }));
            }
        }
        let mut sold_today = vec![0; shelves.len()];
        for sale in sales.iter().filter(|s| !s.test) {
            for line in &sale.lines {
                let shelf = first_shelf[world.places[sale.place].store][line.product] + line.variant;
                shelves[shelf].sold[sale.day] += line.quantity;
                if sale.day as i64 == world.calendar.today && sale.at <= world.calendar.now {
                    sold_today[shelf] += line.quantity;
                }
            }
        }
        for (i, shelf) in shelves.iter_mut().enumerate() {
            shelf.run(world, i);
        }
        Self { shelves, sold_today }
    }

    /// The levels of every day of `first..=last` up to today; today's as of "now".
    pub(super) fn levels(&self, world: &World, first: i64, last: i64) -> Vec<StockLevel> {
        let mut levels = Vec::new();
        for (i, shelf) in self.shelves.iter().enumerate() {
            for day in first.max(0)..=last.min(world.calendar.today) {
                let unsold =
                    if day == world.calendar.today { shelf.sold[day as usize] - self.sold_today[i] } else { 0 };
                levels.push(StockLevel {
                    variant: variant_ref(world, shelf.product, shelf.variant),
                    warehouse: world.shop.stores[shelf.warehouse].warehouse.clone(),
                    day: world.calendar.date(day),
                    on_hand: shelf.on_hand[day as usize] + unsold,
                    incoming: shelf.incoming(day as usize),
                });
            }
        }
        levels
    }
}

impl Shelf {
    fn run(&mut self, world: &World, number: usize) {
        let days = self.sold.len();
        let mut sums = vec![0; days + 1];
        for day in 0..days {
            sums[day + 1] = sums[day] + self.sold[day];
        }
        let sold = |from: usize, until: usize| sums[until.min(days)] - sums[from.min(days)];
        // Some goods are kept scarcer than others, so that some are always due for an order.
        let cover = (COVER_DAYS[self.product % COVER_DAYS.len()] + 3 * self.variant).min(MOST_COVER);
        let mut level = 0;
        for day in 0..days {
            let wanted = sold(day, day + cover);
            let mut target = wanted + wanted / 8 + 6;
            let (mut closed, mut reopens) = (false, false);
            for outage in world.plan.outages.iter().filter(|o| o.product == self.product) {
                let (first, until) = (outage.first as usize, outage.until as usize);
                if day < first && first <= day + LOOK_AHEAD {
                    target = target.min(sold(day, first));
                }
                closed |= (first..until).contains(&day);
                reopens |= until == day;
            }
            let due = day == 0 || day % WEEK == number % WEEK || reopens;
            let delivered = if due && !closed { (target - level).max(0) } else { 0 };
            level += delivered - self.sold[day];
            self.delivered.push(delivered);
            self.on_hand.push(level);
        }
    }

    // Announced for the days after `day`.
    fn incoming(&self, day: usize) -> i64 {
        self.delivered.iter().skip(day + 1).take(ANNOUNCED_DAYS).sum()
    }
}

/// How orders, stock and costs name a variant.
pub(super) fn variant_ref(world: &World, product: usize, variant: usize) -> VariantRef {
    let item = &world.shop.products[product];
    let variant = &item.variants[variant];
    VariantRef { sku: Some(variant.sku.clone()), title: format!("{} - {}", item.title, variant.title) }
}
