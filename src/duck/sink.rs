//! Appends many rows to one table: values go into Arrow columns of the table's own types, whole batches go to DuckDB.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use anyhow::{Context as _, anyhow};
use duckdb::arrow::array::{
    ArrayRef, BooleanBuilder, Date32Builder, Int8Builder, Int32Builder, Int64Builder, ListBuilder, StringBuilder,
};
use duckdb::arrow::datatypes::{DataType, Field, Schema};
use duckdb::arrow::record_batch::RecordBatch;
use duckdb::{Appender, Connection};

use crate::error::Result;

/// Rows of one batch: a multiple of DuckDB's vector of 2,048.
const BATCH_ROWS: usize = 8_192;

/// Takes the values of a row one after the other, in the order of the table's columns.
pub struct Sink<'c> {
    table: &'static str,
    appender: Appender<'c>,
    schema: Arc<Schema>,
    columns: Vec<Column>,
    cursor: usize,
    rows: usize,
    total: u64,
    /// The first value that did not fit its column.
    misfit: Option<usize>,
}

enum Column {
    Flag(BooleanBuilder),
    Tiny(Int8Builder),
    Int(Int32Builder),
    Big(Int64Builder),
    Day(Date32Builder),
    Text(StringBuilder),
    Texts(ListBuilder<StringBuilder>),
}

impl Column {
    fn of(data_type: &DataType) -> Result<Self> {
        Ok(match data_type {
            DataType::Boolean => Self::Flag(BooleanBuilder::new()),
            DataType::Int8 => Self::Tiny(Int8Builder::new()),
            DataType::Int32 => Self::Int(Int32Builder::new()),
            DataType::Int64 => Self::Big(Int64Builder::new()),
            DataType::Date32 => Self::Day(Date32Builder::new()),
            DataType::Utf8 => Self::Text(StringBuilder::new()),
            DataType::List(_) => Self::Texts(ListBuilder::new(StringBuilder::new())),
            other => return Err(anyhow!("a warehouse column of the unexpected type {other}").into()),
        })
    }

    fn data_type(&self) -> DataType {
        match self {
            Self::Flag(_) => DataType::Boolean,
            Self::Tiny(_) => DataType::Int8,
            Self::Int(_) => DataType::Int32,
            Self::Big(_) => DataType::Int64,
            Self::Day(_) => DataType::Date32,
            Self::Text(_) => DataType::Utf8,
            Self::Texts(_) => DataType::List(Arc::new(Field::new("item", DataType::Utf8, true))),
        }
    }

    fn finish(&mut self) -> ArrayRef {
        match self {
            Self::Flag(column) => Arc::new(column.finish()),
            Self::Tiny(column) => Arc::new(column.finish()),
            Self::Int(column) => Arc::new(column.finish()),
            Self::Big(column) => Arc::new(column.finish()),
            Self::Day(column) => Arc::new(column.finish()),
            Self::Text(column) => Arc::new(column.finish()),
            Self::Texts(column) => Arc::new(column.finish()),
        }
    }
}

/// A table's columns. A name stands for the same columns in every instance of this process, so each is asked for once.
fn described(conn: &Connection, table: &'static str) -> Result<Arc<Schema>> {
    static KNOWN: LazyLock<Mutex<HashMap<&'static str, Arc<Schema>>>> = LazyLock::new(Mutex::default);
    let known = || KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(schema) = known().get(table) {
        return Ok(Arc::clone(schema));
    }
    let mut nothing =
        conn.prepare(&format!("select * from {table} limit 0")).context("describing a warehouse table")?;
    let schema = nothing.query_arrow([]).context("describing a warehouse table")?.get_schema();
    known().insert(table, Arc::clone(&schema));
    Ok(schema)
}

impl<'c> Sink<'c> {
    /// A sink for all columns of `table`.
    ///
    /// # Errors
    /// `Internal` when there is no such table or it has a type that no row carries.
    pub fn new(conn: &'c Connection, table: &'static str) -> Result<Self> {
        let described = described(conn, table)?;
        let mut columns = Vec::with_capacity(described.fields().len());
        let mut fields = Vec::with_capacity(described.fields().len());
        for field in described.fields() {
            let column = Column::of(field.data_type())?;
            fields.push(Field::new(field.name(), column.data_type(), true));
            columns.push(column);
        }
        let appender = conn.appender(table).with_context(|| format!("appending to {table}"))?;
        let schema = Arc::new(Schema::new(fields));
        Ok(Self { table, appender, schema, columns, cursor: 0, rows: 0, total: 0, misfit: None })
    }

    /// The next value of the row: a whole number, for columns of any width.
    pub fn int(&mut self, value: i64) {
        self.maybe_int(Some(value));
    }

    /// As [`Sink::int`], or NULL.
    pub fn maybe_int(&mut self, value: Option<i64>) {
        let cursor = self.next();
        let fits = match self.columns.get_mut(cursor) {
            Some(Column::Big(column)) => {
                column.append_option(value);
                true
            }
            Some(Column::Int(column)) => {
                let narrow = value.map(i32::try_from).transpose();
                column.append_option(narrow.unwrap_or_default());
                narrow.is_ok()
            }
            Some(Column::Tiny(column)) => {
                let narrow = value.map(i8::try_from).transpose();
                column.append_option(narrow.unwrap_or_default());
                narrow.is_ok()
            }
            _ => false,
        };
        self.note(fits, cursor);
    }

    /// The next value of the row: a day by its number since 1970-01-01.
    pub fn day(&mut self, day: i32) {
        let cursor = self.next();
        let fits = if let Some(Column::Day(column)) = self.columns.get_mut(cursor) {
            column.append_value(day);
            true
        } else {
            false
        };
        self.note(fits, cursor);
    }

    /// The next value of the row: yes or no.
    pub fn flag(&mut self, value: bool) {
        let cursor = self.next();
        let fits = if let Some(Column::Flag(column)) = self.columns.get_mut(cursor) {
            column.append_value(value);
            true
        } else {
            false
        };
        self.note(fits, cursor);
    }

    /// The next value of the row: text.
    pub fn text(&mut self, value: &str) {
        self.maybe_text(Some(value));
    }

    /// As [`Sink::text`], or NULL.
    pub fn maybe_text(&mut self, value: Option<&str>) {
        let cursor = self.next();
        let fits = if let Some(Column::Text(column)) = self.columns.get_mut(cursor) {
            column.append_option(value);
            true
        } else {
            false
        };
        self.note(fits, cursor);
    }

    /// The next value of the row: a list of texts.
    pub fn texts<T: AsRef<str>>(&mut self, values: &[T]) {
        let cursor = self.next();
        let fits = if let Some(Column::Texts(column)) = self.columns.get_mut(cursor) {
            for value in values {
                column.values().append_value(value.as_ref());
            }
            column.append(true);
            true
        } else {
            false
        };
        self.note(fits, cursor);
    }

    /// Ends the row.
    ///
    /// # Errors
    /// `Internal` when the row's values do not fit the table, or DuckDB refuses the batch.
    pub fn end(&mut self) -> Result<()> {
        if self.cursor != self.columns.len() || self.misfit.is_some() {
            let (table, cursor, misfit) = (self.table, self.cursor, self.misfit);
            return Err(anyhow!("a row of {cursor} values does not fit {table} (column {misfit:?})").into());
        }
        self.cursor = 0;
        self.rows += 1;
        self.total += 1;
        if self.rows == BATCH_ROWS { self.flush() } else { Ok(()) }
    }

    /// Hands everything over and returns the number of rows.
    ///
    /// # Errors
    /// `Internal` when DuckDB refuses.
    pub fn finish(mut self) -> Result<u64> {
        self.flush()?;
        self.appender.flush().with_context(|| format!("appending to {}", self.table))?;
        Ok(self.total)
    }

    fn next(&mut self) -> usize {
        self.cursor += 1;
        self.cursor - 1
    }

    fn note(&mut self, fits: bool, cursor: usize) {
        if !fits && self.misfit.is_none() {
            self.misfit = Some(cursor);
        }
    }

    fn flush(&mut self) -> Result<()> {
        if self.rows == 0 {
            return Ok(());
        }
        self.rows = 0;
        let columns = self.columns.iter_mut().map(Column::finish).collect();
        let batch = RecordBatch::try_new(Arc::clone(&self.schema), columns).context("forming a batch of rows")?;
        self.appender.append_record_batch(batch).with_context(|| format!("appending to {}", self.table))?;
        Ok(())
    }
}
