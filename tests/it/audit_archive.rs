//! Older events in sealed archives: still listed, still proven, wherever the store goes; and what was done to a file is named.

use std::sync::LazyLock;

use jiff::{SignedDuration, Timestamp};
use pulsepoint::audit::Report;
use pulsepoint::auth::Role;
use pulsepoint::clock::Clock;
use pulsepoint::db::Db;
use pulsepoint::events::{self, Archive, ArchiveFault, Archives, Entry, Fault, FaultKind, Filter};
use pulsepoint::tenants::{Steps, Tenant, Tenants};
use serde_json::json;

use crate::shipping::Dice;
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

pub fn hot(db: &Db) -> i64 {
    db.read_blocking(|conn| Ok(conn.query_row("select count(*) from events", [], |row| row.get(0))?)).unwrap()
}

async fn checked(app: &TestApp) -> Report {
    app.app.audit.verify(app.app.tenants.list().await.unwrap(), true).await.unwrap()
}

fn fault(report: &Report, name: &str) -> Option<Fault> {
    report.chains.iter().find(|chain| chain.name == name).unwrap().verdict.as_ref().unwrap().fault.clone()
}

/// Two tenants with archives: one with three of them, one with one; and the instance's own.
pub async fn archived() -> (TestApp, Shop, Shop) {
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
        other
            .tenant
            .db()
            .read_blocking(|conn| events::newest_of_all(conn, &archives, &wanted, (5, most)))
            .unwrap()
            .before
    };
    assert_eq!((bounded(0), bounded(1)), (Some(list(other.tenant.db())[0].last + 1), None));
    assert!(get("limit=1").await["chain"]["hot_since"].as_str().unwrap() > ago(31).to_string().as_str());
}

#[tokio::test(flavor = "multi_thread")]
async fn flipped_bits_are_found_twenty_times_of_twenty_and_named() {
    let (app, shop, other) = archived().await;
    let mut dice = Dice(20);
    for round in 0..20 {
        let (tenant, name) =
            if round % 4 == 3 { (&other.tenant, "northwind-demo") } else { (&shop.tenant, "juniper-oak") };
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
    let archives = list(shop.tenant.db());
    let path = |number: usize| shop.tenant.archives().path(&archives[number]);
    let sound: Vec<Vec<u8>> = (0..3).map(|number| std::fs::read(path(number)).unwrap()).collect();
    let foreign = std::fs::read(other.tenant.archives().path(&list(other.tenant.db())[0])).unwrap();
    let of = |number: usize, why| {
        let kind = FaultKind::Archive { name: archives[number].name.clone(), why };
        Some(Fault { seq: archives[number].first, kind })
    };
    for (number, bytes) in
        [(1, sound[1][..sound[1].len() - 1].to_vec()), (2, Vec::new()), (0, sound[1].clone()), (1, foreign)]
    {
        std::fs::write(path(number), bytes).unwrap();
        assert_eq!(fault(&checked(&app).await, "juniper-oak"), of(number, ArchiveFault::Changed));
        std::fs::write(path(number), &sound[number]).unwrap();
    }
    std::fs::remove_file(path(2)).unwrap();
    let report = checked(&app).await;
    assert_eq!(fault(&report, "juniper-oak"), of(2, ArchiveFault::Missing));
    let sentence = report.chains.iter().find(|chain| chain.name == "juniper-oak").unwrap().sentence();
    assert!(
        sentence.contains(&format!("entry {}: its archive {} is missing", archives[2].first, archives[2].name)),
        "{sentence}"
    );
    assert_eq!(fault(&report, "northwind-demo"), None);
    // What lies there is asked for all the same; what does not is a sentence.
    let owner = app.token(&shop, Role::Owner);
    assert_eq!(app.get("/api/audit?limit=200", &owner).await.status, 200);
    let answer = app.get(&format!("/api/audit?to={}", ago(99)), &owner).await;
    assert_eq!(answer.status, 200, "it lies in another file: {answer:?}");
    let answer = app.get(&format!("/api/audit?to={}", ago(33)), &owner).await;
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (503, "archive_unreadable"));
    std::fs::write(path(2), &sound[2]).unwrap();
    assert_eq!(fault(&checked(&app).await, "juniper-oak"), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_store_knows_of_archives_cannot_be_edited_or_forgotten_unseen() {
    let (app, shop, _) = archived().await;
    let archives = list(shop.tenant.db());
    let of = |number: usize, seq, why| {
        Some(Fault { seq, kind: FaultKind::Archive { name: archives[number].name.clone(), why } })
    };
    let missing = |seq| Some(Fault { seq, kind: FaultKind::Missing });
    for (sql, expected) in [
        (
            "update event_archives set hash = zeroblob(32) where first_seq = 1",
            of(0, archives[0].last, ArchiveFault::Unknown),
        ),
        ("update event_archives set wrapped_key = zeroblob(100) where first_seq = 1", of(0, 1, ArchiveFault::Unknown)),
        (
            "update event_archives set sha256 = zeroblob(32) where first_seq > 1",
            of(1, archives[1].first, ArchiveFault::Changed),
        ),
        ("delete from event_archives where first_seq = 1", missing(1)),
        ("delete from event_archives", missing(1)),
        (
            "delete from event_archives where first_seq = (select max(first_seq) from event_archives)",
            missing(archives[2].first),
        ),
        ("delete from events where seq = (select min(seq) from events)", missing(archives[2].last + 1)),
    ] {
        let found = shop.tenant.db().write_blocking(|tx| {
            tx.execute(sql, [])?;
            let verdict = events::verify_all(tx, &shop.tenant.archives(), &[])?;
            // Nothing of it stays.
            Err::<(), _>(anyhow::anyhow!("{:?}", verdict.fault).into())
        });
        assert_eq!(found.unwrap_err().to_string(), format!("{expected:?}"), "{sql}");
    }
    assert_eq!(fault(&checked(&app).await, "juniper-oak"), None);
}
