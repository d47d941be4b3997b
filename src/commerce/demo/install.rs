//! Puts the demo into an instance: tenants, brands, logins and rows; again, it only adds what has happened since.

use jiff::{Timestamp, ToSpan};
use rusqlite::{Transaction, params};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{RATE_SOURCE, Shop, calendar::OPEN_DAYS, daily_rates};
use crate::{
    auth::{Author, NewPerson, Reach, Role, create_person, list_people},
    brands::{self, Brand, NewBrand},
    clock::Clock,
    commerce::{
        Lander,
        rates::{self, DatedRate},
        remove_demo,
        visits::{self, Hit},
    },
    error::{Error, Result},
    secrets::Purpose,
    tenants::{Tenant, Tenants},
};

/// Password of every demo login. Public on purpose: a demo listens on loopback.
pub const PASSWORD: &str = "pulsepoint-demo";

// The tenants of the demo: slug, name, and its people by the part before the @, with their names.
const HOUSES: [House; 2] = [
    House {
        tenant: "juniper-oak",
        name: "Juniper & Oak",
        shop: Shop::juniper_oak,
        domain: "juniper-oak.example",
        people: &[
            ("owner", "Maya Ellison", Role::Owner),
            ("analyst", "Tomás Varga", Role::Analyst),
            ("viewer", "Priya Raman", Role::Viewer),
            ("operator", "Jonas Lindqvist", Role::Operator),
        ],
    },
    House {
        tenant: "northwind-demo",
        name: "Northwind Outfitters",
        shop: Shop::northwind,
        domain: "northwind-demo.example",
        people: &[("owner", "Isla Fraser", Role::Owner)],
    },
];

struct House {
    tenant: &'static str,
    name: &'static str,
    shop: fn() -> Result<Shop>,
    domain: &'static str,
    people: &'static [(&'static str, &'static str, Role)],
}

/// A tenant of the demo, ready to be looked at.
#[derive(Debug, Clone, Serialize)]
pub struct Installed {
    /// Slug of the tenant.
    pub tenant: String,
    /// Slug of its brand.
    pub brand: String,
    /// E-mail addresses that sign in with [`PASSWORD`], owner first.
    pub logins: Vec<String>,
    /// Rows written now; 0 when everything was there.
    pub rows_landed: u64,
    /// Somebody removed the demo data: nothing was landed, and will not be.
    pub removed: bool,
}

// What a brand remembers of its demo, under "demo" in its settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Memory {
    seed: u64,
    /// "Now" of the last complete landing; absent while one is under way.
    through: Option<Timestamp>,
}

/// Makes the demo's tenants, brands and logins where they are missing and lands their data up to the clock's now. What was
/// landed before is kept; another seed or an earlier now lands everything anew.
///
/// # Errors
/// What the stores say. Calling it again continues where it stopped.
pub async fn install(tenants: &Tenants, seed: u64, clock: &Clock) -> Result<Vec<Installed>> {
    let mut installed = Vec::new();
    for house in &HOUSES {
        installed.push(install_one(tenants, house, seed, clock).await?);
    }
    Ok(installed)
}

async fn install_one(tenants: &Tenants, house: &House, seed: u64, clock: &Clock) -> Result<Installed> {
    let shop = (house.shop)()?;
    let tenant = match tenants.by_slug(house.tenant).await {
        Err(Error::NotFound) => tenants.create(house.tenant, house.name).await?,
        found => found?,
    };
    let logins = add_people(tenants, &tenant, house, clock).await?;
    let (now, audit) = (clock.now(), clock.system_time());
    let task = {
        let tenant = tenant.clone();
        move || fill(&tenant, &shop, seed, now, audit)
    };
    let filled = tokio::task::spawn_blocking(task).await.map_err(|gone| anyhow::anyhow!("filling the demo: {gone}"))?;
    let (brand, rows_landed) = filled?;
    Ok(Installed { tenant: tenant.slug().to_owned(), brand: brand.slug, logins, rows_landed, removed: !brand.demo })
}

async fn add_people(tenants: &Tenants, tenant: &Tenant, house: &House, clock: &Clock) -> Result<Vec<String>> {
    let known: Vec<String> = list_people(tenant).await?.into_iter().map(|person| person.user.email).collect();
    let mut logins = Vec::new();
    for (who, name, role) in house.people {
        let email = format!("{who}@{}", house.domain);
        if !known.contains(&email) {
            let new = NewPerson::parse(&email, name, *role, SecretString::from(PASSWORD))?;
            let by = (Author::without_request("demo"), None);
            create_person((tenants, tenant), new, by, clock.system_time()).await?;
        }
        logins.push(email);
    }
    Ok(logins)
}

// Blocks for seconds: simulates and lands.
fn fill(tenant: &Tenant, shop: &Shop, seed: u64, now: Timestamp, audit: Timestamp) -> Result<(Brand, u64)> {
    let brand = tenant.db().write_blocking(|tx| prepare(tx, shop, seed, now, audit))?;
    let memory = recall(&brand);
    let Some(memory) = memory.filter(|memory| brand.demo && memory.through != Some(now)) else {
        return Ok((brand, 0));
    };
    let zone = brand.timezone.clone();
    let since = memory.through.map(|through| through.to_zoned(zone).date().saturating_sub(OPEN_DAYS.days()));
    land_rates(tenant, &brand, shop, now)?;
    let key = tenant.key().derive(Purpose::CustomerIdentity);
    let told = visits_told(tenant, &brand)?;
    let mut rows = 0;
    let mut landers: Vec<(String, Lander)> = Vec::new();
    for landing in shop.generate(seed, now, since)? {
        let at = landers.iter().position(|(connector, _)| *connector == landing.connector).unwrap_or(landers.len());
        if at == landers.len() {
            landers.push((landing.connector.clone(), Lander::new(&key, &brand, &landing.connector, now)));
        }
        let lander = &mut landers[at].1;
        let landed = tenant.db().write_blocking(|tx| lander.land_whole(tx, &landing.batch))?;
        rows += landed.rows_landed;
        let hits: Vec<Hit> = landing.visits.into_iter().filter(|hit| hit.at_ms > told).collect();
        let visited = tenant.db().write_blocking(|tx| visits::land(tx, brand.id, &hits, now.as_millisecond()))?;
        if let Some(seq) = visited.max(landed.seq) {
            tenant.announce(brand.id, seq);
        }
    }
    tenant.db().write_blocking(|tx| {
        remember(tx, &brand, &Memory { seed, through: Some(now) })?;
        let data = json!({ "seed": seed, "through": now, "rows": rows });
        Author::without_request("demo").tell(tx, audit, "demo.landed", &subject(&brand), data)
    })?;
    Ok((brand, rows))
}

// Until when visits were told before: what is told twice counts twice.
fn visits_told(tenant: &Tenant, brand: &Brand) -> Result<i64> {
    let last = "select coalesce(max(last_ms), 0) from visits where brand_id = ?";
    tenant.db().read_blocking(|conn| Ok(conn.query_row(last, [brand.id], |row| row.get(0))?))
}

// The brand as the landing needs it: made if it is missing, emptied if it holds another past.
fn prepare(tx: &Transaction, shop: &Shop, seed: u64, now: Timestamp, audit: Timestamp) -> Result<Brand> {
    let by = Author::without_request("demo");
    let fresh = Memory { seed, through: None };
    let Some(brand) = brands::find(tx, &shop.slug)? else {
        let zone = shop.timezone.as_str();
        let new = NewBrand::parse(&shop.name, Some(&shop.slug), shop.currency.code(), zone, Some(shop.week_start))?;
        let brand = brands::create(tx, &new.demo(), audit)?;
        by.tell(tx, audit, "brand.created", &subject(&brand), json!({ "demo": true }))?;
        remember(tx, &brand, &fresh)?;
        return brands::get(tx, &Reach::All, &brand.uid);
    };
    let memory = recall(&brand);
    let continues = memory.is_some_and(|m| m.seed == seed && m.through.is_none_or(|through| through <= now));
    if brand.demo && !continues {
        remove_demo(tx, &brand, audit.as_millisecond())?;
        tx.execute("update brands set demo = 1 where id = ?", [brand.id])?;
        let brand = brands::get(tx, &Reach::All, &brand.uid)?;
        remember(tx, &brand, &fresh)?;
        by.tell(tx, audit, "demo.emptied", &subject(&brand), json!({ "seed": seed }))?;
    }
    brands::get(tx, &Reach::All, &brand.uid)
}

fn land_rates(tenant: &Tenant, brand: &Brand, shop: &Shop, now: Timestamp) -> Result<()> {
    let last = now.to_zoned(brand.timezone.clone()).date().saturating_add(1.day());
    let dated: Vec<DatedRate> = daily_rates(shop.currency, shop.first_day, last)
        .into_iter()
        .map(|rate| DatedRate { day: rate.day, base: rate.base, quote: rate.quote, rate: rate.rate })
        .collect();
    let at_ms = now.as_millisecond();
    let seq = tenant.db().write_blocking(|tx| rates::land(tx, &dated, RATE_SOURCE, at_ms))?;
    if let Some(seq) = seq {
        tenant.announce(brand.id, seq);
    }
    Ok(())
}

fn recall(brand: &Brand) -> Option<Memory> {
    serde_json::from_value(brand.settings.get("demo")?.clone()).ok()
}

fn remember(tx: &Transaction, brand: &Brand, memory: &Memory) -> Result<()> {
    let mut settings = brand.settings.clone();
    settings["demo"] = json!(memory);
    tx.execute("update brands set settings = ? where id = ?", params![settings.to_string(), brand.id])?;
    Ok(())
}

fn subject(brand: &Brand) -> String {
    format!("brand:{}", brand.uid)
}

/// Removes a brand's demo data: every row of it, not the brand, its people or their events. The next demo start leaves it empty.
///
/// # Errors
/// `NotFound` for a brand that is not there, `Conflict` for one that holds no demo data.
pub async fn remove(tenant: &Tenant, brand: &str, by: Author, at: Timestamp) -> Result<()> {
    let key = brand.to_owned();
    let (brand, seq) = tenant
        .db()
        .write(move |tx| {
            let brand = brands::get(tx, &Reach::All, &key)?;
            let seq = remove_demo(tx, &brand, at.as_millisecond())?;
            by.tell(tx, at, "demo.removed", &subject(&brand), json!({}))?;
            Ok((brand, seq))
        })
        .await?;
    tenant.announce(brand.id, seq);
    Ok(())
}
