//! The warehouse says what SQLite says, however it came to know it.

use jiff::civil::date;
use proptest::prelude::*;
use pulsepoint::commerce::rates::{self, DatedRate};
use pulsepoint::commerce::{self, Lander, rows};
use pulsepoint::error::Error;
use pulsepoint::secrets::Purpose;
use pulsepoint::tenants::Tenant;
use pulsepoint::warehouse;

use crate::support::figures::{assert_derived_tables_agree, assert_same, by_hand, dump, from_facts};
use crate::support::shop::{self, Dice};
use crate::support::stores::{now, start, two_brands};

const HOMES: [&str; 2] = ["USD", "GBP"];
const CONNECTORS: [&str; 2] = ["shopify", "file"];

async fn land_rates(tenant: &Tenant, dice: &mut Dice) {
    let rows = (0..30).map(|_| {
        let (base, quote) = if dice.chance(2) { ("EUR", "USD") } else { ("EUR", "GBP") };
        let day = date(2026, 2, 18).saturating_add(jiff::Span::new().days(dice.roll(280)));
        let rate = format!("1.{:02}", dice.roll(100));
        DatedRate { day, base: shop::currency(base), quote: shop::currency(quote), rate }
    });
    let rows: Vec<_> = rows.collect();
    let landed = tenant.db().write(move |tx| rates::land(tx, &rows, "test", 0)).await.unwrap();
    if let Some(seq) = landed {
        tenant.announce(0, seq);
    }
}

/// Costs of both brands, some in a currency that not every day has a rate for.
async fn enter_costs(tenant: &Tenant) {
    let enter = |tx: &rusqlite::Transaction| {
        tx.execute_batch(
            "insert into costs (uid, brand_id, kind, name, applies_to, percent_ppm, amount_micros, currency, from_day, until_day,
             created_at_ms) values ('1', 1, 'shipping', 'a', null, 0, 4560000, 'USD', '2026-01-01', null, 0),
             ('2', 1, 'shipping', 'b', 'DE', 0, 9870000, 'EUR', '2026-03-01', '2026-09-01', 0),
             ('3', 1, 'payment_fee', 'c', null, 29000, 300000, 'USD', '2026-01-01', null, 0),
             ('4', 2, 'handling', 'd', null, 0, 1110000, 'EUR', '2026-01-01', null, 0)",
        )?;
        [1, 2]
            .into_iter()
            .map(|brand| commerce::read_anew(tx, brand, now(), &serde_json::json!({})))
            .collect::<Vec<_>>()
            .pop()
            .unwrap()
    };
    let seq = tenant.db().write(enter).await.unwrap();
    tenant.announce(1, seq);
}

async fn check(tenant: &Tenant, what: &str) {
    assert_same(&from_facts(tenant).await, &by_hand(tenant), what);
    assert_derived_tables_agree(tenant).await;
}

/// Random landings by two brands, with rollbacks between, followed by the warehouse after each.
async fn run(seed: u64) {
    let data = tempfile::tempdir().unwrap();
    let tenants = start(data.path());
    let tenant = tenants.create("one", "One").await.unwrap();
    let other = tenants.create("two", "Two").await.unwrap();
    two_brands(&other).await;
    let brands = two_brands(&tenant).await;
    let mut dice = Dice::new(seed);
    land_rates(&tenant, &mut dice).await;
    enter_costs(&tenant).await;
    check(&tenant, "an empty shop").await;
    for step in 0..14 {
        let at = usize::try_from(dice.roll(2)).unwrap();
        let connector = CONNECTORS[usize::try_from(dice.roll(2)).unwrap()];
        let batch = shop::batch(&mut dice, HOMES[at]);
        if dice.chance(4) {
            lose(&tenant, &brands[at], connector, shop::batch(&mut dice, HOMES[at])).await;
        }
        commerce::land(&tenant, &brands[at], connector, batch.clone(), now()).await.unwrap();
        let version = tenant.data_version();
        let again = commerce::land(&tenant, &brands[at], connector, batch, now()).await.unwrap();
        assert_eq!((again.seq, again.rows_landed), (None, 0), "seed {seed} step {step}");
        assert_eq!(tenant.data_version(), version);
        if dice.chance(6) {
            land_rates(&tenant, &mut dice).await;
        }
        check(&tenant, &format!("seed {seed} step {step}")).await;
    }
    let fed = dump(&tenant).await;
    warehouse::of(&tenant).rebuild(&tenant).await.unwrap();
    let rebuilt = dump(&tenant).await;
    for (table, lines) in &rebuilt {
        assert_eq!(&fed[table], lines, "seed {seed}: {table} fed and rebuilt");
    }
    check(&tenant, "rebuilt").await;
    assert!(from_facts(&other).await.iter().all(std::collections::BTreeMap::is_empty), "the other tenant has nothing");
    drop((tenant, other));
    tenants.close_all().await.unwrap();
}

/// Lands a batch in a transaction that fails at its end, twice with one lander, as an import does that meets a full disk.
async fn lose(tenant: &Tenant, brand: &pulsepoint::brands::Brand, connector: &str, batch: rows::Batch) {
    let mut lander = Lander::new(&tenant.key().derive(Purpose::CustomerIdentity), brand, connector, now());
    let lost = tenant.db().write(move |tx| {
        lander.land(tx, &batch)?;
        lander.land(tx, &batch)?;
        Err::<(), _>(Error::NotFound)
    });
    lost.await.unwrap_err();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6, max_shrink_iters: 0, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn fed_rebuilt_and_by_hand_agree(seed in any::<u64>()) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(run(seed));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_warehouse_that_cannot_follow_is_filled_anew() {
    let data = tempfile::tempdir().unwrap();
    let tenants = start(data.path());
    let tenant = tenants.create("one", "One").await.unwrap();
    let [brand, _] = two_brands(&tenant).await;
    let mut dice = Dice::new(3);
    let orders = |dice: &mut Dice| (0..6).map(|_| shop::order(dice, "USD")).collect();
    let batch = rows::Batch { orders: orders(&mut dice), ..rows::Batch::default() };
    commerce::land(&tenant, &brand, "shopify", batch, now()).await.unwrap();
    check(&tenant, "at first").await;
    let duck = warehouse::of(&tenant);
    let broken = duck.query(|conn| Ok(conn.execute_batch("drop table daily_products").is_ok()));
    assert!(broken.await.unwrap());
    let batch = rows::Batch { orders: orders(&mut dice), ..rows::Batch::default() };
    commerce::land(&tenant, &brand, "shopify", batch, now()).await.unwrap();
    check(&tenant, "after it broke").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_landing_reaches_the_warehouse_by_itself() {
    let data = tempfile::tempdir().unwrap();
    let tenants = start(data.path());
    let tenant = tenants.create("one", "One").await.unwrap();
    let [brand, _] = two_brands(&tenant).await;
    let duck = warehouse::of(&tenant);
    duck.caught_up(&tenant).await.unwrap();
    let mut order = shop::order(&mut Dice::new(1), "USD");
    order.test = false;
    let batch = rows::Batch { orders: vec![order], ..rows::Batch::default() };
    commerce::land(&tenant, &brand, "shopify", batch, now()).await.unwrap();
    let count = || {
        duck.query(|conn| {
            Ok(conn.query_row("select count(*) from fact_orders", [], |row| row.get::<_, i64>(0)).unwrap())
        })
    };
    let arrives = async {
        while count().await.unwrap() == 0 {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(120), arrives)
        .await
        .expect("nobody asked for it to be caught up");
}
