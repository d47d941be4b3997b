//! TikTok Ads: the integrated report of the API for Business, one row an ad and day of each advertiser, and GMV Max (TikTok
//! Shop), whose spend that report lacks, one row a campaign and day.
//!
//! Conversions and their value are completed payments on the website (`complete_payment`, and `total_complete_payment_rate`,
//! which is no rate but their value); of GMV Max, the shop's orders. `conversion` follows each campaign's goal and is not used.

mod ask;
mod auth;
mod errors;
mod parse;
mod streams;

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::{Map, Value};

use super::settings::{Base, Version};
use super::{Call, Connector, Credentials, Parsed, Raw, Renewal, Settings, Source, Step, Stream, Task, Tested};
use super::{Trouble, Unfit, ads};
use crate::brands::Brand;

/// Where it is asked, and the simulator's folder.
const BASE: (&str, &str) = ("https://business-api.tiktok.com", "/tiktok");
/// The version that this release was written for. TikTok has named no end of it.
const VERSION: &str = "v1.3";

/// See the module's text.
#[derive(Debug, Clone, Copy, Default)]
pub struct TiktokAds;

#[async_trait]
impl Connector for TiktokAds {
    fn source(&self) -> Source {
        Source::TiktokAds
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
        shared.base(Source::TiktokAds, settings, BASE, "")
    }

    fn version(&self, settings: &Map<String, Value>, shared: &Settings) -> Version {
        Version { name: shared.version(Source::TiktokAds, settings, VERSION).to_owned(), expires_on: None }
    }

    fn renewal(&self, credentials: &Credentials, _now: Timestamp) -> Renewal {
        auth::renewal(credentials)
    }

    async fn renew(&self, call: &Call<'_>) -> Result<Credentials, Trouble> {
        auth::renew(call).await
    }

    fn spends(&self, credentials: &Credentials) -> bool {
        auth::renewal(credentials) == Renewal::Due
    }

    async fn test(&self, call: &Call<'_>) -> Result<Tested, Trouble> {
        auth::test(call).await
    }

    async fn step(&self, call: &Call<'_>, task: &Task<'_>) -> Result<Step, Trouble> {
        ads::step(&streams::Reports, call, task).await
    }

    fn parse(&self, _brand: &Brand, raw: &Raw) -> Parsed {
        parse::parse(raw)
    }
}
