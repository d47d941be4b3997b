//! The gate every request passes and the guard before each route: rate limit, tenant context from the token, permission.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::{MatchedPath, Request, State};
use axum::http::{Extensions, HeaderMap, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::instance::{Holder, InstanceToken, PREFIX};
use super::keys::{FAMILY, KeyToken};
use super::member::Member;
use super::permission::Permission;
use super::session::Auth;
use super::tokens::Claims;
use crate::error::{Error, Result};
use crate::events::Denial;
use crate::http::{Allowance, Scope, within};

/// Who may use a route. What is in no table is closed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Access {
    /// Anybody.
    Public,
    /// Anybody who has signed in, and every key.
    SignedIn,
    /// Anybody who has signed in, in person: what concerns oneself is not for keys.
    Person,
    /// Whoever holds the permission.
    Needs(Permission),
    /// Whoever holds an instance token, and nobody of a tenant.
    Instance,
}

/// What is asked and with which credentials, apart from the request itself, whose body cannot be shared while one waits.
pub struct Asked {
    bearer: Bearer,
    scope: Scope,
    method: Method,
    route: Option<MatchedPath>,
}

impl Asked {
    /// Of a request that has passed the gate.
    pub fn of(auth: &Auth, request: &Request) -> Result<Self> {
        let extensions = request.extensions();
        let read = extensions.get::<Bearer>().cloned();
        let bearer = read.unwrap_or_else(|| read_bearer(auth, request.headers()));
        let (method, route) = (request.method().clone(), extensions.get::<MatchedPath>().cloned());
        Ok(Self { bearer, scope: Scope::of(extensions)?, method, route })
    }

    /// As the table of routes has it.
    fn line(&self) -> String {
        let route = self.route.as_ref().map_or("(elsewhere)", MatchedPath::as_str);
        format!("{} {route}", self.method)
    }
}

/// What the gate read from the request's credentials.
#[derive(Clone)]
enum Bearer {
    None,
    /// Ours once, but no more.
    Bad,
    /// Never ours.
    Forged,
    Good(Arc<Claims>),
    /// Reads as a key; whether it is one, its tenant knows.
    Key(Arc<KeyToken>),
    /// Reads as an instance token; whether it is one, `control.db` knows.
    Instance(Arc<InstanceToken>),
}

/// Counts the request against its caller's quota and leaves on it what its token claims.
pub async fn gate(State(auth): State<Auth>, mut request: Request, next: Next) -> Response {
    if is_exempt(request.uri().path()) {
        return next.run(request).await;
    }
    let from = Instant::now();
    let scope = match Scope::of(request.extensions()) {
        Ok(scope) => scope,
        Err(error) => return error.into_response(),
    };
    let mut bearer = read_bearer(&auth, request.headers());
    let key = match number_of(&auth, &bearer).await {
        Ok(Some(number)) => Some(number),
        Ok(None) => {
            if matches!(bearer, Bearer::Key(_) | Bearer::Instance(_)) {
                bearer = Bearer::Bad;
            }
            None
        }
        // Why it cannot be known now, the guard says; until then it is a stranger's.
        Err(_) => None,
    };
    if matches!(bearer, Bearer::Forged) {
        let route = request.extensions().get::<MatchedPath>().map_or("(elsewhere)", MatchedPath::as_str);
        auth.count_failure(&scope, &format!("{} {route}", request.method()));
    }
    let allowance = match (&bearer, key) {
        (Bearer::Good(claims), _) => auth.limits().person(claims.user_number()),
        (_, Some(number)) => auth.limits().key(number),
        _ => auth.limits().stranger(scope.ip().key()),
    };
    scope.timings().add("auth", from.elapsed());
    if let Some(wait) = allowance.as_ref().and_then(Allowance::refused) {
        return limited(Error::TooMany { retry_after_secs: wait }.into_response(), allowance.as_ref());
    }
    request.extensions_mut().insert(bearer);
    limited(next.run(request).await, allowance.as_ref())
}

/// What the requests of a key or an instance token are counted by, if it is one and holds.
async fn number_of(auth: &Auth, bearer: &Bearer) -> Result<Option<u128>> {
    Ok(match bearer {
        Bearer::Key(token) => auth.key(token).await?.map(|(_, key)| key.number()),
        Bearer::Instance(token) => auth.instance_token(token).await?.map(|row| row.number()),
        _ => None,
    })
}

/// Lets a request through to its handler, with a `Member` on it where the route is not public.
pub async fn guard(auth: Auth, access: Access, limit: Duration, mut request: Request, next: Next) -> Response {
    let from = Instant::now();
    if access == Access::Public {
        return within(limit, next.run(request)).await;
    }
    let asked = match Asked::of(&auth, &request) {
        Ok(asked) => asked,
        Err(error) => return error.into_response(),
    };
    let who = match admit(&auth, access, &asked, request.extensions_mut()).await {
        Ok(who) => who,
        Err(error) => return error.into_response(),
    };
    let timings = asked.scope.timings();
    timings.add("auth", from.elapsed());
    timings.add("middleware", asked.scope.elapsed().saturating_sub(from.elapsed()));
    let handling = Instant::now();
    let response = within(limit, next.run(request)).await;
    timings.add("handler", handling.elapsed());
    if response.status() == StatusCode::FORBIDDEN {
        // Refused by what the request asks for, not by its route: told all the same.
        note(&auth, "access.denied", &asked, Some(&who));
    }
    response
}

/// Puts on the request who asks, if they may; gives their id.
async fn admit(auth: &Auth, access: Access, asked: &Asked, extensions: &mut Extensions) -> Result<String> {
    if access == Access::Instance
        && let Some(holder) = holder(auth, asked).await?
    {
        let id = holder.id.clone();
        extensions.insert(holder);
        return Ok(id);
    }
    let member = recognise(auth, asked).await?;
    if let Some(permission) = lacks(access, &member) {
        note(auth, "access.denied", asked, Some(&member.user.id));
        return Err(Error::Forbidden { permission });
    }
    let id = member.user.id.clone();
    extensions.insert(member);
    Ok(id)
}

/// Who holds the instance token that the request came with, if it did.
async fn holder(auth: &Auth, asked: &Asked) -> Result<Option<Holder>> {
    let Bearer::Instance(token) = &asked.bearer else { return Ok(None) };
    let Some(row) = auth.instance_token(token).await? else { return Ok(None) };
    auth.note_instance_token(&row).await;
    Ok(Some(Holder::of(row, &asked.scope)))
}

/// Whether anybody signed in, or whoever runs this installation, asks.
pub async fn recognise_anybody(auth: &Auth, asked: &Asked) -> Result<()> {
    match holder(auth, asked).await? {
        Some(_) => Ok(()),
        None => recognise(auth, asked).await.map(drop),
    }
}

/// What the member lacks for a route.
fn lacks(access: Access, member: &Member) -> Option<&'static str> {
    match access {
        Access::Public | Access::SignedIn => None,
        Access::Instance => Some("instance"),
        Access::Person => member.key.is_some().then_some("person"),
        Access::Needs(permission) => (!member.may(permission)).then_some(permission.name()),
    }
}

/// The member behind a request's token, with the tenant opened. Every refusal is the same answer.
pub async fn recognise(auth: &Auth, asked: &Asked) -> Result<Member> {
    let outcome = recognise_quietly(auth, asked).await;
    match &outcome {
        Err(Error::SignInRequired { .. }) if !matches!(asked.bearer, Bearer::None) => {
            note(auth, "token.refused", asked, None);
        }
        Err(Error::Closed { .. }) => note(auth, "tenant.closed", asked, None),
        _ => {}
    }
    outcome
}

/// [`recognise`], where a refusal is nothing to tell: the token was just voided by the same request.
pub(super) async fn recognise_quietly(auth: &Auth, asked: &Asked) -> Result<Member> {
    match &asked.bearer {
        Bearer::Good(claims) => auth.member(claims, &asked.scope).await,
        Bearer::Key(token) => auth.key_member(token, &asked.scope).await,
        _ => Err(super::sign_in()),
    }
}

/// [`recognise`], where the route is open to everybody and who comes with credentials needs a permission.
///
/// # Errors
/// `SignInRequired` for credentials that are none, `Forbidden` for those of somebody who may not.
pub async fn recognise_with(auth: &Auth, asked: &Asked, permission: Permission) -> Result<Member> {
    if matches!(asked.bearer, Bearer::Forged) {
        auth.count_failure(&asked.scope, &asked.line());
    }
    let member = recognise(auth, asked).await?;
    match lacks(Access::Needs(permission), &member) {
        None => Ok(member),
        Some(permission) => {
            note(auth, "access.denied", asked, Some(&member.user.id));
            Err(Error::Forbidden { permission })
        }
    }
}

fn note(auth: &Auth, kind: &'static str, asked: &Asked, subject: Option<&str>) {
    let denial = Denial { kind, ip: asked.scope.ip().to_string(), route: asked.line() };
    auth.denials().note(denial, subject, Some(asked.scope.id().as_str()));
}

/// Static files and pages cost nothing; the pixel and webhooks have quotas of their own.
fn is_exempt(path: &str) -> bool {
    let asks = path.starts_with("/api/") || path.starts_with("/mcp/");
    !asks || path.starts_with("/api/webhooks/")
}

fn limited(mut response: Response, allowance: Option<&Allowance>) -> Response {
    if let Some(allowance) = allowance {
        allowance.write(response.headers_mut());
    }
    response
}

fn read_bearer(auth: &Auth, headers: &HeaderMap) -> Bearer {
    let mut lines = headers.get_all(header::AUTHORIZATION).iter();
    let (line, None) = (lines.next(), lines.next()) else { return Bearer::Forged };
    let Some(line) = line else { return Bearer::None };
    let token = line
        .to_str()
        .ok()
        .and_then(|text| text.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    let token = token.map(|(_, token)| token);
    if let Some(text) = token.filter(|token| token.starts_with(PREFIX)) {
        return InstanceToken::parse(text).map_or(Bearer::Forged, |token| Bearer::Instance(Arc::new(token)));
    }
    if let Some(text) = token.filter(|token| token.starts_with(FAMILY)) {
        return KeyToken::parse(text).map_or(Bearer::Forged, |key| Bearer::Key(Arc::new(key)));
    }
    match token.and_then(|token| auth.signer().verify(token, auth.clock().system_time())) {
        Some(claims) => Bearer::Good(claims),
        None if token.is_some_and(|token| auth.signer().is_stale(token)) => Bearer::Bad,
        None => Bearer::Forged,
    }
}
