//! How far each store's log has come, for whoever looks after it: until when it reaches, what waits, what is missing before it.

use jiff::Timestamp;

use super::super::Backups;
use super::super::make::Source;
use super::super::target::Target;
use super::entry::{self, About, Which};
use super::names::{self, Bundle};
use super::read::{self, Source as Log, time_of};
use super::{Ship, Shipping, Work};
use crate::db::Waiting;
use crate::error::Result;
use crate::secrets::TenantKey;
use crate::tenants::TenantId;

/// Why the log that is in use began, and what cannot be had before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Beginning {
    /// When, as far as its name or its first entry tell.
    pub at: Option<Timestamp>,
    /// A part of a sentence; none where its first entries are no longer kept.
    pub because: Option<String>,
    /// Its first snapshot: no moment before it is in this log.
    pub first_snapshot: Option<Timestamp>,
    /// The end of the log before it, where something was committed in between that no log has.
    pub gap_from: Option<Timestamp>,
}

/// A store's log as it is now.
#[derive(Debug, Clone)]
pub struct LogState {
    /// All that was acknowledged up to then is at the target: the time of the newest entry. None before the first.
    pub until: Option<Timestamp>,
    /// What this log begins with; none before it does.
    pub beginning: Option<Beginning>,
    /// The newest snapshot.
    pub snapshot: Option<Timestamp>,
    /// What is committed and not copied.
    pub waiting: Waiting,
    /// Why it could not be copied, and since when; none while it can.
    pub failure: Option<(String, Timestamp)>,
}

/// What was read of a log, all of it sound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogChecked {
    /// Entries.
    pub entries: u64,
    /// Bytes of their frames.
    pub bytes: u64,
    /// All that was acknowledged up to then is in it.
    pub until: Timestamp,
    /// Commits of the store that are not in it yet.
    pub behind: i64,
    /// What it begins with.
    pub beginning: Beginning,
}

/// What was last known of a store's log: kept apart from what ships it, which is busy while it ships.
#[derive(Debug, Clone, Default)]
pub(super) struct Told {
    generation: String,
    until_ms: Option<i64>,
    beginning: Option<Beginning>,
    snapshot_ms: Option<i64>,
    failure: Option<(String, Timestamp)>,
}

impl Backups {
    /// How far the log of a tenant's store has come, or of `control.db`; none where no logs are shipped.
    pub fn log_state(&self, id: Option<&TenantId>) -> Option<LogState> {
        let shipping = self.0.shipping.as_ref()?;
        let told = shipping.told().get(&id.cloned()).cloned().unwrap_or_default();
        let keepers = self.tenants().log_keepers();
        let keeper = keepers.into_iter().find(|(of, _)| of.as_ref() == id).map(|(_, keeper)| keeper);
        Some(LogState {
            until: told.until_ms.map(time_of),
            beginning: told.beginning,
            snapshot: told.snapshot_ms.map(time_of),
            waiting: keeper.map(|keeper| keeper.waiting()).unwrap_or_default(),
            failure: told.failure,
        })
    }

    /// Checks every entry and every snapshot of the log that a tenant's store is shipped to now, or `control.db`, against the key
    /// of the store. None before there is one.
    ///
    /// # Errors
    /// `Invalid` with code `log_refused` that names the first thing that is not sound.
    pub async fn check_log(&self, id: Option<&TenantId>) -> Result<Option<LogChecked>> {
        let source = match id {
            Some(id) => Source::Tenant(self.tenants().open_even_closed(id).await?),
            None => Source::Control,
        };
        let scratch = self.tenants().scratch().map_err(super::super::for_the_caller)?;
        let all = self.clone();
        super::super::unhurried(move || {
            let (target, shelf) = (all.target(None), all.shelf_of(&source)?);
            let Some(generation) = names::generations(&*target, &shelf)?.pop() else { return Ok(None) };
            let (_, key) = source.file_and_key(all.tenants())?;
            let log = Log { target: &*target, shelf: &shelf, cache: read::cache_in(scratch.path()) };
            let (entries, bytes, (at_ms, commits)) = log.check(&generation, &key)?;
            let beginning = beginning(&*target, &shelf, &generation, &key)?;
            let behind = source.db(all.tenants()).log_end(None)?.commits - commits;
            Ok(Some(LogChecked { entries, bytes, until: time_of(at_ms), behind: behind.max(0), beginning }))
        })
        .await
    }

    /// Notes how far a log has come, for those who ask.
    pub(super) fn note_state(&self, shipping: &Shipping, with: &Work<'_>, id: Option<TenantId>, ship: &Ship) {
        let known = shipping.told().get(&id).cloned().unwrap_or_default();
        let mut told = Told { failure: ship.failing.as_ref().map(|it| (it.why.clone(), it.since)), ..known };
        if let Some(chain) = &ship.chain {
            told.until_ms = Some(chain.sealed_ms);
            told.snapshot_ms = chain.base.as_ref().map(|base| base.at_ms);
            let has_snapshot = told.beginning.as_ref().is_some_and(|known| known.first_snapshot.is_some());
            let is_news = told.generation != chain.generation || (chain.base.is_some() && !has_snapshot);
            // A target that is away now is asked again next time.
            if is_news && let Ok(found) = beginning(with.target, with.shelf, &chain.generation, &with.key) {
                (told.generation, told.beginning) = (chain.generation.clone(), Some(found));
            }
        }
        shipping.told().insert(id, told);
    }
}

/// What a generation begins with, and whether the one before it leads up to it.
pub(super) fn beginning(target: &dyn Target, shelf: &str, generation: &str, key: &TenantKey) -> Result<Beginning> {
    let listing = names::list(target, shelf, generation)?;
    let first = listing.bundles.first().filter(|bundle| bundle.first == 0);
    let opened = first.and_then(|bundle| one(target, (shelf, generation, key), bundle, false));
    let generations = names::generations(target, shelf)?;
    let before = generations.iter().rev().find(|other| other.as_str() < generation);
    let ended = before.and_then(|before| {
        let bundles = names::list(target, shelf, before).ok()?.bundles;
        one(target, (shelf, before, key), bundles.last()?, true)
    });
    let gap = ended.zip(opened.as_ref()).filter(|(ended, opened)| opened.commits > ended.commits);
    Ok(Beginning {
        at: names::begun_at(generation),
        because: opened.as_ref().and_then(|about| about.begun.clone()),
        first_snapshot: listing.snapshots.first().map(|snapshot| snapshot.at),
        gap_from: gap.map(|(ended, _)| time_of(ended.at_ms)),
    })
}

/// What the first or last entry of a bundle tells, if it opens: one under another key does not.
fn one(
    target: &dyn Target,
    (shelf, generation, key): (&str, &str, &TenantKey),
    bundle: &Bundle,
    last: bool,
) -> Option<About> {
    let bytes = target.get(&bundle.name).ok()??;
    let entries = entry::unbundle(&bytes).ok()?;
    let number = if last { bundle.last } else { bundle.first };
    let bytes = if last { entries.last() } else { entries.first() }?;
    entry::open(key, Which { owner: shelf, generation, number }, None, bytes).ok().map(|entry| entry.about)
}
