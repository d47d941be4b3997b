//! Fills the demo's folder: two tenants, their people and brands, and everything their shops did up to now.

use std::collections::BTreeMap;

use anyhow::Context;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use rusqlite::Transaction;
use secrecy::SecretString;
use serde_json::json;

use super::PASSWORD;
use crate::app::App;
use crate::auth::{self, Author, NewPerson, Role};
use crate::brands::{self, Brand, NewBrand};
use crate::commerce::demo::{self, Shop};
use crate::commerce::Lander;
use crate::commerce::rates::{self, DatedRate};
use crate::error::{Error, Result};
use crate::secrets::Purpose;
use crate::tenants::Tenant;

/// A login of the demo.
pub(super) struct Someone {
    pub(super) tenant: &'static str,
    pub(super) email: &'static str,
    name: &'static str,
    role: Role,
}

const fn someone(tenant: &'static str, email: &'static str, name: &'static str, role: Role) -> Someone {
    Someone { tenant, email, name, role }
}

/// The tenants: slug, name.
const TENANTS: [(&str, &str); 2] = [("juniper-oak", "Juniper & Oak"), ("northwind-demo", "Northwind Outfitters")];

/// Who can sign in.
pub(super) const PEOPLE: [Someone; 5] = [
    someone("juniper-oak", "owner@juniper-oak.example", "Olive Hart", Role::Owner),
    someone("juniper-oak", "analyst@juniper-oak.example", "Ansel Reed", Role::Analyst),
    someone("juniper-oak", "viewer@juniper-oak.example", "Vera Lind", Role::Viewer),
    someone("juniper-oak", "operator@juniper-oak.example", "Omar Field", Role::Operator),
    someone("northwind-demo", "owner@northwind-demo.example", "Nora West", Role::Owner),
];

/// Makes what is missing. What was there up to `filled_to` stays as it is.
pub(super) async fn fill(app: &App, seed: u64, filled_to: Option<Timestamp>) -> Result<()> {
    let (oak, north) = (Shop::juniper_oak()?, Shop::northwind()?);
    let [first, second] = TENANTS;
    let (one, two) =
        tokio::join!(fill_tenant(app, first, oak, seed, filled_to), fill_tenant(app, second, north, seed, filled_to));
    one.and(two)
}

async fn fill_tenant(
    app: &App,
    (slug, name): (&str, &str),
    shop: Shop,
    seed: u64,
    filled_to: Option<Timestamp>,
) -> Result<()> {
    let now = app.clock.system_time();
    let tenant = match app.tenants.by_slug(slug).await {
        Err(Error::NotFound) => app.tenants.create(slug, name).await?,
        found => found?,
    };
    for person in PEOPLE.iter().filter(|person| person.tenant == slug && filled_to.is_none()) {
        let new = NewPerson::parse(person.email, person.name, person.role, SecretString::from(PASSWORD))?;
        auth::create_person((&app.tenants, &tenant), new, (author(), None), now).await?;
    }
    let (lands_at, filled) = (app.clock.now(), tenant.clone());
    let landed = tokio::task::spawn_blocking(move || land(&filled, &shop, seed, lands_at, filled_to));
    if let Some((brand, seq)) = landed.await.context("making up a shop")?? {
        tenant.announce(brand, seq);
    }
    Ok(())
}

/// Lands the whole past in one transaction: either all of it is there, or nothing.
fn land(
    tenant: &Tenant,
    shop: &Shop,
    seed: u64,
    now: Timestamp,
    filled_to: Option<Timestamp>,
) -> Result<Option<(i64, i64)>> {
    let zone = TimeZone::get(&shop.timezone).context("finding the zone of a demo shop")?;
    let today = now.to_zoned(zone.clone()).date();
    let since = filled_to.map(|filled_to| filled_to.to_zoned(zone).date());
    let identity = tenant.key().derive(Purpose::CustomerIdentity);
    let landed = tenant.db().write_blocking(|tx| {
        let brand = brand_of(tx, shop, now)?;
        let days = demo::daily_rates(shop.currency, since.unwrap_or(shop.first_day), today);
        let days: Vec<DatedRate> = days.into_iter().map(dated).collect();
        let mut last = rates::land(tx, &days, demo::RATE_SOURCE, now.as_millisecond())?;
        let mut landers: BTreeMap<String, Lander> = BTreeMap::new();
        for landing in shop.generate(seed, now, since)? {
            let lander = landers
                .entry(landing.connector)
                .or_insert_with_key(|connector| Lander::new(&identity, &brand, connector, now));
            last = lander.land(tx, &landing.batch)?.seq.max(last);
        }
        for lander in landers.values_mut() {
            last = lander.finish(tx)?.seq.max(last);
        }
        Ok(last.map(|seq| (brand.id, seq)))
    })?;
    tenant.db().checkpoint()?;
    Ok(landed)
}

fn brand_of(tx: &Transaction<'_>, shop: &Shop, now: Timestamp) -> Result<Brand> {
    if let Some(brand) = brands::find(tx, &shop.slug)? {
        return Ok(brand);
    }
    let (currency, week_start) = (shop.currency.code(), Some(shop.week_start));
    let new = NewBrand::parse(&shop.name, Some(&shop.slug), currency, &shop.timezone, week_start)?;
    let brand = brands::create(tx, &new.demo(), now)?;
    author().tell(tx, now, "brand.created", &format!("brand:{}", brand.uid), json!({ "slug": brand.slug }))?;
    Ok(brand)
}

fn dated(rate: demo::DemoRate) -> DatedRate {
    DatedRate { day: rate.day, base: rate.base, quote: rate.quote, rate: rate.rate }
}

fn author() -> Author {
    Author { actor: "demo".to_owned(), request_id: None, ip: None }
}
