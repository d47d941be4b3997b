//! Shopify: orders with their refunds, products with what they cost, and stock, by the GraphQL Admin API.

mod ask;
pub mod auth;
mod bulk;
mod errors;
mod gone;
mod lines;
mod orders;
mod parse;
mod parse_journeys;
mod parse_orders;
mod parse_products;
mod parse_refunds;
mod parse_stock;
mod products;
mod queries;
mod shop;
pub mod signed;
mod stock;
mod streams;
#[cfg(test)]
mod tests;

use async_trait::async_trait;
use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::{Map, Value};

use super::settings::{Base, Version};
use super::{
    Call, Connector, Credentials, Parsed, Raw, Renewal, Settings, Source, Step, Stream, Task, Tested, Trouble, Unfit,
};
use crate::brands::Brand;

/// The version that this release was made for; a setting names another.
pub(super) const VERSION: &str = "2026-07";

const STREAMS: [Stream; 3] = [
    Stream { name: "orders", label: "Orders", scope: Some("read_orders"), restates: true, history_days: None },
    Stream { name: "products", label: "Products", scope: Some("read_products"), restates: false, history_days: None },
    Stream { name: "inventory", label: "Inventory", scope: Some("read_inventory"), restates: true, history_days: None },
];

/// The platform.
#[derive(Debug, Clone, Copy, Default)]
pub struct Shopify;

#[async_trait]
impl Connector for Shopify {
    fn source(&self) -> Source {
        Source::Shopify
    }

    fn streams(&self) -> &'static [Stream] {
        &STREAMS
    }

    fn check(
        &self,
        settings: &Map<String, Value>,
        credentials: &Credentials,
        shared: &Settings,
    ) -> Result<Map<String, Value>, Unfit> {
        let mut kept = settings.clone();
        kept.insert("shop".to_owned(), shop(settings)?.into());
        let version = shared.version(Source::Shopify, settings, VERSION);
        if released(version).is_none() && version != "unstable" {
            let reason = "A version of Shopify's API is a year and a month, such as 2026-07.".to_owned();
            return Err(Unfit { field: "settings.api_version".to_owned(), reason });
        }
        self.base(&kept, shared)?;
        let has = |name| credentials.get(name).is_some();
        let by_app = has(auth::CLIENT_ID) && has(auth::CLIENT_SECRET);
        if !has(auth::ACCESS_TOKEN) && !by_app {
            let reason = "Give an access token, or an app's client id and secret.".to_owned();
            return Err(Unfit { field: "credentials.access_token".to_owned(), reason });
        }
        if has(auth::CLIENT_ID) != has(auth::CLIENT_SECRET) {
            let missing = if has(auth::CLIENT_ID) { auth::CLIENT_SECRET } else { auth::CLIENT_ID };
            let reason = "An app's client id and secret go together.".to_owned();
            return Err(Unfit { field: format!("credentials.{missing}"), reason });
        }
        Ok(kept)
    }

    fn base(&self, settings: &Map<String, Value>, shared: &Settings) -> Result<Base, Unfit> {
        shared.base(Source::Shopify, settings, ("https://{shop}", "/shopify/{shop}"), &shop(settings)?)
    }

    fn version(&self, settings: &Map<String, Value>, shared: &Settings) -> Version {
        let name = shared.version(Source::Shopify, settings, VERSION);
        // Each is served for a year at least, then another answers in its place.
        let expires_on = released(name).and_then(|day| Date::new(day.year() + 1, day.month(), 1).ok());
        Version { name: name.to_owned(), expires_on }
    }

    fn renewal(&self, credentials: &Credentials, now: Timestamp) -> Renewal {
        auth::renewal(credentials, now)
    }

    async fn renew(&self, call: &Call<'_>) -> Result<Credentials, Trouble> {
        auth::renew(call.client, call.credentials, call.now).await
    }

    fn spends(&self, credentials: &Credentials) -> bool {
        credentials.get(auth::REFRESH_TOKEN).is_some()
    }

    async fn test(&self, call: &Call<'_>) -> Result<Tested, Trouble> {
        shop::test(call).await
    }

    async fn step(&self, call: &Call<'_>, task: &Task<'_>) -> Result<Step, Trouble> {
        streams::step(call, task).await
    }

    fn parse(&self, _: &Brand, raw: &Raw) -> Parsed {
        parse::parse(raw)
    }

    fn group_of(&self, _: &str, line: &[u8]) -> Result<String, String> {
        bulk::group_of(line)
    }
}

fn shop(settings: &Map<String, Value>) -> Result<String, Unfit> {
    let typed = settings.get("shop").and_then(Value::as_str).unwrap_or_default();
    auth::shop_domain(typed).ok_or_else(|| Unfit {
        field: "settings.shop".to_owned(),
        reason: "A shop is named by its address at Shopify, such as my-shop.myshopify.com.".to_owned(),
    })
}

/// The first day of a version.
fn released(version: &str) -> Option<Date> {
    let (year, month) = version.split_once('-')?;
    let has_form = year.len() == 4 && month.len() == 2;
    Date::new(year.parse().ok()?, month.parse().ok()?, 1).ok().filter(|_| has_form)
}
