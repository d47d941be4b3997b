//! Killed while writing, and out of space: what was acknowledged stays, the rest leaves no trace.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use pulsepoint::db::Db;
use pulsepoint::error::Error;

use crate::db::{KEY, SPEC, add, count, folder};

const CHILD: &str = "PULSEPOINT_TEST_CHILD_WRITES_TO";
/// Rows of one transaction; a torn one would show.
const ROWS: i64 = 7;

/// Not a test of its own: what [`survives_being_killed`] kills.
#[test]
fn child_that_writes() {
    let Ok(path) = std::env::var(CHILD) else { return };
    let db = Db::open(Path::new(&path), &KEY, &SPEC).unwrap();
    let mut out = std::io::stdout().lock();
    loop {
        db.write_blocking(|tx| {
            (0..ROWS)
                .try_for_each(|row| tx.execute("insert into notes (text) values (?1)", [row.to_string()]).map(drop))?;
            Ok(())
        })
        .unwrap();
        writeln!(out, "acknowledged {}", db.commits()).unwrap();
        out.flush().unwrap();
    }
}

#[test]
fn survives_being_killed() {
    let folder = folder();
    let (mut acknowledged, rounds) = (0, u64::from(crate::backup_crash::rounds()));
    for round in 0..rounds {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "db_crash::child_that_writes", "--nocapture"])
            .env(CHILD, &folder.path)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let wanted = 1 + round * 5 % 37;
        let mut seen = 0;
        for line in lines.map_while(Result::ok) {
            if let Some(number) = line.strip_prefix("acknowledged ") {
                acknowledged = number.parse::<i64>().unwrap();
                seen += 1;
                if seen == wanted {
                    // Somewhere in the middle of a transaction, not always at its beginning.
                    std::thread::sleep(Duration::from_micros(round * 173 % 1_500));
                    child.kill().unwrap();
                }
            }
        }
        child.wait().unwrap();
        let spec = pulsepoint::db::FileSpec { create: false, least_commits: acknowledged, ..SPEC };
        let db = Db::open(&folder.path, &KEY, &spec).unwrap();
        let rows = count(&db);
        // The first commit is the schema's.
        assert_eq!(rows, (db.commits() - 1) * ROWS, "a transaction is torn");
        let check: String =
            db.read_blocking(|conn| Ok(conn.query_row("pragma integrity_check", [], |row| row.get(0))?)).unwrap();
        assert_eq!(check, "ok");
    }
    eprintln!("kill -9 while in write: {rounds} rounds, {acknowledged} acknowledged, 0 lost");
    assert!(acknowledged > 100, "{acknowledged}");
}

/// A small file system of its own; gone when dropped.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    fn mount() -> Option<Self> {
        let dir = tempfile::tempdir().unwrap();
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", "size=16m", "tmpfs"]).arg(dir.path()).output();
        mounted.is_ok_and(|output| output.status.success()).then_some(Self(dir))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0.path()).output();
    }
}

#[test]
fn a_full_disk_refuses_writes_goes_on_reading_and_recovers() {
    let Some(disk) = SmallDisk::mount() else {
        eprintln!("skipped: mounting a small tmpfs needs root");
        return;
    };
    let path = disk.0.path().join("a.db");
    let db = Db::open(&path, &KEY, &SPEC).unwrap();
    add(&db, "before");
    std::fs::write(disk.0.path().join("ballast"), vec![1; 12 << 20]).unwrap();
    let big = "x".repeat(64 << 10);
    let (mut written, mut refusal) = (1, None);
    for _ in 0..200 {
        match db.write_blocking(|tx| Ok(tx.execute("insert into notes (text) values (?1)", [&big])?)) {
            Ok(_) => written += 1,
            Err(error) => {
                refusal = Some(error);
                break;
            }
        }
    }
    let refusal = refusal.expect("the disk was not full");
    assert!(matches!(refusal, Error::Unavailable { code: "storage_full", .. }), "{refusal:?}");
    assert_eq!((count(&db), db.damage()), (written, None), "what was acknowledged is there, reading goes on");
    std::fs::remove_file(disk.0.path().join("ballast")).unwrap();
    add(&db, "after");
    assert_eq!(count(&db), written + 1);
    db.close().unwrap();
    assert_eq!(count(&Db::open(&path, &KEY, &SPEC).unwrap()), written + 1);
}
