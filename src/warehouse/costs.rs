//! What the brand's people entered of costs, as the feed applies it: to each order, to units without a cost, and to days.

use anyhow::Context as _;
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use rusqlite::Connection;

use super::brands::{Brand, Brands};
use crate::commerce::day_number;
use crate::duck::{self, Sink};
use crate::error::Result;
use crate::money::{allocate, div_half_even};

/// Days after the last change up to which costs without an end are laid out.
const AHEAD: i32 = 731;
const MILLION: i128 = 1_000_000;

/// The entries of one brand.
#[derive(Debug, Default, Clone)]
pub(super) struct Rules {
    default_cost: Vec<Rule>,
    shipping: Vec<Rule>,
    handling: Vec<Rule>,
    payment_fee: Vec<Rule>,
    fixed: Vec<Fixed>,
}

/// An entry that concerns orders.
#[derive(Debug, Clone)]
struct Rule {
    from: i32,
    /// The day after the last.
    until: i32,
    applies_to: Option<String>,
    percent_ppm: i64,
    amount: i64,
    currency: String,
}

/// An amount a period.
#[derive(Debug, Clone)]
struct Fixed {
    id: i64,
    name: String,
    from: Date,
    until: Option<Date>,
    amount: i64,
    currency: String,
    period: Period,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Period {
    /// From its first day to its last.
    Once,
    Day,
    /// From the brand's first day of the week.
    Week,
    Month,
    Quarter,
    Year,
}

/// What an order's costs depend on.
pub(super) struct Charged<'a> {
    pub day: i32,
    pub cancelled: bool,
    pub country: Option<&'a str>,
    pub gateway: Option<&'a str>,
    pub source: Option<&'a str>,
    /// In the order's currency: goods after discounts, shipping and taxes.
    pub amount: i64,
    pub currency: &'a str,
}

/// What an order bears, in the brand's currency; `None` without a rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct OrderCosts {
    pub shipping: Option<i64>,
    pub handling: Option<i64>,
    pub fee: Option<i64>,
}

impl OrderCosts {
    pub(super) const NONE: Self = Self { shipping: Some(0), handling: Some(0), fee: Some(0) };
}

impl Rules {
    /// The entries of a brand.
    pub(super) fn load(conn: &Connection, brand_id: i64) -> Result<Self> {
        let mut rules = Self::default();
        let mut all = conn.prepare_cached(
            "select kind, id, name, applies_to, percent_ppm, amount_micros, currency, period, from_day, until_day \
             from costs where brand_id = ? order by from_day, id",
        )?;
        let mut rows = all.query([brand_id])?;
        while let Some(row) = rows.next()? {
            let day = |text: String| text.parse::<Date>().with_context(|| format!("\"{text}\" is no day"));
            let from = day(row.get(8)?)?;
            let until = row.get::<_, Option<String>>(9)?.map(day).transpose()?;
            let kind: String = row.get(0)?;
            let (amount, currency) = (row.get(5)?, row.get(6)?);
            if kind == "fixed" {
                let period = period(row.get::<_, Option<String>>(7)?.as_deref());
                rules.fixed.push(Fixed { id: row.get(1)?, name: row.get(2)?, from, until, amount, currency, period });
                continue;
            }
            let list = match kind.as_str() {
                "default_cost" => &mut rules.default_cost,
                "shipping" => &mut rules.shipping,
                "handling" => &mut rules.handling,
                _ => &mut rules.payment_fee,
            };
            list.push(Rule {
                from: day_number(from),
                until: until.map_or(i32::MAX, day_number),
                applies_to: row.get(3)?,
                percent_ppm: row.get(4)?,
                amount,
                currency,
            });
        }
        Ok(rules)
    }

    /// Nothing of it concerns orders.
    pub(super) fn no_order_costs(&self) -> bool {
        self.shipping.is_empty() && self.handling.is_empty() && self.payment_fee.is_empty()
    }
}

fn period(text: Option<&str>) -> Period {
    match text {
        Some("day") => Period::Day,
        Some("week") => Period::Week,
        Some("month") => Period::Month,
        Some("quarter") => Period::Quarter,
        Some("year") => Period::Year,
        _ => Period::Once,
    }
}

/// The entry that counts on a day: the latest that applies to one of `what`, earlier names first, else the latest that applies to
/// all.
fn in_force<'r>(rules: &'r [Rule], day: i32, what: &[Option<&str>]) -> Option<&'r Rule> {
    let now = || rules.iter().rev().filter(move |rule| rule.from <= day && day < rule.until);
    let named = what.iter().flatten().find_map(|name| now().find(|rule| rule.applies_to.as_deref() == Some(*name)));
    named.or_else(|| now().find(|rule| rule.applies_to.is_none()))
}

fn percent(amount: i64, ppm: i64) -> Option<i64> {
    i64::try_from(div_half_even(i128::from(amount) * i128::from(ppm), MILLION)).ok()
}

impl Brand {
    /// What units whose cost is not known are taken to cost: a part of what was `paid` for them, in the brand's currency.
    pub(super) fn estimated_cost(&self, day: i32, paid: Option<i64>) -> Option<i64> {
        let rule = in_force(&self.rules.default_cost, day, &[])?;
        percent(paid?.max(0), rule.percent_ppm)
    }

    /// What an order with goods bears.
    pub(super) fn order_costs(&mut self, of: &Charged<'_>) -> OrderCosts {
        if self.rules.no_order_costs() {
            return OrderCosts::NONE;
        }
        let per_order = |brand: &mut Self, rule: Option<(i64, String)>| match rule {
            Some((amount, currency)) if !of.cancelled => brand.conversion(&currency, of.day).apply(Some(amount)),
            _ => Some(0),
        };
        let amount = |rule: &Rule| (rule.amount, rule.currency.clone());
        let shipping = in_force(&self.rules.shipping, of.day, &[of.country]).map(amount);
        let handling = in_force(&self.rules.handling, of.day, &[]).map(amount);
        let fee = in_force(&self.rules.payment_fee, of.day, &[of.gateway, of.source]).cloned();
        OrderCosts {
            shipping: per_order(self, shipping),
            handling: per_order(self, handling),
            fee: self.fee(of, fee.as_ref()),
        }
    }

    /// Of what was charged; who pays nothing passes nobody.
    fn fee(&mut self, of: &Charged<'_>, rule: Option<&Rule>) -> Option<i64> {
        let Some(rule) = rule.filter(|_| of.amount > 0) else { return Some(0) };
        let part = self.conversion(of.currency, of.day).apply(percent(of.amount, rule.percent_ppm))?;
        part.checked_add(self.conversion(&rule.currency, of.day).apply(Some(rule.amount))?)
    }
}

/// An order's cost on its lines, by what was paid for each: the parts add up to the whole.
pub(super) fn on_lines(whole: Option<i64>, paid: &[i64]) -> Vec<Option<i64>> {
    match whole {
        Some(0) => vec![Some(0); paid.len()],
        Some(whole) => allocate(whole, paid).into_iter().map(Some).collect(),
        None => vec![None; paid.len()],
    }
}

impl Fixed {
    /// The period that a day lies in: its first day and the day after its last.
    fn period_of(&self, day: Date, week_start: i8) -> Option<(Date, Date)> {
        let first = |month: i8| Date::new(day.year(), month, 1).ok();
        Some(match self.period {
            Period::Once => (self.from, self.until.or_else(|| day_after(self.from))?),
            Period::Day => (day, day_after(day)?),
            Period::Week => {
                let back = (day.weekday().to_monday_one_offset() - week_start).rem_euclid(7);
                let monday = day.checked_sub(i64::from(back).days()).ok()?;
                (monday, monday.checked_add(7.days()).ok()?)
            }
            Period::Month => whole_months(first(day.month())?, 1)?,
            Period::Quarter => whole_months(first((day.month() - 1) / 3 * 3 + 1)?, 3)?,
            Period::Year => whole_months(first(1)?, 12)?,
        })
    }

    /// What one day bears.
    fn on(&self, day: Date, week_start: i8) -> Option<i64> {
        let (first, after) = self.period_of(day, week_start)?;
        Some(share(self.amount, i64::from((day - first).get_days()), i64::from((after - first).get_days())))
    }

    /// The day after the last, at most `end`.
    fn ends(&self, end: Date) -> Date {
        let last = match self.period {
            Period::Once => self.until.or_else(|| day_after(self.from)),
            _ => self.until,
        };
        last.map_or(end, |until| until.min(end))
    }
}

fn day_after(day: Date) -> Option<Date> {
    day.checked_add(1.day()).ok()
}

fn whole_months(first: Date, count: i64) -> Option<(Date, Date)> {
    Some((first, first.checked_add(count.months()).ok()?))
}

/// The part of `amount` that day `index` of `days` bears. The parts of all days add up to it, and no two differ by more than one.
pub(super) fn share(amount: i64, index: i64, days: i64) -> i64 {
    let until = |count: i64| (i128::from(amount) * i128::from(count)).div_euclid(i128::from(days.max(1)));
    i64::try_from(until(index + 1) - until(index)).unwrap_or(0)
}

/// Lays the fixed costs out over their days.
pub(super) fn feed(conn: &Connection, brands: &mut Brands, duck: &duck::Connection) -> Result<()> {
    let changed: i64 = conn.query_row("select coalesce(max(at_ms), 0) from change_log", [], |row| row.get(0))?;
    duck.execute_batch("delete from daily_costs").context("emptying the costs of days")?;
    let mut sink = Sink::new(duck, "daily_costs")?;
    for brand in brands.all() {
        let end = Timestamp::from_millisecond(changed).unwrap_or_default().to_zoned(brand.zone.clone()).date();
        let end = end.saturating_add(AHEAD.days());
        for fixed in brand.rules.fixed.clone() {
            let mut day = fixed.from;
            while day < fixed.ends(end) {
                let amount = fixed.on(day, brand.week_start);
                sink.int(brand.id);
                sink.day(day_number(day));
                sink.int(fixed.id);
                sink.text(&fixed.name);
                sink.maybe_int(brand.conversion(&fixed.currency, day_number(day)).apply(amount));
                sink.end()?;
                let Some(next) = day_after(day) else { break };
                day = next;
            }
        }
    }
    sink.finish()?;
    Ok(())
}

#[cfg(test)]
#[path = "costs_tests.rs"]
mod tests;
