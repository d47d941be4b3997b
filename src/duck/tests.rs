//! An instance is sealed, bounded, and gives its connections back in order.

use std::time::Duration;

use super::{Duck, Gate, Limits};
use crate::error::Error;

#[test]
fn reaches_neither_files_nor_settings() {
    let duck = Duck::open(Limits::default(), &["create table t (a integer)"]).unwrap();
    let lent = duck.lend().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("out.csv");
    for refused in [
        format!("copy t to '{}'", file.display()),
        "select * from read_csv('/etc/hostname')".to_owned(),
        format!("attach '{}' as other", folder.path().join("x.db").display()),
        "set enable_external_access = true".to_owned(),
        "set memory_limit = '100GB'".to_owned(),
        "install httpfs".to_owned(),
    ] {
        assert!(lent.get().unwrap().execute_batch(&refused).is_err(), "{refused}");
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_that_takes_too_long_is_interrupted_and_the_next_runs() {
    let limits = Limits { query_time: Duration::from_millis(200), ..Limits::default() };
    let (duck, gate) = (Duck::open(limits, &[]).unwrap(), Gate::default());
    let endless = "select count(*) from range(100000000) a, range(100000) b where a.range % 7 = b.range % 5";
    let answer = duck.run(&gate, |conn| Ok(conn.execute_batch(endless).is_ok())).await;
    assert!(matches!(answer, Err(Error::Unavailable { code: "query_too_long", .. })), "{answer:?}");
    for _ in 0..8 {
        let one = duck.run(&gate, |conn| Ok(conn.query_row("select 1", [], |row| row.get::<_, i64>(0)).unwrap())).await;
        assert_eq!(one.unwrap(), 1);
    }
    assert!(duck.is_alive());
}

#[tokio::test]
async fn what_a_failed_user_began_is_undone() {
    let duck = Duck::open(Limits::default(), &["create table t (a integer)"]).unwrap();
    let gate = Gate::default();
    let failed = duck
        .run(&gate, |conn| {
            conn.execute_batch("begin; insert into t values (1)").unwrap();
            Err::<(), _>(Error::NotFound)
        })
        .await;
    assert!(failed.is_err());
    let count =
        duck.run(&gate, |conn| Ok(conn.query_row("select count(*) from t", [], |row| row.get::<_, i64>(0)).unwrap()));
    assert_eq!(count.await.unwrap(), 0);
}
