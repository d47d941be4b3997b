//! Whether somebody whom the provider knows may come in here.

use std::sync::Arc;

use rusqlite::Transaction;
use secrecy::SecretString;
use serde_json::json;

use super::provider::Identity;
use super::store::{self, Bond};
use super::{Back, Oidc, Waiting, hash, random, stale};
use crate::auth::cookie::RefreshToken;
use crate::auth::links;
use crate::auth::login::{Also, Factor, Opening, SignedIn, begin_session};
use crate::auth::reach::Power;
use crate::auth::second::Passed;
use crate::auth::session::Auth;
use crate::auth::store as people;
use crate::error::{Error, Result};
use crate::events::Author;
use crate::http;
use crate::tenants::Tenant;

/// The route that tells of refusals.
const ROUTE: &str = "GET /api/auth/oidc/callback";

/// How a sign-in at the provider ended.
pub(super) enum Ended {
    /// With a session.
    In(RefreshToken),
    /// A code is asked for; the cookie stands for what was shown so far.
    Code(String),
}

/// Lets somebody in who comes back from the provider.
///
/// # Errors
/// `SignInRequired` with `sign_in_expired` for a state that is not this browser's, `sign_in_refused` where the provider's word does
/// not hold, `not_known_here` where it does and nobody here is who it names; `Closed`, `Unavailable`, `TooMany`.
pub(super) async fn come_back(
    auth: &Auth,
    oidc: &Oidc,
    (back, cookie): (Back, Option<&str>),
    device: String,
    scope: &http::Scope,
) -> Result<Ended> {
    let attempt = auth.count_answer(scope)?;
    let (identity, invitation) = match oidc.end(back, cookie).await {
        Ok(found) => {
            attempt.undo();
            found
        }
        Err(error) => {
            match &error {
                Error::SignInRequired { .. } => auth.refuse("oidc.failed", ROUTE, "stranger", scope),
                _ => attempt.undo(),
            }
            return Err(error);
        }
    };
    if identity.email.is_none() {
        auth.refuse("oidc.unverified", ROUTE, "stranger", scope);
        return Err(not_known());
    }
    let found = match invitation {
        Some(token) => join(auth, &token, &identity, scope).await?,
        None => find(auth, &identity, scope).await?,
    };
    let waiting = Waiting { tenant: found.0.id().clone(), user_id: found.1, identity: Arc::new(identity) };
    match open(auth, &waiting, (None, ROUTE), device, scope).await {
        Ok((_, token)) => Ok(Ended::In(token)),
        Err(Error::SignInRequired { code: "totp_required", .. }) => {
            let cookie = random();
            oidc.0.waiting.insert(hash(&cookie), waiting);
            Ok(Ended::Code(cookie))
        }
        Err(error) => Err(error),
    }
}

/// Lets somebody in who came back from the provider and of whom a code was asked.
///
/// # Errors
/// `SignInRequired` with `sign_in_expired` or `wrong_totp`; as [`come_back`].
pub(super) async fn with_code(
    auth: &Auth,
    oidc: &Oidc,
    (cookie, code): (Option<&str>, SecretString),
    device: String,
    scope: &http::Scope,
) -> Result<(SignedIn, RefreshToken)> {
    const ROUTE: &str = "POST /api/auth/oidc/code";
    let key = cookie.map(hash);
    let Some((key, waiting)) = key.and_then(|key| Some((key, oidc.0.waiting.get(&key)?))) else {
        auth.refuse("oidc.failed", ROUTE, "stranger", scope);
        return Err(stale());
    };
    let guess = auth.throttle().begin_code(&waiting.user_id)?;
    let begun = open(auth, &waiting, (Some(code), ROUTE), device, scope).await;
    match &begun {
        Ok(_) => {
            guess.right();
            oidc.0.waiting.invalidate(&key);
        }
        Err(Error::SignInRequired { code: "wrong_totp", .. }) => {
            auth.refuse("second_factor.failed", ROUTE, &waiting.user_id, scope);
        }
        Err(_) => guess.undo(),
    }
    begun
}

/// The person of the e-mail that the provider vouches for.
async fn find(auth: &Auth, identity: &Identity, scope: &http::Scope) -> Result<(Tenant, String)> {
    let email = identity.email.clone().unwrap_or_default();
    if let Some(id) = auth.tenants().by_email(&email).await? {
        let tenant = auth.tenants().open_even_closed(&id).await?;
        let row = tenant.db().read(move |conn| people::find_by_email(conn, &email)).await?;
        if let Some(row) = row.filter(|row| row.active) {
            return Ok((tenant, row.user.id));
        }
    }
    auth.refuse("oidc.stranger", ROUTE, "stranger", scope);
    Err(not_known())
}

/// Uses an invitation up for whoever the provider says was invited.
async fn join(auth: &Auth, token: &SecretString, identity: &Identity, scope: &http::Scope) -> Result<(Tenant, String)> {
    let subject = (identity.issuer.clone(), identity.subject.clone());
    let email = identity.email.clone().unwrap_or_default();
    let bind: links::Also = Box::new(move |tx, id, by, now| {
        match store::bond(tx, id, (&subject.0, &subject.1))? {
            Bond::Other => return Err(not_known()),
            Bond::Theirs | Bond::None => store::bind(tx, id, (&subject.0, &subject.1), now)?,
        }
        by.tell(tx, now, "oidc.bound", &format!("user:{id}"), json!({ "issuer": subject.0 })).map(drop)
    });
    let joined = links::accept_known(auth, token, (&email, identity.name.as_deref()), bind, scope).await;
    if let Err(Error::NotFound | Error::SignInRequired { .. }) = &joined {
        auth.refuse("oidc.stranger", ROUTE, "stranger", scope);
        return Err(not_known());
    }
    joined
}

/// Begins the session, if the subject is the person's.
async fn open(
    auth: &Auth,
    waiting: &Waiting,
    (code, route): (Option<SecretString>, &'static str),
    device: String,
    scope: &http::Scope,
) -> Result<(SignedIn, RefreshToken)> {
    let tenant = auth.tenants().open_even_closed(&waiting.tenant).await?;
    if let Err(closed) = auth.tenants().check_open(tenant.id()) {
        auth.refuse("tenant.closed", route, &waiting.user_id, scope);
        return Err(closed);
    }
    let user_id = waiting.user_id.clone();
    let by = Author {
        actor: format!("user:{user_id}"),
        request_id: Some(scope.id().to_string()),
        ip: Some(scope.ip().to_string()),
    };
    let factor = match waiting.identity.strong {
        true => Factor::Passed(Passed::Provider),
        false => Factor::Code(code),
    };
    let also = Some(bond(&user_id, &waiting.identity));
    let opening = Opening { user_id, by, device, verified: None, with: Some("oidc"), factor, also };
    let begun = begin_session(auth, &tenant, opening).await;
    match begun {
        Err(Error::SignInRequired { code: "not_known_here", .. }) => {
            auth.refuse("oidc.other_subject", route, &waiting.user_id, scope);
            Err(not_known())
        }
        // Disabled or gone since it was looked for.
        Err(Error::SignInRequired { code: "sign_in_required", .. }) => Err(not_known()),
        begun => begun,
    }
}

/// The part of a session's beginning that binds the subject, or finds it bound. It comes before the code is asked for.
fn bond(user_id: &str, identity: &Arc<Identity>) -> Also {
    let (user_id, identity) = (user_id.to_owned(), Arc::clone(identity));
    Box::new(move |tx, by, now| {
        let subject = (identity.issuer.as_str(), identity.subject.as_str());
        let email = people::find(tx, &user_id)?.map(|row| row.user.email);
        match store::bond(tx, &user_id, subject)? {
            // Somebody whose e-mail has changed since they went to the provider is found under the new one.
            Bond::Other => Err(not_known()),
            _ if email != identity.email => Err(not_known()),
            Bond::Theirs => Ok(()),
            Bond::None => {
                store::bind(tx, &user_id, subject, now)?;
                by.tell(tx, now, "oidc.bound", &format!("user:{user_id}"), json!({ "issuer": subject.0 })).map(drop)
            }
        }
    })
}

/// Takes the bond between a person and a subject of the provider back: the next sign-in there binds anew. For owners in person.
///
/// # Errors
/// `Forbidden` for others, `NotFound`, `Conflict` where nothing is bound.
pub(super) async fn unbind(
    tenant: &Tenant,
    id: &str,
    (by, power): (Author, Power),
    now: jiff::Timestamp,
) -> Result<()> {
    let id = id.to_owned();
    let write = move |tx: &Transaction<'_>| {
        people::find(tx, &id)?.ok_or(Error::NotFound)?;
        if !power.owner {
            return Err(Error::Forbidden { permission: "owner" });
        }
        if !store::unbind(tx, &id)? {
            return Err(Error::conflict("not_bound", "This person has not signed in at the provider yet."));
        }
        by.tell(tx, now, "oidc.unbound", &format!("user:{id}"), json!({})).map(drop)
    };
    tenant.db().write(write).await
}

fn not_known() -> Error {
    let reason = "The provider knows you, but nobody here has this e-mail. Ask an owner for an invitation.";
    Error::SignInRequired { code: "not_known_here", reason: reason.into() }
}
