//! One store's log on its way: where its copy is, what comes next, and when the copy cannot go on and has to begin anew.

use std::path::Path;
use std::sync::Arc;

use super::super::manifest::Sum;
use super::super::target::{Put, Target};
use super::entry::{self, About, Base, Which};
use super::names;
use crate::db::{Db, LogKeeper, LogPlace, PIECE_HEADER, Piece, Walk, WeakDb, log_header};
use crate::error::{Error, Result};
use crate::secrets::TenantKey;

/// Frames of an entry at most: 8 MB.
const ENTRY_FRAMES: u64 = 1000;
/// How often a log that is emptied while it is looked at is looked at again.
const ATTEMPTS: usize = 5;

/// What a store's log is shipped with.
pub(super) struct Work<'a> {
    pub(super) target: &'a dyn Target,
    pub(super) shelf: &'a str,
    pub(super) db: &'a Db,
    /// What tells the file from others that lay or will lie in its place, and the key that goes with it.
    pub(super) file: [u8; 16],
    pub(super) key: Arc<TenantKey>,
    pub(super) keeper: &'a LogKeeper,
}

/// Why shipping stopped.
pub(super) enum Stop {
    /// For now: the target or the disk failed.
    Failed(Error),
    /// The copy cannot go on: something that was committed did not come by.
    Broken(String),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl From<anyhow::Error> for Stop {
    fn from(error: anyhow::Error) -> Self {
        Self::Failed(error.into())
    }
}

impl From<std::io::Error> for Stop {
    fn from(error: std::io::Error) -> Self {
        anyhow::Error::from(error).context("reading a log").into()
    }
}

/// A generation that is being shipped.
pub(super) struct Chain {
    db: WeakDb,
    file: [u8; 16],
    /// That of its snapshots: what is left of a file when another takes its place is sealed under its own.
    key: Arc<TenantKey>,
    pub(super) generation: String,
    next: u64,
    before: Sum,
    place: LogPlace,
    pub(super) commits: i64,
    /// The newest snapshot.
    pub(super) base: Option<Base>,
    /// Bytes that were shipped since.
    pub(super) since_base: u64,
    /// All that was acknowledged up to then is in it, milliseconds of unix time.
    pub(super) sealed_ms: i64,
    /// Sealed, and perhaps there.
    sent: Option<Sent>,
}

struct Sent {
    name: String,
    bytes: Vec<u8>,
    hash: Sum,
    about: About,
}

/// Where frames are that come next.
struct Stretch {
    path: std::path::PathBuf,
    skipped: u64,
    first: u64,
    end: u64,
    /// When it was looked at.
    seen_ms: i64,
    piece: Option<Piece>,
}

impl Chain {
    /// Whether it is this open store's.
    pub(super) fn is_of(&self, db: &Db) -> bool {
        self.db.is_of(db)
    }

    /// Goes on where the target says that it stopped; none where it has nothing yet.
    pub(super) fn load(with: &Work<'_>) -> Result<Option<Self>, Stop> {
        let Some(generation) = names::generations(with.target, with.shelf)?.pop() else { return Ok(None) };
        let listing = names::list(with.target, with.shelf, &generation)?;
        let broken = |why: String| Stop::Broken(format!("the newest entry of the log {why}"));
        let Some(newest) = listing.bundles.last() else { return Err(broken("is missing".to_owned())) };
        let bytes = with.target.get(&newest.name)?.ok_or_else(|| broken("is missing".to_owned()))?;
        let entries = entry::unbundle(&bytes).map_err(broken)?;
        let last = entries.last().copied().unwrap_or_default();
        let which = Which { owner: with.shelf, generation: &generation, number: newest.last };
        let found = entry::open(&with.key, which, None, last).map_err(broken)?;
        let since_base = match &found.about.base {
            Some(base) => {
                let later = listing.bundles.iter().filter(|bundle| bundle.commits > base.commits);
                later.map(|bundle| bundle.bytes).sum()
            }
            None => 0,
        };
        let mut chain = Self {
            db: with.db.downgrade(),
            file: with.file,
            key: with.key.clone(),
            generation,
            next: newest.last + 1,
            before: found.hash,
            place: found.about.to,
            commits: found.about.commits,
            base: found.about.base,
            since_base,
            sealed_ms: found.about.at_ms,
            sent: None,
        };
        // Nothing may have been lost while nobody looked.
        if chain.stretch(with)?.is_none() {
            let end = with.db.log_end(None)?;
            if end.commits != chain.commits && chain.stretch(with)?.is_none() {
                return Err(chain.gap(end.commits));
            }
        }
        Ok(Some(chain))
    }

    /// A new generation, from the beginning of the log that is there.
    pub(super) fn begin(with: &Work<'_>, why: &str) -> Result<Self, Stop> {
        for _ in 0..ATTEMPTS {
            let end = with.db.log_end(Some(with.keeper))?;
            let log = log_header(&with.db.log_path())?.and_then(|header| LogPlace::begin(&header));
            let (place, commits) = match log.filter(|_| end.frames > 0) {
                None => (LogPlace::default(), end.commits),
                Some(log) => {
                    let (reached, commits) = Walk::of_log(&with.db.log_path(), log)?.to_the_end(end.frames)?;
                    if reached.frames != end.frames {
                        // Emptied meanwhile.
                        continue;
                    }
                    (log, end.commits - commits)
                }
            };
            let now = with.keeper.clock().system_time();
            let generation = names::new_generation(now);
            let before = entry::origin(&generation);
            let mut chain = Self {
                db: with.db.downgrade(),
                file: with.file,
                key: with.key.clone(),
                generation,
                next: 0,
                before,
                place,
                commits,
                base: None,
                since_base: 0,
                sealed_ms: 0,
                sent: None,
            };
            let about = About {
                at_ms: now.as_millisecond(),
                to: place,
                frames: 0,
                commits,
                ends: Vec::new(),
                begun: Some(why.to_owned()),
                base: None,
            };
            chain.put(with, about, &[])?;
            return Ok(chain);
        }
        Err(Stop::Failed(anyhow::anyhow!("the log is emptied faster than it can be looked at").into()))
    }

    /// Ships all that is committed. Returns how many bytes of frames that was.
    pub(super) fn ship(&mut self, with: &Work<'_>) -> Result<u64, Stop> {
        let mut shipped = 0;
        if let Some(sent) = self.sent.take() {
            self.send(with, sent)?;
        }
        while let Some(stretch) = self.stretch(with)? {
            let bytes = self.ship_stretch(with, &stretch)?;
            shipped += bytes;
            if let Some(piece) = &stretch.piece {
                if self.place.frames < stretch.end {
                    return Err(Stop::Broken("what a checkpoint removed was kept badly".to_owned()));
                }
                if self.commits != piece.commits {
                    return Err(self.gap(piece.commits));
                }
                with.keeper.drop_piece(piece)?;
            } else if bytes == 0 {
                // Emptied in the very moment: next time it is a piece.
                with.keeper.set_dirty();
                break;
            }
        }
        Ok(shipped)
    }

    fn ship_stretch(&mut self, with: &Work<'_>, stretch: &Stretch) -> Result<u64, Stop> {
        let mut walk = Walk::from(&stretch.path, stretch.skipped, stretch.first, self.place)?;
        let unnoted = stretch.seen_ms.min(changed_ms(&stretch.path));
        let (mut shipped, mut frames) = (0, Vec::new());
        while self.place.frames < stretch.end {
            frames.clear();
            let (mut count, mut commits, mut ends) = (0, self.commits, Vec::new());
            while count < ENTRY_FRAMES && walk.place().frames < stretch.end {
                let Some((frame, ends_one)) = walk.step()? else { break };
                frames.extend_from_slice(frame);
                count += 1;
                if ends_one {
                    commits += 1;
                    ends.push((count, with.keeper.time_of(commits).unwrap_or(unnoted)));
                }
            }
            if count == 0 {
                break;
            }
            let (to, base) = (walk.place(), self.base.clone());
            // More may follow it that was acknowledged by now.
            let ends_here = stretch.piece.is_none() && to.frames >= stretch.end;
            let last = ends.last().map_or(self.sealed_ms, |(_, at)| *at);
            let about = About {
                at_ms: if ends_here { stretch.seen_ms } else { last },
                to,
                frames: count,
                commits,
                ends,
                begun: None,
                base,
            };
            self.put(with, about, &frames)?;
            shipped += frames.len() as u64;
        }
        Ok(shipped)
    }

    /// Whether its file lies there no more. What was handed over of it is shipped all the same.
    pub(super) fn is_over(&self, with: &Work<'_>) -> bool {
        with.db.generation() != self.file
    }

    /// Says until when it was the store's, if another file took the place of its own and it has all of it.
    pub(super) fn end(&mut self, with: &Work<'_>) -> Result<(), Stop> {
        let Some(at_ms) = with.keeper.end_of(self.commits).filter(|_| self.is_over(with)) else { return Ok(()) };
        let (to, commits, base) = (self.place, self.commits, self.base.clone());
        let about = About { at_ms, to, frames: 0, commits, ends: Vec::new(), begun: None, base };
        self.put(with, about, &[])
    }

    /// A snapshot was made: the log says so.
    pub(super) fn note(&mut self, with: &Work<'_>, base: Base) -> Result<(), Stop> {
        let (to, commits, at_ms) = (self.place, self.commits, self.sealed_ms);
        self.since_base = 0;
        let about = About { at_ms, to, frames: 0, commits, ends: Vec::new(), begun: None, base: Some(base) };
        self.put(with, about, &[])
    }

    fn put(&mut self, with: &Work<'_>, about: About, frames: &[u8]) -> Result<(), Stop> {
        let which = Which { owner: with.shelf, generation: &self.generation, number: self.next };
        let (bytes, hash) = entry::seal(&self.key, which, self.before, &about, frames)?;
        let file = names::bundle(self.next, self.next, about.commits);
        let name = names::within(with.shelf, &self.generation, &file);
        self.send(with, Sent { name, bytes: entry::bundle(&[&bytes]), hash, about })
    }

    /// Sends what is sealed; what could not be sent is sent again as it is, for it may be there all the same.
    fn send(&mut self, with: &Work<'_>, sent: Sent) -> Result<(), Stop> {
        let outcome = with.target.put(&sent.name, &sent.bytes).and_then(|put| match put {
            Put::Done => Ok(true),
            Put::Taken => Ok(with.target.get(&sent.name)?.is_some_and(|there| there == sent.bytes)),
        });
        match outcome {
            Err(error) => {
                self.sent = Some(sent);
                return Err(Stop::Failed(error));
            }
            Ok(false) => return Err(Stop::Broken("another one ships to the same place".to_owned())),
            Ok(true) => {}
        }
        self.since_base += sent.bytes.len() as u64;
        (self.next, self.before) = (self.next + 1, sent.hash);
        (self.place, self.commits, self.base) = (sent.about.to, sent.about.commits, sent.about.base);
        self.sealed_ms = sent.about.at_ms;
        with.keeper.copied(&self.place, self.commits);
        Ok(())
    }

    /// Where the next frames are: first what was handed over, then the log itself.
    fn stretch(&mut self, with: &Work<'_>) -> Result<Option<Stretch>, Stop> {
        let path = with.db.log_path();
        for _ in 0..ATTEMPTS {
            let seen_ms = with.keeper.clock().system_time().as_millisecond();
            if let Some(stretch) = self.handed_over(with, seen_ms)? {
                return Ok(Some(stretch));
            }
            if self.is_over(with) {
                return Err(Stop::Broken("another file took the store's place".to_owned()));
            }
            let Some(log) = log_header(&path)?.and_then(|header| LogPlace::begin(&header)) else { return Ok(None) };
            if log.salts != self.place.salts {
                let end = with.db.log_end(None)?;
                let same = log_header(&path)?.and_then(|header| LogPlace::begin(&header)) == Some(log);
                if !same || !with.keeper.pieces().is_ok_and(|pieces| pieces.is_empty()) {
                    continue;
                }
                if end.frames == 0 {
                    return Ok(None);
                }
                let (reached, commits) = Walk::of_log(&path, log)?.to_the_end(end.frames)?;
                if reached.frames < end.frames {
                    continue;
                }
                // Checkpointed when all of it was copied; else a commit is missing.
                if self.commits + commits != end.commits {
                    return Err(self.gap(end.commits - commits));
                }
                self.place = log;
            }
            let (end, commits) = Walk::of_log(&path, self.place)?.to_the_end(u64::MAX)?;
            let (skipped, first, piece) = (crate::db::LOG_HEADER as u64, 0, None);
            return Ok((commits > 0).then_some(Stretch { path, skipped, first, end: end.frames, seen_ms, piece }));
        }
        with.keeper.set_dirty();
        Ok(None)
    }

    fn handed_over(&mut self, with: &Work<'_>, seen_ms: i64) -> Result<Option<Stretch>, Stop> {
        let broken = |why: &str| Stop::Broken(why.to_owned());
        let pieces = with.keeper.pieces().map_err(|error| Stop::Broken(error.to_string()))?;
        for piece in pieces {
            if piece.log.salts == self.place.salts {
                if piece.end <= self.place.frames {
                    with.keeper.drop_piece(&piece)?;
                    continue;
                }
            } else {
                let (_, commits) = Walk::from(&piece.path, PIECE_HEADER as u64, 0, piece.log)?.to_the_end(piece.end)?;
                if piece.first > 0 || self.commits + commits != piece.commits {
                    return Err(self.gap(piece.commits));
                }
                self.place = piece.log;
            }
            if piece.first > self.place.frames {
                return Err(broken("some of what a checkpoint removed was not kept"));
            }
            let (path, skipped, first, end) = (piece.path.clone(), PIECE_HEADER as u64, piece.first, piece.end);
            return Ok(Some(Stretch { path, skipped, first, end, seen_ms, piece: Some(piece) }));
        }
        Ok(None)
    }

    fn gap(&self, found: i64) -> Stop {
        Stop::Broken(format!("the store has commit {found} where the log has {}", self.commits))
    }
}

/// When a file was last written, milliseconds of unix time; for ever where nobody knows.
fn changed_ms(path: &Path) -> i64 {
    let changed = path.metadata().and_then(|about| about.modified()).ok();
    let since = changed.and_then(|at| at.duration_since(std::time::UNIX_EPOCH).ok());
    since.and_then(|since| i64::try_from(since.as_millis()).ok()).unwrap_or(i64::MAX)
}
