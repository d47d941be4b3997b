//! Killed after every step of the moving of older events, shipped or not: each event is there exactly once, the next run goes on, and
//! a restore to any moment has the archives it needs.

use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

use jiff::{SignedDuration, Timestamp};
use pulsepoint::app::App;
use pulsepoint::backup::{self, Identity};
use pulsepoint::clock::Clock;
use pulsepoint::events;
use pulsepoint::secrets::MasterKey;
use pulsepoint::tenants::{Steps, Tenants};

use crate::audit_archive::{list, places, today, told, whole};
use crate::keys_crash::copy;
use crate::shipping::{self, LATEST, over, when};
use crate::support::app::TestApp;

const CHILD: &str = "PULSEPOINT_TEST_CHILD_ARCHIVES";

async fn at(data: &Path) -> App {
    let (master, _) = MasterKey::load(data, None, false).unwrap();
    let tenants = Tenants::start(data, master, Clock::system(), &Default::default()).unwrap();
    App::start(tenants, Clock::system(), Default::default()).await.unwrap()
}

async fn archive(app: &App, now: Timestamp, steps: Steps) {
    app.audit.archive_old(&app.backups, now, steps, || false).await.unwrap();
}

/// Not a test of its own: what [`every_step_can_be_the_last`] kills, or rather what kills itself after a step.
#[test]
fn child_that_archives() {
    let Ok(order) = std::env::var(CHILD) else { return };
    let [last, now, data] = order.splitn(3, ' ').collect::<Vec<_>>()[..] else { panic!("{order}") };
    let (last, done) = (last.parse::<usize>().unwrap(), AtomicUsize::new(0));
    let steps = Steps::watched(move |_| {
        if done.fetch_add(1, Ordering::SeqCst) + 1 == last {
            rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL).unwrap();
            std::thread::park();
        }
    });
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let app = at(Path::new(data)).await;
        archive(&app, now.parse().unwrap(), steps).await;
        app.close().await.unwrap();
    });
}

/// Files of archives that lie in the folder of a store.
fn files(store: &Path) -> usize {
    std::fs::read_dir(store.with_file_name(events::ARCHIVES)).into_iter().flatten().count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_step_can_be_the_last() {
    let app = TestApp::start().await;
    for slug in ["juniper-oak", "northwind-demo"] {
        told(app.shop(slug).await.tenant.db(), (40, 0), 3);
    }
    told(app.app.tenants.control(), (40, 0), 3);
    app.app.close().await.unwrap();
    let mut killed = 0;
    for last in 1.. {
        let folder = tempfile::tempdir().unwrap();
        copy(app.folder(), folder.path());
        let status = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "audit_archive_crash::child_that_archives", "--nocapture"])
            .env(CHILD, format!("{last} {} {}", today(), folder.path().display()))
            .stdout(Stdio::null())
            .status()
            .unwrap();
        let app = at(folder.path()).await;
        for run in 0..2 {
            let mut moved = 0;
            for info in app.tenants.list().await.unwrap() {
                let tenant = app.tenants.open(&info.id).await.unwrap();
                whole(&app.tenants, &tenant).await;
                moved += list(tenant.db()).len();
                if run == 1 {
                    assert_eq!(files(tenant.db().path()), list(tenant.db()).len(), "step {last} left a file");
                }
            }
            let (verdict, head) = app.tenants.verify_own_events(Vec::new()).await.unwrap();
            assert_eq!(verdict.fault, None, "step {last}");
            let all = places(app.tenants.control(), &app.tenants.control_archives().unwrap());
            assert_eq!(all, (1..=head.seq).rev().collect::<Vec<_>>(), "step {last}");
            moved += list(app.tenants.control()).len();
            if run == 1 {
                assert_eq!(moved, 3, "after step {last} the next run goes on to the end");
            }
            archive(&app, today(), Steps::default()).await;
        }
        app.close().await.unwrap();
        if status.signal().is_none() {
            assert!(status.success(), "{status:?}");
            break;
        }
        killed += 1;
    }
    assert_eq!(killed, 15, "five steps of three chains");
}

#[tokio::test(flavor = "multi_thread")]
async fn shipped_archives_lead_back_to_moments_before_and_after_and_a_target_that_is_away_loses_nothing() {
    let target = tempfile::tempdir().unwrap();
    let (here, tenant, moments) = shipping::logged(target.path(), 2).await;
    let now = shipping::at(here.pass(1000));
    let note = |days: i64| {
        tenant
            .db()
            .write_blocking(|tx| {
                let entry = events::Entry {
                    kind: "thing.noted",
                    actor: "user:1",
                    subject: None,
                    request_id: None,
                    ip: None,
                    data: serde_json::json!({ "days": days }),
                };
                events::append(tx, now - SignedDuration::from_hours(24 * days), &entry)
            })
            .unwrap();
    };
    (0..50).rev().for_each(note);
    here.app.backups.ship_all().await.unwrap();
    let later = now + SignedDuration::from_hours(24 * 40);
    // The target is away: nothing is let go of.
    let aside = target.path().with_extension("away");
    std::fs::rename(target.path(), &aside).unwrap();
    std::fs::write(target.path(), b"no folder").unwrap();
    let before = tenant.db().read_blocking(events::head).unwrap();
    assert!(here.app.audit.archive_old(&here.app.backups, later, Steps::default(), || false).await.is_err());
    assert_eq!((tenant.db().read_blocking(events::head).unwrap(), list(tenant.db()).len()), (before, 0));
    std::fs::remove_file(target.path()).unwrap();
    std::fs::rename(&aside, target.path()).unwrap();

    archive(&here.app, later, Steps::default()).await;
    assert_eq!((list(tenant.db()).len(), list(here.app.tenants.control()).len()), (1, 1));
    here.pass(1000);
    shipping::rate(&tenant, 9, 9);
    here.app.backups.ship_all().await.unwrap();
    here.pass(120_000);
    for (moment, archives) in [(when(moments[1]), 0), (LATEST, 1)] {
        let aside = backup::Wanted { slug: Some(format!("as-of-{archives}")), ..over("acme") };
        let (done, _) = here.app.backups.restore_at(moment, here.identity(), aside, shipping::by()).await.unwrap();
        let found = here.app.tenants.open(&done.id).await.unwrap();
        assert_eq!(list(found.db()).len(), archives);
        whole(&here.app.tenants, &found).await;
    }
    // The machine is lost; and an archive at the target that is damaged is named.
    let there = tempfile::tempdir().unwrap();
    let (master, _) = MasterKey::load(there.path(), None, true).unwrap();
    let identity: Identity = here.identity();
    let folder = backup::Destination::Folder(target.path().to_owned());
    let from = backup::Settings { folder, ..Default::default() };
    let back = backup::restore_shipped_instance(there.path(), &master, (&from, None), (&identity, false), later);
    back.await.unwrap();
    let anew = shipping::open(there.path(), target.path(), &here.time, |settings| settings.continuous = false).await;
    assert_eq!(anew.tenants.verify_own_events(Vec::new()).await.unwrap().0.fault, None);
    anew.backups.restore_at(LATEST, identity.clone(), over("acme"), shipping::by()).await.unwrap();
    whole(&anew.tenants, &anew.tenants.by_slug("acme").await.unwrap()).await;
    let shipped = target.path().join(tenant.id().as_str()).join("events").join(&list(tenant.db())[0].name);
    let mut bytes = std::fs::read(&shipped).unwrap();
    bytes[40] ^= 1;
    std::fs::write(&shipped, bytes).unwrap();
    let refused = here.app.backups.restore_at(LATEST, identity, over("acme"), shipping::by()).await.unwrap_err();
    assert!(refused.to_string().contains(&list(tenant.db())[0].name), "{refused}");
}
