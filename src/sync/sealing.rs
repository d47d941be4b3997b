//! Credentials as they lie in the store: Fernet tokens under the tenant's key for tokens. Fernet has no associated data, so what is
//! sealed says itself whose it is.

use anyhow::{Context, anyhow};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE;
use fernet::Fernet;
use rusqlite::Transaction;
use zeroize::Zeroizing;

use super::store;
use crate::connectors::Credentials;
use crate::error::Result;
use crate::secrets::{Purpose, TenantKey};

/// Seals what signs in for the integration `uid`.
pub(super) fn seal(key: &TenantKey, uid: &str, credentials: &Credentials) -> Result<String> {
    let plain = credentials.to_json();
    let mut bound = Zeroizing::new(Vec::with_capacity(uid.len() + 1 + plain.len()));
    bound.extend_from_slice(uid.as_bytes());
    bound.push(b'\n');
    bound.extend_from_slice(&plain);
    Ok(fernet(key)?.encrypt(&bound))
}

/// Opens what [`seal`] made.
///
/// # Errors
/// `Internal` for another tenant's, another integration's or a damaged one; the text is not repeated.
pub(super) fn open(key: &TenantKey, uid: &str, token: &str) -> Result<Credentials> {
    let opened = fernet(key)?.decrypt(token).map(Zeroizing::new);
    let bound = opened.map_err(|_| anyhow!("the credentials of integration {uid} do not open"))?;
    let plain = bound.strip_prefix(uid.as_bytes()).and_then(|rest| rest.strip_prefix(b"\n"));
    let plain = plain.with_context(|| format!("the credentials of integration {uid} are another's"))?;
    Ok(Credentials::from_json(plain).map_err(|why| anyhow!("integration {uid}: {why}"))?)
}

/// Seals every credential of a store anew, under the second key.
///
/// # Errors
/// A token that does not open, or whatever SQLite says.
pub fn reseal(tx: &Transaction<'_>, old: &TenantKey, new: &TenantKey) -> Result<()> {
    for (id, uid, token) in store::all_credentials(tx)? {
        let credentials = open(old, &uid, &token)?;
        store::reseal(tx, id, &seal(new, &uid, &credentials)?)?;
    }
    Ok(())
}

fn fernet(key: &TenantKey) -> Result<Fernet> {
    let text = Zeroizing::new(BASE64_URL_SAFE.encode(key.derive(Purpose::Tokens).as_slice()));
    Ok(Fernet::new(&text).context("making a Fernet key")?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opens_for_its_own_integration_and_tenant_alone() {
        let (one, two) = (TenantKey::random(), TenantKey::random());
        let credentials = Credentials::default().with("access_token", "shpat_canary", None);
        let token = seal(&one, "a", &credentials).unwrap();
        assert!(!token.contains("canary"));
        assert_eq!(open(&one, "a", &token).unwrap().get("access_token"), Some("shpat_canary"));
        for (key, uid) in [(&two, "a"), (&one, "b"), (&one, "")] {
            let error = open(key, uid, &token).unwrap_err().to_string();
            assert!(!error.contains("canary"), "{error}");
        }
    }
}
