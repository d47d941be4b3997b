//! What is left of sales: the costs that a shop's people enter, and the statement of profit. The warehouse applies the costs to
//! orders and days; every figure comes from the typed query.

pub mod demo;
pub mod routes;
pub mod statement;
mod store;

use jiff::civil::{Date, date};
use serde::{Deserialize, Serialize};

use crate::brands::Brand;
use crate::error::{Error, Result};
use crate::money::{Currency, parse_micros};

pub use store::Cost;

/// Costs of one brand; far more than anybody enters by hand.
const MOST_COSTS: i64 = 200;
const FIRST_DAY: Date = date(2010, 1, 1);
const LAST_DAY: Date = date(2100, 1, 1);
/// A million millions of a currency.
const LARGEST_AMOUNT: i64 = 1_000_000_000_000_000_000;

/// What a cost is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = CostKind)]
pub enum Kind {
    /// `rate` of what was paid for a unit whose own cost is not known.
    DefaultCost,
    /// `amount` an order, for orders to the country `applies_to`, or to all others.
    Shipping,
    /// `amount` an order.
    Handling,
    /// `rate` of what was charged and `amount` an order, for the gateway (or, where none is known, the sales source) `applies_to`,
    /// or for all others.
    PaymentFee,
    /// `amount` a `period`.
    Fixed,
}

impl Kind {
    /// As it is stored.
    pub fn id(self) -> &'static str {
        match self {
            Self::DefaultCost => "default_cost",
            Self::Shipping => "shipping",
            Self::Handling => "handling",
            Self::PaymentFee => "payment_fee",
            Self::Fixed => "fixed",
        }
    }

    fn parse(id: &str) -> Option<Self> {
        const ALL: [Kind; 5] = [Kind::DefaultCost, Kind::Shipping, Kind::Handling, Kind::PaymentFee, Kind::Fixed];
        ALL.into_iter().find(|kind| kind.id() == id)
    }

    fn name(self) -> &'static str {
        match self {
            Self::DefaultCost => "Default cost",
            Self::Shipping => "Shipping",
            Self::Handling => "Handling",
            Self::PaymentFee => "Payment fee",
            Self::Fixed => "Fixed cost",
        }
    }
}

/// What a fixed cost's amount covers. Its days share it: a month's days have that month's share each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = CostPeriod)]
pub enum Period {
    /// All days from the first to the last; one day where no last is given.
    Once,
    Day,
    Week,
    Month,
    Quarter,
    Year,
}

impl Period {
    /// As it is stored.
    pub fn id(self) -> &'static str {
        match self {
            Self::Once => "once",
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Quarter => "quarter",
            Self::Year => "year",
        }
    }

    fn parse(id: &str) -> Option<Self> {
        const ALL: [Period; 6] =
            [Period::Once, Period::Day, Period::Week, Period::Month, Period::Quarter, Period::Year];
        ALL.into_iter().find(|period| period.id() == id)
    }
}

/// A cost as a person enters it.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CostInput {
    kind: Kind,
    /// At most 100 characters; the kind's own name where it is absent.
    name: Option<String>,
    /// Of `shipping` a country (ISO 3166-1), of `payment_fee` a gateway or sales source; all others where it is absent.
    applies_to: Option<String>,
    /// A fraction as decimal text: 0.029 is 2.9 %.
    rate: Option<String>,
    /// Decimal text.
    amount: Option<String>,
    /// ISO 4217; the brand's where it is absent.
    currency: Option<String>,
    period: Option<Period>,
    /// The first day, YYYY-MM-DD, in the brand's zone.
    from: String,
    /// The day after the last.
    until: Option<String>,
}

/// A cost that can be stored. Amounts are micros of `currency`, `rate_ppm` millionths.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewCost {
    pub kind: Kind,
    pub name: String,
    pub applies_to: Option<String>,
    pub rate_ppm: i64,
    pub amount_micros: i64,
    pub currency: Currency,
    pub period: Option<Period>,
    pub from: Date,
    pub until: Option<Date>,
}

impl NewCost {
    /// Checks what a person entered for a brand.
    ///
    /// # Errors
    /// `Invalid` with the field at fault.
    pub fn parse(input: &CostInput, brand: &Brand) -> Result<Self> {
        let kind = input.kind;
        let from = day("from", &input.from)?;
        let until = input.until.as_deref().map(|text| until_after(from, text)).transpose()?;
        let name = text("name", input.name.as_deref(), 100)?.unwrap_or_else(|| kind.name().to_owned());
        let applies_to = applies_to(kind, input.applies_to.as_deref())?;
        let currency = match &input.currency {
            Some(code) => {
                Currency::parse(code).ok_or_else(|| Error::invalid("currency", "That is no ISO 4217 currency code."))?
            }
            None => brand.currency,
        };
        let (rate_ppm, amount_micros) = amounts(kind, input)?;
        let period = match (kind, input.period) {
            (Kind::Fixed, Some(period)) => Some(period),
            (Kind::Fixed, None) => return Err(Error::invalid("period", "A fixed cost needs the period it is for.")),
            (_, None) => None,
            (_, Some(_)) => return Err(Error::invalid("period", "Only a fixed cost has a period.")),
        };
        Ok(Self { kind, name, applies_to, rate_ppm, amount_micros, currency, period, from, until })
    }
}

/// What fits the kind, and nothing else: a rate that is not used would be believed to count.
fn amounts(kind: Kind, input: &CostInput) -> Result<(i64, i64)> {
    let (takes_rate, takes_amount) = match kind {
        Kind::DefaultCost => (true, false),
        Kind::PaymentFee => (true, true),
        Kind::Shipping | Kind::Handling | Kind::Fixed => (false, true),
    };
    let refuse = |field: &str| Err(Error::invalid(field, format!("This kind of cost has no {field}.")));
    let rate = match &input.rate {
        Some(_) if !takes_rate => return refuse("rate"),
        Some(text) => Some(
            parse_micros(text)
                .filter(|ppm| (0..=1_000_000).contains(ppm))
                .ok_or_else(|| Error::invalid("rate", "A rate lies between 0 and 1, as 0.029 for 2.9 %."))?,
        ),
        None => None,
    };
    let amount = match &input.amount {
        Some(_) if !takes_amount => return refuse("amount"),
        Some(text) => Some(
            parse_micros(text)
                .filter(|micros| (0..=LARGEST_AMOUNT).contains(micros))
                .ok_or_else(|| Error::invalid("amount", "An amount is a decimal number, as 4.50, and not below 0."))?,
        ),
        None => None,
    };
    match (kind, rate, amount) {
        (Kind::DefaultCost, None, _) => Err(Error::invalid("rate", "Say which part of the price a unit costs.")),
        (Kind::PaymentFee, None, None) => Err(Error::invalid("rate", "Say the rate, the amount an order, or both.")),
        (Kind::Shipping | Kind::Handling | Kind::Fixed, _, None) => {
            Err(Error::invalid("amount", "Say how much it is."))
        }
        _ => Ok((rate.unwrap_or(0), amount.unwrap_or(0))),
    }
}

fn applies_to(kind: Kind, given: Option<&str>) -> Result<Option<String>> {
    let Some(given) = text("applies_to", given, 100)? else { return Ok(None) };
    match kind {
        Kind::Shipping if given.len() == 2 && given.bytes().all(|b| b.is_ascii_alphabetic()) => {
            Ok(Some(given.to_ascii_uppercase()))
        }
        Kind::Shipping => Err(Error::invalid("applies_to", "Give the country as its two letters, as US.")),
        Kind::PaymentFee => Ok(Some(given.to_lowercase())),
        _ => Err(Error::invalid("applies_to", "This kind of cost applies to everything.")),
    }
}

/// Trimmed; nothing where there is nothing.
fn text(field: &str, given: Option<&str>, most: usize) -> Result<Option<String>> {
    let Some(given) = given.map(str::trim).filter(|text| !text.is_empty()) else { return Ok(None) };
    if given.chars().count() > most || given.chars().any(char::is_control) {
        return Err(Error::invalid(field, format!("At most {most} characters, none of them a control character.")));
    }
    Ok(Some(given.to_owned()))
}

fn day(field: &str, given: &str) -> Result<Date> {
    let read = given.parse::<Date>().ok().filter(|day| day.to_string() == given);
    read.filter(|day| (FIRST_DAY..=LAST_DAY).contains(day))
        .ok_or_else(|| Error::invalid(field, "A day is written YYYY-MM-DD and lies between 2010 and 2100."))
}

fn until_after(from: Date, given: &str) -> Result<Date> {
    let until = day("until", given)?;
    if until <= from {
        return Err(Error::invalid("until", "The day after the last lies behind the first."));
    }
    Ok(until)
}
