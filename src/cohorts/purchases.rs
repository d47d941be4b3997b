//! Who bought on which days for how much: what the models are fed with.

use std::collections::BTreeMap;

use anyhow::Context as _;
use jiff::civil::{Date, date};

use super::models::{History, Spent};
use crate::duck::Connection;
use crate::error::Result;
use crate::metrics::calendar::days_between;

/// Several orders of a customer on one day are one purchase. Value is what was ordered less discounts; an amount without a rate
/// counts as nothing.
const DAYS: &str = "select customer_id, (day - date '1970-01-01')::integer as number, \
    (coalesce(sum(gross), 0) - coalesce(sum(discount), 0))::bigint as value \
    from fact_orders where brand_id = ? and customer_id is not null and number <= ? group by 1, 2 order by 1, 2";

/// One customer's purchases, the first one first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Buyer {
    pub id: i64,
    /// Days since 1970-01-01, and micros.
    pub purchases: Vec<(i32, i64)>,
}

/// Every customer who has bought until and on `last`, a day of the brand's calendar.
pub(super) fn read(conn: &Connection, brand_id: i64, last: Date) -> Result<Vec<Buyer>> {
    let mut select = conn.prepare_cached(DAYS).context("reading purchases")?;
    let mut rows = select.query([brand_id, i64::from(day_number(last))]).context("reading purchases")?;
    let mut buyers: Vec<Buyer> = Vec::new();
    while let Some(row) = rows.next().context("reading purchases")? {
        let cell = |error| anyhow::Error::new(error).context("reading purchases");
        let id: i64 = row.get(0).map_err(cell)?;
        let purchase = (row.get(1).map_err(cell)?, row.get(2).map_err(cell)?);
        match buyers.last_mut().filter(|buyer| buyer.id == id) {
            Some(buyer) => buyer.purchases.push(purchase),
            None => buyers.push(Buyer { id, purchases: vec![purchase] }),
        }
    }
    Ok(buyers)
}

/// Days since 1970-01-01.
pub(super) fn day_number(day: Date) -> i32 {
    i32::try_from(days_between(date(1970, 1, 1), day)).unwrap_or(0)
}

/// Days are kept whole and divided by 7 here, and nowhere else: whole weeks would change what is fitted.
fn weeks(days: i32) -> f64 {
    f64::from(days) / 7.0
}

impl Buyer {
    /// The day of the first purchase.
    pub fn first(&self) -> i32 {
        self.purchases.first().map_or(0, |purchase| purchase.0)
    }

    /// Purchases after the first, days from the first to the last of them, days from the first until and on `now`.
    pub fn days_until(&self, now: i32) -> Option<(u32, i32, i32)> {
        let first = self.purchases.first().filter(|purchase| purchase.0 <= now)?.0;
        let until = self.purchases.iter().take_while(|purchase| purchase.0 <= now);
        let (count, last) = until.fold((0, first), |(count, _), purchase| (count + 1, purchase.0));
        Some((count - 1, last - first, now - first))
    }

    /// The mean value of the purchases after the first, where there are any and they were worth something.
    pub fn spent(&self) -> Option<Spent> {
        let after = self.purchases.get(1..).filter(|after| !after.is_empty())?;
        let sum: i128 = after.iter().map(|purchase| i128::from(purchase.1)).sum();
        let mean = sum as f64 / 1e6 / after.len() as f64;
        (mean > 0.0).then_some(Spent { repeats: u32::try_from(after.len()).unwrap_or(u32::MAX), mean })
    }

    /// Purchases after `from`, until and on `to`.
    pub fn bought_between(&self, from: i32, to: i32) -> usize {
        self.purchases.iter().filter(|purchase| from < purchase.0 && purchase.0 <= to).count()
    }
}

/// As the models take it.
pub(super) fn history((repeats, last, age): (u32, i32, i32)) -> History {
    History { repeats, last: weeks(last), age: weeks(age) }
}

/// The histories as of a day, equal ones once with how many have it.
pub(super) fn histories(buyers: &[Buyer], now: i32) -> BTreeMap<(u32, i32, i32), usize> {
    let mut counted = BTreeMap::new();
    for days in buyers.iter().filter_map(|buyer| buyer.days_until(now)) {
        *counted.entry(days).or_insert(0) += 1;
    }
    counted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_purchase_is_no_repeat_and_no_value() {
        let buyer = Buyer { id: 1, purchases: vec![(100, 90_000_000), (107, 10_000_000), (121, 30_000_000)] };
        assert_eq!(buyer.days_until(128), Some((2, 21, 28)));
        assert_eq!(buyer.days_until(120), Some((1, 7, 20)));
        assert_eq!(buyer.days_until(99), None);
        assert_eq!(buyer.spent(), Some(Spent { repeats: 2, mean: 20.0 }));
        assert_eq!(buyer.bought_between(100, 121), 2);
        assert_eq!(history((2, 21, 28)), History { repeats: 2, last: 3.0, age: 4.0 });
        let once = Buyer { id: 2, purchases: vec![(100, 90_000_000)] };
        assert_eq!((once.days_until(128), once.spent()), (Some((0, 0, 28)), None));
        assert_eq!(histories(&[buyer.clone(), buyer, once], 128).into_values().collect::<Vec<_>>(), [1, 2]);
    }
}
