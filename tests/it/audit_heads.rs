//! Chains that were cut or written anew by somebody who holds the keys of the stores, and signed heads that were taken away or
//! forged: all of it is found and named.

use std::path::{Path, PathBuf};

use axum::http::Method;
use jiff::{SignedDuration, Timestamp};
use pulsepoint::audit::Report;
use pulsepoint::auth::Role;
use pulsepoint::db::Db;
use pulsepoint::events::{self, Entry, Event, Fault, FaultKind};
use pulsepoint::tenants::Steps;
use serde_json::json;

use crate::backup::{identity, made, stocked, wanted};
use crate::support::app::{Shop, TestApp};
use crate::support::store::Place;

fn day(number: i64) -> Timestamp {
    "2026-11-01T08:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_hours(24 * number)
}

/// A head each day, with something happening in between.
async fn signed(app: &TestApp, shop: &Shop, days: i64) {
    for number in 0..days {
        told(shop.tenant.db(), &format!("day {number}")).await;
        told(app.app.tenants.control(), &format!("day {number}")).await;
        app.app.audit.run_daily(day(number), || false).await.unwrap();
        // Once a day, however often it is looked at.
        app.app.audit.run_daily(day(number), || false).await.unwrap();
    }
}

async fn told(db: &Db, note: &str) {
    let data = json!({ "note": note });
    let write = move |tx: &rusqlite::Transaction| {
        let entry = Entry { kind: "thing.noted", actor: "user:1", subject: None, request_id: None, ip: None, data };
        events::append(tx, Timestamp::UNIX_EPOCH, &entry)
    };
    db.write(write).await.unwrap();
}

async fn checked(app: &TestApp) -> Report {
    let all = app.app.tenants.list().await.unwrap();
    app.app.audit.verify(all, true).await.unwrap()
}

/// What is wrong with the chain of a name.
fn fault(report: &Report, name: &str) -> Option<Fault> {
    let chain = report.chains.iter().find(|chain| chain.name == name).unwrap();
    chain.verdict.as_ref().unwrap().fault.clone()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

fn own(app: &TestApp) -> PathBuf {
    app.folder().join("audit/heads")
}

fn copies(app: &TestApp) -> PathBuf {
    let mut found = files(&app.folder().join("backups"));
    found.retain(|path| path.file_name().unwrap().to_str().unwrap().starts_with("audit-heads-"));
    assert_eq!(found.len(), 1);
    found.remove(0)
}

/// Writes the whole chain anew, as it was but for one entry; every hash is right again.
fn rewrite(db: &Db, edited: i64) {
    let all: Vec<Event> = db.read_blocking(|conn| events::read_from(conn, "test", 100_000)).unwrap();
    let anew = |tx: &rusqlite::Transaction<'_>| {
        tx.execute("delete from events", [])?;
        for event in &all {
            let data = if event.seq == edited { json!({ "note": "nothing" }) } else { event.data.clone() };
            let entry = Entry {
                kind: &event.kind,
                actor: &event.actor,
                subject: event.subject.as_deref(),
                request_id: event.request_id.as_deref(),
                ip: event.ip.as_deref(),
                data,
            };
            events::append(tx, Timestamp::from_millisecond(event.at_ms).unwrap(), &entry)?;
        }
        Ok(())
    };
    db.write_blocking(anew).unwrap();
    assert_eq!(db.read_blocking(events::verify).unwrap().fault, None, "by itself the chain cannot know");
}

/// Has control remember what the store says now, as whoever holds its key too can.
fn remember(app: &TestApp, shop: &Shop) {
    let head = shop.tenant.db().read_blocking(events::head).unwrap();
    let write = |tx: &rusqlite::Transaction<'_>| {
        Ok(tx.execute("update tenants set event_seq = ?1, event_hash = ?2", (head.seq, head.hash))?)
    };
    app.app.tenants.control().write_blocking(write).unwrap();
}

#[tokio::test]
async fn what_is_as_it_was_is_unbroken_and_the_log_says_since_when() {
    let app = TestApp::start().await;
    let shop = app.shop("juniper-oak").await;
    let owner = app.token(&shop, Role::Owner);
    assert!(app.get("/api/audit", &owner).await.json()["chain"]["verified_at"].is_null());
    signed(&app, &shop, 3).await;
    let report = checked(&app).await;
    assert_eq!((fault(&report, "juniper-oak"), fault(&report, "(instance)")), (None, None));
    assert_eq!((report.heads, report.head_faults), (3, Vec::new()));
    let names: Vec<_> = files(&own(&app)).iter().map(|path| path.file_name().unwrap().to_owned()).collect();
    assert_eq!(names, ["000001-2026-11-01.head", "000002-2026-11-02.head", "000003-2026-11-03.head"]);
    assert_eq!(files(&own(&app)).len(), files(&copies(&app)).len());
    assert!(app.get("/api/audit", &owner).await.json()["chain"]["verified_at"].is_string());
    // A clock that goes back signs one more, and nothing is lost.
    app.app.audit.run_daily(day(0), || false).await.unwrap();
    assert_eq!(checked(&app).await.heads, 4);
}

#[tokio::test]
async fn a_chain_that_was_cut_is_found_in_a_tenant_and_in_the_instance() {
    let app = TestApp::start().await;
    let shop = app.shop("juniper-oak").await;
    signed(&app, &shop, 3).await;
    for (db, name) in [(shop.tenant.db(), "juniper-oak"), (app.app.tenants.control(), "(instance)")] {
        let head = db.read_blocking(events::head).unwrap().seq;
        db.write_blocking(|tx| Ok(tx.execute("delete from events where seq > ?1", [head - 4])?)).unwrap();
        remember(&app, &shop);
        let expected = Fault { seq: head - 3, kind: FaultKind::CutOff };
        assert_eq!(fault(&checked(&app).await, name), Some(expected), "{name}");
    }
}

#[tokio::test]
async fn a_chain_written_anew_with_every_hash_right_is_found() {
    let app = TestApp::start().await;
    let shop = app.shop("juniper-oak").await;
    signed(&app, &shop, 3).await;
    for (db, name) in [(shop.tenant.db(), "juniper-oak"), (app.app.tenants.control(), "(instance)")] {
        let all: Vec<Event> = db.read_blocking(|conn| events::read_from(conn, "test", 100_000)).unwrap();
        let of_day = |number| all.iter().find(|event| event.data["note"] == format!("day {number}")).unwrap().seq;
        rewrite(db, of_day(1));
        remember(&app, &shop);
        // The first head after the edit no longer stands; the one before it does.
        let found = fault(&checked(&app).await, name).unwrap();
        assert_eq!(found.kind, FaultKind::Replaced, "{name}");
        assert!(found.seq >= of_day(1) && found.seq < of_day(2), "{name}: {found:?}");
    }
    // What is signed next is the last that was sound, so that the proof stays.
    app.app.audit.run_daily(day(9), || false).await.unwrap();
    assert!(fault(&checked(&app).await, "juniper-oak").is_some());
    let told = app.app.tenants.control().read_blocking(|conn| events::read_from(conn, "test", 100_000)).unwrap();
    let failed: Vec<_> = told.iter().filter(|event| event.kind == "audit.chain_failed").collect();
    assert_eq!(failed.len(), 2, "{failed:?}");
    assert_eq!(failed[1].data["chain"], "instance");
}

#[tokio::test]
async fn heads_that_were_taken_away_are_named() {
    for (gone, copy_too) in [(0, true), (1, true), (2, true), (1, false), (2, false)] {
        let app = TestApp::start().await;
        let shop = app.shop("juniper-oak").await;
        signed(&app, &shop, 3).await;
        let (mine, copy) = (files(&own(&app)).remove(gone), files(&copies(&app)).remove(gone));
        std::fs::remove_file(&mine).unwrap();
        if copy_too {
            std::fs::remove_file(copy).unwrap();
        }
        let report = checked(&app).await;
        let named = report
            .head_faults
            .iter()
            .any(|fault| fault.file.starts_with(&format!("{:06}", gone + 1)) && fault.reason.contains("it is missing"));
        assert!(named, "{gone}, {copy_too}: {:?}", report.head_faults);
        // The chains are still held against the others.
        assert_eq!(fault(&report, "juniper-oak"), None);
    }
    let app = TestApp::start().await;
    let shop = app.shop("juniper-oak").await;
    signed(&app, &shop, 3).await;
    std::fs::remove_dir_all(own(&app)).unwrap();
    std::fs::remove_dir_all(copies(&app)).unwrap();
    let report = checked(&app).await;
    assert_eq!(report.head_faults[0].file, "000003-2026-11-03.head", "{:?}", report.head_faults);
}

#[tokio::test]
async fn heads_that_were_edited_forged_or_swapped_are_named() {
    let app = TestApp::start().await;
    let shop = app.shop("juniper-oak").await;
    signed(&app, &shop, 3).await;
    let all = files(&own(&app));
    let sound: Vec<_> = all.iter().map(|path| std::fs::read(path).unwrap()).collect();
    let elsewhere = TestApp::start().await;
    let other = elsewhere.shop("juniper-oak").await;
    signed(&elsewhere, &other, 3).await;
    let edited = String::from_utf8(sound[1].clone()).unwrap().replace("\"verified\":true", "\"verified\":false");
    let forged = std::fs::read(&files(&own(&elsewhere))[1]).unwrap();
    for (what, bytes, reason) in [
        ("edited", edited.into_bytes(), "its signature"),
        ("another instance's", forged, "its signature"),
        ("another day's", sound[0].clone(), "it says that it is another"),
        ("cut", sound[1][..40].to_vec(), "its signature"),
        ("empty", Vec::new(), "its signature"),
        ("no text", vec![0xff; 100], "it cannot be read"),
    ] {
        std::fs::write(&all[1], bytes).unwrap();
        let report = checked(&app).await;
        let named = report
            .head_faults
            .iter()
            .any(|fault| fault.file == "000002-2026-11-02.head" && fault.reason.starts_with(reason));
        assert!(named, "{what}: {:?}", report.head_faults);
    }
    std::fs::write(&all[1], &sound[1]).unwrap();
    assert!(checked(&app).await.head_faults.is_empty());
    // The next day is signed even so, and follows from the newest that is sound.
    std::fs::write(&all[2], b"").unwrap();
    app.app.audit.run_daily(day(3), || false).await.unwrap();
    assert!(checked(&app).await.head_faults.iter().any(|fault| fault.file == "000003-2026-11-03.head"));
}

#[tokio::test]
async fn copies_in_a_store_stand_for_heads_that_are_gone_and_are_held_against_those_that_are_there() {
    let mut place = Place::store();
    let app = TestApp::backing_up_to(&place).await;
    let (shop, _other) = (app.shop("juniper-oak").await, app.shop("northwind-demo").await);
    signed(&app, &shop, 3).await;
    assert_eq!(checked(&app).await.head_faults, Vec::new());
    let mut copies = files(&place.disk);
    copies.retain(|path| path.file_name().unwrap().to_str().unwrap().starts_with("audit-heads-"));
    let copies = files(&copies[0]);
    assert_eq!(copies.len(), 3);
    let mine = files(&own(&app));
    let sound = std::fs::read(&mine[0]).unwrap();
    std::fs::remove_file(&mine[0]).unwrap();
    std::fs::write(&copies[1], b"edited").unwrap();
    let report = checked(&app).await;
    let named: Vec<_> = report.head_faults.iter().map(|fault| (fault.file.as_str(), fault.reason.as_str())).collect();
    assert_eq!((report.heads, named.len()), (3, 2), "{named:?}");
    assert!(named[0].0.starts_with("000001") && named[0].1.contains("its copy in s3://"), "{named:?}");
    assert!(named[1].0.starts_with("000002") && named[1].1.contains("it differs from its copy in s3://"), "{named:?}");
    std::fs::write(&mine[0], sound).unwrap();
    std::fs::remove_file(&copies[1]).unwrap();
    // Away: the chains are still held against what lies here, and the next head waits to be copied.
    place.store.as_mut().unwrap().end();
    let report = checked(&app).await;
    assert_eq!((report.heads, fault(&report, "juniper-oak")), (3, None));
    assert!(report.head_faults[0].file.starts_with("s3://"), "{:?}", report.head_faults);
    assert!(app.app.audit.run_daily(day(3), || false).await.is_err());
    place.store.as_mut().unwrap().begin();
    app.app.audit.run_daily(day(3), || false).await.unwrap();
    assert_eq!((files(&own(&app)).len(), files(copies[0].parent().unwrap()).len()), (4, 4));
    assert_eq!(checked(&app).await.head_faults, Vec::new());
}

/// Between the file, the telling and the copy: the next run goes on to the end, and nothing is told twice.
#[tokio::test]
async fn a_writing_that_was_killed_is_finished() {
    let app = TestApp::start().await;
    let shop = app.shop("juniper-oak").await;
    signed(&app, &shop, 2).await;
    let control = app.app.tenants.control();
    let count = || -> i64 {
        let sql = "select count(*) from events where kind = 'audit.head_written'";
        control.read_blocking(|conn| Ok(conn.query_row(sql, [], |row| row.get(0))?)).unwrap()
    };
    // The file is there; it was neither told nor copied.
    let last = control.read_blocking(events::head).unwrap().seq;
    control.write_blocking(|tx| Ok(tx.execute("delete from events where seq = ?1", [last])?)).unwrap();
    std::fs::remove_file(&files(&copies(&app))[1]).unwrap();
    std::fs::write(own(&app).join(".part-x"), b"half").unwrap();
    assert_eq!(count(), 1);
    app.app.audit.run_daily(day(1), || false).await.unwrap();
    assert_eq!((count(), files(&copies(&app)).len()), (2, 2));
    let report = checked(&app).await;
    assert_eq!((fault(&report, "(instance)"), report.head_faults), (None, Vec::new()));
}

#[tokio::test]
async fn a_restore_takes_back_what_came_after_its_moment_and_no_more() {
    let app = TestApp::start().await;
    let shop = stocked(&app, "juniper-oak").await;
    signed(&app, &shop, 1).await;
    let done = made(&app, &shop).await;
    let body = json!({ "name": "Later", "currency": "EUR", "timezone": "Europe/Berlin" });
    app.ask(Method::POST, "/api/brands", Some(&app.token(&shop, Role::Owner)), Some(body)).await;
    app.app.audit.run_daily(day(1), || false).await.unwrap();
    let wanted = pulsepoint::backup::Wanted { overwrite: true, ..wanted("juniper-oak") };
    app.app.backups.restore(done.archive.path.clone(), identity(&app), wanted, crate::backup::by()).await.unwrap();
    let report = checked(&app).await;
    assert_eq!((fault(&report, "juniper-oak"), report.head_faults), (None, Vec::new()));
    // What it had before is still held against it.
    let tenant = app.app.tenants.by_slug("juniper-oak").await.unwrap();
    rewrite(tenant.db(), 1);
    app.app.tenants.control().write_blocking(|tx| Ok(tx.execute("update tenants set event_hash = null", [])?)).unwrap();
    assert_eq!(fault(&checked(&app).await, "juniper-oak").unwrap().kind, FaultKind::Replaced);
}

#[tokio::test]
async fn heads_hold_when_the_keys_are_made_anew() {
    let app = TestApp::start().await;
    let shop = app.shop("juniper-oak").await;
    signed(&app, &shop, 2).await;
    for _ in 0..2 {
        app.app.tenants.rotate_master(None, Steps::default()).await.unwrap();
    }
    app.app.tenants.rekey(shop.tenant.id(), None, Steps::default()).await.unwrap();
    app.app.audit.run_daily(day(2), || false).await.unwrap();
    let report = checked(&app).await;
    assert_eq!((fault(&report, "juniper-oak"), fault(&report, "(instance)")), (None, None));
    assert_eq!((report.heads, report.head_faults), (3, Vec::new()));
}
