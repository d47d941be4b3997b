//! Keys made anew: the old one opens nothing any more, the new one everything, and what was known by a keyed hash is known still.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::http::{Method, StatusCode};
use jiff::SignedDuration;
use pulsepoint::auth::{Claims, Role, Signer, reseal_second_factors};
use pulsepoint::backup::{self, Identity, Wanted};
use pulsepoint::clock::Clock;
use pulsepoint::db::Db;
use pulsepoint::error::Error;
use pulsepoint::events;
use pulsepoint::rotation;
use pulsepoint::secrets::{MasterKey, Purpose};
use pulsepoint::tenants::{Steps, Tenant, Tenants};
use serde_json::json;

use crate::backup::{by, identity, made, rows, stocked, wanted};
use crate::second_factor::enrolled;
use crate::support::app::{PASSWORD, Shop, TestApp, now};
use crate::{access, imports};

const ORDERS: &[u8] = include_bytes!("../fixtures/imports/shopify_orders.csv");

fn store(tenant: &Tenant) -> std::path::PathBuf {
    tenant.db().path().to_owned()
}

/// Events of a kind in the tenant's chain.
fn told(tenant: &Tenant, kind: &str) -> i64 {
    let count = "select count(*) from events where kind = ?1";
    tenant.db().read_blocking(|conn| Ok(conn.query_row(count, [kind], |row| row.get(0))?)).unwrap()
}

fn told_of_instance(tenants: &Tenants, kind: &str) -> i64 {
    let count = "select count(*) from events where kind = ?1";
    tenants.control().read_blocking(|conn| Ok(conn.query_row(count, [kind], |row| row.get(0))?)).unwrap()
}

async fn signed_in(app: &TestApp, email: &str, code: String) -> StatusCode {
    let body = json!({ "email": email, "password": PASSWORD, "totp": code });
    app.ask(Method::POST, "/api/auth/login", None, Some(body)).await.status
}

#[tokio::test]
async fn a_store_under_a_new_key_holds_the_same_and_the_old_key_opens_nothing() {
    let app = TestApp::start().await;
    let (shop, other) = (stocked(&app, "juniper-oak").await, stocked(&app, "northwind-demo").await);
    let (phone, codes) = enrolled(&app, &shop, Role::Analyst).await;
    let key = access::key(&app, &shop, &[pulsepoint::auth::Permission::View], &json!({})).await;
    let api_key = key["key"].as_str().unwrap().to_owned();
    let (old, before) = (shop.tenant.key(), rows(&shop.tenant));
    let (generation, undisturbed) = (shop.tenant.db().generation(), other.tenant.db().generation());
    let sealed: Vec<u8> = sealed(&shop);
    let version = shop.tenant.data_version();

    app.app.tenants.rekey(shop.tenant.id(), None, Steps::default()).await.unwrap();
    assert!(!Db::is_under(&store(&shop.tenant), &old.derive(Purpose::Store)), "the old key still fits");
    assert!(Db::is_under(&store(&shop.tenant), &shop.tenant.key().derive(Purpose::Store)));
    assert_eq!(sealed, self::sealed(&shop), "the secrets within keep their key");
    let second = shop.tenant.key();
    app.app.tenants.rekey(shop.tenant.id(), Some(reseal_second_factors), Steps::default()).await.unwrap();
    let third = shop.tenant.key();
    let user = &shop.person(Role::Analyst).id;
    let resealed = self::sealed(&shop);
    second.open(Purpose::SecondFactor, user, &resealed).unwrap_err();
    third.open(Purpose::SecondFactor, user, &resealed).unwrap();
    assert_eq!(*second.derive(Purpose::CustomerIdentity), *old.derive(Purpose::CustomerIdentity));

    // Equal to the row, save for what was sealed anew.
    let but_sealed =
        |tenant: &Tenant| rows(tenant).into_iter().filter(|t| t.name != "second_factors").collect::<Vec<_>>();
    let then: Vec<_> = before.into_iter().filter(|table| table.name != "second_factors").collect();
    assert_eq!(but_sealed(&shop.tenant), then);
    assert_ne!(shop.tenant.db().generation(), generation, "who follows the log is not told");
    assert_eq!(other.tenant.db().generation(), undisturbed);
    assert_eq!((told(&shop.tenant, "keys.rotated"), told(&other.tenant, "keys.rotated")), (2, 0));
    assert_eq!(told_of_instance(&app.app.tenants, "keys.rotated"), 2);
    assert_eq!(std::fs::read_dir(app.folder().join("tenants")).unwrap().count(), 2, "something is left beside them");

    // Everybody gets in as before, and who is known is known.
    let email = "analyst@juniper-oak.example";
    assert_eq!(signed_in(&app, email, phone.code(1)).await, StatusCode::OK);
    assert_eq!(signed_in(&app, email, codes[0].clone()).await, StatusCode::OK);
    assert_eq!(app.get("/api/brands", &api_key).await.status, StatusCode::OK);
    imports::imported(&app, &shop, ("orders.csv", ORDERS), &[]).await;
    assert_eq!(shop.tenant.data_version(), version, "the same customers are new ones");

    // And again from the disk.
    let id = shop.tenant.id().clone();
    let checked = app.app.tenants.verify_events(&shop.tenant).await.unwrap();
    assert_eq!(checked.fault, None);
    drop((shop, old, second, third));
    app.app.close().await.unwrap();
    let tenants = reopened(app.folder());
    let tenant = tenants.open(&id).await.unwrap();
    assert_eq!(told(&tenant, "keys.rotated"), 2);
    assert_eq!(tenants.verify_events(&tenant).await.unwrap().fault, None);
}

fn reopened(data: &Path) -> Tenants {
    let (master, _) = MasterKey::load(data, None, false).unwrap();
    Tenants::start(data, master, Clock::fixed(now()), &Default::default()).unwrap()
}

fn sealed(shop: &Shop) -> Vec<u8> {
    let user = shop.person(Role::Analyst).id.clone();
    let query = "select sealed from second_factors where user_id = ?1";
    shop.tenant.db().read_blocking(|conn| Ok(conn.query_row(query, [user], |row| row.get(0))?)).unwrap()
}

/// Whoever began to read before an exchange reads on to the end; what is written while a store is copied is in the copy.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_exchange_fails_neither_who_reads_nor_who_writes() {
    let app = TestApp::start().await;
    let shop = stocked(&app, "juniper-oak").await;
    let count = "select count(*) from notes";
    let db = shop.tenant.db().clone();
    db.write_blocking(|tx| Ok(tx.execute_batch("create table notes (n integer primary key) strict")?)).unwrap();
    let (begun, begins) = std::sync::mpsc::channel::<()>();
    let (end, ends) = std::sync::mpsc::channel::<()>();
    let reading = db.clone();
    let reader = std::thread::spawn(move || {
        reading.read_blocking(|conn| {
            let first: i64 = conn.query_row(count, [], |row| row.get(0))?;
            begun.send(()).unwrap();
            ends.recv().unwrap();
            Ok((first, conn.query_row(count, [], |row| row.get::<_, i64>(0))?))
        })
    });
    begins.recv().unwrap();
    // The first three copies are each overtaken by a write; during the fourth, writers wait.
    let (writing, written) = (db.clone(), std::sync::Arc::new(AtomicUsize::new(0)));
    let seen = written.clone();
    let steps = Steps::watched(move |step| {
        if step == "copied" && seen.fetch_add(1, Ordering::SeqCst) < 3 {
            writing.write_blocking(|tx| Ok(tx.execute("insert into notes default values", [])?)).unwrap();
        }
    });
    let old = shop.tenant.key();
    app.app.tenants.rekey(shop.tenant.id(), None, steps).await.unwrap();
    assert_eq!(written.load(Ordering::SeqCst), 4, "copies");
    end.send(()).unwrap();
    assert_eq!(reader.join().unwrap().unwrap(), (0, 0), "a reader saw another moment than its own");
    let now: i64 = db.read_blocking(|conn| Ok(conn.query_row(count, [], |row| row.get(0))?)).unwrap();
    assert_eq!(now, 3, "what was acknowledged is gone");
    db.write_blocking(|tx| Ok(tx.execute("insert into notes default values", [])?)).unwrap();
    assert!(!Db::is_under(&store(&shop.tenant), &old.derive(Purpose::Store)));
    let id = shop.tenant.id().clone();
    drop((shop, db));
    app.app.close().await.unwrap();
    let tenants = reopened(app.folder());
    let tenant = tenants.open(&id).await.unwrap();
    let now: i64 = tenant.db().read_blocking(|conn| Ok(conn.query_row(count, [], |row| row.get(0))?)).unwrap();
    assert_eq!(now, 4);
}

#[tokio::test]
async fn a_new_master_key_opens_everything_and_the_old_one_nothing() {
    let app = TestApp::start().await;
    let (shop, other) = (stocked(&app, "juniper-oak").await, stocked(&app, "northwind-demo").await);
    let old_file = std::fs::read_to_string(app.folder().join("master.key")).unwrap();
    let wrapped = || -> Vec<(String, Vec<u8>)> {
        let read = app.app.tenants.control().read_blocking(|conn| {
            let mut query = conn.prepare("select id, wrapped_key from tenants")?;
            Ok(query.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<rusqlite::Result<_>>()?)
        });
        read.unwrap()
    };
    let (before, token) = (wrapped(), app.token(&shop, Role::Owner));
    app.app.tenants.rotate_master(None, Steps::default()).await.unwrap();
    let new_file = std::fs::read_to_string(app.folder().join("master.key")).unwrap();
    assert_ne!(old_file, new_file);
    let mode = std::os::unix::fs::PermissionsExt::mode(
        &std::fs::metadata(app.folder().join("master.key")).unwrap().permissions(),
    );
    assert_eq!(mode & 0o777, 0o600);

    let scratch = tempfile::tempdir().unwrap();
    let (old, _) = MasterKey::load(scratch.path(), Some(old_file.clone().into()), false).unwrap();
    let (new, _) = MasterKey::load(scratch.path(), Some(new_file.into()), false).unwrap();
    let control = app.folder().join("control.db");
    assert!(!Db::is_under(&control, &old.derive("control.db")) && Db::is_under(&control, &new.derive("control.db")));
    for (id, key) in wrapped() {
        old.unwrap(&id, &key).unwrap_err();
        new.unwrap(&id, &key).unwrap();
    }
    assert_eq!((before.len(), wrapped().len()), (2, 2));

    // It goes on, with what is open and with what opens anew, and all that is written from now on is under the new key.
    assert_eq!(app.get("/api/brands", &token).await.status, StatusCode::OK);
    let third = app.shop("third").await;
    app.app.tenants.close_all().await.unwrap();
    assert_eq!(app.login("owner@northwind-demo.example", PASSWORD).await.status, StatusCode::OK);
    assert_eq!(told_of_instance(&app.app.tenants, "keys.rotated"), 1);
    let ids: BTreeSet<String> = [&shop, &other, &third].iter().map(|shop| shop.tenant.id().to_string()).collect();
    drop((shop, other, third));
    app.app.close().await.unwrap();
    let names: BTreeSet<_> = std::fs::read_dir(app.folder()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert!(
        !names.iter().any(|name| name.to_string_lossy().contains("new") || name.to_string_lossy().contains("rotated")),
        "{names:?}"
    );

    let (old, _) = MasterKey::load(scratch.path(), Some(old_file.into()), false).unwrap();
    let refused = Tenants::start(app.folder(), old, Clock::fixed(now()), &Default::default()).unwrap_err();
    assert!(format!("{refused:#}").contains("does not open"), "{refused:#}");
    let tenants = reopened(app.folder());
    for tenant in tenants.list().await.unwrap() {
        assert!(ids.contains(tenant.id.as_str()));
        let tenant = tenants.open(&tenant.id).await.unwrap();
        assert_eq!(tenants.verify_events(&tenant).await.unwrap().fault, None);
    }
}

#[tokio::test]
async fn a_token_of_the_key_before_is_good_for_eight_hours_and_no_longer() {
    let app = TestApp::start().await;
    let shop = app.shop("juniper-oak").await;
    let (auth, begun) = (&app.app.auth, app.app.clock.system_time());
    let stolen = app.app.tenants.jwt_keys();
    let token = app.token(&shop, Role::Owner);
    auth.rotate_signing().await.unwrap();
    let rotated = app.app.clock.system_time();
    let new = app.token(&shop, Role::Owner);
    let kid = |token: &str| jsonwebtoken::decode_header(token).unwrap().kid.unwrap();
    assert_ne!(kid(&token), kid(&new));
    assert_eq!(app.get("/api/brands", &token).await.status, StatusCode::OK);
    assert_eq!(app.get("/api/brands", &new).await.status, StatusCode::OK);

    // Whoever has the old key signs with it until it goes, also for later; asked before and after, so that none is remembered.
    let user = &shop.person(Role::Owner).id;
    let later = rotated + SignedDuration::from_hours(7);
    let forged = Claims::new(shop.tenant.id().as_str(), user, Role::Owner, 1, later);
    let forged = Signer::new(&stolen).unwrap().sign(&forged).unwrap();
    assert!(auth.signer().verify(&token, begun + SignedDuration::from_secs(8 * 3600 - 1)).is_some());
    assert!(auth.signer().verify(&forged, rotated + SignedDuration::from_secs(8 * 3600 - 60)).is_some());
    let over = rotated + SignedDuration::from_secs(8 * 3600 + 1);
    assert!(auth.signer().verify(&forged, over).is_none(), "the old key verifies beyond its time");
    assert!(auth.signer().verify(&token, over).is_none());

    // It leaves the disk as well, and no rotation forgets the new one.
    assert_eq!(app.app.tenants.jwt_keys().len(), 2);
    assert!(app.app.tenants.forget_old_signing(over).await.unwrap());
    assert!(!app.app.tenants.forget_old_signing(over).await.unwrap());
    assert_eq!(app.app.tenants.jwt_keys().len(), 1);
    assert_eq!(app.app.tenants.jwt_keys()[0].kid(), kid(&new));
    assert_eq!(told_of_instance(&app.app.tenants, "keys.rotated"), 1);
    auth.forget_old_signing().await.unwrap();
    assert_eq!(app.get("/api/brands", &new).await.status, StatusCode::OK);
    let id = kid(&new);
    app.app.close().await.unwrap();
    assert_eq!(reopened(app.folder()).jwt_keys()[0].kid(), id);
}

#[tokio::test]
async fn a_new_backup_key_leaves_old_archives_to_the_old_one() {
    let app = TestApp::start().await;
    let shop = stocked(&app, "juniper-oak").await;
    let (first, old) = (made(&app, &shop).await, identity(&app));
    app.app.tenants.rekey(shop.tenant.id(), Some(reseal_second_factors), Steps::default()).await.unwrap();
    let done = app.app.backups.rotate_key(Steps::default()).await.unwrap();
    let kept = Identity::read(done.kept.as_ref().unwrap()).unwrap();
    assert_eq!(kept.recipient().to_string(), old.recipient().to_string());
    let second = made(&app, &shop).await;
    assert_eq!(second.seal.recipient.to_string(), done.recipient.to_string());
    assert_ne!(done.recipient.to_string(), old.recipient().to_string());
    let (new, there) = (identity(&app), TestApp::start().await);
    for (archive, right, wrong, slug) in [(first, &old, &new, "before"), (second, &new, &old, "after")] {
        let file = archive.archive.path;
        let as_slug = || Wanted { slug: Some(slug.to_owned()), ..wanted("juniper-oak") };
        let refused = there.app.backups.restore(file.clone(), wrong.clone(), as_slug(), by()).await;
        assert!(matches!(refused, Err(Error::Invalid { code: "wrong_identity", .. })), "{refused:?}");
        there.app.backups.restore(file, right.clone(), as_slug(), by()).await.unwrap();
        assert_eq!(rows(&there.app.tenants.by_slug(slug).await.unwrap()), rows(&shop.tenant));
    }
    // The archive brings the parts of its tenant's key along.
    let restored = there.app.tenants.by_slug("after").await.unwrap();
    assert_eq!(*restored.key().derive(Purpose::Tokens), *shop.tenant.key().derive(Purpose::Tokens));
    assert_eq!(*restored.key().derive(Purpose::CustomerIdentity), *shop.tenant.key().derive(Purpose::CustomerIdentity));

    let recipient = done.recipient.to_string().try_into().unwrap();
    let settings = backup::Settings { recipient, ..Default::default() };
    let configured = backup::Backups::new(app.app.tenants.clone(), app.app.clock.clone(), settings).unwrap();
    let refused = configured.rotate_key(Steps::default()).await;
    assert!(matches!(refused, Err(Error::Conflict { code: "recipient_configured", .. })), "{refused:?}");
}

#[tokio::test]
async fn a_key_older_than_ninety_days_is_told_of_once() {
    let app = TestApp::start().await;
    let shop = stocked(&app, "juniper-oak").await;
    made(&app, &shop).await;
    let (tenants, backups, begun) = (&app.app.tenants, &app.app.backups, app.app.clock.system_time());
    let old = |keys: Vec<rotation::Key>| keys.iter().filter(|key| key.old).map(rotation::Key::name).collect::<Vec<_>>();
    let at = |days: i64, hours: i64| begun + SignedDuration::from_hours(24 * days + hours);
    let names = ["master", "signing", "backup", "database of juniper-oak", "tokens of juniper-oak"];
    let all = rotation::keys(tenants, backups, at(0, 1)).await.unwrap();
    assert_eq!(all.iter().map(rotation::Key::name).collect::<Vec<_>>(), names);
    assert!(all.iter().all(|key| key.age_days == Some(0) && !key.old), "{all:?}");
    assert!(rotation::remind(tenants, backups, at(90, -1)).await.unwrap().is_empty());
    assert_eq!(told_of_instance(tenants, "keys.old"), 0);
    for _ in 0..2 {
        assert_eq!(old(rotation::remind(tenants, backups, at(90, 1)).await.unwrap()), names);
        assert_eq!(told_of_instance(tenants, "keys.old"), 5, "each is told once");
    }
    // As if the key were of long ago: making it anew ends it, and the new one grows old in its turn.
    age(
        tenants,
        "update tenants set created_at_ms = 0; update signing_keys set created_at_ms = 0; update instance set master_key_at_ms = 0",
    );
    assert_eq!(old(rotation::keys(tenants, backups, at(0, 1)).await.unwrap()).len(), 4);
    tenants.rekey(shop.tenant.id(), None, Steps::default()).await.unwrap();
    app.app.auth.rotate_signing().await.unwrap();
    assert_eq!(old(rotation::keys(tenants, backups, at(0, 1)).await.unwrap()), ["master", "tokens of juniper-oak"]);
    tenants.rekey(shop.tenant.id(), Some(reseal_second_factors), Steps::default()).await.unwrap();
    tenants.rotate_master(None, Steps::default()).await.unwrap();
    assert_eq!(old(rotation::keys(tenants, backups, at(0, 1)).await.unwrap()), [""; 0]);
    backups.rotate_key(Steps::default()).await.unwrap();
    let anew = rotation::keys(tenants, backups, app.app.clock.system_time()).await.unwrap();
    assert!(anew.iter().all(|key| key.made_at.unwrap().as_millisecond() >= begun.as_millisecond()), "{anew:?}");
    assert_eq!(rotation::remind(tenants, backups, at(91, 0)).await.unwrap().len(), 5);
    assert_eq!(told_of_instance(tenants, "keys.old"), 10, "each new one is told of in its turn");
}

fn age(tenants: &Tenants, script: &str) {
    tenants.control().write_blocking(|tx| Ok(tx.execute_batch(script)?)).unwrap();
}

/// With the key goes the data: nothing that is left of a tenant opens, not even a copy of its folder.
#[tokio::test]
async fn deleting_a_tenant_destroys_its_key_also_one_that_is_being_made() {
    let app = TestApp::start().await;
    let shop = stocked(&app, "juniper-oak").await;
    let (id, folder) = (shop.tenant.id().clone(), app.folder().join("tenants").join(shop.tenant.id().as_str()));
    let look = || {
        let read = app.app.tenants.control().read_blocking(|conn| {
            let mut query = conn.prepare("select wrapped_key from tenants where id = ?1")?;
            Ok(query.query_map([id.as_str()], |row| row.get(0))?.collect::<rusqlite::Result<Vec<Vec<u8>>>>()?)
        });
        read.unwrap()
    };
    app.app.tenants.rekey(&id, Some(reseal_second_factors), Steps::default()).await.unwrap();
    assert_eq!(look().len(), 1);
    // A note that a crash left of another rotation goes, too.
    age(&app.app.tenants, "insert into rekeyings select id, wrapped_key, 1, 1 from tenants");
    drop(shop);
    app.app.tenants.delete(&id).await.unwrap();
    assert!(!folder.exists() && look().is_empty());
    let left: i64 = app
        .app
        .tenants
        .control()
        .read_blocking(|conn| {
            Ok(conn.query_row(
                "select (select count(*) from rekeyings) + (select count(*) from tenants)",
                [],
                |row| row.get(0),
            )?)
        })
        .unwrap();
    assert_eq!(left, 0);
    let told = app.app.tenants.control().read(|conn| events::read_from(conn, "test", 100)).await.unwrap();
    assert!(told.iter().any(|event| event.kind == "tenant.deleted"));
}
