//! The connector against the simulator, over HTTP: what was pulled adds up to the simulator's own figures, at the start and as time
//! goes on, for two shops at once.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Instant;

use jiff::Timestamp;
use pulsepoint::brands::Brand;
use pulsepoint::clock::Clock;
use pulsepoint::commerce::rows::{Batch, Order, Refund, StockLevel};
use pulsepoint::connectors::sandbox::{self, Options, Sandbox};
use pulsepoint::connectors::shopify::{Shopify, auth};
use pulsepoint::connectors::{Credentials, Pass};
use serde_json::{Value, json};

use crate::shopify_fixtures::brand;
use crate::support::pull::{Pulled, Puller};

pub const SHOPS: [&str; 2] = ["juniper-oak.myshopify.com", "juniper-oak-eu.myshopify.com"];
pub const TOKEN: &str = "shpat_sandbox";

/// A simulator whose time the test moves on.
pub struct World {
    pub sandbox: Sandbox,
    seconds: Arc<AtomicI64>,
}

impl World {
    pub async fn start(change: impl FnOnce(&mut Options)) -> Self {
        let begin: Timestamp = "2026-11-22T12:00:00Z".parse().unwrap();
        let seconds = Arc::new(AtomicI64::new(begin.as_second()));
        let (shared, running) = (Arc::clone(&seconds), Instant::now());
        let time = move || (Timestamp::from_second(shared.load(Ordering::SeqCst)).unwrap(), running.elapsed());
        let mut options = Options::new(Clock::driven(time));
        change(&mut options);
        Self { sandbox: sandbox::start(options).await.unwrap(), seconds }
    }

    pub fn now(&self) -> Timestamp {
        Timestamp::from_second(self.seconds.load(Ordering::SeqCst)).unwrap()
    }

    pub fn pass(&self, hours: i64) {
        self.seconds.fetch_add(hours * 3600, Ordering::SeqCst);
    }

    pub fn puller(&self, shop: usize, token: &str) -> Puller<'static> {
        let mut puller =
            Puller::new(&Shopify, &self.sandbox.url, json!({ "shop": SHOPS[shop] }), self.brand(), self.now());
        puller.credentials = Credentials::default().with(auth::ACCESS_TOKEN, token, None);
        puller
    }

    fn brand(&self) -> Brand {
        brand()
    }

    /// The simulator's figures as they were so many seconds ago.
    pub fn totals(&self, shop: usize, ago: i64) -> Value {
        self.seconds.fetch_sub(ago, Ordering::SeqCst);
        let totals = self.sandbox.totals()["shopify"][shop].clone();
        self.seconds.fetch_add(ago, Ordering::SeqCst);
        totals
    }
}

/// What a store would hold.
#[derive(Default)]
pub struct Held {
    pub orders: BTreeMap<String, Order>,
    pub refunds: BTreeMap<String, Refund>,
    pub products: BTreeMap<String, HashSet<String>>,
    pub costs: BTreeMap<String, i64>,
    pub stock: Vec<StockLevel>,
}

impl Held {
    pub fn land(&mut self, pulled: &Pulled) {
        assert_eq!(pulled.rejects, []);
        for batch in &pulled.batches {
            self.take(batch);
        }
    }

    fn take(&mut self, batch: &Batch) {
        for order in &batch.orders {
            self.orders.insert(order.external_id.clone(), order.clone());
        }
        for refund in &batch.refunds {
            self.refunds.insert(refund.external_id.clone(), refund.clone());
        }
        let mut gone: Vec<String> = batch.deleted_orders.clone();
        for span in &batch.order_spans {
            let inside = |id: &str| {
                let id: u64 = id.parse().unwrap();
                id > span.after && span.upto.is_none_or(|upto| id <= upto)
            };
            let missing = self.orders.values().filter(|order| {
                inside(&order.external_id)
                    && order.placed_at < span.placed_before
                    && !span.ids.contains(&order.external_id)
            });
            gone.extend(missing.map(|order| order.external_id.clone()));
        }
        for id in gone {
            self.orders.remove(&id);
            self.refunds.retain(|_, refund| refund.order.as_ref() != Some(&id));
        }
        for product in &batch.products {
            let skus = self.products.entry(product.source_id.clone().unwrap()).or_default();
            skus.extend(product.variants.iter().map(|variant| variant.sku.clone().unwrap()));
        }
        for gone in &batch.deleted_products {
            self.products.remove(&gone.source_id);
        }
        self.costs.extend(batch.costs_now.iter().map(|cost| (cost.variant.sku.clone().unwrap(), cost.cost_micros)));
        self.stock.extend(batch.stock.iter().cloned());
    }
}

/// Micros of the simulator's decimal text.
fn micros(totals: &Value, field: &str) -> i64 {
    pulsepoint::money::parse_micros(totals[field].as_str().unwrap()).unwrap()
}

/// Compares with the simulator's own figures.
pub fn assert_adds_up(held: &Held, totals: &Value, what: &str) {
    let included = totals["taxes_included"].as_bool().unwrap();
    let inside = |tax: i64| if included { tax } else { 0 };
    let orders: Vec<&Order> = held.orders.values().filter(|order| !order.test).collect();
    let lines = || orders.iter().flat_map(|order| &order.lines);
    let goods = || lines().filter(|line| !line.gift_card);
    let cancelled = orders.iter().filter(|order| order.cancelled_at.is_some()).count();
    let customers: HashSet<String> =
        orders.iter().filter_map(|o| o.customer.as_ref().map(|c| format!("{c:?}"))).collect();
    for (field, count) in [
        ("orders", orders.len()),
        ("test_orders", held.orders.len() - orders.len()),
        ("cancelled_orders", cancelled),
        ("customers", customers.len()),
        ("lines", lines().count()),
    ] {
        assert_eq!(json!(count), totals[field], "{what}: {field}");
    }
    assert_eq!(json!(goods().map(|line| line.quantity).sum::<i64>()), totals["units"], "{what}: units");
    let gross: i64 = goods().map(|line| line.price_micros * line.quantity).sum();
    let discounts: i64 = goods().map(|line| line.discount_micros).sum();
    assert_eq!(
        gross - discounts,
        micros(totals, "gross_sales") - micros(totals, "discounts"),
        "{what}: gross less discounts"
    );
    if !included {
        assert_eq!(gross, micros(totals, "gross_sales"), "{what}: gross");
    }
    let shipping: i64 = orders.iter().map(|order| order.shipping_micros - order.shipping_discount_micros).sum();
    assert_eq!(shipping, micros(totals, "shipping") - inside(micros(totals, "shipping_tax")), "{what}: shipping");
    let tax: i64 = orders.iter().map(|order| order.tax_micros).sum();
    assert_eq!(tax, micros(totals, "line_tax") + micros(totals, "shipping_tax"), "{what}: tax");
    let cards = micros(totals, "gift_cards") + micros(totals, "tips");
    assert_eq!(gross - discounts + tax + shipping + cards, micros(totals, "total_price"), "{what}: everything");
    refunds_add_up(held, totals, what);
}

fn refunds_add_up(held: &Held, totals: &Value, what: &str) {
    let included = totals["taxes_included"].as_bool().unwrap();
    let of_tests = |refund: &Refund| held.orders[refund.order.as_ref().unwrap()].test;
    let refunds: Vec<&Refund> = held.refunds.values().filter(|refund| !of_tests(refund)).collect();
    assert_eq!(json!(refunds.len()), totals["refunds"], "{what}: refunds");
    let lines = || refunds.iter().flat_map(|refund| &refund.lines);
    assert_eq!(json!(lines().map(|line| line.quantity).sum::<i64>()), totals["refunded_units"], "{what}: units");
    let goods: i64 = lines().map(|line| line.goods_micros).sum();
    assert_eq!(
        goods,
        micros(totals, "refunds_goods") + micros(totals, "refund_discrepancies"),
        "{what}: refunded goods"
    );
    let tax: i64 = refunds.iter().map(|refund| refund.tax_micros).sum();
    assert_eq!(tax, micros(totals, "refunds_tax") + micros(totals, "refunds_shipping_tax"), "{what}: refunded tax");
    let shipping: i64 = refunds.iter().map(|refund| refund.shipping_micros).sum();
    let inside = if included { micros(totals, "refunds_shipping_tax") } else { 0 };
    assert_eq!(shipping, micros(totals, "refunds_shipping") - inside, "{what}: refunded shipping");
}

const ALL: Pass = Pass::Backfill { from: None };

#[tokio::test(flavor = "multi_thread")]
async fn two_shops_add_up_at_the_start_and_as_time_goes_on() {
    let world = World::start(|options| options.throttle = false).await;
    let mut pullers: Vec<Puller> = (0..2).map(|shop| world.puller(shop, TOKEN)).collect();
    let mut held = [Held::default(), Held::default()];
    let mut through = [[Timestamp::UNIX_EPOCH; 2]; 2];
    for (shop, puller) in pullers.iter_mut().enumerate() {
        let tested = puller.test().await.unwrap();
        assert_eq!((tested.missing.len(), tested.warnings.len()), (0, 1), "{:?}", tested.warnings);
        assert!(tested.warnings[0].contains("exchange rates"));
        for (at, stream) in ["orders", "products"].into_iter().enumerate() {
            let pulled = puller.pull(stream, &ALL).await.unwrap();
            held[shop].land(&pulled);
            through[shop][at] = pulled.through.unwrap();
            assert_eq!(pulled.lines > 0, stream == "orders", "orders come as a file");
        }
    }
    for (shop, held) in held.iter().enumerate() {
        assert_adds_up(held, &world.totals(shop, 0), SHOPS[shop]);
        assert_eq!(json!(held.products.len()), world.totals(shop, 0)["products"]);
        assert!(held.orders.values().all(|order| order.store.is_some()) && !held.costs.is_empty());
    }
    for step in 0..3 {
        world.pass([1, 26, 24 * 9][step]);
        for (shop, puller) in pullers.iter_mut().enumerate() {
            puller.now = world.now();
            for (at, stream) in ["orders", "products"].into_iter().enumerate() {
                let pass = Pass::Recent { since: Some(through[shop][at]) };
                let pulled = puller.pull(stream, &pass).await.unwrap();
                assert_eq!(pulled.lines, 0, "what changed comes by pages");
                held[shop].land(&pulled);
                through[shop][at] = pulled.through.unwrap();
            }
        }
        // What happened in the last minute is for the next pass.
        for (shop, held) in held.iter().enumerate() {
            assert_adds_up(held, &world.totals(shop, 60), &format!("{} after step {step}", SHOPS[shop]));
        }
    }
}
