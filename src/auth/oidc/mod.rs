//! Single sign-on at one provider (OpenID Connect): code with PKCE, a state that is good once and for one browser, a nonce.
//!
//! The provider says who somebody is; whether they may come in is decided here. It has to vouch for the e-mail, and a person of
//! that e-mail has to be there or to hold an invitation: nobody becomes somebody by signing in. At the first sign-in the provider's
//! subject is bound to the person; another subject with the same e-mail is refused until an owner takes the bond back.

mod admit;
mod cookie;
mod provider;
pub mod routes;
mod settings;
pub(super) mod store;

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use moka::policy::EvictionPolicy;
use moka::sync::Cache;
use secrecy::SecretString;
use sha2::{Digest, Sha256};
use url::Url;

use super::session::Auth;
use crate::error::{Error, Result};
use crate::http::{self, PublicUrl};
use crate::secrets::{constant_time_eq, random_bytes};
use crate::tenants::TenantId;
use provider::{Identity, Provider, Way};
pub use settings::Settings;

/// How long somebody may take at the provider, and then for a code.
const PATIENCE: Duration = Duration::from_secs(600);
/// How many may be on their way at the same time; the oldest are forgotten first.
const UNDER_WAY: u64 = 10_000;
/// Codes and states that one address may get wrong within a quarter of an hour.
const WRONG_ANSWERS: u32 = 20;

/// Single sign-on, configured. Cheap to clone.
#[derive(Clone)]
pub struct Oidc(Arc<Inner>);

struct Inner {
    name: String,
    /// Whether the page is served over TLS, so that cookies may say so.
    secure: bool,
    provider: Provider,
    /// By the hash of the state.
    ways: Cache<[u8; 32], Arc<Begun>>,
    /// By the hash of the cookie.
    waiting: Cache<[u8; 32], Waiting>,
}

/// Somebody at the provider. Taken out once, by whoever comes back.
struct Begun {
    way: std::sync::Mutex<Option<Way>>,
    browser: [u8; 32],
    invitation: Option<SecretString>,
}

/// Somebody whom the provider knows and of whom a code is still asked.
#[derive(Clone)]
struct Waiting {
    tenant: TenantId,
    user_id: String,
    identity: Arc<Identity>,
}

/// Where to send a browser, and the cookie to give it.
pub(super) struct Sent {
    pub to: Url,
    pub cookie: String,
}

/// What comes back from the provider with a browser.
#[derive(Default)]
pub(super) struct Back {
    pub state: Option<String>,
    pub code: Option<String>,
    pub issuer: Option<String>,
    /// The provider's own word for why it did not work.
    pub error: Option<String>,
}

impl Oidc {
    /// Single sign-on by these settings; `None` without an issuer. Asks nobody.
    ///
    /// # Errors
    /// A sentence that names the setting at fault.
    pub fn new(settings: &Settings, secret: Option<SecretString>, public: &PublicUrl) -> Result<Option<Self>> {
        if settings.issuer.is_empty() {
            return Ok(None);
        }
        let missing = "oidc.issuer is set, so public_url has to be set too: the provider sends people back there";
        let public = public.get().ok_or_else(|| anyhow::anyhow!(missing))?;
        let provider = Provider::new(settings, settings.secret(secret)?, public)?;
        let (name, secure) = (settings.name.clone(), public.scheme() == "https");
        Ok(Some(Self(Arc::new(Inner { name, secure, provider, ways: remembered(), waiting: remembered() }))))
    }

    /// Sends somebody to the provider, with the token of an invitation if they were invited.
    pub(super) async fn begin(&self, invitation: Option<SecretString>) -> Result<Sent> {
        let (state, nonce, cookie) = (random(), random(), random());
        let (to, way) = self.0.provider.way(state.clone(), nonce).await?;
        let begun = Begun { way: std::sync::Mutex::new(Some(way)), browser: hash(&cookie), invitation };
        self.0.ways.insert(hash(&state), Arc::new(begun));
        Ok(Sent { to, cookie })
    }

    /// Who it is that came back, and the invitation they left with.
    async fn end(&self, back: Back, cookie: Option<&str>) -> Result<(Identity, Option<SecretString>)> {
        let begun = back.state.as_deref().and_then(|state| self.0.ways.remove(&hash(state))).ok_or_else(stale)?;
        let same = cookie.is_some_and(|cookie| constant_time_eq(&hash(cookie), &begun.browser));
        // The answer of another provider, handed to us (RFC 9207).
        let ours = back.issuer.as_deref().is_none_or(|issuer| issuer == self.0.provider.issuer());
        let way = begun.way.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take();
        let (Some(way), true, true) = (way, same, ours) else { return Err(stale()) };
        let code = match (back.code, back.error) {
            (Some(code), None) if !code.is_empty() => code,
            (_, Some(error)) => {
                tracing::info!("the provider did not let somebody sign in: {error:?}");
                return Err(stale());
            }
            _ => return Err(stale()),
        };
        Ok((self.0.provider.identify(code, way).await?, begun.invitation.clone()))
    }
}

impl Auth {
    /// Counts an answer of a provider that may be wrong.
    fn count_answer(&self, scope: &http::Scope) -> Result<super::throttle::Attempt> {
        self.throttle().begin(scope.ip().key(), "oidc", WRONG_ANSWERS)
    }
}

fn stale() -> Error {
    Error::SignInRequired { code: "sign_in_expired", reason: "This sign-in was not begun here. Try again.".into() }
}

fn remembered<V: Clone + Send + Sync + 'static>() -> Cache<[u8; 32], V> {
    Cache::builder().max_capacity(UNDER_WAY).time_to_live(PATIENCE).eviction_policy(EvictionPolicy::lru()).build()
}

fn random() -> String {
    BASE64_URL_SAFE_NO_PAD.encode(random_bytes::<32>())
}

fn hash(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}
