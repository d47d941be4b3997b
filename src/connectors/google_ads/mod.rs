//! Google Ads: searchStream of the Google Ads API. The campaigns' own figures are the totals, because the ads' lack Performance
//! Max and whatever else has no ads.
//!
//! Of each campaign and day there are its ads, and a row of the campaign itself with what the ads leave of its figures, if that
//! is anything. Where the ads claim more than their campaign has, the campaign's row stands alone. So the sums are always those
//! of the campaigns. Both levels are asked for the same days, also for those days for which only the campaigns' figures are likely
//! to change: a window replaces whole days, and without its ads an older day would lose them; it is one operation more a slice.

mod ask;
mod auth;
mod errors;
mod parse;
mod streams;

use async_trait::async_trait;
use jiff::Timestamp;
use jiff::civil::{Date, date};
use serde_json::{Map, Value};

use super::settings::{Base, Version};
use super::{Call, Connector, Credentials, Parsed, Raw, Renewal, Settings, Source, Step, Stream, Task, Tested};
use super::{Trouble, Unfit, ads};
use crate::brands::Brand;

/// Where it is asked, and the simulator's folder.
const BASE: (&str, &str) = ("https://googleads.googleapis.com", "/google");
/// The version that this release was written for.
const VERSION: &str = "v25";

/// See the module's text.
#[derive(Debug, Clone, Copy, Default)]
pub struct GoogleAds;

#[async_trait]
impl Connector for GoogleAds {
    fn source(&self) -> Source {
        Source::GoogleAds
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
        shared.base(Source::GoogleAds, settings, BASE, "")
    }

    fn version(&self, settings: &Map<String, Value>, shared: &Settings) -> Version {
        let name = shared.version(Source::GoogleAds, settings, VERSION).to_owned();
        let expires_on = ends(&name);
        Version { name, expires_on }
    }

    fn renewal(&self, credentials: &Credentials, now: Timestamp) -> Renewal {
        auth::renewal(credentials, now)
    }

    async fn renew(&self, call: &Call<'_>) -> Result<Credentials, Trouble> {
        auth::renew(call).await
    }

    async fn test(&self, call: &Call<'_>) -> Result<Tested, Trouble> {
        auth::test(call).await
    }

    async fn step(&self, call: &Call<'_>, task: &Task<'_>) -> Result<Step, Trouble> {
        ads::step(&streams::Searches, call, task).await
    }

    fn parse(&self, _brand: &Brand, raw: &Raw) -> Parsed {
        parse::parse(raw)
    }
}

/// When a version ends. Of those to come Google has named the month; its first day warns early.
fn ends(version: &str) -> Option<Date> {
    Some(match version {
        "v20" => date(2026, 6, 10),
        "v21" => date(2026, 8, 5),
        "v22" => date(2026, 10, 7),
        "v23" => date(2027, 2, 1),
        "v24" => date(2027, 5, 1),
        "v25" => date(2027, 8, 1),
        "v26" => date(2027, 11, 1),
        _ => return None,
    })
}
