//! What a person does with their own account: another password, and an end to sessions.

use jiff::Timestamp;
use secrecy::SecretString;
use serde_json::json;

use super::cookie::RefreshToken;
use super::links;
use super::login::{SignedIn, WRONG_PASSWORDS, signed_in};
use super::member::Member;
use super::passwords;
use super::roster::Roster;
use super::session::Auth;
use super::sessions::{self, SessionRow};
use super::store;
use crate::error::{Error, Result};
use crate::http;
use crate::secrets::{hash_password, verify_password};

/// Checks the password of somebody who is signed in, as often as a sign-in may be tried: a wrong one is told of `route`. Returns
/// the hash it fits.
///
/// # Errors
/// `Invalid` with the code `wrong_password` and the field of it; `TooMany`.
pub(super) async fn confirm_password(
    auth: &Auth,
    member: &Member,
    password: SecretString,
    (field, route): (&'static str, &'static str),
    scope: &http::Scope,
) -> Result<String> {
    let attempt = auth.guess(scope, &member.user.email, WRONG_PASSWORDS, route)?;
    let id = member.user.id.clone();
    let checked = async {
        let row = member.tenant.db().read(move |conn| store::find(conn, &id)).await?.ok_or_else(super::sign_in)?;
        let right = verify_password(password, Some(row.password_hash.clone())).await?;
        Ok::<_, Error>(right.then_some(row.password_hash))
    };
    match checked.await {
        Ok(Some(hash)) => {
            attempt.right();
            Ok(hash)
        }
        Ok(None) => {
            auth.refuse("password.refused", route, &member.user.id, scope);
            auth.count_failure(scope, route);
            Err(Error::invalid_code("wrong_password", Some(field), "This is not your password."))
        }
        Err(error) => {
            attempt.undo();
            Err(error)
        }
    }
}

/// How long after a sign-in nobody is asked for the password again.
const RECENT_MS: i64 = 10 * 60 * 1000;

/// Makes sure that it is the person who changes how they sign in, and not somebody at their screen: their password, or a session
/// that began a moment ago, which its refresh cookie shows.
///
/// # Errors
/// `Invalid` with the code `confirm_yourself` where there is neither; else as [`confirm_password`].
pub(super) async fn confirm_person(
    auth: &Auth,
    member: &Member,
    (password, cookie): (Option<SecretString>, Option<RefreshToken>),
    route: &'static str,
    scope: &http::Scope,
) -> Result<()> {
    if let Some(password) = password {
        return confirm_password(auth, member, password, ("password", route), scope).await.map(drop);
    }
    let (id, cookie) = (member.user.id.clone(), cookie.map(|token| token.hash()));
    let since = auth.clock().system_time().as_millisecond() - RECENT_MS;
    let read = member.tenant.db().read(move |conn| sessions::began_since(conn, cookie.as_ref(), &id, since));
    match read.await? {
        true => Ok(()),
        false => {
            let reason = "Enter your password, or sign in again: your session began more than ten minutes ago.";
            Err(Error::invalid_code("confirm_yourself", Some("password"), reason))
        }
    }
}

/// An old password and a new one.
pub struct Change {
    /// The one that holds.
    pub current: SecretString,
    /// The one that shall.
    pub new: SecretString,
}

/// Changes one's own password. Every other session ends, and so does every access token; the answer holds a new one. `cookie`
/// names the session that goes on.
///
/// # Errors
/// `Invalid` for a wrong old or a bad new password; `TooMany`.
pub async fn change_password(
    auth: &Auth,
    member: &Member,
    change: Change,
    cookie: Option<RefreshToken>,
    scope: &http::Scope,
) -> Result<SignedIn> {
    let verified =
        confirm_password(auth, member, change.current, ("current", "POST /api/auth/password"), scope).await?;
    let own = [member.tenant.name(), member.tenant.slug(), &member.user.name];
    passwords::check(&change.new, &member.user.email, &own).map_err(|error| match error {
        Error::Invalid { code, reason, .. } => Error::invalid_code(code, Some("new"), reason),
        other => other,
    })?;
    let hash = hash_password(change.new).await?;
    let (now, by, id) = (auth.clock().system_time(), member.author(), member.user.id.clone());
    let cookie = cookie.map(|token| token.hash());
    let row = member
        .tenant
        .db()
        .write(move |tx| {
            // What was checked before the transaction may have changed since.
            let found = store::find(tx, &id)?.filter(|row| row.active && row.password_hash == verified);
            let mut row = found.ok_or_else(super::sign_in)?;
            row.password_hash = hash;
            store::update(tx, &row, true)?;
            let family = sessions::family_of(tx, cookie.as_ref(), &id)?;
            let ended = sessions::end_others(tx, &id, family.as_deref())?;
            links::store::drop_resets(tx, &id)?;
            by.tell(tx, now, "password.changed", &format!("user:{id}"), json!({ "sessions_ended": ended }))?;
            store::find(tx, &id)?.ok_or_else(super::sign_in)
        })
        .await?;
    Roster::of(&member.tenant).forget(&member.user.id);
    signed_in(auth, &member.tenant, (&row, member.ticket.strong), now)
}

/// One's sessions, each with whether it is the one that asks.
pub async fn list_sessions(
    member: &Member,
    cookie: Option<RefreshToken>,
    now: Timestamp,
) -> Result<Vec<(SessionRow, bool)>> {
    let (id, cookie) = (member.user.id.clone(), cookie.map(|token| token.hash()));
    let read = member.tenant.db().read(move |conn| {
        let current = sessions::family_of(conn, cookie.as_ref(), &id)?;
        let rows = sessions::list(conn, &id, now)?;
        Ok(rows.into_iter().map(|row| (current.as_deref() == Some(row.family.as_str()), row)).collect::<Vec<_>>())
    });
    Ok(read.await?.into_iter().map(|(current, row)| (row, current)).collect())
}

/// Ends one of one's sessions. Access tokens do not know their session, so all of the person's end with it; the sessions that go on
/// fetch new ones without noticing.
///
/// # Errors
/// `NotFound` where one has no such session.
pub async fn end_session(auth: &Auth, member: &Member, family: String) -> Result<()> {
    let (now, by, id) = (auth.clock().system_time(), member.author(), member.user.id.clone());
    let write = member.tenant.db().write(move |tx| {
        if !sessions::end_one(tx, &id, &family)? {
            return Err(Error::NotFound);
        }
        store::void_tokens(tx, &id)?;
        by.tell(tx, now, "session.ended", &format!("user:{id}"), json!({ "family": family })).map(drop)
    });
    write.await?;
    Roster::of(&member.tenant).forget(&member.user.id);
    Ok(())
}

/// Ends one's sessions but the one that asks; without its cookie, all.
pub async fn end_other_sessions(auth: &Auth, member: &Member, cookie: Option<RefreshToken>) -> Result<()> {
    let (now, by, id) = (auth.clock().system_time(), member.author(), member.user.id.clone());
    let cookie = cookie.map(|token| token.hash());
    let write = member.tenant.db().write(move |tx| {
        let family = sessions::family_of(tx, cookie.as_ref(), &id)?;
        let ended = sessions::end_others(tx, &id, family.as_deref())?;
        store::void_tokens(tx, &id)?;
        by.tell(tx, now, "sessions.ended", &format!("user:{id}"), json!({ "sessions": ended })).map(drop)
    });
    write.await?;
    Roster::of(&member.tenant).forget(&member.user.id);
    Ok(())
}
