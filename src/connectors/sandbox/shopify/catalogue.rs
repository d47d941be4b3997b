//! What a shop sells: products, their variants, where they lie and how many there are.

use super::super::draw::Draw;
use super::super::text::DAY;
use super::shop::Setup;

const PRODUCTS: u64 = 40;
const LEVELS: u64 = 71;

/// A place that keeps stock.
#[derive(Debug, Clone)]
pub struct Location {
    pub id: u64,
    pub name: &'static str,
    pub created: i64,
}

/// A product.
#[derive(Debug, Clone)]
pub struct Product {
    pub id: u64,
    pub title: String,
    pub handle: String,
    pub status: &'static str,
    pub vendor: &'static str,
    pub kind: &'static str,
    pub gift_card: bool,
    pub created: i64,
    /// When somebody changed it last, as far as it has happened.
    pub edits: Vec<i64>,
    pub deleted: Option<i64>,
    /// Places in the shop's list of variants.
    pub variants: std::ops::Range<usize>,
}

/// A variant, with the item of stock behind it.
#[derive(Debug, Clone)]
pub struct Variant {
    pub id: u64,
    pub item: u64,
    /// Place of its product.
    pub product: usize,
    pub sku: String,
    pub title: &'static str,
    /// Hundredths of the shop's currency.
    pub price: i64,
    pub compare_at: Option<i64>,
    pub cost: Option<i64>,
    pub tracked: bool,
}

/// Everything a shop sells.
#[derive(Debug, Clone)]
pub struct Catalogue {
    pub products: Vec<Product>,
    pub variants: Vec<Variant>,
    pub locations: Vec<Location>,
}

/// How many of a variant lie at a place.
#[derive(Debug, Clone, Copy)]
pub struct Level {
    pub available: i64,
    pub committed: i64,
    pub incoming: i64,
    pub reserved: i64,
    /// When it changed last.
    pub updated: i64,
}

const NOUNS: [&str; 10] = ["Lamp", "Chair", "Throw", "Vase", "Rug", "Mirror", "Shelf", "Candle", "Basket", "Clock"];
const WOODS: [&str; 8] = ["Juniper", "Oak", "Walnut", "Linen", "Copper", "Ash", "Clay", "Wool"];
const SIZES: [&str; 4] = ["Small", "Medium", "Large", "Default Title"];
const VENDORS: [&str; 3] = ["Juniper & Oak", "Northwind", "Harbour Works"];

/// Makes the catalogue of a shop.
pub fn make(setup: &Setup, start: i64) -> Catalogue {
    let mut catalogue = Catalogue { products: Vec::new(), variants: Vec::new(), locations: Vec::new() };
    let base = setup.number * 1_000_000;
    for (place, name) in ["Main warehouse", "Shop floor"].into_iter().enumerate() {
        let id = 68_509_000_000 + base + place as u64;
        catalogue.locations.push(Location { id, name, created: start - 400 * DAY });
    }
    for number in 0..PRODUCTS {
        let mut draw = Draw::of(setup.seed, 11, number);
        let gift_card = number == PRODUCTS - 1;
        let first = catalogue.variants.len();
        let count = if gift_card { 1 } else { 1 + draw.below(3) };
        for place in 0..count {
            let number = number * 4 + place;
            catalogue.variants.push(variant(setup, &mut draw, number, (place, count), gift_card));
        }
        let variants = first..catalogue.variants.len();
        catalogue.products.push(product(setup, &mut draw, number, variants, start));
    }
    catalogue
}

fn variant(setup: &Setup, draw: &mut Draw, number: u64, (place, count): (u64, u64), gift_card: bool) -> Variant {
    let price = if gift_card { 5000 } else { draw.between(9, 240) * 100 + *draw.pick(&[0, 50, 95, 99]) };
    let cost = (!gift_card && !draw.chance(80)).then(|| price * draw.between(25, 60) / 100);
    Variant {
        id: 48_540_000_000_000 + setup.number * 1_000_000 + number,
        item: 50_643_000_000_000 + setup.number * 1_000_000 + number,
        product: (number / 4) as usize,
        sku: format!("{}-{number:04}", if gift_card { "GIFT" } else { "JO" }),
        title: if count == 1 { SIZES[3] } else { SIZES[(place % 3) as usize] },
        price,
        compare_at: draw.chance(150).then(|| price * 5 / 4),
        cost,
        tracked: !gift_card,
    }
}

fn product(setup: &Setup, draw: &mut Draw, number: u64, variants: std::ops::Range<usize>, start: i64) -> Product {
    let gift_card = number == PRODUCTS - 1;
    let title = match gift_card {
        true => "Gift card".to_owned(),
        false => format!("{} {} {}", draw.pick(&WOODS), draw.pick(&NOUNS), number + 1),
    };
    let created = start - draw.between(10, 300) * DAY - draw.between(0, DAY - 1);
    let edits = (0..draw.below(12)).map(|_| created + draw.between(1, 800) * DAY / 2 + draw.between(0, DAY - 1));
    let mut edits: Vec<i64> = edits.collect();
    edits.sort_unstable();
    // The third last goes a third of the way through, so that lines point at what is no more.
    let deleted = (number == PRODUCTS - 3).then_some(start + setup.span / 3);
    Product {
        id: 8_971_000_000_000 + setup.number * 1_000_000 + number,
        handle: title.to_lowercase().replace(' ', "-"),
        title,
        status: match number {
            1 => "ARCHIVED",
            2 => "DRAFT",
            _ => "ACTIVE",
        },
        vendor: VENDORS[(number % 3) as usize],
        kind: if gift_card { "Gift card" } else { "Home" },
        gift_card,
        created,
        edits,
        deleted,
        variants,
    }
}

impl Product {
    /// When it was changed last.
    pub fn updated(&self, now: i64) -> i64 {
        self.edits.iter().copied().filter(|at| *at <= now).max().unwrap_or(self.created)
    }

    pub fn is_there(&self, now: i64) -> bool {
        self.created <= now && self.deleted.is_none_or(|at| at > now)
    }
}

/// What lies of a variant at a place: it changes once a day, at an hour of its own.
pub fn level(setup: &Setup, variant: &Variant, place: u64, now: i64) -> Level {
    let offset = (variant.item * 977 % 79_000).cast_signed();
    let day = (now - offset).div_euclid(DAY);
    let mut draw = Draw::of(setup.seed, 12, variant.item * 8 + place);
    let (floor, swing) = (draw.between(0, 60), draw.between(5, 90));
    let phase = (day + draw.between(0, 70)).rem_euclid(LEVELS.cast_signed());
    let mut draw = Draw::of(setup.seed ^ day.cast_unsigned(), 13, variant.item * 8 + place);
    Level {
        available: floor + swing * (LEVELS.cast_signed() - phase) / LEVELS.cast_signed() - draw.between(0, 3),
        committed: draw.between(0, 6),
        incoming: if phase > 50 { swing } else { 0 },
        reserved: draw.between(0, 2),
        updated: day * DAY + offset,
    }
}
