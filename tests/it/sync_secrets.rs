//! What signs in is read by `sync` alone: in no file, log, error, event, answer or export; under the tenant's key, which may be made anew.

use std::path::Path;

use jiff::Timestamp;
use pulsepoint::auth::Reach;
use pulsepoint::backup;
use pulsepoint::connectors::{Credentials, Source};
use pulsepoint::events;
use pulsepoint::rotation;
use pulsepoint::sync::State;
use pulsepoint::sync::manage::Wanted;
use pulsepoint::tenants::export::{self, About};
use pulsepoint::tenants::{Steps, Tenant};

use crate::support::plain::{DAYS, ORDERS, Plain};
use crate::support::platform::Platform;
use crate::support::pulled::{Given, Pulled, connect, me, one};

const CANARIES: [&str; 3] = ["canary-token-1", "canary-refresh-1", "canary-token-2"];

fn given() -> Given {
    Given { connectors: vec![Plain::shop(&[ORDERS])], ..Given::default() }
}

/// Every byte of every file below a folder.
fn bytes_below(folder: &Path, into: &mut Vec<u8>) {
    for entry in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        match entry.is_dir() {
            true => bytes_below(&entry, into),
            false => into.extend(std::fs::read(&entry).unwrap_or_default()),
        }
    }
}

fn assert_clean(what: &str, bytes: &[u8]) {
    for canary in CANARIES {
        assert!(memchr::memmem::find(bytes, canary.as_bytes()).is_none(), "{canary} is in {what}");
    }
}

/// The export of a tenant, and every text of its store but the sealed credentials.
fn readable(tenant: &Tenant) -> Vec<u8> {
    let mut all = Vec::new();
    tenant
        .db()
        .read_blocking(|conn| {
            let about = About { slug: "x", name: "x", at: Timestamp::UNIX_EPOCH };
            export::write(conn, &about, &mut all)?;
            for event in events::read_from(conn, "nobody", 100_000)? {
                all.extend(format!("{event:?}").into_bytes());
            }
            let mut raw = conn.prepare("select about, body from sync_raw")?;
            let mut rows = raw.query([])?;
            while let Some(row) = rows.next()? {
                all.extend(row.get::<_, String>(0)?.into_bytes());
                let mut unpacked = flate2::read::GzDecoder::new(row.get_ref(1)?.as_blob().unwrap());
                std::io::copy(&mut unpacked, &mut all).unwrap();
            }
            Ok(())
        })
        .unwrap();
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_are_nowhere_to_be_read() {
    let platform = Platform::start().await.with_orders(15);
    (platform.world().token, platform.world().refresh) = ("canary-token-1".into(), "canary-refresh-1".into());
    let pulled = Pulled::start(given()).await;
    let (tenant, brand) = pulled.shop("juniper").await;
    let signs_in =
        Credentials::default().with("access_token", CANARIES[0], None).with("refresh_token", CANARIES[1], None);
    let mut settings = serde_json::Map::new();
    settings.insert("api_base".into(), platform.url().into());
    let wanted = Wanted { source: Source::Shopify, brand: brand.slug.clone(), credentials: signs_in, settings };
    let made = pulled.app.sync.connect(&tenant, wanted, me()).await.unwrap();
    pulled.run().await;
    platform.world().token = CANARIES[2].into();
    pulled.pass(std::time::Duration::from_secs(3600)).await;
    assert_eq!(platform.world().renewals, 1);
    // It fails in every way while it holds them.
    platform.world().instead.push_back((200, vec![], format!("<html>{}", "x".repeat(50))));
    pulled.pass(std::time::Duration::from_secs(3600)).await;
    (platform.world().token, platform.world().refresh) = ("else".into(), "else".into());
    pulled.pass(std::time::Duration::from_secs(3600)).await;
    let view = pulled.view(&tenant, &made.id).await;
    assert_eq!(view.state, State::NeedsSignIn);

    assert_clean("the view", serde_json::to_string(&view).unwrap().as_bytes());
    assert_clean(
        "the runs",
        serde_json::to_string(&pulled.app.sync.runs(&tenant, &made.id, Reach::All).await.unwrap()).unwrap().as_bytes(),
    );
    assert_clean("the export, the events or the kept answers", &readable(&tenant));
    let token: String = one(&tenant, "select credentials from integrations");
    assert!(token.starts_with("gAAAA") && token.len() > 100, "a Fernet token");
    assert_clean("the token", token.as_bytes());
    let mut disk = Vec::new();
    bytes_below(pulled.folder.path(), &mut disk);
    assert!(disk.len() > 100_000);
    assert_clean("the data folder", &disk);
    assert!(memchr::memmem::find(&disk, token.as_bytes()).is_none(), "not even the token: the store is sealed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_of_another_tenant_or_integration_opens_nothing() {
    let platform = Platform::start().await.with_orders(5);
    let pulled =
        Pulled::start(Given { connectors: vec![Plain::shop(&[ORDERS]), Plain::ads()], ..Given::default() }).await;
    let (ours, brand) = pulled.shop("juniper").await;
    let (theirs, other) = pulled.shop("northwind").await;
    let one_of_ours = pulled.connect((&ours, &brand), Source::Shopify, &platform).await;
    pulled.connect((&ours, &brand), Source::MetaAds, &platform).await;
    pulled.connect((&theirs, &other), Source::Shopify, &platform).await;
    let stolen: String = one(&theirs, "select credentials from integrations");
    let sibling: String = one(&ours, "select credentials from integrations where source = 'meta_ads'");
    for token in [stolen, sibling] {
        let (id, token) = (one_of_ours.id.clone(), token);
        let put = move |tx: &rusqlite::Transaction<'_>| {
            Ok(tx.execute("update integrations set credentials = ?2 where uid = ?1", [&id, &token])?)
        };
        ours.db().write(put).await.unwrap();
        let refused = pulled.app.sync.test(&ours, &one_of_ours.id, me()).await.err().unwrap().to_string();
        assert!(refused.contains("credentials of integration") && !refused.contains("token-1"), "{refused}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn making_the_keys_anew_seals_credentials_anew_and_syncs_go_on() {
    let platform = Platform::start().await.with_orders(15);
    let pulled = Pulled::start(Given { connectors: vec![Plain::shop(&[ORDERS])], ..Given::default() }).await;
    let (tenant, brand) = pulled.shop("juniper").await;
    let (other, others) = pulled.shop("northwind").await;
    let made = pulled.connect((&tenant, &brand), Source::Shopify, &platform).await;
    pulled.connect((&other, &others), Source::Shopify, &platform).await;
    pulled.run().await;
    let (before, undisturbed): (String, String) =
        (one(&tenant, "select credentials from integrations"), one(&other, "select credentials from integrations"));
    pulled.app.tenants.rekey(tenant.id(), Some(rotation::reseal), Steps::default()).await.unwrap();
    let tenant = pulled.app.tenants.by_slug("juniper").await.unwrap();
    let after: String = one(&tenant, "select credentials from integrations");
    assert_ne!(before, after);
    assert_eq!(undisturbed, one::<String>(&other, "select credentials from integrations"));
    platform.world().asked.clear();
    pulled.pass(std::time::Duration::from_secs(3600)).await;
    assert_eq!(platform.asked("/orders"), 2, "both go on");
    assert_eq!(pulled.view(&tenant, &made.id).await.state, State::Healthy);
    // What was sealed before opens no more.
    let put =
        move |tx: &rusqlite::Transaction<'_>| Ok(tx.execute("update integrations set credentials = ?1", [&before])?);
    tenant.db().write(put).await.unwrap();
    assert!(pulled.app.sync.test(&tenant, &made.id, me()).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_brings_integrations_back_and_their_turn() {
    let platform = Platform::start().await.with_orders(15);
    let pulled = Pulled::start(Given { connectors: vec![Plain::shop(&[ORDERS, DAYS])], ..Given::default() }).await;
    let (tenant, brand) = pulled.shop("juniper").await;
    connect(&pulled.app, (&tenant, &brand), Source::Shopify, &platform.url()).await;
    pulled.run().await;
    let sums = tenant.db().read(backup::sums).await.unwrap();
    for table in ["integrations", "integration_streams", "sync_runs", "sync_raw", "integration_landed"] {
        let sum = sums.iter().find(|sum| sum.name == table).unwrap_or_else(|| panic!("{table} is not counted"));
        assert!(sum.rows > 0, "{table}");
    }
    // The index follows from the store: lost, it is made again.
    let control = pulled.app.tenants.control();
    control.write(|tx| Ok(tx.execute("delete from integrations", [])?)).await.unwrap();
    pulsepoint::sync::look_through(&pulled.app.tenants, &tenant, &Default::default()).await.unwrap();
    let asked = platform.asked("/orders");
    pulled.pass(std::time::Duration::from_secs(3700)).await;
    assert!(platform.asked("/orders") > asked);
}
