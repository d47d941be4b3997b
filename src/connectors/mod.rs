//! The platforms whose data is pulled: each is a [`Connector`] that signs in, is tested, and is read stream by stream in steps.
//!
//! A connector talks HTTP and knows no store. What it brings is the rows of `commerce`, and a position from which the next step
//! goes on; `sync` lands both in one transaction. So a step may be repeated at any time, and nothing is lost or doubled: rows
//! land by their natural key, ad rows by whole (account, days).

mod ads;
mod answer;
mod client;
mod credentials;
pub mod google_ads;
pub mod meta_ads;
mod redact;
pub mod sandbox;
pub mod settings;
pub mod shopify;
mod step;
pub mod tiktok_ads;
mod trouble;

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub use answer::Answer;
pub use client::{Client, Traffic};
pub use credentials::{Credential, Credentials};
pub use redact::{Redactor, hash_of};
pub use settings::Settings;
pub use step::{Group, Next, Parsed, Pass, Progress, Quota, Raw, Reject, Step, Task};
pub use trouble::Trouble;

use crate::brands::Brand;

/// A platform. The names are those of the public contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// Orders, products, stock.
    Shopify,
    /// Spend and what it brought, of Meta.
    MetaAds,
    /// The same of TikTok.
    TiktokAds,
    /// The same of Google.
    GoogleAds,
}

impl Source {
    /// All of them, in the order in which people see them.
    pub const ALL: [Self; 4] = [Self::Shopify, Self::MetaAds, Self::TiktokAds, Self::GoogleAds];

    /// As the contract writes it; also the `connector` of what it lands.
    pub fn name(self) -> &'static str {
        match self {
            Self::Shopify => "shopify",
            Self::MetaAds => "meta_ads",
            Self::TiktokAds => "tiktok_ads",
            Self::GoogleAds => "google_ads",
        }
    }

    /// What people call it.
    pub fn label(self) -> &'static str {
        match self {
            Self::Shopify => "Shopify",
            Self::MetaAds => "Meta Ads",
            Self::TiktokAds => "TikTok Ads",
            Self::GoogleAds => "Google Ads",
        }
    }

    /// The source of a name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|source| source.name() == name)
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.label())
    }
}

/// One kind of thing that a source has.
#[derive(Debug, Clone, Copy)]
pub struct Stream {
    /// Its name in the contract: `orders`, `products`, `inventory`, `ads`.
    pub name: &'static str,
    /// What people call it.
    pub label: &'static str,
    /// The permission at the platform without which it stays empty; none where signing in is enough.
    pub scope: Option<&'static str>,
    /// Whether a [`Pass::Restate`] is due once a day, besides the hourly [`Pass::Recent`].
    pub restates: bool,
    /// How far back its first pass goes, days; none is all there is.
    pub history_days: Option<u32>,
}

/// What everything that is asked of a connector needs to know. Nothing in it is the connector's to keep.
pub struct Call<'a> {
    /// Sends requests, counts them, and goes nowhere but where the integration may.
    pub client: &'a Client,
    /// What signs in.
    pub credentials: &'a Credentials,
    /// The integration's own settings, checked by [`Connector::check`].
    pub settings: &'a Map<String, Value>,
    /// What the last successful test or step learned of the account and asked to be remembered ([`Step::facts`]).
    pub facts: &'a Map<String, Value>,
    /// What is common to all integrations of this installation: addresses and versions.
    pub shared: &'a Settings,
    /// Whose data it becomes: its currency and zone stand in where a platform has none.
    pub brand: &'a Brand,
    /// Cuts people out of what was answered, before anything else sees it.
    pub redactor: &'a Redactor,
    /// Business time.
    pub now: Timestamp,
}

/// What a test of the connection found.
#[derive(Debug, Clone, Default, Serialize, utoipa::ToSchema)]
pub struct Tested {
    /// The account as the platform calls it: a shop's name, the number of ad accounts.
    pub account: String,
    /// Permissions that were granted.
    pub granted: Vec<String>,
    /// Permissions that are needed and were not granted, each with what stays empty without it.
    pub missing: Vec<Missing>,
    /// What works but is less than one would expect: only 60 days of orders, a token that ends soon.
    pub warnings: Vec<String>,
    /// When the sign-in ends by itself, if it does.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub expires_at: Option<Timestamp>,
    /// The API version that answered, where it was another than asked for.
    pub served_version: Option<String>,
    /// To be remembered as [`Call::facts`]: accounts with their currency and zone. Never a secret.
    #[serde(skip)]
    pub facts: Map<String, Value>,
}

/// A permission that is not there.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Missing {
    /// As the platform names it.
    pub scope: String,
    /// What does not work without it, as a sentence.
    pub why: String,
}

/// Whether short-lived credentials must be made anew before the next request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Renewal {
    /// They are good, or there is nothing to renew.
    Fresh,
    /// [`Connector::renew`] has to be called first.
    Due,
}

/// Every platform that this release can read.
pub fn all() -> Vec<Arc<dyn Connector>> {
    vec![
        Arc::new(shopify::Shopify),
        Arc::new(meta_ads::MetaAds),
        Arc::new(tiktok_ads::TiktokAds),
        Arc::new(google_ads::GoogleAds),
    ]
}

/// What is wrong with an integration's settings or credentials before anything is asked.
#[derive(Debug, Clone)]
pub struct Unfit {
    /// The field at fault, as `settings.shop`, `credentials.access_token`.
    pub field: String,
    /// A sentence for whoever typed it.
    pub reason: String,
}

/// A platform, as `sync` sees it. Every method may be called again with the same arguments.
#[async_trait]
pub trait Connector: Send + Sync {
    /// Which one.
    fn source(&self) -> Source;

    /// What it has, in the order in which it is first read.
    fn streams(&self) -> &'static [Stream];

    /// Looks at settings and credentials without asking anybody, and returns the settings as they shall be kept.
    ///
    /// # Errors
    /// The first field at fault; a shop that is no `*.myshopify.com`, an address that may not be asked.
    fn check(
        &self,
        settings: &Map<String, Value>,
        credentials: &Credentials,
        shared: &Settings,
    ) -> Result<Map<String, Value>, Unfit>;

    /// The address that everything of this integration is asked under, as [`Client`] takes it.
    ///
    /// # Errors
    /// As [`Connector::check`].
    fn base(&self, settings: &Map<String, Value>, shared: &Settings) -> Result<settings::Base, Unfit>;

    /// The version that is asked for, and until when it is served.
    fn version(&self, settings: &Map<String, Value>, shared: &Settings) -> settings::Version;

    /// Whether [`Connector::renew`] is due.
    fn renewal(&self, credentials: &Credentials, now: Timestamp) -> Renewal;

    /// Makes short-lived credentials anew. What it returns is stored before it is used.
    ///
    /// # Errors
    /// [`Trouble::SignIn`] where the long-lived ones are no longer good.
    async fn renew(&self, call: &Call<'_>) -> Result<Credentials, Trouble>;

    /// Whether [`Connector::renew`] uses up something that is good once, so that it is called only where its outcome is stored.
    fn spends(&self, credentials: &Credentials) -> bool {
        let _ = credentials;
        false
    }

    /// Asks the platform who we are there and what we may.
    ///
    /// # Errors
    /// What a step would meet.
    async fn test(&self, call: &Call<'_>) -> Result<Tested, Trouble>;

    /// Reads on: one page, one slice of days, one look at a job that the platform runs, or the next staged groups.
    ///
    /// # Errors
    /// See [`Trouble`]. The position stays where it was.
    async fn step(&self, call: &Call<'_>, task: &Task<'_>) -> Result<Step, Trouble>;

    /// What a kept answer says. A step uses the same, so that a replay gives the same rows.
    fn parse(&self, brand: &Brand, raw: &Raw) -> Parsed;

    /// To which group a line of a staged download belongs (an order and its lines come apart).
    ///
    /// # Errors
    /// A sentence, where the line cannot be understood.
    fn group_of(&self, stream: &str, line: &[u8]) -> Result<String, String> {
        let _ = (stream, line);
        Err("nothing of this source is staged".to_owned())
    }
}
