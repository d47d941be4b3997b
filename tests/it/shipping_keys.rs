//! Continuous backup beside what exchanges stores and takes people out of them: keys made anew, and erasures.

use jiff::Timestamp;
use pulsepoint::auth::reseal_second_factors;
use pulsepoint::backup::{self, Destination, Identity, Wanted, restore_shipped_instance};
use pulsepoint::db::Db;
use pulsepoint::events;
use pulsepoint::secrets::{MasterKey, Purpose};
use pulsepoint::tenants::Steps;

use crate::backup::identity;
use crate::keys_crash::copy;
use crate::privacy::{canary_in, dumped, erased, planted};
use crate::shipping::{Box, LATEST, at, by, kinds, logged, open, over, rate, rates, when};
use crate::support::app::TestApp;

/// Generations of a log.
fn logs(target: &std::path::Path, shelf: &str) -> usize {
    std::fs::read_dir(target.join(shelf).join("log")).unwrap().count()
}

/// The rates of the tenant as of a moment, restored beside it.
async fn as_of(here: &Box, ms: i64) -> Vec<(String, String)> {
    let aside = Wanted { slug: Some(format!("as-of-{ms}")), ..over("acme") };
    let (done, reached) = here.app.backups.restore_at(when(ms), here.identity(), aside, by()).await.unwrap();
    assert!(reached.at <= at(ms), "{reached:?}");
    let found = here.app.tenants.by_slug(&done.slug).await.unwrap();
    assert_eq!(here.app.tenants.verify_events(&found).await.unwrap().fault, None);
    rates(&found)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_made_anew_begins_a_new_log_and_what_was_committed_before_it_comes_back_to_the_last() {
    let target = tempfile::tempdir().unwrap();
    let (mut here, mut tenant, moments) = logged(target.path(), 4).await;
    let id = tenant.id().clone();
    let old = tenant.key();
    let unshipped = here.pass(1000);
    rate(&tenant, 50, 50);
    let before = rates(&tenant);
    let quiet = here.pass(1000);
    here.pass(1000);
    // The last commit was not shipped when the key changed.
    here.app.tenants.rekey(&id, None, Steps::default()).await.unwrap();
    assert!(!Db::is_under(tenant.db().path(), &old.derive(Purpose::Store)));
    let after = here.pass(1000);
    rate(&tenant, 51, 51);
    let of_after = rates(&tenant);
    tenant.db().checkpoint().unwrap();
    here.app.backups.ship_all().await.unwrap();
    assert_eq!(logs(target.path(), id.as_str()), 2, "the store under its new key has a log of its own");
    // Twice before anybody ships, and another process goes on.
    for reseal in [None, Some(reseal_second_factors as pulsepoint::tenants::Reseal)] {
        here.pass(1000);
        rate(&tenant, 60, 60);
        here.app.tenants.rekey(&id, reseal, Steps::default()).await.unwrap();
    }
    drop(tenant);
    here.restart(target.path()).await;
    tenant = here.app.tenants.open(&id).await.unwrap();
    let last = here.pass(1000);
    rate(&tenant, 70, 70);
    let of_last = rates(&tenant);
    here.app.backups.ship_all().await.unwrap();
    here.app.backups.check_log(Some(&id)).await.unwrap().unwrap();
    here.pass(120_000);
    assert_eq!(as_of(&here, moments[1]).await, before[..2], "as of long before");
    assert_eq!(as_of(&here, unshipped).await, before, "as of a commit that only the old log had");
    assert_eq!(as_of(&here, quiet).await, before, "as of a moment between it and the new key");
    assert_eq!(as_of(&here, after).await, of_after, "as of just after it");
    assert_eq!(as_of(&here, last).await, of_last, "as of the end");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_between_a_new_key_and_the_next_round_costs_nothing_that_was_acknowledged() {
    let target = tempfile::tempdir().unwrap();
    let (here, tenant, _) = logged(target.path(), 3).await;
    let unshipped = here.pass(1000);
    rate(&tenant, 50, 50);
    let before = rates(&tenant);
    here.pass(1000);
    // What lies on the disks in the moment in which the machine goes.
    let (killed, data) = (tempfile::tempdir().unwrap(), here.data.path().to_owned());
    let (to, kept) = (killed.path().to_owned(), target.path().to_owned());
    let steps = Steps::watched(move |step| {
        if step == "cleaned up" {
            copy(&data, &to.join("data"));
            copy(&kept, &to.join("target"));
        }
    });
    here.app.tenants.rekey(tenant.id(), None, steps).await.unwrap();
    let (data, target) = (killed.path().join("data"), killed.path().join("target"));
    let anew = open(&data, &target, &here.time, |_| {}).await;
    anew.backups.ship_all().await.unwrap();
    here.pass(120_000);
    let identity = Identity::read(&data.join(backup::IDENTITY_FILE)).unwrap();
    anew.backups.restore_at(when(unshipped), identity, over("acme"), by()).await.unwrap();
    assert_eq!(rates(&anew.tenants.by_slug("acme").await.unwrap()), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_master_key_begins_a_new_log_of_the_instance_and_a_lost_box_still_comes_back() {
    let target = tempfile::tempdir().unwrap();
    let (here, tenant, _) = logged(target.path(), 3).await;
    let shelf = format!("instance-{}", here.app.tenants.instance().unwrap());
    let before = logs(target.path(), &shelf);
    here.app.tenants.rotate_master(None, Steps::default()).await.unwrap();
    here.pass(1000);
    rate(&tenant, 9, 9);
    here.app.backups.ship_all().await.unwrap();
    assert_eq!(logs(target.path(), &shelf), before + 1);
    let there = tempfile::tempdir().unwrap();
    let (master, _) = MasterKey::load(there.path(), None, true).unwrap();
    let now: Timestamp = at(here.pass(1000));
    let (identity, folder) = (here.identity(), Destination::Folder(target.path().to_owned()));
    let from = backup::Settings { folder, ..Default::default() };
    restore_shipped_instance(there.path(), &master, (&from, None), (&identity, false), now).await.unwrap();
    let there = open(there.path(), target.path(), &here.time, |settings| settings.continuous = false).await;
    let told = there.tenants.control().read_blocking(kinds).unwrap();
    assert!(told.iter().any(|kind| kind == "keys.rotated"), "{told:?}");
    there.backups.restore_at(LATEST, identity, over("acme"), by()).await.unwrap();
    assert_eq!(rates(&there.tenants.by_slug("acme").await.unwrap()), rates(&tenant));
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_was_erased_is_not_back_as_of_a_moment_before_it() {
    let (mut app, target) = (TestApp::start().await, tempfile::tempdir().unwrap());
    let settings = backup::Settings { folder: Destination::Folder(target.path().to_owned()), ..Default::default() };
    app.app = app.app.clone().with_backups(settings).unwrap();
    let shop = planted(&app, "juniper-oak").await;
    app.app.backups.ship_all().await.unwrap();
    let (before, commits) = (app.app.clock.system_time().as_millisecond(), shop.tenant.db().commits());
    while app.app.clock.system_time().as_millisecond() <= before {
        tokio::task::yield_now().await;
    }
    assert!(canary_in(&dumped(&shop.tenant)).is_some());
    erased(&app, &shop).await;
    drop(shop);
    let (done, reached) =
        app.app.backups.restore_at(when(before), identity(&app), over("juniper-oak"), by()).await.unwrap();
    assert!(done.replaced && reached.commits <= commits, "{reached:?}: the moment is before the erasure");
    let found = app.app.tenants.by_slug("juniper-oak").await.unwrap();
    assert_eq!(canary_in(&dumped(&found)), None);
    let told = found.db().read_blocking(|conn| events::read_from(conn, "test", 1000)).unwrap();
    assert!(told.iter().any(|event| event.kind == "customer.erased_again"), "nobody had to be erased again");
}
