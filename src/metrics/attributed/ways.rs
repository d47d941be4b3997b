//! The ways that led to orders.

use jiff::Timestamp;

use super::Asked;
use super::compare::days;
use super::shape::{Bar, Journeys, PathRow};
use crate::attribution::{self, Way};
use crate::error::Result;
use crate::metrics::answer::WindowShown;
use crate::metrics::exact::Exact;
use crate::metrics::known::Known;
use crate::tenants::Tenant;

/// The ways to the orders of a window, at most `most`.
///
/// # Errors
/// Those of a window and of what models are told; `Unavailable` when the warehouse is busy.
pub async fn ways(tenant: &Tenant, known: &Known, asked: &Asked, most: usize, now: Timestamp) -> Result<Journeys> {
    let frame = known.frame(now);
    let (spec, resolved) = asked.spec(known, &frame)?;
    let ledger = attribution::with_ledger(tenant, spec.brand_id, move |reading, _| {
        let ledger = reading.ledger();
        Ok((ledger.channels.clone(), attribution::ways(ledger, &spec, most)))
    });
    let ((names, ways), version) = ledger.await?;
    let decimals = frame.currency.decimals();
    let row = |way: &Way| {
        let mean = |sum: i128| Exact::new(sum, way.orders.into()).map_or_else(String::new, |mean| mean.text(6));
        PathRow {
            channels: way.channels.iter().map(|channel| names[*channel as usize].clone()).collect(),
            orders: way.orders,
            sales: crate::money::format_micros(way.sales, decimals),
            touches: mean(way.touches.into()),
            days: Exact::new(way.seconds, i128::from(way.orders) * 86_400)
                .map_or_else(String::new, |days| days.text(6)),
        }
    };
    let touches = ways.touches.iter().map(|(touches, orders)| (i64::try_from(*touches).unwrap_or(i64::MAX), *orders));
    let bar = |(at, orders)| Bar { at, orders };
    Ok(Journeys {
        brand: known.shown(),
        window: WindowShown::of(&resolved, &frame.calendar),
        window_days: days(spec.tuning.lookback),
        paths: ways.top.iter().map(row).collect(),
        truncated: ways.count > ways.top.len(),
        orders: ways.touches.values().sum(),
        touches: touches.map(bar).collect(),
        days_to_convert: ways.days.iter().map(|(days, orders)| (*days, *orders)).map(bar).collect(),
        unattributed: ways.unattributed,
        freshness: known.freshness(version),
    })
}
