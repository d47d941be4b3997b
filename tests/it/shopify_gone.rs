//! What a source no longer has goes, from the store and from the figures, and nothing else does.

use jiff::civil::date;
use pulsepoint::brands::Brand;
use pulsepoint::commerce::rows::{
    Batch, DeletedProduct, OrderSpan, Product, StockLevel, UnitCost, Variant, VariantRef,
};
use pulsepoint::commerce::{self, Landed, Lander};
use pulsepoint::secrets::Purpose;
use pulsepoint::tenants::Tenant;

use crate::support::figures::{assert_derived_tables_agree, assert_same, by_hand, from_facts};
use crate::support::shop::{self, Dice, currency};
use crate::support::stores::{now, start, two_brands};

async fn land(tenant: &Tenant, brand: &Brand, batch: &Batch) -> Landed {
    commerce::land(tenant, brand, "shopify", batch.clone(), now()).await.unwrap()
}

fn count(tenant: &Tenant, sql: &str) -> i64 {
    tenant.db().read_blocking(|conn| Ok(conn.query_row(sql, [], |row| row.get(0))?)).unwrap()
}

async fn check(tenant: &Tenant, what: &str) {
    assert_same(&from_facts(tenant).await, &by_hand(tenant), what);
    assert_derived_tables_agree(tenant).await;
}

/// Some orders of one store, each with a refund, under growing numbers.
fn orders(seed: u64, numbers: &[u64], home: &str) -> Batch {
    let mut dice = Dice::new(seed);
    let mut batch = Batch::default();
    for number in numbers {
        let mut order = shop::order(&mut dice, home);
        order.external_id = number.to_string();
        order.store = Some("Main".to_owned());
        order.placed_at = 1_780_000_000;
        let mut refund = shop::refund(&mut dice, home);
        refund.external_id = format!("R{number}");
        refund.order = Some(number.to_string());
        refund.day_estimated = false;
        batch.orders.push(order);
        batch.refunds.push(refund);
    }
    batch
}

#[tokio::test]
async fn a_deleted_order_goes_with_its_refunds_and_comes_back_if_it_is_told_again() {
    let data = tempfile::tempdir().unwrap();
    let tenants = start(data.path());
    let (tenant, other) = (tenants.create("one", "One").await.unwrap(), tenants.create("two", "Two").await.unwrap());
    let [brand, second] = two_brands(&tenant).await;
    let [theirs, _] = two_brands(&other).await;
    let all = orders(1, &[11, 12, 13], "USD");
    land(&tenant, &brand, &all).await;
    land(&tenant, &second, &orders(1, &[11, 12, 13], "GBP")).await;
    land(&other, &theirs, &all).await;
    check(&tenant, "before").await;
    let before = from_facts(&other).await;

    let gone = Batch { deleted_orders: vec!["12".to_owned(), "99".to_owned()], ..Batch::default() };
    let landed = land(&tenant, &brand, &gone).await;
    assert_eq!((landed.deleted, landed.seq.is_some()), (1, true));
    assert_eq!(count(&tenant, "select count(*) from orders where brand_id = 1"), 2);
    assert_eq!(count(&tenant, "select count(*) from refunds where brand_id = 1"), 2);
    assert_eq!(count(&tenant, "select count(*) from orders where brand_id = 2"), 3);
    assert_eq!(count(&tenant, "select count(*) from order_lines where order_id not in (select id from orders)"), 0);
    assert_eq!(count(&tenant, "select count(*) from refund_lines where refund_id not in (select id from refunds)"), 0);
    check(&tenant, "after").await;
    assert_eq!(from_facts(&other).await, before, "another tenant's order of that number stays");
    assert_eq!(land(&tenant, &brand, &gone).await.seq, None, "it can go once");

    land(&tenant, &brand, &all).await;
    assert_eq!(count(&tenant, "select count(*) from orders where brand_id = 1"), 3);
    check(&tenant, "told again").await;
}

#[tokio::test]
async fn one_lander_forgets_what_it_deleted() {
    let data = tempfile::tempdir().unwrap();
    let tenants = start(data.path());
    let tenant = tenants.create("one", "One").await.unwrap();
    let [brand, _] = two_brands(&tenant).await;
    let mut lander = Lander::new(&tenant.key().derive(Purpose::CustomerIdentity), &brand, "shopify", now());
    let all = orders(4, &[1, 2], "USD");
    let gone = Batch { deleted_orders: vec!["2".to_owned()], ..Batch::default() };
    for (batch, left) in [(&all, 2), (&gone, 1), (&all, 2), (&all, 2)] {
        tenant.db().write_blocking(|tx| lander.land(tx, batch)).unwrap();
        assert_eq!(count(&tenant, "select count(*) from orders"), left);
        assert_eq!(count(&tenant, "select count(*) from refunds"), left);
    }
}

#[tokio::test]
async fn a_span_takes_what_is_not_named_in_it_and_judges_nothing_else() {
    let data = tempfile::tempdir().unwrap();
    let tenants = start(data.path());
    let tenant = tenants.create("one", "One").await.unwrap();
    let [brand, second] = two_brands(&tenant).await;
    let mut all = orders(2, &[7, 98, 99, 100, 101, 150, 1001, 1002], "USD");
    all.orders[2].placed_at = 1_790_000_000;
    all.orders[3].store = Some("Elsewhere".to_owned());
    all.orders[6].external_id = "1001x".to_owned();
    land(&tenant, &brand, &all).await;
    land(&tenant, &second, &orders(2, &[101, 150], "GBP")).await;
    let span = |after, upto, ids: &[&str]| Batch {
        order_spans: vec![OrderSpan {
            store: Some("Main".to_owned()),
            after,
            upto,
            placed_before: 1_785_000_000,
            ids: ids.iter().map(|id| (*id).to_owned()).collect(),
        }],
        ..Batch::default()
    };
    let left = || {
        let sql = "select group_concat(external_id, ' ') from \
                   (select external_id from orders where brand_id = 1 order by length(external_id), external_id)";
        tenant.db().read_blocking(|conn| Ok(conn.query_row(sql, [], |row| row.get::<_, String>(0))?)).unwrap()
    };
    // 99 is too young, 100 of another store, 7 below and 1002 above.
    assert_eq!(land(&tenant, &brand, &span(8, Some(1001), &["98", "150"])).await.deleted, 1);
    assert_eq!(left(), "7 98 99 100 150 1002 1001x");
    assert_eq!(land(&tenant, &brand, &span(150, None, &[])).await.deleted, 1);
    assert_eq!(left(), "7 98 99 100 150 1001x");
    let nowhere =
        OrderSpan { store: Some("Nowhere".to_owned()), after: 0, upto: None, placed_before: i64::MAX, ids: vec![] };
    let nowhere = Batch { order_spans: vec![nowhere], ..Batch::default() };
    assert_eq!(land(&tenant, &brand, &nowhere).await.deleted, 0);
    assert_eq!(count(&tenant, "select count(*) from orders where brand_id = 2"), 2);
    check(&tenant, "after both").await;
}

fn named(sku: &str) -> VariantRef {
    VariantRef { sku: Some(sku.to_owned()), title: sku.to_owned() }
}

fn product(key: &str, source_id: &str, skus: &[&str]) -> Product {
    let variant = |sku: &&str| Variant { sku: Some((*sku).to_owned()), title: None, size: None, price: None };
    Product {
        key: key.to_owned(),
        source_id: Some(source_id.to_owned()),
        title: format!("Product {source_id}"),
        category: None,
        vendor: None,
        collections: Vec::new(),
        variants: skus.iter().map(variant).collect(),
    }
}

fn cost(sku: &str, day: i8, micros: i64) -> UnitCost {
    UnitCost { variant: named(sku), from_day: date(2026, 11, day), cost_micros: micros, currency: currency("USD") }
}

#[tokio::test]
async fn of_a_deleted_product_what_was_sold_keeps_its_name_and_stock_is_nothing() {
    let data = tempfile::tempdir().unwrap();
    let tenants = start(data.path());
    let tenant = tenants.create("one", "One").await.unwrap();
    let [brand, second] = two_brands(&tenant).await;
    let level = |sku: &str, day, on_hand| StockLevel {
        variant: named(sku),
        warehouse: "Reno".to_owned(),
        day: date(2026, 11, day),
        on_hand,
        incoming: 0,
    };
    let mut batch = orders(3, &[1], "USD");
    let mut lines = (0..).flat_map(|seed| shop::order(&mut Dice::new(seed), "USD").lines);
    let mut line = lines.next().unwrap();
    line.variant = named("SOLD");
    batch.orders[0].lines = vec![line];
    batch.products = vec![product("a", "1", &["SOLD", "NEVER", "STOCKED"]), product("b", "2", &["OTHER"])];
    batch.costs = vec![cost("NEVER", 1, 5_000_000), cost("OTHER", 1, 5_000_000)];
    batch.stock = vec![level("STOCKED", 1, 7), level("STOCKED", 3, 5), level("OTHER", 1, 9)];
    land(&tenant, &brand, &batch).await;
    land(&tenant, &second, &Batch { products: vec![product("a", "1", &["SOLD"])], ..Batch::default() }).await;
    check(&tenant, "before").await;

    let gone = DeletedProduct { source_id: "1".to_owned(), day: date(2026, 11, 9) };
    let gone = Batch { deleted_products: vec![gone], ..Batch::default() };
    assert_eq!(land(&tenant, &brand, &gone).await.deleted, 1);
    let of_first = "from variants v join products p on p.id = v.product_id where p.brand_id = 1";
    assert_eq!(count(&tenant, &format!("select count(*) {of_first} and v.key in ('SOLD', 'STOCKED')")), 2);
    assert_eq!(count(&tenant, &format!("select count(*) {of_first} and v.key = 'NEVER'")), 0);
    let on_hand = "select on_hand from stock_levels where day = '2026-11-09'";
    assert_eq!(count(&tenant, on_hand), 0);
    assert_eq!(count(&tenant, "select count(*) from stock_levels where on_hand > 0"), 3, "past days stay");
    assert_eq!(count(&tenant, "select count(*) from products where brand_id = 2"), 1);
    check(&tenant, "after").await;
    assert_eq!(land(&tenant, &brand, &gone).await.seq, None);

    let second = DeletedProduct { source_id: "2".to_owned(), day: date(2026, 11, 9) };
    land(&tenant, &brand, &Batch { deleted_products: vec![second], ..Batch::default() }).await;
    assert_eq!(count(&tenant, "select count(*) from products where brand_id = 1 and key = 'b'"), 1, "it lay somewhere");
    let fresh = Batch { products: vec![product("c", "3", &["FRESH"])], ..Batch::default() };
    land(&tenant, &brand, &fresh).await;
    let third = DeletedProduct { source_id: "3".to_owned(), day: date(2026, 11, 9) };
    land(&tenant, &brand, &Batch { deleted_products: vec![third], ..Batch::default() }).await;
    assert_eq!(count(&tenant, "select count(*) from products where key = 'c'"), 0);
    check(&tenant, "at the end").await;
    // What is sold again after all gets a new variant, not the row of one that went.
    land(&tenant, &brand, &fresh).await;
    assert_eq!(count(&tenant, "select count(*) from variants where key = 'FRESH'"), 1);
    check(&tenant, "again").await;
}

#[tokio::test]
async fn a_product_with_a_new_handle_is_the_same_product() {
    let data = tempfile::tempdir().unwrap();
    let tenants = start(data.path());
    let tenant = tenants.create("one", "One").await.unwrap();
    let [brand, second] = two_brands(&tenant).await;
    let catalogue = |key: &str, id: &str| Batch { products: vec![product(key, id, &["A"])], ..Batch::default() };
    land(&tenant, &second, &catalogue("old", "1")).await;
    land(&tenant, &brand, &catalogue("old", "1")).await;
    land(&tenant, &brand, &catalogue("new", "1")).await;
    let keys = "select group_concat(key || ' ' || coalesce(ids, '-')) from (select key, (select group_concat(source_id, '+') \
                from product_sources s where s.product_id = p.id) as ids from products p where brand_id = 1 order by key)";
    let keys =
        || tenant.db().read_blocking(|conn| Ok(conn.query_row(keys, [], |row| row.get::<_, String>(0))?)).unwrap();
    assert_eq!(keys(), "new 1");
    assert_eq!(land(&tenant, &brand, &catalogue("new", "1")).await.seq, None);
    // Another product takes the old handle, and then theirs is exchanged.
    land(&tenant, &brand, &catalogue("old", "2")).await;
    land(&tenant, &brand, &catalogue("old", "1")).await;
    assert_eq!(keys(), "new -,old 1+2");
    land(&tenant, &brand, &catalogue("third", "1")).await;
    assert_eq!(keys(), "new -,old 2,third 1", "the old handle stays the other's");
}

#[tokio::test]
async fn shops_of_one_brand_that_name_a_product_alike_leave_it_to_each_other() {
    let data = tempfile::tempdir().unwrap();
    let tenants = start(data.path());
    let tenant = tenants.create("one", "One").await.unwrap();
    let [brand, second] = two_brands(&tenant).await;
    let one = |key: &str, id: &str| {
        let alike = Product { title: "Tee".to_owned(), ..product(key, id, &["TEE"]) };
        Batch { products: vec![alike], ..Batch::default() }
    };
    let (here, there) = (one("tee", "1"), one("tee", "2"));
    land(&tenant, &second, &here).await;
    land(&tenant, &brand, &here).await;
    assert_eq!(land(&tenant, &brand, &there).await.seq, None, "it is the same product");
    assert_eq!(land(&tenant, &brand, &here).await.seq, None, "and the first shop still knows it");
    let gone = |id: &str| {
        let deleted_products = vec![DeletedProduct { source_id: id.to_owned(), day: date(2026, 11, 9) }];
        Batch { deleted_products, ..Batch::default() }
    };
    assert_eq!(land(&tenant, &brand, &gone("1")).await.deleted, 0, "the other shop has it still");
    let there_is = "select count(*) from products where brand_id = 1 and key = 'tee' and from_catalogue = 1";
    assert_eq!(count(&tenant, there_is), 1);
    // Renamed in one shop it is another product there.
    land(&tenant, &brand, &here).await;
    land(&tenant, &brand, &one("tee-2", "1")).await;
    assert_eq!(count(&tenant, "select count(*) from products where brand_id = 1"), 2);
    assert_eq!(land(&tenant, &brand, &gone("2")).await.deleted, 1, "nobody else has the old one");
    assert_eq!(count(&tenant, "select count(*) from products where brand_id = 2"), 1);
    check(&tenant, "at the end").await;
}

#[tokio::test]
async fn a_cost_counts_from_the_day_it_was_seen_to_change() {
    let data = tempfile::tempdir().unwrap();
    let tenants = start(data.path());
    let tenant = tenants.create("one", "One").await.unwrap();
    let [brand, _] = two_brands(&tenant).await;
    for (day, micros, landed) in
        [(1, 5_000_000, 1), (2, 5_000_000, 0), (3, 6_000_000, 1), (4, 6_000_000, 0), (2, 5_000_000, 0)]
    {
        let batch = Batch { costs_now: vec![cost("A", day, micros)], ..Batch::default() };
        let told = land(&tenant, &brand, &batch).await;
        assert_eq!((told.costs.landed, told.seq.is_some()), (landed, landed > 0), "day {day}");
    }
    let sql = "select group_concat(from_day || ' ' || cost_micros) from (select * from unit_costs order by from_day)";
    let stored = tenant.db().read_blocking(|conn| Ok(conn.query_row(sql, [], |row| row.get::<_, String>(0))?)).unwrap();
    assert_eq!(stored, "1970-01-01 5000000,2026-11-03 6000000");
}
