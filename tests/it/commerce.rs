//! Landing: by natural key, once, never against what knows better, and nothing personal stays.

use jiff::civil::date;
use pulsepoint::brands::Brand;
use pulsepoint::commerce::rows::{
    AdScope, AdWindow, Batch, CustomerRef, Product, Refund, RefundLine, UnitCost, Variant, VariantRef,
};
use pulsepoint::commerce::{self, Landed, Lander};
use pulsepoint::secrets::Purpose;
use pulsepoint::tenants::{Tenant, Tenants};

use crate::support::figures::{assert_same, by_hand, from_facts};
use crate::support::shop::{self, Dice, currency};
use crate::support::stores::{brand, now, start, two_brands};

/// One tenant with one brand, in a folder that goes with it.
struct Shop {
    tenant: Tenant,
    brand: Brand,
    tenants: Tenants,
    data: tempfile::TempDir,
}

impl Shop {
    async fn open() -> Self {
        let data = tempfile::tempdir().unwrap();
        let tenants = start(data.path());
        let tenant = tenants.create("one", "One").await.unwrap();
        let brand = brand(&tenant, "Juniper", "USD", "America/New_York").await;
        Self { tenant, brand, tenants, data }
    }

    async fn land(&self, connector: &str, batch: &Batch) -> Landed {
        commerce::land(&self.tenant, &self.brand, connector, batch.clone(), now()).await.unwrap()
    }

    fn count(&self, sql: &str) -> i64 {
        self.tenant.db().read_blocking(|conn| Ok(conn.query_row(sql, [], |row| row.get(0))?)).unwrap()
    }

    fn text(&self, sql: &str) -> String {
        self.tenant.db().read_blocking(|conn| Ok(conn.query_row(sql, [], |row| row.get(0))?)).unwrap()
    }

    fn lander(&self, connector: &str) -> Lander {
        Lander::new(&self.tenant.key().derive(Purpose::CustomerIdentity), &self.brand, connector, now())
    }
}

fn refund(id: &str, order: &str, goods: i64, estimated: bool) -> Refund {
    Refund {
        external_id: id.to_owned(),
        order: Some(order.to_owned()),
        store: None,
        customer: None,
        currency: currency("USD"),
        refunded_at: 1_780_300_000,
        day_estimated: estimated,
        reason: None,
        country: None,
        shipping_micros: 0,
        tax_micros: 0,
        lines: vec![RefundLine { variant: None, quantity: 1, goods_micros: goods }],
    }
}

fn ad_rows(rows: &[(&str, &str, i8, i64)], from_api: bool, replaces: AdScope) -> Batch {
    let mut windows = (0..).map(|seed| shop::ad_window(&mut Dice::new(seed), "USD"));
    let mut window = windows.find(|window| !window.rows.is_empty()).unwrap();
    let mut row = window.rows.remove(0);
    window.account.channel = "meta".to_owned();
    window.account.external_id = "acc".to_owned();
    let mut day = |(key, campaign, day, spend): &(&str, &str, i8, i64)| {
        row.key = (*key).to_owned();
        row.campaign = (*campaign).to_owned();
        row.day = date(2026, 5, *day);
        row.spend_micros = *spend;
        row.clone()
    };
    let rows = rows.iter().map(&mut day).collect();
    Batch { ads: vec![AdWindow { replaces, from_api, rows, ..window }], ..Batch::default() }
}

#[tokio::test]
async fn landing_twice_changes_nothing_not_even_the_version() {
    let shop = Shop::open().await;
    let mut dice = Dice::new(5);
    let mut batch = shop::batch(&mut dice, "USD");
    while batch.orders.len() < 4 || batch.ads.is_empty() || batch.refunds.is_empty() {
        batch = shop::batch(&mut dice, "USD");
    }
    let first = shop.land("shopify", &batch).await;
    assert_eq!(first.seq, Some(1));
    let commits = shop.tenant.db().commits();
    let second = shop.land("shopify", &batch).await;
    assert_eq!(
        (second.rows_landed, second.rows_unchanged, second.seq),
        (0, first.rows_landed + first.rows_unchanged, None)
    );
    assert_eq!((shop.tenant.data_version(), shop.tenant.db().commits()), (1, commits), "not even a commit");
    batch.orders[0].tax_micros += 10_000;
    assert_eq!(shop.land("shopify", &batch).await.orders.landed, batch.orders[0].lines.len().max(1) as u64);
    assert_eq!(shop.tenant.data_version(), 2);
}

#[tokio::test]
async fn the_same_person_is_one_customer_and_no_address_is_stored() {
    let shop = Shop::open().await;
    let mut dice = Dice::new(9);
    let orders = ["Canary.Person@Example.com", " canary.person@example.COM ", "other@example.com", "  "];
    let orders = orders.iter().enumerate().map(|(at, address)| {
        let mut order = shop::order(&mut dice, "USD");
        order.external_id = format!("person-{at}");
        order.customer = Some(CustomerRef::Email((*address).to_owned()));
        order
    });
    let batch = Batch { orders: orders.collect(), ..Batch::default() };
    shop.land("shopify", &batch).await;
    assert_eq!(shop.count("select count(*) from customers"), 2);
    assert_eq!(shop.count("select count(*) from orders where customer_id is null"), 1);
    assert_eq!(shop.count("select max(length(key)) from customers"), 16);
    let tables = "select group_concat('select ''' || name || ''' as t, count(*) as n from \"' || name || '\"', ' union all ') \
                  from sqlite_schema where type = 'table'";
    assert!(shop.text(tables).contains("orders"), "the list of tables is read");
    let dumped = shop.tenant.db().read_blocking(dump_text).unwrap();
    assert!(dumped.contains("person-0") && !dumped.to_lowercase().contains("canary.person"), "an address was stored");
}

/// Every text of every table.
fn dump_text(conn: &rusqlite::Connection) -> pulsepoint::error::Result<String> {
    let mut tables = conn.prepare("select name from sqlite_schema where type = 'table'")?;
    let names = tables.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<Vec<String>>>()?;
    let mut all = String::new();
    for name in names {
        let mut select = conn.prepare(&format!("select * from \"{name}\""))?;
        let columns = select.column_count();
        let mut rows = select.query([])?;
        while let Some(row) = rows.next()? {
            for at in 0..columns {
                if let rusqlite::types::ValueRef::Text(text) | rusqlite::types::ValueRef::Blob(text) =
                    row.get_ref(at)?
                {
                    all.push_str(&String::from_utf8_lossy(text));
                    all.push('\n');
                }
            }
        }
    }
    Ok(all)
}

#[tokio::test]
async fn order_lines_never_overwrite_the_catalogue_but_the_catalogue_takes_over() {
    let shop = Shop::open().await;
    let mut order = shop::order(&mut Dice::new(3), "USD");
    order.test = false;
    order.lines.truncate(0);
    let mut lines = (0..).flat_map(|seed| shop::order(&mut Dice::new(seed), "USD").lines);
    let mut line = lines.next().unwrap();
    line.variant = VariantRef { sku: Some("SKU-A".to_owned()), title: "Old name".to_owned() };
    order.lines.push(line);
    let mut batch = Batch { orders: vec![order.clone()], ..Batch::default() };
    shop.land("shopify", &batch).await;
    assert_eq!(shop.text("select title from products"), "Old name");
    let variant =
        Variant { sku: Some("SKU-A".to_owned()), title: Some("M".to_owned()), size: Some("M".to_owned()), price: None };
    let product = Product {
        key: "new-name".to_owned(),
        source_id: None,
        title: "New name".to_owned(),
        category: Some("Home".to_owned()),
        vendor: None,
        collections: Vec::new(),
        variants: vec![variant],
    };
    let catalogue = Batch { products: vec![product], ..Batch::default() };
    assert_eq!(shop.land("shopify", &catalogue).await.products.landed, 1);
    assert_eq!(
        (shop.text("select title from products"), shop.count("select count(*) from products")),
        ("New name".into(), 1)
    );
    batch.orders[0].lines[0].variant.title = "Third name".to_owned();
    batch.orders[0].external_id = "another".to_owned();
    shop.land("shopify", &batch).await;
    assert_eq!(
        (shop.text("select title from products"), shop.count("select count(*) from variants")),
        ("New name".into(), 1)
    );
    assert_eq!(shop.land("shopify", &catalogue).await.seq, None);
}

#[tokio::test]
async fn a_dated_refund_replaces_the_estimated_one_and_keeps_it_out() {
    let shop = Shop::open().await;
    let mut order = shop::order(&mut Dice::new(3), "USD");
    order.external_id = "O1".to_owned();
    order.test = false;
    // The dated one comes before its order, as an API's webhook may.
    let early = Batch { refunds: vec![refund("dated-0", "O1", 3_000_000, false)], ..Batch::default() };
    shop.land("shopify", &early).await;
    assert_eq!(shop.count("select count(*) from refunds where order_id is null"), 1);
    let file =
        Batch { orders: vec![order], refunds: vec![refund("file-O1", "O1", 9_000_000, true)], ..Batch::default() };
    assert_eq!(shop.land("shopify", &file).await.refunds.unchanged, 1, "kept out by the dated one");
    assert_eq!(shop.count("select count(*) from refunds where order_id is null"), 0);
    let delete = "delete from refund_lines; delete from refunds";
    shop.tenant.db().write_blocking(|tx| Ok(tx.execute_batch(delete)?)).unwrap();
    assert_eq!(shop.land("shopify", &file).await.refunds.landed, 1);
    let api = Batch { refunds: vec![refund("dated-1", "O1", 4_000_000, false)], ..Batch::default() };
    shop.land("shopify", &api).await;
    assert_eq!(shop.text("select group_concat(external_id) from refunds"), "dated-1");
    assert_eq!(shop.count("select count(*) from deleted_rows where tab = 'refunds'"), 1);
    assert_eq!(shop.land("shopify", &file).await.seq, None);
}

#[tokio::test]
async fn a_file_replaces_only_the_campaign_days_it_has() {
    let shop = Shop::open().await;
    let campaign_days = || AdScope::CampaignDays;
    let file = ad_rows(
        &[("a", "C1", 1, 10), ("b", "C1", 1, 20), ("c", "C2", 1, 30), ("a", "C1", 2, 40)],
        false,
        campaign_days(),
    );
    shop.land("meta_ads", &file).await;
    // Restated: ad b vanished from C1 on the first; C2 and the second are not in the file.
    let restated = ad_rows(&[("a", "C1", 1, 15)], false, campaign_days());
    let landed = shop.land("meta_ads", &restated).await;
    assert_eq!((landed.ads.landed, landed.seq), (1, Some(2)));
    assert_eq!(shop.count("select sum(spend_micros) from ad_days"), 15 + 30 + 40);
    assert_eq!(shop.land("meta_ads", &restated).await.seq, None);
}

#[tokio::test]
async fn a_campaign_day_may_be_split_over_the_batches_of_one_file() {
    let shop = Shop::open().await;
    let parts = [&[("a", "C1", 1, 10)], &[("b", "C1", 1, 20)], &[("c", "C1", 2, 30)]];
    for round in 0..2 {
        let mut lander = shop.lander("meta_ads");
        let mut total = Landed::default();
        for part in parts {
            let batch = ad_rows(part, false, AdScope::CampaignDays);
            total += shop.tenant.db().write_blocking(|tx| lander.land(tx, &batch)).unwrap();
        }
        total += shop.tenant.db().write_blocking(|tx| lander.finish(tx)).unwrap();
        assert_eq!((total.ads.landed, total.ads.unchanged), if round == 0 { (3, 0) } else { (0, 3) });
        assert_eq!(total.seq.is_none(), round == 1);
    }
    assert_eq!(shop.count("select sum(spend_micros) from ad_days"), 60);
}

#[tokio::test]
async fn an_apis_rows_replace_a_files_and_keep_them_out() {
    let shop = Shop::open().await;
    let file = ad_rows(
        &[("names-a", "C1", 1, 10), ("names-b", "C1", 2, 20), ("names-a", "C1", 9, 90)],
        false,
        AdScope::CampaignDays,
    );
    shop.land("meta_ads", &file).await;
    let days = AdScope::Days { first: date(2026, 5, 1), last: date(2026, 5, 3) };
    let api = ad_rows(&[("id-1", "C1", 1, 11), ("id-2", "C1", 3, 33)], true, days);
    shop.land("meta_ads", &api).await;
    assert_eq!(shop.text("select group_concat(spend_micros) from (select * from ad_days order by day)"), "11,33,90");
    let again = shop.land("meta_ads", &file).await;
    // The second of May has no row of the API, so the file's comes back; the first does.
    assert_eq!((again.ads.landed, again.ads.unchanged), (1, 2));
    assert_eq!(shop.land("meta_ads", &api).await.ads.unchanged, 2);
    assert_same(&from_facts(&shop.tenant).await, &by_hand(&shop.tenant), "after both");
}

#[tokio::test]
async fn a_cost_from_a_day_on_reaches_orders_that_landed_before() {
    let shop = Shop::open().await;
    let mut dice = Dice::new(21);
    let batch = Batch { orders: (0..20).map(|_| shop::order(&mut dice, "USD")).collect(), ..Batch::default() };
    shop.land("shopify", &batch).await;
    from_facts(&shop.tenant).await;
    let variant = VariantRef { sku: Some("SKU-3".to_owned()), title: String::new() };
    let cost = UnitCost { variant, from_day: date(2026, 3, 1), cost_micros: 5_000_000, currency: currency("USD") };
    shop.land("file", &Batch { costs: vec![cost], ..Batch::default() }).await;
    let (facts, hand) = (from_facts(&shop.tenant).await, by_hand(&shop.tenant));
    assert_same(&facts, &hand, "after the cost");
    assert!(facts[0].values().any(|day| day[5] > Some(0)), "some day has a cost");
}

#[tokio::test]
async fn removing_the_demo_leaves_the_other_brand_and_no_orphan() {
    let shop = Shop::open().await;
    let [_, other] = two_brands_of(&shop).await;
    let mut dice = Dice::new(31);
    for _ in 0..12 {
        commerce::land(&shop.tenant, &shop.brand, "shopify", shop::batch(&mut dice, "USD"), now()).await.unwrap();
        commerce::land(&shop.tenant, &other, "shopify", shop::batch(&mut dice, "USD"), now()).await.unwrap();
    }
    assert_eq!(shop.count(ORPHANS), 0);
    let refused = shop.tenant.db().write_blocking(|tx| commerce::remove_demo(tx, &shop.brand, 0)).unwrap_err();
    assert_eq!(refused.to_string(), "this brand holds no demo data");
    let demo = Brand { demo: true, ..shop.brand.clone() };
    let before = from_facts(&shop.tenant).await;
    let seq = shop.tenant.db().write_blocking(|tx| commerce::remove_demo(tx, &demo, 0)).unwrap();
    shop.tenant.announce(demo.id, seq);
    let after = from_facts(&shop.tenant).await;
    for (before, after) in before.iter().zip(&after) {
        assert!(
            before.iter().filter(|(key, _)| key.0 == other.id).eq(after),
            "only the other brand is left, as it was"
        );
    }
    assert_eq!(shop.count(ORPHANS), 0);
    assert_eq!(shop.count("select count(*) from customers where brand_id = 1"), 0);
    drop(shop.tenants);
    drop(shop.data);
}

/// The shop's brand and a second one in dollars, so that the same hand-written SQL fits.
async fn two_brands_of(shop: &Shop) -> [Brand; 2] {
    [shop.brand.clone(), brand(&shop.tenant, "Second", "USD", "Europe/London").await]
}

/// Rows whose parents are missing, over all large tables, which declare no foreign keys.
const ORPHANS: &str = "select
    (select count(*) from order_lines l where not exists (select 1 from orders where id = l.order_id))
  + (select count(*) from order_lines l where not exists (select 1 from variants where id = l.variant_id))
  + (select count(*) from orders o where not exists (select 1 from stores where id = o.store_id and brand_id = o.brand_id))
  + (select count(*) from orders o where customer_id is not null
     and not exists (select 1 from customers where id = o.customer_id and brand_id = o.brand_id))
  + (select count(*) from orders o where not exists (select 1 from brands where id = o.brand_id))
  + (select count(*) from refund_lines l where not exists (select 1 from refunds where id = l.refund_id))
  + (select count(*) from refund_lines l where variant_id is not null
     and not exists (select 1 from variants where id = l.variant_id))
  + (select count(*) from refunds r where order_id is not null and not exists (select 1 from orders where id = r.order_id))
  + (select count(*) from ad_days d where not exists (select 1 from ads where id = d.ad_id))
  + (select count(*) from stock_levels s where not exists (select 1 from variants where id = s.variant_id))
  + (select count(*) from stock_levels s where not exists (select 1 from warehouses where id = s.warehouse_id))";

#[tokio::test]
async fn two_tenants_never_meet() {
    let data = tempfile::tempdir().unwrap();
    let tenants = start(data.path());
    let (one, two) = (tenants.create("one", "One").await.unwrap(), tenants.create("two", "Two").await.unwrap());
    let ([first, _], [second, _]) = (two_brands(&one).await, two_brands(&two).await);
    let mut dice = Dice::new(77);
    let batch = Batch { orders: (0..5).map(|_| shop::order(&mut dice, "USD")).collect(), ..Batch::default() };
    commerce::land(&one, &first, "shopify", batch.clone(), now()).await.unwrap();
    assert!(from_facts(&two).await.iter().all(std::collections::BTreeMap::is_empty));
    commerce::land(&two, &second, "shopify", batch, now()).await.unwrap();
    assert_same(&from_facts(&one).await, &from_facts(&two).await, "the same landing");
    let keys = |tenant: &Tenant| -> Vec<Vec<u8>> {
        let sql = "select key from customers order by key";
        let read = |conn: &rusqlite::Connection| {
            Ok(conn.prepare(sql)?.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?)
        };
        tenant.db().read_blocking(read).unwrap()
    };
    assert!(keys(&one).iter().all(|key| !keys(&two).contains(key)), "the same person has another key in each tenant");
}
