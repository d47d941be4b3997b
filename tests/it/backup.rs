//! Backups as an operator uses them: made while people write, restored elsewhere, in place and beside, equal to the row.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::{Duration, Instant};

use axum::http::{Method, StatusCode};
use pulsepoint::auth::{Author, Permission, Role};
use pulsepoint::backup::{self, Identity, Made, Wanted};
use pulsepoint::error::Error;
use pulsepoint::events;
use pulsepoint::tenants::Tenant;
use serde_json::{Value, json};

use crate::support::app::{PASSWORD, Shop, TestApp};
use crate::support::store::Place;
use crate::{access, imports};

const ORDERS: &[u8] = include_bytes!("../fixtures/imports/shopify_orders.csv");
const PRODUCTS: &[u8] = include_bytes!("../fixtures/imports/shopify_products.csv");

pub fn by() -> Author {
    Author::without_request("test")
}

/// A shop with orders.
pub async fn stocked(app: &TestApp, slug: &str) -> Shop {
    let shop = app.shop(slug).await;
    imports::imported(app, &shop, ("orders.csv", ORDERS), &[]).await;
    shop
}

pub async fn made(app: &TestApp, shop: &Shop) -> Made {
    app.app.backups.make(&shop.tenant, None, by()).await.unwrap()
}

/// The private half that the instance made.
pub fn identity(app: &TestApp) -> Identity {
    Identity::read(&app.folder().join(backup::IDENTITY_FILE)).unwrap()
}

pub fn wanted(tenant: &str) -> Wanted {
    Wanted { tenant: tenant.to_owned(), slug: None, overwrite: false }
}

/// Rows and hash of every table, but those that a restore itself writes to.
pub fn rows(tenant: &Tenant) -> Vec<backup::TableSum> {
    let own = ["change_log", "event_origin", "events", "file_identity", "refresh_tokens", "users"];
    let all = tenant.db().read_blocking(backup::sums).unwrap();
    all.into_iter().filter(|table| !own.contains(&table.name.as_str())).collect()
}

async fn dashboard(app: &TestApp, shop: &Shop, tenant: &Tenant) -> Value {
    let token = token_in(app, shop, tenant);
    let path = format!("/api/brands/{}/dashboard?from=2023-01-01&to=2026-11-22", shop.brand.slug);
    let answer = app.get(&path, &token).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    let mut board = answer.json();
    // The version is the store's own, not a figure.
    board["freshness"].take();
    board
}

/// A token of the shop's owner for a store that was restored.
fn token_in(app: &TestApp, shop: &Shop, tenant: &Tenant) -> String {
    let there = Shop { tenant: tenant.clone(), people: shop.people.clone(), brand: shop.brand.clone() };
    app.token(&there, Role::Owner)
}

#[tokio::test]
async fn another_machine_has_the_same_rows_and_the_same_figures() {
    another_machine_has_the_same(&Place::folder()).await;
}

#[tokio::test]
async fn another_machine_has_the_same_rows_and_figures_out_of_a_store() {
    another_machine_has_the_same(&Place::store()).await;
}

async fn another_machine_has_the_same(place: &Place) {
    let (here, there) = (TestApp::backing_up_to(place).await, TestApp::backing_up_to(place).await);
    let (shop, other) = (stocked(&here, "juniper-oak").await, stocked(&here, "northwind-demo").await);
    let resident = stocked(&there, "resident").await;
    imports::imported(&here, &other, ("products.csv", PRODUCTS), &[]).await;
    let undisturbed = rows(&resident.tenant);
    for shop in [&shop, &other] {
        let done = made(&here, shop).await;
        let slug = shop.tenant.slug();
        let restored = there.app.backups.restore(done.archive.path, identity(&here), wanted(slug), by()).await.unwrap();
        assert_eq!((&restored.id, restored.replaced), (shop.tenant.id(), false));
        assert!(restored.elsewhere.is_empty(), "{restored:?}");
        let tenant = there.app.tenants.by_slug(slug).await.unwrap();
        assert_eq!(rows(&tenant), rows(&shop.tenant));
        let sold = dashboard(&here, shop, &shop.tenant).await;
        assert!(sold["kpis"][0]["value"].as_str().is_some_and(|value| value != "0.00"), "{sold}");
        assert_eq!(dashboard(&there, shop, &tenant).await, sold);
        assert_eq!(there.app.tenants.verify_events(&tenant).await.unwrap().fault, None);
        assert_eq!(there.login(&shop.people[0].email, PASSWORD).await.status, StatusCode::OK);
    }
    assert_ne!(rows(&shop.tenant), rows(&other.tenant));
    assert_eq!(rows(&resident.tenant), undisturbed);
    let told = there.app.tenants.control().read(|conn| events::read_from(conn, "test", 100)).await.unwrap();
    assert_eq!(told.iter().filter(|event| event.kind == "tenant.restored").count(), 2);
}

#[tokio::test]
async fn in_place_brings_back_what_was_and_ends_every_session() {
    in_place_brings_back_what_was(&Place::folder()).await;
}

#[tokio::test]
async fn in_place_brings_back_what_was_in_a_store() {
    in_place_brings_back_what_was(&Place::store()).await;
}

async fn in_place_brings_back_what_was(place: &Place) {
    let app = TestApp::backing_up_to(place).await;
    let (shop, other) = (stocked(&app, "juniper-oak").await, stocked(&app, "northwind-demo").await);
    let (before, undisturbed) = (rows(&shop.tenant), rows(&other.tenant));
    let figures = dashboard(&app, &shop, &shop.tenant).await;
    let done = made(&app, &shop).await;
    imports::imported(&app, &shop, ("products.csv", PRODUCTS), &[]).await;
    assert_ne!(rows(&shop.tenant), before);
    let (old_token, version) = (app.token(&shop, Role::Owner), shop.tenant.data_version());
    let session = app.login(&shop.people[0].email, PASSWORD).await.cookie();

    let file = done.archive.path;
    let untold = app.app.backups.restore(file.clone(), identity(&app), wanted("juniper-oak"), by()).await;
    assert!(matches!(untold, Err(Error::Conflict { code: "tenant_exists", .. })), "{untold:?}");
    assert_ne!(rows(&shop.tenant), before, "a restore that was not told to overwrite changes nothing");

    let overwrite = Wanted { overwrite: true, ..wanted("juniper-oak") };
    let restored = app.app.backups.restore(file, identity(&app), overwrite, by()).await.unwrap();
    assert!(restored.replaced && restored.elsewhere.is_empty());
    assert!(shop.tenant.db().write_blocking(|_| Ok(())).is_err(), "who held the old store can do nothing with it");
    let tenant = app.app.tenants.by_slug("juniper-oak").await.unwrap();
    assert_eq!(tenant.id(), shop.tenant.id());
    assert_eq!(rows(&tenant), before);
    assert!(tenant.data_version() > version, "a page that was kept for a version of the old store is never shown");
    assert_eq!(app.get("/api/auth/me", &old_token).await.status, StatusCode::UNAUTHORIZED);
    let request = axum::http::Request::post("/api/auth/refresh").header("cookie", session);
    let refreshed = app.send(request.body(axum::body::Body::empty()).unwrap()).await;
    assert_eq!(refreshed.status, StatusCode::UNAUTHORIZED);
    assert_eq!(dashboard(&app, &shop, &tenant).await, figures);
    assert_eq!(app.app.tenants.verify_events(&tenant).await.unwrap().fault, None);
    assert_eq!(rows(&other.tenant), undisturbed);

    // Life goes on, also after the next start.
    let again = Shop { tenant: tenant.clone(), people: shop.people.clone(), brand: shop.brand.clone() };
    imports::imported(&app, &again, ("products.csv", PRODUCTS), &[]).await;
    assert_eq!(app.app.tenants.verify_events(&tenant).await.unwrap().fault, None);
    assert_eq!(made(&app, &again).await.manifest.tenant.unwrap().slug, "juniper-oak");
}

#[tokio::test]
async fn keys_and_links_from_before_do_not_come_back() {
    let app = TestApp::start().await;
    let (shop, other) = (app.shop("juniper-oak").await, app.shop("northwind-demo").await);
    let key_of = async |shop: &Shop| {
        let key = access::key(&app, shop, &[Permission::View], &json!({})).await;
        key["key"].as_str().unwrap().to_owned()
    };
    let (key, others) = (key_of(&shop).await, key_of(&other).await);
    let (_, link) = access::invitation(&app, &shop).await;
    let opened = async || app.ask(Method::POST, "/api/auth/links", None, Some(json!({ "token": link }))).await.status;
    assert_eq!(app.get("/api/brands", &key).await.status, StatusCode::OK);
    assert_eq!(opened().await, StatusCode::OK);

    let file = made(&app, &shop).await.archive.path;
    let overwrite = Wanted { overwrite: true, ..wanted("juniper-oak") };
    app.app.backups.restore(file, identity(&app), overwrite, by()).await.unwrap();
    assert_eq!(app.get("/api/brands", &key).await.status, StatusCode::UNAUTHORIZED);
    assert!(opened().await.is_client_error());
    assert_eq!(app.get("/api/brands", &others).await.status, StatusCode::OK, "another tenant's");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn people_who_ask_during_a_restore_are_answered_or_told_to_wait() {
    let app = Arc::new(TestApp::start().await);
    let shop = stocked(&app, "juniper-oak").await;
    let (done, token) = (made(&app, &shop).await, app.token(&shop, Role::Owner));
    let (stop, answered) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicI64::new(0)));
    let path = format!("/api/brands/{}/dashboard?from=2023-01-01&to=2026-11-22", shop.brand.slug);
    let asking: Vec<_> = (0..3)
        .map(|_| {
            let (app, token, path) = (app.clone(), token.clone(), path.clone());
            let (stop, answered) = (stop.clone(), answered.clone());
            tokio::spawn(async move {
                let mut answers = BTreeMap::new();
                while !stop.load(Ordering::Relaxed) {
                    let status = app.get(&path, &token).await.status.as_u16();
                    answered.fetch_add(i64::from(status == 200), Ordering::Relaxed);
                    *answers.entry(status).or_insert(0) += 1;
                    tokio::task::yield_now().await; // Refusals come without a wait, and others want the thread.
                }
                (answers, app.get(&path, &token).await.status)
            })
        })
        .collect();
    while answered.load(Ordering::Relaxed) < 10 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    for _ in 0..5 {
        let overwrite = Wanted { overwrite: true, ..wanted("juniper-oak") };
        app.app.backups.restore(done.archive.path.clone(), identity(&app), overwrite, by()).await.unwrap();
    }
    stop.store(true, Ordering::Relaxed);
    for asked in asking {
        let (answers, last) = asked.await.unwrap();
        assert!(answers.keys().all(|status| [200, 401, 503].contains(status)), "{answers:?}");
        assert_eq!(last, StatusCode::UNAUTHORIZED, "{answers:?}");
    }
    let tenant = app.app.tenants.by_slug("juniper-oak").await.unwrap();
    let told = done.manifest.tables.len() - 6;
    assert_eq!(rows(&tenant).len(), told, "all tables but those that a restore itself writes to");
    assert_eq!(app.app.tenants.verify_events(&tenant).await.unwrap().fault, None);
    assert_eq!(app.app.tenants.find("juniper-oak").await.unwrap().unwrap().set_aside, None);
}

#[tokio::test]
async fn a_copy_stands_beside_the_original_and_outlives_it() {
    let app = TestApp::start().await;
    let shop = stocked(&app, "juniper-oak").await;
    let done = made(&app, &shop).await;
    let aside = Wanted { slug: Some("rehearsal".to_owned()), ..wanted("juniper-oak") };
    let restored = app.app.backups.restore(done.archive.path, identity(&app), aside, by()).await.unwrap();
    assert_ne!(&restored.id, shop.tenant.id());
    assert_eq!(restored.elsewhere.len(), shop.people.len(), "their e-mails lead to the original");
    let copy = app.app.tenants.by_slug("rehearsal").await.unwrap();
    assert_eq!(rows(&copy), rows(&shop.tenant));
    for tenant in [&copy, &shop.tenant] {
        assert_eq!(app.app.tenants.verify_events(tenant).await.unwrap().fault, None);
    }
    let first = copy.db().read_blocking(|conn| events::read_from(conn, "test", 1000)).unwrap();
    assert_eq!(first.last().unwrap().kind, "tenant.restored");
    // A backup of the copy is the copy's: it comes back under its own id, its chain unbroken.
    let of_copy = app.app.backups.make(&copy, None, by()).await.unwrap();
    app.app.tenants.delete(shop.tenant.id()).await.unwrap();
    let overwrite = Wanted { overwrite: true, ..wanted("rehearsal") };
    app.app.backups.restore(of_copy.archive.path, identity(&app), overwrite, by()).await.unwrap();
    let copy = app.app.tenants.by_slug("rehearsal").await.unwrap();
    assert_eq!(app.app.tenants.verify_events(&copy).await.unwrap().fault, None);
    assert_eq!(copy.id(), &restored.id);
    assert_eq!(app.login(&shop.people[0].email, PASSWORD).await.status, StatusCode::OK, "now they lead to the copy");
}

#[tokio::test]
async fn a_store_that_is_beyond_repair_and_a_deleted_tenant_come_back() {
    let app = TestApp::start().await;
    let shop = stocked(&app, "juniper-oak").await;
    let (done, before) = (made(&app, &shop).await, rows(&shop.tenant));
    let store = shop.tenant.db().path().to_owned();
    std::fs::write(&store, b"").unwrap();
    shop.tenant.db().retire("as if it had shown");
    assert!(app.app.tenants.by_slug("juniper-oak").await.is_err());
    let overwrite = Wanted { overwrite: true, ..wanted("juniper-oak") };
    app.app.backups.restore(done.archive.path.clone(), identity(&app), overwrite, by()).await.unwrap();
    let tenant = app.app.tenants.by_slug("juniper-oak").await.unwrap();
    assert_eq!(rows(&tenant), before);
    assert_eq!(app.app.tenants.find("juniper-oak").await.unwrap().unwrap().set_aside, None);
    app.app.tenants.delete(tenant.id()).await.unwrap();
    app.app.backups.restore(done.archive.path, identity(&app), wanted("juniper-oak"), by()).await.unwrap();
    assert_eq!(rows(&app.app.tenants.by_slug("juniper-oak").await.unwrap()), before);
}

/// Rows of one transaction; a torn one would show.
const TOGETHER: i64 = 7;
/// Writes before the first backup, to compare with.
const ALONE: i64 = 200;

fn write_rates(tenant: &Tenant, number: i64) {
    let write = |tx: &rusqlite::Transaction<'_>| {
        for row in 0..TOGETHER {
            let day = format!("{number:08}-{row}");
            tx.execute(
                "insert into rates (day, base, quote, rate, source) values (?1, 'AAA', 'BBB', '1', 'x')",
                [day],
            )?;
        }
        Ok(())
    };
    tenant.db().write_blocking(write).unwrap();
}

/// Rates enough that a copy takes a while.
pub fn bulk(tenant: &Tenant, rows: i64) {
    let fill = "with recursive n(i) as (select 1 union all select i + 1 from n where i < ?1)
        insert into rates (day, base, quote, rate, source) select printf('%020d', i), 'CCC', 'DDD', hex(randomblob(40)), 'bulk' from n";
    tenant.db().write_blocking(|tx| Ok(tx.execute(fill, [rows])?)).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn writers_go_on_during_a_backup_and_no_transaction_is_torn() {
    let (app, there) = (TestApp::start().await, TestApp::start().await);
    let shop = app.shop("juniper-oak").await;
    bulk(&shop.tenant, 150_000);
    let (stop, tenant) = (Arc::new(AtomicBool::new(false)), shop.tenant.clone());
    let (stopped, so_far) = (stop.clone(), Arc::new(AtomicI64::new(0)));
    let written_so_far = so_far.clone();
    let writer = std::thread::spawn(move || {
        let (mut number, mut alone, mut beside) = (0, Duration::ZERO, Duration::ZERO);
        while !stopped.load(Ordering::Relaxed) {
            let begun = Instant::now();
            write_rates(&tenant, number);
            let longest = if number < ALONE { &mut alone } else { &mut beside };
            *longest = begun.elapsed().max(*longest);
            written_so_far.store(number, Ordering::Relaxed);
            number += 1;
            std::thread::sleep(Duration::from_millis(1));
        }
        (number, alone, beside)
    });
    while so_far.load(Ordering::Relaxed) < ALONE {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let mut archives = Vec::new();
    for _ in 0..3 {
        archives.push(made(&app, &shop).await);
    }
    stop.store(true, Ordering::Relaxed);
    let (written, alone, beside) = writer.join().unwrap();
    eprintln!(
        "the longest of {ALONE} writes took {alone:?} alone, of {} {beside:?} beside backups of {:?} ms",
        written - ALONE,
        archives.iter().map(|done| done.took_ms).collect::<Vec<_>>()
    );
    let mut seen = Vec::new();
    for done in archives {
        let overwrite = Wanted { overwrite: true, ..wanted("juniper-oak") };
        there.app.backups.restore(done.archive.path, identity(&app), overwrite, by()).await.unwrap();
        let tenant = there.app.tenants.by_slug("juniper-oak").await.unwrap();
        let counted = |conn: &rusqlite::Connection| {
            Ok(conn.query_row("select count(*) from rates where source = 'x'", [], |row| row.get::<_, i64>(0))?)
        };
        let rows = tenant.db().read_blocking(counted).unwrap();
        assert_eq!(rows % TOGETHER, 0, "a transaction is torn");
        assert!(rows <= written * TOGETHER);
        seen.push(rows);
    }
    assert!(seen.is_sorted() && seen[2] > seen[0], "the writer went on: {seen:?}");
}

#[tokio::test]
async fn a_stolen_archive_shows_nothing() {
    let app = TestApp::start().await;
    let shop = app.shop("canary-slug").await;
    let canaries = ["canary-slug", "canary-name", "owner@canary-slug.example", "canary-rate"];
    let write = |tx: &rusqlite::Transaction<'_>| {
        tx.execute("update brands set name = 'canary-name'", [])?;
        Ok(tx.execute(
            "insert into rates (day, base, quote, rate, source) values ('d', 'A', 'B', '1', 'canary-rate')",
            [],
        )?)
    };
    shop.tenant.db().write_blocking(write).unwrap();
    let done = made(&app, &shop).await;
    let of_instance = app.app.backups.make_of_instance(None, by()).await.unwrap();
    let mut places = vec![done.archive.path.clone(), of_instance.archive.path];
    walk(app.folder(), &mut places);
    assert!(places.len() > 6, "{places:?}");
    for place in &places {
        let bytes = std::fs::read(place).unwrap();
        for canary in canaries {
            assert!(!place.to_string_lossy().contains(canary), "{place:?}");
            assert!(!contains(&bytes, canary.as_bytes()), "{canary} is in {place:?}");
        }
    }
    let archive = std::fs::read(&done.archive.path).unwrap();
    assert!(!contains(&archive, b"SQLite format 3") && !contains(&archive, b"AGE-SECRET-KEY"));
    assert!(!contains(&archive, shop.tenant.id().as_str().as_bytes()));
    // The sealed store inside shows that the key travels within the seal alone.
    let store = std::fs::read(shop.tenant.db().path()).unwrap();
    assert!(!contains(&archive, &store[..16]));
    let strange = Identity::read(&made_elsewhere().await).unwrap();
    let refused = app.app.backups.verify(done.archive.path, strange).await.unwrap().outcome.unwrap_err();
    assert!(refused.contains("another recipient"), "{refused}");
}

async fn made_elsewhere() -> PathBuf {
    let other = TestApp::start().await;
    made(&other, &other.shop("other").await).await;
    let folder = tempfile::tempdir().unwrap().keep();
    std::fs::copy(other.folder().join(backup::IDENTITY_FILE), folder.join("identity")).unwrap();
    folder.join("identity")
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { walk(&path, files) } else { files.push(path) }
    }
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    memchr::memmem::find(bytes, part).is_some()
}
