//! The export of a tenant: everything of it and nothing of others, readable without Pulsepoint, whole or not there.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use jiff::Timestamp;
use pulsepoint::tenants::export::{self, About};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use crate::support::binary::Home;
use crate::support::stores::{brand, start};

const PASSWORD: &str = "correct horse battery";

fn home() -> Home {
    let home = Home::new();
    std::fs::create_dir(home.path().join("out")).unwrap();
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/imports/shopify_orders.csv");
    for slug in ["acme", "canary-other"] {
        home.run(&["tenant", "add", slug]).ok();
        home.run(&["brand", "add", slug, "--tenant", slug, "--currency", "USD", "--timezone", "UTC"]).ok();
        let email = format!("ada@{slug}.example");
        home.run_with(&["user", "add", &email, "--tenant", slug, "--role", "owner"], PASSWORD).ok();
    }
    home.run(&["import", "--tenant", "acme", "--brand", "acme", file]).ok();
    home
}

/// The files of a tar, as any tar opens them.
fn unpacked(tar: &Path) -> BTreeMap<String, String> {
    let folder = tempfile::tempdir().unwrap();
    let status = Command::new("tar").arg("-xf").arg(tar).arg("-C").arg(folder.path()).status().unwrap();
    assert!(status.success(), "tar does not open it");
    let mut files = BTreeMap::new();
    let mut open = vec![folder.path().to_owned()];
    while let Some(path) = open.pop() {
        for entry in std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()) {
            if entry.is_dir() {
                open.push(entry);
            } else {
                let name = entry.strip_prefix(folder.path()).unwrap().to_str().unwrap().to_owned();
                files.insert(name, std::fs::read_to_string(&entry).unwrap());
            }
        }
    }
    files
}

fn rows(files: &BTreeMap<String, String>, table: &str) -> Vec<Value> {
    let pieces = files.iter().filter(|(name, _)| name.starts_with(&format!("{table}/")));
    pieces.flat_map(|(_, text)| text.lines()).map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn holds_everything_of_one_tenant_with_a_server_and_without() {
    let home = home();
    let out = home.path().join("out");
    for served in [false, true] {
        let _server = served.then(|| home.serve(&[]));
        // A closed tenant's data is its own still.
        home.run(&["tenant", if served { "suspend" } else { "resume" }, "acme"]).ok();
        let name = format!("out/{served}.tar");
        let said = home.run(&["tenant", "export", "acme", "--to", &name, "--json"]).ok().json();
        let files = unpacked(&out.join(format!("{served}.tar")));
        let manifest: Value = serde_json::from_str(&files["manifest.json"]).unwrap();
        assert_eq!(manifest["rows"], said["rows"]);
        for (table, count) in manifest["rows"].as_object().unwrap() {
            assert_eq!(rows(&files, table).len() as u64, count.as_u64().unwrap(), "{table}");
        }
        let orders = rows(&files, "orders");
        assert_eq!(orders.len(), 5);
        assert_eq!((&orders[0]["name"], &orders[0]["shipping_micros"]), (&json!("#1001"), &json!(4_900_000)));
        assert_eq!(rows(&files, "users")[0]["email"], "ada@acme.example");
        let events: Vec<Value> = rows(&files, "events").into_iter().map(|event| event["kind"].clone()).collect();
        assert!(events.contains(&json!("tenant.exported")) && events.contains(&json!("import.finished")), "{events:?}");
        assert!(files["README.txt"].contains("millionths") && files["README.txt"].contains("placed_at"));
        let all: String = files.values().cloned().collect();
        for hidden in ["argon2", "canary-other", "prev_hash\":", "digest\":", "password_hash\":", "token_hash\":"] {
            assert!(!all.contains(hidden), "{hidden} left in the export");
        }
    }
    assert_eq!(std::fs::read_dir(&out).unwrap().count(), 2, "something was left beside the exports");
}

#[test]
fn takes_no_files_place_and_leaves_none_behind() {
    let home = home();
    let out = home.path().join("out");
    std::fs::write(out.join("mine.tar"), "mine").unwrap();
    let said = home.run(&["tenant", "export", "acme", "--to", "out/mine.tar"]).failed(1);
    assert!(said.contains("there already"), "{said}");
    assert_eq!(std::fs::read_to_string(out.join("mine.tar")).unwrap(), "mine");
    home.run(&["tenant", "export", "nobody", "--to", "out/new.tar"]).failed(1);
    home.run(&["tenant", "export", "acme", "--to", "nowhere/new.tar"]).failed(1);
    assert_eq!(std::fs::read_dir(&out).unwrap().count(), 1, "a failed export left a file");
}

#[test]
fn a_kill_leaves_nothing() {
    let home = home();
    let out = home.path().join("out");
    let server = home.serve(&[]);
    let pid = Pid::from_raw(i32::try_from(server.pid()).unwrap()).unwrap();
    // The server stands still, so the export has begun and cannot end.
    kill_process(pid, Signal::STOP).unwrap();
    let mut command = home.command(&["tenant", "export", "acme", "--to", "out/new.tar"]);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let descriptors = format!("/proc/{}/fd", child.id());
    let holds = || {
        let links = std::fs::read_dir(&descriptors).into_iter().flatten().flatten();
        links.filter_map(|link| std::fs::read_link(link.path()).ok()).any(|file| file.starts_with(&out))
    };
    let begun = std::time::Instant::now();
    while !holds() {
        assert!(begun.elapsed().as_secs() < 60, "it never opened its file");
        std::thread::yield_now();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    kill_process(pid, Signal::CONT).unwrap();
    assert_eq!(std::fs::read_dir(&out).unwrap().count(), 0, "a killed export left a file");
    home.run(&["tenant", "export", "acme", "--to", "out/new.tar"]).ok();
    assert!(unpacked(&out.join("new.tar")).contains_key("manifest.json"));
}

#[tokio::test]
async fn is_of_one_moment_though_others_write() {
    /// Adds a warehouse with the first bytes it is given.
    struct Meddler<'a>(&'a pulsepoint::db::Db, Vec<u8>);
    impl Write for Meddler<'_> {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            if self.1.is_empty() {
                let sql = "insert into warehouses (brand_id, name, rev) values (1, 'too late', 1)";
                self.0.write_blocking(|tx| Ok(tx.execute(sql, [])?)).unwrap();
            }
            self.1.extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let data = tempfile::tempdir().unwrap();
    let tenants = start(data.path());
    let tenant = tenants.create("acme", "Acme").await.unwrap();
    brand(&tenant, "Acme", "USD", "UTC").await;
    let about = About { slug: "acme", name: "Acme", at: Timestamp::UNIX_EPOCH };
    let mut out = Meddler(tenant.db(), Vec::new());
    let rows = tenant.db().read_blocking(|conn| export::write(conn, &tenant.archives(), &about, &mut out)).unwrap();
    assert_eq!(rows["warehouses"], 0, "what came while it was written is in it");
    let mut later = Vec::new();
    let rows = tenant.db().read_blocking(|conn| export::write(conn, &tenant.archives(), &about, &mut later)).unwrap();
    assert_eq!(rows["warehouses"], 1);
}
