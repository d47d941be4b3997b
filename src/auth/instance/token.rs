//! What an instance token looks like: `pp_instance_`, eight letters that name it, `_`, 256 random bits, `_`, a check sum that tells
//! a token from what only looks like one.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

use crate::auth::keys::{check, random_id};
use crate::secrets::random_bytes;

/// What every instance token begins with. No API key does: theirs are `pp_live_`.
pub(in crate::auth) const PREFIX: &str = "pp_instance_";
const ID: usize = 8;
const BODY: usize = 43;
const CHECK: usize = 8;

/// An instance token as it travels.
pub struct InstanceToken {
    id: String,
    text: SecretString,
}

impl InstanceToken {
    /// A new one.
    pub fn random() -> Self {
        let (id, body) = (random_id(), BASE64_URL_SAFE_NO_PAD.encode(random_bytes::<32>()));
        let start = format!("{PREFIX}{id}_{body}");
        let text = format!("{start}_{}", check(&start)).into();
        Self { id, text }
    }

    /// The token in a text.
    pub fn parse(text: &str) -> Option<Self> {
        let rest = text.strip_prefix(PREFIX)?;
        if rest.len() != ID + 1 + BODY + 1 + CHECK || !rest.is_ascii() || rest.as_bytes()[ID] != b'_' {
            return None;
        }
        let (start, sum) = text.split_at(text.len() - CHECK - 1);
        let sound = sum.strip_prefix('_')? == check(start);
        sound.then(|| Self { id: rest[..ID].to_owned(), text: text.into() })
    }

    /// The part that names it.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The whole of it.
    pub fn text(&self) -> SecretString {
        self.text.clone()
    }

    /// What is stored of it.
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.text.expose_secret().as_bytes()).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::keys::KeyToken;

    #[test]
    fn a_token_is_read_as_it_was_written_and_no_other_is() {
        let token = InstanceToken::random();
        let text = token.text().expose_secret().to_owned();
        assert!(text.starts_with(&format!("{PREFIX}{}_", token.id())), "{text}");
        let read = InstanceToken::parse(&text).unwrap();
        assert_eq!((read.id(), read.hash()), (token.id(), token.hash()));
        assert!(KeyToken::parse(&text).is_none(), "it is no API key");
        for bad in [
            String::new(),
            PREFIX.to_owned(),
            text[1..].to_owned(),
            format!("{text}0"),
            text[..text.len() - 1].to_owned(),
            text.replacen(token.id(), "aaaaaaaa", 1),
            text.to_uppercase(),
            text.replacen("instance", "live", 1),
        ] {
            assert!(InstanceToken::parse(&bad).is_none(), "{bad}");
        }
    }
}
