//! What is done once a day, on a machine that is started anew each day, and by a clock that is set.

use std::path::Path;
use std::time::Duration;

use pulsepoint::app::App;
use pulsepoint::events::{self, Entry};
use pulsepoint::schedule;
use pulsepoint::tenants::Tenant;

use crate::clock_jumps::{DAY, HOUR, Hand, sessions, signed_in, start};

/// Sessions of a month, and events of long ago, of two tenants.
async fn two(app: &App, hand: &Hand) -> [Tenant; 2] {
    let tenants = [app.tenants.create("acme", "A").await.unwrap(), app.tenants.create("other", "O").await.unwrap()];
    for tenant in &tenants {
        signed_in(tenant, hand.now());
        let at = hand.now();
        let entry = |tx: &rusqlite::Transaction<'_>| {
            for number in 0..5 {
                let data = serde_json::json!({ "number": number });
                let entry =
                    Entry { kind: "thing.noted", actor: "user:1", subject: None, request_id: None, ip: None, data };
                events::append(tx, at, &entry)?;
            }
            Ok(())
        };
        tenant.db().write_blocking(entry).unwrap();
    }
    tenants
}

fn archives(tenant: &Tenant) -> usize {
    tenant.db().read_blocking(events::archives).unwrap().len()
}

/// A server that runs for a while and ends, jobs and all.
async fn runs(data: &Path, hand: &Hand) -> App {
    let app = start(data, hand).await;
    schedule::start(&app);
    // What is due at the start is done then; nothing here waits for a time.
    for _ in 0..1000 {
        let looked = |name: &str| app.jobs.report().iter().any(|job| job.name == name && job.runs > 0);
        if looked("remove what is old") && looked("archive older events") {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    app.jobs.stop(Duration::from_secs(10)).await;
    app
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_started_anew_each_day_still_removes_and_archives_what_is_old() {
    let (data, hand) = (tempfile::tempdir().unwrap(), Hand::new());
    let app = start(data.path(), &hand).await;
    let ids = two(&app, &hand).await.map(|tenant| tenant.id().clone());
    app.close().await.unwrap();
    drop(app);
    let mut gone = Vec::new();
    for day in 0..40 {
        // It runs for twenty hours, and is off for a few.
        let app = runs(data.path(), &hand).await;
        for id in &ids {
            let tenant = app.tenants.open(id).await.unwrap();
            if sessions(&tenant) == 0 && archives(&tenant) > 0 {
                gone.push(day);
            }
        }
        app.close().await.unwrap();
        drop(app);
        hand.jump(23 * HOUR);
        if gone.len() >= 2 {
            break;
        }
    }
    // The month of 23-hour days ends on the 32nd; what is due then is done within a day of its being due.
    assert!(gone.len() == 2 && gone.iter().all(|day| (31..=34).contains(day)), "{gone:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_due_is_done_once_a_day_and_not_while_the_clock_is_in_doubt() {
    let (data, hand) = (tempfile::tempdir().unwrap(), Hand::new());
    let now = hand.now().as_second();
    hand.jump(now.div_euclid(DAY) * DAY + 12 * HOUR - now);
    let app = start(data.path(), &hand).await;
    let done = std::cell::Cell::new(0);
    let once = async |works: bool| {
        let work = async {
            done.set(done.get() + 1);
            if works { Ok(()) } else { Err(anyhow::anyhow!("the disk is full").into()) }
        };
        app.tenants.once_a_day("counted", work).await.is_ok()
    };
    for hour in 0..49 {
        assert!(once(true).await);
        assert_eq!(done.get(), (hour + 12) / 24, "hour {hour} after noon");
        hand.pass(HOUR);
    }
    // What fails is due still.
    hand.pass(23 * HOUR);
    assert!(!once(false).await && !once(false).await && once(true).await && once(true).await);
    assert_eq!(done.get(), 5);
    // A clock that jumps, ahead or back, does nothing until it is believed; and then once.
    for jump in [40 * DAY, -40 * DAY] {
        let before = done.get();
        hand.jump(jump);
        for hour in 0..24 {
            assert!(once(true).await);
            assert_eq!(done.get(), before, "{jump} s, hour {hour}");
            hand.pass(HOUR);
        }
        assert!(once(true).await && once(true).await);
        assert_eq!(done.get(), before + 1, "{jump} s");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_archived_while_the_clock_is_in_doubt() {
    let (data, hand) = (tempfile::tempdir().unwrap(), Hand::new());
    let app = start(data.path(), &hand).await;
    let tenants = two(&app, &hand).await;
    schedule::archive_old_events(app.clone()).await.unwrap();
    hand.jump(40 * DAY);
    for _ in 0..23 {
        schedule::archive_old_events(app.clone()).await.unwrap();
        assert_eq!(tenants.each_ref().map(archives), [0, 0]);
        hand.pass(HOUR);
    }
    hand.jump(-40 * DAY);
    schedule::archive_old_events(app.clone()).await.unwrap();
    for _ in 0..31 {
        assert_eq!(tenants.each_ref().map(archives), [0, 0]);
        hand.pass(DAY);
        app.tenants.clock_is_steady().await.unwrap();
    }
    schedule::archive_old_events(app.clone()).await.unwrap();
    assert_eq!(tenants.each_ref().map(archives), [1, 1]);
}
