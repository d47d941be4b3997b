//! Sign-in over HTTP: setup, login, refresh, logout, me.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::access::Asked;
use super::cookie::{self, RefreshToken};
use super::login::{self, Login, SignedIn, TenantView, UserView};
use super::member::Member;
use super::permission::Permission;
use super::refresh;
use super::session::Auth;
use super::sessions::{self, SESSION_SECS};
use super::setup::{self, NewOwner};
use crate::error::Result;
use crate::http::{Json, Problem, Scope, Timings};

/// Whether the first run is still to come.
#[derive(Serialize, utoipa::ToSchema)]
pub struct SetupState {
    needed: bool,
}

/// Who is signed in, whose data it is, and which brands there are.
#[derive(Serialize, utoipa::ToSchema)]
pub struct Me {
    user: UserView,
    tenant: TenantView,
    /// Empty for those who may not see figures.
    brands: Vec<MyBrand>,
    /// Whether any of the brands holds demo data.
    demo: bool,
    second_factor: MyFactor,
}

/// How it stands with one's second factor. Where it is required and neither set up nor passed, one may do nothing else.
#[derive(Serialize, utoipa::ToSchema)]
pub struct MyFactor {
    enrolled: bool,
    required: bool,
    /// Whether this session passed one: a code, a passkey, or that of the provider where the person signed in.
    passed: bool,
}

/// A brand in short.
#[derive(Serialize, utoipa::ToSchema)]
pub struct MyBrand {
    id: String,
    slug: String,
    name: String,
}

/// Whether somebody has to set this installation up first.
#[utoipa::path(get, path = "/api/setup", tag = "auth", security(()), responses((status = 200, body = SetupState)))]
pub async fn setup_state(State(auth): State<Auth>) -> Result<Json<SetupState>> {
    Ok(Json(SetupState { needed: auth.setup_is_needed().await? }))
}

/// Makes the first tenant and its owner, with the token that the server's log shows. There is no such thing afterwards: 404.
#[utoipa::path(post, path = "/api/setup", tag = "auth", security(()), request_body = NewOwner, responses(
    (status = 201, body = SignedIn), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub async fn set_up(
    State(auth): State<Auth>,
    scope: Scope,
    headers: HeaderMap,
    Json(body): Json<NewOwner>,
) -> Result<Response> {
    let (answer, token) = setup::set_up(&auth, body, device(&headers), &scope).await?;
    with_cookie(StatusCode::CREATED, answer, &token, &scope)
}

/// Signs in with e-mail and password, and with a code where a second factor is set up: without one, the right password is answered
/// with 401 `totp_required`. The answer's access token is for memory; the refresh token travels as a cookie.
#[utoipa::path(post, path = "/api/auth/login", tag = "auth", security(()), request_body = Login, responses(
    (status = 200, body = SignedIn), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub async fn login(
    State(auth): State<Auth>,
    scope: Scope,
    headers: HeaderMap,
    Json(body): Json<Login>,
) -> Result<Response> {
    let (answer, token) = login::login(&auth, body, device(&headers), &scope).await?;
    with_cookie(StatusCode::OK, answer, &token, &scope)
}

/// A new access token for the refresh cookie, which is replaced. A cookie that was used before ends the session.
#[utoipa::path(post, path = "/api/auth/refresh", tag = "auth", security(()), responses(
    (status = 200, body = SignedIn), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub async fn refresh(State(auth): State<Auth>, scope: Scope, headers: HeaderMap) -> Result<Response> {
    cookie::same_site(&headers)?;
    let old = RefreshToken::read(&headers).ok_or_else(super::sign_in)?;
    match refresh::refresh(&auth, &old, &scope).await {
        Ok((answer, token)) => with_cookie(StatusCode::OK, answer, &token, &scope),
        Err(error) => {
            let mut response = error.into_response();
            if response.status() == StatusCode::UNAUTHORIZED {
                response.headers_mut().append(header::SET_COOKIE, cookie::clear(scope.is_over_tls())?);
            }
            Ok(response)
        }
    }
}

/// Signs out: ends the cookie's session and voids the person's access tokens at once. Never fails for want of a session.
#[utoipa::path(post, path = "/api/auth/logout", tag = "auth", security((), ("bearer" = [])), responses(
    (status = 204), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub async fn logout(State(auth): State<Auth>, scope: Scope, request: Request) -> Result<Response> {
    cookie::same_site(request.headers())?;
    let (cookie, asked) = (RefreshToken::read(request.headers()), Asked::of(&auth, &request)?);
    drop(request);
    let ended = match cookie {
        Some(token) => refresh::end_session(&auth, &token, &scope).await?,
        None => false,
    };
    // The cookie's session may be another's, or gone: a token that is still good after that is voided by itself.
    // A key is revoked, not signed out.
    let member = match ended {
        true => super::access::recognise_quietly(&auth, &asked).await,
        false => super::recognise(&auth, &asked).await,
    };
    if let Ok(member) = member
        && member.key.is_none()
    {
        refresh::end_access(&auth, &member.tenant, &member.user.id, member.author()).await?;
    }
    let mut response = StatusCode::NO_CONTENT.into_response();
    let headers = response.headers_mut();
    headers.append(header::SET_COOKIE, cookie::clear(scope.is_over_tls())?);
    headers.insert(HeaderName::from_static("clear-site-data"), HeaderValue::from_static("\"cache\""));
    Ok(response)
}

/// Who is signed in.
#[utoipa::path(get, path = "/api/auth/me", tag = "auth", responses(
    (status = 200, body = Me), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub async fn me(member: Member, timings: Timings) -> Result<Json<Me>> {
    let mut demo = false;
    let mut brands = Vec::new();
    if member.may(Permission::View) {
        let read = member.tenant.db().read(super::store::brands_in_short);
        for brand in timings.time("sqlite", read).await?.into_iter().filter(|brand| member.reach.holds(brand.id)) {
            demo |= brand.demo;
            brands.push(MyBrand { id: brand.uid, slug: brand.slug, name: brand.name });
        }
    }
    let id = member.user.id.clone();
    let row = member.tenant.db().read(move |conn| super::store::find(conn, &id)).await?.ok_or_else(super::sign_in)?;
    let passed = member.ticket.strong;
    let second_factor = MyFactor { enrolled: row.second_factor, required: row.second_factor_required, passed };
    let user = UserView::of(&member.user, member.permissions);
    Ok(Json(Me { user, tenant: (&member.tenant).into(), brands, demo, second_factor }))
}

/// The device that a request says it comes from.
pub(super) fn device(headers: &HeaderMap) -> String {
    let agent = headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok());
    sessions::device(agent.unwrap_or_default())
}

/// An answer that hands the refresh cookie over.
pub(super) fn with_cookie(
    status: StatusCode,
    answer: SignedIn,
    token: &RefreshToken,
    scope: &Scope,
) -> Result<Response> {
    let mut response = (status, Json(answer)).into_response();
    response.headers_mut().append(header::SET_COOKIE, token.set(SESSION_SECS, scope.is_over_tls())?);
    Ok(response)
}
