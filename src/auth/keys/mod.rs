//! API keys: credentials for programs, made by a person who hands on a part of what they may do. Shown once; the store keeps a
//! keyed hash. A key may never more than its maker may at that moment, and falls with them.

pub mod routes;
pub(super) mod store;
mod token;

pub use token::KeyToken;
pub(super) use token::{FAMILY, check, random_id};

use std::sync::atomic::{AtomicI64, Ordering};

use jiff::Timestamp;
use secrecy::SecretString;
use serde_json::json;

use super::member::Member;
use super::people::parse_name;
use super::permission::Permissions;
use super::reach::Reach;
use super::roster::Roster;
use crate::error::{Error, Result};
use crate::events::Author;
use crate::secrets::{Purpose, constant_time_eq};
use crate::tenants::Tenant;
use store::KeyRow;

/// Days that a key is good for at most.
const MOST_DAYS: u16 = 365;
/// Days that a key is good for unless its maker says otherwise.
const USUAL_DAYS: u16 = 90;
/// Keys of one tenant.
const MOST_KEYS: i64 = 200;
/// A key's last use is written down at most this often.
const NOTED_EVERY_MS: i64 = 60_000;
const DAY_MS: i64 = 24 * 3600 * 1000;

/// A key as every request asks for it.
pub struct KeyEntry {
    /// The part of the key that everybody may see.
    pub id: String,
    /// Whose permissions it has a part of.
    pub maker: String,
    /// What it was made for.
    pub permissions: Permissions,
    /// The brands it was made for.
    pub reach: Reach,
    mac: [u8; 32],
    expires_at_ms: i64,
    noted_ms: AtomicI64,
}

impl KeyEntry {
    pub(super) fn of(row: KeyRow) -> Self {
        Self {
            id: row.id,
            maker: row.maker,
            permissions: row.permissions,
            reach: row.reach,
            mac: row.mac,
            expires_at_ms: row.expires_at_ms,
            noted_ms: AtomicI64::new(row.last_used_ms.unwrap_or(0)),
        }
    }

    /// Whether this is the key that `token` claims to be, and its time is not over.
    pub fn fits(&self, tenant: &Tenant, token: &KeyToken, now: Timestamp) -> bool {
        let right = constant_time_eq(&self.mac, &token.mac(tenant));
        right && self.expires_at_ms > now.as_millisecond()
    }

    /// The key as a number, to count by.
    pub fn number(&self) -> u128 {
        let mut half = [0; 16];
        half.copy_from_slice(&self.mac[..16]);
        u128::from_be_bytes(half)
    }

    /// How long it is still good for, in milliseconds.
    pub fn left_ms(&self, now: Timestamp) -> u64 {
        u64::try_from(self.expires_at_ms - now.as_millisecond()).unwrap_or(0)
    }

    /// Writes down that the key was used, once a minute. A store that cannot be written to is no reason to refuse a reader.
    pub async fn note_use(&self, tenant: &Tenant, now: Timestamp) {
        let (now_ms, noted) = (now.as_millisecond(), self.noted_ms.load(Ordering::Relaxed));
        let due = now_ms - noted >= NOTED_EVERY_MS;
        if !due || self.noted_ms.compare_exchange(noted, now_ms, Ordering::Relaxed, Ordering::Relaxed).is_err() {
            return;
        }
        let id = self.id.clone();
        if let Err(error) = tenant.db().write(move |tx| store::note_use(tx, &id, now_ms)).await {
            tracing::warn!(%error, "the use of a key could not be noted");
        }
    }
}

/// What a new key shall be.
pub struct NewKey {
    /// What it is for, in its maker's words.
    pub name: String,
    /// What it may do.
    pub permissions: Permissions,
    /// Ids or slugs of its brands; all of its maker's where there is none.
    pub brands: Option<Vec<String>>,
    /// Days that it is good for.
    pub days: Option<u16>,
}

/// Makes a key. The second of the answer is the key itself, which nobody sees again.
///
/// # Errors
/// `Invalid` for what cannot be, `Forbidden` for more than the maker may, `Conflict` when there are too many.
pub async fn create(member: &Member, new: NewKey, now: Timestamp) -> Result<(KeyRow, SecretString)> {
    let name = parse_name("name", &new.name)?;
    if new.permissions.is_empty() {
        return Err(Error::invalid("permissions", "A key needs at least one permission."));
    }
    let days = new.days.unwrap_or(USUAL_DAYS);
    if !(1..=MOST_DAYS).contains(&days) {
        return Err(Error::invalid("expires_in_days", format!("A key is good for 1 to {MOST_DAYS} days.")));
    }
    let (by, power, maker) = (member.author(), member.power(), member.user.id.clone());
    let token = KeyToken::random(member.tenant.id());
    let (id, mac) = (token.id().to_owned(), token.mac(&member.tenant));
    let row = member
        .tenant
        .db()
        .write(move |tx| {
            let reach = match &new.brands {
                None => power.reach.clone(),
                named => Reach::parse(tx, named.as_deref(), &power.reach)?,
            };
            power.holds(new.permissions, &reach)?;
            if store::count(tx)? >= MOST_KEYS {
                return Err(Error::conflict(
                    "too_many_keys",
                    format!("There are {MOST_KEYS} keys: revoke some first."),
                ));
            }
            let (permissions, created_at_ms) = (new.permissions, now.as_millisecond());
            let expires_at_ms = created_at_ms + i64::from(days) * DAY_MS;
            let row =
                KeyRow { id, name, mac, maker, permissions, reach, created_at_ms, expires_at_ms, last_used_ms: None };
            store::insert(tx, &row)?;
            let told: Vec<_> = permissions.iter().collect();
            let data = json!({ "permissions": told, "all_brands": row.reach == Reach::All, "days": days });
            by.tell(tx, now, "key.created", &subject(&row.id), data)?;
            Ok(row)
        })
        .await?;
    Roster::of(&member.tenant).forget_keys();
    Ok((row, token.text()))
}

/// Revokes a key; it is refused from the next request on.
///
/// # Errors
/// `NotFound` where there is no such key.
pub async fn revoke(tenant: &Tenant, id: &str, by: Author, now: Timestamp) -> Result<()> {
    let id = id.to_owned();
    tenant
        .db()
        .write(move |tx| {
            if !store::delete(tx, &id)? {
                return Err(Error::NotFound);
            }
            by.tell(tx, now, "key.revoked", &subject(&id), json!({})).map(drop)
        })
        .await?;
    Roster::of(tenant).forget_keys();
    Ok(())
}

fn subject(id: &str) -> String {
    format!("key:{id}")
}

/// The keyed hash of a whole key.
fn mac(tenant: &Tenant, text: &str) -> [u8; 32] {
    tenant.key().mac(Purpose::ApiKeys, text.as_bytes())
}
