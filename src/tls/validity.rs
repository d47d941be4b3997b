//! From when until when a certificate is good. The TLS library checks others' certificates but does not tell of our own, and one
//! field is no reason for a parser of everything.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::Offset;

const INTEGER: u8 = 0x02;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xa0;

/// `notBefore` and `notAfter` of a certificate in DER; `None` if it is not one.
pub(super) fn of(der: &[u8]) -> Option<(Timestamp, Timestamp)> {
    let (certificate, _) = expect(der, SEQUENCE)?;
    let (signed, _) = expect(certificate, SEQUENCE)?;
    let after_version = expect(signed, VERSION).map_or(signed, |(_, rest)| rest);
    let (_serial, rest) = expect(after_version, INTEGER)?;
    let (_algorithm, rest) = expect(rest, SEQUENCE)?;
    let (_issuer, rest) = expect(rest, SEQUENCE)?;
    let (validity, _) = expect(rest, SEQUENCE)?;
    let (tag, from, rest) = element(validity)?;
    let (until_tag, until, _) = element(rest)?;
    Some((time(tag, from)?, time(until_tag, until)?))
}

/// The content of an element of this kind, and what follows it.
fn expect(der: &[u8], wanted: u8) -> Option<(&[u8], &[u8])> {
    element(der).filter(|(tag, ..)| *tag == wanted).map(|(_, content, rest)| (content, rest))
}

fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&[tag, first], rest) = der.split_first_chunk::<2>()?;
    let (length, rest) = match usize::from(first) {
        short @ ..=0x7f => (short, rest),
        // Up to four bytes of length: no certificate is longer.
        long @ 0x81..=0x84 => {
            let (digits, rest) = rest.split_at_checked(long - 0x80)?;
            (digits.iter().fold(0, |sum, digit| (sum << 8) | usize::from(*digit)), rest)
        }
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((tag, content, rest))
}

/// `YYMMDDHHMMSSZ` with the century that RFC 5280 gives it, or `YYYYMMDDHHMMSSZ`.
fn time(tag: u8, text: &[u8]) -> Option<Timestamp> {
    let text = std::str::from_utf8(text).ok()?.strip_suffix('Z')?;
    let text = match tag {
        UTC_TIME if text.len() == 12 => format!("{}{text}", if text.as_bytes()[0] >= b'5' { "19" } else { "20" }),
        GENERALIZED_TIME if text.len() == 14 => text.to_owned(),
        _ => return None,
    };
    let moment = DateTime::strptime("%Y%m%d%H%M%S", &text).ok()?;
    Offset::UTC.to_timestamp(moment).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(from: (i32, u8, u8), until: (i32, u8, u8)) -> Vec<u8> {
        let mut params = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        params.not_before = rcgen::date_time_ymd(from.0, from.1, from.2);
        params.not_after = rcgen::date_time_ymd(until.0, until.1, until.2);
        params.self_signed(&rcgen::KeyPair::generate().unwrap()).unwrap().der().to_vec()
    }

    #[test]
    fn both_ways_of_writing_a_time_are_read() {
        let (from, until) = of(&made((1999, 12, 31), (2049, 1, 2))).unwrap();
        assert_eq!(
            (from.to_string(), until.to_string()),
            ("1999-12-31T00:00:00Z".into(), "2049-01-02T00:00:00Z".into())
        );
        let (_, until) = of(&made((2026, 1, 1), (2051, 3, 4))).unwrap();
        assert_eq!(until.to_string(), "2051-03-04T00:00:00Z");
    }

    #[test]
    fn what_is_cut_or_bent_is_no_certificate() {
        let der = made((2026, 1, 1), (2051, 3, 4));
        for length in 0..150 {
            assert!(of(&der[..length]).is_none(), "{length} bytes");
        }
        for at in 0..der.len() {
            let mut bent = der.clone();
            bent[at] ^= 0xff;
            // Whatever it says, it says it without a panic.
            let _ = of(&bent);
        }
    }
}
