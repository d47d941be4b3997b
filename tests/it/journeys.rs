//! How people came, from landing to the warehouse: fed, rebuilt and worked out by hand here it is the same; orders, visitors and customers
//! find each other in whichever order they come; who is erased is gone from it.

use std::collections::BTreeMap;

use proptest::prelude::*;
use pulsepoint::brands::Brand;
use pulsepoint::channels::{self, Rule, Rules};
use pulsepoint::commerce::rows::{Batch, CustomerRef, Journey, Order, Touch};
use pulsepoint::commerce::visits::{self, Hit, Kind};
use pulsepoint::commerce::{self, Arrival};
use pulsepoint::tenants::Tenant;
use pulsepoint::warehouse;

use crate::metrics::order;
use crate::support::figures::dump;
use crate::support::shop::Dice;
use crate::support::stores::{now, start, two_brands};
use crate::support::touches::ledgers_agree;

const MINUTE: i64 = 60_000;

fn at(minutes: i64) -> i64 {
    now().as_millisecond() - 2 * 24 * 60 * MINUTE + minutes * MINUTE
}

/// An order of whom, so many minutes on.
fn placed(id: i64, minutes: i64, customer: Option<&str>) -> Order {
    let mut order = order(&id.to_string(), "2026-11-01T00:00:00Z", "x", "H1", 1, 50);
    order.placed_at = at(minutes) / 1_000;
    order.customer = customer.map(|name| CustomerRef::Email(format!("{name}@shop.example")));
    order
}

fn came(page: &str, before: Option<&str>) -> Arrival {
    Arrival::of(page, before)
}

fn hit(visitor: u8, minutes: i64, kind: Kind, page: &str, order: Option<&str>) -> Hit {
    let order = order.map(str::to_owned);
    Hit { visitor: [visitor; 16], at_ms: at(minutes), kind, device: Some("mobile"), arrival: came(page, None), order }
}

async fn land(tenant: &Tenant, brand: &Brand, batch: Batch) {
    commerce::land(tenant, brand, "shopify", batch, now()).await.unwrap();
}

async fn visit(tenant: &Tenant, brand: &Brand, hits: Vec<Hit>) {
    let (brand, now_ms) = (brand.id, now().as_millisecond());
    let seq = tenant.db().write(move |tx| visits::land(tx, brand, &hits, now_ms)).await.unwrap();
    tenant.announce(brand, seq.unwrap());
}

async fn all(tenant: &Tenant) -> BTreeMap<String, Vec<String>> {
    warehouse::of(tenant).caught_up(tenant).await.unwrap();
    dump(tenant).await
}

/// Person, channel and order of every touch in the warehouse, by time.
async fn touches(tenant: &Tenant) -> Vec<(i64, String, Option<i64>)> {
    warehouse::of(tenant).caught_up(tenant).await.unwrap();
    let read = |conn: &duckdb::Connection| {
        let mut all =
            conn.prepare("select person, channel, order_id from fact_touches order by at_ms, touch_id").unwrap();
        let rows = all.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap();
        Ok(rows.map(Result::unwrap).collect())
    };
    warehouse::of(tenant).query(read).await.unwrap()
}

fn one<T: rusqlite::types::FromSql>(tenant: &Tenant, sql: &str) -> T {
    tenant.db().read_blocking(|conn| Ok(conn.query_row(sql, [], |row| row.get(0))?)).unwrap()
}

/// Who stands behind each touch, worked out from the rows themselves.
fn persons_by_hand(tenant: &Tenant) -> Vec<(i64, i64)> {
    type Touch = (i64, i64, Option<i64>, Option<i64>);
    type Placed = (i64, Option<i64>, i64, bool);
    let read = |conn: &rusqlite::Connection| {
        let mut all = conn.prepare("select id, at_ms, order_id, visitor_id from touches order by id")?;
        let touches: Vec<Touch> = all
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?
            .collect::<rusqlite::Result<_>>()?;
        let mut all = conn.prepare("select id, customer_id, placed_at, test from orders")?;
        let orders: BTreeMap<i64, Placed> = all
            .query_map([], |row| Ok((row.get(0)?, (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))))?
            .collect::<rusqlite::Result<_>>()?;
        let mut all = conn.prepare("select visitor_id, order_id from visit_orders where order_id is not null")?;
        let tied: Vec<(i64, i64)> =
            all.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<rusqlite::Result<_>>()?;
        Ok((touches, orders, tied))
    };
    let (touches, orders, tied) = tenant.db().read_blocking(read).unwrap();
    let mut persons = Vec::new();
    for (id, at_ms, order, visitor) in &touches {
        if let Some(order) = order {
            let (number, customer, _, test) = orders[order];
            let told_twice = tied.iter().filter(|(_, tied)| tied == order).any(|(visitor, _)| {
                touches.iter().any(|(_, at, _, of)| *of == Some(*visitor) && (at - at_ms).abs() <= 30 * MINUTE)
            });
            if !test && !told_twice {
                persons.push((*id, customer.map_or(number * 4 + 2, |customer| customer * 4)));
            }
            continue;
        }
        let visitor = visitor.unwrap();
        let mut own: Vec<&Placed> =
            tied.iter().filter(|(of, _)| *of == visitor).map(|(_, order)| &orders[order]).collect();
        own.sort_by_key(|(number, _, placed, _)| (*placed, *number));
        let customer = own.iter().rev().find_map(|(_, customer, ..)| *customer);
        let guest = own.iter().find(|(_, whose, at, test)| whose.is_none() && !test && at * 1_000 + 999 >= *at_ms);
        persons.push((
            *id,
            match (customer, guest) {
                (Some(customer), _) => customer * 4,
                (None, Some((number, ..))) => number * 4 + 2,
                (None, None) => visitor * 4 + 1,
            },
        ));
    }
    persons
}

async fn persons_fed(tenant: &Tenant) -> Vec<(i64, i64)> {
    warehouse::of(tenant).caught_up(tenant).await.unwrap();
    let read = |conn: &duckdb::Connection| {
        let mut all = conn.prepare("select touch_id, person from fact_touches order by 1").unwrap();
        let rows = all.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        Ok(rows.map(Result::unwrap).collect())
    };
    warehouse::of(tenant).query(read).await.unwrap()
}

const PAGES: [&str; 5] = [
    "/",
    "/products/tote",
    "/?utm_source=klaviyo&utm_medium=email",
    "/?gclid=1&utm_campaign=Brand+Search",
    "/?fbclid=1",
];

fn random_hit(dice: &mut Dice) -> Hit {
    let kinds = [Kind::Page, Kind::Product, Kind::AddToCart, Kind::Checkout, Kind::Purchase];
    let kind = kinds[usize::try_from(dice.roll(5)).unwrap()];
    let order = (kind == Kind::Purchase).then(|| {
        let id = dice.roll(12);
        if dice.chance(2) { format!("id:{id}") } else { format!("name:#{id}") }
    });
    let page = dice.pick(&PAGES);
    hit(u8::try_from(dice.roll(5)).unwrap(), dice.roll(1_500), kind, page, order.as_deref())
}

fn random_batch(dice: &mut Dice) -> Batch {
    let mut batch = Batch::default();
    for _ in 0..=dice.roll(4) {
        let id = dice.roll(12);
        let name = format!("c{}", dice.roll(4));
        let mut order = placed(id, dice.roll(1_500), (!dice.chance(3)).then_some(name.as_str()));
        order.test = dice.chance(8);
        if dice.chance(2) {
            let touches = (0..dice.roll(4)).map(|n| Touch {
                id: n.to_string(),
                at_ms: at(dice.roll(1_500)),
                arrival: came(dice.pick(&PAGES), Some("https://blog.example/")),
            });
            let touches = touches.collect();
            batch.journeys.push(Journey { order: id.to_string(), touches });
        }
        batch.orders.push(order);
    }
    if dice.chance(6) {
        batch.deleted_orders.push(dice.roll(12).to_string());
    }
    batch
}

async fn run(seed: u64) {
    let data = tempfile::tempdir().unwrap();
    let tenants = start(data.path());
    let (tenant, other) = (tenants.create("one", "One").await.unwrap(), tenants.create("two", "Two").await.unwrap());
    let brands = two_brands(&tenant).await;
    two_brands(&other).await;
    let mut dice = Dice::new(seed);
    let empty = all(&other).await;
    all(&tenant).await;
    for step in 0..16 {
        let brand = &brands[usize::try_from(dice.roll(2)).unwrap()];
        if dice.chance(2) {
            let hits: Vec<Hit> = (0..=dice.roll(6)).map(|_| random_hit(&mut dice)).collect();
            visit(&tenant, brand, hits).await;
        } else {
            let batch = random_batch(&mut dice);
            land(&tenant, brand, batch).await;
        }
        assert_eq!(persons_fed(&tenant).await, persons_by_hand(&tenant), "seed {seed} step {step}");
        ledgers_agree(&tenant, &brands, &format!("seed {seed} step {step}")).await;
    }
    let orphans: i64 = one(
        &tenant,
        "select (select count(*) from touches where order_id not in (select id from orders)) \
         + (select count(*) from touches where visit_id not in (select id from visits)) \
         + (select count(*) from visits where visitor_id not in (select id from visitors)) \
         + (select count(*) from visits v where not exists (select 1 from touches t where t.visit_id = v.id)) \
         + (select count(*) from visit_orders where visit_id not in (select id from visits)) \
         + (select count(*) from visit_orders where order_id not in (select id from orders))",
    );
    assert_eq!(orphans, 0, "seed {seed}");
    let fed = all(&tenant).await;
    warehouse::of(&tenant).rebuild(&tenant).await.unwrap();
    let rebuilt = dump(&tenant).await;
    for (table, lines) in &rebuilt {
        assert_eq!(&fed[table], lines, "seed {seed}: {table} fed and rebuilt");
    }
    assert_eq!(all(&other).await, empty, "the other tenant has nothing");
    drop((tenant, other));
    tenants.close_all().await.unwrap();
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
async fn a_visitor_becomes_the_customer_of_what_it_ordered_whichever_comes_first() {
    let data = tempfile::tempdir().unwrap();
    let tenants = start(data.path());
    let tenant = tenants.create("one", "One").await.unwrap();
    let [brand, london] = two_brands(&tenant).await;
    // The page tells first, the shop later.
    visit(&tenant, &brand, vec![hit(1, 0, Kind::Page, "/?gclid=1", None)]).await;
    visit(&tenant, &brand, vec![hit(1, 20, Kind::Purchase, "/thanks", Some("name:#7"))]).await;
    // The shop tells first; the other brand has an order of the same number.
    land(&tenant, &brand, Batch { orders: vec![placed(8, 100, None)], ..Batch::default() }).await;
    land(&tenant, &london, Batch { orders: vec![placed(8, 100, Some("eve"))], ..Batch::default() }).await;
    visit(&tenant, &brand, vec![hit(2, 90, Kind::Page, "/", None), hit(2, 101, Kind::Purchase, "/t", Some("id:8"))])
        .await;
    let visitors: [i64; 2] =
        [one(&tenant, "select min(id) from visitors"), one(&tenant, "select max(id) from visitors")];
    let guest: i64 = one(&tenant, "select id from orders where external_id = '8' and brand_id = 1");
    assert_eq!(
        touches(&tenant).await,
        [(visitors[0] * 4 + 1, "google".to_owned(), None), (guest * 4 + 2, "direct".to_owned(), None)],
        "nobody known, and a guest's order"
    );
    land(&tenant, &brand, Batch { orders: vec![placed(7, 19, Some("ann"))], ..Batch::default() }).await;
    let ann: i64 = one(&tenant, "select customer_id from orders where external_id = '7'");
    assert_eq!(touches(&tenant).await[0].0, ann * 4);
    // Somebody else who says the same later has nothing of it, nor has who says so before it was placed.
    visit(&tenant, &brand, vec![hit(3, 30, Kind::Purchase, "/t", Some("name:#7"))]).await;
    visit(&tenant, &brand, vec![hit(4, 30, Kind::Purchase, "/t", Some("name:#9"))]).await;
    land(&tenant, &brand, Batch { orders: vec![placed(9, 300, Some("bob"))], ..Batch::default() }).await;
    let tied: i64 = one(&tenant, "select count(*) from visit_orders where order_id is not null");
    assert_eq!(tied, 2);
    // The shop corrects whose order it was.
    land(&tenant, &brand, Batch { orders: vec![placed(7, 19, Some("cat"))], ..Batch::default() }).await;
    let cat: i64 = one(&tenant, "select customer_id from orders where external_id = '7'");
    assert!(cat != ann && touches(&tenant).await[0].0 == cat * 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_journey_lands_once_and_a_later_word_takes_its_place() {
    let data = tempfile::tempdir().unwrap();
    let tenants = start(data.path());
    let tenant = tenants.create("one", "One").await.unwrap();
    let [brand, _] = two_brands(&tenant).await;
    let touch =
        |id: &str, minutes, page: &str| Touch { id: id.to_owned(), at_ms: at(minutes), arrival: came(page, None) };
    let batch = |touches: Vec<Touch>| Batch {
        orders: vec![placed(1, 60, None)],
        journeys: vec![Journey { order: "1".to_owned(), touches }],
        ..Batch::default()
    };
    land(&tenant, &brand, Batch { orders: vec![placed(1, 60, None)], ..Batch::default() }).await;
    let first = batch(vec![touch("a", 0, "/?fbclid=1"), touch("b", 50, "/?utm_medium=email")]);
    land(&tenant, &brand, first.clone()).await;
    let seq = tenant.data_version();
    let again = commerce::land(&tenant, &brand, "shopify", first, now()).await.unwrap();
    assert_eq!((again.seq, tenant.data_version()), (None, seq), "told again, nothing is new");
    let order: i64 = one(&tenant, "select id from orders");
    let person = order * 4 + 2;
    let row = |channel: &str| (person, channel.to_owned(), Some(order));
    assert_eq!(touches(&tenant).await, [row("meta"), row("email")]);
    // An order told without its journey keeps it; one that lies ahead counts as of now.
    land(&tenant, &brand, Batch { orders: vec![placed(1, 61, None)], ..Batch::default() }).await;
    assert_eq!(touches(&tenant).await.len(), 2);
    land(&tenant, &brand, batch(vec![touch("b", 900_000, "/?ttclid=1")])).await;
    assert_eq!(touches(&tenant).await, [row("tiktok")]);
    assert_eq!(one::<i64>(&tenant, "select at_ms from touches"), now().as_millisecond());
    // What the page told as well counts once, as the page told it.
    land(&tenant, &brand, batch(vec![touch("b", 40, "/?ttclid=1")])).await;
    let told = vec![hit(1, 35, Kind::Page, "/?gclid=1", None), hit(1, 61, Kind::Purchase, "/t", Some("id:1"))];
    visit(&tenant, &brand, told).await;
    assert_eq!(touches(&tenant).await, [(person, "google".to_owned(), None)]);
    land(&tenant, &brand, Batch { deleted_orders: vec!["1".to_owned()], ..Batch::default() }).await;
    let visitor: i64 = one(&tenant, "select id from visitors");
    assert_eq!(touches(&tenant).await, [(visitor * 4 + 1, "google".to_owned(), None)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_ten_thousand_touches_the_first_and_the_nearest_stay_and_no_touch_is_a_journey_too() {
    let data = tempfile::tempdir().unwrap();
    let tenants = start(data.path());
    let (tenant, other) = (tenants.create("one", "One").await.unwrap(), tenants.create("two", "Two").await.unwrap());
    let ([brand, _], [theirs, _]) = (two_brands(&tenant).await, two_brands(&other).await);
    let touch = |n: i64| Touch { id: n.to_string(), at_ms: at(0) + n * 1_000, arrival: came("/?fbclid=1", None) };
    let batch = |touches: Vec<Touch>| Batch {
        orders: vec![placed(1, 200, None)],
        journeys: vec![Journey { order: "1".to_owned(), touches }],
        ..Batch::default()
    };
    // Told in whatever order: the same hundred.
    let mut many: Vec<Touch> = (0..10_000).map(touch).collect();
    many.rotate_left(4_321);
    land(&other, &theirs, batch(vec![touch(7)])).await;
    land(&tenant, &brand, batch(many.clone())).await;
    let kept = "select count(*) || ' ' || min(at_ms) || ' ' || (select at_ms from touches order by at_ms limit 1 offset 1) || ' ' || \
                max(at_ms) from touches";
    let expected = format!("100 {} {} {}", at(0), at(0) + 9_901_000, at(0) + 9_999_000);
    assert_eq!(one::<String>(&tenant, kept), expected);
    many.reverse();
    let again = commerce::land(&tenant, &brand, "shopify", batch(many), now()).await.unwrap();
    assert_eq!(again.seq, None, "told again, nothing is new");
    assert_eq!(touches(&tenant).await.len(), 100);
    land(&tenant, &brand, batch(Vec::new())).await;
    assert_eq!(touches(&tenant).await, []);
    assert_eq!(one::<i64>(&tenant, "select count(*) from orders"), 1, "an order that nothing is known of");
    assert_eq!(touches(&other).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn other_rules_make_other_channels_of_the_same_touches_of_one_brand_alone() {
    let data = tempfile::tempdir().unwrap();
    let tenants = start(data.path());
    let tenant = tenants.create("one", "One").await.unwrap();
    let brands = two_brands(&tenant).await;
    let [brand, london] = &brands;
    visit(&tenant, brand, vec![hit(1, 0, Kind::Page, "/?utm_source=podcast", None)]).await;
    visit(&tenant, london, vec![hit(1, 5, Kind::Page, "/?utm_source=podcast", None)]).await;
    let channels_now =
        || async { touches(&tenant).await.into_iter().map(|(_, channel, _)| channel).collect::<Vec<_>>() };
    assert_eq!(channels_now().await, ["referral", "referral"]);
    ledgers_agree(&tenant, &brands, "by the usual rules").await;
    let rule = Rule { channel: "audio".to_owned(), source: vec!["pod*".to_owned()], ..Rule::default() };
    let own = Rules { otherwise: "referral".to_owned(), rules: vec![rule] };
    for (rules, expected) in [(Some(own), ["audio", "referral"]), (None, ["referral", "referral"])] {
        let seq = tenant.db().write(move |tx| channels::put(tx, 1, rules.as_ref(), now())).await.unwrap();
        tenant.announce(brand.id, seq);
        assert_eq!(channels_now().await, expected);
        ledgers_agree(&tenant, &brands, expected[0]).await;
    }
}
