//! One SQLCipher file: what it promises, and what it refuses.

use std::path::{Path, PathBuf};

use pulsepoint::db::{Db, FileSpec, Migration, OpenError};
use pulsepoint::error::Error;

pub const KEY: [u8; 32] = [7; 32];
pub static SCHEMA: &[Migration] =
    &[Migration { name: "0001_notes", sql: "create table notes (id integer primary key, text text not null) strict;" }];
static LATER_SCHEMA: &[Migration] =
    &[SCHEMA[0], Migration { name: "0002_more", sql: "create table more (id integer primary key) strict;" }];

pub const SPEC: FileSpec<'static> = FileSpec {
    application_id: 0x1234,
    owner: "me",
    migrations: SCHEMA,
    create: true,
    least_commits: 0,
    secure_delete: false,
};

pub struct Folder {
    pub dir: tempfile::TempDir,
    pub path: PathBuf,
}

pub fn folder() -> Folder {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.db");
    Folder { dir, path }
}

pub fn add(db: &Db, text: &str) {
    db.write_blocking(|tx| Ok(tx.execute("insert into notes (text) values (?1)", [text])?)).unwrap();
}

pub fn count(db: &Db) -> i64 {
    db.read_blocking(|conn| Ok(conn.query_row("select count(*) from notes", [], |row| row.get(0))?)).unwrap()
}

/// A closed file with some notes in it.
fn filled(notes: usize) -> Folder {
    let folder = folder();
    let db = Db::open(&folder.path, &KEY, &SPEC).unwrap();
    for note in 0..notes {
        add(&db, &format!("note {note} {}", "x".repeat(500)));
    }
    db.close().unwrap();
    folder
}

fn refused(path: &Path, key: &[u8; 32], spec: &FileSpec<'_>) -> OpenError {
    let before = contents(path.parent().unwrap());
    let error = Db::open(path, key, spec).expect_err("it opened");
    let mut after = contents(path.parent().unwrap());
    // SQLite's index of the log is rebuilt at every open; it is not data.
    after.retain(|(name, _)| !name.ends_with("-shm") && before.iter().any(|(known, _)| known == name));
    let before: Vec<_> = before.into_iter().filter(|(name, _)| !name.ends_with("-shm")).collect();
    assert_eq!(before, after, "the refused file was touched");
    error
}

fn contents(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap())
        .map(|entry| (entry.file_name().into_string().unwrap(), std::fs::read(entry.path()).unwrap()))
        .collect();
    files.sort();
    files
}

#[test]
fn keeps_what_is_written_and_counts_commits_in_the_file() {
    let folder = folder();
    let db = Db::open(&folder.path, &KEY, &SPEC).unwrap();
    let made = db.commits();
    add(&db, "one");
    add(&db, "two");
    assert_eq!((count(&db), db.commits()), (2, made + 2));
    db.write_blocking(|tx| Ok(tx.execute("update notes set text = 'x' where id = 99", [])?)).unwrap();
    assert_eq!(db.commits(), made + 2, "a transaction that changed nothing counts for nothing");
    db.close().unwrap();
    let db = Db::open(&folder.path, &KEY, &FileSpec { create: false, least_commits: made + 2, ..SPEC }).unwrap();
    assert_eq!((count(&db), db.commits()), (2, made + 2));
}

#[test]
fn every_connection_has_the_settings_that_durability_needs() {
    let folder = folder();
    let db = Db::open(&folder.path, &KEY, &SPEC).unwrap();
    let settings = |conn: &rusqlite::Connection| -> pulsepoint::error::Result<Vec<String>> {
        let ask =
            |name: &str| conn.query_row(&format!("pragma {name}"), [], |row| row.get::<_, rusqlite::types::Value>(0));
        ["journal_mode", "synchronous", "foreign_keys", "wal_autocheckpoint", "temp_store", "trusted_schema"]
            .iter()
            .map(|name| Ok(format!("{:?}", ask(name)?)))
            .collect()
    };
    let expected = ["Text(\"wal\")", "Integer(2)", "Integer(1)", "Integer(0)", "Integer(2)", "Integer(0)"];
    assert_eq!(db.read_blocking(settings).unwrap(), expected);
    assert_eq!(db.write_blocking(|tx| settings(tx)).unwrap(), expected);
    db.read_blocking(|conn| Ok(conn.execute("insert into notes (text) values ('x')", [])?))
        .expect_err("a reader wrote");
    assert!(rusqlite::version_number() >= 3_051_003, "{}", rusqlite::version());
}

#[test]
fn a_failed_or_panicking_write_leaves_nothing() {
    let folder = folder();
    let db = Db::open(&folder.path, &KEY, &SPEC).unwrap();
    let failed: Result<(), Error> = db.write_blocking(|tx| {
        tx.execute("insert into notes (text) values ('x')", [])?;
        Err(Error::NotFound)
    });
    assert!(matches!(failed, Err(Error::NotFound)));
    let panicking = db.clone();
    std::thread::spawn(move || {
        panicking.write_blocking::<()>(|tx| {
            tx.execute("insert into notes (text) values ('x')", []).unwrap();
            panic!("on purpose")
        })
    })
    .join()
    .unwrap_err();
    assert_eq!(count(&db), 0);
    add(&db, "still works");
    assert_eq!(count(&db), 1);
}

#[test]
fn one_read_sees_one_moment() {
    let folder = folder();
    let db = Db::open(&folder.path, &KEY, &SPEC).unwrap();
    let other = db.clone();
    let (before, after): (i64, i64) = db
        .read_blocking(|conn| {
            let ask = || conn.query_row("select count(*) from notes", [], |row| row.get::<_, i64>(0));
            let before = ask()?;
            add(&other, "in between");
            Ok((before, ask()?))
        })
        .unwrap();
    assert_eq!((before, after, count(&db)), (0, 0, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_write_at_once_and_none_is_lost() {
    let folder = folder();
    let db = Db::open(&folder.path, &KEY, &SPEC).unwrap();
    let tasks: Vec<_> = (0..50)
        .map(|task| {
            let db = db.clone();
            tokio::spawn(async move {
                db.write(move |tx| Ok(tx.execute("insert into notes (text) values (?1)", [format!("{task}")])?))
                    .await?;
                db.read(|conn| Ok(conn.query_row("select count(*) from notes", [], |row| row.get::<_, i64>(0))?)).await
            })
        })
        .collect();
    for task in tasks {
        assert!(task.await.unwrap().unwrap() >= 1);
    }
    assert_eq!(count(&db), 50);
}

#[test]
fn migrates_forward_and_never_back() {
    let folder = filled(3);
    let later = FileSpec { migrations: LATER_SCHEMA, ..SPEC };
    let db = Db::open(&folder.path, &KEY, &later).unwrap();
    assert_eq!(count(&db), 3);
    db.close().unwrap();
    assert!(matches!(refused(&folder.path, &KEY, &SPEC), OpenError::NewerSchema { found: 2, known: 1, .. }));
}

#[test]
fn a_migration_that_fails_changes_nothing() {
    static BROKEN: &[Migration] = &[
        SCHEMA[0],
        Migration { name: "0002_fine", sql: "create table fine (id integer primary key) strict;" },
        Migration { name: "0003_broken", sql: "create table broken (id integer primary key) strict; nonsense;" },
    ];
    let folder = filled(1);
    Db::open(&folder.path, &KEY, &FileSpec { migrations: BROKEN, ..SPEC }).unwrap_err();
    let db = Db::open(&folder.path, &KEY, &SPEC).unwrap();
    let fine: i64 = db
        .read_blocking(|conn| {
            Ok(conn.query_row("select count(*) from sqlite_master where name in ('fine', 'broken')", [], |row| {
                row.get(0)
            })?)
        })
        .unwrap();
    assert_eq!(fine, 0);
}

#[test]
fn refuses_an_empty_a_missing_and_a_foreign_file() {
    let folder = folder();
    std::fs::write(&folder.path, b"").unwrap();
    assert!(matches!(refused(&folder.path, &KEY, &SPEC), OpenError::Empty(_)));
    std::fs::write(&folder.path, b"short").unwrap();
    assert!(matches!(refused(&folder.path, &KEY, &SPEC), OpenError::Corrupt { .. }));
    std::fs::write(&folder.path, [b"SQLite format 3\0".as_slice(), &[0; 4096]].concat()).unwrap();
    assert!(matches!(refused(&folder.path, &KEY, &SPEC), OpenError::NotOurs { .. }));
    std::fs::remove_file(&folder.path).unwrap();
    assert!(matches!(refused(&folder.path, &KEY, &FileSpec { create: false, ..SPEC }), OpenError::Missing(_)));
    std::fs::write(beside(&folder.path, "-wal"), b"of a file that is gone").unwrap();
    assert!(matches!(refused(&folder.path, &KEY, &SPEC), OpenError::Missing(_)));
    std::fs::create_dir(&folder.path).unwrap();
    assert!(matches!(Db::open(&folder.path, &KEY, &SPEC), Err(OpenError::NotOurs { .. })));
}

#[test]
fn refuses_a_wrong_key_another_owner_another_kind_and_an_older_copy() {
    let folder = filled(3);
    let error = refused(&folder.path, &[8; 32], &SPEC);
    assert!(matches!(error, OpenError::WrongKey(_)), "{error:?}");
    assert!(error.to_string().contains("Nothing was changed"));
    assert!(matches!(
        refused(&folder.path, &KEY, &FileSpec { owner: "you", ..SPEC }),
        OpenError::WrongOwner { expected, found, .. } if expected == "you" && found == "me"
    ));
    assert!(matches!(refused(&folder.path, &KEY, &FileSpec { application_id: 5, ..SPEC }), OpenError::NotOurs { .. }));
    let error = refused(&folder.path, &KEY, &FileSpec { least_commits: 100, ..SPEC });
    assert!(matches!(error, OpenError::OlderThanRemembered { found: 4, remembered: 100, .. }), "{error:?}");
}

#[test]
fn refuses_a_file_cut_short_or_overwritten_with_zeros() {
    let folder = filled(200);
    let whole = std::fs::read(&folder.path).unwrap();
    for keep in [10, 16, 100, 4095, 4096, 8192, whole.len() / 2, whole.len() - 4096, whole.len() - 1] {
        std::fs::write(&folder.path, &whole[..keep]).unwrap();
        assert!(found_out(&folder.path), "cut to {keep} bytes");
    }
    for from in [0, 16, 4096, 8192, whole.len() - 4096] {
        let mut bent = whole.clone();
        bent[from..].fill(0);
        std::fs::write(&folder.path, &bent).unwrap();
        assert!(found_out(&folder.path), "zeros from {from}");
    }
    std::fs::write(&folder.path, &whole).unwrap();
    assert!(!found_out(&folder.path));
}

#[test]
fn finds_every_flipped_bit() {
    let folder = filled(200);
    let whole = std::fs::read(&folder.path).unwrap();
    for attempt in 0..60_usize {
        let at = (attempt * 7_919 + 13) * 104_729 % whole.len();
        let mut bent = whole.clone();
        bent[at] ^= 1 << (attempt % 8);
        std::fs::write(&folder.path, &bent).unwrap();
        assert!(found_out(&folder.path), "bit {} of byte {at}", attempt % 8);
    }
}

/// Whether damage shows, at opening or when everything is read; then the file must be out of use.
fn found_out(path: &Path) -> bool {
    let db = match Db::open(path, &KEY, &SPEC) {
        Ok(db) => db,
        Err(OpenError::Corrupt { .. } | OpenError::WrongKey(_)) => return true,
        Err(other) => panic!("{other}"),
    };
    let sound = db.read_blocking(|conn| {
        let check: String = conn.query_row("pragma integrity_check", [], |row| row.get(0))?;
        conn.query_row("select coalesce(sum(length(text)), 0) from notes", [], |row| row.get::<_, i64>(0))?;
        let pages: Option<String> =
            rusqlite::OptionalExtension::optional(
                conn.query_row("pragma cipher_integrity_check", [], |row| row.get(0)),
            )?;
        Ok(check == "ok" && pages.is_none())
    });
    match sound {
        Ok(sound) => !sound,
        Err(_) => {
            assert!(db.damage().is_some(), "the damage was not noted");
            db.read_blocking(|_| Ok(())).expect_err("a damaged file stays in use");
            true
        }
    }
}

#[test]
fn another_files_log_does_not_get_in() {
    let (mine, other) = (filled(5), filled(5));
    let db = Db::open(&other.path, &KEY, &SPEC).unwrap();
    add(&db, "of the other");
    std::fs::copy(beside(&other.path, "-wal"), beside(&mine.path, "-wal")).unwrap();
    drop(db);
    // Under the same key it could be read; its pages are the other file's, so only the commit counter could tell. Under
    // another key it must not open at all, nor may it be moved into the file.
    let foreign = folder();
    let db = Db::open(&foreign.path, &[9; 32], &SPEC).unwrap();
    add(&db, "sealed differently");
    std::fs::copy(beside(&foreign.path, "-wal"), beside(&mine.path, "-wal")).unwrap();
    let error = refused(&mine.path, &KEY, &SPEC);
    assert!(matches!(error, OpenError::Corrupt { .. }), "{error:?}");
    std::fs::remove_file(beside(&mine.path, "-wal")).unwrap();
    assert_eq!(count(&Db::open(&mine.path, &KEY, &SPEC).unwrap()), 5);
}

#[test]
fn a_log_that_lost_its_tail_is_an_older_copy() {
    let folder = folder();
    let db = Db::open(&folder.path, &KEY, &SPEC).unwrap();
    (0..20).for_each(|note| add(&db, &format!("note {note}")));
    let (commits, log) = (db.commits(), std::fs::read(beside(&folder.path, "-wal")).unwrap());
    let file = std::fs::read(&folder.path).unwrap();
    drop(db);
    for keep in [0, log.len() / 2, log.len() - 1] {
        std::fs::write(&folder.path, &file).unwrap();
        std::fs::write(beside(&folder.path, "-wal"), &log[..keep]).unwrap();
        let error = refused(&folder.path, &KEY, &FileSpec { least_commits: commits, ..SPEC });
        assert!(matches!(error, OpenError::OlderThanRemembered { .. }), "{keep}: {error:?}");
    }
    std::fs::write(beside(&folder.path, "-wal"), &log).unwrap();
    assert_eq!(count(&Db::open(&folder.path, &KEY, &FileSpec { least_commits: commits, ..SPEC }).unwrap()), 20);
}

#[test]
fn nothing_of_it_lies_in_clear() {
    let folder = folder();
    let db = Db::open(&folder.path, &KEY, &SPEC).unwrap();
    let canary = "canary-of-the-owner@example.com";
    (0..500).for_each(|_| add(&db, canary));
    db.read_blocking(|conn| {
        conn.query_row("select text from notes order by text || random() limit 1", [], |row| row.get::<_, String>(0))?;
        for (name, bytes) in contents(folder.dir.path()) {
            for secret in [canary.as_bytes(), b"notes", b"SQLite format", b"file_identity", &KEY] {
                let found = bytes.windows(secret.len()).any(|window| window == secret);
                assert!(!found, "{name} holds {:?} in clear", String::from_utf8_lossy(secret));
            }
        }
        Ok(())
    })
    .unwrap();
    assert!(!format!("{db:?}").contains("07070707") && !format!("{db:?}").contains("7, 7"));
}

#[test]
fn files_are_the_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let folder = folder();
    let db = Db::open(&folder.path, &KEY, &SPEC).unwrap();
    add(&db, "x");
    for file in std::fs::read_dir(folder.dir.path()).unwrap() {
        let file = file.unwrap();
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{:?}", file.file_name());
    }
}

#[test]
fn the_log_stays_short_and_a_reader_cannot_make_it_grow_for_ever() {
    let folder = folder();
    let db = Db::open(&folder.path, &KEY, &SPEC).unwrap();
    let log = || std::fs::metadata(beside(&folder.path, "-wal")).unwrap().len();
    let write = |times: usize| {
        for _ in 0..times {
            db.write_blocking(|tx| {
                let mut insert = tx.prepare_cached("insert into notes (text) values (?1)")?;
                (0..2_000).try_for_each(|_| insert.execute(["x".repeat(2_000)]).map(drop))?;
                Ok(())
            })
            .unwrap();
        }
    };
    write(20);
    assert!(log() < 48 * 1024 * 1024, "{} bytes", log());
    let (stay, leave) = (std::sync::mpsc::channel::<()>(), std::sync::mpsc::channel::<()>());
    let reader = db.clone();
    let reading = std::thread::spawn(move || {
        reader.read_blocking(|conn| {
            conn.query_row("select count(*) from notes", [], |row| row.get::<_, i64>(0))?;
            leave.0.send(()).unwrap();
            stay.1.recv().unwrap();
            Ok(())
        })
    });
    leave.1.recv().unwrap();
    write(10);
    stay.0.send(()).unwrap();
    reading.join().unwrap().unwrap();
    write(1);
    assert!(log() < 48 * 1024 * 1024, "{} bytes after the reader left", log());
    db.checkpoint().unwrap();
    assert_eq!(log(), 0);
}

pub fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}
