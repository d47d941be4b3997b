//! The cookie that binds a sign-in at the provider to the browser that began it. `SameSite=Lax`, for the provider's page is what
//! sends the browser back; it lets nobody in by itself.

use axum::http::{HeaderMap, HeaderValue, header};

use super::{Oidc, PATIENCE};
use crate::error::{Error, Result};

impl Oidc {
    /// Over TLS the name says that no other host and no plain page wrote it.
    fn cookie_name(&self) -> &'static str {
        if self.0.secure { "__Host-pp_oidc" } else { "pp_oidc" }
    }

    /// The cookie of a request. One alone: two of the name are none.
    pub(super) fn cookie<'a>(&self, headers: &'a HeaderMap) -> Option<&'a str> {
        let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
        let pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
        let mut ours = pairs.filter(|(name, _)| *name == self.cookie_name()).map(|(_, value)| value);
        match (ours.next(), ours.next()) {
            (Some(value), None) => Some(value),
            _ => None,
        }
    }

    /// The header that hands the cookie over, or takes it away.
    pub(super) fn set_cookie(&self, value: Option<&str>) -> Result<HeaderValue> {
        let (name, secure) = (self.cookie_name(), if self.0.secure { "; Secure" } else { "" });
        let age = value.map_or(0, |_| PATIENCE.as_secs());
        let value = value.unwrap_or_default();
        let text = format!("{name}={value}; Path=/; Max-Age={age}; HttpOnly; SameSite=Lax{secure}");
        let mut header = HeaderValue::try_from(text).map_err(|error| Error::Internal(error.into()))?;
        header.set_sensitive(true);
        Ok(header)
    }
}
