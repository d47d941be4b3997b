//! Killed after every step of a rotation, and out of space: all of the old or all of the new, and nothing is left over.

use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use pulsepoint::app::App;
use pulsepoint::auth::{Role, reseal_second_factors};
use pulsepoint::backup::{IDENTITY_FILE, Identity, TableSum};
use pulsepoint::clock::Clock;
use pulsepoint::db::Db;
use pulsepoint::error::Error;
use pulsepoint::secrets::{MasterKey, Purpose};
use pulsepoint::tenants::{Steps, Tenant, TenantId, Tenants};

use crate::backup::{bulk, made, rows, stocked};
use crate::second_factor::enrolled;
use crate::support::app::{TestApp, now};

const CHILD: &str = "PULSEPOINT_TEST_CHILD_ROTATES";

async fn at(data: &Path) -> App {
    let (master, _) = MasterKey::load(data, None, false).unwrap();
    let tenants = Tenants::start(data, master, Clock::fixed(now()), &Default::default()).unwrap();
    App::start(tenants, Clock::fixed(now()), Default::default()).await.unwrap()
}

async fn rotate(app: &App, what: &str, steps: Steps) {
    let acme = app.tenants.find("juniper-oak").await.unwrap().unwrap().id;
    match what {
        "database" => app.tenants.rekey(&acme, None, steps).await.unwrap(),
        "tokens" => app.tenants.rekey(&acme, Some(reseal_second_factors), steps).await.unwrap(),
        "master" => app.tenants.rotate_master(None, steps).await.unwrap(),
        "backup" => drop(app.backups.rotate_key(steps).await.unwrap()),
        other => panic!("{other}"),
    }
}

/// Not a test of its own: what [`every_step_can_be_the_last`] kills, or rather what kills itself after a step.
#[test]
fn child_that_rotates() {
    let Ok(order) = std::env::var(CHILD) else { return };
    let [what, last, data] = order.splitn(3, ' ').collect::<Vec<_>>()[..] else { panic!("{order}") };
    let (last, done) = (last.parse::<usize>().unwrap(), AtomicUsize::new(0));
    let steps = Steps::watched(move |_| {
        if done.fetch_add(1, Ordering::SeqCst) + 1 == last {
            rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL).unwrap();
            std::thread::park();
        }
    });
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let app = at(Path::new(data)).await;
        rotate(&app, what, steps).await;
        app.close().await.unwrap();
    });
}

pub fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        match entry.file_type().unwrap().is_dir() {
            true => copy(&from, &to),
            // Whoever still reads a closed store lets go of it soon, and its log, which is empty, goes then.
            false => match std::fs::copy(&from, &to) {
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                copied => drop(copied.unwrap()),
            },
        }
    }
}

/// What must be the same whether a rotation was done or not, and what tells whether it was.
struct Before {
    ids: Vec<(TenantId, Vec<TableSum>)>,
    secret: (String, Vec<u8>),
    key: Vec<u8>,
}

/// The bytes that tell which key is in force.
fn key_of(app: &App, what: &str, tenant: &TenantId) -> Vec<u8> {
    let data = app.tenants.data_folder();
    let head = |path: &Path| std::fs::read(path).unwrap()[..16].to_vec();
    match what {
        "master" => [std::fs::read(data.join("master.key")).unwrap(), head(&data.join("control.db"))].concat(),
        "backup" => {
            let own = Identity::read(&data.join(IDENTITY_FILE)).unwrap().recipient().to_string();
            assert_eq!(app.backups.seal().unwrap().unwrap().recipient.to_string(), own, "they are no pair");
            own.into_bytes()
        }
        _ => head(&data.join("tenants").join(tenant.as_str()).join("store.db")),
    }
}

fn but_sealed(tenant: &Tenant) -> Vec<TableSum> {
    rows(tenant).into_iter().filter(|table| table.name != "second_factors").collect()
}

fn secret_of(tenant: &Tenant, user: &str) -> Vec<u8> {
    let query = "select sealed from second_factors where user_id = ?1";
    let sealed: Vec<u8> =
        tenant.db().read_blocking(|conn| Ok(conn.query_row(query, [user], |row| row.get(0))?)).unwrap();
    tenant.key().open(Purpose::SecondFactor, user, &sealed).unwrap().to_vec()
}

fn count(db: &Db) -> i64 {
    let count = "select count(*) from events where kind = 'keys.rotated'";
    db.read_blocking(|conn| Ok(conn.query_row(count, [], |row| row.get(0))?)).unwrap()
}

/// Everything opens and holds together; whether the rotation was done.
async fn check(data: &Path, what: &str, before: &Before, when: &str) -> bool {
    let app = at(data).await;
    let (rotated, _) = &before.ids[0];
    let new = key_of(&app, what, rotated) != before.key;
    for (id, known) in &before.ids {
        let tenant = app.tenants.open(id).await.unwrap();
        assert_eq!(but_sealed(&tenant), *known, "{when}");
        assert_eq!(app.tenants.verify_events(&tenant).await.unwrap().fault, None, "{when}");
        let is_its = id == rotated && matches!(what, "database" | "tokens");
        assert_eq!(count(tenant.db()), i64::from(new && is_its), "{when}: entries in the chain of {tenant:?}");
    }
    let tenant = app.tenants.open(rotated).await.unwrap();
    assert_eq!(secret_of(&tenant, &before.secret.0), before.secret.1, "{when}");
    assert_eq!(count(app.tenants.control()), i64::from(new), "{when}: entries of the instance");
    let names =
        |folder: &Path| std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap());
    let left: Vec<String> = names(data).filter(|name| name.contains("new") || name.starts_with('.')).collect();
    assert!(left.is_empty(), "{when}: {left:?}");
    assert_eq!(names(&data.join("tenants")).count(), before.ids.len(), "{when}");
    // What was sealed for the old key pair can still be read with what lies here.
    let archive = app.backups.list(rotated, None).await.unwrap().remove(0).path;
    let mut sound = false;
    for name in names(data).filter(|name| name.starts_with("backup-identity")) {
        let identity = Identity::read(&data.join(name)).unwrap();
        sound |= app.backups.verify(archive.clone(), identity).await.unwrap().outcome.is_ok();
    }
    assert!(sound, "{when}: the archive does not open any more");
    // And it can be done again.
    rotate(&app, what, Steps::default()).await;
    assert_eq!(count(app.tenants.control()), i64::from(new) + 1, "{when}");
    drop(tenant);
    app.close().await.unwrap();
    new
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_step_can_be_the_last() {
    let app = TestApp::start().await;
    let (shop, other) = (stocked(&app, "juniper-oak").await, stocked(&app, "northwind-demo").await);
    enrolled(&app, &shop, Role::Analyst).await;
    made(&app, &shop).await;
    let user = shop.person(Role::Analyst).id.clone();
    let secret = (user.clone(), secret_of(&shop.tenant, &user));
    let ids = [&shop, &other].map(|shop| (shop.tenant.id().clone(), but_sealed(&shop.tenant))).to_vec();
    let keys = ["database", "tokens", "master", "backup"].map(|what| (what, key_of(&app.app, what, &ids[0].0)));
    drop((shop, other));
    app.app.close().await.unwrap();
    let before = Arc::new((ids, secret));
    let mut killed = 0;
    for (what, key) in keys {
        let before = Before { ids: before.0.clone(), secret: before.1.clone(), key };
        let (mut old, mut new) = (0, 0);
        for last in 1.. {
            let folder = tempfile::tempdir().unwrap();
            copy(app.folder(), folder.path());
            let status = Command::new(std::env::current_exe().unwrap())
                .args(["--exact", "keys_crash::child_that_rotates", "--nocapture"])
                .env(CHILD, format!("{what} {last} {}", folder.path().display()))
                .stdout(Stdio::null())
                .status()
                .unwrap();
            let when = format!("{what}, killed after step {last}");
            if status.signal().is_none() {
                assert!(status.success(), "{when}: {status:?}");
                assert!(check(folder.path(), what, &before, &when).await, "{what} ended and is not done");
                break;
            }
            killed += 1;
            match check(folder.path(), what, &before, &when).await {
                true => new += 1,
                false => old += 1,
            }
        }
        assert!(old > 0 && new > 0, "{what}: {old} were the old, {new} the new");
        eprintln!("{what}: killed after each of {} steps; {old} were the old, {new} the new", old + new);
    }
    assert!(killed >= 20, "{killed} steps");
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
async fn a_disk_without_room_for_the_copy_keeps_the_old_key() {
    let Some(disk) = SmallDisk::mount(48) else {
        eprintln!("skipped: mounting a small tmpfs needs root");
        return;
    };
    let data = disk.0.path();
    MasterKey::load(data, None, true).unwrap();
    let app = at(data).await;
    let tenant = app.tenants.create("acme", "Acme").await.unwrap();
    bulk(&tenant, 60_000);
    tenant.db().checkpoint().unwrap();
    let (key, before) = (tenant.key(), rows(&tenant));
    std::fs::write(data.join("ballast"), vec![1; 40 << 20]).unwrap_err();
    let full = app.tenants.rekey(tenant.id(), None, Steps::default()).await;
    assert!(matches!(full, Err(Error::Unavailable { code: "storage_full", .. })), "{full:?}");
    std::fs::remove_file(data.join("ballast")).unwrap();
    assert!(Db::is_under(tenant.db().path(), &key.derive(Purpose::Store)), "the old key no longer fits");
    assert_eq!((rows(&tenant), count(tenant.db()), tenant.db().damage()), (before.clone(), 0, None));
    assert_eq!(std::fs::read_dir(data.join("tenants")).unwrap().count(), 1);
    app.tenants.rekey(tenant.id(), None, Steps::default()).await.unwrap();
    assert_eq!(rows(&tenant), before);
}
