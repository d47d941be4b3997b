//! The refresh cookie: `pp_refresh`, which the page's scripts never see and other sites never send.

use axum::http::{HeaderMap, HeaderValue, header};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

use crate::error::{Error, Result};
use crate::secrets::random_bytes;
use crate::tenants::TenantId;

const NAME: &str = "pp_refresh";

/// A token of which a tenant's store knows only the hash, as it travels: the tenant's id, a dot, 256 random bits. Refresh tokens
/// are of this form, and what links carry.
pub struct TenantToken {
    /// Whose store knows it.
    pub tenant: TenantId,
    secret: SecretString,
}

/// What the refresh cookie holds.
pub type RefreshToken = TenantToken;

impl TenantToken {
    /// A new one.
    pub fn random(tenant: &TenantId) -> Self {
        let secret = BASE64_URL_SAFE_NO_PAD.encode(random_bytes::<32>());
        Self { tenant: tenant.clone(), secret: secret.into() }
    }

    /// The one in a request's cookies. One alone: two cookies of the name are none.
    pub fn read(headers: &HeaderMap) -> Option<Self> {
        let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
        let mut values = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
        let mut ours = values.by_ref().filter(|(name, _)| *name == NAME).map(|(_, value)| value);
        let (Some(value), None) = (ours.next(), ours.next()) else { return None };
        Self::parse(value)
    }

    /// The token in a text.
    pub fn parse(text: &str) -> Option<Self> {
        let (tenant, secret) = text.split_once('.')?;
        let sound = secret.len() == 43 && secret.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
        let tenant = TenantId::parse(tenant)?;
        sound.then(|| Self { tenant, secret: secret.into() })
    }

    /// What is stored of it.
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.secret.expose_secret().as_bytes()).into()
    }

    /// As it travels.
    pub fn text(&self) -> SecretString {
        format!("{}.{}", self.tenant, self.secret.expose_secret()).into()
    }

    /// The header that hands it to the browser.
    pub fn set(&self, max_age_secs: i64, over_tls: bool) -> Result<HeaderValue> {
        set_cookie(self.text().expose_secret(), max_age_secs, over_tls)
    }
}

/// The header that takes the cookie away.
pub fn clear(over_tls: bool) -> Result<HeaderValue> {
    set_cookie("", 0, over_tls)
}

fn set_cookie(value: &str, max_age_secs: i64, over_tls: bool) -> Result<HeaderValue> {
    let secure = if over_tls { "; Secure" } else { "" };
    let text = format!("{NAME}={value}; Path=/api/auth; Max-Age={max_age_secs}; HttpOnly; SameSite=Strict{secure}");
    let mut header = HeaderValue::try_from(text).map_err(|error| Error::Internal(error.into()))?;
    header.set_sensitive(true);
    Ok(header)
}

/// Refuses a request that a page of another site made the browser send. `SameSite` already keeps the cookie away from such
/// requests; this holds where a browser does not.
pub fn same_site(headers: &HeaderMap) -> Result<()> {
    let site = headers.get("sec-fetch-site").map(HeaderValue::as_bytes);
    match site {
        None | Some(b"same-origin" | b"none") => Ok(()),
        Some(_) => Err(Error::Forbidden { permission: "same-origin" }),
    }
}
