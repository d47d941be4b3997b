//! Time-based one-time codes (RFC 6238): SHA-1, six digits, thirty seconds, as every authenticator app knows them.

use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use sha1::Sha1;

use crate::secrets::constant_time_eq;

/// Bytes of a shared secret: as long as the hash, as RFC 4226 advises.
pub const SECRET: usize = 20;
const STEP_SECS: i64 = 30;
const DIGITS: usize = 6;
/// Steps before and after the present one that are accepted: clocks differ, and people type slowly.
const SKEW: i64 = 1;

/// The time step whose code this is, if it is one that may be used at `now` and is newer than `after`.
pub fn step_of(secret: &[u8], code: &str, now: Timestamp, after: i64) -> Option<i64> {
    let present = now.as_second().div_euclid(STEP_SECS);
    let mut found = None;
    // All of them, always: how long it takes tells nothing.
    for step in present - SKEW..=present + SKEW {
        if constant_time_eq(self::code(secret, step).as_bytes(), code.as_bytes()) && step > after {
            found = Some(step);
        }
    }
    found
}

/// The code of a time step.
pub fn code(secret: &[u8], step: i64) -> String {
    let Ok(mut mac) = <Hmac<Sha1> as KeyInit>::new_from_slice(secret) else {
        unreachable!("HMAC takes keys of any length");
    };
    mac.update(&step.to_be_bytes());
    let hash = mac.finalize().into_bytes();
    let at = usize::from(hash[19] & 0x0f);
    let number = u32::from_be_bytes([hash[at] & 0x7f, hash[at + 1], hash[at + 2], hash[at + 3]]);
    format!("{:0DIGITS$}", number % 10_u32.pow(DIGITS as u32))
}

/// Base32 without padding, as apps take a secret that is typed in.
pub fn base32(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let (mut text, mut held, mut bits) = (String::new(), 0_u32, 0);
    for byte in bytes {
        held = held << 8 | u32::from(*byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            text.push(char::from(LETTERS[(held >> bits & 31) as usize]));
        }
    }
    if bits > 0 {
        text.push(char::from(LETTERS[(held << (5 - bits) & 31) as usize]));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &[u8] = b"12345678901234567890";

    #[test]
    fn codes_are_those_of_the_rfc() {
        // RFC 6238, appendix B, the last six of eight digits.
        for (second, expected) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(code(SECRET, second / 30), expected, "{second}");
        }
    }

    #[test]
    fn one_step_before_and_after_is_taken_and_no_code_twice() {
        let now = Timestamp::from_second(1_234_567_890).unwrap();
        let present = 1_234_567_890 / 30;
        for (offset, taken) in [(-2, false), (-1, true), (0, true), (1, true), (2, false)] {
            let found = step_of(SECRET, &code(SECRET, present + offset), now, 0);
            assert_eq!(found, taken.then_some(present + offset), "{offset}");
        }
        assert_eq!(step_of(SECRET, &code(SECRET, present), now, present), None);
        assert_eq!(step_of(SECRET, &code(SECRET, present - 1), now, present), None);
        for bad in ["", "12345", "1234567", "abcdef"] {
            assert_eq!(step_of(SECRET, bad, now, 0), None, "{bad}");
        }
    }

    #[test]
    fn base32_is_that_of_the_rfc() {
        // RFC 4648, section 10, without padding.
        for (plain, text) in
            [("f", "MY"), ("fo", "MZXQ"), ("foo", "MZXW6"), ("foob", "MZXW6YQ"), ("foobar", "MZXW6YTBOI")]
        {
            assert_eq!(base32(plain.as_bytes()), text);
        }
    }
}
