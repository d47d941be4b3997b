//! What the warehouse says of each shop: its net sales in its own currency and in the brand's. A shop is a store and a currency.

use std::collections::BTreeMap;

use anyhow::Context as _;
use jiff::civil::Date;

use crate::duck::Connection;
use crate::error::Result;

/// Net sales of one shop, micros.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Net {
    /// In the shop's currency.
    pub native: i64,
    /// In the brand's; what has no rate is in no figure.
    pub converted: i64,
    /// Orders and refunds without a rate.
    pub unrated: i64,
}

/// An order, or a refund, and what a rate made of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Converted {
    pub order: Option<String>,
    pub external_id: Option<String>,
    pub refund: bool,
    pub day: String,
    pub native: i64,
    pub converted: Option<i64>,
}

/// Of orders; a sum of converted amounts leaves out what has no rate, as every figure does.
const NET: &str = "select store_id, currency, sum(native)::bigint, coalesce(sum(converted), 0)::bigint, \
    count(*) filter (converted is null) from ( \
    select store_id, currency, gross_native - discount_native as native, gross - discount as converted from fact_orders \
    where brand_id = ? and day >= ?::date and day < ?::date \
    union all select store_id, currency, -goods_native, -goods from fact_refund_lines \
    where brand_id = ? and day >= ?::date and day < ?::date) group by all";

/// By store and currency, everything that a brand sold and refunded on days of its zone.
pub fn nets(conn: &Connection, brand_id: i64, from: Date, until: Date) -> Result<BTreeMap<(i64, String), Net>> {
    let (from, until) = (from.to_string(), until.to_string());
    let mut select = conn.prepare_cached(NET).context("adding up shops")?;
    let mut rows = select.query((brand_id, &from, &until, brand_id, &from, &until)).context("adding up shops")?;
    let mut nets = BTreeMap::new();
    while let Some(row) = rows.next().context("adding up shops")? {
        let read = || -> std::result::Result<_, _> {
            let net = Net { native: row.get(2)?, converted: row.get(3)?, unrated: row.get(4)? };
            row.get(0).and_then(|store: i64| Ok(((store, row.get(1)?), net)))
        };
        let (key, net) = read().context("adding up shops")?;
        nets.insert(key, net);
    }
    Ok(nets)
}

const CONVERTED: &str = "select name, external_id, false, day::varchar, gross_native - discount_native, gross - discount, day as d, \
    order_id as i from fact_orders \
    where brand_id = ? and store_id = ? and currency = ? and day >= ?::date and day < ?::date \
    union all select o.name, o.external_id, true, r.day::varchar, -r.goods_native, -r.goods, r.day, r.refund_id \
    from fact_refund_lines r left join fact_orders o on o.order_id = r.order_id \
    where r.brand_id = ? and r.store_id = ? and r.currency = ? and r.day >= ?::date and r.day < ?::date \
    order by d, i, 5, 6 limit ? offset ?";

/// What each order and refund of a shop became in the brand's currency, by day.
pub fn converted(
    conn: &Connection,
    (brand_id, store_id, currency): (i64, i64, &str),
    (from, until): (Date, Date),
    (offset, limit): (i64, i64),
) -> Result<Vec<Converted>> {
    let (from, until) = (from.to_string(), until.to_string());
    let mut select = conn.prepare_cached(CONVERTED).context("listing what was converted")?;
    let whose =
        (brand_id, store_id, currency, &from, &until, brand_id, store_id, currency, &from, &until, limit, offset);
    let rows = select.query_map(whose, |row| {
        Ok(Converted {
            order: row.get(0)?,
            external_id: row.get(1)?,
            refund: row.get(2)?,
            day: row.get(3)?,
            native: row.get(4)?,
            converted: row.get(5)?,
        })
    });
    let rows = rows.context("listing what was converted")?;
    Ok(rows.collect::<std::result::Result<_, _>>().context("listing what was converted")?)
}
