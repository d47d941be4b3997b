//! Reads numbers as people's spreadsheets write them: decimal point or comma, thousands marks, currency signs, percent. A cell
//! that does not fit the file's style is refused, never guessed.

use crate::money::{Currency, MICROS};

/// Which character stands before the decimals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decimal {
    Point,
    Comma,
}

/// What a file's numeric cells say about its style, gathered over the whole file.
#[derive(Debug, Default, Clone, Copy)]
pub struct Evidence {
    point: u64,
    comma: u64,
}

impl Evidence {
    /// Looks at one cell. `whole` says that the column holds whole numbers, so that `1.234` can only be a thousand.
    pub fn observe(&mut self, text: &str, whole: bool) {
        let bytes = text.as_bytes();
        if !bytes.iter().any(|b| *b == b'.' || *b == b',') {
            return;
        }
        let last = |mark: u8| bytes.iter().rposition(|b| *b == mark);
        let (point, comma) = (last(b'.'), last(b','));
        let (at, mark, mixed) = match (point, comma) {
            (Some(p), Some(c)) => (p.max(c), if p > c { b'.' } else { b',' }, true),
            (Some(p), None) => (p, b'.', false),
            (None, Some(c)) => (c, b',', false),
            (None, None) => return,
        };
        let repeated = bytes.iter().filter(|b| **b == mark).count() > 1;
        let after = bytes[at + 1..].iter().take_while(|b| b.is_ascii_digit()).count();
        let zero_before = at > 0 && bytes[at - 1] == b'0' && !bytes[..at - 1].iter().any(u8::is_ascii_digit);
        let thousands = repeated || (after == 3 && !mixed && whole);
        let decimal = !repeated && (mixed || after != 3 || zero_before);
        match (mark, thousands, decimal) {
            (b'.', true, _) | (b',', false, true) => self.comma += 1,
            (b',', true, _) | (b'.', false, true) => self.point += 1,
            _ => {}
        }
    }

    /// The file's style. Where no cell tells, `comma_locale` (the header's language, a semicolon between fields) decides.
    pub fn decide(self, comma_locale: bool) -> Decimal {
        match self.point.cmp(&self.comma) {
            std::cmp::Ordering::Greater => Decimal::Point,
            std::cmp::Ordering::Less => Decimal::Comma,
            std::cmp::Ordering::Equal if comma_locale => Decimal::Comma,
            std::cmp::Ordering::Equal => Decimal::Point,
        }
    }
}

/// A number in micros; `None` where the cell is no number of this style or does not fit.
pub fn micros(text: &str, style: Decimal) -> Option<i64> {
    if let Some(plain) = plain_micros(text.as_bytes(), style) {
        return Some(plain);
    }
    let text = text.trim();
    let (negative, text) = match text.strip_prefix('(').and_then(|t| t.strip_suffix(')')) {
        Some(inner) => (true, inner),
        None => (false, text),
    };
    let (minus, digits) = strip_signs(text)?;
    let value = grouped(&digits, style)?;
    Some(if negative != minus { -value } else { value })
}

/// A whole number: `1,234` in a file with decimal points, `12.0` too; fractions are refused.
pub fn whole(text: &str, style: Decimal) -> Option<i64> {
    if !text.is_empty() && text.len() < 18 && text.bytes().all(|b| b.is_ascii_digit()) {
        return text.parse().ok();
    }
    let micros = micros(text, style)?;
    (micros % MICROS == 0).then_some(micros / MICROS)
}

/// Cells with which the platforms say "nothing": empty, a dash or two.
pub fn is_nothing(text: &str) -> bool {
    matches!(text, "" | "-" | "--" | "—" | "–" | "N/A" | "n/a" | "null" | "NULL")
}

/// Digits with at most one decimal mark: nearly every cell there is.
fn plain_micros(bytes: &[u8], style: Decimal) -> Option<i64> {
    let (negative, digits) = match bytes.first()? {
        b'-' => (true, &bytes[1..]),
        _ => (false, bytes),
    };
    let mark = if style == Decimal::Point { b'.' } else { b',' };
    if digits.is_empty() || digits.len() > 18 || !digits[0].is_ascii_digit() {
        return None;
    }
    let (mut whole, mut frac, mut places, mut in_frac) = (0_i64, 0_i64, 0_u32, false);
    for b in digits {
        match b {
            b'0'..=b'9' if in_frac => {
                frac = frac * 10 + i64::from(b - b'0');
                places += 1;
            }
            b'0'..=b'9' => whole = whole * 10 + i64::from(b - b'0'),
            b if *b == mark && !in_frac => in_frac = true,
            _ => return None,
        }
    }
    if places > 6 || in_frac && places == 0 {
        return None;
    }
    let value = whole.checked_mul(MICROS)?.checked_add(frac * 10_i64.pow(6 - places))?;
    Some(if negative { -value } else { value })
}

/// Takes signs, currencies, blanks and percent off; what is left are digits and marks.
fn strip_signs(text: &str) -> Option<(bool, String)> {
    let mut minus = false;
    let mut digits = String::with_capacity(text.len());
    let mut letters = String::new();
    let mut closed = false;
    for c in text.chars() {
        match c {
            '0'..='9' | '.' | ',' => {
                // A word after which digits come again is no currency sign ("12 of 15").
                if closed && !letters.is_empty() && digits.bytes().any(|b| b.is_ascii_digit()) {
                    return None;
                }
                digits.push(c);
                closed = false;
            }
            '-' | '\u{2212}' if !minus => minus = true,
            '+' if digits.is_empty() => {}
            '\'' | '’' | ' ' | '\u{a0}' | '\u{202f}' | '\u{2009}' => digits.push(' '),
            '%' | '$' | '€' | '£' | '¥' | '₹' | '₺' | '₽' | '₩' | '₪' | '₫' | '₴' | '฿' | '₱' | '₦' => {
                closed = true
            }
            c if c.is_alphabetic() => {
                letters.push(c);
                closed = true;
            }
            _ => return None,
        }
    }
    if !letters.is_empty() && !is_currency_word(&letters) {
        return None;
    }
    Some((minus, digits.trim().to_owned()))
}

fn is_currency_word(word: &str) -> bool {
    Currency::parse(word).is_some()
        || matches!(
            word,
            "US" | "CA"
                | "AU"
                | "NZ"
                | "HK"
                | "MX"
                | "A"
                | "C"
                | "S"
                | "R"
                | "kr"
                | "zł"
                | "Kč"
                | "Ft"
                | "lei"
                | "Fr"
                | "TL"
        )
}

/// Checks the groups of three (or, in India, of two before the last three) and reads the number.
fn grouped(text: &str, style: Decimal) -> Option<i64> {
    let (mark, other) = if style == Decimal::Point { ('.', ',') } else { (',', '.') };
    let (whole, frac) = text.split_once(mark).unwrap_or((text, ""));
    if frac.bytes().any(|b| !b.is_ascii_digit()) || text.contains(mark) && frac.is_empty() {
        return None;
    }
    let marks: Vec<char> = whole.chars().filter(|c| !c.is_ascii_digit()).collect();
    if let Some(first) = marks.first() {
        if marks.iter().any(|m| m != first) || *first != other && *first != ' ' {
            return None;
        }
        let groups: Vec<&str> = whole.split(*first).collect();
        let (head, rest) = groups.split_first()?;
        let (last, middle) = rest.split_last()?;
        let even = middle.iter().all(|g| g.len() == 3) || middle.iter().all(|g| g.len() == 2);
        if head.is_empty() || head.len() > 3 || last.len() != 3 || !even {
            return None;
        }
    }
    let mut plain: String = whole.chars().filter(char::is_ascii_digit).collect();
    if !frac.is_empty() {
        plain.push('.');
        plain.push_str(frac);
    }
    crate::money::parse_micros(&plain)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::money::format_micros;

    #[test]
    fn reads_the_styles_of_many_countries() {
        for (text, style, expected) in [
            ("12.50", Decimal::Point, 12_500_000),
            ("-12.50", Decimal::Point, -12_500_000),
            ("1,234.56", Decimal::Point, 1_234_560_000),
            ("1.234,56", Decimal::Comma, 1_234_560_000),
            ("1 234,56 €", Decimal::Comma, 1_234_560_000),
            ("1\u{a0}234,56", Decimal::Comma, 1_234_560_000),
            ("1\u{202f}234,5", Decimal::Comma, 1_234_500_000),
            ("1'234.56", Decimal::Point, 1_234_560_000),
            ("1’234’567.00", Decimal::Point, 1_234_567_000_000),
            ("CHF 12.50", Decimal::Point, 12_500_000),
            ("US$1,234", Decimal::Point, 1_234_000_000),
            ("12,5 %", Decimal::Comma, 12_500_000),
            ("12,34,567.00", Decimal::Point, 1_234_567_000_000),
            ("($3.10)", Decimal::Point, -3_100_000),
            ("−4.00", Decimal::Point, -4_000_000),
            ("€ -4,00", Decimal::Comma, -4_000_000),
            ("12,00-", Decimal::Comma, -12_000_000),
            (".5", Decimal::Point, 500_000),
            ("0.0000005", Decimal::Point, 0),
        ] {
            assert_eq!(micros(text, style), Some(expected), "{text}");
        }
    }

    #[test]
    fn refuses_what_does_not_fit() {
        for (text, style) in [
            ("", Decimal::Point),
            ("abc", Decimal::Point),
            ("12,5", Decimal::Point),
            ("1,2,3", Decimal::Point),
            ("1.234,56", Decimal::Point),
            ("1,234.56", Decimal::Comma),
            ("1e5", Decimal::Point),
            ("12 of 15", Decimal::Point),
            ("=1+1", Decimal::Point),
            ("12.", Decimal::Point),
            ("99999999999999999999", Decimal::Point),
            ("2026-11-01", Decimal::Point),
            ("NaN", Decimal::Point),
        ] {
            assert_eq!(micros(text, style), None, "{text}");
        }
        assert_eq!(whole("1.5", Decimal::Point), None);
        assert_eq!(whole("1,234", Decimal::Point), Some(1234));
        assert_eq!(whole("1.234", Decimal::Comma), Some(1234));
        assert_eq!(whole("-3", Decimal::Point), Some(-3));
    }

    #[test]
    fn learns_the_style_from_the_file() {
        let style = |cells: &[(&str, bool)], comma| {
            let mut evidence = Evidence::default();
            cells.iter().for_each(|(text, whole)| evidence.observe(text, *whole));
            evidence.decide(comma)
        };
        assert_eq!(style(&[("12,50", false), ("1.234", false)], false), Decimal::Comma);
        assert_eq!(style(&[("1,234", true)], true), Decimal::Point);
        assert_eq!(style(&[("1.234", true)], false), Decimal::Comma);
        assert_eq!(style(&[("1.234.567", false)], false), Decimal::Comma);
        assert_eq!(style(&[("1,234", false)], false), Decimal::Point);
        assert_eq!(style(&[("1,234", false)], true), Decimal::Comma);
        assert_eq!(style(&[("0.125", false)], true), Decimal::Point);
        assert_eq!(style(&[("1,234.5", false)], true), Decimal::Point);
    }

    fn dressed(value: i64, style: Decimal, thousands: &str) -> String {
        let text = format_micros(i128::from(value) * 10_000, 2);
        let (whole, frac) = text.split_once('.').unwrap();
        let (sign, whole) = whole.strip_prefix('-').map_or(("", whole), |w| ("-", w));
        let groups: Vec<String> =
            whole.as_bytes().rchunks(3).rev().map(|g| String::from_utf8(g.to_vec()).unwrap()).collect();
        let mark = if style == Decimal::Point { '.' } else { ',' };
        format!("{sign}{}{mark}{frac}", groups.join(thousands))
    }

    proptest! {
        #[test]
        fn any_amount_reads_back_in_any_dress(cents in -99_999_999_999_i64..99_999_999_999, pick in 0_usize..6) {
            let (style, thousands) = [
                (Decimal::Point, ","), (Decimal::Point, "'"), (Decimal::Point, ""),
                (Decimal::Comma, "."), (Decimal::Comma, "\u{a0}"), (Decimal::Comma, "\u{202f}"),
            ][pick];
            let text = dressed(cents, style, thousands);
            prop_assert_eq!(micros(&text, style), Some(cents * 10_000), "{}", text);
            let mut evidence = Evidence::default();
            evidence.observe(&text, false);
            prop_assert_eq!(evidence.decide(style == Decimal::Comma), style);
        }

        #[test]
        fn never_fails_on_any_text(text in "\\PC{0,30}") {
            let _ = micros(&text, Decimal::Point);
            let _ = whole(&text, Decimal::Comma);
            Evidence::default().observe(&text, true);
        }
    }
}
