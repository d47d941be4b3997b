//! Signing in with a passkey.

use webauthn_rs::prelude::{DiscoverableKey, PublicKeyCredential, Uuid};

use super::store::{self, PasskeyRow};
use super::take;
use crate::auth::cookie::RefreshToken;
use crate::auth::login::{Also, Factor, Opening, SignedIn, begin_session};
use crate::auth::second::Passed;
use crate::auth::session::Auth;
use crate::auth::store as people;
use crate::error::{Error, Result};
use crate::events::Author;
use crate::http;
use crate::tenants::{Tenant, TenantId};

/// The route that tells of refusals.
const ROUTE: &str = "POST /api/auth/passkeys/login/confirm";
/// Passkeys that one address may get wrong within a quarter of an hour.
const WRONG_PASSKEYS: u32 = 20;

/// Signs a person in by what their device gave. Why it does not fit is nobody's business.
///
/// # Errors
/// `NotFound` where there are no passkeys, `SignInRequired` for whatever does not fit, `Closed`, `TooMany`.
pub async fn log_in(
    auth: &Auth,
    (ceremony, given): (&str, &PublicKeyCredential),
    device: String,
    scope: &http::Scope,
) -> Result<(SignedIn, RefreshToken)> {
    let passkeys = auth.passkeys()?;
    let attempt = auth.throttle().begin(scope.ip().key(), "passkey", WRONG_PASSKEYS)?;
    let state = passkeys.0.shown.remove(ceremony).and_then(|shown| take(&shown));
    let found = match state {
        Some(_) => find(auth, given).await,
        None => Ok(None),
    };
    let found = match found {
        Ok(found) => found,
        Err(error) => {
            attempt.undo();
            return Err(error);
        }
    };
    let checked = state.zip(found).and_then(|(state, (tenant, user_id, mut row))| {
        let key = DiscoverableKey::from(&row.passkey);
        let result = passkeys.0.webauthn.finish_discoverable_authentication_v2(given, state, &key);
        match result {
            Ok(result) if result.user_verified() => {
                row.passkey.update_credential(&result);
                Some((tenant, user_id, row, i64::from(result.counter())))
            }
            Ok(_) => None,
            Err(error) => {
                tracing::info!("a passkey was refused: {error}");
                auth.refuse("passkey.failed", ROUTE, &user_id, scope);
                None
            }
        }
    });
    let Some((tenant, user_id, row, counter)) = checked else {
        auth.refuse("login.failed", ROUTE, "stranger", scope);
        return Err(refused());
    };
    attempt.undo();
    if let Err(closed) = auth.tenants().check_open(tenant.id()) {
        auth.refuse("tenant.closed", ROUTE, &user_id, scope);
        return Err(closed);
    }
    let by = Author {
        actor: format!("user:{user_id}"),
        request_id: Some(scope.id().to_string()),
        ip: Some(scope.ip().to_string()),
    };
    let also: Also = Box::new(move |tx, _, now| match store::note_use(tx, &row, counter, now)? {
        true => Ok(()),
        // Removed or used meanwhile.
        false => Err(refused()),
    });
    let factor = Factor::Passed(Passed::Passkey);
    let opening = Opening { user_id, by, device, verified: None, with: Some("passkey"), factor, also: Some(also) };
    begin_session(auth, &tenant, opening).await
}

/// The passkey that an answer names, in the tenant and of the person that its handle names.
async fn find(auth: &Auth, given: &PublicKeyCredential) -> Result<Option<(Tenant, String, PasskeyRow)>> {
    let Some(handle) = given.get_user_unique_id().and_then(|handle| <[u8; 32]>::try_from(handle).ok()) else {
        return Ok(None);
    };
    let (mut tenant, mut person) = ([0; 16], [0; 16]);
    tenant.copy_from_slice(&handle[..16]);
    person.copy_from_slice(&handle[16..]);
    let tenant = match auth.tenants().open_even_closed(&TenantId::from_bytes(tenant)).await {
        Err(Error::NotFound) => return Ok(None),
        other => other?,
    };
    let (user_id, credential) = (Uuid::from_bytes(person).to_string(), given.get_credential_id().to_vec());
    let wanted = user_id.clone();
    let row = tenant.db().read(move |conn| {
        let active = people::find(conn, &wanted)?.is_some_and(|row| row.active);
        if active { store::find(conn, &wanted, &credential) } else { Ok(None) }
    });
    Ok(row.await?.map(|row| (tenant, user_id, row)))
}

fn refused() -> Error {
    let reason = "This passkey does not fit anybody here. Sign in another way.".into();
    Error::SignInRequired { code: "wrong_passkey", reason }
}
