//! Reads a file twice. The survey learns what only the whole file tells (is it really UTF-8, how are numbers and dates written,
//! which rows belong together although others stand between them) and finds broken files before a single row has landed; the
//! second reading turns rows into batches, never splitting what belongs together, in memory that does not grow with the file.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, BuildHasherDefault, Hasher, RandomState};
use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::Limits;
use super::bytes::{Counted, spool::Spool, unpack::unpack};
use super::formats::{self, Cells, Format, Key, Layout, OrdersMap, Reading, Setting, Style, detect};
use super::text::decode::{Decoded, Encoding, sniff};
use super::text::records::{BadRecord, Found, Record, Records};
use super::text::{dates, numbers};
use crate::error::{Error, Result};

/// Orders, or days of campaigns, that one file may have: each is remembered for a moment.
const MOST_GROUPS: usize = 10_000_000;
/// How much of the head is looked at for the header.
const HEAD: u64 = 128 * 1024;

type Input<'a> = Records<Decoded<Box<dyn Read + Send + 'a>>>;

/// A file on its way in.
pub struct Reader<'a> {
    pub source: &'a Spool,
    pub limits: &'a Limits,
    /// Raw bytes passed so far, of both readings together.
    pub bytes: Arc<AtomicU64>,
    /// Set by whoever wants it to end early.
    pub stop: Arc<AtomicBool>,
}

/// What the survey found out.
pub struct Plan {
    pub layout: Layout,
    pub style: Style,
    runs: HashMap<u64, u32, PassThrough>,
    keys: RandomState,
}

impl Plan {
    /// In how many stretches of the file the rows of this key stand.
    pub(super) fn runs(&self, hash: u64) -> u32 {
        self.runs.get(&hash).copied().unwrap_or(1)
    }

    pub(super) fn hash(&self, a: &str, b: &str) -> u64 {
        self.keys.hash_one((a, b))
    }
}

impl<'a> Reader<'a> {
    /// The file's first bytes, for [`recognise`].
    ///
    /// # Errors
    /// `Invalid` with a sentence where it cannot be read.
    pub(super) fn head(&self) -> Result<Vec<u8>> {
        let mut head = Vec::new();
        self.plain()?.take(HEAD).read_to_end(&mut head).map_err(unreadable)?;
        Ok(head)
    }

    /// The first reading.
    ///
    /// # Errors
    /// `Invalid` where the file is broken as a whole or its dates can be read two ways.
    pub fn survey(&self, layout: Layout, setting: &Setting, order: Option<dates::Order>) -> Result<Plan> {
        let reading = formats::reader(&layout, setting)
            .map_err(|reason| Error::invalid_code("missing_columns", Some("file"), reason))?;
        match self.look(&layout, reading.as_ref())? {
            Some(seen) => plan(layout, seen, order),
            None => {
                let layout = Layout { encoding: Encoding::Windows1252, ..layout };
                let seen = self.look(&layout, reading.as_ref())?;
                plan(layout, seen.ok_or_else(|| bad("unreadable_file", "The file's text cannot be decoded."))?, order)
            }
        }
    }

    fn look(&self, layout: &Layout, reading: &dyn Reading) -> Result<Option<Seen>> {
        look(self.records(layout)?, layout, reading, &self.stop)
    }

    /// The records after the header.
    pub(super) fn records(&self, layout: &Layout) -> Result<Input<'a>> {
        records(self.plain()?, layout, self.limits)
    }

    /// # Errors
    /// `Unavailable` once a stop was asked for.
    pub(super) fn check(&self) -> Result<()> {
        check(&self.stop)
    }

    fn plain(&self) -> Result<Box<dyn Read + Send + 'a>> {
        unpack(Counted::new(self.source.open(), self.bytes.clone()), self.limits.unpacked_bytes).map_err(unreadable)
    }
}

/// The survey of a file that is still coming in: `plain` is its unpacked text. `about` says from the head what it is. `None`
/// where the file must be read once more to tell.
///
/// # Errors
/// Whatever is wrong with the file; a [`Reader`] finds it again.
pub(super) fn survey_on_the_way(
    mut plain: Box<dyn Read + Send>,
    limits: &Limits,
    stop: &AtomicBool,
    about: impl FnOnce(&[u8]) -> Result<(Layout, Setting, Option<dates::Order>)>,
) -> Result<Option<(Plan, Setting, Option<dates::Order>)>> {
    let mut head = Vec::new();
    plain.by_ref().take(HEAD).read_to_end(&mut head).map_err(unreadable)?;
    let (layout, setting, order) = about(&head)?;
    let reading = formats::reader(&layout, &setting).map_err(|reason| bad("missing_columns", &reason))?;
    let records = records(Box::new(io::Cursor::new(head).chain(plain)), &layout, limits)?;
    let Some(seen) = look(records, &layout, reading.as_ref(), stop)? else { return Ok(None) };
    Ok(Some((plan(layout, seen, order)?, setting, order)))
}

/// Recognises a file by its first bytes. `wanted` fixes the format, `map` the mapping of an orders file.
///
/// # Errors
/// `Invalid` with a sentence where it is none of the known formats or cannot be read.
pub(super) fn recognise(raw: &[u8], wanted: Option<Format>, map: Option<&OrdersMap>) -> Result<Layout> {
    let mut encoding = sniff(raw);
    loop {
        let mut head = Vec::with_capacity(raw.len());
        Decoded::new(raw, encoding).and_then(|mut d| d.read_to_end(&mut head)).map_err(unreadable)?;
        if encoding == Encoding::Utf8 {
            // The cut may go through a character.
            while !head.is_empty() && raw.len() as u64 == HEAD && !head.ends_with(b"\n") {
                head.pop();
            }
        }
        match detect(&head, wanted, map) {
            Ok(layout) => return Ok(Layout { encoding, ..layout }),
            Err(formats::Unknown::Encoding) if encoding == Encoding::Utf8 => encoding = Encoding::Windows1252,
            Err(formats::Unknown::Encoding) => {
                return Err(bad("unreadable_file", "The file's text cannot be decoded."));
            }
            Err(formats::Unknown::Reason(reason)) => {
                return Err(Error::invalid_code("unknown_format", Some("file"), reason));
            }
        }
    }
}

fn look(mut records: Input, layout: &Layout, reading: &dyn Reading, stop: &AtomicBool) -> Result<Option<Seen>> {
    let mut record = Record::default();
    let mut seen = Seen::new(reading.cells());
    loop {
        match records.next(&mut record).map_err(unreadable)? {
            Found::Record if record.is_empty() => {}
            Found::Record => seen.row(&record, reading.key(&record)),
            Found::Bad(BadRecord::Encoding) if layout.encoding == Encoding::Utf8 => return Ok(None),
            Found::Bad(_) => seen.rows += 1,
            Found::End => return Ok(Some(seen)),
        }
        if seen.rows & 0xfff == 0 {
            check(stop)?;
            if seen.known.len() > MOST_GROUPS {
                return Err(bad("too_many_orders", "The file has more than ten million orders: split it by year."));
            }
        }
    }
}

/// The records after the header.
fn records<'a>(plain: Box<dyn Read + Send + 'a>, layout: &Layout, limits: &Limits) -> Result<Input<'a>> {
    let decoded = Decoded::new(plain, layout.encoding).map_err(unreadable)?;
    let mut records = Records::new(decoded, layout.delimiter, limits.record_bytes);
    let mut record = Record::default();
    for _ in 0..layout.skip {
        records.next(&mut record).map_err(unreadable)?;
    }
    Ok(records)
}

fn check(stop: &AtomicBool) -> Result<()> {
    if stop.load(Ordering::Relaxed) { Err(interrupted()) } else { Ok(()) }
}

/// The import was asked to stop; what had landed stays, and the same file can be imported again.
pub(super) fn interrupted() -> Error {
    Error::Unavailable {
        code: "import_interrupted",
        reason: "The import was interrupted. What had landed stays; import the same file again to finish it."
            .to_owned(),
        retry_after_secs: 5,
    }
}

pub(super) fn bad(code: &'static str, reason: &str) -> Error {
    Error::invalid_code(code, Some("file"), reason)
}

/// What went wrong while reading, as a sentence about the file where the file is at fault.
pub(super) fn unreadable(error: io::Error) -> Error {
    use io::ErrorKind::{InvalidData, InvalidInput, UnexpectedEof};
    let reason = match error.kind() {
        UnexpectedEof => "the packed file is cut off".to_owned(),
        InvalidData | InvalidInput => error.to_string(),
        _ => return anyhow::Error::new(error).context("reading the file").into(),
    };
    bad("unreadable_file", &format!("The file cannot be read: {reason}."))
}

fn plan(layout: Layout, seen: Seen, order: Option<dates::Order>) -> Result<Plan> {
    let order = match (order, seen.dates.decide()) {
        (Some(order), _) | (None, Some(order)) => order,
        (None, None) => {
            return Err(Error::invalid_code(
                "date_format_needed",
                Some("date_format"),
                "The file's dates can be read as day/month or month/day: say which with date_format, DD/MM/YYYY or MM/DD/YYYY.",
            ));
        }
    };
    let style = Style { decimal: seen.numbers.decide(layout.comma_locale), order };
    Ok(Plan { layout, style, runs: seen.runs, keys: seen.keys })
}

struct Seen {
    cells: Cells,
    rows: u64,
    numbers: numbers::Evidence,
    dates: dates::Evidence,
    keys: RandomState,
    last: Option<u64>,
    last_key: (String, String),
    known: HashSet<u64, PassThrough>,
    runs: HashMap<u64, u32, PassThrough>,
}

impl Seen {
    fn new(cells: Cells) -> Self {
        Self {
            cells,
            rows: 0,
            numbers: numbers::Evidence::default(),
            dates: dates::Evidence::default(),
            keys: RandomState::new(),
            last: None,
            last_key: Default::default(),
            known: HashSet::default(),
            runs: HashMap::default(),
        }
    }

    fn row(&mut self, record: &Record, key: Key) {
        let hash = match key {
            Key::Skip => return,
            Key::Alone => None,
            Key::Above => self.last,
            // Most rows continue the one before: no need to hash again.
            Key::Of(a, b) if self.last.is_some() && self.last_key.0 == a && self.last_key.1 == b => self.last,
            Key::Of(a, b) => {
                self.last_key.0.clear();
                self.last_key.0.push_str(a);
                self.last_key.1.clear();
                self.last_key.1.push_str(b);
                Some(self.keys.hash_one((a, b)))
            }
        };
        self.rows += 1;
        for at in &self.cells.money {
            self.numbers.observe(record.get(*at), false);
        }
        for at in &self.cells.whole {
            self.numbers.observe(record.get(*at), true);
        }
        for at in &self.cells.dates {
            self.dates.observe(record.get(*at));
        }
        if hash != self.last {
            self.last = hash;
            if let Some(hash) = hash
                && !self.known.insert(hash)
            {
                *self.runs.entry(hash).or_insert(1) += 1;
            }
        }
    }
}

/// The keys are hashes already.
type PassThrough = BuildHasherDefault<Identity>;

#[derive(Default)]
struct Identity(u64);

impl Hasher for Identity {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}
