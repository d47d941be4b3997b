//! Passkeys: a key pair on a person's device, which the device uses only after it has verified the person. So a sign-in with one is
//! a full one and needs no second factor.
//!
//! They are made for the host of `public_url`, and browsers have them on https and on localhost alone; elsewhere there are none. The
//! name under which the device files a key, the user handle, is the tenant's id and the person's: a sign-in needs no directory.

mod login;
pub mod routes;
pub(super) mod store;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jiff::Timestamp;
use moka::policy::EvictionPolicy;
use moka::sync::Cache;
use secrecy::SecretString;
use serde_json::json;
use url::{Host, Url};
use webauthn_rs::prelude::{
    CreationChallengeResponse, DiscoverableAuthentication, PasskeyRegistration, RegisterPublicKeyCredential,
    RequestChallengeResponse, Uuid, Webauthn, WebauthnBuilder,
};

use super::account::confirm_person;
use super::cookie::RefreshToken;
use super::member::Member;
use super::people::parse_name;
use super::reach::{Power, allows};
use super::session::Auth;
use super::store as people;
use crate::error::{Error, Result};
use crate::events::Author;
use crate::http;
use crate::secrets::random_bytes;
use crate::tenants::Tenant;
pub(super) use login::log_in;
use store::PasskeyRow;

/// How long a device may take.
const PATIENCE: Duration = Duration::from_secs(300);
/// Ceremonies under way at the same time; the oldest are forgotten first.
const UNDER_WAY: u64 = 10_000;
/// Passkeys that a person may have.
const MOST: usize = 20;

/// Passkeys, where browsers have them. Cheap to clone.
#[derive(Clone)]
pub struct Passkeys(Arc<Inner>);

struct Inner {
    host: String,
    webauthn: Webauthn,
    made: Cache<String, Arc<Mutex<Option<Making>>>>,
    shown: Cache<String, Arc<Mutex<Option<DiscoverableAuthentication>>>>,
}

/// A passkey that somebody is making.
struct Making {
    handle: [u8; 32],
    state: PasskeyRegistration,
}

/// What a browser is asked for, and the name under which the answer is awaited.
pub(super) struct Asked<T> {
    pub ceremony: String,
    pub options: T,
}

impl Passkeys {
    /// Passkeys for the host of an address; `None` where browsers have none: at an IP address, or over plain HTTP but localhost.
    pub fn at(public: &Url) -> Option<Self> {
        let Some(Host::Domain(host)) = public.host() else { return None };
        if public.scheme() != "https" && host != "localhost" {
            return None;
        }
        let built = WebauthnBuilder::new(host, public).and_then(|builder| builder.rp_name("Pulsepoint").build());
        match built {
            Ok(webauthn) => {
                Some(Self(Arc::new(Inner { host: host.to_owned(), webauthn, made: remembered(), shown: remembered() })))
            }
            Err(error) => {
                tracing::warn!("no passkeys at {public}: {error}");
                None
            }
        }
    }

    fn ask_for_one(&self) -> Result<Asked<RequestChallengeResponse>> {
        let begun = self.0.webauthn.start_discoverable_authentication();
        let (mut options, state) = begun.map_err(|error| anyhow::anyhow!("asking for a passkey: {error}"))?;
        // By a button, not in the background of a field.
        options.mediation = None;
        let ceremony = random();
        self.0.shown.insert(ceremony.clone(), Arc::new(Mutex::new(Some(state))));
        Ok(Asked { ceremony, options })
    }
}

/// The user handle of a person: the tenant's id and their own.
fn handle(tenant: &Tenant, user_id: &str) -> [u8; 32] {
    let mut handle = [0; 32];
    handle[..16].copy_from_slice(&tenant.id().bytes());
    handle[16..].copy_from_slice(Uuid::try_parse(user_id).unwrap_or_default().as_bytes());
    handle
}

/// What shows that it is the person, and not somebody at their screen: the password, or the cookie of a session that is new.
pub(super) type Proof = (Option<SecretString>, Option<RefreshToken>);

/// Begins to make a passkey.
///
/// # Errors
/// `NotFound` where there are none, `Invalid` without a proof, `Conflict` for a person with too many.
pub(super) async fn begin(
    auth: &Auth,
    member: &Member,
    proof: Proof,
    scope: &http::Scope,
) -> Result<Asked<CreationChallengeResponse>> {
    let passkeys = auth.passkeys()?;
    confirm_person(auth, member, proof, "POST /api/auth/passkeys", scope).await?;
    let id = member.user.id.clone();
    let there = member.tenant.db().read(move |conn| store::list(conn, &id)).await?;
    if there.len() >= MOST {
        return Err(Error::conflict("too_many_passkeys", "Nobody has more than 20 passkeys: remove one first."));
    }
    let known = there.into_iter().map(|row| row.passkey.cred_id().clone()).collect();
    let user = &member.user;
    let begun = passkeys.0.webauthn.start_passkey_registration(Uuid::nil(), &user.email, &user.name, Some(known));
    let (mut options, state) = begun.map_err(|error| anyhow::anyhow!("beginning a passkey: {error}"))?;
    let handle = handle(&member.tenant, &user.id);
    options.public_key.user.id = handle.to_vec();
    if let Some(choice) = options.public_key.authenticator_selection.as_mut() {
        // Kept on the device with the handle, for a sign-in that begins without a name.
        choice.require_resident_key = true;
        choice.resident_key = Some(webauthn_rs_proto::ResidentKeyRequirement::Required);
    }
    let ceremony = random();
    passkeys.0.made.insert(ceremony.clone(), Arc::new(Mutex::new(Some(Making { handle, state }))));
    Ok(Asked { ceremony, options })
}

/// Ends the making of a passkey with what the device gave.
///
/// # Errors
/// `Conflict` with `not_begun` where nothing was begun, by this person, or too long ago; `Invalid` for what does not fit.
pub(super) async fn confirm(
    auth: &Auth,
    member: &Member,
    (ceremony, name): (&str, &str),
    given: &RegisterPublicKeyCredential,
) -> Result<PasskeyRow> {
    let passkeys = auth.passkeys()?;
    let name = parse_name("name", name)?;
    let making = passkeys.0.made.remove(ceremony).and_then(|made| take(&made));
    let mine = handle(&member.tenant, &member.user.id);
    let Some(making) = making.filter(|making| making.handle == mine) else {
        return Err(Error::conflict("not_begun", "Begin again: this took too long, or was begun elsewhere."));
    };
    let made = passkeys.0.webauthn.finish_passkey_registration(given, &making.state);
    let passkey = made.map_err(|error| {
        tracing::info!("a passkey was refused: {error}");
        Error::invalid_code("passkey_refused", Some("credential"), "What the device gave does not fit.")
    })?;
    let now = auth.clock().system_time();
    let (id, created_at_ms) = (Uuid::new_v4().to_string(), now.as_millisecond());
    let row = PasskeyRow { id, name, created_at_ms, last_used_ms: None, counter: counter(&passkey), passkey };
    let (by, user_id) = (member.author(), member.user.id.clone());
    let write = member.tenant.db().write(move |tx| {
        store::insert(tx, &user_id, &row)?;
        by.tell(tx, now, "passkey.added", &format!("user:{user_id}"), json!({ "passkey": row.id }))?;
        Ok(row)
    });
    write.await
}

/// Removes one of one's own passkeys.
///
/// # Errors
/// `NotFound` where one has no such passkey, `Invalid` without a proof.
pub(super) async fn remove(
    auth: &Auth,
    member: &Member,
    (id, proof): (String, Proof),
    scope: &http::Scope,
) -> Result<()> {
    let (wanted, user_id) = (id.clone(), member.user.id.clone());
    let there = member.tenant.db().read(move |conn| store::list(conn, &user_id)).await?;
    if !there.iter().any(|row| row.id == wanted) {
        return Err(Error::NotFound);
    }
    confirm_person(auth, member, proof, "POST /api/auth/passkeys/{id}/remove", scope).await?;
    let (by, user_id, now) = (member.author(), member.user.id.clone(), auth.clock().system_time());
    let write = member.tenant.db().write(move |tx| {
        if !store::delete(tx, &user_id, &id)? {
            return Err(Error::NotFound);
        }
        by.tell(tx, now, "passkey.removed", &format!("user:{user_id}"), json!({ "passkey": id })).map(drop)
    });
    write.await
}

/// Removes all passkeys of somebody, as when a device was lost.
///
/// # Errors
/// `Forbidden` where the person may more than the asker, `NotFound`, `Conflict` where there are none, and for oneself.
pub(super) async fn reset(tenant: &Tenant, id: &str, (by, power): (Author, Power), now: Timestamp) -> Result<()> {
    let id = id.to_owned();
    let write = tenant.db().write(move |tx| {
        let row = people::find(tx, &id)?.ok_or(Error::NotFound)?;
        allows(Some(&power), row.user.role, &row.reach)?;
        if power.person == id {
            return Err(Error::conflict("own_account", "One's own passkeys are removed on one's profile."));
        }
        let removed = store::delete_all(tx, &id)?;
        if removed == 0 {
            return Err(Error::conflict("no_passkeys", "This person has no passkeys."));
        }
        by.tell(tx, now, "passkeys.reset", &format!("user:{id}"), json!({ "passkeys": removed })).map(drop)
    });
    write.await
}

/// How often the device says it has signed.
fn counter(passkey: &webauthn_rs::prelude::Passkey) -> i64 {
    // The one figure of it that a row is looked up by; the library keeps it to itself.
    let written = serde_json::to_value(passkey).unwrap_or_default();
    written["cred"]["counter"].as_i64().unwrap_or(0)
}

fn take<T>(slot: &Mutex<Option<T>>) -> Option<T> {
    slot.lock().unwrap_or_else(PoisonError::into_inner).take()
}

fn remembered<V: Clone + Send + Sync + 'static>() -> Cache<String, V> {
    let cache = Cache::builder().max_capacity(UNDER_WAY).time_to_live(PATIENCE);
    cache.eviction_policy(EvictionPolicy::lru()).build()
}

fn random() -> String {
    BASE64_URL_SAFE_NO_PAD.encode(random_bytes::<32>())
}
