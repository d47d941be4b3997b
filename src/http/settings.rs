//! The settings of the HTTP layer, with their defaults.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use url::Url;

/// How the server treats requests, whoever sends them.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// The address that people type: where other sites send them back to, and what passkeys are made for. None by default.
    pub public_url: PublicUrl,
    /// Requests a minute.
    pub rate_limit_per_minute: PerMinute,
    /// Addresses and networks (`10.0.0.0/8`) whose `X-Forwarded-For` is believed. None by default.
    pub trusted_proxies: Vec<String>,
    /// Origins (scheme, host, port) that may read answers from a browser elsewhere. None by default.
    pub cors_origins: Vec<String>,
    /// The largest JSON body.
    pub body_bytes: usize,
    /// The largest file that may be sent to an import.
    pub upload_bytes: usize,
    /// Seconds that a request may take until its answer begins.
    pub request_timeout_secs: u64,
    /// Seconds that an upload may take until its answer begins.
    pub upload_timeout_secs: u64,
    /// Seconds that a body may stand still.
    pub body_idle_timeout_secs: u64,
    /// Requests worked on at the same time; one more is answered 503 at once rather than queued.
    pub max_requests: usize,
    /// Connections open at the same time; further ones wait to be accepted.
    pub max_connections: usize,
    /// Connections that one address may have open; further ones are closed at once. 0 is no limit; this machine and trusted proxies
    /// have none.
    pub max_connections_per_address: usize,
    /// Wrong guesses (passwords, codes, links, tokens) within `ban_window_secs` after which an address is refused. 0 is never; this
    /// machine and trusted proxies never are.
    pub ban_failures: u32,
    /// Seconds within which wrong guesses add up.
    pub ban_window_secs: u64,
    /// Seconds that an address is refused.
    pub ban_secs: u64,
    /// Hours without use after which a session ends: nothing it is asked for within an access token's 8 hours counts as use, the
    /// next token does. 0 is never, before its 30 days.
    pub session_idle_hours: u32,
    /// Seconds that a new connection may stay silent.
    pub first_byte_timeout_secs: u64,
    /// Seconds that the head of a request may take from its first byte to its last.
    pub head_timeout_secs: u64,
    /// Seconds that a connection may stay open between two requests.
    pub idle_timeout_secs: u64,
    /// The largest head of a request.
    pub head_bytes: usize,
    /// The largest number of header lines.
    pub max_headers: usize,
    /// Seconds that requests under way may take to finish when the server stops.
    pub stop_timeout_secs: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            public_url: PublicUrl::default(),
            rate_limit_per_minute: PerMinute::Usual,
            trusted_proxies: Vec::new(),
            cors_origins: Vec::new(),
            body_bytes: 1 << 20,
            upload_bytes: 4 << 30,
            request_timeout_secs: 30,
            upload_timeout_secs: 3600,
            body_idle_timeout_secs: 30,
            max_requests: 1024,
            max_connections: 8192,
            max_connections_per_address: 512,
            ban_failures: 100,
            ban_window_secs: 3600,
            ban_secs: 3600,
            session_idle_hours: 168,
            first_byte_timeout_secs: 5,
            head_timeout_secs: 10,
            idle_timeout_secs: 75,
            head_bytes: 32 << 10,
            max_headers: 64,
            stop_timeout_secs: 10,
        }
    }
}

/// How many requests a minute a caller may make.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PerMinute {
    /// 100 for a stranger's address, 1,200 for a signed-in person. Written `"usual"`.
    #[default]
    Usual,
    /// This many for either; 0 is no limit.
    Of(u32),
}

impl PerMinute {
    /// The figure for a kind of caller whose usual one is `usual`; `None` is no limit.
    pub fn or(self, usual: u32) -> Option<std::num::NonZeroU32> {
        std::num::NonZeroU32::new(match self {
            Self::Usual => usual,
            Self::Of(n) => n,
        })
    }
}

impl Serialize for PerMinute {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Usual => to.serialize_str("usual"),
            Self::Of(n) => to.serialize_u32(*n),
        }
    }
}

impl<'de> Deserialize<'de> for PerMinute {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        // From a file a number, from the environment its digits.
        struct Figure;
        impl serde::de::Visitor<'_> for Figure {
            type Value = PerMinute;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a whole number of requests (0 is no limit) or \"usual\"")
            }
            fn visit_i64<E: serde::de::Error>(self, n: i64) -> Result<PerMinute, E> {
                u32::try_from(n)
                    .map(PerMinute::Of)
                    .map_err(|_| E::invalid_value(serde::de::Unexpected::Signed(n), &self))
            }
            fn visit_u64<E: serde::de::Error>(self, n: u64) -> Result<PerMinute, E> {
                u32::try_from(n)
                    .map(PerMinute::Of)
                    .map_err(|_| E::invalid_value(serde::de::Unexpected::Unsigned(n), &self))
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<PerMinute, E> {
                match text.trim() {
                    "usual" => Ok(PerMinute::Usual),
                    digits => digits
                        .parse()
                        .map(PerMinute::Of)
                        .map_err(|_| E::invalid_value(serde::de::Unexpected::Str(text), &self)),
                }
            }
        }
        from.deserialize_any(Figure)
    }
}

/// The address that people type, without a path; or none: written as an empty text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PublicUrl(Option<Url>);

impl PublicUrl {
    /// The address, where there is one.
    pub fn get(&self) -> Option<&Url> {
        self.0.as_ref()
    }
}

impl FromStr for PublicUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if text.is_empty() {
            return Ok(Self(None));
        }
        let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
        let bare = |url: &Url| {
            let plain = url.username().is_empty() && url.password().is_none();
            plain && url.path() == "/" && url.query().is_none() && url.fragment().is_none()
        };
        url.filter(bare)
            .map(|url| Self(Some(url)))
            .ok_or_else(|| format!("\"{text}\" is no address such as https://figures.example.com, without a path"))
    }
}

impl Serialize for PublicUrl {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.0.as_ref().map_or("", |url| url.as_str().trim_end_matches('/')))
    }
}

impl<'de> Deserialize<'de> for PublicUrl {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
    }
}

/// Seconds of a setting as a duration.
pub(crate) fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}
