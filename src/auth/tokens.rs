//! Access tokens: JWT, HS256, eight hours. One algorithm, no leeway, and a key that the token only names.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use anyhow::Context;
use jiff::Timestamp;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use moka::sync::Cache;
use serde::{Deserialize, Serialize};

use super::permission::Role;
use crate::error::Result;
use crate::tenants::SigningKey;

/// Seconds that an access token is good for.
pub const LIFETIME_SECS: i64 = 8 * 3600;
const ISSUER: &str = "pulsepoint";
const AUDIENCE: &str = "pulsepoint-api";

/// What a token says. Only `ver`, `user_id`, `tenant_id` and `mfa` decide; the rest is for readers.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Claims {
    iss: String,
    aud: String,
    sub: String,
    /// Whose data.
    pub tenant_id: String,
    /// Who.
    pub user_id: String,
    role: Role,
    /// The person's token version; a token of another version is void.
    pub ver: i64,
    /// Whether the session passed a second factor.
    #[serde(default)]
    pub(super) mfa: bool,
    jti: String,
    iat: i64,
    exp: i64,
}

impl Claims {
    /// Claims of a person from `now` on.
    pub fn new(tenant_id: &str, user_id: &str, role: Role, ver: i64, now: Timestamp) -> Self {
        Self {
            iss: ISSUER.to_owned(),
            aud: AUDIENCE.to_owned(),
            sub: user_id.to_owned(),
            tenant_id: tenant_id.to_owned(),
            user_id: user_id.to_owned(),
            role,
            ver,
            mfa: false,
            jti: uuid::Uuid::new_v4().to_string(),
            iat: now.as_second(),
            exp: now.as_second() + LIFETIME_SECS,
        }
    }

    /// The same, of a session that passed a second factor or did not.
    pub(super) fn strong(self, mfa: bool) -> Self {
        Self { mfa, ..self }
    }

    /// How long they are still good for.
    pub(super) fn left(&self, now: Timestamp) -> Duration {
        Duration::from_secs(u64::try_from(self.exp - now.as_second()).unwrap_or(0))
    }

    /// The person as a number, to count by.
    pub(super) fn user_number(&self) -> u128 {
        self.user_id.parse::<uuid::Uuid>().map_or(0, |id| id.as_u128())
    }
}

/// Signs and verifies access tokens. An older key goes on verifying until it is removed.
#[derive(Clone)]
pub struct Signer(Arc<RwLock<Arc<Keys>>>);

struct Keys {
    header: Header,
    signing: EncodingKey,
    /// With the time at which a key stops verifying, where another took its place.
    verifying: HashMap<String, (DecodingKey, Option<Timestamp>)>,
    rules: Validation,
    /// Tokens whose signature was found good. Their time is looked at on every use, their person's version by the guard.
    verified: Cache<Box<str>, (Arc<Claims>, Option<Timestamp>)>,
}

/// Verified tokens remembered, and for how long.
const REMEMBERED: u64 = 10_000;
const REMEMBERED_FOR: Duration = Duration::from_secs(600);

impl Signer {
    /// A signer of these keys, the newest first. Refuses to exist without one.
    pub fn new(keys: &[SigningKey]) -> Result<Self> {
        Ok(Self(Arc::new(RwLock::new(Arc::new(Keys::new(keys)?)))))
    }

    /// Signs and verifies with these keys from now on.
    pub fn renew(&self, keys: &[SigningKey]) -> Result<()> {
        let keys = Arc::new(Keys::new(keys)?);
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = keys;
        Ok(())
    }

    /// The token of these claims.
    pub fn sign(&self, claims: &Claims) -> Result<String> {
        let keys = self.keys();
        Ok(jsonwebtoken::encode(&keys.header, claims, &keys.signing).context("signing an access token")?)
    }

    /// What a token claims, if it is ours and good at `now`. Why it is not is nobody's business.
    pub fn verify(&self, token: &str, now: Timestamp) -> Option<Arc<Claims>> {
        let keys = self.keys();
        let (claims, until) = match keys.verified.get(token) {
            Some(verified) => verified,
            None => {
                let (claims, until) = keys.check(token)?;
                let verified = (Arc::new(claims), until);
                keys.verified.insert(token.into(), verified.clone());
                verified
            }
        };
        let holds = until.is_none_or(|until| now < until);
        (holds && claims.iat <= now.as_second() && claims.exp > now.as_second()).then_some(claims)
    }

    /// Whether a token that was refused is one of ours whose time is over, and no forgery.
    pub(super) fn is_stale(&self, token: &str) -> bool {
        let (keys, header) = (self.keys(), jsonwebtoken::decode_header(token));
        let Some(kid) = header.ok().and_then(|header| header.kid) else { return false };
        let Some((key, _)) = keys.verifying.get(&kid) else { return false };
        jsonwebtoken::decode::<Claims>(token, key, &keys.rules).is_ok()
    }

    fn keys(&self) -> Arc<Keys> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Keys {
    fn new(keys: &[SigningKey]) -> Result<Self> {
        let newest = keys.first().context("looking for a signing key")?;
        let mut header = Header::new(Algorithm::HS256);
        header.kid = Some(newest.kid().to_owned());
        let mut rules = Validation::new(Algorithm::HS256);
        rules.leeway = 0;
        // `Signer::verify` does it, by the clock that is handed to it.
        rules.validate_exp = false;
        rules.validate_nbf = true;
        rules.set_issuer(&[ISSUER]);
        rules.set_audience(&[AUDIENCE]);
        rules.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        let verifying = |key: &SigningKey| (DecodingKey::from_secret(key.secret()), key.until());
        Ok(Self {
            header,
            signing: EncodingKey::from_secret(newest.secret()),
            verifying: keys.iter().map(|key| (key.kid().to_owned(), verifying(key))).collect(),
            rules,
            verified: Cache::builder().max_capacity(REMEMBERED).time_to_live(REMEMBERED_FOR).build(),
        })
    }

    fn check(&self, token: &str) -> Option<(Claims, Option<Timestamp>)> {
        let header = jsonwebtoken::decode_header(token).ok()?;
        let plain = header.jwk.is_none() && header.jku.is_none() && header.x5u.is_none() && header.crit.is_none();
        if !plain || header.typ.as_deref() != Some("JWT") {
            return None;
        }
        let (key, until) = self.verifying.get(header.kid.as_deref()?)?;
        let claims = jsonwebtoken::decode::<Claims>(token, key, &self.rules).ok()?.claims;
        (claims.sub == claims.user_id).then_some((claims, *until))
    }
}
