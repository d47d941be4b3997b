//! Reads days and instants as the platforms and spreadsheets write them. Day-first or month-first is learnt over the whole file
//! or asked, never guessed.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;

/// Which of day and month comes first where the year does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    DayFirst,
    MonthFirst,
}

/// Days outside these years are taken for typing errors.
const YEARS: std::ops::RangeInclusive<i16> = 1990..=2099;

/// What a file's dates say about their order.
#[derive(Debug, Default, Clone, Copy)]
pub struct Evidence {
    day_first: u64,
    month_first: u64,
    open: u64,
}

impl Evidence {
    /// Looks at one cell.
    pub fn observe(&mut self, text: &str) {
        if text.as_bytes().get(4).is_some_and(|b| !b.is_ascii_digit())
            && text.as_bytes()[..4].iter().all(u8::is_ascii_digit)
        {
            return;
        }
        let Some((a, b, mark)) = leading_pair(text) else { return };
        match (a > 12, b > 12, mark) {
            (true, false, _) => self.day_first += 1,
            (false, true, _) => self.month_first += 1,
            (false, false, '.') => self.day_first += 1,
            (false, false, _) if a != b => self.open += 1,
            _ => {}
        }
    }

    /// The file's order; `None` where its dates can be read both ways.
    pub fn decide(self) -> Option<Order> {
        match self.day_first.cmp(&self.month_first) {
            std::cmp::Ordering::Greater => Some(Order::DayFirst),
            std::cmp::Ordering::Less => Some(Order::MonthFirst),
            std::cmp::Ordering::Equal if self.open > 0 || self.day_first > 0 => None,
            std::cmp::Ordering::Equal => Some(Order::DayFirst),
        }
    }
}

/// Reads an order as an option or a mapping gives it: `dmy`, `DD/MM/YYYY`, `%d/%m/%Y`, `mdy`, and so on.
pub fn order_of(format: &str) -> Option<Order> {
    let date = format.split(['T', ' ', 'H', 'h']).next().unwrap_or(format);
    let at = |letters: &[char]| date.find(|c: char| letters.contains(&c));
    let (day, month) = (at(&['d', 'D', 'e'])?, at(&['m', 'M', 'b', 'B'])?);
    at(&['y', 'Y'])?;
    Some(if day < month { Order::DayFirst } else { Order::MonthFirst })
}

fn leading_pair(text: &str) -> Option<(u32, u32, char)> {
    let (a, rest) = number(text, 2)?;
    let mark = rest.chars().next().filter(|c| matches!(c, '/' | '.' | '-'))?;
    let (b, rest) = number(&rest[1..], 2)?;
    rest.starts_with(mark).then_some((a, b, mark))
}

fn number(text: &str, most: usize) -> Option<(u32, &str)> {
    let digits = text.bytes().take(most).take_while(u8::is_ascii_digit).count();
    let value = text.get(..digits)?.parse().ok()?;
    Some((value, &text[digits..]))
}

/// A calendar day; a time of day after it is ignored.
pub fn day(text: &str, order: Order) -> Option<Date> {
    let (date, rest) = split_day(text, order)?;
    (rest.is_empty() || rest.starts_with([' ', 'T', ','])).then_some(date)
}

/// An instant in unix seconds. Without an offset in the text it is the zone's local time; a time that a clock change skips or
/// repeats is read as jiff's "compatible" does. Without a time of day it is midnight.
pub fn instant(text: &str, order: Order, zone: &TimeZone) -> Option<i64> {
    let (date, rest) = split_day(text, order)?;
    let rest = rest.trim_start_matches([' ', 'T', ',', '\u{a0}', '\u{202f}']);
    let (time, rest) = if rest.is_empty() { (Time::midnight(), "") } else { clock(rest)? };
    let local = DateTime::from_parts(date, time);
    let seconds = match offset(rest.trim())? {
        Some(east) => TimeZone::UTC.to_timestamp(local).ok()?.as_second() - east,
        None => zone.to_timestamp(local).ok()?.as_second(),
    };
    Some(seconds)
}

fn split_day(text: &str, order: Order) -> Option<(Date, &str)> {
    let text = text.trim();
    let bytes = text.as_bytes();
    let digits = bytes.iter().take_while(|b| b.is_ascii_digit()).count();
    match digits {
        8 => {
            let part = |from: usize, to: usize| text.get(from..to)?.parse::<u32>().ok();
            Some((checked(part(0, 4)?, part(4, 6)?, part(6, 8)?)?, &text[8..]))
        }
        4 => {
            let mark = *bytes.get(4).filter(|b| matches!(b, b'-' | b'/' | b'.'))?;
            let (month, rest) = number(&text[5..], 2)?;
            let (day, rest) = number(rest.strip_prefix(char::from(mark))?, 2)?;
            Some((checked(text[..4].parse().ok()?, month, day)?, rest))
        }
        1 | 2 => match leading_pair(text) {
            Some((a, b, mark)) => {
                let (_, rest) = number(text, 2)?;
                let (_, rest) = number(&rest[1..], 2)?;
                let (year, rest) = year(rest.strip_prefix(mark)?)?;
                let (day, month) = if order == Order::DayFirst { (a, b) } else { (b, a) };
                Some((checked(year, month, day)?, rest))
            }
            None => worded(text),
        },
        _ => worded(text),
    }
}

fn year(text: &str) -> Option<(u32, &str)> {
    let (year, rest) = number(text, 4)?;
    match text.len() - rest.len() {
        4 => Some((year, rest)),
        2 => Some((2000 + year, rest)),
        _ => None,
    }
}

fn checked(year: u32, month: u32, day: u32) -> Option<Date> {
    let date = Date::new(i16::try_from(year).ok()?, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()?;
    YEARS.contains(&date.year()).then_some(date)
}

/// `21 nov. 2026`, `21. November 2026`, `Nov 21, 2026`, `21 de noviembre de 2026`.
fn worded(text: &str) -> Option<(Date, &str)> {
    let (mut day, mut month) = (None, None);
    let mut rest = text;
    for _ in 0..6 {
        rest = rest.trim_start_matches([' ', '.', ',', '-', '/', '\u{a0}']);
        if rest.starts_with(|c: char| c.is_ascii_digit()) {
            let four = rest.bytes().take_while(u8::is_ascii_digit).count() == 4;
            let (value, after) = number(rest, 4)?;
            match (day, month) {
                (Some(d), Some(m)) => return Some((checked(if four { value } else { 2000 + value }, m, d)?, after)),
                (None, _) if !four => day = Some(value),
                _ => return None,
            }
            rest = after;
        } else {
            let word = rest.split(|c: char| !c.is_alphabetic()).next().filter(|w| !w.is_empty())?;
            match month_of(word) {
                Some(found) if month.is_none() => month = Some(found),
                None if matches!(word, "de" | "del" | "st" | "nd" | "rd" | "th") => {}
                _ => return None,
            }
            rest = &rest[word.len()..];
        }
    }
    None
}

/// Month names and their abbreviations in English, German, French, Spanish, Italian, Dutch and Portuguese.
const MONTHS: [&str; 12] = [
    "jan january januar jän jänner janvier janv enero ene gennaio gen januari janeiro",
    "feb february februar février févr fév febrero febbraio februari fevereiro fev",
    "mar march märz mär mrz mars marzo maart mrt março",
    "apr april avril avr abril abr aprile",
    "may mai mayo maggio mag mei maio",
    "jun june juni juin junio giugno giu junho",
    "jul july juli juillet juil julio luglio lug julho",
    "aug august août aout agosto ago augustus",
    "sep sept september septembre septiembre settembre set setembro",
    "oct october oktober okt octobre octubre ottobre ott outubro out",
    "nov november novembre noviembre novembro",
    "dec december dezember dez décembre déc diciembre dic dicembre dezembro",
];

fn month_of(word: &str) -> Option<u32> {
    let lower = word.to_lowercase();
    let at = MONTHS.iter().position(|names| names.split(' ').any(|name| name == lower))?;
    u32::try_from(at + 1).ok()
}

/// A time of day, `8:26`, `08:26:00.123`, `8:26 pm`.
fn clock(text: &str) -> Option<(Time, &str)> {
    let (mut hour, rest) = number(text, 2)?;
    let (minute, mut rest) = number(rest.strip_prefix(':')?, 2)?;
    let mut second = 0;
    if let Some(after) = rest.strip_prefix(':') {
        (second, rest) = number(after, 2)?;
        if let Some(after) = rest.strip_prefix('.') {
            rest = after.trim_start_matches(|c: char| c.is_ascii_digit());
        }
    }
    let tail = rest.trim_start_matches([' ', '\u{a0}', '\u{202f}']);
    let half = tail.get(..2).map(str::to_ascii_lowercase);
    if let Some(half @ ("am" | "pm")) = half.as_deref() {
        if hour == 0 || hour > 12 {
            return None;
        }
        hour = hour % 12 + if half == "pm" { 12 } else { 0 };
        rest = &tail[2..];
    }
    let part = |n: u32| i8::try_from(n).ok();
    Some((Time::new(part(hour)?, part(minute)?, part(second)?.min(59), 0).ok()?, rest))
}

/// Seconds east of UTC: `Z`, `UTC`, `+0100`, `-05:00`; `Some(None)` where the text names none.
fn offset(text: &str) -> Option<Option<i64>> {
    match text {
        "" => return Some(None),
        "Z" | "z" | "UTC" | "GMT" => return Some(Some(0)),
        _ => {}
    }
    let sign = match text.as_bytes()[0] {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let (hours, rest) = number(&text[1..], 2)?;
    let rest = rest.strip_prefix(':').unwrap_or(rest);
    let (minutes, rest) = if rest.is_empty() { (0, rest) } else { number(rest, 2)? };
    (rest.is_empty() && hours <= 14 && minutes < 60)
        .then_some(Some(sign * (i64::from(hours) * 3600 + i64::from(minutes) * 60)))
}

#[cfg(test)]
#[path = "dates_tests.rs"]
mod tests;
