//! What is due when: a minute of its own for every integration, waits that grow after failures, and which pass a stream needs next.

use std::time::Duration;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};
use sha2::{Digest, Sha256};

use super::Settings;
use super::store::Integration;
use super::store::streams::{State, Stream};
use crate::connectors::{self, Pass};

/// The first wait after a failure is at most this long, and each further one at most twice as long.
const FIRST_WAIT_MS: i64 = 5_000;
/// No wait grows beyond this.
const LONGEST_WAIT_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * 3_600_000;
/// How soon days whose figures still change are read again, a little under a day so that an hourly pass does not just miss it.
const RESTATED_MS: i64 = DAY_MS - 1_800_000;

/// The next moment at which an integration looks for what is new, after `now_ms`: its own place within the period.
pub(super) fn next_slot(uid: &str, every_ms: i64, now_ms: i64) -> i64 {
    let offset = offset(uid, every_ms);
    let passed = (now_ms - offset).rem_euclid(every_ms);
    now_ms.saturating_add(every_ms - passed)
}

/// The place of an integration within the period: the same at every start, and even over many integrations.
fn offset(uid: &str, every_ms: i64) -> i64 {
    let digest = Sha256::digest(uid.as_bytes());
    let number = digest.iter().take(7).fold(0_i64, |sum, byte| sum << 8 | i64::from(*byte));
    number % every_ms
}

/// How long to wait after the `failures`th failure in a row: exponential, with full jitter (`chance` of 2^32), never less than the
/// platform asked for.
pub(super) fn backoff_ms(failures: u32, asked: Option<Duration>, chance: u32) -> i64 {
    let most = FIRST_WAIT_MS.saturating_mul(1 << failures.saturating_sub(1).min(20)).min(LONGEST_WAIT_MS);
    let part = |most: i64| i64::try_from(i128::from(most) * i128::from(chance) / (1_i128 << 32)).unwrap_or(most);
    match asked {
        // A little later than asked, so that not all who were refused come back in the same moment.
        Some(asked) => millis(asked).saturating_add(1 + part(most.min(millis(asked) / 10 + 1_000))),
        None => 250_i64.saturating_add(part(most)),
    }
}

/// A duration in milliseconds, a day at most.
pub(super) fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX).min(DAY_MS)
}

/// When a stream that the platform refuses is tried again.
pub(super) fn next_day(now_ms: i64) -> i64 {
    now_ms.saturating_add(DAY_MS)
}

/// The pass that a stream needs when it is due: the one that was broken off, else the first, else what a person asked for, else the
/// daily one, else what is new.
pub(super) fn pass_of(
    stream: &Stream,
    what: &connectors::Stream,
    it: &Integration,
    settings: &Settings,
    (today, now_ms): (Date, i64),
) -> Pass {
    if let Some(pass) = &stream.pass {
        return pass.clone();
    }
    let Some(through) = stream.through else {
        return Pass::Backfill { from: first_day(what, it, settings, today) };
    };
    if let Some(asked) = stream.asked.first() {
        return asked.clone();
    }
    if what.restates && stream.restated_at_ms.is_none_or(|at| now_ms.saturating_sub(at) >= RESTATED_MS) {
        return Pass::Restate;
    }
    Pass::Recent { since: Some(through) }
}

/// How far back the first pass goes: no further than the source, the integration and the installation say.
fn first_day(what: &connectors::Stream, it: &Integration, settings: &Settings, today: Date) -> Option<Date> {
    let own = it.history_days.or(Some(settings.history_days)).filter(|days| *days > 0);
    let days = match (what.history_days, own) {
        (Some(most), Some(own)) => most.min(own),
        (one, other) => one.or(other)?,
    };
    today.checked_sub(Span::new().try_days(days).ok()?).ok()
}

/// The day of an instant where the brand is.
pub(super) fn day_of(now: Timestamp, zone: &TimeZone) -> Date {
    now.to_zoned(zone.clone()).date()
}

/// The stream to be read next: what is new before first passes, then in the order of the streams; none where nothing is due.
pub(super) fn next_stream(streams: &[Stream], now_ms: i64) -> Option<&Stream> {
    let due = || streams.iter().filter(|stream| stream.next_at_ms <= now_ms);
    let first_pass = |stream: &&Stream| stream.through.is_none();
    due().find(|stream| !first_pass(stream)).or_else(|| due().next())
}

/// When an integration is next due; none while it waits for a person.
pub(super) fn due_ms(it: &Integration, streams: &[Stream], settings: &Settings) -> Option<i64> {
    use super::store::Hindrance;
    if it.paused || it.hindrance == Some(Hindrance::SignIn) {
        return None;
    }
    if it.tested.is_none() || it.hindrance.is_some() {
        return Some(it.not_before_ms.max(it.created_at_ms));
    }
    let next = streams.iter().map(|stream| stream.next_at_ms).min()?.max(it.not_before_ms);
    let overdue = (!it.overdue_told).then(|| overdue_ms(it, settings));
    Some(overdue.map_or(next, |overdue| next.min(overdue)))
}

/// When an integration counts as overdue: twice the period after it was last through.
pub(super) fn overdue_ms(it: &Integration, settings: &Settings) -> i64 {
    it.synced_at_ms.unwrap_or(it.created_at_ms).saturating_add(2 * settings.every_ms())
}

/// The state that follows from what is known of an integration and its streams.
pub(super) fn state_of(it: &Integration, streams: &[Stream]) -> super::State {
    use super::store::Hindrance;
    let any = |state: State| streams.iter().any(|stream| stream.state == state);
    match it.hindrance {
        _ if it.paused => super::State::Paused,
        Some(Hindrance::SignIn) => super::State::NeedsSignIn,
        Some(_) => super::State::Degraded,
        None if it.tested.is_none() && it.error.is_none() => super::State::Connecting,
        None if it.tested.is_none() => super::State::Degraded,
        None if any(State::Degraded) || any(State::Blocked) => super::State::Degraded,
        None if streams.iter().any(|stream| stream.through.is_none()) => super::State::Backfilling,
        None => super::State::Healthy,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_slot_is_within_the_period_and_always_the_same(uid in "[a-f0-9]{8}", now in 0_i64..4_000_000_000_000, every in 60_000_i64..7_200_000) {
            let next = next_slot(&uid, every, now);
            prop_assert!(next > now && next <= now + every);
            prop_assert_eq!(next_slot(&uid, every, next), next + every);
            prop_assert_eq!(next_slot(&uid, every, next - 1), next);
        }

        #[test]
        fn waits_grow_are_bounded_and_never_shorter_than_asked(failures in 0_u32..u32::MAX, chance: u32, asked in proptest::option::of(0_u64..200_000)) {
            let wait = backoff_ms(failures, asked.map(Duration::from_secs), chance);
            prop_assert!(wait > 0 && wait <= LONGEST_WAIT_MS + 2 * DAY_MS);
            if let Some(asked) = asked {
                prop_assert!(wait > millis(Duration::from_secs(asked)));
            }
        }
    }

    #[test]
    fn the_most_a_wait_may_take_doubles_until_an_hour() {
        let most = |failures| backoff_ms(failures, None, u32::MAX) - 249;
        assert_eq!([most(1), most(2), most(3)], [5_000, 10_000, 20_000]);
        assert_eq!(most(40), 3_600_000);
        assert_eq!(backoff_ms(3, None, 0), 250, "full jitter: from nothing on");
    }

    #[test]
    fn slots_are_spread_evenly() {
        let mut tenths = [0_u32; 10];
        for number in 0..1_000 {
            let at = offset(&format!("integration-{number}"), 3_600_000);
            tenths[usize::try_from(at / 360_000).unwrap()] += 1;
        }
        assert!(tenths.iter().all(|count| (60..140).contains(count)), "{tenths:?}");
    }
}
