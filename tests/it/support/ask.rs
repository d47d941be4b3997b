//! A request to a route as a value, to be sent with one credential or another.

use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use serde_json::Value;

use super::app::{Answer, TestApp};

/// One request to a route that succeeds for the owner: addresses filled with real ids, a body that can be.
pub struct Ask {
    pub path: String,
    pub body: Vec<u8>,
    pub kind: String,
    pub cookie: Option<String>,
    pub expected: StatusCode,
}

impl Ask {
    pub fn at(path: impl Into<String>) -> Self {
        Self { path: path.into(), body: Vec::new(), kind: String::new(), cookie: None, expected: StatusCode::OK }
    }

    pub fn json(self, body: Value) -> Self {
        Self { body: body.to_string().into_bytes(), kind: "application/json".to_owned(), ..self }
    }

    pub fn expecting(self, status: u16) -> Self {
        Self { expected: StatusCode::from_u16(status).unwrap(), ..self }
    }

    pub async fn send(&self, app: &TestApp, method: &Method, token: Option<&str>) -> Answer {
        let mut request = Request::builder().method(method).uri(&self.path);
        if !self.kind.is_empty() {
            request = request.header(header::CONTENT_TYPE, &self.kind);
        }
        if let Some(token) = token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        if let Some(cookie) = &self.cookie {
            request = request.header(header::COOKIE, cookie);
        }
        app.send(request.body(Body::from(self.body.clone())).unwrap()).await
    }
}

/// The same address with every id of it replaced by one that nobody has.
pub fn with_random_ids(pattern: &str) -> String {
    let random = |part: &str| if part.starts_with('{') { uuid::Uuid::new_v4().to_string() } else { part.to_owned() };
    pattern.split('/').map(random).collect::<Vec<_>>().join("/")
}
