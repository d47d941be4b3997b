//! Keys and passwords: the master key, the tenants' keys under it, one derived key per purpose, Argon2id. Nothing here
//! prints.

mod keys;
mod master;
mod passwords;
mod successor;
#[cfg(test)]
mod tests;

pub use keys::{Purpose, TenantKey};
pub use master::{KeySource, MasterKey};
pub use passwords::{hash_password, verify_password};
pub use successor::new_master_key;

use subtle::ConstantTimeEq;

/// Random bytes fit for keys and tokens: a ChaCha generator per thread, seeded and reseeded by the operating system.
pub fn random_bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    rand::fill(&mut bytes);
    bytes
}

/// Compares secrets in a time that tells nothing of where they differ. Lengths may be told apart.
pub fn constant_time_eq(a: &[u8], b: &[u8]) -> bool {
    a.ct_eq(b).into()
}
