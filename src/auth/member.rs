//! Who asks: a person of a tenant, as the guard found it out. The only way from a request to a tenant's data.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use tokio::time::Instant;

use super::keys::KeyEntry;
use super::permission::{Permission, Permissions, Role};
use super::reach::{Power, Reach};
use super::roster::Roster;
use crate::error::{Error, Result};
use crate::events::Author;
use crate::http::{ClientIp, RequestId};
use crate::tenants::Tenant;

/// A signed-in person within its tenant, or the holder of an API key that the person made. A handler takes it as an argument; without the guard there is none, and the answer is 401.
#[derive(Clone)]
pub struct Member {
    /// Whose data.
    pub tenant: Tenant,
    /// Who; for a key, who made it.
    pub user: Arc<User>,
    /// What it may do.
    pub permissions: Permissions,
    /// The brands it may know of.
    pub reach: Reach,
    /// The API key, where it is not the person itself.
    pub key: Option<Arc<KeyEntry>>,
    /// The request's id.
    pub request_id: RequestId,
    /// The client's address.
    pub ip: ClientIp,
    pub(super) ticket: Ticket,
}

/// What the member came in with, and how long it is good for.
#[derive(Clone, Copy)]
pub(super) struct Ticket {
    pub(super) version: i64,
    /// Whether its session passed a second factor.
    pub(super) strong: bool,
    pub(super) ends: Instant,
}

/// A person, without anything secret.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct User {
    /// UUID text.
    pub id: String,
    /// Lower case.
    pub email: String,
    /// As the person writes it.
    pub name: String,
    /// Decides the permissions.
    pub role: Role,
}

/// What a cached answer depends on besides its question: it is shared by those who may see the same.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Scope(Permissions);

impl Member {
    /// Whether the person holds a permission.
    pub fn may(&self, permission: Permission) -> bool {
        self.permissions.has(permission)
    }

    /// What the person's answers may be shared by.
    pub fn scope(&self) -> Scope {
        Scope(self.permissions)
    }

    /// What the person may hand on to others. A key is never an owner.
    pub fn power(&self) -> Power {
        let owner = self.key.is_none() && self.user.role == Role::Owner;
        Power { person: self.user.id.clone(), owner, permissions: self.permissions, reach: self.reach.clone() }
    }

    /// Done when the token or key that the member came in with is no longer good: signed out, changed, revoked, removed or run
    /// out. What goes on after its answer has begun, like a stream, ends with it.
    pub fn signed_out(&self) -> impl Future<Output = ()> + Send + use<> {
        let (tenant, id, ticket) = (self.tenant.clone(), self.user.id.clone(), self.ticket);
        let key = self.key.as_ref().map(|key| key.id.clone());
        async move {
            let roster = Roster::of(&tenant);
            let mut moved = roster.moved();
            let left = async {
                while let Ok(Some(entry)) = roster.get(&tenant, &id).await
                    && entry.version == ticket.version
                    && holds(&roster, &tenant, key.as_deref()).await
                    && moved.changed().await.is_ok()
                {}
            };
            // Either way it is over.
            tokio::select! {
                _ = tokio::time::timeout_at(ticket.ends, left) => {}
                () = tenant.closing() => {}
            }
        }
    }

    /// Who is behind a change, to be handed into its transaction.
    pub fn author(&self) -> Author {
        Author { actor: actor(self), request_id: Some(self.request_id.to_string()), ip: Some(self.ip.to_string()) }
    }
}

async fn holds(roster: &Roster, tenant: &Tenant, key: Option<&str>) -> bool {
    match key {
        None => true,
        Some(id) => matches!(roster.key(tenant, id).await, Ok(Some(_))),
    }
}

/// The name of a member in events: `user:<id>` or `key:<id>`.
pub fn actor(member: &Member) -> String {
    match &member.key {
        None => format!("user:{}", member.user.id),
        Some(key) => format!("key:{}", key.id),
    }
}

impl<S: Sync> FromRequestParts<S> for Member {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self> {
        parts.extensions.get::<Self>().cloned().ok_or_else(super::sign_in)
    }
}
