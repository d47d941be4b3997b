//! The demo: two invented shops whose whole past follows from a seed, and the stories hidden in it.
//!
//! Everything is a pure function of (shop, seed, now). A later "now" continues the same past: complete days keep their orders,
//! stock and ad rows; only what was still open (today, an order's fulfilment, a refund to come) changes. Results do not depend
//! on crate versions or floating point. Nothing outside this module knows the stories.

mod ads;
mod basket;
mod calendar;
mod draw;
mod install;
mod journeys;
mod landing;
mod people;
mod plan;
mod rates;
mod shop;
mod stock;
mod stories;

use jiff::{Timestamp, civil::Date};

pub use self::{
    install::{Installed, PASSWORD, install, remove},
    landing::Landing,
    rates::{DemoRate, SOURCE as RATE_SOURCE, daily as daily_rates},
    shop::Shop,
    stories::{Event, StorePrice, Story, TOLD_DAYS, stories},
};
use crate::error::Result;

/// Seed of the demo unless `--seed` gives another.
pub const DEFAULT_SEED: u64 = 42;

impl Shop {
    /// Everything that the shop's sources know by `now`, in batches to be landed in this order. With `since`, only what may
    /// have changed from that day on. Empty before the shop's first day.
    ///
    /// # Errors
    /// A clock that reads beyond what calendars know.
    pub fn generate(&self, seed: u64, now: Timestamp, since: Option<Date>) -> Result<impl Iterator<Item = Landing>> {
        Ok(landing::History::simulate(self, seed, now)?.landings(since))
    }
}
