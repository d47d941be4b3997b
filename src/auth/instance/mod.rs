//! Instance tokens: credentials of programs that run this installation. They make, close and open tenants and see into none. Only
//! the command line makes them, for whoever can read the data folder; no person of a tenant has these rights, its owner neither.
//! Shown once; `control.db` keeps a hash.

pub mod routes;
mod store;
mod token;

pub use store::TokenRow;
pub use token::InstanceToken;
pub(super) use token::PREFIX;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use jiff::Timestamp;
use secrecy::SecretString;
use serde_json::json;

use super::people::parse_name;
use super::session::Auth;
use crate::error::{Error, Result};
use crate::events::Author;
use crate::http;
use crate::secrets::constant_time_eq;
use crate::tenants::Tenants;

/// Days that a token is good for at most.
const MOST_DAYS: u16 = 365;
/// Days that a token is good for unless whoever makes it says otherwise.
pub const USUAL_DAYS: u16 = 30;
/// Tokens of one installation.
const MOST_TOKENS: i64 = 50;
/// A token's last use is written down at most this often.
const NOTED_EVERY_MS: i64 = 60_000;
const DAY_MS: i64 = 24 * 3600 * 1000;

impl TokenRow {
    /// The token as a number, to count by.
    pub(super) fn number(&self) -> u128 {
        let mut half = [0; 16];
        half.copy_from_slice(&self.hash[..16]);
        u128::from_be_bytes(half)
    }

    /// Whether its time is over.
    pub fn is_over(&self, now: Timestamp) -> bool {
        self.expires_at_ms <= now.as_millisecond()
    }
}

/// Who came with an instance token. A handler takes it as an argument; without the guard there is none, and the answer is 401.
#[derive(Clone, Debug)]
pub struct Holder {
    /// The part of the token that everybody may see.
    pub id: String,
    request_id: String,
    ip: String,
}

impl Holder {
    pub(super) fn of(row: TokenRow, scope: &http::Scope) -> Self {
        Self { id: row.id, request_id: scope.id().to_string(), ip: scope.ip().to_string() }
    }

    /// Who is behind a change, to be handed into its transaction.
    pub fn author(&self) -> Author {
        Author { actor: subject(&self.id), request_id: Some(self.request_id.clone()), ip: Some(self.ip.clone()) }
    }
}

impl<S: Sync> FromRequestParts<S> for Holder {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self> {
        parts.extensions.get::<Self>().cloned().ok_or_else(super::sign_in)
    }
}

impl Auth {
    /// The row of a token, if it is one and holds.
    pub(super) async fn instance_token(&self, token: &InstanceToken) -> Result<Option<TokenRow>> {
        let id = token.id().to_owned();
        let found = self.tenants().control().read(move |conn| store::find(conn, &id)).await?;
        let now = self.clock().system_time();
        Ok(found.filter(|row| constant_time_eq(&row.hash, &token.hash()) && !row.is_over(now)))
    }

    /// Writes down that the token was used, once a minute. A store that cannot be written to is no reason to refuse.
    pub(super) async fn note_instance_token(&self, row: &TokenRow) {
        let now_ms = self.clock().system_time().as_millisecond();
        if now_ms - row.last_used_ms.unwrap_or(0) < NOTED_EVERY_MS {
            return;
        }
        let id = row.id.clone();
        if let Err(error) = self.tenants().control().write(move |tx| store::note_use(tx, &id, now_ms)).await {
            tracing::warn!(%error, "the use of an instance token could not be noted");
        }
    }
}

/// Makes a token. The second of the answer is the token itself, which nobody sees again.
///
/// # Errors
/// `Invalid` for what cannot be, `Conflict` when there are too many.
pub async fn create(
    tenants: &Tenants,
    (name, days): (&str, Option<u16>),
    by: Author,
    now: Timestamp,
) -> Result<(TokenRow, SecretString)> {
    let (name, days) = (parse_name("name", name)?, days.unwrap_or(USUAL_DAYS));
    if !(1..=MOST_DAYS).contains(&days) {
        return Err(Error::invalid("days", format!("An instance token is good for 1 to {MOST_DAYS} days.")));
    }
    let token = InstanceToken::random();
    let (id, hash, created_at_ms) = (token.id().to_owned(), token.hash(), now.as_millisecond());
    let expires_at_ms = created_at_ms + i64::from(days) * DAY_MS;
    let row = TokenRow { id, name, hash, created_at_ms, expires_at_ms, last_used_ms: None };
    let write = tenants.control().write(move |tx| {
        if store::count(tx)? >= MOST_TOKENS {
            let reason = format!("There are {MOST_TOKENS} instance tokens: revoke some first.");
            return Err(Error::conflict("too_many_tokens", reason));
        }
        store::insert(tx, &row)?;
        by.tell(tx, now, "instance_token.created", &subject(&row.id), json!({ "days": days }))?;
        Ok(row)
    });
    Ok((write.await?, token.text()))
}

/// Revokes a token; it is refused from the next request on.
///
/// # Errors
/// `NotFound` where there is no such token.
pub async fn revoke(tenants: &Tenants, id: &str, by: Author, now: Timestamp) -> Result<()> {
    let id = id.to_owned();
    let write = tenants.control().write(move |tx| {
        if !store::delete(tx, &id)? {
            return Err(Error::NotFound);
        }
        by.tell(tx, now, "instance_token.revoked", &subject(&id), json!({})).map(drop)
    });
    write.await
}

/// Every token, the newest first.
pub async fn list(tenants: &Tenants) -> Result<Vec<TokenRow>> {
    tenants.control().read(store::list).await
}

/// What a token of this id begins with: what people recognise it by.
pub fn prefix(id: &str) -> String {
    format!("{PREFIX}{id}")
}

fn subject(id: &str) -> String {
    format!("instance-token:{id}")
}
