//! Splits CSV text into records with bounded memory. The `csv` crate grows its buffer with a record; here no record passes the
//! limit, a quote that is never closed costs one line instead of the rest of the file, and lines without quotes (nearly all)
//! are split by `memchr` alone.

use std::io::{self, Read};

use memchr::{memchr, memchr_iter, memchr2};

const CHUNK: usize = 256 * 1024;
/// After so many broken quotes a file is refused instead of being searched again and again.
const MAX_UNCLOSED: u32 = 1_000;

/// One record: its text with the quotes undone, and where its fields lie.
#[derive(Debug, Default)]
pub struct Record {
    line: u64,
    text: String,
    bounds: Vec<(u32, u32)>,
    /// The text is the line as it stands, delimiters and all.
    plain: bool,
}

/// What [`Records::next`] found.
#[derive(Debug, PartialEq, Eq)]
pub enum Found {
    /// The record was filled.
    Record,
    /// Bytes that are no record; the record holds their line number and, shortened, their text.
    Bad(BadRecord),
    /// Nothing is left.
    End,
}

/// Why bytes are no record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadRecord {
    /// Not valid UTF-8.
    Encoding,
    /// Holds a NUL character.
    Nul,
    /// Holds the unit separator U+001F, which stands between the parts of keys made of a file's names.
    Separator,
    /// Longer than the limit.
    TooLong,
    /// A quote opens and never closes.
    UnclosedQuote,
}

impl BadRecord {
    /// A sentence for the rejects file.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Encoding => "This line is not valid text in the file's encoding.",
            Self::Nul => "This line holds a NUL character.",
            Self::Separator => "This line holds the control character U+001F.",
            Self::TooLong => "This line is longer than a record may be.",
            Self::UnclosedQuote => "A quote opens on this line and is never closed.",
        }
    }
}

impl Record {
    /// The physical line the record starts on, counted from 1.
    pub fn line(&self) -> u64 {
        self.line
    }

    /// How many fields there are.
    pub fn len(&self) -> usize {
        self.bounds.len()
    }

    /// How many bytes its text has.
    pub fn bytes(&self) -> usize {
        self.text.len()
    }

    /// No field at all: an empty line.
    pub fn is_empty(&self) -> bool {
        self.bounds.is_empty()
    }

    /// The field without blanks around it; empty where the record is shorter.
    pub fn get(&self, index: usize) -> &str {
        let text = self.raw(index);
        match text.as_bytes() {
            [] => text,
            // Nearly every cell: nothing to trim at either end.
            [first, .., last] if first.is_ascii_graphic() && last.is_ascii_graphic() => text,
            _ => text.trim(),
        }
    }

    /// The field where the column exists and the cell is not empty.
    pub fn some(&self, index: Option<usize>) -> Option<&str> {
        index.map(|i| self.get(i)).filter(|text| !text.is_empty())
    }

    fn raw(&self, index: usize) -> &str {
        self.bounds.get(index).and_then(|&(from, to)| self.text.get(from as usize..to as usize)).unwrap_or("")
    }

    /// Every field as it stands.
    pub fn fields(&self) -> impl Iterator<Item = &str> {
        (0..self.len()).map(|i| self.raw(i))
    }

    /// The record as one line of text, appended to `out`, at most about `limit` bytes of it.
    pub fn append_line(&self, delimiter: u8, limit: usize, out: &mut String) {
        if self.plain && self.text.len() <= limit {
            out.push_str(&self.text);
            return;
        }
        let from = out.len();
        for (i, field) in self.fields().enumerate() {
            if i > 0 {
                out.push(delimiter.into());
            }
            let room = limit.saturating_sub(out.len() - from);
            let cut = (0..=field.len().min(room)).rev().find(|at| field.is_char_boundary(*at)).unwrap_or(0);
            if field[..cut].bytes().any(|b| b == delimiter || b == b'"' || b == b'\n' || b == b'\r') {
                out.push('"');
                out.push_str(&field[..cut].replace('"', "\"\""));
                out.push('"');
            } else {
                out.push_str(&field[..cut]);
            }
            if cut < field.len() {
                out.push('…');
                return;
            }
        }
    }

    fn clear(&mut self, line: u64) {
        self.line = line;
        self.text.clear();
        self.bounds.clear();
        self.plain = false;
    }

    fn end_field(&mut self, from: usize) {
        let at = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        self.bounds.push((at(from), at(self.text.len())));
    }
}

/// Reads records from text that is (or claims to be) UTF-8.
pub struct Records<R> {
    input: R,
    buf: Vec<u8>,
    start: usize,
    end: usize,
    eof: bool,
    delimiter: u8,
    line: u64,
    limit: usize,
    unclosed: u32,
}

enum Slow {
    Done { used: usize, lines: u64 },
    More,
    Unclosed,
}

impl<R: Read> Records<R> {
    /// `limit` bounds one record in bytes.
    pub fn new(input: R, delimiter: u8, limit: usize) -> Self {
        Self { input, buf: vec![0; CHUNK], start: 0, end: 0, eof: false, delimiter, line: 1, limit, unclosed: 0 }
    }

    /// Fills `record` with the next one. An empty line is a record without fields.
    pub fn next(&mut self, record: &mut Record) -> io::Result<Found> {
        loop {
            let ready = &self.buf[self.start..self.end];
            if ready.is_empty() && self.eof {
                return Ok(Found::End);
            }
            let newline = memchr(b'\n', ready);
            if newline.is_none() && !self.eof {
                if ready.len() > self.limit {
                    return self.too_long(record);
                }
                self.fill()?;
                continue;
            }
            let stop = newline.unwrap_or(ready.len());
            if stop > self.limit {
                return self.too_long(record);
            }
            let line = &ready[..stop];
            if memchr(b'"', line).is_none() {
                return Ok(self.plain(record, stop, newline.is_some()));
            }
            match self.quoted(record)? {
                Some(found) => return Ok(found),
                None => self.fill()?,
            }
        }
    }

    /// A line without quotes.
    fn plain(&mut self, record: &mut Record, stop: usize, newline: bool) -> Found {
        record.clear(self.line);
        let line = &self.buf[self.start..self.start + stop];
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let bad = fill_text(record, line);
        record.plain = bad.is_none();
        if bad.is_none() && !line.is_empty() {
            let mut from = 0;
            for at in memchr_iter(self.delimiter, line) {
                record.bounds.push((from, u32::try_from(at).unwrap_or(u32::MAX)));
                from = u32::try_from(at + 1).unwrap_or(u32::MAX);
            }
            record.bounds.push((from, u32::try_from(line.len()).unwrap_or(u32::MAX)));
        }
        self.start += stop + usize::from(newline);
        self.line += 1;
        bad.map_or(Found::Record, Found::Bad)
    }

    /// A record with quotes, perhaps over several lines; `None` where more must be read first.
    fn quoted(&mut self, record: &mut Record) -> io::Result<Option<Found>> {
        record.clear(self.line);
        let ready = &self.buf[self.start..self.end];
        let whole = &ready[..ready.len().min(self.limit)];
        let at_end = self.eof && whole.len() == ready.len();
        let mut bytes = Vec::with_capacity(256);
        match split_quoted(whole, at_end, self.delimiter, &mut bytes, &mut record.bounds) {
            Slow::Done { used, lines } => {
                self.start += used;
                self.line += lines;
                let bad = fill_text(record, &bytes);
                Ok(Some(bad.map_or(Found::Record, Found::Bad)))
            }
            Slow::More if !self.eof && ready.len() <= self.limit => Ok(None),
            Slow::More | Slow::Unclosed => {
                self.unclosed += 1;
                if self.unclosed > MAX_UNCLOSED {
                    return Err(io::Error::new(
                        io::ErrorKind::InvalidData,
                        "the file's quotes are broken: too many are never closed",
                    ));
                }
                let stop = memchr(b'\n', whole).unwrap_or(whole.len());
                let line: Vec<u8> = whole[..stop].to_vec();
                self.start += (stop + 1).min(ready.len());
                self.line += 1;
                record.bounds.clear();
                let bad = fill_text(record, &line);
                record.bounds.push((0, u32::try_from(record.text.len()).unwrap_or(u32::MAX)));
                Ok(Some(Found::Bad(bad.unwrap_or(BadRecord::UnclosedQuote))))
            }
        }
    }

    /// Drops bytes up to the next line end without keeping them.
    fn too_long(&mut self, record: &mut Record) -> io::Result<Found> {
        record.clear(self.line);
        let head = &self.buf[self.start..(self.start + 200).min(self.end)];
        record.text.push_str(&String::from_utf8_lossy(head));
        record.end_field(0);
        loop {
            if let Some(at) = memchr(b'\n', &self.buf[self.start..self.end]) {
                self.start += at + 1;
                break;
            }
            self.start = self.end;
            if self.eof {
                break;
            }
            self.fill()?;
        }
        self.line += 1;
        Ok(Found::Bad(BadRecord::TooLong))
    }

    fn fill(&mut self) -> io::Result<()> {
        self.buf.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
        if self.buf.len() - self.end < CHUNK / 2 {
            self.buf.resize(self.end + CHUNK, 0);
        }
        loop {
            match self.input.read(&mut self.buf[self.end..]) {
                Ok(0) => self.eof = true,
                Ok(n) => self.end += n,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
                Err(e) => return Err(e),
            }
            return Ok(());
        }
    }
}

fn fill_text(record: &mut Record, bytes: &[u8]) -> Option<BadRecord> {
    match std::str::from_utf8(bytes) {
        Ok(text) => {
            record.text.push_str(text);
            let at = memchr2(0, 0x1f, bytes)?;
            record.bounds.clear();
            record.end_field(0);
            Some(if bytes[at] == 0 { BadRecord::Nul } else { BadRecord::Separator })
        }
        Err(_) => {
            record.text.push_str(&String::from_utf8_lossy(bytes));
            record.bounds.clear();
            record.end_field(0);
            Some(BadRecord::Encoding)
        }
    }
}

/// Splits the first record of `input` into `bytes` (quotes undone) and `bounds`. Lenient like the `csv` crate: text after a
/// closing quote belongs to the field, a quote inside a bare field is a character.
fn split_quoted(input: &[u8], at_end: bool, delimiter: u8, bytes: &mut Vec<u8>, bounds: &mut Vec<(u32, u32)>) -> Slow {
    let offset = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    let (mut at, mut lines) = (0, 1);
    loop {
        let from = bytes.len();
        if input.get(at) == Some(&b'"') {
            at += 1;
            loop {
                let Some(close) = memchr(b'"', &input[at..]) else {
                    return if at_end { Slow::Unclosed } else { Slow::More };
                };
                let part = &input[at..at + close];
                lines += memchr_iter(b'\n', part).count() as u64;
                bytes.extend_from_slice(part);
                at += close + 1;
                match input.get(at) {
                    Some(b'"') => {
                        bytes.push(b'"');
                        at += 1;
                    }
                    None if !at_end => return Slow::More,
                    _ => break,
                }
            }
        }
        let stop = input[at..].iter().position(|b| *b == delimiter || *b == b'\n');
        let Some(stop) = stop else {
            if !at_end {
                return Slow::More;
            }
            let rest = &input[at..];
            bytes.extend_from_slice(rest.strip_suffix(b"\r").unwrap_or(rest));
            bounds.push((offset(from), offset(bytes.len())));
            return Slow::Done { used: input.len(), lines };
        };
        let rest = &input[at..at + stop];
        at += stop + 1;
        let last = input[at - 1] == b'\n';
        bytes.extend_from_slice(if last { rest.strip_suffix(b"\r").unwrap_or(rest) } else { rest });
        bounds.push((offset(from), offset(bytes.len())));
        if last {
            return Slow::Done { used: at, lines };
        }
    }
}

#[cfg(test)]
#[path = "records_tests.rs"]
mod tests;
