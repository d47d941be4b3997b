//! The power goes, and with it everything that was not synced: what was acknowledged is there, nothing is half there, and the other
//! tenant is as it was. The disk is `support::disk`; the process that uses it is a child.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};

use pulsepoint::app::App;
use pulsepoint::auth::{Author, Reach};
use pulsepoint::backup::{self, Identity, TableSum};
use pulsepoint::clock::Clock;
use pulsepoint::db::Db;
use pulsepoint::events::{self, Entry};
use pulsepoint::imports::{Imports, Limits, Options};
use pulsepoint::secrets::MasterKey;
use pulsepoint::tenants::{Tenant, Tenants};
use rusqlite::Connection;

use crate::backup::{by, rows, wanted};
use crate::support::app::now;
use crate::support::disk::{Chance, Disk};

const CHILD: &str = "PULSEPOINT_TEST_CHILD_ON_A_DISK";
const WORK: &str = "PULSEPOINT_TEST_CHILD_DOES";
/// Entries of one transaction; a torn one would show.
const ENTRIES: i64 = 5;
/// Orders of one import, more than a batch has.
const ORDERS: i64 = 30;
const BATCH: u64 = 12;

/// Three, so that the one before the last that was acknowledged is told from the one after it.
const ARCHIVES: [&str; 3] = ["first", "second", "third"];

/// Rounds of each of the five works; `PULSEPOINT_POWER_CUTS` asks for so many in sum.
fn rounds() -> u64 {
    std::env::var("PULSEPOINT_POWER_CUTS").ok().and_then(|text| text.parse().ok()).unwrap_or(20_u64).div_ceil(5)
}

async fn open(data: &Path) -> App {
    let (master, _) = MasterKey::load(data, None, true).unwrap();
    let tenants = Tenants::start(data, master, Clock::fixed(now()), &Default::default()).unwrap();
    App::start(tenants, Clock::fixed(now()), Default::default()).await.unwrap()
}

fn acknowledge(what: impl std::fmt::Display) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "acknowledged {what}").unwrap();
    out.flush().unwrap();
}

/// Not a test of its own: what the power is taken from.
#[test]
fn child_that_works() {
    let Ok(data) = std::env::var(CHILD) else { return };
    let (data, work) = (PathBuf::from(data), std::env::var(WORK).unwrap());
    if let Some(synchronous) = work.strip_prefix("scratch ") {
        return scratch(&data.join("scratch.db"), synchronous);
    }
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let app = open(&data).await;
        if work == "create" {
            return create(&app).await;
        }
        let tenant = app.tenants.by_slug("acme").await.unwrap();
        match work.as_str() {
            "write" => write(&tenant).await,
            "import" => import_for_ever(&app, &tenant).await,
            "backup" => back_up(&app, &tenant).await,
            "restore" => restore(&app, &data).await,
            other => panic!("{other}"),
        }
    });
}

/// A plain file with the setting that is on trial.
fn scratch(path: &Path, synchronous: &str) {
    let conn = Connection::open(path).unwrap();
    conn.execute_batch(&format!("pragma journal_mode = wal; pragma synchronous = {synchronous}; create table t (n)"))
        .unwrap();
    for n in 0.. {
        conn.execute("insert into t values (?1)", [n]).unwrap();
        acknowledge(n);
    }
}

async fn write(tenant: &Tenant) {
    for n in 0_i64.. {
        let entries = tenant.db().write(move |tx| {
            let entry = || Entry {
                kind: "test.wrote",
                actor: "test",
                subject: None,
                request_id: None,
                ip: None,
                data: n.into(),
            };
            (0..ENTRIES).try_for_each(|_| events::append(tx, now(), &entry()).map(drop))
        });
        entries.await.unwrap();
        acknowledge(n);
        if n % 6 == 5 {
            tenant.db().checkpoint().unwrap();
        }
    }
}

async fn import(tenant: &Tenant, clock: &Clock, name: &str) {
    let mut file = String::from("order,sku,title,quantity,unit_price,placed_at,customer\n");
    for i in 0..ORDERS {
        file.push_str(&format!("{name}-{i},S-{},Thing,1,{i}.25,2026-10-01 10:00:00,c{i}\n", i % 5));
    }
    let slug = tenant.slug().to_owned();
    let brand = tenant.db().read(move |conn| pulsepoint::brands::get(conn, &Reach::All, &slug)).await.unwrap();
    let imports = Imports::new(clock.clone(), Limits { batch_rows: BATCH, ..Limits::default() });
    let by = Author::without_request("test");
    imports.run_file((tenant, &brand), Options::default(), by, file.as_bytes(), |_| {}).await.unwrap();
}

async fn import_for_ever(app: &App, tenant: &Tenant) {
    for n in 0.. {
        import(tenant, &app.clock, &format!("n{n}")).await;
        acknowledge(format!("n{n}"));
    }
}

async fn back_up(app: &App, tenant: &Tenant) {
    loop {
        let made = app.backups.make(tenant, None, by()).await.unwrap();
        acknowledge(made.archive.path.strip_prefix(app.tenants.data_folder()).unwrap().display());
    }
}

async fn create(app: &App) {
    for n in 0.. {
        app.tenants.create(&format!("t{n}"), "T").await.unwrap();
        acknowledge(format!("t{n}"));
    }
}

async fn restore(app: &App, data: &Path) {
    let identity = || Identity::read(&data.join(backup::IDENTITY_FILE)).unwrap();
    for which in ARCHIVES.into_iter().cycle() {
        let overwrite = backup::Wanted { overwrite: true, ..wanted("acme") };
        app.backups.restore(data.join(which), identity(), overwrite, by()).await.unwrap();
        acknowledge(which);
    }
}

/// A data folder with two tenants, what they hold, and archives of the one at three times.
struct Prepared {
    folder: tempfile::TempDir,
    other: Vec<TableSum>,
    archived: Vec<Vec<TableSum>>,
}

async fn prepared() -> Prepared {
    let folder = tempfile::tempdir().unwrap();
    let app = open(folder.path()).await;
    for slug in ["acme", "other"] {
        let tenant = app.tenants.create(slug, slug).await.unwrap();
        crate::imports::brand(&tenant, slug, "USD", "UTC").await;
        import(&tenant, &app.clock, "first").await;
    }
    let (acme, other) = (app.tenants.by_slug("acme").await.unwrap(), app.tenants.by_slug("other").await.unwrap());
    let mut archived = Vec::new();
    for name in ARCHIVES {
        import(&acme, &app.clock, name).await;
        let made = app.backups.make(&acme, None, by()).await.unwrap();
        std::fs::rename(made.archive.path, folder.path().join(name)).unwrap();
        archived.push(rows(&acme));
    }
    let other_rows = rows(&other);
    drop((acme, other));
    app.close().await.unwrap();
    Prepared { folder, other: other_rows, archived }
}

/// What a round left.
struct Left {
    acknowledged: Vec<String>,
    folder: tempfile::TempDir,
}

fn spawn(disk: &Disk, work: &str) -> (Child, Receiver<String>) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "power_cuts::child_that_works", "--nocapture"])
        .env(CHILD, disk.path())
        .env(WORK, work)
        .stdout(Stdio::piped())
        // It ends in the middle of something and says so at length.
        .stderr(if std::env::var_os("PULSEPOINT_SHOW_CHILD").is_some() { Stdio::inherit() } else { Stdio::null() })
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let (say, heard) = mpsc::channel();
    std::thread::spawn(move || {
        for line in lines.map_while(Result::ok) {
            if let Some((_, what)) = line.split_once("acknowledged ") {
                let _ = say.send(what.to_owned());
            }
        }
    });
    (child, heard)
}

/// Lets the child work and takes its power at some step, once a few acknowledgements were seen. None without FUSE.
fn cut(work: &str, image: &Path, seed: u64) -> Option<Left> {
    let disk = Disk::mount(image)?;
    let mut chance = Chance::new(seed);
    let (mut child, heard) = spawn(&disk, work);
    let mut acknowledged = vec![heard.recv().expect("the child acknowledges something")];
    let (first, more) = (disk.steps(), 1 + chance.below(3));
    for _ in 0..more {
        acknowledged.extend(heard.recv());
    }
    // At any step of the next one or two.
    let each = (disk.steps() - first) / more;
    disk.cut_after(chance.below(2 * each + 1));
    let was_cut = disk.wait_for_cut(&mut child);
    let _ = child.kill();
    child.wait().unwrap();
    assert!(was_cut, "{work}, round {seed}: the child ended before the power went");
    // Whatever it acknowledged later than that it acknowledged too.
    acknowledged.extend(heard.iter());
    let folder = if seed.is_multiple_of(2) { disk.remains(None) } else { disk.remains(Some(&mut chance)) };
    Some(Left { acknowledged, folder })
}

fn whole(db: &Db) {
    let check =
        db.read_blocking(|conn| Ok(conn.query_row("pragma integrity_check", [], |row| row.get::<_, String>(0))?));
    assert_eq!(check.unwrap(), "ok", "{}", db.path().display());
}

/// Opens what was left: every tenant opens and is sound, and so is what happened to it.
async fn sound(left: &Left) -> App {
    let app = open(left.folder.path()).await;
    whole(app.tenants.control());
    assert_eq!(app.tenants.control().read(events::verify).await.unwrap().fault, None);
    for info in app.tenants.list().await.unwrap() {
        let tenant = app.tenants.open(&info.id).await.unwrap();
        whole(tenant.db());
        assert_eq!(app.tenants.verify_events(&tenant).await.unwrap().fault, None);
    }
    app
}

/// Cuts the power of one work, round after round, and counts what was lost of what was acknowledged.
fn trial<F>(work: &'static str, prepared: &Prepared, mut missing: impl FnMut(App, Tenant, Vec<String>) -> F)
where
    F: Future<Output = Vec<String>>,
{
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (mut acknowledged, mut lost) = (0, Vec::new());
    for seed in 0..rounds() {
        let Some(left) = cut(work, prepared.folder.path(), seed) else { return };
        eprintln!("{work}, round {seed}: {} acknowledged", left.acknowledged.len());
        acknowledged += left.acknowledged.len();
        runtime.block_on(async {
            let app = sound(&left).await;
            let (acme, other) =
                (app.tenants.by_slug("acme").await.unwrap(), app.tenants.by_slug("other").await.unwrap());
            assert_eq!(rows(&other), prepared.other, "the other tenant");
            drop(other);
            lost.extend(missing(app.clone(), acme, left.acknowledged.clone()).await);
            app.close().await.unwrap();
        });
    }
    eprintln!("power cuts while in {work}: {} rounds, {acknowledged} acknowledged, {} lost", rounds(), lost.len());
    assert!(lost.is_empty(), "{work}: {lost:?}");
}

fn prepare() -> Prepared {
    tokio::runtime::Runtime::new().unwrap().block_on(prepared())
}

#[test]
fn a_write_that_was_acknowledged_is_there_after_a_power_cut() {
    trial("write", &prepare(), |_, tenant, acknowledged| async move {
        let sql = "select data, count(*) from events where kind = 'test.wrote' group by 1";
        let found = tenant.db().read_blocking(|conn| {
            let mut statement = conn.prepare(sql)?;
            let rows = statement.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?)))?;
            Ok(rows.collect::<Result<Vec<_>, _>>()?)
        });
        let found = found.unwrap();
        assert!(found.iter().all(|(_, entries)| *entries == ENTRIES), "a transaction is torn: {found:?}");
        acknowledged.into_iter().filter(|n| !found.iter().any(|(there, _)| there == n)).collect()
    });
}

#[test]
fn an_import_that_was_done_is_there_after_a_power_cut() {
    trial("import", &prepare(), |_, tenant, acknowledged| async move {
        let sql = "select substr(external_id, 1, instr(external_id, '-') - 1), count(*) from orders group by 1";
        let found = tenant.db().read_blocking(|conn| {
            let mut statement = conn.prepare(sql)?;
            let rows = statement.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?)))?;
            Ok(rows.collect::<Result<Vec<_>, _>>()?)
        });
        let found = found.unwrap();
        let batch = i64::try_from(BATCH).unwrap();
        let whole = |orders: i64| orders == ORDERS || orders % batch == 0;
        assert!(found.iter().all(|(_, orders)| whole(*orders)), "a batch is torn: {found:?}");
        acknowledged.into_iter().filter(|name| !found.contains(&(name.clone(), ORDERS))).collect()
    });
}

#[test]
fn a_backup_that_was_made_is_there_after_a_power_cut() {
    trial("backup", &prepare(), |app, tenant, acknowledged| async move {
        let data = app.tenants.data_folder().to_owned();
        for archive in app.backups.list(tenant.id(), None).await.unwrap() {
            let identity = Identity::read(&data.join(backup::IDENTITY_FILE)).unwrap();
            assert_eq!(app.backups.verify(archive.path, identity).await.unwrap().outcome.map(drop), Ok(()));
        }
        acknowledged.into_iter().filter(|file| !data.join(file).is_file()).collect()
    });
}

#[test]
fn a_restored_store_is_the_last_or_the_next_after_a_power_cut() {
    let prepared = prepare();
    let archived = prepared.archived.clone();
    trial("restore", &prepared, |_, tenant, acknowledged| {
        let found = archived.iter().position(|sums| *sums == rows(&tenant));
        let found = found.expect("it is one of those that were restored, and not a mixture");
        let last = ARCHIVES.iter().position(|name| acknowledged.last().is_some_and(|last| last == name)).unwrap();
        let there = found == last || found == (last + 1) % ARCHIVES.len();
        async move { if there { Vec::new() } else { acknowledged } }
    });
}

#[test]
fn a_tenant_that_was_made_is_there_after_a_power_cut() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (mut acknowledged, mut lost) = (0, Vec::new());
    for seed in 0..rounds() {
        // From nothing: the keys, the control store and the first tenants are made on this disk.
        let nothing = tempfile::tempdir().unwrap();
        let Some(left) = cut("create", nothing.path(), seed) else { return };
        acknowledged += left.acknowledged.len();
        runtime.block_on(async {
            let app = sound(&left).await;
            for slug in &left.acknowledged {
                if app.tenants.by_slug(slug).await.is_err() {
                    lost.push(slug.clone());
                }
            }
            app.close().await.unwrap();
        });
    }
    eprintln!("power cuts while in create: {} rounds, {acknowledged} acknowledged, {} lost", rounds(), lost.len());
    assert!(lost.is_empty(), "{lost:?}");
}

/// A rig that cannot lose anything proves nothing.
#[test]
fn the_disk_loses_what_a_careless_setting_leaves_unsynced() {
    let nothing = tempfile::tempdir().unwrap();
    for (synchronous, keeps) in [("off", false), ("normal", false), ("full", true)] {
        for seed in [0, 2] {
            let Some(left) = cut(&format!("scratch {synchronous}"), nothing.path(), seed) else { return };
            let path = left.folder.path().join("scratch.db");
            let found = Connection::open(&path)
                .and_then(|conn| conn.query_row("select max(n) from t", [], |row| row.get::<_, i64>(0)));
            let last: i64 = left.acknowledged.last().unwrap().parse().unwrap();
            assert_eq!(found.is_ok_and(|found| found >= last), keeps, "{synchronous}: {last} were acknowledged");
        }
    }
}
