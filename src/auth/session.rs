//! The long-lived parts of signing in, and the way from a token's claims to a member.

use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant as Moment};

use jiff::SignedDuration;
use tokio::time::Instant;

use super::keys::{KeyEntry, KeyToken};
use super::member::{Member, Ticket};
use super::oidc::Oidc;
use super::passkeys::Passkeys;
use super::roster::{Entry, Roster};
use super::setup::Setup;
use super::throttle::{Attempt, Throttle};
use super::tokens::{Claims, Signer};
use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::events::{Denial, Denials};
use crate::http::{self, Bans, RateLimits};
use crate::tenants::{Tenant, TenantId, Tenants};

/// What signing in needs. Cheap to clone.
#[derive(Clone)]
pub struct Auth(Arc<Inner>);

struct Inner {
    tenants: Tenants,
    clock: Clock,
    signer: Signer,
    limits: RateLimits,
    throttle: Throttle,
    bans: Bans,
    setup: Setup,
    passkeys: Option<Passkeys>,
    oidc: OnceLock<Oidc>,
    /// None is as long as the session itself.
    session_idle_ms: Option<i64>,
}

impl Auth {
    /// Puts the parts together. Without any people yet, it makes a setup token: see `setup_token`.
    pub async fn start(tenants: Tenants, clock: Clock, settings: &http::Settings) -> Result<Self> {
        let signer = Signer::new(&tenants.jwt_keys())?;
        let setup = Setup::start(&tenants).await?;
        let (limits, throttle, bans) = (RateLimits::new(settings), Throttle::new(), Bans::new(settings));
        let passkeys = settings.public_url.get().and_then(Passkeys::at);
        let (oidc, hours) = (OnceLock::new(), i64::from(settings.session_idle_hours));
        let session_idle_ms = (hours > 0).then_some(hours * 3600 * 1000);
        let parts = Inner { tenants, clock, signer, limits, throttle, bans, setup, passkeys, oidc, session_idle_ms };
        Ok(Self(Arc::new(parts)))
    }

    /// How long a session may lie idle, in milliseconds; none is to its end.
    pub(super) fn session_idle_ms(&self) -> Option<i64> {
        self.0.session_idle_ms
    }

    /// Lets people sign in at a provider; to be called once, before anybody asks.
    pub fn sign_in_at(&self, provider: Oidc) {
        // A second one would be the caller's mistake; the first stays.
        let _ = self.0.oidc.set(provider);
    }

    /// The provider where people sign in.
    pub(super) fn oidc(&self) -> Result<&Oidc> {
        self.0.oidc.get().ok_or(Error::NotFound)
    }

    /// Passkeys, where browsers have them: `NotFound` elsewhere.
    pub(super) fn passkeys(&self) -> Result<&Passkeys> {
        self.0.passkeys.as_ref().ok_or(Error::NotFound)
    }

    /// The token that the first person needs; `None` once there are people.
    pub fn setup_token(&self) -> Option<String> {
        self.0.setup.token()
    }

    /// Whether the first run is still to come.
    pub async fn setup_is_needed(&self) -> Result<bool> {
        self.0.setup.is_needed(&self.0.tenants).await
    }

    /// The tenants of this instance.
    pub fn tenants(&self) -> &Tenants {
        &self.0.tenants
    }

    /// Signs and verifies access tokens.
    pub fn signer(&self) -> &Signer {
        &self.0.signer
    }

    /// Makes a new key for signing. Tokens that are out are good until they end, and the old key until then.
    pub async fn rotate_signing(&self) -> Result<()> {
        let keep = SignedDuration::from_secs(super::LIFETIME_SECS);
        self.0.tenants.rotate_signing(self.0.clock.system_time(), keep).await?;
        self.0.signer.renew(&self.0.tenants.jwt_keys())
    }

    /// Forgets signing keys whose last token has ended.
    pub async fn forget_old_signing(&self) -> Result<()> {
        match self.0.tenants.forget_old_signing(self.0.clock.system_time()).await? {
            true => self.0.signer.renew(&self.0.tenants.jwt_keys()),
            false => Ok(()),
        }
    }

    /// The requests a minute.
    pub fn limits(&self) -> &RateLimits {
        &self.0.limits
    }

    /// The time; tokens go by the system's.
    pub fn clock(&self) -> &Clock {
        &self.0.clock
    }

    /// Where refusals are told.
    pub fn denials(&self) -> &Denials {
        self.0.tenants.denials()
    }

    /// Who is refused at the door.
    pub fn bans(&self) -> &Bans {
        &self.0.bans
    }

    /// Counts a wrong guess, be it checked or not, against the address it came from. The one too many is told of.
    pub(super) fn count_failure(&self, scope: &http::Scope, route: &str) {
        let from = scope.ip();
        if self.0.bans.failed(from, Moment::now()) {
            tracing::warn!(%from, "too many wrong guesses: refused for a while (is it a proxy of yours? see trusted_proxies)");
            let denial = Denial { kind: "address.banned", ip: from.to_string(), route: route.to_owned() };
            self.denials().note(denial, None, Some(scope.id().as_str()));
        }
    }

    /// Begins a guess at `account`. One more than may be made is a failure too, though it is not looked at.
    ///
    /// # Errors
    /// `TooMany`.
    pub(super) fn guess(&self, scope: &http::Scope, account: &str, allowed: u32, route: &str) -> Result<Attempt> {
        let attempt = self.0.throttle.begin(scope.ip().key(), account, allowed);
        if attempt.is_err() {
            self.count_failure(scope, route);
        }
        attempt
    }

    pub(super) fn throttle(&self) -> &Throttle {
        &self.0.throttle
    }

    pub(super) fn setup(&self) -> &Setup {
        &self.0.setup
    }

    /// The member that verified claims stand for: the tenant opened, the person active, the version current.
    pub async fn member(&self, claims: &Claims, scope: &http::Scope) -> Result<Member> {
        let id = TenantId::parse(&claims.tenant_id).ok_or_else(super::sign_in)?;
        let tenant = match self.0.tenants.open_even_closed(&id).await {
            Err(Error::NotFound) => return Err(super::sign_in()),
            other => other?,
        };
        let entry = Roster::of(&tenant).get(&tenant, &claims.user_id).await?;
        let entry = entry.filter(|entry| entry.version == claims.ver).ok_or_else(super::sign_in)?;
        // Only its own people are told that a tenant is closed.
        self.0.tenants.check_open(&id)?;
        let ends = Instant::now() + claims.left(self.0.clock.system_time());
        let ticket = Ticket { version: claims.ver, strong: claims.mfa, ends };
        let permissions = entry.permissions(claims.mfa);
        let Entry { user, reach, .. } = entry;
        let (request_id, ip) = (scope.id().clone(), scope.ip());
        Ok(Member { tenant, user, permissions, reach, key: None, request_id, ip, ticket })
    }

    /// The key that a token is, in its tenant, if it is one and holds.
    pub(super) async fn key(&self, token: &KeyToken) -> Result<Option<(Tenant, Arc<KeyEntry>)>> {
        let tenant = match self.0.tenants.open_even_closed(token.tenant()).await {
            Err(Error::NotFound) => return Ok(None),
            other => other?,
        };
        let now = self.0.clock.system_time();
        let found = Roster::of(&tenant).key(&tenant, token.id()).await?;
        Ok(found.filter(|key| key.fits(&tenant, token, now)).map(|key| (tenant, key)))
    }

    /// The member that a key stands for: its maker, with what the key was made for and the maker still may.
    pub(super) async fn key_member(&self, token: &KeyToken, scope: &http::Scope) -> Result<Member> {
        let (tenant, key) = self.key(token).await?.ok_or_else(super::sign_in)?;
        self.0.tenants.check_open(tenant.id())?;
        let maker = Roster::of(&tenant).get(&tenant, &key.maker).await?.ok_or_else(super::sign_in)?;
        let now = self.0.clock.system_time();
        key.note_use(&tenant, now).await;
        let ends = Instant::now() + Duration::from_millis(key.left_ms(now));
        let ticket = Ticket { version: maker.version, strong: false, ends };
        // A second factor is asked of people; a key is a credential of its own.
        let permissions = key.permissions.and(maker.user.role.permissions());
        let reach = key.reach.and(&maker.reach);
        let (request_id, ip) = (scope.id().clone(), scope.ip());
        Ok(Member { tenant, user: maker.user, permissions, reach, key: Some(key), request_id, ip, ticket })
    }
}
