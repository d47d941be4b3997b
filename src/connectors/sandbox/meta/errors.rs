//! Meta's envelope of errors.

use serde_json::json;

use super::super::draw::mix;
use super::super::exchange::Reply;
use super::super::world::World;

/// An error.
#[derive(Debug, Clone)]
pub struct Failure {
    pub code: i64,
    pub subcode: Option<i64>,
    pub message: String,
    pub transient: bool,
    pub status: u16,
}

impl Failure {
    pub fn new(code: i64, message: impl Into<String>) -> Self {
        Self { code, subcode: None, message: message.into(), transient: false, status: 400 }
    }

    pub fn sub(mut self, subcode: i64) -> Self {
        self.subcode = Some(subcode);
        self
    }

    /// An object that is not there or may not be seen.
    pub fn missing(object: &str) -> Self {
        let message = format!(
            "Unsupported get request. Object with ID '{object}' does not exist, cannot be loaded due to missing \
             permissions, or does not support this operation. Please read the Graph API documentation at \
             https://developers.facebook.com/docs/graph-api"
        );
        Self::new(100, message).sub(33)
    }

    fn kind(&self) -> &'static str {
        match (self.code, self.subcode) {
            (102 | 190 | 10 | 200..=299 | 1 | 2 | 4 | 17 | 613 | 80_000..=80_014, _) => "OAuthException",
            (100, Some(33)) => "GraphMethodException",
            (2500, _) => "OAuthException",
            _ if self.message.starts_with("API calls from the server") => "GraphMethodException",
            _ => "OAuthException",
        }
    }
}

/// The answer of an error.
pub fn reply(world: &World, failure: &Failure) -> Reply {
    let mut error = json!({
        "message": failure.message,
        "type": failure.kind(),
        "code": failure.code,
        "fbtrace_id": format!("A{:016x}", mix(world.request_number())),
    });
    if let Some(subcode) = failure.subcode {
        error["error_subcode"] = json!(subcode);
    }
    if failure.transient || failure.subcode.is_some() {
        error["is_transient"] = json!(failure.transient);
    }
    Reply::json(failure.status, &json!({ "error": error }))
}
