//! Tenants over HTTP, for holders of an instance token: what `pulsepoint tenant` does, but for what gives a tenant's data away or
//! destroys it for good.

use axum::extract::State;
use axum::http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Holder;
use crate::auth::links::routes::LinkMade;
use crate::auth::links::{self, NewInvitation};
use crate::auth::people::parse_email;
use crate::auth::permission::Role;
use crate::auth::session::Auth;
use crate::error::{Error, Result};
use crate::http::{Json, Path, Problem};
use crate::tenants::{Standing, TenantId, TenantInfo, Tenants};

/// Whether a tenant's people get in.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TenantState {
    /// They do.
    Active,
    /// Nobody does until it is resumed.
    Suspended,
    /// Nobody does, and it will be destroyed.
    Deleting,
}

/// A tenant, from outside.
#[derive(Serialize, utoipa::ToSchema)]
pub struct AdminTenant {
    id: String,
    /// Its name in commands and addresses.
    slug: String,
    /// Its name for people.
    name: String,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    state: TenantState,
    /// From when on it is destroyed; null unless it is to be deleted.
    #[schema(value_type = Option<String>, format = DateTime)]
    delete_after: Option<Timestamp>,
    /// Whether its store was refused when it was last asked for; `pulsepoint doctor` says why.
    set_aside: bool,
}

/// Every tenant, by slug.
#[derive(Serialize, utoipa::ToSchema)]
pub struct AdminTenants {
    tenants: Vec<AdminTenant>,
}

/// A tenant after it was closed or opened.
#[derive(Serialize, utoipa::ToSchema)]
pub struct ChangedTenant {
    #[serde(flatten)]
    tenant: AdminTenant,
    /// False where it stood so already.
    changed: bool,
}

/// The body of `POST /mcp/admin/tenants`.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TenantInput {
    /// 1 to 63 letters a to z, digits and single hyphens within.
    slug: String,
    /// The slug where absent.
    name: Option<String>,
    /// Whom to invite as its owner.
    owner_email: Option<String>,
}

/// A tenant that was just made.
#[derive(Serialize, utoipa::ToSchema)]
pub struct MadeTenant {
    #[serde(flatten)]
    tenant: AdminTenant,
    /// The link by which its owner comes in, to be handed over; null where nobody was to be invited.
    owner: Option<LinkMade>,
}

impl From<TenantInfo> for AdminTenant {
    fn from(info: TenantInfo) -> Self {
        let time = |ms| Timestamp::from_millisecond(ms).unwrap_or_default();
        let (state, delete_after) = match info.standing {
            Standing::Active => (TenantState::Active, None),
            Standing::Suspended => (TenantState::Suspended, None),
            Standing::Deleting { delete_after_ms } => (TenantState::Deleting, Some(time(delete_after_ms))),
        };
        Self {
            id: info.id.to_string(),
            slug: info.slug,
            name: info.name,
            created_at: time(info.created_at_ms),
            state,
            delete_after,
            set_aside: info.set_aside.is_some(),
        }
    }
}

/// Every tenant of this installation.
#[utoipa::path(get, path = "/mcp/admin/tenants", tag = "tenants", responses(
    (status = 200, body = AdminTenants), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub async fn list(State(tenants): State<Tenants>, _: Holder) -> Result<Json<AdminTenants>> {
    let tenants = tenants.list().await?.into_iter().map(AdminTenant::from).collect();
    Ok(Json(AdminTenants { tenants }))
}

/// Makes a tenant, and the link by which its owner comes in; without one, `pulsepoint user add` or `user invite` makes its owner.
#[utoipa::path(post, path = "/mcp/admin/tenants", tag = "tenants", request_body = TenantInput, responses(
    (status = 201, body = MadeTenant), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub async fn create(
    State(auth): State<Auth>,
    State(tenants): State<Tenants>,
    holder: Holder,
    Json(body): Json<TenantInput>,
) -> Result<(StatusCode, Json<MadeTenant>)> {
    let name = body.name.as_deref().unwrap_or(&body.slug);
    if let Some(email) = &body.owner_email
        && tenants.by_email(&parse_email(email).map_err(of_owner)?).await?.is_some()
    {
        return Err(Error::conflict("email_taken", "This e-mail address is in use already."));
    }
    let tenant = tenants.create_by(&body.slug, name, holder.author()).await?;
    let owner = match body.owner_email {
        None => None,
        Some(email) => {
            let (new, now) = (NewInvitation { email, role: Role::Owner, brands: None }, auth.clock().system_time());
            match links::invite(&tenant, new, (holder.author(), None), now).await {
                Ok(made) => Some(made.into()),
                Err(error) => {
                    // Half of what was asked for is none of it.
                    tenants.delete(tenant.id()).await?;
                    return Err(error);
                }
            }
        }
    };
    let tenant = named(&tenants, tenant.id().as_str()).await?.into();
    Ok((StatusCode::CREATED, Json(MadeTenant { tenant, owner })))
}

/// The field of the request that is at fault.
fn of_owner(error: Error) -> Error {
    match error {
        Error::Invalid { code, reason, .. } => Error::invalid_code(code, Some("owner_email"), reason),
        other => other,
    }
}

/// Closes a tenant: its people and keys are refused, nothing is imported, its data stays.
#[utoipa::path(post, path = "/mcp/admin/tenants/{id}/suspend", tag = "tenants",
    params(("id" = String, Path, description = "id or slug")), responses(
    (status = 200, body = ChangedTenant), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub async fn suspend(
    State(tenants): State<Tenants>,
    holder: Holder,
    Path(id): Path<String>,
) -> Result<Json<ChangedTenant>> {
    let id = named(&tenants, &id).await?.id;
    let changed = tenants.suspend(&id, holder.author()).await?;
    shown(&tenants, &id, changed).await
}

/// Opens a suspended tenant again.
#[utoipa::path(post, path = "/mcp/admin/tenants/{id}/resume", tag = "tenants",
    params(("id" = String, Path, description = "id or slug")), responses(
    (status = 200, body = ChangedTenant), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub async fn resume(
    State(tenants): State<Tenants>,
    holder: Holder,
    Path(id): Path<String>,
) -> Result<Json<ChangedTenant>> {
    let id = named(&tenants, &id).await?.id;
    let changed = tenants.resume(&id, holder.author()).await?;
    shown(&tenants, &id, changed).await
}

/// Closes a tenant and has it destroyed in 7 days; until then `restore` undoes it.
#[utoipa::path(delete, path = "/mcp/admin/tenants/{id}", tag = "tenants",
    params(("id" = String, Path, description = "id or slug")), responses(
    (status = 200, body = ChangedTenant), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub async fn remove(
    State(auth): State<Auth>,
    State(tenants): State<Tenants>,
    holder: Holder,
    Path(id): Path<String>,
) -> Result<Json<ChangedTenant>> {
    let id = named(&tenants, &id).await?.id;
    let changed = tenants.plan_deletion(&id, auth.clock().system_time(), holder.author()).await?;
    shown(&tenants, &id, changed).await
}

/// Takes the deletion of a tenant back, within its 7 days.
#[utoipa::path(post, path = "/mcp/admin/tenants/{id}/restore", tag = "tenants",
    params(("id" = String, Path, description = "id or slug")), responses(
    (status = 200, body = ChangedTenant), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub async fn restore(
    State(auth): State<Auth>,
    State(tenants): State<Tenants>,
    holder: Holder,
    Path(id): Path<String>,
) -> Result<Json<ChangedTenant>> {
    let id = named(&tenants, &id).await?.id;
    let changed = tenants.undelete(&id, auth.clock().system_time(), holder.author()).await?;
    shown(&tenants, &id, changed).await
}

async fn shown(tenants: &Tenants, id: &TenantId, changed: bool) -> Result<Json<ChangedTenant>> {
    Ok(Json(ChangedTenant { tenant: named(tenants, id.as_str()).await?.into(), changed }))
}

/// The tenant of an id or slug, whether it is open or closed.
async fn named(tenants: &Tenants, name: &str) -> Result<TenantInfo> {
    let all = tenants.list().await?;
    let found = all.iter().find(|one| one.id.as_str() == name).or_else(|| all.iter().find(|one| one.slug == name));
    found.cloned().ok_or(Error::NotFound)
}
