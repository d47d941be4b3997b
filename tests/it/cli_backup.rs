//! `backup`, `restore` and `audit verify` as they are typed, with a server and without.

use std::path::{Path, PathBuf};

use pulsepoint::clock::Clock;
use pulsepoint::secrets::MasterKey;
use pulsepoint::tenants::{Settings, Tenants};
use serde_json::Value;

use crate::support::binary::Home;

const ORDERS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/imports/shopify_orders.csv");

/// A tenant with orders.
pub fn stocked(home: &Home, tenant: &str) {
    home.run(&["tenant", "add", tenant]).ok();
    home.run(&["brand", "add", tenant, "--tenant", tenant, "--currency", "EUR", "--timezone", "Europe/Berlin"]).ok();
    home.run(&["import", "--tenant", tenant, "--brand", tenant, ORDERS]).ok();
}

pub fn file_of(json: &Value, tenant: &str) -> PathBuf {
    let made = json["made"].as_array().unwrap().iter().find(|made| made["tenant"] == tenant).unwrap();
    PathBuf::from(made["file"].as_str().unwrap())
}

pub fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn a_backup_without_a_server_says_where_its_key_lies_and_restores_on_another_machine() {
    let (home, other) = (Home::new(), Home::new());
    stocked(&home, "acme");
    stocked(&home, "zenith");
    let said = home.run(&["backup"]).ok().out;
    let identity = home.data().join("backup-identity.txt");
    assert!(said.contains(text(&identity)) && said.contains("without it no backup can be opened"), "{said}");
    let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&identity).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
    let made = home.run(&["backup", "--tenant", "acme", "--to", "elsewhere", "--json"]).ok().json();
    assert_eq!((made["ok"].as_bool(), made["identity_made"].as_bool()), (Some(true), Some(false)));
    let file = file_of(&made, "acme");
    assert!(file.starts_with(home.path().join("elsewhere")), "a relative folder is that of whoever types: {file:?}");

    // The private half leaves; backups go on.
    let kept = other.path().join("identity.txt");
    std::fs::rename(&identity, &kept).unwrap();
    let again = home.run(&["backup", "--json"]).ok().json();
    assert_eq!((&again["sealed_for"], &again["identity_file"]), (&made["sealed_for"], &Value::Null));
    assert!(home.run(&["backup", "verify"]).failed(1).contains("--identity"));
    let checked = home.run(&["backup", "verify", "--identity", text(&kept), "--json"]).ok().json();
    assert_eq!(checked["checked"].as_array().unwrap().len(), 3, "two tenants and the instance: {checked}");
    let listed = home.run(&["backup", "list", "--json"]).ok().json();
    assert_eq!(listed["backups"].as_array().unwrap().len(), 6);

    let restore = ["restore", "--tenant", "acme", "--from", text(&file), "--identity", text(&kept)];
    other.run(&restore).ok();
    assert!(other.run(&restore).failed(1).contains("--overwrite"));
    let listed = other.run(&["tenant", "list", "--json"]).ok().json();
    assert_eq!(listed["tenants"].as_array().unwrap().len(), 1);
    assert!(other.run(&["brand", "list", "--tenant", "acme"]).ok().out.contains("Europe/Berlin"));
    let again = other.run(&["import", "--tenant", "acme", "--brand", "acme", ORDERS, "--json"]).ok().json();
    assert_eq!(again["imports"][0]["rows_landed"], 0, "customers and orders are recognised: {again}");
}

#[test]
fn a_lost_machine_comes_back_on_another_with_its_events_and_its_name() {
    let (home, other) = (Home::new(), Home::new());
    stocked(&home, "acme");
    stocked(&home, "zenith");
    home.run(&["instance-token", "add", "billing"]).ok();
    let made = home.run(&["backup", "--json"]).ok().json();
    let key = other.path().join("identity.txt");
    std::fs::copy(home.data().join("backup-identity.txt"), &key).unwrap();
    let instance = file_of(&made, "(instance)");
    let restore = ["restore", "--instance", "--from", text(&instance), "--identity", text(&key)];
    let of_tenant = file_of(&made, "acme");
    let wrong = ["restore", "--instance", "--from", text(&of_tenant), "--identity", text(&key)];
    assert!(other.run(&wrong).failed(1).contains("--tenant"));
    other.run(&restore).ok();
    assert!(other.run(&restore).failed(1).contains("nothing was changed"), "never over an instance");
    for tenant in ["acme", "zenith"] {
        let file = file_of(&made, tenant);
        other.run(&["restore", "--tenant", tenant, "--from", text(&file), "--identity", text(&key)]).ok();
    }
    let verified = other.run(&["audit", "verify", "--json"]).ok().json();
    let before = home.run(&["audit", "verify", "--json"]).ok().json();
    let of = |verified: &Value| verified["chains"][2]["entries"].as_i64().unwrap();
    // Lost with the machine: that the instance was backed up. New: three restores, and the tenants' backups are their own.
    assert_eq!(of(&verified), of(&before) - 1 + 3, "{verified} {before}");
    let tokens = other.run(&["instance-token", "list", "--json"]).ok().json();
    assert_eq!(tokens["tokens"].as_array().unwrap().len(), 0, "what was revoked since must not come back: {tokens}");
    // Its archives go on where they were: the name is the same.
    let again = other.run(&["backup", "--to", text(&home.data().join("backups")), "--json"]).ok().json();
    assert_eq!(file_of(&again, "(instance)").parent(), instance.parent());
    assert_eq!(file_of(&again, "acme").parent(), of_tenant.parent());
    other.serve(&[]);
    home.run(&restore).failed(1);
}

#[tokio::test]
async fn a_running_server_backs_up_and_restores() {
    let home = Home::new();
    let server = home.serve(&[]);
    stocked(&home, "acme");
    let made = home.run(&["backup", "--json"]).ok().json();
    let (file, identity) = (file_of(&made, "acme"), home.data().join("backup-identity.txt"));
    // Whoever types may read what the server may not, and the other way round.
    let own = home.path().join("mine.age");
    std::fs::copy(&file, &own).unwrap();
    let checked = home.run(&["backup", "verify", "mine.age", "--json"]).ok().json();
    assert_eq!((&checked["checked"][0]["file"], checked["ok"].as_bool()), (&"mine.age".into(), Some(true)));
    let restore = ["restore", "--tenant", "acme", "--from", "mine.age", "--identity", text(&identity)];
    assert!(home.run(&restore).failed(1).contains("nothing was changed"));
    home.run(&[&restore[..], &["--overwrite"]].concat()).ok();
    home.run(&[&restore[..], &["--as", "rehearsal"]].concat()).ok();
    assert!(home.run(&["brand", "list", "--tenant", "rehearsal"]).ok().out.contains("acme"));
    assert!(crate::support::client::get(format!("{}/readyz", server.url)).await.unwrap().status().is_success());
    let verified = home.run(&["audit", "verify"]).ok().out;
    assert_eq!(verified.lines().filter(|line| line.ends_with("entries, unbroken")).count(), 3, "{verified}");

    let mut bent = std::fs::read(&own).unwrap();
    let middle = bent.len() / 2;
    bent[middle] ^= 1;
    std::fs::write(&own, bent).unwrap();
    let checked = home.run(&["backup", "verify", "mine.age", "--json"]);
    assert_eq!(checked.code, 1, "an archive that is not sound fails the command");
    assert_eq!(checked.json()["ok"], false);
    assert!(home.run(&[&restore[..], &["--overwrite"]].concat()).failed(1).contains("refused"));
    home.run(&["tenant", "list"]).ok();
}

#[test]
fn a_recipient_of_the_settings_is_sealed_for_and_a_wrong_one_is_named() {
    let home = Home::new();
    stocked(&home, "acme");
    let own = age::x25519::Identity::generate();
    let mut command = home.command(&["backup", "--json"]);
    command.env("PULSEPOINT_BACKUP_RECIPIENT", own.to_public().to_string());
    let made = crate::support::binary::finish(command).ok().json();
    assert_eq!(made["sealed_for"], own.to_public().to_string());
    assert!(!home.data().join("backup-identity.txt").exists(), "nobody needs a key pair of ours");
    let decryptor = age::Decryptor::new(std::fs::File::open(file_of(&made, "acme")).unwrap()).unwrap();
    assert!(decryptor.decrypt(std::iter::once(&own as &dyn age::Identity)).is_ok());
    let mut command = home.command(&["config", "check"]);
    command.env("PULSEPOINT_BACKUP_RECIPIENT", "age1nonsense").env("PULSEPOINT_BACKUP_HOUR", "24");
    let said = crate::support::binary::finish(command).failed(1);
    assert!(said.contains("PULSEPOINT_BACKUP_RECIPIENT") && said.contains("no hour from 0 to 23"), "{said}");
}

/// Changes the rows of a tenant's chain behind everybody's back.
fn tamper(home: &Home, tenant: &str, script: &'static str) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let (master, _) = MasterKey::load(&home.data(), None, false).unwrap();
        let tenants = Tenants::start(&home.data(), master, Clock::system(), &Settings::default()).unwrap();
        let db = match tenant {
            "(instance)" => tenants.control().clone(),
            slug => tenants.by_slug(slug).await.unwrap().db().clone(),
        };
        db.write_blocking(|tx| Ok(tx.execute_batch(script)?)).unwrap();
        drop(db);
        tenants.close_all().await.unwrap();
    });
}

#[test]
fn audit_verify_names_the_first_bad_entry_of_each_chain() {
    let home = Home::new();
    for tenant in ["edited", "removed", "swapped", "cut", "sound"] {
        stocked(&home, tenant);
        for brand in ["one", "two", "three"] {
            home.run(&["brand", "add", brand, "--tenant", tenant, "--currency", "EUR", "--timezone", "UTC"]).ok();
        }
    }
    let sound = home.run(&["audit", "verify", "--json"]).ok().json();
    assert_eq!((sound["ok"].as_bool(), sound["chains"].as_array().unwrap().len()), (Some(true), 6));
    tamper(&home, "edited", "update events set actor = 'nobody' where seq = 2");
    tamper(&home, "removed", "delete from events where seq = 3");
    tamper(
        &home,
        "swapped",
        "update events set seq = 99 where seq = 2; update events set seq = 2 where seq = 3; \
        update events set seq = 3 where seq = 99",
    );
    tamper(&home, "cut", "delete from events where seq = (select max(seq) from events)");
    tamper(&home, "(instance)", "update events set at_ms = at_ms + 1 where seq = 4");
    let found = home.run(&["audit", "verify", "--json"]);
    assert_eq!(found.code, 1);
    let found = found.json();
    let of =
        |name: &str| found["chains"].as_array().unwrap().iter().find(|chain| chain["chain"] == name).unwrap().clone();
    let last = of("sound")["entries"].as_i64().unwrap();
    for (chain, index) in [("edited", 2), ("removed", 3), ("swapped", 2), ("cut", last), ("(instance)", 4)] {
        assert_eq!(
            (of(chain)["ok"].as_bool(), of(chain)["bad_index"].as_i64()),
            (Some(false), Some(index)),
            "{chain}: {found}"
        );
    }
    assert_eq!(of("sound")["ok"], true);
    let one = home.run(&["audit", "verify", "--tenant", "edited"]);
    assert!(one.code == 1 && one.out.contains("edited: BROKEN at entry 2"), "{one:?}");
    assert_eq!(home.run(&["audit", "verify", "--tenant", "sound"]).ok().out.lines().count(), 2);
    home.run(&["audit", "verify", "--tenant", "nobody"]).failed(1);
}
