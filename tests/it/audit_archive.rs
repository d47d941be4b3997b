//! Older events in sealed archives: still listed, still proven, wherever the store goes; and what was done to a file is named.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use jiff::{SignedDuration, Timestamp};
use pulsepoint::audit::{Report, Settings};
use pulsepoint::auth::{Role, reseal_second_factors};
use pulsepoint::backup::{Wanted, restore_instance};
use pulsepoint::clock::Clock;
use pulsepoint::db::Db;
use pulsepoint::events::{self, Archive, ArchiveFault, Archives, Entry, Fault, FaultKind, Filter};
use pulsepoint::secrets::MasterKey;
use pulsepoint::tenants::export::{self, About};
use pulsepoint::tenants::{Steps, Tenant, Tenants};
use serde_json::json;

use crate::backup::{by, identity, made, wanted};
use crate::shipping::{self, Dice};
use crate::support::app::{Shop, TestApp};

/// The moment at which all of this takes place. What the machine's own clock dates lies long before it, and what tests add by hand
/// just before it.
static TODAY: LazyLock<Timestamp> =
    LazyLock::new(|| Clock::system().system_time() + SignedDuration::from_hours(24 * 200));

pub fn today() -> Timestamp {
    *TODAY
}

pub fn ago(days: i64) -> Timestamp {
    today() - SignedDuration::from_hours(24 * days)
}

/// Adds entries by hand, the oldest first: `each` a day, `from` days ago until `to` days ago.
pub fn told(db: &Db, (from, to): (i64, i64), each: i64) {
    let data = |day: i64, number: i64| json!({ "day": day, "number": number, "text": "\u{202e}\r\n\"quoted\", é" });
    let write = |tx: &rusqlite::Transaction<'_>| {
        for (day, number) in (to..from).rev().flat_map(|day| (0..each).map(move |number| (day, number))) {
            let subject = format!("thing:{number}");
            let entry = Entry {
                kind: if number % 7 == 0 { "thing.failed" } else { "thing.noted" },
                actor: "user:1",
                subject: Some(&subject).filter(|_| number % 3 > 0).map(String::as_str),
                request_id: None,
                ip: Some("192.0.2.1").filter(|_| number % 2 > 0),
                data: data(day, number),
            };
            events::append(tx, ago(day) - SignedDuration::from_hours(1), &entry)?;
        }
        Ok(())
    };
    db.write_blocking(write).unwrap();
}

pub async fn archive(app: &TestApp) {
    app.app.audit.archive_old(&app.app.backups, today(), Steps::default(), || false).await.unwrap();
}

pub fn list(db: &Db) -> Vec<Archive> {
    db.read_blocking(events::archives).unwrap()
}

/// The places of all entries, in the order in which they are listed.
pub fn places(db: &Db, archives: &Archives) -> Vec<i64> {
    let all = |conn: &rusqlite::Connection| {
        let found = events::newest_of_all(conn, archives, &Filter::default(), (usize::MAX - 1, usize::MAX))?;
        Ok(found.entries.into_iter().map(|(event, _)| event.seq).collect())
    };
    db.read_blocking(all).unwrap()
}

/// Every entry is there once, and the chain holds.
pub async fn whole(tenants: &Tenants, tenant: &Tenant) {
    let head = tenant.db().read_blocking(events::head).unwrap().seq;
    assert_eq!(places(tenant.db(), &tenant.archives()), (1..=head).rev().collect::<Vec<_>>());
    assert_eq!(tenants.verify_events(tenant).await.unwrap().fault, None);
}

fn hot(db: &Db) -> i64 {
    db.read_blocking(|conn| Ok(conn.query_row("select count(*) from events", [], |row| row.get(0))?)).unwrap()
}

async fn checked(app: &TestApp) -> Report {
    app.app.audit.verify(app.app.tenants.list().await.unwrap(), true).await.unwrap()
}

fn fault(report: &Report, name: &str) -> Option<Fault> {
    report.chains.iter().find(|chain| chain.name == name).unwrap().verdict.as_ref().unwrap().fault.clone()
}

fn folder(tenant: &Tenant) -> PathBuf {
    tenant.db().path().with_file_name(events::ARCHIVES)
}

fn files(folder: &Path) -> BTreeSet<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

/// Two tenants with archives: one with three of them, one with one; and the instance's own.
async fn archived() -> (TestApp, Shop, Shop) {
    let app = TestApp::start().await;
    let (shop, other) = (app.shop("juniper-oak").await, app.shop("northwind-demo").await);
    for (shop, days) in [(&shop, 100), (&other, 40)] {
        told(shop.tenant.db(), (days, 0), if days == 100 { 160 } else { 3 });
    }
    told(app.app.tenants.control(), (40, 0), 3);
    archive(&app).await;
    (app, shop, other)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_older_than_thirty_days_leaves_the_store_and_is_listed_and_proven_as_before() {
    let app = TestApp::start().await;
    let (shop, other) = (app.shop("juniper-oak").await, app.shop("northwind-demo").await);
    told(shop.tenant.db(), (100, 0), 160);
    told(other.tenant.db(), (40, 0), 3);
    told(app.app.tenants.control(), (40, 0), 3);
    app.app.audit.run_daily(today(), || false).await.unwrap();
    let owner = app.token(&shop, Role::Owner);
    let query = "/api/audit?format=csv&kind=thing";
    let (before, entries) = (app.get(query, &owner).await.body, places(shop.tenant.db(), &shop.tenant.archives()));
    archive(&app).await;

    let chains = [(shop.tenant.db(), 160), (other.tenant.db(), 3), (app.app.tenants.control(), 3)];
    for (db, each) in chains {
        let archives = list(db);
        assert!(archives.iter().all(|archive| archive.to_ms < ago(30).as_millisecond() + 60_000), "{archives:?}");
        let left = hot(db);
        assert!(left >= 30 * each && left < 31 * each + 40, "{left} of {each} a day");
        let mut next = 1;
        for archive in &archives {
            assert_eq!(archive.first, next);
            next = archive.last + 1;
        }
    }
    assert_eq!((list(shop.tenant.db()).len(), list(other.tenant.db()).len()), (3, 1));
    let report = checked(&app).await;
    assert_eq!((fault(&report, "juniper-oak"), fault(&report, "northwind-demo")), (None, None));
    assert_eq!((fault(&report, "(instance)"), report.head_faults), (None, Vec::new()));
    whole(&app.app.tenants, &shop.tenant).await;
    assert_eq!(app.get(query, &owner).await.body, before, "the file says what it said");
    let now = places(shop.tenant.db(), &shop.tenant.archives());
    assert_eq!(now[now.len() - entries.len()..], entries);
    // A second run finds nothing, and leaves nothing.
    let head = shop.tenant.db().read_blocking(events::head).unwrap();
    archive(&app).await;
    assert_eq!(shop.tenant.db().read_blocking(events::head).unwrap(), head);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_is_paged_filtered_and_bounded_across_archives() {
    let (app, shop, other) = archived().await;
    let owner = app.token(&shop, Role::Owner);
    let get = async |query: &str| app.get(&format!("/api/audit?{query}"), &owner).await.json();
    let (mut next, mut seen) = (None::<i64>, Vec::new());
    loop {
        let before = next.map(|seq| format!("&before={seq}")).unwrap_or_default();
        let page = get(&format!("limit=200{before}")).await;
        seen.extend(page["entries"].as_array().unwrap().iter().map(|entry| entry["seq"].as_i64().unwrap()));
        next = page["next_before"].as_i64();
        if next.is_none() {
            break;
        }
    }
    let head = shop.tenant.db().read_blocking(events::head).unwrap().seq;
    assert_eq!(seen, (1..=head).rev().collect::<Vec<_>>());
    let day = |days| ago(days).to_string();
    for (query, found) in [
        (format!("kind=thing&from={}&to={}&limit=200", day(99), day(98)), 160),
        (format!("kind=thing.failed&from={}&to={}&limit=200", day(60), day(59)), 23),
        (format!("actor=user:1&result=failed&to={}&limit=200", day(99)), 23),
        (format!("kind=nothing&to={}", day(50)), 0),
    ] {
        let page = get(&query).await;
        assert_eq!(page["entries"].as_array().unwrap().len(), found, "{query}");
    }
    let page = get(&format!("kind=thing&to={}&limit=1", day(99))).await;
    assert_eq!(page["entries"][0]["data"]["text"], "\u{202e}\r\n\"quoted\", é");
    // Whoever asks for little opens few, and is told where to go on.
    let bounded = |most| {
        let archives = other.tenant.archives();
        let wanted = Filter { kind: Some("nothing".to_owned()), ..Filter::default() };
        other.tenant.db().read_blocking(|conn| events::newest_of_all(conn, &archives, &wanted, (5, most))).unwrap().before
    };
    assert_eq!((bounded(0), bounded(1)), (Some(list(other.tenant.db())[0].last + 1), None));
    assert!(get("limit=1").await["chain"]["hot_since"].as_str().unwrap() > ago(31).to_string().as_str());
}

#[tokio::test(flavor = "multi_thread")]
async fn flipped_bits_are_found_twenty_times_of_twenty_and_named() {
    let (app, shop, other) = archived().await;
    let mut dice = Dice(20);
    for round in 0..20 {
        let (tenant, name) = if round % 4 == 3 { (&other.tenant, "northwind-demo") } else { (&shop.tenant, "juniper-oak") };
        let archives = list(tenant.db());
        let hit = &archives[usize::try_from(dice.roll(archives.len() as u64)).unwrap()];
        let path = tenant.archives().path(hit);
        let sound = std::fs::read(&path).unwrap();
        let mut flipped = sound.clone();
        let bit = dice.roll(8 * sound.len() as u64);
        flipped[usize::try_from(bit / 8).unwrap()] ^= 1 << (bit % 8);
        std::fs::write(&path, &flipped).unwrap();
        let kind = FaultKind::Archive { name: hit.name.clone(), why: ArchiveFault::Changed };
        assert_eq!(fault(&checked(&app).await, name), Some(Fault { seq: hit.first, kind }), "round {round}");
        std::fs::write(&path, &sound).unwrap();
    }
    assert_eq!(fault(&checked(&app).await, "juniper-oak"), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn files_that_are_missing_cut_or_exchanged_and_checkpoints_that_were_edited_are_named() {
    let (app, shop, other) = archived().await;
    let (db, archives) = (shop.tenant.db(), list(shop.tenant.db()));
    let path = |number: usize| shop.tenant.archives().path(&archives[number]);
    let sound: Vec<Vec<u8>> = (0..3).map(|number| std::fs::read(path(number)).unwrap()).collect();
    let foreign = std::fs::read(other.tenant.archives().path(&list(other.tenant.db())[0])).unwrap();
    let of = |number: usize, why| {
        let kind = FaultKind::Archive { name: archives[number].name.clone(), why };
        Some(Fault { seq: archives[number].first, kind })
    };
    for (number, bytes) in [(1, sound[1][..sound[1].len() - 1].to_vec()), (2, Vec::new()), (0, sound[1].clone()), (1, foreign)] {
        std::fs::write(path(number), bytes).unwrap();
        assert_eq!(fault(&checked(&app).await, "juniper-oak"), of(number, ArchiveFault::Changed));
        std::fs::write(path(number), &sound[number]).unwrap();
    }
    std::fs::remove_file(path(2)).unwrap();
    let report = checked(&app).await;
    assert_eq!(fault(&report, "juniper-oak"), of(2, ArchiveFault::Missing));
    let sentence = report.chains.iter().find(|chain| chain.name == "juniper-oak").unwrap().sentence();
    assert!(sentence.contains(&format!("entry {}: its archive {} is missing", archives[2].first, archives[2].name)), "{sentence}");
    assert_eq!(fault(&report, "northwind-demo"), None);
    // What lies there is asked for all the same; what does not is a sentence.
    let owner = app.token(&shop, Role::Owner);
    assert_eq!(app.get("/api/audit?limit=200", &owner).await.status, 200);
    let answer = app.get(&format!("/api/audit?to={}", ago(99)), &owner).await;
    assert_eq!(answer.status, 200, "it lies in another file: {answer:?}");
    let answer = app.get(&format!("/api/audit?to={}", ago(33)), &owner).await;
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (503, "archive_unreadable"));
    std::fs::write(path(2), &sound[2]).unwrap();

    let first_hot = archives[2].last + 1;
    for (sql, expected) in [
        ("update event_archives set hash = zeroblob(32) where first_seq = 1", of(0, ArchiveFault::Unknown).map(|fault| Fault { seq: archives[0].last, ..fault })),
        ("update event_archives set wrapped_key = zeroblob(100) where first_seq = 1", of(0, ArchiveFault::Unknown)),
        ("update event_archives set sha256 = zeroblob(32) where first_seq > 1", of(1, ArchiveFault::Changed)),
        ("delete from event_archives where first_seq = 1", Some(Fault { seq: 1, kind: FaultKind::Missing })),
        ("delete from event_archives", Some(Fault { seq: 1, kind: FaultKind::Missing })),
        ("delete from event_archives where first_seq = (select max(first_seq) from event_archives)", Some(Fault { seq: archives[2].first, kind: FaultKind::Missing })),
        ("delete from events where seq = (select min(seq) from events)", Some(Fault { seq: first_hot, kind: FaultKind::Missing })),
    ] {
        let found = db.write_blocking(|tx| {
            tx.execute(sql, [])?;
            let verdict = events::verify_all(tx, &shop.tenant.archives(), &[])?;
            Err::<(), _>(anyhow::anyhow!("{:?}", verdict.fault).into())
        });
        let Err(pulsepoint::error::Error::Internal(found)) = found else { panic!("{found:?}") };
        assert_eq!(found.to_string(), format!("{expected:?}"), "{sql}");
    }
    assert_eq!(fault(&checked(&app).await, "juniper-oak"), None, "nothing of it stayed");
}

#[tokio::test(flavor = "multi_thread")]
async fn archives_go_where_the_store_goes() {
    let (app, shop, other) = archived().await;
    let (shop_made, other_made) = (made(&app, &shop).await, made(&app, &other).await);
    let own = app.app.backups.make_of_instance(None, by()).await.unwrap();
    assert_eq!(shop_made.manifest.event_archives.len(), 3);
    let there = TestApp::start().await;
    let resident = there.shop("resident").await;
    for done in [&shop_made, &other_made] {
        let slug = done.manifest.tenant.as_ref().unwrap().slug.clone();
        let found = app.app.backups.verify(done.archive.path.clone(), identity(&app)).await.unwrap();
        assert!(found.outcome.is_ok(), "{found:?}");
        // Elsewhere, beside, and in place.
        let aside = Wanted { slug: Some(format!("{slug}-2")), ..wanted(&slug) };
        let over = Wanted { overwrite: true, ..wanted(&slug) };
        for (app, wanted) in [(&there, wanted(&slug)), (&app, aside), (&app, over)] {
            let from = done.archive.path.clone();
            let restored = app.app.backups.restore(from, identity_of(&done.seal.identity), wanted, by()).await.unwrap();
            let tenant = app.app.tenants.open(&restored.id).await.unwrap();
            whole(&app.app.tenants, &tenant).await;
            assert_eq!(list(tenant.db()).len(), done.manifest.event_archives.len());
        }
    }
    whole(&there.app.tenants, &resident.tenant).await;
    let data = tempfile::tempdir().unwrap();
    let (master, _) = MasterKey::load(data.path(), None, true).unwrap();
    restore_instance(data.path(), &master, &own.archive.path, &identity(&app), today()).unwrap();
    let anew = shipping::open(data.path(), &data.path().join("backups"), &Default::default(), |settings| settings.continuous = false).await;
    let (verdict, head) = anew.tenants.verify_own_events(Vec::new()).await.unwrap();
    assert_eq!((verdict.fault, verdict.entries), (None, head.seq));
    assert_eq!(list(anew.tenants.control()).len(), 1);
}

/// The private half that lies where the seal says.
fn identity_of(path: &Option<PathBuf>) -> pulsepoint::backup::Identity {
    pulsepoint::backup::Identity::read(path.as_ref().unwrap()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_of_a_store_whose_archive_is_damaged_is_refused_and_so_is_one_that_was_tampered_with() {
    let (app, shop, _) = archived().await;
    let path = shop.tenant.archives().path(&list(shop.tenant.db())[1]);
    let sound = std::fs::read(&path).unwrap();
    let mut flipped = sound.clone();
    flipped[sound.len() / 2] ^= 1;
    std::fs::write(&path, flipped).unwrap();
    let refused = app.app.backups.make(&shop.tenant, None, by()).await.unwrap_err().to_string();
    assert!(!refused.is_empty() && app.app.backups.list(shop.tenant.id(), None).await.unwrap().is_empty(), "{refused}");
    std::fs::remove_file(&path).unwrap();
    assert!(app.app.backups.make(&shop.tenant, None, by()).await.is_err());
    std::fs::write(&path, &sound).unwrap();
    let done = made(&app, &shop).await;
    let whole = std::fs::read(&done.archive.path).unwrap();
    // A bit of what follows the store.
    for back in [1, 100_000, sound.len()] {
        let mut flipped = whole.clone();
        flipped[whole.len() - back] ^= 4;
        std::fs::write(&done.archive.path, flipped).unwrap();
        let found = app.app.backups.verify(done.archive.path.clone(), identity(&app)).await.unwrap();
        assert!(found.outcome.is_err(), "{back} from the end");
    }
    std::fs::write(&done.archive.path, &whole[..whole.len() - sound.len()]).unwrap();
    assert!(app.app.backups.verify(done.archive.path.clone(), identity(&app)).await.unwrap().outcome.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn new_keys_leave_archives_readable_and_a_deleted_tenant_leaves_none() {
    let (app, shop, other) = archived().await;
    let (id, tenants) = (shop.tenant.id().clone(), &app.app.tenants);
    let before = files(&folder(&shop.tenant));
    let old = shop.tenant.archives();
    for reseal in [None, Some(reseal_second_factors as pulsepoint::tenants::Reseal)] {
        tenants.rekey(&id, reseal, Steps::default()).await.unwrap();
        whole(tenants, &shop.tenant).await;
        whole(tenants, &other.tenant).await;
        assert_eq!(files(&folder(&shop.tenant)), before, "the files stay as they are");
        let opened = old.table(&list(shop.tenant.db())[0]);
        assert!(opened.is_err(), "the old key opens what is there now");
    }
    tenants.rotate_master(None, Steps::default()).await.unwrap();
    let (verdict, head) = tenants.verify_own_events(Vec::new()).await.unwrap();
    assert_eq!((verdict.fault, verdict.entries), (None, head.seq));
    whole(tenants, &shop.tenant).await;

    let about = About { slug: "x", name: "X", at: today() };
    let write = |conn: &rusqlite::Connection| export::write(conn, &shop.tenant.archives(), &about, &mut Vec::new());
    let rows = shop.tenant.db().read_blocking(write).unwrap();
    assert_eq!(rows["events"], shop.tenant.db().read_blocking(events::head).unwrap().seq);

    let gone = folder(&shop.tenant);
    assert_eq!(files(&gone).len(), 3);
    drop(shop);
    tenants.delete(&id).await.unwrap();
    assert!(!gone.exists());
    whole(tenants, &other.tenant).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_subscriber_has_not_read_and_what_a_setting_keeps_stays_and_files_of_nobody_go() {
    let app = TestApp::start().await;
    let (shop, other) = (app.shop("juniper-oak").await, app.shop("northwind-demo").await);
    for shop in [&shop, &other] {
        told(shop.tenant.db(), (40, 0), 3);
    }
    shop.tenant.db().write_blocking(|tx| events::advance(tx, "outbox", 20)).unwrap();
    shop.tenant.db().write_blocking(|tx| events::advance(tx, "slower", 7)).unwrap();
    archive(&app).await;
    assert_eq!(list(shop.tenant.db()).last().unwrap().last, 7);
    let unread = shop.tenant.db().read_blocking(|conn| events::read_from(conn, "slower", 1000)).unwrap();
    assert_eq!(unread[0].seq, 8);
    let strange = folder(&shop.tenant).join("000000000001-000000000007-00000000.events");
    std::fs::write(&strange, b"what a crash left").unwrap();
    std::fs::write(folder(&shop.tenant).join(".part-x"), b"half").unwrap();
    shop.tenant.db().write_blocking(|tx| events::advance(tx, "slower", 1000)).unwrap();
    archive(&app).await;
    assert_eq!(list(shop.tenant.db()).last().unwrap().last, 20);
    assert_eq!(files(&folder(&shop.tenant)).len(), 2);
    // Longer, for a tenant that has no subscriber: nothing more is due.
    let (long, archives) = (app.app.audit.with_settings(Settings { hot_days: 365 }), list(other.tenant.db()));
    told(other.tenant.db(), (0, 0), 0);
    long.archive_old(&app.app.backups, today() + SignedDuration::from_hours(24 * 300), Steps::default(), || false).await.unwrap();
    assert_eq!(list(other.tenant.db()), archives);
    // The newest entry stays, however old it is.
    let none = app.app.audit.with_settings(Settings { hot_days: 0 });
    none.archive_old(&app.app.backups, today() + SignedDuration::from_hours(24 * 300), Steps::default(), || false).await.unwrap();
    assert!((1..=2).contains(&hot(other.tenant.db())), "{}", hot(other.tenant.db()));
    whole(&app.app.tenants, &other.tenant).await;
    told(other.tenant.db(), (1, 0), 3);
    whole(&app.app.tenants, &other.tenant).await;
}
