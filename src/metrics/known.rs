//! A brand and how fresh its data is, remembered until the tenant's store changes: a cached answer asks no database.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use jiff::Timestamp;
use jiff::civil::Date;

use crate::auth::Reach;
use crate::brands::{self, Brand};
use crate::commerce;
use crate::error::{Error, Result};
use crate::metrics::answer::{Freshness, SourceFreshness};
use crate::metrics::calendar::{Calendar, shift_days};
use crate::metrics::dashboard::shape::BrandShown;
use crate::metrics::plan::Frame;
use crate::tenants::Tenant;

/// Names remembered of a tenant; far more than it has brands.
const MOST_NAMES: usize = 1_000;

/// A brand as of one commit.
#[derive(Debug)]
pub struct Known {
    pub brand: Brand,
    sources: Vec<commerce::Freshness>,
}

#[derive(Default)]
struct Memory(RwLock<HashMap<String, (i64, Arc<Known>)>>);

/// The brand of an id or slug, for whoever may know of it.
///
/// # Errors
/// `NotFound` where the tenant has no such brand, or it is beyond `reach`.
pub async fn known(tenant: &Tenant, reach: &Reach, key: &str) -> Result<Arc<Known>> {
    let known = remembered(tenant, key).await?;
    reach.holds(known.brand.id).then_some(known).ok_or(Error::NotFound)
}

async fn remembered(tenant: &Tenant, key: &str) -> Result<Arc<Known>> {
    let memory = tenant.slot(Memory::default);
    // Read before the store is: what commits in between makes the memory stale, never wrong.
    let commits = tenant.db().commits();
    let remembered = memory.0.read().unwrap_or_else(PoisonError::into_inner).get(key).cloned();
    if let Some((as_of, known)) = remembered
        && as_of == commits
    {
        return Ok(known);
    }
    let name = key.to_owned();
    let read = tenant.db().read(move |conn| {
        let brand = brands::get(conn, &Reach::All, &name)?;
        let sources = commerce::freshness(conn, brand.id)?;
        Ok(Known { brand, sources })
    });
    let known = Arc::new(read.await?);
    let mut names = memory.0.write().unwrap_or_else(PoisonError::into_inner);
    if names.len() >= MOST_NAMES {
        names.clear();
    }
    names.insert(key.to_owned(), (commits, Arc::clone(&known)));
    Ok(known)
}

impl Known {
    /// The brand's calendar and currency, seen from `now`, as if it had no journeys.
    pub fn frame(&self, now: Timestamp) -> Frame {
        let brand = &self.brand;
        let calendar = Calendar::new(brand.timezone.clone(), brand.week_start, now);
        let complete_until = self.complete_until(&calendar);
        Frame { brand_id: brand.id, currency: brand.currency, calendar, complete_until, journeys: false }
    }

    /// The first day that is not over, or that lies behind the last order or refund there is: a shop whose files end in spring
    /// has no customers who stayed away in summer.
    fn complete_until(&self, calendar: &Calendar) -> Date {
        let last = self.sources.iter().filter(|source| source.kind == "orders").map(|source| source.data_through).max();
        let last = last.and_then(|at| Timestamp::from_second(at).ok()).map(|at| calendar.local(at).date());
        last.map_or(calendar.today(), |day| shift_days(day, 1).min(calendar.today()))
    }

    /// How far the data reaches, at a data version.
    pub fn freshness(&self, version: i64) -> Freshness {
        let seconds = |at| Timestamp::from_second(at).unwrap_or_default().to_string();
        let millis = |at| Timestamp::from_millisecond(at).unwrap_or_default().to_string();
        let sources = self.sources.iter().map(|source| SourceFreshness {
            connector: source.connector.clone(),
            kind: source.kind.clone(),
            data_through: seconds(source.data_through),
            landed_at: millis(source.landed_at_ms),
        });
        let through = self.sources.iter().map(|source| source.data_through).max();
        Freshness { version, data_through: through.map(seconds), sources: sources.collect() }
    }

    /// Whether any stock is known.
    pub fn has_stock(&self) -> bool {
        self.sources.iter().any(|source| source.kind == "stock")
    }

    /// As answers show it.
    pub fn shown(&self) -> BrandShown {
        let brand = &self.brand;
        BrandShown {
            id: brand.uid.clone(),
            slug: brand.slug.clone(),
            name: brand.name.clone(),
            currency: brand.currency.to_string(),
            timezone: brand.timezone_name.clone(),
            week_start: brand.week_start,
            demo: brand.demo,
        }
    }

    /// Everything of the brand that an answer depends on besides its rows.
    pub fn fingerprint(&self) -> String {
        let brand = &self.brand;
        let (slug, name, zone) = (&brand.slug, &brand.name, &brand.timezone_name);
        let reach: Vec<i64> = self.sources.iter().map(|source| source.data_through).collect();
        format!("{}|{slug}|{name}|{}|{zone}|{}|{}|{reach:?}", brand.uid, brand.currency, brand.week_start, brand.demo)
    }
}
