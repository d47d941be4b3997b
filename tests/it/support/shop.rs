//! Random batches of a small shop: few keys, so that landings meet, restate and contradict each other.

use jiff::civil::{Date, date};
use pulsepoint::commerce::rows::{
    AdAccount, AdDay, AdScope, AdWindow, Batch, CustomerRef, DeletedProduct, Order, OrderLine, Product, Refund,
    RefundLine, StockLevel, UnitCost, Variant, VariantRef,
};
use pulsepoint::money::Currency;

/// First instant the shop knows: 2026-02-20T00:00Z.
const OPENS: i64 = 1_771_545_600;
/// Seconds until 2026-11-10T00:00Z, past the autumn's change of clocks.
const OPEN_SECONDS: i64 = 263 * 86_400;
/// Instants around which days begin or clocks change, in New York and London.
const EDGES: [i64; 6] = [1_772_953_200, 1_793_512_800, 1_774_746_000, 1_792_890_000, 1_780_286_400, 1_780_272_000];

/// A small deterministic source of numbers.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(2).wrapping_add(0x9e37_79b9_7f4a_7c15))
    }

    /// A number below `sides`.
    pub fn roll(&mut self, sides: i64) -> i64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        i64::try_from((mixed ^ (mixed >> 31)) >> 1).unwrap() % sides
    }

    /// True once in `sides` times.
    pub fn chance(&mut self, sides: i64) -> bool {
        self.roll(sides) == 0
    }

    pub fn pick<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[usize::try_from(self.roll(i64::try_from(of.len()).unwrap())).unwrap()]
    }

    fn instant(&mut self) -> i64 {
        if self.chance(4) {
            EDGES[usize::try_from(self.roll(6)).unwrap()] + self.roll(4) - 2
        } else {
            OPENS + self.roll(OPEN_SECONDS)
        }
    }

    pub fn day(&mut self) -> Date {
        date(2026, 5, 28).saturating_add(jiff::Span::new().days(self.roll(12)))
    }

    /// Cents, so that a rate of two decimals converts them exactly.
    fn money(&mut self, most_cents: i64) -> i64 {
        self.roll(most_cents) * 10_000
    }
}

pub fn currency(code: &str) -> Currency {
    Currency::parse(code).unwrap()
}

fn variant(dice: &mut Dice) -> VariantRef {
    let n = dice.roll(9);
    let sku = (n < 7).then(|| format!("SKU-{n}"));
    VariantRef { sku, title: format!("Thing {}", n / 2) }
}

fn customer(dice: &mut Dice) -> Option<CustomerRef> {
    let n = dice.roll(15);
    match dice.roll(6) {
        0 => None,
        1 => Some(CustomerRef::Email(format!(" Ann{n}@Example.com"))),
        2 => Some(CustomerRef::SourceId(n.to_string())),
        _ => Some(CustomerRef::Email(format!("ann{n}@example.com"))),
    }
}

pub fn order(dice: &mut Dice, home: &str) -> Order {
    let id = dice.roll(60);
    let lines = (0..dice.roll(4)).map(|_| OrderLine {
        variant: variant(dice),
        quantity: 1 + dice.roll(4),
        fulfilled_quantity: dice.roll(2),
        price_micros: dice.money(9_000),
        discount_micros: dice.money(300),
        tax_micros: dice.money(100),
        gift_card: dice.chance(9),
    });
    let lines = lines.collect();
    Order {
        external_id: format!("O{id}"),
        name: Some(format!("#{id}")),
        store: dice.chance(2).then(|| dice.pick(&["US", "EU"]).to_owned()),
        customer: customer(dice),
        currency: if dice.chance(3) { currency("EUR") } else { currency(home) },
        placed_at: dice.instant(),
        cancelled_at: dice.chance(8).then_some(OPENS),
        test: dice.chance(10),
        financial_status: None,
        fulfillment_status: None,
        sales_source: Some("web".to_owned()),
        device: dice.chance(2).then(|| "mobile".to_owned()),
        country: dice.chance(2).then(|| dice.pick(&["US", "DE", "GB"]).to_owned()),
        region: None,
        city: None,
        discount_codes: if dice.chance(3) {
            vec!["WELCOME10".to_owned(), "O'NEIL \"1\"".to_owned()]
        } else {
            Vec::new()
        },
        shipping_micros: dice.money(900),
        shipping_discount_micros: dice.money(50),
        tax_micros: dice.money(500),
        tip_micros: 0,
        duty_micros: 0,
        total_micros: None,
        gateway: None,
        lines,
    }
}

pub fn refund(dice: &mut Dice, home: &str) -> Refund {
    let lines = (0..dice.roll(3)).map(|_| RefundLine {
        variant: (!dice.chance(4)).then(|| variant(dice)),
        quantity: dice.roll(3),
        goods_micros: dice.money(5_000),
    });
    let lines = lines.collect();
    Refund {
        external_id: format!("R{}", dice.roll(25)),
        order: (!dice.chance(5)).then(|| format!("O{}", dice.roll(70))),
        store: dice.chance(3).then(|| "EU".to_owned()),
        customer: dice.chance(3).then(|| customer(dice)).flatten(),
        currency: if dice.chance(3) { currency("EUR") } else { currency(home) },
        refunded_at: dice.instant(),
        day_estimated: dice.chance(3),
        reason: dice.chance(2).then(|| "size".to_owned()),
        country: dice.chance(3).then(|| "FR".to_owned()),
        shipping_micros: dice.money(400),
        tax_micros: dice.money(200),
        lines,
    }
}

fn product(dice: &mut Dice, home: &str) -> Product {
    let n = dice.roll(3);
    let variants = (0..1 + dice.roll(3)).map(|_| Variant {
        sku: Some(format!("SKU-{}", dice.roll(7))),
        title: dice.chance(2).then(|| dice.pick(&["S", "M"]).to_owned()),
        size: None,
        price: dice.chance(2).then(|| (dice.money(9_000), currency(home))),
    });
    let variants = variants.collect();
    Product {
        key: format!("product-{n}"),
        source_id: dice.chance(2).then(|| n.to_string()),
        title: format!("Product {n}"),
        category: dice.chance(2).then(|| "Home".to_owned()),
        vendor: None,
        collections: vec!["Winter".to_owned()],
        variants,
    }
}

pub fn ad_window(dice: &mut Dice, home: &str) -> AdWindow {
    let foreign = dice.chance(3);
    let from_api = dice.chance(3);
    let by_days = from_api && dice.chance(2);
    let mut rows = Vec::new();
    let renamed = if dice.chance(9) { " (new)" } else { "" };
    for _ in 0..dice.roll(12) {
        let (campaign, ad) = (dice.roll(3), dice.roll(4));
        let key = if from_api { format!("id-{campaign}-{ad}") } else { format!("C{campaign}\u{1f}S\u{1f}A{ad}") };
        rows.push(AdDay {
            key,
            campaign: format!("C{campaign}"),
            adset: Some("S".to_owned()),
            ad: Some(format!("A{ad}{renamed}")),
            day: dice.day(),
            spend_micros: dice.money(5_000),
            impressions: dice.roll(1_000),
            clicks: dice.roll(50),
            conversions_micros: dice.roll(4) * 500_000,
            revenue_micros: dice.money(9_000),
        });
    }
    once(&mut rows, |row| (row.key.clone(), row.day));
    let (first, last) = (date(2026, 5, 28), date(2026, 6, 8));
    AdWindow {
        account: AdAccount {
            channel: dice.pick(&["meta", "google"]).to_owned(),
            external_id: if foreign { "abroad" } else { "home" }.to_owned(),
            name: "Account".to_owned(),
            currency: currency(if foreign { "EUR" } else { home }),
            timezone: "America/New_York".to_owned(),
        },
        replaces: if by_days { AdScope::Days { first, last } } else { AdScope::CampaignDays },
        from_api,
        rows,
    }
}

/// A batch of anything, for a brand that reports in `home`. It does not contradict itself: each key comes once.
pub fn batch(dice: &mut Dice, home: &str) -> Batch {
    let mut batch = any_batch(dice, home);
    once(&mut batch.orders, |order| order.external_id.clone());
    once(&mut batch.refunds, |refund| refund.external_id.clone());
    once(&mut batch.costs, |cost| (cost.variant.sku.clone(), cost.variant.title.clone(), cost.from_day));
    once(&mut batch.stock, |level| (level.variant.clone(), level.warehouse.clone(), level.day));
    once(&mut batch.products, |product| product.key.clone());
    let mut skus = std::collections::BTreeSet::new();
    for product in &mut batch.products {
        product.variants.retain(|variant| skus.insert(variant.sku.clone()));
    }
    delete(dice, &mut batch);
    batch
}

/// Takes away what the batch does not bring, so that landing it again changes nothing.
fn delete(dice: &mut Dice, batch: &mut Batch) {
    if dice.chance(4) {
        let gone = format!("O{}", dice.roll(60));
        let is_brought = batch.orders.iter().any(|order| order.external_id == gone)
            || batch.refunds.iter().any(|refund| refund.order.as_ref() == Some(&gone));
        batch.deleted_orders.extend((!is_brought).then_some(gone));
    }
    if dice.chance(6) && batch.products.is_empty() && batch.stock.is_empty() {
        batch.deleted_products.push(DeletedProduct { source_id: dice.roll(3).to_string(), day: dice.day() });
    }
}

fn once<T, K: Ord>(rows: &mut Vec<T>, key: impl Fn(&T) -> K) {
    let mut seen = std::collections::BTreeSet::new();
    rows.retain(|row| seen.insert(key(row)));
}

fn any_batch(dice: &mut Dice, home: &str) -> Batch {
    let mut batch = Batch::default();
    for _ in 0..dice.roll(8) {
        batch.orders.push(order(dice, home));
    }
    if dice.chance(2) {
        batch.refunds.extend((0..dice.roll(5)).map(|_| refund(dice, home)));
    }
    if dice.chance(5) {
        batch.products.extend((0..dice.roll(3)).map(|_| product(dice, home)));
    }
    if dice.chance(4) {
        let cost = |dice: &mut Dice| UnitCost {
            variant: variant(dice),
            from_day: date(2026, 2, 1).saturating_add(jiff::Span::new().days(dice.roll(200))),
            cost_micros: dice.money(2_000),
            currency: if dice.chance(4) { currency("EUR") } else { currency(home) },
        };
        batch.costs.extend((0..dice.roll(4)).map(|_| cost(dice)));
    }
    if dice.chance(3) {
        let level = |dice: &mut Dice| StockLevel {
            variant: variant(dice),
            warehouse: dice.pick(&["Reno", "Rotterdam"]).to_owned(),
            day: dice.day(),
            on_hand: dice.roll(100),
            incoming: dice.roll(10),
        };
        batch.stock.extend((0..dice.roll(6)).map(|_| level(dice)));
    }
    if dice.chance(2) {
        batch.ads.push(ad_window(dice, home));
    }
    batch
}
