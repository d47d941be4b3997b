//! A store's write-ahead log as bytes: walked frame by frame from a place on, with the sums that SQLite checks by, so that what
//! is copied from a log that is being written is whole transactions and nothing else.

use std::fs::File;
use std::io::{self, BufReader, ErrorKind, Read, Seek, SeekFrom};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::pool::PAGE_BYTES;

/// Bytes before the first frame.
pub const LOG_HEADER: usize = 32;
/// Bytes of a frame before its page.
pub const FRAME_HEAD: usize = 24;
/// Bytes of a page.
pub const PAGE: usize = PAGE_BYTES as usize;
/// Bytes of a frame.
pub const FRAME: usize = FRAME_HEAD + PAGE;

/// The header's first word where sums are reckoned over words of this machine's order.
const MAGIC: u32 = if cfg!(target_endian = "big") { 0x377f_0683 } else { 0x377f_0682 };
const FORMAT: u32 = 3_007_000;
const AT_ONCE: usize = 1 << 20;

/// A place in a log: behind so many frames. Salts tell one log from the next, sums one content from another.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogPlace {
    /// The log's salts.
    pub salts: [u32; 2],
    /// Frames before it.
    pub frames: u64,
    /// The running sums behind those frames.
    pub sums: [u32; 2],
}

impl LogPlace {
    /// The beginning of the log with this header; none if it is no log's of ours.
    pub fn begin(header: &[u8; LOG_HEADER]) -> Option<Self> {
        let sums = sum([0, 0], &header[..24]);
        let known = word(header, 0) == MAGIC && word(header, 4) == FORMAT && word(header, 8) == PAGE_BYTES;
        let whole = sums == [word(header, 24), word(header, 28)];
        (known && whole).then(|| Self { salts: [word(header, 16), word(header, 20)], frames: 0, sums })
    }
}

/// The header of the log at `path`; none where there is no log, or it has none yet.
pub fn log_header(path: &Path) -> io::Result<Option<[u8; LOG_HEADER]>> {
    let mut header = [0; LOG_HEADER];
    match File::open(path).and_then(|mut file| file.read_exact(&mut header)) {
        Ok(()) => Ok(Some(header)),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::UnexpectedEof) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Walks valid frames from a place on.
pub struct Walk {
    source: BufReader<File>,
    place: LogPlace,
    frame: Vec<u8>,
}

impl Walk {
    /// Walks the file at `path` whose frames begin at `skipped` bytes, of which the first is number `first` of the log.
    pub fn from(path: &Path, skipped: u64, first: u64, place: LogPlace) -> io::Result<Self> {
        let mut file = File::open(path)?;
        let frames = place.frames.saturating_sub(first);
        file.seek(SeekFrom::Start(skipped + frames * FRAME as u64))?;
        Ok(Self { source: BufReader::with_capacity(AT_ONCE, file), place, frame: vec![0; FRAME] })
    }

    /// Walks the log itself.
    pub fn of_log(path: &Path, place: LogPlace) -> io::Result<Self> {
        Self::from(path, LOG_HEADER as u64, 0, place)
    }

    /// The next frame and whether a transaction ends with it; none at the first that is not whole, is another log's, or does
    /// not follow.
    pub fn step(&mut self) -> io::Result<Option<(&[u8], bool)>> {
        match self.source.read_exact(&mut self.frame) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(None),
            Err(error) => return Err(error),
        }
        let head = &self.frame[..FRAME_HEAD];
        let (page, pages, salts) = (word(head, 0), word(head, 4), [word(head, 8), word(head, 12)]);
        if page == 0 || salts != self.place.salts {
            return Ok(None);
        }
        let sums = sum(sum(self.place.sums, &head[..8]), &self.frame[FRAME_HEAD..]);
        if sums != [word(head, 16), word(head, 20)] {
            return Ok(None);
        }
        self.place = LogPlace { frames: self.place.frames + 1, sums, ..self.place };
        Ok(Some((&self.frame, pages > 0)))
    }

    /// Behind the frame that was walked last.
    pub fn place(&self) -> LogPlace {
        self.place
    }

    /// Walks on to the end. Returns the place behind the last whole transaction, and how many there were. Stops at `most` frames
    /// of the log.
    pub fn to_the_end(mut self, most: u64) -> io::Result<(LogPlace, i64)> {
        let (mut end, mut commits) = (self.place, 0);
        while self.place.frames < most
            && let Some((_, ends)) = self.step()?
        {
            if ends {
                (end, commits) = (self.place, commits + 1);
            }
        }
        Ok((end, commits))
    }
}

/// A frame's page and, where it ends a transaction, the pages that the store has then.
pub fn frame_of(frame: &[u8]) -> (u32, Option<u32>) {
    let pages = word(frame, 4);
    (word(frame, 0), (pages > 0).then_some(pages))
}

fn word(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..at + 4).and_then(|four| four.try_into().ok()).map_or(0, u32::from_be_bytes)
}

/// SQLite's running sums, over pairs of words.
fn sum([mut one, mut two]: [u32; 2], bytes: &[u8]) -> [u32; 2] {
    for pair in bytes.chunks_exact(8) {
        let (first, second) = pair.split_at(4);
        let first = first.try_into().map_or(0, u32::from_ne_bytes);
        let second = second.try_into().map_or(0, u32::from_ne_bytes);
        one = one.wrapping_add(first).wrapping_add(two);
        two = two.wrapping_add(second).wrapping_add(one);
    }
    [one, two]
}
