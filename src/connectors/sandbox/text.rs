//! Short texts without an allocation: times, days, amounts and identifiers, a hundred million of which go out in a benchmark.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Serialize, Serializer};

/// Room of the longest of them.
const ROOM: usize = 64;
pub const DAY: i64 = 86_400;

/// A short text on the stack.
#[derive(Clone, Copy)]
pub struct Short {
    bytes: [u8; ROOM],
    len: usize,
}

impl Default for Short {
    fn default() -> Self {
        Self { bytes: [0; ROOM], len: 0 }
    }
}

impl Short {
    pub fn push(&mut self, text: &str) -> &mut Self {
        let end = (self.len + text.len()).min(ROOM);
        self.bytes[self.len..end].copy_from_slice(&text.as_bytes()[..end - self.len]);
        self.len = end;
        self
    }

    fn digit(&mut self, digit: u64) {
        if self.len < ROOM {
            self.bytes[self.len] = b'0' + (digit % 10) as u8;
            self.len += 1;
        }
    }

    /// A number, with zeros before it up to `width`.
    pub fn number(&mut self, value: u64, width: usize) -> &mut Self {
        let mut digits = [0_u8; 20];
        let mut at = digits.len();
        let mut rest = value;
        while rest > 0 || digits.len() - at < width.max(1) {
            at -= 1;
            digits[at] = (rest % 10) as u8;
            rest /= 10;
        }
        for digit in &digits[at..] {
            self.digit(u64::from(*digit));
        }
        self
    }

    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.bytes[..self.len]).unwrap_or_default()
    }
}

impl Serialize for Short {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl std::fmt::Display for Short {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Year, month and day of a day counted from 1970-01-01.
fn civil(day: i64) -> (i64, u64, u64) {
    let shifted = day + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * of_year + 2) / 153;
    let date = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month.unsigned_abs(), date.unsigned_abs())
}

/// `2026-06-22` of a day counted from 1970-01-01.
pub fn day(day: i64) -> Short {
    let (year, month, date) = civil(day);
    let mut text = Short::default();
    text.number(year.unsigned_abs(), 4).push("-").number(month, 2).push("-").number(date, 2);
    text
}

/// `2026-06-22T22:29:28Z` of seconds since 1970.
pub fn instant(seconds: i64) -> Short {
    let mut text = day(seconds.div_euclid(DAY));
    let of_day = seconds.rem_euclid(DAY).unsigned_abs();
    text.push("T").number(of_day / 3600, 2).push(":").number(of_day / 60 % 60, 2);
    text.push(":").number(of_day % 60, 2).push("Z");
    text
}

/// The day that `2026-06-22` names, counted from 1970-01-01.
pub fn read_day(text: &str) -> Option<i64> {
    let date: Date = text.parse().ok()?;
    let epoch = Date::constant(1970, 1, 1);
    Some(i64::from(date.since(epoch).ok()?.get_days()))
}

/// Seconds since 1970 of an instant, or of the beginning of a day, UTC.
pub fn read_instant(text: &str) -> Option<i64> {
    match text.parse::<Timestamp>() {
        Ok(at) => Some(at.as_second()),
        Err(_) => read_day(text).map(|day| day * DAY),
    }
}

/// Hundredths as a decimal with as few places as it needs, one at least, as the GraphQL API writes money: `13.5`, `20.0`, `-4.25`.
pub fn amount(hundredths: i64) -> Short {
    let mut text = Short::default();
    if hundredths < 0 {
        text.push("-");
    }
    let value = hundredths.unsigned_abs();
    text.number(value / 100, 1).push(".");
    match value % 100 {
        rest if rest % 10 == 0 => text.number(rest / 10, 1),
        rest => text.number(rest, 2),
    };
    text
}

/// Hundredths with both places, as prices of variants and exports are written: `13.50`.
pub fn price(hundredths: i64) -> Short {
    let mut text = Short::default();
    if hundredths < 0 {
        text.push("-");
    }
    let value = hundredths.unsigned_abs();
    text.number(value / 100, 1).push(".").number(value % 100, 2);
    text
}

/// Millionths as a decimal without trailing zeros: `7.348789`, `0.06`, `12`.
pub fn micros(millionths: i64) -> Short {
    let mut text = Short::default();
    if millionths < 0 {
        text.push("-");
    }
    let value = millionths.unsigned_abs();
    text.number(value / 1_000_000, 1);
    let (mut rest, mut places) = (value % 1_000_000, 6);
    if rest > 0 {
        while rest % 10 == 0 {
            rest /= 10;
            places -= 1;
        }
        text.push(".").number(rest, places);
    }
    text
}

/// A whole number.
pub fn whole(value: i64) -> Short {
    let mut text = Short::default();
    if value < 0 {
        text.push("-");
    }
    text.number(value.unsigned_abs(), 1);
    text
}

/// `gid://shopify/Order/8837991727410`.
pub fn gid(kind: &str, id: u64) -> Short {
    let mut text = Short::default();
    text.push("gid://shopify/").push(kind).push("/").number(id, 1);
    text
}

/// Lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_days_are_written_and_read() {
        for seconds in [0, 951_782_400, 1_782_167_368, 4_102_444_799, -1] {
            let text = Timestamp::from_second(seconds).unwrap().to_string();
            assert_eq!(instant(seconds).as_str(), text);
            assert_eq!(read_instant(&text), Some(seconds));
        }
        assert_eq!(day(read_day("2024-02-29").unwrap()).as_str(), "2024-02-29");
        assert_eq!(read_instant("2026-06-22"), Some(read_day("2026-06-22").unwrap() * DAY));
        assert_eq!(read_instant("yesterday"), None);
    }

    #[test]
    fn amounts_have_as_many_places_as_the_platforms_write() {
        let texts = [(1350, "13.5"), (2000, "20.0"), (-425, "-4.25"), (5, "0.05"), (0, "0.0")];
        assert!(texts.iter().all(|(value, text)| amount(*value).as_str() == *text));
        assert_eq!([price(1350).as_str(), price(-5).as_str()], ["13.50", "-0.05"]);
        let texts = [(7_348_789, "7.348789"), (60_000, "0.06"), (12_000_000, "12"), (-1_500_000, "-1.5"), (0, "0")];
        assert!(texts.iter().all(|(value, text)| micros(*value).as_str() == *text));
        assert_eq!(gid("Order", 12).as_str(), "gid://shopify/Order/12");
    }
}
