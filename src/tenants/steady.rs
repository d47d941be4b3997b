//! Whether the clock can be believed: one that jumped by more than a day may be wrong, and nothing is removed for being old until
//! it has run evenly for a day. What is kept a day too long can still be removed; what was removed is gone.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, Transaction};

use super::registry::{Tenants, blocking};
use crate::error::Result;

const DAY_MS: i64 = 24 * 3600 * 1000;

/// What was last believed, as `control.db` keeps it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Belief {
    trusted_ms: i64,
    /// While in doubt: the clock when last looked at, and for how long it has run evenly since it jumped.
    doubt: Option<(i64, i64)>,
}

/// How long this process had run when the clock was last looked at. None before the first look.
#[derive(Default)]
pub(super) struct Steady(Mutex<Option<Duration>>);

impl Belief {
    /// What to believe of a clock that shows `now_ms`, `passed_ms` after the last look by a count that no setting of the clock
    /// touches.
    fn after(known: Option<Self>, now_ms: i64, passed_ms: i64) -> Self {
        let trusted = Self { trusted_ms: now_ms, doubt: None };
        let Some(known) = known else { return trusted };
        let even = |since: i64, passed: i64| now_ms.saturating_sub(since).saturating_sub(passed).abs() <= DAY_MS;
        let (last, evenly) = known.doubt.unwrap_or((known.trusted_ms, 0));
        // Back to where it would be had it never jumped, or about a day off at most.
        if even(known.trusted_ms, if known.doubt.is_none() { passed_ms } else { evenly + passed_ms }) {
            return trusted;
        }
        match known.doubt {
            Some(_) if even(last, passed_ms) && evenly + passed_ms >= DAY_MS => trusted,
            Some(_) if even(last, passed_ms) => Self { doubt: Some((now_ms, evenly + passed_ms)), ..known },
            _ => Self { doubt: Some((now_ms, 0)), ..known },
        }
    }

    fn read(conn: &Connection) -> Result<Option<Self>> {
        let sql = "select trusted_ms, doubted_ms, evenly_ms from clock where id = 1";
        let row = conn.query_row(sql, [], |row| {
            let doubted: Option<i64> = row.get(1)?;
            let evenly: i64 = row.get(2)?;
            Ok(Self { trusted_ms: row.get(0)?, doubt: doubted.map(|at| (at, evenly)) })
        });
        Ok(row.optional()?)
    }

    fn write(self, tx: &Transaction<'_>) -> Result<()> {
        let (doubted, evenly) = self.doubt.map_or((None, 0), |(at, evenly)| (Some(at), evenly));
        tx.execute(
            "insert into clock (id, trusted_ms, doubted_ms, evenly_ms) values (1, ?1, ?2, ?3) on conflict (id) do update
             set trusted_ms = excluded.trusted_ms, doubted_ms = excluded.doubted_ms, evenly_ms = excluded.evenly_ms",
            (self.trusted_ms, doubted, evenly),
        )?;
        Ok(())
    }
}

impl Tenants {
    /// Whether what is old may be removed for it: not when the clock jumped by more than a day since it was last looked at, until
    /// it has run evenly for a day. To be asked by whatever removes by age. One that stood still with the machine is in doubt
    /// too: it costs a day.
    pub async fn clock_is_steady(&self) -> Result<bool> {
        let tenants = self.clone();
        blocking(move || tenants.look_at_clock()).await
    }

    fn look_at_clock(&self) -> Result<bool> {
        let (now_ms, running) = (self.clock().system_time().as_millisecond(), self.clock().running());
        let mut last = self.steady().0.lock().unwrap_or_else(PoisonError::into_inner);
        let passed = running.saturating_sub(last.unwrap_or(running));
        let known = self.control().read_blocking(Belief::read)?;
        let belief = Belief::after(known, now_ms, i64::try_from(passed.as_millis()).unwrap_or(i64::MAX));
        self.control().write_blocking(|tx| belief.write(tx))?;
        *last = Some(running);
        if belief.doubt.is_some() && known.is_none_or(|known| known.doubt.is_none()) {
            tracing::warn!(
                "the clock jumped by more than a day: nothing is removed for being old until it has run evenly for a day"
            );
        }
        Ok(belief.doubt.is_none())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR_MS: i64 = DAY_MS / 24;
    const NOW: i64 = 1_790_000_000_000;

    /// Looks every hour for so long, the clock running evenly; how it is believed then.
    fn run(mut belief: Belief, from_ms: i64, hours: i64) -> Belief {
        for hour in 1..=hours {
            belief = Belief::after(Some(belief), from_ms + hour * HOUR_MS, HOUR_MS);
        }
        belief
    }

    #[test]
    fn a_jump_of_more_than_a_day_is_doubted_until_a_day_has_passed_evenly() {
        let calm = Belief::after(None, NOW, 0);
        assert_eq!(calm.doubt, None);
        for days in [40, -40, 2, -2] {
            let there = NOW + days * DAY_MS;
            let jumped = Belief::after(Some(calm), there, HOUR_MS);
            assert!(jumped.doubt.is_some(), "{days} days");
            assert!(run(jumped, there, 23).doubt.is_some(), "{days} days");
            assert_eq!(run(jumped, there, 24).doubt, None, "{days} days");
            let back = Belief::after(Some(run(jumped, there, 5)), NOW + 7 * HOUR_MS, HOUR_MS);
            assert_eq!(back.doubt, None, "set right again after {days} days");
        }
        for step in [HOUR_MS, -HOUR_MS, 300, -300] {
            assert_eq!(Belief::after(Some(calm), NOW + step + HOUR_MS, HOUR_MS).doubt, None, "{step} ms");
        }
    }

    #[test]
    fn doubt_outlasts_restarts_and_ends_on_a_machine_that_is_off_at_night() {
        let calm = Belief::after(None, NOW, 0);
        let mut now = NOW + 5 * DAY_MS;
        let mut belief = Belief::after(Some(calm), now, 0);
        for day in 0..3 {
            assert!(belief.doubt.is_some(), "day {day}");
            belief = run(belief, now, 8);
            now += DAY_MS;
            belief = Belief::after(Some(belief), now, 0);
        }
        assert_eq!(belief.doubt, None, "three times eight hours are a day");
    }
}
