//! What an API key looks like: `pp_live_`, eight letters that name it, `_`, whose it is and 256 random bits, `_`, a check sum that
//! tells a key from what only looks like one, also to those who search for leaked ones.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret, SecretString};

use crate::secrets::random_bytes;
use crate::tenants::{Tenant, TenantId};

const PREFIX: &str = "pp_live_";
/// What every key begins with, also those of versions to come.
pub(in crate::auth) const FAMILY: &str = "pp_";
const ID: usize = 8;
/// 16 bytes of the tenant's id and 32 random ones.
const BODY: usize = 64;
const CHECK: usize = 8;

/// An API key as it travels.
pub struct KeyToken {
    id: String,
    tenant: TenantId,
    text: SecretString,
}

impl KeyToken {
    /// A new one.
    pub fn random(tenant: &TenantId) -> Self {
        let id = random_id();
        let owner = uuid::Uuid::try_parse(tenant.as_str()).unwrap_or_default();
        let body = BASE64_URL_SAFE_NO_PAD.encode([&owner.as_bytes()[..], &random_bytes::<32>()].concat());
        let start = format!("{PREFIX}{id}_{body}");
        let text = format!("{start}_{}", check(&start)).into();
        Self { id, tenant: tenant.clone(), text }
    }

    /// The key in a text.
    pub fn parse(text: &str) -> Option<Self> {
        let rest = text.strip_prefix(PREFIX)?;
        if rest.len() != ID + 1 + BODY + 1 + CHECK || !rest.is_ascii() {
            return None;
        }
        let (start, sum) = text.split_at(text.len() - CHECK - 1);
        let sound = rest.as_bytes()[ID] == b'_' && sum.strip_prefix('_')? == check(start);
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(&rest[ID + 1..ID + 1 + BODY]).ok()?;
        let tenant = TenantId::parse(&uuid::Uuid::from_slice(bytes.get(..16)?).ok()?.hyphenated().to_string())?;
        sound.then(|| Self { id: rest[..ID].to_owned(), tenant, text: text.into() })
    }

    /// The part that names it.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Whose it claims to be.
    pub fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    /// The whole of it.
    pub fn text(&self) -> SecretString {
        self.text.clone()
    }

    /// The keyed hash of the whole of it.
    pub fn mac(&self, tenant: &Tenant) -> [u8; 32] {
        super::mac(tenant, self.text.expose_secret())
    }

    /// What a key of this id begins with: what people recognise it by.
    pub fn prefix(id: &str) -> String {
        format!("{PREFIX}{id}")
    }
}

/// Letters that nobody mistakes for each other, to name a credential by.
pub(in crate::auth) fn random_id() -> String {
    const LETTERS: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz023456789";
    random_bytes::<ID>().iter().map(|byte| char::from(LETTERS[usize::from(byte % 32)])).collect()
}

/// A check sum over what comes before it.
pub(in crate::auth) fn check(text: &str) -> String {
    let mut crc = flate2::Crc::new();
    crc.update(text.as_bytes());
    format!("{:08x}", crc.sum())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_as_it_was_written_and_no_other_is() {
        let tenant = TenantId::parse("8f14e45f-ceea-467f-a9a3-1b1c2d3e4f50").unwrap();
        let key = KeyToken::random(&tenant);
        let text = key.text().expose_secret().to_owned();
        assert!(text.starts_with(&KeyToken::prefix(key.id())), "{text}");
        let read = KeyToken::parse(&text).unwrap();
        assert_eq!((read.id(), read.tenant()), (key.id(), &tenant));
        for bad in [
            String::new(),
            "pp_live_".into(),
            text[1..].to_owned(),
            format!("{text}0"),
            text[..text.len() - 1].to_owned(),
            text.replacen(key.id(), "aaaaaaaa", 1),
            text.to_uppercase(),
            text.replacen('_', "ä", 1),
        ] {
            assert!(KeyToken::parse(&bad).is_none(), "{bad}");
        }
    }
}
