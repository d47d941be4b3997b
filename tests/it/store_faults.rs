//! A store for backups that refuses, has too much to do, says nothing, cuts what it says or is gone: nobody waits, nothing is lost,
//! the events tell.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::http::Method;
use pulsepoint::backup::{Put, Target, Wanted};
use pulsepoint::error::Error;
use pulsepoint::events;
use pulsepoint::tenants::Tenant;

use crate::backup::{bulk, identity, made, rows, stocked, wanted};
use crate::shipping::{Box, LATEST, by, logged_at, over, rate, rates};
use crate::support::app::TestApp;
use crate::support::store::{Fault, Place, S3, SECRET};

const ANY: fn(&Method, &str) -> bool = |_, _| true;
const PUTS: fn(&Method, &str) -> bool = |method, _| method == Method::PUT;
const GETS: fn(&Method, &str) -> bool = |method, target| method == Method::GET && !target.contains("list-type");
const HEADS: fn(&Method, &str) -> bool = |method, _| method == Method::HEAD;
const PARTS: fn(&Method, &str) -> bool = |method, target| method == Method::PUT && target.contains("partNumber=2");

fn store(place: &mut Place) -> &mut S3 {
    place.store.as_mut().unwrap()
}

/// What the instance's events say of shipping: kinds, and reasons where there are any.
fn told(here: &Box) -> Vec<(String, String)> {
    let read = |conn: &rusqlite::Connection| events::read_from(conn, "test", 1000);
    let all = here.app.tenants.control().read_blocking(read).unwrap().into_iter();
    let of_shipping = all.filter(|event| event.kind.starts_with("backup.shipping_"));
    of_shipping.map(|event| (event.kind, event.data["reason"].as_str().unwrap_or_default().to_owned())).collect()
}

/// Two tenants whose logs are shipped, and then the store fails in some way until it is well again.
async fn fails_and_recovers(fail: impl FnOnce(&mut S3), heal: impl FnOnce(&mut S3), reason: &str) {
    let mut place = Place::store();
    let here = Box::at(&place).await;
    let (acme, other) = (
        here.app.tenants.create("acme", "Acme").await.unwrap(),
        here.app.tenants.create("other", "Other").await.unwrap(),
    );
    here.app.backups.ship_all().await.unwrap();
    fail(store(&mut place));
    let shipping = tokio::spawn({
        let app = here.app.clone();
        async move { app.backups.ship_all().await }
    });
    let mut longest = Duration::ZERO;
    for number in 0..60 {
        for (tenant, value) in [(&acme, number), (&other, 1000 + number)] {
            let begun = Instant::now();
            rate(tenant, number, value);
            longest = longest.max(begun.elapsed());
        }
        here.pass(10);
    }
    assert!(longest < Duration::from_secs(1), "a writer waited {longest:?} for a store that fails");
    // It may have been done before anything was written.
    let _ = shipping.await.unwrap();
    for _ in 0..2 {
        let failed = here.app.backups.ship_all().await.unwrap_err();
        assert!(matches!(failed, Error::Unavailable { code: "backup_store_unavailable", .. }), "{failed:?}");
        here.pass(40_000);
    }
    here.app.backups.ship_all().await.unwrap_err();
    let failing = told(&here);
    let (kind, why) = failing.first().expect("after half a minute the events tell");
    assert_eq!((kind.as_str(), why.contains(reason)), ("backup.shipping_failed", true), "{why}");
    assert!(!why.contains(SECRET) && !why.contains("127.0.0.1"), "{why}");
    heal(store(&mut place));
    here.app.backups.ship_all().await.unwrap();
    assert!(told(&here).iter().any(|(kind, _)| kind == "backup.shipping_resumed"), "{:?}", told(&here));
    here.pass(120_000);
    for (slug, tenant) in [("acme", &acme), ("other", &other)] {
        here.app.backups.check_log(Some(tenant.id())).await.unwrap().unwrap();
        assert_eq!(logs(&place, tenant), 1, "nothing was lost, so nothing began anew");
        let aside = Wanted { slug: Some(format!("{slug}-again")), ..over(slug) };
        let (done, _) = here.app.backups.restore_at(LATEST, here.identity(), aside, by()).await.unwrap();
        assert_eq!(rates(&here.app.tenants.by_slug(&done.slug).await.unwrap()), rates(tenant));
        assert_eq!(rates(tenant).len(), 60);
    }
}

fn logs(place: &Place, tenant: &Tenant) -> usize {
    std::fs::read_dir(place.disk.join(tenant.id().as_str()).join("log")).unwrap().count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_refuses_stops_nobody_and_is_told() {
    let refuse = |store: &mut S3| store.fail(u32::MAX, PUTS, Fault::Status(403, "AccessDenied"));
    fails_and_recovers(refuse, |store| store.heal(), "403 AccessDenied: the key may not do this").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_that_is_missing_stops_nobody_and_is_told() {
    let away = |store: &mut S3| store.move_bucket(false);
    let refuse = move |store: &mut S3| {
        away(store);
        store.fail(u32::MAX, ANY, Fault::Status(404, "NoSuchBucket"));
    };
    let back = |store: &mut S3| {
        store.heal();
        store.move_bucket(true);
    };
    fails_and_recovers(refuse, back, "404 NoSuchBucket: make the bucket").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_has_too_much_to_do_for_long_stops_nobody_and_is_told() {
    let busy = |store: &mut S3| store.fail(u32::MAX, ANY, Fault::Status(503, "SlowDown"));
    fails_and_recovers(busy, |store| store.heal(), "503 SlowDown").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_says_nothing_stops_nobody_and_is_told() {
    let silent = |store: &mut S3| store.fail(u32::MAX, ANY, Fault::Silence);
    fails_and_recovers(silent, |store| store.heal(), "did not answer in time").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_goes_away_and_comes_back_stops_nobody_and_is_told() {
    fails_and_recovers(S3::end, S3::begin, "cannot be reached").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rounds_do_not_gather_while_a_store_says_nothing() {
    let mut place = Place::store();
    let here = Box::with(&place.disk, |settings| {
        place.configure(settings);
        settings.s3.timeout_secs = 30;
    })
    .await;
    let mut tenants = Vec::new();
    for number in 0..8 {
        tenants.push(here.app.tenants.create(&format!("shop-{number}"), "Shop").await.unwrap());
    }
    here.app.backups.ship_all().await.unwrap();
    store(&mut place).fail(u32::MAX, ANY, Fault::Silence);
    let at_work = || tokio::runtime::Handle::current().metrics().num_alive_tasks();
    let before = at_work();
    for round in 0..5 {
        tenants.iter().for_each(|tenant| rate(tenant, round, round));
        here.app.backups.ship().await.unwrap();
    }
    // A task of each store, and those of requests.
    assert!(at_work() < before + 25, "{before} tasks became {}", at_work());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_is_busy_for_a_moment_is_asked_again_and_nobody_notices() {
    let mut place = Place::store();
    let (here, tenant, _) = logged_at(&place, 3).await;
    for fault in [Fault::Status(503, "SlowDown"), Fault::Status(500, "InternalError")] {
        store(&mut place).asked();
        store(&mut place).fail(2, PUTS, fault);
        rate(&tenant, 77, 77);
        here.app.backups.ship_all().await.unwrap();
        let puts = store(&mut place).asked().iter().filter(|asked| asked.starts_with("PUT ")).count();
        assert!(puts >= 3, "{puts} puts: two were refused");
    }
    assert!(told(&here).is_empty(), "{:?}", told(&here));
    here.app.backups.check_log(Some(tenant.id())).await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_arrived_though_nobody_was_told_is_recognised() {
    let mut place = Place::store();
    let (here, tenant, _) = logged_at(&place, 2).await;
    for number in 10..14 {
        store(&mut place).fail(1, PUTS, Fault::Lost);
        rate(&tenant, number, number);
        here.app.backups.ship_all().await.unwrap();
        // And when nobody may look whether it did.
        store(&mut place).fail(1, PUTS, Fault::Lost);
        store(&mut place).fail(1, HEADS, Fault::Status(403, "AccessDenied"));
        store(&mut place).fail(1, GETS, Fault::Status(403, "AccessDenied"));
        rate(&tenant, number + 10, number);
        here.app.backups.ship_all().await.unwrap_err();
        store(&mut place).heal();
        here.app.backups.ship_all().await.unwrap();
    }
    here.app.backups.check_log(Some(tenant.id())).await.unwrap().unwrap();
    assert_eq!(logs(&place, &tenant), 1, "it is the same entry, so the log goes on");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_that_comes_before_all_was_sent_is_understood() {
    let mut place = Place::store();
    let app = TestApp::backing_up_to(&place).await;
    let target = app.app.backups.target(None);
    let put = |name: &'static str, byte: u8| on(&target, move |target| target.put(name, &vec![byte; 7 << 20]).unwrap());
    // The first asks twice, to see whether the store heeds conditions, and the second answer is such a refusal.
    store(&mut place).fail(1, |method, target| method == Method::PUT && target.contains("first"), Fault::None);
    store(&mut place).fail(1, PUTS, Fault::Early(412, "PreconditionFailed"));
    assert_eq!(put("first", 1).await, Put::Done);
    assert_eq!(put("second", 1).await, Put::Done);
    store(&mut place).fail(1, PUTS, Fault::Early(412, "PreconditionFailed"));
    assert_eq!(put("second", 2).await, Put::Taken);
    for name in ["first", "second"] {
        let there = on(&target, move |target| target.get(name).unwrap().unwrap()).await;
        assert!(there.iter().all(|byte| *byte == 1), "{name} was replaced");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_cut_is_read_on_and_one_that_stays_cut_changes_nothing() {
    let mut place = Place::store();
    let (here, there) = (TestApp::backing_up_to(&place).await, TestApp::backing_up_to(&place).await);
    let shop = stocked(&here, "juniper-oak").await;
    let file = made(&here, &shop).await.archive.path;
    store(&mut place).fail(2, GETS, Fault::Half);
    there.app.backups.restore(file.clone(), identity(&here), wanted("juniper-oak"), by()).await.unwrap();
    let tenant = there.app.tenants.by_slug("juniper-oak").await.unwrap();
    assert_eq!(rows(&tenant), rows(&shop.tenant));
    store(&mut place).fail(u32::MAX, GETS, Fault::Half);
    let before = rows(&tenant);
    let overwrite = Wanted { overwrite: true, ..wanted("juniper-oak") };
    let refused = there.app.backups.restore(file, identity(&here), overwrite, by()).await.unwrap_err();
    assert!(matches!(refused, Error::Unavailable { .. }), "{refused:?}");
    assert_eq!(rows(&there.app.tenants.by_slug("juniper-oak").await.unwrap()), before);
    assert_eq!(std::fs::read_dir(there.folder().join("scratch")).unwrap().count(), 0, "half of it is left");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_archive_travels_in_parts_and_one_that_breaks_off_is_no_archive() {
    let mut place = Place::store();
    let (here, there) = (TestApp::backing_up_to(&place).await, TestApp::backing_up_to(&place).await);
    let (shop, other) = (stocked(&here, "juniper-oak").await, stocked(&here, "northwind-demo").await);
    bulk(&shop.tenant, 120_000);
    store(&mut place).fail(u32::MAX, PARTS, Fault::Status(403, "AccessDenied"));
    let broken = here.app.backups.make(&shop.tenant, None, by()).await.unwrap_err();
    assert!(broken.to_string().contains("403 AccessDenied"), "{broken}");
    assert_eq!(here.app.backups.list(shop.tenant.id(), None).await.unwrap(), Vec::new());
    assert!(here.app.backups.state(shop.tenant.id()).failure.is_some_and(|why| why.contains("403")));
    let asked = store(&mut place).asked();
    assert!(asked.iter().any(|asked| asked.starts_with("DELETE ") && asked.contains("uploadId=")), "{asked:?}");
    let parts = asked.iter().filter(|asked| asked.contains("partNumber=2")).count();
    assert_eq!(parts, 1, "what is refused is not asked for again: {asked:?}");
    store(&mut place).heal();
    let (done, of_other) = (made(&here, &shop).await, made(&here, &other).await);
    let asked = store(&mut place).asked();
    assert!(done.archive.bytes > 8 << 20, "{} bytes", done.archive.bytes);
    assert!(asked.iter().filter(|asked| asked.contains("partNumber=")).count() >= 2, "{asked:?}");
    assert_eq!(std::fs::metadata(place.disk.join(&done.archive.name)).unwrap().len(), done.archive.bytes);
    let sound = here.app.backups.verify(done.archive.path.clone(), identity(&here)).await.unwrap();
    assert_eq!(sound.outcome.map(drop), Ok(()));
    for (shop, archive) in [(&shop, done.archive), (&other, of_other.archive)] {
        let slug = shop.tenant.slug();
        there.app.backups.restore(archive.path, identity(&here), wanted(slug), by()).await.unwrap();
        assert_eq!(rows(&there.app.tenants.by_slug(slug).await.unwrap()), rows(&shop.tenant));
    }
    for app in [&here, &there] {
        assert_eq!(std::fs::read_dir(app.folder().join("scratch")).unwrap().count(), 0);
    }
}

/// Runs what blocks where it may.
async fn on<T: Send + 'static>(target: &Arc<dyn Target>, work: impl FnOnce(&dyn Target) -> T + Send + 'static) -> T {
    let target = target.clone();
    tokio::task::spawn_blocking(move || work(&*target)).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_lies_there_is_not_replaced_whether_the_store_heeds_conditions_or_not() {
    for kind in ["heeds", "heeds none", "knows none"] {
        let mut place = Place::store();
        let app = TestApp::backing_up_to(&place).await;
        match kind {
            "heeds" => {}
            "heeds none" => store(&mut place).be_careless(),
            _ => store(&mut place).fail(1, PUTS, Fault::Status(501, "NotImplemented")),
        }
        let target = app.app.backups.target(None);
        let put = |bytes: &'static [u8]| on(&target, move |target| target.put("a/thing", bytes).unwrap());
        assert_eq!((put(b"first").await, put(b"second").await), (Put::Done, Put::Taken), "{kind}");
        assert_eq!(on(&target, |target| target.get("a/thing").unwrap()).await.unwrap(), b"first", "{kind}");
        // Another one that comes there, and has not seen yet what the store does.
        let other = TestApp::backing_up_to(&place).await.app.backups.target(None);
        assert_eq!(on(&other, |target| target.put("a/thing", b"third").unwrap()).await, Put::Taken, "{kind}");
        assert_eq!(on(&other, |target| target.get("a/thing").unwrap()).await.unwrap(), b"first", "{kind}");
        let large = app.folder().join("large");
        std::fs::write(&large, vec![7; 9 << 20]).unwrap();
        let put = || {
            let large = large.clone();
            on(&target, move |target| target.put_file("a/large", &large).unwrap())
        };
        assert_eq!((put().await, put().await), (Put::Done, Put::Taken), "{kind}");
        if kind == "heeds" {
            // Who looks sees nothing there yet: another came between the look and the last word.
            store(&mut place).fail(u32::MAX, HEADS, Fault::Status(404, "NoSuchKey"));
            std::fs::write(&large, vec![8; 9 << 20]).unwrap();
            assert_eq!(put().await, Put::Taken, "the store itself keeps the name");
            store(&mut place).heal();
            assert_eq!(std::fs::read(place.disk.join("a/large")).unwrap(), vec![7; 9 << 20]);
        }
        on(&target, |target| target.remove("a/large").unwrap()).await;
        on(&target, |target| target.remove("a/large").unwrap()).await;
        assert_eq!(on(&target, |target| target.get("a/large").unwrap()).await, None, "{kind}");
        assert_eq!(on(&target, |target| target.folders("").unwrap()).await, ["a"], "{kind}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_of_many_pages_is_read_to_its_end() {
    let place = Place::store();
    let app = TestApp::backing_up_to(&place).await;
    let (shop, other) = (app.shop("juniper-oak").await, app.shop("northwind-demo").await);
    let folder = place.disk.join(shop.tenant.id().as_str());
    std::fs::create_dir_all(folder.join("log/x")).unwrap();
    for number in 0..2300 {
        let second = format!("{:02}{:02}{:02}", number / 3600, number / 60 % 60, number % 60);
        std::fs::write(folder.join(format!("20260101T{second}.000Z.backup.age")), b"x").unwrap();
    }
    std::fs::write(folder.join("log/x/20260101T000000.000Z.backup.age"), b"x").unwrap();
    let listed = app.app.backups.list(shop.tenant.id(), None).await.unwrap();
    assert_eq!(listed.len(), 2300, "what lies deeper is not the shelf's");
    assert!(listed.windows(2).all(|pair| pair[0].at > pair[1].at), "newest first");
    assert_eq!(app.app.backups.list(other.tenant.id(), None).await.unwrap(), Vec::new(), "another tenant's");
    let asked = place.store.as_ref().unwrap().asked();
    assert!(asked.iter().filter(|asked| asked.contains("list-type=2")).count() >= 3, "{asked:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_archive_that_was_changed_in_the_store_is_refused_whole() {
    let place = Place::store();
    let app = TestApp::backing_up_to(&place).await;
    let (shop, other) = (stocked(&app, "juniper-oak").await, stocked(&app, "northwind-demo").await);
    let (archive, of_other) = (made(&app, &shop).await.archive, made(&app, &other).await.archive);
    let disk = place.disk.join(&archive.name);
    let (whole, before) = (std::fs::read(&disk).unwrap(), rows(&shop.tenant));
    let mut bent = whole.clone();
    bent[whole.len() / 2] ^= 1;
    let foreign = std::fs::read(place.disk.join(&of_other.name)).unwrap();
    for (what, bytes) in
        [("bent", bent), ("cut", whole[..whole.len() / 3].to_vec()), ("empty", vec![]), ("foreign", foreign)]
    {
        std::fs::write(&disk, bytes).unwrap();
        let overwrite = Wanted { overwrite: true, ..wanted("juniper-oak") };
        let refused = app.app.backups.restore(archive.path.clone(), identity(&app), overwrite, by()).await;
        assert!(matches!(refused, Err(Error::Invalid { .. })), "{what}: {refused:?}");
        assert_eq!(rows(&shop.tenant), before, "{what}");
    }
    let elsewhere = app.app.backups.restore("s3://other/x".into(), identity(&app), wanted("x"), by()).await;
    assert!(matches!(elsewhere, Err(Error::Invalid { code: "not_in_store", .. })), "{elsewhere:?}");
    for name in ["s3://shop-backups/pulse/point/../../x", "s3://shop-backups/pulse/point/no/such.backup.age"] {
        assert!(app.app.backups.restore(name.into(), identity(&app), wanted("x"), by()).await.is_err(), "{name}");
    }
    assert_eq!(std::fs::read_dir(app.folder().join("scratch")).unwrap().count(), 0);
}
