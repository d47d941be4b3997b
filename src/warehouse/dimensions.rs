//! Feeds the dimensions that are read as they are: brands, stores, warehouses, accounts, products, variants, unit costs.

use anyhow::Context as _;
use rusqlite::{Connection, Row};

use super::brands::Brands;
use super::orders::json_list;
use super::reading::{day_of, maybe_text, text};
use crate::duck::{self, Sink};
use crate::error::Result;

/// One table, read as a whole: what to select and how a row becomes one of the dimension's.
struct Dimension {
    table: &'static str,
    select: &'static str,
    feed: fn(&Row, &mut Brands, &mut Sink) -> Result<()>,
}

const DIMENSIONS: [Dimension; 7] = [
    Dimension {
        table: "dim_brand",
        select: "select id, name, currency, timezone from brands order by id",
        feed: named,
    },
    Dimension {
        table: "dim_store",
        select: "select id, brand_id, name, currency from stores order by id",
        feed: |row, _, sink| {
            sink.int(row.get(0)?);
            sink.int(row.get(1)?);
            sink.text(text(row, 2)?);
            sink.text(text(row, 3)?);
            sink.end()
        },
    },
    Dimension {
        table: "dim_warehouse",
        select: "select id, brand_id, name from warehouses order by id",
        feed: |row, _, sink| {
            sink.int(row.get(0)?);
            sink.int(row.get(1)?);
            sink.text(text(row, 2)?);
            sink.end()
        },
    },
    Dimension {
        table: "dim_ad_account",
        select: "select id, brand_id, channel, name, currency, timezone from ad_accounts order by id",
        feed: |row, _, sink| {
            sink.int(row.get(0)?);
            sink.int(row.get(1)?);
            for at in 2..=5 {
                sink.text(text(row, at)?);
            }
            sink.end()
        },
    },
    Dimension {
        table: "dim_product",
        select: "select id, brand_id, title, category, vendor, collections from products order by id",
        feed: product,
    },
    Dimension {
        table: "dim_variant",
        select: "select id, brand_id, product_id, sku, title, size, price_micros, price_currency from variants order by id",
        feed: variant,
    },
    Dimension {
        table: "dim_cost",
        select: "select brand_id, variant_id, from_day, cost_micros, currency from unit_costs order by variant_id, from_day",
        feed: cost,
    },
];

/// Where a change-log reader looks whether anything about the catalogue moved.
const CATALOGUE_CHANGED: &str = "select exists (select 1 from products where rev > ?1) \
    or exists (select 1 from variants where rev > ?1) or exists (select 1 from unit_costs where rev > ?1) \
    or exists (select 1 from deleted_rows where rev > ?1 and tab = 'products')";

/// Replaces the dimensions. `since`: the catalogue (products, variants, costs) only where it changed after that entry.
pub(super) fn feed(conn: &Connection, brands: &mut Brands, duck: &duck::Connection, since: Option<i64>) -> Result<()> {
    let catalogue = match since {
        Some(seq) => conn.query_row(CATALOGUE_CHANGED, [seq], |row| row.get(0))?,
        None => true,
    };
    for dimension in &DIMENSIONS {
        let of_catalogue = matches!(dimension.table, "dim_product" | "dim_variant" | "dim_cost");
        if of_catalogue && !catalogue {
            continue;
        }
        duck.execute_batch(&format!("delete from {}", dimension.table)).context("emptying a dimension")?;
        let mut sink = Sink::new(duck, dimension.table)?;
        let mut select = conn.prepare(dimension.select)?;
        let mut rows = select.query([])?;
        while let Some(row) = rows.next()? {
            (dimension.feed)(row, brands, &mut sink)?;
        }
        sink.finish()?;
    }
    Ok(())
}

fn named(row: &Row, _: &mut Brands, sink: &mut Sink) -> Result<()> {
    sink.int(row.get(0)?);
    for at in 1..=3 {
        sink.text(text(row, at)?);
    }
    sink.end()
}

fn product(row: &Row, _: &mut Brands, sink: &mut Sink) -> Result<()> {
    sink.int(row.get(0)?);
    sink.int(row.get(1)?);
    sink.text(text(row, 2)?);
    sink.maybe_text(maybe_text(row, 3)?);
    sink.maybe_text(maybe_text(row, 4)?);
    sink.texts(&json_list(maybe_text(row, 5)?));
    sink.end()
}

fn variant(row: &Row, brands: &mut Brands, sink: &mut Sink) -> Result<()> {
    let (brand_id, native): (i64, Option<i64>) = (row.get(1)?, row.get(6)?);
    let currency = maybe_text(row, 7)?;
    let price = match currency {
        Some(currency) => brands.get(brand_id)?.newest_conversion(currency).apply(native),
        None => None,
    };
    sink.int(row.get(0)?);
    sink.int(brand_id);
    sink.int(row.get(2)?);
    for at in 3..=5 {
        sink.maybe_text(maybe_text(row, at)?);
    }
    sink.maybe_int(price);
    sink.maybe_int(native);
    sink.maybe_text(currency);
    sink.end()
}

fn cost(row: &Row, brands: &mut Brands, sink: &mut Sink) -> Result<()> {
    let (brand_id, native): (i64, i64) = (row.get(0)?, row.get(3)?);
    let (day, currency) = (day_of(row, 2)?, text(row, 4)?);
    let conversion = brands.get(brand_id)?.conversion(currency, day);
    sink.int(brand_id);
    sink.int(row.get(1)?);
    sink.day(day);
    sink.maybe_int(conversion.apply(Some(native)));
    sink.int(native);
    sink.text(currency);
    sink.end()
}
