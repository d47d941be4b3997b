//! What the demo's shops pay beside goods and ads, entered as a person enters it on the page of profit.

use std::collections::BTreeMap;

use anyhow::Context as _;

use super::routes::told;
use super::{CostInput, NewCost, store};
use crate::auth::{Author, Reach};
use crate::brands;
use crate::clock::Clock;
use crate::error::Result;
use crate::tenants::Tenant;

/// By the brand's slug.
const ENTRIES: &str = include_str!("../../data/demo/costs.toml");
/// Where a brand's settings remember that it was done: what people took away does not come back.
const DONE: &str = "demo_costs";

/// Enters the costs of a demo brand, once. Returns how many were entered now; a brand that holds no demo has none.
///
/// # Errors
/// `NotFound` where there is no such brand; what the stores say.
pub async fn enter(tenant: &Tenant, brand: &str, clock: &Clock) -> Result<usize> {
    let mut all: BTreeMap<String, Vec<CostInput>> = toml::from_str(ENTRIES).context("reading the demo's costs")?;
    let entries = all.remove(brand).unwrap_or_default();
    let (key, now, at) = (brand.to_owned(), clock.now(), clock.system_time());
    let written = tenant.db().write(move |tx| {
        let brand = brands::get(tx, &Reach::All, &key)?;
        if !brand.demo || entries.is_empty() || brand.settings.get(DONE).is_some() {
            return Ok(None);
        }
        let (by, subject) = (Author::without_request("demo"), format!("brand:{}", brand.uid));
        let mut last = 0;
        for entry in &entries {
            let (cost, seq) = store::add(tx, brand.id, NewCost::parse(entry, &brand)?, now)?;
            by.tell(tx, at, "cost.added", &subject, told(&cost))?;
            last = seq;
        }
        let done = format!("update brands set settings = json_set(settings, '$.{DONE}', json('true')) where id = ?");
        tx.execute(&done, [brand.id])?;
        Ok(Some((brand.id, last, entries.len())))
    });
    let Some((brand, seq, entered)) = written.await? else { return Ok(0) };
    tenant.announce(brand, seq);
    Ok(entered)
}
