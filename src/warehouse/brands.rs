//! What the feed knows of each brand while it reads: its zone, its currency, and the rates into it.

use std::collections::HashMap;
use std::rc::Rc;

use anyhow::{Context as _, anyhow};
use jiff::tz::TimeZone;
use rusqlite::Connection;

use super::costs::Rules;
use super::local_time::LocalTime;
use crate::channels;
use crate::commerce::rates::{RateTable, Ratio};
use crate::error::Result;
use crate::money::Currency;

/// One brand.
pub(super) struct Brand {
    pub id: i64,
    pub currency: Currency,
    pub clock: LocalTime,
    pub zone: TimeZone,
    /// 1 = Monday.
    pub week_start: i8,
    /// Which channel a coming is.
    pub channels: channels::Rules,
    /// What its people entered of costs.
    pub rules: Rules,
    rates: Rc<RateTable>,
    /// Rates already looked up, by currency and day.
    found: HashMap<(Currency, i32), Option<Ratio>>,
}

/// How a row's money becomes the brand's.
#[derive(Debug, Clone, Copy)]
pub(super) enum Conversion {
    Same,
    By(Ratio),
    /// There is no rate for that day.
    Missing,
}

impl Conversion {
    /// Micros of the brand's currency; `None` without a rate, or beyond i64.
    pub(super) fn apply(self, micros: Option<i64>) -> Option<i64> {
        match self {
            Self::Same => micros,
            Self::By(ratio) => ratio.convert(micros?),
            Self::Missing => None,
        }
    }
}

impl Brand {
    /// For money in `currency` on `day` (days since 1970-01-01).
    pub(super) fn conversion(&mut self, currency: &str, day: i32) -> Conversion {
        if currency == self.currency.code() {
            return Conversion::Same;
        }
        let Some(from) = Currency::parse(currency) else { return Conversion::Missing };
        let (to, rates) = (self.currency, &self.rates);
        match *self.found.entry((from, day)).or_insert_with(|| rates.on(from, to, day)) {
            Some(ratio) => Conversion::By(ratio),
            None => Conversion::Missing,
        }
    }

    /// For a price that has no day: the newest rate.
    pub(super) fn newest_conversion(&self, currency: &str) -> Conversion {
        match Currency::parse(currency).and_then(|from| self.rates.newest(from, self.currency)) {
            Some(ratio) => Conversion::By(ratio),
            None => Conversion::Missing,
        }
    }
}

/// All brands of the tenant.
pub(super) struct Brands(Vec<Brand>);

impl Brands {
    pub(super) fn load(conn: &Connection) -> Result<Self> {
        let rates = Rc::new(RateTable::load(conn)?);
        let mut all = conn.prepare("select id, currency, timezone, week_start from brands")?;
        let mut rows = all.query([])?;
        let mut brands = Vec::new();
        while let Some(row) = rows.next()? {
            let (currency, zone): (String, String) = (row.get(1)?, row.get(2)?);
            let zone = TimeZone::get(&zone).with_context(|| format!("a brand's zone \"{zone}\""))?;
            brands.push(Brand {
                id: row.get(0)?,
                currency: Currency::parse(&currency).with_context(|| format!("a brand's currency \"{currency}\""))?,
                clock: LocalTime::new(zone.clone()),
                zone,
                week_start: row.get(3)?,
                channels: channels::of_brand(conn, row.get(0)?)?.unwrap_or_else(|| channels::Rules::usual().clone()),
                rules: Rules::load(conn, row.get(0)?)?,
                rates: Rc::clone(&rates),
                found: HashMap::new(),
            });
        }
        Ok(Self(brands))
    }

    pub(super) fn all(&mut self) -> impl Iterator<Item = &mut Brand> {
        self.0.iter_mut()
    }

    pub(super) fn get(&mut self, id: i64) -> Result<&mut Brand> {
        Ok(self
            .0
            .iter_mut()
            .find(|brand| brand.id == id)
            .ok_or_else(|| anyhow!("a row of brand {id}, which is not there"))?)
    }
}
