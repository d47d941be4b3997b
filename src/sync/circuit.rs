//! A circuit per source: after failures in a row, whoever's they are, the source is left alone for a while; then one asks for all.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::connectors::Source;

/// Failures in a row, of any integrations, that open a circuit.
const OPENS_AFTER: u32 = 8;
/// How long it stays open at first, doubled each time that the one who asks fails.
const FIRST_MS: i64 = 30_000;
const LONGEST_MS: i64 = 900_000;
/// How long the others wait for the one who asks for all.
const PROBE_MS: i64 = 60_000;

/// The circuits of this process. Times are milliseconds of the system's clock.
#[derive(Default)]
pub(super) struct Circuits(Mutex<HashMap<Source, Circuit>>);

#[derive(Default)]
struct Circuit {
    failures: u32,
    opened: u32,
    open_until_ms: i64,
    /// Somebody asks for all, who began then.
    probing_since_ms: Option<i64>,
}

impl Circuit {
    fn rests(&self, now_ms: i64) -> bool {
        let is_probed = self.probing_since_ms.is_some_and(|since| now_ms - since < PROBE_MS);
        now_ms < self.open_until_ms || is_probed
    }
}

impl Circuits {
    /// Whether the source may be asked now. Where its circuit was open, the first who is told so asks for all, and the others wait for
    /// what becomes of it, a minute at most.
    pub(super) fn may_ask(&self, source: Source, now_ms: i64) -> bool {
        let mut all = self.all();
        let Some(circuit) = all.get_mut(&source).filter(|circuit| circuit.opened > 0) else { return true };
        if circuit.rests(now_ms) {
            return false;
        }
        circuit.probing_since_ms = Some(now_ms);
        true
    }

    /// Whether nobody else may ask the source now: it is left alone, or somebody asks for all.
    pub(super) fn rests(&self, source: Source, now_ms: i64) -> bool {
        self.all().get(&source).is_some_and(|circuit| circuit.opened > 0 && circuit.rests(now_ms))
    }

    /// Until when the source is left alone, if it is.
    pub(super) fn open_until(&self, source: Source, now_ms: i64) -> Option<i64> {
        let all = self.all();
        all.get(&source)
            .filter(|circuit| circuit.opened > 0)
            .map(|circuit| circuit.open_until_ms)
            .filter(|until| now_ms < *until)
    }

    /// The source answered.
    pub(super) fn answered(&self, source: Source) {
        self.all().remove(&source);
    }

    /// The source did not answer, or with trouble of its own. True where this opens its circuit.
    pub(super) fn failed(&self, source: Source, now_ms: i64) -> bool {
        let mut all = self.all();
        let circuit = all.entry(source).or_default();
        circuit.failures = circuit.failures.saturating_add(1);
        let probe_failed = circuit.probing_since_ms.take().is_some();
        if circuit.failures < OPENS_AFTER && !probe_failed || now_ms < circuit.open_until_ms {
            return false;
        }
        let pause = FIRST_MS.saturating_mul(1 << circuit.opened.min(10)).min(LONGEST_MS);
        circuit.opened = circuit.opened.saturating_add(1);
        circuit.open_until_ms = now_ms.saturating_add(pause);
        true
    }

    fn all(&self) -> MutexGuard<'_, HashMap<Source, Circuit>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opens_after_failures_in_a_row_and_closes_when_one_is_answered() {
        let circuits = Circuits::default();
        let source = Source::Shopify;
        for _ in 1..OPENS_AFTER {
            assert!(!circuits.failed(source, 0) && circuits.may_ask(source, 0));
        }
        circuits.answered(source);
        for _ in 1..OPENS_AFTER {
            assert!(!circuits.failed(source, 0));
        }
        assert!(circuits.failed(source, 0), "the eighth in a row opens it");
        assert!(!circuits.may_ask(source, FIRST_MS - 1) && circuits.may_ask(Source::MetaAds, 0));
        assert_eq!(circuits.open_until(source, 0), Some(FIRST_MS));
        assert!(!circuits.rests(source, FIRST_MS));
        assert!(circuits.may_ask(source, FIRST_MS) && !circuits.may_ask(source, FIRST_MS), "one asks for all");
        assert!(circuits.rests(source, FIRST_MS) && circuits.open_until(source, FIRST_MS).is_none());
        assert!(circuits.failed(source, FIRST_MS), "which fails");
        assert!(!circuits.may_ask(source, FIRST_MS + 2 * FIRST_MS - 1));
        assert!(circuits.may_ask(source, FIRST_MS + 2 * FIRST_MS));
        circuits.answered(source);
        assert!(circuits.may_ask(source, FIRST_MS + 2 * FIRST_MS) && circuits.open_until(source, 0).is_none());
    }
}
