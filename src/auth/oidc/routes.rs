//! Single sign-on over HTTP: is it on, the way there, the way back.

use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use super::super::cookie::same_site;
use super::super::login::SignedIn;
use super::super::member::Member;
use super::super::routes::{device, with_cookie};
use super::super::session::Auth;
use super::super::sessions::SESSION_SECS;
use super::Back;
use super::admit::{self, Ended};
use crate::error::{Error, Result};
use crate::http::{Json, Path, Problem, Scope};

/// Whether people may sign in at a provider.
#[derive(Serialize, utoipa::ToSchema)]
pub struct SingleSignOn {
    enabled: bool,
    /// What the button says after "Sign in with"; null where it is off.
    name: Option<String>,
}

/// The body of `POST /api/auth/oidc/start`.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct InvitedStart {
    /// What stands behind the # of an invitation's link.
    #[schema(value_type = String)]
    invitation: SecretString,
}

/// Where to go on.
#[derive(Serialize, utoipa::ToSchema)]
pub struct StartAddress {
    /// At the provider.
    location: String,
}

/// The body of `POST /api/auth/oidc/code`.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OidcCode {
    /// The code of the second factor, or a recovery code.
    #[schema(value_type = String)]
    totp: SecretString,
}

/// Whether people may sign in at a provider, and what it is called.
#[utoipa::path(get, path = "/api/auth/oidc", tag = "oidc", security(()), responses((status = 200, body = SingleSignOn)))]
pub async fn show(State(auth): State<Auth>) -> Json<SingleSignOn> {
    let name = auth.oidc().ok().map(|oidc| oidc.0.name.clone());
    Json(SingleSignOn { enabled: name.is_some(), name })
}

/// Sends a browser to the provider. Where the provider cannot be reached, back to the page, which says so; 404 where it is off.
#[utoipa::path(get, path = "/api/auth/oidc/start", tag = "oidc", security(()), responses(
    (status = 303), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub async fn start(State(auth): State<Auth>) -> Result<Response> {
    let oidc = auth.oidc()?;
    match oidc.begin(None).await {
        Ok(sent) => see_other(sent.to.as_str(), oidc.set_cookie(Some(&sent.cookie))?),
        Err(error) => to_page(word(&error), oidc.set_cookie(None)?),
    }
}

/// The same for somebody who was invited: the answer says where to go, and coming back uses the invitation up.
#[utoipa::path(post, path = "/api/auth/oidc/start", tag = "oidc", security(()), request_body = InvitedStart, responses(
    (status = 200, body = StartAddress), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub async fn start_invited(
    State(auth): State<Auth>,
    headers: HeaderMap,
    Json(body): Json<InvitedStart>,
) -> Result<Response> {
    same_site(&headers)?;
    let oidc = auth.oidc()?;
    let sent = oidc.begin(Some(body.invitation)).await?;
    let mut response = Json(StartAddress { location: sent.to.into() }).into_response();
    response.headers_mut().append(header::SET_COOKIE, oidc.set_cookie(Some(&sent.cookie))?);
    Ok(response)
}

/// Where the provider sends a browser back to. Always on to the page, which learns by the word behind `#sso=` how it ended: `done`,
/// `code`, `expired`, `refused`, `unknown`, `closed`, `down`, `wait`.
#[utoipa::path(get, path = "/api/auth/oidc/callback", tag = "oidc", security(()), responses(
    (status = 303), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub async fn callback(
    State(auth): State<Auth>,
    scope: Scope,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response> {
    let oidc = auth.oidc()?;
    let back = read(query.as_deref().unwrap_or_default());
    match admit::come_back(&auth, oidc, (back, oidc.cookie(&headers)), device(&headers), &scope).await {
        Ok(Ended::In(token)) => {
            let mut response = to_page("done", oidc.set_cookie(None)?)?;
            response.headers_mut().append(header::SET_COOKIE, token.set(SESSION_SECS, scope.is_over_tls())?);
            Ok(response)
        }
        Ok(Ended::Code(cookie)) => to_page("code", oidc.set_cookie(Some(&cookie))?),
        Err(error) => to_page(word(&error), oidc.set_cookie(None)?),
    }
}

/// Ends a sign-in at the provider with a code, where one is set up and the provider did not ask for a second factor itself.
#[utoipa::path(post, path = "/api/auth/oidc/code", tag = "oidc", security(()), request_body = OidcCode, responses(
    (status = 200, body = SignedIn), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub async fn code(
    State(auth): State<Auth>,
    scope: Scope,
    headers: HeaderMap,
    Json(body): Json<OidcCode>,
) -> Result<Response> {
    same_site(&headers)?;
    let oidc = auth.oidc()?;
    let shown = (oidc.cookie(&headers), body.totp);
    let (answer, token) = admit::with_code(&auth, oidc, shown, device(&headers), &scope).await?;
    let mut response = with_cookie(StatusCode::OK, answer, &token, &scope)?;
    response.headers_mut().append(header::SET_COOKIE, oidc.set_cookie(None)?);
    Ok(response)
}

/// Lets go of whom a person is at the provider: their next sign-in there binds anew. For owners.
#[utoipa::path(delete, path = "/api/users/{id}/oidc", tag = "oidc", params(("id" = String, Path)), responses(
    (status = 204), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub async fn unbind(State(auth): State<Auth>, member: Member, Path(id): Path<String>) -> Result<StatusCode> {
    let by = (member.author(), member.power());
    admit::unbind(&member.tenant, &id, by, auth.clock().system_time()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The parameters that we know; providers send more. One that stands twice is none.
fn read(query: &str) -> Back {
    let mut back = Back::default();
    let mut twice = false;
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        let slot = match name.as_ref() {
            "state" => &mut back.state,
            "code" => &mut back.code,
            "iss" => &mut back.issuer,
            "error" => &mut back.error,
            _ => continue,
        };
        twice |= slot.replace(value.into_owned()).is_some();
    }
    if twice { Back::default() } else { back }
}

/// What the page is told of a failure.
fn word(error: &Error) -> &'static str {
    match error {
        Error::SignInRequired { code: "sign_in_expired", .. } => "expired",
        Error::SignInRequired { code: "not_known_here", .. } => "unknown",
        Error::SignInRequired { .. } => "refused",
        Error::Closed { .. } => "closed",
        Error::TooMany { .. } => "wait",
        Error::Unavailable { .. } => "down",
        other => {
            tracing::error!(error = %other, "a sign-in at the provider failed");
            "refused"
        }
    }
}

fn to_page(word: &str, cookie: HeaderValue) -> Result<Response> {
    see_other(&format!("/login#sso={word}"), cookie)
}

fn see_other(location: &str, cookie: HeaderValue) -> Result<Response> {
    let mut response = StatusCode::SEE_OTHER.into_response();
    let location = HeaderValue::try_from(location).map_err(|error| Error::Internal(error.into()))?;
    response.headers_mut().insert(header::LOCATION, location);
    response.headers_mut().append(header::SET_COOKIE, cookie);
    Ok(response)
}
