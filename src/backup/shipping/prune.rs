//! What of a shipped log is kept: every second of the days that can be restored, and the snapshot before them. And how it lies
//! there: what is over is gathered into larger things, so that seconds do not stay things of their own.

use jiff::{SignedDuration, Timestamp};

use super::super::Backups;
use super::super::target::Target;
use super::entry;
use super::names::{self, Bundle, Listing, Snapshot};
use crate::error::Result;
use crate::tenants::TenantId;

/// A run removes no more than this much of a log's time, so that a clock that jumps ahead costs a day and not all.
const STEP: SignedDuration = SignedDuration::from_hours(24);
/// Days of `control.db` that stay: only its newest state is ever wanted.
const OF_CONTROL: u32 = 2;
/// A gathered bundle has no more bytes.
const GATHERED_BYTES: u64 = 16 << 20;
/// The newest are left as they are: a restore may be reading them.
const NEWEST: usize = 64;
/// Fewer are not worth it.
const WORTHWHILE: usize = 16;

impl Backups {
    /// Removes what is older than is kept, of every store and of tenants that were deleted.
    pub(in crate::backup) async fn prune_logs(&self) -> Result<()> {
        if !self.is_shipping() {
            return Ok(());
        }
        if !self.tenants().clock_is_steady().await? {
            return Ok(());
        }
        let (days, now) = (self.0.settings.continuous_days, self.clock().system_time());
        let living: Vec<TenantId> = self.tenants().list().await?.into_iter().map(|tenant| tenant.id).collect();
        let gone = self.tenants().deleted().await?;
        let (target, instance) = (self.target(None), self.instance_shelf()?);
        super::super::blocking(move || {
            for id in &living {
                prune(&*target, id.as_str(), days, now)?;
            }
            for id in gone.iter().filter(|id| !living.contains(id)) {
                expire(&*target, id.as_str(), now)?;
            }
            prune(&*target, &instance, OF_CONTROL.min(days), now)
        })
        .await
    }

    /// Gathers what is over into larger bundles.
    pub async fn gather_logs(&self) -> Result<()> {
        if !self.is_shipping() {
            return Ok(());
        }
        let mut shelves: Vec<String> = self.tenants().list().await?.into_iter().map(|one| one.id.to_string()).collect();
        shelves.push(self.instance_shelf()?);
        let target = self.target(None);
        super::super::blocking(move || shelves.iter().try_for_each(|shelf| gather(&*target, shelf))).await
    }
}

/// Keeps the newest snapshot of before the window, and what follows it.
fn prune(target: &dyn Target, shelf: &str, days: u32, now: Timestamp) -> Result<()> {
    let begins = now - SignedDuration::from_hours(24 * i64::from(days));
    let mut all: Vec<(String, Listing)> = Vec::new();
    for generation in names::generations(target, shelf)? {
        let listing = names::list(target, shelf, &generation)?;
        all.push((generation, listing));
    }
    let snapshots: Vec<(usize, &Snapshot)> = all
        .iter()
        .enumerate()
        .flat_map(|(place, (_, listing))| listing.snapshots.iter().map(move |snapshot| (place, snapshot)))
        .collect();
    let Some(needed) = snapshots.iter().rposition(|(_, snapshot)| snapshot.at <= begins) else { return Ok(()) };
    let oldest = snapshots.first().map_or(Timestamp::MAX, |(_, snapshot)| snapshot.at);
    let removed = snapshots[..needed].iter().take_while(|(_, one)| one.at.duration_since(oldest) <= STEP).count();
    for (_, snapshot) in &snapshots[..removed] {
        target.remove(&snapshot.name)?;
    }
    let Some((place, first)) = snapshots.get(removed) else { return Ok(()) };
    for (_, listing) in &all[..*place] {
        remove_all(target, listing)?;
    }
    let Some((_, listing)) = all.get(*place) else { return Ok(()) };
    let newest = listing.bundles.len().saturating_sub(1);
    for bundle in listing.bundles[..newest].iter().filter(|bundle| bundle.commits < first.commits) {
        target.remove(&bundle.name)?;
    }
    Ok(())
}

/// The log of a tenant that was deleted: gone with its archives, before thirty days are over.
fn expire(target: &dyn Target, shelf: &str, now: Timestamp) -> Result<()> {
    let mut any_young = false;
    for generation in names::generations(target, shelf)? {
        let listing = names::list(target, shelf, &generation)?;
        let young = |snapshot: &Snapshot| now.duration_since(snapshot.at) <= super::super::daily::DELETED;
        match listing.snapshots.iter().any(young) {
            true => any_young = true,
            false => remove_all(target, &listing)?,
        }
    }
    if !any_young {
        names::all_events(target, shelf)?.iter().try_for_each(|archive| target.remove(&archive.name))?;
    }
    Ok(())
}

fn remove_all(target: &dyn Target, listing: &Listing) -> Result<()> {
    let snapshots = listing.snapshots.iter().map(|snapshot| &snapshot.name);
    let bundles = listing.bundles.iter().chain(&listing.spare).map(|bundle| &bundle.name);
    snapshots.chain(bundles).try_for_each(|name| target.remove(name))
}

/// Puts runs of small bundles together, entries as they are, and removes them once the large one is there.
fn gather(target: &dyn Target, shelf: &str) -> Result<()> {
    for generation in names::generations(target, shelf)? {
        let listing = names::list(target, shelf, &generation)?;
        for spare in &listing.spare {
            target.remove(&spare.name)?;
        }
        let over = listing.bundles.len().saturating_sub(NEWEST);
        let mut run: Vec<&Bundle> = Vec::new();
        for bundle in &listing.bundles[..over] {
            let bytes: u64 = run.iter().map(|one| one.bytes).sum();
            let follows = run.last().is_none_or(|last| last.last + 1 == bundle.first);
            if !follows || bytes + bundle.bytes > GATHERED_BYTES {
                put_together(target, shelf, &generation, &run)?;
                run.clear();
            }
            run.push(bundle);
        }
        put_together(target, shelf, &generation, &run)?;
    }
    Ok(())
}

fn put_together(target: &dyn Target, shelf: &str, generation: &str, run: &[&Bundle]) -> Result<()> {
    let (Some(first), Some(last)) = (run.first(), run.last()) else { return Ok(()) };
    if run.len() < WORTHWHILE {
        return Ok(());
    }
    let mut bytes = Vec::new();
    for bundle in run {
        let Some(found) = target.get(&bundle.name)? else { return Ok(()) };
        // What is not whole stays as it is, to be found.
        if entry::unbundle(&found).is_err() {
            return Ok(());
        }
        bytes.extend(found);
    }
    let name = names::within(shelf, generation, &names::bundle(first.first, last.last, last.commits));
    target.put(&name, &bytes)?;
    run.iter().try_for_each(|bundle| target.remove(&bundle.name))
}
