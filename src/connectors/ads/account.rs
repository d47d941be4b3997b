//! An ad account as a pass carries it, and which of those that were found are read.

use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::brands::Brand;
use crate::commerce::rows::AdAccount;
use crate::money::Currency;

/// The fact that remembers the accounts which were found.
const ACCOUNTS: &str = "accounts";

/// An ad account. Its days are those of its own zone, its money is in its own currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Digits, as the platform names it, without `act_` or dashes.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// An ISO 4217 code.
    pub currency: String,
    /// An IANA name.
    pub timezone: String,
    /// Google: the manager account through which it is reached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub login: Option<String>,
    /// TikTok: the zone as it writes it besides, where a plus means west of Greenwich.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub posix_zone: Option<String>,
}

/// What a platform has.
#[derive(Debug, Clone, Default)]
pub struct Found {
    /// Those that can be read.
    pub accounts: Vec<Account>,
    /// Those that cannot.
    pub left_out: Vec<LeftOut>,
}

/// An account that is not read, while the others are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    /// The account.
    pub id: String,
    /// Why, as a sentence.
    pub reason: String,
}

impl Account {
    /// One whose currency and zone are the brand's where the platform names none. A zone that nobody knows counts as none.
    ///
    /// # Errors
    /// For an id that is none, and for a currency that nobody knows: its money could not be counted.
    pub fn new(id: &str, name: &str, currency: &str, zone: &str, brand: &Brand) -> Result<Self, LeftOut> {
        let id = bare(id);
        // It becomes part of addresses.
        if id.is_empty() || id.len() > 32 || !id.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(LeftOut {
                id: clip(&id, 32).to_owned(),
                reason: "Its id is none: an id consists of digits.".to_owned(),
            });
        }
        let currency = match currency.trim() {
            "" => brand.currency,
            code => Currency::parse(code).ok_or_else(|| LeftOut {
                id: id.clone(),
                reason: format!("Its currency {code} is none that is known."),
            })?,
        };
        let known = !zone.trim().is_empty() && TimeZone::get(zone.trim()).is_ok();
        let name = if name.trim().is_empty() { &id } else { name.trim() };
        Ok(Self {
            name: clip(name, 200).to_owned(),
            currency: currency.code().to_owned(),
            timezone: if known { zone.trim() } else { brand.timezone_name.as_str() }.to_owned(),
            id,
            login: None,
            posix_zone: None,
        })
    }

    /// Its zone.
    pub fn zone(&self) -> TimeZone {
        TimeZone::get(&self.timezone).unwrap_or(TimeZone::UTC)
    }

    /// As it is landed under `channel`; none where the currency is none.
    pub fn landed(&self, channel: &str) -> Option<AdAccount> {
        Some(AdAccount {
            channel: channel.to_owned(),
            external_id: self.id.clone(),
            name: self.name.clone(),
            currency: Currency::parse(&self.currency)?,
            timezone: self.timezone.clone(),
        })
    }
}

/// An account's id without what platforms put around it.
pub fn bare(id: &str) -> String {
    id.trim().trim_start_matches("act_").replace('-', "")
}

/// At most so many bytes of a name, at a character's border.
pub fn clip(text: &str, most: usize) -> &str {
    &text[..text.floor_char_boundary(most)]
}

/// The accounts that the settings want; all where they want none in particular. Those that are wanted and were not found are
/// left out with a reason.
pub fn chosen(mut found: Found, wanted: &[String]) -> Found {
    if wanted.is_empty() {
        return found;
    }
    let there =
        |id: &String| found.accounts.iter().any(|one| one.id == *id) || found.left_out.iter().any(|o| o.id == *id);
    let missing: Vec<LeftOut> = wanted
        .iter()
        .filter(|id| !there(id))
        .map(|id| LeftOut {
            id: id.clone(),
            reason: "It is in the settings, but this sign-in does not reach it.".into(),
        })
        .collect();
    found.accounts.retain(|one| wanted.contains(&one.id));
    found.left_out.retain(|one| wanted.contains(&one.id));
    found.left_out.extend(missing);
    found
}

/// The accounts as a fact.
pub fn accounts_fact(accounts: &[Account]) -> (String, Value) {
    (ACCOUNTS.to_owned(), serde_json::to_value(accounts).unwrap_or_default())
}

/// The accounts that are remembered.
pub fn remembered(facts: &Map<String, Value>) -> Vec<Account> {
    facts.get(ACCOUNTS).and_then(|all| Vec::deserialize(all).ok()).unwrap_or_default()
}

/// The accounts for people: each with its currency and zone while there are few, else their number.
pub fn told(accounts: &[Account]) -> String {
    match accounts {
        [] => "no ad account".to_owned(),
        few if few.len() <= 3 => {
            let one = |one: &Account| format!("{} ({}, {})", one.name, one.currency, one.timezone);
            few.iter().map(one).collect::<Vec<_>>().join(", ")
        }
        many => format!("{} ad accounts", many.len()),
    }
}
