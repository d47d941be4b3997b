//! What lies in the room of a store that is free after an erasure, seen in its pages as they are without their seal.

use std::io::Write;
use std::process::{Command, Stdio};

use pulsepoint::db::Db;
use pulsepoint::secrets::Purpose;
use pulsepoint::tenants::Tenant;

use crate::backup::{identity, made, rows, wanted};
use crate::imports;
use crate::privacy::{ADDRESS, canary_in, dumped, erased, figures, planted};
use crate::support::app::{Shop, TestApp};

const PAGE: usize = 8192;
/// At the end of a page: what its seal begins with, and the seal.
const RESERVE: usize = 80;

/// Every page of a store's file, unsealed, free room and all. SQLCipher seals with AES-256 in CBC; `openssl` undoes the blocks at once,
/// and what chains them is undone here. None where there is no `openssl`.
fn pages(tenant: &Tenant) -> Option<Vec<u8>> {
    tenant.db().checkpoint().unwrap();
    let file = std::fs::read(tenant.db().path()).unwrap();
    let key: String = tenant.key().derive(Purpose::Store).iter().map(|byte| format!("{byte:02x}")).collect();
    let (mut sealed, mut before) = (Vec::new(), Vec::new());
    for (number, page) in file.chunks_exact(PAGE).enumerate() {
        let body = &page[if number == 0 { 16 } else { 0 }..PAGE - RESERVE];
        sealed.extend_from_slice(body);
        before.extend_from_slice(&page[PAGE - RESERVE..][..16]);
        before.extend_from_slice(&body[..body.len() - 16]);
    }
    let undo = Command::new("openssl")
        .args(["enc", "-d", "-aes-256-ecb", "-nopad", "-nosalt", "-K", &key])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn();
    let Ok(mut undo) = undo else {
        eprintln!("skipped: there is no openssl on this machine");
        return None;
    };
    let mut input = undo.stdin.take().unwrap();
    let writing = std::thread::spawn(move || input.write_all(&sealed).unwrap());
    let mut clear = undo.wait_with_output().unwrap().stdout;
    writing.join().unwrap();
    assert_eq!(clear.len(), before.len());
    clear.iter_mut().zip(&before).for_each(|(byte, before)| *byte ^= before);
    let text = String::from_utf8_lossy(&clear);
    assert!(text.contains("CREATE TABLE orders"), "the pages are not what they should be");
    Some(clear)
}

/// How often something of the person is in bytes, whatever the case of its letters.
fn found(bytes: &[u8]) -> usize {
    let lower = bytes.to_ascii_lowercase();
    let count = |needle: &[u8]| memchr::memmem::find_iter(&lower, needle).count();
    count(b"canaryville") + count(b"canary.person") + count(b"canary-17850") + count(b"canary q. person")
}

/// Many orders of the person among those of others, so that much goes from many pages, and rows that move as they grow.
async fn crowded(app: &TestApp, slug: &str) -> Shop {
    let shop = planted(app, slug).await;
    for city in ["Canaryville", "Canaryville on the Water, Canary Q. Person's corner"] {
        let mut file = "order,sku,quantity,unit_price,placed_at,customer,country,city\n".to_owned();
        for number in 0..4000 {
            let (who, where_) = if number % 16 < 11 { (ADDRESS, city) } else { ("bob@shop.example", "Boston") };
            file.push_str(&format!("C{number},B1,1,7,2026-11-04,{who},US,\"{where_}\"\n"));
        }
        let landed = imports::imported(app, &shop, ("many.csv", file.as_bytes()), &[]).await;
        assert_eq!(landed["rows_rejected"].as_u64(), Some(0), "{landed}");
    }
    shop
}

#[tokio::test(flavor = "multi_thread")]
async fn free_room_holds_nothing_of_whom_was_erased_once_the_day_is_over() {
    let app = TestApp::start().await;
    let (shop, other) = (crowded(&app, "acme").await, planted(&app, "other").await);
    let Some(before) = pages(&shop.tenant) else { return };
    assert!(found(&before) > 2000, "the person is not seen where they are: {}", found(&before));
    let (size, others) = (before.len(), found(&pages(&other.tenant).unwrap()));
    let archive = made(&app, &shop).await.archive.path;
    erased(&app, &shop).await;
    assert_eq!(canary_in(&dumped(&shop.tenant)), None);
    let left = found(&pages(&shop.tenant).unwrap());
    let (held, sums, old) = (rows(&shop.tenant), figures(&app, &shop).await, shop.tenant.key());
    app.app.privacy.run_daily(crate::support::app::now(), || false).await.unwrap();
    let after = pages(&shop.tenant).unwrap();
    assert_eq!(found(&after), 0, "{left} were left by the erasure");
    eprintln!(
        "{left} pieces were left in {size} bytes by the erasure, and none in {} after it was written anew",
        after.len()
    );

    // It is the same store, under a new key, and only once.
    let but_swept = |all: Vec<pulsepoint::backup::TableSum>| {
        all.into_iter().filter(|sum| sum.name != "unswept").collect::<Vec<_>>()
    };
    assert_eq!(but_swept(rows(&shop.tenant)), but_swept(held));
    assert!(figures(&app, &shop).await == sums, "a figure has changed");
    assert!(!Db::is_under(shop.tenant.db().path(), &old.derive(Purpose::Store)));
    assert_eq!(app.app.tenants.verify_events(&shop.tenant).await.unwrap().fault, None);
    let key = shop.tenant.key();
    app.app.privacy.run_daily(crate::support::app::now(), || false).await.unwrap();
    assert!(std::sync::Arc::ptr_eq(&key, &shop.tenant.key()), "nobody was erased since");
    assert_eq!(found(&pages(&other.tenant).unwrap()), others, "the other tenant knows the person still");

    // An archive of before brings its free room along; that goes, too.
    let over = pulsepoint::backup::Wanted { overwrite: true, ..wanted("acme") };
    app.app.backups.restore(archive, identity(&app), over, crate::backup::by()).await.unwrap();
    let restored = app.app.tenants.by_slug("acme").await.unwrap();
    assert_eq!(canary_in(&dumped(&restored)), None);
    app.app.privacy.run_daily(crate::support::app::now(), || false).await.unwrap();
    assert_eq!(found(&pages(&restored).unwrap()), 0);
}
