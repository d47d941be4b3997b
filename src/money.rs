//! Money: i64 micros with its currency, decimal text at the edges, never a float.

use std::fmt;

/// Micros in one unit of a currency.
pub const MICROS: i64 = 1_000_000;

/// An ISO 4217 code.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Currency([u8; 3]);

impl Currency {
    /// Three letters, any case; `None` where it is not a current ISO 4217 code.
    pub fn parse(code: &str) -> Option<Self> {
        let bytes: [u8; 3] = code.trim().as_bytes().try_into().ok()?;
        let upper = bytes.map(|b| b.to_ascii_uppercase());
        // Every row of a file asks: the list is sorted, four bytes a code.
        let (codes, last) = CODES.as_bytes().as_chunks::<4>();
        let known = last == upper || codes.binary_search_by(|[a, b, c, _]| [*a, *b, *c].cmp(&upper)).is_ok();
        known.then_some(Self(upper))
    }

    /// The code, upper case.
    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("XXX")
    }

    /// Decimals of the currency's minor unit (ISO 4217: JPY 0, TND 3, most 2).
    pub fn decimals(self) -> u32 {
        match self.code() {
            "BIF" | "CLP" | "DJF" | "GNF" | "ISK" | "JPY" | "KMF" | "KRW" | "PYG" | "RWF" | "UGX" | "UYI" | "VND"
            | "VUV" | "XAF" | "XOF" | "XPF" => 0,
            "BHD" | "IQD" | "JOD" | "KWD" | "LYD" | "OMR" | "TND" => 3,
            "CLF" | "UYW" => 4,
            _ => 2,
        }
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

// ISO 4217 active codes, sorted, one blank between them.
const CODES: &str = "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF \
CHF CLF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR \
ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR \
MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE \
SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYI UYU UYW UZS VED VES VND VUV WST XAF XCD XCG XOF \
XPF YER ZAR ZMW ZWG";

/// Reads plain decimal text (`-12.50`, `.5`, `1e3` refused) into micros. More than six decimals round half to even.
pub fn parse_micros(text: &str) -> Option<i64> {
    let text = text.trim();
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let (whole, frac) = digits.split_once('.').unwrap_or((digits, ""));
    if whole.is_empty() && frac.is_empty() || !whole.bytes().chain(frac.bytes()).all(|b| b.is_ascii_digit()) {
        return None;
    }
    let whole: i128 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let mut micros = whole.checked_mul(i128::from(MICROS))?;
    let kept = frac.len().min(6);
    if kept > 0 {
        micros += frac[..kept].parse::<i128>().ok()? * 10_i128.pow(6 - u32::try_from(kept).ok()?);
    }
    if frac.len() > 6 {
        let rest = &frac.as_bytes()[6..];
        let tail_zero = rest[1..].iter().all(|b| *b == b'0');
        if rest[0] > b'5' || rest[0] == b'5' && (!tail_zero || micros % 2 == 1) {
            micros += 1;
        }
    }
    i64::try_from(if negative { -micros } else { micros }).ok()
}

/// Micros as decimal text with `decimals` places (at most 6), rounded half to even. Takes i128: sums of many rows.
pub fn format_micros(micros: i128, decimals: u32) -> String {
    let decimals = decimals.min(6);
    let step = 10_i128.pow(6 - decimals);
    let scaled = div_half_even(micros, step);
    let unit = 10_i128.pow(decimals);
    let (whole, frac) = (scaled.abs() / unit, scaled.abs() % unit);
    let sign = if scaled < 0 { "-" } else { "" };
    if decimals == 0 {
        format!("{sign}{whole}")
    } else {
        format!("{sign}{whole}.{frac:0width$}", width = decimals as usize)
    }
}

/// `numerator / denominator`, rounded half to even. The denominator must be positive.
pub fn div_half_even(numerator: i128, denominator: i128) -> i128 {
    let (q, r) = (numerator.div_euclid(denominator), numerator.rem_euclid(denominator));
    match (r * 2).cmp(&denominator) {
        std::cmp::Ordering::Greater => q + 1,
        std::cmp::Ordering::Equal if q % 2 != 0 => q + 1,
        _ => q,
    }
}

/// Splits `total` over `weights` so that the parts add up exactly (largest remainder, ties to the first). All-zero weights: the
/// first part takes all.
pub fn allocate(total: i64, weights: &[i64]) -> Vec<i64> {
    let sum: i128 = weights.iter().map(|w| i128::from(*w)).sum();
    if weights.is_empty() {
        return Vec::new();
    }
    if sum == 0 {
        let mut parts = vec![0; weights.len()];
        parts[0] = total;
        return parts;
    }
    let mut parts = Vec::with_capacity(weights.len());
    let mut rests = Vec::with_capacity(weights.len());
    for (i, w) in weights.iter().enumerate() {
        let product = i128::from(total) * i128::from(*w);
        parts.push(i64::try_from(product.div_euclid(sum)).unwrap_or(0));
        rests.push((std::cmp::Reverse(product.rem_euclid(sum)), i));
    }
    let mut missing = total - parts.iter().sum::<i64>();
    rests.sort_unstable();
    for (_, i) in rests {
        if missing == 0 {
            break;
        }
        parts[i] += 1;
        missing -= 1;
    }
    parts
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_code_is_found_and_nothing_else() {
        let codes: Vec<&str> = CODES.split(' ').collect();
        assert!(codes.is_sorted() && codes.iter().all(|code| code.len() == 3));
        for code in &codes {
            assert_eq!(Currency::parse(code).map(|c| c.code().to_owned()).as_deref(), Some(*code));
        }
        let letters = || b'A'..=b'Z';
        let all = letters().flat_map(|a| letters().flat_map(move |b| letters().map(move |c| [a, b, c])));
        let found = all.filter(|code| Currency::parse(std::str::from_utf8(code).unwrap()).is_some()).count();
        assert_eq!(found, codes.len());
        for text in ["", "US", "USDX", "US ", "D U", "\u{e9}U", "123"] {
            assert_eq!(Currency::parse(text), None, "{text}");
        }
    }

    #[test]
    fn reads_decimal_text() {
        for (text, micros) in [
            ("12.5", 12_500_000),
            ("-0.01", -10_000),
            (".5", 500_000),
            ("7", 7_000_000),
            ("0.0000005", 0),
            ("0.0000015", 2),
        ] {
            assert_eq!(parse_micros(text), Some(micros), "{text}");
        }
        for text in ["", ".", "1e3", "1,000", "--1", "NaN", "99999999999999999999"] {
            assert_eq!(parse_micros(text), None, "{text}");
        }
    }

    #[test]
    fn rounds_half_to_even_at_output() {
        assert_eq!(format_micros(2_345_000, 2), "2.34");
        assert_eq!(format_micros(2_355_000, 2), "2.36");
        assert_eq!(format_micros(-2_345_000, 2), "-2.34");
        assert_eq!(format_micros(-4_000, 2), "0.00");
        assert_eq!(format_micros(1_500_000, 0), "2");
    }

    #[test]
    fn knows_currencies() {
        assert_eq!(Currency::parse("usd").map(|c| c.to_string()), Some("USD".into()));
        assert_eq!(Currency::parse("XXX"), None);
        assert_eq!(Currency::parse("JPY").map(Currency::decimals), Some(0));
    }

    proptest! {
        #[test]
        fn parts_add_up(total in -1_000_000_000_i64..1_000_000_000, weights in proptest::collection::vec(0_i64..1_000_000, 1..20)) {
            prop_assert_eq!(allocate(total, &weights).iter().sum::<i64>(), total);
        }

        #[test]
        fn text_round_trips(micros in any::<i64>()) {
            prop_assert_eq!(parse_micros(&format_micros(i128::from(micros), 6)), Some(micros));
        }
    }
}
