//! The simulator's own figures, for tests to compare with what they landed.

use serde_json::{Value, json};

use super::ads::{self, Platform};
use super::shopify;
use super::world::World;

/// Everything, as of the clock.
pub fn all(world: &World) -> Value {
    let now = world.now();
    let shops = world.shopify.shops.iter().map(|store| shopify::totals::of(&store.ledger.at(now)));
    let of = |platform| ads::totals::of(&world.ads, platform, now);
    json!({
        "now": shopify::written(now),
        "shopify": shops.collect::<Vec<_>>(),
        "meta": of(Platform::Meta),
        "tiktok": of(Platform::TikTok),
        "google": of(Platform::Google),
    })
}
