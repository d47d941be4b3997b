//! The keys that sign access tokens: random, named, kept in `control.db`, never printed.

use rusqlite::{Connection, Transaction};
use secrecy::{ExposeSecret, SecretBox};

use crate::error::Result;
use crate::secrets::random_bytes;

/// One signing key. The newest signs; all verify.
pub struct SigningKey {
    kid: String,
    secret: SecretBox<[u8; 32]>,
}

impl SigningKey {
    /// The key's name, as it stands in a token's header.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The key itself.
    pub fn secret(&self) -> &[u8; 32] {
        self.secret.expose_secret()
    }
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SigningKey({})", self.kid)
    }
}

/// All keys, newest first.
pub(super) fn list(conn: &Connection) -> Result<Vec<SigningKey>> {
    let mut query = conn.prepare("select kid, secret from signing_keys order by created_at_ms desc, kid")?;
    let mut rows = query.query([])?;
    let mut keys = Vec::new();
    while let Some(row) = rows.next()? {
        let (kid, secret): (String, [u8; 32]) = (row.get(0)?, row.get(1)?);
        keys.push(SigningKey { kid, secret: SecretBox::init_with(|| secret) });
    }
    Ok(keys)
}

/// Makes a new key.
pub(super) fn add(tx: &Transaction<'_>, now_ms: i64) -> Result<()> {
    let kid = uuid::Uuid::new_v4().simple().to_string();
    let secret = SecretBox::<[u8; 32]>::init_with(random_bytes);
    tx.execute(
        "insert into signing_keys (kid, secret, created_at_ms) values (?1, ?2, ?3)",
        (kid, secret.expose_secret(), now_ms),
    )?;
    Ok(())
}
