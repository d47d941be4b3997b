//! One customer's privacy over HTTP. Whom it is about travels in the body: addresses are kept by logs and browsers.

use axum::extract::State;
use serde::{Deserialize, Serialize};

use super::{Asked, CustomerExport, Privacy, Receipt};
use crate::auth::Member;
use crate::error::Result;
use crate::http::{Json, Problem};

/// Whom it is about: one of `email` and `customer_id`.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CustomerInput {
    /// Id or slug; all brands that the caller may know of where it is absent.
    brand: Option<String>,
    /// The customer's e-mail address.
    email: Option<String>,
    /// The id that a source knows the customer by.
    customer_id: Option<String>,
}

/// A tenant's erasures, the newest first, at most 1,000; nothing in them says of whom.
#[derive(Serialize, utoipa::ToSchema)]
pub struct ErasureList {
    erasures: Vec<Receipt>,
}

impl CustomerInput {
    fn asked(self) -> Result<Asked> {
        Asked::parse(self.email.as_deref(), self.customer_id.as_deref(), self.brand)
    }
}

/// Everything that is kept of one customer.
#[utoipa::path(post, path = "/api/customers/export", tag = "customers",
    request_body = CustomerInput, responses((status = 200, body = CustomerExport),
    (status = "default", body = Problem, content_type = "application/problem+json")))]
pub async fn export(
    member: Member,
    State(privacy): State<Privacy>,
    Json(body): Json<CustomerInput>,
) -> Result<Json<CustomerExport>> {
    let by = member.author();
    Ok(Json(privacy.export(&member.tenant, body.asked()?, member.reach, by).await?))
}

/// Cuts a customer off everything that is kept of them, for good. Figures do not change; doing it again is harmless.
#[utoipa::path(post, path = "/api/customers/erase", tag = "customers",
    request_body = CustomerInput, responses((status = 200, body = Receipt),
    (status = "default", body = Problem, content_type = "application/problem+json")))]
pub async fn erase(
    member: Member,
    State(privacy): State<Privacy>,
    Json(body): Json<CustomerInput>,
) -> Result<Json<Receipt>> {
    let by = member.author();
    Ok(Json(privacy.erase(&member.tenant, body.asked()?, member.reach, by).await?))
}

/// The receipts of all erasures.
#[utoipa::path(get, path = "/api/customers/erasures", tag = "customers",
    responses((status = 200, body = ErasureList),
    (status = "default", body = Problem, content_type = "application/problem+json")))]
pub async fn erasures(member: Member, State(privacy): State<Privacy>) -> Result<Json<ErasureList>> {
    Ok(Json(ErasureList { erasures: privacy.receipts(&member.tenant, member.reach).await? }))
}
