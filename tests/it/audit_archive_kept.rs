//! Archives of older events go wherever their store goes: backups, restores, exports, new keys, the end of a tenant; and nothing goes
//! that somebody still has to read.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use jiff::SignedDuration;
use pulsepoint::audit::Settings;
use pulsepoint::auth::reseal_second_factors;
use pulsepoint::backup::{Wanted, restore_instance};
use pulsepoint::events;
use pulsepoint::secrets::MasterKey;
use pulsepoint::tenants::export::{self, About};
use pulsepoint::tenants::{Steps, Tenant};

use crate::audit_archive::{archive, archived, hot, list, today, told, whole};
use crate::backup::{by, identity, made, wanted};
use crate::shipping;
use crate::support::app::TestApp;

fn folder(tenant: &Tenant) -> PathBuf {
    tenant.db().path().with_file_name(events::ARCHIVES)
}

fn files(folder: &Path) -> BTreeSet<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
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
    let anew = shipping::open(data.path(), &data.path().join("backups"), &Default::default(), |settings| {
        settings.continuous = false
    })
    .await;
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
    long.archive_old(&app.app.backups, today() + SignedDuration::from_hours(24 * 300), Steps::default(), || false)
        .await
        .unwrap();
    assert_eq!(list(other.tenant.db()), archives);
    // The newest entry stays, however old it is.
    let none = app.app.audit.with_settings(Settings { hot_days: 0 });
    none.archive_old(&app.app.backups, today() + SignedDuration::from_hours(24 * 300), Steps::default(), || false)
        .await
        .unwrap();
    assert!((1..=2).contains(&hot(other.tenant.db())), "{}", hot(other.tenant.db()));
    whole(&app.app.tenants, &other.tenant).await;
    told(other.tenant.db(), (1, 0), 3);
    whole(&app.app.tenants, &other.tenant).await;
}
