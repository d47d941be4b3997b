//! Brings a file's schema up to date: numbered scripts, only ever added, all pending ones in one transaction.

use rusqlite::{Connection, TransactionBehavior};

use super::file;

/// One step of a schema.
#[derive(Debug, Clone, Copy)]
pub struct Migration {
    /// Its file name: four digits, an underscore, what it brings.
    pub name: &'static str,
    /// The script.
    pub sql: &'static str,
}

/// The schema a file has after all of `migrations`.
pub(super) fn newest(migrations: &[Migration]) -> i64 {
    i64::try_from(migrations.len()).unwrap_or(i64::MAX)
}

/// The schema the file has.
pub(super) fn current(conn: &Connection) -> rusqlite::Result<i64> {
    conn.query_row("pragma user_version", [], |row| row.get(0))
}

/// Runs what is pending. Returns the commit counter.
pub(super) fn run(conn: &mut Connection, migrations: &[Migration]) -> rusqlite::Result<()> {
    let from = current(conn)?;
    if from >= newest(migrations) {
        return Ok(());
    }
    let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for migration in migrations.iter().skip(usize::try_from(from).unwrap_or(0)) {
        tx.execute_batch(migration.sql)?;
    }
    tx.pragma_update(None, "user_version", newest(migrations))?;
    file::count_commit(&tx)?;
    tx.commit()
}
