//! A tenant's brands: a currency, a time zone and a week's first day, under which everything of the brand is counted.

mod altering;
pub mod routes;
mod store;

pub use altering::{Altered, alter};
pub use store::{create, find, freshest, get, list, update};

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::error::{Error, Result};
use crate::money::Currency;

/// A brand.
#[derive(Clone, Debug)]
pub struct Brand {
    /// The row's own number, for joins; never shown.
    pub id: i64,
    /// The id users and scripts see.
    pub uid: String,
    /// The name in addresses and commands.
    pub slug: String,
    /// The name for people.
    pub name: String,
    /// What figures are reported in.
    pub currency: Currency,
    /// Whose days are counted.
    pub timezone: TimeZone,
    /// The zone's IANA name.
    pub timezone_name: String,
    /// 1 is Monday, 7 Sunday.
    pub week_start: u8,
    /// Whether it holds demo data.
    pub demo: bool,
    /// What the brand's own pages remember.
    pub settings: serde_json::Value,
    /// When it was made.
    pub created_at: Timestamp,
}

/// A brand to be made, checked.
#[derive(Clone, Debug)]
pub struct NewBrand {
    slug: String,
    name: String,
    currency: Currency,
    timezone_name: String,
    week_start: u8,
    demo: bool,
}

/// What is to change in a brand, as it was asked for; `None` stays.
#[derive(Clone, Debug, Default)]
pub struct BrandChange {
    /// The name for people.
    pub name: Option<String>,
    /// The name in addresses.
    pub slug: Option<String>,
    /// An ISO 4217 code. Another one rebuilds the brand's figures.
    pub currency: Option<String>,
    /// An IANA zone. Another one rebuilds the brand's figures.
    pub timezone: Option<String>,
    /// 1 is Monday, 7 Sunday.
    pub week_start: Option<u8>,
}

impl NewBrand {
    /// Checks every field. Without a slug, one is made of the name.
    pub fn parse(
        name: &str,
        slug: Option<&str>,
        currency: &str,
        timezone: &str,
        week_start: Option<u8>,
    ) -> Result<Self> {
        let name = parse_name(name)?;
        Ok(Self {
            slug: slug.map_or_else(|| Ok(crate::auth::slug(&name)), parse_slug)?,
            name,
            currency: parse_currency(currency)?,
            timezone_name: parse_zone(timezone)?,
            week_start: parse_week_start(week_start.unwrap_or(1))?,
            demo: false,
        })
    }

    /// The same brand, marked as holding demo data.
    pub fn demo(self) -> Self {
        Self { demo: true, ..self }
    }

    /// The name in addresses.
    pub fn slug(&self) -> &str {
        &self.slug
    }
}

fn parse_name(text: &str) -> Result<String> {
    let name = text.trim();
    if name.is_empty() || name.chars().count() > 100 || name.chars().any(char::is_control) {
        return Err(Error::invalid("name", "A name has 1 to 100 characters, none of them a control character."));
    }
    Ok(name.to_owned())
}

fn parse_slug(text: &str) -> Result<String> {
    if text.is_empty() || crate::auth::slug(text) != text {
        let reason = "A short name has lower-case letters, digits and single dashes between, at most 40 characters.";
        return Err(Error::invalid("slug", reason));
    }
    Ok(text.to_owned())
}

fn parse_currency(text: &str) -> Result<Currency> {
    Currency::parse(text).ok_or_else(|| Error::invalid("currency", "This is not an ISO 4217 currency code, like USD."))
}

/// The canonical name of a zone. Only names of the IANA database: an offset or a POSIX rule has no history.
fn parse_zone(text: &str) -> Result<String> {
    let unknown = || Error::invalid("timezone", "This is not an IANA time zone, like Europe/London.");
    let zone = TimeZone::get(text.trim()).map_err(|_| unknown())?;
    zone.iana_name().map(str::to_owned).ok_or_else(unknown)
}

fn parse_week_start(day: u8) -> Result<u8> {
    let sound = (1..=7).contains(&day);
    sound.then_some(day).ok_or_else(|| Error::invalid("week_start", "A week starts on day 1 (Monday) to 7 (Sunday)."))
}
