//! `/report/integrated/get/`: its rules and its rows.

use std::sync::{Arc, Mutex, PoisonError};

use serde::ser::{SerializeMap, SerializeSeq};
use serde::{Serialize, Serializer};
use serde_json::Value;

use super::super::ads::{Account, Figures, Kind, Today};
use super::super::exchange::{Asked, JSON, Reply};
use super::super::text::{self, Short};
use super::super::world::World;
use super::{Failure, account, enveloped, invalid, list, page_info, paged};

/// Where the rows of the last question lie, so that its next page need not count them again.
#[derive(Debug, Default)]
pub struct Kept(Mutex<Option<(Question, Found)>>);

/// Days and ads that have a row.
type Found = Arc<Vec<(i64, usize)>>;

/// What rows are about, with the dimension and the names that go with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Level {
    Advertiser,
    Campaign,
    Group,
    Ad,
}

const LEVELS: [(&str, &str, Level); 4] = [
    ("AUCTION_ADVERTISER", "advertiser_id", Level::Advertiser),
    ("AUCTION_CAMPAIGN", "campaign_id", Level::Campaign),
    ("AUCTION_ADGROUP", "adgroup_id", Level::Group),
    ("AUCTION_AD", "ad_id", Level::Ad),
];

const METRICS: [&str; 18] = [
    "spend",
    "impressions",
    "clicks",
    "cpc",
    "cpm",
    "ctr",
    "reach",
    "conversion",
    "real_time_conversion",
    "cost_per_conversion",
    "complete_payment",
    "total_complete_payment_rate",
    "complete_payment_roas",
    "currency",
    "value_per_complete_payment",
    "cost_per_complete_payment",
    "frequency",
    "advertiser_name",
];
/// Names and ids of what stands above a row.
const ATTRIBUTES: [(&str, &[Level]); 6] = [
    ("campaign_id", &[Level::Group, Level::Ad]),
    ("campaign_name", &[Level::Campaign, Level::Group, Level::Ad]),
    ("adgroup_id", &[Level::Ad]),
    ("adgroup_name", &[Level::Group, Level::Ad]),
    ("ad_name", &[Level::Ad]),
    ("ad_text", &[Level::Ad]),
];

#[derive(Debug, Clone, PartialEq)]
struct Question {
    account: u64,
    level: Level,
    by_day: bool,
    days: (i64, i64),
    only: Vec<u64>,
    /// What day it is, and how far on.
    now: (i64, i64),
}

/// A page of the report.
pub fn page(world: &Arc<World>, asked: &Asked) -> Result<Reply, Failure> {
    let account = account(world, asked)?;
    let today = account.today(world.now());
    let question = read(account, asked, today)?;
    let metrics = metrics(asked, question.level)?;
    let at = paged(asked)?;
    let rows = rows(world, account, &question, today);
    let shown = rows.iter().skip((at.0 - 1) * at.1).take(at.1);
    let list: Vec<Row<'_>> = shown
        .filter_map(|(day, thing)| {
            let figures = sum(world, account, &question, *thing, question.span(*day), today)?;
            let day = question.by_day.then_some(*day);
            Some(Row { account, level: question.level, at: *thing, day, figures, metrics: &metrics })
        })
        .collect();
    let data = Data { list: &list, info: page_info(at, rows.len()) };
    let head = enveloped(world, 0, "OK", &Value::Null);
    let super::super::exchange::Payload::Whole(head) = head.payload else { return Ok(Reply::text(500, "")) };
    // The envelope with the rows in the place of its null.
    let head = String::from_utf8_lossy(&head).into_owned();
    let (before, after) = head.split_once("\"data\":null").unwrap_or((&head, ""));
    let mut body = before.as_bytes().to_vec();
    body.extend_from_slice(b"\"data\":");
    serde_json::to_writer(&mut body, &data).map_err(|error| (50_000, error.to_string()))?;
    body.extend_from_slice(after.as_bytes());
    Ok(Reply::new(200, JSON, body))
}

fn read(account: &Account, asked: &Asked, today: Today) -> Result<Question, Failure> {
    if asked.param("report_type").unwrap_or("BASIC") != "BASIC" {
        return Err(invalid("report_type: the simulator has BASIC"));
    }
    let level = asked.param("data_level").ok_or_else(|| invalid("data_level: Missing data for required field."))?;
    let found = LEVELS.iter().find(|(name, _, _)| *name == level);
    let (_, dimension, level) = found.ok_or_else(|| invalid(format!("data_level: {level} is not supported")))?;
    let dimensions = list(asked, "dimensions")?;
    let (times, ids): (Vec<&String>, Vec<&String>) = dimensions.iter().partition(|name| name.starts_with("stat_time"));
    if ids.len() != 1 || ids[0] != dimension || times.len() > 1 {
        return Err(invalid(format!("dimensions: exactly {dimension} and at most one time dimension are allowed")));
    }
    let day = |name: &str| {
        let text = asked.param(name).ok_or_else(|| invalid(format!("{name}: Missing data for required field.")))?;
        text::read_day(text).ok_or_else(|| invalid(format!("{name}: Not a valid date.")))
    };
    let days = (day("start_date")?, day("end_date")?);
    let length = days.1 - days.0 + 1;
    let by_day = match times.first().map(|time| time.as_str()) {
        Some("stat_time_hour") if length > 1 => return Err(invalid("max time span is 1 day when use stat_time_hour")),
        Some("stat_time_hour") => return Err(invalid("stat_time_hour: the simulator has days only")),
        Some(_) if length > 30 => return Err(invalid("max time span is 30 days when use stat_time_day")),
        None if length > 365 => return Err(invalid("max time span is 365 days")),
        time => time.is_some(),
    };
    if length < 1 {
        return Err(invalid("end_date must not be earlier than start_date"));
    }
    let only = only(asked)?;
    let days = (days.0, days.1.min(today.day));
    Ok(Question { account: account.id, level: *level, by_day, days, only, now: (today.day, today.passed) })
}

/// Ids of `filtering`, whose values are JSON within JSON.
fn only(asked: &Asked) -> Result<Vec<u64>, Failure> {
    let Some(text) = asked.param("filtering") else { return Ok(Vec::new()) };
    let filters: Vec<Value> = serde_json::from_str(text).map_err(|_| invalid("filtering: Not a valid list."))?;
    let values = filters.iter().filter_map(|filter| filter["filter_value"].as_str());
    let ids = values.filter_map(|value| serde_json::from_str::<Vec<String>>(value).ok()).flatten();
    Ok(ids.filter_map(|id| id.parse().ok()).collect())
}

fn metrics(asked: &Asked, level: Level) -> Result<Vec<String>, Failure> {
    let metrics = list(asked, "metrics")?;
    let known = |name: &str| {
        let attribute = ATTRIBUTES.iter().any(|(own, levels)| *own == name && levels.contains(&level));
        attribute || METRICS.contains(&name)
    };
    let wrong: Vec<String> = metrics.iter().filter(|name| !known(name)).map(|name| format!("'{name}'")).collect();
    match wrong.is_empty() {
        true => Ok(metrics),
        false => Err(invalid(format!("Invalid metric fields: [{}]", wrong.join(", ")))),
    }
}

impl Question {
    /// The days of a row.
    fn span(&self, day: i64) -> (i64, i64) {
        if self.by_day { (day, day) } else { self.days }
    }
}

/// The rows there are: day and thing, in an order that stays.
fn rows(world: &World, account: &Account, question: &Question, today: Today) -> Arc<Vec<(i64, usize)>> {
    let mut kept = world.tiktok.rows.0.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, rows)) = kept.as_ref().filter(|(own, _)| own == question) {
        return Arc::clone(rows);
    }
    let things = match question.level {
        Level::Advertiser => 1,
        Level::Campaign => account.campaigns.len(),
        Level::Group => account.groups.len(),
        Level::Ad => account.ads.len(),
    };
    let days = if question.by_day { question.days.0..=question.days.1 } else { question.days.0..=question.days.0 };
    let mut rows = Vec::new();
    for day in days {
        let there = |at: &usize| sum(world, account, question, *at, question.span(day), today).is_some();
        rows.extend((0..things).filter(there).map(|at| (day, at)));
    }
    let rows = Arc::new(rows);
    *kept = Some((question.clone(), Arc::clone(&rows)));
    rows
}

fn sum(
    world: &World,
    account: &Account,
    question: &Question,
    at: usize,
    days: (i64, i64),
    today: Today,
) -> Option<Figures> {
    let ads = if question.level == Level::Ad { at..at + 1 } else { 0..account.ads.len() };
    let mut sum: Option<Figures> = None;
    for place in ads {
        let ad = &account.ads[place];
        let campaign = &account.campaigns[ad.campaign];
        let belongs = match question.level {
            Level::Advertiser | Level::Ad => true,
            Level::Campaign => ad.campaign == at,
            Level::Group => ad.group == at,
        };
        let ids = [ad.id, account.groups[ad.group].id, campaign.id];
        let wanted = question.only.is_empty() || ids.iter().any(|id| question.only.contains(id));
        // What GMV Max does is reported elsewhere.
        if belongs && wanted && campaign.kind == Kind::Ordinary {
            for day in days.0..=days.1 {
                if let Some(row) = world.ads.figures(account, place, day, today) {
                    *sum.get_or_insert_default() += row;
                }
            }
        }
    }
    sum
}

struct Data<'a> {
    list: &'a [Row<'a>],
    info: Value,
}

impl Serialize for Data<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry("list", &Listed(self.list))?;
        map.serialize_entry("page_info", &self.info)?;
        map.end()
    }
}

struct Listed<'a>(&'a [Row<'a>]);

impl Serialize for Listed<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(self.0.len()))?;
        for row in self.0 {
            list.serialize_element(row)?;
        }
        list.end()
    }
}

struct Row<'a> {
    account: &'a Account,
    level: Level,
    at: usize,
    day: Option<i64>,
    figures: Figures,
    metrics: &'a [String],
}

impl Serialize for Row<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry("dimensions", &Dimensions(self))?;
        map.serialize_entry("metrics", &Metrics(self))?;
        map.end()
    }
}

struct Dimensions<'a>(&'a Row<'a>);

impl Serialize for Dimensions<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let row = self.0;
        let (name, id) = match row.level {
            Level::Advertiser => ("advertiser_id", row.account.id),
            Level::Campaign => ("campaign_id", row.account.campaigns[row.at].id),
            Level::Group => ("adgroup_id", row.account.groups[row.at].id),
            Level::Ad => ("ad_id", row.account.ads[row.at].id),
        };
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry(name, &text::whole(id.cast_signed()))?;
        if let Some(day) = row.day {
            let mut time = text::day(day);
            map.serialize_entry("stat_time_day", time.push(" 00:00:00"))?;
        }
        map.end()
    }
}

struct Metrics<'a>(&'a Row<'a>);

impl Serialize for Metrics<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let row = self.0;
        let mut map = serializer.serialize_map(Some(row.metrics.len()))?;
        for name in row.metrics {
            match row.named(name) {
                Some(text) => map.serialize_entry(name, text)?,
                None => map.serialize_entry(name, &row.number(name))?,
            }
        }
        map.end()
    }
}

/// Millionths with two places.
fn money(millionths: i64) -> Short {
    text::price(millionths / 10_000)
}

impl Row<'_> {
    fn named(&self, name: &str) -> Option<&str> {
        let account = self.account;
        let ad = (self.level == Level::Ad).then(|| &account.ads[self.at]);
        let group = match ad {
            Some(ad) => Some(&account.groups[ad.group]),
            None => (self.level == Level::Group).then(|| &account.groups[self.at]),
        };
        let campaign = match group {
            Some(group) => Some(&account.campaigns[group.campaign]),
            None => (self.level == Level::Campaign).then(|| &account.campaigns[self.at]),
        };
        match name {
            "campaign_name" => campaign.map(|campaign| campaign.name.as_str()),
            "adgroup_name" => group.map(|group| group.name.as_str()),
            "ad_name" | "ad_text" => ad.map(|ad| ad.name.as_str()),
            "currency" => Some(account.currency),
            "advertiser_name" => Some(&account.name),
            _ => None,
        }
    }

    fn number(&self, name: &str) -> Short {
        let of = &self.figures;
        let count = of.conversions / 1000;
        let per = |a: i64, b: i64| if b == 0 { text::price(0) } else { money(a / b) };
        let absent = || *Short::default().push("-");
        match name {
            "spend" => money(of.spend),
            "impressions" => text::whole(of.impressions),
            "clicks" => text::whole(of.clicks),
            "reach" => text::whole(of.impressions * 8 / 10),
            "cpc" => per(of.spend, of.clicks),
            "cpm" => per(of.spend * 1000, of.impressions),
            "ctr" => per(of.clicks * 100_000_000, of.impressions),
            // What the campaign was optimised for: purchases and a little more.
            "conversion" | "real_time_conversion" => text::whole(count + of.link_clicks / 50),
            "cost_per_conversion" => per(of.spend, count + of.link_clicks / 50),
            "complete_payment" => text::whole(count),
            "total_complete_payment_rate" => money(of.value),
            "complete_payment_roas" | "value_per_complete_payment" | "cost_per_complete_payment" if of.value == 0 => {
                absent()
            }
            "complete_payment_roas" if of.spend == 0 => absent(),
            "complete_payment_roas" => text::price(of.value / (of.spend / 100).max(1)),
            "value_per_complete_payment" => per(of.value, count),
            "cost_per_complete_payment" => per(of.spend, count),
            "campaign_id" => text::whole(self.campaign_id().cast_signed()),
            "adgroup_id" => text::whole(self.account.groups[self.account.ads[self.at].group].id.cast_signed()),
            _ => absent(),
        }
    }

    fn campaign_id(&self) -> u64 {
        let account = self.account;
        match self.level {
            Level::Ad => account.campaigns[account.ads[self.at].campaign].id,
            Level::Group => account.campaigns[account.groups[self.at].campaign].id,
            _ => 0,
        }
    }
}
