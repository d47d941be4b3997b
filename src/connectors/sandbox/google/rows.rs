//! Rows of Google: nested by resource, 64-bit numbers as text, what is zero left out.

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::super::ads::{Account, Campaign, Figures, Kind, State};
use super::super::text;
use super::fields::Resource;

/// The selected fields as a tree, in the order they were selected.
#[derive(Debug, Default)]
pub struct Tree {
    name: String,
    /// The field, at a leaf.
    field: Option<String>,
    children: Vec<Tree>,
}

impl Tree {
    /// Of selected fields, with the resource names that come along.
    pub fn of(select: &[String]) -> Self {
        let mut root = Self::default();
        for field in select {
            let resource = field.split('.').next().unwrap_or_default();
            if !matches!(resource, "metrics" | "segments") {
                root.add(&format!("{resource}.resource_name"));
            }
            root.add(field);
        }
        root
    }

    fn add(&mut self, field: &str) {
        let mut at = self;
        for part in field.split('.') {
            let name = camel(part);
            let place = match at.children.iter().position(|child| child.name == name) {
                Some(place) => place,
                None => {
                    at.children.push(Self { name, ..Self::default() });
                    at.children.len() - 1
                }
            };
            at = &mut at.children[place];
        }
        at.field = Some(field.to_owned());
    }
}

/// `cost_micros` as `costMicros`.
pub fn camel(name: &str) -> String {
    let mut camel = String::new();
    let mut upper = false;
    for character in name.chars() {
        match character {
            '_' => upper = true,
            _ if upper => {
                camel.push(character.to_ascii_uppercase());
                upper = false;
            }
            _ => camel.push(character),
        }
    }
    camel
}

/// What a field holds.
pub enum Held<'a> {
    /// Zero, or not set: left out.
    Absent,
    Text(&'a str),
    Owned(String),
    /// A 64-bit number, as text.
    Long(i64),
    Short(text::Short),
    Number(f64),
    Flag(bool),
}

/// A row.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    pub account: &'a Account,
    pub resource: Resource,
    /// Place of the campaign, group or ad.
    pub at: usize,
    pub day: Option<i64>,
    pub figures: Figures,
}

/// A row with the fields to write.
pub struct Written<'a> {
    pub row: &'a Row<'a>,
    pub tree: &'a Tree,
}

impl Serialize for Written<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for child in &self.tree.children {
            match &child.field {
                None => map.serialize_entry(&child.name, &Written { row: self.row, tree: child })?,
                Some(field) => match self.row.get(field) {
                    Held::Absent => {}
                    Held::Text(text) => map.serialize_entry(&child.name, text)?,
                    Held::Owned(text) => map.serialize_entry(&child.name, &text)?,
                    Held::Long(number) => map.serialize_entry(&child.name, &text::whole(number))?,
                    Held::Short(text) => map.serialize_entry(&child.name, &text)?,
                    Held::Number(number) => map.serialize_entry(&child.name, &number)?,
                    Held::Flag(flag) => map.serialize_entry(&child.name, &flag)?,
                },
            }
        }
        map.end()
    }
}

fn long<'a>(number: i64) -> Held<'a> {
    if number == 0 { Held::Absent } else { Held::Long(number) }
}

fn number<'a>(millionths: i64) -> Held<'a> {
    if millionths == 0 { Held::Absent } else { Held::Number(millionths as f64 / 1_000_000.0) }
}

pub fn status(state: State) -> &'static str {
    match state {
        State::Active => "ENABLED",
        State::Paused => "PAUSED",
        State::Removed => "REMOVED",
    }
}

impl<'a> Row<'a> {
    fn campaign(&self) -> &'a Campaign {
        let place = match self.resource {
            Resource::Ad => self.account.ads[self.at].campaign,
            Resource::Group => self.account.groups[self.at].campaign,
            _ => self.at,
        };
        &self.account.campaigns[place]
    }

    /// A field; the names were checked.
    pub fn get(&self, field: &str) -> Held<'a> {
        let (head, rest) = field.split_once('.').unwrap_or((field, ""));
        match head {
            "metrics" => self.metric(rest),
            "segments" => match rest {
                "date" => self.day.map_or(Held::Absent, |day| Held::Short(text::day(day))),
                "conversion_action_name" => Held::Text("Purchase"),
                _ => Held::Text("PURCHASE"),
            },
            "customer" => self.customer(rest),
            "campaign" => self.of_campaign(rest),
            "ad_group" => self.of_group(rest),
            "ad_group_ad" => self.of_ad(rest),
            _ => match rest {
                "id" => Held::Long(7_001),
                "name" => Held::Text("Purchase"),
                "category" => Held::Text("PURCHASE"),
                "click_through_lookback_window_days" => Held::Long(30),
                "include_in_conversions_metric" => Held::Flag(true),
                "status" => Held::Text("ENABLED"),
                _ => Held::Owned(format!("customers/{}/conversionActions/7001", self.account.id)),
            },
        }
    }

    fn metric(&self, name: &str) -> Held<'a> {
        let of = &self.figures;
        match name {
            "cost_micros" => long(of.spend),
            "impressions" => long(of.impressions),
            "clicks" => long(of.clicks),
            "conversions" | "conversions_by_conversion_date" => number(of.conversions * 1000),
            "conversions_value" | "conversions_value_by_conversion_date" => number(of.value),
            "all_conversions" => number(of.all_conversions * 1000),
            "all_conversions_value" => number(of.all_value),
            "ctr" => number(of.clicks * 1_000_000 / of.impressions.max(1)),
            _ => number(of.spend / of.clicks.max(1) * 1_000_000),
        }
    }

    fn customer(&self, name: &str) -> Held<'a> {
        match name {
            "id" => Held::Long(self.account.id.cast_signed()),
            "currency_code" => Held::Text(self.account.currency),
            "time_zone" => Held::Text(self.account.zone),
            "descriptive_name" => Held::Text(&self.account.name),
            "auto_tagging_enabled" => Held::Flag(true),
            "manager" | "test_account" => Held::Flag(false),
            "status" => Held::Text("ENABLED"),
            "resource_name" => Held::Owned(format!("customers/{}", self.account.id)),
            _ => Held::Text("CONVERSION_TRACKING_MANAGED_BY_SELF"),
        }
    }

    fn of_campaign(&self, name: &str) -> Held<'a> {
        let campaign = self.campaign();
        match name {
            "id" => Held::Long(campaign.id.cast_signed()),
            "name" => Held::Text(&campaign.name),
            "status" => Held::Text(status(campaign.state)),
            "advertising_channel_type" => {
                Held::Text(if campaign.kind == Kind::PerformanceMax { "PERFORMANCE_MAX" } else { "SEARCH" })
            }
            "serving_status" => Held::Text("SERVING"),
            _ => Held::Owned(format!("customers/{}/campaigns/{}", self.account.id, campaign.id)),
        }
    }

    fn of_group(&self, name: &str) -> Held<'a> {
        let place = if self.resource == Resource::Ad { self.account.ads[self.at].group } else { self.at };
        let group = &self.account.groups[place];
        match name {
            "id" => Held::Long(group.id.cast_signed()),
            "name" => Held::Text(&group.name),
            "status" => Held::Text(status(self.campaign().state)),
            _ => Held::Owned(format!("customers/{}/adGroups/{}", self.account.id, group.id)),
        }
    }

    fn of_ad(&self, name: &str) -> Held<'a> {
        let ad = &self.account.ads[self.at];
        let group = self.account.groups[ad.group].id;
        match name {
            "ad.id" => Held::Long(ad.id.cast_signed()),
            "ad.name" => Held::Text(&ad.name),
            "status" => Held::Text(status(ad.state)),
            "ad.resource_name" => Held::Owned(format!("customers/{}/ads/{}", self.account.id, ad.id)),
            "ad.final_urls" => Held::Absent,
            _ => Held::Owned(format!("customers/{}/adGroupAds/{group}~{}", self.account.id, ad.id)),
        }
    }
}
