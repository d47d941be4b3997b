//! What people do with integrations and their customers' rights: pause, read again, take away with the data or without; erasure reaches
//! what is kept of answers; old things go.

use std::time::Duration;

use jiff::civil::date;
use pulsepoint::auth::{Author, Reach};
use pulsepoint::connectors::Source;
use pulsepoint::privacy::Asked;
use pulsepoint::sync::{Data, Settings, State, news};
use pulsepoint::tenants::{Steps, Tenant};
use pulsepoint::warehouse;

use crate::support::figures::assert_derived_tables_agree;
use crate::support::plain::{DAYS, LINES, ORDERS, Plain};
use crate::support::platform::Platform;
use crate::support::pulled::{Given, Pulled, json_of, me, one, told};

const HOUR: Duration = Duration::from_secs(3600);

fn given() -> Given {
    Given { connectors: vec![Plain::shop(&[ORDERS]), Plain::ads()], ..Given::default() }
}

/// Kept answers, unpacked.
fn kept(tenant: &Tenant) -> String {
    let read = tenant.db().read_blocking(|conn| {
        let mut raw = conn.prepare("select body from sync_raw order by id")?;
        let mut rows = raw.query([])?;
        let mut all = String::new();
        while let Some(row) = rows.next()? {
            let mut unpacked = flate2::read::GzDecoder::new(row.get_ref(0)?.as_blob().unwrap());
            std::io::Read::read_to_string(&mut unpacked, &mut all).unwrap();
        }
        Ok(all)
    });
    read.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn paused_it_rests_resumed_it_goes_on_where_it_was() {
    let platform = Platform::start().await.with_orders(15);
    let pulled = Pulled::start(given()).await;
    let (tenant, brand) = pulled.shop("juniper").await;
    let made = pulled.connect((&tenant, &brand), Source::Shopify, &platform).await;
    pulled.run().await;
    let mut heard = news(&tenant);
    let view = pulled.app.sync.pause(&tenant, &made.id, me()).await.unwrap();
    assert_eq!((view.state, view.next_at), (State::Paused, None));
    assert_eq!(heard.recv().await.unwrap().state, State::Paused);
    let asked = platform.world().asked.len();
    pulled.pass(5 * HOUR).await;
    assert_eq!(platform.world().asked.len(), asked);
    assert!(pulled.app.sync.sync_now(&tenant, &made.id, me()).await.is_err());
    assert_eq!(pulled.app.sync.resume(&tenant, &made.id, me()).await.unwrap().state, State::Healthy);
    pulled.run().await;
    assert_eq!(platform.world().asked.len(), asked + 1, "what is new, not everything");
    assert_eq!((told(&tenant, "integration.paused").len(), told(&tenant, "integration.resumed").len()), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn days_are_read_once_more_when_a_person_asks() {
    let platform = Platform::start().await;
    platform.world().spend = vec![(date(2026, 10, 1), 100), (date(2026, 11, 22), 100)];
    let pulled = Pulled::start(given()).await;
    let (tenant, brand) = pulled.shop("juniper").await;
    let made = pulled.connect((&tenant, &brand), Source::MetaAds, &platform).await;
    pulled.run().await;
    assert_eq!(
        one::<i64>(&tenant, "select count(*) from ad_days"),
        1,
        "the first day lies before what is read at first"
    );
    let through = pulled.view(&tenant, &made.id).await.data_through;
    pulled.app.sync.resync(&tenant, &made.id, (date(2026, 10, 1), date(2026, 10, 2)), me()).await.unwrap();
    pulled.run().await;
    assert_eq!(one::<i64>(&tenant, "select count(*) from ad_days"), 2);
    assert_eq!(platform.asked("/days?from=2026-10-01&to=2026-10-01"), 1);
    assert_eq!(pulled.view(&tenant, &made.id).await.data_through, through, "it says nothing of how far all is there");
    let backwards = pulled.app.sync.resync(&tenant, &made.id, (date(2026, 10, 2), date(2026, 10, 2)), me()).await;
    assert!(backwards.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn taken_away_with_its_data_only_its_own_goes() {
    let platform = Platform::start().await.with_orders(15);
    platform.world().spend = vec![(date(2026, 11, 20), 500)];
    let pulled = Pulled::start(given()).await;
    let (tenant, brand) = pulled.shop("juniper").await;
    let (other, others) = pulled.shop("northwind").await;
    let shop = pulled.connect((&tenant, &brand), Source::Shopify, &platform).await;
    let ads = pulled.connect((&tenant, &brand), Source::MetaAds, &platform).await;
    pulled.connect((&other, &others), Source::Shopify, &platform).await;
    pulled.run().await;
    let store = warehouse::of(&tenant);
    let touch = "insert into touches (brand_id, source, external_id, at_ms, order_id, rev)
                 select brand_id, 'shopify', id, placed_at * 1000, id, rev from orders";
    tenant.db().write(move |tx| Ok(tx.execute_batch(touch)?)).await.unwrap();
    store.rebuild(&tenant).await.unwrap();
    pulled.app.sync.remove(&tenant, &ads.id, Data::Keep, Reach::All, me().by).await.unwrap();
    assert_eq!(
        (one::<i64>(&tenant, "select count(*) from ad_days"), one::<i64>(&tenant, "select count(*) from integrations")),
        (1, 1)
    );

    pulled.app.sync.remove(&tenant, &shop.id, Data::Delete, Reach::All, me().by).await.unwrap();
    for table in [
        "orders",
        "order_lines",
        "customers",
        "stores",
        "integrations",
        "sync_raw",
        "sync_runs",
        "integration_streams",
        "variants",
        "products",
        "touches",
    ] {
        assert_eq!(one::<i64>(&tenant, &format!("select count(*) from {table}")), 0, "{table}");
    }
    assert_eq!(one::<i64>(&tenant, "select count(*) from ad_days"), 1, "another integration's rows stay");
    assert_eq!(one::<i64>(&other, "select count(*) from orders"), 15, "another tenant's rows stay");
    assert_derived_tables_agree(&tenant).await;
    assert_eq!(told(&tenant, "integration.deleted").len(), 2);
    let asked = platform.world().asked.len();
    pulled.pass(2 * HOUR).await;
    assert!(platform.world().asked.len() > asked, "the other tenant's goes on");
    assert!(pulled.app.sync.show(&tenant, &shop.id, Reach::All).await.is_err());
    assert!(pulled.app.sync.remove(&other, &ads.id, Data::Keep, Reach::All, me().by).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removal_that_breaks_off_goes_on_and_nobody_sees_what_is_left() {
    let platform = Platform::start().await.with_orders(1_000);
    platform.world().page = 500;
    let first = std::sync::Arc::new(tokio::sync::Notify::new());
    let told_first = first.clone();
    let steps = Steps::watched(move |step| {
        if step == "cleared" {
            told_first.notify_one();
        }
    });
    let pulled = Pulled::start(Given { steps, ..given() }).await;
    let (tenant, brand) = pulled.shop("juniper").await;
    let (other, others) = pulled.shop("northwind").await;
    let shop = pulled.connect((&tenant, &brand), Source::Shopify, &platform).await;
    pulled.connect((&other, &others), Source::Shopify, &platform).await;
    pulled.run().await;
    warehouse::of(&tenant).rebuild(&tenant).await.unwrap();
    let count = |table: &str| one::<i64>(&tenant, &format!("select count(*) from {table}"));
    tokio::select! {
        removed = pulled.app.sync.remove(&tenant, &shop.id, Data::Delete, Reach::All, me().by) => panic!("whole: {removed:?}"),
        () = first.notified() => {}
    }
    assert!(count("orders") > 0 && count("integrations") == 1, "it broke off");
    assert!(pulled.app.sync.list(&tenant, None, Reach::All).await.unwrap().is_empty(), "and is gone for people");
    assert!(pulled.app.sync.show(&tenant, &shop.id, Reach::All).await.is_err());
    let kept: String = one(&tenant, "select credentials from integrations");
    assert_eq!(kept, "", "what signs in went first");
    pulled.run().await;
    for table in ["orders", "order_lines", "customers", "integrations", "sync_raw", "integration_streams", "stores"] {
        assert_eq!(count(table), 0, "{table}");
    }
    assert_eq!(told(&tenant, "integration.deleted").len(), 1);
    assert_eq!(one::<i64>(&other, "select count(*) from orders"), 1_000);
    assert_derived_tables_agree(&tenant).await;
    let asked = platform.asked("/me");
    pulled.pass(HOUR).await;
    assert_eq!(platform.asked("/me"), asked, "nobody asks for it");
}

#[tokio::test(flavor = "multi_thread")]
async fn erasing_a_customer_reaches_kept_answers_staged_lines_and_rejects() {
    let platform = Platform::start().await.with_orders(80);
    platform.world().orders[7]["cents"] = "many".into();
    for number in 0..80 {
        let line = format!(r#"{{"id":"l{number:03}","email":"canary{}@shop.example"}}"#, number % 40);
        platform.world().lines.push(line);
    }
    platform.world().break_at = Some(79);
    let pulled = Pulled::start(Given { connectors: vec![Plain::shop(&[ORDERS, LINES])], ..Given::default() }).await;
    let (tenant, brand) = pulled.shop("juniper").await;
    let (other, others) = pulled.shop("northwind").await;
    pulled.connect((&tenant, &brand), Source::Shopify, &platform).await;
    pulled.connect((&other, &others), Source::Shopify, &platform).await;
    pulled.run().await;
    // What a broken download left is of the size of a batch, so it is written here as one would be.
    let staged = |tenant: &Tenant| one::<i64>(tenant, "select count(*) from sync_staged");
    let hash =
        pulsepoint::commerce::CustomerHash::new(&tenant.key().derive(pulsepoint::secrets::Purpose::CustomerIdentity));
    let hashed: String = hash.of_email("canary7@shop.example").iter().map(|byte| format!("{byte:02x}")).collect();
    let line = format!(r#"{{"id":"l007","email":"hashed:{hashed}"}}"#);
    let put = move |tx: &rusqlite::Transaction<'_>| {
        let stream: i64 =
            tx.query_row("select id from integration_streams where name = 'lines'", [], |row| row.get(0))?;
        for (key, body) in [("l007", line.as_str()), ("l008", r#"{"id":"l008"}"#)] {
            let body = lz4_flex::compress_prepend_size(body.as_bytes());
            tx.execute("insert into sync_staged values (?, ?, 1, ?)", rusqlite::params![stream, key, body])?;
        }
        Ok(())
    };
    tenant.db().write(put).await.unwrap();
    assert!(kept(&tenant).contains(&hashed) && kept(&tenant).contains("\"id\":\"000009\""));
    assert!(!kept(&tenant).contains("canary7@"), "no address was ever kept");
    assert_eq!(one::<i64>(&tenant, "select count(*) from sync_rejects"), 1);

    let asked = Asked::parse(Some("Canary7@shop.example"), None, None).unwrap();
    let receipt = pulled.app.privacy.erase(&tenant, asked, Reach::All, Author::without_request("test")).await.unwrap();
    assert_eq!((receipt.removed.orders, receipt.removed.sync_answers, receipt.removed.sync_rejects), (1, 3, 1));
    assert!(!kept(&tenant).contains(&hashed) && !kept(&tenant).contains("\"id\":\"000048\""));
    assert!(kept(&tenant).contains("\"id\":\"000009\""), "the rest of the answers stays");
    assert_eq!((staged(&tenant), one::<i64>(&tenant, "select count(*) from sync_rejects")), (1, 0));
    assert_eq!(one::<i64>(&other, "select count(*) from sync_rejects"), 1, "of another tenant nothing goes");
    let before = one::<i64>(&tenant, "select count(*) from orders");
    let replayed = pulled
        .app
        .sync
        .replay(&tenant, &one::<String>(&tenant, "select uid from integrations"), me().by)
        .await
        .unwrap();
    assert_eq!(
        (replayed.rows_landed, one::<i64>(&tenant, "select count(*) from orders")),
        (0, before),
        "nobody comes back"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_old_goes_and_what_is_kept_says_the_setting() {
    let platform = Platform::start().await.with_orders(15);
    let settings = Settings { raw_days: 1, runs_days: 3, every_minutes: 600, ..Settings::default() };
    let pulled = Pulled::start(Given { settings, ..given() }).await;
    let (tenant, brand) = pulled.shop("juniper").await;
    let made = pulled.connect((&tenant, &brand), Source::Shopify, &platform).await;
    pulled.run().await;
    assert_eq!(one::<i64>(&tenant, "select count(*) from sync_raw"), 2);
    pulled.hands.forward(25 * HOUR);
    pulled.app.sync.run_daily(|| false).await.unwrap();
    assert_eq!(
        (one::<i64>(&tenant, "select count(*) from sync_raw"), one::<i64>(&tenant, "select count(*) from sync_runs")),
        (0, 1)
    );
    pulled.hands.forward(72 * HOUR);
    pulled.app.sync.run_daily(|| false).await.unwrap();
    assert_eq!(one::<i64>(&tenant, "select count(*) from sync_runs"), 0);
    assert_eq!(told(&tenant, "retention.applied").len(), 2);
    assert_eq!(json_of(&pulled.view(&tenant, &made.id).await)["streams"][0]["rows"], 15);

    let none = Settings { raw_days: 0, ..Settings::default() };
    let pulled = Pulled::start(Given { settings: none, ..given() }).await;
    let (tenant, brand) = pulled.shop("juniper").await;
    pulled.connect((&tenant, &brand), Source::Shopify, &platform).await;
    pulled.run().await;
    assert_eq!(
        (one::<i64>(&tenant, "select count(*) from sync_raw"), one::<i64>(&tenant, "select count(*) from orders")),
        (0, 15)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn integrations_of_other_brands_and_tenants_are_not_there() {
    let platform = Platform::start().await.with_orders(5);
    let pulled = Pulled::start(Given { connectors: vec![Plain::shop(&[ORDERS, DAYS])], ..Given::default() }).await;
    let (tenant, brand) = pulled.shop("juniper").await;
    let (other, _) = pulled.shop("northwind").await;
    let made = pulled.connect((&tenant, &brand), Source::Shopify, &platform).await;
    for (tenant, reach) in [(&tenant, Reach::of(vec![brand.id + 1])), (&other, Reach::All)] {
        let who = pulsepoint::sync::manage::Who { reach: reach.clone(), by: Author::without_request("test") };
        assert!(pulled.app.sync.list(tenant, None, reach.clone()).await.unwrap().is_empty());
        assert!(pulled.app.sync.show(tenant, &made.id, reach.clone()).await.is_err());
        assert!(pulled.app.sync.pause(tenant, &made.id, who.clone()).await.is_err());
        assert!(pulled.app.sync.test(tenant, &made.id, who).await.is_err());
        assert!(pulled.app.sync.runs(tenant, &made.id, reach).await.is_err());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_for_a_customer_has_what_answers_that_are_kept_say_of_them() {
    let platform = Platform::start().await.with_orders(15);
    let pulled = Pulled::start(given()).await;
    let mut all = Vec::new();
    for slug in ["juniper", "northwind"] {
        let (tenant, brand) = pulled.shop(slug).await;
        all.push((tenant, brand));
    }
    pulled.connect((&all[0].0, &all[0].1), Source::Shopify, &platform).await;
    pulled.run().await;
    let asked = Asked::parse(Some("canary3@shop.example"), None, None).unwrap();
    let copy = async |tenant: &Tenant| {
        let by = Author::without_request("test");
        let copy = pulled.app.privacy.export(tenant, asked.clone(), Reach::All, by).await.unwrap();
        serde_json::to_value(&copy.brands[0]).unwrap()["kept_answers"].clone()
    };
    let kept = copy(&all[0].0).await;
    assert_eq!(kept.as_array().map(Vec::len), Some(1), "{kept}");
    let one = &kept[0];
    assert_eq!((&one["source"], &one["stream"]), (&"shopify".into(), &"orders".into()));
    assert_eq!(
        (&one["answer"]["id"], &one["answer"]["cents"]),
        (&"000004".into(), &1_003.into()),
        "one order, not the page"
    );
    assert!(!kept.to_string().contains("canary3@"), "as it is kept: {kept}");
    assert_eq!(copy(&all[1].0).await, serde_json::json!([]));
    pulled.app.privacy.erase(&all[0].0, asked.clone(), Reach::All, Author::without_request("test")).await.unwrap();
    assert_eq!(copy(&all[0].0).await, serde_json::json!([]), "erased");
}
