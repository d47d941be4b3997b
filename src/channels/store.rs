//! A brand's rules in the tenant's SQLite.

use anyhow::Context;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Transaction, params};
use serde_json::json;

use super::Rules;
use crate::commerce::begin_anew;
use crate::error::Result;

/// The brand's own rules; none where it goes by the usual ones.
///
/// # Errors
/// Whatever SQLite says.
pub fn of_brand(conn: &Connection, brand_id: i64) -> Result<Option<Rules>> {
    let mut own = conn.prepare_cached("select rules from channel_rules where brand_id = ?")?;
    let text: Option<String> = own.query_row([brand_id], |row| row.get(0)).optional()?;
    Ok(text.map(|text| serde_json::from_str(&text).context("reading a brand's channel rules")).transpose()?)
}

/// Gives the brand rules of its own, or with `None` the usual ones, and has every figure that knows channels made anew. Returns the
/// change-log entry to announce.
///
/// # Errors
/// Whatever SQLite says.
pub fn put(tx: &Transaction, brand_id: i64, rules: Option<&Rules>, now: Timestamp) -> Result<i64> {
    match rules {
        Some(rules) => {
            let text = serde_json::to_string(rules).context("writing channel rules")?;
            tx.execute(
                "insert into channel_rules (brand_id, rules, changed_at_ms) values (?1, ?2, ?3)
                 on conflict do update set rules = excluded.rules, changed_at_ms = excluded.changed_at_ms",
                params![brand_id, text, now.as_millisecond()],
            )?;
        }
        None => {
            tx.execute("delete from channel_rules where brand_id = ?", [brand_id])?;
        }
    }
    begin_anew(tx, 0, now, &json!({ "channel_rules": brand_id }))?;
    Ok(tx.query_row("select max(seq) from change_log", [], |row| row.get(0))?)
}
