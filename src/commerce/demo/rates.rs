//! Exchange rates of the demo: invented, near the real ones, the same for every seed.

use jiff::civil::Date;

use super::{
    calendar::days_between,
    draw::{Draw, Stream},
};
use crate::money::{Currency, format_micros};

/// Where the demo's rates say they come from.
pub const SOURCE: &str = "demo";

/// Units of `quote` for one unit of `base` on a day, as decimal text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DemoRate {
    /// The day it holds for.
    pub day: Date,
    /// What is converted.
    pub base: Currency,
    /// What it is converted to.
    pub quote: Currency,
    /// Decimal text, six places.
    pub rate: String,
}

// Micros of a US dollar for one unit.
const IN_DOLLARS: [(&str, i64); 3] = [("USD", 1_000_000), ("EUR", 1_095_000), ("GBP", 1_282_000)];
const EPOCH: Date = jiff::civil::date(2024, 1, 1);
const KNOT_DAYS: i64 = 28;

/// Rates of the demo's currencies to `quote` for every day of `first..=last`.
pub fn daily(quote: Currency, first: Date, last: Date) -> Vec<DemoRate> {
    let mut rates = Vec::new();
    let mut day = first;
    while day <= last {
        for (index, (code, _)) in IN_DOLLARS.iter().enumerate() {
            let Some(base) = Currency::parse(code).filter(|base| *base != quote) else { continue };
            let Some(to) = IN_DOLLARS.iter().position(|(code, _)| *code == quote.code()) else { continue };
            let micros = i128::from(in_dollars(index, day)) * 1_000_000 / i128::from(in_dollars(to, day));
            rates.push(DemoRate { day, base, quote, rate: format_micros(micros, 6) });
        }
        let Ok(next) = day.tomorrow() else { break };
        day = next;
    }
    rates
}

// Wanders by up to 3.5 % between monthly knots, with a little noise each day.
fn in_dollars(index: usize, day: Date) -> i64 {
    let usual = IN_DOLLARS[index].1;
    if index == 0 {
        return usual;
    }
    let day = days_between(EPOCH, day);
    let (knot, passed) = (day.div_euclid(KNOT_DAYS), day.rem_euclid(KNOT_DAYS));
    let at = |n: i64, span: i64, salt: i64| {
        let number = (n + 1_000_000) * 16 + index as i64 * 2 + salt;
        Draw::new(0, Stream::Rates, number.unsigned_abs()).between(-span, span)
    };
    let (from, to) = (at(knot, 35_000, 0), at(knot + 1, 35_000, 0));
    let off_ppm = from + (to - from) * passed / KNOT_DAYS + at(day, 1_800, 1);
    usual * (1_000_000 + off_ppm) / 1_000_000
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn every_day_has_a_plausible_rate() {
        let dollar = Currency::parse("USD").expect("known");
        let rates = daily(dollar, date(2024, 1, 1), date(2026, 11, 22));
        assert_eq!(rates.len(), 2 * 1_057);
        let euro: Vec<i64> = rates
            .iter()
            .filter(|r| r.base.code() == "EUR")
            .map(|r| crate::money::parse_micros(&r.rate).expect("decimal"))
            .collect();
        assert!(euro.iter().all(|micros| (1_050_000..1_140_000).contains(micros)));
        assert!(euro.windows(2).all(|w| (w[1] - w[0]).abs() < 9_000), "no jumps from day to day");
        assert_ne!(euro.first(), euro.last());
    }

    #[test]
    fn a_later_end_changes_no_earlier_rate() {
        let pound = Currency::parse("GBP").expect("known");
        let short = daily(pound, date(2025, 1, 1), date(2025, 2, 1));
        let long = daily(pound, date(2025, 1, 1), date(2025, 6, 1));
        assert_eq!(short, long[..short.len()]);
    }
}
