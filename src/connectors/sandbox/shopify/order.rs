//! An order as it stands at a moment, made from the seed and its number.

use super::super::draw::Draw;
use super::refund::{self, Refund};
use super::shop::{Shop, Timeline};

/// One line. Amounts are hundredths of the shop's currency.
#[derive(Debug, Clone)]
pub struct Line {
    pub id: u64,
    /// Place in the shop's variants; none for something made up at the till.
    pub variant: Option<usize>,
    /// Whether that variant is still there.
    pub there: bool,
    pub quantity: i64,
    /// Of these, what is left after removals and refunds.
    pub current: i64,
    pub price: i64,
    /// Taken off this line, and this line's part of what was taken off the order.
    pub own_discount: i64,
    pub code_discount: i64,
    pub gift_card: bool,
    /// One a part of the tax.
    pub taxes: [i64; 2],
    pub added: bool,
}

/// What shipping cost.
#[derive(Debug, Clone)]
pub struct Shipping {
    pub id: u64,
    pub title: &'static str,
    pub original: i64,
    pub discounted: i64,
    pub tax: i64,
}

/// Where a visit came from.
#[derive(Debug, Clone)]
pub struct Visit {
    pub id: u64,
    pub at: i64,
    pub source: &'static str,
    pub source_type: Option<&'static str>,
    pub referrer: Option<&'static str>,
    pub campaign: Option<(&'static str, &'static str, u64)>,
    pub click: Option<&'static str>,
}

/// An order.
#[derive(Debug, Clone)]
pub struct Order {
    pub index: u64,
    pub id: u64,
    pub line: Timeline,
    /// Things of the control count as changes too.
    pub updated: i64,
    pub test: bool,
    pub cancelled: Option<(i64, &'static str)>,
    /// What the customer paid in, with the rate from the shop's currency in millionths.
    pub presentment: (&'static str, i64),
    pub financial: Option<&'static str>,
    pub fulfilled: bool,
    pub source: &'static str,
    pub code: Option<&'static str>,
    pub customer: Option<u64>,
    pub place: (&'static str, &'static str, &'static str),
    pub lines: Vec<Line>,
    pub shipping: Option<Shipping>,
    /// The shipping in parts, where it is told so.
    pub parcels: Vec<Shipping>,
    pub tip: i64,
    pub refunds: Vec<Refund>,
    pub ready: bool,
    /// What came before it, the oldest first.
    pub visits: Vec<Visit>,
    pub returning: i64,
}

/// What the control did to an order.
#[derive(Debug, Clone, Default)]
pub struct Change {
    /// When, and whether shipping and all goods, or one piece.
    pub refunds: Vec<(i64, bool)>,
    pub cancelled: Option<i64>,
    pub deleted: Option<i64>,
    pub touched: Option<i64>,
    /// From then on it has more parts of everything than fit on a page.
    pub swollen: Option<i64>,
}

/// Into how many parts shipping is split.
const PARCELS: i64 = 7;
/// Visits of an order that has more of everything than fit on a page, and more than anybody keeps.
const MANY_VISITS: u64 = 130;

const PLACES: [(&str, &str, &str); 8] = [
    ("US", "NY", "New York"),
    ("US", "CA", "Los Angeles"),
    ("US", "TX", "Austin"),
    ("DE", "BE", "Berlin"),
    ("DE", "HH", "Hamburg"),
    ("GB", "ENG", "London"),
    ("AU", "NSW", "Sydney"),
    ("FR", "IDF", "Paris"),
];

/// Order `index`, placed at `created`, as it stands at `now`; none when it is not there yet or no more.
pub fn make(shop: &Shop, index: u64, created: i64, now: i64, change: Option<&Change>) -> Option<Order> {
    let line = shop.timeline(index, created);
    let gone = |at: Option<i64>| at.is_some_and(|at| at <= now);
    if created > now || gone(line.deleted) || gone(change.and_then(|change| change.deleted)) {
        return None;
    }
    let mut draw = Draw::of(shop.setup.seed, 3, index);
    let edited = line.edited.is_some_and(|at| at <= now);
    let mut order = head(shop, index, line, now, &mut draw);
    order.lines = lines(shop, &order, edited, now, &mut draw);
    order.shipping = shipping(shop, index, &mut draw);
    let swollen = gone(change.and_then(|change| change.swollen));
    if swollen {
        order.parcels = order.shipping.as_ref().map(parcels).unwrap_or_default();
    }
    order.tip = if draw.chance(15) { draw.between(100, 900) } else { 0 };
    discount(shop, &mut order, &mut draw);
    visits(&mut order, swollen, &mut draw);
    refund::settle(shop, &mut order, now, change);
    Some(order)
}

fn head(shop: &Shop, index: u64, line: Timeline, now: i64, draw: &mut Draw) -> Order {
    let at_home = PLACES.iter().position(|place| place.0 == shop.country).unwrap_or(0);
    let place = if draw.chance(850) { PLACES[at_home] } else { *draw.pick(&PLACES) };
    let customers = shop.setup.orders / 2 + 10;
    Order {
        index,
        id: shop.order_id(index),
        updated: line.updated(now),
        test: draw.chance(5),
        cancelled: None,
        presentment: if draw.chance(80) { *draw.pick(shop.presentments) } else { (shop.currency, 1_000_000) },
        financial: None,
        fulfilled: line.fulfilled.is_some_and(|at| at <= now),
        source: draw.pick::<&str>(&["web", "web", "web", "web", "web", "web", "pos", "shopify_draft_order"]),
        code: draw.chance(250).then(|| *draw.pick(&["WELCOME10", "SPRING15", "FRIENDS20"])),
        customer: (!draw.chance(30)).then(|| draw.below(customers)),
        place,
        lines: Vec::new(),
        shipping: None,
        parcels: Vec::new(),
        tip: 0,
        refunds: Vec::new(),
        ready: line.ready <= now,
        visits: Vec::new(),
        returning: draw.between(1, 5),
        line,
    }
}

fn lines(shop: &Shop, order: &Order, edited: bool, now: i64, draw: &mut Draw) -> Vec<Line> {
    let count = match draw.below(1000) {
        0..550 => 1,
        550..800 => 2,
        800..920 => 3,
        920..997 => draw.between(4, 6),
        _ => draw.between(22, 28),
    };
    let mut lines: Vec<Line> = (0..count.unsigned_abs()).map(|part| line(shop, order.index, part, now, draw)).collect();
    if edited {
        let mut added = line(shop, order.index, count.unsigned_abs(), now, draw);
        added.added = true;
        lines.push(added);
    }
    lines
}

fn line(shop: &Shop, index: u64, part: u64, now: i64, draw: &mut Draw) -> Line {
    let variants = &shop.catalogue.variants;
    let last = variants.len() - 1;
    let (a, b) = (draw.below(last as u64), draw.below(last as u64));
    let variant = match draw.below(1000) {
        0..10 => Some(last),
        10..15 => None,
        // The smaller of two: some sell better than others.
        _ => Some(a.min(b) as usize),
    };
    let quantity = match draw.below(100) {
        0..80 => 1,
        80..95 => 2,
        _ => draw.between(3, 6),
    };
    let product = variant.map(|at| &shop.catalogue.products[variants[at].product]);
    Line {
        id: shop.part_id(19_000_000_000_000, index, part),
        variant,
        there: product.is_some_and(|product| product.is_there(now)),
        quantity,
        current: quantity,
        price: variant.map_or(1500, |at| variants[at].price),
        own_discount: 0,
        code_discount: 0,
        gift_card: product.is_some_and(|product| product.gift_card),
        taxes: [0, 0],
        added: false,
    }
}

/// The same in parts that add up to it.
fn parcels(whole: &Shipping) -> Vec<Shipping> {
    let share = |of: i64, part: i64| of * (part + 1) / PARCELS - of * part / PARCELS;
    let parcel = |part: i64| Shipping {
        id: whole.id + part.unsigned_abs(),
        title: whole.title,
        original: share(whole.original, part),
        discounted: share(whole.discounted, part),
        tax: share(whole.tax, part),
    };
    (0..PARCELS).map(parcel).collect()
}

fn shipping(shop: &Shop, index: u64, draw: &mut Draw) -> Option<Shipping> {
    let original = match draw.below(100) {
        0..15 => return None,
        15..45 => 0,
        45..85 => 495,
        _ => 1295,
    };
    let discounted = if draw.chance(40) { 0 } else { original };
    Some(Shipping {
        id: shop.part_id(7_300_000_000_000, index, 0),
        title: if original > 1000 { "Express" } else { "Standard" },
        original,
        discounted,
        tax: if shop.taxes_included { included(discounted, shop.taxes[0].1) } else { 0 },
    })
}

/// The tax within a price that contains it.
fn included(amount: i64, rate: i64) -> i64 {
    amount - (amount * 10_000 + (10_000 + rate) / 2) / (10_000 + rate)
}

/// Discounts on lines, the order's code spread over them, and the tax on what is left.
fn discount(shop: &Shop, order: &mut Order, draw: &mut Draw) {
    let percent = match order.code {
        Some("WELCOME10") => 10,
        Some("SPRING15") => 15,
        Some(_) => 20,
        None => 0,
    };
    for line in &mut order.lines {
        if !line.gift_card {
            line.own_discount = if draw.chance(50) { line.price * line.quantity / 5 } else { 0 };
            line.code_discount = (line.price * line.quantity - line.own_discount) * percent / 100;
            let net = line.net();
            for (tax, (_, rate)) in line.taxes.iter_mut().zip(shop.taxes) {
                *tax = match shop.taxes_included {
                    true => included(net, *rate),
                    false => (net * rate + 5000) / 10_000,
                };
            }
        }
    }
}

const SOURCES: [(&str, Option<&str>, &str, &str, &str); 5] = [
    ("Facebook", Some("https://l.facebook.com/"), "facebook", "paid_social", "fbclid"),
    ("TikTok", Some("https://www.tiktok.com/"), "tiktok", "paid_social", "ttclid"),
    ("Google", Some("https://www.google.com/"), "google", "cpc", "gclid"),
    ("Email", None, "newsletter", "email", ""),
    ("direct", None, "", "", ""),
];

/// How somebody came who ordered, from one visit to many; the last of them on the day before.
fn visits(order: &mut Order, swollen: bool, draw: &mut Draw) {
    if order.source != "web" || order.test {
        return;
    }
    let count = match draw.below(100) {
        0..25 => 1,
        25..55 => 2,
        55..92 => 3 + draw.below(6),
        _ => 10 + draw.below(5),
    };
    let count = if swollen { MANY_VISITS } else { count };
    let visit = |part: u64| {
        let (source, referrer, utm, medium, click) = *draw.pick(&SOURCES);
        let back = if part == 0 { 86_400 } else { 20 * 86_400 };
        Visit {
            id: order.id * 256 + part,
            at: order.line.created - draw.between(60, back),
            source,
            source_type: (source == "Email").then_some("EMAIL"),
            referrer,
            campaign: (!utm.is_empty()).then(|| (utm, medium, draw.below(6))),
            click: (!click.is_empty()).then_some(click),
        }
    };
    order.visits = (0..count).map(visit).collect();
    order.visits.sort_by_key(|visit| (visit.at, visit.id));
}

impl Line {
    pub fn list(&self) -> i64 {
        self.price * self.quantity
    }

    /// After every discount.
    pub fn net(&self) -> i64 {
        self.list() - self.own_discount - self.code_discount
    }

    pub fn tax(&self) -> i64 {
        self.taxes.iter().sum()
    }

    /// The part of `whole` that `pieces` of the line's pieces carry.
    pub fn part(&self, whole: i64, pieces: i64) -> i64 {
        if self.quantity == 0 { 0 } else { whole * pieces / self.quantity }
    }
}

impl Order {
    pub fn subtotal(&self) -> i64 {
        self.lines.iter().map(Line::net).sum()
    }

    pub fn discounts(&self) -> i64 {
        self.lines.iter().map(|line| line.own_discount + line.code_discount).sum()
    }

    pub fn shipping_price(&self) -> i64 {
        self.shipping.as_ref().map_or(0, |shipping| shipping.discounted)
    }

    pub fn shipping_tax(&self) -> i64 {
        self.shipping.as_ref().map_or(0, |shipping| shipping.tax)
    }

    pub fn tax(&self) -> i64 {
        self.lines.iter().map(Line::tax).sum::<i64>() + self.shipping_tax()
    }

    pub fn total(&self, taxes_included: bool) -> i64 {
        let tax = if taxes_included { 0 } else { self.tax() };
        self.subtotal() + self.shipping_price() + self.tip + tax
    }

    /// Who took the money.
    pub fn gateways(&self) -> Vec<&'static str> {
        match self.index % 6 {
            0 => vec!["gift_card", "shopify_payments"],
            1 => vec!["paypal"],
            _ => vec!["shopify_payments"],
        }
    }

    /// Paid back so far.
    pub fn refunded(&self) -> i64 {
        self.refunds.iter().map(|refund| refund.total).sum()
    }
}
