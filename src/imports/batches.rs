//! The second reading: rows to batches. Rows of one key are gathered until the last of them has come; a batch holds whole
//! groups; a group with a bad row is refused as a whole, every row of it with its line number.

use std::collections::HashMap;

use super::formats::{self, Key, Output, Reading, Setting};
use super::reading::{Plan, Reader, bad, unreadable};
use super::text::records::{Found, Record};
use crate::error::Result;

/// How much of a refused row is kept.
const REJECT_BYTES: usize = 4_000;
/// A group without end (every row the same order) is refused rather than gathered.
const GROUP_ROWS: u64 = 50_000;
const GROUP_BYTES: usize = 16 << 20;
/// Bytes of the rows that wait for others of their group.
const PARKED_BYTES: usize = 128 << 20;

/// Between the two parts of a key.
const BETWEEN: char = '\u{1f}';

/// A row that could not land.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RejectedRow {
    pub line: u64,
    pub reason: String,
    pub row: String,
}

/// Some rows of the file, ready to land in one transaction.
#[derive(Debug, Default)]
pub struct Piece {
    pub output: Output,
    /// Rows of the file in this piece, refused ones included.
    pub rows: u64,
    pub rejected: u64,
    /// At most as many as are still wanted; `rejected` counts all.
    pub rejects: Vec<RejectedRow>,
}

/// Gathers what belongs together.
struct Gathering<'p> {
    plan: &'p Plan,
    reading: Box<dyn Reading>,
    delimiter: u8,
    piece: Piece,
    wanted_rejects: usize,
    current: Option<(u64, Group)>,
    parked: HashMap<u64, Group>,
    parked_rows: u64,
    parked_bytes: usize,
    free_slots: Vec<usize>,
    slots: usize,
    spare: Vec<Group>,
    lone: Group,
}

#[derive(Default)]
struct Group {
    slot: usize,
    key: String,
    runs_left: u32,
    rows: u64,
    bytes: usize,
    /// Of the rows that are kept for the rejects; a group too large to land keeps no more.
    lines: Vec<u64>,
    /// Where each row's text ends in `text`.
    ends: Vec<usize>,
    text: String,
    refused: Option<(u64, String)>,
}

impl Group {
    fn is_of(&self, a: &str, b: &str) -> bool {
        self.key.strip_prefix(a).and_then(|rest| rest.strip_prefix(BETWEEN)) == Some(b)
    }

    fn reset(&mut self) {
        (self.rows, self.bytes) = (0, 0);
        self.key.clear();
        self.lines.clear();
        self.ends.clear();
        self.text.clear();
        self.refused = None;
    }

    fn is_too_large(&self) -> bool {
        self.rows > GROUP_ROWS || self.bytes > GROUP_BYTES
    }

    fn row(&mut self, record: &Record, delimiter: u8) {
        self.rows += 1;
        self.bytes += record.bytes();
        if self.is_too_large() {
            return;
        }
        self.lines.push(record.line());
        record.append_line(delimiter, REJECT_BYTES, &mut self.text);
        self.ends.push(self.text.len());
    }
}

/// Reads the file again and hands every batch to `sink`, which may stop it with an error.
///
/// # Errors
/// As `sink`, as the file, or `Unavailable` when asked to stop.
pub fn read(reader: &Reader, plan: &Plan, setting: &Setting, mut sink: impl FnMut(Piece) -> Result<()>) -> Result<()> {
    let mut reading = formats::reader(&plan.layout, setting).map_err(|reason| bad("missing_columns", &reason))?;
    reading.set_style(plan.style);
    let mut records = reader.records(&plan.layout)?;
    let mut record = Record::default();
    let mut all = Gathering::new(plan, reading, reader.limits.rejects_kept);
    loop {
        match records.next(&mut record).map_err(unreadable)? {
            Found::Record if record.is_empty() => continue,
            Found::Record => all.row(&record)?,
            Found::Bad(why) => all.refuse(record.line(), why.reason().to_owned(), &record),
            Found::End => break,
        }
        if all.piece.rows >= reader.limits.batch_rows {
            sink(all.take())?;
            reader.check()?;
        }
        if all.parked_rows > reader.limits.open_rows || all.parked_bytes > PARKED_BYTES {
            return Err(bad(
                "scattered_rows",
                "The rows that belong together stand too far apart: sort the file by order or by day and import it again.",
            ));
        }
    }
    all.end();
    if all.piece.rows > 0 {
        sink(all.take())?;
    }
    Ok(())
}

impl<'p> Gathering<'p> {
    fn new(plan: &'p Plan, reading: Box<dyn Reading>, wanted_rejects: usize) -> Self {
        Self {
            delimiter: plan.layout.delimiter,
            plan,
            reading,
            piece: Piece::default(),
            wanted_rejects,
            current: None,
            parked: HashMap::new(),
            parked_rows: 0,
            parked_bytes: 0,
            free_slots: Vec::new(),
            // Slot 0 is for rows that stand alone.
            slots: 1,
            spare: Vec::new(),
            lone: Group::default(),
        }
    }

    fn take(&mut self) -> Piece {
        std::mem::take(&mut self.piece)
    }

    fn row(&mut self, record: &Record) -> Result<()> {
        // Fields past the header are only allowed to be empty; missing ones would shift meaning.
        let width = self.plan.layout.header.len();
        let ragged = record.len() < width || record.fields().skip(width).any(|f| !f.is_empty());
        let reason = ragged.then(|| format!("The row has {} fields where the header has {width}.", record.len()));
        match self.reading.key(record) {
            Key::Skip => {}
            Key::Alone => {
                self.end_run();
                self.alone(record, reason);
            }
            Key::Above if self.current.is_none() => {
                let reason = "The row continues the one above it, but there is none.";
                self.refuse(record.line(), reason.to_owned(), record);
            }
            Key::Above => self.grouped(record, reason),
            Key::Of(a, b) => {
                if !self.current.as_ref().is_some_and(|(_, group)| group.is_of(a, b)) {
                    self.end_run();
                    let hash = self.plan.hash(a, b);
                    self.current = Some((hash, self.open(hash, a, b)?));
                }
                self.grouped(record, reason);
            }
        }
        Ok(())
    }

    fn alone(&mut self, record: &Record, reason: Option<String>) {
        let done = match reason {
            Some(reason) => Err(reason.into()),
            None => self.reading.add(0, record).and_then(|()| self.reading.finish(0, &mut self.piece.output)),
        };
        match done {
            Ok(()) => self.piece.rows += 1,
            Err(reason) => {
                self.reading.forget(0);
                self.refuse(record.line(), reason.into_owned(), record);
            }
        }
    }

    fn grouped(&mut self, record: &Record, mut reason: Option<String>) {
        let Some((_, group)) = &mut self.current else { return };
        group.row(record, self.delimiter);
        if group.refused.is_some() {
            return;
        }
        if reason.is_none() && group.is_too_large() {
            reason = Some(format!("More rows belong together than can land together, {GROUP_ROWS} at most."));
        }
        let done = match reason {
            Some(reason) => Err(reason.into()),
            None => self.reading.add(group.slot, record),
        };
        if let Err(reason) = done {
            self.reading.forget(group.slot);
            group.refused = Some((record.line(), reason.into_owned()));
        }
    }

    fn open(&mut self, hash: u64, a: &str, b: &str) -> Result<Group> {
        if let Some(group) = self.parked.remove(&hash) {
            self.parked_rows -= group.rows;
            self.parked_bytes -= group.bytes;
            return if group.is_of(a, b) {
                Ok(group)
            } else {
                Err(anyhow::anyhow!("two keys of the file share a hash: import it again").into())
            };
        }
        let mut group = self.spare.pop().unwrap_or_default();
        group.reset();
        group.key.push_str(a);
        group.key.push(BETWEEN);
        group.key.push_str(b);
        group.runs_left = self.plan.runs(hash);
        group.slot = self.free_slots.pop().unwrap_or_else(|| {
            self.slots += 1;
            self.slots - 1
        });
        Ok(group)
    }

    /// The current group's stretch is over: it is complete, or waits for its next one.
    fn end_run(&mut self) {
        let Some((hash, mut group)) = self.current.take() else { return };
        group.runs_left = group.runs_left.saturating_sub(1);
        if group.runs_left > 0 {
            self.parked_rows += group.rows;
            self.parked_bytes += group.bytes;
            self.parked.insert(hash, group);
        } else {
            self.complete(group);
        }
    }

    fn complete(&mut self, mut group: Group) {
        let rows = group.rows;
        if group.refused.is_none()
            && let Err(reason) = self.reading.finish(group.slot, &mut self.piece.output)
        {
            group.refused = Some((group.lines.first().copied().unwrap_or_default(), reason.into_owned()));
        }
        if let Some((at, reason)) = &group.refused {
            self.reading.forget(group.slot);
            let mut from = 0;
            for (line, end) in group.lines.iter().zip(&group.ends) {
                if self.wanted_rejects > 0 {
                    self.wanted_rejects -= 1;
                    let reason = if line == at {
                        reason.clone()
                    } else {
                        format!("Line {at} of the same group cannot land: {reason}")
                    };
                    self.piece.rejects.push(RejectedRow {
                        line: *line,
                        reason,
                        row: group.text[from..*end].to_owned(),
                    });
                }
                from = *end;
            }
            self.piece.rejected += rows;
        }
        self.piece.rows += rows;
        self.free_slots.push(group.slot);
        if self.spare.len() < 64 && group.text.capacity() < 1 << 16 {
            self.spare.push(group);
        }
    }

    fn refuse(&mut self, line: u64, reason: String, record: &Record) {
        self.piece.rows += 1;
        self.piece.rejected += 1;
        if self.wanted_rejects > 0 {
            self.wanted_rejects -= 1;
            self.lone.reset();
            self.lone.row(record, self.delimiter);
            self.piece.rejects.push(RejectedRow { line, reason, row: self.lone.text.clone() });
        }
    }

    fn end(&mut self) {
        self.end_run();
        let mut left: Vec<Group> = std::mem::take(&mut self.parked).into_values().collect();
        left.sort_by_key(|g| g.lines.first().copied());
        left.into_iter().for_each(|group| self.complete(group));
    }
}
