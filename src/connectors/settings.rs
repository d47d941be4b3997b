//! Where each platform is asked and in which version: settings of the installation, so that a version that ends needs no new
//! binary and a proxy or the simulator can stand in.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use url::{Host, Url};

use super::{Source, Unfit};
use crate::outgoing::Allowed;

/// All platforms.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// Shopify. `{shop}` in its address stands for the shop's domain.
    pub shopify: Platform,
    /// Meta Ads.
    pub meta_ads: Platform,
    /// TikTok Ads.
    pub tiktok_ads: Platform,
    /// Google Ads.
    pub google_ads: Platform,
    /// Hosts in private networks that an integration may name as its own address (`settings.api_base`). All others must be public.
    pub allowed_hosts: Vec<String>,
    /// The simulator's address, from `sandbox_url`: stands in for every platform without an address of its own.
    #[serde(skip)]
    pub sandbox_url: String,
    /// Nothing but this machine may be asked, from `offline`.
    #[serde(skip)]
    pub offline: bool,
}

/// One platform.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Platform {
    /// Its address, if it is another than the platform's own.
    pub api_base: String,
    /// Its version, if it is another than this release's.
    pub api_version: String,
}

/// The address that an integration is asked under.
#[derive(Clone, Debug)]
pub struct Base {
    /// Without a slash at its end.
    pub url: String,
    /// Where requests may go on its behalf.
    pub allowed: Allowed,
}

/// A version of a platform's API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// As it stands in addresses.
    pub name: String,
    /// The first day on which it is no longer served, where the platform has said so.
    pub expires_on: Option<Date>,
}

impl Settings {
    /// One platform's.
    pub fn of(&self, source: Source) -> &Platform {
        match source {
            Source::Shopify => &self.shopify,
            Source::MetaAds => &self.meta_ads,
            Source::TiktokAds => &self.tiktok_ads,
            Source::GoogleAds => &self.google_ads,
        }
    }

    /// The version that is asked for: the integration's, else the installation's, else `usual`.
    pub fn version<'a>(&'a self, source: Source, own: &'a Map<String, Value>, usual: &'a str) -> &'a str {
        let set = own.get("api_version").and_then(Value::as_str).filter(|text| !text.is_empty());
        let platform = self.of(source).api_version.as_str();
        set.unwrap_or(if platform.is_empty() { usual } else { platform })
    }

    /// The address to ask: the integration's own (`api_base` of `own`), else the installation's, else the simulator's folder
    /// `folder`, else `usual`. `shop` replaces `{shop}` in any of them.
    ///
    /// # Errors
    /// Where it may not be asked: not encrypted, in a private network that nobody allowed, or not this machine while offline.
    pub fn base(
        &self,
        source: Source,
        own: &Map<String, Value>,
        (usual, folder): (&str, &str),
        shop: &str,
    ) -> Result<Base, Unfit> {
        let own = own.get("api_base").and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty());
        let platform = self.of(source).api_base.trim();
        let sandbox = self.sandbox_url.trim().trim_end_matches('/');
        let (text, by_operator) = match own {
            Some(own) => (own.to_owned(), false),
            None if !platform.is_empty() => (platform.to_owned(), true),
            None if !sandbox.is_empty() => (format!("{sandbox}{folder}"), true),
            None => (usual.to_owned(), true),
        };
        let unfit = |reason: String| Unfit { field: "settings.api_base".to_owned(), reason };
        let text = text.replace("{shop}", shop).trim_end_matches('/').to_owned();
        let url = Url::parse(&text).map_err(|_| unfit("This is no address.".to_owned()))?;
        let allowed = if by_operator || self.allowed_hosts.iter().any(|host| Some(host.as_str()) == url.host_str()) {
            Allowed::by(&url)
        } else {
            Allowed::public(&url)
        };
        let allowed = allowed.map_err(|reason| unfit(format!("The address {reason}.")))?;
        if self.offline && !is_loopback(&url) {
            return Err(unfit(format!("This installation is offline: {source} cannot be asked.")));
        }
        Ok(Base { url: text, allowed })
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        Some(Host::Domain(domain)) => domain == "localhost",
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base(settings: &Settings, own: &str) -> Result<Base, Unfit> {
        let own = serde_json::json!({ "api_base": own });
        let own = own.as_object().cloned().unwrap_or_default();
        settings.base(Source::Shopify, &own, ("https://{shop}", "/shopify/{shop}"), "a.myshopify.com")
    }

    #[test]
    fn the_nearest_address_counts() {
        let mut settings = Settings::default();
        assert_eq!(base(&settings, "").unwrap().url, "https://a.myshopify.com");
        settings.sandbox_url = "http://127.0.0.1:8090/".to_owned();
        assert_eq!(base(&settings, "").unwrap().url, "http://127.0.0.1:8090/shopify/a.myshopify.com");
        settings.shopify.api_base = "https://proxy.example/{shop}/".to_owned();
        assert_eq!(base(&settings, "").unwrap().url, "https://proxy.example/a.myshopify.com");
        assert_eq!(base(&settings, "https://other.example").unwrap().url, "https://other.example");
    }

    #[test]
    fn people_name_public_addresses_and_operators_others() {
        let mut settings = Settings::default();
        for private in
            ["https://10.0.0.7", "https://127.0.0.1:1", "http://127.0.0.1:1", "http://localhost:1", "https://[::1]"]
        {
            assert!(base(&settings, private).is_err(), "{private}");
        }
        for wrong in ["ftp://a.example", "http://a.example", "nonsense", "https://user:pass@a.example"] {
            assert!(base(&settings, wrong).is_err(), "{wrong}");
        }
        settings.allowed_hosts = vec!["10.0.0.7".to_owned()];
        assert!(base(&settings, "https://10.0.0.7").is_ok());
        settings.shopify.api_base = "http://127.0.0.1:9".to_owned();
        assert!(base(&settings, "").is_ok(), "the operator may name this machine");
    }

    #[test]
    fn offline_asks_this_machine_alone() {
        let mut settings = Settings { offline: true, ..Settings::default() };
        assert!(base(&settings, "").is_err());
        settings.sandbox_url = "http://localhost:8090".to_owned();
        assert!(base(&settings, "").is_ok());
    }
}
