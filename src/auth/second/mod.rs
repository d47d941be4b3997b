//! The second factor: a code that an app on the person's phone makes from a shared secret and the time, and ten recovery codes for
//! the day the phone is gone. The secret lies sealed, bound to its person; of the recovery codes there are keyed hashes.

pub mod routes;
mod store;
mod totp;

use jiff::Timestamp;
use qrcode::{EcLevel, QrCode};
use rusqlite::Transaction;
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;

use super::account::confirm_password;
use super::member::Member;
use super::reach::{Power, allows};
use super::roster::Roster;
use super::session::Auth;
use super::store as people;
use crate::error::{Error, Result};
use crate::events::{Author, Denial};
use crate::http;
use crate::secrets::{Purpose, TenantKey, random_bytes};
use crate::tenants::Tenant;

/// Recovery codes given out together.
const RECOVERY: usize = 10;
/// How long a secret that was shown waits for its first code.
const BEGUN_MS: i64 = 15 * 60 * 1000;

/// How somebody passed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Passed {
    /// No second factor is in force.
    NotAsked,
    /// By a code of the app.
    Code,
    /// By a recovery code, which is used up; how many are left.
    Recovery(i64),
    /// By a passkey, with which the device has verified the person.
    Passkey,
    /// The provider where the person signed in says that it asked for one.
    Provider,
}

impl Passed {
    /// What the event of a sign-in says of it.
    pub fn told(self) -> serde_json::Value {
        match self {
            Self::NotAsked => json!({}),
            Self::Code => json!({ "second_factor": "code" }),
            Self::Passkey => json!({ "second_factor": "passkey" }),
            Self::Provider => json!({ "second_factor": "provider" }),
            Self::Recovery(left) => json!({ "second_factor": "recovery_code", "left": left }),
        }
    }
}

/// Lets a person past the second factor, using the code up. A person without one passes.
///
/// # Errors
/// `SignInRequired` with the code `totp_required` where there is no code, `wrong_totp` where it does not fit.
pub(super) fn pass(
    tx: &Transaction<'_>,
    tenant: &Tenant,
    user_id: &str,
    code: Option<&SecretString>,
    now: Timestamp,
) -> Result<Passed> {
    let Some(row) = store::find(tx, user_id)?.filter(|row| row.confirmed) else { return Ok(Passed::NotAsked) };
    let Some(code) = code else {
        return Err(Error::SignInRequired {
            code: "totp_required",
            reason: "Enter the code of your authenticator app, or a recovery code.".into(),
        });
    };
    let code = plain(code);
    let secret = tenant.key().open(Purpose::SecondFactor, user_id, &row.sealed)?;
    if let Some(step) = totp::step_of(&secret, &code, now, row.last_step) {
        store::note_step(tx, user_id, step)?;
        return Ok(Passed::Code);
    }
    if store::use_recovery(tx, user_id, &recovery_mac(tenant, user_id, &code))? {
        return Ok(Passed::Recovery(store::recovery_left(tx, user_id)?));
    }
    Err(Error::SignInRequired { code: "wrong_totp", reason: "That code is not right, or was used already.".into() })
}

/// A code as people type it: spaces, dashes and capitals do not count.
fn plain(code: &SecretString) -> String {
    code.expose_secret()
        .chars()
        .filter(|c| c.is_ascii_alphanumeric())
        .map(|c| c.to_ascii_lowercase())
        .take(64)
        .collect()
}

/// A code of somebody who is signed in already: what is wrong is the field, not the session.
fn check(tx: &Transaction<'_>, tenant: &Tenant, user_id: &str, code: &SecretString, now: Timestamp) -> Result<()> {
    match pass(tx, tenant, user_id, Some(code), now) {
        Ok(_) => Ok(()),
        Err(Error::SignInRequired { .. }) => Err(wrong_code()),
        Err(other) => Err(other),
    }
}

fn wrong_code() -> Error {
    Error::invalid_code("wrong_code", Some("code"), "That code is not right, or was used already.")
}

/// A secret that waits for its first code.
pub struct Begun {
    /// Base32, to be typed in.
    pub secret: SecretString,
    /// What apps read: `otpauth://…`.
    pub uri: SecretString,
    /// The same as a square of dark (1) and light (0) modules, row by row.
    pub qr: Vec<String>,
}

/// Begins an enrolment: makes a secret, which is in force once [`confirm`] has seen a code of it.
///
/// # Errors
/// `Conflict` where a second factor is in force already.
pub async fn begin(auth: &Auth, member: &Member, password: SecretString, scope: &http::Scope) -> Result<Begun> {
    confirm_password(auth, member, password, ("password", "POST /api/auth/totp"), scope).await?;
    let secret: [u8; totp::SECRET] = random_bytes();
    let (now, by, user) = (auth.clock().system_time(), member.author(), member.user.clone());
    let (id, tenant) = (user.id.clone(), member.tenant.clone());
    let write = member.tenant.db().write(move |tx| {
        if store::find(tx, &id)?.is_some_and(|row| row.confirmed) {
            return Err(Error::conflict("already_enrolled", "A second factor is in force: remove it first."));
        }
        store::begin(tx, &id, &tenant.key().seal(Purpose::SecondFactor, &id, &secret), now)?;
        by.tell(tx, now, "second_factor.begun", &subject(&id), json!({})).map(drop)
    });
    write.await?;
    let text = totp::base32(&secret);
    let label: String = form_urlencoded::byte_serialize(user.email.as_bytes()).collect();
    let uri =
        format!("otpauth://totp/Pulsepoint:{label}?secret={text}&issuer=Pulsepoint&algorithm=SHA1&digits=6&period=30");
    Ok(Begun { qr: qr(&uri)?, secret: text.into(), uri: uri.into() })
}

fn qr(text: &str) -> Result<Vec<String>> {
    let code = QrCode::with_error_correction_level(text, EcLevel::M).map_err(|error| anyhow::anyhow!("{error}"))?;
    let modules: Vec<char> = code.to_colors().into_iter().map(|color| color.select('1', '0')).collect();
    Ok(modules.chunks(code.width()).map(|row| row.iter().collect()).collect())
}

/// Seals every secret of a store anew, under the second key.
pub fn reseal(tx: &Transaction<'_>, old: &TenantKey, new: &TenantKey) -> Result<()> {
    for (user_id, sealed) in store::all(tx)? {
        let secret = old.open(Purpose::SecondFactor, &user_id, &sealed)?;
        store::reseal(tx, &user_id, &new.seal(Purpose::SecondFactor, &user_id, &secret))?;
    }
    Ok(())
}

/// Ends an enrolment with a code of the new secret. The answer are the recovery codes, shown once.
///
/// # Errors
/// `Invalid` with the code `wrong_code`; `Conflict` where none was begun, or too long ago.
pub async fn confirm(
    auth: &Auth,
    member: &Member,
    code: SecretString,
    scope: &http::Scope,
) -> Result<Vec<SecretString>> {
    let attempt = auth.throttle().begin_code(&member.user.id)?;
    let (now, by, tenant, id) =
        (auth.clock().system_time(), member.author(), member.tenant.clone(), member.user.id.clone());
    let codes = new_codes();
    let macs = macs(&tenant, &id, &codes);
    let done = member.tenant.db().write(move |tx| {
        let begun =
            store::find(tx, &id)?.filter(|row| !row.confirmed && now.as_millisecond() - row.begun_at_ms < BEGUN_MS);
        let Some(row) = begun else {
            return Err(Error::conflict("not_begun", "Begin again: the secret that was shown has expired."));
        };
        let secret = tenant.key().open(Purpose::SecondFactor, &id, &row.sealed)?;
        let step = totp::step_of(&secret, &plain(&code), now, 0).ok_or_else(wrong_code)?;
        store::confirm(tx, &id, step, now)?;
        store::replace_recovery(tx, &id, &macs)?;
        by.tell(tx, now, "second_factor.enrolled", &subject(&id), json!({})).map(drop)
    });
    if let Err(error) = done.await {
        match &error {
            Error::Invalid { code: "wrong_code", .. } => {
                auth.refuse("second_factor.failed", "POST /api/auth/totp/confirm", &member.user.id, scope);
                auth.count_failure(scope, "POST /api/auth/totp/confirm");
            }
            _ => attempt.undo(),
        }
        return Err(error);
    }
    attempt.right();
    Roster::of(&member.tenant).forget(&member.user.id);
    Ok(codes)
}

/// New recovery codes for old ones. Takes the password and a code.
pub async fn renew(auth: &Auth, member: &Member, proof: Proof, scope: &http::Scope) -> Result<Vec<SecretString>> {
    let codes = new_codes();
    let macs = macs(&member.tenant, &member.user.id, &codes);
    with_proof(auth, member, proof, ("POST /api/auth/totp/recovery", scope), move |tx, id, by, now| {
        store::replace_recovery(tx, id, &macs)?;
        by.tell(tx, now, "second_factor.codes_renewed", &subject(id), json!({})).map(drop)
    })
    .await?;
    Ok(codes)
}

/// Takes the second factor away. Takes the password and a code.
///
/// # Errors
/// `Conflict` while a second factor is asked of everybody.
pub async fn remove(auth: &Auth, member: &Member, proof: Proof, scope: &http::Scope) -> Result<()> {
    with_proof(auth, member, proof, ("POST /api/auth/totp/remove", scope), |tx, id, by, now| {
        if store::required(tx)? {
            return Err(Error::conflict("second_factor_required", "A second factor is asked of everybody here."));
        }
        store::delete(tx, id)?;
        by.tell(tx, now, "second_factor.removed", &subject(id), json!({})).map(drop)
    })
    .await?;
    Roster::of(&member.tenant).forget(&member.user.id);
    Ok(())
}

/// What shows that it is the person, and not somebody at their screen.
pub struct Proof {
    /// The person's password.
    pub password: SecretString,
    /// A code of the app, or a recovery code.
    pub code: SecretString,
}

async fn with_proof(
    auth: &Auth,
    member: &Member,
    proof: Proof,
    (route, scope): (&'static str, &http::Scope),
    change: impl FnOnce(&Transaction<'_>, &str, &Author, Timestamp) -> Result<()> + Send + 'static,
) -> Result<()> {
    confirm_password(auth, member, proof.password, ("password", route), scope).await?;
    let attempt = auth.throttle().begin_code(&member.user.id)?;
    let (now, by, tenant, id) =
        (auth.clock().system_time(), member.author(), member.tenant.clone(), member.user.id.clone());
    let write = member.tenant.db().write(move |tx| {
        if store::find(tx, &id)?.is_none_or(|row| !row.confirmed) {
            return Err(Error::conflict("not_enrolled", "There is no second factor."));
        }
        check(tx, &tenant, &id, &proof.code, now)?;
        change(tx, &id, &by, now)
    });
    match write.await {
        Err(error @ Error::Invalid { code: "wrong_code", .. }) => {
            auth.refuse("second_factor.failed", route, &member.user.id, scope);
            auth.count_failure(scope, route);
            Err(error)
        }
        Err(error) => {
            attempt.undo();
            Err(error)
        }
        Ok(()) => {
            attempt.right();
            Ok(())
        }
    }
}

/// Takes a person's second factor away for them, when the phone is gone. `power` is the asker's; `None` for commands.
///
/// # Errors
/// `Forbidden` where the person may more than the asker, `NotFound` where there is no such person, `Conflict` where there is no
/// second factor.
pub async fn reset(tenant: &Tenant, id: &str, (by, power): (Author, Option<Power>), now: Timestamp) -> Result<()> {
    let wanted = id.to_owned();
    let write = tenant.db().write(move |tx| {
        let row = people::find(tx, &wanted)?.ok_or(Error::NotFound)?;
        allows(power.as_ref(), row.user.role, &row.reach)?;
        if power.as_ref().is_some_and(|power| power.person == wanted) {
            return Err(Error::conflict("own_account", "One's own second factor is removed on one's profile."));
        }
        if !store::delete(tx, &wanted)? {
            return Err(Error::conflict("not_enrolled", "There is no second factor."));
        }
        by.tell(tx, now, "second_factor.reset", &subject(&wanted), json!({})).map(drop)
    });
    write.await?;
    Roster::of(tenant).forget(id);
    Ok(())
}

/// Asks a second factor of everybody, or no more. For owners in person, and with one of their own if they ask it of others.
///
/// # Errors
/// `Forbidden` for others, `Conflict` for an owner without a second factor.
pub async fn require(member: &Member, required: bool, now: Timestamp) -> Result<()> {
    if !member.power().owner {
        return Err(Error::Forbidden { permission: "owner" });
    }
    let (by, id) = (member.author(), member.user.id.clone());
    let write = member.tenant.db().write(move |tx| {
        if required && store::find(tx, &id)?.is_none_or(|row| !row.confirmed) {
            let reason = "Set up a second factor of your own first, or you would lock yourself out.";
            return Err(Error::conflict("enrol_first", reason));
        }
        store::require(tx, required)?;
        by.tell(tx, now, "second_factor.rule", "tenant", json!({ "required": required })).map(drop)
    });
    write.await?;
    Roster::of(&member.tenant).forget_all();
    Ok(())
}

fn new_codes() -> Vec<SecretString> {
    const LETTERS: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz023456789";
    let letter = |byte: &u8| char::from(LETTERS[usize::from(byte % 32)]);
    let code = || {
        let letters: String = random_bytes::<10>().iter().map(letter).collect();
        format!("{}-{}", &letters[..5], &letters[5..]).into()
    };
    std::iter::repeat_with(code).take(RECOVERY).collect()
}

fn macs(tenant: &Tenant, user_id: &str, codes: &[SecretString]) -> Vec<[u8; 32]> {
    codes.iter().map(|code| recovery_mac(tenant, user_id, &plain(code))).collect()
}

fn recovery_mac(tenant: &Tenant, user_id: &str, code: &str) -> [u8; 32] {
    tenant.key().mac(Purpose::SecondFactor, format!("recovery:{user_id}:{code}").as_bytes())
}

fn subject(id: &str) -> String {
    format!("user:{id}")
}

impl Auth {
    /// Tells of a refusal that no route's access caused.
    pub(super) fn refuse(&self, kind: &'static str, route: &str, subject: &str, scope: &http::Scope) {
        let denial = Denial { kind, ip: scope.ip().to_string(), route: route.to_owned() };
        self.denials().note(denial, Some(subject), Some(scope.id().as_str()));
    }
}
