//! Reads single values of SQLite rows without copying them.

use anyhow::anyhow;
use jiff::civil::Date;
use rusqlite::Row;

use crate::commerce::day_number;
use crate::error::Result;

/// The text in column `at`.
pub(super) fn text<'r>(row: &'r Row, at: usize) -> Result<&'r str> {
    maybe_text(row, at)?.ok_or_else(|| anyhow!("column {at} holds no text").into())
}

/// The text in column `at`, or `None` where it is null.
pub(super) fn maybe_text<'r>(row: &'r Row, at: usize) -> Result<Option<&'r str>> {
    row.get_ref(at)?.as_str_or_null().map_err(|error| anyhow!("column {at}: {error}").into())
}

/// The day in column `at` as days since 1970-01-01.
pub(super) fn day_of(row: &Row, at: usize) -> Result<i32> {
    parse_day(text(row, at)?)
}

/// A day as days since 1970-01-01.
pub(super) fn parse_day(text: &str) -> Result<i32> {
    let day: Date = text.parse().map_err(|_| anyhow!("\"{text}\" is no day"))?;
    Ok(day_number(day))
}
