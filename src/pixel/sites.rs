//! Shops whose pages may send visits, in the tenant's SQLite and, for whoever sends, in memory.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jiff::Timestamp;
use rusqlite::{Connection, Row, Transaction, params};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use url::{Host, Url};

use crate::brands::Brand;
use crate::error::{Error, Result};
use crate::secrets::random_bytes;
use crate::tenants::{Tenant, TenantId};

/// Sites of one brand.
const MOST_SITES: usize = 50;
/// Origins of one site.
const MOST_ORIGINS: usize = 20;
/// Letters of a key: the tenant's id and eight random bytes.
const KEY: usize = 48;

/// When a page may begin to count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = PixelConsent)]
pub enum Consent {
    /// Once the page says that the visitor agreed.
    Required,
    /// At once.
    Implied,
}

/// A site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    /// Stands in the shop's pages.
    pub key: String,
    pub brand_id: i64,
    pub name: String,
    /// As browsers send them.
    pub origins: Vec<String>,
    pub consent: Consent,
    pub created_by: String,
    pub created_at_ms: i64,
    secret: Vec<u8>,
}

/// A site to be made, checked.
#[derive(Debug)]
pub struct NewSite {
    pub name: String,
    pub origins: Vec<String>,
    pub consent: Consent,
}

impl NewSite {
    /// Checks every field.
    ///
    /// # Errors
    /// `Invalid` with the field at fault.
    pub fn parse(name: &str, origins: &[String], consent: Consent) -> Result<Self> {
        let name = name.trim();
        if name.is_empty() || name.chars().count() > 100 || name.chars().any(char::is_control) {
            let reason = "A name has 1 to 100 characters, none of them a control character.";
            return Err(Error::invalid("name", reason));
        }
        if origins.is_empty() || origins.len() > MOST_ORIGINS {
            return Err(Error::invalid("origins", format!("A site has 1 to {MOST_ORIGINS} origins.")));
        }
        let mut parsed: Vec<String> = Vec::new();
        for (at, text) in origins.iter().enumerate() {
            let reason = "An origin is like https://shop.example, without a path; http only on this machine.";
            let origin = origin(text).ok_or_else(|| Error::invalid(format!("origins[{at}]"), reason))?;
            if !parsed.contains(&origin) {
                parsed.push(origin);
            }
        }
        Ok(Self { name: name.to_owned(), origins: parsed, consent })
    }
}

fn origin(text: &str) -> Option<String> {
    let url = Url::parse(text.trim()).ok()?;
    let is_here = match url.host()? {
        Host::Domain(name) => name == "localhost" || name.ends_with(".localhost"),
        Host::Ipv4(ip) => ip.is_loopback(),
        Host::Ipv6(ip) => ip.is_loopback(),
    };
    let is_bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
    let is_nobodys = url.username().is_empty() && url.password().is_none();
    let is_safe = url.scheme() == "https" || url.scheme() == "http" && is_here;
    (is_bare && is_nobodys && is_safe && text.len() <= 300).then(|| url.origin().ascii_serialization())
}

/// The tenant that a key names, whether or not there is such a site.
pub fn tenant_of(key: &str) -> Option<TenantId> {
    if key.len() != KEY || !key.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'a'..=b'f')) {
        return None;
    }
    let id = uuid::Uuid::try_parse(key.get(..32)?).ok()?;
    TenantId::parse(&id.hyphenated().to_string())
}

impl Site {
    /// Whether a page of this origin may send.
    pub fn takes_from(&self, origin: &str) -> bool {
        self.origins.iter().any(|own| own.eq_ignore_ascii_case(origin))
    }

    /// Whether this is the secret of the shop's own server.
    pub fn is_secret(&self, secret: &str) -> bool {
        Sha256::digest(secret.as_bytes()).as_slice().ct_eq(&self.secret).into()
    }
}

const COLUMNS: &str = "key, brand_id, name, origins, consent, created_by, created_at_ms, secret";

fn read(row: &Row) -> rusqlite::Result<(Site, String)> {
    let consent: String = row.get(4)?;
    let site = Site {
        key: row.get(0)?,
        brand_id: row.get(1)?,
        name: row.get(2)?,
        origins: Vec::new(),
        consent: if consent == "implied" { Consent::Implied } else { Consent::Required },
        created_by: row.get(5)?,
        created_at_ms: row.get(6)?,
        secret: row.get(7)?,
    };
    Ok((site, row.get(3)?))
}

fn all(conn: &Connection, of: Option<i64>) -> Result<Vec<Site>> {
    let mut query = conn.prepare_cached(&format!(
        "select {COLUMNS} from pixel_sites where ?1 is null or brand_id = ?1 order by created_at_ms, id"
    ))?;
    let rows = query.query_map([of], read)?.collect::<rusqlite::Result<Vec<_>>>()?;
    let whole = |(site, origins): (Site, String)| {
        Ok(Site { origins: serde_json::from_str(&origins).context("reading the origins of a site")?, ..site })
    };
    rows.into_iter().map(whole).collect()
}

/// The brand's sites, the oldest first.
///
/// # Errors
/// Whatever SQLite says.
pub fn of_brand(conn: &Connection, brand_id: i64) -> Result<Vec<Site>> {
    all(conn, Some(brand_id))
}

/// Adds a site; returns it with the secret of the shop's own server, of which only a hash is kept.
///
/// # Errors
/// `Conflict` where the brand has as many as it may; whatever SQLite says.
pub fn create(
    tx: &Transaction,
    (tenant, brand): (&TenantId, &Brand),
    new: NewSite,
    by: &str,
    now: Timestamp,
) -> Result<(Site, String)> {
    if of_brand(tx, brand.id)?.len() >= MOST_SITES {
        return Err(Error::conflict("too_many_sites", format!("A brand has at most {MOST_SITES} sites.")));
    }
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let key = hex(&tenant.bytes()) + &hex(&random_bytes::<8>());
    let secret = format!("pps_{}", BASE64_URL_SAFE_NO_PAD.encode(random_bytes::<32>()));
    let site = Site {
        key,
        brand_id: brand.id,
        name: new.name,
        origins: new.origins,
        consent: new.consent,
        created_by: by.to_owned(),
        created_at_ms: now.as_millisecond(),
        secret: Sha256::digest(secret.as_bytes()).to_vec(),
    };
    let consent = if site.consent == Consent::Implied { "implied" } else { "required" };
    let origins = serde_json::to_string(&site.origins).context("writing the origins of a site")?;
    tx.execute(
        &format!("insert into pixel_sites ({COLUMNS}) values (?, ?, ?, ?, ?, ?, ?, ?)"),
        params![site.key, site.brand_id, site.name, origins, consent, site.created_by, site.created_at_ms, site.secret],
    )?;
    Ok((site, secret))
}

/// Removes a site of a brand. What its pages told stays.
///
/// # Errors
/// `NotFound` where the brand has none of this key.
pub fn remove(tx: &Transaction, brand_id: i64, key: &str) -> Result<()> {
    let gone = tx.execute("delete from pixel_sites where brand_id = ? and key = ?", params![brand_id, key])?;
    if gone == 0 { Err(Error::NotFound) } else { Ok(()) }
}

/// The sites of an open tenant in memory: asked for by every message.
#[derive(Default)]
pub struct Known(Mutex<Option<Arc<ByKey>>>);

type ByKey = HashMap<String, Arc<Site>>;

impl Known {
    /// Those of a tenant.
    pub fn of(tenant: &Tenant) -> Arc<Self> {
        tenant.slot(Self::default)
    }

    /// To be called after they changed.
    pub fn forget(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// The site of a key.
    ///
    /// # Errors
    /// `NotFound` where there is none.
    pub async fn get(&self, tenant: &Tenant, key: &str) -> Result<Arc<Site>> {
        let held = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let held = match held {
            Some(held) => held,
            None => {
                let sites = tenant.db().read(|conn| all(conn, None)).await?;
                let read = sites.into_iter().map(|site| (site.key.clone(), Arc::new(site)));
                let read = Arc::new(read.collect::<ByKey>());
                *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&read));
                read
            }
        };
        held.get(key).cloned().ok_or(Error::NotFound)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_what_a_browser_sends() {
        for (text, sent) in [
            (" https://Shop.Example/ ", "https://shop.example"),
            ("https://shop.example:8443", "https://shop.example:8443"),
            ("http://127.0.0.1:3000", "http://127.0.0.1:3000"),
            ("http://localhost", "http://localhost"),
        ] {
            assert_eq!(origin(text).as_deref(), Some(sent));
        }
        for text in
            ["http://shop.example", "https://shop.example/x", "https://a@shop.example", "null", "*", "file:///x", ""]
        {
            assert_eq!(origin(text), None, "{text}");
        }
    }

    #[test]
    fn only_what_can_be_a_key_names_a_tenant() {
        let key = "0123456789abcdef0123456789abcdef0123456789abcdef";
        assert_eq!(tenant_of(key).unwrap().as_str(), "01234567-89ab-cdef-0123-456789abcdef");
        for other in [&key[1..], &key.to_uppercase(), "../../etc/passwd", ""] {
            assert_eq!(tenant_of(other), None);
        }
    }
}
