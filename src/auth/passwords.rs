//! What a password must be: long, and not one that everybody tries first. No rules of composition, no forced change.

use std::collections::HashSet;
use std::io::Read;
use std::sync::OnceLock;

use flate2::read::GzDecoder;
use secrecy::{ExposeSecret, SecretString};

use crate::error::{Error, Result};

/// Fewest characters.
pub const MIN_CHARS: usize = 12;
/// Most bytes; beyond it the hash would be work for an attacker's pleasure.
const MAX_BYTES: usize = 1024;

/// The thirty thousand most common passwords of breaches, most common first; where they come from stands in data/README.md.
const COMMON: &[u8] = include_bytes!("../../data/common_passwords.txt.gz");
/// The product's own name, which is tried here before anywhere else.
const PRODUCT: &str = "pulsepoint";
/// A word of one's own shorter than this says nothing.
const LEAST_WORD: usize = 5;
/// What a password needs beside such words: so many letters, or more than so many letters and digits.
const OWN_LETTERS: usize = 4;
const OWN_CHARS: usize = 8;

/// Refuses a password that is too short, too long, too common, or made of the person's address, of `own` names such as the
/// person's and the company's, or of the product's.
pub fn check(password: &SecretString, email: &str, own: &[&str]) -> Result<()> {
    let text = password.expose_secret();
    let refuse = |code, reason: String| Err(Error::invalid_code(code, Some("password"), reason));
    if text.chars().count() < MIN_CHARS {
        return refuse("password_too_short", format!("A password has at least {MIN_CHARS} characters."));
    }
    if text.len() > MAX_BYTES {
        return refuse("password_too_long", format!("A password has at most {MAX_BYTES} bytes."));
    }
    let lower = text.to_lowercase();
    if is_common(&lower) || lower == email || email.split('@').next() == Some(lower.as_str()) {
        return refuse("password_too_common", "This password is among those that are tried first.".into());
    }
    if is_of_own_words(&lower, email, own) {
        let reason =
            "This password is made of a name that whoever tries it knows: yours, your company's or the product's.";
        return refuse("password_too_common", reason.into());
    }
    Ok(())
}

/// Whether little is left of a lower-case password without the words that everybody here knows.
fn is_of_own_words(lower: &str, email: &str, own: &[&str]) -> bool {
    // The last part of an address is everybody's.
    let address = email.rsplit_once('.').map_or(email, |(address, _)| address);
    let texts = own.iter().copied().chain([address, PRODUCT]).map(str::to_lowercase).collect::<Vec<_>>();
    let mut words: Vec<&str> = texts.iter().flat_map(|text| text.split(|c: char| !c.is_alphanumeric())).collect();
    words.retain(|word| word.chars().count() >= LEAST_WORD);
    words.sort_by_key(|word| std::cmp::Reverse(word.len()));
    let rest = words.iter().fold(lower.to_owned(), |rest, word| rest.replace(word, " "));
    let letters = rest.chars().filter(|c| c.is_alphabetic()).count();
    let chars = rest.chars().filter(|c| c.is_alphanumeric()).count();
    rest != lower && letters < OWN_LETTERS && chars <= OWN_CHARS
}

/// The common passwords; unpacked once.
fn common() -> &'static HashSet<String> {
    static LIST: OnceLock<HashSet<String>> = OnceLock::new();
    LIST.get_or_init(|| {
        let mut text = String::new();
        // Compiled in, and looked at by a test.
        let _ = GzDecoder::new(COMMON).read_to_string(&mut text);
        text.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect()
    })
}

/// Whether a lower-case password is a common one, a common one with digits and signs behind it, a run along the keyboard or the
/// alphabet, one repeated, or one character.
fn is_common(lower: &str) -> bool {
    let list = common();
    let stem = lower.trim_end_matches(|c: char| !c.is_alphabetic());
    if list.contains(lower) || list.contains(stem) && !stem.is_empty() {
        return true;
    }
    let rows = ["123456789012345678901234567890", "abcdefghijklmnopqrstuvwxyz", "qwertyuiopasdfghjklzxcvbnm"];
    if rows.iter().any(|row| row.contains(lower)) {
        return true;
    }
    let chars: Vec<char> = lower.chars().collect();
    let repeats = |n: usize| chars.len().is_multiple_of(n) && chars.chunks(n).all(|part| part == &chars[..n]);
    (1..=chars.len() / 2)
        .filter(|n| repeats(*n))
        .any(|n| n < 4 || list.contains(chars[..n].iter().collect::<String>().as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(password: &str) -> Option<&'static str> {
        match check(&SecretString::from(password), "owner@juniper-oak.example", &["Juniper & Oak", "Ada Lovelace"]) {
            Ok(()) => None,
            Err(Error::Invalid { code, .. }) => Some(code),
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn length_is_counted_in_characters() {
        assert_eq!(code("elevenchars"), Some("password_too_short"));
        assert_eq!(code("zwölf zeiche"), None);
        assert_eq!(code(&"long and quite unlikely ".repeat(50)), Some("password_too_long"));
    }

    #[test]
    fn what_is_tried_first_is_refused() {
        for common in [
            "password1234",
            "Password1234!",
            "123456789012",
            "aaaaaaaaaaaa",
            "qwertyqwerty",
            "owner@juniper-oak.example",
        ] {
            assert_eq!(code(common), Some("password_too_common"), "{common}");
        }
        for fine in ["pulsepoint-demo", "correct horse battery", "x7Jq-90lm-zzRt"] {
            assert_eq!(code(fine), None, "{fine}");
        }
    }

    #[test]
    fn words_of_one_s_own_are_refused() {
        for own in ["juniper-oak-2026", "Pulsepoint123!", "lovelace-lovelace", "JUNIPER!!owner99", "2026juniper!oak"] {
            assert_eq!(code(own), Some("password_too_common"), "{own}");
        }
        for fine in ["pulsepoint-demo", "a juniper berry tart", "juniper-x7Jq90lmzzRt", "lovelace 1815 1852 engine"] {
            assert_eq!(code(fine), None, "{fine}");
        }
    }

    #[test]
    fn the_list_of_breaches_is_whole() {
        assert_eq!(common().len(), 30_000);
        assert!(["123456", "password", "qwerty", "letmein", "dragon", "geekboy"].iter().all(|p| common().contains(*p)));
        // Any of its words, with what people put behind it.
        let rare = common().iter().find(|word| word.len() >= 8 && word.chars().all(char::is_alphabetic)).unwrap();
        assert_eq!(code(&format!("{rare}2026!")), Some("password_too_common"));
    }
}
