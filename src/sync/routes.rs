//! Integrations over HTTP: what can be connected, what is, how it is, and what people do with it.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::http::StatusCode;
use jiff::civil::Date;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::manage::{Wanted, Who};
use super::removal::Data;
use super::sources::SourceView;
use super::store::runs::{RejectView, RunView};
use super::tested::Outcome;
use super::trial::Trial;
use super::view::IntegrationView;
use super::{Sync, requests};
use crate::auth::Member;
use crate::connectors::{Credentials, Source, Tested, Trouble};
use crate::error::Result;
use crate::http::{Json, Path, Problem, Query};

/// Which integrations to list.
#[derive(Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct ListParams {
    /// Id or slug; all brands that the caller may know of where it is absent.
    brand: Option<String>,
}

/// Integrations.
#[derive(Serialize, utoipa::ToSchema)]
pub struct IntegrationList {
    integrations: Vec<IntegrationView>,
}

/// The body of `POST /api/integrations`.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct IntegrationInput {
    source: Source,
    /// Id or slug.
    brand: String,
    /// What signs in, by name: see `GET /api/integrations/sources`. They never come back.
    #[serde(default)]
    #[schema(value_type = BTreeMap<String, String>)]
    credentials: BTreeMap<String, SecretString>,
    /// Settings of the source, and `history_days`.
    #[serde(default)]
    #[schema(value_type = BTreeMap<String, Value>)]
    settings: Map<String, Value>,
}

/// The body of `PUT /api/integrations/{id}/credentials`.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CredentialsInput {
    /// All that sign in from now on.
    #[schema(value_type = BTreeMap<String, String>)]
    credentials: BTreeMap<String, SecretString>,
    /// All settings of the source from now on; they stay where this is absent.
    #[serde(default)]
    #[schema(value_type = Option<BTreeMap<String, Value>>)]
    settings: Option<Map<String, Value>>,
}

/// The body of `POST /api/integrations/{id}/resync`.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RangeInput {
    /// The first day.
    #[schema(value_type = String, format = Date)]
    from: Date,
    /// The day after the last.
    #[schema(value_type = String, format = Date)]
    to: Date,
}

/// What becomes of the rows of an integration that is deleted.
#[derive(Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct DeleteParams {
    /// `keep` (the default) or `delete`.
    #[param(inline)]
    data: Data,
}

/// How a test ended.
#[derive(Serialize, utoipa::ToSchema)]
pub struct TestView {
    /// Whether the platform was reached and let us in.
    ok: bool,
    /// Why not: `later`, `sign_in`, `scope`, `refused`, `unreadable`, `not_allowed`.
    code: Option<String>,
    /// The same as a sentence.
    reason: Option<String>,
    /// What was found.
    found: Option<Tested>,
    integration: IntegrationView,
}

/// How credentials did that were tried out.
#[derive(Serialize, utoipa::ToSchema)]
pub struct TrialView {
    /// Whether the platform was reached and let us in.
    ok: bool,
    /// Why not: as of a test, or `once` where the credentials are good once and can only be tried by connecting.
    code: Option<String>,
    /// The same as a sentence.
    reason: Option<String>,
    /// What was found.
    found: Option<Tested>,
}

/// Runs, the newest first.
#[derive(Serialize, utoipa::ToSchema)]
pub struct RunList {
    runs: Vec<RunView>,
}

/// What could not be understood, the newest first.
#[derive(Serialize, utoipa::ToSchema)]
pub struct RejectList {
    rejects: Vec<RejectView>,
}

/// What platforms passed on of their customers' rights, the newest first.
#[derive(Serialize, utoipa::ToSchema)]
pub struct RequestList {
    requests: Vec<requests::RequestView>,
}

fn who(member: &Member) -> Who {
    Who { reach: member.reach.clone(), by: member.author() }
}

fn credentials(named: BTreeMap<String, SecretString>) -> Credentials {
    let given = named.into_iter().filter(|(_, secret)| !secret.expose_secret().trim().is_empty());
    given.fold(Credentials::default(), |all, (name, secret)| all.with(&name, secret.expose_secret(), None))
}

/// What can be connected to, and what it takes.
#[utoipa::path(get, path = "/api/integrations/sources", tag = "integrations", responses(
    (status = 200, body = Vec<SourceView>), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub async fn sources(_: Member, State(sync): State<Sync>) -> Result<Json<Vec<SourceView>>> {
    Ok(Json(sync.sources()?))
}

/// Every integration of a brand, or of all.
#[utoipa::path(get, path = "/api/integrations", tag = "integrations", params(ListParams), responses(
    (status = 200, body = IntegrationList), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub async fn list(
    member: Member,
    State(sync): State<Sync>,
    Query(params): Query<ListParams>,
) -> Result<Json<IntegrationList>> {
    let integrations = sync.list(&member.tenant, params.brand, member.reach).await?;
    Ok(Json(IntegrationList { integrations }))
}

/// Connects a brand to a source. It is reached in the background: follow its state, or ask for a test.
#[utoipa::path(post, path = "/api/integrations", tag = "integrations", request_body = IntegrationInput, responses(
    (status = 201, body = IntegrationView), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub async fn create(
    member: Member,
    State(sync): State<Sync>,
    Json(body): Json<IntegrationInput>,
) -> Result<(StatusCode, Json<IntegrationView>)> {
    Ok((StatusCode::CREATED, Json(sync.connect(&member.tenant, wanted(body), who(&member)).await?)))
}

/// Tries credentials out without connecting anything: asks the platform who we would be there. Nothing of them is kept.
#[utoipa::path(post, path = "/api/integrations/test", tag = "integrations", request_body = IntegrationInput, responses(
    (status = 200, body = TrialView), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub async fn try_out(
    member: Member,
    State(sync): State<Sync>,
    Json(body): Json<IntegrationInput>,
) -> Result<Json<TrialView>> {
    let trouble = match sync.try_out(&member.tenant, wanted(body), who(&member)).await? {
        Trial::Reached(found) => {
            return Ok(Json(TrialView { ok: true, code: None, reason: None, found: Some(*found) }));
        }
        Trial::Not(trouble) => (code(&trouble), trouble.to_string()),
        Trial::Once => ("once", "The code is good once, so that it is tried as you connect.".to_owned()),
    };
    Ok(Json(TrialView { ok: false, code: Some(trouble.0.to_owned()), reason: Some(trouble.1), found: None }))
}

fn wanted(body: IntegrationInput) -> Wanted {
    let credentials = credentials(body.credentials);
    Wanted { source: body.source, brand: body.brand, credentials, settings: body.settings }
}

/// One integration.
#[utoipa::path(get, path = "/api/integrations/{id}", tag = "integrations", params(("id" = String, Path)), responses(
    (status = 200, body = IntegrationView), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub async fn show(member: Member, State(sync): State<Sync>, Path(id): Path<String>) -> Result<Json<IntegrationView>> {
    Ok(Json(sync.show(&member.tenant, &id, member.reach).await?))
}

/// Takes an integration away. What signs in is destroyed; its rows stay unless `data=delete`.
#[utoipa::path(delete, path = "/api/integrations/{id}", tag = "integrations", params(("id" = String, Path), DeleteParams), responses(
    (status = 204), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub async fn delete(
    member: Member,
    State(sync): State<Sync>,
    Path(id): Path<String>,
    Query(params): Query<DeleteParams>,
) -> Result<StatusCode> {
    let by = member.author();
    sync.remove(&member.tenant, &id, params.data, member.reach, by).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Asks the platform who we are there and what we may. That it does not let us in is an answer, not an error.
#[utoipa::path(post, path = "/api/integrations/{id}/test", tag = "integrations", params(("id" = String, Path)), responses(
    (status = 200, body = TestView), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub async fn test(member: Member, State(sync): State<Sync>, Path(id): Path<String>) -> Result<Json<TestView>> {
    let shown = sync.test(&member.tenant, &id, who(&member)).await?;
    let (found, trouble) = match shown.outcome {
        Outcome::Reached(tested) => (Some(*tested), None),
        Outcome::Not(trouble) => (None, Some(trouble)),
    };
    Ok(Json(TestView {
        ok: found.is_some(),
        code: trouble.as_ref().map(|trouble| code(trouble).to_owned()),
        reason: trouble.as_ref().map(Trouble::to_string),
        found,
        integration: shown.view,
    }))
}

fn code(trouble: &Trouble) -> &'static str {
    match trouble {
        Trouble::Later { .. } => "later",
        Trouble::Expired(_) | Trouble::SignIn(_) => "sign_in",
        Trouble::Scope { .. } => "scope",
        Trouble::Refused(_) => "refused",
        Trouble::Unreadable { .. } => "unreadable",
        Trouble::NotAllowed(_) => "not_allowed",
    }
}

/// Looks for what is new now.
#[utoipa::path(post, path = "/api/integrations/{id}/sync", tag = "integrations", params(("id" = String, Path)), responses(
    (status = 202, body = IntegrationView), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub async fn sync(
    member: Member,
    State(sync): State<Sync>,
    Path(id): Path<String>,
) -> Result<(StatusCode, Json<IntegrationView>)> {
    Ok((StatusCode::ACCEPTED, Json(sync.sync_now(&member.tenant, &id, who(&member)).await?)))
}

/// Stops an integration after its present step, until it is resumed.
#[utoipa::path(post, path = "/api/integrations/{id}/pause", tag = "integrations", params(("id" = String, Path)), responses(
    (status = 200, body = IntegrationView), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub async fn pause(member: Member, State(sync): State<Sync>, Path(id): Path<String>) -> Result<Json<IntegrationView>> {
    Ok(Json(sync.pause(&member.tenant, &id, who(&member)).await?))
}

/// Lets an integration go on where it stopped.
#[utoipa::path(post, path = "/api/integrations/{id}/resume", tag = "integrations", params(("id" = String, Path)), responses(
    (status = 200, body = IntegrationView), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub async fn resume(member: Member, State(sync): State<Sync>, Path(id): Path<String>) -> Result<Json<IntegrationView>> {
    Ok(Json(sync.resume(&member.tenant, &id, who(&member)).await?))
}

/// Reads days once more.
#[utoipa::path(post, path = "/api/integrations/{id}/resync", tag = "integrations", params(("id" = String, Path)),
    request_body = RangeInput, responses(
    (status = 202, body = IntegrationView), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub async fn resync(
    member: Member,
    State(sync): State<Sync>,
    Path(id): Path<String>,
    Json(body): Json<RangeInput>,
) -> Result<(StatusCode, Json<IntegrationView>)> {
    let view = sync.resync(&member.tenant, &id, (body.from, body.to), who(&member)).await?;
    Ok((StatusCode::ACCEPTED, Json(view)))
}

/// Signs in anew: these credentials take the place of those that are there.
#[utoipa::path(put, path = "/api/integrations/{id}/credentials", tag = "integrations", params(("id" = String, Path)),
    request_body = CredentialsInput, responses(
    (status = 200, body = IntegrationView), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub async fn reconnect(
    member: Member,
    State(sync): State<Sync>,
    Path(id): Path<String>,
    Json(body): Json<CredentialsInput>,
) -> Result<Json<IntegrationView>> {
    let given = (credentials(body.credentials), body.settings);
    Ok(Json(sync.reconnect(&member.tenant, &id, given, who(&member)).await?))
}

/// The last runs, at most 200.
#[utoipa::path(get, path = "/api/integrations/{id}/runs", tag = "integrations", params(("id" = String, Path)), responses(
    (status = 200, body = RunList), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub async fn runs(member: Member, State(sync): State<Sync>, Path(id): Path<String>) -> Result<Json<RunList>> {
    Ok(Json(RunList { runs: sync.runs(&member.tenant, &id, member.reach).await? }))
}

/// What could not be understood, at most 500; the rest of its answer landed.
#[utoipa::path(get, path = "/api/integrations/{id}/rejects", tag = "integrations", params(("id" = String, Path)), responses(
    (status = 200, body = RejectList), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub async fn rejects(member: Member, State(sync): State<Sync>, Path(id): Path<String>) -> Result<Json<RejectList>> {
    Ok(Json(RejectList { rejects: sync.rejects(&member.tenant, &id, member.reach).await? }))
}

/// What platforms passed on of their customers' rights: requests for a copy, which this holds for the shop to hand on, and erasures.
#[utoipa::path(get, path = "/api/customers/requests", tag = "customers", responses(
    (status = 200, body = RequestList), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub async fn customer_requests(member: Member) -> Result<Json<RequestList>> {
    let reach = member.reach;
    let read = member.tenant.db().read(move |conn| requests::list(conn, |brand| reach.holds(brand)));
    Ok(Json(RequestList { requests: read.await? }))
}
