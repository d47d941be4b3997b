//! The disk says no: a sync or a write fails, or there is no room. Nothing is acknowledged then, the store is opened anew instead of
//! synced again, the other tenant goes on, and what is asked whether it is ready says what is wrong.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use pulsepoint::clock::Clock;
use pulsepoint::error::{Error, Result};
use pulsepoint::events::{self, Entry};
use pulsepoint::secrets::MasterKey;
use pulsepoint::tenants::{Tenant, Tenants};

use crate::support::app::now;
use crate::support::disk::{self, Disk};

const CHILD: &str = "PULSEPOINT_TEST_CHILD_ON_A_FAILING_DISK";
const PART: &str = "PULSEPOINT_TEST_CHILD_PLAYS";

fn open(data: &Path) -> Tenants {
    let (master, _) = MasterKey::load(data, None, true).unwrap();
    Tenants::start(data, master, Clock::fixed(now()), &Default::default()).unwrap()
}

/// Tells the disk what to do from now on.
fn order(data: &Path, what: &str) {
    std::fs::write(data.join(disk::ORDERS), what).unwrap();
}

async fn note(tenant: &Tenant, text: &'static str) -> Result<()> {
    let note = move |tx: &rusqlite::Transaction<'_>| {
        let entry =
            Entry { kind: "test.noted", actor: "test", subject: None, request_id: None, ip: None, data: text.into() };
        events::append(tx, now(), &entry).map(drop)
    };
    tenant.db().write(note).await
}

async fn noted(tenant: &Tenant) -> Vec<String> {
    let sql = "select data from events where kind = 'test.noted' order by seq";
    let read = tenant.db().read(move |conn| {
        Ok(conn.prepare(sql)?.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<Vec<String>>>()?)
    });
    read.await.unwrap().into_iter().map(|text| text.trim_matches('"').to_owned()).collect()
}

/// Not a test of its own: what uses the disk that fails.
#[test]
fn child_that_is_failed() {
    let Ok(data) = std::env::var(CHILD) else { return };
    let (data, part) = (PathBuf::from(data), std::env::var(PART).unwrap());
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        match part.as_str() {
            "a sync fails" => fails(&data, "sync").await,
            "a write fails" => fails(&data, "write").await,
            "a sync fails, then it is killed" => fails_and_dies(&data).await,
            "it goes on" => {
                let tenant = open(&data).by_slug("acme").await.unwrap();
                note(&tenant, "later").await.unwrap();
                // As the power would end it: nothing is closed.
                std::process::abort();
            }
            "it cannot be read" => unreadable(&data).await,
            "control fails" => control_fails(&data).await,
            "there is no room" => no_room(&data).await,
            other => panic!("{other}"),
        }
    });
}

async fn fails(data: &Path, what: &str) {
    let tenants = open(data);
    let router = pulsepoint::server::router(
        &pulsepoint::app::App::start(tenants.clone(), Clock::fixed(now()), Default::default()).await.unwrap(),
    );
    let ready = async || ask(router.as_ref().unwrap().clone(), "/readyz").await;
    let (acme, other) = (tenants.by_slug("acme").await.unwrap(), tenants.by_slug("other").await.unwrap());
    note(&acme, "before").await.unwrap();
    order(data, &format!("{what} {}", acme.id()));
    note(&acme, "failed").await.expect_err("it was acknowledged though the disk failed");
    let again = note(&acme, "retried").await;
    assert!(matches!(again, Err(Error::Unavailable { code: "store_unusable", .. })), "{again:?}");
    note(&other, "meanwhile").await.unwrap();
    // It is asked for anew while the disk still fails: if it opens at all, it acknowledges nothing.
    match tenants.by_slug("acme").await {
        Ok(anew) => drop(note(&anew, "failed too").await.expect_err("acknowledged though the disk fails")),
        Err(error) => {
            assert!(matches!(error, Error::Unavailable { code: "store_unusable", .. }), "{error:?}");
            assert_eq!(ready().await, (200, "ready, but 1 tenant is out of use\n".to_owned()));
        }
    }
    order(data, "heal");
    let acme = tenants.by_slug("acme").await.unwrap();
    assert_eq!(noted(&acme).await.first().map(String::as_str), Some("before"));
    note(&acme, "after").await.unwrap();
    assert_eq!(ready().await, (200, "ready\n".to_owned()));
    assert_eq!(noted(&other).await, ["meanwhile"]);
    assert_eq!(tenants.verify_events(&acme).await.unwrap().fault, None);
    std::process::abort();
}

async fn ask(router: axum::Router, path: &str) -> (u16, String) {
    let mut request = axum::http::Request::get(path).body(axum::body::Body::empty()).unwrap();
    request.extensions_mut().insert(pulsepoint::http::Peer(crate::support::app::PEER.parse().unwrap()));
    let answer = tower::ServiceExt::oneshot(router, request).await.unwrap();
    let status = answer.status().as_u16();
    let body = axum::body::to_bytes(answer.into_body(), 1 << 16).await.unwrap();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

async fn fails_and_dies(data: &Path) {
    let acme = open(data).by_slug("acme").await.unwrap();
    note(&acme, "before").await.unwrap();
    order(data, "sync store.db-wal");
    note(&acme, "failed").await.expect_err("it was acknowledged though the disk failed");
    order(data, "heal");
    std::process::abort();
}

async fn control_fails(data: &Path) {
    let tenants = open(data);
    let app = pulsepoint::app::App::start(tenants.clone(), Clock::fixed(now()), Default::default()).await.unwrap();
    let router = pulsepoint::server::router(&app).unwrap();
    let acme = tenants.by_slug("acme").await.unwrap();
    order(data, "sync control.db");
    tenants.create("third", "T").await.expect_err("made though the disk failed");
    assert_eq!(ask(router.clone(), "/readyz").await.0, 503);
    tenants.mend_control().await.expect_err("mended although the disk fails");
    assert_eq!(ask(router.clone(), "/readyz").await.0, 503);
    // Stores that are open already go on.
    note(&acme, "meanwhile").await.unwrap();
    order(data, "heal");
    tenants.mend_control().await.unwrap();
    assert_eq!(ask(router, "/readyz").await, (200, "ready\n".to_owned()));
    assert!(tenants.control().damage().is_none());
    tenants.create("fourth", "T").await.unwrap();
    std::process::abort();
}

async fn unreadable(data: &Path) {
    let tenants = open(data);
    let acme = tenants.list().await.unwrap().into_iter().find(|info| info.slug == "acme").unwrap().id;
    order(data, &format!("read {acme}"));
    for _ in 0..2 {
        let refused = tenants.open(&acme).await;
        assert!(matches!(refused, Err(Error::Unavailable { code: "store_unusable", .. })), "{refused:?}");
    }
    let why = tenants.list().await.unwrap().into_iter().find_map(|info| info.set_aside).unwrap();
    assert!(why.starts_with("cannot open ") && why.contains("store.db"), "{why}");
    note(&tenants.by_slug("other").await.unwrap(), "meanwhile").await.unwrap();
    order(data, "heal");
    note(&tenants.open(&acme).await.unwrap(), "after").await.unwrap();
    assert!(tenants.list().await.unwrap().iter().all(|info| info.set_aside.is_none()));
    std::process::abort();
}

async fn no_room(data: &Path) {
    let tenants = open(data);
    let (mut written, mut refused) = (0, 0);
    for bytes in 0..24_u32 {
        let acme = tenants.by_slug("acme").await.unwrap();
        // Less room than one commit takes, and each time the disk is full at another of its writes.
        order(data, &format!("room {}", bytes * 1_700));
        for _ in 0..8 {
            match note(&acme, "tried").await {
                Ok(()) => written += 1,
                Err(error) => {
                    let told = matches!(error, Error::Unavailable { code: "storage_full" | "store_unusable", .. });
                    assert!(told, "{error:?}");
                    refused += 1;
                    break;
                }
            }
        }
        order(data, "heal");
        let acme = tenants.by_slug("acme").await.unwrap();
        assert_eq!(noted(&acme).await.len(), written, "what was acknowledged, and that alone");
    }
    assert!(written > 0 && refused > 10, "{written} and {refused}");
    std::process::abort();
}

/// Plays a part on the disk in a process of its own, which ends itself the hard way if all was as it should be.
fn play(disk: &Disk, part: &str) {
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "disk_faults::child_that_is_failed", "--nocapture"])
        .env(CHILD, disk.path())
        .env(PART, part)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .output()
        .unwrap();
    let aborted = std::os::unix::process::ExitStatusExt::signal(&child.status) == Some(6);
    assert!(aborted, "{part}: {}", String::from_utf8_lossy(&child.stderr));
}

/// A disk with two tenants.
fn stocked() -> Option<Disk> {
    let folder = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let tenants = open(folder.path());
        for slug in ["acme", "other"] {
            tenants.create(slug, slug).await.unwrap();
        }
        tenants.close_all().await.unwrap();
    });
    drop(runtime);
    Disk::mount(folder.path())
}

/// What the power leaves of the tenant's notes.
fn left(disk: Disk) -> Vec<String> {
    let left = disk.remains(None);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let tenants = open(left.path());
        let tenant = tenants.by_slug("acme").await.unwrap();
        assert_eq!(tenants.verify_events(&tenant).await.unwrap().fault, None);
        noted(&tenant).await
    })
}

#[test]
fn after_a_failed_sync_nothing_is_acknowledged_and_the_store_is_opened_anew() {
    let Some(disk) = stocked() else { return };
    play(&disk, "a sync fails");
    let notes = left(disk);
    assert!(notes.starts_with(&["before".to_owned()]) && notes.ends_with(&["after".to_owned()]), "{notes:?}");
    assert!(!notes.contains(&"retried".to_owned()), "{notes:?}");
}

#[test]
fn after_a_failed_write_nothing_is_acknowledged_and_the_store_is_opened_anew() {
    let Some(disk) = stocked() else { return };
    play(&disk, "a write fails");
    assert_eq!(left(disk), ["before", "after"]);
}

/// The kernel takes for written what a failed sync did not write, and the next process finds it in the log, whole: it must not
/// build upon it.
#[test]
fn what_is_acknowledged_after_a_failed_sync_and_a_kill_survives_a_power_cut() {
    let Some(disk) = stocked() else { return };
    play(&disk, "a sync fails, then it is killed");
    play(&disk, "it goes on");
    let notes = left(disk);
    assert!(notes.starts_with(&["before".to_owned()]) && notes.ends_with(&["later".to_owned()]), "{notes:?}");
}

#[test]
fn a_control_store_that_the_disk_failed_says_so_and_is_mended() {
    let Some(disk) = stocked() else { return };
    play(&disk, "control fails");
    let left = disk.remains(None);
    let tenants = open(left.path());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let slugs: Vec<String> = runtime.block_on(tenants.list()).unwrap().into_iter().map(|info| info.slug).collect();
    assert_eq!(slugs, ["acme", "fourth", "other"]);
}

#[test]
fn a_disk_that_is_full_at_any_write_refuses_and_goes_on_when_there_is_room() {
    let Some(disk) = stocked() else { return };
    play(&disk, "there is no room");
}

#[test]
fn a_store_that_cannot_be_read_is_told_and_tried_again() {
    let Some(disk) = stocked() else { return };
    play(&disk, "it cannot be read");
    assert_eq!(left(disk), ["after"]);
}
