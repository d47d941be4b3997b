//! Stores of an older version: copied before they are brought up to date, put back by one command; and stores of a newer one.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use pulsepoint::db::{self, Db, FileSpec, Migration};
use pulsepoint::error::Error;
use pulsepoint::events;
use pulsepoint::secrets::{MasterKey, Purpose};
use pulsepoint::tenants::{TenantId, Tenants, roll_back};
use rusqlite::types::Value;

use crate::support::binary::Home;
use crate::tenants::{brands, start, write_brand};

/// The scripts of a folder, the last left out.
fn migrations(kind: &str, without_last: bool) -> &'static [Migration] {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/migrations").join(kind);
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    if without_last {
        files.pop();
    }
    let script = |path: PathBuf| {
        let sql: &'static str = std::fs::read_to_string(&path).unwrap().leak();
        let name: &'static str = path.file_stem().unwrap().to_str().unwrap().to_owned().leak();
        Migration { name, sql }
    };
    files.into_iter().map(script).collect::<Vec<_>>().leak()
}

fn spec<'a>(kind: &str, owner: &'a str, without_last: bool) -> FileSpec<'a> {
    FileSpec {
        application_id: if kind == "control" { 0x5050_4331 } else { 0x5050_5431 },
        owner,
        migrations: migrations(kind, without_last),
        create: true,
        least_commits: 0,
        secure_delete: false,
    }
}

/// Makes the store at `path` one of the version before, with all that it held and that version knows.
fn make_older(path: &Path, key: &[u8; 32], kind: &str, owner: &str) {
    let draft = path.with_extension("older");
    let (live, older) = (
        Db::open(path, key, &spec(kind, owner, false)).unwrap(),
        Db::open(&draft, key, &spec(kind, owner, true)).unwrap(),
    );
    older
        .write_blocking(|tx| {
            tx.execute_batch("pragma defer_foreign_keys = on")?;
            let mut names = tx.prepare(
                "select name from sqlite_schema where type = 'table' and name not like 'sqlite%' and name <> 'file_identity'",
            )?;
            let names = names.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<Vec<String>>>()?;
            for name in names {
                tx.execute(&format!("delete from {name}"), [])?;
                let mut columns = tx.prepare("select name from pragma_table_info(?1)")?;
                let columns = columns.query_map([&name], |row| row.get(0))?.collect::<rusqlite::Result<Vec<String>>>()?;
                let marks = vec!["?"; columns.len()].join(", ");
                let rows: Vec<Vec<Value>> = live.read_blocking(|conn| {
                    let mut query = conn.prepare(&format!("select {} from {name}", columns.join(", ")))?;
                    let rows = query.query_map([], |row| (0..columns.len()).map(|at| row.get(at)).collect())?;
                    Ok(rows.collect::<rusqlite::Result<_>>()?)
                })?;
                let mut add = tx.prepare(&format!("insert into {name} ({}) values ({marks})", columns.join(", ")))?;
                for row in rows {
                    add.execute(rusqlite::params_from_iter(row))?;
                }
            }
            tx.execute("update file_identity set commits = ?1", [live.commits()])?;
            Ok(())
        })
        .unwrap();
    live.close().unwrap();
    older.close().unwrap();
    std::fs::rename(draft, path).unwrap();
}

/// An instance of the version before, with two tenants.
struct Older {
    data: tempfile::TempDir,
    ids: Vec<TenantId>,
}

fn control(data: &Path) -> PathBuf {
    data.join("control.db")
}

impl Older {
    async fn new() -> Self {
        let data = tempfile::tempdir().unwrap();
        let tenants = start(data.path());
        let mut stores = Vec::new();
        for slug in ["acme", "zenith"] {
            let tenant = tenants.create(slug, slug).await.unwrap();
            write_brand(&tenant, &format!("of-{slug}")).await;
            let key = tenant.key().derive(Purpose::Store);
            stores.push((tenant.id().clone(), tenant.db().path().to_owned(), key));
        }
        stop(tenants).await;
        for (id, path, key) in &stores {
            make_older(path, key, "tenant", id.as_str());
        }
        let older = Self { ids: stores.into_iter().map(|(id, ..)| id).collect(), data };
        make_older(&control(older.path()), &older.control_key(), "control", "control");
        older
    }

    fn path(&self) -> &Path {
        self.data.path()
    }

    fn master(&self) -> MasterKey {
        MasterKey::load(self.path(), None, false).unwrap().0
    }

    fn control_key(&self) -> [u8; 32] {
        *self.master().derive("control.db")
    }

    fn store(&self, number: usize) -> PathBuf {
        self.path().join("tenants").join(self.ids[number].as_str()).join("store.db")
    }

    /// Opens every tenant with this version; their chains hold.
    async fn serves(&self) {
        let tenants = start(self.path());
        for slug in ["acme", "zenith"] {
            let tenant = tenants.by_slug(slug).await.unwrap();
            assert!(brands(&tenant).await.contains(&format!("of-{slug}")));
            assert_eq!(tenants.verify_events(&tenant).await.unwrap().fault, None);
        }
        assert_eq!(tenants.control().read_blocking(events::verify).unwrap().fault, None);
        stop(tenants).await;
    }

    fn schemas(&self) -> Vec<i64> {
        let tenant_key = |number: usize| {
            let master = self.master();
            let control =
                Db::open_as_is(&control(self.path()), &self.control_key(), &spec("control", "control", false));
            let sql = "select wrapped_key from tenants where id = ?1";
            let id = self.ids[number].as_str();
            let read = |conn: &rusqlite::Connection| Ok(conn.query_row(sql, [id], |row| row.get::<_, Vec<u8>>(0))?);
            let wrapped = control.unwrap().read_blocking(read).unwrap();
            *master.unwrap(id, &wrapped).unwrap().derive(Purpose::Store)
        };
        let of = |path: PathBuf, key: [u8; 32], kind, owner: &str| {
            Db::open_as_is(&path, &key, &spec(kind, owner, false)).unwrap().schema().unwrap()
        };
        let mut all = vec![of(control(self.path()), self.control_key(), "control", "control")];
        all.extend((0..2).map(|at| of(self.store(at), tenant_key(at), "tenant", self.ids[at].as_str())));
        all
    }

    fn roll_back(&self, tenant: Option<&str>, discard: bool) -> Result<usize, Error> {
        let done = roll_back(self.path(), &self.master(), tenant, discard, Timestamp::UNIX_EPOCH)?;
        Ok(done.len())
    }
}

/// Lets go of everything, as the end of a process does.
async fn stop(tenants: Tenants) {
    let folder = tenants.control().path().parent().unwrap().join("tenants");
    tenants.close_all().await.unwrap();
    drop(tenants);
    // A store that was looked at and refused may leave an empty log.
    let log = |entry: std::io::Result<std::fs::DirEntry>| std::fs::metadata(entry.unwrap().path().join("store.db-wal"));
    let open = |entry| log(entry).is_ok_and(|log| log.len() > 0);
    while std::fs::read_dir(&folder).unwrap().any(open) {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

fn newest(kind: &str) -> i64 {
    migrations(kind, false).len() as i64
}

fn old() -> Vec<i64> {
    vec![newest("control") - 1, newest("tenant") - 1, newest("tenant") - 1]
}

fn new() -> Vec<i64> {
    vec![newest("control"), newest("tenant"), newest("tenant")]
}

#[tokio::test]
async fn an_older_store_is_copied_once_before_it_is_brought_up_to_date() {
    let older = Older::new().await;
    assert_eq!(older.schemas(), old());
    older.serves().await;
    assert_eq!(older.schemas(), new());
    older.serves().await;
    for (path, schema) in [(control(older.path()), old()[0]), (older.store(0), old()[1]), (older.store(1), old()[1])] {
        let copies = db::before_upgrades(&path).unwrap();
        assert_eq!(copies.iter().map(|copy| copy.schema).collect::<Vec<_>>(), [schema], "{}", path.display());
        let name = format!("{}.before-{schema:04}", path.file_name().unwrap().to_str().unwrap());
        assert_eq!(copies[0].path.file_name().unwrap().to_str(), Some(name.as_str()));
        let about = std::fs::metadata(&copies[0].path).unwrap();
        assert_eq!(std::os::unix::fs::PermissionsExt::mode(&about.permissions()) & 0o777, 0o600);
        assert!(!std::fs::read(&copies[0].path).unwrap().starts_with(b"SQLite format"), "a copy is sealed, too");
    }
}

#[tokio::test]
async fn a_copy_that_was_killed_is_made_anew() {
    let older = Older::new().await;
    // Half a copy; and a whole one after which the schema was not yet changed.
    std::fs::write(older.path().join("control.db.before-draft"), b"half").unwrap();
    std::fs::write(older.store(0).with_file_name(format!("store.db.before-{:04}", old()[1])), b"an older one").unwrap();
    older.serves().await;
    assert!(!older.path().join("control.db.before-draft").exists());
    assert_eq!(older.roll_back(None, true).unwrap(), 3);
    assert_eq!(older.schemas(), old());
}

#[tokio::test]
async fn everything_goes_back_in_one_step_and_newer_writes_are_not_lost_unsaid() {
    let older = Older::new().await;
    assert!(matches!(older.roll_back(None, true), Err(Error::Conflict { code: "no_copy", .. })));
    older.serves().await;
    let tenants = start(older.path());
    write_brand(&tenants.by_slug("acme").await.unwrap(), "newer").await;
    stop(tenants).await;
    let refused = older.roll_back(Some("acme"), false);
    assert!(
        matches!(&refused, Err(Error::Conflict { code: "newer_writes", reason }) if reason.contains("acme: 1")),
        "{refused:?}"
    );
    assert_eq!(older.schemas(), new(), "a refusal changes nothing");
    assert_eq!(older.roll_back(Some("zenith"), false).unwrap(), 1, "nothing was written there");
    assert_eq!(older.schemas(), [new()[0], new()[1], old()[2]]);
    older.serves().await;
    assert_eq!(older.roll_back(None, true).unwrap(), 3);
    assert_eq!(older.schemas(), old());
    older.serves().await;
    let tenants = start(older.path());
    assert_eq!(brands(&tenants.by_slug("acme").await.unwrap()).await, ["of-acme"]);
    stop(tenants).await;
}

/// Every state that a crash leaves between two renames: it serves, and a second run goes on to the end.
#[tokio::test]
async fn a_rollback_that_was_killed_serves_and_is_finished_by_the_next() {
    for exchanged in [0, 1, 2] {
        let older = Older::new().await;
        older.serves().await;
        // What the command does first is told in control; then file after file is exchanged.
        let copies: Vec<_> = [older.store(0), older.store(1)]
            .map(|path| (db::before_upgrades(&path).unwrap().remove(0), path))
            .into_iter()
            .collect();
        let saved: Vec<_> = copies
            .iter()
            .map(|(copy, path)| (std::fs::read(&copy.path).unwrap(), std::fs::read(path).unwrap()))
            .collect();
        for slug in ["acme", "zenith"] {
            older.roll_back(Some(slug), true).unwrap();
        }
        for ((before, live), (copy, path)) in saved.iter().zip(&copies).skip(exchanged) {
            std::fs::write(&copy.path, before).unwrap();
            std::fs::write(path, live).unwrap();
        }
        let left = older.schemas();
        assert_eq!(
            left.iter().filter(|schema| **schema == old()[1]).count(),
            exchanged + usize::from(old()[1] == new()[0])
        );
        assert_eq!(older.roll_back(None, true).unwrap(), 3 - exchanged, "{exchanged}");
        assert_eq!(older.schemas(), old());
        older.serves().await;
    }
}

#[tokio::test]
async fn a_newer_store_is_refused_with_both_versions_and_the_command() {
    let older = Older::new().await;
    older.serves().await;
    let tenants = start(older.path());
    let raise = |tx: &rusqlite::Transaction<'_>| {
        Ok(tx.execute_batch("update file_identity set owner = owner; pragma user_version = 4711")?)
    };
    tenants.by_slug("acme").await.unwrap().db().write_blocking(raise).unwrap();
    stop(tenants).await;
    let before = std::fs::read(older.store(0)).unwrap();
    let tenants = start(older.path());
    assert!(tenants.by_slug("acme").await.is_err());
    let why = tenants.list().await.unwrap()[0].set_aside.clone().unwrap();
    let known = newest("tenant");
    assert!(why.contains("schema 4711") && why.contains(&format!("known {known}")), "{why}");
    assert!(why.contains("pulsepoint upgrade rollback"), "{why}");
    assert!(tenants.by_slug("zenith").await.is_ok(), "the others go on");
    tenants.control().write_blocking(raise).unwrap();
    stop(tenants).await;
    assert_eq!(std::fs::read(older.store(0)).unwrap(), before, "nothing was changed");
    let refused = Tenants::start(older.path(), older.master(), pulsepoint::clock::Clock::system(), &Default::default());
    let told = format!("{:#}", refused.unwrap_err());
    assert!(told.contains("schema 4711") && told.contains("pulsepoint upgrade rollback"), "{told}");
}

#[tokio::test]
async fn copies_go_after_two_weeks() {
    let older = Older::new().await;
    older.serves().await;
    let tenants = start(older.path());
    let copies = || {
        db::before_upgrades(&older.store(0)).unwrap().len() + db::before_upgrades(&control(older.path())).unwrap().len()
    };
    let day = Duration::from_secs(24 * 3600);
    let copy = db::before_upgrades(&older.store(0)).unwrap().remove(0).path;
    let made: SystemTime = std::fs::metadata(copy).unwrap().modified().unwrap();
    tenants.forget_old_copies(made + 13 * day).await.unwrap();
    assert_eq!(copies(), 2);
    tenants.forget_old_copies(made + 15 * day).await.unwrap();
    assert_eq!(copies(), 0);
    stop(tenants).await;
}

#[test]
fn the_command_says_that_there_is_nothing_to_put_back() {
    let home = Home::new();
    home.run(&["tenant", "add", "acme"]).ok();
    assert!(home.run(&["upgrade", "rollback"]).failed(1).contains("no copy of before an upgrade"));
}
