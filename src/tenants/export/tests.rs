//! The list of what is exported against the store itself.

use std::collections::BTreeSet;

use super::*;

/// Whoever adds a table or a column says here whether it may leave.
#[test]
fn every_column_of_the_store_is_exported_or_left_out_on_purpose() {
    let conn = Connection::open_in_memory().unwrap();
    for migration in crate::tenants::schema::TENANT {
        conn.execute_batch(migration.sql).unwrap();
    }
    let texts = |sql: &str| -> BTreeSet<String> {
        let mut query = conn.prepare(sql).unwrap();
        let names = query.query_map([], |row| row.get(0)).unwrap().collect::<rusqlite::Result<_>>();
        names.unwrap()
    };
    let contents = Contents::read().unwrap();
    let named = contents.table.iter().map(|table| table.name.clone());
    let named: BTreeSet<String> = named.chain(contents.skipped.keys().cloned()).collect();
    // What SQLite keeps for itself is not of the tenant.
    let stored = texts("select name from sqlite_schema where type = 'table' and name not like 'sqlite@_%' escape '@'");
    assert_eq!(stored, named, "assets/export.toml");
    for table in &contents.table {
        let listed = table.columns.iter().map(|column| column.name.clone()).chain(table.left_out.iter().cloned());
        let stored = texts(&format!("select name from pragma_table_info('{}')", table.name));
        assert_eq!(stored, listed.collect(), "assets/export.toml, {}", table.name);
        let bytes = texts(&format!("select name from pragma_table_info('{}') where type = 'BLOB'", table.name));
        assert!(bytes.iter().all(|name| table.left_out.contains(name)), "{}: bytes are hashes or secrets", table.name);
    }
}
