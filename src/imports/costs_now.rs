//! What a cost without a date means: the products export and a cost file without days say what a unit costs now. Where nothing
//! was known, that is the best guess for the past too, and margins of old orders appear; where another cost was known, the new
//! one counts from today and old margins stay; where it is the same, nothing changes, on whichever day the file comes again.

use jiff::civil::Date;
use rusqlite::{OptionalExtension, Transaction, params};

use crate::commerce::rows::{UnitCost, VariantRef};
use crate::error::Result;

/// Gives each cost the day it counts from; the ones that say nothing new are dropped. Returns how many were.
pub(super) fn settle(
    tx: &Transaction,
    brand_id: i64,
    today: Date,
    costs: Vec<UnitCost>,
    out: &mut Vec<UnitCost>,
) -> Result<u64> {
    let mut known = tx.prepare_cached(
        "select c.cost_micros, c.currency from unit_costs c join variants v on v.id = c.variant_id
         where v.brand_id = ? and v.key = ? and c.from_day <= ? order by c.from_day desc limit 1",
    )?;
    let mut unchanged = 0;
    for mut cost in costs {
        let key = variant_key(&cost.variant);
        let last: Option<(i64, String)> = known
            .query_row(params![brand_id, key, today.to_string()], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        match last {
            None => cost.from_day = Date::constant(1970, 1, 1),
            Some((micros, currency)) if micros == cost.cost_micros && currency == cost.currency.code() => {
                unchanged += 1;
                continue;
            }
            Some(_) => cost.from_day = today,
        }
        out.push(cost);
    }
    Ok(unchanged)
}

/// As `commerce` keys its variants.
fn variant_key(variant: &VariantRef) -> String {
    variant.sku.clone().unwrap_or_else(|| format!("title:{}", variant.title))
}
