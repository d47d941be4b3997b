//! What a unit costs from a day on. A catalogue says only what it costs now: where nothing was known, that is the best guess for the
//! past too, and margins of old orders appear; where another cost was known, the new one counts from that day and old margins stay;
//! where it is the same, nothing changes, on whichever day it is told again.

use jiff::civil::Date;
use rusqlite::{OptionalExtension, params};

use super::lander::{Lander, Work};
use super::rows::UnitCost;
use crate::error::Result;

const EVER: Date = Date::constant(1970, 1, 1);

impl Lander {
    pub(super) fn land_costs(&mut self, work: &mut Work, costs: &[UnitCost]) -> Result<()> {
        for cost in costs {
            let variant = self.known.catalogue.variant(work, &cost.variant)?;
            land_cost(work, variant, cost, cost.from_day)?;
        }
        Ok(())
    }

    pub(super) fn land_costs_now(&mut self, work: &mut Work, costs: &[UnitCost]) -> Result<()> {
        for cost in costs {
            let variant = self.known.catalogue.variant(work, &cost.variant)?;
            let known: Option<(i64, String)> = work
                .tx
                .prepare_cached(
                    "select cost_micros, currency from unit_costs where variant_id = ? and from_day <= ? \
                     order by from_day desc limit 1",
                )?
                .query_row(params![variant, cost.from_day.to_string()], |row| Ok((row.get(0)?, row.get(1)?)))
                .optional()?;
            match known {
                None => land_cost(work, variant, cost, EVER)?,
                Some((micros, currency)) if micros == cost.cost_micros && currency == cost.currency.code() => {
                    work.landed.costs.count(1, false);
                }
                Some(_) => land_cost(work, variant, cost, cost.from_day)?,
            }
        }
        Ok(())
    }
}

fn land_cost(work: &mut Work, variant: i64, cost: &UnitCost, from_day: Date) -> Result<()> {
    let changed = work
        .tx
        .prepare_cached(
            "insert into unit_costs (brand_id, variant_id, from_day, cost_micros, currency, rev) \
             values (?, ?, ?, ?, ?, ?) \
             on conflict (variant_id, from_day) do update set cost_micros = excluded.cost_micros, \
             currency = excluded.currency, rev = excluded.rev \
             where cost_micros <> excluded.cost_micros or currency <> excluded.currency",
        )?
        .execute(params![
            work.brand_id,
            variant,
            from_day.to_string(),
            cost.cost_micros,
            cost.currency.code(),
            work.rev
        ])?;
    work.landed.costs.count(1, changed > 0);
    work.changed |= changed > 0;
    Ok(())
}
