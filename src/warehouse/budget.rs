//! How much memory all warehouses of the process may take together. One that has not been asked for longest goes first; it is
//! filled again when it is asked for.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex, PoisonError, Weak};

use anyhow::Context as _;
use serde::{Deserialize, Serialize};

use super::Inner;
use crate::duck::{self, Duck};
use crate::error::Result;

const MIB: u64 = 1 << 20;

/// How much the warehouses take.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Megabytes that all warehouses may take together; the one in use may take more for itself.
    pub memory_mb: u64,
}

impl Default for Settings {
    /// Half of what the process may use.
    fn default() -> Self {
        Self { memory_mb: (available() / MIB / 2).max(256) }
    }
}

/// The memory of the machine is one resource however many servers a process (a test) holds, hence the statics.
static BUDGET: LazyLock<AtomicU64> = LazyLock::new(|| AtomicU64::new(Settings::default().memory_mb * MIB));
static FILLED: Mutex<Vec<Weak<Inner>>> = Mutex::new(Vec::new());
static TICKS: AtomicU64 = AtomicU64::new(1);

/// Sets what all warehouses of this process may take.
pub fn limit(settings: &Settings) {
    BUDGET.store(settings.memory_mb.saturating_mul(MIB), Ordering::Relaxed);
}

/// What one instance may take: all there is, for its tenant may be the only one.
pub(super) fn limits() -> duck::Limits {
    let all = BUDGET.load(Ordering::Relaxed) / MIB;
    duck::Limits { memory_mb: u32::try_from(all).unwrap_or(u32::MAX).max(256), ..duck::Limits::default() }
}

/// What an instance takes and when it was asked last.
#[derive(Default)]
pub(super) struct Share {
    bytes: AtomicU64,
    used: AtomicU64,
}

impl Share {
    pub(super) fn touch(&self) {
        self.used.store(TICKS.fetch_add(1, Ordering::Relaxed), Ordering::Relaxed);
    }

    /// Asks the instance what it takes.
    fn measure(&self, duck: &Arc<Duck>) -> Result<()> {
        let lent = duck.lend()?;
        let sum = "select coalesce(sum(memory_usage_bytes), 0)::bigint from duckdb_memory()";
        let bytes: i64 = lent.get()?.query_row(sum, [], |row| row.get(0)).context("measuring a warehouse")?;
        lent.give_back();
        self.bytes.store(u64::try_from(bytes).unwrap_or(0), Ordering::Relaxed);
        Ok(())
    }
}

/// Counts a warehouse that was filled or has grown among those there are, and throws others away until all fit.
pub(super) fn settle(filled: &Arc<Inner>, duck: &Arc<Duck>) {
    if let Err(error) = filled.share.measure(duck) {
        tracing::warn!(%error, "a warehouse could not be measured");
    }
    let others: Vec<Arc<Inner>> = {
        let mut all = FILLED.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|known| known.strong_count() > 0);
        if !all.iter().any(|known| known.as_ptr() == Arc::as_ptr(filled)) {
            all.push(Arc::downgrade(filled));
        }
        let alive = all.iter().filter_map(Weak::upgrade);
        alive.filter(|other| !Arc::ptr_eq(other, filled) && other.instance().is_some()).collect()
    };
    let taken = |inner: &Inner| inner.share.bytes.load(Ordering::Relaxed);
    let shares: Vec<(u64, u64)> =
        others.iter().map(|other| (other.share.used.load(Ordering::Relaxed), taken(other))).collect();
    for at in to_leave(BUDGET.load(Ordering::Relaxed), taken(filled), &shares) {
        // Whoever is reading keeps it until he is done.
        others[at].put(None);
    }
}

/// Which of the others, given as when they were used and what they take, must leave for all to fit beside `own` bytes: those
/// unused longest.
fn to_leave(budget: u64, own: u64, others: &[(u64, u64)]) -> Vec<usize> {
    let mut total = others.iter().fold(own, |total, (_, bytes)| total.saturating_add(*bytes));
    let mut oldest: Vec<usize> = (0..others.len()).collect();
    oldest.sort_unstable_by_key(|at| others[*at].0);
    oldest.retain(|at| {
        let leaves = total > budget;
        if leaves {
            total = total.saturating_sub(others[*at].1);
        }
        leaves
    });
    oldest
}

/// Bytes that the process may use: the control group's limit, or the machine's memory.
fn available() -> u64 {
    let number = |file| {
        let text = std::fs::read_to_string(file).ok()?;
        text.split_whitespace().find_map(|word| word.parse::<u64>().ok())
    };
    let group = number("/sys/fs/cgroup/memory.max");
    // Its first line is "MemTotal: … kB".
    let machine = number("/proc/meminfo").map(|kib| kib * 1024);
    let sure = duck::Limits::default().memory_mb;
    group.into_iter().chain(machine).min().unwrap_or(u64::from(sure) * MIB)
}

#[cfg(test)]
mod tests {
    use super::to_leave;

    #[test]
    fn those_unused_longest_leave_until_all_fit() {
        let others = [(7, 30), (2, 40), (5, 20)];
        assert!(to_leave(100, 10, &others).is_empty(), "exactly full");
        assert_eq!(to_leave(99, 10, &others), [1]);
        assert_eq!(to_leave(50, 10, &others), [1, 2]);
        assert_eq!(to_leave(39, 10, &others), [1, 2, 0]);
        assert_eq!(to_leave(5, 10, &others), [1, 2, 0], "the one in use stays, however large");
        assert!(to_leave(5, 10, &[]).is_empty());
    }
}
