//! Feeds fact_ad_days: every ad on every local day of its account.

use std::collections::HashMap;

use rusqlite::{Connection, Row, params};

use super::brands::Brands;
use super::reading::{day_of, text};
use crate::duck::{self, Sink};
use crate::error::Result;

const DAYS: &str = "select ad_id, day, connector, spend_micros, impressions, clicks, conversions_micros, revenue_micros \
    from ad_days";

/// What the rows of one ad share.
struct Ad {
    brand_id: i64,
    account_id: i64,
    channel: String,
    currency: String,
    campaign: String,
    adset: Option<String>,
    ad: Option<String>,
}

/// Reads every row.
pub(super) fn feed_all(conn: &Connection, brands: &mut Brands, duck: &duck::Connection) -> Result<()> {
    let mut feed = Feed::new(conn, duck)?;
    let mut all = conn.prepare(&format!("{DAYS} order by ad_id, day"))?;
    let mut rows = all.query([])?;
    while let Some(row) = rows.next()? {
        feed.day(row, brands)?;
    }
    feed.finish()
}

/// Reads the rows of these ads and days; what is gone is passed over.
pub(super) fn feed_some(
    conn: &Connection,
    brands: &mut Brands,
    duck: &duck::Connection,
    keys: &[(i64, String)],
) -> Result<()> {
    let mut feed = Feed::new(conn, duck)?;
    let mut one = conn.prepare(&format!("{DAYS} where ad_id = ? and day = ?"))?;
    for (ad_id, day) in keys {
        let mut rows = one.query(params![ad_id, day])?;
        if let Some(row) = rows.next()? {
            feed.day(row, brands)?;
        }
    }
    feed.finish()
}

struct Feed<'c, 'd> {
    conn: &'c Connection,
    ads: HashMap<i64, Ad>,
    sink: Sink<'d>,
}

impl<'c, 'd> Feed<'c, 'd> {
    fn new(conn: &'c Connection, duck: &'d duck::Connection) -> Result<Self> {
        Ok(Self { conn, ads: HashMap::new(), sink: Sink::new(duck, "fact_ad_days")? })
    }

    fn finish(self) -> Result<()> {
        self.sink.finish()?;
        Ok(())
    }

    fn day(&mut self, row: &Row, brands: &mut Brands) -> Result<()> {
        let ad_id = row.get(0)?;
        if !self.ads.contains_key(&ad_id) {
            self.ads.insert(ad_id, load(self.conn, ad_id)?);
        }
        let ad = &self.ads[&ad_id];
        let brand = brands.get(ad.brand_id)?;
        let day = day_of(row, 1)?;
        let conversion = brand.conversion(&ad.currency, day);
        let (spend, revenue): (i64, i64) = (row.get(3)?, row.get(7)?);
        let sink = &mut self.sink;
        sink.int(ad.brand_id);
        sink.int(ad_id);
        sink.int(ad.account_id);
        sink.day(day);
        sink.text(&ad.channel);
        sink.text(&ad.campaign);
        sink.maybe_text(ad.adset.as_deref());
        sink.maybe_text(ad.ad.as_deref());
        sink.text(text(row, 2)?);
        sink.maybe_int(conversion.apply(Some(spend)));
        sink.int(row.get(4)?);
        sink.int(row.get(5)?);
        sink.int(row.get(6)?);
        sink.maybe_int(conversion.apply(Some(revenue)));
        sink.text(&ad.currency);
        sink.int(spend);
        sink.int(revenue);
        sink.end()
    }
}

fn load(conn: &Connection, ad_id: i64) -> Result<Ad> {
    let mut one = conn.prepare_cached(
        "select c.brand_id, c.id, c.channel, c.currency, a.campaign, a.adset, a.ad \
         from ads a join ad_accounts c on c.id = a.account_id where a.id = ?",
    )?;
    Ok(one.query_row([ad_id], |row| {
        Ok(Ad {
            brand_id: row.get(0)?,
            account_id: row.get(1)?,
            channel: row.get(2)?,
            currency: row.get(3)?,
            campaign: row.get(4)?,
            adset: row.get(5)?,
            ad: row.get(6)?,
        })
    })?)
}
