//! Tenants with brands of different zones and currencies, in a folder of their own.

use std::path::Path;

use jiff::Timestamp;
use pulsepoint::brands::{self, Brand, NewBrand};
use pulsepoint::clock::Clock;
use pulsepoint::secrets::MasterKey;
use pulsepoint::tenants::{Settings, Tenant, Tenants};

/// The moment every test of commerce takes for now.
pub fn now() -> Timestamp {
    "2026-11-22T12:00:00Z".parse().unwrap()
}

pub fn start(data: &Path) -> Tenants {
    let (master, _) = MasterKey::load(data, None, true).unwrap();
    Tenants::start(data, master, Clock::fixed(now()), &Settings::default()).unwrap()
}

/// A brand; the first of a tenant has row id 1.
pub async fn brand(tenant: &Tenant, name: &str, currency: &str, zone: &str) -> Brand {
    let new = NewBrand::parse(name, None, currency, zone, None).unwrap();
    tenant.db().write(move |tx| brands::create(tx, &new, now())).await.unwrap()
}

/// New York in dollars, then London in pounds.
pub async fn two_brands(tenant: &Tenant) -> [Brand; 2] {
    [brand(tenant, "Juniper", "USD", "America/New_York").await, brand(tenant, "Thames", "GBP", "Europe/London").await]
}
