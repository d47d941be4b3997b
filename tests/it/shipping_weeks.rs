//! What continuous backup does over weeks, and while its target is away.

use std::path::Path;

use pulsepoint::backup::Wanted;

use crate::shipping::{Box, LATEST, bundles, by, files, kinds, logged_at, over, rate, rates, when};
use crate::support::store::Place;

#[tokio::test(flavor = "multi_thread")]
async fn a_target_that_is_away_stops_nobody_fills_no_disk_and_is_told() {
    let (target, away) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let folder = target.path().join("there");
    let here = Box::with(&folder, |settings| settings.continuous_backlog_mb = 1).await;
    let tenant = here.app.tenants.create("acme", "Acme").await.unwrap();
    here.app.backups.ship_all().await.unwrap();
    std::fs::rename(&folder, away.path().join("there")).unwrap();
    std::fs::write(&folder, b"no folder").unwrap();
    for number in 0..300 {
        rate(&tenant, number, number);
        if number % 50 == 49 {
            here.pass(20_000);
            here.app.backups.ship().await.unwrap();
            tenant.db().checkpoint().unwrap();
        }
    }
    let expected = rates(&tenant);
    assert_eq!(expected.len(), 300, "writing goes on");
    let kept: u64 = files(&here.data.path().join("shipping")).iter().map(|path| path.metadata().unwrap().len()).sum();
    assert!(kept <= 2 << 20, "{kept} bytes wait: one megabyte of each store at most");
    here.app.backups.ship_all().await.unwrap_err();
    let told = here.app.tenants.control().read_blocking(kinds).unwrap();
    assert!(told.iter().any(|kind| kind == "backup.shipping_failed"), "{told:?}");
    std::fs::remove_file(&folder).unwrap();
    std::fs::rename(away.path().join("there"), &folder).unwrap();
    here.app.backups.ship_all().await.unwrap();
    let told = here.app.tenants.control().read_blocking(kinds).unwrap();
    assert!(told.iter().any(|kind| kind == "backup.shipping_resumed"), "{told:?}");
    let logs = std::fs::read_dir(folder.join(tenant.id().as_str()).join("log")).unwrap().count();
    assert_eq!(logs, 2, "more waited than may: a new log began");
    assert!(files(&here.data.path().join("shipping")).is_empty(), "nothing waits any more");
    here.pass(60_000);
    let aside = Wanted { slug: Some("again".to_owned()), ..over("acme") };
    here.app.backups.restore_at(LATEST, here.identity(), aside, by()).await.unwrap();
    assert_eq!(rates(&here.app.tenants.by_slug("again").await.unwrap()), expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_gathered_reads_as_before_and_takes_fewer_things() {
    what_is_gathered_reads_as_before(&Place::folder()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_gathered_in_a_store_reads_as_before_and_takes_fewer_things() {
    what_is_gathered_reads_as_before(&Place::store()).await;
}

async fn what_is_gathered_reads_as_before(place: &Place) {
    let (here, tenant, moments) = logged_at(place, 100).await;
    let before = bundles(&place.disk, tenant.id().as_str()).len();
    assert!(before > 100);
    here.app.backups.gather_logs().await.unwrap();
    let after = bundles(&place.disk, tenant.id().as_str());
    assert!(after.len() < before - 20, "{before} became {}", after.len());
    here.app.backups.check_log(Some(tenant.id())).await.unwrap().unwrap();
    for place in [1, 20, 37, 60, 99] {
        let aside = Wanted { slug: Some(format!("as-of-{place}")), ..over("acme") };
        let (done, _) = here.app.backups.restore_at(when(moments[place]), here.identity(), aside, by()).await.unwrap();
        let found = rates(&here.app.tenants.by_slug(&done.slug).await.unwrap());
        assert_eq!(found.len(), place + 1);
    }
    // A bit of what was gathered is found as well.
    let large = after.iter().max_by_key(|path| path.metadata().unwrap().len()).unwrap();
    let mut bent = std::fs::read(large).unwrap();
    let middle = bent.len() / 2;
    bent[middle] ^= 1;
    std::fs::write(large, bent).unwrap();
    let found = here.app.backups.check_log(Some(tenant.id())).await.unwrap_err().to_string();
    assert!(found.contains("entry ") && found.contains("damaged"), "{found}");
}

fn snapshots(target: &Path, tenant: &str) -> usize {
    let all = files(&target.join(tenant).join("log"));
    all.iter().filter(|path| path.to_string_lossy().ends_with(".backup.age")).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn sixty_days_keep_thirty_and_the_snapshot_before_them() {
    let target = tempfile::tempdir().unwrap();
    let here = Box::start(target.path()).await;
    let tenant = here.app.tenants.create("acme", "Acme").await.unwrap();
    here.app.backups.ship_all().await.unwrap();
    let mut moments = Vec::new();
    for day in 0..60 {
        moments.push(here.pass(86_400_000));
        rate(&tenant, day, day);
        here.app.backups.ship_all().await.unwrap();
        // The second time it notes the snapshot that the first began, if it did.
        here.app.backups.ship_all().await.unwrap();
        if day % 4 == 3 {
            here.app.backups.run_daily(|| false).await.unwrap();
        }
    }
    here.app.backups.ship_all().await.unwrap();
    let left = snapshots(target.path(), tenant.id().as_str());
    assert!((4..=7).contains(&left), "{left} snapshots: those of thirty days, and one before");
    let oldest = here.app.backups.plan_restore(when(moments[30]), here.identity(), "acme").await.unwrap();
    assert_eq!(oldest.at.as_millisecond(), moments[30], "the oldest day that is promised");
    let aside = Wanted { slug: Some("oldest".to_owned()), ..over("acme") };
    here.app.backups.restore_at(when(moments[30]), here.identity(), aside, by()).await.unwrap();
    assert_eq!(rates(&here.app.tenants.by_slug("oldest").await.unwrap()).len(), 31);
    let gone = here.app.backups.plan_restore(when(moments[2]), here.identity(), "acme").await.unwrap_err();
    assert!(gone.to_string().contains("begins only at"), "{gone}");
    // A clock that jumps ahead removes one snapshot at most, and nothing when it is set right.
    here.pass(400 * 86_400_000);
    let _ = here.app.backups.run_daily(|| false).await;
    assert!(snapshots(target.path(), tenant.id().as_str()) + 1 >= left);
}
