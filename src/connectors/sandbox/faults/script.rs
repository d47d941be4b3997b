//! A script of faults, as a developer writes it in TOML or JSON.

use serde::Deserialize;

use super::super::exchange::Asked;

/// A script: its faults are looked at in their order.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Script {
    #[serde(default)]
    pub fault: Vec<Fault>,
}

/// Which requests go wrong, and how.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// `shopify`, `meta`, `tiktok` or `google`; absent: any.
    #[serde(default)]
    platform: Option<String>,
    /// A part of the path.
    #[serde(default)]
    path: Option<String>,
    #[serde(default)]
    method: Option<String>,
    /// A part of the body, or of the query string.
    #[serde(default)]
    body: Option<String>,
    /// So many that match are let through first.
    #[serde(default)]
    pub skip: u64,
    /// So many go wrong; absent: all from then on.
    #[serde(default)]
    pub times: Option<u64>,
    /// Of those, so many in a thousand, drawn from the seed; absent: all.
    #[serde(default)]
    pub per_mille: Option<u64>,
    pub then: Then,
}

/// How a request goes wrong.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Then {
    /// A bare status. `retry_after` is written as it is, `2` or `2.0`; `date+5` is an HTTP date five seconds ahead.
    Status {
        status: u16,
        #[serde(default)]
        retry_after: Option<String>,
        #[serde(default)]
        body: Option<String>,
    },
    /// A status with a page of HTML.
    Html {
        #[serde(default = "bad_gateway")]
        status: u16,
    },
    /// Too many requests, in the platform's own words. Google's `retry_delay` in seconds.
    Throttled {
        #[serde(default)]
        retry_delay: Option<u64>,
    },
    /// The platform's own envelope: Shopify's `code`, TikTok's and Meta's number, Google's `family.CODE`.
    Error {
        code: String,
        #[serde(default)]
        subcode: Option<i64>,
        #[serde(default)]
        message: Option<String>,
        #[serde(default)]
        status: Option<u16>,
    },
    /// The token is worth nothing any more.
    Revoked,
    /// The token does not allow this.
    MissingScope,
    /// Nothing is ever answered.
    Timeout,
    /// The connection is reset.
    Reset,
    /// The body ends early, and the connection with it.
    Truncate {
        bytes: usize,
    },
    /// 64 bytes every so often.
    Drip {
        millis: u64,
    },
    /// A body that is no JSON.
    Garbage,
    /// Data and an error in one answer; Google's stream breaks after a good chunk.
    Partial,
    /// The right body with another Content-Type.
    ContentType {
        value: String,
    },
    /// The right answer, and headers that so many per cent of Meta's quota are used: the ad account's, which comes back after so many
    /// minutes, and the app's.
    Used {
        #[serde(default)]
        account: u64,
        #[serde(default)]
        minutes: u64,
        #[serde(default)]
        app: u64,
    },
    /// The bulk operation that this request starts fails; `partial` thousandths of its lines can be had.
    BulkFailed {
        #[serde(default = "server_error")]
        code: String,
        #[serde(default)]
        partial: u64,
    },
    /// The bulk operation that this request starts runs for ever.
    BulkStuck,
    /// The report run that this request starts fails, is skipped, or stays at 100 %.
    AsyncFailed,
    AsyncSkipped,
    AsyncStuck,
}

fn bad_gateway() -> u16 {
    502
}

fn server_error() -> String {
    "INTERNAL_SERVER_ERROR".to_owned()
}

impl Script {
    /// Reads a script: TOML, or JSON where it begins with a brace.
    ///
    /// # Errors
    /// A sentence about what it is not.
    pub fn read(text: &str) -> Result<Self, String> {
        match text.trim_start().starts_with('{') {
            true => serde_json::from_str(text).map_err(|error| error.to_string()),
            false => toml::from_str(text).map_err(|error| error.to_string()),
        }
    }
}

impl Fault {
    pub fn matches(&self, platform: &str, asked: &Asked) -> bool {
        let part =
            |wanted: &Option<String>, text: &str| wanted.as_ref().is_none_or(|wanted| text.contains(wanted.as_str()));
        let body = String::from_utf8_lossy(&asked.body);
        let query = asked.query.iter().any(|(key, value)| part(&self.body, &format!("{key}={value}")));
        self.platform.as_ref().is_none_or(|wanted| wanted == platform)
            && part(&self.path, &asked.path)
            && self.method.as_ref().is_none_or(|wanted| asked.method.as_str().eq_ignore_ascii_case(wanted))
            && (part(&self.body, &body) || (self.body.is_some() && query))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn toml_and_json_say_the_same() {
        let toml = "[[fault]]\nplatform = 'shopify'\nskip = 2\nthen = { kind = 'status', status = 429, retry_after = '2.0' }\n";
        let json =
            r#"{"fault":[{"platform":"shopify","skip":2,"then":{"kind":"status","status":429,"retry_after":"2.0"}}]}"#;
        let [toml, json] = [toml, json].map(|text| Script::read(text).unwrap().fault.remove(0));
        assert_eq!((toml.then.clone(), toml.skip), (json.then, json.skip));
        assert!(matches!(toml.then, Then::Status { status: 429, .. }));
    }

    #[test]
    fn what_is_not_known_is_told() {
        assert!(Script::read("[[fault]]\nthen = { kind = 'flood' }").is_err());
        assert!(Script::read("[[fault]]\nplatfrom = 'meta'\nthen = { kind = 'reset' }").is_err());
    }
}
