//! Everything that is simulated: shops and ad accounts from a seed, a clock, and what the control did to them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::json;

use super::exchange::{Asked, Reply};
use super::{Options, ads, control, faults, google, meta, shopify, tiktok};
use crate::clock::Clock;

/// The simulated world.
#[derive(Debug)]
pub struct World {
    pub options: Options,
    pub clock: Clock,
    /// Where it listens, `http://127.0.0.1:8090`.
    pub url: String,
    pub shopify: shopify::Shopify,
    pub ads: ads::Ads,
    pub meta: meta::Meta,
    pub tiktok: tiktok::TikTok,
    pub google: google::Google,
    pub faults: faults::Faults,
    requests: AtomicU64,
}

impl World {
    pub fn new(options: Options, url: String) -> Self {
        let (clock, now) = (options.clock.clone(), options.clock.now().as_second());
        Self {
            shopify: shopify::Shopify::new(&options, now),
            ads: ads::Ads::new(&options, now),
            meta: meta::Meta::default(),
            tiktok: tiktok::TikTok::default(),
            google: google::Google::default(),
            faults: faults::Faults::default(),
            requests: AtomicU64::new(0),
            clock,
            url,
            options,
        }
    }

    /// Seconds since 1970.
    pub fn now(&self) -> i64 {
        self.clock.now().as_second()
    }

    /// Answers a request.
    pub async fn answer(self: &Arc<Self>, asked: Asked) -> Reply {
        self.requests.fetch_add(1, Ordering::SeqCst);
        let path = asked.path.clone();
        let (platform, rest) = path.trim_start_matches('/').split_once('/').unwrap_or((path.as_str(), ""));
        match platform {
            "_control" => control::answer(self, rest, &asked).await,
            _ => faults::answer(self, platform, rest, asked),
        }
    }

    /// A right answer.
    pub fn platform(self: &Arc<Self>, platform: &str, rest: &str, asked: &Asked) -> Reply {
        match platform {
            "shopify" => shopify::answer(self, rest, asked),
            "meta" => meta::answer(self, rest, asked),
            "tiktok" => tiktok::answer(self, rest, asked),
            "google" => google::answer(self, rest, asked),
            _ => {
                Reply::json(404, &json!({"error": "the simulator has /shopify, /meta, /tiktok, /google and /_control"}))
            }
        }
    }

    /// A number that no other request has, for request ids.
    pub fn request_number(&self) -> u64 {
        self.requests.load(Ordering::SeqCst)
    }
}
