//! That what an erasure changes among other rows leaves no bytes behind, seen in a file that is not sealed.

use rusqlite::Connection;

use super::erase::overwriting;

const CITY: &str = "Canaryville on the Water";

fn bytes_left(overwrite: bool) -> bool {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("plain.db");
    let mut conn = Connection::open(&path).unwrap();
    conn.execute_batch("pragma journal_mode = wal; pragma secure_delete = off; create table t (city text)").unwrap();
    for number in 0..500 {
        let city = if number == 250 { CITY } else { "Another city of that length" };
        conn.execute("insert into t values (?)", [city]).unwrap();
    }
    let tx = conn.transaction().unwrap();
    let change = || Ok(tx.execute("update t set city = null where city = ?", [CITY])?);
    if overwrite {
        overwriting(&tx, change).unwrap()
    } else {
        change().unwrap()
    };
    let setting: i64 = tx.query_row("pragma secure_delete", [], |row| row.get(0)).unwrap();
    assert_eq!(setting, 0, "it is off again");
    tx.commit().unwrap();
    conn.query_row("pragma wal_checkpoint(truncate)", [], |_| Ok(())).unwrap();
    let bytes = std::fs::read(&path).unwrap();
    assert_eq!(std::fs::metadata(folder.path().join("plain.db-wal")).unwrap().len(), 0);
    // The shorter row that follows takes some of the room.
    memchr::memmem::find(&bytes, &CITY.as_bytes()[6..16]).is_some()
}

#[test]
fn what_an_erasure_changes_is_overwritten() {
    assert!(bytes_left(false), "without it the bytes stay, or this test sees nothing");
    assert!(!bytes_left(true));
}
