//! The long-lived parts of signing in, and the way from a token's claims to a member.

use std::sync::Arc;

use tokio::time::Instant;

use super::member::{Member, Ticket};
use super::roster::Roster;
use super::setup::Setup;
use super::throttle::Throttle;
use super::tokens::{Claims, Signer};
use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::events::Denials;
use crate::http::{self, RateLimits};
use crate::tenants::{TenantId, Tenants};

/// What signing in needs. Cheap to clone.
#[derive(Clone)]
pub struct Auth(Arc<Inner>);

struct Inner {
    tenants: Tenants,
    clock: Clock,
    signer: Signer,
    limits: RateLimits,
    throttle: Throttle,
    setup: Setup,
}

impl Auth {
    /// Puts the parts together. Without any people yet, it makes a setup token: see `setup_token`.
    pub async fn start(tenants: Tenants, clock: Clock, settings: &http::Settings) -> Result<Self> {
        let signer = Signer::new(tenants.jwt_keys())?;
        let setup = Setup::start(&tenants).await?;
        let (limits, throttle) = (RateLimits::new(settings), Throttle::new());
        Ok(Self(Arc::new(Inner { tenants, clock, signer, limits, throttle, setup })))
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

    pub(super) fn throttle(&self) -> &Throttle {
        &self.0.throttle
    }

    pub(super) fn setup(&self) -> &Setup {
        &self.0.setup
    }

    /// The member that verified claims stand for: the tenant opened, the person active, the version current.
    pub async fn member(&self, claims: &Claims, scope: &http::Scope) -> Result<Member> {
        let id = TenantId::parse(&claims.tenant_id).ok_or_else(super::sign_in)?;
        let tenant = match self.0.tenants.open(&id).await {
            Err(Error::NotFound) => return Err(super::sign_in()),
            other => other?,
        };
        let entry = Roster::of(&tenant).get(&tenant, &claims.user_id).await?;
        let entry = entry.filter(|entry| entry.version == claims.ver).ok_or_else(super::sign_in)?;
        let permissions = entry.user.role.permissions();
        let ticket = Ticket { version: claims.ver, ends: Instant::now() + claims.left(self.0.clock.system_time()) };
        Ok(Member { tenant, user: entry.user, permissions, request_id: scope.id().clone(), ip: scope.ip(), ticket })
    }
}
