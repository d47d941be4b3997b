//! The leaky bucket of a shop: points that a query takes and time gives back.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};

/// What a shop of the Standard plan has.
pub const MOST: i64 = 2000;
pub const RATE: i64 = 100;

/// Points of a shop.
#[derive(Debug, Default)]
pub struct Bucket {
    /// Points that are out, in thousandths, as of when.
    out: Mutex<(i64, Duration)>,
}

impl Bucket {
    /// Takes `cost` points at `now`, a count of time that only grows; the points there are, whether it worked or not.
    ///
    /// # Errors
    /// There are not enough.
    pub fn take(&self, cost: i64, now: Duration) -> Result<i64, i64> {
        let mut out = self.out.lock().unwrap_or_else(PoisonError::into_inner);
        let passed = now.saturating_sub(out.1).as_millis().min(60_000);
        let back = i64::try_from(passed).unwrap_or(60_000) * RATE;
        *out = ((out.0 - back).max(0), now);
        let there = MOST - out.0 / 1000;
        if cost > there {
            return Err(there);
        }
        out.0 += cost * 1000;
        Ok(there - cost)
    }

    /// Gives points back that were asked for and not used.
    pub fn give_back(&self, points: i64) {
        let mut out = self.out.lock().unwrap_or_else(PoisonError::into_inner);
        out.0 = (out.0 - points * 1000).max(0);
    }
}

/// `extensions.cost`.
pub fn cost(requested: i64, actual: Option<i64>, there: i64) -> Value {
    json!({"requestedQueryCost": requested, "actualQueryCost": actual, "throttleStatus":
        {"maximumAvailable": MOST, "currentlyAvailable": there, "restoreRate": RATE}})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_come_back_with_time() {
        let bucket = Bucket::default();
        let at = Duration::from_secs;
        assert_eq!(bucket.take(1500, at(1)), Ok(500));
        assert_eq!(bucket.take(600, at(1)), Err(500));
        assert_eq!(bucket.take(600, at(2)), Ok(0));
        bucket.give_back(100);
        assert_eq!(bucket.take(100, at(2)), Ok(0));
        assert_eq!(bucket.take(1, at(1000)), Ok(1999));
    }
}
