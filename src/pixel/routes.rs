//! The pixel over HTTP: its script, what its pages send, and the sites that may.

use std::sync::LazyLock;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use rusqlite::Transaction;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest, Sha256};

use super::message::Message;
use super::sites::{self, Consent, Known, NewSite, Site};
use super::{From, Pixel};
use crate::auth::{Asked, Auth, Member};
use crate::brands::{self, Altered, Brand};
use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::http::{self, ClientIp, Json, Path, Problem, RESOURCE_POLICY};

/// Without what only its reader in the repository needs.
static SCRIPT: LazyLock<String> = LazyLock::new(|| {
    let lines = include_str!("../../assets/px.js").lines();
    lines.map(|line| line.trim_start().to_owned() + "\n").collect()
});

static ETAG: LazyLock<HeaderValue> = LazyLock::new(|| {
    let digest = Sha256::digest(SCRIPT.as_bytes());
    let digest: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    HeaderValue::try_from(format!("\"{digest}\"")).unwrap_or(HeaderValue::from_static("\"\""))
});

/// The script that a shop's pages load. It is less than three thousand bytes.
#[utoipa::path(get, path = "/px.js", tag = "pixel", security(()), responses(
    (status = 200, body = String, content_type = "text/javascript"), (status = 304, description = "As it was")))]
pub async fn script(headers: HeaderMap) -> Response {
    let etag = ETAG.clone();
    let is_known = headers.get(header::IF_NONE_MATCH) == Some(&etag);
    let dressed = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/javascript; charset=utf-8")),
        (header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=3600")),
        (header::ETAG, etag),
        (RESOURCE_POLICY, HeaderValue::from_static("cross-origin")),
    ];
    match is_known {
        true => (StatusCode::NOT_MODIFIED, dressed).into_response(),
        false => (dressed, SCRIPT.as_str()).into_response(),
    }
}

/// Takes what a page of a shop tells; or the shop's own server, by the site's secret as `X-Pixel-Secret` or by an API key that holds
/// `connect` as `Authorization: Bearer`. Answered at once, before it is on disk; the figures follow.
#[utoipa::path(post, path = "/px/{site}", tag = "pixel", security(()), params(("site" = String, Path, description = "The site's key")),
    request_body(content = Message, content_type = "text/plain"), responses(
    (status = 204), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub async fn take(
    State(pixel): State<Pixel>,
    State(auth): State<Auth>,
    Path(site): Path<String>,
    ip: ClientIp,
    request: Request,
) -> Result<StatusCode> {
    let headers = request.headers().clone();
    let asked = headers.contains_key(header::AUTHORIZATION).then(|| Asked::of(&auth, &request)).transpose()?;
    let body = Bytes::from_request(request, &()).await.map_err(unread)?;
    let from = From {
        ip,
        origin: one(&headers, "origin"),
        secret: one(&headers, "x-pixel-secret"),
        credentials: asked.as_ref(),
        agent: one(&headers, "user-agent").unwrap_or_default(),
        objects: one(&headers, "sec-gpc") == Some("1"),
    };
    pixel.take(&auth, &site, from, &body).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A header that stands once.
fn one<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut all = headers.get_all(name).iter();
    match (all.next(), all.next()) {
        (Some(one), None) => one.to_str().ok(),
        _ => None,
    }
}

fn unread(rejection: BytesRejection) -> Error {
    if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
        return Error::TooLarge { reason: "The body is larger than accepted here.".into() };
    }
    Error::invalid_code("bad_request", None, "The body could not be read to its end.")
}

/// A site as its people see it.
#[derive(Serialize, utoipa::ToSchema)]
pub struct SiteView {
    /// Its key, which stands in the shop's pages and is no secret.
    id: String,
    name: String,
    /// Whose pages may send.
    origins: Vec<String>,
    consent: Consent,
    /// To be pasted into every page of the shop.
    snippet: String,
    created_by: String,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

/// The brand's sites, the oldest first.
#[derive(Serialize, utoipa::ToSchema)]
pub struct SiteList {
    sites: Vec<SiteView>,
}

/// A site that was just made.
#[derive(Serialize, utoipa::ToSchema)]
pub struct NewSiteView {
    #[serde(flatten)]
    site: SiteView,
    /// What the shop's own server sends as `X-Pixel-Secret`. It is shown this once.
    secret: String,
}

/// The body of `POST /api/brands/{brand}/sites`.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SiteInput {
    name: String,
    /// Like `https://shop.example`.
    origins: Vec<String>,
    /// `required` where it is absent.
    consent: Option<Consent>,
}

fn view(site: Site, settings: &http::Settings) -> SiteView {
    let base = settings.public_url.get().map_or("", |url| url.as_str().trim_end_matches('/'));
    let consent = if site.consent == Consent::Required { " data-consent=\"required\"" } else { "" };
    let snippet = format!("<script async src=\"{base}/px.js\" data-site=\"{}\"{consent}></script>", site.key);
    SiteView {
        id: site.key,
        name: site.name,
        origins: site.origins,
        consent: site.consent,
        snippet,
        created_by: site.created_by,
        created_at: Timestamp::from_millisecond(site.created_at_ms).unwrap_or_default(),
    }
}

/// Sites whose pages may send visits.
#[utoipa::path(get, path = "/api/brands/{brand}/sites", tag = "pixel", params(("brand" = String, Path, description = "Id or slug")),
    responses((status = 200, body = SiteList), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub async fn list(
    member: Member,
    State(settings): State<http::Settings>,
    Path(key): Path<String>,
) -> Result<Json<SiteList>> {
    let reach = member.reach;
    let read = member.tenant.db().read(move |conn| {
        let brand = brands::get(conn, &reach, &key)?;
        sites::of_brand(conn, brand.id)
    });
    Ok(Json(SiteList { sites: read.await?.into_iter().map(|site| view(site, &settings)).collect() }))
}

/// Adds a site.
#[utoipa::path(post, path = "/api/brands/{brand}/sites", tag = "pixel", params(("brand" = String, Path, description = "Id or slug")),
    request_body = SiteInput,
    responses((status = 201, body = NewSiteView), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub async fn create(
    member: Member,
    State(clock): State<Clock>,
    State(settings): State<http::Settings>,
    Path(key): Path<String>,
    Json(body): Json<SiteInput>,
) -> Result<(StatusCode, Json<NewSiteView>)> {
    let new = NewSite::parse(&body.name, &body.origins, body.consent.unwrap_or(Consent::Required))?;
    let (by, now, tenant) = (member.author(), clock.system_time(), member.tenant.id().clone());
    let write = move |tx: &Transaction<'_>, brand: &Brand| {
        let (site, secret) = sites::create(tx, (&tenant, brand), new, &by.actor, now)?;
        let data = json!({ "brand": brand.uid, "origins": site.origins, "consent": site.consent });
        let subject = format!("site:{}", site.key);
        Ok(Altered::told((site, secret), "site.created", data).about(subject))
    };
    let (site, secret) = brands::alter(&member, now, key, write).await?;
    Known::of(&member.tenant).forget();
    Ok((StatusCode::CREATED, Json(NewSiteView { site: view(site, &settings), secret })))
}

/// Removes a site: its pages are not heard any more. What they told stays.
#[utoipa::path(delete, path = "/api/brands/{brand}/sites/{id}", tag = "pixel",
    params(("brand" = String, Path, description = "Id or slug"), ("id" = String, Path, description = "The site's key")),
    responses((status = 204), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub async fn remove(
    member: Member,
    State(clock): State<Clock>,
    Path((key, site)): Path<(String, String)>,
) -> Result<StatusCode> {
    let write = move |tx: &Transaction<'_>, brand: &Brand| {
        sites::remove(tx, brand.id, &site)?;
        let data = json!({ "brand": brand.uid });
        Ok(Altered::told((), "site.removed", data).about(format!("site:{site}")))
    };
    brands::alter(&member, clock.system_time(), key, write).await?;
    Known::of(&member.tenant).forget();
    Ok(StatusCode::NO_CONTENT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_script_is_small() {
        assert!(SCRIPT.len() < 3_000, "{}", SCRIPT.len());
        assert!(!SCRIPT.contains("http://") && !SCRIPT.contains("https://"), "nobody else is asked");
    }
}
