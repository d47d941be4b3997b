//! The demo's generator: deterministic, continued by a later "now", complete in its names and plausible in its figures.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use jiff::{Timestamp, civil::date, tz::TimeZone};
use pulsepoint::commerce::{
    demo::{Landing, Shop},
    rows::{AdScope, Order, Refund},
};

pub const NOW: &str = "2026-11-22T20:30:00Z";

pub fn instant(text: &str) -> Timestamp {
    text.parse().expect("an instant")
}

pub fn rows(shop: &Shop, seed: u64, now: &str) -> Vec<Landing> {
    shop.generate(seed, instant(now), None).expect("generates").collect()
}

pub fn orders(rows: &[Landing]) -> impl Iterator<Item = &Order> {
    rows.iter().flat_map(|l| &l.batch.orders)
}

pub fn refunds(rows: &[Landing]) -> impl Iterator<Item = &Refund> {
    rows.iter().flat_map(|l| &l.batch.refunds)
}

fn juniper() -> Shop {
    Shop::juniper_oak().expect("the shop reads")
}

fn northwind() -> Shop {
    Shop::northwind().expect("the shop reads")
}

#[test]
fn the_same_seed_gives_the_same_rows_and_another_seed_others() {
    let shop = juniper();
    let now = "2025-02-10T15:00:00Z";
    let once = format!("{:?}", rows(&shop, 7, now));
    assert!(once == format!("{:?}", rows(&shop, 7, now)));
    assert!(once != format!("{:?}", rows(&shop, 8, now)));
}

#[test]
fn a_later_now_continues_the_same_past() {
    let shop = juniper();
    let (early, late) = (rows(&shop, 3, "2025-11-20T16:00:00Z"), rows(&shop, 3, "2026-01-31T09:00:00Z"));
    let settled = instant("2025-11-17T00:00:00Z").as_second();
    let placed = |rows: &[Landing]| -> Vec<String> {
        // What may still change about an order is its state: paid or refunded, shipped or not, cancelled or not.
        orders(rows)
            .filter(|o| o.placed_at < instant("2025-11-20T16:00:00Z").as_second())
            .map(|o| {
                let lines: Vec<_> =
                    o.lines.iter().map(|l| (&l.variant, l.quantity, l.price_micros, l.discount_micros)).collect();
                format!(
                    "{} {:?} {} {:?} {:?} {lines:?}",
                    o.external_id, o.name, o.placed_at, o.customer, o.discount_codes
                )
            })
            .collect()
    };
    assert!(placed(&early) == placed(&late));
    let shipped = |rows: &[Landing]| -> Vec<String> {
        orders(rows)
            .filter(|o| o.placed_at < settled && o.financial_status.as_deref() == Some("paid"))
            .map(|o| format!("{o:?}"))
            .collect()
    };
    let (early_shipped, late_shipped) = (shipped(&early), shipped(&late));
    let early_shipped: HashSet<_> = early_shipped.into_iter().collect();
    assert!(late_shipped.iter().all(|o| early_shipped.contains(o)), "a settled order changed");
    let refunded = |rows: &[Landing]| -> BTreeSet<String> {
        refunds(rows)
            .filter(|r| r.refunded_at <= instant("2025-11-20T16:00:00Z").as_second())
            .map(|r| format!("{r:?}"))
            .collect()
    };
    assert!(refunded(&early) == refunded(&late));
    let before_today = date(2025, 11, 19);
    let stock = |rows: &[Landing]| -> BTreeSet<String> {
        rows.iter().flat_map(|l| &l.batch.stock).filter(|s| s.day <= before_today).map(|s| format!("{s:?}")).collect()
    };
    assert!(stock(&early) == stock(&late));
    let ads = |rows: &[Landing]| -> BTreeSet<String> {
        let rows = rows.iter().flat_map(|l| &l.batch.ads).flat_map(|w| &w.rows);
        rows.filter(|r| r.day <= before_today).map(|r| format!("{r:?}")).collect()
    };
    assert!(ads(&early) == ads(&late));
}

#[test]
fn topping_up_gives_the_end_of_the_same_rows() {
    let shop = juniper();
    let since = date(2026, 10, 1);
    let all = rows(&shop, 1, NOW);
    let tail: Vec<Landing> = shop.generate(1, instant(NOW), Some(since)).expect("generates").collect();
    let zone = TimeZone::get(&shop.timezone).expect("a zone");
    let from = since.to_zoned(zone).expect("a day").timestamp().as_second();
    let expected: Vec<String> = orders(&all).filter(|o| o.placed_at >= from).map(|o| format!("{o:?}")).collect();
    assert!(expected.len() > 3_000);
    assert!(expected == orders(&tail).map(|o| format!("{o:?}")).collect::<Vec<_>>());
    for window in tail.iter().flat_map(|l| &l.batch.ads) {
        assert!(matches!(window.replaces, AdScope::Days { first, .. } if first == since));
        assert!(window.rows.iter().all(|r| r.day >= since));
    }
}

#[test]
fn nothing_is_later_than_now_and_today_is_a_part() {
    let shop = juniper();
    let now = instant(NOW);
    let all = rows(&shop, 1, NOW);
    assert!(
        orders(&all).all(|o| o.placed_at <= now.as_second() && o.cancelled_at.is_none_or(|at| at <= now.as_second()))
    );
    assert!(refunds(&all).all(|r| r.refunded_at <= now.as_second()));
    let spent = |channel: &str, day| -> i64 {
        let windows = all.iter().flat_map(|l| &l.batch.ads).filter(|w| w.account.channel == channel);
        windows.flat_map(|w| &w.rows).filter(|r| r.day == day).map(|r| r.spend_micros).sum()
    };
    let (today, yesterday) = (spent("google", date(2026, 11, 22)), spent("google", date(2026, 11, 21)));
    assert!(today * 100 / yesterday > 50 && today * 100 / yesterday < 80, "15:30 of a day: {today} of {yesterday}");
    assert!(
        all.iter()
            .flat_map(|l| &l.batch.stock)
            .all(|s| s.day <= date(2026, 11, 22) && s.on_hand >= 0 && s.incoming >= 0)
    );
    assert_eq!(rows(&shop, 1, "2023-06-01T00:00:00Z").len(), 0, "not open yet");
}

#[test]
fn every_name_of_the_catalogue_is_used() {
    let kept = include_str!("../fixtures/demo_names.json").to_owned();
    // Where the evaluation's own file lies beside the checkout, it counts too.
    for text in [Some(kept), std::fs::read_to_string("../shared/qa/catalog.json").ok()].into_iter().flatten() {
        has_every_name(&serde_json::from_str(&text).expect("JSON"));
    }
}

fn has_every_name(catalogue: &serde_json::Value) {
    let all = rows(&juniper(), 1, NOW);
    let used = Names::of(&all);
    let keys = |path: &str| -> BTreeSet<String> { catalogue[path].as_object().expect(path).keys().cloned().collect() };
    let list = |value: &serde_json::Value| -> BTreeSet<String> {
        value.as_array().expect("a list").iter().map(|v| v.as_str().expect("text").to_owned()).collect()
    };
    assert_eq!(used.sold_products, keys("products"));
    for (title, category) in catalogue["products"].as_object().expect("products") {
        assert_eq!(used.categories.get(title).map(String::as_str), category.as_str());
    }
    for (value, seen) in [
        (&catalogue["categories"], used.categories.values().cloned().collect()),
        (&catalogue["collections"], used.collections),
        (&catalogue["sizes"], used.sizes),
        (&catalogue["discount_codes"], used.codes),
        (&catalogue["warehouses"], used.warehouses),
        (&catalogue["devices"], used.devices),
        (&catalogue["campaigns"]["meta"], used.campaigns["meta"].clone()),
        (&catalogue["campaigns"]["google"], used.campaigns["google"].clone()),
        (&catalogue["campaigns"]["tiktok"], used.campaigns["tiktok"].clone()),
    ] {
        assert_eq!(list(value), seen);
    }
    assert_eq!(keys("countries"), used.countries);
    assert!(list(&catalogue["cities_include"]).is_subset(&used.cities));
    let stores: BTreeSet<_> = [("EU".to_owned(), "EUR".to_owned()), ("US".to_owned(), "USD".to_owned())].into();
    assert_eq!(used.stores, stores);
}

#[derive(Default)]
struct Names {
    sold_products: BTreeSet<String>,
    categories: BTreeMap<String, String>,
    collections: BTreeSet<String>,
    sizes: BTreeSet<String>,
    codes: BTreeSet<String>,
    warehouses: BTreeSet<String>,
    devices: BTreeSet<String>,
    countries: BTreeSet<String>,
    cities: BTreeSet<String>,
    stores: BTreeSet<(String, String)>,
    campaigns: BTreeMap<String, BTreeSet<String>>,
    own: BTreeSet<String>,
}

impl Names {
    fn of(all: &[Landing]) -> Self {
        let mut names = Self::default();
        for batch in all.iter().map(|l| &l.batch) {
            for product in &batch.products {
                names.categories.insert(product.title.clone(), product.category.clone().expect("a category"));
                names.collections.extend(product.collections.iter().cloned());
                names.sizes.extend(product.variants.iter().filter_map(|v| v.size.clone()));
                names.own.extend(product.variants.iter().filter_map(|v| v.sku.clone()));
                names.own.extend([product.key.clone(), product.vendor.clone().expect("a vendor")]);
            }
            for order in &batch.orders {
                let lines = order.lines.iter().filter(|l| !l.gift_card);
                names.sold_products.extend(lines.filter_map(|l| Some(l.variant.title.split_once(" - ")?.0.to_owned())));
                names.codes.extend(order.discount_codes.iter().cloned());
                names.devices.extend(order.device.clone());
                names.countries.extend(order.country.clone());
                names.cities.extend(order.city.clone());
                names.own.extend([order.external_id.clone(), order.name.clone().expect("a name")]);
                names.own.extend(order.region.clone());
                names.own.insert(format!("{:?}", order.customer));
                names.stores.insert((order.store.clone().expect("a store"), order.currency.to_string()));
            }
            names
                .own
                .extend(batch.refunds.iter().flat_map(|r| [Some(r.external_id.clone()), r.reason.clone()]).flatten());
            names.warehouses.extend(batch.stock.iter().map(|s| s.warehouse.clone()));
            for window in &batch.ads {
                let seen = names.campaigns.entry(window.account.channel.clone()).or_default();
                seen.extend(window.rows.iter().map(|r| r.campaign.clone()));
                names.own.extend([window.account.external_id.clone(), window.account.name.clone()]);
                for row in &window.rows {
                    names.own.extend([row.adset.clone(), row.ad.clone(), Some(row.key.clone())].into_iter().flatten());
                }
            }
        }
        names
    }

    // All that names something of this shop and not a kind of thing.
    fn telling(self) -> BTreeSet<String> {
        let campaigns = self.campaigns.into_values().flatten();
        let lists =
            [self.sold_products, self.collections, self.sizes, self.codes, self.warehouses, self.cities, self.own];
        let stores = self.stores.into_iter().map(|(name, _)| name);
        lists.into_iter().flatten().chain(campaigns).chain(stores).chain(self.categories.into_values()).collect()
    }
}

#[test]
fn the_two_tenants_share_no_name_that_could_hide_a_leak() {
    let (one, two) = (Names::of(&rows(&juniper(), 1, NOW)).telling(), Names::of(&rows(&northwind(), 1, NOW)).telling());
    assert!(one.len() > 50_000 && two.len() > 5_000);
    assert_eq!(one.intersection(&two).collect::<Vec<_>>(), Vec::<&String>::new());
}
