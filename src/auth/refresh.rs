//! Refresh tokens: each is good for one use, a session lasts thirty days at most, and a used one that returns ends the session.

use jiff::Timestamp;
use serde_json::json;

use super::cookie::RefreshToken;
use super::login::{SignedIn, signed_in};
use super::roster::Roster;
use super::session::Auth;
use super::sessions::{self, RefreshRow, SESSION_SECS};
use super::store::{self, PersonRow};
use crate::error::{Error, Result};
use crate::events::Author;
use crate::http;
use crate::tenants::Tenant;

/// The row of a session's first token.
pub(super) fn first_of_family(idle_ms: Option<i64>, user_id: &str, strong: bool, now: Timestamp) -> RefreshRow {
    let family_ends_ms = now.as_millisecond() + SESSION_SECS * 1000;
    RefreshRow {
        family: uuid::Uuid::new_v4().to_string(),
        user_id: user_id.to_owned(),
        expires_at_ms: until(family_ends_ms, idle_ms, now),
        family_ends_ms,
        used: false,
        strong,
    }
}

/// How long a token that is given out now is good: to its session's end, or to the end of what the session may lie idle.
fn until(family_ends_ms: i64, idle_ms: Option<i64>, now: Timestamp) -> i64 {
    idle_ms.map_or(family_ends_ms, |idle| family_ends_ms.min(now.as_millisecond().saturating_add(idle)))
}

enum Outcome {
    /// The person, and whether the session passed a second factor.
    Rotated(Box<PersonRow>, bool),
    /// A used token came back: whoever has the other one is not the person.
    Reused(String),
    Refused,
}

/// A new access token and the next refresh token for a sound one.
pub async fn refresh(auth: &Auth, old: &RefreshToken, scope: &http::Scope) -> Result<(SignedIn, RefreshToken)> {
    let tenant = open(auth, old).await?;
    auth.tenants().check_open(tenant.id())?;
    let now = auth.clock().system_time();
    let next = RefreshToken::random(tenant.id());
    let (old_hash, next_hash, by, idle_ms) = (old.hash(), next.hash(), author(scope), auth.session_idle_ms());
    let outcome = tenant.db().write(move |tx| rotate(tx, (&old_hash, &next_hash), &by, (now, idle_ms))).await?;
    match outcome {
        Outcome::Rotated(row, strong) => Ok((signed_in(auth, &tenant, (&row, strong), now)?, next)),
        Outcome::Reused(user_id) => {
            Roster::of(&tenant).forget(&user_id);
            Err(super::sign_in())
        }
        Outcome::Refused => Err(super::sign_in()),
    }
}

fn rotate(
    tx: &rusqlite::Transaction<'_>,
    (old, next): (&[u8; 32], &[u8; 32]),
    by: &Author,
    (now, idle_ms): (Timestamp, Option<i64>),
) -> Result<Outcome> {
    let Some(mut found) = sessions::find_refresh(tx, old)? else { return Ok(Outcome::Refused) };
    let by = Author { actor: format!("user:{}", found.user_id), ..by.clone() };
    let subject = format!("user:{}", found.user_id);
    if found.used {
        sessions::end_one(tx, &found.user_id, &found.family)?;
        store::void_tokens(tx, &found.user_id)?;
        by.tell(tx, now, "session.reused", &subject, json!({ "family": found.family }))?;
        return Ok(Outcome::Reused(found.user_id));
    }
    let person = store::find(tx, &found.user_id)?.filter(|row| row.active);
    let Some(person) = person.filter(|_| found.expires_at_ms > now.as_millisecond()) else {
        return Ok(Outcome::Refused);
    };
    let ip = by.ip.as_deref().unwrap_or_default();
    found.expires_at_ms = until(found.family_ends_ms, idle_ms, now);
    // A page that is loaded renews its token, some dozens of times a day and person: an entry each would bury all others. What it
    // changes, when the session was last seen and from where, stands in the session's own row. The log gets one entry a day and
    // session, and one whenever the address is another; it counts those that it did not get.
    if let Some(untold) = sessions::go_on(tx, (old, next), &found, ip, now)? {
        by.tell(tx, now, "session.refreshed", &subject, json!({ "family": found.family, "untold_before": untold }))?;
    }
    Ok(Outcome::Rotated(Box::new(person), found.strong))
}

/// Ends the session of a refresh token and voids the person's access tokens. A token that is not known is no error: it is over.
/// Whether there was a session.
pub async fn end_session(auth: &Auth, token: &RefreshToken, scope: &http::Scope) -> Result<bool> {
    let Ok(tenant) = open(auth, token).await else { return Ok(false) };
    let (hash, by, now) = (token.hash(), author(scope), auth.clock().system_time());
    let ended = tenant
        .db()
        .write(move |tx| {
            let Some(found) = sessions::find_refresh(tx, &hash)? else { return Ok(None) };
            sessions::end_one(tx, &found.user_id, &found.family)?;
            sign_out(tx, &found.user_id, &by, now)?;
            Ok(Some(found.user_id))
        })
        .await?;
    if let Some(user_id) = &ended {
        Roster::of(&tenant).forget(user_id);
    }
    Ok(ended.is_some())
}

/// Voids the access tokens of a person who signs out without a refresh token.
pub async fn end_access(auth: &Auth, tenant: &Tenant, user_id: &str, by: Author) -> Result<()> {
    let (id, now) = (user_id.to_owned(), auth.clock().system_time());
    tenant.db().write(move |tx| sign_out(tx, &id, &by, now)).await?;
    Roster::of(tenant).forget(user_id);
    Ok(())
}

fn sign_out(tx: &rusqlite::Transaction<'_>, user_id: &str, by: &Author, now: Timestamp) -> Result<()> {
    store::void_tokens(tx, user_id)?;
    let by = Author { actor: format!("user:{user_id}"), ..by.clone() };
    by.tell(tx, now, "logout", &format!("user:{user_id}"), json!({})).map(drop)
}

async fn open(auth: &Auth, token: &RefreshToken) -> Result<Tenant> {
    match auth.tenants().open_even_closed(&token.tenant).await {
        Err(Error::NotFound) => Err(super::sign_in()),
        other => other,
    }
}

fn author(scope: &http::Scope) -> Author {
    Author { actor: String::new(), request_id: Some(scope.id().to_string()), ip: Some(scope.ip().to_string()) }
}
