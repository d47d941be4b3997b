//! The event chain under attack, its subscribers, and the gathering of denials.

use jiff::Timestamp;
use pulsepoint::clock::Clock;
use pulsepoint::db::{Db, FileSpec, Migration};
use pulsepoint::error::Result;
use pulsepoint::events::{self, Denial, Denials, Entry, Fault, FaultKind, Verdict};
use rusqlite::Transaction;

static SCHEMA: &[Migration] =
    &[Migration { name: "0001_events", sql: include_str!("../../assets/migrations/tenant/0001_events.sql") }];

fn store(owner: &str) -> (tempfile::TempDir, Db) {
    let dir = tempfile::tempdir().unwrap();
    let spec =
        FileSpec { application_id: 1, owner, migrations: SCHEMA, create: true, least_commits: 0, secure_delete: false };
    let db = Db::open(&dir.path().join("a.db"), &[1; 32], &spec).unwrap();
    (dir, db)
}

fn append(tx: &Transaction<'_>, number: i64) -> Result<i64> {
    let subject = format!("brand:{number}");
    let entry = Entry {
        kind: "brand.changed",
        actor: "user:1",
        subject: (number % 2 == 0).then_some(subject.as_str()),
        request_id: None,
        ip: Some("192.0.2.1"),
        data: serde_json::json!({ "number": number, "text": "line\r\nline" }),
    };
    events::append(tx, Timestamp::from_second(1_700_000_000 + number).unwrap(), &entry)
}

fn filled(entries: i64) -> (tempfile::TempDir, Db) {
    let (dir, db) = store("tenant-1");
    db.write_blocking(|tx| (1..=entries).try_for_each(|number| append(tx, number).map(drop))).unwrap();
    (dir, db)
}

fn verdict(db: &Db) -> Verdict {
    db.read_blocking(events::verify).unwrap()
}

/// What the chain says after an attacker with the key ran `sql`.
fn after(sql: &str) -> Option<Fault> {
    let (_dir, db) = filled(100);
    assert_eq!(verdict(&db), Verdict { entries: 100, fault: None });
    db.write_blocking(|tx| Ok(tx.execute_batch(sql)?)).unwrap();
    verdict(&db).fault
}

#[test]
fn names_the_entry_at_fault() {
    let fault = |seq, kind| Some(Fault { seq, kind });
    assert_eq!(after("delete from events where seq = 40"), fault(40, FaultKind::Missing));
    assert_eq!(after("delete from events where seq = 1"), fault(1, FaultKind::Missing));
    assert_eq!(after("update events set data = '{}' where seq = 40"), fault(40, FaultKind::Edited));
    assert_eq!(after("update events set at_ms = at_ms + 1 where seq = 1"), fault(1, FaultKind::Edited));
    assert_eq!(after("update events set subject = '' where seq = 41"), fault(41, FaultKind::Edited));
    assert_eq!(after("update events set hash = zeroblob(32) where seq = 100"), fault(100, FaultKind::Edited));
    let swap = "update events set seq = 0 where seq = 40; update events set seq = 40 where seq = 60;
                update events set seq = 60 where seq = 0";
    assert_eq!(after(swap), fault(40, FaultKind::OutOfOrder));
    let close_the_gap = "delete from events where seq = 40;
                         update events set seq = -(seq - 1) where seq > 40; update events set seq = -seq where seq < 0";
    assert_eq!(after(close_the_gap), fault(40, FaultKind::OutOfOrder));
    let insert = "update events set seq = -(seq + 1) where seq >= 40; update events set seq = -seq where seq < 0;
                  insert into events select 40, at_ms, kind, actor, subject, request_id, ip, data, prev_hash, hash
                  from events where seq = 39";
    assert_eq!(after(insert), fault(40, FaultKind::OutOfOrder));
}

#[test]
fn a_cut_tail_shows_against_the_head_once_seen_even_when_it_grows_again() {
    let (_dir, db) = filled(100);
    let seen = db.read_blocking(events::head).unwrap();
    let against = || db.read_blocking(|conn| events::verify_against(conn, &[seen])).unwrap();
    assert_eq!(against(), Verdict { entries: 100, fault: None });
    db.write_blocking(|tx| Ok(tx.execute("delete from events where seq > 90", [])?)).unwrap();
    assert_eq!(verdict(&db), Verdict { entries: 90, fault: None }, "by itself the chain cannot know");
    assert_eq!(against().fault, Some(Fault { seq: 91, kind: FaultKind::CutOff }));
    db.write_blocking(|tx| (101..=130).try_for_each(|number| append(tx, number).map(drop))).unwrap();
    assert_eq!(against(), Verdict { entries: 99, fault: Some(Fault { seq: 100, kind: FaultKind::Replaced }) });
}

#[test]
fn one_tenants_chain_is_no_other_tenants() {
    let ((_a, first), (_b, second)) = (filled(3), store("tenant-2"));
    second.write_blocking(|tx| (1..=3).try_for_each(|number| append(tx, number).map(drop))).unwrap();
    let heads = [&first, &second].map(|db| db.read_blocking(events::head).unwrap());
    assert_eq!(heads[0].seq, heads[1].seq);
    assert_ne!(heads[0].hash, heads[1].hash);
}

#[test]
fn an_entry_stands_and_falls_with_its_transaction() {
    let (_dir, db) = filled(1);
    let failed: Result<()> = db.write_blocking(|tx| {
        append(tx, 2)?;
        Err(pulsepoint::error::Error::NotFound)
    });
    failed.unwrap_err();
    assert_eq!(verdict(&db), Verdict { entries: 1, fault: None });
}

#[test]
fn subscribers_read_on_from_where_they_were() {
    let (_dir, db) = filled(5);
    let read = |limit| db.read_blocking(|conn| events::read_from(conn, "mail", limit)).unwrap();
    let first = read(3);
    assert_eq!(first.iter().map(|event| event.seq).collect::<Vec<_>>(), [1, 2, 3]);
    assert_eq!(first[1].subject.as_deref(), Some("brand:2"));
    assert_eq!(first[1].data["text"], "line\r\nline");
    assert_eq!(read(3), first, "reading alone moves nothing");
    db.write_blocking(|tx| events::advance(tx, "mail", 3)).unwrap();
    db.write_blocking(|tx| events::advance(tx, "mail", 2)).unwrap();
    assert_eq!(read(9).iter().map(|event| event.seq).collect::<Vec<_>>(), [4, 5]);
    assert_eq!(db.read_blocking(|conn| events::watermark(conn, "other")).unwrap(), 0);
}

fn denial(ip: &str) -> Denial {
    Denial { kind: "login.failed", ip: ip.to_owned(), route: "POST /api/auth/login".to_owned() }
}

fn written(db: &Db) -> Vec<(String, u64)> {
    let all = db.read_blocking(|conn| events::read_from(conn, "test", 100_000)).unwrap();
    all.into_iter().map(|event| (event.ip.unwrap(), event.data["count"].as_u64().unwrap())).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn denials_reach_the_disk_by_themselves_and_coalesced() {
    let (_dir, db) = store("control");
    let denials = Denials::new(db.clone(), Clock::system());
    (0..1_000).for_each(|_| denials.note(denial("192.0.2.1"), None, Some("req-1")));
    denials.note(denial("192.0.2.2"), Some("user:1"), None);
    let started = std::time::Instant::now();
    while written(&db).is_empty() {
        assert!(started.elapsed().as_secs() < 60, "nothing was written");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    (0..500).for_each(|_| denials.note(denial("192.0.2.1"), None, None));
    denials.flush().await.unwrap();
    let mut lines = written(&db);
    let total: u64 = lines.iter().map(|(_, count)| count).sum();
    assert_eq!(total, 1_501, "{lines:?}");
    lines.sort();
    // One line at first and one more with the rest; a minute that turned in between adds at most as many.
    assert!((3..=5).contains(&lines.len()), "{lines:?}");
    assert_eq!(verdict(&db).fault, None);
}

#[test]
fn a_flood_from_many_addresses_stays_small() {
    let (_dir, db) = store("control");
    let denials = Denials::new(db.clone(), Clock::system());
    (0..20_000).for_each(|number| denials.note(denial(&format!("2001:db8::{number:x}")), None, None));
    denials.flush_blocking().unwrap();
    let lines = written(&db);
    assert!(lines.len() < 5_100, "{}", lines.len());
    assert_eq!(lines.iter().map(|(_, count)| count).sum::<u64>(), 20_000);
    assert!(lines.iter().any(|(ip, count)| ip == "many" && *count > 10_000));
}
