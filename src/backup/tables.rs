//! What a store holds, as numbers that can be compared: rows and a hash per table; and whether its schema is ours.

use std::path::Path;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row};
use sha2::{Digest, Sha256};

use super::manifest::{Sum, TableSum};
use super::refused;
use crate::error::Result;
use crate::tenants;

/// Counts and hashes every table.
pub fn sums(conn: &Connection) -> Result<Vec<TableSum>> {
    let mut query = conn.prepare(
        "select name, wr from pragma_table_list where schema = 'main' and type = 'table' and name not like 'sqlite\\_%' \
         escape '\\' order by name",
    )?;
    let tables = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let tables = tables.collect::<rusqlite::Result<Vec<(String, bool)>>>()?;
    tables.into_iter().map(|(name, without_rowid)| sum(conn, name, without_rowid)).collect()
}

fn sum(conn: &Connection, name: String, without_rowid: bool) -> Result<TableSum> {
    let order = match without_rowid {
        true => {
            let mut query = conn.prepare("select name from pragma_table_info(?1) where pk > 0 order by pk")?;
            let keys =
                query.query_map([&name], |row| row.get::<_, String>(0))?.collect::<rusqlite::Result<Vec<_>>>()?;
            keys.iter().map(|key| quoted(key)).collect::<Vec<_>>().join(", ")
        }
        false => "rowid".to_owned(),
    };
    let mut query = conn.prepare(&format!("select * from {} order by {order}", quoted(&name)))?;
    let columns = query.column_count();
    let mut rows = query.query([])?;
    let (mut hasher, mut count) = (Sha256::new(), 0);
    while let Some(row) = rows.next()? {
        hash_row(&mut hasher, row, columns)?;
        count += 1;
    }
    Ok(TableSum { name, rows: count, sha256: Sum(hasher.finalize().into()) })
}

/// Kind and length go before each value, so that no two rows are the same bytes.
fn hash_row(hasher: &mut Sha256, row: &Row<'_>, columns: usize) -> Result<()> {
    hasher.update(b"row");
    for column in 0..columns {
        let (kind, bytes) = match row.get_ref(column)? {
            ValueRef::Null => (0, &[][..]),
            ValueRef::Integer(value) => {
                hasher.update([1]);
                hasher.update(value.to_be_bytes());
                continue;
            }
            ValueRef::Real(value) => {
                hasher.update([2]);
                hasher.update(value.to_bits().to_be_bytes());
                continue;
            }
            ValueRef::Text(text) => (3, text),
            ValueRef::Blob(blob) => (4, blob),
        };
        hasher.update([kind]);
        hasher.update((bytes.len() as u64).to_be_bytes());
        hasher.update(bytes);
    }
    Ok(())
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Refuses a store with any table, index, trigger or view that its schema does not have: whoever knows the recipient can make
/// an archive, and a trigger would act on what is written later. `scratch` is a new file's path.
pub(super) fn check_schema(conn: &Connection, scratch: &Path, of_tenant: bool, schema: i64) -> Result<()> {
    let blank = tenants::make_blank(scratch, of_tenant, schema).map_err(anyhow::Error::from)?;
    let expected = blank.read_blocking(objects)?;
    blank.close()?;
    let found = objects(conn)?;
    if let Some(strange) = found.iter().find(|object| !expected.contains(object)) {
        return Err(refused(format!(
            "its store has a {} \"{}\" that is not of Pulsepoint's schema",
            strange.0, strange.1
        )));
    }
    match expected.iter().find(|object| !found.contains(object)) {
        Some(missing) => Err(refused(format!("its store lacks the {} \"{}\"", missing.0, missing.1))),
        None => Ok(()),
    }
}

type Object = (String, String, String, Option<String>);

/// All of the schema but what SQLite makes by itself.
fn objects(conn: &Connection) -> Result<Vec<Object>> {
    let mut query = conn.prepare(
        "select type, name, tbl_name, sql from sqlite_schema where not (type = 'index' and sql is null) \
         and not (type = 'table' and name in ('sqlite_sequence', 'sqlite_stat1', 'sqlite_stat4')) order by type, name",
    )?;
    let objects = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?;
    Ok(objects.collect::<rusqlite::Result<_>>()?)
}
