//! Keeps what a checkpoint removes from a store's log until it was copied elsewhere. The writer, who alone checkpoints, hands
//! over what was not copied yet; what is handed over is the log's own bytes, so that it takes no longer than copying them.

use std::collections::VecDeque;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;

use super::log::{FRAME, LOG_HEADER, LogPlace, log_header};
use crate::clock::Clock;

const MAGIC: &[u8; 8] = b"PPPIECE1";
/// Magic, first frame, end, commits, the log's header.
pub const PIECE_HEADER: usize = 8 + 3 * 8 + LOG_HEADER;
const SUFFIX: &str = ".piece";
/// Commits whose time is remembered until they are copied.
const TIMES: usize = 100_000;

/// What stays of a log that was emptied: some of its frames.
#[derive(Debug)]
pub struct Piece {
    /// Its file; frames begin at [`PIECE_HEADER`].
    pub path: PathBuf,
    /// Where the log begins.
    pub log: LogPlace,
    /// The number of its first frame in the log.
    pub first: u64,
    /// Frames of the log before its end, which is the end of a transaction.
    pub end: u64,
    /// Commits of the store at its end.
    pub commits: i64,
}

/// What of a store is committed and not copied elsewhere yet.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Waiting {
    /// Commits since the start.
    pub commits: u64,
    /// When the first of them was acknowledged.
    pub since: Option<Timestamp>,
    /// Bytes of the log that a checkpoint removed and that are kept until then.
    pub bytes: u64,
}

/// Keeps one store's log, over closing and opening.
pub struct LogKeeper {
    folder: PathBuf,
    most: u64,
    clock: Clock,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    /// Salts and frames up to which the log was copied elsewhere.
    copied: Option<([u32; 2], u64)>,
    /// The same, of what was handed over.
    handed: Option<([u32; 2], u64)>,
    next: u64,
    bytes: u64,
    lost: Option<String>,
    /// Commits of the file in whose place another was put first, and a moment before that; both until the copy begins anew.
    exchanged: Option<(i64, i64)>,
    times: VecDeque<(i64, i64)>,
    dirty: bool,
}

impl LogKeeper {
    /// Keeps in `folder` what was not copied yet, at most `most` bytes of it.
    pub fn new(folder: PathBuf, most: u64, clock: Clock) -> Self {
        let keeper = Self { folder, most, clock, kept: Mutex::default() };
        let mut kept = Kept { dirty: true, ..Kept::default() };
        for path in keeper.files() {
            let number = path.file_stem().and_then(|stem| stem.to_str()?.parse::<u64>().ok());
            kept.next = kept.next.max(number.unwrap_or(0) + 1);
            kept.bytes += path.metadata().map_or(0, |about| about.len());
        }
        *keeper.kept() = kept;
        keeper
    }

    /// A commit was acknowledged.
    pub(super) fn committed(&self, commits: i64) {
        let at = self.clock.system_time().as_millisecond();
        let mut kept = self.kept();
        kept.dirty = true;
        kept.times.push_back((commits, at));
        if kept.times.len() > TIMES {
            kept.times.pop_front();
        }
    }

    /// Before a checkpoint: keeps the frames of the log at `log`, of which `frames` are valid, that nobody has yet. A failure
    /// costs the copy its continuity and the writer nothing.
    pub(super) fn hand_over(&self, log: &Path, frames: u64, commits: i64) {
        let mut kept = self.kept();
        if kept.lost.is_some() {
            return;
        }
        if let Err(error) = self.try_hand_over(&mut kept, log, frames, commits) {
            kept.lost = Some(format!("what a checkpoint removed could not be kept: {error}"));
        }
    }

    fn try_hand_over(&self, kept: &mut Kept, log: &Path, frames: u64, commits: i64) -> io::Result<()> {
        let Some(header) = log_header(log)? else { return Ok(()) };
        let Some(begin) = LogPlace::begin(&header) else { return Ok(()) };
        let of_this = |place: Option<([u32; 2], u64)>| {
            place.filter(|(salts, _)| *salts == begin.salts).map_or(0, |(_, frames)| frames)
        };
        let first = of_this(kept.copied).max(of_this(kept.handed));
        if first >= frames {
            return Ok(());
        }
        let bytes = (frames - first) * FRAME as u64;
        if kept.bytes + bytes > self.most {
            kept.lost = Some(format!("more than {} MB waited to be copied", self.most >> 20));
            return Ok(());
        }
        DirBuilder::new().recursive(true).mode(0o700).create(&self.folder)?;
        let path = self.folder.join(format!("{:010}{SUFFIX}", kept.next));
        let draft = path.with_extension("part");
        let mut to = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
        to.write_all(
            &[&MAGIC[..], &first.to_be_bytes(), &frames.to_be_bytes(), &commits.to_be_bytes(), &header].concat(),
        )?;
        let mut from = File::open(log)?;
        from.seek(SeekFrom::Start(LOG_HEADER as u64 + first * FRAME as u64))?;
        // Not synced: after a power cut a piece may be torn, which shows, and the copy begins anew.
        if io::copy(&mut from.take(bytes), &mut to)? < bytes {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        std::fs::rename(&draft, &path)?;
        (kept.next, kept.bytes, kept.handed) = (kept.next + 1, kept.bytes + bytes, Some((begin.salts, frames)));
        Ok(())
    }

    /// What was handed over and not dropped, in order.
    pub fn pieces(&self) -> io::Result<Vec<Piece>> {
        self.files().into_iter().map(|path| read(&path)).collect()
    }

    /// A piece was copied.
    pub fn drop_piece(&self, piece: &Piece) -> io::Result<()> {
        let bytes = (piece.end - piece.first) * FRAME as u64;
        std::fs::remove_file(&piece.path)?;
        let mut kept = self.kept();
        kept.bytes = kept.bytes.saturating_sub(bytes);
        Ok(())
    }

    /// All up to this place was copied.
    pub fn copied(&self, place: &LogPlace, commits: i64) {
        let mut kept = self.kept();
        kept.copied = Some((place.salts, place.frames));
        while kept.times.front().is_some_and(|(number, _)| *number <= commits) {
            kept.times.pop_front();
        }
    }

    /// What was not copied yet.
    pub fn waiting(&self) -> Waiting {
        let kept = self.kept();
        let since = kept.times.front().and_then(|(_, at)| Timestamp::from_millisecond(*at).ok());
        Waiting { commits: kept.times.len() as u64, since, bytes: kept.bytes }
    }

    /// When a commit was acknowledged, milliseconds of unix time; none for one of before the start.
    pub fn time_of(&self, commit: i64) -> Option<i64> {
        let kept = self.kept();
        let at = kept.times.binary_search_by_key(&commit, |(number, _)| *number).ok()?;
        kept.times.get(at).map(|(_, at)| *at)
    }

    /// Why the log's copy cannot go on where it was, if so.
    pub fn lost(&self) -> Option<String> {
        self.kept().lost.clone()
    }

    /// Another file lies in the place of one with so many commits. Called while nobody writes.
    pub(super) fn exchanged(&self, commits: i64) {
        // What is committed in the same millisecond is of the other one.
        let at = self.clock.system_time().as_millisecond() - 1;
        self.kept().exchanged.get_or_insert((commits, at));
    }

    /// The last moment, milliseconds of unix time, of a file that had so many commits when another took its place.
    pub fn end_of(&self, commits: i64) -> Option<i64> {
        self.kept().exchanged.filter(|(of, _)| *of == commits).map(|(_, at)| at)
    }

    /// The copy begins anew: what was kept is of no use. Called while nobody writes.
    pub(super) fn begin_anew(&self) -> io::Result<()> {
        let mut kept = self.kept();
        for path in self.files() {
            std::fs::remove_file(path)?;
        }
        (kept.copied, kept.handed, kept.bytes, kept.lost, kept.exchanged) = (None, None, 0, None, None);
        Ok(())
    }

    /// Whether anything was committed since this was asked last.
    pub fn take_dirty(&self) -> bool {
        std::mem::take(&mut self.kept().dirty)
    }

    /// There is still something to copy.
    pub fn set_dirty(&self) {
        self.kept().dirty = true;
    }

    /// Whether something waits to be copied.
    pub fn is_dirty(&self) -> bool {
        self.kept().dirty
    }

    /// The clock that dates commits.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    fn files(&self) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let mut files: Vec<PathBuf> =
            entries.map(|entry| entry.path()).filter(|path| path.to_string_lossy().ends_with(SUFFIX)).collect();
        files.sort();
        files
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn read(path: &Path) -> io::Result<Piece> {
    let torn = || io::Error::new(ErrorKind::InvalidData, "what a checkpoint removed was kept badly");
    let mut bytes = [0; PIECE_HEADER];
    let mut file = File::open(path)?;
    file.read_exact(&mut bytes).map_err(|_| torn())?;
    let number = |at: usize| bytes[at..at + 8].try_into().map_or(0, u64::from_be_bytes);
    let header = bytes[32..].try_into().map_err(|_| torn())?;
    let log = LogPlace::begin(&header).filter(|_| bytes.starts_with(MAGIC)).ok_or_else(torn)?;
    let (first, end, commits) = (number(8), number(16), number(24).cast_signed());
    let whole = PIECE_HEADER as u64 + end.saturating_sub(first) * FRAME as u64;
    if first >= end || file.metadata()?.len() != whole {
        return Err(torn());
    }
    Ok(Piece { path: path.to_owned(), log, first, end, commits })
}

impl std::fmt::Debug for LogKeeper {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LogKeeper").field("folder", &self.folder).finish_non_exhaustive()
    }
}
