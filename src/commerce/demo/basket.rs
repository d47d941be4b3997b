//! What one order holds, what it costs, and what of it comes back.

use super::{calendar, draw::Draw, people::World, plan::RefundWave, shop::Audience};
use crate::money::{allocate, div_half_even};

/// One order as simulated, whatever of it has happened by "now". Amounts are cents of the store's currency.
pub(super) struct Sale {
    pub id: i64,
    pub number: i64,
    pub at: i64,
    pub day: usize,
    pub customer: u64,
    pub place: usize,
    pub device: &'static str,
    pub source: &'static str,
    pub code: Option<usize>,
    pub shipping: i64,
    pub shipping_free: bool,
    pub lines: Vec<Line>,
    pub gift_card: Option<i64>,
    pub test: bool,
    pub cancelled_at: Option<i64>,
    pub fulfilled_at: i64,
    pub back: Option<Return>,
}

impl Sale {
    /// What the shop's till said, before anything came back.
    pub(super) fn total(&self) -> i64 {
        let shipping = if self.shipping_free { 0 } else { self.shipping };
        let lines = self.lines.iter().map(|line| line.price * line.quantity - line.discount + line.tax);
        shipping + lines.sum::<i64>() + self.gift_card.unwrap_or(0)
    }
}

pub(super) struct Line {
    pub product: usize,
    pub variant: usize,
    pub quantity: i64,
    pub price: i64,
    pub discount: i64,
    pub tax: i64,
}

/// The refund of an order: whole lines, at one time.
pub(super) struct Return {
    pub at: i64,
    pub reason: Reason,
    pub lines: Vec<usize>,
    pub with_shipping: bool,
}

/// Which of the shop's reasons it was.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Reason {
    Fit(usize),
    Other(usize),
    Cancelled,
    Wave(usize),
}

/// The day's offer: how readily each product is taken, and at which prices.
pub(super) struct TodaysShelf {
    wanted: Vec<i64>,
    available: Vec<i64>,
    prices: Vec<Vec<i64>>,
}

impl TodaysShelf {
    pub(super) fn new(world: &World) -> Self {
        let count = world.shop.products.len();
        Self { wanted: vec![0; count], available: vec![0; count], prices: vec![Vec::new(); count] }
    }

    /// Sets it to a day. Demand follows the season, and the price with an elasticity of about -1.5.
    pub(super) fn turn_to(&mut self, world: &World, day: usize) {
        let date = world.calendar.date(day as i64);
        for (i, product) in world.shop.products.iter().enumerate() {
            self.prices[i] = world.plan.prices_on(world.shop, i, day as i64);
            let cheapness = product.prices[0] * 1_000 / self.prices[i][0].max(1);
            let appetite = calendar::season_milli(product.season, date) * (cheapness * 3 - 1_000) / 2_000;
            self.wanted[i] = product.weight * appetite.max(0);
            self.available[i] = if world.plan.is_out(i, day as i64) { 0 } else { self.wanted[i] };
        }
    }
}

// Orders of a day by the hour, in the buyers' own time.
const HOURS: [i64; 24] = [14, 8, 5, 3, 3, 5, 12, 24, 36, 45, 52, 56, 60, 57, 53, 51, 51, 54, 59, 66, 74, 76, 58, 32];

/// Fills a basket; `None` where all that was wanted is sold out.
pub(super) fn fill(
    world: &World,
    shelf: &TodaysShelf,
    day: usize,
    customer: u64,
    order: u32,
    draw: &mut Draw,
) -> Option<Sale> {
    let who = world.customer(customer);
    let place = &world.places[who.place];
    let store = &world.shop.stores[place.store];
    let mut lines = choose(world, shelf, place.store, draw);
    if lines.is_empty() {
        return None;
    }
    let code = code_used(world, day, order, draw);
    discount_and_tax(&mut lines, code.map_or(0, |c| world.shop.codes[c].percent), place.tax_ppm);
    let goods: i64 = lines.iter().map(|l| l.price * l.quantity - l.discount).sum();
    let express = if draw.chance(35_000) { 900 } else { 0 };
    let hour = (draw.weighted(&HOURS) + 24 - store.hours_ahead) % 24;
    // The day on which the clocks go forward ends an hour early.
    let at = world.calendar.start(day) + hour as i64 * 3_600 + draw.below(3_600);
    let at = at.min(world.calendar.start(day + 1) - 1);
    let cancelled_at = draw.chance(11_000).then(|| at + draw.between(1_200, 110_000));
    let month = world.calendar.date(day as i64).month();
    let gift_card = (draw.chance(if month == 12 { 16_000 } else { 3_000 }) && world.shop.gift_card.is_some())
        .then(|| draw.between(1, 4) * 2_500);
    let mut sale = Sale {
        id: 0,
        number: 0,
        at,
        day,
        customer,
        place: who.place,
        device: who.device,
        source: if draw.chance(22_000) { "draft" } else { "web" },
        code,
        shipping: express + if goods < store.free_shipping_from { store.shipping } else { 0 },
        shipping_free: draw.chance(18_000),
        lines,
        gift_card,
        test: false,
        cancelled_at,
        fulfilled_at: at + draw.between(50_000, 220_000),
        back: None,
    };
    sale.back = comes_back(world, &sale, draw);
    Some(sale)
}

fn choose(world: &World, shelf: &TodaysShelf, store: usize, draw: &mut Draw) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    for _ in 0..=draw.weighted(&[590, 275, 105, 30]) {
        let mut product = draw.weighted(&shelf.wanted);
        if shelf.available[product] == 0 {
            // Some take something else instead; the rest is lost.
            if !draw.chance(350_000) {
                continue;
            }
            product = draw.weighted(&shelf.available);
        }
        let item = &world.shop.products[product];
        let weights: Vec<i64> = item.variants.iter().map(|v| v.weight).collect();
        let variant = draw.weighted(&weights);
        let more = if item.max_quantity > 1 { 260_000 } else { 20_000 };
        let quantity = if draw.chance(more) { draw.between(2, item.max_quantity.max(2)) } else { 1 };
        if lines.iter().all(|l| (l.product, l.variant) != (product, variant)) {
            let price = shelf.prices[product][store];
            lines.push(Line { product, variant, quantity, price, discount: 0, tax: 0 });
        }
    }
    lines
}

fn code_used(world: &World, day: usize, order: u32, draw: &mut Draw) -> Option<usize> {
    let date = world.calendar.date(day as i64);
    world.shop.codes.iter().position(|code| {
        let meant = match code.audience {
            Audience::All => true,
            Audience::FirstOrder => order == 1,
            Audience::Loyal => order >= 3,
        };
        let valid = calendar::within(code.period, date) && code.from.is_none_or(|from| from <= date);
        meant && valid && draw.chance(code.share_ppm)
    })
}

fn discount_and_tax(lines: &mut [Line], percent: i64, tax_ppm: i64) {
    let gross: Vec<i64> = lines.iter().map(|l| l.price * l.quantity).collect();
    let discount = part(gross.iter().sum::<i64>(), percent, 100);
    for (line, share) in lines.iter_mut().zip(allocate(discount, &gross)) {
        line.discount = share;
        line.tax = part(line.price * line.quantity - share, tax_ppm, 1_000_000);
    }
}

/// `amount * share / of`, rounded half to even.
pub(super) fn part(amount: i64, share: i64, of: i64) -> i64 {
    div_half_even(i128::from(amount) * i128::from(share), i128::from(of)) as i64
}

// Days until a refund: from, to, weight.
const RETURNS: [(i64, i64, i64); 4] = [(4, 8, 18), (9, 16, 42), (17, 27, 28), (28, 44, 12)];

fn comes_back(world: &World, sale: &Sale, draw: &mut Draw) -> Option<Return> {
    let reasons = &world.shop.refund_reasons;
    if let Some(at) = sale.cancelled_at {
        let lines = (0..sale.lines.len()).collect();
        return Some(Return { at, reason: Reason::Cancelled, lines, with_shipping: true });
    }
    let (mut usual, mut wave) = (Vec::new(), None);
    for (i, line) in sale.lines.iter().enumerate() {
        let product = &world.shop.products[line.product];
        if draw.chance(product.refund_ppm) {
            usual.push(i);
        }
        if let Some(story) = world.plan.wave(line.product, sale.day as i64)
            && draw.chance(story.share_ppm)
        {
            wave = Some((i, story));
        }
    }
    let business_hours = draw.between(9 * 3_600, 18 * 3_600);
    if let Some((line, story)) = wave {
        return Some(wave_return(world, sale, line, story, draw, business_hours));
    }
    let first = *usual.first()?;
    let product = &world.shop.products[sale.lines[first].product];
    let sized = product.variants.iter().any(|v| v.size.is_some());
    let list = if sized { &reasons.fit } else { &reasons.other };
    let which = draw.below(list.len() as i64) as usize;
    let (low, high, _) = RETURNS[draw.weighted(&RETURNS.map(|(_, _, weight)| weight))];
    let midnight = world.calendar.start(sale.day) + draw.between(low, high) * 86_400;
    let reason = if sized { Reason::Fit(which) } else { Reason::Other(which) };
    let with_shipping = usual.len() == sale.lines.len() && draw.chance(200_000);
    Some(Return { at: midnight + business_hours, reason, lines: usual, with_shipping })
}

fn wave_return(world: &World, sale: &Sale, line: usize, story: &RefundWave, draw: &mut Draw, hours: i64) -> Return {
    let earliest = story.first.max(sale.day as i64 + 2);
    let day = draw.between(earliest, (story.until - 1).max(earliest)) as usize;
    let with_shipping = sale.lines.len() == 1;
    let at = world.calendar.start(day) + hours;
    Return { at, reason: Reason::Wave(story.reason), lines: vec![line], with_shipping }
}
