//! Killed in the middle of a backup or of a restore, and out of space: the old or the new, never a mixture, nothing left over.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use pulsepoint::app::App;
use pulsepoint::backup::Wanted;
use pulsepoint::clock::Clock;
use pulsepoint::error::Error;
use pulsepoint::secrets::MasterKey;
use pulsepoint::tenants::Tenants;

use crate::backup::{bulk, by, identity, made, rows, stocked, wanted};
use crate::cli_backup::{self, file_of, text};
use crate::support::app::{TestApp, now};
use crate::support::binary::Home;
use crate::support::store::S3;

/// Rounds of each; `PULSEPOINT_KILL_ROUNDS` asks for more.
pub fn rounds() -> u32 {
    std::env::var("PULSEPOINT_KILL_ROUNDS").ok().and_then(|text| text.parse().ok()).unwrap_or(20)
}

/// Runs the command and kills it after this part (of 1) of the time it takes; true when it was still running. `full` learns from
/// a command that was faster than thought, and it is tried again: how long one takes depends on what else the machine does.
fn kill_at(home: &Home, args: &[&str], full: &mut Duration, part: f64) -> bool {
    (0..8).any(|_| match kill_after(home, args, full.mul_f64(part)) {
        None => true,
        Some(took) => {
            *full = took.min(*full).mul_f64(0.9);
            false
        }
    })
}

/// Runs the command and kills it after `wait`; how long it took if it ended before.
fn kill_after(home: &Home, args: &[&str], wait: Duration) -> Option<Duration> {
    let mut command = home.command(args);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let begun = Instant::now();
    while begun.elapsed() < wait {
        if child.try_wait().unwrap().is_some() {
            return Some(begun.elapsed());
        }
        std::thread::sleep(Duration::from_micros(200));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    None
}

/// A home with a tenant of some size, opened from here to be filled.
fn filled(home: &Home, rows: i64) {
    cli_backup::stocked(home, "acme");
    inside(home, |app, runtime| {
        let tenant = runtime.block_on(app.tenants.by_slug("acme")).unwrap();
        bulk(&tenant, rows);
    });
}

/// Works on a home's data folder from within this process.
fn inside<T>(home: &Home, work: impl FnOnce(&App, &tokio::runtime::Runtime) -> T) -> T {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let app = runtime.block_on(async {
        let (master, _) = MasterKey::load(&home.data(), None, false).unwrap();
        let tenants = Tenants::start(&home.data(), master, Clock::fixed(now()), &Default::default()).unwrap();
        App::start(tenants, Clock::fixed(now()), Default::default()).await.unwrap()
    });
    let outcome = work(&app, &runtime);
    runtime.block_on(app.close()).unwrap();
    outcome
}

fn how_long(home: &Home, args: &[&str]) -> Duration {
    let begun = Instant::now();
    home.run(args).ok();
    home.run(args).ok();
    begun.elapsed() / 2
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found
}

#[test]
fn a_backup_that_is_killed_leaves_whole_archives_or_none() {
    killed_while_it_is_made(&Home::new(), 30_000);
}

/// Large enough for parts.
#[test]
fn a_backup_that_is_killed_while_it_is_sent_leaves_whole_archives_or_none_in_a_store() {
    let (home, store) = (Home::new(), S3::start());
    std::fs::write(home.path().join("pulsepoint.toml"), store.toml(&home.path(), "x")).unwrap();
    killed_while_it_is_made(&home, 90_000);
}

fn killed_while_it_is_made(home: &Home, rows: i64) {
    filled(home, rows);
    let mut full = how_long(home, &["backup"]);
    let (mut killed, rounds) = (0, rounds());
    for round in 0..rounds {
        let part = f64::from(round + 1) / f64::from(rounds + 1);
        killed += u32::from(kill_at(home, &["backup"], &mut full, part));
    }
    assert!(killed > rounds / 4, "{killed} of {rounds} were killed");
    let listed = home.run(&["backup", "list", "--json"]).ok().json();
    let archives = listed["backups"].as_array().unwrap();
    for archive in archives {
        home.run(&["backup", "verify", archive["file"].as_str().unwrap()]).ok();
    }
    eprintln!(
        "kill -9 while in backup: {rounds} rounds, {killed} killed before their end, 0 archives that are not whole"
    );
    home.run(&["backup"]).ok();
    let left: Vec<PathBuf> = files(&home.data())
        .into_iter()
        .filter(|path| {
            // Within the data folder: the folders above it may be called anything.
            let within = text(path.strip_prefix(home.data()).unwrap());
            within.contains(".part-") || within.contains("scratch")
        })
        .collect();
    assert!(left.is_empty(), "{left:?}");
    home.run(&["audit", "verify"]).ok();
    home.run(&["backup", "verify"]).ok();
}

#[test]
fn a_restore_that_is_killed_leaves_the_old_or_the_new() {
    let home = Home::new();
    filled(&home, 10_000);
    let made = home.run(&["backup", "--tenant", "acme", "--json"]).ok().json();
    let (file, key) = (file_of(&made, "acme"), home.data().join("backup-identity.txt"));
    let restore = ["restore", "--tenant", "acme", "--from", text(&file), "--identity", text(&key), "--overwrite"];
    // A mark that the archive has not, to tell which of both is there.
    let mark = |home: &Home| {
        home.run(&["brand", "add", "newer", "--tenant", "acme", "--currency", "EUR", "--timezone", "UTC"]).ok();
    };
    let mut full = how_long(&home, &restore);
    let as_it_is =
        |home: &Home| inside(home, |app, runtime| rows(&runtime.block_on(app.tenants.by_slug("acme")).unwrap()));
    let known = as_it_is(&home);
    mark(&home);
    let mut newer = as_it_is(&home);
    let (mut killed, mut old, mut new, rounds) = (0, 0, 0, rounds());
    for round in 0..rounds {
        // Most of them late, where the exchange is.
        let part = f64::from(rounds + 3 * round) / f64::from(4 * rounds);
        killed += u32::from(kill_at(&home, &restore, &mut full, part));
        let found = inside(&home, |app, runtime| {
            let tenant = runtime.block_on(app.tenants.by_slug("acme")).unwrap();
            assert_eq!(runtime.block_on(app.tenants.verify_events(&tenant)).unwrap().fault, None);
            rows(&tenant)
        });
        if found == known {
            new += 1;
            mark(&home);
            newer = as_it_is(&home);
        } else {
            assert_eq!(found, newer, "round {round}: neither the old nor the new");
            old += 1;
        }
        let names = std::fs::read_dir(home.data().join("tenants")).unwrap().map(|entry| entry.unwrap().file_name());
        assert_eq!(names.count(), 1, "round {round}: something is left beside the tenant");
    }
    eprintln!(
        "kill -9 while in restore: {rounds} rounds, {killed} killed before their end, {old} the old, {new} the new, 0 mixed"
    );
    assert!(killed > rounds / 4, "{killed} of {rounds} were killed");
    home.run(&restore).ok();
    home.run(&["audit", "verify"]).ok();
}

/// Every state that a crash can leave between the note and the end of an exchange.
#[tokio::test]
async fn an_exchange_that_was_noted_is_finished_at_the_next_start() {
    for (what, moved_away, moved_in) in [("noted", false, false), ("moved away", true, false), ("moved in", true, true)]
    {
        let app = TestApp::start().await;
        let shop = stocked(&app, "juniper-oak").await;
        let (done, before) = (made(&app, &shop).await, rows(&shop.tenant));
        let overwrite = Wanted { overwrite: true, ..wanted("juniper-oak") };
        app.app.backups.restore(done.archive.path.clone(), identity(&app), overwrite, by()).await.unwrap();
        let id = shop.tenant.id().clone();
        drop(shop);
        app.app.close().await.unwrap();
        // As if the store that is there were the restored one, and its note still stood.
        let note = "insert into restores select id, name, wrapped_key, commits, event_seq, event_hash, \
            (select json_group_array(email) from emails) from tenants";
        app.app.tenants.control().write_blocking(|tx| Ok(tx.execute(note, [])?)).unwrap();
        let spoil = "update tenants set commits = 0, event_seq = 0, event_hash = null; delete from emails";
        app.app.tenants.control().write_blocking(|tx| Ok(tx.execute_batch(spoil)?)).unwrap();
        app.app.tenants.control().checkpoint().unwrap();
        let tenants = app.folder().join("tenants");
        let (current, staged, old) = (
            tenants.join(id.as_str()),
            tenants.join(format!(".restored-{id}")),
            tenants.join(format!(".replaced-{id}")),
        );
        if !moved_in {
            std::fs::rename(&current, &staged).unwrap();
        }
        let of_old = if moved_away { &old } else { &current };
        std::fs::create_dir(of_old).unwrap();
        std::fs::write(of_old.join("store.db"), b"the old one").unwrap();

        let (master, _) = MasterKey::load(app.folder(), None, false).unwrap();
        let again = Tenants::start(app.folder(), master, Clock::fixed(now()), &Default::default()).unwrap();
        let tenant = again.by_slug("juniper-oak").await.unwrap();
        assert_eq!(rows(&tenant), before, "{what}");
        assert_eq!(again.verify_events(&tenant).await.unwrap().fault, None, "{what}");
        assert_eq!(again.by_email("owner@juniper-oak.example").await.unwrap(), Some(id), "{what}");
        assert_eq!(std::fs::read_dir(&tenants).unwrap().count(), 1, "{what}");
    }
}

/// A small file system of its own; gone when dropped.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    fn mount(megabytes: u32) -> Option<Self> {
        let dir = tempfile::tempdir().unwrap();
        let size = format!("size={megabytes}m,mode=0700");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(dir.path()).output();
        mounted.is_ok_and(|output| output.status.success()).then_some(Self(dir))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0.path()).output();
    }
}

#[tokio::test]
async fn a_full_disk_refuses_a_backup_and_a_restore_and_keeps_what_is_there() {
    let (Some(target), Some(data)) = (SmallDisk::mount(4), SmallDisk::mount(24)) else {
        eprintln!("skipped: mounting a small tmpfs needs root");
        return;
    };
    let app = TestApp::start().await;
    let shop = stocked(&app, "juniper-oak").await;
    let to = Some(target.0.path());
    let small = app.app.backups.make(&shop.tenant, to, by()).await.unwrap().archive.path;
    bulk(&shop.tenant, 80_000);
    let full = app.app.backups.make(&shop.tenant, to, by()).await;
    assert!(matches!(full, Err(Error::Unavailable { code: "storage_full", .. })), "{full:?}");
    assert_eq!(files(target.0.path()), std::slice::from_ref(&small), "nothing of it is kept");
    assert!(app.app.backups.state(shop.tenant.id()).failure.is_some_and(|why| why.contains("full")));
    assert_eq!(shop.tenant.db().damage(), None, "the store itself goes on");
    let large = made(&app, &shop).await.archive.path;

    let there = at(data.0.path()).await;
    there.backups.restore(small, identity(&app), wanted("juniper-oak"), by()).await.unwrap();
    let before = rows(&there.tenants.by_slug("juniper-oak").await.unwrap());
    std::fs::write(data.0.path().join("ballast"), vec![1; 16 << 20]).unwrap();
    let overwrite = Wanted { overwrite: true, ..wanted("juniper-oak") };
    let full = there.backups.restore(large.clone(), identity(&app), overwrite.clone(), by()).await;
    assert!(matches!(full, Err(Error::Unavailable { code: "storage_full", .. })), "{full:?}");
    let tenant = there.tenants.by_slug("juniper-oak").await.unwrap();
    assert_eq!(rows(&tenant), before);
    assert!(files(&data.0.path().join("scratch")).is_empty());
    // Its own backup has no room either, and takes the store out of nobody's hands.
    let full = there.backups.make(&tenant, None, by()).await;
    assert!(full.is_ok() || matches!(full, Err(Error::Unavailable { code: "storage_full", .. })), "{full:?}");
    std::fs::remove_file(data.0.path().join("ballast")).unwrap();
    drop(tenant);
    there.backups.restore(large, identity(&app), overwrite, by()).await.unwrap();
    assert_eq!(rows(&there.tenants.by_slug("juniper-oak").await.unwrap()), rows(&shop.tenant));
}

async fn at(data: &Path) -> App {
    let (master, _) = MasterKey::load(data, None, true).unwrap();
    let tenants = Tenants::start(data, master, Clock::fixed(now()), &Default::default()).unwrap();
    App::start(tenants, Clock::fixed(now()), Default::default()).await.unwrap()
}
