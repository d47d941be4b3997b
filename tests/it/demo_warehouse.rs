//! The whole demo on its way to the page: there within seconds, every row with a rate and a cost, and the generator's own totals.

use std::collections::BTreeMap;
use std::time::Instant;

use pulsepoint::clock::Clock;
use pulsepoint::commerce::demo::{Landing, Shop, install};
use pulsepoint::tenants::Tenant;
use pulsepoint::warehouse;

use crate::demo::{NOW, instant, orders, refunds, rows};
use crate::demo_install::start;

// Per store or channel, in the currency of the rows: count of rows, then two sums in micros.
type Sums = BTreeMap<String, [i64; 3]>;

fn add(sums: &mut Sums, name: &str, [one, two]: [i64; 2]) {
    let entry = sums.entry(name.to_owned()).or_default();
    *entry = [entry[0] + 1, entry[1] + one, entry[2] + two];
}

fn generated(all: &[Landing]) -> Sums {
    let mut sums = Sums::new();
    for order in orders(all).filter(|o| !o.test) {
        let lines = order.lines.iter().filter(|l| !l.gift_card);
        let money = lines.fold([0, 0], |sum, l| [sum[0] + l.price_micros * l.quantity, sum[1] + l.discount_micros]);
        add(&mut sums, &format!("orders {}", order.store.as_deref().unwrap()), money);
    }
    for refund in refunds(all) {
        let units = refund.lines.iter().map(|l| l.quantity).sum();
        let goods = refund.lines.iter().map(|l| l.goods_micros).sum();
        add(&mut sums, &format!("refunds {}", refund.store.as_deref().unwrap()), [goods, units]);
    }
    for window in all.iter().flat_map(|l| &l.batch.ads) {
        for row in &window.rows {
            let name = format!("ads {} {}", window.account.channel, window.account.currency);
            add(&mut sums, &name, [row.spend_micros, row.revenue_micros]);
        }
    }
    sums
}

async fn stored(tenant: &Tenant) -> Sums {
    let sql = "
        select 'orders ' || s.name, count(*), sum(gross_native)::bigint, sum(discount_native)::bigint
            from fact_orders o join dim_store s using (store_id) group by 1
        union all select 'refunds ' || s.name, count(distinct refund_id), sum(goods_native)::bigint, sum(quantity)::bigint
            from fact_refund_lines r join dim_store s using (store_id) group by 1
        union all select 'ads ' || channel || ' ' || currency, count(*), sum(spend_native)::bigint, sum(revenue_native)::bigint
            from fact_ad_days group by channel, currency";
    let found = warehouse::of(tenant)
        .query(move |conn| {
            let mut query = conn.prepare(sql).unwrap();
            let row = |row: &pulsepoint::duck::Row| Ok((row.get(0)?, [row.get(1)?, row.get(2)?, row.get(3)?]));
            Ok(query.query_map([], row).unwrap().collect::<Result<Sums, _>>().unwrap())
        })
        .await;
    found.unwrap()
}

async fn count(tenant: &Tenant, sql: &'static str) -> i64 {
    let found = warehouse::of(tenant).query(move |conn| Ok(conn.query_row(sql, [], |row| row.get(0)).unwrap())).await;
    found.unwrap()
}

#[tokio::test]
async fn the_whole_demo_is_in_the_warehouse_in_seconds() {
    let data = tempfile::tempdir().unwrap();
    let tenants = start(data.path());
    let started = Instant::now();
    let installed = install(&tenants, 42, &Clock::fixed(instant(NOW))).await.unwrap();
    let landed = started.elapsed();
    let tenant = tenants.by_slug("juniper-oak").await.unwrap();
    warehouse::of(&tenant).caught_up(&tenant).await.unwrap();
    let all: u64 = installed.iter().map(|i| i.rows_landed).sum();
    eprintln!("{all} rows of the demo landed in {landed:?}, in the warehouse after {:?}", started.elapsed());
    assert!(installed[0].rows_landed > 200_000 && started.elapsed().as_secs() < 300);

    assert_eq!(stored(&tenant).await, generated(&rows(&Shop::juniper_oak().unwrap(), 42, NOW)));
    for (what, sql) in [
        ("orders without a rate", "select count(*) from fact_orders where gross is null"),
        ("refunds without a rate", "select count(*) from fact_refund_lines where goods is null"),
        ("ads without a rate", "select count(*) from fact_ad_days where spend is null"),
        ("units without a cost", "select sum(units_without_cost)::bigint from fact_orders"),
        ("orders without a customer", "select count(*) from fact_orders where customer_id is null"),
        ("variants without a price", "select count(*) from dim_variant where sku is not null and price is null"),
    ] {
        assert_eq!(count(&tenant, sql).await, 0, "{what}");
    }
}
