//! Archives that were damaged, cut, swapped or made by an enemy who knows the recipient: each is refused whole.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use pulsepoint::backup::{Identity, Wanted};
use pulsepoint::error::Error;
use serde_json::{Value, json};

use crate::backup::{by, identity, made, rows, stocked, wanted};
use crate::support::app::TestApp;

struct Victim {
    app: TestApp,
    shop: crate::support::app::Shop,
    archive: PathBuf,
    identity: Identity,
    folder: tempfile::TempDir,
}

async fn victim() -> Victim {
    let app = TestApp::start().await;
    let shop = stocked(&app, "juniper-oak").await;
    let archive = made(&app, &shop).await.archive.path;
    let identity = identity(&app);
    Victim { app, shop, archive, identity, folder: tempfile::tempdir().unwrap() }
}

impl Victim {
    /// Tries to restore these bytes over the tenant; returns the reason why they were refused. Nothing has changed.
    async fn refuses(&self, what: &str, bytes: &[u8]) -> String {
        let file = self.folder.path().join("archive");
        std::fs::write(&file, bytes).unwrap();
        let (before, tenants) = (rows(&self.shop.tenant), self.app.app.tenants.list().await.unwrap());
        for wanted in [
            Wanted { overwrite: true, ..wanted("juniper-oak") },
            Wanted { slug: Some("copy".to_owned()), ..wanted("juniper-oak") },
        ] {
            let outcome = self.app.app.backups.restore(file.clone(), self.identity.clone(), wanted, by()).await;
            assert!(matches!(outcome, Err(Error::Invalid { .. })), "{what}: {outcome:?}");
        }
        let found = self.app.app.backups.verify(file, self.identity.clone()).await.unwrap();
        assert_eq!(rows(&self.shop.tenant), before, "{what} changed the tenant");
        assert_eq!(self.app.app.tenants.list().await.unwrap(), tenants, "{what} changed the tenants");
        assert_eq!(self.left_over(), Vec::<PathBuf>::new(), "{what} left something");
        found.outcome.expect_err(what)
    }

    fn left_over(&self) -> Vec<PathBuf> {
        let scratch = self.app.folder().join("scratch");
        let mut left: Vec<PathBuf> = std::fs::read_dir(scratch).unwrap().map(|entry| entry.unwrap().path()).collect();
        let tenants = std::fs::read_dir(self.app.folder().join("tenants")).unwrap();
        left.extend(tenants.map(|entry| entry.unwrap().path()).filter(|path| hidden(path)));
        left
    }

    fn plain(&self) -> Vec<u8> {
        open(&self.archive, &self.app)
    }

    /// The archive with another manifest.
    fn with(&self, change: impl FnOnce(&mut Value)) -> Vec<u8> {
        let (mut manifest, store) = split(&self.plain());
        change(&mut manifest);
        self.sealed(&join(&manifest, &store))
    }

    fn sealed(&self, plain: &[u8]) -> Vec<u8> {
        let recipient: age::x25519::Recipient = self.identity.recipient().to_string().parse().unwrap();
        age::encrypt(&recipient, plain).unwrap()
    }
}

fn hidden(path: &Path) -> bool {
    path.file_name().unwrap().to_string_lossy().starts_with('.')
}

/// What an archive holds, by `age` alone: as anybody with the private half can.
fn open(archive: &Path, app: &TestApp) -> Vec<u8> {
    let text = std::fs::read_to_string(app.folder().join(pulsepoint::backup::IDENTITY_FILE)).unwrap();
    let key: age::x25519::Identity = text.lines().last().unwrap().parse().unwrap();
    let decryptor = age::Decryptor::new(std::fs::File::open(archive).unwrap()).unwrap();
    let mut plain = Vec::new();
    decryptor.decrypt(std::iter::once(&key as &dyn age::Identity)).unwrap().read_to_end(&mut plain).unwrap();
    plain
}

const HEADING: &[u8] = b"pulsepoint backup\n";

fn split(plain: &[u8]) -> (Value, Vec<u8>) {
    let rest = plain.strip_prefix(HEADING).unwrap();
    let length = u32::from_be_bytes(rest[..4].try_into().unwrap()) as usize;
    (serde_json::from_slice(&rest[4..4 + length]).unwrap(), rest[4 + length..].to_vec())
}

fn join(manifest: &Value, store: &[u8]) -> Vec<u8> {
    let about = manifest.to_string().into_bytes();
    [HEADING, &u32::try_from(about.len()).unwrap().to_be_bytes(), &about, store].concat()
}

#[tokio::test]
async fn sixty_flipped_bits_are_all_found() {
    let victim = victim().await;
    let whole = std::fs::read(&victim.archive).unwrap();
    let mut found = 0;
    for round in 0..60_usize {
        // Ten in the header, where the keys stand, the others over all of it.
        let place = if round < 10 { 30 + round * 17 } else { (round - 10) * (whole.len() - 1) / 49 };
        let mut bent = whole.clone();
        bent[place] ^= 1 << (round % 8);
        victim.refuses(&format!("bit {} of byte {place}", round % 8), &bent).await;
        found += 1;
    }
    assert_eq!(found, 60);
    let sound = victim.app.app.backups.verify(victim.archive.clone(), victim.identity.clone()).await.unwrap();
    assert!(sound.outcome.is_ok(), "the archive itself is sound: {sound:?}");
}

#[tokio::test]
async fn a_cut_or_prolonged_archive_and_what_is_none_are_refused() {
    let victim = victim().await;
    let whole = std::fs::read(&victim.archive).unwrap();
    // A chunk of the seal is 64 KiB and its tag.
    for length in [0, 1, 21, 100, 250, 65_536, 65_552 + 200, whole.len() / 2, whole.len() - 17, whole.len() - 1] {
        victim.refuses(&format!("cut to {length}"), &whole[..length.min(whole.len() - 1)]).await;
    }
    victim.refuses("with a byte more", &[&whole[..], b"x"].concat()).await;
    victim.refuses("twice", &[&whole[..], &whole[..]].concat()).await;
    victim.refuses("zeros", &vec![0; 100_000]).await;
    let endless = [b"age-encryption.org/v1\n-> X25519 ".as_slice(), &vec![b'A'; 1 << 20]].concat();
    assert!(victim.refuses("a header without an end", &endless).await.contains("no end"));
    let store = std::fs::read(victim.shop.tenant.db().path()).unwrap();
    assert!(victim.refuses("a bare store", &store).await.contains("no sealed archive"));
    let passphrase = age::Encryptor::with_user_passphrase("x".to_owned().into());
    let mut sealed = Vec::new();
    let mut writer = passphrase.wrap_output(&mut sealed).unwrap();
    writer.write_all(&victim.plain()).unwrap();
    writer.finish().unwrap();
    victim.refuses("sealed with a passphrase", &sealed).await;
}

#[tokio::test]
async fn manifests_that_lie_are_refused() {
    let victim = victim().await;
    let says = |what: &str, reason: &str, told: String| assert!(told.contains(reason), "{what}: {told}");
    let told = victim.refuses("another format", &victim.with(|m| m["format"] = json!(2))).await;
    says("another format", "format 2", told);
    let told = victim.refuses("a newer schema", &victim.with(|m| m["schema"] = json!(999))).await;
    says("a newer schema", "schema", told);
    for schema in [-1, 0, 1] {
        victim.refuses("another schema", &victim.with(|m| m["schema"] = json!(schema))).await;
    }
    for bytes in [json!(u64::MAX), json!(1_u64 << 40), json!(0), json!(4096), json!(-1)] {
        victim.refuses(&format!("{bytes} bytes"), &victim.with(|m| m["bytes"] = bytes.clone())).await;
    }
    for name in ["../../evil", "/etc/passwd", "A B", "", "a\0b"] {
        let id = victim.with(|m| m["tenant"]["id"] = json!(name));
        victim.refuses(&format!("the id {name:?}"), &id).await;
    }
    let other = uuid::Uuid::new_v4().to_string();
    victim.refuses("another owner", &victim.with(|m| m["tenant"]["id"] = json!(other))).await;
    victim.refuses("no owner", &victim.with(|m| m["tenant"] = Value::Null)).await;
    victim.refuses("another key", &victim.with(|m| m["key"] = json!("A".repeat(43) + "="))).await;
    victim.refuses("a short key", &victim.with(|m| m["key"] = json!("QUJD"))).await;
    victim.refuses("a row more", &victim.with(|m| m["tables"][3]["rows"] = json!(12_345))).await;
    victim.refuses("a table less", &victim.with(|m| drop(m["tables"].as_array_mut().unwrap().pop()))).await;
    victim.refuses("another hash", &victim.with(|m| m["sha256"] = json!("ab".repeat(32)))).await;
    victim.refuses("another chain", &victim.with(|m| m["chain"]["hash"] = json!("ab".repeat(32)))).await;
    victim.refuses("a longer chain", &victim.with(|m| m["chain"]["seq"] = json!(100_000))).await;
    victim.refuses("an unknown field", &victim.with(|m| m["path"] = json!("/etc/cron.d/x"))).await;
    let (manifest, store) = split(&victim.plain());
    victim.refuses("more behind the store", &victim.sealed(&[&join(&manifest, &store)[..], b"more"].concat())).await;
    let huge = [HEADING, &u32::MAX.to_be_bytes(), b"{}"].concat();
    victim.refuses("a huge manifest", &victim.sealed(&huge)).await;
    victim
        .refuses(
            "a nested manifest",
            &victim.sealed(&{
                let deep = "[".repeat(100_000);
                [HEADING, &u32::try_from(deep.len()).unwrap().to_be_bytes(), deep.as_bytes()].concat()
            }),
        )
        .await;
    victim.refuses("nothing", &victim.sealed(b"")).await;
    victim.refuses("something else", &victim.sealed(&vec![b'x'; 100_000])).await;
}

#[tokio::test]
async fn a_slug_out_of_an_archive_is_checked_like_one_that_is_typed() {
    let victim = victim().await;
    victim.app.app.tenants.delete(victim.shop.tenant.id()).await.unwrap();
    for slug in ["../../evil", "A B", "x\ny", ""] {
        let file = victim.folder.path().join("archive");
        std::fs::write(&file, victim.with(|m| m["tenant"]["slug"] = json!(slug))).unwrap();
        let outcome = victim.app.app.backups.restore(file, victim.identity.clone(), wanted(slug), by()).await;
        assert!(matches!(outcome, Err(Error::Invalid { .. })), "{slug:?}: {outcome:?}");
    }
    assert!(victim.app.app.tenants.list().await.unwrap().is_empty());
    assert_eq!(victim.left_over(), Vec::<PathBuf>::new());
    let whole = victim.archive.clone();
    victim.app.app.backups.restore(whole, victim.identity.clone(), wanted("juniper-oak"), by()).await.unwrap();
}

#[tokio::test]
async fn a_store_with_more_than_its_schema_is_refused() {
    for (what, script) in [
        ("trigger", "create trigger t after insert on users begin delete from events; end"),
        ("view", "create view sqlite_like as select * from users"),
        ("table", "create table more (x)"),
        ("index", "create index more on users (name)"),
    ] {
        let app = TestApp::start().await;
        let shop = app.shop("juniper-oak").await;
        shop.tenant.db().write_blocking(|tx| Ok(tx.execute_batch(script)?)).unwrap_or_else(|error| {
            // SQLite itself keeps names that begin like its own.
            assert!(error.to_string().contains("reserved"), "{error}");
        });
        let archive = made(&app, &shop).await.archive.path;
        let found = app.app.backups.verify(archive, identity(&app)).await.unwrap();
        match found.outcome {
            Err(reason) => assert!(reason.contains(what) && reason.contains("not of Pulsepoint's schema"), "{reason}"),
            Ok(_) => assert_eq!(what, "view", "a {what} passed"),
        }
    }
}

#[tokio::test]
async fn an_archive_of_another_tenant_or_of_the_instance_is_not_taken_for_this_one() {
    let app = TestApp::start().await;
    let (shop, other) = (stocked(&app, "juniper-oak").await, stocked(&app, "northwind-demo").await);
    let before = rows(&shop.tenant);
    let of_other = made(&app, &other).await.archive.path;
    let overwrite = Wanted { overwrite: true, ..wanted("juniper-oak") };
    let outcome = app.app.backups.restore(of_other, identity(&app), overwrite.clone(), by()).await;
    assert!(matches!(outcome, Err(Error::Invalid { code: "another_tenant", .. })), "{outcome:?}");
    let of_instance = app.app.backups.make_of_instance(None, by()).await.unwrap().archive.path;
    let found = app.app.backups.verify(of_instance.clone(), identity(&app)).await.unwrap();
    assert!(found.outcome.is_ok(), "{found:?}");
    let outcome = app.app.backups.restore(of_instance, identity(&app), overwrite, by()).await;
    assert!(matches!(outcome, Err(Error::Invalid { code: "archive_refused", .. })), "{outcome:?}");
    assert_eq!(rows(&shop.tenant), before);
}

/// The key of a tenant's store, as SQLCipher takes it.
fn store_key(manifest: &Value) -> String {
    let key = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, manifest["key"].as_str().unwrap());
    let mut store = [0; 32];
    let derived = hkdf::Hkdf::<sha2::Sha256>::new(None, &key.unwrap());
    derived.expand(b"pulsepoint/tenant/store/v1", &mut store).unwrap();
    store.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn sha256(bytes: &[u8]) -> String {
    use sha2::Digest;
    sha2::Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[tokio::test]
async fn an_archive_of_an_older_schema_is_brought_up_to_date() {
    let victim = victim().await;
    let (mut manifest, store) = split(&victim.plain());
    let path = victim.folder.path().join("older.db");
    std::fs::write(&path, store).unwrap();
    let conn = rusqlite::Connection::open(&path).unwrap();
    let key = format!("pragma key = \"x'{}'\"; pragma cipher_page_size = 8192;", store_key(&manifest));
    conn.execute_batch(&key).unwrap();
    conn.execute_batch(
        "drop table webhook_ids; drop table privacy_requests; drop table sync_staged; drop table sync_raw; drop table sync_rejects;
         drop table sync_runs; drop table integration_landed; drop table integration_streams; drop table integrations;
         drop table product_sources; drop table touches; drop table visit_orders; drop table visits; drop table visitors;
         drop table pixel_sites; drop table channel_rules; drop table costs; drop table shop_statements;
         alter table orders drop column tip_micros; alter table orders drop column total_micros; alter table orders drop column gateway;
         alter table orders drop column duty_micros;
         drop view events_known; drop table events_kept; drop table event_archives; drop table unswept;
         alter table sessions drop column renewal_told_ms; alter table sessions drop column renewals_untold;
         drop table event_origin; drop table erased_customers; drop table erasures; drop table oidc_subjects; drop table passkeys;
         alter table sessions drop column second_factor; create index events_by_time on events (at_ms);
         pragma user_version = 6; pragma wal_checkpoint(truncate)",
    )
    .unwrap();
    manifest["tables"] = serde_json::to_value(pulsepoint::backup::sums(&conn).unwrap()).unwrap();
    drop(conn);
    let store = std::fs::read(&path).unwrap();
    manifest["schema"] = json!(6);
    manifest["bytes"] = json!(store.len());
    manifest["sha256"] = json!(sha256(&store));
    let file = victim.folder.path().join("older.age");
    std::fs::write(&file, victim.sealed(&join(&manifest, &store))).unwrap();
    let aside = Wanted { slug: Some("copy".to_owned()), ..wanted("juniper-oak") };
    let older = victim.app.app.backups.restore(file, victim.identity.clone(), aside, by()).await.unwrap();
    assert_eq!(older.manifest.schema, 6);
    let copy = victim.app.app.tenants.by_slug("copy").await.unwrap();
    assert!(copy.db().schema().unwrap() > 6);
    // What the older release did not keep is not there.
    let forget = "update orders set tip_micros = 0, duty_micros = 0, total_micros = null, gateway = null";
    victim.shop.tenant.db().write(move |tx| Ok(tx.execute(forget, [])?)).await.unwrap();
    assert_eq!(rows(&copy), rows(&victim.shop.tenant));
    assert_eq!(victim.app.app.tenants.verify_events(&copy).await.unwrap().fault, None);
    assert_eq!(made_again(&victim, &copy).await, victim.shop.tenant.db().schema().unwrap());
}

async fn made_again(victim: &Victim, tenant: &pulsepoint::tenants::Tenant) -> i64 {
    victim.app.app.backups.make(tenant, None, by()).await.unwrap().manifest.schema
}
