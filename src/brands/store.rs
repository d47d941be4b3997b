//! Brands in a tenant's SQLite.

use anyhow::Context;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use super::{Brand, BrandChange, NewBrand, parse_currency, parse_name, parse_slug, parse_week_start, parse_zone};
use crate::auth::Reach;
use crate::error::{Error, Result};
use crate::money::Currency;

const COLUMNS: &str = "id, uid, slug, name, currency, timezone, week_start, demo, settings, created_at_ms";

/// The brand of an id or a slug, if there is one.
pub fn find(conn: &Connection, key: &str) -> Result<Option<Brand>> {
    let sql = format!("select {COLUMNS} from brands where uid = ?1 or slug = ?1 order by uid = ?1 desc limit 1");
    let row = conn.prepare_cached(&sql)?.query_row([key], read).optional()?;
    row.map(brand).transpose()
}

/// The brand of an id or a slug, for whoever may know of it.
///
/// # Errors
/// `NotFound`, the same for a brand that is not there and one beyond `reach`.
pub fn get(conn: &Connection, reach: &Reach, key: &str) -> Result<Brand> {
    find(conn, key)?.filter(|brand| reach.holds(brand.id)).ok_or(Error::NotFound)
}

/// All brands, by name.
pub fn list(conn: &Connection) -> Result<Vec<Brand>> {
    let mut query = conn.prepare_cached(&format!("select {COLUMNS} from brands order by name, id"))?;
    let rows: Vec<Raw> = query.query_map([], read)?.collect::<Result<_, _>>()?;
    rows.into_iter().map(brand).collect()
}

/// Adds a brand. A slug that is there already is a conflict.
pub fn create(tx: &Transaction<'_>, new: &NewBrand, now: Timestamp) -> Result<Brand> {
    let uid = uuid::Uuid::new_v4().to_string();
    let added = tx.execute(
        "insert into brands (uid, slug, name, currency, timezone, week_start, demo, created_at_ms)
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) on conflict (slug) do nothing",
        params![
            uid,
            new.slug,
            new.name,
            new.currency.code(),
            new.timezone_name,
            new.week_start,
            new.demo,
            now.as_millisecond()
        ],
    )?;
    if added == 0 {
        return Err(slug_taken(&new.slug));
    }
    get(tx, &Reach::All, &uid)
}

/// Changes a brand. Another zone or currency means other figures: the change-log entry that has them rebuilt comes back.
pub fn update(tx: &Transaction<'_>, old: &Brand, change: &BrandChange, now: Timestamp) -> Result<(Brand, Option<i64>)> {
    let mut new = old.clone();
    if let Some(name) = &change.name {
        new.name = parse_name(name)?;
    }
    if let Some(slug) = &change.slug {
        new.slug = parse_slug(slug)?;
    }
    if let Some(currency) = &change.currency {
        new.currency = parse_currency(currency)?;
    }
    if let Some(zone) = &change.timezone {
        new.timezone_name = parse_zone(zone)?;
    }
    if let Some(day) = change.week_start {
        new.week_start = parse_week_start(day)?;
    }
    let taken: bool = tx
        .prepare_cached("select exists (select 1 from brands where slug = ?1 and id <> ?2)")?
        .query_row((&new.slug, old.id), |row| row.get(0))?;
    if taken {
        return Err(slug_taken(&new.slug));
    }
    tx.execute(
        "update brands set slug = ?2, name = ?3, currency = ?4, timezone = ?5, week_start = ?6 where id = ?1",
        params![old.id, new.slug, new.name, new.currency.code(), new.timezone_name, new.week_start],
    )?;
    let rebuilds = new.currency != old.currency || new.timezone_name != old.timezone_name;
    let seq = rebuilds.then(|| rebuild(tx, old.id, now)).transpose()?;
    Ok((get(tx, &Reach::All, &old.uid)?, seq))
}

/// When data of a brand last landed, in milliseconds of unix time; `None` for an empty brand.
pub fn freshest(conn: &Connection, brand: i64) -> Result<Option<i64>> {
    let mut query = conn.prepare_cached("select max(landed_at_ms) from source_freshness where brand_id = ?1")?;
    Ok(query.query_row([brand], |row| row.get(0))?)
}

fn rebuild(tx: &Transaction<'_>, brand: i64, now: Timestamp) -> Result<i64> {
    let sql = "insert into change_log (brand_id, at_ms, kind) values (?1, ?2, 'rebuild') returning seq";
    Ok(tx.prepare_cached(sql)?.query_row((brand, now.as_millisecond()), |row| row.get(0))?)
}

fn slug_taken(slug: &str) -> Error {
    Error::conflict("slug_taken", format!("There is a brand \u{201c}{slug}\u{201d} already."))
}

/// A row as it is stored.
struct Raw {
    id: i64,
    texts: [String; 6],
    week_start: u8,
    demo: bool,
    created_at_ms: i64,
}

fn read(row: &Row<'_>) -> rusqlite::Result<Raw> {
    Ok(Raw {
        id: row.get(0)?,
        texts: [row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?, row.get(8)?],
        week_start: row.get(6)?,
        demo: row.get(7)?,
        created_at_ms: row.get(9)?,
    })
}

fn brand(raw: Raw) -> Result<Brand> {
    let [uid, slug, name, currency, timezone_name, settings] = raw.texts;
    Ok(Brand {
        id: raw.id,
        uid,
        slug,
        name,
        currency: Currency::parse(&currency).context("reading a brand's currency")?,
        timezone: TimeZone::get(&timezone_name).context("reading a brand's time zone")?,
        timezone_name,
        week_start: raw.week_start,
        demo: raw.demo,
        settings: serde_json::from_str(&settings).context("reading a brand's settings")?,
        created_at: Timestamp::from_millisecond(raw.created_at_ms).context("reading a brand's age")?,
    })
}
