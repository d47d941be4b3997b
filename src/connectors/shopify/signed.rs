//! What Shopify signs: the way back from the page where an app is allowed, and webhooks. Both by HMAC-SHA256 under the app's client
//! secret, compared in constant time. After a change of the secret both the old and the new one count for a while.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

/// Whether the query of a callback, without its `?`, was signed with one of the secrets. Says nothing about its `state`.
pub fn callback_is_genuine(query: &str, secrets: &[&str]) -> bool {
    let pairs = form_urlencoded::parse(query.as_bytes());
    let mut single: BTreeMap<String, String> = BTreeMap::new();
    let mut lists: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, value) in pairs {
        match name.strip_suffix("[]") {
            Some(list) => lists.entry(list.to_owned()).or_default().push(value.into_owned()),
            // Twice the same name would leave open which one was signed.
            None if single.contains_key(name.as_ref()) => return false,
            None => {
                single.insert(name.into_owned(), value.into_owned());
            }
        }
    }
    let Some(signature) = single.remove("hmac") else { return false };
    single.remove("signature");
    single.extend(lists.into_iter().map(|(name, values)| (name, written(&values))));
    let mut parts: Vec<String> = single.iter().map(|(name, value)| part(name, value)).collect();
    parts.sort_unstable();
    bytes_of(&signature).is_some_and(|signature| any_signed(parts.join("&").as_bytes(), &signature, secrets))
}

/// Whether a webhook's body, byte for byte as it came, was signed with one of the secrets. `header` is `X-Shopify-Hmac-Sha256`.
pub fn webhook_is_genuine(body: &[u8], header: &str, secrets: &[&str]) -> bool {
    STANDARD.decode(header.trim()).is_ok_and(|signature| any_signed(body, &signature, secrets))
}

/// Whether the `state` that came back is the one that was given.
pub fn is_same_state(given: &str, came: &str) -> bool {
    !given.is_empty() && bool::from(given.as_bytes().ct_eq(came.as_bytes()))
}

fn any_signed(message: &[u8], signature: &[u8], secrets: &[&str]) -> bool {
    secrets.iter().filter(|secret| !secret.is_empty()).any(|secret| {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else { return false };
        mac.update(message);
        mac.verify_slice(signature).is_ok()
    })
}

/// `["2", "1"]`, with the space that Shopify signs.
fn written(values: &[String]) -> String {
    let values: Vec<String> = values.iter().map(|value| serde_json::Value::from(value.as_str()).to_string()).collect();
    format!("[{}]", values.join(", "))
}

/// What separates parts is written otherwise within them, so that two parts cannot pass for one.
fn part(name: &str, value: &str) -> String {
    let name = name.replace('%', "%25").replace('=', "%3D");
    format!("{name}={}", value.replace('%', "%25")).replace('&', "%26")
}

/// Lower-case hexadecimal digits.
fn bytes_of(digits: &str) -> Option<Vec<u8>> {
    let is_digit = |byte: &u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(byte);
    if digits.len() != 64 || !digits.as_bytes().iter().all(is_digit) {
        return None;
    }
    (0..32).map(|at| u8::from_str_radix(&digits[2 * at..2 * at + 2], 16).ok()).collect()
}
