//! What can be asked: every address, who may, who answers. What is not in the table is closed.
//!
//! A route is one line: method, path, access, and the handler, which carries its own OpenAPI description. `Upload` after the
//! access lets a body be as large as an import may be, and take as long.

use std::collections::BTreeMap;
use std::sync::{LazyLock, OnceLock};

use axum::Router;
use axum::extract::{DefaultBodyLimit, MatchedPath, Request, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodFilter, MethodRouter, on};
use utoipa::OpenApi;

use crate::app::App;
use crate::audit;
use crate::auth::Access::{self, Instance, Needs, Person, Public, SignedIn};
use crate::auth::Permission::{Connect, Manage, Operate, View};
use crate::auth::{self, Asked, guard};
use crate::backup;
use crate::brands;
use crate::channels;
use crate::cohorts;
use crate::commerce;
use crate::error::Error;
use crate::http::{described, secs};
use crate::imports;
use crate::metrics;
use crate::pixel;
use crate::privacy;
use crate::profit;
use crate::reconciliation;
use crate::sync;
use crate::tenants;
use crate::tls;

/// One line of the table.
pub struct Route {
    /// The method.
    pub method: Method,
    /// The path, with `{parameters}`.
    pub path: &'static str,
    /// Who may.
    pub access: Access,
    weight: Weight,
    handler: MethodRouter<App>,
}

/// How large and slow a request may be.
#[derive(Clone, Copy)]
enum Weight {
    Plain,
    Upload,
}

macro_rules! table {
    (@weight) => { Weight::Plain };
    (@weight $weight:ident) => { Weight::$weight };
    ($( $method:ident $path:literal $access:expr $(, $weight:ident)? => $($handler:ident)::+; )*) => {
        fn lines() -> Vec<Route> {
            vec![$(Route {
                method: Method::$method,
                path: $path,
                access: $access,
                weight: table!(@weight $($weight)?),
                handler: on(MethodFilter::$method, $($handler)::+),
            }),*]
        }

        /// The descriptions of the same handlers.
        #[derive(utoipa::OpenApi)]
        #[openapi(paths($($($handler)::+),*))]
        pub struct Described;
    };
}

table! {
    GET    "/healthz"                        Public          => tenants::routes::healthz;
    GET    "/readyz"                         Public          => tenants::routes::readyz;
    GET    "/trust"                          Public          => tls::routes::how_to_trust;
    GET    "/trust/root.crt"                 Public          => tls::routes::root_certificate;
    GET    "/api/openapi.json"               Public          => openapi_document;
    GET    "/api/setup"                      Public          => auth::routes::setup_state;
    POST   "/api/setup"                      Public          => auth::routes::set_up;
    POST   "/api/auth/login"                 Public          => auth::routes::login;
    POST   "/api/auth/refresh"               Public          => auth::routes::refresh;
    POST   "/api/auth/logout"                Public          => auth::routes::logout;
    GET    "/api/auth/me"                    SignedIn        => auth::routes::me;
    POST   "/api/auth/links"                 Public          => auth::links::routes::show;
    POST   "/api/auth/links/accept"          Public          => auth::links::routes::accept;
    POST   "/api/auth/password"              Person          => auth::account_routes::change_password;
    GET    "/api/auth/sessions"              Person          => auth::account_routes::sessions;
    DELETE "/api/auth/sessions"              Person          => auth::account_routes::end_other_sessions;
    DELETE "/api/auth/sessions/{id}"         Person          => auth::account_routes::end_session;
    GET    "/api/auth/totp"                  Person          => auth::second::routes::show;
    POST   "/api/auth/totp"                  Person          => auth::second::routes::begin;
    POST   "/api/auth/totp/confirm"          Person          => auth::second::routes::confirm;
    POST   "/api/auth/totp/recovery"         Person          => auth::second::routes::renew;
    POST   "/api/auth/totp/remove"           Person          => auth::second::routes::remove;
    GET    "/api/auth/oidc"                  Public          => auth::oidc::routes::show;
    GET    "/api/auth/oidc/start"            Public          => auth::oidc::routes::start;
    POST   "/api/auth/oidc/start"            Public          => auth::oidc::routes::start_invited;
    GET    "/api/auth/oidc/callback"         Public          => auth::oidc::routes::callback;
    POST   "/api/auth/oidc/code"             Public          => auth::oidc::routes::code;
    GET    "/api/auth/passkeys"              Person          => auth::passkeys::routes::list;
    POST   "/api/auth/passkeys"              Person          => auth::passkeys::routes::begin;
    POST   "/api/auth/passkeys/confirm"      Person          => auth::passkeys::routes::confirm;
    POST   "/api/auth/passkeys/{id}/remove"  Person          => auth::passkeys::routes::remove;
    GET    "/api/auth/passkeys/login"        Public          => auth::passkeys::routes::can_log_in;
    POST   "/api/auth/passkeys/login"        Public          => auth::passkeys::routes::ask;
    POST   "/api/auth/passkeys/login/confirm" Public         => auth::passkeys::routes::sign_in;
    GET    "/api/users"                      Needs(Manage)   => auth::users_routes::list;
    POST   "/api/users"                      Needs(Manage)   => auth::users_routes::create;
    PATCH  "/api/users/{id}"                 Needs(Manage)   => auth::users_routes::update;
    DELETE "/api/users/{id}"                 Needs(Manage)   => auth::users_routes::remove;
    POST   "/api/users/{id}/reset"           Needs(Manage)   => auth::links::routes::reset;
    DELETE "/api/users/{id}/sessions"        Needs(Manage)   => auth::users_routes::sign_out;
    DELETE "/api/users/{id}/totp"            Needs(Manage)   => auth::second::routes::reset;
    DELETE "/api/users/{id}/passkeys"        Needs(Manage)   => auth::passkeys::routes::reset;
    DELETE "/api/users/{id}/oidc"            Needs(Manage)   => auth::oidc::routes::unbind;
    PUT    "/api/users/policy"               Needs(Manage)   => auth::second::routes::require;
    GET    "/api/users/invitations"          Needs(Manage)   => auth::links::routes::list;
    POST   "/api/users/invitations"          Needs(Manage)   => auth::links::routes::invite;
    DELETE "/api/users/invitations/{id}"     Needs(Manage)   => auth::links::routes::revoke;
    GET    "/api/keys"                       Needs(Manage)   => auth::keys::routes::list;
    POST   "/api/keys"                       Needs(Manage)   => auth::keys::routes::create;
    DELETE "/api/keys/{id}"                  Needs(Manage)   => auth::keys::routes::revoke;
    GET    "/api/brands"                     Needs(View)     => brands::routes::list;
    POST   "/api/brands"                     Needs(Manage)   => brands::routes::create;
    GET    "/api/brands/{brand}"             Needs(View)     => brands::routes::show;
    PATCH  "/api/brands/{brand}"             Needs(Manage)   => brands::routes::update;
    DELETE "/api/brands/{brand}/demo"        Needs(Manage)   => commerce::routes::remove_demo;
    POST   "/api/customers/export"           Needs(Manage)   => privacy::routes::export;
    POST   "/api/customers/erase"            Needs(Manage)   => privacy::routes::erase;
    GET    "/api/customers/erasures"         Needs(Manage)   => privacy::routes::erasures;
    GET    "/api/metrics"                    Needs(View)     => metrics::routes::catalogue;
    GET    "/api/brands/{brand}/dashboard"   Needs(View)     => metrics::routes::dashboard;
    POST   "/api/brands/{brand}/query"       Needs(View)     => metrics::routes::query;
    GET    "/api/brands/{brand}/cohorts"     Needs(View)     => cohorts::routes::grid;
    GET    "/api/brands/{brand}/customers/forecast" Needs(View) => cohorts::routes::forecast;
    GET    "/api/brands/{brand}/attribution" Needs(View)     => metrics::attributed::routes::attribution;
    GET    "/api/brands/{brand}/attribution/paths" Needs(View) => metrics::attributed::routes::paths;
    GET    "/api/stream"                     Needs(View)     => metrics::routes::stream;
    GET    "/api/audit"                      Needs(Operate)  => audit::routes::list;
    GET    "/api/backups"                    Needs(Operate)  => backup::routes::list;
    POST   "/api/backups"                    Needs(Operate)  => backup::routes::create;
    GET    "/mcp/admin/tenants"              Instance        => auth::instance::routes::list;
    POST   "/mcp/admin/tenants"              Instance        => auth::instance::routes::create;
    DELETE "/mcp/admin/tenants/{id}"         Instance        => auth::instance::routes::remove;
    POST   "/mcp/admin/tenants/{id}/suspend" Instance        => auth::instance::routes::suspend;
    POST   "/mcp/admin/tenants/{id}/resume"  Instance        => auth::instance::routes::resume;
    POST   "/mcp/admin/tenants/{id}/restore" Instance        => auth::instance::routes::restore;
    GET    "/api/imports/formats"            Needs(Connect)  => imports::routes::formats;
    GET    "/api/brands/{brand}/profit"      Needs(View)     => profit::routes::statement;
    GET    "/api/brands/{brand}/costs"       Needs(View)     => profit::routes::list;
    POST   "/api/brands/{brand}/costs"       Needs(Manage)   => profit::routes::create;
    PATCH  "/api/brands/{brand}/costs/{id}"  Needs(Manage)   => profit::routes::end;
    DELETE "/api/brands/{brand}/costs/{id}"  Needs(Manage)   => profit::routes::remove;
    GET    "/api/brands/{brand}/bridge"      Needs(View)     => reconciliation::routes::bridge;
    GET    "/api/brands/{brand}/bridge/orders" Needs(View)   => reconciliation::routes::orders;
    GET    "/api/brands/{brand}/bridge/claims" Needs(View)   => reconciliation::claim_routes::claims;
    GET    "/api/brands/{brand}/bridge/totals" Needs(View)   => reconciliation::routes::totals;
    POST   "/api/brands/{brand}/bridge/totals" Needs(Manage) => reconciliation::routes::state;
    DELETE "/api/brands/{brand}/bridge/totals/{id}" Needs(Manage) => reconciliation::routes::withdraw;
    GET    "/api/brands/{brand}/imports"     Needs(Connect)  => imports::routes::list;
    POST   "/api/brands/{brand}/imports"     Needs(Connect), Upload => imports::routes::create;
    GET    "/api/brands/{brand}/imports/{id}" Needs(Connect) => imports::routes::show;
    GET    "/api/integrations/sources"       Needs(View)     => sync::routes::sources;
    GET    "/api/integrations"               Needs(View)     => sync::routes::list;
    POST   "/api/integrations"               Needs(Connect)  => sync::routes::create;
    POST   "/api/integrations/test"          Needs(Connect)  => sync::routes::try_out;
    GET    "/api/integrations/{id}"          Needs(View)     => sync::routes::show;
    DELETE "/api/integrations/{id}"          Needs(Connect)  => sync::routes::delete;
    POST   "/api/integrations/{id}/test"     Needs(Connect)  => sync::routes::test;
    POST   "/api/integrations/{id}/sync"     Needs(Connect)  => sync::routes::sync;
    POST   "/api/integrations/{id}/pause"    Needs(Connect)  => sync::routes::pause;
    POST   "/api/integrations/{id}/resume"   Needs(Connect)  => sync::routes::resume;
    POST   "/api/integrations/{id}/resync"   Needs(Connect)  => sync::routes::resync;
    PUT    "/api/integrations/{id}/credentials" Needs(Connect) => sync::routes::reconnect;
    GET    "/api/integrations/{id}/runs"     Needs(View)     => sync::routes::runs;
    GET    "/api/integrations/{id}/rejects"  Needs(View)     => sync::routes::rejects;
    GET    "/api/oauth/{source}/start"       Needs(Connect)  => sync::oauth::routes::start;
    GET    "/api/oauth/{source}/callback"    Public          => sync::oauth::routes::callback;
    POST   "/api/webhooks/shopify/{integration}" Public      => sync::webhooks::routes::shopify;
    GET    "/px.js"                          Public          => pixel::routes::script;
    POST   "/px/{site}"                      Public          => pixel::routes::take;
    GET    "/api/brands/{brand}/sites"       Needs(Connect)  => pixel::routes::list;
    POST   "/api/brands/{brand}/sites"       Needs(Connect)  => pixel::routes::create;
    DELETE "/api/brands/{brand}/sites/{id}"  Needs(Connect)  => pixel::routes::remove;
    GET    "/api/brands/{brand}/channels"    Needs(View)     => channels::routes::show;
    PUT    "/api/brands/{brand}/channels"    Needs(Manage)   => channels::routes::put;
    POST   "/api/brands/{brand}/channels/try" Needs(View)    => channels::routes::try_out;
    GET    "/api/customers/requests"         Needs(Manage)   => sync::routes::customer_requests;
    GET    "/api/brands/{brand}/imports/{id}/rejects" Needs(Connect) => imports::routes::rejects;
}

/// What programs administer: the same lines of the table once more, under another address.
const ADMINISTRATION: [&str; 3] = ["/api/users", "/api/keys", "/api/backups"];
/// That address, in the place of `/api`.
const ADMIN: &str = "/mcp/admin";

/// The second address of every line that has one.
static SECOND: LazyLock<BTreeMap<&'static str, String>> = LazyLock::new(|| {
    let has = |path: &str| {
        ADMINISTRATION
            .iter()
            .any(|one| path.strip_prefix(one).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
    };
    let twice = lines().into_iter().map(|line| line.path).filter(|path| has(path));
    twice.map(|path| (path, path.replacen("/api", ADMIN, 1))).collect()
});

/// Every route there is.
pub fn table() -> Vec<Route> {
    let mut all = lines();
    for at in 0..all.len() {
        if let Some(path) = SECOND.get(all[at].path).map(String::as_str) {
            let Route { method, access, weight, handler, .. } = &all[at];
            let (method, access, weight, handler) = (method.clone(), *access, *weight, handler.clone());
            all.push(Route { method, path, access, weight, handler });
        }
    }
    all
}

/// Addresses of the page: each answers with its shell. A `*` stands for one segment.
const PAGES: [&str; 20] = [
    "/",
    "/setup",
    "/login",
    "/join",
    "/reset",
    "/b/*",
    "/b/*/import",
    "/b/*/profit",
    "/b/*/bridge",
    "/b/*/customers",
    "/b/*/attribution",
    "/b/*/integrations",
    "/admin/users",
    "/admin/keys",
    "/admin/tenants",
    "/admin/backups",
    "/admin/audit",
    "/settings/profile",
    "/settings/brand",
    "/settings/appearance",
];

/// The OpenAPI 3.1 document, generated from the handlers that the table names.
pub fn openapi() -> utoipa::openapi::OpenApi {
    described(Described::openapi(), &SECOND)
}

/// This document.
#[utoipa::path(get, path = "/api/openapi.json", tag = "operation", security(()), responses((status = 200, body = serde_json::Value)))]
async fn openapi_document() -> Response {
    static TEXT: OnceLock<String> = OnceLock::new();
    // Made of strings and numbers, which always serialise.
    let text = TEXT.get_or_init(|| openapi().to_json().unwrap_or_default());
    ([(header::CONTENT_TYPE, "application/json")], text.as_str()).into_response()
}

/// The paths of the table, each once or more.
pub fn paths() -> impl Iterator<Item = &'static str> {
    table().into_iter().map(|route| route.path)
}

/// The table as a router: each route behind its guard and its limits, everything else closed.
pub fn router(app: &App) -> Router {
    let mut router = Router::new();
    for route in table() {
        let (auth, access) = (app.auth.clone(), route.access);
        let (bytes, limit) = match route.weight {
            Weight::Plain => (app.http.body_bytes, secs(app.http.request_timeout_secs)),
            Weight::Upload => (app.http.upload_bytes, secs(app.http.upload_timeout_secs)),
        };
        let guarded = route.handler.route_layer(DefaultBodyLimit::max(bytes)).route_layer(from_fn(
            move |request: Request, next: Next| guard(auth.clone(), access, limit, request, next),
        ));
        router = router.route(route.path, guarded);
    }
    router.fallback(elsewhere).method_not_allowed_fallback(wrong_method).with_state(app.clone())
}

/// An address that takes other methods. Strangers are told so only of what strangers may use.
async fn wrong_method(State(app): State<App>, request: Request) -> Response {
    let path = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let is_public = table().iter().any(|route| Some(route.path) == path.as_deref() && route.access == Public);
    let answer = StatusCode::METHOD_NOT_ALLOWED.into_response();
    if is_public {
        return answer;
    }
    let answer = answer_to_members(&app, &request, answer);
    drop(request);
    answer.await
}

/// What is in no table: a file of the page, an address of the page, or nothing; and strangers are not told which nothing.
async fn elsewhere(State(app): State<App>, request: Request) -> Response {
    let (method, path, headers) = (request.method(), request.uri().path(), request.headers());
    let reads = method == Method::GET || method == Method::HEAD;
    if reads && let Some(file) = app.assets.file(path, headers) {
        return file;
    }
    if reads && is_page(path) {
        let (is_setup, headers) = (path == "/setup", headers.clone());
        drop(request);
        let gone = is_setup && !matches!(app.auth.setup_is_needed().await, Ok(true));
        return app.assets.shell(if gone { StatusCode::NOT_FOUND } else { StatusCode::OK }, &headers);
    }
    if reads && wants_page(request.uri(), headers) {
        return app.assets.shell(StatusCode::NOT_FOUND, headers);
    }
    let answer = answer_to_members(&app, &request, Error::NotFound.into_response());
    drop(request);
    answer.await
}

/// The answer, if whoever asks has signed in.
fn answer_to_members(app: &App, request: &Request, answer: Response) -> impl Future<Output = Response> + Send + use<> {
    let (auth, asked) = (app.auth.clone(), Asked::of(&app.auth, request));
    async move {
        let member = match asked {
            Ok(asked) => auth::recognise_anybody(&auth, &asked).await,
            Err(error) => Err(error),
        };
        member.map_or_else(IntoResponse::into_response, |()| answer)
    }
}

/// Whether a person's browser asks for a page, and not a program for an answer.
pub(crate) fn asks_for_page(request: &Request) -> bool {
    let reads = request.method() == Method::GET || request.method() == Method::HEAD;
    reads && (is_page(request.uri().path()) || wants_page(request.uri(), request.headers()))
}

fn is_page(path: &str) -> bool {
    let is = |pattern: &str| {
        let (mut wanted, mut given) = (pattern.split('/'), path.split('/'));
        loop {
            match (wanted.next(), given.next()) {
                (None, None) => return true,
                (Some("*"), Some(segment)) if !segment.is_empty() => {}
                (Some(one), Some(other)) if one == other => {}
                _ => return false,
            }
        }
    };
    PAGES.iter().any(|pattern| is(pattern))
}

/// Whether a browser follows a link: it gets the page's own "not found".
fn wants_page(uri: &Uri, headers: &HeaderMap) -> bool {
    let accepted = headers.get(header::ACCEPT).and_then(|kinds| kinds.to_str().ok()).unwrap_or("");
    !["/api/", "/mcp/"].iter().any(|api| uri.path().starts_with(api)) && accepted.contains("text/html")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_the_pages() {
        for page in ["/", "/login", "/setup", "/b/juniper-oak", "/settings/brand"] {
            assert!(is_page(page), "{page}");
        }
        for other in ["/b", "/b/", "/b/x/y", "/api", "/.git/config", "/login/", "//"] {
            assert!(!is_page(other), "{other}");
        }
    }

    #[test]
    fn no_line_stands_twice() {
        let mut lines: Vec<_> = table().iter().map(|route| format!("{} {}", route.method, route.path)).collect();
        lines.sort();
        let all = lines.len();
        lines.dedup();
        assert_eq!(lines.len(), all);
    }
}
