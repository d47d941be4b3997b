//! What imports keep of one person: rows that could not land, as they stood in the file, and what was said about the file. And how
//! long it is kept.

use std::collections::BTreeSet;

use jiff::Timestamp;
use rusqlite::{Connection, Transaction, params};

use crate::error::Result;

/// What stands where something of an erased person stood.
pub const ERASED: &str = "(erased)";

/// How much was blanked.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Blanked {
    /// Refused rows.
    pub rows: i64,
    /// Imports whose file name, options or error named the person.
    pub imports: i64,
}

/// A refused row of an import.
struct Refused {
    import: String,
    line: i64,
    reason: String,
    row: String,
}

/// The refused rows of a brand that name somebody, as they stood in the file, and the names of files that do.
///
/// # Errors
/// Whatever SQLite says.
pub fn naming(conn: &Connection, brand_id: i64, names: &impl Fn(&str) -> bool) -> Result<(Vec<String>, Vec<String>)> {
    let mut files = conn.prepare("select file_name from imports where brand_id = ? order by created_at_ms, id")?;
    let files = files.query_map([brand_id], |row| row.get::<_, String>(0))?.collect::<rusqlite::Result<Vec<_>>>()?;
    let rows = theirs(refused(conn, brand_id)?, names).into_iter().map(|refused| refused.row).collect();
    Ok((rows, files.into_iter().filter(|file| names(file)).collect()))
}

/// Blanks what names somebody. Rows of one group (the lines of an order) begin with the same cell, and only its first may carry
/// the address: all of it goes.
///
/// # Errors
/// Whatever SQLite says.
pub fn blank(tx: &Transaction, brand_id: i64, names: &impl Fn(&str) -> bool) -> Result<Blanked> {
    let mut blanked = Blanked::default();
    let mut blank =
        tx.prepare("update import_rejects set row = ?1, reason = ?1 where import_id = ?2 and line_no = ?3")?;
    for refused in theirs(refused(tx, brand_id)?, names) {
        blank.execute(params![ERASED, refused.import, refused.line])?;
        blanked.rows += 1;
    }
    let mut all = tx.prepare("select id, file_name, options, coalesce(error, '') from imports where brand_id = ?")?;
    let told = all.query_map([brand_id], |row| Ok([row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?]))?;
    for [id, file, options, error] in told.collect::<rusqlite::Result<Vec<[String; 4]>>>()? {
        if [&file, &options, &error].into_iter().any(|text| names(text)) {
            let sql =
                "update imports set file_name = ?2, options = '{}', error = iif(error is null, null, ?2) where id = ?1";
            tx.execute(sql, [id.as_str(), ERASED])?;
            blanked.imports += 1;
        }
    }
    Ok(blanked)
}

fn refused(conn: &Connection, brand_id: i64) -> Result<Vec<Refused>> {
    let mut all = conn.prepare(
        "select r.import_id, r.line_no, r.reason, r.row from import_rejects r join imports i on i.id = r.import_id
         where i.brand_id = ? order by i.created_at_ms, r.import_id, r.line_no",
    )?;
    let rows = all.query_map([brand_id], |row| {
        Ok(Refused { import: row.get(0)?, line: row.get(1)?, reason: row.get(2)?, row: row.get(3)? })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn theirs(mut all: Vec<Refused>, names: &impl Fn(&str) -> bool) -> Vec<Refused> {
    all.retain(|refused| refused.row != ERASED);
    let groups: BTreeSet<(String, String)> = all
        .iter()
        .filter(|refused| names(&refused.row) || names(&refused.reason))
        .map(|refused| (refused.import.clone(), first_cell(&refused.row).to_owned()))
        .collect();
    let named = |refused: &Refused| {
        let cell = first_cell(&refused.row);
        match cell.is_empty() {
            true => names(&refused.row) || names(&refused.reason),
            false => groups.contains(&(refused.import.clone(), cell.to_owned())),
        }
    };
    all.retain(named);
    all
}

fn first_cell(row: &str) -> &str {
    row.split([',', ';', '\t']).next().unwrap_or_default().trim_matches(['"', ' '])
}

/// Removes the refused rows of imports that ended before `rows_before`, and from the history those that ended before
/// `history_before`. Returns how many rows and how many imports that was. What landed stays.
///
/// # Errors
/// Whatever SQLite says.
pub fn forget_old(tx: &Transaction, rows_before: Timestamp, history_before: Timestamp) -> Result<(usize, usize)> {
    let rows = tx.execute(
        "delete from import_rejects where import_id in (select id from imports where finished_at_ms < ?)",
        [rows_before.as_millisecond()],
    )?;
    let ended = "delete from imports where finished_at_ms < ?";
    let imports = tx.execute(ended, [history_before.as_millisecond()])?;
    Ok((rows, imports))
}
