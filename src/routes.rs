//! What can be asked: every address, who may, who answers. What is not in the table is closed.
//!
//! A route is one line: method, path, access, and the handler, which carries its own OpenAPI description. `Upload` after the
//! access lets a body be as large as an import may be, and take as long.

use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::middleware::from_fn;
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodFilter, MethodRouter, on};

use crate::app::App;
use crate::auth::Access::{self, Needs, Public, SignedIn};
use crate::auth::Permission::{Manage, View};
use crate::auth::{self, guard};
use crate::brands;
use crate::error::Error;
use crate::http::secs;
use crate::server::{openapi, probes};

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
        /// Every route there is.
        pub fn table() -> Vec<Route> {
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
    GET    "/healthz"                        Public          => probes::healthz;
    GET    "/readyz"                         Public          => probes::readyz;
    GET    "/api/openapi.json"               Public          => openapi::document;
    GET    "/api/setup"                      Public          => auth::routes::setup_state;
    POST   "/api/setup"                      Public          => auth::routes::set_up;
    POST   "/api/auth/login"                 Public          => auth::routes::login;
    POST   "/api/auth/refresh"               Public          => auth::routes::refresh;
    POST   "/api/auth/logout"                Public          => auth::routes::logout;
    GET    "/api/auth/me"                    SignedIn        => auth::routes::me;
    GET    "/api/users"                      Needs(Manage)   => auth::users_routes::list;
    POST   "/api/users"                      Needs(Manage)   => auth::users_routes::create;
    PATCH  "/api/users/{id}"                 Needs(Manage)   => auth::users_routes::update;
    DELETE "/api/users/{id}"                 Needs(Manage)   => auth::users_routes::remove;
    GET    "/api/brands"                     Needs(View)     => brands::routes::list;
    POST   "/api/brands"                     Needs(Manage)   => brands::routes::create;
    GET    "/api/brands/{brand}"             Needs(View)     => brands::routes::show;
    PATCH  "/api/brands/{brand}"             Needs(Manage)   => brands::routes::update;
}

/// Addresses of the page: each answers with its shell. A `*` stands for one segment.
const PAGES: [&str; 9] = [
    "/", "/setup", "/login", "/b/*", "/b/*/import", "/admin/users", "/settings/profile", "/settings/brand", "/settings/about",
];

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
        let guarded = route.handler.route_layer(DefaultBodyLimit::max(bytes)).route_layer(from_fn(move |request, next| {
            guard(auth.clone(), access, limit, request, next)
        }));
        router = router.route(route.path, guarded);
    }
    router.fallback(elsewhere).method_not_allowed_fallback(wrong_method).with_state(app.clone())
}

/// An address that takes other methods. Strangers are told so only of what strangers may use.
async fn wrong_method(State(app): State<App>, request: axum::extract::Request) -> Response {
    let path = request.extensions().get::<axum::extract::MatchedPath>().map(|path| path.as_str().to_owned());
    let is_public = table().iter().any(|route| Some(route.path) == path.as_deref() && route.access == Public);
    match is_public || auth::recognise(&app.auth, &request).await.is_ok() {
        true => StatusCode::METHOD_NOT_ALLOWED.into_response(),
        false => auth::sign_in().into_response(),
    }
}

/// What is in no table: a file of the page, an address of the page, or nothing; and strangers are not told which nothing.
async fn elsewhere(State(app): State<App>, request: axum::extract::Request) -> Response {
    let (method, path, headers) = (request.method(), request.uri().path(), request.headers());
    let reads = method == Method::GET || method == Method::HEAD;
    if reads && let Some(file) = app.assets.file(path, headers) {
        return file;
    }
    if reads && is_page(path) {
        let gone = path == "/setup" && !matches!(app.auth.setup_is_needed().await, Ok(true));
        return app.assets.shell(if gone { StatusCode::NOT_FOUND } else { StatusCode::OK }, headers);
    }
    if reads && wants_page(request.uri(), headers) {
        return app.assets.shell(StatusCode::NOT_FOUND, headers);
    }
    match auth::recognise(&app.auth, &request).await {
        Ok(_) => Error::NotFound.into_response(),
        Err(error) => error.into_response(),
    }
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
    !uri.path().starts_with("/api/") && accepted.contains("text/html")
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
