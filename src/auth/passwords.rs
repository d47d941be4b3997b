//! What a password must be: long, and not one that everybody tries first. No rules of composition, no forced change.

use std::collections::HashSet;
use std::sync::OnceLock;

use secrecy::{ExposeSecret, SecretString};

use crate::error::{Error, Result};

/// Fewest characters.
pub const MIN_CHARS: usize = 12;
/// Most bytes; beyond it the hash would be work for an attacker's pleasure.
const MAX_BYTES: usize = 1024;

/// The three thousand most common passwords, most common first; where they come from stands in data/README.md.
const COMMON: &str = include_str!("../../data/common_passwords.txt");

/// Refuses a password that is too short, too long or too common.
pub fn check(password: &SecretString, email: &str) -> Result<()> {
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
    Ok(())
}

/// Whether a lower-case password is a common one, a common one with digits and signs behind it, a run along the keyboard or the
/// alphabet, one repeated, or one character.
fn is_common(lower: &str) -> bool {
    static LIST: OnceLock<HashSet<&'static str>> = OnceLock::new();
    let list = LIST.get_or_init(|| COMMON.lines().filter(|line| !line.is_empty()).collect());
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
        match check(&SecretString::from(password), "owner@juniper-oak.example") {
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
    fn the_list_is_whole() {
        let list: HashSet<&str> = COMMON.lines().collect();
        assert!(list.len() >= 3000, "{}", list.len());
        assert!(["123456", "password", "qwerty", "letmein", "dragon"].iter().all(|p| list.contains(p)));
    }
}
