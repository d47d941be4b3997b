//! Google's envelope of errors.

use serde_json::{Value, json};

use super::super::exchange::Reply;

/// An error.
#[derive(Debug, Clone)]
pub struct Failure {
    pub status: u16,
    pub family: String,
    pub code: String,
    pub message: String,
    pub details: Option<Value>,
}

impl Failure {
    pub fn new(status: u16, family: &str, code: &str, message: &str) -> Self {
        Self { status, family: family.into(), code: code.into(), message: message.into(), details: None }
    }

    pub fn query(code: &str, message: &str) -> Self {
        Self::new(400, "queryError", code, message)
    }

    pub fn not_found() -> Self {
        Self::new(404, "requestError", "UNKNOWN", "The requested URL was not found on this server.")
    }

    fn name(&self) -> &'static str {
        match self.status {
            400 => "INVALID_ARGUMENT",
            401 => "UNAUTHENTICATED",
            403 => "PERMISSION_DENIED",
            404 => "NOT_FOUND",
            429 => "RESOURCE_EXHAUSTED",
            503 => "UNAVAILABLE",
            _ => "INTERNAL",
        }
    }

    fn says(&self) -> &str {
        match self.status {
            400 => "Request contains an invalid argument.",
            401 => {
                "Request is missing required authentication credential. Expected OAuth 2 access token, login cookie or other valid authentication credential."
            }
            403 => "The caller does not have permission",
            429 => "Resource has been exhausted (e.g. check quota).",
            _ => &self.message,
        }
    }

    /// `{"error": …}`.
    pub fn body(&self, version: &str) -> Value {
        let mut error = json!({"errorCode": {&self.family: self.code}, "message": self.message});
        if let Some(details) = &self.details {
            error["details"] = details.clone();
        }
        json!({"error": {
            "code": self.status,
            "message": self.says(),
            "status": self.name(),
            "details": [{
                "@type": format!("type.googleapis.com/google.ads.googleads.{version}.errors.GoogleAdsFailure"),
                "errors": [error],
                "requestId": "sandboxRequest",
            }],
        }})
    }

    /// The answer: within an array where a stream was asked for.
    pub fn reply(&self, version: &str, stream: bool) -> Reply {
        let body = self.body(version);
        if stream { Reply::json(self.status, &json!([body])) } else { Reply::json(self.status, &body) }
    }
}
