//! Local day and hour of an instant in a brand's zone. The zone's rules are asked once per span between two changes of its
//! offset, not once per row.

use jiff::Timestamp;
use jiff::tz::TimeZone;

const DAY_SECONDS: i64 = 86_400;

/// A span of instants with one offset.
#[derive(Debug, Clone, Copy)]
struct Span {
    /// First second of the span.
    start: i64,
    /// First second after it.
    end: i64,
    offset_seconds: i64,
}

/// A zone with the spans met so far.
#[derive(Debug)]
pub(super) struct LocalTime {
    zone: TimeZone,
    spans: Vec<Span>,
    last: usize,
}

impl LocalTime {
    pub(super) fn new(zone: TimeZone) -> Self {
        Self { zone, spans: Vec::new(), last: 0 }
    }

    /// The local day (days since 1970-01-01) and hour of an instant in unix seconds. Beyond what the calendar knows: in UTC.
    pub(super) fn at(&mut self, unix: i64) -> (i32, i64) {
        let local = unix.saturating_add(self.offset(unix));
        let day = i32::try_from(local.div_euclid(DAY_SECONDS)).unwrap_or(if local < 0 { i32::MIN } else { i32::MAX });
        (day, local.rem_euclid(DAY_SECONDS) / 3_600)
    }

    fn offset(&mut self, unix: i64) -> i64 {
        let holds = |span: &Span| span.start <= unix && unix < span.end;
        if let Some(span) = self.spans.get(self.last).filter(|span| holds(span)) {
            return span.offset_seconds;
        }
        if let Some(at) = self.spans.iter().position(holds) {
            self.last = at;
            return self.spans[at].offset_seconds;
        }
        let Ok(instant) = Timestamp::from_second(unix) else { return 0 };
        let after = Timestamp::from_second(unix + 1).unwrap_or(instant);
        let start = self.zone.preceding(after).next().map_or(i64::MIN, |change| change.timestamp().as_second());
        let end = self.zone.following(instant).next().map_or(i64::MAX, |change| change.timestamp().as_second());
        let offset_seconds = i64::from(self.zone.to_offset(instant).seconds());
        self.last = self.spans.len();
        self.spans.push(Span { start, end, offset_seconds });
        offset_seconds
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::commerce::day_number;

    fn zone(name: &str) -> TimeZone {
        TimeZone::get(name).unwrap()
    }

    #[test]
    fn a_day_of_clock_change_keeps_its_orders() {
        // 2026-03-08: New York springs from 02:00 EST to 03:00 EDT.
        let mut local = LocalTime::new(zone("America/New_York"));
        let day = day_number(jiff::civil::date(2026, 3, 8));
        assert_eq!(local.at(1_772_953_200 - 1), (day, 1));
        assert_eq!(local.at(1_772_953_200), (day, 3));
        assert_eq!(local.at(1_772_946_000 - 1), (day - 1, 23));
    }

    proptest! {
        #[test]
        fn agrees_with_jiff(
            instants in proptest::collection::vec(-2_000_000_000_i64..4_000_000_000, 1..40),
            name in proptest::sample::select(vec!["America/New_York", "Europe/London", "Asia/Kolkata", "Australia/Lord_Howe", "Africa/Casablanca", "UTC"]),
        ) {
            let zone = zone(name);
            let mut local = LocalTime::new(zone.clone());
            for unix in instants {
                let expected = Timestamp::from_second(unix).unwrap().to_zoned(zone.clone());
                prop_assert_eq!(local.at(unix), (day_number(expected.date()), i64::from(expected.hour())));
            }
        }
    }
}
