//! Meta Ads: Insights of the Marketing API, one row an ad and day of each ad account.
//!
//! Conversions and their value are purchases as Meta claims them, by the ad set's own attribution. The platform lists the same
//! purchase under several action types; exactly one of them counts. Clicks are clicks on links, as in the files of its own
//! export. Names are those of today, not of the day.

mod ask;
mod auth;
mod errors;
mod parse;
mod parts;
mod streams;
mod usage;

use async_trait::async_trait;
use jiff::Timestamp;
use jiff::civil::date;
use serde_json::{Map, Value};

use super::settings::{Base, Version};
use super::{Call, Connector, Credentials, Parsed, Raw, Renewal, Settings, Source, Step, Stream, Task, Tested};
use super::{Trouble, Unfit, ads};
use crate::brands::Brand;

/// Where it is asked, and the simulator's folder.
const BASE: (&str, &str) = ("https://graph.facebook.com", "/meta");
/// The version that this release was written for.
const VERSION: &str = "v25.0";

/// See the module's text.
#[derive(Debug, Clone, Copy, Default)]
pub struct MetaAds;

#[async_trait]
impl Connector for MetaAds {
    fn source(&self) -> Source {
        Source::MetaAds
    }

    fn streams(&self) -> &'static [Stream] {
        &streams::STREAMS
    }

    fn check(
        &self,
        settings: &Map<String, Value>,
        credentials: &Credentials,
        shared: &Settings,
    ) -> Result<Map<String, Value>, Unfit> {
        let kept = auth::check(settings, credentials)?;
        self.base(&kept, shared)?;
        Ok(kept)
    }

    fn base(&self, settings: &Map<String, Value>, shared: &Settings) -> Result<Base, Unfit> {
        shared.base(Source::MetaAds, settings, BASE, "")
    }

    fn version(&self, settings: &Map<String, Value>, shared: &Settings) -> Version {
        let name = shared.version(Source::MetaAds, settings, VERSION).to_owned();
        // The Marketing API's dates, which differ from those of the Graph API. An ended version is served by the next one.
        let expires_on = (name == "v24.0").then(|| date(2026, 10, 6));
        Version { name, expires_on }
    }

    fn renewal(&self, _credentials: &Credentials, _now: Timestamp) -> Renewal {
        Renewal::Fresh
    }

    async fn renew(&self, call: &Call<'_>) -> Result<Credentials, Trouble> {
        // A system user's token is made by a person, and there is no way to renew it.
        let _ = call;
        Err(Trouble::SignIn("Meta no longer accepts the access token. Make a new one for the system user.".to_owned()))
    }

    async fn test(&self, call: &Call<'_>) -> Result<Tested, Trouble> {
        auth::test(call).await
    }

    async fn step(&self, call: &Call<'_>, task: &Task<'_>) -> Result<Step, Trouble> {
        ads::step(&streams::Insights, call, task).await
    }

    fn parse(&self, _brand: &Brand, raw: &Raw) -> Parsed {
        parse::parse(raw)
    }
}
