//! A row of insights: numbers are texts, what is zero is left out, and a purchase is listed under several names.

use serde::ser::{SerializeMap, SerializeSeq};
use serde::{Serialize, Serializer};

use super::super::ads::{Account, Figures};
use super::super::text;
use super::insights::Level;

/// A field of insights.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    AccountId,
    AccountName,
    AccountCurrency,
    CampaignId,
    CampaignName,
    GroupId,
    GroupName,
    AdId,
    AdName,
    Impressions,
    Clicks,
    LinkClicks,
    Spend,
    Reach,
    Actions,
    ActionValues,
    AttributionSetting,
    Objective,
    /// There anyway.
    Dates,
}

const FIELDS: [(&str, Field); 20] = [
    ("account_id", Field::AccountId),
    ("account_name", Field::AccountName),
    ("account_currency", Field::AccountCurrency),
    ("campaign_id", Field::CampaignId),
    ("campaign_name", Field::CampaignName),
    ("adset_id", Field::GroupId),
    ("adset_name", Field::GroupName),
    ("ad_id", Field::AdId),
    ("ad_name", Field::AdName),
    ("impressions", Field::Impressions),
    ("clicks", Field::Clicks),
    ("inline_link_clicks", Field::LinkClicks),
    ("spend", Field::Spend),
    ("reach", Field::Reach),
    ("actions", Field::Actions),
    ("action_values", Field::ActionValues),
    ("attribution_setting", Field::AttributionSetting),
    ("objective", Field::Objective),
    ("date_start", Field::Dates),
    ("date_stop", Field::Dates),
];

impl Field {
    pub fn named(name: &str) -> Option<Self> {
        FIELDS.iter().find(|(own, _)| *own == name).map(|(_, field)| *field)
    }

    fn name(self) -> &'static str {
        FIELDS.iter().find(|(_, field)| *field == self).map_or("", |(name, _)| name)
    }
}

/// What a row is asked to have.
#[derive(Debug, Clone)]
pub struct Shape {
    pub fields: Vec<Field>,
    pub windows: Vec<String>,
}

/// A row.
pub struct Row<'a> {
    pub account: &'a Account,
    pub level: Level,
    pub at: usize,
    pub days: (i64, i64),
    pub figures: Figures,
    pub shape: &'a Shape,
}

/// The names a purchase goes by; all mean the same purchases.
const PURCHASES: [&str; 4] =
    ["purchase", "omni_purchase", "offsite_conversion.fb_pixel_purchase", "onsite_web_purchase"];
/// Windows that are still there, with the thousandths of the conversions in each.
const WINDOWS: [(&str, i64); 5] =
    [("1d_click", 620), ("7d_click", 850), ("28d_click", 930), ("1d_view", 150), ("1d_ev", 0)];

impl Serialize for Row<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for field in &self.shape.fields {
            self.entry(*field, &mut map)?;
        }
        map.serialize_entry("date_start", &text::day(self.days.0))?;
        map.serialize_entry("date_stop", &text::day(self.days.1))?;
        map.end()
    }
}

impl Row<'_> {
    fn entry<M: SerializeMap>(&self, field: Field, map: &mut M) -> Result<(), M::Error> {
        let (key, of) = (field.name(), &self.figures);
        let account = self.account;
        let ad = (self.level == Level::Ad).then(|| &account.ads[self.at]);
        let group = match self.level {
            Level::Ad => ad.map(|ad| &account.groups[ad.group]),
            Level::Group => Some(&account.groups[self.at]),
            _ => None,
        };
        let campaign = match self.level {
            Level::Campaign => Some(&account.campaigns[self.at]),
            _ => group.map(|group| &account.campaigns[group.campaign]),
        };
        let mut number = |value: i64| if value == 0 { Ok(()) } else { map.serialize_entry(key, &text::whole(value)) };
        match field {
            Field::Impressions => number(of.impressions),
            Field::Clicks => number(of.clicks),
            Field::LinkClicks => number(of.link_clicks),
            Field::Reach => number(of.impressions * 8 / 10),
            Field::AccountId => map.serialize_entry(key, &text::whole(account.id.cast_signed())),
            Field::AccountName => map.serialize_entry(key, &account.name),
            Field::AccountCurrency => map.serialize_entry(key, account.currency),
            Field::CampaignId => said(map, key, campaign.map(|campaign| text::whole(campaign.id.cast_signed()))),
            Field::CampaignName => said(map, key, campaign.map(|campaign| &campaign.name)),
            Field::GroupId => said(map, key, group.map(|group| text::whole(group.id.cast_signed()))),
            Field::GroupName => said(map, key, group.map(|group| &group.name)),
            Field::AdId => said(map, key, ad.map(|ad| text::whole(ad.id.cast_signed()))),
            Field::AdName => said(map, key, ad.map(|ad| &ad.name)),
            Field::Spend if of.spend == 0 => Ok(()),
            Field::Spend => map.serialize_entry(key, &text::micros(of.spend)),
            Field::Actions => {
                let actions = Actions { figures: of, windows: &self.shape.windows, values: false };
                if of.link_clicks + of.conversions == 0 { Ok(()) } else { map.serialize_entry(key, &actions) }
            }
            Field::ActionValues => {
                let actions = Actions { figures: of, windows: &self.shape.windows, values: true };
                if of.value == 0 { Ok(()) } else { map.serialize_entry(key, &actions) }
            }
            Field::AttributionSetting => map.serialize_entry(key, "7d_click_1d_view"),
            Field::Objective => map.serialize_entry(key, "OUTCOME_SALES"),
            Field::Dates => Ok(()),
        }
    }
}

fn said<M: SerializeMap>(map: &mut M, key: &str, value: Option<impl Serialize>) -> Result<(), M::Error> {
    value.map_or(Ok(()), |value| map.serialize_entry(key, &value))
}

/// `actions` or `action_values`.
struct Actions<'a> {
    figures: &'a Figures,
    windows: &'a [String],
    values: bool,
}

impl Serialize for Actions<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let of = self.figures;
        let mut list = serializer.serialize_seq(None)?;
        let purchases = if self.values { of.value } else { of.conversions * 1000 };
        let mut others = vec![];
        if !self.values {
            others.extend([("link_click", of.link_clicks), ("landing_page_view", of.link_clicks * 6 / 10)]);
            others.push(("omni_add_to_cart", of.conversions / 1000 * 3));
            others.push(("add_to_cart", of.conversions / 1000 * 3));
        }
        let all = others.into_iter().map(|(kind, count)| (kind, count * 1_000_000));
        for (kind, value) in all.chain(PURCHASES.into_iter().map(|kind| (kind, purchases))) {
            if value != 0 {
                list.serialize_element(&Action { kind, value, windows: self.windows, whole: !self.values })?;
            }
        }
        list.end()
    }
}

/// One kind of action; the value in millionths.
struct Action<'a> {
    kind: &'static str,
    value: i64,
    windows: &'a [String],
    whole: bool,
}

impl Serialize for Action<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("action_type", self.kind)?;
        map.serialize_entry("value", &text::micros(self.value))?;
        for window in self.windows {
            // Windows that are gone hold nothing.
            let Some((name, share)) = WINDOWS.iter().find(|(name, _)| name == window) else { continue };
            let unit = if self.whole { 1_000_000 } else { 10_000 };
            let part = self.value / 1000 * share / unit * unit;
            if part > 0 {
                map.serialize_entry(name, &text::micros(part))?;
            }
        }
        map.end()
    }
}
