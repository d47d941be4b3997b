//! Tenants: made, opened once, closed, listed, deleted; the login directory; what modules keep per tenant.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use pulsepoint::clock::Clock;
use pulsepoint::error::Error;
use pulsepoint::secrets::{MasterKey, Purpose};
use pulsepoint::tenants::{Change, Settings, Tenant, TenantId, Tenants};

pub fn start(data: &Path) -> Tenants {
    start_with(data, &Settings::default())
}

pub fn start_with(data: &Path, settings: &Settings) -> Tenants {
    let (master, _) = MasterKey::load(data, None, true).unwrap();
    Tenants::start(data, master, Clock::system(), settings).unwrap()
}

pub async fn write_brand(tenant: &Tenant, slug: &str) {
    let slug = slug.to_owned();
    tenant
        .db()
        .write(move |tx| {
            let sql = "insert into brands (uid, slug, name, currency, timezone, created_at_ms)
                       values (?1, ?1, ?1, 'USD', 'UTC', 0)";
            Ok(tx.execute(sql, [slug])?)
        })
        .await
        .unwrap();
}

pub async fn brands(tenant: &Tenant) -> Vec<String> {
    tenant
        .db()
        .read(|conn| {
            let mut query = conn.prepare("select slug from brands order by slug")?;
            let slugs = query.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
            Ok(slugs)
        })
        .await
        .unwrap()
}

#[tokio::test]
async fn tenants_survive_a_restart_and_keep_apart() {
    let data = tempfile::tempdir().unwrap();
    let tenants = start(data.path());
    let (one, two) = (tenants.create("one", "One").await.unwrap(), tenants.create("two", " Two ").await.unwrap());
    assert_eq!((two.slug(), two.name()), ("two", "Two"));
    write_brand(&one, "of-one").await;
    write_brand(&two, "of-two").await;
    assert_ne!(*one.key().derive(Purpose::Store), *two.key().derive(Purpose::Store));
    let ids = (one.id().clone(), two.id().clone());
    drop((one, two));
    tenants.close_all().await.unwrap();
    drop(tenants);

    let tenants = start(data.path());
    let listed: Vec<_> = tenants.list().await.unwrap().into_iter().map(|info| (info.slug, info.set_aside)).collect();
    assert_eq!(listed, [("one".to_owned(), None), ("two".to_owned(), None)]);
    assert_eq!(brands(&tenants.open(&ids.0).await.unwrap()).await, ["of-one"]);
    assert_eq!(brands(&tenants.by_slug("two").await.unwrap()).await, ["of-two"]);
    assert!(matches!(tenants.by_slug("three").await, Err(Error::NotFound)));
    let nobody = TenantId::parse("00000000-0000-4000-8000-000000000000").unwrap();
    assert!(matches!(tenants.open(&nobody).await, Err(Error::NotFound)));
}

#[tokio::test]
async fn refuses_a_taken_slug_and_what_is_no_slug() {
    let data = tempfile::tempdir().unwrap();
    let tenants = start(data.path());
    tenants.create("juniper-oak", "Juniper & Oak").await.unwrap();
    assert!(matches!(tenants.create("juniper-oak", "Again").await, Err(Error::Conflict { code: "slug_taken", .. })));
    for slug in ["", "-a", "a-", "a--b", "A", "a b", "..", "a/b", "ä", &"a".repeat(64)] {
        let refused = tenants.create(slug, "Name").await;
        assert!(matches!(&refused, Err(Error::Invalid { field: Some(field), .. }) if field == "slug"), "{slug:?}");
    }
    for name in ["", "  ", "a\nb", &"n".repeat(201)] {
        assert!(matches!(tenants.create("fine", name).await, Err(Error::Invalid { .. })), "{name:?}");
    }
    assert_eq!(std::fs::read_dir(data.path().join("tenants")).unwrap().count(), 1);
}

#[test]
fn an_id_is_a_canonical_uuid_and_nothing_else() {
    let canonical = "6f9619ff-8b86-4d01-b42d-00cf4fc964ff";
    assert_eq!(TenantId::parse(canonical).unwrap().as_str(), canonical);
    for text in ["", "..", "../control", "6F9619FF-8B86-4D01-B42D-00CF4FC964FF", "6f9619ff8b864d01b42d00cf4fc964ff"] {
        assert_eq!(TenantId::parse(text), None, "{text}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_who_ask_at_once_get_the_same_tenant_opened_once() {
    let data = tempfile::tempdir().unwrap();
    let tenants = start(data.path());
    let id = tenants.create("one", "One").await.unwrap().id().clone();
    tenants.close_all().await.unwrap();
    let asking: Vec<_> = (0..50)
        .map(|_| {
            let (tenants, id) = (tenants.clone(), id.clone());
            tokio::spawn(async move { tenants.open(&id).await.unwrap() })
        })
        .collect();
    let counter = Arc::new(AtomicUsize::new(0));
    for one in asking {
        let tenant = one.await.unwrap();
        let made = Arc::clone(&counter);
        let slot = tenant.slot(|| {
            made.fetch_add(1, Ordering::SeqCst);
            String::from("kept")
        });
        assert_eq!(*slot, "kept");
    }
    assert_eq!(counter.load(Ordering::SeqCst), 1, "the tenant, or its slot, was made twice");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_evicted_tenant_that_is_still_held_is_not_opened_beside_itself() {
    let data = tempfile::tempdir().unwrap();
    let tenants = start_with(data.path(), &Settings { max_open: 1, ..Settings::default() });
    let held = tenants.create("held", "Held").await.unwrap();
    let marker = held.slot(|| 42_u8);
    for number in 0..5 {
        tenants.create(&format!("other-{number}"), "Other").await.unwrap();
    }
    let again = tenants.open(held.id()).await.unwrap();
    assert!(Arc::ptr_eq(&marker, &again.slot(|| 43_u8)), "the tenant is open twice");
    let mut changes = held.changes();
    again.announce(7, 3);
    assert_eq!(changes.recv().await.unwrap(), Change { brand_id: 7, version: 3 });
    assert_eq!(held.data_version(), 3);
    again.announce(7, 2);
    assert_eq!(held.data_version(), 3, "the version never goes back");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tenant_closes_when_the_last_holder_lets_go() {
    let data = tempfile::tempdir().unwrap();
    let tenants = start(data.path());
    let tenant = tenants.create("one", "One").await.unwrap();
    write_brand(&tenant, "b").await;
    let log = data.path().join("tenants").join(tenant.id().as_str()).join("store.db-wal");
    tenants.close_all().await.unwrap();
    assert!(log.exists(), "closed under its holder");
    assert_eq!(brands(&tenant).await, ["b"]);
    drop(tenant);
    for _ in 0..200 {
        if !log.exists() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the store is still open");
}

#[tokio::test]
async fn the_data_version_is_read_at_opening() {
    let data = tempfile::tempdir().unwrap();
    let tenants = start(data.path());
    let tenant = tenants.create("one", "One").await.unwrap();
    assert_eq!(tenant.data_version(), 0);
    tenant
        .db()
        .write(|tx| Ok(tx.execute("insert into change_log (seq, at_ms, kind) values (17, 0, 'rows')", [])?))
        .await
        .unwrap();
    let id = tenant.id().clone();
    drop(tenant);
    tenants.close_all().await.unwrap();
    drop(tenants);
    assert_eq!(start(data.path()).open(&id).await.unwrap().data_version(), 17);
}

#[tokio::test]
async fn an_email_belongs_to_one_tenant() {
    let data = tempfile::tempdir().unwrap();
    let tenants = start(data.path());
    let (one, two) = (tenants.create("one", "One").await.unwrap(), tenants.create("two", "Two").await.unwrap());
    tenants.register_email(" Owner@Example.com ", one.id()).await.unwrap();
    tenants.register_email("owner@example.com", one.id()).await.unwrap();
    let taken = tenants.register_email("OWNER@example.com", two.id()).await;
    assert!(matches!(taken, Err(Error::Conflict { code: "email_taken", .. })));
    assert_eq!(tenants.by_email("owner@EXAMPLE.com").await.unwrap().as_ref(), Some(one.id()));
    tenants.release_email("owner@example.com", two.id()).await.unwrap();
    assert!(tenants.by_email("owner@example.com").await.unwrap().is_some());
    tenants.release_email("owner@example.com", one.id()).await.unwrap();
    assert_eq!(tenants.by_email("owner@example.com").await.unwrap(), None);
}

#[tokio::test]
async fn signing_keys_last_and_do_not_print() {
    let data = tempfile::tempdir().unwrap();
    let tenants = start(data.path());
    let key = &tenants.jwt_keys()[0];
    assert_ne!(key.secret(), &[0; 32]);
    let (kid, secret) = (key.kid().to_owned(), *key.secret());
    assert_eq!(format!("{key:?}"), format!("SigningKey({kid})"));
    drop(tenants);
    let tenants = start(data.path());
    assert_eq!((tenants.jwt_keys().len(), tenants.jwt_keys()[0].kid()), (1, kid.as_str()));
    assert_eq!(tenants.jwt_keys()[0].secret(), &secret);
}

#[tokio::test]
async fn a_deleted_tenant_is_gone_for_its_holders_too() {
    let data = tempfile::tempdir().unwrap();
    let tenants = start(data.path());
    let (gone, stays) =
        (tenants.create("gone", "Gone").await.unwrap(), tenants.create("stays", "Stays").await.unwrap());
    tenants.register_email("a@example.com", gone.id()).await.unwrap();
    tenants.delete(gone.id()).await.unwrap();
    assert!(matches!(tenants.open(gone.id()).await, Err(Error::NotFound)));
    assert!(matches!(tenants.delete(gone.id()).await, Err(Error::NotFound)));
    assert_eq!(tenants.by_email("a@example.com").await.unwrap(), None);
    gone.db().read(|_| Ok(())).await.expect_err("its holder can still read");
    let folders: Vec<_> =
        std::fs::read_dir(data.path().join("tenants")).unwrap().map(|f| f.unwrap().file_name()).collect();
    assert_eq!(folders, [stays.id().as_str()]);
    assert_eq!(brands(&stays).await, Vec::<String>::new());
    tenants.create("gone", "Its slug is free again").await.unwrap();
}

#[tokio::test]
async fn a_start_with_a_hundred_tenants_opens_none() {
    let data = tempfile::tempdir().unwrap();
    let tenants = start(data.path());
    for number in 0..100 {
        tenants.create(&format!("t{number}"), "T").await.unwrap();
    }
    tenants.close_all().await.unwrap();
    drop(tenants);
    // The last ones close behind the scenes, and a log may stay; opening a tenant makes a log that was not there.
    let logs = || -> std::collections::BTreeSet<_> {
        let folders = std::fs::read_dir(data.path().join("tenants")).unwrap();
        folders.map(|folder| folder.unwrap().path().join("store.db-wal")).filter(|log| log.exists()).collect()
    };
    for _ in 0..400 {
        if logs().is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    let before = logs();
    assert!(before.len() < 50, "nothing would show");
    let tenants = start(data.path());
    assert_eq!(tenants.list().await.unwrap().len(), 100);
    assert!(logs().is_subset(&before), "a tenant was opened");
}
