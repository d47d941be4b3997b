//! The demo in an instance: made once, continued by a later start, replaced by another seed, removed for good.

use std::path::Path;

use jiff::Timestamp;
use pulsepoint::auth::{Author, list_people};
use pulsepoint::brands::{self, Brand};
use pulsepoint::clock::Clock;
use pulsepoint::commerce::demo::{Installed, PASSWORD, install, remove};
use pulsepoint::error::Error;
use pulsepoint::http::PerMinute;
use pulsepoint::secrets::MasterKey;
use pulsepoint::tenants::{Settings, Tenant, Tenants};
use rusqlite::types::Value;

use crate::demo::{NOW, instant};
use crate::support::app::TestApp;

const SPRING: &str = "2024-05-20T15:00:00Z";
const LATER: &str = "2024-06-03T22:10:00Z";

pub fn start(data: &Path) -> Tenants {
    let (master, _) = MasterKey::load(data, None, true).unwrap();
    Tenants::start(data, master, Clock::system(), &Settings::default()).unwrap()
}

/// The demo behind its routes, with no limit on requests.
pub async fn served() -> TestApp {
    let settings =
        pulsepoint::http::Settings { rate_limit_per_minute: PerMinute::Of(0), ban_failures: 0, ..Default::default() };
    let clock = Clock::fixed(instant(NOW));
    let app = TestApp::at(settings, clock.clone()).await;
    install(&app.app.tenants, 42, &clock).await.unwrap();
    app
}

async fn put(tenants: &Tenants, seed: u64, now: &str) -> Vec<Installed> {
    install(tenants, seed, &Clock::fixed(instant(now))).await.unwrap()
}

async fn brand(tenant: &Tenant, slug: &'static str) -> Brand {
    tenant.db().read(move |conn| brands::get(conn, &pulsepoint::auth::Reach::All, slug)).await.unwrap()
}

// What a tenant holds of commerce, by natural keys: equal contents are equal texts.
const CONTENTS: [&str; 8] = [
    "select o.external_id, o.name, s.name, hex(c.key), o.currency, o.placed_at, o.cancelled_at, o.test, o.financial_status,
        o.fulfillment_status, o.country, o.region, o.city, o.discount_codes, o.shipping_micros, o.tax_micros
        from orders o join stores s on s.id = o.store_id left join customers c on c.id = o.customer_id order by 1",
    "select o.external_id, l.line_no, v.key, l.quantity, l.fulfilled_quantity, l.price_micros, l.discount_micros, l.tax_micros
        from order_lines l join orders o on o.id = l.order_id join variants v on v.id = l.variant_id order by 1, 2",
    "select r.external_id, o.external_id, r.refunded_at, r.reason, r.shipping_micros, l.line_no, v.key, l.quantity, l.goods_micros
        from refunds r join refund_lines l on l.refund_id = r.id join orders o on o.id = r.order_id
        join variants v on v.id = l.variant_id order by 1, 6",
    "select v.key, w.name, s.day, s.on_hand, s.incoming from stock_levels s join variants v on v.id = s.variant_id
        join warehouses w on w.id = s.warehouse_id order by 1, 2, 3",
    "select a.key, a.campaign, a.adset, a.ad, d.day, d.spend_micros, d.impressions, d.clicks, d.conversions_micros,
        d.revenue_micros from ad_days d join ads a on a.id = d.ad_id order by 1, 5",
    "select v.key, c.from_day, c.cost_micros, c.currency from unit_costs c join variants v on v.id = c.variant_id order by 1, 2",
    "select p.key, p.title, p.category, p.vendor, p.collections, v.key, v.size, v.price_micros from products p
        join variants v on v.product_id = p.id order by 1, 6",
    "select base, quote, day, rate, source from rates order by 1, 2, 3",
];

async fn contents(tenant: &Tenant) -> Vec<Vec<String>> {
    tenant
        .db()
        .read(|conn| {
            let mut all = Vec::new();
            for sql in CONTENTS {
                let mut query = conn.prepare(sql)?;
                let columns = query.column_count();
                let text = |row: &rusqlite::Row| -> rusqlite::Result<String> {
                    let values: Result<Vec<Value>, _> = (0..columns).map(|i| row.get(i)).collect();
                    Ok(format!("{:?}", values?))
                };
                all.push(query.query_map([], text)?.collect::<Result<_, _>>()?);
            }
            Ok(all)
        })
        .await
        .unwrap()
}

// The same but for customers, whose keys follow from the tenant's own secret.
fn without_customers(contents: &[Vec<String>]) -> Vec<Vec<String>> {
    let strip = |row: &String| {
        let fields: Vec<&str> = row.split(", ").collect();
        [&fields[..3], &fields[4..]].concat().join(", ")
    };
    let mut all = contents.to_vec();
    all[0] = contents[0].iter().map(strip).collect();
    all
}

#[tokio::test]
async fn makes_two_tenants_with_their_brands_and_logins() {
    let data = tempfile::tempdir().unwrap();
    let tenants = start(data.path());
    let installed = put(&tenants, 1, SPRING).await;
    let named: Vec<_> = installed.iter().map(|i| (i.tenant.as_str(), i.brand.as_str(), i.removed)).collect();
    assert_eq!(named, [("juniper-oak", "juniper-oak", false), ("northwind-demo", "northwind", false)]);
    let juniper = tenants.by_slug("juniper-oak").await.unwrap();
    let shown = brand(&juniper, "juniper-oak").await;
    assert_eq!(
        (shown.name.as_str(), shown.currency.code(), shown.timezone_name.as_str()),
        ("Juniper & Oak", "USD", "America/New_York")
    );
    assert!(shown.demo && shown.week_start == 1);
    let northwind = tenants.by_slug("northwind-demo").await.unwrap();
    assert_eq!(brand(&northwind, "northwind").await.currency.code(), "GBP");
    for (tenant, logins) in [(&juniper, &installed[0].logins), (&northwind, &installed[1].logins)] {
        let mut people: Vec<String> = list_people(tenant).await.unwrap().into_iter().map(|p| p.user.email).collect();
        let mut logins = logins.clone();
        people.sort();
        logins.sort();
        assert_eq!(people, logins);
        for login in logins {
            assert_eq!(tenants.by_email(&login).await.unwrap().as_ref(), Some(tenant.id()));
        }
    }
    assert_eq!(installed[0].logins[0], "owner@juniper-oak.example");
    assert_eq!(installed[1].logins, ["owner@northwind-demo.example"]);
    let sql = "select password_hash from users where email = 'viewer@juniper-oak.example'";
    let hash: String = juniper.db().read(move |conn| Ok(conn.query_row(sql, [], |row| row.get(0))?)).await.unwrap();
    assert!(pulsepoint::secrets::verify_password(PASSWORD.into(), Some(hash)).await.unwrap());
}

#[tokio::test]
async fn a_second_start_changes_nothing_and_a_later_one_continues() {
    let (data, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let tenants = start(data.path());
    put(&tenants, 1, SPRING).await;
    let juniper = tenants.by_slug("juniper-oak").await.unwrap();
    let (version, first) = (juniper.data_version(), contents(&juniper).await);
    assert!(put(&tenants, 1, SPRING).await.iter().all(|i| i.rows_landed == 0));
    assert_eq!(juniper.data_version(), version);
    assert!(contents(&juniper).await == first);

    let rows: u64 = put(&tenants, 1, LATER).await.iter().map(|i| i.rows_landed).sum();
    let continued = contents(&juniper).await;
    assert!(rows > 500 && rows < first.iter().map(Vec::len).sum::<usize>() as u64, "{rows}");
    let fresh = start(other.path());
    put(&fresh, 1, LATER).await;
    let fresh = contents(&fresh.by_slug("juniper-oak").await.unwrap()).await;
    for (table, (left, right)) in without_customers(&continued).iter().zip(&without_customers(&fresh)).enumerate() {
        let odd = left.iter().zip(right).find(|(a, b)| a != b);
        assert!(
            left.len() == right.len() && odd.is_none(),
            "table {table}: {} and {}: {odd:?}",
            left.len(),
            right.len()
        );
    }
}

#[tokio::test]
async fn another_seed_or_an_earlier_now_replaces_it_and_an_unfinished_landing_is_finished() {
    let data = tempfile::tempdir().unwrap();
    let tenants = start(data.path());
    put(&tenants, 1, SPRING).await;
    let juniper = tenants.by_slug("juniper-oak").await.unwrap();
    let first = contents(&juniper).await;
    put(&tenants, 2, SPRING).await;
    assert!(contents(&juniper).await[0] != first[0]);
    put(&tenants, 2, LATER).await;
    put(&tenants, 1, SPRING).await;
    let (again, mut first) = (contents(&juniper).await, first);
    // Rates of later days may stay: they are the same whatever the seed.
    first[7].clone_from(&again[7]);
    assert!(again == first);

    let cut = "update brands set settings = json_set(settings, '$.demo.through', null)";
    let lose = "delete from stock_levels where day > '2024-05-01'";
    juniper
        .db()
        .write(move |tx| {
            tx.execute(cut, [])?;
            Ok(tx.execute(lose, [])?)
        })
        .await
        .unwrap();
    put(&tenants, 1, SPRING).await;
    assert!(contents(&juniper).await == first);
}

#[tokio::test]
async fn removing_it_wipes_its_rows_and_a_later_start_leaves_it_so() {
    let data = tempfile::tempdir().unwrap();
    let tenants = start(data.path());
    put(&tenants, 1, SPRING).await;
    let (juniper, northwind) =
        (tenants.by_slug("juniper-oak").await.unwrap(), tenants.by_slug("northwind-demo").await.unwrap());
    let (version, kept) = (juniper.data_version(), contents(&northwind).await);
    let by = || Author::without_request("cli");
    remove(&juniper, "juniper-oak", by(), Timestamp::UNIX_EPOCH).await.unwrap();
    assert!(contents(&juniper).await[..7].iter().all(Vec::is_empty));
    assert!(juniper.data_version() > version);
    assert!(contents(&northwind).await == kept);
    let again = remove(&juniper, "juniper-oak", by(), Timestamp::UNIX_EPOCH).await;
    assert!(matches!(again, Err(Error::Conflict { code: "not_a_demo_brand", .. })));
    assert!(matches!(remove(&juniper, "northwind", by(), Timestamp::UNIX_EPOCH).await, Err(Error::NotFound)));
    let later = put(&tenants, 1, LATER).await;
    assert!(later[0].removed && later[0].rows_landed == 0 && !later[1].removed);
    assert!(contents(&juniper).await[..7].iter().all(Vec::is_empty));
}
