//! Everything of one tenant in an open form: a tar of newline-delimited JSON, table by table, with a README that explains every
//! column. All of it is of one moment; at most one piece of a table, or one archive of older events, is in memory. Secrets, hashes and
//! tokens are left out.

mod tar;

use std::io::Write;

use anyhow::Context;
use jiff::Timestamp;
use rusqlite::Connection;
use rusqlite::types::ValueRef;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::error::Result;
use crate::events::{self, Archives};

/// What goes into an export.
const CONTENTS: &str = include_str!("../../../assets/export.toml");
/// A table is cut into pieces of about this many bytes.
const PIECE: usize = 4 << 20;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Contents {
    /// Tables left out, with the reason.
    skipped: std::collections::BTreeMap<String, String>,
    table: Vec<Table>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    name: String,
    about: String,
    #[serde(default)]
    left_out: Vec<String>,
    columns: Vec<Column>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Column {
    name: String,
    about: String,
}

impl Contents {
    fn read() -> Result<Self> {
        Ok(toml::from_str(CONTENTS).context("reading what an export holds")?)
    }
}

/// Whose export it is.
pub struct About<'a> {
    /// The name used in commands.
    pub slug: &'a str,
    /// The name for people.
    pub name: &'a str,
    /// When it is made.
    pub at: Timestamp,
}

/// Writes a tenant's export and returns how many rows it has, by table.
///
/// # Errors
/// Whatever SQLite or `out` says; what was written by then is no whole export: `manifest.json` comes last.
pub fn write(
    conn: &Connection,
    archives: &Archives,
    about: &About<'_>,
    out: &mut impl Write,
) -> Result<Map<String, Value>> {
    let contents = Contents::read()?;
    // A snapshot begins with the first thing that is read of it, and that must not wait until the first bytes are taken.
    conn.query_row("select count(*) from sqlite_schema", [], |row| row.get::<_, i64>(0))?;
    let writing = "writing the export";
    let at_secs = about.at.as_second();
    tar::file(out, "README.txt", readme(&contents, about).as_bytes(), at_secs).context(writing)?;
    let mut rows = Map::new();
    for table in &contents.table {
        let mut rows_of = Pieces { table, at_secs, piece: Vec::with_capacity(PIECE), number: 0, written: 0, out };
        if table.name == "events" {
            events::each_archived(conn, archives, i64::MIN, |archived| rows_of.add(archived))?;
        }
        rows_of.add(conn)?;
        let written = rows_of.end()?;
        rows.insert(table.name.clone(), written.into());
    }
    let manifest = json!({ "tenant": about.slug, "name": about.name, "at": about.at.to_string(), "rows": rows });
    tar::file(out, "manifest.json", format!("{manifest:#}\n").as_bytes(), at_secs).context(writing)?;
    tar::end(out).context(writing)?;
    out.flush().context(writing)?;
    Ok(rows)
}

/// The rows of one table, cut into files.
struct Pieces<'a, W> {
    table: &'a Table,
    at_secs: i64,
    piece: Vec<u8>,
    number: u64,
    written: u64,
    out: &'a mut W,
}

impl<W: Write> Pieces<'_, W> {
    /// Adds the rows that the table has there.
    fn add(&mut self, conn: &Connection) -> Result<()> {
        let names: Vec<&str> = self.table.columns.iter().map(|column| column.name.as_str()).collect();
        // Names of our own file, not of anybody's input.
        let mut query = conn.prepare(&format!("select {} from {}", names.join(", "), self.table.name))?;
        let mut rows = query.query([])?;
        while let Some(row) = rows.next()? {
            let mut object = Map::new();
            for (at, name) in names.iter().enumerate() {
                object.insert((*name).to_owned(), value(row.get_ref(at)?));
            }
            serde_json::to_writer(&mut self.piece, &object).context("writing a row")?;
            self.piece.push(b'\n');
            self.written += 1;
            if self.piece.len() >= PIECE {
                self.cut()?;
            }
        }
        Ok(())
    }

    fn cut(&mut self) -> Result<()> {
        self.number += 1;
        let name = format!("{}/{:05}.ndjson", self.table.name, self.number);
        tar::file(self.out, &name, &self.piece, self.at_secs).context("writing the export")?;
        self.piece.clear();
        Ok(())
    }

    /// Returns how many rows there were. A table without any has an empty file.
    fn end(mut self) -> Result<u64> {
        if !self.piece.is_empty() || self.written == 0 {
            self.cut()?;
        }
        Ok(self.written)
    }
}

fn value(stored: ValueRef<'_>) -> Value {
    match stored {
        ValueRef::Integer(number) => number.into(),
        ValueRef::Real(number) => number.into(),
        ValueRef::Text(text) => String::from_utf8_lossy(text).into_owned().into(),
        // No column that is exported holds bytes: they are hashes and secrets.
        ValueRef::Null | ValueRef::Blob(_) => Value::Null,
    }
}

fn readme(contents: &Contents, about: &About<'_>) -> String {
    let mut text = format!(
        "Everything that Pulsepoint keeps of the tenant {} ({}), as of {}.\n\n\
         Each folder is a table, in one or more files of one JSON object a line. manifest.json comes last and counts the rows:\n\
         an export without it is not whole. Amounts are whole numbers of millionths of their currency: 12500000 is 12.50.\n\
         They may be larger than 2^53, so read them as 64-bit numbers. Texts that hold JSON are marked so.\n\
         Left out are passwords, tokens, keys and hashes, and what can be computed from the rest.\n",
        about.name, about.slug, about.at
    );
    for table in &contents.table {
        text.push_str(&format!("\n{}: {}.\n", table.name, table.about));
        let width = table.columns.iter().map(|column| column.name.len()).max().unwrap_or(0);
        for Column { name, about } in &table.columns {
            text.push_str(&format!("  {name:<width$}  {about}\n"));
        }
        if !table.left_out.is_empty() {
            text.push_str(&format!("  left out: {}\n", table.left_out.join(", ")));
        }
    }
    text.push_str("\nTables that are left out whole:\n");
    for (name, why) in &contents.skipped {
        text.push_str(&format!("  {name}: {why}\n"));
    }
    text
}

#[cfg(test)]
mod tests;
