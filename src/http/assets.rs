//! The embedded page: its files with the encodings that the build made, and the shell that every page address answers with.

use std::collections::HashMap;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

#[derive(rust_embed::RustEmbed)]
#[folder = "web/dist"]
#[allow_missing = true]
struct Dist;

/// Changes with the built page, so that the crate is compiled again when it does.
const _STAMP: &str = env!("PULSEPOINT_WEB_STAMP");

const SHELL: &str = "index.html";
const NOT_BUILT: &str = "<!doctype html><html lang=\"en\"><title>Pulsepoint</title><p>This binary was built without its pages. \
     Run \u{201c}make build\u{201d} for one that has them; the API answers under /api.</p></html>";

/// The embedded files, ready to be sent.
#[derive(Clone)]
pub struct Assets(Arc<HashMap<String, File>>);

struct File {
    kind: &'static str,
    immutable: bool,
    forms: Vec<Form>,
}

/// One encoding of a file.
struct Form {
    encoding: Option<&'static str>,
    etag: HeaderValue,
    bytes: Bytes,
}

impl Assets {
    /// What the build embedded.
    pub fn embedded() -> Self {
        let mut files: HashMap<String, File> = HashMap::new();
        for name in Dist::iter() {
            let (plain, encoding) = match name.rsplit_once('.') {
                Some((plain, "br")) => (plain, Some("br")),
                Some((plain, "gz")) => (plain, Some("gzip")),
                _ => (name.as_ref(), None),
            };
            let Some(embedded) = Dist::get(&name) else { continue };
            let hash = embedded.metadata.sha256_hash();
            let hex: String = hash.iter().take(12).map(|byte| format!("{byte:02x}")).collect();
            let Ok(etag) = HeaderValue::try_from(format!("\"{hex}\"")) else { continue };
            let bytes = match embedded.data {
                std::borrow::Cow::Borrowed(bytes) => Bytes::from_static(bytes),
                std::borrow::Cow::Owned(bytes) => Bytes::from(bytes),
            };
            let file = files.entry(plain.to_owned()).or_insert_with(|| File::empty(plain));
            file.forms.push(Form { encoding, etag, bytes });
        }
        // A compressed form without its plain one is not a file of the page.
        files.retain(|_, file| file.forms.iter().any(|form| form.encoding.is_none()));
        files.values_mut().for_each(|file| file.forms.sort_by_key(|form| form.bytes.len()));
        Self(Arc::new(files))
    }

    /// The file at a path (`/assets/app-1a2b.js`), in the smallest encoding that the client takes.
    pub fn file(&self, path: &str, asked: &HeaderMap) -> Option<Response> {
        let name = path.strip_prefix('/')?;
        self.0.get(name).filter(|_| name != SHELL).map(|file| file.answer(StatusCode::OK, asked))
    }

    /// The page's shell, with the status that its address has.
    pub fn shell(&self, status: StatusCode, asked: &HeaderMap) -> Response {
        match self.0.get(SHELL) {
            Some(file) => file.answer(status, asked),
            None => (StatusCode::SERVICE_UNAVAILABLE, [(header::CONTENT_TYPE, HTML)], NOT_BUILT).into_response(),
        }
    }
}

const HTML: &str = "text/html; charset=utf-8";

impl File {
    fn empty(name: &str) -> Self {
        Self { kind: kind_of(name), immutable: name.starts_with("assets/"), forms: Vec::with_capacity(3) }
    }

    fn answer(&self, status: StatusCode, asked: &HeaderMap) -> Response {
        let takes = |form: &&Form| form.encoding.is_none_or(|encoding| accepts(asked, encoding));
        let Some(form) = self.forms.iter().find(takes) else { return StatusCode::NOT_ACCEPTABLE.into_response() };
        let mut response = Response::new(Body::empty());
        let headers = response.headers_mut();
        headers.insert(header::ETAG, form.etag.clone());
        headers.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
        let cache = if self.immutable { "public, max-age=31536000, immutable" } else { "no-cache" };
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(self.kind));
        if status.is_success() && is_known(asked, &form.etag) {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            return response;
        }
        if let Some(encoding) = form.encoding {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
        }
        *response.status_mut() = status;
        *response.body_mut() = Body::from(form.bytes.clone());
        response
    }
}

fn accepts(asked: &HeaderMap, encoding: &str) -> bool {
    let lines = asked.get_all(header::ACCEPT_ENCODING).iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(',')).any(|item| {
        let mut parts = item.split(';').map(str::trim);
        let named = parts.next().is_some_and(|name| name.eq_ignore_ascii_case(encoding));
        let refused = parts.any(|p| p.strip_prefix("q=").and_then(|q| q.parse::<f32>().ok()).is_some_and(|q| q <= 0.0));
        named && !refused
    })
}

fn is_known(asked: &HeaderMap, etag: &HeaderValue) -> bool {
    let Some(known) = asked.get(header::IF_NONE_MATCH).and_then(|known| known.to_str().ok()) else { return false };
    known
        .split(',')
        .map(|one| one.trim().trim_start_matches("W/"))
        .any(|one| one == "*" || one.as_bytes() == etag.as_bytes())
}

fn kind_of(name: &str) -> &'static str {
    match name.rsplit_once('.').map_or("", |(_, ending)| ending) {
        "html" => HTML,
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "map" => "application/json",
        "webmanifest" => "application/manifest+json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "webp" => "image/webp",
        "woff2" => "font/woff2",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(name: header::HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, value.parse().unwrap())])
    }

    fn script() -> File {
        let form = |encoding, bytes: &'static [u8]| Form {
            encoding,
            etag: HeaderValue::from_str(&format!("\"{}\"", bytes.len())).unwrap(),
            bytes: Bytes::from_static(bytes),
        };
        let mut file = File::empty("assets/app-1a2b.js");
        file.forms = vec![form(Some("br"), b"b"), form(Some("gzip"), b"gz"), form(None, b"plain")];
        file
    }

    #[test]
    fn the_smallest_encoding_that_the_client_takes() {
        for (accepted, encoding) in [
            ("gzip, deflate, br", Some("br")),
            ("gzip", Some("gzip")),
            ("br;q=0, gzip;q=0.5", Some("gzip")),
            ("", None),
        ] {
            let answer = script().answer(StatusCode::OK, &asked(header::ACCEPT_ENCODING, accepted));
            let sent = answer.headers().get(header::CONTENT_ENCODING).map(|e| e.to_str().unwrap());
            assert_eq!(sent, encoding, "{accepted}");
            assert_eq!(answer.headers()[header::CACHE_CONTROL], "public, max-age=31536000, immutable");
        }
    }

    #[test]
    fn a_known_etag_is_not_sent_again() {
        let answer = script().answer(StatusCode::OK, &asked(header::IF_NONE_MATCH, "\"x\", W/\"5\""));
        assert_eq!(answer.status(), StatusCode::NOT_MODIFIED);
        let answer = script().answer(StatusCode::NOT_FOUND, &asked(header::IF_NONE_MATCH, "\"5\""));
        assert_eq!(answer.status(), StatusCode::NOT_FOUND);
    }
}
