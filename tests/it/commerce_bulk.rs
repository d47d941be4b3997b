//! Rows that are written many at a time end as they would one by one, whatever stands how often in a batch.

use jiff::civil::date;
use pulsepoint::brands::Brand;
use pulsepoint::commerce::rows::{AdDay, AdScope, AdWindow, Batch};
use pulsepoint::commerce::{Landed, Lander};
use pulsepoint::secrets::Purpose;
use pulsepoint::tenants::Tenant;

use crate::support::shop::{self, Dice};
use crate::support::stores::{brand, now, start};

/// Two brands of one tenant, so that customers have the same keys.
async fn pair(tenant: &Tenant) -> [Brand; 2] {
    [brand(tenant, "First", "USD", "UTC").await, brand(tenant, "Second", "USD", "UTC").await]
}

/// Lands the batches, one after the other, in one transaction.
fn land(tenant: &Tenant, brand: &Brand, connector: &str, batches: &[Batch]) -> Landed {
    let mut lander = Lander::new(&tenant.key().derive(Purpose::CustomerIdentity), brand, connector, now());
    let land = |tx: &rusqlite::Transaction| {
        let mut all = Landed::default();
        for batch in batches {
            all += lander.land(tx, batch)?;
        }
        all += lander.finish(tx)?;
        Ok(all)
    };
    tenant.db().write_blocking(land).unwrap()
}

/// What a brand has, without ids and numbers of entries.
fn stored(tenant: &Tenant, brand: &Brand, sql: &str) -> Vec<String> {
    let read = |conn: &rusqlite::Connection| {
        Ok(conn.prepare(sql)?.query_map([brand.id], |row| row.get(0))?.collect::<Result<_, _>>()?)
    };
    tenant.db().read_blocking(read).unwrap()
}

const ORDERS: &str = "select json_array(o.external_id, o.name, replace(s.name, 'Second', 'First'), hex(c.key), o.currency,
    o.placed_at, o.cancelled_at, o.test, o.financial_status, o.fulfillment_status, o.sales_source, o.device, o.country, o.region,
    o.city, o.discount_codes, o.shipping_micros, o.shipping_discount_micros, o.tax_micros, hex(o.digest), l.line_no, v.key,
    l.quantity, l.fulfilled_quantity, l.price_micros, l.discount_micros, l.tax_micros, l.gift_card)
    from orders o join stores s on s.id = o.store_id left join customers c on c.id = o.customer_id
    left join order_lines l on l.order_id = o.id left join variants v on v.id = l.variant_id
    where o.brand_id = ? order by o.external_id, l.line_no";

const ADS: &str = "select json_array(a.key, d.day, d.connector, d.from_api, d.spend_micros, d.impressions, d.clicks,
    d.conversions_micros, d.revenue_micros) from ad_accounts c join ads a on a.account_id = c.id
    join ad_days d on d.ad_id = a.id where c.brand_id = ? order by a.key, d.day";

#[tokio::test]
async fn orders_of_one_batch_end_as_they_would_one_by_one() {
    let data = tempfile::tempdir().unwrap();
    let tenant = start(data.path()).create("one", "One").await.unwrap();
    let [first, second] = pair(&tenant).await;
    let mut dice = Dice::new(41);
    // Many of them come several times, changed or as they were, some in a row and some far apart.
    let mut orders: Vec<_> = (0..700).map(|_| shop::order(&mut dice, "USD")).collect();
    for at in 0..orders.len() {
        orders[at].external_id = format!("O{}", dice.roll(300));
        if at > 0 && dice.chance(5) {
            orders[at] = orders[at - 1].clone();
        }
    }
    let single = |order: &_| Batch { orders: vec![Clone::clone(order)], ..Batch::default() };
    let singles: Vec<Batch> = orders.iter().map(single).collect();
    let one_by_one = land(&tenant, &first, "shopify", &singles);
    let parts: Vec<Batch> =
        orders.chunks(400).map(|part| Batch { orders: part.to_vec(), ..Batch::default() }).collect();
    let together = land(&tenant, &second, "shopify", &parts);
    assert_eq!(together.orders, one_by_one.orders);
    assert!(together.orders.unchanged > 0 && together.orders.landed > 300, "{together:?}");
    let rows = stored(&tenant, &first, ORDERS);
    assert!(rows.len() > 300, "{} rows", rows.len());
    assert_eq!(stored(&tenant, &second, ORDERS), rows);
    // What came last is what counts.
    for order in &orders {
        let last = orders.iter().rfind(|other| other.external_id == order.external_id).unwrap();
        let name = last.name.as_deref().unwrap();
        let begins = format!("[\"{}\",\"{name}\",", last.external_id);
        assert!(rows.iter().any(|row| row.starts_with(&begins)), "{begins}");
    }
}

#[tokio::test]
async fn ad_rows_of_one_batch_end_as_they_would_one_by_one() {
    let data = tempfile::tempdir().unwrap();
    let tenant = start(data.path()).create("one", "One").await.unwrap();
    let [first, second] = pair(&tenant).await;
    let mut dice = Dice::new(43);
    let mut windows = (0..).map(|seed| shop::ad_window(&mut Dice::new(seed), "USD"));
    let window = windows.find(|window| !window.rows.is_empty()).unwrap();
    let mut row = || {
        let mut row = window.rows[0].clone();
        row.key = format!("ad {}", dice.roll(9));
        row.campaign = format!("C{}", row.key);
        row.day = date(2026, 5, i8::try_from(1 + dice.roll(28)).unwrap());
        (row.spend_micros, row.impressions) = (dice.roll(4), dice.roll(9));
        row
    };
    // The second time the account is known.
    for round in 0..2 {
        let rows: Vec<_> = (0..400).map(|_| row()).collect();
        let batches = |size| -> Vec<Batch> {
            let window = |rows: &[AdDay]| AdWindow {
                account: window.account.clone(),
                replaces: AdScope::CampaignDays,
                from_api: false,
                rows: rows.to_vec(),
            };
            rows.chunks(size).map(|rows| Batch { ads: vec![window(rows)], ..Batch::default() }).collect()
        };
        let one_by_one = land(&tenant, &first, "meta_ads", &batches(1));
        let together = land(&tenant, &second, "meta_ads", &batches(250));
        assert_eq!(together.ads, one_by_one.ads, "round {round}");
        assert!(together.ads.landed > 200 && together.ads.unchanged > 0, "{together:?}");
        let there = stored(&tenant, &first, ADS);
        assert!(there.len() > 150, "{} rows", there.len());
        assert_eq!(stored(&tenant, &second, ADS), there, "round {round}");
        for row in &rows {
            let last = rows.iter().rfind(|other| (&other.key, other.day) == (&row.key, row.day)).unwrap();
            let begins = format!("[\"{}\",\"{}\",\"meta_ads\",0,{},", last.key, last.day, last.spend_micros);
            assert!(there.iter().any(|row| row.starts_with(&begins)), "{begins}");
        }
    }
}
