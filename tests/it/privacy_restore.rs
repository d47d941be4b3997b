//! Who was erased does not come back with an archive: in place, beside, on another machine; nor by a crash between two files.

use std::path::PathBuf;

use pulsepoint::backup::{Wanted, restore_instance};
use pulsepoint::clock::Clock;
use pulsepoint::commerce::privacy::{Finder, NamedBy};
use pulsepoint::events;
use pulsepoint::privacy::ledger::{self, Entry};
use pulsepoint::secrets::MasterKey;
use pulsepoint::tenants::{Tenant, Tenants};
use pulsepoint::warehouse;
use serde_json::json;

use crate::backup::{by, identity, made, wanted};
use crate::imports;
use crate::privacy::{ADDRESS, ID, canary_in, dumped, erased, figures, planted, post};
use crate::support::app::{Shop, TestApp, now};
use crate::support::figures::{assert_derived_tables_agree, dump};

fn of(shop: &Shop, tenant: Tenant) -> Shop {
    Shop { tenant, people: shop.people.clone(), brand: shop.brand.clone() }
}

/// Nothing of the person in rows, figures and the log of events; the events still hold together.
async fn assert_nobody(app: &TestApp, shop: &Shop) {
    assert_eq!(canary_in(&dumped(&shop.tenant)), None);
    let linked = "select count(*) from orders where name is not null and external_id in ('#1001', '#1002')";
    assert_eq!(imports::number(&shop.tenant, linked).await, 0);
    warehouse::of(&shop.tenant).rebuild(&shop.tenant).await.unwrap();
    assert_eq!(canary_in(&format!("{:#?}", dump(&shop.tenant).await)), None);
    assert_derived_tables_agree(&shop.tenant).await;
    for asked in [json!({ "email": ADDRESS }), json!({ "customer_id": ID })] {
        let kept = post(app, shop, "export", asked).await.json();
        let of = &kept["brands"][0];
        assert_eq!([&of["orders"], &of["refunds"], &of["rejected_rows"], &of["files"]], [&json!([]); 4], "{kept}");
    }
    assert_eq!(app.app.tenants.verify_events(&shop.tenant).await.unwrap().fault, None);
}

#[tokio::test]
async fn an_older_archive_restored_in_place_or_beside_brings_nobody_back() {
    let app = TestApp::start().await;
    let (shop, other) = (planted(&app, "juniper-oak").await, planted(&app, "northwind-demo").await);
    let (before, others) = (figures(&app, &shop).await, dumped(&other.tenant));
    let older = made(&app, &shop).await.archive.path;
    erased(&app, &shop).await;
    let newer = made(&app, &shop).await.archive.path;
    for (round, file) in [("older", &older), ("newer", &newer), ("older again", &older)] {
        let overwrite = Wanted { overwrite: true, ..wanted("juniper-oak") };
        app.app.backups.restore(file.clone(), identity(&app), overwrite, by()).await.unwrap();
        let shop = of(&shop, app.app.tenants.by_slug("juniper-oak").await.unwrap());
        assert_nobody(&app, &shop).await;
        assert!(figures(&app, &shop).await == before, "{round}");
        let told = shop.tenant.db().read_blocking(|conn| events::read_from(conn, "test", 1_000)).unwrap();
        let again = told.iter().filter(|event| event.kind == "customer.erased_again").count();
        assert_eq!(again, usize::from(round != "newer"), "{round}: the newer archive knows by itself");
        // What the erased store said of them still recognises them, in a file that comes later.
        imports::imported(&app, &shop, ("orders.csv", crate::privacy::shopify_file().as_bytes()), &[]).await;
        let kept = post(&app, &shop, "export", json!({ "email": ADDRESS })).await.json();
        assert_eq!(kept["brands"][0]["orders"], json!([]), "{round}: {kept}");
    }
    // Beside it, under another name, and that one's own older archive.
    let beside = Wanted { slug: Some("rehearsal".to_owned()), ..wanted("juniper-oak") };
    app.app.backups.restore(older, identity(&app), beside, by()).await.unwrap();
    let rehearsal = of(&shop, app.app.tenants.by_slug("rehearsal").await.unwrap());
    assert_ne!(rehearsal.tenant.id(), shop.tenant.id());
    assert_nobody(&app, &rehearsal).await;
    let noted = ledger::of(&app.app.tenants, rehearsal.tenant.id()).await.unwrap();
    assert_eq!(noted.len(), 3, "an address and an id of two sources");
    assert!(dumped(&other.tenant) == others, "another tenant's customer was touched");
    assert!(ledger::of(&app.app.tenants, other.tenant.id()).await.unwrap().is_empty());
}

#[tokio::test]
async fn another_machine_needs_the_ledger_of_the_instance_or_of_a_newer_archive() {
    let here = TestApp::start().await;
    let shop = planted(&here, "juniper-oak").await;
    let older = made(&here, &shop).await.archive.path;
    erased(&here, &shop).await;
    let newer = made(&here, &shop).await.archive.path;
    let instance = here.app.backups.make_of_instance(None, by()).await.unwrap().archive.path;

    // The instance first, as after the loss of a machine.
    let data = tempfile::tempdir().unwrap();
    let (master, _) = MasterKey::load(data.path(), None, true).unwrap();
    restore_instance(data.path(), &master, &instance, &identity(&here), now()).unwrap();
    let tenants = Tenants::start(data.path(), master, Clock::fixed(now()), &Default::default()).unwrap();
    let backups = pulsepoint::backup::Backups::new(tenants.clone(), Clock::fixed(now()), Default::default()).unwrap();
    let done = backups.restore(older.clone(), identity(&here), wanted("juniper-oak"), by()).await.unwrap();
    let there = tenants.open(&done.id).await.unwrap();
    assert_eq!(canary_in(&dumped(&there)), None);
    drop(there);
    tenants.close_all().await.unwrap();

    // A machine that knows nothing of the instance: what it cannot know, the README says. A newer archive teaches it.
    let strange = TestApp::start().await;
    let restore = async |file: &PathBuf| {
        let overwrite = Wanted { overwrite: true, ..wanted("juniper-oak") };
        strange.app.backups.restore(file.clone(), identity(&here), overwrite, by()).await.unwrap();
        of(&shop, strange.app.tenants.by_slug("juniper-oak").await.unwrap())
    };
    let unknowing = restore(&older).await;
    assert!(canary_in(&dumped(&unknowing.tenant)).is_some());
    assert_nobody(&strange, &restore(&newer).await).await;
    assert_nobody(&strange, &restore(&older).await).await;
}

#[tokio::test]
async fn the_ledger_outside_says_nothing_of_whom_without_the_tenants_own_key() {
    let app = TestApp::start().await;
    let (shop, other) = (planted(&app, "juniper-oak").await, planted(&app, "northwind-demo").await);
    for shop in [&shop, &other] {
        erased(&app, shop).await;
    }
    let both = [&shop, &other].map(|shop| shop.tenant.id().clone());
    let mut hashes = Vec::new();
    for id in &both {
        let noted = ledger::of(&app.app.tenants, id).await.unwrap();
        assert_eq!(noted.iter().filter(|entry| entry.by == NamedBy::Email).count(), 1, "{noted:?}");
        hashes.extend(noted.into_iter().map(|entry| entry.key));
    }
    assert_eq!(hashes.len(), 6);
    assert!((0..6).all(|at| !hashes[..at].contains(&hashes[at])), "the same person in two tenants has one hash");
    let text = app.app.tenants.control().read_blocking(|conn| {
        let all = "select group_concat(tenant_id || brand || kind || quote(key)) from erased_customers";
        Ok(conn.query_row(all, [], |row| row.get::<_, String>(0))?)
    });
    assert_eq!(canary_in(&text.unwrap()), None);
    let log = app.app.tenants.control().read_blocking(|conn| events::read_from(conn, "test", 1_000)).unwrap();
    assert_eq!(canary_in(&format!("{log:?}")), None);
    // It goes on without the tenant: its archives do, too.
    app.app.tenants.delete(shop.tenant.id()).await.unwrap();
    assert_eq!(ledger::of(&app.app.tenants, &both[0]).await.unwrap().len(), 3);
}

#[tokio::test]
async fn a_crash_between_the_ledger_and_the_store_is_finished_by_the_daily_run() {
    let app = TestApp::start().await;
    let (shop, other) = (planted(&app, "juniper-oak").await, planted(&app, "northwind-demo").await);
    let before = figures(&app, &shop).await;
    let finder = Finder::new(&shop.tenant.key());
    let all = [(NamedBy::Email, ADDRESS), (NamedBy::CustomerId, ID)];
    let entries: Vec<Entry> = all
        .iter()
        .flat_map(|(by, text)| finder.keys(*by, text).into_iter().map(|key| (*by, key)))
        .map(|(by, key)| Entry { brand: shop.brand.uid.clone(), by, key, until_ms: now().as_millisecond() })
        .collect();
    ledger::note(&app.app.tenants, shop.tenant.id(), entries.clone()).await.unwrap();
    assert!(canary_in(&dumped(&shop.tenant)).is_some(), "so far");
    app.app.privacy.run_daily(now(), || false).await.unwrap();
    assert!(figures(&app, &shop).await == before, "a figure has changed");
    assert_nobody(&app, &shop).await;
    let commits = shop.tenant.db().commits();
    app.app.privacy.reconcile(&shop.tenant).await.unwrap();
    assert_eq!(shop.tenant.db().commits(), commits, "there is nothing more to do");
    assert!(canary_in(&dumped(&other.tenant)).is_some());
    // The other way round: a store that knows more than control.db, as one from another machine does.
    app.app.tenants.control().write(|tx| Ok(tx.execute("delete from erased_customers", [])?)).await.unwrap();
    app.app.privacy.run_daily(now(), || false).await.unwrap();
    let mut noted = ledger::of(&app.app.tenants, shop.tenant.id()).await.unwrap();
    noted.sort_by_key(|entry| format!("{entry:?}"));
    let mut wanted = entries;
    wanted.sort_by_key(|entry| format!("{entry:?}"));
    assert_eq!(noted, wanted);
}
