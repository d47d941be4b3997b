//! Meta's tokens and the proof of the app's secret.

use std::sync::{Mutex, PoisonError};

use serde_json::json;

use super::super::exchange::Reply;
use super::super::shopify::hmac_hex;
use super::Call;
use super::errors::Failure;

pub const APP_ID: &str = "123456789012345";
pub const APP_SECRET: &str = "meta_sandbox_secret";
/// A system user's token: it does not expire.
pub const TOKEN: &str = "EAAsandbox";

/// Which tokens are worth nothing any more.
#[derive(Debug, Default)]
pub struct Access {
    revoked: Mutex<Vec<String>>,
}

impl Access {
    /// Whether the call may be made.
    pub fn check(&self, call: &Call<'_>) -> Result<(), Failure> {
        if call.token.is_empty() {
            return Err(Failure::new(
                2500,
                "An active access token must be used to query information about the current user.",
            ));
        }
        // An app's own token, `id|secret`, may look at others.
        let own = call.path == "debug_token" && call.token == format!("{APP_ID}|{APP_SECRET}");
        if !own && !self.is_good(&call.token) {
            let expired = call.token.starts_with("EAA");
            return Err(match expired {
                true => Failure::new(190, "Error validating access token: The session has been invalidated.").sub(460),
                false => Failure::new(190, "Invalid OAuth access token - Cannot parse access token"),
            });
        }
        let right = hmac_hex(APP_SECRET.as_bytes(), call.token.as_bytes());
        match call.param("appsecret_proof") {
            Some(proof) if proof == right => Ok(()),
            Some(_) => Err(Failure::new(100, "Invalid appsecret_proof provided in the API argument")),
            None if call.world.options.appsecret_proof && !own => {
                Err(Failure::new(100, "API calls from the server require an appsecret_proof argument"))
            }
            None => Ok(()),
        }
    }

    fn is_good(&self, token: &str) -> bool {
        let revoked = self.revoked.lock().unwrap_or_else(PoisonError::into_inner);
        token == TOKEN && !revoked.iter().any(|revoked| revoked == token)
    }

    pub fn revoke(&self, token: &str) {
        self.revoked.lock().unwrap_or_else(PoisonError::into_inner).push(token.to_owned());
    }

    pub fn forgive(&self) {
        self.revoked.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

/// `GET /debug_token?input_token=`.
pub fn debug(call: &Call<'_>) -> Result<Reply, Failure> {
    let token =
        call.param("input_token").ok_or_else(|| Failure::new(100, "(#100) The parameter input_token is required"))?;
    if !call.world.meta.access.is_good(token) {
        let error = json!({"code": 190, "message": "Invalid OAuth access token - Cannot parse access token"});
        return Ok(Reply::json(200, &json!({"data": {"error": error, "is_valid": false, "scopes": []}})));
    }
    Ok(Reply::json(
        200,
        &json!({"data": {
            "app_id": APP_ID, "type": "SYSTEM_USER", "application": "Sandbox", "data_access_expires_at": 0, "expires_at": 0,
            "is_valid": true, "issued_at": call.world.now() - 86_400, "scopes": ["ads_read", "business_management", "public_profile"],
            "user_id": "1000",
        }}),
    ))
}

/// `GET /oauth/access_token`: a code or a short token for a long one.
pub fn exchange(call: &Call<'_>) -> Result<Reply, Failure> {
    if call.param("client_id") != Some(APP_ID) || call.param("client_secret") != Some(APP_SECRET) {
        return Err(Failure::new(1, "Error validating client secret."));
    }
    match call.param("code").or_else(|| call.param("fb_exchange_token")) {
        Some(_) => {
            Ok(Reply::json(200, &json!({"access_token": TOKEN, "token_type": "bearer", "expires_in": 5_183_944})))
        }
        None => Err(Failure::new(100, "This authorization code has been used.").sub(36_009)),
    }
}
