//! The dated rate table: what one unit of a currency was worth in another on a day. Imported, never fetched; any change
//! rebuilds the warehouse, whose rows are converted one by one.

use std::collections::{BTreeMap, HashMap};

use jiff::civil::Date;
use rusqlite::{Connection, Transaction, params};
use serde_json::json;

use super::change_log::{self, Kind, day_number};
use crate::error::{Error, Result};
use crate::money::{Currency, div_half_even};

/// A rate is carried forward over this many days without one, no further.
pub const CARRIED_DAYS: i32 = 7;

/// A row of a rate file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatedRate {
    pub day: Date,
    pub base: Currency,
    pub quote: Currency,
    /// Units of `quote` for one unit of `base`, as plain positive decimal text.
    pub rate: String,
}

/// Adds or replaces rates. Returns the change-log entry (of all brands) to announce, `None` when every rate was there.
///
/// # Errors
/// `Invalid` for a rate that is not a positive decimal number.
pub fn land(tx: &Transaction, rates: &[DatedRate], source: &str, at_ms: i64) -> Result<Option<i64>> {
    let mut changed = 0;
    for row in rates {
        if parse(&row.rate).is_none() {
            return Err(Error::invalid("rate", format!("\"{}\" is not a positive decimal rate", row.rate)));
        }
        changed += tx
            .prepare_cached(
                "insert into rates (day, base, quote, rate, source) values (?, ?, ?, ?, ?) \
                 on conflict (base, quote, day) do update set rate = excluded.rate, source = excluded.source \
                 where rate <> excluded.rate",
            )?
            .execute(params![row.day.to_string(), row.base.code(), row.quote.code(), row.rate.trim(), source])?;
    }
    if changed == 0 {
        return Ok(None);
    }
    let seq = change_log::next_seq(tx)?;
    change_log::write(tx, seq, None, at_ms, Kind::Rebuild, &json!({ "rates": changed, "source": source }))?;
    Ok(Some(seq))
}

/// An exact ratio: multiply by `numerator`, divide by `denominator`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ratio {
    numerator: i128,
    denominator: i128,
}

impl Ratio {
    /// Micros converted, rounded half to even. `None` beyond i64.
    pub fn convert(self, micros: i64) -> Option<i64> {
        let product = i128::from(micros).checked_mul(self.numerator)?;
        i64::try_from(div_half_even(product, self.denominator)).ok()
    }

    fn inverse(self) -> Self {
        Self { numerator: self.denominator, denominator: self.numerator }
    }

    fn times(self, other: Self) -> Option<Self> {
        Some(Self {
            numerator: self.numerator.checked_mul(other.numerator)?,
            denominator: self.denominator.checked_mul(other.denominator)?,
        })
    }
}

/// All rates of a tenant in memory.
#[derive(Debug, Default)]
pub struct RateTable {
    /// By (base, quote), then by day number.
    pairs: HashMap<(Currency, Currency), BTreeMap<i32, Ratio>>,
}

impl RateTable {
    /// Reads the tenant's rates.
    ///
    /// # Errors
    /// Whatever SQLite says.
    pub fn load(conn: &Connection) -> Result<Self> {
        let mut table = Self::default();
        let mut all = conn.prepare("select day, base, quote, rate from rates")?;
        let mut rows = all.query([])?;
        while let Some(row) = rows.next()? {
            let (day, base, quote, rate): (String, String, String, String) =
                (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?);
            let parsed = (day.parse::<Date>(), Currency::parse(&base), Currency::parse(&quote), parse(&rate));
            if let (Ok(day), Some(base), Some(quote), Some(rate)) = parsed {
                table.pairs.entry((base, quote)).or_default().insert(day_number(day), rate);
            }
        }
        Ok(table)
    }

    /// What one unit of `from` was worth in `to` on a day: the day's own rate or the last one up to seven days before it,
    /// stated this way round, the other way round, or through one third currency; `None` where there is none.
    pub fn on(&self, from: Currency, to: Currency, day: i32) -> Option<Ratio> {
        self.find(from, to, |days| {
            days.range(day.saturating_sub(CARRIED_DAYS)..=day).next_back().map(|(_, rate)| *rate)
        })
    }

    /// The newest rate there is, however old.
    pub fn newest(&self, from: Currency, to: Currency) -> Option<Ratio> {
        self.find(from, to, |days| days.last_key_value().map(|(_, rate)| *rate))
    }

    fn find(
        &self,
        from: Currency,
        to: Currency,
        pick: impl Fn(&BTreeMap<i32, Ratio>) -> Option<Ratio>,
    ) -> Option<Ratio> {
        if from == to {
            return Some(Ratio { numerator: 1, denominator: 1 });
        }
        let direct = |a: Currency, b: Currency| {
            let stated = self.pairs.get(&(a, b)).and_then(&pick);
            stated.or_else(|| self.pairs.get(&(b, a)).and_then(&pick).map(Ratio::inverse))
        };
        direct(from, to).or_else(|| {
            // Sorted, so that the same table always crosses over the same currency.
            let mut between: Vec<Currency> = self.pairs.keys().flat_map(|(base, quote)| [*base, *quote]).collect();
            between.sort_unstable();
            between.dedup();
            between.into_iter().find_map(|third| direct(from, third)?.times(direct(third, to)?))
        })
    }
}

/// Reads positive decimal text with at most 12 digits after the point.
fn parse(text: &str) -> Option<Ratio> {
    let (whole, fraction) = text.trim().split_once('.').unwrap_or((text.trim(), ""));
    let digits = whole.len() + fraction.len();
    if digits == 0 || whole.len() > 9 || fraction.len() > 12 {
        return None;
    }
    if !whole.bytes().chain(fraction.bytes()).all(|b| b.is_ascii_digit()) {
        return None;
    }
    let numerator: i128 = format!("{whole}{fraction}").parse().ok()?;
    let denominator = 10_i128.checked_pow(u32::try_from(fraction.len()).ok()?)?;
    (numerator > 0).then_some(Ratio { numerator, denominator })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(rows: &[(i32, &str, &str, &str)]) -> RateTable {
        let mut table = RateTable::default();
        for (day, base, quote, rate) in rows {
            let pair = (Currency::parse(base).unwrap(), Currency::parse(quote).unwrap());
            table.pairs.entry(pair).or_default().insert(*day, parse(rate).unwrap());
        }
        table
    }

    fn convert(table: &RateTable, from: &str, to: &str, day: i32, micros: i64) -> Option<i64> {
        table.on(Currency::parse(from).unwrap(), Currency::parse(to).unwrap(), day)?.convert(micros)
    }

    #[test]
    fn carries_a_rate_seven_days_and_no_further() {
        let table = table(&[(100, "EUR", "USD", "1.25")]);
        assert_eq!(convert(&table, "EUR", "USD", 99, 4_000_000), None);
        assert_eq!(convert(&table, "EUR", "USD", 100, 4_000_000), Some(5_000_000));
        assert_eq!(convert(&table, "EUR", "USD", 107, 4_000_000), Some(5_000_000));
        assert_eq!(convert(&table, "EUR", "USD", 108, 4_000_000), None);
    }

    #[test]
    fn turns_a_rate_round_and_crosses_a_third_currency() {
        let table = table(&[(100, "EUR", "USD", "1.25"), (100, "EUR", "GBP", "0.8")]);
        assert_eq!(convert(&table, "USD", "EUR", 100, 5_000_000), Some(4_000_000));
        assert_eq!(convert(&table, "GBP", "USD", 100, 8_000_000), Some(12_500_000));
        assert_eq!(convert(&table, "GBP", "GBP", 5, 7), Some(7));
        assert_eq!(convert(&table, "JPY", "USD", 100, 1), None);
    }

    #[test]
    fn rounds_half_to_even_and_refuses_nonsense() {
        let table = table(&[(1, "EUR", "USD", "0.5")]);
        assert_eq!(convert(&table, "EUR", "USD", 1, 1), Some(0));
        assert_eq!(convert(&table, "EUR", "USD", 1, 3), Some(2));
        assert_eq!(convert(&table, "EUR", "USD", 1, -3), Some(-2));
        for text in ["", ".", "0", "0.000", "-1", "1e3", "1,1", "0.0000000000001", "1234567890"] {
            assert!(parse(text).is_none(), "{text}");
        }
    }
}
